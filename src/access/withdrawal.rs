//! What patients take back of their own.
//!
//! | type | whose words by | taken back with |
//! |---|---|---|
//! | `DocumentReference` | `author` | `entered-in-error` |
//! | `Observation` | `performer` | `entered-in-error` |
//! | `Task` | `requester` | `cancelled`, as long as nobody has answered |
//!
//! That it is withdrawn is the one thing that may change: what was said stays in the record and in its history, and the clinic
//! reads that it does not stand any more. It is [`super::Action::Withdraw`], on the screens and in the API alike.

use serde_json::Value;

use crate::fhir::ResourceType as T;

/// The status by which something is withdrawn; `None` for what nobody can.
pub const fn withdrawn_by(kind: T) -> Option<&'static str> {
    match kind {
        T::DocumentReference | T::Observation => Some("entered-in-error"),
        T::Task => Some("cancelled"),
        _ => None,
    }
}

/// Whether a patient, or who acts for one, said it, and nobody besides.
pub fn is_their_own(kind: T, resource: &Value) -> bool {
    let by = match kind {
        T::DocumentReference => "author",
        T::Observation => "performer",
        T::Task => "requester",
        _ => return false,
    };
    let by = match resource.get(by) {
        Some(Value::Array(all)) => all.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => return false,
    };
    let theirs = |text: &str| text.starts_with("Patient/") || text.starts_with("RelatedPerson/");
    !by.is_empty() && by.iter().all(|one| one.get("reference").and_then(Value::as_str).is_some_and(theirs))
}

fn status(resource: &Value) -> &str {
    resource.get("status").and_then(Value::as_str).unwrap_or_default()
}

/// Whether it was withdrawn by the patient's side.
pub fn is_withdrawn(kind: T, resource: &Value) -> bool {
    withdrawn_by(kind) == Some(status(resource)) && is_their_own(kind, resource)
}

/// Whether it can be withdrawn as it stands.
pub fn can_be_withdrawn(kind: T, resource: &Value) -> bool {
    let over = match kind {
        T::Task => matches!(status(resource), "completed" | "rejected" | "failed" | "cancelled" | "entered-in-error"),
        T::Observation => matches!(status(resource), "cancelled" | "entered-in-error"),
        T::DocumentReference => status(resource) != "current",
        _ => return false,
    };
    !over && is_their_own(kind, resource)
}

/// Whether nothing else happens from one version to the next but that it is withdrawn.
pub fn is_withdrawal(kind: T, before: &Value, after: &Value) -> bool {
    let rest = |resource: &Value| {
        let mut rest = resource.clone();
        if let Some(members) = rest.as_object_mut() {
            // When a task changed last is said with every change.
            members.retain(|name, _| !matches!(name.as_str(), "id" | "status" | "lastModified"));
            if let Some(Value::Object(meta)) = members.get_mut("meta") {
                meta.retain(|name, _| !matches!(name.as_str(), "versionId" | "lastUpdated" | "source"));
            }
            if members.get("meta").and_then(Value::as_object).is_some_and(serde_json::Map::is_empty) {
                members.shift_remove("meta");
            }
        }
        rest
    };
    can_be_withdrawn(kind, before) && withdrawn_by(kind) == Some(status(after)) && rest(before) == rest(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(resource: &Value, name: &str, value: Value) -> Value {
        let mut other = resource.clone();
        other[name] = value;
        other
    }

    #[test]
    fn to_withdraw_is_to_say_so_and_to_change_nothing_else() {
        let own = json!([{"reference": "Patient/p1"}]);
        let weight = json!({"resourceType": "Observation", "id": "w", "meta": {"versionId": "1"}, "status": "final",
            "performer": own, "valueString": "80"});
        let gone = with(&with(&weight, "status", json!("entered-in-error")), "meta", json!({"versionId": "2"}));
        assert!(is_withdrawal(T::Observation, &weight, &gone) && is_withdrawn(T::Observation, &gone));
        assert!(!is_withdrawal(T::Observation, &gone, &gone), "once");
        assert!(!is_withdrawal(T::Observation, &weight, &with(&gone, "valueString", json!("90"))));
        assert!(!is_withdrawal(T::Observation, &weight, &with(&weight, "status", json!("amended"))));
        let tagged = with(&weight, "meta", json!({"tag": [{"code": "PATRPT"}]}));
        assert!(!is_withdrawal(T::Observation, &tagged, &gone), "where it comes from is not taken away with it");
        for by in [
            json!([{"reference": "Practitioner/d"}]),
            json!([]),
            json!([{"reference": "Patient/p1"}, {"display": "x"}]),
        ] {
            let theirs = with(&weight, "performer", by.clone());
            let gone = with(&gone, "performer", by);
            assert!(!is_withdrawal(T::Observation, &theirs, &gone) && !is_withdrawn(T::Observation, &gone));
        }
    }

    #[test]
    fn a_request_is_withdrawn_until_it_is_answered_and_a_file_while_it_is_current() {
        let request = |status: &str| json!({"resourceType": "Task", "status": status, "requester": {"reference": "RelatedPerson/r"}});
        for (status, can) in [
            ("requested", true),
            ("in-progress", true),
            ("completed", false),
            ("rejected", false),
            ("cancelled", false),
        ] {
            assert_eq!(is_withdrawal(T::Task, &request(status), &request("cancelled")), can, "{status}");
        }
        let later = with(&request("cancelled"), "lastModified", json!("2026-03-03T09:00:00Z"));
        assert!(is_withdrawal(T::Task, &request("requested"), &later));
        let file = |status: &str| json!({"status": status, "author": [{"reference": "Patient/p1"}]});
        assert!(is_withdrawal(T::DocumentReference, &file("current"), &file("entered-in-error")));
        assert!(!is_withdrawal(T::DocumentReference, &file("superseded"), &file("entered-in-error")));
        assert!(!can_be_withdrawn(T::Communication, &file("current")));
    }
}
