//! How long one look may go on: asked at each row, and within a row for each so much that is read or compared.
//!
//! Every way through the indexes and every comparison asks here, so that neither a long index nor one large row nor a search
//! with many alternatives keeps others waiting.

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::error::RecordError;
use crate::base::{Ambient, Timestamp};
use crate::fhir::search::{Filter, GivenUp, SearchValue, Test, decide_while};
use crate::fhir::{Definitions, ResourceType};
use crate::store::{Direction, Keep, RawRange, Read, Rows, Stamp, StoreError, TableId};

/// After so many steps the clock is asked. A step is about one comparison: these take some tens of microseconds.
const STRIDE: usize = 4_096;
/// As how many steps a key or a row of the store counts that is read.
const OF_A_KEY: usize = 16;
/// How many bytes of a resource are about as dear to go through as one comparison.
const BYTES: usize = 16;

/// What one look may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spell {
    pub time: Duration,
    /// The largest row that is looked into, in bytes.
    pub row: usize,
}

/// The time of one look.
pub(super) struct Pace<'a> {
    /// None for the house's own looks, which it bounds itself.
    until: Option<(&'a Ambient, Timestamp, Spell)>,
    steps: Cell<usize>,
    is_over: Cell<bool>,
}

impl<'a> Pace<'a> {
    pub(super) const fn new(ambient: &'a Ambient, begun: Timestamp, spell: Spell) -> Self {
        Self { until: Some((ambient, begun, spell)), steps: Cell::new(0), is_over: Cell::new(false) }
    }

    pub(super) const fn unbounded() -> Self {
        Self { until: None, steps: Cell::new(0), is_over: Cell::new(false) }
    }

    /// Goes on while there is time.
    pub(super) fn go_on(&self) -> Result<(), RecordError> {
        if let Some((ambient, begun, spell)) = &self.until
            && ambient.now().duration_since(*begun).unsigned_abs() >= spell.time
        {
            self.is_over.set(true);
        }
        if self.is_over.get() { Err(RecordError::TooSlow) } else { Ok(()) }
    }

    /// Goes on to look into so many bytes of a row.
    pub(super) fn look_into(&self, bytes: usize) -> Result<(), RecordError> {
        if self.until.is_some_and(|(_, _, spell)| bytes > spell.row) {
            self.is_over.set(true);
        }
        self.go_on()
    }

    /// Goes on to go through a resource of so many bytes once more.
    pub(super) fn go_through(&self, bytes: usize) -> Result<(), RecordError> {
        if self.step(bytes / BYTES) { Ok(()) } else { Err(RecordError::TooSlow) }
    }

    /// Takes so many steps; whether there is time for more.
    pub(super) fn step(&self, steps: usize) -> bool {
        let taken = self.steps.get().saturating_add(steps);
        let asks = taken >= STRIDE;
        self.steps.set(if asks { 0 } else { taken });
        if asks { self.go_on().is_ok() } else { !self.is_over.get() }
    }

    /// Whether a resource passes a filter; `None` where it cannot say by itself.
    pub(super) fn decide(
        &self,
        kind: ResourceType,
        value: &Value,
        filter: &Filter,
    ) -> Result<Option<bool>, RecordError> {
        in_time(decide_while(Definitions::r4(), kind, value, filter, &|steps| self.step(steps)))
    }

    /// Whether a parameter's values pass a test; `None` where a terminology would have to say.
    pub(super) fn passes(&self, test: &Test, values: &[SearchValue]) -> Result<Option<bool>, RecordError> {
        in_time(test.passes_while(values, &|steps| self.step(steps)))
    }

    /// What went wrong, as who asked is told: what was called off here took too long.
    pub(super) fn error(&self, error: RecordError) -> RecordError {
        if self.is_over.get() { RecordError::TooSlow } else { error }
    }
}

fn in_time(compared: Result<Option<bool>, GivenUp>) -> Result<Option<bool>, RecordError> {
    compared.map_err(|GivenUp| RecordError::TooSlow)
}

/// The store, read at a pace: what is read when the time is over is [`StoreError::Stopping`].
pub(super) struct Paced<'a> {
    pub read: &'a dyn Read,
    pub pace: &'a Pace<'a>,
}

impl Read for Paced<'_> {
    fn raw_get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        if self.pace.step(OF_A_KEY) { self.read.raw_get(table, key) } else { Err(StoreError::Stopping) }
    }

    fn raw_scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError> {
        // What is left out is counted, too; where the time is over, the next row says so.
        let keep_in_time = Box::new(move |value: &[u8]| keep(value) || !self.pace.step(OF_A_KEY));
        let rows = self.read.raw_scan_if(table, range, direction, keep_in_time)?;
        Ok(Box::new(rows.map(|row| if self.pace.step(OF_A_KEY) { row } else { Err(StoreError::Stopping) })))
    }

    fn stamp(&self, table: TableId) -> Option<Stamp> {
        self.read.stamp(table)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::base::{Clock, SeededRandom};

    /// A clock that goes on by a millisecond each time that somebody looks.
    struct Asked(Arc<AtomicI64>);

    impl Clock for Asked {
        fn now(&self) -> Timestamp {
            Timestamp::from_millisecond(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
        }
    }

    #[test]
    fn the_clock_is_asked_at_each_row_and_within_one_for_so_much_that_is_compared() {
        let asked = Arc::new(AtomicI64::new(0));
        let ambient = Ambient::new(Asked(asked.clone()), SeededRandom::new(1));
        let spell = Spell { time: Duration::from_millis(3), row: 1_000 };
        let pace = Pace::new(&ambient, Timestamp::UNIX_EPOCH, spell);
        assert!(pace.look_into(10).is_ok());
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert!((1..STRIDE).all(|_| pace.step(1)));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert!(pace.step(1));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        assert!(pace.go_through(STRIDE * BYTES - BYTES).is_ok());
        assert!(pace.step(1));
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        assert!(matches!(pace.look_into(10), Err(RecordError::TooSlow)));
        assert!(!pace.step(0));
        let pace = Pace::new(&ambient, ambient.now(), spell);
        assert!(matches!(pace.look_into(1_001), Err(RecordError::TooSlow)));
        assert!(matches!(pace.error(RecordError::Damaged), RecordError::TooSlow));
    }
}
