//! An allergy or intolerance, and the answer that there is none.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::known::means_none;
use super::{Author, Fault, Faults, date, hl7, line, needed, put, resource};
use crate::care::formulary::{Formulary, List, concept};

/// SNOMED CT: no known allergy.
pub const NONE_KNOWN: &str = "716186003";

/// FHIR R4 `allergy-intolerance-category`.
pub const CATEGORIES: [&str; 4] = ["medication", "food", "environment", "biologic"];

/// What was typed. The names of the inputs are the names of these fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AllergyTyped {
    pub substance: String,
    /// One of [`CATEGORIES`], or nothing.
    pub category: String,
    pub reaction: String,
    /// FHIR R4 `reaction-event-severity`, or nothing.
    pub severity: String,
    pub since: String,
}

/// A new AllergyIntolerance.
///
/// # Errors
/// All that is wrong at once.
pub fn allergy(
    typed: &AllergyTyped,
    patient: &str,
    author: &Author<'_>,
    now: &str,
    today: Date,
    codes: Option<&Formulary>,
) -> Result<Value, Faults> {
    let mut faults = Faults::new();
    let substance = needed("substance", &typed.substance, &mut faults);
    if means_none(&substance) {
        faults.push(("substance", Fault::SaysNone));
    }
    let reaction = line("reaction", &typed.reaction, &mut faults);
    let since = date("since", &typed.since, today, &mut faults);
    let category = CATEGORIES.into_iter().find(|category| *category == typed.category);
    let severity = ["mild", "moderate", "severe"].into_iter().find(|severity| *severity == typed.severity);
    if !faults.is_empty() {
        return Err(faults);
    }
    let reactions = match (&reaction, severity) {
        (None, None) => Value::Null,
        // A reaction names what happened (FHIR R4, AllergyIntolerance.reaction.manifestation 1..*).
        (None, Some(severity)) => {
            json!([{"manifestation": [hl7("data-absent-reason", "unknown")], "severity": severity}])
        }
        (Some(reaction), severity) => {
            let mut one = json!({"manifestation": [{"text": reaction}]});
            put(&mut one, "severity", json!(severity));
            json!([one])
        }
    };
    Ok(resource(
        "AllergyIntolerance",
        json!({
            "clinicalStatus": hl7("allergyintolerance-clinical", "active"),
            "verificationStatus": hl7("allergyintolerance-verification", "confirmed"),
            "category": category.map(|category| json!([category])),
            "criticality": (severity == Some("severe")).then_some("high"),
            "code": concept(codes, List::Allergens, &substance),
            "patient": {"reference": format!("Patient/{patient}")},
            "onsetDateTime": since,
            "recordedDate": now,
            "recorder": author.reference(),
            "reaction": reactions,
        }),
    ))
}

/// The patient was asked, and there is none. Beside an allergy that was typed nobody can mean that.
///
/// # Errors
/// That something was typed.
pub fn none_known(typed: &AllergyTyped, patient: &str, author: &Author<'_>, now: &str) -> Result<Value, Faults> {
    let AllergyTyped { substance, category, reaction, severity, since } = typed;
    let is_typed = |one: &String| !one.trim().is_empty();
    let is_some = is_typed(substance) && !means_none(substance);
    if is_some || [category, reaction, severity, since].into_iter().any(is_typed) {
        return Err(vec![("substance", Fault::SaysSome)]);
    }
    Ok(resource(
        "AllergyIntolerance",
        json!({
            "clinicalStatus": hl7("allergyintolerance-clinical", "active"),
            "verificationStatus": hl7("allergyintolerance-verification", "confirmed"),
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": NONE_KNOWN}], "text": "No known allergy"},
            "patient": {"reference": format!("Patient/{patient}")},
            "recordedDate": now,
            "recorder": author.reference(),
        }),
    ))
}

/// As a mistake. Source: invariant ait-2 of FHIR R4 AllergyIntolerance.
#[must_use]
pub fn allergy_in_error(mut allergy: Value) -> Value {
    put(&mut allergy, "clinicalStatus", Value::Null);
    put(&mut allergy, "verificationStatus", hl7("allergyintolerance-verification", "entered-in-error"));
    allergy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Definitions, Mode, validate};

    #[test]
    fn an_allergy_is_valid_with_and_without_what_happened_and_as_a_mistake() {
        let author = Author { person: None, name: "Dr A" };
        let today = "2026-03-03".parse().unwrap();
        let new = |reaction: &str, severity: &str| {
            let typed = AllergyTyped {
                substance: "Penicillin".into(),
                category: "medication".into(),
                reaction: reaction.into(),
                severity: severity.into(),
                since: "2004".into(),
            };
            allergy(&typed, "p", &author, "2026-03-03T09:31:00Z", today, None).unwrap()
        };
        let none = |typed: &AllergyTyped| none_known(typed, "p", &author, "2026-03-03T09:31:00Z");
        let nothing = none(&AllergyTyped::default()).unwrap();
        let all = [new("rash", "severe"), new("", "mild"), new("", ""), nothing];
        for one in all.iter().cloned().chain(all.iter().cloned().map(allergy_in_error)) {
            let issues = validate(&one, Definitions::r4(), Mode::Strict);
            assert!(issues.iter().all(|issue| !issue.is_error()), "{issues:?}");
        }
        assert_eq!(all[0]["criticality"], "high");
        let typed = AllergyTyped { substance: "No known allergies".into(), ..AllergyTyped::default() };
        let said = allergy(&typed, "p", &author, "2026-03-03T09:31:00Z", today, None);
        assert_eq!(said.unwrap_err(), [("substance", Fault::SaysNone)]);
        assert!(none(&typed).is_ok());
        for (substance, reaction) in [("Penicillin", ""), ("", "rash"), ("No known allergies", "rash")] {
            let typed =
                AllergyTyped { substance: substance.into(), reaction: reaction.into(), ..AllergyTyped::default() };
            assert_eq!(none(&typed).unwrap_err(), [("substance", Fault::SaysSome)], "{substance} {reaction}");
        }
        let none = allergy(&AllergyTyped::default(), "p", &author, "2026-03-03T09:31:00Z", today, None);
        assert_eq!(none.unwrap_err(), [("substance", Fault::Missing)]);
    }
}
