//! Who does what with a target at one time.
//!
//! What is taken is known to the run of the box, which does all of this work. A row says it of a place, too: it is void once
//! that run has ended, which a crash ends too, and then tells the next that something was left unfinished.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex};

use data_encoding::HEXLOWER;

use crate::base::Timestamp;
use crate::store::{ReadExt, Store, StoreError};

use super::error::BackupError;
use super::index::lock;
use super::repository::Repository;
use super::rows::{LEASES, LeaseRow};
use super::service::{Backups, TargetSpec};
use super::watch::{Watch, go_on};

impl Backups {
    /// Takes a target for some work. One at a time: the row says who.
    pub(super) fn lease(&self, spec: &TargetSpec, doing: Doing) -> Result<Lease, BackupError> {
        let (row, taking) = (self.doing(doing), doing.key(&self.whole_of(spec)?));
        let mut lease = self.take(spec, taking.clone(), row.clone())?;
        let left = self.store.write_essential_blocking(move |tx| {
            let key = (taking,);
            // What another run of the box began has ended with it, and what this one could not give back has ended, too.
            let left = if tx.get(&LEASES, &key)?.is_some() { Left::Unfinished } else { Left::Nothing };
            tx.put(&LEASES, &key, &row)?;
            Ok::<_, BackupError>(left)
        })?;
        (lease.store, lease.left) = (Some(self.store.clone()), left);
        Ok(lease)
    }

    /// Takes the repository that was found at a target that was taken: another name may lead to it, of which nobody sees
    /// that it is the same place. What nobody knows is taken by its place alone.
    pub(super) fn lease_of(
        &self,
        spec: &TargetSpec,
        doing: Doing,
        repository: &Repository,
    ) -> Result<Option<Lease>, BackupError> {
        let known = repository.marker().repository != Repository::UNKNOWN;
        known.then(|| self.take(spec, doing.key(&repository.id()), self.doing(doing))).transpose()
    }

    fn doing(&self, doing: Doing) -> LeaseRow {
        // As a person says it, and as it is stored.
        let now = self.ambient.now();
        let since = Timestamp::from_second(now.as_second()).unwrap_or(now);
        LeaseRow { boot: self.audit.boot(), doing: doing.said().to_owned(), since }
    }

    /// Takes something in this run of the box.
    fn take(&self, spec: &TargetSpec, key: String, row: LeaseRow) -> Result<Lease, BackupError> {
        match lock(&self.taken).entry(key.clone()) {
            Entry::Occupied(held) => {
                let LeaseRow { doing, since, .. } = held.get().clone();
                return Err(BackupError::Busy { target: spec.name.clone(), doing, since });
            }
            Entry::Vacant(free) => free.insert(row),
        };
        Ok(Lease { store: None, taken: self.taken.clone(), key, left: Left::Nothing })
    }

    /// What is being done with a target in this run of the box, and since when.
    pub(super) fn busy(&self, spec: &TargetSpec) -> Result<Option<(String, Timestamp)>, BackupError> {
        let repository = self.row_here(spec)?.map(|row| HEXLOWER.encode(&row.repository));
        let names: Vec<String> = [self.disks.known(&spec.place).whole].into_iter().chain(repository).collect();
        let mut keys =
            [Doing::Backup, Doing::Drill].into_iter().flat_map(|doing| names.iter().map(move |n| doing.key(n)));
        let taken = lock(&self.taken);
        Ok(keys.find_map(|key| taken.get(&key).map(|row| (row.doing.clone(), row.since))))
    }
}

/// Removals of old backups in this run of the box, and those who must not be disturbed by one.
#[derive(Debug, Default)]
pub(super) struct Removals {
    begun: u64,
    ended: u64,
    looking: u64,
}

/// Old backups are being removed, until this is dropped: what somebody finds missing meanwhile may have been removed.
pub(super) struct Removing(Arc<Mutex<Removals>>);

impl Drop for Removing {
    fn drop(&mut self) {
        lock(&self.0).ended += 1;
    }
}

/// Nothing is removed until this is dropped.
struct Looking(Arc<Mutex<Removals>>);

impl Drop for Looking {
    fn drop(&mut self) {
        lock(&self.0).looking -= 1;
    }
}

impl Backups {
    /// Begins to remove, once nobody looks who must not be disturbed.
    pub(super) fn removing(&self, watch: &dyn Watch) -> Result<Removing, BackupError> {
        loop {
            {
                let mut removals = lock(&self.removals);
                if removals.looking == 0 {
                    removals.begun += 1;
                    return Ok(Removing(self.removals.clone()));
                }
            }
            wait(watch)?;
        }
    }

    /// How many removals were begun so far, if none is under way.
    pub(super) fn quiet(&self) -> Option<u64> {
        let removals = lock(&self.removals);
        (removals.begun == removals.ended).then_some(removals.begun)
    }

    /// Does something again that found a fault while old backups were being removed. The second time they wait for it.
    pub(super) fn undisturbed<T>(
        &self,
        watch: &dyn Watch,
        is_fault: impl Fn(&Result<T, BackupError>) -> bool,
        mut work: impl FnMut() -> Result<T, BackupError>,
    ) -> Result<T, BackupError> {
        let before = self.quiet();
        let done = work();
        if !is_fault(&done) || (before.is_some() && before == self.quiet()) {
            return done;
        }
        lock(&self.removals).looking += 1;
        let _looking = Looking(self.removals.clone());
        while self.quiet().is_none() {
            wait(watch)?;
        }
        work()
    }
}

fn wait(watch: &dyn Watch) -> Result<(), BackupError> {
    go_on(watch)?;
    std::thread::sleep(std::time::Duration::from_millis(20));
    Ok(())
}

/// What a target is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Backup,
    Prune,
    Drill,
}

impl Doing {
    const fn said(self) -> &'static str {
        match self {
            Self::Backup => "a backup",
            Self::Prune => "removing old backups",
            Self::Drill => "a drill",
        }
    }

    /// What is taken: a place by its one name, or a repository by its id. A drill only reads, and has a lease of its own
    /// beside.
    fn key(self, name: &str) -> String {
        if self == Self::Drill { format!("{name} drill") } else { name.to_owned() }
    }
}

/// What was left of work on a target before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    /// Another run of the box ended in the middle of it.
    Unfinished,
}

/// A target taken for writing, until this is dropped.
pub(super) struct Lease {
    /// Where its row stands, if it has one.
    store: Option<Store>,
    taken: Arc<Mutex<BTreeMap<String, LeaseRow>>>,
    key: String,
    pub left: Left,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let taken = std::mem::take(&mut self.key);
        if let Some(store) = self.store.take() {
            let key = (taken.clone(),);
            // One that stays is void all the same.
            let given_back = store.write_essential_blocking(move |tx| tx.delete(&LEASES, &key));
            if let Err::<(), StoreError>(error) = given_back {
                tracing::warn!(target: "backup", %error, "a target could not be given back");
            }
        }
        lock(&self.taken).remove(&taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::fixture::TestBox;

    #[test]
    fn since_when_a_target_is_in_use_is_said_to_the_second() {
        let made = TestBox::new(46);
        made.clock.advance(std::time::Duration::from_nanos(123_456_789));
        let _lease = made.backups.lease(&made.spec("one"), Doing::Backup).unwrap();
        let Err(busy) = made.backups.lease(&made.spec("one"), Doing::Backup) else { panic!("it is in use") };
        assert!(busy.to_string().contains("since 2026-03-03T02:20:00Z."), "{busy}");
    }
}
