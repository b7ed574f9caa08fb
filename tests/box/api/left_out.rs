//! Parameters of a search that the box does not carry out: refused by name, or, where the client prefers it, left out and told. None
//! is ever passed over unseen: what it would have narrowed is shown to somebody.

use serde_json::{Value, json};

use crate::api::interactions::numbered;
use crate::api::{bundle, id, ok, outcome, parsed};
use crate::client::Answer;
use crate::demo::Caller;

const NOT_CARRIED_OUT: [(&str, &str); 8] = [
    ("_list", "$current-problems"),
    ("_list", "$current-allergies"),
    ("_contained", "true"),
    ("_contained", "both"),
    ("_containedType", "container"),
    ("_containedType", "contained"),
    ("_filter", "name%20eq%20Peter"),
    ("_query", "everything"),
];

pub fn all(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &numbered("lo-1", "Leftout")), 201);
    let rest = "identifier=urn:test|lo-1";
    for (name, value) in NOT_CARRIED_OUT {
        let search = format!("{name}={value}&{rest}");
        searches(client, name, &search, id(&made));
        conditions(client, name, &search, &made);
    }
    // What asks for nothing beyond the usual is carried out.
    assert_eq!(matches(&ok(&client.get(&format!("/fhir/Patient?_contained=false&{rest}")), 200)), [id(&made)]);
    let history = client.get("/fhir/Patient/_history?_list=$current-problems");
    named(&history, "_list");
}

fn matches(page: &Value) -> Vec<&str> {
    let entries = page["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter(|entry| entry["search"]["mode"] == "match").map(|entry| id(&entry["resource"])).collect()
}

/// Refused, and the refusal says what is not done.
#[track_caller]
fn named(answer: &Answer, name: &str) {
    outcome(answer, 400);
    is_named(&parsed(answer), name);
}

#[track_caller]
fn is_named(outcome: &Value, name: &str) {
    let issue = &outcome["issue"][0];
    assert_eq!(issue["code"], "not-supported", "{outcome}");
    // `_contained` stands within `_containedType`.
    let text = issue["details"]["text"].as_str().unwrap();
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    assert!(words.contains(&name), "{name}: {text}");
}

/// Left out, told in the page and in its address, and the rest holds.
#[track_caller]
fn told(page: &Value, name: &str, of: &str) {
    assert_eq!(page["type"], "searchset", "{page}");
    assert_eq!(matches(page), [of], "{page}");
    let entries = page["entry"].as_array().unwrap();
    let told = entries.iter().find(|entry| entry["search"]["mode"] == "outcome");
    is_named(&told.unwrap_or_else(|| panic!("{name} is passed over: {page}"))["resource"], name);
    let this = page["link"].as_array().unwrap().iter().find(|link| link["relation"] == "self").unwrap();
    let this = this["url"].as_str().unwrap();
    assert!(!this.contains(&format!("{name}=")) && this.contains("identifier="), "{this}");
}

fn searches(client: &Caller, name: &str, search: &str, of: &str) {
    let lenient = [("prefer", "handling=lenient")];
    let addresses = [
        format!("/fhir/Patient?{search}"),
        format!("/fhir?_type=Patient,Person&{search}"),
        format!("/fhir/Patient/{of}/Patient?{search}"),
        format!("/fhir/Patient/{of}/*?_type=Patient&{search}"),
    ];
    for address in &addresses {
        named(&client.get(address), name);
        told(&ok(&client.ask("GET", address, &lenient, ""), 200), name, of);
    }
    named(&client.form("/fhir/Patient/_search", search), name);
    let form = [("content-type", "application/x-www-form-urlencoded"), lenient[0]];
    told(&ok(&client.ask("POST", "/fhir/Patient/_search", &form, search), 200), name, of);

    let entry = json!([{"request": {"method": "GET", "url": format!("Patient?{search}")}}]);
    let batch = bundle("batch", entry.clone());
    let answer = ok(&client.json("POST", "/fhir", &batch), 200);
    assert_eq!(answer["entry"][0]["response"]["status"], "400");
    is_named(&answer["entry"][0]["response"]["outcome"], name);
    let transaction = bundle("transaction", entry);
    named(&client.json("POST", "/fhir", &transaction), name);
    let json_and_lenient = [("content-type", "application/fhir+json"), lenient[0]];
    for whole in [batch, transaction] {
        let answer = ok(&client.ask("POST", "/fhir", &json_and_lenient, &whole.to_string()), 200);
        told(&answer["entry"][0]["resource"], name, of);
    }
}

/// Of the search that a change depends on nothing is left out, whatever the client prefers.
fn conditions(client: &Caller, name: &str, search: &str, made: &Value) {
    for prefer in ["handling=strict", "handling=lenient"] {
        let ask = |method: &str, more: &[(&str, &str)], address: &str, body: &Value| {
            let mut headers = vec![("content-type", "application/fhir+json"), ("prefer", prefer)];
            headers.extend_from_slice(more);
            client.ask(method, address, &headers, &body.to_string())
        };
        let address = format!("/fhir/Patient?{search}");
        named(&ask("PUT", &[], &address, made), name);
        named(&ask("DELETE", &[], &address, &Value::Null), name);
        named(&ask("POST", &[("if-none-exist", search)], "/fhir/Patient", made), name);
        let patch = [("content-type", "application/json-patch+json"), ("prefer", prefer)];
        named(&client.ask("PATCH", &address, &patch, "[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]"), name);
    }
    let now = ok(&client.get(&format!("/fhir/Patient/{}", id(made))), 200);
    assert_eq!(now["meta"]["versionId"], "1");
}
