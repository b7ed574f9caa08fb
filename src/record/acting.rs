//! A workflow's act: what it depends on is looked at, and its rows and resources are written, in one transaction.
//!
//! Two people can press the same button at once. So a workflow never reads, decides and then writes: what must hold is
//! asked by [`Inside`], in the writer, where nobody else writes between the question and the answer. [`Inside`] sees the
//! whole record, whoever acts, because "is this hour taken" has one answer for everybody; so nothing of a resource leaves
//! it but what its caller decides by.

use serde_json::Value;

use super::error::RecordError;
use super::index::local_hash;
use super::kept::Known;
use super::layout::{REFERENCE, VERSIONS};
use super::numbers::{find, row};
use super::pace::{Pace, Paced};
use super::prepared::unversioned;
use super::rows::State;
use super::sight::Sight;
use super::transaction::{Stay, no_reading};
use super::{Change, Disclosed, Group, Records, Transaction, Why, Written, directory, referrers, search};
use crate::access::Actor;
use crate::audit::{AuditError, AuditedTx, Event};
use crate::base::{FhirId, Timestamp};
use crate::fhir::search::Query;
use crate::fhir::{Definitions, ResourceType};
use crate::store::{Direction, KeyRange, Read, ReadExt, StoreError, Tx};

/// The most resources that one question may open.
const MOST: usize = 5_000;

/// Why an act was not done. Nothing of it was written but the entry that says that it was tried.
#[derive(Debug, thiserror::Error)]
pub enum ActError<E: std::error::Error> {
    /// The workflow's own no: the slot was taken, say.
    #[error(transparent)]
    Told(E),
    #[error(transparent)]
    Record(RecordError),
}

impl<E: std::error::Error> From<RecordError> for ActError<E> {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl<E: std::error::Error> From<AuditError> for ActError<E> {
    fn from(error: AuditError) -> Self {
        Self::Record(error.into())
    }
}

impl<E: std::error::Error> From<StoreError> for ActError<E> {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

/// The writer, from the inside: questions about the record, and rows of the caller's own tables.
pub struct Inside<'a, 'b, 'c> {
    tx: &'a mut AuditedTx<'b, 'c>,
    now: Timestamp,
    /// How long its questions may take together.
    pace: Pace<'a>,
}

impl<'a, 'b, 'c> Inside<'a, 'b, 'c> {
    pub(super) const fn new(tx: &'a mut AuditedTx<'b, 'c>, now: Timestamp, pace: Pace<'a>) -> Self {
        Self { tx, now, pace }
    }
}

impl<'c> Inside<'_, '_, 'c> {
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Goes on while there is time for the questions of this act.
    pub fn go_on(&self) -> Result<(), RecordError> {
        self.pace.go_on()
    }

    /// The version of a resource that is there and not deleted.
    pub fn version(&self, kind: ResourceType, id: &FhirId) -> Result<Option<u32>, RecordError> {
        let Some(number) = find(&**self.tx, kind, id)? else { return Ok(None) };
        let row = row(&**self.tx, number)?;
        Ok((row.state == State::Live).then_some(row.version))
    }

    /// What `pick` takes of each resource that a search finds: see [`Records::glimpse`].
    pub fn glimpse<T>(&self, query: &Query, pick: fn(&Value) -> Option<T>) -> Result<Vec<T>, RecordError> {
        let tx: &Tx<'_> = self.tx;
        glimpse(&Paced { read: tx, pace: &self.pace }, &self.pace, query, pick).map_err(|error| self.pace.error(error))
    }

    /// What `pick` takes of each resource of type `of` that is held from the patient and refers to this one by the parameter.
    /// What is not held is not read.
    pub fn held_around<T>(
        &self,
        (of, param): (ResourceType, &str),
        (kind, id): (ResourceType, &FhirId),
        pick: fn(&Value) -> T,
    ) -> Result<Vec<T>, RecordError> {
        let Some(param) = Definitions::r4().search_param(of, param) else { return Ok(Vec::new()) };
        let hash = local_hash(kind, id.as_str());
        let mut picked = Vec::new();
        for found in self.tx.scan(&REFERENCE, KeyRange::prefix(&(param.id, hash)), Direction::Up)? {
            let (key, tag) = found?;
            self.pace.go_on()?;
            if !tag.sensitivity.is_held() {
                continue;
            }
            let row = row(&**self.tx, key.2)?;
            if row.state == State::Live && row.kind == of {
                picked.push(pick(&unversioned(&row.json).ok_or(RecordError::Damaged)?));
            }
        }
        Ok(picked)
    }

    /// Whom the directory finds: see [`Reading::find_patients`](super::Reading::find_patients).
    pub fn find_patients(&self, text: &str, most: usize) -> Result<Vec<directory::Hit>, RecordError> {
        Ok(directory::find(&**self.tx, text, most)?)
    }

    /// What refers to a resource now: see [`Records::referring`].
    pub fn referring(&self, kind: ResourceType, id: &FhirId) -> Result<Vec<(ResourceType, FhirId)>, RecordError> {
        referrers::referring(&**self.tx, kind, id)
    }

    /// An entry besides the act's own: of a person who decided what the house then does.
    pub fn append(&mut self, event: Event) -> Result<(), RecordError> {
        self.tx.append(event)?;
        Ok(())
    }

    /// For rows of the calling room's own tables, and no others.
    pub fn rows(&mut self) -> &mut Tx<'c> {
        self.tx
    }
}

/// Without sort, page or summary in the search.
fn glimpse<T>(
    read: &dyn Read,
    pace: &Pace<'_>,
    query: &Query,
    pick: fn(&Value) -> Option<T>,
) -> Result<Vec<T>, RecordError> {
    let wanted =
        search::Wanted { within: None, size: MOST, bytes: usize::MAX, after: None, among: search::Among::Itself };
    let found = search::run_unseen(read, query, &wanted)?;
    if found.next.is_some() {
        return Err(RecordError::TooWide);
    }
    let mut picked = Vec::new();
    for (_, row) in found.matches {
        pace.go_through(row.json.len())?;
        let value = unversioned(&row.json).ok_or(RecordError::Damaged)?;
        picked.extend(pick(&value));
    }
    Ok(picked)
}

impl Records {
    /// What refers to a resource, deleted ones aside: types and ids alone, for the house's own work on all of them.
    pub fn referring(&self, kind: ResourceType, id: &FhirId) -> Result<Vec<(ResourceType, FhirId)>, RecordError> {
        referrers::referring(&self.audit().read()?, kind, id)
    }

    /// Whether an actor may open a resource: a question about rules, which opens nothing.
    pub fn may_read(&self, actor: &Actor, kind: ResourceType, id: &FhirId) -> Result<bool, RecordError> {
        let read = self.audit().read()?;
        let Some(number) = find(&read, kind, id)? else { return Ok(false) };
        let row = row(&read, number)?;
        if row.state != State::Live {
            return Ok(false);
        }
        Sight::new(actor, &self.setting, self.audit().ambient().now(), Known::Learning(&self.kept)).may_see(&read, &row)
    }

    /// What `pick` takes of each resource that a search finds, whoever asks and without an entry: for what has one answer
    /// for everybody and says nothing of anybody, such as the hours at which a clinician is busy. A plain function, and
    /// what it takes must name no patient.
    pub fn glimpse<T>(&self, query: &Query, pick: fn(&Value) -> Option<T>) -> Result<Vec<T>, RecordError> {
        glimpse(&self.audit().read()?, &Pace::unbounded(), query, pick)
    }

    /// What `pick` takes of each version that a resource has had, newest first and no more than the newest [`MOST`]: as
    /// [`Records::glimpse`]. What was is gone on with alone, so a change by it names the version that stands.
    pub fn glimpse_versions<T>(
        &self,
        kind: ResourceType,
        id: &FhirId,
        pick: fn(&Value) -> Option<T>,
    ) -> Result<Vec<T>, RecordError> {
        let read = self.audit().read()?;
        let Some(number) = find(&read, kind, id)? else { return Ok(Vec::new()) };
        let before = read.scan(&VERSIONS, KeyRange::prefix(&(number,)), Direction::Up)?;
        let rows = std::iter::once(row(&read, number)).chain(before.map(|found| Ok(found?.1)));
        let mut picked = Vec::new();
        for row in rows.take(MOST) {
            let row = row?;
            if row.state == State::Live {
                let value = unversioned(&row.json).ok_or(RecordError::Damaged)?;
                picked.extend(pick(&value));
            }
        }
        Ok(picked)
    }

    /// [`Records::change_all`] for a workflow: `first` looks at what must hold and writes the workflow's own rows; then
    /// the changes are made; all of it with one entry in one transaction, or nothing. A refusal is written down.
    pub async fn act<T, E>(
        &self,
        actor: &Actor,
        why: Why,
        changes: Vec<Change>,
        how: Transaction,
        first: impl FnOnce(&mut Inside<'_, '_, '_>) -> Result<T, ActError<E>> + Send + 'static,
    ) -> Result<(T, Disclosed<Vec<Written>>), ActError<E>>
    where
        T: Send + 'static,
        E: std::error::Error + Send + 'static,
    {
        let job = self.job(actor, &why, Group::of(changes), how, Stay::WHOLE, no_reading);
        let now = self.audit().ambient().now();
        let write = self.enter_act(actor, move |tx: &mut AuditedTx<'_, '_>| {
            let told = first(&mut Inside::new(tx, now, Pace::unbounded()))?;
            Ok::<_, ActError<E>>((told, job(tx).map_err(RecordError::without_place)?))
        });
        match write.await {
            Ok(((told, written), proof)) => {
                let written = written.disclose(&proof).map_err(RecordError::from)?;
                Ok((told, written.map(|(written, ())| written)))
            }
            Err(error) => {
                let event = match &error {
                    ActError::Record(error) => self.refusal(actor, &why, error),
                    ActError::Told(_) => super::event(actor, &why).outcome(crate::audit::Outcome::Failed),
                };
                drop(self.audit().commit(vec![event]).await.map_err(RecordError::from)?);
                Err(error)
            }
        }
    }
}
