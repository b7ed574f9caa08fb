//! The encrypted store: typed tables, consistent snapshots, and one writer that commits in groups.
//!
//! The rest of the house sees [`Store::read`], [`Store::write`] and the typed [`Table`]s that each room
//! declares over an entry of [`tables`]. Nothing outside this folder knows which engine stands behind the
//! private seam in `engine/`. This room must never hand out bytes of the file, a key, or a transaction
//! that outlives its closure.

mod codec;
mod engine;
mod key;
mod read;
mod table;
pub mod tables;
mod writer;

use std::future::Future;
use std::sync::Arc;

pub use codec::{CodecError, Record, Value};
pub use key::{Desc, Key, KeyReader};
pub use read::{Direction, KeyRange, Read, ReadExt, Rows};
pub use table::{Table, TableId};
pub use writer::Tx;

use engine::Engine;

/// What can go wrong with the store, in words for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    #[error("the store could not be read or written: {0}. Check the disk; nothing was acknowledged.")]
    Io(String),
    #[error("the disk is full, so nothing was written and nothing was lost. Free some space, then try again.")]
    Full,
    #[error("the store is damaged: {0}. Do not write to it; restore the last good backup.")]
    Damaged(String),
    #[error("a stored value cannot be read back: {0}. Restore the last good backup, or update this program.")]
    Codec(#[from] CodecError),
    #[error("the store is stopping; try again when the box runs")]
    Stopping,
}

/// The store. Clones share it.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    writer: Arc<writer::Writer>,
}

impl Store {
    /// A store that lives in memory only, behind the same seam: the second engine that the house's
    /// rules are tested on.
    pub fn in_memory() -> Self {
        Self::over(engine::memory::MemoryEngine::default())
    }

    fn over(engine: impl Engine) -> Self {
        let engine: Arc<dyn Engine> = Arc::new(engine);
        let writer = Arc::new(writer::Writer::start(engine.clone()));
        Self { engine, writer }
    }

    /// One consistent view of everything committed so far. Keep it short: pages it can see are not reused.
    pub fn read(&self) -> Result<Snapshot, StoreError> {
        Ok(Snapshot { view: self.engine.snapshot()? })
    }

    /// Runs `job` in the writer, alone, over everything committed and queued before it, and answers when
    /// its changes are durable. A job that returns `Err` or panics leaves nothing. The job should only
    /// look up, compare and put: parse and build keys before.
    pub fn write<T, E, F>(&self, job: F) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let answer = self.writer.submit(job);
        async move { answer.await.unwrap_or_else(|_| Err(StoreError::Stopping.into())) }
    }

    /// [`Store::write`] for callers without an async runtime.
    pub fn write_blocking<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.submit(job).blocking_recv().unwrap_or_else(|_| Err(StoreError::Stopping.into()))
    }
}

/// A consistent view of the store at one commit.
#[derive(Clone)]
pub struct Snapshot {
    view: Arc<dyn engine::View>,
}

impl Read for Snapshot {
    fn raw_get(&self, table: TableId, key: &[u8]) -> Result<Option<bytes::Bytes>, StoreError> {
        self.view.get(table, key)
    }

    fn raw_scan(&self, table: TableId, range: &read::RawRange, direction: Direction) -> Result<Rows<'_>, StoreError> {
        self.view.scan(table, range, direction)
    }
}

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
