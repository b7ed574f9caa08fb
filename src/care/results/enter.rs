//! A result typed from a paper: tests with values, units, ranges and flags.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::entries::{Author, Fault, Faults, LINE, digits};
use crate::base::{Decimal, NoDecimal};

/// The inputs of each row: test, value, unit, low, high, flag.
pub const ROWS: [[&str; 6]; 8] = [
    ["test1", "value1", "unit1", "low1", "high1", "flag1"],
    ["test2", "value2", "unit2", "low2", "high2", "flag2"],
    ["test3", "value3", "unit3", "low3", "high3", "flag3"],
    ["test4", "value4", "unit4", "low4", "high4", "flag4"],
    ["test5", "value5", "unit5", "low5", "high5", "flag5"],
    ["test6", "value6", "unit6", "low6", "high6", "flag6"],
    ["test7", "value7", "unit7", "low7", "high7", "flag7"],
    ["test8", "value8", "unit8", "low8", "high8", "flag8"],
];

/// The most characters of a unit.
const LONGEST_UNIT: usize = 40;

/// What a laboratory may say of a value (HL7 v3 ObservationInterpretation); nothing is by the range.
pub const FLAGS: [&str; 7] = ["", "N", "L", "H", "LL", "HH", "A"];

/// What was typed, by the name of the input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ResultTyped(pub BTreeMap<String, String>);

impl ResultTyped {
    pub fn of(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }
}

fn line(field: &'static str, typed: &str, faults: &mut Faults) -> String {
    let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > LINE {
        faults.push((field, Fault::TooLong { most: LINE }));
    }
    text.chars().filter(|c| !c.is_control()).collect()
}

/// A value such as "> 5000": FHIR's comparator, and the rest.
fn compared(said: &str) -> (&'static str, &str) {
    let all = [("<=", "<="), (">=", ">="), ("\u{2264}", "<="), ("\u{2265}", ">="), ("<", "<"), (">", ">")];
    let found = all.into_iter().find_map(|(sign, code)| Some((code, said.strip_prefix(sign)?.trim_start())));
    found.filter(|(_, rest)| Decimal::read(rest) != Err(NoDecimal::Unread)).unwrap_or(("", said))
}

/// The Observations of what was typed, and the DiagnosticReport without its references to them. `known` are codes by what
/// tests of this record are called, so that a value joins the course of its test.
///
/// # Errors
/// All that is wrong at once.
pub fn enter(
    typed: &ResultTyped,
    patient: &str,
    author: &Author<'_>,
    (now, today): (&str, Date),
    known: &BTreeMap<String, Value>,
) -> Result<(Value, Vec<Value>), Faults> {
    let mut faults = Faults::new();
    let title = line("title", typed.of("title"), &mut faults);
    if title.is_empty() {
        faults.push(("title", Fault::Missing));
    }
    let source = line("source", typed.of("source"), &mut faults);
    let day = typed.of("taken").trim();
    let taken = match day.parse::<Date>() {
        Ok(date) if date > today => {
            faults.push(("taken", Fault::InTheFuture));
            None
        }
        Ok(date) if date.year() >= 1900 => Some(date.to_string()),
        _ => {
            faults.push(("taken", if day.is_empty() { Fault::Missing } else { Fault::Unread }));
            None
        }
    };
    let performer = if source.is_empty() { author.reference() } else { json!({"display": source}) };
    let subject = json!({"reference": format!("Patient/{patient}")});
    let mut tests = Vec::new();
    for row in &ROWS {
        tests.extend(test(typed, row, known, &mut faults));
    }
    if tests.is_empty() && !faults.iter().any(|(field, _)| field.starts_with("test") || field.starts_with("value")) {
        faults.push(("test1", Fault::Missing));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    for test in &mut tests {
        if let Some(members) = test.as_object_mut() {
            members.insert("subject".into(), subject.clone());
            members.insert("effectiveDateTime".into(), json!(taken));
            members.insert("issued".into(), now.into());
            members.insert("performer".into(), json!([performer]));
        }
    }
    let category = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]});
    let report = json!({
        "resourceType": "DiagnosticReport",
        "status": "preliminary",
        "category": [category],
        "code": {"text": title},
        "subject": subject,
        "effectiveDateTime": taken,
        "issued": now,
        "performer": [performer],
    });
    Ok((report, tests))
}

fn test(
    typed: &ResultTyped,
    row: &[&'static str; 6],
    known: &BTreeMap<String, Value>,
    faults: &mut Faults,
) -> Option<Value> {
    let [name_field, value_field, unit_field, low_field, high_field, flag_field] = *row;
    let [name, value, unit, low, high, flag] = row.map(|field| typed.of(field).trim());
    if [name, value, unit, low, high, flag].iter().all(|text| text.is_empty()) {
        return None;
    }
    let name = line(name_field, name, faults);
    if name.is_empty() {
        faults.push((name_field, Fault::Missing));
    }
    let said = line(value_field, value, faults);
    if said.is_empty() {
        faults.push((value_field, Fault::Missing));
    }
    let mut bound = |field: &'static str, typed: &str| {
        if typed.is_empty() {
            return None;
        }
        Decimal::read(typed).map_err(|no| faults.push((field, no.into()))).ok()
    };
    let (low, high) = (bound(low_field, low), bound(high_field, high));
    if low.zip(high).is_some_and(|(low, high)| low.value() > high.value()) {
        faults.push((high_field, Fault::EndsBefore));
    }
    let unit: String = unit.chars().filter(|c| !c.is_control()).collect();
    if unit.chars().count() > LONGEST_UNIT {
        faults.push((unit_field, Fault::TooLong { most: LONGEST_UNIT }));
    }
    let quantity = |value: Decimal| {
        let mut one = json!({"value": digits(value)});
        if let (false, Some(members)) = (unit.is_empty(), one.as_object_mut()) {
            members.insert("unit".into(), unit.as_str().into());
        }
        one
    };
    let mut out = Map::new();
    out.insert("resourceType".into(), "Observation".into());
    out.insert("status".into(), "preliminary".into());
    let category = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]});
    out.insert("category".into(), json!([category]));
    out.insert("code".into(), known.get(&name.to_lowercase()).cloned().unwrap_or_else(|| json!({"text": name})));
    let (comparator, rest) = compared(&said);
    let read = Decimal::read(rest);
    if read == Err(NoDecimal::Ambiguous) {
        faults.push((value_field, Fault::Ambiguous));
    }
    let value = read.ok();
    if read == Err(NoDecimal::Unread) && !said.is_empty() && flag.is_empty() && (low.is_some() || high.is_some()) {
        // Nobody would have said how it lies, and no flag looks like a usual value.
        faults.push((value_field, Fault::NotComparable));
    }
    match value {
        Some(value) => {
            let mut quantity = quantity(value);
            if let (false, Some(members)) = (comparator.is_empty(), quantity.as_object_mut()) {
                members.insert("comparator".into(), comparator.into());
            }
            out.insert("valueQuantity".into(), quantity)
        }
        None => out.insert("valueString".into(), if unit.is_empty() { said } else { format!("{said} {unit}") }.into()),
    };
    if low.is_some() || high.is_some() {
        let mut range = Map::new();
        range.extend(low.map(|low| ("low".to_owned(), quantity(low))));
        range.extend(high.map(|high| ("high".to_owned(), quantity(high))));
        out.insert("referenceRange".into(), json!([range]));
    }
    let (low_at, high_at) = (low.map(Decimal::value), high.map(Decimal::value));
    let by_range = value.and_then(|value| match (comparator, low_at, high_at) {
        ("", Some(low), _) if value.value() < low => Some("L"),
        ("", _, Some(high)) if value.value() > high => Some("H"),
        ("<", Some(low), _) if value.value() <= low => Some("L"),
        (">", _, Some(high)) if value.value() >= high => Some("H"),
        ("<=", Some(low), _) if value.value() < low => Some("L"),
        (">=", _, Some(high)) if value.value() > high => Some("H"),
        (_, None, None) => None,
        ("", ..) => Some("N"),
        _ => None,
    });
    if value.is_some() && !comparator.is_empty() && by_range.is_none() && flag.is_empty() && (low.or(high)).is_some() {
        faults.push((value_field, Fault::NotComparable));
    }
    let chosen = FLAGS.into_iter().find(|code| !code.is_empty() && *code == flag);
    if chosen.is_none() && !flag.is_empty() {
        faults.push((flag_field, Fault::Unread));
    }
    if let Some(flag) = chosen.or(by_range) {
        let system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
        out.insert("interpretation".into(), json!([{"coding": [{"system": system, "code": flag}]}]));
    }
    Some(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Definitions, Mode, validate};

    fn typed(pairs: &[(&str, &str)]) -> ResultTyped {
        ResultTyped(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    fn entered(pairs: &[(&str, &str)]) -> Result<(Value, Vec<Value>), Faults> {
        let author = Author { person: None, name: "Lena Corvin" };
        let known = BTreeMap::from([(
            "hba1c".to_owned(),
            json!({"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}),
        )]);
        enter(&typed(pairs), "p", &author, ("2026-03-03T09:31:00Z", "2026-03-03".parse().unwrap()), &known)
    }

    #[test]
    fn a_paper_becomes_a_report_with_values_ranges_and_flags() {
        let (report, tests) = entered(&[
            ("title", "Blood test"),
            ("taken", "2026-03-01"),
            ("source", "Northmoor Laboratory"),
            ("test1", "hba1c"),
            ("value1", "57"),
            ("unit1", "mmol/mol"),
            ("low1", "20"),
            ("high1", "41"),
            ("test2", "Culture"),
            ("value2", "No growth"),
            ("test3", "Potassium"),
            ("value3", "6,8"),
            ("flag3", "HH"),
        ])
        .unwrap();
        for one in tests.iter().chain([&report]) {
            let issues = validate(one, Definitions::r4(), Mode::Strict);
            assert!(issues.iter().all(|issue| !issue.is_error()), "{issues:?}");
        }
        let flag = |at: usize| tests[at]["interpretation"][0]["coding"][0]["code"].as_str();
        assert_eq!((flag(0), flag(1), flag(2)), (Some("H"), None, Some("HH")));
        assert_eq!(tests[0]["code"]["coding"][0]["code"], "4548-4", "it joins the course of its test");
        assert_eq!((&tests[1]["valueString"], &tests[2]["valueQuantity"]["value"]), (&json!("No growth"), &json!(6.8)));
    }

    #[test]
    fn a_value_that_cannot_be_held_against_its_range_needs_the_word_of_the_laboratory() {
        let one = |value: &str, flag: &str| {
            entered(&[
                ("title", "T"),
                ("taken", "2026-03-01"),
                ("test1", "Troponin"),
                ("value1", value),
                ("high1", "14"),
                ("flag1", flag),
            ])
        };
        for unclear in ["14O", "positive", ">5", "<= 20", "<20"] {
            assert_eq!(one(unclear, "").unwrap_err(), [("value1", Fault::NotComparable)], "{unclear}");
            assert!(one(unclear, "N").is_ok(), "{unclear}");
        }
        let (_, tests) = one(">5000", "").unwrap();
        assert_eq!(tests[0]["valueQuantity"], json!({"value": 5000, "comparator": ">"}));
        assert_eq!(tests[0]["interpretation"][0]["coding"][0]["code"], "H");
        assert_eq!(one("> 14", "").unwrap().1[0]["interpretation"][0]["coding"][0]["code"], "H");
        assert_eq!(one(">=14", "").unwrap_err(), [("value1", Fault::NotComparable)]);
    }

    #[test]
    fn no_row_is_dropped_and_no_unit_cut() {
        let row = |more: &[(&str, &str)]| {
            let first = [("title", "T"), ("taken", "2026-03-01"), ("test1", "Sodium"), ("value1", "140")];
            entered(&[&first, more].concat()).unwrap_err()
        };
        assert_eq!(row(&[("unit2", "mmol/L")]), [("test2", Fault::Missing), ("value2", Fault::Missing)]);
        assert_eq!(row(&[("high2", "5")]), [("test2", Fault::Missing), ("value2", Fault::Missing)]);
        assert_eq!(row(&[("unit1", &"x".repeat(41))]), [("unit1", Fault::TooLong { most: LONGEST_UNIT })]);
    }

    #[test]
    fn what_is_missing_is_said_of_its_row() {
        let faults = entered(&[
            ("title", ""),
            ("taken", "2027-01-01"),
            ("test1", "X"),
            ("value2", "3"),
            ("test3", "Y"),
            ("value3", "1"),
            ("low3", "9"),
            ("high3", "2"),
        ])
        .unwrap_err();
        assert_eq!(
            faults,
            [
                ("title", Fault::Missing),
                ("taken", Fault::InTheFuture),
                ("value1", Fault::Missing),
                ("test2", Fault::Missing),
                ("high3", Fault::EndsBefore),
            ]
        );
        assert_eq!(entered(&[("title", "T"), ("taken", "2026-03-01")]).unwrap_err(), [("test1", Fault::Missing)]);
    }

    #[test]
    fn a_number_keeps_its_digits_and_one_that_can_be_read_in_two_ways_is_asked_back() {
        let one = |value: &str, low: &str, high: &str| {
            entered(&[
                ("title", "T"),
                ("taken", "2026-03-01"),
                ("test1", "X"),
                ("value1", value),
                ("low1", low),
                ("high1", high),
            ])
        };
        let said = |value: &str, low: &str, high: &str| {
            let (_, tests) = one(value, low, high).unwrap();
            let at = |pointer: &str| tests[0].pointer(pointer).map(Value::to_string).unwrap_or_default();
            [at("/valueQuantity/value"), at("/referenceRange/0/low/value"), at("/referenceRange/0/high/value")]
        };
        assert_eq!(said("7.345", "7.350", "7.450"), ["7.345", "7.350", "7.450"]);
        assert_eq!(said("7.0", "", "1.030"), ["7.0", "", "1.030"]);
        assert_eq!(said("7,2", "", ""), ["7.2", "", ""]);
        for value in ["1,234", "150,000", "1,234.5", ">1,234", "1 234"] {
            for high in ["", "400"] {
                assert_eq!(one(value, "", high).unwrap_err(), [("value1", Fault::Ambiguous)], "{value}");
            }
        }
        assert_eq!(one("7", "", "1,234").unwrap_err(), [("high1", Fault::Ambiguous)]);
    }
}
