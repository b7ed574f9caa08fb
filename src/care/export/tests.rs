//! Exports over the in-memory engine: who may, what is in them, as of when, and what ends them.

use serde_json::{Value, json};

use super::*;
use crate::access::{Listener, Reach};
use crate::audit::Audit;
use crate::base::{Ambient, ManualClock, Role, Secret, SeededRandom};
use crate::crypto::MacKey;
use crate::fhir::Mode;
use crate::identity::{AccountKind, AccountRow, FirstPassword, NewAccount, Settings};
use crate::record::{Change, Condition, Transaction};
use crate::store::{Store, Value as _};
use tokio::task::block_in_place;

struct House {
    exports: Exports,
    clock: ManualClock,
    account: AccountRow,
    scopes: Vec<Box<str>>,
}

const SMALL: ExportSize = ExportSize { file: 2, stretch: 3, chunk: 1, bytes: 1 << 20 };

async fn house(approval: Approval) -> House {
    let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
    let audit = Audit::new(Store::in_memory(), Ambient::new(clock.clone(), SeededRandom::new(1)));
    let identity = Identity::new(audit.clone(), MacKey::new(Secret::new([5; 32])), Settings::default());
    let records = Records::new(audit, Reach::Clinic);
    let new = NewAccount {
        user_name: "warehouse".into(),
        display_name: "Warehouse".into(),
        kind: AccountKind::Service,
        person: None,
        password: FirstPassword::None,
    };
    let account = identity.create_account(new, By::system("test")).await.unwrap();
    let exports = Exports::new(records, identity, approval, Duration::from_secs(3600)).sized(SMALL);
    House { exports, clock, account, scopes: vec!["system/*.rs".into()] }
}

fn id(text: &str) -> FhirId {
    FhirId::parse(text).unwrap()
}

fn asked(level: Level) -> Asked {
    Asked {
        request: "https://box/fhir/$export".into(),
        level,
        patients: vec![],
        kinds: vec![],
        since: None,
        filters: vec![],
        elements: vec![],
    }
}

impl House {
    fn put(&self, value: Value) {
        self.clock.advance(Duration::from_secs(1));
        let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
        let of = id(value["id"].as_str().unwrap());
        self.change(Change::put(kind, of, value, Condition::None, Mode::Strict).unwrap());
    }

    fn change(&self, change: Change) {
        let why =
            Why { action: Action::Import, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Api };
        let system = Actor::system("test");
        let records = &self.exports.records;
        let _ =
            block_in_place(|| records.change_all_blocking(&system, why, vec![change], Transaction::IMPORT)).unwrap();
    }

    fn delete(&self, kind: ResourceType, of: &str) {
        self.clock.advance(Duration::from_secs(1));
        self.change(Change::delete(kind, id(of), Condition::None));
    }

    fn actor(&self) -> Actor {
        Actor::from_token(&self.account, &self.scopes, Listener::Clinic, None)
    }

    fn by(&self) -> By {
        self.actor().by(None)
    }

    async fn start(&self, asked: Asked) -> Result<FhirId, ExportError> {
        self.clock.advance(Duration::from_secs(1));
        self.exports.start(&self.actor(), self.by(), &self.scopes, asked).await
    }

    fn work(&self) -> Result<bool, ExportError> {
        block_in_place(|| self.exports.work())
    }

    fn chunk(
        &self,
        actor: &Actor,
        by: &By,
        job: &FhirId,
        kind: ResourceType,
        number: u32,
        from: Option<&ExportPlace>,
    ) -> Result<Disclosed<ExportChunk>, ExportError> {
        block_in_place(|| self.exports.chunk(actor, by, job, kind, number, from))
    }

    async fn ready(&self, asked: Asked) -> FhirId {
        let id = self.start(asked).await.unwrap();
        while self.work().unwrap() {}
        let export = self.exports.status(self.account.id, &id).await.unwrap();
        assert_eq!(export.state, State::Ready);
        id
    }

    /// Each file's ids, by its name, fetched a piece at a time; and its count as the manifest says.
    async fn files(&self, job: &FhirId) -> Vec<(String, Vec<String>)> {
        let mut all = Vec::new();
        for (kind, number, count) in self.exports.files(self.by(), job).await.unwrap() {
            let (mut ids, mut from) = (Vec::new(), None);
            loop {
                let chunk = self.chunk(&self.actor(), &self.by(), job, kind, number, from.as_ref()).unwrap();
                let chunk = chunk.into_inner();
                ids.extend(chunk.found.iter().map(|one| format!("{}v{}", one.id, one.version)));
                match chunk.next {
                    Some(next) => from = Some(next),
                    None => break,
                }
            }
            assert_eq!(ids.len() as u64, count, "{kind}-{number}");
            all.push((format!("{kind}-{number}"), ids));
        }
        all
    }
}

fn patient(of: &str) -> Value {
    json!({"resourceType": "Patient", "id": of, "name": [{"family": "X"}]})
}

fn weight(of: &str, patient: &str, kilos: u32) -> Value {
    json!({"resourceType": "Observation", "id": of, "status": "final", "code": {"text": "weight"},
        "subject": {"reference": format!("Patient/{patient}")},
        "valueQuantity": {"value": kilos, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}})
}

fn sealed(mut value: Value) -> Value {
    let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    value["meta"] = json!({"security": [{"system": system, "code": "R"}]});
    value
}

fn filled(house: &House) {
    house.put(json!({"resourceType": "Practitioner", "id": "d1"}));
    for of in ["p1", "p2", "p3"] {
        house.put(patient(of));
    }
    for (of, who) in [("w1", "p1"), ("w2", "p2"), ("w3", "p3"), ("w4", "p1"), ("w5", "p1")] {
        house.put(weight(of, who, 80));
    }
    house.put(sealed(weight("w6", "p1", 80)));
    house.put(json!({"resourceType": "Questionnaire", "id": "q1", "status": "active"}));
}

fn named(list: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    list.iter().map(|(name, ids)| ((*name).to_owned(), ids.iter().map(ToString::to_string).collect())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_export_is_all_that_may_be_seen_in_files_of_bounded_length() {
    let house = house(Approval::NotNeeded).await;
    filled(&house);
    let job = house.ready(asked(Level::System)).await;
    let whole: [(&str, &[&str]); 7] = [
        ("Observation-1", &["w5v1", "w4v1"]),
        ("Observation-2", &["w3v1", "w2v1"]),
        ("Observation-3", &["w1v1"]),
        ("Patient-1", &["p3v1", "p2v1"]),
        ("Patient-2", &["p1v1"]),
        ("Practitioner-1", &["d1v1"]),
        ("Questionnaire-1", &["q1v1"]),
    ];
    assert_eq!(house.files(&job).await, named(&whole));
    // Of patients: what is about no patient, and is nothing that they refer to, is left out.
    let job = house.ready(asked(Level::Patients)).await;
    assert_eq!(house.files(&job).await, named(&whole[..6]));
    let some = Asked { kinds: vec![ResourceType::Practitioner], ..asked(Level::System) };
    let job = house.ready(some).await;
    assert_eq!(house.files(&job).await, named(&[("Practitioner-1", &["d1v1"])]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_export_is_of_its_moment_and_what_was_withdrawn_since_does_not_go_out() {
    let house = house(Approval::NotNeeded).await;
    filled(&house);
    let only = Asked { kinds: vec![ResourceType::Observation], ..asked(Level::System) };
    let job = house.ready(only.clone()).await;
    let moment = house.exports.status(house.account.id, &job).await.unwrap().at;
    // New, changed, deleted and sealed after it.
    house.put(weight("w7", "p1", 80));
    house.put(weight("w1", "p1", 99));
    let fetch = |number| house.chunk(&house.actor(), &house.by(), &job, ResourceType::Observation, number, None);
    let ids = |number| {
        fetch(number).unwrap().found.iter().map(|one| format!("{}v{}", one.id, one.version)).collect::<Vec<_>>()
    };
    assert_eq!((ids(1), ids(3)), (vec!["w5v1".into()], vec!["w1v1".to_owned()]));
    house.delete(ResourceType::Observation, "w5");
    house.put(sealed(weight("w1", "p1", 99)));
    assert_eq!((ids(1), ids(3)), (vec!["w4v1".to_owned()], Vec::<String>::new()));
    let since = Asked { since: Some(moment), ..only };
    let job = house.ready(since).await;
    assert_eq!(house.files(&job).await, named(&[("Observation-1", &["w7v1"])]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_group_is_its_members_and_what_is_shared_goes_out_once() {
    let house = house(Approval::NotNeeded).await;
    filled(&house);
    house.put(json!({"resourceType": "Appointment", "id": "a1", "status": "booked", "start": "2026-04-01T09:00:00Z",
        "end": "2026-04-01T09:10:00Z", "participant": [
        {"status": "accepted", "actor": {"reference": "Patient/p1"}},
        {"status": "accepted", "actor": {"reference": "Patient/p2"}}]}));
    let member = |of: &str| json!({"entity": {"reference": format!("Patient/{of}")}});
    let mut gone = member("p3");
    gone["inactive"] = json!(true);
    house.put(json!({"resourceType": "Group", "id": "g1", "type": "person", "actual": true,
        "member": [member("p2"), member("p1"), gone]}));
    let job = house.ready(asked(Level::Group(id("g1")))).await;
    let whole: [(&str, &[&str]); 5] = [
        ("Appointment-1", &["a1v1"]),
        // A file ends behind a patient.
        ("Observation-1", &["w1v1", "w4v1", "w5v1"]),
        ("Observation-2", &["w2v1"]),
        ("Patient-1", &["p1v1", "p2v1"]),
        ("Practitioner-1", &["d1v1"]),
    ];
    assert_eq!(house.files(&job).await, named(&whole));
    // It is fetched in pieces all the same, also where of a patient what was the last is there no more.
    let fetch = |from: Option<&ExportPlace>| {
        house.chunk(&house.actor(), &house.by(), &job, ResourceType::Observation, 1, from).unwrap().into_inner()
    };
    let first = fetch(None);
    assert_eq!(first.found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["w1"]);
    house.delete(ResourceType::Observation, "w5");
    let second = fetch(first.next.as_ref());
    assert_eq!(second.found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["w4"]);
    assert_eq!(second.next, None);
    let one = Asked { patients: vec![id("p2")], kinds: vec![ResourceType::Observation], ..asked(Level::Patients) };
    let job = house.ready(one).await;
    assert_eq!(house.files(&job).await, named(&[("Observation-1", &["w2v1"])]));
    for nobody in [asked(Level::Group(id("g2"))), Asked { patients: vec![id("p9")], ..asked(Level::Patients) }] {
        assert!(matches!(house.start(nobody).await, Err(ExportError::Record(RecordError::NotFound))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_type_filter_is_a_search_of_that_type() {
    let house = house(Approval::NotNeeded).await;
    filled(&house);
    house.put(weight("w8", "p3", 120));
    let heavy = Asked {
        kinds: vec![ResourceType::Observation, ResourceType::Practitioner],
        filters: vec![
            (ResourceType::Observation, "value-quantity=gt100".into()),
            (ResourceType::Observation, "_id=w1".into()),
        ],
        ..asked(Level::System)
    };
    let job = house.ready(heavy).await;
    let found = named(&[("Observation-1", &["w8v1", "w1v1"]), ("Practitioner-1", &["d1v1"])]);
    assert_eq!(house.files(&job).await, found);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn on_a_real_box_an_export_waits_for_the_health_administrator() {
    let house = house(Approval::Needed).await;
    filled(&house);
    let job = house.start(asked(Level::System)).await.unwrap();
    assert!(!house.work().unwrap());
    assert_eq!(house.exports.status(house.account.id, &job).await.unwrap().state, State::Waiting);
    assert!(matches!(
        house.chunk(&house.actor(), &house.by(), &job, ResourceType::Patient, 1, None),
        Err(ExportError::NotReady)
    ));
    assert_eq!(house.exports.waiting().unwrap().len(), 1);
    house.exports.decide(By::system("admin"), &job, Word::Approved).await.unwrap();
    while house.work().unwrap() {}
    assert!(!house.files(&job).await.is_empty());
    let other = house.start(asked(Level::Patients)).await.unwrap();
    house.exports.decide(By::system("admin"), &other, Word::Refused).await.unwrap();
    assert!(matches!(house.exports.status(house.account.id, &other).await, Err(ExportError::Refused)));
    assert!(matches!(
        house.exports.decide(By::system("admin"), &other, Word::Approved).await,
        Err(ExportError::NotFound)
    ));
    assert!(house.exports.waiting().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn only_whoever_reads_everything_exports_and_only_their_own_is_theirs() {
    let mut house = house(Approval::NotNeeded).await;
    filled(&house);
    let job = house.ready(asked(Level::System)).await;
    let stranger = AccountRow { id: AccountId::from_bytes([9; 16]), ..house.account.clone() };
    assert!(matches!(house.exports.status(stranger.id, &job).await, Err(ExportError::NotFound)));
    let other = Actor::from_token(&stranger, &house.scopes, Listener::Clinic, None);
    let fetched = house.chunk(&other, &other.by(None), &job, ResourceType::Patient, 1, None);
    assert!(matches!(fetched, Err(ExportError::NotFound)));
    assert!(matches!(house.exports.end(other.by(None), &job).await, Err(ExportError::NotFound)));
    // A token with less than the export's: refused while it is fetched.
    house.scopes = vec!["system/Patient.rs".into()];
    let fetched = house.chunk(&house.actor(), &house.by(), &job, ResourceType::Patient, 1, None);
    assert!(matches!(fetched, Err(ExportError::Record(RecordError::Denied(_)))));
    assert!(matches!(house.start(asked(Level::System)).await, Err(ExportError::Record(RecordError::Denied(_)))));
    // People take copies of single patients, and no exports; who hands copies out reads none.
    for role in Role::ALL {
        let person = AccountRow { kind: AccountKind::Person(role), ..house.account.clone() };
        let actor = Actor::from_token(&person, &[], Listener::Clinic, None);
        let refused = house.exports.start(&actor, actor.by(None), &[], asked(Level::System)).await;
        assert!(matches!(refused, Err(ExportError::Record(RecordError::Denied(_)))), "{role}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_export_ends_when_it_is_told_to_and_by_itself() {
    let house = house(Approval::NotNeeded).await;
    filled(&house);
    let job = house.ready(asked(Level::System)).await;
    house.exports.end(house.by(), &job).await.unwrap();
    assert!(matches!(house.exports.status(house.account.id, &job).await, Err(ExportError::NotFound)));
    let job = house.ready(asked(Level::System)).await;
    house.clock.advance(Duration::from_secs(3600));
    assert!(matches!(house.exports.status(house.account.id, &job).await, Err(ExportError::NotFound)));
    house.exports.sweep().await.unwrap();
    let read = house.exports.records.audit().read().unwrap();
    assert_eq!(read.scan(&EXPORTS, KeyRange::all(), Direction::Up).unwrap().count(), 0);
    assert_eq!(read.scan(&FILES, KeyRange::all(), Direction::Up).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn too_many_exports_and_too_many_questions_are_refused() {
    let house = house(Approval::Needed).await;
    let job = house.start(asked(Level::System)).await.unwrap();
    for _ in 1..MOST_OPEN {
        house.start(asked(Level::System)).await.unwrap();
    }
    assert!(matches!(house.start(asked(Level::System)).await, Err(ExportError::TooMany)));
    for _ in 0..=EARLY {
        house.exports.status(house.account.id, &job).await.unwrap();
    }
    let soon = house.exports.status(house.account.id, &job).await;
    assert!(matches!(soon, Err(ExportError::TooSoon { seconds: 60 })), "{soon:?}");
    house.clock.advance(Duration::from_secs(60));
    house.exports.status(house.account.id, &job).await.unwrap();
}

#[test]
fn the_bytes_of_an_export_are_these() {
    let at = |millis| Timestamp::from_millisecond(millis).unwrap();
    let export = Export {
        account: AccountId::from_bytes([2; 16]),
        scopes: vec!["a".into()],
        asked: Asked {
            request: "r".into(),
            level: Level::Group(id("g")),
            patients: vec![id("p")],
            kinds: vec![ResourceType::Account],
            since: Some(at(1)),
            filters: vec![(ResourceType::ActivityDefinition, "f".into())],
            elements: vec!["e".into()],
        },
        at: at(2),
        state: State::Counting(Progress { done: 3, place: None, open: 4 }),
        ends: at(5),
        polled: None,
        early: 6,
    };
    let bytes = export.to_stored().unwrap();
    let golden = [
        &[1, 16][..],
        &[2; 16],
        &[1, 1, b'a', 1, b'r', 2, 1, b'g', 1, 1, b'p', 1, 0, 1, 2, 1, 1, 1, b'f', 1, 1, b'e', 4, 1, 3, 0, 4, 10, 0, 6],
    ]
    .concat();
    assert_eq!(bytes, golden);
    assert_eq!(Export::from_stored(golden.into()).unwrap(), export);
    let file = ExportFile { from: None, to: None, count: 7 };
    assert_eq!(file.to_stored().unwrap(), [1, 0, 0, 7]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_since_is_told_by_its_address_alone_and_of_whom_was_asked() {
    let house = house(Approval::NotNeeded).await;
    for of in ["p1", "p2"] {
        house.put(json!({"resourceType": "Patient", "id": of}));
        for at in 0..3 {
            house.put(json!({"resourceType": "Observation", "id": format!("{of}-{at}"), "status": "final",
                "code": {"text": "A"}, "subject": {"reference": format!("Patient/{of}")}}));
        }
    }
    house.put(json!({"resourceType": "Organization", "id": "o1", "name": "Ward"}));
    house.delete(ResourceType::Observation, "p1-0");
    let since = house.exports.now();
    house.delete(ResourceType::Observation, "p1-1");
    house.delete(ResourceType::Observation, "p2-1");
    house.delete(ResourceType::Organization, "o1");
    // Deleted and there again: it is no deletion.
    house.delete(ResourceType::Observation, "p1-2");
    house.put(json!({"resourceType": "Observation", "id": "p1-2", "status": "final", "code": {"text": "A"},
        "subject": {"reference": "Patient/p1"}}));
    let told = async |level: Level, patients: Vec<FhirId>, kinds: Vec<ResourceType>| {
        let job = house.ready(Asked { since: Some(since), patients, kinds, ..asked(level) }).await;
        let export = house.exports.status(house.account.id, &job).await.unwrap();
        let any = house.exports.any_deleted(&house.actor(), &house.by(), &job, &export).await.unwrap();
        let (mut all, mut from) = (Vec::new(), None);
        loop {
            let piece = block_in_place(|| house.exports.deleted(&house.actor(), &house.by(), &job, from.as_ref()));
            let piece = piece.unwrap().into_inner();
            all.extend(piece.found.iter().map(ToString::to_string));
            match piece.next {
                Some(next) => from = Some(next),
                None => break,
            }
        }
        assert_eq!(any, !all.is_empty());
        all.sort();
        all
    };
    assert_eq!(told(Level::System, vec![], vec![]).await, ["Observation/p1-1", "Observation/p2-1", "Organization/o1"]);
    assert_eq!(told(Level::Patients, vec![id("p2")], vec![]).await, ["Observation/p2-1", "Organization/o1"]);
    assert_eq!(
        told(Level::Patients, vec![], vec![ResourceType::Observation]).await,
        ["Observation/p1-1", "Observation/p2-1"]
    );
    assert!(told(Level::System, vec![], vec![ResourceType::Patient]).await.is_empty());
    let whole = house.ready(asked(Level::System)).await;
    let refused = block_in_place(|| house.exports.deleted(&house.actor(), &house.by(), &whole, None));
    assert!(matches!(refused, Err(ExportError::NotFound)), "an export of everything tells of no deletions");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_came_into_a_record_with_what_it_follows_is_among_what_is_new_there() {
    let house = house(Approval::NotNeeded).await;
    filled(&house);
    house.put(json!({"resourceType": "Provenance", "id": "v1", "target": [{"reference": "Observation/w1"}],
        "recorded": "2026-03-01T09:00:00Z", "agent": [{"who": {"display": "x"}}]}));
    house.put(json!({"resourceType": "Binary", "id": "b1", "contentType": "text/plain", "data": "YQ==",
        "securityContext": {"reference": "Provenance/v1"}}));
    let since = house.exports.now();
    let new = || Asked { since: Some(since), patients: vec![id("p2")], ..asked(Level::Patients) };
    let before = house.ready(new()).await;
    assert_eq!(house.files(&before).await, []);
    house.put(weight("w1", "p2", 80));
    let job = house.ready(new()).await;
    let found = house.files(&job).await;
    let all = [("Binary-1", &["b1v1"][..]), ("Observation-1", &["w1v2"]), ("Provenance-1", &["v1v1"])];
    assert_eq!(found, named(&all));
}
