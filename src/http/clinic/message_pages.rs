//! What the staff's pages of messages are filled with.

use askama::Template;

use crate::http::portal::message_pages::{MessageLine, ThreadRow};
use crate::http::ui::record::Identity;
use crate::http::ui::{Cx, Faults, Field, State, When, filters};

/// One conversation, for the clinic.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/message_body.html")]
pub struct Conversation {
    pub cx: Cx,
    pub id: String,
    pub who: Identity,
    pub topic: String,
    pub state: State,
    pub lines: Vec<MessageLine>,
    pub due: Option<When>,
    pub is_late: bool,
    /// Who has taken it: their name, and whether it is who asks.
    pub taken: Option<(String, bool)>,
    /// To whom it can be given: id and name.
    pub others: Vec<(String, String)>,
    /// Whether who asks can take it: somebody with a place in the clinic's staff.
    pub can_take: bool,
    pub is_closed: bool,
    /// How it stands as the page shows it.
    pub stand: String,
    /// The newest message on it.
    pub last: String,
    pub text: Field,
    /// `None` for whoever keeps no documents.
    pub file: Option<FileForm>,
    pub faults: Faults,
}

/// Answering with a file.
#[derive(Debug, Clone)]
pub struct FileForm {
    pub hint: String,
    pub most_bytes: usize,
    pub too_large: String,
    pub note: Field,
}

/// All conversations with one patient.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/patient_messages_body.html")]
pub struct PatientMessages {
    pub cx: Cx,
    pub rows: Vec<ThreadRow>,
}

/// Writing to a patient who has not asked.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/message_new_body.html")]
pub struct NewMessage {
    pub cx: Cx,
    pub who: Identity,
    pub topic: Field,
    pub text: Field,
    pub faults: Faults,
}
