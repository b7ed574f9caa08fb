//! A laboratory's file: a DiagnosticReport with its Observations, as FHIR JSON. It becomes this patient's only where it says
//! so itself, or where who imports it says so.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Report;
use crate::base::{Ambient, FhirId};

/// Why a file was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportFault {
    /// No JSON, or no FHIR.
    Unread,
    /// No report with results is in it.
    NoReport,
    /// Types that this is no place for.
    Others(String),
    /// It is about somebody else: the name that it gives.
    SomebodyElse(String),
    /// It does not say whose it is.
    Whose,
    /// More results than one file may hold.
    TooMany,
}

/// The most results of one file.
const MOST: usize = 200;

/// What was taken from a file.
#[derive(Debug, Clone)]
pub struct Imported {
    pub reports: Vec<Report>,
}

/// Who imports says that it is this patient's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    Yes,
    No,
}

/// Reads a file.
pub fn import(text: &str, patient: &Value, sure: Sure, now: &str, ambient: &Ambient) -> Result<Imported, ImportFault> {
    let file: Value = serde_json::from_str(text).map_err(|_| ImportFault::Unread)?;
    let all = resources(&file);
    if all.is_empty() {
        return Err(ImportFault::Unread);
    }
    whose(&all, patient, sure)?;
    let of = |kind: &'static str| all.iter().filter(move |(_, one)| kind_of(one) == kind);
    let known = [
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
    let others: Vec<&str> = all.iter().map(|(_, one)| kind_of(one)).filter(|kind| !known.contains(kind)).collect();
    if !others.is_empty() {
        return Err(ImportFault::Others(others.join(", ")));
    }
    if of("Observation").count() > MOST {
        return Err(ImportFault::TooMany);
    }
    // As what each observation is called in the file.
    let mut names: BTreeMap<String, Value> = BTreeMap::new();
    for (url, one) in of("Observation") {
        if let Some(url) = url {
            names.insert(url.clone(), (*one).clone());
        }
        if let Some(id) = one.get("id").and_then(Value::as_str) {
            names.insert(format!("Observation/{id}"), (*one).clone());
        }
    }
    let id = patient.get("id").and_then(Value::as_str).unwrap_or_default();
    let mut reports = Vec::new();
    for (_, one) in of("DiagnosticReport") {
        let refers = one.get("result").and_then(Value::as_array).into_iter().flatten();
        let found = refers.filter_map(|one| names.get(one.get("reference")?.as_str()?));
        let results: Vec<_> = found.map(|one| (FhirId::new(ambient), None, ours(one, id, now))).collect();
        if !results.is_empty() {
            reports.push(Report::new(FhirId::new(ambient), ours(one, id, now), results));
        }
    }
    if reports.is_empty() { Err(ImportFault::NoReport) } else { Ok(Imported { reports }) }
}

fn kind_of(resource: &Value) -> &str {
    resource.get("resourceType").and_then(Value::as_str).unwrap_or_default()
}

/// The resources of a bundle, a list, or the one.
fn resources(file: &Value) -> Vec<(Option<String>, &Value)> {
    let entries = match (kind_of(file), file) {
        ("Bundle", _) => file.get("entry").and_then(Value::as_array).map_or(&[][..], Vec::as_slice),
        (_, Value::Array(all)) => all,
        ("", _) => return Vec::new(),
        _ => return vec![(None, file)],
    };
    let mut all = Vec::new();
    for entry in entries {
        let resource = entry.get("resource").unwrap_or(entry);
        if !kind_of(resource).is_empty() {
            all.push((entry.get("fullUrl").and_then(Value::as_str).map(str::to_owned), resource));
        }
        // A report may carry its results in itself.
        let inside = resource.get("contained").and_then(Value::as_array).into_iter().flatten();
        for one in inside.filter(|one| !kind_of(one).is_empty()) {
            let id = one.get("id").and_then(Value::as_str).unwrap_or_default();
            all.push((Some(format!("#{id}")), one));
        }
    }
    all
}

fn whose(all: &[(Option<String>, &Value)], patient: &Value, sure: Sure) -> Result<(), ImportFault> {
    let stated: Vec<&Value> = all.iter().map(|(_, one)| *one).filter(|one| kind_of(one) == "Patient").collect();
    for one in &stated {
        if !is_same(one, patient) {
            // Where a birth date is half known somebody has to say that it is this patient.
            match (may_be_same(one, patient), sure) {
                (true, Sure::Yes) => continue,
                (true, Sure::No) => return Err(ImportFault::Whose),
                (false, _) => {}
            }
            let text = |pointer: &str| one.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let born = text("/birthDate").parse().map(|day: jiff::civil::Date| day.strftime("%-d %B %Y").to_string());
            let born = born.unwrap_or_else(|_| text("/birthDate").to_owned());
            let name = format!("{} {} {born}", text("/name/0/given/0"), text("/name/0/family"));
            return Err(ImportFault::SomebodyElse(name.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    let own = format!("Patient/{}", patient.get("id").and_then(Value::as_str).unwrap_or_default());
    let named = all.iter().all(|(_, one)| {
        !matches!(kind_of(one), "DiagnosticReport" | "Observation")
            || one.pointer("/subject/reference").and_then(Value::as_str) == Some(own.as_str())
    });
    if stated.is_empty() && !named && sure == Sure::No { Err(ImportFault::Whose) } else { Ok(()) }
}

/// The same birth date and family name, or a number of one system in both.
fn is_same(stated: &Value, patient: &Value) -> bool {
    let text = |value: &Value, pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().trim().to_lowercase()
    };
    let families = |value: &Value| -> Vec<String> {
        let names = value.get("name").and_then(Value::as_array).into_iter().flatten();
        names.map(|name| text(name, "/family")).filter(|family| !family.is_empty()).collect()
    };
    let born = text(stated, "/birthDate");
    let named = families(stated).iter().any(|family| families(patient).contains(family));
    if !born.is_empty() && born == text(patient, "/birthDate") && named {
        return true;
    }
    let numbers = |value: &Value| -> Vec<(String, String)> {
        let all = value.get("identifier").and_then(Value::as_array).into_iter().flatten();
        all.map(|one| (text(one, "/system"), text(one, "/value")))
            .filter(|(system, value)| !system.is_empty() && !value.is_empty())
            .collect()
    };
    numbers(stated).iter().any(|number| numbers(patient).contains(number))
}

/// The same family name, and birth dates that are the same as far as both are known; one of the two is not known to the day.
fn may_be_same(stated: &Value, patient: &Value) -> bool {
    let born = |value: &Value| value.get("birthDate").and_then(Value::as_str).unwrap_or_default().to_owned();
    let families = |value: &Value| -> Vec<String> {
        let names = value.get("name").and_then(Value::as_array).into_iter().flatten();
        names.filter_map(|name| name.get("family")?.as_str()).map(|family| family.trim().to_lowercase()).collect()
    };
    let (one, other) = (born(stated), born(patient));
    let known = one.len().min(other.len());
    let named = families(stated).iter().any(|family| families(patient).contains(family));
    named && known < 10 && one.get(..known) == other.get(..known)
}

/// A resource of the file as this record's: about this patient, and referring to nothing that is not here.
fn ours(one: &Value, patient: &str, now: &str) -> Value {
    let mut value = one.clone();
    let Some(members) = value.as_object_mut() else { return value };
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
        "text",
    ] {
        members.shift_remove(name);
    }
    members.insert("subject".into(), json!({"reference": format!("Patient/{patient}")}));
    if let Some(performers) = members.get_mut("performer").and_then(Value::as_array_mut) {
        // Who made it is not in this record: the name stays.
        performers.retain(|one| one.get("display").is_some());
        for one in performers.iter_mut() {
            *one = json!({"display": one.get("display").cloned().unwrap_or_default()});
        }
    }
    if members.get("performer").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        members.shift_remove("performer");
    }
    if !members.contains_key("issued") {
        members.insert("issued".into(), now.into());
    }
    value
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

    fn taken(text: &str, sure: Sure) -> Result<Imported, ImportFault> {
        let ambient = Ambient::new(ManualClock::at(Timestamp::UNIX_EPOCH), SeededRandom::new(1));
        import(text, &patient(), sure, "2026-03-03T09:31:00Z", &ambient)
    }

    #[test]
    fn a_file_about_this_patient_is_taken_and_refers_to_nothing_else() {
        let same = json!({"resourceType": "Patient", "birthDate": "1967-05-09", "name": [{"family": "BRANDVOLD"}]});
        let found = taken(&bundle(Some(same)), Sure::No).unwrap();
        let [report] = found.reports.as_slice() else { panic!() };
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
            ImportFault::SomebodyElse("Kaja Brandvold 1 January 1970".into())
        );
        assert_eq!(taken(&bundle(None), Sure::No).unwrap_err(), ImportFault::Whose);
        assert!(taken(&bundle(None), Sure::Yes).is_ok());
    }

    #[test]
    fn of_a_birth_date_that_is_half_known_somebody_says_that_it_is_this_patient() {
        let stated = json!({"resourceType": "Patient", "birthDate": "1967-05-09", "name": [{"family": "Brandvold"}]});
        for (born, may) in
            [(json!("1967"), true), (json!("1967-05"), true), (json!(null), true), (json!("1968"), false)]
        {
            let mut here = patient();
            here["birthDate"] = born.clone();
            assert_eq!(may_be_same(&stated, &here), may, "{born}");
        }
        assert!(!may_be_same(&stated, &json!({"birthDate": "1967", "name": [{"family": "Okafor"}]})));
        assert!(!may_be_same(&stated, &patient()), "both are known to the day");
        let half = json!({"resourceType": "Patient", "birthDate": "1967", "name": [{"family": "Brandvold"}]});
        assert_eq!(taken(&bundle(Some(half.clone())), Sure::No).unwrap_err(), ImportFault::Whose);
        assert!(taken(&bundle(Some(half)), Sure::Yes).is_ok());
    }

    #[test]
    fn what_is_no_result_is_refused_in_words() {
        assert_eq!(taken("{", Sure::Yes).unwrap_err(), ImportFault::Unread);
        assert_eq!(taken("[1, 2]", Sure::Yes).unwrap_err(), ImportFault::Unread);
        let medicine = r#"[{"resourceType": "MedicationRequest"}]"#;
        assert_eq!(taken(medicine, Sure::Yes).unwrap_err(), ImportFault::Others("MedicationRequest".into()));
        assert_eq!(taken(r#"{"resourceType": "Observation"}"#, Sure::Yes).unwrap_err(), ImportFault::NoReport);
    }
}
