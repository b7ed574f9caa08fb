//! Histories: of one resource, of a type, of everything; newest first, a page at a time (http.html#history).

use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::following::past_as_it_stands;
use super::layout::{HISTORY, HistoryTag, VERSIONS};
use super::numbers;
use super::reading::{Reading, stored, targets};
use super::rows::{Row, RowNumber, State};
use super::{Version, VersionPage};
use crate::access::{Action, Denied};
use crate::base::{FhirId, Timestamp};
use crate::fhir::ResourceType;
use crate::fhir::search::DateRange;
use crate::store::{Desc, Direction, Key, KeyRange, ReadExt};

/// Whose history is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryOf {
    One(ResourceType, FhirId),
    Type(ResourceType),
    Everything,
}

/// A history as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryAsked {
    pub of: HistoryOf,
    /// Only versions made at or after this (`_since`).
    pub since: Option<Timestamp>,
    /// Only versions that were current at some moment of this (`_at`).
    pub at: Option<DateRange>,
    /// How many make a page; with 0 they are counted, and nothing else.
    pub count: Option<u32>,
    /// The opaque place where an earlier page ended.
    pub cursor: Option<String>,
}

/// A row of the history table: type, time descending, row, version.
type Place = (u8, Desc<i64>, RowNumber, u32);

/// How many versions make a page unless asked.
const PAGE: usize = 50;

impl Reading<'_> {
    /// One page of a history. Versions that the actor may not see are left out.
    pub fn history(&mut self, asked: &HistoryAsked) -> Result<Undisclosed<VersionPage>, RecordError> {
        let counts = asked.count == Some(0);
        let size = asked.count.map_or(PAGE, |count| count as usize).min(self.limits.page);
        // What is counted is all of it, wherever a page ended.
        let after = match asked.cursor.as_ref().filter(|_| !counts) {
            None => None,
            Some(marker) => {
                let place = self.paging.read(self.read, self.actor(), &identity(asked), marker)?;
                Some(Place::from_bytes(&place).map_err(|_| RecordError::BadCursor)?)
            }
        };
        let most = if counts { None } else { Some(size + 1) };
        let mut found = match &asked.of {
            HistoryOf::One(kind, id) => self.of_one(*kind, id, asked, after, most)?,
            HistoryOf::Type(kind) => {
                self.scope(*kind)?;
                self.of_types(&[*kind], asked, after, most)?
            }
            HistoryOf::Everything => self.of_types(ResourceType::ALL, asked, after, most)?,
        };
        // Of one resource all versions are at hand: how many there are costs nothing.
        let total = (counts || matches!(asked.of, HistoryOf::One(..))).then_some(found.total);
        let more = (found.rows.len() > size || found.is_heavy) && !counts;
        found.rows.truncate(size);
        let next = match found.rows.last().filter(|_| more) {
            Some((place, _)) => self.paging.write(self.read, self.actor(), &identity(asked), &place.to_bytes())?,
            None => None,
        };
        let mut page = VersionPage { versions: Vec::new(), total, next };
        let mut touched = Vec::new();
        for (place, row) in found.rows {
            self.go_on()?;
            // A version that was another patient's, or sealed, was asked for as what it was.
            let cut = self.permit(Action::History, &row)?;
            self.give(&row.json)?;
            self.touch(&row, self.opened(), &mut touched)?;
            let deleted = row.state == State::Deleted;
            let before = row.version.checked_sub(1).filter(|before| *before > 0 && !deleted);
            let before = before.map(|before| self.read.get(&VERSIONS, &(place.2, Desc(before)))).transpose()?.flatten();
            let created = !deleted && before.is_none_or(|before| before.state == State::Deleted);
            page.versions.push(Version { deleted, created, stored: stored(row, &cut)? });
        }
        Ok(self.covered(page, touched))
    }

    fn of_one(
        &mut self,
        kind: ResourceType,
        id: &FhirId,
        asked: &HistoryAsked,
        after: Option<Place>,
        most: Option<usize>,
    ) -> Result<Found, RecordError> {
        let (number, current) = self.authorized(Action::History, kind, id)?;
        let read = self.read;
        let before = read.scan(&VERSIONS, KeyRange::prefix(&(number,)), Direction::Up)?;
        let newest = current.version;
        let rows = std::iter::once(Ok(current)).chain(before.map(|found| found.map(|(_, row)| row)));
        let mut found = Found::new(self.limits.page_bytes);
        let mut ended = None;
        for row in rows {
            let row = row?;
            self.go_on()?;
            let place: Place = (kind.number(), Desc(row.updated.as_millisecond()), number, row.version);
            let wanted = wanted(asked, &row, ended);
            ended = Some(row.updated.as_millisecond());
            if wanted && self.may_see_version(&row)? && (row.version == newest || self.may_see_past(number, &row)?) {
                found.total += 1;
                // Of versions made within one millisecond the number decides.
                let behind = after.is_none_or(|after| row.version < after.3);
                if behind && most.is_none_or(|most| found.rows.len() < most) {
                    found.add(place, row);
                }
            }
        }
        Ok(found)
    }

    /// Several types' histories as one, newest first: each type's rows are sorted, and the newest head comes next. Without
    /// `most` they are counted and not kept.
    fn of_types(
        &mut self,
        kinds: &[ResourceType],
        asked: &HistoryAsked,
        after: Option<Place>,
        most: Option<usize>,
    ) -> Result<Found, RecordError> {
        let read = self.read;
        let mut heads: Vec<_> = Vec::new();
        let (mut may, mut never) = (false, None);
        for kind in kinds {
            match self.sight.scope(read, *kind) {
                Ok(scope) if scope.may_ever(Action::History) => may = true,
                // A token that may search and not read: that there is nothing would be untrue.
                Ok(_) => {
                    never = Some(Denied::NeverForRole);
                    continue;
                }
                Err(denied @ (Denied::NeverForRole | Denied::NotVisible)) => {
                    never = Some(denied);
                    continue;
                }
                Err(denied) => return Err(denied.into()),
            }
            let range = match &after {
                // All places of this type that come behind the last one shown.
                Some(after) => {
                    let start = (kind.number(), after.1).to_bytes();
                    KeyRange::prefix_from(&(kind.number(),), std::ops::Bound::Included(start))
                }
                None => KeyRange::prefix(&(kind.number(),)),
            };
            let mut rows = read.scan(&HISTORY, range, Direction::Up)?;
            if let Some(first) = next_behind(&mut rows, after)? {
                heads.push((first, rows));
            }
        }
        if let (false, Some(never)) = (may, never) {
            return Err(never.into());
        }
        let mut found = Found::new(self.limits.page_bytes);
        while most.is_none_or(|most| found.rows.len() < most && !found.is_heavy) {
            let newest = heads.iter().enumerate().min_by_key(|(_, ((place, _), _))| order(place)).map(|(at, _)| at);
            let Some(newest) = newest else { break };
            let Some(((place, tag), rows)) = heads.get_mut(newest) else { break };
            let (place, tag) = (*place, tag.clone());
            match next_behind(rows, after)? {
                Some(next) => {
                    if let Some((head, _)) = heads.get_mut(newest) {
                        *head = next;
                    }
                }
                None => drop(heads.swap_remove(newest)),
            }
            self.go_on()?;
            if asked.since.is_some_and(|since| place.1.0 < since.as_millisecond()) {
                break;
            }
            if let Some(row) = self.version_at(&place, &tag, asked)? {
                found.total += 1;
                if most.is_some() {
                    found.add(place, row);
                }
            }
        }
        Ok(found)
    }

    /// The version at a place of the history, if it was asked for and may be seen.
    fn version_at(
        &mut self,
        place: &Place,
        tag: &HistoryTag,
        asked: &HistoryAsked,
    ) -> Result<Option<Row>, RecordError> {
        let Some(kind) = ResourceType::from_number(place.0) else { return Err(RecordError::Damaged) };
        if kind != ResourceType::Patient {
            let scope = self.sight.scope(self.read, kind)?;
            let patients = self.sight.names(self.read, &tag.tag.patients)?;
            if !targets(&patients).any(|patient| scope.allows(patient, tag.tag.sensitivity)) {
                return Ok(None);
            }
        }
        let current = numbers::row(self.read, place.2)?;
        // What is held or sealed now, or another patient's, was perhaps open once: its past goes with it, as where it is asked for by
        // its id.
        if !self.may_see_version(&current)? {
            return Ok(None);
        }
        let (row, ended) = if current.version == place.3 {
            (current, None)
        } else {
            let version = |number: u32| self.read.get(&VERSIONS, &(place.2, Desc(number)));
            let row = version(place.3)?.ok_or(RecordError::Damaged)?;
            let next = version(place.3 + 1)?.unwrap_or(current);
            if !self.may_see_past(place.2, &row)? {
                return Ok(None);
            }
            (row, Some(next.updated.as_millisecond()))
        };
        Ok((wanted(asked, &row, ended) && self.may_see_version(&row)?).then_some(row))
    }

    /// Whether what a version of the past followed then leaves it open now.
    fn may_see_past(&mut self, number: RowNumber, row: &Row) -> Result<bool, RecordError> {
        match past_as_it_stands(self.read, number, row, &mut self.lenders)? {
            Some(stands) => self.may_see_version(&stands),
            None => Ok(true),
        }
    }

    fn may_see_version(&mut self, row: &Row) -> Result<bool, RecordError> {
        match self.is_allowed(Action::History, row) {
            Ok(()) => Ok(true),
            Err(Denied::NotVisible | Denied::NeverForRole) => Ok(false),
            Err(denied) => Err(denied.into()),
        }
    }
}

struct Found {
    rows: Vec<(Place, Row)>,
    total: u64,
    /// How many more bytes of rows there may be.
    room: usize,
    /// There was no room for all of them.
    is_heavy: bool,
}

impl Found {
    const fn new(room: usize) -> Self {
        Self { rows: Vec::new(), total: 0, room, is_heavy: false }
    }

    /// Adds the row that comes next, if there is room for it and for all before it.
    fn add(&mut self, place: Place, row: Row) {
        let left = self.room.checked_sub(row.json.len());
        match left {
            _ if self.is_heavy => {}
            None if !self.rows.is_empty() => self.is_heavy = true,
            left => {
                self.room = left.unwrap_or(0);
                self.rows.push((place, row));
            }
        }
    }
}

/// Whether a version that was followed at `ended` (milliseconds) falls into what was asked.
fn wanted(asked: &HistoryAsked, row: &Row, ended: Option<i64>) -> bool {
    let from = row.updated.as_millisecond();
    let since = asked.since.is_none_or(|since| from >= since.as_millisecond());
    let at = asked.at.is_none_or(|at| from <= at.end && ended.is_none_or(|ended| ended > at.start));
    since && at
}

/// Newest first over all types; what was written in one millisecond goes by type, row and version, as the table does.
const fn order(place: &Place) -> (i64, u8, u64, u32) {
    (place.1.0.wrapping_neg(), place.0, place.2.0, place.3)
}

fn next_behind(
    rows: &mut impl Iterator<Item = Result<(Place, HistoryTag), crate::store::StoreError>>,
    after: Option<Place>,
) -> Result<Option<(Place, HistoryTag)>, RecordError> {
    for row in rows {
        let (place, tag) = row?;
        if after.as_ref().is_none_or(|after| order(after) < order(&place)) {
            return Ok(Some((place, tag)));
        }
    }
    Ok(None)
}

/// What must be the same for a marker to mean the same place.
fn identity(asked: &HistoryAsked) -> String {
    format!("history\n{:?} {:?} {:?}", asked.of, asked.since, asked.at)
}
