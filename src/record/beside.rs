//! Who else a resource is about that stands in a patient's record: what its own words do not tell, the record does. A Condition that
//! is a reason of a visit of several is one patient's, and another may be named by an identifier alone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::error::RecordError;
use super::joined::goes_on_as;
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

fn others(read: &dyn Read, own_id: &FhirId, row: &Row, value: &Value) -> Result<Others, RecordError> {
    let own = find(read, ResourceType::Patient, own_id)?;
    let mut all = Others { are_several: are_several(read, own, &row.patients)?, ..Others::default() };
    for one in references_of(value) {
        if one.type_name() == ResourceType::Patient.name() {
            let other = find(read, ResourceType::Patient, &one.id())?;
            if one.id() != *own_id && other.map_or(Ok(false), |other| is_same(read, own, other))? {
                all.own_ids.insert(one.id());
            }
        } else if is_of_others(read, own, &one)? {
            all.resources.insert(one);
        }
    }
    let mut identifiers = BTreeSet::new();
    identified(value, &mut identifiers);
    for (system, value) in identifiers {
        match known_by(read, own, &system, &value)? {
            Some(Whose::Own) => all.own_identifiers.insert((system, value)),
            Some(Whose::Others) => all.identifiers.insert((system, value)),
            None => false,
        };
    }
    Ok(all)
}

/// Whose an identifier is.
enum Whose {
    Own,
    Others,
}

/// Whether these are more than one person.
fn are_several(read: &dyn Read, own: Option<RowNumber>, patients: &[RowNumber]) -> Result<bool, RecordError> {
    if patients.len() < 2 {
        return Ok(false);
    }
    for one in patients {
        if !is_same(read, own, *one)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a Patient is this one, or was joined to the same.
fn is_same(read: &dyn Read, own: Option<RowNumber>, other: RowNumber) -> Result<bool, RecordError> {
    let Some(own) = own else { return Ok(false) };
    Ok(own == other || last_of(read, own)? == last_of(read, other)?)
}

/// The Patient in whose record one's goes on, or they themselves.
fn last_of(read: &dyn Read, patient: RowNumber) -> Result<RowNumber, RecordError> {
    let Some(to) = goes_on_as(read, patient)? else { return Ok(patient) };
    Ok(find(read, ResourceType::Patient, &to)?.unwrap_or(patient))
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
    for patient in &patients {
        if is_same(read, own, *patient)? {
            return Ok(false);
        }
    }
    Ok(!patients.is_empty())
}

/// The identifiers by which references, and Patients that are contained, name whom they name no address of.
fn identified(value: &Value, into: &mut BTreeSet<(String, String)>) {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    match value {
        Value::Object(members) => {
            let is_local = text(value, "reference").is_some_and(|text| local_reference(&text).is_some());
            let named = members.get("identifier").filter(|_| !is_local);
            let is_patient = text(value, "resourceType").as_deref() == Some(ResourceType::Patient.name());
            let all = match named {
                Some(Value::Array(all)) if is_patient => all.as_slice(),
                named => named.map_or(&[][..], std::slice::from_ref),
            };
            for identifier in all {
                if let Some(number) = text(identifier, "value") {
                    into.insert((text(identifier, "system").unwrap_or_default(), number));
                }
            }
            members.values().for_each(|value| identified(value, into));
        }
        Value::Array(all) => all.iter().for_each(|one| identified(one, into)),
        _ => {}
    }
}

/// Whose an identifier is: this patient's, or others' and not theirs; `None` where no patient has it.
fn known_by(read: &dyn Read, own: Option<RowNumber>, system: &str, value: &str) -> Result<Option<Whose>, RecordError> {
    let Some(param) = Definitions::r4().search_param(ResourceType::Patient, "identifier") else { return Ok(None) };
    let mut found = None;
    for entry in read.scan(&TOKEN, KeyRange::prefix(&(param.id, hash64(&[&fold_code(value)]))), Direction::Up)? {
        let (_, _, of, number) = entry?.0;
        if !system.is_empty() && of != hash32(&[system]) {
            continue;
        }
        let row = as_stored(read, number)?;
        if row.kind != ResourceType::Patient || row.state != State::Live {
            continue;
        }
        if is_same(read, own, number)? {
            return Ok(Some(Whose::Own));
        }
        found = Some(Whose::Others);
    }
    Ok(found)
}
