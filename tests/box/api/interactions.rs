//! Conditions, patches, histories, compartments, shapes and forms of answers.

use serde_json::{Value, json};

use crate::api::{bundle, id, observation, ok, outcome, parsed, patient, post};
use crate::client::Answer;
use crate::demo::{Caller, Demo};

const PATCH: &str = "application/json-patch+json";

pub fn all(demo: &Demo, client: &Caller) {
    conditional_creates(client);
    conditional_updates(client);
    conditional_deletes(client);
    patches(client);
    expected_versions(client);
    conditional_reads(client);
    histories(demo, client);
    everything_and_compartments(demo, client);
    compartments(demo, client);
    shapes(client);
    forms_of_answers(client);
    own_addresses(demo, client);
    transactions_in_any_order(client);
    transactions_that_depend(client);
    batches_stand_alone(client);
    batches_ask(client);
}

pub fn numbered(number: &str, family: &str) -> Value {
    let mut patient = patient(family);
    patient["identifier"] = json!([{"system": "urn:test", "value": number}]);
    patient
}

pub fn total(client: &Caller, search: &str) -> u64 {
    let join = if search.contains('?') { '&' } else { '?' };
    ok(&client.get(&format!("{search}{join}_summary=count")), 200)["total"].as_u64().unwrap()
}

pub fn ask(client: &Caller, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut all = vec![("content-type", "application/fhir+json")];
    all.extend_from_slice(headers);
    client.ask(method, path, &all, &body.to_string())
}

pub fn patch(client: &Caller, path: &str, headers: &[(&str, &str)], patch: &Value) -> Answer {
    let mut all = vec![("content-type", PATCH)];
    all.extend_from_slice(headers);
    client.ask("PATCH", path, &all, &patch.to_string())
}

fn conditional_creates(client: &Caller) {
    let create = |family: &str, condition: &str| {
        ask(client, "POST", "/fhir/Patient", &[("if-none-exist", condition)], &numbered("cc1", family))
    };
    let first = create("First", "identifier=urn:test|cc1");
    let made = ok(&first, 201);
    let again = create("Second", "identifier=urn:test%7Ccc1");
    assert_eq!(id(&ok(&again, 200)), id(&made));
    assert_eq!((again.header("etag"), again.header("location")), (first.header("etag"), first.header("location")));
    assert_eq!(ok(&create("Third", "Patient?identifier=urn:test|cc1"), 200)["name"][0]["family"], "First");
    let in_address = client.json("POST", "/fhir/Patient?identifier=urn:test|cc1", &numbered("cc1", "Fourth"));
    assert_eq!(ok(&in_address, 200)["name"][0]["family"], "First");
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|cc1"), 1);
    ok(&client.json("POST", "/fhir/Patient", &numbered("cc1", "Twin")), 201);
    let several = create("Fourth", "identifier=urn:test|cc1");
    outcome(&several, 412);
    assert_eq!(parsed(&several)["issue"][0]["code"], "multiple-matches");
    outcome(&create("Fifth", "nonsense=1"), 400);
    outcome(&create("Sixth", ""), 412);
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|cc1"), 2);
}

fn conditional_updates(client: &Caller) {
    let address = "/fhir/Patient?identifier=urn:test|cu1";
    let made = ok(&client.json("PUT", address, &numbered("cu1", "None")), 201);
    let changed = client.json("PUT", address, &numbered("cu1", "One"));
    assert_eq!((id(&ok(&changed, 200)), changed.header("etag")), (id(&made), Some("W/\"2\"")));
    let mut named = numbered("cu1", "Named");
    named["id"] = made["id"].clone();
    assert_eq!(client.json("PUT", address, &named).header("etag"), Some("W/\"3\""));
    named["id"] = json!("another");
    outcome(&client.json("PUT", address, &named), 400);
    outcome(&ask(client, "PUT", address, &[("if-match", "W/\"1\"")], &numbered("cu1", "Stale")), 412);
    // None is found and an id is given: an update as create.
    named["identifier"][0]["value"] = json!("cu2");
    named["id"] = json!("chosen-by-client");
    assert_eq!(id(&ok(&client.json("PUT", "/fhir/Patient?identifier=urn:test|cu2", &named), 201)), "chosen-by-client");
    ok(&client.json("POST", "/fhir/Patient", &numbered("cu1", "Twin")), 201);
    outcome(&client.json("PUT", address, &numbered("cu1", "Both")), 412);
    outcome(&client.json("PUT", "/fhir/Patient", &numbered("cu1", "Nothing asked")), 412);
    outcome(&client.json("PUT", "/fhir/Patient?family=", &observation("Patient/x", 1)), 400);
}

fn conditional_deletes(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &numbered("cd1", "Gone")), 201);
    let delete = |search: &str| client.ask("DELETE", &format!("/fhir/Patient?{search}"), &[], "");
    assert_eq!(delete("identifier=urn:test|cd1").status, 204);
    outcome(&client.get(&format!("/fhir/Patient/{}", id(&made))), 410);
    assert_eq!(delete("identifier=urn:test|cd1").status, 204, "none is no error");
    for family in ["A", "B"] {
        ok(&client.json("POST", "/fhir/Patient", &numbered("cd2", family)), 201);
    }
    outcome(&delete("identifier=urn:test|cd2"), 412);
    outcome(&delete(""), 412);
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|cd2"), 2);
}

fn patches(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &numbered("p1", "Patched")), 201);
    let address = format!("/fhir/Patient/{}", id(&made));
    let active = json!([{"op": "test", "path": "/name/0/family", "value": "Patched"}, {"op": "add", "path": "/active", "value": true}]);
    let answer = patch(client, &address, &[("if-match", "W/\"1\"")], &active);
    assert_eq!((&ok(&answer, 200)["active"], answer.header("etag")), (&json!(true), Some("W/\"2\"")));
    outcome(&patch(client, &address, &[("if-match", "W/\"1\"")], &active), 412);
    let refused = |body: &Value, status| {
        let answer = patch(client, &address, &[], body);
        outcome(&answer, status);
        parsed(&answer)["issue"][0]["expression"][0].clone()
    };
    let test = json!([{"op": "test", "path": "/name/0/family", "value": "Other"}]);
    assert_eq!(refused(&test, 409), "Patient.name[0].family");
    assert_eq!(refused(&json!([{"op": "remove", "path": "/photo"}]), 409), "Patient.photo");
    assert_eq!(refused(&json!([{"op": "add", "path": "/gender", "value": "purple"}]), 422), "Patient.gender");
    refused(&json!([{"op": "replace", "path": "/id", "value": "x"}]), 422);
    refused(&json!([{"op": "replace", "path": "/resourceType", "value": "Person"}]), 400);
    refused(&json!([{"op": "steal", "path": "/name"}]), 400);
    refused(&json!({"op": "add"}), 400);
    outcome(&ask(client, "PATCH", &address, &[], &json!({"resourceType": "Parameters"})), 415);
    outcome(&patch(client, "/fhir/Patient/nobody", &[], &active), 404);
    assert_eq!(client.get(&address).header("etag"), Some("W/\"2\""), "what was refused changed nothing");
    let by_search = "/fhir/Patient?identifier=urn:test|p1";
    assert_eq!(patch(client, by_search, &[], &active).header("etag"), Some("W/\"3\""));
    outcome(&patch(client, "/fhir/Patient?identifier=urn:test|p0", &[], &active), 404);
    client.ask("DELETE", &address, &[], "");
    outcome(&patch(client, &address, &[], &active), 410);
}

fn expected_versions(client: &Caller) {
    let mut one = numbered("ev1", "Expected");
    one["id"] = json!("expected");
    let put = |headers: &[(&str, &str)]| ask(client, "PUT", "/fhir/Patient/expected", headers, &one);
    let none = put(&[("if-match", "W/\"1\"")]);
    outcome(&none, 412);
    assert!(!none.body.contains("version 0"), "{}", none.body);
    assert_eq!(put(&[("if-none-match", "*")]).status, 201);
    outcome(&put(&[("if-none-match", "*")]), 412);
    outcome(&put(&[("if-none-match", "W/\"1\"")]), 400);
    // Both conditions are to hold, and cannot: nothing is stored, there or not there.
    for expected in ["W/\"1\"", "W/\"7\"", "*"] {
        let both = [("if-match", expected), ("if-none-match", "*")];
        outcome(&put(&both), 412);
        outcome(&ask(client, "PUT", "/fhir/Patient/never-there", &both, &one), 412);
    }
    assert_eq!(client.get("/fhir/Patient/expected").header("etag"), Some("W/\"1\""));
    for unlike in ["W/\"+1\"", "W/\"01\""] {
        outcome(&put(&[("if-match", unlike)]), 400);
    }
    outcome(&put(&[("if-match", "W/\"1\""), ("if-match", "W/\"7\"")]), 400);
    outcome(&client.ask("DELETE", "/fhir/Patient/expected", &[("if-match", "W/\"7\"")], ""), 412);
    assert_eq!(client.ask("DELETE", "/fhir/Patient/expected", &[("if-match", "W/\"1\"")], "").status, 204);
    // As a condition that finds nothing, unless there was to be one.
    assert_eq!(client.ask("DELETE", "/fhir/Patient/never-there", &[], "").status, 204);
    outcome(&client.ask("DELETE", "/fhir/Patient/never-there", &[("if-match", "W/\"1\"")], ""), 404);
    for dots in [".", ".."] {
        one["id"] = json!(dots);
        let entry = json!([{"request": {"method": "PUT", "url": format!("Patient/{dots}")}, "resource": one}]);
        outcome(&client.json("POST", "/fhir", &bundle("transaction", entry)), 422);
    }
}

fn conditional_reads(client: &Caller) {
    let made = client.json("POST", "/fhir/Patient", &patient("Cached"));
    let address = format!("/fhir/Patient/{}", id(&ok(&made, 201)));
    let read = |name: &str, value: &str| client.ask("GET", &address, &[(name, value)], "").status;
    let modified = made.header("last-modified").unwrap();
    assert_eq!(read("if-modified-since", modified), 304);
    assert_eq!(read("if-modified-since", "Tue, 03 Mar 1998 09:00:00 GMT"), 200);
    assert_eq!(read("if-modified-since", "not a date"), 200);
    assert_eq!(read("if-none-match", "W/\"7\", W/\"1\""), 304);
    assert_eq!(read("if-none-match", "*"), 304);
    assert_eq!(read("if-none-match", "W/\"2\""), 200);
    let both = [("if-none-match", "W/\"2\""), ("if-modified-since", modified)];
    assert_eq!(client.ask("GET", &address, &both, "").status, 200, "the tag goes before the time");
    let lines = [("if-none-match", "W/\"7\""), ("if-none-match", "W/\"1\"")];
    assert_eq!(client.ask("GET", &address, &lines, "").status, 304, "several lines are one list");
}

fn versions(page: &Value) -> Vec<String> {
    let entries = page["entry"].as_array().cloned().unwrap_or_default();
    let etag = |entry: &Value| entry["response"]["etag"].as_str().unwrap().to_owned();
    entries.iter().map(etag).collect()
}

/// Every page from here on, by the links.
fn pages(demo: &Demo, client: &Caller, first: &str) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(address) = next {
        let page = ok(&client.get(&address), 200);
        let link = page["link"].as_array().unwrap().iter().find(|link| link["relation"] == "next").cloned();
        next = link.map(|link| link["url"].as_str().unwrap().strip_prefix(demo.origin("clinic")).unwrap().to_owned());
        pages.push(page);
        assert!(pages.len() < 100, "paging comes to an end");
    }
    pages
}

fn histories(demo: &Demo, client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Flag", &json!({
        "resourceType": "Flag", "status": "active", "code": {"text": "1"}, "subject": {"reference": format!("Patient/{}", demo.patient_of("patient"))}
    })), 201);
    let address = format!("/fhir/Flag/{}", id(&made));
    for text in ["2", "3", "4"] {
        let mut changed = made.clone();
        changed["code"]["text"] = json!(text);
        ok(&client.json("PUT", &address, &changed), 200);
    }
    let all = ["W/\"4\"", "W/\"3\"", "W/\"2\"", "W/\"1\""];
    let history = format!("{address}/_history");
    assert_eq!(versions(&ok(&client.get(&history), 200)), all);
    let paged = pages(demo, client, &format!("{history}?_count=3"));
    assert_eq!(paged.iter().flat_map(versions).collect::<Vec<_>>(), all);
    assert!(paged.len() == 2 && paged.iter().all(|page| page["total"] == 4));
    let time = |version: u32| {
        let read = ok(&client.get(&format!("{history}/{version}")), 200);
        read["meta"]["lastUpdated"].as_str().unwrap().to_owned()
    };
    assert_eq!(versions(&ok(&client.get(&format!("{history}?_since={}", time(3))), 200)), all[..2]);
    assert_eq!(versions(&ok(&client.get(&format!("{history}?_at={}", time(2))), 200))[..1], all[2..3]);
    assert_eq!(versions(&ok(&client.get(&format!("{history}?_since=2999-01-01T00:00:00Z")), 200)), [""; 0]);
    assert_eq!(versions(&ok(&client.get(&format!("{history}?_at=1999-01")), 200)), [""; 0]);
    for (whole, total) in [(history.as_str(), 4), (&format!("/fhir/Flag/_history?_since={}", time(1)), 4)] {
        let join = if whole.contains('?') { '&' } else { '?' };
        let counted = ok(&client.get(&format!("{whole}{join}_count=0")), 200);
        assert_eq!((&counted["total"], &counted["entry"]), (&json!(total), &Value::Null), "{whole}");
        assert!(counted["link"].as_array().unwrap().iter().all(|link| link["relation"] == "self"), "{counted}");
    }
    for version in ["+1", "01", "%2B1"] {
        outcome(&client.get(&format!("{history}/{version}")), 404);
    }
    for wrong in ["_count=many", "_since=soon", "_at=then", "nonsense=1", "_cursor=abc"] {
        outcome(&client.get(&format!("{history}?{wrong}")), 400);
    }
    // Of the type and of everything: newest first, each once, in pages of any size.
    let since = time(1);
    for whole in ["/fhir/Flag/_history", "/fhir/_history"] {
        let paged = pages(demo, client, &format!("{whole}?_since={since}&_count=1"));
        assert_eq!(paged.iter().flat_map(versions).collect::<Vec<_>>(), all, "{whole}");
    }
    // Who may search and not read, or read and not search, is refused, and not told that there is nothing.
    for (scope, status) in [("user/Flag.s", 403), ("user/Flag.r", 403), ("user/Flag.rs", 200)] {
        let token = demo.command(&["token", "create", "--user", "clinician", "--scope", scope]);
        let caller = demo.bearer("clinic", &token);
        for whole in ["/fhir/Flag/_history", "/fhir/_history"] {
            let answer = caller.get(whole);
            assert_eq!(answer.status, status, "{scope} {whole}: {}", answer.body);
            assert!(status != 200 || !versions(&parsed(&answer)).is_empty(), "{scope} {whole}");
        }
    }
    let newest = ok(&client.get("/fhir/_history?_count=1"), 200);
    assert_eq!(newest["entry"][0]["request"], json!({"method": "PUT", "url": format!("Flag/{}", id(&made))}));
}

fn kinds(page: &Value) -> Vec<String> {
    let entries = page["entry"].as_array().cloned().unwrap_or_default();
    let kind = |entry: &Value| entry["resource"]["resourceType"].as_str().unwrap().to_owned();
    entries.iter().map(kind).collect()
}

fn everything_and_compartments(demo: &Demo, client: &Caller) {
    let who = ok(&client.json("POST", "/fhir/Patient", &patient("Compartment")), 201);
    let other = ok(&client.json("POST", "/fhir/Patient", &patient("Elsewhere")), 201);
    let reference = |patient: &Value| format!("Patient/{}", id(patient));
    let tag = json!({"tag": [{"system": "urn:test", "code": "compartment"}]});
    for (of, day) in [(&who, 1), (&who, 2), (&other, 3)] {
        let mut one = observation(&reference(of), day);
        one["meta"] = tag.clone();
        ok(&client.json("POST", "/fhir/Observation", &one), 201);
    }
    let condition = json!({"resourceType": "Condition", "meta": tag, "subject": {"reference": reference(&who)}});
    ok(&client.json("POST", "/fhir/Condition", &condition), 201);

    let within = format!("/fhir/Patient/{}", id(&who));
    assert_eq!(kinds(&ok(&client.get(&format!("{within}/Observation")), 200)), ["Observation"; 2]);
    assert_eq!(kinds(&ok(&client.get(&format!("{within}/Observation?date=2026-03-02")), 200)), ["Observation"]);
    assert_eq!(kinds(&ok(&client.get(&format!("{within}/Observation?patient={}", id(&other))), 200)), [""; 0]);
    assert_eq!(
        kinds(&ok(&client.form(&format!("{within}/Observation/_search"), "date=2026-03-02"), 200)),
        ["Observation"]
    );
    let all = ["Condition", "Observation", "Observation", "Patient"];
    assert_eq!(kinds(&ok(&client.get(&format!("{within}/*")), 200)), all);
    let paged = pages(demo, client, &format!("{within}/*?_count=1&_total=accurate"));
    assert_eq!(paged.iter().flat_map(kinds).collect::<Vec<_>>(), all);
    assert!(paged.iter().all(|page| page["total"] == 4));
    assert_eq!(kinds(&ok(&client.get(&format!("{within}/*?_type=Condition,Patient")), 200)), ["Condition", "Patient"]);
    assert_eq!(kinds(&ok(&client.get("/fhir/Patient/nobody/Observation"), 200)), [""; 0]);
    assert_eq!(kinds(&ok(&client.get(&format!("{within}/Patient")), 200)), ["Patient"]);
    outcome(&client.get(&format!("{within}/Medication")), 404);
    outcome(&client.get("/fhir/Organization/1/Observation"), 404);
    outcome(&client.get("/fhir/Encounter/1/Organization"), 404);

    let of_system = "/fhir?_type=Condition,Observation&_tag=urn:test|compartment";
    let found = ["Condition", "Observation", "Observation", "Observation"];
    assert_eq!(kinds(&ok(&client.get(of_system), 200)), found);
    assert_eq!(pages(demo, client, &format!("{of_system}&_count=3")).iter().flat_map(kinds).collect::<Vec<_>>(), found);
    assert_eq!(kinds(&ok(&client.form("/fhir/_search", "_tag=urn:test|compartment"), 200)), found);
    assert_eq!(total(client, of_system), 4);
    outcome(&client.get("/fhir?_type=Nonsense"), 400);
    outcome(&client.get("/fhir?_type=Patient&family=x&nonsense=1"), 400);
    // One order for all of them, page by page.
    let times = |page: &Value| -> Vec<String> {
        let all = page["entry"].as_array().into_iter().flatten();
        all.map(|one| one["resource"]["meta"]["lastUpdated"].as_str().unwrap().to_owned()).collect()
    };
    for (sort, down) in [("_lastUpdated", false), ("-_lastUpdated", true), ("-_lastUpdated,_id", true)] {
        let sorted: Vec<String> =
            pages(demo, client, &format!("{of_system}&_sort={sort}&_count=1")).iter().flat_map(times).collect();
        let mut expected = sorted.clone();
        expected.sort();
        if down {
            expected.reverse();
        }
        assert_eq!((&sorted, sorted.len()), (&expected, 4), "{sort}");
    }
    assert_eq!(ok(&client.get(&format!("{of_system}&_sort=_id&_total=accurate&_count=2")), 200)["total"], 4);
    outcome(&client.get("/fhir?_type=Patient,Observation&_sort=family"), 400);
    // What a form says of the answer counts as it does in an address.
    let in_form = |form: &str, accept: &str| {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", accept)];
        client.ask("POST", &format!("{within}/Observation/_search"), &headers, form)
    };
    outcome(&in_form("_format=xml", "application/fhir+json"), 406);
    outcome(&in_form("_count=1", "text/turtle"), 406);
    assert!(ok(&in_form("_format=json&_pretty=true&_count=1", "text/turtle"), 200)["entry"][0].is_object());
    assert!(in_form("_pretty=true&_count=1", "*/*").body.contains("\n  \"type\": \"searchset\""));
    an_hour_is_given_once(client);
    any_version_is_matched(client);
}

/// A clinician who is taken is not booked again by a program either.
fn an_hour_is_given_once(client: &Caller) {
    let doctor = ok(&client.json("POST", "/fhir/Practitioner", &json!({"resourceType": "Practitioner"})), 201);
    let visit = |start: &str, end: &str| {
        json!({"resourceType": "Appointment", "status": "booked", "start": format!("2031-03-03T{start}:00Z"),
            "end": format!("2031-03-03T{end}:00Z"), "participant": [{"status": "accepted",
                "actor": {"reference": format!("Practitioner/{}", id(&doctor))}}]})
    };
    let first = ok(&client.json("POST", "/fhir/Appointment", &visit("09:00", "09:30")), 201);
    let told = client.json("POST", "/fhir/Appointment", &visit("09:15", "09:45"));
    outcome(&told, 409);
    assert_eq!(parsed(&told)["issue"][0]["code"], "business-rule");
    let bundle = |kind: &str| {
        json!({"resourceType": "Bundle", "type": kind, "entry": [
            {"request": {"method": "POST", "url": "Appointment"}, "resource": visit("09:30", "10:00")},
            {"request": {"method": "POST", "url": "Appointment"}, "resource": visit("09:45", "10:15")}]})
    };
    outcome(&client.json("POST", "/fhir", &bundle("transaction")), 409);
    let found = format!("/fhir/Appointment?practitioner=Practitioner/{}", id(&doctor));
    assert_eq!(total(client, &found), 1, "nothing of the transaction was kept");
    let mut called_off = first;
    called_off["status"] = json!("cancelled");
    ok(&client.json("PUT", &format!("/fhir/Appointment/{}", id(&called_off)), &called_off), 200);
    ok(&client.json("POST", "/fhir/Appointment", &visit("09:15", "09:45")), 201);
}

/// `If-Match: *` (RFC 9110 §13.1.1).
fn any_version_is_matched(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &patient("Matched")), 201);
    let put = |of: &str| {
        let mut value = made.clone();
        value["id"] = json!(of);
        let headers = [("content-type", "application/fhir+json"), ("if-match", "*")];
        client.ask("PUT", &format!("/fhir/Patient/{of}"), &headers, &value.to_string())
    };
    assert_eq!(ok(&put(id(&made)), 200)["meta"]["versionId"], "2");
    outcome(&put("never-was"), 412);
    outcome(&client.get("/fhir/Patient/never-was"), 404);
    let mut entry = made.clone();
    entry["active"] = json!(true);
    let bundle = |url: &str| {
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"request": {"method": "PUT", "url": url, "ifMatch": "*"}, "resource": entry}]})
    };
    ok(&client.json("POST", "/fhir", &bundle(&format!("Patient/{}", id(&made)))), 200);
    let gone = client.ask("DELETE", &format!("/fhir/Patient/{}", id(&made)), &[("if-match", "*")], "");
    assert_eq!(gone.status, 204, "{}", gone.body);
    outcome(&client.ask("DELETE", &format!("/fhir/Patient/{}", id(&made)), &[("if-match", "*")], ""), 412);
}

/// Each of the standard's compartments: what names it by the parameters of its definition, and nothing else.
fn compartments(demo: &Demo, client: &Caller) {
    let made = |kind: &str, resource: &Value| {
        format!("{kind}/{}", id(&ok(&client.json("POST", &format!("/fhir/{kind}"), resource), 201)))
    };
    let who = made("Patient", &patient("Compartments"));
    let subject = json!({"reference": who});
    let doctor = made("Practitioner", &json!({"resourceType": "Practitioner"}));
    let device = made("Device", &json!({"resourceType": "Device"}));
    let mother = made("RelatedPerson", &json!({"resourceType": "RelatedPerson", "patient": subject}));
    let visit = made(
        "Encounter",
        &json!({"resourceType": "Encounter", "status": "finished", "subject": subject,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "participant": [{"individual": {"reference": doctor}}]}),
    );
    let mut measured = observation(&who, 1);
    measured["encounter"] = json!({"reference": visit});
    measured["performer"] = json!([{"reference": doctor}, {"reference": mother}]);
    measured["device"] = json!({"reference": device});
    made("Observation", &measured);
    made("Observation", &observation(&who, 2));
    for actor in [&doctor, &mother, &device] {
        let booked = json!({"resourceType": "Appointment", "status": "booked",
            "start": "2026-03-04T09:00:00Z", "end": "2026-03-04T09:20:00Z",
            "participant": [{"actor": {"reference": actor}, "status": "accepted"}, {"actor": subject, "status": "accepted"}]});
        made("Appointment", &booked);
    }
    let all =
        |of: &str| pages(demo, client, &format!("/fhir/{of}/*?_count=2")).iter().flat_map(kinds).collect::<Vec<_>>();
    assert_eq!(all(&visit), ["Encounter", "Observation"]);
    assert_eq!(all(&doctor), ["Appointment", "Encounter", "Observation", "Practitioner"]);
    assert_eq!(all(&mother), ["Appointment", "Observation", "RelatedPerson"]);
    assert_eq!(all(&device), ["Appointment", "Observation"]);
    assert_eq!(all(&who).len(), 3 + 1 + 2 + 1 + 1, "appointments, visit, observations, the patient, the mother");
    let within = |of: &str| kinds(&ok(&client.get(&format!("/fhir/{of}/Observation?date=2026-03-02")), 200));
    assert_eq!((within(&who).len(), within(&doctor).len()), (1, 0));
    assert_eq!(kinds(&ok(&client.form(&format!("/fhir/{doctor}/Encounter/_search"), "status=finished"), 200)).len(), 1);
    let page = ok(&client.get(&format!("/fhir/{doctor}/Encounter?status=finished")), 200);
    let own = format!("{}/fhir/{doctor}/Encounter?status=finished", demo.origin("clinic"));
    assert_eq!(page["link"][0], json!({"relation": "self", "url": own}));
    // A page of one compartment is not a page of another.
    let first = ok(&client.get(&format!("/fhir/{who}/Observation?_count=1")), 200);
    let next = first["link"].as_array().unwrap().iter().find(|link| link["relation"] == "next").unwrap();
    let cursor = next["url"].as_str().unwrap().split("_cursor=").nth(1).unwrap();
    outcome(&client.get(&format!("/fhir/{doctor}/Observation?_count=1&_cursor={cursor}")), 400);
    assert_eq!(
        ok(&client.get(&format!("/fhir/{who}/Observation?_count=1&_cursor={cursor}")), 200)["link"][1]["relation"],
        "first"
    );
}

fn shapes(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &numbered("sh1", "Shape")), 201);
    let address = format!("/fhir/Patient/{}", id(&made));
    let names = |resource: &Value| resource.as_object().unwrap().keys().skip(3).cloned().collect::<Vec<_>>();
    let read = |query: &str| ok(&client.get(&format!("{address}?{query}")), 200);
    assert_eq!(names(&read("_elements=birthDate")), ["birthDate"]);
    assert_eq!(read("_elements=birthDate")["meta"]["tag"][0]["code"], "SUBSETTED");
    assert_eq!(names(&read("_summary=text")), [""; 0]);
    assert_eq!(names(&read("_summary=false")), names(&made));
    outcome(&client.get(&format!("{address}?_summary=count")), 400);
    let search = |query: &str| {
        let page = ok(&client.get(&format!("/fhir/Patient?identifier=urn:test|sh1&{query}")), 200);
        names(&page["entry"][0]["resource"])
    };
    assert_eq!(search("_elements=birthDate,name"), ["name", "birthDate"]);
    assert_eq!(search("_summary=text"), [""; 0]);
    assert_eq!(search("_summary=data"), names(&made));
}

fn forms_of_answers(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &patient("Formed")), 201);
    let address = format!("/fhir/Patient/{}", id(&made));
    let accept = |accept: &str| client.ask("GET", &address, &[("accept", accept)], "").status;
    assert_eq!(accept("application/fhir+json"), 200);
    assert_eq!(accept("application/fhir+xml, */*;q=0.1"), 200);
    assert_eq!(accept("application/fhir+xml"), 406);
    outcome(&client.get(&format!("{address}?_format=xml")), 406);
    let format = client.ask("GET", &format!("{address}?_format=json"), &[("accept", "application/fhir+xml")], "");
    assert_eq!(format.status, 200, "_format goes before Accept");
    let pretty = client.get(&format!("{address}?_pretty=true"));
    assert!(pretty.body.starts_with("{\n  \"resourceType\"") && parsed(&pretty) == made, "{}", pretty.body);
    let packed = |encoding: &str| {
        let answer = client.ask("GET", "/fhir/metadata", &[("accept-encoding", encoding)], "");
        answer.header("content-encoding").map(str::to_owned)
    };
    assert_eq!(packed("gzip").as_deref(), Some("gzip"));
    assert_eq!(packed("br").as_deref(), Some("br"));
    assert_eq!(packed("identity"), None);
    for encoding in ["gzip", "identity"] {
        let ask = |method: &str| client.ask(method, "/fhir/metadata", &[("accept-encoding", encoding)], "");
        let (got, head) = (ask("GET"), ask("HEAD"));
        for name in ["content-encoding", "content-length", "content-type", "vary"] {
            assert_eq!(head.header(name), got.header(name), "{name} of {encoding}");
        }
        assert_eq!((head.status, head.body.as_str()), (200, ""));
    }
}

/// Compressed answers are for tokens: a browser's session gets them plain.
pub fn sessions_are_not_compressed(demo: &Demo) {
    let reception = demo.signed_in("clinic", "reception");
    let own = ok(&demo.signed_in("clinic", "patient").get("/fhir/Patient"), 200);
    assert_eq!(own["entry"].as_array().map_or(0, Vec::len), 1, "a patient finds themselves");
    let answer = reception.ask("GET", "/fhir/Patient?_count=50", &[("accept-encoding", "gzip, br")], "");
    assert_eq!((answer.status, answer.header("content-encoding")), (200, None));
    let both = [("accept-encoding", "gzip"), ("authorization", "Basic eDp5")];
    let answer = reception.ask("GET", "/fhir/Patient?_count=50", &both, "");
    assert_eq!((answer.status, answer.header("content-encoding")), (200, None), "it is their session that counts");
}

fn own_addresses(demo: &Demo, client: &Caller) {
    let base = format!("{}/fhir", demo.origin("clinic"));
    let who = ok(&client.json("POST", "/fhir/Patient", &patient("Absolute")), 201);
    let reference = format!("Patient/{}", id(&who));
    let made = ok(&client.json("POST", "/fhir/Observation", &observation(&format!("{base}/{reference}"), 1)), 201);
    assert_eq!(made["subject"]["reference"], reference);
    assert_eq!(total(client, &format!("/fhir/Observation?subject={base}/{reference}")), 1);
    let elsewhere =
        ok(&client.json("POST", "/fhir/Observation", &observation("https://else.where/fhir/Patient/1", 1)), 201);
    assert_eq!(elsewhere["subject"]["reference"], "https://else.where/fhir/Patient/1");
}

pub fn statuses(answer: &Value) -> Vec<String> {
    let entries = answer["entry"].as_array().unwrap();
    entries.iter().map(|entry| entry["response"]["status"].as_str().unwrap().to_owned()).collect()
}

pub fn request(method: &str, url: &str) -> Value {
    json!({"request": {"method": method, "url": url}})
}

pub fn put(url: &str, resource: Value) -> Value {
    json!({"request": {"method": "PUT", "url": url}, "resource": resource})
}

fn patch_entry(url: &str, patch: &Value) -> Value {
    use base64::Engine as _;
    let data = base64::engine::general_purpose::STANDARD.encode(patch.to_string());
    json!({"request": {"method": "PATCH", "url": url}, "resource": {"resourceType": "Binary", "contentType": PATCH, "data": data}})
}

fn transactions_in_any_order(client: &Caller) {
    let make = |number: &str| ok(&client.json("POST", "/fhir/Patient", &numbered(number, "Before")), 201);
    let (deleted, changed, patched) = (make("to1"), make("to2"), make("to3"));
    let mut after = changed.clone();
    after["name"][0]["family"] = json!("After");
    let mut update = put(&format!("Patient/{}", id(&changed)), after);
    update["request"]["ifMatch"] = json!("W/\"1\"");
    let mut cached = request("GET", &format!("Patient/{}", id(&changed)));
    cached["request"]["ifNoneMatch"] = json!("W/\"2\"");
    let entries = json!([
        request("GET", "Patient?identifier=urn:test|to1,urn:test|to4&_summary=count"),
        cached,
        patch_entry(&format!("Patient/{}", id(&patched)), &json!([{"op": "add", "path": "/active", "value": false}])),
        update,
        post("Patient", None, numbered("to4", "New")),
        request("DELETE", &format!("Patient/{}", id(&deleted))),
        request("GET", &format!("Patient/{}/_history/1", id(&patched))),
        request("DELETE", "Patient?identifier=urn:test|nobody"),
    ]);
    let answer = ok(&client.json("POST", "/fhir", &bundle("transaction", entries.clone())), 200);
    assert_eq!(statuses(&answer), ["200", "304", "200", "200", "201", "204", "200", "204"]);
    assert_eq!(answer["entry"][0]["resource"]["total"], 1, "the deletion and the creation are seen");
    assert_eq!(answer["entry"][2]["resource"]["active"], false);
    assert_eq!(answer["entry"][3]["response"]["etag"], "W/\"2\"");
    assert_eq!(answer["entry"][6]["resource"]["meta"]["versionId"], "1");
    // The same again: the version has moved on, and nothing at all is done.
    let again = client.json("POST", "/fhir", &bundle("transaction", entries));
    outcome(&again, 412);
    assert_eq!(parsed(&again)["issue"][0]["expression"][0], "Bundle.entry[3]");
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|to4"), 1);
    // A read that fails lets the whole fail.
    let unread = json!([post("Patient", None, numbered("to5", "Unread")), request("GET", "Patient/nobody")]);
    let answer = client.json("POST", "/fhir", &bundle("transaction", unread));
    outcome(&answer, 404);
    assert_eq!(parsed(&answer)["issue"][0]["expression"][0], "Bundle.entry[1]");
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|to5"), 0);
}

fn transactions_that_depend(client: &Caller) {
    const PATIENT: &str = "urn:uuid:0f6ae5a1-7d02-4a8b-9df7-5d86ad9f3c10";
    let once = |number: &str, family: &str| {
        let mut entry = post("Patient", Some(PATIENT), numbered(number, family));
        entry["request"]["ifNoneExist"] = json!(format!("identifier=urn:test|{number}"));
        entry
    };
    let whole = |number: &str| {
        let mut one = observation(PATIENT, 1);
        one["performer"] = json!([{"reference": format!("Patient?identifier=urn:test|{number}")}]);
        bundle("transaction", json!([post("Observation", None, one), once(number, "Once")]))
    };
    let first = ok(&client.json("POST", "/fhir", &whole("td1")), 200);
    assert_eq!(statuses(&first), ["201", "201"]);
    let second = ok(&client.json("POST", "/fhir", &whole("td1")), 200);
    assert_eq!(statuses(&second), ["201", "200"]);
    assert_eq!(second["entry"][1]["resource"]["id"], first["entry"][1]["resource"]["id"]);
    for answer in [&first, &second] {
        let (one, of) = (&answer["entry"][0]["resource"], id(&first["entry"][1]["resource"]));
        assert_eq!(one["subject"]["reference"], format!("Patient/{of}"));
        assert_eq!(
            one["performer"][0]["reference"],
            format!("Patient/{of}"),
            "the search finds what the transaction makes"
        );
    }
    // Two entries that ask for the same make one.
    let mut twin = once("td2", "Twin");
    twin["fullUrl"] = json!("urn:uuid:0f6ae5a1-7d02-4a8b-9df7-5d86ad9f3c11");
    let answer = ok(&client.json("POST", "/fhir", &bundle("transaction", json!([once("td2", "First"), twin]))), 200);
    assert_eq!(statuses(&answer), ["201", "200"]);
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|td2"), 1);
    // A conditional update that comes to a resource which another entry changes, too.
    let found = &first["entry"][1]["resource"];
    let clash = json!([
        put("Patient?identifier=urn:test|td1", numbered("td1", "By search")),
        patch_entry(&format!("Patient/{}", id(found)), &json!([{"op": "add", "path": "/active", "value": true}])),
    ]);
    outcome(&client.json("POST", "/fhir", &bundle("transaction", clash)), 400);
    let update = json!([
        put("Patient?identifier=urn:test|td1", numbered("td1", "By search")),
        put("Patient?identifier=urn:test|td3", numbered("td3", "New"))
    ]);
    assert_eq!(statuses(&ok(&client.json("POST", "/fhir", &bundle("transaction", update)), 200)), ["200", "201"]);
    // What leads nowhere.
    for (reference, status) in
        [("Patient?identifier=urn:test|nobody", 400), ("Patient?nonsense=1", 400), ("Patient/nobody", 422)]
    {
        let lost = json!([once("td4", "Lost"), post("Observation", None, observation(reference, 1))]);
        outcome(&client.json("POST", "/fhir", &bundle("transaction", lost)), status);
    }
    let invalid = json!([
        once("td4", "Lost"),
        post("Observation", None, json!({"resourceType": "Observation", "status": "final"}))
    ]);
    let answer = client.json("POST", "/fhir", &bundle("transaction", invalid));
    outcome(&answer, 422);
    assert!(answer.body.contains("Bundle.entry[1].resource"), "{}", answer.body);
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|td4"), 0);
}

fn batches_stand_alone(client: &Caller) {
    let mut once = post("Patient", None, numbered("ba1", "Once"));
    once["request"]["ifNoneExist"] = json!("identifier=urn:test|ba1");
    let made = ok(&client.json("POST", "/fhir/Patient", &numbered("ba2", "Patched")), 201);
    let entries = json!([
        once,
        patch_entry(&format!("Patient/{}", id(&made)), &json!([{"op": "test", "path": "/active", "value": true}])),
        patch_entry(&format!("Patient/{}", id(&made)), &json!([{"op": "add", "path": "/active", "value": true}])),
        request("DELETE", "Patient/nobody"),
        request("GET", "Patient/_history?_count=1"),
        put("Patient?identifier=urn:test|ba3", numbered("ba3", "Put")),
        json!({"request": {"method": "PATCH", "url": "Patient/x"}, "resource": {"resourceType": "Parameters"}}),
        request("GET", &format!("Patient/{}/Observation", id(&made))),
    ]);
    let headers = [("prefer", "return=OperationOutcome")];
    let answer = ok(&ask(client, "POST", "/fhir", &headers, &bundle("batch", entries)), 200);
    assert_eq!(statuses(&answer), ["201", "409", "200", "204", "200", "201", "400", "200"]);
    let first = &answer["entry"][0];
    assert_eq!(
        (&first["resource"], &first["response"]["outcome"]["resourceType"]),
        (&Value::Null, &json!("OperationOutcome"))
    );
    for field in ["location", "etag", "lastModified"] {
        assert!(first["response"][field].is_string(), "{first}");
    }
    assert_eq!(answer["entry"][4]["resource"]["type"], "history");
}

/// Every operation that answers with a resource, as by its own address.
fn batches_call(client: &Caller, at: &str) {
    let set = "url=http://hl7.org/fhir/ValueSet/observation-status";
    let label = json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"system": "urn:t", "code": "batched"}]}}]});
    let code = json!({"resourceType": "Parameters", "parameter": [
        {"name": "url", "valueUri": "http://hl7.org/fhir/ValueSet/observation-status"}, {"name": "code", "valueCode": "nonsense"}]});
    let with = |entry: Value, name: &str, value: &str| {
        let mut entry = entry;
        entry["request"][name] = value.into();
        entry
    };
    let entries = json!([
        request("GET", &format!("{at}/$summary")),
        request("POST", "Patient/$summary?identifier=urn:test|bk1"),
        request("GET", &format!("ValueSet/$expand?{set}")),
        post("ValueSet/$validate-code", None, code),
        request("GET", &format!("{at}/$validate")),
        with(post(&format!("{at}/$meta-add"), None, label.clone()), "ifMatch", "W/\"7\""),
        request("GET", &format!("{at}/$meta-add")),
        request("GET", "Patient/nobody/$meta"),
        request("GET", "Observation/1/$summary"),
    ]);
    let answer = ok(&client.json("POST", "/fhir", &bundle("batch", entries)), 200);
    assert_eq!(statuses(&answer), ["200", "200", "200", "200", "200", "412", "400", "404", "404"], "{answer}");
    let of = |place: usize| &answer["entry"][place]["resource"];
    assert_eq!((&of(0)["type"], &of(1)["type"]), (&json!("document"), &json!("document")));
    assert!(of(2)["expansion"]["total"].as_u64() > Some(3), "{}", of(2));
    assert_eq!(of(3)["parameter"][0]["valueBoolean"], false);
    assert_eq!(of(4)["resourceType"], "OperationOutcome");
    let entries = json!([post(&format!("{at}/$meta-add"), None, label)]);
    let answer = ok(&client.json("POST", "/fhir", &bundle("batch", entries)), 200);
    assert_eq!(answer["entry"][0]["resource"]["parameter"][0]["valueMeta"]["tag"][0]["code"], "batched", "{answer}");
    let answer = ok(
        &client.json(
            "POST",
            "/fhir",
            &bundle("batch", json!([post(&format!("{at}/$meta"), None, json!({"resourceType": "Parameters"}))])),
        ),
        200,
    );
    assert_eq!(answer["entry"][0]["resource"]["parameter"][0]["valueMeta"]["tag"][0]["code"], "batched", "{answer}");
}

/// What is asked by POST, and what the server says of itself.
fn batches_ask(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &numbered("bk1", "Asked")), 201);
    let at = format!("Patient/{}", id(&made));
    let named = |name: &str, value: &str| json!({"resourceType": "Parameters", "parameter": [{"name": name, "valueString": value}]});
    let delete = json!({"resourceType": "Parameters", "parameter": [{"name": "mode", "valueCode": "delete"}]});
    let entries = json!([
        request("GET", "metadata"),
        request("POST", "Patient/_search?identifier=urn:test|bk1"),
        post("Patient/_search?family=asked", None, named("identifier", "urn:test|bk1")),
        post("Patient/_search", None, named("nonsense", "1")),
        post("Patient/_search", None, patient("No parameters")),
        post("Patient/$validate", None, json!({"resourceType": "Patient", "gender": "purple"})),
        post(&format!("{at}/$validate"), None, delete),
        request("POST", &format!("{at}/$everything")),
        request("POST", "Patient/$nonsense"),
        request("POST", "Patient/nobody/$validate"),
        request("GET", "$meta"),
    ]);
    let answer = ok(&client.json("POST", "/fhir", &bundle("batch", entries.clone())), 200);
    let expected = ["200", "200", "200", "400", "400", "200", "200", "200", "404", "404", "404"];
    assert_eq!(statuses(&answer), expected, "{answer}");
    let of = |place: usize| &answer["entry"][place]["resource"];
    assert_eq!(of(0), &parsed(&client.get("/fhir/metadata")));
    for place in [1, 2] {
        assert_eq!((&of(place)["total"], id(&of(place)["entry"][0]["resource"])), (&Value::Null, id(&made)));
    }
    assert_eq!(of(5)["issue"][0]["expression"][0], "Patient.gender");
    assert_eq!(
        (&of(6)["resourceType"], &of(6)["issue"][0]["severity"]),
        (&json!("OperationOutcome"), &json!("information"))
    );
    assert_eq!(of(7)["type"], "searchset");
    ok(&client.get(&format!("/fhir/{at}")), 200);
    batches_call(client, &at);
    for entry in [entries[1].clone(), request("GET", &format!("{at}/$meta")), request("GET", &format!("{at}/$summary"))]
    {
        outcome(&client.json("POST", "/fhir", &bundle("transaction", json!([entry]))), 400);
    }
    let reads = bundle("transaction", json!([entries[0]]));
    assert_eq!(statuses(&ok(&client.json("POST", "/fhir", &reads), 200)), ["200"]);
}
