//! Taking back a measurement or a whole result that is wrong: the wrong number, the wrong patient.
//!
//! It stays in the record and in its history as entered in error, and counts nowhere. The patient is told, unless it was held
//! all the time and never theirs to see. What they saw before it was held is let go with that, so that their list can say
//! which it was; what they never saw, or saw otherwise, stays held. A value or picture that another report has,
//! too, stands with that, and is held as long as a report that stands holds it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::settle::put;
use super::{Report, ResultError, elsewhere};
use crate::base::{FhirId, ResourceRef};
use crate::care::held::{is_held, let_go};
use crate::care::note::Pen;
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::within::text;
use crate::care::workflow::{Doing, Done, Refused, carry_out, told as no};
use crate::fhir::{Mode, ResourceType as R};
use crate::record::{Change, Condition, Inside, RecordError, Records, strict};

/// What marks it, for Observation, DiagnosticReport and Media alike (`http://hl7.org/fhir/observation-status`).
pub const IN_ERROR: &str = "entered-in-error";

/// Whether it was taken back.
pub fn is_taken_back(value: &Value) -> bool {
    value.get("status").and_then(Value::as_str) == Some(IN_ERROR)
}

/// A report with all that belongs to it, and what would let it go later.
pub async fn take_back(
    doing: Doing<'_>,
    patient: &FhirId,
    report: Report,
    pen: &Pen<'_>,
) -> Result<Done<()>, Refused<ResultError>> {
    let (id, apart) = (report.id.clone(), report.apart.clone());
    let (changes, kinds) = of_report(doing.records, report, pen)?;
    told(doing, (patient, &id), changes, (kinds, apart)).await
}

/// The same of one that its laboratory withdrew.
pub(super) fn withdrawn(
    records: &Records,
    patient: &FhirId,
    report: Report,
    pen: &Pen<'_>,
) -> Result<(Vec<Change>, Vec<Notice>), RecordError> {
    let id = report.id.clone();
    let (changes, kinds) = of_report(records, report, pen)?;
    let notice = |kind| Notice::new(Whom::Patient(patient.clone()), kind).about(id.clone());
    Ok((changes, kinds.into_iter().map(notice).collect()))
}

/// The values that the new version of a report has no more, as mistakes, but for those that something else has, too.
pub(super) fn gone(
    records: &Records,
    report: &Report,
    gone: Vec<(FhirId, Option<u32>, Value)>,
) -> Result<Vec<Change>, RecordError> {
    let old = Report { results: gone, pictures: Vec::new(), ..report.clone() };
    let stays = elsewhere::has(records, &old, |one| !is_taken_back(one))?;
    let mut changes = Vec::new();
    for (id, version, one) in old.results {
        if !stays.contains(&elsewhere::named(R::Observation, &id)?) {
            let (one, _) = in_error(records, R::Observation, &id, one)?;
            let version = Condition::Version(version.unwrap_or_default());
            changes.push(Change::put(R::Observation, id, one, version, Mode::Strict)?);
        }
    }
    Ok(changes)
}

fn of_report(records: &Records, report: Report, pen: &Pen<'_>) -> Result<(Vec<Change>, Vec<Kind>), RecordError> {
    let stays = elsewhere::has(records, &report, |one| !is_taken_back(one))?;
    let held = elsewhere::has(records, &report, |one| is_held(one) && !is_taken_back(one))?;
    let mut goes = report;
    let (results, pictures) = (std::mem::take(&mut goes.results), std::mem::take(&mut goes.pictures));
    let mut stay = Vec::new();
    for (id, version, one) in results {
        let name = elsewhere::named(R::Observation, &id)?;
        match stays.contains(&name) {
            true => stay.push((name, version.unwrap_or_default(), one)),
            false => goes.results.push((id, version, one)),
        }
    }
    for (id, version, one) in pictures {
        let name = elsewhere::named(R::Media, &id)?;
        match stays.contains(&name) {
            true => stay.push((name, version, one)),
            false => goes.pictures.push((id, version, one)),
        }
    }
    let (mut changes, seen) = changes(records, goes, pen)?;
    let let_go = no_longer_held(stay, &held)?;
    let released = (!let_go.is_empty()).then_some(Kind::ResultReleased);
    changes.extend(let_go);
    Ok((changes, released.into_iter().chain(seen.kind()).collect()))
}

/// What held these is taken back: those that nothing else holds are let go.
fn no_longer_held(
    stay: Vec<(ResourceRef, u32, Value)>,
    held: &BTreeSet<ResourceRef>,
) -> Result<Vec<Change>, RecordError> {
    let goes = stay.into_iter().filter(|(name, _, one)| is_held(one) && !held.contains(name));
    goes.map(|(name, version, one)| {
        let kind = R::parse(name.type_name()).ok_or(RecordError::Damaged)?;
        Change::put(kind, name.id(), let_go(one), Condition::Version(version), Mode::Strict)
    })
    .collect()
}

/// How many results of a report would stay when it is taken back.
pub fn shared(records: &Records, report: &Report) -> Result<usize, RecordError> {
    let stay = elsewhere::has(records, report, |one| !is_taken_back(one))?;
    Ok(stay.iter().filter(|one| one.type_name() == R::Observation.name()).count())
}

/// Whether the patient ever saw any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Ever,
    Never,
}

impl Seen {
    const fn or(self, other: Self) -> Self {
        if matches!(self, Self::Ever) { self } else { other }
    }

    /// What the patient is told.
    fn kind(self) -> Option<Kind> {
        (self == Self::Ever).then_some(Kind::ResultTakenBack)
    }
}

fn changes(records: &Records, report: Report, pen: &Pen<'_>) -> Result<(Vec<Change>, Seen), RecordError> {
    let Report { id, version, value, results, pictures, tasks, .. } = report;
    let whole = std::iter::once((R::DiagnosticReport, id, version.unwrap_or_default(), value));
    let results = results.into_iter().map(|(id, version, one)| (R::Observation, id, version.unwrap_or_default(), one));
    let pictures = pictures.into_iter().map(|(id, version, one)| (R::Media, id, version, one));
    let (mut changes, mut seen) = (Vec::new(), Seen::Never);
    for (kind, id, version, one) in whole.chain(results).chain(pictures) {
        if is_taken_back(&one) {
            continue;
        }
        let (one, of_this) = in_error(records, kind, &id, one)?;
        seen = seen.or(of_this);
        changes.push(Change::put(kind, id, one, Condition::Version(version), Mode::Strict)?);
    }
    for (task, version, mut one) in tasks {
        put(&mut one, "status", "cancelled".into());
        put(&mut one, "lastModified", pen.now.into());
        changes.push(Change::put(R::Task, task, one, Condition::Version(version), Mode::Strict)?);
    }
    Ok((changes, seen))
}

/// The resource as a mistake, and whether the patient ever saw it.
fn in_error(records: &Records, kind: R, id: &FhirId, mut value: Value) -> Result<(Value, Seen), RecordError> {
    let mut seen = Seen::Ever;
    if is_held(&value) {
        let shown = records.glimpse_versions(kind, id, shown)?;
        if shown.is_empty() {
            seen = Seen::Never;
        }
        if shown.contains(&said(&value)) {
            value = let_go(value);
        }
    }
    put(&mut value, "status", IN_ERROR.into());
    Ok((value, seen))
}

/// What a version showed to the patient; nothing where it was held.
fn shown(version: &Value) -> Option<Value> {
    (!is_held(version) && !is_taken_back(version)).then(|| said(version))
}

/// What a resource says, whatever stands of it.
fn said(resource: &Value) -> Value {
    let mut said = resource.clone();
    if let Some(members) = said.as_object_mut() {
        members.shift_remove("meta");
        members.shift_remove("status");
    }
    said
}

/// One measurement, or one value that is of no report.
pub async fn take_back_one(
    doing: Doing<'_>,
    patient: &FhirId,
    (id, version): (FhirId, u32),
    value: Value,
) -> Result<Done<()>, Refused<ResultError>> {
    let (value, seen) = in_error(doing.records, R::Observation, &id, value)?;
    let change = Change::put(R::Observation, id.clone(), value, Condition::Version(version), Mode::Strict)?;
    told(doing, (patient, &id), vec![change], (seen.kind().into_iter().collect(), Vec::new())).await
}

async fn told(
    doing: Doing<'_>,
    (patient, about): (&FhirId, &FhirId),
    changes: Vec<Change>,
    (kinds, apart): (Vec<Kind>, Vec<ResourceRef>),
) -> Result<Done<()>, Refused<ResultError>> {
    let notices: Vec<Notice> =
        kinds.into_iter().map(|kind| Notice::new(Whom::Patient(patient.clone()), kind).about(about.clone())).collect();
    let subject = format!("Patient/{patient}");
    carry_out(doing, changes, move |inside| {
        for one in &apart {
            // What is not here, or another patient's, stays out of it. What is theirs and hidden from who acts would go on counting.
            if stands_of(inside, one)?.contains(&subject) {
                return no(ResultError::Apart);
            }
        }
        notices.into_iter().try_for_each(|notice| Ok(notify::tell(inside, notice)?))
    })
    .await
}

/// Whose a resource is that is here and counts.
fn stands_of(inside: &Inside<'_, '_, '_>, one: &ResourceRef) -> Result<Vec<String>, RecordError> {
    let Some(kind) = R::parse(one.type_name()) else { return Ok(Vec::new()) };
    inside.glimpse(&strict(kind, &format!("_id={}", one.id()))?, |found| {
        (!is_taken_back(found)).then(|| text(found, "/subject/reference").to_owned())
    })
}
