//! The rules as properties, over arranged facts; and the whole table as text.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::*;
use crate::base::{AccountId, ActorRef, FhirId, ResourceRef, Role, Timestamp};
use crate::fhir::ResourceType;
use crate::identity::{AccountKind, AccountRow, AccountState, SessionRow, SessionState, UserName};
use crate::store::StoreError;

/// Facts as a test arranges them.
#[derive(Debug, Clone, Default)]
struct Arranged {
    reach: Reach,
    in_care: BTreeSet<FhirId>,
    proxies: Vec<ProxyGrant>,
    share: Option<ShareGrant>,
    consents: Vec<ConsentRule>,
    emergencies: Vec<BreakGlass>,
}

impl Facts for Arranged {
    fn reach(&self) -> Reach {
        self.reach
    }
    fn in_care(&self, _: &ActorRef, patient: &FhirId) -> Result<bool, StoreError> {
        Ok(self.in_care.contains(patient))
    }
    fn patients_in_care(&self, _: &ActorRef) -> Result<Arc<BTreeSet<FhirId>>, StoreError> {
        Ok(Arc::new(self.in_care.clone()))
    }
    fn proxy_grants(&self, _: &ActorRef) -> Result<Vec<ProxyGrant>, StoreError> {
        Ok(self.proxies.clone())
    }
    fn share(&self, _: &str) -> Result<Option<ShareGrant>, StoreError> {
        Ok(self.share.clone())
    }
    fn consents(&self, patient: &FhirId) -> Result<Vec<ConsentRule>, StoreError> {
        Ok(self.consents.iter().filter(|rule| rule.patient == *patient).cloned().collect())
    }
    fn all_consents(&self) -> Result<Arc<ConsentRules>, StoreError> {
        Ok(Arc::new(ConsentRules::new(self.consents.clone())))
    }
    fn break_glass(&self, _: &ActorRef) -> Result<Vec<BreakGlass>, StoreError> {
        Ok(self.emergencies.clone())
    }
}

/// Facts that cannot be looked up.
struct Broken;

impl Broken {
    fn fail<T>() -> Result<T, StoreError> {
        Err(StoreError::Io("on purpose".into()))
    }
}

impl Facts for Broken {
    fn reach(&self) -> Reach {
        Reach::CareTeam
    }
    fn in_care(&self, _: &ActorRef, _: &FhirId) -> Result<bool, StoreError> {
        Self::fail()
    }
    fn patients_in_care(&self, _: &ActorRef) -> Result<Arc<BTreeSet<FhirId>>, StoreError> {
        Self::fail()
    }
    fn proxy_grants(&self, _: &ActorRef) -> Result<Vec<ProxyGrant>, StoreError> {
        Self::fail()
    }
    fn share(&self, _: &str) -> Result<Option<ShareGrant>, StoreError> {
        Self::fail()
    }
    fn consents(&self, _: &FhirId) -> Result<Vec<ConsentRule>, StoreError> {
        Self::fail()
    }
    fn all_consents(&self) -> Result<Arc<ConsentRules>, StoreError> {
        Self::fail()
    }
    fn break_glass(&self, _: &ActorRef) -> Result<Vec<BreakGlass>, StoreError> {
        Self::fail()
    }
}

fn now() -> Timestamp {
    at(1000)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn id(text: &str) -> FhirId {
    FhirId::parse(text).unwrap()
}

fn link(role: Role) -> ResourceRef {
    ResourceRef::parse(match role {
        Role::Patient => "Patient/a",
        Role::Proxy => "RelatedPerson/r",
        _ => "Practitioner/d",
    })
    .unwrap()
}

fn account(kind: AccountKind) -> AccountRow {
    AccountRow {
        id: AccountId::from_bytes([7; 16]),
        user_name: UserName::parse("somebody").unwrap(),
        display_name: "Somebody".into(),
        kind,
        state: AccountState::Enabled,
        person: kind.role().map(link),
        must_change_password: false,
        created: at(0),
    }
}

fn person(role: Role) -> Actor {
    Actor::from_token(&account(AccountKind::Person(role)), &[], Listener::Clinic, None)
}

fn service(scope: &str) -> Actor {
    Actor::from_token(&account(AccountKind::Service), &[scope.into()], Listener::Clinic, None)
}

fn target(kind: ResourceType, patient: Option<&str>, sensitivity: Sensitivity) -> Target {
    Target { kind, id: Some(id("x")), patient: patient.map(id), sensitivity }
}

fn ask(actor: &Actor, action: Action, target: &Target, facts: &Arranged) -> Result<Basis, Denied> {
    authorize(actor, action, target, facts, now()).map(|grant| grant.basis())
}

fn reads(actor: &Actor, kind: ResourceType, patient: &str, facts: &Arranged) -> Result<Basis, Denied> {
    ask(actor, Action::Read, &target(kind, Some(patient), Sensitivity::NORMAL), facts)
}

const CLINICAL: &[Class] =
    &[Class::Clinical, Class::Contribution, Class::Prescription, Class::Message, Class::Financial];

#[test]
fn the_table_is_the_one_that_was_agreed() {
    let mut text = String::from(
        "Role × resource type × action. Made by the test in src/access/tests.rs; to change it, change\n\
         src/access/table.rs and run the test with UPDATE_ACCESS_TABLE=1.\n",
    );
    for &kind in ResourceType::ALL {
        writeln!(text, "\n{kind} ({:?})", Class::of(kind)).unwrap();
        for role in Role::ALL {
            let rights = rights_of(role, kind);
            let actions: Vec<_> = rights.actions.iter().map(Action::name).collect();
            if !actions.is_empty() {
                writeln!(text, "  {role}: {:?}: {}", rights.extent, actions.join(" ")).unwrap();
            }
            let cut = cut::elements(Some(role), kind);
            if !cut.is_empty() {
                writeln!(text, "    without {}", cut.join(" ")).unwrap();
            }
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/access_table.txt");
    if std::env::var_os("UPDATE_ACCESS_TABLE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let agreed = std::fs::read_to_string(path).unwrap();
    let differs = text.lines().zip(agreed.lines()).find(|(new, old)| new != old);
    assert!(
        text == agreed,
        "the table changed, first at {differs:?}; if that is meant, run with UPDATE_ACCESS_TABLE=1"
    );
}

#[test]
fn what_a_role_may_not_read_it_may_not_do_anything_else_to() {
    for role in Role::ALL {
        for &kind in ResourceType::ALL {
            let actions = rights_of(role, kind).actions;
            assert!(actions.is_empty() || actions.contains(Action::Read), "{role} {kind}");
        }
    }
}

#[test]
fn the_promises_of_each_role_hold_for_every_type() {
    for &kind in ResourceType::ALL {
        let class = Class::of(kind);
        let may = |role: Role, action| rights_of(role, kind).actions.contains(action);
        let any = |role: Role| !rights_of(role, kind).actions.is_empty();
        if !class.is_about_nobody() {
            assert!(!any(Role::Operator), "operator {kind}");
        }
        if CLINICAL.contains(&class) {
            let marked = rights_of(Role::Reception, kind).extent == Extent::Administrative;
            assert!(!any(Role::Reception) || (class == Class::Message && marked), "{kind}");
            assert!(!any(Role::HealthAdmin), "{kind}");
        }
        if class == Class::Prescription {
            assert!(may(Role::Clinician, Action::Create) && !may(Role::Nurse, Action::Create), "{kind}");
        }
        assert!(!may(Role::Nurse, Action::Sign) && !may(Role::Nurse, Action::Release), "{kind}");
        assert!(!may(Role::Patient, Action::Delete) && !may(Role::Proxy, Action::Delete), "{kind}");
        for role in Role::ALL {
            assert!(!may(role, Action::Export), "{role} {kind}");
            assert!(class != Class::System || !any(role), "{role} {kind}");
            assert!(class != Class::Audit || !may(role, Action::Create), "{role} {kind}");
        }
        // Where a type is cut, what says the same in other words is cut too.
        for role in Role::ALL {
            let cut = cut::elements(Some(role), kind);
            // One extension alone takes them along where it is there: see `cut`.
            let one_alone = matches!(cut, [one] if one.starts_with("extension="));
            let says_the_same = cut.contains(&"text") && cut.contains(&"contained");
            assert!(cut.is_empty() || one_alone || says_the_same, "{role} {kind}");
        }
    }
}

#[test]
fn the_status_of_a_refusal_tells_nothing_of_the_target() {
    let facts = Arranged::default();
    let other = target(ResourceType::Observation, Some("b"), Sensitivity::NORMAL);
    let nobody = Actor::anonymous(Listener::Clinic, None);
    assert_eq!(ask(&nobody, Action::Read, &other, &facts), Err(Denied::NotSignedIn));
    assert_eq!(ask(&person(Role::Operator), Action::Read, &other, &facts), Err(Denied::NeverForRole));
    assert_eq!(ask(&person(Role::Patient), Action::Delete, &other, &facts), Err(Denied::NeverForRole));
    assert_eq!(ask(&person(Role::Patient), Action::Read, &other, &facts), Err(Denied::NotVisible));
    let absent = Target::of_type(ResourceType::Observation);
    assert_eq!(ask(&person(Role::Patient), Action::Read, &absent, &facts), Err(Denied::NotVisible));
}

#[test]
fn reception_sees_letters_that_say_that_they_are_not_clinical_and_no_others() {
    let (desk, facts) = (person(Role::Reception), Arranged::default());
    let letter = |labels| target(ResourceType::Communication, Some("a"), labels);
    let marked = Sensitivity::NORMAL.administrative();
    for action in [Action::Read, Action::Search, Action::Create, Action::Update] {
        assert_eq!(ask(&desk, action, &letter(marked), &facts), Ok(Basis::Duty), "{action:?}");
        assert_eq!(ask(&desk, action, &letter(Sensitivity::NORMAL), &facts), Err(Denied::NotVisible), "{action:?}");
        let sealed = Sensitivity::MENTAL_HEALTH.administrative();
        if action != Action::Create {
            assert_eq!(ask(&desk, action, &letter(sealed), &facts), Err(Denied::NotVisible), "{action:?}");
        }
    }
    assert_eq!(ask(&desk, Action::Delete, &letter(marked), &facts), Err(Denied::NeverForRole));
    let observation = target(ResourceType::Observation, Some("a"), marked);
    assert_eq!(
        ask(&desk, Action::Read, &observation, &facts),
        Err(Denied::NeverForRole),
        "the mark opens nothing else"
    );
    let nobodys = Target { patient: None, ..letter(Sensitivity::NORMAL) };
    assert_eq!(ask(&desk, Action::Read, &nobodys, &facts), Err(Denied::NotVisible));
    let scope = authorize_search(&desk, ResourceType::Communication, &facts, now()).unwrap();
    assert!(scope.allows(Some(&id("a")), marked) && !scope.allows(Some(&id("a")), Sensitivity::NORMAL));
    assert_eq!(ask(&person(Role::Clinician), Action::Read, &letter(marked), &facts), Ok(Basis::InCare));
}

#[test]
fn facts_that_cannot_be_looked_up_decide_nothing() {
    let one = target(ResourceType::Observation, Some("a"), Sensitivity::NORMAL);
    for actor in [person(Role::Clinician), person(Role::Proxy), Actor::share_link("s", Listener::Portal, None)] {
        assert_eq!(authorize(&actor, Action::Read, &one, &Broken, now()).err(), Some(Denied::Undecided));
        assert_eq!(authorize_search(&actor, one.kind, &Broken, now()).err(), Some(Denied::Undecided));
    }
}

#[test]
fn reach_says_who_is_in_care_and_the_directory_shows_the_rest() {
    let clinician = person(Role::Clinician);
    let clinic = Arranged::default();
    let team = Arranged { reach: Reach::CareTeam, in_care: [id("a")].into(), ..clinic.clone() };
    assert_eq!(reads(&clinician, ResourceType::Observation, "b", &clinic), Ok(Basis::InCare));
    assert_eq!(reads(&clinician, ResourceType::Observation, "a", &team), Ok(Basis::InCare));
    assert_eq!(reads(&clinician, ResourceType::Observation, "b", &team), Err(Denied::NotVisible));
    assert_eq!(reads(&clinician, ResourceType::Patient, "b", &team), Ok(Basis::Directory));
    let other = target(ResourceType::Patient, Some("b"), Sensitivity::NORMAL);
    let grant = authorize(&clinician, Action::Read, &other, &team, now()).unwrap();
    assert_eq!(grant.into_cut().elements(), cut::DIRECTORY);
    assert_eq!(ask(&clinician, Action::Update, &other, &team), Err(Denied::NotVisible));
    let new = Target { id: None, patient: None, ..other };
    assert_eq!(ask(&clinician, Action::Create, &new, &team), Ok(Basis::InCare));

    let scope = authorize_search(&clinician, ResourceType::Patient, &team, now()).unwrap();
    assert!(scope.hides_parameter("address") && !scope.hides_parameter("family"));
    assert_eq!(scope.cut(Some(&id("b")), Sensitivity::NORMAL).elements(), cut::DIRECTORY);
    assert!(scope.cut(Some(&id("a")), Sensitivity::NORMAL).is_empty());
    assert!(!authorize_search(&clinician, ResourceType::Patient, &clinic, now()).unwrap().hides_parameter("address"));
}

#[test]
fn an_emergency_opens_one_record_for_its_time_and_for_clinical_staff() {
    let emergency = BreakGlass { patient: id("b"), reason: "unconscious".into(), since: at(900), until: at(1001) };
    let facts = Arranged { reach: Reach::CareTeam, emergencies: vec![emergency.clone()], ..Arranged::default() };
    let sealed = target(ResourceType::Condition, Some("b"), Sensitivity::MENTAL_HEALTH);
    assert_eq!(ask(&person(Role::Nurse), Action::Read, &sealed, &facts), Ok(Basis::BreakGlass));
    assert_eq!(reads(&person(Role::Nurse), ResourceType::Condition, "c", &facts), Err(Denied::NotVisible));
    assert_eq!(ask(&person(Role::Reception), Action::Read, &sealed, &facts), Err(Denied::NeverForRole));
    for outside in [BreakGlass { until: now(), ..emergency.clone() }, BreakGlass { since: at(1001), ..emergency }] {
        let facts = Arranged { emergencies: vec![outside], ..facts.clone() };
        assert_eq!(ask(&person(Role::Nurse), Action::Read, &sealed, &facts), Err(Denied::NotVisible));
    }
}

fn rule(effect: Effect, to: Grantee, covers: Covers) -> ConsentRule {
    ConsentRule { patient: id("a"), effect, to, covers, from: None, until: None }
}

#[test]
fn a_sealed_item_takes_consent_to_each_of_its_labels() {
    let clinician = person(Role::Clinician);
    let see = |labels, rules: Vec<ConsentRule>| {
        let facts = Arranged { consents: rules, ..Arranged::default() };
        ask(&clinician, Action::Read, &target(ResourceType::Condition, Some("a"), labels), &facts)
    };
    let permit = |covers| rule(Effect::Permit, Grantee::Clinic, covers);
    let mental = Sensitivity::MENTAL_HEALTH;
    let both = mental.and(Sensitivity::SUBSTANCE_USE);
    assert_eq!(see(mental, vec![]), Err(Denied::NotVisible));
    assert_eq!(see(mental, vec![permit(Covers::Unnamed)]), Err(Denied::NotVisible));
    assert_eq!(see(Sensitivity::RESTRICTED, vec![permit(Covers::Unnamed)]), Ok(Basis::Consent));
    assert_eq!(see(mental, vec![permit(Covers::Labels(mental))]), Ok(Basis::Consent));
    assert_eq!(see(both, vec![permit(Covers::Labels(mental))]), Err(Denied::NotVisible));
    let substance = permit(Covers::Labels(Sensitivity::SUBSTANCE_USE));
    assert_eq!(see(both, vec![permit(Covers::Labels(mental)), substance]), Ok(Basis::Consent));
    let of_another = ConsentRule { patient: id("b"), ..permit(Covers::Labels(mental)) };
    assert_eq!(see(mental, vec![of_another]), Err(Denied::NotVisible));
    let ended = ConsentRule { until: Some(now()), ..permit(Covers::Labels(mental)) };
    assert_eq!(see(mental, vec![ended]), Err(Denied::NotVisible));
    let to_come = ConsentRule { from: Some(at(1001)), ..permit(Covers::Labels(mental)) };
    assert_eq!(see(mental, vec![to_come]), Err(Denied::NotVisible));
    let to_nurses = rule(Effect::Permit, Grantee::Role(Role::Nurse), Covers::Labels(mental));
    assert_eq!(see(mental, vec![to_nurses]), Err(Denied::NotVisible));
    let to_me = rule(Effect::Permit, Grantee::Person(link(Role::Clinician)), Covers::Labels(mental));
    assert_eq!(see(mental, vec![to_me]), Ok(Basis::Consent));
}

#[test]
fn a_refusal_hides_what_it_names_and_stands_above_a_permission() {
    let mental = Sensitivity::MENTAL_HEALTH;
    let not_me = rule(Effect::Deny, Grantee::Person(link(Role::Clinician)), Covers::Unnamed);
    let permit = rule(Effect::Permit, Grantee::Clinic, Covers::Labels(mental));
    let deny = rule(Effect::Deny, Grantee::Clinic, Covers::Labels(mental));
    let facts = Arranged { consents: vec![not_me, permit.clone()], ..Arranged::default() };
    assert_eq!(reads(&person(Role::Clinician), ResourceType::Condition, "a", &facts), Err(Denied::NotVisible));
    assert_eq!(reads(&person(Role::Clinician), ResourceType::Patient, "a", &facts), Ok(Basis::Directory));
    assert_eq!(reads(&person(Role::Clinician), ResourceType::Condition, "b", &facts), Ok(Basis::InCare));
    assert_eq!(reads(&person(Role::Patient), ResourceType::Condition, "a", &facts), Ok(Basis::Own));
    let facts = Arranged { consents: vec![permit, deny], ..Arranged::default() };
    let sealed = target(ResourceType::Condition, Some("a"), mental);
    assert_eq!(ask(&person(Role::Clinician), Action::Read, &sealed, &facts), Err(Denied::NotVisible));
    assert_eq!(reads(&person(Role::Clinician), ResourceType::Condition, "a", &facts), Ok(Basis::InCare));
}

#[test]
fn what_is_confided_is_opened_to_nobody_else_of_the_clinic_by_a_consent_nor_in_an_emergency() {
    let confided = Sensitivity::NORMAL.confided();
    let own = confided.and(Sensitivity::RESTRICTED);
    let task = |labels| target(ResourceType::Task, Some("a"), labels);
    let permit = |covers| rule(Effect::Permit, Grantee::Clinic, covers);
    let named = rule(Effect::Permit, Grantee::Person(link(Role::Clinician)), Covers::Labels(Sensitivity::ALL));
    let grant = ProxyGrant { patient: id("a"), extent: ProxyExtent::Full, from: None, until: None };
    let emergency = BreakGlass { patient: id("a"), reason: "r".into(), since: at(0), until: at(2000) };
    let share = ShareGrant { patient: id("a"), types: ShareTypes::These(vec![ResourceType::Task]), until: at(2000) };
    let facts = Arranged {
        proxies: vec![grant],
        consents: vec![permit(Covers::Unnamed), permit(Covers::Labels(Sensitivity::ALL)), named],
        emergencies: vec![emergency],
        share: Some(share),
        ..Arranged::default()
    };
    // What else is sealed they see, by the consent and in the emergency.
    assert_eq!(ask(&person(Role::Clinician), Action::Read, &task(Sensitivity::ALL), &facts), Ok(Basis::Consent));
    let shared = Actor::share_link("s", Listener::Portal, None);
    for who in [person(Role::Clinician), person(Role::Nurse), service("system/*.cruds"), shared] {
        for action in [Action::Read, Action::Search, Action::History, Action::Export, Action::Delete, Action::Patch] {
            for labels in [confided, own] {
                assert!(ask(&who, action, &task(labels), &facts).is_err(), "{who:?} {action:?}");
            }
        }
    }
    let reads = |role, labels| ask(&person(role), Action::Read, &task(labels), &facts);
    assert_eq!(reads(Role::HealthAdmin, own), Ok(Basis::Duty));
    assert_eq!(reads(Role::Patient, own), Ok(Basis::Own));
    assert_eq!(reads(Role::Proxy, confided), Ok(Basis::Proxy));
    assert_eq!(
        reads(Role::Proxy, own),
        Err(Denied::NotVisible),
        "what the patient asked is kept from who acts for them"
    );
    let update = ask(&person(Role::HealthAdmin), Action::Update, &task(confided), &facts);
    assert_eq!(update, Ok(Basis::Duty), "who answers");
    // What is restricted alone, as a request for a restriction is.
    let restricted = Sensitivity::RESTRICTED;
    assert_eq!(reads(Role::Proxy, restricted), Err(Denied::NotVisible));
    assert_eq!(reads(Role::Patient, restricted), Ok(Basis::Own));
    for action in [Action::Read, Action::Search, Action::Update] {
        let answers = ask(&person(Role::HealthAdmin), action, &task(restricted), &Arranged::default());
        assert_eq!(answers, Ok(Basis::Duty), "{action:?}");
    }
}

#[test]
fn a_proxy_goes_as_far_and_as_long_as_the_grant() {
    let granted = |extent, until| Arranged {
        proxies: vec![ProxyGrant { patient: id("a"), extent, from: None, until }],
        ..Arranged::default()
    };
    let proxy = person(Role::Proxy);
    let full = granted(ProxyExtent::Full, Some(at(1001)));
    assert_eq!(reads(&proxy, ResourceType::Condition, "a", &full), Ok(Basis::Proxy));
    assert_eq!(reads(&proxy, ResourceType::Condition, "b", &full), Err(Denied::NotVisible));
    assert_eq!(
        ask(&proxy, Action::Read, &target(ResourceType::Condition, Some("a"), Sensitivity::RESTRICTED), &full),
        Err(Denied::NotVisible)
    );
    let observation = target(ResourceType::Observation, Some("a"), Sensitivity::NORMAL);
    assert_eq!(ask(&proxy, Action::Create, &observation, &full), Ok(Basis::Proxy));
    assert_eq!(ask(&proxy, Action::Withdraw, &observation, &full), Ok(Basis::Proxy));
    assert_eq!(ask(&proxy, Action::Update, &observation, &full), Err(Denied::NeverForRole));
    let ended = granted(ProxyExtent::Full, Some(now()));
    assert_eq!(reads(&proxy, ResourceType::Condition, "a", &ended), Err(Denied::NotVisible));
    let mut later = granted(ProxyExtent::Full, None);
    later.proxies[0].from = Some(at(1001));
    assert_eq!(reads(&proxy, ResourceType::Condition, "a", &later), Err(Denied::NotVisible));
    let view = granted(ProxyExtent::View, None);
    assert_eq!(reads(&proxy, ResourceType::Condition, "a", &view), Ok(Basis::Proxy));
    assert_eq!(ask(&proxy, Action::Create, &observation, &view), Err(Denied::NotVisible));
    assert_eq!(ask(&proxy, Action::Withdraw, &observation, &view), Err(Denied::NotVisible));
    let booking = granted(ProxyExtent::Appointments, None);
    assert_eq!(reads(&proxy, ResourceType::Appointment, "a", &booking), Ok(Basis::ProxyForAppointments));
    assert_eq!(reads(&proxy, ResourceType::Condition, "a", &booking), Err(Denied::NotVisible));
    let consent = target(ResourceType::Consent, Some("a"), Sensitivity::NORMAL);
    assert_eq!(ask(&proxy, Action::Create, &consent, &full), Err(Denied::NeverForRole));

    // A patient who acts for their child is a proxy there, and nobody else meanwhile.
    let parent = person(Role::Patient).acting_for(id("c"));
    let for_child = Arranged {
        proxies: vec![ProxyGrant { patient: id("c"), extent: ProxyExtent::Full, from: None, until: None }],
        ..Arranged::default()
    };
    assert_eq!(reads(&parent, ResourceType::Condition, "c", &for_child), Ok(Basis::Proxy));
    assert_eq!(reads(&parent, ResourceType::Condition, "a", &for_child), Err(Denied::NotVisible));
    assert_eq!(parent.to_ref().on_behalf_of, Some(ResourceRef::parse("Patient/c").unwrap()));
    assert_eq!(person(Role::Clinician).acting_for(id("c")), person(Role::Clinician));
    assert_eq!((parent.acts_for(), person(Role::Patient).acts_for()), (Some(&id("c")), None));
}

#[test]
fn who_looks_after_appointments_sees_nothing_of_health_in_them_nor_beside_them() {
    let extent = ProxyExtent::Appointments;
    let facts = Arranged {
        proxies: vec![ProxyGrant { patient: id("a"), extent, from: None, until: None }],
        ..Arranged::default()
    };
    let proxy = person(Role::Proxy);
    let open = [ResourceType::Patient, ResourceType::Appointment];
    for kind in ResourceType::ALL.iter().copied() {
        let found = reads(&proxy, kind, "a", &facts);
        let about_nobody = Class::of(kind).is_about_nobody();
        let expected = open.contains(&kind) || matches!(Class::of(kind), Class::Person | Class::Booking);
        let another = kind == ResourceType::RelatedPerson;
        assert_eq!(found.is_ok(), expected && !about_nobody && !another, "{kind:?}: {found:?}");
    }
    // Who else acts for the patient is nothing for them; who they are themselves is.
    let of =
        |who: &str| Target { id: Some(id(who)), ..target(ResourceType::RelatedPerson, Some("a"), Sensitivity::NORMAL) };
    let people = authorize_search(&proxy, ResourceType::RelatedPerson, &facts, now()).unwrap();
    for (who, known) in [("r", true), ("x", false)] {
        assert_eq!(ask(&proxy, Action::Read, &of(who), &facts).is_ok(), known, "{who}");
        assert_eq!(people.shows(Some(&id(who)), Some(&id("a")), Sensitivity::NORMAL), known, "{who}");
    }
    let letter = |labels| target(ResourceType::Communication, Some("a"), labels);
    let to_desk = Sensitivity::NORMAL.administrative();
    for action in [Action::Read, Action::Create] {
        assert_eq!(ask(&proxy, action, &letter(Sensitivity::NORMAL), &facts), Err(Denied::NotVisible), "{action:?}");
        assert_eq!(ask(&proxy, action, &letter(to_desk), &facts), Ok(Basis::ProxyForAppointments), "{action:?}");
    }
    let scope = authorize_search(&proxy, ResourceType::Appointment, &facts, now()).unwrap();
    let cut = scope.cut(Some(&id("a")), Sensitivity::NORMAL);
    for element in ["reasonCode", "description", "comment", "patientInstruction", "extension"] {
        assert!(cut.elements().contains(&element), "{element}");
    }
    assert!(scope.hides_parameter("reason-code") && !scope.hides_parameter("date"));
    let whole = Arranged {
        proxies: vec![ProxyGrant { patient: id("a"), extent: ProxyExtent::View, from: None, until: None }],
        ..Arranged::default()
    };
    let scope = authorize_search(&proxy, ResourceType::Appointment, &whole, now()).unwrap();
    assert!(!scope.hides_parameter("reason-code"));
}

#[test]
fn a_copy_that_the_box_makes_holds_what_the_patient_sees() {
    let copying = Actor::copying(id("a"), None);
    let facts = Arranged::default();
    for kind in ResourceType::ALL.iter().copied() {
        for labels in [Sensitivity::NORMAL, Sensitivity::INFECTION, Sensitivity::NORMAL.with_hold(Hold::FromPatient)] {
            let target = target(kind, Some("a"), labels);
            let patient = ask(&person(Role::Patient), Action::Read, &target, &facts);
            assert_eq!(ask(&copying, Action::Read, &target, &facts), patient, "{kind:?} {labels:?}");
            assert!(ask(&copying, Action::Create, &target, &facts).is_err(), "{kind:?}");
        }
        assert!(reads(&copying, kind, "b", &facts).is_err(), "{kind:?}");
    }
    let of_patient = |actor: &Actor| {
        let scope = authorize_search(actor, ResourceType::Practitioner, &facts, now()).unwrap();
        scope.cut(None, Sensitivity::NORMAL)
    };
    assert_eq!(of_patient(&copying), of_patient(&person(Role::Patient)));
}

#[test]
fn a_copy_that_the_box_makes_for_who_acts_for_a_patient_holds_what_they_see() {
    let acting = ResourceRef::parse("RelatedPerson/r").unwrap();
    let copying = Actor::copying(id("a"), Some(acting));
    let let_act = |extent| Arranged {
        proxies: vec![ProxyGrant { patient: id("a"), extent, from: None, until: None }],
        ..Arranged::default()
    };
    let facts = let_act(ProxyExtent::View);
    for kind in ResourceType::ALL.iter().copied() {
        for labels in [Sensitivity::NORMAL, Sensitivity::INFECTION, Sensitivity::RESTRICTED] {
            let target = target(kind, Some("a"), labels);
            let proxy = ask(&person(Role::Proxy), Action::Read, &target, &facts);
            assert_eq!(ask(&copying, Action::Read, &target, &facts), proxy, "{kind:?} {labels:?}");
            assert!(ask(&copying, Action::Create, &target, &let_act(ProxyExtent::Full)).is_err(), "{kind:?}");
        }
        assert!(reads(&copying, kind, "b", &facts).is_err(), "{kind:?}");
    }
    assert!(reads(&copying, ResourceType::Observation, "a", &facts).is_ok());
    assert!(reads(&copying, ResourceType::Observation, "a", &Arranged::default()).is_err(), "it has ended");
}

#[test]
fn only_a_doctor_signs_and_lets_go() {
    for kind in [ResourceType::Composition, ResourceType::DiagnosticReport] {
        for role in Role::ALL {
            let may = |action| rights_of(role, kind).actions.contains(action);
            assert_eq!((may(Action::Sign), may(Action::Release)), (role == Role::Clinician, role == Role::Clinician));
        }
    }
}

#[test]
fn a_share_link_shows_its_patient_its_types_and_no_more() {
    let link = Actor::share_link("s1", Listener::Portal, None);
    let shared =
        |types, until| Arranged { share: Some(ShareGrant { patient: id("a"), types, until }), ..Arranged::default() };
    let record = shared(ShareTypes::Record, at(1001));
    assert_eq!(reads(&link, ResourceType::Condition, "a", &record), Ok(Basis::ShareLink));
    assert_eq!(reads(&link, ResourceType::Condition, "b", &record), Err(Denied::NotVisible));
    assert_eq!(reads(&link, ResourceType::AuditEvent, "a", &record), Err(Denied::NeverForRole));
    let condition = target(ResourceType::Condition, Some("a"), Sensitivity::NORMAL);
    assert_eq!(ask(&link, Action::Update, &condition, &record), Err(Denied::NeverForRole));
    let one = shared(ShareTypes::These(vec![ResourceType::Immunization]), at(1001));
    assert_eq!(reads(&link, ResourceType::Condition, "a", &one), Err(Denied::NeverForRole));
    assert_eq!(reads(&link, ResourceType::Immunization, "a", &one), Ok(Basis::ShareLink));
    let ended = shared(ShareTypes::Record, now());
    assert_eq!(reads(&link, ResourceType::Condition, "a", &ended), Err(Denied::NotSignedIn));
    assert_eq!(reads(&link, ResourceType::Condition, "a", &Arranged::default()), Err(Denied::NotSignedIn));
}

#[test]
fn a_service_has_its_scopes_and_never_the_access_log_or_what_is_sealed() {
    let facts = Arranged::default();
    let reader = service("system/Observation.rs");
    assert_eq!(reads(&reader, ResourceType::Observation, "a", &facts), Ok(Basis::Service));
    assert_eq!(reads(&reader, ResourceType::Condition, "a", &facts), Err(Denied::NeverForRole));
    let all = service("system/*.cruds");
    let log = target(ResourceType::AuditEvent, Some("a"), Sensitivity::NORMAL);
    assert_eq!(ask(&all, Action::Read, &log, &facts), Ok(Basis::Service));
    assert_eq!(ask(&all, Action::Create, &log, &facts), Err(Denied::NeverForRole));
    let sealed = target(ResourceType::Condition, Some("a"), Sensitivity::RESTRICTED);
    assert_eq!(ask(&all, Action::Read, &sealed, &facts), Err(Denied::NotVisible));
    assert_eq!(ask(&all, Action::Update, &sealed, &facts), Ok(Basis::Service));
    assert_eq!(ask(&all, Action::Delete, &sealed, &facts), Ok(Basis::Service), "it could empty it as well");
    assert_eq!(ask(&service("system/*.crds"), Action::Delete, &sealed, &facts), Err(Denied::NotVisible));
    let permission = target(ResourceType::Consent, Some("a"), Sensitivity::RESTRICTED.confided());
    assert_eq!(ask(&all, Action::Delete, &permission, &facts), Ok(Basis::Service));
    assert_eq!(reads(&service("user/*.rs"), ResourceType::Observation, "a", &facts), Err(Denied::NeverForRole));
}

#[test]
fn a_session_is_an_actor_only_where_and_when_it_is_good() {
    let row = account(AccountKind::Person(Role::Patient));
    let ambient = crate::base::Ambient::new(crate::base::ManualClock::at(now()), crate::base::SeededRandom::new(4));
    let open = SessionState::Open(Assurance::Password);
    let session = SessionRow::new(row.id, Listener::Portal, open, &ambient);
    let of = |session: &SessionRow, row: &AccountRow, listener| Actor::from_session(session, row, listener, None);
    let actor = of(&session, &row, Listener::Portal);
    assert_eq!((actor.role(), actor.session()), (Some(Role::Patient), Some(session.id)));
    let is_nobody = |actor: Actor| *actor.who() == Who::Anonymous;
    assert!(is_nobody(of(&session, &row, Listener::Clinic)));
    let disabled = AccountRow { state: AccountState::Disabled, ..row.clone() };
    assert!(is_nobody(of(&session, &disabled, Listener::Portal)));
    let another = AccountRow { id: AccountId::from_bytes([8; 16]), ..row.clone() };
    assert!(is_nobody(of(&session, &another, Listener::Portal)));
    let staff = AccountRow { kind: AccountKind::Person(Role::Nurse), ..row.clone() };
    assert!(is_nobody(of(&session, &staff, Listener::Portal)));
    for state in [SessionState::PendingSecondFactor, SessionState::PendingNewPassword(Assurance::Password)] {
        let pending = SessionRow::new(row.id, Listener::Portal, state, &ambient);
        assert!(is_nobody(of(&pending, &row, Listener::Portal)));
    }
}

fn kinds() -> impl Strategy<Value = ResourceType> {
    proptest::sample::select(ResourceType::ALL)
}

fn actions() -> impl Strategy<Value = Action> {
    proptest::sample::select(&Action::ALL[..])
}

fn patients() -> impl Strategy<Value = FhirId> {
    proptest::sample::select(vec![id("a"), id("b"), id("c")])
}

fn labels() -> impl Strategy<Value = Sensitivity> {
    let byte = prop_oneof![3 => Just(0), 2 => (0_u32..8).prop_map(|bit| 1 << bit), 1 => any::<u8>()];
    let hold = prop_oneof![4 => Just(Hold::No), 1 => Just(Hold::FromPatient)];
    let confided = prop_oneof![6 => Just(Sensitivity::NORMAL), 1 => Just(Sensitivity::NORMAL.confided())];
    (byte, hold, confided).prop_map(|(byte, hold, confided)| Sensitivity::from_byte(byte).with_hold(hold).and(confided))
}

fn targets() -> impl Strategy<Value = Target> {
    (kinds(), proptest::option::weighted(0.9, patients()), labels()).prop_map(|(kind, patient, sensitivity)| Target {
        kind,
        id: None,
        patient,
        sensitivity,
    })
}

fn moments() -> impl Strategy<Value = Timestamp> {
    (998_i64..1003).prop_map(at)
}

fn grantees() -> impl Strategy<Value = Grantee> {
    prop_oneof![
        Just(Grantee::Clinic),
        proptest::sample::select(&Role::ALL[..]).prop_map(Grantee::Role),
        Just(Grantee::Person(link(Role::Clinician))),
        Just(Grantee::Proxies),
    ]
}

fn rules() -> impl Strategy<Value = ConsentRule> {
    let effect = prop_oneof![2 => Just(Effect::Permit), 1 => Just(Effect::Deny)];
    let covers = prop_oneof![Just(Covers::Unnamed), labels().prop_map(Covers::Labels)];
    let moment = || proptest::option::of(moments());
    (patients(), effect, grantees(), covers, moment(), moment())
        .prop_map(|(patient, effect, to, covers, from, until)| ConsentRule { patient, effect, to, covers, from, until })
}

fn facts() -> impl Strategy<Value = Arranged> {
    let reach = prop_oneof![Just(Reach::Clinic), Just(Reach::CareTeam)];
    let extent = prop_oneof![Just(ProxyExtent::Full), Just(ProxyExtent::View), Just(ProxyExtent::Appointments)];
    let proxy = (patients(), extent, proptest::option::of(moments())).prop_map(|(patient, extent, until)| ProxyGrant {
        patient,
        extent,
        from: None,
        until,
    });
    let types = prop_oneof![Just(ShareTypes::Record), vec(kinds(), 0..4).prop_map(ShareTypes::These)];
    let share = (patients(), types, moments()).prop_map(|(patient, types, until)| ShareGrant { patient, types, until });
    let emergency = (patients(), moments(), moments()).prop_map(|(patient, since, until)| BreakGlass {
        patient,
        reason: "r".into(),
        since,
        until,
    });
    let share = proptest::option::of(share);
    (reach, btree_set(patients(), 0..3), vec(proxy, 0..3), share, vec(rules(), 0..5), vec(emergency, 0..2)).prop_map(
        |(reach, in_care, proxies, share, consents, emergencies)| Arranged {
            reach,
            in_care,
            proxies,
            share,
            consents,
            emergencies,
        },
    )
}

fn everybody() -> Vec<Actor> {
    let mut all: Vec<Actor> = Role::ALL.into_iter().map(person).collect();
    all.extend(["system/*.cruds", "system/Condition.rs", "user/*.rs"].map(service));
    all.push(person(Role::Patient).acting_for(id("b")));
    all.push(Actor::share_link("s", Listener::Portal, None));
    all.push(Actor::system("test"));
    all.push(Actor::anonymous(Listener::Clinic, None));
    all
}

fn actors() -> impl Strategy<Value = Actor> {
    proptest::sample::select(everybody())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn a_patient_never_gets_another_patient(action in actions(), target in targets(), facts in facts()) {
        if let Ok(basis) = ask(&person(Role::Patient), action, &target, &facts) {
            match target.patient {
                Some(patient) => prop_assert_eq!((patient, basis), (id("a"), Basis::Own)),
                None => prop_assert_eq!(basis, Basis::AboutNobody),
            }
        }
    }

    #[test]
    fn an_operator_never_gets_anything_of_a_patient(action in actions(), target in targets(), facts in facts()) {
        if ask(&person(Role::Operator), action, &target, &facts).is_ok() {
            prop_assert!(target.patient.is_none() && Class::of(target.kind).is_about_nobody());
        }
    }

    #[test]
    fn reception_and_health_administrators_never_get_clinical_content(
        action in actions(), target in targets(), facts in facts(),
    ) {
        for role in [Role::Reception, Role::HealthAdmin] {
            if ask(&person(role), action, &target, &facts).is_ok() {
                prop_assert!(!CLINICAL.contains(&Class::of(target.kind)));
            }
        }
    }

    #[test]
    fn what_is_sealed_is_seen_by_the_patient_by_consent_in_an_emergency_or_not_at_all(
        actor in actors(), target in targets(), facts in facts(),
    ) {
        let Ok(basis) = ask(&actor, Action::Read, &target, &facts) else { return Ok(()) };
        if target.sensitivity.is_sealed() {
            let known = [Basis::Own, Basis::Consent, Basis::BreakGlass, Basis::System];
            let minds = basis == Basis::Duty && actor.role() == Some(Role::HealthAdmin);
            let directory = basis == Basis::Directory && target.kind == ResourceType::Patient;
            prop_assert!(known.contains(&basis) || minds || directory, "{:?}", basis);
        }
    }

    #[test]
    fn what_is_confided_is_known_to_the_patients_side_the_health_administrator_and_the_box_alone(
        actor in actors(), action in actions(), target in targets(), facts in facts(),
    ) {
        let confided = Target { sensitivity: target.sensitivity.confided(), ..target.clone() };
        let Ok(basis) = ask(&actor, action, &confided, &facts) else { return Ok(()) };
        let takes_back = action == Action::Delete && Class::of(target.kind) == Class::Permission;
        let brings = matches!(actor.who(), Who::Service { .. })
            && (matches!(action, Action::Create | Action::Update) || takes_back);
        let directory = basis == Basis::Directory && target.kind == ResourceType::Patient;
        let theirs = matches!(actor.who(), Who::ProxyFor { .. } | Who::System { .. })
            || matches!(actor.role(), Some(Role::Patient | Role::Proxy | Role::HealthAdmin));
        prop_assert!(theirs || brings || directory, "{:?} {:?}", actor, basis);
    }

    #[test]
    fn what_is_held_never_reaches_the_patients_side_and_takes_nothing_from_the_clinic(
        actor in actors(), action in actions(), target in targets(), facts in facts(),
    ) {
        let held = Target { sensitivity: target.sensitivity.with_hold(Hold::FromPatient), ..target.clone() };
        let open = Target { sensitivity: target.sensitivity.with_hold(Hold::No), ..target };
        let patients_side = matches!(actor.who(), Who::ProxyFor { .. } | Who::ShareLink { .. })
            || matches!(actor.role(), Some(Role::Patient | Role::Proxy));
        if patients_side {
            prop_assert!(ask(&actor, action, &held, &facts).is_err());
        } else {
            prop_assert_eq!(ask(&actor, action, &held, &facts), ask(&actor, action, &open, &facts));
        }
    }

    #[test]
    fn a_search_shows_exactly_what_asking_one_by_one_allows(
        actor in actors(), target in targets(), facts in facts(),
    ) {
        let one = ask(&actor, Action::Search, &target, &facts);
        match authorize_search(&actor, target.kind, &facts, now()) {
            Ok(scope) => {
                let (patient, labels) = (target.patient.as_ref(), target.sensitivity);
                let shown = scope.shows(target.id.as_ref(), patient, labels);
                prop_assert_eq!(shown, one.is_ok());
                prop_assert!(scope.allows(patient, labels) || !shown);
                prop_assert_eq!(scope.basis(patient, labels).filter(|_| shown), one.ok());
                if let (Some(only), true) = (scope.patient(), one.is_ok()) {
                    prop_assert_eq!(target.patient.as_ref(), Some(only));
                }
            }
            Err(denied) => prop_assert_eq!(one, Err(denied)),
        }
    }

    #[test]
    fn whether_a_role_may_ever_do_it_does_not_depend_on_the_target(
        actor in actors(), action in actions(), one in targets(), other in targets(), facts in facts(),
    ) {
        let other = Target { kind: one.kind, ..other };
        let never = |target: &Target| match ask(&actor, action, target, &facts) {
            Err(denied @ (Denied::NeverForRole | Denied::NotSignedIn)) => Some(denied),
            _ => None,
        };
        prop_assert_eq!(never(&one), never(&other));
    }

    #[test]
    fn what_has_ended_or_not_begun_counts_for_nothing(
        actor in actors(), action in actions(), target in targets(), facts in facts(),
    ) {
        let open = |until: Option<Timestamp>| until.is_none_or(|until| now() < until);
        let mut swept = facts.clone();
        swept.proxies.retain(|grant| open(grant.until));
        swept.share = swept.share.filter(|grant| open(Some(grant.until)));
        swept.consents.retain(|rule| open(rule.until) && rule.from.is_none_or(|from| from <= now()));
        swept.emergencies.retain(|one| one.since <= now() && open(Some(one.until)));
        prop_assert_eq!(ask(&actor, action, &target, &facts), ask(&actor, action, &target, &swept));
    }

    #[test]
    fn a_token_of_a_person_narrows_and_never_widens(
        role in proptest::sample::select(&Role::ALL[..]), action in actions(), target in targets(), facts in facts(),
    ) {
        let row = account(AccountKind::Person(role));
        for scope in ["user/*.cruds", "user/Observation.rs", "patient/*.rs", "system/*.cruds", "nonsense"] {
            let token = Actor::from_token(&row, &[scope.into()], Listener::Clinic, None);
            if let Ok(basis) = ask(&token, action, &target, &facts) {
                prop_assert_eq!(ask(&person(role), action, &target, &facts), Ok(basis));
                prop_assert!(scope != "nonsense" && !scope.starts_with("system"));
            }
        }
    }

    #[test]
    fn nobody_who_is_not_signed_in_gets_anything(action in actions(), target in targets(), facts in facts()) {
        let nobody = Actor::anonymous(Listener::Clinic, None);
        prop_assert_eq!(ask(&nobody, action, &target, &facts), Err(Denied::NotSignedIn));
    }
}
