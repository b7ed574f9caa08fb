//! Changing resources inside the writer: what was checked and built before is authorized, compared and put.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::acting::Inside;
use super::change::{Act, Change, Condition, Content, Group, Which, reference_to};
use super::error::RecordError;
use super::facts::{Setting, note_proxies};
use super::following::{MOST_PATIENTS, MOST_READ, Standing, as_it_stands_within, is_untold};
use super::joined;
use super::kept::Kept;
use super::layout::{Currency, HISTORY, HistoryTag, NEXT_CLINIC_NUMBER, RESOURCES, Tag, VERSIONS};
use super::numbers::{self, find, find_or_reserve, last_said, row};
use super::pace::{Pace, Spell};
use super::permitting::{as_absent, keep_cut, must_not_be_astray};
use super::prepared::{Prepared, content_of, take_versions, unversioned};
use super::reading::stored;
use super::rows::{Row, RowNumber, State};
use super::rule::{self, Changed, Rule};
use super::transaction::{Integrity, Labels, Repeated, Stay, Transaction, Voice, Written, WrittenAs};
use super::{consents, directory, notice, taken_back};
use crate::access::{Action, Actor, Cut, Denied, Sensitivity, Target, Who, authorize};
use crate::audit::{AuditedTx, TouchKind, Touched};
use crate::base::{Ambient, FhirId, ResourceRef, Timestamp};
use crate::fhir::ResourceType;
use crate::fhir::{Issue, IssueCode};
use crate::store::{Desc, Tx};

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

/// Who writes, and by what is decided whether they may.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    pub actor: &'a Actor,
    pub setting: &'a Setting,
    pub ambient: &'a Ambient,
    pub kept: &'a Kept,
}

/// The work inside the writer.
pub(super) struct Writing<'a, 'b, 'c> {
    pub(super) tx: &'a mut AuditedTx<'b, 'c>,
    pub(super) actor: &'a Actor,
    pub(super) setting: &'a Setting,
    pub(super) kept: &'a Kept,
    pub(super) now: Timestamp,
    pub(super) ambient: &'a Ambient,
    pub(super) how: Transaction,
    pub(super) stay: Stay,
    touched: Vec<Touched>,
    /// What was stored refers to these.
    pub(super) refers: Vec<ResourceRef>,
    /// What was deleted, each with its place in the group.
    gone: Vec<(usize, ResourceRef)>,
    rules: Arc<[Arc<dyn Rule>]>,
    /// What the rules are asked about.
    asked: Vec<rule::Asked>,
    /// Which change of the group is being made.
    pub(super) place: usize,
    /// What was stored, each with its place in the group.
    pub(super) wrote: Vec<(usize, RowNumber)>,
    /// What conditions of the group found in the place of what they were to make: whoever sent it knows that it is there.
    pub(super) matched: Vec<RowNumber>,
    /// Patients, each with what came into their record and had not stood in it before.
    pub(super) came: BTreeSet<(RowNumber, RowNumber)>,
    /// Patients that were stored and had not gone on as somebody else before.
    handed_over: BTreeSet<RowNumber>,
    /// What others may follow that became another's, was sealed or unsealed, or is there now.
    pub(super) leads: Vec<(ResourceType, FhirId)>,
}

impl<'a, 'b, 'c> Writing<'a, 'b, 'c> {
    pub(super) fn new(
        tx: &'a mut AuditedTx<'b, 'c>,
        by: By<'a>,
        how: Transaction,
        stay: Stay,
        rules: Arc<[Arc<dyn Rule>]>,
    ) -> Self {
        let By { actor, setting, ambient, kept } = by;
        Self {
            tx,
            actor,
            setting,
            kept,
            // Milliseconds are what a resource's instant holds.
            now: Timestamp::from_millisecond(ambient.now().as_millisecond()).unwrap_or_default(),
            ambient,
            how,
            stay,
            touched: vec![],
            refers: vec![],
            gone: vec![],
            rules,
            asked: vec![],
            place: 0,
            wrote: vec![],
            matched: vec![],
            came: BTreeSet::new(),
            handed_over: BTreeSet::new(),
            leads: vec![],
        }
    }

    /// In whose records something was changed or tried.
    pub(super) fn into_touched(self) -> Vec<Touched> {
        self.touched
    }
}

/// How long and through how much a group goes on.
#[derive(Clone, Copy)]
pub(super) struct Leash<'a> {
    ambient: &'a Ambient,
    begun: Timestamp,
    stay: Stay,
    is_bounded: bool,
}

impl Leash<'_> {
    pub(super) fn goes_through(&self, bytes: usize) -> Result<(), RecordError> {
        let is_over = self.ambient.now().duration_since(self.begun).unsigned_abs() >= self.stay.all;
        let is_too_much = is_over || bytes > self.stay.looks.row;
        if is_too_much && self.is_bounded { Err(RecordError::TooMuchWritten) } else { Ok(()) }
    }
}

impl<'a> Writing<'a, '_, '_> {
    pub(super) fn all(&mut self, group: Group) -> Result<Vec<Written>, RecordError> {
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
        self.lend()?;
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
        self.goes_through(0)
    }

    /// Goes on to read so many bytes of a resource and to build anew what it is found by.
    pub(super) fn goes_through(&self, bytes: usize) -> Result<(), RecordError> {
        self.leash().goes_through(bytes)
    }

    /// The time of the group by itself, for what has the writer meanwhile.
    pub(super) fn leash(&self) -> Leash<'a> {
        Leash { ambient: self.ambient, begun: self.now, stay: self.stay, is_bounded: self.how.is_bounded(self.actor) }
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

    fn put(&mut self, put: Put) -> Result<Written, RecordError> {
        let (kind, condition) = (put.prepared.kind, put.condition);
        let named = match &put.id {
            Identity::Named(id) if put.action == Action::Update => Some(id.clone()),
            _ => None,
        };
        match (self.put_there(put), named) {
            (Err(RecordError::NotFound), Some(id)) => Err(self.not_there(kind, &id, condition)),
            (done, _) => done,
        }
    }

    fn put_there(&mut self, put: Put) -> Result<Written, RecordError> {
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
        let (stood, old) = self.old_of(number)?;
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
        if let (Labels::Stricter, Some(number), Some(old)) = (self.how.labels, number, &old)
            && let Some(before) = last_said(&**self.tx, number, old)?
        {
            prepared = prepared.as_strict_as(&before)?;
        }
        self.must_be_read_by_somebody(live, &prepared)?;
        // What they sent, where what is stored has labels that they must not hear of.
        let mut sent = None;
        if let Some(live) = live {
            let cut = self.permit(action, live)?;
            must_be_told(stood.as_ref(), live)?;
            if !cut.is_empty() {
                prepared = keep_cut(&prepared, Some(live), &cut)?;
            }
            if self.overwrites_unseen(live) {
                sent = Some(prepared.clone());
                let lent = number.map_or(Ok(Sensitivity::NORMAL), |number| self.lent_still(number, &prepared))?;
                prepared = prepared.with_labels_of(live, lent)?;
            }
            if self.is_program() && live.sensitivity.is_held() && self.stays_held(live, &prepared)? {
                prepared = prepared.held()?;
            }
            // Who names a version knows of its links.
            if self.is_by_client() && action == Action::Update && !matches!(condition, Condition::Version(_)) {
                prepared = joined::still(prepared, live)?;
            }
            if self.how.repeated == Repeated::Skipped && content_of(&live.json) == Some(prepared.content) {
                self.touch(live)?;
                return Ok(Written { stored: Some(stored(live.clone(), &cut)?), as_what: WrittenAs::Unchanged });
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
        let mut about = vec![];
        if live.is_none() && self.how.voice == Voice::House {
            about = self.is_about(&prepared)?;
            prepared = self.closed_as_all(prepared, &about)?;
        }
        let number = find_or_reserve(self.tx, kind, &id)?;
        self.note_about(number, &about)?;
        let mut patients = self.patient_rows(&prepared)?;
        // A patient is in their own compartment, also when the sender did not know the id.
        if kind == ResourceType::Patient && !patients.contains(&number) {
            patients.insert(0, number);
        }
        let lent = if live.is_some() { self.lent(number, &prepared)? } else { Sensitivity::NORMAL };
        let mut standing = Standing { patients, sensitivity: prepared.sensitivity.and(lent) };
        self.stand(&prepared, &mut standing)?;
        self.file_stands((number, &id), old.as_ref(), &prepared, &mut standing)?;
        let version = old.as_ref().map_or(0, |old| old.version) + 1;
        let mut row = prepared.row(&id, version, self.now, &standing);
        let stands = self.as_it_stands(number, row.clone())?;
        // What it becomes must be the actor's to make, too.
        let cut = if live.is_none_or(|live| !live.stands_as(&stands)) {
            self.permit_all(Action::Create, &stands)?
        } else {
            self.permit(action, &stands)?
        };
        if live.is_none() && !cut.is_empty() {
            prepared = keep_cut(&prepared, None, &cut)?;
            row = prepared.row(&id, version, self.now, &standing);
        }
        self.must_be_whole(&prepared)?;
        self.must_be_asked_quickly(number, &row, &prepared)?;
        self.must_be_applied(&prepared)?;
        self.may_name_the_clinic(live, Some(&prepared))?;
        must_not_be_astray(&prepared)?;
        self.must_not_follow_with_too_many(number, &prepared)?;
        if let Some(marked) = self.in_own_words(&prepared)? {
            prepared = marked;
            row = prepared.row(&id, version, self.now, &standing);
        }
        self.ask_rules_later(live, &id, &prepared)?;
        let stands = Row { patients: stands.patients, sensitivity: stands.sensitivity, ..row.clone() };
        self.permit_signing(live, &stands)?;
        if let (Some(stood), Some(old)) = (&stood, &old) {
            self.retire(number, stood, old)?;
        }
        self.note_brought(number, old.as_ref(), &prepared)?;
        self.store(number, &row, &prepared)?;
        self.wrote.push((self.place, number));
        if kind == ResourceType::Patient && !live.map_or(Ok(false), joined::is_led_away)? {
            self.handed_over.insert(number);
        }
        let stood = stood.filter(|stood| stood.state == State::Live);
        self.files_go_with(number, stood.as_ref(), &row)?;
        self.note_answers(number, &row, &prepared)?;
        self.came_into(number, stood.as_ref(), &row);
        let leads = match &stood {
            Some(stood) => !stood.stands_as(&row),
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
        self.touch(&stands)?;
        let as_what = if live.is_some() { WrittenAs::Updated } else { WrittenAs::Created };
        let told = sent.map_or(row, |sent| sent.row(&id, version, self.now, &standing));
        Ok(Written { stored: Some(stored(told, &cut)?), as_what })
    }

    pub(super) fn delete(
        &mut self,
        place: usize,
        kind: ResourceType,
        id: &FhirId,
        condition: Condition,
    ) -> Result<Written, RecordError> {
        let number = find(&**self.tx, kind, id)?;
        let (Some(number), (Some(stood), Some(old))) = (number, self.old_of(number)?) else {
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
        must_be_told(Some(&stood), &old)?;
        // A program that takes back what it does not see hears what it would hear of what is not there.
        let is_unseen = self.overwrites_unseen(&old);
        match self.fulfils(condition, Some(&old)) {
            Err(_) if is_unseen => return nothing_to_delete(condition),
            fulfilled => fulfilled?,
        }
        if old.state == State::Live {
            self.not_locked(&old)?;
        }
        if old.state == State::Deleted && is_unseen {
            return nothing_to_delete(condition);
        }
        if old.state == State::Deleted {
            return Ok(Written { stored: Some(stored(old, &Cut::default())?), as_what: WrittenAs::WasDeleted });
        }
        self.rules_let_go(&old)?;
        self.may_name_the_clinic(Some(&old), None)?;
        self.retire(number, &stood, &old)?;
        let gone = Row {
            state: State::Deleted,
            version: old.version + 1,
            updated: self.now,
            json: bytes::Bytes::new(),
            ..taken_back::as_deleted(&old)?
        };
        if !stood.stands_as(&gone) {
            self.leads.push((kind, id.clone()));
        }
        self.tx.put(&RESOURCES, &(number,), &gone)?;
        note_history(self.tx, number, &gone, Currency::Past)?;
        self.files_go_with(number, Some(&old), &gone)?;
        numbers::count_live(self.tx, kind, numbers::Change::Removed)?;
        if kind == ResourceType::Patient {
            directory::remove(self.tx, number.0)?;
        }
        self.notice(&old)?;
        self.touch(&old)?;
        if self.how.integrity == Integrity::Enforced {
            self.gone.push((place, reference_to(kind, id)?));
        }
        if is_unseen {
            return Ok(Written { stored: None, as_what: WrittenAs::NothingFound });
        }
        Ok(Written { stored: Some(stored(gone, &Cut::default())?), as_what: WrittenAs::Deleted })
    }

    /// What is stored under a number, by which it stands in the indexes; and as it stands.
    fn old_of(&self, number: Option<RowNumber>) -> Result<(Option<Row>, Option<Row>), RecordError> {
        let Some(number) = number else { return Ok((None, None)) };
        let stood = Some(numbers::as_stored(&**self.tx, number)?).filter(|row| row.state != State::Reserved);
        let old = stood.clone().map(|stood| self.as_it_stands(number, stood)).transpose()?;
        Ok((stood, old))
    }

    /// A row as it stands, however much it follows where there is no end to the group's time.
    fn as_it_stands(&self, number: RowNumber, row: Row) -> Result<Row, RecordError> {
        let most = if self.how.is_bounded(self.actor) { MOST_READ } else { usize::MAX };
        as_it_stands_within(&**self.tx, number, row, most)
    }

    /// Takes the stored version out of the indexes, where it is by how it stood, and into the past.
    fn retire(&mut self, number: RowNumber, stood: &Row, old: &Row) -> Result<(), RecordError> {
        if old.state == State::Live {
            self.goes_through(old.json.len())?;
            let value: Value = serde_json::from_slice(&old.json).map_err(|_| RecordError::Damaged)?;
            Prepared::new(old.kind, &value).remove_index(self.tx, number, stood)?;
            if old.kind == ResourceType::Consent {
                note_proxies(self.tx, &value)?;
            }
        }
        self.tx.put(&VERSIONS, &(number, Desc(old.version)), old)?;
        note_history(self.tx, number, old, Currency::Past)
    }

    fn store(&mut self, number: RowNumber, row: &Row, prepared: &Prepared) -> Result<(), RecordError> {
        put_current(self.tx, number, row, prepared)?;
        if row.kind == ResourceType::Patient {
            directory::put(self.tx, number.0, &row.id, &prepared.resource()?)?;
        }
        Ok(())
    }

    /// Whether a client asks in its own words.
    pub(super) fn is_by_client(&self) -> bool {
        self.how.voice == Voice::Actor && self.how.integrity == Integrity::Enforced
    }

    /// Asks the rules whether what a client deletes may go.
    fn rules_let_go(&self, old: &Row) -> Result<(), RecordError> {
        let mut concerned = self.rules.iter().filter(|rule| self.is_by_client() && rule.concerns(old.kind)).peekable();
        if concerned.peek().is_none() || old.json.is_empty() {
            return Ok(());
        }
        let gone = unversioned(&old.json).ok_or(RecordError::Damaged)?;
        concerned.try_for_each(|rule| rule.lets_go(&gone))
    }

    /// Notes for the rules what a client stores in its own words.
    fn ask_rules_later(&mut self, live: Option<&Row>, id: &FhirId, prepared: &Prepared) -> Result<(), RecordError> {
        if self.is_by_client() && self.rules.iter().any(|rule| rule.concerns(prepared.kind)) {
            let before = live.map(|live| unversioned(&live.json).ok_or(RecordError::Damaged)).transpose()?;
            let mut after = prepared.resource()?;
            take_versions(&mut after);
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
                let by = self.actor.role();
                let changed = Changed { id: &one.id, before: one.before.as_ref(), after: &one.after, by };
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
    fn came_into(&mut self, number: RowNumber, before: Option<&Row>, after: &Row) {
        let stood = |patient: &&RowNumber| !before.is_some_and(|before| before.patients.contains(patient));
        self.came.extend(after.patients.iter().filter(stood).map(|patient| (*patient, number)));
    }

    /// The patients in whose records it stands. A program's Group may have more members than that: it stands in the records of
    /// the first, is found by each of them, and is exported with all.
    fn patient_rows(&mut self, prepared: &Prepared) -> Result<Vec<RowNumber>, RecordError> {
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

/// Nothing is written over of which nobody can tell yet how it stands. Asked of whoever may see it however it does: to others it is
/// not there.
fn must_be_told(stood: Option<&Row>, old: &Row) -> Result<(), RecordError> {
    if stood.is_some_and(|stood| is_untold(stood, old)) { Err(RecordError::TooMuchWritten) } else { Ok(()) }
}

/// Puts the current version where it stands: its row, its place in the histories and what it is found by.
pub(super) fn put_current(
    tx: &mut Tx<'_>,
    number: RowNumber,
    row: &Row,
    prepared: &Prepared,
) -> Result<(), RecordError> {
    tx.put(&RESOURCES, &(number,), row)?;
    note_history(tx, number, row, Currency::Current)?;
    Ok(prepared.put_index(tx, number, row)?)
}

/// Puts a version into the histories.
pub(super) fn note_history(
    tx: &mut Tx<'_>,
    number: RowNumber,
    row: &Row,
    current: Currency,
) -> Result<(), RecordError> {
    if consents::hang_on(row.kind) {
        consents::note_change(tx)?;
    }
    let key = (row.kind.number(), Desc(row.updated.as_millisecond()), number, row.version);
    Ok(tx.put(&HISTORY, &key, &HistoryTag { current, tag: Tag::of(row) })?)
}

/// What is not there need not be deleted (http.html#delete), unless it was to be there.
fn nothing_to_delete(condition: Condition) -> Result<Written, RecordError> {
    match condition {
        Condition::None | Condition::Absent => Ok(Written { stored: None, as_what: WrittenAs::NothingFound }),
        Condition::Version(_) | Condition::Present => Err(RecordError::NotFound),
    }
}
