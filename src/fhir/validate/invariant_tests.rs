//! The rules that span elements: each kind of expression, broken once, named at its place.

use serde_json::{Value, json};

use super::invariants::{BY_HAND, NOT_EVALUATED};
use super::*;
use crate::fhir::fhirpath::{self, Node, Setting, Verdict};

fn found(resource: &Value) -> Vec<(String, String)> {
    let issues = validate(resource, Definitions::r4(), Mode::Strict);
    issues.into_iter().map(|issue| (issue.expression, issue.text)).collect()
}

fn merged(mut one: Value, with: Value) -> Value {
    let members = with.as_object().unwrap().clone();
    one.as_object_mut().unwrap().extend(members);
    one
}

fn patient(with: Value) -> Value {
    merged(json!({"resourceType": "Patient"}), with)
}

fn observation(with: Value) -> Value {
    merged(json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}), with)
}

fn condition(with: Value) -> Value {
    merged(json!({"resourceType": "Condition", "subject": {"reference": "Patient/p"}}), with)
}

fn questionnaire(item: Value) -> Value {
    let item = merged(json!({"linkId": "1", "type": "choice"}), item);
    json!({"resourceType": "Questionnaire", "status": "draft", "item": [item]})
}

fn element(with: Value) -> Value {
    let element = merged(json!({"id": "Patient", "path": "Patient"}), with);
    json!({"resourceType": "StructureDefinition", "url": "http://example.org/x", "name": "X", "status": "draft",
        "kind": "resource", "abstract": false, "type": "Patient", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "differential": {"element": [element]}})
}

fn bundle(with: Value) -> Value {
    merged(json!({"resourceType": "Bundle", "type": "collection"}), with)
}

fn concept(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code}]})
}

/// (rule, place, a resource that breaks it and nothing else)
fn broken() -> Vec<(&'static str, &'static str, Value)> {
    let glucose = json!({"coding": [{"system": "http://loinc.org", "code": "1"}]});
    let contact = |with: Value| patient(json!({"contact": [with]}));
    let period = |start: &str, end: &str| contact(json!({"name": {"period": {"start": start, "end": end}}}));
    vec![
        ("pat-1", "Patient.contact[0]", contact(json!({"gender": "male"}))),
        ("per-1", "Patient.contact[0].name.period", period("2024-05-02", "2024-05-01")),
        ("per-1", "Patient.contact[0].name.period", period("2024-05-01T12:00:00Z", "2024-05-01T12:00:00+01:00")),
        ("per-1", "Patient.contact[0].name.period", period("2024-06", "2024-05-01")),
        ("cpt-2", "Patient.telecom[0]", patient(json!({"telecom": [{"value": "1"}]}))),
        ("att-1", "Patient.photo[0]", patient(json!({"photo": [{"data": "AAAA"}]}))),
        ("qty-3", "Observation.value", observation(json!({"valueQuantity": {"value": 1, "code": "g"}}))),
        ("rng-2", "Observation.value", observation(json!({"valueRange": {"low": {"value": 2}, "high": {"value": 1}}}))),
        ("rat-1", "Observation.value", observation(json!({"valueRatio": {"numerator": {"value": 2}}}))),
        ("obs-3", "Observation.referenceRange[0]", observation(json!({"referenceRange": [{"type": {"text": "x"}}]}))),
        ("obs-6", "Observation", observation(json!({"valueInteger": 1, "dataAbsentReason": {"text": "x"}}))),
        (
            "obs-7",
            "Observation",
            observation(json!({"code": glucose, "valueInteger": 1, "component": [{"code": glucose}]})),
        ),
        ("tim-1", "Observation.effective.repeat", observation(json!({"effectiveTiming": {"repeat": {"duration": 1}}}))),
        (
            "tim-5",
            "Observation.effective.repeat",
            observation(json!({"effectiveTiming": {"repeat": {"period": -1, "periodUnit": "d"}}})),
        ),
        ("con-1", "Condition.stage[0]", condition(json!({"stage": [{"type": {"text": "x"}}]}))),
        (
            "con-4",
            "Condition",
            condition(json!({"abatementDateTime": "2020", "clinicalStatus": concept("condition-clinical", "active")})),
        ),
        (
            "con-5",
            "Condition",
            condition(json!({"clinicalStatus": concept("condition-clinical", "active"),
            "verificationStatus": concept("condition-ver-status", "entered-in-error")})),
        ),
        (
            "age-1",
            "Condition.onset",
            condition(json!({"onsetAge": {"value": -1, "code": "a", "system": "http://unitsofmeasure.org"}})),
        ),
        (
            "ait-1",
            "AllergyIntolerance",
            json!({"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p"}}),
        ),
        (
            "app-3",
            "Appointment",
            json!({"resourceType": "Appointment", "status": "booked",
            "participant": [{"status": "accepted", "actor": {"reference": "Patient/p"}}]}),
        ),
        (
            "app-4",
            "Appointment",
            json!({"resourceType": "Appointment", "status": "proposed", "cancelationReason": {"text": "x"},
            "participant": [{"status": "accepted", "actor": {"reference": "Patient/p"}}]}),
        ),
        ("org-1", "Organization", json!({"resourceType": "Organization", "active": true})),
        (
            "org-2",
            "Organization.address[0]",
            json!({"resourceType": "Organization", "name": "x", "address": [{"use": "home"}]}),
        ),
        (
            "org-3",
            "Organization.telecom[0]",
            json!({"resourceType": "Organization", "name": "x", "telecom": [{"use": "home"}]}),
        ),
        (
            "ctm-1",
            "CareTeam.participant[0]",
            json!({"resourceType": "CareTeam", "participant": [
            {"member": {"reference": "Patient/p"}, "onBehalfOf": {"reference": "Organization/o"}}]}),
        ),
        ("bdl-1", "Bundle", bundle(json!({"total": 1}))),
        ("bdl-3", "Bundle", bundle(json!({"entry": [{"request": {"method": "GET", "url": "Patient"}}]}))),
        ("bdl-5", "Bundle.entry[0]", bundle(json!({"entry": [{"fullUrl": "http://example.org/a"}]}))),
        (
            "bdl-7",
            "Bundle",
            bundle(json!({"entry": [
            {"fullUrl": "urn:x:1", "resource": {"resourceType": "Patient"}},
            {"fullUrl": "urn:x:1", "resource": {"resourceType": "Patient"}}]})),
        ),
        (
            "bdl-8",
            "Bundle.entry[0]",
            bundle(json!({"entry": [
            {"fullUrl": "http://example.org/Patient/1/_history/2", "resource": {"resourceType": "Patient"}}]})),
        ),
        (
            "bdl-11",
            "Bundle",
            bundle(json!({"type": "document", "timestamp": "2024-01-01T00:00:00Z",
            "identifier": {"system": "urn:x", "value": "1"}, "entry": [{"resource": {"resourceType": "Patient"}}]})),
        ),
        (
            "que-2",
            "Questionnaire",
            questionnaire(json!({"type": "group", "item": [{"linkId": "1", "type": "string"}]})),
        ),
        (
            "que-4",
            "Questionnaire.item[0]",
            questionnaire(json!({"answerValueSet": "http://example.org/a", "answerOption": [{"valueInteger": 1}]})),
        ),
        (
            "que-7",
            "Questionnaire.item[0].enableWhen[0]",
            questionnaire(json!({"enableWhen": [
            {"question": "1", "operator": "exists", "answerInteger": 1}]})),
        ),
        (
            "que-13",
            "Questionnaire.item[0]",
            questionnaire(json!({"initial": [{"valueInteger": 1}, {"valueInteger": 2}]})),
        ),
        (
            "ras-1",
            "RiskAssessment.prediction[0].probability",
            json!({"resourceType": "RiskAssessment", "status": "final",
            "subject": {"reference": "Patient/p"}, "prediction": [{"probabilityRange": {"low": {"value": 1}}}]}),
        ),
        (
            "ras-2",
            "RiskAssessment.prediction[0]",
            json!({"resourceType": "RiskAssessment", "status": "final",
            "subject": {"reference": "Patient/p"}, "prediction": [{"probabilityDecimal": 100.5}]}),
        ),
        (
            "csd-1",
            "CodeSystem",
            json!({"resourceType": "CodeSystem", "status": "draft", "content": "complete",
            "concept": [{"code": "a", "concept": [{"code": "b"}]}, {"code": "b"}]}),
        ),
        (
            "tst-5",
            "TestScript.setup.action[0].assert",
            json!({"resourceType": "TestScript", "url": "http://example.org/t",
            "name": "T", "status": "draft", "setup": {"action": [{"assert":
            {"direction": "response", "responseCode": "200", "response": "okay", "warningOnly": false}}]}}),
        ),
        ("eld-2", "StructureDefinition.differential.element[0]", element(json!({"min": 2, "max": "1"}))),
        ("eld-3", "StructureDefinition.differential.element[0].max", element(json!({"max": "many"}))),
        (
            "eld-16",
            "StructureDefinition.differential.element[0]",
            element(json!({"path": "Patient.a", "sliceName": "a b"})),
        ),
        (
            "eld-19",
            "StructureDefinition.differential.element[0]",
            element(json!({"path": format!("Patient.{}", "a".repeat(65))})),
        ),
        ("sdf-8a", "StructureDefinition.differential", element(json!({"path": "Person"}))),
        ("inv-1", "Parameters.parameter[0]", json!({"resourceType": "Parameters", "parameter": [{"name": "x"}]})),
        (
            "inv-1",
            "Task",
            json!({"resourceType": "Task", "status": "draft", "intent": "order",
            "authoredOn": "2024-02-01", "lastModified": "2024-01-01"}),
        ),
    ]
}

#[test]
fn a_broken_rule_is_named_at_its_place() {
    for (key, expression, resource) in broken() {
        let issues = found(&resource);
        let named = format!("rule {key}.)");
        let good = matches!(issues.as_slice(), [(at, text)] if at == expression && text.ends_with(&named));
        assert!(good, "{key} at {expression}: {issues:?}");
    }
}

#[test]
fn what_cannot_be_told_is_not_held_against_anyone() {
    for good in [
        patient(json!({"contact": [{"name": {"period": {"start": "2024-05-01", "end": "2024-05"}}}]})),
        // The first of May may begin before midnight in UTC.
        patient(json!({"contact": [{"name": {"period": {"start": "2024-05-01", "end": "2024-04-30T22:00:00Z"}}}]})),
        observation(json!({"valueRange": {"low": {"value": 2, "unit": "g"}, "high": {"value": 1, "unit": "kg"}}})),
        bundle(json!({"entry": [{"resource": {"resourceType": "Patient"}}]})),
        json!({"resourceType": "RiskAssessment", "status": "final", "subject": {"reference": "Patient/p"},
            "prediction": [{"qualitativeRisk": {"text": "x"}}]}),
        json!({"resourceType": "CareTeam", "participant": [
            {"member": {"reference": "Practitioner/p"}, "onBehalfOf": {"reference": "Organization/o"}}]}),
    ] {
        assert_eq!(found(&good), [], "{good}");
    }
}

#[test]
fn contained_resources_must_have_a_use() {
    let contained = |inner: Value, outer: Value| {
        let inner = merged(json!({"resourceType": "Organization", "id": "o", "name": "x"}), inner);
        found(&merged(json!({"resourceType": "Patient", "contained": [inner]}), outer))
    };
    let outer = json!({"managingOrganization": {"reference": "#o"}});
    assert_eq!(contained(json!({}), outer.clone()), []);
    let back = json!({"extension": [{"url": "urn:x", "valueReference": {"reference": "#"}}]});
    assert_eq!(contained(back, json!({})), []);
    let canonical = json!({"extension": [{"url": "urn:x", "valueCanonical": "#o"}]});
    assert_eq!(contained(json!({}), canonical), []);
    let issues = contained(json!({}), json!({}));
    assert!(matches!(issues.as_slice(), [(at, _)] if at == "Patient.contained[0]"), "{issues:?}");
    let inside = json!({"endpoint": [{"reference": "#nobody"}]});
    let issues = contained(inside, outer);
    assert!(matches!(issues.as_slice(), [(at, _)] if at == "Patient.contained[0].endpoint[0].reference"), "{issues:?}");
}

/// What the walk checks in its own way says what the expression of the standard says.
#[test]
fn rules_checked_by_hand_agree_with_their_expressions() {
    let r4 = Definitions::r4();
    let inner = json!({"resourceType": "Organization", "id": "o", "name": "x"});
    let div = |html: &str| json!({"text": {"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{html}</div>")}});
    let with = |inner: Value| json!({"contained": [inner], "managingOrganization": {"reference": "#o"}});
    for (key, at, good, bad) in [
        (
            "dom-2",
            "Patient",
            with(inner.clone()),
            with(merged(
                inner.clone(),
                json!({"contained": [{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}]}),
            )),
        ),
        ("dom-3", "Patient", with(inner.clone()), json!({"contained": [inner]})),
        (
            "dom-4",
            "Patient",
            with(merged(inner.clone(), json!({"meta": {"source": "urn:x"}}))),
            with(merged(inner.clone(), json!({"meta": {"versionId": "1"}}))),
        ),
        (
            "dom-5",
            "Patient",
            with(merged(inner.clone(), json!({"meta": {"tag": [{"code": "x"}]}}))),
            with(merged(inner.clone(), json!({"meta": {"security": [{"code": "R"}]}}))),
        ),
        ("ele-1", "Patient.name", json!({"name": [{"id": "1", "text": "x"}]}), json!({"name": [{"id": "1"}]})),
        (
            "ext-1",
            "Patient.extension",
            json!({"extension": [{"url": "urn:x", "valueCode": "x"}]}),
            json!({"extension": [{"url": "urn:x"}]}),
        ),
        (
            "ext-1",
            "Patient.extension",
            json!({"extension": [{"url": "urn:x", "extension": [{"url": "a", "valueCode": "b"}]}]}),
            json!({"extension": [{"url": "urn:x", "valueCode": "x", "extension": [{"url": "a", "valueCode": "b"}]}]}),
        ),
        (
            "ref-1",
            "Patient.managingOrganization",
            with(inner.clone()),
            json!({"managingOrganization": {"reference": "#o"}}),
        ),
        (
            "ref-1",
            "Patient.managingOrganization",
            json!({"managingOrganization": {"reference": "Organization/o"}}),
            json!({"managingOrganization": {"reference": "#p"}}),
        ),
        ("txt-1", "Patient.text.div", div("x"), div("<script>x</script>")),
        ("txt-2", "Patient.text.div", div("x"), div(" ")),
    ] {
        let rule = r4.invariants().iter().find(|rule| rule.key == key).unwrap();
        let path = fhirpath::Path::parse(rule.expression).unwrap();
        for (resource, expected) in [(patient(good), Verdict::Holds), (patient(bad), Verdict::Broken)] {
            let at = fhirpath::Path::parse(at).unwrap();
            let context: Node<'_> = at.evaluate(&resource, r4).unwrap().remove(0);
            let setting = Setting { resource: &resource, root: &resource, model: r4 };
            let verdict = path.verdict(context, setting, &Budget::steps(10_000)).unwrap();
            assert_eq!(verdict == Verdict::Broken, expected == Verdict::Broken, "{key}: {resource}");
            assert_eq!(found(&resource).is_empty(), expected != Verdict::Broken, "{key}: {resource}");
        }
    }
}

#[test]
fn every_rule_of_the_standard_is_asked_somewhere() {
    let r4 = Definitions::r4();
    let errors = r4.invariants().iter().filter(|rule| rule.is_error());
    assert_eq!(errors.clone().count(), 206);
    let keys: HashSet<_> = errors.clone().map(|rule| rule.key).collect();
    let known = NOT_EVALUATED.iter().map(|(key, _)| *key).chain(BY_HAND.iter().copied());
    assert!(known.clone().all(|key| keys.contains(key)), "a key of a list here is not the standard's");
    assert!(NOT_EVALUATED.iter().all(|(_, why)| !why.is_empty()) && NOT_EVALUATED.len() * 20 <= keys.len());
    let nodes: Vec<_> = r4.all_nodes().collect();
    for rule in errors {
        let on_node = |node: &NodeId| r4.invariants_of(*node).any(|own| own.number == rule.number);
        let on_element = |node: &NodeId| {
            r4.elements_of(*node).any(|of| r4.invariants_at(of).iter().any(|own| own.number == rule.number))
        };
        assert!(nodes.iter().any(|node| on_node(node) || on_element(node)), "{} at {}", rule.key, rule.context);
    }
}

#[test]
fn advice_is_given_on_request_only() {
    let resource = patient(json!({"active": true}));
    assert_eq!(validate(&resource, Definitions::r4(), Mode::Strict), []);
    let advice = validate(&resource, Definitions::r4(), Mode::Advice);
    assert!(matches!(advice.as_slice(), [issue] if !issue.is_error() && issue.text.contains("dom-6")), "{advice:?}");
}

/// A rule that compares each with each ends, whatever is sent.
#[test]
fn work_is_bounded() {
    let codings = |system: &str| -> Vec<Value> {
        (0..500).map(|at| json!({"system": system, "code": format!("c{at}")})).collect()
    };
    let component: Vec<Value> = (0..100).map(|_| json!({"code": {"coding": codings("urn:b")}})).collect();
    let hostile = observation(json!({"valueInteger": 1, "code": {"coding": codings("urn:a")}, "component": component}));
    let issues = validate(&hostile, Definitions::r4(), Mode::Strict);
    assert!(issues.iter().any(|issue| issue.code == IssueCode::TooCostly), "{issues:?}");
}

#[test]
fn what_comes_together_shares_the_work() {
    let codings = |system: &str| -> Vec<Value> {
        (0..100).map(|at| json!({"system": system, "code": format!("c{at}")})).collect()
    };
    let component: Vec<Value> = (0..20).map(|_| json!({"code": {"coding": codings("urn:b")}})).collect();
    let dear = observation(json!({"valueInteger": 1, "code": {"coding": codings("urn:a")}, "component": component}));
    let rules = Allowance::default();
    let refused = |rules: &Allowance| {
        let issues = validate_within(&dear, Definitions::r4(), Mode::Strict, rules);
        issues.iter().any(|issue| issue.code == IssueCode::TooCostly)
    };
    assert!(!refused(&rules));
    assert!((0..1_000).any(|_| refused(&rules)));
    assert!(!refused(&Allowance::default()));
    // A Bundle that is stored as such is one text.
    let entry: Vec<Value> = (0..1_000).map(|_| json!({"resource": dear})).collect();
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entry});
    let issues = validate(&bundle, Definitions::r4(), Mode::Strict);
    assert!(issues.iter().any(|issue| issue.code == IssueCode::TooCostly), "{issues:?}");
}
