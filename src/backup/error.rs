//! What can go wrong with backups, in words for the operator: what happened, what it means for what is there, what to do.

use std::fmt;

use crate::audit::AuditError;
use crate::crypto::keyslots::{SlotError, SlotKind};
use crate::store::StoreError;

use super::layout::SnapshotName;
use super::prune::Pruned;
use super::service::TargetSpec;
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
        "chartbox-backup.txt in {place} is gone, or not what a Chartbox wrote there, and there is no snapshot beside it that can be \
         read and says whose backups these are. Put the file back, or name another folder; nothing was changed."
    )]
    NoMarker { place: String },
    #[error(
        "{place} held this box's backups, and now it holds none: is another disk connected there, or was it emptied? \
         Connect the right one, or name another place; nothing was changed. To begin anew in this one: `backup create --anew`."
    )]
    Emptied { place: String },
    #[error(
        "{place} is in the box's own folder, where whatever destroys the box destroys its backups, too. Name a place outside; nothing was changed."
    )]
    Inside { place: String },
    #[error(
        "the box's own folder lies in {place}: backups would stand among the box's files. Name a folder beside it, on another disk; \
         nothing was changed."
    )]
    Around { place: String },
    #[error(
        "{place} is a copy of {other}, or the same place by another name, and this box makes backups there already: it would \
         take the one for the other. Name an empty folder, and it fills it by itself; nothing was changed."
    )]
    CopyOf { place: String, other: String },
    #[error(
        "{name} and {other} are two names of one place: what is backed up there is one backup, not two. Give one of them a place \
         of its own, or take it out of the configuration."
    )]
    OnePlace { name: String, other: String },
    #[error(
        "{name} lies within {other}: what clears or loses {other} takes {name} along. Give each a place outside the other."
    )]
    Nested { name: String, other: String },
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
    #[error(
        "there is no snapshot {asked} in {place}. `chartbox backup list --from {place}` names those that there are."
    )]
    NoSnapshot { place: String, asked: String },
    #[error("{place} holds no snapshot yet.")]
    NoneYet { place: String },
    #[error("{place} holds no snapshot from before {at}: the first is of {first}.")]
    NoneBefore { place: String, at: crate::base::Timestamp, first: crate::base::Timestamp },
    #[error(
        "the snapshot {name} is younger than {at}. Give either the snapshot or the time: `latest --at` takes the last one that is \
         not younger."
    )]
    Younger { name: SnapshotName, at: crate::base::Timestamp },
    #[error(
        "{place} holds snapshots of {} runs of this box, which went on beside each other, so that none is the latest of all: {}. Say \
         which by its number or a part of its name; nothing was changed.", runs.len(), runs_in_words(runs)
    )]
    Forked { place: String, runs: Vec<Vec<SnapshotName>> },
    #[error(
        "the snapshot {name} is another box's, and its only copy may be this one: it is not this box's to remove. Move it away, \
         to a folder of that box's own; nothing was removed."
    )]
    NotToForget { name: SnapshotName },
    #[error("no snapshot was named: give `latest`, a number, or a name or a part of it.")]
    Unnamed,
    #[error("{asked} may be more than one snapshot in {place}. Give more of its name.")]
    Ambiguous { place: String, asked: String },
    #[error(
        "the snapshot {name} is sealed under a key that this box does not have. Restore it with the recovery sheet or the passphrase of its time."
    )]
    NoKey { name: SnapshotName },
    #[error(
        "this {kind} belongs to this box, and does not open the snapshot {name}, from a time when the box had other keys: take the \
         sheet or the passphrase of then. It opens the snapshot {opens}. Nothing was changed."
    )]
    OtherTime { name: SnapshotName, kind: SlotKind, opens: SnapshotName },
    #[error(
        "{} The newest snapshot before it that is good, as far as can be seen, is {good}: give its number, {}, instead of `latest`.",
        ended(why), good.number()
    )]
    NotLatest { why: Box<BackupError>, good: SnapshotName },
    #[error("the snapshot {name} is of another box than the others here: what opens them does not open it.")]
    Foreign { name: SnapshotName },
    #[error("{0}")]
    Damaged(#[from] Damage),
    #[error("{target} is in use already: {doing} is under way, since {since}. Wait until that is done.")]
    Busy { target: String, doing: String, since: crate::base::Timestamp },
    #[error(
        "{place} gives no sign of life, and was not waited for any longer. What is there is whole. Look at the disk or the server, \
         and at what connects it; until it answers, it stays in use."
    )]
    Silent { place: String },
    #[error(
        "{place} takes what is written to it so slowly that the others did not wait for it. What was written there is kept, and \
         the next backup goes on from there: `chartbox backup create --target {name}` makes it by itself."
    )]
    Slow { name: String, place: String },
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
    #[error(
        "{} Before that, {}: what stays is whole, and the next `backup prune` goes on from there.", ended(why), done.removed()
    )]
    Halfway { done: Box<Pruned>, why: Box<BackupError> },
    #[error("{0}")]
    Failed(String),
}

impl BackupError {
    /// That no target of these is called so.
    pub fn no_such_target(name: &str, targets: &[TargetSpec]) -> Self {
        let known: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Self::NoSuchTarget { name: name.to_owned(), known }
    }

    /// Whether something is not as it was written, as against not reachable, not given or not possible.
    pub const fn is_damage(&self) -> bool {
        if let Self::Halfway { why, .. } | Self::NotLatest { why, .. } = self {
            return why.is_damage();
        }
        matches!(
            self,
            Self::Damaged(_)
                | Self::NoMarker { .. }
                | Self::Emptied { .. }
                | Self::Store(StoreError::Damaged(_) | StoreError::Codec(_))
                | Self::Slots(SlotError::Changed)
                | Self::Target(TargetError::Missing { .. } | TargetError::Length { .. } | TargetError::NotPlain { .. })
        )
    }

    /// Whether no snapshot is the one that was asked for.
    pub(super) const fn is_no_snapshot(&self) -> bool {
        matches!(self, Self::NoSnapshot { .. } | Self::NoneYet { .. } | Self::NoneBefore { .. })
    }

    /// Whether it was asked for what there is not, or for what may be several.
    pub(super) const fn is_of_asking(&self) -> bool {
        self.is_no_snapshot() || matches!(self, Self::Ambiguous { .. } | Self::Unnamed)
    }

    /// Whether a snapshot is somebody else's, or under a key or of a form that this box does not have: neither good nor damaged.
    pub(super) const fn is_not_ours(&self) -> bool {
        matches!(self, Self::NoKey { .. } | Self::Newer { .. } | Self::Foreign { .. })
    }

    /// Whether a key was given that does not fit.
    pub const fn is_wrong_key(&self) -> bool {
        matches!(self, Self::Slots(SlotError::Wrong { .. } | SlotError::NoneOfKind { .. }) | Self::OtherTime { .. })
    }
}

/// As a sentence that another may follow.
fn ended(error: &BackupError) -> String {
    let text = error.to_string();
    if text.ends_with('.') { text } else { format!("{text}.") }
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
    /// A link, a folder or something else that is no plain file stands in its place.
    NotPlain,
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
            Self::NotPlain => "not-plain",
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
            Self::NotPlain => "is a link or a folder or no plain file",
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
    /// These snapshots, by name, oldest first: a box is restored whole or not at all.
    Snapshots(Vec<String>),
    /// Whatever snapshot uses it.
    Unknown,
}

impl Lost {
    /// The snapshots that are known to be lost.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Snapshots(names) => names,
            _ => &[],
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.file, self.what)?;
        match &self.lost {
            Lost::Nothing => f.write_str("nothing is lost by it"),
            Lost::Snapshots(names) => write!(f, "{} cannot be restored", said_of(names)),
            Lost::Unknown => f.write_str("a snapshot that uses it cannot be restored"),
        }
    }
}

/// Runs of a box by the numbers of their snapshots.
fn runs_in_words(runs: &[Vec<SnapshotName>]) -> String {
    let of_run = |run: &Vec<SnapshotName>| {
        let newest = run.last().map_or("", SnapshotName::as_str);
        match run.len() {
            1 => format!("{newest} is of one"),
            _ => format!("{} are of one, and {newest} is the newest of them", said_of(run).trim_end_matches(',')),
        }
    };
    runs.iter().map(of_run).collect::<Vec<_>>().join("; ")
}

/// That these snapshots are of another run of the box, what that means, and what to do.
pub fn of_another_run(names: &[impl AsRef<str>]) -> String {
    let said = said_of(names);
    let (are, they) = if names.len() == 1 { ("is", "It is") } else { ("are", "They are") };
    format!(
        "{said} {are} of another run of this box: a second box that was restored or copied from the same backup made \
         backups here, or one that this box took the place of. {they} not what this box holds now, so that `latest` means \
         this box's own, and no prune counts or removes what is not named with --forget. If two boxes are at work, give each \
         a place of its own."
    )
}

/// Snapshots in words: one by its name, a few by their numbers, many by the first and the last.
pub fn said_of(names: &[impl AsRef<str>]) -> String {
    let number =
        |name: &str| name.parse().map_or_else(|()| name.to_owned(), |name: SnapshotName| name.number().to_string());
    match names {
        [] => "no snapshot".to_owned(),
        [one] => format!("the snapshot {}", one.as_ref()),
        [few @ .., last] if few.len() < 6 => {
            let few: Vec<String> = few.iter().map(|name| number(name.as_ref())).collect();
            format!("the snapshots {} and {}", few.join(", "), number(last.as_ref()))
        }
        [first, .., last] => {
            format!("{} snapshots, from {} to {},", names.len(), number(first.as_ref()), number(last.as_ref()))
        }
    }
}

impl std::error::Error for Damage {}

impl Damage {
    /// A pack of which only is known what it held.
    pub const SOME_PACK: &str = "a file in packs";

    pub fn new(file: impl ToString, what: What, lost: Lost) -> Self {
        Self { file: file.to_string(), what, lost }
    }

    /// Damage by which one snapshot is lost.
    pub fn of_snapshot(file: impl ToString, what: What, name: &SnapshotName) -> Self {
        Self::new(file, what, Lost::Snapshots(vec![name.to_string()]))
    }

    /// What a target's answer means for a file that should be there.
    pub fn of_target(file: impl ToString, error: &TargetError, lost: Lost) -> Option<Self> {
        let what = match error {
            TargetError::Missing { .. } => What::Missing,
            TargetError::Length { .. } => What::Cut,
            TargetError::NotPlain { .. } => What::NotPlain,
            TargetError::Io { .. } => What::Unreadable,
            _ => return None,
        };
        Some(Self::new(file, what, lost))
    }
}
