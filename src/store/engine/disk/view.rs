//! One commit's state, read through tables that are looked up once.

use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use ::redb::{Key, ReadOnlyTable, ReadTransaction, ReadableTableMetadata, TableDefinition, TableError, Value};
use bytes::Bytes;

use super::outline::{self, OUTLINE, TOUCHED};
use super::pages::{Fault, Pages};
use super::tree::{APPLIED, damaged_by_panic, store_error};
use crate::store::StoreError;
use crate::store::engine::memory::is_empty;
use crate::store::engine::{Each, View};
use crate::store::outline::{Head, Part};
use crate::store::read::{Direction, Keep, RawRange, Rows};
use crate::store::table::TableId;

type Table = ReadOnlyTable<&'static [u8], &'static [u8]>;

pub(super) struct DiskView {
    transaction: ReadTransaction,
    pages: Pages,
    /// By table number: none yet, or a table, or that there is no such table in this commit.
    tables: Vec<OnceLock<Option<Box<Table>>>>,
}

impl DiskView {
    pub(super) fn new(transaction: ReadTransaction, pages: Pages) -> Self {
        let tables = std::iter::repeat_with(OnceLock::new).take(usize::from(u8::MAX) + 1).collect();
        Self { transaction, pages, tables }
    }

    fn table(&self, id: TableId) -> Result<Option<&Table>, StoreError> {
        let Some(place) = self.tables.get(usize::from(id.number())) else { return Ok(None) };
        if let Some(table) = place.get() {
            return Ok(table.as_deref());
        }
        let opened = match self.transaction.open_table(definition(id)) {
            Ok(table) => Some(Box::new(table)),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(self.error(error.into())),
        };
        Ok(place.get_or_init(|| opened).as_deref())
    }

    /// A table of the engine's own.
    fn own<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<Option<ReadOnlyTable<K, V>>, StoreError> {
        match self.transaction.open_table(definition) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(self.error(error.into())),
        }
    }

    fn error(&self, error: ::redb::Error) -> StoreError {
        store_error(error, self.pages.fault())
    }

    /// The engine asserts what a changed file may not hold; that is damage, not the end of the process.
    fn guarded<T>(&self, read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
            self.pages.set_fault(Fault::Unreadable { page: 0 });
            Err(damaged_by_panic(&*panic))
        })
    }
}

pub(super) const fn definition(id: TableId) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(id.name())
}

impl View for DiskView {
    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.guarded(|| {
            let Some(table) = self.table(table)? else { return Ok(None) };
            let found = table.get(key).map_err(|error| self.error(error.into()))?;
            Ok(found.map(|value| Bytes::copy_from_slice(value.value())))
        })
    }

    fn scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError> {
        let opened = self.guarded(|| {
            let Some(table) = self.table(table)?.filter(|_| !is_empty(range)) else { return Ok(None) };
            let bounds = (borrowed(&range.0), borrowed(&range.1));
            table.range::<&[u8]>(bounds).map(Some).map_err(|error| self.error(error.into()))
        })?;
        let Some(rows) = opened else { return Ok(Box::new(std::iter::empty())) };
        Ok(Box::new(Scan { view: self, rows: Some(rows), direction, keep }))
    }

    fn walk(&self, table: TableId, start: Bound<&[u8]>, each: Each<'_>) -> Result<(), StoreError> {
        self.guarded(|| {
            let Some(table) = self.table(table)? else { return Ok(()) };
            let rows = table.range::<&[u8]>((start, Bound::Unbounded)).map_err(|error| self.error(error.into()))?;
            for row in rows {
                let (key, value) = row.map_err(|error| self.error(error.into()))?;
                if each(key.value(), value.value()).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn count(&self, table: TableId) -> Result<u64, StoreError> {
        self.guarded(|| {
            let Some(table) = self.table(table)? else { return Ok(0) };
            table.len().map_err(|error| self.error(error.into()))
        })
    }

    fn outline_head(&self) -> Result<Option<Head>, StoreError> {
        self.guarded(|| {
            let Some(rows) = self.own(OUTLINE)? else { return Ok(None) };
            let applied = match self.own(APPLIED)? {
                Some(applied) => {
                    applied.get(()).map_err(|error| self.error(error.into()))?.map_or(0, |row| row.value())
                }
                None => 0,
            };
            outline::head(&rows, applied).map_err(|error| self.error(error))
        })
    }

    fn outline(&self, table: TableId) -> Result<Vec<Part>, StoreError> {
        self.guarded(|| {
            let Some(rows) = self.own(OUTLINE)? else { return Ok(Vec::new()) };
            outline::parts(&rows, self.own(TOUCHED)?.as_ref(), table).map_err(|error| self.error(error))
        })
    }
}

fn borrowed(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

struct Scan<'a> {
    view: &'a DiskView,
    /// None after the end or an error.
    rows: Option<::redb::Range<'static, &'static [u8], &'static [u8]>>,
    direction: Direction,
    keep: Keep<'a>,
}

impl Iterator for Scan<'_> {
    type Item = Result<(Bytes, Bytes), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut rows = self.rows.take()?;
        let next = self.view.guarded(|| {
            loop {
                let row = match self.direction {
                    Direction::Up => rows.next(),
                    Direction::Down => rows.next_back(),
                };
                let row = row.transpose().map_err(|error| self.view.error(error.into()))?;
                let Some((key, value)) = row else { return Ok(None) };
                if (self.keep)(value.value()) {
                    return Ok(Some((Bytes::copy_from_slice(key.value()), Bytes::copy_from_slice(value.value()))));
                }
            }
        });
        if matches!(next, Ok(Some(_))) {
            self.rows = Some(rows);
        }
        next.transpose()
    }
}
