//! Backups from outside: the box is lost, and comes back; it is killed at any moment; what is given is wrong.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::process::{Place, file, printed, refused};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json_of(arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(&[arguments, &["--json"]].concat())).unwrap()
}

/// A demo that runs until it is dropped.
struct Demo {
    child: Child,
    file: Value,
}

impl Demo {
    fn start(dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chartbox"))
            .args(["demo", "--patients", "2", "--dir", text(dir)])
            .args(["--clinic-listen", "127.0.0.1:0", "--portal-listen", "127.0.0.1:0"])
            .args(["--welcome-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.is_ok_and(|line| line.starts_with("ready"))), "the demo did not start");
        let file = std::fs::read_to_string(dir.join("demo.json")).unwrap();
        Self { child, file: serde_json::from_str(&file).unwrap() }
    }

    fn account(&self, role: &str) -> &Value {
        self.file["accounts"].as_array().unwrap().iter().find(|account| account["role"] == role).unwrap()
    }

    /// A chart, as the clinician's browser shows it.
    fn chart(&self, password: &str, patient: &str) -> String {
        let client = Client::new(self.file["clinic"].as_str().unwrap(), Path::new(self.file["ca"].as_str().unwrap()));
        let form = client.get("/sign-in");
        let fields = [("csrf", ""), ("user", "clinician"), ("password", password)];
        let fields = if form.body.contains("name=\"csrf\"") { &fields[..] } else { &fields[1..] };
        let answer = client.post("/sign-in", fields);
        assert_eq!(answer.status, 303, "{}", answer.body);
        let page = client.get(&format!("/patients/{patient}"));
        assert_eq!(page.status, 200);
        // What is different each time: the forms' tokens and keys, and the minute at which a print is made.
        let (body, foot) = page.body.split_once("<footer class=\"print-only").unwrap();
        let body = format!("{body}{}", foot.split_once("</footer>").unwrap().1);
        ["csrf", "once"].iter().fold(body, |body, name| {
            let parts: Vec<String> = body.split(&format!("name=\"{name}\" value=\"")).map(str::to_owned).collect();
            let rest = parts[1..].iter().map(|part| part.split_once('"').unwrap().1);
            std::iter::once(parts[0].as_str()).chain(rest).collect()
        })
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_box_that_is_lost_comes_back_from_a_folder_and_the_recovery_sheet() {
    let home = tempfile::tempdir().unwrap();
    let (old, usb, new) = (home.path().join("old"), home.path().join("usb"), home.path().join("new"));
    let demo = Demo::start(&old);
    let clinician = demo.account("clinician").clone();
    let patient = demo.account("patient")["patient"].as_str().unwrap().to_owned();
    let (password, patient) = (clinician["password"].as_str().unwrap(), patient.as_str());
    let chart = demo.chart(password, patient);
    let made = json_of(&["backup", "create", "--target", text(&usb), "--dir", text(&old)]);
    assert_eq!(made["targets"][0]["error"], Value::Null, "{made}");
    let sheet = home.path().join("sheet.txt");
    std::fs::copy(old.join("recovery-sheet.txt"), &sheet).unwrap();
    let key = demo.file["auditKey"].as_str().unwrap().to_owned();
    demo.kill();
    std::fs::remove_dir_all(&old).unwrap();

    let back =
        json_of(&["backup", "restore", "latest", "--from", text(&usb), "--to", text(&new), "--sheet", text(&sheet)]);
    assert_eq!(back["rows"], made["rows"]);
    assert_eq!(back["auditEntries"], made["auditEntries"]);
    let demo = Demo::start(&new);
    assert_eq!(demo.chart(password, patient), chart);
    let checkpoint = std::fs::read_dir(usb.join("checkpoints")).unwrap().next().unwrap().unwrap().path();
    let verify = ["audit", "verify", "--checkpoint", text(&checkpoint), "--key", &key, "--dir", text(&new)];
    let report = json_of(&verify);
    assert_eq!((&report["verdict"], &report["epoch"]), (&json!("whole"), &json!(1)), "{report}");
    let log = json_of(&["audit", "list", "--limit", "200", "--dir", text(&new)]);
    let opened = log["lines"].as_array().unwrap().iter().find(|line| line["action"] == "epoch-open").unwrap();
    let said = opened.to_string();
    assert!(said.contains(made["snapshot"].as_str().unwrap()), "{said}");
    // It goes on backing up into the same folder.
    let next = json_of(&["backup", "create", "--target", text(&usb), "--dir", text(&new)]);
    assert_eq!(next["number"], json!(2));
    let verified = json_of(&["backup", "verify", "--all", "--target", text(&usb), "--dir", text(&new)]);
    assert_eq!(verified["targets"][0]["good"].as_array().unwrap().len(), 2, "{verified}");
}

/// Sends orders to a running box, one after the other; the answers of those that were carried out.
struct Control(BufReader<UnixStream>);

fn order(dir: &Path, order: &Value) -> Option<Value> {
    let stream = UnixStream::connect(dir.join("control.sock")).ok()?;
    let mut control = Control(BufReader::new(stream));
    writeln!(control.0.get_mut(), "{}", json!({ "order": order })).ok()?;
    writeln!(control.0.get_mut(), "{}", json!({ "end": true })).ok()?;
    loop {
        let mut line = String::new();
        if control.0.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let told: Value = serde_json::from_str(&line).ok()?;
        if let Some(done) = told.get("done") {
            return Some(done.clone());
        }
        if told.get("refused").is_some() {
            return None;
        }
    }
}

fn rounds() -> u32 {
    std::env::var("CHARTBOX_KILL_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(20)
}

/// After so many rounds everything is looked at, and old backups go.
const LOOK: u32 = 40;

#[test]
fn a_box_killed_at_any_moment_loses_nothing_and_its_last_whole_backup_is_good() {
    let place = Place::made(&[]);
    let usb = place.home().join("usb");
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let backups = Arc::new(Mutex::new(Vec::<String>::new()));
    let (mut next, mut made, mut interrupted) = (0, 0, 0);
    for round in 0..rounds() {
        let running = place.serve_with(&["--portal-listen", "off"]);
        let stop = Arc::new(AtomicBool::new(false));
        let adding = {
            let (dir, stop, acknowledged) = (place.dir.clone(), stop.clone(), acknowledged.clone());
            std::thread::spawn(move || {
                let mut at = next;
                while !stop.load(Ordering::Relaxed) {
                    let user = format!("u{at}");
                    let add = json!({ "user": { "add": { "user": user, "name": "Lab", "role": null, "person": null, "password": null } } });
                    if order(&dir, &add).is_some() {
                        acknowledged.lock().unwrap().push(user);
                    }
                    at += 1;
                }
                at
            })
        };
        let backing = {
            let (dir, usb, stop, backups) = (place.dir.clone(), usb.clone(), stop.clone(), backups.clone());
            std::thread::spawn(move || {
                let mut begun = 0;
                while !stop.load(Ordering::Relaxed) {
                    let create = json!({ "backup": { "create": { "target": usb, "anew": false } } });
                    if UnixStream::connect(dir.join("control.sock")).is_err() {
                        continue;
                    }
                    begun += 1;
                    if let Some(done) = order(&dir, &create) {
                        backups.lock().unwrap().push(done["snapshot"].as_str().unwrap().to_owned());
                    }
                }
                begun
            })
        };
        // Another moment each time, in no need of being the same again.
        std::thread::sleep(Duration::from_millis(40 + u64::from(round * 37 % 230)));
        // However slow the machine is: the first rounds go on until there is something to lose.
        let patience = std::time::Instant::now();
        while backups.lock().unwrap().is_empty() || acknowledged.lock().unwrap().len() <= 20 {
            assert!(patience.elapsed() < Duration::from_secs(600), "nothing was acknowledged in ten minutes");
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(running);
        stop.store(true, Ordering::Relaxed);
        next = adding.join().unwrap();
        let whole = backups.lock().unwrap().len();
        interrupted += backing.join().unwrap() - (whole - made);
        made = whole;
        if (round + 1) % LOOK == 0 || round + 1 == rounds() {
            look(&place, &usb, &acknowledged.lock().unwrap(), &backups.lock().unwrap());
        }
    }
    let (rounds, acknowledged) = (rounds(), acknowledged.lock().unwrap().len());
    assert!(acknowledged > 20 && made > 0, "{acknowledged} {made}");
    eprintln!(
        "killed {rounds} times; {acknowledged} accounts were acknowledged and are there; {made} backups were acknowledged \
         and are good, and {interrupted} were broken off"
    );
}

/// What was acknowledged is there; what was called a backup is one, and the last restores; what the box remembers of its store
/// is so; the next backup has to be as good.
fn look(place: &Place, usb: &Path, acknowledged: &[String], backups: &[String]) {
    let users = printed(&["user", "list", "--dir", place.dir()]);
    let names: std::collections::HashSet<&str> = users.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(acknowledged.iter().all(|user| names.contains(user.as_str())), "{users}");
    if backups.is_empty() {
        return;
    }
    let target = ["--target", text(usb), "--dir", place.dir()];
    let verified = json_of(&[&["backup", "verify", "--all"][..], &target].concat());
    let found = &verified["targets"][0];
    assert_eq!(found["faults"], json!([]));
    let good: Vec<&str> = found["good"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(good.len() as u64, found["snapshots"].as_u64().unwrap());
    // Those that were removed after an earlier look were good then.
    let first = good.first().unwrap();
    let recent =
        backups.iter().filter(|name| name.as_str() >= *first && name.split('-').nth(1) >= first.split('-').nth(1));
    let missing: Vec<&String> = recent.filter(|name| !good.contains(&name.as_str())).collect();
    let kept = std::fs::read_to_string(place.home().join("removed")).unwrap_or_default();
    assert!(missing.iter().all(|name| kept.contains(name.as_str())), "{missing:?} {good:?}");
    let sheet = file(place.home(), "sheet.txt", &place.printed);
    let new = place.home().join("new");
    printed(&["backup", "restore", "latest", "--from", text(usb), "--to", text(&new), "--sheet", &sheet]);
    printed(&["audit", "verify", "--dir", text(&new)]);
    // It opens as the old one did: with a key file of its own.
    assert!(new.join("box.key").exists());
    std::fs::remove_dir_all(&new).unwrap();
    let everything = json_of(&[&["backup", "create", "--everything"][..], &target].concat());
    assert_eq!(everything["unmarked"], json!(0), "what changed was marked, whenever the box was killed");
    let pruned = json_of(&[&["backup", "prune", "--now"][..], &target].concat());
    file(place.home(), "removed", &format!("{kept}{}", pruned["targets"][0]["removed"]));
}

#[test]
fn what_is_wrong_with_a_backup_is_one_sentence_and_changes_nothing() {
    let place = Place::made(&[]);
    let home: PathBuf = place.home().to_owned();
    let usb = home.join("usb");
    let sheet = file(&home, "sheet.txt", &place.printed);
    printed(&["backup", "create", "--target", text(&usb), "--dir", place.dir()]);
    let new = home.join("new");
    let restore = |from: &Path, to: &Path, more: &[&str]| {
        let (code, said) =
            refused(&[&["backup", "restore", "latest", "--from", text(from), "--to", text(to)][..], more].concat());
        assert!(code != 0 && !new.exists(), "{said}");
        assert!(!said.contains(&place.printed[..40]));
        (code, said)
    };
    let with_sheet = ["--sheet", sheet.as_str()];
    let (code, said) = restore(&home.join("nothing"), &new, &with_sheet);
    assert!(code == 1 && said.contains("is not there"), "{said}");
    let (code, said) = restore(&home, &new, &with_sheet);
    assert!(code == 1 && said.contains("holds no Chartbox backup"), "{said}");
    let (code, said) = restore(&usb, &place.dir, &with_sheet);
    assert!(code == 1 && said.contains("holds a box already"), "{said}");
    assert_eq!(restore(&usb, &new, &[]).0, 2);
    let inside = |to: &Path, what: &str| {
        let words = ["backup", "restore", "--from", text(&usb), "--to", text(to), "--sheet", sheet.as_str()];
        let (code, said) = refused(&words);
        assert!(code == 1 && said.contains(what) && !to.exists(), "{said}");
    };
    inside(&place.dir.join("deeper/box"), "lies among the files of the box in");
    inside(&usb.join("packs/box"), "lies among the files of the backups in");
    let other = Place::made(&[]);
    let stranger = file(&home, "stranger.txt", &other.printed);
    let (code, said) = restore(&usb, &new, &["--sheet", &stranger]);
    assert!(code == 4 && said.contains("does not open"), "{said}");
    let swapped = place.printed.replacen("\n3.  ", "\n3.  zipper ", 1);
    let mistyped = file(&home, "mistyped.txt", &swapped);
    assert!(restore(&usb, &new, &["--sheet", &mistyped]).1.contains("words"));
    // A newer form, and another box.
    let marker = usb.join("chartbox-backup.txt");
    let was = std::fs::read_to_string(&marker).unwrap();
    std::fs::write(&marker, was.replace("form 1", "form 2")).unwrap();
    let (code, said) = restore(&usb, &new, &with_sheet);
    assert!(code == 1 && said.contains("newer Chartbox"), "{said}");
    std::fs::write(&marker, &was).unwrap();
    let (code, said) = refused(&["backup", "create", "--target", text(&usb), "--dir", other.dir()]);
    assert!(code == 1 && said.contains("another box"), "{said}");
    // A damaged pack: exit code 3, what is lost is named, and nothing stays of the attempt.
    let pack = std::fs::read_dir(usb.join("packs")).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&pack).unwrap();
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 1;
    std::fs::write(&pack, changed).unwrap();
    let (code, said) = restore(&usb, &home.join("new2"), &with_sheet);
    assert!(code == 3 && said.contains("cannot be restored"), "{said}");
    let left: Vec<_> = std::fs::read_dir(home.join("new2")).into_iter().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(refused(&["backup", "verify", "--all", "--target", text(&usb), "--dir", place.dir()]).0, 3);
    assert_eq!(refused(&["backup", "drill", "--target", text(&usb), "--dir", place.dir()]).0, 3);
    std::fs::write(&pack, bytes).unwrap();
    printed(&["backup", "drill", "--target", text(&usb), "--dir", place.dir()]);
    // A restore that was broken off is taken up by the next one.
    std::fs::create_dir(&new).unwrap();
    std::fs::write(new.join(".restoring"), "").unwrap();
    std::fs::write(new.join("chartbox.redb.new"), "half").unwrap();
    printed(&["backup", "restore", "1", "--from", text(&usb), "--to", text(&new), "--sheet", &sheet]);
    assert!(!new.join(".restoring").exists() && !new.join("chartbox.redb.new").exists());
}

#[test]
fn a_box_that_is_in_the_folder_is_kept_aside_when_that_is_asked_for_and_not_while_it_runs() {
    let place = Place::made(&[]);
    let usb = place.home().join("usb");
    let sheet = file(place.home(), "sheet.txt", &place.printed);
    printed(&["backup", "create", "--target", text(&usb), "--dir", place.dir()]);
    printed(&["user", "add", "later", "--name", "Later", "--service", "--dir", place.dir()]);
    let restore = ["backup", "restore", "latest", "--from", text(&usb), "--to", place.dir(), "--sheet", &sheet];
    let replace = [&restore[..], &["--replace"]].concat();
    let users = |dir: &Path| printed(&["user", "list", "--dir", text(dir)]);
    let (code, said) = refused(&restore);
    assert!(code == 1 && said.contains("holds a box already") && users(&place.dir).contains("later "), "{said}");
    let running = place.serve_with(&["--portal-listen", "off"]);
    let (code, said) = refused(&replace);
    assert!(code == 1 && said.contains("is in use") && users(&place.dir).contains("later "), "{said}");
    assert!(running.stop().0);
    let link = place.home().join("link");
    std::os::unix::fs::symlink(&place.dir, &link).unwrap();
    let linked = ["backup", "restore", "--from", text(&usb), "--to", text(&link), "--sheet", &sheet, "--replace"];
    let (code, said) = refused(&linked);
    assert!(code == 1 && said.contains("is a link") && users(&place.dir).contains("later "), "{said}");
    // What does not work changes nothing.
    let pack = std::fs::read_dir(usb.join("packs")).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&pack).unwrap();
    std::fs::write(&pack, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(refused(&replace).0, 3);
    assert!(users(&place.dir).contains("later ") && !place.home().join("box.restored").exists());
    std::fs::write(&pack, &bytes).unwrap();

    let back = json_of(&replace);
    assert!(!users(&place.dir).contains("later "));
    printed(&["audit", "verify", "--dir", place.dir()]);
    let aside = PathBuf::from(back["keptAside"].as_str().unwrap());
    assert!(aside.parent() == Some(place.home()) && users(&aside).contains("later "));
    // Where there is no box, there is none to keep.
    let new = place.home().join("new");
    let empty = ["backup", "restore", "--from", text(&usb), "--to", text(&new), "--sheet", &sheet, "--replace"];
    assert_eq!(json_of(&empty)["keptAside"], Value::Null);
}

#[test]
fn a_box_that_somebody_put_beside_is_never_taken_for_a_copy_of_a_backup() {
    let place = Place::made(&[]);
    let usb = place.home().join("usb");
    let sheet = file(place.home(), "sheet.txt", &place.printed);
    printed(&["backup", "create", "--target", text(&usb), "--dir", place.dir()]);
    let other = Place::made(&[]);
    printed(&["user", "add", "treasured", "--name", "Lab", "--service", "--dir", other.dir()]);
    let there = place.home().join("box.restored");
    std::fs::rename(&other.dir, &there).unwrap();
    let replace =
        ["backup", "restore", "latest", "--from", text(&usb), "--to", place.dir(), "--sheet", &sheet, "--replace"];
    // Again and again within a second, so that the names would be the same.
    for _ in 0..3 {
        printed(&replace);
    }
    let beside = std::fs::read_dir(place.home()).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<PathBuf> = beside.filter(|path| text(path).contains(".before-")).collect();
    let treasured = kept.iter().filter(|dir| printed(&["user", "list", "--dir", text(dir)]).contains("treasured "));
    assert_eq!((kept.len(), treasured.count(), there.exists()), (4, 1, false), "{kept:?}");
}

#[test]
fn a_backup_from_before_the_root_key_was_changed_comes_back_in_a_drill() {
    let place = Place::made(&[]);
    let usb = place.home().join("usb");
    let sheet = file(place.home(), "sheet.txt", &place.printed);
    printed(&["backup", "create", "--target", text(&usb), "--dir", place.dir()]);
    printed(&["key", "rotate", "--sheet", &sheet, "--dir", place.dir()]);
    printed(&["backup", "drill", "--target", text(&usb), "--dir", place.dir()]);
    printed(&["key", "rotate", "--sheet", &sheet, "--dir", place.dir()]);
    printed(&["backup", "create", "--target", text(&usb), "--dir", place.dir()]);
    for snapshot in ["1", "2"] {
        printed(&["backup", "drill", snapshot, "--target", text(&usb), "--dir", place.dir()]);
    }
}

#[test]
fn a_snapshot_that_does_not_open_takes_the_place_of_none_that_does() {
    let place = Place::made(&[]);
    let usb = place.home().join("usb");
    let with = ["--target", text(&usb), "--dir", place.dir()];
    for user in ["first", "second"] {
        printed(&["user", "add", user, "--name", "Lab", "--service", "--dir", place.dir()]);
        printed(&[&["backup", "create"][..], &with].concat());
    }
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(usb.join("snapshots")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let bytes = std::fs::read(&files[1]).unwrap();
    std::fs::write(&files[1], &bytes[..100]).unwrap();
    let (code, said) = refused(&[&["backup", "prune"][..], &with].concat());
    assert_eq!(code, 3, "{said}");
    assert!(files.iter().all(|file| file.exists()), "both were of one hour");
    printed(&[&["backup", "drill", "1"][..], &with].concat());
}

#[test]
fn one_patient_comes_back_out_of_a_backup_after_it_was_looked_at() {
    let home = tempfile::tempdir().unwrap();
    let (dir, usb) = (home.path().join("box"), home.path().join("usb"));
    let demo = Demo::start(&dir);
    let patient = demo.account("patient")["patient"].as_str().unwrap().to_owned();
    // Somebody who may act for the patient.
    let related = |active: bool| {
        let patient = json!({ "reference": format!("Patient/{patient}") });
        let related = json!({ "resourceType": "RelatedPerson", "id": "friend", "active": active, "patient": patient });
        let related = file(home.path(), "related.ndjson", &related.to_string());
        printed(&["import", &related, "--dir", text(&dir)]);
    };
    related(true);
    printed(&["backup", "create", "--target", text(&usb), "--dir", text(&dir)]);
    let restore = ["backup", "restore", "1", "--from", text(&usb), "--patient", &patient, "--dir", text(&dir)];
    let same = json_of(&restore);
    let items = same["items"].as_array().unwrap();
    assert!(items.len() > 3 && items.iter().all(|item| item["stands"] == "same"), "{same}");
    // The patient's name is changed: it stays so, and comes back where it is named.
    let changed = json!({ "resourceType": "Patient", "id": patient, "name": [{ "family": "Changed" }] });
    let changed = file(home.path(), "changed.ndjson", &changed.to_string());
    printed(&["import", &changed, "--dir", text(&dir)]);
    let looked = json_of(&restore);
    let differs: Vec<&str> = looked["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["stands"] != "same")
        .map(|item| item["resource"].as_str().unwrap())
        .collect();
    assert_eq!((differs, &looked["kept"]), (vec![format!("Patient/{patient}").as_str()], &Value::Null));
    let said = printed(&[&restore[..], &["--apply"]].concat());
    assert!(said.contains(", and stays as it is: `--resource`") && said.contains("0 resources are back"), "{said}");
    let one = format!("Patient/{patient}");
    let alone = ["backup", "restore", "1", "--from", text(&usb), "--resource", &one, "--dir", text(&dir)];
    assert_eq!(json_of(&alone)["items"].as_array().unwrap().len(), 1);
    let said = printed(&[&alone[..], &["--apply"]].concat());
    assert!(said.contains("stays in the history alone") && said.contains("1 resource is back"), "{said}");
    assert!(json_of(&restore)["items"].as_array().unwrap().iter().all(|item| item["stands"] == "same"));
    // Who may see the record is no part of it: what was ended since stays ended, unless it is named.
    related(false);
    let said = printed(&[&restore[..], &["--apply"]].concat());
    assert!(
        said.contains("RelatedPerson/friend lets somebody see the record") && said.contains("0 resources"),
        "{said}"
    );
    let friend =
        ["backup", "restore", "1", "--from", text(&usb), "--resource", "RelatedPerson/friend", "--dir", text(&dir)];
    assert_eq!(json_of(&friend)["items"][0]["stands"], "differs");
    printed(&[&friend[..], &["--apply"]].concat());
    assert_eq!(json_of(&friend)["items"][0]["stands"], "same");
    let (code, said) =
        refused(&["backup", "restore", "1", "--from", text(&usb), "--patient", "nobody", "--dir", text(&dir)]);
    assert!(code == 1 && said.contains("does not have it"), "{said}");
    // A real box asks for the health administrator's word.
    let place = Place::made(&[]);
    printed(&["backup", "create", "--target", text(&place.home().join("usb")), "--dir", place.dir()]);
    let usb = place.home().join("usb");
    let apply = ["backup", "restore", "1", "--from", text(&usb), "--patient", "p", "--apply", "--dir", place.dir()];
    let (code, said) = refused(&apply);
    assert!(code == 1 && said.contains("approval"), "{said}");
}

#[test]
fn backups_that_went_away_are_told_by_every_command_and_damage_by_the_snapshots_it_costs() {
    let place = Place::made(&[]);
    let usb = place.home().join("usb");
    let with = ["--target", text(&usb), "--dir", place.dir()];
    let run = |words: &[&'static str]| -> Vec<&str> { [&["backup"][..], words, &with].concat() };
    for user in ["first", "second", "third"] {
        printed(&["user", "add", user, "--name", "Lab", "--service", "--dir", place.dir()]);
        printed(&run(&["create"]));
    }
    let snapshots = || {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(usb.join("snapshots")).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort_by_key(|file| text(file).split('-').nth_back(1).map(str::to_owned));
        files
    };
    let third = snapshots().pop().unwrap();
    std::fs::rename(&third, place.home().join("aside")).unwrap();
    for words in [&["list"][..], &["verify"], &["drill"]] {
        let (code, said) = refused(&run(words));
        assert_eq!(code, 3, "{words:?}: {said}");
    }
    let listed = said_of(&run(&["list"]));
    assert!(listed.contains("is gone, and this box did not remove it"), "{listed}");
    let verified = said_of(&run(&["verify"]));
    assert!(
        verified.contains("is gone, and this box did not remove it") && verified.contains("2 of 3 snapshots are good"),
        "{verified}"
    );
    let again = printed(&run(&["create"]));
    assert!(again.contains("is gone, and this box did not remove it"), "{again}");
    // All but the last, which then stands alone.
    for file in snapshots().iter().rev().skip(1) {
        std::fs::remove_file(file).unwrap();
    }
    let (code, _) = refused(&run(&["verify"]));
    assert_eq!(code, 3);
    // What is named goes alone. Of those of one hour, only the newest would have been kept.
    for (words, count) in [(&["prune", "--forget", "1"][..], 1), (&["prune"], 2)] {
        let forgotten = printed(&run(words));
        assert_eq!(forgotten.matches("was gone already, and is not asked for any more").count(), count, "{forgotten}");
    }
    let whole = printed(&run(&["verify"]));
    assert!(whole.contains("1 of 1 snapshot is good"), "{whole}");
    printed(&run(&["list"]));
    // What two snapshots need.
    printed(&run(&["create"]));
    for pack in std::fs::read_dir(usb.join("packs")).unwrap() {
        std::fs::write(pack.unwrap().path(), b"").unwrap();
    }
    let damaged = said_of(&run(&["verify"]));
    assert!(damaged.contains("the snapshots 4 and 5 cannot be restored"), "{damaged}");
    assert!(damaged.contains("none of 2 snapshots are good") && !damaged.contains("rows"), "{damaged}");
    let (code, _) = refused(&run(&["prune", "--now"]));
    let said = said_of(&run(&["prune", "--now"]));
    assert!(code == 3 && said.contains("no space was freed"), "{said}");
    assert!(std::fs::read_dir(usb.join("packs")).unwrap().count() > 0);
}

#[test]
fn a_removal_that_is_broken_off_says_what_it_has_removed() {
    let place = Place::made(&[]);
    let usb = place.home().join("usb");
    let with = ["--target", text(&usb), "--dir", place.dir()];
    let names = ["first", "second", "third"].map(|user| {
        printed(&["user", "add", user, "--name", "Lab", "--service", "--dir", place.dir()]);
        json_of(&[&["backup", "create"][..], &with].concat())["snapshot"].as_str().unwrap().to_owned()
    });
    // What lies beside the second snapshot cannot be removed.
    let file = usb.join("checkpoints").join(format!("{}.txt", names[1]));
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    std::fs::write(file.join("x"), b"x").unwrap();
    let prune = [&["backup", "prune", "--forget", "1", "--forget", "2", "--json"][..], &with].concat();
    let done = Command::new(env!("CARGO_BIN_EXE_chartbox")).args(&prune).output().unwrap();
    assert_ne!(done.status.code(), Some(0));
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    let said = &said["targets"][0];
    assert_eq!((&said["removed"], &said["kept"]), (&json!([names[0], names[1]]), &json!(1)), "{said}");
    assert!(said["error"].as_str().unwrap().contains("Before that, the snapshots 1 and 2 were removed"), "{said}");
    std::fs::remove_dir_all(&file).unwrap();
    printed(&[&["backup", "prune"][..], &with].concat());
}

#[test]
fn a_list_tells_what_is_known_of_a_place_as_the_look_did_that_found_it() {
    let place = Place::made(&[]);
    let usb = place.home().join("usb");
    let with = ["--target", text(&usb), "--dir", place.dir()];
    let run = |words: &[&'static str]| -> Vec<&str> { [&["backup"][..], words, &with].concat() };
    for user in ["first", "second"] {
        printed(&["user", "add", user, "--name", "Lab", "--service", "--dir", place.dir()]);
        printed(&run(&["create"]));
    }
    printed(&run(&["list"]));
    for pack in std::fs::read_dir(usb.join("packs")).unwrap() {
        let pack = pack.unwrap().path();
        let mut bytes = std::fs::read(&pack).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(pack, bytes).unwrap();
    }
    // Nobody has looked into it yet.
    printed(&run(&["list"]));
    let [verified, listed] = ["verify", "list"].map(|word| {
        let words = if word == "verify" { run(&["verify", "--all"]) } else { run(&["list"]) };
        let (code, said) = refused(&words);
        assert_eq!(code, 3, "{word}: {said}");
        said
    });
    assert_eq!(verified, listed);
    let listed = said_of(&run(&["list"]));
    assert!(listed.contains("was changed: a snapshot that uses it cannot be restored"), "{listed}");
    assert_eq!(listed.matches("it cannot be restored: `backup verify` says why").count(), 2, "{listed}");
    assert!(listed.contains("the next backup writes anew"), "{listed}");
    let told: Value = serde_json::from_str(&said_of(&run(&["list", "--json"]))).unwrap();
    let target = &told["targets"][0];
    assert_eq!((&target["damaged"], &target["faults"][0]["fault"]), (&json!(true), &json!("changed")), "{told}");
    // What is mended is not told any more.
    printed(&run(&["create"]));
    printed(&run(&["prune", "--now", "--forget", "1", "--forget", "2"]));
    printed(&run(&["verify", "--all"]));
    printed(&run(&["list"]));
    // A place that is not there is not damaged, as far as anybody can see.
    std::fs::rename(&usb, place.home().join("away")).unwrap();
    for words in [&["list"][..], &["verify"]] {
        let (code, said) = refused(&run(words));
        assert_eq!(code, 1, "{words:?}: {said}");
    }
}

#[test]
fn a_latest_that_is_damaged_is_told_with_the_one_to_take_instead() {
    let place = Place::made(&[]);
    let usb = place.home().join("usb");
    let sheet = file(place.home(), "sheet.txt", &place.printed);
    for user in ["first", "second", "third"] {
        printed(&["user", "add", user, "--name", "Lab", "--service", "--dir", place.dir()]);
        printed(&["backup", "create", "--target", text(&usb), "--dir", place.dir()]);
    }
    let numbered = |number: &str| {
        let mut files = std::fs::read_dir(usb.join("snapshots")).unwrap().map(|entry| entry.unwrap().path());
        files.find(|file| text(file).split('-').nth_back(1).is_some_and(|there| there.ends_with(number))).unwrap()
    };
    let new = place.home().join("new");
    let restore = |which: &'static str| {
        ["backup", "restore", which, "--from", text(&usb), "--to", text(&new), "--sheet", sheet.as_str()]
    };
    let newest = numbered("3");
    let bytes = std::fs::read(&newest).unwrap();
    std::fs::write(&newest, &bytes[..bytes.len() / 2]).unwrap();
    // A folder that somebody made for the box stays theirs when it does not work.
    std::fs::create_dir(&new).unwrap();
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        std::os::unix::fs::chown(&new, Some(65_534), Some(65_534)).unwrap();
    }
    let made = std::fs::metadata(&new).unwrap();
    let packs = std::fs::read_dir(usb.join("packs")).unwrap().map(|entry| entry.unwrap().path());
    let whole: Vec<(PathBuf, Vec<u8>)> = packs.map(|pack| (pack.clone(), std::fs::read(pack).unwrap())).collect();
    for (pack, bytes) in &whole {
        let mut broken = bytes.clone();
        broken[bytes.len() / 2] ^= 1;
        std::fs::write(pack, broken).unwrap();
    }
    assert_eq!(refused(&restore("1")).0, 3);
    let stays = std::fs::metadata(&new).unwrap();
    assert_eq!((stays.ino(), stays.uid()), (made.ino(), made.uid()));
    assert!(std::fs::read_dir(&new).unwrap().next().is_none());
    whole.iter().for_each(|(pack, bytes)| std::fs::write(pack, bytes).unwrap());
    let (code, said) = refused(&restore("latest"));
    assert!(code == 3 && said.contains("give its number, 2, instead of `latest`"), "{said}");
    // Whoever names one hears of that one.
    let (code, said) = refused(&restore("3"));
    assert!(code == 3 && !said.contains("instead"), "{said}");
    std::fs::remove_file(numbered("2")).unwrap();
    assert!(refused(&restore("latest")).1.contains("give its number, 1, instead"));
    printed(&restore("1"));
    for entry in std::fs::read_dir(&new).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().uid(), made.uid());
    }
}

#[test]
fn two_names_of_one_place_are_told_by_the_check_the_backup_and_the_status() {
    let place = Place::made(&[]);
    let (usb, link) = (place.home().join("usb"), place.home().join("link"));
    std::fs::create_dir(&usb).unwrap();
    std::os::unix::fs::symlink(&usb, &link).unwrap();
    let config = format!("[backup.targets]\nlink = \"{}\"\nusb = \"{}\"\n", link.display(), usb.display());
    let config = file(place.home(), "config.toml", &config);
    let with = ["--dir", place.dir(), "--config", &config];
    let sentence = "usb and link are two names of one place";
    let (code, said) = refused(&["config", "check", &config]);
    assert!(code == 1 && said.contains(sentence), "{code} {said}");
    let said = printed(&[&["backup", "create"][..], &with].concat());
    assert!(said.contains(&format!("usb: Attention: {sentence}")) && said.contains("link: backed up"), "{said}");
    let (code, said) = refused(&[&["backup", "create", "--target", "usb"][..], &with].concat());
    assert!(code == 1 && said.contains(sentence), "{code} {said}");
    let running = place.serve_with(&["--portal-listen", "off", "--config", &config]);
    let status = json_of(&["status", "--dir", place.dir()]);
    assert!(printed(&["status", "--dir", place.dir()]).contains(&format!("to usb: {sentence}")));
    let backups = status["backups"].as_array().unwrap();
    assert!(backups[1]["error"].as_str().unwrap().contains(sentence) && backups[0]["error"].is_null(), "{status}");
    assert!(running.stop().0);
    // What reads and what removes works by either name.
    for words in [&["verify"][..], &["drill"], &["prune"], &["list"]] {
        printed(&[&["backup"][..], words, &with].concat());
    }
}

/// What a command that fails prints all the same.
fn said_of(words: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_chartbox")).args(words).output().unwrap();
    assert!(!done.status.success());
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn what_is_no_place_and_no_time_is_said_in_words() {
    let place = Place::made(&[]);
    let usb = place.home().join("usb");
    let sheet = file(place.home(), "sheet.txt", &place.printed);
    let create = |target: &str| refused(&["backup", "create", "--target", target, "--dir", place.dir()]);
    let own = place.dir.join("usb");
    let (code, said) = create(text(&own));
    assert!(code == 1 && said.contains("in the box's own folder") && !own.exists(), "{said}");
    let (code, said) = create("");
    assert!(code == 2 && said.contains("cannot be empty"), "{said}");
    let (code, said) = create("usbb");
    assert!(code == 2 && said.contains("there is no target usbb"), "{said}");
    let (code, said) = create(text(&place.home().join("no/such")));
    assert!(code == 1 && said.contains("is not there (No such file or directory)"), "{said}");
    let strange =
        |words: &[&str]| refused(&[&["backup"][..], words, &["--target", text(&usb), "--dir", place.dir()]].concat());
    // Nothing was ever there: nothing is damaged.
    for words in [&["list"][..], &["verify"], &["drill"]] {
        let (code, said) = strange(words);
        assert!(code == 1 && !said.contains(": ."), "{words:?} {said}");
    }
    printed(&["backup", "create", "--target", text(&usb), "--dir", place.dir()]);
    let new = place.home().join("new");
    let restore = |at: &str| {
        refused(&["backup", "restore", "--from", text(&usb), "--to", text(&new), "--sheet", &sheet, "--at", at])
    };
    let (code, said) = restore("2001-01-01T00:00:00Z");
    assert!(code == 1 && said.contains("no snapshot from before") && said.contains("the first is of"), "{said}");
    let (code, said) = restore("yesterday");
    assert!(code == 2 && said.contains("a time is written as in"), "{said}");
    let (code, said) = refused(&["key", "remove", "2", "--dir", place.dir()]);
    assert!(code == 2 && said.contains("give --yes"), "{said}");
    // After the keys were changed, an old snapshot wants what opened the box then, and says so.
    printed(&["key", "rotate", "--sheet", &sheet, "--dir", place.dir()]);
    let newer = json_of(&["key", "sheet", "--dir", place.dir()])["text"].as_str().unwrap().to_owned();
    let newer = file(place.home(), "newer.txt", &newer);
    printed(&["backup", "create", "--target", text(&usb), "--dir", place.dir()]);
    let old = ["backup", "restore", "1", "--from", text(&usb), "--to", text(&new), "--sheet"];
    let (code, said) = refused(&[&old[..], &[&newer]].concat());
    assert!(code == 4 && said.contains("when the box had other keys"), "{said}");
    printed(&[&old[..], &[&sheet]].concat());
    // What came back is known to the box that came of it, and what was done to the place since is not missed by it.
    let back = ["--target", text(&usb), "--dir", text(&new)];
    printed(&[&["backup", "drill", "1"][..], &back].concat());
    printed(&[&["backup", "verify"][..], &back].concat());
    let created = printed(&[&["backup", "create"][..], &back].concat());
    assert!(!created.contains("broken off"), "{created}");
    // A newer one is not of its memory: that is no damage.
    let (code, said) = refused(&[&["backup", "drill", "2"][..], &back].concat());
    assert_eq!(code, 1, "{said}");
}
