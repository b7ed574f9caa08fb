//! Backing up, removing and restoring, killed at every step: by `strace`, at the n-th call that changes something.
//!
//! Where `strace` is not there, or may not trace, it says so and passes. `CHARTBOX_KILL_STEPS=all` kills at each call, which
//! takes long; without it some are tried, spread over all. The figures are printed.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::process::{Place, chartbox, copied, file, printed};

/// Calls that name, remove or make durable; and calls that write.
const CALLS: [(&str, &str); 4] = [
    ("naming", "rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat"),
    ("syncing", "fsync,fdatasync,pwritev2"),
    ("writing", "write,pwrite64"),
    ("opening", "openat"),
];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json_of(arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(&[arguments, &["--json"]].concat())).unwrap()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// It was killed at the call.
    Killed,
    /// It came to its end before.
    Well,
}

/// Runs the program and kills it at the n-th of some calls (of one thread).
fn killed_at(calls: &str, nth: usize, arguments: &[&str]) -> Ended {
    let inject = format!("inject={calls}:signal=KILL:when={nth}");
    let output = Command::new("strace")
        .args(["-f", "-qqq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject])
        .arg(env!("CARGO_BIN_EXE_chartbox"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if output.status.success() {
        return Ended::Well;
    }
    let killed = output.status.signal() == Some(9) || output.status.code() == Some(137);
    assert!(killed, "{arguments:?} at {calls} {nth}: {}", String::from_utf8_lossy(&output.stderr));
    Ended::Killed
}

fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-qqq", "-o", "/dev/null", "-f", "true"]).output();
    let can = tried.is_ok_and(|tried| tried.status.success());
    if !can {
        eprintln!("not tried: there is no strace here, or it may not trace");
    }
    can
}

/// The next call to kill at. Names decide what there is, and are few.
fn next(kind: &str, nth: usize) -> usize {
    let all = std::env::var("CHARTBOX_KILL_STEPS").is_ok_and(|steps| steps == "all");
    match kind {
        _ if all => nth + 1,
        "naming" => nth + 4,
        _ => nth * 4 + 3,
    }
}

/// A box with a place that has two snapshots, to begin with each time.
struct Scene {
    place: Place,
    names: Vec<String>,
    sheet: String,
}

impl Scene {
    fn new() -> Self {
        let place = Place::made(&[]);
        let usb = place.home().join("usb");
        let mut names = Vec::new();
        for user in ["first", "second"] {
            printed(&["user", "add", user, "--name", "Lab", "--service", "--dir", place.dir()]);
            let made = json_of(&["backup", "create", "--target", text(&usb), "--dir", place.dir()]);
            names.push(made["snapshot"].as_str().unwrap().to_owned());
        }
        printed(&["user", "add", "third", "--name", "Lab", "--service", "--dir", place.dir()]);
        let sheet = file(place.home(), "sheet.txt", &place.printed);
        let scene = Self { place, names, sheet };
        copied(&scene.place.dir, &scene.at("box.was"));
        copied(&usb, &scene.at("usb.was"));
        scene
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.place.home().join(name)
    }

    fn put_back(&self) {
        copied(&self.at("box.was"), &self.place.dir);
        copied(&self.at("usb.was"), &self.at("usb"));
        let _ = std::fs::remove_dir_all(self.at("new"));
    }

    fn verified(&self) -> Value {
        let usb = self.at("usb");
        let found = json_of(&["backup", "verify", "--all", "--target", text(&usb), "--dir", self.place.dir()]);
        let found = found["targets"][0].clone();
        assert_eq!(found["faults"], json!([]));
        assert_eq!(found["good"].as_array().unwrap().len(), found["snapshots"].as_u64().unwrap() as usize, "{found}");
        found
    }

    fn has(&self, found: &Value, names: &[String], what: &str) {
        let good = found["good"].as_array().unwrap();
        assert!(names.iter().all(|name| good.contains(&json!(name))), "{what}: {found}");
    }

    fn create(&self) -> Value {
        json_of(&["backup", "create", "--target", text(&self.at("usb")), "--dir", self.place.dir()])
    }

    /// Nothing is left that no snapshot needs, and what is latest restores.
    fn goes_on(&self, what: &str) {
        let usb = self.at("usb");
        let made = self.create();
        let found = self.verified();
        self.has(&found, &[made["snapshot"].as_str().unwrap().to_owned()], what);
        printed(&["backup", "prune", "--now", "--target", text(&usb), "--dir", self.place.dir()]);
        assert_eq!(self.verified()["unusedPacks"], json!(0), "{what}");
        let hidden = std::fs::read_dir(usb.join("packs")).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(hidden.filter(|name| name.to_string_lossy().starts_with('.')).count(), 0, "{what}");
    }

    fn restores(&self, what: &str) {
        let (usb, new) = (self.at("usb"), self.at("new"));
        printed(&["backup", "restore", "latest", "--from", text(&usb), "--to", text(&new), "--sheet", &self.sheet]);
        printed(&["audit", "verify", "--dir", text(&new)]);
        assert!(printed(&["user", "list", "--dir", text(&new)]).contains("second "), "{what}");
    }
}

/// Does something that is killed at one call after the other; `before` prepares it, and `after` sees what is left each time.
fn campaign(name: &str, arguments: &[&str], before: &dyn Fn(), after: &dyn Fn(&str)) {
    let mut figures = Vec::new();
    for (kind, calls) in CALLS {
        let (mut nth, mut kills) = (1, 0);
        loop {
            before();
            if killed_at(calls, nth, arguments) == Ended::Well {
                break;
            }
            kills += 1;
            after(&format!("{name}, {kind} {nth}"));
            nth = next(kind, nth);
        }
        assert!(kills > 0, "{name}: no {kind}");
        figures.push(format!("{kills} at {kind} (of {nth} at most)"));
    }
    eprintln!("{name} was killed: {}; nothing was lost", figures.join(", "));
}

#[test]
fn a_backup_killed_at_any_step_harms_nothing_and_is_taken_up_by_the_next() {
    if !can_trace() {
        return;
    }
    let scene = Scene::new();
    let usb = scene.at("usb");
    let create = ["backup", "create", "--target", text(&usb), "--dir", scene.place.dir()];
    campaign("backup create", &create, &|| scene.put_back(), &|what| {
        scene.has(&scene.verified(), &scene.names, what);
        scene.goes_on(what);
    });
    scene.restores("after all");
    // What a backup wrote that was killed before its last step is used, and it says so.
    scene.put_back();
    std::fs::remove_dir_all(&usb).unwrap();
    std::fs::create_dir(&usb).unwrap();
    let new = ["backup", "create", "--anew", "--target", text(&usb), "--dir", scene.place.dir()];
    let nth = (1..).find(|nth| {
        assert_eq!(killed_at("renameat2", *nth, &new), Ended::Killed);
        std::fs::read_dir(usb.join("packs")).is_ok_and(|packs| packs.count() > 0)
    });
    assert!(nth.is_some() && std::fs::read_dir(usb.join("snapshots")).map_or(0, Iterator::count) == 0);
    let said = printed(&new);
    assert!(said.contains("A backup that was broken off had left"), "{said}");
    scene.verified();
}

#[test]
fn removing_old_backups_killed_at_any_step_leaves_the_others_whole() {
    if !can_trace() {
        return;
    }
    let scene = Scene::new();
    let usb = scene.at("usb");
    for how in [&["--now"][..], &[]] {
        let prune = ["backup", "prune", "--forget", "1", "--target", text(&usb), "--dir", scene.place.dir()];
        let prune = [&prune[..], how].concat();
        campaign(&format!("backup prune {how:?}"), &prune, &|| scene.put_back(), &|what| {
            scene.has(&scene.verified(), &scene.names[1..], what);
            scene.goes_on(what);
        });
    }
    scene.restores("after all");
}

#[test]
fn a_restore_killed_at_any_step_leaves_no_half_box_and_is_done_again() {
    if !can_trace() {
        return;
    }
    let scene = Scene::new();
    let (usb, new) = (scene.at("usb"), scene.at("new"));
    let restore = ["backup", "restore", "latest", "--from", text(&usb), "--to", text(&new), "--sheet", &scene.sheet];
    campaign("backup restore", &restore, &|| scene.put_back(), &|what| {
        let status = chartbox(&["user", "list", "--dir", text(&new)]);
        if status.status.success() {
            // It was killed when all was done but to say so.
            let users = String::from_utf8_lossy(&status.stdout).into_owned();
            assert!(users.contains("second ") && !new.join(".restoring").exists(), "{what}");
            printed(&["audit", "verify", "--dir", text(&new)]);
        } else {
            scene.restores(what);
        }
    });
    // In place of another box, of which one is there at every moment.
    let other = Place::made(&[]);
    printed(&["user", "add", "treasured", "--name", "Lab", "--service", "--dir", other.dir()]);
    let was = scene.at("other.was");
    copied(&other.dir, &was);
    let replace = ["backup", "restore", "latest", "--from", text(&usb), "--to", other.dir(), "--sheet", &scene.sheet];
    let replace = [&replace[..], &["--replace"]].concat();
    let before = || {
        for entry in std::fs::read_dir(other.home()).unwrap() {
            std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
        copied(&was, &other.dir);
    };
    campaign("backup restore --replace", &replace, &before, &|what| {
        printed(&["user", "list", "--dir", other.dir()]);
        printed(&replace);
        assert!(printed(&["user", "list", "--dir", other.dir()]).contains("second "), "{what}");
        // The box that was there is kept, whatever happened, and nothing lies around that is half.
        let beside = || std::fs::read_dir(other.home()).unwrap().map(|entry| entry.unwrap().path());
        let kept = beside().filter(|path| path.to_str().is_some_and(|path| path.contains(".before-")));
        let kept = kept.filter(|path| printed(&["user", "list", "--dir", text(path)]).contains("treasured "));
        assert_eq!(kept.count(), 1, "{what}: {:?}", beside().collect::<Vec<_>>());
        assert!(beside().all(|path| !path.ends_with("box.restored") && !path.join(".unplaced").exists()), "{what}");
    });
}
