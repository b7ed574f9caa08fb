//! Bulk exports (HL7 FHIR Bulk Data Access 2.0.0): asked for, approved, counted, fetched, ended.
//!
//! An export is rows in the store and nothing else: what was asked, how far the counting is, and where each file begins and
//! ends. No record is copied for it and nothing readable is written to disk; a file is read from the record while it is
//! fetched ([`Reading::export_chunk`](crate::record::Reading::export_chunk)), as it stood when the export was asked for.
//!
//! Who may: a service whose scopes read every type (`Action::Export`), and no person. Those who read records take copies of
//! single patients; who hands copies out at the clinic reads none. On a real box an export waits until a health
//! administrator has approved it, as `chartbox export` does: the token that asks was made by an operator, and an operator
//! alone must not be able to carry the records away.

mod job;
mod rows;
#[cfg(test)]
mod tests;
mod work;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

pub use job::{Asked, Export, Level, Progress, State, filter};
use rows::{EXPORTS, FILES};

use crate::access::Actor;
use crate::audit::{Action, Detail, Outcome, Purpose};
use crate::base::{AccountId, FhirId, Timestamp};
use crate::fhir::ResourceType;
use crate::identity::{By, Identity};
use crate::record::{
    Channel, Disclosed, ExportChunk, ExportDeleted, ExportFile, ExportKnown, ExportOf, ExportPlace, ExportSize,
    RecordError, Records, Why,
};
use crate::store::{Direction, KeyRange, ReadExt, StoreError};

/// How many exports of one account may be unfinished at a time.
const MOST_OPEN: usize = 4;
/// How often a status may be asked for sooner than it was said, before it is refused.
const EARLY: u8 = 5;

/// What may be exported without a word of the health administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// Nothing: on a real box.
    Needed,
    /// Everything: in a demo.
    NotNeeded,
}

/// The exports of this box. Clones share them.
#[derive(Clone)]
pub struct Exports {
    records: Records,
    identity: Identity,
    approval: Approval,
    keep: Duration,
    size: ExportSize,
    /// Says only that there may be something to do; what there is stands in the store.
    wake: Arc<Notify>,
    /// What is looked up once for an export, of the one that was worked on last.
    known: Arc<Mutex<Option<(FhirId, ExportKnown)>>>,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    #[error("there is no such export, or it has ended")]
    NotFound,
    #[error("{MOST_OPEN} exports of this account are not finished yet; wait for them, or end one")]
    TooMany,
    #[error("the status of an export is asked for no sooner than its Retry-After says")]
    TooSoon { seconds: u32 },
    #[error("the health administrator did not approve this export")]
    Refused,
    #[error("the export is not ready")]
    NotReady,
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

impl From<crate::audit::AuditError> for ExportError {
    fn from(error: crate::audit::AuditError) -> Self {
        Self::Record(error.into())
    }
}

impl Exports {
    pub fn new(records: Records, identity: Identity, approval: Approval, keep: Duration) -> Self {
        let (size, wake) = (ExportSize::default(), Arc::new(Notify::new()));
        Self { records, identity, approval, keep, size, wake, known: Arc::default() }
    }

    #[cfg(test)]
    const fn sized(mut self, size: ExportSize) -> Self {
        self.size = size;
        self
    }

    fn now(&self) -> Timestamp {
        self.records.audit().ambient().now()
    }

    fn later(&self, from: Timestamp) -> Timestamp {
        let keep = jiff::SignedDuration::try_from(self.keep).unwrap_or(jiff::SignedDuration::MAX);
        from.saturating_add(keep).unwrap_or(Timestamp::MAX)
    }

    /// Begins an export in the name of a service. `scopes` are those of the token that asks.
    pub async fn start(&self, actor: &Actor, by: By, scopes: &[Box<str>], asked: Asked) -> Result<FhirId, ExportError> {
        let account = by.actor.account.ok_or(ExportError::NotFound)?;
        let named: Vec<(ResourceType, FhirId)> = match &asked.level {
            Level::Group(group) => vec![(ResourceType::Group, group.clone())],
            Level::System | Level::Patients => vec![],
        };
        let named: Vec<_> =
            named.into_iter().chain(asked.patients.iter().map(|id| (ResourceType::Patient, id.clone()))).collect();
        // Who may not export, or may not see whom they name, hears it now.
        let why = Why { detail: Detail::search(asked.request.to_string()), ..why(&by) };
        let _ = self
            .records
            .disclose(actor, why, |reading| {
                let mut all = reading.nothing::<()>();
                if named.is_empty() {
                    reading.export_may()?;
                }
                for (kind, id) in &named {
                    all = all.zip(reading.export_may_name(*kind, id)?).map(|(all, ())| all);
                }
                Ok(all)
            })
            .await?;
        let id = FhirId::new(self.records.audit().ambient());
        let now = self.now();
        let state = match self.approval {
            Approval::Needed => State::Waiting,
            Approval::NotNeeded => State::Counting(Progress::default()),
        };
        let export = Export {
            account,
            scopes: scopes.to_vec(),
            asked,
            at: now,
            state,
            ends: self.later(now),
            polled: None,
            early: 0,
        };
        let event = by.event(Action::Export, Some(format!("export {id} begun"))).outcome(Outcome::Started);
        let key = (id.clone(),);
        let written = self.records.audit().write(move |tx| {
            let mine = all(tx)?.into_iter().filter(|(_, one)| one.account == account && one.is_open(now));
            if mine.count() >= MOST_OPEN {
                return Err(ExportError::TooMany);
            }
            tx.put(&EXPORTS, &key, &export)?;
            tx.append(event)?;
            Ok(())
        });
        let ((), _) = written.await?;
        self.wake.notify_one();
        Ok(id)
    }

    /// An export of this account, as it stands, for who asks how far it is. Asking too often is refused.
    pub async fn status(&self, account: AccountId, id: &FhirId) -> Result<Export, ExportError> {
        let (key, now) = ((id.clone(),), self.now());
        let noted = self.records.audit().store().write_essential(move |tx| {
            let found = tx.get(&EXPORTS, &key)?.filter(|export| export.account == account && now < export.ends);
            let Some(mut export) = found else { return Ok(None) };
            if export.is_open(now) {
                let wait = i64::from(export.retry_after());
                let early = export.polled.is_some_and(|last| now.duration_since(last).as_secs() < wait);
                export.early = if early { export.early.saturating_add(1) } else { 0 };
                export.polled = Some(now);
                tx.put(&EXPORTS, &key, &export)?;
            }
            Ok::<_, StoreError>(Some(export))
        });
        let export = noted.await?.ok_or(ExportError::NotFound)?;
        match export.state {
            State::Refused => Err(ExportError::Refused),
            _ if export.is_open(now) && export.early > EARLY => {
                Err(ExportError::TooSoon { seconds: export.retry_after() })
            }
            _ => Ok(export),
        }
    }

    /// The files of an export that is ready, by type and number from 1. What it counts leaves the box.
    pub async fn files(&self, by: By, id: &FhirId) -> Result<Vec<(ResourceType, u32, u64)>, ExportError> {
        let event = by.event(Action::Export, Some(format!("list of the files of export {id}")));
        let mut files = Vec::new();
        for found in self.records.audit().read()?.scan(&FILES, KeyRange::prefix(&(id.clone(),)), Direction::Up)? {
            let ((_, kind, number), file) = found?;
            files.extend(ResourceType::from_number(kind).map(|kind| (kind, number, file.count)));
        }
        let _ = self.records.audit().commit(vec![event]).await?;
        Ok(files)
    }

    /// The same for each look at one export.
    fn known_of(&self, id: &FhirId) -> ExportKnown {
        let mut last = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((of, known)) if of == id => known.clone(),
            _ => {
                let known = ExportKnown::default();
                *last = Some((id.clone(), known.clone()));
                known
            }
        }
    }

    /// A piece of a file, from `from` on, or from its beginning. The policy is asked about `actor` as they stand now.
    pub fn chunk(
        &self,
        actor: &Actor,
        by: &By,
        id: &FhirId,
        kind: ResourceType,
        number: u32,
        from: Option<&ExportPlace>,
    ) -> Result<Disclosed<ExportChunk>, ExportError> {
        let read = self.records.audit().read()?;
        let export = read.get(&EXPORTS, &(id.clone(),))?.ok_or(ExportError::NotFound)?;
        if by.actor.account != Some(export.account) || self.now() >= export.ends {
            return Err(ExportError::NotFound);
        }
        if export.state != State::Ready {
            return Err(ExportError::NotReady);
        }
        let file: ExportFile = read.get(&FILES, &(id.clone(), kind.number(), number))?.ok_or(ExportError::NotFound)?;
        drop(read);
        let of = ExportOf { known: self.known_of(id), ..export.asked.of(kind, export.at)? };
        let from = from.or(file.from.as_ref());
        let why = Why { detail: Detail::note(format!("export {id}, {kind} file {number}")), ..why(by) };
        let found = self
            .records
            .disclose_blocking(actor, why, |reading| reading.export_chunk(&of, from, file.to.as_ref(), self.size))?;
        Ok(found)
    }

    /// Whether the manifest names a list of what was deleted since.
    pub async fn any_deleted(&self, actor: &Actor, by: &By, id: &FhirId, export: &Export) -> Result<bool, ExportError> {
        if export.asked.since.is_none() {
            return Ok(false);
        }
        let all = export.asked.all_of(export.at)?;
        let why = Why { detail: Detail::note(format!("export {id}, whether anything was deleted")), ..why(by) };
        let found = self.records.disclose(actor, why, |reading| reading.export_any_deleted(&all, self.size)).await?;
        Ok(found.into_inner())
    }

    /// A piece of the list of what was deleted since, from `from` on.
    pub fn deleted(
        &self,
        actor: &Actor,
        by: &By,
        id: &FhirId,
        from: Option<&ExportPlace>,
    ) -> Result<Disclosed<ExportDeleted>, ExportError> {
        let export = self.records.audit().read()?.get(&EXPORTS, &(id.clone(),))?.ok_or(ExportError::NotFound)?;
        if by.actor.account != Some(export.account) || self.now() >= export.ends || export.asked.since.is_none() {
            return Err(ExportError::NotFound);
        }
        if export.state != State::Ready {
            return Err(ExportError::NotReady);
        }
        let all = export.asked.all_of(export.at)?;
        let why = Why { detail: Detail::note(format!("export {id}, what was deleted")), ..why(by) };
        Ok(self.records.disclose_blocking(actor, why, |reading| reading.export_deleted(&all, from, self.size))?)
    }

    /// Ends an export of this account: what was asked is forgotten, and its files are there no more.
    pub async fn end(&self, by: By, id: &FhirId) -> Result<(), ExportError> {
        let (account, now) = (by.actor.account, self.now());
        let event = by.event(Action::Export, Some(format!("export {id} ended")));
        let id = id.clone();
        let written = self.records.audit().write(move |tx| {
            let found = tx.get(&EXPORTS, &(id.clone(),))?;
            found.filter(|one| Some(one.account) == account && now < one.ends).ok_or(ExportError::NotFound)?;
            remove(tx, &id)?;
            tx.append(event)?;
            Ok(())
        });
        written.await.map(|((), _)| ())
    }

    /// The exports that wait for the health administrator, the oldest first.
    pub fn waiting(&self) -> Result<Vec<(FhirId, Export)>, ExportError> {
        let now = self.now();
        let mut waiting = all(&self.records.audit().read()?)?;
        waiting.retain(|(_, export)| export.state == State::Waiting && now < export.ends);
        waiting.sort_by_key(|(_, export)| export.at);
        Ok(waiting)
    }

    /// The health administrator's word. The caller sees to it that it is theirs.
    pub async fn decide(&self, by: By, id: &FhirId, word: Word) -> Result<(), ExportError> {
        let now = self.now();
        let ends = self.later(now);
        let note = format!("export {id} {}", word.name());
        let event = by.event(Action::ApprovalMade, Some(note));
        let key = (id.clone(),);
        let written = self.records.audit().write(move |tx| {
            let found = tx.get(&EXPORTS, &key)?.filter(|one| one.state == State::Waiting && now < one.ends);
            let mut export = found.ok_or(ExportError::NotFound)?;
            export.state = match word {
                Word::Approved => State::Counting(Progress::default()),
                Word::Refused => State::Refused,
            };
            // It is of the moment at which it may be.
            (export.at, export.ends) = (now, ends);
            tx.put(&EXPORTS, &key, &export)?;
            tx.append(if word == Word::Approved { event } else { event.outcome(Outcome::Denied) })?;
            Ok::<_, ExportError>(())
        });
        let ((), _) = written.await?;
        self.wake.notify_one();
        Ok(())
    }

    /// Forgets what has ended.
    pub async fn sweep(&self) -> Result<(), ExportError> {
        let now = self.now();
        let swept = self.records.audit().store().write_essential(move |tx| {
            for (id, _) in all(tx)?.into_iter().filter(|(_, export)| export.ends <= now) {
                remove(tx, &id)?;
            }
            Ok::<_, StoreError>(())
        });
        Ok(swept.await?)
    }
}

/// What a health administrator says of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Approved,
    Refused,
}

impl Word {
    const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }
}

fn why(by: &By) -> Why {
    let agent = by.user_agent.as_deref().map(str::to_owned);
    let detail = Detail { user_agent: agent, ..Detail::none() };
    Why { action: Action::Export, purpose: Purpose::Treat, detail, channel: Channel::Api }
}

fn all(read: &(impl crate::store::Read + ?Sized)) -> Result<Vec<(FhirId, Export)>, StoreError> {
    let rows = read.scan(&EXPORTS, KeyRange::all(), Direction::Up)?;
    rows.map(|row| row.map(|((id,), export)| (id, export))).collect()
}

fn remove(tx: &mut crate::store::Tx<'_>, id: &FhirId) -> Result<(), StoreError> {
    let files: Vec<_> = tx
        .scan(&FILES, KeyRange::prefix(&(id.clone(),)), Direction::Up)?
        .map(|row| row.map(|(key, _)| key))
        .collect::<Result<_, _>>()?;
    files.iter().try_for_each(|key| tx.delete(&FILES, key))?;
    tx.delete(&EXPORTS, &(id.clone(),))
}
