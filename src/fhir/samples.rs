//! Of what sample a value is that does not say so itself: of its report's. A laboratory names the sample often once, on the report
//! (FHIR R4, diagnosticreport.html: `specimen`), and of a value alone nobody would see that it is of a cord's blood and none of the
//! patient's own. Whoever takes values in, or shows them outside of their report, asks here first.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Another;

/// The samples of a report, each by what it is referred to and by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples(Vec<(String, Option<String>)>);

impl Samples {
    /// With each called as `name` calls what refers to it.
    pub fn of(report: &Value, name: impl Fn(&Value) -> Option<String>) -> Self {
        let of = |one: &Value| (text(one, "/reference").to_owned(), name(one));
        Self(list(report, "specimen").iter().map(of).collect())
    }

    /// Of what sample a value of the report is; nothing where it says so itself, or its report does not. What names one without
    /// saying what it is, is of that one. Of several, of which one is somebody else's, nobody knows that it is the patient's own.
    pub fn of_value(&self, value: &Value) -> Option<String> {
        let own = value.get("specimen").filter(|own| own.as_object().is_some_and(|own| !own.is_empty()));
        if let Some(own) = own {
            let to = text(own, "/reference");
            let is_that = |(one, _): &&(String, Option<String>)| !to.is_empty() && one == to;
            let says_so = !text(own, "/display").is_empty();
            return self.0.iter().find(is_that).filter(|_| !says_so).and_then(|(_, name)| name.clone());
        }
        let named: Vec<&str> = self.0.iter().filter_map(|(_, name)| name.as_deref()).collect();
        match named.as_slice() {
            [] => None,
            [one] if self.0.len() == 1 => Some((*one).to_owned()),
            all => all.iter().any(|one| Another::is_sample(one)).then(|| all.join(", ")),
        }
    }
}

/// What a sample that lies in the same resource, or a device, is.
pub fn kind_of(one: &Value) -> Option<String> {
    let all = ["/type/text", "/type/coding/0/display", "/type/coding/0/code"];
    let name = all.iter().map(|at| text(one, at)).find(|name| !name.is_empty())?;
    // Where the code alone says whose it is, it stays with the name.
    let mut codes = list(one.get("type").unwrap_or(&Value::Null), "coding").iter().map(|coding| text(coding, "/code"));
    let code = codes.rfind(|code| *code != name && Another::is_sample(code) && !Another::is_sample(name));
    Some(code.map_or_else(|| name.to_owned(), |code| format!("{name} ({code})")))
}

/// What a reference of this resource calls a sample: by its own words, or by what lies in the resource.
fn called(within: &Value, to: &Value) -> Option<String> {
    let said = Some(text(to, "/display")).filter(|said| !said.is_empty()).map(str::to_owned);
    said.or_else(|| {
        let id = text(to, "/reference").strip_prefix('#')?;
        kind_of(list(within, "contained").iter().find(|one| text(one, "/id") == id)?)
    })
}

/// Says of a value that lies in a report of what sample it is, where it does not say so itself.
pub fn of_report(value: &mut Value, report: &Value) {
    let samples = Samples::of(report, |to| called(report, to));
    let sample = samples.of_value(value);
    say(value, sample);
}

fn say(value: &mut Value, sample: Option<String>) {
    let Some(sample) = sample else { return };
    let own = value.as_object_mut().map(|members| members.entry("specimen").or_insert_with(|| json!({})));
    if let Some(own) = own.and_then(Value::as_object_mut) {
        own.insert("display".to_owned(), sample.into());
    }
}

/// Says of each of these values of what sample it is, as far as one of these reports has it, at whichever level of its panels. What a
/// report that was taken back said of it is not said any more. Answers with the places of those that say it now, in their order.
pub fn of_reports(values: &mut [Value], reports: &[Value]) -> Vec<usize> {
    if !reports.iter().any(names_one) {
        return Vec::new();
    }
    let mut said: BTreeMap<usize, String> = BTreeMap::new();
    {
        let name = |one: &Value| format!("Observation/{}", text(one, "/id"));
        let places: BTreeMap<String, usize> = values.iter().enumerate().map(|(at, one)| (name(one), at)).collect();
        let counts = |one: &&Value| !list(one, "specimen").is_empty() && text(one, "/status") != "entered-in-error";
        for report in reports.iter().filter(counts) {
            let samples = Samples::of(report, |to| called(report, to));
            let mut met = BTreeSet::new();
            let mut open: Vec<String> = referred(report, "result");
            while let Some(next) = open.pop() {
                let Some((at, one)) = places.get(&next).and_then(|at| Some((*at, values.get(*at)?))) else { continue };
                let is_theirs = text(one, "/subject/reference") == text(report, "/subject/reference");
                if !is_theirs || !met.insert(at) {
                    continue;
                }
                open.extend(referred(one, "hasMember"));
                // What lies in the value has its own name, too.
                let is_own = text(one, "/specimen/reference").starts_with('#');
                if let Some(sample) = samples.of_value(one).filter(|_| !is_own) {
                    let before = said.entry(at).or_insert_with(|| sample.clone());
                    // Two reports of one value: what says that it is somebody else's counts.
                    if Another::is_sample(&sample) && !Another::is_sample(before) {
                        *before = sample;
                    }
                }
            }
        }
    }
    let places = said.keys().copied().collect();
    for (at, sample) in said {
        if let Some(value) = values.get_mut(at) {
            say(value, Some(sample));
        }
    }
    places
}

/// Whether a report names a sample for what it refers to.
pub fn names_one(report: &Value) -> bool {
    !list(report, "specimen").is_empty() && !list(report, "result").is_empty()
}

/// What a list refers to, whichever version of it.
fn referred(of: &Value, name: &str) -> Vec<String> {
    let version = |to: &str| to.split_once("/_history/").map_or(to, |(of, _)| of).to_owned();
    list(of, name).iter().map(|one| version(text(one, "/reference"))).collect()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).map(str::trim).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(specimen: Value) -> Samples {
        let report = json!({"specimen": specimen});
        Samples::of(&report, |to| called(&report, to))
    }

    #[test]
    fn a_value_that_names_no_sample_is_of_its_reports() {
        let cord = samples(json!([{"reference": "Specimen/c", "display": "Umbilical cord blood"}]));
        let of = |value: Value| cord.of_value(&value);
        assert_eq!(of(json!({})).as_deref(), Some("Umbilical cord blood"));
        assert_eq!(of(json!({"specimen": {"reference": "Specimen/c"}})).as_deref(), Some("Umbilical cord blood"));
        assert_eq!(of(json!({"specimen": {"reference": "Specimen/other"}})), None);
        assert_eq!(of(json!({"specimen": {"display": "Serum"}})), None, "it says so itself");
        assert_eq!(samples(json!([])).of_value(&json!({})), None);
        assert_eq!(samples(json!([{"reference": "Specimen/c"}])).of_value(&json!({})), None, "nobody knows its name");
        let two = |other: &str| samples(json!([{"display": "Serum"}, {"display": other}])).of_value(&json!({}));
        assert_eq!(two("Plasma"), None, "either may be meant");
        assert_eq!(two("Cord blood").as_deref(), Some("Serum, Cord blood"), "it may be none of the patient's own");
    }

    #[test]
    fn what_lies_in_a_report_names_its_sample_and_a_code_that_says_whose_it_is_stays_with_it() {
        let inside = json!({"resourceType": "Specimen", "id": "s",
            "type": {"text": "Blood", "coding": [{"code": "BLDCO"}]}});
        let report = json!({"contained": [inside], "specimen": [{"reference": "#s"}]});
        let mut value = json!({"resourceType": "Observation"});
        of_report(&mut value, &report);
        assert_eq!(value["specimen"], json!({"display": "Blood (BLDCO)"}));
        assert!(Another::of(&value).is_some());
    }

    #[test]
    fn nothing_is_said_of_a_value_whose_report_names_no_sample() {
        let mut value = json!({"resourceType": "Observation"});
        of_report(&mut value, &json!({"specimen": []}));
        assert_eq!(value, json!({"resourceType": "Observation"}));
    }

    #[test]
    fn each_value_is_of_the_sample_of_the_report_that_has_it_at_every_level_of_its_panels() {
        let subject = json!({"reference": "Patient/p"});
        let value = |id: &str, more: Value| {
            let mut one = json!({"resourceType": "Observation", "id": id, "subject": subject});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        let refers = |to: &str| json!([{"reference": format!("Observation/{to}")}]);
        let report = |of: &str, sample: &str, status: &str| json!({"status": status, "subject": subject, "specimen": [{"display": sample}], "result": refers(of)});
        let said = |reports: &[Value]| {
            let mut all = [
                value("panel", json!({"hasMember": refers("member")})),
                value("member", json!({})),
                value("lone", json!({})),
                value("another", json!({"subject": {"reference": "Patient/q"}})),
            ];
            of_reports(&mut all, reports);
            all.map(|one| one["specimen"]["display"].as_str().map(str::to_owned))
        };
        let cord = Some("Cord blood".to_owned());
        assert_eq!(
            said(&[report("panel/_history/1", "Cord blood", "final")]),
            [cord.clone(), cord.clone(), None, None]
        );
        assert_eq!(said(&[report("another", "Cord blood", "final")]), [None, None, None, None]);
        assert_eq!(said(&[report("lone", "Cord blood", "entered-in-error")]), [None, None, None, None]);
        let both = [report("lone", "Serum", "final"), report("lone", "Cord blood", "final")];
        assert_eq!(said(&both), [None, None, cord, None]);
    }
}
