//! Conversations between patients and the clinic.
//!
//! Each message is a FHIR `Communication` of category [`KIND`] `message`:
//!
//! | element | what it holds |
//! |---|---|
//! | `subject`, `sender`, `sent` | whose record it is in, who wrote it and when |
//! | `about`, `topic` | the topic, a `HealthcareService` of the clinic's settings, and its name |
//! | `payload` | the text, and what is attached as references to `DocumentReference`s |
//! | `partOf` | of all but the first message: the first, which stands for the conversation |
//! | `inResponseTo` | the message that it answers |
//! | `received` | when the other side read it first (`seen`) |
//! | `recipient` | whom it goes to; of the first message also the member of the staff who has taken the conversation |
//! | `status` | `in-progress`: a patient wrote it and waits for an answer; `completed`: nothing waits |
//!
//! Of the first message the status says how the whole stands once nothing waits: `on-hold` while the patient may go on,
//! `completed` when the clinic has closed it. A patient who writes again opens it again.
//!
//! A topic that the reception answers is no clinical one: its messages carry the label [`ADMINISTRATIVE`], by which the policy
//! lets the reception see them and no others.

mod due;
mod read;
mod seen;
#[cfg(test)]
mod tests;
mod write;

pub use due::due;
pub use read::{Message, Side, Standing, Thread, of_resources};
pub use seen::{JOB, note_read};
pub use write::{
    Answer, AttachError, Begun, Clinician, New, Reply, SendError, Then, answer, answer_with, attach, begin, close,
    reply, start, start_with, take, trimmed,
};

pub use crate::access::{ADMINISTRATIVE, AUDIENCE};

/// The code system of the categories of `Communication`.
pub const KIND: &str = "urn:chartbox:communication";
/// What a message is; there may be other letters that no conversation is made of.
pub const MESSAGE: &str = "message";
/// The most characters of a message.
pub const LONGEST: usize = 5_000;
