//! What needs doing now, on a patient's first page: one line for each thing, by workflow.
//!
//! Each workflow has one file beside this one with a [`Source`], named in [`SOURCES`]. To add one:
//!
//! 1. A file `todo/<name>.rs` with `pub(super) const SOURCE: Source`: the `parts` of the record that it looks at (a type that
//!    two sources name is read once, and as much of it as the greedier one asks for), and `todos`, which makes a [`Todo`] of
//!    what the patient should do, or has not seen. Rows of a workflow's own tables are read from [`Facts::read`].
//! 2. Its line in [`SOURCES`].
//! 3. Its words `todo-…` in `web/locales/{en,es}/todo.ftl`.
//!
//! What is not to be done now has no line here: it stands on its own page. Reading a part is a look that the log names, so a
//! source asks for no more than it shows.

mod messages;
mod refills;
mod requests;
mod results;
mod visits;

pub(super) use messages::mark_seen as mark_message_seen;
pub(super) use requests::mark_seen as mark_request_seen;
pub(super) use results::{encoded, mark_report_seen, mark_seen as mark_results_seen};

use super::own::Own;
use crate::base::Timestamp;
use crate::care::chart::MOST;
use crate::care::clinic::Clinic;
use crate::care::{Chart, Part, marks};
use crate::fhir::ResourceType as R;
use crate::http::respond::Refusal;
use crate::http::ui::{Cx, When};
use crate::store::Snapshot;

/// What one workflow has for a patient to do.
pub(super) struct Source {
    pub parts: &'static [(R, Part<()>)],
    pub todos: fn(&Facts<'_>) -> Result<Vec<Todo>, Refusal>,
}

const SOURCES: &[Source] = &[visits::SOURCE, messages::SOURCE, refills::SOURCE, results::SOURCE, requests::SOURCE];

/// What sources look at.
pub(super) struct Facts<'a> {
    /// The parts that the sources asked for; a type that the patient or proxy may not read is empty.
    pub chart: &'a Chart,
    pub own: &'a Own,
    /// With its names in the reader's language, where that is not the one that appointments are written in.
    pub clinic: Option<&'a Clinic>,
    pub read: &'a Snapshot,
    pub cx: &'a Cx,
    pub now: Timestamp,
}

/// One thing to do.
#[derive(Debug, Clone)]
pub struct Todo {
    pub icon: &'static str,
    pub title: String,
    pub line: Option<String>,
    pub href: String,
    pub urgency: Urgency,
    /// Orders those of one urgency, soonest first.
    pub when: When,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody waits for the patient, or time runs out.
    Answer,
    /// It is new.
    New,
    /// It comes up.
    Coming,
}

impl Todo {
    pub(super) const fn is_urgent(&self) -> bool {
        matches!(self.urgency, Urgency::Answer)
    }
}

/// When the patient, or whoever looks here for them, saw something last.
fn seen(facts: &Facts<'_>, what: &str, of: &str) -> Result<Option<Timestamp>, Refusal> {
    let own = marks::get(facts.read, what, &facts.own.seen_as(of)?)?;
    Ok(marks::get(facts.read, what, of)?.max(own))
}

/// The parts of the record that all sources need, and those of the page itself, each type once.
pub(super) fn parts(of_the_page: &[(R, Part<()>)]) -> Vec<(R, Part<()>)> {
    let mut all: Vec<(R, Part<()>)> = Vec::new();
    for (kind, part) in SOURCES.iter().flat_map(|source| source.parts).chain(of_the_page) {
        match all.iter_mut().find(|(one, _)| one == kind) {
            Some((_, before)) => {
                if size(part) > size(before) {
                    *before = *part;
                }
            }
            None => all.push((*kind, *part)),
        }
    }
    all
}

const fn size(part: &Part<()>) -> usize {
    match part {
        Part::Newest(most) => *most,
        Part::All | Part::Chosen(..) | Part::OfEach(..) => MOST,
    }
}

/// Everything there is to do, most urgent first.
pub(super) fn todos(facts: &Facts<'_>) -> Result<Vec<Todo>, Refusal> {
    let mut all = Vec::new();
    for source in SOURCES {
        all.extend((source.todos)(facts)?);
    }
    all.sort_by_key(|todo| (todo.urgency, todo.when.moment()));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_two_ask_for_is_read_once_and_as_much_as_the_greedier_asks_for() {
        let of = |all: &[(R, Part<()>)], kind| {
            all.iter().filter(|(one, _)| *one == kind).map(|(_, part)| size(part)).collect::<Vec<_>>()
        };
        let all = parts(&[(R::Observation, Part::Newest(1)), (R::Goal, Part::Newest(2)), (R::Goal, Part::All)]);
        assert_eq!(of(&all, R::Observation), [results::NEWEST]);
        assert_eq!(of(&all, R::Goal), [MOST]);
    }
}
