//! A document that the clinic took back as a mistake.

use super::*;

fn document(of: &str, status: &str) -> Value {
    json!({"resourceType": "DocumentReference", "id": of, "status": status, "subject": {"reference": "Patient/p1"},
        "author": [{"reference": "Practitioner/d"}], "description": "A letter of Mr Wrong",
        "content": [{"attachment": {"contentType": "text/plain", "url": "Binary/f"}}]})
}

#[test]
fn what_the_clinic_took_back_is_no_longer_the_patients_by_any_way_and_the_clinic_keeps_it() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(
        json!({"resourceType": "RelatedPerson", "id": "r1", "active": true, "patient": {"reference": "Patient/p1"}}),
    );
    house.put(json!({"resourceType": "Binary", "id": "f", "contentType": "text/plain", "data": "V3Jvbmc=",
        "securityContext": {"reference": "Patient/p1"}}));
    house.put(document("d", "current"));
    let theirs = [house.actor(Role::Patient, Some("Patient/p1")), house.actor(Role::Proxy, Some("RelatedPerson/r1"))];
    let doctor = house.actor(Role::Clinician, None);
    let reads = |actor: &Actor| {
        [(ResourceType::DocumentReference, "d"), (ResourceType::Binary, "f")]
            .map(|(kind, of)| house.read(actor, kind, of).is_ok())
    };
    let versions = |actor: &Actor| {
        let why = why(audit::Action::VersionRead);
        let read = |reading: &mut Reading<'_>| reading.version(ResourceType::DocumentReference, &id("d"), 1);
        house.records.disclose_blocking(actor, why, read).is_ok()
    };
    let found =
        |actor: &Actor| house.ids(actor, ResourceType::DocumentReference, "status=entered-in-error,current").len();
    for actor in &theirs {
        assert_eq!((reads(actor), versions(actor), found(actor)), ([true, true], true, 1));
    }
    house.put(document("d", "entered-in-error"));
    for actor in &theirs {
        assert_eq!((reads(actor), versions(actor), found(actor)), ([false, false], false, 0));
    }
    assert_eq!((reads(&doctor), versions(&doctor), found(&doctor)), ([true, true], true, 1));
    // That it was opened stays in their log.
    let log = looks(&house, &theirs[0], "p1", Lookers::Staff).unwrap();
    let opened = |look: &audit::Look| look.resources.touched.iter().any(|part| !part.resources.is_empty());
    assert!(log.days[0].looks.iter().any(opened));
    // The file is of another document, too; and the first was none after all.
    house.put(document("e", "current"));
    assert_eq!(reads(&theirs[0]), [false, true]);
    house.put(document("e", "entered-in-error"));
    assert_eq!(reads(&theirs[0]), [false, false]);
    house.put(document("d", "current"));
    assert_eq!(reads(&theirs[0]), [true, true]);
}

/// A patient's record with a file that no document names yet.
fn with_file(of: &str) -> (Box_, Actor) {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Okafor"));
    house.put(json!({"resourceType": "Binary", "id": of, "contentType": "text/plain", "data": "V3Jvbmc=",
        "securityContext": {"reference": "Patient/p1"}}));
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    (house, own)
}

fn has(house: &Box_, actor: &Actor) -> bool {
    house.read(actor, ResourceType::Binary, "f").is_ok()
}

fn change(house: &Box_, actor: &Actor, change: Change) -> Result<(), RecordError> {
    house.clock.advance(Duration::from_secs(1));
    let why = why(audit::Action::Update);
    house.records.change_all_blocking(actor, why, vec![change], Transaction::STRICT).map(drop)
}

#[test]
fn what_the_patients_side_says_of_a_file_neither_opens_nor_keeps_what_the_clinic_took_back() {
    for is_before in [false, true] {
        for author in [json!([{"reference": "Patient/p1"}]), Value::Null] {
            let (house, own) = with_file("f");
            house.put(document("d", "current"));
            let mut mine = document("mine", "current");
            mine["author"] = author;
            let fields = mine.as_object_mut().unwrap();
            fields.retain(|name, value| name != "id" && !value.is_null());
            let mine = Change::create(ResourceType::DocumentReference, mine, Mode::Strict).unwrap();
            if is_before {
                change(&house, &own, mine.clone()).unwrap();
            }
            house.put(document("d", "entered-in-error"));
            assert!(!has(&house, &own));
            if !is_before {
                change(&house, &own, mine).unwrap();
            }
            assert!(!has(&house, &own));
            // A program that brings the file again opens it no more.
            house.put(json!({"resourceType": "Binary", "id": "f", "contentType": "text/plain", "data": "V3Jvbmcy",
                "securityContext": {"reference": "Patient/p1"}}));
            assert!(!has(&house, &own));
            house.put(document("d", "current"));
            assert!(has(&house, &own));
        }
    }
}

#[test]
fn the_files_that_patients_brought_go_with_their_own_documents() {
    let (house, own) = with_file("f");
    let mine = |of: &str, status: &str| {
        let mut mine = document(of, status);
        mine["author"] = json!([{"reference": "Patient/p1"}]);
        house.put(mine);
    };
    mine("d", "current");
    mine("d", "entered-in-error");
    assert!(has(&house, &own), "they withdrew it themselves");
    mine("d", "current");
    mine("e", "current");
    let gone = |of: &str| Change::delete(ResourceType::DocumentReference, id(of), Condition::None);
    let system = Actor::system("test");
    change(&house, &system, gone("d")).unwrap();
    assert!(has(&house, &own), "another one names it");
    change(&house, &system, gone("e")).unwrap();
    assert!(!has(&house, &own));
}

#[test]
fn a_file_goes_whatever_the_version_says_that_takes_it_back_and_by_whichever_address_it_was_named() {
    let own_address = "https://box.example:8443/fhir/Binary/f";
    for url in ["Binary/f", "./Binary/f", "/fhir/Binary/f", "Binary/f#a", "Binary/f?x=1", own_address] {
        for names_it_still in [true, false] {
            let (house, own) = with_file("f");
            let named = |status: &str, content: Value| {
                let mut named = document("d", status);
                named["content"] = json!([{ "attachment": content }]);
                house.put(named);
            };
            let content = json!({ "url": url });
            named("current", content.clone());
            assert!(has(&house, &own), "{url}");
            let wrong = if names_it_still { content.clone() } else { json!({"title": "entered in error"}) };
            named("entered-in-error", wrong);
            assert!(!has(&house, &own), "{url}");
            named("current", content);
            assert!(has(&house, &own), "{url}");
        }
    }
}

#[test]
fn a_file_goes_with_a_document_that_is_deleted_or_turns_out_to_be_another_patients() {
    let (house, own) = with_file("f");
    let other = house.actor(Role::Patient, Some("Patient/p2"));
    let system = Actor::system("test");
    let delete = || Change::delete(ResourceType::DocumentReference, id("d"), Condition::None);
    let past = || {
        let read = |reading: &mut Reading<'_>| reading.version(ResourceType::DocumentReference, &id("d"), 1);
        house.records.disclose_blocking(&own, why(audit::Action::VersionRead), read).is_ok()
    };
    house.put(document("d", "current"));
    assert!(has(&house, &own) && past());
    change(&house, &system, delete()).unwrap();
    assert!(!has(&house, &own) && !past());
    assert!(has(&house, &house.actor(Role::Clinician, None)), "the clinic keeps it");
    house.put(document("d", "current"));
    assert!(has(&house, &own) && past());
    let mut moved = document("d", "current");
    moved["subject"]["reference"] = json!("Patient/p2");
    house.put(moved);
    assert!(!has(&house, &own) && !has(&house, &other));
    // Its file is set right, too.
    house.put(json!({"resourceType": "Binary", "id": "f", "contentType": "text/plain", "data": "V3Jvbmc=",
        "securityContext": {"reference": "Patient/p2"}}));
    assert!(!has(&house, &own) && has(&house, &other));
    // What a report shows stays with that, and what is said to be wrong does not.
    let (house, own) = with_file("f");
    house.put(json!({"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "x"},
        "subject": {"reference": "Patient/p1"}, "presentedForm": [{"url": "Binary/f"}]}));
    house.put(document("d", "current"));
    change(&house, &system, delete()).unwrap();
    assert!(has(&house, &own));
    house.put(document("d", "current"));
    house.put(document("d", "entered-in-error"));
    assert!(!has(&house, &own));
}

#[test]
fn a_file_that_follows_a_document_or_comes_after_it_goes_alike_and_so_does_what_tells_of_it() {
    let (house, own) = with_file("other");
    let signed = |of: &str| {
        house.put(json!({"resourceType": "Provenance", "id": "v", "target": [{"reference": of}],
            "recorded": "2026-03-01T09:00:00Z", "reason": [{"text": "scan of another's letter"}], "agent": [{"who": {"display": "x"}}]}));
    };
    let file = |context: &str| {
        house.put(json!({"resourceType": "Binary", "id": "f", "contentType": "text/plain", "data": "V3Jvbmc=",
            "securityContext": {"reference": context}}));
    };
    let sees = || [has(&house, &own), house.read(&own, ResourceType::Provenance, "v").is_ok()];
    house.put(document("d", "entered-in-error"));
    file("Patient/p1");
    signed("Binary/f");
    assert_eq!(sees(), [false; 2], "it came after its document");
    house.put(document("d", "current"));
    assert_eq!(sees(), [true; 2]);
    house.put(document("d", "entered-in-error"));
    assert_eq!(sees(), [false; 2]);
    house.put(document("d", "current"));
    file("DocumentReference/d");
    assert_eq!(sees(), [true; 2]);
    let delete = Change::delete(ResourceType::DocumentReference, id("d"), Condition::None);
    let why = why(audit::Action::Delete);
    house.records.change_all_blocking(&Actor::system("test"), why, vec![delete], Transaction::IMPORT).unwrap();
    assert_eq!(sees(), [false; 2]);
}

fn gone(of: &str) -> Change {
    Change::delete(ResourceType::DocumentReference, id(of), Condition::None)
}

fn named(of: &str, status: &str, urls: &[&str]) -> Value {
    let mut named = document(of, status);
    named["content"] =
        urls.iter().map(|url| json!({"attachment": {"contentType": "text/plain", "url": url}})).collect();
    named
}

fn file(of: &str) -> Value {
    json!({"resourceType": "Binary", "id": of, "contentType": "text/plain", "data": "V3Jvbmc=",
        "securityContext": {"reference": "Patient/p1"}})
}

/// A record by a clock that goes on by so many milliseconds each time that somebody looks.
fn in_time() -> (Box_, Actor, impl Fn(i64)) {
    let (records, ambient, tick) = ticking();
    let house = Box_ { records, ambient, ..new_box() };
    house.put(patient("p1", "Brandvold"));
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    (house, own, move |each| tick.store(each, std::sync::atomic::Ordering::Relaxed))
}

#[test]
fn documents_are_taken_back_and_deleted_in_a_time_that_does_not_grow_with_the_record() {
    let (house, own, each) = in_time();
    for of in 0..300 {
        house.put(named(&format!("d{of}"), "current", &[&format!("Binary/f{of}")]));
    }
    for of in 0..20 {
        house.put(file(&format!("f{of}")));
    }
    let lab = program(&house.ambient);
    let sees = || (0..20).filter(|of| house.read(&own, ResourceType::Binary, &format!("f{of}")).is_ok()).count();
    assert_eq!(sees(), 20);
    let all = (0..10).map(|of| gone(&format!("d{of}"))).chain((10..20).map(|of| {
        let wrong = named(&format!("d{of}"), "entered-in-error", &[&format!("Binary/f{of}")]);
        let of = wrong["id"].as_str().unwrap().to_owned();
        Change::put(ResourceType::DocumentReference, id(&of), wrong, Condition::None, Mode::Strict).unwrap()
    }));
    let all = all.collect();
    each(1);
    house.records.change_all_blocking(&lab, why(audit::Action::Transaction), all, Transaction::STRICT).unwrap();
    each(0);
    assert_eq!(sees(), 0);
}

#[test]
fn one_document_is_taken_back_however_many_files_it_has() {
    let (house, own, each) = in_time();
    let urls: Vec<String> = (0..40).map(|of| format!("Binary/f{of}")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    for of in 0..40 {
        house.put(file(&format!("f{of}")));
    }
    house.put(named("d", "current", &urls));
    let lab = program(&house.ambient);
    let sees = || (0..40).filter(|of| house.read(&own, ResourceType::Binary, &format!("f{of}")).is_ok()).count();
    for take_back in [true, false] {
        house.put(named("d", "current", &urls));
        assert_eq!(sees(), 40);
        let wrong = named("d", "entered-in-error", &urls);
        let wrong =
            Change::put(ResourceType::DocumentReference, id("d"), wrong, Condition::None, Mode::Strict).unwrap();
        let all = vec![if take_back { wrong } else { gone("d") }];
        each(30);
        house.records.change_all_blocking(&lab, why(audit::Action::Update), all, Transaction::STRICT).unwrap();
        each(0);
        assert_eq!(sees(), 0);
    }
}

#[test]
fn a_file_is_known_by_each_address_of_the_box_when_it_comes_and_when_it_goes_over() {
    for url in ["Binary/f", "https://box.example:8443/fhir/Binary/f", "http://127.0.0.1/fhir/Binary/f/_history/1"] {
        let house = new_box();
        house.put(patient("p1", "Brandvold"));
        house.put(patient("p2", "Okafor"));
        let [own, other] = ["Patient/p1", "Patient/p2"].map(|of| house.actor(Role::Patient, Some(of)));
        house.put(named("d", "current", &[url]));
        house.put(named("d", "entered-in-error", &[url]));
        house.put(file("f"));
        assert!(!has(&house, &own), "{url}");
        house.put(named("d", "current", &[url]));
        assert!(has(&house, &own), "{url}");
        let mut moved = named("d", "current", &[url]);
        moved["subject"]["reference"] = json!("Patient/p2");
        house.put(moved);
        assert!(!has(&house, &own) && !has(&house, &other), "{url}");
        let mut moved = file("f");
        moved["securityContext"]["reference"] = json!("Patient/p2");
        house.put(moved);
        assert!(!has(&house, &own) && has(&house, &other), "{url}");
    }
}

#[test]
fn to_delete_a_document_takes_its_file_out_of_nothing_else_of_the_clinics_and_to_say_that_it_is_wrong_out_of_all() {
    let about = json!({"reference": "Patient/p1"});
    let shown = [
        json!({"resourceType": "Communication", "id": "x", "status": "completed", "subject": about, "recipient": [about],
            "payload": [{"contentAttachment": {"url": "Binary/f"}}]}),
        json!({"resourceType": "Communication", "id": "x", "status": "completed", "subject": about, "recipient": [about],
            "payload": [{"contentReference": {"reference": "Binary/f"}}]}),
        json!({"resourceType": "Media", "id": "x", "status": "completed", "subject": about,
            "content": {"url": "https://box.example/fhir/Binary/f"}}),
        json!({"resourceType": "QuestionnaireResponse", "id": "x", "status": "completed", "subject": about,
            "item": [{"linkId": "1", "answer": [{"valueAttachment": {"url": "Binary/f"}}]}]}),
        json!({"resourceType": "Consent", "id": "x", "status": "inactive", "scope": {"text": "x"}, "category": [{"text": "x"}],
            "policyRule": {"text": "x"}, "patient": about, "sourceAttachment": {"url": "Binary/f"}}),
    ];
    let system = Actor::system("test");
    for shown in shown {
        let (house, own) = with_file("f");
        house.put(document("d", "current"));
        house.put(shown.clone());
        change(&house, &system, gone("d")).unwrap();
        assert!(has(&house, &own), "{shown}");
        house.put(file("f"));
        assert!(has(&house, &own), "{shown}");
        house.put(document("d", "current"));
        house.put(document("d", "entered-in-error"));
        assert!(!has(&house, &own), "{shown}");
        // What the patient's side says does not keep it.
        let (house, own) = with_file("f");
        house.put(document("d", "current"));
        let mut mine = shown.clone();
        mine.as_object_mut().unwrap().retain(|name, _| name != "id" && name != "recipient");
        let kind = ResourceType::parse(mine["resourceType"].as_str().unwrap()).unwrap();
        change(&house, &own, Change::create(kind, mine, Mode::Strict).unwrap()).unwrap();
        change(&house, &system, gone("d")).unwrap();
        assert!(!has(&house, &own), "{shown}");
    }
    // Nor does what is wrong itself, or is another's.
    for (status, of) in [("entered-in-error", "p1"), ("completed", "p2")] {
        let (house, own) = with_file("f");
        house.put(document("d", "current"));
        house.put(json!({"resourceType": "Media", "id": "x", "status": status, "content": {"url": "Binary/f"},
            "subject": {"reference": format!("Patient/{of}")}}));
        change(&house, &system, gone("d")).unwrap();
        assert!(!has(&house, &own), "{status} {of}");
    }
}

#[test]
fn what_the_patients_side_brought_stays_theirs_whatever_the_clinic_made_of_a_copy() {
    let system = Actor::system("test");
    for (is_at_once, is_said) in [(false, false), (true, false), (false, true)] {
        let house = new_box();
        house.put(patient("p1", "Brandvold"));
        let own = house.actor(Role::Patient, Some("Patient/p1"));
        let mut mine = named("mine", "current", &["Binary/f"]);
        mine["author"] = json!([{"reference": "Patient/p1"}]);
        let create = |value: &Value| {
            let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
            Change::create_as(kind, id(value["id"].as_str().unwrap()), value.clone(), Mode::Strict).unwrap()
        };
        if is_at_once {
            // As a box of an older program has it, which noted nothing.
            let all = vec![create(&file("f")), create(&mine)];
            let why = why(audit::Action::Create);
            house.records.change_all_blocking(&system, why, all, Transaction::STRICT).unwrap();
        } else {
            change(&house, &own, create(&file("f"))).unwrap();
            change(&house, &own, create(&mine)).unwrap();
        }
        house.put(document("copy", "current"));
        if is_said {
            house.put(document("copy", "entered-in-error"));
        } else {
            change(&house, &system, gone("copy")).unwrap();
        }
        assert!(has(&house, &own), "{is_at_once} {is_said}");
        house.put(file("f"));
        assert!(has(&house, &own), "{is_at_once} {is_said}");
        change(&house, &system, gone("mine")).unwrap();
        assert!(!has(&house, &own), "nothing of theirs names it any more: {is_at_once} {is_said}");
    }
    // Answers of theirs name it, too.
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let answers = json!({"resourceType": "QuestionnaireResponse", "status": "completed", "subject": {"reference": "Patient/p1"},
        "item": [{"linkId": "1", "answer": [{"valueAttachment": {"url": "Binary/f"}}]}]});
    let brought = Change::create_as(ResourceType::Binary, id("f"), file("f"), Mode::Strict).unwrap();
    change(&house, &own, brought).unwrap();
    change(&house, &own, Change::create(ResourceType::QuestionnaireResponse, answers, Mode::Strict).unwrap()).unwrap();
    house.put(document("copy", "current"));
    change(&house, &system, gone("copy")).unwrap();
    assert!(has(&house, &own));
}

#[test]
fn what_tells_of_much_stays_where_one_document_of_it_is_deleted() {
    let (house, own) = with_file("f");
    house.put(document("d", "current"));
    house.put(document("e", "current"));
    house.put(weight("w", "p1", "2026-03-01", 80.0));
    let tells = |of: &str, targets: &[&str]| {
        let targets: Value = targets.iter().map(|one| json!({ "reference": one })).collect();
        house
            .put(json!({"resourceType": "Provenance", "id": of, "target": targets, "recorded": "2026-03-01T09:00:00Z",
            "agent": [{"who": {"display": "x"}}]}));
    };
    tells("import", &["DocumentReference/d", "Binary/f", "Observation/w"]);
    tells("alone", &["DocumentReference/d", "Binary/f"]);
    tells("both", &["DocumentReference/d", "DocumentReference/e"]);
    let system = Actor::system("test");
    let delete = |of: &str| {
        let why = why(audit::Action::Delete);
        house.records.change_all_blocking(&system, why, vec![gone(of)], Transaction::IMPORT).unwrap();
    };
    let sees = |of: &str| {
        let read = house.read(&own, ResourceType::Provenance, of).is_ok();
        let asked = HistoryAsked {
            of: HistoryOf::One(ResourceType::Provenance, id(of)),
            ..all_of(ResourceType::Provenance, of)
        };
        let past =
            house.records.disclose_blocking(&own, why(audit::Action::History), |reading| reading.history(&asked));
        assert_eq!(past.is_ok(), read, "{of}");
        read
    };
    let all = || ["import", "alone", "both"].map(&sees);
    // Each has a version of the past, which is looked at as it stands.
    tells("import", &["DocumentReference/d", "Binary/f", "Observation/w", "Patient/p1"]);
    tells("import", &["DocumentReference/d", "Binary/f", "Observation/w"]);
    assert_eq!(all(), [true; 3]);
    house.put(document("e", "entered-in-error"));
    assert_eq!(all(), [true, true, false]);
    house.put(document("e", "current"));
    assert_eq!(all(), [true; 3]);
    delete("d");
    assert_eq!(all(), [true, true, true], "the file is the other document's, too");
    delete("e");
    assert!(!has(&house, &own));
    assert_eq!(all(), [true, false, false]);
    let versions = |reading: &mut Reading<'_>| reading.version(ResourceType::Provenance, &id("import"), 1);
    assert!(house.records.disclose_blocking(&own, why(audit::Action::VersionRead), versions).is_ok());
}

#[test]
fn an_older_file_comes_back_with_its_document_and_one_that_was_wrong_does_not() {
    let (house, own) = with_file("f");
    house.put(file("g"));
    house.put(file("right"));
    let system = Actor::system("test");
    let sees = |of: &str| house.read(&own, ResourceType::Binary, of).is_ok();
    house.put(named("d", "current", &["Binary/f"]));
    house.put(named("d", "current", &["Binary/g"]));
    for is_deleted in [false, true] {
        if is_deleted {
            change(&house, &system, gone("d")).unwrap();
        } else {
            house.put(named("d", "entered-in-error", &["Binary/g"]));
        }
        assert_eq!(["f", "g"].map(sees), [false; 2]);
        house.put(named("d", "current", &["Binary/g"]));
        assert_eq!(["f", "g"].map(sees), [true; 2], "{is_deleted}");
    }
    // It is set right.
    let mut wrong = named("d", "entered-in-error", &[]);
    wrong["content"] = json!([{"attachment": {"title": "entered in error"}}]);
    house.put(wrong);
    house.put(named("d", "current", &["Binary/right"]));
    assert_eq!(["f", "g", "right"].map(sees), [true, false, true]);
}

#[test]
fn a_store_of_an_older_program_lacks_nothing_of_it_before_and_after_its_index_is_completed() {
    use crate::record::index::FILES;
    use crate::record::layout::{COUNTERS, INDEXED, REFERENCE};
    use crate::store::{Direction, KeyRange, ReadExt as _};
    for is_completed in [false, true] {
        let (house, own) = with_file("f");
        house.put(named("d", "current", &["https://box.example/fhir/Binary/f"]));
        house.put(named("e", "current", &["Binary/f"]));
        house.put(json!({"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "x"},
            "subject": {"reference": "Patient/p1"}, "presentedForm": [{"url": "Binary/f"}]}));
        let rows = || {
            let read = house.records.audit().read().unwrap();
            let rows = read.scan(&REFERENCE, KeyRange::prefix(&(FILES,)), Direction::Up).unwrap();
            rows.map(|row| row.unwrap().0).collect::<Vec<_>>()
        };
        let whole = rows();
        assert_eq!(whole.len(), 3);
        let store = house.records.audit().store();
        let taken = whole.clone();
        let done = store.write_blocking(move |tx| {
            taken.iter().try_for_each(|key| tx.delete(&REFERENCE, key))?;
            Ok::<_, RecordError>(tx.put(&COUNTERS, &INDEXED, &4)?)
        });
        done.unwrap();
        while is_completed && house.records.complete_indexes().unwrap() == Indexed::NotYet {}
        assert_eq!(rows(), if is_completed { whole } else { Vec::new() });
        let system = Actor::system("test");
        change(&house, &system, gone("d")).unwrap();
        change(&house, &system, gone("e")).unwrap();
        assert!(has(&house, &own), "a report shows it: {is_completed}");
        house.put(named("e", "current", &["Binary/f"]));
        house.put(named("e", "entered-in-error", &["Binary/f"]));
        assert!(!has(&house, &own), "{is_completed}");
    }
}
