//! What the access log does not name to a patient yet: results and notes that are held from them.
//!
//! That somebody opened one is the patient's to know, so it is counted; which one it was is not, until it is let go. What a
//! page counts twice is told apart by a number that means nothing outside of it.

use std::collections::HashMap;

use super::error::RecordError;
use super::numbers::{find, row};
use crate::access::{Hold, Scope, Sensitivity};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::ResourceType;
use crate::store::Read;

/// What is known of the resources that were asked about.
#[derive(Default)]
pub(super) struct Withheld {
    known: HashMap<ResourceRef, Option<u32>>,
    next: u32,
}

impl Withheld {
    /// Whether what is held of this patient is withheld from whoever has this scope.
    pub(super) fn is_from(scope: &Scope, patient: &FhirId) -> bool {
        !scope.allows(Some(patient), Sensitivity::NORMAL.with_hold(Hold::FromPatient))
    }

    /// Takes what is held out of a list, and answers with a number for each.
    pub(super) fn taken_from(
        &mut self,
        read: &dyn Read,
        resources: &mut Vec<ResourceRef>,
    ) -> Result<Vec<u32>, RecordError> {
        let mut taken = Vec::new();
        let mut left = Vec::with_capacity(resources.len());
        for one in resources.drain(..) {
            match self.number(read, &one)? {
                Some(number) => taken.push(number),
                None => left.push(one),
            }
        }
        *resources = left;
        Ok(taken)
    }

    fn number(&mut self, read: &dyn Read, one: &ResourceRef) -> Result<Option<u32>, RecordError> {
        if let Some(known) = self.known.get(one) {
            return Ok(*known);
        }
        let kind = ResourceType::parse(one.type_name());
        let place = kind.map(|kind| find(read, kind, &one.id())).transpose()?.flatten();
        // Deleted before it was let go, it stays withheld.
        let held = place.map(|place| row(read, place)).transpose()?.is_some_and(|row| row.sensitivity.is_held());
        let number = held.then_some(self.next);
        self.next += u32::from(held);
        self.known.insert(one.clone(), number);
        Ok(number)
    }
}
