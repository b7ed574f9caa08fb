//! What patients and those who act for them put into the record is theirs, and says so: they name nobody else as the
//! one who measured, wrote or asked; they bring no laboratory's results; and they ask for appointments, which the clinic
//! books.

use serde_json::{Value, json};

use super::{Actor, Who};
use crate::base::Role;
use crate::fhir::ResourceType as T;
use crate::fhir::{Issue, IssueCode};

/// The elements of FHIR R4 that say whose words a resource is.
const SPEAKERS: &[&str] = &[
    "performer",
    "author",
    "authenticator",
    "asserter",
    "recorder",
    "operator",
    "informationSource",
    "source",
    "sender",
    "requester",
    "enterer",
];

/// Categories of observations that only the clinic and its laboratories make (`observation-category`).
const CLINICS: &[&str] = &["laboratory", "imaging", "procedure", "exam", "therapy"];

/// Who may speak for themselves alone.
pub struct OwnWords {
    /// Who acts is named before for whom.
    own: Vec<String>,
    speaks: Speaks,
}

/// For whom somebody speaks beside themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaks {
    ForThemselves,
    /// For the patient whom the resource is about: a proxy by a token, of whom the policy has said that they may.
    ForTheSubject,
}

impl OwnWords {
    /// `None` for everybody who is neither a patient nor acts for one.
    pub fn of(actor: &Actor) -> Option<Self> {
        match actor.who() {
            Who::Person { role: role @ (Role::Patient | Role::Proxy), person, .. } => Some(Self {
                own: person.iter().map(ToString::to_string).collect(),
                speaks: if *role == Role::Proxy { Speaks::ForTheSubject } else { Speaks::ForThemselves },
            }),
            Who::ProxyFor { person, patient, .. } => Some(Self {
                own: person.iter().map(ToString::to_string).chain([format!("Patient/{patient}")]).collect(),
                speaks: Speaks::ForThemselves,
            }),
            _ => None,
        }
    }

    /// Makes `resource` say that it is theirs.
    ///
    /// # Errors
    /// An issue for each element that says something else.
    pub fn said(&self, kind: T, resource: &mut Value) -> Result<Said, Vec<Issue>> {
        let mut own = self.own.clone();
        if self.speaks == Speaks::ForTheSubject {
            let about = ["/subject/reference", "/patient/reference"].into_iter();
            let about = about.filter_map(|at| resource.pointer(at)).filter_map(Value::as_str);
            own.extend(about.filter(|text| text.starts_with("Patient/")).map(str::to_owned));
        }
        let own = own.as_slice();
        let mut issues = Vec::new();
        for speaker in SPEAKERS {
            let named = resource.get(speaker).map_or(&[] as &[Value], |one| match one {
                Value::Array(all) => all,
                _ => std::slice::from_ref(one),
            });
            let is_own = |one: &Value| {
                one.get("reference").and_then(Value::as_str).is_some_and(|text| own.iter().any(|own| own == text))
            };
            if !named.iter().all(is_own) {
                let text = "You can name only yourself, or the patient whom you act for, here.";
                issues.push(Issue::error(IssueCode::BusinessRule, format!("{kind}.{speaker}"), text));
            }
        }
        if !notes_are_own(resource, own) {
            let text = "A note that you write is yours: leave its author out.";
            issues.push(Issue::error(IssueCode::BusinessRule, format!("{kind}.note"), text));
        }
        match kind {
            T::Observation if says_category(resource, CLINICS) => {
                let text = "Results of laboratories and examinations are brought by the clinic. Leave the category out, or use \
                        vital-signs, social-history, survey or activity.";
                issues.push(Issue::error(IssueCode::BusinessRule, "Observation.category".to_owned(), text));
            }
            T::Appointment => issues.extend(appointment(resource, own)),
            _ => {}
        }
        if !issues.is_empty() {
            return Err(issues);
        }
        match (kind, resource.as_object_mut(), own.first()) {
            (T::Observation, Some(members), Some(own)) if !members.contains_key("performer") => {
                members.insert("performer".to_owned(), json!([{ "reference": own }]));
                Ok(Said::Marked)
            }
            (T::DocumentReference, Some(members), Some(own)) if !members.contains_key("author") => {
                members.insert("author".to_owned(), json!([{ "reference": own }]));
                Ok(Said::Marked)
            }
            (T::MedicationStatement, Some(members), Some(own)) if !members.contains_key("informationSource") => {
                members.insert("informationSource".to_owned(), json!({ "reference": own }));
                Ok(Said::Marked)
            }
            _ => Ok(Said::AsItWas),
        }
    }
}

/// Whether every annotation in it (datatypes.html#Annotation) has no author or one of these: a note that a clinician seems to
/// have written is theirs to write.
fn notes_are_own(value: &Value, own: &[String]) -> bool {
    match value {
        Value::Object(members) => members.iter().all(|(name, value)| match name.as_str() {
            "authorReference" => {
                let named = value.get("reference").and_then(Value::as_str);
                named.is_some_and(|named| own.iter().any(|own| own == named))
            }
            "authorString" => false,
            _ => notes_are_own(value, own),
        }),
        Value::Array(items) => items.iter().all(|item| notes_are_own(item, own)),
        _ => true,
    }
}

/// Whether the resource was changed to say whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    AsItWas,
    Marked,
}

fn says_category(resource: &Value, codes: &[&str]) -> bool {
    let categories = resource.get("category").and_then(Value::as_array).into_iter().flatten();
    let codings = categories.filter_map(|one| one.get("coding").and_then(Value::as_array)).flatten();
    codings.filter_map(|coding| coding.get("code").and_then(Value::as_str)).any(|code| codes.contains(&code))
}

/// A patient proposes an appointment, or calls it off.
fn appointment(resource: &Value, own: &[String]) -> Vec<Issue> {
    let mut issues = Vec::new();
    let status = resource.get("status").and_then(Value::as_str).unwrap_or_default();
    if !matches!(status, "proposed" | "waitlist" | "cancelled") {
        let text = "You can propose an appointment, wait for one, or cancel one; the clinic books it.";
        issues.push(Issue::error(IssueCode::BusinessRule, "Appointment.status".to_owned(), text));
    }
    let participants = resource.get("participant").and_then(Value::as_array).into_iter().flatten();
    for (participant, place) in participants.zip(0_u32..) {
        let who = participant.pointer("/actor/reference").and_then(Value::as_str);
        let own = who.is_some_and(|who| own.iter().any(|own| own == who));
        let answer = participant.get("status").and_then(Value::as_str).unwrap_or_default();
        if status != "cancelled" && !own && answer == "accepted" {
            let text = "Nobody else can be said to have accepted; write needs-action.";
            let at = format!("Appointment.participant[{place}].status");
            issues.push(Issue::error(IssueCode::BusinessRule, at, text));
        }
    }
    issues
}
