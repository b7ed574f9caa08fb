//! Which changes enter the writer when: whoever is in it keeps all others waiting, also those who read, for a reading's entry
//! is written there, too.
//!
//! Nobody can say before what a change costs: a small one may refer to what is large, or stand under rules that look far. So
//! what is small is tried for a moment, and leaves nothing if that was not enough; what is tried shares commits by the hundred.
//! Then it waits for its turn, as does what is large from the start: one at a time, and one of each actor; and while an actor
//! has one there, one more of theirs is tried at a time. So others wait for one of them, however many somebody sends.
//!
//! What waits is in memory once: a copy to be tried is made in the writer.

use std::sync::Arc;

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
const TRIED_AT_ONCE: usize = 64;

/// The turns of changes.
pub(super) struct Doors {
    tried: Turns,
    /// Tried, of actors of whom something takes long.
    alone: Turns,
    long: Turns,
    acts: Turns,
}

impl Default for Doors {
    fn default() -> Self {
        let tried = Turns::one_each().of_each(TRIED_AT_ONCE);
        Self { tried, alone: Turns::one_each(), long: Turns::so_many(1), acts: Turns::one_each() }
    }
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
        group: Arc<Group>,
        how: Transaction,
        read: R,
    ) -> Result<(Undisclosed<(Vec<Written>, T)>, Committed), RecordError>
    where
        T: Send + 'static,
        R: FnOnce(&mut Reading<'_>) -> Result<Undisclosed<T>, RecordError> + Clone + Send + 'static,
    {
        if !how.is_bounded(actor) {
            return self.audit().write(self.job(actor, why, group, how, Stay::WHOLE, read)).await;
        }
        if is_small(&group) {
            let turns = if self.doors.long.is_with(actor) { &self.doors.alone } else { &self.doors.tried };
            let turn = turns.take(actor).await;
            let job = self.job(actor, why, group.clone(), how, Stay::MOMENT, read.clone());
            match self.holding(turn, job).await {
                Err(error) if error.is_too_slow() => {}
                made => return made,
            }
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
}

fn is_small(group: &Group) -> bool {
    group.changes.len() <= FEW && group.changes.iter().map(size).sum::<usize>() <= SMALL
}

fn size(change: &Change) -> usize {
    match &change.act {
        Act::Create { body, .. } | Act::Put { body, .. } => match &body.content {
            Content::Ready(prepared) => prepared.keys(),
            Content::Late { value, .. } | Content::Patched { value, .. } => values(value),
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

    use futures_util::FutureExt as _;
    use serde_json::json;

    use super::super::tests::{id, program, ticking, why};
    use super::super::transaction::no_reading;
    use super::super::{Body, Condition, Which};
    use super::*;
    use crate::audit;
    use crate::fhir::{Mode, ResourceType};
    use crate::store::StoreError;

    fn patient(family: &str) -> Value {
        json!({"resourceType": "Patient", "id": "p", "name": [{"family": family}]})
    }

    fn put(family: &str) -> Change {
        let body = Body::new(ResourceType::Patient, patient(family), Mode::Strict).unwrap();
        Change::store(ResourceType::Patient, Which::Id(id("p")), body, Condition::None)
    }

    #[test]
    fn what_is_large_is_not_even_tried() {
        let is_tried = |changes: Vec<Change>| is_small(&Group { changes, ..Group::default() });
        assert!(is_tried(vec![put("Brandvold"), put("Corvin")]));
        assert!(!is_tried((0..=FEW).map(|_| put("Brandvold")).collect()));
        let many =
            json!({"resourceType": "Patient", "name": vec![json!({"family": "Brandvold", "given": ["Halina"]}); 500]});
        let late = Body::late(ResourceType::Patient, many, None, Mode::Strict, &crate::fhir::Allowance::default());
        assert!(!is_tried(vec![Change::post(ResourceType::Patient, None, late.unwrap(), None)]));
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
    #[tokio::test]
    async fn what_waits_for_the_writer_is_in_memory_once() {
        let (records, ambient, _) = ticking();
        let (lab, why, group) = (program(&ambient), why(audit::Action::Update), Group::of(vec![put("Brandvold")]));
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let busy = records.audit().store().write(move |_| {
            let _ = wait.recv();
            Ok::<_, StoreError>(())
        });
        let mut enters = Box::pin(records.enter(&lab, &why, group.clone(), Transaction::STRICT, no_reading));
        assert!(enters.as_mut().now_or_never().is_none());
        assert_eq!(Arc::strong_count(&group), 3, "the test's, that of who waits, and that of what is tried");
        drop(go);
        busy.await.unwrap();
        drop(enters.await.unwrap());
    }
}
