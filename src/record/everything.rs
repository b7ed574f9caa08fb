//! `$everything`: a whole copy of a patient's record, a page at a time (patient-operation-everything.html).
//!
//! What stands in the patient's compartment is answered as matches, the patient first; what that refers to and is
//! nobody's (practitioners, places, medicines) comes along with the page that names it. What is another patient's never
//! does. Each page is one entry in the chain, and the policy is asked anew for each.

use std::collections::BTreeSet;
use std::ops::Bound;

use serde_json::Value;

use super::Page;
use super::about::written_about;
use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::following::{follows_newer, may_follow};
use super::in_record::{InRecord, in_record};
use super::layout::{COMPARTMENT, RESOURCE_IDS};
use super::numbers::{as_stored, find_named, row};
use super::prepared::references_of;
use super::reading::{Reading, stored};
use super::rows::{Row, RowNumber, State};
use super::search::PAGE;
use super::sight;
use crate::access::{Action, Cut, Denied, Target, authorize};
use crate::base::{FhirId, Timestamp};
use crate::fhir::search::{DateRange, care_range, is_in_compartments};
use crate::fhir::{Definitions, ResourceType};
use crate::store::{Desc, Direction, Key, KeyRange, KeyReader, ReadExt};

/// A whole copy as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EverythingAsked {
    /// Whose; `None` for everybody of whom the actor may take copies.
    pub patient: Option<FhirId>,
    /// Only these types, also of what comes along: with what the copy refers to, whether that is asked for or not.
    pub kinds: Option<Vec<ResourceType>>,
    /// Only what was stored or changed after this.
    pub since: Option<Timestamp>,
    /// Only care in this range of dates. What bears no date of care is in any.
    pub care: Option<DateRange>,
    /// How many matches make a page.
    pub count: Option<usize>,
    /// The opaque place where an earlier page ended.
    pub cursor: Option<String>,
}

impl EverythingAsked {
    /// What must be the same for a marker to mean the same place.
    fn identity(&self) -> String {
        format!("everything {:?} {:?} {:?} {:?}", self.patient, self.kinds, self.since, self.care)
    }

    fn wants(&self, kind: ResourceType) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    /// Whether anything of what is wanted may come along: then what nobody wants is followed, too. No patient comes along.
    fn wants_along(&self) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| *kind != ResourceType::Patient))
    }

    fn wants_row(&self, row: &Row) -> Result<bool, RecordError> {
        let Some(care) = self.care else { return Ok(true) };
        let value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
        Ok(care_range(row.kind, &value).is_none_or(|is| is.start <= care.end && care.start <= is.end))
    }
}

/// A row of the answer in its order: patient, type (the Patient itself first), clinical date descending, row.
type Place = (FhirId, u8, Desc<i64>, RowNumber);

/// The place of what comes along, among what comes along: its type and id.
type AlongPlace = (u8, FhirId);

/// What comes along; read again when it is handed out, so that never more than a page is held.
struct Along {
    place: AlongPlace,
    number: RowNumber,
    bytes: usize,
}

/// Where a page ended.
enum Mark {
    Row(Place),
    /// Within what comes along with this row.
    Along(Place, AlongPlace),
}

impl Mark {
    /// Before a place within what comes along; no id begins with it.
    const ALONG: u8 = 0xFF;

    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Row(place) => place.to_bytes(),
            Self::Along(place, last) => [&[Self::ALONG], last.to_bytes().as_slice(), &place.to_bytes()].concat(),
        }
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let Some(rest) = bytes.strip_prefix(&[Self::ALONG]) else {
            return Place::from_bytes(bytes).ok().map(Self::Row);
        };
        let mut reader = KeyReader::new(rest);
        let last = AlongPlace::read(&mut reader).ok()?;
        let place = Place::from_bytes(rest.get(last.to_bytes().len()..)?).ok()?;
        Some(Self::Along(place, last))
    }
}

fn bytes_of(along: &[Along]) -> usize {
    along.iter().map(|one| one.bytes).sum()
}

/// How many resources may come along with one page.
const MOST_INCLUDED: usize = 5_000;

/// A row of the copy.
struct Found {
    place: Place,
    /// The row itself; none where it is of a type that was not asked for, and is followed alone.
    handed: Option<(Row, Cut)>,
    /// What it refers to.
    leads: Vec<RowNumber>,
}

struct Gathered {
    /// How many more rows are handed out.
    hands: usize,
    /// How many more rows of types that were not asked for are followed on this page.
    passes: usize,
    /// How many more bytes of rows there may be.
    room: usize,
    found: Vec<Found>,
    /// The place of the last row that was looked at.
    last: Option<Place>,
    more: bool,
}

impl Gathered {
    /// Whether there is room for one more row of so many bytes.
    fn has_room(&self, is_handed: bool, bytes: usize) -> bool {
        let left = if is_handed { self.hands } else { self.passes };
        self.last.is_none() || (left > 0 && bytes <= self.room)
    }

    /// Puts back the second half: it comes with the next page.
    fn halve(&mut self) {
        self.found.truncate(self.found.len() / 2);
        self.last = self.found.last().map(|one| one.place.clone());
        self.more = true;
    }
}

impl Reading<'_> {
    /// One page of a whole copy. For more patients than those that one is, or stands in for, it needs the right to export.
    pub fn everything(&mut self, asked: &EverythingAsked) -> Result<Undisclosed<Page>, RecordError> {
        let after = match &asked.cursor {
            Some(marker) => {
                let bytes = self.paging.read(self.read, self.sight.actor, &asked.identity(), marker)?;
                match Mark::from_bytes(&bytes).ok_or(RecordError::BadCursor)? {
                    Mark::Row(place) => Some(place),
                    Mark::Along(place, last) => return self.rest_along(asked, place, &last),
                }
            }
            None => None,
        };
        let size = asked.count.unwrap_or(PAGE).clamp(1, self.limits.page);
        let mut gathered = Gathered {
            hands: size,
            passes: self.limits.page,
            room: self.limits.page_bytes,
            found: Vec::new(),
            last: None,
            more: false,
        };
        match &asked.patient {
            Some(patient) => {
                let (number, row) = self.authorized(Action::Everything, ResourceType::Patient, patient)?;
                if row.state == State::Deleted {
                    return Err(RecordError::Gone);
                }
                self.gather(patient, number, asked, after.as_ref(), &mut gathered)?;
            }
            None => self.gather_all(asked, after.as_ref(), &mut gathered)?,
        }
        // What comes along may be as much as a page, too: with fewer rows it is less.
        let mut along = self.along(&gathered.found, asked)?;
        while gathered.found.len() > 1 && bytes_of(&along) > self.limits.page_bytes {
            gathered.halve();
            along = self.along(&gathered.found, asked)?;
        }
        // What is more than a page has come with one row.
        let of = gathered.found.last().map(|one| one.place.clone());
        let next = match (self.cut_to_a_page(&mut along), of) {
            (Some(last), Some(of)) => Some(Mark::Along(of, last)),
            _ => gathered.last.filter(|_| gathered.more).map(Mark::Row),
        };
        let rows = gathered.found.into_iter().filter_map(|one| one.handed).collect();
        self.everything_page(rows, along, next, asked)
    }

    /// What came along with one row and had no room on its page.
    fn rest_along(
        &mut self,
        asked: &EverythingAsked,
        place: Place,
        last: &AlongPlace,
    ) -> Result<Undisclosed<Page>, RecordError> {
        let (patient, _, _, number) = &place;
        if asked.patient.is_none() && self.scope(ResourceType::Patient)?.patient().is_none() {
            self.must_export()?;
        }
        let (own, _) = self.authorized(Action::Everything, ResourceType::Patient, patient)?;
        let from = row(self.read, *number)?;
        let scope = self.scope(from.kind)?;
        let is_theirs = *number == own || from.patients.contains(&own);
        let mut along = Vec::new();
        if from.state == State::Live && is_theirs && scope.allows(Some(patient), from.sensitivity) {
            let cut = sight::cut(self.read, &scope, Some(patient), &from)?;
            let leads = self.leads(&from, &cut)?;
            along = self.along(&[Found { place: place.clone(), handed: Some((from, cut)), leads }], asked)?;
            along.retain(|one| one.place > *last);
        }
        let next = match self.cut_to_a_page(&mut along) {
            Some(last) => Mark::Along(place, last),
            None => Mark::Row(place),
        };
        self.everything_page(vec![], along, Some(next), asked)
    }

    /// Keeps what one page has room for; the last of it, where there is more.
    fn cut_to_a_page(&self, along: &mut Vec<Along>) -> Option<AlongPlace> {
        let mut bytes: usize = 0;
        let fits = |one: &&Along| {
            bytes = bytes.saturating_add(one.bytes);
            bytes <= self.limits.page_bytes
        };
        // One that is there goes in, however large.
        let fitting = along.iter().take_while(fits).count().max(1);
        if fitting >= along.len() {
            return None;
        }
        along.truncate(fitting);
        along.last().map(|one| one.place.clone())
    }

    fn everything_page(
        &mut self,
        rows: Vec<(Row, Cut)>,
        along: Vec<Along>,
        next: Option<Mark>,
        asked: &EverythingAsked,
    ) -> Result<Undisclosed<Page>, RecordError> {
        let next = match next {
            Some(mark) => self.paging.write(self.read, self.sight.actor, &asked.identity(), &mark.to_bytes())?,
            None => None,
        };
        let mut page = Page { matches: vec![], included: vec![], total: None, next };
        let mut touched = Vec::new();
        let kind = self.opened();
        for (row, cut) in rows {
            self.give(&row.json)?;
            self.touch(&row, kind, &mut touched)?;
            page.matches.push(stored(row, &cut)?);
        }
        for one in along {
            let row = row(self.read, one.number)?;
            self.give(&row.json)?;
            let cut = self.cut_of(&row)?;
            self.touch(&row, kind, &mut touched)?;
            page.included.push(stored(row, &cut)?);
        }
        Ok(self.covered(page, touched))
    }

    fn gather_all(
        &mut self,
        asked: &EverythingAsked,
        after: Option<&Place>,
        into: &mut Gathered,
    ) -> Result<(), RecordError> {
        let scope = self.scope(ResourceType::Patient)?;
        let head = (ResourceType::Patient.number(),);
        let range = match (scope.patient(), after) {
            (Some(own), _) => KeyRange::prefix(&(head.0, own.clone())),
            (None, Some((patient, ..))) => {
                self.must_export()?;
                KeyRange::prefix_from(&head, Bound::Included((head.0, patient.clone()).to_bytes()))
            }
            (None, None) => {
                self.must_export()?;
                KeyRange::prefix(&head)
            }
        };
        for found in self.read.scan(&RESOURCE_IDS, range, Direction::Up)? {
            let ((_, patient), number) = found?;
            self.go_on()?;
            let row = row(self.read, number)?;
            if row.state != State::Live {
                continue;
            }
            match self.allowed(Action::Everything, &row) {
                Ok(_) => {}
                Err(Denied::NotVisible) => continue,
                Err(denied) => return Err(denied.into()),
            }
            self.gather(&patient, number, asked, after, into)?;
            if into.more {
                break;
            }
        }
        Ok(())
    }

    /// Whether the actor may take the records of many at once.
    pub(super) fn must_export(&mut self) -> Result<(), RecordError> {
        let target = Target::of_type(ResourceType::Patient);
        authorize(self.sight.actor, Action::Export, &target, &self.facts(), self.sight.now)?;
        Ok(())
    }

    /// Whether it was changed since, was opened with what it is about, or came with what it follows: what tells of a result comes
    /// when that is let go.
    fn is_new(
        &self,
        asked: &EverythingAsked,
        (number, row): (RowNumber, &Row),
        lent: &BTreeSet<RowNumber>,
    ) -> Result<bool, RecordError> {
        let Some(since) = asked.since.filter(|since| row.updated <= *since) else { return Ok(true) };
        if lent.contains(&number) || !may_follow(row.kind) {
            return Ok(lent.contains(&number));
        }
        self.look_into(row)?;
        follows_newer(self.read, number, row, since, lent)
    }

    /// What the house wrote about something in a patient's record that was changed since, near or far.
    fn lent_since(&self, asked: &EverythingAsked, patient: RowNumber) -> Result<BTreeSet<RowNumber>, RecordError> {
        let mut found = BTreeSet::new();
        let Some(since) = asked.since else { return Ok(found) };
        let mut waiting = Vec::new();
        for entry in self.read.scan(&COMPARTMENT, KeyRange::prefix(&(patient,)), Direction::Up)? {
            let lead = entry?.0.3;
            self.go_on()?;
            let written = written_about(self.read, lead)?;
            if !written.is_empty() && as_stored(self.read, lead)?.updated > since {
                waiting.extend(written);
            }
        }
        while let Some(number) = waiting.pop() {
            self.go_on()?;
            if found.insert(number) {
                waiting.extend(written_about(self.read, number)?);
            }
        }
        Ok(found)
    }

    /// What is in one patient's compartment, behind `after`, until the page is full.
    fn gather(
        &mut self,
        patient: &FhirId,
        number: RowNumber,
        asked: &EverythingAsked,
        after: Option<&Place>,
        into: &mut Gathered,
    ) -> Result<(), RecordError> {
        let read = self.read;
        let after = after.filter(|place| place.0 == *patient);
        let lent = self.lent_since(asked, number)?;
        let follows = asked.wants_along();
        for (order, kind) in kinds().filter(|(_, kind)| follows || asked.wants(*kind)) {
            if after.is_some_and(|place| order < place.1) {
                continue;
            }
            let scope = match self.sight.scope(read, kind) {
                Ok(scope) => scope,
                Err(Denied::NeverForRole | Denied::NotVisible) => continue,
                Err(denied) => return Err(denied.into()),
            };
            let behind = after.filter(|place| place.1 == order).map(|place| (place.2, place.3));
            for found in in_record(read, (number, kind), behind, &|| self.go_on())? {
                let InRecord { date, number: at, tag } = found?;
                self.go_on()?;
                // The row may be in several compartments; here it is this patient's that counts. Of the patients
                // themselves only this one's own row is theirs.
                let hides = tag.is_some_and(|tag| !scope.allows(Some(patient), tag.sensitivity));
                if hides || (kind == ResourceType::Patient && at != number) {
                    continue;
                }
                let row = row(read, at)?;
                if !row.is_of(number) || !scope.allows(Some(patient), row.sensitivity) {
                    continue;
                }
                if asked.care.is_some() {
                    self.look_into(&row)?;
                }
                if !self.is_new(asked, (at, &row), &lent)? || !asked.wants_row(&row)? {
                    continue;
                }
                let is_handed = asked.wants(kind);
                if !into.has_room(is_handed, row.json.len()) {
                    into.more = true;
                    return Ok(());
                }
                into.room = into.room.saturating_sub(row.json.len());
                let place = (patient.clone(), order, date, at);
                into.last = Some(place.clone());
                let cut = sight::cut(read, &scope, Some(patient), &row)?;
                let leads = if follows { self.leads(&row, &cut)? } else { Vec::new() };
                if is_handed {
                    into.hands = into.hands.saturating_sub(1);
                    into.found.push(Found { place, handed: Some((row, cut)), leads });
                    continue;
                }
                into.passes = into.passes.saturating_sub(1);
                if !leads.is_empty() {
                    into.found.push(Found { place, handed: None, leads });
                }
            }
        }
        Ok(())
    }

    /// What a row of the copy refers to. What is cut of it is not followed, either.
    fn leads(&self, row: &Row, cut: &Cut) -> Result<Vec<RowNumber>, RecordError> {
        self.look_into(row)?;
        self.references(&stored(row.clone(), cut)?.json)
    }

    /// What the rows of a page refer to, and what that refers to, as far as it is about no patient. What was not asked for leads
    /// on to what was.
    fn along(&mut self, found: &[Found], asked: &EverythingAsked) -> Result<Vec<Along>, RecordError> {
        let mut seen: BTreeSet<RowNumber> = found.iter().map(|one| one.place.3).collect();
        let mut out: Vec<Along> = Vec::new();
        let mut waiting: Vec<RowNumber> = Vec::new();
        for one in found {
            waiting.extend(one.leads.iter().copied().filter(|number| seen.insert(*number)));
        }
        while let Some(number) = waiting.pop() {
            self.go_on()?;
            let row = row(self.read, number)?;
            let about_nobody = row.patients.is_empty() && row.kind != ResourceType::Patient;
            if row.state != State::Live || !about_nobody || !self.may_see(&row)? {
                continue;
            }
            self.look_into(&row)?;
            waiting.extend(self.references(&row.json)?.into_iter().filter(|number| seen.insert(*number)));
            if asked.wants(row.kind) && asked.since.is_none_or(|since| row.updated > since) {
                out.push(Along { place: (row.kind.number(), row.id), number, bytes: row.json.len() });
            }
            if out.len() > MOST_INCLUDED {
                return Err(RecordError::TooWide);
            }
        }
        out.sort_by(|a, b| a.place.cmp(&b.place));
        Ok(out)
    }

    fn references(&self, json: &[u8]) -> Result<Vec<RowNumber>, RecordError> {
        let value: Value = serde_json::from_slice(json).map_err(|_| RecordError::Damaged)?;
        let mut found = Vec::new();
        for reference in references_of(&value) {
            found.extend(find_named(self.read, &reference)?);
        }
        Ok(found)
    }
}

/// The types of a patient's compartment in the order of the answer. Left out are the access log, which is the box's own
/// and asked for as `AuditEvent`, and groups, which name their other members.
fn kinds() -> impl Iterator<Item = (u8, ResourceType)> {
    use ResourceType::{AuditEvent, Group, Patient};
    let r4 = Definitions::r4();
    let others = ResourceType::ALL.iter().copied().filter(|kind| !matches!(kind, AuditEvent | Group | Patient));
    let others = others.filter(|kind| is_in_compartments(r4, *kind));
    std::iter::once((0, Patient)).chain(others.map(|kind| (kind.number().saturating_add(1), kind)))
}
