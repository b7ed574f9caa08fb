//! How much of the store a search reads: rows counted, not time. The bounds do not grow with the store;
//! `CHARTBOX_SEARCH_PATIENTS` makes it larger than in a normal run.

use std::cell::Cell;

use serde_json::{Value, json};

use super::{Among, Found, Wanted, run_unseen};
use crate::access::Actor;
use crate::audit;
use crate::fhir::search::{Handling, Query};
use crate::fhir::{Definitions, ResourceType as T};
use crate::record::change::Body;
use crate::record::layout::{COUNTERS, INDEXED, REFERENCE, STRING, TOKEN, Tag, hash64};
use crate::record::numbers::find;
use crate::record::rows::RowNumber;
use crate::record::tests::{Box_, Counting, id, new_box, why};
use crate::record::{Change, Condition, Indexed, Transaction, Which};
use crate::store::{Direction, KeyRange, ReadExt, StoreError};

/// Each patient has this many observations, and a visit for every tenth.
const EACH: usize = 50;

fn observation(patient: usize, at: usize) -> Value {
    let code = if at.is_multiple_of(10) { "8302-2" } else { "29463-7" };
    let code = if patient == 3 && at == 7 { "1-8" } else { code };
    json!({"resourceType": "Observation", "id": format!("w{patient}-{at}"), "status": "final",
        "identifier": [{"system": "urn:lab", "value": format!("{patient}-{at}")}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": format!("Patient/p{patient}")},
        "encounter": {"reference": format!("Encounter/e{patient}-{}", at / 10)},
        "performer": [{"identifier": {"system": "urn:npi", "value": format!("N{patient}-{at}")}}, {"identifier": {"value": "lab"}}],
        "effectiveDateTime": format!("2025-{:02}-{:02}", at % 12 + 1, patient % 28 + 1),
        "valueQuantity": {"value": 60 + at, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}})
}

fn visit(patient: usize, at: usize) -> Value {
    let status = if at == 0 { "planned" } else { "finished" };
    json!({"resourceType": "Encounter", "id": format!("e{patient}-{at}"), "status": status,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": format!("Patient/p{patient}")}, "period": {"start": "2025-01-01", "end": "2025-01-02"}})
}

fn filled(patients: usize) -> Box_ {
    let house = new_box();
    for patient in 0..patients {
        let mut all = vec![json!({"resourceType": "Patient", "id": format!("p{patient}"),
            "identifier": [{"system": "urn:mrn", "value": patient.to_string()}],
            "name": [{"family": format!("Family{patient}")}], "gender": "female"})];
        all.extend((0..EACH / 10).map(|at| visit(patient, at)));
        all.extend((0..EACH).map(|at| observation(patient, at)));
        let change = |value: Value| {
            let kind = T::parse(value["resourceType"].as_str().unwrap()).unwrap();
            let which = Which::Id(id(value["id"].as_str().unwrap()));
            // As if it had been checked: that is not what is counted here.
            Change::store(kind, which, Body::checked(value, None), Condition::None)
        };
        house.clock.advance(std::time::Duration::from_secs(1));
        let changes = all.into_iter().map(change).collect();
        let why = why(audit::Action::Import);
        house.records.change_all_blocking(&Actor::system("test"), why, changes, Transaction::IMPORT).unwrap();
    }
    house
}

fn read(counting: &Counting, kind: T, text: &str) -> (Found, usize) {
    let query = Query::parse(kind, text, Handling::Strict, Definitions::r4()).unwrap();
    let before = counting.rows.get();
    let size = query.count.map_or(50, |count| count as usize);
    let wanted = Wanted { within: None, size, bytes: usize::MAX, after: None, among: Among::Itself };
    let found = run_unseen(counting, &query, &wanted).unwrap();
    (found, counting.rows.get() - before)
}

#[test]
fn a_search_reads_what_it_needs_and_not_the_store() {
    let patients = std::env::var("CHARTBOX_SEARCH_PATIENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(30);
    let house = filled(patients);
    let counting = Counting { snapshot: house.records.audit().read().unwrap(), rows: Cell::new(0) };
    let last = house.read(&Actor::system("test"), T::Patient, &format!("p{}", patients - 1)).unwrap();
    let last = last["meta"]["lastUpdated"].as_str().unwrap();
    // The type, the search, how many it finds on its page, and how many rows it may read.
    for (kind, text, found, most) in [
        (T::Observation, "patient=p7", 50, 110),
        (T::Observation, "subject=Patient/p7&_count=10", 10, 30),
        (T::Observation, "patient=p7&code=http://loinc.org|8302-2", 5, 70),
        (T::Observation, "patient=p7&code=http://loinc.org|29463-7&_sort=-date&_count=3", 3, 110),
        (T::Observation, "patient=p7&encounter.status=planned", 10, 230),
        (T::Observation, "patient=p7&encounter.status=planned&status=final", 10, 230),
        (T::Observation, "patient=p7&_summary=count", 0, 110),
        (T::Observation, "patient=p7&_id=w7-1", 1, 10),
        (T::Observation, "identifier=urn:lab|7-1", 1, 10),
        (T::Observation, "status=final&identifier=urn:lab|7-1", 1, 150),
        (T::Observation, "code=29463-7&date=ge2025&identifier=urn:lab|7-1", 1, 250),
        (T::Observation, "code=http://loinc.org|1-8", 1, 10),
        (T::Observation, "code-value-quantity=http://loinc.org|1-8$gt1", 1, 10),
        (T::Observation, "identifier=urn:lab|7-1&subject:Patient.gender=female", 1, 20),
        (T::Observation, "subject:Patient.identifier=urn:mrn|7&_count=5", 5, 500),
        (T::Observation, "performer:identifier=urn:npi|N7-1", 1, 20),
        (T::Observation, "performer:identifier=n7-1,n8-1", 2, 20),
        (T::Observation, "performer:identifier=urn:other|N7-1", 0, 20),
        (T::Observation, "_count=10", 10, 30),
        (T::Observation, "_sort=-_lastUpdated&_count=10", 10, 30),
        (T::Patient, "identifier=urn:mrn|7", 1, 10),
        (T::Patient, "family:exact=Family7", 1, 40),
        (T::Patient, "_has:Observation:patient:code=1-8", 1, 20),
        (T::Patient, "identifier=urn:mrn|7&_has:Observation:patient:code=8302-2", 1, 120),
        (T::Encounter, "patient=p7&date=2025-01", 5, 20),
        // What very many pass: a page costs a page.
        (T::Patient, "family=family&_count=10", 10, 60),
        (T::Patient, "name=fam&_count=10", 10, 60),
        (T::Patient, "family:contains=amil&_count=10", 10, 60),
        (T::Patient, "gender=female&_count=10", 10, 60),
        (T::Patient, "family=family&gender=female&_count=10", 10, 110),
        (T::Patient, "gender=female&gender:not=male&_count=10", 10, 60),
        (T::Patient, "family:missing=false&_count=10", 10, 40),
        (T::Patient, "gender:not=male&_count=10", 10, 40),
        (T::Patient, "_sort=family&_count=10", 10, 60),
        (T::Patient, "_sort=-family,_id&_count=10", 10, 60),
        (T::Patient, "gender=female&_sort=family&_count=10", 10, 110),
        (T::Patient, "_sort=_id&_count=10", 10, 60),
        (T::Patient, "_sort=_lastUpdated&_count=10", 10, 60),
        (T::Observation, "code=29463-7&_count=10", 10, 60),
        (T::Observation, "code=http://loinc.org|8302-2&status=final&_count=10", 10, 260),
        (T::Observation, "performer:identifier=lab&_count=10", 10, 60),
        (T::Observation, "performer:identifier=lab&status=final&_count=10", 10, 260),
        (T::Observation, "date=ge2025&_count=10", 10, 60),
        (T::Observation, "value-quantity=gt5||kg&_count=10", 10, 60),
        (T::Observation, "_sort=-date&_count=10", 10, 160),
        (T::Observation, "_sort=date&_count=10", 10, 160),
    ] {
        let (page, rows) = read(&counting, kind, text);
        assert_eq!(page.matches.len(), found, "{kind}?{text}");
        assert!(rows <= most, "{kind}?{text} read {rows} rows of {}", patients * (EACH + EACH / 10 + 1));
    }
    // As many as there are of the type, with nothing opened twice: this cannot cost less.
    for text in ["_summary=count", "status=final&_summary=count"] {
        let (page, rows) = read(&counting, T::Observation, text);
        assert_eq!(page.total, Some((patients * EACH) as u64), "{text}");
        assert!(rows <= 4 * patients * EACH + 20, "{text} read {rows} rows");
    }
    let (page, rows) = read(&counting, T::Observation, &format!("_lastUpdated=ge{last}&_count=100"));
    assert!(page.matches.len() == EACH && rows <= 2 * EACH + 20, "{rows}");
}

/// The rows of references, each with its tag.
fn references(house: &Box_) -> Vec<((u16, u64, RowNumber), Tag)> {
    let read = house.records.audit().read().unwrap();
    read.scan(&REFERENCE, KeyRange::all(), Direction::Up).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_store_of_an_older_program_gives_the_same_answers_before_and_after_its_index_is_completed() {
    let house = filled(6);
    let param = Definitions::r4().search_param(T::Observation, "performer").unwrap().id;
    let whole = references(&house);
    let (left_out, kept): (Vec<_>, Vec<_>) = whole.iter().cloned().partition(|((of, ..), _)| *of == param);
    assert_eq!(left_out.len(), 2 * 6 * EACH);
    // As such a program left it.
    house
        .records
        .audit()
        .store()
        .write_blocking(move |tx| {
            left_out.iter().try_for_each(|(key, _)| tx.delete(&REFERENCE, key))?;
            tx.delete(&COUNTERS, &INDEXED)
        })
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    assert_eq!(references(&house), kept);
    let found = |text: &str| {
        let counting = Counting { snapshot: house.records.audit().read().unwrap(), rows: Cell::new(0) };
        let (found, rows) = read(&counting, T::Observation, text);
        let mut ids: Vec<String> = found.matches.iter().map(|(_, row)| row.id.to_string()).collect();
        ids.sort();
        (ids, rows)
    };
    let (ids, by_type) = found("performer:identifier=urn:npi|N3-1");
    assert!(ids == ["w3-1"] && by_type > 6 * EACH, "{ids:?} {by_type}");
    // A few at a time; what is changed or deleted meanwhile is as it is then.
    let system = Actor::system("test");
    let mut stretches = 0;
    while house.records.complete_indexes_by(50).unwrap() == Indexed::NotYet {
        stretches += 1;
        if stretches == 2 {
            let mut moved = observation(3, 1);
            moved["performer"] = json!([{"identifier": {"system": "urn:npi", "value": "N9"}}]);
            let moved =
                Change::store(T::Observation, Which::Id(id("w3-1")), Body::checked(moved, None), Condition::None);
            let gone = Change::delete(T::Observation, id("w5-49"), Condition::None);
            let why = why(audit::Action::Import);
            house.records.change_all_blocking(&system, why, vec![moved, gone], Transaction::IMPORT).unwrap();
        }
        assert_eq!(found("performer:identifier=urn:npi|N4-2").0, ["w4-2"]);
    }
    assert!(stretches > 5, "{stretches}");
    assert_eq!(house.records.complete_indexes().unwrap(), Indexed::Whole);
    for (text, ids) in [
        ("performer:identifier=urn:npi|N4-2", &["w4-2"][..]),
        ("performer:identifier=n9", &["w3-1"]),
        ("performer:identifier=n3-1", &[]),
        ("performer:identifier=n5-49", &[]),
    ] {
        let (found, rows) = found(text);
        assert!(found == ids && rows <= 20, "{text}: {found:?}, {rows} rows");
    }
    let read = house.records.audit().read().unwrap();
    let changed = ["w3-1", "w5-49"].map(|one| find(&read, T::Observation, &id(one)).unwrap().unwrap());
    let others = |rows: Vec<((u16, u64, RowNumber), Tag)>| -> Vec<_> {
        rows.into_iter().filter(|((.., number), _)| !changed.contains(number)).collect()
    };
    assert_eq!(others(references(&house)), others(whole));
}

/// Names and systems as an older program indexed them: whole texts, and codes.
fn indexed_as_before(house: &Box_) -> (usize, usize) {
    let read = house.records.audit().read().unwrap();
    let texts: Vec<(u16, String, RowNumber)> =
        read.scan(&STRING, KeyRange::all(), Direction::Up).unwrap().map(|row| row.unwrap().0).collect();
    let codes: Vec<(u16, u64, u32, RowNumber)> =
        read.scan(&TOKEN, KeyRange::all(), Direction::Up).unwrap().map(|row| row.unwrap().0).collect();
    drop(read);
    let none = hash64(&[""]);
    let is_new = |text: &str| !text.starts_with("van der berg") && text != "o'neil";
    let texts: Vec<_> = texts.into_iter().filter(|(_, text, _)| is_new(text)).collect();
    let codes: Vec<_> = codes.into_iter().filter(|(_, code, ..)| *code == none).collect();
    let counts = (texts.len(), codes.len());
    house
        .records
        .audit()
        .store()
        .write_blocking(move |tx| {
            texts.iter().try_for_each(|key| tx.delete(&STRING, key))?;
            codes.iter().try_for_each(|key| tx.delete(&TOKEN, key))?;
            tx.put(&COUNTERS, &INDEXED, &4)
        })
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    counts
}

#[test]
fn names_of_an_older_store_are_found_by_their_words_before_and_after_its_index_is_completed() {
    let house = new_box();
    for at in 0..40 {
        house.put(json!({"resourceType": "Patient", "id": format!("b{at}"), "identifier": [{"system": "urn:only"}],
            "name": [{"family": format!("van der Berg{at:02}")}]}));
    }
    house.put(json!({"resourceType": "Patient", "id": "n", "name": [{"family": "O'Neil"}]}));
    let rows = |house: &Box_| -> Vec<Vec<u8>> {
        let read = house.records.audit().read().unwrap();
        let texts = read.scan_keys(&STRING, KeyRange::all(), Direction::Up).unwrap().map(|key| key.unwrap().to_vec());
        let codes = read.scan_keys(&TOKEN, KeyRange::all(), Direction::Up).unwrap().map(|key| key.unwrap().to_vec());
        texts.chain(codes).collect()
    };
    let whole = rows(&house);
    let (texts, codes) = indexed_as_before(&house);
    assert!(texts > 80 && codes == 40, "{texts} {codes}");
    let system = Actor::system("test");
    let found = || {
        let by = |text: &str| house.ids(&system, T::Patient, text);
        assert_eq!(by("family=oneil"), ["n"]);
        assert_eq!(by("name=neil"), ["n"]);
        assert_eq!(by("phonetic=Oneill"), ["n"]);
        assert_eq!(by("family=berg07"), ["b7"]);
        assert_eq!(by("name=der berg17"), ["b17"]);
        assert_eq!(by("identifier=urn:only|&family=berg07"), ["b7"]);
        assert_eq!(by("family=berg&_count=100").len(), 40);
        assert_eq!(by("identifier=urn:only|&_count=100").len(), 40);
        // Page by page, each once.
        for text in ["family=berg", "family:contains=ber", "family=berg&_sort=family", "identifier=urn:only|"] {
            let mut all = Vec::new();
            let mut next = String::new();
            loop {
                let page = house.search(&system, T::Patient, &format!("{text}&_count=7{next}")).unwrap();
                all.extend(page.matches.iter().map(|one| one.id.to_string()));
                let Some(marker) = page.next else { break };
                next = format!("&_cursor={marker}");
            }
            if text.contains("_sort") {
                assert_eq!(all, (0..40).map(|at| format!("b{at}")).collect::<Vec<_>>(), "{text}");
            }
            all.sort();
            all.dedup();
            assert_eq!(all.len(), 40, "{text}");
        }
    };
    found();
    while house.records.complete_indexes_by(7).unwrap() == Indexed::NotYet {
        found();
    }
    assert_eq!(rows(&house), whole);
    found();
    // And now by the index.
    let counting = Counting { snapshot: house.records.audit().read().unwrap(), rows: Cell::new(0) };
    for (text, most) in [("family=oneil", 20), ("phonetic=Oneill", 20), ("name=berg07", 20)] {
        let (page, rows) = read(&counting, T::Patient, text);
        assert!(page.matches.len() == 1 && rows <= most, "{text} read {rows} rows");
    }
}
