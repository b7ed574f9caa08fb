//! A session that times out while somebody fills in a form.

use std::time::{Duration, Instant};

use crate::client::{Answer, Client};
use crate::process::{Place, file, printed};
use crate::setup::{PASSWORDS, set_up, sign_in};

const FORM: &str = "/patients/halina/messages/new";
/// The same page, of another tab.
const OTHER: &str = "/patients/halina/messages/new?tab=2";

/// What a field of the page is filled with.
fn filled(page: &Answer, name: &str) -> String {
    let rest = page.body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

fn send(client: &Client, page: &Answer, csrf: &str, text: &str) -> Answer {
    client.post(
        FORM,
        &[
            ("csrf", csrf),
            ("once", &filled(page, "once")),
            ("at", &filled(page, "at")),
            ("topic", "none"),
            ("text", text),
        ],
    )
}

#[test]
fn what_was_typed_when_the_session_timed_out_stands_in_the_form_again_after_signing_in() {
    let place = Place::made(&[]);
    let one = r#"{"resourceType":"Patient","id":"halina","name":[{"family":"Brandvold","given":["Halina"]}]}"#;
    printed(&["import", &file(place.home(), "one.ndjson", one), "--dir", place.dir()]);
    // The shortest that a clinic can choose.
    let config = file(place.home(), "short.toml", "[session]\nstaff_idle_minutes = 1\n");
    let running = place.serve_with(&["--config", &config]);
    let client = running.client("clinic");
    set_up(&client, &place.setup_code());
    assert_eq!(sign_in(&client, "lena", PASSWORDS[2]), 303);
    let page = client.get(FORM);
    assert_eq!(page.status, 200, "{}", page.body);

    // A page that asks by itself keeps no session alive, and so it can be asked whether it has ended.
    let begun = Instant::now();
    while client.send("GET", FORM, &[("x-by-itself", "1")], "").status == 200 {
        assert!(begun.elapsed() < Duration::from_secs(150), "the session does not end");
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(begun.elapsed() > Duration::from_secs(30), "it ended before its time");

    // A form that is none of that session's keeps nothing.
    let forged = send(&client, &page, "AAAA", "Nobody typed this");
    assert_eq!(forged.status, 401, "{}", forged.body);
    let late = send(&client, &page, &page.csrf(), "Please come on Thursday & bring the \"old\" letter");
    assert_eq!(late.status, 401, "{}", late.body);
    assert_eq!(filled(&late, "next"), FORM, "it leads back to the form");
    assert!(late.body.contains("role=\"status\""), "it says that the text is kept: {}", late.body);
    assert!(!forged.body.contains("role=\"status\""), "{}", forged.body);

    // Of a form with a file the text is kept, and that there was a file; the forged one keeps nothing here either.
    let upload = |csrf: &str, text: &str| {
        let part = |name: &str, value: &str| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let file =
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.4\r\n--x--\r\n";
        let body = [part("csrf", csrf), part("at", OTHER), part("text", text), file.to_owned()].concat();
        client.send("POST", "/messages/none/file", &[("content-type", "multipart/form-data; boundary=x")], &body)
    };
    let forged = upload("AAAA", "Nobody typed this");
    assert!(forged.status == 401 && !forged.body.contains("role=\"status\""), "{}", forged.body);
    let late = upload(&page.csrf(), "The letter of the other clinic");
    assert_eq!((late.status, filled(&late, "next").as_str()), (401, OTHER), "{}", late.body);

    // Nobody else finds it; who typed it does, once.
    let other = running.client("clinic");
    assert_eq!(sign_in(&other, "ada", PASSWORDS[0]), 303);
    assert!(!other.get(FORM).body.contains("Thursday"));
    let back = client.post("/sign-in", &[("user", "lena"), ("password", PASSWORDS[2]), ("next", FORM)]);
    assert_eq!((back.status, back.header("location")), (303, Some(FORM)));
    let again = client.get(FORM);
    let typed = "Please come on Thursday &#38; bring the &#34;old&#34; letter";
    assert!(again.body.contains(typed) && !again.body.contains("Nobody typed this"), "{}", again.body);
    assert!(again.body.contains("action=\"/drafts/discard\""), "it says that it was kept");
    assert!(!again.body.contains("choose it again"), "no file was in it");
    let with_file = client.get(OTHER);
    assert!(with_file.body.contains("The letter of the other clinic"), "{}", with_file.body);
    assert!(with_file.body.contains("choose it again") && !with_file.body.contains("Nobody typed this"));
    let all = client.get("/patients/halina/messages");
    assert!(all.status == 200 && !all.body.contains("Thursday"), "nothing was sent: {}", all.body);
    assert_eq!(client.post("/drafts/discard", &[("csrf", &again.csrf()), ("at", FORM)]).status, 303);
    assert!(!client.get(FORM).body.contains("Thursday"));
}
