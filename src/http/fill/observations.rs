//! Observations as series: measurements, laboratory results, and their courses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::units::{self, Unit};
use super::{Ctx, LOINC, as_written, called, code, concept, list, named, number, owned, short_name, text};
use crate::care::formulary::Head;
use crate::care::held::is_held;
use crate::care::uploads;
use crate::http::clinic::chart_pages::ResultGroup;
use crate::http::ui::{Bounds, Flag, Flagged, Reading, Series, When, format, t};

/// Which observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Vital signs.
    Measurements,
    /// Laboratory and other results.
    Results,
    All,
}

const BLOOD_PRESSURE: [&str; 2] = ["85354-9", "55284-4"];
const SYSTOLIC: &str = "8480-6";
const DIASTOLIC: &str = "8462-4";

/// Those that the first page of a chart shows, in this order: LOINC codes that mean the same stand together.
const VITALS: [&[&str]; 6] =
    [&["85354-9", "55284-4"], &["8310-5"], &["59408-5", "2708-6"], &["8867-4"], &["9279-1"], &["29463-7"]];

/// All series of a kind, each oldest first; those with the newest reading first.
pub fn series_of(observations: &[Value], wanted: Wanted, ctx: &Ctx) -> Vec<Series> {
    let mut by_key: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for observation in observations.iter().filter(|observation| is_wanted(observation, wanted)) {
        by_key.entry(key_of(observation)).or_default().push(observation);
    }
    let mut all: Vec<Series> = by_key.into_iter().filter_map(|(key, found)| series(key, found, ctx)).collect();
    all.sort_by_key(|series| std::cmp::Reverse(series.latest().map(|reading| reading.when.moment())));
    units::tell_apart(&mut all);
    all
}

/// What tests of a record are called, small letters, and their codes.
pub fn codes(observations: &[Value]) -> BTreeMap<String, Value> {
    let named =
        observations.iter().filter_map(|one| Some((name_written(one)?.to_lowercase(), one.get("code")?.clone())));
    named.collect()
}

/// The vital signs of the first page, as the clinic measured them: what a patient measured since is no measurement of the
/// visit. A sign that nobody measured here is the patient's, and says so.
pub fn vitals(observations: &[Value], ctx: &Ctx) -> Vec<Series> {
    let (reported, clinics): (Vec<Value>, Vec<Value>) =
        observations.iter().filter(|one| is_wanted(one, Wanted::Measurements)).cloned().partition(uploads::is_reported);
    let clinics = series_of(&clinics, Wanted::Measurements, ctx);
    let reported = series_of(&reported, Wanted::Measurements, ctx);
    let of = |all: &[Series], codes: &[&str]| all.iter().find(|one| codes.contains(&one.key.as_str())).cloned();
    VITALS.iter().filter_map(|codes| of(&clinics, codes).or_else(|| of(&reported, codes))).collect()
}

/// Whether a code is one of the vital signs of the first page.
pub(super) fn is_vital(key: &str) -> bool {
    VITALS.iter().any(|codes| codes.contains(&key))
}

/// Results that were made on one day stand together, newest day first; in each, what needs a look first.
pub fn groups(series: Vec<Series>) -> Vec<ResultGroup> {
    let mut groups: Vec<ResultGroup> = Vec::new();
    for one in series {
        let Some(when) = one.latest().map(|reading| reading.when) else { continue };
        let day = groups.iter_mut().find(|group| group.when.is_some_and(|other| other.day() == when.day()));
        match day {
            Some(group) => group.series.push(one),
            None => groups.push(ResultGroup {
                title: String::new(),
                when: Some(When::Day(when.day())),
                source: one.source.clone(),
                series: vec![one],
            }),
        }
    }
    for group in &mut groups {
        if !group.series.iter().all(|series| series.source == group.source) {
            group.source = None;
        }
        group.series.sort_by_key(|series| (rank(series), series.name.clone()));
    }
    groups
}

/// What somebody has yet to decide about, what is outside its range, what nothing is compared with, the rest.
fn rank(series: &Series) -> u8 {
    match series.latest() {
        Some(latest) if latest.unsigned || latest.held => 0,
        _ if series.flag().is_some() => 1,
        _ if series.is_not_compared() => 2,
        _ => 3,
    }
}

pub(super) fn is_wanted(observation: &Value, wanted: Wanted) -> bool {
    if matches!(text(observation, "/status"), Some("entered-in-error" | "cancelled" | "registered")) {
        return false;
    }
    let is =
        |category: &str| list(observation, "category").iter().any(|concept| super::has_code(Some(concept), category));
    match wanted {
        Wanted::Measurements => is("vital-signs"),
        Wanted::Results => !is("vital-signs") && !is("survey") && !is("social-history"),
        Wanted::All => true,
    }
}

/// What stands in addresses for a test, and is never the same for two and never nothing: LOINC's code where there is one, or a
/// code of no system; else a digest of what it is known by. What has no name at all is of its own kind.
pub(super) fn key_of(observation: &Value) -> String {
    let of = observation.get("code");
    let is_plain = |key: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        (1..=64).contains(&key.len()) && key.chars().all(plain) && !key.starts_with(DIGEST)
    };
    let coding = of.and_then(|of| list(of, "coding").iter().find(|coding| text(coding, "/code").is_some()));
    let known = match (code(of, Some(LOINC)), coding) {
        (Some(loinc), _) => [LOINC, loinc],
        (None, Some(coding)) => {
            [text(coding, "/system").unwrap_or_default(), text(coding, "/code").unwrap_or_default()]
        }
        (None, None) => match as_written(of) {
            Some(written) => return digest(["text", &written]),
            None => return digest(["id", text(observation, "/id").unwrap_or_default()]),
        },
    };
    match known {
        ["" | LOINC, code] if is_plain(code) => code.to_owned(),
        other => digest(other),
    }
}

/// What a key begins with that is no code.
const DIGEST: &str = "x_";

fn digest(of: [&str; 2]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11 key of a test");
    hasher.update(of.join("\0").as_bytes());
    format!("{DIGEST}{}", data_encoding::HEXLOWER.encode(hasher.finalize().as_bytes().get(..10).unwrap_or_default()))
}

fn series(key: String, mut found: Vec<&Value>, ctx: &Ctx) -> Option<Series> {
    found.sort_by_cached_key(|observation| taken(observation, ctx).map(|when| when.moment()));
    let newest = *found.last()?;
    let unit = Unit::of_most(found.iter().map(|one| unit_of(one)));
    let judged = Judged::by(&found, &unit.shown, ctx);
    // A reading in another unit joins the line by what it is in this one, and stands in the table as it was given.
    let readings: Vec<Reading> =
        found.iter().filter_map(|observation| reading(observation, &unit, &judged, ctx)).collect();
    if readings.is_empty() {
        return None;
    }
    let when = taken(newest, ctx)?;
    let usual = judged.usual(newest, when);
    let of_part = |loinc| component(newest, loinc).map_or_else(Bounds::default, |part| judged.usual(part, when));
    let ([upper, lower], usual_parts) = (judged.parts, [SYSTOLIC, DIASTOLIC].map(of_part));
    let [usual_upper, usual_lower] = usual_parts;
    let by_file = (usual.is_known() && !judged.whole.is_known() && !bounds_of(newest).is_known())
        || (usual_upper.is_known() && !upper.is_known());
    Some(Series {
        name: name_of(&key, newest),
        unit: unit.shown,
        in_title: None,
        bounds: judged.whole.or(usual),
        by_file: ctx.ranges.as_ref().filter(|_| by_file).map(|ranges| file_words(&ranges.file.head)),
        parts: [upper.or(usual_upper), lower.or(usual_lower)],
        readings,
        newest_only: false,
        source: list(newest, "performer").iter().find_map(|performer| called(Some(performer))).map(|name| {
            match uploads::is_reported(newest) {
                true => t("own-source").with("name", name).to_string(),
                false => name,
            }
        }),
        key,
    })
}

fn name_of(key: &str, observation: &Value) -> String {
    if BLOOD_PRESSURE.contains(&key) {
        return t("blood-pressure").to_string();
    }
    name(observation)
}

/// What a test is called, or that nobody named it.
pub(super) fn name(observation: &Value) -> String {
    named(name_written(observation))
}

fn name_written(observation: &Value) -> Option<String> {
    short_name(observation.get("code")).or_else(|| concept(observation.get("code")))
}

/// One result by itself: its value with the unit, and how it lies against its range.
pub(super) fn said(observation: &Value, ctx: &Ctx) -> Option<(String, Option<Flag>)> {
    let unit = unit_of(observation);
    let reading = reading(observation, &unit, &Judged::by(&[observation], &unit.shown, ctx), ctx)?;
    Some((format!("{} {}", reading.text, unit.shown).trim_end().to_owned(), reading.flag))
}

/// What is usual by the record's own range, as a patient reads it.
pub(super) fn usual_words(observation: &Value) -> Option<String> {
    let words = bounds_of(observation).words();
    if words.is_empty() {
        return list(observation, "referenceRange").iter().find_map(|range| owned(range, "/text"));
    }
    Some(words)
}

/// How one result by itself lies against its range.
pub(in crate::http) fn flag(observation: &Value, ctx: &Ctx) -> Option<Flag> {
    said(observation, ctx)?.1
}

pub(super) fn taken(observation: &Value, ctx: &Ctx) -> Option<When> {
    // Of what bears no date, when it came here is the nearest that is known.
    let dates = ["/effectiveDateTime", "/effectivePeriod/start", "/effectiveInstant", "/issued", "/meta/lastUpdated"];
    ctx.first_when(observation, &dates)
}

fn component<'a>(observation: &'a Value, loinc: &str) -> Option<&'a Value> {
    list(observation, "component").iter().find(|part| code(part.get("code"), Some(LOINC)) == Some(loinc))
}

fn unit_of(observation: &Value) -> Unit {
    Unit::of(observation).or_else(|| component(observation, SYSTOLIC).and_then(Unit::of)).unwrap_or_default()
}

fn bounds_of(observation: &Value) -> Bounds {
    list(observation, "referenceRange").first().map_or_else(Bounds::default, |range| Bounds {
        low: number(range, "/low/value"),
        high: number(range, "/high/value"),
        places: ["/low/value", "/high/value"].map(|at| places(range.pointer(at)?)),
    })
}

/// How many digits behind the point a number was given with.
fn places(value: &Value) -> Option<u8> {
    let text = value.as_number()?.to_string();
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    fraction.bytes().all(|byte| byte.is_ascii_digit()).then(|| u8::try_from(fraction.len()).ok())?
}

/// From where a range is that no measurement of the record brought.
fn file_words(head: &Head) -> String {
    let words = if head.invented { "range-of-file-invented" } else { "range-of-file" };
    t(words).with("name", &head.name).to_string()
}

/// What readings are compared with that bring no range of their own.
struct Judged<'a> {
    whole: Bounds,
    /// Of both numbers of a blood pressure.
    parts: [Bounds; 2],
    /// Where the clinic's file is, for vital signs.
    file: Option<&'a Ctx>,
}

impl<'a> Judged<'a> {
    /// By the newest reading's range. One who measures at the bedside types no range: such a reading is compared with the
    /// newest that the record gives for this person, and if it gives none, with what the clinic's file says is usual. A
    /// laboratory that gives none has said why, or has its own.
    fn by(found: &[&Value], unit: &str, ctx: &'a Ctx) -> Self {
        let is_vital = found.last().is_some_and(|newest| is_wanted(newest, Wanted::Measurements));
        let looked = if is_vital { found.len() } else { 1 };
        let newest = || found.iter().rev().take(looked).filter(|one| unit_of(one).shown == unit);
        let of_part = |loinc: &str| {
            let known = newest().filter_map(|one| component(one, loinc)).map(bounds_of).find(Bounds::is_known);
            known.unwrap_or_default()
        };
        Self {
            whole: newest().map(|one| bounds_of(one)).find(Bounds::is_known).unwrap_or_default(),
            parts: [of_part(SYSTOLIC), of_part(DIASTOLIC)],
            file: is_vital.then_some(ctx),
        }
    }

    /// What the clinic's file says of a value, an Observation or a part of one.
    fn usual(&self, value: &Value, when: When) -> Bounds {
        let row = self.file.and_then(|ctx| ctx.usual(value, when.day()));
        row.map_or_else(Bounds::default, |row| Bounds { low: row.low, high: row.high, ..Bounds::default() })
    }
}

fn reading(observation: &Value, unit: &Unit, judged: &Judged<'_>, ctx: &Ctx) -> Option<Reading> {
    let said = interpretation(observation);
    let base = Reading {
        flag: said,
        compared: said.is_some() || is_said_normal(observation),
        reported: uploads::is_reported(observation),
        held: is_held(observation),
        unsigned: text(observation, "/status") == Some("preliminary"),
        id: owned(observation, "/id"),
        ..Reading::of(taken(observation, ctx)?, "")
    };
    if let (Some(systolic), Some(diastolic)) = (
        component(observation, SYSTOLIC).and_then(|part| number(part, "/valueQuantity/value")),
        component(observation, DIASTOLIC).and_then(|part| number(part, "/valueQuantity/value")),
    ) {
        return Some(pressure(base, observation, (systolic, diastolic), unit, judged));
    }
    if let Some(value) = number(observation, "/valueQuantity/value") {
        return Some(quantity(base, observation, value, unit, judged));
    }
    let words = words_of(observation).or_else(|| {
        // A panel is said by its members.
        let is_panel = !list(observation, "hasMember").is_empty();
        let reason = concept(observation.get("dataAbsentReason"));
        let absent = reason.map(|reason| t("result-absent").with("reason", reason).to_string());
        absent.or_else(|| (!is_panel).then(|| t("result-no-value").to_string()))
    })?;
    Some(Reading { text: words, number: number(observation, "/valueInteger"), ..base })
}

/// A value that is no quantity, or those of the parts; `of` is an Observation or a part of one.
fn words_of(of: &Value) -> Option<String> {
    let quantity = |pointer: &str| {
        let value = of.pointer(pointer)?;
        let shown = format::given(value.get("value")?.as_number()?);
        let unit = text(value, "/unit").or_else(|| text(value, "/code")).map(format::unit).unwrap_or_default();
        let comparator = text(value, "/comparator").unwrap_or_default();
        Some(format!("{comparator}{shown} {unit}").trim_end().to_owned())
    };
    let range = || match (quantity("/valueRange/low"), quantity("/valueRange/high")) {
        (Some(low), Some(high)) => Some(t("range-between").with("low", low).with("high", high).to_string()),
        (Some(low), None) => Some(t("range-from").with("low", low).to_string()),
        (None, Some(high)) => Some(t("range-to").with("high", high).to_string()),
        (None, None) => None,
    };
    let ratio = || Some(format!("{}:{}", quantity("/valueRatio/numerator")?, quantity("/valueRatio/denominator")?));
    let parts = || {
        let part = |part: &Value| Some(format!("{}: {}", named(concept(part.get("code"))), words_of(part)?));
        let parts: Vec<String> = list(of, "component").iter().filter_map(part).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    };
    concept(of.get("valueCodeableConcept"))
        .or_else(|| owned(of, "/valueString"))
        .or_else(|| of.get("valueInteger").map(Value::to_string))
        .or_else(|| of.get("valueBoolean")?.as_bool().map(|yes| t(if yes { "yes" } else { "no" }).to_string()))
        .or_else(|| quantity("/valueQuantity"))
        .or_else(range)
        .or_else(ratio)
        .or_else(|| owned(of, "/valueDateTime").or_else(|| owned(of, "/valueTime")))
        .or_else(|| owned(of, "/valuePeriod/start"))
        .or_else(parts)
}

fn pressure(
    base: Reading,
    observation: &Value,
    (systolic, diastolic): (f64, f64),
    unit: &Unit,
    judged: &Judged<'_>,
) -> Reading {
    let same_unit = unit_of(observation).shown == unit.shown;
    let bounds = |loinc, judged_by: Bounds| {
        let part = component(observation, loinc)?;
        let known = bounds_of(part).or(judged_by).or(judged.usual(part, base.when));
        Some(known).filter(|known| known.is_known() && same_unit)
    };
    let [upper, lower] = judged.parts;
    let (upper, lower) = (bounds(SYSTOLIC, upper), bounds(DIASTOLIC, lower));
    let by_range = || {
        let of_upper = upper.and_then(|bounds| bounds.flag(systolic));
        of_upper.or_else(|| lower.and_then(|bounds| bounds.flag(diastolic)))
    };
    let flag = base.flag.or_else(by_range);
    Reading {
        text: format!("{}/{}", format::exact(systolic), format::exact(diastolic)),
        number: Some(systolic),
        second: Some(diastolic),
        flagged: if base.flag.is_some() { Flagged::BySomebody } else { Flagged::ByRange },
        flag,
        // Usual it is when both numbers are.
        compared: flag.is_some() || is_said_normal(observation) || (upper.is_some() && lower.is_some()),
        ..base
    }
}

fn quantity(base: Reading, observation: &Value, value: f64, unit: &Unit, judged: &Judged<'_>) -> Reading {
    let own_unit = unit_of(observation);
    let converted = own_unit.convert(value, unit);
    let comparator = comparator(observation);
    let given = observation.pointer("/valueQuantity/value").and_then(Value::as_number);
    let shown = format!("{comparator}{}", given.map_or_else(|| format::exact(value), format::given));
    // By its own range, by that of the others in one unit with it, or by what the clinic's file says of its own unit.
    let own = bounds_of(observation);
    let (compares, bounds) = match converted {
        _ if own.is_known() => (value, own),
        Some(converted) if judged.whole.is_known() => (converted, judged.whole),
        _ => (value, judged.usual(observation, base.when)),
    };
    let flag = base.flag.or_else(|| flag_of(comparator, compares, &bounds));
    let in_unit = (own_unit.shown != unit.shown && !own_unit.shown.is_empty()).then_some(own_unit.shown);
    Reading {
        text: in_unit.as_ref().map_or_else(|| shown.clone(), |unit| format!("{shown} {unit}")),
        in_unit,
        number: converted,
        flagged: if base.flag.is_some() { Flagged::BySomebody } else { Flagged::ByRange },
        flag,
        compared: flag.is_some() || is_said_normal(observation) || (bounds.is_known() && comparator.is_empty()),
        ..base
    }
}

fn comparator(observation: &Value) -> &str {
    text(observation, "/valueQuantity/comparator").unwrap_or_default()
}

fn interpretation(observation: &Value) -> Option<Flag> {
    let concepts = list(observation, "interpretation");
    concepts
        .iter()
        .flat_map(|concept| list(concept, "coding"))
        .find_map(|coding| Flag::from_code(text(coding, "/code")?))
}

/// By its range, where that is certain: of "> 5" with a range up to 3 it is, with one up to 10 it is not.
fn flag_of(comparator: &str, value: f64, bounds: &Bounds) -> Option<Flag> {
    match comparator {
        "" => bounds.flag(value),
        ">" | ">=" => {
            bounds.high.filter(|high| value >= *high && (comparator == ">" || value > *high)).map(|_| Flag::High)
        }
        "<" | "<=" => bounds.low.filter(|low| value <= *low && (comparator == "<" || value < *low)).map(|_| Flag::Low),
        _ => None,
    }
}

/// Whether the laboratory says itself that it is as it should be.
fn is_said_normal(observation: &Value) -> bool {
    list(observation, "interpretation").iter().any(|one| super::has_code(Some(one), "N"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ctx() -> Ctx {
        Ctx::of(jiff::tz::TimeZone::UTC)
    }

    fn egfr(date: &str, value: f64) -> Value {
        json!({"status": "final", "code": {"coding": [{"system": LOINC, "code": "33914-3", "display": "eGFR"}]},
            "effectiveDateTime": date, "valueQuantity": {"value": value as i64, "unit": "mL/min"},
            "referenceRange": [{"low": {"value": 60}}]})
    }

    #[test]
    fn readings_of_one_code_are_one_series_oldest_first() {
        let all = series_of(&[egfr("2026-02-24", 52.0), egfr("2024-03-01", 58.0)], Wanted::Results, &ctx());
        let [series] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((series.key.as_str(), series.name.as_str(), series.unit.as_str()), ("33914-3", "eGFR", "mL/min"));
        assert_eq!(series.readings.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), ["58", "52"]);
        assert_eq!(series.flag(), Some(Flag::Low));
    }

    #[test]
    fn a_reading_in_another_unit_keeps_its_unit_and_joins_the_line_where_it_is_of_the_same_kind() {
        let with = |unit: &str| {
            let mut old = egfr("2020-01-01", 1.0);
            old["valueQuantity"]["unit"] = json!(unit);
            series_of(&[egfr("2026-02-24", 52.0), old], Wanted::All, &ctx()).swap_remove(0)
        };
        let (joins, other) = (with("mL/s"), with("mmol/L"));
        assert_eq!(joins.readings[0].text, "1 mL/s");
        assert!((joins.readings[0].number.unwrap() - 60.0).abs() < 1e-9);
        assert_eq!((other.readings[0].text.as_str(), other.readings[0].number), ("1 mmol/L", None));
    }

    fn weight(date: &str, value: f64, unit: (&str, &str)) -> Value {
        json!({"status": "final", "category": [{"coding": [{"code": "vital-signs"}]}], "effectiveDateTime": date,
            "code": {"coding": [{"system": LOINC, "code": "29463-7"}]},
            "valueQuantity": {"value": value, "unit": unit.0, "code": unit.1}})
    }

    #[test]
    fn one_weight_in_pounds_leaves_the_course_in_kilograms_and_stands_as_it_was_typed() {
        let kg = ("kg", "kg");
        let all = [
            weight("2026-01-01", 82.0, kg),
            weight("2026-02-01", 81.0, kg),
            weight("2026-03-01", 179.5, ("lb", "[lb_av]")),
        ];
        let series = series_of(&all, Wanted::All, &ctx()).swap_remove(0);
        assert_eq!((series.unit.as_str(), series.value(), series.value_unit()), ("kg", "179.5 lb", ""));
        assert!((series.readings[2].number.unwrap() - 81.42).abs() < 0.005 && series.trend().is_some());
    }

    #[test]
    fn two_courses_of_one_name_in_units_that_no_rule_brings_together_say_their_units() {
        let glucose = |code: &str, unit: &str, value: f64| {
            json!({"status": "final", "effectiveDateTime": "2026-03-01", "code": {"text": "Glucose",
                "coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "unit": unit, "code": unit}})
        };
        let all = [glucose("15074-8", "mmol/L", 5.4), glucose("2339-0", "mg/dL", 97.0)];
        let mut names: Vec<String> =
            series_of(&all, Wanted::All, &ctx()).into_iter().map(|series| series.plain_name()).collect();
        names.sort();
        assert_eq!(names, ["Blood sugar, in mg/dL", "Blood sugar, in mmol/L"]);
    }

    #[test]
    fn a_group_of_a_day_says_of_each_value_who_brought_it() {
        let mut own = weight("2026-03-03T19:31:00Z", 80.5, ("kg", "kg"));
        own["performer"] = json!([{"reference": "Patient/p"}]);
        let mut held = egfr("2026-03-03T09:00:00Z", 52.0);
        held["meta"] = json!({"security": [{"code": "NOPAT"}]});
        held["status"] = json!("preliminary");
        let all = groups(series_of(&[own, held], Wanted::All, &ctx()));
        let [group] = all.as_slice() else { panic!("{all:?}") };
        let said = |series: &Series| series.latest().map(|one| (one.reported, one.held, one.unsigned));
        let said: Vec<_> = group.series.iter().map(|series| said(series).unwrap()).collect();
        assert_eq!(said, [(false, true, true), (true, false, false)]);
    }

    #[test]
    fn the_first_page_shows_what_the_clinic_measured_and_not_what_came_from_home_since() {
        let pulse = |code: &str, when: &str, value: i64, home: bool| {
            let mut one = json!({"resourceType": "Observation", "status": "final", "effectiveDateTime": when,
                "category": [{"coding": [{"code": "vital-signs"}]}], "code": {"coding": [{"system": LOINC, "code": code}]},
                "valueQuantity": {"value": value, "unit": "/min"}});
            if home {
                one["performer"] = json!([{"reference": "Patient/p"}]);
            }
            one
        };
        let all = [
            pulse("8867-4", "2026-03-03T09:00:00Z", 96, false),
            pulse("8867-4", "2026-03-03T19:31:00Z", 61, true),
            pulse("9279-1", "2026-03-03T19:31:00Z", 14, true),
        ];
        let shown = vitals(&all, &ctx());
        let values: Vec<(&str, bool)> = shown.iter().map(|one| (one.value(), one.latest().unwrap().reported)).collect();
        assert_eq!(values, [("96", false), ("14", true)]);
    }

    #[test]
    fn a_blood_pressure_is_two_numbers_in_one_reading() {
        let part = |code: &str, value: f64| json!({"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "unit": "mmHg"}});
        let pressure = json!({"status": "final", "category": [{"coding": [{"code": "vital-signs"}]}],
            "code": {"coding": [{"system": LOINC, "code": "85354-9"}]}, "effectiveDateTime": "2026-03-03T09:31:00Z",
            "component": [part(SYSTOLIC, 148.0), part(DIASTOLIC, 86.0)]});
        let all = vitals(&[pressure], &ctx());
        assert_eq!((all[0].value(), all[0].unit.as_str()), ("148/86", "mmHg"));
    }

    #[test]
    fn a_measurement_that_brings_no_range_is_compared_with_the_newest_of_the_record() {
        let vital = |loinc: &str, date: &str, more: Value| {
            let mut one = json!({"status": "final", "category": [{"coding": [{"code": "vital-signs"}]}],
                "code": {"coding": [{"system": LOINC, "code": loinc}]}, "effectiveDateTime": date});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        let heat = |value: f64| json!({"valueQuantity": {"value": value, "unit": "Cel"}});
        let mut first = vital("8310-5", "2026-03-01", heat(36.9));
        first["referenceRange"] = json!([{"low": {"value": 35.5}, "high": {"value": 37.5}}]);
        let typed = vital("8310-5", "2026-03-03", heat(38.4));
        let all = vitals(&[first.clone(), typed], &ctx());
        assert_eq!((all[0].flag(), all[0].bounds.high), (Some(Flag::High), Some(37.5)));
        let mut other = vital("8310-5", "2026-03-03", heat(101.1));
        other["valueQuantity"]["unit"] = json!("[degF]");
        assert_eq!(vitals(&[first, other], &ctx())[0].flag(), None, "a range of another unit says nothing");

        let part = |code: &str, value: f64, high: Option<f64>| {
            let range = high.map(|high| json!([{"high": {"value": high}}])).unwrap_or(json!([]));
            json!({"code": {"coding": [{"system": LOINC, "code": code}]}, "referenceRange": range,
                "valueQuantity": {"value": value, "unit": "mmHg"}})
        };
        let pressure = |date: &str, (upper, lower): (f64, f64), bounds: [Option<f64>; 2]| {
            let parts = [part(SYSTOLIC, upper, bounds[0]), part(DIASTOLIC, lower, bounds[1])];
            vital("85354-9", date, json!({"component": parts}))
        };
        let first = pressure("2026-03-01", (120.0, 80.0), [Some(139.0), Some(89.0)]);
        for (typed, flag) in
            [((138.0, 88.0), None), ((148.0, 80.0), Some(Flag::High)), ((130.0, 94.0), Some(Flag::High))]
        {
            let all = vitals(&[first.clone(), pressure("2026-03-03", typed, [None, None])], &ctx());
            assert_eq!(all[0].flag(), flag, "{typed:?}");
        }
    }

    #[test]
    fn a_first_fever_is_outside_by_the_clinics_file_and_without_a_file_it_is_not_compared() {
        let vital = |loinc: &str, value: f64, (unit, ucum): (&str, &str)| {
            json!({"status": "final", "category": [{"coding": [{"code": "vital-signs"}]}],
                "code": {"coding": [{"system": LOINC, "code": loinc}], "text": "X"}, "effectiveDateTime": "2026-03-03",
                "valueQuantity": {"value": value, "unit": unit, "code": ucum}})
        };
        let fever = [vital("8310-5", 38.4, ("\u{b0}C", "Cel"))];
        let alone = vitals(&fever, &ctx());
        assert_eq!(
            (alone[0].flag(), alone[0].latest_is_inside(), alone[0].latest_is_not_compared()),
            (None, false, true)
        );

        let file = crate::care::formulary::read(crate::care::demo::FORMULARY.as_bytes(), &Default::default()).unwrap();
        let of = |born: &str, today: &str| {
            let ranges = super::super::Ranges::of(std::sync::Arc::new(file.clone()), today.parse().unwrap());
            Ctx { ranges, ..ctx() }.about(&json!({"birthDate": born}))
        };
        let adult = of("1967-05-09", "2026-03-03");
        let first = vitals(&fever, &adult);
        assert_eq!((first[0].flag(), first[0].bounds.high), (Some(Flag::High), Some(37.5)));
        assert!(first[0].by_file.as_ref().is_some_and(|by| by.contains("invented")), "{:?}", first[0].by_file);
        let other = vitals(&[vital("8310-5", 101.1, ("\u{b0}F", "[degF]"))], &adult);
        assert!(other[0].flag().is_none() && other[0].latest_is_not_compared(), "no range of this unit");

        // What is for grown-ups says nothing of a child, and a file out of date nothing of anybody.
        let pulse = [vital("8867-4", 118.0, ("/min", "/min"))];
        assert_eq!(vitals(&pulse, &adult)[0].flag(), Some(Flag::High));
        for other in [of("2023-05-09", "2026-03-03"), of("1967-05-09", "2100-01-01")] {
            let shown = vitals(&pulse, &other);
            assert!(shown[0].flag().is_none() && shown[0].latest_is_not_compared());
        }
    }

    #[test]
    fn a_result_without_a_range_is_not_compared_with_another_laboratorys() {
        let mut newest = egfr("2026-02-24", 52.0);
        newest.as_object_mut().unwrap().remove("referenceRange");
        let all = series_of(&[newest, egfr("2024-03-01", 70.0)], Wanted::Results, &ctx());
        assert_eq!((all[0].flag(), all[0].bounds.is_known()), (None, false));
    }

    #[test]
    fn what_was_entered_in_error_is_not_shown() {
        let mut wrong = egfr("2026-02-24", 5.0);
        wrong["status"] = json!("entered-in-error");
        assert!(series_of(&[wrong], Wanted::All, &ctx()).is_empty());
    }

    fn result(code: Value, value: &str, range: &str) -> Value {
        let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let mut one = json!({"status": "final", "id": value, "code": code, "effectiveDateTime": "2026-03-03",
            "valueQuantity": {"value": number(value), "unit": "mmol/L"}});
        if let Some((low, high)) = range.split_once(' ') {
            one["referenceRange"] = json!([{"low": {"value": number(low)}, "high": {"value": number(high)}}]);
        }
        one
    }

    #[test]
    fn a_value_and_its_range_are_shown_with_the_digits_that_were_given() {
        let shown = |value: &str, range: &str| {
            let series = series_of(&[result(json!({"text": "X"}), value, range)], Wanted::Results, &ctx()).remove(0);
            (series.value().to_owned(), series.known_range().unwrap_or_default(), series.flag())
        };
        let said = |value: &str, range: &str| (value.to_owned(), range.to_owned());
        for (value, range, words, flag) in [
            ("7.345", "7.350 7.450", "7.350 to 7.450", Some(Flag::Low)),
            ("2.345", "", "", None),
            ("1.015", "1.005 1.030", "1.005 to 1.030", None),
            ("7.0", "", "", None),
            ("150000", "", "", None),
        ] {
            let (shown, range, found) = shown(value, range);
            assert_eq!(((shown, range), found), (said(value, words), flag));
        }
    }

    #[test]
    fn a_test_is_shown_whatever_letters_its_name_has_and_none_is_joined_with_another() {
        let of = |code: Value| result(code, "17.2", "");
        let all = [
            of(json!({"text": "Глюкоза"})),
            of(json!({"text": "血糖"})),
            of(json!({"text": "Na"})),
            of(json!({"text": "Na+"})),
            of(json!({"coding": [{"system": "urn:lab", "code": "718-7"}]})),
            of(json!({"coding": [{"system": LOINC, "code": "718-7"}]})),
            of(json!({"coding": [{"display": "Sodium"}]})),
            of(json!({})),
        ];
        let mut unnamed = of(json!({}));
        unnamed["id"] = json!("other");
        let series = series_of(&[&all[..], &[unnamed]].concat(), Wanted::Results, &ctx());
        assert_eq!(series.len(), all.len() + 1);
        for one in &series {
            assert!(one.key.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) && !one.key.is_empty());
            assert_eq!(one.value(), "17.2");
        }
        let names: Vec<&str> = series.iter().map(|one| one.name.as_str()).collect();
        assert!(names.contains(&"Глюкоза") && names.contains(&"血糖") && names.contains(&"Not named"), "{names:?}");
        assert!(series.iter().any(|one| one.key == "718-7"), "LOINC's code stays as it is in addresses");
    }

    #[test]
    fn a_result_of_any_kind_of_value_is_shown_and_one_without_says_so() {
        let shown = |more: Value| {
            let mut one =
                json!({"status": "final", "id": "o", "code": {"text": "X"}, "issued": "2026-03-03T09:00:00Z"});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let series = series_of(&[one], Wanted::Results, &ctx());
            series.first().map(|one| one.value().to_owned())
        };
        let said = |text: &str| Some(text.to_owned());
        let titre = json!({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}});
        assert_eq!(shown(titre), said("1:128"));
        assert_eq!(shown(json!({"valueRange": {"low": {"value": 5}, "high": {"value": 10}}})), said("5 to 10"));
        let parts = json!({"component": [{"code": {"text": "IgG"}, "valueQuantity": {"value": 7.5, "unit": "g/L"}}]});
        assert_eq!(shown(parts), said("IgG: 7.5 g/L"));
        assert_eq!(shown(json!({"dataAbsentReason": {"text": "haemolysed"}})), said("No value: haemolysed"));
        assert_eq!(shown(json!({})), said("No value"));
        assert_eq!(shown(json!({"hasMember": [{"reference": "Observation/a"}]})), None);
    }
}
