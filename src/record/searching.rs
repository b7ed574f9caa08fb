//! Searching under the policy: one type, several, or a patient's compartment; a page at a time, with what it includes.

use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::numbers::{find, row};
use super::reading::{Reading, stored};
use super::rows::{Row, RowNumber, State};
use super::{Channel, Page, search as run_search};
use crate::access::Denied;
use crate::audit::{TouchKind, Touched};
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::fhir::search::{IncludeWay, Query, Repeat};

/// How many resources may come along with one page.
const MOST_INCLUDED: usize = 5_000;

/// What one search found, before it is handed out.
struct Hits {
    matches: Vec<(RowNumber, Row)>,
    total: Option<u64>,
    next: Option<String>,
}

impl Reading<'_> {
    /// Runs a search and hands out one page of it, with what it includes.
    pub fn search(&mut self, query: &Query) -> Result<Undisclosed<Page>, RecordError> {
        let scope = self.scope(query.kind)?;
        let hits = self.hits(query)?;
        let asked_of = query.compartment.clone().or_else(|| scope.patient().cloned());
        self.page(hits, std::slice::from_ref(query), asked_of)
    }

    /// Runs the same search on several types, one after the other, and hands out one page of it. The queries ask for the
    /// same count, total and place to go on. A type that the actor may not search is as if it were empty.
    pub fn search_types(&mut self, queries: &[Query]) -> Result<Undisclosed<Page>, RecordError> {
        let Some(first) = queries.first() else { return self.page(Hits::none(), queries, None) };
        let size = self.page_size(first);
        let (from, cursor) = match &first.cursor {
            Some(text) => place_of(text).ok_or(RecordError::BadCursor)?,
            None => (0, None),
        };
        let mut all = Hits::none();
        let counted = run_search::is_counted(first);
        let mut denied = None;
        let mut searched = 0;
        for (at, query) in queries.iter().enumerate() {
            match self.scope(query.kind) {
                Ok(_) => searched += 1,
                Err(RecordError::Denied(error @ (Denied::NeverForRole | Denied::NotVisible))) => {
                    denied = Some(error);
                    continue;
                }
                Err(error) => return Err(error),
            }
            let full = all.matches.len() >= size && size > 0;
            let behind = at < from;
            let mut query = query.clone();
            query.cursor = if at == from { cursor.clone() } else { None };
            if behind || full {
                if !counted && !full {
                    continue;
                }
                // Only whether, or how many, there are more.
                query.count = Some(if counted { 0 } else { 1 });
                let rest = self.hits(&query)?;
                all.total = sum(all.total, rest.total);
                let more = if counted { rest.total.is_some_and(|total| total > 0) } else { !rest.matches.is_empty() };
                if full && more && all.next.is_none() {
                    all.next = Some(format!("{at}."));
                }
                if all.next.is_some() && !counted {
                    break;
                }
                continue;
            }
            if size > 0 {
                query.count = u32::try_from(size - all.matches.len()).ok();
            }
            let found = self.hits(&query)?;
            all.matches.extend(found.matches);
            all.total = sum(all.total, found.total);
            if let Some(next) = found.next {
                all.next = Some(format!("{at}.{next}"));
                if !counted {
                    break;
                }
            }
        }
        if let (Some(denied), 0) = (denied, searched) {
            return Err(denied.into());
        }
        self.page(all, queries, first.compartment.clone())
    }

    /// How many matches make a page of this search.
    pub(super) fn page_size(&self, query: &Query) -> usize {
        let asked = query.count.map_or(run_search::PAGE, |count| usize::try_from(count).unwrap_or(usize::MAX));
        asked.min(self.limits.page)
    }

    fn hits(&mut self, query: &Query) -> Result<Hits, RecordError> {
        let scope = self.scope(query.kind)?;
        let read = self.read;
        self.sight.refuse_hidden(read, query)?;
        let compartment = match &query.compartment {
            None => None,
            Some(patient) => match find(read, ResourceType::Patient, patient)? {
                Some(number) => Some(number),
                None => return Ok(Hits { total: run_search::is_counted(query).then_some(0), ..Hits::none() }),
            },
        };
        let within = query.compartment.as_ref().or_else(|| scope.patient());
        let size = self.page_size(query);
        let found = run_search::run(read, query, within, size, &mut |row| {
            self.go_on()?;
            Ok(compartment.is_none_or(|patient| row.patients.contains(&patient)) && self.may_see(row)?)
        })?;
        Ok(Hits { matches: found.matches, total: found.total, next: found.next })
    }

    fn page(
        &mut self,
        hits: Hits,
        queries: &[Query],
        asked_of: Option<FhirId>,
    ) -> Result<Undisclosed<Page>, RecordError> {
        let mut touched = Vec::new();
        let numbers: Vec<RowNumber> = hits.matches.iter().map(|(number, _)| *number).collect();
        let counted = hits.matches.is_empty().then_some(hits.total).flatten().is_some();
        let mut page = Page { matches: vec![], included: vec![], total: hits.total, next: hits.next };
        for (_, row) in hits.matches {
            let cut = self.cut_of(&row)?;
            let kind = match (self.channel, row.kind) {
                (Channel::Screen, ResourceType::Patient) => TouchKind::Listed,
                _ => self.opened(),
            };
            self.touch(&row, kind, &mut touched)?;
            page.matches.push(stored(row, cut)?);
        }
        let included = match queries.first() {
            Some(query) => self.included(query, &numbers)?,
            None => vec![],
        };
        for number in included {
            let row = row(self.read, number)?;
            let cut = self.cut_of(&row)?;
            // A patient who comes along with an appointment is a name on a list.
            let kind = match (self.channel, row.kind) {
                (Channel::Screen, ResourceType::Patient) => TouchKind::Listed,
                _ => self.opened(),
            };
            self.touch(&row, kind, &mut touched)?;
            page.included.push(stored(row, cut)?);
        }
        if let (true, true, Some(patient)) = (touched.is_empty(), counted, asked_of) {
            // A count tells something of whoever it counts by.
            touched.push(Touched::new(Some(patient), TouchKind::Listed, vec![]));
        }
        Ok(self.covered(page, touched))
    }

    /// Rows that `_include` and `_revinclude` add, each once, none that is a match.
    fn included(&mut self, query: &Query, matches: &[RowNumber]) -> Result<Vec<RowNumber>, RecordError> {
        let read = self.read;
        let mut seen: std::collections::BTreeSet<RowNumber> = matches.iter().copied().collect();
        let mut out = Vec::new();
        let mut fresh = matches.to_vec();
        let mut round = 0;
        while !fresh.is_empty() && !query.includes.is_empty() {
            let mut next = Vec::new();
            for include in query.includes.iter().filter(|include| round == 0 || include.repeat == Repeat::Iterate) {
                for number in run_search::include(read, include, &fresh)? {
                    self.go_on()?;
                    let row = row(read, number)?;
                    let wanted = row.state == State::Live
                        && include.target.is_none_or(|t| include.way == IncludeWay::Reverse || t == row.kind);
                    if wanted && !seen.contains(&number) && self.may_see(&row)? {
                        seen.insert(number);
                        next.push(number);
                    }
                    if out.len() + next.len() > MOST_INCLUDED {
                        return Err(RecordError::TooWide);
                    }
                }
            }
            round += 1;
            if round > self.limits.include_depth && !next.is_empty() {
                return Err(RecordError::TooDeep(self.limits.include_depth));
            }
            out.extend(&next);
            fresh = next;
        }
        Ok(out)
    }
}

impl Hits {
    const fn none() -> Self {
        Self { matches: Vec::new(), total: None, next: None }
    }
}

const fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, None) => one,
        (None, other) => other,
    }
}

/// Which of the searches a page begins with, and where in it.
fn place_of(cursor: &str) -> Option<(usize, Option<String>)> {
    let (at, rest) = cursor.split_once('.')?;
    Some((at.parse().ok()?, Some(rest.to_owned()).filter(|rest| !rest.is_empty())))
}
