//! Which snapshots there are, and whether they are what they should be at first sight.

use crate::base::counted;
use crate::crypto::KeySlots;
use crate::crypto::keyslots::SlotKey;

use super::error::{BackupError, Damage, Lost, What, of_another_run};
use super::keyring::Keyring;
use super::layout::{Manifest, SnapshotName};
use super::repository::Repository;
use super::service::{Backups, TargetSpec};
use super::target::{Missing, Shelf};

/// A snapshot in a list.
#[derive(Debug, Clone)]
pub struct ListedSnapshot {
    pub name: SnapshotName,
    /// What it holds; none without a key.
    pub manifest: Option<Manifest>,
    /// Why it cannot be restored, or not here.
    pub fault: Option<String>,
    /// Whether that is because it is not as it was written.
    pub damaged: bool,
}

/// A target in a list.
#[derive(Debug)]
pub struct ListedTarget {
    pub spec: TargetSpec,
    /// Oldest first.
    pub snapshots: Vec<ListedSnapshot>,
    /// Those that were made there, and that neither are there nor were removed by this box; oldest first.
    pub gone: Vec<SnapshotName>,
    /// Those that are of another run of this box; oldest first.
    pub beside: Vec<SnapshotName>,
    /// What is known not to be as it was written, from this look and from those before.
    pub faults: Vec<Damage>,
    /// What somebody should know who relies on it.
    pub warnings: Vec<String>,
    /// How many bytes still fit, where the target can tell.
    pub free: Option<u64>,
    /// Why it could not be looked at.
    pub error: Option<BackupError>,
}

impl ListedTarget {
    fn unseen(spec: TargetSpec, error: BackupError) -> Self {
        let (snapshots, gone, faults, warnings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { spec, snapshots, gone, beside: Vec::new(), faults, warnings, free: None, error: Some(error) }
    }

    /// Whether something is not as it was written.
    pub fn is_damaged(&self) -> bool {
        let damaged = self.error.as_ref().is_some_and(BackupError::is_damage);
        damaged || !self.gone.is_empty() || !self.faults.is_empty() || self.snapshots.iter().any(|one| one.damaged)
    }
}

impl Backups {
    /// Which snapshot of a target is meant.
    pub fn choose(&self, spec: &TargetSpec, asked: &str) -> Result<SnapshotName, BackupError> {
        self.meant(&self.open(spec)?, asked)
    }

    /// Looks at one target, or all of the configuration. One that cannot be reached is in the list, with the reason.
    pub fn list(&self, target: Option<&str>) -> Result<Vec<ListedTarget>, BackupError> {
        let keyring = self.keyring()?;
        Ok(self
            .named(target)?
            .into_iter()
            .map(|spec| {
                let looked = self.open_known(&spec).and_then(|repository| {
                    let (there, gone) = self.look_for(&repository)?;
                    let mut listed = look(&repository, spec.clone(), Opener::Box(&keyring))?;
                    self.add_known(&repository, &mut listed)?;
                    let beside: Vec<SnapshotName> = self.beside(&repository, &there)?.into_iter().collect();
                    if !beside.is_empty() {
                        listed.warnings.push(of_another_run(&beside));
                    }
                    listed.beside = beside;
                    Ok(ListedTarget { gone, ..listed })
                });
                looked.unwrap_or_else(|error| ListedTarget::unseen(spec, error))
            })
            .collect())
    }

    /// Adds what was found at earlier looks, and does not show at the snapshots' files.
    fn add_known(&self, repository: &Repository, listed: &mut ListedTarget) -> Result<(), BackupError> {
        let known = self.remembered(repository.marker().repository)?;
        for one in listed.snapshots.iter_mut().filter(|one| one.fault.is_none() && known.is_bad(&one.name)) {
            let why = if known.bad.contains(one.name.as_str()) {
                "it cannot be restored: `backup verify` says why"
            } else {
                "it came back otherwise than it was in its last drill"
            };
            (one.fault, one.damaged) = (Some(why.to_owned()), true);
        }
        if known.spoiled.is_empty() {
            return Ok(());
        }
        let there = repository.target().list(Shelf::Packs)?;
        // Which of them costs which, the look said that found it.
        let lost = if known.bad.is_empty() { Lost::Nothing } else { Lost::Unknown };
        listed.faults.extend(known.spoiled.iter().map(|file| {
            let missing = there.iter().all(|pack| pack.name.file() != file);
            let what = if missing { What::Missing } else { What::Changed };
            Damage::new(format!("{}/{file}", Shelf::Packs.path()), what, lost.clone())
        }));
        Ok(())
    }
}

/// Looks at a folder without a box. With a key it says what is in the snapshots that the key opens.
pub fn list_without_box(spec: &TargetSpec, key: Option<&SlotKey>) -> Result<ListedTarget, BackupError> {
    let repository = Repository::open(spec.open(Missing::Refuse)?)?;
    look(&repository, spec.clone(), key.map_or(Opener::Nothing, Opener::Person))
}

/// What opens snapshots.
#[derive(Clone, Copy)]
enum Opener<'a> {
    Nothing,
    Box(&'a Keyring),
    Person(&'a SlotKey),
}

fn look(repository: &Repository, spec: TargetSpec, opener: Opener<'_>) -> Result<ListedTarget, BackupError> {
    let mut opened = Vec::new();
    let mut wrong_key = None;
    let snapshots: Vec<ListedSnapshot> = repository
        .snapshots()?
        .into_iter()
        .map(|name| {
            let manifest = open_one(repository, &name, opener, &mut opened);
            match manifest {
                Ok(manifest) => ListedSnapshot { name, manifest, fault: None, damaged: false },
                Err(error) => {
                    let (fault, damaged) = (Some(error.to_string()), error.is_damage());
                    if let BackupError::Slots(error) = error
                        && !damaged
                    {
                        wrong_key = Some(error);
                    }
                    ListedSnapshot { name, manifest: None, fault, damaged }
                }
            }
        })
        .collect();
    // A key that opens none of them says nothing of any.
    if let Some(error) = wrong_key.filter(|_| snapshots.iter().all(|one| one.manifest.is_none())) {
        return Err(error.into());
    }
    let mut warnings = Vec::new();
    let copied = |one: &&ListedSnapshot| one.manifest.as_ref().is_some_and(|m| m.repository != repository.id());
    let strangers = snapshots.iter().filter(copied).count();
    if strangers > 0 && repository.marker().repository != Repository::UNKNOWN {
        let were = counted(strangers as u64, "snapshot was", "snapshots were");
        warnings.push(format!("{were} made for another folder and copied here"));
    }
    let free = repository.target().free();
    let faults = repository.marker_fault().into_iter().collect();
    Ok(ListedTarget { spec, snapshots, gone: Vec::new(), beside: Vec::new(), faults, warnings, free, error: None })
}

/// Slots of the same text are opened once: a passphrase costs time.
type OpenedSlots = Vec<(String, crate::base::Secret<[u8; 32]>)>;

fn open_one(
    repository: &Repository,
    name: &SnapshotName,
    opener: Opener<'_>,
    opened: &mut OpenedSlots,
) -> Result<Option<Manifest>, BackupError> {
    let snapshot = repository.read_own(name)?;
    match opener {
        Opener::Nothing => Ok(None),
        Opener::Box(keyring) => keyring.open(name, &snapshot).map(Some),
        Opener::Person(key) => {
            let text = &snapshot.header.keyslots;
            let root = match opened.iter().find(|(slots, _)| slots == text) {
                Some((_, root)) => root.clone(),
                None => {
                    let slots = KeySlots::parse(text)?;
                    let root = slots.unlock_either(key)?.root.snapshot_key();
                    opened.push((text.clone(), root.clone()));
                    root
                }
            };
            Keyring::of_snapshot(name, &snapshot, &root)?.open(name, &snapshot).map(Some)
        }
    }
}
