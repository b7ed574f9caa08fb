//! What is several patients' at once.

use super::*;

/// A visit of both, and who may open it: each of them, and who acts for the second.
fn visit_of_two(house: &Box_) -> [Actor; 3] {
    for (of, family) in [("p1", "Brandvold"), ("p2", "Okafor")] {
        house.put(patient(of, family));
    }
    house.put(
        json!({"resourceType": "RelatedPerson", "id": "r2", "active": true, "patient": {"reference": "Patient/p2"}}),
    );
    let with =
        |who: &str| json!({"actor": {"reference": who, "display": format!("called {who}")}, "status": "accepted"});
    house.put(json!({"resourceType": "Appointment", "id": "a", "status": "booked",
        "start": "2026-04-01T09:00:00Z", "end": "2026-04-01T09:30:00Z",
        "participant": [with("Patient/p2"), with("Patient/p1"), with("RelatedPerson/r2"), with("Practitioner/d")]}));
    [
        house.actor(Role::Patient, Some("Patient/p1")),
        house.actor(Role::Patient, Some("Patient/p2")),
        house.actor(Role::Proxy, Some("RelatedPerson/r2")),
    ]
}

#[test]
fn none_of_them_reads_who_the_others_are_and_none_loses_them() {
    let house = new_box();
    let [halina, emil, adaeze] = visit_of_two(&house);
    let gone = ["Patient/p2", "RelatedPerson/r2"];
    let all = house.search(&halina, ResourceType::Appointment, "status=booked").unwrap().matches;
    let searched = String::from_utf8(all[0].json.to_vec()).unwrap();
    let read = house.read(&halina, ResourceType::Appointment, "a").unwrap();
    for text in [searched, read.to_string()] {
        assert!(gone.iter().all(|one| !text.contains(one)) && text.contains("called Patient/p1"), "{text}");
    }
    for actor in [&emil, &adaeze] {
        let text = house.read(actor, ResourceType::Appointment, "a").unwrap().to_string();
        assert!(!text.contains("Patient/p1") && text.contains("called Patient/p2"), "{text}");
    }
    let mut sent = read;
    sent["comment"] = "we come by bus".into();
    let change = Change::put(ResourceType::Appointment, id("a"), sent, Condition::None, Mode::Strict).unwrap();
    let why = why(audit::Action::Update);
    house.records.change_all_blocking(&halina, why, vec![change], Transaction::WORKFLOW).unwrap();
    let stored = house.read(&house.actor(Role::Clinician, None), ResourceType::Appointment, "a").unwrap();
    assert_eq!(stored["comment"], "we come by bus");
    let who: Vec<_> = (0..4).map(|at| stored["participant"][at]["actor"]["reference"].as_str().unwrap()).collect();
    assert_eq!(who, ["Patient/p2", "Patient/p1", "RelatedPerson/r2", "Practitioner/d"]);
}

#[test]
fn the_log_of_each_tells_that_others_opened_it_and_not_who() {
    let house = new_box();
    let [halina, emil, adaeze] = visit_of_two(&house);
    for actor in [&emil, &adaeze] {
        house.read(actor, ResourceType::Appointment, "a").unwrap();
    }
    let found = looks(&house, &halina, "p1", Lookers::Others).unwrap();
    let seen: Vec<_> = found.days[0].looks.iter().map(|look| &look.line.entry.actor).collect();
    let roles: Vec<_> = seen.iter().filter(|one| one.is_unnamed()).map(|one| one.role).collect();
    assert_eq!(roles, [Some(Role::Proxy), Some(Role::Patient)], "{seen:?}");
    assert!(looks(&house, &halina, "p1", Lookers::Family).unwrap().days.is_empty());
    // Of their own they read the name.
    let own = looks(&house, &emil, "p2", Lookers::Family).unwrap();
    assert_eq!(own.days[0].looks[0].line.entry.actor.account, adaeze.account());
    let query = Query::parse(ResourceType::AuditEvent, "_count=100", Handling::Strict, Definitions::r4()).unwrap();
    let search = why(audit::Action::Search);
    let page = house.records.disclose_blocking(&halina, search, |reading| reading.trail(&query)).unwrap().into_inner();
    let events: String = page.matches.iter().map(|one| String::from_utf8_lossy(&one.json).into_owned()).collect();
    assert!(!events.contains("p2") && !events.contains("r2"), "{events}");
    assert!(events.contains("Another patient") && events.contains("Somebody who acts for a patient"), "{events}");
}

/// What names the second patient beside the participants of a visit of both.
fn with_more(house: &Box_) {
    for (of, who) in [("c1", "p1"), ("c2", "p2")] {
        house.put(json!({"resourceType": "Condition", "id": of, "subject": {"reference": format!("Patient/{who}")}}));
    }
    let named = json!({"resourceType": "Patient", "id": "p2", "identifier": [{"system": "urn:x", "value": "N 7"}],
        "name": [{"family": "Okafor", "given": ["Emil"]}]});
    house.put(named);
    let both = [json!({"actor": {"reference": "Patient/p1"}, "status": "accepted"})];
    let with = |more: Value| [both.as_slice(), &[json!({"actor": more, "status": "accepted"})]].concat();
    let visit = |of: &str, participant: Vec<Value>, more: Value| {
        let mut visit = json!({"resourceType": "Appointment", "id": of, "status": "booked",
            "start": "2026-04-01T09:00:00Z", "end": "2026-04-01T09:30:00Z", "participant": participant});
        visit.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.put(visit);
    };
    let reasons =
        json!([{"reference": "Condition/c2", "display": "EMIL"}, {"reference": "Condition/c1", "display": "own"}]);
    let extension =
        json!([{"url": "http://x.example/c", "valueReference": {"reference": "Patient/p2", "display": "EMIL"}}]);
    let second = json!({"reference": "Patient/p2", "display": "EMIL"});
    let more = json!({"reasonReference": reasons, "extension": extension, "supportingInformation": [second]});
    visit("linked", with(second.clone()), more);
    let contained = |of: &str| {
        json!([{"resourceType": of, "id": "g", "name": [{"text": "EMIL"}]},
            {"resourceType": "Practitioner", "id": "h", "name": [{"text": "Dr Elsewhere"}]}])
    };
    let mut all = with(json!({"reference": "#g", "display": "EMIL"}));
    all.push(json!({"actor": {"reference": "#h", "display": "Dr Elsewhere"}, "status": "accepted"}));
    visit("guest", all, json!({ "contained": contained("Patient") }));
    let number = json!({"identifier": {"system": "urn:x", "value": "n 7"}, "display": "EMIL"});
    visit("by-number", with(number), json!({}));
    visit("doctor-by-name", with(json!({"display": "Dr Ann"})), json!({}));
}

#[test]
fn no_reference_of_a_visit_of_several_tells_who_the_others_are() {
    let house = new_box();
    let [halina, emil, _] = visit_of_two(&house);
    with_more(&house);
    for of in ["linked", "guest", "by-number"] {
        let text = house.read(&halina, ResourceType::Appointment, of).unwrap().to_string();
        assert!(["EMIL", "p2", "c2", "#g"].iter().all(|one| !text.contains(one)), "{text}");
        assert!(text.contains("SUBSETTED") && text.contains("masked"), "{text}");
    }
    let own = house.read(&halina, ResourceType::Appointment, "linked").unwrap();
    assert_eq!(own["reasonReference"], json!([{"reference": "Condition/c1", "display": "own"}]));
    assert_eq!((own.get("extension"), own.get("supportingInformation")), (None, None));
    let theirs = house.read(&emil, ResourceType::Appointment, "linked").unwrap().to_string();
    assert!(theirs.contains("c2") && !theirs.contains("c1") && !theirs.contains("Patient/p1"), "{theirs}");
    let guest = house.read(&halina, ResourceType::Appointment, "guest").unwrap();
    assert_eq!(guest["participant"][2]["actor"]["reference"], "#h");
    assert_eq!(guest["contained"].as_array().unwrap().len(), 1);
    let doctor = house.read(&halina, ResourceType::Appointment, "doctor-by-name").unwrap();
    assert_eq!(doctor["participant"][1]["actor"]["display"], "Dr Ann");
    // Nor is anything found by what is not shown.
    let found = |query: &str| house.ids(&halina, ResourceType::Appointment, query).len();
    assert_eq!(found("reason-reference=Condition/c2") + found("supporting-info=Patient/p2"), 0);
    assert_eq!(found("reason-reference=Condition/c1"), 1);
    // What comes back changed loses none of it.
    for of in ["linked", "guest", "by-number"] {
        let stored = || house.read(&Actor::system("test"), ResourceType::Appointment, of).unwrap();
        let (before, mut sent) = (stored(), house.read(&halina, ResourceType::Appointment, of).unwrap());
        sent["comment"] = "by bus".into();
        let change = Change::put(ResourceType::Appointment, id(of), sent, Condition::None, Mode::Strict).unwrap();
        let why = why(audit::Action::Update);
        house.records.change_all_blocking(&halina, why, vec![change], Transaction::WORKFLOW).unwrap();
        let after = stored();
        assert_eq!(after["participant"], before["participant"]);
        assert_eq!(after["comment"], "by bus");
        for name in ["contained", "reasonReference", "extension", "supportingInformation"] {
            let sorted = |value: &Value| {
                let all = value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
                let mut all: Vec<String> = all.iter().map(Value::to_string).collect();
                all.sort();
                all
            };
            assert_eq!(sorted(&after), sorted(&before), "{name}");
        }
    }
}

#[test]
fn what_else_several_have_together_names_none_to_the_others() {
    let house = new_box();
    let [halina, emil, adaeze] = visit_of_two(&house);
    let both =
        json!([{"reference": "Patient/p1", "display": "HALINA"}, {"reference": "Patient/p2", "display": "EMIL"}]);
    house.put(json!({"resourceType": "Communication", "id": "m", "status": "completed", "recipient": both,
        "payload": [{"contentString": "The group meets later"}]}));
    let cover = json!({"coverage": {"display": "Cover of EMIL"}, "priority": 1});
    let payer = json!({"party": {"display": "EMIL'S father"}});
    house.put(json!({"resourceType": "Account", "id": "n", "status": "active", "subject": both, "coverage": [cover],
        "guarantor": [payer]}));
    house.put(json!({"resourceType": "DocumentManifest", "id": "k", "status": "current", "recipient": both,
        "content": [{"reference": "DocumentReference/x"}]}));
    let members = both.as_array().unwrap().iter().map(|one| json!({ "member": one }));
    house.put(
        json!({"resourceType": "CareTeam", "id": "t", "status": "active", "participant": members.collect::<Vec<_>>()}),
    );
    house.put(
        json!({"resourceType": "Invoice", "id": "i", "status": "issued", "subject": both[0], "recipient": both[1]}),
    );
    house.put(json!({"resourceType": "Contract", "id": "o", "status": "executed", "subject": both}));
    let signed = |of: &str, target: &str, who: Value| {
        let agents: Vec<Value> = who.as_array().unwrap().iter().map(|who| json!({ "who": who })).collect();
        house.put(json!({"resourceType": "Provenance", "id": of, "target": [{"reference": target}],
            "recorded": "2026-03-01T09:00:00Z", "agent": agents}));
    };
    let second = json!({"reference": "RelatedPerson/r2", "display": "EMIL'S"});
    let doctor = json!({"reference": "Practitioner/d", "display": "Dr Ann"});
    signed("v", "Appointment/a", json!([both[1], second, doctor]));
    for (kind, of) in [
        (ResourceType::Communication, "m"),
        (ResourceType::Account, "n"),
        (ResourceType::Contract, "o"),
        (ResourceType::Provenance, "v"),
        (ResourceType::DocumentManifest, "k"),
        (ResourceType::CareTeam, "t"),
        (ResourceType::Invoice, "i"),
    ] {
        let text = house.read(&halina, kind, of).unwrap().to_string();
        assert!(["EMIL", "p2", "r2"].iter().all(|one| !text.contains(one)), "{text}");
        for actor in [&emil, &adaeze] {
            let text = house.read(actor, kind, of).unwrap().to_string();
            assert!(!text.contains("HALINA") && !text.contains("p1"), "{text}");
        }
    }
    let text = house.read(&halina, ResourceType::Provenance, "v").unwrap().to_string();
    assert!(text.contains("Dr Ann"), "{text}");
    for query in ["agent=RelatedPerson/r2", "agent=Patient/p2"] {
        assert!(house.ids(&halina, ResourceType::Provenance, query).is_empty(), "{query}");
    }
    assert_eq!(house.ids(&halina, ResourceType::Provenance, "agent=Practitioner/d"), ["v"]);
    let by = "_has:Provenance:target:agent=Patient/p2";
    assert!(house.ids(&halina, ResourceType::Appointment, by).is_empty());
    // Of what is theirs alone they read who acted for them.
    house.put(json!({"resourceType": "RelatedPerson", "id": "r1", "patient": {"reference": "Patient/p1"}}));
    house.put(weight("w", "p1", "2026-03-01", 80.0));
    let mother = json!([{"reference": "RelatedPerson/r1", "display": "Signe"}]);
    signed("w", "Observation/w", mother);
    assert!(house.read(&halina, ResourceType::Provenance, "w").unwrap().to_string().contains("Signe"));
    house.put(json!({"resourceType": "Communication", "id": "s", "status": "completed", "subject": both[0],
        "sender": {"reference": "RelatedPerson/r1", "display": "Signe"}}));
    assert!(house.read(&halina, ResourceType::Communication, "s").unwrap().to_string().contains("Signe"));
}

/// Who is told by a number or in words, or was another Patient before two records were joined, is not somebody else.
#[test]
fn of_what_is_theirs_alone_nothing_goes_however_they_are_named_in_it() {
    let house = new_box();
    visit_of_two(&house);
    let numbered = |of: &str, number: &str| {
        house.put(json!({"resourceType": "Patient", "id": of, "identifier": [{"system": "urn:x", "value": number}],
            "name": [{"family": of}]}));
    };
    numbered("p1", "N 1");
    numbered("p2", "N 2");
    house.put(json!({"resourceType": "Patient", "id": "old", "active": false, "identifier": [{"system": "urn:x", "value": "N 0"}],
        "link": [{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}]}));
    let halina = house.actor(Role::Patient, Some("Patient/p1"));
    let own = json!({"reference": "Patient/p1", "display": "HALINA"});
    let by = |number: &str| json!({"type": "Patient", "identifier": {"system": "urn:x", "value": number}, "display": "SOMEBODY"});
    let letter = |sender: &Value, more: Value| {
        let mut letter = json!({"resourceType": "Communication", "id": "m", "status": "completed", "subject": own,
            "sender": sender, "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">whole letter</div>"}});
        letter.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.put(letter);
        let mut seen = house.read(&halina, ResourceType::Communication, "m").unwrap();
        let stored = house.read(&Actor::system("test"), ResourceType::Communication, "m").unwrap();
        let is_whole = seen == stored;
        seen.as_object_mut().unwrap().shift_remove("meta");
        (is_whole, seen.to_string())
    };
    let contained = |number: &str| {
        let who = json!({"resourceType": "Patient", "id": "g", "identifier": [{"system": "urn:x", "value": number}],
            "name": [{"text": "SOMEBODY"}]});
        json!({ "contained": [who] })
    };
    for (sender, more) in [
        (by("N 1"), json!({})),
        (by("N 0"), json!({})),
        (by("nobody's"), json!({})),
        (json!({"type": "Patient", "display": "SOMEBODY"}), json!({})),
        (json!({"reference": "https://hospital.example/fhir/Patient/777"}), json!({})),
        (json!({"reference": "urn:uuid:0f6ae5a1-7d02-4a8b-9df7-5d86ad9f3c10", "type": "Patient"}), json!({})),
        (json!({"reference": "#g"}), contained("N 1")),
        (json!({"reference": "#g"}), contained("nobody's")),
        (own.clone(), json!({"recipient": [own, by("N 1")]})),
    ] {
        let (is_whole, text) = letter(&sender, more);
        assert!(is_whole, "{text}");
    }
    // Who is certainly another is not named, nor is whoever may be one beside them.
    for (sender, more) in [
        (by("N 2"), json!({})),
        (json!({"identifier": {"system": "urn:x", "value": "n 2"}, "display": "SOMEBODY"}), json!({})),
        (json!({"reference": "Patient/p2", "display": "SOMEBODY"}), json!({})),
        (json!({"reference": "#g", "display": "SOMEBODY"}), contained("N 2")),
        (by("nobody's"), json!({"recipient": [{"reference": "Patient/p2"}]})),
        (own.clone(), json!({"recipient": [own, by("nobody's")]})),
        (
            own.clone(),
            json!({"recipient": [own, {"reference": "https://hospital.example/fhir/Patient/p1", "display": "SOMEBODY"}]}),
        ),
    ] {
        let (_, text) = letter(&sender, more);
        assert!(!text.contains("SOMEBODY") && text.contains("HALINA") && !text.contains("whole letter"), "{text}");
    }
    // Beside others they themselves are named by their number.
    let both = json!({"recipient": [own, {"reference": "Patient/p2"}]});
    for number in ["N 1", "N 0"] {
        assert!(letter(&by(number), both.clone()).1.contains("SOMEBODY"), "{number}");
    }
    // What was signed before the records were joined is their own still, and what they sign with others is not.
    house.put(weight("w", "p1", "2026-03-01", 80.0));
    house.put(json!({"resourceType": "Provenance", "id": "v", "target": [{"reference": "Observation/w"}],
        "recorded": "2026-03-01T09:00:00Z", "agent": [{"who": {"reference": "Patient/old", "display": "SOMEBODY"}}]}));
    assert!(house.read(&halina, ResourceType::Provenance, "v").unwrap().to_string().contains("SOMEBODY"));
    // A link alone joins nothing: what still stands in the other record is not theirs to read.
    house.put(weight("left", "old", "2026-03-01", 80.0));
    assert!(!house.read(&halina, ResourceType::Provenance, "v").unwrap().to_string().contains("SOMEBODY"));
}

/// Who looks after appointments alone hears nothing of who else acts for the patient.
#[test]
fn of_an_appointment_who_looks_after_it_alone_reads_nobody_else_who_acts() {
    let house = new_box();
    visit_of_two(&house);
    let to = |who: &str| json!({"reference": who, "display": format!("called {who}")});
    for of in ["aunt", "desk"] {
        house.put(json!({"resourceType": "RelatedPerson", "id": of, "patient": to("Patient/p1")}));
    }
    let extent = json!([{"coding": [{"system": EXTENT, "code": "appointments"}]}]);
    house.put(
        json!({"resourceType": "Consent", "id": "c", "status": "active", "scope": {"coding": [{"code": "treatment"}]},
        "category": [{"coding": [{"system": "urn:chartbox:consent", "code": "proxy"}]}], "patient": to("Patient/p1"),
        "policyRule": {"text": "x"}, "provision": {"type": "permit", "code": extent,
        "actor": [{"role": {"text": "x"}, "reference": to("RelatedPerson/desk")}]}}),
    );
    let takes_part = |who: &str| json!({"actor": to(who), "status": "accepted"});
    let who = ["Patient/p1", "RelatedPerson/aunt", "RelatedPerson/desk", "Practitioner/d"];
    house.put(json!({"resourceType": "Appointment", "id": "b", "status": "booked", "start": "2026-04-01T09:00:00Z",
        "end": "2026-04-01T09:30:00Z", "participant": who.map(takes_part)}));
    let [desk, aunt] = ["desk", "aunt"].map(|of| house.actor(Role::Proxy, Some(&format!("RelatedPerson/{of}"))));
    let kind = ResourceType::Appointment;
    let reads = |actor: &Actor| house.read(actor, kind, "b").unwrap().to_string();
    let seen = reads(&desk);
    assert!(!seen.contains("aunt") && seen.contains("masked"), "{seen}");
    for stays in ["called RelatedPerson/desk", "called Patient/p1", "called Practitioner/d"] {
        assert!(seen.contains(stays), "{seen}");
    }
    assert!(house.ids(&desk, kind, "actor=RelatedPerson/aunt").is_empty());
    assert_eq!(house.ids(&desk, kind, "actor=RelatedPerson/desk"), ["b"]);
    // Whoever sees the record reads them all.
    let halina = house.actor(Role::Patient, Some("Patient/p1"));
    for actor in [&aunt, &halina] {
        assert!(reads(actor).contains("called RelatedPerson/aunt"));
        assert_eq!(house.ids(actor, kind, "actor=RelatedPerson/aunt"), ["b"]);
    }
    // What comes back loses nobody, and brings nobody in.
    let put = |value: Value| {
        let change = Change::put(kind, id("b"), value, Condition::None, Mode::Strict).unwrap();
        let why = why(audit::Action::Update);
        house.records.change_all_blocking(&desk, why, vec![change], Transaction::WORKFLOW).map(drop)
    };
    let stored = || house.read(&Actor::system("test"), kind, "b").unwrap();
    let (before, mut sent) = (stored(), house.read(&desk, kind, "b").unwrap());
    sent["start"] = "2026-04-01T09:15:00Z".into();
    put(sent.clone()).unwrap();
    assert_eq!(stored()["participant"], before["participant"]);
    assert_eq!(stored()["start"], "2026-04-01T09:15:00Z");
    sent["participant"][1] = takes_part("RelatedPerson/aunt");
    assert!(put(sent).is_err());
}

#[test]
fn a_doctor_who_is_named_in_words_alone_takes_part_in_a_visit_of_several_by_name() {
    let house = new_box();
    let [halina, ..] = visit_of_two(&house);
    let part = |code: &str| json!([{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": code}]}]);
    let of = |name: &str, code: &str| json!({"type": part(code), "actor": {"display": name}, "status": "accepted"});
    let with = |who: &str| json!({"actor": {"reference": who}, "status": "accepted"});
    house.put(json!({"resourceType": "Appointment", "id": "b", "status": "booked", "start": "2026-04-01T09:00:00Z",
        "end": "2026-04-01T09:30:00Z", "participant": [with("Patient/p1"), with("Patient/p2"), of("Dr Ann", "ATND"),
        of("Dr Ben", "PPRF"), of("Emil's mother", "ESC"), {"actor": {"display": "Emil"}, "status": "accepted"},
        {"type": part("ATND"), "actor": {"display": "Emil Okafor", "type": "Patient"}, "status": "accepted"}]}));
    let seen = house.read(&halina, ResourceType::Appointment, "b").unwrap();
    let named: Vec<_> = (0..7).map(|at| seen["participant"][at]["actor"]["display"].as_str()).collect();
    assert_eq!(named, [None, None, Some("Dr Ann"), Some("Dr Ben"), None, None, None], "{seen}");
}
