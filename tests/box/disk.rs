//! A box on a disk that fills up, and has room again.
//!
//! The disk is a file system in memory whose size is changed while the box runs. Where a test may not mount one
//! (that takes root), it says so and passes.

use std::path::Path;
use std::process::Command;

use crate::client::Client;
use crate::process::{Place, file, printed, refused};
use crate::setup::{PASSWORDS, set_up, sign_in};

/// A file system of its own, taken away when dropped.
struct Disk {
    home: tempfile::TempDir,
}

impl Disk {
    /// `None` where nothing may be mounted.
    fn mounted(bytes: u64) -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let size = format!("size={bytes},mode=0700");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(home.path()).output();
        if done.is_ok_and(|done| done.status.success()) {
            return Some(Self { home });
        }
        eprintln!("not tried: this user may not mount a file system to fill up");
        None
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn used(&self) -> u64 {
        let about = rustix::fs::statvfs(self.path()).unwrap();
        (about.f_blocks - about.f_bfree) * about.f_frsize
    }

    /// Gives it another size, in bytes; it keeps what is on it.
    fn resize(&self, bytes: u64) {
        let size = format!("remount,size={bytes}");
        let done = Command::new("mount").args(["-o", &size]).arg(self.path()).status().unwrap();
        assert!(done.success(), "{size}");
    }

    /// `ro` or `rw`.
    fn remount(&self, how: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.path()).status().unwrap();
        assert!(done.success(), "{how}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

const MIB: u64 = 1 << 20;
/// Twice what a box keeps for reading, and some; not so much that it would set its reserve aside, which takes memory.
const ROOMY: u64 = 2300 * MIB;

fn patient(id: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"Brandvold","given":["Halina"]}}]}}"#)
}

/// Puts a patient, and answers with the status.
fn put(client: &Client, token: &str, id: &str) -> (u16, String) {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/fhir+json")];
    let answer = client.send("PUT", &format!("/fhir/Patient/{id}"), &headers, &patient(id));
    (answer.status, answer.body)
}

/// A box on the disk with a clinician who is signed in, and a program's token.
struct Scene {
    place: Place,
    token: String,
}

impl Scene {
    fn on(disk: &Disk) -> Self {
        let place = Place::made_at(disk.path().join("box"), &[]);
        let dir = place.dir();
        printed(&["user", "add", "lab", "--name", "Laboratory", "--service", "--dir", dir]);
        let scope = ["--scope", "system/*.cruds"];
        let token = printed(&[&["token", "create", "--user", "lab", "--dir", dir], &scope[..]].concat());
        Self { place, token: token.trim().to_owned() }
    }

    fn entries(&self, action: &str) -> usize {
        let listed =
            printed(&["audit", "list", "--json", "--action", action, "--limit", "10000", "--dir", self.place.dir()]);
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        listed["lines"].as_array().unwrap().len()
    }
}

#[test]
fn on_an_almost_full_disk_writes_are_refused_in_words_and_charts_open_and_are_in_the_log() {
    let Some(disk) = Disk::mounted(ROOMY) else { return };
    let scene = Scene::on(&disk);
    let running = scene.place.serve();
    let (clinic, dir) = (running.client("clinic"), scene.place.dir());
    set_up(&clinic, &scene.place.setup_code());
    assert_eq!(put(&clinic, &scene.token, "p1").0, 201);
    let operator = running.client("clinic");
    assert_eq!(sign_in(&operator, "otto", PASSWORDS[1]), 303);
    assert!(!operator.get("/box").body.contains("Free some space"));

    // The operator hears of it before anything is refused.
    disk.resize(disk.used() + 1500 * MIB);
    assert!(operator.get("/box").body.contains("Free some space before the box has to refuse"));
    assert!(running.client("ops").get("/metrics").body.contains("chartbox_disk_short 1"));
    assert_eq!(put(&clinic, &scene.token, "p2").0, 201);

    disk.resize(disk.used() + 900 * MIB);
    let (status, said) = put(&clinic, &scene.token, "p3");
    assert_eq!(status, 507, "{said}");
    let outcome: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    let text = outcome["issue"][0]["details"]["text"].as_str().unwrap();
    assert!(text.starts_with("The disk is almost full") && text.contains("free some space"), "{text}");
    let added = ["user", "add", "late", "--name", "Late", "--role", "nurse", "--dir", dir];
    let (code, said) = refused(&added);
    assert!(code == 1 && said.lines().count() == 1 && said.contains("the disk is almost full"), "{said}");
    let import = file(scene.place.home(), "patient.json", &patient("p4"));
    let (code, said) = refused(&["import", &import, "--dir", dir]);
    assert!(code == 1 && said.contains("the disk is almost full"), "{said}");

    // Signing in, reading and being written down go on.
    assert_eq!(sign_in(&clinic, "lena", PASSWORDS[2]), 303);
    let before = scene.entries("read");
    let chart = clinic.get("/patients/p1");
    assert_eq!(chart.status, 200);
    assert!(chart.body.contains("Brandvold"));
    let after = scene.entries("read");
    assert!(after > before, "{before} {after}");
    let token = clinic.get("/patients/new").csrf();
    let token = token.as_str();
    let new = [("csrf", token), ("family", "Corvin"), ("given", "Lena"), ("born", "1980-02-03"), ("sex", "female")];
    let page = clinic.post("/patients/new", &new);
    assert!(page.status == 507 && page.body.contains("The box has no room left to write"), "{}", page.body);
    assert!(operator.get("/box").body.contains("which is kept for reading"));
    let metrics = running.client("ops").get("/metrics").body;
    assert!(metrics.contains("chartbox_writes_refused 1"), "{metrics}");
    assert!(printed(&["status", "--dir", dir]).contains("kept-for-reading"));
    printed(&["audit", "verify", "--dir", dir]);

    disk.resize(ROOMY);
    assert_eq!(put(&clinic, &scene.token, "p3").0, 201);
    assert_eq!(clinic.get("/patients/p3").status, 200);
    assert!(running.stop().0);
}

#[test]
fn on_a_full_disk_nothing_opens_unwritten_and_what_was_acknowledged_is_there_afterwards() {
    let Some(disk) = Disk::mounted(ROOMY) else { return };
    let scene = Scene::on(&disk);
    let running = scene.place.serve();
    let clinic = running.client("clinic");
    set_up(&clinic, &scene.place.setup_code());
    assert_eq!(put(&clinic, &scene.token, "p0").0, 201);
    assert_eq!(sign_in(&clinic, "lena", PASSWORDS[2]), 303);

    // Looks go on until the very last byte; then they are refused, and not shown.
    disk.resize(disk.used() + MIB / 4);
    let mut shown = 0;
    let refused = loop {
        let answer = clinic.get("/patients/p0");
        match answer.status {
            200 if shown < 5000 => shown += 1,
            _ => break answer,
        }
    };
    assert_eq!(refused.status, 507, "{}", refused.body);
    assert!(refused.body.contains("full to the last byte") && !refused.body.contains("Brandvold"), "{}", refused.body);
    let (status, said) = put(&clinic, &scene.token, "p1");
    assert!(status == 507 && said.contains("The disk is full"), "{said}");

    // Killed in that state, and started with room: all that was acknowledged is there, and the log is whole.
    drop(running);
    disk.resize(ROOMY);
    let running = scene.place.serve();
    let clinic = running.client("clinic");
    assert_eq!(put(&clinic, &scene.token, "p1").0, 201);
    assert_eq!(sign_in(&clinic, "lena", PASSWORDS[2]), 303);
    assert_eq!(clinic.get("/patients/p0").status, 200);
    printed(&["audit", "verify", "--dir", scene.place.dir()]);
    assert!(scene.entries("read") > shown);
    assert!(running.stop().0);
}

#[test]
fn a_change_of_the_root_key_that_the_disk_has_no_room_for_is_refused_when_it_is_ordered() {
    let Some(disk) = Disk::mounted(ROOMY) else { return };
    let place = Place::made_at(disk.path().join("box"), &[]);
    let home = tempfile::tempdir().unwrap();
    let sheet = file(home.path(), "sheet", &place.printed);
    disk.resize(disk.used() + 40 * MIB);
    let (code, said) = refused(&["key", "rotate", "--sheet", &sheet, "--dir", place.dir()]);
    assert!(code == 1 && said.contains("Free some space, then run this again"), "{said}");
    let status = printed(&["key", "status", "--json", "--dir", place.dir()]);
    assert!(status.contains("\"rotating\": false"), "{status}");
    // Nor is a backup refused then.
    printed(&["backup", "create", "--target", home.path().join("usb").to_str().unwrap(), "--dir", place.dir()]);
}

#[test]
fn a_full_or_read_only_place_for_backups_keeps_what_it_has_and_a_full_disk_gets_no_half_box() {
    let Some(disk) = Disk::mounted(64 * MIB) else { return };
    let place = Place::made(&[]);
    let (usb, dir) = (disk.path().join("usb"), place.dir());
    let usb = usb.to_str().unwrap();
    let create = ["backup", "create", "--target", usb, "--dir", dir];
    let verified = || {
        let found = printed(&["backup", "verify", "--all", "--json", "--target", usb, "--dir", dir]);
        let found: serde_json::Value = serde_json::from_str(&found).unwrap();
        assert_eq!(found["targets"][0]["faults"], serde_json::json!([]));
        found["targets"][0]["good"].as_array().unwrap().len()
    };
    printed(&create);
    printed(&["user", "add", "lab", "--name", "Laboratory", "--service", "--dir", dir]);
    disk.resize(disk.used() + 4096);
    let (code, said) = refused(&create);
    assert!(code == 1 && said.contains("is full") && said.contains("What is there is whole"), "{said}");
    assert_eq!(verified(), 1);
    disk.remount("ro");
    let (code, said) = refused(&create);
    assert!(code == 1 && said.contains("does not take what is written to it"), "{said}");
    assert_eq!(verified(), 1);
    disk.remount("rw");

    disk.resize(disk.used() + ROOMY);
    printed(&create);
    assert_eq!(verified(), 2);
}

#[test]
fn a_recovery_sheet_that_a_full_disk_does_not_take_is_not_made_and_leaves_no_file() {
    let Some(disk) = Disk::mounted(MIB) else { return };
    let place = Place::made(&[]);
    let to = disk.path().join("sheet.txt");
    let (slots, sheet) = (Path::new(place.dir()).join("keyslots.toml"), to.to_str().unwrap());
    let before = std::fs::read(&slots).unwrap();
    disk.resize(disk.used().max(4096));
    std::fs::write(disk.path().join("full"), [0; 4096]).unwrap();
    let make = ["key", "sheet", "--to", sheet, "--dir", place.dir()];
    let (code, said) = refused(&make);
    assert!(code == 1 && said.contains("sheet.txt"), "{said}");
    assert!(!to.exists());
    assert_eq!(std::fs::read(&slots).unwrap(), before);
    disk.resize(MIB);
    printed(&make);
    assert!(!std::fs::read_to_string(&to).unwrap().ends_with("  "));
    // Nor does one stay that nobody could order.
    let other = disk.path().join("other.txt");
    let (code, _) = refused(&["key", "sheet", "--to", other.to_str().unwrap(), "--dir", disk.path().to_str().unwrap()]);
    assert!(code != 0 && !other.exists());
}

/// A backup of a small box on a stick, and the disk that it is to come back to.
struct Return {
    disk: Disk,
    /// Where the backup and the sheet lie.
    _place: Place,
    new: std::path::PathBuf,
    restore: Vec<String>,
}

impl Return {
    fn onto(disk: Disk) -> Self {
        let place = Place::made(&[]);
        let (usb, new) = (place.home().join("usb"), disk.path().join("new"));
        let [usb, to] = [&usb, &new].map(|path| path.to_str().unwrap().to_owned());
        printed(&["backup", "create", "--target", &usb, "--dir", place.dir()]);
        let sheet = file(place.home(), "sheet.txt", &place.printed);
        let restore = ["backup", "restore", "--from", &usb, "--to", &to, "--sheet", &sheet].map(str::to_owned).into();
        Self { disk, _place: place, new, restore }
    }

    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        self.restore.iter().map(String::as_str).chain(more.iter().copied()).collect()
    }

    /// What lies on the disk, each file with its bytes.
    fn all(&self) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
        let (mut all, mut open) = (std::collections::BTreeMap::new(), vec![self.disk.path().to_owned()]);
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let bytes = if path.is_dir() { Vec::new() } else { std::fs::read(&path).unwrap() };
                open.extend(path.is_dir().then(|| path.clone()));
                all.insert(path, bytes);
            }
        }
        all
    }
}

#[test]
fn a_restore_onto_a_disk_without_room_for_it_is_not_begun() {
    let Some(disk) = Disk::mounted(64 * MIB) else { return };
    let back = Return::onto(disk);
    let is_refused = |more: &[&str], room: u64| {
        let before = back.all();
        back.disk.resize(back.disk.used() + room);
        let (code, said) = refused(&back.arguments(more));
        assert!(code == 1 && said.lines().count() == 1, "{room}: {said}");
        let free = format!("{} MiB are free, and ", room / MIB);
        for part in ["has not enough room for this box", &free, "1024 MiB stay free", "nothing was changed"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(back.all() == before, "{room}");
    };
    // Not for the file alone, and not for what a box needs free to be written to.
    for room in [MIB, 20 * MIB, 1023 * MIB] {
        is_refused(&[], room);
    }
    back.disk.resize(ROOMY);
    printed(&back.arguments(&[]));
    let new = back.new.to_str().unwrap();
    printed(&["audit", "verify", "--dir", new]);
    // In the place of a box, that one stays beside, so that there is room for two to be had.
    is_refused(&["--replace"], 900 * MIB);
    printed(&["audit", "verify", "--dir", new]);
    back.disk.resize(ROOMY);
    printed(&back.arguments(&["--replace"]));
    // Something else that is in the way is said first.
    back.disk.resize(back.disk.used() + MIB);
    let (code, said) = refused(&back.arguments(&[]));
    assert!(code == 1 && said.contains("holds a box already"), "{said}");
}

#[test]
fn a_disk_that_fills_up_during_a_restore_gets_no_half_box() {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("not tried: strace is not there");
        return;
    }
    let Some(disk) = Disk::mounted(ROOMY) else { return };
    let back = Return::onto(disk);
    let used = back.disk.used();
    // While the journal is made, while the rows come, and at the end: from one of the writes on, all fail.
    let mut fails = 0;
    for nth in [1, 5, 12, 17, 20, 30, 60] {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qqq", "-o", "/dev/null", "-e", "trace=pwrite64,pwritev2"]);
        strace.args(["-e", &format!("inject=pwrite64,pwritev2:error=ENOSPC:when={nth}+")]);
        let done = strace.arg(env!("CARGO_BIN_EXE_chartbox")).args(back.arguments(&[])).output().unwrap();
        if done.status.success() {
            std::fs::remove_dir_all(&back.new).unwrap();
            continue;
        }
        fails += 1;
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(1) && said.contains("full") && said.lines().count() == 1, "{nth}: {said}");
        assert_eq!((back.new.exists(), back.disk.used()), (false, used), "{nth}");
    }
    assert!(fails >= 3, "{fails}");
    printed(&back.arguments(&[]));
    printed(&["audit", "verify", "--dir", back.new.to_str().unwrap()]);
}
