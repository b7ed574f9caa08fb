//! What is held from the patient: on every way to it, until it is let go; and who may sign and let go.

use super::*;

fn held() -> Value {
    json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "NOPAT"}])
}

fn result(of: &str, patient: &str, is_held: bool) -> Value {
    let mut value = weight(of, patient, "2026-03-01", 80.0);
    if is_held {
        value["meta"] = json!({"security": held()});
    }
    value
}

fn report(of: &str, status: &str, is_held: bool) -> Value {
    let mut value = json!({"resourceType": "DiagnosticReport", "id": of, "status": status, "code": {"text": "Blood test"},
        "subject": {"reference": "Patient/p1"}, "result": [{"reference": "Observation/hidden"}]});
    if is_held {
        value["meta"] = json!({"security": held()});
    }
    value
}

fn filled() -> Box_ {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(result("open", "p1", false));
    house.put(result("hidden", "p1", true));
    house
}

fn everything(house: &Box_, actor: &Actor) -> Vec<String> {
    let asked =
        EverythingAsked { patient: Some(id("p1")), kinds: None, since: None, care: None, count: None, cursor: None };
    let found = house
        .records
        .disclose_blocking(actor, why(audit::Action::Everything), |reading| reading.everything(&asked))
        .unwrap();
    found.matches.iter().filter(|one| one.kind == ResourceType::Observation).map(|one| one.id.to_string()).collect()
}

fn history(house: &Box_, actor: &Actor, of: HistoryOf) -> usize {
    let asked = HistoryAsked { of, since: None, at: None, count: None, cursor: None };
    let found = house.records.disclose_blocking(actor, why(audit::Action::History), |reading| reading.history(&asked));
    found.map_or(0, |page| page.versions.len())
}

#[test]
fn the_patient_meets_it_on_no_way_and_the_clinic_on_every() {
    let house = filled();
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d"));
    let nurse = house.actor(Role::Nurse, None);
    for staff in [&doctor, &nurse] {
        assert!(house.read(staff, ResourceType::Observation, "hidden").is_ok());
        assert_eq!(house.ids(staff, ResourceType::Observation, "patient=p1").len(), 2);
    }
    assert!(matches!(house.read(&own, ResourceType::Observation, "hidden"), Err(RecordError::NotFound)));
    for query in
        ["", "patient=p1", "_id=hidden,open", "code=29463-7", "patient=p1&_sort=-date", "status=final", "date=ge2020"]
    {
        assert_eq!(house.ids(&own, ResourceType::Observation, query), ["open"], "{query}");
    }
    let counted = house.search(&own, ResourceType::Observation, "_summary=count").unwrap();
    assert_eq!(counted.total, Some(1));
    let along = house.search(&own, ResourceType::Patient, "_id=p1&_revinclude=Observation:patient").unwrap();
    assert_eq!(along.included.len(), 1);
    assert_eq!(house.ids(&own, ResourceType::Patient, "_has:Observation:patient:_id=hidden").len(), 0);
    let part = house.records.disclose_blocking(&own, why(audit::Action::Read), |reading| {
        reading.of_patient(&id("p1"), ResourceType::Observation, 10)
    });
    assert_eq!(part.unwrap().found.len(), 1);
    assert_eq!((everything(&house, &own), everything(&house, &doctor).len()), (vec!["open".to_owned()], 2));
    assert_eq!(history(&house, &own, HistoryOf::One(ResourceType::Observation, id("hidden"))), 0);
    assert_eq!(history(&house, &own, HistoryOf::Type(ResourceType::Observation)), 1);
    assert_eq!(history(&house, &doctor, HistoryOf::Type(ResourceType::Observation)), 2);
}

#[test]
fn what_is_held_afterwards_takes_its_past_along_and_comes_back_when_it_is_let_go() {
    let house = filled();
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let all = HistoryOf::Type(ResourceType::Observation);
    house.put(result("open", "p1", true));
    assert!(house.ids(&own, ResourceType::Observation, "").is_empty());
    assert_eq!(history(&house, &own, all), 0);
    let version = house.records.disclose_blocking(&own, why(audit::Action::VersionRead), |reading| {
        reading.version(ResourceType::Observation, &id("open"), 1)
    });
    assert!(version.is_err());
    house.put(result("open", "p1", false));
    assert_eq!(house.ids(&own, ResourceType::Observation, ""), ["open"]);
}

#[test]
fn a_nurse_neither_signs_nor_lets_go_and_a_doctor_does_both() {
    let house = filled();
    house.put(report("r1", "preliminary", true));
    let (doctor, nurse) = (house.actor(Role::Clinician, Some("Practitioner/d")), house.actor(Role::Nurse, None));
    let put = |actor: &Actor, value: Value, how: Transaction| {
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        let of = id(value["id"].as_str().unwrap());
        let change = Change::put(kind, of, value, Condition::None, Mode::Strict).unwrap();
        wait(house.records.change_all(actor, why(audit::Action::Update), vec![change], how)).map(drop)
    };
    let never =
        |done: Result<(), RecordError>| matches!(done, Err(RecordError::Denied(crate::access::Denied::NeverForRole)));
    for how in [Transaction::STRICT, Transaction::WORKFLOW] {
        assert!(never(put(&nurse, report("r1", "final", true), how)));
        assert!(never(put(&nurse, report("r1", "preliminary", false), how)));
        assert!(never(put(&nurse, result("hidden", "p1", false), how)));
    }
    put(&nurse, report("r1", "partial", true), Transaction::WORKFLOW).unwrap();
    put(&doctor, report("r1", "final", false), Transaction::STRICT).unwrap();
    put(&doctor, result("hidden", "p1", false), Transaction::STRICT).unwrap();
}

#[test]
fn a_signed_note_stands_as_it_was_signed() {
    let house = filled();
    let note = |status: &str| {
        json!({"resourceType": "Composition", "id": "n1", "status": status, "type": {"text": "Note"}, "title": "Note",
            "date": "2026-03-01", "author": [{"display": "Dr A"}], "subject": {"reference": "Patient/p1"}})
    };
    house.put(note("preliminary"));
    let (doctor, nurse) = (house.actor(Role::Clinician, Some("Practitioner/d")), house.actor(Role::Nurse, None));
    let put = |actor: &Actor, status: &str, how: Transaction| {
        let change =
            Change::put(ResourceType::Composition, id("n1"), note(status), Condition::None, Mode::Strict).unwrap();
        wait(house.records.change_all(actor, why(audit::Action::Update), vec![change], how)).map(drop)
    };
    assert!(put(&nurse, "final", Transaction::WORKFLOW).is_err());
    put(&nurse, "preliminary", Transaction::STRICT).unwrap();
    put(&doctor, "final", Transaction::WORKFLOW).unwrap();
    for status in ["final", "preliminary", "amended", "entered-in-error"] {
        assert!(matches!(put(&doctor, status, Transaction::STRICT), Err(RecordError::Invalid(_))), "{status}");
    }
    let delete = Change::delete(ResourceType::Composition, id("n1"), Condition::None);
    let done = wait(house.records.change_all(&doctor, why(audit::Action::Delete), vec![delete], Transaction::STRICT));
    assert!(matches!(done, Err(RecordError::Invalid(_))));
}

#[test]
fn what_tells_of_a_result_comes_along_when_it_is_let_go() {
    let house = filled();
    house.put(json!({"resourceType": "Provenance", "id": "v", "target": [{"reference": "Observation/hidden"}],
        "recorded": "2026-03-01T09:00:00Z", "agent": [{"who": {"display": "Dr A"}}]}));
    house.clock.advance(Duration::from_secs(60));
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let since = Some(house.ambient.now());
    let asked = EverythingAsked { patient: Some(id("p1")), kinds: None, since, care: None, count: None, cursor: None };
    let newer = || {
        let why = why(audit::Action::Everything);
        let found = house.records.disclose_blocking(&own, why, |reading| reading.everything(&asked)).unwrap();
        found.matches.iter().map(|one| one.id.to_string()).collect::<Vec<_>>()
    };
    assert!(newer().is_empty());
    house.put(result("hidden", "p1", false));
    let mut found = newer();
    found.sort();
    assert_eq!(found, ["hidden", "v"]);
}
