//! Who else a resource is about that stands in a patient's record: what its own words do not tell, the record does. A Condition that
//! is a reason of a visit of several is one patient's, and another may be named by an identifier alone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::error::RecordError;
use super::layout::{TOKEN, hash32, hash64};
use super::numbers::{as_stored, find, row};
use super::prepared::{local_reference, references_of};
use super::rows::{Row, RowNumber, State};
use crate::access::{Class, Cut, Others};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::search::fold_code;
use crate::fhir::{Definitions, ResourceType};
use crate::store::{Direction, KeyRange, Read, ReadExt as _};

/// The cut of a row that is only looked at, with whoever else it names.
pub(super) fn to_look_at(read: &dyn Read, cut: Cut, row: &Row) -> Result<Cut, RecordError> {
    let (cut, value) = among(read, cut, row)?;
    Ok(match value {
        Some(value) => cut.to_look_at(&value),
        None => cut,
    })
}

/// The cut of a row that may be changed, with whoever else it names now or is to name.
pub(super) fn to_change(read: &dyn Read, cut: Cut, row: &Row) -> Result<Cut, RecordError> {
    among(read, cut, row).map(|(cut, _)| cut)
}

/// The cut of a row with whoever else it names, and what was read of it for that.
fn among(read: &dyn Read, cut: Cut, row: &Row) -> Result<(Cut, Option<Value>), RecordError> {
    let Some(own) = cut.own().filter(|_| !row.json.is_empty()) else { return Ok((cut, None)) };
    let value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
    let others = others(read, own, row, &value)?;
    Ok((cut.among(others), Some(value)))
}

fn others(read: &dyn Read, own: &FhirId, row: &Row, value: &Value) -> Result<Others, RecordError> {
    let own = find(read, ResourceType::Patient, own)?;
    let mut resources = BTreeSet::new();
    for one in references_of(value) {
        if is_of_others(read, own, &one)? {
            resources.insert(one);
        }
    }
    let mut identifiers = BTreeSet::new();
    identified(value, &mut identifiers);
    let mut known = BTreeSet::new();
    for (system, value) in identifiers {
        if are_others(read, own, &system, &value)? {
            known.insert((system, value));
        }
    }
    Ok(Others { resources, identifiers: known, are_several: row.patients.len() > 1 })
}

/// Whether a resource stands in records, and not in this one's. Patients and who acts for them say so themselves.
fn is_of_others(read: &dyn Read, own: Option<RowNumber>, one: &ResourceRef) -> Result<bool, RecordError> {
    let Some(kind) = ResourceType::parse(one.type_name()) else { return Ok(false) };
    let is_somebody = matches!(kind, ResourceType::Patient | ResourceType::RelatedPerson);
    if is_somebody || Class::of(kind).is_about_nobody() {
        return Ok(false);
    }
    let Some(number) = find(read, kind, &one.id())? else { return Ok(false) };
    let patients = row(read, number)?.patients;
    Ok(!patients.is_empty() && !own.is_some_and(|own| patients.contains(&own)))
}

/// The identifiers by which references name what they name no address of.
fn identified(value: &Value, into: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Object(members) => {
            let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
            let is_local = text(value, "reference").is_some_and(|text| local_reference(&text).is_some());
            if let Some(identifier) = members.get("identifier").filter(|_| !is_local)
                && let Some(number) = text(identifier, "value")
            {
                into.insert((text(identifier, "system").unwrap_or_default(), number));
            }
            members.values().for_each(|value| identified(value, into));
        }
        Value::Array(all) => all.iter().for_each(|one| identified(one, into)),
        _ => {}
    }
}

/// Whether patients have this identifier, and this one is none of them.
fn are_others(read: &dyn Read, own: Option<RowNumber>, system: &str, value: &str) -> Result<bool, RecordError> {
    let Some(param) = Definitions::r4().search_param(ResourceType::Patient, "identifier") else { return Ok(false) };
    let mut found = false;
    for entry in read.scan(&TOKEN, KeyRange::prefix(&(param.id, hash64(&[&fold_code(value)]))), Direction::Up)? {
        let (_, _, of, number) = entry?.0;
        if Some(number) == own {
            return Ok(false);
        }
        if system.is_empty() || of == hash32(&[system]) {
            let row = as_stored(read, number)?;
            found |= row.kind == ResourceType::Patient && row.state == State::Live;
        }
    }
    Ok(found)
}
