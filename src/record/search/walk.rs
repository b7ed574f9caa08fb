//! One index in its own order: a search whose filter finds very many reads no more of it than its page needs.
//!
//! A row may stand in an index several times: somebody's given name and family name are both their `name`. It is answered
//! at the first place that it has, which the resource itself tells, so that no page has to remember those before it.

use super::index_scan::{self, Keys, Part, Scan, number_in};
use super::place::{Order, Place};
use super::{Opened, RecordError};
use crate::fhir::search::{self, Filter, SearchValue};
use crate::fhir::{Definitions, ResourceType};
use crate::record::index::{Completed, keys_of};
use crate::record::rows::RowNumber;
use crate::store::{Direction, Read};

/// What one filter reads of the indexes, stretch after stretch.
pub(super) struct Walk {
    /// The filter's place among those of the search.
    filter: usize,
    kind: ResourceType,
    completed: Completed,
}

impl Walk {
    /// Along the first of these filters that an index can be walked by.
    pub(super) fn of(kind: ResourceType, filters: &[Filter], completed: Completed) -> Option<Self> {
        // Whether indexes are complete may change between two pages: it is the same filter then.
        let filter = filters.iter().position(|filter| scans(kind, filter, Completed::WHOLE).is_some())?;
        scans(kind, filters.get(filter)?, completed)?;
        Some(Self { filter, kind, completed })
    }

    fn scans(&self, filters: &[Filter]) -> Result<Vec<Scan>, RecordError> {
        filters
            .get(self.filter)
            .and_then(|filter| scans(self.kind, filter, self.completed))
            .ok_or(RecordError::BadCursor)
    }

    const fn stamp(&self) -> u16 {
        if self.completed.has_names() { NAMES } else { 0 }
    }

    /// Every row that stands there with its place, behind `after`; rows that stand there several times come as often.
    pub(super) fn rows<'a>(
        &self,
        read: &'a dyn Read,
        filters: &[Filter],
        after: Option<&Place>,
    ) -> Result<impl Iterator<Item = Result<(Place, RowNumber), RecordError>> + use<'a>, RecordError> {
        let scans = self.scans(filters)?;
        let (first, mut behind) = match after.map(|place| place.as_bytes().split_first_chunk()) {
            None => (0, None),
            // What was begun in an index that was not complete does not go on in one that is: rows stand elsewhere now.
            Some(Some((at, _))) if u16::from_be_bytes(*at) & NAMES != self.stamp() => {
                return Err(RecordError::BadCursor);
            }
            Some(Some((at, key))) => (usize::from(u16::from_be_bytes(*at) & !NAMES), Some(key.to_vec())),
            Some(None) => return Err(RecordError::BadCursor),
        };
        if let (Some(key), Some(scan)) = (&mut behind, scans.get(first)) {
            turn(key, scan.direction);
        }
        let stamp = self.stamp();
        let stretches = scans.into_iter().enumerate().skip(first).map(move |(at, scan)| {
            let after = behind.take();
            (at, scan.direction, after, scan)
        });
        Ok(stretches.flat_map(move |(at, direction, after, scan)| {
            let keys: Keys<'a> = match scan.keys(read, after) {
                Ok(keys) => keys,
                Err(error) => Box::new(std::iter::once(Err(error))),
            };
            keys.map(move |key| {
                let key = key?;
                Ok((place(at, stamp, direction, &key), number_in(&key)?))
            })
        }))
    }

    /// Where a resource is answered: the first of the places that it has there, as who asks sees it.
    pub(super) fn first_place(&self, filters: &[Filter], opened: &Opened) -> Result<Option<Place>, RecordError> {
        let scans = self.scans(filters)?;
        let mut params: Vec<u16> = scans.iter().map(|scan| scan.param).collect();
        params.dedup();
        let mut first = None;
        for param in params {
            let values = search::extract_one(Definitions::r4(), self.kind, param, opened.value()?);
            let is_there = |value: &&SearchValue| {
                self.completed.has_names() || !matches!(value, SearchValue::Word(_) | SearchValue::Sound(_))
            };
            for key in values.iter().filter(is_there).flat_map(|value| keys_of(param, value)) {
                let bytes = key.of_row(opened.number);
                let held = scans.iter().enumerate().find(|(_, scan)| scan.param == param && scan.holds(&key, &bytes));
                if let Some((at, scan)) = held {
                    let place = place(at, self.stamp(), scan.direction, &bytes);
                    if first.as_ref().is_none_or(|first| place < *first) {
                        first = Some(place);
                    }
                }
            }
        }
        Ok(first)
    }
}

/// The stretches of a filter, if it has nothing but those.
fn scans(kind: ResourceType, filter: &Filter, completed: Completed) -> Option<Vec<Scan>> {
    let parts = index_scan::parts(kind, filter, completed)?;
    let scan = |part| match part {
        Part::Scan(scan) => Some(scan),
        Part::Id(_) => None,
    };
    let scans: Option<Vec<Scan>> = parts.into_iter().map(scan).collect();
    scans.filter(|scans| !scans.is_empty() && scans.len() < usize::from(NAMES))
}

/// Of a stretch's number in a place: that names stood in the index by each of their words.
const NAMES: u16 = 1 << 15;

/// The stretch, two bytes, and the key, turned so that it sorts as it is walked.
fn place(at: usize, stamp: u16, direction: Direction, key: &[u8]) -> Place {
    let mut bytes = (u16::try_from(at).unwrap_or(u16::MAX) | stamp).to_be_bytes().to_vec();
    let mut key = key.to_vec();
    turn(&mut key, direction);
    bytes.append(&mut key);
    Place::new(Order::Index, bytes)
}

fn turn(key: &mut [u8], direction: Direction) {
    if direction == Direction::Down {
        key.iter_mut().for_each(|byte| *byte = !*byte);
    }
}
