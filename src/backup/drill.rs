//! Trying to restore: a backup is none until it was restored.
//!
//! A drill restores a snapshot into a throwaway store, sealed under a key that nobody keeps, and holds it against what the *live*
//! store had when the snapshot was made: counts, the access log's head, and rows taken at random. Then the restored store checks
//! itself from the first page to the last, and its access log is verified against the checkpoint that left with the snapshot.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::audit::{self, Action, Detail, Outcome, VerifyInput};
use crate::base::{ActorRef, Secret, Timestamp, said};
use crate::crypto::page::PageKey;
use crate::store::{DiskSpace, OpenCheck, Store, StoreOptions, tables};

use super::error::{BackupError, Damage, What};
use super::index::{Index, lock};
use super::layout::{Manifest, SnapshotName};
use super::lease::Doing;
use super::reading::Reader;
use super::repository::Repository;
use super::restore::{FillError, fill};
use super::rows::{DrillRow, Made};
use super::samples;
use super::service::{Backups, TargetSpec};
use super::watch::{Progress, Watch};

/// A throwaway store, gone when this is dropped.
pub struct Throwaway {
    pub store: Store,
    _folder: DrillFolder,
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        self.store.close();
    }
}

/// A snapshot that was brought here.
pub struct Brought {
    pub name: SnapshotName,
    pub throwaway: Throwaway,
    /// The newest snapshot that was made there, where `latest` was asked for, it is gone, and this is one before it.
    pub newest_gone: Option<SnapshotName>,
}

/// The folders of throwaway stores that are in use, and how many bytes of the disk each was promised.
pub(super) type Drilling = Arc<Mutex<BTreeMap<PathBuf, u64>>>;

/// How a disk is asked what is free on it.
pub(super) type AskDisk = Arc<dyn Fn(&Path) -> Option<DiskSpace> + Send + Sync>;

/// A folder for one throwaway store, gone when this is dropped. Until then nobody takes it for what an interrupted drill left.
struct DrillFolder {
    path: PathBuf,
    drilling: Drilling,
}

impl Drop for DrillFolder {
    fn drop(&mut self) {
        // Nobody has the store's key any more, whatever stays of it; the next drill takes it away.
        let _ = std::fs::remove_dir_all(&self.path);
        lock(&self.drilling).remove(&self.path);
    }
}

/// What came of trying.
struct Tried {
    row: DrillRow,
    /// A newer snapshot is gone, which is no fault of this one.
    stale: bool,
    damaged: bool,
}

impl Backups {
    /// Restores the newest snapshot of a target, or the one asked for, and says what came of it. The row is kept, passed or not.
    pub fn drill(
        &self,
        spec: &TargetSpec,
        asked: &str,
        by: &ActorRef,
        watch: &dyn Watch,
    ) -> Result<DrillRow, BackupError> {
        let _lease = self.lease(spec, Doing::Drill)?;
        let begun = std::time::Instant::now();
        let at = self.ambient.now();
        let blank = DrillRow {
            at,
            target: spec.name.clone(),
            repository: Repository::UNKNOWN,
            snapshot: String::new(),
            seconds: 0,
            rows: 0,
            entries: 0,
            samples: 0,
            faults: Vec::new(),
            untried: false,
        };
        let is_fault = |tried: &Result<Tried, _>| tried.as_ref().is_ok_and(|tried| !tried.row.passed());
        let tried = self.undisturbed(spec, watch, is_fault, || {
            let mut tried = Tried { row: blank.clone(), stale: false, damaged: false };
            match self.try_drill(spec, asked, &mut tried, watch) {
                Ok(()) => {}
                // Nothing was tried: the row would say that the backup is bad.
                Err(error @ (BackupError::Stopped | BackupError::Busy { .. })) => return Err(error),
                // Nor is it the place's fault what somebody asked for.
                Err(error) if asked != Repository::LATEST && error.is_of_asking() => return Err(error),
                Err(error) => {
                    tried.damaged = error.is_damage();
                    tried.row.untried = !tried.damaged;
                    tried.row.faults.push(error.to_string());
                }
            }
            Ok(tried)
        })?;
        let Tried { mut row, stale, damaged } = tried;
        row.seconds = u32::try_from(begun.elapsed().as_secs()).unwrap_or(u32::MAX);
        let outcome = if row.passed() { Outcome::Success } else { Outcome::Failed };
        let note = format!("{} of {}: {} faults", row.snapshot, row.target, row.faults.len());
        let event = self.event(by, Action::BackupDrill).outcome(outcome).detail(Detail::note(note));
        let _ = self.audit.commit_blocking(vec![event])?;
        self.keep_drill(row.clone())?;
        if !row.untried {
            // What is damaged is found by the look that follows.
            let (name, failed) = (row.snapshot.clone(), !damaged && row.faults.len() > usize::from(stale));
            self.remember(row.repository, move |known| {
                if failed {
                    known.failed.insert(name)
                } else {
                    known.failed.remove(&name)
                };
            })?;
        }
        if row.passed() {
            self.look_again(spec, by, watch);
        }
        if damaged && let Err(error) = self.verify(spec, super::Depth::All, by, watch) {
            // It found the first fault. All of them have to be known, so that the next backup relies on nothing that is spoiled.
            tracing::warn!(target: "backup", %error, "a place with a damaged backup could not be looked through");
        }
        Ok(row)
    }

    fn try_drill(
        &self,
        spec: &TargetSpec,
        asked: &str,
        tried: &mut Tried,
        watch: &dyn Watch,
    ) -> Result<(), BackupError> {
        let repository = self.open_known(spec)?;
        let _of_repository = self.lease_of(spec, Doing::Drill, &repository)?;
        tried.row.repository = repository.marker().repository;
        let row = &mut tried.row;
        let (_, gone) = self.look_for(&repository)?;
        let newest = gone.last().filter(|_| asked == Repository::LATEST);
        let name = match (self.meant(&repository, asked), newest) {
            (Err(error), Some(newest)) if error.is_no_snapshot() => {
                row.snapshot = newest.to_string();
                let file = format!("snapshots/{newest}");
                return Err(Damage::of_snapshot(file, What::Missing, newest).into());
            }
            (name, _) => name?,
        };
        row.snapshot = name.to_string();
        if let Some(newest) = newest.filter(|newest| **newest > name) {
            tried.stale = true;
            row.faults
                .push(format!("the newest snapshot that was made there, {newest}, is gone: {name} is an older one"));
        }
        let made = self.made(name.number())?.filter(|made| made.name == name.as_str());
        let (throwaway, manifest) = self.restored(spec, &name, watch)?;
        self.compare(&throwaway, &manifest, made.as_ref(), row)
    }

    /// A snapshot as a throwaway store.
    pub fn restored(
        &self,
        spec: &TargetSpec,
        name: &SnapshotName,
        watch: &dyn Watch,
    ) -> Result<(Throwaway, Manifest), BackupError> {
        let repository = self.open(spec)?;
        let of = self.known_by(spec, Some(&repository))?;
        let quiet = self.quiet(&of);
        let keyring = self.keyring()?;
        let manifest = keyring.open(name, &repository.read(name)?)?;
        // Every byte is read from the target, its indexes too: what is kept here says nothing of what is there.
        let index = Index::load(repository.target(), &keyring, None)?;
        let folder = self.folder_for_a_drill(&manifest)?;
        let path = folder.path.join("drill.redb");
        let secret = Secret::new(self.ambient.bytes());
        let key = || PageKey::new(1, &secret);
        let reader = Reader::new(repository.target(), &index, &keyring);
        let room = WithinRoom {
            watch,
            all: self,
            folder: &folder.path,
            ends: late(&manifest),
            is_out: AtomicBool::new(false),
        };
        let filled = Store::create_filled(&path, key(), &self.ambient, |filling| {
            fill(&reader, &manifest, filling, &room).map_err(FillError)
        });
        if room.is_out.into_inner() {
            return Err(no_room("what else is on it grew meanwhile, or the values are large".to_owned()));
        }
        let options = StoreOptions { check: OpenCheck::Whole, low_bytes: 0, ..StoreOptions::throwaway() };
        // What was read elsewhere comes back, and is not to be relied on where it is. What a removal took away meanwhile was read
        // elsewhere, too, and nothing is wrong with it.
        let spoiled = reader.spoiled();
        if !spoiled.is_empty() && quiet.is_some() && quiet == self.quiet(&of) {
            self.remember(repository.marker().repository, move |known| known.spoiled.extend(spoiled))?;
        }
        let opened = filled
            .map_err(|FillError(error)| error)
            .and_then(|()| Store::open(&path, key(), &options, &self.ambient).map_err(BackupError::from));
        Ok((Throwaway { store: opened?, _folder: folder }, manifest))
    }

    fn compare(
        &self,
        throwaway: &Throwaway,
        manifest: &Manifest,
        made: Option<&Made>,
        row: &mut DrillRow,
    ) -> Result<(), BackupError> {
        let view = throwaway.store.read()?;
        row.rows = manifest.rows();
        let head = audit::head(&view)?;
        row.entries = head.map_or(0, |head| head.size);
        match made {
            None => {
                // It came back whole, and whether it is what there was nobody can say.
                row.untried = row.faults.is_empty();
                row.faults.push(
                    "this box does not remember making this snapshot: it came back, and could be held against its own word only"
                        .to_owned(),
                );
            }
            Some(made) => {
                for (number, rows) in &made.tables {
                    let restored = manifest.tables.iter().find(|table| table.number == *number).map_or(0, |t| t.rows);
                    if restored != *rows {
                        let table = tables::numbered(*number).map_or("a table", |table| table.name());
                        row.faults.push(format!("{table} had {rows} rows, and {restored} came back"));
                    }
                }
                if manifest.tables.len() != made.tables.len() {
                    row.faults.push("other tables came back than there were".to_owned());
                }
                if head.is_none_or(|head| head.size != made.entries || head.hash != made.head) {
                    row.faults.push("the access log that came back is not the one that there was".to_owned());
                }
                for (table, wrong) in samples::missing(&view, &made.samples)? {
                    row.faults.push(format!("{wrong} rows of {table} did not come back as they were"));
                }
                row.samples = made.samples.len() as u64;
            }
        }
        // The root key may have changed since.
        let key = audit::key_at(&self.store.read()?, self.home.signer().public(), manifest.audit.entries)?;
        let input =
            VerifyInput { checkpoints: vec![manifest.audit.checkpoint.clone()], pinned: vec![], own_key: Some(key) };
        let report = audit::verify(&view, &input, &self.ambient)?;
        if !report.is_whole() {
            row.untried = false;
            let n = report.findings.len() as u64 + report.more_findings;
            row.faults.push(format!("the access log that came back is not as it was written: {n} findings"));
        }
        Ok(())
    }

    /// A snapshot of a target as a throwaway store, also while old ones are being removed there.
    pub fn brought(&self, spec: &TargetSpec, asked: &str, watch: &dyn Watch) -> Result<Brought, BackupError> {
        let is_fault = |done: &Result<_, BackupError>| done.as_ref().is_err_and(BackupError::is_damage);
        self.undisturbed(spec, watch, is_fault, || {
            let repository = self.open(spec)?;
            let name = self.meant(&repository, asked)?;
            let (_, gone) = self.look_for(&repository)?;
            let newest_gone = gone.into_iter().next_back().filter(|gone| asked == Repository::LATEST && *gone > name);
            let (throwaway, _) = self.restored(spec, &name, watch)?;
            Ok(Brought { name, throwaway, newest_gone })
        })
    }

    /// An empty folder, in the place of what an interrupted drill left, on a disk that has room for what comes into it and for
    /// what those under way still need: a drill must not take the room from the box that works on this disk.
    fn folder_for_a_drill(&self, manifest: &Manifest) -> Result<DrillFolder, BackupError> {
        use std::os::unix::fs::DirBuilderExt;
        let place = self.home.folder();
        let mut drilling = lock(&self.drilling);
        clear_drills(&place, &drilling);
        let mut promised = 0;
        if let Some(disk) = (self.ask_disk)(&place) {
            let (needed, kept) = StoreOptions::for_a_clinic().room_to_fill(manifest.bytes(), disk);
            promised = (needed - kept).saturating_add(late(manifest));
            let others = drilling.iter().map(|(path, promised)| promised.saturating_sub(taken_by(path)));
            let needed = others.fold(kept.saturating_add(promised), u64::saturating_add);
            if disk.free < needed {
                let (needed, free) = (needed >> 20, disk.free >> 20);
                return Err(no_room(format!("{needed} MiB are needed for a while, and {free} MiB are free")));
            }
        }
        let folder = place.join(format!("{DRILL}{}", data_encoding::HEXLOWER.encode(&self.ambient.bytes::<4>())));
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|error| BackupError::Failed(format!("{} cannot be made: {}", folder.display(), said(&error))))?;
        drilling.insert(folder.clone(), promised);
        Ok(DrillFolder { path: folder, drilling: self.drilling.clone() })
    }
}

/// How much of a store that is being filled may be on its way to the disk at most.
const LATE: u64 = 64 << 20;

/// The same, of what a snapshot holds.
fn late(manifest: &Manifest) -> u64 {
    manifest.bytes().saturating_mul(3).min(LATE)
}

fn no_room(why: String) -> BackupError {
    BackupError::Failed(format!("there is not enough room on the box's disk to try to restore: {why}"))
}

/// The bytes of the disk that a throwaway store has.
fn taken_by(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.blocks() * 512).sum()
}

/// Breaks a filling off before the box's own writes are refused: how much of the disk a store takes depends on what is in it.
struct WithinRoom<'a> {
    watch: &'a dyn Watch,
    all: &'a Backups,
    folder: &'a Path,
    /// How far above what the box keeps it ends.
    ends: u64,
    is_out: AtomicBool,
}

impl Watch for WithinRoom<'_> {
    fn progress(&self, progress: Progress) {
        self.watch.progress(progress);
    }

    fn is_stopped(&self) -> bool {
        let is_out = (self.all.ask_disk)(self.folder).is_some_and(|disk| {
            let (_, kept) = StoreOptions::for_a_clinic().room_to_fill(0, disk);
            disk.free < kept.saturating_add(self.ends)
        });
        self.is_out.fetch_or(is_out, Ordering::Relaxed);
        is_out || self.watch.is_stopped()
    }
}

const DRILL: &str = "drill-";

/// Takes away what lies there of drills, but those that are under way.
fn clear_drills(place: &Path, drilling: &BTreeMap<PathBuf, u64>) {
    let Ok(entries) = std::fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let is_drill = entry.file_name().to_str().is_some_and(|name| name.starts_with(DRILL));
        if is_drill && !drilling.contains_key(&entry.path()) {
            // It is tried again at the next drill.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// When the newest drill was run that passed.
pub fn last_passed(drills: &[DrillRow]) -> Option<Timestamp> {
    drills.iter().filter(|drill| drill.passed()).map(|drill| drill.at).max()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use crate::backup::Unwatched;
    use crate::backup::fixture::{TestBox, by};
    use crate::store::DiskSpace;

    #[test]
    fn drills_do_not_take_the_room_from_each_other_or_from_the_box() {
        let made = TestBox::new(172);
        made.put((0..300).map(|at| (at, vec![at as u8; 3000])));
        made.snapshot("one");
        let spec = made.spec("one");
        let plenty = (1 << 30) + (30 << 20);
        let (free, asked) = (Arc::new(AtomicU64::new(plenty)), Arc::new(AtomicU64::new(0)));
        let (told, often) = (free.clone(), asked.clone());
        // From the fifth question on it is what somebody else left.
        let backups = made.backups.with_disk(move |_| {
            let is_late = often.fetch_add(1, Ordering::SeqCst) >= 5;
            Some(DiskSpace { free: if is_late { told.load(Ordering::SeqCst) } else { plenty }, total: 20 << 30 })
        });
        let drill = || backups.drill(&spec, "latest", &by(), &Unwatched).unwrap();
        // Another is under way that has taken nothing yet of what it was promised.
        let other = made.path("backups/drill-00000000");
        made.backups.drilling.lock().unwrap().insert(other.clone(), 20 << 20);
        let waits = drill();
        assert!(waits.untried && waits.faults[0].contains("and 1054 MiB are free"), "{:?}", waits.faults);
        made.backups.drilling.lock().unwrap().remove(&other);
        assert!(drill().passed());
        // The disk fills up while it is under way.
        asked.store(0, Ordering::SeqCst);
        free.store(1 << 30, Ordering::SeqCst);
        let broken_off = drill();
        assert!(broken_off.untried && broken_off.faults[0].contains("not enough room"), "{:?}", broken_off.faults);
        let left = std::fs::read_dir(made.path("backups")).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(left.into_iter().all(|name| !name.to_string_lossy().starts_with("drill-")));
    }

    #[test]
    fn a_drill_of_what_there_is_not_is_none() {
        let made = TestBox::new(171);
        made.put([(1, vec![1])]);
        made.snapshot("one");
        made.snapshot("one");
        let spec = made.spec("one");
        for asked in ["4711", "202603", "x", ""] {
            assert!(made.backups.drill(&spec, asked, &by(), &Unwatched).is_err(), "{asked}");
        }
        assert_eq!(made.backups.drills(9).unwrap(), []);
    }

    #[test]
    fn a_drill_takes_away_what_an_interrupted_one_left_and_nothing_of_one_under_way() {
        let made = TestBox::new(170);
        made.put([(1, vec![1])]);
        let name = made.snapshot("one").name;
        made.snapshot("two");
        let (throwaway, _) = made.backups.restored(&made.spec("one"), &name, &Unwatched).unwrap();
        let (kept, left) = (throwaway._folder.path.clone(), made.path("backups/drill-00000000"));
        std::fs::create_dir(&left).unwrap();
        for place in ["one", "two"] {
            let drill = made.backups.drill(&made.spec(place), "latest", &by(), &Unwatched).unwrap();
            assert!(drill.passed(), "{:?}", drill.faults);
        }
        assert!(kept.join("drill.redb").is_file() && !left.exists());
        drop(throwaway);
        assert!(!kept.exists());
        let both = ["one", "two"].map(|place| made.spec(place));
        std::thread::scope(|scope| {
            let each = |at: usize| {
                let (made, spec) = (&made, &both[at % 2]);
                scope.spawn(move || match at {
                    0 | 1 => (0..5).all(|_| made.backups.drill(spec, "latest", &by(), &Unwatched).unwrap().passed()),
                    _ => {
                        let name = made.backups.choose(spec, "latest").unwrap();
                        (0..5).all(|_| made.backups.restored(spec, &name, &Unwatched).is_ok())
                    }
                })
            };
            let looks: Vec<_> = (0..4).map(each).collect();
            assert!(looks.into_iter().all(|look| look.join().unwrap()));
        });
    }
}
