//! Signing in and everything around it, on the store in memory, with a clock that tests move.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::audit::{self, Action, Outcome};
use crate::base::{ManualClock, ResourceRef, Role, Secret, SeededRandom};
use crate::store::{DiskRoom, Store};

const GOOD: &str = "walnut gravel teapot onyx";
const BETTER: &str = "lantern pebble custard orbit";

struct House {
    identity: Identity,
    clock: ManualClock,
    /// What the disk has room for.
    room: Arc<std::sync::RwLock<DiskRoom>>,
}

fn house() -> House {
    house_with(Settings::default())
}

fn house_with(settings: Settings) -> House {
    let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
    let (store, room) = Store::in_memory_with_room();
    let audit = Audit::new(store, Ambient::new(clock.clone(), SeededRandom::new(11)));
    House { identity: Identity::new(audit, MacKey::new(Secret::new([5; 32])), settings), clock, room }
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.into())
}

fn by() -> By {
    By::system("test")
}

fn new(user_name: &str, role: Role) -> NewAccount {
    NewAccount {
        user_name: user_name.into(),
        display_name: "Somebody".into(),
        kind: AccountKind::Person(role),
        person: None,
        password: FirstPassword::Own(secret(GOOD)),
    }
}

fn attempt(user_name: &str, password: &str) -> SignIn {
    SignIn {
        user_name: user_name.into(),
        password: secret(password),
        listener: Listener::Clinic,
        origin: Some("192.0.2.7".parse().unwrap()),
        user_agent: None,
        replaces: None,
    }
}

impl House {
    async fn add(&self, user_name: &str, role: Role) -> AccountRow {
        self.identity.create_account(new(user_name, role), by()).await.unwrap()
    }

    async fn enter(&self, user_name: &str) -> SignedIn {
        self.identity.sign_in(attempt(user_name, GOOD)).await.unwrap()
    }

    fn knows(&self, signed_in: &SignedIn, listener: Listener) -> bool {
        let read = self.identity.read().unwrap();
        self.identity.session(&read, signed_in.secret.expose(), listener).unwrap().is_some()
    }

    /// What the access log says, oldest first.
    fn log(&self) -> Vec<(Action, Outcome)> {
        let read = self.identity.read().unwrap();
        let page = audit::entries(&read, &audit::Filter::default(), 1000).unwrap();
        page.lines.iter().rev().map(|line| (line.entry.action, line.entry.outcome)).collect()
    }
}

#[tokio::test]
async fn the_right_password_opens_a_session_and_both_are_in_the_log() {
    let house = house();
    house.add("Anna", Role::Clinician).await;
    assert!(matches!(house.identity.sign_in(attempt("anna", "wrong")).await, Err(IdentityError::NotRight)));
    let signed_in = house.enter("ANNA").await;
    assert_eq!(signed_in.session.state, SessionState::Open(Assurance::Password));
    assert!(house.knows(&signed_in, Listener::Clinic));
    assert!(!house.knows(&signed_in, Listener::Portal), "a cookie is sent to every port");
}

#[tokio::test]
async fn an_account_that_is_absent_disabled_or_elsewhere_answers_like_a_wrong_password() {
    let house = house();
    let disabled = house.add("disabled", Role::Nurse).await;
    house.identity.disable(disabled.id, by()).await.unwrap();
    house.add("nurse", Role::Nurse).await;
    let service = NewAccount { kind: AccountKind::Service, password: FirstPassword::None, ..new("lab", Role::Nurse) };
    house.identity.create_account(service, by()).await.unwrap();
    let staff_at_portal = SignIn { listener: Listener::Portal, ..attempt("nurse", GOOD) };
    for attempt in [attempt("nobody", GOOD), attempt("disabled", GOOD), attempt("lab", ""), staff_at_portal] {
        let error = house.identity.sign_in(attempt).await.unwrap_err();
        assert!(matches!(error, IdentityError::NotRight), "{error}");
    }
}

#[tokio::test]
async fn five_failures_make_wait_whether_or_not_the_account_exists() {
    let house = house();
    house.add("anna", Role::Clinician).await;
    for name in ["anna", "nobody"] {
        for _ in 0..5 {
            let error = house.identity.sign_in(attempt(name, "wrong")).await.unwrap_err();
            assert!(matches!(error, IdentityError::NotRight));
        }
        // Even the right password waits: or trying it would be a way to guess on.
        let error = house.identity.sign_in(attempt(&name.to_uppercase(), GOOD)).await.unwrap_err();
        let IdentityError::Wait { until } = error else { panic!("{error}") };
        assert_eq!(until, after(house.identity.now(), Duration::from_secs(30)));
    }
    house.clock.advance(Duration::from_secs(30));
    assert!(matches!(house.identity.sign_in(attempt("anna", "wrong")).await, Err(IdentityError::NotRight)));
    let error = house.identity.sign_in(attempt("anna", GOOD)).await.unwrap_err();
    assert!(
        matches!(error, IdentityError::Wait { until } if until == after(house.identity.now(), Duration::from_secs(60)))
    );
    house.clock.advance(Duration::from_secs(60));
    house.enter("anna").await;
    // A success forgets: five more are free.
    assert!(matches!(house.identity.sign_in(attempt("anna", "wrong")).await, Err(IdentityError::NotRight)));
    house.enter("anna").await;
}

#[tokio::test]
async fn guessing_at_many_accounts_from_one_address_makes_the_address_wait() {
    let house = house();
    house.add("anna", Role::Clinician).await;
    for n in 0..25 {
        let error = house.identity.sign_in(attempt(&format!("name{n}"), "wrong")).await.unwrap_err();
        assert!(matches!(error, IdentityError::NotRight), "{n}");
    }
    assert!(matches!(house.identity.sign_in(attempt("anna", GOOD)).await, Err(IdentityError::Wait { .. })));
    let elsewhere: Option<IpAddr> = Some("192.0.2.8".parse().unwrap());
    house.identity.sign_in(SignIn { origin: elsewhere, ..attempt("anna", GOOD) }).await.unwrap();
    assert!(matches!(house.identity.sign_in(attempt("anna", GOOD)).await, Err(IdentityError::Wait { .. })));
}

#[tokio::test]
async fn guesses_made_at_once_are_not_more_than_guesses_in_a_row() {
    let house = house();
    house.add("anna", Role::Clinician).await;
    let guesses: Vec<_> = (0..12)
        .map(|_| {
            let identity = house.identity.clone();
            tokio::spawn(async move { identity.sign_in(attempt("anna", "wrong")).await.map(drop) })
        })
        .collect();
    let mut heard = 0;
    for guess in guesses {
        heard += i32::from(matches!(guess.await.unwrap(), Err(IdentityError::NotRight)));
    }
    // Two are checked at once, so that one may have begun while another failed for the fifth time.
    assert!((5..=6).contains(&heard), "{heard}");
}

#[tokio::test]
async fn a_session_ends_when_idle_when_old_and_when_ended() {
    let house = house();
    let anna = house.add("anna", Role::Clinician).await;
    let idle = house.enter("anna").await;
    house.clock.advance(Duration::from_secs(15 * 60 - 1));
    assert!(house.knows(&idle, Listener::Clinic));
    house.clock.advance(Duration::from_secs(1));
    assert!(!house.knows(&idle, Listener::Clinic));

    let busy = house.enter("anna").await;
    for _ in 0..71 {
        house.clock.advance(Duration::from_secs(600));
        let read = house.identity.read().unwrap();
        let (row, _) = house.identity.session(&read, busy.secret.expose(), Listener::Clinic).unwrap().unwrap();
        house.identity.note_use(busy.secret.expose(), &row).await.unwrap();
    }
    assert!(house.knows(&busy, Listener::Clinic));
    house.clock.advance(Duration::from_secs(600));
    assert!(!house.knows(&busy, Listener::Clinic), "twelve hours are the most");

    let (one, two) = (house.enter("anna").await, house.enter("anna").await);
    assert_eq!(house.identity.sessions_of(&anna).unwrap().len(), 2);
    house.identity.end_session(anna.id, one.session.id, by()).await.unwrap();
    assert!(!house.knows(&one, Listener::Clinic) && house.knows(&two, Listener::Clinic));
    assert!(matches!(house.identity.end_session(anna.id, one.session.id, by()).await, Err(IdentityError::NoSession)));
    house.identity.sign_out(two.secret.expose(), by()).await.unwrap();
    assert!(!house.knows(&two, Listener::Clinic));
    house.identity.sign_out(two.secret.expose(), by()).await.unwrap();
}

#[tokio::test]
async fn last_use_is_written_at_most_once_a_minute() {
    let house = house();
    house.add("anna", Role::Clinician).await;
    let signed_in = house.enter("anna").await;
    let text = signed_in.secret.expose();
    let last = || {
        let read = house.identity.read().unwrap();
        house.identity.session(&read, text, Listener::Clinic).unwrap().unwrap().0
    };
    house.clock.advance(Duration::from_secs(59));
    house.identity.note_use(text, &last()).await.unwrap();
    assert_eq!(last().last_used, signed_in.session.last_used);
    house.clock.advance(Duration::from_secs(1));
    house.identity.note_use(text, &last()).await.unwrap();
    assert_eq!(last().last_used, house.identity.now());
}

#[tokio::test]
async fn signing_in_rotates_the_session_of_the_same_browser() {
    let house = house();
    house.add("anna", Role::Clinician).await;
    let before = house.enter("anna").await;
    let again = SignIn { replaces: Some(before.secret.clone()), ..attempt("anna", GOOD) };
    let after = house.identity.sign_in(again).await.unwrap();
    assert_ne!(before.secret.expose(), after.secret.expose());
    assert!(!house.knows(&before, Listener::Clinic) && house.knows(&after, Listener::Clinic));
}

#[tokio::test]
async fn a_password_that_was_reset_opens_nothing_but_its_own_change() {
    let house = house();
    let anna = house.add("anna", Role::Clinician).await;
    let open = house.enter("anna").await;
    let temporary = house.identity.reset_password(anna.id, by()).await.unwrap();
    assert!(!house.knows(&open, Listener::Clinic));
    assert!(matches!(house.identity.sign_in(attempt("anna", GOOD)).await, Err(IdentityError::NotRight)));
    let signed_in = house.identity.sign_in(attempt("anna", temporary.expose())).await.unwrap();
    assert_eq!(signed_in.session.state.assurance(), None);

    let place = SignInPlace { listener: Listener::Clinic, origin: None, user_agent: None };
    let change = async |proof, new: &str| {
        house.identity.change_password(&signed_in.secret, proof, secret(new), place.clone()).await
    };
    let error = change(PasswordProof::MustChange, "password1234").await.unwrap_err();
    assert!(matches!(error, IdentityError::Weak(_)));
    let error = change(PasswordProof::MustChange, temporary.expose()).await.unwrap_err();
    assert!(matches!(error, IdentityError::SamePassword));
    let changed = change(PasswordProof::MustChange, BETTER).await.unwrap();
    assert_eq!(changed.session.state, SessionState::Open(Assurance::Password));
    assert!(!house.knows(&signed_in, Listener::Clinic) && house.knows(&changed, Listener::Clinic));
    house.identity.sign_in(attempt("anna", BETTER)).await.unwrap();
}

#[tokio::test]
async fn changing_ones_password_takes_the_current_one() {
    let house = house();
    house.add("anna", Role::Clinician).await;
    let (here, elsewhere) = (house.enter("anna").await, house.enter("anna").await);
    let place = SignInPlace { listener: Listener::Clinic, origin: None, user_agent: None };
    let change = async |proof| house.identity.change_password(&here.secret, proof, secret(BETTER), place.clone()).await;
    assert!(matches!(change(PasswordProof::MustChange).await, Err(IdentityError::NotRight)));
    let wrong = PasswordProof::Current(secret("wrong"));
    assert!(matches!(change(wrong).await, Err(IdentityError::NotRight)));
    change(PasswordProof::Current(secret(GOOD))).await.unwrap();
    assert!(!house.knows(&elsewhere, Listener::Clinic), "other sessions end");
    assert!(matches!(change(PasswordProof::MustChange).await, Err(IdentityError::NotSignedIn)));
}

#[tokio::test]
async fn weak_passwords_bad_names_and_taken_names_are_refused() {
    let house = house();
    house.add("anna", Role::Clinician).await;
    let make = async |edit: fn(&mut NewAccount)| {
        let mut account = new("bert", Role::Nurse);
        edit(&mut account);
        house.identity.create_account(account, by()).await.map(drop)
    };
    let weak = make(|new| new.password = FirstPassword::Own(secret("bert-bert-bert"))).await;
    assert!(matches!(weak, Err(IdentityError::Weak(_))));
    assert!(matches!(make(|new| new.user_name = "ANNA".into()).await, Err(IdentityError::NameTaken)));
    assert!(matches!(make(|new| new.user_name = "a b".into()).await, Err(IdentityError::BadUserName)));
    assert!(matches!(make(|new| new.display_name = " ".into()).await, Err(IdentityError::BadDisplayName)));
    assert!(matches!(make(|new| new.password = FirstPassword::None).await, Err(IdentityError::NoPassword)));
    assert!(matches!(make(|new| new.kind = AccountKind::Service).await, Err(IdentityError::IsService)));
    make(|_| ()).await.unwrap();
    assert!(matches!(make(|_| ()).await, Err(IdentityError::NameTaken)));
}

#[tokio::test]
async fn the_last_operator_and_the_last_health_administrator_stay() {
    let house = house();
    let one = house.add("one", Role::Operator).await;
    let error = house.identity.disable(one.id, by()).await.unwrap_err();
    assert!(matches!(error, IdentityError::LastOfRole(Role::Operator)));
    let two = house.add("two", Role::Operator).await;
    house.identity.set_role(one.id, Role::Clinician, by()).await.unwrap();
    assert!(house.identity.set_role(two.id, Role::HealthAdmin, by()).await.is_err());
    house.identity.set_role(one.id, Role::Operator, by()).await.unwrap();
    house.identity.disable(two.id, by()).await.unwrap();
    house.identity.enable(two.id, by()).await.unwrap();
}

#[tokio::test]
async fn a_change_of_role_state_or_person_ends_the_sessions() {
    let house = house();
    let anna = house.add("anna", Role::Clinician).await;
    let person = ResourceRef::parse("Practitioner/p").unwrap();
    let open = house.enter("anna").await;
    house.identity.set_role(anna.id, Role::Nurse, by()).await.unwrap();
    assert!(!house.knows(&open, Listener::Clinic));
    let open = house.enter("anna").await;
    house.identity.link(anna.id, Some(person.clone()), by()).await.unwrap();
    assert!(!house.knows(&open, Listener::Clinic));
    assert_eq!(house.identity.accounts_of_person(&person).unwrap().len(), 1);
    house.identity.link(anna.id, None, by()).await.unwrap();
    assert!(house.identity.accounts_of_person(&person).unwrap().is_empty());
    let open = house.enter("anna").await;
    house.identity.disable(anna.id, by()).await.unwrap();
    house.identity.enable(anna.id, by()).await.unwrap();
    assert!(!house.knows(&open, Listener::Clinic));
}

#[tokio::test]
async fn a_token_is_good_until_it_expires_is_revoked_or_its_account_disabled() {
    let house = house();
    let service = NewAccount { kind: AccountKind::Service, password: FirstPassword::None, ..new("lab", Role::Nurse) };
    let lab = house.identity.create_account(service, by()).await.unwrap();
    let day = Duration::from_secs(86_400);
    let make =
        async || house.identity.create_token(lab.id, vec!["system/Observation.rs".into()], day, by()).await.unwrap();
    let knows = |text: &Secret<String>| {
        let read = house.identity.read().unwrap();
        house.identity.token(&read, text.expose()).unwrap().map(|(token, _)| token.id)
    };
    let (text, token) = make().await;
    assert_eq!(knows(&text), Some(token.id));
    assert_eq!(knows(&secret("chartbox_AAAA")), None);
    assert_eq!(knows(&secret(text.expose().trim_start_matches("chartbox_"))), None);
    house.identity.note_token_use(text.expose(), &token).await.unwrap();
    assert_eq!(house.identity.tokens(None).unwrap()[0].last_used, Some(house.identity.now()));
    house.identity.disable(lab.id, by()).await.unwrap();
    assert_eq!(knows(&text), None);
    house.identity.enable(lab.id, by()).await.unwrap();
    house.clock.advance(day);
    assert_eq!(knows(&text), None);

    let (text, token) = make().await;
    house.identity.revoke_token(token.id, by()).await.unwrap();
    assert_eq!(knows(&text), None);
    assert!(matches!(house.identity.revoke_token(token.id, by()).await, Err(IdentityError::NoToken)));
}

#[tokio::test]
async fn tokens_are_for_services_but_in_a_demo_and_say_what_they_may_do() {
    let house = house();
    let anna = house.add("anna", Role::Clinician).await;
    let service = NewAccount { kind: AccountKind::Service, password: FirstPassword::None, ..new("lab", Role::Nurse) };
    let lab = house.identity.create_account(service, by()).await.unwrap();
    let hour = Duration::from_secs(3600);
    let refused = house.identity.create_token(anna.id, vec![], hour, by()).await;
    assert!(matches!(refused, Err(IdentityError::NotAService)));
    assert!(matches!(house.identity.create_token(lab.id, vec![], hour, by()).await, Err(IdentityError::NoScope)));
    for lifetime in [Duration::from_secs(59), Duration::from_secs(400 * 86_400)] {
        let refused = house.identity.create_token(lab.id, vec!["system/*.rs".into()], lifetime, by()).await;
        assert!(matches!(refused, Err(IdentityError::BadLifetime)));
    }
    let demo = house_with(Settings { token_holders: TokenHolders::Anybody, ..Settings::default() });
    let anna = demo.add("anna", Role::Clinician).await;
    demo.identity.create_token(anna.id, vec![], hour, by()).await.unwrap();
}

fn three() -> [NewAccount; 3] {
    [new("hada", Role::HealthAdmin), new("opal", Role::Operator), new("clio", Role::Clinician)]
}

impl House {
    /// The wizard up to its last page.
    async fn drafted(&self, code: &Secret<String>, accounts: [NewAccount; 3]) -> Secret<String> {
        let draft = self.identity.begin_setup(code, By::anonymous(None)).await.unwrap();
        let faults = self.identity.fill_setup_draft(draft.expose(), accounts).await.unwrap();
        assert!(faults.is_empty(), "{faults:?}");
        draft
    }
}

/// The wizard's last page.
async fn complete(identity: Identity, draft: &Secret<String>) -> Result<Vec<AccountRow>, IdentityError> {
    let clinician = ResourceRef::parse("Practitioner/c1").unwrap();
    let prepared = identity.prepare_setup(draft.expose(), &clinician)?;
    identity.write(move |tx| prepared.write(tx, &By::anonymous(None))).await
}

#[tokio::test]
async fn of_two_browsers_with_the_setup_code_one_wins_and_the_accounts_are_its_own() {
    let house = house();
    assert_eq!(house.identity.setup_state().unwrap(), SetupState::NoCode);
    let old = house.identity.make_setup_code(by()).await.unwrap();
    let late = house.drafted(&old, three()).await;
    let code = house.identity.make_setup_code(by()).await.unwrap();
    assert_eq!(code.expose().len(), 11);
    assert!(matches!(complete(house.identity.clone(), &late).await, Err(IdentityError::WrongCode)));
    let typed = Secret::new(code.expose().to_lowercase().replace('-', " "));
    let mut drafts = Vec::new();
    for prefix in ["l-", "r-"] {
        let accounts = three().map(|one| NewAccount { user_name: format!("{prefix}{}", one.user_name), ..one });
        drafts.push(house.drafted(&typed, accounts).await);
    }
    let race = |draft: Secret<String>| {
        let identity = house.identity.clone();
        tokio::spawn(async move { complete(identity, &draft).await })
    };
    let (left, right) = (race(drafts[0].clone()), race(drafts[1].clone()));
    let results = [left.await.unwrap(), right.await.unwrap()];
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    // Who came second hears it from the writer, or finds the draft gone already.
    assert!(
        results.iter().any(|one| matches!(one, Err(IdentityError::AlreadySetUp | IdentityError::NoDraft))),
        "{results:?}"
    );
    let made = results.into_iter().find_map(Result::ok).unwrap();
    let clinicians: Vec<_> = made.iter().filter(|account| account.person.is_some()).map(AccountRow::role).collect();
    assert_eq!(clinicians, [Some(Role::Clinician)]);
    let there = house.identity.accounts().unwrap();
    assert!(there.len() == 3 && made.iter().all(|account| there.contains(account)), "{there:?}");
    assert_eq!(house.identity.setup_state().unwrap(), SetupState::Done);
    assert!(matches!(house.identity.make_setup_code(by()).await, Err(IdentityError::AlreadySetUp)));
    assert!(matches!(house.identity.begin_setup(&code, by()).await, Err(IdentityError::AlreadySetUp)));
    for draft in &drafts {
        assert_eq!(house.identity.setup_draft(draft.expose()).unwrap(), None);
    }
}

#[tokio::test]
async fn setup_makes_all_three_or_none_and_its_code_cannot_be_guessed() {
    let house = house();
    let code = house.identity.make_setup_code(by()).await.unwrap();
    let [admin, operator, clinician] = three();
    let draft = house.drafted(&code, [admin.clone(), new("hugo", Role::HealthAdmin), clinician.clone()]).await;
    assert!(matches!(complete(house.identity.clone(), &draft).await, Err(IdentityError::SetupRoles)));

    let same = NewAccount { user_name: " HADA".into(), password: FirstPassword::Own(secret("short")), ..operator };
    let faults = house.identity.fill_setup_draft(draft.expose(), [admin, same, clinician]).await.unwrap();
    let wrong: Vec<_> = faults.iter().map(|(at, error)| (*at, matches!(error, IdentityError::Weak(_)))).collect();
    assert_eq!(wrong, [(1, false), (1, true)]);
    assert!(matches!(complete(house.identity.clone(), &draft).await, Err(IdentityError::NoDraft)));

    let draft = house.drafted(&code, three()).await;
    house.add("opal", Role::Nurse).await;
    assert!(matches!(complete(house.identity.clone(), &draft).await, Err(IdentityError::NameTaken)));
    assert_eq!(house.identity.accounts().unwrap().len(), 1);
    assert_eq!(house.identity.setup_state().unwrap(), SetupState::Waiting);
    for _ in 0..5 {
        let wrong = house.identity.begin_setup(&secret("BBBBB-BBBBB"), by()).await;
        assert!(matches!(wrong, Err(IdentityError::WrongCode)));
    }
    assert!(matches!(house.identity.begin_setup(&code, by()).await, Err(IdentityError::Wait { .. })));
    house.clock.advance(Duration::from_secs(30));
    let accounts = three().map(|one| NewAccount { user_name: format!("x{}", one.user_name), ..one });
    let draft = house.drafted(&code, accounts).await;
    complete(house.identity.clone(), &draft).await.unwrap();
}

#[tokio::test]
async fn a_draft_of_the_setup_ends_after_half_an_hour_and_only_so_many_are_kept() {
    let house = house();
    let code = house.identity.make_setup_code(by()).await.unwrap();
    let draft = house.drafted(&code, three()).await;
    let names = |draft: &Secret<String>| {
        let accounts = house.identity.setup_draft(draft.expose()).unwrap();
        accounts.map(|accounts| accounts.iter().map(|one| one.user.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(names(&draft).unwrap(), ["hada", "opal", "clio"]);
    assert_eq!(names(&secret("AAAA")), None);
    house.clock.advance(Duration::from_secs(1799));
    assert!(names(&draft).is_some());
    assert_eq!(house.identity.sweep().await.unwrap(), 0);
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(names(&draft), None);
    assert!(matches!(complete(house.identity.clone(), &draft).await, Err(IdentityError::NoDraft)));
    assert_eq!(house.identity.sweep().await.unwrap(), 1);

    let mut drafts = Vec::new();
    for _ in 0..17 {
        drafts.push(house.identity.begin_setup(&code, by()).await.unwrap());
        house.clock.advance(Duration::from_millis(1));
    }
    let kept: Vec<bool> = drafts.iter().map(|draft| names(draft).is_some()).collect();
    assert_eq!(kept, [vec![false], vec![true; 16]].concat());
}

#[tokio::test]
async fn every_attempt_and_change_is_in_the_access_log() {
    let house = house();
    let anna = house.add("anna", Role::Clinician).await;
    let _ = house.identity.sign_in(attempt("anna", "wrong")).await;
    let signed_in = house.enter("anna").await;
    house.identity.sign_out(signed_in.secret.expose(), by()).await.unwrap();
    house.identity.set_role(anna.id, Role::Nurse, by()).await.unwrap();
    house.identity.reset_password(anna.id, by()).await.unwrap();
    house.identity.end_sessions(anna.id, None, by()).await.unwrap();
    house.identity.disable(anna.id, by()).await.unwrap();
    house.identity.make_setup_code(by()).await.unwrap();
    let expected = [
        (Action::AccountCreate, Outcome::Success),
        (Action::SignIn, Outcome::Denied),
        (Action::SignIn, Outcome::Success),
        (Action::SignOut, Outcome::Success),
        (Action::RoleChange, Outcome::Success),
        (Action::PasswordReset, Outcome::Success),
        (Action::SessionEnd, Outcome::Success),
        (Action::AccountDisable, Outcome::Success),
        (Action::Setup, Outcome::Started),
    ];
    assert_eq!(house.log(), expected);
}

#[tokio::test]
async fn what_has_ended_is_swept_away_and_the_rest_stays() {
    let house = house();
    house.add("anna", Role::Clinician).await;
    let signed_in = house.enter("anna").await;
    let _ = house.identity.sign_in(attempt("nobody", "wrong")).await;
    assert_eq!(house.identity.sweep().await.unwrap(), 0);
    house.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(house.identity.sweep().await.unwrap(), 0, "a form of it may still come");
    assert!(!house.knows(&signed_in, Listener::Clinic));
    let read = house.identity.read().unwrap();
    let ended = house.identity.ended_session(&read, signed_in.secret.expose(), Listener::Clinic).unwrap();
    assert_eq!(ended.unwrap().id, signed_in.session.id);
    assert_eq!(house.identity.ended_session(&read, signed_in.secret.expose(), Listener::Portal).unwrap(), None);
    let token = signed_in.session.form_token(house.identity.ambient());
    let by_form = |token: &str, listener| house.identity.ended_session_of_form(&read, token, listener).unwrap();
    assert_eq!(by_form(&token, Listener::Clinic).map(|session| session.id), Some(signed_in.session.id));
    assert_eq!((by_form(&token, Listener::Portal), by_form("AAAA", Listener::Clinic)), (None, None));
    house.clock.advance(Duration::from_secs(86_400));
    assert_eq!(
        house.identity.sweep().await.unwrap(),
        3,
        "the session, and the throttles of the name and of the address"
    );
    assert_eq!(house.identity.sweep().await.unwrap(), 0);
    house.enter("anna").await;
}

#[tokio::test]
async fn a_session_that_was_ended_opens_nothing_and_is_still_known_by_its_forms() {
    let house = house();
    let anna = house.add("anna", Role::Clinician).await;
    let token = |one: &SignedIn| one.session.form_token(house.identity.ambient());
    let whose = |token: &str| {
        let read = house.identity.read().unwrap();
        house.identity.ended_session_of_form(&read, token, Listener::Clinic).unwrap().map(|session| session.account)
    };
    let first = house.enter("anna").await;
    assert_eq!(whose(&token(&first)), None, "it is open");
    house.identity.sign_out(first.secret.expose(), by()).await.unwrap();
    let second = house.enter("anna").await;
    assert_eq!(house.identity.end_sessions(anna.id, None, by()).await.unwrap(), 1, "the first was ended before");
    for one in [&first, &second] {
        assert!(!house.knows(one, Listener::Clinic));
        assert_eq!(whose(&token(one)), Some(anna.id));
    }
    assert!(house.identity.sessions_of(&anna).unwrap().is_empty());
    house.identity.disable(anna.id, by()).await.unwrap();
    assert_eq!(whose(&token(&first)), None, "a disabled account keeps nothing");
}

#[tokio::test]
async fn on_an_almost_full_disk_people_sign_in_and_out_and_guessing_is_still_slowed() {
    let house = house();
    let anna = house.add("anna", Role::Clinician).await;
    house.add("otto", Role::Operator).await;
    *house.room.write().unwrap() = DiskRoom::KeptForReading;

    let refused = house.identity.create_account(new("late", Role::Nurse), by()).await.unwrap_err();
    assert!(refused.to_string().starts_with("the disk is almost full"), "{refused}");
    let signed_in = house.enter("anna").await;
    house.clock.advance(Duration::from_secs(120));
    house.identity.note_use(signed_in.secret.expose(), &signed_in.session).await.unwrap();
    house.identity.sign_out(signed_in.secret.expose(), by()).await.unwrap();
    assert!(!house.knows(&signed_in, Listener::Clinic));

    for _ in 0..5 {
        assert!(matches!(house.identity.sign_in(attempt("anna", "no")).await, Err(IdentityError::NotRight)));
    }
    assert!(matches!(house.identity.sign_in(attempt("anna", GOOD)).await, Err(IdentityError::Wait { .. })));
    house.identity.disable(anna.id, by()).await.unwrap();
    house.clock.advance(Duration::from_secs(3600));
    house.identity.sweep().await.unwrap();
    assert_eq!(house.log().iter().filter(|(action, _)| *action == Action::SignIn).count(), 6);
}

#[tokio::test]
async fn a_wrong_setup_code_counts_on_an_almost_full_disk_too() {
    let house = house();
    house.identity.make_setup_code(by()).await.unwrap();
    *house.room.write().unwrap() = DiskRoom::KeptForReading;
    for _ in 0..5 {
        let wrong = house.identity.check_setup_code(&secret("AAAAA-AAAAA"), by()).await;
        assert!(matches!(wrong, Err(IdentityError::WrongCode)));
    }
    let waits = house.identity.check_setup_code(&secret("AAAAA-AAAAA"), by()).await;
    assert!(matches!(waits, Err(IdentityError::Wait { .. })));
}

#[tokio::test]
async fn on_a_full_disk_nobody_is_told_whether_a_password_was_right() {
    let house = house();
    house.add("anna", Role::Clinician).await;
    *house.room.write().unwrap() = DiskRoom::Full;
    for password in [GOOD, "no"] {
        let error = house.identity.sign_in(attempt("anna", password)).await.unwrap_err();
        assert!(error.to_string().starts_with("the disk is full"), "{error}");
    }
    *house.room.write().unwrap() = DiskRoom::Plenty;
    house.enter("anna").await;
}

impl House {
    async fn approval(&self, maker: &AccountRow) -> Secret<String> {
        let mut by = by();
        by.actor.account = Some(maker.id);
        self.identity.make_approval(Approves::AuditExport, "asked by the auditor", by).await.unwrap().0
    }

    async fn approved(&self, code: &str) -> Result<Approval, IdentityError> {
        self.identity.use_approval(&secret(code), Approves::AuditExport, by()).await
    }
}

#[tokio::test]
async fn an_approval_is_good_once_however_its_code_is_typed_and_both_are_in_the_log() {
    let house = house();
    let ada = house.add("ada", Role::HealthAdmin).await;
    let code = house.approval(&ada).await;
    assert_eq!(house.identity.open_approvals().unwrap().len(), 1);
    let approval = house.approved(&code.expose().to_lowercase().replace('-', " ")).await.unwrap();
    assert_eq!((approval.by, approval.approves), (ada.id, Approves::AuditExport));
    assert!(matches!(house.approved(code.expose()).await, Err(IdentityError::ApprovalUsed)));
    assert!(house.identity.open_approvals().unwrap().is_empty());
    let said: Vec<_> = house.log().into_iter().skip(1).collect();
    use Action::{ApprovalMade, ApprovalUsed};
    use Outcome::{Denied, Success};
    assert_eq!(said, [(ApprovalMade, Success), (ApprovalUsed, Success), (ApprovalUsed, Denied)]);
}

#[tokio::test]
async fn an_approval_ends_after_a_quarter_of_an_hour_and_with_the_role_of_its_maker() {
    let house = house();
    let ada = house.add("ada", Role::HealthAdmin).await;
    house.add("hugo", Role::HealthAdmin).await;
    let (late, orphan) = (house.approval(&ada).await, house.approval(&ada).await);
    house.identity.disable(ada.id, by()).await.unwrap();
    assert!(matches!(house.approved(orphan.expose()).await, Err(IdentityError::ApprovalEnded)));
    house.identity.enable(ada.id, by()).await.unwrap();
    house.clock.advance(Duration::from_secs(899));
    house.approved(orphan.expose()).await.unwrap();
    house.clock.advance(Duration::from_secs(1));
    assert!(matches!(house.approved(late.expose()).await, Err(IdentityError::ApprovalEnded)));
    assert!(house.identity.open_approvals().unwrap().is_empty());
    assert_eq!(house.identity.sweep().await.unwrap(), 0);
    house.clock.advance(Duration::from_secs(86_400));
    assert_eq!(house.identity.sweep().await.unwrap(), 3, "two approvals, and the throttle of wrong codes");
    assert!(matches!(house.approved(late.expose()).await, Err(IdentityError::WrongApproval)));
}

#[tokio::test]
async fn a_wrong_approval_is_slowed_down() {
    let house = house();
    let ada = house.add("ada", Role::HealthAdmin).await;
    let code = house.approval(&ada).await;
    for _ in 0..5 {
        assert!(matches!(house.approved("BBBBB-BBBBB").await, Err(IdentityError::WrongApproval)));
    }
    assert!(matches!(house.approved(code.expose()).await, Err(IdentityError::Wait { .. })));
    house.clock.advance(Duration::from_secs(30));
    house.approved(code.expose()).await.unwrap();
}
