//! `$everything`.

use super::*;
use crate::access::Denied;
use crate::fhir::search::date_range;

fn asked(patient: Option<&str>) -> EverythingAsked {
    EverythingAsked { patient: patient.map(id), kinds: None, since: None, care: None, count: None, cursor: None }
}

fn page(house: &Box_, actor: &Actor, asked: &EverythingAsked) -> Result<Page, RecordError> {
    let why = Why { channel: Channel::Api, ..why(audit::Action::Everything) };
    Ok(house.records.disclose_blocking(actor, why, |reading| reading.everything(asked))?.into_inner())
}

fn names(found: &[Stored]) -> Vec<String> {
    found.iter().map(|one| format!("{}/{}", one.kind, one.id)).collect()
}

/// Two patients; the first with what refers to a practitioner, who works for an organization.
fn filled() -> Box_ {
    let house = new_box();
    house.put(json!({"resourceType": "Organization", "id": "o1", "name": "Ward"}));
    house.put(json!({"resourceType": "Practitioner", "id": "d1",
        "qualification": [{"code": {"text": "x"}, "issuer": {"reference": "Organization/o1"}}]}));
    house.put(json!({"resourceType": "Practitioner", "id": "d2"}));
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    house.put(weight("w1", "p1", "2026-01-01", 80.0));
    house.put(weight("w2", "p1", "2026-02-01", 81.0));
    house.put(weight("w3", "p2", "2026-02-01", 60.0));
    house.put(json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"},
        "onsetDateTime": "2020-05-01", "recorder": {"reference": "Practitioner/d1"}}));
    let mut sealed = weight("w4", "p1", "2026-02-02", 82.0);
    sealed["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]});
    house.put(sealed);
    // Of two patients: the other one does not come along.
    house.put(json!({"resourceType": "Appointment", "id": "a1", "status": "booked", "start": "2026-04-01T09:00:00Z",
        "end": "2026-04-01T09:10:00Z", "participant": [
        {"status": "accepted", "actor": {"reference": "Patient/p1"}},
        {"status": "accepted", "actor": {"reference": "Patient/p2"}}]}));
    house.put(json!({"resourceType": "Group", "id": "g1", "type": "person", "actual": true,
        "member": [{"entity": {"reference": "Patient/p1"}}, {"entity": {"reference": "Patient/p2"}}]}));
    house
}

#[test]
fn a_whole_copy_is_the_compartment_and_what_it_refers_to_that_is_nobodys() {
    let house = filled();
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let whole = page(&house, &own, &asked(Some("p1"))).unwrap();
    let matches =
        ["Patient/p1", "Appointment/a1", "Condition/c1", "Observation/w4", "Observation/w2", "Observation/w1"];
    assert_eq!(names(&whole.matches), matches);
    assert_eq!(names(&whole.included), ["Organization/o1", "Practitioner/d1"]);
    assert_eq!(whole.next, None);
    // What is sealed is in nobody's copy but the patient's own.
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    assert!(!names(&page(&house, &doctor, &asked(Some("p1"))).unwrap().matches).contains(&"Observation/w4".to_owned()));
    let reception = house.actor(Role::Reception, None);
    assert!(matches!(page(&house, &reception, &asked(Some("p1"))), Err(RecordError::Denied(Denied::NeverForRole))));
    assert!(matches!(page(&house, &own, &asked(Some("p2"))), Err(RecordError::NotFound)));
    assert!(matches!(page(&house, &own, &asked(Some("p3"))), Err(RecordError::NotFound)));
}

#[test]
fn pages_join_without_gap_and_each_names_what_it_refers_to() {
    let house = filled();
    let system = Actor::system("test");
    let (mut found, mut along, mut pages) = (Vec::new(), Vec::new(), 0);
    let mut next = EverythingAsked { count: Some(2), ..asked(Some("p1")) };
    loop {
        let one = page(&house, &system, &next).unwrap();
        assert!(one.matches.len() <= 2);
        found.extend(names(&one.matches));
        along.extend(names(&one.included));
        pages += 1;
        // Others write meanwhile.
        house.put(patient(&format!("q{pages}"), "Meanwhile"));
        match one.next {
            Some(cursor) => next.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!((pages, found.len()), (3, 6));
    found.dedup();
    assert_eq!(found.len(), 6);
    assert_eq!(along, ["Organization/o1", "Practitioner/d1"]);
    // A cursor is of the question that it came from.
    let other = EverythingAsked { cursor: next.cursor.clone(), ..asked(Some("p2")) };
    assert!(matches!(page(&house, &system, &other), Err(RecordError::BadCursor)));
}

#[test]
fn a_copy_can_be_of_some_types_of_some_time_or_of_what_is_new() {
    let house = filled();
    let system = Actor::system("test");
    let mut some = asked(Some("p1"));
    some.kinds = Some(vec![ResourceType::Condition, ResourceType::Practitioner]);
    let found = page(&house, &system, &some).unwrap();
    assert_eq!(
        (names(&found.matches), names(&found.included)),
        (vec!["Condition/c1".into()], vec!["Practitioner/d1".into()])
    );
    let mut in_january = asked(Some("p1"));
    in_january.care = date_range(&json!("2026-01"));
    // The problem has not abated; the patient is at any time.
    assert_eq!(
        names(&page(&house, &system, &in_january).unwrap().matches),
        ["Patient/p1", "Condition/c1", "Observation/w1"]
    );
    let mut fresh = asked(Some("p1"));
    fresh.since = Some(house.ambient.now());
    assert!(page(&house, &system, &fresh).unwrap().matches.is_empty());
    house.put(weight("w5", "p1", "2019-02-01", 81.0));
    assert_eq!(names(&page(&house, &system, &fresh).unwrap().matches), ["Observation/w5"]);
}

/// A type is asked for wherever it stands in the copy: what brings it along need not be asked for.
#[test]
fn a_copy_of_some_types_has_all_that_the_whole_copy_has_of_them() {
    use ResourceType::{Condition, Observation, Organization, Patient, Practitioner};
    let mut house = filled();
    house.put(weight("w6", "p1", "2026-03-01", 83.0));
    let system = Actor::system("test");
    let whole = page(&house, &system, &asked(Some("p1"))).unwrap();
    assert_eq!(names(&whole.included), ["Organization/o1", "Practitioner/d1"]);
    let all_of = |house: &Box_, kinds: &[ResourceType], count: Option<usize>| {
        let mut one = EverythingAsked { kinds: Some(kinds.to_vec()), count, ..asked(Some("p1")) };
        let (mut matches, mut along) = (Vec::new(), std::collections::BTreeSet::new());
        loop {
            let found = page(house, &system, &one).unwrap();
            matches.extend(names(&found.matches));
            along.extend(names(&found.included));
            one.cursor = found.next;
            if one.cursor.is_none() {
                return (matches.join(" "), along.into_iter().collect::<Vec<_>>().join(" "));
            }
        }
    };
    let own = |of: &str, along: &str| (of.to_owned(), along.to_owned());
    for (page, page_bytes) in [(1_000, 8 << 20), (1, 8 << 20), (2, 1_000)] {
        house.records = house.records.limited(Limits { page, page_bytes, ..Limits::default() });
        for count in [None, Some(1), Some(2)] {
            assert_eq!(all_of(&house, &[Practitioner], count), own("", "Practitioner/d1"));
            assert_eq!(all_of(&house, &[Organization, Patient], count), own("Patient/p1", "Organization/o1"));
            assert_eq!(all_of(&house, &[Condition, Organization], count), own("Condition/c1", "Organization/o1"));
            assert_eq!(all_of(&house, &[Patient], count), own("Patient/p1", ""));
            let weights = "Observation/w6 Observation/w4 Observation/w2 Observation/w1";
            assert_eq!(all_of(&house, &[Observation], count), own(weights, ""));
        }
    }
    // What is told of in the log is what went out.
    let read = house.records.audit().read().unwrap();
    let lines = audit::entries(&read, &audit::Filter::default(), 1).unwrap().lines;
    let touched = audit::touched(&read, &lines[0].entry, None, 100).unwrap().touched;
    let touched = touched.iter().flat_map(|one| &one.resources).map(ToString::to_string).collect::<Vec<_>>();
    assert!(!touched.is_empty() && touched.iter().all(|one| one.starts_with("Observation/")), "{touched:?}");
}

#[test]
fn copies_of_everybody_are_for_who_may_export_and_ones_own_for_oneself() {
    let house = filled();
    let mut all = asked(None);
    all.kinds = Some(vec![ResourceType::Observation]);
    let own = house.actor(Role::Patient, Some("Patient/p2"));
    assert_eq!(names(&page(&house, &own, &all).unwrap().matches), ["Observation/w3"]);
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    assert!(matches!(page(&house, &doctor, &all), Err(RecordError::Denied(Denied::NeverForRole))));
    all.count = Some(1);
    let mut found = Vec::new();
    loop {
        let one = page(&house, &Actor::system("test"), &all).unwrap();
        found.extend(names(&one.matches));
        match one.next {
            Some(cursor) => all.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!(found, ["Observation/w4", "Observation/w2", "Observation/w1", "Observation/w3"]);
}

#[test]
fn a_page_stands_in_the_chain_before_it_opens_and_a_no_does_too() {
    let house = filled();
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let _ = page(&house, &own, &asked(Some("p1"))).unwrap();
    let _ = page(&house, &own, &asked(Some("p2")));
    let read = house.records.audit().read().unwrap();
    let lines = audit::entries(&read, &audit::Filter::default(), 2).unwrap().lines;
    let kinds = |at: usize| -> Vec<(Option<String>, TouchKind, usize)> {
        let touched = audit::touched(&read, &lines[at].entry, None, 100).unwrap().touched;
        touched
            .iter()
            .map(|one| (one.patient.as_ref().map(ToString::to_string), one.kind, one.resources.len()))
            .collect()
    };
    assert_eq!((lines[0].entry.action, lines[0].entry.outcome), (audit::Action::Everything, Outcome::Denied));
    assert_eq!(kinds(0), [(Some("p2".into()), TouchKind::Denied, 1)]);
    // The appointment is of both patients, and both read that it went out.
    assert_eq!(
        kinds(1),
        [
            (None, TouchKind::SentOut, 2),
            (Some("p1".into()), TouchKind::SentOut, 6),
            (Some("p2".into()), TouchKind::SentOut, 1)
        ]
    );
}

#[test]
fn what_comes_along_with_one_row_goes_on_over_several_pages() {
    let mut house = new_box();
    house.records = house.records.limited(Limits { page_bytes: 10_000, ..Limits::default() });
    house.put(patient("p1", "Brandvold"));
    let long = "x".repeat(4_000);
    let mut entry = vec![];
    for at in 0..12 {
        house.put(json!({"resourceType": "Medication", "id": format!("m{at:02}"), "code": {"text": long}}));
        entry.push(json!({"item": {"reference": format!("Medication/m{at:02}")}}));
    }
    house.put(json!({"resourceType": "List", "id": "l1", "status": "current", "mode": "working",
        "subject": {"reference": "Patient/p1"}, "entry": entry}));
    house.put(weight("w1", "p1", "2026-01-01", 80.0));
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    for count in [None, Some(1)] {
        let (mut matches, mut along, mut pages) = (vec![], vec![], 0);
        let mut asked = EverythingAsked { count, ..asked(Some("p1")) };
        loop {
            let found = page(&house, &own, &asked).unwrap();
            let bytes = |all: &[Stored]| all.iter().map(|one| one.json.len()).sum::<usize>();
            assert!(bytes(&found.included) <= 10_000);
            matches.extend(names(&found.matches));
            along.extend(names(&found.included));
            pages += 1;
            asked.cursor = found.next;
            if asked.cursor.is_none() {
                break;
            }
        }
        assert_eq!(matches, ["Patient/p1", "List/l1", "Observation/w1"]);
        assert_eq!(along, (0..12).map(|at| format!("Medication/m{at:02}")).collect::<Vec<_>>());
        assert!(pages < 12, "{pages}");
    }
}

#[test]
fn a_summary_of_what_is_too_much_or_takes_too_long_is_refused() {
    let mut house = new_box();
    house.put(patient("p1", "Brandvold"));
    for at in 0..20 {
        let mut large = weight(&format!("w{at}"), "p1", "2026-01-01", 80.0);
        large["note"] = json!([{"text": "x".repeat(10_000)}]);
        house.put(large);
    }
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let summary = |house: &Box_| {
        let why = Why { channel: Channel::Api, ..why(audit::Action::Summary) };
        house.records.disclose_blocking(&own, why, |reading| reading.summary(&id("p1"))).map(drop)
    };
    assert!(summary(&house).is_ok());
    house.records = house.records.limited(Limits { page_bytes: 40_000, ..Limits::default() });
    assert!(matches!(summary(&house), Err(RecordError::TooMuch)));
    // The clock is asked at each row.
    let slow = Ambient::new(Asked(0.into()), SeededRandom::new(1));
    let audit = Audit::new(house.records.audit().store().clone(), slow);
    let limits = Limits { search_time: Duration::from_millis(15), ..Limits::default() };
    house.records = Records::new(audit, Reach::Clinic).limited(limits);
    assert!(matches!(summary(&house), Err(RecordError::TooSlow)));
}

/// A clock that goes on by a millisecond each time that somebody looks.
struct Asked(std::sync::atomic::AtomicI64);

impl crate::base::Clock for Asked {
    fn now(&self) -> Timestamp {
        let at = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Timestamp::from_millisecond(1_772_614_800_000 + at).unwrap()
    }
}

/// However much a patient has of a type, no more of it is in memory than a piece.
#[test]
fn an_export_of_one_patient_goes_out_in_pieces_as_any_other() {
    let house = new_box();
    for of in ["p1", "p2", "p3"] {
        house.put(patient(of, "Brandvold"));
    }
    for of in 0..30 {
        // Which came first is not which happened first.
        house.put(weight(&format!("w{of}"), "p2", &format!("2026-01-{:02}", 30 - of), 80.0));
    }
    house.put(weight("x", "p3", "2026-01-01", 80.0));
    let whom = Whom::These(["p1", "p2", "p3"].map(id).into_iter().collect());
    let of = ExportOf {
        kind: ResourceType::Observation,
        whom,
        at: house.ambient.now(),
        since: None,
        filters: vec![],
        known: ExportKnown::default(),
    };
    let size = ExportSize { file: 10, chunk: 7, bytes: 1 << 20, stretch: 1_000 };
    let system = Actor::system("test");
    let why = || why(audit::Action::Export);
    let counted = house
        .records
        .disclose_blocking(&system, why(), |reading| reading.export_count(std::slice::from_ref(&of), None, 0, size));
    let counted = counted.unwrap().into_inner().swap_remove(0);
    let [file] = counted.files.as_slice() else { panic!("{counted:?}") };
    assert_eq!((file.count, counted.open), (30, 1), "a patient is in one file");
    let pieces = |begin: Option<&ExportPlace>, end: Option<&ExportPlace>| {
        let (mut sizes, mut ids, mut from) = (Vec::new(), std::collections::BTreeSet::new(), begin.cloned());
        loop {
            let chunk = house
                .records
                .disclose_blocking(&system, why(), |reading| reading.export_chunk(&of, from.as_ref(), end, size));
            let chunk = chunk.unwrap().into_inner();
            sizes.push(chunk.found.len());
            ids.extend(chunk.found.into_iter().map(|one| one.id));
            from = chunk.next;
            if from.is_none() {
                return (sizes, ids.len());
            }
        }
    };
    assert_eq!(pieces(None, file.to.as_ref()), (vec![7, 7, 7, 7, 2], 30));
    assert_eq!(pieces(file.to.as_ref(), None), (vec![1], 1));
}

/// What a client has not got because it was sealed comes when that is not sealed any more, though nobody changed it.
#[test]
fn an_export_since_then_has_what_was_opened_meanwhile_without_a_new_version() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    let request = |labels: Value| {
        house.put(
            json!({"resourceType": "MedicationRequest", "id": "m", "meta": {"security": labels}, "status": "active",
            "intent": "order", "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": "x"}}),
        );
    };
    request(json!([{"code": "N"}]));
    let system = Actor::system("test");
    let write = |value: Value, of: &str| {
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        let change = Change::create_as(kind, id(of), value, Mode::Strict).unwrap();
        let why = why(audit::Action::Create);
        house.records.change_all_blocking(&system, why, vec![change], Transaction::WORKFLOW).unwrap();
    };
    let statement = json!({"resourceType": "MedicationStatement", "status": "not-taken", "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "x"}, "basedOn": [{"reference": "MedicationRequest/m"}]});
    write(statement.clone(), "s");
    let task = json!({"resourceType": "Task", "status": "requested", "intent": "proposal",
        "for": {"reference": "Patient/p1"}, "focus": {"reference": "MedicationStatement/s"}});
    write(task, "t");
    let signed = json!({"resourceType": "Provenance", "target": [{"reference": "MedicationRequest/m"}],
        "recorded": "2026-03-01T09:00:00Z", "agent": [{"who": {"display": "x"}}]});
    write(signed, "v");
    write(
        json!({"resourceType": "Binary", "contentType": "text/plain", "data": "YQ==",
        "securityContext": {"reference": "MedicationRequest/m"}}),
        "f",
    );
    let mut alone = statement;
    alone.as_object_mut().unwrap().shift_remove("basedOn");
    write(alone, "alone");
    request(json!([{"code": "HIV"}]));
    house.clock.advance(Duration::from_secs(60));
    let before = house.ambient.now();
    house.clock.advance(Duration::from_secs(60));
    let lab = program(&house.ambient);
    let exported = |whom: Whom, since: Option<Timestamp>, chunk: usize| {
        use ResourceType::{Binary, MedicationRequest, MedicationStatement, Provenance, Task};
        let mut all = Vec::new();
        for kind in [Binary, MedicationRequest, MedicationStatement, Provenance, Task] {
            let of = ExportOf {
                kind,
                whom: whom.clone(),
                at: house.ambient.now(),
                since,
                filters: vec![],
                known: ExportKnown::default(),
            };
            let size = ExportSize { file: 10, chunk, bytes: 1 << 20, stretch: 1_000 };
            let mut from = None;
            loop {
                let read = |reading: &mut Reading<'_>| reading.export_chunk(&of, from.as_ref(), None, size);
                let found =
                    house.records.disclose_blocking(&lab, why(audit::Action::Export), read).unwrap().into_inner();
                all.extend(found.found.into_iter().map(|one| one.id.to_string()));
                from = found.next;
                if from.is_none() {
                    break;
                }
            }
        }
        all.sort();
        all.join(" ")
    };
    let these = Whom::These(vec![id("p1")]);
    for whom in [Whom::Everybody, Whom::Patients, these.clone()] {
        assert_eq!(exported(whom.clone(), None, 100), "alone");
        assert_eq!(exported(whom, Some(before), 100), "");
    }
    request(json!([{"code": "N"}]));
    for whom in [Whom::Everybody, Whom::Patients, these] {
        for chunk in [1, 100] {
            assert_eq!(exported(whom.clone(), Some(before), chunk), "f m s t v", "{whom:?}");
        }
    }
    // A whole copy alike, in pages of any size.
    for count in [1, 100] {
        let mut asked = EverythingAsked { since: Some(before), count: Some(count), ..asked(Some("p1")) };
        let mut all = Vec::new();
        loop {
            let page = page(&house, &system, &asked).unwrap();
            all.extend(page.matches.into_iter().map(|one| one.id.to_string()));
            asked.cursor = page.next;
            if asked.cursor.is_none() {
                break;
            }
        }
        all.sort();
        assert_eq!(all.join(" "), "f m s t v", "{count}");
    }
}

/// An export of each night costs what was done that day, however much stands still.
#[test]
fn an_export_since_then_goes_through_nothing_that_stands_still() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(weight("w0", "p1", "2026-03-01", 80.0));
    for of in 0..200 {
        house.put(weight(&format!("w{of}"), "p1", "2026-03-01", 80.0));
        house
            .put(json!({"resourceType": "Binary", "id": format!("f{of}"), "contentType": "text/plain", "data": "YQ==",
            "securityContext": {"reference": format!("Observation/w{of}")}}));
    }
    house.clock.advance(Duration::from_secs(60));
    let since = house.ambient.now();
    house.put(weight("w7", "p1", "2026-03-01", 81.0));
    let system = Actor::system("test");
    let known = ExportKnown::default();
    let exported = |kind| {
        let counting = Counting { snapshot: house.records.audit().read().unwrap(), rows: Cell::new(0) };
        let sight = sight::Sight::new(
            &system,
            &house.records.setting,
            house.ambient.now(),
            kept::Known::Learning(&house.records.kept),
        );
        let limits = house.records.limits;
        let mut reading =
            Reading::new(&counting, sight, Pace::unbounded(), limits, &house.records.paging, Channel::Api);
        let at = house.ambient.now();
        let of =
            ExportOf { kind, whom: Whom::Everybody, at, since: Some(since), filters: vec![], known: known.clone() };
        let size = ExportSize { file: 10, chunk: 10, bytes: 1 << 20, stretch: 1_000 };
        let found = reading.export_count(std::slice::from_ref(&of), None, 0, size).map(drop);
        drop(reading);
        found.unwrap();
        counting.rows.get()
    };
    let first = exported(ResourceType::Binary);
    assert!(first < 400, "{first}");
    let again = exported(ResourceType::Binary);
    assert!(again < 40, "what was looked up is known: {again}");
    assert!(exported(ResourceType::Observation) < 40);
}
