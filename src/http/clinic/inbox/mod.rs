//! The inbox: everything that waits for the clinic's people, by workflow, oldest first.
//!
//! Each workflow has one file beside this one with a [`Section`], named in [`SECTIONS`]. To add one:
//!
//! 1. A file `inbox/<name>.rs` with `pub(super) const SECTION: Section`. `for_whom` says which roles have it; `asks` gives
//!    the searches (type and text, as in the FHIR API; `_include` the patient) and is not asked for other roles; `rows` makes
//!    a [`Row`] of each thing that waits. The policy has filtered what the searches found; `rows` may leave out more (what
//!    another pool answers, say). Nothing else is to be done: the page, its counts and those on `/today` come from here.
//! 2. Its line in [`SECTIONS`], in the order of the page.
//! 3. Its heading `inbox-<name>` in `web/locales/en/inbox.ftl`, as `title`.
//! 4. If another kind of resource is looked for, in `http/live.rs` (`Topic::Inbox`) and `record/notice.rs`.
//!
//! A row leads to the page where the thing is done, and goes from the list by itself when it is done there.

mod forms;
mod messages;
mod not_taken;
mod notes;
mod refills;
mod results;
mod uploads;

use std::collections::{BTreeMap, HashMap};

use axum::extract::Query as FromAddress;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::inbox_pages::{Inbox, Part, Row, Sum};
use super::{ctx, why};
use crate::audit::{Action, Detail};
use crate::base::{FhirId, ResourceRef, Role, Timestamp};
use crate::care::clinic::Clinic;
use crate::fhir::ResourceType;
use crate::http::fill::{self, Ctx};
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused};
use crate::http::session::Visit;
use crate::http::ui::Text;
use crate::record::{LookInto, Looked, Page, Reading, RecordError, Rest, Sift, Sifted, Undisclosed, strict};

/// The most of one search that the inbox shows; more than these nobody works through in a day.
pub(super) const MOST: usize = 200;

/// What one workflow puts into the inbox.
pub(super) struct Section {
    /// Names it in addresses and on the page.
    pub name: &'static str,
    pub title: fn() -> Text,
    pub for_whom: &'static [Role],
    /// What is looked for: types and searches, each at most [`MOST`] matches.
    pub asks: fn(&Asking) -> Vec<(ResourceType, String)>,
    /// What waits, of the pages that were found, in the order of the searches.
    pub rows: fn(&[Page], &Found<'_>) -> Vec<Row>,
    /// Where not all that is found waits, or its urgency lies in what it is made of.
    pub sifts: Option<Sifts>,
    /// What is not listed although nobody did it, in words.
    pub left_out: Option<fn() -> Text>,
}

/// Which of what the searches of a section find waits, and what is looked for in what it is made of.
pub(super) struct Sifts {
    pub waits: fn(&Value, ()) -> bool,
    /// How an include leads into it.
    pub into: &'static str,
    pub kind: ResourceType,
    pub found: fn(&Value) -> bool,
}

/// How many matches of one search are gone through for those that wait. An import of a clinic's past brings as many in a few
/// weeks; where that is not enough, the page says that there are more.
const LOOKED: usize = 5_000;
/// How many resources are opened in what the matches of one search are made of.
const OPENED: usize = 5_000;

/// In the order of the page.
const SECTIONS: &[Section] = &[
    results::SECTION,
    messages::SECTION,
    refills::SECTION,
    not_taken::SECTION,
    forms::SECTION,
    uploads::SECTION,
    notes::SECTION,
];

/// Who asks.
pub(super) struct Asking {
    pub role: Role,
    /// The Practitioner of the account.
    pub me: Option<ResourceRef>,
    pub now: Timestamp,
}

/// What a section's rows are made with.
pub(super) struct Found<'a> {
    pub asking: &'a Asking,
    pub clinic: &'a Clinic,
    /// The patients who came along with the searches, by id.
    pub patients: &'a HashMap<String, Value>,
    /// How each match was looked into, where the section sifts.
    pub looks: &'a BTreeMap<FhirId, Looked>,
    pub now: Timestamp,
    pub ctx: &'a Ctx,
}

impl Found<'_> {
    /// The name of a patient, as staff write it.
    pub(super) fn name(&self, patient: &str) -> String {
        self.patients.get(patient).map(|patient| fill::identity(patient, self.ctx).formal()).unwrap_or_default()
    }
}

/// What was found of one section.
#[derive(Default)]
pub(super) struct OfSection {
    pages: Vec<Page>,
    rest: Rest,
    looks: BTreeMap<FhirId, Looked>,
}

/// What was found of all sections, with the clinic's settings.
pub(super) type Pages = (Clinic, Vec<OfSection>);

impl Asking {
    pub(super) fn of(visit: &Visit) -> Result<Self, Refusal> {
        let role = visit.actor.role().ok_or(Refusal::new(Refused::Never))?;
        Ok(Self { role, me: visit.actor.person().cloned(), now: visit.house.ambient.now() })
    }

    fn sections(&self) -> impl Iterator<Item = &'static Section> {
        let role = self.role;
        SECTIONS.iter().filter(move |section| section.for_whom.contains(&role))
    }

    /// Looks for what waits, as a part of what a page reads.
    pub(super) fn read(&self, reading: &mut Reading<'_>) -> Result<Undisclosed<Pages>, RecordError> {
        let mut all: Undisclosed<Vec<OfSection>> = reading.nothing();
        for section in self.sections() {
            let mut found = reading.nothing().map(|_: Vec<()>| OfSection::default());
            let sifts = section.sifts.as_ref();
            let into = sifts.map(|sifts| strict(sifts.kind, sifts.into)).transpose()?;
            for (kind, text) in (section.asks)(self) {
                let query = strict(kind, &format!("{text}&_count={MOST}"))?;
                let asked = match (sifts, &into) {
                    (Some(sifts), Some(into)) => {
                        let into = LookInto { includes: &into.includes, most: OPENED, found: sifts.found };
                        let most = Sift { most: MOST, looked: LOOKED, with: (), wanted: sifts.waits, into: Some(into) };
                        reading.sift(&query, most)?
                    }
                    _ => reading.search(&query)?.map(whole),
                };
                found = found.zip(asked).map(joined);
            }
            all = all.zip(found).map(pushed);
        }
        Ok(Clinic::read(reading)?.zip(all))
    }

    /// What waits, by section.
    pub(super) fn parts(&self, (clinic, found): &Pages, visit: &Visit) -> Vec<Part> {
        let ctx = ctx(visit);
        let parts = self.sections().zip(found).map(|(section, OfSection { pages, rest, looks })| {
            let patients = patients_of(pages);
            let now = visit.house.ambient.now();
            let found = Found { asking: self, clinic, patients: &patients, looks, now, ctx: &ctx };
            let mut rows = (section.rows)(pages, &found);
            rows.sort_by_key(|row| (std::cmp::Reverse(row.urgency), row.since));
            let left_out = section.left_out.map(|words| words());
            Part { name: section.name, title: (section.title)(), rows, rest: *rest, left_out }
        });
        parts.collect()
    }
}

fn pushed<T>((mut all, one): (Vec<T>, T)) -> Vec<T> {
    all.push(one);
    all
}

/// A search of which all waits.
fn whole(page: Page) -> Sifted {
    let rest = if page.next.is_some() { Rest::More } else { Rest::Nothing };
    Sifted { page, rest, looks: BTreeMap::new() }
}

fn joined((mut all, one): (OfSection, Sifted)) -> OfSection {
    all.pages.push(one.page);
    all.rest = all.rest.max(one.rest);
    all.looks.extend(one.looks);
    all
}

fn patients_of(pages: &[Page]) -> HashMap<String, Value> {
    let all = pages.iter().flat_map(|page| page.matches.iter().chain(&page.included));
    all.filter(|stored| stored.kind == ResourceType::Patient)
        .filter_map(|stored| Some((stored.id.to_string(), serde_json::from_slice(&stored.json).ok()?)))
        .collect()
}

/// How much waits in each section: for the first page of the day.
pub(super) fn sums(parts: &[Part]) -> Vec<Sum> {
    let sum = |part: &Part| Sum {
        href: format!("/inbox#{}", part.name),
        title: part.title.clone(),
        count: part.rows.len(),
        late: part.rows.iter().filter(|row| row.is_late()).count(),
        rest: part.rest,
    };
    parts.iter().map(sum).collect()
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    /// Whose: one's own alone, or everybody's.
    of: String,
}

/// `GET /inbox`
pub(in crate::http) async fn inbox(visit: Visit, FromAddress(asked): FromAddress<Asked>) -> Result<Response, Refusal> {
    let asking = Asking::of(&visit)?;
    let why = why(&visit, Action::Listed, Detail::none());
    let found = visit.house.records.disclose(&visit.actor, why, |reading| asking.read(reading)).await?;
    let mut parts = asking.parts(&found, &visit);
    let own: usize = parts.iter().flat_map(|part| &part.rows).filter(|row| row.is_mine).count();
    let only_own = asked.of == "me";
    if only_own {
        parts.iter_mut().for_each(|part| part.rows.retain(|row| row.is_mine));
    }
    page(&Inbox { cx: visit.cx(), parts, own, only_own })
}

/// The question for Tasks of this code that wait for the clinic, each with its patient and what it is about.
fn waiting((system, code): (&str, &str)) -> Vec<(ResourceType, String)> {
    let text = format!(
        "code={system}|{code}&status=requested&_include=Task:patient&_include=Task:focus\
         &_include:iterate=MedicationRequest:medication"
    );
    vec![(ResourceType::Task, text)]
}

/// A row of each Task that [`waiting`] found, made with what came along.
fn rows_of(pages: &[Page], row: impl Fn(&Value, &[Value]) -> Option<Row>) -> Vec<Row> {
    let json = |stored: &crate::record::Stored| serde_json::from_slice::<Value>(&stored.json).ok();
    let along: Vec<Value> = pages.iter().flat_map(|page| &page.included).filter_map(json).collect();
    let tasks = pages.iter().flat_map(|page| &page.matches).filter_map(json);
    tasks.filter_map(|task| row(&task, &along)).collect()
}

/// The prescription of this id, among what came along.
fn prescription<'a>(along: &'a [Value], id: &str) -> Option<&'a Value> {
    let is = |one: &&Value| {
        fill::text(one, "/resourceType") == Some("MedicationRequest") && fill::text(one, "/id") == Some(id)
    };
    along.iter().find(is)
}
