//! What stands under the rules of another resource, and what one seals from oneself.

use super::*;

fn signed_off(of: &str) -> Value {
    json!({"resourceType": "Provenance", "id": "v1", "target": [{"reference": of}], "recorded": "2026-03-01T09:00:00Z",
        "reason": [{"text": "psychosis"}], "agent": [{"who": {"display": "Dr. Corvin"}}]})
}

/// A Provenance and a file stand under the rules of what they belong to, also when those change afterwards.
#[test]
fn what_follows_a_resource_is_sealed_and_unsealed_with_it() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    house.put(weight("w1", "p1", "2026-03-01", 80.0));
    house.put(signed_off("Observation/w1"));
    house.put(json!({"resourceType": "Binary", "id": "b1", "contentType": "text/plain", "data": "YQ==",
        "securityContext": {"reference": "Provenance/v1"}}));
    let (own, other) = (house.actor(Role::Patient, Some("Patient/p1")), house.actor(Role::Patient, Some("Patient/p2")));
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    let sees = |actor: &Actor| {
        let read = [(ResourceType::Provenance, "v1"), (ResourceType::Binary, "b1")].map(|(kind, of)| {
            let found = house.ids(actor, kind, "") == [of];
            assert_eq!(house.read(actor, kind, of).is_ok(), found, "a search finds what can be read");
            found
        });
        assert_eq!(read[0], read[1]);
        read[0]
    };
    assert_eq!([sees(&own), sees(&other), sees(&doctor)], [true, false, true]);
    let mut sealed = weight("w1", "p1", "2026-03-01", 80.0);
    sealed["meta"] = json!({"security": [{"code": "PSY"}]});
    house.put(sealed);
    assert_eq!([sees(&own), sees(&other), sees(&doctor)], [true, false, false]);
    // It becomes another's, unsealed.
    house.put(weight("w1", "p2", "2026-03-01", 80.0));
    assert_eq!([sees(&own), sees(&other), sees(&doctor)], [false, true, true]);
}

#[test]
fn what_follows_may_come_before_what_it_follows() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    let mut sealed = weight("w1", "p1", "2026-03-01", 80.0);
    sealed["meta"] = json!({"security": [{"code": "PSY"}]});
    let put = |value: &Value| {
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        Change::put(kind, id(value["id"].as_str().unwrap()), value.clone(), Condition::None, Mode::Strict).unwrap()
    };
    let changes = vec![put(&signed_off("Observation/w1")), put(&sealed)];
    let why = why(audit::Action::Transaction);
    house.records.change_all_blocking(&Actor::system("test"), why, changes, Transaction::STRICT).unwrap();
    assert!(house.read(&house.actor(Role::Patient, Some("Patient/p1")), ResourceType::Provenance, "v1").is_ok());
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    assert!(matches!(house.read(&doctor, ResourceType::Provenance, "v1"), Err(RecordError::NotFound)));
}

/// Who seals what they store may refer to it in the same group.
#[test]
fn what_one_seals_from_oneself_may_be_referred_to_where_it_is_stored() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    let mut sealed = weight("w1", "p1", "2026-03-01", 80.0);
    sealed["meta"] = json!({"security": [{"code": "PSY"}]});
    let list = json!({"resourceType": "List", "status": "current", "mode": "working", "subject": {"reference": "Patient/p1"},
        "entry": [{"item": {"reference": "Observation/w1"}}]});
    let sealed = Change::create_as(ResourceType::Observation, id("w1"), sealed, Mode::Strict).unwrap();
    let list = || Change::create(ResourceType::List, list.clone(), Mode::Strict).unwrap();
    let all = |changes| {
        house.records.change_all_blocking(&doctor, why(audit::Action::Transaction), changes, Transaction::STRICT)
    };
    assert!(all(vec![sealed, list()]).is_ok());
    // Afterwards it is not there for them.
    match all(vec![list()]) {
        Err(RecordError::DanglingReference { at, .. }) => assert_eq!(at.as_deref(), Some("List.entry[0].item")),
        other => panic!("{other:?}"),
    }
}

/// Other programs and people wait for all that is done for a group, not for its changes alone.
#[test]
fn what_is_settled_because_of_a_change_is_done_in_the_time_of_its_group() {
    let (records, ambient, tick) = ticking();
    let put = |value: Value| {
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        Change::put(kind, id(value["id"].as_str().unwrap()), value, Condition::None, Mode::Strict).unwrap()
    };
    let store = |actor: &Actor, changes| {
        records.change_all_blocking(actor, why(audit::Action::Update), changes, Transaction::STRICT).map(drop)
    };
    let system = Actor::system("test");
    let told = |of: usize| {
        let mut one = signed_off("Observation/w1");
        one["id"] = format!("v{of}").into();
        put(one)
    };
    let begin = [patient("p1", "Brandvold"), weight("w1", "p1", "2026-03-01", 80.0)].map(put);
    store(&system, begin.into_iter().chain((0..30).map(told)).collect()).unwrap();
    let sealed = || {
        let mut sealed = weight("w1", "p1", "2026-03-01", 80.0);
        sealed["meta"] = json!({"security": [{"code": "PSY"}]});
        vec![put(sealed)]
    };
    let lab = program(&ambient);
    tick.store(1_000, std::sync::atomic::Ordering::Relaxed);
    assert!(matches!(store(&lab, sealed()).map_err(RecordError::without_place), Err(RecordError::TooMuchWritten)));
    // More than two seconds: nobody can seal it in parts.
    tick.store(100, std::sync::atomic::Ordering::Relaxed);
    store(&lab, sealed()).unwrap();
    // What the box does by itself is done to its end.
    tick.store(100, std::sync::atomic::Ordering::Relaxed);
    store(&system, vec![put(weight("w1", "p1", "2026-03-01", 80.0))]).unwrap();
}

/// What follows many is settled once for all of them, in whichever order they come.
#[test]
fn the_order_of_a_group_does_not_change_what_it_costs() {
    let asked = |first: bool| {
        let (records, ambient, tick) = ticking();
        let change = |kind, value| Change::create_as(kind, FhirId::new(&ambient), value, Mode::Strict).unwrap();
        let ids: Vec<FhirId> = (0..40).map(|_| FhirId::new(&ambient)).collect();
        let mut all: Vec<Change> = ids
            .iter()
            .map(|of| {
                let value = json!({"resourceType": "Observation", "status": "final", "code": {"text": "Weight"}});
                Change::create_as(ResourceType::Observation, of.clone(), value, Mode::Strict).unwrap()
            })
            .collect();
        let mut told = signed_off("Observation/none");
        told.as_object_mut().unwrap().shift_remove("id");
        told["target"] = ids.iter().map(|of| json!({"reference": format!("Observation/{of}")})).collect();
        all.insert(if first { 0 } else { all.len() }, change(ResourceType::Provenance, told));
        tick.store(10, std::sync::atomic::Ordering::Relaxed);
        let begun = ambient.now();
        let why = why(audit::Action::Transaction);
        records.change_all_blocking(&program(&ambient), why, all, Transaction::STRICT).unwrap();
        ambient.now().duration_since(begun).as_millis()
    };
    assert!(asked(true) < 2 * asked(false));
}

/// A file that leaves a report that is held does not come before the patient by that.
#[test]
fn a_program_that_moves_a_file_from_what_is_held_does_not_let_it_go() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    let hold = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "NOPAT"}]});
    let report = |meta: &Value| {
        json!({"resourceType": "DiagnosticReport", "id": "r1", "status": "final", "code": {"text": "Biopsy"},
            "subject": {"reference": "Patient/p1"}, "meta": meta})
    };
    house.put(report(&hold));
    let lab = program(&house.ambient);
    let file = |of: &str, to: &str| {
        let value = json!({"resourceType": "Binary", "id": of, "contentType": "text/plain", "data": "YQ==",
            "securityContext": {"reference": to}});
        let change = Change::put(ResourceType::Binary, id(of), value, Condition::None, Mode::Strict).unwrap();
        let why = why(audit::Action::Update);
        house.records.change_all_blocking(&lab, why, vec![change], Transaction::STRICT).unwrap();
    };
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let sees = |of: &str| house.read(&own, ResourceType::Binary, of).is_ok();
    file("moved", "DiagnosticReport/r1");
    file("stayed", "DiagnosticReport/r1");
    file("moved", "Patient/p1");
    file("stayed", "DiagnosticReport/r1");
    assert_eq!((sees("moved"), sees("stayed")), (false, false));
    house.put(report(&json!({"source": "urn:lab"})));
    assert!(sees("stayed"), "its hold was the report's");
}

/// A cohort for an export is one resource, of however many.
#[test]
fn a_group_of_a_program_may_have_more_members_than_records_it_stands_in() {
    let house = new_box();
    (0..=250).for_each(|of| drop(house.put(patient(&format!("m{of}"), "Brandvold"))));
    let members: Vec<Value> = (0..=250).map(|of| json!({"entity": {"reference": format!("Patient/m{of}")}})).collect();
    let group = json!({"resourceType": "Group", "type": "person", "actual": true, "member": members});
    let store = |actor: &Actor| {
        let change = Change::create(ResourceType::Group, group.clone(), Mode::Strict).unwrap();
        house.records.change_all_blocking(actor, why(audit::Action::Create), vec![change], Transaction::STRICT)
    };
    let (lab, doctor) = (program(&house.ambient), house.actor(Role::Clinician, Some("Practitioner/d1")));
    store(&lab).unwrap();
    assert_eq!(house.ids(&lab, ResourceType::Group, "member=Patient/m250").len(), 1);
    assert!(matches!(store(&doctor).map_err(RecordError::without_place), Err(RecordError::Invalid(_))));
}
