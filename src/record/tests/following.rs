//! What stands under the rules of another resource, and what one seals from oneself.

use super::*;
use crate::record::layout::{RESOURCES, UNSETTLED};
use crate::store::{Direction, KeyRange, ReadExt as _};

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

/// Rows of those that follow, as they stand in the indexes: of these kinds, whether each is sealed.
fn stored_as_sealed(house: &Box_, kinds: [ResourceType; 2]) -> Vec<bool> {
    let read = house.records.audit().read().unwrap();
    let all = read.scan(&RESOURCES, KeyRange::all(), Direction::Up).unwrap().map(|row| row.unwrap().1);
    all.filter(|row| kinds.contains(&row.kind)).map(|row| row.sensitivity.is_sealed()).collect()
}

fn are_settled(house: &Box_) -> bool {
    house.records.audit().read().unwrap().scan(&UNSETTLED, KeyRange::all(), Direction::Up).unwrap().next().is_none()
}

const FOLLOW: [ResourceType; 2] = [ResourceType::Provenance, ResourceType::Binary];

/// A reading with thirty signatures, a file of the last of them, and a clock by which two of these are settled at once.
fn much_told() -> (Box_, Arc<std::sync::atomic::AtomicI64>) {
    let (records, ambient, tick) = ticking();
    let house = Box_ { records, ambient, ..new_box() };
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    house.put(weight("w1", "p1", "2026-03-01", 80.0));
    for of in 0..30 {
        let mut one = signed_off("Observation/w1");
        one["id"] = format!("v{of}").into();
        house.put(one);
    }
    house.put(json!({"resourceType": "Binary", "id": "b1", "contentType": "text/plain", "data": "YQ==",
        "securityContext": {"reference": "Provenance/v29"}}));
    (house, tick)
}

fn sealed() -> Value {
    let mut sealed = weight("w1", "p1", "2026-03-01", 80.0);
    sealed["meta"] = json!({"security": [{"code": "PSY"}]});
    sealed
}

/// Whoever seals a result does not answer for how much tells of it, and keeps nobody waiting for that; and nothing of it is open
/// until it is settled.
#[test]
fn what_cannot_be_settled_at_once_is_closed_meanwhile_and_settled_by_and_by() {
    use std::sync::atomic::Ordering::Relaxed;
    let (house, tick) = much_told();
    let lab = program(&house.ambient);
    let [own, other] = ["Patient/p1", "Patient/p2"].map(|of| house.actor(Role::Patient, Some(of)));
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    let sees = |actor: &Actor| {
        let read = (0..30).filter(|of| house.read(actor, ResourceType::Provenance, &format!("v{of}")).is_ok()).count();
        // What comes into a record is found there when it is settled.
        let found = house.ids(actor, ResourceType::Provenance, "").len();
        assert!(found == read || found < read && !are_settled(&house), "{found} {read}");
        let asked = HistoryAsked { of: HistoryOf::Type(ResourceType::Provenance), ..all_of(ResourceType::Basic, "x") };
        let past = house.records.disclose_blocking(actor, why(audit::Action::History), |r| r.history(&asked)).unwrap();
        assert!(past.versions.len() == read || past.versions.len() < read && !are_settled(&house));
        assert_eq!(house.read(actor, ResourceType::Binary, "b1").is_ok(), read > 0);
        read
    };
    let store = |actor: &Actor, value: Value| {
        tick.store(100, Relaxed);
        let change = Change::put(ResourceType::Observation, id("w1"), value, Condition::None, Mode::Strict).unwrap();
        let begun = house.ambient.now();
        let why = why(audit::Action::Update);
        house.records.change_all_blocking(actor, why, vec![change], Transaction::STRICT).unwrap();
        assert!(house.ambient.now().duration_since(begun).as_secs() < 3, "others wait for it");
        tick.store(0, Relaxed);
    };
    let settle = || {
        tick.store(60, Relaxed);
        let stretches = std::iter::repeat_with(|| house.records.settle_followers().unwrap());
        let stretches = stretches.take_while(|settled| *settled == Indexed::NotYet).count();
        tick.store(0, Relaxed);
        assert!(stretches > 5 && are_settled(&house), "{stretches}");
    };
    assert_eq!([sees(&own), sees(&other), sees(&doctor)], [30, 0, 30]);
    store(&lab, sealed());
    assert!(stored_as_sealed(&house, FOLLOW).contains(&false) && !are_settled(&house));
    assert_eq!([sees(&own), sees(&other), sees(&doctor)], [30, 0, 0]);
    settle();
    assert_eq!(stored_as_sealed(&house, FOLLOW), [true; 31]);
    assert_eq!([sees(&own), sees(&other), sees(&doctor)], [30, 0, 0]);
    // It becomes another's, unsealed.
    store(&Actor::system("test"), weight("w1", "p2", "2026-03-01", 80.0));
    assert_eq!([sees(&own), sees(&other), sees(&doctor)], [0, 30, 30]);
    settle();
    assert_eq!(stored_as_sealed(&house, FOLLOW), [false; 31]);
    assert_eq!([sees(&own), sees(&other), sees(&doctor)], [0, 30, 30]);
    let of = |of: &str| {
        let found = house.records.disclose_blocking(&Actor::system("test"), why(audit::Action::Read), |reading| {
            reading.of_patient(&id(of), ResourceType::Provenance, 100)
        });
        found.unwrap().found.len()
    };
    assert_eq!((of("p1"), of("p2")), (0, 30));
}

/// What is written or deleted while it is not settled leads on to what follows it.
#[test]
fn what_changes_before_it_is_settled_leaves_nothing_behind_it_open() {
    use std::sync::atomic::Ordering::Relaxed;
    for deletes in [false, true] {
        let (house, tick) = much_told();
        let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
        tick.store(1_000, Relaxed);
        house.put(sealed());
        assert_eq!(stored_as_sealed(&house, FOLLOW), [false; 31]);
        let mut last = signed_off("Observation/w1");
        last["id"] = "v29".into();
        last["reason"] = json!([{"text": "another one"}]);
        if deletes {
            let gone = vec![Change::delete(ResourceType::Provenance, id("v29"), Condition::None)];
            let (system, why) = (Actor::system("test"), why(audit::Action::Delete));
            house.records.change_all_blocking(&system, why, gone, Transaction::IMPORT).unwrap();
        } else {
            house.put(last);
        }
        tick.store(0, Relaxed);
        assert!(house.read(&doctor, ResourceType::Binary, "b1").is_err());
        while house.records.settle_followers().unwrap() == Indexed::NotYet {}
        assert!(house.read(&doctor, ResourceType::Binary, "b1").is_err());
        assert_eq!(stored_as_sealed(&house, FOLLOW), [true; 31]);
    }
}

/// What follows it no more, or is deleted, told of it once; that it was deleted tells of it still.
#[test]
fn the_past_of_what_told_of_a_resource_is_closed_with_it() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(weight("w1", "p1", "2026-03-01", 80.0));
    house.put(weight("w2", "p1", "2026-03-01", 81.0));
    let system = Actor::system("test");
    house.put(signed_off("Observation/w1"));
    house.clock.advance(Duration::from_secs(1));
    let gone = vec![Change::delete(ResourceType::Provenance, id("v1"), Condition::None)];
    house.records.change_all_blocking(&system, why(audit::Action::Delete), gone, Transaction::IMPORT).unwrap();
    let file = |of: &str| {
        json!({"resourceType": "Binary", "id": "b1", "contentType": "text/plain", "data": "YQ==",
            "securityContext": {"reference": of}})
    };
    house.put(file("Observation/w1"));
    house.put(file("Observation/w2"));
    let [own, doctor] = [(Role::Patient, "Patient/p1"), (Role::Clinician, "Practitioner/d1")]
        .map(|(role, person)| house.actor(role, Some(person)));
    let versions = |actor: &Actor, of: HistoryOf| {
        let asked = HistoryAsked { of, ..all_of(ResourceType::Basic, "x") };
        match house.records.disclose_blocking(actor, why(audit::Action::History), |r| r.history(&asked)) {
            Ok(past) => past.versions.iter().map(|one| one.stored.version).collect::<Vec<_>>(),
            Err(RecordError::NotFound) => vec![],
            Err(error) => panic!("{error}"),
        }
    };
    let sees = |actor: &Actor| {
        let what = [(ResourceType::Provenance, "v1", vec![]), (ResourceType::Binary, "b1", vec![2])];
        what.map(|(kind, of, left)| {
            let first = |r: &mut Reading<'_>| r.version(kind, &id(of), 1);
            let read = house.records.disclose_blocking(actor, why(audit::Action::Read), first).is_ok();
            let newest = versions(actor, HistoryOf::One(kind, id(of)));
            assert_eq!(versions(actor, HistoryOf::Type(kind)), newest);
            assert_eq!(newest, if read { vec![2, 1] } else { left });
            read
        })
    };
    assert_eq!([sees(&own), sees(&doctor)], [[true; 2]; 2]);
    house.put(sealed());
    assert_eq!([sees(&own), sees(&doctor)], [[true; 2], [false; 2]]);
    // What becomes another's takes what was said of it along.
    house.put(patient("p2", "Corvin"));
    house.put(weight("w1", "p2", "2026-03-01", 80.0));
    assert_eq!([sees(&own), sees(&doctor)], [[false; 2], [true; 2]]);
}

/// Nobody can tell at once how it stands, and an import waits for nobody.
#[test]
fn an_import_brings_again_what_follows_very_much_while_anything_is_not_settled() {
    use std::sync::atomic::Ordering::Relaxed;
    let (house, tick) = much_told();
    let mut follows = Vec::new();
    for of in 0..5 {
        let mut one = weight(&format!("big{of}"), "p1", "2026-03-01", 80.0);
        one["note"] = vec![json!({"text": "y".repeat(900_000)}); 8].into();
        house.put(one);
        follows.push(json!({"reference": format!("Observation/big{of}")}));
    }
    let mut told = signed_off("Observation/none");
    told["id"] = "much".into();
    told["target"] = json!(follows);
    house.put(told.clone());
    tick.store(1_000, Relaxed);
    house.put(sealed());
    tick.store(0, Relaxed);
    assert!(!are_settled(&house));
    assert_eq!(house.put(told.clone()).as_what, WrittenAs::Unchanged);
    let change = Change::put(ResourceType::Provenance, id("much"), told, Condition::None, Mode::Strict).unwrap();
    let lab = program(&house.ambient);
    let refused =
        house.records.change_all_blocking(&lab, why(audit::Action::Update), vec![change], Transaction::STRICT);
    assert!(matches!(refused.map_err(RecordError::without_place), Err(RecordError::TooMuchWritten)));
    // To who does not see it, it is not there.
    let nurse = house.actor(Role::Nurse, None);
    let gone = |of: &str| {
        let gone = vec![Change::delete(ResourceType::Provenance, id(of), Condition::None)];
        let done = house.records.change_all_blocking(&nurse, why(audit::Action::Delete), gone, Transaction::STRICT);
        done.map(|written| written.into_inner().swap_remove(0).as_what).map_err(RecordError::without_place)
    };
    assert_eq!(format!("{:?}", gone("much")), format!("{:?}", gone("nothing")));
}

/// Those who seal it have all of that to settle.
#[test]
fn what_patients_say_themselves_follows_one_resource_so_often_and_no_more() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(weight("w1", "p1", "2026-03-01", 80.0));
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let add = |to: &str| {
        let file = json!({"resourceType": "Binary", "contentType": "text/plain", "data": "YQ==",
            "securityContext": {"reference": to}});
        let change = Change::create(ResourceType::Binary, file, Mode::Strict).unwrap();
        house.records.change_all_blocking(&own, why(audit::Action::Create), vec![change], Transaction::STRICT).map(drop)
    };
    (0..100).for_each(|_| add("Observation/w1").unwrap());
    match add("Observation/w1").map_err(RecordError::without_place) {
        Err(RecordError::Invalid(issues)) => assert_eq!(issues[0].code, crate::fhir::IssueCode::TooCostly),
        other => panic!("{other:?}"),
    }
    (0..=100).for_each(|_| add("Patient/p1").unwrap());
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

#[test]
fn a_history_looks_up_once_what_all_versions_follow() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    for of in 0..100 {
        house.put(weight(&format!("w{of}"), "p1", "2026-03-01", 80.0));
    }
    let targets: Value = (0..100).map(|of| json!({"reference": format!("Observation/w{of}")})).collect();
    for of in 0..10 {
        let mut told = signed_off("Observation/w0");
        told["target"] = targets.clone();
        told["reason"] = json!([{"text": of.to_string()}]);
        house.put(told);
    }
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let counting = Counting { snapshot: house.records.audit().read().unwrap(), rows: Cell::new(0) };
    let known = kept::Known::Learning(&house.records.kept);
    let sight = sight::Sight::new(&own, &house.records.setting, house.ambient.now(), known);
    let limits = house.records.limits;
    let mut reading = Reading::new(&counting, sight, Pace::unbounded(), limits, &house.records.paging, Channel::Api);
    let found = reading.history(&all_of(ResourceType::Provenance, "v1")).map(drop);
    drop(reading);
    found.unwrap();
    let rows = counting.rows.get();
    assert!(rows < 3_500, "{rows}");
}
