//! Which snapshots there are, and whether they are what they should be at first sight.

use crate::base::{Secret, counted};
use crate::crypto::KeySlots;
use crate::crypto::keyslots::{SlotError, SlotKey};

use super::error::{BackupError, Damage, Lost, What, of_another_run};
use super::keyring::Keyring;
use super::layout::{Manifest, SnapshotBytes, SnapshotName};
use super::repository::Repository;
use super::service::{Backups, TargetSpec};
use super::target::{Missing, Shelf};
use super::watch::Unwatched;

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
    /// Whether it could not be looked at.
    pub unseen: bool,
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
                let is_fault = |looked: &Result<ListedTarget, BackupError>| match looked {
                    Ok(listed) => listed.is_damaged(),
                    Err(error) => error.is_damage(),
                };
                let looked = self.undisturbed(&spec, &Unwatched, is_fault, || {
                    let repository = self.open_known(&spec)?;
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
    let names = repository.snapshots()?;
    let roots = match opener {
        Opener::Person(key) => Roots::of(repository, &names, key),
        _ => Roots::default(),
    };
    let mut wrong_key = None;
    let snapshots: Vec<ListedSnapshot> = names
        .into_iter()
        .map(|name| {
            let manifest = open_one(repository, &name, opener, &roots);
            match manifest {
                Ok(manifest) => ListedSnapshot { name, manifest, fault: None, damaged: false, unseen: false },
                Err(error) => {
                    let (fault, damaged) = (Some(error.to_string()), error.is_damage());
                    let unseen = !damaged && matches!(error, BackupError::Target(_));
                    if let BackupError::Slots(error) = error
                        && !damaged
                    {
                        wrong_key = Some(error);
                    }
                    ListedSnapshot { name, manifest: None, fault, damaged, unseen }
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

/// What a person's key opens of the key slots that there are, by their text: each is opened once, for a passphrase costs time.
#[derive(Default)]
pub(super) struct Roots(Vec<(String, SnapshotKey)>);

type SnapshotKey = Result<Secret<[u8; 32]>, SlotError>;

impl Roots {
    pub fn of(repository: &Repository, names: &[SnapshotName], key: &SlotKey) -> Self {
        let mut roots = Self::default();
        for name in names {
            // What cannot be read is said where it is listed.
            let Ok(snapshot) = repository.read(name) else { continue };
            let text = snapshot.header.keyslots;
            if roots.of_text(&text).is_none() {
                let unlocked = KeySlots::parse(&text).and_then(|slots| slots.unlock_either(key));
                roots.0.push((text, unlocked.map(|unlocked| unlocked.root.snapshot_key())));
            }
        }
        roots
    }

    fn of_text(&self, text: &str) -> Option<&SnapshotKey> {
        self.0.iter().find(|(slots, _)| slots == text).map(|(_, root)| root)
    }

    /// The repository key of a snapshot: by its own slots, or by the root that others gave, where only the slots were changed.
    pub fn keyring(&self, name: &SnapshotName, snapshot: &SnapshotBytes) -> Result<Keyring, BackupError> {
        let error = match self.of_text(&snapshot.header.keyslots) {
            Some(Ok(root)) => return Keyring::of_snapshot(name, snapshot, root),
            Some(Err(error)) => error.clone(),
            None => SlotError::Unreadable { why: "they changed while they were read".into() },
        };
        if !matches!(error, SlotError::Wrong { .. } | SlotError::NoneOfKind { .. }) {
            return Err(error.into());
        }
        let opened = self.0.iter().filter_map(|(_, root)| root.as_ref().ok());
        let found = opened.filter_map(|root| Keyring::of_snapshot(name, snapshot, root).ok()).next();
        found.ok_or_else(|| error.into())
    }
}

fn open_one(
    repository: &Repository,
    name: &SnapshotName,
    opener: Opener<'_>,
    roots: &Roots,
) -> Result<Option<Manifest>, BackupError> {
    match opener {
        Opener::Nothing => repository.read_own(name).map(|_| None),
        Opener::Box(keyring) => repository.open_one(name, keyring).map(Some),
        Opener::Person(_) => {
            let snapshot = repository.read(name)?;
            let keyring = roots.keyring(name, &snapshot).map_err(|error| match error {
                BackupError::Slots(_) if !repository.is_own(&snapshot) => BackupError::Foreign { name: name.clone() },
                other => other,
            });
            // What a person's key opens is theirs, whatever the folder says of itself.
            keyring?.open(name, &snapshot).map(Some)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::fixture::{TestBox, by};
    use crate::backup::{Unwatched, Wish};

    #[test]
    fn a_sheet_opens_what_is_its_boxs_whatever_the_folder_says_of_itself() {
        let (made, other) = (TestBox::new(47), TestBox::new(48));
        made.snapshot("one");
        other.snapshot("one");
        std::fs::copy(other.path("one/chartbox-backup.txt"), made.path("one/chartbox-backup.txt")).unwrap();
        let own = SlotKey::RecoverySheet(made.sheet.clone());
        let listed = list_without_box(&made.spec("one"), Some(&own)).unwrap();
        assert!(listed.snapshots.iter().all(|one| one.manifest.is_some() && one.fault.is_none()), "{listed:?}");
        // What it does not open is another box's all the same.
        let theirs = SlotKey::RecoverySheet(other.sheet.clone());
        let listed = list_without_box(&made.spec("one"), Some(&theirs)).unwrap();
        assert!(listed.snapshots[0].fault.as_ref().unwrap().contains("of another box"), "{listed:?}");
    }

    #[test]
    fn a_sheet_opens_older_snapshots_as_long_as_only_the_slots_were_changed() {
        let made = TestBox::new(45);
        let one = [made.spec("one")];
        made.snapshot("one");
        let old = SlotKey::RecoverySheet(made.sheet.clone());
        let new = SlotKey::RecoverySheet(made.new_sheet());
        let opens = |key: &SlotKey| {
            let listed = list_without_box(&one[0], Some(key)).unwrap();
            listed.snapshots.iter().map(|one| one.manifest.is_some()).collect::<Vec<_>>()
        };
        assert!(list_without_box(&one[0], Some(&new)).is_err(), "no snapshot has its slot yet");
        let (_, renewed) = made.renewed();
        renewed.create(&one, Wish::USUAL, &by(), &Unwatched).unwrap();
        assert_eq!(opens(&new), [true, true]);
        assert_eq!(opens(&old), [true, true], "the root is one");
        // Another root opens nothing from before.
        let rotated = made.with_root(crate::crypto::Root::generate(&made.ambient));
        rotated.create(&one, Wish::USUAL, &by(), &Unwatched).unwrap();
        assert_eq!(opens(&new), [true, true, false]);
    }
}
