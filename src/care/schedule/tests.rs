//! An hour is given once, whoever asks in whatever order.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::access::{Actor, Reach};
use crate::audit::{Action, Audit, Detail, Purpose};
use crate::base::{AccountId, Ambient, FhirId, ManualClock, SeededRandom, Timestamp};
use crate::care::clinic::{Clinic, of_resources};
use crate::care::consents;
use crate::care::notify::{Kind, Wanted, Whom, newest};
use crate::care::workflow::{Doing, Done, Refused};
use crate::fhir::search::{Handling, Query};
use crate::fhir::{Definitions, Mode, ResourceType as R};
use crate::record::{Change, Channel, Condition, Records, Transaction, Why};
use crate::store::Store;

const NOW: &str = "2026-03-02T08:00:00Z";
const DAY: &str = "2026-03-03";

fn why() -> Why {
    Why { action: Action::Book, purpose: Purpose::PatAdmin, detail: Detail::none(), channel: Channel::Screen }
}

/// Two doctors who work four hours each: twelve visits of twenty minutes with each.
fn resources() -> (Vec<Value>, Vec<Value>) {
    let hours = json!([{"daysOfWeek": ["tue"], "availableStartTime": "09:00:00", "availableEndTime": "13:00:00"}]);
    let category = |code: &str| json!([{"coding": [{"system": "urn:chartbox:service", "code": code}]}]);
    let services = vec![
        json!({"resourceType": "HealthcareService", "id": "house", "category": category("clinic"), "name": "C", "availableTime": hours}),
        json!({"resourceType": "HealthcareService", "id": "visit", "category": category("visit-type"), "name": "Visit"}),
    ];
    let role = |id: &str| {
        json!({"resourceType": "PractitionerRole", "id": format!("role-{id}"), "availableTime": hours,
            "practitioner": {"reference": format!("Practitioner/{id}"), "display": id}})
    };
    (services, vec![role("ann"), role("ben")])
}

struct Desk {
    records: Records,
    clinic: Clinic,
    actor: Actor,
    clock: ManualClock,
}

fn desk(patients: usize) -> Desk {
    let clock = ManualClock::at(NOW.parse().unwrap());
    let audit = Audit::new(Store::in_memory(), Ambient::new(clock.clone(), SeededRandom::new(5)));
    let records = Records::new(audit, Reach::Clinic);
    let actor = Actor::system("test");
    let (services, roles) = resources();
    let clinic = of_resources(&services, &roles);
    let people = ["ann", "ben"].map(|id| json!({"resourceType": "Practitioner", "id": id}));
    let patients = (0..patients).map(|n| json!({"resourceType": "Patient", "id": format!("p{n}")}));
    let changes = people.into_iter().chain(services).chain(roles).chain(patients).map(|value| {
        let kind = R::parse(value["resourceType"].as_str().unwrap()).unwrap();
        let id = FhirId::parse(value["id"].as_str().unwrap()).unwrap();
        Change::create_as(kind, id, value, Mode::Strict).unwrap()
    });
    records.change_all_blocking(&actor, why(), changes.collect(), Transaction::STRICT).unwrap();
    Desk { records, clinic, actor, clock }
}

impl Desk {
    fn times(&self, with: usize) -> Vec<Timestamp> {
        let zone = TimeZone::UTC;
        let with = &self.clinic.clinicians[with];
        let now = NOW.parse().unwrap();
        free(Slots { clinic: &self.clinic, with, minutes: 20, zone: &zone, taken: &[], now }, DAY.parse().unwrap())
    }

    fn hour(&self, patient: &FhirId, with: usize, start: Timestamp) -> Hour {
        Hour {
            patients: vec![patient.clone()],
            with: self.clinic.clinicians[with].person.to_string(),
            start,
            end: Timestamp::from_second(start.as_second() + 1200).unwrap(),
            except: None,
            hold_hours: 24,
            over: false,
        }
    }

    async fn try_book(&self, patient: &FhirId, with: usize, start: Timestamp) -> bool {
        let kind = &self.clinic.visit_types[0];
        let wish = Wish { patient, kind, with: Some(&self.clinic.clinicians[with]), reason: None };
        let value = appointment(&wish, start, "booked", NOW.parse().unwrap());
        let doing = Doing { records: &self.records, actor: &self.actor, why: why(), once: None };
        let id = FhirId::new(self.records.audit().ambient());
        match book(doing, id, value, Some(self.hour(patient, with, start)), Vec::new()).await {
            Ok(Done::Now(..)) => true,
            Err(Refused::Told(BookError::Already(_) | BookError::Taken | BookError::Twice)) => false,
            other => panic!("{other:?}"),
        }
    }

    /// Who has which time with whom, as the record says.
    fn booked(&self) -> Vec<(String, String, String)> {
        let query = Query::parse(R::Appointment, "status=booked", Handling::Strict, Definitions::r4()).unwrap();
        let pick: fn(&Value) -> Option<(String, String, String)> = |one| {
            let of = |text: Option<&str>| text.map(str::to_owned);
            Some((of(with_of(one))?, of(one["start"].as_str())?, of(patient_of(one))?))
        };
        self.records.glimpse(&query, pick).unwrap()
    }
}

/// More cases with `CHARTBOX_PROPTEST_CASES`.
fn cases() -> u32 {
    std::env::var("CHARTBOX_PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Fifty people want one of twenty-four hours of a day, each in an order of their own, all at once.
    #[test]
    fn fifty_people_who_book_one_day_get_every_hour_once(orders in prop::collection::vec(any::<u64>(), 50)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        let desk = std::sync::Arc::new(desk(50));
        runtime.block_on(async {
            let mut tasks = Vec::new();
            for (n, order) in orders.into_iter().enumerate() {
                let desk = desk.clone();
                tasks.push(tokio::spawn(async move {
                    let patient = FhirId::parse(&format!("p{n}")).unwrap();
                    let mut wanted: Vec<(usize, Timestamp)> = [0, 1].into_iter().flat_map(|with| desk.times(with).into_iter().map(move |time| (with, time))).collect();
                    // Everybody prefers other hours, and goes on to the next when one is gone.
                    wanted.sort_by_key(|(with, time)| blake3::hash(format!("{order} {with} {time}").as_bytes()).as_bytes()[..8].to_vec());
                    for (with, time) in wanted {
                        if desk.try_book(&patient, with, time).await {
                            return Some((with, time));
                        }
                        tokio::task::yield_now().await;
                    }
                    None
                }));
            }
            let mut told = 0;
            for task in tasks {
                told += usize::from(task.await.unwrap().is_some());
            }
            let booked = desk.booked();
            let mut hours: Vec<_> = booked.iter().map(|(with, start, _)| (with, start)).collect();
            let mut people: Vec<_> = booked.iter().map(|(.., patient)| patient).collect();
            hours.sort_unstable();
            hours.dedup();
            people.sort_unstable();
            people.dedup();
            // No hour twice, nobody twice, none lost: whoever was told so has it, and no hour stayed empty.
            assert_eq!((hours.len(), people.len(), booked.len(), told), (24, 24, 24, 24));
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_that_was_moved_away_from_is_free_and_the_new_one_is_not() {
    let desk = tokio::task::block_in_place(|| desk(2));
    let (one, other) = (FhirId::parse("p0").unwrap(), FhirId::parse("p1").unwrap());
    let times = desk.times(0);
    assert!(desk.try_book(&one, 0, times[0]).await);
    assert!(!desk.try_book(&other, 0, times[0]).await, "taken");
    assert!(!desk.try_book(&one, 1, times[0]).await, "one is not with two at a time");
    let query = Query::parse(R::Appointment, "status=booked", Handling::Strict, Definitions::r4()).unwrap();
    let whole: fn(&Value) -> Option<Value> = |one| Some(one.clone());
    let value = desk.records.glimpse(&query, whole).unwrap().remove(0);
    let id = FhirId::parse(value["id"].as_str().unwrap()).unwrap();
    let move_to = async |version: u32, start: Timestamp| {
        let hour = Hour { except: Some(id.clone()), ..desk.hour(&one, 0, start) };
        let value = moved(value.clone(), start, 20, &desk.clinic.clinicians[0], "booked");
        let doing = Doing { records: &desk.records, actor: &desk.actor, why: why(), once: None };
        change(doing, id.clone(), version, value, Some(hour), Vec::new()).await
    };
    // Half an hour over its own old time: its own time is not in its way.
    assert!(matches!(move_to(1, times[1]).await, Ok(Done::Now(..))));
    assert!(desk.try_book(&other, 0, times[0]).await, "the old hour is free");
    assert!(matches!(move_to(2, times[0]).await, Err(Refused::Told(BookError::Taken))));
    assert!(matches!(move_to(1, times[5]).await, Err(Refused::Record(_))), "somebody changed it meanwhile");
    let past = Timestamp::from_second(times[0].as_second() - 86_400 * 3).unwrap();
    assert!(matches!(move_to(2, past).await, Err(Refused::Told(BookError::Past))));
}

impl Desk {
    async fn wait(&self, patient: &FhirId) {
        let period = [("2026-03-03T09:00:00Z".parse().unwrap(), "2026-03-03T13:00:00Z".parse().unwrap())];
        let wish = Wish { patient, kind: &self.clinic.visit_types[0], with: None, reason: None };
        let value = waits(&wish, &period, self.records.audit().ambient().now());
        let doing = Doing { records: &self.records, actor: &self.actor, why: why(), once: None };
        let id = FhirId::new(self.records.audit().ambient());
        assert!(matches!(book(doing, id, value, None, Vec::new()).await, Ok(Done::Now(..))));
    }

    fn all(&self, status: &str) -> Vec<Value> {
        let text = format!("status={status}");
        let query = Query::parse(R::Appointment, &text, Handling::Strict, Definitions::r4()).unwrap();
        let whole: fn(&Value) -> Option<Value> = |one| Some(one.clone());
        self.records.glimpse(&query, whole).unwrap()
    }

    /// The appointment in another state; false where somebody changed it meanwhile, or its time is gone.
    async fn set(&self, value: Value, state: State, hour: Option<Hour>) -> bool {
        let (id, version) = place_of(&value);
        let doing = Doing { records: &self.records, actor: &self.actor, why: why(), once: None };
        match change(doing, id, version, with_status(value, state, true), hour, Vec::new()).await {
            Ok(_) => true,
            Err(Refused::Told(_)) => false,
            Err(Refused::Record(crate::record::RecordError::VersionConflict { .. })) => false,
            Err(error) => panic!("{error}"),
        }
    }

    async fn round(&self) -> Round {
        round(&self.records, &TimeZone::UTC).await.unwrap()
    }
}

fn place_of(value: &Value) -> (FhirId, u32) {
    let id = FhirId::parse(value["id"].as_str().unwrap()).unwrap();
    (id, value["meta"]["versionId"].as_str().unwrap().parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Fifty people want a day of twenty-four hours; who gets none waits. Some call off, some take what they are offered and
    /// some do not, and offers are made all the while.
    #[test]
    fn with_a_waiting_list_no_hour_is_given_twice_and_nobody_is_lost(
        choices in prop::collection::vec(any::<u8>(), 40),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        let desk = std::sync::Arc::new(desk(50));
        runtime.block_on(async {
            for n in 0..50 {
                let patient = FhirId::parse(&format!("p{n}")).unwrap();
                let (with, time) = (n % 2, desk.times(n % 2).get(n / 2).copied());
                match time {
                    Some(time) => assert!(desk.try_book(&patient, with, time).await),
                    None => desk.wait(&patient).await,
                }
            }
            assert_eq!((desk.all("booked").len(), desk.all("waitlist").len()), (24, 26));
            assert_eq!(desk.round().await, Round::default(), "nothing is free");
            let mut tasks = Vec::new();
            for (n, choice) in choices.into_iter().enumerate() {
                let desk = desk.clone();
                tasks.push(tokio::spawn(async move {
                    let place = usize::from(choice) / 4;
                    match choice % 4 {
                        0 => drop(desk.round().await),
                        1 => {
                            let all = desk.all("booked");
                            if let Some(one) = all.get(place % all.len().max(1)) {
                                desk.set(one.clone(), State::Cancelled, None).await;
                            }
                        }
                        2 => {
                            let all = desk.all("pending");
                            if let Some(one) = all.get(place % all.len().max(1)) {
                                let hour = hour_of(one, &desk.clinic);
                                desk.set(one.clone(), State::Expected, hour).await;
                            }
                        }
                        _ => {
                            let all = desk.all("pending");
                            if let Some(one) = all.get(place % all.len().max(1)) {
                                let (id, version) = place_of(one);
                                let doing = Doing { records: &desk.records, actor: &desk.actor, why: why(), once: None };
                                let done = decline(doing, id, version, one.clone()).await;
                                assert!(matches!(
                                    done,
                                    Ok(_) | Err(Refused::Record(crate::record::RecordError::VersionConflict { .. }))
                                ), "{n}: {done:?}");
                            }
                        }
                    }
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
            // What is free when all have come to rest is offered, as long as there is somebody who was not offered it before.
            while !desk.round().await.offered.is_empty() {}
            let (booked, offered) = (desk.all("booked"), desk.all("pending"));
            let (waiting, gone) = (desk.all("waitlist"), desk.all("cancelled"));
            let mut hours: Vec<_> = booked.iter().chain(&offered).map(|one| (with_of(one).unwrap().to_owned(), one["start"].to_string())).collect();
            hours.sort_unstable();
            let all = hours.len();
            hours.dedup();
            assert_eq!(hours.len(), all, "an hour was given twice");
            let mut people: Vec<_> =
                booked.iter().chain(&offered).chain(&waiting).chain(&gone).map(|one| patient_of(one).unwrap().to_owned()).collect();
            people.sort_unstable();
            people.dedup();
            assert_eq!((people.len(), booked.len() + offered.len() + waiting.len() + gone.len()), (50, 50), "somebody was lost");
            assert!(waiting.iter().all(|one| one.get("start").is_none() && with_of(one).is_none()));
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_longest_is_offered_a_time_first_and_who_does_not_answer_goes_behind() {
    let desk = tokio::task::block_in_place(|| desk(26));
    let people: Vec<FhirId> = (0..26).map(|n| FhirId::parse(&format!("p{n}")).unwrap()).collect();
    for (n, patient) in people.iter().enumerate().take(24) {
        assert!(desk.try_book(patient, n % 2, desk.times(n % 2)[n / 2]).await);
    }
    desk.wait(&people[24]).await;
    desk.clock.advance(std::time::Duration::from_secs(60));
    desk.wait(&people[25]).await;
    let first = desk.all("booked").into_iter().find(|one| patient_of(one) == Some("p0")).unwrap();
    let start = first["start"].clone();
    assert!(desk.set(first, State::Cancelled, None).await);
    assert_eq!(desk.round().await.offered.len(), 1);
    let offer = desk.all("pending").remove(0);
    assert_eq!(
        (patient_of(&offer), &offer["start"], offer["participant"][1]["required"].as_str()),
        (Some("p24"), &start, Some("optional"))
    );
    assert!(!desk.try_book(&people[0], 0, desk.times(0)[0]).await, "it is held");
    assert_eq!(desk.round().await, Round::default(), "held still");
    desk.clock.advance(std::time::Duration::from_secs(24 * 3600));
    // It began at nine and the offer was made at eight the day before: over, and the time with it.
    let next = desk.round().await;
    assert_eq!((next.ended.len(), desk.all("pending").len()), (1, 0), "{next:?}");
    let responses = Query::parse(R::AppointmentResponse, "", Handling::Strict, Definitions::r4()).unwrap();
    let answer: fn(&Value) -> Option<String> = |one| Some(one["participantStatus"].as_str()?.to_owned());
    assert_eq!(desk.records.glimpse(&responses, answer).unwrap(), ["needs-action"]);
    // Now the last hour of the day becomes free: the other comes first.
    let last = desk.all("booked").into_iter().max_by_key(|one| one["start"].to_string()).unwrap();
    assert!(desk.set(last, State::Cancelled, None).await);
    assert_eq!(desk.round().await.offered.len(), 1);
    let offer = desk.all("pending").remove(0);
    assert_eq!(patient_of(&offer), Some("p25"));
    // Who takes it has it, with whom it was offered.
    let hour = hour_of(&offer, &desk.clinic);
    assert!(desk.set(offer, State::Expected, hour).await);
    let taken = desk.all("booked").into_iter().find(|one| patient_of(one) == Some("p25")).unwrap();
    assert_eq!(taken["participant"][1]["required"], "required");
    // When the day is over nobody waits for it any more.
    desk.clock.advance(std::time::Duration::from_secs(24 * 3600));
    let last = desk.round().await;
    assert_eq!((last.over.len(), desk.all("waitlist").len()), (1, 0), "{last:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_nobody_of_the_clinic_sees_is_offered_nothing_and_holds_no_hour() {
    let desk = tokio::task::block_in_place(|| desk(3));
    let people: Vec<FhirId> = (0..3).map(|n| FhirId::parse(&format!("p{n}")).unwrap()).collect();
    let mut consent = consents::begun(&people[0], "sealed", NOW.parse().unwrap());
    consent["provision"] = json!({"type": "deny"});
    let put = |kind, id: &str, value: Value| {
        let change = Change::put(kind, FhirId::parse(id).unwrap(), value, Condition::None, Mode::Strict).unwrap();
        desk.records.change_all_blocking(&desk.actor, why(), vec![change], Transaction::STRICT).unwrap();
    };
    desk.wait(&people[0]).await;
    tokio::task::block_in_place(|| put(R::Consent, "c", consent.clone()));
    desk.wait(&people[1]).await;
    let mut sealed = desk.all("waitlist").into_iter().find(|one| patient_of(one) == Some("p1")).unwrap();
    sealed["meta"]["security"] = json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]);
    let (id, _) = place_of(&sealed);
    tokio::task::block_in_place(|| put(R::Appointment, id.as_str(), sealed));
    assert_eq!(desk.round().await, Round::default());
    desk.wait(&people[2]).await;
    assert_eq!(desk.round().await.offered.len(), 1);
    assert_eq!(patient_of(&desk.all("pending")[0]), Some("p2"));
    // Seen again, they are offered a time as anybody is.
    let mut ended = consent;
    ended["status"] = "inactive".into();
    tokio::task::block_in_place(|| put(R::Consent, "c", ended));
    assert_eq!(desk.round().await.offered.len(), 1);
    assert!(desk.all("pending").iter().any(|one| patient_of(one) == Some("p0")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_the_reception_offered_and_nobody_answered_stands_with_the_reception_again() {
    let desk = tokio::task::block_in_place(|| desk(2));
    let (one, other) = (FhirId::parse("p0").unwrap(), FhirId::parse("p1").unwrap());
    let period = [("2026-03-03T09:00:00Z".parse().unwrap(), "2026-03-03T13:00:00Z".parse().unwrap())];
    let wish = Wish { patient: &one, kind: &desk.clinic.visit_types[0], with: None, reason: Some("knee") };
    let id = FhirId::new(desk.records.audit().ambient());
    let doing = || Doing { records: &desk.records, actor: &desk.actor, why: why(), once: None };
    let value = asked(&wish, &period, desk.records.audit().ambient().now());
    assert!(matches!(book(doing(), id.clone(), value, None, Vec::new()).await, Ok(Done::Now(..))));
    let value = desk.all("proposed").remove(0);
    let time = desk.times(0)[3];
    let offer = moved(value, time, 20, &desk.clinic.clinicians[0], "pending");
    let hour = Hour { except: Some(id.clone()), ..desk.hour(&one, 0, time) };
    assert!(matches!(change(doing(), id, 1, offer, Some(hour), Vec::new()).await, Ok(Done::Now(..))));
    assert!(!desk.try_book(&other, 0, time).await, "it is held");
    assert_eq!(desk.round().await, Round::default());
    desk.clock.advance(std::time::Duration::from_secs(24 * 3600));
    assert_eq!(desk.round().await.ended.len(), 1);
    let again = desk.all("proposed").remove(0);
    assert_eq!(with_of(&again), None, "anybody would do");
    assert_eq!((again.get("start"), again["reasonCode"][0]["text"].as_str()), (None, Some("knee")));
    assert_eq!(again["requestedPeriod"].as_array().map(Vec::len), Some(1));
    assert!(desk.all("pending").is_empty() && desk.try_book(&other, 0, time).await, "the time is free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_take_an_offered_time_still_asks_for_one() {
    let desk = tokio::task::block_in_place(|| desk(1));
    let one = FhirId::parse("p0").unwrap();
    let period = [("2026-03-03T09:00:00Z".parse().unwrap(), "2026-03-03T13:00:00Z".parse().unwrap())];
    let wish = Wish { patient: &one, kind: &desk.clinic.visit_types[0], with: None, reason: None };
    let id = FhirId::new(desk.records.audit().ambient());
    let doing = || Doing { records: &desk.records, actor: &desk.actor, why: why(), once: None };
    let value = asked(&wish, &period, desk.records.audit().ambient().now());
    assert!(matches!(book(doing(), id.clone(), value, None, Vec::new()).await, Ok(Done::Now(..))));
    let time = desk.times(0)[3];
    let offer = moved(desk.all("proposed").remove(0), time, 20, &desk.clinic.clinicians[0], "pending");
    assert!(matches!(change(doing(), id.clone(), 1, offer, None, Vec::new()).await, Ok(Done::Now(..))));
    let offer = desk.all("pending").remove(0);
    assert!(matches!(decline(doing(), id, 2, offer).await, Ok(Done::Now(..))));
    let again = desk.all("proposed").remove(0);
    assert_eq!((again.get("start"), with_of(&again), not_offered_of(&again)), (None, None, None));
    let responses = Query::parse(R::AppointmentResponse, "", Handling::Strict, Definitions::r4()).unwrap();
    let said: fn(&Value) -> Option<(String, String)> =
        |one| Some((one["participantStatus"].as_str()?.to_owned(), one["start"].as_str()?.to_owned()));
    assert_eq!(desk.records.glimpse(&responses, said).unwrap(), [("declined".to_owned(), time.to_string())]);
    // The clinic has no time: it says so, with a line or without.
    let none = not_offered(again.clone(), " Please call us. ");
    assert_eq!(not_offered_of(&none), Some(Some("Please call us.")));
    assert_eq!(not_offered_of(&not_offered(again.clone(), "")), Some(None));
    assert_eq!(not_offered_of(&with_status(again, State::Cancelled, true)), None, "the patient's own no is none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_for_two_is_moved_to_where_both_are_free_and_both_are_told() {
    let desk = tokio::task::block_in_place(|| desk(2));
    let (one, other) = (FhirId::parse("p0").unwrap(), FhirId::parse("p1").unwrap());
    let times = (desk.times(0), desk.times(1));
    assert!(desk.try_book(&other, 1, times.1[0]).await);
    let wish =
        Wish { patient: &one, kind: &desk.clinic.visit_types[0], with: Some(&desk.clinic.clinicians[0]), reason: None };
    let mut value = appointment(&wish, times.0[3], "booked", NOW.parse().unwrap());
    let second = json!({"actor": {"reference": "Patient/p1/_history/1"}, "status": "accepted"});
    value["participant"].as_array_mut().unwrap().push(second);
    let id = FhirId::new(desk.records.audit().ambient());
    let doing = || Doing { records: &desk.records, actor: &desk.actor, why: why(), once: None };
    assert_eq!(hour_of(&value, &desk.clinic).map(|hour| hour.patients), Some(vec![one.clone(), other.clone()]));
    let tell = to_patients(&value, Kind::VisitBooked);
    assert!(matches!(
        book(doing(), id.clone(), value.clone(), hour_of(&value, &desk.clinic), tell).await,
        Ok(Done::Now(..))
    ));
    let move_to = async |version: u32, start: Timestamp| {
        let value = moved(value.clone(), start, 20, &desk.clinic.clinicians[0], "booked");
        let hour = Hour { except: Some(id.clone()), ..hour_of(&value, &desk.clinic).unwrap() };
        let tell = to_patients(&value, Kind::VisitChanged);
        change(doing(), id.clone(), version, value, Some(hour), tell).await
    };
    assert!(
        matches!(move_to(1, times.0[0]).await, Err(Refused::Told(BookError::Twice))),
        "the second is elsewhere then"
    );
    assert!(matches!(move_to(1, times.0[1]).await, Ok(Done::Now(..))));
    for patient in [one, other] {
        let readers = vec![Whom::Patient(patient)];
        let account = AccountId::from_bytes([1; 16]);
        let wanted = Wanted { account, since: Timestamp::UNIX_EPOCH, readers, kinds: |_| true };
        let told = newest(&desk.records.audit().read().unwrap(), &wanted).unwrap();
        let kinds: Vec<Kind> = told.iter().map(|told| told.kind).collect();
        assert_eq!(kinds, [Kind::VisitChanged, Kind::VisitBooked]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_another_visit_there_is_a_time_only_where_one_lies_and_until_it_would_be_over() {
    let desk = tokio::task::block_in_place(|| desk(4));
    let patient = |n: usize| FhirId::parse(&format!("p{n}")).unwrap();
    let start = desk.times(0)[0];
    let over = async |n: usize, start: Timestamp| {
        let patient = patient(n);
        let with = Some(&desk.clinic.clinicians[0]);
        let wish = Wish { patient: &patient, kind: &desk.clinic.visit_types[0], with, reason: None };
        let value = appointment(&wish, start, "booked", NOW.parse().unwrap());
        let doing = Doing { records: &desk.records, actor: &desk.actor, why: why(), once: None };
        let hour = Hour { over: true, ..desk.hour(&patient, 0, start) };
        let id = FhirId::new(desk.records.audit().ambient());
        match book(doing, id, value, Some(hour), Vec::new()).await {
            Ok(_) => None,
            Err(Refused::Told(error)) => Some(error),
            Err(Refused::Record(error)) => panic!("{error}"),
        }
    };
    let long_ago = start.checked_sub(jiff::SignedDuration::from_hours(960)).unwrap();
    assert_eq!(over(0, long_ago).await, Some(BookError::Past));
    assert_eq!(over(0, start).await, Some(BookError::NothingThere));
    assert!(desk.try_book(&patient(0), 0, start).await);
    assert_eq!(over(1, start).await, None);
    desk.clock.set(start.checked_add(jiff::SignedDuration::from_mins(10)).unwrap());
    assert_eq!(over(2, start).await, None, "it has begun, and is not over");
    desk.clock.set(start.checked_add(jiff::SignedDuration::from_mins(20)).unwrap());
    assert_eq!(over(3, start).await, Some(BookError::Past));
}

#[test]
fn a_visit_with_somebodys_role_is_with_them_until_somebody_else_has_it() {
    let (services, roles) = resources();
    let clinic = of_resources(&services, &roles);
    let one = json!({"status": "booked", "start": "2026-03-03T09:00:00Z", "end": "2026-03-03T09:20:00Z", "participant": [
        {"actor": {"reference": "Patient/p"}}, {"actor": {"reference": "PractitionerRole/role-ann/_history/1"}}]});
    assert_eq!(clinician_of(&one, &clinic).map(|with| with.name.as_str()), Some("ann"));
    assert_eq!(hour_of(&one, &clinic).map(|hour| hour.with), Some("Practitioner/ann".to_owned()));
    let start = "2026-03-03T10:00:00Z".parse().unwrap();
    let with = |to: usize| {
        let moved = moved(one.clone(), start, 20, &clinic.clinicians[to], "booked");
        let actors = moved["participant"].as_array().unwrap().iter();
        actors.map(|one| one["actor"]["reference"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(with(0), ["Patient/p", "Practitioner/ann", "PractitionerRole/role-ann/_history/1"]);
    assert_eq!(with(1), ["Patient/p", "Practitioner/ben"], "the first is free again");
}
