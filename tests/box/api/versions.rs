//! Changes that meet another version than they expect: 412 where the client named one (`If-Match`), 409 where the conflict is the
//! box's to find (http.html#concurrency), in whichever way a change comes.

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::api::interactions::numbered;
use crate::api::{bundle, id, observation, ok, outcome, parsed};
use crate::demo::Caller;

pub fn all(client: &Caller) {
    for way in [Way::Alone, Way::Batch, Way::Transaction] {
        for address in [Address::Id, Address::Search] {
            for method in ["PUT", "PATCH", "DELETE"] {
                an_expected_version(client, way, address, method);
                one_that_is_gone(client, way, address, method);
            }
        }
        conflicts_that_nobody_expected(client, way);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Alone,
    Batch,
    Transaction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Address {
    Id,
    Search,
}

/// A change, its status, and the code of the first issue where it was refused.
fn change(
    client: &Caller,
    way: Way,
    (method, url): (&str, &str),
    if_match: Option<&str>,
    body: &Value,
) -> (u16, Option<String>) {
    let code = |outcome: &Value| outcome["issue"][0]["code"].as_str().map(str::to_owned);
    if way == Way::Alone {
        let form = if method == "PATCH" { "application/json-patch+json" } else { "application/fhir+json" };
        let mut headers = vec![("content-type", form)];
        headers.extend(if_match.map(|tag| ("if-match", tag)));
        let body = if method == "DELETE" { String::new() } else { body.to_string() };
        let answer = client.ask(method, &format!("/fhir/{url}"), &headers, &body);
        if answer.status >= 400 {
            outcome(&answer, answer.status);
        }
        return (answer.status, serde_json::from_str(&answer.body).ok().as_ref().and_then(code));
    }
    let mut entry = json!({"request": {"method": method, "url": url}});
    if let Some(tag) = if_match {
        entry["request"]["ifMatch"] = json!(tag);
    }
    match method {
        "DELETE" => {}
        "PATCH" => {
            let data = BASE64.encode(body.to_string().as_bytes());
            entry["resource"] =
                json!({"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data});
        }
        _ => entry["resource"] = body.clone(),
    }
    let kind = if way == Way::Batch { "batch" } else { "transaction" };
    let answer = client.json("POST", "/fhir", &bundle(kind, json!([entry])));
    if answer.status >= 400 {
        assert_eq!(way, Way::Transaction, "{}", answer.body);
        outcome(&answer, answer.status);
        return (answer.status, code(&parsed(&answer)));
    }
    let response = &ok(&answer, 200)["entry"][0]["response"];
    (response["status"].as_str().unwrap()[..3].parse().unwrap(), code(&response["outcome"]))
}

/// A patient of their own, at their second version: the address that leads there, the reference, and what is sent.
fn at_version_two(client: &Caller, address: Address, method: &str) -> (String, String, Value) {
    let number = format!("ve-{}", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let mut made = ok(&client.json("POST", "/fhir/Patient", &numbered(&number, "Contested")), 201);
    made["active"] = json!(true);
    let reference = format!("Patient/{}", id(&made));
    ok(&client.json("PUT", &format!("/fhir/{reference}"), &made), 200);
    let url = match address {
        Address::Id => reference.clone(),
        Address::Search => format!("Patient?identifier=urn:test|{number}"),
    };
    made["active"] = json!(false);
    let body = if method == "PATCH" { json!([{"op": "replace", "path": "/active", "value": false}]) } else { made };
    (url, reference, body)
}

static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

fn an_expected_version(client: &Caller, way: Way, address: Address, method: &str) {
    let what = format!("{way:?} {method} by {address:?}");
    let (url, reference, body) = at_version_two(client, address, method);
    for stale in ["W/\"1\"", "\"1\"", "W/\"9\""] {
        let refused = change(client, way, (method, &url), Some(stale), &body);
        assert_eq!(refused, (412, Some("conflict".to_owned())), "{what} {stale}");
        assert_eq!(ok(&client.get(&format!("/fhir/{reference}")), 200)["meta"]["versionId"], "2", "{what} {stale}");
    }
    assert_eq!(change(client, way, (method, &url), Some("three"), &body).0, 400, "{what}");
    let done = if method == "DELETE" { 204 } else { 200 };
    assert_eq!(change(client, way, (method, &url), Some("W/\"2\""), &body).0, done, "{what}");
    // What a body says of its version is no condition (http.html#update).
    let (url, _, mut body) = at_version_two(client, address, method);
    if method == "PUT" {
        body["meta"]["versionId"] = json!("1");
    }
    assert_eq!(change(client, way, (method, &url), None, &body).0, done, "{what}");
}

/// Where nothing is there, no version is. A patch of nothing is 404 or 410 before that: it would be so without the condition (RFC
/// 9110 §13.2.1).
fn one_that_is_gone(client: &Caller, way: Way, address: Address, method: &str) {
    let what = format!("{way:?} {method} by {address:?}");
    let (url, reference, body) = at_version_two(client, address, method);
    assert_eq!(client.ask("DELETE", &format!("/fhir/{reference}"), &[], "").status, 204);
    let expected = match (method, address) {
        ("PATCH", Address::Id) => 410,
        ("PATCH", Address::Search) => 404,
        _ => 412,
    };
    for tag in ["W/\"2\"", "*"] {
        assert_eq!(change(client, way, (method, &url), Some(tag), &body).0, expected, "{what} {tag}");
    }
    assert_eq!(client.get(&format!("/fhir/{reference}")).status, 410, "{what}");
}

fn conflicts_that_nobody_expected(client: &Caller, way: Way) {
    let conflict = (409, Some("conflict".to_owned()));
    let (url, reference, body) = at_version_two(client, Address::Id, "PUT");
    // What others refer to.
    ok(&client.json("POST", "/fhir/Observation", &observation(&reference, 1)), 201);
    assert_eq!(change(client, way, ("DELETE", &url), None, &Value::Null), conflict, "{way:?}");
    // A patch that was made of another version.
    let test = json!([{"op": "test", "path": "/active", "value": false}]);
    assert_eq!(change(client, way, ("PATCH", &url), None, &test), conflict, "{way:?}");
    // A condition that finds nothing, and an id that is taken.
    assert_eq!(change(client, way, ("PUT", "Patient?identifier=urn:test|ve-none"), None, &body), conflict, "{way:?}");
    // A version that was expected goes before.
    let first = change(client, way, ("DELETE", &url), Some("W/\"1\""), &Value::Null);
    assert_eq!(first.0, 412, "{way:?}");
    assert_eq!(ok(&client.get(&format!("/fhir/{reference}")), 200)["meta"]["versionId"], "2", "{way:?}");
}
