//! What Consents say of who may see, kept between requests.
//!
//! Every access of a record asks them, and they change rarely. So what one version of a Consent says is kept under that version,
//! and the rules of a patient, and of all patients, which a search that goes across them needs, with the number of changes that
//! there had been, which is a row: who finds the same number in their snapshot has the same rules. See [`super::kept`].

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::facts::Said;
use super::layout::{CONSENT_CHANGES, COUNTERS};
use super::numbers;
use super::rows::{Row, RowNumber};
use crate::access::{ConsentRule, ConsentRules};
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::store::{Read, ReadExt, StoreError, Tx};

pub(super) type Rules = Arc<ConsentRules>;
type RulesOfOne = Arc<[ConsentRule]>;

/// How many Consents, and patients, are kept, and the most rules of one Consent, and of one patient.
const MOST_KEPT: usize = 4_096;
const MOST_RULES: usize = 1_000;
const MOST_OF_A_PATIENT: usize = 64;

#[derive(Default)]
pub(super) struct Consents {
    all: RwLock<Option<(u64, Rules)>>,
    of_patients: RwLock<HashMap<FhirId, (u64, RulesOfOne)>>,
    each: RwLock<HashMap<(RowNumber, u32), Arc<Said>>>,
}

impl Consents {
    /// The rules of all patients, as `read` has them; `load` reads them where they are not known.
    pub(super) fn of_all(
        &self,
        read: &dyn Read,
        learns: bool,
        load: impl FnOnce() -> Result<Rules, StoreError>,
    ) -> Result<Rules, StoreError> {
        let changes = changes(read)?;
        let known = self.all.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, rules)) = known.filter(|(known, _)| *known == changes) {
            return Ok(rules);
        }
        let rules = load()?;
        if learns {
            let mut kept = self.all.write().unwrap_or_else(PoisonError::into_inner);
            // An older snapshot does not push out what a newer one brought.
            if kept.as_ref().is_none_or(|(known, _)| *known < changes) {
                *kept = Some((changes, rules.clone()));
            }
        }
        Ok(rules)
    }

    /// The rules of one patient, in the same way.
    pub(super) fn of_patient(
        &self,
        read: &dyn Read,
        patient: &FhirId,
        learns: bool,
        load: impl FnOnce() -> Result<Vec<ConsentRule>, StoreError>,
    ) -> Result<RulesOfOne, StoreError> {
        let changes = changes(read)?;
        let known = self.of_patients.read().unwrap_or_else(PoisonError::into_inner).get(patient).cloned();
        let before = match known {
            Some((known, rules)) if known == changes => return Ok(rules),
            other => other.map(|(known, _)| known),
        };
        let rules: RulesOfOne = load()?.into();
        if learns && rules.len() <= MOST_OF_A_PATIENT && before.is_none_or(|known| known < changes) {
            let mut kept = self.of_patients.write().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST_KEPT {
                kept.clear();
            }
            kept.insert(patient.clone(), (changes, rules.clone()));
        }
        Ok(rules)
    }

    /// What a version of a Consent says; `load` reads it where that is not known.
    pub(super) fn of_one(&self, number: RowNumber, row: &Row, learns: bool, load: impl FnOnce() -> Said) -> Arc<Said> {
        let key = (number, row.version);
        let known = self.each.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(said) = known {
            return said;
        }
        let said = Arc::new(load());
        if learns && said.rules.len() <= MOST_RULES {
            let mut kept = self.each.write().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST_KEPT {
                kept.clear();
            }
            kept.insert(key, said.clone());
        }
        said
    }
}

/// How many changes there were of what Consents say.
fn changes(read: &dyn Read) -> Result<u64, StoreError> {
    Ok(read.get(&COUNTERS, &CONSENT_CHANGES)?.unwrap_or(0))
}

/// Whether what all Consents say hangs on resources of this type: on the Consents, and on which Organization is the clinic.
pub(super) const fn hang_on(kind: ResourceType) -> bool {
    matches!(kind, ResourceType::Consent | ResourceType::HealthcareService | ResourceType::Organization)
}

/// To be called with every version of such a resource that is put, superseded or taken away.
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
