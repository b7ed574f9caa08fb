//! Writing, answering, taking, closing.

use serde_json::{Value, json};

use super::{ADMINISTRATIVE, AUDIENCE, KIND, LONGEST, MESSAGE, Message, Side, Thread};
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::care::clinic::{Pool, Topic};
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::uploads::{self, Full, Upload};
use crate::care::workflow::{Doing, Done, Refused, carry_out};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Condition, RecordError};

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Somebody of the clinic answered, took or closed it after the page was made.
    #[error("somebody else has answered or closed this meanwhile")]
    Meanwhile,
    /// Something of it was written in the very moment, and it may have been no more than that it was read.
    #[error("somebody else has opened this in the same moment")]
    SameMoment,
}

/// Why a file was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    #[error(transparent)]
    Send(SendError),
    #[error(transparent)]
    Full(Full),
}

/// Somebody of the clinic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clinician {
    pub person: Option<ResourceRef>,
    pub name: String,
}

/// A conversation that a patient begins.
pub struct New<'a> {
    pub id: FhirId,
    pub patient: &'a FhirId,
    /// The patient, or the person who acts for them.
    pub sender: &'a ResourceRef,
    pub sender_name: &'a str,
    pub topic: &'a Topic,
    /// The patient's own doctor and their name, for a topic that doctors answer.
    pub doctor: Option<(ResourceRef, String)>,
    pub text: &'a str,
    pub attached: &'a [FhirId],
    pub now: Timestamp,
}

/// A conversation that the clinic begins.
pub struct Begun<'a> {
    pub id: FhirId,
    pub patient: &'a FhirId,
    pub by: &'a Clinician,
    pub topic: &'a Topic,
    pub text: &'a str,
    pub now: Timestamp,
}

/// A patient's next message.
pub struct Reply<'a> {
    pub id: FhirId,
    pub sender: &'a ResourceRef,
    pub sender_name: &'a str,
    pub pool: Pool,
    pub text: &'a str,
    pub attached: &'a [FhirId],
    pub now: Timestamp,
}

/// The clinic's answer.
pub struct Answer<'a> {
    pub id: FhirId,
    pub by: &'a Clinician,
    pub text: &'a str,
    pub attached: &'a [FhirId],
    /// [`Thread::stand`] as the page was made with it.
    pub stand: &'a str,
    pub then: Then,
    pub now: Timestamp,
}

/// What becomes of the conversation with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    StaysOpen,
    Closes,
}

/// What was typed, as it is kept: without what no text has, and no longer than a message is. What was apart stays apart: a
/// line break of a letter, and whatever else nobody sees.
pub fn trimmed(text: &str) -> String {
    let kept = |c| match c {
        '\n' | '\t' => c,
        '\r' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}' => '\n',
        c if c.is_control() => ' ',
        c => c,
    };
    let kept: String = text.replace("\r\n", "\n").chars().map(kept).collect();
    kept.trim().chars().take(LONGEST).collect()
}

fn communication(status: &str, patient: &FhirId, text: &str, attached: &[FhirId], now: Timestamp) -> Value {
    let mut payload = vec![json!({"contentString": text})];
    payload.extend(
        attached.iter().map(|id| json!({"contentReference": {"reference": format!("DocumentReference/{id}")}})),
    );
    json!({
        "resourceType": "Communication",
        "status": status,
        "category": [{"coding": [{"system": KIND, "code": MESSAGE}]}],
        "subject": {"reference": format!("Patient/{patient}")},
        "sent": now.to_string(),
        "payload": payload,
    })
}

pub(super) fn put(value: &mut Value, name: &str, element: Value) {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.to_owned(), element);
    }
}

fn label(value: &mut Value) {
    put(value, "meta", json!({"security": [{"system": AUDIENCE, "code": ADMINISTRATIVE}]}));
}

/// A patient begins a conversation.
pub async fn start(doing: Doing<'_>, new: New<'_>) -> Result<Done<()>, Refused<SendError>> {
    let (change, notice) = first_of_patient(new)?;
    changed(doing, vec![change], Some(notice)).await
}

/// A patient begins a conversation with a file under `id`, which is kept as any that they bring, and the message in one.
pub async fn start_with(doing: Doing<'_>, new: New<'_>, id: FhirId, upload: Upload) -> Result<Done<()>, Refused<Full>> {
    let now = new.now;
    let (change, notice) = first_of_patient(new)?;
    uploads::keep_with(doing, id, upload, now, vec![change], move |inside| notify::tell(inside, notice)).await
}

fn first_of_patient(new: New<'_>) -> Result<(Change, Notice), RecordError> {
    let New { id, patient, sender, sender_name, topic, doctor, text, attached, now } = new;
    let mut value = communication("in-progress", patient, text, attached, now);
    put(&mut value, "sender", json!({"reference": sender.as_str(), "display": sender_name}));
    let service = json!({"reference": format!("HealthcareService/{}", topic.id), "display": topic.name.text});
    put(&mut value, "about", json!([service]));
    put(&mut value, "topic", json!({"text": topic.name.text}));
    let doctor = doctor.filter(|_| topic.pool == Pool::Doctors);
    let mut recipients = vec![service];
    recipients.extend(doctor.iter().map(|(person, name)| json!({"reference": person.as_str(), "display": name})));
    put(&mut value, "recipient", recipients.into());
    if topic.pool == Pool::Reception {
        label(&mut value);
    }
    let to = doctor.map_or_else(|| Whom::from(topic.pool), |(person, _)| Whom::Person(person));
    let change = Change::create_as(ResourceType::Communication, id.clone(), value, Mode::Strict)?;
    Ok((change, Notice::new(to, Kind::PatientWrote).about(id)))
}

/// The clinic begins a conversation; it is whoever began it who goes on with it.
pub async fn begin(doing: Doing<'_>, begun: Begun<'_>) -> Result<Done<()>, Refused<SendError>> {
    let Begun { id, patient, by, topic, text, now } = begun;
    let mut value = communication("on-hold", patient, text, &[], now);
    put(&mut value, "sender", by.reference());
    let service = json!({"reference": format!("HealthcareService/{}", topic.id), "display": topic.name.text});
    put(&mut value, "about", json!([service]));
    put(&mut value, "topic", json!({"text": topic.name.text}));
    let mut recipients = vec![json!({"reference": format!("Patient/{patient}")})];
    recipients.extend(by.person.is_some().then(|| by.reference()));
    put(&mut value, "recipient", recipients.into());
    if topic.pool == Pool::Reception {
        label(&mut value);
    }
    let notice = Notice::new(Whom::Patient(patient.clone()), Kind::MessageNew).about(id.clone());
    let change = Change::create_as(ResourceType::Communication, id, value, Mode::Strict)?;
    changed(doing, vec![change], Some(notice)).await
}

impl Clinician {
    /// A reference to them, with their name.
    pub fn reference(&self) -> Value {
        match &self.person {
            Some(person) => json!({"reference": person.as_str(), "display": self.name}),
            None => json!({"display": self.name}),
        }
    }
}

/// What goes on of the conversation in its next message.
fn next(thread: &Thread, head: &Message, value: &mut Value) {
    for name in ["about", "topic"] {
        if let Some(element) = head.resource.get(name) {
            put(value, name, element.clone());
        }
    }
    put(value, "partOf", json!([{"reference": format!("Communication/{}", head.id)}]));
    let last = thread.last().unwrap_or(head);
    put(value, "inResponseTo", json!([{"reference": format!("Communication/{}", last.id)}]));
    if head.is_administrative() {
        label(value);
    }
}

/// A patient goes on, also with what was closed.
pub async fn reply(doing: Doing<'_>, thread: &Thread, reply: Reply<'_>) -> Result<Done<()>, Refused<SendError>> {
    let (change, notice) = next_of_patient(thread, reply)?;
    changed(doing, vec![change], Some(notice)).await
}

/// A patient goes on with a file under `id`, which is kept as any that they bring, and the message in one.
pub async fn attach(
    doing: Doing<'_>,
    thread: &Thread,
    reply: Reply<'_>,
    id: FhirId,
    upload: Upload,
) -> Result<Done<()>, Refused<Full>> {
    let now = reply.now;
    let (change, notice) = next_of_patient(thread, reply)?;
    uploads::keep_with(doing, id, upload, now, vec![change], move |inside| notify::tell(inside, notice)).await
}

fn next_of_patient(thread: &Thread, reply: Reply<'_>) -> Result<(Change, Notice), RecordError> {
    let head = thread.head().ok_or(RecordError::NotFound)?;
    let Reply { id, sender, sender_name, pool, text, attached, now } = reply;
    let mut value = communication("in-progress", &head.patient, text, attached, now);
    put(&mut value, "sender", json!({"reference": sender.as_str(), "display": sender_name}));
    next(thread, head, &mut value);
    let to = head.taken.clone().map_or_else(|| Whom::from(pool), |(person, _)| Whom::Person(person));
    let change = Change::create_as(ResourceType::Communication, id, value, Mode::Strict)?;
    Ok((change, Notice::new(to, Kind::PatientWrote).about(head.id.clone())))
}

/// The clinic answers.
pub async fn answer(doing: Doing<'_>, thread: &Thread, answer: Answer<'_>) -> Result<Done<()>, Refused<SendError>> {
    stands(thread, answer.stand)?;
    let (changes, notice) = answer_of_clinic(thread, answer)?;
    changed(doing, changes, Some(notice)).await
}

/// The clinic answers with a file under `id`, which is kept in the patient's record, and the message in one.
pub async fn answer_with(
    doing: Doing<'_>,
    thread: &Thread,
    answer: Answer<'_>,
    id: FhirId,
    upload: Upload,
) -> Result<Done<()>, Refused<AttachError>> {
    let now = answer.now;
    stands(thread, answer.stand).map_err(|error| Refused::Told(AttachError::Send(error)))?;
    let (changes, notice) = answer_of_clinic(thread, answer)?;
    match uploads::keep_with(doing, id, upload, now, changes, move |inside| notify::tell(inside, notice)).await {
        Ok(done) => Ok(done),
        Err(Refused::Told(full)) => Err(Refused::Told(AttachError::Full(full))),
        Err(Refused::Record(RecordError::VersionConflict { .. })) => {
            Err(Refused::Told(AttachError::Send(SendError::SameMoment)))
        }
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

fn answer_of_clinic(thread: &Thread, answer: Answer<'_>) -> Result<(Vec<Change>, Notice), RecordError> {
    let head = thread.head().ok_or(RecordError::NotFound)?;
    let Answer { id, by, text, attached, then, now, .. } = answer;
    let mut value = communication("completed", &head.patient, text, attached, now);
    put(&mut value, "sender", by.reference());
    put(&mut value, "recipient", json!([{"reference": format!("Patient/{}", head.patient)}]));
    next(thread, head, &mut value);
    let mut changes = vec![Change::create_as(ResourceType::Communication, id, value, Mode::Strict)?];
    let settled = if then == Then::Closes { "completed" } else { "on-hold" };
    changes.extend(settle(thread, head, settled)?);
    let notice = Notice::new(Whom::Patient(head.patient.clone()), Kind::MessageNew).about(head.id.clone());
    Ok((changes, notice))
}

/// The clinic closes a conversation without a word.
pub async fn close(doing: Doing<'_>, thread: &Thread, stand: &str) -> Result<Done<()>, Refused<SendError>> {
    stands(thread, stand)?;
    let head = thread.head().ok_or(RecordError::NotFound)?;
    changed(doing, settle(thread, head, "completed")?, None).await
}

/// Somebody of the clinic takes a conversation, or gives it back to all.
pub async fn take(
    doing: Doing<'_>,
    thread: &Thread,
    to: Option<&Clinician>,
    stand: &str,
) -> Result<Done<()>, Refused<SendError>> {
    stands(thread, stand)?;
    let head = thread.head().ok_or(RecordError::NotFound)?;
    let mut value = head.resource.clone();
    let mut all = value.get("recipient").and_then(Value::as_array).cloned().unwrap_or_default();
    all.retain(|one| !one.get("reference").and_then(Value::as_str).is_some_and(|one| one.starts_with("Practitioner/")));
    let person = to.and_then(|to| Some((to.person.clone()?, to.name.clone())));
    all.extend(person.iter().map(|(person, name)| json!({"reference": person.as_str(), "display": name})));
    put(&mut value, "recipient", all.into());
    let change = update(head, value)?;
    let notice = person.filter(|(person, _)| doing.actor.person() != Some(person));
    let notice = notice.map(|(person, _)| Notice::new(Whom::Person(person), Kind::PatientWrote).about(head.id.clone()));
    changed(doing, vec![change], notice).await
}

/// The first message in its new state, and what waited as done.
fn settle(thread: &Thread, head: &Message, status: &str) -> Result<Vec<Change>, RecordError> {
    let mut value = head.resource.clone();
    put(&mut value, "status", json!(status));
    let mut changes = vec![update(head, value)?];
    for message in thread.messages.iter().filter(|one| one.id != head.id && one.waits && one.side == Side::Patient) {
        let mut value = message.resource.clone();
        put(&mut value, "status", json!("completed"));
        changes.push(update(message, value)?);
    }
    Ok(changes)
}

/// Whether the conversation is as the page was that somebody acts on.
fn stands(thread: &Thread, stand: &str) -> Result<(), SendError> {
    if thread.stand() == stand { Ok(()) } else { Err(SendError::Meanwhile) }
}

impl From<SendError> for Refused<SendError> {
    fn from(error: SendError) -> Self {
        Self::Told(error)
    }
}

pub(super) fn update(message: &Message, value: Value) -> Result<Change, RecordError> {
    let condition = Condition::Version(message.version);
    Change::put(ResourceType::Communication, message.id.clone(), value, condition, Mode::Strict)
}

async fn changed(
    doing: Doing<'_>,
    changes: Vec<Change>,
    notice: Option<Notice>,
) -> Result<Done<()>, Refused<SendError>> {
    let done = carry_out(doing, changes, move |inside| {
        if let Some(notice) = notice {
            notify::tell(inside, notice)?;
        }
        Ok(())
    });
    match done.await {
        Err(Refused::Record(RecordError::VersionConflict { .. })) => Err(Refused::Told(SendError::SameMoment)),
        other => other,
    }
}
