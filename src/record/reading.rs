//! Reading under one snapshot: every look is authorized, and remembered for the chain.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::facts::RecordFacts;
use super::layout::{COMPARTMENT, COUNTERS, VERSIONS, live_of};
use super::numbers::{find, row};
use super::rows::{Row, RowNumber, State};
use super::{Channel, OfPatient, Page, Stored, Version, directory, search as run_search};
use crate::access::{self, Action, Actor, Denied, Reach, Scope, Target, authorize, authorize_search};
use crate::audit::{TouchKind, Touched};
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::fhir::ResourceType;
use crate::fhir::search::{Filter, IncludeWay, Query, Repeat, SortKey};
use crate::store::{Direction, KeyRange, ReadExt, Snapshot};

/// Names some of a list by their places. A plain function, not a closure: one that captures could carry out what it saw.
pub type Choose<C> = fn(&[Value], C) -> Vec<usize>;

/// One request's view of the record. Made by [`Records::disclose`](super::Records::disclose) only, which
/// writes what was touched into the chain before anything opens.
pub struct Reading<'a> {
    snapshot: Snapshot,
    actor: &'a Actor,
    reach: Reach,
    now: Timestamp,
    channel: Channel,
    touched: Vec<Vec<Touched>>,
    refused: Vec<Touched>,
    names: HashMap<RowNumber, FhirId>,
    scopes: BTreeMap<ResourceType, Scope>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(snapshot: Snapshot, actor: &'a Actor, reach: Reach, now: Timestamp, channel: Channel) -> Self {
        let (names, scopes) = (HashMap::new(), BTreeMap::new());
        Self { snapshot, actor, reach, now, channel, touched: vec![], refused: vec![], names, scopes }
    }

    pub const fn now(&self) -> Timestamp {
        self.now
    }

    pub const fn actor(&self) -> &Actor {
        self.actor
    }

    /// One resource, as it stands.
    pub fn read(&mut self, kind: ResourceType, id: &FhirId) -> Result<Undisclosed<Stored>, RecordError> {
        let (number, row) = self.authorized(Action::Read, kind, id)?;
        let _ = number;
        if row.state == State::Deleted {
            return Err(RecordError::Gone);
        }
        self.hand_out(row, self.opened())
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
            let old = self.snapshot.get(&VERSIONS, &(number, crate::store::Desc(version)))?;
            old.ok_or(RecordError::NotFound)?
        };
        self.permit(Action::Read, &row)?;
        if row.state == State::Deleted {
            return Err(RecordError::Gone);
        }
        self.hand_out(row, self.opened())
    }

    /// All versions of a resource, newest first.
    pub fn history(&mut self, kind: ResourceType, id: &FhirId) -> Result<Undisclosed<Vec<Version>>, RecordError> {
        let (number, current) = self.authorized(Action::History, kind, id)?;
        let mut versions = vec![current];
        for found in self.snapshot.clone().scan(&VERSIONS, KeyRange::prefix(&(number,)), Direction::Up)? {
            versions.push(found?.1);
        }
        let mut out = Vec::new();
        let mut touched = Vec::new();
        for row in versions {
            // A version that was another patient's, or sealed, is asked for as what it was.
            let Ok(cut) = self.permit(Action::History, &row) else { continue };
            self.touch(&row, self.opened(), &mut touched)?;
            out.push(Version { deleted: row.state == State::Deleted, stored: stored(row, cut)? });
        }
        Ok(self.covered(out, touched))
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
        let mut seen = Vec::with_capacity(rows.len());
        for (row, cut) in &rows {
            let stored = stored(row.clone(), cut)?;
            seen.push(serde_json::from_slice(&stored.json).map_err(|_| RecordError::Damaged)?);
        }
        let chosen: std::collections::BTreeSet<usize> = choose(&seen, with).into_iter().collect();
        let kept = rows.into_iter().enumerate().filter(|(place, _)| chosen.contains(place)).map(|(_, row)| row);
        let found = self.hand_out_list(kept.collect(), self.opened())?;
        Ok(found.map_with(more, |found, more| OfPatient { found, more }))
    }

    /// The rows of one type in a patient's record with what to cut of each, and whether there are more than `most`.
    #[allow(clippy::type_complexity)] // rows as `hand_out_list` takes them
    fn rows_of_patient(
        &mut self,
        patient: &FhirId,
        kind: ResourceType,
        most: usize,
    ) -> Result<(Vec<(Row, &'static [&'static str])>, bool), RecordError> {
        let scope = self.scope(kind)?;
        let mut found = Vec::new();
        let Some(number) = find(&self.snapshot, ResourceType::Patient, patient)? else { return Ok((found, false)) };
        let rows = KeyRange::prefix(&(number, kind.number()));
        for entry in self.snapshot.clone().scan(&COMPARTMENT, rows, Direction::Up)? {
            let ((_, _, _, at), tag) = entry?;
            if !scope.allows(Some(patient), tag.sensitivity) {
                continue;
            }
            if found.len() == most {
                return Ok((found, true));
            }
            let row = row(&self.snapshot, at)?;
            // The row may be in several compartments; here it is this patient's that counts.
            found.push((row, scope.cut_elements(Some(patient), tag.sensitivity)));
        }
        Ok((found, false))
    }

    /// Runs a search and hands out one page of it, with what it includes.
    pub fn search(&mut self, query: &Query) -> Result<Undisclosed<Page>, RecordError> {
        let scope = self.scope(query.kind)?;
        self.refuse_hidden(query, &scope)?;
        let snapshot = self.snapshot.clone();
        let found = run_search::run(&snapshot, query, scope.patient(), &mut |row| self.may_see(row))?;
        let mut matches = Vec::new();
        let mut numbers = Vec::new();
        for (number, row) in found.matches {
            let cut = self.cut_of(&row)?;
            numbers.push(number);
            matches.push((row, cut));
        }
        let mut included = Vec::new();
        for number in self.included(query, &numbers)? {
            let row = row(&self.snapshot, number)?;
            let cut = self.cut_of(&row)?;
            included.push((row, cut));
        }
        let kind = match (self.channel, query.kind) {
            (Channel::Screen, ResourceType::Patient) => TouchKind::Listed,
            _ => self.opened(),
        };
        let counted = matches.is_empty().then_some(found.total).flatten().is_some();
        let mut touched = Vec::new();
        let mut page = Page { matches: vec![], included: vec![], total: found.total, next: found.next };
        for (row, cut) in matches {
            self.touch(&row, kind, &mut touched)?;
            page.matches.push(stored(row, cut)?);
        }
        for (row, cut) in included {
            // A patient who comes along with an appointment is a name on a list.
            let kind = match (self.channel, row.kind) {
                (Channel::Screen, ResourceType::Patient) => TouchKind::Listed,
                _ => self.opened(),
            };
            self.touch(&row, kind, &mut touched)?;
            page.included.push(stored(row, cut)?);
        }
        if touched.is_empty() && counted {
            // A count tells something of whoever it counts by.
            if let Some(patient) = scope.patient() {
                touched.push(Touched::new(Some(patient.clone()), TouchKind::Listed, vec![]));
            }
        }
        Ok(self.covered(page, touched))
    }

    /// The patients that best fit what was typed: parts of a name, a birth date, a number.
    pub fn find_patients(&mut self, text: &str, most: usize) -> Result<Undisclosed<Vec<directory::Hit>>, RecordError> {
        let scope = self.scope(ResourceType::Patient)?;
        let mut hits = directory::find(&self.snapshot, text, most)?;
        hits.retain(|hit| scope.allows(Some(&hit.id), access::Sensitivity::NORMAL));
        let mut touched = Vec::new();
        for hit in &hits {
            let reference = ResourceRef::new(ResourceType::Patient.name(), &hit.id).ok();
            touched.push(Touched::new(Some(hit.id.clone()), TouchKind::Listed, reference.into_iter().collect()));
        }
        Ok(self.covered(hits, touched))
    }

    /// How many live resources of a type there are. Tells of nobody; for whoever may find the whole type.
    pub fn count(&self, kind: ResourceType) -> Result<u64, RecordError> {
        Ok(self.snapshot.get(&COUNTERS, &live_of(kind))?.unwrap_or(0))
    }

    /// What was handed out, for the chain, one slice per look; and what was refused.
    pub(super) fn into_touched(self) -> (Vec<Vec<Touched>>, Vec<Touched>) {
        (self.touched, self.refused)
    }

    const fn opened(&self) -> TouchKind {
        match self.channel {
            Channel::Screen => TouchKind::Opened,
            Channel::Api => TouchKind::SentOut,
        }
    }

    fn facts(&self) -> RecordFacts<'_> {
        RecordFacts { read: &self.snapshot, reach: self.reach }
    }

    pub(super) const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Notes for the chain that this patient's was asked for and refused.
    pub(super) fn refuse(&mut self, patient: &FhirId) {
        self.refused.push(Touched::new(Some(patient.clone()), TouchKind::Denied, vec![]));
    }

    /// The scope of one type, asked once a request.
    pub(super) fn scope(&mut self, kind: ResourceType) -> Result<Scope, RecordError> {
        if let Some(scope) = self.scopes.get(&kind) {
            return Ok(scope.clone());
        }
        let scope = match authorize_search(self.actor, kind, &self.facts(), self.now) {
            Ok(scope) => scope,
            Err(denied) => {
                self.refused.push(Touched::new(None, TouchKind::Denied, vec![]));
                return Err(denied.into());
            }
        };
        self.scopes.insert(kind, scope.clone());
        Ok(scope)
    }

    /// The row of a resource that the actor may see; absent and forbidden answer alike.
    fn authorized(&mut self, action: Action, kind: ResourceType, id: &FhirId) -> Result<(RowNumber, Row), RecordError> {
        let number = find(&self.snapshot, kind, id)?;
        let found = number.map(|number| row(&self.snapshot, number)).transpose()?;
        let known = found.filter(|row| row.state != State::Reserved);
        let (Some(number), Some(row)) = (number, known) else {
            let target = Target { id: Some(id.clone()), ..Target::of_type(kind) };
            let answer = authorize(self.actor, action, &target, &self.facts(), self.now);
            let reference = ResourceRef::new(kind.name(), id).ok().into_iter().collect();
            self.refused.push(Touched::new(None, TouchKind::Denied, reference));
            return Err(match answer {
                Err(Denied::NotVisible) | Ok(_) => RecordError::NotFound,
                Err(denied) => denied.into(),
            });
        };
        self.permit(action, &row)?;
        Ok((number, row))
    }

    /// Asks the policy for one row; answers with what to cut. For a row of several patients one yes is enough.
    fn permit(&mut self, action: Action, row: &Row) -> Result<&'static [&'static str], RecordError> {
        let patients = self.patients_of(row)?;
        let mut denied = Denied::NotVisible;
        for patient in targets(&patients) {
            let target = Target {
                kind: row.kind,
                id: Some(row.id.clone()),
                patient: patient.cloned(),
                sensitivity: row.sensitivity,
            };
            match authorize(self.actor, action, &target, &self.facts(), self.now) {
                Ok(grant) => return Ok(grant.cut_elements()),
                Err(error) => denied = error,
            }
        }
        let reference: Vec<ResourceRef> = ResourceRef::new(row.kind.name(), &row.id).ok().into_iter().collect();
        for patient in targets(&patients) {
            self.refused.push(Touched::new(patient.cloned(), TouchKind::Denied, reference.clone()));
        }
        Err(match denied {
            Denied::NotVisible => RecordError::NotFound,
            other => other.into(),
        })
    }

    pub(super) fn may_see(&mut self, row: &Row) -> Result<bool, RecordError> {
        let scope = match self.scope(row.kind) {
            Ok(scope) => scope,
            // A type that one may not search is, in a chain or an include, as if it were empty.
            Err(RecordError::Denied(Denied::NeverForRole | Denied::NotVisible)) => return Ok(false),
            Err(error) => return Err(error),
        };
        let patients = self.patients_of(row)?;
        Ok(targets(&patients).any(|patient| scope.allows(patient, row.sensitivity)))
    }

    pub(super) fn cut_of(&mut self, row: &Row) -> Result<&'static [&'static str], RecordError> {
        let scope = self.scope(row.kind)?;
        let patients = self.patients_of(row)?;
        let seen = targets(&patients).find(|patient| scope.allows(*patient, row.sensitivity));
        Ok(scope.cut_elements(seen.flatten(), row.sensitivity))
    }

    /// The ids of the patients whose compartments hold a row.
    fn patients_of(&mut self, row: &Row) -> Result<Vec<FhirId>, RecordError> {
        if row.kind == ResourceType::Patient {
            return Ok(vec![row.id.clone()]);
        }
        let mut patients = Vec::with_capacity(row.patients.len());
        for number in &row.patients {
            let name = match self.names.get(number) {
                Some(name) => name.clone(),
                None => {
                    let name = super::numbers::row(&self.snapshot, *number)?.id;
                    self.names.insert(*number, name.clone());
                    name
                }
            };
            patients.push(name);
        }
        Ok(patients)
    }

    fn touch(&mut self, row: &Row, kind: TouchKind, into: &mut Vec<Touched>) -> Result<(), RecordError> {
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

    fn hand_out(&mut self, row: Row, kind: TouchKind) -> Result<Undisclosed<Stored>, RecordError> {
        let cut = self.permit(Action::Read, &row)?;
        let mut touched = Vec::new();
        self.touch(&row, kind, &mut touched)?;
        let stored = stored(row, cut)?;
        Ok(self.covered(stored, touched))
    }

    fn hand_out_list(
        &mut self,
        rows: Vec<(Row, &'static [&'static str])>,
        kind: TouchKind,
    ) -> Result<Undisclosed<Vec<Stored>>, RecordError> {
        let mut touched = Vec::new();
        let mut out = Vec::with_capacity(rows.len());
        for (row, cut) in rows {
            self.touch(&row, kind, &mut touched)?;
            out.push(stored(row, cut)?);
        }
        Ok(self.covered(out, touched))
    }

    pub(super) fn covered<T>(&mut self, value: T, touched: Vec<Touched>) -> Undisclosed<T> {
        let undisclosed = Undisclosed::new(value, &touched);
        self.touched.push(touched);
        undisclosed
    }

    /// Filtering or sorting by what is cut would tell it.
    fn refuse_hidden(&mut self, query: &Query, scope: &Scope) -> Result<(), RecordError> {
        let sorts = query.sort.iter().filter_map(|sort| match &sort.by {
            SortKey::Param(param) => Some(param.code.as_str()),
            _ => None,
        });
        for code in query.filters.iter().flat_map(own_codes).chain(sorts) {
            if scope.hides_parameter(code) {
                return Err(RecordError::UnsupportedSearch(code.to_owned()));
            }
        }
        for (kind, codes) in query.filters.iter().flat_map(chained_codes) {
            let scope = self.scope(kind)?;
            if let Some(code) = codes.iter().find(|code| scope.hides_parameter(code)) {
                return Err(RecordError::UnsupportedSearch(code.clone()));
            }
        }
        Ok(())
    }

    /// Rows that `_include` and `_revinclude` add, each once, none that is a match.
    fn included(&mut self, query: &Query, matches: &[RowNumber]) -> Result<Vec<RowNumber>, RecordError> {
        let mut seen: std::collections::BTreeSet<RowNumber> = matches.iter().copied().collect();
        let mut out = Vec::new();
        let mut fresh = matches.to_vec();
        for round in 0..MOST_ROUNDS {
            let mut next = Vec::new();
            for include in query.includes.iter().filter(|include| round == 0 || include.repeat == Repeat::Iterate) {
                let snapshot = self.snapshot.clone();
                for number in run_search::include(&snapshot, include, &fresh)? {
                    let row = row(&snapshot, number)?;
                    let wanted = row.state == State::Live
                        && include.target.is_none_or(|t| include.way == IncludeWay::Reverse || t == row.kind);
                    if wanted && !seen.contains(&number) && self.may_see(&row)? {
                        seen.insert(number);
                        next.push(number);
                    }
                    if out.len() + next.len() > MOST_INCLUDED {
                        return Err(RecordError::TooWide);
                    }
                }
            }
            out.extend(&next);
            if next.is_empty() {
                break;
            }
            fresh = next;
        }
        Ok(out)
    }
}

/// How often `:iterate` goes on, and how many resources may come along.
const MOST_ROUNDS: usize = 5;
const MOST_INCLUDED: usize = 5_000;

/// Each patient, or nobody once.
fn targets(patients: &[FhirId]) -> impl Iterator<Item = Option<&FhirId>> {
    let nobody = patients.is_empty().then_some(None);
    patients.iter().map(Some).chain(nobody)
}

fn own_codes(filter: &Filter) -> Vec<&str> {
    match filter {
        Filter::Test { param, .. } | Filter::Missing { param, .. } | Filter::Chain { param, .. } => vec![&param.code],
        Filter::Any(any) => any.iter().flat_map(own_codes).collect(),
        Filter::Special(_) => vec!["_text"],
        _ => vec![],
    }
}

fn chained_codes(filter: &Filter) -> Vec<(ResourceType, Vec<String>)> {
    let inner = |kind: ResourceType, then: &Filter| {
        let mut all = chained_codes(then);
        all.push((kind, own_codes(then).into_iter().map(str::to_owned).collect()));
        all
    };
    match filter {
        Filter::Chain { target, then, .. } => inner(*target, then),
        Filter::Has { source, param, then } => {
            let mut all = inner(*source, then);
            all.push((*source, vec![param.code.clone()]));
            all
        }
        Filter::Any(any) => any.iter().flat_map(chained_codes).collect(),
        _ => vec![],
    }
}

pub(super) fn stored(row: Row, cut: &[&str]) -> Result<Stored, RecordError> {
    let json = if cut.is_empty() || row.json.is_empty() {
        row.json
    } else {
        let mut value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
        access::cut::cut(&mut value, cut);
        value.to_string().into()
    };
    Ok(Stored { kind: row.kind, id: row.id, version: row.version, updated: row.updated, json })
}
