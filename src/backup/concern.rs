//! Why a target does not stand well, in words. It is what the box knows of the target: nothing here looks at one.

use std::fmt;

use super::schedule::{Standing, TargetStanding};
use crate::base::counted;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// What is wrong with a target.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Concern {
    /// It is another target's place by another name: in a sentence.
    Double(String),
    /// Nothing was backed up there yet.
    Never,
    /// Everything that was made there is gone.
    AllGone,
    NewestGone,
    NewestDamaged,
    /// An older snapshot cannot be restored. The newest can, as far as is known.
    OlderDamaged,
    /// The newest opens by nothing that a person holds for the box as it is: by an old sheet or passphrase only.
    OldKeys,
    /// The newest is much too old, by so many seconds in all.
    TooOld(i64),
    /// The newest is older than it should be.
    Aged(i64),
    /// The newest was made under a clock that was ahead.
    Ahead,
    /// So many older ones are gone.
    OlderGone(usize),
    /// Its disk does not answer.
    Silent,
    /// Old backups are being removed there for so many seconds, and the next waits for the end of it.
    Stuck(i64),
    /// The last attempt did not work: why.
    Failing(String),
    /// What did not come back as it was.
    DrillFailed(String),
    /// None passed for so many seconds, which is much too long.
    DrillTooOld(i64),
    DrillOld(i64),
    /// The last one could not be run: why.
    DrillUntried(String),
    DrillNever,
}

impl Concern {
    /// How much it matters.
    pub const fn standing(&self) -> Standing {
        match self {
            Self::Never
            | Self::AllGone
            | Self::NewestGone
            | Self::NewestDamaged
            | Self::OlderDamaged
            | Self::TooOld(_)
            | Self::DrillFailed(_)
            | Self::DrillTooOld(_) => Standing::Bad,
            Self::Double(_)
            | Self::OldKeys
            | Self::Aged(_)
            | Self::Ahead
            | Self::OlderGone(_)
            | Self::Silent
            | Self::Stuck(_)
            | Self::Failing(_)
            | Self::DrillOld(_)
            | Self::DrillUntried(_)
            | Self::DrillNever => Standing::Late,
        }
    }

    /// Whether it is about trying to restore.
    pub const fn is_of_drill(&self) -> bool {
        matches!(
            self,
            Self::DrillFailed(_) | Self::DrillTooOld(_) | Self::DrillOld(_) | Self::DrillUntried(_) | Self::DrillNever
        )
    }

    /// The word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Double(_) => "same-place",
            Self::Never => "never",
            Self::AllGone => "all-gone",
            Self::NewestGone => "newest-gone",
            Self::NewestDamaged => "newest-damaged",
            Self::OlderDamaged => "older-damaged",
            Self::OldKeys => "old-keys",
            Self::TooOld(_) | Self::Aged(_) => "old",
            Self::Ahead => "ahead",
            Self::OlderGone(_) => "older-gone",
            Self::Silent => "not-answering",
            Self::Stuck(_) => "in-use",
            Self::Failing(_) => "failing",
            Self::DrillFailed(_) => "drill-failed",
            Self::DrillTooOld(_) | Self::DrillOld(_) => "drill-old",
            Self::DrillUntried(_) => "drill-untried",
            Self::DrillNever => "drill-never",
        }
    }
}

/// A sentence or two.
impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Double(why) | Self::Failing(why) => f.write_str(why),
            Self::Silent => f.write_str("it does not answer: look at the disk or the share, and at what connects it."),
            Self::Stuck(age) => write!(
                f,
                "old backups are being removed there for {}, and a backup that is due waits for the end of it. Where that hangs, \
                 look at the disk or the share, and at what connects it.",
                long(*age)
            ),
            Self::Never => f.write_str("nothing was backed up there yet."),
            Self::AllGone => f.write_str(
                "all backups that were made there are gone, and this box did not remove them. Is another disk connected there, \
                 or was it emptied?",
            ),
            Self::NewestGone => f.write_str("the newest backup that was made there is gone, and this box did not remove it."),
            Self::NewestDamaged => {
                f.write_str("the newest backup there is damaged: `chartbox backup verify` says how.")
            }
            Self::OlderDamaged => f.write_str(
                "an older backup there is damaged, and the newest is not, as far as is known: `chartbox backup verify` says more.",
            ),
            Self::OldKeys => f.write_str(
                "the newest backup there opens by an old sheet or passphrase only, so keep that until another was made: \
                 chartbox backup create.",
            ),
            Self::TooOld(age) | Self::Aged(age) => write!(f, "the newest backup there is {} old.", long(*age)),
            Self::Ahead => f.write_str("the newest backup there is dated in the future: was a clock wrong?"),
            Self::OlderGone(count) => {
                let (are, them) = if *count == 1 { ("is", "it") } else { ("are", "them") };
                let gone = counted(*count as u64, "older backup", "older backups");
                write!(f, "{gone} there {are} gone, and this box did not remove {them}. The newest is there.")
            }
            Self::DrillFailed(fault) => write!(f, "a backup there did not come back as it should in its last drill: {fault}"),
            Self::DrillTooOld(age) | Self::DrillOld(age) => {
                write!(f, "no drill of a backup there has passed for {}.", long(*age))
            }
            Self::DrillUntried(why) => write!(f, "the last drill there could not be run: {why}"),
            Self::DrillNever => f.write_str("no backup there was tried in a drill yet."),
        }
    }
}

/// A time in words, coarsely.
fn long(seconds: i64) -> String {
    let whole = |part: i64| u64::try_from(seconds / part).unwrap_or_default();
    if seconds < HOUR {
        return counted(whole(MINUTE), "minute", "minutes");
    }
    if seconds < 2 * DAY { counted(whole(HOUR), "hour", "hours") } else { counted(whole(DAY), "day", "days") }
}

impl TargetStanding {
    /// What is wrong with it, the worst first. One that is another's by another name has nothing of its own.
    pub fn concerns(&self) -> Vec<&Concern> {
        let mut all: Vec<&Concern> = self.concerns.iter().collect();
        if let Some(double) = all.iter().position(|one| matches!(one, Concern::Double(_))) {
            return vec![all.swap_remove(double)];
        }
        all.sort_by_key(|one| std::cmp::Reverse(one.standing()));
        all
    }
}
