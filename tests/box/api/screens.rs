//! What is done in the screens of care stands in the API, and the other way round.

use std::io::Read;

use serde_json::{Value, json};

use crate::api::copies::{begin, fetched, manifest};
use crate::api::{id, ok, outcome};
use crate::client::Answer;
use crate::demo::{Caller, Demo};

#[test]
fn what_is_done_in_the_screens_of_care_stands_in_the_api_and_the_other_way_round() {
    let demo = Demo::start();
    let client = demo.service("screens", "system/*.cruds");
    files_of_the_clinic(&demo);
    what_was_read(&demo, &client);
    what_came_meanwhile(&demo);
    why_it_lies_over_another(&demo, &client);
    what_is_held(&demo, &client);
    what_is_withdrawn(&demo, &client);
}

// ---- pages ----

#[track_caller]
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0
}

/// What a hidden field of a page holds.
#[track_caller]
pub fn hidden<'a>(page: &'a Answer, name: &str) -> &'a str {
    between(&page.body, &format!("name=\"{name}\" value=\""), "\"")
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    let one = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", one(value))).collect::<Vec<_>>().join("&")
}

#[track_caller]
pub fn sent(caller: &Caller, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = caller.form(path, &encoded(fields));
    assert_eq!(answer.status, 303, "{path}: {}", answer.body);
    answer.header("location").unwrap().to_owned()
}

#[track_caller]
pub fn page(caller: &Caller, path: &str) -> Answer {
    let answer = caller.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer
}

/// A form with a file, as a browser sends it.
fn with_file(caller: &Caller, page: &Answer, path: &str, fields: &[(&str, &str)], bytes: &str) -> Answer {
    in_parts(caller, page, path, fields, "exercises.pdf", bytes)
}

/// A form that can carry a file. Where none was chosen, its name is empty.
pub fn in_parts(
    caller: &Caller,
    page: &Answer,
    path: &str,
    fields: &[(&str, &str)],
    named: &str,
    bytes: &str,
) -> Answer {
    let part = |head: &str, text: &str| format!("--x7\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n");
    let mut body = part("name=\"csrf\"", &page.csrf());
    for (name, value) in fields {
        body += &part(&format!("name=\"{name}\""), value);
    }
    body += &part(&format!("name=\"file\"; filename=\"{named}\"\r\nContent-Type: application/pdf"), bytes);
    body += "--x7--\r\n";
    let headers = [("content-type", "multipart/form-data; boundary=x7"), ("sec-fetch-site", "same-origin")];
    caller.client.send("POST", path, &headers, &body)
}

const PDF: &str = "%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n";

// ---- messages ----

/// A patient asks; answers with the id of the conversation.
fn asked(me: &Caller, text: &str) -> String {
    let topics = page(me, "/my/messages/new");
    let before = topics.body.split("A question about my health").next().unwrap();
    let topic = before.rsplit_once("/my/messages/new?topic=").unwrap().1.split('"').next().unwrap();
    let form = page(me, &format!("/my/messages/new?topic={topic}"));
    let answer = in_parts(me, &form, "/my/messages/new", &[("topic", topic), ("text", text)], "", "");
    assert_eq!(answer.status, 303, "{}", answer.body);
    between(answer.header("location").unwrap(), "/my/messages/", "?").to_owned()
}

/// The clinic answers from a page that it looked at.
#[track_caller]
fn answered(doctor: &Caller, thread: &str, seen: &Answer, text: &str) {
    let fields = [("stand", hidden(seen, "stand")), ("last", hidden(seen, "last")), ("text", text)];
    sent(doctor, &format!("/messages/{thread}"), &fields);
}

/// The messages of a conversation after its first, oldest first.
fn following(caller: &Caller, thread: &str) -> Vec<Value> {
    let found = ok(&caller.get(&format!("/fhir/Communication?part-of=Communication/{thread}&_sort=sent")), 200);
    found["entry"].as_array().into_iter().flatten().map(|entry| entry["resource"].clone()).collect()
}

fn files_of_the_clinic(demo: &Demo) {
    let (me, doctor) = (demo.signed_in("portal", "patient"), demo.signed_in("clinic", "clinician"));
    let own = demo.patient_of("patient");
    let thread = asked(&me, "What may I do for my knee?");
    let place = format!("/messages/{thread}/file");
    let shown = page(&doctor, &format!("/messages/{thread}"));
    let fields = [
        ("stand", hidden(&shown, "stand")),
        ("last", hidden(&shown, "last")),
        ("note", "Twice a day, please"),
        ("then", ""),
    ];
    for (bytes, word) in
        [("<html><script>", "web page"), ("%PDF-1.4 and no end", "before it is whole"), ("", "nothing")]
    {
        let refused = with_file(&doctor, &shown, &place, &fields, bytes);
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.body.contains(word) && refused.body.contains("Twice a day, please"), "{}", refused.body);
    }
    assert!(following(&doctor, &thread).is_empty(), "nothing of it was sent");
    let kept = with_file(&doctor, &shown, &place, &fields, PDF);
    assert_eq!((kept.status, kept.header("location")), (303, Some(format!("/messages/{thread}").as_str())));
    let late = with_file(&doctor, &shown, &place, &fields, PDF);
    assert_eq!(late.status, 409, "somebody has answered since the page was made");

    let answer = following(&me, &thread).pop().unwrap();
    assert_eq!(answer["payload"][0]["contentString"], "Twice a day, please");
    let document = answer["payload"][1]["contentReference"]["reference"].as_str().unwrap().to_owned();
    let name = document.strip_prefix("DocumentReference/").unwrap();
    let stored = ok(&me.get(&format!("/fhir/{document}")), 200);
    assert!(stored["author"][0]["reference"].as_str().unwrap().starts_with("Practitioner/"), "{stored}");
    let whole = me.get(&format!("/fhir/Patient/{own}/$everything?_type=DocumentReference,Binary"));
    assert!(whole.body.contains(name) && whole.body.contains(&format!("{name}-file")), "{}", whole.body);
    let about = page(&me, &format!("/my/documents/{name}/about"));
    assert!(about.body.contains("exercises"), "{}", about.body);
    assert!(!about.body.contains("Brought by") && !about.body.contains("Seen by"), "{}", about.body);
    let file = page(&me, &format!("/my/documents/{name}"));
    assert_eq!((file.body.as_str(), file.header("content-type")), (PDF, Some("application/pdf")));
    assert!(page(&me, &format!("/my/messages/{thread}")).body.contains(&format!("/my/documents/{name}/about")));
    page(&doctor, &format!("/patients/{own}/documents/{name}"));

    // Somebody else's is not there, and the reception keeps no documents.
    let other = demo.patient_of("proxy");
    let (proxy, desk) = (demo.signed_in("portal", "proxy"), demo.signed_in("clinic", "reception"));
    for path in [format!("/my/documents/{name}/about"), format!("/my/documents/{name}")] {
        assert_eq!(proxy.get(&path).status, 404, "{path}");
    }
    for path in [document.clone(), format!("Binary/{name}-file")] {
        assert_eq!(proxy.get(&format!("/fhir/{path}")).status, 404, "{path}");
        assert_eq!(desk.get(&format!("/fhir/{path}")).status, 403, "{path}");
    }
    assert_eq!(with_file(&desk, &page(&desk, "/today"), &place, &fields, PDF).status, 403);
    let topics = page(&doctor, &format!("/patients/{other}/messages/new"));
    let topic = between(between(&topics.body, "name=\"topic\"", "</select>"), "value=\"", "\"").to_owned();
    let place = sent(&doctor, &format!("/patients/{other}/messages/new"), &[("topic", &topic), ("text", "For you")]);
    let theirs = place.strip_prefix("/messages/").unwrap();
    let shown = page(&doctor, &place);
    let fields = [("stand", hidden(&shown, "stand")), ("last", hidden(&shown, "last"))];
    let kept = with_file(&doctor, &shown, &format!("{place}/file"), &fields, PDF);
    assert_eq!(kept.status, 303, "{}", kept.body);
    let answer = following(&proxy, theirs).pop().unwrap();
    assert_eq!(answer["payload"][0]["contentString"], "exercises", "without words the file's name stands there");
    let name = answer["payload"][1]["contentReference"]["reference"].as_str().unwrap()["DocumentReference/".len()..]
        .to_owned();
    page(&proxy, &format!("/my/documents/{name}"));
    for path in
        [format!("/my/documents/{name}"), format!("/my/documents/{name}/about"), format!("/my/messages/{theirs}")]
    {
        assert_eq!(me.get(&path).status, 404, "{path}");
    }
}

/// Whether a conversation stands as unread in a list.
fn is_unread(list: &Answer, thread: &str) -> bool {
    let row = list.body.split("<li").find(|row| row.contains(thread)).unwrap_or_else(|| panic!("{}", list.body));
    row.starts_with(" class=\"unread\"")
}

fn what_was_read(demo: &Demo, client: &Caller) {
    let (me, doctor) = (demo.signed_in("portal", "patient"), demo.signed_in("clinic", "clinician"));
    let (nurse, own) = (demo.signed_in("clinic", "nurse"), demo.patient_of("patient"));
    let thread = asked(&me, "May I swim?");
    let stored = |of: &str| ok(&client.get(&format!("/fhir/Communication/{of}")), 200);
    assert_eq!(stored(&thread).get("received"), None);
    let list = |caller: &Caller| page(caller, &format!("/patients/{own}/messages"));
    assert!(is_unread(&list(&doctor), &thread), "a list is no reading");
    assert!(page(&me, &format!("/my/messages/{thread}")).body.contains("Not read yet"));
    let shown = page(&doctor, &format!("/messages/{thread}"));
    let read = stored(&thread);
    assert!(read["received"].as_str().is_some_and(|at| at > read["sent"].as_str().unwrap()), "{read}");
    assert_eq!(read["meta"]["versionId"], "2");
    for staff in [&nurse, &doctor] {
        page(staff, &format!("/messages/{thread}"));
        assert!(!is_unread(&list(staff), &thread));
    }
    assert_eq!(stored(&thread), read, "it is written once");
    assert!(page(&me, &format!("/my/messages/{thread}")).body.contains("Read by the clinic"));

    // The page was made before it was noted that it was read, and that is nobody's conflict.
    answered(&doctor, &thread, &shown, "Yes, gently");
    let answer = following(&me, &thread).pop().unwrap();
    assert_eq!((answer.get("received"), &stored(&thread)["received"]), (None, &read["received"]));
    assert!(is_unread(&page(&me, "/my/messages"), &thread));
    let shown = page(&doctor, &format!("/messages/{thread}"));
    assert!(shown.body.contains("Not read yet"));
    page(&me, &format!("/my/messages/{thread}"));
    let read = stored(id(&answer));
    assert!(read["received"].is_string(), "{read}");
    assert!(!is_unread(&page(&me, "/my/messages"), &thread));
    assert!(page(&doctor, &format!("/messages/{thread}")).body.contains("Read by the patient"));
    // The patient has read what the clinic wrote meanwhile, and the clinic goes on from its page.
    answered(&doctor, &thread, &shown, "And use the rail");

    // What another program has marked is read here, and what a patient has no right to mark stays.
    let mut other = following(&me, &thread).pop().unwrap();
    assert!(is_unread(&page(&me, "/my/messages"), &thread));
    other["received"] = json!("2026-03-03T10:00:00Z");
    let address = format!("/fhir/Communication/{}", id(&other));
    assert_eq!(me.json("PUT", &address, &other).status, 403);
    ok(&client.json("PUT", &address, &other), 200);
    assert!(!is_unread(&page(&me, "/my/messages"), &thread));
    page(&me, &format!("/my/messages/{thread}"));
    assert_eq!(stored(id(&other))["received"], "2026-03-03T10:00:00Z");

    let admin = demo.signed_in("clinic", "healthadmin");
    let log = |more: &str| {
        let search =
            format!("/fhir/AuditEvent?subtype=message-read&entity=Communication/{thread}{more}&_summary=count");
        ok(&admin.get(&search), 200)["total"].as_u64().unwrap()
    };
    assert_eq!((log(""), log("&agent-role=clinician")), (1, 1), "who read it first stands in the log, once");
}

fn what_came_meanwhile(demo: &Demo) {
    let (me, doctor) = (demo.signed_in("portal", "patient"), demo.signed_in("clinic", "clinician"));
    let thread = asked(&me, "It itches");
    let shown = page(&doctor, &format!("/messages/{thread}"));
    sent(&me, &format!("/my/messages/{thread}"), &[("text", "And now it bleeds")]);
    answered(&doctor, &thread, &shown, "Use the cream");
    let all = following(&me, &thread);
    let of = |text: &str| all.iter().find(|one| one["payload"][0]["contentString"] == text).unwrap();
    assert_eq!(of("And now it bleeds")["status"], "in-progress", "nobody has answered what nobody has seen");
    assert_eq!(of("Use the cream")["inResponseTo"][0]["reference"], format!("Communication/{thread}"));
    assert!(page(&doctor, "/inbox").body.contains(&format!("/messages/{thread}")));
}

// ---- the desk ----

fn why_it_lies_over_another(demo: &Demo, client: &Caller) {
    let (me, desk) = (demo.signed_in("portal", "patient"), demo.signed_in("clinic", "reception"));
    let (own, other) = (demo.patient_of("patient"), demo.patient_of("proxy"));
    let role = ok(&client.get("/fhir/PractitionerRole?_count=1"), 200);
    let with =
        role["entry"][0]["resource"]["practitioner"]["reference"].as_str().unwrap()["Practitioner/".len()..].to_owned();
    let kinds = ok(&client.get("/fhir/HealthcareService?service-category=visit-type"), 200);
    let kind = id(&kinds["entry"][0]["resource"]).to_owned();
    let start = "2031-05-07T10:00:00Z";
    let fields = |patient: &str, over: &str| {
        let all = [("with", &*with), ("start", start), ("patient", patient), ("kind", &*kind), ("over", over)];
        encoded(&all)
    };
    assert_eq!(desk.form("/bookings/new", &fields(&other, "")).status, 303);
    assert_eq!(desk.form("/bookings/new", &fields(&own, "")).status, 409, "the hour is taken");
    let made = desk.form("/bookings/new", &fields(&own, "She shouts at <everybody>"));
    assert_eq!(made.status, 303, "{}", made.body);
    let name = made.header("location").unwrap().strip_prefix("/bookings/").unwrap().to_owned();
    let address = format!("/fhir/Appointment/{name}");

    for path in [format!("/bookings/{name}"), "/schedule?day=2031-05-07".to_owned()] {
        let shown = page(&desk, &path);
        assert!(
            shown.body.contains("Over another appointment: She shouts at &#60;everybody&#62;"),
            "{path}: {}",
            shown.body
        );
    }
    let doctor = demo.signed_in("clinic", "clinician");
    for caller in [&desk, client, &doctor] {
        let stored = ok(&caller.get(&address), 200);
        let reason = &stored["extension"][0]["extension"][0];
        assert_eq!((&reason["url"], &reason["valueString"]), (&json!("reason"), &json!("She shouts at <everybody>")));
    }
    // The patient has the visit, and on no way what was remarked of them.
    page(&me, &format!("/my/visits/{name}"));
    let own_copy = ok(&me.get(&address), 200);
    assert_eq!(own_copy["meta"]["tag"][0]["code"], "SUBSETTED", "{own_copy}");
    for path in [
        address.clone(),
        format!("{address}/_history"),
        format!("{address}/_history/1"),
        format!("/fhir/Appointment?_id={name}"),
        "/fhir/Appointment/_history".to_owned(),
        format!("/fhir/Patient/{own}/$everything?_type=Appointment"),
        format!("/fhir/Patient?_id={own}&_revinclude=Appointment:patient"),
        "/my".to_owned(),
        "/my/visits".to_owned(),
        format!("/my/visits/{name}"),
        format!("/my/visits/{name}/visit.ics"),
        "/my/who-looked?who=staff".to_owned(),
    ] {
        let shown = page(&me, &path);
        assert!(!shown.body.contains("shouts") && !shown.body.contains("overbooked"), "{path}: {}", shown.body);
    }
    // Nor can they set it or take it away, and what they do send back loses nothing.
    let mut cancelled = own_copy.clone();
    cancelled["status"] = json!("cancelled");
    let mut forged = cancelled.clone();
    forged["extension"] = json!([{"url": "urn:chartbox:overbooked", "valueString": "x"}]);
    assert!(me.json("PUT", &address, &forged).status >= 400);
    ok(&me.json("PUT", &address, &cancelled), 200);
    assert_eq!(ok(&client.get(&address), 200)["extension"][0]["url"], "urn:chartbox:overbooked");

    // A program books over another in the same words, or not at all.
    let mut third = ok(&client.get(&address), 200);
    third["status"] = json!("booked");
    third.as_object_mut().unwrap().remove("id");
    let mut silent = third.clone();
    silent.as_object_mut().unwrap().remove("extension");
    assert_eq!(client.json("POST", "/fhir/Appointment", &silent).status, 409);
    let third = ok(&client.json("POST", "/fhir/Appointment", &third), 201);
    assert!(page(&desk, &format!("/bookings/{}", id(&third))).body.contains("Over another appointment: She shouts"));
}

// ---- what is held ----

fn labelled(mut resource: Value) -> Value {
    let system = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    resource["meta"] = json!({"security": [{"system": system, "code": "NOPAT"}]});
    resource
}

fn what_is_held(demo: &Demo, client: &Caller) {
    let (me, doctor) = (demo.signed_in("portal", "patient"), demo.signed_in("clinic", "clinician"));
    let own = demo.patient_of("patient");
    let subject = json!({"reference": format!("Patient/{own}")});
    let result = json!({"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "urn:test", "code": "zf"}], "text": "Zebra factor"},
        "subject": subject, "effectiveDateTime": "2026-03-01T09:00:00Z", "valueString": "Zebra found"});
    let mut open = result.clone();
    open["code"] = json!({"text": "Lion factor"});
    open["valueString"] = json!("Lion found");
    let open = ok(&client.json("POST", "/fhir/Observation", &open), 201);
    let report = |of: &Value| {
        json!({"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Zebra panel"}, "subject": subject,
            "effectiveDateTime": "2026-03-01T09:00:00Z", "result": [{"reference": format!("Observation/{}", id(of))}]})
    };
    // A report that is held with a result that is not would be no secret.
    let half = client.json("POST", "/fhir/DiagnosticReport", &labelled(report(&open)));
    assert_eq!(half.status, 409, "{}", half.body);
    assert_eq!(client.ask("DELETE", &format!("/fhir/Observation/{}", id(&open)), &[], "").status, 204);

    let value = ok(&client.json("POST", "/fhir/Observation", &labelled(result.clone())), 201);
    let whole = ok(&client.json("POST", "/fhir/DiagnosticReport", &labelled(report(&value))), 201);
    let (value, whole) = (id(&value).to_owned(), id(&whole).to_owned());
    for path in [format!("/fhir/Observation/{value}"), format!("/fhir/DiagnosticReport/{whole}")] {
        ok(&doctor.get(&path), 200);
    }
    let made = manifest(demo, client, &begin(client, "/fhir/$export?_type=Observation,DiagnosticReport"));
    let exported = fetched(demo, client, &made);
    for name in [&value, &whole] {
        assert!(exported.iter().any(|(_, line)| line["id"] == **name), "the clinic's own export has it");
    }

    let ids = [value.as_str(), whole.as_str()];
    let clean = |what: &str, text: &str| {
        assert!(!text.contains("Zebra") && ids.iter().all(|id| !text.contains(id)), "{what}: {text}");
    };
    for path in [
        format!("/fhir/Patient/{own}/$everything"),
        format!("/fhir/Patient/{own}/$everything?_type=Observation,DiagnosticReport&_count=1000"),
        "/fhir/Patient/$everything?_count=1000".to_owned(),
        format!("/fhir/Patient/{own}/$summary"),
        format!("/fhir/Observation?patient={own}&_count=1000"),
        "/fhir/Observation?code:text=zebra".to_owned(),
        "/fhir/DiagnosticReport?_include=DiagnosticReport:result&_count=1000".to_owned(),
        "/fhir/Observation?_revinclude=DiagnosticReport:result&_count=1000".to_owned(),
        format!("/fhir/Patient?_id={own}&_revinclude=Observation:patient&_revinclude=DiagnosticReport:patient"),
        format!("/fhir/Patient/{own}/Observation?_count=1000"),
        format!("/fhir/Patient/{own}/*?_count=1000"),
        format!("/fhir/Observation/$lastn?patient={own}&code=urn:test|zf"),
        "/fhir/Observation/_history?_count=1000".to_owned(),
        "/fhir/DiagnosticReport/_history".to_owned(),
        "/fhir/_history?_count=1000".to_owned(),
        "/fhir/AuditEvent?_count=1000".to_owned(),
        format!("/fhir/AuditEvent?patient={own}&_count=1000"),
        "/my".to_owned(),
        "/my/results".to_owned(),
        "/my/summary".to_owned(),
        "/my/documents".to_owned(),
        "/my/who-looked?who=others".to_owned(),
        "/my/who-looked?who=staff&when=all".to_owned(),
        "/my/who-looked.csv".to_owned(),
        "/notices".to_owned(),
    ] {
        clean(&path, &page(&me, &path).body);
    }
    let nothing = me.get("/fhir/Observation/0198a3f2-0000-7000-8000-00000000abcd").body;
    for path in [format!("Observation/{value}"), format!("DiagnosticReport/{whole}")] {
        let answer = me.get(&format!("/fhir/{path}"));
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.body, nothing, "it answers as what is not there");
        for more in ["/_history", "/_history/1"] {
            assert_eq!(me.get(&format!("/fhir/{path}{more}")).status, 404, "{path}{more}");
        }
        let total = |search: &str| ok(&me.get(&format!("/fhir/{search}&_summary=count")), 200)["total"].clone();
        let (kind, name) = path.split_once('/').unwrap();
        assert_eq!(total(&format!("{kind}?_id={name}")), 0, "{path}");
        assert_eq!(total(&format!("AuditEvent?entity={path}")), 0, "{path}");
        assert_eq!(total(&format!("Patient?_has:{kind}:patient:_id={name}")), 0, "{path}");
        let entry = json!({"request": {"method": "GET", "url": path}});
        let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [entry]});
        let answer = ok(&me.json("POST", "/fhir", &bundle), 200);
        assert_eq!(answer["entry"][0]["response"]["status"].as_str().map(|status| &status[..3]), Some("404"));
    }
    for listener in ["portal", "clinic"] {
        let begun = begin(&demo.signed_in(listener, "patient"), "/fhir/Patient/$export");
        assert!(matches!(begun.status, 403 | 404), "patients take their copies one by one: {}", begun.status);
    }
    clean("the copy", &copy(&me));
    clean("the share link", &shared(demo, &me));
    // That the doctor looked is not kept from the patient.
    for (path, words) in [
        ("/my/who-looked?who=staff", "that a doctor still looks through"),
        ("/my/who-looked.csv", "that a doctor still looks through"),
        ("/fhir/AuditEvent?agent-role=clinician&_count=50", "that a doctor still looks through"),
    ] {
        let shown = page(&me, path);
        assert!(shown.body.contains(words), "{path}: {}", shown.body);
    }
    let admin = demo.signed_in("clinic", "healthadmin");
    let named = ok(&admin.get(&format!("/fhir/AuditEvent?entity=Observation/{value}&_summary=count")), 200);
    assert!(named["total"].as_u64().unwrap() > 0, "who answers for the log sees what it names");

    // Let go: the report first, then what it is made of.
    for (kind, name) in [("DiagnosticReport", &whole), ("Observation", &value)] {
        let address = format!("/fhir/{kind}/{name}");
        let mut open = ok(&doctor.get(&address), 200);
        open.as_object_mut().unwrap().remove("meta");
        // A program that sends its own copy lets nothing go.
        ok(&client.json("PUT", &address, &open), 200);
        outcome(&me.get(&address), 404);
        ok(&doctor.json("PUT", &address, &open), 200);
        ok(&me.get(&address), 200);
        let named = ok(&me.get(&format!("/fhir/AuditEvent?entity={kind}/{name}&_summary=count")), 200);
        assert!(named["total"].as_u64().unwrap() > 0, "{kind}");
    }
    assert!(page(&me, "/my/results").body.contains("Zebra"));
    assert!(copy(&me).contains("Zebra"), "the copy is looked into, indeed");
    assert!(
        page(&me, &format!("/fhir/Patient/{own}/$everything?_type=Observation&_count=1000")).body.contains("Zebra")
    );
}

/// What stands in the copy that a patient makes for themselves.
fn copy(me: &Caller) -> String {
    let place = sent(me, "/my/requests/new", &[("kind", "copy"), ("how", "now")]);
    let place = place.split('?').next().unwrap();
    let zip = page(me, &format!("{place}/copy.zip")).bytes;
    let mut text = String::new();
    // Each file after its local header (PKWARE's APPNOTE 4.3.7): 30 bytes, the name, the extra field.
    for (at, _) in zip.windows(4).enumerate().filter(|(_, part)| *part == b"PK\x03\x04") {
        let length = |place: usize| usize::from(u16::from_le_bytes([zip[at + place], zip[at + place + 1]]));
        let data = &zip[at + 30 + length(26) + length(28)..];
        let mut file = Vec::new();
        flate2::read::DeflateDecoder::new(data).read_to_end(&mut file).unwrap();
        text += &String::from_utf8_lossy(&file);
    }
    assert!(text.contains("\"resourceType\":\"Patient\""), "{text}");
    text
}

/// What somebody sees to whom the patient gave a link, as a page and as FHIR.
fn shared(demo: &Demo, me: &Caller) -> String {
    let answer = me.form("/my/share", &encoded(&[("label", "Dr Else"), ("days", "7")]));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let pin = between(&answer.body, "<dd class=\"big code\">", "</dd>");
    let code = between(&answer.body, "<dd><span class=\"code whole\">", "</span>");
    let anybody = demo.client("portal");
    let mut text = String::new();
    for form in ["", "fhir"] {
        let shown = anybody.post("/shared/summary", &[("code", code), ("pin", pin), ("as", form)]);
        assert_eq!(shown.status, 200, "{}", shown.body);
        text += &shown.body;
    }
    text
}

// ---- what is taken back ----

/// A patch that does what the withdrawal does is one; any other is refused as before, and learns nothing.
fn what_is_withdrawn_by_a_patch(me: &Caller, client: &Caller, own: &str, told: &Value) {
    let again = ok(
        &me.json(
            "POST",
            "/fhir/Observation",
            &json!({"resourceType": "Observation", "status": "final",
        "code": {"text": "Steps"}, "subject": {"reference": format!("Patient/{own}")}, "valueString": "9000"}),
        ),
        201,
    );
    let address = format!("/fhir/Observation/{}", id(&again));
    let patch = |caller: &Caller, address: &str, ops: &Value| {
        caller.ask("PATCH", address, &[("content-type", "application/json-patch+json")], &ops.to_string()).status
    };
    let status = |to: &str| json!({"op": "replace", "path": "/status", "value": to});
    let gone = status("entered-in-error");
    let other = json!({"op": "replace", "path": "/valueString", "value": "1"});
    let test = json!({"op": "test", "path": "/valueString", "value": "none"});
    for no in [json!([other]), json!([gone, other]), json!([status("amended")]), json!([test, gone])] {
        assert_eq!(patch(me, &address, &no), 403, "{no}");
    }
    assert_eq!(patch(me, &address, &json!([gone])), 200);
    assert_eq!(ok(&client.get(&address), 200)["status"], "entered-in-error");
    assert_eq!(patch(me, &address, &json!([gone])), 403, "once");
    assert_eq!(patch(me, &format!("/fhir/Observation/{}", id(told)), &json!([gone])), 403, "withdrawn before");
    assert_eq!(patch(me, "/fhir/Observation/none-such", &json!([gone])), 403);
}

fn what_is_withdrawn(demo: &Demo, client: &Caller) {
    let (me, doctor) = (demo.signed_in("portal", "patient"), demo.signed_in("clinic", "clinician"));
    let (proxy, admin) = (demo.signed_in("portal", "proxy"), demo.signed_in("clinic", "healthadmin"));
    let own = demo.patient_of("patient");
    let stored = |path: &str| ok(&client.get(&format!("/fhir/{path}")), 200);

    // A file.
    let form = page(&me, "/my/documents/new");
    let kept = with_file(&me, &form, "/my/documents/new", &[("kind", "letter"), ("title", "An old letter")], PDF);
    let name = between(kept.header("location").unwrap(), "/my/documents/", "/about").to_owned();
    assert!(page(&doctor, "/inbox").body.contains("An old letter"));
    let path = format!("/my/documents/{name}/withdraw");
    let shown = page(&me, &format!("/my/documents/{name}/about"));
    let version = hidden(&shown, "version").to_owned();
    let withdraw = encoded(&[("version", &version)]);
    assert_eq!(proxy.form(&path, &withdraw).status, 404, "it is somebody else's");
    let before = stored(&format!("DocumentReference/{name}"));
    sent(&me, &path, &[("version", &version)]);
    let mut after = stored(&format!("DocumentReference/{name}"));
    assert_eq!((&after["status"], &after["meta"]["versionId"]), (&json!("entered-in-error"), &json!("2")));
    after["status"] = before["status"].clone();
    after["meta"] = before["meta"].clone();
    assert_eq!(after, before, "nothing else changes");
    assert_eq!(stored(&format!("DocumentReference/{name}/_history"))["total"], 2);
    assert!(!page(&doctor, "/inbox").body.contains("An old letter"), "nobody has to look at it");
    assert!(page(&doctor, &format!("/patients/{own}/reported")).body.contains("withdrawn"));
    let shown = page(&doctor, &format!("/patients/{own}/documents/{name}"));
    assert!(shown.body.contains("The patient has withdrawn this") && !shown.body.contains("/seen\""), "{}", shown.body);
    assert!(!page(&me, "/my/documents").body.contains("An old letter"));
    assert!(page(&me, &format!("/my/documents/{name}/about")).body.contains("This was withdrawn"));
    assert_eq!(me.form(&path, &encoded(&[("version", "2")])).status, 409, "once");

    // A measurement.
    let day = [("kind", "weight"), ("value", "81.4"), ("unit", "kg"), ("day", "2026-02-03"), ("time", "07:30")];
    sent(&me, "/my/measurements/new", &day);
    let found = ok(&me.get(&format!("/fhir/Observation?patient={own}&code=29463-7&date=2026-02-03")), 200);
    let weight = id(&found["entry"][0]["resource"]).to_owned();
    assert!(page(&me, "/my/measurements").body.contains(&format!("/my/measurements/{weight}/withdraw")));
    sent(&me, &format!("/my/measurements/{weight}/withdraw"), &[("version", "1")]);
    assert_eq!(stored(&format!("Observation/{weight}"))["status"], "entered-in-error");
    let list = page(&me, "/my/measurements").body;
    assert!(list.contains("withdrawn") && !list.contains(&format!("{weight}/withdraw")), "{list}");
    let reported = page(&doctor, &format!("/patients/{own}/reported")).body;
    let row = reported.split("<tr").find(|row| row.contains("81.4")).unwrap();
    assert!(row.contains("withdrawn"), "{row}");

    // By the API alike: that it is withdrawn, and nothing else.
    let told = json!({"resourceType": "Observation", "status": "final", "code": {"text": "Steps"},
        "subject": {"reference": format!("Patient/{own}")}, "valueString": "9000"});
    let told = ok(&me.json("POST", "/fhir/Observation", &told), 201);
    let address = format!("/fhir/Observation/{}", id(&told));
    let with = |resource: &Value, name: &str, value: &str| {
        let mut other = resource.clone();
        other[name] = json!(value);
        other
    };
    assert_eq!(me.json("PUT", &address, &with(&told, "valueString", "12000")).status, 403);
    assert_eq!(me.json("PUT", &address, &with(&told, "status", "amended")).status, 403);
    let gone = with(&told, "status", "entered-in-error");
    assert_eq!(me.json("PUT", &address, &with(&gone, "valueString", "1")).status, 403);
    let gone = ok(&me.json("PUT", &address, &gone), 200);
    assert_eq!(me.json("PUT", &address, &with(&gone, "status", "final")).status, 403, "it does not come back");
    what_is_withdrawn_by_a_patch(&me, client, &own, &told);
    let theirs = json!({"resourceType": "Observation", "status": "final", "code": {"text": "Steps"},
        "subject": {"reference": format!("Patient/{own}")}, "performer": [{"display": "Dr A"}], "valueString": "9000"});
    let theirs = ok(&client.json("POST", "/fhir/Observation", &theirs), 201);
    let address = format!("/fhir/Observation/{}", id(&theirs));
    assert_eq!(me.json("PUT", &address, &with(&theirs, "status", "entered-in-error")).status, 403, "the clinic's word");
    assert_eq!(
        me.form(&format!("/my/measurements/{}/withdraw", id(&theirs)), &encoded(&[("version", "1")])).status,
        409
    );

    // A request that nobody has answered.
    let place = sent(&me, "/my/requests/new", &[("kind", "correction"), ("words", "My name is Halina")]);
    let place = place.split('?').next().unwrap().to_owned();
    let task = place.strip_prefix("/my/requests/").unwrap();
    assert!(page(&admin, "/requests").body.contains(task));
    let shown = page(&me, &place);
    sent(&me, &format!("{place}/withdraw"), &[("version", hidden(&shown, "version"))]);
    assert_eq!(stored(&format!("Task/{task}"))["status"], "cancelled");
    assert!(page(&me, &place).body.contains("Withdrawn"));
    let queue = page(&admin, "/requests").body;
    let row = queue.split("<tr").find(|row| row.contains(task)).unwrap();
    assert!(row.contains("Withdrawn"), "{row}");
    let copied = sent(&me, "/my/requests/new", &[("kind", "copy"), ("how", "now")]);
    let copied = copied.split('?').next().unwrap();
    assert!(!page(&me, copied).body.contains("/withdraw"));
    assert_eq!(me.form(&format!("{copied}/withdraw"), &encoded(&[("version", "1")])).status, 409, "it is answered");

    let log = format!("/fhir/AuditEvent?subtype=withdraw&patient={own}&outcome=0&_summary=count");
    assert_eq!(ok(&admin.get(&log), 200)["total"], 3, "each stands in the log as what it is");
}
