//! The FHIR API of a running box from outside: a resource's life, searches, bundles, and input that is not
//! what it should be.

mod acting;
mod claims;
mod copies;
mod hostile;
mod interactions;
mod left_out;
mod letter;
mod notes;
mod promises;
mod races;
mod screens;
mod trail;
mod unseen;
mod versions;

use serde_json::{Value, json};

use crate::client::Answer;
use crate::demo::{Caller, Demo};

/// One box for all of it: the parts do not meet each other's resources.
#[test]
fn the_api_keeps_its_promises_and_survives_what_is_sent_to_it() {
    let demo = Demo::start();
    let client = demo.service("client", "system/*.cruds");
    a_life(&demo, &client);
    answers_as_preferred(&client);
    searches(&demo, &client);
    transactions(&client);
    batches(&client);
    interactions::all(&demo, &client);
    interactions::sessions_are_not_compressed(&demo);
    versions::all(&client);
    left_out::all(&client);
    letter::all(&demo, &client);
    unseen::all(&demo, &client);
    races::all(&client);
    hostile::all(&demo, &client);
    a_patient_s_first_page_opens_what_it_shows(&demo);
    a_health_administrator_sees_whom_a_permission_is_about_and_no_more(&demo);
    copies::all(&demo, &client);
    trail::all(&demo, &client);
    promises::all(&demo, &client);
    bad_bodies(&client);
    bad_addresses(&client);
    claims::all(&client);
    too_much(&demo, &client);
    assert_eq!(client.get("/fhir/metadata").status, 200);
    assert_eq!(parsed(&client.get("/fhir/metadata"))["fhirVersion"], "4.0.1");
}

fn parsed(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}: {}", answer.status, answer.body))
}

#[track_caller]
fn ok(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.body);
    parsed(answer)
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

fn patient(family: &str) -> Value {
    json!({"resourceType": "Patient", "name": [{"family": family, "given": ["Ada"]}], "birthDate": "1980-02-29"})
}

fn observation(patient: &str, day: u8) -> Value {
    json!({
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": patient},
        "effectiveDateTime": format!("2026-03-{day:02}T09:00:00Z"),
        "valueQuantity": {"value": 70 + day, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    })
}

// ---- what is asked well ----

fn a_patient_s_first_page_opens_what_it_shows(demo: &Demo) {
    let patient = demo.signed_in("portal", "patient");
    assert_eq!(patient.get("/my").status, 200);
    let lines = demo.command(&["audit", "list", "--user", "patient", "--limit", "1", "--json"]);
    let opened = |kind: &str| lines.matches(&format!("\"{kind}/")).count();
    assert!(opened("Condition") > 0 && opened("Observation") > 0, "{lines}");
    assert!(opened("Observation") <= 60, "{lines}");
    // By its newest documents it tells a note that came as a report, too, from a new report.
    assert!(opened("DocumentReference") <= 20, "{lines}");
    for kind in ["Encounter", "Immunization", "Procedure"] {
        assert_eq!(opened(kind), 0, "{kind}: {lines}");
    }
}

/// DESIGN §6: no clinical content; of a patient what tells who it is and how to reach them, by which two records are joined.
fn a_health_administrator_sees_whom_a_permission_is_about_and_no_more(demo: &Demo) {
    let admin = demo.signed_in("clinic", "healthadmin");
    let seen = ok(&admin.get(&format!("/fhir/Patient/{}", demo.patient_of("patient"))), 200);
    for there in ["name", "birthDate", "gender", "identifier", "telecom"] {
        assert!(seen.get(there).is_some(), "{there}: {seen}");
    }
    for cut in ["contact", "generalPractitioner", "maritalStatus"] {
        assert!(seen.get(cut).is_none(), "{cut}: {seen}");
    }
    assert_eq!(seen["meta"]["tag"][0]["code"], "SUBSETTED");
    assert_eq!(admin.get("/fhir/Patient?name=brandvold").status, 200);
    assert_eq!(admin.get("/fhir/Patient?general-practitioner=Practitioner/x").status, 400);
    for kind in ["Observation", "Condition", "MedicationRequest", "DocumentReference", "Encounter", "Communication"] {
        assert_eq!(admin.get(&format!("/fhir/{kind}")).status, 403, "{kind}");
    }
    for kind in ["Consent", "Task"] {
        assert_eq!(admin.get(&format!("/fhir/{kind}")).status, 200, "{kind}");
    }
}

/// Create, read, update, versions, history, delete, and back again.
fn a_life(demo: &Demo, client: &Caller) {
    let created = client.json("POST", "/fhir/Patient", &patient("Lifelong"));
    let first = ok(&created, 201);
    let address = format!("/fhir/Patient/{}", id(&first));
    let located = format!("{}{address}/_history/1", demo.origin("clinic"));
    assert_eq!(created.header("location"), Some(located.as_str()));
    assert_eq!(created.header("etag"), Some("W/\"1\""));
    assert_eq!(first["meta"]["versionId"], "1");

    let read = client.get(&address);
    assert_eq!(ok(&read, 200), first);
    assert_eq!(read.header("content-type"), Some("application/fhir+json; charset=utf-8"));
    assert!(read.header("last-modified").is_some_and(|time| time.ends_with("GMT")));
    let head = client.ask("HEAD", &address, &[], "");
    assert_eq!((head.status, head.header("etag"), head.body.as_str()), (200, Some("W/\"1\""), ""));
    let known = client.ask("GET", &address, &[("if-none-match", "W/\"1\"")], "");
    assert_eq!((known.status, known.header("etag"), known.body.as_str()), (304, Some("W/\"1\""), ""));

    let mut changed = first.clone();
    changed["birthDate"] = json!("1981-03-01");
    let put = |version: &str, body: &Value| {
        let headers = [("content-type", "application/fhir+json"), ("if-match", version)];
        client.ask("PUT", &address, &headers, &body.to_string())
    };
    let second = put("W/\"1\"", &changed);
    assert_eq!(ok(&second, 200)["birthDate"], "1981-03-01");
    assert_eq!(second.header("etag"), Some("W/\"2\""));
    outcome(&put("W/\"1\"", &first), 412);
    outcome(&put("three", &first), 400);
    assert_eq!(ok(&client.get(&address), 200)["birthDate"], "1981-03-01", "a refused change changes nothing");
    assert_eq!(client.ask("GET", &address, &[("if-none-match", "W/\"1\"")], "").status, 200);

    let version = |number: u32| client.get(&format!("{address}/_history/{number}"));
    assert_eq!(ok(&version(1), 200), first);
    assert_eq!(ok(&version(2), 200)["birthDate"], "1981-03-01");
    outcome(&version(9), 404);

    assert_eq!(client.ask("DELETE", &address, &[], "").status, 204);
    assert_eq!(client.ask("DELETE", &address, &[], "").status, 204, "again is no error");
    outcome(&client.get(&address), 410);
    outcome(&version(3), 410);
    assert_eq!(ok(&version(2), 200)["birthDate"], "1981-03-01");
    let history = ok(&client.get(&format!("{address}/_history")), 200);
    assert_eq!((&history["type"], &history["total"]), (&json!("history"), &json!(3)));
    let methods: Vec<&Value> =
        history["entry"].as_array().unwrap().iter().map(|entry| &entry["request"]["method"]).collect();
    assert_eq!(methods, ["DELETE", "PUT", "POST"], "newest first");
    assert_eq!(ok(&client.get("/fhir/Patient?family=Lifelong&_total=accurate"), 200)["total"], 0);

    let back = client.json("PUT", &address, &changed);
    assert_eq!(back.header("etag"), Some("W/\"4\""), "{}", back.body);
    assert_eq!(back.status, 201);
    assert_eq!(ok(&client.get("/fhir/Patient?family=Lifelong&_total=accurate"), 200)["total"], 1);
}

fn answers_as_preferred(client: &Caller) {
    let create = |prefer: &str| {
        let headers = [("content-type", "application/json"), ("prefer", prefer)];
        client.ask("POST", "/fhir/Patient", &headers, &patient("Preferred").to_string())
    };
    let minimal = create("return=minimal");
    assert_eq!((minimal.status, minimal.body.as_str()), (201, ""));
    assert!(minimal.header("location").is_some());
    assert_eq!(ok(&create("return=OperationOutcome"), 201)["resourceType"], "OperationOutcome");
    assert_eq!(ok(&create("return=representation"), 201)["resourceType"], "Patient");
}

fn searches(demo: &Demo, client: &Caller) {
    let who = ok(&client.json("POST", "/fhir/Patient", &patient("Searched")), 201);
    let reference = format!("Patient/{}", id(&who));
    let mut made: Vec<String> = (1..=5)
        .map(|day| id(&ok(&client.json("POST", "/fhir/Observation", &observation(&reference, day)), 201)).to_owned())
        .collect();
    made.reverse();

    let origin = demo.origin("clinic");
    let mut found = Vec::new();
    let mut pages = 0;
    let mut next = Some(format!("/fhir/Observation?subject={reference}&_sort=-date&_count=2&_total=accurate"));
    while let Some(address) = next {
        let page = ok(&client.get(&address), 200);
        assert_eq!((&page["type"], &page["total"]), (&json!("searchset"), &json!(5)));
        for entry in page["entry"].as_array().unwrap() {
            assert_eq!(entry["search"]["mode"], "match");
            assert_eq!(entry["fullUrl"], format!("{origin}/fhir/Observation/{}", id(&entry["resource"])));
            found.push(id(&entry["resource"]).to_owned());
        }
        let links = page["link"].as_array().unwrap();
        assert!(links.iter().any(|link| link["relation"] == "self"));
        let link = links.iter().find(|link| link["relation"] == "next");
        next = link.map(|link| link["url"].as_str().unwrap().strip_prefix(origin).unwrap().to_owned());
        pages += 1;
        assert!(pages < 10, "paging comes to an end");
    }
    assert_eq!((found, pages), (made, 3), "newest first, each once");

    let count = ok(&client.get(&format!("/fhir/Observation?patient={}&_summary=count", id(&who))), 200);
    assert_eq!((&count["total"], &count["entry"]), (&json!(5), &Value::Null));
    let one = format!("subject={reference}&date=2026-03-03&_include=Observation:subject");
    for page in [client.get(&format!("/fhir/Observation?{one}")), client.form("/fhir/Observation/_search", &one)] {
        let page = ok(&page, 200);
        let modes: Vec<(&Value, &Value)> = page["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (&entry["resource"]["resourceType"], &entry["search"]["mode"]))
            .collect();
        assert_eq!(modes, [(&json!("Observation"), &json!("match")), (&json!("Patient"), &json!("include"))]);
    }
    outcome(&client.get("/fhir/Observation?nonsense=1"), 400);
    outcome(&client.get("/fhir/Observation?date=yesterday"), 400);
    outcome(&client.get(&format!("/fhir/Observation?subject={reference}&_cursor=abc")), 400);
    let lenient = client.ask("GET", "/fhir/Patient?family=Searched&nonsense=1", &[("prefer", "handling=lenient")], "");
    assert!(ok(&lenient, 200)["entry"].as_array().unwrap().iter().any(|entry| entry["search"]["mode"] == "outcome"));
}

const URN: &str = "urn:uuid:6f0c2d0e-3a51-4d0b-9c8e-0f1f5c3c7d11";

fn bundle(kind: &str, entries: Value) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

fn post(url: &str, full: Option<&str>, resource: Value) -> Value {
    let mut entry = json!({"request": {"method": "POST", "url": url}, "resource": resource});
    if let Some(full) = full {
        entry["fullUrl"] = json!(full);
    }
    entry
}

fn transactions(client: &Caller) {
    // The reference stands before what it refers to.
    let whole = bundle(
        "transaction",
        json!([
            post("Observation", None, observation(URN, 1)),
            post("Patient", Some(URN), patient("Bundled")),
            {"request": {"method": "GET", "url": "Patient?family=Bundled"}},
        ]),
    );
    let answer = ok(&client.json("POST", "/fhir", &whole), 200);
    assert_eq!(answer["type"], "transaction-response");
    let statuses: Vec<&str> =
        answer["entry"].as_array().unwrap().iter().map(|entry| entry["response"]["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201", "201", "200"]);
    let (first, second) = (&answer["entry"][0]["resource"], &answer["entry"][1]["resource"]);
    let stored = ok(&client.get(&format!("/fhir/Observation/{}", id(first))), 200);
    assert_eq!(stored["subject"]["reference"], format!("Patient/{}", id(second)));
    assert_eq!(answer["entry"][2]["resource"]["entry"][0]["resource"]["id"], second["id"], "reads see the changes");

    // All of it or nothing.
    for (wrong, status) in [
        (post("Observation", None, observation("Patient/0198a3f2-0000-7000-8000-00000000abcd", 1)), 422),
        (post("Observation", None, observation("urn:uuid:00000000-0000-4000-8000-000000000001", 1)), 400),
        (post("Observation", None, json!({"resourceType": "Observation", "status": "final"})), 422),
        (post("Observation", None, json!({"resourceType": "Patient"})), 400),
        (json!({"request": {"method": "PUT", "url": "Patient"}, "resource": patient("Halfway")}), 400),
        (json!({"request": {"method": "POST", "url": "Patient"}}), 400),
    ] {
        let half = bundle("transaction", json!([post("Patient", None, patient("Halfway")), wrong]));
        outcome(&client.json("POST", "/fhir", &half), status);
    }
    assert_eq!(ok(&client.get("/fhir/Patient?family=Halfway&_total=accurate"), 200)["total"], 0);
    outcome(&client.json("POST", "/fhir", &bundle("searchset", json!([]))), 400);
    let many: Vec<Value> = (0..5_001).map(|_| json!({"request": {"method": "GET", "url": "Patient/x"}})).collect();
    let refused = client.json("POST", "/fhir", &bundle("batch", many.into()));
    outcome(&refused, 422);
    assert!(refused.body.contains("too-costly") && refused.body.contains("5000 entries"), "{}", refused.body);
    outcome(&client.json("POST", "/fhir", &patient("NoBundle")), 400);
}

fn batches(client: &Caller) {
    let mixed = bundle(
        "batch",
        json!([
            post("Patient", None, patient("Batched")),
            post("Observation", None, json!({"resourceType": "Observation", "status": "final"})),
            {"request": {"method": "GET", "url": "Patient/0198a3f2-0000-7000-8000-00000000abcd"}},
            {"request": {"method": "GET", "url": "Patient?nonsense=1"}},
        ]),
    );
    let answer = ok(&client.json("POST", "/fhir", &mixed), 200);
    assert_eq!(answer["type"], "batch-response");
    let responses: Vec<&Value> = answer["entry"].as_array().unwrap().iter().map(|entry| &entry["response"]).collect();
    let statuses: Vec<&str> = responses.iter().map(|response| response["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201", "422", "404", "400"]);
    for response in &responses[1..] {
        sentences(&response["outcome"]);
    }
    assert_eq!(ok(&client.get("/fhir/Patient?family=Batched&_total=accurate"), 200)["total"], 1);
}

// ---- what is not ----

/// An `OperationOutcome` with this status.
#[track_caller]
fn outcome(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/fhir+json; charset=utf-8"), "{}", answer.body);
    sentences(&parsed(answer));
}

/// Every issue says in words what is wrong, and nothing of how the box is built.
#[track_caller]
fn sentences(outcome: &Value) {
    assert_eq!(outcome["resourceType"], "OperationOutcome", "{outcome}");
    let issues = outcome["issue"].as_array().unwrap();
    assert!(!issues.is_empty());
    for issue in issues {
        let text = issue["details"]["text"].as_str().unwrap();
        assert!(text.split(' ').count() > 3 && text.len() < 400, "{text}");
        assert!(!text.starts_with(char::is_lowercase), "a sentence begins with a capital: {text}");
        for inside in ["serde", "axum", "src/", "Error(", "panicked", "::"] {
            assert!(!text.contains(inside), "{text}");
        }
        assert!(issue["code"].is_string() && matches!(issue["severity"].as_str(), Some("error" | "fatal")), "{issue}");
    }
}

fn bad_bodies(client: &Caller) {
    let deep =
        |levels: usize| format!("{{\"resourceType\":\"Patient\",\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let json_type = "application/fhir+json";
    let whole = patient("Wellformed").to_string();
    let cases: [(&str, &str, Vec<u8>, u16); 18] = [
        ("empty", json_type, vec![], 400),
        ("cut off", json_type, whole.as_bytes()[..40].to_vec(), 400),
        ("trailing", json_type, format!("{whole} {{}}").into(), 400),
        ("an array", json_type, b"[]".to_vec(), 400),
        ("a word", json_type, b"patient".to_vec(), 400),
        ("no type", json_type, b"{}".to_vec(), 400),
        ("a type that is a number", json_type, b"{\"resourceType\":1}".to_vec(), 400),
        ("duplicate keys", json_type, b"{\"resourceType\":\"Patient\",\"active\":true,\"active\":false}".to_vec(), 400),
        ("invalid UTF-8", json_type, b"{\"resourceType\":\"Patient\",\"id\":\"\xff\xfe\"}".to_vec(), 400),
        ("half a surrogate", json_type, br#"{"resourceType":"Patient","language":"\ud800"}"#.to_vec(), 400),
        ("deep", json_type, deep(100).into(), 400),
        ("very deep", json_type, deep(100_000).into(), 400),
        ("another type", json_type, observation("Patient/x", 1).to_string().into(), 400),
        ("a type that FHIR does not have", json_type, b"{\"resourceType\":\"Nonsense\"}".to_vec(), 400),
        ("an unknown element", json_type, b"{\"resourceType\":\"Patient\",\"shoeSize\":42}".to_vec(), 422),
        ("a wrong value", json_type, b"{\"resourceType\":\"Patient\",\"birthDate\":\"1980-02-30\"}".to_vec(), 422),
        ("XML", "application/fhir+xml", b"<Patient xmlns=\"http://hl7.org/fhir\"/>".to_vec(), 415),
        ("plain text", "text/plain", whole.into(), 415),
    ];
    for (what, content_type, body, status) in cases {
        let answer = send(client, "POST", "/fhir/Patient", content_type, &body);
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        outcome(&answer, status);
    }
    let dangling = observation("Patient/0198a3f2-0000-7000-8000-00000000abcd", 1);
    outcome(&client.json("POST", "/fhir/Observation", &dangling), 422);
    assert_eq!(ok(&client.get("/fhir/Patient?family=Wellformed&_total=accurate"), 200)["total"], 0);
}

fn bad_addresses(client: &Caller) {
    outcome(&client.get("/fhir/Nonsense"), 404);
    outcome(&client.get("/fhir/Nonsense/1"), 404);
    outcome(&client.get("/fhir/Patient/not%20an%20id"), 404);
    outcome(&client.get("/fhir/Patient/%2e%2e%2f%2e%2e%2fetc%2fpasswd"), 404);
    outcome(&client.get("/fhir/Patient/a/b/c/d"), 404);
    outcome(&client.json("POST", "/fhir/Nonsense", &json!({"resourceType": "Nonsense"})), 404);
    outcome(&client.ask("DELETE", "/fhir/Patient", &[], ""), 412);
    let mut other = patient("Elsewhere");
    other["id"] = json!("one");
    outcome(&client.json("PUT", "/fhir/Patient/two", &other), 400);
    outcome(&client.json("PUT", "/fhir/Patient/two", &patient("NoId")), 400);
    let form = send(client, "POST", "/fhir/Patient/_search", "text/plain", b"family=x");
    outcome(&form, 415);
}

/// Bytes as they are, with what proves who asks.
fn send(client: &Caller, method: &str, path: &str, content_type: &str, body: &[u8]) -> Answer {
    let mut request = head(client, method, path, content_type, &format!("content-length: {}", body.len())).into_bytes();
    request.extend_from_slice(body);
    client.client.raw(&request)
}

fn head(client: &Caller, method: &str, path: &str, content_type: &str, length: &str) -> String {
    let proof: String = client.proof().iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let host = client.client.authority();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: {content_type}\r\n{length}\r\n{proof}\r\n"
    )
}

/// 200 MB, announced and not: refused, and never held in memory.
fn too_much(demo: &Demo, client: &Caller) {
    for path in ["/fhir/Patient", "/fhir"] {
        let announced = head(client, "POST", path, "application/fhir+json", "content-length: 200000000");
        outcome(&client.client.raw(announced.as_bytes()), 413);
        let chunked = head(client, "POST", path, "application/fhir+json", "transfer-encoding: chunked");
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        let answer = client.client.stream(chunked.as_bytes(), chunk.as_bytes(), 200_000_000 / 0x10000);
        // Who goes on sending after the refusal may find the connection closed before the answer is read.
        if let Some(answer) = answer {
            outcome(&answer, 413);
        }
        assert_eq!(client.get("/fhir/metadata").status, 200);
    }
    assert!(demo.most_memory() < 400 << 10, "{} KiB", demo.most_memory());
}
