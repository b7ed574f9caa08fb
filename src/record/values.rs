//! What searches found in resources, kept between requests.
//!
//! A record is looked into again and again: by a program that asks every minute, by each page of a day's visits. What a parameter
//! finds in one version of a resource never changes, so it is kept under that version. As with consents, only what a
//! snapshot holds is kept, of the whole resource alone: what is cut of it for somebody is asked of what is left.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::rows::{Row, RowNumber};
use crate::fhir::search::SearchValue;

/// The row, its version, and the number of the parameter.
type Of = (RowNumber, u32, u16);
type Values = Arc<[SearchValue]>;

/// Parts with a lock each, so that few wait for another.
const PARTS: usize = 16;
/// How many are kept in each; then it begins anew.
const MOST: usize = 2_048;
/// The most values that are kept of one, and the longest resource of which they are: what is found in it is no longer.
const MOST_VALUES: usize = 16;
const LONGEST: usize = 4 << 10;

#[derive(Default)]
pub(super) struct KnownValues([Mutex<HashMap<Of, Values>>; PARTS]);

impl KnownValues {
    /// What the parameter finds in this version; `load` asks it where that is not known.
    pub(super) fn of<E>(
        &self,
        (number, row, param): (RowNumber, &Row, u16),
        load: impl FnOnce() -> Result<Vec<SearchValue>, E>,
    ) -> Result<Values, E> {
        let of = (number, row.version, param);
        let part = usize::try_from(number.0).unwrap_or_default() % PARTS;
        let Some(part) = self.0.get(part) else { return load().map(Into::into) };
        let known = part.lock().unwrap_or_else(PoisonError::into_inner).get(&of).cloned();
        if let Some(values) = known {
            return Ok(values);
        }
        let values: Values = load()?.into();
        if values.len() <= MOST_VALUES && row.json.len() <= LONGEST {
            let mut kept = part.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST {
                kept.clear();
            }
            kept.insert(of, values.clone());
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::new_box;
    use crate::base::Role;
    use crate::fhir::ResourceType as T;

    #[test]
    fn a_new_version_is_found_by_what_it_says_and_who_sees_less_finds_less() {
        let house = new_box();
        let visit = |minutes: u32| {
            let who = |id: &str| json!({"actor": {"reference": format!("Patient/{id}")}, "status": "accepted"});
            json!({"resourceType": "Appointment", "id": "v", "status": "booked", "participant": [who("p"), who("q")],
                "start": format!("2026-03-03T09:{minutes}:00Z"), "end": "2026-03-03T10:00:00Z"})
        };
        for id in ["p", "q"] {
            house.put(json!({"resourceType": "Patient", "id": id}));
        }
        house.put(visit(10));
        let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
        let patient = house.actor(Role::Patient, Some("Patient/p"));
        for _ in 0..2 {
            assert_eq!(house.ids(&doctor, T::Appointment, "patient=p&patient=q&_sort=date"), ["v"]);
            assert_eq!(house.ids(&patient, T::Appointment, "patient=p"), ["v"]);
            assert!(
                house.ids(&patient, T::Appointment, "patient=p&patient=q").is_empty(),
                "of the other they see no name"
            );
            assert_eq!(house.ids(&doctor, T::Appointment, "patient=p&date=2026-03-03T09:10:00Z"), ["v"]);
        }
        house.put(visit(20));
        assert!(house.ids(&doctor, T::Appointment, "patient=p&date=2026-03-03T09:10:00Z").is_empty());
        assert_eq!(house.ids(&doctor, T::Appointment, "patient=p&date=2026-03-03T09:20:00Z"), ["v"]);
    }
}
