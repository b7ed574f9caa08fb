//! The engine on disk: redb over sealed pages ([`pages`]).
//!
//! Every commit is redb's two-phase commit with the allocator's state in it (`set_quick_repair`): the open
//! after a crash walks nothing, and no page that a crash tore is read. What a failed commit means is
//! decided here, from the first thing that went wrong below ([`pages::Fault`]):
//!
//! - no space: nothing of the group is kept; the file is opened again for reading only, and for writing at
//!   the next commit that finds space;
//! - a page that does not open: whoever asked for it hears so, and the file is opened again for the others;
//! - a failed write or sync: nothing is read or written any more until the process starts again, because
//!   what the system's cache shows may not be on the disk.
//!
//! What a commit costs, with 20,000 entries in the store (bytes as given to the file):
//!
//! | audited reads in one commit | syncs | bytes | bytes per read |
//! |---|---|---|---|
//! | 1 | 2 | 172,605 | 172,605 |
//! | 64 | 2 | 1,000,570 | 15,634 |
//!
//! What a crash costs (`crash_tests`: dropped, reordered, torn at 512 bytes, a 4 KiB sector lost, again in
//! recovery):
//!
//! | layout | images | unopenable, lost or partial |
//! |---|---|---|
//! | as built: slots of 8192, header twice | 100,000 | 0 |
//! | slots of 4608, which share sectors | 2,208 | 259 |
//! | as built, without durability | 513 | 481 |
//! | as built, syncs ignored | 736 | 673 |

mod header;
mod label;
mod layout;
mod medium;
mod pages;
mod reserve;
mod view;

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ::redb::{Builder, Database, ReadableDatabase};

use super::{Changes, Engine, View};
use crate::base::{Ambient, StoreId};
use crate::crypto::page::PageKey;
use crate::store::StoreError;
use crate::store::options::{DiskRoom, OpenCheck, StoreOptions, StoreStats};

pub(in crate::store) use label::Label;
pub(in crate::store) use layout::Slot;
pub(in crate::store) use medium::Medium;
use medium::StoreFile;
pub(in crate::store) use pages::is_full;
use pages::{Fault, Meter, Pages, Sealing, Use};
pub(in crate::store) use reserve::Reserve;
use view::DiskView;

pub(in crate::store) struct DiskEngine {
    medium: Arc<dyn Medium>,
    sealing: Sealing,
    options: StoreOptions,
    meter: Arc<Meter>,
    commit: Commit,
    commits: AtomicU64,
    reserve: Mutex<Reserve>,
    state: RwLock<State>,
    /// The view of the last commit, shared by all who ask before the next one.
    latest: Mutex<Option<Arc<DiskView>>>,
}

/// Whether a commit reaches the disk before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Commit {
    Durable,
    /// For the test that shows what it would cost.
    #[cfg(test)]
    InMemory,
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

impl DiskEngine {
    /// Makes a store at `path`, which must not exist, and fills it. It has its name only once it is whole.
    pub(in crate::store) fn create(
        path: &Path,
        key: PageKey,
        options: &StoreOptions,
        ambient: &Ambient,
        fill: impl FnOnce(&Self) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let new = StoreFile::create(path)?;
        let engine = new.medium().and_then(|medium| {
            let engine = Self::create_on(Arc::new(medium), key, options, ambient, Slot::OWN_SECTORS)?;
            fill(&engine)?;
            Ok(engine)
        });
        match engine {
            Ok(engine) => {
                new.finish()?;
                engine.lock_reserve().attach(path, options, &*engine.medium);
                Ok(engine)
            }
            Err(error) => {
                new.abandon();
                Err(error)
            }
        }
    }

    /// Opens the store at `path`.
    pub(in crate::store) fn open(
        path: &Path,
        key: PageKey,
        options: &StoreOptions,
        ambient: &Ambient,
    ) -> Result<Self, StoreError> {
        let medium = StoreFile::open(path)?;
        let engine = Self::open_on(Arc::new(medium), key, options, ambient, &path.display().to_string())?;
        engine.lock_reserve().attach(path, options, &*engine.medium);
        Ok(engine)
    }

    pub(in crate::store) fn create_on(
        medium: Arc<dyn Medium>,
        key: PageKey,
        options: &StoreOptions,
        ambient: &Ambient,
        slot: Slot,
    ) -> Result<Self, StoreError> {
        let id = StoreId::new(ambient);
        let label = Label { id, epoch: key.epoch(), slot }.write(&key, ambient)?;
        let prepared = medium.set_len(layout::PREAMBLE).and_then(|()| medium.write_at(0, &label));
        prepared.map_err(|error| StoreError::from_io(&error))?;
        let sealing = Sealing { key: Arc::new(key), store: id, slot, ambient: ambient.clone() };
        let meter = Arc::new(Meter::default());
        let pages = Pages::fresh(medium.clone(), sealing.clone(), meter.clone());
        let running = start(pages, options)?;
        Ok(Self::over(medium, sealing, options, meter, running))
    }

    pub(in crate::store) fn open_on(
        medium: Arc<dyn Medium>,
        key: PageKey,
        options: &StoreOptions,
        ambient: &Ambient,
        name: &str,
    ) -> Result<Self, StoreError> {
        let mut sector = [0; layout::SECTOR];
        let short = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => StoreError::NotAStore(name.into()),
            _ => StoreError::from_io(&error),
        };
        medium.read_at(0, &mut sector).map_err(short)?;
        let label = Label::read(&sector, name)?;
        label.check(&sector, &key)?;
        let sealing = Sealing { key: Arc::new(key), store: label.id, slot: label.slot, ambient: ambient.clone() };
        let meter = Arc::new(Meter::default());
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
        Self {
            medium,
            sealing,
            options: options.clone(),
            meter,
            commit: Commit::Durable,
            commits: AtomicU64::new(0),
            reserve: Mutex::default(),
            state: RwLock::new(State::Running(running)),
            latest: Mutex::new(None),
        }
    }

    #[cfg(test)]
    pub(in crate::store) fn committing(mut self, commit: Commit) -> Self {
        self.commit = commit;
        self
    }

    /// Ends as a killed process does: nothing more reaches the file.
    #[cfg(test)]
    pub(in crate::store) fn kill(self) {
        if let Ok(running) = self.read_state().running() {
            running.pages.set_fault(Fault::Broken);
        }
    }

    /// What the file at `path` says of itself, without a key.
    pub(in crate::store) fn label(path: &Path) -> Result<Label, StoreError> {
        let name = path.display().to_string();
        let mut sector = [0; layout::SECTOR];
        let read = std::fs::File::open(path).and_then(|mut file| io::Read::read_exact(&mut file, &mut sector));
        read.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Missing(name.clone()),
            io::ErrorKind::UnexpectedEof => StoreError::NotAStore(name.clone()),
            _ => StoreError::Io(format!("{name}: {error}")),
        })?;
        Label::read(&sector, &name)
    }

    /// Applies `changes` once, to whatever runs now.
    fn try_commit(&self, changes: &Changes) -> Result<(), StoreError> {
        let state = self.read_state();
        let Running { database, pages } = state.running()?;
        if pages.is_frozen() {
            return Err(StoreError::Full);
        }
        let applied = catch_unwind(AssertUnwindSafe(|| apply(database, changes, self.commit)));
        applied
            .unwrap_or_else(|panic| {
                pages.set_fault(Fault::Broken);
                Err(::redb::Error::Corrupted(panic_text(&*panic)))
            })
            .map_err(|error| store_error(error, pages.fault()))
    }

    /// Makes what can go on go on after an error. Does nothing when all is well.
    fn recover(&self) -> Result<(), StoreError> {
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
                self.stop(&mut state, stopped.clone());
                return Err(stopped);
            }
        };
        self.switch(&mut state, use_as)
    }

    /// Whether the disk was full when something was last written.
    fn is_frozen(&self) -> bool {
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
        self.stop(state, StoreError::Stopping);
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

    fn stop(&self, state: &mut State, why: StoreError) {
        self.lock_latest().take();
        if let State::Running(running) = std::mem::replace(state, State::Stopped(why)) {
            // What a panic poisoned may panic again while it is put away.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(running.database)));
            running.pages.retire();
        }
    }

    /// Whether every change of `changes` is what the file says now: a commit that failed late may be there.
    fn holds(&self, changes: &Changes) -> Result<bool, StoreError> {
        let view = self.snapshot()?;
        for (table, rows) in changes {
            for (key, value) in rows {
                if view.get(*table, key)? != *value {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn read_state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_latest(&self) -> MutexGuard<'_, Option<Arc<DiskView>>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_reserve(&self) -> MutexGuard<'_, Reserve> {
        self.reserve.lock().unwrap_or_else(PoisonError::into_inner)
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

impl Engine for DiskEngine {
    fn snapshot(&self) -> Result<Arc<dyn View>, StoreError> {
        if self.read_state().running()?.pages.fault().is_some() {
            self.recover()?;
        }
        let state = self.read_state();
        let Running { database, pages } = state.running()?;
        // Taken before the transaction begins, so that a view older than the last commit is never kept.
        let mut latest = self.lock_latest();
        if let Some(view) = &*latest {
            return Ok(view.clone());
        }
        let begun = catch_unwind(AssertUnwindSafe(|| database.begin_read()));
        let transaction = begun
            .map_err(|panic| damaged_by_panic(&*panic))?
            .map_err(|error| store_error(error.into(), pages.fault()))?;
        let view = Arc::new(DiskView::new(transaction, pages.clone()));
        *latest = Some(view.clone());
        Ok(view)
    }

    fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        self.lock_reserve().ease(&*self.medium);
        self.thaw()?;
        // A view that nobody uses would keep its pages from being used again.
        self.lock_latest().take();
        let mut result = self.try_commit(changes);
        self.lock_latest().take();
        if result.is_err() {
            self.recover()?;
            // A reader's error may have stopped a commit that had got through.
            if self.holds(changes)? {
                result = Ok(());
            } else if !matches!(result, Err(StoreError::Full)) {
                result = self.try_commit(changes);
                self.lock_latest().take();
            }
        }
        if result.is_ok() {
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
        result
    }

    fn room(&self) -> DiskRoom {
        // A disk that does not say how full it is will say so when it is.
        let room = self.medium.space().map_or(DiskRoom::Plenty, |space| self.options.room(space));
        if self.is_frozen() && !room.takes_writes() { DiskRoom::Full } else { room }
    }

    fn keep_reserve(&self) {
        self.lock_reserve().refill(&self.options, &*self.medium);
    }

    fn stats(&self) -> StoreStats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StoreStats {
            file_bytes: self.medium.len().unwrap_or_default(),
            commits: load(&self.commits),
            bytes_written: load(&self.meter.written),
            bytes_read: load(&self.meter.read),
            syncs: load(&self.meter.syncs),
            disk: self.medium.space().ok(),
            room: self.room(),
        }
    }

    fn id(&self) -> StoreId {
        self.sealing.store
    }

    fn close(&self) {
        let mut state = self.write_state();
        if state.running().is_ok() {
            self.stop(&mut state, StoreError::Stopping);
            self.medium.release();
        }
    }
}

impl Drop for DiskEngine {
    fn drop(&mut self) {
        self.close();
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

fn cut_or(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => StoreError::Damaged("it was cut off in its header".into()),
        io::ErrorKind::InvalidData => StoreError::Damaged(error.to_string()),
        _ => StoreError::from_io(error),
    }
}

fn apply(database: &Database, changes: &Changes, commit: Commit) -> Result<(), ::redb::Error> {
    let mut transaction = database.begin_write()?;
    match commit {
        Commit::Durable => transaction.set_quick_repair(true),
        #[cfg(test)]
        Commit::InMemory => transaction.set_durability(::redb::Durability::None)?,
    }
    for (id, rows) in changes {
        let mut table = transaction.open_table(view::definition(*id))?;
        for (key, value) in rows {
            match value {
                Some(value) => table.insert(key.as_slice(), value.as_ref())?,
                None => table.remove(key.as_slice())?,
            };
        }
    }
    transaction.commit()?;
    Ok(())
}

/// The engine's error in the operator's words. What happened below it, when something did, says more.
fn store_error(error: ::redb::Error, fault: Option<Fault>) -> StoreError {
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

fn damaged_by_panic(panic: &(dyn Any + Send)) -> StoreError {
    StoreError::Damaged(panic_text(panic))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("its pages contradict each other ({})", text.unwrap_or("no details"))
}
