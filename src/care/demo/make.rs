//! FHIR R4 values from their parts.

use jiff::civil::Date;
use serde_json::{Value, json};

pub(super) const SNOMED: &str = "http://snomed.info/sct";
pub(super) const LOINC: &str = "http://loinc.org";
pub(super) const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
pub(super) const ICD10: &str = "http://hl7.org/fhir/sid/icd-10-cm";
pub(super) const CVX: &str = "http://hl7.org/fhir/sid/cvx";
const UCUM: &str = "http://unitsofmeasure.org";
const HL7: &str = "http://terminology.hl7.org/CodeSystem/";

/// A resource: its type and id, then the elements. Elements that are null are left out.
pub(super) fn resource(kind: &str, id: &str, elements: Value) -> Value {
    let mut out = serde_json::Map::new();
    out.insert("resourceType".into(), kind.into());
    out.insert("id".into(), id.into());
    if let Value::Object(elements) = elements {
        out.extend(elements.into_iter().filter(|(_, value)| !value.is_null()));
    }
    Value::Object(out)
}

pub(super) fn coding(system: &str, code: &str) -> Value {
    json!({"system": system, "code": code})
}

/// A concept of one of HL7's own code systems.
pub(super) fn hl7(system: &str, code: &str) -> Value {
    json!({"coding": [coding(&format!("{HL7}{system}"), code)]})
}

pub(super) fn hl7_coding(system: &str, code: &str) -> Value {
    coding(&format!("{HL7}{system}"), code)
}

/// A concept with its words. Codings carry no display: the words are ours, the codes are theirs.
pub(super) fn concept(codings: &[(&str, &str)], text: &str) -> Value {
    let codings: Vec<Value> =
        codings.iter().filter(|(_, code)| !code.is_empty()).map(|(system, code)| coding(system, code)).collect();
    if codings.is_empty() { json!({"text": text}) } else { json!({"coding": codings, "text": text}) }
}

pub(super) fn reference(kind: &str, id: &str) -> Value {
    json!({"reference": format!("{kind}/{id}")})
}

pub(super) fn named(kind: &str, id: &str, display: &str) -> Value {
    json!({"reference": format!("{kind}/{id}"), "display": display})
}

/// A value rounded to `places` digits after the point.
pub(super) fn number(value: f64, places: i32) -> Value {
    if places == 0 {
        return json!(value.round() as i64);
    }
    let scale = 10_f64.powi(places);
    json!((value * scale).round() / scale)
}

pub(super) fn quantity(value: Value, unit: &str, code: &str) -> Value {
    json!({"value": value, "unit": unit, "system": UCUM, "code": code})
}

pub(super) fn days_before(day: Date, days: i64) -> Date {
    day.saturating_sub(jiff::Span::new().days(days))
}

pub(super) fn years_between(from: Date, to: Date) -> i64 {
    let had_birthday = (to.month(), to.day()) >= (from.month(), from.day());
    i64::from(to.year() - from.year()) - i64::from(!had_birthday)
}

/// The nearest working day that is not later.
pub(super) fn workday(day: Date) -> Date {
    use jiff::civil::Weekday::{Saturday, Sunday};
    match day.weekday() {
        Saturday => days_before(day, 1),
        Sunday => days_before(day, 2),
        _ => day,
    }
}

/// A moment of the clinic's day, `minute` minutes after midnight; before midnight, or after the next, it is of another day.
pub(super) fn at(day: Date, minute: i64) -> String {
    let (day, minute) = (days_before(day, -minute.div_euclid(24 * 60)), minute.rem_euclid(24 * 60));
    format!("{day}T{:02}:{:02}:00Z", minute / 60, minute % 60)
}
