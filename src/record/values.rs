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
/// How many bytes are kept in each; then it begins anew.
const MOST: usize = 512 << 10;
/// The most bytes that are kept of one.
const MOST_OF_ONE: usize = 4 << 10;
/// About how many bytes one takes beside its values.
const AROUND: usize = 64;

#[derive(Default)]
struct Part {
    kept: HashMap<Of, Values>,
    bytes: usize,
}

#[derive(Default)]
pub(super) struct KnownValues([Mutex<Part>; PARTS]);

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
        let known = part.lock().unwrap_or_else(PoisonError::into_inner).kept.get(&of).cloned();
        if let Some(values) = known {
            return Ok(values);
        }
        let values: Values = load()?.into();
        let bytes = AROUND + values.iter().map(SearchValue::bytes).sum::<usize>();
        if bytes <= MOST_OF_ONE {
            let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
            if part.bytes + bytes > MOST {
                *part = Part::default();
            }
            // Another may have put it there meanwhile.
            if part.kept.insert(of, values.clone()).is_none() {
                part.bytes += bytes;
            }
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::rows::{Row, RowNumber};
    use super::super::tests::{id, new_box};
    use super::*;
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

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let known = KnownValues::default();
        let row = Row { version: 1, ..Row::reserved(T::Observation, id("o")) };
        let asked = |number: u64, long: usize| {
            let mut loads = 0;
            let values = || {
                loads += 1;
                Ok::<_, ()>(vec![SearchValue::Uri("u".repeat(long))])
            };
            known.of((RowNumber(number), &row, 1), values).unwrap();
            loads
        };
        assert_eq!((asked(0, 10), asked(0, 10)), (1, 0));
        assert_eq!((asked(1, MOST_OF_ONE), asked(1, MOST_OF_ONE)), (1, 1), "too long to be kept");
        for number in 0..10_000 {
            asked(number, 1_000);
        }
        for part in &known.0 {
            let part = part.lock().unwrap();
            let counted: usize =
                part.kept.values().map(|all| AROUND + all.iter().map(SearchValue::bytes).sum::<usize>()).sum();
            assert!(part.bytes <= MOST && part.bytes == counted && !part.kept.is_empty());
        }
    }
}
