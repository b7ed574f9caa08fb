//! Searching under the policy: one type, several, or a patient's compartment; a page at a time, with what it includes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::numbers::{find, row};
use super::reading::{Reading, stored};
use super::rows::{Row, RowNumber, State};
use super::search::{Among, Found, Named, Place, Visible};
use super::{Channel, Page, search as run_search};
use crate::access::Denied;
use crate::audit::{TouchKind, Touched};
use crate::base::FhirId;
use crate::fhir::bundle::OwnAddresses;
use crate::fhir::search::{Handling, Include, IncludeWay, Query, Repeat};
use crate::fhir::{Definitions, ResourceType};

/// A search of the program's own: every parameter of it must be understood.
pub fn strict(kind: ResourceType, text: &str) -> Result<Query, RecordError> {
    Query::parse(kind, text, Handling::Strict, Definitions::r4()).map_err(|_| RecordError::Damaged)
}

/// What one search found, before it is handed out.
struct Hits {
    matches: Vec<(RowNumber, Row)>,
    total: Option<u64>,
    next: Option<Mark>,
}

/// Where a page begins: in which of the searches, and behind what of its answer.
struct Mark {
    at: usize,
    after: Option<Place>,
}

/// Which types a search goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Types {
    /// Those that were named: of one that is not the actor's to search they hear.
    Named,
    /// All there are, or all of a compartment.
    All,
}

impl Reading<'_> {
    /// Runs a search and hands out one page of it, with what it includes.
    pub fn search(&mut self, query: &Query) -> Result<Undisclosed<Page>, RecordError> {
        let scope = self.scope(query.kind)?;
        let asked_of = query.compartment.clone().or_else(|| scope.patient().cloned());
        let queries = std::slice::from_ref(query);
        let mark = self.mark(queries)?;
        let hits = self.hits(query, (self.page_size(query), self.limits.page_bytes), mark.after.as_ref())?;
        self.page(hits, queries, asked_of)
    }

    /// Runs the same search on several types, one after the other, and hands out one page of it. The queries ask for the
    /// same count, total and place to go on. A type that the actor may not search is as if it were empty, unless it was named.
    pub fn search_types(&mut self, queries: &[Query], types: Types) -> Result<Undisclosed<Page>, RecordError> {
        if types == Types::Named {
            for query in queries {
                self.scope(query.kind)?;
            }
        }
        let Some(first) = queries.first() else { return self.page(Hits::none(), queries, None) };
        let size = self.page_size(first);
        if !first.sort.is_empty() && size > 0 {
            return self.search_types_sorted(queries, size);
        }
        let mark = self.mark(queries)?;
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
            let bytes = self.limits.page_bytes.saturating_sub(all.bytes());
            // Behind the place where the next page begins, the rest is only counted.
            let full = size > 0 && (all.matches.len() >= size || bytes == 0 || all.next.is_some());
            if at < mark.at || full {
                if !counted && !full {
                    continue;
                }
                // Only whether, or how many, there are more.
                let rest = self.hits(query, (usize::from(!counted), usize::MAX), None)?;
                all.total = sum(all.total, rest.total);
                let more = if counted { rest.total.is_some_and(|total| total > 0) } else { !rest.matches.is_empty() };
                if full && more && all.next.is_none() {
                    all.next = Some(Mark { at, after: None });
                }
                if all.next.is_some() && !counted {
                    break;
                }
                continue;
            }
            let after = mark.after.as_ref().filter(|_| at == mark.at);
            let found = self.hits(query, (size - all.matches.len(), bytes), after)?;
            all.matches.extend(found.matches);
            all.total = sum(all.total, found.total);
            if let Some(next) = found.next {
                all.next = Some(Mark { at, ..next });
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

    /// [`Reading::search_types`] in one order: each type is asked for a page behind the same place, and these are merged.
    fn search_types_sorted(&mut self, queries: &[Query], size: usize) -> Result<Undisclosed<Page>, RecordError> {
        let mark = self.mark(queries)?;
        let mut rows: BTreeMap<Place, (RowNumber, Row)> = BTreeMap::new();
        let (mut total, mut more, mut searched, mut denied) = (None, false, false, None);
        let mut end: Option<Place> = None;
        for query in queries {
            match self.scope(query.kind) {
                Ok(_) => searched = true,
                Err(RecordError::Denied(error @ (Denied::NeverForRole | Denied::NotVisible))) => {
                    denied = Some(error);
                    continue;
                }
                Err(error) => return Err(error),
            }
            let found = self.found(query, (size, self.limits.page_bytes), mark.after.as_ref(), Among::Others)?;
            total = sum(total, found.total);
            more |= found.next.is_some();
            // Behind where one of the types ends nothing is known of it.
            end = [end, found.next].into_iter().flatten().min();
            rows.extend(found.places.into_iter().zip(found.matches));
            if let Some(end) = &end {
                rows.retain(|place, _| place <= end);
            }
            let mut bytes: usize = rows.values().map(|(_, row)| row.json.len()).sum();
            while rows.len() > size || (rows.len() > 1 && bytes > self.limits.page_bytes) {
                let Some((_, (_, last))) = rows.pop_last() else { break };
                bytes -= last.json.len();
                more = true;
                end = rows.last_key_value().map(|(place, _)| place.clone());
            }
        }
        if let (Some(denied), false) = (denied, searched) {
            return Err(denied.into());
        }
        let counted = queries.first().is_some_and(run_search::is_counted);
        let last = rows.last_key_value().filter(|_| more).map(|(place, _)| place.clone());
        let next = last.map(|place| Mark { at: 0, after: Some(place) });
        let all = Hits { matches: rows.into_values().collect(), total: total.filter(|_| counted), next };
        self.page(all, queries, queries.first().and_then(|query| query.compartment.clone()))
    }

    /// How many matches make a page of this search.
    pub(super) fn page_size(&self, query: &Query) -> usize {
        let asked = query.count.map_or(run_search::PAGE, |count| usize::try_from(count).unwrap_or(usize::MAX));
        asked.min(self.limits.page)
    }

    /// Where the page that is asked for begins.
    fn mark(&self, queries: &[Query]) -> Result<Mark, RecordError> {
        let Some(marker) = queries.first().and_then(|query| query.cursor.as_deref()) else {
            return Ok(Mark { at: 0, after: None });
        };
        let bytes = self.paging.read(self.read, self.actor(), &identity(queries), marker)?;
        Mark::from_bytes(&bytes).ok_or(RecordError::BadCursor)
    }

    fn hits(&mut self, query: &Query, most: (usize, usize), after: Option<&Place>) -> Result<Hits, RecordError> {
        let found = self.found(query, most, after, Among::Itself)?;
        let next = found.next.map(|place| Mark { at: 0, after: Some(place) });
        Ok(Hits { matches: found.matches, total: found.total, next })
    }

    fn found(
        &mut self,
        query: &Query,
        (size, bytes): (usize, usize),
        after: Option<&Place>,
        among: Among,
    ) -> Result<Found, RecordError> {
        let scope = self.scope(query.kind)?;
        let read = self.read;
        self.sight.refuse_hidden(read, query)?;
        let counted = size == 0 || run_search::is_counted(query);
        let compartment = match &query.compartment {
            None => None,
            Some(patient) => match find(read, ResourceType::Patient, patient)? {
                Some(number) => Some(number),
                None => return Ok(Found::nothing(counted.then_some(0))),
            },
        };
        let within = query.compartment.as_ref().or_else(|| scope.patient());
        let wanted = run_search::Wanted { within, size, bytes, after, among };
        let (sight, pace) = (&mut self.sight, &self.pace);
        let known = sight.known.values();
        let mut sees = |row: &Row| match compartment.is_none_or(|patient| row.patients.contains(&patient)) {
            true => sight.sees(read, row),
            false => Ok(None),
        };
        run_search::run(read, query, &wanted, &mut Visible::new(&mut sees, pace).knowing(known))
    }

    /// One stretch of what a search finds, so many and so many bytes, and where it goes on.
    #[allow(clippy::type_complexity)] // rows, and a place behind them
    pub(super) fn stretch(
        &mut self,
        query: &Query,
        most: (usize, usize),
        after: Option<&Place>,
    ) -> Result<(Vec<(RowNumber, Row)>, Option<Place>), RecordError> {
        let hits = self.hits(query, most, after)?;
        Ok((hits.matches, hits.next.and_then(|mark| mark.after)))
    }

    /// Hands out these as the one page of a search, with what it includes.
    pub(super) fn page_of(
        &mut self,
        matches: Vec<(RowNumber, Row)>,
        query: &Query,
        asked_of: Option<FhirId>,
    ) -> Result<Undisclosed<Page>, RecordError> {
        let total = u64::try_from(matches.len()).ok();
        self.page(Hits { matches, total, next: None }, std::slice::from_ref(query), asked_of)
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
        let mut page = Page { matches: vec![], included: vec![], total: hits.total, next: None };
        if let Some(next) = hits.next {
            page.next = self.paging.write(self.read, self.actor(), &identity(queries), &next.to_bytes())?;
        }
        for (_, row) in hits.matches {
            self.go_on()?;
            self.give(&row.json)?;
            let cut = self.cut_of(&row)?;
            let kind = match (self.channel, row.kind) {
                (Channel::Screen, ResourceType::Patient) => TouchKind::Listed,
                _ => self.opened(),
            };
            self.touch(&row, kind, &mut touched)?;
            page.matches.push(stored(row, &cut)?);
        }
        let included = match queries.first() {
            Some(query) => self.included(query, &numbers)?,
            None => vec![],
        };
        for number in included {
            self.go_on()?;
            let row = row(self.read, number)?;
            self.give(&row.json)?;
            let cut = self.cut_of(&row)?;
            // A patient who comes along with an appointment is a name on a list.
            let kind = match (self.channel, row.kind) {
                (Channel::Screen, ResourceType::Patient) => TouchKind::Listed,
                _ => self.opened(),
            };
            self.touch(&row, kind, &mut touched)?;
            page.included.push(stored(row, &cut)?);
        }
        if let (true, true, Some(patient)) = (touched.is_empty(), counted, asked_of) {
            // A count tells something of whoever it counts by.
            touched.push(Touched::new(Some(patient), TouchKind::Listed, vec![]));
        }
        Ok(self.covered(page, touched))
    }

    /// Rows that `_include` and `_revinclude` add, each once, none that is a match.
    fn included(&mut self, query: &Query, matches: &[RowNumber]) -> Result<Vec<RowNumber>, RecordError> {
        let mut seen: BTreeSet<RowNumber> = matches.iter().copied().collect();
        let mut known = BTreeSet::new();
        let mut out = Vec::new();
        let mut fresh = matches.to_vec();
        let mut round = 0;
        while !fresh.is_empty() && !query.includes.is_empty() {
            let mut next = Vec::new();
            for number in fresh {
                self.go_on()?;
                let from = row(self.read, number)?;
                let mut value = None;
                let includes = query.includes.iter().filter(|include| round == 0 || include.repeat == Repeat::Iterate);
                for include in includes {
                    for number in self.led_to((include, &query.own), &from, (&mut value, &mut known))? {
                        if seen.insert(number) {
                            next.push(number);
                        }
                    }
                    if out.len() + next.len() > self.limits.included {
                        return Err(RecordError::TooMuchAlong(self.limits.included));
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

    /// The rows that one include leads to from one row, of those that the actor may see, by what the actor may see of them:
    /// a reference that is cut leads nowhere, and what cannot be seen includes nothing. `seen` is what was read of it so far, and
    /// `known` what was led to before or is not to be seen: what is named by many, and what names many, is opened once.
    pub(super) fn led_to(
        &mut self,
        (include, own): (&Include, &OwnAddresses),
        from: &Row,
        (seen, known): (&mut Option<serde_json::Value>, &mut BTreeSet<RowNumber>),
    ) -> Result<Vec<RowNumber>, RecordError> {
        let read = self.read;
        let named = match include.way {
            IncludeWay::Forward => None,
            IncludeWay::Reverse => Some(Named::of(from.kind, &from.id, own, || self.as_seen(from).map(Cow::Owned))?),
        };
        let candidates: Vec<RowNumber> = match &named {
            None => {
                self.pace.go_through(from.json.len())?;
                let seen = match seen {
                    Some(seen) => seen,
                    None => seen.insert(self.as_seen(from)?),
                };
                run_search::forward(read, include, own, from.kind, seen)?
            }
            Some(named) => run_search::reverse(read, include, named)?.into_iter().collect(),
        };
        let mut found = Vec::new();
        for number in candidates {
            if known.contains(&number) {
                continue;
            }
            let row = row(read, number)?;
            self.go_on()?;
            if row.state != State::Live || !self.may_see(&row)? {
                known.insert(number);
                continue;
            }
            let leads = match &named {
                None => true,
                Some(named) => run_search::points_at(include, row.kind, &self.as_seen(&row)?, named),
            };
            if leads {
                known.insert(number);
                found.push(number);
            }
        }
        Ok(found)
    }

    /// A row's resource as the actor gets it.
    pub(super) fn as_seen(&mut self, row: &Row) -> Result<serde_json::Value, RecordError> {
        self.look_into(row)?;
        let cut = self.cut_of(row)?;
        serde_json::from_slice(&stored(row.clone(), &cut)?.json).map_err(|_| RecordError::Damaged)
    }
}

/// What must be the same for a marker to mean the same place.
fn identity(queries: &[Query]) -> String {
    let mut all = "search".to_owned();
    for query in queries {
        all.push('\n');
        all.push_str(&query.identity());
    }
    all
}

impl Mark {
    /// Two bytes for the search, little-endian, then the place in it.
    fn to_bytes(&self) -> Vec<u8> {
        let at = u16::try_from(self.at).unwrap_or(u16::MAX);
        let after = self.after.as_ref().map(Place::to_bytes).unwrap_or_default();
        [at.to_le_bytes().as_slice(), &after].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, after) = bytes.split_first_chunk()?;
        let after = if after.is_empty() { None } else { Some(Place::from_bytes(after)?) };
        Some(Self { at: usize::from(u16::from_le_bytes(*at)), after })
    }
}

impl Hits {
    fn bytes(&self) -> usize {
        self.matches.iter().map(|(_, row)| row.json.len()).sum()
    }

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
