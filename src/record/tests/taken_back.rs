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
