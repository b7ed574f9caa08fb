//! What patients ask of their medicines: a refill.

use serde_json::{Value, json};

use super::tasks::{became, is_of, put, target, text};
use crate::access::Actor;
use crate::base::{FhirId, Role, Timestamp};
use crate::care::medicine::Asks;
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::within::{id_of, version_of};
use crate::care::workflow::{Checked, Doing, Done, Refused, carry_out, told};
use crate::fhir::{Mode, ResourceType as R};
use crate::record::{Change, Inside, RecordError, strict};

/// The system and code of such a `Task`.
pub const REFILL: (&str, &str) = ("urn:chartbox:task", "refill");

/// Why nothing was asked or answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefillError {
    #[error("a refill of this medicine was asked for before and is not answered yet")]
    AskedBefore,
    #[error("this medicine is not prescribed any more")]
    NotActive,
}

/// A request, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refill {
    pub id: String,
    pub patient: String,
    /// The MedicationRequest.
    pub prescription: String,
    /// FHIR R4 `task-status`.
    pub status: String,
    pub asked: Option<String>,
    pub changed: Option<String>,
    /// What the patient wrote.
    pub note: Option<String>,
    /// A question, or why it was refused.
    pub said: Option<String>,
    /// The request whose question it answers.
    pub answers: Option<String>,
    pub version: u32,
}

/// A Task as a request for a refill, if it is one.
pub fn refill_of(task: &Value) -> Option<Refill> {
    if !is_of(task, REFILL) {
        return None;
    }
    let own = |text: Option<&str>| text.map(str::to_owned);
    Some(Refill {
        id: text(task, "/id")?.to_owned(),
        patient: target(task, "/for/reference", "Patient")?.to_owned(),
        prescription: target(task, "/focus/reference", "MedicationRequest")?.to_owned(),
        status: text(task, "/status")?.to_owned(),
        asked: own(text(task, "/authoredOn")),
        changed: own(text(task, "/lastModified")),
        note: own(text(task, "/input/0/valueString")),
        said: own(text(task, "/statusReason/text")),
        answers: own(target(task, "/partOf/0/reference", "Task")),
        version: version_of(task),
    })
}

/// Asks for a refill of a prescription, once. `of` is who asks; `answers` the request whose question is answered.
pub async fn ask(
    doing: Doing<'_>,
    id: FhirId,
    (patient, prescription, of): (&FhirId, &FhirId, &str),
    note: &str,
    answers: Option<&FhirId>,
) -> Result<Done<()>, Refused<RefillError>> {
    let now = doing.records.audit().ambient().now().to_string();
    let mut task = json!({
        "resourceType": "Task",
        "status": "requested",
        "intent": "proposal",
        "code": {"coding": [{"system": REFILL.0, "code": REFILL.1}], "text": "Refill of a medicine"},
        "focus": {"reference": format!("MedicationRequest/{prescription}")},
        "for": {"reference": format!("Patient/{patient}")},
        "authoredOn": now,
        "lastModified": now,
        "requester": {"reference": of},
    });
    let note = note.trim();
    if let Some(members) = task.as_object_mut() {
        if !note.is_empty() {
            members.insert("input".into(), json!([{"type": {"text": "note"}, "valueString": note}]));
        }
        if let Some(answers) = answers {
            members.insert("partOf".into(), json!([{"reference": format!("Task/{answers}")}]));
        }
    }
    let open = strict(R::Task, &format!("focus=MedicationRequest/{prescription}&status=requested,received,accepted"))?;
    let prescribed = strict(R::MedicationRequest, &format!("_id={prescription}&status=active"))?;
    let notice = Notice::new(Whom::Role(Role::Clinician), Kind::RefillAsked).about(id.clone());
    let change = Change::create_as(R::Task, id, task, Mode::Strict)?;
    carry_out(doing, vec![change], move |inside: &mut Inside<'_, '_, '_>| -> Checked<(), RefillError> {
        let is_refill: fn(&Value) -> Option<()> = |task| refill_of(task).map(drop);
        let to_give: fn(&Value) -> Option<()> = |request| (Asks::of(request) == Asks::Give).then_some(());
        if inside.glimpse(&prescribed, to_give)?.is_empty() {
            return told(RefillError::NotActive);
        }
        if !inside.glimpse(&open, is_refill)?.is_empty() {
            return told(RefillError::AskedBefore);
        }
        Ok(notify::tell(inside, notice)?)
    })
    .await
}

/// What the clinic says to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Refuse(String),
    /// With a question; the patient answers by asking again.
    AskBack(String),
}

/// The Task, answered.
#[must_use]
pub fn answered(task: Value, status: &str, said: &str, now: Timestamp) -> Value {
    let mut task = became(task, status, now);
    if let Some(members) = task.as_object_mut() {
        let said = said.trim();
        if said.is_empty() {
            members.shift_remove("statusReason");
        } else {
            members.insert("statusReason".into(), json!({"text": said}));
        }
    }
    task
}

/// Answers a request, if nobody else did meanwhile. `older` is the request whose question it answered.
pub async fn answer(
    doing: Doing<'_>,
    task: Value,
    version: u32,
    older: Option<Value>,
    answer: &Answer,
) -> Result<Done<()>, Refused<RefillError>> {
    let (status, said) = match answer {
        Answer::Refuse(reason) => ("rejected", reason),
        Answer::AskBack(question) => ("on-hold", question),
    };
    let now = doing.records.audit().ambient().now();
    let patient =
        refill_of(&task).and_then(|refill| FhirId::parse(&refill.patient).ok()).ok_or(RecordError::Damaged)?;
    let about = id_of(&task).ok_or(RecordError::Damaged)?;
    let notice = Notice::new(Whom::Patient(patient), Kind::RefillAnswered).about(about);
    let mut changes = vec![put(answered(task, status, said, now), version)?];
    changes.extend(older.map(|older| settled(older, now)).transpose()?);
    carry_out(doing, changes, move |inside| Ok(notify::tell(inside, notice)?)).await
}

/// The request whose question was answered by a later one: nothing waits on it any more.
pub(super) fn settled(older: Value, now: Timestamp) -> Result<Change, RecordError> {
    let version = version_of(&older);
    let question = text(&older, "/statusReason/text").unwrap_or_default().to_owned();
    put(answered(older, "completed", &question, now), version)
}

/// As whom somebody speaks: the person of the account, else the patient themselves.
pub fn speaker(actor: &Actor, patient: &FhirId) -> String {
    actor.person().map_or_else(|| format!("Patient/{patient}"), ToString::to_string)
}
