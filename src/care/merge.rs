//! Two records of one person become one, and two again if that was wrong.
//!
//! The one that goes on is *kept*; the other is *joined* to it: `Patient.link` says so on both (`replaces`, `replaced-by`), the
//! joined Patient is not active any more, and what only it said of who somebody is stands with the kept one ([`together`]). Whatever refers to the joined
//! Patient is pointed to the kept one, so that chart, searches, exports and rules see one person. What was pointed over is
//! written down, element by element, so that undoing points back just that; a resource that nobody changed since is put back
//! as it was.
//!
//! The health administrator decides it without reading anything clinical: the box itself moves the references, and the
//! entry of who decided stands beside the entry of what was moved.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::together;
use super::workflow::{Checked, Doing, Done, Refused, carry_out, told};
use crate::access::Actor;
use crate::audit::{Action, Detail, Event, Purpose, TouchKind, Touched};
use crate::base::{AccountId, FhirId, ResourceRef, Timestamp};
use crate::care::forms::{Once, drafts_moved};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Channel, Condition, RecordError, Records, Why, local_reference, stays};
use crate::store::{Direction, KeyRange, ReadExt, Record, StoreError, Table, tables};

const MERGES: Table<(FhirId,), Merge> = Table::new(tables::MERGES);
/// Of a merge: the place in its list → what was pointed over.
const MOVED: Table<(FhirId, u32), Moved> = Table::new(tables::MERGE_MOVED);

/// The most resources that one merge moves.
pub const MOST: usize = 20_000;

/// A merge as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    pub id: FhirId,
    pub kept: FhirId,
    pub joined: FhirId,
    /// The versions of both before.
    kept_before: u32,
    joined_before: u32,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub made: Timestamp,
    /// The health administrator.
    pub by: AccountId,
    pub reason: String,
    /// How many resources were pointed over.
    pub moved: u32,
    /// The accounts of the joined one, which follow it.
    pub accounts: Vec<AccountId>,
    pub state: MergeState,
}
impl Record for Merge {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum MergeState {
    Stands,
    Undone(#[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")] Timestamp),
}

/// One resource that was pointed over: where in it, and the version before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    what: ResourceRef,
    before: u32,
    /// JSON pointers of the references.
    places: Vec<String>,
}
impl Record for Moved {}

/// Why nothing was merged or undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    #[error("these are not two records that can be joined: one is the other, or was joined before")]
    NotTwo,
    #[error("somebody changed one of the two meanwhile")]
    Changed,
    #[error("this is not joined any more")]
    NotJoined,
    #[error("the kept record was joined to another one since; undo that first")]
    LaterFirst,
    #[error("this would change too many resources at once")]
    TooMany,
}

/// Who decides it, and why.
pub struct Decided<'a> {
    pub records: &'a Records,
    pub by: &'a Actor,
    /// Nothing clinical.
    pub reason: String,
    pub once: Option<Once>,
}

/// Two Patients, each with the version that was looked at.
#[derive(Debug, Clone)]
pub struct Two {
    pub keep: (FhirId, u32),
    pub other: (FhirId, u32),
    /// The accounts of the other.
    pub accounts: Vec<AccountId>,
}

impl<'a> Decided<'a> {
    fn doing(&self, actor: &'a Actor, once: Option<Once>) -> Doing<'a> {
        let why =
            Why { action: Action::Merge, purpose: Purpose::HOperat, detail: Detail::none(), channel: Channel::Screen };
        Doing { records: self.records, actor, why, once }
    }

    /// The entry of who decided, about both.
    fn event(&self, kept: &FhirId, joined: &FhirId, note: &str) -> Event {
        let detail = Detail { note: Some(note.to_owned()), ..Detail::reason(self.reason.as_str()) };
        let mut event = Event::new(self.by.to_ref(), Action::Merge, Purpose::HOperat)
            .session(self.by.session())
            .origin(self.by.origin())
            .detail(detail);
        for patient in [kept, joined] {
            let reference = ResourceRef::new("Patient", patient).ok();
            let touched = Touched::new(Some(patient.clone()), TouchKind::Changed, reference.into_iter().collect());
            event.touch(&[touched]);
        }
        event
    }
}

fn house() -> Actor {
    Actor::system("merge")
}

fn looks() -> Why {
    Why { action: Action::Read, purpose: Purpose::HOperat, detail: Detail::none(), channel: Channel::Screen }
}

fn reference(patient: &FhirId) -> String {
    format!("Patient/{patient}")
}

fn linked(patient: &mut Value, other: &FhirId, kind: &str) {
    let link = json!({"other": {"reference": reference(other)}, "type": kind});
    push(patient, "link", link);
}

fn push(value: &mut Value, name: &str, one: Value) {
    if let Some(members) = value.as_object_mut()
        && let Value::Array(all) = members.entry(name).or_insert_with(|| json!([]))
    {
        all.push(one);
    }
}

/// The kept Patient, with what only the other said.
fn kept(patient: Value, joined: &Value, id: &FhirId) -> Value {
    let mut patient = unlinked(together::taken_over(patient, joined), id);
    linked(&mut patient, id, "replaces");
    patient
}

fn joined(patient: Value, to: &FhirId) -> Value {
    let mut patient = unlinked(patient, to);
    linked(&mut patient, to, "replaced-by");
    if let Some(members) = patient.as_object_mut() {
        members.insert("active".to_owned(), json!(false));
    }
    patient
}

/// Whether a reference is to this resource, whichever version it names.
fn is_to(reference: &Value, wanted: &str) -> bool {
    reference.as_str().and_then(local_reference).is_some_and(|one| one.as_str() == wanted)
}

/// The places of a resource that are this reference, as JSON pointers.
fn places(value: &Value, wanted: &str) -> Vec<String> {
    fn walk(value: &Value, wanted: &str, at: &mut String, into: &mut Vec<String>) {
        let length = at.len();
        match value {
            Value::Object(members) => {
                for (name, inner) in members {
                    at.push('/');
                    at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    if name == "reference" && is_to(inner, wanted) {
                        into.push(at.clone());
                    }
                    walk(inner, wanted, at, into);
                    at.truncate(length);
                }
            }
            Value::Array(items) => {
                for (place, inner) in items.iter().enumerate() {
                    at.push_str(&format!("/{place}"));
                    walk(inner, wanted, at, into);
                    at.truncate(length);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(value, wanted, &mut String::new(), &mut found);
    found
}

/// Puts `to` wherever `from` stands at these places.
fn pointed(mut value: Value, places: &[String], from: &str, to: &str) -> Value {
    for place in places {
        if let Some(at) = value.pointer_mut(place).filter(|at| is_to(at, from)) {
            *at = json!(to);
        }
    }
    value
}

/// One resource as it stands.
struct Seen {
    what: ResourceRef,
    kind: ResourceType,
    version: u32,
    value: Value,
}

async fn read(records: &Records, all: &[(ResourceType, FhirId)]) -> Result<Vec<Seen>, RecordError> {
    let mut seen = Vec::with_capacity(all.len());
    // In pieces: the entry of each names what it opened.
    for some in all.chunks(500) {
        let actor = house();
        let found = records.disclose(&actor, looks(), |reading| {
            let mut each = reading.nothing();
            for (kind, id) in some {
                each = each.zip(reading.read(*kind, id)?).map(|(mut all, one)| {
                    all.push(one);
                    all
                });
            }
            Ok(each)
        });
        for ((kind, id), stored) in some.iter().zip(found.await?.into_inner()) {
            let what = ResourceRef::new(kind.name(), id).map_err(|_| RecordError::Damaged)?;
            let value = serde_json::from_slice(&stored.json).map_err(|_| RecordError::Damaged)?;
            seen.push(Seen { what, kind: *kind, version: stored.version, value });
        }
    }
    Ok(seen)
}

async fn one(records: &Records, id: &FhirId) -> Result<Seen, RecordError> {
    read(records, &[(ResourceType::Patient, id.clone())]).await?.pop().ok_or(RecordError::NotFound)
}

/// What a merge of these two would point over: how many resources.
pub fn size(records: &Records, joined: &FhirId) -> Result<usize, RecordError> {
    let all = records.referring(ResourceType::Patient, joined)?;
    Ok(all.iter().filter(|(kind, _)| !stays(*kind)).count())
}

/// Joins `other` to `keep`.
pub async fn merge(decided: Decided<'_>, two: Two) -> Result<Done<FhirId>, Refused<MergeError>> {
    let Two { keep, other, accounts } = two;
    let records = decided.records;
    let (first, second) = (one(records, &keep.0).await?, one(records, &other.0).await?);
    if keep.0 == other.0 || records.goes_on_as(&keep.0)?.is_some() || records.goes_on_as(&other.0)?.is_some() {
        return Err(Refused::Told(MergeError::NotTwo));
    }
    if first.version != keep.1 || second.version != other.1 {
        return Err(Refused::Told(MergeError::Changed));
    }
    let mut refers = records.referring(ResourceType::Patient, &other.0)?;
    refers.retain(|(kind, id)| {
        !stays(*kind)
            && (*kind, id) != (ResourceType::Patient, &keep.0)
            && (*kind, id) != (ResourceType::Patient, &other.0)
    });
    if refers.len() > MOST {
        return Err(Refused::Told(MergeError::TooMany));
    }
    let (from, to) = (reference(&other.0), reference(&keep.0));
    let (mut changes, mut moved) = (Vec::new(), Vec::new());
    let put = |kind, id, version, value| Change::put(kind, id, value, Condition::Version(version), Mode::Lenient);
    for seen in read(records, &refers).await? {
        let places = places(&seen.value, &from);
        if places.is_empty() {
            continue;
        }
        let value = pointed(seen.value, &places, &from, &to);
        changes.push(put(seen.kind, seen.what.id(), seen.version, value)?);
        moved.push(Moved { what: seen.what, before: seen.version, places });
    }
    let both = kept(first.value, &second.value, &other.0);
    changes.push(put(ResourceType::Patient, keep.0.clone(), first.version, both)?);
    let gone = joined(second.value, &keep.0);
    changes.push(put(ResourceType::Patient, other.0.clone(), second.version, gone)?);

    let id = FhirId::new(records.audit().ambient());
    let row = Merge {
        id: id.clone(),
        kept: keep.0.clone(),
        joined: other.0.clone(),
        kept_before: first.version,
        joined_before: second.version,
        made: records.audit().ambient().now(),
        by: decided.by.account().ok_or(RecordError::NotFound)?,
        reason: decided.reason.clone(),
        moved: u32::try_from(moved.len()).unwrap_or(u32::MAX),
        accounts,
        state: MergeState::Stands,
    };
    let event = decided.event(&keep.0, &other.0, "joined");
    let (actor, once) = (house(), decided.once.clone());
    carry_out(decided.doing(&actor, once), changes, move |inside| {
        // What came to refer to it since would be left behind.
        let now = inside.referring(ResourceType::Patient, &row.joined)?;
        let known = |kind: &ResourceType, id: &FhirId| refers.iter().any(|(a, b)| a == kind && b == id);
        let patients = [&row.kept, &row.joined];
        let all = now.iter().all(|(kind, id)| {
            stays(*kind) || known(kind, id) || (*kind == ResourceType::Patient && patients.contains(&id))
        });
        if !all {
            return told(MergeError::Changed);
        }
        inside.append(event)?;
        // Whoever is in the middle of a form goes on with it in the kept record.
        drafts_moved(inside.rows(), (&row.joined, &row.kept), |_| true)?;
        for (place, one) in moved.into_iter().enumerate() {
            inside.rows().put(&MOVED, &(row.id.clone(), u32::try_from(place).unwrap_or(u32::MAX)), &one)?;
        }
        inside.rows().put(&MERGES, &(row.id.clone(),), &row)?;
        Ok(id)
    })
    .await
}

/// Makes two of one again.
pub async fn undo(decided: Decided<'_>, id: FhirId) -> Result<Done<()>, Refused<MergeError>> {
    let records = decided.records;
    let snapshot = records.audit().read()?;
    let Some(row) = snapshot.get(&MERGES, &(id.clone(),))?.filter(|row| row.state == MergeState::Stands) else {
        return Err(Refused::Told(MergeError::NotJoined));
    };
    let moved: Vec<Moved> = snapshot
        .scan(&MOVED, KeyRange::prefix(&(id.clone(),)), Direction::Up)?
        .map(|row| row.map(|(_, one)| one))
        .collect::<Result<_, StoreError>>()?;
    drop(snapshot);
    let first = one(records, &row.kept).await?;
    if records.goes_on_as(&row.kept)?.is_some() {
        return Err(Refused::Told(MergeError::LaterFirst));
    }
    let second = one(records, &row.joined).await?;
    let (from, to) = (reference(&row.joined), reference(&row.kept));
    let put = |kind, id, version, value| Change::put(kind, id, value, Condition::Version(version), Mode::Lenient);
    let back: Vec<FhirId> = moved.iter().map(|one| one.what.id()).collect();
    let mut changes = Vec::new();
    for one in moved {
        let kind = ResourceType::parse(one.what.type_name()).ok_or(RecordError::Damaged)?;
        let seen = match read(records, &[(kind, one.what.id())]).await {
            Ok(mut seen) => seen.pop().ok_or(RecordError::Damaged)?,
            // It was deleted since.
            Err(RecordError::Gone) => continue,
            Err(error) => return Err(error.into()),
        };
        let value = match seen.version == one.before + 1 {
            true => before(records, kind, &one.what.id(), one.before).await?,
            false => pointed(seen.value, &one.places, &to, &from),
        };
        changes.push(put(kind, one.what.id(), seen.version, value)?);
    }
    let value = match first.version == row.kept_before + 1 {
        true => before(records, ResourceType::Patient, &row.kept, row.kept_before).await?,
        false => {
            let was = before(records, ResourceType::Patient, &row.kept, row.kept_before).await?;
            let then = before(records, ResourceType::Patient, &row.kept, row.kept_before + 1).await?;
            together::taken_back(first.value, &was, &then)
        }
    };
    changes.push(put(ResourceType::Patient, row.kept.clone(), first.version, value)?);
    let value = match second.version == row.joined_before + 1 {
        true => before(records, ResourceType::Patient, &row.joined, row.joined_before).await?,
        false => unjoined(second.value, &row.kept),
    };
    changes.push(put(ResourceType::Patient, row.joined.clone(), second.version, value)?);
    let event = decided.event(&row.kept, &row.joined, "parted again");
    let (actor, once) = (house(), decided.once.clone());
    carry_out(decided.doing(&actor, once), changes, move |inside| -> Checked<(), MergeError> {
        let now = inside.now();
        let rows = inside.rows();
        let Some(mut row) = rows.get(&MERGES, &(id.clone(),))?.filter(|row| row.state == MergeState::Stands) else {
            return told(MergeError::NotJoined);
        };
        row.state = MergeState::Undone(now);
        rows.put(&MERGES, &(id,), &row)?;
        let goes_back = |at: &str| at.split(['/', '?', '&']).any(|part| back.iter().any(|id| id.as_str() == part));
        drafts_moved(rows, (&row.kept, &row.joined), goes_back)?;
        inside.append(event)?;
        Ok(())
    })
    .await
}

/// A version of before, as a resource to be stored again.
async fn before(records: &Records, kind: ResourceType, id: &FhirId, version: u32) -> Result<Value, RecordError> {
    let found = records.disclose(&house(), looks(), |reading| reading.version(kind, id, version)).await?;
    serde_json::from_slice(&found.json).map_err(|_| RecordError::Damaged)
}

/// Without what a link said of these two before.
fn unlinked(mut patient: Value, other: &FhirId) -> Value {
    take(&mut patient, "link", |link| {
        link.pointer("/other/reference").and_then(Value::as_str) != Some(&reference(other))
    });
    patient
}

fn unjoined(patient: Value, kept: &FhirId) -> Value {
    let mut patient = unlinked(patient, kept);
    if let Some(members) = patient.as_object_mut() {
        members.insert("active".to_owned(), json!(true));
    }
    patient
}

fn take(value: &mut Value, name: &str, keep: impl Fn(&Value) -> bool) {
    let Some(members) = value.as_object_mut() else { return };
    if let Some(Value::Array(all)) = members.get_mut(name) {
        all.retain(keep);
        if all.is_empty() {
            members.shift_remove(name);
        }
    }
}

/// All merges, newest first.
pub fn merges(records: &Records) -> Result<Vec<Merge>, StoreError> {
    let read = records.audit().read()?;
    let rows = read.scan(&MERGES, KeyRange::all(), Direction::Up)?;
    let mut all: Vec<Merge> = rows.map(|row| row.map(|(_, one)| one)).collect::<Result<_, _>>()?;
    all.sort_by_key(|one| std::cmp::Reverse(one.made));
    Ok(all)
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
