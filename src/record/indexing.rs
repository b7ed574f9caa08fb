//! Index rows that an older program did not write, put into its store while the box runs.
//!
//! Until those of identifiers and of the words of names are there, searches that would go by them go by the type: slower, and with
//! the same answer; and so does whoever asks what names a file. Until what an older program kept outside of its patient's record
//! stands in it, it is in no chart, as it was. What is stored meanwhile has its rows already.

use std::collections::BTreeSet;
use std::ops::Bound;

use serde_json::Value;

use super::Records;
use super::error::RecordError;
use super::following::MOST_PATIENTS;
use super::index::Completed;
use super::layout::{COUNTERS, Currency, INDEXED_TO, RESOURCES};
use super::numbers::{as_stored, find_named, find_or_reserve, last_said};
use super::prepared::Prepared;
use super::rows::{Row, RowNumber, State};
use super::writing::{note_history, put_current};
use crate::fhir::ResourceType;
use crate::store::{Direction, Key, KeyRange, ReadExt, Tx};

/// How many resources are looked at between two commits: others write meanwhile.
const STRETCH: usize = 500;

/// Whether the indexes of a store are complete, and say what is so now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indexed {
    /// Ask again.
    NotYet,
    Whole,
}

impl Records {
    /// Goes one stretch further through what an older program stored. Blocks: it reads and waits for the disk.
    pub fn complete_indexes(&self) -> Result<Indexed, RecordError> {
        self.complete_indexes_by(STRETCH)
    }

    pub(super) fn complete_indexes_by(&self, stretch: usize) -> Result<Indexed, RecordError> {
        let store = self.audit().store();
        let read = store.read()?;
        let completed = Completed::of(&read)?;
        if completed >= Completed::WHOLE {
            return Ok(Indexed::Whole);
        }
        let from = RowNumber(read.get(&COUNTERS, &INDEXED_TO)?.unwrap_or(0));
        let range = KeyRange::all().starting(Bound::Excluded((from,).to_bytes()));
        let mut last = None;
        let mut made = Vec::new();
        for found in read.scan(&RESOURCES, range, Direction::Up)?.take(stretch) {
            let ((number,), row) = found?;
            last = Some(number);
            if let Some(said) = last_said(&read, number, &row)? {
                let value: Value = serde_json::from_slice(&said.json).map_err(|_| RecordError::Damaged)?;
                made.push((number, row.version, Prepared::new(row.kind, &value)));
            }
        }
        drop(read);
        let is_last = completed.once_more() >= Completed::WHOLE;
        store.write_blocking(move |tx| {
            for (number, version, prepared) in made {
                // One that was changed meanwhile has its rows.
                let now: Option<Row> = tx.get(&RESOURCES, &(number,))?;
                let Some(row) = now.filter(|row| row.version == version) else { continue };
                if row.state == State::Live && (completed == Completed::NEVER || is_last) {
                    prepared.put_references(tx, number, &row)?;
                }
                if row.state == State::Live && is_last {
                    prepared.put_names(tx, number, &row)?;
                }
                stand_in_records(tx, number, row, &prepared)?;
            }
            match last {
                Some(last) => tx.put(&COUNTERS, &INDEXED_TO, &last.0)?,
                None => {
                    tx.delete(&COUNTERS, &INDEXED_TO)?;
                    completed.once_more().note(tx)?;
                }
            }
            Ok::<_, RecordError>(())
        })?;
        let ends = last.is_none() && is_last;
        Ok(if ends { Indexed::Whole } else { Indexed::NotYet })
    }
}

/// Puts a row into the records of those patients in which it would stand if it were stored now, or had been until it was deleted:
/// its history is theirs.
fn stand_in_records(tx: &mut Tx<'_>, number: RowNumber, before: Row, prepared: &Prepared) -> Result<(), RecordError> {
    let mut patients = patients_of(tx, prepared)?;
    if patients.iter().all(|patient| before.patients.contains(patient)) {
        return Ok(());
    }
    let kept: Vec<RowNumber> = before.patients.iter().copied().filter(|one| !patients.contains(one)).collect();
    patients.extend(kept);
    patients.truncate(MOST_PATIENTS);
    let after = Row { patients, ..before };
    if after.state == State::Deleted {
        tx.put(&RESOURCES, &(number,), &after)?;
        return note_history(tx, number, &after, Currency::Past);
    }
    put_current(tx, number, &after, prepared)
}

/// Whom it is about by itself, and by what it follows.
fn patients_of(tx: &mut Tx<'_>, prepared: &Prepared) -> Result<Vec<RowNumber>, RecordError> {
    let mut patients = Vec::new();
    for patient in prepared.patients.iter().take(MOST_PATIENTS) {
        patients.push(find_or_reserve(tx, ResourceType::Patient, patient)?);
    }
    for one in &prepared.follows {
        let Some(number) = find_named(tx, one)? else { continue };
        let followed = as_stored(tx, number)?;
        match followed.state {
            State::Reserved => {}
            _ if followed.kind == ResourceType::Patient => patients.push(number),
            _ => patients.extend(followed.patients),
        }
    }
    let mut seen = BTreeSet::new();
    patients.retain(|one| seen.insert(*one));
    patients.truncate(MOST_PATIENTS);
    Ok(patients)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::Actor;
    use crate::audit;
    use crate::base::Role;
    use crate::record::layout::INDEXED;
    use crate::record::numbers::find;
    use crate::record::settling_tests::state;
    use crate::record::tests::{Box_, id, new_box, why};
    use crate::record::{Change, Condition, Transaction};

    /// As a program left it that kept this outside of every record.
    fn in_no_record(house: &Box_, kind: ResourceType, of: &str) {
        let of = id(of);
        let store = house.records.audit().store();
        let done = store.write_blocking(move |tx| {
            let number = find(tx, kind, &of)?.unwrap();
            let now = as_stored(tx, number)?;
            let prepared = Prepared::new(kind, &serde_json::from_slice(&now.json).unwrap());
            prepared.remove_index(tx, number, &now)?;
            let before = Row { patients: Vec::new(), ..now };
            tx.put(&RESOURCES, &(number,), &before)?;
            note_history(tx, number, &before, Currency::Current)?;
            prepared.put_index(tx, number, &before)?;
            // Its indexes were whole, as it knew them.
            Ok::<_, RecordError>(tx.put(&COUNTERS, &INDEXED, &1)?)
        });
        done.unwrap();
    }

    #[test]
    fn what_an_older_program_kept_outside_of_the_record_comes_into_it_as_if_it_were_stored_now() {
        let house = new_box();
        let device = |of: &str| json!({"resourceType": "Device", "id": of, "patient": {"reference": "Patient/p"}});
        // The one is followed by what was stored before it.
        house.put(json!({"resourceType": "Provenance", "id": "by", "recorded": "2026-03-03T09:00:00Z",
            "target": [{"reference": "Device/d"}], "agent": [{"who": {"display": "Dr A"}}]}));
        house.put(json!({"resourceType": "Patient", "id": "p", "name": [{"family": "Falk"}]}));
        house.put(device("d"));
        house.put(device("e"));
        house.put(json!({"resourceType": "Device", "id": "of-the-clinic"}));
        let whole = state(&house.records);
        for (kind, of) in [(ResourceType::Device, "d"), (ResourceType::Device, "e"), (ResourceType::Provenance, "by")] {
            in_no_record(&house, kind, of);
        }
        assert!(state(&house.records) != whole);
        while house.records.complete_indexes_by(2).unwrap() == Indexed::NotYet {}
        assert!(state(&house.records) == whole);
        assert_eq!(house.records.complete_indexes().unwrap(), Indexed::Whole);
    }
    #[test]
    fn what_was_deleted_before_an_older_program_knew_whose_it_was_is_theirs_with_its_history() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p", "name": [{"family": "Falk"}]}));
        house.put(json!({"resourceType": "Patient", "id": "q", "name": [{"family": "Corvin"}]}));
        house.put(json!({"resourceType": "Device", "id": "d", "patient": {"reference": "Patient/p"}}));
        let gone = vec![Change::delete(ResourceType::Device, id("d"), Condition::None)];
        let system = Actor::system("test");
        house.records.change_all_blocking(&system, why(audit::Action::Delete), gone, Transaction::STRICT).unwrap();
        let whole = state(&house.records);
        let store = house.records.audit().store();
        let done = store.write_blocking(|tx| {
            let number = find(tx, ResourceType::Device, &id("d"))?.unwrap();
            let before = Row { patients: Vec::new(), ..as_stored(tx, number)? };
            tx.put(&RESOURCES, &(number,), &before)?;
            note_history(tx, number, &before, Currency::Past)?;
            Ok::<_, RecordError>(tx.put(&COUNTERS, &INDEXED, &3)?)
        });
        done.unwrap();
        let by = |of: &str| house.actor(Role::Patient, Some(of));
        let version = |of: &str| {
            house.records.disclose_blocking(&by(of), why(audit::Action::VersionRead), |reading| {
                reading.version(ResourceType::Device, &id("d"), 1)
            })
        };
        assert!(state(&house.records) != whole);
        while house.records.complete_indexes_by(2).unwrap() == Indexed::NotYet {}
        assert!(state(&house.records) == whole);
        assert!(version("Patient/p").is_ok() && version("Patient/q").is_err());
    }
}
