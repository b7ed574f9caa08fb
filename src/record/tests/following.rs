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
