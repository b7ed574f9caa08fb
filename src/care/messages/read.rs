//! From resources to conversations. What is no message of a conversation is left out.

use serde_json::Value;

use super::{KIND, MESSAGE};
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::fhir::search::date_range;

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Patient,
    Clinic,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: FhirId,
    pub version: u32,
    /// The first message of its conversation; itself for the first.
    pub head: FhirId,
    pub patient: FhirId,
    pub side: Side,
    pub sender: Option<ResourceRef>,
    pub sender_name: Option<String>,
    pub sent: Timestamp,
    /// When the other side read it first.
    pub received: Option<Timestamp>,
    pub text: String,
    /// `DocumentReference`s.
    pub attached: Vec<FhirId>,
    /// A patient wrote it and waits.
    pub waits: bool,
    pub topic: Option<FhirId>,
    pub topic_name: String,
    /// Of a first message: who has taken the conversation, and their name.
    pub taken: Option<(ResourceRef, String)>,
    closed: bool,
    /// As it is stored, to be changed.
    pub resource: Value,
}

/// How a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The clinic has to answer.
    Waiting,
    /// Nothing waits.
    Answered,
    Closed,
}

/// A conversation, oldest message first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    pub messages: Vec<Message>,
}

impl Thread {
    /// `None` where the first message is not among those at hand.
    pub fn head(&self) -> Option<&Message> {
        self.messages.iter().find(|message| message.id == message.head)
    }

    pub fn last(&self) -> Option<&Message> {
        self.messages.last()
    }

    pub fn standing(&self) -> Standing {
        match (self.messages.iter().any(|message| message.waits), self.head().is_some_and(|head| head.closed)) {
            (true, _) => Standing::Waiting,
            (false, true) => Standing::Closed,
            (false, false) => Standing::Answered,
        }
    }

    /// Since when the patient waits.
    pub fn waits_since(&self) -> Option<Timestamp> {
        self.messages.iter().find(|message| message.waits).map(|message| message.sent)
    }

    /// The newest message of a side.
    pub fn newest_of(&self, side: Side) -> Option<&Message> {
        self.messages.iter().rev().find(|message| message.side == side)
    }

    /// What the other side wrote and this one has not read.
    pub fn unread_by(&self, by: Side) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |message| message.side != by && message.received.is_none())
    }

    pub fn is_unread(&self, by: Side) -> bool {
        self.unread_by(by).next().is_some()
    }

    /// As it was when `last` was the newest message on somebody's page: what the patient has added since is answered by nobody
    /// who has not seen it. An id that is none of its messages leaves all of them.
    #[must_use]
    pub fn shown_until(mut self, last: &str) -> Self {
        if let Some(at) = self.messages.iter().position(|message| message.id.as_str() == last) {
            let mut place = 0;
            self.messages.retain(|message| {
                place += 1;
                place <= at + 1 || message.side == Side::Clinic
            });
        }
        self
    }

    /// How it stands for whoever of the clinic acts on it: other text as soon as somebody else has answered, taken or closed
    /// it, and the same when it was only read.
    pub fn stand(&self) -> String {
        let Some(head) = self.head() else { return String::new() };
        let mut whole = head.resource.clone();
        if let Some(members) = whole.as_object_mut() {
            members.shift_remove("received");
        }
        if let Some(meta) = whole.get_mut("meta").and_then(Value::as_object_mut) {
            meta.retain(|name, _| !matches!(name.as_str(), "versionId" | "lastUpdated"));
        }
        let answered = self.newest_of(Side::Clinic).map(|message| message.id.as_str()).unwrap_or_default();
        let hash = blake3::hash(format!("{whole}{answered}").as_bytes());
        hash.to_hex().get(..STAND).unwrap_or_default().to_owned()
    }
}

/// So many letters tell two states of a conversation apart.
const STAND: usize = 16;

/// Conversations of these resources, that of the newest message first.
pub fn of_resources<'a>(resources: impl IntoIterator<Item = &'a Value>) -> Vec<Thread> {
    let mut threads: Vec<Thread> = Vec::new();
    for message in resources.into_iter().filter_map(Message::of) {
        match threads.iter_mut().find(|thread| thread.messages.iter().any(|one| one.head == message.head)) {
            Some(thread) => thread.messages.push(message),
            None => threads.push(Thread { messages: vec![message] }),
        }
    }
    for thread in &mut threads {
        // Of one moment the first message is the first, then ids, which sort by when they were made.
        thread.messages.sort_by(|a, b| (a.sent, a.id != a.head, &a.id).cmp(&(b.sent, b.id != b.head, &b.id)));
    }
    threads.sort_by_key(|thread| std::cmp::Reverse(thread.last().map(|message| message.sent)));
    threads
}

impl Message {
    fn of(resource: &Value) -> Option<Self> {
        if !is_message(resource) {
            return None;
        }
        let text = |pointer: &str| text(resource, pointer);
        let status = text("/status")?;
        if matches!(status, "entered-in-error" | "preparation" | "not-done") {
            return None;
        }
        let id = FhirId::parse(text("/id")?).ok()?;
        let head = text("/partOf/0/reference").and_then(|one| reference(one, "Communication"));
        let sender = text("/sender/reference").and_then(|one| ResourceRef::parse(one).ok());
        let side = match sender.as_ref().map(ResourceRef::type_name) {
            Some("Patient" | "RelatedPerson") => Side::Patient,
            _ => Side::Clinic,
        };
        let payload = || resource.get("payload").and_then(Value::as_array).into_iter().flatten();
        let said = payload().filter_map(|one| one.get("contentString")).filter_map(Value::as_str);
        let attached = payload().filter_map(|one| one.pointer("/contentReference/reference")).filter_map(Value::as_str);
        let about = resource.get("about").and_then(Value::as_array).into_iter().flatten();
        let topic =
            about.filter_map(|one| one.get("reference")?.as_str()).find_map(|one| reference(one, "HealthcareService"));
        let is_first = head.is_none();
        Some(Self {
            version: text("/meta/versionId").and_then(|version| version.parse().ok()).unwrap_or(0),
            head: head.unwrap_or_else(|| id.clone()),
            patient: reference(text("/subject/reference")?, "Patient")?,
            side,
            sender,
            sender_name: text("/sender/display").map(str::to_owned),
            received: resource.get("received").and_then(moment),
            sent: text("/sent").or_else(|| text("/meta/lastUpdated"))?.parse().ok()?,
            text: said.collect::<Vec<_>>().join("\n\n"),
            attached: attached.filter_map(|one| reference(one, "DocumentReference")).collect(),
            waits: status == "in-progress" && side == Side::Patient,
            topic,
            topic_name: text("/topic/text").unwrap_or_default().to_owned(),
            taken: if is_first { taken(resource) } else { None },
            closed: is_first && status == "completed",
            resource: resource.clone(),
            id,
        })
    }

    /// Whether its topic is one that the reception answers.
    pub fn is_administrative(&self) -> bool {
        crate::access::Sensitivity::of_resource(&self.resource).is_administrative()
    }
}

fn is_message(resource: &Value) -> bool {
    let concepts = resource.get("category").and_then(Value::as_array).into_iter().flatten();
    let mut codings = concepts.filter_map(|concept| concept.get("coding")?.as_array()).flatten();
    codings.any(|coding| text(coding, "/system") == Some(KIND) && text(coding, "/code") == Some(MESSAGE))
}

/// The beginning of a dateTime, which may be a day or less (datatypes.html#dateTime).
fn moment(value: &Value) -> Option<Timestamp> {
    Timestamp::from_millisecond(date_range(value)?.start).ok()
}

fn taken(resource: &Value) -> Option<(ResourceRef, String)> {
    let all = resource.get("recipient").and_then(Value::as_array).into_iter().flatten();
    let mut people = all.filter_map(|one| {
        let person = ResourceRef::parse(text(one, "/reference")?).ok()?;
        (person.type_name() == "Practitioner").then(|| (person, text(one, "/display").unwrap_or_default().to_owned()))
    });
    people.next()
}

fn reference(text: &str, kind: &str) -> Option<FhirId> {
    ResourceRef::parse(text).ok().filter(|one| one.type_name() == kind).map(|one| one.id())
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}
