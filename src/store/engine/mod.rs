//! The seam behind the store: get, scan, commit. Private to this room.

pub(super) mod memory;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::StoreError;
use super::read::{Direction, RawRange, Rows};
use super::table::TableId;

/// Changes of one group: per table, sorted keys with their new value or none.
pub(super) type Changes = BTreeMap<TableId, BTreeMap<Vec<u8>, Option<Bytes>>>;

/// Something that keeps tables of bytes durably.
pub(super) trait Engine: Send + Sync + 'static {
    /// A view of the last commit.
    fn snapshot(&self) -> Result<Arc<dyn View>, StoreError>;
    /// Applies all of `changes`, or nothing; durable when it returns `Ok`. Called by one thread only.
    fn commit(&self, changes: &Changes) -> Result<(), StoreError>;
}

/// One commit's state.
pub(super) trait View: Send + Sync {
    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError>;
    fn scan(&self, table: TableId, range: &RawRange, direction: Direction) -> Result<Rows<'_>, StoreError>;
}
