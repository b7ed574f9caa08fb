//! That something changed: a number for each kind of resource and patient, counted up with every change, so that a page
//! that waits for something can ask whether to look again. It says nothing else.
//!
//! The numbers stand in the store, because a change may be made by another part of the house than the one that is asked.

use super::Records;
use super::error::RecordError;
use super::layout::NOTICES;
use super::numbers::find;
use super::rows::{Row, RowNumber};
use crate::base::FhirId;
use crate::fhir::ResourceType as T;
use crate::store::{ReadExt, StoreError, Tx};

/// Everybody's: no patient has this row.
const ALL: RowNumber = RowNumber(0);

/// What people wait for.
pub(super) const fn is_waited_for(kind: T) -> bool {
    matches!(
        kind,
        T::Appointment
            | T::AppointmentResponse
            | T::Communication
            | T::DiagnosticReport
            | T::DocumentReference
            | T::Encounter
            | T::MedicationRequest
            | T::Patient
            | T::QuestionnaireResponse
            | T::Slot
            | T::Task
    )
}

pub(super) fn count_up(tx: &mut Tx<'_>, row: &Row) -> Result<(), StoreError> {
    for patient in row.patients.iter().copied().chain([ALL]) {
        let key = (patient, row.kind.number());
        let before = tx.get(&NOTICES, &key)?.unwrap_or(0);
        tx.put(&NOTICES, &key, &before.wrapping_add(1))?;
    }
    Ok(())
}

impl Records {
    /// A number that is another one as soon as something of these kinds changed: anybody's, or this patient's.
    pub fn changes(&self, kinds: &[T], of: Option<&FhirId>) -> Result<u64, RecordError> {
        let read = self.audit().read()?;
        let patient = match of {
            None => ALL,
            Some(patient) => match find(&read, T::Patient, patient)? {
                Some(number) => number,
                None => return Ok(0),
            },
        };
        kinds.iter().try_fold(0_u64, |sum, kind| {
            let count = read.get(&NOTICES, &(patient, kind.number()))?.unwrap_or(0);
            Ok(sum.wrapping_add(count))
        })
    }
}
