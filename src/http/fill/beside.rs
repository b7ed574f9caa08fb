//! What an Observation says, and what it holds beside its value. Nothing of it may drop out: "7.5" and "7.5, haemolysed" are
//! two results. What a page has no shape for is at least said to be there.

use serde_json::Value;

use super::amounts::{notes, quantity, span};
use super::dates::time_said;
use super::observations::is_in_doubt;
use super::ranges::{all_words, ranged};
use super::{Ctx, called, concept, list, named, owned, text};
use crate::fhir::Another;
use crate::http::ui::{Flag, When, t};

/// What stands beside the value and its components, each in words.
pub(super) fn beside(observation: &Value) -> Vec<String> {
    let mut all: Vec<String> = is_in_doubt(observation).then(|| t("result-in-doubt").to_string()).into_iter().collect();
    all.extend(interpretation_said(observation));
    all.extend(notes(observation));
    all.extend(time_said(observation, "effective"));
    all.extend(Another::of(observation).and_then(|another| about_whom(&another)));
    let labelled = [
        ("result-site", concept(observation.get("bodySite"))),
        ("result-method", concept(observation.get("method"))),
        ("result-specimen", called(observation.get("specimen"))),
        ("result-device", called(observation.get("device"))),
    ];
    for (label, what) in labelled {
        all.extend(what.map(|what| t(label).with("what", what).to_string()));
    }
    all.extend(modified(observation));
    all
}

/// Whom or what the focus names.
fn about_whom(another: &Another<'_>) -> Option<String> {
    let whom: Vec<String> = another.focus.iter().filter_map(|one| called(Some(one))).collect();
    match whom.is_empty() {
        true if another.focus.is_empty() => None,
        true => Some(t("result-of-another").to_string()),
        false => Some(t("result-about-whom").with("whom", whom.join(", ")).to_string()),
    }
}

/// Whom a value is about, or whose the sample is, where that is not the patient.
pub(super) fn about_another(observation: &Value) -> Option<String> {
    let another = Another::of(observation)?;
    let sample = another.specimen.map(|sample| match sample {
        "" => t("result-of-another").to_string(),
        sample => t("result-specimen").with("what", sample).to_string(),
    });
    Some(about_whom(&another).into_iter().chain(sample).collect::<Vec<_>>().join("; "))
}

/// That something changes what it means (FHIR R4, extensibility.html#modifierExtension): nothing here knows how.
pub(super) fn modified(of: &Value) -> Option<String> {
    (!list(of, "modifierExtension").is_empty()).then(|| t("result-modified").to_string())
}

/// A value that is no pair of numbers and joins no line, of an Observation or a component.
pub(super) fn value_said(of: &Value, ctx: &Ctx) -> Option<String> {
    let at = |name: &str| of.get(name);
    let ratio = || {
        let side = |name: &str| quantity(at("valueRatio")?.get(name)?);
        match (side("numerator"), side("denominator")) {
            // "1:128" is a titre; with units it is so much in so much.
            (Some(upper), Some(lower)) if is_bare(&upper) && is_bare(&lower) => Some(format!("{upper}:{lower}")),
            (Some(upper), Some(lower)) => Some(t("ratio-in").with("upper", upper).with("lower", lower).to_string()),
            (Some(upper), None) => Some(t("ratio-upper").with("value", upper).to_string()),
            (None, Some(lower)) => Some(t("ratio-lower").with("value", lower).to_string()),
            (None, None) => None,
        }
    };
    let period = || {
        let when = |end: &str| ctx.when(of, &format!("/valuePeriod/{end}")).map(|when| when.short_time());
        match (when("start"), when("end")) {
            (Some(from), Some(to)) => Some(t("from-to").with("from", from).with("to", to).to_string()),
            (Some(from), None) => Some(t("since").with("date", from).to_string()),
            (None, Some(to)) => Some(t("until").with("date", to).to_string()),
            (None, None) => None,
        }
    };
    let date = || ctx.when(of, "/valueDateTime").map(|when| when.short_time());
    concept(at("valueCodeableConcept"))
        .or_else(|| owned(of, "/valueString"))
        .or_else(|| at("valueInteger").filter(|value| value.is_number()).map(Value::to_string))
        .or_else(|| at("valueBoolean")?.as_bool().map(|yes| t(if yes { "yes" } else { "no" }).to_string()))
        .or_else(|| quantity(at("valueQuantity")?))
        .or_else(|| span(at("valueRange")?))
        .or_else(ratio)
        .or_else(date)
        .or_else(|| text(of, "/valueTime").map(clock))
        .or_else(period)
        .or_else(|| recording(at("valueSampledData")?))
        // A value that is given by an extension alone.
        .or_else(|| has_value(of).then(|| t("result-not-shown").to_string()))
}

/// Whether a quantity in words is a number and nothing else.
fn is_bare(quantity: &str) -> bool {
    quantity.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '<' | '>' | '='))
}

/// A time of day without its seconds where they are none: "10:00".
fn clock(time: &str) -> String {
    time.strip_suffix(":00").filter(|short| short.len() == 5).unwrap_or(time).to_owned()
}

/// How much was recorded: the numbers themselves say nothing to whoever reads (FHIR R4, datatypes.html#SampledData: of several
/// dimensions those of one moment stand together).
fn recording(data: &Value) -> Option<String> {
    let all = text(data, "/data")?.split_whitespace().count();
    let each = data.get("dimensions").and_then(Value::as_u64).and_then(|each| usize::try_from(each).ok());
    Some(t("result-recording").with("n", all / each.unwrap_or(1).max(1)).to_string())
}

/// Whether something is given as its value, in whatever shape.
pub(super) fn has_value(of: &Value) -> bool {
    let is_value =
        |(name, value): (&String, &Value)| name.trim_start_matches('_').starts_with("value") && !value.is_null();
    of.as_object().is_some_and(|of| of.iter().any(is_value))
}

/// Why there is no value, as it says.
pub(super) fn absent(of: &Value) -> Option<String> {
    let reason = concept(of.get("dataAbsentReason"))?;
    Some(t("result-absent").with("reason", reason).to_string())
}

/// "IgG: 7.5 g/L, above the usual range (1 to 2)": a component whole.
pub(super) fn part_said(part: &Value, when: When, ctx: &Ctx) -> String {
    let value = value_said(part, ctx);
    let mut said: Vec<String> = value.into_iter().chain(absent(part)).collect();
    if said.is_empty() {
        said.push(t("result-no-value").to_string());
    }
    let found = ranged(part, when, ctx);
    said.extend(part_flag(part, when, ctx).map(|flag| flag.plain().to_string()));
    said.extend(interpretation_said(part));
    said.extend(modified(part));
    let ranges = Some(found.bounds.words()).filter(|words| !words.is_empty()).into_iter().chain(found.words);
    let ranges = ranges.map(|words| format!(" ({words})")).collect::<String>();
    format!("{}: {}{ranges}", named(concept(part.get("code"))), said.join(", "))
}

/// What a component says besides its number, where the number stands in the value.
pub(super) fn part_beside(part: &Value) -> Option<String> {
    let said: Vec<String> = absent(part).into_iter().chain(interpretation_said(part)).chain(modified(part)).collect();
    (!said.is_empty()).then(|| format!("{}: {}", named(concept(part.get("code"))), said.join(", ")))
}

/// How a component lies: as it says itself, else by its range.
pub(super) fn part_flag(part: &Value, when: When, ctx: &Ctx) -> Option<Flag> {
    let value = super::number(part, "/valueQuantity/value");
    let by_range = || {
        let comparator = text(part, "/valueQuantity/comparator").unwrap_or_default();
        super::observations::flag_of(comparator, value?, &ranged(part, when, ctx).bounds)
    };
    interpretation(part).or_else(by_range)
}

/// What whoever made it says of it; of several the gravest.
pub(super) fn interpretation(of: &Value) -> Option<Flag> {
    let codings = list(of, "interpretation").iter().flat_map(|concept| list(concept, "coding"));
    let flags: Vec<Flag> = codings.filter_map(|coding| Flag::from_code(text(coding, "/code")?)).collect();
    flags.iter().copied().find(|flag| flag.is_critical()).or(flags.first().copied())
}

/// The same in words, where no mark says it: "resistant", "CRITICAL HIGH, phoned".
fn interpretation_said(of: &Value) -> Vec<String> {
    let said = |one: &Value| {
        let codings = list(one, "coding");
        let marks = codings.iter().find_map(|coding| Flag::from_code(text(coding, "/code")?));
        let is_marked = marks.is_some() || super::has_code(Some(one), "N");
        let words = if is_marked { owned(one, "/text")? } else { coded_word(one).or_else(|| concept(Some(one)))? };
        let same = |other: &str| other.eq_ignore_ascii_case(&words);
        let coded = codings.iter().flat_map(|coding| [text(coding, "/display"), text(coding, "/code")]).flatten();
        let again = is_marked && (coded.into_iter().any(same) || same(plainly(marks)));
        (!again).then_some(words)
    };
    list(of, "interpretation").iter().filter_map(said).collect()
}

/// What people write of a mark who mean no more than it: that much the mark says in the reader's language.
fn plainly(mark: Option<Flag>) -> &'static str {
    match mark {
        None => "normal",
        Some(Flag::High) => "high",
        Some(Flag::Low) => "low",
        Some(Flag::CriticalHigh) => "critical high",
        Some(Flag::CriticalLow) => "critical low",
        Some(Flag::Abnormal) => "abnormal",
    }
}

/// What a code without words says (HL7 v3 ObservationInterpretation).
fn coded_word(concept: &Value) -> Option<String> {
    let codings = list(concept, "coding");
    if text(concept, "/text").is_some() || codings.iter().any(|coding| text(coding, "/display").is_some()) {
        return None;
    }
    let message = codings.iter().find_map(|coding| match text(coding, "/code")? {
        "S" => Some("interpretation-susceptible"),
        "I" => Some("interpretation-intermediate"),
        "R" => Some("interpretation-resistant"),
        "NEG" => Some("interpretation-negative"),
        "ND" => Some("interpretation-not-detected"),
        "IND" => Some("interpretation-indeterminate"),
        "RR" => Some("interpretation-reactive"),
        "NR" => Some("interpretation-not-reactive"),
        _ => None,
    })?;
    Some(t(message).to_string())
}

/// The ranges of an Observation whose number they are not held against, and those of the components in it.
pub(super) fn ranges_of_parts(observation: &Value, parts: &[&Value], when: When, ctx: &Ctx) -> Vec<String> {
    let of_part = |part: &&Value| {
        let name = named(concept(part.get("code")));
        let words = ranged(part, when, ctx).words.into_iter();
        words.map(move |range| t("range-for").with("whom", &name).with("range", range).to_string()).collect::<Vec<_>>()
    };
    all_words(observation).into_iter().chain(parts.iter().flat_map(of_part)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::observations::{Wanted, series_of};
    use super::*;
    use crate::fhir::ResourceType;
    use crate::fhir::definitions::Definitions;
    use crate::http::ui::Series;
    use serde_json::json;

    /// Elements that say nothing of the result to whoever reads it, or lead elsewhere.
    const NOT_CLINICAL: [&str; 13] = [
        "basedOn",
        "contained",
        "derivedFrom",
        "encounter",
        "extension",
        "id",
        "identifier",
        "implicitRules",
        "language",
        "meta",
        "partOf",
        "subject",
        "text",
    ];

    /// All that a page has of a series, in one text.
    fn shown(observation: &Value) -> String {
        let series = series_of(std::slice::from_ref(observation), Wanted::All, &Ctx::of(jiff::tz::TimeZone::UTC));
        let Some(Series { name, unit, source, bounds, readings, .. }) = series.into_iter().next() else {
            return String::new();
        };
        let latest = readings.last().unwrap();
        let words = [name, unit, source.unwrap_or_default(), bounds.words(), latest.text.clone(), latest.when.iso()];
        let state = format!("{:?} {}", latest.flag, if latest.unsigned { "unsigned" } else { "" });
        let lists = [latest.beside.join("|"), latest.ranges.join("|")];
        words.into_iter().chain(lists).chain([state]).collect::<Vec<_>>().join("|")
    }

    /// Each element with a value, and what a reader must then see.
    fn elements() -> Vec<(&'static str, Value, &'static str)> {
        vec![
            ("bodySite", json!({"text": "left arm"}), "left arm"),
            ("category", json!([{"text": "X"}]), "TEST"),
            ("code", json!({"text": "OTHER"}), "OTHER"),
            ("component", json!([{"code": {"text": "PART"}, "valueQuantity": {"value": 99}}]), "PART: 99"),
            ("dataAbsentReason", json!({"text": "clotted"}), "No value: clotted"),
            ("device", json!({"display": "METER"}), "METER"),
            ("effective", json!({"event": ["2010-02-02"]}), "2010-02-02"),
            ("focus", json!([{"reference": "Patient/x", "display": "FETUS"}]), "FETUS"),
            ("hasMember", json!([{"reference": "Observation/a"}]), "TEST"),
            ("interpretation", json!([{"text": "CRITICAL HIGH"}]), "CRITICAL HIGH"),
            ("issued", json!("2011-02-02T10:00:00Z"), "2011-02-02"),
            ("method", json!({"text": "by strip"}), "by strip"),
            ("modifierExtension", json!([{"url": "urn:x", "valueBoolean": true}]), "changes what this means"),
            ("note", json!([{"text": "first"}, {"text": "haemolysed"}]), "haemolysed"),
            ("performer", json!([{"display": "LAB"}]), "LAB"),
            ("referenceRange", json!([{"text": "less than 3"}]), "less than 3"),
            ("specimen", json!({"display": "BLOOD"}), "BLOOD"),
            ("status", json!("preliminary"), "unsigned"),
            ("value", json!({"value": 7.5, "unit": "g/L"}), "7.5"),
        ]
    }

    #[test]
    fn every_element_of_an_observation_is_shown_or_named_as_no_news() {
        let definitions = Definitions::r4();
        let elements = elements();
        let mut seen = 0;
        for element in definitions.elements_of(definitions.resource(ResourceType::Observation)) {
            if NOT_CLINICAL.contains(&element.name) {
                continue;
            }
            let found = elements.iter().find(|(name, ..)| *name == element.name);
            let (name, value, words) = found.unwrap_or_else(|| panic!("Observation.{} is shown nowhere", element.name));
            let mut one = json!({"status": "final", "id": "o", "code": {"text": "TEST"}, "valueInteger": 5});
            let key = match *name {
                "value" => "valueQuantity",
                "effective" => "effectiveTiming",
                plain => plain,
            };
            if *name == "value" {
                one.as_object_mut().unwrap().remove("valueInteger");
            }
            one[key] = value.clone();
            assert!(shown(&one).contains(words), "{name}: {}", shown(&one));
            seen += 1;
        }
        assert_eq!(seen, elements.len());
    }

    #[test]
    fn every_element_of_a_component_and_of_a_range_is_shown() {
        let definitions = Definitions::r4();
        let known = |path: &str, known: &[&str]| {
            let node = definitions.all_nodes().find(|node| definitions.name(*node) == path).unwrap();
            for element in definitions.elements_of(node).filter(|element| !["id", "extension"].contains(&element.name))
            {
                assert!(known.contains(&element.name), "{path}.{} is shown nowhere", element.name);
            }
        };
        let part_names = ["code", "dataAbsentReason", "interpretation", "modifierExtension", "referenceRange", "value"];
        known("Observation.component", &part_names);
        let range_names = ["low", "high", "type", "appliesTo", "age", "text", "modifierExtension"];
        known("Observation.referenceRange", &range_names);
        let part = |name: &str, value: Value| {
            let mut part = json!({"code": {"text": "PART"}, "valueInteger": 5});
            part[name] = value;
            shown(&json!({"status": "final", "id": "o", "code": {"text": "TEST"}, "component": [part]}))
        };
        for (name, value, words) in [
            ("code", json!({"text": "OTHER"}), "OTHER: 5"),
            ("dataAbsentReason", json!({"text": "clotted"}), "No value: clotted"),
            ("interpretation", json!([{"coding": [{"code": "R"}]}]), "resistant"),
            ("interpretation", json!([{"coding": [{"code": "HH"}]}]), "CriticalHigh"),
            ("referenceRange", json!([{"low": {"value": 1}, "high": {"value": 2}}]), "(1 to 2)"),
            ("modifierExtension", json!([{"url": "urn:x", "valueBoolean": true}]), "changes what this means"),
            ("valueQuantity", json!({"value": 9, "comparator": ">", "unit": "g/L"}), ">9 g/L"),
        ] {
            let mut said = part(name, value.clone());
            if name == "valueQuantity" {
                let only = json!({"code": {"text": "PART"}, "valueQuantity": value});
                said = shown(&json!({"status": "final", "id": "o", "code": {"text": "TEST"}, "component": [only]}));
            }
            assert!(said.contains(words), "{name}: {said}");
        }
        let range = |name: &str, value: Value| {
            let mut range = json!({"type": {"text": "therapeutic"}, "text": "see the sheet"});
            range[name] = value;
            shown(&json!({"status": "final", "id": "o", "code": {"text": "TEST"}, "valueInteger": 5,
                "referenceRange": [range]}))
        };
        for (name, value, words) in [
            ("low", json!({"value": 2, "unit": "g/L"}), "2 or more g/L"),
            ("high", json!({"value": 3, "unit": "g/L"}), "3 or less g/L"),
            ("type", json!({"text": "treatment"}), "treatment: see the sheet"),
            ("appliesTo", json!([{"text": "pregnant"}]), "pregnant"),
            ("age", json!({"low": {"value": 18, "unit": "years"}}), "age 18 or more years"),
            ("text", json!("less than 3"), "therapeutic: less than 3"),
            ("modifierExtension", json!([{"url": "urn:x", "valueBoolean": true}]), "changes what this means"),
        ] {
            assert!(range(name, value.clone()).contains(words), "{name}: {}", range(name, value));
        }
    }

    #[test]
    fn every_shape_of_a_value_is_shown_or_said_to_be_there() {
        let definitions = Definitions::r4();
        let node = definitions.resource(ResourceType::Observation);
        let value = definitions.element(node, "value").unwrap();
        let of = |kind: &str| -> (Value, &'static str) {
            match kind {
                "Quantity" => (json!({"value": 7.50, "unit": "g/L", "comparator": "<"}), "<7.5"),
                "CodeableConcept" => (json!({"coding": [{"display": "Positive"}]}), "Positive"),
                "string" => (json!("as seen"), "as seen"),
                "boolean" => (json!(false), "No"),
                "integer" => (json!(7), "7"),
                "Range" => (json!({"low": {"value": 5}, "high": {"value": 10}}), "5 to 10"),
                "Ratio" => (json!({"numerator": {"value": 1}}), "1, without what it is compared with"),
                "SampledData" => (
                    json!({"origin": {"value": 0}, "period": 1, "dimensions": 2, "data": "1 2 3 4"}),
                    "A recording of 2 values",
                ),
                "time" => (json!("10:00:00"), "10:00"),
                "dateTime" => (json!("2026-11-20"), "20 Nov 2026"),
                "Period" => (json!({"end": "2026-11-05"}), "until 5 Nov 2026"),
                other => panic!("value[x] may be {other}"),
            }
        };
        let mut seen = 0;
        for kind in definitions.types_of(value) {
            let name = kind.name;
            let (given, words) = of(name);
            let key = format!("value{}{}", name[..1].to_uppercase(), &name[1..]);
            let mut one = json!({"status": "final", "id": "o", "code": {"text": "TEST"}});
            one[&key] = given.clone();
            assert!(shown(&one).contains(words), "{key}: {}", shown(&one));
            let mut part = json!({"code": {"text": "PART"}});
            part[&key] = given;
            let whole = json!({"status": "final", "id": "o", "code": {"text": "TEST"}, "component": [part]});
            assert!(shown(&whole).contains(words), "component {key}: {}", shown(&whole));
            // Given by an extension alone.
            let mut hidden = json!({"status": "final", "id": "o", "code": {"text": "TEST"}});
            hidden[format!("_{key}")] = json!({"extension": [{"url": "urn:x", "valueString": "y"}]});
            assert!(shown(&hidden).contains("cannot show"), "_{key}: {}", shown(&hidden));
            seen += 1;
        }
        assert_eq!(seen, 11);
    }

    #[test]
    fn odd_values_are_said_in_the_words_of_the_reader() {
        let said = |value: Value| value_said(&value, &Ctx::of(jiff::tz::TimeZone::UTC)).unwrap();
        let sides = |upper: Value, lower: Value| json!({"valueRatio": {"numerator": upper, "denominator": lower}});
        assert_eq!(said(sides(json!({"value": 1}), json!({"value": 128}))), "1:128");
        let strength = sides(json!({"value": 5, "unit": "mg"}), json!({"value": 2, "unit": "mL"}));
        assert_eq!(said(strength), "5 mg in 2 mL");
        assert_eq!(said(json!({"valueTime": "07:30:15"})), "07:30:15");
        let period = json!({"valuePeriod": {"start": "2026-11-05", "end": "2026-11-07"}});
        let spanish = crate::http::ui::Locale::Es.inside(|| said(period.clone()));
        assert_eq!((said(period).as_str(), spanish.as_str()), ("5 Nov 2026 to 7 Nov 2026", "5 nov 2026 a 7 nov 2026"));
    }

    #[test]
    fn a_word_that_only_repeats_the_mark_is_not_said_again() {
        let of = |code: &str, words: &str| {
            interpretation_said(&json!({"interpretation": [{"coding": [{"code": code}], "text": words}]}))
        };
        assert!(of("H", "High").is_empty() && of("N", "Normal").is_empty());
        assert_eq!(
            (of("H", "CRITICAL HIGH"), of("N", "repeat")),
            (vec!["CRITICAL HIGH".into()], vec!["repeat".into()])
        );
    }

    #[test]
    fn a_panel_that_says_more_than_its_members_is_shown() {
        let mut panel = json!({"status": "final", "id": "o", "code": {"text": "TEST"},
            "hasMember": [{"reference": "Observation/a"}]});
        assert_eq!(shown(&panel), "");
        panel["note"] = json!([{"text": "PANELNOTE"}]);
        assert!(shown(&panel).contains("PANELNOTE"));
    }
}
