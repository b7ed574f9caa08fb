//! What else than a report has its parts: another report, or a panel that is no part of it.
//!
//! Taking one report back does not take away what another says, and letting one go does not show what another holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use super::Report;
use super::belongs::members;
use crate::base::{FhirId, ResourceRef};
use crate::care::within::text;
use crate::fhir::ResourceType as R;
use crate::record::{RecordError, Records, strict};

/// The results and pictures of a report that something else of the same patient has, too, of which this is so; a panel with its
/// members.
pub(super) fn has(
    records: &Records,
    report: &Report,
    is_so: impl Fn(&Value) -> bool,
) -> Result<BTreeSet<ResourceRef>, RecordError> {
    let patient = text(&report.value, "/subject/reference");
    let results = report.results.iter().map(|(id, version, value)| (R::Observation, id, *version, value));
    let pictures = report.pictures.iter().map(|(id, version, value)| (R::Media, id, Some(*version), value));
    let (mut parts, mut stored) = (BTreeMap::new(), Vec::new());
    for (kind, id, version, value) in results.chain(pictures) {
        let own = named(kind, id)?;
        parts.insert(own.clone(), value);
        // To what is new nothing refers yet.
        if version.is_some() {
            stored.push((kind, id, own));
        }
    }
    let mut open: VecDeque<ResourceRef> = VecDeque::new();
    for (of, id, own) in stored {
        for (kind, other) in records.referring(of, id)? {
            let is_elsewhere = match kind {
                R::DiagnosticReport => other != report.id,
                kind => kind == R::Observation && !parts.contains_key(&named(kind, &other)?),
            };
            if !is_elsewhere {
                continue;
            }
            let found = records.glimpse(&strict(kind, &format!("_id={other}"))?, |one| Some(one.clone()))?;
            let is_theirs = |one: &Value| text(one, "/subject/reference") == patient && members(one).contains(&own);
            if found.iter().any(|one| is_theirs(one) && is_so(one)) {
                open.push_back(own.clone());
            }
        }
    }
    let mut all = BTreeSet::new();
    while let Some(next) = open.pop_front() {
        if let Some(value) = parts.get(&next)
            && all.insert(next)
        {
            open.extend(members(value));
        }
    }
    Ok(all)
}

/// A part of a report by its name.
pub(super) fn named(kind: R, id: &FhirId) -> Result<ResourceRef, RecordError> {
    ResourceRef::new(kind.name(), id).map_err(|_| RecordError::Damaged)
}
