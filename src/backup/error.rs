//! What can go wrong with backups, in words for the operator: what happened, what it means for what is there, what to do.

use std::fmt;

use crate::audit::AuditError;
use crate::crypto::keyslots::SlotError;
use crate::store::StoreError;

use super::layout::SnapshotName;
use super::target::TargetError;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    #[error("{0}")]
    Target(#[from] TargetError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Audit(#[from] AuditError),
    #[error("{0}")]
    Slots(#[from] SlotError),
    #[error("{place} holds no Chartbox backup. Name the folder that holds chartbox-backup.txt; nothing was changed.")]
    NotARepository { place: String },
    #[error(
        "{place} held this box's backups, and now it holds none: is another disk connected there, or was it emptied? \
         Connect the right one, or name another place; nothing was changed. To begin anew in this one: `backup create --anew`."
    )]
    Emptied { place: String },
    #[error("{place} holds something else already. Name an empty folder, or a new one; nothing was changed.")]
    NotEmpty { place: String },
    #[error(
        "{place} was written by a newer Chartbox (form {found}; this one knows {known}). Update this one; nothing was changed."
    )]
    Newer { place: String, found: u64, known: u64 },
    #[error(
        "{place} holds the backups of another box. Name a folder of this box's own, or a new one; nothing was changed."
    )]
    OtherBox { place: String },
    #[error(
        "{place} is the place of another repository of this box than the last time: was its folder replaced, or copied? \
         Look at it with `backup list --from`, or name a new folder; nothing was changed."
    )]
    OtherRepository { place: String },
    #[error("there is no snapshot {asked} in {place}. `backup list --from {place}` names those that there are.")]
    NoSnapshot { place: String, asked: String },
    #[error("{asked} may be more than one snapshot in {place}. Give more of its name.")]
    Ambiguous { place: String, asked: String },
    #[error(
        "the snapshot {name} is sealed under a key that this box does not have. Restore it with the recovery sheet or the passphrase of its time."
    )]
    NoKey { name: SnapshotName },
    #[error("{0}")]
    Damaged(#[from] Damage),
    #[error("{target} is being written to already ({doing}, since {since}). Wait until that is done.")]
    Busy { target: String, doing: String, since: crate::base::Timestamp },
    #[error(
        "no target is set up for backups. Name a folder with --target, or list one under [backup] in the configuration."
    )]
    NoTarget,
    #[error("{why}. Nothing was changed.")]
    NoPlace { why: String },
    #[error("there is no target {name}. The configuration names: {known}. A folder is named by a path with a / in it.")]
    NoSuchTarget { name: String, known: String },
    #[error("what the box remembers of its own store is not what is in it. Everything is read instead.")]
    Unknown,
    #[error("the work was broken off. What was there before is whole.")]
    Stopped,
    #[error("{0}")]
    Failed(String),
}

impl BackupError {
    /// Whether something is not as it was written, as against not reachable, not given or not possible.
    pub const fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged(_)
                | Self::Store(StoreError::Damaged(_) | StoreError::Codec(_))
                | Self::Slots(SlotError::Changed)
                | Self::Target(TargetError::Missing { .. } | TargetError::Length { .. } | TargetError::NotPlain { .. })
        )
    }

    /// Whether a key was given that does not fit.
    pub const fn is_wrong_key(&self) -> bool {
        matches!(self, Self::Slots(SlotError::Wrong { .. } | SlotError::NoneOfKind { .. }))
    }
}

/// Something in a repository that is not as it was written, and what that loses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// The file.
    pub file: String,
    pub what: What,
    /// What cannot be restored because of it.
    pub lost: Lost,
}

/// How a part of a repository is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum What {
    Missing,
    /// Shorter or longer than it was.
    Cut,
    Changed,
    /// A file of another name was put in its place.
    Swapped,
    /// It opens, and says what cannot be.
    Wrong,
    Unreadable,
}

impl What {
    /// The word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Cut => "cut",
            Self::Changed => "changed",
            Self::Swapped => "swapped",
            Self::Wrong => "wrong",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::Cut => "is shorter or longer than it was",
            Self::Changed => "was changed",
            Self::Swapped => "is another file under this name",
            Self::Wrong => "says what cannot be",
            Self::Unreadable => "cannot be read",
        })
    }
}

/// What a damage loses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Lost {
    /// Nothing of any snapshot.
    Nothing,
    /// This snapshot, whole.
    Snapshot(String),
    /// Rows of one table, in these snapshots.
    Rows { table: String, rows: u64, snapshots: u64 },
    /// Something of whatever snapshot uses it.
    Unknown,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.file, self.what)?;
        match &self.lost {
            Lost::Nothing => f.write_str("nothing is lost by it"),
            Lost::Snapshot(name) => write!(f, "the snapshot {name} cannot be restored"),
            Lost::Rows { table, rows, snapshots } => {
                let (row, them) =
                    (if *rows == 1 { "row" } else { "rows" }, if *snapshots == 1 { "snapshot" } else { "snapshots" });
                write!(f, "{rows} {row} of {table} cannot be restored from {snapshots} {them}")
            }
            Lost::Unknown => f.write_str("a snapshot that uses it cannot be restored whole"),
        }
    }
}

impl std::error::Error for Damage {}

impl Damage {
    pub fn new(file: impl ToString, what: What, lost: Lost) -> Self {
        Self { file: file.to_string(), what, lost }
    }

    /// What a target's answer means for a file that should be there.
    pub fn of_target(file: impl ToString, error: &TargetError, lost: Lost) -> Option<Self> {
        let what = match error {
            TargetError::Missing { .. } => What::Missing,
            TargetError::Length { .. } => What::Cut,
            TargetError::NotPlain { .. } => What::Swapped,
            TargetError::Io { .. } => What::Unreadable,
            _ => return None,
        };
        Some(Self::new(file, what, lost))
    }
}
