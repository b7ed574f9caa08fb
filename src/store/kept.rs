//! What was read of tables that change rarely, kept until they change.
//!
//! The writer notes of each table the commit that touched it last, before that commit, and which commits are done, after it. A
//! snapshot knows which were done before it was taken. So where the last one that touched a table is one of those, all of
//! the table that the snapshot has is of that commit: its number is the table's [`Stamp`], and who finds the same one reads
//! the same rows. Where it is later, the snapshot may have it or not, and nothing is kept. It counts for engines behind which no
//! other process writes ([`Engine::is_alone`](super::engine::Engine::is_alone)).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use super::StoreError;
use super::read::Read;
use super::table::TableId;

/// Since which commit a table has been as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u64);

/// What the writer says of its commits, for all snapshots.
pub(super) struct Touched {
    /// By the table's number.
    last: [AtomicU64; 256],
    done: AtomicU64,
}

impl Default for Touched {
    fn default() -> Self {
        Self { last: [const { AtomicU64::new(0) }; 256], done: AtomicU64::new(0) }
    }
}

impl Touched {
    /// To be called before these tables are changed, by one thread only. What it gives is what [`Touched::end`] takes.
    pub(super) fn begin<'t>(&self, tables: impl Iterator<Item = &'t TableId>) -> u64 {
        let commit = self.done() + 1;
        for table in tables {
            self.of(*table).store(commit, Ordering::SeqCst);
        }
        commit
    }

    /// The commit is done. One that is not has its tables in doubt until the next one is, which has its number.
    pub(super) fn end(&self, commit: u64) {
        self.done.store(commit, Ordering::SeqCst);
    }

    /// Which commits a snapshot that is taken now has for certain.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::SeqCst)
    }

    /// The stamp of a table in a snapshot before which these were done.
    pub(super) fn stamp(&self, table: TableId, done: u64) -> Option<Stamp> {
        let last = self.of(table).load(Ordering::SeqCst);
        (last <= done).then_some(Stamp(last))
    }

    fn of(&self, table: TableId) -> &AtomicU64 {
        // There is one for every number that a byte has.
        self.last.get(usize::from(table.number())).unwrap_or(&self.done)
    }
}

/// The most tables on which what is kept hangs.
const MOST_TABLES: usize = 2;
/// How many are kept; then it begins anew.
const MOST: usize = 4_096;

type Stamps = [Option<Stamp>; MOST_TABLES];

/// What was read of some tables, by what it was asked for. Only for what hangs on these tables alone.
pub struct Kept<K, V>(RwLock<(Stamps, HashMap<K, V>)>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(RwLock::new(([None; MOST_TABLES], HashMap::new())))
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Kept<K, V> {
    /// What is kept of these tables as `read` has them; `load` reads it where that is not known.
    pub fn of<E: From<StoreError>>(
        &self,
        read: &(impl Read + ?Sized),
        tables: &[TableId],
        key: &K,
        load: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        let mut stamps = [None; MOST_TABLES];
        for (stamp, table) in stamps.iter_mut().zip(tables) {
            *stamp = read.stamp(*table);
            if stamp.is_none() {
                return load();
            }
        }
        {
            let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let (true, Some(known)) = (kept.0 == stamps, kept.1.get(key)) {
                return Ok(known.clone());
            }
        }
        let value = load()?;
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != stamps || kept.1.len() >= MOST {
            *kept = (stamps, HashMap::new());
        }
        kept.1.insert(key.clone(), value.clone());
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::ReadExt;
    use super::super::table::Table;
    use super::super::{Store, tables};
    use super::*;

    const ROWS: Table<(u32,), Vec<u8>> = Table::new(tables::TEST);
    const OTHERS: Table<(u32,), Vec<u8>> = Table::new(tables::TOKENS);

    fn put(store: &Store, table: &'static Table<(u32,), Vec<u8>>, value: u8) {
        store
            .write_blocking(move |tx| tx.put(table, &(1,), &vec![value]))
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
    }

    #[test]
    fn what_is_kept_is_as_the_snapshot_has_it() {
        let (store, kept) = (Store::in_memory(), Kept::<u8, Option<Vec<u8>>>::default());
        let mut loads = 0;
        let mut seen = |snapshot: &super::super::Snapshot| {
            kept.of(snapshot, &[tables::TEST], &0, || {
                loads += 1;
                snapshot.get(&ROWS, &(1,))
            })
            .unwrap()
        };
        let nothing = store.read().unwrap();
        assert_eq!((seen(&nothing), seen(&nothing)), (None, None));
        put(&store, &ROWS, 1);
        let one = store.read().unwrap();
        assert_eq!((seen(&one), seen(&one), seen(&nothing)), (Some(vec![1]), Some(vec![1]), None));
        put(&store, &OTHERS, 1);
        let other = store.read().unwrap();
        assert_eq!((seen(&other), seen(&one)), (Some(vec![1]), Some(vec![1])));
        put(&store, &ROWS, 2);
        let two = store.read().unwrap();
        assert_eq!(
            (seen(&two), seen(&two), seen(&one), seen(&two)),
            (Some(vec![2]), Some(vec![2]), Some(vec![1]), Some(vec![2]))
        );
        // Nothing; one, and nothing again, whose stamp nobody knows any more; two; one, of which the same is true.
        assert_eq!(loads, 5);
    }

    #[test]
    fn of_a_table_that_is_being_changed_nobody_knows_what_a_snapshot_has() {
        let touched = Touched::default();
        let before = touched.done();
        let commit = touched.begin([tables::TEST].iter());
        let during = touched.done();
        assert_eq!((touched.stamp(tables::TEST, before), touched.stamp(tables::TEST, during)), (None, None));
        assert!(touched.stamp(tables::TOKENS, during).is_some());
        touched.end(commit);
        let after = touched.done();
        assert!(touched.stamp(tables::TEST, after).is_some());
        assert_eq!(touched.stamp(tables::TEST, before), None, "it may have been taken before or after");
    }

    #[test]
    fn a_transaction_keeps_nothing() {
        let (store, kept) = (Store::in_memory(), Kept::<u8, Option<Vec<u8>>>::default());
        let refused = store.write_blocking(move |tx| {
            tx.put(&ROWS, &(1,), &vec![9])?;
            let seen: Result<_, StoreError> = kept.of(&*tx, &[tables::TEST], &0, || tx.get(&ROWS, &(1,)));
            assert_eq!(seen?, Some(vec![9]));
            assert!(kept.0.read().unwrap().1.is_empty());
            Err::<(), _>(StoreError::Stopping)
        });
        assert!(refused.is_err());
    }
}
