//! A box that waits for its passphrase.

use crate::process::{Place, chartbox, file, printed, refused};

const PASSPHRASE: &str = "tulip harbor canyon violin 92";

#[test]
fn a_box_without_its_key_answers_with_the_unlock_page_only_and_opens_by_its_passphrase() {
    let home = tempfile::tempdir().unwrap();
    let passphrase = file(home.path(), "passphrase", &format!("{PASSPHRASE}\n"));
    let place = Place::made(&["--unlock", "passphrase", "--passphrase-file", &passphrase]);
    let running = place.serve();
    let (clinic, portal, ops) = (running.client("clinic"), running.client("portal"), running.client("ops"));
    assert_eq!((clinic.get("/healthz").status, clinic.get("/healthz").body.as_str()), (200, "locked\n"));
    assert_eq!(clinic.get("/").status, 200);
    for path in ["/sign-in", "/setup", "/fhir/metadata", "/readyz"] {
        assert_eq!(clinic.get(path).status, 503, "{path}");
    }
    assert_eq!((portal.get("/").status, portal.post("/unlock", &[("passphrase", PASSPHRASE)]).status), (503, 503));
    assert_eq!(ops.get("/readyz").status, 503);
    assert_eq!(clinic.post("/unlock", &[("passphrase", "wrong")]).status, 422);
    let elsewhere = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    assert_eq!(clinic.send("POST", "/unlock", &elsewhere, "passphrase=x").status, 403);
    let long = format!("passphrase={}", "x".repeat(5_000));
    let chunked = format!(
        "POST /unlock HTTP/1.1\r\nhost: {}\r\ntransfer-encoding: chunked\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\nconnection: close\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n",
        clinic.authority(),
        long.len()
    );
    assert_eq!(
        (clinic.raw(chunked.as_bytes()).status, clinic.post("/unlock", &[("passphrase", &long)]).status),
        (413, 413)
    );
    assert_eq!(clinic.post("/unlock", &[("passphrase", PASSPHRASE)]).status, 303);
    assert_eq!(clinic.get("/healthz").body, "ok\n");
    assert_eq!((clinic.get("/sign-in").status, portal.get("/sign-in").status), (200, 200));
    assert!(running.stop().0);
}

#[test]
fn a_command_opens_a_stopped_box_with_a_key_that_it_is_given() {
    let home = tempfile::tempdir().unwrap();
    let passphrase = file(home.path(), "passphrase", PASSPHRASE);
    let place = Place::made(&["--unlock", "passphrase", "--passphrase-file", &passphrase]);
    let (code, said) = refused(&["status", "--dir", place.dir()]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("--passphrase-file"), "{said}");
    let sheet = file(home.path(), "sheet.txt", &place.printed);
    for key in [["--passphrase-file", &passphrase], ["--sheet", &sheet]] {
        let status = printed(&["status", "--json", "--dir", place.dir(), key[0], key[1]]);
        assert!(status.contains("\"clinic\": \"Hill Street Surgery\""), "{status}");
    }
    let wrong = file(home.path(), "wrong", "another one entirely 55");
    assert_eq!(refused(&["status", "--dir", place.dir(), "--passphrase-file", &wrong]).0, 4);
}

#[test]
fn a_torn_first_copy_of_the_slots_is_no_loss_and_a_changed_one_is_noticed() {
    let place = Place::made(&[]);
    let slots = place.dir.join("keyslots.toml");
    let whole = std::fs::read_to_string(&slots).unwrap();
    std::fs::write(&slots, &whole[..100]).unwrap();
    printed(&["status", "--dir", place.dir()]);
    std::fs::write(&slots, whole.replace("epoch = 1", "epoch = 2")).unwrap();
    assert!(!chartbox(&["status", "--dir", place.dir()]).status.success());
}
