//! What somebody who reads the whole store remembers of it, range by range, so that the next reading passes over what did not
//! change.
//!
//! The reader says where its ranges begin and what it wants to know of each ([`Outline`]); the store keeps that beside its
//! tables, and *every commit of the engine marks, in itself, the ranges that it touches*. So there is no moment, a crash
//! included, at which a range was changed and does not say so. Nothing of it depends on a clock, on memory, or on what the
//! reader did with what it read. A store that is made anew, restored or copied remembers nothing, and is read whole.
//!
//! What changes while a reader is at work is recorded in memory from before its view was taken ([`Recorder`]), and becomes
//! marks in the same commit that keeps the new outline. A reader that does not get that far leaves the outline before it as it
//! was, with its marks.
//!
//! A mark may stand where nothing changed: a row that was written again as it was, say. The other way round never.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::engine::Engine;
use super::{Snapshot, StoreError, TableId};

/// What is remembered of one range of a table: from its start to the next one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The first key that may be in it. The table's first part begins with the empty key.
    pub start: Vec<u8>,
    /// What the reader wanted to know of it.
    pub note: Vec<u8>,
    pub state: PartState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartState {
    /// Every row in it is as it was, and there is none more.
    Same,
    /// Something in it may have been written or deleted.
    Touched,
}

/// What is to be remembered.
#[derive(Debug, Default)]
pub struct Outline {
    /// Of all of it: the reader's own.
    pub head: Vec<u8>,
    /// Parts by table and start, with their notes; none for one that is no part any more.
    pub parts: BTreeMap<TableId, BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
    pub besides: Besides,
}

/// What becomes of remembered parts that an outline does not name.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Besides {
    /// They stay: the outline says what is different from the one that the survey saw.
    #[default]
    Stay,
    Go,
}

/// What is remembered of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Each outline has another number.
    pub(super) number: u64,
    /// The reader's own words.
    pub(super) own: Vec<u8>,
}

/// A view of the store, what is remembered of it, and a record of what changes from now on.
pub struct Survey {
    pub view: Snapshot,
    engine: Arc<dyn Engine>,
    /// None while another reader is at work: this one cannot have anything remembered.
    record: Option<RecordId>,
}

/// Whose record it is: one reader at a time has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordId(u64);

impl Survey {
    pub(super) fn begin(engine: Arc<dyn Engine>) -> Result<Self, StoreError> {
        let (view, record) = engine.survey()?;
        Ok(Self { view: Snapshot { view, since: None }, engine, record })
    }

    /// The reader's own words of what is remembered; none when nothing is.
    pub fn head(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.view.view.outline_head()?.map(|head| head.own))
    }

    /// The parts of a table, in the order of their starts.
    pub fn parts(&self, table: TableId) -> Result<Vec<Part>, StoreError> {
        self.view.view.outline(table)
    }

    /// Keeps what this reader wants to be remembered of its view. Answers whether it is: not when another reader was at work,
    /// when another outline was kept than this survey saw, or when the disk is almost full.
    pub fn remember(self, outline: &Outline) -> Result<bool, StoreError> {
        match self.record {
            Some(record) if self.engine.room().takes_writes() => {
                let over = self.view.view.outline_head()?.map(|head| head.number);
                self.engine.remember(record, over, outline)
            }
            _ => Ok(false),
        }
    }
}

impl Drop for Survey {
    fn drop(&mut self) {
        if let Some(record) = self.record {
            self.engine.stop_recording(record);
        }
    }
}

/// The most bytes of keys that are recorded: beyond that whole tables are.
const MOST: usize = 8 << 20;

/// The keys that were changed since a reader began.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    keys: BTreeMap<TableId, BTreeSet<Vec<u8>>>,
    bytes: usize,
    whole: BTreeSet<TableId>,
}

impl Recorder {
    pub(super) fn add(&mut self, table: TableId, key: &[u8]) {
        if self.whole.contains(&table) {
            return;
        }
        let keys = self.keys.entry(table).or_default();
        if keys.insert(key.to_vec()) {
            // What a set of short keys takes beside them.
            self.bytes += key.len() + 48;
        }
        while self.bytes > MOST {
            let size = |keys: &BTreeSet<Vec<u8>>| keys.iter().map(|key| key.len() + 48).sum::<usize>();
            let Some((largest, bytes)) =
                self.keys.iter().map(|(table, keys)| (*table, size(keys))).max_by_key(|(_, bytes)| *bytes)
            else {
                return;
            };
            self.keys.remove(&largest);
            self.whole.insert(largest);
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }

    /// Each key that was changed, and each table of which any may have been.
    pub(super) fn each<E>(
        &self,
        mut key: impl FnMut(TableId, &[u8]) -> Result<(), E>,
        whole: impl FnMut(&TableId) -> Result<(), E>,
    ) -> Result<(), E> {
        for (table, keys) in &self.keys {
            keys.iter().try_for_each(|one| key(*table, one))?;
        }
        self.whole.iter().try_for_each(whole)
    }
}

/// The one record that there may be.
#[derive(Debug, Default)]
pub(super) struct Desk {
    recorder: Mutex<Option<(RecordId, Recorder)>>,
    next: AtomicU64,
}

impl Desk {
    /// Begins a record, if there is none.
    pub(super) fn begin(&self) -> Option<RecordId> {
        let mut recorder = self.lock();
        if recorder.is_some() {
            return None;
        }
        let id = RecordId(self.next.fetch_add(1, Ordering::Relaxed));
        *recorder = Some((id, Recorder::default()));
        Some(id)
    }

    /// Ends a record and answers with it; none if it has ended already.
    pub(super) fn take(&self, id: RecordId) -> Option<Recorder> {
        self.lock().take_if(|(held, _)| *held == id).map(|(_, recorder)| recorder)
    }

    /// Adds a key to the record, if there is one.
    pub(super) fn add(&self, table: TableId, key: &[u8]) {
        if let Some((_, recorder)) = &mut *self.lock() {
            recorder.add(table, key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(RecordId, Recorder)>> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A part's key among those of all tables.
pub(super) fn place(table: TableId, start: &[u8]) -> Vec<u8> {
    [&[table.number()], start].concat()
}

/// Parts in which a key lies become touched. Both are in key order.
pub(super) fn touch_all<'a>(parts: &mut [Part], keys: impl Iterator<Item = &'a [u8]>) {
    let mut at = 0;
    for key in keys {
        while parts.get(at + 1).is_some_and(|next| next.start.as_slice() <= key) {
            at += 1;
        }
        if let Some(part) = parts.get_mut(at) {
            part.state = PartState::Touched;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tables;

    #[test]
    fn what_is_too_much_to_record_key_by_key_is_recorded_as_a_whole_table() {
        let mut recorder = Recorder::default();
        recorder.add(tables::META, b"one");
        for at in 0..200_000_u32 {
            recorder.add(tables::TEST, &at.to_be_bytes());
        }
        let (mut keys, mut whole) = (Vec::new(), Vec::new());
        let all = recorder.each(
            |table, key| {
                keys.push((table, key.to_vec()));
                Ok::<_, ()>(())
            },
            |table| {
                whole.push(*table);
                Ok(())
            },
        );
        all.unwrap();
        assert_eq!((keys, whole), (vec![(tables::META, b"one".to_vec())], vec![tables::TEST]));
        assert!(recorder.bytes < 1000, "{}", recorder.bytes);
    }

    #[test]
    fn a_key_touches_the_part_that_it_lies_in_and_no_other() {
        let part = |start: &[u8]| Part { start: start.to_vec(), note: vec![], state: PartState::Same };
        let mut parts = vec![part(b""), part(b"d"), part(b"g"), part(b"m")];
        touch_all(&mut parts, [&b"a"[..], b"b", b"g", b"lz"].into_iter());
        let touched: Vec<bool> = parts.iter().map(|part| part.state == PartState::Touched).collect();
        assert_eq!(touched, [true, false, true, false]);
        touch_all(&mut parts, [&b"zzz"[..]].into_iter());
        assert_eq!(parts[3].state, PartState::Touched);
        touch_all(&mut [], [&b"zzz"[..]].into_iter());
    }
}
