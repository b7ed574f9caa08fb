//! Conversations with patients, for the clinic: reading, answering, taking, closing, and beginning one.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::about::{Desk, Head, Part, about};
use super::chart_pages::Section;
use super::message_pages::{Conversation, FileForm, NewMessage, PatientMessages};
use super::{ctx, id_of, why};
use crate::audit::{Action, Detail};
use crate::base::{FhirId, Role};
use crate::care::clinic::{Clinic, Pool};
use crate::care::messages::{
    self, Answer, AttachError, Begun, Clinician, Message, SendError, Side, Standing, Then, Thread, trimmed,
};
use crate::care::uploads::{self, Full, Origin, Upload};
use crate::care::workflow::{Doing, Done, Refused};
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::portal::message_pages::{MessageLine, ThreadRow};
use crate::http::portal::messages::faults_of;
use crate::http::portal::uploads::{file_hint, looked_at, said, too_large};
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::Identity;
use crate::http::ui::{Cx, Faults, Field, State, Tone, When, format, t};
use crate::http::uploaded::Uploaded;
use crate::record::{Page, Reading, RecordError, Stored, Undisclosed, strict};

/// The most messages of a conversation, and of a patient, that are shown.
const MOST: usize = 1_000;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    topic: String,
    text: String,
    /// How the conversation stood when the page was made.
    stand: String,
    /// The newest message that stood on it.
    last: String,
    /// `close` with an answer that ends it.
    then: String,
    /// Whom it is given to: `me`, nobody, or the id of a Practitioner.
    to: String,
    /// What is said with a file.
    note: String,
}

/// A conversation as a page needs it.
struct Found {
    clinic: Clinic,
    thread: Thread,
    patient: Value,
}

impl Found {
    fn head(&self) -> Result<&Message, Refusal> {
        self.thread.head().ok_or(Refusal::not_found())
    }
}

/// The clinic's settings, the first message with its patient, and the others.
type Whole = (Clinic, (Page, Page));

/// A whole conversation by its first message, with its patient and the clinic's settings.
fn read(reading: &mut Reading<'_>, id: &FhirId) -> Result<Undisclosed<Whole>, RecordError> {
    let head = reading.search(&strict(R::Communication, &format!("_id={id}&_include=Communication:patient"))?)?;
    let rest = reading.search(&strict(R::Communication, &format!("part-of=Communication/{id}&_count={MOST}"))?)?;
    Ok(Clinic::read(reading)?.zip(head.zip(rest)))
}

async fn find(visit: &Visit, id: &str) -> Result<Found, Refusal> {
    let id = id_of(id)?;
    let why = why(visit, Action::Read, Detail::none());
    let found = visit.house.records.disclose(&visit.actor, why, |reading| read(reading, &id)).await?;
    let (clinic, (head, rest)) = found.into_inner();
    let all: Vec<Value> = head.matches.iter().chain(&rest.matches).map(Stored::value).collect();
    let mut threads = messages::of_resources(&all);
    threads.retain(|thread| thread.head().is_some_and(|head| head.id == id));
    let thread = threads.into_iter().next().ok_or(Refusal::not_found())?;
    let patient = head.included.iter().find(|one| one.kind == R::Patient).map(Stored::value).unwrap_or_default();
    Ok(Found { clinic, thread, patient })
}

fn me(visit: &Visit) -> Clinician {
    let name = visit.account.as_ref().map(|account| account.display_name.to_string()).unwrap_or_default();
    let person = visit.actor.person().filter(|person| person.type_name() == "Practitioner").cloned();
    Clinician { person, name }
}

fn doing<'a, T>(visit: &'a Visit, sent: &Sent<T>, place: &str) -> Doing<'a> {
    let why = why(visit, Action::Message, Detail::none());
    visit.doing(why, sent, place)
}

/// `GET /messages/{id}`
pub(in crate::http) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let found = find(&visit, &id).await?;
    let mut cx = visit.cx();
    let typed = visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
    let shown = conversation(&visit, cx, &found, &typed, Faults::none()).await?;
    let (records, now) = (&visit.house.records, visit.house.ambient.now());
    let why = why(&visit, Action::Read, Detail::none());
    messages::note_read(records, &visit.actor, why, &found.thread, Side::Clinic, now).await?;
    Ok(shown)
}

async fn conversation(
    visit: &Visit,
    mut cx: Cx,
    found: &Found,
    typed: &Typed,
    faults: Faults,
) -> Result<Response, Refusal> {
    let (head, ctx) = (found.head()?, ctx(visit));
    cx.at = format!("/messages/{}", head.id);
    let who = fill::identity(&found.patient, &ctx);
    let last_own = found.thread.newest_of(Side::Clinic).map(|message| &message.id);
    let patient = found.patient.get("id").and_then(Value::as_str).unwrap_or_default();
    let line = |message: &Message| {
        let by_patient = message.sender.as_ref().is_some_and(|sender| sender.type_name() == "Patient");
        let name = message.sender_name.clone().unwrap_or_default();
        let is_seen = message.received.is_some();
        MessageLine {
            who: match (message.side, by_patient) {
                (Side::Patient, true) => who.plain(),
                (Side::Patient, false) => t("message-for-patient").with("name", name).to_string(),
                (Side::Clinic, _) => name,
            },
            is_own: message.side == Side::Clinic,
            text: message.text.clone(),
            when: When::at(message.sent, &ctx.zone),
            seen: (Some(&message.id) == last_own)
                .then(|| t(if is_seen { "message-seen-by-patient" } else { "message-not-seen" }).to_string()),
            attached: message
                .attached
                .iter()
                // The reception opens no documents.
                .filter(|_| super::is_clinical(visit))
                .map(|id| (format!("/patients/{patient}/documents/{id}"), t("message-attachment").to_string()))
                .collect(),
        }
    };
    let topic = head.topic.as_ref().and_then(|id| found.clinic.topic(id.as_str()));
    let due = topic
        .zip(found.thread.waits_since())
        .map(|(topic, since)| messages::due(&found.clinic, &ctx.zone, since, topic.answer_days));
    let mine = me(visit);
    let taken = head.taken.as_ref().map(|(person, name)| (name.clone(), Some(person) == mine.person.as_ref()));
    let others = found
        .clinic
        .clinicians
        .iter()
        .filter(|one| Some(&one.person) != mine.person.as_ref())
        .map(|one| (one.person.id().to_string(), one.name.clone()));
    let is_clinical = topic.is_none_or(|topic| topic.pool != Pool::Reception);
    let body = Part::of(&Conversation {
        id: head.id.to_string(),
        topic: topic.map_or_else(|| head.topic_name.clone(), |topic| topic.name.text.clone()),
        state: state(found.thread.standing()),
        lines: found.thread.messages.iter().map(line).collect(),
        due: due.map(|due| When::at(due, &ctx.zone)),
        is_late: due.is_some_and(|due| due < visit.house.ambient.now()),
        taken,
        // What the reception answers is not given to a doctor by name: they would look for it in vain among their own.
        others: if is_clinical { others.collect() } else { Vec::new() },
        can_take: mine.person.is_some(),
        is_closed: found.thread.standing() == Standing::Closed,
        stand: found.thread.stand(),
        last: found.thread.last().map(|message| message.id.to_string()).unwrap_or_default(),
        text: field(&typed.text, &faults),
        file: super::is_clinical(visit).then(|| file_form(&typed.note, &faults)),
        faults,
        who: who.clone(),
        cx: cx.clone(),
    })?;
    about(visit, who, (Desk::Inbox, Section::Messages), head_of("nav-messages", None), (cx, body)).await
}

/// What stands over a page of messages; `write` leads to where one is begun.
fn head_of(heading: &str, write: Option<String>) -> Head {
    Head { title: t("nav-messages").to_string(), heading: t(heading).to_string(), line: None, write }
}

fn state(standing: Standing) -> State {
    match standing {
        Standing::Waiting => State::new("clock", Tone::Accent, t("message-staff-waiting")),
        Standing::Answered => State::new("ok", Tone::Dim, t("message-staff-answered")),
        Standing::Closed => State::new("lock", Tone::Dim, t("message-closed")),
    }
}

fn field(text: &str, faults: &Faults) -> Field {
    Field::area("text", t("message-answer"), text, faults)
}

/// `POST /messages/{id}`
pub(in crate::http) async fn answer(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let found = find(&visit, &id).await?;
    let faults = faults_of(&sent.typed.text);
    if !faults.is_empty() {
        let shown = conversation(&visit, visit.cx(), &found, &sent.typed, faults).await?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown));
    }
    if let Some(asks) = visit.asks_first(&sent).await? {
        return Ok(asks);
    }
    let place = format!("/messages/{id}");
    let (by, text) = (me(&visit), trimmed(&sent.typed.text));
    let answer = Answer {
        id: FhirId::new(&visit.house.ambient),
        by: &by,
        text: &text,
        attached: &[],
        stand: &sent.typed.stand,
        then: then(&sent.typed),
        now: visit.house.ambient.now(),
    };
    let thread = found.thread.shown_until(&sent.typed.last);
    let done = messages::answer(doing(&visit, &sent, &place), &thread, answer).await;
    outcome(&visit, &sent, &id, done).await
}

fn file_form(note: &str, faults: &Faults) -> FileForm {
    FileForm {
        hint: file_hint(),
        most_bytes: uploads::MOST_BYTES,
        too_large: too_large(),
        note: Field::area("note", t("message-attach-note"), note, faults)
            .optional()
            .hint(t("message-attach-note-hint").with("n", uploads::LONGEST_NOTE)),
    }
}

/// `POST /messages/{id}/file`: an answer that is a file, with some words or none.
pub(in crate::http) async fn attach(
    visit: Visit,
    Path(id): Path<String>,
    uploaded: Uploaded<Typed>,
) -> Result<Response, Refusal> {
    let Uploaded { mut sent, file } = uploaded;
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let found = find(&visit, &id).await?;
    // What is being typed beside it is no part of this form, and stays.
    sent.at = None;
    let refused = async |faults: Faults| {
        let shown = conversation(&visit, visit.cx(), &found, &sent.typed, faults).await?;
        Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown))
    };
    let again = async |fault: String| {
        let mut faults = Faults::none();
        faults.add("file", fault);
        refused(faults).await
    };
    let mut long = Faults::none();
    let note = trimmed(&long.whole("note", &sent.typed.note, uploads::LONGEST_NOTE));
    if !long.is_empty() {
        return refused(long).await;
    }
    let Some(file) = file else { return again(t("upload-file-missing").to_string()).await };
    let (looked, bytes) = match looked_at(&file).await? {
        Ok(looked) => looked,
        Err(no) => return again(said(no)).await,
    };
    let title = uploads::cleaned(file.name.as_deref().unwrap_or_default());
    let title = title.map_or_else(|| t("message-attachment").to_string(), |named| named.0);
    let (by, document) = (me(&visit), FhirId::new(&visit.house.ambient));
    let upload = Upload {
        looked,
        bytes,
        title: title.clone(),
        kind: ("other", t("message-attachment").to_string()),
        note: String::new(),
        patient: found.head()?.patient.clone(),
        by: by.reference(),
        origin: Origin::Clinic,
    };
    let attached = [document.clone()];
    let answer = Answer {
        id: FhirId::new(&visit.house.ambient),
        by: &by,
        text: if note.is_empty() { &title } else { &note },
        attached: &attached,
        stand: &sent.typed.stand,
        then: then(&sent.typed),
        now: visit.house.ambient.now(),
    };
    let place = format!("/messages/{id}");
    let thread = found.thread.clone().shown_until(&sent.typed.last);
    match messages::answer_with(doing(&visit, &sent, &place), &thread, answer, document, upload).await {
        Err(Refused::Told(AttachError::Full(Full::Files))) => {
            again(t("message-attach-full-files").with("n", uploads::MOST_FILES).to_string()).await
        }
        Err(Refused::Told(AttachError::Full(Full::Bytes))) => again(t("message-attach-full-bytes").to_string()).await,
        Err(Refused::Told(AttachError::Send(error))) => outcome(&visit, &sent, &id, Err(Refused::Told(error))).await,
        Err(Refused::Record(error)) => Err(error.into()),
        Ok(done) => outcome(&visit, &sent, &id, Ok(done)).await,
    }
}

fn then(typed: &Typed) -> Then {
    if typed.then == "close" { Then::Closes } else { Then::StaysOpen }
}

/// `POST /messages/{id}/close`
pub(in crate::http) async fn close(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let found = find(&visit, &id).await?;
    let place = format!("/messages/{id}");
    let thread = found.thread.shown_until(&sent.typed.last);
    let done = messages::close(doing(&visit, &sent, &place), &thread, &sent.typed.stand).await;
    outcome(&visit, &sent, &id, done).await
}

/// `POST /messages/{id}/take`
pub(in crate::http) async fn take(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let found = find(&visit, &id).await?;
    let to = match sent.typed.to.as_str() {
        "me" => Some(me(&visit)),
        "" => None,
        other => {
            let one = found.clinic.clinician(other).ok_or(Refusal::not_found())?;
            Some(Clinician { person: Some(one.person.clone()), name: one.name.clone() })
        }
    };
    let place = format!("/messages/{id}");
    let done = messages::take(doing(&visit, &sent, &place), &found.thread, to.as_ref(), &sent.typed.stand).await;
    outcome(&visit, &sent, &id, done).await
}

/// Where it led; or, when somebody else was faster, the conversation as it is now with the text that was typed.
async fn outcome(
    visit: &Visit,
    sent: &Sent<Typed>,
    id: &str,
    done: Result<Done<()>, Refused<SendError>>,
) -> Result<Response, Refusal> {
    match done {
        Ok(done) => visit.went(sent, done, &format!("/messages/{id}")).await,
        Err(Refused::Told(why)) => {
            // Both at the same moment: what stands in the way is this itself.
            if let Some(led) = visit.led(sent)? {
                return Ok(led);
            }
            let found = find(visit, id).await?;
            let mut cx = visit.cx();
            let said = if why == SendError::SameMoment { "message-same-moment" } else { "message-meanwhile" };
            cx.trouble = Some(t(said).to_string());
            let shown = conversation(visit, cx, &found, &sent.typed, Faults::none()).await?;
            Ok(finished(StatusCode::CONFLICT, shown))
        }
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

/// `GET /patients/{id}/messages`
pub(in crate::http) async fn of_patient(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let (patient, ctx) = (id_of(&id)?, ctx(&visit));
    let why = why(&visit, Action::Read, Detail::none());
    let found = visit.house.records.disclose(&visit.actor, why, |reading| {
        let who = reading.read(R::Patient, &patient)?;
        let all = reading.of_patient(&patient, R::Communication, MOST)?;
        Ok(Clinic::read(reading)?.zip(who.zip(all)))
    });
    let (clinic, (who, all)) = found.await?.into_inner();
    let resources: Vec<Value> = all.found.iter().map(Stored::value).collect();
    let mut rows = Vec::new();
    for thread in messages::of_resources(&resources) {
        let (Some(head), Some(last)) = (thread.head(), thread.last()) else { continue };
        let topic = head.topic.as_ref().and_then(|id| clinic.topic(id.as_str()));
        rows.push(ThreadRow {
            href: format!("/messages/{}", head.id),
            topic: topic.map_or_else(|| head.topic_name.clone(), |topic| topic.name.text.clone()),
            begins: format::beginning(&last.text, 120),
            when: When::at(last.sent, &ctx.zone),
            state: state(thread.standing()),
            is_unread: thread.is_unread(Side::Clinic),
        });
    }
    let who = fill::identity(&who.value(), &ctx);
    let head = head_of("message-all-of-patient", Some(format!("/patients/{}/messages/new", who.id)));
    let cx = visit.cx();
    let body = Part::of(&PatientMessages { rows, cx: cx.clone() })?;
    about(&visit, who, (Desk::Patients, Section::Messages), head, (cx, body)).await
}

async fn patient_and_clinic(visit: &Visit, id: &FhirId) -> Result<(Identity, Clinic), Refusal> {
    let why = why(visit, Action::Read, Detail::none());
    let found = visit
        .house
        .records
        .disclose(&visit.actor, why, |reading| Ok(Clinic::read(reading)?.zip(reading.read(R::Patient, id)?)));
    let (clinic, who) = found.await?.into_inner();
    Ok((fill::identity(&who.value(), &ctx(visit)), clinic))
}

/// Topics that somebody of this role may begin a conversation with: the reception none that is clinical.
fn topics(visit: &Visit, clinic: &Clinic) -> Vec<(String, String)> {
    let desk = visit.actor.role() == Some(Role::Reception);
    let fits = |pool: Pool| !desk || pool == Pool::Reception;
    let all = clinic.topics.iter().filter(|topic| topic.active && fits(topic.pool));
    all.map(|topic| (topic.id.to_string(), topic.name.text.clone())).collect()
}

async fn new_page(
    visit: &Visit,
    mut cx: Cx,
    who: Identity,
    clinic: &Clinic,
    typed: &Typed,
    faults: Faults,
) -> Result<Response, Refusal> {
    cx.at = format!("/patients/{}/messages/new", who.id);
    let topic = Field::choice("topic", t("message-topic"), &typed.topic, topics(visit, clinic), &faults);
    let text = Field::area("text", t("message-text"), &typed.text, &faults);
    let body = Part::of(&NewMessage { topic, text, who: who.clone(), faults, cx: cx.clone() })?;
    about(visit, who, (Desk::Patients, Section::Messages), head_of("message-write", None), (cx, body)).await
}

/// `GET /patients/{id}/messages/new`
pub(in crate::http) async fn blank(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let (who, clinic) = patient_and_clinic(&visit, &id_of(&id)?).await?;
    let mut cx = visit.cx();
    let typed = visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
    new_page(&visit, cx, who, &clinic, &typed, Faults::none()).await
}

/// `POST /patients/{id}/messages/new`
pub(in crate::http) async fn begin(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    let patient = id_of(&id)?;
    let (who, clinic) = patient_and_clinic(&visit, &patient).await?;
    let mut faults = faults_of(&sent.typed.text);
    let offered = topics(&visit, &clinic);
    let topic = clinic.topic(&sent.typed.topic).filter(|topic| offered.iter().any(|(id, _)| id == topic.id.as_str()));
    if topic.is_none() {
        faults.add("topic", t("message-topic-missing"));
    }
    let Some(topic) = topic.filter(|_| faults.is_empty()) else {
        let shown = new_page(&visit, visit.cx(), who, &clinic, &sent.typed, faults).await?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown));
    };
    if let Some(asks) = visit.asks_first(&sent).await? {
        return Ok(asks);
    }
    let (by, text, now) = (me(&visit), trimmed(&sent.typed.text), visit.house.ambient.now());
    let message = FhirId::new(&visit.house.ambient);
    let place = format!("/messages/{message}");
    let begun = Begun { id: message, patient: &patient, by: &by, topic, text: &text, now };
    match messages::begin(doing(&visit, &sent, &place), begun).await {
        Ok(done) => visit.went(&sent, done, &place).await,
        Err(Refused::Told(_)) => Err(Refusal::internal("a first message meets nobody else's")),
        Err(Refused::Record(error)) => Err(error.into()),
    }
}
