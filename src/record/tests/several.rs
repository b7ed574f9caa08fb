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
