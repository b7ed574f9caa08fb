//! Messages of the clinic that nobody has read.

use super::{Facts, Source, Todo, Urgency};
use crate::base::Timestamp;
use crate::care::messages::{self, Side};
use crate::care::{Part, marks};
use crate::fhir::ResourceType as R;
use crate::http::respond::Refusal;
use crate::http::ui::{When, t};
use crate::store::{StoreError, Tx};

pub(super) const SOURCE: Source = Source { parts: &[(R::Communication, Part::Newest(NEWEST))], todos };

/// What is unread is among the newest: of a conversation the last message is enough.
const NEWEST: usize = 50;

const SEEN: &str = "message-seen";

/// A conversation was read by somebody who acts for the patient; `of` is its first message, as the reader sees it.
pub(in crate::http::portal) fn mark_seen(tx: &mut Tx<'_>, of: &str, at: Timestamp) -> Result<(), StoreError> {
    marks::set(tx, SEEN, of, at)
}

fn todos(facts: &Facts<'_>) -> Result<Vec<Todo>, Refusal> {
    let mut all = Vec::new();
    for thread in messages::of_resources(facts.chart.of(R::Communication)) {
        let Some(newest) = thread.newest_of(Side::Clinic) else { continue };
        if !thread.is_unread(Side::Patient) {
            continue;
        }
        let head = newest.head.to_string();
        if super::seen(facts, SEEN, &head)?.is_some_and(|seen| seen >= newest.sent) {
            continue;
        }
        let when = When::at(newest.sent, &facts.own.ctx.zone);
        let near = when.near_within(&facts.cx.now);
        let line = match &newest.sender_name {
            Some(name) => t("todo-message-from").with("name", name).with("when", near),
            None => t("todo-message-when").with("when", near),
        };
        all.push(Todo {
            icon: "mail",
            title: t("todo-message").to_string(),
            line: Some(line.to_string()),
            href: format!("/my/messages/{}", newest.head),
            urgency: Urgency::New,
            when,
        });
    }
    Ok(all)
}
