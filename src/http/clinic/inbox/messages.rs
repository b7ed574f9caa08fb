//! Messages that patients wrote and nobody has answered.

use serde_json::Value;

use super::super::inbox_pages::{Row, Urgency};
use super::{Asking, Found, Section};
use crate::base::Role;
use crate::care::clinic::Pool;
use crate::care::messages::{self, KIND, MESSAGE, Thread};
use crate::fhir::ResourceType;
use crate::http::ui::{When, format, t};
use crate::record::Page;

pub(super) const SECTION: Section = Section {
    name: "messages",
    title: || t("inbox-messages"),
    for_whom: &[Role::Clinician, Role::Nurse, Role::Reception],
    asks,
    rows,
    sifts: None,
    left_out: None,
};

fn asks(_: &Asking) -> Vec<(ResourceType, String)> {
    let text = format!(
        "status=in-progress&category={KIND}|{MESSAGE}&_sort=sent&_include=Communication:patient&_include=Communication:part-of"
    );
    vec![(ResourceType::Communication, text)]
}

fn rows(pages: &[Page], found: &Found<'_>) -> Vec<Row> {
    let stored = pages.iter().flat_map(|page| page.matches.iter().chain(&page.included));
    let stored = stored.filter(|one| one.kind == ResourceType::Communication);
    let resources: Vec<Value> = stored.filter_map(|one| serde_json::from_slice(&one.json).ok()).collect();
    messages::of_resources(&resources).iter().filter_map(|thread| row(thread, found)).collect()
}

fn row(thread: &Thread, found: &Found<'_>) -> Option<Row> {
    let since = thread.waits_since()?;
    let head = thread.head().or(thread.messages.first())?;
    let topic = head.topic.as_ref().and_then(|id| found.clinic.topic(id.as_str()));
    let pool = topic.map_or(Pool::Doctors, |topic| topic.pool);
    let taken = head.taken.as_ref();
    let is_mine = taken.is_some_and(|(person, _)| Some(person) == found.asking.me.as_ref());
    // What nobody of one's own pool has to answer is in one's way, unless one has taken it.
    if pool != pool_of(found.asking.role) && !is_mine {
        return None;
    }
    let due = topic.map(|topic| messages::due(found.clinic, &found.ctx.zone, since, topic.answer_days));
    let is_late = due.is_some_and(|due| due < found.now);
    Some(Row {
        href: format!("/messages/{}", head.head),
        who: found.name(head.patient.as_str()),
        what: topic.map_or_else(|| head.topic_name.clone(), |topic| topic.name.text.clone()),
        more: match taken {
            Some((_, name)) if !is_mine => Some(t("inbox-taken-by").with("name", name).to_string()),
            _ => begins(thread),
        },
        since,
        when: When::at(since, &found.ctx.zone),
        due: due.map(|due| When::at(due, &found.ctx.zone)),
        urgency: if is_late { Urgency::Late } else { Urgency::Usual },
        is_mine,
    })
}

/// So many characters of what waits stand in the list.
const BEGINNING: usize = 80;

fn begins(thread: &Thread) -> Option<String> {
    let waiting = thread.messages.iter().find(|message| message.waits)?;
    Some(format::beginning(&waiting.text, BEGINNING))
}

const fn pool_of(role: Role) -> Pool {
    match role {
        Role::Reception => Pool::Reception,
        Role::Nurse => Pool::Nurses,
        _ => Pool::Doctors,
    }
}
