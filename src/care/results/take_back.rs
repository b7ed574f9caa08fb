//! Taking back a measurement or a whole result that is wrong: the wrong number, the wrong patient.
//!
//! It stays in the record and in its history as entered in error, and counts nowhere. The patient is told, unless it was held
//! all the time and never theirs to see.

use serde_json::Value;

use super::Report;
use super::settle::put;
use crate::base::FhirId;
use crate::care::held::is_held;
use crate::care::note::Pen;
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::workflow::{Doing, Done, Never, Refused, carry_out};
use crate::fhir::{Mode, ResourceType as R};
use crate::record::{Change, Condition, RecordError};

/// What marks it, for Observation and DiagnosticReport alike (`http://hl7.org/fhir/observation-status`).
pub const IN_ERROR: &str = "entered-in-error";

/// Whether it was taken back.
pub fn is_taken_back(value: &Value) -> bool {
    value.get("status").and_then(Value::as_str) == Some(IN_ERROR)
}

fn in_error(mut value: Value) -> Value {
    put(&mut value, "status", IN_ERROR.into());
    value
}

/// A report with all its results, and what would let it go later.
pub async fn take_back(
    doing: Doing<'_>,
    patient: &FhirId,
    report: Report,
    pen: &Pen<'_>,
) -> Result<Done<()>, Refused<Never>> {
    let seen = !report.is_held();
    let changes = changes(report, pen)?;
    told(doing, patient, changes, seen).await
}

fn changes(report: Report, pen: &Pen<'_>) -> Result<Vec<Change>, RecordError> {
    let Report { id, version, value, results, tasks } = report;
    let wrong = |kind, id, version: Option<u32>, value| {
        Change::put(kind, id, in_error(value), Condition::Version(version.unwrap_or_default()), Mode::Strict)
    };
    let mut changes = vec![wrong(R::DiagnosticReport, id, version, value)?];
    for (id, version, one) in results {
        if !is_taken_back(&one) {
            changes.push(wrong(R::Observation, id, version, one)?);
        }
    }
    for (task, version, mut one) in tasks {
        put(&mut one, "status", "cancelled".into());
        put(&mut one, "lastModified", pen.now.into());
        changes.push(Change::put(R::Task, task, one, Condition::Version(version), Mode::Strict)?);
    }
    Ok(changes)
}

/// One measurement, or one value that is of no report.
pub async fn take_back_one(
    doing: Doing<'_>,
    patient: &FhirId,
    (id, version): (FhirId, u32),
    value: Value,
) -> Result<Done<()>, Refused<Never>> {
    let seen = !is_held(&value);
    let change = Change::put(R::Observation, id, in_error(value), Condition::Version(version), Mode::Strict)?;
    told(doing, patient, vec![change], seen).await
}

async fn told(
    doing: Doing<'_>,
    patient: &FhirId,
    changes: Vec<Change>,
    seen: bool,
) -> Result<Done<()>, Refused<Never>> {
    let notice = seen.then(|| Notice::new(Whom::Patient(patient.clone()), Kind::ResultTakenBack));
    carry_out(doing, changes, move |inside| {
        if let Some(notice) = notice {
            notify::tell(inside, notice)?;
        }
        Ok(())
    })
    .await
}
