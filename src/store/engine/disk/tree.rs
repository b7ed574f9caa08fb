//! The tree: redb over sealed pages ([`super::pages`]), and what goes on after an error.
//!
//! Every commit is redb's two-phase commit with the allocator's state in it (`set_quick_repair`): the open
//! after a crash walks nothing, and no page that a crash tore is read. Each says up to which record of the
//! journal ([`super::journal`]) it goes. What a failed commit means is decided here, from the first thing that went
//! wrong below ([`Fault`]):
//!
//! - no space: nothing of it is kept; the file is opened again for reading only, and for writing at the next
//!   commit that finds space;
//! - a page that does not open: whoever asked for it hears so, and the file is opened again for the others;
//! - a failed write or sync: nothing is read or written any more until the process starts again, because
//!   what the system's cache shows may not be on the disk.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ::redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::filling::Run;
use super::medium::Medium;
use super::outline::{self, Marks};
use super::overlay::{Overlay, Row};
use super::pages::{Fault, Meter, Pages, Sealing, Use};
use super::view::{self, DiskView};
use super::{Commit, header};
use crate::store::StoreError;
use crate::store::engine::{Changes, FillBy};
use crate::store::options::{OpenCheck, StoreOptions};
use crate::store::outline::{Desk, Outline, RecordId};
use crate::store::table::TableId;

/// The engine's own: one row, the number of the last record of the journal that is in the tree.
pub(super) const APPLIED: TableDefinition<'static, (), u64> = TableDefinition::new("journal");

pub(super) struct Tree {
    medium: Arc<dyn Medium>,
    sealing: Sealing,
    options: StoreOptions,
    meter: Arc<Meter>,
    state: RwLock<State>,
    /// What changes is recorded here while somebody reads all.
    pub(super) desk: Desk,
}

enum State {
    Running(Running),
    /// Why nothing works any more.
    Stopped(StoreError),
}

struct Running {
    database: Database,
    pages: Pages,
}

/// What one commit puts into the tree.
#[derive(Clone, Copy)]
pub(super) enum Batch<'a> {
    /// One group.
    Group(&'a Changes),
    /// What several groups left.
    Overlay(&'a Overlay),
}

impl Batch<'_> {
    fn all<E>(
        self,
        mut each: impl FnMut(TableId, &mut dyn Iterator<Item = Row<'_>>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Overlay(overlay) => overlay.all(each),
            Self::Group(changes) => changes.iter().try_for_each(|(table, rows)| {
                each(*table, &mut rows.iter().map(|(key, value)| (key.as_slice(), value.as_deref())))
            }),
        }
    }
}

impl Tree {
    /// A tree in a file that has a label and nothing else.
    pub(super) fn fresh(
        medium: Arc<dyn Medium>,
        sealing: Sealing,
        options: &StoreOptions,
        meter: Arc<Meter>,
    ) -> Result<Self, StoreError> {
        let running = start(Pages::fresh(medium.clone(), sealing.clone(), meter.clone()), options)?;
        Ok(Self::over(medium, sealing, options, meter, running))
    }

    /// The tree of a file. On a full disk it is opened for reading only.
    pub(super) fn open(
        medium: Arc<dyn Medium>,
        sealing: Sealing,
        options: &StoreOptions,
        meter: Arc<Meter>,
    ) -> Result<Self, StoreError> {
        let running = match reopen(&medium, &sealing, &meter, options, Use::ReadWrite) {
            Err(StoreError::Full) => reopen(&medium, &sealing, &meter, options, Use::ReadOnly)?,
            other => other?,
        };
        Ok(Self::over(medium, sealing, options, meter, running))
    }

    fn over(
        medium: Arc<dyn Medium>,
        sealing: Sealing,
        options: &StoreOptions,
        meter: Arc<Meter>,
        running: Running,
    ) -> Self {
        let (options, state) = (options.clone(), RwLock::new(State::Running(running)));
        Self { medium, sealing, options, meter, state, desk: Desk::default() }
    }

    /// The state of the last commit.
    pub(super) fn view(&self) -> Result<Arc<DiskView>, StoreError> {
        self.recover()?;
        let state = self.read_state();
        let Running { database, pages } = state.running()?;
        let begun = catch_unwind(AssertUnwindSafe(|| database.begin_read()));
        let transaction = begun
            .map_err(|panic| damaged_by_panic(&*panic))?
            .map_err(|error| store_error(error.into(), pages.fault()))?;
        Ok(Arc::new(DiskView::new(transaction, pages.clone())))
    }

    /// The last record of the journal that is in the tree.
    pub(super) fn applied(&self) -> Result<u64, StoreError> {
        self.recover()?;
        let state = self.read_state();
        let Running { database, pages } = state.running()?;
        let read = || -> Result<u64, ::redb::Error> {
            match database.begin_read()?.open_table(APPLIED) {
                Ok(table) => Ok(table.get(())?.map_or(0, |number| number.value())),
                Err(::redb::TableError::TableDoesNotExist(_)) => Ok(0),
                Err(error) => Err(error.into()),
            }
        };
        let read = catch_unwind(AssertUnwindSafe(read)).map_err(|panic| damaged_by_panic(&*panic))?;
        read.map_err(|error| store_error(error, pages.fault()))
    }

    /// Puts all of `batch` in, up to and with `record` of the journal, or nothing; durable when it returns `Ok`.
    pub(super) fn commit(&self, batch: Batch<'_>, record: u64, how: Commit) -> Result<(), StoreError> {
        self.thaw()?;
        let result = self.try_commit(batch, record, how);
        if result.is_ok() {
            return result;
        }
        self.recover()?;
        // A reader's error may have stopped a commit that had got through.
        if self.applied()? >= record {
            return Ok(());
        }
        if matches!(result, Err(StoreError::Full)) { result } else { self.try_commit(batch, record, how) }
    }

    /// Applies `batch` once, to whatever runs now.
    fn try_commit(&self, batch: Batch<'_>, record: u64, how: Commit) -> Result<(), StoreError> {
        let state = self.read_state();
        let Running { database, pages } = state.running()?;
        if pages.is_frozen() {
            return Err(StoreError::Full);
        }
        let applied = catch_unwind(AssertUnwindSafe(|| apply(database, batch, record, how, &self.desk)));
        applied
            .unwrap_or_else(|panic| {
                pages.set_fault(Fault::Broken);
                Err(::redb::Error::Corrupted(panic_text(&*panic)))
            })
            .map_err(|error| store_error(error, pages.fault()))
    }

    /// Puts the rows of a new store in; all of them are durable when it returns `Ok`, and the store is worth nothing when it does not.
    pub(super) fn fill(&self, fill: FillBy<'_>) -> Result<(), StoreError> {
        let state = self.read_state();
        let Running { database, pages } = state.running()?;
        let put = || -> Result<(), StoreError> {
            let mut run = Run::new(database, pages);
            fill(&mut run)?;
            run.finish()
        };
        catch_unwind(AssertUnwindSafe(put)).unwrap_or_else(|panic| {
            pages.set_fault(Fault::Broken);
            Err(damaged_by_panic(&*panic))
        })
    }

    /// Keeps an outline of a view and marks in it what was recorded since, or leaves what is remembered as it is.
    pub(super) fn remember(&self, of: RecordId, over: Option<u64>, outline: &Outline) -> Result<bool, StoreError> {
        self.recover()?;
        let state = self.read_state();
        let Running { database, pages } = state.running()?;
        if pages.is_frozen() {
            return Err(StoreError::Full);
        }
        let keep = || -> Result<bool, Refused> {
            // Nothing else goes into the tree until this is done.
            let mut transaction = database.begin_write().map_err(::redb::Error::from)?;
            transaction.set_quick_repair(true);
            let recorded = self.desk.take(of).ok_or(Refused::NoRecord)?;
            let applied = transaction.open_table(APPLIED).map_err(::redb::Error::from)?;
            let record = applied.get(()).map_err(::redb::Error::from)?.map_or(0, |number| number.value());
            drop(applied);
            let kept = outline::remember(&transaction, over, outline, &recorded, record)?;
            if kept {
                transaction.commit().map_err(::redb::Error::from)?;
            }
            Ok(kept)
        };
        let kept = catch_unwind(AssertUnwindSafe(keep));
        kept.unwrap_or_else(|panic| {
            pages.set_fault(Fault::Broken);
            Err(Refused::Engine(::redb::Error::Corrupted(panic_text(&*panic))))
        })
        .map_err(|refused| match refused {
            Refused::NoRecord => StoreError::Stopping,
            Refused::Engine(error) => store_error(error, pages.fault()),
        })
    }

    /// Whether something went wrong since it was last opened.
    pub(super) fn is_well(&self) -> bool {
        self.read_state().running().is_ok_and(|running| running.pages.fault().is_none())
    }

    /// Nothing may be read or written any more: something that was written may not be on the disk.
    pub(super) fn break_off(&self) {
        if let Ok(running) = self.read_state().running() {
            running.pages.set_fault(Fault::Broken);
        }
    }

    /// Makes what can go on go on after an error. Does nothing when all is well.
    pub(super) fn recover(&self) -> Result<(), StoreError> {
        if self.read_state().running()?.pages.fault().is_none() {
            return Ok(());
        }
        let mut state = self.write_state();
        let Running { pages, .. } = state.running()?;
        let use_as = match pages.fault() {
            None => return Ok(()),
            Some(Fault::Full) => Use::ReadOnly,
            Some(Fault::Unreadable { .. }) if pages.is_frozen() => Use::ReadOnly,
            Some(Fault::Unreadable { .. }) => Use::ReadWrite,
            Some(Fault::Broken) => {
                let stopped =
                    StoreError::Io("a write to the disk failed; the store stopped to keep what it has".into());
                stop(&mut state, stopped.clone());
                return Err(stopped);
            }
        };
        self.switch(&mut state, use_as)
    }

    /// Whether the disk was full when something was last written.
    pub(super) fn is_frozen(&self) -> bool {
        self.read_state().running().is_ok_and(|running| running.pages.is_frozen())
    }

    /// Opens for writing what was opened for reading only because the disk was full.
    fn thaw(&self) -> Result<(), StoreError> {
        let frozen = self.read_state().running()?.pages.is_frozen();
        if !frozen {
            return Ok(());
        }
        let mut state = self.write_state();
        match self.switch(&mut state, Use::ReadWrite) {
            Err(StoreError::Full) => {
                self.switch(&mut state, Use::ReadOnly)?;
                Err(StoreError::Full)
            }
            other => other,
        }
    }

    fn switch(&self, state: &mut State, use_as: Use) -> Result<(), StoreError> {
        // The old one goes first: two engines over one file would overwrite each other.
        stop(state, StoreError::Stopping);
        match reopen(&self.medium, &self.sealing, &self.meter, &self.options, use_as) {
            Ok(running) => {
                *state = State::Running(running);
                Ok(())
            }
            Err(error) => {
                // A second attempt may follow, so that only this one's answer is kept.
                *state = State::Stopped(error.clone());
                Err(error)
            }
        }
    }

    /// Leaves the file as a clean stop does.
    pub(super) fn close(&self) {
        let mut state = self.write_state();
        if state.running().is_ok() {
            stop(&mut state, StoreError::Stopping);
            self.medium.release();
        }
    }

    fn read_state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn stop(state: &mut State, why: StoreError) {
    if let State::Running(running) = std::mem::replace(state, State::Stopped(why)) {
        // What a panic poisoned may panic again while it is put away.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(running.database)));
        running.pages.retire();
    }
}

impl State {
    fn running(&self) -> Result<&Running, StoreError> {
        match self {
            Self::Running(running) => Ok(running),
            Self::Stopped(why) => Err(why.clone()),
        }
    }
}

/// Opens the engine over pages, and turns what it cannot cope with into words.
fn start(pages: Pages, options: &StoreOptions) -> Result<Running, StoreError> {
    let opened = catch_unwind(AssertUnwindSafe(|| {
        Builder::new()
            .set_cache_size(options.cache_bytes)
            .set_check_integrity_on_open(options.check == OpenCheck::Whole && !pages.is_frozen())
            .create_with_backend(pages.clone())
    }));
    match opened {
        Ok(Ok(database)) => Ok(Running { database, pages }),
        Ok(Err(error)) => Err(store_error(error.into(), pages.fault())),
        Err(panic) => Err(damaged_by_panic(&*panic)),
    }
}

fn reopen(
    medium: &Arc<dyn Medium>,
    sealing: &Sealing,
    meter: &Arc<Meter>,
    options: &StoreOptions,
    use_as: Use,
) -> Result<Running, StoreError> {
    let pages = Pages::of_file(medium.clone(), sealing.clone(), meter.clone(), use_as).map_err(|e| cut_or(&e))?;
    let pages = pages.ok_or_else(|| StoreError::Damaged("neither copy of its header opens".into()))?;
    header::check_fields(&pages.header_image()).map_err(|what| StoreError::Damaged(what.into()))?;
    if pages.logical_len().map_err(|error| cut_or(&error))? == 0 {
        return Err(StoreError::Damaged("it was cut off after its header".into()));
    }
    start(pages, options)
}

pub(super) fn cut_or(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => StoreError::Damaged("it was cut off in its header".into()),
        io::ErrorKind::InvalidData => StoreError::Damaged(error.to_string()),
        _ => StoreError::from_io(error),
    }
}

/// Why an outline was not kept.
enum Refused {
    /// What changed meanwhile was not recorded.
    NoRecord,
    Engine(::redb::Error),
}

impl From<::redb::Error> for Refused {
    fn from(error: ::redb::Error) -> Self {
        Self::Engine(error)
    }
}

fn apply(database: &Database, batch: Batch<'_>, record: u64, how: Commit, desk: &Desk) -> Result<(), ::redb::Error> {
    let mut transaction = database.begin_write()?;
    match how {
        Commit::Durable => transaction.set_quick_repair(true),
        #[cfg(test)]
        Commit::InMemory => transaction.set_durability(::redb::Durability::None)?,
    }
    let mut marks = Marks::of(&transaction)?;
    batch.all(|id, rows| -> Result<(), ::redb::Error> {
        let mut table = transaction.open_table(view::definition(id))?;
        for (key, value) in rows {
            if let Some(marks) = &mut marks {
                marks.touch(id, key)?;
            }
            desk.add(id, key);
            match value {
                Some(value) => table.insert(key, value)?,
                None => table.remove(key)?,
            };
        }
        Ok(())
    })?;
    marks.map(|marks| marks.up_to(record)).transpose()?;
    transaction.open_table(APPLIED)?.insert((), record)?;
    transaction.commit()?;
    Ok(())
}

/// The engine's error in the operator's words. What happened below it, when something did, says more.
pub(super) fn store_error(error: ::redb::Error, fault: Option<Fault>) -> StoreError {
    use ::redb::Error;
    match (error, fault) {
        (_, Some(Fault::Full)) => StoreError::Full,
        // Somebody else's error: the file is opened anew for the next who asks.
        (Error::DatabaseClosed | Error::PreviousIo, _) => {
            StoreError::Io("the store is being opened anew after an error; try again".into())
        }
        (_, Some(Fault::Unreadable { page })) => StoreError::Damaged(format!("page {page} cannot be read")),
        (Error::Corrupted(what), _) => StoreError::Damaged(what),
        (Error::Io(error), _) => StoreError::from_io(&error),
        (other, _) => StoreError::Io(other.to_string()),
    }
}

pub(super) fn damaged_by_panic(panic: &(dyn Any + Send)) -> StoreError {
    StoreError::Damaged(panic_text(panic))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("its pages contradict each other ({})", text.unwrap_or("no details"))
}
