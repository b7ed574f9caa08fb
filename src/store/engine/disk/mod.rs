//! The engine on disk: a journal that makes each group durable at once ([`journal`]), and a tree that takes many
//! groups together, later ([`tree`], redb over sealed pages).
//!
//! A commit is one sealed write to the journal, durable before it is acknowledged, and rows in memory
//! ([`overlay`]) over the tree. A thread of the engine puts what has gathered into the tree: when half of the
//! journal's half is used, or after some seconds. Nothing is true in memory alone: what the tree does not have
//! stands in the journal, and is read from there at opening.
//!
//! The tree alone, with a commit of its own for each group, costs two syncs and every page of every path to what
//! changed, with a record of all the file's free space beside them: that record alone is 300 KiB for 10 GB. The cost
//! of audited reads, with 20,000 entries in the store (bytes as given to the file, the tree's part included):
//!
//! | reads in one commit | syncs | bytes per read | tree alone: syncs | bytes per read |
//! |---|---|---|---|---|
//! | 1 | 1.002 | 8,280 | 2 | 172,605 |
//! | 64 | 1.021 | 3,720 | 2 | 15,634 |
//!
//! What a crash costs (`crash_tests`: dropped, reordered, torn at 512 bytes, a 4 KiB sector lost, again in
//! recovery):
//!
//! | layout | images | unopenable, lost or partial |
//! |---|---|---|
//! | as built: journal, slots of 8192, header twice | 20,000 | 0 |
//! | slots of 4608, which share sectors | 2,245 | 175 |
//! | as built, without durability | 449 | 410 |
//! | as built, syncs ignored | 486 | 450 |
//!
//! When the tree cannot take what has gathered (a full disk, a page that does not open), commits go on as long as the
//! journal has room, and are refused with the tree's own error after that; nothing acknowledged is lost. A journal that
//! cannot be written stops the store.

mod behind;
mod filling;
mod flush;
mod header;
mod journal;
mod label;
mod layered;
mod layout;
mod medium;
mod outline;
mod overlay;
mod pages;
mod reserve;
mod tree;
mod view;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Changes, Engine, FillBy, View};
use crate::base::{Ambient, StoreId};
use crate::crypto::page::PageKey;
use crate::store::StoreError;
use crate::store::options::{DiskRoom, StoreOptions, StoreStats};
use crate::store::outline::{Outline, RecordId};

use behind::Behind;
use flush::{Background, Gathered};
pub(in crate::store) use label::Label;
pub(in crate::store) use layout::{Layout, Slot};
pub(in crate::store) use medium::Medium;
use medium::StoreFile;
pub(in crate::store) use pages::is_full;
use pages::{Meter, Sealing};
pub(in crate::store) use reserve::Reserve;
use tree::Tree;

pub(in crate::store) struct DiskEngine {
    core: Arc<Core>,
    options: StoreOptions,
    reserve: Mutex<Reserve>,
    background: Background,
}

/// What the engine and its thread share.
struct Core {
    medium: Arc<dyn Medium>,
    sealing: Sealing,
    meter: Arc<Meter>,
    commit: Commit,
    commits: AtomicU64,
    tree: Tree,
    gathered: Gathered,
}

/// Whether a commit reaches the disk before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Commit {
    Durable,
    /// For the test that shows what it would cost.
    #[cfg(test)]
    InMemory,
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
        let id = StoreId::new(ambient);
        let engine = Self::named(path, |file| {
            let engine = Self::create_on_as(Arc::new(file), id, key, options, ambient, Slot::OWN_SECTORS)?;
            fill(&engine)?;
            Ok(engine)
        })?;
        engine.lock_reserve().attach(path, options, &*engine.core.medium);
        Ok(engine.in_background())
    }

    /// [`DiskEngine::create`] for all the rows of another store, after which it is closed. It may have the id of that one, whose
    /// place it takes: its key must be another one then, since a page is bound to id, number and epoch.
    pub(in crate::store) fn create_full(
        path: &Path,
        id: StoreId,
        key: PageKey,
        options: &StoreOptions,
        ambient: &Ambient,
        fill: impl FnOnce(&Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let engine = Self::named(path, |file| {
            let medium = Arc::new(Behind::over(Arc::new(file)));
            let engine = Self::create_on_as(medium, id, key, options, ambient, Slot::OWN_SECTORS)?;
            fill(&engine)?;
            Ok(engine)
        });
        engine.map(drop)
    }

    fn named(path: &Path, made: impl FnOnce(StoreFile) -> Result<Self, StoreError>) -> Result<Self, StoreError> {
        let new = StoreFile::create(path)?;
        match new.medium().and_then(made) {
            Ok(engine) => {
                new.finish()?;
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
        engine.lock_reserve().attach(path, options, &*engine.core.medium);
        Ok(engine.in_background())
    }

    #[cfg(test)]
    pub(in crate::store) fn create_on(
        medium: Arc<dyn Medium>,
        key: PageKey,
        options: &StoreOptions,
        ambient: &Ambient,
        slot: Slot,
    ) -> Result<Self, StoreError> {
        Self::create_on_as(medium, StoreId::new(ambient), key, options, ambient, slot)
    }

    fn create_on_as(
        medium: Arc<dyn Medium>,
        id: StoreId,
        key: PageKey,
        options: &StoreOptions,
        ambient: &Ambient,
        slot: Slot,
    ) -> Result<Self, StoreError> {
        let layout = Layout::new(slot, options.journal_bytes);
        let label = Label { id, epoch: key.epoch(), layout }.write(&key, ambient)?;
        let prepared = medium.set_len(layout.pages()).and_then(|()| medium.write_at(0, &label));
        // Written and not only reserved, so that no write of a record has to find space.
        let prepared = prepared.and_then(|()| blank(&*medium, layout));
        prepared.map_err(|error| StoreError::from_io(&error))?;
        let sealing = Sealing { key: Arc::new(key), store: id, layout, ambient: ambient.clone() };
        let meter = Arc::new(Meter::default());
        let tree = Tree::fresh(medium.clone(), sealing.clone(), options, meter.clone())?;
        Self::over(medium, sealing, options, meter, tree)
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
        let sealing = Sealing { key: Arc::new(key), store: label.id, layout: label.layout, ambient: ambient.clone() };
        let meter = Arc::new(Meter::default());
        let tree = Tree::open(medium.clone(), sealing.clone(), options, meter.clone())?;
        Self::over(medium, sealing, options, meter, tree)
    }

    fn over(
        medium: Arc<dyn Medium>,
        sealing: Sealing,
        options: &StoreOptions,
        meter: Arc<Meter>,
        tree: Tree,
    ) -> Result<Self, StoreError> {
        let gathered = Gathered::open(&*medium, &sealing, &tree)?;
        let (commit, commits) = (Commit::Durable, AtomicU64::new(0));
        let core = Arc::new(Core { medium, sealing, meter, commit, commits, tree, gathered });
        Ok(Self { core, options: options.clone(), reserve: Mutex::default(), background: Background::default() })
    }

    /// With a thread that fills the tree; without one the commit that finds the journal full does it.
    pub(in crate::store) fn in_background(self) -> Self {
        self.background.start(&self.core);
        self
    }

    #[cfg(test)]
    pub(in crate::store) fn committing(mut self, commit: Commit) -> Self {
        Arc::get_mut(&mut self.core).expect("nobody else has it yet").commit = commit;
        self
    }

    /// Ends as a killed process does: nothing more reaches the file.
    #[cfg(test)]
    pub(in crate::store) fn kill(self) {
        self.core.tree.break_off();
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

    fn lock_reserve(&self) -> MutexGuard<'_, Reserve> {
        self.reserve.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fills the journal of a new file with zeros.
fn blank(medium: &dyn Medium, layout: Layout) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut at = layout.half_at(0);
    while at < layout.pages() {
        let now = usize::try_from(layout.pages() - at).map_or(zeros.len(), |left| left.min(zeros.len()));
        medium.write_at(at, zeros.split_at(now).0)?;
        at += now as u64;
    }
    Ok(())
}

impl Engine for DiskEngine {
    fn snapshot(&self) -> Result<Arc<dyn View>, StoreError> {
        self.core.latest().map(|view| view as Arc<dyn View>)
    }

    fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        self.lock_reserve().ease(&*self.core.medium);
        self.core.take(changes, &self.background)?;
        self.core.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn fill(&self, fill: FillBy<'_>) -> Result<(), StoreError> {
        self.core.fill_all(fill)
    }

    fn survey(&self) -> Result<(Arc<dyn View>, Option<RecordId>), StoreError> {
        self.core.survey().map(|(view, record)| (view as Arc<dyn View>, record))
    }

    fn remember(&self, record: RecordId, over: Option<u64>, outline: &Outline) -> Result<bool, StoreError> {
        self.core.remember(record, over, outline)
    }

    fn stop_recording(&self, record: RecordId) {
        self.core.tree.desk.take(record);
    }

    fn room(&self) -> DiskRoom {
        // A disk that does not say how full it is will say so when it is.
        let room = self.core.medium.space().map_or(DiskRoom::Plenty, |space| self.options.room(space));
        if self.core.tree.is_frozen() && !room.takes_writes() { DiskRoom::Full } else { room }
    }

    fn keep_reserve(&self) {
        self.lock_reserve().refill(&self.options, &*self.core.medium);
    }

    fn stats(&self) -> StoreStats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let core = &self.core;
        StoreStats {
            file_bytes: core.medium.len().unwrap_or_default(),
            commits: load(&core.commits),
            bytes_written: load(&core.meter.written),
            bytes_read: load(&core.meter.read),
            syncs: load(&core.meter.syncs),
            disk: core.medium.space().ok(),
            room: self.room(),
        }
    }

    fn is_alone(&self) -> bool {
        // The file is locked for this process.
        true
    }

    fn id(&self) -> StoreId {
        self.core.sealing.store
    }

    fn close(&self) {
        self.background.stop(&self.core);
        self.core.close();
    }
}

impl Drop for DiskEngine {
    fn drop(&mut self) {
        self.close();
    }
}
