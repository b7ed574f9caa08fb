//! What a verification found, for a person and for a program.

use std::fmt;

use serde::Serialize;

use super::super::checkpoint::CheckpointError;
use crate::base::{Timestamp, counted};
use crate::crypto::Fingerprint;

/// The most findings that are named; more are counted.
const NAMED: usize = 1000;

/// What the whole comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing was found.
    Whole,
    /// At least one finding.
    Tampered,
}

/// One thing that is not as it was written. Sequences are those of the rows as they lie now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Finding {
    /// The entry is not what the one after it, or the head, was written after.
    Changed {
        sequence: u64,
    },
    Unreadable {
        sequence: u64,
    },
    Deleted {
        from: u64,
        to: u64,
    },
    Inserted {
        sequence: u64,
    },
    Reordered {
        sequence: u64,
        says: u64,
    },
    Duplicated {
        sequence: u64,
        of: u64,
    },
    /// Epoch or clock state do not follow from the entries before.
    Inconsistent {
        sequence: u64,
    },
    /// The head row says more entries than there are.
    CutAtHead {
        entries: u64,
        expected: u64,
    },
    /// A checkpoint kept outside covers more entries than there are.
    CutBehindCheckpoint {
        entries: u64,
        expected: u64,
    },
    /// There are fewer entries than a checkpoint of an older epoch covers: a backup was restored since.
    RestoredBehindCheckpoint {
        entries: u64,
        expected: u64,
    },
    /// Rows behind the end that the head row names.
    BehindHead {
        from: u64,
        to: u64,
    },
    HeadMissing,
    HeadChanged,
    /// The chain has another entry there than the checkpoint.
    Fork {
        size: u64,
    },
    /// The checkpoint is one of another chain.
    OtherChain {
        origin: String,
    },
    /// A checkpoint file that is none, or whose signature is wrong. Numbered from 1, as given.
    BadCheckpoint {
        number: usize,
        error: CheckpointError,
    },
    /// Signed by a key that is neither the pinned one nor vouched for by it. `number` is that of the file given, from
    /// 1; none: a checkpoint in the store, or the box itself.
    SubstitutedKey {
        key: Fingerprint,
        number: Option<usize>,
    },
    /// A checkpoint that an entry speaks of is gone from the store.
    StoredCheckpointMissing {
        sequence: u64,
    },
    /// A checkpoint in the store does not fit the entries, or its signature is wrong.
    StoredCheckpointChanged {
        sequence: u64,
    },
    StoredCheckpointSurplus {
        sequence: u64,
    },
    DetailChanged {
        sequence: u64,
    },
    /// The detail is gone, and no entry says that it was erased.
    DetailMissing {
        sequence: u64,
    },
    DetailSurplus {
        sequence: u64,
    },
    /// An entry says that this detail was erased, and it is there.
    ErasureUndone {
        sequence: u64,
    },
    ListChanged {
        sequence: u64,
    },
    ListSurplus {
        sequence: u64,
    },
    IndexMissing {
        index: Index,
        sequence: u64,
    },
    IndexSurplus {
        index: Index,
        sequence: u64,
    },
    /// Rows of an index that are too many or too few, among more than could be named.
    IndexWrong {
        index: Index,
    },
}

/// The two tables by which entries are found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Index {
    Patient,
    Account,
}

/// A class of tampering that no check can see with what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "class", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Blind {
    /// Without a checkpoint kept outside: the log, or its end, written anew with every hash recomputed; its end cut off;
    /// an older state of the whole store put back.
    Rewritten,
    /// The same, for what was appended after the last checkpoint kept outside.
    RewrittenAfter { size: u64, entries: u64 },
    /// Without a pinned key: a checkpoint file exchanged for one that was signed with another key.
    OtherKey,
    /// Failures that are counted, and not yet in the chain, made more or fewer.
    UnwrittenFailures,
    /// What was done without this program, and so was never written.
    NeverWritten,
}

/// A checkpoint that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outside {
    pub size: u64,
    pub time: Timestamp,
    pub key: Fingerprint,
    pub result: OutsideResult,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutsideResult {
    /// The chain has exactly this head at this size.
    Fits,
    /// It does not, or the checkpoint cannot be trusted: a finding says why.
    Refused,
}

/// The whole answer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub verdict: Verdict,
    pub checked: Timestamp,
    /// The first line of this chain's checkpoints; none for a store without a log.
    pub origin: Option<String>,
    pub entries: u64,
    /// The hash of the last entry, hexadecimal.
    pub head: String,
    pub epoch: u32,
    pub details_kept: u64,
    /// Erased, and an entry says so.
    pub details_withheld: u64,
    pub side_lists: u64,
    /// Entries written while the clock stood behind an earlier entry's time.
    pub clock_behind: u64,
    pub stored_checkpoints: u64,
    /// The keys that signed the checkpoints in the store, in order; each vouches for the next.
    pub keys: Vec<Fingerprint>,
    pub pinned: Vec<Fingerprint>,
    pub outside: Vec<Outside>,
    /// How many entries were appended after the newest fitting outside checkpoint: all, if there is none.
    pub after_last_outside: u64,
    /// How old that checkpoint is, in seconds.
    pub last_outside_age: Option<i64>,
    /// Failures that are counted and not yet in the chain.
    pub pending_failures: u64,
    pub findings: Vec<Finding>,
    /// Findings beyond those that are named.
    pub more_findings: u64,
    pub cannot_detect: Vec<Blind>,
}

impl Report {
    pub const fn is_whole(&self) -> bool {
        matches!(self.verdict, Verdict::Whole)
    }
}

/// Findings, named up to a bound.
#[derive(Default)]
pub(super) struct Findings {
    named: Vec<Finding>,
    more: u64,
}

impl Findings {
    pub fn push(&mut self, finding: Finding) {
        if self.named.len() < NAMED {
            self.named.push(finding);
        } else {
            self.more += 1;
        }
    }

    pub const fn is_full(&self) -> bool {
        self.more > 0
    }

    /// The last one, to make it more exact.
    pub fn last_mut(&mut self) -> Option<&mut Finding> {
        if self.is_full() { None } else { self.named.last_mut() }
    }

    pub fn into_parts(self) -> (Vec<Finding>, u64) {
        (self.named, self.more)
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Patient => "patients",
            Self::Account => "accounts",
        })
    }
}

impl fmt::Display for Finding {
    #[allow(clippy::too_many_lines)] // one line per finding
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { sequence } => write!(f, "entry {sequence} was changed"),
            Self::Unreadable { sequence } => write!(f, "entry {sequence} was made unreadable"),
            Self::Deleted { from, to } if from == to => write!(f, "entry {from} was deleted"),
            Self::Deleted { from, to } => write!(f, "entries {from} to {to} were deleted"),
            Self::Inserted { sequence } => write!(f, "entry {sequence} was put in later"),
            Self::Reordered { sequence, says } => {
                write!(f, "the entry at {sequence} belongs at {says}: entries were moved")
            }
            Self::Duplicated { sequence, of } => write!(f, "the entry at {sequence} is a copy of entry {of}"),
            Self::Inconsistent { sequence } => {
                write!(f, "entry {sequence} contradicts the entries before it about the time or the epoch")
            }
            Self::CutAtHead { entries, expected } => {
                let left = counted(*entries, "entry is", "entries are");
                write!(f, "the end was cut off: {left} left of {expected}")
            }
            Self::CutBehindCheckpoint { entries, expected } => {
                let covered = counted(*expected, "entry", "entries");
                write!(f, "the end was cut off: a checkpoint covers {covered}, and the log has {entries}")
            }
            Self::RestoredBehindCheckpoint { entries, expected } => write!(
                f,
                "the box was restored from a backup since the checkpoint was made: of the {expected} entries that it covers, \
                 those after the backup are not in this log ({}). They may still be in the store that was replaced",
                counted(*entries, "entry", "entries")
            ),
            Self::BehindHead { from, to } => {
                write!(f, "entries {from} to {to} stand behind the end of the log")
            }
            Self::HeadMissing => f.write_str("the row that says where the log ends is gone"),
            Self::HeadChanged => f.write_str("the last entry, or the row that says where the log ends, was changed"),
            Self::Fork { size } => {
                write!(f, "a checkpoint saw another log than this one: they part at or before entry {size}")
            }
            Self::OtherChain { origin } => {
                write!(f, "a checkpoint belongs to another log ({origin}): another box's, or this one was replaced")
            }
            Self::BadCheckpoint { number, error } => write!(f, "checkpoint {number}: {error}"),
            Self::SubstitutedKey { key, number: Some(number) } => {
                write!(f, "checkpoint {number} was signed with the key {key}, which is not this box's")
            }
            Self::SubstitutedKey { key, number: None } => {
                write!(f, "checkpoints of this box were signed with the key {key}, which is not the one expected")
            }
            Self::StoredCheckpointMissing { sequence } => {
                write!(f, "the box's own copy of the checkpoint made at entry {sequence} is gone")
            }
            Self::StoredCheckpointChanged { sequence } => {
                write!(f, "the box's own copy of the checkpoint made at entry {sequence} does not fit the log")
            }
            Self::StoredCheckpointSurplus { sequence } => {
                write!(f, "there is a checkpoint for entry {sequence}, and no entry says that it was made")
            }
            Self::DetailChanged { sequence } => write!(f, "the detail of entry {sequence} was changed"),
            Self::DetailMissing { sequence } => {
                write!(f, "the detail of entry {sequence} is gone, and no entry says that it was erased")
            }
            Self::DetailSurplus { sequence } => {
                write!(f, "there is a detail for entry {sequence}, which was written without one")
            }
            Self::ErasureUndone { sequence } => {
                write!(f, "the detail of entry {sequence} was erased, and does not stand so any more")
            }
            Self::ListChanged { sequence } => write!(f, "the list of resources of entry {sequence} was changed"),
            Self::ListSurplus { sequence } => {
                write!(f, "there is a list of resources for entry {sequence}, which was written without one")
            }
            Self::IndexMissing { index, sequence } => {
                write!(f, "entry {sequence} was taken out of the index by {index}, or its row there was changed")
            }
            Self::IndexSurplus { index, sequence } => {
                write!(f, "the index by {index} has a row for entry {sequence} that does not belong there")
            }
            Self::IndexWrong { index } => write!(f, "the index by {index} does not fit the entries"),
        }
    }
}

impl fmt::Display for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rewritten => f.write_str(
                "somebody with the key of the store who wrote the log, or its end, anew with every hash recomputed, cut off its \
                 end, or put an older copy of the store back. A checkpoint kept outside the box shows it: \
                 `--checkpoint FILE`",
            ),
            Self::RewrittenAfter { size, entries } => write!(
                f,
                "somebody with the key of the store who cut off or wrote anew what comes after entry {size}, the last that a \
                 checkpoint kept outside covers ({} now). Newer checkpoints leave less",
                counted(*entries, "entry", "entries")
            ),
            Self::OtherKey => f.write_str(
                "a checkpoint file exchanged for one signed with another key. The fingerprint on the recovery sheet \
                 shows it: `--key FINGERPRINT`",
            ),
            Self::UnwrittenFailures => f.write_str(
                "a changed number of failed sign-ins of the last minute, which are counted before they are written as one entry",
            ),
            Self::NeverWritten => f.write_str(
                "what somebody with full control of the machine did without this program, so that it was never written",
            ),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::Whole => writeln!(
                f,
                "The access log is whole: {}, none changed, missing, moved or added.",
                entries(self.entries)
            )?,
            Verdict::Tampered => {
                let count = self.findings.len() as u64 + self.more_findings;
                let count = counted(count, "finding", "findings");
                writeln!(f, "THE ACCESS LOG IS NOT AS IT WAS WRITTEN. {count} in {}:", entries(self.entries))?;
                for finding in &self.findings {
                    writeln!(f, "  - {finding}")?;
                }
                if self.more_findings > 0 {
                    writeln!(f, "  - and {} more", self.more_findings)?;
                }
                writeln!(
                    f,
                    "Keep this store as it is, and a copy of it. Compare it with the last backups, and tell whoever answers for \
                     the records."
                )?;
            }
        }
        if self.details_withheld > 0 {
            let details = counted(self.details_withheld, "detail was", "details were");
            writeln!(f, "{details} erased, each with an entry that says so.")?;
        }
        if self.clock_behind > 0 {
            let behind = counted(self.clock_behind, "entry was", "entries were");
            writeln!(f, "{behind} written while the box's clock had gone backwards.")?;
        }
        self.fmt_outside(f)?;
        writeln!(f, "This check cannot see:")?;
        for class in &self.cannot_detect {
            writeln!(f, "  - {class}")?;
        }
        Ok(())
    }
}

impl Report {
    fn fmt_outside(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let newest = self.outside.iter().filter(|o| o.result == OutsideResult::Fits).max_by_key(|o| o.size);
        match newest {
            None => writeln!(
                f,
                "It was not held against a checkpoint kept outside the box: all of {} could have been written anew.",
                entries(self.entries)
            )?,
            Some(newest) => writeln!(
                f,
                "It was held against a checkpoint of {}, which covers {}. What came since then ({}, {}) could have \
                 been cut unseen.",
                newest.time,
                entries(newest.size),
                entries(self.after_last_outside),
                age(self.last_outside_age.unwrap_or(0))
            )?,
        }
        if self.pinned.is_empty() {
            writeln!(f, "No key was pinned: give the fingerprint on the recovery sheet with `--key`.")?;
        }
        Ok(())
    }
}

fn entries(n: u64) -> String {
    counted(n, "entry", "entries")
}

fn age(seconds: i64) -> String {
    match seconds {
        ..120 => "less than two minutes".into(),
        120..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
