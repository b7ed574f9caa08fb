//! The store at one record of the journal: the tree, and over it what is not in it yet.

use std::sync::Arc;

use bytes::Bytes;

use super::overlay::Overlay;
use super::view::DiskView;
use crate::store::StoreError;
use crate::store::engine::View;
use crate::store::engine::merge::merged;
use crate::store::read::{Direction, RawRange, Rows};
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

    fn scan(&self, table: TableId, range: &RawRange, direction: Direction) -> Result<Rows<'_>, StoreError> {
        let mut rows = self.tree.scan(table, range, direction)?;
        for overlay in self.older.iter().chain(std::iter::once(&self.newer)) {
            rows = merged(rows, overlay.scan(self.record, table, range, direction), direction);
        }
        Ok(rows)
    }
}
