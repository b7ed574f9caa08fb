//! What the house notes of a report beside what its laboratory says: tags of it (`meta.tag`), which change nothing that it says.

use serde_json::{Value, json};

use crate::care::within::{list, text};
use crate::care::{schedule, uploads};

/// Its laboratory asks not to show it to the patient before a doctor has spoken with them. The house's own hold has the same label
/// (see [`super::super::held`]): by this it is known after that, until somebody lets it go.
pub(super) const ASKS_TO_HOLD: (&str, &str) = ("urn:chartbox:result", "asks-to-hold");
/// Somebody here put it into the record. However old it is, it waits for a signature here.
pub const ENTERED: (&str, &str) = ("urn:chartbox:result", "entered");

pub fn asks_to_hold(report: &Value) -> bool {
    has(report, ASKS_TO_HOLD)
}

/// Whether somebody here put it into the record, and not a program or an import of a past.
pub fn is_entered(report: &Value) -> bool {
    has(report, ENTERED)
}

pub(super) fn has(report: &Value, tag: (&str, &str)) -> bool {
    uploads::is_tagged(report, tag)
}

/// Marks it, once.
pub(super) fn put(report: &mut Value, tag: (&str, &str)) {
    *report = schedule::tagged(report.take(), tag);
}

/// Takes the mark away.
pub(super) fn take_off(report: &mut Value, tag: (&str, &str)) {
    let Some(meta) = report.get_mut("meta").and_then(Value::as_object_mut) else { return };
    let Some(tags) = meta.get_mut("tag").and_then(Value::as_array_mut) else { return };
    tags.retain(|one| (text(one, "/system"), text(one, "/code")) != tag);
    if tags.is_empty() {
        meta.shift_remove("tag");
    }
    // No object of FHIR is empty.
    if meta.is_empty()
        && let Some(members) = report.as_object_mut()
    {
        members.shift_remove("meta");
    }
}

/// The labels of a resource.
pub(super) fn labels(resource: &Value) -> &[Value] {
    resource.get("meta").map(|meta| list(meta, "security")).unwrap_or_default()
}

/// Gives a resource these labels in place of its own.
pub(super) fn label(resource: &mut Value, labels: Vec<Value>) {
    let Some(members) = resource.as_object_mut() else { return };
    let meta = members.entry("meta").or_insert_with(|| json!({}));
    if let Some(meta) = meta.as_object_mut() {
        meta.insert("security".to_owned(), labels.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_put_once_and_taken_off_with_the_others_kept() {
        let plain = json!({"resourceType": "DiagnosticReport"});
        let mut one = plain.clone();
        put(&mut one, ASKS_TO_HOLD);
        put(&mut one, ASKS_TO_HOLD);
        assert_eq!(one["meta"]["tag"].as_array().unwrap().len(), 1);
        assert!(asks_to_hold(&one) && !is_entered(&one));
        put(&mut one, ENTERED);
        take_off(&mut one, ASKS_TO_HOLD);
        assert!(is_entered(&one) && !asks_to_hold(&one));
        take_off(&mut one, ENTERED);
        assert_eq!(one, plain, "no empty meta is left");
        label(&mut one, vec![json!({"code": "HIV"})]);
        put(&mut one, ENTERED);
        label(&mut one, vec![json!({"code": "PSY"})]);
        assert!(is_entered(&one) && one["meta"]["security"] == json!([{"code": "PSY"}]));
    }
}
