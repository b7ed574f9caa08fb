//! A Patient whose record was joined to another's goes on as that one: nothing new is written about it.
//!
//! Joined is a record that a link leads away from (`Patient.link`, `replaced-by`) and in which nothing stands any more. A link
//! alone moves nothing: a record that still holds something stays open, and its pages name the other part.
//!
//! Whoever opens the joined record would miss what stands with the other, allergies above all, and what they write there
//! nobody would see. So the writer refuses it, in whichever room it was asked for, and the house is told where to go on. What
//! the box itself moves (a merge, and making two of one again) and what an import brings is not refused.

use std::collections::BTreeSet;
use std::ops::Bound;

use serde_json::Value;

use super::Records;
use super::error::RecordError;
use super::following::{is_unsettled, may_follow};
use super::index::local_hash;
use super::layout::{COMPARTMENT, REFERENCE};
use super::numbers::{find, row};
use super::prepared::Prepared;
use super::rows::{Row, RowNumber, State};
use crate::base::FhirId;
use crate::fhir::{Definitions, ResourceType};
use crate::store::{Direction, Key as _, KeyRange, Read, ReadExt};

/// `link.type` of who goes on as another (`http://hl7.org/fhir/link-type`).
const REPLACED_BY: &str = "replaced-by";
/// The same of who goes on for another.
const REPLACES: &str = "replaces";
/// The most links that are followed.
const FARTHEST: usize = 8;
/// Where so many of what is not settled go to another record with what they follow, the rest goes with them.
const FEW_FOLLOWERS: usize = 20;
/// The most records of one person that are looked for.
const MOST_PARTS: usize = 20;

/// The Patient whom a Patient was joined to.
pub fn joined_to(patient: &Value) -> Option<&str> {
    let links = patient.get("link").and_then(Value::as_array).into_iter().flatten();
    let mut to = links.filter(|link| link.get("type").and_then(Value::as_str) == Some(REPLACED_BY));
    to.find_map(other_of)
}

/// The id of the Patient whom a link names, whichever version of them it names.
fn other_of(link: &Value) -> Option<&str> {
    let id = link.pointer("/other/reference").and_then(Value::as_str)?.strip_prefix("Patient/")?;
    Some(id.split_once("/_history/").map_or(id, |(id, _)| id))
}

/// What tells of a resource's own life stays with it.
pub const fn stays(kind: ResourceType) -> bool {
    matches!(kind, ResourceType::Provenance | ResourceType::AuditEvent)
}

/// Whether such a word stands anywhere in it.
fn names(patient: &Row, word: &str) -> bool {
    patient.json.windows(word.len()).any(|part| part == word.as_bytes())
}

/// The Patient, where a link leads away from it.
fn led_away(patient: &Row) -> Result<Option<Value>, RecordError> {
    let may_be = patient.state == State::Live && patient.kind == ResourceType::Patient && names(patient, REPLACED_BY);
    if !may_be {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(&patient.json).map_err(|_| RecordError::Damaged)?;
    Ok(Some(value).filter(|value| joined_to(value).is_some()))
}

/// Whether a link leads away from a Patient.
pub(super) fn is_led_away(patient: &Row) -> Result<bool, RecordError> {
    Ok(led_away(patient)?.is_some())
}

/// The Patient whom this one's link names as the one to go on as, if that one is here.
fn next(read: &(impl Read + ?Sized), patient: &Row) -> Result<Option<(RowNumber, Row)>, RecordError> {
    let Some(value) = led_away(patient)? else { return Ok(None) };
    let Some(to) = joined_to(&value).and_then(|to| FhirId::parse(to).ok()) else { return Ok(None) };
    live(read, &to)
}

/// Somebody's copy of a Patient with the links by which the stored one was joined to others: who lacks them did not part what was
/// joined.
pub(super) fn still(copy: Prepared, stored: &Row) -> Result<Prepared, RecordError> {
    // Most are joined to nobody, and need not be read for it.
    let may_be = [REPLACED_BY, REPLACES].into_iter().any(|kind| names(stored, kind));
    if copy.kind != ResourceType::Patient || !may_be {
        return Ok(copy);
    }
    let before: Value = serde_json::from_slice(&stored.json).map_err(|_| RecordError::Damaged)?;
    let mut value = copy.resource()?;
    let (had, mut links) = (members(&before, "link"), members(&value, "link"));
    let sent = links.len();
    let of = |link: &Value, kind: &str| link.get("type").and_then(Value::as_str) == Some(kind);
    if !links.iter().any(|link| of(link, REPLACED_BY)) {
        links.extend(had.iter().filter(|link| of(link, REPLACED_BY)).cloned());
    }
    // Of those who were joined to this one each stays by itself.
    let replaced = had.iter().filter(|link| of(link, REPLACES));
    let lacking: Vec<Value> = replaced
        .filter(|link| !links.iter().any(|one| of(one, REPLACES) && other_of(one) == other_of(link)))
        .cloned()
        .collect();
    links.extend(lacking);
    // As do the numbers that they brought: an old copy of before knows nothing of them.
    let mut numbers = members(&value, "identifier");
    let known = numbers.len();
    if links.iter().any(|link| of(link, REPLACES)) {
        let same =
            |one: &Value, other: &Value| ["system", "value"].iter().all(|name| one.get(*name) == other.get(*name));
        let old = |one: &Value| one.get("use").and_then(Value::as_str) == Some("old");
        let brought = members(&before, "identifier").into_iter().filter(old);
        let brought: Vec<Value> = brought.filter(|one| !numbers.iter().any(|number| same(one, number))).collect();
        numbers.extend(brought);
    }
    let Some(fields) = value.as_object_mut().filter(|_| links.len() > sent || numbers.len() > known) else {
        return Ok(copy);
    };
    for (name, all) in [("link", links), ("identifier", numbers)] {
        if !all.is_empty() {
            fields.insert(name.to_owned(), Value::Array(all));
        }
    }
    Ok(Prepared::new(copy.kind, &value))
}

fn members(patient: &Value, name: &str) -> Vec<Value> {
    patient.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn live(read: &(impl Read + ?Sized), patient: &FhirId) -> Result<Option<(RowNumber, Row)>, RecordError> {
    let Some(number) = find(read, ResourceType::Patient, patient)? else { return Ok(None) };
    Ok(Some((number, row(read, number)?)).filter(|(_, row)| row.state == State::Live))
}

/// Whether anything stands in a patient's record beside who they are. Where a link alone was made, as programs and imports
/// do, it stays there: nobody would find it in the other record. What only now came there does not count, and neither does what
/// goes from there with what it follows and is not settled.
fn holds(
    read: &(impl Read + ?Sized),
    patient: RowNumber,
    came: &BTreeSet<(RowNumber, RowNumber)>,
) -> Result<bool, RecordError> {
    let counts = |kind: &ResourceType| *kind != ResourceType::Patient && !stays(*kind);
    let unsettled = is_unsettled(read)?;
    // What is not settled is dear to look at, and comes last.
    let mut followers = Vec::new();
    let mut from = 0;
    'kinds: loop {
        let start = Bound::Included((patient, from).to_bytes());
        for entry in read.scan(&COMPARTMENT, KeyRange::prefix_from(&(patient,), start), Direction::Up)? {
            let (_, kind, _, number) = entry?.0;
            let counted = ResourceType::from_number(kind).filter(counts);
            let is_unsure = unsettled && counted.is_some_and(may_follow);
            if counted.is_none() || (is_unsure && followers.len() == FEW_FOLLOWERS) {
                let Some(next) = kind.checked_add(1) else { break 'kinds };
                from = next;
                continue 'kinds;
            }
            if came.contains(&(patient, number)) {
                continue;
            }
            if !is_unsure {
                return Ok(true);
            }
            followers.push(number);
        }
        break;
    }
    for number in followers {
        if row(read, number)?.is_of(patient) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The Patients of which a link names this one.
fn linked_to(read: &(impl Read + ?Sized), patient: &FhirId) -> Result<Vec<FhirId>, RecordError> {
    let Some(param) = Definitions::r4().search_param(ResourceType::Patient, "link") else { return Ok(Vec::new()) };
    let hash = local_hash(ResourceType::Patient, patient.as_str());
    let found = read.scan(&REFERENCE, KeyRange::prefix(&(param.id, hash)), Direction::Up)?;
    found.take(MOST_PARTS).map(|entry| Ok(row(read, entry?.0.2)?.id)).collect()
}

/// The Patient in whose record this one's goes on; `None` for one that stands for itself: that no link leads away from, in
/// whose record something stands, or whose links lead back.
pub(super) fn goes_on_as(read: &(impl Read + ?Sized), patient: RowNumber) -> Result<Option<FhirId>, RecordError> {
    went_on_as(read, patient, &BTreeSet::new())
}

/// The same before these came: Patients, each with what came into their record.
pub(super) fn went_on_as(
    read: &(impl Read + ?Sized),
    patient: RowNumber,
    came: &BTreeSet<(RowNumber, RowNumber)>,
) -> Result<Option<FhirId>, RecordError> {
    let mut way = vec![patient];
    let mut at = (patient, row(read, patient)?);
    while way.len() <= FARTHEST {
        let Some(to) = next(read, &at.1)? else { break };
        if way.contains(&to.0) {
            return Ok(None);
        }
        if holds(read, at.0, came)? {
            break;
        }
        way.push(to.0);
        at = to;
    }
    Ok((way.len() > 1).then_some(at.1.id))
}

impl Records {
    /// The Patient in whose record this one's goes on: a question about where to look, which opens nothing.
    pub fn goes_on_as(&self, patient: &FhirId) -> Result<Option<FhirId>, RecordError> {
        let read = self.audit().read()?;
        match find(&read, ResourceType::Patient, patient)? {
            Some(number) => goes_on_as(&read, number),
            None => Ok(None),
        }
    }

    /// Other records that are said to be of the same person and hold something of their own: whoever reads one of them alone
    /// reads a part. A question about where to look, which opens nothing.
    pub fn other_parts(&self, patient: &FhirId) -> Result<Vec<FhirId>, RecordError> {
        let read = self.audit().read()?;
        let Some((number, row)) = live(&read, patient)? else { return Ok(Vec::new()) };
        let value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
        let links = value.get("link").and_then(Value::as_array).into_iter().flatten();
        let mut all: BTreeSet<FhirId> = links.filter_map(other_of).filter_map(|id| FhirId::parse(id).ok()).collect();
        all.extend(linked_to(&read, patient)?);
        let mut parts = Vec::new();
        for id in all.into_iter().take(MOST_PARTS) {
            if let Some((other, _)) = live(&read, &id)?
                && other != number
                && holds(&read, other, &BTreeSet::new())?
            {
                parts.push(id);
            }
        }
        Ok(parts)
    }
}
