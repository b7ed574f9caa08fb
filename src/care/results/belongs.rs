//! What belongs to a report: its results, the members of its panels at every level, and its pictures.
//!
//! A report is shown, signed, held, let go and taken back with all of it. All of these ask here, so that none reaches further
//! than another. How much that may be, and how many levels, is bounded by what one search may bring along
//! ([`Limits`](crate::record::Limits)): of a report with more nothing is read, and nothing is done with a part of it.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use crate::base::{FhirId, ResourceRef};
use crate::care::within::{list, text};
use crate::fhir::ResourceType as R;
use crate::fhir::samples;
use crate::fhir::search::Query;
use crate::record::{RecordError, local_reference, strict};

/// How an include goes from a report to its results at every level.
pub const RESULTS: &str = "_include=DiagnosticReport:result&_include:iterate=Observation:has-member";

/// What was found of a report.
#[derive(Debug, Default)]
pub struct Belonging<'a> {
    /// Each once, a panel before its members.
    pub parts: Vec<(ResourceRef, &'a Value)>,
    /// What it refers to and what is not here, not to be seen, or another patient's.
    pub apart: Vec<ResourceRef>,
}

/// The search for a report with what belongs to it, and with the tasks that would let it go.
pub fn whole(report: &FhirId) -> Result<Query, RecordError> {
    let along = format!("{RESULTS}&_include=DiagnosticReport:media&_revinclude=Task:focus");
    strict(R::DiagnosticReport, &format!("_id={report}&{along}"))
}

/// What belongs to a report, of what `find` knows. What is another patient's belongs to no report of this one.
pub fn belonging<'a>(report: &Value, find: impl Fn(&ResourceRef) -> Option<&'a Value>) -> Belonging<'a> {
    let mut found = Belonging::default();
    let mut seen = BTreeSet::new();
    let mut open: VecDeque<ResourceRef> = members(report).into();
    while let Some(next) = open.pop_front() {
        if !seen.insert(next.clone()) {
            continue;
        }
        match find(&next).filter(|one| is_theirs(report, one)) {
            Some(one) => {
                open.extend(members(one));
                found.parts.push((next, one));
            }
            None => found.apart.push(next),
        }
    }
    found
}

/// Whether it is of the report's patient: of nobody else, as far as it says.
fn is_theirs(report: &Value, one: &Value) -> bool {
    let own = text(one, "/subject/reference");
    own.is_empty() || own == text(report, "/subject/reference")
}

/// How many of the results that lie in a report are another patient's: they are not shown.
pub fn contained_of_others(report: &Value) -> usize {
    observations_in(report).filter(|one| !is_theirs(report, one)).count()
}

fn observations_in(of: &Value) -> impl Iterator<Item = &Value> {
    list(of, "contained").iter().filter(|one| text(one, "/resourceType") == R::Observation.name())
}

/// What a report or a panel is made of, whichever version of it is named; with it goes what lies in it refers to. What lies
/// elsewhere, under a whole address, is nobody's to read here. Each once.
pub(super) fn members(resource: &Value) -> Vec<ResourceRef> {
    let lists = [("result", "/reference"), ("hasMember", "/reference"), ("media", "/link/reference")];
    let own = |of: &Value| -> Vec<ResourceRef> {
        let all = lists.iter().flat_map(|(name, at)| list(of, name).iter().map(move |one| text(one, at)));
        all.filter_map(local_reference).collect()
    };
    let mut met = BTreeSet::new();
    let all = std::iter::once(resource).chain(observations_in(resource)).flat_map(own);
    all.filter(|one| met.insert(one.clone())).collect()
}

/// The results of its patient that lie in the report itself, and where they have no date or sample of their own, each with that of
/// the report.
pub fn contained(report: &Value) -> Vec<Value> {
    let inside = observations_in(report).filter(|one| is_theirs(report, one));
    let has_date =
        |one: &Value| one.as_object().is_some_and(|all| all.keys().any(|name| name.starts_with("effective")));
    let dates = ["effectiveDateTime", "effectivePeriod", "issued", "meta"];
    inside
        .cloned()
        .map(|mut one| {
            let dated = has_date(&one);
            samples::of_report(&mut one, report);
            if let Some(members) = one.as_object_mut() {
                for name in dates.iter().filter(|name| !dated || !name.starts_with("effective")) {
                    if let Some(of_report) = report.get(*name) {
                        members.entry(*name).or_insert_with(|| of_report.clone());
                    }
                }
            }
            one
        })
        .collect()
}

/// The results that a report only names: in words, by a number, or by an address elsewhere.
pub fn named_only(report: &Value) -> Vec<String> {
    let lies_here = |reference: &str| reference.starts_with('#') || local_reference(reference).is_some();
    let name = |one: &Value| {
        let all = ["/display", "/identifier/value", "/reference"];
        all.iter().map(|at| text(one, at)).find(|name| !name.is_empty()).unwrap_or("?").to_owned()
    };
    list(report, "result").iter().filter(|one| !lies_here(text(one, "/reference"))).map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn refers(to: &[&str]) -> Value {
        to.iter().map(|to| json!({"reference": to})).collect()
    }

    #[test]
    fn a_report_holds_its_panels_to_the_last_member_and_nothing_of_another_patient() {
        let mine = json!({"reference": "Patient/p"});
        let known = BTreeMap::from([
            (
                "Observation/panel",
                json!({"subject": mine, "hasMember": refers(&["Observation/inner/_history/2", "Observation/other"])}),
            ),
            (
                "Observation/inner",
                json!({"subject": mine, "hasMember": refers(&["Observation/k", "Observation/panel"])}),
            ),
            ("Observation/k", json!({"subject": mine})),
            (
                "Observation/other",
                json!({"subject": {"reference": "Patient/q"}, "hasMember": refers(&["Observation/far"])}),
            ),
            ("Observation/far", json!({"subject": mine})),
            ("Media/m", json!({"subject": mine})),
        ]);
        let report = json!({"subject": mine, "result": refers(&["Observation/panel/_history/1", "Observation/gone", "#inside", "https://lab.example/Observation/1"]),
            "media": [{"link": {"reference": "Media/m/_history/3"}}]});
        let found = belonging(&report, |one| known.get(one.as_str()));
        let names = |all: &[ResourceRef]| all.iter().map(|one| one.to_string()).collect::<Vec<_>>();
        let parts: Vec<ResourceRef> = found.parts.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(names(&parts), ["Observation/panel", "Media/m", "Observation/inner", "Observation/k"]);
        assert_eq!(names(&found.apart), ["Observation/gone", "Observation/other"]);
    }

    #[test]
    fn what_a_report_only_names_is_told_from_what_lies_here() {
        let result = json!([{"reference": "Observation/1"}, {"reference": "Observation/1/_history/2"}, {"reference": "#in"},
            {"reference": "https://lab.example/fhir/Observation/9", "display": "Potassium"}, {"identifier": {"value": "A7"}}]);
        assert_eq!(named_only(&json!({"result": result})), ["Potassium", "A7"]);
    }

    #[test]
    fn what_lies_in_a_report_is_of_its_day_where_it_says_no_other() {
        let report = json!({"effectiveDateTime": "2026-03-01", "issued": "2026-03-02T08:00:00Z", "contained": [
            {"resourceType": "Observation", "id": "a"},
            {"resourceType": "Observation", "id": "b", "effectiveInstant": "2026-02-01T08:00:00Z"},
            {"resourceType": "Specimen", "id": "c"}]});
        let all = contained(&report);
        assert_eq!((all.len(), &all[0]["effectiveDateTime"]), (2, &json!("2026-03-01")));
        let mut mixed = json!({"subject": {"reference": "Patient/p"}, "contained": report["contained"]});
        mixed["contained"][0]["subject"] = json!({"reference": "Patient/q"});
        mixed["contained"][1]["subject"] = json!({"reference": "Patient/p"});
        let ids: Vec<Value> = contained(&mixed).iter().map(|one| one["id"].clone()).collect();
        assert_eq!((ids, contained_of_others(&mixed)), (vec![json!("b")], 1), "another patient's is not shown");
        assert_eq!(all[1].get("effectiveDateTime"), None);
    }
}
