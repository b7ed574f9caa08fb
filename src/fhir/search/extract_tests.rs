use serde_json::{Value, json};

use super::*;
use crate::fhir::definitions::ParamKind;
use crate::fhir::{Definitions, ResourceType};

/// The values of one parameter, each as one short line.
fn found(resource: &Value, code: &str) -> Vec<String> {
    let kind = ResourceType::parse(resource["resourceType"].as_str().unwrap()).unwrap();
    let r4 = Definitions::r4();
    let id = r4.search_param(kind, code).unwrap_or_else(|| panic!("{code}")).id;
    // No index has composites: a search asks the resource.
    if r4.search_param(kind, code).unwrap().kind == ParamKind::Composite {
        return extract_one(r4, kind, id, resource).iter().map(line).collect();
    }
    extract(r4, kind, resource).iter().filter(|value| value.param == id).map(|value| line(&value.value)).collect()
}

fn line(value: &SearchValue) -> String {
    let of = |system: &TokenSystem| match system {
        TokenSystem::None => String::new(),
        TokenSystem::Implied => "*".to_owned(),
        TokenSystem::Uri(uri) => uri.clone(),
    };
    let date = |ms: i64| match ms {
        i64::MIN | i64::MAX => "…".to_owned(),
        ms => jiff::Timestamp::from_millisecond(ms).unwrap().to_string(),
    };
    match value {
        SearchValue::Token { system, code } => format!("{}|{code}", of(system)),
        SearchValue::TokenText(text) => format!("“{}”", text.exact),
        SearchValue::TypedIdentifier { type_system, type_code, value } => {
            format!("{}|{type_code}|{value}", of(type_system))
        }
        SearchValue::Text(text) => text.folded.clone(),
        SearchValue::Date(range) => format!("{} to {}", date(range.start), date(range.end)),
        SearchValue::Number(number) => number.to_string(),
        SearchValue::Quantity(q) => {
            let canonical = q.canonical.as_ref().map(|c| format!(" = {}..{} {}", c.low, c.high, c.unit));
            format!("{}..{} {}{}", q.low, q.high, q.code.as_deref().unwrap_or("-"), canonical.unwrap_or_default())
        }
        SearchValue::Reference(ReferenceTarget::Local { kind, id }) => format!("{kind}/{id}"),
        SearchValue::Reference(ReferenceTarget::Absolute(uri)) => format!("absolute {uri}"),
        SearchValue::Reference(ReferenceTarget::Canonical { url, version }) => format!("canonical {url} {version:?}"),
        SearchValue::Reference(ReferenceTarget::Identifier { system, value }) => format!("logical {system:?} {value}"),
        SearchValue::Reference(ReferenceTarget::Contained { id }) => format!("#{id}"),
        SearchValue::Word(text) => format!("…{text}"),
        SearchValue::Sound(code) => format!("♪{code}"),
        SearchValue::Uri(uri) => uri.clone(),
        SearchValue::Composite(parts) => parts.iter().map(line).collect::<Vec<_>>().join(" & "),
        SearchValue::Position { latitude, longitude } => format!("{latitude} {longitude}"),
    }
}

#[test]
fn names_identifiers_and_contacts_of_a_patient() {
    let patient = json!({"resourceType": "Patient", "id": "p", "active": true, "gender": "female", "birthDate": "1970-05",
        "meta": {"lastUpdated": "2026-01-01T00:00:00Z", "tag": [{"system": "s", "code": "T"}], "profile": ["http://p"],
            "source": "urn:x"},
        "identifier": [{"system": "http://mrn", "value": "A-1", "type": {"coding": [{"system": "v2", "code": "MR"}], "text": "number"}},
            {"value": "b2"}],
        "name": [{"family": "Nováková", "given": ["Žofie", "Anna"], "prefix": ["Dr."]}, {"text": "Zosia"}],
        "telecom": [{"system": "phone", "value": "+420 1"}, {"system": "email", "value": "A@B.example"}],
        "address": [{"line": ["Dlouhá 1"], "city": "Praha", "postalCode": "110 00"}],
        "deceasedDateTime": "2020-02-03",
        "generalPractitioner": [{"reference": "Practitioner/d", "display": "Dr. D"}],
        "managingOrganization": {"identifier": {"system": "http://org", "value": "O1"}},
        "link": [{"other": {"reference": "#c"}}]});
    for (code, expected) in [
        ("identifier", vec!["http://mrn|a-1", "v2|mr|a-1", "“number”", "|b2"]),
        ("name", vec!["novakova", "zofie", "anna", "dr.", "zosia", "…dr"]),
        ("phonetic", vec!["novakova", "zofie", "anna", "dr.", "zosia", "♪nfkf", "♪sf", "♪an", "♪tr", "♪s"]),
        ("family", vec!["novakova"]),
        ("given", vec!["zofie", "anna"]),
        ("gender", vec!["*|female"]),
        ("active", vec!["*|true"]),
        ("email", vec!["email|a@b.example"]),
        ("phone", vec!["phone|+420 1"]),
        ("address", vec!["dlouha 1", "praha", "110 00", "…1", "…00"]),
        ("address-postalcode", vec!["110 00", "…00"]),
        ("address-city", vec!["praha"]),
        ("birthdate", vec!["1970-05-01T00:00:00Z to 1970-05-31T23:59:59.999Z"]),
        ("deceased", vec!["*|true"]),
        ("death-date", vec!["2020-02-03T00:00:00Z to 2020-02-03T23:59:59.999Z"]),
        ("general-practitioner", vec!["Practitioner/d", "“Dr. D”"]),
        ("organization", vec!["logical Some(\"http://org\") o1"]),
        ("link", vec!["#c"]),
        ("_tag", vec!["s|t"]),
        ("_profile", vec!["http://p"]),
        ("_source", vec!["urn:x"]),
        ("_id", vec![]),
        ("_lastUpdated", vec![]),
    ] {
        assert_eq!(found(&patient, code), expected, "{code}");
    }
    let alive = json!({"resourceType": "Patient", "deceasedBoolean": false});
    assert_eq!(found(&alive, "deceased"), ["*|false"]);
    assert_eq!(found(&json!({"resourceType": "Patient"}), "deceased"), ["*|false"]);
}

#[test]
fn a_system_that_stands_alone_is_found_by_itself() {
    let person = json!({"resourceType": "Patient", "identifier": [{"system": "urn:only"}, {"type": {"text": "x"}}],
        "telecom": [{"system": "phone"}], "maritalStatus": {"coding": [{"system": "urn:m", "display": "M"}]}});
    assert_eq!(found(&person, "identifier"), ["urn:only|"]);
    assert_eq!(found(&person, "telecom"), ["phone|"]);
    let seen = json!({"resourceType": "Observation", "code": {"coding": [{"system": "urn:m", "display": "M"}]},
        "meta": {"tag": [{"system": "urn:t"}]}});
    assert_eq!(found(&seen, "code"), ["urn:m|", "“M”"]);
    assert_eq!(found(&seen, "_tag"), ["urn:t|"]);
}

#[test]
fn observations_by_value_and_by_pairs() {
    let pressure = json!({"resourceType": "Observation", "status": "final",
        "category": [{"coding": [{"system": "c", "code": "vital-signs", "display": "Vital Signs"}], "text": "Vitals"}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "subject": {"reference": "Patient/a"}, "effectiveDateTime": "2024-01-02T03:04:05Z",
        "component": [
            {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
             "valueQuantity": {"value": 120, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}},
            {"code": {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]},
             "valueQuantity": {"value": 80, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}}]});
    let (high, low) =
        ("120..120 mm[Hg] = 15998640..15998640 m-1.s-2.g", "80..80 mm[Hg] = 10665760..10665760 m-1.s-2.g");
    for (code, expected) in [
        ("category", vec!["c|vital-signs".to_owned(), "“Vital Signs”".to_owned(), "“Vitals”".to_owned()]),
        ("patient", vec!["Patient/a".to_owned()]),
        ("date", vec!["2024-01-02T03:04:05Z to 2024-01-02T03:04:05.999Z".to_owned()]),
        ("component-value-quantity", vec![high.to_owned(), low.to_owned()]),
        ("value-quantity", vec![]),
        (
            "component-code-value-quantity",
            vec![format!("http://loinc.org|8480-6 & {high}"), format!("http://loinc.org|8462-4 & {low}")],
        ),
        ("code-value-quantity", vec![]),
    ] {
        assert_eq!(found(&pressure, code), expected, "{code}");
    }
    assert_eq!(found(&pressure, "combo-code-value-quantity").len(), 2);
    let text = json!({"resourceType": "Observation", "code": {"text": "Note"}, "valueString": "Ünder"});
    assert_eq!(found(&text, "value-string"), ["under"]);
    assert_eq!(found(&text, "code"), ["“Note”"]);
    assert_eq!(found(&text, "code-value-string"), Vec::<String>::new());
    let when = json!({"resourceType": "Observation", "code": {"coding": [{"code": "x"}]}, "valueDateTime": "2020"});
    assert_eq!(found(&when, "code-value-date"), ["|x & 2020-01-01T00:00:00Z to 2020-12-31T23:59:59.999Z"]);
    let below =
        json!({"resourceType": "Observation", "valueQuantity": {"value": 5, "comparator": "<", "unit": "widgets"}});
    assert_eq!(found(&below, "value-quantity"), ["-inf..4.999999999999999 -"]);
    let wave = json!({"resourceType": "Observation", "valueSampledData": {"origin": {"value": 1.5, "code": "mV"}, "factor": 0.5,
        "data": "1 E -3 4", "period": 1, "dimensions": 1}});
    assert_eq!(found(&wave, "value-quantity"), ["0..3.5 mV"]);
}

#[test]
fn dates_of_periods_and_timings_and_the_rest_of_the_kinds() {
    let encounter = json!({"resourceType": "Encounter", "class": {"system": "a", "code": "AMB"}, "period": {"start": "2020-01-01"},
        "length": {"value": 30, "system": "http://unitsofmeasure.org", "code": "min"}});
    assert_eq!(found(&encounter, "date"), ["2020-01-01T00:00:00Z to …"]);
    assert_eq!(found(&encounter, "class"), ["a|amb"]);
    assert_eq!(found(&encounter, "length"), ["30..30 min = 1800..1800 s"]);
    let order = json!({"resourceType": "ServiceRequest", "occurrenceTiming": {"event": ["2021", "2020-05-01"], "repeat": {"count": 2}},
        "instantiatesCanonical": ["http://plan.example/a|2"]});
    assert_eq!(found(&order, "occurrence"), ["2020-05-01T00:00:00Z to 2021-12-31T23:59:59.999Z"]);
    assert_eq!(found(&order, "instantiates-canonical"), ["canonical http://plan.example/a Some(\"2\")"]);
    let risk = json!({"resourceType": "RiskAssessment", "prediction": [{"probabilityDecimal": 0.25}]});
    assert_eq!(found(&risk, "probability"), ["0.25"]);
    let invoice = json!({"resourceType": "Invoice", "totalNet": {"value": 12.5, "currency": "CZK"}});
    assert_eq!(found(&invoice, "totalnet"), ["12.5..12.5 CZK"]);
    let condition = json!({"resourceType": "Condition", "onsetRange": {"low": {"value": 40, "code": "a", "system": "http://unitsofmeasure.org"}}});
    assert_eq!(found(&condition, "onset-age"), ["40..inf a = 1262304000..inf s"]);
    let place = json!({"resourceType": "Location", "position": {"latitude": 50.1, "longitude": 14.4}});
    assert_eq!(found(&place, "near"), ["50.1 14.4"]);
    let set = json!({"resourceType": "ValueSet", "url": "http://example.org/vs"});
    assert_eq!(found(&set, "url"), ["http://example.org/vs"]);
    let bundle = json!({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Composition", "id": "c"}}]});
    assert_eq!(found(&bundle, "composition"), ["Composition/c"]);
    let variant = json!({"resourceType": "MolecularSequence", "referenceSeq": {"chromosome": {"coding": [{"code": "1"}]}},
        "variant": [{"start": 5, "end": 9}]});
    assert_eq!(found(&variant, "chromosome-variant-coordinate"), ["|1 & 5 & 9"]);
    let elsewhere = json!({"resourceType": "Condition", "subject": {"reference": "https://x.example/fhir/Patient/a"}});
    assert_eq!(found(&elsewhere, "patient"), ["absolute https://x.example/fhir/Patient/a"]);
}

#[test]
fn odd_resources_give_no_values_and_no_panic() {
    for odd in [
        json!(null),
        json!([]),
        json!({"resourceType": "Patient", "name": "x", "birthDate": 5, "identifier": {"value": {}}, "telecom": [null, 1]}),
        json!({"resourceType": "Observation", "valueQuantity": {"value": "x"}, "component": [[{"code": 1}]], "code": true}),
    ] {
        for &kind in ResourceType::ALL {
            let _ = extract(Definitions::r4(), kind, &odd);
            let _ = compartment_patients(Definitions::r4(), kind, &odd);
            let _ = clinical_date(kind, &odd);
        }
    }
}

#[test]
fn what_a_parameter_cannot_point_at_is_not_found_by_it() {
    let bundle = |kind: &str| json!({"resourceType": "Bundle", "type": "document", "entry": [{"resource": {"resourceType": kind, "id": "x"}}]});
    let found = |kind| {
        let all = extract(Definitions::r4(), ResourceType::Bundle, &bundle(kind));
        all.into_iter().filter(|one| matches!(one.value, SearchValue::Reference(_))).count()
    };
    assert_eq!((found("Composition"), found("MessageHeader"), found("Patient")), (1, 1, 0));
}

#[test]
fn what_stands_together_too_often_is_known_before_it_costs() {
    let codings = |of: usize| -> Vec<Value> {
        (0..16).map(|at| json!({"system": "urn:x", "code": format!("{of}-{at}")})).collect()
    };
    let with = |components: usize| {
        let parts: Vec<Value> = (0..components)
            .map(|of| json!({"code": {"coding": codings(of)}, "valueCodeableConcept": {"coding": codings(of)}}))
            .collect();
        json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "component": parts})
    };
    let r4 = Definitions::r4();
    let is = |components| is_combined_too_often(r4, ResourceType::Observation, &with(components));
    assert_eq!((is(0), is(70), is(3_500)), (false, false, true));
}
