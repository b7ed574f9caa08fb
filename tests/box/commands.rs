//! Commands, with and without a running box.

use crate::process::{Place, chartbox, file, printed, refused};

#[test]
fn commands_do_the_same_on_a_running_box_and_on_a_stopped_one() {
    let place = Place::made(&[]);
    let dir = place.dir();
    let added = printed(&["user", "add", "lena", "--name", "Lena Corvin", "--role", "clinician", "--dir", dir]);
    assert!(added.contains("First password: "), "{added}");
    let running = place.serve();
    assert!(printed(&["user", "show", "lena", "--dir", dir]).contains("Lena Corvin"));
    printed(&["user", "add", "lab", "--name", "Laboratory", "--service", "--dir", dir]);
    let token = printed(&["token", "create", "--user", "lab", "--scope", "system/Observation.rs", "--dir", dir]);
    assert_eq!(token.lines().count(), 1);
    let (code, said) = refused(&["token", "create", "--user", "lena", "--dir", dir]);
    assert_eq!(code, 1, "{said}");
    assert!(running.stop().0);

    let tokens: serde_json::Value = serde_json::from_str(&printed(&["token", "list", "--json", "--dir", dir])).unwrap();
    printed(&["token", "revoke", tokens[0]["id"].as_str().unwrap(), "--dir", dir]);
    assert_eq!(printed(&["token", "list", "--dir", dir]).lines().count(), 1);
    let log: serde_json::Value =
        serde_json::from_str(&printed(&["audit", "list", "--json", "--limit", "100", "--dir", dir])).unwrap();
    let jobs: Vec<&str> =
        log["lines"].as_array().unwrap().iter().filter_map(|line| line["actor"]["job"].as_str()).collect();
    let uid = rustix::process::getuid().as_raw();
    for command in ["init", "user-add", "user-show", "token-create", "token-list", "token-revoke"] {
        assert!(jobs.contains(&format!("cli:{command}:uid={uid}").as_str()), "{command} in {jobs:?}");
    }
}

#[test]
fn the_access_log_is_verified_against_a_checkpoint_and_the_key_on_the_sheet() {
    let place = Place::made(&[]);
    let dir = place.dir();
    let home = tempfile::tempdir().unwrap();
    let note = home.path().join("note");
    let note = note.to_str().unwrap();
    printed(&["audit", "checkpoint", "--to", note, "--dir", dir]);
    let key = place.printed.lines().find_map(|line| line.strip_prefix("Access log key:")).unwrap().trim();
    printed(&["audit", "verify", "--checkpoint", note, "--key", key, "--dir", dir]);
    let other = Place::made(&[]);
    let (code, said) = refused(&["audit", "verify", "--checkpoint", note, "--dir", other.dir()]);
    assert_eq!(code, 3, "{said}");
    // A file that is no checkpoint is a slip, and no alarm; one that was changed is one.
    let slip = file(home.path(), "slip", "not a checkpoint");
    let (code, said) = refused(&["audit", "verify", "--checkpoint", &slip, "--dir", dir]);
    assert!(code == 2 && said.lines().count() == 1 && said.contains(&slip), "{code} {said}");
    let whole = std::fs::read_to_string(note).unwrap();
    let changed = file(home.path(), "changed", &whole.replacen('\n', "\n1", 1));
    assert_eq!(refused(&["audit", "verify", "--checkpoint", &changed, "--dir", dir]).0, 3);
    let cut = file(home.path(), "cut", &whole[..whole.len() / 2]);
    assert_eq!(refused(&["audit", "verify", "--checkpoint", &cut, "--dir", dir]).0, 3);
    let (code, said) = refused(&["audit", "export", "--to", &slip, "--dir", dir]);
    assert!(code == 1 && said.contains("is there already"), "{said}");
    let (code, said) = refused(&["audit", "checkpoint", "--to", &slip, "--dir", dir]);
    assert!(code == 1 && said.contains("is there already"), "{said}");
    assert_eq!(std::fs::read_to_string(&slip).unwrap(), "not a checkpoint");
}

#[test]
fn what_is_wrong_is_one_sentence_and_the_right_exit_code() {
    let place = Place::made(&[]);
    let home = tempfile::tempdir().unwrap();
    let config = file(home.path(), "config.toml", "[listen]\nclinik = \"[::]:443\"\n");
    let one = |arguments: &[&str]| {
        let (code, said) = refused(arguments);
        assert_eq!(said.lines().count(), 1, "{said}");
        (code, said)
    };
    let (code, said) = one(&["serve", "--dir", place.dir(), "--config", &config]);
    assert!(code == 1 && said.contains("line 2") && said.contains("listen.clinic"), "{said}");
    let (code, said) = one(&["status", "--dir", home.path().join("nothing").to_str().unwrap()]);
    assert!(code == 1 && said.contains("there is no box"), "{said}");
    let (code, said) = one(&["init", "--clinic", "Another", "--dir", place.dir()]);
    assert!(code == 1 && said.contains("holds a box already"), "{said}");
    let (code, said) = one(&["config", "check", &config]);
    assert!(code == 1 && said.contains("Did you mean listen.clinic?"), "{said}");
    assert_eq!(refused(&["serve", "--nonsense"]).0, 2);

    let running = place.serve();
    let (code, said) = one(&["serve", "--dir", place.dir()]);
    assert!(code == 1 && said.contains("in use by another process"), "{said}");
    let port = running.url("clinic").rsplit(':').next().unwrap().to_owned();
    let other = Place::made(&[]);
    let address = format!("127.0.0.1:{port}");
    let (code, said) = one(&["serve", "--dir", other.dir(), "--clinic-listen", &address]);
    assert!(code == 1 && said.contains("another program already listens"), "{said}");
}

#[test]
fn init_names_the_addresses_that_the_box_will_have_and_status_says_who_finds_it() {
    let home = tempfile::tempdir().unwrap();
    let config = "[listen]\nclinic = \"127.0.0.1:8443\"\nwelcome = \"127.0.0.1:8080\"\n";
    let config = file(home.path(), "config.toml", config);
    let place = Place::made(&["--config", &config]);
    let name = place.printed.lines().find_map(|line| line.strip_prefix("Box:")).unwrap().trim();
    for address in [format!("  http://{name}:8080/\n"), format!("https://{name}:8443/\n")] {
        assert!(place.printed.contains(&address), "{address}: {}", place.printed);
    }
    assert!(place.printed.contains("on this computer"), "{}", place.printed);

    assert!(printed(&["status", "--dir", place.dir()]).contains("The box does not run"));
    let running = place.serve();
    let presence = || {
        let status: serde_json::Value =
            serde_json::from_str(&printed(&["status", "--json", "--dir", place.dir()])).unwrap();
        status["presence"].as_str().unwrap().to_owned()
    };
    // Told by a task of its own, soon after the start.
    while presence() == "off" {
        std::thread::yield_now();
    }
    assert_eq!(presence(), "own-machine");
    assert!(printed(&["status", "--dir", place.dir()]).contains("on this machine only"));
    assert!(!running.stop().1.contains("discovery"));
}

#[test]
fn the_example_configuration_is_right_as_it_stands() {
    let example = printed(&["config", "example"]);
    let home = tempfile::tempdir().unwrap();
    printed(&["config", "check", &file(home.path(), "config.toml", &example)]);
}

#[test]
fn an_import_of_which_nothing_was_kept_says_so() {
    let place = Place::made(&[]);
    let import = |name: &str, text: &str| {
        let output = chartbox(&["import", &file(place.home(), name, text), "--dir", place.dir()]);
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.lines().all(|line| !line.ends_with(", ") && !line.contains(" 0 entries")), "{said}");
        said
    };
    let nothing = import("cut.json", "{");
    assert!(nothing.contains("it may have been cut off") && nothing.contains("Nothing was imported."), "{nothing}");
    let dangling = r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Observation",
        "id":"o1","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001"}},
        "request":{"method":"POST","url":"Observation"}}]}"#;
    let dangling = import("dangling.json", dangling);
    assert!(dangling.contains("not in the bundle") && dangling.contains("Nothing was imported."), "{dangling}");
    let patient = r#"{"resourceType":"Patient","id":"p1"}"#;
    let half = import("half.ndjson", &format!("{patient}\n{{\"resourceType\":\"Nonsense\"}}\n"));
    assert!(half.contains("The rest is in."), "{half}");
}

#[test]
fn a_number_that_is_none_is_said_to_be_none_in_words() {
    let place = Place::made(&[]);
    for (words, said) in [
        (&["audit", "list", "--limit"][..], "it takes a whole number from 1 to 10000"),
        (&["audit", "list", "--before"], "it takes a whole number from 0 to 18446744073709551615"),
        (&["key", "remove", "--yes"], "it takes a whole number from 1 to 4294967295"),
        (&["demo", "--patients"], "it takes a whole number from 0 to 1000000"),
        (&["demo", "--seed"], "it takes a whole number from 0 to 18446744073709551615"),
    ] {
        for number in ["x", "", "-1", "1.5", "99999999999999999999999"] {
            let (code, text) = refused(&[words, &[number, "--dir", place.dir()]].concat());
            assert!(code == 2 && text.contains(said), "{words:?} {number}: {code} {text}");
            assert!(!text.contains("digit") && !text.contains("target type"), "{text}");
        }
    }
}
