//! How a group of changes is made: all of it or nothing, with the chain's entry in the same transaction.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::change::{Change, Group};
use super::disclosure::{Disclosed, Undisclosed};
use super::error::RecordError;
use super::kept::Known;
use super::pace::{Pace, Spell};
use super::reading::Reading;
use super::search;
use super::sight::Sight;
use super::writing::{By, Writing};
use super::{A_MOMENT, IN_WRITER, OF_A_GROUP, Records, Stored, Why, emergency, event, outcome_of};
use crate::access::{Actor, Who};
use crate::audit::{AuditError, AuditedTx, Event, Outcome};
use crate::base::FhirId;
use crate::fhir::search::Query;
use crate::store::Tx;

/// What to do with references to local resources that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// Refuse the change.
    Enforced,
    /// Hold a place for them: an import may bring them later.
    Reserved,
}

/// What to do with a version that says what the stored one says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeated {
    /// Store it all the same, as a client expects of a PUT.
    Stored,
    /// Leave it out, as an import met again does.
    Skipped,
}

/// Who chose the words of what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// Who acts: a patient then speaks for themselves alone.
    Actor,
    /// A workflow of the house, by the clinic's rules: a patient who books an hour that is free makes an appointment that
    /// stands, which they could not put in their own words.
    House,
}

/// What becomes of the labels of the version before, by which it was sealed, or held from the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labels {
    /// They are the sender's to change.
    AsSent,
    /// Nothing is less strict than it was, also where that version was deleted: what comes back is not what was let go.
    Stricter,
}

/// How a group of changes is made: all of it or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction {
    pub integrity: Integrity,
    pub repeated: Repeated,
    pub voice: Voice,
    pub labels: Labels,
}

impl Transaction {
    /// A client's change.
    pub const STRICT: Self = Self {
        integrity: Integrity::Enforced,
        repeated: Repeated::Stored,
        voice: Voice::Actor,
        labels: Labels::AsSent,
    };
    /// What a workflow of the house makes of what somebody chose.
    pub const WORKFLOW: Self = Self { voice: Voice::House, ..Self::STRICT };
    /// An import's.
    pub const IMPORT: Self = Self { integrity: Integrity::Reserved, repeated: Repeated::Skipped, ..Self::STRICT };
    /// That of what comes back out of a backup.
    pub const BROUGHT_BACK: Self = Self { labels: Labels::Stricter, ..Self::IMPORT };

    /// Whether there is an end to its time: what the box does by itself, and an import, is done to its end.
    pub(super) fn is_bounded(self, actor: &Actor) -> bool {
        self.integrity == Integrity::Enforced && !matches!(actor.who(), Who::System { .. })
    }
}

/// What one group may cost in the writer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay {
    /// All that is done for it.
    pub(super) all: Duration,
    /// The reads and searches of its changes.
    pub(super) looks: Spell,
}

impl Stay {
    pub(super) const WHOLE: Self = Self { all: OF_A_GROUP, looks: Spell { time: IN_WRITER, row: usize::MAX } };
    /// To see whether it takes long.
    pub(super) const MOMENT: Self = Self { all: A_MOMENT.time, looks: A_MOMENT };
}

/// What became of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// `None` where nothing was found to delete.
    pub stored: Option<Stored>,
    pub as_what: WrittenAs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenAs {
    Created,
    Updated,
    /// It said what was stored.
    Unchanged,
    Deleted,
    /// It was not there any more.
    WasDeleted,
    /// A conditional create found it, and made nothing.
    Matched,
    /// A conditional delete found nothing.
    NothingFound,
}

impl Records {
    /// Writes down that something was asked that could not be understood, was wrong in itself, or is nobody's to do.
    pub async fn not_done(&self, actor: &Actor, why: &Why, outcome: Outcome) -> Result<(), RecordError> {
        let committed = self.audit().commit(vec![event(actor, why).outcome(outcome)]).await?;
        drop(committed);
        Ok(())
    }

    /// Makes one change, with its entry.
    pub async fn change(&self, actor: &Actor, why: Why, change: Change) -> Result<Disclosed<Written>, RecordError> {
        let written = self.change_all(actor, why, vec![change], Transaction::STRICT).await?;
        Ok(written.map(|mut all| all.swap_remove(0)))
    }

    /// Makes all of these changes, in this order, or none; one entry for all.
    pub async fn change_all(
        &self,
        actor: &Actor,
        why: Why,
        changes: Vec<Change>,
        how: Transaction,
    ) -> Result<Disclosed<Vec<Written>>, RecordError> {
        let group = Group::of(changes);
        match self.enter(actor, &why, group, how, no_reading).await {
            Ok((written, proof)) => Ok(written.disclose(&proof)?.map(|(written, ())| written)),
            Err(error) => {
                drop(self.audit().commit(vec![self.refusal(actor, &why, &error)]).await?);
                Err(error.without_place())
            }
        }
    }

    /// Makes all changes of a client's transaction and then reads what they left, or does nothing at all. An error that
    /// is about one change says at which place it stands in the group.
    pub async fn transact<T: Send + 'static>(
        &self,
        actor: &Actor,
        why: Why,
        group: Group,
        read: impl FnOnce(&mut Reading<'_>) -> Result<Undisclosed<T>, RecordError> + Clone + Send + 'static,
    ) -> Result<Disclosed<(Vec<Written>, T)>, RecordError> {
        match self.enter(actor, &why, Arc::new(group), Transaction::STRICT, read).await {
            Ok((written, proof)) => Ok(written.disclose(&proof)?),
            Err(error) => {
                drop(self.audit().commit(vec![self.refusal(actor, &why, &error)]).await?);
                Err(error)
            }
        }
    }

    /// [`Records::change_all`] and what another room writes with it, in one transaction: all of it or nothing. `first`
    /// runs first. A refusal is not written down: for jobs of the box itself.
    pub async fn change_all_with<T, E>(
        &self,
        actor: &Actor,
        why: &Why,
        changes: Vec<Change>,
        how: Transaction,
        first: impl FnOnce(&mut AuditedTx<'_, '_>) -> Result<T, E> + Send + 'static,
    ) -> Result<(T, Disclosed<Vec<Written>>), E>
    where
        T: Send + 'static,
        E: From<RecordError> + From<AuditError> + Send + 'static,
    {
        let group = Group::of(changes);
        let job = self.job(actor, why, group, how, Stay::WHOLE, no_reading);
        let write =
            self.audit().write(move |tx| Ok::<_, E>((first(tx)?, job(tx).map_err(RecordError::without_place)?)));
        let ((other, written), proof) = write.await?;
        let written = written.disclose(&proof).map_err(RecordError::from)?;
        Ok((other, written.map(|(written, ())| written)))
    }

    /// [`Records::change_all`] whose changes are in the writer's queue when this returns, so that what is
    /// submitted later is written later. A refusal is not written down: for jobs of the box itself.
    pub fn submit_all(
        &self,
        actor: &Actor,
        why: &Why,
        changes: Vec<Change>,
        how: Transaction,
    ) -> impl Future<Output = Result<Disclosed<Vec<Written>>, RecordError>> + Send + use<> {
        let group = Group::of(changes);
        let written = self.audit().write(self.job(actor, why, group, how, Stay::WHOLE, no_reading));
        async move {
            let (written, proof) = written.await.map_err(RecordError::without_place)?;
            Ok(written.disclose(&proof)?.map(|(written, ())| written))
        }
    }

    /// The ids that a condition matches, for references of the box's own jobs. Nothing of a resource is handed out.
    pub fn resolve(&self, query: &Query) -> Result<Vec<FhirId>, RecordError> {
        let read = self.audit().read()?;
        let wanted =
            search::Wanted { within: None, size: 2, bytes: usize::MAX, after: None, among: search::Among::Itself };
        let found = search::run_unseen(&read, query, &wanted)?;
        Ok(found.matches.into_iter().map(|(_, row)| row.id).collect())
    }

    /// [`Records::change_all`] for callers without an async runtime.
    pub fn change_all_blocking(
        &self,
        actor: &Actor,
        why: Why,
        changes: Vec<Change>,
        how: Transaction,
    ) -> Result<Disclosed<Vec<Written>>, RecordError> {
        let group = Group::of(changes);
        match self.audit().write_blocking(self.job(actor, &why, group, how, Stay::WHOLE, no_reading)) {
            Ok((written, proof)) => Ok(written.disclose(&proof)?.map(|(written, ())| written)),
            Err(error) => {
                drop(self.audit().commit_blocking(vec![self.refusal(actor, &why, &error)])?);
                Err(error.without_place())
            }
        }
    }

    pub(super) fn refusal(&self, actor: &Actor, why: &Why, error: &RecordError) -> Event {
        event(actor, why).outcome(outcome_of(error))
    }

    #[allow(clippy::type_complexity)] // what was written and what was read then
    pub(super) fn job<T, R>(
        &self,
        actor: &Actor,
        why: &Why,
        group: Arc<Group>,
        how: Transaction,
        stay: Stay,
        read: R,
    ) -> impl FnOnce(&mut AuditedTx<'_, '_>) -> Result<Undisclosed<(Vec<Written>, T)>, RecordError>
    + Send
    + 'static
    + use<T, R>
    where
        T: Send + 'static,
        R: FnOnce(&mut Reading<'_>) -> Result<Undisclosed<T>, RecordError> + Send + 'static,
    {
        let mut event = event(actor, why);
        let (actor, setting, ambient) = (actor.clone(), self.setting.clone(), self.audit().ambient().clone());
        let (limits, channel, paging) = (self.limits, why.channel, self.paging.clone());
        let (rules, kept) = (self.rules.clone(), self.kept.clone());
        move |tx: &mut AuditedTx<'_, '_>| {
            let mut writing = Writing::new(
                tx,
                By { actor: &actor, setting: &setting, ambient: &ambient, kept: &kept },
                how,
                stay,
                rules,
            );
            paging.prepare(writing.tx, &ambient)?;
            let written = writing.all(Arc::unwrap_or_clone(group))?;
            let touched = writing.into_touched();
            event.touch(&touched);
            let written = Undisclosed::new(written, &touched);
            let (seen, touched) = {
                let view: &Tx<'_> = tx;
                let sight = Sight::new(&actor, &setting, ambient.now(), Known::Asking(&kept));
                let spell = Spell { time: limits.search_time.min(stay.looks.time), ..stay.looks };
                let pace = Pace::new(&ambient, sight.now, spell);
                let mut reading = Reading::new(view, sight, pace, limits, &paging, channel);
                let seen = read(&mut reading)?;
                (seen, reading.into_touched().0)
            };
            for touched in &touched {
                event.touch(touched);
            }
            {
                let view: &Tx<'_> = tx;
                emergency::mark((view, Known::Asking(&kept)), &actor, ambient.now(), &mut event)?;
            }
            tx.append(event)?;
            Ok(written.zip(seen))
        }
    }
}

pub(super) fn no_reading(_: &mut Reading<'_>) -> Result<Undisclosed<()>, RecordError> {
    Ok(Undisclosed::empty(()))
}
