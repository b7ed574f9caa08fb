//! A table that stands beside the entries, read along with them.

use std::iter::Peekable;
use std::ops::Bound;

use bytes::Bytes;

use crate::audit::AuditError;
use crate::store::{Direction, Read, Rows, TableId};

/// The rows of a table whose keys begin with a sequence, taken in step with the entries.
pub(super) struct Side<'a> {
    rows: Peekable<Rows<'a>>,
}

/// A row: its sequence, the rest of its key, its value.
pub(super) struct SideRow {
    pub sequence: u64,
    pub rest: Vec<u8>,
    pub value: Bytes,
}

impl<'a> Side<'a> {
    pub fn new(read: &'a impl Read, table: TableId) -> Result<Self, AuditError> {
        let rows = read.raw_scan(table, &(Bound::Unbounded, Bound::Unbounded), Direction::Up)?;
        Ok(Self { rows: rows.peekable() })
    }

    /// The next row if its sequence is at most `last`.
    pub fn next_to(&mut self, last: u64) -> Result<Option<SideRow>, AuditError> {
        let within = |row: &Result<(Bytes, Bytes), _>| row.as_ref().map_or(true, |(key, _)| sequence_of(key).0 <= last);
        let Some((key, value)) = self.rows.next_if(within).transpose()? else { return Ok(None) };
        let (sequence, rest) = sequence_of(&key);
        Ok(Some(SideRow { sequence, rest: rest.to_vec(), value }))
    }
}

/// A key too short for a sequence belongs to no entry: sequence 0, which none has.
fn sequence_of(key: &[u8]) -> (u64, &[u8]) {
    match key.split_first_chunk::<8>() {
        Some((sequence, rest)) => (u64::from_be_bytes(*sequence), rest),
        None => (0, key),
    }
}
