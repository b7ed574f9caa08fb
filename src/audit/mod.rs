//! The tamper-evident chain of who did what, and the transaction that cannot end without an entry in it.

mod chain;
mod checkpoint;
mod entry;
mod event;
mod fold;
mod export;
mod layout;
mod looks;
mod prepare;
mod query;
mod rows;
mod words;

pub use chain::{Audit, AuditedTx, Committed};
pub use checkpoint::{Checkpoint, CheckpointError, last_checkpoint};
pub use entry::{Clock, Entry, Place, Resources, SideList};
pub use event::{Coverage, Detail, Event, Touched};
pub use export::Export;
pub use layout::{Hash, LayoutError};
pub use looks::{Day, Listing, Look, Looks, by_patient};
pub use query::{DetailState, Filter, Line, Page, TouchedPage, entries, line, size, touched};
pub use words::{Action, Outcome, Purpose, TouchKind};

use crate::store::{CodecError, StoreError};

/// What can go wrong with the chain, in words for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    #[error("the access log could not be written or read, so nothing was changed and nothing shown: {0}")]
    Store(#[from] StoreError),
    #[error(
        "a change was refused because it left no entry in the access log. This is a fault in the program; please report it."
    )]
    NothingAppended,
    #[error("entry {0} of the access log has no detail to erase")]
    NoDetail(u64),
    #[error("the detail of entry {0} of the access log was erased before")]
    AlreadyErased(u64),
    #[error("entry {0} of the access log is missing. Run `chartbox audit verify`.")]
    Missing(u64),
    #[error("entry {sequence} of the access log cannot be read: {error}. Run `chartbox audit verify`.")]
    Damaged { sequence: u64, error: LayoutError },
}

impl From<CodecError> for AuditError {
    fn from(error: CodecError) -> Self {
        Self::Store(error.into())
    }
}
