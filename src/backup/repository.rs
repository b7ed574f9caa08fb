//! A repository on a target: finding it, starting one, and the snapshots in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use data_encoding::HEXLOWER;

use crate::base::{Ambient, Timestamp};

use super::error::BackupError;
use super::keyring::Keyring;
use super::layout::{FORM, Manifest, Marker, MarkerError, SnapshotBytes, SnapshotError, SnapshotName};
use super::target::{Name, Put, Shelf, Target, TargetError};
use super::{Damage, Lost, What};

/// A repository that is there.
#[derive(Clone)]
pub struct Repository {
    target: Arc<dyn Target>,
    marker: Marker,
    /// What became of the marker where it was lost, and is guessed.
    unmarked: Option<What>,
    /// Of which place this one is a copy.
    copied: Option<String>,
}

/// What a box remembers of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It was never written to, or is to be started anew.
    New,
    /// It held this repository, and has to hold it now.
    Was([u8; 16]),
    /// It held this repository under another name, or some time ago: it may hold another of this box now, but not none.
    Held([u8; 16]),
}

impl Repository {
    /// The id of one whose marker was lost.
    pub(super) const UNKNOWN: [u8; 16] = [0; 16];

    /// How the newest snapshot is asked for.
    pub const LATEST: &str = "latest";

    /// The same, known again by its snapshots.
    pub(super) fn of_id(self, repository: [u8; 16]) -> Self {
        Self { marker: Marker { repository, ..self.marker }, ..self }
    }

    /// The same, as a copy of another place: nothing that is known of that one is known of it.
    pub(super) fn copied_from(self, other: String) -> Self {
        Self { copied: Some(other), ..self.of_id(Self::UNKNOWN) }
    }

    /// Of which place it is a copy.
    pub(super) fn copied(&self) -> Option<&str> {
        self.copied.as_deref()
    }

    /// Whether its marker was lost.
    pub const fn is_unmarked(&self) -> bool {
        self.unmarked.is_some()
    }

    /// What is wrong with its marker. It costs no snapshot.
    pub(super) fn marker_fault(&self) -> Option<Damage> {
        Some(Damage::new(Marker::FILE, self.unmarked?, Lost::Nothing))
    }

    /// Opens what is there, of whichever box. A repository whose marker was lost is one all the same.
    pub fn open(target: Arc<dyn Target>) -> Result<Self, BackupError> {
        Self::open_of(target, None)
    }

    /// The same, where the box is known that is asked for: one whose marker was lost is that box's if a snapshot in it is.
    pub(super) fn open_of(target: Arc<dyn Target>, of_box: Option<[u8; 16]>) -> Result<Self, BackupError> {
        let place = target.place().to_owned();
        let there = read_marker(&*target)?;
        if let There::Marker(marker) = there {
            return Ok(Self { target, marker, unmarked: None, copied: None });
        }
        match guessed(&target, of_box)? {
            Some(marker) => {
                let what = if there == There::Unreadable { What::Changed } else { What::Missing };
                Ok(Self { target, marker, unmarked: Some(what), copied: None })
            }
            None if there == There::Unreadable || has_snapshots(&*target)? => Err(BackupError::NoMarker { place }),
            None => Err(BackupError::NotARepository { place }),
        }
    }

    /// Opens this box's repository, or starts one where there is none.
    pub fn open_or_start(
        target: Arc<dyn Target>,
        of_box: [u8; 16],
        known: Known,
        ambient: &Ambient,
    ) -> Result<Self, BackupError> {
        let place = target.place().to_owned();
        let there = read_marker(&*target)?;
        let marker = match (there, known) {
            (There::Marker(marker), _) if marker.of_box != of_box => return Err(BackupError::OtherBox { place }),
            (There::Marker(marker), Known::Was(id)) if marker.repository != id => {
                return Err(BackupError::OtherRepository { place });
            }
            (There::Marker(marker), _) => marker,
            (there, known) => {
                let lost = guessed(&target, Some(of_box))?;
                let marker = match (lost, known) {
                    (Some(guess), _) if guess.of_box != of_box => return Err(BackupError::OtherBox { place }),
                    (None, _) if there == There::Unreadable || has_snapshots(&*target)? => {
                        return Err(BackupError::NoMarker { place });
                    }
                    (None, Known::Was(_) | Known::Held(_)) => return Err(BackupError::Emptied { place }),
                    (Some(_), Known::Was(repository) | Known::Held(repository)) => Marker { repository, of_box },
                    (_, Known::New) => Marker { repository: ambient.bytes(), of_box },
                };
                if there == There::Unreadable {
                    // It is this box's: its snapshots say so.
                    target.delete(&marker_name()?)?;
                }
                let put = target.put(&marker_name()?, marker.to_text().as_bytes())?;
                target.sync()?;
                match (put, read_marker(&*target)?) {
                    (Put::New, There::Marker(read)) if read == marker => marker,
                    (Put::There, There::Marker(read)) if read.of_box == of_box => read,
                    _ => {
                        return Err(BackupError::Failed(format!(
                            "{place} does not keep what is written to it. Use another one."
                        )));
                    }
                }
            }
        };
        Ok(Self { target, marker, unmarked: None, copied: None })
    }

    pub fn target(&self) -> &dyn Target {
        &*self.target
    }

    pub fn shared_target(&self) -> Arc<dyn Target> {
        self.target.clone()
    }

    pub fn place(&self) -> &str {
        self.target.place()
    }

    pub const fn marker(&self) -> Marker {
        self.marker
    }

    /// The repository's id as manifests have it.
    pub fn id(&self) -> String {
        HEXLOWER.encode(&self.marker.repository)
    }

    /// The snapshots that are there, by their files' names, the newest last.
    pub fn snapshots(&self) -> Result<Vec<SnapshotName>, BackupError> {
        let mut names: Vec<SnapshotName> =
            self.target.list(Shelf::Snapshots)?.iter().filter_map(|file| file.name.file().parse().ok()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Reads a snapshot's file.
    pub fn read(&self, name: &SnapshotName) -> Result<SnapshotBytes, BackupError> {
        let file = snapshot_file(name)?;
        let damage = |what| Damage::of_snapshot(&file, what, name);
        let bytes = self.target.get(&file, SnapshotBytes::MOST).map_err(|error| {
            let lost = Lost::Snapshots(vec![name.to_string()]);
            Damage::of_target(&file, &error, lost).map_or(error.into(), BackupError::from)
        })?;
        SnapshotBytes::parse(&bytes).map_err(|error| match error {
            SnapshotError::Newer => {
                BackupError::Newer { place: format!("{file} in {}", self.place()), found: FORM + 1, known: FORM }
            }
            SnapshotError::NotASnapshot => damage(What::Swapped).into(),
            _ => damage(What::Changed).into(),
        })
    }

    /// Reads a snapshot of the repository's own box.
    pub fn read_own(&self, name: &SnapshotName) -> Result<SnapshotBytes, BackupError> {
        let snapshot = self.read(name)?;
        if self.is_own(&snapshot) { Ok(snapshot) } else { Err(BackupError::Foreign { name: name.clone() }) }
    }

    /// Whether a snapshot is of the box that the repository says it is of. Nobody vouches for what it says.
    pub(super) fn is_own(&self, snapshot: &SnapshotBytes) -> bool {
        snapshot.header.of_box == HEXLOWER.encode(&self.marker.of_box)
    }

    /// Opens a snapshot of the repository's own box.
    pub fn open_one(&self, name: &SnapshotName, keyring: &Keyring) -> Result<Manifest, BackupError> {
        keyring.open(name, &self.read_own(name)?)
    }

    /// Which snapshot is meant: `latest`, a name, or a part of one that only one has.
    pub fn choose(&self, asked: &str, at: Option<Timestamp>) -> Result<SnapshotName, BackupError> {
        if asked.trim().is_empty() {
            return Err(BackupError::Unnamed);
        }
        let names = self.snapshots()?;
        let none = || BackupError::NoSnapshot { place: self.place().to_owned(), asked: asked.to_owned() };
        let Some(first) = names.iter().map(SnapshotName::time).min() else {
            return Err(BackupError::NoneYet { place: self.place().to_owned() });
        };
        let fitting = names.iter().filter(|name| at.is_none_or(|at| name.time() <= at));
        if let Some(at) = at.filter(|at| first > *at) {
            return Err(BackupError::NoneBefore { place: self.place().to_owned(), at, first });
        }
        if asked == Self::LATEST {
            return self.newest(at, &BTreeSet::new());
        }
        let mut all = names.iter().filter(|name| name.is_meant_by(asked));
        if let (Some(at), Some(name), None) = (at, all.next(), all.next())
            && name.time() > at
        {
            return Err(BackupError::Younger { name: name.clone(), at });
        }
        let mut meant = fitting.filter(|name| name.is_meant_by(asked));
        let first = meant.next().cloned().ok_or_else(none)?;
        match meant.next() {
            None => Ok(first),
            Some(_) => Err(self.ambiguous(asked)),
        }
    }

    /// That somebody may mean more than one.
    pub(super) fn ambiguous(&self, asked: &str) -> BackupError {
        BackupError::Ambiguous { place: self.place().to_owned(), asked: asked.to_owned() }
    }

    /// The newest snapshot but those, and not younger than `at`. Another box's that somebody put here is nobody's latest.
    pub(super) fn newest(
        &self,
        at: Option<Timestamp>,
        but: &BTreeSet<SnapshotName>,
    ) -> Result<SnapshotName, BackupError> {
        let names = self.snapshots()?;
        let fitting = names.iter().filter(|name| at.is_none_or(|at| name.time() <= at) && !but.contains(name));
        let newest = fitting.clone().next_back();
        for name in fitting.rev() {
            match self.read_own(name) {
                Err(BackupError::Foreign { .. }) => {}
                Ok(_) | Err(BackupError::Damaged(_) | BackupError::Newer { .. }) => return Ok(name.clone()),
                Err(error) => return Err(error),
            }
        }
        newest.cloned().ok_or_else(|| BackupError::NoneYet { place: self.place().to_owned() })
    }
}

/// The file of a snapshot.
pub fn snapshot_file(name: &SnapshotName) -> Result<Name, BackupError> {
    Name::new(Shelf::Snapshots, name.as_str())
        .ok_or_else(|| BackupError::Failed("a snapshot has a name that no file can have".into()))
}

/// The file of the checkpoint that left the box with a snapshot.
pub fn checkpoint_file(name: &SnapshotName) -> Result<Name, BackupError> {
    Name::new(Shelf::Checkpoints, &format!("{name}.txt"))
        .ok_or_else(|| BackupError::Failed("a snapshot has a name that no file can have".into()))
}

fn marker_name() -> Result<Name, BackupError> {
    Name::new(Shelf::Top, Marker::FILE)
        .ok_or_else(|| BackupError::Failed("the repository's own file has no name".into()))
}

/// What a repository says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Marker(Marker),
    /// The file is there, and is not what it was.
    Unreadable,
    Nothing,
}

fn read_marker(target: &dyn Target) -> Result<There, BackupError> {
    let place = || target.place().to_owned();
    let bytes = match target.get(&marker_name()?, Marker::MOST) {
        Ok(bytes) => bytes,
        Err(TargetError::Missing { .. }) => return Ok(There::Nothing),
        // What is no plain file was put there by somebody, and says no more than one that was changed.
        Err(TargetError::Length { .. } | TargetError::NotPlain { .. }) => return Ok(There::Unreadable),
        Err(error) => return Err(error.into()),
    };
    match Marker::parse(&String::from_utf8_lossy(&bytes)) {
        Ok(marker) => Ok(There::Marker(marker)),
        Err(MarkerError::Newer(found)) => Err(BackupError::Newer { place: place(), found, known: FORM }),
        Err(MarkerError::NotAMarker) => Ok(There::Unreadable),
    }
}

fn has_snapshots(target: &dyn Target) -> Result<bool, BackupError> {
    Ok(target.list(Shelf::Snapshots)?.iter().any(|file| file.name.file().parse::<SnapshotName>().is_ok()))
}

/// Whose a repository is whose marker was lost: what its snapshots say. Of several boxes, the one that is asked for.
fn guessed(target: &Arc<dyn Target>, asked: Option<[u8; 16]>) -> Result<Option<Marker>, BackupError> {
    let marker = Marker { repository: Repository::UNKNOWN, of_box: [0; 16] };
    let nameless = Repository { target: target.clone(), marker, unmarked: Some(What::Missing), copied: None };
    let mut first = None;
    for name in nameless.snapshots()?.iter().rev() {
        if let Ok(snapshot) = nameless.read(name)
            && let Some(of_box) =
                HEXLOWER.decode(snapshot.header.of_box.as_bytes()).ok().and_then(|id| id.try_into().ok())
        {
            let marker = Marker { repository: Repository::UNKNOWN, of_box };
            if asked.is_none_or(|asked| asked == of_box) {
                return Ok(Some(marker));
            }
            first.get_or_insert(marker);
        }
    }
    Ok(first)
}
