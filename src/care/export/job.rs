//! What an export is: what was asked, by whom, and how far it is.

use serde::{Deserialize, Serialize};

use crate::base::{AccountId, FhirId, Timestamp};
use crate::fhir::search::{Filter, Handling, Query, Special, Test, TokenMatch};
use crate::fhir::{Definitions, ResourceType};
use crate::record::{ExportKnown, ExportOf, ExportPlace, RecordError, Whom, export_kinds};

/// What of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    System,
    Patients,
    Group(FhirId),
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The address as it was asked, for the manifest and the access log.
    pub request: Box<str>,
    pub level: Level,
    /// Only these patients; all that the level has when there are none.
    pub patients: Vec<FhirId>,
    /// Only these types; all that the level has when there are none.
    pub kinds: Vec<ResourceType>,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    pub since: Option<Timestamp>,
    /// `Type?search`: of the types named, only what one of theirs finds.
    pub filters: Vec<(ResourceType, Box<str>)>,
    /// Only these elements, as `_elements` names them.
    pub elements: Vec<Box<str>>,
}

/// An export, as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// The service that asked.
    pub account: AccountId,
    /// The scopes of the token that it asked with: the counting has no more.
    pub scopes: Vec<Box<str>>,
    pub asked: Asked,
    /// The moment that the export is of (`transactionTime`).
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    pub state: State,
    /// The first moment at which it is there no more.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub ends: Timestamp,
    /// When its status was asked for last.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    pub polled: Option<Timestamp>,
    /// How often in a row that was too soon.
    pub early: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum State {
    /// For the health administrator.
    Waiting,
    Counting(Progress),
    Ready,
    Refused,
    /// It could not be counted, as this account or at all.
    Failed,
}

/// How far the counting is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How many types are done.
    pub done: u32,
    /// In the next one: where to go on, and what was counted behind its last whole file.
    pub place: Option<ExportPlace>,
    pub open: u64,
}

impl Export {
    /// Whether anything is still to be done about it.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.ends && matches!(self.state, State::Waiting | State::Counting(_))
    }

    /// Seconds until the status is worth asking for again.
    pub const fn retry_after(&self) -> u32 {
        match self.state {
            State::Waiting => 60,
            _ => 1,
        }
    }
}

impl Asked {
    pub fn whom(&self) -> Whom {
        match (&self.level, self.patients.is_empty()) {
            (_, false) => Whom::These(self.patients.clone()),
            (Level::System, true) => Whom::Everybody,
            (Level::Patients, true) => Whom::Patients,
            (Level::Group(group), true) => Whom::Group(group.clone()),
        }
    }

    /// The types in their order.
    pub fn all_kinds(&self) -> Vec<ResourceType> {
        let mut kinds = export_kinds(&self.whom());
        kinds.retain(|kind| self.kinds.is_empty() || self.kinds.contains(kind));
        kinds
    }

    /// Every type of it, of a moment.
    pub fn all_of(&self, at: Timestamp) -> Result<Vec<ExportOf>, RecordError> {
        self.all_kinds().into_iter().map(|kind| self.of(kind, at)).collect()
    }

    /// One type of it, of a moment.
    pub fn of(&self, kind: ResourceType, at: Timestamp) -> Result<ExportOf, RecordError> {
        let own = self.filters.iter().filter(|(of, _)| *of == kind);
        let filters = own.map(|(kind, text)| filter(*kind, text)).collect::<Result<_, _>>()?;
        Ok(ExportOf { kind, whom: self.whom(), at, since: self.since, filters, known: ExportKnown::default() })
    }
}

/// A `_typeFilter` of one type, as far as a resource alone decides it.
pub fn filter(kind: ResourceType, text: &str) -> Result<Query, RecordError> {
    let refused = |why: String| RecordError::UnsupportedSearch(why);
    let query =
        Query::parse(kind, text, Handling::Strict, Definitions::r4()).map_err(|error| refused(error.to_string()))?;
    let shapes =
        !query.includes.is_empty() || !query.sort.is_empty() || query.count.is_some() || query.cursor.is_some();
    if shapes || query.summary.is_some() || !query.elements.is_empty() {
        return Err(refused("_typeFilter says what is found, and not how it is answered".into()));
    }
    if !query.filters.iter().all(is_plain) {
        return Err(refused(
            "_typeFilter goes by a resource alone: without chains, _has, lists, value sets and hierarchies".into(),
        ));
    }
    Ok(query)
}

fn is_plain(filter: &Filter) -> bool {
    match filter {
        Filter::Ids(_) | Filter::Missing { .. } => true,
        Filter::Test { test: Test::Token { how, .. }, .. } => matches!(how, TokenMatch::Is | TokenMatch::Not),
        Filter::Test { test, .. } => test.is_plain(),
        Filter::Any(any) => any.iter().all(is_plain),
        Filter::Special(special) => {
            matches!(special, Special::Narrative(_) | Special::Content(_) | Special::Near { .. })
        }
        _ => false,
    }
}
