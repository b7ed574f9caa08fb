//! What patients say of their medicines: that they do not take one, or take it again.
//!
//! What is said is a `MedicationStatement`. That the clinic should look at it is a `Task` for who prescribed it, or for every
//! clinician where that is not known: one for a prescription, until somebody has seen it, the prescription ends, or the
//! patient takes the word back.

use serde_json::{Value, json};

use super::tasks::{became, is_of, is_open, put, target, text, version_of};
use crate::base::{FhirId, ResourceRef, Role, Timestamp};
use crate::care::entries::{Author, annotation};
use crate::care::medicine::may_be_taken;
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::workflow::{Checked, Doing, Done, Never, Refused, carry_out, told};
use crate::fhir::{Mode, ResourceType as R};
use crate::record::{Change, Inside, RecordError, strict};

/// The system and code of the `Task` that tells the clinic.
pub const NOT_TAKEN: (&str, &str) = ("urn:chartbox:task", "not-taken");

/// Why nothing was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TakingError {
    #[error("that this medicine is not taken was said before, and the clinic has not looked at it yet")]
    SaidBefore,
}

/// That a patient does not take a medicine, as it waits for the clinic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTaken {
    pub id: String,
    pub patient: String,
    /// The MedicationRequest.
    pub prescription: String,
    /// When it was said; FHIR `dateTime`.
    pub said: Option<String>,
    pub reason: Option<String>,
    /// Who prescribed it.
    pub of: Option<String>,
    pub version: u32,
}

/// A Task as such a word, if it is one that waits.
pub fn not_taken_of(task: &Value) -> Option<NotTaken> {
    if !is_open(task) || !is_of(task, NOT_TAKEN) {
        return None;
    }
    let own = |pointer| text(task, pointer).map(str::to_owned);
    Some(NotTaken {
        id: own("/id")?,
        patient: target(task, "/for/reference", "Patient")?.to_owned(),
        prescription: target(task, "/focus/reference", "MedicationRequest")?.to_owned(),
        said: own("/authoredOn"),
        reason: own("/input/0/valueString"),
        of: own("/owner/reference"),
        version: version_of(task),
    })
}

/// The Task of this prescription that waits, among these.
pub fn waits_of<'a>(tasks: impl IntoIterator<Item = &'a Value>, prescription: &str) -> Option<&'a Value> {
    tasks.into_iter().find(|task| not_taken_of(task).is_some_and(|one| one.prescription == prescription))
}

fn task(request: &Value, (patient, of): (&FhirId, &str), reason: &str, now: &str) -> Value {
    let id = text(request, "/id").unwrap_or_default();
    let mut task = json!({
        "resourceType": "Task",
        "status": "requested",
        "intent": "proposal",
        "code": {"coding": [{"system": NOT_TAKEN.0, "code": NOT_TAKEN.1}], "text": "A medicine is not taken"},
        "focus": {"reference": format!("MedicationRequest/{id}")},
        "for": {"reference": format!("Patient/{patient}")},
        "authoredOn": now,
        "lastModified": now,
        "requester": {"reference": of},
    });
    if let Some(members) = task.as_object_mut() {
        if let Some(prescriber) = prescriber(request) {
            members.insert("owner".into(), json!({"reference": prescriber}));
        }
        if !reason.is_empty() {
            members.insert("input".into(), json!([{"type": {"text": "reason"}, "valueString": reason}]));
        }
    }
    task
}

fn prescriber(request: &Value) -> Option<&str> {
    text(request, "/requester/reference").filter(|by| by.starts_with("Practitioner/"))
}

/// Writes down that a patient does not take a medicine, for the reason in `not`, or takes it again. `waits` is the Task by
/// which the clinic was told before and that nobody has looked at yet.
pub async fn taking_again(
    doing: Doing<'_>,
    request: &Value,
    (patient, of): (&FhirId, &str),
    not: Option<&str>,
    waits: Option<&Value>,
) -> Result<Done<()>, Refused<TakingError>> {
    let ambient = doing.records.audit().ambient();
    let (now, id) = (ambient.now(), text(request, "/id").unwrap_or_default());
    let reason = not.unwrap_or_default().trim();
    let said = said(request, (patient, of), not.map(|_| reason), &now.to_string());
    let mut changes = vec![Change::create(R::MedicationStatement, said, Mode::Strict)?];
    if not.is_none() {
        changes.extend(waits.map(|task| put(became(task.clone(), "cancelled", now), version_of(task))).transpose()?);
        return carry_out(doing, changes, |_| Ok(())).await;
    }
    let open = strict(R::Task, &format!("focus=MedicationRequest/{id}&status=requested"))?;
    let task = task(request, (patient, of), reason, &now.to_string());
    changes.push(Change::create_as(R::Task, FhirId::new(ambient), task, Mode::Strict)?);
    let whom = prescriber(request).and_then(|by| ResourceRef::parse(by).ok());
    let whom = whom.map_or(Whom::Role(Role::Clinician), Whom::Person);
    let notice = Notice::new(whom, Kind::MedicineNotTaken);
    carry_out(doing, changes, move |inside: &mut Inside<'_, '_, '_>| -> Checked<(), TakingError> {
        let waiting: fn(&Value) -> Option<()> = |task| not_taken_of(task).map(drop);
        if !inside.glimpse(&open, waiting)?.is_empty() {
            return told(TakingError::SaidBefore);
        }
        Ok(notify::tell(inside, notice)?)
    })
    .await
}

fn said(request: &Value, (patient, of): (&FhirId, &str), not: Option<&str>, now: &str) -> Value {
    let id = text(request, "/id").unwrap_or_default();
    let mut value = json!({
        "resourceType": "MedicationStatement",
        "status": if not.is_some() { "not-taken" } else { "active" },
        "subject": {"reference": format!("Patient/{patient}")},
        "basedOn": [{"reference": format!("MedicationRequest/{id}")}],
        "effectiveDateTime": now,
        "dateAsserted": now,
        "informationSource": {"reference": of},
    });
    if let Some(members) = value.as_object_mut() {
        for name in ["medicationCodeableConcept", "medicationReference"] {
            members.extend(request.get(name).map(|medicine| (name.to_owned(), medicine.clone())));
        }
        if let Some(reason) = not.filter(|reason| !reason.is_empty()) {
            members.insert("statusReason".into(), json!([{"text": reason}]));
        }
    }
    value
}

/// A clinician has seen it, or done something about the prescription: it waits no more.
pub(super) fn settled(task: Value, version: u32, by: &Value, now: Timestamp) -> Result<Change, RecordError> {
    let mut task = became(task, "completed", now);
    if let Some(members) = task.as_object_mut() {
        members.insert("owner".into(), by.clone());
    }
    put(task, version)
}

/// Somebody of the clinic has seen that a medicine is not taken, and it stays prescribed as it is.
pub async fn see(doing: Doing<'_>, task: Value, version: u32, by: &Value) -> Result<Done<()>, Refused<Never>> {
    let change = settled(task, version, by, doing.records.audit().ambient().now())?;
    carry_out(doing, vec![change], |_| Ok(())).await
}

/// What a patient, or who acts for them, says of a prescription, and the day: `true` when they do not take it. That something
/// is taken which a prescription asked for is the patient's word only where it says so: of another program's it is a medicine
/// that counts by itself, also after the prescription.
pub fn statement(statement: &Value) -> Option<(&str, bool, Option<&str>)> {
    let of = of_prescription(statement)?;
    let not = match text(statement, "/status")? {
        "not-taken" => true,
        "active" if is_of_patient(statement) => false,
        _ => return None,
    };
    Some((of, not, text(statement, "/dateAsserted")))
}

/// The id of the prescription that a statement is of, if it says so, whichever version it names.
pub fn of_prescription(statement: &Value) -> Option<&str> {
    let to = statement.get("basedOn")?.as_array()?.iter().filter_map(|one| text(one, "/reference"));
    let of = to.filter_map(|to| to.strip_prefix("MedicationRequest/")).next()?;
    Some(of.split_once("/_history/").map_or(of, |(id, _)| id))
}

/// Whether a statement says no more than that a prescription that counts is taken: the prescription's row says it.
pub fn goes_with<'a>(statement: &Value, requests: impl IntoIterator<Item = &'a Value>) -> bool {
    let Some(of) = of_prescription(statement) else { return false };
    let is_plain = matches!(text(statement, "/status"), Some("active" | "intended"));
    let mut stands = requests.into_iter().filter(|one| text(one, "/id") == Some(of));
    is_plain && stands.any(may_be_taken)
}

/// The statement once somebody of the clinic wrote down that what it says is not taken any more. It ended then at the latest.
#[must_use]
pub fn no_longer_taken(mut statement: Value, reason: &str, by: &Author<'_>, now: &str) -> Value {
    let Some(members) = statement.as_object_mut() else { return statement };
    members.insert("status".into(), "stopped".into());
    members.insert("statusReason".into(), json!([{"text": reason}]));
    let mut notes = members.get("note").and_then(Value::as_array).cloned().unwrap_or_default();
    notes.push(annotation(reason, by, now));
    members.insert("note".into(), notes.into());
    let mut period = members.get("effectivePeriod").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(since) = members.get("effectiveDateTime") {
        period.insert("start".into(), since.clone());
    }
    // A Period ends after it began (FHIR R4, per-1): what had not begun has no time.
    let not_begun = period.get("start").and_then(Value::as_str).is_some_and(|start| is_after(start, now));
    let has_ended = period.get("end").and_then(Value::as_str).is_some_and(|end| !is_after(end, now));
    if !not_begun && !has_ended {
        period.insert("end".into(), now.into());
        members.remove("effectiveDateTime");
        members.insert("effectivePeriod".into(), period.into());
    }
    statement
}

/// Whether a `dateTime` is after an instant: a day, a month or a year as it is written.
fn is_after(time: &str, now: &str) -> bool {
    match (time.parse::<Timestamp>(), now.parse::<Timestamp>()) {
        (Ok(time), Ok(now)) => time > now,
        _ => now.get(..time.len()).is_some_and(|now| time > now),
    }
}

fn is_of_patient(statement: &Value) -> bool {
    let by = text(statement, "/informationSource/reference").unwrap_or_default();
    by.starts_with("Patient/") || by.starts_with("RelatedPerson/")
}

/// The prescriptions of which the newest word of the patient is that they do not take them, each with the reason and the day.
pub fn not_taking<'a>(
    statements: impl Iterator<Item = &'a Value>,
) -> std::collections::BTreeMap<String, (Option<String>, Option<String>)> {
    let mut newest: std::collections::BTreeMap<&str, (&str, bool, &Value)> = std::collections::BTreeMap::new();
    for one in statements {
        let Some((of, not, day)) = statement(one) else { continue };
        // Of one day the one that was written last.
        let at = day.or_else(|| text(one, "/meta/lastUpdated")).unwrap_or_default();
        if newest.get(of).is_none_or(|(before, ..)| *before <= at) {
            newest.insert(of, (at, not, one));
        }
    }
    newest
        .into_iter()
        .filter(|(_, (_, not, _))| *not)
        .map(|(of, (_, _, one))| {
            let own = |pointer| text(one, pointer).map(str::to_owned);
            (of.to_owned(), (own("/statusReason/0/text"), own("/dateAsserted")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_any_more_ended_at_the_latest_when_somebody_wrote_so() {
        let now = "2026-11-29T21:00:00Z";
        let ended = |when: Value| {
            let mut one = json!({"status": "active"});
            one.as_object_mut().unwrap().extend(when.as_object().unwrap().clone());
            let one = no_longer_taken(one, "stopped by the hospital", &Author { person: None, name: "Ann" }, now);
            assert_eq!(
                (&one["status"], &one["statusReason"][0]["text"]),
                (&json!("stopped"), &json!("stopped by the hospital"))
            );
            assert_eq!(one["note"][0]["authorString"], json!("Ann"));
            (one["effectivePeriod"].clone(), one.get("effectiveDateTime").cloned())
        };
        let period = |when: Value| json!({"effectivePeriod": when});
        for (before, after) in [
            (json!({}), json!({"end": now})),
            (json!({"effectiveDateTime": "2026-01-01"}), json!({"start": "2026-01-01", "end": now})),
            (period(json!({"start": "2026"})), json!({"start": "2026", "end": now})),
            (period(json!({"start": "2026-01-01", "end": "2027-01-01"})), json!({"start": "2026-01-01", "end": now})),
            (period(json!({"end": "2026-06-01"})), json!({"end": "2026-06-01"})),
            (period(json!({"start": "2027-02-01"})), json!({"start": "2027-02-01"})),
        ] {
            assert_eq!(ended(before.clone()), (after, None), "{before}");
        }
        let later = json!({"effectiveDateTime": "2026-11-29T21:00:01Z"});
        assert_eq!(ended(later.clone()), (Value::Null, Some(later["effectiveDateTime"].clone())));
    }
}
