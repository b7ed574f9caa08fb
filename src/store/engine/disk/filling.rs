//! The rows of a new store on their way into its tree.
//!
//! They come by the million and in the order of their keys. So a run of them is gathered and put behind all that is there at
//! once, which builds whole pages, instead of looking for each row's place.
//!
//! The engine sums up the pages of a commit at its end, and those that have left its memory by then are read again, opened, and
//! sealed and written a second time. So there are many commits, of which only the last is durable: nobody has the store until then.

use std::ops::Bound;

use ::redb::{CursorError, Database, Durability, WriteTransaction};

use super::pages::Pages;
use super::tree::store_error;
use super::view;
use crate::store::StoreError;
use crate::store::engine::Fill;
use crate::store::table::TableId;

/// The bytes of a run.
const RUN: usize = 1 << 20;
/// The bytes of rows of a commit: their pages have room in the engine's memory.
const COMMIT: usize = 4 << 20;

pub(super) struct Run<'t> {
    database: &'t Database,
    pages: &'t Pages,
    transaction: Option<WriteTransaction>,
    /// The bytes that the transaction has.
    since: usize,
    table: Option<TableId>,
    bytes: Vec<u8>,
    /// Where each row's key and value end.
    ends: Vec<(usize, usize)>,
}

impl<'t> Run<'t> {
    pub(super) const fn new(database: &'t Database, pages: &'t Pages) -> Self {
        Self { database, pages, transaction: None, since: 0, table: None, bytes: Vec::new(), ends: Vec::new() }
    }

    /// Puts what is left into the tree, and makes all of it durable.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        self.settle()?;
        self.make_durable().map_err(|error| store_error(error, self.pages.fault()))
    }

    fn make_durable(&mut self) -> Result<(), ::redb::Error> {
        let mut transaction = self.begun()?;
        transaction.set_quick_repair(true);
        Ok(transaction.commit()?)
    }

    /// Puts what is gathered into the tree.
    fn settle(&mut self) -> Result<(), StoreError> {
        let done = self.put_all().map_err(|error| store_error(error, self.pages.fault()));
        self.bytes.clear();
        self.ends.clear();
        done
    }

    fn put_all(&mut self) -> Result<(), ::redb::Error> {
        let Some(id) = self.table.filter(|_| !self.ends.is_empty()) else { return Ok(()) };
        let mut transaction = self.begun()?;
        self.put_into(&transaction, id)?;
        self.since += self.bytes.len();
        if self.since < COMMIT {
            self.transaction = Some(transaction);
            return Ok(());
        }
        transaction.set_durability(Durability::None)?;
        transaction.commit()?;
        self.since = 0;
        Ok(())
    }

    fn begun(&mut self) -> Result<WriteTransaction, ::redb::Error> {
        match self.transaction.take() {
            Some(transaction) => Ok(transaction),
            None => Ok(self.database.begin_write()?),
        }
    }

    fn put_into(&self, transaction: &WriteTransaction, id: TableId) -> Result<(), ::redb::Error> {
        let mut table = transaction.open_table(view::definition(id))?;
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
