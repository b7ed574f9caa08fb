//! One account that acts for several patients: it reaches one at a time, and no more than that one lets it.

use super::tests::{House, house};
use super::*;
use crate::access::{Actor, Listener};
use crate::audit::{Action, Detail};
use crate::base::{Role, SeededRandom};
use crate::identity::{
    AccountKind, AccountRow, By, FirstPassword, IdentityError, Link, NewAccount, SessionRow, SignIn,
};

const PASSWORD: &str = "correct horse battery staple 7";

async fn account(house: &House, name: &str, role: Role, person: Option<&str>) -> AccountRow {
    let new = NewAccount {
        user_name: name.into(),
        display_name: "Ada Okafor".into(),
        kind: AccountKind::Person(role),
        person: person.map(|person| ResourceRef::parse(person).unwrap()),
        password: FirstPassword::Own(Secret::new(PASSWORD.to_owned())),
    };
    house.identity.create_account(new, By::system("test")).await.unwrap()
}

async fn signed_in(house: &House, name: &str) -> SessionRow {
    let attempt = SignIn {
        user_name: name.into(),
        password: Secret::new(PASSWORD.to_owned()),
        listener: Listener::Portal,
        origin: None,
        user_agent: None,
        replaces: None,
    };
    house.identity.sign_in(attempt).await.unwrap().session
}

async fn code(house: &House) -> Secret<String> {
    code_for(house, ProxyExtent::Full).await
}

async fn code_for(house: &House, extent: ProxyExtent) -> Secret<String> {
    let (actor, ambient) = (Actor::system("test"), house.records.audit().ambient().clone());
    let grant_ = Grant {
        name: "Ada Okafor".into(),
        relation: ("parent".into(), "Mother or father".into()),
        extent,
        until: None,
    };
    let (granted, _) =
        grant(house.doing(&actor, Action::ProxyGrant), &house.patient, &grant_, &TimeZone::UTC, &ambient)
            .await
            .unwrap();
    granted.code
}

async fn linked(house: &House, account: &AccountRow) -> Link {
    linked_to(house, account, ProxyExtent::Full).await
}

async fn linked_to(house: &House, account: &AccountRow, extent: ProxyExtent) -> Link {
    let code = code_for(house, extent).await;
    accept_with(&house.records, account, &code, None, By::system("test")).await.unwrap().unwrap()
}

/// As the gate makes the visitor of a page from what stands in the session.
fn visitor(house: &House, session: &SessionRow, account: &AccountRow) -> Actor {
    let own = Actor::from_session(session, account, Listener::Portal, None);
    let read = house.records.audit().read().unwrap();
    let link = session.acting.as_ref().and_then(|person| house.identity.link_as(&read, account, person).unwrap());
    link.and_then(|link| house.records.acting_by(&own, &link).unwrap()).unwrap_or(own)
}

#[tokio::test]
async fn a_patient_acts_for_their_child_with_their_own_account_and_for_nobody_else_meanwhile() {
    let own = house().await;
    let (child, other) = (own.with("p2").await, own.with("p3").await);
    let ada = account(&own, "ada", Role::Patient, Some("Patient/p1")).await;
    let session = signed_in(&own, "ada").await;
    let before = visitor(&own, &session, &ada);
    assert!(own.reads(&before).await && !child.reads(&before).await);
    let link = linked(&child, &ada).await;
    let still = visitor(&own, &session, &ada);
    assert!(own.reads(&still).await && !child.reads(&still).await, "a link opens nothing before it is chosen");

    let session = own.identity.act_as(&session, Some(link.person().clone())).await.unwrap();
    let acting = visitor(&own, &session, &ada);
    assert!(child.reads(&acting).await && !own.reads(&acting).await && !other.reads(&acting).await);
    let named = acting.to_ref();
    assert_eq!(named.on_behalf_of.as_ref().map(ResourceRef::as_str), Some("Patient/p2"));
    assert_eq!((named.role, named.account), (Some(Role::Proxy), Some(ada.id)), "a proxy there, and so written down");

    // A token reaches what it reached before: the account's own record.
    let token = Actor::from_token(&ada, &[], Listener::Portal, None);
    assert!(own.reads(&token).await && !child.reads(&token).await);

    child.revoked().await;
    assert!(!child.reads(&acting).await, "whoever was made before");
    let after = visitor(&own, &session, &ada);
    assert!(own.reads(&after).await && !child.reads(&after).await);
}

#[tokio::test]
async fn a_code_links_one_account_of_a_patients_side_once_and_never_to_its_own_record() {
    let own = house().await;
    let child = own.with("p2").await;
    let ada = account(&own, "ada", Role::Patient, Some("Patient/p1")).await;
    let doctor = account(&own, "doctor", Role::Clinician, Some("Practitioner/d")).await;
    let by = || By::system("test");
    let mine = code(&own).await;
    let refused = accept_with(&own.records, &ada, &mine, None, by()).await;
    assert!(matches!(refused, Err(InviteError::OwnRecord)), "{refused:?}");
    let childs = code(&child).await;
    let refused = accept_with(&own.records, &doctor, &childs, None, by()).await;
    assert!(matches!(refused, Err(InviteError::Identity(IdentityError::NotForPatients))), "{refused:?}");
    assert!(
        accept_with(&own.records, &ada, &childs, None, by()).await.unwrap().is_some(),
        "the refusal used nothing up"
    );
    let again = accept_with(&own.records, &ada, &childs, None, by()).await;
    assert!(matches!(again, Err(InviteError::NotGood)), "{again:?}");
}

#[tokio::test]
async fn nobody_acts_by_the_link_of_another_account() {
    let own = house().await;
    let child = own.with("p2").await;
    let ada = account(&own, "ada", Role::Patient, Some("Patient/p1")).await;
    let eve = account(&own, "eve", Role::Proxy, None).await;
    let link = linked(&child, &ada).await;
    let eves = Actor::from_session(&signed_in(&own, "eve").await, &eve, Listener::Portal, None);
    assert_eq!(eves.clone().acting_by(&link, child.patient.clone()), eves);
    assert!(own.records.acting_by(&eves, &link).unwrap().is_none());
    let read = own.records.audit().read().unwrap();
    assert!(own.identity.link_as(&read, &eve, link.person()).unwrap().is_none());
}

/// Grants, ends and choices in any order: what is reached is one record, the one that was chosen if it is still open, and
/// otherwise the own.
#[tokio::test]
async fn whatever_happened_before_one_record_is_reached_and_it_is_the_chosen_one() {
    let own = house().await;
    let patients = [own.with("p2").await, own.with("p3").await, own.with("p4").await];
    let ada = account(&own, "ada", Role::Patient, Some("Patient/p1")).await;
    let mut session = signed_in(&own, "ada").await;
    let chance = Ambient::new(crate::base::ManualClock::at(Timestamp::UNIX_EPOCH), SeededRandom::new(11));
    let mut links: [Option<Link>; 3] = [None, None, None];
    let mut open = [false; 3];
    let mut chosen: Option<usize> = None;
    for step in 0..60 {
        let [what, which] = chance.bytes::<2>();
        let which = usize::from(which % 3);
        match what % 4 {
            0 if links[which].is_none() => {
                links[which] = Some(linked(&patients[which], &ada).await);
                open[which] = true;
            }
            1 if open[which] => {
                patients[which].revoked().await;
                open[which] = false;
            }
            2 => {
                let person = links[which].as_ref().map(|link| link.person().clone());
                if let Some(person) = person {
                    session = own.identity.act_as(&session, Some(person)).await.unwrap();
                    chosen = Some(which);
                }
            }
            3 => {
                session = own.identity.act_as(&session, None).await.unwrap();
                chosen = None;
            }
            _ => {}
        }
        let actor = visitor(&own, &session, &ada);
        let expected = chosen.filter(|which| open[*which]);
        for (which, patient) in patients.iter().enumerate() {
            assert_eq!(patient.reads(&actor).await, expected == Some(which), "step {step}, patient {which}");
        }
        assert_eq!(own.reads(&actor).await, expected.is_none(), "step {step}, the own record");
    }
    assert!(links.iter().all(Option::is_some) && open.iter().any(|open| !open), "the walk came far enough");
}

/// What the patient sees of it, newest first: who did it, and what.
fn seen(house: &House) -> Vec<(Option<ResourceRef>, Action)> {
    let filter = crate::audit::Filter::default();
    let lines = crate::audit::entries(&house.records.audit().read().unwrap(), &filter, 4).unwrap().lines;
    lines.into_iter().map(|line| (line.entry.actor.person.clone(), line.entry.action)).collect()
}

#[tokio::test]
async fn whoever_acts_for_somebody_may_stop_however_far_they_were_let() {
    let own = house().await;
    let child = own.with("p2").await;
    let ada = account(&own, "ada", Role::Patient, Some("Patient/p1")).await;
    let session = signed_in(&own, "ada").await;
    for extent in [ProxyExtent::View, ProxyExtent::Appointments, ProxyExtent::Full] {
        let link = linked_to(&child, &ada, extent).await;
        let session = own.identity.act_as(&session, Some(link.person().clone())).await.unwrap();
        let acting = visitor(&own, &session, &ada);
        assert!(child.reads(&acting).await, "{extent:?}");
        let (records, none) = (&own.records, Detail::none);
        let stranger = Actor::from_session(&session, &ada, Listener::Portal, None);
        assert!(give_up(records, &stranger, &link, none(), None).await.is_err(), "only whoever acts by it");
        give_up(records, &acting, &link, none(), None).await.unwrap();
        assert!(!child.reads(&acting).await, "{extent:?}");
        assert_eq!(visitor(&own, &session, &ada).acts_for(), None);
        let read = own.records.audit().read().unwrap();
        assert_eq!(own.identity.links(&read, &ada).unwrap(), []);
        let ended = (Some(link.person().clone()), Action::ProxyRevoke);
        assert!(seen(&own).contains(&ended), "{:?}", seen(&own));
        assert!(give_up(records, &acting, &link, none(), None).await.is_err(), "once");
    }
}
