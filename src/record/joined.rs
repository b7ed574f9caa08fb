//! A Patient whose record was joined to another's goes on as that one: nothing new is written about it.
//!
//! Whoever opens the joined record would miss what stands with the other, allergies above all, and what they write there
//! nobody would see. So the writer refuses it, in whichever room it was asked for, and the house is told where to go on. What
//! the box itself moves (a merge, and making two of one again) and what an import brings is not refused.

use serde_json::Value;

use super::Records;
use super::error::RecordError;
use super::numbers::{find, row};
use super::rows::{Row, RowNumber, State};
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::store::Read;

/// `link.type` of who goes on as another (`http://hl7.org/fhir/link-type`).
const REPLACED_BY: &str = "replaced-by";
/// The most links that are followed: two records that name each other are no way.
const FARTHEST: usize = 8;

/// The Patient whom a Patient was joined to.
pub fn joined_to(patient: &Value) -> Option<&str> {
    let links = patient.get("link").and_then(Value::as_array).into_iter().flatten();
    let mut to = links.filter(|link| link.get("type").and_then(Value::as_str) == Some(REPLACED_BY));
    to.find_map(|link| link.pointer("/other/reference").and_then(Value::as_str)?.strip_prefix("Patient/"))
}

/// What tells of a resource's own life stays with it.
pub const fn stays(kind: ResourceType) -> bool {
    matches!(kind, ResourceType::Provenance | ResourceType::AuditEvent)
}

/// The Patient as whom this one goes on, if that one is here.
fn next(read: &(impl Read + ?Sized), patient: &Row) -> Result<Option<Row>, RecordError> {
    let may_be = patient.state == State::Live
        && patient.kind == ResourceType::Patient
        && patient.json.windows(REPLACED_BY.len()).any(|part| part == REPLACED_BY.as_bytes());
    if !may_be {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(&patient.json).map_err(|_| RecordError::Damaged)?;
    let Some(to) = joined_to(&value).and_then(|to| FhirId::parse(to).ok()) else { return Ok(None) };
    let Some(number) = find(read, ResourceType::Patient, &to)? else { return Ok(None) };
    Ok(Some(row(read, number)?).filter(|row| row.state == State::Live))
}

/// The Patient in whose record this one's goes on; `None` for one that stands for itself.
pub(super) fn goes_on_as(read: &(impl Read + ?Sized), patient: RowNumber) -> Result<Option<FhirId>, RecordError> {
    let mut last = None;
    let mut at = row(read, patient)?;
    for _ in 0..FARTHEST {
        let Some(to) = next(read, &at)? else { break };
        last = Some(to.id.clone());
        at = to;
    }
    Ok(last)
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
}
