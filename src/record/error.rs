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
    /// To whoever does not choose ids, nothing is there: the same whether it is absent or hidden.
    #[error(
        "there is nothing here, or nothing that you may see, and what you make gets its id from the server: create it by POST to its \
         type, or update it by a search that finds it. Nothing was changed."
    )]
    OwnId,
    #[error("the resource does not fit FHIR R4")]
    Invalid(Vec<Issue>),
    #[error("somebody changed this meanwhile: it has version {current} now. Read it again, then change it.")]
    VersionConflict { current: u32 },
    #[error(
        "there is nothing that you may see here, or not in the version that was named, so nothing was changed; read it again, or \
         leave the version out"
    )]
    NoVersion,
    #[error("there is one already, and it was to be stored only if there is none. Read it, then decide.")]
    Exists,
    /// The condition of a change finds several resources.
    #[error("a condition matches several resources and must match one at most; make it more exact")]
    Ambiguous(usize),
    #[error("a condition must name something to search by, such as an identifier")]
    NoCriteria,
    /// The condition names one that its sender does not see, and asks for more.
    #[error(
        "a condition that names an identifier, an address or an id, and more than whose that is, cannot be decided here; leave the \
         rest out of it. Nothing was changed."
    )]
    NotByNameAlone,
    #[error("the resource's id is not that of the one that the condition found; leave it out, or name that one")]
    OtherId,
    #[error("the condition found nothing, but the id in the resource is taken by another; nothing was changed")]
    Taken,
    #[error("a patch cannot change a resource's id; nothing was changed")]
    IdChanged,
    #[error("{1}")]
    Patch(crate::fhir::ResourceType, crate::fhir::patch::PatchError),
    #[error("two entries of the transaction come to the same resource; each may be changed once. Nothing was changed.")]
    Twice,
    /// References of a transaction that lead nowhere.
    #[error("a reference names nothing that is here or in the transaction")]
    Unresolved(Vec<Issue>),
    /// What is wrong with one change of a group, counted from 0.
    #[error("{cause}")]
    At { place: usize, cause: Box<Self> },
    /// What is wrong with one read of a group, counted from 0.
    #[error("{cause}")]
    AtReading { place: usize, cause: Box<Self> },
    /// With the element in which the reference stands, where it is known.
    #[error("{what} is referred to and is not here; send it first, or in the same transaction")]
    DanglingReference { what: String, at: Option<String> },
    #[error(
        "{what} cannot be deleted while others refer to it ({by}); delete or change those first, or in the same transaction. \
         Nothing was changed."
    )]
    ReferredTo { what: String, by: String },
    #[error("the address is of the type {asked}, and the resourceType says another")]
    WrongType { asked: crate::fhir::ResourceType },
    #[error("{0} is what is sent and answered with, and is not stored here")]
    NotStored(crate::fhir::ResourceType),
    /// A rule of the clinic stands against it.
    #[error("{0}")]
    AgainstRule(String),
    /// The record that this is about was joined to another one.
    #[error("this record was joined to another one, Patient/{0}, so nothing was stored in it; go on in that one")]
    Joined(crate::base::FhirId),
    #[error(transparent)]
    NotYours(#[from] crate::access::cut::NotYours),
    #[error("this search is not supported: {0}")]
    UnsupportedSearch(String),
    #[error("this search would open too many resources; narrow it by patient, code or date")]
    TooWide,
    #[error("this asks for more than is answered at once; ask in parts, or for smaller pages")]
    TooMuch,
    #[error("this search took too long and was given up; narrow it by patient, code or date")]
    TooSlow,
    #[error("these changes take too long to be made at once; send them in parts. Nothing was changed.")]
    TooMuchWritten,
    #[error("this search includes along more than {0} steps; ask for fewer at once")]
    TooDeep(usize),
    #[error("this search brings more than {0} other resources along; ask for a smaller page or fewer includes")]
    TooMuchAlong(usize),
    #[error("the page marker is not from this search, or not yours; start again from its first page")]
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

impl RecordError {
    /// Whether there was no time to go on, wherever that was.
    pub(super) fn is_too_slow(&self) -> bool {
        match self {
            Self::TooSlow | Self::TooMuchWritten => true,
            Self::At { cause, .. } | Self::AtReading { cause, .. } => cause.is_too_slow(),
            _ => false,
        }
    }

    /// Whether what stands is not what a change was to be made over.
    pub const fn is_overtaken(&self) -> bool {
        matches!(self, Self::VersionConflict { .. } | Self::NoVersion | Self::Exists)
    }

    /// Says which change of a group it is about. What is nobody's fault in particular stays as it is.
    #[must_use]
    pub(super) fn at(self, place: usize) -> Self {
        match self {
            Self::At { .. }
            | Self::AtReading { .. }
            | Self::Store(_)
            | Self::Audit(_)
            | Self::NotCovered(_)
            | Self::Damaged => self,
            cause => Self::At { place, cause: Box::new(cause) },
        }
    }

    /// Says which read of a group it is about.
    #[must_use]
    pub fn of_reading(self, place: usize) -> Self {
        match self.at(place) {
            Self::At { place, cause } => Self::AtReading { place, cause },
            other => other,
        }
    }

    /// The error itself, where there was one change only.
    #[must_use]
    pub fn without_place(self) -> Self {
        match self {
            Self::At { cause, .. } | Self::AtReading { cause, .. } => *cause,
            other => other,
        }
    }
}
