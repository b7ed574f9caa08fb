//! The store at one record of the journal: the tree, and over it what is not in it yet.

use std::iter::Peekable;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;

use super::overlay::{Overlay, Scan};
use super::view::DiskView;
use crate::store::StoreError;
use crate::store::engine::merge::merged;
use crate::store::engine::{Each, View};
use crate::store::outline::{Head, Part, touch_all};
use crate::store::read::{Direction, Keep, RawRange, Rows};
use crate::store::table::TableId;

pub(super) struct Layered {
    pub(super) tree: Arc<DiskView>,
    /// What is on its way into the tree.
    pub(super) older: Option<Arc<Overlay>>,
    pub(super) newer: Arc<Overlay>,
    /// Later records are not seen.
    pub(super) record: u64,
}

impl View for Layered {
    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        for overlay in std::iter::once(&self.newer).chain(&self.older) {
            if let Some(row) = overlay.get(self.record, table, key) {
                return Ok(row);
            }
        }
        self.tree.get(table, key)
    }

    fn scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError> {
        // What the tree leaves out stays out, or stands in an overlay as it is now.
        let mut rows = self.tree.scan_if(table, range, direction, keep)?;
        for overlay in self.older.iter().chain(std::iter::once(&self.newer)) {
            rows = merged(rows, overlay.scan(self.record, table, range, direction), direction);
        }
        Ok(rows)
    }

    fn walk(&self, table: TableId, start: Bound<&[u8]>, each: Each<'_>) -> Result<(), StoreError> {
        let range = (start.map(<[u8]>::to_vec), Bound::Unbounded);
        let mut above = self.above(table, &range);
        let mut flow = ControlFlow::Continue(());
        self.tree.walk(table, start, &mut |key, value| {
            // What was changed comes before the row, or in its place.
            flow = above.up_to(Some(key), each);
            let hidden = above.take_if(|changed| changed == key);
            flow = match (flow, hidden) {
                (ControlFlow::Break(()), _) => return flow,
                (_, Some((_, None))) => ControlFlow::Continue(()),
                (_, Some((key, Some(value)))) => each(&key, &value),
                (_, None) => each(key, value),
            };
            flow
        })?;
        if flow.is_continue() {
            // Whoever breaks off now breaks off at the end.
            let _ = above.up_to(None, each);
        }
        Ok(())
    }

    fn count(&self, table: TableId) -> Result<u64, StoreError> {
        let mut count = self.tree.count(table)?;
        let mut above = self.above(table, &(Bound::Unbounded, Bound::Unbounded));
        while let Some((key, value)) = above.take_if(|_| true) {
            match (self.tree.get(table, &key)?.is_some(), value.is_some()) {
                (false, true) => count += 1,
                (true, false) => count = count.saturating_sub(1),
                _ => {}
            }
        }
        Ok(count)
    }

    fn outline_head(&self) -> Result<Option<Head>, StoreError> {
        self.tree.outline_head()
    }

    fn outline(&self, table: TableId) -> Result<Vec<Part>, StoreError> {
        let mut parts = self.tree.outline(table)?;
        if !parts.is_empty() {
            let mut above = self.above(table, &(Bound::Unbounded, Bound::Unbounded));
            let keys: Vec<Bytes> = std::iter::from_fn(|| above.take_if(|_| true).map(|(key, _)| key)).collect();
            touch_all(&mut parts, keys.iter().map(Bytes::as_ref));
        }
        Ok(parts)
    }
}

impl Layered {
    fn above(&self, table: TableId, range: &RawRange) -> Above<'_> {
        let older = self.older.as_ref().map(|rows| rows.scan(self.record, table, range, Direction::Up).peekable());
        Above { older, newer: self.newer.scan(self.record, table, range, Direction::Up).peekable() }
    }
}

/// The changed rows of both overlays, in key order; the newer wins.
struct Above<'a> {
    older: Option<Peekable<Scan<'a>>>,
    newer: Peekable<Scan<'a>>,
}

impl Above<'_> {
    /// The next changed row, if its key is as asked.
    fn take_if(&mut self, asked: impl Fn(&[u8]) -> bool) -> Option<(Bytes, Option<Bytes>)> {
        let older = self.older.as_mut().and_then(|rows| rows.peek().map(|(key, _)| key.clone()));
        let newer = self.newer.peek().map(|(key, _)| key.clone());
        let first = match (&older, &newer) {
            (Some(older), Some(newer)) => older.min(newer),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => return None,
        };
        if !asked(first) {
            return None;
        }
        let from_older = self.older.as_mut().and_then(|rows| rows.next_if(|(key, _)| key == first));
        self.newer.next_if(|(key, _)| key == first).or(from_older)
    }

    /// Shows the changed rows that are before `end`.
    fn up_to(&mut self, end: Option<&[u8]>, each: Each<'_>) -> ControlFlow<()> {
        while let Some((key, value)) = self.take_if(|key| end.is_none_or(|end| key < end)) {
            if let Some(value) = value {
                each(&key, &value)?;
            }
        }
        ControlFlow::Continue(())
    }
}
