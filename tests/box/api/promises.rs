//! The CapabilityStatement of each listener, taken at its word: what it claims is asked for, and answered. (What it claims
//! of searching for a service is in `claims`.)

use serde_json::{Value, json};

use crate::api::{id, ok, patient};
use crate::client::Answer;
use crate::demo::{Caller, Demo};

pub fn all(demo: &Demo, client: &Caller) {
    let at_clinic = statement(client);
    let me = demo.signed_in("portal", "patient");
    let at_portal = statement(&me);
    let mut wrong = Vec::new();
    interactions(client, &at_clinic, &mut wrong);
    operations(demo, client, &at_clinic, &mut wrong);
    own_interactions(demo, &me, &at_portal, &mut wrong);
    let before = wrong.len();
    parameters(&me, &at_portal, &mut wrong);
    // What a role never gets of a type it cannot search by, either: by name, and as one that is not there.
    let hidden = |said: &String| said.contains(": 400 ") && said.contains("\"not-supported\"");
    let own = wrong.split_off(before);
    wrong.extend(own.into_iter().filter(|said| !hidden(said)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn statement(caller: &Caller) -> Value {
    ok(&caller.get("/fhir/metadata"), 200)
}

fn resources(statement: &Value) -> impl Iterator<Item = &Value> {
    statement["rest"][0]["resource"].as_array().unwrap().iter()
}

fn claims<'a>(of: &'a Value, name: &str, key: &str) -> Vec<&'a str> {
    of[name].as_array().into_iter().flatten().map(|one| one[key].as_str().unwrap()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// That it is not there, not allowed, or not done, is no answer to what was claimed.
fn keeps(what: &str, answer: &Answer, wrong: &mut Vec<String>) {
    if matches!(answer.status, 400 | 404 | 405 | 415 | 500..) {
        wrong.push(format!("{what}: {} {}", answer.status, answer.body));
    }
}

/// One type of each class of the rules, with the least that it must have.
fn samples() -> Vec<Value> {
    let of = |kind: &str, more: Value| {
        let mut one = json!({"resourceType": kind});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    };
    vec![
        of("Patient", json!({})),
        of("Organization", json!({"name": "X"})),
        of("Schedule", json!({"actor": [{"display": "X"}]})),
        of(
            "Appointment",
            json!({"status": "proposed", "participant": [{"status": "needs-action", "actor": {"display": "X"}}]}),
        ),
        of("Encounter", json!({"status": "planned", "class": {"code": "AMB"}})),
        of("Communication", json!({"status": "completed"})),
        of("Task", json!({"status": "draft", "intent": "order"})),
        of("Basic", json!({"code": {"text": "x"}})),
        of("Observation", json!({"status": "final", "code": {"text": "x"}})),
        of("Medication", json!({})),
        of("Group", json!({"type": "person", "actual": true})),
        of("Account", json!({"status": "active"})),
        of("Questionnaire", json!({"status": "draft"})),
        of("Bundle", json!({"type": "collection"})),
        of("MessageHeader", json!({"eventUri": "urn:x", "source": {"endpoint": "urn:x"}})),
    ]
}

fn interactions(client: &Caller, statement: &Value, wrong: &mut Vec<String>) {
    for sample in samples() {
        let kind = text(&sample["resourceType"]);
        let claimed = resources(statement).find(|one| one["type"] == kind).unwrap();
        let claimed = claims(claimed, "interaction", "code");
        let made = client.json("POST", &format!("/fhir/{kind}"), &sample);
        let stored = ok(&made, 201);
        let one = format!("/fhir/{kind}/{}", id(&stored));
        for interaction in claimed {
            let answer = match interaction {
                "create" => continue,
                "read" => client.get(&one),
                "vread" => client.get(&format!("{one}/_history/1")),
                "update" => client.json("PUT", &one, &stored),
                "patch" => {
                    let patch = r#"[{"op": "test", "path": "/resourceType", "value": "KIND"}]"#.replace("KIND", kind);
                    client.ask("PATCH", &one, &[("content-type", "application/json-patch+json")], &patch)
                }
                "delete" => {
                    let other = ok(&client.json("POST", &format!("/fhir/{kind}"), &sample), 201);
                    client.ask("DELETE", &format!("/fhir/{kind}/{}", id(&other)), &[], "")
                }
                "history-instance" => client.get(&format!("{one}/_history")),
                "history-type" => client.get(&format!("/fhir/{kind}/_history?_count=1")),
                "search-type" => client.get(&format!("/fhir/{kind}?_count=1")),
                other => panic!("{other} is claimed, and nothing here asks for it"),
            };
            keeps(&format!("{interaction} of {kind}"), &answer, wrong);
        }
    }
    for interaction in claims(&statement["rest"][0], "interaction", "code") {
        let bundle = |kind: &str| client.json("POST", "/fhir", &json!({"resourceType": "Bundle", "type": kind}));
        let answer = match interaction {
            "transaction" | "batch" => bundle(interaction),
            "history-system" => client.get("/fhir/_history?_count=1"),
            "search-system" => client.get("/fhir?_count=1"),
            other => panic!("{other} is claimed, and nothing here asks for it"),
        };
        keeps(interaction, &answer, wrong);
    }
}

/// As the patient, of what is theirs: nothing that is claimed is not there at their listener.
fn own_interactions(demo: &Demo, me: &Caller, statement: &Value, wrong: &mut Vec<String>) {
    let own = format!("/fhir/Patient/{}", demo.patient_of("patient"));
    let claimed = resources(statement).find(|one| one["type"] == "Patient").unwrap();
    for interaction in claims(claimed, "interaction", "code") {
        let body = json!({"resourceType": "Patient", "id": demo.patient_of("patient")});
        let answer = match interaction {
            "read" => me.get(&own),
            "vread" => me.get(&format!("{own}/_history/1")),
            "create" => me.json("POST", "/fhir/Patient", &patient("Mine")),
            "update" => me.json("PUT", &own, &body),
            "patch" => me.ask("PATCH", &own, &[("content-type", "application/json-patch+json")], "[]"),
            "delete" => me.ask("DELETE", &own, &[], ""),
            "history-instance" => me.get(&format!("{own}/_history")),
            "history-type" => me.get("/fhir/Patient/_history"),
            "search-type" => me.get("/fhir/Patient"),
            other => panic!("{other} is claimed, and nothing here asks for it"),
        };
        keeps(&format!("{interaction} at the portal"), &answer, wrong);
    }
    for operation in claims(claimed, "operation", "name") {
        let answer = match operation {
            // They change what the clinic says of a patient, as an update does.
            "meta-add" | "meta-delete" => {
                let meta = json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {}}]});
                me.json("POST", &format!("{own}/${operation}"), &meta)
            }
            "validate" | "meta" | "everything" | "summary" => me.get(&format!("{own}/${operation}")),
            other => panic!("${other} is claimed at the portal, and nothing here asks for it"),
        };
        keeps(&format!("${operation} at the portal"), &answer, wrong);
    }
}

fn operations(demo: &Demo, client: &Caller, statement: &Value, wrong: &mut Vec<String>) {
    let own = demo.patient_of("patient");
    let asynchronous = [("prefer", "respond-async")];
    let group = json!({"resourceType": "Group", "type": "person", "actual": true});
    let group = ok(&client.json("POST", "/fhir/Group", &group), 201);
    let event = ok(&client.get("/fhir/AuditEvent?_count=1"), 200)["entry"][0]["resource"].clone();
    let basic = json!({"resourceType": "Basic", "code": {"text": "x"}});
    let basic = ok(&client.json("POST", "/fhir/Basic", &basic), 201);
    for resource in resources(statement) {
        let kind = text(&resource["type"]);
        for operation in claims(resource, "operation", "name") {
            let set = "url=http://hl7.org/fhir/ValueSet/administrative-gender";
            let system = "url=http://hl7.org/fhir/administrative-gender&code=male";
            let answer = match (operation, kind) {
                // Of every type the same: once with each address that it has.
                ("validate", "Basic") => client.json("POST", "/fhir/Basic/$validate", &basic),
                ("meta", "Basic") => client.get(&format!("/fhir/Basic/{}/$meta", id(&basic))),
                ("validate", "AuditEvent") => client.json("POST", "/fhir/AuditEvent/$validate", &event),
                ("meta", "AuditEvent") => client.get(&format!("/fhir/AuditEvent/{}/$meta", id(&event))),
                ("meta-add" | "meta-delete", "Basic") => {
                    let meta = json!({"tag": [{"system": "urn:t", "code": "x"}]});
                    let meta =
                        json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]});
                    client.json("POST", &format!("/fhir/Basic/{}/${operation}", id(&basic)), &meta)
                }
                ("validate" | "meta" | "meta-add" | "meta-delete", _) => continue,
                ("expand", "ValueSet") => client.get(&format!("/fhir/ValueSet/$expand?{set}")),
                ("validate-code", "ValueSet") => {
                    client.get(&format!("/fhir/ValueSet/$validate-code?{set}&code=male&system=x"))
                }
                ("validate-code", "CodeSystem") => client.get(&format!("/fhir/CodeSystem/$validate-code?{system}")),
                ("everything" | "summary", "Patient") => client.get(&format!("/fhir/Patient/{own}/${operation}")),
                ("export", "Patient") => client.ask("GET", "/fhir/Patient/$export", &asynchronous, ""),
                ("export", "Group") => {
                    client.ask("GET", &format!("/fhir/Group/{}/$export", id(&group)), &asynchronous, "")
                }
                ("lastn", "Observation") => {
                    client.get(&format!("/fhir/Observation/$lastn?patient={own}&category=vital-signs"))
                }
                other => panic!("{other:?} is claimed, and nothing here asks for it"),
            };
            keeps(&format!("${operation} of {kind}"), &answer, wrong);
        }
    }
    for operation in claims(&statement["rest"][0], "operation", "name") {
        let answer = match operation {
            "export" => client.ask("GET", "/fhir/$export", &asynchronous, ""),
            other => panic!("${other} is claimed, and nothing here asks for it"),
        };
        keeps(&format!("${operation}"), &answer, wrong);
    }
}

/// Every search parameter and every include that is claimed is understood: all of a type's at once, of nobody.
fn parameters(caller: &Caller, statement: &Value, wrong: &mut Vec<String>) {
    for resource in resources(statement) {
        let kind = text(&resource["type"]);
        // What is sent only is not searched, and that is said.
        if resource["searchParam"].is_null() {
            let answer = caller.get(&format!("/fhir/{kind}"));
            if answer.status != 404 || !answer.body.contains("not-supported") {
                wrong.push(format!("{kind} is not claimed to be searched: {} {}", answer.status, answer.body));
            }
            continue;
        }
        let mut query = vec!["_id=nobody".to_owned()];
        for param in resource["searchParam"].as_array().unwrap() {
            let name = text(&param["name"]);
            query.push(match text(&param["type"]) {
                "date" => format!("{name}=2026-01-01"),
                "number" | "quantity" => format!("{name}=5"),
                "uri" => format!("{name}=urn:x"),
                "token" if name == "_id" => continue,
                "token" | "string" => format!("{name}=x"),
                "reference" => format!("{name}=x"),
                "special" => continue,
                _ => format!("{name}:missing=true"),
            });
        }
        let includes = resource["searchInclude"].as_array().into_iter().flatten();
        query.extend(includes.map(|include| format!("_include={}", text(include))));
        let answer = caller.get(&format!("/fhir/{kind}?{}", query.join("&")));
        keeps(&format!("the parameters of {kind}"), &answer, wrong);
    }
}
