//! `$validate`, `$expand`, `$validate-code` and `$meta` of a running box from outside.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::demo::{Caller, Demo};

const GENDER: &str = "http://hl7.org/fhir/ValueSet/administrative-gender";

#[test]
fn operations_answer_as_the_standard_says() {
    let demo = Demo::start();
    let client = demo.service("client", "system/*.cruds");
    validates(&client);
    validates_what_is_stored(&client);
    validates_changes(&client, &demo.service("reader", "system/*.rs"));
    expands(&client);
    expands_what_is_stored_or_sent(&client);
    validates_codes(&client);
    shows_meta(&client);
    changes_meta(&client);
    refuses(&client);
}

#[track_caller]
fn ok(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body))
}

fn observation() -> Value {
    json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueInteger": 1})
}

/// Of each issue: severity, code, place.
fn issues(outcome: &Value) -> Vec<(String, String, String)> {
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let issue = |issue: &Value| (text(&issue["severity"]), text(&issue["code"]), text(&issue["expression"][0]));
    outcome["issue"].as_array().unwrap().iter().map(issue).collect()
}

fn errors(outcome: &Value) -> Vec<(String, String)> {
    issues(outcome).into_iter().filter(|issue| issue.0 == "error").map(|issue| (issue.1, issue.2)).collect()
}

fn validates(client: &Caller) {
    let ask = |path: &str, body: &Value| ok(&client.json("POST", path, body), 200);
    let good = ask("/fhir/Observation/$validate", &observation());
    assert_eq!(errors(&good), []);
    // What the standard recommends is said, too: a narrative.
    assert_eq!(issues(&good)[0].0, "warning");
    let mut bad = observation();
    bad["status"] = json!("finished");
    bad["effectiveDateTime"] = json!("yesterday");
    let expected = [
        ("code-invalid".to_owned(), "Observation.status".to_owned()),
        ("value".to_owned(), "Observation.effective".to_owned()),
    ];
    assert_eq!(errors(&ask("/fhir/Observation/$validate", &bad)), expected);
    let wrapped = json!({"resourceType": "Parameters", "parameter": [
        {"name": "mode", "valueCode": "create"}, {"name": "resource", "resource": bad}]});
    assert_eq!(errors(&ask("/fhir/Observation/$validate", &wrapped)), expected);
    let mut broken = observation();
    broken["dataAbsentReason"] = json!({"text": "x"});
    assert_eq!(
        errors(&ask("/fhir/Observation/$validate", &broken)),
        [("invariant".to_owned(), "Observation".to_owned())]
    );
    assert_eq!(errors(&ask("/fhir/Patient/$validate", &observation()))[0].0, "invalid");
    let base = "/fhir/Observation/$validate?profile=http://hl7.org/fhir/StructureDefinition/Observation";
    assert_eq!(errors(&ask(base, &observation())), []);
    // A profile that it claims to follow and that nobody here knows is not passed over in silence.
    let mut claims = observation();
    claims["meta"] =
        json!({"profile": ["http://hl7.org/fhir/StructureDefinition/Observation", "http://example.org/mine"]});
    let said = ask("/fhir/Observation/$validate", &claims);
    assert_eq!(errors(&said), []);
    let expected = ("warning".to_owned(), "not-supported".to_owned(), "Observation.meta.profile[1]".to_owned());
    assert!(issues(&said).contains(&expected), "{said}");
    // Nothing was stored.
    assert_eq!(ok(&client.get("/fhir/Observation?code:text=finished&_summary=count"), 200)["total"], json!(0));
}

fn validates_what_is_stored(client: &Caller) {
    let stored = ok(&client.json("POST", "/fhir/Basic", &json!({"resourceType": "Basic", "code": {"text": "x"}})), 201);
    let address = format!("/fhir/Basic/{}/$validate", stored["id"].as_str().unwrap());
    assert_eq!(errors(&ok(&client.get(&address), 200)), []);
    assert_eq!(errors(&ok(&client.json("POST", &format!("{address}?mode=update"), &stored), 200)), []);
    let other = json!({"resourceType": "Basic", "id": "other", "code": {"text": "x"}});
    assert_eq!(errors(&ok(&client.json("POST", &address, &other), 200))[0].1, "Basic.id");
    assert_eq!(errors(&ok(&client.get(&format!("{address}?mode=delete")), 200)), []);
    assert_eq!(client.get("/fhir/Basic/nobody/$validate").status, 404);
}

/// What is to be created, updated or deleted is held to what the change itself would be, and nothing is changed.
fn validates_changes(client: &Caller, reader: &Caller) {
    let patient = ok(&client.json("POST", "/fhir/Patient", &json!({"resourceType": "Patient"})), 201);
    let of = format!("Patient/{}", patient["id"].as_str().unwrap());
    let about = |of: &str| {
        let mut one = observation();
        one["subject"] = json!({"reference": of});
        one
    };
    let stored = ok(&client.json("POST", "/fhir/Observation", &about(&of)), 201);
    let address = format!("/fhir/Observation/{}", stored["id"].as_str().unwrap());
    let ask = |caller: &Caller, path: &str, body: &Value| errors(&ok(&caller.json("POST", path, body), 200));
    let code = |code: &str| vec![(code.to_owned(), String::new())];
    let delete = json!({"resourceType": "Parameters", "parameter": [{"name": "mode", "valueCode": "delete"}]});
    // Others refer to it; then, nobody.
    assert_eq!(ask(client, &format!("/fhir/{of}/$validate"), &delete), code("conflict"));
    assert_eq!(client.ask("DELETE", &format!("/fhir/{of}"), &[], "").status, 409);
    assert_eq!(ask(client, &format!("{address}/$validate"), &delete), []);
    assert_eq!(client.get(&address).header("etag"), Some("W/\"1\""));
    // Rights are said, too.
    assert_eq!(ask(reader, &format!("{address}/$validate"), &delete), code("forbidden"));
    assert_eq!(ask(reader, "/fhir/Observation/$validate?mode=create", &about(&of)), code("forbidden"));
    assert_eq!(ask(reader, "/fhir/Observation/$validate", &about(&of)), []);
    // A reference that leads nowhere is no matter of the content.
    let create = "/fhir/Observation/$validate?mode=create";
    assert_eq!(ask(client, "/fhir/Observation/$validate", &about("Patient/nobody")), []);
    let nowhere = vec![("not-found".to_owned(), "Observation.subject".to_owned())];
    assert_eq!(ask(client, create, &about("Patient/nobody")), nowhere.clone());
    assert_eq!(ask(client, create, &about(&of)), []);
    let mut lost = stored.clone();
    lost["subject"] = json!({"reference": "Patient/nobody"});
    assert_eq!(ask(client, &format!("{address}/$validate?mode=update"), &lost), nowhere);
    assert_eq!(ask(client, &format!("{address}/$validate?mode=update"), &stored), []);
    assert_eq!(client.get(&address).header("etag"), Some("W/\"1\""));
    let all = ok(&client.get(&format!("/fhir/Observation?subject={of}&_summary=count")), 200);
    assert_eq!(all["total"], 1);
}

fn contains(set: &Value) -> Vec<&str> {
    let all = set["expansion"]["contains"].as_array();
    all.into_iter().flatten().map(|one| one["code"].as_str().unwrap()).collect()
}

fn expands(client: &Caller) {
    let all = ok(&client.get(&format!("/fhir/ValueSet/$expand?url={GENDER}")), 200);
    assert_eq!(contains(&all), ["male", "female", "other", "unknown"]);
    assert_eq!((&all["url"], &all["expansion"]["total"]), (&json!(GENDER), &json!(4)));
    assert_eq!(all["expansion"]["contains"][1]["display"], "Female");
    let page = ok(&client.get(&format!("/fhir/ValueSet/$expand?url={GENDER}&offset=1&count=2")), 200);
    assert_eq!((contains(&page), &page["expansion"]["total"]), (vec!["female", "other"], &json!(4)));
    let none = ok(&client.get(&format!("/fhir/ValueSet/$expand?url={GENDER}&count=0")), 200);
    assert_eq!((contains(&none), &none["expansion"]["total"]), (vec![], &json!(4)));
    let found = ok(&client.get(&format!("/fhir/ValueSet/$expand?url={GENDER}&filter=FEM")), 200);
    assert_eq!(contains(&found), ["female"]);
    let asked = json!({"resourceType": "Parameters", "parameter": [
        {"name": "url", "valueUri": GENDER}, {"name": "count", "valueInteger": 1}]});
    assert_eq!(contains(&ok(&client.json("POST", "/fhir/ValueSet/$expand", &asked), 200)), ["male"]);
    assert_eq!(errors(&ok(&client.json("POST", "/fhir/ValueSet/$validate", &all), 200)), []);
    let routes = "/fhir/ValueSet/$expand?url=http://terminology.hl7.org/ValueSet/v3-RouteOfAdministration";
    assert!(contains(&ok(&client.get(routes), 200)).len() > 300);
}

fn expands_what_is_stored_or_sent(client: &Caller) {
    let set = json!({"resourceType": "ValueSet", "url": "http://example.org/own", "status": "active", "compose": {"include": [
        {"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "male"}]}]}});
    let sent = json!({"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": set}]});
    assert_eq!(contains(&ok(&client.json("POST", "/fhir/ValueSet/$expand", &sent), 200)), ["male"]);
    let stored = ok(&client.json("POST", "/fhir/ValueSet", &set), 201);
    let address = format!("/fhir/ValueSet/{}", stored["id"].as_str().unwrap());
    assert_eq!(contains(&ok(&client.get(&format!("{address}/$expand")), 200)), ["male"]);
    let answer = ok(&client.get(&format!("{address}/$validate-code?code=female")), 200);
    assert_eq!(answer["parameter"][0]["valueBoolean"], false);
    // By its address as by its id, and as a search by `:in` finds it.
    let by_url = "url=http://example.org/own";
    assert_eq!(contains(&ok(&client.get(&format!("/fhir/ValueSet/$expand?{by_url}")), 200)), ["male"]);
    for (code, is_in) in [("male", true), ("female", false)] {
        let answer = ok(&client.get(&format!("/fhir/ValueSet/$validate-code?{by_url}&code={code}")), 200);
        assert_eq!(answer["parameter"][0]["valueBoolean"], is_in, "{code}");
    }
    assert_eq!(client.get(&format!("/fhir/ValueSet/$expand?{by_url}|7")).status, 404);
}

fn validates_codes(client: &Caller) {
    let result = |path: &str| ok(&client.get(path), 200)["parameter"][0]["valueBoolean"].as_bool().unwrap();
    let system = "http://hl7.org/fhir/administrative-gender";
    let set = format!("/fhir/ValueSet/$validate-code?url={GENDER}");
    assert!(result(&format!("{set}&system={system}&code=male")));
    assert!(result(&format!("{set}&coding={system}%7Cmale&display=male")));
    assert!(!result(&format!("{set}&system={system}&code=male&display=Female")));
    assert!(!result(&format!("{set}&system={system}&code=Male")));
    assert!(result(&format!("/fhir/CodeSystem/$validate-code?url={system}&code=other")));
    assert!(!result(&format!("/fhir/CodeSystem/$validate-code?url={system}&code=x")));
    let concept = json!({"coding": [{"system": "urn:x", "code": "male"}, {"system": system, "code": "male"}]});
    let asked = json!({"resourceType": "Parameters", "parameter": [
        {"name": "url", "valueUri": GENDER}, {"name": "codeableConcept", "valueCodeableConcept": concept}]});
    let answer = ok(&client.json("POST", "/fhir/ValueSet/$validate-code", &asked), 200);
    assert_eq!(answer["parameter"][0]["valueBoolean"], true);
    let unknown = "/fhir/ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/condition-code&code=1&system=http://snomed.info/sct";
    // "No" would be untrue.
    let answer = client.get(unknown);
    assert!(answer.status == 422 && answer.body.contains("cannot be told"), "{}", answer.body);
}

fn shows_meta(client: &Caller) {
    let tagged =
        json!({"resourceType": "Basic", "code": {"text": "x"}, "meta": {"tag": [{"system": "urn:t", "code": "a"}]}});
    let stored = ok(&client.json("POST", "/fhir/Basic", &tagged), 201);
    let answer = ok(&client.get(&format!("/fhir/Basic/{}/$meta", stored["id"].as_str().unwrap())), 200);
    assert_eq!(answer["parameter"][0]["valueMeta"], stored["meta"]);
}

fn changes_meta(client: &Caller) {
    let tag = |code: &str| json!({"system": "urn:t", "code": code});
    let one = json!({"resourceType": "Basic", "code": {"text": "x"}, "meta": {"tag": [tag("a")]}});
    let stored = ok(&client.json("POST", "/fhir/Basic", &one), 201);
    let address = format!("/fhir/Basic/{}", stored["id"].as_str().unwrap());
    let ask = |operation: &str, meta: &Value| {
        let asked = json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]});
        ok(&client.json("POST", &format!("{address}/${operation}"), &asked), 200)["parameter"][0]["valueMeta"].clone()
    };
    let profile = "http://example.org/mine";
    let added = ask("meta-add", &json!({"tag": [tag("a"), tag("b")], "profile": [profile]}));
    assert_eq!(
        (&added["tag"], &added["profile"], &added["versionId"]),
        (&json!([tag("a"), tag("b")]), &json!([profile]), &json!("2"))
    );
    let left = ask("meta-delete", &json!({"tag": [tag("a")], "profile": [profile]}));
    assert_eq!((&left["tag"], left.get("profile")), (&json!([tag("b")]), None));
    assert_eq!(ok(&client.get(&address), 200)["meta"]["tag"], json!([tag("b")]));
    assert_eq!(ok(&client.get("/fhir/Basic?_tag=urn:t|b&_summary=count"), 200)["total"], 1);
    assert_eq!(
        client.json("POST", &format!("{address}/$meta-add"), &json!({"resourceType": "Parameters"})).status,
        400
    );
    assert_eq!(client.ask("POST", "/fhir/Basic/nobody/$meta-add", &[], "").status, 400);
    // What is no Meta is refused whole, and what was meant for another version, too.
    let asked =
        |meta: &Value| json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]});
    let before = ok(&client.get(&address), 200);
    for wrong in [
        json!({"tag": "c"}),
        json!({"tag": {"code": "c"}}),
        json!({"tag": [{"code": 1}]}),
        json!({"profile": [7]}),
        json!({"tags": [tag("c")]}),
        json!({"tag": [tag("c")], "security": [{"nonsense": true}]}),
    ] {
        for operation in ["meta-add", "meta-delete"] {
            let answer = client.json("POST", &format!("{address}/${operation}"), &asked(&wrong));
            assert_eq!(answer.status, 400, "{wrong}: {}", answer.body);
        }
    }
    let version = before["meta"]["versionId"].as_str().unwrap();
    let add = |header: (&str, &str)| {
        let headers = [("content-type", "application/fhir+json"), header];
        client
            .ask("POST", &format!("{address}/$meta-add"), &headers, &asked(&json!({"tag": [tag("c")]})).to_string())
            .status
    };
    assert_eq!(add(("if-match", "W/\"1\"")), 412);
    assert_eq!(add(("if-none-match", "*")), 412);
    assert_eq!(add(("if-match", "soon")), 400);
    assert_eq!(ok(&client.get(&address), 200), before);
    assert_eq!(add(("if-match", &format!("W/\"{version}\""))), 200);
}

fn refuses(client: &Caller) {
    let code = |answer: &Answer, status: u16| ok(answer, status)["issue"][0]["code"].as_str().unwrap().to_owned();
    let costly = client.get("/fhir/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/condition-code");
    assert_eq!(code(&costly, 422), "too-costly");
    assert_eq!(code(&client.get("/fhir/ValueSet/$expand?url=http://example.org/nothing"), 404), "not-found");
    assert_eq!(code(&client.get(&format!("/fhir/ValueSet/$expand?url={GENDER}|3.0.0")), 404), "not-found");
    for (path, status) in [
        ("/fhir/ValueSet/$expand".to_owned(), 400),
        (format!("/fhir/ValueSet/$expand?url={GENDER}&count=many"), 400),
        (format!("/fhir/ValueSet/$expand?url={GENDER}&displayLanguage=pt"), 400),
        (format!("/fhir/ValueSet/$validate-code?url={GENDER}"), 400),
        (format!("/fhir/Patient/$expand?url={GENDER}"), 404),
        ("/fhir/Patient/$validate-code?code=x".to_owned(), 404),
        ("/fhir/Clinic/$expand".to_owned(), 404),
    ] {
        assert_eq!(client.get(&path).status, status, "{path}");
    }
    for (path, status) in [
        ("/fhir/Observation/$validate?profile=http://example.org/mine", 422),
        ("/fhir/Observation/$validate?mode=perhaps", 400),
        ("/fhir/Observation/$validate?mode=delete", 400),
        ("/fhir/Observation/$validate?shape=round", 400),
        ("/fhir/Clinic/$validate", 404),
    ] {
        assert_eq!(client.json("POST", path, &observation()).status, status, "{path}");
    }
    assert_eq!(
        client.ask("POST", "/fhir/Observation/$validate", &[("content-type", "application/json")], "{").status,
        400
    );
    assert_eq!(client.ask("POST", "/fhir/Observation/$validate", &[], "").status, 400);
}
