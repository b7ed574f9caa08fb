//! What comes over the wire: who is let in, what is refused, and what every answer carries.

use crate::process::{Place, Running, printed};
use crate::setup::sign_in;

const PASSWORD: &str = "velvet tractor monsoon 71";

/// A running box with one operator, `otto`.
fn with_operator() -> (Place, Running) {
    let place = Place::made(&[]);
    let password = crate::process::file(place.dir.parent().unwrap(), "password", PASSWORD);
    let dir = place.dir();
    printed(&[
        "user",
        "add",
        "otto",
        "--name",
        "Otto Reed",
        "--role",
        "operator",
        "--password-file",
        &password,
        "--dir",
        dir,
    ]);
    let running = place.serve();
    (place, running)
}

#[test]
fn every_answer_has_its_security_headers_and_the_log_has_no_path_that_was_asked() {
    let (_place, running) = with_operator();
    let clinic = running.client("clinic");
    for (path, status) in [("/sign-in", 200), ("/nothing/here?q=secretname", 404), ("/fhir/Patient/secretid", 401)] {
        let answer = clinic.get(path);
        assert_eq!(answer.status, status, "{path}");
        for (name, part) in [
            ("content-security-policy", "default-src 'none'"),
            ("strict-transport-security", "max-age="),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert!(answer.header(name).is_some_and(|value| value.contains(part)), "{path}: {name}");
        }
    }
    assert_eq!(running.client("welcome").get("/").header("strict-transport-security"), None);
    let (well, log) = running.stop();
    assert!(well && log.contains("(no route)"), "{log}");
    assert!(!log.contains("secretname") && !log.contains("secretid"), "{log}");
}

#[test]
fn the_box_answers_to_its_own_names_only() {
    let (_place, running) = with_operator();
    let clinic = running.client("clinic");
    for host in ["127.0.0.1", "bank.example", "localhost:8443"] {
        assert_eq!(clinic.send("GET", "/sign-in", &[("host", host)], "").status, 421, "{host}");
    }
    assert_eq!(running.client("ops").get("/healthz").body, "ok\n");
    assert_eq!(running.client("ops").get("/readyz").status, 200);
    assert!(running.client("ops").get("/metrics").body.contains("chartbox_http_answers_total{listener=\"clinic\""));
    assert_eq!(clinic.get("/metrics").status, 404);
}

#[test]
fn a_session_is_good_at_its_own_listener_and_staff_are_nobody_at_the_portal() {
    let (_place, running) = with_operator();
    let (clinic, portal) = (running.client("clinic"), running.client("portal"));
    assert_eq!(sign_in(&clinic, "otto", "not the password"), 401);
    assert_eq!(sign_in(&clinic, "otto", PASSWORD), 303);
    assert_eq!(clinic.cookie_names(), ["__Host-chartbox"]);
    assert_eq!(clinic.get("/").header("location"), Some("/box"));
    portal.take_cookies_of(&clinic);
    assert_eq!(portal.get("/").header("location"), Some("/sign-in"));
    assert_eq!(sign_in(&portal, "otto", PASSWORD), 401);
}

#[test]
fn an_unsafe_request_needs_our_origin_and_the_session_s_token() {
    let (_place, running) = with_operator();
    let clinic = running.client("clinic");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = format!("user=otto&password={}", PASSWORD.replace(' ', "+"));
    for elsewhere in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "none"), ("origin", "https://bank.example")]
    {
        assert_eq!(clinic.send("POST", "/sign-in", &[form, elsewhere], &body).status, 403, "{elsewhere:?}");
    }
    assert_eq!(sign_in(&clinic, "otto", PASSWORD), 303);
    assert_eq!(clinic.post("/sign-out", &[]).status, 403);
    assert_eq!(clinic.post("/sign-out", &[("csrf", "AAAA")]).status, 403);
    assert_eq!(clinic.get("/").header("location"), Some("/box"));
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let (_place, running) = with_operator();
    let clinic = running.client("clinic");
    let host = running.url("clinic").trim_start_matches("https://").to_owned();
    let announced = format!(
        "POST /sign-in HTTP/1.1\r\nhost: {host}\r\ncontent-length: 200000000\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\nconnection: close\r\n\r\nuser="
    );
    let answer = clinic.raw(announced.as_bytes());
    assert_eq!(answer.status, 413);
    assert!(answer.header("content-type").unwrap().starts_with("text/html"));
    let long = format!("user={}", "x".repeat(100_000));
    let chunked = format!(
        "POST /sign-in HTTP/1.1\r\nhost: {host}\r\ntransfer-encoding: chunked\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\nconnection: close\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n",
        long.len()
    );
    assert_eq!(clinic.raw(chunked.as_bytes()).status, 413);
    assert_eq!(clinic.get("/sign-in").status, 200);
}

#[test]
fn the_welcome_page_hands_out_the_authority_and_no_more() {
    let (place, running) = with_operator();
    let welcome = running.client("welcome");
    let page = welcome.get("/");
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&running.url("clinic")));
    assert_eq!(welcome.get("/ca.crt").header("content-type"), Some("application/x-x509-ca-cert"));
    assert_eq!(welcome.get("/box.mobileconfig").header("content-type"), Some("application/x-apple-aspen-config"));
    for path in ["/sign-in", "/setup", "/fhir/metadata"] {
        assert_eq!(welcome.get(path).status, 404, "{path}");
    }
    let shown = printed(&["tls", "show", "--json", "--dir", place.dir()]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let print = shown["authority"]["fingerprint"].as_str().unwrap().replace(' ', "");
    let plain: String = page.body.chars().filter(char::is_ascii_hexdigit).collect();
    assert!(plain.contains(&print[..16]), "the fingerprint to compare is on the page");
}
