//! That a message was read, and when.
//!
//! It stands in the message itself, as `Communication.received` (FHIR R4, communication-definitions.html#Communication.received),
//! so that the API, an export and the other side's page say the same. A message goes one way, to the patient or to the clinic,
//! so one moment says it all: the first at which the patient or who acts for them opened the conversation, or somebody of the
//! clinic did. It is written once, on that first reading, and never again: a conversation that is opened every day gets no
//! version by it. Whether there is something new is asked of the messages alone, so one that another program has marked as
//! received is read on the screens too.
//!
//! Who reads may not change the other side's message. So the house writes it down, as itself, with an entry that says who
//! read. Reading never fails because of it: on a disk that is almost full a message stays unread.

use serde_json::json;

use super::write::{put, update};
use super::{Side, Thread};
use crate::access::Actor;
use crate::audit::{Action, Event, TouchKind, Touched};
use crate::base::{ResourceRef, Timestamp};
use crate::care::workflow::{Doing, Done, Never, Refused, carry_out};
use crate::record::{Change, RecordError, Records, Why};
use crate::store::StoreError;

/// As whom the house writes it down.
pub const JOB: &str = "messages";

/// Notes that `reader` has read what the other side wrote, where nothing says so yet. `why` is that of the reading.
pub async fn note_read(
    records: &Records,
    reader: &Actor,
    why: Why,
    thread: &Thread,
    by: Side,
    now: Timestamp,
) -> Result<(), RecordError> {
    let mut changes: Vec<Change> = Vec::new();
    let mut parts: Vec<ResourceRef> = Vec::new();
    for message in thread.unread_by(by) {
        let mut value = message.resource.clone();
        put(&mut value, "received", json!(now.to_string()));
        changes.push(update(message, value)?);
        parts.extend(ResourceRef::new("Communication", &message.id));
    }
    let Some(first) = thread.unread_by(by).next() else { return Ok(()) };
    let event = Event::new(reader.to_ref(), Action::MessageRead, why.purpose)
        .session(reader.session())
        .origin(reader.origin())
        .detail(why.detail.clone())
        .touching(&[Touched::new(Some(first.patient.clone()), TouchKind::Opened, parts)]);
    let house = Actor::system(JOB);
    let doing = Doing { records, actor: &house, why: Why { action: Action::Update, ..why }, once: None };
    let done: Result<Done<()>, Refused<Never>> =
        carry_out(doing, changes, move |inside| Ok(inside.append(event)?)).await;
    match done {
        Ok(_) => Ok(()),
        // Somebody else has read or answered it in the same moment: then it says so already, or will when it is opened next.
        Err(Refused::Record(RecordError::VersionConflict { .. } | RecordError::Gone | RecordError::NotFound)) => Ok(()),
        Err(Refused::Record(RecordError::Store(StoreError::Low | StoreError::Full))) => Ok(()),
        Err(Refused::Record(error)) => Err(error),
        Err(Refused::Told(never)) => match never {},
    }
}
