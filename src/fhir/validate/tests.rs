use serde_json::json;

use super::*;
use crate::fhir::Severity;

fn found(resource: &Value) -> Vec<(IssueCode, String)> {
    let issues = validate(resource, Definitions::r4(), Mode::Strict);
    issues.into_iter().map(|issue| (issue.code, issue.expression)).collect()
}

fn patient() -> Value {
    json!({
        "resourceType": "Patient",
        "id": "p1",
        "meta": {"versionId": "1", "lastUpdated": "2024-03-01T10:00:00Z", "tag": [{"code": "x"}]},
        "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">A</div>"},
        "contained": [{"resourceType": "Organization", "id": "org", "name": "Clinic"}],
        "extension": [{"url": "http://example.org/a", "valueString": "a"}],
        "identifier": [{"system": "urn:x", "value": "1"}],
        "active": true,
        "name": [{"family": "A", "given": ["B", null, "C"], "_given": [null, {"extension": [
            {"url": "http://example.org/b", "valueCode": "x"}]}, null]}],
        "gender": "female",
        "_birthDate": {"extension": [{"url": "http://example.org/c", "valueDateTime": "2001-01-01T00:00:00Z"}]},
        "deceasedBoolean": false,
        "multipleBirthInteger": 2,
        "contact": [{"relationship": [{"text": "x"}], "name": {"text": "D"}}],
        "communication": [{"language": {"text": "English"}}],
        "generalPractitioner": [{"reference": "Practitioner/1"}, {"reference": "https://example.org/fhir/Practitioner/2"}],
        "managingOrganization": {"reference": "#org"},
        "link": [{"other": {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}, "type": "seealso"}],
    })
}

fn observation() -> Value {
    json!({
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2024-02-29",
        "valueQuantity": {"value": 7.2, "unit": "g/dL"},
        "referenceRange": [{"low": {"value": 7.5}}],
        "component": [{"code": {"text": "x"}, "valueInteger": 3, "referenceRange": [{"text": "y"}]}],
    })
}

/// Sets what a JSON pointer names; a last part that is not there is added.
fn with(mut resource: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match resource.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        Value::Object(members) => drop(members.insert(name.into(), value)),
        _ => panic!("{pointer}"),
    }
    resource
}

fn without(mut resource: Value, pointer: &str) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    resource.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    resource
}

#[test]
fn good_resources_have_no_issues() {
    assert_eq!(found(&patient()), []);
    assert_eq!(found(&observation()), []);
}

#[test]
fn each_change_for_the_worse_is_named_at_its_place() {
    use IssueCode as C;
    let refused: &[(Value, C, &str)] = &[
        (with(patient(), "/nickname", json!("x")), C::Structure, "Patient.nickname"),
        (with(patient(), "/contact/0/shoe", json!(1)), C::Structure, "Patient.contact[0].shoe"),
        (with(patient(), "/deceased", json!(true)), C::Structure, "Patient.deceased"),
        (with(patient(), "/deceasedDateTime", json!("2024")), C::Structure, "Patient.deceased"),
        (with(patient(), "/deceasedBoolean", json!("true")), C::Value, "Patient.deceased"),
        (with(patient(), "/active", json!("true")), C::Value, "Patient.active"),
        (with(patient(), "/active", json!(null)), C::Structure, "Patient.active"),
        (with(patient(), "/birthDate", json!("2023-02-29")), C::Value, "Patient.birthDate"),
        (with(patient(), "/birthDate", json!(["2023"])), C::Structure, "Patient.birthDate"),
        (with(patient(), "/id", json!("a b")), C::Value, "Patient.id"),
        (with(patient(), "/gender", json!("f")), C::CodeInvalid, "Patient.gender"),
        (with(patient(), "/gender", json!("")), C::Value, "Patient.gender"),
        (with(patient(), "/name", json!({"text": "x"})), C::Structure, "Patient.name"),
        (with(patient(), "/name", json!([])), C::Structure, "Patient.name"),
        (with(patient(), "/name/0", json!({})), C::Structure, "Patient.name[0]"),
        (with(patient(), "/name/0", json!("x")), C::Structure, "Patient.name[0]"),
        (with(patient(), "/name/0", json!(null)), C::Structure, "Patient.name[0]"),
        (with(patient(), "/name/0/given/1", json!(7)), C::Value, "Patient.name[0].given[1]"),
        (with(patient(), "/name/0/given/2", json!(null)), C::Structure, "Patient.name[0].given[2]"),
        (with(patient(), "/name/0/_given", json!([null])), C::Structure, "Patient.name[0].given"),
        (with(patient(), "/name/0/_given/1", json!("x")), C::Structure, "Patient.name[0].given[1]"),
        (with(patient(), "/_birthDate", json!({"id": "x"})), C::Structure, "Patient.birthDate"),
        (
            with(patient(), "/_birthDate", json!({"extension": [{"url": "x"}]})),
            C::Extension,
            "Patient.birthDate.extension[0]",
        ),
        (with(patient(), "/_name", json!([{"id": "x"}])), C::Structure, "Patient._name"),
        (with(patient(), "/name/0/period", json!({"start": "2024-1-1"})), C::Value, "Patient.name[0].period.start"),
        (with(patient(), "/multipleBirthInteger", json!(2.5)), C::Value, "Patient.multipleBirth"),
        (without(patient(), "/link/0/other"), C::Required, "Patient.link[0].other"),
        (
            with(patient(), "/communication/0", json!({"preferred": true})),
            C::Required,
            "Patient.communication[0].language",
        ),
        (without(patient(), "/extension/0/url"), C::Required, "Patient.extension[0].url"),
        (without(patient(), "/extension/0/valueString"), C::Extension, "Patient.extension[0]"),
        (
            with(patient(), "/extension/0/extension", json!([{"url": "b", "valueCode": "c"}])),
            C::Extension,
            "Patient.extension[0]",
        ),
        (with(patient(), "/extension/0/valueCode", json!("x")), C::Structure, "Patient.extension[0].value"),
        (without(patient(), "/text/status"), C::Required, "Patient.text.status"),
        (with(patient(), "/text/status", json!("made-up")), C::CodeInvalid, "Patient.text.status"),
        (with(patient(), "/text/div", json!("<div>x</div>")), C::Value, "Patient.text.div"),
        (
            with(patient(), "/text/div", json!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><script/>x</div>")),
            C::Security,
            "Patient.text.div",
        ),
        (
            with(patient(), "/managingOrganization/reference", json!("#nobody")),
            C::NotFound,
            "Patient.managingOrganization.reference",
        ),
        (
            with(patient(), "/managingOrganization/reference", json!("Patient/1")),
            C::Value,
            "Patient.managingOrganization.reference",
        ),
        (
            with(patient(), "/managingOrganization/reference", json!("Clinic/1")),
            C::Value,
            "Patient.managingOrganization.reference",
        ),
        (
            with(patient(), "/managingOrganization/reference", json!("Organization/a/b")),
            C::Value,
            "Patient.managingOrganization.reference",
        ),
        (
            with(patient(), "/managingOrganization/reference", json!("Organization?name=x")),
            C::Value,
            "Patient.managingOrganization.reference",
        ),
        (
            with(patient(), "/managingOrganization", json!({"reference": "Organization/1", "type": "Patient"})),
            C::Value,
            "Patient.managingOrganization.reference",
        ),
        (
            with(patient(), "/generalPractitioner/0/reference", json!("#org2")),
            C::NotFound,
            "Patient.generalPractitioner[0].reference",
        ),
        (without(patient(), "/contained/0/id"), C::Required, "Patient.contained[0].id"),
        (
            with(
                patient(),
                "/contained/0/contained",
                json!([{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}]),
            ),
            C::Invariant,
            "Patient.contained[0].contained",
        ),
        (
            with(patient(), "/contained/0/meta", json!({"versionId": "1"})),
            C::Invariant,
            "Patient.contained[0].meta.versionId",
        ),
        (with(patient(), "/contained/0/resourceType", json!("Clinic")), C::Invalid, "Patient.contained[0]"),
        (with(patient(), "/meta/lastUpdated", json!("2024-03-01")), C::Value, "Patient.meta.lastUpdated"),
        (without(observation(), "/status"), C::Required, "Observation.status"),
        (without(observation(), "/code"), C::Required, "Observation.code"),
        (with(observation(), "/valueQuantity/value", json!("7.2")), C::Value, "Observation.value.value"),
        (with(observation(), "/valueQuantity/comparator", json!("~")), C::CodeInvalid, "Observation.value.comparator"),
        (
            with(observation(), "/referenceRange/0/low/comparator", json!("<")),
            C::Invariant,
            "Observation.referenceRange[0].low.comparator",
        ),
        (
            with(observation(), "/component/0/referenceRange/0/low", json!(1)),
            C::Structure,
            "Observation.component[0].referenceRange[0].low",
        ),
        (with(observation(), "/effectiveDateTime", json!("yesterday")), C::Value, "Observation.effective"),
    ];
    for (resource, code, expression) in refused {
        let issues = found(resource);
        assert!(issues.contains(&(*code, (*expression).to_owned())), "{code:?} {expression}: {issues:?}");
    }
}

#[test]
fn what_is_no_resource_is_refused() {
    use IssueCode as C;
    let one = |value: Value| found(&value).first().cloned().unwrap();
    assert_eq!(one(json!([])), (C::Structure, "Resource".into()));
    assert_eq!(one(json!({})), (C::Required, "Resource".into()));
    assert_eq!(one(json!({"resourceType": "patient"})), (C::Invalid, "Resource".into()));
    assert_eq!(one(json!({"resourceType": 1})), (C::Invalid, "Resource".into()));
    assert_eq!(one(json!({"resourceType": "DomainResource"})), (C::Invalid, "Resource".into()));
    assert_eq!(
        one(json!({"resourceType": "Basic", "code": {"text": "x", "resourceType": "Coding"}})),
        (C::Structure, "Basic.code.resourceType".into())
    );
}

#[test]
fn required_codings_need_system_and_code() {
    let with_status = |coding: Value| {
        found(&json!({"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "clinicalStatus": coding}))
    };
    let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    assert_eq!(with_status(json!({"coding": [{"code": "x"}, {"system": system, "code": "active"}]})), []);
    let refused = [(IssueCode::CodeInvalid, "Condition.clinicalStatus".to_owned())];
    assert_eq!(with_status(json!({"coding": [{"system": system, "code": "Active"}]})), refused);
    assert_eq!(with_status(json!({"coding": [{"code": "active"}]})), refused);
    assert_eq!(with_status(json!({"text": "active"})), refused);
}

#[test]
fn a_required_element_may_be_there_by_its_extension_alone() {
    let absent = json!({"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]});
    assert_eq!(found(&with(without(observation(), "/status"), "/_status", absent)), []);
}

#[test]
fn resources_in_bundles_are_checked_in_their_own_scope() {
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": patient(), "request": {"method": "POST", "url": "Patient"}},
        {"resource": with(observation(), "/subject", json!({"reference": "Patient?identifier=a|b"})),
         "request": {"method": "POST", "url": "Observation"}},
        {"resource": with(observation(), "/subject", json!({"reference": "#org"}))},
        {"resource": with(patient(), "/gender", json!(1))},
    ]});
    assert_eq!(
        found(&bundle),
        [
            (IssueCode::NotFound, "Bundle.entry[2].resource.subject.reference".into()),
            (IssueCode::Value, "Bundle.entry[3].resource.gender".into()),
        ]
    );
}

#[test]
fn lenient_mode_warns_of_lapses_and_refuses_the_rest() {
    let lapses = with(with(patient(), "/gender", json!("f")), "/managingOrganization/reference", json!("#nobody"));
    let issues = validate(&lapses, Definitions::r4(), Mode::Lenient);
    // The third: nothing points at the contained clinic any more.
    assert_eq!(issues.len(), 3);
    assert!(issues.iter().all(|issue| issue.severity == Severity::Warning));
    let search = with(patient(), "/managingOrganization/reference", json!("Organization?name=x"));
    assert_eq!(validate(&search, Definitions::r4(), Mode::Lenient)[0].severity, Severity::Warning);
    let wrong = with(lapses, "/birthDate", json!("x"));
    assert!(validate(&wrong, Definitions::r4(), Mode::Lenient).iter().any(Issue::is_error));
}

#[test]
fn issues_never_repeat_values_or_odd_names() {
    let odd = with(with(patient(), "/Jane Smith", json!(1)), "/birthDate", json!("Jane Smith"));
    for issue in validate(&odd, Definitions::r4(), Mode::Strict) {
        assert!(!issue.text.contains("Jane") && !issue.expression.contains("Jane"), "{issue:?}");
    }
}

#[test]
fn many_faults_make_a_hundred_issues_and_a_count() {
    let members = (0..100_000).map(|at| (format!("x{at}"), Value::Null)).collect::<Map<_, _>>();
    let mut resource = json!({"resourceType": "Basic", "code": {"text": "x"}});
    resource.as_object_mut().unwrap().extend(members);
    let issues = validate(&resource, Definitions::r4(), Mode::Strict);
    assert_eq!(issues.len(), 101);
    assert!(issues[100].text.starts_with("99900 more"));
}

#[test]
fn nesting_without_end_is_refused_before_the_stack_is_full() {
    let mut extension = json!({"url": "x", "valueCode": "y"});
    for _ in 0..300 {
        extension = json!({"url": "x", "extension": [extension]});
    }
    let deep = json!({"resourceType": "Basic", "code": {"text": "x"}, "extension": [extension]});
    assert!(found(&deep).iter().any(|(code, _)| *code == IssueCode::TooCostly));
    let mut bundle = json!({"resourceType": "Basic", "code": {"text": "x"}});
    for _ in 0..300 {
        bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bundle}]});
    }
    assert!(found(&bundle).iter().any(|(code, _)| *code == IssueCode::TooCostly));
}

/// JSON of any shape, with names that mean something.
fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop_oneof![
            Just("#"),
            Just("#org"),
            Just("2024-02"),
            Just("final"),
            Just("Patient/1"),
            Just("<div/>"),
            Just("")
        ]
        .prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("extension"),
        Just("_birthDate"),
        Just("name"),
        Just("given"),
        Just("contained"),
        Just("id"),
        Just("reference"),
        Just("resourceType"),
        Just("valueQuantity"),
        Just("value"),
        Just("code"),
        Just("period"),
        Just("start"),
        Just("end"),
        Just("link"),
        Just("other"),
        Just("contact"),
        Just("text"),
        Just("div"),
        Just("meta"),
        Just("url"),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((name.clone(), inner), 0..6).prop_map(|members| Value::Object(
                members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn whatever_is_sent_is_judged(part in any_json(), at in 0..40usize) {
        let _ = validate(&part, Definitions::r4(), Mode::Advice);
        for mut whole in [patient(), observation()] {
            let names: Vec<String> = whole.as_object().unwrap().keys().filter(|key| *key != "resourceType").cloned().collect();
            whole[&names[at % names.len()]] = part.clone();
            let _ = validate(&whole, Definitions::r4(), Mode::Strict);
            let _ = validate(&whole, Definitions::r4(), Mode::Lenient);
        }
    }
}
