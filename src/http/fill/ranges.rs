//! Which of a value's reference ranges it is held against. A range that may be for somebody else, that says something else
//! than what is usual, or that is in a unit which the value is not in, is said in words and compared with nothing.

use jiff::Span;
use serde_json::Value;

use super::amounts::{bounds, span, unit};
use super::units::Unit;
use super::{Ctx, concept, has_code, list, number, spoken, text};
use crate::http::ui::{Bounds, When, t};

/// What the ranges of a value come to.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranged {
    /// The one that certainly is for this patient, in the value's own unit; else nothing is known.
    pub bounds: Bounds,
    /// What else they say, each with what it is for: of those that the value is not held against.
    pub words: Vec<String>,
    /// Whether the value came with any: then nobody else's stands in for it.
    pub given: bool,
}

/// Whether a range is for this patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Yes,
    Unknown,
    No,
}

/// Of an Observation or one of its components, as it was at that time.
pub(super) fn ranged(value: &Value, when: When, ctx: &Ctx) -> Ranged {
    let own = Unit::of(value).unwrap_or_default();
    let all: Vec<Range> =
        list(value, "referenceRange").iter().filter_map(|one| Range::of(one, &own, when, ctx)).collect();
    let rivals: Vec<&Range> = all.iter().filter(|range| range.counts()).collect();
    let same = |one: &Bounds, other: &Bounds| (one.low, one.high) == (other.low, other.high);
    let chosen = rivals.first().and_then(|first| first.bounds).filter(|first| {
        rivals.iter().all(|range| range.fit == Fit::Yes && range.bounds.is_some_and(|other| same(first, &other)))
    });
    let said = |range: &Range| match chosen {
        None => Some(range.words()),
        Some(_) if range.counts() => range.more(),
        // What is for others says nothing of this patient.
        Some(_) => (range.fit != Fit::No).then(|| range.words()),
    };
    Ranged { bounds: chosen.unwrap_or_default(), words: all.iter().filter_map(said).collect(), given: !all.is_empty() }
}

/// All that its ranges say, in words: of what is held against none of them.
pub(super) fn all_words(value: &Value) -> Vec<String> {
    list(value, "referenceRange").iter().filter_map(|one| Some(with_whom(one, body(one)?))).collect()
}

struct Range<'a> {
    given: &'a Value,
    /// It says what is usual, and not what is aimed at, or what is usual at another time.
    usual: bool,
    fit: Fit,
    /// In the unit of the value, where it is certain what that makes of it.
    bounds: Option<Bounds>,
}

impl<'a> Range<'a> {
    /// Nothing of one that says nothing.
    fn of(given: &'a Value, own: &Unit, when: When, ctx: &Ctx) -> Option<Self> {
        body(given)?;
        let patient = ctx.patient.as_deref();
        let fit = sex_fits(given, patient).max(age_fits(given, patient, when));
        // What changes its meaning is known to nobody here.
        let fit = if super::beside::modified(given).is_some() { fit.max(Fit::Unknown) } else { fit };
        Some(Self { given, usual: is_usual(given), fit, bounds: in_unit(given, own) })
    }

    /// Whether it may be the one. Words without a number, such as "see the sheet", are no rival to a range.
    fn counts(&self) -> bool {
        let has_number = bounds(self.given).is_known()
            || text(self.given, "/text").is_some_and(|text| text.contains(|c: char| c.is_ascii_digit()));
        self.usual && self.fit != Fit::No && has_number
    }

    fn words(&self) -> String {
        with_whom(self.given, body(self.given).unwrap_or_default())
    }

    /// What it says besides its numbers.
    fn more(&self) -> Option<String> {
        let text = spoken(self.given, "text")?;
        (!says_no_more(&text, self.given)).then(|| with_whom(self.given, text))
    }
}

/// "12 to 16 g/dL", with what somebody wrote of it.
fn body(range: &Value) -> Option<String> {
    let (numbers, text) = (span(range), spoken(range, "text"));
    if let Some(modified) = super::beside::modified(range) {
        let said = numbers.into_iter().chain(text).chain([modified]);
        return Some(said.collect::<Vec<_>>().join(", "));
    }
    match (numbers, text) {
        (Some(numbers), Some(text)) if says_no_more(&text, range) => Some(numbers),
        (Some(numbers), Some(text)) => Some(format!("{numbers}, {text}")),
        (numbers, text) => numbers.or(text),
    }
}

/// Whether a text says nothing but the numbers and whom they are for: "3.9 - 5.6 mmol/L".
fn says_no_more(text: &str, range: &Value) -> bool {
    if !bounds(range).is_known() {
        return false;
    }
    let whom = list(range, "appliesTo").iter().filter_map(|one| concept(Some(one)));
    if whom.into_iter().any(|whom| whom == text) {
        return true;
    }
    let units = [range.get("low"), range.get("high")].into_iter().flatten().flat_map(|end| {
        let written = ["/unit", "/code"].map(|at| super::text(end, at).unwrap_or_default().to_owned());
        written.into_iter().chain([unit(end)])
    });
    let bare = units.filter(|unit| !unit.is_empty()).fold(text.to_owned(), |text, unit| text.replace(&unit, ""));
    !bare.contains(char::is_alphabetic)
}

/// "treatment, female, age 18 to 65 years: 2 to 3".
fn with_whom(range: &Value, body: String) -> String {
    let kind = range.get("type").filter(|_| !is_usual(range)).and_then(|kind| concept(Some(kind)));
    let people = list(range, "appliesTo").iter().filter_map(|one| concept(Some(one)));
    let age = range.get("age").and_then(span).map(|age| t("range-age").with("age", age).to_string());
    let whom: Vec<String> = kind.into_iter().chain(people).chain(age).collect();
    match whom.is_empty() {
        true => body,
        false => t("range-for").with("whom", whom.join(", ")).with("range", body).to_string(),
    }
}

/// FHIR R4, referencerange-meaning; without a type a range is one of what is usual.
fn is_usual(range: &Value) -> bool {
    let Some(kind) = range.get("type") else { return true };
    let named = || text(kind, "/text").is_some_and(|text| text.eq_ignore_ascii_case("normal"));
    has_code(Some(kind), "normal") || (list(kind, "coding").is_empty() && named())
}

/// The ends in the value's unit: in the one that is equal to it, or by UCUM. An end without a unit is in the value's. One that
/// was made over is no more exact than it was given: it has as many digits that count, and at least four.
fn in_unit(range: &Value, own: &Unit) -> Option<Bounds> {
    let end = |name: &str| match range.get(name) {
        None => Some(None),
        Some(end) => {
            let value = number(end, "/value")?;
            let made = Unit::of_quantity(end).map_or(Some(value), |unit| unit.convert(value, own))?;
            let digits = counting(&end.get("value")?.to_string()).max(4);
            Some(Some(if made == value { value } else { format!("{made:.*e}", digits - 1).parse().ok()? }))
        }
    };
    let (low, high) = (end("low")?, end("high")?);
    let as_given = bounds(range);
    let places = if (low, high) == (as_given.low, as_given.high) { as_given.places } else { [None; 2] };
    let found = Bounds { low, high, places };
    let in_order = low.zip(high).is_none_or(|(low, high)| low <= high);
    Some(found).filter(|found| found.is_known() && in_order)
}

/// How many digits of a number count, up to ten.
fn counting(number: &str) -> usize {
    let digits = number.split(['e', 'E']).next().unwrap_or_default().trim_start_matches(['-', '0', '.']);
    digits.bytes().filter(u8::is_ascii_digit).count().min(10)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sex {
    Female,
    Male,
}

/// Of one that is for several kinds of people, as far as each of them is a sex that somebody wrote down.
fn sex_fits(range: &Value, patient: Option<&Value>) -> Fit {
    let whom = list(range, "appliesTo");
    let own = patient.and_then(sex_of);
    let fits: Vec<Fit> = whom
        .iter()
        .map(|one| match (sex_named(one), own) {
            (Some(wanted), Some(own)) if wanted == own => Fit::Yes,
            (Some(_), Some(_)) => Fit::No,
            _ => Fit::Unknown,
        })
        .collect();
    match (fits.contains(&Fit::Yes), fits.contains(&Fit::No)) {
        // For both, as it seems.
        (true, true) => Fit::Unknown,
        _ => fits.into_iter().max().unwrap_or(Fit::Yes),
    }
}

/// A patient's sex, where all that the record says of it is one: their gender may be another than what laboratories mean.
fn sex_of(patient: &Value) -> Option<Sex> {
    let own = match text(patient, "/gender")? {
        "female" => Sex::Female,
        "male" => Sex::Male,
        _ => return None,
    };
    let about = |one: &&Value| {
        let url = text(one, "/url").unwrap_or_default().to_ascii_lowercase();
        url.contains("sex") || url.contains("gender")
    };
    let agrees = |one: &Value| {
        let said = text(one, "/valueCode").map(sex_code).or_else(|| one.get("valueCodeableConcept").map(sex_named));
        said.flatten() == Some(own)
    };
    list(patient, "extension").iter().filter(about).all(agrees).then_some(own)
}

/// SNOMED CT's findings of sex, FHIR's and HL7 v3's codes of administrative gender.
fn sex_code(code: &str) -> Option<Sex> {
    Some(match code {
        "248152002" | "female" | "F" => Sex::Female,
        "248153007" | "male" | "M" => Sex::Male,
        _ => return None,
    })
}

/// The sex that a concept names, if that is all that it says.
fn sex_named(concept: &Value) -> Option<Sex> {
    const FEMALE: [&str; 8] = ["female", "females", "woman", "women", "f", "mujer", "mujeres", "femenino"];
    const MALE: [&str; 8] = ["male", "males", "man", "men", "m", "hombre", "hombres", "masculino"];
    let word = |text: &str| {
        let text = text.to_lowercase();
        let is = |words: &[&str]| words.contains(&text.as_str());
        if is(&FEMALE) { Some(Sex::Female) } else { is(&MALE).then_some(Sex::Male) }
    };
    let codes = list(concept, "coding").iter().filter_map(|coding| text(coding, "/code")).map(sex_code);
    let said: Vec<Option<Sex>> = codes.chain(text(concept, "/text").map(word)).collect();
    let first = *said.first()?;
    first.filter(|_| said.iter().all(|other| *other == first))
}

/// By the day of birth and the day of the value, as exact as both are known.
fn age_fits(range: &Value, patient: Option<&Value>, when: When) -> Fit {
    let Some(age) = range.get("age") else { return Fit::Yes };
    let born = patient.and_then(|patient| text(patient, "/birthDate"));
    let Some(born) = born.and_then(|born| When::parse(born, &jiff::tz::TimeZone::UTC)) else { return Fit::Unknown };
    if age.get("low").is_none() && age.get("high").is_none() {
        return Fit::Unknown;
    }
    let (first, last) = (when.day(), when.last_day());
    let reached = |age: Span| Some((born.day().checked_add(age).ok()?, born.last_day().checked_add(age).ok()?));
    let low = age.get("low").map_or(Some(Fit::Yes), |low| {
        let (earliest, latest) = reached(span_of(low, 0)?)?;
        Some(between(first >= latest, last < earliest))
    });
    // Whoever writes 17 may mean all who are 17, and FHIR does not: between both it is uncertain (FHIR R4,
    // datatypes.html#Range: the ends are inclusive, and exact).
    let high = age.get("high").map_or(Some(Fit::Yes), |high| {
        let ((earliest, _), (_, over)) = (reached(span_of(high, 0)?)?, reached(span_of(high, 1)?)?);
        Some(between(last <= earliest, first >= over))
    });
    low.zip(high).map_or(Fit::Unknown, |(low, high)| low.max(high))
}

fn between(yes: bool, no: bool) -> Fit {
    match (yes, no) {
        (true, _) => Fit::Yes,
        (false, true) => Fit::No,
        (false, false) => Fit::Unknown,
    }
}

/// An age as a span of the calendar, and so many of its unit more.
fn span_of(age: &Value, more: i64) -> Option<Span> {
    let value = number(age, "/value").filter(|value| value.fract() == 0.0 && (0.0..=10_000.0).contains(value))?;
    let count = value as i64 + more;
    let unit = text(age, "/code").or_else(|| text(age, "/unit"))?.to_lowercase();
    let span = match unit.as_str() {
        "a" | "y" | "yr" | "yrs" | "year" | "years" => Span::new().try_years(count),
        "mo" | "month" | "months" => Span::new().try_months(count),
        "wk" | "week" | "weeks" => Span::new().try_weeks(count),
        "d" | "day" | "days" => Span::new().try_days(count),
        _ => return None,
    };
    span.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The bounds that are compared with, and what stands in words.
    type Told = (Option<(Option<f64>, Option<f64>)>, Vec<String>);

    fn of(value: Value, ranges: Value) -> Told {
        with(json!({"gender": "male", "birthDate": "1968-05-09"}), value, ranges)
    }

    fn with(patient: Value, value: Value, ranges: Value) -> Told {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC).about(&patient);
        let one = json!({"valueQuantity": value, "referenceRange": ranges});
        let found = ranged(&one, When::Day("2026-03-03".parse().unwrap()), &ctx);
        (found.bounds.is_known().then_some((found.bounds.low, found.bounds.high)), found.words)
    }

    fn ends(low: f64, high: f64, unit: &str) -> Value {
        json!({"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}})
    }

    fn also(mut range: Value, name: &str, value: Value) -> Value {
        range[name] = value;
        range
    }

    fn grams(value: f64) -> Value {
        json!({"value": value, "unit": "g/dL"})
    }

    #[test]
    fn of_several_ranges_the_one_for_this_patient_is_taken_and_none_where_that_is_uncertain() {
        let both = json!([
            also(ends(12.0, 16.0, "g/dL"), "appliesTo", json!([{"text": "female"}])),
            also(ends(13.5, 17.5, "g/dL"), "appliesTo", json!([{"coding": [{"code": "248153007"}]}])),
        ]);
        assert_eq!(of(grams(13.0), both.clone()), (Some((Some(13.5), Some(17.5))), vec![]));
        let woman = json!({"gender": "female"});
        assert_eq!(with(woman, grams(13.0), both.clone()).0, Some((Some(12.0), Some(16.0))));
        let words = ["female: 12.0 to 16.0 g/dL", "248153007: 13.5 to 17.5 g/dL"];
        for uncertain in [
            json!({}),
            json!({"gender": "other"}),
            json!({"gender": "male", "extension": [
                {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", "valueCode": "F"}]}),
        ] {
            assert_eq!(with(uncertain, grams(13.0), both.clone()), (None, words.map(str::to_owned).to_vec()));
        }
        // Nobody is certainly a child or an adult by those words.
        let ages = json!([
            also(ends(1.0, 2.0, "g/dL"), "appliesTo", json!([{"text": "child"}])),
            also(ends(5.0, 9.0, "g/dL"), "appliesTo", json!([{"text": "adult"}])),
        ]);
        assert_eq!(of(grams(7.5), ages).0, None);
    }

    #[test]
    fn an_age_is_that_of_the_day_of_the_value() {
        let years =
            |low: u32, high: u32| json!({"low": {"value": low, "unit": "a"}, "high": {"value": high, "unit": "a"}});
        let both = json!([
            also(ends(1.0, 2.0, "g/dL"), "age", years(0, 17)),
            also(ends(5.0, 9.0, "g/dL"), "age", years(18, 120)),
        ]);
        let born = |day: &str| with(json!({"birthDate": day}), grams(7.5), both.clone()).0.and_then(|(low, _)| low);
        assert_eq!(born("1968-05-09"), Some(5.0));
        assert_eq!(born("2015-05-09"), Some(1.0));
        assert_eq!(born("2009-03-03"), Some(1.0), "seventeen on that day");
        assert_eq!(born("2008-06-01"), None, "seventeen and a half");
        assert_eq!((born("2008-03-03"), born("2008-03-04")), (Some(5.0), None));
        assert_eq!((born("2008"), born("1968")), (None, Some(5.0)));
    }

    #[test]
    fn what_is_not_usual_or_in_another_unit_is_said_and_compared_with_nothing() {
        let treatment = also(ends(2.0, 3.0, "g/dL"), "type", json!({"coding": [{"code": "treatment"}]}));
        let found = of(grams(1.0), json!([treatment.clone(), ends(0.8, 1.2, "g/dL")]));
        assert_eq!(found, (Some((Some(0.8), Some(1.2))), vec!["treatment: 2.0 to 3.0 g/dL".to_owned()]));
        assert_eq!(of(grams(1.0), json!([treatment])), (None, vec!["treatment: 2.0 to 3.0 g/dL".to_owned()]));
        assert_eq!(of(grams(97.0), json!([ends(3.9, 5.6, "mmol/L")])), (None, vec!["3.9 to 5.6 mmol/L".to_owned()]));
        let (converted, _) = of(grams(13.0), json!([ends(120.0, 160.0, "g/L")]));
        let (low, high) = converted.unwrap();
        assert!((low.unwrap() - 12.0).abs() < 1e-9 && (high.unwrap() - 16.0).abs() < 1e-9);
        let (_, words) = of(json!({"value": 53, "unit": "mmol/mol", "code": "mmol/mol"}), json!([ends(4.0, 6.0, "%")]));
        assert_eq!(words, ["4.0 to 6.0 %"], "what the laboratory calls % is no tenth of mmol/mol");
        let pressure = json!({"value": 17, "unit": "kPa", "code": "kPa"});
        let (converted, _) = of(pressure, json!([ends(100.0, 140.0, "mm[Hg]")]));
        assert_eq!(converted, Some((Some(13.33), Some(18.67))), "no more digits than anybody gave");
        assert_eq!(of(json!({"value": 5.4}), json!([ends(3.9, 5.6, "mmol/L")])).0, None, "its unit was left out");
        assert_eq!(of(grams(1.0), json!([ends(5.0, 2.0, "g/dL")])).0, None, "its ends are the wrong way round");
        assert_eq!(of(grams(1.0), json!([{"low": {"value": 2}}])).0, Some((Some(2.0), None)), "in the value's unit");
    }

    #[test]
    fn words_are_shown_and_those_with_a_number_are_a_rival() {
        let (bounds, words) = of(grams(99.0), json!([{"text": "see sheet"}, ends(1.0, 10.0, "g/dL")]));
        assert_eq!((bounds, words), (Some((Some(1.0), Some(10.0))), vec!["see sheet".to_owned()]));
        assert_eq!(of(grams(4.0), json!([{"text": "less than 3"}])), (None, vec!["less than 3".to_owned()]));
        let rivals = json!([{"text": "children: 5-20"}, ends(1.0, 10.0, "g/dL")]);
        assert_eq!(of(grams(4.0), rivals), (None, vec!["children: 5-20".to_owned(), "1.0 to 10.0 g/dL".to_owned()]));
        let doubled = also(ends(1.0, 10.0, "g/dL"), "text", json!("1 - 10 g/dL"));
        assert_eq!(of(grams(4.0), json!([doubled.clone()])).1, Vec::<String>::new());
        let more = also(doubled, "text", json!("fasting"));
        assert_eq!(of(grams(4.0), json!([more])), (Some((Some(1.0), Some(10.0))), vec!["fasting".to_owned()]));
    }
}
