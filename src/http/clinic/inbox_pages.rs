//! What the inbox is filled with.

use askama::Template;

use crate::base::Timestamp;
use crate::http::ui::{Cx, State, Text, Tone, When, filters, page, t};

/// Everything that waits, by workflow.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/inbox.html")]
pub struct Inbox {
    pub cx: Cx,
    pub parts: Vec<Part>,
    /// How many rows are one's own.
    pub own: usize,
    pub only_own: bool,
}
page!(Inbox in Inbox);

/// One workflow's.
#[derive(Debug, Clone)]
pub struct Part {
    pub name: &'static str,
    pub title: Text,
    pub rows: Vec<Row>,
    /// There are more than a page has room for.
    pub more: bool,
    /// What is not listed.
    pub left_out: Option<Text>,
}

/// One thing that waits.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where it is done.
    pub href: String,
    /// The patient.
    pub who: String,
    pub what: String,
    /// A second line: who has taken it, say.
    pub more: Option<String>,
    /// Since when it waits; orders the list.
    pub since: Timestamp,
    pub when: When,
    /// Until when it should be done.
    pub due: Option<When>,
    pub urgency: Urgency,
    /// It waits for whoever asks, and not for all of a role.
    pub is_mine: bool,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    Usual,
    /// It should have been done already.
    Late,
    /// Somebody may come to harm.
    Critical,
}

impl Row {
    pub fn is_late(&self) -> bool {
        self.urgency != Urgency::Usual
    }

    fn mark(&self) -> Option<State> {
        match self.urgency {
            Urgency::Usual => None,
            Urgency::Late => Some(State::new("alert", Tone::Caution, t("inbox-late"))),
            Urgency::Critical => Some(State::new("stop", Tone::Critical, t("inbox-critical"))),
        }
    }
}

impl Inbox {
    fn count(&self) -> usize {
        self.parts.iter().map(|part| part.rows.len()).sum()
    }
}

/// How much of one workflow waits.
#[derive(Debug, Clone)]
pub struct Sum {
    pub href: String,
    pub title: Text,
    pub count: usize,
    /// Of these, what should have been done already.
    pub late: usize,
}
