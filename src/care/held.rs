//! What the patient does not see yet: results that wait for a doctor's word, and notes that nobody has signed.
//!
//! It is a label of the resource (`meta.security`, `NOPAT` of HL7 v3 ActCode: not to be disclosed to the patient or their
//! family without the doctor), which the policy keeps to on every way in.

use serde_json::{Value, json};

use crate::access::Sensitivity;

const SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// The label's code.
pub const CODE: &str = "NOPAT";

pub fn is_held(resource: &Value) -> bool {
    Sensitivity::of_resource(resource).is_held()
}

/// The resource, kept from the patient.
#[must_use]
pub fn hold(mut resource: Value) -> Value {
    if is_held(&resource) {
        return resource;
    }
    let Some(members) = resource.as_object_mut() else { return resource };
    let meta = members.entry("meta").or_insert_with(|| json!({}));
    let Some(meta) = meta.as_object_mut() else { return resource };
    let labels = meta.entry("security").or_insert_with(|| json!([]));
    if let Some(labels) = labels.as_array_mut() {
        labels.push(json!({"system": SYSTEM, "code": CODE}));
    }
    resource
}

/// The resource as the patient may see it.
#[must_use]
pub fn let_go(mut resource: Value) -> Value {
    let is_ours = |label: &Value| label.get("code").and_then(Value::as_str) == Some(CODE);
    let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) else { return resource };
    let left = match meta.get_mut("security").and_then(Value::as_array_mut) {
        Some(labels) => {
            labels.retain(|label| !is_ours(label));
            labels.len()
        }
        None => return resource,
    };
    if left == 0 {
        meta.shift_remove("security");
    }
    // No object of FHIR is empty.
    if meta.is_empty()
        && let Some(members) = resource.as_object_mut()
    {
        members.shift_remove("meta");
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_once_and_let_go_with_other_labels_kept() {
        let plain = json!({"resourceType": "Observation", "meta": {"versionId": "1"}});
        let held = hold(hold(plain.clone()));
        assert!(is_held(&held) && held["meta"]["security"].as_array().unwrap().len() == 1);
        assert_eq!(let_go(held), plain);
        let sealed = json!({"meta": {"security": [{"code": "PSY"}]}});
        assert_eq!(let_go(hold(sealed.clone())), sealed);
        assert!(!is_held(&let_go(json!({}))));
        assert_eq!(let_go(hold(json!({"status": "final"}))), json!({"status": "final"}), "no empty meta is left");
    }
}
