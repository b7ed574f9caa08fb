//! What leaves the box at its console, with the health administrator's word and without.

use crate::client::Client;
use crate::process::{Place, printed, refused};
use crate::setup::{PASSWORDS, set_up, sign_in};

/// A code made in the browser.
fn code(admin: &Client) -> String {
    let csrf = admin.get("/approvals").csrf();
    let typed = [("csrf", csrf.as_str()), ("what", "audit-export"), ("reason", "the auditor asked for it")];
    let page = admin.post("/approvals", &typed);
    assert_eq!(page.status, 200, "{}", page.body);
    let code = page.body.split("once code\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(!admin.get("/approvals").body.contains(&code), "a code is shown once");
    code
}

#[test]
fn the_access_log_leaves_a_real_box_with_a_code_that_is_good_once() {
    let place = Place::made(&[]);
    let running = place.serve();
    set_up(&running.client("clinic"), &place.setup_code());
    let admin = running.client("clinic");
    assert_eq!(sign_in(&admin, "ada", PASSWORDS[0]), 303);
    let csrf = admin.get("/approvals").csrf();
    assert_eq!(admin.post("/approvals", &[("csrf", &csrf), ("what", "audit-export"), ("reason", " ")]).status, 422);
    assert_eq!(admin.post("/approvals", &[("csrf", &csrf), ("what", "everything"), ("reason", "x")]).status, 422);

    let to = place.home().join("log.jsonl");
    let export = ["audit", "export", "--to", to.to_str().unwrap(), "--dir", place.dir()];
    let with = |code: &str| refused(&[&export[..], &["--approve", code]].concat());
    let (status, said) = refused(&export);
    assert!(status == 1 && said.contains("--approve CODE") && said.lines().count() == 1, "{said}");
    let (status, said) = with("BBBBB-BBBBB");
    assert!(status == 1 && said.contains("this code approves nothing here"), "{said}");
    assert!(!to.exists());

    let code = code(&admin);
    printed(&[&export[..], &["--approve", &code]].concat());
    let exported = std::fs::read_to_string(&to).unwrap();
    assert!(exported.contains("approval-made") && exported.contains("the auditor asked for it"));
    assert!(!exported.contains(&code), "no code stands in the log");
    std::fs::remove_file(&to).unwrap();
    let (status, said) = with(&code);
    assert!(status == 1 && said.contains("was used already"), "{said}");
    assert!(!to.exists());
    printed(&["audit", "verify", "--dir", place.dir()]);

    // Made in the browser, used when the box has stopped.
    let code = self::code(&admin);
    assert!(running.stop().0);
    printed(&[&export[..], &["--approve", &code]].concat());
    let list = printed(&["audit", "list", "--json", "--action", "approval-used", "--dir", place.dir()]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let outcomes: Vec<&str> =
        list["lines"].as_array().unwrap().iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["success", "denied", "success", "denied"]);
}
