//! Index rows that an older program did not write, put into its store while the box runs.
//!
//! Until all are there, searches that would go by them go by the type as before: slower, and with the same answer. What is stored
//! meanwhile has its rows already.

use std::ops::Bound;

use serde_json::Value;

use super::Records;
use super::error::RecordError;
use super::index::Identifiers;
use super::layout::{COUNTERS, INDEXED_TO, RESOURCES};
use super::prepared::Prepared;
use super::rows::{Row, RowNumber, State};
use crate::store::{Direction, Key, KeyRange, ReadExt};

/// How many resources are looked at between two commits: others write meanwhile.
const STRETCH: usize = 500;

/// Whether the indexes of a store are complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indexed {
    /// Ask again.
    NotYet,
    Whole,
}

impl Records {
    /// Goes one stretch further through what an older program stored. Blocks: it reads and waits for the disk.
    pub fn complete_indexes(&self) -> Result<Indexed, RecordError> {
        self.complete_indexes_by(STRETCH)
    }

    pub(super) fn complete_indexes_by(&self, stretch: usize) -> Result<Indexed, RecordError> {
        let store = self.audit().store();
        let read = store.read()?;
        if Identifiers::of(&read)? == Identifiers::Indexed {
            return Ok(Indexed::Whole);
        }
        let from = RowNumber(read.get(&COUNTERS, &INDEXED_TO)?.unwrap_or(0));
        let range = KeyRange::all().starting(Bound::Excluded((from,).to_bytes()));
        let mut last = None;
        let mut made = Vec::new();
        for found in read.scan(&RESOURCES, range, Direction::Up)?.take(stretch) {
            let ((number,), row) = found?;
            last = Some(number);
            if row.state == State::Live {
                let value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
                made.push((number, row.version, Prepared::new(row.kind, &value)));
            }
        }
        drop(read);
        store.write_blocking(move |tx| {
            for (number, version, prepared) in made {
                // One that was changed meanwhile has its rows.
                let now: Option<Row> = tx.get(&RESOURCES, &(number,))?;
                if let Some(row) = now.filter(|row| row.state == State::Live && row.version == version) {
                    prepared.put_references(tx, number, &row)?;
                }
            }
            match last {
                Some(last) => tx.put(&COUNTERS, &INDEXED_TO, &last.0)?,
                None => {
                    tx.delete(&COUNTERS, &INDEXED_TO)?;
                    Identifiers::note(tx)?;
                }
            }
            Ok::<_, RecordError>(())
        })?;
        Ok(if last.is_some() { Indexed::NotYet } else { Indexed::Whole })
    }
}
