//! Which changes enter the writer when: whoever is in it keeps all others waiting, also those who read, for a reading's entry
//! is written there, too.
//!
//! What is small and looks nowhere goes in as it comes: creates share commits by the hundred. Of everything else nobody can
//! say before what it costs: it is tried for a moment, and leaves nothing if that was not enough. Then it waits for its turn,
//! as does what is large from the start: one at a time, and one of each actor. So others wait for one of them, however many
//! somebody sends.

use serde_json::Value;

use super::change::{Act, Change, Content, Group};
use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::reading::Reading;
use super::transaction::{Stay, Transaction, Written};
use super::turns::{Turn, Turns};
use super::{Records, Why};
use crate::access::Actor;
use crate::audit::{AuditError, AuditedTx, Committed};

/// The most changes of a group that is tried.
const FEW: usize = 16;
/// The most that these may have together: values to be found by, or values at all where the keys are made in the writer.
const SMALL: usize = 1_000;
/// How many of one actor are tried at a time.
const TRIED_AT_ONCE: usize = 32;

/// The turns of changes.
pub(super) struct Doors {
    tried: Turns,
    long: Turns,
    acts: Turns,
}

impl Default for Doors {
    fn default() -> Self {
        let tried = Turns::one_each().of_each(TRIED_AT_ONCE);
        Self { tried, long: Turns::so_many(1), acts: Turns::one_each() }
    }
}

/// How much of the writer's time a group may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Light,
    Unknown,
    Heavy,
}

/// What a job leaves, with its turn: that ends when all of it is on disk, or was given up, also if nobody waits for the answer.
struct Held<T> {
    what: T,
    _turn: Option<Turn>,
}

impl<E: From<AuditError>> From<AuditError> for Held<E> {
    fn from(error: AuditError) -> Self {
        Self { what: error.into(), _turn: None }
    }
}

impl Records {
    /// Makes the changes of a group in the writer and reads what they left, when it is their turn.
    #[allow(clippy::type_complexity)] // what was written and what was read then
    pub(super) async fn enter<T, R>(
        &self,
        actor: &Actor,
        why: &Why,
        group: Group,
        how: Transaction,
        read: R,
    ) -> Result<(Undisclosed<(Vec<Written>, T)>, Committed), RecordError>
    where
        T: Send + 'static,
        R: FnOnce(&mut Reading<'_>) -> Result<Undisclosed<T>, RecordError> + Clone + Send + 'static,
    {
        match self.weight(&group, how.is_bounded(actor)) {
            Weight::Light => return self.audit().write(self.job(actor, why, group, how, Stay::WHOLE, read)).await,
            Weight::Unknown => {
                let turn = self.doors.tried.take(actor).await;
                let job = self.job(actor, why, group.clone(), how, Stay::MOMENT, read.clone());
                match self.holding(turn, job).await {
                    Err(error) if error.is_too_slow() => {}
                    made => return made,
                }
            }
            Weight::Heavy => {}
        }
        let turn = self.doors.long.take(actor).await;
        self.holding(turn, self.job(actor, why, group, how, Stay::WHOLE, read)).await
    }

    /// Runs a workflow's job in the writer: one of each actor at a time.
    pub(super) async fn enter_act<T, E>(
        &self,
        actor: &Actor,
        job: impl FnOnce(&mut AuditedTx<'_, '_>) -> Result<T, E> + Send + 'static,
    ) -> Result<(T, Committed), E>
    where
        T: Send + 'static,
        E: From<AuditError> + Send + 'static,
    {
        let turn = self.doors.acts.take(actor).await;
        self.holding(turn, job).await
    }

    async fn holding<T, E>(
        &self,
        turn: Turn,
        job: impl FnOnce(&mut AuditedTx<'_, '_>) -> Result<T, E> + Send + 'static,
    ) -> Result<(T, Committed), E>
    where
        T: Send + 'static,
        E: From<AuditError> + Send + 'static,
    {
        let write = self.audit().write(move |tx: &mut AuditedTx<'_, '_>| {
            let turn = Some(turn);
            match job(tx) {
                Ok(what) => Ok(Held { what, _turn: turn }),
                Err(what) => Err(Held { what, _turn: turn }),
            }
        });
        match write.await {
            Ok((made, proof)) => Ok((made.what, proof)),
            Err(error) => Err(error.what),
        }
    }

    fn weight(&self, group: &Group, is_bounded: bool) -> Weight {
        if !is_bounded {
            return Weight::Light;
        }
        if group.changes.len() > FEW || group.changes.iter().map(size).sum::<usize>() > SMALL {
            return Weight::Heavy;
        }
        let looks_widely =
            |change: &Change| self.rules.iter().any(|rule| rule.looks_widely() && rule.concerns(change.kind));
        let is_light = |change: &Change| {
            matches!(change.act, Act::Create { .. } | Act::Register { .. })
                && change.is_settled()
                && !looks_widely(change)
        };
        let is_light = group.links.searches.is_empty() && group.changes.iter().all(is_light);
        if is_light { Weight::Light } else { Weight::Unknown }
    }
}

fn size(change: &Change) -> usize {
    match &change.act {
        Act::Create { body, .. } | Act::Put { body, .. } => match &body.content {
            Content::Ready(prepared) => prepared.keys(),
            Content::Late { value, .. } => values(value),
        },
        Act::Register { patient, .. } => values(patient),
        Act::Patch { .. } | Act::Delete { .. } => 0,
    }
}

fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(members) => members.values().map(values).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use serde_json::json;

    use super::super::tests::{id, program, ticking, why};
    use super::super::{Body, Condition, Which};
    use super::*;
    use crate::audit;
    use crate::fhir::{Mode, ResourceType};

    fn patient(family: &str) -> Value {
        json!({"resourceType": "Patient", "id": "p", "name": [{"family": family}]})
    }

    fn put(family: &str) -> Change {
        let body = Body::new(ResourceType::Patient, patient(family), Mode::Strict).unwrap();
        Change::store(ResourceType::Patient, Which::Id(id("p")), body, Condition::None)
    }

    fn create() -> Change {
        Change::create(ResourceType::Patient, patient("Brandvold"), Mode::Strict).unwrap()
    }

    #[test]
    fn small_creates_go_in_at_once_and_what_is_large_waits_for_its_turn() {
        let (records, ..) = ticking();
        let weight = |changes: Vec<Change>| records.weight(&Group { changes, ..Group::default() }, true);
        assert_eq!(weight(vec![create(), create()]), Weight::Light);
        assert_eq!(weight(vec![create(), put("Brandvold")]), Weight::Unknown);
        assert_eq!(weight((0..=FEW).map(|_| create()).collect()), Weight::Heavy);
        let many =
            json!({"resourceType": "Patient", "name": vec![json!({"family": "Brandvold", "given": ["Halina"]}); 500]});
        let late = Body::late(ResourceType::Patient, many, None, Mode::Strict, &crate::fhir::Allowance::default());
        assert_eq!(weight(vec![Change::post(ResourceType::Patient, None, late.unwrap(), None)]), Weight::Heavy);
    }

    #[tokio::test]
    async fn what_takes_longer_than_a_moment_is_done_once_when_its_turn_comes() {
        let (records, ambient, tick) = ticking();
        let lab = program(&ambient);
        let store = async |family: &str| {
            records.change(&lab, why(audit::Action::Update), put(family)).await.unwrap().stored.clone().unwrap().version
        };
        assert_eq!(store("Brandvold").await, 1);
        tick.store(15, Ordering::Relaxed);
        let turn = records.doors.long.take(&Actor::system("other")).await;
        let waits = tokio::time::timeout(std::time::Duration::from_millis(100), store("Corvin"));
        assert!(waits.await.is_err(), "somebody else is at work");
        drop(turn);
        assert_eq!(store("Corvin").await, 2, "what was given up left nothing");
        tick.store(0, Ordering::Relaxed);
        let turn = records.doors.long.take(&Actor::system("other")).await;
        assert_eq!(store("Dane").await, 3, "what takes a moment waits for nobody");
        drop(turn);
    }
}
