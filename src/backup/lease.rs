//! Who does what with a target at one time.
//!
//! A row says what is being done, so that another command hears of it; it is void once the run of the box that wrote it has
//! ended, which a crash ends too.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::base::Timestamp;
use crate::store::{ReadExt, Store, StoreError};

use super::error::BackupError;
use super::index::lock;
use super::rows::{LEASES, LeaseRow};
use super::service::{Backups, TargetSpec};
use super::watch::{Watch, go_on};

impl Backups {
    /// Takes a target for some work. One at a time: the row says who.
    pub(super) fn lease(&self, spec: &TargetSpec, doing: Doing) -> Result<Lease, BackupError> {
        let row = LeaseRow { boot: self.audit.boot(), doing: doing.said().to_owned(), since: self.ambient.now() };
        let (taking, name) = (doing.key(spec), spec.name.clone());
        let key = (taking.clone(),);
        // Whoever is refused gives nothing back.
        let first = lock(&self.taken).insert(taking.clone());
        let taken = if first { self.taken.clone() } else { Arc::default() };
        let mut lease = Lease { store: None, taken, key: taking, left: Left::Nothing };
        let left = self.store.write_essential_blocking(move |tx| {
            let busy = |row: LeaseRow| BackupError::Busy { target: name, doing: row.doing, since: row.since };
            let left = match tx.get(&LEASES, &key)? {
                Some(held) if held.boot == row.boot && !first => return Err(busy(held)),
                // What another run of the box began has ended with it, and what this one could not give back has ended, too.
                Some(_) => Left::Unfinished,
                None if !first => return Err(busy(row)),
                None => Left::Nothing,
            };
            tx.put(&LEASES, &key, &row)?;
            Ok(left)
        })?;
        (lease.store, lease.left) = (Some(self.store.clone()), left);
        Ok(lease)
    }

    /// What is being done with a target in this run of the box, and since when.
    pub(super) fn busy(&self, spec: &TargetSpec) -> Result<Option<(String, Timestamp)>, BackupError> {
        let (boot, read, taken) = (self.audit.boot(), self.store.read()?, lock(&self.taken).clone());
        for key in
            [Doing::Backup, Doing::Drill].map(|doing| doing.key(spec)).into_iter().filter(|key| taken.contains(key))
        {
            if let Some(row) = read.get(&LEASES, &(key,))?.filter(|row| row.boot == boot) {
                return Ok(Some((row.doing, row.since)));
            }
        }
        Ok(None)
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

    /// What is taken: the place, by whichever name and path. A drill only reads, and has a lease of its own beside.
    fn key(self, spec: &TargetSpec) -> String {
        let place = spec.place.whole();
        if self == Self::Drill { format!("{place} drill") } else { place }
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
    taken: Arc<Mutex<BTreeSet<String>>>,
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
