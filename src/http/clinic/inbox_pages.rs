//! What the inbox is filled with.

use askama::Template;

use crate::base::Timestamp;
use crate::http::ui::{Cx, State, Text, Tone, When, filters, page, t};
use crate::record::Rest;

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
    /// What waits besides, for which a page has no room.
    pub rest: Rest,
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
    /// What it is made of was not all looked through: somebody may come to harm.
    Unread,
    /// Somebody may come to harm.
    Critical,
}

impl Row {
    pub fn is_late(&self) -> bool {
        matches!(self.urgency, Urgency::Late | Urgency::Critical)
    }

    fn mark(&self) -> Option<State> {
        match self.urgency {
            Urgency::Usual => None,
            Urgency::Late => Some(State::new("alert", Tone::Caution, t("inbox-late"))),
            Urgency::Unread => Some(State::new("alert", Tone::Caution, t("inbox-not-looked"))),
            Urgency::Critical => Some(State::new("stop", Tone::Critical, t("inbox-critical"))),
        }
    }
}

impl Part {
    /// What there is besides, in words.
    fn rest_words(&self) -> Option<Text> {
        match self.rest {
            Rest::Nothing => None,
            Rest::More => Some(t("inbox-more")),
            Rest::Perhaps => Some(t("inbox-perhaps-more")),
        }
    }
}

impl Sum {
    /// The same beside a number.
    pub fn has_more(&self) -> bool {
        self.rest != Rest::Nothing
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
    pub rest: Rest,
}
