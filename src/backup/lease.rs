//! Who does what with a target at one time.
//!
//! A row says what is being done, so that another command hears of it; it is void once the run of the box that wrote it has
//! ended, which a crash ends too.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::base::Timestamp;
use crate::store::{ReadExt, Store, StoreError};

use super::error::BackupError;
use super::index::lock;
use super::rows::{LEASES, LeaseRow};
use super::service::{Backups, TargetSpec};
use super::target::Place;

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
        let whole = match &spec.place {
            Place::Folder(path) => Path::new(path).canonicalize().ok(),
            _ => None,
        };
        let place = whole.map_or_else(|| spec.place.to_string(), |path| path.display().to_string());
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
