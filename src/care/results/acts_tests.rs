//! What is done with a report is done with all of it: at a small record with panels in panels.

use serde_json::{Value, json};

use super::settle::{enter_all, release_due, settle, waits_again};
use super::{
    Act, Arriving, By, Release, Report, ResultError, apart, asks_to_hold, comments, has_unseen_part, is_entered,
    is_taken_back, sealed_whole, take_back, whole,
};
use crate::access::{Actor, Listener, Reach, Sensitivity};
use crate::audit::{self, Action, Audit, Detail, Filter, Outcome, Purpose};
use crate::base::{AccountId, Ambient, FhirId, ManualClock, ResourceRef, Role, SeededRandom, Timestamp};
use crate::care::consents::Seal;
use crate::care::entries::Author;
use crate::care::held::{hold, is_held};
use crate::care::note::Pen;
use crate::care::notify::{self, Kind, Wanted, Whom};
use crate::care::workflow::{Doing, Done, Refused};
use crate::fhir::{Mode, ResourceType as R};
use crate::identity::{AccountKind, AccountRow, AccountState, Assurance, SessionRow, SessionState, UserName};
use crate::record::{Change, Channel, Condition, Records, Transaction, Why};
use crate::store::Store;

struct House {
    records: Records,
    ambient: Ambient,
    clock: ManualClock,
    actor: Actor,
}

fn id(text: &str) -> FhirId {
    FhirId::parse(text).unwrap()
}

fn why(action: Action) -> Why {
    Why { action, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Screen }
}

fn of(patient: &str, kind: &str, id: &str, more: Value) -> Value {
    let mut one = json!({"resourceType": kind, "id": id, "status": "final", "code": {"text": id},
        "subject": {"reference": format!("Patient/{patient}")}});
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}

fn refers(to: &str) -> Value {
    json!([{"reference": format!("Observation/{to}")}])
}

impl House {
    /// A report of a panel of a panel of one value, with a conclusion of the laboratory.
    async fn new() -> Self {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let ambient = Ambient::new(clock.clone(), SeededRandom::new(5));
        let records = Records::new(Audit::new(Store::in_memory(), ambient.clone()), Reach::Clinic);
        let house = Self { records, ambient, clock, actor: Actor::system("test") };
        for patient in ["p", "q"] {
            house.put(json!({"resourceType": "Patient", "id": patient})).await;
        }
        house.put(of("p", "Observation", "value", json!({"valueString": "REACTIVE"}))).await;
        house.put(of("p", "Observation", "inner", json!({"hasMember": refers("value")}))).await;
        house.put(of("p", "Observation", "panel", json!({"hasMember": refers("inner")}))).await;
        let report = json!({"result": refers("panel"), "conclusion": "Malignant melanoma"});
        house.put(of("p", "DiagnosticReport", "r", report)).await;
        house
    }

    async fn put(&self, value: Value) {
        let kind = R::parse(value["resourceType"].as_str().unwrap()).unwrap();
        let own = id(value["id"].as_str().unwrap());
        let change = Change::put(kind, own, value, Condition::None, Mode::Strict).unwrap();
        let done = self.records.change_all(&self.actor, why(Action::Import), vec![change], Transaction::IMPORT);
        done.await.unwrap();
    }

    async fn report(&self) -> Report {
        let query = whole(&id("r")).unwrap();
        let found = self.records.disclose(&self.actor, why(Action::Read), |reading| reading.search(&query));
        let page = found.await.unwrap().into_inner();
        Report::of(&page.matches[0], &page.included)
    }

    fn pen(&self) -> Pen<'_> {
        let author = Author { person: None, name: "Dr A" };
        Pen { author, now: "2026-03-03T09:00:00Z", today: "2026-03-03".parse().unwrap(), ambient: &self.ambient }
    }

    fn doing(&self) -> Doing<'_> {
        Doing { records: &self.records, actor: &self.actor, why: why(Action::Sign), once: None }
    }

    async fn settle(&self, act: Act) -> Result<Done<()>, Refused<ResultError>> {
        settle(self.doing(), &id("p"), self.report().await, act, self.pen()).await
    }

    async fn take_back(&self) -> Result<Done<()>, Refused<ResultError>> {
        take_back(self.doing(), &id("p"), self.report().await, &self.pen()).await
    }

    async fn stands(&self, kind: R, own: &str) -> Value {
        let own = id(own);
        let found = self.records.disclose(&self.actor, why(Action::Read), |reading| reading.read(kind, &own));
        found.await.unwrap().value()
    }

    /// Of the report, and of each level of its panels.
    async fn each(&self, is: fn(&Value) -> bool) -> [bool; 4] {
        let kinds = [R::DiagnosticReport, R::Observation, R::Observation, R::Observation];
        let mut all = [false; 4];
        for ((kind, own), place) in kinds.into_iter().zip(["r", "panel", "inner", "value"]).zip(&mut all) {
            *place = is(&self.stands(kind, own).await);
        }
        all
    }

    fn told(&self) -> Vec<Kind> {
        self.told_to(Whom::Patient(id("p")))
    }

    fn told_to(&self, whom: Whom) -> Vec<Kind> {
        let wanted = Wanted {
            account: AccountId::from_bytes([1; 16]),
            since: Timestamp::UNIX_EPOCH,
            readers: vec![whom],
            kinds: |_| true,
        };
        let told = notify::newest(&self.records.audit().read().unwrap(), &wanted).unwrap();
        told.into_iter().map(|one| one.kind).collect()
    }
}

fn later() -> Release {
    Release::Later { reason: "in person".into(), until: "2026-03-10T07:00:00Z".parse().unwrap() }
}

#[tokio::test]
async fn what_a_doctor_holds_stays_held_for_its_reason_and_until_its_day_when_a_nurse_takes_its_correction() {
    let house = House::new().await;
    assert!(house.settle(Act::Sign(later(), None)).await.is_ok());
    let arriving = vec![Arriving::of(house.report().await, Some(house.report().await))];
    let all = (arriving, Vec::new());
    assert!(enter_all(house.doing(), &id("p"), all, (Release::WhenSigned, By::default()), house.pen()).await.is_ok());
    let report = house.report().await;
    let (reason, until) = report.held_until().unwrap();
    assert_eq!((reason.as_str(), until.to_string().as_str()), ("in person", "2026-03-10T07:00:00Z"));
    assert_eq!((house.each(is_held).await, house.told().len()), ([true; 4], 0));
    assert!(house.settle(Act::LetGo).await.is_ok());
    assert!(house.report().await.tasks.is_empty(), "a doctor decided otherwise");
}

/// Nine days later the day of the hold has come and gone.
const NINE_DAYS: std::time::Duration = std::time::Duration::from_secs(9 * 86_400);

#[tokio::test]
async fn what_was_corrected_since_a_doctor_held_it_does_not_let_itself_go_until_a_doctor_signed_that() {
    for first in [Act::Sign(later(), Some("seen".into())), Act::Enter(later())] {
        let house = House::new().await;
        assert!(house.settle(first.clone()).await.is_ok());
        assert!(!waits_again(&house.records, &house.report().await).unwrap());
        let mut corrected = house.report().await;
        corrected.value["conclusion"] = json!("Grade 4");
        corrected.value["meta"] = json!({});
        let all = (vec![Arriving::of(corrected, Some(house.report().await))], Vec::new());
        assert!(
            enter_all(house.doing(), &id("p"), all, (Release::WhenSigned, By::default()), house.pen()).await.is_ok()
        );
        let report = house.report().await;
        assert!(waits_again(&house.records, &report).unwrap() && !report.is_signed(), "{first:?}");
        assert_eq!(report.held_until().unwrap().0, "in person", "why and until when stays");
        house.clock.advance(NINE_DAYS);
        assert_eq!(release_due(&house.records).await.unwrap(), 0, "{first:?}");
        assert_eq!((house.each(is_held).await, house.told().len()), ([true; 4], 0));
        let until = "2026-03-20T07:00:00Z".parse().unwrap();
        let again = Release::Later { reason: "in person".into(), until };
        assert!(house.settle(Act::Sign(again, None)).await.is_ok());
        assert!(!waits_again(&house.records, &house.report().await).unwrap());
        house.clock.advance(NINE_DAYS);
        assert_eq!(release_due(&house.records).await.unwrap(), 1);
        assert_eq!(house.told(), [Kind::ResultReleased]);
    }
}

#[tokio::test]
async fn what_lost_its_signature_by_another_way_does_not_let_itself_go_either() {
    let house = House::new().await;
    assert!(house.settle(Act::Sign(later(), None)).await.is_ok());
    let more = json!({"result": refers("panel"), "conclusion": "Grade 4"});
    house.put(hold(of("p", "DiagnosticReport", "r", more))).await;
    assert!(waits_again(&house.records, &house.report().await).unwrap());
    house.clock.advance(NINE_DAYS);
    assert_eq!(release_due(&house.records).await.unwrap(), 0);
    // What a doctor held unsigned, and nobody changed, goes on its day.
    let house = House::new().await;
    assert!(house.settle(Act::Enter(later())).await.is_ok());
    house.clock.advance(NINE_DAYS);
    assert_eq!(release_due(&house.records).await.unwrap(), 1);
}

fn nurse() -> Actor {
    let ambient = Ambient::system();
    let account = AccountRow {
        id: AccountId::new(&ambient),
        user_name: UserName::parse("somebody").unwrap(),
        display_name: "N".into(),
        kind: AccountKind::Person(Role::Nurse),
        state: AccountState::Enabled,
        person: Some(ResourceRef::parse("Practitioner/n").unwrap()),
        must_change_password: false,
        created: ambient.now(),
    };
    let session = SessionRow::new(account.id, Listener::Clinic, SessionState::Open(Assurance::TwoFactor), &ambient);
    Actor::from_session(&session, &account, Listener::Clinic, None)
}

#[tokio::test]
async fn the_new_version_of_what_is_sealed_from_who_takes_it_is_put_there_by_the_house_and_both_are_written_down() {
    let house = House::new().await;
    let sealed = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]});
    house.put(of("p", "Observation", "antibody", json!({"valueString": "negative", "meta": sealed}))).await;
    house.put(of("p", "DiagnosticReport", "s", json!({"result": refers("antibody"), "meta": sealed}))).await;
    let (nurse, p) = (nurse(), id("p"));
    let read = house.records.disclose(&nurse, why(Action::Read), |reading| reading.read(R::DiagnosticReport, &id("s")));
    assert!(read.await.is_err(), "it is sealed from them");
    let whole = async |own: &str, patient: &str| {
        sealed_whole(&house.records, why(Action::Read), &id(patient), &id(own)).await.unwrap()
    };
    assert!(whole("r", "p").await.is_none() && whole("s", "q").await.is_none(), "not sealed, or another patient's");
    let stood = whole("s", "p").await.unwrap();
    assert_eq!((stood.results.len(), stood.version), (1, Some(1)));
    let arriving = || {
        let mut new = stood.clone();
        (new.id, new.version) = (FhirId::new(&house.ambient), None);
        new.value["status"] = json!("corrected");
        (new.results[0].0, new.results[0].1) = (FhirId::new(&house.ambient), None);
        new.results[0].2["valueString"] = json!("REACTIVE");
        new.value["result"] = json!([{"reference": format!("Observation/{}", new.results[0].0)}]);
        vec![Arriving::of(new, Some(stood.clone()))]
    };
    let enter = async |by: By| {
        let doing = Doing { records: &house.records, actor: &nurse, why: why(Action::Import), once: None };
        let seen = vec![(id("s"), 1)];
        enter_all(doing, &p, (arriving(), seen), (Release::WhenSigned, by), house.pen()).await
    };
    assert!(enter(By::WhoTakesIt).await.is_err(), "they may not change what they do not see");
    assert!(enter(By::House).await.is_ok());
    assert_eq!(house.stands(R::Observation, "antibody").await["valueString"], "REACTIVE");
    let stands = house.stands(R::DiagnosticReport, "s").await;
    assert!(stands["status"] == "corrected" && Sensitivity::of_resource(&stands).is_sealed());
    let filter = Filter { patient: Some(p.clone()), action: Some(Action::Import), ..Filter::default() };
    let log = audit::entries(&house.records.audit().read().unwrap(), &filter, 10).unwrap();
    let by: Vec<_> = log
        .lines
        .iter()
        .filter(|one| one.entry.outcome == Outcome::Success)
        .map(|one| one.entry.actor.account)
        .collect();
    assert!(by.contains(&nurse.account()) && by.contains(&None), "{by:?}");
}

#[tokio::test]
async fn a_hold_of_what_lost_its_signature_before_that_ends_on_its_day() {
    for by_page in [false, true] {
        let house = House::new().await;
        assert!(house.settle(Act::Sign(Release::Now, None)).await.is_ok());
        let mut corrected = house.report().await;
        corrected.value["meta"] = json!({});
        corrected.value["conclusion"] = json!("Grade 4");
        let all = (vec![Arriving::of(corrected, Some(house.report().await))], Vec::new());
        let release = if by_page { Release::WhenSigned } else { later() };
        assert!(enter_all(house.doing(), &id("p"), all, (release, By::default()), house.pen()).await.is_ok());
        if by_page {
            let Release::Later { reason, until } = later() else { panic!() };
            assert!(house.settle(Act::Hold { reason, until }).await.is_ok());
        }
        let report = house.report().await;
        assert!(report.is_held() && !report.is_signed());
        assert!(!waits_again(&house.records, &report).unwrap(), "nothing was changed since");
        house.clock.advance(NINE_DAYS);
        assert_eq!(release_due(&house.records).await.unwrap(), 1);
    }
    // What was held while it was signed and lost that by a program waits.
    let house = House::new().await;
    assert!(house.settle(Act::Sign(Release::Now, None)).await.is_ok());
    let Release::Later { reason, until } = later() else { panic!() };
    assert!(house.settle(Act::Hold { reason, until }).await.is_ok());
    let more = json!({"result": refers("panel"), "conclusion": "Grade 4"});
    house.put(hold(of("p", "DiagnosticReport", "r", more))).await;
    assert!(waits_again(&house.records, &house.report().await).unwrap());
    house.clock.advance(NINE_DAYS);
    assert_eq!(release_due(&house.records).await.unwrap(), 0);
}

#[tokio::test]
async fn what_a_laboratory_asks_to_hold_stays_asked_when_it_was_entered_and_corrected_until_it_is_let_go() {
    let house = House::new().await;
    let new = |status: &str| {
        let value = json!({"resourceType": "DiagnosticReport", "status": status, "code": {"text": "Biopsy"},
            "subject": {"reference": "Patient/p"}, "conclusion": status});
        Report::new(id("asked"), value, Vec::new())
    };
    let mut first = new("final");
    first.value["meta"] = json!({"security": [{"code": "NOPAT"}]});
    first = apart(vec![(0, first)], &house.ambient).swap_remove(0).1;
    let enter = async |one: Arriving, release: Release| {
        let all = (vec![one], Vec::new());
        assert!(enter_all(house.doing(), &id("p"), all, (release, By::default()), house.pen()).await.is_ok());
    };
    enter(Arriving::of(first.clone(), None), Release::WhenSigned).await;
    let stands = async || house.stands(R::DiagnosticReport, first.id.as_str()).await;
    let one = stands().await;
    assert!(asks_to_hold(&one) && is_held(&one) && is_entered(&one));
    let read = async || {
        let query = whole(&first.id).unwrap();
        let found = house.records.disclose(&house.actor, why(Action::Read), |reading| reading.search(&query));
        let page = found.await.unwrap().into_inner();
        Report::of(&page.matches[0], &page.included)
    };
    enter(Arriving::of(new("corrected"), Some(read().await)), Release::WhenSigned).await;
    assert!(asks_to_hold(&stands().await), "its correction says nothing else");
    assert!(settle(house.doing(), &id("p"), read().await, Act::Sign(later(), None), house.pen()).await.is_ok());
    assert!(asks_to_hold(&stands().await), "it is held");
    assert!(settle(house.doing(), &id("p"), read().await, Act::LetGo, house.pen()).await.is_ok());
    assert!(!asks_to_hold(&stands().await) && !is_held(&stands().await));
}

#[tokio::test]
async fn what_nobody_sealed_beside_what_nobody_sees_waits_for_a_doctor_who_hears_of_it() {
    let house = House::new().await;
    let value = |name: &str, meta: Value| {
        let one = json!({"resourceType": "Observation", "status": "final", "code": {"text": name}, "meta": meta,
            "subject": {"reference": "Patient/p"}, "valueString": "7.1"});
        (FhirId::new(&house.ambient), None, one)
    };
    let sealed = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]});
    let report = json!({"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Blood panel"},
        "subject": {"reference": "Patient/p"}, "meta": sealed});
    let mut report = Report::new(
        FhirId::new(&house.ambient),
        report,
        vec![value("Potassium", json!({"source": "urn:lab"})), value("Antibody", sealed.clone())],
    );
    report.own = Sensitivity::NORMAL;
    let all = apart(vec![(0, report)], &house.ambient);
    let ids: Vec<FhirId> = all.iter().flat_map(|(_, one)| [one.id.clone(), one.results[0].0.clone()]).collect();
    let all = (all.into_iter().map(|(_, one)| Arriving::New(one)).collect(), Vec::new());
    assert!(enter_all(house.doing(), &id("p"), all, (Release::WhenSigned, By::default()), house.pen()).await.is_ok());
    let kinds = [R::DiagnosticReport, R::Observation].into_iter().cycle();
    let mut held = Vec::new();
    for (kind, own) in kinds.zip(&ids) {
        let one = house.stands(kind, own.as_str()).await;
        held.push((Sensitivity::of_resource(&one).is_sealed(), is_held(&one)));
    }
    assert_eq!(held, [(true, false), (true, false), (false, true), (false, true)]);
    assert_eq!(house.told(), [Kind::ResultReleased], "of what nobody at the clinic sees");
    assert_eq!(house.told_to(Whom::Role(Role::Clinician)), [Kind::ResultToSign], "of the other");
}

#[tokio::test]
async fn of_one_number_no_second_report_is_stored_that_nobody_was_asked_about() {
    let house = House::new().await;
    let new = || {
        let value = json!({"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Iron"},
            "subject": {"reference": "Patient/p"}, "identifier": [{"system": "urn:lab", "value": "A,1"}]});
        Report::new(FhirId::new(&house.ambient), value, Vec::new())
    };
    let enter = async |one: Arriving, seen: Vec<(FhirId, u32)>| {
        enter_all(house.doing(), &id("p"), (vec![one], seen), (Release::WhenSigned, By::default()), house.pen()).await
    };
    // Two looked, and nothing was there.
    let (first, second) = (new(), new());
    let own = first.id.clone();
    assert!(enter(Arriving::New(first), Vec::new()).await.is_ok());
    let refused = enter(Arriving::New(second.clone()), Vec::new()).await;
    assert!(matches!(refused, Err(Refused::Told(ResultError::Meanwhile))), "{refused:?}");
    let refused = enter(Arriving::New(second.clone()), vec![(own.clone(), 7)]).await;
    assert!(matches!(refused, Err(Refused::Told(ResultError::Meanwhile))), "it is another version by now");
    assert!(enter(Arriving::New(second), vec![(own, 1)]).await.is_ok(), "somebody said that it is a further one");
}

#[tokio::test]
async fn what_no_doctor_sees_waits_for_none_and_the_patient_hears_of_it() {
    let house = House::new().await;
    let sealed = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]});
    let enter = async |meta: &Value, of_value: &Value| {
        let new = |kind: &str, meta: &Value| {
            let mut one = of("p", kind, "new", json!({"meta": meta}));
            one.as_object_mut().unwrap().remove("id");
            one
        };
        let value = (FhirId::new(&house.ambient), None, new("Observation", of_value));
        let report = Report::new(FhirId::new(&house.ambient), new("DiagnosticReport", meta), vec![value]);
        let (own, of_value) = (report.id.clone(), report.results[0].0.clone());
        let all = (vec![Arriving::of(report, None)], Vec::new());
        assert!(
            enter_all(house.doing(), &id("p"), all, (Release::WhenSigned, By::default()), house.pen()).await.is_ok()
        );
        let all = [(R::DiagnosticReport, own), (R::Observation, of_value)];
        let mut held = Vec::new();
        for (kind, own) in all {
            held.push(is_held(&house.stands(kind, own.as_str()).await));
        }
        held
    };
    let plain = json!({"source": "urn:lab"});
    assert_eq!((enter(&plain, &plain).await, house.told()), (vec![true, true], vec![]));
    assert_eq!(enter(&plain, &sealed).await, [true, false], "the others of it wait");
    assert_eq!(house.told(), [Kind::ResultReleased]);
    assert_eq!(enter(&sealed, &plain).await, [false, false], "nobody signs the report");
    let seal = Seal::from_code("infection").unwrap();
    let mut consent = json!({"resourceType": "Consent", "id": "c", "status": "active", "patient": {"reference": "Patient/p"},
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"text": "seal"}], "policyRule": {"text": "opt in"}, "dateTime": "2026-03-01"});
    consent["provision"] = seal.provision();
    house.put(consent).await;
    assert_eq!(enter(&sealed, &sealed).await, [true, true], "whoever sees it signs it");
}

#[tokio::test]
async fn holding_letting_go_and_taking_back_reach_the_last_member_of_the_last_panel() {
    let house = House::new().await;
    assert!(house.settle(Act::Sign(later(), None)).await.is_ok());
    assert_eq!(house.each(is_held).await, [true; 4]);
    assert!(house.settle(Act::LetGo).await.is_ok());
    assert_eq!(house.each(is_held).await, [false; 4]);
    assert!(house.take_back().await.is_ok());
    assert_eq!(house.each(is_taken_back).await, [true; 4]);
}

#[tokio::test]
async fn what_another_report_holds_stands_with_that_until_it_is_taken_back_too() {
    let house = House::new().await;
    house.put(of("p", "Observation", "elsewhere", json!({"hasMember": refers("inner")}))).await;
    house.put(of("p", "DiagnosticReport", "other", json!({"result": refers("elsewhere")}))).await;
    assert_eq!(super::shared(&house.records, &house.report().await).unwrap(), 2);
    assert!(house.take_back().await.is_ok());
    assert_eq!(house.each(is_taken_back).await, [true, true, false, false]);

    // Another patient's report, and one that is a mistake itself, keep nothing.
    let house = House::new().await;
    house.put(of("q", "DiagnosticReport", "other", json!({"result": refers("inner")}))).await;
    house
        .put(of("p", "DiagnosticReport", "wrong", json!({"status": "entered-in-error", "result": refers("inner")})))
        .await;
    assert!(house.take_back().await.is_ok());
    assert_eq!(house.each(is_taken_back).await, [true; 4]);
}

#[tokio::test]
async fn what_another_report_holds_stays_held_until_that_is_let_go() {
    let house = House::new().await;
    house.put(of("p", "DiagnosticReport", "other", json!({"result": refers("inner")}))).await;
    assert!(house.settle(Act::Sign(later(), None)).await.is_ok());
    house.put(hold(house.stands(R::DiagnosticReport, "other").await)).await;
    assert!(house.settle(Act::LetGo).await.is_ok());
    assert_eq!(house.each(is_held).await, [false, false, true, true]);
    house.put(of("p", "DiagnosticReport", "other", json!({"result": refers("inner")}))).await;
    assert!(house.settle(Act::LetGo).await.is_ok());
    assert_eq!(house.each(is_held).await, [false; 4]);
}

#[tokio::test]
async fn a_picture_that_another_report_shows_stands_with_that_and_is_held_with_it() {
    let picture = json!({"resourceType": "Media", "id": "m", "status": "completed", "subject": {"reference": "Patient/p"},
        "content": {"contentType": "image/png", "data": "aGVsbG8="}});
    let media = json!({"media": [{"link": {"reference": "Media/m"}}]});
    let shared = async || {
        let house = House::new().await;
        house.put(picture.clone()).await;
        house.put(of("p", "DiagnosticReport", "r", media.clone())).await;
        house.put(of("p", "DiagnosticReport", "other", media.clone())).await;
        assert!(house.settle(Act::Sign(later(), None)).await.is_ok());
        house.put(hold(house.stands(R::DiagnosticReport, "other").await)).await;
        house
    };
    let house = shared().await;
    assert!(house.settle(Act::LetGo).await.is_ok());
    assert!(!is_held(&house.stands(R::DiagnosticReport, "r").await));
    assert!(is_held(&house.stands(R::Media, "m").await), "the other report is held");
    house.put(of("p", "DiagnosticReport", "other", media.clone())).await;
    assert!(house.settle(Act::LetGo).await.is_ok());
    assert!(!is_held(&house.stands(R::Media, "m").await));

    let house = shared().await;
    assert!(house.take_back().await.is_ok());
    let stands = house.stands(R::Media, "m").await;
    assert!(is_held(&stands) && !is_taken_back(&stands), "the other report is held and shows it");
    let house = shared().await;
    house.put(of("p", "DiagnosticReport", "other", media.clone())).await;
    assert!(house.take_back().await.is_ok());
    let stands = house.stands(R::Media, "m").await;
    assert!(!is_held(&stands) && !is_taken_back(&stands), "what held it is taken back");
}

#[tokio::test]
async fn what_only_a_report_held_that_is_taken_back_is_let_go_and_the_patient_hears_of_it() {
    let house = House::new().await;
    house.put(of("p", "DiagnosticReport", "other", json!({"result": refers("panel")}))).await;
    assert!(house.settle(Act::Sign(later(), None)).await.is_ok());
    assert_eq!(house.each(is_held).await, [true; 4]);
    assert!(house.take_back().await.is_ok());
    assert_eq!(house.each(is_taken_back).await, [true, false, false, false]);
    let held = house.each(is_held).await;
    assert_eq!(held[1..], [false; 3], "the other report shows it");
    assert!(house.told().contains(&Kind::ResultReleased));

    // What a report that stands holds, too, stays held.
    let house = House::new().await;
    house.put(of("p", "DiagnosticReport", "other", json!({"result": refers("panel")}))).await;
    assert!(house.settle(Act::Sign(later(), None)).await.is_ok());
    house.put(hold(house.stands(R::DiagnosticReport, "other").await)).await;
    assert!(house.take_back().await.is_ok());
    assert_eq!(house.each(is_held).await[1..], [true; 3]);
}

#[tokio::test]
async fn a_hold_that_leaves_out_a_member_is_refused_and_nothing_is_done() {
    let house = House::new().await;
    house.put(of("q", "Observation", "value", json!({"valueString": "REACTIVE"}))).await;
    let refused = house.settle(Act::Sign(later(), None)).await;
    assert!(matches!(refused, Err(Refused::Told(ResultError::Apart))), "{refused:?}");
    assert_eq!(house.each(is_held).await, [false; 4]);
    assert!(house.settle(Act::Sign(Release::Now, None)).await.is_ok(), "what is let go may lack it");
    assert!(house.take_back().await.is_ok());
    assert_eq!(house.each(is_taken_back).await, [true, true, true, false], "what is another patient's is theirs");
}

#[tokio::test]
async fn a_part_that_who_reads_a_report_does_not_see_is_known_of_while_it_counts() {
    let house = House::new().await;
    let mut report = house.report().await;
    let has = |report: &Report, patient: &str| has_unseen_part(&house.records, &id(patient), report).unwrap();
    assert!(!has(&report, "p"));
    report.apart = ["gone", "value"].map(|to| ResourceRef::parse(&format!("Observation/{to}")).unwrap()).into();
    assert_eq!((has(&report, "p"), has(&report, "q")), (true, false), "what is another patient's is theirs");
    house.put(of("p", "Observation", "value", json!({"status": "entered-in-error", "valueString": "REACTIVE"}))).await;
    assert!(!has(&report, "p"));
}

#[tokio::test]
async fn a_comment_stands_beside_the_conclusion_with_who_and_when() {
    let house = House::new().await;
    assert!(house.settle(Act::Sign(Release::Now, Some("Please come in.".into()))).await.is_ok());
    let report = house.stands(R::DiagnosticReport, "r").await;
    assert_eq!(report["conclusion"], "Malignant melanoma");
    let all = comments(&report);
    let [said] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((said.text.as_str(), said.by.as_deref()), ("Please come in.", Some("Dr A")));
    assert_eq!(said.at.as_deref(), Some("2026-03-03T09:00:00Z"));
}

#[tokio::test]
async fn who_saw_a_result_before_it_was_held_is_told_that_it_was_taken_back_and_which() {
    let house = House::new().await;
    let hold = Act::Hold { reason: "in person".into(), until: "2026-03-10T07:00:00Z".parse().unwrap() };
    assert!(house.settle(hold).await.is_ok());
    assert!(house.take_back().await.is_ok());
    assert_eq!(house.told(), [Kind::ResultTakenBack]);
    assert_eq!(house.each(is_held).await, [false; 4], "their list says which it was");
}

#[tokio::test]
async fn what_was_held_all_the_time_is_taken_back_without_a_word_and_stays_held() {
    let house = House::new().await;
    let mut all = Vec::new();
    for (kind, own) in [(R::Observation, "value"), (R::Observation, "inner"), (R::Observation, "panel")] {
        all.push(house.stands(kind, own).await);
    }
    for (mut one, own) in all.into_iter().zip(["v2", "i2", "p2"]) {
        one["id"] = json!(own);
        if own != "v2" {
            one["hasMember"] = refers(if own == "i2" { "v2" } else { "i2" });
        }
        house.put(hold(one)).await;
    }
    // The report was there before, and held from its first version on.
    let query = whole(&id("never")).unwrap();
    house.put(hold(of("p", "DiagnosticReport", "never", json!({"result": refers("p2")})))).await;
    let found = house.records.disclose(&house.actor, why(Action::Read), |reading| reading.search(&query));
    let page = found.await.unwrap().into_inner();
    let report = Report::of(&page.matches[0], &page.included);
    assert!(take_back(house.doing(), &id("p"), report, &house.pen()).await.is_ok());
    assert!(house.told().is_empty());
    let value = house.stands(R::Observation, "v2").await;
    assert!(is_taken_back(&value) && is_held(&value));
}

#[tokio::test]
async fn what_was_changed_while_it_was_held_stays_held_when_it_is_taken_back() {
    let house = House::new().await;
    let held = hold(of("p", "Observation", "value", json!({"valueString": "POSITIVE"})));
    house.put(held).await;
    assert!(house.take_back().await.is_ok());
    assert_eq!(house.told(), [Kind::ResultTakenBack]);
    assert_eq!(house.each(is_held).await, [false, false, false, true], "the patient never saw this value");
}
