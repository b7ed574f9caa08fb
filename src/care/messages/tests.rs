//! A conversation from its first message to its end, over a store in memory.

use serde_json::{Value, json};

use super::*;
use crate::access::{Actor, Reach};
use crate::audit::{Action, Audit, Detail, Filter, Purpose};
use crate::base::{AccountId, Ambient, FhirId, ManualClock, ResourceRef, Role, SeededRandom, Timestamp};
use crate::care::clinic::{self, Pool, Topic};
use crate::care::notify::{Kind, Wanted, Whom, newest};
use crate::care::uploads::{self, Origin, Upload};
use crate::care::workflow::{Doing, Done, Refused};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Channel, Condition, Limits, Records, Why};
use crate::store::Store;

struct House {
    records: Records,
    actor: Actor,
    patient: FhirId,
    sender: ResourceRef,
    doctor: Clinician,
}

fn id(text: &str) -> FhirId {
    FhirId::parse(text).unwrap()
}

fn why() -> Why {
    Why { action: Action::Message, purpose: Purpose::PatRqt, detail: Detail::none(), channel: Channel::Screen }
}

impl House {
    async fn new() -> Self {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(5)));
        let house = Self {
            records: Records::new(audit, Reach::Clinic).limited(Limits::default()),
            actor: Actor::system("test"),
            patient: id("p"),
            sender: ResourceRef::parse("Patient/p").unwrap(),
            doctor: Clinician { person: Some(ResourceRef::parse("Practitioner/d").unwrap()), name: "Dr D".into() },
        };
        for (kind, name) in [(ResourceType::Patient, "p"), (ResourceType::Practitioner, "d")] {
            house.put(kind, name, json!({"resourceType": kind.name(), "id": name})).await;
        }
        for (name, pool) in [("health", "doctors"), ("desk", "reception")] {
            let service = json!({"resourceType": "HealthcareService", "id": name, "name": name,
                "category": [{"coding": [{"system": clinic::SERVICE, "code": "topic"}]}],
                "extension": [{"url": clinic::POOL, "valueCode": pool}]});
            house.put(ResourceType::HealthcareService, name, service).await;
        }
        house
    }

    async fn put(&self, kind: ResourceType, name: &str, value: Value) {
        let change = Change::put(kind, id(name), value, Condition::None, Mode::Strict).unwrap();
        drop(self.records.change(&self.actor, why(), change).await.unwrap());
    }

    fn doing(&self) -> Doing<'_> {
        Doing { records: &self.records, actor: &self.actor, why: why(), once: None }
    }

    fn topic(&self, name: &str, pool: Pool) -> Topic {
        let name_of = clinic::Name { text: name.into(), translations: vec![] };
        Topic { id: id(name), version: 1, name: name_of, pool, answer_days: 2, active: true }
    }

    async fn start(&self, name: &str, topic: &Topic, text: &str) {
        let new = New {
            id: id(name),
            patient: &self.patient,
            sender: &self.sender,
            sender_name: "Halina",
            topic,
            doctor: None,
            text,
            attached: &[],
            now: self.at(0),
        };
        assert!(matches!(start(self.doing(), new).await, Ok(Done::Now(..))));
    }

    async fn reply(&self, name: &str, text: &str, minute: i64) {
        let thread = self.threads().await.remove(0);
        let reply = Reply {
            id: id(name),
            sender: &self.sender,
            sender_name: "Halina",
            pool: Pool::Doctors,
            text,
            attached: &[],
            now: self.at(minute),
        };
        assert!(matches!(super::reply(self.doing(), &thread, reply).await, Ok(Done::Now(..))));
    }

    async fn answer(
        &self,
        thread: &Thread,
        name: &str,
        minute: i64,
        then: Then,
    ) -> Result<Done<()>, Refused<SendError>> {
        let stand = thread.stand();
        let answer = Answer {
            id: id(name),
            by: &self.doctor,
            text: "Yes",
            attached: &[],
            stand: &stand,
            then,
            now: self.at(minute),
        };
        super::answer(self.doing(), &self.as_it_is(thread).await, answer).await
    }

    /// What a form finds that was made of a page with this on it.
    async fn as_it_is(&self, page: &Thread) -> Thread {
        self.threads().await.remove(0).shown_until(page.last().unwrap().id.as_str())
    }

    async fn read_by(&self, thread: &Thread, side: Side, minute: i64) {
        let why = Why { action: Action::Read, ..why() };
        note_read(&self.records, &self.actor, why, thread, side, self.at(minute)).await.unwrap();
    }

    async fn attach(
        &self,
        thread: &Thread,
        name: &str,
        document: &str,
        then: Then,
    ) -> Result<Done<()>, Refused<AttachError>> {
        let stand = thread.stand();
        let attached = [id(document)];
        let answer = Answer {
            id: id(name),
            by: &self.doctor,
            text: "exercises.pdf",
            attached: &attached,
            stand: &stand,
            then,
            now: self.at(5),
        };
        let bytes = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n".to_vec();
        let upload = Upload {
            looked: uploads::look(&bytes).unwrap(),
            bytes,
            title: "exercises.pdf".into(),
            kind: ("other", "Attached document".into()),
            note: String::new(),
            patient: self.patient.clone(),
            by: self.doctor.reference(),
            origin: Origin::Clinic,
        };
        answer_with(self.doing(), &self.as_it_is(thread).await, answer, id(document), upload).await
    }

    fn at(&self, minute: i64) -> Timestamp {
        Timestamp::from_second(1_772_528_400 + 60 * minute).unwrap()
    }

    async fn stored(&self, kind: ResourceType) -> Vec<Value> {
        let found =
            self.records.disclose(&self.actor, why(), |reading| reading.of_patient(&self.patient, kind, 100)).await;
        found.unwrap().found.iter().map(|one| serde_json::from_slice(&one.json).unwrap()).collect()
    }

    async fn threads(&self) -> Vec<Thread> {
        of_resources(&self.stored(ResourceType::Communication).await)
    }

    fn told(&self, whom: Whom) -> Vec<Kind> {
        let wanted = Wanted {
            account: AccountId::from_bytes([1; 16]),
            since: Timestamp::UNIX_EPOCH,
            readers: vec![whom],
            kinds: |_| true,
        };
        newest(&self.records.audit().read().unwrap(), &wanted).unwrap().iter().map(|told| told.kind).collect()
    }
}

#[tokio::test]
async fn a_conversation_waits_is_answered_goes_on_is_closed_and_opens_again() {
    let house = House::new().await;
    house.start("m1", &house.topic("health", Pool::Doctors), "May I swim?").await;
    let one = house.threads().await.remove(0);
    assert_eq!((one.standing(), one.messages.len()), (Standing::Waiting, 1));
    assert_eq!(house.told(Whom::from(Pool::Doctors)), [Kind::PatientWrote]);
    house.answer(&one, "m2", 5, Then::StaysOpen).await.unwrap();
    let one = house.threads().await.remove(0);
    assert_eq!((one.standing(), one.last().unwrap().side), (Standing::Answered, Side::Clinic));
    assert_eq!(one.last().unwrap().resource["inResponseTo"][0]["reference"], "Communication/m1");
    assert_eq!(house.told(Whom::Patient(house.patient.clone())), [Kind::MessageNew]);
    house.reply("m3", "And run?", 10).await;
    let one = house.threads().await.remove(0);
    assert_eq!((one.standing(), one.waits_since()), (Standing::Waiting, Some(house.at(10))));
    house.answer(&one, "m4", 12, Then::Closes).await.unwrap();
    let one = house.threads().await.remove(0);
    assert_eq!((one.standing(), one.messages.len()), (Standing::Closed, 4));
    house.reply("m5", "Thank you", 20).await;
    let one = house.threads().await.remove(0);
    assert_eq!(one.standing(), Standing::Waiting);
    close(house.doing(), &one, &one.stand()).await.unwrap();
    assert_eq!(house.threads().await.remove(0).standing(), Standing::Closed);
}

#[tokio::test]
async fn of_two_who_answer_at_once_one_is_told_and_nothing_of_theirs_is_kept() {
    let house = House::new().await;
    house.start("m1", &house.topic("health", Pool::Doctors), "May I swim?").await;
    let one = house.threads().await.remove(0);
    house.answer(&one, "m2", 5, Then::StaysOpen).await.unwrap();
    let late = house.answer(&one, "m3", 6, Then::Closes).await;
    assert!(matches!(late, Err(Refused::Told(SendError::Meanwhile))), "{late:?}");
    let now = house.threads().await.remove(0);
    let closed = close(house.doing(), &now, &one.stand()).await;
    assert!(matches!(closed, Err(Refused::Told(SendError::Meanwhile))), "{closed:?}");
    // Read before, written after somebody else: nobody knows yet what it was.
    let closed = close(house.doing(), &one, &one.stand()).await;
    assert!(matches!(closed, Err(Refused::Told(SendError::SameMoment))), "{closed:?}");
    assert_eq!((now.messages.len(), now.standing()), (2, Standing::Answered));
}

#[tokio::test]
async fn a_file_of_the_clinic_answers_and_is_kept_with_the_message_or_not_at_all() {
    let house = House::new().await;
    house.start("m1", &house.topic("health", Pool::Doctors), "May I swim?").await;
    let one = house.threads().await.remove(0);
    house.attach(&one, "m2", "d1", Then::StaysOpen).await.unwrap();
    let late = house.attach(&one, "m3", "d2", Then::Closes).await;
    assert!(matches!(late, Err(Refused::Told(AttachError::Send(SendError::Meanwhile)))), "{late:?}");
    let now = house.threads().await.remove(0);
    assert_eq!((now.messages.len(), now.standing()), (2, Standing::Answered));
    assert_eq!(now.last().unwrap().attached, [id("d1")]);
    assert_eq!(house.told(Whom::Patient(house.patient.clone())), [Kind::MessageNew]);
    assert!(!house.told(Whom::Role(Role::Clinician)).contains(&Kind::PatientUploaded), "it is the clinic's own");
    let documents = house.stored(ResourceType::DocumentReference).await;
    let [document] = documents.as_slice() else { panic!("one file is kept: {documents:?}") };
    assert_eq!(document["author"][0]["reference"], "Practitioner/d");
    assert!(!uploads::is_reported(document) && !uploads::is_tagged(document, uploads::TO_SEE), "{document}");
    assert!(uploads::is_tagged(document, uploads::ATTACHED));
    assert!(uploads::binary_of(document, uploads::Part::File).is_some());
}

/// When each message was read, in the order of the conversation.
fn read(thread: &Thread) -> Vec<Option<Timestamp>> {
    thread.messages.iter().map(|message| message.received).collect()
}

#[tokio::test]
async fn the_first_reading_stands_in_the_message_once_and_is_nobody_s_conflict() {
    let house = House::new().await;
    house.start("m1", &house.topic("health", Pool::Doctors), "May I swim?").await;
    let shown = house.threads().await.remove(0);
    assert!(shown.is_unread(Side::Clinic) && !shown.is_unread(Side::Patient));
    house.read_by(&shown, Side::Clinic, 2).await;
    // Another who opened it before, and one who opens it later, say nothing new.
    house.read_by(&shown, Side::Clinic, 3).await;
    let now = house.threads().await.remove(0);
    house.read_by(&now, Side::Clinic, 4).await;
    house.read_by(&now, Side::Patient, 4).await;
    let now = house.threads().await.remove(0);
    assert_eq!((read(&now), now.head().unwrap().version), (vec![Some(house.at(2))], 2));
    assert!(!now.is_unread(Side::Clinic));
    // The page was made before it was read.
    let stand = shown.stand();
    assert_eq!(stand, now.stand());
    house.answer(&now, "m2", 5, Then::StaysOpen).await.unwrap();
    let now = house.threads().await.remove(0);
    assert_ne!(stand, now.stand());
    assert_eq!(read(&now), [Some(house.at(2)), None], "an answer keeps when its question was read");
    assert!(now.is_unread(Side::Patient));
    house.read_by(&now, Side::Patient, 7).await;
    assert_eq!(read(&house.threads().await.remove(0)), [Some(house.at(2)), Some(house.at(7))]);
    let lines = crate::audit::entries(&house.records.audit().read().unwrap(), &Filter::default(), 100).unwrap().lines;
    let told = lines.iter().filter(|line| line.entry.action == Action::MessageRead).count();
    assert_eq!(told, 2, "once for each side");
}

#[tokio::test]
async fn what_another_program_marked_as_received_is_read() {
    let house = House::new().await;
    house.start("m1", &house.topic("health", Pool::Doctors), "May I swim?").await;
    for received in ["2026-03-03T11:00:00+01:00", "2026-03-03", "2026-03", "2026"] {
        let one = house.threads().await.remove(0);
        let mut value = one.head().unwrap().resource.clone();
        value["received"] = json!(received);
        house.put(ResourceType::Communication, "m1", value).await;
        let now = house.threads().await.remove(0);
        assert!(!now.is_unread(Side::Clinic), "{received}");
        house.read_by(&now, Side::Clinic, 9).await;
        let now = house.threads().await.remove(0);
        assert_eq!(now.head().unwrap().resource["received"], received, "it is left as it is");
    }
}

#[tokio::test]
async fn what_the_patient_adds_meanwhile_is_nobodys_conflict_and_still_waits() {
    let house = House::new().await;
    house.start("m1", &house.topic("health", Pool::Doctors), "May I swim?").await;
    let seen = house.threads().await.remove(0);
    house.reply("m2", "In the sea, I mean", 3).await;
    let shown = house.threads().await.remove(0).shown_until("m1");
    assert_eq!((shown.messages.len(), shown.stand()), (1, seen.stand()));
    house.answer(&shown, "m3", 5, Then::Closes).await.unwrap();
    let now = house.threads().await.remove(0);
    assert_eq!(now.clone().shown_until("m1").messages.len(), 2, "the clinic's own answer is no surprise");
    assert_eq!(now.clone().shown_until("nobody").messages.len(), 3);
    assert_eq!(now.standing(), Standing::Waiting, "nobody has seen the second message");
    assert_eq!(now.waits_since(), Some(house.at(3)));
}

#[tokio::test]
async fn who_takes_a_conversation_hears_of_its_next_message() {
    let house = House::new().await;
    house.start("m1", &house.topic("health", Pool::Doctors), "May I swim?").await;
    let one = house.threads().await.remove(0);
    take(house.doing(), &one, Some(&house.doctor), &one.stand()).await.unwrap();
    let one = house.threads().await.remove(0);
    let person = house.doctor.person.clone().unwrap();
    assert_eq!(one.head().unwrap().taken, Some((person.clone(), "Dr D".into())));
    assert_eq!(one.standing(), Standing::Waiting, "to take is not to answer");
    house.reply("m2", "Please", 5).await;
    assert!(house.told(Whom::Person(person)).contains(&Kind::PatientWrote));
    let one = house.threads().await.remove(0);
    take(house.doing(), &one, None, &one.stand()).await.unwrap();
    assert_eq!(house.threads().await.remove(0).head().unwrap().taken, None);
}

#[tokio::test]
async fn only_what_the_reception_answers_says_that_it_is_not_clinical() {
    let house = House::new().await;
    house.start("m1", &house.topic("desk", Pool::Reception), "A form, please").await;
    house.reply("m2", "The long one", 1).await;
    let one = house.threads().await.remove(0);
    assert!(one.messages.iter().all(Message::is_administrative));
    house.start("m3", &house.topic("health", Pool::Doctors), "It itches").await;
    let all = house.threads().await;
    assert!(all.iter().flat_map(|one| &one.messages).any(|one| !one.is_administrative()));
    assert_eq!(house.told(Whom::from(Pool::Reception)), [Kind::PatientWrote]);
}

#[test]
fn text_is_kept_as_it_was_typed_but_for_what_no_text_has() {
    assert_eq!(trimmed("  a\r\nb\u{7}\tc 🦵 مرحبا \n"), "a\nb \tc 🦵 مرحبا");
    assert_eq!(trimmed("took 1\u{b}5 days ago\u{0}"), "took 1\n5 days ago");
    assert_eq!(trimmed(&"é".repeat(LONGEST + 5)).chars().count(), LONGEST);
}
