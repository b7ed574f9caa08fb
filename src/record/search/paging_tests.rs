//! Pages and limits: what must hold of them while others write, and of whoever tampers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::access::Actor;
use crate::audit;
use crate::base::{Ambient, Clock, Role, SeededRandom, Timestamp};
use crate::fhir::Definitions;
use crate::fhir::ResourceType as T;
use crate::fhir::search::{Handling, Query};
use crate::record::tests::{Box_, id, new_box, wait, why};
use crate::record::{Change, Condition, HistoryAsked, HistoryOf, Limits, RecordError, Transaction};

fn observation(of: &str, day: usize, note: &str) -> Value {
    json!({"resourceType": "Observation", "id": of, "status": "final", "code": {"text": note},
        "subject": {"reference": "Patient/p1"}, "effectiveDateTime": format!("2025-01-{:02}", day % 28 + 1)})
}

fn patient(of: &str, family: &str) -> Value {
    json!({"resourceType": "Patient", "id": of, "name": [{"family": family}]})
}

/// A box with a patient and `count` observations, w0 the first.
fn box_of(count: usize) -> Box_ {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    (0..count).for_each(|at| drop(house.put(observation(&format!("w{at}"), at * 5, "first"))));
    house
}

fn next(house: &Box_, actor: &Actor, kind: T, query: &str) -> String {
    house.search(actor, kind, query).unwrap().next.unwrap()
}

#[test]
fn what_nobody_touches_comes_once_while_others_write() {
    for query in [
        "patient=p1&_count=3",
        "status=final&_count=3",
        "_count=3",
        "_count=3&_sort=date",
        "_count=3&_sort=-date,status",
        "_count=3&_sort=-_lastUpdated",
        "subject:Patient.family=brandvold&_count=3",
        "_count=3&_total=accurate&date=ge2025",
        "date=ge2025&_count=3",
        "date=ge2025&code:text=first&_count=3",
        "status=final&subject=Patient/p1,Patient/p2&_count=3",
        "status=final&date=ge2025&_sort=-date&_count=3",
        "_sort=_id&_count=3",
        "_sort=_lastUpdated,-date&_count=3",
    ] {
        let house = box_of(30);
        let system = Actor::system("test");
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        let (mut cursor, mut page) = (None::<String>, 0);
        loop {
            let text = cursor.map_or_else(|| query.to_owned(), |cursor| format!("{query}&_cursor={cursor}"));
            let answer = house.search(&system, T::Observation, &text).unwrap();
            answer.matches.iter().for_each(|one| *found.entry(one.id.to_string()).or_default() += 1);
            let Some(next) = answer.next else { break };
            cursor = Some(next);
            // New ones all over, a change that moves one, and one that goes. Every third stays as it was.
            house.put(observation(&format!("n{page}"), page * 7, "new"));
            house.put(observation(&format!("w{}", page % 10 * 3 + 1), page * 11, "changed"));
            let gone = Change::delete(T::Observation, id(&format!("w{}", page % 10 * 3 + 2)), Condition::None);
            let why = why(audit::Action::Delete);
            house.records.change_all_blocking(&system, why, vec![gone], Transaction::STRICT).unwrap();
            page += 1;
            assert!(page < 60, "{query} comes to an end");
        }
        for untouched in (0..30).step_by(3) {
            assert_eq!(found.get(&format!("w{untouched}")), Some(&1), "{query}: w{untouched}");
        }
        assert!(page > 5, "{query} had pages");
    }
}

#[test]
fn a_page_keeps_the_order_of_the_first_whatever_the_index_holds_by_then() {
    let house = box_of(6);
    let system = Actor::system("test");
    let all = house.ids(&system, T::Observation, "code:text=first");
    assert_eq!(all, ["w5", "w4", "w3", "w2", "w1", "w0"]);
    let cursor = next(&house, &system, T::Observation, "code:text=first&_count=2");
    assert_eq!(house.ids(&system, T::Observation, &format!("code:text=first&_count=2&_cursor={cursor}")), ["w3", "w2"]);
}

/// A patient with several names that a search finds them by.
fn named(of: usize, family: &str, given: [&str; 2]) -> Value {
    json!({"resourceType": "Patient", "id": format!("q{of}"), "name": [{"family": family, "given": given}]})
}

#[test]
fn whoever_has_several_of_the_names_is_answered_once() {
    let house = new_box();
    for at in 0..30 {
        let long = format!("An{}{at:02}", "a".repeat(90));
        house.put(named(
            at,
            if at % 2 == 0 { "Anders" } else { &long },
            ["Anna", if at % 3 == 0 { "Andrea" } else { "Bo" }],
        ));
    }
    let system = Actor::system("test");
    let all = |query: &str| {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let text = cursor.map_or_else(|| query.to_owned(), |cursor| format!("{query}&_cursor={cursor}"));
            let page = house.search(&system, T::Patient, &text).unwrap();
            found.extend(page.matches.iter().map(|one| one.id.to_string()));
            match page.next {
                Some(next) => cursor = Some(next),
                None => return found,
            }
        }
    };
    for query in ["name=an&_count=4", "name=and,ann&_count=4", "name:contains=n&_count=4", "name=an&_count=4&_sort=_id"]
    {
        let mut found = all(query);
        assert_eq!(found.len(), 30, "{query}: {found:?}");
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 30, "{query} has one twice");
    }
    // What is longer than an index key is in the order of what it is, not of its beginning.
    let down = all("family:contains=aaaa&_sort=-family&_count=4");
    let up = all("_sort=family&_count=7");
    assert_eq!(down.first().map(String::as_str), Some("q29"));
    assert_eq!(up[..15], (0..15).map(|at| format!("q{}", at * 2 + 1)).collect::<Vec<_>>(), "{up:?}");
    assert_eq!(down, up[..15].iter().rev().cloned().collect::<Vec<_>>());
}

#[test]
fn a_marker_is_of_one_search_and_one_person_and_tells_nothing() {
    let house = box_of(4);
    for (of, family) in [("p2", "Corvin"), ("p3", "Delacroix"), ("p4", "Fennimore")] {
        house.put(patient(of, family));
    }
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    let nurse = house.actor(Role::Nurse, Some("Practitioner/n1"));
    let by_name = "_sort=family&_count=1";
    let cursor = next(&house, &doctor, T::Patient, by_name);
    assert_eq!(next(&house, &doctor, T::Patient, by_name), cursor, "the same page has the same link");
    let with = |query: &str, cursor: &str| format!("{query}&_cursor={cursor}");
    assert_eq!(house.ids(&doctor, T::Patient, &with(by_name, &cursor)), ["p2"]);
    assert_eq!(house.ids(&doctor, T::Patient, &with("_sort=family&_count=2", &cursor)), ["p2", "p3"]);
    let refused = |actor: &Actor, kind: T, query: &str| match house.search(actor, kind, query) {
        Err(RecordError::BadCursor) => {}
        other => panic!("{query}: {other:?}"),
    };
    refused(&nurse, T::Patient, &with(by_name, &cursor));
    refused(&Actor::system("test"), T::Patient, &with(by_name, &cursor));
    for other in ["_count=1", "_sort=-family&_count=1", "_sort=family&_count=1&active=true"] {
        refused(&doctor, T::Patient, &with(other, &cursor));
    }
    refused(&doctor, T::Observation, &with("_count=1", &cursor));
    for at in 0..cursor.len() {
        let mut changed = cursor.clone();
        let other = if &cursor[at..=at] == "A" { "B" } else { "A" };
        changed.replace_range(at..=at, other);
        // The last letter has bits that stand for nothing, which the decoding refuses by itself.
        refused(&doctor, T::Patient, &with(by_name, &changed));
        refused(&doctor, T::Patient, &with(by_name, &cursor[..at.max(1)]));
    }
    refused(&doctor, T::Patient, &with(by_name, &"A".repeat(10_000)));
    let asked = |cursor: Option<String>| HistoryAsked {
        of: HistoryOf::Type(T::Patient),
        since: None,
        at: None,
        count: Some(1),
        cursor,
    };
    let history = |cursor| {
        let asked = asked(cursor);
        house.records.disclose_blocking(&doctor, why(audit::Action::History), move |r| r.history(&asked))
    };
    assert!(matches!(history(Some(cursor)), Err(RecordError::BadCursor)));
    let of_history = history(None).unwrap().into_inner().next.unwrap();
    assert!(history(Some(of_history.clone())).is_ok());
    refused(&doctor, T::Patient, &with(by_name, &of_history));
}

#[test]
fn pages_that_are_full_of_bytes_hold_together_what_one_page_would() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    // Small and large ones in turn, in an order of their dates that is not theirs.
    for at in 0..24 {
        house.put(observation(&format!("w{at}"), at * 11, &"x".repeat([10, 3_000, 400, 9_000][at % 4])));
    }
    let system = Actor::system("test");
    let mut small = house.reaching(crate::access::Reach::Clinic);
    small.records = small.records.limited(Limits { page_bytes: 10_000, ..Limits::default() });
    for query in [
        "patient=p1&",
        "status=final&",
        "",
        "_sort=date&",
        "_sort=-date,_id&",
        "_sort=-_lastUpdated&",
        "_total=accurate&",
    ] {
        let (mut found, mut pages, mut cursor) = (Vec::new(), 0, None::<String>);
        loop {
            let text = cursor.as_ref().map_or_else(|| query.to_owned(), |cursor| format!("{query}_cursor={cursor}&"));
            let page = small.search(&system, T::Observation, &format!("{text}_count=100")).unwrap();
            let bytes: usize = page.matches.iter().map(|one| one.json.len()).sum();
            assert!(page.matches.len() == 1 || bytes <= 11_000, "{query}: {bytes} bytes");
            assert!(!query.contains("_total") || page.total == Some(24), "{query}");
            found.extend(page.matches.iter().map(|one| one.id.to_string()));
            pages += 1;
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(found, house.ids(&system, T::Observation, &format!("{query}_count=100")), "{query}");
        assert!(pages > 5, "{query} has {pages} pages");
    }
    let versions = |house: &Box_, cursor: Option<String>| {
        let asked =
            HistoryAsked { of: HistoryOf::Type(T::Observation), since: None, at: None, count: Some(100), cursor };
        let why = why(audit::Action::History);
        house.records.disclose_blocking(&system, why, move |reading| reading.history(&asked)).unwrap().into_inner()
    };
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = versions(&small, cursor);
        assert!(page.versions.len() < 24);
        found.extend(page.versions);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, versions(&house, None).versions);
}

#[test]
fn a_history_tells_what_made_something_of_nothing() {
    let house = box_of(1);
    let system = Actor::system("test");
    // What happens within one millisecond is in no order of its own.
    let later = || house.clock.advance(Duration::from_secs(1));
    later();
    house.put(observation("w0", 1, "second"));
    later();
    let gone = Change::delete(T::Observation, id("w0"), Condition::None);
    house.records.change_all_blocking(&system, why(audit::Action::Delete), vec![gone], Transaction::STRICT).unwrap();
    later();
    house.put(observation("w0", 1, "third"));
    for of in [HistoryOf::One(T::Observation, id("w0")), HistoryOf::Type(T::Observation)] {
        let asked = HistoryAsked { of, since: None, at: None, count: None, cursor: None };
        let read = house.records.disclose_blocking(&system, why(audit::Action::History), move |r| r.history(&asked));
        let seen: Vec<_> = read
            .unwrap()
            .into_inner()
            .versions
            .iter()
            .map(|one| (one.stored.version, one.created, one.deleted))
            .collect();
        assert_eq!(seen, [(4, true, false), (3, false, true), (2, false, false), (1, true, false)]);
    }
}

#[test]
fn what_is_too_much_is_refused_with_its_limit() {
    let house = box_of(20);
    for (of, parent) in [("o0", None), ("o1", Some("o0")), ("o2", Some("o1")), ("o3", Some("o2"))] {
        let mut one = json!({"resourceType": "Organization", "id": of, "name": "Ward"});
        if let Some(parent) = parent {
            one["partOf"] = json!({"reference": format!("Organization/{parent}")});
        }
        house.put(one);
    }
    let system = Actor::system("test");
    let limits = |limits: Limits| {
        let mut house = house.reaching(crate::access::Reach::Clinic);
        house.records = house.records.limited(limits);
        house
    };
    let small = limits(Limits { page: 10, included: 15, include_depth: 2, ..Limits::default() });
    assert_eq!(small.ids(&system, T::Observation, "_count=500").len(), 10);
    let along = "_id=p1&_revinclude=Observation:subject";
    assert!(matches!(small.search(&system, T::Patient, along), Err(RecordError::TooMuchAlong(15))));
    assert_eq!(house.search(&system, T::Patient, along).unwrap().included.len(), 20);
    let up = "_id=o3&_include:iterate=Organization:partof";
    assert!(matches!(small.search(&system, T::Organization, up), Err(RecordError::TooDeep(2))));
    assert_eq!(house.search(&system, T::Organization, up).unwrap().included.len(), 3);
}

/// A clock on which every look takes a millisecond.
struct Slow(std::sync::atomic::AtomicI64);

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        let at = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Timestamp::from_millisecond(1_767_225_600_000 + at).unwrap()
    }
}

#[test]
fn a_search_that_takes_too_long_is_given_up() {
    let house = box_of(300);
    let ambient = Ambient::new(Slow(0.into()), SeededRandom::new(1));
    let audit = audit::Audit::new(house.records.audit().store().clone(), ambient);
    let limits = Limits { search_time: Duration::from_millis(100), ..Limits::default() };
    let mut slow = house.reaching(crate::access::Reach::Clinic);
    slow.records = crate::record::Records::new(audit, crate::access::Reach::Clinic).limited(limits);
    let system = Actor::system("test");
    assert!(matches!(slow.search(&system, T::Observation, "_summary=count"), Err(RecordError::TooSlow)));
    assert_eq!(slow.ids(&system, T::Observation, "_id=w1"), ["w1"]);
}

/// The box with a clock that goes on whenever it is asked, and so long a time for a search.
fn hurried(house: &Box_, time: Duration) -> Box_ {
    let ambient = Ambient::new(Slow(0.into()), SeededRandom::new(1));
    let audit = audit::Audit::new(house.records.audit().store().clone(), ambient);
    let limits = Limits { search_time: time, ..Limits::default() };
    let mut slow = house.reaching(crate::access::Reach::Clinic);
    slow.records = crate::record::Records::new(audit, crate::access::Reach::Clinic).limited(limits);
    slow
}

#[test]
fn what_is_compared_in_one_row_takes_time_too() {
    let house = box_of(1);
    let given: Vec<String> = (0..600).map(|at| format!("Given{at}")).collect();
    house.put(json!({"resourceType": "Patient", "id": "many", "name": [{"family": "Brandvold", "given": given}]}));
    let slow = hurried(&house, Duration::from_millis(30));
    let system = Actor::system("test");
    assert_eq!(slow.ids(&system, T::Patient, "_id=many&name:contains=iven599"), ["many"]);
    let alternatives: Vec<String> = (0..400).map(|at| format!("nobody{at}")).collect();
    let asked = format!("_id=many&name:contains={}", alternatives.join(","));
    assert!(matches!(slow.search(&system, T::Patient, &asked), Err(RecordError::TooSlow)));
}

#[test]
fn what_is_read_of_an_index_and_leads_to_no_row_takes_time_too() {
    let house = new_box();
    (0..300).for_each(|at| drop(house.put(patient(&format!("p{at}"), &format!("Family{at}")))));
    let system = Actor::system("test");
    let slow = hurried(&house, Duration::from_millis(1));
    assert!(matches!(slow.search(&system, T::Patient, "name:contains=nobody"), Err(RecordError::TooSlow)));
    let slow = hurried(&house, Duration::from_millis(9));
    assert!(slow.ids(&system, T::Patient, "name:contains=nobody").is_empty());
}

#[test]
fn a_large_row_is_looked_into_where_it_keeps_nobody_waiting() {
    let house = box_of(1);
    let long = "b ".repeat(40 << 10);
    house.put(json!({"resourceType": "Observation", "id": "large", "status": "final", "code": {"text": "a"},
        "note": [{"text": long}]}));
    let system = Actor::system("test");
    let looks = |of: &str, text: &str| {
        let query = Query::parse(T::Observation, text, Handling::Strict, Definitions::r4()).unwrap();
        let times = std::cell::Cell::new(0);
        let look = house.records.disclose_soon(&system, why(audit::Action::Search), |reading| {
            times.set(times.get() + 1);
            reading.search(&query)
        });
        let found: Vec<String> = wait(look).unwrap().matches.iter().map(|found| found.id.to_string()).collect();
        assert_eq!(found, [of]);
        times.get()
    };
    assert_eq!(looks("w0", "_id=w0"), 1);
    // Called off before the row is read, and begun anew.
    assert_eq!(looks("large", "_id=large&_content=b"), 2);
}

#[test]
fn a_page_ends_at_a_long_text_too() {
    let house = new_box();
    let long = |at: usize, end: &str| format!("{}{at}{}{end}", "é".repeat(40), "x".repeat(5_000));
    let value = |of: &str, text: String| json!({"resourceType": "Observation", "id": of, "status": "final", "code": {"text": "a"}, "valueString": text});
    for (at, end) in [(2, "a"), (1, "b"), (1, "a"), (3, "a")] {
        house.put(value(&format!("o{at}{end}"), long(at, end)));
    }
    let system = Actor::system("test");
    for (sorts, expected) in [
        ("value-string", ["o1a", "o1b", "o2a", "o3a"]),
        ("-value-string", ["o3a", "o2a", "o1a", "o1b"]),
        (
            "value-string,value-string,-value-string,value-string,value-string,value-string,value-string,value-string",
            ["o1a", "o1b", "o2a", "o3a"],
        ),
    ] {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = house.search(&system, T::Observation, &format!("_sort={sorts}&_count=1{cursor}")).unwrap();
            found.extend(page.matches.iter().map(|stored| stored.id.to_string()));
            let Some(next) = page.next else { break };
            cursor = format!("&_cursor={next}");
        }
        assert_eq!(found, expected, "{sorts}");
    }
}
