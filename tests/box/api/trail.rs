//! The access log as `AuditEvent`: who sees what of it, and that nobody writes it.

use serde_json::{Value, json};

use crate::api::{id, ok, outcome, patient};
use crate::demo::{Caller, Demo};

pub fn all(demo: &Demo, client: &Caller) {
    let admin = demo.signed_in("clinic", "healthadmin");
    let made = ok(&client.json("POST", "/fhir/Patient", &patient("Looked-at")), 201);
    let of = format!("Patient/{}", id(&made));
    let doctor = demo.signed_in("clinic", "clinician");
    ok(&doctor.get(&format!("/fhir/{of}")), 200);

    // Newest first: the doctor's reading, before that the making.
    let found = ok(&admin.get(&format!("/fhir/AuditEvent?patient={of}")), 200);
    let events: Vec<&Value> = found["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]).collect();
    let acts: Vec<&Value> = events.iter().map(|event| &event["action"]).collect();
    assert_eq!(acts[..2], ["R", "C"], "{found}");
    assert_eq!((&events[0]["type"]["code"], &events[0]["subtype"][0]["code"]), (&json!("rest"), &json!("read")));
    assert_eq!(events[0]["entity"][0]["what"]["reference"], of);
    assert_eq!(events[0]["agent"][0]["role"][0]["coding"][0]["code"], "clinician");
    assert!(events[0]["agent"][0]["network"]["address"].is_string());
    assert_eq!(events[0]["outcome"], "0");
    let one = ok(&admin.get(&format!("/fhir/AuditEvent/{}", id(events[0]))), 200);
    assert_eq!(&one, events[0]);
    assert_eq!(found["entry"][0]["fullUrl"], format!("{}/fhir/AuditEvent/{}", demo.origin("clinic"), id(events[0])));
    validates(client, events[0]);

    searches(demo, &admin, &of);
    others_see_nothing(demo, &doctor, id(events[0]));
    patients_see_their_own(demo, &doctor);
    nobody_writes(client, &admin, &one);
    // Asking stands in the log, too.
    ok(&admin.get("/fhir/AuditEvent?_count=1"), 200);
    let asked = ok(&admin.get("/fhir/AuditEvent?subtype=audit-read&_count=1"), 200);
    assert_eq!(asked["entry"][0]["resource"]["agent"][0]["role"][0]["coding"][0]["code"], "healthadmin");
}

fn validates(client: &Caller, event: &Value) {
    let checked = ok(&client.json("POST", "/fhir/AuditEvent/$validate", event), 200);
    let errors: Vec<&Value> =
        checked["issue"].as_array().unwrap().iter().filter(|issue| issue["severity"] == "error").collect();
    assert!(errors.is_empty(), "{errors:?}");
}

fn count(caller: &Caller, search: &str) -> usize {
    let found = ok(&caller.get(&format!("/fhir/AuditEvent?{search}")), 200);
    found["entry"].as_array().map_or(0, Vec::len)
}

fn searches(demo: &Demo, admin: &Caller, of: &str) {
    assert_eq!(count(admin, &format!("patient={of}&action=C&_count=1")), 1);
    assert_eq!(count(admin, &format!("entity={of}&action=C&_count=10")), 1);
    assert!(count(admin, "agent-role=clinician&outcome=0&_count=5") >= 1);
    assert!(count(admin, "date=gt2020-01-01&_sort=-date&_count=3") == 3);
    assert_eq!(count(admin, "date=lt2020-01-01"), 0);
    assert!(count(admin, "type=http://terminology.hl7.org/CodeSystem/audit-event-type|rest&_count=2") == 2);
    assert!(count(admin, "address=127.0.0.1&_count=2") == 2);
    // Paged without gap.
    let whole = ok(&admin.get(&format!("/fhir/AuditEvent?patient={of}&_count=100")), 200);
    let whole: Vec<&str> = whole["entry"].as_array().unwrap().iter().map(|one| id(&one["resource"])).collect();
    let mut page = ok(&admin.get(&format!("/fhir/AuditEvent?patient={of}&_count=1")), 200);
    let mut ids = Vec::new();
    loop {
        ids.push(page["entry"][0]["resource"]["id"].as_str().unwrap().to_owned());
        let links = page["link"].as_array().unwrap().clone();
        let Some(next) = links.iter().find(|link| link["relation"] == "next") else { break };
        page = ok(&admin.get(next["url"].as_str().unwrap().strip_prefix(demo.origin("clinic")).unwrap()), 200);
    }
    // The walk through the pages is itself in the log, before them.
    assert!(
        ids.iter()
            .all(|one| whole.contains(&one.as_str()) || one.parse::<u64>().unwrap() > whole[0].parse::<u64>().unwrap()),
        "{ids:?} {whole:?}"
    );
    assert!(whole.iter().all(|one| ids.iter().any(|id| id == one)), "{ids:?} {whole:?}");
    for bad in ["_sort=date", "_include=AuditEvent:patient", "agent.name=x", "colour=red", "_cursor=x"] {
        outcome(&admin.get(&format!("/fhir/AuditEvent?{bad}")), 400);
    }
    outcome(&admin.get("/fhir?_type=AuditEvent,Patient"), 400);
}

fn others_see_nothing(demo: &Demo, doctor: &Caller, event: &str) {
    for caller in [doctor, &demo.signed_in("clinic", "reception"), &demo.signed_in("clinic", "operator")] {
        outcome(&caller.get("/fhir/AuditEvent"), 403);
        outcome(&caller.get(&format!("/fhir/AuditEvent/{event}")), 403);
    }
    outcome(&demo.anonymous("clinic").get("/fhir/AuditEvent"), 401);
}

fn patients_see_their_own(demo: &Demo, doctor: &Caller) {
    let me = demo.signed_in("portal", "patient");
    let own = demo.patient_of("patient");
    let other = demo.patient_of("proxy");
    ok(&doctor.get(&format!("/fhir/Patient/{own}")), 200);
    // One entry about two: each sees their half.
    ok(&doctor.get(&format!("/fhir/Patient?_id={own},{other}")), 200);
    let found = ok(&me.get("/fhir/AuditEvent?agent-role=clinician"), 200);
    let entries = found["entry"].as_array().unwrap();
    assert!(entries.len() >= 2);
    let text = found.to_string();
    assert!(text.contains(&own) && !text.contains(&other), "{text}");
    assert!(!text.contains("\"network\"") && !text.contains("\"query\""), "{text}");
    assert_eq!(count(&me, &format!("patient={other}")), 0);
    let event = id(&entries[0]["resource"]);
    ok(&me.get(&format!("/fhir/AuditEvent/{event}")), 200);
    // Of another's entry nobody hears that it is there.
    ok(&doctor.get(&format!("/fhir/Patient/{other}")), 200);
    let admin = demo.signed_in("clinic", "healthadmin");
    let theirs = ok(&admin.get(&format!("/fhir/AuditEvent?patient={other}&action=R&_count=1")), 200);
    let theirs = me.get(&format!("/fhir/AuditEvent/{}", id(&theirs["entry"][0]["resource"])));
    outcome(&theirs, 404);
    assert_eq!(theirs.body, me.get("/fhir/AuditEvent/999999999").body);
    outcome(&me.get("/fhir/AuditEvent/0007"), 404);
    for none in [
        "AuditEvent/_history".to_owned(),
        format!("AuditEvent/{event}/_history"),
        format!("AuditEvent/{event}/_history/1"),
    ] {
        let answer = me.get(&format!("/fhir/{none}"));
        outcome(&answer, 404);
        assert!(answer.body.contains("no history"), "{}", answer.body);
    }
}

fn nobody_writes(client: &Caller, admin: &Caller, event: &Value) {
    let address = format!("/fhir/AuditEvent/{}", id(event));
    let mut own = event.clone();
    own.as_object_mut().unwrap().remove("id");
    for caller in [client, admin] {
        outcome(&caller.json("POST", "/fhir/AuditEvent", &own), 403);
        outcome(&caller.json("PUT", &address, event), 403);
        // Whatever is sent: nobody looks at it.
        outcome(&caller.json("PUT", &address, &json!({"resourceType": "AuditEvent", "nonsense": 1})), 403);
        outcome(&caller.json("PUT", "/fhir/AuditEvent?_id=1", &json!({"resourceType": "AuditEvent"})), 403);
        outcome(
            &caller.json(
                "POST",
                &format!("{address}/$meta-add"),
                &json!({"resourceType": "Parameters", "parameter": [
            {"name": "meta", "valueMeta": {"tag": [{"code": "a"}]}}]}),
            ),
            403,
        );
        let entry =
            json!([{"request": {"method": "POST", "url": "AuditEvent"}, "resource": {"resourceType": "AuditEvent"}}]);
        outcome(
            &caller.json("POST", "/fhir", &json!({"resourceType": "Bundle", "type": "transaction", "entry": entry})),
            403,
        );
        outcome(&caller.ask("DELETE", &address, &[], ""), 403);
    }
}
