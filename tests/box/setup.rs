//! From `init` to the first sign-in.

use crate::client::Client;
use crate::process::{Place, printed};

pub const PASSWORDS: [&str; 3] =
    ["velvet tractor monsoon 71", "granite pelican octave 44", "saffron bicycle meadow 58"];

fn fields(users: [&str; 3]) -> Vec<(&'static str, &str)> {
    vec![
        ("healthadmin_name", "Ada Quill"),
        ("healthadmin_user", users[0]),
        ("healthadmin_password", PASSWORDS[0]),
        ("operator_name", "Otto Reed"),
        ("operator_user", users[1]),
        ("operator_password", PASSWORDS[1]),
        ("clinician_name", "Lena Corvin"),
        ("clinician_user", users[2]),
        ("clinician_password", PASSWORDS[2]),
    ]
}

fn walk_to_the_last_page(client: &Client, code: &str, users: [&str; 3]) {
    let answer = client.post("/setup", &[("code", code)]);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/setup/accounts")), "{}", answer.body);
    assert_eq!(client.get("/setup/accounts").status, 200);
    let answer = client.post("/setup/accounts", &fields(users));
    assert_eq!((answer.status, answer.header("location")), (303, Some("/setup/check")), "{}", answer.body);
    let check = client.get("/setup/check");
    assert!(check.body.contains("Lena Corvin") && check.body.contains(users[2]));
    assert!(!check.body.contains(PASSWORDS[2]));
}

/// The accounts `ada`, `otto` and `lena`.
pub fn set_up(client: &Client, code: &str) {
    walk_to_the_last_page(client, code, ["ada", "otto", "lena"]);
    assert_eq!(client.post("/setup/check", &[]).status, 200);
}

pub fn sign_in(client: &Client, user: &str, password: &str) -> u16 {
    client.post("/sign-in", &[("user", user), ("password", password)]).status
}

#[test]
fn the_wizard_makes_three_accounts_once_and_of_two_browsers_one_wins() {
    let place = Place::made(&[]);
    let running = place.serve();
    let (one, two) = (running.client("clinic"), running.client("clinic"));
    assert_eq!(one.get("/").header("location"), Some("/setup"));
    assert_eq!(one.get("/setup/check").header("location"), Some("/setup/accounts"));
    assert_eq!(one.post("/setup", &[("code", "AAAAA-AAAAA")]).status, 422);

    let code = place.setup_code();
    walk_to_the_last_page(&one, &code, ["ada", "otto", "lena"]);
    walk_to_the_last_page(&two, &code, ["ada2", "otto2", "lena2"]);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let racers = [&one, &two].map(|client| scope.spawn(move || client.post("/setup/check", &[]).status));
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert!(statuses == [200, 409] || statuses == [409, 200], "{statuses:?}");
    let (winner, lena) = if statuses[0] == 200 { (&one, "lena") } else { (&two, "lena2") };
    assert_eq!(winner.post("/setup", &[("code", &code)]).status, 409);
    assert_eq!(winner.get("/").header("location"), Some("/sign-in"));

    let list: serde_json::Value =
        serde_json::from_str(&printed(&["user", "list", "--json", "--dir", place.dir()])).unwrap();
    let mut roles: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["role"].as_str().unwrap()).collect();
    roles.sort_unstable();
    assert_eq!(roles, ["clinician", "healthadmin", "operator"]);
    let clinician = list.as_array().unwrap().iter().find(|one| one["role"] == "clinician").unwrap();
    assert!(clinician["person"].as_str().unwrap().starts_with("Practitioner/"));
    assert_eq!(sign_in(winner, lena, PASSWORDS[2]), 303);
    assert_eq!(winner.get("/").header("location"), Some("/today"));
}

#[test]
fn what_was_typed_into_the_wizard_survives_a_restart_and_no_password_is_shown_again() {
    let place = Place::made(&[]);
    let running = place.serve();
    let before = running.client("clinic");
    walk_to_the_last_page(&before, &place.setup_code(), ["ada", "otto", "lena"]);
    assert!(running.stop().0);

    let running = place.serve();
    let after = running.client("clinic");
    assert_eq!(after.get("/setup/check").header("location"), Some("/setup/accounts"));
    after.take_cookies_of(&before);
    let again = after.get("/setup/accounts").body;
    assert!(again.contains("Lena Corvin") && PASSWORDS.iter().all(|password| !again.contains(password)));
    assert_eq!(after.post("/setup/check", &[]).status, 200);
    assert_eq!(sign_in(&after, "lena", PASSWORDS[2]), 303);
    assert_eq!(after.cookie_names(), ["__Host-chartbox"]);
}

#[test]
fn one_number_is_asked_of_a_password_everywhere_and_a_refused_one_is_told_why() {
    let place = Place::made(&[]);
    let running = place.serve();
    let client = running.client("clinic");
    client.post("/setup", &[("code", &place.setup_code())]);
    let shortest = chartbox::crypto::password::SHORTEST;
    let asked = format!("t least {shortest} characters");
    assert_eq!(client.get("/setup/accounts").body.matches(&asked).count(), 3);
    let mut typed = fields(["ada", "otto", "lena"]);
    let short = &"velvet tractor monsoon"[..shortest - 1];
    for (password, why) in [(short, asked.as_str()), ("password1234", "many people have"), ("LenaCorvin2026", "a name")]
    {
        typed[8].1 = password;
        let answer = client.post("/setup/accounts", &typed);
        assert!(answer.status == 422 && answer.body.contains(why), "{password}: {}", answer.body);
    }
}

#[test]
fn who_tries_too_many_setup_codes_is_told_until_when_by_the_clinic_s_clock() {
    let place = Place::made(&[]);
    let config = crate::process::file(place.home(), "config.toml", "[house]\ntime_zone = \"Asia/Tokyo\"\n");
    let running = place.serve_with(&["--config", &config, "--portal-listen", "off"]);
    let client = running.client("clinic");
    let answer = (0..20).map(|_| client.post("/setup", &[("code", "AAAAA-AAAAA")])).find(|one| one.status == 429);
    let said = answer.expect("the tries are counted").body;
    let clock = said.split("You can go on at ").nth(1).expect("a time").split('.').next().unwrap();
    let at = jiff::civil::Time::strptime("%H:%M", clock).expect("hours and minutes");
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::get("Asia/Tokyo").unwrap()).datetime();
    let minutes = |time: jiff::civil::Time| i32::from(time.hour()) * 60 + i32::from(time.minute());
    let ahead = minutes(at) - minutes(now.time());
    assert!((0..=120).contains(&ahead.rem_euclid(24 * 60)), "{clock}, and it is {now}");
}

#[test]
fn what_is_wrong_with_an_account_is_said_at_its_field_and_nothing_is_made() {
    let place = Place::made(&[]);
    let running = place.serve();
    let client = running.client("clinic");
    client.post("/setup", &[("code", &place.setup_code().to_lowercase())]);
    let mut typed = fields(["ada", "ada", "lena"]);
    typed[8].1 = "short";
    let answer = client.post("/setup/accounts", &typed);
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("This user name is taken"), "{}", answer.body);
    assert!(answer.body.contains("Lena Corvin") && !answer.body.contains("short\""));
    assert_eq!(printed(&["user", "list", "--dir", place.dir()]).lines().count(), 1);
}

#[test]
fn a_lost_setup_code_is_replaced_and_the_old_one_is_good_no_more() {
    let place = Place::made(&[]);
    let running = place.serve();
    let said = printed(&["status", "--setup-code", "--dir", place.dir()]);
    let new = said.trim().strip_prefix("Setup code: ").unwrap();
    let client = running.client("clinic");
    assert_eq!(client.post("/setup", &[("code", &place.setup_code())]).status, 422);
    assert_eq!(client.post("/setup", &[("code", new)]).status, 303);
}

#[test]
fn who_got_a_first_password_chooses_their_own_before_anything_else() {
    let place = Place::made(&[]);
    let running = place.serve();
    let added = printed(&["user", "add", "lena", "--name", "Lena Corvin", "--role", "clinician", "--dir", place.dir()]);
    let first = added.lines().find_map(|line| line.strip_prefix("First password: ")).unwrap();
    let client = running.client("clinic");
    let answer = client.post("/sign-in", &[("user", "lena"), ("password", first)]);
    assert_eq!(answer.header("location"), Some("/new-password"));
    assert_eq!(client.get("/today").status, 401);
    let csrf = client.get("/new-password").csrf();
    let chosen = [("current", first), ("new", PASSWORDS[2]), ("again", PASSWORDS[2])];
    assert_eq!(client.post("/new-password", &[&[("csrf", "AAAA")], &chosen[..]].concat()).status, 403);
    let answer = client.post("/new-password", &[&[("csrf", csrf.as_str())], &chosen[..]].concat());
    assert_eq!(answer.header("location"), Some("/today"), "{}", answer.body);
    assert_eq!(client.get("/today").status, 200);
    assert_eq!(sign_in(&running.client("clinic"), "lena", first), 401);
}
