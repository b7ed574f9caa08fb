//! Many at once, and failures at every step: one winner, one resource, all or nothing.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::layout::{COMPARTMENT, HISTORY, REFERENCE, RESOURCES, TOKEN, VERSIONS};
use super::*;
use crate::base::Ambient;
use crate::fhir::bundle::{Identities, OwnAddresses};
use crate::fhir::patch::Patch;
use crate::fhir::search::{Handling, Query};
use crate::fhir::{Allowance, Definitions, IssueCode, Mode};
use crate::store::{Direction, Key, KeyRange, ReadExt, Store, Table};

const WRITERS: usize = 16;

fn records() -> Records {
    Records::new(Audit::new(Store::in_memory(), Ambient::system()), Reach::Clinic)
}

fn why() -> Why {
    Why { action: audit::Action::Transaction, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Api }
}

fn id(text: &str) -> FhirId {
    FhirId::parse(text).unwrap()
}

fn patient(of: &str, family: &str) -> Value {
    json!({"resourceType": "Patient", "id": of, "identifier": [{"system": "urn:test", "value": of}], "name": [{"family": family}]})
}

fn query(kind: ResourceType, text: &str) -> Query {
    Query::parse(kind, text, Handling::Strict, Definitions::r4()).unwrap()
}

fn write(records: &Records, changes: Vec<Change>) -> Result<Vec<Written>, RecordError> {
    let written = records.change_all_blocking(&Actor::system("test"), why(), changes, Transaction::STRICT);
    written.map(Disclosed::into_inner)
}

fn put(of: &str, family: &str, condition: Condition) -> Change {
    Change::put(ResourceType::Patient, id(of), patient(of, family), condition, Mode::Strict).unwrap()
}

/// What each of many writers gets who start at the same moment.
fn all_at_once(records: &Records, change: impl Fn(usize) -> Change + Sync) -> Vec<Result<WrittenAs, RecordError>> {
    let start = std::sync::Barrier::new(WRITERS);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|at| {
                let (start, change) = (&start, &change);
                scope.spawn(move || {
                    let change = change(at);
                    start.wait();
                    write(records, vec![change]).map(|all| all[0].as_what)
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    })
}

#[test]
fn of_sixteen_writers_who_expect_a_version_exactly_one_wins_it() {
    let records = records();
    write(&records, vec![put("p1", "Start", Condition::None)]).unwrap();
    for version in 1..=10 {
        let family = |at: usize| format!("V{version}W{at}");
        let results = all_at_once(&records, |at| put("p1", &family(at), Condition::Version(version)));
        let won = results.iter().filter(|result| matches!(result, Ok(WrittenAs::Updated))).count();
        let lost = |result: &&Result<_, _>| matches!(result, Err(RecordError::VersionConflict { current }) if *current == version + 1);
        assert_eq!((won, results.iter().filter(lost).count()), (1, WRITERS - 1), "{results:?}");
    }
}

#[test]
fn many_conditional_creates_make_one() {
    let records = records();
    let results = all_at_once(&records, |_| {
        let body = Body::new(ResourceType::Patient, patient("same", "Same"), Mode::Strict).unwrap();
        Change::post(ResourceType::Patient, None, body, Some(query(ResourceType::Patient, "identifier=urn:test|same")))
    });
    let made = results.iter().filter(|result| matches!(result, Ok(WrittenAs::Created))).count();
    let found = results.iter().filter(|result| matches!(result, Ok(WrittenAs::Matched))).count();
    assert_eq!((made, found), (1, WRITERS - 1), "{results:?}");
    // By condition updated instead, they all come to the same one.
    let results = all_at_once(&records, |at| {
        let body = json!({"resourceType": "Patient", "identifier": [{"system": "urn:test", "value": "put"}], "active": at % 2 == 0});
        let body = Body::new(ResourceType::Patient, body, Mode::Strict).unwrap();
        let which = Which::Found(Box::new(query(ResourceType::Patient, "identifier=urn:test|put")));
        Change::store(ResourceType::Patient, which, body, Condition::None)
    });
    let made = results.iter().filter(|result| matches!(result, Ok(WrittenAs::Created))).count();
    let changed = results.iter().filter(|result| matches!(result, Ok(WrittenAs::Updated))).count();
    assert_eq!((made, changed), (1, WRITERS - 1), "{results:?}");
}

/// Everything that a table holds, as bytes.
fn rows<K: Key, V: crate::store::Value>(records: &Records, table: &Table<K, V>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let read = records.audit().read().unwrap();
    let rows = read.scan(table, KeyRange::all(), Direction::Up).unwrap();
    rows.map(|row| row.map(|(key, value)| (key.to_bytes(), value.to_stored().unwrap())).unwrap()).collect()
}

pub(super) fn state(records: &Records) -> Vec<Vec<(Vec<u8>, Vec<u8>)>> {
    vec![
        rows(records, &RESOURCES),
        rows(records, &VERSIONS),
        rows(records, &HISTORY),
        rows(records, &COMPARTMENT),
        rows(records, &TOKEN),
        rows(records, &REFERENCE),
    ]
}

/// A key as it stands.
struct Raw(Vec<u8>);

impl Key for Raw {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
    fn read(_: &mut crate::store::KeyReader<'_>) -> Result<Self, crate::store::CodecError> {
        Err(crate::store::CodecError::Key)
    }
    fn from_bytes(bytes: &[u8]) -> Result<Self, crate::store::CodecError> {
        Ok(Self(bytes.to_vec()))
    }
}

/// Every row of every table of this room.
fn everything(records: &Records) -> Vec<Vec<(Vec<u8>, Vec<u8>)>> {
    let tables = crate::store::tables::ALL.iter().filter(|table| table.owner() == "record");
    tables.map(|table| rows(records, &Table::<Raw, Bytes>::new(*table))).collect()
}

const URN: &str = "urn:uuid:0f6ae5a1-7d02-4a8b-9df7-5d86ad9f3c10";

/// A transaction with every kind of change and of dependence.
fn group() -> Group {
    let found = |text: &str| Which::Found(Box::new(query(ResourceType::Patient, text)));
    let mut links = Links::default();
    let sought =
        Sought { query: query(ResourceType::Patient, "identifier=urn:test|new"), at: "Bundle.entry[3]".into() };
    links.searches.insert("Patient/sought".into(), sought);
    let condition = json!({"resourceType": "Condition", "subject": {"reference": URN}, "asserter": {"reference": "Patient/sought"}});
    let late = |kind, value, url: Option<&str>| {
        Body::late(kind, value, url.map(str::to_owned), Mode::Strict, &Allowance::default()).unwrap()
    };
    let patch = Patch::parse(&json!([{"op": "add", "path": "/active", "value": true}])).unwrap();
    let changes = vec![
        Change::delete(ResourceType::Patient, id("gone"), Condition::Version(1)),
        Change::remove(ResourceType::Patient, found("identifier=urn:test|nobody"), Condition::None),
        Change::post(
            ResourceType::Patient,
            None,
            late(ResourceType::Patient, patient("new", "New"), Some(URN)),
            Some(query(ResourceType::Patient, "identifier=urn:test|new")),
        ),
        Change::post(ResourceType::Condition, None, late(ResourceType::Condition, condition, None), None),
        Change::store(
            ResourceType::Patient,
            found("identifier=urn:test|changed"),
            late(ResourceType::Patient, patient("changed", "After"), None),
            Condition::Version(1),
        ),
        Change::patch(ResourceType::Patient, Which::Id(id("patched")), patch, Condition::None),
    ];
    Group { changes, links }
}

#[test]
fn a_transaction_is_all_or_nothing_whichever_step_fails() {
    let (store, fuse) = Store::in_memory_with_fuse();
    let records = Records::new(Audit::new(store, Ambient::system()), Reach::Clinic);
    let before = ["gone", "changed", "patched"].map(|of| put(of, "Before", Condition::None));
    write(&records, before.into()).unwrap();
    let untouched = state(&records);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let system = Actor::system("test");
    let mut failures = 0;
    loop {
        fuse.store(failures + 1, Ordering::SeqCst);
        let asked = query(ResourceType::Patient, "identifier=urn:test|new");
        let made = records.transact(&system, why(), group(), move |reading| reading.search(&asked));
        let made = runtime.block_on(made);
        let spent = fuse.swap(0, Ordering::SeqCst) == 0;
        match made {
            Ok(made) => {
                assert!(!spent, "a failure was swallowed");
                let kinds: Vec<WrittenAs> = made.0.iter().map(|one| one.as_what).collect();
                use WrittenAs::{Created, Deleted, NothingFound, Updated};
                assert_eq!(kinds, [Deleted, NothingFound, Created, Created, Updated, Updated]);
                assert_eq!(made.1.matches.len(), 1, "the reads see the changes");
                break;
            }
            Err(error) => {
                assert!(spent, "{error}");
                assert!(state(&records) == untouched, "step {failures} left something");
                failures += 1;
            }
        }
    }
    assert!(failures > 30, "{failures} steps");
    assert!(state(&records) != untouched);
    // The same again finds another state, and does nothing.
    let after = state(&records);
    let again = runtime.block_on(records.transact(&system, why(), group(), |reading| Ok(reading.nothing::<()>())));
    assert!(matches!(again, Err(RecordError::At { place: 0, .. })), "{:?}", again.err());
    assert!(state(&records) == after);
}

/// Small numbers out of one seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn condition(&mut self) -> Condition {
        match self.below(6) {
            0 => Condition::Version(u32::try_from(1 + self.below(3)).unwrap()),
            1 => Condition::Absent,
            _ => Condition::None,
        }
    }

    /// A change of one of few resources, so that they meet each other.
    fn change(&mut self, links: &mut Links) -> Change {
        let of = format!("r{}", self.below(4));
        let found = |text: &str| query(ResourceType::Patient, &format!("identifier=urn:test|{text}"));
        let body =
            |value: Value| Body::late(kind_of(&value), value, None, Mode::Strict, &Allowance::default()).unwrap();
        let kind = ResourceType::Patient;
        match self.below(9) {
            0 => Change::post(kind, None, body(patient(&of, "Made")), None),
            1 => Change::post(kind, None, body(patient(&of, "Once")), Some(found(&of))),
            2 => Change::store(kind, Which::Id(id(&of)), body(patient(&of, "Put")), self.condition()),
            3 => {
                let mut value = patient(&of, "By search");
                value.as_object_mut().unwrap().remove("id");
                Change::store(kind, Which::Found(Box::new(found(&of))), body(value), self.condition())
            }
            4 => {
                let wrong = self.below(3) == 0;
                let patch = match wrong {
                    true => {
                        json!([{"op": "add", "path": "/active", "value": true}, {"op": "test", "path": "/gender", "value": "x"}])
                    }
                    false => json!([{"op": "add", "path": "/active", "value": self.below(2) == 0}]),
                };
                Change::patch(kind, Which::Id(id(&of)), Patch::parse(&patch).unwrap(), self.condition())
            }
            5 => Change::delete(kind, id(&of), self.condition()),
            6 => Change::remove(kind, Which::Found(Box::new(found(&of))), Condition::None),
            7 => {
                let text = format!("Patient/sought-{of}");
                links.searches.insert(text.clone(), Sought { query: found(&of), at: "Bundle.entry[0]".into() });
                let value = json!({"resourceType": "Condition", "subject": {"reference": text}});
                Change::post(ResourceType::Condition, None, body(value), None)
            }
            _ => {
                let value = json!({"resourceType": "Condition", "subject": {"reference": format!("Patient/{of}")}});
                Change::post(ResourceType::Condition, None, body(value), None)
            }
        }
    }

    fn group(&mut self) -> Group {
        let mut links = Links::default();
        let changes = (0..=self.below(4)).map(|_| self.change(&mut links)).collect();
        Group { changes, links }
    }
}

fn kind_of(value: &Value) -> ResourceType {
    value["resourceType"].as_str().and_then(ResourceType::parse).unwrap()
}

/// Some random groups on one box, each tried with failures at random steps first; how many were made in the end.
fn play(seed: u64) -> usize {
    let (store, fuse) = Store::in_memory_with_fuse();
    let records = Records::new(Audit::new(store, Ambient::system()), Reach::Clinic);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let system = Actor::system("test");
    let mut dice = Dice(seed);
    let first = ["r0", "r1"].map(|of| put(of, "First", Condition::None));
    write(&records, first.into()).unwrap();
    let transact = |group| {
        let asked = query(ResourceType::Patient, "family=Put,Made,Once");
        runtime.block_on(records.transact(&system, why(), group, move |reading| reading.search(&asked))).map(|_| ())
    };
    let mut all_made = 0;
    for _ in 0..8 {
        let group = dice.0;
        let before = everything(&records);
        for _ in 0..4 {
            // The same group again, which then fails at some step.
            let step = usize::try_from(1 + dice.below(60)).unwrap();
            fuse.store(step, Ordering::SeqCst);
            let made = transact(Dice(group).group());
            let spent = fuse.swap(0, Ordering::SeqCst) == 0;
            if made.is_err() {
                assert!(everything(&records) == before, "seed {seed}: step {step} left something");
                continue;
            }
            assert!(!spent, "seed {seed}: a failure at step {step} was swallowed");
            break;
        }
        let before = everything(&records);
        match transact(Dice(group).group()) {
            Ok(()) => all_made += 1,
            Err(_) => assert!(everything(&records) == before, "seed {seed}: a refusal left something"),
        }
        check_whole(&records, seed);
        dice.0 = group ^ dice.0.rotate_left(17);
    }
    all_made
}

/// What is found by an identifier is what is live and bears it.
fn check_whole(records: &Records, seed: u64) {
    for of in ["r0", "r1", "r2", "r3"] {
        let asked = query(ResourceType::Patient, &format!("identifier=urn:test|{of}"));
        let seen = Why { action: audit::Action::Search, ..why() };
        let found = records.disclose_blocking(&Actor::system("test"), seen, |reading| reading.search(&asked)).unwrap();
        let live = rows(records, &RESOURCES).into_iter().filter(|(_, row)| {
            let text = String::from_utf8_lossy(row);
            text.contains("\"resourceType\":\"Patient\"") && text.contains(&format!("\"value\":\"{of}\""))
        });
        assert_eq!(found.matches.len(), live.count(), "seed {seed}: {of}");
    }
}

#[test]
fn random_transactions_are_all_or_nothing() {
    let seeds = std::env::var("CHARTBOX_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let made: usize = (0..seeds).map(play).sum();
    assert!(made > 40, "most of {made} transactions were refused");
}

/// A clock that goes on by a millisecond each time that somebody looks.
struct Asked(std::sync::atomic::AtomicI64);

impl crate::base::Clock for Asked {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(1_767_225_600_000 + self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }
}

#[test]
fn what_a_condition_or_a_read_compares_in_one_row_takes_of_the_writers_time() {
    let ambient = Ambient::new(Asked(0.into()), crate::base::SeededRandom::new(1));
    let records = Records::new(Audit::new(Store::in_memory(), ambient), Reach::Clinic);
    let given: Vec<String> = (0..2_200).map(|at| format!("Given{at}")).collect();
    let many = json!({"resourceType": "Patient", "id": "many", "name": [{"given": given}]});
    let put = |value: &Value| {
        Change::put(ResourceType::Patient, id("many"), value.clone(), Condition::None, Mode::Strict).unwrap()
    };
    write(&records, vec![put(&many)]).unwrap();
    let nobody: Vec<String> = (0..1_000).map(|at| format!("nobody{at}")).collect();
    let asked = query(ResourceType::Patient, &format!("_id=many&name:contains={}", nobody.join(",")));
    let which = Which::Found(Box::new(asked.clone()));
    let found = write(&records, vec![Change::remove(ResourceType::Patient, which, Condition::None)]);
    assert!(matches!(found.map_err(RecordError::without_place), Err(RecordError::TooSlow)));
    let group = Group { changes: vec![put(&many)], ..Group::default() };
    let system = Actor::system("test");
    let read = records.transact(&system, why(), group, move |reading| reading.search(&asked));
    assert!(matches!(tests::wait(read), Err(RecordError::TooSlow)));
}

#[test]
fn a_resource_with_very_many_values_to_be_found_by_is_refused_before_the_writer() {
    let of = |count: usize| {
        let codes: Vec<Value> = (0..count).map(|at| json!({"code": format!("c{at}")})).collect();
        json!({"resourceType": "CodeSystem", "id": "codes", "status": "active", "content": "complete", "concept": codes})
    };
    let put = |count| Change::put(ResourceType::CodeSystem, id("codes"), of(count), Condition::None, Mode::Strict);
    assert!(put(19_990).is_ok());
    let refused = put(20_001).map(drop);
    assert!(
        matches!(&refused, Err(RecordError::Invalid(issues)) if issues[0].code == IssueCode::TooCostly),
        "{refused:?}"
    );
    // What a patch or a transaction makes is seen inside the writer only.
    let records = records();
    write(&records, vec![put(19_990).unwrap()]).unwrap();
    let more: Vec<Value> =
        (0..30).map(|at| json!({"op": "add", "path": "/concept/-", "value": {"code": format!("d{at}")}})).collect();
    let patch = Patch::parse(&Value::Array(more)).unwrap();
    let patch = Change::patch(ResourceType::CodeSystem, Which::Id(id("codes")), patch, Condition::None);
    let refused = write(&records, vec![patch]).map_err(RecordError::without_place);
    assert!(
        matches!(&refused, Err(RecordError::Invalid(issues)) if issues[0].code == IssueCode::TooCostly),
        "{refused:?}"
    );
}

#[test]
fn what_a_bundle_calls_by_the_boxs_own_address_is_what_its_entry_came_to_and_not_what_is_stored_there() {
    const URN: &str = "urn:uuid:0f6ae5a1-7d02-4a8b-9df7-5d86ad9f3c10";
    let records = records();
    let about = |of: &str| json!({"resourceType": "Observation", "status": "final", "code": {"text": "Weight"}, "subject": {"reference": of}});
    let mut stored = about("Patient/dup");
    stored["id"] = json!("w");
    let stored = Change::put(ResourceType::Observation, id("w"), stored, Condition::None, Mode::Strict).unwrap();
    write(&records, vec![put("dup", "Already", Condition::None), stored]).unwrap();
    let late = |kind, value, url: Option<&str>| {
        Body::late(kind, value, url.map(str::to_owned), Mode::Strict, &Allowance::default()).unwrap()
    };
    let once = |number: &str, url: &str| {
        let mut value = patient("x", "New");
        value.as_object_mut().unwrap().shift_remove("id");
        value["identifier"][0]["value"] = json!(number);
        let unless = query(ResourceType::Patient, &format!("identifier=urn:test|{number}"));
        Change::post(ResourceType::Patient, None, late(ResourceType::Patient, value, Some(url)), Some(unless))
    };
    let transact = || {
        let patch = json!([
            {"op": "replace", "path": "/status", "value": "amended"},
            {"op": "add", "path": "/performer", "value": [{"reference": URN}]},
        ]);
        let patch = Patch::parse(&patch).unwrap();
        let new = late(ResourceType::Observation, about("Patient/dup"), None);
        let changes = vec![
            once("own", "https://box.example/fhir/Patient/dup"),
            once("urn", URN),
            Change::post(ResourceType::Observation, None, new, None),
            Change::patch(ResourceType::Observation, Which::Id(id("w")), patch, Condition::None),
        ];
        let own = OwnAddresses::new(["box.example".to_owned()]);
        let links = Links { known: Identities::sent_to(own), ..Links::default() };
        let group = Group { changes, links };
        let system = Actor::system("test");
        let made = records.transact(&system, why(), group, |reading| Ok(reading.nothing::<()>()));
        let (written, _) = tests::wait(made).unwrap().into_inner();
        let stored = |at: usize| -> Stored { written[at].stored.clone().unwrap() };
        let [own, urn] = [0, 1].map(|at| json!(format!("Patient/{}", stored(at).id)));
        assert_eq!(stored(2).value()["subject"]["reference"], own);
        let patched = stored(3).value();
        assert_eq!(
            (&patched["subject"]["reference"], &patched["performer"][0]["reference"]),
            (&json!("Patient/dup"), &urn)
        );
        assert_eq!(patched["status"], "amended");
        own
    };
    let made = transact();
    assert_eq!(transact(), made, "it is found the second time");
}

#[test]
fn what_a_condition_of_the_group_found_may_be_named_in_it_though_it_is_sealed_from_who_sends_it() {
    const URN: &str = "urn:uuid:0f6ae5a1-7d02-4a8b-9df7-5d86ad9f3c11";
    let house = tests::new_box();
    house.put(patient("p", "A"));
    let result = |labels: Value| {
        json!({"resourceType": "Observation", "meta": {"security": labels}, "identifier": [{"system": "urn:test", "value": "s"}],
            "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/p"}})
    };
    let mut sealed = result(json!([{"code": "V"}]));
    sealed["id"] = json!("s");
    house.put(sealed);
    let lab = tests::program(&house.ambient);
    let late = |value: Value, url: Option<&str>| {
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        (kind, Body::late(kind, value, url.map(str::to_owned), Mode::Strict, &Allowance::default()).unwrap())
    };
    let report = |of: &str| {
        let value = json!({"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "x"},
            "subject": {"reference": "Patient/p"}, "result": [{"reference": of}]});
        let (kind, body) = late(value, None);
        Change::post(kind, None, body, None)
    };
    let send = |changes: Vec<Change>| {
        let group = Group { changes, links: Links::default() };
        let sent = house.records.transact(&lab, why(), group, |reading| Ok(reading.nothing::<()>()));
        tests::wait(sent).map(|sent| sent.into_inner().0)
    };
    let (kind, body) = late(result(json!([{"code": "N"}])), Some(URN));
    let once = Change::post(kind, None, body, Some(query(kind, "identifier=urn:test|s")));
    let written = send(vec![once, report(URN)]).unwrap();
    assert_eq!(written[0].as_what, WrittenAs::Matched);
    assert!(send(vec![report("Observation/s")]).is_err(), "by itself it is not there for them");
}

/// A program that stored a resource before cannot see that it was sealed since. It is found by its name, and by nothing in it.
#[test]
fn conditions_of_a_program_find_what_it_does_not_see_by_its_name_and_tell_nothing_that_stands_in_it() {
    let house = tests::new_box();
    house.put(patient("p", "A"));
    house.put(patient("q", "B"));
    let result = |of: &str, value: u32, labels: Value| {
        json!({"resourceType": "Observation", "id": of, "meta": {"security": labels},
            "identifier": [{"system": "urn:test", "value": of}], "status": "final", "code": {"text": "HIV viral load"},
            "subject": {"reference": "Patient/p", "identifier": {"system": "urn:number", "value": "7"}},
            "valueQuantity": {"value": value}})
    };
    house.put(result("s", 42, json!([{"code": "HIV"}])));
    house.put(result("open", 7, json!([{"code": "N"}])));
    let confided = json!([{"system": crate::access::AUDIENCE, "code": crate::access::CONFIDED}]);
    house.put(json!({"resourceType": "Task", "id": "t", "meta": {"security": confided}, "status": "requested",
        "intent": "proposal", "description": "complaint", "for": {"reference": "Patient/p"}}));
    let kind = ResourceType::Observation;
    let body = |kind: ResourceType| {
        let value = match kind {
            ResourceType::Task => json!({"resourceType": "Task", "status": "requested", "intent": "order"}),
            _ => json!({"resourceType": "Observation", "status": "final", "code": {"text": "probe"}}),
        };
        Body::new(kind, value, Mode::Strict).unwrap()
    };
    let send = |who: &Actor, change: Change| {
        let done = house.records.change_all_blocking(who, why(), vec![change], Transaction::STRICT);
        done.map(|done| done.into_inner().swap_remove(0)).map_err(|error| error.without_place().to_string())
    };
    let put = |kind: ResourceType, asked: &str, condition: Condition| {
        Change::store(kind, Which::Found(Box::new(query(kind, asked))), body(kind), condition)
    };
    let (lab, narrow) = (tests::program(&house.ambient), tests::program_with(&house.ambient, "system/Observation.us"));
    let stale = Condition::Version(999);
    for who in [&lab, &narrow] {
        let not_there = send(who, put(kind, "identifier=urn:test|nothing", stale)).unwrap_err();
        for asked in [
            "identifier=urn:test|s",
            "_id=s&patient=p",
            "subject=Patient/p&code:text=HIV&value-quantity=gt40",
            "subject=Patient/p&code:text=HIV&value-quantity=gt50",
            "identifier=urn:test|s&value-quantity=gt40",
        ] {
            assert_eq!(send(who, put(kind, asked, stale)).unwrap_err(), not_there, "{asked}");
        }
        let seen = send(who, put(kind, "identifier=urn:test|open", stale)).unwrap_err();
        assert!(seen.contains("version 1"), "{seen}");
    }
    let by_id = |of: &str| {
        let mut value = body(kind).resource().unwrap().into_owned();
        value["id"] = json!(of);
        send(&lab, Change::put(kind, id(of), value, stale, Mode::Strict).unwrap())
    };
    assert_eq!(by_id("s"), by_id("nothing"));
    let of_task = |asked: &str| send(&lab, put(ResourceType::Task, asked, stale)).unwrap_err();
    assert_eq!(of_task("_content=complaint&patient=p"), of_task("_content=nothing&patient=p"));

    // What is no name finds nothing: a new one is made, whatever stands in the other.
    let once = |asked: &str| send(&lab, Change::post(kind, None, body(kind), Some(query(kind, asked))));
    for asked in [
        "value-quantity=gt40&code:text=HIV&status=final",
        "identifier:not=urn:test|x&value-quantity=42",
        "identifier=urn:test|&value-quantity=42",
        "identifier=urn:test|s&patient=q",
        "identifier=urn:test|s&patient.identifier=urn:test|q",
        "identifier=urn:test|s&subject:identifier=urn:number|8",
        "identifier=urn:test|open&value-quantity=8",
    ] {
        assert_eq!(once(asked).unwrap().as_what, WrittenAs::Created, "{asked}");
    }
    let few = tests::program_with(&house.ambient, "system/Observation.crs system/Patient.rs");
    for asked in [
        "identifier=urn:test|s",
        "identifier=urn:test|s&subject=Patient/p",
        "_id=s&patient=p",
        "identifier=urn:test|s&patient.identifier=urn:test|p",
        "identifier=urn:test|s&subject:Patient.identifier=urn:test|p",
        "identifier=urn:test|s&patient._id=p",
        "identifier=urn:test|s&subject:identifier=urn:number|7",
    ] {
        assert_eq!(once(asked).unwrap().as_what, WrittenAs::Matched, "{asked}");
        let made = send(&few, Change::post(kind, None, body(kind), Some(query(kind, asked))));
        assert_eq!(made.unwrap().as_what, WrittenAs::Matched, "{asked}");
    }
    assert_eq!(once("identifier=urn:test|s&subject.identifier=urn:test|p").unwrap().as_what, WrittenAs::Matched);
    // Beside one that it does not see none is made that lies open, and what stands in the one is not told: both answer alike.
    let all = || house.ids(&Actor::system("test"), kind, "_count=200").len();
    let before = all();
    let refused = RecordError::NotByNameAlone.to_string();
    for asked in [
        "identifier=urn:test|s&value-quantity=42",
        "identifier=urn:test|s&value-quantity=43",
        "identifier=urn:test|s&status=final&patient.identifier=urn:test|p",
        "identifier=urn:test|s&status=preliminary",
        "identifier=urn:test|s&subject:Patient.family=A",
        "_id=s&code:text=nothing",
    ] {
        assert_eq!(once(asked).unwrap_err(), refused, "{asked}");
        assert_eq!(send(&lab, put(kind, asked, Condition::None)).unwrap_err(), refused, "{asked}");
        let gone = send(&lab, Change::remove(kind, Which::Found(Box::new(query(kind, asked))), Condition::None));
        assert_eq!(gone.unwrap().as_what, WrittenAs::NothingFound, "{asked}");
    }
    assert_eq!(all(), before);
    assert_eq!(send(&lab, put(kind, "identifier=urn:test|s", Condition::None)).unwrap().as_what, WrittenAs::Updated);
}

/// What finds nothing because its sender may not look there would be made again with each time that it is sent.
#[test]
fn a_condition_through_a_type_that_may_not_be_searched_is_refused_and_nothing_is_written() {
    let house = tests::new_box();
    house.put(patient("p", "A"));
    let kind = ResourceType::Observation;
    let value = json!({"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
        "identifier": [{"system": "urn:test", "value": "o"}], "subject": {"reference": "Patient/p"}});
    house.put(value.clone());
    let mut new = value;
    new.as_object_mut().unwrap().shift_remove("id");
    let body = || Body::new(kind, new.clone(), Mode::Strict).unwrap();
    let narrow = tests::program_with(&house.ambient, "system/Observation.cruds");
    let before = state(&house.records);
    let refused = |group: Group, asked: &str| {
        let done = house.records.transact(&narrow, why(), group, |reading| Ok(reading.nothing::<()>()));
        let error = tests::wait(done).map(drop).map_err(RecordError::without_place).unwrap_err();
        let is_never = matches!(error, RecordError::Denied(crate::access::Denied::NeverForRole));
        assert!(is_never, "{asked}: {error:?}");
        assert!(state(&house.records) == before, "{asked}");
    };
    for asked in [
        "identifier=urn:test|o&patient.identifier=urn:test|p",
        "identifier=urn:test|o&subject:Patient.family=A",
        "identifier=urn:test|o&subject.identifier=urn:test|p",
        "identifier=urn:test|o&_has:Provenance:target:agent=x",
        "identifier=urn:test|o&_list=l",
    ] {
        let found = || Which::Found(Box::new(query(kind, asked)));
        let patch = Patch::parse(&json!([{"op": "add", "path": "/issued", "value": "2026-03-01T09:00:00Z"}])).unwrap();
        for change in [
            Change::post(kind, None, body(), Some(query(kind, asked))),
            Change::store(kind, found(), body(), Condition::None),
            Change::remove(kind, found(), Condition::None),
            Change::patch(kind, found(), patch, Condition::None),
        ] {
            refused(Group { changes: vec![change], links: Links::default() }, asked);
        }
        let mut links = Links::default();
        links.searches.insert("Observation/sought".into(), Sought { query: query(kind, asked), at: "x".into() });
        let panel = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
            "hasMember": [{"reference": "Observation/sought"}]});
        let late = Body::late(kind, panel, None, Mode::Strict, &Allowance::default()).unwrap();
        refused(Group { changes: vec![Change::post(kind, None, late, None)], links }, asked);
        // To look for it is no harm.
        assert!(house.ids(&narrow, kind, asked).is_empty(), "{asked}");
    }
    // One of the types that a subject can have is enough, where the chain names none.
    let wider = tests::program_with(&house.ambient, "system/Observation.cruds system/Patient.rs");
    let asked = "identifier=urn:test|o&subject.identifier=urn:test|p";
    let changes = vec![Change::post(kind, None, body(), Some(query(kind, asked)))];
    let group = Group { changes, links: Links::default() };
    let done = house.records.transact(&wider, why(), group, |reading| Ok(reading.nothing::<()>()));
    assert!(tests::wait(done).is_ok(), "{asked}");
}

/// To answer that it is deleted and leave it would leave a permission in force that was withdrawn.
#[test]
fn a_program_deletes_what_is_sealed_from_it_where_it_may_write_over_it() {
    let system = Actor::system("test");
    for (scope, deletes) in [("system/*.cruds", true), ("system/Consent.crds", false)] {
        for asked in [None, Some("identifier=urn:test|c"), Some("patient=p")] {
            let house = tests::new_box();
            house.put(patient("p", "A"));
            house.put(json!({"resourceType": "Observation", "id": "o", "meta": {"security": [{"code": "HIV"}]},
                "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/p"}}));
            house.put(
                json!({"resourceType": "Consent", "id": "c", "identifier": [{"system": "urn:test", "value": "c"}],
                "status": "active", "scope": {"coding": [{"code": "patient-privacy"}]}, "category": [{"text": "x"}],
                "patient": {"reference": "Patient/p"}, "policyRule": {"text": "x"},
                "provision": {"type": "permit", "securityLabel": [{"code": "HIV"}]}}),
            );
            let doctor = house.actor(crate::base::Role::Clinician, Some("Practitioner/d"));
            let sees = || house.read(&doctor, ResourceType::Observation, "o").is_ok();
            assert!(sees());
            let kind = ResourceType::Consent;
            let which = asked.map_or_else(|| Which::Id(id("c")), |asked| Which::Found(Box::new(query(kind, asked))));
            let done = |condition| {
                let gone = vec![Change::remove(kind, which.clone(), condition)];
                let program = tests::program_with(&house.ambient, scope);
                let done = house.records.change_all_blocking(&program, why(), gone, Transaction::STRICT);
                done.map(|done| done.into_inner().swap_remove(0))
            };
            let absent = done(Condition::Version(999)).map_err(RecordError::without_place);
            let is_absent = match asked {
                None => matches!(absent, Err(RecordError::NotFound)),
                Some(_) => matches!(absent, Err(RecordError::NoVersion)),
            };
            assert!(is_absent, "{absent:?}");
            // Before and after it answers what it would of what never was there.
            for _ in 0..2 {
                let told = done(Condition::None).unwrap();
                assert_eq!((told.as_what, told.stored), (WrittenAs::NothingFound, None), "{scope} {asked:?}");
            }
            let is_gone = deletes && asked != Some("patient=p");
            assert_eq!(sees(), !is_gone, "{scope} {asked:?}");
            assert_eq!(matches!(house.read(&system, kind, "c"), Err(RecordError::Gone)), is_gone);
        }
    }
}
