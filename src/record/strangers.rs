//! Who stands in a patient's log and has nothing to do with them: another patient, and who acts for one, who opened what is
//! theirs and this patient's at once, or was refused what is not theirs. To the patient's side they are not named: a name would
//! say that somebody is a patient here.

use std::collections::BTreeMap;

use super::error::RecordError;
use super::joined;
use super::numbers::{find, row};
use super::rows::RowNumber;
use crate::audit::Line;
use crate::base::{ActorRef, FhirId, ResourceRef, Role};
use crate::fhir::ResourceType;
use crate::store::Read;

/// Finds them in one patient's log.
pub(super) struct Strangers<'a> {
    read: &'a dyn Read,
    /// Who reads it.
    asks: ActorRef,
    patient: (FhirId, Option<RowNumber>),
    /// Whether a Patient or RelatedPerson is this patient or acts for them.
    known: BTreeMap<ResourceRef, bool>,
}

impl<'a> Strangers<'a> {
    pub(super) fn to(read: &'a dyn Read, asks: ActorRef, patient: &FhirId) -> Result<Self, RecordError> {
        let number = find(read, ResourceType::Patient, patient)?;
        Ok(Self { read, asks, patient: (patient.clone(), number), known: BTreeMap::new() })
    }

    /// Leaves a stranger without a name, and what they gave as a reason unsaid.
    pub(super) fn unname_in(&mut self, line: &mut Line) -> Result<(), RecordError> {
        if self.are(&line.entry.actor)? {
            line.forget_reason();
            line.entry.actor = line.entry.actor.unnamed();
        }
        Ok(())
    }

    pub(super) fn unname(&mut self, actor: &mut ActorRef) -> Result<(), RecordError> {
        if self.are(actor)? {
            *actor = actor.unnamed();
        }
        Ok(())
    }

    fn are(&mut self, actor: &ActorRef) -> Result<bool, RecordError> {
        if actor.account.is_some() && actor.account == self.asks.account {
            return Ok(false);
        }
        let person = match actor.role {
            Some(Role::Patient) => &actor.person,
            // By a program of theirs they act for nobody by name.
            Some(Role::Proxy) => {
                if actor.on_behalf_of.is_some() {
                    &actor.on_behalf_of
                } else {
                    &actor.person
                }
            }
            _ => return Ok(false),
        };
        let Some(person) = person else { return Ok(true) };
        if let Some(is_known) = self.known.get(person) {
            return Ok(!is_known);
        }
        let is_known = self.is_of_patient(person)?;
        self.known.insert(person.clone(), is_known);
        Ok(!is_known)
    }

    fn is_of_patient(&self, person: &ResourceRef) -> Result<bool, RecordError> {
        let (patient, number) = &self.patient;
        let kind = ResourceType::parse(person.type_name());
        if kind == Some(ResourceType::Patient) && person.id() == *patient {
            return Ok(true);
        }
        let found = kind.map(|kind| find(self.read, kind, &person.id())).transpose()?.flatten();
        Ok(match (kind, found) {
            // Before records were joined they had another.
            (Some(ResourceType::Patient), Some(other)) => {
                joined::goes_on_as(self.read, other)?.as_ref() == Some(patient)
            }
            (Some(ResourceType::RelatedPerson), Some(other)) => {
                let row = row(self.read, other)?;
                number.is_some_and(|number| row.patients.contains(&number))
            }
            _ => false,
        })
    }
}
