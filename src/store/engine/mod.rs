//! The seam behind the store: get, scan, commit. Private to this room.

pub(super) mod disk;
pub(super) mod memory;
pub(super) mod merge;

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;

use crate::base::StoreId;

use super::StoreError;
use super::options::{DiskRoom, StoreStats};
use super::outline::{Head, Outline, Part, RecordId};
use super::read::{Direction, Keep, RawRange, Rows};
use super::table::TableId;

/// Changes of one group: per table, sorted keys with their new value or none.
pub(super) type Changes = BTreeMap<TableId, BTreeMap<Vec<u8>, Option<Bytes>>>;

/// Something that keeps tables of bytes durably.
pub(super) trait Engine: Send + Sync + 'static {
    /// A view of the last commit.
    fn snapshot(&self) -> Result<Arc<dyn View>, StoreError>;
    /// Applies all of `changes`, or nothing; durable when it returns `Ok`. Called by one thread only.
    fn commit(&self, changes: &Changes) -> Result<(), StoreError>;
    /// Puts the rows of a store that nobody has yet: all are durable when it returns `Ok`. An error leaves nothing of
    /// use. `fill` is called once.
    fn fill(&self, fill: FillBy<'_>) -> Result<(), StoreError>;
    /// [`Engine::snapshot`], and from before that on a record of what changes, unless there is one already.
    fn survey(&self) -> Result<(Arc<dyn View>, Option<RecordId>), StoreError>;
    /// Keeps an outline of the survey's view, and marks in it what the record has. Ends the record. Answers whether it is kept: not
    /// one that says what is different from another than is there now, `over`.
    fn remember(&self, record: RecordId, over: Option<u64>, outline: &Outline) -> Result<bool, StoreError>;
    fn stop_recording(&self, record: RecordId);
    /// What the disk has room for now.
    fn room(&self) -> DiskRoom;
    /// Takes back what was given away of the space kept for reading, when there is room for it again.
    fn keep_reserve(&self) {}
    fn stats(&self) -> StoreStats;
    fn id(&self) -> StoreId;
    /// Whether nobody else writes behind it: what was read may then be kept in memory until this process writes.
    fn is_alone(&self) -> bool {
        false
    }
    /// Leaves the file as a clean stop does. What is asked afterwards is answered with `Stopping`.
    fn close(&self);
}

/// One commit's state.
pub(super) trait View: Send + Sync {
    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError>;
    /// As [`Read::raw_scan_if`](super::read::Read::raw_scan_if).
    fn scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError>;
    fn scan(&self, table: TableId, range: &RawRange, direction: Direction) -> Result<Rows<'_>, StoreError> {
        self.scan_if(table, range, direction, Box::new(|_| true))
    }
    /// Shows every row of a table from `start` on, in order and without a copy, until `each` says to break off.
    fn walk(&self, table: TableId, start: Bound<&[u8]>, each: Each<'_>) -> Result<(), StoreError>;
    /// How many rows a table has, counted by the engine as they come and go and not by walking them.
    fn count(&self, table: TableId) -> Result<u64, StoreError>;
    /// What somebody who read the whole store wanted to be remembered of all of it.
    fn outline_head(&self) -> Result<Option<Head>, StoreError>;
    /// What is remembered of a table, part by part, with what changed up to this commit.
    fn outline(&self, table: TableId) -> Result<Vec<Part>, StoreError>;
}

/// What is shown every row: its key and its value.
pub type Each<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// Takes the rows of a new store.
pub(super) trait Fill {
    fn put(&mut self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), StoreError>;
}

/// Whoever has the rows.
pub(super) type FillBy<'a> = &'a mut dyn FnMut(&mut dyn Fill) -> Result<(), StoreError>;
