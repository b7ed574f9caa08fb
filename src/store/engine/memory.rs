//! The engine of tests: maps in memory, copied on write.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;

use super::{Changes, Each, Engine, View};
use crate::base::StoreId;
use crate::store::StoreError;
use crate::store::options::{DiskRoom, StoreStats};
use crate::store::read::{Direction, RawRange, Rows};
use crate::store::table::TableId;

type Map = BTreeMap<Vec<u8>, Bytes>;

#[derive(Default)]
pub(in crate::store) struct MemoryEngine {
    tables: RwLock<BTreeMap<TableId, Arc<Map>>>,
    /// As much room as a test says.
    pub(in crate::store) room: Arc<RwLock<DiskRoom>>,
    pub(in crate::store) fuse: Fuse,
}

/// Lets the n-th use of the engine from now on fail, once; 0 lets none.
#[derive(Clone, Default)]
pub(in crate::store) struct Fuse(pub(in crate::store) Arc<AtomicUsize>);

impl Fuse {
    fn burn(&self) -> Result<(), StoreError> {
        let before = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if before == Ok(1) { Err(StoreError::Io("on purpose".into())) } else { Ok(()) }
    }
}

struct MemoryView(BTreeMap<TableId, Arc<Map>>, Fuse);

impl Engine for MemoryEngine {
    fn snapshot(&self) -> Result<Arc<dyn View>, StoreError> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Arc::new(MemoryView(tables, self.fuse.clone())))
    }

    fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        if self.room() == DiskRoom::Full {
            return Err(StoreError::Full);
        }
        self.fuse.burn()?;
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        for (table, rows) in changes {
            let map = Arc::make_mut(tables.entry(*table).or_default());
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

    fn id(&self) -> StoreId {
        StoreId::from_bytes([0; 16])
    }

    fn close(&self) {}
}

impl View for MemoryView {
    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.1.burn()?;
        Ok(self.0.get(&table).and_then(|map| map.get(key)).cloned())
    }

    fn scan(&self, table: TableId, range: &RawRange, direction: Direction) -> Result<Rows<'_>, StoreError> {
        self.1.burn()?;
        let Some(map) = self.0.get(&table).filter(|_| !is_empty(range)) else {
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
        let Some(map) = self.0.get(&table) else { return Ok(()) };
        for (key, value) in map.range::<[u8], _>((start, Bound::Unbounded)) {
            if each(key, value).is_break() {
                break;
            }
        }
        Ok(())
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
