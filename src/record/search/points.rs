//! Rows that several indexes name whole, newest row first, read no further than a page needs.
//!
//! The rows under one key of an index stand in the order of their numbers. So those under any of a filter's keys are
//! merged, and those of several filters met, without ever holding a set of them.

use std::iter::Peekable;

use super::RecordError;
use super::index_scan::{self, Exact, Index, Keys, Part, Scan, number_in};
use crate::fhir::ResourceType;
use crate::fhir::search::Filter;
use crate::record::index::Completed;
use crate::record::layout::{REFERENCE, TOKEN, URI};
use crate::record::rows::RowNumber;
use crate::store::{Direction, Key, KeyRange, Read, ReadExt};

/// A code of more systems than these is read another way.
const SYSTEMS: usize = 8;
/// How many keys are read until the search is given up.
const MOST_READ: usize = 4_000_000;

/// Whole keys of an index but for the row number, of one filter.
pub(super) struct Points(Vec<(Index, Vec<u8>)>);

impl Points {
    /// Whether a filter names whole keys alone, as far as it tells itself.
    pub(super) fn are_all(parts: &[Part]) -> bool {
        parts.iter().all(|part| matches!(part, Part::Scan(scan) if scan.exact != Exact::No))
    }

    /// Those of a filter, if it names nothing else.
    pub(super) fn of(
        read: &dyn Read,
        kind: ResourceType,
        filter: &Filter,
        completed: Completed,
    ) -> Result<Option<Self>, RecordError> {
        let Some(parts) = index_scan::parts(kind, filter, completed).filter(|parts| Self::are_all(parts)) else {
            return Ok(None);
        };
        let mut keys = Vec::new();
        for part in parts {
            let Part::Scan(Scan { index, exact, .. }) = part else { return Ok(None) };
            match exact {
                Exact::Whole(key) => keys.push((index, key)),
                Exact::AnySystem(param, code) => match systems(read, param, code)? {
                    Some(all) => keys.extend(all.into_iter().map(|key| (index, key))),
                    None => return Ok(None),
                },
                Exact::No => return Ok(None),
            }
        }
        keys.sort_unstable_by(|(_, one), (_, other)| one.cmp(other));
        keys.dedup();
        Ok(Some(Self(keys)))
    }

    fn rows<'a>(&self, read: &'a dyn Read, after: Option<RowNumber>) -> Result<Merged<'a>, RecordError> {
        let mut all = Vec::with_capacity(self.0.len());
        for (index, head) in &self.0 {
            let mut range = KeyRange::prefix_bytes(head.clone());
            if let Some(after) = after {
                let mut key = head.clone();
                after.write(&mut key);
                range = range.behind(key, Direction::Down);
            }
            let down = Direction::Down;
            let keys: Keys<'a> = match index {
                Index::Token => Box::new(read.scan_keys(&TOKEN, range, down)?.map(|key| key.map_err(Into::into))),
                Index::Reference => {
                    Box::new(read.scan_keys(&REFERENCE, range, down)?.map(|key| key.map_err(Into::into)))
                }
                Index::Uri => Box::new(read.scan_keys(&URI, range, down)?.map(|key| key.map_err(Into::into))),
                Index::String | Index::Date | Index::Number => return Err(RecordError::Damaged),
            };
            all.push(keys.peekable());
        }
        Ok(Merged(all))
    }
}

/// The heads of a code's keys, one for each system that it stands with.
fn systems(read: &dyn Read, param: u16, code: u64) -> Result<Option<Vec<Vec<u8>>>, RecordError> {
    let mut range = KeyRange::prefix(&(param, code));
    let mut heads = Vec::new();
    while let Some(key) = read.scan_keys(&TOKEN, range.clone(), Direction::Up)?.next().transpose()? {
        let (_, _, system, _) = <(u16, u64, u32, RowNumber)>::from_bytes(&key).map_err(|_| RecordError::Damaged)?;
        if heads.len() == SYSTEMS {
            return Ok(None);
        }
        heads.push((param, code, system).to_bytes());
        range = range.behind((param, code, system, RowNumber(u64::MAX)).to_bytes(), Direction::Up);
    }
    Ok(Some(heads))
}

/// Descending streams of row numbers as one; a row that is in several comes once.
struct Merged<'a>(Vec<Peekable<Keys<'a>>>);

impl Merged<'_> {
    /// The next number, without taking it.
    fn head(&mut self) -> Result<Option<RowNumber>, RecordError> {
        let mut greatest = None;
        for keys in &mut self.0 {
            let number = match keys.peek() {
                None => continue,
                Some(Ok(key)) => number_in(key)?,
                Some(Err(_)) => match keys.next() {
                    Some(Err(error)) => return Err(error),
                    _ => continue,
                },
            };
            greatest = greatest.max(Some(number));
        }
        Ok(greatest)
    }

    /// Takes whatever stands before `number`, or at it too; answers with how much.
    fn pass(&mut self, number: RowNumber, at: At) -> Result<usize, RecordError> {
        let mut read = 0;
        for keys in &mut self.0 {
            while let Some(Ok(key)) = keys.peek() {
                let this = number_in(key)?;
                if this < number || (this == number && at == At::Stays) {
                    break;
                }
                keys.next();
                read += 1;
            }
        }
        Ok(read)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Stays,
    Goes,
}

/// Rows that stand under each of these, newest row first, behind `after`.
pub(super) fn common<'a>(
    read: &'a dyn Read,
    all: &[Points],
    after: Option<RowNumber>,
) -> Result<impl Iterator<Item = Result<RowNumber, RecordError>> + use<'a>, RecordError> {
    let streams = all.iter().map(|points| points.rows(read, after)).collect::<Result<Vec<_>, _>>()?;
    Ok(Common { streams, read: 0, ended: false })
}

struct Common<'a> {
    streams: Vec<Merged<'a>>,
    read: usize,
    ended: bool,
}

impl Common<'_> {
    fn step(&mut self) -> Result<Option<RowNumber>, RecordError> {
        let Some((first, others)) = self.streams.split_first_mut() else { return Ok(None) };
        let Some(mut number) = first.head()? else { return Ok(None) };
        loop {
            let asked = number;
            for stream in std::iter::once(&mut *first).chain(others.iter_mut()) {
                self.read += stream.pass(number, At::Stays)?;
                match stream.head()? {
                    None => return Ok(None),
                    Some(head) => number = number.min(head),
                }
            }
            if self.read > MOST_READ {
                return Err(RecordError::TooWide);
            }
            if number == asked {
                break;
            }
        }
        self.read += first.pass(number, At::Goes)?;
        Ok(Some(number))
    }
}

impl Iterator for Common<'_> {
    type Item = Result<RowNumber, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.step().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}
