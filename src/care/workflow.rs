//! How a workflow makes a change: one transaction that remembers the form, asks what must hold, writes FHIR resources and
//! the entry of the access log.
//!
//! A workflow is a folder beside this file. It builds [`Change`]s before the writer is entered, says what must hold inside
//! it, and never writes anywhere but through [`carry_out`], so that what the screens do stands in the FHIR API, in every
//! export and in the access log.

use crate::access::Actor;
use crate::base::FhirId;
use crate::care::forms::{self, Once};
use crate::record::{ActError, Change, Inside, RecordError, Records, Transaction, Why, Written};
use crate::store::StoreError;

/// Who acts, why, and by which form.
pub struct Doing<'a> {
    pub records: &'a Records,
    pub actor: &'a Actor,
    pub why: Why,
    /// `None` for what no form asks for: a job of the box.
    pub once: Option<Once>,
}

/// What became of it.
#[derive(Debug)]
pub enum Done<T> {
    /// It was done: what `check` answered, and what was written.
    Now(T, Vec<Written>),
    /// The same form was sent before, and led to this place. Nothing was done again.
    Before(String),
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Refused<E: std::error::Error> {
    #[error(transparent)]
    Told(E),
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl<E: std::error::Error> From<StoreError> for Refused<E> {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

/// A workflow without rules of its own.
#[derive(Debug, thiserror::Error)]
pub enum Never {}

/// Inside the writer.
#[derive(Debug, thiserror::Error)]
enum Stop<E: std::error::Error> {
    #[error("this form was sent before")]
    Before(String),
    #[error(transparent)]
    Told(E),
}

/// What is asked inside the writer ends in this: a fault of the store, or the workflow's own no ([`told`]).
pub type Checked<T, E> = Result<T, ActError<E>>;

/// The workflow's own no.
pub const fn told<T, E: std::error::Error>(error: E) -> Checked<T, E> {
    Err(ActError::Told(error))
}

/// Does all of it or nothing.
pub async fn carry_out<T, E>(
    doing: Doing<'_>,
    changes: Vec<Change>,
    check: impl FnOnce(&mut Inside<'_, '_, '_>) -> Checked<T, E> + Send + 'static,
) -> Result<Done<T>, Refused<E>>
where
    T: Send + 'static,
    E: std::error::Error + Send + 'static,
{
    let Doing { records, actor, why, once } = doing;
    if let Some(place) = done_before(records, once.as_ref())? {
        return Ok(Done::Before(place));
    }
    settled(records.act(actor, why, changes, Transaction::WORKFLOW, guarded(once, check)).await)
        .map(|done| done.map(|(told, written)| (told, written.into_inner())))
        .map(|done| match done {
            Step::Now((told, written)) => Done::Now(told, written),
            Step::Before(place) => Done::Before(place),
        })
}

/// [`carry_out`] of what changes no resource and is about one patient: rows of a room's own, with the entry that says whose
/// record it concerns.
pub async fn carry_out_about<T, E>(
    doing: Doing<'_>,
    patient: &FhirId,
    check: impl FnOnce(&mut Inside<'_, '_, '_>) -> Checked<T, E> + Send + 'static,
) -> Result<Done<T>, Refused<E>>
where
    T: Send + 'static,
    E: std::error::Error + Send + 'static,
{
    let Doing { records, actor, why, once } = doing;
    if let Some(place) = done_before(records, once.as_ref())? {
        return Ok(Done::Before(place));
    }
    settled(records.act_about(actor, why, patient, guarded(once, check)).await).map(|done| match done {
        Step::Now(told) => Done::Now(told, Vec::new()),
        Step::Before(place) => Done::Before(place),
    })
}

/// The usual second click comes long after the first: no entry is made for it.
fn done_before(records: &Records, once: Option<&Once>) -> Result<Option<String>, RecordError> {
    let Some(once) = once else { return Ok(None) };
    let before = forms::outcome(&records.audit().read()?, once.account, once.key)?;
    Ok(before.map(|before| before.place.into()))
}

/// What is asked and done inside the writer, unless the same form was sent before.
fn guarded<T, E: std::error::Error>(
    once: Option<Once>,
    check: impl FnOnce(&mut Inside<'_, '_, '_>) -> Checked<T, E>,
) -> impl FnOnce(&mut Inside<'_, '_, '_>) -> Result<T, ActError<Stop<E>>> {
    move |inside: &mut Inside<'_, '_, '_>| {
        let now = inside.now();
        if let Some(once) = once
            && let Some(before) = once.remember(inside.rows(), now)?
        {
            return Err(ActError::Told(Stop::Before(before.place.into())));
        }
        check(inside).map_err(|error| match error {
            ActError::Told(error) => ActError::Told(Stop::Told(error)),
            ActError::Record(error) => ActError::Record(error),
        })
    }
}

enum Step<T> {
    Now(T),
    Before(String),
}

impl<T> Step<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Step<U> {
        match self {
            Self::Now(told) => Step::Now(change(told)),
            Self::Before(place) => Step::Before(place),
        }
    }
}

fn settled<T, E: std::error::Error>(acted: Result<T, ActError<Stop<E>>>) -> Result<Step<T>, Refused<E>> {
    match acted {
        Ok(told) => Ok(Step::Now(told)),
        Err(ActError::Told(Stop::Before(place))) => Ok(Step::Before(place)),
        Err(ActError::Told(Stop::Told(error))) => Err(Refused::Told(error)),
        Err(ActError::Record(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Reach;
    use crate::audit::{Action, Audit, Detail, Filter, Outcome, Purpose, entries};
    use crate::base::{AccountId, Ambient, ManualClock, SeededRandom};
    use crate::care::forms::FormKey;
    use crate::fhir::search::{Handling, Query};
    use crate::fhir::{Definitions, Mode, ResourceType};
    use crate::record::{Channel, Limits};
    use crate::store::Store;
    use serde_json::{Value, json};

    fn records() -> Records {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(5)));
        Records::new(audit, Reach::Clinic).limited(Limits::default())
    }

    fn why() -> Why {
        Why { action: Action::Book, purpose: Purpose::PatAdmin, detail: Detail::none(), channel: Channel::Screen }
    }

    fn slot() -> Change {
        let slot = json!({"resourceType": "Slot", "status": "busy", "schedule": {"display": "Dr A"},
            "start": "2026-03-03T09:00:00Z", "end": "2026-03-03T09:20:00Z"});
        Change::create(ResourceType::Slot, slot, Mode::Strict).unwrap()
    }

    #[derive(Debug, thiserror::Error)]
    #[error("taken")]
    struct Taken;

    /// Books unless something is there.
    async fn book(records: &Records, once: Option<Once>) -> Result<Done<()>, Refused<Taken>> {
        let query = Query::parse(ResourceType::Slot, "status=busy", Handling::Strict, Definitions::r4()).unwrap();
        let actor = Actor::system("test");
        carry_out(Doing { records, actor: &actor, why: why(), once }, vec![slot()], move |inside| {
            let pick: fn(&Value) -> Option<()> = |_| Some(());
            if inside.glimpse(&query, pick)?.is_empty() { Ok(()) } else { told(Taken) }
        })
        .await
    }

    fn outcomes(records: &Records) -> Vec<Outcome> {
        let lines = entries(&records.audit().read().unwrap(), &Filter::default(), 10).unwrap().lines;
        lines.iter().rev().map(|line| line.entry.outcome).collect()
    }

    #[tokio::test]
    async fn of_two_who_want_the_same_one_gets_it_and_the_other_is_told_and_both_stand_in_the_log() {
        let records = records();
        let before = records.changes(&[ResourceType::Slot], None).unwrap();
        let (one, other) = tokio::join!(book(&records, None), book(&records, None));
        assert!(matches!(one, Ok(Done::Now(..))), "{one:?}");
        assert!(matches!(other, Err(Refused::Told(Taken))), "{other:?}");
        assert_eq!(outcomes(&records), [Outcome::Success, Outcome::Failed]);
        assert_eq!(records.changes(&[ResourceType::Slot], None).unwrap(), before + 1, "whoever waits hears of it once");
        assert_eq!(records.changes(&[ResourceType::Task], None).unwrap(), 0);
    }

    #[tokio::test]
    async fn a_form_that_is_sent_twice_is_done_once_and_leads_to_the_same_place() {
        let records = records();
        let ambient = records.audit().ambient().clone();
        let once = Once {
            account: AccountId::new(&ambient),
            key: FormKey::new(&ambient),
            words: None,
            place: "/there".into(),
        };
        let (one, other) = tokio::join!(book(&records, Some(once.clone())), book(&records, Some(once.clone())));
        let third = book(&records, Some(once)).await;
        assert!(matches!(one, Ok(Done::Now(..))), "{one:?}");
        for done in [other, third] {
            assert!(matches!(&done, Ok(Done::Before(place)) if place == "/there"), "{done:?}");
        }
        assert_eq!(records.totals().unwrap().resources, 1);
    }

    #[tokio::test]
    async fn a_form_that_was_refused_may_be_sent_again() {
        let records = records();
        let ambient = records.audit().ambient().clone();
        book(&records, None).await.unwrap();
        let once = Once {
            account: AccountId::new(&ambient),
            key: FormKey::new(&ambient),
            words: None,
            place: "/there".into(),
        };
        for _ in 0..2 {
            let told = book(&records, Some(once.clone())).await;
            assert!(matches!(told, Err(Refused::Told(Taken))), "{told:?}");
        }
    }
}
