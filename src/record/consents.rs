//! The consent rules of all patients, kept between searches.
//!
//! A search that goes across patients needs them all, and they change rarely. So they are kept in memory with the number of
//! changes that there had been, which is a row: who finds the same number in their snapshot has the same rules. Only what a
//! snapshot holds is kept, never what a transaction has not committed yet.

use std::sync::{Arc, PoisonError, RwLock};

use super::layout::{CONSENT_CHANGES, COUNTERS};
use super::numbers;
use crate::access::ConsentRules;
use crate::store::{Read, ReadExt, StoreError, Tx};

type Rules = Arc<ConsentRules>;

#[derive(Default)]
pub(super) struct Consents(RwLock<Option<(u64, Rules)>>);

impl Consents {
    /// The rules as this snapshot has them; `load` reads them where they are not known.
    pub(super) fn of(
        &self,
        snapshot: &dyn Read,
        load: impl FnOnce() -> Result<Rules, StoreError>,
    ) -> Result<Rules, StoreError> {
        let changes = snapshot.get(&COUNTERS, &CONSENT_CHANGES)?.unwrap_or(0);
        if let Some((_, rules)) = self.known().as_ref().filter(|(known, _)| *known == changes) {
            return Ok(rules.clone());
        }
        let rules = load()?;
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // An older snapshot does not push out what a newer one brought.
        if kept.as_ref().is_none_or(|(known, _)| *known < changes) {
            *kept = Some((changes, rules.clone()));
        }
        Ok(rules)
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Option<(u64, Rules)>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// To be called with every version of a Consent that is put, superseded or taken away.
pub(super) fn note_change(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    numbers::next(tx, CONSENT_CHANGES).map(drop)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{id, new_box, why};
    use crate::access::Actor;
    use crate::audit;
    use crate::base::Role;
    use crate::fhir::ResourceType as T;
    use crate::record::{Change, Condition, Transaction};

    fn refusal(of: &str, status: &str) -> Value {
        let system = "http://terminology.hl7.org/CodeSystem/consentscope";
        json!({"resourceType": "Consent", "id": format!("c-{of}"), "status": status,
            "scope": {"coding": [{"system": system, "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"reference": format!("Patient/{of}")}, "policyRule": {"text": "the clinic's"},
            "provision": {"type": "deny"}})
    }

    #[test]
    fn a_consent_counts_from_the_moment_at_which_it_is_stored_and_no_longer_than_it_stands() {
        let house = new_box();
        for at in 0..3 {
            house.put(json!({"resourceType": "Patient", "id": format!("p{at}")}));
            house.put(json!({"resourceType": "Condition", "id": format!("k{at}"),
                "subject": {"reference": format!("Patient/p{at}")}}));
        }
        let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
        let seen = || {
            let mut ids = house.ids(&doctor, T::Condition, "_count=10");
            ids.sort();
            ids
        };
        assert_eq!(seen(), ["k0", "k1", "k2"]);
        house.put(refusal("p1", "active"));
        assert_eq!(seen(), ["k0", "k2"]);
        house.put(refusal("p2", "active"));
        assert_eq!((seen(), seen()), (vec!["k0".to_owned()], vec!["k0".to_owned()]));
        house.put(refusal("p1", "inactive"));
        assert_eq!(seen(), ["k0", "k1"]);
        let gone = Change::delete(T::Consent, id("c-p2"), Condition::None);
        let why = why(audit::Action::Delete);
        house.records.change_all_blocking(&Actor::system("test"), why, vec![gone], Transaction::STRICT).unwrap();
        assert_eq!(seen(), ["k0", "k1", "k2"]);
    }
}
