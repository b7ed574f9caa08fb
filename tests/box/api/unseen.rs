//! What writing tells of what its writer may not see, and what it may not take away.

use serde_json::{Value, json};

use crate::api::interactions::patch;
use crate::api::{bundle, id, observation, ok, outcome, patient, post};
use crate::demo::{Caller, Demo};

const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

pub fn all(demo: &Demo, client: &Caller) {
    a_file_stands_under_the_rules_that_it_names(demo, client);
    an_overwriting_program_hears_no_label_and_takes_no_hold(demo, client);
    conditions_find_what_is_seen(demo, client);
    no_reference_tells_of_a_type_that_is_never_seen(demo, client);
}

fn labelled(resource: &Value, code: &str) -> Value {
    let mut resource = resource.clone();
    resource["meta"] = json!({"security": [{"system": ACT_CODE, "code": code}]});
    resource
}

/// binary.html#rest: `X-Security-Context` is its `securityContext`, by whichever address of the box it is named.
fn a_file_stands_under_the_rules_that_it_names(demo: &Demo, client: &Caller) {
    let who = ok(&client.json("POST", "/fhir/Patient", &patient("Filed")), 201);
    let result = ok(&client.json("POST", "/fhir/Observation", &observation(&format!("Patient/{}", id(&who)), 1)), 201);
    let address = format!("Observation/{}", id(&result));
    let doctor = demo.signed_in("clinic", "clinician");
    let mut files = Vec::new();
    for origin in ["clinic", "portal"] {
        let context = format!("{}/fhir/{address}", demo.origin(origin));
        let headers = [("content-type", "text/plain"), ("x-security-context", context.as_str())];
        let made = ok(&client.ask("POST", "/fhir/Binary", &headers, "secret"), 201);
        assert_eq!(made["securityContext"]["reference"], address.as_str());
        files.push(format!("/fhir/Binary/{}", id(&made)));
    }
    let sealed = labelled(&result, "HIV");
    assert_eq!(client.json("PUT", &format!("/fhir/{address}"), &sealed).status, 200);
    files.iter().for_each(|file| outcome(&doctor.get(file), 404));
    // Rules that nobody here can look up would be none.
    for context in ["https://else.where/fhir/Observation/1", "urn:uuid:1", "Elsewhere"] {
        let headers = [("content-type", "text/plain"), ("x-security-context", context)];
        outcome(&client.ask("POST", "/fhir/Binary", &headers, "secret"), 422);
        let file =
            json!({"resourceType": "Binary", "contentType": "text/plain", "securityContext": {"reference": context}});
        outcome(&client.json("POST", "/fhir/Binary", &file), 422);
    }
}

fn an_overwriting_program_hears_no_label_and_takes_no_hold(demo: &Demo, client: &Caller) {
    let own = format!("Patient/{}", demo.patient_of("patient"));
    let blind = demo.service("unseen-blind", "system/Observation.cu");
    let plain = |of: &str| {
        let mut one = observation(&own, 2);
        one["id"] = json!(of);
        one
    };
    let sealed = labelled(&plain("unseen-sealed"), "HIV");
    ok(&client.json("PUT", "/fhir/Observation/unseen-sealed", &sealed), 201);
    let put = ok(&blind.json("PUT", "/fhir/Observation/unseen-sealed", &plain("unseen-sealed")), 200);
    assert!(put["meta"].get("security").is_none(), "{put}");
    let doctor = demo.signed_in("clinic", "clinician");
    outcome(&doctor.get("/fhir/Observation/unseen-sealed"), 404);
    // What is held from a patient only a doctor lets go.
    let token = demo.command(&["token", "create", "--user", "patient"]);
    let me = demo.bearer("clinic", &token);
    ok(&client.json("PUT", "/fhir/Observation/unseen-held", &labelled(&plain("unseen-held"), "NOPAT")), 201);
    for program in [&blind, client] {
        ok(&program.json("PUT", "/fhir/Observation/unseen-held", &plain("unseen-held")), 200);
        outcome(&me.get("/fhir/Observation/unseen-held"), 404);
    }
}

/// A search in the place of a reference or of a patch finds what its sender sees; what a program would store a second time it is
/// told of, and what it may write over it takes back.
fn conditions_find_what_is_seen(demo: &Demo, client: &Caller) {
    let who = ok(&client.json("POST", "/fhir/Patient", &patient("Conditional")), 201);
    let subject = format!("Patient/{}", id(&who));
    let mut sealed = labelled(&observation(&subject, 4), "HIV");
    sealed["identifier"] = json!([{"system": "urn:unseen", "value": "sealed"}]);
    let made = ok(&client.json("POST", "/fhir/Observation", &sealed), 201);
    let program = demo.service("unseen-conditions", "system/*.cruds");
    let refers = |value: &str| {
        let mut panel = observation(&subject, 5);
        panel["hasMember"] = json!([{"reference": format!("Observation?identifier=urn:unseen|{value}")}]);
        program.json("POST", "/fhir", &bundle("transaction", json!([post("Observation", None, panel)])))
    };
    let (there, absent) = (refers("sealed"), refers("absent"));
    let plain = |text: &str| text.replace("sealed", "?").replace("absent", "?");
    assert_eq!((there.status, plain(&there.body)), (absent.status, plain(&absent.body)));
    assert!(there.status >= 400 && !there.body.contains(id(&made)), "{}", there.body);
    let change = json!([{"op": "add", "path": "/issued", "value": "2026-03-01T09:00:00Z"}]);
    let patched =
        |value: &str| patch(&program, &format!("/fhir/Observation?identifier=urn:unseen|{value}"), &[], &change);
    assert_eq!(patched("sealed").status, patched("absent").status);
    // Still there, and found by whoever must not make it twice.
    let headers = [("content-type", "application/fhir+json"), ("if-none-exist", "identifier=urn:unseen|sealed")];
    let again = program.ask("POST", "/fhir/Observation", &headers, &observation(&subject, 6).to_string());
    assert_eq!(again.status, 200, "{}", again.body);
    outcome(&program.get(&format!("/fhir/Observation/{}", id(&made))), 404);
    // What it may write over it may take back, and hears nothing of whether there was one.
    for precondition in [vec![("if-match", "W/\"9\"")], vec![]] {
        let gone = |value: &str| {
            let address = format!("/fhir/Observation?identifier=urn:unseen|{value}");
            let done = program.ask("DELETE", &address, &precondition, "");
            let headers = ["etag", "last-modified"].map(|name| done.header(name).map(str::to_owned));
            (done.status, headers)
        };
        assert_eq!(gone("sealed"), gone("absent"), "{precondition:?}");
    }
    let anew = program.ask("POST", "/fhir/Observation", &headers, &observation(&subject, 6).to_string());
    assert_eq!(anew.status, 201, "it is not there any more: {}", anew.body);
}

/// Whether there is one of a type that they never see, no person learns by referring to it.
fn no_reference_tells_of_a_type_that_is_never_seen(demo: &Demo, client: &Caller) {
    let who = ok(&client.json("POST", "/fhir/Patient", &patient("Referred")), 201);
    let subject = format!("Patient/{}", id(&who));
    let mut there = observation(&subject, 1);
    there["id"] = json!("unseen-there");
    ok(&client.json("PUT", "/fhir/Observation/unseen-there", &there), 201);
    let desk = demo.signed_in("clinic", "reception");
    let about = |of: &str| {
        let message = json!({"resourceType": "Communication", "status": "completed", "subject": {"reference": subject},
            "about": [{"reference": format!("Observation/{of}")}]});
        desk.json("POST", "/fhir/Communication", &message)
    };
    let (there, absent) = (about("unseen-there"), about("unseen-gone"));
    assert_eq!(there.status, absent.status, "{} {}", there.body, absent.body);
    assert!(there.status >= 400, "{}", there.body);
}
