//! Who does what with a target at one time.
//!
//! What is taken is known to the run of the box, which does all of this work. A row says it of a place, too: it is void once
//! that run has ended, which a crash ends too, and then tells the next that something was left unfinished.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use data_encoding::HEXLOWER;

use crate::base::Timestamp;
use crate::store::{ReadExt, Store, StoreError};

use super::error::BackupError;
use super::index::lock;
use super::pace::NAP;
use super::repository::Repository;
use super::rows::{LEASES, LeaseRow};
use super::service::{Backups, TargetSpec};
use super::watch::Watch;

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

    /// Whether a target is taken for writing in this run of the box.
    pub(super) fn is_written_to(&self, spec: &TargetSpec) -> bool {
        lock(&self.taken).contains_key(&Doing::Backup.key(&self.disks.known(&spec.place).whole))
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

/// Removals of old backups in this run of the box, and those who must not be disturbed by one: by the one name of a place and by the
/// id of a repository. What is done in one keeps nobody waiting who is at work in another.
#[derive(Debug, Default)]
pub(super) struct Removals(BTreeMap<String, AtOne>);

/// What is done with one place or repository.
#[derive(Debug, Default)]
struct AtOne {
    begun: u64,
    ended: u64,
    looking: u64,
    /// Since when what others wait for is under way.
    since: Option<Timestamp>,
}

/// A place and the repository in it, as far as it is known which one.
type Names = BTreeSet<String>;

impl Removals {
    fn each(&mut self, of: &Names, change: impl Fn(&mut AtOne)) {
        of.iter().for_each(|name| change(self.0.entry(name.clone()).or_default()));
    }

    fn of<'a>(&'a self, of: &'a Names) -> impl Iterator<Item = &'a AtOne> {
        of.iter().filter_map(|name| self.0.get(name))
    }
}

/// Old backups are being removed, until this is dropped: what somebody finds missing meanwhile may have been removed.
pub(super) struct Removing(Arc<Mutex<Removals>>, Names);

impl Drop for Removing {
    fn drop(&mut self) {
        lock(&self.0).each(&self.1, |one| one.ended += 1);
    }
}

/// Nothing is removed until this is dropped.
struct Looking(Arc<Mutex<Removals>>, Names);

impl Drop for Looking {
    fn drop(&mut self) {
        lock(&self.0).each(&self.1, |one| one.looking -= 1);
    }
}

impl Backups {
    /// By what removals from a place are known.
    pub(super) fn known_by(&self, spec: &TargetSpec, found: Option<&Repository>) -> Result<Names, BackupError> {
        let held = self.row_here(spec)?.map(|row| row.repository);
        let found = found.map(|repository| repository.marker().repository);
        let ids = held.into_iter().chain(found).filter(|id| *id != Repository::UNKNOWN);
        Ok(ids.map(|id| HEXLOWER.encode(&id)).chain([self.disks.known(&spec.place).whole]).collect())
    }

    /// Begins to remove, once nobody looks there who must not be disturbed.
    pub(super) fn removing(
        &self,
        spec: &TargetSpec,
        repository: &Repository,
        watch: &dyn Watch,
    ) -> Result<Removing, BackupError> {
        let (of, now) = (self.known_by(spec, Some(repository))?, self.ambient.now());
        self.wait_until(spec, "a look at what is damaged there", &of, watch, |removals| {
            let free = removals.of(&of).all(|one| one.looking == 0);
            if free {
                removals.each(&of, |one| (one.begun, one.since) = (one.begun + 1, Some(now)));
            }
            free
        })?;
        Ok(Removing(self.removals.clone(), of))
    }

    /// How many removals were begun there so far, if none is under way.
    pub(super) fn quiet(&self, of: &Names) -> Option<u64> {
        let removals = lock(&self.removals);
        removals.of(of).all(|one| one.begun == one.ended).then(|| removals.of(of).map(|one| one.begun).sum())
    }

    /// Does something with a place again that found a fault while old backups were being removed there. The second time they wait
    /// for it.
    pub(super) fn undisturbed<T>(
        &self,
        spec: &TargetSpec,
        watch: &dyn Watch,
        is_fault: impl Fn(&Result<T, BackupError>) -> bool,
        mut work: impl FnMut() -> Result<T, BackupError>,
    ) -> Result<T, BackupError> {
        let of = self.known_by(spec, None)?;
        let before = self.quiet(&of);
        let done = work();
        if !is_fault(&done) || (before.is_some() && before == self.quiet(&of)) {
            return done;
        }
        lock(&self.removals).each(&of, |one| one.looking += 1);
        let _looking = Looking(self.removals.clone(), of.clone());
        self.wait_until(spec, Doing::Prune.said(), &of, watch, |removals| {
            removals.of(&of).all(|one| one.begun == one.ended)
        })?;
        let now = self.ambient.now();
        lock(&self.removals).each(&of, |one| one.since = Some(now));
        work()
    }

    /// Waits for who is at work in the same place, and not without end: they may hang.
    fn wait_until(
        &self,
        spec: &TargetSpec,
        doing: &str,
        of: &Names,
        watch: &dyn Watch,
        mut is_so: impl FnMut(&mut Removals) -> bool,
    ) -> Result<(), BackupError> {
        let begun = Instant::now();
        while !is_so(&mut lock(&self.removals)) {
            if watch.is_given_up() {
                return Err(BackupError::Stopped);
            }
            if begun.elapsed() > self.patience.opening {
                let since = lock(&self.removals).of(of).filter_map(|one| one.since).max();
                let (target, doing) = (spec.name.clone(), doing.to_owned());
                return Err(BackupError::Busy { target, doing, since: since.unwrap_or_else(|| self.ambient.now()) });
            }
            std::thread::sleep(NAP);
        }
        Ok(())
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
    pub(super) const fn said(self) -> &'static str {
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
    use std::time::Duration;

    use super::*;
    use crate::backup::fixture::{TestBox, by};
    use crate::backup::pace::{Patience, apart};
    use crate::backup::target::Missing;
    use crate::backup::{Depth, Unwatched};

    #[test]
    fn a_removal_that_hangs_keeps_only_those_waiting_who_look_at_the_same_place_and_them_not_without_end() {
        let made = TestBox::new(49);
        for place in ["one", "two"] {
            made.snapshot(place);
            made.snapshot(place);
            let older =
                std::fs::read_dir(made.path(place).join("snapshots")).unwrap().map(|entry| entry.unwrap().path());
            std::fs::write(older.min().unwrap(), b"").unwrap();
        }
        let [one, two] = ["one", "two"].map(|place| made.spec(place));
        let patience = Patience { opening: Duration::from_millis(300), ..Patience::USUAL };
        let backups = made.backups.with_patience(patience);
        let repository = Repository::open(one.open(Missing::Refuse).unwrap()).unwrap();
        let hung = backups.removing(&one, &repository, &Unwatched).unwrap();
        let look = |spec: &TargetSpec| backups.verify(spec, Depth::Structure, &by(), &Unwatched);
        assert!(!look(&two).unwrap().is_whole());
        assert!(!backups.drill(&two, "3", &by(), &Unwatched).unwrap().passed());
        assert!(backups.list(Some("two")).unwrap()[0].is_damaged());
        // By whichever name the same place is reached.
        std::os::unix::fs::symlink(made.path("one"), made.path("link")).unwrap();
        for same in [&one, &made.spec("link")] {
            let said = look(same).unwrap_err().to_string();
            assert!(said.contains("removing old backups is under way"), "{said}");
        }
        // Who waits for it gives no sign of life by that.
        let (all, of) = (made.backups.clone(), one.clone());
        let silent = Patience { silence: Duration::from_millis(300), ..Patience::USUAL };
        let waits = apart(&one, &silent, &Unwatched, move |watch| all.verify(&of, Depth::Structure, &by(), watch));
        assert!(matches!(waits, Err(BackupError::Silent { .. })), "{:?}", waits.map(|found| found.faults));
        drop(hung);
        assert!(!look(&one).unwrap().is_whole());
    }

    #[test]
    fn since_when_a_target_is_in_use_is_said_to_the_second() {
        let made = TestBox::new(46);
        made.clock.advance(Duration::from_nanos(123_456_789));
        let _lease = made.backups.lease(&made.spec("one"), Doing::Backup).unwrap();
        let Err(busy) = made.backups.lease(&made.spec("one"), Doing::Backup) else { panic!("it is in use") };
        assert!(busy.to_string().contains("since 2026-03-03T02:20:00Z."), "{busy}");
    }
}
