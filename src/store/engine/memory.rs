//! The engine of tests: maps in memory, copied on write.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;

use super::{Changes, Each, Engine, Fill, FillBy, View};
use crate::base::StoreId;
use crate::store::StoreError;
use crate::store::options::{DiskRoom, StoreStats};
use crate::store::outline::{Besides, Desk, Head, Outline, Part, PartState, RecordId};
use crate::store::read::{Direction, Keep, RawRange, Rows};
use crate::store::table::TableId;

type Map = BTreeMap<Vec<u8>, Bytes>;

#[derive(Default)]
pub(in crate::store) struct MemoryEngine {
    state: RwLock<State>,
    desk: Desk,
    /// As much room as a test says.
    pub(in crate::store) room: Arc<RwLock<DiskRoom>>,
    pub(in crate::store) fuse: Fuse,
}

impl MemoryEngine {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the n-th use of the engine from now on fail, once, or all from there on with [`Fuse::FOR_GOOD`]; 0 lets none.
#[derive(Clone, Default)]
pub(in crate::store) struct Fuse(pub(in crate::store) Arc<AtomicUsize>);

impl Fuse {
    pub(in crate::store) const FOR_GOOD: usize = 1 << 40;

    fn burn(&self) -> Result<(), StoreError> {
        let before = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
            0 => None,
            left if left == Self::FOR_GOOD + 1 => Some(left),
            left => Some(left - 1),
        });
        let burnt = before.is_ok_and(|left| left % Self::FOR_GOOD == 1);
        if burnt { Err(StoreError::Io("on purpose".into())) } else { Ok(()) }
    }
}

#[derive(Clone, Default)]
struct State {
    tables: BTreeMap<TableId, Arc<Map>>,
    /// What is remembered: its head, and its parts by table and start.
    head: Option<Head>,
    parts: BTreeMap<TableId, Arc<BTreeMap<Vec<u8>, Part>>>,
}

impl State {
    fn touch(&mut self, table: TableId, key: &[u8]) {
        let Some(parts) = self.parts.get_mut(&table) else { return };
        let part = parts.range::<[u8], _>((Bound::Unbounded, Bound::Included(key))).next_back();
        let Some(start) = part.filter(|(_, part)| part.state == PartState::Same).map(|(start, _)| start.clone()) else {
            return;
        };
        if let Some(part) = Arc::make_mut(parts).get_mut(&start) {
            part.state = PartState::Touched;
        }
    }
}

struct MemoryView(State, Fuse);

impl Engine for MemoryEngine {
    fn snapshot(&self) -> Result<Arc<dyn View>, StoreError> {
        Ok(Arc::new(MemoryView(self.read().clone(), self.fuse.clone())))
    }

    fn fill(&self, fill: FillBy<'_>) -> Result<(), StoreError> {
        let mut changes = Changes::new();
        fill(&mut changes)?;
        self.commit(&changes)
    }

    fn survey(&self) -> Result<(Arc<dyn View>, Option<RecordId>), StoreError> {
        // A commit is as a whole before the view and in it, or after the record was begun.
        let state = self.write();
        let record = self.desk.begin();
        Ok((Arc::new(MemoryView(state.clone(), self.fuse.clone())), record))
    }

    fn remember(&self, record: RecordId, over: Option<u64>, outline: &Outline) -> Result<bool, StoreError> {
        self.fuse.burn()?;
        let mut state = self.write();
        let recorded = self.desk.take(record).ok_or(StoreError::Stopping)?;
        let number = state.head.as_ref().map(|head| head.number);
        match outline.besides {
            Besides::Go => state.parts.clear(),
            Besides::Stay if number != over => return Ok(false),
            Besides::Stay => {}
        }
        state.head = Some(Head { number: number.unwrap_or(0) + 1, own: outline.head.clone() });
        for (table, changes) in &outline.parts {
            let parts = Arc::make_mut(state.parts.entry(*table).or_default());
            for (start, note) in changes {
                match note {
                    Some(note) => {
                        let part = Part { start: start.clone(), note: note.clone(), state: PartState::Same };
                        parts.insert(start.clone(), part)
                    }
                    None => parts.remove(start),
                };
            }
        }
        for parts in state.parts.values_mut() {
            Arc::make_mut(parts).values_mut().for_each(|part| part.state = PartState::Same);
        }
        let state = std::cell::RefCell::new(&mut *state);
        recorded
            .each(
                |table, key| {
                    state.borrow_mut().touch(table, key);
                    Ok(())
                },
                |table| {
                    if let Some(parts) = state.borrow_mut().parts.get_mut(table) {
                        Arc::make_mut(parts).values_mut().for_each(|part| part.state = PartState::Touched);
                    }
                    Ok(())
                },
            )
            .map(|()| true)
    }

    fn stop_recording(&self, record: RecordId) {
        self.desk.take(record);
    }

    fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        if self.room() == DiskRoom::Full {
            return Err(StoreError::Full);
        }
        self.fuse.burn()?;
        let mut state = self.write();
        for (table, rows) in changes {
            for key in rows.keys() {
                state.touch(*table, key);
                self.desk.add(*table, key);
            }
            let map = Arc::make_mut(state.tables.entry(*table).or_default());
            for (key, value) in rows {
                match value {
                    Some(value) => map.insert(key.clone(), value.clone()),
                    None => map.remove(key),
                };
            }
        }
        Ok(())
    }

    fn room(&self) -> DiskRoom {
        *self.room.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn stats(&self) -> StoreStats {
        StoreStats { room: self.room(), ..StoreStats::default() }
    }

    fn is_alone(&self) -> bool {
        true
    }

    fn id(&self) -> StoreId {
        StoreId::from_bytes([0; 16])
    }

    fn close(&self) {}
}

impl Fill for Changes {
    fn put(&mut self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.entry(table).or_default().insert(key.to_vec(), Some(Bytes::copy_from_slice(value)));
        Ok(())
    }
}

impl View for MemoryView {
    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.1.burn()?;
        Ok(self.0.tables.get(&table).and_then(|map| map.get(key)).cloned())
    }

    fn scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        _keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError> {
        self.1.burn()?;
        let Some(map) = self.0.tables.get(&table).filter(|_| !is_empty(range)) else {
            return Ok(Box::new(std::iter::empty()));
        };
        let rows = map.range::<Vec<u8>, _>((range.0.as_ref(), range.1.as_ref()));
        let rows = rows.map(|(key, value)| Ok((Bytes::copy_from_slice(key), value.clone())));
        Ok(match direction {
            Direction::Up => Box::new(rows),
            Direction::Down => Box::new(rows.rev()),
        })
    }

    fn walk(&self, table: TableId, start: Bound<&[u8]>, each: Each<'_>) -> Result<(), StoreError> {
        self.1.burn()?;
        let Some(map) = self.0.tables.get(&table) else { return Ok(()) };
        for (key, value) in map.range::<[u8], _>((start, Bound::Unbounded)) {
            if each(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn count(&self, table: TableId) -> Result<u64, StoreError> {
        self.1.burn()?;
        Ok(self.0.tables.get(&table).map_or(0, |map| map.len() as u64))
    }

    fn outline_head(&self) -> Result<Option<Head>, StoreError> {
        self.1.burn()?;
        Ok(self.0.head.clone())
    }

    fn outline(&self, table: TableId) -> Result<Vec<Part>, StoreError> {
        self.1.burn()?;
        Ok(self.0.parts.get(&table).map(|parts| parts.values().cloned().collect()).unwrap_or_default())
    }
}

/// `BTreeMap::range` panics on bounds that are the wrong way round; for us they hold nothing.
pub(in crate::store) fn is_empty<K: PartialOrd>((start, end): &(Bound<K>, Bound<K>)) -> bool {
    match (start, end) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(a), Bound::Included(b)) => a > b,
        (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) => a >= b,
    }
}
