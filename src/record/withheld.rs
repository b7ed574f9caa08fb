//! What the access log does not name to who reads it: what they may not see themselves.
//!
//! Of what is held from the patient it is theirs to know that somebody opened it, so it is counted; which one it was is not,
//! until it is let go. What a page counts twice is told apart by a number that means nothing outside of it. Of what is sealed
//! from somebody, a proxy say, they are not to hear that it is there: it is neither named nor counted. To who acts for the
//! patient what is held is the same: the doctor tells the patient first.

use std::collections::HashMap;

use super::error::RecordError;
use super::numbers::{find_named, row};
use crate::access::{Hold, Scope, Sensitivity};
use crate::audit::Touched;
use crate::base::{FhirId, ResourceRef};
use crate::fhir::ResourceType;
use crate::store::Read;

/// What is known of the resources that were asked about.
#[derive(Default)]
pub(super) struct Withheld {
    known: HashMap<ResourceRef, Known>,
    next: u32,
}

#[derive(Clone, Copy)]
struct Known {
    sensitivity: Sensitivity,
    number: u32,
}

/// What was taken out of one part of an entry.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// A number for each that is held and nothing worse.
    pub held: Vec<u32>,
    /// How many nothing is said of.
    pub sealed: usize,
}

impl Withheld {
    /// Whether anything of this patient can be withheld from whoever has this scope of the log.
    pub(super) fn is_from(scope: &Scope, patient: Option<&FhirId>) -> bool {
        !allows(scope, patient, Sensitivity::ALL.with_hold(Hold::FromPatient))
    }

    /// Whether words that somebody typed about this patient are kept from whoever has this scope of the log: they may name what is
    /// sealed, and no label stands on them.
    pub(super) fn hides_words_from(scope: &Scope, patient: Option<&FhirId>) -> bool {
        !allows(scope, patient, Sensitivity::ALL)
    }

    /// Takes what whoever has this scope may not see out of a part of an entry.
    pub(super) fn taken_from(
        &mut self,
        read: &dyn Read,
        scope: &Scope,
        part: &mut Touched,
    ) -> Result<Taken, RecordError> {
        let mut taken = Taken::default();
        let patient = part.patient.clone();
        let mut left = Vec::with_capacity(part.resources.len());
        for one in part.resources.drain(..) {
            // That there is the patient, whoever sees an entry of theirs knows.
            let is_the_patient = one.type_name() == ResourceType::Patient.name() && Some(one.id()) == patient;
            let Known { sensitivity, number } = self.known(read, &one)?;
            // That somebody saw what was taken back since stays true, and names nothing that stood in it.
            let sensitivity = sensitivity.as_if_it_stood();
            if is_the_patient || allows(scope, patient.as_ref(), sensitivity) {
                left.push(one);
            } else if is_own(scope, patient.as_ref())
                && allows(scope, patient.as_ref(), sensitivity.with_hold(Hold::No))
            {
                taken.held.push(number);
            } else {
                taken.sealed += 1;
            }
        }
        part.resources = left;
        Ok(taken)
    }

    fn known(&mut self, read: &dyn Read, one: &ResourceRef) -> Result<Known, RecordError> {
        if let Some(known) = self.known.get(one) {
            return Ok(*known);
        }
        let place = find_named(read, one)?;
        // Deleted before it was let go, it stays withheld.
        let sensitivity = place.map(|place| row(read, place)).transpose()?.map(|row| row.sensitivity);
        let known = Known { sensitivity: sensitivity.unwrap_or_default(), number: self.next };
        self.next += 1;
        self.known.insert(one.clone(), known);
        Ok(known)
    }
}

/// Whether it is the patient who reads, and nobody for them.
fn is_own(scope: &Scope, patient: Option<&FhirId>) -> bool {
    let reader = scope.actor().person.as_ref();
    reader.is_some_and(|reader| {
        reader.type_name() == ResourceType::Patient.name() && patient.is_some_and(|patient| reader.id() == *patient)
    })
}

/// Of nobody's part of an entry no patient consents; who answers for the log sees it as it is.
fn allows(scope: &Scope, patient: Option<&FhirId>, sensitivity: Sensitivity) -> bool {
    scope.allows(patient, sensitivity) || (patient.is_none() && scope.actor().role.is_some())
}
