//! Makings that did not come to their end: the next try begins anew, or one sentence says what to do.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::process::{Place, file, printed, refused};

const LISTEN: [&str; 8] = [
    "--clinic-listen",
    "127.0.0.1:0",
    "--portal-listen",
    "off",
    "--welcome-listen",
    "off",
    "--ops-listen",
    "127.0.0.1:0",
];

fn demo(dir: &Path, patients: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_chartbox"))
        .args(["demo", "--patients", patients, "--dir", dir.to_str().unwrap()])
        .args(LISTEN)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Until it answers; then it is stopped.
fn answers(mut demo: Child) {
    let said: Vec<String> = BufReader::new(demo.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .take_while(|line| !line.starts_with("ready "))
        .collect();
    assert!(said.iter().any(|line| line.contains("clinician")), "{said:?}");
    assert!(demo.try_wait().unwrap().is_none(), "it runs: {said:?}");
    demo.kill().unwrap();
    demo.wait().unwrap();
}

#[test]
fn a_demo_that_is_killed_while_it_is_made_is_made_anew() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("demo");
    let mut first = demo(&dir, "100000");
    while !dir.join("keyslots.toml").exists() {
        assert!(first.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    // While it runs, nobody else takes its folder.
    let (code, said) = refused(&[&["demo", "--dir", dir.to_str().unwrap()], &LISTEN[..]].concat());
    assert!(code == 1 && said.contains("is being made in"), "{said}");
    first.kill().unwrap();
    first.wait().unwrap();
    let (code, said) = refused(&["status", "--dir", dir.to_str().unwrap()]);
    assert!(code == 1 && said.contains("`chartbox demo`") && said.lines().count() == 1, "{said}");
    answers(demo(&dir, "1"));
    assert!(!dir.join("unfinished").exists());
    // Killed in the very moment between its file and its mark: it is whole, and opened as it is.
    let accounts = |dir: &Path| {
        let file: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(dir.join("demo.json")).unwrap()).unwrap();
        file["accounts"].clone()
    };
    let before = accounts(&dir);
    std::fs::write(dir.join("unfinished"), "demo\n").unwrap();
    answers(demo(&dir, "1"));
    assert_eq!(accounts(&dir), before);
}

#[test]
fn a_demo_whose_address_is_taken_says_so_and_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("demo");
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let (code, said) = refused(&["demo", "--dir", dir.to_str().unwrap(), "--clinic-listen", &taken]);
    assert!(code == 1 && said.lines().count() == 1 && said.contains("already listens"), "{said}");
    assert!(!dir.exists());
}

#[test]
fn a_demo_never_takes_a_folder_that_is_not_its_own() {
    let place = Place::made(&[]);
    let one = |dir: &str| {
        let (code, said) = refused(&[&["demo", "--dir", dir], &LISTEN[..]].concat());
        assert!(code == 1 && said.lines().count() == 1, "{said}");
        said
    };
    let said = one(place.dir());
    assert!(said.contains("holds a clinic's box"), "{said}");
    file(place.home(), "note", "x");
    let said = one(place.home().to_str().unwrap());
    assert!(said.contains("is not empty"), "{said}");
    printed(&["status", "--dir", place.dir()]);
}

#[test]
fn a_box_whose_making_was_killed_is_not_opened_and_is_made_anew() {
    let place = Place::made(&[]);
    let dir = place.dir();
    std::fs::write(place.dir.join("unfinished"), "clinic\n").unwrap();
    for command in [&["serve", "--dir", dir][..], &["status", "--dir", dir]] {
        let (code, said) = refused(command);
        assert!(code == 1 && said.lines().count() == 1 && said.contains("`chartbox init`"), "{said}");
    }
    let note = file(&place.dir, "note", "x");
    let (code, said) = refused(&["init", "--clinic", "Hill Street Surgery", "--dir", dir]);
    assert!(code == 1 && said.contains(&note), "{said}");
    assert!(place.dir.join("chartbox.redb").exists());
    std::fs::remove_file(note).unwrap();
    let again = printed(&["init", "--clinic", "Hill Street Surgery", "--dir", dir]);
    assert!(again.contains("made anew") && again.contains("Setup code: "), "{again}");
    printed(&["status", "--dir", dir]);
}
