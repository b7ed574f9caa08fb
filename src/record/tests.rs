//! The record over the in-memory engine: what must hold of reads, writes, searches and disclosure.

use std::cell::Cell;

use serde_json::{Value, json};

use super::*;
use crate::access::Listener;
use crate::audit::TouchKind;
use crate::base::{Ambient, ManualClock, ResourceRef, Role, SeededRandom};
use crate::fhir::search::{Handling, Query};
use crate::fhir::{Definitions, Mode};
use crate::identity::{AccountKind, AccountRow, AccountState, Assurance, SessionRow, SessionState};
use crate::store::{Direction, DiskRoom, Keep, RawRange, Read, Rows, Snapshot, Store, StoreError, TableId};

pub(super) struct Box_ {
    pub(super) records: Records,
    pub(super) ambient: Ambient,
    pub(super) clock: ManualClock,
    /// What the disk has room for.
    room: Arc<std::sync::RwLock<DiskRoom>>,
}

pub(super) fn new_box() -> Box_ {
    let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
    let ambient = Ambient::new(clock.clone(), SeededRandom::new(1));
    let (store, room) = Store::in_memory_with_room();
    let records = Records::new(Audit::new(store, ambient.clone()), Reach::Clinic);
    Box_ { records, ambient, clock, room }
}

/// Another program that may do everything.
pub(super) fn program(ambient: &Ambient) -> Actor {
    program_with(ambient, "system/*.cruds")
}

/// Another program that has these scopes, with spaces between them.
pub(super) fn program_with(ambient: &Ambient, scope: &str) -> Actor {
    let account = AccountRow {
        id: crate::base::AccountId::new(ambient),
        user_name: crate::identity::UserName::parse("program").unwrap(),
        display_name: "Program".into(),
        kind: AccountKind::Service,
        state: AccountState::Enabled,
        person: None,
        must_change_password: false,
        created: ambient.now(),
    };
    let scopes: Vec<Box<str>> = scope.split(' ').map(Into::into).collect();
    Actor::from_token(&account, &scopes, Listener::Clinic, None)
}

/// A clock that goes on by so many milliseconds each time that somebody looks.
pub(super) struct Ticking {
    at: std::sync::atomic::AtomicI64,
    tick: Arc<std::sync::atomic::AtomicI64>,
}

impl crate::base::Clock for Ticking {
    fn now(&self) -> Timestamp {
        use std::sync::atomic::Ordering::Relaxed;
        Timestamp::from_millisecond(self.at.fetch_add(self.tick.load(Relaxed), Relaxed)).unwrap()
    }
}

/// A record by a clock that stands still until it is told to tick.
pub(super) fn ticking() -> (Records, Ambient, Arc<std::sync::atomic::AtomicI64>) {
    let tick: Arc<std::sync::atomic::AtomicI64> = Arc::default();
    let clock = Ticking { at: 1_772_500_000_000.into(), tick: tick.clone() };
    let ambient = Ambient::new(clock, SeededRandom::new(1));
    (Records::new(Audit::new(Store::in_memory(), ambient.clone()), Reach::Clinic), ambient, tick)
}

pub(super) fn why(action: audit::Action) -> Why {
    Why { action, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Screen }
}

pub(super) fn id(text: &str) -> FhirId {
    FhirId::parse(text).unwrap()
}

impl Box_ {
    pub(super) fn put(&self, value: Value) -> Written {
        self.clock.advance(Duration::from_secs(1));
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        let change =
            Change::put(kind, id(value["id"].as_str().unwrap()), value, Condition::None, Mode::Strict).unwrap();
        let written = self
            .records
            .change_all_blocking(&Actor::system("test"), why(audit::Action::Import), vec![change], Transaction::IMPORT)
            .unwrap();
        written.into_inner().swap_remove(0)
    }

    /// The same record, with another reach.
    pub(super) fn reaching(&self, reach: Reach) -> Self {
        let records = Records::new(self.records.audit().clone(), reach);
        Self { records, ambient: self.ambient.clone(), clock: self.clock.clone(), room: self.room.clone() }
    }

    pub(super) fn actor(&self, role: Role, person: Option<&str>) -> Actor {
        let account = AccountRow {
            id: crate::base::AccountId::new(&self.ambient),
            user_name: crate::identity::UserName::parse("somebody").unwrap(),
            display_name: "X".into(),
            kind: AccountKind::Person(role),
            state: AccountState::Enabled,
            person: person.map(|text| ResourceRef::parse(text).unwrap()),
            must_change_password: false,
            created: self.ambient.now(),
        };
        let state = SessionState::Open(Assurance::Password);
        let session = SessionRow::new(account.id, Listener::Clinic, state, &self.ambient);
        Actor::from_session(&session, &account, Listener::Clinic, None)
    }

    pub(super) fn read(&self, actor: &Actor, kind: ResourceType, of: &str) -> Result<Value, RecordError> {
        let found =
            self.records.disclose_blocking(actor, why(audit::Action::Read), |reading| reading.read(kind, &id(of)))?;
        Ok(serde_json::from_slice(&found.json).unwrap())
    }

    pub(super) fn search(&self, actor: &Actor, kind: ResourceType, query: &str) -> Result<Page, RecordError> {
        let query = Query::parse(kind, query, Handling::Strict, Definitions::r4()).unwrap();
        let page =
            self.records.disclose_blocking(actor, why(audit::Action::Search), |reading| reading.search(&query))?;
        Ok(page.into_inner())
    }

    pub(super) fn ids(&self, actor: &Actor, kind: ResourceType, query: &str) -> Vec<String> {
        self.search(actor, kind, query).unwrap().matches.iter().map(|found| found.id.to_string()).collect()
    }
}

/// Counts the rows that were read.
pub(super) struct Counting {
    pub(super) snapshot: Snapshot,
    pub(super) rows: Cell<usize>,
}

impl Read for Counting {
    fn raw_get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.rows.set(self.rows.get() + 1);
        self.snapshot.raw_get(table, key)
    }

    fn raw_scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError> {
        let rows = self.snapshot.raw_scan_if(table, range, direction, keep)?;
        Ok(Box::new(rows.inspect(|_| self.rows.set(self.rows.get() + 1))))
    }
}

/// The end of what a test waits for; the writer has a thread of its own.
pub(super) fn wait<T>(of: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(of)
}

fn all_of(kind: ResourceType, of: &str) -> HistoryAsked {
    HistoryAsked { of: HistoryOf::One(kind, id(of)), since: None, at: None, count: None, cursor: None }
}

fn patient(of: &str, family: &str) -> Value {
    json!({"resourceType": "Patient", "id": of, "name": [{"family": family, "given": ["Ann"]}], "birthDate": "1967-05-09"})
}

fn weight(of: &str, patient: &str, date: &str, kilos: f64) -> Value {
    json!({"resourceType": "Observation", "id": of, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": format!("Patient/{patient}")}, "effectiveDateTime": date,
        "valueQuantity": {"value": kilos, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}})
}

#[test]
fn what_is_written_reads_back_with_its_id_version_and_time() {
    let house = new_box();
    let system = Actor::system("test");
    assert_eq!(house.put(patient("p1", "Brandvold")).as_what, WrittenAs::Created);
    let first = house.read(&system, ResourceType::Patient, "p1").unwrap();
    assert_eq!(first["meta"], json!({"versionId": "1", "lastUpdated": "2026-03-03T09:00:01.000Z"}));
    assert_eq!(house.put(patient("p1", "Brandvold")).as_what, WrittenAs::Unchanged);
    assert_eq!(house.put(patient("p1", "Corvin")).as_what, WrittenAs::Updated);
    let second = house.read(&system, ResourceType::Patient, "p1").unwrap();
    assert_eq!((&second["meta"]["versionId"], &second["name"][0]["family"]), (&json!("2"), &json!("Corvin")));
    let why = why(audit::Action::History);
    let history =
        house.records.disclose_blocking(&system, why, |r| r.history(&all_of(ResourceType::Patient, "p1"))).unwrap();
    assert_eq!(history.versions.iter().map(|version| version.stored.version).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn a_deleted_resource_is_gone_from_reads_and_searches_and_kept_in_history() {
    let house = new_box();
    let system = Actor::system("test");
    house.put(patient("p1", "Brandvold"));
    house.put(weight("w1", "p1", "2026-01-01", 80.0));
    let delete = vec![Change::delete(ResourceType::Observation, id("w1"), Condition::None)];
    let written =
        house.records.change_all_blocking(&system, why(audit::Action::Delete), delete, Transaction::STRICT).unwrap();
    assert_eq!(written[0].as_what, WrittenAs::Deleted);
    assert!(matches!(house.read(&system, ResourceType::Observation, "w1"), Err(RecordError::Gone)));
    assert!(house.ids(&system, ResourceType::Observation, "patient=p1").is_empty());
    assert!(house.ids(&system, ResourceType::Observation, "code=29463-7").is_empty());
    let old = house.records.disclose_blocking(&system, why(audit::Action::VersionRead), |r| {
        r.version(ResourceType::Observation, &id("w1"), 1)
    });
    assert!(!old.unwrap().json.is_empty());
    assert_eq!(house.put(weight("w1", "p1", "2026-01-01", 81.0)).stored.unwrap().version, 3);
    assert_eq!(house.ids(&system, ResourceType::Observation, "patient=p1"), ["w1"]);
}

#[test]
fn a_search_of_one_patient_is_newest_first_and_its_pages_join_without_gap() {
    let house = new_box();
    let system = Actor::system("test");
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    for month in 1..=9 {
        house.put(weight(&format!("w{month}"), "p1", &format!("2025-0{month}-01"), 80.0));
    }
    house.put(weight("other", "p2", "2025-05-01", 60.0));
    let expected: Vec<String> = (1..=9).rev().map(|month| format!("w{month}")).collect();
    assert_eq!(house.ids(&system, ResourceType::Observation, "patient=p1"), expected);
    let (mut got, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let query =
            cursor.as_ref().map_or("patient=p1&_count=4".to_owned(), |c| format!("patient=p1&_count=4&_cursor={c}"));
        let page = house.search(&system, ResourceType::Observation, &query).unwrap();
        got.extend(page.matches.iter().map(|found| found.id.to_string()));
        if got.len() == 4 {
            // A page stays right while others write: this one sorts before it.
            house.put(weight("w91", "p1", "2025-12-01", 80.0));
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(got, expected);
    let wrong = Query::parse(
        ResourceType::Observation,
        &format!("patient=p2&_cursor={}", cursor.unwrap()),
        Handling::Strict,
        Definitions::r4(),
    );
    let refused = house.records.disclose_blocking(&system, why(audit::Action::Search), |r| r.search(&wrong.unwrap()));
    assert!(matches!(refused, Err(RecordError::BadCursor)));
}

/// Observations of `p1` whose dates are of every form, among others of a second patient and of another code.
fn of_many_dates(house: &Box_) {
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    let dates = [
        json!({"effectiveDateTime": "2025-05-03T08:00:00Z"}),
        json!({"effectiveDateTime": "2025-05-03"}),
        json!({"effectiveDateTime": "2025-05"}),
        json!({"effectiveDateTime": "2025"}),
        json!({"effectivePeriod": {"start": "2024-12-30", "end": "2025-05-09"}}),
        json!({"effectivePeriod": {"end": "2025-05-04"}}),
        json!({"effectivePeriod": {"start": "2025-05-02"}}),
        json!({"issued": "2025-05-03T07:00:00Z"}),
        json!({}),
    ];
    for (at, date) in dates.iter().chain(&dates).enumerate() {
        let mut one = weight(&format!("d{at}"), "p1", "2025", 70.0);
        one.as_object_mut().unwrap().remove("effectiveDateTime");
        one.as_object_mut().unwrap().extend(date.as_object().unwrap().clone());
        house.put(one);
        house.put(weight(&format!("o{at}"), "p2", "2025-05-03", 70.0));
    }
    let mut other = weight("d-other", "p1", "2025-05-03", 70.0);
    other["code"]["coding"][0]["code"] = json!("8867-4");
    house.put(other);
}

#[test]
fn newest_first_of_one_patient_stops_early_and_is_what_reading_all_would_give() {
    let house = new_box();
    of_many_dates(&house);
    let system = Actor::system("test");
    for code in ["29463-7", "http://loinc.org|29463-7", "29463-7,8867-4"] {
        let query = format!("patient=p1&code={code}&_sort=-date");
        let all = house.search(&system, ResourceType::Observation, &format!("{query}&_total=accurate&_count=100"));
        let all: Vec<String> = all.unwrap().matches.iter().map(|found| found.id.to_string()).collect();
        assert_eq!(all.len(), if code.contains(',') { 19 } else { 18 });
        assert_eq!(all[..2], ["d9", "d0"]);
        // The undated come last: they have no date to sort by.
        let undated = ["d17", "d16", "d8", "d7"];
        assert_eq!(all[all.len() - 4..], undated);
        let first = house.search(&system, ResourceType::Observation, &format!("{query}&_count=1")).unwrap();
        assert_eq!(first.total, None, "all were read, and so counted");
        for count in [1, 2, 3, 5, 18] {
            let (mut paged, mut cursor) = (Vec::new(), String::new());
            loop {
                let asked = format!("{query}&_count={count}{cursor}");
                let page = house.search(&system, ResourceType::Observation, &asked).unwrap();
                paged.extend(page.matches.iter().map(|found| found.id.to_string()));
                match page.next {
                    Some(next) => cursor = format!("&_cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(paged, all, "{count}");
        }
    }
}

#[test]
fn searches_find_by_code_value_date_name_chain_and_reverse_chain() {
    let house = new_box();
    let system = Actor::system("test");
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    house.put(weight("w1", "p1", "2025-01-01", 80.0));
    house.put(weight("w2", "p2", "2026-01-01", 60.0));
    let observation = |query| house.ids(&system, ResourceType::Observation, query);
    assert_eq!(observation("code=http://loinc.org|29463-7"), ["w2", "w1"]);
    assert_eq!(observation("code=29463-7&value-quantity=gt70|http://unitsofmeasure.org|kg"), ["w1"]);
    assert_eq!(observation("date=ge2025-06-01"), ["w2"]);
    assert_eq!(observation("date=lt2025-06-01"), ["w1"]);
    assert_eq!(observation("subject:Patient.name=brandv"), ["w1"]);
    assert_eq!(observation("_sort=date"), ["w1", "w2"]);
    assert_eq!(observation("_sort=-date"), ["w2", "w1"]);
    assert_eq!(observation("_id=w1,w2&code=1-1"), [""; 0]);
    let patients = |query| house.ids(&system, ResourceType::Patient, query);
    assert_eq!(patients("family=COR"), ["p2"]);
    assert_eq!(patients("_has:Observation:patient:date=ge2026"), ["p2"]);
    assert_eq!(patients("birthdate=1967-05-09"), ["p2", "p1"]);
    let page = house.search(&system, ResourceType::Observation, "_id=w1&_include=Observation:subject").unwrap();
    assert_eq!(page.included.iter().map(|found| found.id.as_str()).collect::<Vec<_>>(), ["p1"]);
    let page = house.search(&system, ResourceType::Patient, "_id=p1&_revinclude=Observation:subject").unwrap();
    assert_eq!(page.included.iter().map(|found| found.id.as_str()).collect::<Vec<_>>(), ["w1"]);
    let counted = house.search(&system, ResourceType::Observation, "_summary=count").unwrap();
    assert_eq!((counted.total, counted.matches.len()), (Some(2), 0));
}

/// A chain without a type goes through all that the reference may name (search.html#chaining).
#[test]
fn a_chain_through_types_that_are_not_ones_own_to_search_finds_what_the_others_hold() {
    let house = new_box();
    let mut own = patient("p1", "Brandvold");
    own["identifier"] = json!([{"system": "urn:test", "value": "7"}]);
    house.put(own);
    house.put(weight("w1", "p1", "2025-01-01", 80.0));
    house.put(json!({"resourceType": "Group", "id": "g1", "type": "person", "actual": true,
        "identifier": [{"system": "urn:test", "value": "8"}], "member": [{"entity": {"reference": "Patient/p1"}}]}));
    let mut of_group = weight("w2", "p1", "2025-01-01", 80.0);
    of_group["subject"] = json!({"reference": "Group/g1"});
    of_group["performer"] = json!([{"reference": "Patient/p1"}]);
    house.put(of_group);
    let visit = json!({"resourceType": "Encounter", "id": "e1", "status": "planned", "subject": {"reference": "Patient/p1"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}});
    house.put(visit);
    let halina = house.actor(Role::Patient, Some("Patient/p1"));
    let desk = house.actor(Role::Reception, None);
    let narrow = program_with(&house.ambient, "system/Observation.rs");
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    for (chain, found) in [("subject._id=p1", vec!["w1"]), ("subject.identifier=urn:test|7", vec!["w1"])] {
        assert_eq!(house.ids(&halina, ResourceType::Observation, chain), found, "{chain}");
        assert_eq!(house.ids(&desk, ResourceType::Encounter, chain), ["e1"], "{chain}");
        assert!(house.ids(&narrow, ResourceType::Observation, chain).is_empty(), "{chain}");
    }
    // What is not theirs to search is as if it were empty, named or not.
    for chain in ["subject.identifier=urn:test|8", "subject:Group._id=g1", "subject:Group.identifier=urn:test|8"] {
        assert!(house.ids(&halina, ResourceType::Observation, chain).is_empty(), "{chain}");
        assert_eq!(house.ids(&doctor, ResourceType::Observation, chain), ["w2"], "{chain}");
    }
    assert!(house.ids(&desk, ResourceType::Patient, "_has:Observation:patient:code=29463-7").is_empty());
    assert_eq!(house.ids(&doctor, ResourceType::Patient, "_has:Observation:patient:code=29463-7"), ["p1"]);
    // What is cut of a type that they do search is refused as before.
    let cut = house.search(&desk, ResourceType::Encounter, "appointment.reason-code=x").map(drop);
    assert!(matches!(cut, Err(RecordError::UnsupportedSearch(_))), "{cut:?}");
}

#[test]
fn a_patient_sees_their_own_and_hears_of_nothing_else() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    house.put(weight("w1", "p1", "2025-01-01", 80.0));
    house.put(weight("w2", "p2", "2026-01-01", 60.0));
    let halina = house.actor(Role::Patient, Some("Patient/p1"));
    assert!(house.read(&halina, ResourceType::Observation, "w1").is_ok());
    let forbidden = house.read(&halina, ResourceType::Observation, "w2").unwrap_err();
    let absent = house.read(&halina, ResourceType::Observation, "nothing").unwrap_err();
    assert!(matches!((&forbidden, &absent), (RecordError::NotFound, RecordError::NotFound)));
    assert_eq!(house.ids(&halina, ResourceType::Observation, "code=29463-7"), ["w1"]);
    assert_eq!(house.ids(&halina, ResourceType::Patient, "birthdate=1967-05-09"), ["p1"]);
    assert_eq!(house.search(&halina, ResourceType::Observation, "_summary=count").unwrap().total, Some(1));
    let page = house.search(&halina, ResourceType::Observation, "patient=p2&_total=accurate").unwrap();
    assert_eq!((page.matches.len(), page.total), (0, Some(0)));
}

#[test]
fn reception_gets_a_subset_and_the_operator_nothing() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(json!({"resourceType": "Appointment", "id": "a1", "status": "booked", "description": "private words",
        "start": "2026-03-03T09:40:00Z", "end": "2026-03-03T10:00:00Z",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}]}));
    let reception = house.actor(Role::Reception, Some("Practitioner/r1"));
    let seen = house.read(&reception, ResourceType::Appointment, "a1").unwrap();
    assert_eq!((seen.get("description"), seen["meta"]["tag"][0]["code"].as_str()), (None, Some("SUBSETTED")));
    let operator = house.actor(Role::Operator, None);
    let refused = house.read(&operator, ResourceType::Patient, "p1");
    assert!(matches!(refused, Err(RecordError::Denied(crate::access::Denied::NeverForRole))), "{refused:?}");
}

/// The resources that the newest entry of the log names.
fn named(house: &Box_) -> Vec<String> {
    let read = house.records.audit().read().unwrap();
    let newest = audit::entries(&read, &audit::Filter::default(), 1).unwrap().lines.remove(0);
    let touched = audit::touched(&read, &newest.entry, None, 100).unwrap().touched;
    touched.iter().flat_map(|part| &part.resources).map(ToString::to_string).collect()
}

#[test]
fn what_a_page_does_not_choose_is_not_opened_and_a_short_list_says_so() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    for (id, date) in [("w1", "2024-01-01"), ("w2", "2025-01-01"), ("w3", "2026-01-01")] {
        house.put(weight(id, "p1", date, 80.0));
    }
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    let (p1, kind) = (id("p1"), ResourceType::Observation);
    let ids = |found: &OfPatient| found.found.iter().map(|one| one.id.to_string()).collect::<Vec<_>>();
    let of = |most| {
        let read = |reading: &mut Reading<'_>| reading.of_patient(&p1, kind, most);
        house.records.disclose_blocking(&doctor, why(audit::Action::Read), read).unwrap().into_inner()
    };
    assert_eq!((ids(&of(2)), of(2).more), (vec!["w3".into(), "w2".into()], true));
    assert_eq!((ids(&of(3)).len(), of(3).more), (3, false));
    let choose = |all: &[Value], year: &str| {
        let fits = |one: &Value| one["effectiveDateTime"].as_str().unwrap().starts_with(year);
        all.iter().enumerate().filter(|(_, one)| fits(one)).map(|(place, _)| place).collect()
    };
    let read = |reading: &mut Reading<'_>| reading.chosen_of_patient(&p1, kind, 10, "2025", choose);
    let found = house.records.disclose_blocking(&doctor, why(audit::Action::Read), read).unwrap().into_inner();
    assert_eq!(ids(&found), ["w2"]);
    assert_eq!(named(&house), ["Observation/w2"]);
}

#[test]
fn those_seen_last_are_ones_own_newest_first_and_only_while_one_may_see_them() {
    let house = new_box();
    for (id, name) in [("p1", "Brandvold"), ("p2", "Corvin"), ("p3", "Fennimore")] {
        house.put(patient(id, name));
    }
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    let nurse = house.actor(Role::Nurse, Some("Practitioner/n1"));
    for of in ["p1", "p2", "p1"] {
        house.clock.advance(Duration::from_secs(1));
        house.read(&doctor, ResourceType::Patient, of).unwrap();
    }
    house.read(&nurse, ResourceType::Patient, "p3").unwrap();
    let last = |actor: &Actor| {
        let read = |reading: &mut Reading<'_>| reading.seen_last(8);
        let found = house.records.disclose_blocking(actor, why(audit::Action::Listed), read).unwrap().into_inner();
        found.iter().map(|person| person.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(last(&doctor), ["p1", "p2"]);
    assert_eq!(named(&house), ["Patient/p1", "Patient/p2"]);
    assert_eq!(last(&house.actor(Role::Operator, None)), [""; 0]);
}

#[test]
fn every_look_and_every_refusal_stands_in_the_chain() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(weight("w1", "p1", "2025-01-01", 80.0));
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    house.read(&doctor, ResourceType::Observation, "w1").unwrap();
    let stranger = house.actor(Role::Patient, Some("Patient/p9"));
    house.read(&stranger, ResourceType::Observation, "w1").unwrap_err();
    let read = house.records.audit().read().unwrap();
    let page = audit::entries(&read, &audit::Filter::default(), 10).unwrap();
    let seen = page.lines.iter().map(|line| {
        let audit::Resources::Inline(touched) = &line.entry.resources else { panic!() };
        (line.entry.action, line.entry.outcome, touched[0].kind, touched[0].patient.clone())
    });
    let seen: Vec<_> = seen.collect();
    let p1 = Some(id("p1"));
    assert_eq!(seen[0], (audit::Action::Read, Outcome::Denied, TouchKind::Denied, p1.clone()));
    assert_eq!(seen[1], (audit::Action::Read, Outcome::Success, TouchKind::Opened, p1));
}

#[test]
fn an_update_with_a_stale_version_changes_nothing() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    let system = Actor::system("test");
    let stale = |version| {
        let change = Change::put(
            ResourceType::Patient,
            id("p1"),
            patient("p1", "New"),
            Condition::Version(version),
            Mode::Strict,
        );
        house.records.change_all_blocking(
            &system,
            why(audit::Action::Update),
            vec![change.unwrap()],
            Transaction::STRICT,
        )
    };
    assert!(matches!(stale(2), Err(RecordError::VersionConflict { current: 1 })));
    assert!(stale(1).is_ok());
    assert!(matches!(stale(1), Err(RecordError::VersionConflict { current: 2 })));
}

#[test]
fn a_reference_to_nothing_is_refused_and_the_whole_group_with_it() {
    let house = new_box();
    let system = Actor::system("test");
    let changes = vec![
        Change::put(ResourceType::Patient, id("p1"), patient("p1", "A"), Condition::None, Mode::Strict).unwrap(),
        Change::put(
            ResourceType::Observation,
            id("w1"),
            weight("w1", "p2", "2025", 1.0),
            Condition::None,
            Mode::Strict,
        )
        .unwrap(),
    ];
    let refused =
        house.records.change_all_blocking(&system, why(audit::Action::Transaction), changes, Transaction::STRICT);
    assert!(
        matches!(refused, Err(RecordError::DanglingReference { what, at }) if what == "Patient/p2" && at.as_deref() == Some("Observation.subject"))
    );
    assert!(matches!(house.read(&system, ResourceType::Patient, "p1"), Err(RecordError::NotFound)));
}

#[test]
fn a_reference_that_an_import_left_open_does_not_keep_from_changing_what_bears_it() {
    let house = new_box();
    house.put(patient("p1", "A"));
    let by = |who: &str, kg: f64| {
        let mut one = weight("w1", "p1", "2025", kg);
        one["performer"] = json!([{"reference": who}]);
        one
    };
    house.put(by("Practitioner/stayed-behind", 1.0));
    let change = |value| {
        let change = Change::put(ResourceType::Observation, id("w1"), value, Condition::None, Mode::Strict).unwrap();
        let actor = Actor::system("test");
        house.records.change_all_blocking(&actor, why(audit::Action::Update), vec![change], Transaction::WORKFLOW)
    };
    assert!(change(by("Practitioner/stayed-behind", 2.0)).is_ok());
    let refused = change(by("Practitioner/another", 2.0));
    assert!(matches!(refused, Err(RecordError::DanglingReference { what, .. }) if what == "Practitioner/another"));
}

#[test]
fn what_stood_in_one_is_no_leave_for_another_and_tells_nothing_of_what_is_sealed() {
    let house = new_box();
    house.put(patient("p1", "A"));
    let sealed = json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]);
    let mut hidden = weight("hidden", "p1", "2025", 1.0);
    hidden["meta"] = json!({"security": sealed});
    house.put(hidden);
    let made_of = |of: &str, what: &str| {
        let mut one = weight(of, "p1", "2025", 2.0);
        one["derivedFrom"] = json!([{"reference": format!("Observation/{what}")}]);
        one
    };
    house.put(made_of("w1", "hidden"));
    house.put(made_of("w2", "never-here"));
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    assert!(house.read(&doctor, ResourceType::Observation, "hidden").is_err(), "the test is about what is sealed");
    let send = |all: Vec<Value>| {
        let change = |mut one: Value| {
            one["note"] = json!([{"text": "Seen."}]);
            let of = id(one["id"].as_str().unwrap());
            let body = Body::new(ResourceType::Observation, one, Mode::Strict).unwrap();
            match of.as_str().starts_with('n') {
                true => Change::post(ResourceType::Observation, None, body, None),
                false => Change::store(ResourceType::Observation, Which::Id(of), body, Condition::None),
            }
        };
        let all = all.into_iter().map(change).collect();
        house.records.change_all_blocking(&doctor, why(audit::Action::Update), all, Transaction::STRICT).map(drop)
    };
    send(vec![made_of("w1", "hidden")]).unwrap();
    send(vec![made_of("w2", "never-here")]).unwrap();
    let refused = [vec![made_of("new", "never-here")], vec![made_of("w2", "never-here"), made_of("new", "never-here")]];
    for all in refused {
        assert!(matches!(send(all), Err(RecordError::DanglingReference { .. })));
    }
}

#[test]
fn who_makes_a_report_may_seal_it_at_once_and_only_a_doctor_or_a_workflow_makes_one_that_is_signed() {
    let house = new_box();
    house.put(patient("p1", "A"));
    let sealed = json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]);
    let of = |kind: &str, more: Value| {
        let mut one = json!({"resourceType": kind, "status": "final", "code": {"text": "HIV"}, "meta": {"security": sealed},
            "subject": {"reference": "Patient/p1"}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    };
    let make = |role: Role, report: &str, how: Transaction| {
        let (value, at) = (format!("v-{report}"), format!("r-{report}"));
        let refers = json!({"result": [{"reference": format!("Observation/{value}")}]});
        let all = [("Observation", value, json!({})), ("DiagnosticReport", at, refers)].map(|(kind, at, more)| {
            Change::create_as(ResourceType::parse(kind).unwrap(), id(&at), of(kind, more), Mode::Strict).unwrap()
        });
        let actor = house.actor(role, Some("Practitioner/d1"));
        house.records.change_all_blocking(&actor, why(audit::Action::Create), all.into(), how).map(drop)
    };
    make(Role::Clinician, "a", Transaction::STRICT).unwrap();
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    assert!(house.read(&doctor, ResourceType::DiagnosticReport, "r-a").is_err(), "it is sealed from them, too");
    assert!(house.read(&Actor::system("test"), ResourceType::DiagnosticReport, "r-a").is_ok());
    let never = |made| matches!(made, Err(RecordError::Denied(crate::access::Denied::NeverForRole)));
    assert!(never(make(Role::Nurse, "b", Transaction::STRICT)));
    make(Role::Nurse, "c", Transaction::WORKFLOW).unwrap();
}

#[test]
fn a_patients_consents_are_no_more_than_can_be_asked_at_each_access() {
    let house = new_box();
    house.put(patient("p1", "A"));
    let consent = |of: &str, provisions: usize, filling: usize| {
        json!({"resourceType": "Consent", "id": of, "status": "active",
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"reference": "Patient/p1"}, "policyRule": {"text": "the clinic's"},
            "sourceAttachment": {"contentType": "application/pdf", "data": "AAAA".repeat(filling / 4)},
            "provision": {"type": "permit", "provision": vec![json!({"type": "permit"}); provisions]}})
    };
    let lab = program(&house.ambient);
    let send = |of: &str, provisions: usize, filling: usize| {
        let value = consent(of, provisions, filling);
        let change = Change::put(ResourceType::Consent, id(of), value, Condition::None, Mode::Strict).unwrap();
        house.records.change_all_blocking(&lab, why(audit::Action::Update), vec![change], Transaction::STRICT).map(drop)
    };
    send("c1", 999, 10).unwrap();
    assert!(matches!(send("c1", 1_000, 10), Err(RecordError::Invalid(_))));
    send("c2", 1, 9 << 20).unwrap();
    send("c2", 2, 9 << 20).unwrap();
    assert!(matches!(send("c3", 1, 9 << 20), Err(RecordError::Invalid(_))), "they are more than sixteen megabytes");
}

#[test]
fn a_person_cannot_probe_for_ids_by_choosing_them() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    house.put(weight("w2", "p2", "2025-01-01", 80.0));
    let halina = house.actor(Role::Patient, Some("Patient/p1"));
    let put = |of: &str| {
        let change = Change::put(
            ResourceType::Observation,
            id(of),
            weight(of, "p1", "2025-01-01", 80.0),
            Condition::None,
            Mode::Strict,
        );
        house
            .records
            .change_all_blocking(&halina, why(audit::Action::Update), vec![change.unwrap()], Transaction::STRICT)
            .unwrap_err()
    };
    assert_eq!(put("w2").to_string(), put("free").to_string());
}

/// Who may not choose an id is told so, and hears nothing of what is there.
#[test]
fn an_update_under_an_own_id_is_refused_alike_whatever_is_there() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(weight("w1", "p1", "2025-01-01", 80.0));
    for of in ["sealed", "gone"] {
        let mut sealed = weight(of, "p1", "2025-01-01", 80.0);
        sealed["meta"] =
            json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]});
        house.put(sealed);
    }
    let gone = vec![Change::delete(ResourceType::Observation, id("gone"), Condition::None)];
    let system = Actor::system("test");
    house.records.change_all_blocking(&system, why(audit::Action::Delete), gone, Transaction::STRICT).unwrap();
    let put = |actor: &Actor, of: &str, condition: Condition, how: Transaction| {
        let value = weight(of, "p1", "2025-01-01", 81.0);
        let change = Change::put(ResourceType::Observation, id(of), value, condition, Mode::Strict).unwrap();
        let done = house.records.change_all_blocking(actor, why(audit::Action::Update), vec![change], how);
        done.map(drop).map_err(RecordError::without_place)
    };
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    let strict = Transaction::STRICT;
    for of in ["sealed", "gone", "free"] {
        for condition in [Condition::None, Condition::Absent] {
            let refused = put(&doctor, of, condition, strict);
            assert!(matches!(refused, Err(RecordError::OwnId)), "{of}, {condition:?}: {refused:?}");
        }
        // Whoever expects one hears that it is not there.
        for condition in [Condition::Version(1), Condition::Present] {
            let refused = put(&doctor, of, condition, strict);
            assert!(matches!(refused, Err(RecordError::NotFound)), "{of}, {condition:?}: {refused:?}");
        }
    }
    let _ = put(&doctor, "free", Condition::None, strict);
    // In the log it stands as what was not allowed, as ever.
    let read = house.records.audit().read().unwrap();
    let lines = audit::entries(&read, &audit::Filter::default(), 1).unwrap().lines;
    assert_eq!(lines[0].entry.outcome, Outcome::Denied);
    drop(read);
    put(&doctor, "w1", Condition::None, strict).unwrap();
    // What the house does for somebody has its own words for what is not there, and a program chooses ids.
    let by_page = put(&doctor, "free", Condition::None, Transaction::WORKFLOW);
    assert!(matches!(by_page, Err(RecordError::NotFound)), "{by_page:?}");
    put(&program(&house.ambient), "free", Condition::None, strict).unwrap();
}

fn looks(house: &Box_, actor: &Actor, of: &str, who: Lookers) -> Result<LooksFound, RecordError> {
    let asked = LooksAsked { who, zone: jiff::tz::TimeZone::UTC, from: None, before: None, least: 50 };
    let why = why(audit::Action::AuditRead);
    Ok(house.records.disclose_blocking(actor, why, |reading| reading.who_looked(&id(of), &asked))?.into_inner())
}

#[test]
fn a_patient_sees_who_looked_at_their_own_record_and_at_nobody_elses() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    let ann = house.actor(Role::Patient, Some("Patient/p1"));
    let doctor = house.actor(Role::Clinician, None);
    house.read(&doctor, ResourceType::Patient, "p1").unwrap();
    house.read(&ann, ResourceType::Patient, "p1").unwrap();
    let found = looks(&house, &ann, "p1", Lookers::Staff).unwrap();
    let seen: Vec<_> = found.days.iter().flat_map(|day| &day.looks).map(|look| look.line.entry.actor.account).collect();
    assert_eq!((seen, found.own), (vec![doctor.account()], 1));
    // Looking at the log is itself a look at the record.
    assert_eq!(looks(&house, &ann, "p1", Lookers::Own).unwrap().own, 2);
    let hidden = looks(&house, &ann, "p2", Lookers::Others).unwrap_err();
    assert!(matches!(hidden, RecordError::NotFound), "{hidden:?}");
    let bob = house.actor(Role::Patient, Some("Patient/p2"));
    let refused = looks(&house, &bob, "p2", Lookers::Refused).unwrap();
    assert!(
        refused.days[0].looks[0].line.entry.actor.is_unnamed(),
        "that it was Ann would say that she is a patient here"
    );
    for role in [Role::Clinician, Role::Nurse, Role::Reception, Role::Operator] {
        let refused = looks(&house, &house.actor(role, None), "p1", Lookers::Others).unwrap_err();
        assert!(matches!(refused, RecordError::Denied(_)), "{role}: {refused:?}");
    }
}

#[test]
fn the_log_is_the_health_administrators_and_each_patient_in_it_is_listed() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    let read = |actor: &Actor, filter: audit::Filter| {
        house.records.disclose_blocking(actor, why(audit::Action::AuditRead), |reading| reading.log(&filter, 50))
    };
    let admin = house.actor(Role::HealthAdmin, None);
    let page = read(&admin, audit::Filter::default()).unwrap();
    let names: Vec<_> =
        page.lines.iter().filter_map(|line| line.patient.as_ref().map(|found| found.id.to_string())).collect();
    assert_eq!(names, ["p2", "p1"]);
    let of_p1 = audit::Filter { patient: Some(id("p1")), ..audit::Filter::default() };
    assert_eq!(read(&admin, of_p1.clone()).unwrap().lines.len(), 2, "its import, and that its name was listed");
    let ann = house.actor(Role::Patient, Some("Patient/p1"));
    let seen = looks(&house, &ann, "p1", Lookers::Staff).unwrap();
    assert_eq!((seen.days[0].looks.len(), seen.days[0].listings[0].count), (1, 1));
    for actor in [ann, house.actor(Role::Clinician, None), house.actor(Role::Operator, None)] {
        assert!(read(&actor, of_p1.clone()).is_err() && read(&actor, audit::Filter::default()).is_err());
    }
}

#[test]
fn on_an_almost_full_disk_a_chart_opens_with_its_entry_and_a_change_is_refused_with_one_too() {
    use audit::Action::{Create, Read};
    use audit::Outcome::{Denied, Failed, Success};
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    let before = audit::size(&house.records.audit().read().unwrap()).unwrap();
    *house.room.write().unwrap() = DiskRoom::KeptForReading;

    let clinician = house.actor(Role::Clinician, None);
    assert_eq!(house.read(&clinician, ResourceType::Patient, "p1").unwrap()["name"][0]["family"], "Brandvold");
    assert!(house.read(&house.actor(Role::Operator, None), ResourceType::Patient, "p1").is_err());
    let value = patient("p2", "Corvin");
    let change = Change::put(ResourceType::Patient, id("p2"), value, Condition::None, Mode::Strict).unwrap();
    let refused = house.records.change_all_blocking(&clinician, why(Create), vec![change], Transaction::STRICT);
    assert!(matches!(refused, Err(RecordError::Audit(audit::AuditError::Store(StoreError::Low)))));
    assert!(matches!(house.read(&clinician, ResourceType::Patient, "p2"), Err(RecordError::NotFound)));

    let read = house.records.audit().read().unwrap();
    let lines = audit::entries(&read, &audit::Filter::default(), 10).unwrap().lines;
    let added: Vec<_> = lines.iter().rev().filter(|line| line.entry.sequence() > before).collect();
    let said: Vec<_> = added.iter().map(|line| (line.entry.action, line.entry.outcome)).collect();
    assert_eq!(said, [(Read, Success), (Read, Denied), (Create, Failed), (Read, Denied)]);
    let opened = &audit::touched(&read, &added[0].entry, None, 10).unwrap().touched[0];
    assert_eq!((opened.kind, opened.patient.as_ref()), (TouchKind::Opened, Some(&id("p1"))));
}

#[test]
fn on_a_full_disk_nothing_opens_because_nothing_can_be_written_down() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    let system = Actor::system("test");
    *house.room.write().unwrap() = DiskRoom::Full;
    let refused = house.read(&system, ResourceType::Patient, "p1");
    assert!(matches!(refused, Err(RecordError::Audit(audit::AuditError::Store(StoreError::Full)))));
    *house.room.write().unwrap() = DiskRoom::Plenty;
    house.read(&system, ResourceType::Patient, "p1").unwrap();
}

#[test]
fn what_a_patient_adds_is_the_patients_and_says_so() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    let ann = house.actor(Role::Patient, Some("Patient/p1"));
    let add = |mut value: Value, member: &str, with: Value| {
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        if !member.is_empty() {
            value[member] = with;
        }
        let change = Change::create(kind, value, Mode::Strict).unwrap();
        house.records.change_all_blocking(&ann, why(audit::Action::Create), vec![change], Transaction::STRICT)
    };
    let category = |code: &str| json!([{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": code}]}]);
    let weight = json!({"resourceType": "Observation", "status": "final", "code": {"text": "Weight"},
        "subject": {"reference": "Patient/p1"}, "valueQuantity": {"value": 61, "unit": "kg"}});
    let made = add(weight.clone(), "category", category("vital-signs")).unwrap();
    let stored: Value = serde_json::from_slice(&made[0].stored.as_ref().unwrap().json).unwrap();
    assert_eq!(stored["performer"], json!([{"reference": "Patient/p1"}]));

    let refused = |value: &Value, member: &str, with: Value, at: &str| match add(value.clone(), member, with) {
        Err(RecordError::Invalid(issues)) => assert_eq!(issues[0].expression, at),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("{at} was kept"),
    };
    refused(&weight, "category", category("laboratory"), "Observation.category");
    refused(&weight, "performer", json!([{"display": "Dr. Corvin"}]), "Observation.performer");
    let visit = json!({"resourceType": "Appointment", "status": "proposed",
        "start": "2026-03-04T09:00:00Z", "end": "2026-03-04T09:20:00Z",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}]});
    add(visit.clone(), "", Value::Null).unwrap();
    refused(&visit, "status", json!("booked"), "Appointment.status");
    refused(&visit, "status", json!("pending"), "Appointment.status");
    let waits = json!({"resourceType": "Appointment", "status": "waitlist",
        "requestedPeriod": [{"start": "2026-03-04T09:00:00Z", "end": "2026-03-04T12:00:00Z"}],
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}]});
    add(waits.clone(), "", Value::Null).unwrap();
    let others = json!([{"actor": {"reference": "Patient/p1"}, "status": "accepted"}, {"actor": {"display": "Dr. Corvin"}, "status": "accepted"}]);
    refused(&waits, "participant", others.clone(), "Appointment.participant[1].status");
    refused(&visit, "participant", others, "Appointment.participant[1].status");
}

mod copies;
mod emergency;
mod following;
mod held;
mod joined;
mod several;
mod taken_back;
mod trail;
mod undated;

/// A signature under a hundred results is read once, and not for each of them.
#[test]
fn what_names_many_comes_along_at_the_price_of_one() {
    let (records, ambient, tick) = ticking();
    let house = Box_ { records, ambient, ..new_box() };
    house.put(patient("p1", "Brandvold"));
    let all: Vec<String> = (0..100).map(|of| format!("w{of}")).collect();
    all.iter().for_each(|of| drop(house.put(weight(of, "p1", "2026-03-01", 80.0))));
    let targets: Vec<Value> = all.iter().map(|of| json!({"reference": format!("Observation/{of}")})).collect();
    house.put(json!({"resourceType": "Provenance", "id": "v1", "target": targets, "recorded": "2026-03-01T09:00:00Z",
        "agent": [{"who": {"display": "Dr. Corvin"}}]}));
    tick.store(20, std::sync::atomic::Ordering::Relaxed);
    let asked = |more: &str| {
        let begun = house.ambient.now();
        let query = format!("patient=p1&_count=200{more}");
        let page = house.search(&Actor::system("test"), ResourceType::Observation, &query).unwrap();
        (page.included.len(), house.ambient.now().duration_since(begun).as_millis())
    };
    let ((without, least), (with, took)) = (asked(""), asked("&_revinclude=Provenance:target"));
    // Each match is opened once more for what it leads to: 20 ms each.
    assert!((without, with) == (0, 1) && took - least < 3_500, "{took} {least}");
}

/// What a panel names again and again is opened once.
#[test]
fn what_is_named_many_times_comes_along_at_the_price_of_one() {
    let (records, ambient, tick) = ticking();
    let house = Box_ { records, ambient, ..new_box() };
    house.put(patient("p1", "Brandvold"));
    house.put(weight("w1", "p1", "2026-03-01", 80.0));
    let mut panel = weight("panel", "p1", "2026-03-01", 80.0);
    panel["hasMember"] = vec![json!({"reference": "Observation/w1"}); 200].into();
    house.put(panel);
    // A search has ten seconds, and looks at the clock at each row that it opens.
    tick.store(100, std::sync::atomic::Ordering::Relaxed);
    let system = Actor::system("test");
    let page = house.search(&system, ResourceType::Observation, "_id=panel&_include=Observation:has-member").unwrap();
    assert_eq!(page.included.iter().map(|found| found.id.as_str()).collect::<Vec<_>>(), ["w1"]);
}

/// Two mebibytes of identifiers, each of which leads to the patient once, however often it stands there.
#[test]
fn a_patient_of_very_many_identifiers_is_found_by_each_of_them() {
    let house = new_box();
    let system = Actor::system("test");
    let put = |count: usize| {
        let one =
            |n: usize| json!({"type": {"text": "number"}, "system": "urn:test", "value": format!("n{:06}", n / 2)});
        let all: Vec<Value> = (0..count).map(one).collect();
        let many = json!({"resourceType": "Patient", "id": "many", "identifier": all});
        let change = Change::put(ResourceType::Patient, id("many"), many, Condition::None, Mode::Lenient).unwrap();
        let why = why(audit::Action::Update);
        house.records.change_all_blocking(&system, why, vec![change], Transaction::STRICT).unwrap();
    };
    put(20_000);
    assert_eq!(house.ids(&system, ResourceType::Patient, "identifier=urn:test|n009999"), ["many"]);
    // The next version takes the old one's index away.
    put(2);
    assert_eq!(house.ids(&system, ResourceType::Patient, "identifier=urn:test|n000000"), ["many"]);
    assert!(house.ids(&system, ResourceType::Patient, "identifier=n009999").is_empty());
}
