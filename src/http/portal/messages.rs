//! Writing to the clinic, and reading what it answers.

use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::message_pages::{Conversation, MessageLine, Messages, ThreadRow};
use super::own::{Needs, Own};
use super::uploads::{file_hint, too_large};
use crate::access::Sensitivity;
use crate::audit::Action;
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::care::clinic::{Clinic, Pool, Topic};
use crate::care::messages::{self, Message, Reply, Side, Standing, Thread, trimmed};
use crate::care::uploads;
use crate::care::workflow::{Doing, Refused};
use crate::fhir::ResourceType as R;
use crate::http::forms::Sent;
use crate::http::gate::is_by_itself;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, Locale, State, Tone, When, format, t};
use crate::record::OfPatient;

/// More messages than these nobody reads; older ones stand in the whole copy.
const MOST: usize = 1_000;
/// So many characters of a message stand in a list.
const BEGINNING: usize = 90;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    pub(super) topic: String,
    pub(super) text: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    pub(super) topic: String,
    done: String,
}

impl Own {
    /// All conversations of the patient, with the clinic's settings.
    async fn conversations(&self) -> Result<(Clinic, Vec<Thread>), Refusal> {
        let found = self.open(Action::Read, |reading| {
            let all = reading.of_patient(&self.patient, R::Communication, MOST)?;
            Ok(Clinic::read(reading)?.zip(all))
        });
        let (clinic, all) = found.await?.into_inner();
        Ok((clinic, threads(&all)))
    }

    pub(super) async fn conversation(&self, id: &str) -> Result<(Clinic, Thread), Refusal> {
        let (clinic, all) = self.conversations().await?;
        let found = all.into_iter().find(|thread| thread.head().is_some_and(|head| head.id.as_str() == id));
        Ok((clinic, found.ok_or(Refusal::not_found())?))
    }

    /// As who a message is written: the patient, or the person who acts for them.
    pub(super) fn sender(&self) -> Result<(ResourceRef, String), Refusal> {
        let person = self.visit.actor.person().cloned();
        let own = ResourceRef::new("Patient", &self.patient).map_err(Refusal::internal)?;
        let name = self.visit.account.as_ref().map(|account| account.display_name.to_string()).unwrap_or_default();
        Ok((person.filter(|_| self.acts_for_another()).unwrap_or(own), name))
    }

    /// Whether a conversation of this topic can be begun: whoever sees nothing of the patient's health writes to the desk.
    pub(super) fn may_ask(&self, topic: &Topic) -> bool {
        topic.active && (self.reads_record() || topic.pool == Pool::Reception)
    }

    pub(super) fn writes<'a, T>(&'a self, sent: &Sent<T>, place: &str) -> Doing<'a> {
        self.doing(Action::Message, sent, place)
    }

    fn at(&self, moment: Timestamp) -> When {
        When::at(moment, &self.ctx.zone)
    }
}

fn threads(all: &OfPatient) -> Vec<Thread> {
    let resources: Vec<Value> = all.found.iter().filter_map(|one| serde_json::from_slice(&one.json).ok()).collect();
    messages::of_resources(&resources)
}

fn topic_name(clinic: &Clinic, head: &Message) -> String {
    let topic = head.topic.as_ref().and_then(|id| clinic.topic(id.as_str()));
    match topic {
        Some(topic) => topic.name.in_language(Locale::now().code()).to_owned(),
        None if head.topic_name.is_empty() => t("message-no-topic").to_string(),
        None => head.topic_name.clone(),
    }
}

/// What closes a conversation to the clinic: of its first message, which every further one shares, and of the newest that the patient
/// wrote.
fn labels(thread: &Thread) -> Sensitivity {
    let asked = thread.head().into_iter().chain(thread.newest_of(Side::Patient));
    asked.map(|one| Sensitivity::of_resource(&one.resource)).fold(Sensitivity::NORMAL, Sensitivity::and)
}

fn state(own: &Own, thread: &Thread) -> State {
    match thread.standing() {
        Standing::Waiting if own.reaches_nobody(labels(thread)) => {
            State::new("alert", Tone::Caution, t("message-unseen"))
        }
        Standing::Waiting => State::new("clock", Tone::Accent, t("message-waiting")),
        Standing::Answered => State::new("ok", Tone::Dim, t("message-answered")),
        Standing::Closed => State::new("lock", Tone::Dim, t("message-closed")),
    }
}

/// `GET /my/messages`
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Acting)?;
    let (clinic, threads) = own.conversations().await?;
    let cx = own.plain_cx().await?;
    let mut rows = Vec::new();
    for thread in &threads {
        let (Some(head), Some(last)) = (thread.head(), thread.last()) else { continue };
        rows.push(ThreadRow {
            href: format!("/my/messages/{}", head.id),
            topic: topic_name(&clinic, head),
            begins: format::beginning(&last.text, BEGINNING),
            when: own.at(last.sent),
            state: state(&own, thread),
            is_unread: thread.is_unread(Side::Patient),
        });
    }
    page(&Messages { cx, rows })
}

pub(super) fn due(own: &Own, clinic: &Clinic, topic: &Topic, since: Timestamp) -> When {
    let due = own.at(messages::due(clinic, &own.ctx.zone, since, topic.answer_days));
    When::Day(due.day())
}

pub(super) fn field(text: &str, faults: &Faults) -> Field {
    Field::area("text", t("message-text"), text, faults).hint(t("message-text-hint").with("n", messages::LONGEST))
}

/// What is wrong with a message's text, whoever writes it.
pub(in crate::http) fn faults_of(text: &str) -> Faults {
    let mut faults = Faults::none();
    if trimmed(text).is_empty() {
        faults.add("text", t("message-empty"));
    } else if text.chars().count() > messages::LONGEST {
        faults.add("text", t("message-too-long").with("n", text.chars().count()).with("most", messages::LONGEST));
    }
    faults
}

/// `GET /my/messages/{id}`
pub(in crate::http) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Acting)?;
    let (clinic, thread) = own.conversation(&id).await?;
    let mut cx = own.plain_cx().await?;
    cx.at = format!("/my/messages/{id}");
    if asked.done == "sent" {
        cx.done = Some(own.handed_under(labels(&thread), t("message-sent").to_string()));
    }
    // What is being typed belongs to the conversation, and not to what was done there last.
    let at = cx.at.clone();
    let typed = own.visit.kept_at::<Typed>(&at, &mut cx)?.unwrap_or_default();
    let shown = conversation(&own, cx, &clinic, &thread, &typed.text, Faults::none())?;
    // What came into a page that was left open is not read by that.
    if !is_by_itself(&headers) {
        own.has_read(&thread).await?;
    }
    Ok(shown)
}

impl Own {
    /// Remembers that the patient, or who acts for one without an account, has seen what the clinic wrote; of who acts for one
    /// with an account, that they themselves have.
    async fn has_read(&self, thread: &Thread) -> Result<(), Refusal> {
        let (records, now) = (&self.visit.house.records, self.visit.house.ambient.now());
        if !self.sees_for_the_patient()? {
            let Some(head) = thread.head() else { return Ok(()) };
            let of = self.seen_as(&head.id.to_string())?;
            let marking =
                self.visit.house.store.write_essential(move |tx| super::todo::mark_message_seen(tx, &of, now));
            return Ok(marking.await?);
        }
        let why = self.acts(Action::Read);
        Ok(messages::note_read(records, &self.actor, why, thread, Side::Patient, now).await?)
    }
}

pub(super) fn conversation(
    own: &Own,
    mut cx: Cx,
    clinic: &Clinic,
    thread: &Thread,
    text: &str,
    faults: Faults,
) -> Result<Response, Refusal> {
    let head = thread.head().ok_or(Refusal::not_found())?;
    cx.at = format!("/my/messages/{}", head.id);
    let me = own.sender()?.0;
    let last_own = thread.newest_of(Side::Patient).map(|message| &message.id);
    let line = |message: &Message| {
        let is_own = message.sender.as_ref() == Some(&me);
        let is_seen = message.received.is_some();
        let name = message.sender_name.clone().unwrap_or_else(|| own.visit.house.front.face.clinic.clone());
        MessageLine {
            who: if is_own { t("message-you").to_string() } else { name },
            is_own: message.side == Side::Patient,
            text: message.text.clone(),
            when: own.at(message.sent),
            // Of several in a row the last says it for all.
            seen: (Some(&message.id) == last_own)
                .then(|| t(if is_seen { "message-seen-by-clinic" } else { "message-not-seen" }).to_string()),
            attached: message
                .attached
                .iter()
                // A file may say more than a letter to the desk.
                .filter(|_| own.reads_record())
                .map(|id| (format!("/my/documents/{id}/about"), t("message-attachment").to_string()))
                .collect(),
        }
    };
    let topic = head.topic.as_ref().and_then(|id| clinic.topic(id.as_str()));
    let unseen = own.reaches_nobody(labels(thread));
    let waits = topic.zip(thread.waits_since()).filter(|_| !unseen);
    let due = waits.map(|(topic, since)| due(own, clinic, topic, since));
    page(&Conversation {
        id: head.id.to_string(),
        topic: topic_name(clinic, head),
        state: state(own, thread),
        // Of all that is refused the page says it above.
        unseen: unseen && !cx.unseen,
        lines: thread.messages.iter().map(line).collect(),
        due,
        phone: clinic.house.phone.clone(),
        is_closed: thread.standing() == Standing::Closed,
        text: field(text, &faults),
        most_bytes: uploads::MOST_BYTES,
        too_large: too_large(),
        file_hint: file_hint(),
        faults,
        cx,
    })
}

/// `POST /my/messages/{id}`
pub(in crate::http) async fn reply(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    let (clinic, thread) = own.conversation(&id).await?;
    let faults = faults_of(&sent.typed.text);
    if !faults.is_empty() {
        let mut cx = own.plain_cx().await?;
        cx.at = format!("/my/messages/{id}");
        let shown = conversation(&own, cx, &clinic, &thread, &sent.typed.text, faults)?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown));
    }
    if let Some(asks) = own.visit.asks_first(&sent).await? {
        return Ok(asks);
    }
    let (sender, name) = own.sender()?;
    let text = trimmed(&sent.typed.text);
    let topic = thread.head().and_then(|head| head.topic.as_ref()).and_then(|id| clinic.topic(id.as_str()));
    let place = format!("/my/messages/{id}?done=sent");
    let reply = Reply {
        id: FhirId::new(&own.visit.house.ambient),
        sender: &sender,
        sender_name: &name,
        pool: topic.map(|topic| topic.pool).unwrap_or_default(),
        text: &text,
        attached: &[],
        now: own.visit.house.ambient.now(),
    };
    match messages::reply(own.writes(&sent, &place), &thread, reply).await {
        Ok(done) => own.visit.went(&sent, done, &place).await,
        Err(Refused::Told(_)) => Ok(Redirect::to(&place).into_response()),
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_as_closed_as_its_first_message_and_the_newest_of_the_patient() {
        let label = serde_json::json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]);
        let of = |id: &str, sent: &str, sealed: bool| {
            let mut one = serde_json::json!({"resourceType": "Communication", "id": id, "status": "in-progress", "sent": sent,
                "category": [{"coding": [{"system": messages::KIND, "code": messages::MESSAGE}]}],
                "subject": {"reference": "Patient/p"}, "sender": {"reference": "Patient/p"},
                "payload": [{"contentString": "x"}], "meta": {"versionId": "1"}});
            if id != "a" {
                one["partOf"] = serde_json::json!([{"reference": "Communication/a"}]);
            }
            if sealed {
                one["meta"]["security"] = label.clone();
            }
            one
        };
        let labels = |sealed: [bool; 3]| {
            let all = [
                of("a", "2026-03-01T09:00:00Z", sealed[0]),
                of("b", "2026-03-02T09:00:00Z", sealed[1]),
                of("c", "2026-03-03T09:00:00Z", sealed[2]),
            ];
            labels(&messages::of_resources(&all)[0]).is_sealed()
        };
        assert!(labels([true, false, false]) && labels([false, false, true]));
        assert!(!labels([false, false, false]) && !labels([false, true, false]), "the newest is read");
    }

    #[test]
    fn a_message_says_something_and_not_too_much() {
        assert!(faults_of("  \n\u{0} ").of("text").is_some());
        assert!(faults_of(&"x".repeat(messages::LONGEST + 1)).of("text").is_some());
        assert!(faults_of("نعم 🙂").is_empty());
    }
}
