//! What can go wrong with the store, in words for the operator.

use std::io;

use super::codec::CodecError;
use crate::base::said;

#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    #[error("the store could not be read or written: {0}. Check the disk; nothing was acknowledged.")]
    Io(String),
    /// Not a byte more goes in: reads cannot be written into the access log either.
    #[error(
        "the disk is full, so nothing was written or opened, and nothing was lost. Free some space, then try again."
    )]
    Full,
    /// An ordinary write, while what is left is kept for reading.
    #[error(
        "the disk is almost full and what is left is kept for reading, so nothing was written and nothing was lost. \
         Charts still open. Free some space, then try again."
    )]
    Low,
    #[error("the store is damaged: {0}. Do not write to it; restore the last good backup.")]
    Damaged(String),
    #[error("a stored value cannot be read back: {0}. Restore the last good backup, or update this program.")]
    Codec(#[from] CodecError),
    #[error("the store is stopping; try again when the box runs")]
    Stopping,
    #[error(
        "this key does not open the store. Use the passphrase or recovery sheet that belongs to it; nothing is lost."
    )]
    WrongKey,
    #[error("{0} is in use by another process. Talk to the running box, or stop it first.")]
    InUse(String),
    #[error("{0} exists already. Choose another folder; nothing was changed.")]
    Exists(String),
    #[error("there is no store at {0}. Name the box's data folder, or make a new box with `init`.")]
    Missing(String),
    #[error(
        "{0} is not a Chartbox store, or was cut off. Restore the last good backup, or name the right folder; nothing was changed."
    )]
    NotAStore(String),
    #[error("the store was written by a newer program (format {found}; this one knows {known}). Update this program.")]
    Newer { found: u64, known: u64 },
    #[error("a job failed unexpectedly and nothing of it was written. Try again; if it fails again, report it.")]
    JobPanicked,
}

impl StoreError {
    pub(super) fn from_io(error: &io::Error) -> Self {
        if super::engine::disk::is_full(error) { Self::Full } else { Self::Io(said(error)) }
    }
}
