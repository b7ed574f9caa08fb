//! A report of a file that is here already, by the numbers that its laboratory gave it. Its new version takes the old one's place,
//! value by value, and what the laboratory withdrew is taken back: never do two of one report stand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::take_back::is_taken_back;
use super::super::{Report, comment};
use crate::base::{FhirId, Timestamp};
use crate::care::within::{list, text};
use crate::fhir::ResourceType as R;
use crate::fhir::search::{encode, escaped};
use crate::record::{RecordError, Records, strict};

/// What becomes of a report of a file.
#[derive(Debug, Clone)]
pub enum Arriving {
    New(Report),
    /// The new version of one that is here, and the values of that which it has no more.
    InPlace {
        report: Report,
        gone: Vec<(FhirId, Option<u32>, Value)>,
    },
    /// One that is here, and that its laboratory withdrew.
    Withdrawn(Report),
}

impl Arriving {
    /// The report of a file beside the one that is here.
    pub fn of(new: Report, old: Option<Report>) -> Self {
        match old {
            None => Self::New(new),
            Some(old) if is_taken_back(&new.value) => Self::Withdrawn(old),
            Some(old) => in_place(new, old),
        }
    }

    /// The report as it will stand.
    pub fn report(&self) -> &Report {
        match self {
            Self::New(report) | Self::InPlace { report, .. } | Self::Withdrawn(report) => report,
        }
    }
}

/// How a report of a file lies to the one that is here of the same number, as far as their dates and states tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lies {
    /// It corrects that one, or was issued after it.
    After,
    /// It is of another time: a further sample of one order.
    Further,
    /// It was issued before that one, or is less final.
    Before,
    Unsaid,
}

impl Lies {
    pub fn of(new: &Report, old: &Report) -> Self {
        let (mine, theirs) = (times(new), times(old));
        if !mine.is_empty() && !theirs.is_empty() && mine.is_disjoint(&theirs) {
            return Self::Further;
        }
        let issued = |of: &Report| text(&of.value, "/issued").parse::<Timestamp>().ok();
        let is_open = |of: &Report| matches!(text(&of.value, "/status"), "registered" | "partial" | "preliminary");
        let by_date = issued(new).zip(issued(old)).map(|(new, old)| new.cmp(&old));
        match (text(&new.value, "/status"), by_date) {
            _ if is_open(new) && !is_open(old) => Self::Before,
            (_, Some(std::cmp::Ordering::Less)) => Self::Before,
            ("amended" | "corrected" | "appended", _) | (_, Some(std::cmp::Ordering::Greater)) => Self::After,
            _ if is_open(old) && !is_open(new) => Self::After,
            _ => Self::Unsaid,
        }
    }
}

/// When what a report says was true: by itself, else by its values.
fn times(of: &Report) -> BTreeSet<String> {
    match time_of(&of.value) {
        Some(time) => BTreeSet::from([time]),
        None => of.results.iter().filter_map(|(.., one)| time_of(one)).collect(),
    }
}

/// As a moment, where it is one: the same stands in the words of several zones.
fn time_of(one: &Value) -> Option<String> {
    let all = ["/effectiveDateTime", "/effectiveInstant", "/effectivePeriod/start"];
    let said = all.iter().map(|at| text(one, at)).find(|said| !said.is_empty())?;
    Some(said.parse::<Timestamp>().map_or_else(|_| said.to_owned(), |moment| moment.to_string()))
}

/// The report of this patient that bears a number of this one and is called as it is; of several reports of one order, which may
/// bear one number, the one of the same time. One that was taken back is not here any more.
pub fn known_as(records: &Records, patient: &FhirId, report: &Value) -> Result<Option<FhirId>, RecordError> {
    let pick: fn(&Value) -> Option<Value> = |one| (!is_taken_back(one)).then(|| one.clone());
    for (system, value) in numbers(report) {
        let mut query = format!("subject=Patient/{patient}&identifier=");
        encode(&format!("{}|{}", escaped(&system), escaped(&value)), &mut query);
        let found = records.glimpse(&strict(R::DiagnosticReport, &query)?, pick)?;
        let alike: Vec<&Value> = found.iter().filter(|one| is_called_alike(one, report)).collect();
        let of_its_time = alike.iter().find(|one| time_of(one) == time_of(report));
        if let Some(one) = of_its_time.or(alike.first()) {
            return Ok(FhirId::parse(text(one, "/id")).ok());
        }
    }
    Ok(None)
}

/// The numbers of a resource, each with whose it is: of one without nobody knows what else bears it.
fn numbers(of: &Value) -> Vec<(String, String)> {
    let all =
        list(of, "identifier").iter().map(|one| (text(one, "/system").to_owned(), text(one, "/value").to_owned()));
    all.filter(|(system, value)| !system.is_empty() && !value.is_empty()).collect()
}

fn is_called_alike(one: &Value, other: &Value) -> bool {
    let codes = |of: &Value| -> Vec<(String, String)> {
        let all = of.pointer("/code/coding").and_then(Value::as_array).into_iter().flatten();
        all.map(|one| (text(one, "/system").to_owned(), text(one, "/code").to_owned())).collect()
    };
    let (mine, theirs) = (codes(one), codes(other));
    let name = |of: &Value| super::title(of).to_lowercase();
    mine.iter().any(|code| !code.1.is_empty() && theirs.contains(code)) || name(one) == name(other)
}

/// Whether two values are one: by a number that both have, or by what was measured when.
fn is_same_value(one: &Value, other: &Value) -> bool {
    let (mine, theirs) = (numbers(one), numbers(other));
    if mine.iter().any(|number| theirs.contains(number)) {
        return true;
    }
    let when =
        |of: &Value| ["effectiveDateTime", "effectiveInstant", "effectivePeriod"].map(|name| of.get(name).cloned());
    is_called_alike(one, other) && when(one) == when(other)
}

fn in_place(new: Report, old: Report) -> Arriving {
    let mut left = old.results;
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut results = Vec::new();
    for (id, _, value) in new.results {
        let place = left.iter().position(|(.., before)| !is_taken_back(before) && is_same_value(before, &value));
        let (own, version) = match place.map(|at| left.swap_remove(at)) {
            Some((before, version, stood)) => {
                names.insert(format!("Observation/{id}"), format!("Observation/{before}"));
                results.push((before, version, with_labels(value, &stood)));
                continue;
            }
            None => (id, None),
        };
        results.push((own, version, value));
    }
    for (.., value) in &mut results {
        rename(value, &names);
    }
    let mut value = with_labels(new.value, &old.value);
    rename(&mut value, &names);
    comment::keep(&mut value, &old.value);
    let report = Report {
        id: old.id,
        version: old.version,
        value,
        results,
        pictures: Vec::new(),
        apart: Vec::new(),
        tasks: old.tasks,
    };
    let gone = left.into_iter().filter(|(.., one)| !is_taken_back(one)).collect();
    Arriving::InPlace { report, gone }
}

/// With the labels of what stood, too: a correction makes nothing less delicate.
fn with_labels(mut value: Value, stood: &Value) -> Value {
    let of = |one: &Value| list(one.get("meta").unwrap_or(&Value::Null), "security").to_vec();
    let mut all = of(&value);
    all.extend(
        of(stood)
            .into_iter()
            .filter(|label| !list(value.get("meta").unwrap_or(&Value::Null), "security").contains(label)),
    );
    if let (false, Some(members)) = (all.is_empty(), value.as_object_mut()) {
        members.insert("meta".into(), serde_json::json!({"security": all}));
    }
    value
}

/// What refers to a value by its new id refers to it by the one under which it stands.
fn rename(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(to) if name == "reference" => {
                        if let Some(stands) = names.get(to.as_str()) {
                            to.clone_from(stands);
                        }
                    }
                    member => rename(member, names),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| rename(one, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id(text: &str) -> FhirId {
        FhirId::parse(text).unwrap()
    }

    fn value(name: &str, number: i32) -> Value {
        json!({"resourceType": "Observation", "status": "final", "code": {"text": name}, "effectiveDateTime": "2026-03-01",
            "valueInteger": number})
    }

    fn report(of: &str, status: &str, results: Vec<(FhirId, Option<u32>, Value)>) -> Report {
        let value = json!({"resourceType": "DiagnosticReport", "status": status, "code": {"text": "Iron"},
            "identifier": [{"system": "urn:lab", "value": "R77"}]});
        Report::new(id(of), value, results)
    }

    #[test]
    fn a_corrected_report_takes_the_place_of_the_one_that_is_here() {
        let sealed = json!({"security": [{"code": "PSY"}]});
        let mut stood = value("Ferritin", 8);
        stood["meta"] = sealed.clone();
        let mut old = report("old", "final", vec![(id("f"), Some(3), stood), (id("z"), Some(1), value("Zinc", 1))]);
        old.version = Some(7);
        let said = json!({"text": "Take iron.", "time": "2026-03-02T09:00:00Z"});
        old.value["extension"] =
            json!([{"url": comment::COMMENT, "valueAnnotation": said}, {"url": "urn:lab:run", "valueString": "4"}]);
        let new = report(
            "new",
            "corrected",
            vec![(id("nf"), None, value("Ferritin", 80)), (id("nc"), None, value("Copper", 2))],
        );
        let Arriving::InPlace { report, gone } = Arriving::of(new, Some(old)) else { panic!() };
        assert_eq!((report.id.as_str(), report.version), ("old", Some(7)));
        let said = comment::comments(&report.value).into_iter().map(|one| one.text);
        assert_eq!(said.collect::<Vec<_>>(), ["Take iron."], "the doctor's word stays, with its time");
        let results: Vec<_> = report.results.iter().map(|(id, version, _)| (id.as_str(), *version)).collect();
        assert_eq!(results, [("f", Some(3)), ("nc", None)]);
        assert_eq!((&report.results[0].2["valueInteger"], &report.results[0].2["meta"]), (&json!(80), &sealed));
        assert_eq!(report.value["result"], json!([{"reference": "Observation/f"}, {"reference": "Observation/nc"}]));
        assert_eq!(gone.iter().map(|(id, ..)| id.as_str()).collect::<Vec<_>>(), ["z"]);
    }

    #[test]
    fn a_further_sample_is_no_correction_and_an_older_state_no_newer_version() {
        let of = |status: &str, effective: &str, issued: &str| {
            let mut one = report("r", status, Vec::new());
            one.value["effectiveDateTime"] = effective.into();
            if !issued.is_empty() {
                one.value["issued"] = issued.into();
            }
            one
        };
        let (at, noon) = ("2026-11-20T08:00:00Z", "2026-11-20T12:00:00Z");
        let here = of("final", at, noon);
        let lies = |new: Report| Lies::of(&new, &here);
        assert_eq!(lies(of("final", "2026-11-20T11:00:00Z", noon)), Lies::Further);
        assert_eq!(lies(of("preliminary", at, "2026-11-20T09:00:00Z")), Lies::Before);
        assert_eq!(lies(of("preliminary", at, "2026-11-20T13:00:00Z")), Lies::Before, "it is less final");
        assert_eq!(lies(of("final", "2026-11-20T09:00:00+01:00", noon)), Lies::Unsaid, "the same moment");
        assert_eq!(lies(of("final", at, "2026-11-20T13:00:00Z")), Lies::After);
        assert_eq!(lies(of("corrected", at, "")), Lies::After);
        let value = |day: &str| {
            let mut one = value("Ferritin", 8);
            one["effectiveDateTime"] = day.into();
            report("r", "final", vec![(id("f"), None, one)])
        };
        assert_eq!(Lies::of(&value("2026-03-01"), &value("2026-03-02")), Lies::Further, "by their values");
    }

    #[test]
    fn one_that_is_withdrawn_is_taken_back_and_one_that_is_not_here_is_new() {
        let new = || report("new", "entered-in-error", Vec::new());
        let old = report("old", "final", Vec::new());
        assert!(matches!(Arriving::of(new(), Some(old)), Arriving::Withdrawn(one) if one.id.as_str() == "old"));
        assert!(matches!(Arriving::of(new(), None), Arriving::New(_)));
        assert_eq!(escaped("a|b,c"), "a\\|b\\,c");
    }
}
