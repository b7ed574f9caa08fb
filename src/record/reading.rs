//! Reading under one snapshot: every look is authorized, and remembered for the chain.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::beside;
use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::facts::RecordFacts;
use super::following::{Lenders, past_as_it_stands};
use super::in_record::{InRecord, in_record};
use super::layout::{COUNTERS, VERSIONS, live_of};
use super::numbers::{find, row};
use super::pace::Pace;
use super::paging::Paging;
use super::rows::{Row, RowNumber, State};
use super::sight::{self, Sight};
use super::withheld::Withheld;
use super::{Channel, Limits, OfPatient, Stored, directory};
use crate::access::{self, Action, Actor, Cut, Denied, Scope, Target, authorize};
use crate::audit::{TouchKind, Touched};
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::fhir::ResourceType;
use crate::store::{Read, ReadExt};

/// How many full pages one answer may hold.
const PAGES: usize = 4;

/// Names some of a list by their places. A plain function, not a closure: one that captures could carry out what it saw.
pub type Choose<C> = fn(&[Value], C) -> Vec<usize>;

/// One request's view of the record. Made by [`Records::disclose`](super::Records::disclose) only, which
/// writes what was touched into the chain before anything opens.
pub struct Reading<'a> {
    pub(super) read: &'a dyn Read,
    pub(super) sight: Sight<'a>,
    pub(super) pace: Pace<'a>,
    pub(super) limits: Limits,
    pub(super) paging: &'a Paging,
    pub(super) channel: Channel,
    touched: Vec<Vec<Touched>>,
    refused: Vec<Touched>,
    pub(super) withheld: Withheld,
    pub(super) lenders: Lenders,
    /// How many bytes were handed to a program.
    given: usize,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        read: &'a dyn Read,
        sight: Sight<'a>,
        pace: Pace<'a>,
        limits: Limits,
        paging: &'a Paging,
        channel: Channel,
    ) -> Self {
        Self {
            read,
            sight,
            pace,
            limits,
            paging,
            channel,
            touched: vec![],
            refused: vec![],
            withheld: Withheld::default(),
            lenders: Lenders::default(),
            given: 0,
        }
    }

    pub const fn now(&self) -> Timestamp {
        self.sight.now
    }

    pub const fn actor(&self) -> &Actor {
        self.sight.actor
    }

    /// Nothing, to which what was read is joined.
    pub const fn nothing<T>(&self) -> Undisclosed<Vec<T>> {
        Undisclosed::empty(Vec::new())
    }

    /// One resource, as it stands.
    pub fn read(&mut self, kind: ResourceType, id: &FhirId) -> Result<Undisclosed<Stored>, RecordError> {
        let (_, row, cut) = self.permitted(Action::Read, kind, id)?;
        if row.state == State::Deleted {
            return Err(RecordError::Gone);
        }
        self.hand_out(row, cut, self.opened())
    }

    /// One version of a resource; [`RecordError::Gone`] for the version that deleted it.
    pub fn version(
        &mut self,
        kind: ResourceType,
        id: &FhirId,
        version: u32,
    ) -> Result<Undisclosed<Stored>, RecordError> {
        let (number, current) = self.authorized(Action::Read, kind, id)?;
        let row = if current.version == version {
            current
        } else {
            let old = self.read.get(&VERSIONS, &(number, crate::store::Desc(version)))?.ok_or(RecordError::NotFound)?;
            if let Some(stands) = past_as_it_stands(self.read, number, &old, &mut self.lenders)? {
                self.permit(Action::Read, &stands)?;
            }
            old
        };
        let cut = self.permit(Action::Read, &row)?;
        if row.state == State::Deleted {
            return Err(RecordError::Gone);
        }
        self.hand_out(row, cut, self.opened())
    }

    /// What of one type a patient's record holds, clinically newest first, `most` at most.
    pub fn of_patient(
        &mut self,
        patient: &FhirId,
        kind: ResourceType,
        most: usize,
    ) -> Result<Undisclosed<OfPatient>, RecordError> {
        let (rows, more) = self.rows_of_patient(patient, kind, most)?;
        let found = self.hand_out_list(rows, self.opened())?;
        Ok(found.map_with(more, |found, more| OfPatient { found, more }))
    }

    /// [`Reading::of_patient`], but only what `choose` names by its place among them. What it does not name is not
    /// handed out and not opened.
    pub fn chosen_of_patient<C: Copy>(
        &mut self,
        patient: &FhirId,
        kind: ResourceType,
        most: usize,
        with: C,
        choose: Choose<C>,
    ) -> Result<Undisclosed<OfPatient>, RecordError> {
        let (rows, more) = self.rows_of_patient(patient, kind, most)?;
        let found = self.hand_out_chosen(rows, with, choose)?;
        Ok(found.map_with(more, |found, more| OfPatient { found, more }))
    }

    /// Those of the rows that `choose` names by their place.
    pub(super) fn hand_out_chosen<C: Copy>(
        &mut self,
        rows: Vec<(Row, Cut)>,
        with: C,
        choose: Choose<C>,
    ) -> Result<Undisclosed<Vec<Stored>>, RecordError> {
        let mut seen = Vec::with_capacity(rows.len());
        for (row, cut) in &rows {
            self.look_into(row)?;
            let stored = stored(row.clone(), cut)?;
            seen.push(serde_json::from_slice(&stored.json).map_err(|_| RecordError::Damaged)?);
        }
        let chosen: BTreeSet<usize> = choose(&seen, with).into_iter().collect();
        let kept = rows.into_iter().enumerate().filter(|(place, _)| chosen.contains(place)).map(|(_, row)| row);
        self.hand_out_list(kept.collect(), self.opened())
    }

    /// The rows of one type in a patient's record with what to cut of each, and whether there are more than `most`.
    #[allow(clippy::type_complexity)] // rows as `hand_out_list` takes them
    pub(super) fn rows_of_patient(
        &mut self,
        patient: &FhirId,
        kind: ResourceType,
        most: usize,
    ) -> Result<(Vec<(Row, Cut)>, bool), RecordError> {
        self.rows_within(patient, kind, most, usize::MAX)
    }

    /// [`Reading::rows_of_patient`], if they have so many bytes.
    #[allow(clippy::type_complexity)] // rows as `hand_out_list` takes them
    pub(super) fn rows_within(
        &mut self,
        patient: &FhirId,
        kind: ResourceType,
        most: usize,
        mut bytes: usize,
    ) -> Result<(Vec<(Row, Cut)>, bool), RecordError> {
        let scope = self.scope(kind)?;
        let mut found = Vec::new();
        let Some(number) = find(self.read, ResourceType::Patient, patient)? else { return Ok((found, false)) };
        for entry in in_record(self.read, (number, kind), None, &|| self.go_on())? {
            let InRecord { number: at, tag, .. } = entry?;
            if tag.is_some_and(|tag| !scope.allows(Some(patient), tag.sensitivity)) {
                continue;
            }
            self.go_on()?;
            let row = row(self.read, at)?;
            if !row.is_of(number) || !scope.shows(Some(&row.id), Some(patient), row.sensitivity) {
                continue;
            }
            if found.len() == most {
                return Ok((found, true));
            }
            bytes = bytes.checked_sub(row.json.len()).ok_or(RecordError::TooMuch)?;
            // The row may be in several compartments; here it is this patient's that counts.
            let cut = sight::cut(self.read, &scope, Some(patient), &row)?;
            found.push((row, cut));
        }
        Ok((found, false))
    }

    /// The patients that best fit what was typed: parts of a name, a birth date, a number.
    pub fn find_patients(&mut self, text: &str, most: usize) -> Result<Undisclosed<Vec<directory::Hit>>, RecordError> {
        let scope = self.scope(ResourceType::Patient)?;
        let mut hits = directory::find(self.read, text, most)?;
        hits.retain(|hit| scope.allows(Some(&hit.id), access::Sensitivity::NORMAL));
        let mut touched = Vec::new();
        for hit in &hits {
            let reference = ResourceRef::new(ResourceType::Patient.name(), &hit.id).ok();
            touched.push(Touched::new(Some(hit.id.clone()), TouchKind::Listed, reference.into_iter().collect()));
        }
        Ok(self.covered(hits, touched))
    }

    /// Patients of the whole directory who may be one person, the most alike first: see [`directory::Rule`].
    pub fn alike(
        &mut self,
        rule: directory::Rule,
        apart: &BTreeSet<(FhirId, FhirId)>,
        most: usize,
    ) -> Result<Undisclosed<Vec<directory::Pair>>, RecordError> {
        let scope = self.scope(ResourceType::Patient)?;
        let mut pairs = directory::alike(self.read, rule, apart, most)?;
        let visible = |person: &directory::Person| scope.allows(Some(&person.id), access::Sensitivity::NORMAL);
        pairs.retain(|pair| visible(&pair.one) && visible(&pair.other));
        let mut touched = Vec::new();
        for person in pairs.iter().flat_map(|pair| [&pair.one, &pair.other]) {
            let reference = ResourceRef::new(ResourceType::Patient.name(), &person.id).ok();
            touched.push(Touched::new(Some(person.id.clone()), TouchKind::Listed, reference.into_iter().collect()));
        }
        Ok(self.covered(pairs, touched))
    }

    /// Whether more of a patient's record than who they are is open to this actor: a question about rules, not about the
    /// record. Who sees no charts at all is asked about visits, and who sees neither is told yes.
    pub fn reaches(&mut self, patient: &FhirId) -> bool {
        for kind in [ResourceType::Condition, ResourceType::Appointment] {
            match self.sight.scope(self.read, kind) {
                Ok(scope) => return scope.allows(Some(patient), access::Sensitivity::NORMAL),
                Err(Denied::NeverForRole) => {}
                Err(_) => return false,
            }
        }
        true
    }

    /// How many live resources of a type there are. Tells of nobody; for whoever may find the whole type.
    pub fn count(&self, kind: ResourceType) -> Result<u64, RecordError> {
        Ok(self.read.get(&COUNTERS, &live_of(kind))?.unwrap_or(0))
    }

    /// What was handed out, for the chain, one slice per look; and what was refused.
    pub(super) fn into_touched(self) -> (Vec<Vec<Touched>>, Vec<Touched>) {
        (self.touched, self.refused)
    }

    pub(super) const fn opened(&self) -> TouchKind {
        match self.channel {
            Channel::Screen => TouchKind::Opened,
            Channel::Api => TouchKind::SentOut,
        }
    }

    pub(super) fn facts(&self) -> RecordFacts<'a> {
        RecordFacts { read: self.read, setting: self.sight.setting, known: self.sight.known }
    }

    /// Goes on while there is time: asked at every row that is opened.
    pub(super) fn go_on(&self) -> Result<(), RecordError> {
        self.pace.go_on()
    }

    /// Goes on to read a row's resource.
    pub(super) fn look_into(&self, row: &Row) -> Result<(), RecordError> {
        self.pace.look_into(row.json.len())
    }

    /// How many bytes one answer to a program may have: a few full pages.
    pub(super) const fn most_given(&self) -> usize {
        self.limits.page_bytes.saturating_mul(PAGES)
    }

    /// Hands on so many bytes, as far as one answer to a program may go.
    pub(super) fn give(&mut self, json: &[u8]) -> Result<(), RecordError> {
        self.given = self.given.saturating_add(json.len());
        if self.channel == Channel::Api && self.given > self.most_given() { Err(RecordError::TooMuch) } else { Ok(()) }
    }

    /// Notes for the chain that this patient's was asked for and refused.
    pub(super) fn refuse(&mut self, patient: &FhirId) {
        self.refused.push(Touched::new(Some(patient.clone()), TouchKind::Denied, vec![]));
    }

    /// The scope of one type, asked once a request.
    pub(super) fn scope(&mut self, kind: ResourceType) -> Result<Arc<Scope>, RecordError> {
        self.sight.scope(self.read, kind).map_err(|denied| {
            self.refused.push(Touched::new(None, TouchKind::Denied, vec![]));
            denied.into()
        })
    }

    /// The row of a resource that the actor may see; absent and forbidden answer alike.
    pub(super) fn authorized(
        &mut self,
        action: Action,
        kind: ResourceType,
        id: &FhirId,
    ) -> Result<(RowNumber, Row), RecordError> {
        self.permitted(action, kind, id).map(|(number, row, _)| (number, row))
    }

    /// [`Reading::authorized`], and what to cut of the row.
    #[allow(clippy::type_complexity)] // a row as `hand_out` takes it, and its number
    fn permitted(
        &mut self,
        action: Action,
        kind: ResourceType,
        id: &FhirId,
    ) -> Result<(RowNumber, Row, Cut), RecordError> {
        let number = find(self.read, kind, id)?;
        let found = number.map(|number| row(self.read, number)).transpose()?;
        let known = found.filter(|row| row.state != State::Reserved);
        let (Some(number), Some(row)) = (number, known) else {
            let target = Target { id: Some(id.clone()), ..Target::of_type(kind) };
            let answer = authorize(self.sight.actor, action, &target, &self.facts(), self.sight.now);
            let reference = ResourceRef::new(kind.name(), id).ok().into_iter().collect();
            self.refused.push(Touched::new(None, TouchKind::Denied, reference));
            return Err(match answer {
                Err(Denied::NotVisible) | Ok(_) => RecordError::NotFound,
                Err(denied) => denied.into(),
            });
        };
        let cut = self.permit(action, &row)?;
        Ok((number, row, cut))
    }

    /// Asks the policy for one row; answers with what to cut. For a row of several patients one yes is enough. A no is
    /// noted for the chain.
    pub(super) fn permit(&mut self, action: Action, row: &Row) -> Result<Cut, RecordError> {
        let denied = match self.allowed(action, row) {
            Ok(cut) => return Ok(cut),
            Err(denied) => denied,
        };
        let patients = self.patients_of(row)?;
        let reference: Vec<ResourceRef> = ResourceRef::new(row.kind.name(), &row.id).ok().into_iter().collect();
        for patient in targets(&patients) {
            self.refused.push(Touched::new(patient.cloned(), TouchKind::Denied, reference.clone()));
        }
        Err(match denied {
            Denied::NotVisible => RecordError::NotFound,
            other => other.into(),
        })
    }

    /// [`Reading::permit`] without a note: for rows that nobody named.
    pub(super) fn allowed(&mut self, action: Action, row: &Row) -> Result<Cut, Denied> {
        let cut = self.granted(action, row)?;
        beside::to_look_at(self.read, cut, row).map_err(|_| Denied::Undecided)
    }

    /// Whether the policy allows it, whatever it cuts.
    pub(super) fn is_allowed(&mut self, action: Action, row: &Row) -> Result<(), Denied> {
        self.granted(action, row).map(drop)
    }

    /// What the policy cuts, whoever else the row names.
    fn granted(&mut self, action: Action, row: &Row) -> Result<Cut, Denied> {
        let patients = self.patients_of(row).map_err(|_| Denied::Undecided)?;
        let mut denied = Denied::NotVisible;
        for patient in targets(&patients) {
            let target = Target {
                kind: row.kind,
                id: Some(row.id.clone()),
                patient: patient.cloned(),
                sensitivity: row.sensitivity,
            };
            match authorize(self.sight.actor, action, &target, &self.facts(), self.sight.now) {
                Ok(grant) => return Ok(grant.into_cut()),
                Err(error) => denied = error,
            }
        }
        Err(denied)
    }

    pub(super) fn may_see(&mut self, row: &Row) -> Result<bool, RecordError> {
        self.sight.may_see(self.read, row)
    }

    pub(super) fn cut_of(&mut self, row: &Row) -> Result<Cut, RecordError> {
        self.sight.cut_of(self.read, row)
    }

    /// The ids of the patients whose compartments hold a row.
    fn patients_of(&mut self, row: &Row) -> Result<Vec<FhirId>, RecordError> {
        self.sight.patients_of(self.read, row)
    }

    pub(super) fn touch(&mut self, row: &Row, kind: TouchKind, into: &mut Vec<Touched>) -> Result<(), RecordError> {
        let reference = ResourceRef::new(row.kind.name(), &row.id).map_err(|_| RecordError::Damaged)?;
        let patients = self.patients_of(row)?;
        for patient in targets(&patients) {
            match into.iter_mut().find(|touched| touched.patient.as_ref() == patient && touched.kind == kind) {
                Some(touched) => touched.resources.push(reference.clone()),
                None => into.push(Touched::new(patient.cloned(), kind, vec![reference.clone()])),
            }
        }
        Ok(())
    }

    /// A row for which [`Reading::permit`] said what to cut.
    pub(super) fn hand_out(&mut self, row: Row, cut: Cut, kind: TouchKind) -> Result<Undisclosed<Stored>, RecordError> {
        let mut touched = Vec::new();
        self.give(&row.json)?;
        self.touch(&row, kind, &mut touched)?;
        let stored = stored(row, &cut)?;
        Ok(self.covered(stored, touched))
    }

    pub(super) fn hand_out_list(
        &mut self,
        rows: Vec<(Row, Cut)>,
        kind: TouchKind,
    ) -> Result<Undisclosed<Vec<Stored>>, RecordError> {
        let mut touched = Vec::new();
        let mut out = Vec::with_capacity(rows.len());
        for (row, cut) in rows {
            self.touch(&row, kind, &mut touched)?;
            out.push(stored(row, &cut)?);
        }
        Ok(self.covered(out, touched))
    }

    pub(super) fn covered<T>(&mut self, value: T, touched: Vec<Touched>) -> Undisclosed<T> {
        let undisclosed = Undisclosed::new(value, &touched);
        self.touched.push(touched);
        undisclosed
    }
}

/// Each patient, or nobody once.
pub(super) fn targets(patients: &[FhirId]) -> impl Iterator<Item = Option<&FhirId>> {
    let nobody = patients.is_empty().then_some(None);
    patients.iter().map(Some).chain(nobody)
}

pub(super) fn stored(row: Row, cut: &Cut) -> Result<Stored, RecordError> {
    let json = if cut.is_empty() || row.json.is_empty() {
        row.json
    } else {
        let mut value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
        cut.take_from(&mut value);
        value.to_string().into()
    };
    Ok(Stored { kind: row.kind, id: row.id, version: row.version, updated: row.updated, json })
}
