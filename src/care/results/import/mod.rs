//! A laboratory's file: reports and results, as FHIR JSON. It becomes this patient's only where it says so itself, or where
//! who imports it says so; and all of it does, or nothing.
//!
//! Each report comes with the members of its panels ([`super::belongs`]). A result that no report names gets a report of its
//! own, so that a doctor sees it and signs it.

mod apart;
mod file;
mod known;
mod whose;

pub use apart::{apart, still_apart};
pub use known::{
    Arriving, Lies, Unasked, has_unseen_part, is_sealed, is_surely_newer, known_as, may_be_one, newer, paired, seal_as,
    sealed_whole, unasked, whole_file, withdrawn_too,
};
pub(super) use known::{house, known_inside};
pub use whose::{Described, Differs};

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use self::file::File;
use super::{Report, belonging, marks};
use crate::base::{Ambient, FhirId, ResourceRef};
use crate::care::within::{list, text};
use crate::fhir::ResourceType;
use crate::fhir::samples::{Samples, kind_of};

/// Why a file was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportFault {
    /// No JSON, or no FHIR.
    Unread,
    /// No report and no result is in it.
    NoReport,
    /// Types that this is no place for.
    Others(String),
    /// It is about somebody else: the name that it gives, as far as it gives one.
    SomebodyElse(Option<String>),
    /// It does not say for certain whose it is: whom it is about, as far as it says.
    Whose(Option<Described>),
    /// What this report or panel refers to is not in it, or two things are called the same.
    Missing(String),
    /// This value is about somebody or something whose name the file does not give: it must not read as the patient's own.
    OfAnother(String),
    /// It is withdrawn, and nothing of it is here.
    Withdrawn(String),
    /// What is here of its number is not to be seen by who takes it, or not whole.
    Unseen,
    /// This is dated after today.
    Later(String),
    /// More results than one file may hold, or panels within panels without end.
    TooMany,
}

/// The most reports and results of one file.
const MOST: usize = 200;
/// What a report says in words.
const WORDS: [&str; 4] = ["conclusion", "conclusionCode", "presentedForm", "text"];
/// The most levels of panels: as many as a report is read with ([`Limits`](crate::record::Limits)).
const LEVELS: usize = 5;
/// What a file may hold. Of the last ones nothing is kept but a name.
const KNOWN: [&str; 9] = [
    "DiagnosticReport",
    "Observation",
    "Patient",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "Specimen",
    "ServiceRequest",
    "MessageHeader",
];

/// Who imports says that it is this patient's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    Yes,
    No,
}

/// Reads a file.
pub fn import(
    text: &str,
    patient: &Value,
    sure: Sure,
    now: &str,
    ambient: &Ambient,
) -> Result<Vec<Report>, ImportFault> {
    // Some systems begin a file with a mark of its letters' order.
    let text = text.trim_start_matches('\u{feff}');
    let parsed: Value = serde_json::from_str(text).map_err(|_| ImportFault::Unread)?;
    let file = File::read(&parsed).ok_or(ImportFault::Unread)?;
    whose::check(&file, patient, sure)?;
    let pictures = file.of("DiagnosticReport").any(|(_, one)| !list(one, "media").is_empty()).then_some("Media");
    let others: BTreeSet<&str> = file.kinds().filter(|kind| !KNOWN.contains(kind)).chain(pictures).collect();
    if !others.is_empty() {
        return Err(ImportFault::Others(others.into_iter().collect::<Vec<_>>().join(", ")));
    }
    if file.of("Observation").chain(file.of("DiagnosticReport")).count() > MOST {
        return Err(ImportFault::TooMany);
    }
    for (_, one) in file.of("Observation").chain(file.of("DiagnosticReport")) {
        if is_later(one, now) {
            return Err(ImportFault::Later(title(one)));
        }
    }
    let ids = file.of("Observation").map(|(at, _)| (at, FhirId::new(ambient))).collect();
    let id = patient.get("id").and_then(Value::as_str).unwrap_or_default();
    let mut taking = Taking { file: &file, ids, taken: BTreeSet::new(), patient: id, now };
    let mut reports = Vec::new();
    for (at, one) in file.of("DiagnosticReport") {
        let direct = taking.refers(at, "result")?;
        let mut report = taking.ours(one)?;
        taking.name(&mut report, "result", &direct);
        // Outside of its report, too, a value says of what sample it is.
        let samples = Samples::of(one, |to| taking.sample(one, to));
        reports.push(Report::new(FhirId::new(ambient), report, taking.reached(direct, &samples)?));
    }
    for at in taking.lone()? {
        let Some(one) = file.get(at).filter(|_| !taking.taken.contains(&at)) else { continue };
        let mut report = taking.report_of(one)?;
        taking.name(&mut report, "result", &[at]);
        reports.push(Report::new(FhirId::new(ambient), report, taking.reached(vec![at], &Samples::default())?));
    }
    label(&mut reports);
    let says = |one: &Report| !one.results.is_empty() || WORDS.iter().any(|name| one.value.get(*name).is_some());
    if reports.iter().any(says) { Ok(reports) } else { Err(ImportFault::NoReport) }
}

/// Whether it is dated after tomorrow: somewhere it is a day later, and nowhere two.
fn is_later(one: &Value, now: &str) -> bool {
    let today = now.get(..10).and_then(|day| day.parse::<jiff::civil::Date>().ok());
    let Some(tomorrow) = today.and_then(|day| day.tomorrow().ok()) else { return false };
    let last = tomorrow.to_string();
    let dates = ["/effectiveDateTime", "/effectiveInstant", "/effectivePeriod/start", "/issued"];
    let is = |at: &&str| {
        let day = text(one, at).get(..10).unwrap_or_else(|| text(one, at));
        last.get(..day.len()).is_some_and(|last| day > last)
    };
    dates.iter().any(is)
}

/// How reports refer to a value.
fn named(id: &FhirId) -> Option<ResourceRef> {
    ResourceRef::new(ResourceType::Observation.name(), id).ok()
}

/// The values of a file, by what its reports call them.
fn values_of<'a>(reports: impl IntoIterator<Item = &'a Report>) -> BTreeMap<ResourceRef, Value> {
    let all = reports.into_iter().flat_map(|one| &one.results);
    all.filter_map(|(id, _, value)| Some((named(id)?, value.clone()))).collect()
}

/// A report is as delicate as its most delicate value, at every level and also where another report of the file has that, too:
/// whoever may not see that sees nothing of it.
fn label(reports: &mut [Report]) {
    let pool = values_of(&*reports);
    for report in reports {
        let mut labels: Vec<Value> = marks::labels(&report.value).to_vec();
        let parts = belonging(&report.value, |name| pool.get(name)).parts;
        for one in parts.iter().flat_map(|(_, value)| marks::labels(value)) {
            if !labels.contains(one) {
                labels.push(one.clone());
            }
        }
        if !labels.is_empty() {
            marks::label(&mut report.value, labels);
        }
    }
}

/// The results of a file on their way into the record: each under an id of its own, once.
struct Taking<'a> {
    file: &'a File<'a>,
    ids: BTreeMap<usize, FhirId>,
    taken: BTreeSet<usize>,
    patient: &'a str,
    now: &'a str,
}

impl Taking<'_> {
    /// The results that the list of a report or a panel names.
    fn refers(&self, from: usize, name: &str) -> Result<Vec<usize>, ImportFault> {
        let Some(one) = self.file.get(from) else { return Ok(Vec::new()) };
        let missing = || ImportFault::Missing(title(one));
        let of = |refers: &Value| {
            let at = self.file.find(from, text(refers, "/reference")).ok_or_else(missing)?;
            if self.ids.contains_key(&at) { Ok(at) } else { Err(missing()) }
        };
        list(one, name).iter().map(of).collect()
    }

    /// These and the members of their panels at every level, as far as no other report has them: each with its id, and of these
    /// samples where it does not say of which.
    fn reached(
        &mut self,
        direct: Vec<usize>,
        samples: &Samples,
    ) -> Result<Vec<(FhirId, Option<u32>, Value)>, ImportFault> {
        let mut found = Vec::new();
        let (mut level, mut open) = (0, direct);
        while !open.is_empty() {
            if level > LEVELS {
                return Err(ImportFault::TooMany);
            }
            let mut next = Vec::new();
            for at in open {
                let (Some(one), Some(id)) = (self.file.get(at), self.ids.get(&at).cloned()) else { continue };
                if !self.taken.insert(at) {
                    continue;
                }
                let members = self.refers(at, "hasMember")?;
                let mut value = self.ours(one)?;
                self.name(&mut value, "hasMember", &members);
                let sample = samples.of_value(one).filter(|_| value.get("specimen").is_none());
                if let (Some(sample), Some(members)) = (sample, value.as_object_mut()) {
                    members.insert("specimen".into(), json!({"display": sample}));
                }
                found.push((id, None, value));
                next.extend(members);
            }
            (level, open) = (level + 1, next);
        }
        Ok(found)
    }

    /// What no report reached, a panel before its members.
    fn lone(&self) -> Result<Vec<usize>, ImportFault> {
        let all: Vec<usize> = self.ids.keys().copied().filter(|at| !self.taken.contains(at)).collect();
        let mut members = BTreeSet::new();
        for at in &all {
            members.extend(self.refers(*at, "hasMember")?.into_iter().filter(|member| member != at));
        }
        let (inner, outer): (Vec<usize>, Vec<usize>) = all.into_iter().partition(|at| members.contains(at));
        Ok(outer.into_iter().chain(inner).collect())
    }

    fn name(&self, value: &mut Value, name: &str, to: &[usize]) {
        let all =
            to.iter().filter_map(|at| self.ids.get(at)).map(|id| json!({"reference": format!("Observation/{id}")}));
        if let (false, Some(members)) = (to.is_empty(), value.as_object_mut()) {
            members.insert(name.into(), all.collect());
        }
    }

    /// A resource of the file as this record's: about this patient, and referring to nothing that is not here. What it says that
    /// makes it another value, of what sample, of whom, stays by its name; its labels stay as they are.
    fn ours(&self, one: &Value) -> Result<Value, ImportFault> {
        let mut value = one.clone();
        let Some(members) = value.as_object_mut() else { return Ok(value) };
        let kept = self.kept(one)?;
        for name in [
            "id",
            "meta",
            "contained",
            "encounter",
            "basedOn",
            "specimen",
            "hasMember",
            "derivedFrom",
            "partOf",
            "device",
            "imagingStudy",
            "media",
            "result",
            "resultsInterpreter",
            "focus",
        ] {
            members.shift_remove(name);
        }
        // Its own words stay where they say more than what is taken from it (R4, Narrative.status).
        let says = ["result", "conclusion", "conclusionCode", "presentedForm"];
        let is_report = text(one, "/resourceType") == "DiagnosticReport";
        let is_more = text(one, "/text/status") == "additional";
        if !is_more && (!is_report || says.iter().any(|name| one.get(*name).is_some())) {
            members.shift_remove("text");
        }
        members.insert("subject".into(), json!({"reference": format!("Patient/{}", self.patient)}));
        // Who made it is not in this record: the name stays.
        let performers: Vec<Value> = list(one, "performer").iter().filter_map(|by| self.named(one, by)).collect();
        members.shift_remove("performer");
        if !performers.is_empty() {
            members.insert("performer".into(), performers.into());
        }
        if !members.contains_key("issued") {
            members.insert("issued".into(), self.now.into());
        }
        members.extend(kept);
        Ok(value)
    }

    /// What of the elements that refer elsewhere is kept, by names alone.
    fn kept(&self, one: &Value) -> Result<Map<String, Value>, ImportFault> {
        let mut kept = Map::new();
        let own = format!("Patient/{}", self.patient);
        let others = list(one, "focus").iter().filter(|to| text(to, "/reference") != own);
        let focus = others.map(|to| self.named(one, to).ok_or_else(|| ImportFault::OfAnother(title(one))));
        let focus = focus.collect::<Result<Vec<Value>, _>>()?;
        if !focus.is_empty() {
            kept.insert("focus".into(), focus.into());
        }
        // A report has several samples, a value one.
        let samples: Vec<Value> = list(one, "specimen").iter().filter_map(|to| self.named(one, to)).collect();
        if !samples.is_empty() {
            kept.insert("specimen".into(), samples.into());
        }
        for name in ["specimen", "device"] {
            let to = one.get(name).filter(|to| to.is_object());
            kept.extend(to.and_then(|to| self.named(one, to)).map(|named| (name.to_owned(), named)));
        }
        let labels = one.pointer("/meta/security").filter(|labels| labels.is_array());
        kept.extend(labels.map(|labels| ("meta".to_owned(), json!({"security": labels}))));
        Ok(kept)
    }

    /// Who or what it is, by the name in the reference or of what it refers to.
    fn named(&self, of: &Value, by: &Value) -> Option<Value> {
        let display = text(by, "/display");
        if !display.is_empty() {
            return Some(json!({"display": display}));
        }
        let from = self.file.place(of)?;
        let found = self.file.get(self.file.find(from, text(by, "/reference"))?)?;
        let name = match text(found, "/name") {
            "" => whose::person(found).or_else(|| kind_of(found))?,
            name => name.to_owned(),
        };
        Some(json!({"display": name}))
    }

    /// What a sample is called.
    fn sample(&self, of: &Value, to: &Value) -> Option<String> {
        Some(text(&self.named(of, to)?, "/display").to_owned())
    }

    /// The report of a result that has none.
    fn report_of(&self, one: &Value) -> Result<Value, ImportFault> {
        let ours = self.ours(one)?;
        let category = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]});
        let mut report = Map::new();
        report.insert("resourceType".into(), "DiagnosticReport".into());
        report.insert("category".into(), json!([category]));
        // Every status of an Observation is one of a DiagnosticReport (R4).
        // Its number is that of the report, too: by it the next version of both is known.
        for name in
            ["status", "identifier", "code", "subject", "effectiveDateTime", "effectivePeriod", "issued", "performer"]
        {
            report.extend(ours.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        if let Some(instant) = ours.get("effectiveInstant") {
            report.insert("effectiveDateTime".into(), instant.clone());
        }
        Ok(Value::Object(report))
    }
}

/// What a report or a panel is called.
fn title(one: &Value) -> String {
    let all = ["/code/text", "/code/coding/0/display", "/code/coding/0/code", "/resourceType"];
    all.iter().map(|at| text(one, at)).find(|name| !name.is_empty()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, SeededRandom, Timestamp};

    fn patient() -> Value {
        json!({"resourceType": "Patient", "id": "p1", "birthDate": "1967-05-09", "name": [{"family": "Brandvold"}],
            "identifier": [{"system": "urn:chartbox:clinic-number", "value": "004 127"}]})
    }

    fn bundle(patient: Option<Value>) -> String {
        let mut entries = vec![
            json!({"fullUrl": "urn:uuid:1", "resource": {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Iron"},
                "subject": {"reference": "urn:uuid:9"}, "performer": [{"display": "Lab"}, {"reference": "Organization/x"}],
                "result": [{"reference": "urn:uuid:2"}]}}),
            json!({"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "Ferritin"},
                "encounter": {"reference": "Encounter/e"}, "valueQuantity": {"value": 12}}}),
        ];
        entries.extend(patient.map(|patient| json!({"fullUrl": "urn:uuid:9", "resource": patient})));
        json!({"resourceType": "Bundle", "type": "collection", "entry": entries}).to_string()
    }

    fn taken(text: &str, sure: Sure) -> Result<Vec<Report>, ImportFault> {
        let ambient = Ambient::new(ManualClock::at(Timestamp::UNIX_EPOCH), SeededRandom::new(1));
        import(text, &patient(), sure, "2026-03-03T09:31:00Z", &ambient)
    }

    #[test]
    fn a_file_about_this_patient_is_taken_and_refers_to_nothing_else() {
        let same = json!({"resourceType": "Patient", "birthDate": "1967-05-09", "name": [{"family": "BRANDVOLD"}]});
        let found = taken(&bundle(Some(same)), Sure::No).unwrap();
        let [report] = found.as_slice() else { panic!() };
        assert_eq!((report.results.len(), &report.value["subject"]["reference"]), (1, &json!("Patient/p1")));
        assert_eq!(report.value["performer"], json!([{"display": "Lab"}]));
        assert!(report.results[0].2.get("encounter").is_none());
        let by_number = json!({"resourceType": "Patient", "identifier": [{"system": "urn:chartbox:clinic-number", "value": "004 127"}]});
        assert!(taken(&bundle(Some(by_number)), Sure::No).is_ok());
    }

    #[test]
    fn a_file_about_somebody_else_or_nobody_is_not_taken_by_mistake() {
        let other = json!({"resourceType": "Patient", "birthDate": "1970-01-01", "name": [{"family": "Brandvold", "given": ["Kaja"]}]});
        assert_eq!(
            taken(&bundle(Some(other)), Sure::Yes).unwrap_err(),
            ImportFault::SomebodyElse(Some("Kaja Brandvold 1 January 1970".into()))
        );
        assert_eq!(taken(&bundle(None), Sure::No).unwrap_err(), ImportFault::Whose(None));
        assert!(taken(&bundle(None), Sure::Yes).is_ok());
    }

    #[test]
    fn of_whom_of_what_sample_and_how_delicate_a_value_is_comes_along() {
        let hiv = json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]);
        let file = json!([
            {"resourceType": "Specimen", "id": "s", "type": {"text": "urine"}},
            test("glucose", json!({"specimen": {"reference": "Specimen/s"}, "device": {"display": "POCT"}, "meta": {"security": hiv}})),
            test("hb", json!({"focus": [{"reference": "Patient/x", "display": "fetus"}], "specimen": {"display": "umbilical cord"}})),
        ]);
        let found = taken(&file.to_string(), Sure::Yes).unwrap();
        let [glucose, hb] = found.as_slice() else { panic!() };
        let value = &glucose.results[0].2;
        assert_eq!((&value["specimen"], &value["device"]), (&json!({"display": "urine"}), &json!({"display": "POCT"})));
        assert_eq!((&value["meta"]["security"], &glucose.value["meta"]["security"]), (&hiv, &hiv));
        let value = &hb.results[0].2;
        assert_eq!(value["focus"], json!([{"display": "fetus"}]));
        assert_eq!((&value["specimen"], value.get("meta")), (&json!({"display": "umbilical cord"}), None));
        let cord = json!({"text": "Blood", "coding": [{"code": "BLDCO"}]});
        let cord = json!([{"resourceType": "Specimen", "id": "s", "type": cord}, test("hb", json!({"specimen": {"reference": "Specimen/s"}}))]);
        let found = taken(&cord.to_string(), Sure::Yes).unwrap();
        assert_eq!(found[0].results[0].2["specimen"], json!({"display": "Blood (BLDCO)"}), "a code says whose it is");
        let unnamed = test("hb", json!({"focus": [{"reference": "Patient/x"}]})).to_string();
        assert_eq!(taken(&unnamed, Sure::Yes).unwrap_err(), ImportFault::OfAnother("hb".into()));
        let own = test("hb", json!({"focus": [{"reference": "Patient/p1"}]})).to_string();
        assert_eq!(taken(&own, Sure::Yes).unwrap()[0].results[0].2.get("focus"), None);
    }

    #[test]
    fn a_value_that_names_no_sample_is_of_its_reports_also_apart_from_it() {
        let hiv = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]});
        let file = json!([
            {"resourceType": "Specimen", "id": "s", "type": {"text": "Umbilical cord blood"}},
            test("calcium", json!({})),
            test("own", json!({"specimen": {"display": "Serum"}})),
            test("antibody", json!({"meta": hiv})),
            report("Cord panel", json!({"specimen": [{"reference": "Specimen/s"}],
                "result": refers(&["Observation/calcium", "Observation/own", "Observation/antibody"])})),
            test("lone", json!({})),
        ]);
        let found = taken(&file.to_string(), Sure::Yes).unwrap();
        let sample = |one: &Value| one["specimen"]["display"].as_str().unwrap_or_default().to_owned();
        let of: Vec<String> = found[0].results.iter().map(|(.., one)| sample(one)).collect();
        assert_eq!(of, ["Umbilical cord blood", "Serum", "Umbilical cord blood"]);
        assert!(crate::fhir::Another::of(&found[0].results[0].2).is_some(), "none of the patient's own");
        assert_eq!(found[1].results[0].2.get("specimen"), None);
        let all = apart(found.into_iter().enumerate().collect(), &Ambient::system());
        let [(_, sealed), (_, plain), _] = all.as_slice() else { panic!("{all:?}") };
        for half in [sealed, plain] {
            assert_eq!(half.value["specimen"], json!([{"display": "Umbilical cord blood"}]), "each half says it");
        }
    }

    #[test]
    fn what_two_reports_of_a_file_have_seals_both_at_every_level() {
        let hiv = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]});
        let file = json!([
            test("hiv", json!({"meta": hiv})),
            test("panel", json!({"hasMember": refers(&["Observation/hiv"])})),
            report("Screening", json!({"result": refers(&["Observation/panel"])})),
            report("Letter", json!({"result": refers(&["Observation/hiv"]), "conclusion": "confirmed"})),
            report("Iron", json!({"conclusion": "low"})),
        ]);
        let found = taken(&file.to_string(), Sure::Yes).unwrap();
        let labels: Vec<_> = found.iter().map(|one| one.value.pointer("/meta/security").cloned()).collect();
        assert_eq!(labels, [Some(hiv["security"].clone()), Some(hiv["security"].clone()), None]);
        assert!(found.iter().all(|one| !one.own.is_sealed()), "none of them by itself");
    }

    #[test]
    fn what_is_dated_after_today_is_not_taken_and_a_mark_before_the_file_is_nothing() {
        let dated = |day: &str| taken(&test("hb", json!({"effectiveDateTime": day})).to_string(), Sure::Yes).map(drop);
        assert_eq!(dated("2062-01-01T08:00:00Z"), Err(ImportFault::Later("hb".into())));
        assert_eq!(dated("2062"), Err(ImportFault::Later("hb".into())));
        assert_eq!((dated("2026-03-03T23:00:00-05:00"), dated("2026"), dated("2026-03-04")), (Ok(()), Ok(()), Ok(())));
        assert!(taken(&format!("\u{feff}{}", test("hb", json!({}))), Sure::Yes).is_ok());
    }

    #[test]
    fn what_is_no_result_is_refused_in_words() {
        assert_eq!(taken("{", Sure::Yes).unwrap_err(), ImportFault::Unread);
        assert_eq!(taken("[1, 2]", Sure::Yes).unwrap_err(), ImportFault::Unread);
        let medicine = r#"[{"resourceType": "MedicationRequest"}]"#;
        assert_eq!(taken(medicine, Sure::Yes).unwrap_err(), ImportFault::Others("MedicationRequest".into()));
        let picture =
            r#"{"resourceType": "DiagnosticReport", "conclusion": "x", "media": [{"link": {"reference": "Media/1"}}]}"#;
        assert_eq!(taken(picture, Sure::Yes).unwrap_err(), ImportFault::Others("Media".into()));
        assert_eq!(taken(r#"{"resourceType": "DiagnosticReport"}"#, Sure::Yes).unwrap_err(), ImportFault::NoReport);
        assert_eq!(taken(r#"{"resourceType": "Patient"}"#, Sure::Yes).unwrap_err(), ImportFault::SomebodyElse(None));
    }

    fn test(id: &str, more: Value) -> Value {
        let mut one = json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": id}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    fn report(title: &str, more: Value) -> Value {
        let mut one = json!({"resourceType": "DiagnosticReport", "status": "final", "code": {"text": title}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    fn refers(to: &[&str]) -> Value {
        to.iter().map(|to| json!({"reference": to})).collect()
    }

    /// Title of each report, and the names of its results in their order.
    fn names(reports: &[Report]) -> Vec<(String, Vec<String>)> {
        let name = |one: &Value| text(one, "/code/text").to_owned();
        let all = reports.iter().map(|one| (name(&one.value), one.results.iter().map(|(.., one)| name(one)).collect()));
        all.collect()
    }

    #[test]
    fn what_lies_in_a_report_is_its_own_whatever_another_calls_its_own() {
        let own =
            |name: &str| json!({"contained": [test("1", json!({"code": {"text": name}}))], "result": refers(&["#1"])});
        let file = json!([report("A", own("Potassium")), report("B", own("Sodium"))]).to_string();
        let found = names(&taken(&file, Sure::Yes).unwrap());
        assert_eq!(found, [("A".into(), vec!["Potassium".to_owned()]), ("B".into(), vec!["Sodium".to_owned()])]);
    }

    #[test]
    fn panels_come_whole_a_shared_result_once_and_a_lone_one_in_a_report_of_its_own() {
        let file = json!([
            test("k", json!({"effectiveInstant": "2026-03-01T08:00:00Z"})),
            test("panel", json!({"hasMember": refers(&["Observation/k", "Observation/panel"])})),
            report("A", json!({"result": refers(&["Observation/panel"])})),
            report("B", json!({"result": refers(&["Observation/k"])})),
            report("Pathology", json!({"conclusion": "Melanoma"})),
            test("member", json!({})),
            test("lone", json!({"hasMember": refers(&["Observation/member"]), "effectivePeriod": {"start": "2026"}})),
        ]);
        let found = taken(&file.to_string(), Sure::Yes).unwrap();
        let all: Vec<(String, Vec<String>)> =
            [("A", &["panel", "k"][..]), ("B", &[]), ("Pathology", &[]), ("lone", &["lone", "member"])]
                .map(|(title, results)| (title.to_owned(), results.iter().map(|one| (*one).to_owned()).collect()))
                .into();
        assert_eq!(names(&found), all);
        let [a, b, _, lone] = found.as_slice() else { panic!() };
        let (panel, k) = (&a.results[0], &a.results[1]);
        assert_eq!(a.value["result"], json!([{"reference": format!("Observation/{}", panel.0)}]));
        assert_eq!(b.value["result"], json!([{"reference": format!("Observation/{}", k.0)}]));
        let of = |id: &FhirId| json!({"reference": format!("Observation/{id}")});
        assert_eq!(panel.2["hasMember"], json!([of(&k.0), of(&panel.0)]));
        assert_eq!(
            (&lone.value["status"], &lone.value["effectivePeriod"]),
            (&json!("final"), &json!({"start": "2026"}))
        );
    }

    #[test]
    fn what_refers_to_a_result_that_is_not_there_or_goes_too_deep_is_not_taken() {
        let missing = report("A", json!({"result": refers(&["Observation/gone"])})).to_string();
        assert_eq!(taken(&missing, Sure::Yes).unwrap_err(), ImportFault::Missing("A".into()));
        let twice = json!([
            test("x", json!({})),
            test("x", json!({})),
            report("A", json!({"result": refers(&["Observation/x"])}))
        ]);
        assert_eq!(taken(&twice.to_string(), Sure::Yes).unwrap_err(), ImportFault::Missing("A".into()));
        let deep = |levels: usize| {
            let all = (0..levels).map(|at| match at {
                0 => test("0", json!({})),
                _ => test(&at.to_string(), json!({"hasMember": refers(&[&format!("Observation/{}", at - 1)])})),
            });
            let top = format!("Observation/{}", levels - 1);
            let all: Vec<Value> = all.chain([report("A", json!({"result": refers(&[&top])}))]).collect();
            taken(&json!(all).to_string(), Sure::Yes).map(|found| found[0].results.len())
        };
        assert_eq!((deep(LEVELS + 1), deep(LEVELS + 2)), (Ok(LEVELS + 1), Err(ImportFault::TooMany)));
    }

    #[test]
    fn the_words_of_a_report_stay_where_they_say_more_than_the_rest() {
        let words = json!({"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Benign.</div>"});
        let only = taken(&report("A", json!({"text": words})).to_string(), Sure::Yes).unwrap();
        assert_eq!(only[0].value["text"], words);
        let beside =
            taken(&report("A", json!({"text": words, "conclusion": "Benign."})).to_string(), Sure::Yes).unwrap();
        assert_eq!(beside[0].value.get("text"), None);
    }

    #[test]
    fn who_made_it_is_named_as_the_file_names_them() {
        let by = json!({"performer": refers(&["Organization/o", "#p", "Organization/gone"]), "conclusion": "x",
            "contained": [{"resourceType": "Practitioner", "id": "p", "name": [{"family": "Okafor", "given": ["Ada"]}]}]});
        let file = json!([report("A", by), {"resourceType": "Organization", "id": "o", "name": "Fjord Lab"}]);
        let found = taken(&file.to_string(), Sure::Yes).unwrap();
        assert_eq!(found[0].value["performer"], json!([{"display": "Fjord Lab"}, {"display": "Ada Okafor"}]));
    }
}
