//! What stands under the rules of another resource: a Provenance under those of its targets, a Binary under those of its
//! `securityContext` (binary.html#security). It is whoever's they are, and as delicate as they are: who may not see a result is
//! not to read who signed it and why.
//!
//! Index rows carry both, so they are settled when it is stored, and again whenever a resource that it follows becomes
//! another's, is sealed, or is unsealed.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::OF_A_GROUP;
use super::error::RecordError;
use super::index::{ELSEWHERE, local_hash};
use super::layout::REFERENCE;
use super::numbers::{find_or_reserve, row};
use super::prepared::{Prepared, local_reference};
use super::rows::{Row, RowNumber, State};
use super::writing::Writing;
use crate::access::{OwnWords, Sensitivity};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::{Definitions, ResourceType};
use crate::store::{Direction, KeyRange, ReadExt, Tx};

/// How long it may take to settle all that follows what was sealed, held or moved.
const OF_FOLLOWERS: Duration = Duration::from_secs(20);

/// Whose compartments hold a resource, and how delicate it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub patients: Vec<RowNumber>,
    pub sensitivity: Sensitivity,
}

/// The most patients of one resource; a row has a byte for their number.
pub(super) const MOST_PATIENTS: usize = 200;
/// The most steps from one that is followed to the last of those behind it. Those that follow each other in a ring could be
/// settled for ever.
const MOST_STEPS: usize = 100;

/// What a resource follows, by its literal references, each once.
pub fn followed(kind: ResourceType, resource: &Value) -> Vec<ResourceRef> {
    let reference = |value: &Value| local_reference(value.get("reference")?.as_str()?);
    let mut follows: Vec<ResourceRef> = match kind {
        ResourceType::Provenance => {
            resource.get("target").and_then(Value::as_array).into_iter().flatten().filter_map(reference).collect()
        }
        ResourceType::Binary => resource.get("securityContext").and_then(reference).into_iter().collect(),
        _ => vec![],
    };
    follows.sort_unstable();
    follows.dedup();
    follows
}

/// Whether it names rules to stand under that nobody here can look up: it follows nothing.
pub(super) fn is_led_astray(kind: ResourceType, resource: &Value, follows: &[ResourceRef]) -> bool {
    kind == ResourceType::Binary && resource.get("securityContext").is_some() && follows.is_empty()
}

impl Writing<'_, '_, '_> {
    /// Adds to the standing that a resource has by itself what it has by those that it follows.
    pub(super) fn stand(&mut self, prepared: &Prepared, own: &mut Standing) -> Result<(), RecordError> {
        for one in &prepared.follows {
            self.goes_on()?;
            let Some(kind) = ResourceType::parse(one.type_name()) else { continue };
            // What is not there yet may come: then it is known that something follows it.
            let number = find_or_reserve(self.tx, kind, &one.id())?;
            let other = row(&**self.tx, number)?;
            if other.state == State::Reserved {
                continue;
            }
            let patients = if kind == ResourceType::Patient { vec![number] } else { other.patients };
            own.sensitivity = own.sensitivity.and(other.sensitivity);
            for patient in patients {
                if !own.patients.contains(&patient) && own.patients.len() < MOST_PATIENTS {
                    own.patients.push(patient);
                }
            }
        }
        Ok(())
    }

    /// Settles anew what follows the resources whose standing has changed, and what follows that. It is done once for all of a
    /// group: many of them may be followed by the same.
    ///
    /// What is sealed or held is so with all that tells of it, or not at all, and nobody can send that in parts: staff and
    /// programs have time for it besides that of the group.
    pub(super) fn lead(&mut self) -> Result<(), RecordError> {
        if self.leads.is_empty() || self.stay.all < OF_A_GROUP || OwnWords::of(self.actor).is_some() {
            return self.settle_followers();
        }
        let (of_group, begun) = (self.stay.all, self.ambient.now());
        self.stay.all += OF_FOLLOWERS;
        self.settle_followers()?;
        self.stay.all = of_group + self.ambient.now().duration_since(begun).unsigned_abs();
        Ok(())
    }

    fn settle_followers(&mut self) -> Result<(), RecordError> {
        let mut waiting = BTreeSet::new();
        for (kind, id) in std::mem::take(&mut self.leads) {
            waiting.extend(self.followers(kind, &id)?);
        }
        for _ in 0..MOST_STEPS {
            let mut then = BTreeSet::new();
            for number in std::mem::take(&mut waiting) {
                self.goes_on()?;
                let before = row(&**self.tx, number)?;
                if let Some(after) = self.resettled(number, &before)? {
                    then.extend(self.followers(after.kind, &after.id)?);
                }
            }
            if then.is_empty() {
                break;
            }
            waiting = then;
        }
        Ok(())
    }

    /// The row as it stands now, if that is another way than before.
    fn resettled(&mut self, number: RowNumber, before: &Row) -> Result<Option<Row>, RecordError> {
        if before.state != State::Live {
            return Ok(None);
        }
        self.goes_through(before.json.len())?;
        let value: Value = serde_json::from_slice(&before.json).map_err(|_| RecordError::Damaged)?;
        let prepared = Prepared::new(before.kind, &value);
        let patients = self.patient_rows(&prepared)?;
        let mut standing = Standing { patients, sensitivity: prepared.sensitivity };
        self.stand(&prepared, &mut standing)?;
        let after = Row { patients: standing.patients, sensitivity: standing.sensitivity, ..before.clone() };
        if after == *before {
            return Ok(None);
        }
        prepared.remove_index(self.tx, number, before)?;
        self.store(number, &after, &prepared)?;
        self.came_into(number, Some(before), &after);
        Ok(Some(after))
    }

    /// The resources that follow this one, by their rows.
    fn followers(&self, kind: ResourceType, id: &FhirId) -> Result<Vec<RowNumber>, RecordError> {
        let hash = local_hash(kind, id.as_str());
        let tx: &Tx<'_> = self.tx;
        let target = Definitions::r4().search_param(ResourceType::Provenance, "target").map(|param| param.id);
        let mut found = Vec::new();
        for param in target.into_iter().chain([ELSEWHERE]) {
            for entry in tx.scan(&REFERENCE, KeyRange::prefix(&(param, hash)), Direction::Up)? {
                self.goes_on()?;
                let number = entry?.0.2;
                // No parameter finds a security context: it stands among the references that none finds.
                if param != ELSEWHERE || row(tx, number)?.kind == ResourceType::Binary {
                    found.push(number);
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_named_many_times_is_followed_once() {
        let target = |of: &str| json!({"reference": format!("Observation/{of}")});
        let all = [target("b"), target("a"), target("b"), target("b/_history/2")];
        let follows = followed(ResourceType::Provenance, &json!({"target": all}));
        assert_eq!(follows.iter().map(ResourceRef::as_str).collect::<Vec<_>>(), ["Observation/a", "Observation/b"]);
    }
}
