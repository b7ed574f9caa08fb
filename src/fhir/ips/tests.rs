use serde_json::{Value, json};

use super::*;
use crate::fhir::{Definitions, Mode, Severity, validate};

fn ids() -> Ids {
    Ids {
        document: "0198a3f2-0000-7000-8000-000000000001".into(),
        composition: "0198a3f2-0000-7000-8000-000000000002".into(),
        clinic: "0198a3f2-0000-7000-8000-000000000003".into(),
    }
}

fn made(chosen: &[Value], along: &[Value]) -> Value {
    made_with(chosen, along, &BTreeMap::new(), &TimeZone::UTC)
}

fn made_with(chosen: &[Value], along: &[Value], besides: &BTreeMap<String, Vec<String>>, zone: &TimeZone) -> Value {
    let patient = json!({"resourceType": "Patient", "id": "p1", "birthDate": "1967-05-09",
        "name": [{"family": "Brand<vold", "given": ["Ann"]}]});
    let now = "2026-03-03T09:00:00Z".parse().unwrap();
    let ids = ids();
    // The words are made by who shows them; here a dosage is its text.
    let dose = |resource: &Value, _: &TimeZone| {
        let texts = ["dosage", "dosageInstruction"].map(|name| resource[name][0]["text"].as_str());
        texts.into_iter().flatten().next().map(str::to_owned)
    };
    let input = Input {
        patient: &patient,
        chosen,
        along,
        dose,
        besides,
        zone,
        base: "https://box/fhir",
        clinic: "Hill & Street",
        now,
        ids: &ids,
    };
    document(&input)
}

/// The document has no error, and is the same when it was read back.
#[track_caller]
fn is_right(document: &Value) {
    let errors: Vec<_> = validate(document, Definitions::r4(), Mode::Strict)
        .into_iter()
        .filter(|issue| issue.severity == Severity::Error)
        .map(|issue| format!("{}: {}", issue.expression, issue.text))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let back: Value = serde_json::from_str(&document.to_string()).unwrap();
    assert_eq!(back, *document);
}

fn sections(document: &Value) -> Vec<(String, usize)> {
    let all = document["entry"][0]["resource"]["section"].as_array().unwrap();
    let entries = |section: &Value| section["entry"].as_array().map_or(0, Vec::len);
    all.iter().map(|one| (one["code"]["coding"][0]["code"].as_str().unwrap().to_owned(), entries(one))).collect()
}

fn named(list: &[(&str, usize)]) -> Vec<(String, usize)> {
    list.iter().map(|(code, entries)| ((*code).to_owned(), *entries)).collect()
}

#[test]
fn what_must_be_there_is_there_also_where_nothing_is_known() {
    let empty = made(&[], &[]);
    is_right(&empty);
    assert_eq!(sections(&empty), named(&[("10160-0", 0), ("48765-2", 0), ("11450-4", 0)]));
    for section in empty["entry"][0]["resource"]["section"].as_array().unwrap() {
        assert_eq!(section["emptyReason"]["coding"][0]["code"], "unavailable");
        assert!(section["text"]["div"].as_str().unwrap().contains("No information"));
    }
    assert_eq!(empty["type"], "document");
    let urls: Vec<&str> =
        empty["entry"].as_array().unwrap().iter().map(|one| one["fullUrl"].as_str().unwrap()).collect();
    let composition = "urn:uuid:0198a3f2-0000-7000-8000-000000000002";
    assert_eq!(urls, [composition, "https://box/fhir/Patient/p1", "urn:uuid:0198a3f2-0000-7000-8000-000000000003"]);
}

/// One of everything that a summary takes, and one of each that it does not.
fn a_record() -> (Vec<Value>, Vec<Value>) {
    let of = json!({"reference": "Patient/p1"});
    let condition = |id: &str, clinical: &str, verification: &str| {
        let code = |system: &str, code: &str| json!({"coding": [{"system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code}]});
        let mut one = json!({"resourceType": "Condition", "id": id, "subject": of, "code": {"text": "Asthma <b>"},
            "verificationStatus": code("condition-ver-status", verification), "onsetDateTime": "2020-05"});
        if verification != "entered-in-error" {
            one["clinicalStatus"] = code("condition-clinical", clinical);
        }
        one
    };
    let observation = |id: &str, category: &str, code: &str, day: &str| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "subject": of,
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": "Something"},
            "effectiveDateTime": day,
            "valueQuantity": {"value": 7.2, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}})
    };
    let all = vec![
        json!({"resourceType": "AllergyIntolerance", "id": "a1", "patient": of, "code": {"text": "Penicillin"},
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
            "criticality": "high", "reaction": [{"manifestation": [{"text": "Rash"}]}],
            "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}}),
        json!({"resourceType": "MedicationStatement", "id": "m1", "status": "active", "subject": of,
            "medicationReference": {"reference": "Medication/x1"}, "dosage": [{"text": "one in the morning"}]}),
        json!({"resourceType": "MedicationStatement", "id": "m2", "status": "stopped", "subject": of,
            "medicationCodeableConcept": {"text": "Old"}}),
        json!({"resourceType": "MedicationRequest", "id": "r1", "status": "active", "intent": "order", "subject": of,
            "medicationCodeableConcept": {"text": "New"}, "authoredOn": "2026-01-01"}),
        condition("c1", "active", "confirmed"),
        condition("c2", "resolved", "confirmed"),
        condition("c3", "active", "refuted"),
        json!({"resourceType": "Immunization", "id": "i1", "status": "completed", "patient": of,
            "vaccineCode": {"text": "Tetanus"}, "occurrenceDateTime": "2024-05-05", "lotNumber": "A1"}),
        json!({"resourceType": "Immunization", "id": "i2", "status": "not-done", "patient": of,
            "vaccineCode": {"text": "Tetanus"}, "occurrenceDateTime": "2024-05-05"}),
        json!({"resourceType": "Procedure", "id": "q1", "status": "completed", "subject": of, "code": {"text": "Appendectomy"},
            "performedPeriod": {"start": "1999-01-01T10:00:00Z"}}),
        json!({"resourceType": "DeviceUseStatement", "id": "d1", "status": "active", "subject": of,
            "device": {"reference": "Device/v1", "display": "Pacemaker"}}),
        json!({"resourceType": "DiagnosticReport", "id": "g1", "status": "final", "subject": of, "code": {"text": "X-ray"},
            "conclusion": "Nothing broken"}),
        observation("o1", "laboratory", "2345-7", "2026-02-01"),
        observation("o2", "laboratory", "2345-7", "2025-02-01"),
        observation("o3", "vital-signs", "8867-4", "2026-02-01T09:15:30Z"),
        observation("o4", "social-history", "72166-2", "2026-02-01"),
        observation("o5", "exam", "11778-8", "2026-02-01"),
        observation("o6", "survey", "1-8", "2026-02-01"),
        json!({"resourceType": "CarePlan", "id": "p1", "status": "active", "intent": "plan", "subject": of, "title": "Weight"}),
        json!({"resourceType": "CarePlan", "id": "p2", "status": "active", "intent": "proposal", "subject": of, "title": "Diet"}),
        json!({"resourceType": "Consent", "id": "k1", "status": "active", "patient": of,
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "adr"}]},
            "category": [{"text": "Do not resuscitate"}], "policyRule": {"text": "x"}}),
        json!({"resourceType": "Flag", "id": "f1", "status": "active", "subject": of, "code": {"text": "Falls"}}),
    ];
    let along = vec![json!({"resourceType": "Medication", "id": "x1", "code": {"text": "Aspirin & more"}})];
    (all, along)
}

fn chosen_of(all: &[Value]) -> Vec<Value> {
    let mut chosen = Vec::new();
    for kind in KINDS {
        let of: Vec<Value> = all.iter().filter(|one| one["resourceType"] == kind.name()).cloned().collect();
        chosen.extend(choose(&of, kind).into_iter().map(|place| of[place].clone()));
    }
    chosen
}

#[test]
fn each_thing_stands_in_its_section_and_what_is_over_or_wrong_in_none() {
    let (all, along) = a_record();
    let chosen = chosen_of(&all);
    let ids: Vec<&str> = chosen.iter().map(|one| one["id"].as_str().unwrap()).collect();
    for out in ["m2", "c3", "i2", "o2", "o6", "p2"] {
        assert!(!ids.contains(&out), "{out}");
    }
    let document = made(&chosen, &along);
    is_right(&document);
    let expected = [
        ("10160-0", 2),
        ("48765-2", 1),
        ("11450-4", 1),
        ("11369-6", 1),
        ("47519-4", 1),
        ("46264-8", 1),
        ("30954-2", 2),
        ("8716-3", 1),
        ("11348-0", 1),
        ("18776-5", 1),
        ("29762-2", 1),
        ("10162-6", 1),
        ("42348-3", 1),
        ("104605-1", 1),
    ];
    assert_eq!(sections(&document), named(&expected));
    assert_eq!(document["entry"][0]["resource"]["confidentiality"], "R");
    // Every entry of a section is in the bundle, and what those refer to beside them.
    let urls: Vec<&str> =
        document["entry"].as_array().unwrap().iter().map(|one| one["fullUrl"].as_str().unwrap()).collect();
    for section in document["entry"][0]["resource"]["section"].as_array().unwrap() {
        for entry in section["entry"].as_array().unwrap() {
            assert!(urls.contains(&entry["reference"].as_str().unwrap()), "{entry}");
        }
    }
    assert!(urls.contains(&"https://box/fhir/Medication/x1"));
    assert_eq!(urls.iter().collect::<BTreeSet<_>>().len(), urls.len());
}

#[test]
fn each_section_can_be_read_without_a_program() {
    let (all, along) = a_record();
    let document = made(&chosen_of(&all), &along);
    let text: String = document["entry"][0]["resource"]["section"]
        .as_array()
        .unwrap()
        .iter()
        .map(|section| section["text"]["div"].as_str().unwrap())
        .collect();
    for said in [
        "<td>Aspirin &amp; more</td><td></td><td>one in the morning</td>",
        "<td>New</td><td>2026-01-01</td>",
        "<td>Penicillin</td><td></td><td>Rash; criticality: high; active</td>",
        "<td>Asthma &lt;b&gt;</td><td>2020-05</td><td>active</td>",
        "<td>Tetanus</td><td>2024-05-05</td><td>Lot A1</td>",
        "<td>Appendectomy</td><td>1999-01-01 10:00</td>",
        "<td>Pacemaker</td>",
        "<td>Something</td><td>2026-02-01 09:15</td><td>7.2 mmol/L</td>",
        "Nothing broken",
        "Do not resuscitate",
        "Falls",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(document["entry"][0]["resource"]["text"]["div"].as_str().unwrap().contains("Ann Brand&lt;vold"));
}

fn medicines(document: &Value) -> &str {
    document["entry"][0]["resource"]["section"][0]["text"]["div"].as_str().unwrap()
}

#[test]
fn what_else_is_known_of_a_medicine_stands_with_its_dose_and_who_said_that_one_is_not_taken() {
    let request = json!({"resourceType": "MedicationRequest", "id": "r1", "status": "active", "intent": "order",
        "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": "New"},
        "dosageInstruction": [{"text": "one a day"}]});
    let said = |status: &str, source: Value| {
        json!({"resourceType": "MedicationStatement", "id": "s1", "status": status, "subject": {"reference": "Patient/p1"},
            "basedOn": [{"reference": "MedicationRequest/r1/_history/2"}], "medicationCodeableConcept": {"text": "New"},
            "informationSource": source, "statusReason": [{"text": "Makes me dizzy"}], "note": [{"text": "since May"}]})
    };
    let besides = BTreeMap::from([("MedicationRequest/r1".to_owned(), vec!["It is not taken".to_owned()])]);
    let all = [said("not-taken", json!({"reference": "Patient/p1"})), request];
    let document = made_with(&chosen_of(&all), &[], &besides, &TimeZone::UTC);
    assert!(medicines(&document).contains("<td>one a day. It is not taken</td>"), "{document}");
    assert!(
        medicines(&document).contains("Not taken, says the patient: Makes me dizzy. Note: since May"),
        "{document}"
    );
    for (source, words) in [
        (
            json!({"reference": "Practitioner/w", "display": "Ward 3"}),
            "Reported as not taken by Ward 3: Makes me dizzy",
        ),
        (json!({"reference": "Organization/w"}), "Reported as not taken: Makes me dizzy"),
    ] {
        let document = made(&chosen_of(&[said("not-taken", source)]), &[]);
        assert!(medicines(&document).contains(words), "{document}");
    }
    let alone = made(&chosen_of(&[said("active", Value::Null)]), &[]);
    assert!(medicines(&alone).contains("<td>New</td><td></td><td>Its prescription does not count any more"), "{alone}");
}

#[test]
fn times_stand_on_the_clinics_clock_and_doubts_and_notes_with_what_they_are_of() {
    let of = json!({"reference": "Patient/p1"});
    let coded = |code: &str| json!({"coding": [{"code": code}]});
    let all = [
        json!({"resourceType": "MedicationRequest", "id": "r1", "status": "active", "intent": "order", "subject": of,
            "medicationCodeableConcept": {"text": "Prednisone"}, "authoredOn": "2026-11-29T20:30:00Z",
            "dispenseRequest": {"validityPeriod": {"end": "2026-11-29T20:30:00Z"}}}),
        json!({"resourceType": "Condition", "id": "c1", "subject": of, "code": {"text": "Tuberculosis"},
            "clinicalStatus": coded("active"), "verificationStatus": coded("differential")}),
        json!({"resourceType": "AllergyIntolerance", "id": "a1", "patient": of, "code": {"text": "Latex"},
            "clinicalStatus": coded("active"), "verificationStatus": coded("unconfirmed")}),
        json!({"resourceType": "Observation", "id": "o1", "status": "final", "subject": of, "code": {"text": "Potassium"},
            "category": [coded("laboratory")], "valueString": "7.5", "note": [{"text": "haemolysed"}]}),
    ];
    let auckland = TimeZone::get("Pacific/Auckland").unwrap();
    let document = made_with(&chosen_of(&all), &[], &BTreeMap::new(), &auckland).to_string();
    for said in [
        "<td>Prednisone</td><td>2026-11-30 09:30</td><td>Until 2026-11-30</td>",
        "<td>active; differential</td>",
        "<td>active; unconfirmed</td>",
        "<td>7.5. Note: haemolysed</td>",
    ] {
        assert!(document.contains(said), "{said}: {document}");
    }
}

#[test]
fn a_medicine_that_is_paused_or_has_a_last_day_says_so() {
    let request = |id: &str, status: &str, end: &str| {
        json!({"resourceType": "MedicationRequest", "id": id, "status": status, "intent": "order",
            "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": id},
            "dosageInstruction": [{"text": "one a day"}], "dispenseRequest": {"validityPeriod": {"end": end}}})
    };
    let all = [request("a", "on-hold", "2026-03-09"), request("b", "active", "2026-01-17")];
    let document = made(&chosen_of(&all), &[]);
    let text = document["entry"][0]["resource"]["section"][0]["text"]["div"].as_str().unwrap();
    for said in ["one a day. Paused at the moment. Until 2026-03-09", "one a day. Until 2026-01-17"] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn what_is_not_to_be_given_is_an_alert_and_no_medicine() {
    let request = |id: &str, intent: &str, not: bool| {
        json!({"resourceType": "MedicationRequest", "id": id, "status": "active", "intent": intent, "doNotPerform": not,
            "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": "Amoxicillin"},
            "reasonCode": [{"text": "It made the liver ill"}], "dosageInstruction": [{"text": "any dose"}]})
    };
    let document = made(&chosen_of(&[request("r1", "order", true), request("r2", "plan", false)]), &[]);
    is_right(&document);
    let required = [("10160-0", 0), ("48765-2", 0), ("11450-4", 0)];
    assert_eq!(sections(&document), named(&[&required[..], &[("104605-1", 1)]].concat()));
    let all = document["entry"][0]["resource"]["section"].as_array().unwrap();
    let text = all[3]["text"]["div"].as_str().unwrap();
    let says = "Not to be given. This is said of: any dose. Reason: It made the liver ill";
    assert!(text.contains("NOT TO BE GIVEN: Amoxicillin") && text.contains(says), "{text}");
}

#[test]
fn what_is_measured_at_home_stands_beside_what_the_clinic_measured() {
    let weight = |id: &str, by: &str| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "performer": [{"reference": by}],
            "category": [{"coding": [{"code": "vital-signs"}]}], "code": {"text": "Weight"},
            "valueQuantity": {"value": 80, "unit": "kg"}})
    };
    let all = ["Patient/p1", "Practitioner/d", "Patient/p1", "Practitioner/d"];
    let all: Vec<Value> = all.iter().zip(0..).map(|(by, id)| weight(&format!("o{id}"), by)).collect();
    assert_eq!(choose(&all, ResourceType::Observation), [0, 1]);
    assert!(made(&chosen_of(&all), &[]).to_string().contains("80 kg (by the patient)"));
}

#[test]
fn what_is_about_a_fetus_stands_beside_the_patients_own_value_and_says_so() {
    let haemoglobin = |id: &str, value: u32, focus: Value| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/p1"},
            "category": [{"coding": [{"code": "laboratory"}]}], "code": {"text": "Haemoglobin"}, "focus": focus,
            "valueQuantity": {"value": value, "unit": "g/L"}})
    };
    // Newest first.
    let fetus = json!([{"display": "fetus"}]);
    let all = [haemoglobin("a", 60, fetus.clone()), haemoglobin("b", 113, json!([])), haemoglobin("c", 58, fetus)];
    assert_eq!(choose(&all, ResourceType::Observation), [0, 1]);
    let document = made(&all[..2], &[]).to_string();
    assert!(document.contains("Haemoglobin (about: fetus)") && document.contains("113 g/L"), "{document}");
}

#[test]
fn a_section_says_how_many_it_leaves_out() {
    let flag = |number: usize| {
        json!({"resourceType": "Flag", "id": format!("f{number}"), "status": "active",
            "subject": {"reference": "Patient/p1"}, "code": {"text": "Falls"}})
    };
    let flags: Vec<Value> = (0..MOST + 3).map(flag).collect();
    let document = made(&flags, &[]);
    assert_eq!(sections(&document).last(), Some(&("104605-1".to_owned(), MOST)));
    assert!(document.to_string().contains("There are 3 more"));
}

#[test]
fn a_result_says_the_range_of_its_laboratory_where_there_is_one_alone() {
    let of = |ranges: Value| {
        let mut one = json!({"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "Potassium"},
            "category": [{"coding": [{"code": "laboratory"}]}], "effectiveDateTime": "2026-02-01",
            "interpretation": [{"text": "High"}], "valueQuantity": {"value": 5.9, "unit": "mmol/L"}});
        one["referenceRange"] = ranges;
        made(&[one], &[]).to_string()
    };
    let bounds = json!({"low": {"value": 3.5, "unit": "mmol/L"}, "high": {"value": 5.1, "unit": "mmol/L"}});
    let said = of(json!([bounds]));
    assert!(said.contains("5.9 mmol/L (High; reference range: 3.5 mmol/L to 5.1 mmol/L)"), "{said}");
    assert!(of(json!([{"text": "up to 5"}])).contains("(High; reference range: up to 5)"));
    assert!(of(json!([bounds, bounds])).contains("5.9 mmol/L (High)<"));
}
