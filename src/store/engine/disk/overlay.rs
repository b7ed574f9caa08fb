//! Changes that are durable in the journal and not in the tree yet, in memory: what the tree is read with.
//!
//! One half of the journal has one overlay. It only grows, by one group at a time, and keeps the versions of a row
//! that groups before left: who looks says at which record, and sees no later one. So a snapshot is a number.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;

use crate::store::engine::Changes;
use crate::store::engine::memory::is_empty;
use crate::store::read::{Direction, RawRange};
use crate::store::table::TableId;

/// Rows fetched at once by a scan: bounds how long the lock is held.
const CHUNK: usize = 64;

type Rows = BTreeMap<Bytes, Versions>;
/// A key and its value, or none for one that is deleted.
pub(super) type Row<'a> = (&'a [u8], Option<&'a [u8]>);

#[derive(Debug, Default)]
pub(super) struct Overlay(RwLock<BTreeMap<TableId, Rows>>);

/// What one row was and is, by the record that made it so. `None` for deleted.
#[derive(Debug)]
struct Versions {
    newest: (u64, Option<Bytes>),
    /// Ascending; most rows have none.
    older: Vec<(u64, Option<Bytes>)>,
}

impl Versions {
    fn at(&self, record: u64) -> Option<&Option<Bytes>> {
        if self.newest.0 <= record {
            return Some(&self.newest.1);
        }
        let seen = self.older.partition_point(|(number, _)| *number <= record);
        self.older.get(seen.checked_sub(1)?).map(|(_, value)| value)
    }
}

impl Overlay {
    /// Adds the changes of `record`, which is the newest.
    pub(super) fn add(&self, record: u64, changes: &Changes) {
        let mut tables = self.write();
        for (table, rows) in changes {
            let table = tables.entry(*table).or_default();
            for (key, value) in rows {
                let newest = (record, value.clone());
                match table.get_mut(key.as_slice()) {
                    Some(row) => {
                        let before = std::mem::replace(&mut row.newest, newest);
                        row.older.push(before);
                    }
                    None => drop(table.insert(Bytes::copy_from_slice(key), Versions { newest, older: Vec::new() })),
                }
            }
        }
    }

    /// The row as it was at `record`: not changed here, deleted, or this.
    pub(super) fn get(&self, record: u64, table: TableId, key: &[u8]) -> Option<Option<Bytes>> {
        self.read().get(&table)?.get(key)?.at(record).cloned()
    }

    /// Changed rows as they were at `record`, in key order.
    pub(super) fn scan(&self, record: u64, table: TableId, range: &RawRange, direction: Direction) -> Scan<'_> {
        let range = (range.0.clone().map(Bytes::from), range.1.clone().map(Bytes::from));
        Scan { overlay: self, record, table, range, direction, fetched: Vec::new().into_iter(), end: End::Ahead }
    }

    /// Passes every row as it is now to `each`, by table in key order.
    pub(super) fn all<E>(
        &self,
        mut each: impl FnMut(TableId, &mut dyn Iterator<Item = Row<'_>>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.read().iter().try_for_each(|(table, rows)| {
            each(*table, &mut rows.iter().map(|(key, row)| (key.as_ref(), row.newest.1.as_deref())))
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<TableId, Rows>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<TableId, Rows>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rows of an overlay, fetched some at a time. Rows added meanwhile are of later records and stay unseen.
pub(super) struct Scan<'a> {
    overlay: &'a Overlay,
    record: u64,
    table: TableId,
    /// What is still to be fetched.
    range: (Bound<Bytes>, Bound<Bytes>),
    direction: Direction,
    fetched: std::vec::IntoIter<(Bytes, Option<Bytes>)>,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Ahead,
    Reached,
}

impl Scan<'_> {
    fn fetch(&mut self) {
        let tables = self.overlay.read();
        let raw = (self.range.0.as_ref().map(Bytes::as_ref), self.range.1.as_ref().map(Bytes::as_ref));
        let Some(rows) = tables.get(&self.table).filter(|_| !is_empty(&raw)) else {
            self.end = End::Reached;
            return;
        };
        let mut fetched = Vec::new();
        let mut last = None;
        let rows = rows.range::<[u8], _>(raw);
        let mut look = |(key, row): (&Bytes, &Versions)| {
            last = Some(key.clone());
            fetched.extend(row.at(self.record).map(|value| (key.clone(), value.clone())));
        };
        match self.direction {
            Direction::Up => rows.take(CHUNK).for_each(&mut look),
            Direction::Down => rows.rev().take(CHUNK).for_each(&mut look),
        }
        match (last, self.direction) {
            (None, _) => self.end = End::Reached,
            (Some(last), Direction::Up) => self.range.0 = Bound::Excluded(last),
            (Some(last), Direction::Down) => self.range.1 = Bound::Excluded(last),
        }
        self.fetched = fetched.into_iter();
    }
}

impl Iterator for Scan<'_> {
    type Item = (Bytes, Option<Bytes>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.fetched.next() {
                return Some(row);
            }
            if self.end == End::Reached {
                return None;
            }
            self.fetch();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tables;

    fn changes(rows: &[(&[u8], Option<&'static [u8]>)]) -> Changes {
        let rows = rows.iter().map(|(key, value)| (key.to_vec(), value.map(Bytes::from_static))).collect();
        Changes::from([(tables::TEST, rows)])
    }

    fn seen(overlay: &Overlay, record: u64, direction: Direction) -> Vec<(Bytes, Option<Bytes>)> {
        overlay.scan(record, tables::TEST, &(Bound::Unbounded, Bound::Unbounded), direction).collect()
    }

    #[test]
    fn who_looks_at_a_record_sees_none_after_it() {
        let overlay = Overlay::default();
        overlay.add(3, &changes(&[(b"a", Some(b"1")), (b"b", Some(b"1"))]));
        overlay.add(4, &changes(&[(b"a", None)]));
        overlay.add(6, &changes(&[(b"a", Some(b"3")), (b"c", Some(b"3"))]));
        let get = |record, key: &[u8]| overlay.get(record, tables::TEST, key);
        let value = |text: &'static [u8]| Some(Some(Bytes::from_static(text)));
        assert_eq!([2, 3, 4, 5, 6].map(|at| get(at, b"a")), [None, value(b"1"), Some(None), Some(None), value(b"3")]);
        assert_eq!([5, 6].map(|at| get(at, b"c")), [None, value(b"3")]);
        let keys = |at| seen(&overlay, at, Direction::Up).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(
            (keys(2).len(), keys(5), keys(6)),
            (
                0,
                vec!["a", "b"].into_iter().map(Bytes::from).collect(),
                vec!["a", "b", "c"].into_iter().map(Bytes::from).collect()
            )
        );
        let mut back = seen(&overlay, 6, Direction::Down);
        back.reverse();
        assert_eq!(back, seen(&overlay, 6, Direction::Up));
    }

    #[test]
    fn a_scan_longer_than_a_chunk_misses_nothing_while_others_write() {
        let overlay = Overlay::default();
        let keys: Vec<[u8; 2]> = (0..1000_u16).map(u16::to_be_bytes).collect();
        let rows: Vec<(&[u8], Option<&'static [u8]>)> = keys.iter().map(|key| (&key[..], Some(&b"x"[..]))).collect();
        overlay.add(1, &changes(&rows));
        for direction in [Direction::Up, Direction::Down] {
            let mut count = 0;
            for (at, row) in overlay.scan(1, tables::TEST, &(Bound::Unbounded, Bound::Unbounded), direction).enumerate()
            {
                overlay.add(2 + at as u64, &changes(&[(&[0, 5, 5], Some(b"late")), (&keys[at], None)]));
                assert_eq!(row.1.as_deref(), Some(&b"x"[..]));
                count += 1;
            }
            assert_eq!(count, 1000);
        }
        let between = (Bound::Excluded(vec![0, 9]), Bound::Included(vec![1, 0]));
        assert_eq!(overlay.scan(1, tables::TEST, &between, Direction::Up).count(), 247);
    }
}
