//! What refers to a resource: a deletion must leave nothing that points at it (http.html#delete leaves that to the server).
//!
//! A chart must not lead nowhere, so what something else refers to is not deleted, unless that goes or changes in the same
//! transaction. Two kinds of referrers do not count: what tells of a resource's own life (Provenance, AuditEvent), which
//! outlives it; and what the actor may not see, of which no refusal may tell. Where one of those is left, nothing is lost:
//! all versions of what was deleted are kept, and its address answers that it is gone.

use std::collections::BTreeSet;

use super::error::RecordError;
use super::index::{ELSEWHERE, local_hash};
use super::layout::REFERENCE;
use super::numbers::{find, row};
use super::rows::State;
use super::search::leading_to;
use super::writing::Writing;
use crate::access::Action;
use crate::base::{FhirId, ResourceRef};
use crate::fhir::ResourceType;
use crate::store::{Direction, KeyRange, Read, ReadExt, Tx};

/// How many referrers of one sort are looked at for one that the actor may see.
const MOST: usize = 1_000;

/// Everything that refers to a resource and is not deleted, each once.
pub(super) fn referring(
    read: &dyn Read,
    kind: ResourceType,
    id: &FhirId,
) -> Result<Vec<(ResourceType, FhirId)>, RecordError> {
    let hash = local_hash(kind, id.as_str());
    let mut found = BTreeSet::new();
    for param in leading_to(kind).chain([ELSEWHERE]) {
        for entry in read.scan(&REFERENCE, KeyRange::prefix(&(param, hash)), Direction::Up)? {
            found.insert(entry?.0.2);
        }
    }
    let mut all = Vec::with_capacity(found.len());
    for number in found {
        let row = row(read, number)?;
        if row.state == State::Live {
            all.push((row.kind, row.id));
        }
    }
    Ok(all)
}

impl Writing<'_, '_, '_> {
    /// Whether a resource that was deleted is gone from every other one, too.
    pub(super) fn must_not_be_referred_to(&self, gone: &ResourceRef) -> Result<(), RecordError> {
        let Some(kind) = ResourceType::parse(gone.type_name()) else { return Ok(()) };
        let tx: &Tx<'_> = self.tx;
        let stands = match find(tx, kind, &gone.id())? {
            Some(number) => row(tx, number)?.state == State::Live,
            None => false,
        };
        if stands {
            return Ok(());
        }
        let hash = local_hash(kind, gone.id().as_str());
        let mut kinds: Vec<ResourceType> = Vec::new();
        for param in leading_to(kind).chain([ELSEWHERE]) {
            for found in tx.scan(&REFERENCE, KeyRange::prefix(&(param, hash)), Direction::Up)?.take(MOST) {
                self.goes_on()?;
                let other = row(tx, found?.0.2)?;
                let counts = !matches!(other.kind, ResourceType::Provenance | ResourceType::AuditEvent)
                    && !kinds.contains(&other.kind)
                    && other.state == State::Live
                    && (other.kind, &other.id) != (kind, &gone.id());
                if counts && self.permit(Action::Read, &other).is_ok() {
                    kinds.push(other.kind);
                }
                if param != ELSEWHERE && kinds.contains(&other.kind) {
                    break;
                }
            }
        }
        if kinds.is_empty() {
            return Ok(());
        }
        kinds.sort_unstable_by_key(|kind| kind.name());
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        Err(RecordError::ReferredTo { what: gone.to_string(), by: names.join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{Box_, id, new_box, why};
    use super::super::{Body, Change, Condition, RecordError, Transaction, Which, WrittenAs};
    use crate::access::Actor;
    use crate::audit;
    use crate::base::Role;
    use crate::fhir::{Mode, ResourceType as T};

    fn change(house: &Box_, actor: &Actor, changes: Vec<Change>) -> Result<Vec<WrittenAs>, RecordError> {
        let why = why(audit::Action::Transaction);
        let written = house.records.change_all_blocking(actor, why, changes, Transaction::STRICT)?;
        Ok(written.into_inner().into_iter().map(|one| one.as_what).collect())
    }

    fn gone(kind: T, of: &str) -> Change {
        Change::delete(kind, id(of), Condition::None)
    }

    fn refused(house: &Box_, actor: &Actor, kind: T, of: &str) -> String {
        match change(house, actor, vec![gone(kind, of)]) {
            Err(RecordError::ReferredTo { by, .. }) => by,
            other => panic!("{other:?}"),
        }
    }

    fn box_with(resources: &[Value]) -> Box_ {
        let house = new_box();
        resources.iter().for_each(|one| drop(house.put(one.clone())));
        house
    }

    fn patient() -> Value {
        json!({"resourceType": "Patient", "id": "p1", "link": [{"other": {"reference": "Patient/p1"}, "type": "seealso"}]})
    }

    fn observation(of: &str) -> Value {
        json!({"resourceType": "Observation", "id": of, "status": "final", "code": {"text": "Weight"},
            "subject": {"reference": "Patient/p1"}})
    }

    #[test]
    fn what_others_refer_to_stays_until_they_are_gone() {
        let visit = json!({"resourceType": "Encounter", "id": "e1", "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": "Patient/p1"}});
        let house = box_with(&[patient(), observation("w1"), observation("w2"), visit]);
        let system = Actor::system("test");
        assert_eq!(refused(&house, &system, T::Patient, "p1"), "Encounter, Observation");
        assert!(house.read(&system, T::Patient, "p1").is_ok());
        change(&house, &system, vec![gone(T::Observation, "w1"), gone(T::Encounter, "e1")]).unwrap();
        assert_eq!(refused(&house, &system, T::Patient, "p1"), "Observation");
        // A reference to itself does not keep it; what goes with it does not either, in whichever order.
        change(&house, &system, vec![gone(T::Patient, "p1"), gone(T::Observation, "w2")]).unwrap();
        assert!(matches!(house.read(&system, T::Patient, "p1"), Err(RecordError::Gone)));
    }

    #[test]
    fn what_is_pointed_elsewhere_in_the_same_transaction_is_no_hindrance() {
        let other = json!({"resourceType": "Patient", "id": "p2"});
        let house = box_with(&[patient(), other, observation("w1")]);
        let mut moved = observation("w1");
        moved["subject"] = json!({"reference": "Patient/p2"});
        let body = Body::new(T::Observation, moved, Mode::Strict).unwrap();
        let moved = Change::store(T::Observation, Which::Id(id("w1")), body, Condition::None);
        change(&house, &Actor::system("test"), vec![gone(T::Patient, "p1"), moved]).unwrap();
    }

    #[test]
    fn a_reference_that_no_parameter_finds_counts_and_one_that_tells_of_its_life_does_not() {
        let mut noted = observation("w1");
        noted["note"] = json!([{"text": "Asked.", "authorReference": {"reference": "Practitioner/d1"}}]);
        let told = json!({"resourceType": "Provenance", "id": "t1", "recorded": "2026-01-01T00:00:00Z",
            "target": [{"reference": "Observation/w1"}], "agent": [{"who": {"display": "Dr. Corvin"}}]});
        let house = box_with(&[patient(), json!({"resourceType": "Practitioner", "id": "d1"}), noted, told]);
        let system = Actor::system("test");
        assert_eq!(refused(&house, &system, T::Practitioner, "d1"), "Observation");
        change(&house, &system, vec![gone(T::Observation, "w1")]).unwrap();
        change(&house, &system, vec![gone(T::Practitioner, "d1")]).unwrap();
    }

    #[test]
    fn a_refusal_tells_of_nothing_that_one_may_not_see() {
        let sealed = json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"},
            "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]},
            "evidence": [{"detail": [{"reference": "Observation/w1"}]}]});
        let house = box_with(&[patient(), observation("w1"), sealed]);
        assert_eq!(refused(&house, &Actor::system("test"), T::Observation, "w1"), "Condition");
        let clinician = house.actor(Role::Clinician, Some("Practitioner/d1"));
        assert!(matches!(house.read(&clinician, T::Condition, "c1"), Err(RecordError::NotFound)));
        change(&house, &clinician, vec![gone(T::Observation, "w1")]).unwrap();
    }
}
