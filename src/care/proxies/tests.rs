use super::*;
use crate::access::{Actor, Listener, Reach};
use crate::audit::{Action, Audit, Detail, Purpose};
use crate::base::{ManualClock, Role, SeededRandom};
use crate::crypto::MacKey;
use crate::fhir::ResourceType as R;
use crate::identity::{By, Identity, Settings};
use crate::record::{Channel, Records, Transaction, Why};
use crate::store::Store;

pub(super) struct House {
    pub(super) records: Records,
    pub(super) identity: Identity,
    clock: ManualClock,
    pub(super) patient: FhirId,
}

pub(super) fn why(action: Action) -> Why {
    Why { action, purpose: Purpose::PatRqt, detail: Detail::none(), channel: Channel::Screen }
}

pub(super) async fn house() -> House {
    let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
    let audit = Audit::new(Store::in_memory(), Ambient::new(clock.clone(), SeededRandom::new(5)));
    let identity = Identity::new(audit.clone(), MacKey::new(Secret::new([5; 32])), Settings::default());
    let records = Records::new(audit, Reach::Clinic);
    let patient = FhirId::parse("p1").unwrap();
    let value = json!({"resourceType": "Patient", "id": "p1"});
    let change = Change::put(R::Patient, patient.clone(), value, Condition::None, Mode::Strict).unwrap();
    let system = Actor::system("test");
    records.change_all(&system, why(Action::Create), vec![change], Transaction::STRICT).await.unwrap();
    House { records, identity, clock, patient }
}

impl House {
    /// The same with another patient in the middle.
    pub(super) async fn with(&self, id: &str) -> Self {
        let patient = FhirId::parse(id).unwrap();
        let value = json!({"resourceType": "Patient", "id": id});
        let change = Change::put(R::Patient, patient.clone(), value, Condition::None, Mode::Strict).unwrap();
        let system = Actor::system("test");
        self.records.change_all(&system, why(Action::Create), vec![change], Transaction::STRICT).await.unwrap();
        Self { records: self.records.clone(), identity: self.identity.clone(), clock: self.clock.clone(), patient }
    }

    /// As the patient would, but for the account.
    pub(super) fn doing<'a>(&'a self, actor: &'a Actor, action: Action) -> Doing<'a> {
        Doing { records: &self.records, actor, why: why(action), once: None }
    }

    async fn granted(&self, extent: ProxyExtent, until: Option<&str>) -> Actor {
        let actor = Actor::system("test");
        let grant_ = Grant {
            name: "Ada Okafor".into(),
            relation: ("friend".into(), "Friend".into()),
            extent,
            until: until.map(|day| day.parse().unwrap()),
        };
        let ambient = self.records.audit().ambient().clone();
        let doing = self.doing(&actor, Action::ProxyGrant);
        let (granted, _) = grant(doing, &self.patient, &grant_, &TimeZone::UTC, &ambient).await.unwrap();
        let by = By::system("test");
        let password = Secret::new("correct horse battery staple 7".to_owned());
        let account =
            accept(&self.records, &self.identity, &granted.code, "ada", password.clone(), by.clone()).await.unwrap();
        assert_eq!((account.kind.role(), &*account.display_name), (Some(Role::Proxy), "Ada Okafor"));
        let again = accept(&self.records, &self.identity, &granted.code, "ada2", password, by).await;
        assert!(matches!(again, Err(InviteError::NotGood)), "a code is good once");
        Actor::from_token(&account, &[], Listener::Portal, None)
    }

    /// What the proxy may see or not.
    pub(super) async fn reads(&self, actor: &Actor) -> bool {
        let read = self.records.disclose(actor, why(Action::Read), |reading| reading.read(R::Patient, &self.patient));
        read.await.is_ok()
    }

    async fn adds(&self, actor: &Actor) -> bool {
        let of = format!("Patient/{}", self.patient);
        let weight = json!({"resourceType": "Observation", "status": "final", "code": {"text": "Weight"},
            "subject": {"reference": of}, "valueString": "x"});
        let change = Change::create(R::Observation, weight, Mode::Strict).unwrap();
        self.records.change(actor, why(Action::Create), change).await.is_ok()
    }

    pub(super) async fn revoked(&self) {
        let actor = Actor::system("test");
        let read = self.records.disclose(&actor, why(Action::Read), |reading| {
            let related = reading.of_patient(&self.patient, R::RelatedPerson, 10)?;
            Ok(related.zip(reading.of_patient(&self.patient, R::Consent, 10)?))
        });
        let (related, consents) = read.await.unwrap().into_inner();
        let values = |found: &crate::record::OfPatient| -> Vec<Value> {
            found.found.iter().map(|one| serde_json::from_slice(&one.json).unwrap()).collect()
        };
        let (related, consents) = (values(&related), values(&consents));
        let listed = all(&related, &consents, "2026-03-03".parse().unwrap());
        assert_eq!((listed.len(), listed[0].active, listed[0].by_consent), (1, true, true));
        let doing = self.doing(&actor, Action::ProxyRevoke);
        revoke(doing, &self.patient, &related[0], &consents).await.unwrap();
    }
}

#[tokio::test]
async fn who_may_manage_sees_and_adds_until_it_is_taken_back_and_not_a_moment_longer() {
    let house = house().await;
    let proxy = house.granted(ProxyExtent::Full, None).await;
    assert!(house.reads(&proxy).await && house.adds(&proxy).await);
    house.revoked().await;
    assert!(!house.reads(&proxy).await && !house.adds(&proxy).await);
    assert!(house.records.may_act_for(&proxy).unwrap().is_empty());
}

#[tokio::test]
async fn who_may_view_adds_nothing() {
    let house = house().await;
    let proxy = house.granted(ProxyExtent::View, None).await;
    assert!(house.reads(&proxy).await);
    assert!(!house.adds(&proxy).await);
}

#[tokio::test]
async fn a_grant_ends_with_its_last_day() {
    let house = house().await;
    let proxy = house.granted(ProxyExtent::Full, Some("2026-03-05")).await;
    assert!(house.reads(&proxy).await);
    house.clock.set("2026-03-05T23:59:00Z".parse().unwrap());
    assert!(house.reads(&proxy).await);
    house.clock.set("2026-03-06T00:00:00Z".parse().unwrap());
    assert!(!house.reads(&proxy).await);
}

#[tokio::test]
async fn a_code_is_good_for_a_week() {
    let house = house().await;
    let actor = Actor::system("test");
    let grant_ = Grant {
        name: "Ada".into(),
        relation: ("friend".into(), "Friend".into()),
        extent: ProxyExtent::Full,
        until: None,
    };
    let ambient = house.records.audit().ambient().clone();
    let doing = house.doing(&actor, Action::ProxyGrant);
    let (granted, _) = grant(doing, &house.patient, &grant_, &TimeZone::UTC, &ambient).await.unwrap();
    house.clock.advance(std::time::Duration::from_secs(7 * 86_400));
    let password = Secret::new("correct horse battery staple 7".to_owned());
    let late = accept(&house.records, &house.identity, &granted.code, "ada", password, By::system("test")).await;
    assert!(matches!(late, Err(InviteError::NotGood)));
}
