//! The elements that a role never gets of a type it may read: cut on the way out, kept on the way in.
//!
//! A cut list names an element by its top-level name. Its primitive sibling (`_comment` of `comment`) goes
//! with it. Where anything is cut, narrative, contained resources and extensions are cut too: they may say
//! the same in other words. Search by what is cut is refused ([`hides_parameter`]).
//!
//! Of extensions a list may also name one by its address: `extension=URL` is that one alone, `extension!=URL` are all others.
//! Where that one is there, narrative and contained resources go with it.
//!
//! What several patients have together names to none of them the others: see [`super::others`].

use serde_json::{Map, Value, json};

use super::others::{Acting, Others, Seen};
use crate::base::{FhirId, ResourceRef, Role};
use crate::fhir::ResourceType as T;

/// What somebody who sees a resource does not get of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cut {
    elements: &'static [&'static str],
    /// As whose it is seen, where no other's name is for who sees it.
    seen: Option<Seen>,
}

impl Cut {
    pub(super) const fn of(elements: &'static [&'static str]) -> Self {
        Self { elements, seen: None }
    }

    /// The same, seen as this patient's and nobody else's.
    #[must_use]
    pub(super) fn seen_as_of(self, patient: Option<&FhirId>) -> Self {
        Self { seen: patient.cloned().map(Seen::of), ..self }
    }

    /// The same, seen by somebody to whom nobody who acts for the patient is named but they themselves.
    #[must_use]
    pub(super) fn but_who_acts(self, own: Option<ResourceRef>) -> Self {
        Self { seen: self.seen.map(|seen| Seen { acting: Acting::Unnamed(own), ..seen }), ..self }
    }

    /// As whose it is seen, where others are not to be named: what the record tells of them is then said by [`Cut::among`].
    pub fn own(&self) -> Option<&FhirId> {
        self.seen.as_ref().map(|seen| &seen.own)
    }

    /// The same, with what the record tells of others.
    #[must_use]
    pub fn among(self, others: Others) -> Self {
        Self { seen: self.seen.map(|seen| Seen { others, ..seen }), ..self }
    }

    /// The same of a resource that is only looked at: where it names nobody else, nothing is taken from it for that.
    #[must_use]
    pub fn to_look_at(self, resource: &Value) -> Self {
        Self { seen: self.seen.filter(|seen| seen.are_named(resource)), ..self }
    }

    /// The same, with others by their names.
    #[must_use]
    pub fn with_others(self) -> Self {
        Self { seen: None, ..self }
    }

    pub const fn elements(&self) -> &'static [&'static str] {
        self.elements
    }

    /// Whether everything is left.
    pub const fn is_empty(&self) -> bool {
        self.elements.is_empty() && self.seen.is_none()
    }

    /// Takes it out of a resource on the way out.
    pub fn take_from(&self, resource: &mut Value) {
        let seen = self.seen.as_ref().filter(|seen| seen.are_named(resource));
        let elements = self.with_what_says_the_same(resource, seen.is_some());
        if let Some(seen) = seen {
            seen.unname(resource);
        }
        cut(resource, &elements);
        if let Some(object) = resource.as_object_mut().filter(|_| seen.is_some()) {
            mark(object);
        }
    }

    /// Makes what was sent whole again on the way in; for a new resource `stored` is `None`.
    ///
    /// # Errors
    /// Names what was sent and is not this account's to set.
    pub fn put_back(&self, sent: &mut Value, stored: Option<&Value>) -> Result<(), NotYours> {
        let names_others = |stored| self.seen.as_ref().is_some_and(|seen| seen.are_named(stored));
        let elements = stored.map_or_else(
            || self.elements.to_vec(),
            |stored| self.with_what_says_the_same(stored, names_others(stored)),
        );
        let not_yours = |element: &str| NotYours { element: element.into() };
        if let Some(element) = self.seen.as_ref().and_then(|seen| seen.named_in(sent)) {
            return Err(not_yours(element));
        }
        keep(sent, stored, &elements)?;
        let Some(seen) = &self.seen else { return Ok(()) };
        seen.rename(sent, stored).map_err(|element| not_yours(&element))?;
        sent.as_object_mut().into_iter().for_each(unmark);
        Ok(())
    }

    /// The list, and narrative where it may say of others, or in other words, what goes.
    fn with_what_says_the_same(&self, resource: &Value, names_others: bool) -> Vec<&'static str> {
        let mut all = with_what_says_the_same(resource, self.elements);
        if names_others {
            all.push("text");
        }
        all
    }
}

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

/// The same for who looks after requests and joins two records of one person: with how somebody is reached, which is theirs
/// to have corrected.
const REGISTERED: &[&str] = &[
    "maritalStatus",
    "multipleBirthBoolean",
    "multipleBirthInteger",
    "photo",
    "contact",
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

/// Why an appointment lies over another: the desk writes it for the desk, and it is no word for the patient.
pub const OVERBOOKED: &str = "urn:chartbox:overbooked";

/// Of an appointment, for the patient and whoever is on their side.
const DESK_ALONE: &[&str] = &["extension=urn:chartbox:overbooked"];

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
    "extension!=urn:chartbox:overbooked",
    "modifierExtension",
];

/// Of an appointment, for a proxy who sees no more than appointments: what it is about is a patient's health.
const APPOINTMENT_ALONE: &[&str] = &[
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
        (Some(Role::HealthAdmin), T::Patient) => REGISTERED,
        (Some(Role::HealthAdmin), T::Person | T::RelatedPerson) => DIRECTORY,
        (Some(Role::HealthAdmin), T::Task) => TASK,
        // What a colleague or a patient needs of a clinician is the name, the work and the place.
        (Some(Role::Patient | Role::Proxy | Role::Operator), T::Practitioner) => PRIVATE,
        (Some(Role::Patient | Role::Proxy), T::Slot | T::Schedule) => COMMENTED,
        (Some(Role::Patient | Role::Proxy), T::Appointment) => DESK_ALONE,
        _ => &[],
    }
}

/// The same for a proxy whom a patient lets look after appointments and see nothing of their health.
pub(super) const fn of_appointments(kind: T) -> &'static [&'static str] {
    match kind {
        T::Appointment => APPOINTMENT_ALONE,
        T::AppointmentResponse => COMMENTED,
        _ => elements(Some(Role::Proxy), kind),
    }
}

pub(super) fn hides_parameter_of_appointments(kind: T, name: &str) -> bool {
    hides(of_appointments(kind), kind, name)
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
    hides(cut, kind, name)
}

fn hides(cut: &[&str], kind: T, name: &str) -> bool {
    if cut.is_empty() {
        return false;
    }
    let hidden: &[&str] = match kind {
        T::Appointment if cut.contains(&"reasonCode") => {
            &["reason-code", "reason-reference", "supporting-info", "based-on"]
        }
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
fn cut(resource: &mut Value, elements: &[&str]) {
    let Value::Object(object) = resource else { return };
    let mut taken = false;
    object.retain(|name, value| {
        let keeps = match (elements == EVERYTHING, cuts(name, elements)) {
            (true, _) => name == "resourceType",
            (false, Cuts::Nothing) => true,
            (false, Cuts::Whole) => false,
            (false, cuts) => {
                let Value::Array(all) = value else { return true };
                let before = all.len();
                all.retain(|one| !cuts.takes(one));
                taken |= all.len() < before;
                return !all.is_empty();
            }
        };
        taken |= !keeps;
        keeps
    });
    if taken {
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
fn keep(sent: &mut Value, stored: Option<&Value>, elements: &[&str]) -> Result<(), NotYours> {
    let Value::Object(object) = sent else { return Ok(()) };
    if elements.is_empty() {
        return Ok(());
    }
    // Narrative is made from the rest by many clients; it is dropped, not argued about.
    let not_seen = |name: &str, value: &Value| match cuts(name, elements) {
        Cuts::Nothing => false,
        Cuts::Whole => true,
        cuts => value.as_array().is_some_and(|all| all.iter().any(|one| cuts.takes(one))),
    };
    if let Some((name, _)) = object.iter().find(|(name, value)| *name != "text" && not_seen(name, value)) {
        return Err(NotYours { element: name.as_str().into() });
    }
    object.retain(|name, _| !matches!(cuts(name, elements), Cuts::Whole));
    for (name, value) in stored.and_then(Value::as_object).into_iter().flatten() {
        match (cuts(name, elements), value) {
            (Cuts::Nothing, _) => {}
            (Cuts::Whole, value) => drop(object.insert(name.clone(), value.clone())),
            (cuts, Value::Array(stored)) => {
                let mut hidden = stored.iter().filter(|one| cuts.takes(one)).cloned().peekable();
                if hidden.peek().is_some()
                    && let Value::Array(all) = object.entry(name.clone()).or_insert_with(|| json!([]))
                {
                    all.extend(hidden);
                }
            }
            _ => {}
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

/// The list, and the narrative and contained resources of one that has the one extension that the list names.
fn with_what_says_the_same<'a>(resource: &Value, elements: &[&'a str]) -> Vec<&'a str> {
    let mut all = elements.to_vec();
    if let cuts @ Cuts::Extension(_) = cuts("extension", elements)
        && resource.get("extension").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| cuts.takes(one)))
    {
        all.extend(["text", "contained"]);
    }
    all
}

/// What a list says of a top-level element.
enum Cuts<'a> {
    Nothing,
    Whole,
    /// This extension, and none of the others.
    Extension(&'a str),
    ExtensionsBut(&'a str),
}

impl Cuts<'_> {
    /// Whether one of several goes.
    fn takes(&self, one: &Value) -> bool {
        let url = one.get("url").and_then(Value::as_str);
        match self {
            Self::Nothing => false,
            Self::Whole => true,
            Self::Extension(address) => url == Some(address),
            Self::ExtensionsBut(address) => url != Some(address),
        }
    }
}

fn cuts<'a>(name: &str, elements: &[&'a str]) -> Cuts<'a> {
    let bare = name.strip_prefix('_').unwrap_or(name);
    if elements.contains(&bare) {
        return Cuts::Whole;
    }
    let named = |line: &&'a str| {
        let rest = line.strip_prefix("extension")?;
        rest.strip_prefix("!=").map(Cuts::ExtensionsBut).or_else(|| rest.strip_prefix('=').map(Cuts::Extension))
    };
    if name == "extension" { elements.iter().find_map(named).unwrap_or(Cuts::Nothing) } else { Cuts::Nothing }
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

/// Whether a resource says of itself that it is a part of one.
pub fn is_subsetted(resource: &Value) -> bool {
    let tags = resource.pointer("/meta/tag").and_then(Value::as_array);
    tags.is_some_and(|tags| tags.iter().any(is_mark))
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

    fn cut(resource: &mut Value, elements: &'static [&'static str]) {
        Cut::of(elements).take_from(resource);
    }

    fn keep(sent: &mut Value, stored: Option<&Value>, elements: &'static [&'static str]) -> Result<(), NotYours> {
        Cut::of(elements).put_back(sent, stored)
    }

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
    fn why_a_visit_lies_over_another_is_the_desk_s_to_see_and_to_set_and_not_the_patient_s() {
        let patient = elements(Some(Role::Patient), T::Appointment);
        let over = json!({ "url": OVERBOOKED, "extension": [{ "url": "reason", "valueString": "Cannot wait" }] });
        let other = json!({ "url": "http://example.org/mood", "valueString": "low" });
        let with = |all: Value| json!({ "resourceType": "Appointment", "status": "booked", "extension": all });
        let stored = with(json!([over, other]));
        for (elements, seen, hidden) in [(reception(), &over, &other), (patient, &other, &over)] {
            let mut sent = stored.clone();
            cut(&mut sent, elements);
            assert_eq!(sent["extension"], json!([seen]));
            assert_eq!(sent["meta"]["tag"][0]["code"], "SUBSETTED");
            sent["status"] = "arrived".into();
            keep(&mut sent, Some(&stored), elements).unwrap();
            assert_eq!(sent["extension"], json!([seen, hidden]));
            assert!(sent.get("meta").is_none());
            // Taken away by whoever sees it, and by nobody else.
            let mut without = json!({ "resourceType": "Appointment", "status": "booked" });
            keep(&mut without, Some(&stored), elements).unwrap();
            assert_eq!(without["extension"], json!([hidden]));
            for stored in [None, Some(&stored)] {
                assert!(keep(&mut with(json!([hidden])), stored, elements).is_err());
                keep(&mut with(json!([seen])), stored, elements).unwrap();
            }
        }
        // A program's narrative may say it in other words.
        let mut told = with(json!([over]));
        told["text"] = json!({ "status": "generated", "div": "<div>Cannot wait</div>" });
        let whole = told.clone();
        cut(&mut told, patient);
        assert!(told.get("extension").is_none() && told.get("text").is_none(), "{told}");
        keep(&mut told, Some(&whole), patient).unwrap();
        assert_eq!(told, whole);
        let mut harmless = json!({ "resourceType": "Appointment", "text": { "div": "<div>On Monday</div>" } });
        let whole = harmless.clone();
        cut(&mut harmless, patient);
        assert_eq!(harmless, whole);
        let mut plain = json!({ "resourceType": "Appointment", "comment": "bring your passport" });
        cut(&mut plain, patient);
        assert_eq!(plain, json!({ "resourceType": "Appointment", "comment": "bring your passport" }));
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
