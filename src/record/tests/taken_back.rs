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
