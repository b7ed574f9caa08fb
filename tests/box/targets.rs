//! Backups to other places than a folder, from outside: an SFTP server and an S3 bucket, beside each other and a folder.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::process::{Place, chartbox, file, printed, refused};
use crate::servers::{S3, Sshd};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json_of(arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(&[arguments, &["--json"]].concat())).unwrap()
}

/// A section of the configuration for a place with what it takes behind a `?`.
fn section(name: &str, place: &str) -> String {
    let (place, options) = place.split_once('?').unwrap();
    let options = options.split('&').map(|one| {
        let (name, value) = one.split_once('=').unwrap();
        format!("{name} = \"{value}\"\n")
    });
    format!("[backup.targets.{name}]\nplace = \"{place}\"\n{}\n", options.collect::<String>())
}

#[test]
fn several_places_have_each_their_backup_and_their_state_and_a_box_comes_back_from_each() {
    let (Some(mut sshd), Some(s3)) = (Sshd::start(), S3::start()) else { return };
    let place = Place::made(&[]);
    let home = place.home().to_owned();
    let (usb, far) = (home.join("usb"), home.join("far"));
    let [away, cloud] = [sshd.place(&far), s3.place("box/clinic")];
    let config = format!(
        "[backup.targets]\nusb = \"{}\"\n{}{}",
        usb.display(),
        section("away", &away),
        section("cloud", &cloud)
    );
    let config = file(&home, "config.toml", &config);
    let with = ["--dir", place.dir(), "--config", &config];
    let said = printed(&["config", "check", &config]);
    assert!(!said.contains("Did you mean"), "{said}");
    let tried = json_of(&[&["backup", "try"][..], &with].concat());
    let works = tried["targets"].as_array().unwrap().iter().filter(|one| one["works"] == json!(true)).count();
    assert_eq!(works, 3, "{tried}");
    let made = json_of(&[&["backup", "create"][..], &with].concat());
    let targets = made["targets"].as_array().unwrap();
    assert!(targets.len() == 3 && targets.iter().all(|one| one.get("error").is_none()), "{made}");
    let listed = json_of(&[&["backup", "list"][..], &with].concat());
    let kinds: Vec<&str> =
        listed["targets"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["sftp", "s3", "folder"], "{listed}");
    assert!(listed["targets"].as_array().unwrap().iter().all(|one| one["snapshots"].as_array().unwrap().len() == 1));
    let verified = json_of(&[&["backup", "verify", "--all"][..], &with].concat());
    assert!(verified["targets"].as_array().unwrap().iter().all(|one| one["whole"] == json!(true)), "{verified}");

    printed(&[&["backup", "drill", "--target", "away"][..], &with].concat());
    let running = place.serve_with(&["--portal-listen", "off", "--config", &config]);
    // One of them goes away: the others go on, and its state says why, everywhere.
    sshd.kill();
    let output = chartbox(&[&["backup", "create", "--json"][..], &with].concat());
    let second: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{second}");
    let errors: Vec<bool> =
        second["targets"].as_array().unwrap().iter().map(|one| one.get("error").is_some()).collect();
    assert_eq!(errors.iter().filter(|error| **error).count(), 1, "{second}");
    let status = json_of(&["status", "--dir", place.dir()]);
    let of = |name: &str| {
        status["backups"].as_array().unwrap().iter().find(|one| one["target"] == name).unwrap_or(&Value::Null).clone()
    };
    assert!(of("away")["error"].as_str().unwrap().contains("is not there"), "{status}");
    assert_eq!((&of("cloud")["error"], &of("usb")["snapshots"]), (&Value::Null, &json!(2)), "{status}");
    let metrics = running.client("ops").get("/metrics").body;
    let gauge = |name: &str, target: &str| {
        let line = format!("{name}{{target=\"{target}\"}} ");
        metrics.lines().find_map(|said| said.strip_prefix(&line)?.parse::<f64>().ok())
    };
    assert_eq!(
        [("away", 1.0), ("cloud", 0.0), ("usb", 0.0)].map(|(target, _)| gauge("chartbox_backup_failing", target)),
        [Some(1.0), Some(0.0), Some(0.0)],
        "{metrics}"
    );
    sshd.run();
    printed(&[&["backup", "create", "--target", "away"][..], &with].concat());
    assert!(running.stop().0);

    // On new hardware: no configuration, the place and the sheet.
    let sheet = file(&home, "sheet.txt", &place.printed);
    for (from, new) in [(&away, "from-sftp"), (&cloud, "from-s3")] {
        let listed = json_of(&["backup", "list", "--from", from, "--sheet", &sheet]);
        assert_eq!(listed["targets"][0]["snapshots"].as_array().unwrap().len(), 2, "{listed}");
        let new = home.join(new);
        let back = json_of(&["backup", "restore", "1", "--from", from, "--to", text(&new), "--sheet", &sheet]);
        assert_eq!((&back["rows"], &back["auditEntries"]), (&made["rows"], &made["auditEntries"]));
        printed(&["audit", "verify", "--dir", text(&new)]);
    }
    // By its name in a configuration, too.
    let new = home.join("by-name");
    let from = ["backup", "restore", "latest", "--from", "cloud", "--config", &config];
    printed(&[&from[..], &["--to", text(&new), "--sheet", &sheet]].concat());
}

#[test]
fn what_is_wrong_with_a_place_is_one_sentence_and_changes_nothing() {
    let (Some(sshd), Some(s3)) = (Sshd::start(), S3::start()) else { return };
    let place = Place::made(&[]);
    let (home, far) = (place.home().to_owned(), place.home().join("far"));
    let create = |target: &str| {
        let (code, said) = refused(&["backup", "create", "--target", target, "--dir", place.dir()]);
        assert!(said.trim().lines().count() == 1 && !far.exists(), "{said}");
        (code, said)
    };
    for (target, code, part) in [
        (sshd.place_by(sshd.port, &far, "stranger", "known"), 1, "did not let this box in"),
        (sshd.place_by(sshd.port, &far, "user", "changed"), 1, "not the one that is known"),
        (sshd.place_by(sshd.port, &far, "user", "empty"), 1, "not in known_hosts"),
        (s3.place_by(s3.port, "box/other", "stranger"), 1, "did not let this box in"),
        (s3.place_by(s3.port, "box/other", "reads"), 1, "does not take what is written"),
        (s3.place_by(s3.port, "box/other", "none"), 1, "cannot be used as it is set up"),
        (s3.place("there-is-none/other"), 1, "no bucket"),
        ("s3://box?endpoint=http://192.0.2.1".to_owned(), 2, "not encrypted"),
        ("sftp://a:b@host/x".to_owned(), 2, "holds a password"),
        ("ftp://host/x".to_owned(), 2, "a place is a folder"),
    ] {
        let (was, said) = create(&target);
        assert!(was == code && said.contains(part), "{target}: {was} {said}");
    }
    let config = "[backup.targets.away]\nplace = \"sftp://host/x\"\nkeyfile = \"/k\"\n";
    let (code, said) = refused(&["config", "check", &file(&home, "config.toml", config)]);
    assert!(code != 0 && said.contains("takes key_file and known_hosts, not keyfile"), "{said}");
    // A try of a place that reads only says so, and the next one of a good place works.
    let (code, said) =
        refused(&["backup", "try", "--target", &s3.place_by(s3.port, "box/x", "reads"), "--dir", place.dir()]);
    assert!(code == 1 && said.contains("reasons stand above") || said.contains("the reason stands above"), "{said}");
    printed(&["backup", "try", "--target", &sshd.place(&home.join("near")), "--dir", place.dir()]);
    assert!(std::fs::read_dir(home.join("near")).unwrap().next().is_none());
}

#[test]
fn a_bucket_behind_tls_is_reached_by_an_authority_of_ones_own_and_by_no_other() {
    let Some(s3) = S3::start() else { return };
    let place = Place::made(&[]);
    let home = place.home();
    let [ours, other] =
        ["authority.pem", "other-authority.pem"].map(|name| format!("&ca_file={}", text(&s3.file(name))));
    let good = s3.place_over_tls("box/tls", "localhost", &ours);
    let said_of = |target: &str| {
        let (code, said) = refused(&["backup", "create", "--target", target, "--dir", place.dir()]);
        assert!(code == 1 && said.trim().lines().count() == 1, "{target}: {code} {said}");
        said
    };
    for (target, part) in [
        (
            s3.place_over_tls("box/tls", "localhost", &other),
            "no authority that is known here vouches for its certificate",
        ),
        // What the system trusts does not know it either, and a system that trusts nobody says that.
        (s3.place_over_tls("box/tls", "localhost", ""), "ca_file"),
        (s3.place_over_tls("box/tls", "127.0.0.1", &ours), "its certificate is another server's"),
        (s3.place_over_tls("box/tls", "localhost", "&ca_file=/nowhere"), "its ca_file /nowhere cannot be read"),
        (
            s3.place_over_tls("box/tls", "localhost", &format!("&ca_file={}", text(&s3.file("all")))),
            "holds no certificate",
        ),
        (
            s3.place_by(s3.port, "box/tls", "all").replace("http://127.0.0.1", "https://localhost") + &ours,
            "does not speak TLS",
        ),
    ] {
        let said = said_of(&target);
        assert!(said.contains(part), "{target}: {said}");
    }
    let stranger = said_of(&s3.place_over_tls("box/tls", "localhost", &other));
    assert!(
        stranger.contains("Nothing was sent to it") && stranger.contains("name the one that does as ca_file"),
        "{stranger}"
    );

    let config = file(home, "config.toml", &format!("{}[backup]\n", section("cloud", &good)));
    let with = ["--dir", place.dir(), "--config", &config];
    a_whole_round(&place, &good, &with, chartbox);
}

/// The bucket stands before the server's name, as Amazon has it. No server of names knows this one: the program is run where the
/// file of names does.
#[test]
fn a_bucket_before_the_servers_name_is_reached_behind_tls() {
    let Some(s3) = S3::start() else { return };
    let place = Place::made(&[]);
    let names = file(place.home(), "hosts", "127.0.0.1 localhost s3.clinic.test box.s3.clinic.test box.localhost\n");
    let run = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"", &names]);
        command.arg(env!("CARGO_BIN_EXE_chartbox")).args(arguments).stdin(Stdio::null()).output().unwrap()
    };
    if !Command::new("unshare")
        .args(["--mount", "sh", "-c", "mount --bind \"$0\" /etc/hosts", &names])
        .output()
        .is_ok_and(|done| done.status.success())
    {
        eprintln!("not tried: this user may not mount a file of names for a program alone");
        return;
    }
    let ours = format!("&style=host&ca_file={}", s3.authority());
    let good = s3.place_over_tls("box/host-style", "s3.clinic.test", &ours);
    let config = file(place.home(), "config.toml", &format!("{}[backup]\n", section("cloud", &good)));
    a_whole_round(&place, &good, &["--dir", place.dir(), "--config", &config], run);
    // The certificate is good for one level below the server, and for no other name.
    let far = s3.place_over_tls("box/host-style", "localhost", &ours);
    let output = run(&["backup", "create", "--target", &far, "--dir", place.dir()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("its certificate is another server's"), "{said}");
}

/// A try, a backup, what is there, and a box that comes back from it.
fn a_whole_round(place: &Place, target: &str, with: &[&str], run: impl Fn(&[&str]) -> Output) {
    let json_of = |arguments: &[&str]| -> Value {
        let output = run(&[arguments, &["--json"]].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let tried = json_of(&[&["backup", "try"][..], with].concat());
    assert_eq!(tried["targets"][0]["works"], json!(true), "{tried}");
    let made = json_of(&[&["backup", "create"][..], with].concat());
    let verified = json_of(&[&["backup", "verify", "--all"][..], with].concat());
    assert_eq!(verified["targets"][0]["whole"], json!(true), "{verified}");
    let sheet = file(place.home(), "sheet.txt", &place.printed);
    let new = place.home().join("new");
    let back = json_of(&["backup", "restore", "latest", "--from", target, "--to", text(&new), "--sheet", &sheet]);
    assert_eq!((&back["rows"], &back["auditEntries"]), (&made["rows"], &made["auditEntries"]));
    printed(&["audit", "verify", "--dir", text(&new)]);
}
