//! What else than a report has its results: another report, or a panel that is no part of it.
//!
//! Taking one report back does not take away what another says, and letting one go does not show what another holds.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use super::Report;
use super::belongs::members;
use crate::base::{FhirId, ResourceRef};
use crate::care::within::text;
use crate::fhir::ResourceType as R;
use crate::record::{RecordError, Records, strict};

/// The results of a report that something else of the same patient has, too, of which this is so; a panel with its members.
pub(super) fn has(
    records: &Records,
    report: &Report,
    is_so: impl Fn(&Value) -> bool,
) -> Result<BTreeSet<FhirId>, RecordError> {
    let patient = text(&report.value, "/subject/reference");
    let parts: BTreeSet<&FhirId> = report.results.iter().map(|(id, ..)| id).collect();
    let mut open: VecDeque<FhirId> = VecDeque::new();
    for (id, version, _) in &report.results {
        // To what is new nothing refers yet.
        if version.is_none() {
            continue;
        }
        let own = ResourceRef::new(R::Observation.name(), id).map_err(|_| RecordError::Damaged)?;
        let elsewhere = records.referring(R::Observation, id)?.into_iter().filter(|(kind, other)| match kind {
            R::DiagnosticReport => *other != report.id,
            kind => *kind == R::Observation && !parts.contains(other),
        });
        for (kind, other) in elsewhere {
            let found = records.glimpse(&strict(kind, &format!("_id={other}"))?, |one| Some(one.clone()))?;
            let is_theirs = |one: &Value| text(one, "/subject/reference") == patient && members(one).contains(&own);
            if found.iter().any(|one| is_theirs(one) && is_so(one)) {
                open.push_back(id.clone());
            }
        }
    }
    let mut all = BTreeSet::new();
    while let Some(next) = open.pop_front() {
        let found = report.results.iter().find(|(id, ..)| *id == next);
        if let Some((.., value)) = found.filter(|_| all.insert(next)) {
            open.extend(
                members(value).iter().filter(|one| one.type_name() == R::Observation.name()).map(ResourceRef::id),
            );
        }
    }
    Ok(all)
}
