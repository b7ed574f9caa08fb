//! The clinic's rules that no client of the API goes around.
//!
//! A workflow of the house asks by itself what must hold. What a client stores in its own words passes by the workflows, so
//! a rule is asked there: inside the writer, once the whole transaction is written, so that what moves away makes room in
//! whichever order it comes. An import brings what was true elsewhere, and is not asked.

use serde_json::Value;

use super::acting::Inside;
use super::error::RecordError;
use crate::base::FhirId;
use crate::fhir::ResourceType;

/// A rule over resources, made by the room that knows it.
pub trait Rule: Send + Sync {
    /// Whether it speaks of this type at all.
    fn concerns(&self, kind: ResourceType) -> bool;

    /// Whether this may stand. [`RecordError::AgainstRule`] says why not, in words for whoever asked; it must tell nothing of
    /// what they may not see.
    fn allows(&self, inside: &Inside<'_, '_, '_>, changed: &Changed<'_>) -> Result<(), RecordError>;
}

/// A resource that was stored.
pub struct Changed<'a> {
    pub id: &'a FhirId,
    /// What it was; `None` where there was none.
    pub before: Option<&'a Value>,
    pub after: &'a Value,
}

/// One to be asked about when everything is written.
pub(super) struct Asked {
    /// Which change of the group made it.
    pub place: usize,
    pub id: FhirId,
    pub before: Option<Value>,
    pub after: Value,
}
