//! What somebody sends who means harm: to the parsers, to the writer that all share, and across patients.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::api::interactions::{patch, request, statuses};
use crate::api::{bundle, id, observation, ok, outcome, parsed, post, send};
use crate::demo::{Caller, Demo};

pub fn all(demo: &Demo, client: &Caller) {
    numbers_and_depth(client);
    searches_that_cost(client);
    bundles_that_cost(client);
    pages_that_end_early(client);
    framing(client);
    a_patient_stays_with_themselves(demo, client);
    what_is_cut_stays_cut(demo, client);
    scopes_hold(demo, client);
}

fn raw(client: &Caller, path: &str, body: &str) -> crate::client::Answer {
    send(client, "POST", path, "application/fhir+json", body.as_bytes())
}

fn numbers_and_depth(client: &Caller) {
    let value = |number: &str| {
        let body = observation("https://else.where/Patient/1", 1).to_string();
        raw(client, "/fhir/Observation", &body.replace("\"value\":71", &format!("\"value\":{number}")))
    };
    // What is a decimal is kept to the last digit, whatever its size.
    for number in ["1e999999999", "-1E-999999999", "0.10000000000000000000000000000000000001", &"9".repeat(50_000)] {
        let made = ok(&value(number), 201);
        let read = client.get(&format!("/fhir/Observation/{}", id(&made)));
        let kept = number.to_lowercase().replace("1e9", "1e+9");
        assert!(read.body.contains(&format!("\"value\":{kept}")), "{}", &read.body[..read.body.len().min(900)]);
    }
    for number in ["+1", "01", "1.", ".5", "0x10", "NaN", "Infinity", "1e", "--1"] {
        outcome(&value(number), 400);
    }
    for (body, status) in [
        (r#"{"resourceType":"Patient","multipleBirthInteger":99999999999}"#, 422),
        (r#"{"resourceType":"Patient","multipleBirthInteger":1e2}"#, 422),
        (r#"{"resourceType":"Patient","multipleBirthInteger":1.0}"#, 422),
        (r#"{"resourceType":"Patient","birthDate":"0000-01-01"}"#, 422),
        (r#"{"resourceType":"Patient","active":true,"\u0061ctive":false}"#, 400),
        (r#"{"resourceType":"Patient","name":[{"family":"a","family":"b"}]}"#, 400),
        (r#"{"resourceType":"Patient","name":[{"family":"a\u0000b"}]}"#, 422),
        (r#"{"resourceType":"Patient","__proto__":{"x":1}}"#, 422),
        (
            r#"{"resourceType":"Patient","contained":[{"resourceType":"Patient","contained":[{"resourceType":"Patient"}]}]}"#,
            422,
        ),
    ] {
        outcome(&raw(client, "/fhir/Patient", body), status);
    }
    let nested = |levels: usize| {
        (0..levels).fold(json!({"resourceType": "Basic", "code": {"text": "x"}}), |inner, _| {
            bundle("collection", json!([{"resource": inner}]))
        })
    };
    ok(&client.json("POST", "/fhir/Bundle", &nested(10)), 201);
    outcome(&client.json("POST", "/fhir/Bundle", &nested(60)), 400);
    // Contained resources that refer to each other in a ring are no loop for anybody.
    let link = |to: &str| json!([{"other": {"reference": to}, "type": "refer"}]);
    let mut ring = observation("#a", 1);
    ring["contained"] = json!([
        {"resourceType": "Patient", "id": "a", "link": link("#b")},
        {"resourceType": "Patient", "id": "b", "link": link("#a")},
    ]);
    let made = ok(&client.json("POST", "/fhir/Observation", &ring), 201);
    let found = client.get(&format!("/fhir/Observation?_id={}&_include:iterate=*&_revinclude:iterate=*", id(&made)));
    assert_eq!(ok(&found, 200)["entry"].as_array().unwrap().len(), 1);
}

fn searches_that_cost(client: &Caller) {
    let long = "a".repeat(5_000);
    let many = vec!["a"; 5_000].join(",");
    let chain = "subject.".repeat(200);
    for query in [
        format!("code={many}"),
        format!("_id={long}"),
        format!("_elements={many}"),
        format!("_sort={}", "date,".repeat(2_000)),
        format!("{}x=1", "_has:Observation:subject:".repeat(100)),
        format!("{chain}name=x"),
        vec!["_include=Observation:subject"; 500].join("&"),
        "value-quantity=1e999999999".into(),
        "date=99999-01-01".into(),
        "code=%00%zz".into(),
        "code=%ff%fe".into(),
        format!("_cursor={}", "A".repeat(3_000)),
        "_cursor=..%2F..%2Fetc".into(),
        format!("_filter={}", "(".repeat(3_000)),
    ] {
        let answer = client.get(&format!("/fhir/Observation?{query}"));
        outcome(&answer, 400);
        assert!(answer.body.len() < 2_000, "the answer is short: {}", answer.body);
    }
    // Text is text: nothing in it is a pattern.
    for value in [".*", "%25", "_", "(a%2B)%2B$", "[a-z]*", "';--", "\\%5C"] {
        let answer = client.get(&format!("/fhir/Patient?family:contains={value}&_summary=count"));
        assert_eq!(ok(&answer, 200)["total"], 0, "{value}");
    }
    // The marker of one search is none of another, and a forged one shows nothing more than a page.
    let page = ok(&client.get("/fhir/Patient?_count=1"), 200);
    let next = page["link"].as_array().unwrap().iter().find(|link| link["relation"] == "next").unwrap();
    let cursor = next["url"].as_str().unwrap().split("_cursor=").nth(1).unwrap().split('&').next().unwrap();
    outcome(&client.get(&format!("/fhir/Observation?_count=1&_cursor={cursor}")), 400);
    outcome(&client.get(&format!("/fhir/Patient?_count=1&family=x&_cursor={cursor}")), 400);
    for at in 0..cursor.len() {
        let mut forged = cursor.as_bytes().to_vec();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let status =
            client.get(&format!("/fhir/Patient?_count=1&_cursor={}", String::from_utf8(forged).unwrap())).status;
        assert!(matches!(status, 200 | 400), "{status}");
    }
}

fn bundles_that_cost(client: &Caller) {
    let one = post("Patient", None, json!({"resourceType": "Patient"}));
    let many = vec![one; 10_000];
    for kind in ["batch", "transaction"] {
        let answer = client.json("POST", "/fhir", &bundle(kind, json!(many)));
        outcome(&answer, 422);
        assert_eq!(parsed(&answer)["issue"][0]["code"], "too-costly");
    }
    // What asks for more than one answer holds: of a batch the rest is refused, entry by entry; a transaction as a whole.
    let file = client.ask("POST", "/fhir/Binary", &[("content-type", "text/plain")], &"x".repeat(1 << 20));
    let address = format!("Binary/{}", id(&ok(&file, 201)));
    let many = vec![request("GET", &address); 60];
    let answer = client.json("POST", "/fhir", &bundle("batch", json!(many)));
    assert!(answer.status == 200 && answer.body.len() < 48 << 20, "{} bytes", answer.body.len());
    let entries = parsed(&answer)["entry"].take();
    assert_eq!(entries[0]["response"]["status"], "200");
    assert_eq!(entries[59]["response"]["outcome"]["issue"][0]["code"], "too-costly");
    let answer = client.json("POST", "/fhir", &bundle("transaction", json!(many)));
    outcome(&answer, 422);
    assert_eq!(parsed(&answer)["issue"][0]["code"], "too-costly");
    // What takes more than a moment and less than too long is answered.
    let many = vec![request("GET", "Observation?_count=200&_include=*"); 12];
    ok(&client.json("POST", "/fhir", &bundle("transaction", json!(many))), 200);
    let all: Vec<String> = (0..100).map(|at| format!("name:contains={}{at}", "a,".repeat(50))).collect();
    let answer = client.form("/fhir/Patient/_search", &all.join("&"));
    assert!(matches!(answer.status, 400 | 422), "{}", answer.status);
    // A bundle may be larger than a resource, as the configuration says.
    let long = json!({"resourceType": "Basic", "code": {"text": "x".repeat(1 << 20)}});
    let many = vec![post("Basic", None, long); 4];
    let answer = client.json("POST", "/fhir", &bundle("batch", json!(many)));
    assert_eq!(answer.status, 200, "{}", &answer.body[..answer.body.len().min(300)]);
    // A refusal says of no body that it is compressed.
    let headers = [("content-type", "application/fhir+json"), ("accept-encoding", "gzip")];
    let answer = client.ask("POST", "/fhir/Patient", &headers, &" ".repeat(3 << 20));
    assert_eq!(answer.header("content-encoding"), None);
    outcome(&answer, 413);
    // Somewhat too large: the sender may write all of it, and reads why it was refused.
    let answer = raw(client, "/fhir/Patient", &" ".repeat(9 << 20));
    outcome(&answer, 413);
    // A patch that copies the whole into itself, again and again.
    let made = ok(&client.json("POST", "/fhir/Patient", &json!({"resourceType": "Patient"})), 201);
    let mut bomb = vec![json!({"op": "add", "path": "/extension", "value": []})];
    bomb.extend(vec![json!({"op": "copy", "from": "", "path": "/extension/-"}); 60]);
    let answer = patch(client, &format!("/fhir/Patient/{}", id(&made)), &[], &Value::Array(bomb));
    assert!(matches!(answer.status, 409 | 422), "{}", answer.body);
    // One bundle with thousands of things wrong says some of them.
    let wrong = vec![request("STEAL", "x"); 4_000];
    let answer = client.json("POST", "/fhir", &bundle("transaction", json!(wrong)));
    assert_eq!(answer.status, 400);
    assert!(answer.body.len() < 200_000, "{} bytes", answer.body.len());
    let mut names = String::from(r#"{"resourceType":"Patient","name":["#);
    (0..3_000).for_each(|at| write!(names, "{}{{\"famly\":\"x\"}}", if at == 0 { "" } else { "," }).unwrap());
    let answer = raw(client, "/fhir/Patient", &(names + "]}"));
    outcome_of(&answer, 422);
    assert!(answer.body.len() < 200_000, "{} bytes", answer.body.len());
}

/// A page that ends because of its size goes on where it ended, also over several types and with a total.
fn pages_that_end_early(client: &Caller) {
    let tag = json!({"tag": [{"system": "urn:pages", "code": "early"}]});
    let file = json!({"resourceType": "DocumentReference", "status": "current", "meta": tag,
        "content": [{"attachment": {"contentType": "text/plain", "data": "AAAA".repeat(475_000)}}]});
    for _ in 0..6 {
        assert_eq!(client.json("POST", "/fhir/DocumentReference", &file).status, 201);
    }
    let mut small = observation("https://else.where/Patient/1", 1);
    small["meta"] = tag;
    let many: Vec<Value> = (0..120).map(|_| post("Observation", None, small.clone())).collect();
    assert_eq!(client.json("POST", "/fhir", &bundle("transaction", json!(many))).status, 200);
    for how in ["", "&_total=accurate", "&_sort=_lastUpdated", "&_total=accurate&_count=50"] {
        let mut at = format!("/fhir?_type=DocumentReference,Observation&_tag=urn:pages|early{how}");
        let mut found = Vec::new();
        loop {
            let page = ok(&client.get(&at), 200);
            let entries = page["entry"].as_array().cloned().unwrap_or_default();
            found.extend(entries.iter().map(|entry| entry["fullUrl"].as_str().unwrap().to_owned()));
            if how.contains("accurate") {
                assert_eq!(page["total"], 126);
            }
            let next = page["link"].as_array().unwrap().iter().find(|link| link["relation"] == "next");
            let Some(next) = next else { break };
            at = next["url"].as_str().unwrap().split_once("/fhir").map(|(_, rest)| format!("/fhir{rest}")).unwrap();
        }
        let came = found.len();
        found.sort();
        found.dedup();
        assert_eq!((came, found.len()), (126, 126), "{how}");
    }
}

#[track_caller]
fn outcome_of(answer: &crate::client::Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(parsed(answer)["resourceType"], "OperationOutcome");
}

/// One request cannot be read as two.
fn framing(client: &Caller) {
    let host = client.client.authority();
    let (name, token) = client.proof().first().map(|(name, value)| ((*name).to_owned(), value.clone())).unwrap();
    let smuggled = format!("GET /fhir/Patient HTTP/1.1\r\nhost: {host}\r\n\r\n");
    for framing in [
        "content-length: 4\r\ntransfer-encoding: chunked",
        "content-length: 4\r\ncontent-length: 5",
        "transfer-encoding: xchunked",
        "transfer-encoding: chunked, identity",
        "transfer-encoding : chunked",
        "content-length: +4",
        "content-length: 4\r\n continued",
    ] {
        let text = format!(
            "POST /fhir/Patient HTTP/1.1\r\nhost: {host}\r\n{name}: {token}\r\ncontent-type: application/json\r\n{framing}\r\n\r\n0\r\n\r\n{smuggled}"
        );
        let answer = client.client.raw(text.as_bytes());
        assert_eq!(answer.status, 400, "{framing}: {}", answer.body);
        assert!(!answer.body.contains("HTTP/1.1"), "{framing}: a second answer");
    }
}

/// A patient's token writes into no other chart and moves nothing there, by any way.
fn a_patient_stays_with_themselves(demo: &Demo, client: &Caller) {
    let own = demo.patient_of("patient");
    let token = demo.command(&["token", "create", "--user", "patient"]);
    let patient = demo.bearer("clinic", &token);
    let other = ok(&client.json("POST", "/fhir/Patient", &crate::api::patient("Other")), 201);
    let other = id(&other).to_owned();
    let theirs = ok(&client.json("POST", "/fhir/Observation", &observation(&format!("Patient/{other}"), 1)), 201);
    let theirs = id(&theirs).to_owned();
    let of = |who: &str| {
        let mut one = observation(&format!("Patient/{who}"), 1);
        one["performer"] = json!([{"reference": format!("Patient/{own}")}]);
        one
    };
    let mine = ok(&patient.json("POST", "/fhir/Observation", &of(&own)), 201);
    let mine = id(&mine).to_owned();
    // What is there and what is not get the same answer, word for word.
    let same = |method: &str, there: &str, absent: &str, body: &Value| {
        let (a, b) = (patient.json(method, there, body), patient.json(method, absent, body));
        let plain = |text: &str| text.replace(&other, "?").replace(&theirs, "?").replace("nobody", "?");
        assert_eq!((a.status, plain(&a.body)), (b.status, plain(&b.body)), "{method} {there}");
        assert!(a.status >= 400, "{method} {there}: {}", a.body);
    };
    same("GET", &format!("/fhir/Patient/{other}"), "/fhir/Patient/nobody", &Value::Null);
    for tail in ["", "/_history", "/_history/1", "/$meta"] {
        same(
            "GET",
            &format!("/fhir/Observation/{theirs}{tail}"),
            &format!("/fhir/Observation/nobody{tail}"),
            &Value::Null,
        );
    }
    same("DELETE", &format!("/fhir/Observation/{theirs}"), "/fhir/Observation/nobody", &Value::Null);
    same("DELETE", &format!("/fhir/Observation?_id={theirs}"), "/fhir/Observation?_id=nobody", &Value::Null);
    same("PUT", &format!("/fhir/Observation?_id={theirs}"), "/fhir/Observation?_id=nobody", &of(&own));
    let writes = |subject: &str| patient.json("POST", "/fhir/Observation", &of(subject));
    let (a, b) = (writes(&other), writes("nobody"));
    assert_eq!((a.status, a.body), (b.status, b.body));
    for body in [
        json!({"focus": [{"reference": format!("Patient/{other}")}]}),
        json!({"performer": [{"reference": format!("Patient/{other}")}]}),
        json!({"subject": {"reference": format!("{}/fhir/Patient/{other}", demo.origin("clinic"))}}),
        json!({"subject": {"reference": format!("Patient/{other}/_history/1")}}),
        json!({"contained": [{"resourceType": "Patient", "id": "p", "link": [{"other": {"reference": format!("Patient/{other}")}, "type": "seealso"}]}], "subject": {"reference": "#p"}}),
    ] {
        let mut one = of(&own);
        body.as_object().unwrap().iter().for_each(|(key, value)| one[key] = value.clone());
        let answer = patient.json("POST", "/fhir/Observation", &one);
        assert!(matches!(answer.status, 404 | 422), "{body}: {}", answer.body);
    }
    // Words that a clinician seems to have said.
    for note in [json!({"authorString": "Dr. Who"}), json!({"authorReference": {"reference": "Practitioner/dr"}})] {
        let mut one = of(&own);
        one["note"] = json!([{"text": "All is well."}, note]);
        one["note"][1]["text"] = json!("Stop the warfarin.");
        outcome(&patient.json("POST", "/fhir/Observation", &one), 422);
    }
    let mut one = of(&own);
    one["note"] = json!([{"text": "Before breakfast.", "authorReference": {"reference": format!("Patient/{own}")}}]);
    ok(&patient.json("POST", "/fhir/Observation", &one), 201);
    // Who acts for a patient speaks for that one, and no other.
    let (ward, proxy) = (demo.patient_of("proxy"), demo.command(&["token", "create", "--user", "proxy"]));
    let proxy = demo.bearer("clinic", &proxy);
    let by = |subject: &str, performer: &str| {
        let mut one = observation(&format!("Patient/{subject}"), 1);
        one["performer"] = json!([{"reference": format!("Patient/{performer}")}]);
        proxy.json("POST", "/fhir/Observation", &one)
    };
    ok(&by(&ward, &ward), 201);
    for (subject, performer) in [(&ward, &own), (&own, &own), (&own, &ward)] {
        let answer = by(subject, performer);
        assert!(matches!(answer.status, 404 | 422), "{}", answer.body);
    }
    // Moving one's own into another's chart.
    let mut moved = of(&other);
    moved["id"] = json!(mine);
    assert!(patient.json("PUT", &format!("/fhir/Observation/{mine}"), &moved).status >= 400);
    let by_patch = json!([{"op": "replace", "path": "/subject/reference", "value": format!("Patient/{other}")}]);
    assert!(patch(&patient, &format!("/fhir/Observation/{mine}"), &[], &by_patch).status >= 400);
    for entries in [
        json!([post("Observation", None, of(&own)), post("Observation", None, of(&other))]),
        json!([post("Observation", None, observation(&format!("Patient?_id={other}"), 1))]),
        json!([request("GET", &format!("Patient/{other}"))]),
        json!([post("Observation", None, of(&own)), request("DELETE", &format!("Observation/{theirs}"))]),
    ] {
        let answer = patient.json("POST", "/fhir", &bundle("transaction", entries));
        assert!(answer.status >= 400, "{}", answer.body);
    }
    let batch = json!([
        request("GET", &format!("Patient/{other}")),
        request("GET", "Patient/nobody"),
        post("Observation", None, of(&other))
    ]);
    assert_eq!(statuses(&ok(&patient.json("POST", "/fhir", &bundle("batch", batch)), 200)), ["404", "404", "404"]);
    // A condition that would find another's makes one's own, as if there were none.
    let headers = [("content-type", "application/fhir+json"), ("if-none-exist", &format!("_id={theirs}"))];
    ok(&patient.ask("POST", "/fhir/Observation", &headers, &of(&own).to_string()), 201);
    for query in [
        "Patient?_count=100",
        "Observation?_count=100&_include=*&_revinclude=*",
        "?_type=Patient,Observation",
        "_history?_count=100",
        "Patient/_history",
    ] {
        let answer = patient.get(&format!("/fhir/{query}"));
        assert!(!ok(&answer, 200).to_string().contains(&other), "{query}");
    }
    // None of it reached the other chart.
    let chart = ok(&client.get(&format!("/fhir/Observation?patient={other}")), 200);
    assert_eq!(chart["entry"].as_array().unwrap().len(), 1);
    assert_eq!(
        ok(&client.get(&format!("/fhir/Observation/{mine}")), 200)["subject"]["reference"],
        format!("Patient/{own}")
    );
    // What a clinic moves out of a chart leaves it, with its past, whichever way it is asked for.
    let mut moved = observation(&format!("Patient/{other}"), 1);
    moved["id"] = json!(mine);
    ok(&client.json("PUT", &format!("/fhir/Observation/{mine}"), &moved), 200);
    outcome(&patient.get(&format!("/fhir/Observation/{mine}")), 404);
    for tail in ["/_history", "/_history/1", "/_history/2"] {
        outcome(&patient.get(&format!("/fhir/Observation/{mine}{tail}")), 404);
    }
    for query in ["_history?_count=200", "Observation/_history?_count=200"] {
        let answer = ok(&patient.get(&format!("/fhir/{query}")), 200);
        assert!(!answer.to_string().contains(&mine), "{query}");
    }
}

/// Elements that reception never gets come out by no way, and nothing can be learned of them by asking whether they hold.
fn what_is_cut_stays_cut(demo: &Demo, client: &Caller) {
    let who = demo.patient_of("patient");
    let secret = "Hushword";
    let appointment = json!({
        "resourceType": "Appointment", "status": "booked", "start": "2026-12-03T09:00:00Z", "end": "2026-12-03T09:15:00Z",
        "description": secret, "comment": secret, "reasonCode": [{"text": secret}],
        "participant": [{"actor": {"reference": format!("Patient/{who}")}, "status": "accepted"}],
    });
    let made = ok(&client.json("POST", "/fhir/Appointment", &appointment), 201);
    let address = format!("/fhir/Appointment/{}", id(&made));
    let token = demo.command(&["token", "create", "--user", "reception"]);
    let reception = demo.bearer("clinic", &token);
    for path in [
        address.clone(),
        format!("{address}/_history"),
        format!("{address}/_history/1"),
        format!("/fhir/Appointment?_id={}&_elements=description,comment", id(&made)),
        format!("/fhir/Patient?_id={who}&_revinclude=Appointment:patient"),
        format!("/fhir/Patient/{who}/*"),
    ] {
        let answer = reception.get(&path);
        assert!(answer.status == 200 && !answer.body.contains(secret), "{path}: {}", answer.body);
    }
    // A search or a patch by what is cut answers the same for the right word and a wrong one.
    for search in ["reason-code:text=", "_content=", "_text=", "_has:X=", "description="] {
        let ask = |word: &str| {
            let answer = reception.get(&format!("/fhir/Appointment?{search}{word}&_summary=count"));
            (answer.status, answer.body.replace(word, "?"))
        };
        assert_eq!(ask(secret), ask("Otherword"), "{search}");
    }
    let test = |word: &str| {
        let answer = patch(&reception, &address, &[], &json!([{"op": "test", "path": "/description", "value": word}]));
        (answer.status, answer.body)
    };
    assert_eq!(test(secret), test("Otherword"));
    for op in ["copy", "move"] {
        let steal = json!([{"op": op, "from": "/comment", "path": "/patientInstruction"}]);
        outcome(&patch(&reception, &address, &[], &steal), 409);
    }
    let arrived = json!([{"op": "replace", "path": "/status", "value": "arrived"}]);
    let answer = patch(&reception, &address, &[], &arrived);
    assert!(answer.status == 200 && !answer.body.contains(secret), "{}", answer.body);
    let kept = ok(&client.get(&address), 200);
    assert_eq!(
        (&kept["status"], &kept["description"], &kept["comment"]),
        (&json!("arrived"), &json!(secret), &json!(secret))
    );
}

/// A token does what its scopes say, and learns nothing beside.
fn scopes_hold(demo: &Demo, client: &Caller) {
    let who = ok(&client.json("POST", "/fhir/Patient", &crate::api::patient("Scoped")), 201);
    let reference = format!("Patient/{}", id(&who));
    let made = ok(&client.json("POST", "/fhir/Observation", &observation(&reference, 1)), 201);
    let (own, subject) = (id(&made), id(&who));
    let reads = demo.service("scoped-reads", "system/Observation.rs");
    ok(&reads.get(&format!("/fhir/Observation/{own}")), 200);
    let along = ok(&reads.get(&format!("/fhir/Observation?_id={own}&_include=Observation:subject&_revinclude=*")), 200);
    assert_eq!(along["entry"].as_array().unwrap().len(), 1, "what may not be read does not come along");
    for path in [format!("/fhir/Patient/{subject}"), "/fhir/Patient".into()] {
        outcome(&reads.get(&path), 403);
    }
    // Through a type that it may not search a chain finds nothing, whatever there is.
    for chain in [format!("patient._id={subject}"), "patient.name=x".into(), "_has:Provenance:target:agent=x".into()] {
        let found = ok(&reads.get(&format!("/fhir/Observation?{chain}")), 200);
        assert!(found.get("entry").is_none(), "{found}");
    }
    // A type that is named is not passed over.
    outcome(&reads.get("/fhir?_type=Patient,Observation&_count=5"), 403);
    for page in ["/fhir?_count=5", "/fhir/_history?_count=50", &format!("/fhir/Patient/{subject}/*")] {
        let page = ok(&reads.get(page), 200);
        let foreign = page["entry"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|entry| entry["resource"]["resourceType"] != "Observation");
        assert!(!foreign, "{page}");
    }
    outcome(&reads.json("POST", "/fhir/Observation", &observation(&reference, 2)), 403);
    let creates = demo.service("scoped-creates", "system/Observation.c");
    ok(&creates.json("POST", "/fhir/Observation", &observation(&reference, 3)), 201);
    outcome(&creates.get(&format!("/fhir/Observation/{own}")), 403);
    let headers = [("content-type", "application/fhir+json"), ("if-none-exist", &format!("_id={own}"))];
    outcome(&creates.ask("POST", "/fhir/Observation", &headers, &observation(&reference, 4).to_string()), 403);
    let mut over = observation(&reference, 5);
    over["id"] = json!(own);
    outcome(&creates.json("PUT", &format!("/fhir/Observation/{own}"), &over), 403);
}
