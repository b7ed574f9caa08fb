//! A record that was joined to another one: where it goes on, and that nothing new is written in it.

use super::*;
use crate::record::ActError;

fn joined(of: &str, to: &str) -> Value {
    json!({"resourceType": "Patient", "id": of, "active": false,
        "link": [{"other": {"reference": format!("Patient/{to}")}, "type": "replaced-by"}]})
}

fn filled() -> Box_ {
    let house = new_box();
    house.put(patient("a", "Brandvold"));
    house.put(patient("b", "Brandvold"));
    house.put(joined("b", "a"));
    house
}

#[test]
fn who_was_joined_goes_on_as_the_last_of_them_and_two_that_name_each_other_end() {
    let house = filled();
    house.put(patient("c", "Corvin"));
    let now = |of: &str| house.records.goes_on_as(&id(of)).unwrap();
    assert_eq!((now("b"), now("a"), now("none")), (Some(id("a")), None, None));
    house.put(joined("a", "c"));
    assert_eq!((now("b"), now("a")), (Some(id("c")), Some(id("c"))));
    house.put(joined("alone", "nobody"));
    assert_eq!(now("alone"), None, "who is not here cannot be gone on as");
    house.put(joined("c", "b"));
    assert_eq!((now("a"), now("b"), now("c")), (None, None, None), "links that lead back lead nowhere");
    house.put(joined("self", "self"));
    assert_eq!(now("self"), None);
}

#[test]
fn a_record_that_a_link_left_something_in_stays_open_and_both_name_the_other_part() {
    let house = filled();
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d"));
    let parts = |of: &str| house.records.other_parts(&id(of)).unwrap();
    assert_eq!((parts("a"), parts("b")), (vec![], vec![]));
    house.put(weight("left", "b", "2026-03-01", 80.0));
    assert_eq!(house.records.goes_on_as(&id("b")).unwrap(), None);
    assert_eq!((parts("a"), parts("b")), (vec![id("b")], vec![]));
    house.put(weight("here", "a", "2026-03-01", 70.0));
    assert_eq!((parts("a"), parts("b")), (vec![id("b")], vec![id("a")]));
    let mut more = weight("more", "b", "2026-03-02", 81.0);
    more.as_object_mut().unwrap().shift_remove("id");
    let change = Change::create(ResourceType::Observation, more, Mode::Strict).unwrap();
    house.records.change_all_blocking(&doctor, why(audit::Action::Create), vec![change], Transaction::STRICT).unwrap();
}

#[test]
fn a_program_that_sends_its_copy_again_parts_nobody_unless_it_names_the_version() {
    let house = filled();
    let lab = program(&house.ambient);
    let put = |value: Value, condition| {
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        let of = id(value["id"].as_str().unwrap());
        let change = Change::put(kind, of, value, condition, Mode::Strict).unwrap();
        house.records.change_all_blocking(&lab, why(audit::Action::Update), vec![change], Transaction::STRICT).map(drop)
    };
    put(patient("b", "Brandvold"), Condition::None).unwrap();
    assert_eq!(house.records.goes_on_as(&id("b")).unwrap(), Some(id("a")));
    let new = weight("new", "b", "2026-03-02", 80.0);
    assert!(matches!(put(new.clone(), Condition::None), Err(RecordError::Joined(_))));
    // Both in one transaction, too.
    let both = [patient("b", "Brandvold"), new].map(|value| {
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        let of = id(value["id"].as_str().unwrap());
        Change::put(kind, of, value, Condition::None, Mode::Strict).unwrap()
    });
    let refused = house.records.change_all_blocking(&lab, why(audit::Action::Update), both.into(), Transaction::STRICT);
    assert!(matches!(refused, Err(RecordError::Joined(_))));
    let version = house.read(&Actor::system("test"), ResourceType::Patient, "b").unwrap()["meta"]["versionId"].clone();
    put(patient("b", "Brandvold"), Condition::Version(version.as_str().unwrap().parse().unwrap())).unwrap();
    assert_eq!(house.records.goes_on_as(&id("b")).unwrap(), None);
}

#[test]
fn nothing_new_is_written_about_who_was_joined_by_people_programs_and_workflows() {
    let house = filled();
    let (doctor, nurse) = (house.actor(Role::Clinician, Some("Practitioner/d")), house.actor(Role::Nurse, None));
    let put = |actor: &Actor, value: Value, how| {
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        let change = Change::create(kind, value, Mode::Strict).unwrap();
        house.records.change_all_blocking(actor, why(audit::Action::Create), vec![change], how).map(drop)
    };
    let about = |patient: &str| {
        let mut value = weight("w", patient, "2026-03-02", 180.0);
        value.as_object_mut().unwrap().shift_remove("id");
        value
    };
    for actor in [&doctor, &nurse] {
        for how in [Transaction::STRICT, Transaction::WORKFLOW] {
            put(actor, about("a"), how).unwrap();
            let refused = put(actor, about("b"), how);
            assert!(matches!(&refused, Err(RecordError::Joined(to)) if *to == id("a")), "{refused:?}");
        }
    }
    let told = tokio::runtime::Runtime::new().unwrap().block_on(house.records.act_about(
        &doctor,
        why(audit::Action::Update),
        &id("b"),
        |_| Ok::<_, ActError<RecordError>>(()),
    ));
    assert!(matches!(told, Err(ActError::Record(RecordError::Joined(_)))), "{told:?}");
    // What stands elsewhere does not move in either, with whichever version it comes.
    let lab = program(&house.ambient);
    house.put(weight("mine", "a", "2026-03-02", 80.0));
    let moved = || {
        Change::put(
            ResourceType::Observation,
            id("mine"),
            weight("mine", "b", "2026-03-02", 80.0),
            Condition::None,
            Mode::Strict,
        )
        .unwrap()
    };
    for actor in [&doctor, &lab] {
        let refused =
            house.records.change_all_blocking(actor, why(audit::Action::Update), vec![moved()], Transaction::STRICT);
        assert!(matches!(refused, Err(RecordError::Joined(_))));
    }
    assert_eq!(house.ids(&doctor, ResourceType::Observation, "patient=a").len(), 5);
    // What is brought from elsewhere, and what the box itself moves, is not of now.
    house.put(weight("brought", "b", "2020-01-01", 80.0));
    put(&Actor::system("merge"), about("b"), Transaction::WORKFLOW).unwrap();
}

#[test]
fn an_old_copy_of_either_part_leaves_the_links_of_both() {
    let house = filled();
    let mut kept = patient("a", "Brandvold");
    kept["link"] = json!([{"other": {"reference": "Patient/b"}, "type": "replaces"}]);
    house.put(kept);
    let lab = program(&house.ambient);
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d"));
    for who in [&lab, &doctor] {
        for of in ["a", "b"] {
            let copy = patient(of, "Brandvold");
            let change = Change::put(ResourceType::Patient, id(of), copy, Condition::None, Mode::Strict).unwrap();
            let why = why(audit::Action::Update);
            house.records.change_all_blocking(who, why, vec![change], Transaction::STRICT).unwrap();
            let stored = house.read(&lab, ResourceType::Patient, of).unwrap();
            assert_eq!(stored["link"].as_array().unwrap().len(), 1, "{of}");
        }
    }
    // Of several that were joined to one each stays, with the number that it brought.
    let link = |of: &str| json!({"other": {"reference": format!("Patient/{of}")}, "type": "replaces"});
    let number = |of: &str, how: &str| json!({"use": how, "system": "urn:numbers", "value": of});
    let mut kept = patient("a", "Brandvold");
    kept["link"] = json!([link("b"), link("c")]);
    kept["identifier"] = json!([number("1", "usual"), number("2", "old")]);
    house.put(kept);
    let mut copy = patient("a", "Brandvold");
    copy["link"] = json!([link("b/_history/1")]);
    copy["identifier"] = json!([number("1", "usual")]);
    let change = Change::put(ResourceType::Patient, id("a"), copy, Condition::None, Mode::Strict).unwrap();
    house.records.change_all_blocking(&lab, why(audit::Action::Update), vec![change], Transaction::STRICT).unwrap();
    let stored = house.read(&lab, ResourceType::Patient, "a").unwrap();
    assert_eq!(stored["link"], json!([link("b/_history/1"), link("c")]));
    assert_eq!(stored["identifier"], json!([number("1", "usual"), number("2", "old")]));
}

#[test]
fn a_link_to_a_version_of_somebody_joins_to_them() {
    let house = filled();
    let mut led = patient("b", "Brandvold");
    led["link"] = json!([{"other": {"reference": "Patient/a/_history/1"}, "type": "replaced-by"}]);
    house.put(led);
    let lab = program(&house.ambient);
    let change =
        Change::create(ResourceType::Observation, weight("new", "b", "2026-03-02", 80.0), Mode::Strict).unwrap();
    let refused =
        house.records.change_all_blocking(&lab, why(audit::Action::Create), vec![change], Transaction::STRICT);
    assert!(matches!(&refused, Err(RecordError::Joined(to)) if *to == id("a")), "{refused:?}");
}

/// What follows what was moved is settled by and by, and stands where it belongs at once.
#[test]
fn a_record_whose_files_are_not_settled_is_joined_and_the_copy_of_the_other_is_whole() {
    use std::sync::atomic::Ordering::Relaxed;
    const FILES: usize = 30;
    let (records, ambient, tick) = ticking();
    let house = Box_ { records, ambient, ..new_box() };
    house.put(patient("a", "Brandvold"));
    house.put(patient("b", "Brandvold"));
    let letter = |of: &str| {
        json!({"resourceType": "DocumentReference", "id": "d1", "status": "current", "subject": {"reference": format!("Patient/{of}")},
            "content": [{"attachment": {"contentType": "text/plain"}}]})
    };
    house.put(letter("b"));
    for of in 0..FILES {
        house
            .put(json!({"resourceType": "Binary", "id": format!("f{of}"), "contentType": "text/plain", "data": "YQ==",
            "securityContext": {"reference": "DocumentReference/d1"}}));
    }
    let mut kept = patient("a", "Brandvold");
    kept["link"] = json!([{"other": {"reference": "Patient/b"}, "type": "replaces"}]);
    let put = |value: Value| {
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        Change::put(kind, id(value["id"].as_str().unwrap()), value, Condition::None, Mode::Strict).unwrap()
    };
    let system = Actor::system("test");
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d"));
    tick.store(1_000, Relaxed);
    let all = vec![put(letter("a")), put(joined("b", "a")), put(kept)];
    house.records.change_all_blocking(&system, why(audit::Action::Transaction), all, Transaction::STRICT).unwrap();
    tick.store(0, Relaxed);
    // A page at a time, and a piece of an export at a time.
    let copied = |of: &str| {
        let mut asked = EverythingAsked {
            patient: Some(id(of)),
            kinds: Some(vec![ResourceType::Binary]),
            since: None,
            care: None,
            count: Some(7),
            cursor: None,
        };
        let mut found = std::collections::BTreeSet::new();
        loop {
            let why = why(audit::Action::Everything);
            let page = house.records.disclose_blocking(&doctor, why, |reading| reading.everything(&asked)).unwrap();
            assert!(page.matches.iter().all(|one| found.insert(one.id.clone())), "each once");
            asked.cursor = page.next.clone();
            if asked.cursor.is_none() {
                break;
            }
        }
        found.len()
    };
    let exported = |of: &str| {
        let whom = Whom::These(std::iter::once(id(of)).collect());
        let of = ExportOf {
            kind: ResourceType::Binary,
            whom,
            at: house.ambient.now(),
            since: None,
            filters: vec![],
            known: ExportKnown::default(),
        };
        let size = ExportSize { file: 100, chunk: 100, bytes: 1 << 20, stretch: 1_000 };
        let why = why(audit::Action::Export);
        let chunk =
            house.records.disclose_blocking(&system, why, |reading| reading.export_chunk(&of, None, None, size));
        chunk.unwrap().found.len()
    };
    let listed = |of: &str| {
        let why = why(audit::Action::Read);
        let found = house
            .records
            .disclose_blocking(&doctor, why, |reading| reading.of_patient(&id(of), ResourceType::Binary, 100));
        found.unwrap().found.len()
    };
    for settled in [false, true] {
        if settled {
            while house.records.settle_followers().unwrap() == Indexed::NotYet {}
        }
        let stored = rows_of(&house, "b", ResourceType::Binary);
        assert_eq!(stored, if settled { 0 } else { FILES });
        assert_eq!(["a", "b"].map(copied), [FILES, 0]);
        assert_eq!(["a", "b"].map(exported), [FILES, 0]);
        assert_eq!(["a", "b"].map(listed), [FILES, 0]);
        assert_eq!(house.records.goes_on_as(&id("b")).unwrap(), Some(id("a")));
        assert!(house.records.other_parts(&id("a")).unwrap().is_empty());
        let about = Change::create(ResourceType::Observation, weight("w", "b", "2026-03-02", 80.0), Mode::Strict);
        let refused = house.records.change_all_blocking(
            &doctor,
            why(audit::Action::Create),
            vec![about.unwrap()],
            Transaction::STRICT,
        );
        assert!(matches!(&refused, Err(RecordError::Joined(to)) if *to == id("a")), "{refused:?}");
    }
}

/// How many rows of a type are stored as standing in a patient's record.
fn rows_of(house: &Box_, patient: &str, kind: ResourceType) -> usize {
    use crate::record::layout::COMPARTMENT;
    use crate::record::numbers;
    use crate::store::{Direction, KeyRange, ReadExt as _};
    let read = house.records.audit().read().unwrap();
    let number = numbers::find(&read, ResourceType::Patient, &id(patient)).unwrap().unwrap();
    read.scan(&COMPARTMENT, KeyRange::prefix(&(number, kind.number())), Direction::Up).unwrap().count()
}
