//! Changing resources: checked and built before the writer; authorized, compared and put inside it, with the
//! chain's entry in the same transaction.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::acting::Inside;
use super::change::{Act, Change, Condition, Content, Group, Which, reference_to};
use super::disclosure::{Disclosed, Undisclosed};
use super::error::RecordError;
use super::facts::{RecordFacts, Setting};
use super::following::{MOST_PATIENTS, Standing, followed};
use super::joined;
use super::layout::{Currency, HISTORY, HistoryTag, NEXT_CLINIC_NUMBER, RESOURCES, Tag, VERSIONS};
use super::numbers::{self, find, find_or_reserve, row};
use super::pace::{Pace, Spell};
use super::prepared::{Prepared, content_of, local_reference, references_of};
use super::reading::{Reading, stored};
use super::rows::{Row, RowNumber, State};
use super::rule::{self, Changed, Rule};
use super::search;
use super::sight::Sight;
use super::{A_MOMENT, IN_WRITER, OF_A_GROUP, Records, Stored, Why, consents, directory, event, notice, outcome_of};
use crate::access::{
    self, Action, Actor, Denied, OwnWords, Said, Sensitivity, Target, Who, authorize, is_withdrawal, withdrawn_by,
};
use crate::audit::{AuditError, AuditedTx, Outcome, TouchKind, Touched};
use crate::base::{Ambient, FhirId, ResourceRef, Timestamp};
use crate::fhir::ResourceType;
use crate::fhir::search::Query;
use crate::fhir::{Issue, IssueCode};
use crate::store::{Desc, ReadExt, Tx};

/// The system of the numbers that the box gives its patients.
pub const CLINIC_NUMBER: &str = "urn:chartbox:clinic-number";

/// Where the id of a resource to be put comes from.
pub(super) enum Identity {
    /// The server made it: nothing has it yet.
    New(FhirId),
    /// The writer makes it.
    Unmade,
    /// The client names it.
    Named(FhirId),
}

/// One version to be stored.
pub(super) struct Put {
    pub id: Identity,
    pub prepared: Prepared,
    pub condition: Condition,
    /// As what it is asked of the policy where there is a version already.
    pub action: Action,
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
}

impl Transaction {
    /// Whether there is an end to its time: what the box does by itself, and an import, is done to its end.
    pub(super) fn is_bounded(self, actor: &Actor) -> bool {
        self.integrity == Integrity::Enforced && !matches!(actor.who(), Who::System { .. })
    }
}

/// What one group may cost in the writer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay {
    /// All that is done for it.
    all: Duration,
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
        let group = Group { changes, ..Group::default() };
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
        match self.enter(actor, &why, group, Transaction::STRICT, read).await {
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
        let group = Group { changes, ..Group::default() };
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
        let group = Group { changes, ..Group::default() };
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
        let group = Group { changes, ..Group::default() };
        match self.audit().write_blocking(self.job(actor, &why, group, how, Stay::WHOLE, no_reading)) {
            Ok((written, proof)) => Ok(written.disclose(&proof)?.map(|(written, ())| written)),
            Err(error) => {
                drop(self.audit().commit_blocking(vec![self.refusal(actor, &why, &error)])?);
                Err(error.without_place())
            }
        }
    }

    pub(super) fn refusal(&self, actor: &Actor, why: &Why, error: &RecordError) -> crate::audit::Event {
        event(actor, why).outcome(outcome_of(error))
    }

    #[allow(clippy::type_complexity)] // what was written and what was read then
    pub(super) fn job<T, R>(
        &self,
        actor: &Actor,
        why: &Why,
        group: Group,
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
        let rules = self.rules.clone();
        move |tx: &mut AuditedTx<'_, '_>| {
            // Milliseconds are what a resource's instant holds.
            let now = Timestamp::from_millisecond(ambient.now().as_millisecond()).unwrap_or_default();
            let mut writing = Writing {
                tx,
                actor: &actor,
                setting: &setting,
                now,
                ambient: &ambient,
                how,
                stay,
                touched: vec![],
                refers: vec![],
                gone: vec![],
                rules,
                asked: vec![],
                place: 0,
                wrote: vec![],
                came: BTreeSet::new(),
                handed_over: BTreeSet::new(),
                leads: vec![],
            };
            paging.prepare(writing.tx, &ambient)?;
            let written = writing.all(group)?;
            let touched = std::mem::take(&mut writing.touched);
            event.touch(&touched);
            let written = Undisclosed::new(written, &touched);
            let (seen, touched) = {
                let view: &Tx<'_> = tx;
                let sight = Sight::new(&actor, &setting, ambient.now());
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
                super::emergency::mark(view, &actor, ambient.now(), &mut event)?;
            }
            tx.append(event)?;
            Ok(written.zip(seen))
        }
    }
}

/// Puts a version into the histories.
pub(super) fn note_history(
    tx: &mut Tx<'_>,
    number: RowNumber,
    row: &Row,
    current: Currency,
) -> Result<(), RecordError> {
    if row.kind == ResourceType::Consent {
        consents::note_change(tx)?;
    }
    let key = (row.kind.number(), Desc(row.updated.as_millisecond()), number, row.version);
    Ok(tx.put(&HISTORY, &key, &HistoryTag { current, tag: Tag::of(row) })?)
}

/// A file under rules that cannot be looked up would stand under none (binary.html#security).
fn must_not_be_astray(prepared: &Prepared) -> Result<(), RecordError> {
    if !prepared.astray {
        return Ok(());
    }
    let text = "A file stands under the rules of a resource of this box: name it as a relative reference, such as Observation/1.";
    Err(RecordError::Invalid(vec![Issue::error(IssueCode::Value, "Binary.securityContext", text)]))
}

pub(super) fn no_reading(_: &mut Reading<'_>) -> Result<Undisclosed<()>, RecordError> {
    Ok(Undisclosed::empty(()))
}

/// The work inside the writer.
pub(super) struct Writing<'a, 'b, 'c> {
    pub(super) tx: &'a mut AuditedTx<'b, 'c>,
    pub(super) actor: &'a Actor,
    pub(super) setting: &'a Setting,
    pub(super) now: Timestamp,
    pub(super) ambient: &'a Ambient,
    how: Transaction,
    pub(super) stay: Stay,
    touched: Vec<Touched>,
    /// What was stored refers to these.
    refers: Vec<ResourceRef>,
    /// What was deleted, each with its place in the group.
    gone: Vec<(usize, ResourceRef)>,
    rules: Arc<[Arc<dyn Rule>]>,
    /// What the rules are asked about.
    asked: Vec<rule::Asked>,
    /// Which change of the group is being made.
    pub(super) place: usize,
    /// What was stored, each with its place in the group.
    wrote: Vec<(usize, RowNumber)>,
    /// Patients, each with what came into their record and had not stood in it before.
    came: BTreeSet<(RowNumber, RowNumber)>,
    /// Patients that were stored and had not gone on as somebody else before.
    handed_over: BTreeSet<RowNumber>,
    /// What others may follow that became another's, was sealed or unsealed, or is there now.
    pub(super) leads: Vec<(ResourceType, FhirId)>,
}

impl Writing<'_, '_, '_> {
    fn all(&mut self, group: Group) -> Result<Vec<Written>, RecordError> {
        let written = if group.changes.iter().all(Change::is_settled) {
            let mut written = Vec::with_capacity(group.changes.len());
            for (place, change) in group.changes.into_iter().enumerate() {
                self.goes_on_to(place)?;
                written.push(self.one(place, change).map_err(|error| error.at(place))?);
            }
            written
        } else {
            self.settle(group)?
        };
        // What the whole leaves must hold together, in whichever order it came.
        self.lead()?;
        self.must_all_be_there()?;
        for (place, gone) in std::mem::take(&mut self.gone) {
            self.must_not_be_referred_to(&gone).map_err(|error| error.at(place))?;
        }
        self.about_nobody_joined()?;
        self.rules_allow()?;
        Ok(written)
    }

    /// Goes on to a change of the group while there is time.
    pub(super) fn goes_on_to(&mut self, place: usize) -> Result<(), RecordError> {
        self.place = place;
        self.goes_on().map_err(|error| error.at(place))
    }

    /// Goes on while there is time: who writes keeps all others waiting. Everything that is done for a group, for each of its
    /// changes and for all of them, asks here.
    pub(super) fn goes_on(&self) -> Result<(), RecordError> {
        let is_over = self.ambient.now().duration_since(self.now).unsigned_abs() >= self.stay.all;
        if is_over && self.how.is_bounded(self.actor) { Err(RecordError::TooMuchWritten) } else { Ok(()) }
    }

    /// Goes on to read so many bytes of a resource and to build anew what it is found by.
    pub(super) fn goes_through(&self, bytes: usize) -> Result<(), RecordError> {
        if bytes > self.stay.looks.row && self.how.is_bounded(self.actor) {
            return Err(RecordError::TooMuchWritten);
        }
        self.goes_on()
    }

    /// That nothing was stored about who goes on as somebody else. Asked once all is written, so that two that are parted
    /// again in the same transaction are two.
    fn about_nobody_joined(&self) -> Result<(), RecordError> {
        if self.how.integrity == Integrity::Reserved || matches!(self.actor.who(), Who::System { .. }) {
            return Ok(());
        }
        let mut stand = BTreeSet::new();
        for (place, number) in &self.wrote {
            let row = row(&**self.tx, *number)?;
            // Who a joined Patient is may be set right.
            if row.kind == ResourceType::Patient || joined::stays(row.kind) {
                continue;
            }
            for patient in &row.patients {
                // Of many resources about one patient it is asked once.
                if !stand.insert(*patient) {
                    continue;
                }
                self.goes_on()?;
                // Another program hands over both together, as they stood there.
                if self.is_program() && self.handed_over.contains(patient) {
                    continue;
                }
                if let Some(to) = joined::went_on_as(&**self.tx, *patient, &self.came)? {
                    return Err(RecordError::Joined(to).at(*place));
                }
            }
        }
        Ok(())
    }

    /// A change that says by itself what is stored where.
    fn one(&mut self, place: usize, change: Change) -> Result<Written, RecordError> {
        let (id, body, condition, action) = match change.act {
            Act::Register { id, patient } => return self.register(id, *patient),
            Act::Delete { which: Which::Id(id), condition } => return self.delete(place, change.kind, &id, condition),
            Act::Create { id, body, .. } => {
                (id.map_or(Identity::Unmade, Identity::New), body, Condition::None, Action::Create)
            }
            Act::Put { which: Which::Id(id), body, condition } => {
                (Identity::Named(id), body, condition, Action::Update)
            }
            Act::Put { .. } | Act::Delete { .. } | Act::Patch { .. } => return Err(RecordError::Damaged),
        };
        let Content::Ready(prepared) = body.content else { return Err(RecordError::Damaged) };
        self.store_one(Put { id, prepared: *prepared, condition, action })
    }

    pub(super) fn store_one(&mut self, put: Put) -> Result<Written, RecordError> {
        if self.how.integrity == Integrity::Enforced {
            self.refers.extend_from_slice(&put.prepared.references);
        }
        self.put(put)
    }

    pub(super) fn register(&mut self, id: FhirId, patient: Value) -> Result<Written, RecordError> {
        let prepared = Prepared::new(ResourceType::Patient, &self.numbered(patient)?);
        self.refers.extend_from_slice(&prepared.references);
        self.put(Put { id: Identity::New(id), prepared, condition: Condition::None, action: Action::Create })
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

    fn must_all_be_there(&mut self) -> Result<(), RecordError> {
        let mut refers = std::mem::take(&mut self.refers);
        refers.sort_unstable();
        refers.dedup();
        let before = OnceCell::new();
        for reference in refers {
            self.goes_on()?;
            self.must_be_there(&reference, &before)?;
        }
        Ok(())
    }

    /// A reference to what is not there, or not for this actor, is refused in the same words. `before` is what stood in the
    /// versions before, once somebody asked.
    fn must_be_there(
        &self,
        reference: &ResourceRef,
        before: &OnceCell<BTreeSet<ResourceRef>>,
    ) -> Result<(), RecordError> {
        let missing = || self.dangling(reference);
        let stood_before = || -> Result<bool, RecordError> {
            if before.get().is_none() {
                let all = self.referred_to_before()?;
                before.get_or_init(|| all);
            }
            Ok(before.get().is_some_and(|all| all.contains(reference)))
        };
        let tx: &Tx<'_> = self.tx;
        let kind = ResourceType::parse(reference.type_name());
        let number = kind.map(|kind| find(tx, kind, &reference.id())).transpose()?.flatten();
        let found = number.map(|number| Ok::<_, RecordError>((number, row(tx, number)?))).transpose()?;
        let Some((number, row)) = found.filter(|(_, row)| row.state == State::Live) else {
            // An import brings references to what stayed behind: whoever changes what bears one did not make it.
            return if stood_before()? { Ok(()) } else { Err(missing()) };
        };
        match self.permit(Action::Read, &row) {
            Ok(_) => Ok(()),
            // What stood there stays there. Whether there is another of a type that a person never sees, they are not told.
            // A token that narrows what is asked with it does not narrow what its person may name.
            Err(RecordError::Denied(Denied::NeverForRole)) => {
                let may_name = self.is_trusted()
                    || stood_before()?
                    || self.permit_to(&self.actor.widened(), Action::Read, &row).is_ok();
                if may_name { Ok(()) } else { Err(missing()) }
            }
            // Who has just stored it knows that it is there, also where they sealed it from themselves.
            Err(RecordError::NotFound) if self.wrote.iter().any(|(_, wrote)| *wrote == number) => Ok(()),
            Err(RecordError::NotFound) => Err(missing()),
            Err(error) => Err(error),
        }
    }

    /// Whether who writes may name what they never see: a program, and a workflow of the house.
    fn is_trusted(&self) -> bool {
        self.actor.role().is_none() || self.how.voice == Voice::House
    }

    /// What the resources that were written referred to in the version before.
    fn referred_to_before(&self) -> Result<BTreeSet<ResourceRef>, RecordError> {
        let tx: &Tx<'_> = self.tx;
        let mut all = BTreeSet::new();
        for (_, number) in &self.wrote {
            self.goes_on()?;
            let before = row(tx, *number)?.version.saturating_sub(1);
            let Some(old) = tx.get(&VERSIONS, &(*number, Desc(before)))?.filter(|old| old.state == State::Live) else {
                continue;
            };
            let value: Value = serde_json::from_slice(&old.json).map_err(|_| RecordError::Damaged)?;
            all.extend(references_of(&value));
        }
        Ok(all)
    }

    /// That a reference leads nowhere, with the element and the change in which it stands.
    fn dangling(&self, reference: &ResourceRef) -> RecordError {
        let tx: &Tx<'_> = self.tx;
        let at = self.wrote.iter().find_map(|(place, number)| {
            let row = row(tx, *number).ok()?;
            let value: Value = serde_json::from_slice(&row.json).ok()?;
            Some((*place, reference_in(&value, reference, row.kind.name())?))
        });
        let (place, at) = at.unzip();
        let error = RecordError::DanglingReference { what: reference.to_string(), at };
        place.into_iter().fold(error, RecordError::at)
    }

    fn put(&mut self, put: Put) -> Result<Written, RecordError> {
        let Put { id, mut prepared, condition, action } = put;
        let chosen = matches!(id, Identity::Named(_));
        let id = match id {
            Identity::New(id) | Identity::Named(id) => id,
            Identity::Unmade => FhirId::new(self.ambient),
        };
        let kind = prepared.kind;
        if matches!(id.as_str(), "." | "..") {
            // By the letter ids, but in an address they are steps (RFC 3986 §5.2.4): nobody would get there.
            let text = "An id of one or two dots and nothing else cannot stand in an address.";
            return Err(RecordError::Invalid(vec![Issue::error(IssueCode::Value, format!("{kind}.id"), text)]));
        }
        let number = find(&**self.tx, kind, &id)?;
        let known = number.is_some();
        let old = number.map(|number| row(&**self.tx, number)).transpose()?.filter(|row| row.state != State::Reserved);
        let action = self.or_withdrawal(action, old.as_ref(), &prepared)?;
        match (&condition, &old) {
            (Condition::None, _) => {}
            (_, Some(old)) if old.state == State::Live => {
                self.permit(action, old)?;
                self.fulfils(condition, Some(old))?;
            }
            // To a person, one that is not there answers as one that they may not see does, below.
            (_, _) if chosen && !self.may_choose_ids() => {}
            (_, _) => self.fulfils(condition, None)?,
        }
        let live = old.as_ref().filter(|old| old.state == State::Live);
        if let (Labels::Stricter, Some(number), Some(old)) = (self.how.labels, number, &old) {
            let before = match old.state {
                State::Deleted => self.tx.get(&VERSIONS, &(number, Desc(old.version.saturating_sub(1))))?,
                _ => Some(old.clone()),
            };
            if let Some(before) = before.filter(|before| before.state == State::Live) {
                prepared = prepared.as_strict_as(&before)?;
            }
        }
        // What they sent, where what is stored has labels that they must not hear of.
        let mut sent = None;
        if let Some(live) = live {
            let cut = self.permit(action, live)?;
            if !cut.is_empty() {
                prepared = keep_cut(&prepared, Some(live), cut)?;
            }
            if self.overwrites_unseen(live) {
                sent = Some(prepared.clone());
                prepared = prepared.with_labels_of(live)?;
            }
            if self.is_program() && live.sensitivity.is_held() && self.stays_held(live, &prepared)? {
                prepared = prepared.held()?;
            }
            // Who names a version knows of its link.
            if self.is_program() && action == Action::Update && !matches!(condition, Condition::Version(_)) {
                prepared = joined::still(prepared, live)?;
            }
            if self.how.repeated == Repeated::Skipped && content_of(&live.json) == Some(prepared.content) {
                self.touch(live)?;
                return Ok(Written { stored: Some(stored(live.clone(), cut)?), as_what: WrittenAs::Unchanged });
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
        let mut patients = self.patient_rows(&prepared)?;
        // A patient is in their own compartment, also when the sender did not know the id.
        if kind == ResourceType::Patient && !patients.contains(&number) {
            patients.insert(0, number);
        }
        let mut standing = Standing { patients, sensitivity: prepared.sensitivity };
        self.stand(&prepared, &mut standing)?;
        let version = old.as_ref().map_or(0, |old| old.version) + 1;
        let mut row = prepared.row(&id, version, self.now, &standing);
        // What it becomes must be the actor's to make, too.
        let cut = if live.is_none_or(|live| live.patients != row.patients || live.sensitivity != row.sensitivity) {
            self.permit_all(Action::Create, &row)?
        } else {
            self.permit(action, &row)?
        };
        if live.is_none() && !cut.is_empty() {
            prepared = keep_cut(&prepared, None, cut)?;
            row = prepared.row(&id, version, self.now, &standing);
        }
        self.must_be_whole(&prepared)?;
        must_not_be_astray(&prepared)?;
        if let Some(marked) = self.in_own_words(&prepared)? {
            prepared = marked;
            row = prepared.row(&id, version, self.now, &standing);
        }
        self.ask_rules_later(live, &id, &prepared)?;
        self.permit_signing(live, &row)?;
        if let Some(old) = &old {
            self.retire(number, old)?;
        }
        self.store(number, &row, &prepared)?;
        self.wrote.push((self.place, number));
        if kind == ResourceType::Patient && !live.map_or(Ok(false), joined::is_led_away)? {
            self.handed_over.insert(number);
        }
        self.came_into(number, live, &row);
        let leads = match live {
            Some(live) => live.patients != row.patients || live.sensitivity != row.sensitivity,
            // What nobody named before has no followers.
            None => known,
        };
        if leads {
            self.leads.push((kind, id.clone()));
        }
        if live.is_none() {
            numbers::count_live(self.tx, kind, numbers::Change::Added)?;
        }
        self.notice(&row)?;
        self.touch(&row)?;
        let as_what = if live.is_some() { WrittenAs::Updated } else { WrittenAs::Created };
        let told = sent.map_or(row, |sent| sent.row(&id, version, self.now, &standing));
        Ok(Written { stored: Some(stored(told, cut)?), as_what })
    }

    pub(super) fn delete(
        &mut self,
        place: usize,
        kind: ResourceType,
        id: &FhirId,
        condition: Condition,
    ) -> Result<Written, RecordError> {
        let number = find(&**self.tx, kind, id)?;
        let old = number.map(|number| row(&**self.tx, number)).transpose()?.filter(|row| row.state != State::Reserved);
        let (Some(number), Some(old)) = (number, old) else {
            let target = Target { id: Some(id.clone()), ..Target::of_type(kind) };
            return match authorize(self.actor, Action::Delete, &target, &self.facts(), self.now) {
                Ok(_) | Err(Denied::NotVisible) => nothing_to_delete(condition),
                Err(denied) => Err(denied.into()),
            };
        };
        match self.permit_all(Action::Delete, &old) {
            Ok(_) => {}
            Err(RecordError::NotFound) if self.permit(Action::Read, &old).is_ok() => {
                return Err(Denied::NeverForRole.into());
            }
            // To whoever may not see it, it is not there; whose it is hears that it was tried.
            Err(RecordError::NotFound) => {
                self.touch_as(&old, TouchKind::Denied)?;
                return nothing_to_delete(condition);
            }
            Err(error) => return Err(error),
        }
        self.fulfils(condition, Some(&old))?;
        if old.state == State::Live {
            self.not_locked(&old)?;
        }
        if old.state == State::Deleted {
            return Ok(Written { stored: Some(stored(old, &[])?), as_what: WrittenAs::WasDeleted });
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
        note_history(self.tx, number, &gone, Currency::Past)?;
        numbers::count_live(self.tx, kind, numbers::Change::Removed)?;
        if kind == ResourceType::Patient {
            directory::remove(self.tx, number.0)?;
        }
        self.notice(&old)?;
        self.touch(&old)?;
        if self.how.integrity == Integrity::Enforced {
            self.gone.push((place, reference_to(kind, id)?));
        }
        Ok(Written { stored: Some(stored(gone, &[])?), as_what: WrittenAs::Deleted })
    }

    /// A part of a resource, as `_elements` and `_summary` give it, would put away the rest (search.html#elements). What is cut of
    /// a resource for everybody of a role was put back before.
    fn must_be_whole(&self, prepared: &Prepared) -> Result<(), RecordError> {
        if !prepared.partial || self.how.integrity == Integrity::Reserved {
            return Ok(());
        }
        let text = "This is marked as a part of a resource (SUBSETTED): stored, it would put away the rest. Read it whole, and \
                    send it whole.";
        let place = format!("{}.meta.tag", prepared.kind);
        Err(RecordError::Invalid(vec![Issue::error(IssueCode::BusinessRule, place, text)]))
    }

    /// Whether the stored version is the one that was expected.
    pub(super) fn fulfils(&self, condition: Condition, stored: Option<&Row>) -> Result<(), RecordError> {
        match (condition, stored) {
            (Condition::None, _) | (Condition::Absent, None) => Ok(()),
            (Condition::Version(asked), Some(row)) if row.version == asked => Ok(()),
            (Condition::Version(_), Some(row)) => Err(RecordError::VersionConflict { current: row.version }),
            (Condition::Present, Some(row)) if row.state == State::Live => Ok(()),
            (Condition::Version(_), None) | (Condition::Present, _) => Err(RecordError::NoVersion),
            (Condition::Absent, Some(_)) => Err(RecordError::Exists),
        }
    }

    /// A patient's change that takes back what they said themselves, and does nothing else, is asked of the policy as that.
    fn or_withdrawal(&self, action: Action, old: Option<&Row>, prepared: &Prepared) -> Result<Action, RecordError> {
        let kind = prepared.kind;
        let live = old.filter(|old| old.state == State::Live && action == Action::Update);
        let Some(live) = live.filter(|_| withdrawn_by(kind).is_some() && OwnWords::of(self.actor).is_some()) else {
            return Ok(action);
        };
        let before: Value = serde_json::from_slice(&live.json).map_err(|_| RecordError::Damaged)?;
        let withdraws = is_withdrawal(kind, &before, &prepared.resource()?);
        Ok(if withdraws { Action::Withdraw } else { action })
    }

    /// Whether the actor may ever do this to a resource of the type.
    pub(super) fn may_at_all(&self, action: Action, kind: ResourceType) -> Result<(), RecordError> {
        match authorize(self.actor, action, &Target::of_type(kind), &self.facts(), self.now) {
            Ok(_) | Err(Denied::NotVisible) => Ok(()),
            Err(denied) => Err(denied.into()),
        }
    }

    /// Takes the stored version out of the indexes and into the past.
    fn retire(&mut self, number: RowNumber, old: &Row) -> Result<(), RecordError> {
        if old.state == State::Live {
            self.goes_through(old.json.len())?;
            let value: Value = serde_json::from_slice(&old.json).map_err(|_| RecordError::Damaged)?;
            Prepared::new(old.kind, &value).remove_index(self.tx, number, old)?;
        }
        self.tx.put(&VERSIONS, &(number, Desc(old.version)), old)?;
        note_history(self.tx, number, old, Currency::Past)
    }

    pub(super) fn store(&mut self, number: RowNumber, row: &Row, prepared: &Prepared) -> Result<(), RecordError> {
        self.tx.put(&RESOURCES, &(number,), row)?;
        note_history(self.tx, number, row, Currency::Current)?;
        prepared.put_index(self.tx, number, row)?;
        if row.kind == ResourceType::Patient {
            directory::put(self.tx, number.0, &row.id, &prepared.resource()?)?;
        }
        Ok(())
    }

    /// Notes for the rules what a client stores in its own words.
    fn ask_rules_later(&mut self, live: Option<&Row>, id: &FhirId, prepared: &Prepared) -> Result<(), RecordError> {
        let by_client = self.how.voice == Voice::Actor && self.how.integrity == Integrity::Enforced;
        if by_client && self.rules.iter().any(|rule| rule.concerns(prepared.kind)) {
            let before = live.map(|live| serde_json::from_slice(&live.json)).transpose();
            let (before, after) = (before.map_err(|_| RecordError::Damaged)?, prepared.resource()?);
            self.asked.push(rule::Asked { place: self.place, kind: prepared.kind, id: id.clone(), before, after });
        }
        Ok(())
    }

    fn rules_allow(&mut self) -> Result<(), RecordError> {
        let (asked, rules) = (std::mem::take(&mut self.asked), self.rules.clone());
        let spell = Spell { time: self.stay.all, row: usize::MAX };
        let is_bounded = self.how.is_bounded(self.actor);
        let pace = if is_bounded { Pace::new(self.ambient, self.now, spell) } else { Pace::unbounded() };
        let inside = Inside::new(self.tx, self.now, pace);
        for rule in rules.iter() {
            let of_rule = asked.iter().filter(|one| rule.concerns(one.kind)).map(|one| {
                let changed = Changed { id: &one.id, before: one.before.as_ref(), after: &one.after };
                (one.place, changed)
            });
            let (places, all): (Vec<usize>, Vec<Changed<'_>>) = of_rule.unzip();
            rule.allow(&inside, &all).map_err(|(one, error)| {
                let place = places.get(one).copied().unwrap_or_default();
                if error.is_too_slow() { RecordError::TooMuchWritten } else { error.at(place) }
            })?;
        }
        Ok(())
    }

    /// Notes in whose record it stands that it had not stood in before.
    pub(super) fn came_into(&mut self, number: RowNumber, before: Option<&Row>, after: &Row) {
        let stood = |patient: &&RowNumber| !before.is_some_and(|before| before.patients.contains(patient));
        self.came.extend(after.patients.iter().filter(stood).map(|patient| (*patient, number)));
    }

    /// Whether a version that is held stays so though what a program sends in its place lacks the hold: one by a label of its
    /// own, and one with what it followed and follows no more. With what it follows still, the hold ends with the other's.
    fn stays_held(&self, live: &Row, next: &Prepared) -> Result<bool, RecordError> {
        let value: Value = serde_json::from_slice(&live.json).map_err(|_| RecordError::Damaged)?;
        if Sensitivity::of_resource(&value).is_held() {
            return Ok(true);
        }
        let tx: &Tx<'_> = self.tx;
        for one in followed(live.kind, &value).iter().filter(|one| !next.follows.contains(one)) {
            let Some(kind) = ResourceType::parse(one.type_name()) else { continue };
            let there = find(tx, kind, &one.id())?.map(|number| row(tx, number)).transpose()?;
            if there.is_some_and(|other| other.state == State::Live && other.sensitivity.is_held()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The resource with its author, where it had to be put there.
    fn in_own_words(&self, prepared: &Prepared) -> Result<Option<Prepared>, RecordError> {
        let Some(own) = OwnWords::of(self.actor).filter(|_| self.how.voice == Voice::Actor) else { return Ok(None) };
        let mut value = prepared.resource()?;
        match own.said(prepared.kind, &mut value).map_err(RecordError::Invalid)? {
            Said::AsItWas => Ok(None),
            Said::Marked => Ok(Some(Prepared::new(prepared.kind, &value))),
        }
    }

    /// Another program, which has its own copies of what it sends: a hold that these lack was not taken off by anybody.
    pub(super) fn is_program(&self) -> bool {
        matches!(self.actor.who(), Who::Service { .. })
    }

    /// Whether a program writes over what is sealed from it. It does not know that there was a seal, and does not take it away.
    fn overwrites_unseen(&self, live: &Row) -> bool {
        self.is_program() && live.sensitivity.is_sealed() && self.permit(Action::Read, live).is_err()
    }

    /// Services and the box itself bring ids along; a person's new resource gets one from the server.
    const fn may_choose_ids(&self) -> bool {
        matches!(self.actor.who(), Who::Service { .. } | Who::System { .. })
    }

    /// The patients in whose records it stands. A program's Group may have more members than that: it stands in the records of
    /// the first, is found by each of them, and is exported with all.
    pub(super) fn patient_rows(&mut self, prepared: &Prepared) -> Result<Vec<RowNumber>, RecordError> {
        let may_have_more = prepared.kind == ResourceType::Group && self.actor.role().is_none();
        if prepared.patients.len() > MOST_PATIENTS && !may_have_more {
            let text = format!(
                "The resource is about {} patients, and may be about {MOST_PATIENTS}. Store it in parts. Nothing was changed.",
                prepared.patients.len()
            );
            return Err(RecordError::Invalid(vec![Issue::error(IssueCode::TooCostly, prepared.kind.name(), text)]));
        }
        let mut rows = Vec::with_capacity(prepared.patients.len());
        for patient in prepared.patients.iter().take(MOST_PATIENTS) {
            rows.push(find_or_reserve(self.tx, ResourceType::Patient, patient)?);
        }
        Ok(rows)
    }

    fn facts(&self) -> RecordFacts<'_> {
        let tx: &Tx<'_> = self.tx;
        RecordFacts { read: tx, setting: self.setting, consents: None }
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

    /// Who signs must be one who may, and so must who lets the patient see what was held. Programs and the box bring what
    /// was signed elsewhere.
    fn permit_signing(&self, live: Option<&Row>, row: &Row) -> Result<(), RecordError> {
        if self.actor.role().is_none() {
            return Ok(());
        }
        if let Some(live) = live {
            self.not_locked(live)?;
        }
        if signed(row)? && !live.is_some_and(|live| matches!(signed(live), Ok(true))) {
            self.permit(Action::Sign, row)?;
        }
        if let Some(live) = live.filter(|live| live.sensitivity.is_held() && !row.sensitivity.is_held()) {
            self.permit(Action::Release, live)?;
        }
        Ok(())
    }

    /// A person does not change what is signed, unless a workflow of the house does it by the clinic's rules.
    fn not_locked(&self, live: &Row) -> Result<(), RecordError> {
        let by_person = self.actor.role().is_some() && self.how.voice == Voice::Actor;
        if by_person && access::stands_signed(live.kind) && signed(live)? {
            let text = "This is signed and is not changed any more. Add a Composition that appends to it (relatesTo).";
            let issue = Issue::error(IssueCode::BusinessRule, format!("{}.status", live.kind), text);
            return Err(RecordError::Invalid(vec![issue]));
        }
        Ok(())
    }

    /// Whether the actor may do this to the row for one of its patients at least.
    pub(super) fn permit(&self, action: Action, row: &Row) -> Result<&'static [&'static str], RecordError> {
        self.permit_to(self.actor, action, row)
    }

    fn permit_to(&self, actor: &Actor, action: Action, row: &Row) -> Result<&'static [&'static str], RecordError> {
        let mut denied = Denied::NotVisible;
        for target in self.targets(row)? {
            match authorize(actor, action, &target, &self.facts(), self.now) {
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

    /// Tells pages that wait. An import brings what nobody waits for.
    fn notice(&mut self, row: &Row) -> Result<(), RecordError> {
        if self.how.integrity == Integrity::Enforced && notice::is_waited_for(row.kind) {
            notice::count_up(self.tx, row)?;
        }
        Ok(())
    }

    fn touch(&mut self, row: &Row) -> Result<(), RecordError> {
        self.touch_as(row, TouchKind::Changed)
    }

    pub(super) fn touch_as(&mut self, row: &Row, kind: TouchKind) -> Result<(), RecordError> {
        let reference = ResourceRef::new(row.kind.name(), &row.id).map_err(|_| RecordError::Damaged)?;
        for Target { patient, .. } in self.targets(row)? {
            match self.touched.iter_mut().find(|one| one.patient == patient && one.kind == kind) {
                Some(touched) => touched.resources.push(reference.clone()),
                None => self.touched.push(Touched::new(patient, kind, vec![reference.clone()])),
            }
        }
        Ok(())
    }
}

/// Where in a resource a reference stands, as FHIRPath has it.
fn reference_in(value: &Value, wanted: &ResourceRef, path: &str) -> Option<String> {
    match value {
        Value::Object(members) => {
            let own = members.get("reference").and_then(Value::as_str).and_then(local_reference);
            if own.as_ref() == Some(wanted) {
                return Some(path.to_owned());
            }
            members.iter().find_map(|(name, value)| reference_in(value, wanted, &format!("{path}.{name}")))
        }
        Value::Array(all) => {
            all.iter().enumerate().find_map(|(at, value)| reference_in(value, wanted, &format!("{path}[{at}]")))
        }
        _ => None,
    }
}

/// What is not there need not be deleted (http.html#delete), unless it was to be there.
fn nothing_to_delete(condition: Condition) -> Result<Written, RecordError> {
    match condition {
        Condition::None | Condition::Absent => Ok(Written { stored: None, as_what: WrittenAs::NothingFound }),
        Condition::Version(_) | Condition::Present => Err(RecordError::NotFound),
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

fn signed(row: &Row) -> Result<bool, RecordError> {
    if !matches!(row.kind, ResourceType::Composition | ResourceType::DiagnosticReport) {
        return Ok(false);
    }
    let value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
    Ok(access::is_signed(row.kind, &value))
}

fn as_absent(denied: Denied) -> RecordError {
    match denied {
        Denied::NotVisible => RecordError::NotFound,
        other => other.into(),
    }
}
