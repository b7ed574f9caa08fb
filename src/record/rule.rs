//! The clinic's rules that no client of the API goes around.
//!
//! A workflow of the house asks by itself what must hold. What a client stores in its own words passes by the workflows, so
//! a rule is asked there: inside the writer, once the whole transaction is written, so that what moves away makes room in
//! whichever order it comes. An import brings what was true elsewhere, and is not asked.

use serde_json::Value;

use super::acting::Inside;
use super::error::RecordError;
use crate::base::{FhirId, Role};
use crate::fhir::ResourceType;

/// A rule over resources, made by the room that knows it.
pub trait Rule: Send + Sync {
    /// Whether it speaks of this type at all.
    fn concerns(&self, kind: ResourceType) -> bool;

    /// Whether these may stand: all of what was stored that it speaks of. The first that may not is named by its place among
    /// them; [`RecordError::AgainstRule`] says why not, in words for whoever asked, and must tell nothing of what they may not
    /// see. What it looks at for many of them it looks at once: whoever writes waits meanwhile.
    fn allow(&self, inside: &Inside<'_, '_, '_>, all: &[Changed<'_>]) -> Result<(), (usize, RecordError)>;

    /// Whether this may be deleted, of a type that it speaks of.
    fn lets_go(&self, gone: &Value) -> Result<(), RecordError> {
        let _ = gone;
        Ok(())
    }
}

/// A resource that was stored.
pub struct Changed<'a> {
    pub id: &'a FhirId,
    /// What it was; `None` where there was none.
    pub before: Option<&'a Value>,
    pub after: &'a Value,
    /// In which role whoever stored it did; a program has none.
    pub by: Option<Role>,
}

/// One to be asked about when everything is written.
pub(super) struct Asked {
    /// Which change of the group made it.
    pub place: usize,
    pub kind: ResourceType,
    pub id: FhirId,
    pub before: Option<Value>,
    pub after: Value,
}
