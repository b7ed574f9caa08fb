//! A box's backups: what it may write to, what it remembers, and who does what at one time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::audit::{self, Action, Audit, Event, Purpose};
use crate::base::{ActorRef, Ambient, Secret, Timestamp};
use crate::crypto::Signer;
use crate::crypto::backup::{KeyId, RepositoryKey};
use crate::store::{Desc, Direction, DiskSpace, KeyRange, ReadExt, Store, StoreError};

use super::disks::Disks;
use super::drill::{AskDisk, Drilling};
use super::error::BackupError;
use super::index::Cache;
use super::keyring::Keyring;
use super::layout::Attachment;
use super::lease::Removals;
use super::pace::Patience;
use super::places::note_place;
use super::remembered::Remembered;
use super::repository::{Known, Repository};
use super::rows::{BACKUPS, DRILLS, DrillRow, KEYS, KeyRow, LeaseRow, Made, TARGETS, TargetRow};
use super::schedule::Schedule;
use super::target::{Missing, Place, Target};

/// What a box gives to its backups besides its store.
pub trait Home: Send + Sync {
    /// The root's key for snapshots.
    fn snapshot_key(&self) -> Secret<[u8; 32]>;
    /// Signs the checkpoint that leaves with a snapshot.
    fn signer(&self) -> Signer;
    /// `keyslots.toml` as it is now.
    fn keyslots(&self) -> Result<String, BackupError>;
    /// Small files that a restored box needs and that are not in its store.
    fn attachments(&self) -> Vec<Attachment>;
    /// The clinic's name.
    fn clinic(&self) -> String;
    /// The box's own name.
    fn called(&self) -> String;
    /// The box's own folder.
    fn data(&self) -> PathBuf;
    /// The folder for what backups keep on this machine.
    fn folder(&self) -> PathBuf;
}

/// A target as it is named: in the configuration, or by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSpec {
    pub name: String,
    pub place: Place,
}

impl TargetSpec {
    /// A target that is named by its place alone.
    pub fn at(text: &str) -> Result<Self, BackupError> {
        let place = Place::parse(text).map_err(|why| BackupError::NoPlace { why })?;
        Ok(Self { name: place.to_string(), place })
    }

    /// Opens it.
    pub fn open(&self, missing: Missing) -> Result<Arc<dyn Target>, BackupError> {
        Ok(self.place.open(missing)?)
    }
}

/// A box's backups. Clones share it.
#[derive(Clone)]
pub struct Backups {
    pub(super) store: Store,
    pub(super) audit: Audit,
    pub(super) ambient: Ambient,
    pub(super) home: Arc<dyn Home>,
    targets: Arc<[TargetSpec]>,
    pub(super) schedule: Arc<Schedule>,
    /// The places and the repositories that this run of the box has taken, and for what.
    pub(super) taken: Arc<Mutex<BTreeMap<String, LeaseRow>>>,
    pub(super) removals: Arc<Mutex<Removals>>,
    /// The highest number that a snapshot was given in this run of the box, made or not.
    pub(super) numbered: Arc<Mutex<u64>>,
    pub(super) patience: Patience,
    pub(super) disks: Disks,
    pub(super) drilling: Drilling,
    pub(super) ask_disk: AskDisk,
    /// The day on which this run of the box last removed old backups by itself, by the target's name.
    pub(super) cleared: Arc<Mutex<BTreeMap<String, jiff::civil::Date>>>,
    /// When this run of the box last said that a target gets no backup because it is taken, by the target's name.
    pub(super) said_stuck: Arc<Mutex<BTreeMap<String, Timestamp>>>,
}

impl Backups {
    pub fn new(audit: Audit, home: impl Home + 'static, targets: Vec<TargetSpec>, schedule: Schedule) -> Self {
        let (store, ambient) = (audit.store().clone(), audit.ambient().clone());
        let (targets, schedule) = (targets.into(), Arc::new(schedule));
        Self {
            store,
            audit,
            ambient,
            home: Arc::new(home),
            targets,
            schedule,
            taken: Arc::default(),
            removals: Arc::default(),
            numbered: Arc::default(),
            patience: Patience::USUAL,
            disks: Disks::default(),
            drilling: Arc::default(),
            ask_disk: Arc::new(DiskSpace::around),
            cleared: Arc::default(),
            said_stuck: Arc::default(),
        }
    }

    /// The same box with less patience.
    #[cfg(test)]
    pub(super) fn with_patience(&self, patience: Patience) -> Self {
        Self { patience, ..self.clone() }
    }

    /// The same box on a disk that says this of itself.
    #[cfg(test)]
    pub(super) fn with_disk(&self, says: impl Fn(&Path) -> Option<DiskSpace> + Send + Sync + 'static) -> Self {
        Self { ask_disk: Arc::new(says), ..self.clone() }
    }

    /// The same box with other targets in its configuration.
    #[cfg(test)]
    pub(super) fn with_targets(&self, targets: Vec<TargetSpec>) -> Self {
        Self { targets: targets.into(), ..self.clone() }
    }

    /// The targets of the configuration.
    pub fn configured(&self) -> &[TargetSpec] {
        &self.targets
    }

    /// The targets that are meant: one by its name or path, or all of the configuration.
    pub fn named(&self, name: Option<&str>) -> Result<Vec<TargetSpec>, BackupError> {
        match name {
            None if self.targets.is_empty() => Err(BackupError::NoTarget),
            None => Ok(self.targets.to_vec()),
            Some(name) => match self.targets.iter().find(|target| target.name == name) {
                Some(target) => Ok(vec![target.clone()]),
                None if name.contains('/') => {
                    let spec = TargetSpec::at(name)?;
                    // One of the configuration brings along what it takes to reach it.
                    let known = self.targets.iter().find(|target| target.place.to_string() == spec.name);
                    Ok(vec![known.cloned().unwrap_or(spec)])
                }
                None => Err(BackupError::no_such_target(name, &self.targets)),
            },
        }
    }

    /// Opens a target that was used before. It has to be there.
    pub(super) fn open(&self, spec: &TargetSpec) -> Result<Repository, BackupError> {
        let place = || spec.place.to_string();
        let of_box = self.of_box()?;
        self.whole_of(spec)?;
        let repository = match Repository::open_of(spec.open(Missing::Refuse)?, Some(of_box)) {
            Err(BackupError::NotARepository { .. }) => {
                return Err(match self.lost_at(spec)? {
                    Some(lost) => self.emptied(lost, place())?,
                    None => BackupError::NotARepository { place: place() },
                });
            }
            other => other?,
        };
        if repository.marker().of_box == of_box {
            let repository = self.settled(repository)?;
            Ok(match self.copy_of(spec, repository.marker().repository)? {
                Some(other) => repository.copied_from(other),
                None => repository,
            })
        } else {
            Err(BackupError::OtherBox { place: place() })
        }
    }

    /// That a place holds nothing of the repository that it held. So it stands from now on, until it is seen again.
    fn emptied(&self, lost: [u8; 16], place: String) -> Result<BackupError, BackupError> {
        self.remember(lost, Remembered::lost_all)?;
        Ok(BackupError::Emptied { place })
    }

    /// A repository whose marker was lost, with the id that its snapshots have.
    fn settled(&self, repository: Repository) -> Result<Repository, BackupError> {
        if repository.marker().repository != Repository::UNKNOWN {
            return Ok(repository);
        }
        let keyring = self.keyring()?;
        for name in repository.snapshots()?.iter().rev() {
            match repository.open_one(name, &keyring) {
                Ok(manifest) => match manifest.repository_id() {
                    Some(id) if id != Repository::UNKNOWN => return Ok(repository.of_id(id)),
                    _ => {}
                },
                Err(BackupError::Damaged(_)) => {}
                Err(error) if error.is_not_ours() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(repository)
    }

    /// Opens a target that is held against what was written to it.
    pub(super) fn open_known(&self, spec: &TargetSpec) -> Result<Repository, BackupError> {
        let repository = self.open(spec)?;
        let there = repository.marker().repository;
        match self.row_here(spec)?.map(|row| row.repository) {
            // What nobody knows may be the one.
            Some(known) if ![known, Repository::UNKNOWN].contains(&there) => {
                Err(BackupError::OtherRepository { place: spec.place.to_string() })
            }
            _ => Ok(repository),
        }
    }

    /// What is known of a target.
    pub(super) fn row(&self, spec: &TargetSpec) -> Result<Option<TargetRow>, BackupError> {
        Ok(self.store.read()?.get(&TARGETS, &(spec.name.clone(),))?)
    }

    /// The same, unless the target was another place then.
    pub(super) fn row_here(&self, spec: &TargetSpec) -> Result<Option<TargetRow>, BackupError> {
        Ok(self.row(spec)?.filter(|row| row.place == spec.place.to_string()))
    }

    /// Refuses a folder within the box's own: what destroys the box destroys it, too.
    pub(super) fn is_outside(&self, spec: &TargetSpec) -> Result<(), BackupError> {
        let Place::Folder(_) = &spec.place else { return Ok(()) };
        let whole = self.disks.known(&spec.place).whole;
        match self.home.data().canonicalize() {
            Ok(own) if Path::new(&whole).starts_with(&own) => {
                Err(BackupError::Inside { place: spec.place.to_string() })
            }
            Ok(own) if own.starts_with(whole) => Err(BackupError::Around { place: spec.place.to_string() }),
            _ => Ok(()),
        }
    }

    /// Opens a target to write to, which was taken, and starts a repository where there is none.
    pub(super) fn open_to_write(&self, spec: &TargetSpec, anew: Anew) -> Result<Repository, BackupError> {
        self.is_outside(spec)?;
        let known = self.known_at(spec, anew)?;
        let missing = if known == Known::New { Missing::Make } else { Missing::Refuse };
        let target = spec.open(missing)?;
        // Where the marker alone was lost, the snapshots say which repository it is.
        let of_box = self.of_box()?;
        let said = match (known, Repository::open_of(target.clone(), Some(of_box))) {
            (Known::New | Known::Held(_), Ok(there)) if there.is_unmarked() && there.marker().of_box == of_box => {
                Some(self.settled(there)?.marker().repository)
            }
            _ => None,
        };
        let known = said.filter(|id| *id != Repository::UNKNOWN).map_or(known, Known::Was);
        let repository = match (Repository::open_or_start(target, of_box, known, &self.ambient), known) {
            (Err(BackupError::Emptied { place }), Known::Was(lost) | Known::Held(lost)) => {
                return Err(self.emptied(lost, place)?);
            }
            (opened, _) => opened?,
        };
        self.is_no_copy(spec, &repository)?;
        Ok(repository)
    }

    /// Refuses to change a copy of a place that is written to.
    pub(super) fn is_no_copy(&self, spec: &TargetSpec, repository: &Repository) -> Result<(), BackupError> {
        let copied = match repository.copied() {
            Some(other) => Some(other.to_owned()),
            None => self.copy_of(spec, repository.marker().repository)?,
        };
        match copied {
            Some(other) => Err(BackupError::CopyOf { place: spec.place.to_string(), other }),
            None => Ok(()),
        }
    }

    /// The name of the access log's chain: what stays the same when a box is restored.
    pub(super) fn of_box(&self) -> Result<[u8; 16], BackupError> {
        let head = audit::head(&self.store.read()?)?;
        head.map(|head| head.chain).ok_or_else(|| BackupError::Failed("the box has no access log yet".into()))
    }

    pub(super) fn cache(&self, repository: &Repository) -> Cache {
        Cache::at(self.home.folder().join("index").join(repository.id()))
    }

    /// All keys of the box.
    pub fn keyring(&self) -> Result<Keyring, BackupError> {
        let mut keyring = Keyring::default();
        for row in self.store.read()?.scan(&KEYS, KeyRange::all(), Direction::Up)? {
            let ((id,), row) = row?;
            keyring.add(KeyId(id), RepositoryKey::new(Secret::new(row.secret)));
        }
        Ok(keyring)
    }

    /// The key that new snapshots are sealed under. After the root was changed it is another: whoever has an old
    /// recovery sheet opens old snapshots only.
    pub(super) fn current_key(&self) -> Result<(KeyId, RepositoryKey), BackupError> {
        let root = root_mark(&self.home.snapshot_key());
        let mut newest: Option<(Timestamp, KeyId, RepositoryKey)> = None;
        for row in self.store.read()?.scan(&KEYS, KeyRange::all(), Direction::Up)? {
            let ((id,), row) = row?;
            if row.root == root && newest.as_ref().is_none_or(|(made, ..)| row.made >= *made) {
                newest = Some((row.made, KeyId(id), RepositoryKey::new(Secret::new(row.secret))));
            }
        }
        if let Some((_, id, key)) = newest {
            return Ok((id, key));
        }
        let (id, key) = (KeyId::generate(&self.ambient), RepositoryKey::generate(&self.ambient));
        let row = KeyRow { secret: *key.expose(), made: self.ambient.now(), root };
        self.store.write_essential_blocking(move |tx| tx.put(&KEYS, &(id.0,), &row))?;
        Ok((id, key))
    }

    /// An entry of the access log.
    pub(super) fn event(&self, by: &ActorRef, action: Action) -> Event {
        Event::new(by.clone(), action, Purpose::SysAdmin)
    }

    /// What is known of the targets, by name.
    pub fn known(&self) -> Result<Vec<(String, TargetRow)>, BackupError> {
        let rows = self.store.read()?.scan(&TARGETS, KeyRange::all(), Direction::Up)?.collect::<Result<Vec<_>, _>>()?;
        Ok(rows.into_iter().map(|((name,), row)| (name, row)).collect())
    }

    /// What the live store had when a snapshot was made.
    pub(super) fn made(&self, number: u64) -> Result<Option<Made>, BackupError> {
        Ok(self.store.read()?.get(&BACKUPS, &(number,))?)
    }

    /// The drills that were run, newest first.
    pub fn drills(&self, most: usize) -> Result<Vec<DrillRow>, BackupError> {
        let read = self.store.read()?;
        let rows = read.scan(&DRILLS, KeyRange::all(), Direction::Up)?.take(most);
        rows.map(|row| row.map(|(_, row)| row).map_err(BackupError::from)).collect()
    }

    pub(super) fn keep_drill(&self, row: DrillRow) -> Result<(), BackupError> {
        let mut at = self.ambient.now().as_microsecond();
        self.store.write_essential_blocking(move |tx| {
            // Two within one tick of the clock are two.
            while tx.contains(&DRILLS, &(Desc(at),))? {
                at += 1;
            }
            tx.put(&DRILLS, &(Desc(at),), &row)?;
            // A few years of weekly ones.
            let old: Vec<(Desc<i64>,)> = tx
                .scan(&DRILLS, KeyRange::all(), Direction::Up)?
                .skip(DRILLS_KEPT)
                .filter_map(|row| row.ok().map(|(key, _)| key))
                .collect();
            old.iter().try_for_each(|key| tx.delete(&DRILLS, key))
        })?;
        Ok(())
    }

    /// Changes what is known of a target.
    pub(super) fn note(
        &self,
        spec: &TargetSpec,
        repository: Option<[u8; 16]>,
        change: impl FnOnce(&mut TargetRow) + Send + 'static,
    ) -> Result<(), BackupError> {
        let (key, place, names) = ((spec.name.clone(),), spec.place.to_string(), self.names_of(&spec.place));
        self.store.write_essential_blocking(move |tx| {
            let old = tx.get(&TARGETS, &key)?;
            // Of what nobody knows nothing is said.
            let said = repository.filter(|id| *id != Repository::UNKNOWN);
            let mut row = match (old, said) {
                (Some(row), None) if row.place == place => row,
                // Nothing is known of a place that was never written to, whatever the name meant before.
                (_, None) => return Ok::<_, StoreError>(()),
                (old, Some(repository)) => {
                    // A place that the name meant before is known by itself from now on.
                    if let Some(left) = old.as_ref().filter(|row| !row.place.is_empty() && row.place != place) {
                        note_place(tx, &BTreeSet::from([left.place.clone()]), left.repository)?;
                    }
                    note_place(tx, &names, repository)?;
                    let known = old.filter(|row| row.repository == repository);
                    TargetRow { place, ..known.unwrap_or_else(|| TargetRow::blank(repository)) }
                }
            };
            change(&mut row);
            tx.put(&TARGETS, &key, &row)
        })?;
        Ok(())
    }
}

/// How many drills are remembered.
const DRILLS_KEPT: usize = 200;

/// Whether a target that was used before may be begun anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anew {
    No,
    Yes,
}

/// Knows a root again without keeping it.
pub(super) fn root_mark(snapshot_key: &Secret<[u8; 32]>) -> [u8; 16] {
    let hash = blake3::keyed_hash(snapshot_key.expose(), b"which root a repository key was made under");
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}
