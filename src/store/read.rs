//! Reading: the same typed face on a snapshot and inside a transaction.

use std::ops::Bound;

use bytes::Bytes;

use super::StoreError;
use super::codec::Value;
use super::kept::Stamp;
use super::key::Key;
use super::table::{Table, TableId};

/// Which way a scan goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
}

/// Rows as bytes, in key order.
pub type Rows<'a> = Box<dyn Iterator<Item = Result<(Bytes, Bytes), StoreError>> + 'a>;

/// What rows are asked for, by their values.
pub type Keep<'a> = Box<dyn Fn(&[u8]) -> bool + 'a>;

/// From where to where, as bytes.
pub type RawRange = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// From where to where. Made of whole keys, or of their leading parts: `(a, b)` of a table keyed
/// `(a, b, c)` is a prefix, because keys are concatenations.
#[derive(Debug, Clone)]
pub struct KeyRange(RawRange);

impl KeyRange {
    pub const fn all() -> Self {
        Self((Bound::Unbounded, Bound::Unbounded))
    }

    /// Every key that begins with `head`.
    pub fn prefix(head: &impl Key) -> Self {
        Self::prefix_bytes(head.to_bytes())
    }

    /// Every key that begins with these bytes: for a prefix inside a string part.
    pub fn prefix_bytes(head: Vec<u8>) -> Self {
        let end = successor(head.clone()).map_or(Bound::Unbounded, Bound::Excluded);
        Self((Bound::Included(head), end))
    }

    /// Keys beginning with `head`, from `start` (a longer leading part) on.
    pub fn prefix_from(head: &impl Key, start: Bound<Vec<u8>>) -> Self {
        let Self((_, end)) = Self::prefix(head);
        Self((start, end))
    }

    /// The same end, from another start.
    pub fn starting(self, start: Bound<Vec<u8>>) -> Self {
        Self((start, self.0.1))
    }

    /// What of it comes behind a key, on the way up or down.
    pub fn behind(self, key: Vec<u8>, direction: Direction) -> Self {
        let Self((start, end)) = self;
        Self(match direction {
            Direction::Up => (Bound::Excluded(key), end),
            Direction::Down => (start, Bound::Excluded(key)),
        })
    }

    /// Whether a whole key is in it.
    pub fn contains(&self, key: &[u8]) -> bool {
        let (start, end) = &self.0;
        let from = match start {
            Bound::Unbounded => true,
            Bound::Included(start) => start.as_slice() <= key,
            Bound::Excluded(start) => start.as_slice() < key,
        };
        from && match end {
            Bound::Unbounded => true,
            Bound::Included(end) => key <= end.as_slice(),
            Bound::Excluded(end) => key < end.as_slice(),
        }
    }

    /// Any bounds, as bytes of [`Key::to_bytes`].
    pub const fn between(start: Bound<Vec<u8>>, end: Bound<Vec<u8>>) -> Self {
        Self((start, end))
    }
}

/// The first byte string after all that begin with `head`.
fn successor(mut head: Vec<u8>) -> Option<Vec<u8>> {
    while let Some(last) = head.last_mut() {
        if let Some(next) = last.checked_add(1) {
            *last = next;
            return Some(head);
        }
        head.pop();
    }
    None
}

/// What a snapshot and a transaction can both do, as bytes.
pub trait Read {
    fn raw_get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError>;
    /// From these rows may be left out what `keep` does not ask for, before anything is made of it.
    fn raw_scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError>;
    /// All of them.
    fn raw_scan(&self, table: TableId, range: &RawRange, direction: Direction) -> Result<Rows<'_>, StoreError> {
        self.raw_scan_if(table, range, direction, Box::new(|_| true))
    }
    /// Since when all of a table has been as it is here, where that is known.
    fn stamp(&self, _table: TableId) -> Option<Stamp> {
        None
    }
}

impl<R: Read + ?Sized> Read for &R {
    fn raw_get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        (**self).raw_get(table, key)
    }
    fn raw_scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError> {
        (**self).raw_scan_if(table, range, direction, keep)
    }
    fn stamp(&self, table: TableId) -> Option<Stamp> {
        (**self).stamp(table)
    }
}

/// The typed face of [`Read`].
pub trait ReadExt: Read {
    fn get<K: Key, V: Value>(&self, table: &Table<K, V>, key: &K) -> Result<Option<V>, StoreError> {
        Ok(self.raw_get(table.id, &key.to_bytes())?.map(V::from_stored).transpose()?)
    }

    fn contains<K: Key, V>(&self, table: &Table<K, V>, key: &K) -> Result<bool, StoreError> {
        Ok(self.raw_get(table.id, &key.to_bytes())?.is_some())
    }

    /// The bytes of keys alone.
    fn scan_keys<K, V>(
        &self,
        table: &Table<K, V>,
        range: KeyRange,
        direction: Direction,
    ) -> Result<impl Iterator<Item = Result<Bytes, StoreError>>, StoreError> {
        let rows = self.raw_scan(table.id, &range.0, direction)?;
        Ok(rows.map(|row| row.map(|(key, _)| key)))
    }

    fn scan<K: Key, V: Value>(
        &self,
        table: &Table<K, V>,
        range: KeyRange,
        direction: Direction,
    ) -> Result<impl Iterator<Item = Result<(K, V), StoreError>>, StoreError> {
        let rows = self.raw_scan(table.id, &range.0, direction)?;
        Ok(typed(rows))
    }

    /// [`ReadExt::scan`], from which rows may be left out that are not asked for.
    fn scan_if<'a, K: Key, V: Value>(
        &'a self,
        table: &Table<K, V>,
        range: KeyRange,
        direction: Direction,
        keep: Keep<'a>,
    ) -> Result<impl Iterator<Item = Result<(K, V), StoreError>> + use<'a, Self, K, V>, StoreError> {
        let rows = self.raw_scan_if(table.id, &range.0, direction, keep)?;
        Ok(typed(rows))
    }
}

fn typed<'a, K: Key, V: Value>(rows: Rows<'a>) -> impl Iterator<Item = Result<(K, V), StoreError>> + use<'a, K, V> {
    rows.map(|row| row.and_then(|(key, value)| Ok((K::from_bytes(&key)?, V::from_stored(value)?))))
}

impl<R: Read + ?Sized> ReadExt for R {}
