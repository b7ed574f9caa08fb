//! Bulk export: what the record held at one moment, of one type, a chunk at a time.
//!
//! Nothing is written to disk for it: each chunk is read from the versions that the store keeps anyway, as they stood at the
//! moment that the export is of. A chunk is one entry in the chain, and the policy is asked anew for each: both about the
//! version that goes out and about the one that stands today. What was sealed, withdrawn or deleted since does not go out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::about::written_about;
use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::following::{followers, may_follow, past_as_it_stands};
use super::in_record::in_record;
use super::layout::{Currency, HISTORY, HistoryTag, VERSIONS};
use super::numbers::{as_stored, find, row};
use super::reading::{Reading, stored, targets};
use super::rows::{Row, RowNumber, State};
use super::sight;
use super::{Stored, prepared::local_reference};
use crate::access::{Action, Class, Cut, Denied, Scope};
use crate::base::{FhirId, Timestamp};
use crate::fhir::search::{Query, date_range, is_in_compartments, matches};
use crate::fhir::{Definitions, ResourceType};
use crate::store::{CodecError, Desc, Direction, Key, KeyRange, Read, ReadExt};

/// Whose records an export is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// All there is, what is about nobody included.
    Everybody,
    /// All patients: their compartments, and what those may refer to.
    Patients,
    /// These patients.
    These(Vec<FhirId>),
    /// The patients who are members of a group.
    Group(FhirId),
}

/// One type of an export.
#[derive(Debug, Clone)]
pub struct ExportOf {
    pub kind: ResourceType,
    pub whom: Whom,
    /// The moment that it is of.
    pub at: Timestamp,
    /// Only what was stored or changed after this.
    pub since: Option<Timestamp>,
    /// One of these has to find it; with none, everything is found. Only what a resource alone decides.
    pub filters: Vec<Query>,
    /// The same for all types and all pieces of one export.
    pub known: ExportKnown,
}

/// What is looked up once for an export. It says nothing of who may see any of it.
#[derive(Debug, Clone, Default)]
pub struct ExportKnown(Arc<OnceLock<Came>>);

/// What was not changed itself since, and came perhaps into a record or was opened since: what follows something that was changed,
/// or was written about it, near or far. It is looked for from what was changed, so that what stands still costs nothing.
#[derive(Debug, Default)]
struct Came {
    rows: BTreeSet<RowNumber>,
    /// The versions that stood at the moment of the export, of each type in the order of its history.
    places: BTreeMap<u8, Vec<VersionPlace>>,
}

impl ExportKnown {
    fn came(&self, read: &dyn Read, since: Timestamp, at: Timestamp) -> Result<&Came, RecordError> {
        if let Some(known) = self.0.get() {
            return Ok(known);
        }
        let found = Came::of(read, since, at)?;
        Ok(self.0.get_or_init(|| found))
    }
}

impl Came {
    fn of(read: &dyn Read, since: Timestamp, at: Timestamp) -> Result<Self, RecordError> {
        let mut changed = BTreeSet::new();
        for kind in ResourceType::ALL {
            let head = (kind.number(),);
            let start = Bound::Included((head.0, Desc(at.as_millisecond())).to_bytes());
            for found in read.scan(&HISTORY, KeyRange::prefix_from(&head, start), Direction::Up)? {
                let (_, time, number, _) = found?.0;
                if time.0 <= since.as_millisecond() {
                    break;
                }
                changed.insert(number);
            }
        }
        let mut came = Self::default();
        let mut waiting: Vec<RowNumber> = changed.into_iter().collect();
        while let Some(lead) = waiting.pop() {
            for number in written_about(read, lead)?.into_iter().chain(followers(read, lead)?) {
                if came.rows.insert(number) {
                    waiting.push(number);
                }
            }
        }
        for number in &came.rows {
            let stored = as_stored(read, *number)?;
            let then = if stored.updated <= at {
                Some(stored)
            } else {
                let before = read.scan(&VERSIONS, KeyRange::prefix(&(*number,)), Direction::Up)?;
                let mut before = before.filter(|found| found.as_ref().map_or(true, |(_, row)| row.updated <= at));
                before.next().transpose()?.map(|(_, row)| row)
            };
            let then = then.filter(|then| then.state != State::Reserved);
            if let Some(then) = then.filter(|then| then.updated.as_millisecond() <= since.as_millisecond()) {
                let place = (Desc(then.updated.as_millisecond()), *number, then.version);
                came.places.entry(then.kind.number()).or_default().push(place);
            }
        }
        for places in came.places.values_mut() {
            places.sort_unstable_by_key(|place| in_order(*place));
        }
        Ok(came)
    }
}

/// Where in an export a chunk ends: opaque bytes, the same as long as the export is of the same moment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ExportPlace(pub(super) Vec<u8>);

/// A file of an export: what lies behind `from`, up to and with `to`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ExportFile {
    pub from: Option<ExportPlace>,
    /// `None` for the last.
    pub to: Option<ExportPlace>,
    pub count: u64,
}

/// What one stretch of counting found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportCounted {
    /// Whole files.
    pub files: Vec<ExportFile>,
    /// How many there are behind the last whole file so far.
    pub open: u64,
    /// Where to go on; `None` when it was the last stretch.
    pub next: Option<ExportPlace>,
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportChunk {
    pub found: Vec<Stored>,
    /// Where the next one begins; `None` at the end of the file.
    pub next: Option<ExportPlace>,
}

/// How much one look goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportSize {
    /// Resources of one file; a file ends behind them, and where it is cut by patients behind the patient.
    pub file: u64,
    /// Index rows that one stretch of counting goes through.
    pub stretch: usize,
    /// Resources of a chunk.
    pub chunk: usize,
    /// Bytes of a chunk.
    pub bytes: usize,
}

impl Default for ExportSize {
    fn default() -> Self {
        Self { file: 50_000, stretch: 100_000, chunk: 1_000, bytes: 2 << 20 }
    }
}

/// What an export of patients has of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// What is in the compartments.
    Compartments,
    /// All of it: it is about nobody, and compartments may refer to it.
    Support,
    Nothing,
}

/// The types that an export can have. The access log is the box's own, and has an export of its own.
pub fn export_kinds(whom: &Whom) -> Vec<ResourceType> {
    let all = ResourceType::ALL.iter().copied().filter(|kind| *kind != ResourceType::AuditEvent);
    all.filter(|kind| *whom == Whom::Everybody || part(*kind, whom) != Part::Nothing).collect()
}

impl ExportOf {
    /// Whether of this type only what is in compartments is asked for.
    pub(super) fn only_compartments(&self) -> bool {
        self.whom != Whom::Everybody && part(self.kind, &self.whom) == Part::Compartments
    }
}

fn part(kind: ResourceType, whom: &Whom) -> Part {
    let in_compartments = is_in_compartments(Definitions::r4(), kind);
    match (in_compartments, Class::of(kind)) {
        (_, Class::Audit) => Part::Nothing,
        // A group names its other members.
        (_, Class::Register) if *whom != Whom::Patients => Part::Nothing,
        (_, Class::Facility | Class::Catalogue) => Part::Support,
        (true, _) => Part::Compartments,
        _ => Part::Nothing,
    }
}

impl ExportPlace {
    fn of_version(place: VersionPlace) -> Self {
        Self(place.to_bytes())
    }

    fn version(&self) -> Result<VersionPlace, RecordError> {
        VersionPlace::from_bytes(&self.0).map_err(wrong)
    }

    fn of_member(patient: &FhirId) -> Self {
        Self((patient.clone(),).to_bytes())
    }

    /// Within a member's record, behind this row.
    fn within_member(patient: &FhirId, number: RowNumber) -> Self {
        Self((patient.clone(), number).to_bytes())
    }

    fn member(&self) -> Result<(FhirId, Option<RowNumber>), RecordError> {
        match <(FhirId, RowNumber)>::from_bytes(&self.0) {
            Ok((patient, number)) => Ok((patient, Some(number))),
            Err(_) => <(FhirId,)>::from_bytes(&self.0).map(|(patient,)| (patient, None)).map_err(wrong),
        }
    }
}

fn wrong(_: CodecError) -> RecordError {
    RecordError::BadCursor
}

/// A row of a type's history: time descending, row, version.
type VersionPlace = (Desc<i64>, RowNumber, u32);

/// By time, the newest first, then by row and version: as the history stands.
const fn in_order((time, number, version): VersionPlace) -> (Reverse<i64>, RowNumber, u32) {
    (Reverse(time.0), number, version)
}

/// What a walk finds, one after the other.
struct Hit {
    place: ExportPlace,
    row: Row,
    cut: Cut,
    /// Whether a file may end behind it: only between patients, where it goes by patients.
    may_end: bool,
}

/// What to do with a hit, and what goes on counting rows that are none.
type Visit<'a> = dyn FnMut(Step) -> Result<ControlFlow<()>, RecordError> + 'a;

enum Step {
    Hit(Box<Hit>),
    /// Looked at, and not part of it.
    Passed(ExportPlace),
}

impl Reading<'_> {
    /// Counts what an export has of these types, of the first from `from` on, and cuts it into files: one stretch, with an
    /// answer for each type that it came to. Tells of nobody.
    pub fn export_count(
        &mut self,
        all: &[ExportOf],
        from: Option<&ExportPlace>,
        open: u64,
        size: ExportSize,
    ) -> Result<Undisclosed<Vec<ExportCounted>>, RecordError> {
        self.must_export()?;
        let mut answers = Vec::new();
        let mut looked = 0;
        let mut begin = (from, open);
        for of in all {
            let mut counted = ExportCounted { open: begin.1, ..ExportCounted::default() };
            self.walk(of, begin.0, &mut |step| {
                looked += 1;
                let (place, may_end) = match step {
                    Step::Passed(place) => (place, true),
                    Step::Hit(hit) => {
                        counted.open += 1;
                        (hit.place, hit.may_end)
                    }
                };
                if may_end && counted.open >= size.file {
                    // Where it begins is put in by who keeps the files before it.
                    counted.files.push(ExportFile { from: None, to: Some(place.clone()), count: counted.open });
                    counted.open = 0;
                }
                if may_end && looked >= size.stretch {
                    counted.next = Some(place);
                    return Ok(ControlFlow::Break(()));
                }
                Ok(ControlFlow::Continue(()))
            })?;
            begin = (None, 0);
            answers.push(counted);
            if looked >= size.stretch {
                break;
            }
        }
        Ok(self.covered(answers, Vec::new()))
    }

    /// The next piece of a file, from `from` on.
    pub fn export_chunk(
        &mut self,
        of: &ExportOf,
        from: Option<&ExportPlace>,
        to: Option<&ExportPlace>,
        size: ExportSize,
    ) -> Result<Undisclosed<ExportChunk>, RecordError> {
        self.must_export()?;
        let (mut found, mut bytes, mut next, mut looked) = (Vec::new(), 0, None, 0);
        if from.is_none() || from != to {
            self.walk(of, from, &mut |step| {
                looked += 1;
                let place = match step {
                    Step::Passed(place) => place,
                    Step::Hit(hit) => {
                        bytes += hit.row.json.len();
                        found.push((hit.row, hit.cut));
                        hit.place
                    }
                };
                if to == Some(&place) {
                    return Ok(ControlFlow::Break(()));
                }
                if found.len() >= size.chunk || bytes >= size.bytes || looked >= size.stretch {
                    next = Some(place);
                    return Ok(ControlFlow::Break(()));
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        let kind = self.opened();
        let mut touched = Vec::new();
        let mut chunk = ExportChunk { found: Vec::with_capacity(found.len()), next };
        for (row, cut) in found {
            self.touch(&row, kind, &mut touched)?;
            chunk.found.push(stored(row, &cut)?);
        }
        Ok(self.covered(chunk, touched))
    }

    fn walk(&mut self, of: &ExportOf, from: Option<&ExportPlace>, visit: &mut Visit<'_>) -> Result<(), RecordError> {
        let scope = match self.sight.scope(self.read, of.kind) {
            Ok(scope) => scope,
            // A type that one may not search is as if it were empty.
            Err(Denied::NeverForRole | Denied::NotVisible) => return Ok(()),
            Err(denied) => return Err(denied.into()),
        };
        for query in &of.filters {
            self.sight.refuse_hidden(self.read, query)?;
        }
        match (&of.whom, part(of.kind, &of.whom)) {
            (Whom::Everybody, _) => self.walk_versions(of, &scope, from, visit),
            (_, Part::Nothing) => Ok(()),
            (Whom::Patients, _) | (_, Part::Support) => self.walk_versions(of, &scope, from, visit),
            (Whom::These(patients), Part::Compartments) => {
                let members = self.members(patients.iter().cloned())?;
                self.walk_members(of, &scope, &members, from, visit)
            }
            (Whom::Group(group), Part::Compartments) => {
                let members = self.members_of(group, of.at)?;
                self.walk_members(of, &scope, &members, from, visit)
            }
        }
    }

    /// By the history of a type, backwards from the moment that the export is of. Behind that is what came since without a change
    /// of its own.
    fn walk_versions(
        &mut self,
        of: &ExportOf,
        scope: &Scope,
        from: Option<&ExportPlace>,
        visit: &mut Visit<'_>,
    ) -> Result<(), RecordError> {
        let head = (of.kind.number(),);
        let start = match from {
            Some(place) => {
                let (time, number, version) = place.version()?;
                Bound::Excluded((head.0, time, number, version).to_bytes())
            }
            None => Bound::Included((head.0, Desc(of.at.as_millisecond())).to_bytes()),
        };
        let read = self.read;
        for found in read.scan(&HISTORY, KeyRange::prefix_from(&head, start), Direction::Up)? {
            let ((_, time, number, version), tag) = found?;
            if of.since.is_some_and(|since| time.0 <= since.as_millisecond()) {
                break;
            }
            if visit(self.step(of, scope, (time, number, version), &tag)?)?.is_break() {
                return Ok(());
            }
        }
        let Some(since) = of.since else { return Ok(()) };
        let behind = from.map(ExportPlace::version).transpose()?.map(in_order);
        let came = of.known.came(read, since, of.at)?;
        for place in came.places.get(&head.0).into_iter().flatten() {
            if behind.as_ref().is_some_and(|behind| in_order(*place) <= *behind) {
                continue;
            }
            let (time, number, version) = *place;
            let Some(tag) = read.get(&HISTORY, &(head.0, time, number, version))? else { continue };
            if visit(self.step(of, scope, *place, &tag)?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn step(&mut self, of: &ExportOf, scope: &Scope, at: VersionPlace, tag: &HistoryTag) -> Result<Step, RecordError> {
        let (_, number, version) = at;
        let place = ExportPlace::of_version(at);
        Ok(match self.version_of(of, scope, number, version, tag)? {
            Some((row, cut)) => Step::Hit(Box::new(Hit { place, row, cut, may_end: true })),
            None => Step::Passed(place),
        })
    }

    /// The version at a place of the history, if it is the one of that moment, is wanted and may be seen.
    fn version_of(
        &mut self,
        of: &ExportOf,
        scope: &Scope,
        number: RowNumber,
        version: u32,
        tag: &HistoryTag,
    ) -> Result<Option<(Row, Cut)>, RecordError> {
        let only_inside = of.whom != Whom::Everybody && part(of.kind, &of.whom) == Part::Compartments;
        let is_outside =
            |patients: &[RowNumber]| only_inside && of.kind != ResourceType::Patient && patients.is_empty();
        // What follows another may come into its record, and is not settled.
        if is_outside(&tag.tag.patients) && !may_follow(of.kind) {
            return Ok(None);
        }
        let current = row(self.read, number)?;
        if is_outside(&tag.tag.patients) && is_outside(&current.patients) {
            return Ok(None);
        }
        let then = match tag.current {
            Currency::Current => current.clone(),
            Currency::Past => match self.as_of(&current, number, of.at)? {
                Some(then) if then.version == version => then,
                _ => return Ok(None),
            },
        };
        self.wanted(of, scope, (number, then), &current)
    }

    /// What stood at a moment; `None` where nothing did, or what did is deleted by now.
    fn as_of(&self, current: &Row, number: RowNumber, at: Timestamp) -> Result<Option<Row>, RecordError> {
        if current.state != State::Live {
            return Ok(None);
        }
        if current.updated <= at {
            return Ok(Some(current.clone()));
        }
        for found in self.read.scan(&VERSIONS, KeyRange::prefix(&(number,)), Direction::Up)? {
            let (_, version) = found?;
            if version.updated <= at {
                return Ok(Some(version).filter(|version| version.state == State::Live));
            }
        }
        Ok(None)
    }

    /// The version that stood then, if it is asked for, and may be seen as it was and as it is.
    fn wanted(
        &mut self,
        of: &ExportOf,
        scope: &Scope,
        (number, then): (RowNumber, Row),
        current: &Row,
    ) -> Result<Option<(Row, Cut)>, RecordError> {
        if current.state != State::Live {
            return Ok(None);
        }
        // What follows another came into a record with it, and was opened with what it is about, though it was not changed itself.
        if let Some(since) = of.since.filter(|since| then.updated <= *since)
            && !of.known.came(self.read, since, of.at)?.rows.contains(&number)
        {
            return Ok(None);
        }
        if !self.may_see(current)? {
            return Ok(None);
        }
        if then.version != current.version
            && let Some(stands) = past_as_it_stands(self.read, number, &then, &mut self.lenders)?
            && !self.may_see(&stands)?
        {
            return Ok(None);
        }
        let patients = self.sight.patients_of(self.read, &then)?;
        let Some(seen) = targets(&patients).find(|patient| scope.allows(*patient, then.sensitivity)) else {
            return Ok(None);
        };
        let cut = sight::cut(self.read, scope, seen, &then)?;
        if !of.filters.is_empty() {
            let r4 = Definitions::r4();
            let value: Value = serde_json::from_slice(&then.json).map_err(|_| RecordError::Damaged)?;
            let finds = |query: &Query| query.filters.iter().all(|filter| matches(r4, of.kind, &value, filter));
            if !of.filters.iter().any(finds) {
                return Ok(None);
            }
        }
        Ok(Some((then, cut)))
    }

    /// By the compartments of these patients, a patient at a time, and of each by the numbers of the rows, which stay what they are
    /// while it goes on. One row is in memory at a time.
    fn walk_members(
        &mut self,
        of: &ExportOf,
        scope: &Scope,
        members: &BTreeMap<FhirId, RowNumber>,
        from: Option<&ExportPlace>,
        visit: &mut Visit<'_>,
    ) -> Result<(), RecordError> {
        let (start, mut behind) = match from.map(ExportPlace::member).transpose()? {
            None => (Bound::Unbounded, None),
            Some((patient, None)) => (Bound::Excluded(patient), None),
            Some((patient, Some(number))) => (Bound::Included(patient.clone()), Some((patient, number))),
        };
        let before = |number: &RowNumber, patient: &FhirId| {
            members.iter().take_while(|(id, _)| *id < patient).any(|(_, one)| one == number)
        };
        for (patient, number) in members.range((start, Bound::Unbounded)) {
            let behind = behind.take().filter(|(of, _)| of == patient).map(|(_, number)| number);
            let rows = in_record(self.read, (*number, of.kind), None, &|| Ok(()))?;
            let mut rows = rows.map(|found| found.map(|one| one.number)).collect::<Result<Vec<_>, _>>()?;
            rows.retain(|number| behind.is_none_or(|behind| *number > behind));
            rows.sort_unstable();
            // The last of them ends the patient.
            let mut last: Option<Hit> = None;
            for at in rows {
                // The patient's own row is theirs, and nobody else's is; what is of several members goes with the first.
                if (of.kind == ResourceType::Patient) != (at == *number) {
                    continue;
                }
                let current = row(self.read, at)?;
                if !current.is_of(*number) {
                    continue;
                }
                if current.patients.len() > 1 && current.patients.iter().any(|number| before(number, patient)) {
                    continue;
                }
                let Some(then) = self.as_of(&current, at, of.at)? else { continue };
                let Some((row, cut)) = self.wanted(of, scope, (at, then), &current)? else { continue };
                let hit = Hit { place: ExportPlace::within_member(patient, at), row, cut, may_end: false };
                if let Some(hit) = last.replace(hit)
                    && visit(Step::Hit(Box::new(hit)))?.is_break()
                {
                    return Ok(());
                }
            }
            let place = ExportPlace::of_member(patient);
            let step = match last {
                Some(hit) => Step::Hit(Box::new(Hit { place, may_end: true, ..hit })),
                None => Step::Passed(place),
            };
            if visit(step)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn members(&mut self, patients: impl Iterator<Item = FhirId>) -> Result<BTreeMap<FhirId, RowNumber>, RecordError> {
        let mut members = BTreeMap::new();
        for patient in patients {
            if let Some(number) = find(self.read, ResourceType::Patient, &patient)? {
                members.insert(patient, number);
            }
        }
        Ok(members)
    }

    /// The members that a group had at a moment, as long as the group may still be seen.
    fn members_of(&mut self, group: &FhirId, at: Timestamp) -> Result<BTreeMap<FhirId, RowNumber>, RecordError> {
        let (number, current) = self.authorized(Action::Read, ResourceType::Group, group)?;
        let then = self.as_of(&current, number, at)?.ok_or(RecordError::Gone)?;
        self.permit(Action::Read, &then)?;
        let value: Value = serde_json::from_slice(&then.json).map_err(|_| RecordError::Damaged)?;
        let all = value.get("member").and_then(Value::as_array);
        let patients = all.into_iter().flatten().filter(|member| is_member(member, at));
        let patients = patients.filter_map(|member| local_reference(member.pointer("/entity/reference")?.as_str()?));
        let patients = patients.filter(|reference| reference.type_name() == ResourceType::Patient.name());
        self.members(patients.map(|reference| reference.id()))
    }

    /// Those in whose compartments a type is looked for, where it is not all of it.
    pub(super) fn members_among(&mut self, of: &ExportOf) -> Result<Option<BTreeMap<FhirId, RowNumber>>, RecordError> {
        match &of.whom {
            _ if !of.only_compartments() => Ok(None),
            Whom::Everybody | Whom::Patients => Ok(None),
            Whom::These(patients) => self.members(patients.iter().cloned()).map(Some),
            Whom::Group(group) => self.members_of(group, of.at).map(Some),
        }
    }

    /// Whether the actor may export at all.
    pub fn export_may(&mut self) -> Result<(), RecordError> {
        self.must_export()
    }

    /// Whether a patient may be named for an export, or a group: refused like an absent one, if not.
    pub fn export_may_name(&mut self, kind: ResourceType, id: &FhirId) -> Result<Undisclosed<()>, RecordError> {
        self.must_export()?;
        let (_, row) = self.authorized(Action::Read, kind, id)?;
        if row.state == State::Deleted {
            return Err(RecordError::Gone);
        }
        Ok(self.covered((), Vec::new()))
    }
}

fn is_member(member: &Value, at: Timestamp) -> bool {
    if member.get("inactive") == Some(&Value::Bool(true)) {
        return false;
    }
    let at = at.as_millisecond();
    member.get("period").and_then(date_range).is_none_or(|range| range.start <= at && at <= range.end)
}
