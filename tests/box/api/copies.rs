//! What is handed out in one piece: `$everything`, `$export`, `$summary`, `$lastn`.

use serde_json::{Value, json};

use crate::api::{id, observation, ok, outcome, parsed, patient};
use crate::client::{Answer, End};
use crate::demo::{Caller, Demo};

pub fn all(demo: &Demo, client: &Caller) {
    everything(demo, client);
    everything_by_role(demo, client);
    export(demo, client);
    export_of_a_group(client);
    export_refusals(demo, client);
    export_breaks_off(demo, client);
    a_download_breaks_off(demo, client);
    last_n(client);
    summary(demo, client);
}

/// A path below the origin, of an absolute address.
fn path_of<'a>(demo: &Demo, address: &'a str) -> &'a str {
    address.strip_prefix(demo.origin("clinic")).unwrap_or_else(|| panic!("{address}"))
}

fn names(page: &Value, mode: &str) -> Vec<String> {
    let entries = page["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of =
        |entry: &Value| format!("{}/{}", entry["resource"]["resourceType"].as_str().unwrap(), id(&entry["resource"]));
    entries.iter().filter(|entry| entry["search"]["mode"] == mode).map(of).collect()
}

fn next(page: &Value) -> Option<&str> {
    let links = page["link"].as_array().unwrap();
    links.iter().find(|link| link["relation"] == "next").map(|link| link["url"].as_str().unwrap())
}

fn everything(demo: &Demo, client: &Caller) {
    let who = ok(&client.json("POST", "/fhir/Practitioner", &json!({"resourceType": "Practitioner"})), 201);
    let mut whole = patient("Copied");
    whole["generalPractitioner"] = json!([{"reference": format!("Practitioner/{}", id(&who))}]);
    let of = ok(&client.json("POST", "/fhir/Patient", &whole), 201);
    let reference = format!("Patient/{}", id(&of));
    for day in 1..=5 {
        ok(&client.json("POST", "/fhir/Observation", &observation(&reference, day)), 201);
    }
    let address = format!("/fhir/{reference}/$everything");
    let page = ok(&client.get(&address), 200);
    assert_eq!(page["type"], "searchset");
    assert_eq!(names(&page, "match").len(), 6);
    assert_eq!(names(&page, "match")[0], reference);
    assert_eq!(names(&page, "include"), [format!("Practitioner/{}", id(&who))]);
    assert_eq!(page["entry"][0]["fullUrl"], format!("{}/fhir/{reference}", demo.origin("clinic")));
    // Pages by their links.
    let mut page = ok(&client.get(&format!("{address}?_count=4")), 200);
    let mut found = names(&page, "match");
    while let Some(next) = next(&page) {
        page = ok(&client.get(path_of(demo, next)), 200);
        found.extend(names(&page, "match"));
    }
    assert_eq!(found.len(), 6);
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 6);
    // By POST, with what a query says in a body.
    let parameters = json!({"resourceType": "Parameters", "parameter": [
        {"name": "start", "valueDate": "2026-03-02"}, {"name": "end", "valueDate": "2026-03-03"},
        {"name": "_type", "valueCode": "Observation"}, {"name": "_count", "valueInteger": 1}]});
    let page = ok(&client.json("POST", &address, &parameters), 200);
    assert_eq!(names(&page, "match").len(), 1);
    let page = ok(&client.get(path_of(demo, next(&page).unwrap())), 200);
    assert_eq!((names(&page, "match").len(), next(&page)), (1, None));
    // In a batch.
    let get = json!({"request": {"method": "GET", "url": format!("{reference}/$everything?_type=Patient")}});
    let batch = ok(&client.json("POST", "/fhir", &crate::api::bundle("batch", json!([get]))), 200);
    assert_eq!(names(&batch["entry"][0]["resource"], "match"), std::slice::from_ref(&reference));
    for (bad, status) in [
        (format!("{address}?name=x"), 400),
        (format!("{address}?start=soon"), 400),
        (format!("{address}?_type=AuditEvent"), 400),
        (format!("{address}?_cursor=abc"), 400),
        ("/fhir/Patient/nobody/$everything".into(), 404),
        (format!("/fhir/Observation/{}/$everything", id(&of)), 404),
    ] {
        outcome(&client.get(&bad), status);
    }
    assert_eq!(
        ok(&client.get("/fhir/Patient/$everything?_type=Patient&_count=2"), 200)["entry"].as_array().unwrap().len(),
        2
    );
}

fn everything_by_role(demo: &Demo, client: &Caller) {
    let me = demo.signed_in("portal", "patient");
    let own = demo.patient_of("patient");
    let page = ok(&me.get("/fhir/Patient/$everything?_type=Patient"), 200);
    assert_eq!(names(&page, "match"), [format!("Patient/{own}")]);
    let other = ok(&client.json("POST", "/fhir/Patient", &patient("Other")), 201);
    let (absent, others) =
        (me.get("/fhir/Patient/nobody/$everything"), me.get(&format!("/fhir/Patient/{}/$everything", id(&other))));
    outcome(&absent, 404);
    assert_eq!((others.status, others.body), (404, absent.body));
}

pub fn begin(client: &Caller, address: &str) -> Answer {
    client.ask("GET", address, &[("prefer", "respond-async"), ("accept", "application/fhir+json")], "")
}

/// Waits for an export; answers with its manifest.
pub fn manifest(demo: &Demo, client: &Caller, begun: &Answer) -> Value {
    assert_eq!((begun.status, begun.body.as_str()), (202, ""));
    let status = path_of(demo, begun.header("content-location").unwrap()).to_owned();
    for _ in 0..60 {
        let answer = client.get(&status);
        match answer.status {
            200 => {
                assert_eq!(answer.header("content-type"), Some("application/json"));
                assert!(answer.header("expires").is_some());
                return parsed(&answer);
            }
            202 => assert!(answer.header("x-progress").is_some() && answer.header("retry-after").is_some()),
            429 => assert!(answer.header("retry-after").is_some()),
            other => panic!("{other}: {}", answer.body),
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    panic!("the export was never ready");
}

/// The resources of a manifest's files, each with its file's type.
pub fn fetched(demo: &Demo, client: &Caller, manifest: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for file in manifest["output"].as_array().unwrap() {
        let address = path_of(demo, file["url"].as_str().unwrap());
        let answer = client.ask("GET", address, &[("accept", "application/fhir+ndjson")], "");
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/fhir+ndjson")));
        let packed = [("accept", "application/fhir+ndjson"), ("accept-encoding", "gzip")];
        let packed = client.ask("GET", address, &packed, "");
        assert_eq!((packed.status, packed.header("content-encoding")), (200, Some("gzip")));
        let lines: Vec<Value> = answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(json!(lines.len()), file["count"]);
        all.extend(lines.into_iter().map(|line| (file["type"].as_str().unwrap().to_owned(), line)));
    }
    all
}

fn export(demo: &Demo, client: &Caller) {
    let request = "/fhir/$export?_type=Patient,Observation";
    let begun = begin(client, request);
    let made = manifest(demo, client, &begun);
    assert_eq!(made["request"], format!("{}{request}", demo.origin("clinic")));
    assert_eq!((&made["requiresAccessToken"], &made["error"]), (&json!(true), &json!([])));
    let found = fetched(demo, client, &made);
    let count = |kind: &str| found.iter().filter(|(of, line)| of == kind && line["resourceType"] == kind).count();
    let total = |kind: &str| ok(&client.get(&format!("/fhir/{kind}?_summary=count")), 200)["total"].as_u64().unwrap();
    assert_eq!((count("Patient") as u64, count("Observation") as u64), (total("Patient"), total("Observation")));
    assert_eq!(count("Patient") + count("Observation"), found.len());
    // Nothing has changed since, and then one thing has.
    let since = made["transactionTime"].as_str().unwrap();
    let again = manifest(demo, client, &begin(client, &format!("/fhir/$export?_since={since}")));
    assert_eq!(again["output"], json!([]));
    let new = ok(&client.json("POST", "/fhir/Patient", &patient("Fresh")), 201);
    let again = manifest(demo, client, &begin(client, &format!("/fhir/Patient/$export?_since={since}")));
    let found = fetched(demo, client, &again);
    assert_eq!((found.len(), &found[0].1), (1, &new));
    // And something is gone, of which by the end nothing but its address is told.
    let gone = ok(&client.json("POST", "/fhir/Observation", &observation(&format!("Patient/{}", id(&new)), 3)), 201);
    let gone = format!("Observation/{}", id(&gone));
    assert_eq!(client.ask("DELETE", &format!("/fhir/{gone}"), &[], "").status, 204);
    for level in ["", "Patient/"] {
        let later = manifest(demo, client, &begin(client, &format!("/fhir/{level}$export?_since={since}")));
        assert_eq!(later["deleted"][0]["type"], "Bundle", "{later}");
        let file = client.get(path_of(demo, later["deleted"][0]["url"].as_str().unwrap()));
        assert_eq!((file.status, file.header("content-type")), (200, Some("application/fhir+ndjson")));
        let bundle: Value = serde_json::from_str(file.body.trim()).unwrap();
        let told: Vec<&Value> = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["request"]).collect();
        assert!(told.contains(&&json!({"method": "DELETE", "url": gone})), "{bundle}");
        assert_eq!(bundle["type"], "transaction");
        let of_patients =
            manifest(demo, client, &begin(client, &format!("/fhir/{level}$export?_since={since}&_type=Patient")));
        assert_eq!(of_patients.get("deleted"), None, "no patient was deleted");
    }
    assert_eq!(again.get("deleted"), None);
    // Ended, it is there no more.
    let status = path_of(demo, begun.header("content-location").unwrap());
    assert_eq!(client.ask("DELETE", status, &[], "").status, 202);
    outcome(&client.get(status), 404);
    outcome(&client.get(path_of(demo, made["output"][0]["url"].as_str().unwrap())), 404);
}

fn export_of_a_group(client: &Caller) {
    let one = ok(&client.json("POST", "/fhir/Patient", &patient("Member")), 201);
    let weight = observation(&format!("Patient/{}", id(&one)), 1);
    ok(&client.json("POST", "/fhir/Observation", &weight), 201);
    let group = json!({"resourceType": "Group", "type": "person", "actual": true,
        "member": [{"entity": {"reference": format!("Patient/{}", id(&one))}}]});
    let group = ok(&client.json("POST", "/fhir/Group", &group), 201);
    let parameters = json!({"resourceType": "Parameters", "parameter": [
        {"name": "_type", "valueString": "Observation"}, {"name": "_elements", "valueString": "subject"},
        {"name": "_typeFilter", "valueString": "Observation?value-quantity=gt10"},
        {"name": "patient", "valueReference": {"reference": format!("Patient/{}", id(&one))}}]});
    let headers = [("prefer", "respond-async"), ("content-type", "application/fhir+json")];
    let address = format!("/fhir/Group/{}/$export", id(&group));
    let begun = client.ask("POST", &address, &headers, &parameters.to_string());
    assert_eq!(begun.status, 202, "{}", begun.body);
    let status = begun.header("content-location").unwrap().rsplit_once("/fhir/").unwrap().1.to_owned();
    let made = loop {
        let answer = client.get(&format!("/fhir/{status}"));
        if answer.status == 200 {
            break parsed(&answer);
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    assert_eq!((made["output"].as_array().unwrap().len(), &made["output"][0]["count"]), (1, &json!(1)));
    let file = made["output"][0]["url"].as_str().unwrap().rsplit_once("/fhir/").unwrap().1.to_owned();
    let line: Value = serde_json::from_str(client.get(&format!("/fhir/{file}")).body.trim()).unwrap();
    assert_eq!(
        (&line["subject"]["reference"], line.get("valueQuantity")),
        (&json!(format!("Patient/{}", id(&one))), None)
    );
    outcome(&begin(client, "/fhir/Group/nobody/$export"), 404);
}

fn export_refusals(demo: &Demo, client: &Caller) {
    outcome(&client.get("/fhir/$export"), 400);
    outcome(&begin(client, "/fhir/$export?_outputFormat=text/csv"), 400);
    outcome(&begin(client, "/fhir/$export?_typeFilter=Patient%3Fgeneral-practitioner.name%3Dx"), 400);
    outcome(&begin(client, "/fhir/$export?colour=red"), 400);
    outcome(&begin(client, "/fhir/Observation/$export"), 404);
    outcome(&client.get("/fhir/$export-status/nobody"), 404);
    outcome(&client.get("/fhir/$export-file/nobody/Patient-1.ndjson"), 404);
    let some = demo.service("reads-some", "system/Patient.rs");
    outcome(&begin(&some, "/fhir/$export"), 403);
    for role in ["clinician", "healthadmin", "operator"] {
        outcome(&begin(&demo.signed_in("clinic", role), "/fhir/Patient/$export"), 403);
    }
    outcome(&demo.signed_in("portal", "patient").get("/fhir/$export"), 404);
}

/// A revoked token fetches nothing more.
fn export_breaks_off(demo: &Demo, client: &Caller) {
    let short = demo.service("short-lived", "system/*.rs");
    let made = manifest(demo, &short, &begin(&short, "/fhir/$export?_type=Patient"));
    let file = path_of(demo, made["output"][0]["url"].as_str().unwrap()).to_owned();
    assert_eq!(short.get(&file).status, 200);
    // Another service, that reads everything too, knows nothing of it.
    outcome(&client.get(&file), 404);
    demo.command(&["user", "disable", "short-lived"]);
    assert_eq!(short.get(&file).status, 401);
}

/// Who loses the right in the middle of a file gets no further chunk of it, and can tell that it is not whole. Nothing is written
/// down as sent that was not asked for before.
fn a_download_breaks_off(demo: &Demo, client: &Caller) {
    // More than lies on the way between two programs.
    const FILES: usize = 24;
    // A chunk ends behind the resource with which it has 2 MiB.
    const CHUNK: usize = 2;
    let of = ok(&client.json("POST", "/fhir/Patient", &patient("Voluminous")), 201);
    let scan = json!({"resourceType": "DocumentReference", "status": "current",
        "subject": {"reference": format!("Patient/{}", id(&of))},
        "content": [{"attachment": {"contentType": "application/pdf", "data": "A".repeat(1_400_000)}}]});
    let made: Vec<String> =
        (0..FILES).map(|_| id(&ok(&client.json("POST", "/fhir/DocumentReference", &scan), 201)).to_owned()).collect();
    let sent_out = |user: &str| {
        let listed = demo.command(&["audit", "list", "--user", user, "--limit", "1000", "--json"]);
        listed.matches("\"DocumentReference/").count()
    };
    for (user, ended_by) in [("leaves", "disable"), ("is-robbed", "revoke"), ("stays", "")] {
        let caller = demo.service(user, "system/*.rs");
        let manifest = manifest(demo, &caller, &begin(&caller, "/fhir/$export?_type=DocumentReference"));
        let (file, count) = (&manifest["output"][0]["url"], manifest["output"][0]["count"].as_u64().unwrap());
        let proof = caller.proof();
        let mut download = caller.client.download(path_of(demo, file.as_str().unwrap()), &proof);
        download.read(100_000);
        match ended_by {
            "disable" => drop(demo.command(&["user", "disable", user])),
            "revoke" => {
                let tokens = demo.command(&["token", "list", "--user", user, "--json"]);
                let tokens: Value = serde_json::from_str(&tokens).unwrap();
                demo.command(&["token", "revoke", tokens[0]["id"].as_str().unwrap()]);
            }
            _ => {}
        }
        let before = sent_out(user);
        let (answer, end) = download.rest();
        let whole = answer.body.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count();
        assert_eq!(answer.status, 200);
        if ended_by.is_empty() {
            assert_eq!((whole as u64, end), (count, End::Whole));
            continue;
        }
        assert_eq!(end, End::BrokenOff, "{user}: {whole} of {count}");
        // The chunk that was being read when the right ended is all that may come behind it.
        let after = sent_out(user);
        assert!(after <= before + CHUNK && after < FILES, "{user}: {before} were written down, and then {after}");
        assert!(whole > 0 && whole <= after, "{user}: {whole} came of {after} written down");
    }
    for id in made {
        assert_eq!(client.ask("DELETE", &format!("/fhir/DocumentReference/{id}"), &[], "").status, 204);
    }
}

fn last_n(client: &Caller) {
    let of = ok(&client.json("POST", "/fhir/Patient", &patient("Measured")), 201);
    let reference = format!("Patient/{}", id(&of));
    for (code, days) in [("29463-7", 4), ("8302-2", 2)] {
        for day in 1..=days {
            let mut one = observation(&reference, day);
            one["code"]["coding"][0]["code"] = json!(code);
            ok(&client.json("POST", "/fhir/Observation", &one), 201);
        }
    }
    let mut wrong = observation(&reference, 9);
    wrong["status"] = json!("entered-in-error");
    ok(&client.json("POST", "/fhir/Observation", &wrong), 201);
    let found = |page: &Value| -> Vec<(String, String)> {
        let entries = page["entry"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        entries
            .iter()
            .map(|entry| &entry["resource"])
            .map(|one| (text(&one["code"]["coding"][0]["code"]), text(&one["effectiveDateTime"])[8..10].to_owned()))
            .collect()
    };
    let named = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(code, day)| ((*code).to_owned(), (*day).to_owned())).collect()
    };
    let all = format!("/fhir/Observation/$lastn?patient={reference}&code=29463-7,8302-2");
    assert_eq!(found(&ok(&client.get(&all), 200)), named(&[("29463-7", "04"), ("8302-2", "02")]));
    let three = ok(&client.get(&format!("{all}&max=3")), 200);
    let newest = [("29463-7", "04"), ("29463-7", "03"), ("29463-7", "02"), ("8302-2", "02"), ("8302-2", "01")];
    assert_eq!(found(&three), named(&newest));
    assert_eq!(three["type"], "searchset");
    let parameters = json!({"resourceType": "Parameters", "parameter": [
        {"name": "subject", "valueString": reference}, {"name": "code", "valueString": "8302-2"},
        {"name": "max", "valuePositiveInt": 1}]});
    let posted = ok(&client.json("POST", "/fhir/Observation/$lastn", &parameters), 200);
    assert_eq!(found(&posted), named(&[("8302-2", "02")]));
    for bad in [
        "/fhir/Observation/$lastn?code=1".to_owned(),
        format!("/fhir/Observation/$lastn?patient={reference}"),
        format!("{all}&max=0"),
        format!("{all}&_sort=date"),
    ] {
        outcome(&client.get(&bad), 400);
    }
    outcome(&client.get("/fhir/Patient/$lastn?patient=1&code=1"), 404);
}

fn summary(demo: &Demo, client: &Caller) {
    let mut who = patient("Summed");
    who["identifier"] = json!([{"system": "urn:test", "value": "summary-1"}]);
    let of = ok(&client.json("POST", "/fhir/Patient", &who), 201);
    let reference = format!("Patient/{}", id(&of));
    let medicine = json!({"resourceType": "Medication", "code": {"text": "Aspirin"}});
    let medicine = ok(&client.json("POST", "/fhir/Medication", &medicine), 201);
    let taken = json!({"resourceType": "MedicationStatement", "status": "active", "subject": {"reference": reference},
        "medicationReference": {"reference": format!("Medication/{}", id(&medicine))}});
    ok(&client.json("POST", "/fhir/MedicationStatement", &taken), 201);
    let address = format!("/fhir/{reference}/$summary");
    let document = ok(&client.get(&address), 200);
    assert_eq!(
        (&document["type"], &document["entry"][0]["resource"]["resourceType"]),
        (&json!("document"), &json!("Composition"))
    );
    let sections = document["entry"][0]["resource"]["section"].as_array().unwrap();
    let codes: Vec<&Value> = sections.iter().map(|section| &section["code"]["coding"][0]["code"]).collect();
    assert_eq!(codes, ["10160-0", "48765-2", "11450-4"]);
    let first = sections[0]["entry"][0]["reference"].as_str().unwrap();
    assert!(first.starts_with(&format!("{}/fhir/MedicationStatement/", demo.origin("clinic"))), "{first}");
    assert!(sections[0]["text"]["div"].as_str().unwrap().contains("Aspirin"));
    let kinds: Vec<&Value> =
        document["entry"].as_array().unwrap().iter().map(|one| &one["resource"]["resourceType"]).collect();
    assert_eq!(kinds, ["Composition", "Patient", "Organization", "MedicationStatement", "Medication"]);
    let checked = ok(&client.json("POST", "/fhir/Bundle/$validate", &document), 200);
    let errors: Vec<&Value> =
        checked["issue"].as_array().unwrap().iter().filter(|issue| issue["severity"] == "error").collect();
    assert!(errors.is_empty(), "{errors:?}");
    // The same resources have the same addresses again; the document is a new one.
    let again = ok(&client.json("POST", &address, &json!({"resourceType": "Parameters"})), 200);
    assert_eq!(again["entry"][1]["fullUrl"], document["entry"][1]["fullUrl"]);
    assert_eq!(again["entry"][2]["fullUrl"], document["entry"][2]["fullUrl"]);
    assert_ne!(again["identifier"], document["identifier"]);
    let by_number = ok(&client.get("/fhir/Patient/$summary?identifier=urn:test|summary-1"), 200);
    assert_eq!(by_number["entry"][1]["fullUrl"], document["entry"][1]["fullUrl"]);
    ok(
        &client.get(&format!("{address}?profile=http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips")),
        200,
    );
    for (bad, status) in [
        ("/fhir/Patient/$summary".to_owned(), 400),
        ("/fhir/Patient/$summary?identifier=urn:test|nobody".into(), 404),
        (format!("{address}?profile=http://example.org/mine"), 422),
        (format!("{address}?graph=x"), 400),
        ("/fhir/Patient/nobody/$summary".into(), 404),
        (format!("/fhir/Medication/{}/$summary", id(&medicine)), 404),
    ] {
        outcome(&client.get(&bad), status);
    }
    let me = demo.signed_in("portal", "patient");
    let own = ok(&me.get(&format!("/fhir/Patient/{}/$summary", demo.patient_of("patient"))), 200);
    assert!(own["entry"].as_array().unwrap().len() > 3);
    let checked = ok(&client.json("POST", "/fhir/Bundle/$validate", &own), 200);
    let errors: Vec<&Value> =
        checked["issue"].as_array().unwrap().iter().filter(|issue| issue["severity"] == "error").collect();
    assert!(errors.is_empty(), "{errors:?}");
}
