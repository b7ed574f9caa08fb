//! Which snapshots there are, and whether they are what they should be at first sight.

use crate::crypto::KeySlots;
use crate::crypto::keyslots::SlotKey;

use super::error::BackupError;
use super::keyring::Keyring;
use super::layout::{Manifest, SnapshotName};
use super::repository::Repository;
use super::service::{Backups, TargetSpec};
use super::target::Missing;

/// A snapshot in a list.
#[derive(Debug, Clone)]
pub struct ListedSnapshot {
    pub name: SnapshotName,
    /// What it holds; none without a key.
    pub manifest: Option<Manifest>,
    /// Why it cannot be restored, or not here.
    pub fault: Option<String>,
}

/// A target in a list.
#[derive(Debug)]
pub struct ListedTarget {
    pub spec: TargetSpec,
    /// Oldest first.
    pub snapshots: Vec<ListedSnapshot>,
    /// What somebody should know who relies on it.
    pub warnings: Vec<String>,
    /// How many bytes still fit, where the target can tell.
    pub free: Option<u64>,
    /// Why it could not be looked at.
    pub error: Option<BackupError>,
}

impl Backups {
    /// Which snapshot of a target is meant.
    pub fn choose(&self, spec: &TargetSpec, asked: &str) -> Result<SnapshotName, BackupError> {
        self.open(spec)?.choose(asked, None)
    }

    /// Looks at one target, or all of the configuration. One that cannot be reached is in the list, with the reason.
    pub fn list(&self, target: Option<&str>) -> Result<Vec<ListedTarget>, BackupError> {
        let keyring = self.keyring()?;
        let known = self.known()?;
        Ok(self
            .named(target)?
            .into_iter()
            .map(|spec| {
                let last = known.iter().find(|(name, _)| *name == spec.name).and_then(|(_, row)| row.last.clone());
                match self.open(&spec).and_then(|repository| look(&repository, spec.clone(), Opener::Box(&keyring))) {
                    Ok(mut listed) => {
                        let newest = listed.snapshots.last().map_or(0, |one| one.name.number());
                        if let Some(last) = last.filter(|last| last.number > newest) {
                            listed.warnings.push(format!(
                                "the newest snapshot that was written here, {}, is gone: what is here is older",
                                last.name
                            ));
                        }
                        listed
                    }
                    Err(error) => {
                        ListedTarget { spec, snapshots: vec![], warnings: vec![], free: None, error: Some(error) }
                    }
                }
            })
            .collect())
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
    let snapshots: Vec<ListedSnapshot> = repository
        .snapshots()?
        .into_iter()
        .map(|name| {
            let manifest = open_one(repository, &name, opener, &mut opened);
            let (manifest, fault) = match manifest {
                Ok(manifest) => (manifest, None),
                Err(error) => (None, Some(error.to_string())),
            };
            ListedSnapshot { name, manifest, fault }
        })
        .collect();
    let mut warnings = Vec::new();
    let copied = |one: &&ListedSnapshot| one.manifest.as_ref().is_some_and(|m| m.repository != repository.id());
    let strangers = snapshots.iter().filter(copied).count();
    if strangers > 0 && repository.marker().repository != [0; 16] {
        warnings.push(format!("{strangers} of these snapshots were made for another folder and copied here"));
    }
    let free = repository.target().free();
    Ok(ListedTarget { spec, snapshots, warnings, free, error: None })
}

/// Slots of the same text are opened once: a passphrase costs time.
type OpenedSlots = Vec<(String, crate::base::Secret<[u8; 32]>)>;

fn open_one(
    repository: &Repository,
    name: &SnapshotName,
    opener: Opener<'_>,
    opened: &mut OpenedSlots,
) -> Result<Option<Manifest>, BackupError> {
    let snapshot = repository.read(name)?;
    if snapshot.header.of_box != data_encoding::HEXLOWER.encode(&repository.marker().of_box) {
        return Err(BackupError::OtherBox { place: format!("snapshots/{name}") });
    }
    match opener {
        Opener::Nothing => Ok(None),
        Opener::Box(keyring) => keyring.open(name, &snapshot).map(Some),
        Opener::Person(key) => {
            let text = &snapshot.header.keyslots;
            let root = match opened.iter().find(|(slots, _)| slots == text) {
                Some((_, root)) => root.clone(),
                None => {
                    let slots = KeySlots::parse(text)?;
                    let unlocked = if slots.is_demo() { slots.unlock_demo(key) } else { slots.unlock(key) };
                    let root = unlocked?.root.snapshot_key();
                    opened.push((text.clone(), root.clone()));
                    root
                }
            };
            Keyring::of_snapshot(name, &snapshot, &root)?.open(name, &snapshot).map(Some)
        }
    }
}
