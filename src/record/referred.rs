//! What a patient's resources refer to and is nobody's own, such as the medicines of prescriptions: without it they would
//! not be understood.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Stored;
use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::numbers::{find, row};
use super::prepared::references_of;
use super::reading::Reading;
use super::rows::State;
use crate::base::FhirId;
use crate::fhir::ResourceType;

impl Reading<'_> {
    /// The resources of type `to` that a patient's resources of type `kind` refer to, of the newest `most` of these. What
    /// this actor may not see, and what is another patient's, stays out.
    pub fn referred_of_patient(
        &mut self,
        patient: &FhirId,
        kind: ResourceType,
        to: ResourceType,
        most: usize,
    ) -> Result<Undisclosed<Vec<Stored>>, RecordError> {
        let (rows, _) = self.rows_of_patient(patient, kind, most)?;
        let own = find(self.read, ResourceType::Patient, patient)?;
        let mut ids = BTreeSet::new();
        // Most refer to nothing of the type, and need not be parsed.
        let beginning = format!("\"{}/", to.name());
        for (found, _) in rows {
            if !std::str::from_utf8(&found.json).is_ok_and(|json| json.contains(&beginning)) {
                continue;
            }
            let value: Value = serde_json::from_slice(&found.json).map_err(|_| RecordError::Damaged)?;
            let all = references_of(&value);
            ids.extend(all.iter().filter(|one| one.type_name() == to.name()).map(|one| one.id()));
        }
        let mut along = Vec::new();
        for id in ids {
            let Some(number) = find(self.read, to, &id)? else { continue };
            let found = row(self.read, number)?;
            let is_theirs = found.patients.is_empty() || own.is_some_and(|own| found.patients.contains(&own));
            if found.state != State::Live || !is_theirs || !self.may_see(&found)? {
                continue;
            }
            let cut = self.cut_of(&found)?;
            along.push((found, cut));
        }
        self.hand_out_list(along, self.opened())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{id, new_box, why};
    use crate::audit::Action;
    use crate::base::Role;
    use crate::fhir::ResourceType as T;

    #[test]
    fn the_medicines_that_prescriptions_refer_to_are_read_along_once() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p1"}));
        for medicine in ["m1", "m2"] {
            house.put(json!({"resourceType": "Medication", "id": medicine, "code": {"text": medicine}}));
        }
        for (at, refers) in [("r1", "Medication/m1"), ("r2", "Medication/gone"), ("r3", "Medication/m1")] {
            house.put(json!({"resourceType": "MedicationRequest", "id": at, "status": "active", "intent": "order",
                "subject": {"reference": "Patient/p1"}, "medicationReference": {"reference": refers}}));
        }
        let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
        let found = house.records.disclose_blocking(&doctor, why(Action::Read), |reading| {
            reading.referred_of_patient(&id("p1"), T::MedicationRequest, T::Medication, 100)
        });
        let names: Vec<String> = found.unwrap().into_inner().iter().map(|one| one.id.to_string()).collect();
        assert_eq!(names, ["m1"]);
    }
}
