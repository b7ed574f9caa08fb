//! The encrypted store: typed tables, consistent snapshots, and one writer that commits in groups.
//!
//! The rest of the house sees [`Store::read`], [`Store::write`] and the typed [`Table`]s that each room
//! declares over an entry of [`tables`]. Nothing outside this folder knows which engine stands behind the
//! private seam in `engine/`. This room must never hand out bytes of the file, a key, or a transaction
//! that outlives its closure.

mod codec;
mod engine;
mod error;
mod gathering;
mod kept;
mod key;
mod options;
mod outline;
mod read;
mod table;
pub mod tables;
mod writer;

use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::base::{Ambient, StoreId};
use crate::crypto::page::PageKey;

pub use codec::{CodecError, Record, Value, decode_body};
pub use error::StoreError;
pub use kept::{Kept, Stamp};
pub use key::{Desc, Key, KeyReader};
pub use options::{DiskRoom, DiskSpace, OpenCheck, StoreOptions, StoreStats};
pub use outline::{Besides, Outline, Part, PartState, Survey};
pub use read::{Direction, Keep, KeyRange, RawRange, Read, ReadExt, Rows};
pub use table::{Table, TableId};
pub use writer::Tx;

pub use engine::Each;
use engine::disk::DiskEngine;
use engine::{Changes, Engine};
use kept::Touched;
use writer::{Class, Writer};

/// The store. Clones share it.
#[derive(Clone)]
pub struct Store {
    // The writer goes first: it holds the engine until its queue is answered.
    writer: Arc<Writer>,
    engine: Arc<dyn Engine>,
    touched: Arc<Touched>,
}

impl Store {
    /// Makes a store at `path`, where nothing may be. It gets that name only when it is whole and on disk.
    /// The file stays locked for this process until the store is closed or its last clone is gone.
    pub fn create(path: &Path, key: PageKey, options: &StoreOptions, ambient: &Ambient) -> Result<Self, StoreError> {
        let first = Changes::from([(FACTS.id, [(SCHEMA_KEY.to_bytes(), Some(SCHEMA.to_stored()?.into()))].into())]);
        DiskEngine::create(path, key, options, ambient, |engine| engine.commit(&first)).map(Self::over)
    }

    /// Opens the store at `path`. [`StoreLabel::read`] says beforehand which key epoch it has.
    ///
    /// Errors: [`StoreError::Missing`], [`NotAStore`](StoreError::NotAStore), [`InUse`](StoreError::InUse),
    /// [`WrongKey`](StoreError::WrongKey), [`Newer`](StoreError::Newer), [`Damaged`](StoreError::Damaged).
    pub fn open(path: &Path, key: PageKey, options: &StoreOptions, ambient: &Ambient) -> Result<Self, StoreError> {
        let engine = DiskEngine::open(path, key, options, ambient)?;
        check_schema(&engine)?;
        Ok(Self::over(engine))
    }

    /// A store that lives in memory only, behind the same seam: the second engine that the house's
    /// rules are tested on.
    pub fn in_memory() -> Self {
        Self::over(engine::memory::MemoryEngine::default())
    }

    /// [`Store::create_filled`] in memory.
    #[cfg(test)]
    pub fn filled_in_memory<E: From<StoreError>>(
        fill: impl FnOnce(&mut Filling<'_>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let engine = engine::memory::MemoryEngine::default();
        filled(&engine, fill)?;
        Ok(Self::over(engine))
    }

    /// [`Store::in_memory`] on a disk that has as much room as the test says, from one commit to the next.
    #[cfg(test)]
    pub fn in_memory_with_room() -> (Self, Arc<std::sync::RwLock<DiskRoom>>) {
        let engine = engine::memory::MemoryEngine::default();
        let room = engine.room.clone();
        (Self::over(engine), room)
    }

    /// Added to n, what [`Store::in_memory_with_fuse`] gave lets all uses from the n-th on fail.
    #[cfg(test)]
    pub const FOR_GOOD: usize = engine::memory::Fuse::FOR_GOOD;

    /// [`Store::in_memory`] whose n-th use fails when a test sets it to n.
    #[cfg(test)]
    pub fn in_memory_with_fuse() -> (Self, Arc<std::sync::atomic::AtomicUsize>) {
        let engine = engine::memory::MemoryEngine::default();
        let fuse = engine.fuse.0.clone();
        (Self::over(engine), fuse)
    }

    /// A store of the engine on disk, over a disk in memory, and a way to open it again once it is closed, or was killed.
    #[cfg(test)]
    pub fn on_a_test_disk() -> (Self, impl Fn() -> Self) {
        let disk = disk_tests::SmallDisk::roomy();
        let store = disk_tests::on(&disk, &disk_tests::options());
        let first: Changes =
            [(FACTS.id, [(SCHEMA_KEY.to_bytes(), SCHEMA.to_stored().ok().map(Into::into))].into())].into();
        assert_eq!(store.engine.commit(&first).map_err(|error| error.to_string()), Ok(()));
        (store, move || disk_tests::reopened(&disk, &disk_tests::options()).unwrap_or_else(|error| panic!("{error}")))
    }

    fn over(engine: impl Engine) -> Self {
        let (engine, touched): (Arc<dyn Engine>, _) = (Arc::new(engine), Arc::<Touched>::default());
        Self { writer: Arc::new(Writer::start(engine.clone(), touched.clone())), engine, touched }
    }

    /// This file's id, which stands in every page's seal. A copy has another.
    pub fn id(&self) -> StoreId {
        self.engine.id()
    }

    pub fn stats(&self) -> StoreStats {
        self.engine.stats()
    }

    /// One consistent view of everything committed so far. Keep it short: pages it can see are not reused.
    pub fn read(&self) -> Result<Snapshot, StoreError> {
        let done = self.touched.done();
        let since = self.engine.is_alone().then(|| (self.touched.clone(), done));
        Ok(Snapshot { view: self.engine.snapshot()?, since })
    }

    /// A view of everything committed so far, for a reader of the whole store that wants to be told the next time what
    /// did not change since.
    pub fn survey(&self) -> Result<Survey, StoreError> {
        Survey::begin(self.engine.clone())
    }

    /// Runs `job` in the writer, alone, over everything committed and queued before it, and answers when
    /// its changes are durable. A job that returns `Err` or panics leaves nothing. The job should only
    /// look up, compare and put: parse and build keys before.
    ///
    /// Refused with [`StoreError::Low`] while little disk space is left.
    pub fn write<T, E, F>(&self, job: F) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        answered(self.writer.submit(Class::Ordinary, job))
    }

    /// [`Store::write`] for what reading needs: the audit entries of reads and denials, and signing in. It
    /// goes on when little disk space is left, on space that was kept for it; so keep it small.
    pub fn write_essential<T, E, F>(&self, job: F) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        answered(self.writer.submit(Class::Essential, job))
    }

    /// [`Store::write`] for callers without an async runtime.
    pub fn write_blocking<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        blocking(self.writer.submit(Class::Ordinary, job))
    }

    /// [`Store::write_essential`] for callers without an async runtime.
    pub fn write_essential_blocking<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        blocking(self.writer.submit(Class::Essential, job))
    }

    /// Takes back what was given away of the space kept for reading, when there is room again. To be called now and
    /// then, hourly say.
    pub fn keep_reserve(&self) {
        self.engine.keep_reserve();
    }

    /// Copies everything there is now into a new store at `path`, sealed under `key`: closely packed, with an
    /// id of its own. Writes go on meanwhile and are not in it. Blocks; holds one snapshot to its end.
    pub fn copy_to(&self, path: &Path, key: PageKey, ambient: &Ambient) -> Result<(), StoreError> {
        let view = self.engine.snapshot()?;
        let id = StoreId::new(ambient);
        DiskEngine::create_full(path, id, key, &FILLING, ambient, |new| copy_rows(&*view, new, &mut |_| ()))
    }

    /// [`Store::copy_to`] for a copy that is to take this one's place under the key of another epoch: it has the same id,
    /// and was compared row by row with what it was copied from. `copied` hears how many bytes of rows are in it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the copy is not the same.
    pub fn copy_for_rotation(
        &self,
        path: &Path,
        key: PageKey,
        ambient: &Ambient,
        copied: &mut dyn FnMut(u64),
    ) -> Result<(), StoreError> {
        let view = self.engine.snapshot()?;
        DiskEngine::create_full(path, self.id(), key, &FILLING, ambient, |new| {
            copy_rows(&*view, new, copied)?;
            same_rows(&*view, &*new.snapshot()?)
        })
    }

    /// Makes a store at `path`, where nothing may be, of rows that come from elsewhere, all of them: also which version
    /// they have is one of them. It gets its name only when `fill` has ended well, and it is on disk.
    pub fn create_filled<E: From<StoreError>>(
        path: &Path,
        key: PageKey,
        ambient: &Ambient,
        fill: impl FnOnce(&mut Filling<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut failed = None;
        let made = DiskEngine::create_full(path, StoreId::new(ambient), key, &FILLING, ambient, |engine| {
            filled(engine, fill).map_err(|error| {
                failed = Some(error);
                StoreError::Stopping
            })
        });
        match failed {
            Some(error) => Err(error),
            None => made.map_err(E::from),
        }
    }

    /// Answers what is queued, then closes the file, for all clones. Blocks for as long as that takes; what is
    /// asked afterwards is answered with [`StoreError::Stopping`].
    pub fn close(&self) {
        self.writer.stop();
        self.engine.close();
    }
}

/// How a store is opened that is being filled: what was written last is all that is looked at again.
const FILLING: StoreOptions = StoreOptions { cache_bytes: 32 << 20, ..StoreOptions::throwaway() };

fn copy_rows(from: &dyn engine::View, to: &dyn Engine, copied: &mut dyn FnMut(u64)) -> Result<(), StoreError> {
    to.fill(&mut |to| {
        let mut all = 0;
        for table in tables::ALL {
            let mut put = Ok(());
            from.walk(*table, Bound::Unbounded, &mut |key, value| {
                all += (key.len() + value.len()) as u64;
                put = to.put(*table, key, value);
                copied(all);
                if put.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            put?;
        }
        Ok(())
    })
}

/// Fills a store that was just made; what went wrong is the filler's own error, or the store's.
fn filled<E: From<StoreError>>(
    engine: &dyn Engine,
    fill: impl FnOnce(&mut Filling<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let (mut fill, mut failed) = (Some(fill), None);
    let done = engine.fill(&mut |to| match fill.take().map(|fill| fill(&mut Filling { to })) {
        Some(Err(error)) => {
            failed = Some(error);
            Err(StoreError::Stopping)
        }
        _ => Ok(()),
    });
    match failed {
        Some(error) => Err(error),
        None => done.map_err(E::from),
    }
}

/// Rows going into a store that nobody has yet.
pub struct Filling<'a> {
    to: &'a mut dyn engine::Fill,
}

impl Filling<'_> {
    /// Puts a row. Quickest in the order of tables and keys.
    pub fn put(&mut self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.to.put(table, key, value)
    }
}

fn same_rows(one: &dyn engine::View, two: &dyn engine::View) -> Result<(), StoreError> {
    let everything = (Bound::Unbounded, Bound::Unbounded);
    for table in tables::ALL {
        let mut copied = two.scan(*table, &everything, Direction::Up)?;
        for row in one.scan(*table, &everything, Direction::Up)? {
            if copied.next().transpose()? != Some(row?) {
                return Err(StoreError::Damaged("its copy is not what was copied".into()));
            }
        }
        if copied.next().is_some() {
            return Err(StoreError::Damaged("its copy has more than was copied".into()));
        }
    }
    Ok(())
}

fn blocking<T, E: From<StoreError>>(answer: oneshot::Receiver<Result<T, E>>) -> Result<T, E> {
    answer.blocking_recv().unwrap_or_else(|_| Err(StoreError::Stopping.into()))
}

async fn answered<T, E: From<StoreError>>(answer: oneshot::Receiver<Result<T, E>>) -> Result<T, E> {
    answer.await.unwrap_or_else(|_| Err(StoreError::Stopping.into()))
}

/// What a store's file says of itself to one who has no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreLabel {
    pub id: StoreId,
    /// The key epoch: which of the root's page secrets opens it.
    pub epoch: u32,
}

impl StoreLabel {
    /// Reads it from the file at `path`, which may be in use.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        DiskEngine::label(path).map(|label| Self { id: label.id, epoch: label.epoch })
    }
}

/// The version of what all tables hold. A program opens no newer one.
pub const SCHEMA: u64 = 1;
const SCHEMA_KEY: (u8,) = (0,);
/// The store's own facts: 0 is the schema's version.
const FACTS: Table<(u8,), u64> = Table::new(tables::META);

fn check_schema(engine: &dyn Engine) -> Result<(), StoreError> {
    match (Snapshot { view: engine.snapshot()?, since: None }).get(&FACTS, &SCHEMA_KEY)? {
        Some(found) if found > SCHEMA => Err(StoreError::Newer { found, known: SCHEMA }),
        Some(_) => Ok(()),
        None => Err(StoreError::Damaged("it does not say which version it has".into())),
    }
}

/// A consistent view of the store at one commit.
#[derive(Clone)]
pub struct Snapshot {
    view: Arc<dyn engine::View>,
    /// Which commits were done before it was taken, where somebody counts them.
    since: Option<(Arc<Touched>, u64)>,
}

impl Snapshot {
    /// Shows every row of a table from `start` on, in order and without a copy, until `each` says to break off.
    pub fn walk(&self, table: TableId, start: Bound<&[u8]>, each: Each<'_>) -> Result<(), StoreError> {
        self.view.walk(table, start, each)
    }

    /// How many rows a table has, as the engine counts them: not by walking the table.
    pub fn count(&self, table: TableId) -> Result<u64, StoreError> {
        self.view.count(table)
    }
}

impl Read for Snapshot {
    fn raw_get(&self, table: TableId, key: &[u8]) -> Result<Option<bytes::Bytes>, StoreError> {
        self.view.get(table, key)
    }

    fn raw_scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError> {
        self.view.scan_if(table, range, direction, keep)
    }

    fn stamp(&self, table: TableId) -> Option<Stamp> {
        let (touched, done) = self.since.as_ref()?;
        touched.stamp(table, *done)
    }
}

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod disk_tests;
#[cfg(test)]
mod engine_tests;

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: Table<(u32,), Vec<u8>> = Table::new(tables::TEST);

    fn put(store: &Store, rows: Vec<(u32, &'static [u8])>) -> Result<(), StoreError> {
        store.write_blocking(move |tx| {
            for (key, value) in rows {
                tx.put(&NUMBERS, &(key,), &value.to_vec())?;
            }
            Ok(())
        })
    }

    fn all(read: &impl Read, direction: Direction) -> Vec<(u32, Vec<u8>)> {
        read.scan(&NUMBERS, KeyRange::all(), direction)
            .unwrap()
            .map(|row| row.map(|((k,), v)| (k, v)).unwrap())
            .collect()
    }

    #[test]
    fn a_snapshot_does_not_see_what_comes_after_it() {
        let store = Store::in_memory();
        put(&store, vec![(1, b"one")]).unwrap();
        let before = store.read().unwrap();
        put(&store, vec![(1, b"uno"), (2, b"two")]).unwrap();
        assert_eq!(all(&before, Direction::Up), [(1, b"one".to_vec())]);
        assert_eq!(all(&store.read().unwrap(), Direction::Down), [(2, b"two".to_vec()), (1, b"uno".to_vec())]);
    }

    #[test]
    fn a_job_that_fails_or_panics_leaves_nothing_and_the_next_one_runs() {
        let store = Store::in_memory();
        let failed: Result<(), StoreError> = store.write_blocking(|tx| {
            tx.put(&NUMBERS, &(1,), &b"lost".to_vec())?;
            Err(StoreError::Io("on purpose".into()))
        });
        assert!(failed.is_err());
        let panicked: Result<(), StoreError> = store.write_blocking(|tx| {
            tx.put(&NUMBERS, &(2,), &b"lost".to_vec())?;
            panic!("on purpose")
        });
        assert!(panicked.is_err());
        put(&store, vec![(3, b"kept")]).unwrap();
        assert_eq!(all(&store.read().unwrap(), Direction::Up), [(3, b"kept".to_vec())]);
    }

    #[test]
    fn a_transaction_reads_its_own_writes_merged_with_what_was_there() {
        let store = Store::in_memory();
        put(&store, vec![(1, b"one"), (3, b"three"), (5, b"five")]).unwrap();
        store
            .write_blocking(|tx| {
                tx.put(&NUMBERS, &(2,), &b"two".to_vec())?;
                tx.delete(&NUMBERS, &(3,))?;
                tx.put(&NUMBERS, &(5,), &b"FIVE".to_vec())?;
                let up: Vec<u32> = all(tx, Direction::Up).into_iter().map(|(k, _)| k).collect();
                let down: Vec<u32> = all(tx, Direction::Down).into_iter().map(|(k, _)| k).collect();
                assert_eq!((up, down), (vec![1, 2, 5], vec![5, 2, 1]));
                assert_eq!(tx.get(&NUMBERS, &(5,))?, Some(b"FIVE".to_vec()));
                assert_eq!(tx.get(&NUMBERS, &(3,))?, None);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
