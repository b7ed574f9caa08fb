//! The letter of http.html (FHIR R4): media types and their parameters, versions, conditions, batches and transactions.

use serde_json::{Value, json};

use crate::api::interactions::{ask, numbered, patch, put, request, statuses, total};
use crate::api::{bundle, head, id, observation, ok, outcome, parsed, patient, post, send};
use crate::demo::{Caller, Demo};

pub fn all(demo: &Demo, client: &Caller) {
    what_bodies_are_sent_as(client);
    what_answers_are_asked_for_as(client);
    methods(client);
    deleted_versions(client);
    conditions_of_updates(client);
    batches_go_on(client);
    transactions_resolve_alike(client);
    a_document_among_entries(client);
    answers_of_entries(client);
    ends_of_time(client);
    files_as_themselves(client);
    a_seal_that_is_inherited_stays(demo, client);
    versions_of_entries(client);
    parts_are_not_put_back(client);
    what_nobody_asked_for(client);
    chains_go_through_contained(client);
    one_host_and_one_token(demo, client);
}

/// mime-type, versioning.html#mt-version: UTF-8 and R4 only.
fn what_bodies_are_sent_as(client: &Caller) {
    let body = patient("Sent").to_string();
    for (kind, status) in [
        ("application/fhir+json; charset=UTF-8", 201),
        ("application/fhir+json;charset=\"utf-8\"; fhirVersion=4.0", 201),
        ("Application/JSON; fhirVersion=\"4.0\"", 201),
        ("text/json", 201),
        ("application/fhir+json; charset=iso-8859-1", 415),
        ("application/fhir+json; fhirVersion=3.0", 415),
        ("application/fhir+json; fhirVersion=5.0", 415),
        ("application/fhir+xml", 415),
        ("application/fhir+turtle", 415),
        ("multipart/form-data; boundary=x", 415),
    ] {
        let answer = send(client, "POST", "/fhir/Patient", kind, body.as_bytes());
        assert_eq!(answer.status, status, "{kind}: {}", answer.body);
        if status == 415 {
            outcome(&answer, 415);
        }
    }
    // A compressed body is not unpacked: a small one could become very large.
    for encoding in ["gzip", "br", "deflate", "zstd", "gzip, identity"] {
        let headers = [("content-type", "application/fhir+json"), ("content-encoding", encoding)];
        outcome(&client.ask("POST", "/fhir/Patient", &headers, &body), 415);
    }
    let headers = [("content-type", "application/fhir+json"), ("content-encoding", "identity")];
    ok(&client.ask("POST", "/fhir/Patient", &headers, &body), 201);
    let form = "application/x-www-form-urlencoded; charset=UTF-8";
    ok(&send(client, "POST", "/fhir/Patient/_search", form, b"family=Sent&_summary=count"), 200);
    for kind in ["application/json", "application/xml-patch+xml", "application/json-patch+json; charset=utf-16"] {
        outcome(&send(client, "PATCH", "/fhir/Patient/x", kind, b"[]"), 415);
    }
}

fn what_answers_are_asked_for_as(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &patient("Asked")), 201);
    let address = format!("/fhir/Patient/{}", id(&made));
    for format in
        ["json", "JSON", "text/json", "application/json", "application/fhir%2Bjson", "application/fhir+json", ""]
    {
        let answer = client.get(&format!("{address}?_format={format}"));
        assert_eq!(answer.status, 200, "{format}");
        assert_eq!(answer.header("content-type"), Some("application/fhir+json; charset=utf-8"), "{format}");
    }
    for format in ["xml", "text/xml", "application/fhir%2Bxml", "ttl", "html", "application/json;fhirVersion=5.0"] {
        outcome(&client.get(&format!("{address}?_format={format}")), 406);
    }
    let accept = |accept: &str| client.ask("GET", &address, &[("accept", accept)], "").status;
    assert_eq!(accept("application/fhir+json; fhirVersion=\"4.0\""), 200);
    assert_eq!(accept("application/fhir+json; fhirVersion=3.0, application/fhir+json; fhirVersion=4.0"), 200);
    assert_eq!(accept("application/fhir+json; fhirVersion=3.0"), 406);
    assert_eq!(accept("application/fhir+json;q=0"), 406);
    // A change whose answer is not wanted in any form that there is, is not made.
    let headers = [("content-type", "application/fhir+json"), ("accept", "application/fhir+xml")];
    outcome(&client.ask("POST", "/fhir/Patient", &headers, &numbered("le0", "Unmade").to_string()), 406);
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|le0"), 0);
    let pretty = client.ask("HEAD", &format!("{address}?_pretty=true"), &[], "");
    assert_eq!((pretty.status, pretty.body.as_str()), (200, ""));
}

fn methods(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &patient("Methods")), 201);
    let address = format!("/fhir/Patient/{}", id(&made));
    for (method, path) in
        [("POST", address.as_str()), ("PUT", "/fhir"), ("DELETE", "/fhir"), ("PATCH", "/fhir/metadata")]
    {
        let answer = client.json(method, path, &json!({}));
        outcome(&answer, 405);
        assert!(answer.header("allow").is_some_and(|allowed| allowed.contains("GET")), "{method} {path}");
    }
    // Nothing takes a method from anywhere but the request's own line.
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        assert_eq!(client.ask("GET", &address, &[(name, "DELETE")], "").status, 200);
    }
    outcome(&client.get(&format!("{address}?_method=DELETE")), 400);
    let lenient = client.ask("GET", &format!("{address}?_method=DELETE"), &[("prefer", "handling=lenient")], "");
    assert_eq!(lenient.status, 200);
    for path in ["/fhir/Nonsense", "/fhir/Nonsense/1", "/fhir/patient", "/fhir/Patient/a_b", "/fhir/Patient/1/2/3"] {
        outcome(&client.get(path), 404);
    }
    outcome(&client.get(&format!("/fhir/Patient/{}", "a".repeat(65))), 404);
    for nothing in
        ["/fhir/$meta", "/fhir/Patient/$meta", "/fhir/$nonsense", "/fhir/Patient/$nonsense", "/fhir/Parameters/1"]
    {
        let answer = client.get(nothing);
        outcome(&answer, 404);
        assert_eq!(parsed(&answer)["issue"][0]["code"], "not-supported", "{nothing}");
    }
    let of_a_version = format!("{address}/_history/1/$meta");
    for (method, nothing) in [
        ("GET", of_a_version.as_str()),
        ("POST", &of_a_version),
        ("POST", "/fhir/$validate"),
        ("POST", "/fhir/Parameters"),
    ] {
        let answer = client.json(method, nothing, &json!({"resourceType": "Parameters"}));
        outcome(&answer, 404);
        assert_eq!(parsed(&answer)["issue"][0]["code"], "not-supported", "{method} {nothing}");
    }
    // A name may be encoded like a value.
    let one = |name: &str| ok(&client.get(&format!("/fhir?{name}=Patient&_id={}", id(&made))), 200)["entry"].clone();
    assert_eq!(one("_type"), one("%5Ftype"));
    // What is too long is refused in words.
    outcome(&client.get(&format!("/fhir/Patient?name={}", "a".repeat(60_000))), 414);
    outcome(&client.ask("GET", &address, &[("x-long", &"a".repeat(30_000))], ""), 431);
    let many: Vec<String> = (0..70).map(|n| format!("x-many-{n}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "a")).collect();
    outcome(&client.ask("GET", &address, &many, ""), 431);
}

/// vread, delete: a version of a deleted resource is there, the deletion itself is 410, what never was is 404.
fn deleted_versions(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &numbered("le1", "Versions")), 201);
    let address = format!("/fhir/Patient/{}", id(&made));
    let deleted = client.ask("DELETE", &address, &[], "");
    assert_eq!((deleted.status, deleted.header("etag"), deleted.body.as_str()), (204, Some("W/\"2\""), ""));
    let head = client.ask("HEAD", &format!("{address}/_history/1"), &[], "");
    assert_eq!((head.status, head.header("etag")), (200, Some("W/\"1\"")));
    outcome(&client.get(&format!("{address}/_history/2")), 410);
    for version in ["3", "0", "-1", "x", "99999999999999999999"] {
        outcome(&client.get(&format!("{address}/_history/{version}")), 404);
    }
    outcome(&patch(client, &address, &[], &json!([])), 410);
    // What is deleted has no version to be matched, and is free to be made again.
    outcome(&ask(client, "PUT", &address, &[("if-match", "W/\"2\"")], &made), 412);
    let again = ask(client, "PUT", &address, &[("if-none-match", "*")], &made);
    assert_eq!((again.status, again.header("etag")), (201, Some("W/\"3\"")));
}

/// cond-update. A condition that finds nothing writes over nothing, whatever id the resource brings.
fn conditions_of_updates(client: &Caller) {
    let mut kept = numbered("le2", "Kept");
    kept["id"] = json!("letter-kept");
    ok(&client.json("PUT", "/fhir/Patient/letter-kept", &kept), 201);
    let mut other = numbered("le3", "Other");
    other["id"] = json!("letter-kept");
    outcome(&client.json("PUT", "/fhir/Patient?identifier=urn:test|le3", &other), 409);
    let stored = ok(&client.get("/fhir/Patient/letter-kept"), 200);
    assert_eq!((&stored["name"][0]["family"], &stored["meta"]["versionId"]), (&json!("Kept"), &json!("1")));
    // One that was deleted is made again.
    assert_eq!(client.ask("DELETE", "/fhir/Patient/letter-kept", &[], "").status, 204);
    ok(&client.json("PUT", "/fhir/Patient?identifier=urn:test|le3", &other), 201);
}

/// In a batch each entry stands for itself, also one that nobody can read.
fn batches_go_on(client: &Caller) {
    let mut other = put("Patient/letter-a", patient("Wrong"));
    other["resource"]["id"] = json!("letter-b");
    let entries = json!([
        post("Patient", None, numbered("le4", "First")),
        request("STEAL", "Patient/1"),
        json!({"resource": {"resourceType": "Patient"}}),
        other,
        request("GET", "Nonsense/1"),
        post("Nonsense", None, json!({"resourceType": "Nonsense"})),
        request("DELETE", "Patient"),
        request("HEAD", "Patient?identifier=urn:test|le4"),
        json!(17),
        post("Patient", None, numbered("le4", "Last")),
    ]);
    let answer = ok(&client.json("POST", "/fhir", &bundle("batch", entries.clone())), 200);
    let expected = ["201", "400", "400", "400", "404", "400", "400", "200", "400", "201"];
    assert_eq!(statuses(&answer), expected);
    assert_eq!(answer["entry"][3]["response"]["outcome"]["issue"][0]["expression"][0], "Bundle.entry[3].resource.id");
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|le4"), 2);
    // In a transaction one of them is enough.
    let whole = client.json("POST", "/fhir", &bundle("transaction", entries));
    outcome(&whole, 400);
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|le4"), 2);
    for kind in ["batch", "transaction"] {
        let empty = ok(&client.json("POST", "/fhir", &json!({"resourceType": "Bundle", "type": kind})), 200);
        assert_eq!((&empty["type"], &empty["entry"]), (&json!(format!("{kind}-response")), &Value::Null));
    }
}

/// A document that goes with a transaction stays as it was signed, also where an entry has a name that it has, too.
fn a_document_among_entries(client: &Caller) {
    let name = "urn:uuid:11111111-1111-4111-8111-111111111111";
    let other = "urn:uuid:22222222-2222-4222-8222-222222222222";
    let mut about = observation(name, 1);
    about.as_object_mut().unwrap().remove("id");
    let document = json!({"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": name, "resource": {"resourceType": "Patient", "active": true}},
        {"fullUrl": other, "resource": about}]});
    let entries = json!([post("Bundle", None, document.clone()), post("Patient", Some(name), patient("Named"))]);
    let answer = ok(&client.json("POST", "/fhir", &bundle("transaction", entries)), 200);
    assert_eq!(answer["entry"][0]["resource"]["entry"], document["entry"]);
}

/// trules: identities that conditions resolve to must not overlap, and no order between updates changes what comes out.
fn transactions_resolve_alike(client: &Caller) {
    let by_search = || put("Patient?identifier=urn:test|le5", numbered("le5", "By search"));
    let mut named = numbered("le5", "By name");
    named["id"] = json!("letter-named");
    let named = put("Patient/letter-named", named);
    let twice = json!([by_search(), by_search()]);
    outcome(&client.json("POST", "/fhir", &bundle("transaction", twice)), 400);
    for both in [json!([by_search(), named]), json!([named, by_search()])] {
        outcome(&client.json("POST", "/fhir", &bundle("transaction", both)), 400);
    }
    let created = json!([by_search(), post("Patient", None, numbered("le5", "Posted"))]);
    outcome(&client.json("POST", "/fhir", &bundle("transaction", created)), 400);
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|le5"), 0);
    ok(&client.json("POST", "/fhir", &bundle("transaction", json!([by_search()]))), 200);
    let second = json!([by_search(), named]);
    outcome(&client.json("POST", "/fhir", &bundle("transaction", second)), 412);
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|le5"), 1);
}

/// transaction-response: status, location, etag and lastModified as the interaction's own headers would be.
fn answers_of_entries(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &numbered("le6", "Entries")), 201);
    let own = format!("Patient/{}", id(&made));
    let mut changed = made.clone();
    changed["active"] = json!(true);
    let entries = json!([
        put(&own, changed),
        post("Patient", None, numbered("le7", "Entries")),
        request("GET", &own),
        request("GET", &format!("{own}/_history/1")),
    ]);
    let answer = ok(&client.json("POST", "/fhir", &bundle("transaction", entries)), 200);
    for (at, (status, version)) in [("200", 2), ("201", 1), ("200", 2), ("200", 1)].into_iter().enumerate() {
        let response = &answer["entry"][at]["response"];
        assert_eq!((&response["status"], &response["etag"]), (&json!(status), &json!(format!("W/\"{version}\""))));
        let when = response["lastModified"].as_str().unwrap();
        assert!(when.ends_with('Z') && when.len() == 24, "an instant: {when}");
        assert_eq!(answer["entry"][at]["resource"]["meta"]["lastUpdated"], when);
        let located = response["location"].as_str().is_some_and(|text| text.ends_with(&format!("/_history/{version}")));
        assert_eq!(located, at < 2, "{response}");
    }
    let gone = json!([request("DELETE", &own)]);
    let answer = ok(&client.json("POST", "/fhir", &bundle("transaction", gone)), 200);
    assert_eq!(answer["entry"][0]["response"]["etag"], "W/\"3\"");
    let minimal = json!([post("Patient", None, patient("Minimal")), request("GET", "Patient?_count=1")]);
    let headers = [("prefer", "return=minimal")];
    let answer = ok(&ask(client, "POST", "/fhir", &headers, &bundle("batch", minimal)), 200);
    assert_eq!(answer["entry"][0]["resource"], Value::Null);
    assert_eq!(answer["entry"][1]["resource"]["type"], "searchset", "what is read is wanted");
}

/// `9999-12-31` says "without an end" in many systems.
fn ends_of_time(client: &Caller) {
    let who = ok(&client.json("POST", "/fhir/Patient", &patient("Endless")), 201);
    let reference = format!("Patient/{}", id(&who));
    let mut endless = observation(&reference, 1);
    endless["effectiveDateTime"].take();
    endless.as_object_mut().unwrap().remove("effectiveDateTime");
    endless["effectivePeriod"] = json!({"start": "2026-03-01", "end": "9999-12-31"});
    ok(&client.json("POST", "/fhir/Observation", &endless), 201);
    for (date, found) in [("gt2030", 1), ("le9999-12-31", 1), ("lt9999-12-31", 1), ("2026-03", 0), ("ap9999", 1)] {
        assert_eq!(total(client, &format!("/fhir/Observation?subject={reference}&date={date}")), found, "{date}");
    }
}

/// RFC 9112 §3.2, RFC 9110 §5.3: fields that stand once.
fn one_host_and_one_token(demo: &Demo, client: &Caller) {
    let plain = head(client, "GET", "/fhir/Patient?_count=1", "text/plain", "x: y");
    assert_eq!(client.client.raw(plain.as_bytes()).status, 200);
    let host = plain.replacen("host: ", "host: evil.example\r\nhost: ", 1);
    assert_eq!(client.client.raw(host.as_bytes()).status, 400);
    let proof = plain.replacen("x: y", "authorization: Bearer x", 1);
    outcome(&client.client.raw(proof.as_bytes()), 401);
    let elsewhere = plain.replacen("GET /", "GET http://evil.example/", 1);
    assert_eq!(client.client.raw(elsewhere.as_bytes()).status, 421);
    // Links lead to the box's own name, whatever stands before it says.
    let forwarded =
        [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example"), ("x-forwarded-proto", "http")];
    let page = client.ask("GET", "/fhir/Patient?_count=1", &forwarded, "");
    assert!(page.status == 200 && !page.body.contains("evil") && page.body.contains(demo.origin("clinic")));
    let _ = parsed(&page);
}

/// binary.html#rest: a file is sent and read as its bytes.
fn files_as_themselves(client: &Caller) {
    let who = ok(&client.json("POST", "/fhir/Patient", &patient("Filed")), 201);
    let context = format!("Patient/{}", id(&who));
    let headers = [("content-type", "text/plain; charset=utf-8"), ("x-security-context", context.as_str())];
    let made = ok(&client.ask("POST", "/fhir/Binary", &headers, "Grüße"), 201);
    assert_eq!((&made["contentType"], &made["data"]), (&json!("text/plain; charset=utf-8"), &json!("R3LDvMOfZQ==")));
    assert_eq!(made["securityContext"]["reference"], context.as_str());
    let address = format!("/fhir/Binary/{}", id(&made));
    for accept in ["text/plain", "image/png, text/*;q=0.1", "*/*", "text/html,*/*;q=0.8"] {
        let answer = client.ask("GET", &address, &[("accept", accept)], "");
        assert_eq!((answer.status, answer.body.as_str()), (200, "Grüße"), "{accept}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.header("x-security-context"), Some(context.as_str()));
        assert_eq!(answer.header("content-disposition"), Some("attachment"));
        assert!(answer.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));
        assert_eq!(answer.header("etag"), Some("W/\"1\""));
    }
    // What is wanted more is given; what is about the file is a resource, whatever its type.
    let less = [("accept", "application/fhir+json;q=0.1, text/plain")];
    assert_eq!(client.ask("GET", &address, &less, "").body, "Grüße");
    outcome(&client.ask("GET", &format!("{address}/_history"), &[("accept", "text/plain")], ""), 406);
    let pretty = r#"{"a":1.00,"b":[1,2]}"#;
    let raw = ok(&client.ask("POST", "/fhir/Binary", &[("content-type", "text/x-raw")], pretty), 201);
    assert_eq!(
        client.ask("GET", &format!("/fhir/Binary/{}?_pretty=true", id(&raw)), &[("accept", "*/*")], "").body,
        pretty
    );
    for accept in ["application/fhir+json", "text/plain, application/json", "application/*"] {
        assert_eq!(ok(&client.ask("GET", &address, &[("accept", accept)], ""), 200)["data"], made["data"], "{accept}");
    }
    outcome(&client.ask("GET", &address, &[("accept", "image/png")], ""), 406);
    // A Binary as XML is no file of that type.
    let xml = r#"<Binary xmlns="http://hl7.org/fhir"><contentType value="image/png"/></Binary>"#;
    for kind in ["application/fhir+xml", "application/xml+fhir"] {
        outcome(&client.ask("POST", "/fhir/Binary", &[("content-type", kind)], xml), 415);
    }
    outcome(&client.ask("GET", &format!("/fhir/{context}"), &[("accept", "text/plain")], ""), 406);
    let headers = [("content-type", "application/pdf")];
    let put = ok(&client.ask("PUT", &address, &headers, "%PDF-1.4"), 200);
    assert_eq!((&put["contentType"], id(&put)), (&json!("application/pdf"), id(&made)));
    outcome(&client.ask("POST", "/fhir/Patient", &headers, "%PDF-1.4"), 415);
    let bad = json!({"resourceType": "Binary", "contentType": "nonsense mime"});
    outcome(&client.json("POST", "/fhir/Binary", &bad), 422);
}

/// A program that writes over what it may not see takes no seal away, also where the seal came from what it follows.
fn a_seal_that_is_inherited_stays(demo: &Demo, client: &Caller) {
    let who = ok(&client.json("POST", "/fhir/Patient", &patient("Sealed")), 201);
    let mut sealed = observation(&format!("Patient/{}", id(&who)), 3);
    sealed["id"] = json!("inherited-o");
    ok(&client.json("PUT", "/fhir/Observation/inherited-o", &sealed), 201);
    sealed["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]});
    let file = json!({"resourceType": "Binary", "id": "inherited-b", "contentType": "text/plain", "data": "YQ==",
        "securityContext": {"reference": "Observation/inherited-o"}});
    ok(&client.json("PUT", "/fhir/Binary/inherited-b", &file), 201);
    assert_eq!(client.json("PUT", "/fhir/Observation/inherited-o", &sealed).status, 200);
    let doctor = demo.signed_in("clinic", "clinician");
    let unseen = |caller: &Caller| outcome(&caller.get("/fhir/Binary/inherited-b"), 404);
    unseen(client);
    unseen(&doctor);
    let put = client.ask("PUT", "/fhir/Binary/inherited-b", &[("content-type", "text/plain")], "new");
    assert_eq!(put.status, 200, "{}", put.body);
    unseen(client);
    unseen(&doctor);
    assert!(!put.body.contains("\"security\":[]"), "{}", put.body);
}

/// bundle.html#references: a version of an entry is the entry.
fn versions_of_entries(client: &Caller) {
    let of = |text: &str| observation(text, 3);
    let mut who = patient("Versioned");
    who["meta"] = json!({"versionId": "1"});
    let entries = json!([
        post("Patient", Some("http://ex.example/fhir/Patient/abc"), who),
        post(
            "Observation",
            Some("urn:uuid:0191d9a0-0000-7000-8000-000000000001"),
            of("http://ex.example/fhir/Patient/abc/_history/1")
        ),
    ]);
    let made = ok(&client.json("POST", "/fhir", &bundle("transaction", entries)), 200);
    let subject = made["entry"][1]["resource"]["subject"]["reference"].as_str().unwrap();
    assert_eq!(subject, format!("Patient/{}", id(&made["entry"][0]["resource"])));
}

/// search.html#elements: what is marked as a part would put away the rest.
fn parts_are_not_put_back(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &numbered("pa1", "Parted")), 201);
    let address = format!("/fhir/Patient/{}", id(&made));
    let part = ok(&client.get(&format!("{address}?_elements=active")), 200);
    outcome(&client.json("PUT", &address, &part), 422);
    outcome(&client.json("POST", "/fhir/Patient", &part), 422);
    assert_eq!(ok(&client.get(&address), 200)["name"], made["name"]);
    outcome(&client.get("/fhir/Patient?_elements=zz,name"), 400);
    let answer =
        ok(&client.ask("GET", "/fhir/Patient?_elements=zz&_count=1", &[("prefer", "handling=lenient")], ""), 200);
    assert!(answer.to_string().contains("zz"), "what is left out is said: {answer}");
    for known in ["name", "Patient.name", "birthDate", "extension"] {
        ok(&client.get(&format!("/fhir/Patient?_elements={known}&_count=1")), 200);
    }
    ok(&client.get("/fhir/Observation?_elements=value,Patient.name&_count=1"), 200);
}

/// Conditions of another type, ids that are none, and doubled parameters.
fn what_nobody_asked_for(client: &Caller) {
    let headers = [("content-type", "application/fhir+json"), ("if-none-exist", "Observation?identifier=urn:test|no1")];
    outcome(&client.ask("POST", "/fhir/Patient", &headers, &numbered("no1", "Unasked").to_string()), 400);
    let mut entry = post("Patient", None, numbered("no1", "Unasked"));
    entry["request"]["ifNoneExist"] = "Observation?identifier=urn:test|no1".into();
    outcome(&client.json("POST", "/fhir", &bundle("transaction", json!([entry]))), 400);
    assert_eq!(total(client, "/fhir/Patient?identifier=urn:test|no1"), 0);
    let headers = [("content-type", "application/fhir+json"), ("if-none-exist", "Patient?identifier=urn:test|no1")];
    ok(&client.ask("POST", "/fhir/Patient", &headers, &numbered("no1", "Unasked").to_string()), 201);
    let mut named = patient("Unasked");
    named["id"] = "bad_id".into();
    outcome(&client.json("PUT", "/fhir/Patient/bad_id", &named), 400);
    outcome(&client.get("/fhir/Patient/_history?_count=1&_count=2"), 400);
    // Where a reference leads nowhere is said.
    let mut lost = observation("nobody-here", 1);
    lost["subject"] = json!({"reference": "Patient/nobody-here"});
    let answer = client.json("POST", "/fhir/Observation", &lost);
    outcome(&answer, 422);
    assert_eq!(parsed(&answer)["issue"][0]["expression"][0], "Observation.subject");
    let answer = client.json("POST", "/fhir", &bundle("transaction", json!([post("Observation", None, lost)])));
    assert_eq!(parsed(&answer)["issue"][0]["expression"][0], "Bundle.entry[0].resource.subject");
    let made = ok(&client.json("POST", "/fhir/Patient", &patient("Headed")), 201);
    let entries = json!([request("HEAD", &format!("Patient/{}", id(&made)))]);
    for kind in ["batch", "transaction"] {
        let answer = ok(&client.json("POST", "/fhir", &bundle(kind, entries.clone())), 200);
        assert_eq!(statuses(&answer), ["200"]);
        assert_eq!(answer["entry"][0]["resource"], Value::Null);
        assert!(answer["entry"][0]["response"]["etag"].is_string());
    }
}

/// search.html#contained: a chain goes through contained resources.
fn chains_go_through_contained(client: &Caller) {
    let who = ok(&client.json("POST", "/fhir/Patient", &patient("Contained")), 201);
    let medicine = json!({"resourceType": "Medication", "id": "m", "ingredient": [
        {"itemCodeableConcept": {"coding": [{"system": "urn:test", "code": "within"}]}}]});
    let request = json!({"resourceType": "MedicationRequest", "status": "active", "intent": "order", "contained": [medicine],
        "medicationReference": {"reference": "#m"}, "subject": {"reference": format!("Patient/{}", id(&who))}});
    let made = ok(&client.json("POST", "/fhir/MedicationRequest", &request), 201);
    let found = |query: &str| total(client, &format!("/fhir/MedicationRequest?{query}"));
    for (query, count) in [
        ("medication.ingredient-code=urn:test|within", 1),
        ("medication:Medication.ingredient-code=within", 1),
        ("medication.ingredient-code=urn:test|without", 0),
    ] {
        assert_eq!(found(query), count, "{query}");
        assert_eq!(found(&format!("{query}&_id={}", id(&made))), count, "{query}, of one");
    }
    let missing = |is: bool| found(&format!("_id={}&medication:missing={is}", id(&made)));
    assert_eq!((missing(false), missing(true)), (1, 0));
}
