//! Two become one, and two again.

use super::*;
use crate::access::Reach;
use crate::audit::{Audit, Filter, entries};
use crate::base::{Ambient, ManualClock, Role, SeededRandom};
use crate::fhir::Definitions;
use crate::fhir::search::{Handling, Query};
use crate::identity::{Assurance, By, FirstPassword, Identity, Listener, NewAccount, Settings};
use crate::record::{Transaction, joined_to};
use crate::store::{Store, Value as _};

struct House {
    records: Records,
    admin: Actor,
}

fn id(text: &str) -> FhirId {
    FhirId::parse(text).unwrap()
}

fn two(keep: &str, keep_version: u32, other: &str, other_version: u32) -> Two {
    Two { keep: (id(keep), keep_version), other: (id(other), other_version), accounts: Vec::new() }
}

fn put(records: &Records, value: Value) {
    let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
    let of = id(value["id"].as_str().unwrap());
    let put = Change::put(kind, of, value, Condition::None, Mode::Strict).unwrap();
    records.change_all_blocking(&Actor::system("test"), looks(), vec![put], Transaction::STRICT).unwrap();
}

async fn house() -> House {
    let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
    let audit = Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(5)));
    let records = Records::new(audit.clone(), Reach::Clinic);
    let identity =
        Identity::new(audit, crate::crypto::MacKey::new(crate::base::Secret::new([5; 32])), Settings::default());
    let new = NewAccount {
        user_name: "admin".into(),
        display_name: "Admin".into(),
        kind: crate::identity::AccountKind::Person(Role::HealthAdmin),
        person: None,
        password: FirstPassword::Own(crate::base::Secret::new("correct horse battery staple 9".into())),
    };
    let account = identity.create_account(new, By::system("test")).await.unwrap();
    let admin = Actor::job_of(&account);
    assert!(matches!(admin.assurance(), Some(Assurance::Password)) && admin.listener() == Listener::None);
    let (a, b) = ("Patient/a", "Patient/b");
    let weight = |of: &str, patient: &str, text: &str| {
        json!({"resourceType": "Observation", "id": of, "status": "final", "code": {"text": text},
            "subject": {"reference": patient}, "performer": [{"reference": patient}]})
    };
    tokio::task::block_in_place(|| {
        let patient = |of: &str, number: &str| {
            json!({"resourceType": "Patient", "id": of, "active": true, "birthDate": "1967-05-09",
                "identifier": [{"use": "usual", "system": "urn:n", "value": number}],
                "name": [{"use": "official", "family": "Brandvold", "given": [format!("Halina {of}")]}],
                "telecom": [{"system": "phone", "value": format!("01632 960 00{number}")},
                    {"system": "email", "value": format!("{of}@box.example")}],
                "address": [{"line": [format!("{number} Quay Lane")], "city": "Fjordvik"}]})
        };
        put(&records, patient("a", "1"));
        put(&records, patient("b", "2"));
        put(&records, weight("o1", a, "Weight"));
        put(&records, weight("o2", b, "Weight"));
        put(&records, weight("o3", b, "Height"));
        put(
            &records,
            json!({"resourceType": "Group", "id": "g", "type": "person", "actual": true,
            "member": [{"entity": {"reference": a}}, {"entity": {"reference": b}}]}),
        );
        put(
            &records,
            json!({"resourceType": "Provenance", "id": "told", "recorded": "2026-01-01T00:00:00Z",
            "target": [{"reference": b}], "agent": [{"who": {"display": "Dr Corvin"}}]}),
        );
    });
    House { records, admin }
}

impl House {
    fn decided(&self) -> Decided<'_> {
        Decided { records: &self.records, by: &self.admin, reason: "the same person twice".into(), once: None }
    }

    /// A resource without what the server says of it.
    async fn now(&self, kind: &str, of: &str) -> Value {
        let kind = ResourceType::parse(kind).unwrap();
        let mut value = read(&self.records, &[(kind, id(of))]).await.unwrap().remove(0).value;
        value.as_object_mut().unwrap().remove("meta");
        value
    }

    async fn all(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for (kind, of) in [
            ("Patient", "a"),
            ("Patient", "b"),
            ("Observation", "o1"),
            ("Observation", "o2"),
            ("Observation", "o3"),
            ("Group", "g"),
            ("Provenance", "told"),
        ] {
            all.push(self.now(kind, of).await);
        }
        all
    }

    fn found(&self, query: &str) -> usize {
        let query = Query::parse(ResourceType::Observation, query, Handling::Strict, Definitions::r4()).unwrap();
        let one: fn(&Value) -> Option<()> = |_| Some(());
        self.records.glimpse(&query, one).unwrap().len()
    }

    async fn merged(&self) -> FhirId {
        match merge(self.decided(), two("a", 1, "b", 1)).await {
            Ok(Done::Now(id, _)) => id,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_of_both_is_of_one_and_undoing_puts_back_every_element() {
    let house = house().await;
    let before = house.all().await;
    assert_eq!((house.found("subject=Patient/a"), house.found("subject=Patient/b")), (1, 2));
    assert_eq!(size(&house.records, &id("b")).unwrap(), 3, "two observations and a group");
    let merged = house.merged().await;
    assert_eq!((house.found("subject=Patient/a"), house.found("subject=Patient/b")), (3, 0));
    let (a, b) = (house.now("Patient", "a").await, house.now("Patient", "b").await);
    assert_eq!(a["identifier"][1], json!({"use": "old", "system": "urn:n", "value": "2"}));
    assert_eq!((joined_to(&a), joined_to(&b), &b["active"]), (None, Some("a"), &json!(false)));
    assert_eq!(a["telecom"][2], json!({"use": "old", "system": "phone", "value": "01632 960 002"}));
    assert_eq!((&a["name"][1]["given"], &a["name"][1]["use"]), (&json!(["Halina b"]), &json!("old")));
    assert_eq!((&a["address"][1]["line"], &a["address"][1]["use"]), (&json!(["2 Quay Lane"]), &json!("old")));
    let group = house.now("Group", "g").await;
    assert_eq!(group["member"][0], group["member"][1], "both were one");
    assert_eq!(
        house.now("Provenance", "told").await["target"][0]["reference"],
        "Patient/b",
        "its own life stays its own"
    );
    // Who decided stands in the log beside what the box did.
    let lines = entries(&house.records.audit().read().unwrap(), &Filter::default(), 50).unwrap().lines;
    let account = house.admin.account();
    let own =
        lines.iter().find(|line| line.entry.action == Action::Merge && line.entry.actor.account == account).unwrap();
    let crate::audit::DetailState::Kept(detail) = &own.detail else { panic!("{own:?}") };
    assert_eq!(detail.reason.as_deref(), Some("the same person twice"));
    assert!(matches!(undo(house.decided(), merged.clone()).await, Ok(Done::Now(..))));
    assert_eq!(house.all().await, before);
    assert!(matches!(undo(house.decided(), merged).await, Err(Refused::Told(MergeError::NotJoined))));
    assert_eq!(merges(&house.records).unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_since_keeps_its_change_and_what_came_since_stays_where_it_is() {
    let house = house().await;
    let merged = house.merged().await;
    let mut changed = house.now("Observation", "o2").await;
    changed["status"] = json!("amended");
    let mut person = house.now("Patient", "a").await;
    person["telecom"].as_array_mut().unwrap().insert(0, json!({"system": "phone", "value": "5"}));
    let new = json!({"resourceType": "Observation", "id": "o4", "status": "final", "code": {"text": "New"},
        "subject": {"reference": "Patient/a"}});
    tokio::task::block_in_place(|| [changed, person, new].map(|one| put(&house.records, one)));
    assert!(matches!(undo(house.decided(), merged).await, Ok(Done::Now(..))));
    let back = house.now("Observation", "o2").await;
    assert_eq!(
        (&back["status"], &back["subject"]["reference"], &back["performer"][0]["reference"]),
        (&json!("amended"), &json!("Patient/b"), &json!("Patient/b"))
    );
    let person = house.now("Patient", "a").await;
    let values: Vec<_> = person["telecom"].as_array().unwrap().iter().map(|one| &one["value"]).collect();
    assert_eq!(values, ["5", "01632 960 001", "a@box.example"]);
    for list in ["identifier", "name", "address"] {
        assert_eq!(person[list].as_array().unwrap().len(), 1, "{list}");
    }
    assert_eq!(person.get("link"), None);
    assert_eq!(house.now("Observation", "o4").await["subject"]["reference"], "Patient/a");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_names_a_version_of_the_joined_one_goes_over_with_the_rest() {
    let house = house().await;
    let of_a_version = json!({"resourceType": "Observation", "id": "o4", "status": "final", "code": {"text": "Weight"},
        "subject": {"reference": "Patient/b/_history/1"}});
    tokio::task::block_in_place(|| put(&house.records, of_a_version.clone()));
    let merged = house.merged().await;
    assert_eq!(house.now("Observation", "o4").await["subject"]["reference"], "Patient/a");
    assert_eq!(house.records.goes_on_as(&id("b")).unwrap(), Some(id("a")));
    undo(house.decided(), merged).await.unwrap();
    assert_eq!(house.now("Observation", "o4").await, of_a_version);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_joined_to_themselves_or_twice_and_the_last_merge_is_undone_first() {
    let house = house().await;
    let told = |done: Result<Done<FhirId>, Refused<MergeError>>| match done {
        Err(Refused::Told(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(told(merge(house.decided(), two("a", 1, "a", 1)).await), MergeError::NotTwo);
    assert_eq!(told(merge(house.decided(), two("a", 1, "b", 2)).await), MergeError::Changed);
    let first = house.merged().await;
    assert_eq!(told(merge(house.decided(), two("a", 2, "b", 2)).await), MergeError::NotTwo);
    tokio::task::block_in_place(|| put(&house.records, json!({"resourceType": "Patient", "id": "c"})));
    let second = match merge(house.decided(), two("c", 1, "a", 2)).await {
        Ok(Done::Now(id, _)) => id,
        other => panic!("{other:?}"),
    };
    assert_eq!(house.found("subject=Patient/c"), 3);
    assert!(matches!(undo(house.decided(), first.clone()).await, Err(Refused::Told(MergeError::LaterFirst))));
    assert!(matches!(undo(house.decided(), second).await, Ok(Done::Now(..))));
    assert!(matches!(undo(house.decided(), first).await, Ok(Done::Now(..))));
    assert_eq!((house.found("subject=Patient/a"), house.found("subject=Patient/b")), (1, 2));
}

#[test]
fn the_bytes_of_a_merge_are_these() {
    let moved = Moved { what: ResourceRef::parse("Group/g").unwrap(), before: 3, places: vec!["/a".into()] };
    assert_eq!(Moved::from_stored(moved.to_stored().unwrap().into()).unwrap(), moved);
    assert_eq!(moved.to_stored().unwrap(), [&[1, 7][..], b"Group/g", &[3, 1, 2], b"/a"].concat());
    let row = Merge {
        id: id("m"),
        kept: id("k"),
        joined: id("j"),
        kept_before: 1,
        joined_before: 2,
        made: Timestamp::from_millisecond(3).unwrap(),
        by: "0198a3f2-0000-7000-8000-00000000abcd".parse().unwrap(),
        reason: "r".into(),
        moved: 4,
        accounts: Vec::new(),
        state: MergeState::Undone(Timestamp::from_millisecond(5).unwrap()),
    };
    let account = [16, 1, 0x98, 0xa3, 0xf2, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0xab, 0xcd];
    let golden = [&[1, 1][..], b"m", &[1], b"k", &[1], b"j", &[1, 2, 6], &account, &[1], b"r", &[4, 0, 1, 10]].concat();
    assert_eq!(row.to_stored().unwrap(), golden);
    assert_eq!(Merge::from_stored(golden.into()).unwrap(), row);
}
