//! The elements that a role never gets of a type it may read: cut on the way out, kept on the way in.
//!
//! A cut list names an element by its top-level name. Its primitive sibling (`_comment` of `comment`) goes
//! with it. Where anything is cut, narrative, contained resources and extensions are cut too: they may say
//! the same in other words. Search by what is cut is refused ([`hides_parameter`]).

use serde_json::{Map, Value, json};

use crate::base::Role;
use crate::fhir::ResourceType as T;

/// What is left of a patient whose record one does not see: name, birth date, sex, number.
pub const DIRECTORY: &[&str] = &[
    "telecom",
    "address",
    "maritalStatus",
    "multipleBirthBoolean",
    "multipleBirthInteger",
    "photo",
    "contact",
    "communication",
    "generalPractitioner",
    "managingOrganization",
    "link",
    "text",
    "contained",
    "extension",
    "modifierExtension",
];

/// For a row that may not be seen at all: nothing is left of it but its type.
pub(super) const EVERYTHING: &[&str] = &["*"];

const APPOINTMENT: &[&str] = &[
    "reasonCode",
    "reasonReference",
    "description",
    "comment",
    "patientInstruction",
    "supportingInformation",
    "basedOn",
    "text",
    "contained",
    "extension",
    "modifierExtension",
];

const ENCOUNTER: &[&str] = &[
    "type",
    "serviceType",
    "reasonCode",
    "reasonReference",
    "diagnosis",
    "hospitalization",
    "episodeOfCare",
    "basedOn",
    "text",
    "contained",
    "extension",
    "modifierExtension",
];

const TASK: &[&str] =
    &["reasonCode", "reasonReference", "input", "output", "text", "contained", "extension", "modifierExtension"];

const COMMENTED: &[&str] = &["comment", "text", "contained", "extension", "modifierExtension"];
const WORDS: &[&str] = &["text", "contained"];
const PRIVATE: &[&str] = &["birthDate", "address", "telecom", "photo", "text", "contained", "extension"];

/// What this role never gets of this type. `None` is a service or the box: nothing is cut.
pub const fn elements(role: Option<Role>, kind: T) -> &'static [&'static str] {
    match (role, kind) {
        (Some(Role::Reception), T::Appointment) => APPOINTMENT,
        (Some(Role::Reception), T::Encounter) => ENCOUNTER,
        (Some(Role::Reception), T::AppointmentResponse | T::Slot | T::Schedule) => COMMENTED,
        (Some(Role::Reception), T::Patient | T::Person | T::RelatedPerson | T::Coverage) => WORDS,
        // Permissions, requests and the log are about somebody: their name, birth date and number say whom.
        (Some(Role::HealthAdmin), T::Patient | T::Person | T::RelatedPerson) => DIRECTORY,
        (Some(Role::HealthAdmin), T::Task) => TASK,
        // What a colleague or a patient needs of a clinician is the name, the work and the place.
        (Some(Role::Patient | Role::Proxy | Role::Operator), T::Practitioner) => PRIVATE,
        (Some(Role::Patient | Role::Proxy), T::Slot | T::Schedule) => COMMENTED,
        _ => &[],
    }
}

/// Search parameters of FHIR R4 that look at a cut element, by type.
pub(super) fn hides_parameter(role: Option<Role>, kind: T, name: &str) -> bool {
    let cut = elements(role, kind);
    if cut.is_empty() {
        return false;
    }
    if role == Some(Role::HealthAdmin) && matches!(kind, T::Patient | T::Person | T::RelatedPerson) {
        return !matches!(name, "patient" | "relationship") && directory_hides_parameter(name);
    }
    let hidden: &[&str] = match kind {
        T::Appointment => &["reason-code", "reason-reference", "supporting-info", "based-on"],
        T::Encounter => &["reason-code", "reason-reference", "diagnosis", "type", "episode-of-care", "based-on"],
        T::Practitioner => &[
            "address",
            "address-city",
            "address-country",
            "address-postalcode",
            "address-state",
            "address-use",
            "birthdate",
            "email",
            "phone",
            "telecom",
        ],
        _ => &[],
    };
    matches!(name, "_text" | "_content" | "_filter" | "_query") || hidden.contains(&name)
}

/// Parameters of Patient that look at more than the directory shows.
pub(super) fn directory_hides_parameter(name: &str) -> bool {
    !matches!(
        name,
        "_id"
            | "_lastUpdated"
            | "active"
            | "birthdate"
            | "family"
            | "gender"
            | "given"
            | "identifier"
            | "name"
            | "phonetic"
    )
}

/// Takes the listed elements out of a resource and marks it `SUBSETTED`, if there was anything to take.
///
/// The mark is a `meta.tag` of `http://terminology.hl7.org/CodeSystem/v3-ObservationValue`
/// (FHIR R4, `search.html#elements`).
pub fn cut(resource: &mut Value, elements: &[&str]) {
    let Value::Object(object) = resource else { return };
    let before = object.len();
    if elements == EVERYTHING {
        object.retain(|name, _| name == "resourceType");
    } else {
        object.retain(|name, _| !is_listed(name, elements));
    }
    if object.len() < before {
        mark(object);
    }
}

/// Makes what a role sends whole again: the listed elements are those of the stored version, whatever was
/// sent, and the mark that [`cut`] set is taken off. For a new resource `stored` is `None`. A patch is applied
/// to the cut resource and its result sent through here, so that its tests see only what the sender may see.
///
/// # Errors
/// Names the first listed element that was sent: what one does not see one cannot change. It is refused even
/// where it equals the stored one, or guessing would tell. Leaving it out changes nothing.
pub fn keep(sent: &mut Value, stored: Option<&Value>, elements: &[&str]) -> Result<(), NotYours> {
    let Value::Object(object) = sent else { return Ok(()) };
    if elements.is_empty() {
        return Ok(());
    }
    // Narrative is made from the rest by many clients; it is dropped, not argued about.
    if let Some(name) = object.keys().find(|name| *name != "text" && is_listed(name, elements)) {
        return Err(NotYours { element: name.as_str().into() });
    }
    object.retain(|name, _| !is_listed(name, elements));
    for (name, value) in stored.and_then(Value::as_object).into_iter().flatten() {
        if is_listed(name, elements) {
            object.insert(name.clone(), value.clone());
        }
    }
    unmark(object);
    Ok(())
}

/// An element that this account cannot set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("your account cannot set “{element}”; leave it out and send the rest")]
pub struct NotYours {
    pub element: Box<str>,
}

fn is_listed(name: &str, elements: &[&str]) -> bool {
    let bare = name.strip_prefix('_').unwrap_or(name);
    elements.contains(&bare)
}

const TAG_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
const TAG_CODE: &str = "SUBSETTED";

fn is_mark(tag: &Value) -> bool {
    tag.get("code").and_then(Value::as_str) == Some(TAG_CODE)
}

fn mark(object: &mut Map<String, Value>) {
    let meta = object.entry("meta").or_insert_with(|| json!({}));
    let Value::Object(meta) = meta else { return };
    let tags = meta.entry("tag").or_insert_with(|| json!([]));
    let Value::Array(tags) = tags else { return };
    if !tags.iter().any(is_mark) {
        tags.push(json!({ "system": TAG_SYSTEM, "code": TAG_CODE }));
    }
}

fn unmark(object: &mut Map<String, Value>) {
    let Some(Value::Object(meta)) = object.get_mut("meta") else { return };
    let Some(Value::Array(tags)) = meta.get_mut("tag") else { return };
    tags.retain(|tag| !is_mark(tag));
    if tags.is_empty() {
        meta.shift_remove("tag");
    }
    if meta.is_empty() {
        object.shift_remove("meta");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appointment() -> Value {
        json!({
            "resourceType": "Appointment",
            "id": "1",
            "meta": { "versionId": "1" },
            "status": "booked",
            "comment": "feels low",
            "_comment": { "id": "c" },
            "reasonCode": [{ "text": "depression" }],
            "text": { "status": "generated", "div": "<div>depression</div>" },
            "start": "2026-11-23T09:00:00Z"
        })
    }

    fn reception() -> &'static [&'static str] {
        elements(Some(Role::Reception), T::Appointment)
    }

    #[test]
    fn what_is_cut_is_gone_with_its_sibling_and_the_rest_is_marked() {
        let mut seen = appointment();
        cut(&mut seen, reception());
        assert_eq!(
            seen,
            json!({
                "resourceType": "Appointment",
                "id": "1",
                "meta": { "versionId": "1", "tag": [{ "system": TAG_SYSTEM, "code": "SUBSETTED" }] },
                "status": "booked",
                "start": "2026-11-23T09:00:00Z"
            })
        );
        let once = seen.clone();
        cut(&mut seen, reception());
        assert_eq!(seen, once);
        let mut whole = json!({ "resourceType": "Appointment", "status": "booked" });
        cut(&mut whole, reception());
        assert_eq!(whole, json!({ "resourceType": "Appointment", "status": "booked" }));
    }

    #[test]
    fn what_comes_back_cut_loses_nothing_and_changes_only_what_was_seen() {
        let stored = appointment();
        let mut sent = stored.clone();
        cut(&mut sent, reception());
        sent["status"] = "arrived".into();
        keep(&mut sent, Some(&stored), reception()).unwrap();
        let mut expected = stored;
        expected["status"] = "arrived".into();
        assert_eq!(sent, expected);
    }

    #[test]
    fn what_is_not_seen_cannot_be_set_nor_guessed() {
        let stored = appointment();
        for comment in ["something new", "feels low"] {
            let mut sent = json!({ "resourceType": "Appointment", "status": "booked", "comment": comment });
            let refused = keep(&mut sent, Some(&stored), reception()).unwrap_err();
            assert_eq!(&*refused.element, "comment");
        }
        let mut sibling = json!({ "resourceType": "Appointment", "_comment": { "id": "x" } });
        assert!(keep(&mut sibling, None, reception()).is_err());
        let mut new = json!({ "resourceType": "Appointment", "status": "booked", "text": { "div": "<div/>" } });
        keep(&mut new, None, reception()).unwrap();
        assert_eq!(new, json!({ "resourceType": "Appointment", "status": "booked" }));
    }

    #[test]
    fn whoever_sees_all_sends_all() {
        let stored = appointment();
        let mut sent = json!({ "resourceType": "Appointment", "comment": "new" });
        let all = elements(Some(Role::Clinician), T::Appointment);
        keep(&mut sent, Some(&stored), all).unwrap();
        assert_eq!(sent, json!({ "resourceType": "Appointment", "comment": "new" }));
    }

    #[test]
    fn a_search_does_not_tell_what_a_read_does_not_show() {
        let hides = |role, kind, name| hides_parameter(Some(role), kind, name);
        assert!(hides(Role::Reception, T::Appointment, "reason-code"));
        assert!(hides(Role::Reception, T::Encounter, "_content"));
        assert!(!hides(Role::Reception, T::Appointment, "date"));
        assert!(!hides(Role::Clinician, T::Appointment, "reason-code"));
        assert!(hides(Role::Patient, T::Practitioner, "birthdate"));
        assert!(!hides(Role::Patient, T::Practitioner, "name"));
    }

    #[test]
    fn nothing_is_left_of_a_row_that_may_not_be_seen() {
        let mut row = appointment();
        cut(&mut row, EVERYTHING);
        assert_eq!(row["resourceType"], "Appointment");
        assert_eq!(row.as_object().unwrap().len(), 2);
    }
}
