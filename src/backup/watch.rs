//! How whoever asked hears how far the work is, and can have it broken off.

use super::error::BackupError;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Finding out what the targets have.
    Looking,
    /// Reading the store and writing what changed.
    Writing,
    /// Reading a snapshot into a new store.
    Restoring,
    /// Reading what a target has.
    Checking,
}

impl Phase {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Looking => "looking",
            Self::Writing => "writing",
            Self::Restoring => "restoring",
            Self::Checking => "checking",
        }
    }
}

/// How far the work is. `total` is an estimate where it cannot be known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub phase: Phase,
    pub done: u64,
    pub total: u64,
}

/// Is told now and then, from any thread.
pub trait Watch: Sync {
    fn progress(&self, _: Progress) {}

    /// Whether to break off.
    fn is_stopped(&self) -> bool {
        false
    }

    /// The same, asked by who only waits for somebody else: no sign that the work goes on.
    fn is_given_up(&self) -> bool {
        self.is_stopped()
    }
}

/// Nobody watches.
pub struct Unwatched;

impl Watch for Unwatched {}

pub(super) fn go_on(watch: &dyn Watch) -> Result<(), BackupError> {
    if watch.is_stopped() { Err(BackupError::Stopped) } else { Ok(()) }
}
