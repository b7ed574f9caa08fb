//! Changing resources: checked and built before the writer; authorized, compared and put inside it, with the
//! chain's entry in the same transaction.

use std::future::Future;

use serde_json::{Value, json};

use super::disclosure::{Disclosed, Undisclosed};
use super::error::RecordError;
use super::facts::RecordFacts;
use super::layout::{Currency, HISTORY, HistoryTag, NEXT_CLINIC_NUMBER, RESOURCES, Tag, VERSIONS};
use super::numbers::{self, find, find_or_reserve, row};
use super::prepared::{Prepared, content_of};
use super::reading::stored;
use super::rows::{Row, RowNumber, State};
use super::{Records, Stored, Why, directory, event, outcome_of};
use crate::access::{self, Action, Actor, Denied, Reach, Target, Who, authorize};
use crate::audit::{AuditError, AuditedTx, TouchKind, Touched};
use crate::base::{Ambient, FhirId, ResourceRef, Timestamp};
use crate::fhir::search::Query;
use crate::fhir::{self, Definitions, Mode, ResourceType};
use crate::store::{Desc, Tx};

/// The system of the numbers that the box gives its patients.
pub const CLINIC_NUMBER: &str = "urn:chartbox:clinic-number";

/// One change, checked and made ready for the writer.
pub struct Change(Ready);

enum Ready {
    Put { id: Identity, prepared: Box<Prepared>, condition: Condition },
    Register { patient: Box<Value> },
    Delete { kind: ResourceType, id: FhirId, condition: Condition },
}

/// Where the id of a resource to be put comes from.
enum Identity {
    /// The server made it: nothing has it yet.
    New(FhirId),
    /// The writer makes it.
    Unmade,
    /// The client names it.
    Named(FhirId),
}

impl Change {
    /// A new resource under an id that the server gives. `value` was parsed and is checked here.
    pub fn create(kind: ResourceType, value: Value, mode: Mode) -> Result<Self, RecordError> {
        Ok(Self(Ready::Put { id: Identity::Unmade, prepared: check(kind, value, mode)?, condition: Condition::None }))
    }

    /// A new resource under an id that this server made before, for references within a transaction.
    pub fn create_as(kind: ResourceType, id: FhirId, value: Value, mode: Mode) -> Result<Self, RecordError> {
        let prepared = check(kind, value, mode)?;
        Ok(Self(Ready::Put { id: Identity::New(id), prepared, condition: Condition::None }))
    }

    /// A new patient, who gets the clinic's next free number when it is written.
    pub fn register(patient: Value, mode: Mode) -> Result<Self, RecordError> {
        validated(ResourceType::Patient, &patient, mode)?;
        Ok(Self(Ready::Register { patient: Box::new(patient) }))
    }

    /// A new version; the first one where there is none and the actor may choose ids.
    pub fn put(
        kind: ResourceType,
        id: FhirId,
        value: Value,
        condition: Condition,
        mode: Mode,
    ) -> Result<Self, RecordError> {
        Ok(Self(Ready::Put { id: Identity::Named(id), prepared: check(kind, value, mode)?, condition }))
    }

    pub const fn delete(kind: ResourceType, id: FhirId, condition: Condition) -> Self {
        Self(Ready::Delete { kind, id, condition })
    }
}

/// What must hold of the stored version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    None,
    /// `If-Match`: it is this version.
    Version(u32),
}

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

/// How a group of changes is made: all of it or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction {
    pub integrity: Integrity,
    pub repeated: Repeated,
}

impl Transaction {
    /// A client's change.
    pub const STRICT: Self = Self { integrity: Integrity::Enforced, repeated: Repeated::Stored };
    /// An import's.
    pub const IMPORT: Self = Self { integrity: Integrity::Reserved, repeated: Repeated::Skipped };
}

/// What became of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub stored: Stored,
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
}

impl Records {
    /// Writes down that a change was refused before it came to the writer.
    pub async fn refused(&self, actor: &Actor, why: &Why, error: &RecordError) -> Result<(), RecordError> {
        let committed = self.audit().commit(vec![self.refusal(actor, why, error)]).await?;
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
        match self.audit().write(self.job(actor, &why, changes, how)).await {
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
        let job = self.job(actor, why, changes, how);
        let write = self.audit().write(move |tx| Ok::<_, E>((first(tx)?, job(tx)?)));
        let ((other, written), proof) = write.await?;
        Ok((other, written.disclose(&proof).map_err(RecordError::from)?))
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
        let written = self.audit().write(self.job(actor, why, changes, how));
        async move {
            let (written, proof) = written.await?;
            Ok(written.disclose(&proof)?)
        }
    }

    /// The ids that a condition matches, for references of the box's own jobs. Nothing of a resource is handed out.
    pub fn resolve(&self, query: &Query) -> Result<Vec<FhirId>, RecordError> {
        let read = self.audit().read()?;
        let found = super::search::run(&read, query, None, &mut |_| Ok(true))?;
        Ok(found.matches.into_iter().map(|(_, row)| row.id).collect())
    }

    /// The ids that a condition matches, of those that this actor may find.
    pub fn resolve_as(&self, actor: &Actor, query: &Query) -> Result<Vec<FhirId>, RecordError> {
        let read = self.audit().read()?;
        let mut reading =
            super::Reading::new(read.clone(), actor, self.reach, self.audit().ambient().now(), super::Channel::Api);
        let found = super::search::run(&read, query, None, &mut |row| reading.may_see(row))?;
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
        match self.audit().write_blocking(self.job(actor, &why, changes, how)) {
            Ok((written, proof)) => Ok(written.disclose(&proof)?),
            Err(error) => {
                drop(self.audit().commit_blocking(vec![self.refusal(actor, &why, &error)])?);
                Err(error)
            }
        }
    }

    fn refusal(&self, actor: &Actor, why: &Why, error: &RecordError) -> crate::audit::Event {
        event(actor, why).outcome(outcome_of(error))
    }

    fn job(
        &self,
        actor: &Actor,
        why: &Why,
        changes: Vec<Change>,
        how: Transaction,
    ) -> impl FnOnce(&mut AuditedTx<'_, '_>) -> Result<Undisclosed<Vec<Written>>, RecordError> + Send + 'static + use<>
    {
        let mut event = event(actor, why);
        let (actor, reach, ambient) = (actor.clone(), self.reach, self.audit().ambient().clone());
        move |tx: &mut AuditedTx<'_, '_>| {
            // Milliseconds are what a resource's instant holds.
            let now = Timestamp::from_millisecond(ambient.now().as_millisecond()).unwrap_or_default();
            let mut writing = Writing { tx, actor: &actor, reach, now, ambient: &ambient, how, touched: Vec::new() };
            let written = writing.all(changes)?;
            let touched = std::mem::take(&mut writing.touched);
            event.touch(&touched);
            tx.append(event)?;
            Ok(Undisclosed::new(written, &touched))
        }
    }
}

fn check(kind: ResourceType, value: Value, mode: Mode) -> Result<Box<Prepared>, RecordError> {
    validated(kind, &value, mode)?;
    Ok(Box::new(Prepared::new(kind, &value)))
}

fn validated(kind: ResourceType, value: &Value, mode: Mode) -> Result<(), RecordError> {
    let issues = fhir::validate(value, Definitions::r4(), mode);
    let named = value.get("resourceType").and_then(Value::as_str);
    if named != Some(kind.name()) {
        return Err(RecordError::WrongType { asked: kind });
    }
    if issues.iter().any(fhir::Issue::is_error) {
        return Err(RecordError::Invalid(issues));
    }
    Ok(())
}

/// The work inside the writer.
struct Writing<'a, 'b, 'c> {
    tx: &'a mut AuditedTx<'b, 'c>,
    actor: &'a Actor,
    reach: Reach,
    now: Timestamp,
    ambient: &'a Ambient,
    how: Transaction,
    touched: Vec<Touched>,
}

impl Writing<'_, '_, '_> {
    fn all(&mut self, changes: Vec<Change>) -> Result<Vec<Written>, RecordError> {
        let mut dangling = Vec::new();
        let mut written = Vec::with_capacity(changes.len());
        for Change(ready) in changes {
            match ready {
                Ready::Put { id, prepared, condition } => {
                    if self.how.integrity == Integrity::Enforced {
                        dangling.extend_from_slice(&prepared.references);
                    }
                    written.push(self.put(id, *prepared, condition)?);
                }
                Ready::Register { patient } => {
                    let prepared = Prepared::new(ResourceType::Patient, &self.numbered(*patient)?);
                    dangling.extend_from_slice(&prepared.references);
                    written.push(self.put(Identity::Unmade, prepared, Condition::None)?);
                }
                Ready::Delete { kind, id, condition } => written.push(self.delete(kind, &id, condition)?),
            }
        }
        // What the whole leaves must hold together: a reference may point forward.
        dangling.sort_unstable();
        dangling.dedup();
        dangling.iter().try_for_each(|reference| self.must_be_there(reference))?;
        Ok(written)
    }

    /// The patient with the clinic's next number before their other identifiers. A number that somebody has
    /// already, from an import say, is passed over.
    fn numbered(&mut self, mut patient: Value) -> Result<Value, RecordError> {
        let number = loop {
            let next = numbers::next(self.tx, NEXT_CLINIC_NUMBER)?;
            if !directory::has_number(&**self.tx, &format!("{next:06}"))? {
                break format!("{:03} {:03}", next / 1000, next % 1000);
            }
        };
        let identifier = json!({
            "use": "usual",
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
            "system": CLINIC_NUMBER,
            "value": number,
        });
        if let Some(patient) = patient.as_object_mut() {
            let all = patient.entry("identifier").or_insert_with(|| json!([]));
            if let Some(all) = all.as_array_mut() {
                all.insert(0, identifier);
            }
        }
        Ok(patient)
    }

    /// A reference to what is not there, or not for this actor, is refused in the same words.
    fn must_be_there(&self, reference: &ResourceRef) -> Result<(), RecordError> {
        let missing = || RecordError::DanglingReference(reference.to_string());
        let kind = ResourceType::parse(reference.type_name()).ok_or_else(missing)?;
        let tx: &Tx<'_> = self.tx;
        let number = find(tx, kind, &reference.id())?.ok_or_else(missing)?;
        let row = row(tx, number)?;
        if row.state != State::Live {
            return Err(missing());
        }
        match self.permit(Action::Read, &row) {
            Ok(_) | Err(RecordError::Denied(Denied::NeverForRole)) => Ok(()),
            Err(RecordError::NotFound) => Err(missing()),
            Err(error) => Err(error),
        }
    }

    fn put(&mut self, id: Identity, mut prepared: Prepared, condition: Condition) -> Result<Written, RecordError> {
        let chosen = matches!(id, Identity::Named(_));
        let id = match id {
            Identity::New(id) | Identity::Named(id) => id,
            Identity::Unmade => FhirId::new(self.ambient),
        };
        let kind = prepared.kind;
        let number = find(&**self.tx, kind, &id)?;
        let old = number.map(|number| row(&**self.tx, number)).transpose()?.filter(|row| row.state != State::Reserved);
        match condition {
            Condition::Version(asked) => match &old {
                Some(old) if old.version == asked => {}
                Some(old) => {
                    self.permit(Action::Update, old)?;
                    return Err(RecordError::VersionConflict { current: old.version });
                }
                // To a person, one that is not there answers as one that they may not see does, below.
                None if !self.may_choose_ids() => {}
                None => return Err(RecordError::VersionConflict { current: 0 }),
            },
            Condition::None => {}
        }
        let live = old.as_ref().filter(|old| old.state == State::Live);
        if let Some(live) = live {
            let cut = self.permit(Action::Update, live)?;
            if !cut.is_empty() {
                prepared = keep_cut(&prepared, Some(live), cut)?;
            }
            if self.how.repeated == Repeated::Skipped && content_of(&live.json) == Some(prepared.content) {
                self.touch(live)?;
                return Ok(Written { stored: stored(live.clone(), cut)?, as_what: WrittenAs::Unchanged });
            }
        }
        if live.is_none() && chosen && !self.may_choose_ids() {
            // An id that is taken by what one may not see and one that is free get the same answer.
            let target = Target { id: Some(id), ..Target::of_type(kind) };
            return Err(match authorize(self.actor, Action::Update, &target, &self.facts(), self.now) {
                Err(denied) => as_absent(denied),
                Ok(_) => RecordError::NotFound,
            });
        }
        let number = find_or_reserve(self.tx, kind, &id)?;
        let patients = self.patient_rows(&prepared)?;
        let version = old.as_ref().map_or(0, |old| old.version) + 1;
        let mut row = prepared.row(&id, version, self.now, patients.clone());
        // What it becomes must be the actor's to make, too.
        let cut = if live.is_none_or(|live| live.patients != row.patients || live.sensitivity != row.sensitivity) {
            self.permit_all(Action::Create, &row)?
        } else {
            self.permit(Action::Update, &row)?
        };
        if live.is_none() && !cut.is_empty() {
            prepared = keep_cut(&prepared, None, cut)?;
            row = prepared.row(&id, version, self.now, patients);
        }
        if let Some(old) = &old {
            self.retire(number, old)?;
        }
        self.store(number, &row, &prepared)?;
        if live.is_none() {
            numbers::count_live(self.tx, kind, numbers::Change::Added)?;
        }
        self.touch(&row)?;
        let as_what = if live.is_some() { WrittenAs::Updated } else { WrittenAs::Created };
        Ok(Written { stored: stored(row, cut)?, as_what })
    }

    fn delete(&mut self, kind: ResourceType, id: &FhirId, condition: Condition) -> Result<Written, RecordError> {
        let number = find(&**self.tx, kind, id)?;
        let old = number.map(|number| row(&**self.tx, number)).transpose()?.filter(|row| row.state != State::Reserved);
        let (Some(number), Some(old)) = (number, old) else {
            let target = Target { id: Some(id.clone()), ..Target::of_type(kind) };
            authorize(self.actor, Action::Delete, &target, &self.facts(), self.now)?;
            return Err(RecordError::NotFound);
        };
        self.permit_all(Action::Delete, &old)?;
        if let Condition::Version(asked) = condition
            && asked != old.version
        {
            return Err(RecordError::VersionConflict { current: old.version });
        }
        if old.state == State::Deleted {
            return Ok(Written { stored: stored(old, &[])?, as_what: WrittenAs::WasDeleted });
        }
        self.retire(number, &old)?;
        let gone = Row {
            state: State::Deleted,
            version: old.version + 1,
            updated: self.now,
            json: bytes::Bytes::new(),
            ..old.clone()
        };
        self.tx.put(&RESOURCES, &(number,), &gone)?;
        self.note_history(number, &gone, Currency::Past)?;
        numbers::count_live(self.tx, kind, numbers::Change::Removed)?;
        if kind == ResourceType::Patient {
            directory::remove(self.tx, number.0)?;
        }
        self.touch(&old)?;
        Ok(Written { stored: stored(gone, &[])?, as_what: WrittenAs::Deleted })
    }

    /// Takes the stored version out of the indexes and into the past.
    fn retire(&mut self, number: RowNumber, old: &Row) -> Result<(), RecordError> {
        if old.state == State::Live {
            let value: Value = serde_json::from_slice(&old.json).map_err(|_| RecordError::Damaged)?;
            Prepared::new(old.kind, &value).remove_index(self.tx, number, old)?;
        }
        self.tx.put(&VERSIONS, &(number, Desc(old.version)), old)?;
        self.note_history(number, old, Currency::Past)
    }

    fn store(&mut self, number: RowNumber, row: &Row, prepared: &Prepared) -> Result<(), RecordError> {
        self.tx.put(&RESOURCES, &(number,), row)?;
        self.note_history(number, row, Currency::Current)?;
        prepared.put_index(self.tx, number, row)?;
        if row.kind == ResourceType::Patient {
            directory::put(self.tx, number.0, &row.id, &prepared.resource()?)?;
        }
        Ok(())
    }

    fn note_history(&mut self, number: RowNumber, row: &Row, current: Currency) -> Result<(), RecordError> {
        let key = (row.kind.number(), Desc(row.updated.as_millisecond()), number, row.version);
        Ok(self.tx.put(&HISTORY, &key, &HistoryTag { current, tag: Tag::of(row) })?)
    }

    /// Services and the box itself bring ids along; a person's new resource gets one from the server.
    const fn may_choose_ids(&self) -> bool {
        matches!(self.actor.who(), Who::Service { .. } | Who::System { .. })
    }

    fn patient_rows(&mut self, prepared: &Prepared) -> Result<Vec<RowNumber>, RecordError> {
        let mut rows = Vec::with_capacity(prepared.patients.len());
        for patient in &prepared.patients {
            rows.push(find_or_reserve(self.tx, ResourceType::Patient, patient)?);
        }
        Ok(rows)
    }

    fn facts(&self) -> RecordFacts<'_> {
        let tx: &Tx<'_> = self.tx;
        RecordFacts { read: tx, reach: self.reach }
    }

    fn targets(&self, row: &Row) -> Result<Vec<Target>, RecordError> {
        let of = |patient| Target { kind: row.kind, id: Some(row.id.clone()), patient, sensitivity: row.sensitivity };
        if row.kind == ResourceType::Patient {
            return Ok(vec![of(Some(row.id.clone()))]);
        }
        let mut targets = Vec::with_capacity(row.patients.len().max(1));
        for number in &row.patients {
            targets.push(of(Some(numbers::row(&**self.tx, *number)?.id)));
        }
        if targets.is_empty() {
            targets.push(of(None));
        }
        Ok(targets)
    }

    /// Whether the actor may do this to the row for one of its patients at least.
    fn permit(&self, action: Action, row: &Row) -> Result<&'static [&'static str], RecordError> {
        let mut denied = Denied::NotVisible;
        for target in self.targets(row)? {
            match authorize(self.actor, action, &target, &self.facts(), self.now) {
                Ok(grant) => return Ok(grant.cut_elements()),
                Err(error) => denied = error,
            }
        }
        Err(as_absent(denied))
    }

    /// Whether the actor may do this to the row for every one of its patients.
    fn permit_all(&self, action: Action, row: &Row) -> Result<&'static [&'static str], RecordError> {
        let mut cut: &'static [&'static str] = &[];
        for target in self.targets(row)? {
            match authorize(self.actor, action, &target, &self.facts(), self.now) {
                Ok(grant) => cut = grant.cut_elements(),
                Err(denied) => return Err(as_absent(denied)),
            }
        }
        Ok(cut)
    }

    fn touch(&mut self, row: &Row) -> Result<(), RecordError> {
        let reference = ResourceRef::new(row.kind.name(), &row.id).map_err(|_| RecordError::Damaged)?;
        for Target { patient, .. } in self.targets(row)? {
            match self.touched.iter_mut().find(|touched| touched.patient == patient) {
                Some(touched) => touched.resources.push(reference.clone()),
                None => self.touched.push(Touched::new(patient, TouchKind::Changed, vec![reference.clone()])),
            }
        }
        Ok(())
    }
}

/// Puts back what the actor does not see, and refuses what they tried to put there.
fn keep_cut(prepared: &Prepared, live: Option<&Row>, cut: &[&str]) -> Result<Prepared, RecordError> {
    let before = live.map(|live| serde_json::from_slice::<Value>(&live.json)).transpose();
    let before = before.map_err(|_| RecordError::Damaged)?;
    let mut value = prepared.resource()?;
    access::cut::keep(&mut value, before.as_ref(), cut)?;
    Ok(Prepared::new(prepared.kind, &value))
}

fn as_absent(denied: Denied) -> RecordError {
    match denied {
        Denied::NotVisible => RecordError::NotFound,
        other => other.into(),
    }
}
