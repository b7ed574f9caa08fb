//! Of a report with sealed values the others, in a report of their own. A report is as delicate as its most delicate value, so what
//! is sealed closes it whole: a value beside that, which nobody sealed and which may be critical, would wait in nobody's inbox.
//!
//! The sealed report keeps what its laboratory wrote of the whole. The other one has the number by which the next version is known,
//! and its name, unless the laboratory sealed the report itself, or the name is that of a sealed value: nothing of it says that
//! there is more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::super::belongs::members;
use super::super::{Report, marks};
use super::known::is_called_alike;
use super::{Arriving, label, named, values_of};
use crate::access::Sensitivity;
use crate::base::{Ambient, FhirId, ResourceRef};
use crate::care::held::is_held;
use crate::care::within::{list, text};
use crate::record::local_reference;

/// Of a report what is none of a sealed value.
const OF_BOTH: [&str; 13] = [
    "resourceType",
    "language",
    "modifierExtension",
    "identifier",
    "status",
    "category",
    "code",
    "subject",
    "effectiveDateTime",
    "effectivePeriod",
    "issued",
    "performer",
    "specimen",
];

type Part = (FhirId, Option<u32>, Value);

/// The reports of a file, each by its place there: what is sealed and what is not in one each, at places of their own. Each says
/// what the laboratory asks of it.
pub fn apart(reports: Vec<(usize, Report)>, ambient: &Ambient) -> Vec<(usize, Report)> {
    let (places, mut reports): (Vec<usize>, Vec<Report>) = reports.into_iter().unzip();
    label(&mut reports);
    let pool = Pool::of(reports.iter());
    let mut all = Vec::new();
    for (place, report) in places.into_iter().zip(reports) {
        let (report, plain) = pool.split(report, ambient);
        all.push((2 * place, report));
        all.extend(plain.map(|plain| (2 * place + 1, plain)));
    }
    for (_, report) in &mut all {
        if is_held(&report.value) {
            marks::put(&mut report.value, marks::ASKS_TO_HOLD);
        }
    }
    all
}

/// The same of what takes the place of a report that is here: as that is sealed, the new version is, and what is new in it may not
/// be.
pub fn still_apart(arriving: Vec<Arriving>, ambient: &Ambient) -> Vec<Arriving> {
    let pool = Pool::of(arriving.iter().map(Arriving::report));
    let mut all = Vec::new();
    for one in arriving {
        match one {
            Arriving::InPlace { report, gone } => {
                let (report, plain) = pool.split(report, ambient);
                all.push(Arriving::InPlace { report, gone });
                all.extend(plain.map(Arriving::New));
            }
            other => all.push(other),
        }
    }
    all
}

fn is_sealed(one: &Value) -> bool {
    Sensitivity::of_resource(one).is_sealed()
}

/// The values of a file.
struct Pool {
    values: BTreeMap<ResourceRef, Value>,
    /// Those that are sealed, and panels that say nothing but these.
    sealed: BTreeSet<ResourceRef>,
}

impl Pool {
    fn of<'a>(reports: impl Iterator<Item = &'a Report>) -> Self {
        let values = values_of(reports);
        let mut sealed: BTreeSet<ResourceRef> =
            values.iter().filter(|(_, value)| is_sealed(value)).map(|(name, _)| name.clone()).collect();
        loop {
            let carries = |(name, value): &(&ResourceRef, &Value)| {
                !sealed.contains(*name) && is_silent(value) && has_only(name, value, &sealed)
            };
            let more: Vec<ResourceRef> = values.iter().filter(carries).map(|(name, _)| name.clone()).collect();
            if more.is_empty() {
                return Self { values, sealed };
            }
            sealed.extend(more);
        }
    }

    fn is_sealed(&self, name: &ResourceRef) -> bool {
        // What is not in the file stays where the laboratory wrote of the whole.
        self.sealed.contains(name) || !self.values.contains_key(name)
    }

    /// The report with what is sealed, and one with the rest, where both are in it.
    fn split(&self, report: Report, ambient: &Ambient) -> (Report, Option<Report>) {
        let is_plain = |(id, ..): &Part| named(id).is_some_and(|name| !self.is_sealed(&name));
        if !is_sealed(&report.value) || !report.results.iter().any(is_plain) {
            return (report, None);
        }
        let mut rest = report;
        let (mut plain, mut sealed): (Vec<Part>, Vec<Part>) =
            std::mem::take(&mut rest.results).into_iter().partition(is_plain);
        plain.iter_mut().for_each(|(.., one)| keep(one, |name| !self.is_sealed(name)));
        sealed.iter_mut().for_each(|(.., one)| keep(one, |name| self.is_sealed(name)));
        let refers: Vec<ResourceRef> =
            list(&rest.value, "result").iter().filter_map(|one| local_reference(text(one, "/reference"))).collect();
        let (of_sealed, of_plain): (Vec<ResourceRef>, Vec<ResourceRef>) =
            refers.into_iter().partition(|name| self.is_sealed(name));
        let value = self.plain(&rest, &plain, &tops(of_plain, &plain));
        refer(&mut rest.value, &tops(of_sealed, &sealed));
        rest.results = sealed;
        (rest, Some(Report::new(FhirId::new(ambient), value, plain)))
    }

    /// What the report of the values that are not sealed says.
    fn plain(&self, report: &Report, values: &[Part], tops: &[ResourceRef]) -> Value {
        let of_both = OF_BOTH.iter().filter_map(|name| Some(((*name).to_owned(), report.value.get(*name)?.clone())));
        let mut value = Value::Object(of_both.collect::<Map<String, Value>>());
        let tells = |name: &ResourceRef| {
            let one = self.values.get(name).filter(|_| self.sealed.contains(name));
            one.is_some_and(|one| is_called_alike(one, &report.value))
        };
        if report.own.is_sealed() || self.sealed.iter().any(tells) {
            let first = tops.first().and_then(|name| self.values.get(name)).and_then(|one| one.get("code"));
            if let (Some(code), Some(members)) = (first, value.as_object_mut()) {
                members.insert("code".to_owned(), code.clone());
            }
        }
        // Held it is where the laboratory holds the report or one of these.
        let is_ours = report.own.is_held() || report.version.is_some() || values.iter().any(|(.., one)| is_held(one));
        let stays = |label: &&Value| {
            let of = Sensitivity::of_security(&json!([label]));
            !of.is_sealed() && (is_ours || !of.is_held())
        };
        let labels: Vec<Value> = marks::labels(&report.value).iter().filter(stays).cloned().collect();
        if !labels.is_empty() {
            marks::label(&mut value, labels);
        }
        if marks::asks_to_hold(&report.value) {
            marks::put(&mut value, marks::ASKS_TO_HOLD);
        }
        refer(&mut value, tops);
        value
    }
}

/// Whether a panel has members besides itself, and all of them are among these.
fn has_only(name: &ResourceRef, panel: &Value, these: &BTreeSet<ResourceRef>) -> bool {
    let all: Vec<ResourceRef> = members(panel).into_iter().filter(|one| one != name).collect();
    !all.is_empty() && all.iter().all(|one| these.contains(one))
}

/// Whether it says nothing but its members.
fn is_silent(one: &Value) -> bool {
    let says = |name: &String| {
        name.starts_with("value")
            || matches!(name.as_str(), "component" | "interpretation" | "note" | "dataAbsentReason")
    };
    one.as_object().is_some_and(|members| !members.keys().any(says))
}

/// A panel with those of its members alone that are so.
fn keep(panel: &mut Value, is_so: impl Fn(&ResourceRef) -> bool) {
    let Some(members) = panel.as_object_mut() else { return };
    let Some(all) = members.get_mut("hasMember").and_then(Value::as_array_mut) else { return };
    all.retain(|one| local_reference(text(one, "/reference")).is_some_and(|name| is_so(&name)));
    if all.is_empty() {
        members.shift_remove("hasMember");
    }
}

/// What a report refers to so that it has all of these: what it did, and what no panel of these leads to any more.
fn tops(refers: Vec<ResourceRef>, values: &[Part]) -> Vec<ResourceRef> {
    let by_name: BTreeMap<ResourceRef, &Value> =
        values.iter().filter_map(|(id, _, value)| Some((named(id)?, value))).collect();
    let mut met = BTreeSet::new();
    let mut reach = |from: &ResourceRef| {
        let mut open = vec![from.clone()];
        let is_new = !met.contains(from);
        while let Some(next) = open.pop() {
            if met.insert(next.clone()) {
                open.extend(by_name.get(&next).map(|value| members(value)).unwrap_or_default());
            }
        }
        is_new
    };
    let mut all = refers;
    for name in &all {
        reach(name);
    }
    // A panel stands before its members.
    for name in values.iter().filter_map(|(id, ..)| named(id)) {
        if reach(&name) {
            all.push(name);
        }
    }
    all
}

fn refer(report: &mut Value, to: &[ResourceRef]) {
    let Some(members) = report.as_object_mut() else { return };
    if to.is_empty() {
        members.shift_remove("result");
    } else {
        members.insert("result".to_owned(), to.iter().map(|name| json!({"reference": name.as_str()})).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> FhirId {
        FhirId::parse(text).unwrap()
    }

    fn refers(to: &[&str]) -> Value {
        to.iter().map(|to| json!({"reference": format!("Observation/{to}")})).collect()
    }

    fn hiv() -> Value {
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]})
    }

    fn value(name: &str, more: Value) -> Part {
        let mut one = json!({"resourceType": "Observation", "status": "final", "code": {"text": name}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        (id(name), None, one)
    }

    /// As it comes from a file, where its values seal it.
    fn report(more: Value, results: Vec<Part>) -> Report {
        let mut one = json!({"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Blood panel"},
            "identifier": [{"system": "urn:lab", "value": "C1"}], "issued": "2026-11-27T09:00:00Z",
            "conclusion": "HIV confirmed, potassium critical"});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut report = Report::new(id("r"), one, results);
        report.value["meta"] = hiv();
        report
    }

    fn halves(report: Report) -> (Report, Option<Report>) {
        let all = apart(vec![(3, report)], &Ambient::system());
        let places: Vec<usize> = all.iter().map(|(place, _)| *place).collect();
        assert!(places == [6] || places == [6, 7], "{places:?}");
        let mut all = all.into_iter().map(|(_, one)| one);
        (all.next().unwrap(), all.next())
    }

    fn ids(report: &Report) -> Vec<String> {
        report.results.iter().map(|(id, ..)| id.to_string()).collect()
    }

    #[test]
    fn a_value_that_nobody_sealed_is_in_a_report_that_the_clinic_sees() {
        let potassium = || value("Potassium", json!({"interpretation": [{"coding": [{"code": "HH"}]}]}));
        let (sealed, plain) = halves(report(json!({}), vec![potassium(), value("Antibody", json!({"meta": hiv()}))]));
        let plain = plain.unwrap();
        assert_eq!((ids(&sealed), ids(&plain)), (vec!["Antibody".to_owned()], vec!["Potassium".to_owned()]));
        assert_eq!(
            (&sealed.value["result"], &plain.value["result"]),
            (&refers(&["Antibody"]), &refers(&["Potassium"]))
        );
        assert_eq!((plain.value.get("meta"), plain.value.get("conclusion")), (None, None));
        assert_eq!(
            (&plain.value["code"], &plain.value["identifier"]),
            (&sealed.value["code"], &sealed.value["identifier"])
        );
        assert!(is_sealed(&sealed.value) && sealed.value["conclusion"].is_string() && plain.id != sealed.id);

        let only = |values: Vec<Part>| halves(report(json!({}), values)).1.is_none();
        assert!(only(vec![value("Antibody", json!({"meta": hiv()}))]));
        let mut open = report(json!({}), vec![potassium()]);
        open.value.as_object_mut().unwrap().remove("meta");
        assert!(halves(open).1.is_none());
    }

    #[test]
    fn a_panel_comes_apart_and_nothing_of_the_one_half_is_named_in_the_other() {
        let all = vec![
            value("Panel", json!({"hasMember": refers(&["Potassium", "Antibody"])})),
            value("Potassium", json!({})),
            value("Antibody", json!({"meta": hiv()})),
            value("Viruses", json!({"hasMember": refers(&["Load", "Viruses"])})),
            value("Load", json!({"meta": hiv(), "hasMember": refers(&["Sodium"])})),
            value("Sodium", json!({})),
        ];
        let (sealed, plain) = halves(report(json!({"result": refers(&["Panel", "Viruses"])}), all));
        let plain = plain.unwrap();
        assert_eq!(ids(&plain), ["Panel", "Potassium", "Sodium"]);
        assert_eq!(plain.value["result"], refers(&["Panel", "Sodium"]));
        assert_eq!(plain.results[0].2["hasMember"], refers(&["Potassium"]));
        assert_eq!(ids(&sealed), ["Antibody", "Viruses", "Load"], "a panel of sealed values alone is theirs");
        assert_eq!(sealed.value["result"], refers(&["Viruses", "Antibody"]));
        assert_eq!(sealed.results[2].2.get("hasMember"), None);
    }

    #[test]
    fn what_is_sealed_by_its_name_lends_the_other_half_none() {
        let values = || vec![value("Potassium", json!({})), value("Antibody", json!({"meta": hiv()}))];
        let name = |one: Report| halves(one).1.unwrap().value["code"]["text"].clone();
        assert_eq!(name(report(json!({}), values())), "Blood panel");
        assert_eq!(name(report(json!({"code": {"text": "antibody"}}), values())), "Potassium");
        let named = json!({"code": {"text": "HIV clinic"}, "meta": hiv()});
        assert_eq!(name(report(named.clone(), values())), "Potassium", "its laboratory sealed the report itself");
        assert_eq!(name(report(named, vec![value("Potassium", json!({}))])), "Potassium");
    }

    #[test]
    fn what_its_laboratory_asks_to_hold_is_known_of_each_half() {
        let held = json!({"security": [{"code": "NOPAT"}]});
        let both = json!({"security": [{"code": "NOPAT"}, {"code": "HIV"}]});
        let asks = |own: &Value, of_sealed: &Value| {
            let all = vec![value("Potassium", json!({})), value("Antibody", json!({"meta": of_sealed}))];
            let mut one = report(json!({"meta": own}), all);
            one.value["meta"] = both.clone();
            let (sealed, plain) = halves(one);
            [sealed, plain.unwrap()].map(|one| (marks::asks_to_hold(&one.value), is_held(&one.value)))
        };
        assert_eq!(asks(&json!({"source": "urn:lab"}), &both), [(true, true), (false, false)]);
        assert_eq!(asks(&held, &hiv()), [(true, true); 2]);
    }

    #[test]
    fn what_is_new_in_a_sealed_report_comes_apart_when_it_takes_its_place() {
        let mut old = report(json!({}), vec![(id("Antibody"), Some(2), value("Antibody", json!({"meta": hiv()})).2)]);
        old.version = Some(4);
        let mut new = report(json!({}), vec![value("Antibody", json!({})), value("Potassium", json!({}))]);
        new.value.as_object_mut().unwrap().remove("meta");
        let all = still_apart(vec![Arriving::of(new, Some(old))], &Ambient::system());
        let [Arriving::InPlace { report, gone }, Arriving::New(plain)] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((ids(report), gone.len(), ids(plain)), (vec!["Antibody".into()], 0, vec!["Potassium".into()]));
        assert!(is_sealed(&report.value) && !is_sealed(&plain.value));
    }
}
