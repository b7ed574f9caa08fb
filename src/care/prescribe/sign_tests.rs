//! Two people at once: what both want is done once, and who comes second is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::*;
use crate::access::{Actor, Reach};
use crate::audit::{Action, Audit, Detail, Event, Purpose};
use crate::base::{Ambient, FhirId, ManualClock, SeededRandom};
use crate::care::formulary::{self, Formulary};
use crate::care::workflow::{Doing, Done, Refused};
use crate::fhir::{Mode, ResourceType as R};
use crate::record::{Change, Channel, Condition, Limits, RecordError, Records, Transaction, Why, strict};
use crate::store::Store;

const DAY: jiff::civil::Date = jiff::civil::date(2026, 3, 3);

struct Room {
    records: Records,
    formulary: Arc<Formulary>,
    patient: FhirId,
}

fn why() -> Why {
    Why { action: Action::Prescribe, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Screen }
}

impl Room {
    async fn new() -> Self {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(5)));
        let text = crate::care::demo::FORMULARY;
        let read = formulary::read(text.as_bytes(), &formulary::Limits::default()).unwrap();
        formulary::keep(&audit, &read, text.as_bytes(), Event::system("test", Action::Command)).await.unwrap();
        let records = Records::new(audit, Reach::Clinic).limited(Limits::default());
        let room = Self { records, formulary: Arc::new(read), patient: FhirId::parse("p").unwrap() };
        room.put(R::Patient, "p", json!({"resourceType": "Patient", "birthDate": "1967-05-09"})).await;
        room.put(R::Practitioner, "d", json!({"resourceType": "Practitioner"})).await;
        room
    }

    async fn put(&self, kind: R, id: &str, mut value: Value) {
        value["id"] = json!(id);
        let change = Change::put(kind, FhirId::parse(id).unwrap(), value, Condition::None, Mode::Strict).unwrap();
        drop(
            self.records.change_all(&Actor::system("test"), why(), vec![change], Transaction::WORKFLOW).await.unwrap(),
        );
    }

    fn ambient(&self) -> Ambient {
        self.records.audit().ambient().clone()
    }

    /// Signs for amoxicillin or another, as a page that knew of nothing.
    async fn sign(
        &self,
        medicine: &str,
        answered: &[String],
        prior: Option<Prior>,
    ) -> Result<FhirId, Refused<SignError>> {
        let id = FhirId::new(&self.ambient());
        let listed = self.formulary.medicine(medicine).unwrap();
        let dose = Dose {
            once: "1".into(),
            unit: listed.unit.clone(),
            every: EVERY[0],
            when: None,
            needed: false,
            days: None,
            route: listed.routes.first().cloned(),
            instructions: String::new(),
        };
        let prescription = Prescription {
            patient: &self.patient,
            medicine: Meant::Listed(listed),
            dose,
            words: "once a day",
            quantity: None,
            refills: 0,
            substitution: None,
            reason: Reason::None,
            from: DAY,
        };
        let by = By { reference: "Practitioner/d", name: "Dr A", now: self.ambient().now() };
        let replaces =
            prior.as_ref().map(|prior| format!("MedicationRequest/{}", prior.request["id"].as_str().unwrap()));
        let request = issued(&prescription, &by, &new_token(&self.ambient()), &[], None);
        let signing = Signing {
            patient: self.patient.clone(),
            formulary: Some(self.formulary.clone()),
            facts: Facts::default(),
            proposal: Proposal {
                medicine: Chosen::Listed(medicine.into()),
                once: Some(1.0),
                times: Some(1.0),
                route: Some("oral".into()),
                replaces,
            },
            answered: answered.iter().cloned().collect::<BTreeSet<_>>(),
        };
        let outcome = Outcome { id: id.clone(), request, issues: vec![], prior, refill: None, not_taken: None };
        let actor = Actor::system("test");
        let doing = Doing { records: &self.records, actor: &actor, why: why(), once: None };
        sign(doing, signing, outcome).await.map(|_| id)
    }

    async fn read(&self, id: &FhirId) -> Value {
        let actor = Actor::system("test");
        let read = self.records.disclose(&actor, why(), |reading| reading.read(R::MedicationRequest, id));
        serde_json::from_slice(&read.await.unwrap().json).unwrap()
    }

    async fn stop(&self, request: Value, version: u32) -> Result<Done<()>, Refused<crate::care::workflow::Never>> {
        let actor = Actor::system("test");
        let doing = Doing { records: &self.records, actor: &actor, why: why(), once: None };
        let not_taken = self.waits().await.map(|task| Seen { task, by: json!({"reference": "Practitioner/d"}) });
        stop(doing, (request, version), ("done", "Not needed"), not_taken).await
    }

    /// The patient says that they do not take it, or takes it again.
    async fn taking(&self, request: &Value, not: Option<&str>) -> Result<Done<()>, Refused<TakingError>> {
        let actor = Actor::system("test");
        let doing = Doing { records: &self.records, actor: &actor, why: why(), once: None };
        let waits = self.waits().await;
        taking_again(doing, request, (&self.patient, "Patient/p"), not, waits.as_ref()).await
    }

    /// What waits in the inbox of what is not taken: at most one.
    async fn waits(&self) -> Option<Value> {
        let actor = Actor::system("test");
        let query = strict(R::Task, &format!("code={}|{}&status=requested", NOT_TAKEN.0, NOT_TAKEN.1)).unwrap();
        let found = self.records.disclose(&actor, why(), |reading| reading.search(&query)).await.unwrap().into_inner();
        assert!(found.matches.len() < 2, "it is there once");
        found.matches.first().map(|stored| stored.value())
    }
}

#[tokio::test]
async fn a_warning_that_appeared_meanwhile_is_told_and_nothing_is_signed() {
    let room = Room::new().await;
    // Both pages were made while nothing was prescribed.
    let (one, other) = tokio::join!(
        room.sign("clarithromycin-500mg-tablet", &[], None),
        room.sign("simvastatin-20mg-tablet", &[], None)
    );
    assert!(one.is_ok(), "{one:?}");
    assert!(matches!(other, Err(Refused::Told(SignError::NewWarning))), "{other:?}");
    let active = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]});
    let allergy = json!({"resourceType": "AllergyIntolerance", "clinicalStatus": active, "patient": {"reference": "Patient/p"},
        "code": {"text": "Penicillins"}});
    room.put(R::AllergyIntolerance, "a", allergy).await;
    let late = room.sign("amoxicillin-500mg-capsule", &[], None).await;
    assert!(matches!(late, Err(Refused::Told(SignError::NewWarning))), "{late:?}");
    let mut stale = room.formulary.as_ref().clone();
    stale.hash = [0; 32];
    let other = Room { formulary: Arc::new(stale), records: room.records.clone(), patient: room.patient.clone() };
    let late = other.sign("cetirizine-10mg-tablet", &[], None).await;
    assert!(matches!(late, Err(Refused::Told(SignError::OtherFormulary))), "{late:?}");
}

#[tokio::test]
async fn nobody_signs_past_what_was_said_meanwhile_not_to_be_given() {
    let room = Room::new().await;
    let not = json!({"resourceType": "MedicationRequest", "status": "active", "intent": "order", "doNotPerform": true,
        "subject": {"reference": "Patient/p"}, "medicationCodeableConcept": {"text": "Cetirizine"}});
    room.put(R::MedicationRequest, "n", not).await;
    let late = room.sign("cetirizine-10mg-tablet", &[], None).await;
    assert!(matches!(late, Err(Refused::Told(SignError::NewWarning))), "{late:?}");
}

#[test]
fn its_last_day_is_the_clinics() {
    let one = json!({"status": "active", "dispenseRequest": {"validityPeriod": {"end": "2026-11-29T20:30:00Z"}}});
    let on = |day: &str, zone: &TimeZone| standing(&one, day.parse().unwrap(), zone);
    let auckland = TimeZone::get("Pacific/Auckland").unwrap();
    assert_eq!((on("2026-11-30", &auckland), on("2026-12-01", &auckland)), (Standing::Active, Standing::Over));
    assert_eq!(on("2026-11-30", &TimeZone::UTC), Standing::Over);
}

#[tokio::test]
async fn one_is_renewed_or_stopped_once_and_a_paper_tells_which() {
    let room = Room::new().await;
    let id = room.sign("cetirizine-10mg-tablet", &[], None).await.unwrap();
    let request = room.read(&id).await;
    let token = token_of(&request).unwrap().to_owned();
    let state = |token: &str| verify(&room.records, token, DAY, &TimeZone::UTC).unwrap().map(|found| found.state);
    assert_eq!(state(&token), Some(Standing::Active));
    assert_eq!(state("aaaaaaaaaaaaaaaaaaaaaaaaaa"), None);
    assert_eq!(state("no|token"), None);
    let prior = || Prior { request: request.clone(), version: 1, how: "renewed", words: "Renewed".into() };
    let (renewed, stopped) =
        tokio::join!(room.sign("cetirizine-10mg-tablet", &[], Some(prior())), room.stop(request.clone(), 1));
    assert!(renewed.is_ok(), "{renewed:?}");
    assert!(matches!(stopped, Err(Refused::Record(RecordError::VersionConflict { current: 2 }))), "{stopped:?}");
    assert_eq!(state(&token), Some(Standing::Renewed));
    let again = room.sign("cetirizine-10mg-tablet", &[], Some(prior())).await;
    assert!(again.is_err(), "a second renewal of the same");
    let newest = room.read(&renewed.unwrap()).await;
    room.stop(newest.clone(), 1).await.unwrap();
    assert_eq!(state(token_of(&newest).unwrap()), Some(Standing::Stopped));
}

#[tokio::test]
async fn a_refill_is_asked_for_once_and_answered_once() {
    let room = Room::new().await;
    let id = room.sign("cetirizine-10mg-tablet", &[], None).await.unwrap();
    let actor = Actor::system("test");
    let ask_once = |task: &'static str| {
        let task = FhirId::parse(task).unwrap();
        let doing = Doing { records: &room.records, actor: &actor, why: why(), once: None };
        let (patient, id) = (&room.patient, &id);
        async move { ask(doing, task, (patient, id, "Patient/p"), "Nine left", None).await }
    };
    let (one, other) = tokio::join!(ask_once("t1"), ask_once("t2"));
    assert!(one.is_ok(), "{one:?}");
    assert!(matches!(other, Err(Refused::Told(RefillError::AskedBefore))), "{other:?}");
    let read = room.records.disclose(&actor, why(), |reading| reading.read(R::Task, &FhirId::parse("t1").unwrap()));
    let task: Value = serde_json::from_slice(&read.await.unwrap().json).unwrap();
    assert_eq!(refill_of(&task).unwrap().note.as_deref(), Some("Nine left"));
    let answer_it = |said: Answer| {
        let doing = Doing { records: &room.records, actor: &actor, why: why(), once: None };
        let task = task.clone();
        async move { answer(doing, task, 1, None, &said).await }
    };
    let (refused, asked) =
        tokio::join!(answer_it(Answer::Refuse("No".into())), answer_it(Answer::AskBack("Why?".into())));
    assert!(refused.is_ok(), "{refused:?}");
    assert!(matches!(asked, Err(Refused::Record(RecordError::VersionConflict { .. }))), "{asked:?}");
    assert!(ask_once("t3").await.is_ok(), "after a refusal it may be asked for again");
    let request = room.read(&id).await;
    room.stop(request.clone(), 1).await.unwrap();
    let late = ask_once("t4").await;
    assert!(matches!(late, Err(Refused::Told(RefillError::NotActive))), "{late:?}");
    let mut not = request;
    not["doNotPerform"] = json!(true);
    assert!(is_in_use(&not) && !is_renewable(&not));
    let token = token_of(&not).unwrap().to_owned();
    room.put(R::MedicationRequest, id.as_str(), not).await;
    let refused = ask_once("t5").await;
    assert!(matches!(refused, Err(Refused::Told(RefillError::NotActive))), "nobody is to give it: {refused:?}");
    assert_eq!(verify(&room.records, &token, DAY, &TimeZone::UTC).unwrap(), None);
}

#[tokio::test]
async fn that_a_medicine_is_not_taken_waits_once_for_the_clinic_until_it_is_seen_taken_back_or_stopped() {
    let room = Room::new().await;
    let id = room.sign("cetirizine-10mg-tablet", &[], None).await.unwrap();
    let request = room.read(&id).await;
    let (one, other) = tokio::join!(room.taking(&request, Some("Tired")), room.taking(&request, Some("Sleepy")));
    let (done, late, reason) = if one.is_ok() { (one, other, "Tired") } else { (other, one, "Sleepy") };
    assert!(done.is_ok() && matches!(late, Err(Refused::Told(TakingError::SaidBefore))), "{done:?} {late:?}");
    let task = room.waits().await.unwrap();
    let word = not_taken_of(&task).unwrap();
    assert_eq!((word.reason.as_deref(), word.of.as_deref()), (Some(reason), Some("Practitioner/d")));
    assert_eq!(word.prescription, id.as_str());

    room.taking(&request, None).await.unwrap();
    assert_eq!(room.waits().await, None, "the patient took it back");

    room.taking(&request, Some("Still tired")).await.unwrap();
    let task = room.waits().await.unwrap();
    let actor = Actor::system("test");
    let look = || {
        let doing = Doing { records: &room.records, actor: &actor, why: why(), once: None };
        let task = task.clone();
        async move { see(doing, task, 1, &json!({"reference": "Practitioner/d"})).await }
    };
    let (seen, twice) = tokio::join!(look(), look());
    assert!(seen.is_ok() && twice.is_err(), "{seen:?} {twice:?}");
    assert_eq!(room.waits().await, None, "somebody has seen it");

    room.taking(&request, Some("Never again")).await.unwrap();
    room.stop(request.clone(), 1).await.unwrap();
    assert_eq!(room.waits().await, None, "nothing is left to be taken");
    for not in [Some("Too late"), None] {
        let late = room.taking(&request, not).await;
        assert!(matches!(late, Err(Refused::Told(TakingError::NotActive))), "{late:?}");
    }
    assert_eq!(room.waits().await, None, "nobody is told of what ended");
}
