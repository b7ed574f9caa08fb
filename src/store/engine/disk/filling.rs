//! The rows of a new store on their way into its tree.
//!
//! They come by the million and in the order of their keys. So a run of them is gathered and put behind all that is there at
//! once, which builds whole pages, instead of looking for each row's place.

use std::ops::Bound;

use ::redb::{CursorError, WriteTransaction};

use super::pages::Pages;
use super::tree::store_error;
use super::view;
use crate::store::StoreError;
use crate::store::engine::Fill;
use crate::store::table::TableId;

/// The bytes of a run.
const RUN: usize = 1 << 20;

pub(super) struct Run<'t> {
    transaction: &'t WriteTransaction,
    pages: &'t Pages,
    table: Option<TableId>,
    bytes: Vec<u8>,
    /// Where each row's key and value end.
    ends: Vec<(usize, usize)>,
}

impl<'t> Run<'t> {
    pub(super) const fn new(transaction: &'t WriteTransaction, pages: &'t Pages) -> Self {
        Self { transaction, pages, table: None, bytes: Vec::new(), ends: Vec::new() }
    }

    /// Puts what is gathered into the tree.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        let done = self.put_all().map_err(|error| store_error(error, self.pages.fault()));
        self.bytes.clear();
        self.ends.clear();
        done
    }

    fn put_all(&self) -> Result<(), ::redb::Error> {
        let Some(id) = self.table.filter(|_| !self.ends.is_empty()) else { return Ok(()) };
        let mut table = self.transaction.open_table(view::definition(id))?;
        let mut behind = table.upper_bound_mut(Bound::<&[u8]>::Unbounded)?;
        let mut placed = 0;
        for (key, value) in self.rows() {
            match behind.insert_before(key, value) {
                Ok(()) => placed += 1,
                Err(CursorError::UnorderedKey) => break,
                Err(error) => return Err(error.into()),
            }
        }
        behind.close()?;
        // What comes in another order finds its place one by one.
        for (key, value) in self.rows().skip(placed) {
            table.insert(key, value)?;
        }
        Ok(())
    }

    fn rows(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        starts
            .zip(&self.ends)
            .filter_map(|(start, (key, value))| Some((self.bytes.get(start..*key)?, self.bytes.get(*key..*value)?)))
    }
}

impl Fill for Run<'_> {
    fn put(&mut self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        if self.table != Some(table) || self.bytes.len() >= RUN {
            self.settle()?;
            self.table = Some(table);
        }
        self.bytes.extend_from_slice(key);
        let key = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push((key, self.bytes.len()));
        Ok(())
    }
}
