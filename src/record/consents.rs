//! What Consents say of who may see, kept between requests.
//!
//! Every access of a record asks them, and they change rarely. So what one version of a Consent says is kept under that version,
//! and the rules of all patients, which a search that goes across them needs, with the number of changes that there had been,
//! which is a row: who finds the same number in their snapshot has the same rules. Only what a snapshot holds is kept. A
//! transaction asks and keeps nothing: what it has not committed has a version, and a number of changes, that nobody read yet.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::facts::Said;
use super::layout::{CONSENT_CHANGES, COUNTERS};
use super::numbers;
use super::rows::{Row, RowNumber};
use crate::access::ConsentRules;
use crate::fhir::ResourceType;
use crate::store::{Read, ReadExt, StoreError, Tx};

type Rules = Arc<ConsentRules>;

/// How many Consents are kept, and the most rules of one.
const MOST_KEPT: usize = 4_096;
const MOST_RULES: usize = 1_000;

#[derive(Default)]
pub(super) struct Consents {
    all: RwLock<Option<(u64, Rules)>>,
    each: RwLock<HashMap<(RowNumber, u32), Arc<Said>>>,
}

/// How what is known of consents is used.
#[derive(Clone, Copy)]
pub(super) enum Known<'a> {
    /// Over a snapshot: what is read is kept.
    Learning(&'a Consents),
    /// Inside a transaction, whose rows may never be committed.
    Asking(&'a Consents),
}

impl<'a> Known<'a> {
    const fn consents(self) -> &'a Consents {
        match self {
            Self::Learning(consents) | Self::Asking(consents) => consents,
        }
    }

    /// The rules of all patients, as `read` has them; `load` reads them where they are not known.
    pub(super) fn of_all(
        self,
        read: &dyn Read,
        load: impl FnOnce() -> Result<Rules, StoreError>,
    ) -> Result<Rules, StoreError> {
        let changes = read.get(&COUNTERS, &CONSENT_CHANGES)?.unwrap_or(0);
        let all = &self.consents().all;
        let known = all.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, rules)) = known.filter(|(known, _)| *known == changes) {
            return Ok(rules);
        }
        let rules = load()?;
        if let Self::Learning(_) = self {
            let mut kept = all.write().unwrap_or_else(PoisonError::into_inner);
            // An older snapshot does not push out what a newer one brought.
            if kept.as_ref().is_none_or(|(known, _)| *known < changes) {
                *kept = Some((changes, rules.clone()));
            }
        }
        Ok(rules)
    }

    /// What a version of a Consent says; `load` reads it where that is not known.
    pub(super) fn of_one(self, number: RowNumber, row: &Row, load: impl FnOnce() -> Said) -> Arc<Said> {
        let (each, key) = (&self.consents().each, (number, row.version));
        let known = each.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(said) = known {
            return said;
        }
        let said = Arc::new(load());
        if let (Self::Learning(_), true) = (self, said.rules.len() <= MOST_RULES) {
            let mut kept = each.write().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST_KEPT {
                kept.clear();
            }
            kept.insert(key, said.clone());
        }
        said
    }
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
