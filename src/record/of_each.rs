//! The newest few of each kind in a patient's record, chosen by the index before anything is opened.
//!
//! A chart's first page shows the last readings of each test. A record of forty thousand measurements has a hundred tests:
//! reading by kind costs what is shown, and not what there is.

use std::collections::HashMap;

use super::OfPatient;
use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::layout::COMPARTMENT;
use super::numbers::{find, row};
use super::reading::{Choose, Reading};
use super::sight;
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::store::{Direction, KeyRange, ReadExt};

/// How much is read for a choice.
#[derive(Debug, Clone, Copy)]
pub struct OfEach {
    /// The most of one kind: with the same codes.
    pub each: usize,
    /// The most in all.
    pub most: usize,
    /// How many rows of the index are gone through.
    pub looked: usize,
}

impl Reading<'_> {
    /// [`Reading::chosen_of_patient`] of the newest few of each kind. What bears no code is of no kind and always read.
    pub fn chosen_of_each<C: Copy>(
        &mut self,
        patient: &FhirId,
        kind: ResourceType,
        size: OfEach,
        with: C,
        choose: Choose<C>,
    ) -> Result<Undisclosed<OfPatient>, RecordError> {
        let scope = self.scope(kind)?;
        let read = self.read;
        let mut rows = Vec::new();
        let mut of_kind: HashMap<Vec<u64>, usize> = HashMap::new();
        if let Some(number) = find(read, ResourceType::Patient, patient)? {
            let all = read.scan(&COMPARTMENT, KeyRange::prefix(&(number, kind.number())), Direction::Up)?;
            for entry in all.take(size.looked) {
                let ((_, _, _, at), tag) = entry?;
                if !scope.allows(Some(patient), tag.sensitivity) {
                    continue;
                }
                if !tag.more && !tag.codes.is_empty() {
                    let count = of_kind.entry(tag.codes).or_default();
                    *count += 1;
                    if *count > size.each {
                        continue;
                    }
                }
                if rows.len() == size.most {
                    break;
                }
                let row = row(read, at)?;
                if !row.is_of(number) || !scope.shows(Some(&row.id), Some(patient), row.sensitivity) {
                    continue;
                }
                let cut = sight::cut(read, &scope, Some(patient), &row)?;
                rows.push((row, cut));
            }
        }
        let found = self.hand_out_chosen(rows, with, choose)?;
        // Who asks for the newest of each kind knows that there may be more.
        Ok(found.map(|found| OfPatient { found, more: false }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{id, new_box, why};
    use super::OfEach;
    use crate::access::Actor;
    use crate::audit;
    use crate::base::Role;
    use crate::fhir::ResourceType as T;

    fn all(values: &[Value], (): ()) -> Vec<usize> {
        (0..values.len()).collect()
    }

    fn reading(of: usize, code: Option<&str>, security: Option<&str>) -> Value {
        let mut one = json!({"resourceType": "Observation", "id": format!("w{of:02}"), "status": "final",
            "code": {"text": "A test"}, "subject": {"reference": "Patient/p1"},
            "effectiveDateTime": format!("2025-01-{:02}", of + 1)});
        if let Some(code) = code {
            one["code"]["coding"] = json!([{"system": "http://loinc.org", "code": code}]);
        }
        if let Some(code) = security {
            let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
            one["meta"] = json!({"security": [{"system": system, "code": code}]});
        }
        one
    }

    #[test]
    fn the_newest_few_of_each_kind_are_read_and_what_is_of_none() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p1"}));
        for at in 0..20 {
            let code = match at % 4 {
                0 => Some("1-1"),
                1 => Some("2-2"),
                2 => None,
                _ => Some("3-3"),
            };
            house.put(reading(at, code, (at == 17).then_some("R")));
        }
        let ids = |actor: &Actor, size: OfEach| {
            let found = house.records.disclose_blocking(actor, why(audit::Action::Read), |reading| {
                reading.chosen_of_each(&id("p1"), T::Observation, size, (), all)
            });
            found.unwrap().into_inner().found.iter().map(|one| one.id.to_string()).collect::<Vec<_>>()
        };
        let system = Actor::system("test");
        let size = OfEach { each: 2, most: 100, looked: 100 };
        let newest = ["w19", "w18", "w17", "w16", "w15", "w14", "w13", "w12", "w10", "w06", "w02"];
        assert_eq!(ids(&system, size), newest);
        assert_eq!(ids(&system, OfEach { most: 3, ..size }), newest[..3]);
        assert_eq!(ids(&system, OfEach { looked: 4, ..size }), newest[..4]);
        // What one may not see takes nothing's place.
        let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
        assert_eq!(ids(&doctor, size), ["w19", "w18", "w16", "w15", "w14", "w13", "w12", "w10", "w09", "w06", "w02"]);
    }
}
