//! What can go wrong with a record, in words for the person who asked.

use super::disclosure::NotCovered;
use crate::access::Denied;
use crate::audit::AuditError;
use crate::fhir::Issue;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The policy said no. What the outside hears is decided in one place, by the kind of denial.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Nothing there, as far as this actor may know.
    #[error("there is nothing here, or nothing that you may see")]
    NotFound,
    /// It was there, was deleted, and the actor may know that.
    #[error("this was deleted")]
    Gone,
    #[error("the resource does not fit FHIR R4")]
    Invalid(Vec<Issue>),
    #[error("somebody changed this meanwhile: it has version {current} now. Read it again, then change it.")]
    VersionConflict { current: u32 },
    #[error("a condition matches {0} resources and must match one at most; make it more exact")]
    Ambiguous(usize),
    #[error("{0} is referred to and is not here; send it first, or in the same transaction")]
    DanglingReference(String),
    #[error("this is not a {asked}: its resourceType says something else")]
    WrongType { asked: crate::fhir::ResourceType },
    #[error(transparent)]
    NotYours(#[from] crate::access::cut::NotYours),
    #[error("this search is not supported: {0}")]
    UnsupportedSearch(String),
    #[error("this search would open too many resources; narrow it by patient, code or date")]
    TooWide,
    #[error("the page marker is not from this search; start again from its first page")]
    BadCursor,
    #[error("the store is damaged: an index names a row that is not there. Restore the last good backup.")]
    Damaged,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    NotCovered(#[from] NotCovered),
}
