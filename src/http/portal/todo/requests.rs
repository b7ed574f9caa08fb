//! Requests that were answered, and whose answer the patient has not read.

use super::{Facts, Source, Todo, Urgency};
use crate::base::Timestamp;
use crate::care::requests::{Request, State};
use crate::care::{Part, marks};
use crate::fhir::ResourceType as R;
use crate::http::portal::requests_pages::word_for;
use crate::http::respond::Refusal;
use crate::http::ui::{When, t};
use crate::store::{StoreError, Tx};

pub(super) const SOURCE: Source = Source { parts: &[(R::Task, Part::All)], todos };

const SEEN: &str = "request-seen";

/// The answer was read; `request` as the reader sees it.
pub(in crate::http::portal) fn mark_seen(tx: &mut Tx<'_>, request: &str, at: Timestamp) -> Result<(), StoreError> {
    marks::set(tx, SEEN, request, at)
}

fn todos(facts: &Facts<'_>) -> Result<Vec<Todo>, Refusal> {
    let mut all = Vec::new();
    for request in facts.chart.of(R::Task).iter().filter_map(Request::of) {
        // What was done in the moment when it was asked is no news.
        let answered = request.answered.filter(|at| request.state != State::Open && *at > request.asked);
        let Some(answered) = answered else { continue };
        if super::seen(facts, SEEN, &request.id)?.is_some_and(|seen| seen >= answered) {
            continue;
        }
        let when = When::at(answered, &facts.own.ctx.zone);
        all.push(Todo {
            icon: "list",
            title: t("todo-request-answered").with("what", word_for(request.kind, facts.cx)).to_string(),
            line: Some(when.long()),
            href: format!("/my/requests/{}", request.id),
            urgency: Urgency::New,
            when,
        });
    }
    Ok(all)
}
