use super::*;
use crate::access::Reach;
use crate::audit::{Audit, Filter, entries};
use crate::base::{ManualClock, SeededRandom};
use crate::store::Store;

struct House {
    records: Records,
    clock: ManualClock,
}

fn house() -> House {
    let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
    let audit = Audit::new(Store::in_memory(), Ambient::new(clock.clone(), SeededRandom::new(5)));
    House { records: Records::new(audit, Reach::Clinic), clock }
}

fn patient() -> FhirId {
    FhirId::parse("p1").unwrap()
}

fn event(records: &Records, action: Action) -> Event {
    let _ = records;
    Event::new(Actor::system("test").to_ref(), action, Purpose::PatRqt)
}

async fn made(house: &House, days: u16) -> Made {
    let made = prepare(patient(), " Dr B\u{7} ", days, house.records.audit().ambient());
    let event = event(&house.records, Action::ShareMade);
    keep(&house.records, event, made.id, made.share.clone(), None).await.unwrap();
    made
}

async fn tried(house: &House, code: &Code, pin: &str) -> Opening {
    let shown =
        Shown { code: code.clone(), pin: Secret::new(pin.to_owned()), listener: Listener::Portal, origin: None };
    open(&house.records, shown).await.unwrap()
}

#[tokio::test]
async fn a_link_opens_with_its_pin_is_counted_and_no_more_once_it_was_ended() {
    let house = house();
    let made = made(&house, 7).await;
    assert_eq!((made.code.expose().len(), made.pin.expose().len(), &*made.share.label), (43, 6, "Dr B"));
    for _ in 0..2 {
        let Opening::Open(actor, whose) = tried(&house, &made.code, made.pin.expose()).await else { panic!() };
        assert_eq!((actor.kind(), whose), (crate::base::ActorKind::ShareLink, patient()));
    }
    assert_eq!(all(&house.records, &patient()).unwrap()[0].1.opened, 2);
    let now = house.records.audit().ambient().now();
    let ending = |whose: &str| {
        let event = event(&house.records, Action::ShareRevoked);
        end(&house.records, event, FhirId::parse(whose).unwrap(), made.id, now)
    };
    assert!(!ending("p2").await.unwrap(), "it is nobody else's to end");
    assert!(matches!(tried(&house, &made.code, made.pin.expose()).await, Opening::Open(..)));
    assert!(ending("p1").await.unwrap());
    assert!(matches!(tried(&house, &made.code, made.pin.expose()).await, Opening::Over));
}

#[tokio::test]
async fn ten_wrong_pins_in_its_life_end_a_link() {
    let house = house();
    let made = made(&house, 7).await;
    let wrong = if made.pin.expose() == "000000" { "000001" } else { "000000" };
    for left in (1..10).rev() {
        assert!(matches!(tried(&house, &made.code, wrong).await, Opening::WrongPin(more) if more == left));
        // The right one between does not begin the count anew.
        assert!(matches!(tried(&house, &made.code, made.pin.expose()).await, Opening::Open(..)));
    }
    assert!(matches!(tried(&house, &made.code, wrong).await, Opening::WrongPin(0)));
    assert!(matches!(tried(&house, &made.code, made.pin.expose()).await, Opening::Over));
}

#[tokio::test]
async fn a_link_ends_by_itself_and_one_that_never_was_is_counted_without_a_name() {
    let house = house();
    let made = made(&house, 1).await;
    house.clock.advance(std::time::Duration::from_secs(86_400));
    assert!(matches!(tried(&house, &made.code, made.pin.expose()).await, Opening::Over));
    let other = Secret::new("A".repeat(43));
    assert!(matches!(tried(&house, &other, "000000").await, Opening::Unknown));
}

#[tokio::test]
async fn nothing_of_the_secret_or_the_pin_is_in_the_store_or_the_log() {
    let house = house();
    let made = made(&house, 7).await;
    tried(&house, &made.code, "999999").await;
    let lines = entries(&house.records.audit().read().unwrap(), &Filter::default(), 50).unwrap().lines;
    let text = format!("{lines:?}{:?}", all(&house.records, &patient()).unwrap());
    assert!(!text.contains(made.code.expose().as_str()), "{text}");
    let stored = crate::store::Value::to_stored(&made.share).unwrap();
    let holds = |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).any(|part| part == wanted);
    assert!(!holds(&stored, made.pin.expose().as_bytes()) && !holds(&stored, made.code.expose().as_bytes()));
}

#[tokio::test]
async fn a_patient_keeps_so_many_open_and_no_more() {
    let house = house();
    for _ in 0..MOST_OPEN {
        made(&house, 7).await;
    }
    let one_more = prepare(patient(), "x", 7, house.records.audit().ambient());
    let event = event(&house.records, Action::ShareMade);
    let kept = keep(&house.records, event, one_more.id, one_more.share, None).await;
    assert!(matches!(kept, Err(SharingError::Told(NotMade::TooMany))), "{kept:?}");
}
