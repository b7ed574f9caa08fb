//! Which medicine a prescription or a statement means, wherever it says so. Every page and every check asks here: a medicine
//! that is not named in the resource itself must never drop out of a list.

use serde_json::Value;

use super::entries::is_no_entry;
use super::within::list;
pub use crate::fhir::{Asks, is_reported};

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// The Medication that a `MedicationRequest` or `MedicationStatement` refers to, as in `Medication/1`; none for one that it
/// holds itself.
pub fn refers(resource: &Value) -> Option<&str> {
    let to = text(resource, "/medicationReference/reference")?;
    let to = to.split_once("/_history/").map_or(to, |(head, _)| head);
    (!to.starts_with('#')).then_some(to)
}

/// What it is called by codes and words: the resource's own concept, that of the Medication that it holds or refers to, or
/// where that has no name, those of its ingredients. `along` are the Medications that were read with it.
pub fn concepts<'a>(resource: &'a Value, along: &'a [Value]) -> Vec<&'a Value> {
    if let Some(own) = resource.get("medicationCodeableConcept") {
        return vec![own];
    }
    let inside = || {
        let id = text(resource, "/medicationReference/reference")?.strip_prefix('#')?;
        list(resource, "contained").iter().find(|one| text(one, "/id") == Some(id))
    };
    let beside = || {
        let id = refers(resource)?.strip_prefix("Medication/")?;
        along.iter().find(|one| text(one, "/resourceType") == Some("Medication") && text(one, "/id") == Some(id))
    };
    let Some(medication) = inside().or_else(beside) else { return Vec::new() };
    match medication.get("code").filter(|code| is_named(code)) {
        Some(code) => vec![code],
        None => list(medication, "ingredient").iter().filter_map(|one| one.get("itemCodeableConcept")).collect(),
    }
}

fn is_named(concept: &Value) -> bool {
    let named = |coding: &Value| text(coding, "/display").or_else(|| text(coding, "/code")).is_some();
    text(concept, "/text").is_some() || list(concept, "coding").iter().any(named)
}

/// Whether a prescription or a statement is of what is taken, or may be: what is not known to be over counts, what is not to be
/// given or is only thought of never does.
pub fn may_be_taken(resource: &Value) -> bool {
    Asks::of(resource) == Asks::Give && !is_over(resource) && !is_no_entry(resource)
}

/// Whether somebody said that no medicine is taken.
pub fn says_none(statement: &Value) -> bool {
    let codings = statement.pointer("/medicationCodeableConcept/coding").and_then(Value::as_array);
    let is = |coding: &Value| text(coding, "/code") == Some("no-known-medications");
    codings.is_some_and(|all| all.iter().any(is)) && !is_over(statement)
}

/// Whether it says that a medicine is not to be given, and counts.
pub fn is_not_to_be_given(resource: &Value) -> bool {
    Asks::of(resource) == Asks::NotToGive && !is_over(resource)
}

/// Whether it is only thought of: nobody prescribed it yet, and it was not given up.
pub fn is_planned(resource: &Value) -> bool {
    Asks::of(resource) == Asks::Perhaps && !is_over(resource)
}

/// Whether what has this status (FHIR R4 `medicationrequest-status`, `medication-statement-status`) does not count any more, or
/// not yet.
fn is_over(resource: &Value) -> bool {
    let over = ["completed", "stopped", "cancelled", "draft", "entered-in-error", "not-taken"];
    text(resource, "/status").is_some_and(|status| over.contains(&status))
}

/// Where one would look for what a medicine without a name is: what it refers to, else the resource itself.
pub fn place(resource: &Value) -> String {
    if let Some(to) = refers(resource).or_else(|| text(resource, "/medicationReference/identifier/value")) {
        return to.to_owned();
    }
    let own = |pointer| text(resource, pointer).unwrap_or_default();
    format!("{}/{}", own("/resourceType"), own("/id"))
}

/// What an allergy is to: its own code, and what each reaction names as the substance.
pub fn substances(allergy: &Value) -> Vec<&Value> {
    let own = allergy.get("code").filter(|code| is_named(code));
    own.into_iter()
        .chain(list(allergy, "reaction").iter().filter_map(|one| one.get("substance")).filter(|one| is_named(one)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_medicine_is_named_wherever_the_record_names_it() {
        let digoxin = json!({"resourceType": "Medication", "id": "1", "code": {"text": "Digoxin 125 micrograms"}});
        let refers_to = |to: &str| json!({"medicationReference": {"reference": to}});
        let named = |resource: &Value, along: &[Value]| -> Vec<String> {
            concepts(resource, along).into_iter().filter_map(|one| text(one, "/text").map(str::to_owned)).collect()
        };
        let along = [digoxin.clone()];
        assert_eq!(named(&refers_to("Medication/1"), &along), ["Digoxin 125 micrograms"]);
        assert_eq!(named(&refers_to("Medication/1/_history/2"), &along), ["Digoxin 125 micrograms"]);
        assert!(named(&refers_to("Medication/2"), &along).is_empty());
        let mut holds = refers_to("#1");
        holds["contained"] = json!([digoxin]);
        assert_eq!(named(&holds, &[]), ["Digoxin 125 micrograms"]);
        assert_eq!(refers(&holds), None);
        let mixed = json!({"resourceType": "Medication", "id": "1", "ingredient": [
            {"itemCodeableConcept": {"text": "Trimethoprim"}}, {"itemCodeableConcept": {"text": "Sulfamethoxazole"}}]});
        assert_eq!(named(&refers_to("Medication/1"), &[mixed]), ["Trimethoprim", "Sulfamethoxazole"]);
    }

    #[test]
    fn what_is_not_to_be_given_or_only_planned_is_never_taken() {
        let places = |one: Value| (may_be_taken(&one), is_not_to_be_given(&one), is_planned(&one));
        let of = |status: &str, not: bool, intent: &str| {
            places(json!({"status": status, "doNotPerform": not, "intent": intent}))
        };
        assert_eq!(of("active", false, "order"), (true, false, false));
        assert_eq!(of("unknown", false, "order"), (true, false, false));
        assert_eq!(of("active", true, "order"), (false, true, false));
        assert_eq!(of("active", false, "plan"), (false, false, true));
        for over in ["completed", "stopped", "cancelled", "draft", "entered-in-error"] {
            for (not, intent) in [(false, "order"), (true, "order"), (false, "plan")] {
                assert_eq!(of(over, not, intent), (false, false, false), "{over}");
            }
        }
    }

    #[test]
    fn a_medicine_without_a_name_has_a_place() {
        let refers_to = json!({"resourceType": "MedicationRequest", "id": "r",
            "medicationReference": {"reference": "Medication/1"}});
        assert_eq!(place(&refers_to), "Medication/1");
        assert_eq!(place(&json!({"resourceType": "MedicationRequest", "id": "r"})), "MedicationRequest/r");
    }
}
