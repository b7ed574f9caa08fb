//! The keys of a box from outside: `chartbox key`, on a box that runs and on one that does not.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::{Place, chartbox, file, printed, refused};

const PASSPHRASE: &str = "tulip harbor canyon violin 92";
const OTHER: &str = "walnut gravel teapot onyx";

fn status(place: &Place, more: &[&str]) -> Value {
    let arguments = [&["key", "status", "--json", "--dir", place.dir()], more].concat();
    serde_json::from_slice(&chartbox(&arguments).stdout).unwrap()
}

fn kinds(status: &Value) -> Vec<String> {
    let slots = status["slots"].as_array().unwrap();
    slots.iter().map(|slot| format!("{} {}", slot["id"], slot["kind"].as_str().unwrap())).collect()
}

fn entries(place: &Place, action: &str, more: &[&str]) -> Vec<(String, String)> {
    let arguments = [&["audit", "list", "--json", "--action", action, "--dir", place.dir()], more].concat();
    let list: Value = serde_json::from_str(&printed(&arguments)).unwrap();
    let of = |line: &Value| {
        let note = noted(line).unwrap_or_else(|| "-".into());
        (line["outcome"].as_str().unwrap().to_owned(), note)
    };
    list["lines"].as_array().unwrap().iter().map(of).collect()
}

/// The note of an entry, wherever in it.
fn noted(value: &Value) -> Option<String> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, value)| match (name.as_str(), value) {
            ("note", Value::String(note)) => Some(note.clone()),
            _ => noted(value),
        }),
        _ => None,
    }
}

/// The sheet as it stands between the rules of what `init` and `key sheet` print.
fn sheet_in(text: &str) -> String {
    text.split(&"-".repeat(72)).nth(1).unwrap().to_owned()
}

#[test]
fn ways_to_unlock_are_added_and_removed_while_the_box_runs_and_while_it_does_not() {
    let place = Place::made(&[]);
    let sheet = file(place.home(), "sheet", &sheet_in(&place.printed));
    let new = file(place.home(), "new", &format!("{PASSPHRASE}\n"));
    assert_eq!(kinds(&status(&place, &[])), ["1 recovery-sheet", "2 key-file"]);
    assert_eq!(status(&place, &[])["protection"], "key-file");
    // Nobody has shown yet that the sheet is kept.
    let (code, said) = refused(&["key", "remove", "2", "--yes", "--dir", place.dir()]);
    assert!(code == 1 && said.contains("nobody has shown yet that the recovery sheet is kept"), "{said}");
    let running = place.serve();
    let kept = printed(&["key", "sheet", "--confirm", "--sheet", &sheet, "--dir", place.dir()]);
    assert!(kept.contains("known to be kept"), "{kept}");
    let added = printed(&["key", "add", "--passphrase", "--new-passphrase-file", &new, "--dir", place.dir()]);
    assert!(added.contains("Slot 3: passphrase") && added.contains("chartbox key remove 2"), "{added}");
    let weak = file(place.home(), "weak", "qwertyuiop1234567\n");
    let (code, said) = refused(&["key", "add", "--passphrase", "--new-passphrase-file", &weak, "--dir", place.dir()]);
    assert!(code == 1 && !said.contains("qwerty"), "{said}");
    let removed = printed(&["key", "remove", "2", "--yes", "--dir", place.dir()]);
    assert!(
        removed.contains("key file, is removed") && removed.contains("Whoever kept the old key still opens old copies"),
        "{removed}"
    );
    assert!(!place.dir.join("box.key").exists());
    assert_eq!(status(&place, &[])["protection"], "typed");
    let (ended, log) = running.stop();
    assert!(ended && !log.contains(PASSPHRASE), "{log}");

    // The box is stopped: without a key it is locked, and its slots can be listed all the same.
    let (code, said) = refused(&["key", "status", "--dir", place.dir()]);
    assert_eq!(code, 4, "{said}");
    assert_eq!(kinds(&status(&place, &[])), ["1 recovery-sheet", "3 passphrase"]);
    let with = ["--sheet", sheet.as_str()];
    assert_eq!(status(&place, &with)["state"], "open");
    let removed = printed(&["key", "remove", "1", "--yes", "--dir", place.dir(), "--passphrase-file", &new]);
    assert!(removed.contains("The old sheet still opens old copies. To end that, rotate the key."), "{removed}");
    assert_eq!(refused(&["key", "status", "--dir", place.dir(), "--sheet", &sheet]).0, 4);
    let (code, said) = refused(&["key", "remove", "3", "--yes", "--dir", place.dir(), "--passphrase-file", &new]);
    assert!(code == 1 && said.contains("last slot that a person can open the box with"), "{said}");
    let (code, said) = refused(&["key", "remove", "9", "--yes", "--dir", place.dir(), "--passphrase-file", &new]);
    assert!(code == 2 && said.contains("there is no slot 9"), "{said}");
    let back = printed(&["key", "add", "--key-file", "--dir", place.dir(), "--passphrase-file", &new]);
    assert!(back.contains("Not protected against a stolen disk"), "{back}");
    let notes = |action: &str| entries(&place, action, &[]).into_iter().map(|(_, note)| note).collect::<Vec<_>>();
    assert_eq!(notes("key-slot-remove"), ["slot 1: recovery sheet", "slot 2: key file"]);
    assert_eq!(notes("key-slot-add"), ["slot 4: key file", "slot 3: passphrase"]);
}

#[test]
fn a_new_sheet_takes_the_place_of_the_old_one_when_it_is_known_to_be_kept() {
    let place = Place::made(&[]);
    let old = file(place.home(), "old", &sheet_in(&place.printed));
    let running = place.serve();
    let to = place.home().join("new-sheet");
    let said = printed(&["key", "sheet", "--to", to.to_str().unwrap(), "--dir", place.dir()]);
    assert!(said.contains("chartbox key sheet --confirm") && !said.contains("1.  "), "{said}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&to).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let (code, _) = refused(&["key", "sheet", "--to", to.to_str().unwrap(), "--dir", place.dir()]);
    assert_eq!((code, kinds(&status(&place, &[])).len()), (1, 3), "nothing is made that cannot be shown");
    let one = file(place.home(), "one", &std::fs::read_to_string(&to).unwrap());
    let mut wrong = std::fs::read_to_string(&to).unwrap();
    let row = wrong.lines().find(|line| line.starts_with("4.")).unwrap().to_owned();
    let last = row.split_whitespace().last().unwrap().to_owned();
    wrong = wrong.replace(&row, &row.replace(&last, if last == "acorn" { "zipper" } else { "acorn" }));
    let wrong = file(place.home(), "wrong", &wrong);
    let (code, said) = refused(&["key", "sheet", "--confirm", "--sheet", &wrong, "--dir", place.dir()]);
    assert!(code == 1 && said.contains("row 4: its words do not fit together"), "{said}");
    let kept = printed(&["key", "sheet", "--confirm", "--sheet", &one, "--dir", place.dir()]);
    assert!(
        kept.contains("(slot 1) does not open this box any more")
            && kept.contains("The old sheet still opens old copies"),
        "{kept}"
    );
    assert_eq!(kinds(&status(&place, &[])), ["2 key-file", "3 recovery-sheet"]);
    assert!(running.stop().0);
    assert_eq!(refused(&["status", "--dir", place.dir(), "--sheet", &old]).0, 4);
    printed(&["status", "--dir", place.dir(), "--sheet", &one]);
}

#[test]
fn a_key_command_that_fails_says_why_in_json_too() {
    let place = Place::made(&[]);
    for words in [&["key", "remove", "99", "--yes"][..], &["key", "unlock"], &["key", "rotate", "--cancel"]] {
        let done = chartbox(&[words, &["--json", "--dir", place.dir()]].concat());
        let said: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(said["code"].as_i64(), done.status.code().map(i64::from), "{words:?}");
        assert!(said["error"].is_string() && !done.status.success(), "{words:?}: {said}");
    }
}

#[test]
fn a_box_without_a_sheet_says_that_it_has_none() {
    let place = Place::made(&[]);
    let new = file(place.home(), "new", &format!("{PASSPHRASE}\n"));
    printed(&["key", "add", "--passphrase", "--new-passphrase-file", &new, "--dir", place.dir()]);
    printed(&["key", "remove", "1", "--yes", "--dir", place.dir()]);
    let status = printed(&["status", "--dir", place.dir()]);
    assert!(status.contains("this box has no recovery sheet: chartbox key sheet"), "{status}");
    let (code, said) = refused(&["key", "sheet", "--confirm", "--dir", place.dir()]);
    assert!(code == 1 && said.contains("this box has no recovery sheet"), "{said}");
}

#[test]
fn a_renewed_sheet_leaves_the_old_one_to_open_the_backups_until_there_is_another() {
    let place = Place::made(&[]);
    let usb = place.home().join("usb");
    let usb = usb.to_str().unwrap();
    let config = file(place.home(), "config.toml", &format!("[backup.targets]\nusb = \"{usb}\"\n"));
    let with = |words: &[&'static str]| -> Vec<&str> { [words, &["--dir", place.dir(), "--config", &config]].concat() };
    let run = |words: &[&'static str]| printed(&with(words));
    let to = place.home().join("new-sheet");
    let to = to.to_str().unwrap();
    run(&["backup", "create"]);
    let snapshots = || std::fs::read_dir(place.home().join("usb/snapshots")).unwrap().map(|file| file.unwrap().path());
    let first = snapshots().next().unwrap();
    let of_first = std::fs::read(&first).unwrap();
    printed(&[&with(&["key", "sheet"])[..], &["--to", to]].concat());
    let said = printed(&[&with(&["key", "sheet", "--confirm"])[..], &["--sheet", to]].concat());
    assert!(said.contains("Keep it all the same until another backup has\nbeen made"), "{said}");
    assert!(said.contains("Make one now") && said.contains("chartbox backup create"), "{said}");
    let status = run(&["status"]);
    assert!(status.contains("to usb: the newest backup there opens by an old sheet or passphrase only"), "{status}");
    let new = place.home().join("new");
    let restore = ["backup", "restore", "--from", usb, "--to", new.to_str().unwrap(), "--sheet", to];
    assert_eq!(refused(&restore).0, 4);
    // A box that runs makes it by itself.
    let running = place.serve_with(&["--portal-listen", "off", "--config", &config]);
    let begun = std::time::Instant::now();
    while snapshots().all(|file| file == first) {
        assert!(begun.elapsed().as_secs() < 60, "it makes none");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(running.stop().0);
    assert!(!run(&["status"]).contains("old sheet or passphrase only"));
    printed(&restore);
    // It keeps one of an hour; the other comes back as from a copy of the folder.
    std::fs::write(&first, of_first).unwrap();
    // The root is the same, so that each sheet opens what the other does.
    let old = file(place.home(), "old-sheet", &sheet_in(&place.printed));
    for (number, sheet) in [("1", to), ("2", &old)] {
        let dir = place.home().join(format!("by-other-{number}"));
        let dir = dir.to_str().unwrap();
        printed(&["backup", "restore", number, "--from", usb, "--to", dir, "--sheet", sheet]);
        printed(&["status", "--dir", dir, "--sheet", sheet]);
    }
    let listed = printed(&["backup", "list", "--from", usb, "--sheet", to, "--json"]);
    assert!(!listed.contains("does not open"), "{listed}");
}

#[test]
fn a_rotation_is_carried_on_at_the_next_start_and_at_once_on_a_box_that_does_not_run() {
    let place = Place::made(&[]);
    let sheet = file(place.home(), "sheet", &sheet_in(&place.printed));
    let token = {
        printed(&["user", "add", "reader", "--name", "Reader", "--service", "--dir", place.dir()]);
        printed(&["token", "create", "--user", "reader", "--scope", "system/*.rs", "--dir", place.dir()])
    };
    let checkpoint = place.home().join("checkpoint");
    printed(&["audit", "checkpoint", "--to", checkpoint.to_str().unwrap(), "--dir", place.dir()]);
    let pinned = place.printed.lines().find_map(|line| line.strip_prefix("Access log key:")).unwrap().trim().to_owned();

    let running = place.serve();
    let (code, said) = refused(&["key", "rotate", "--dir", place.dir()]);
    assert!(code == 2 && said.contains("slot 1 (recovery sheet) can only be wrapped anew"), "{said}");
    let said = printed(&["key", "rotate", "--sheet", &sheet, "--dir", place.dir()]);
    assert!(said.contains("systemctl restart chartbox") && said.contains("old backup"), "{said}");
    assert_eq!(status(&place, &[])["rotating"], true);
    let (code, said) = refused(&["key", "sheet", "--dir", place.dir()]);
    assert!(code == 1 && said.contains("waits for the next start"), "{said}");
    assert!(running.stop().0);
    let before = std::fs::read(place.dir.join("keyslots.toml")).unwrap();
    let running = place.serve();
    let now = status(&place, &[]);
    assert_eq!((&now["epoch"], &now["rotating"], &now["state"]), (&2.into(), &false.into(), &"open".into()));
    assert_ne!(std::fs::read(place.dir.join("keyslots.toml")).unwrap(), before);
    let bearer = format!("Bearer {}", token.trim());
    let answer = running.client("clinic").send("GET", "/fhir/Patient", &[("authorization", &bearer)], "");
    assert_eq!(answer.status, 200, "API tokens go on: {}", answer.body);
    assert!(running.stop().0);

    // Stopped, and the key file left behind: it is done when the command has ended.
    let said = printed(&["key", "rotate", "--sheet", &sheet, "--without", "2", "--dir", place.dir()]);
    assert!(said.contains("number 3") && said.contains("Left behind: slot 2 (key file)"), "{said}");
    assert_eq!(refused(&["status", "--dir", place.dir()]).0, 4);
    let now = status(&place, &["--sheet", &sheet]);
    assert_eq!((&now["epoch"], kinds(&now)), (&3.into(), vec!["1 recovery-sheet".to_owned()]));
    let names: Vec<_> = std::fs::read_dir(&place.dir).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("next")), "{names:?}");
    // The key on the sheet, of the first root, still vouches for the log.
    let verified = [
        "audit",
        "verify",
        "--checkpoint",
        checkpoint.to_str().unwrap(),
        "--key",
        &pinned,
        "--dir",
        place.dir(),
        "--sheet",
        &sheet,
    ];
    printed(&verified);
    let rotated = entries(&place, "key-rotate", &["--sheet", &sheet]);
    assert_eq!(
        rotated.iter().map(|(outcome, _)| outcome.as_str()).collect::<Vec<_>>(),
        ["success", "started", "success", "started"]
    );
    // The slots as they were before the first rotation open nothing any more.
    std::fs::write(place.dir.join("keyslots.toml"), before).unwrap();
    std::fs::remove_file(place.dir.join("keyslots.copy.toml")).unwrap();
    assert_eq!(refused(&["status", "--dir", place.dir(), "--sheet", &sheet]).0, 4);
}

#[test]
fn a_locked_box_opens_at_its_console_and_writes_down_what_was_tried() {
    let home = tempfile::tempdir().unwrap();
    let passphrase = file(home.path(), "passphrase", &format!("{PASSPHRASE}\n"));
    let wrong = file(home.path(), "wrong", &format!("{OTHER}\n"));
    let place = Place::made(&["--unlock", "passphrase", "--passphrase-file", &passphrase]);
    let (code, said) = refused(&["key", "unlock", "--passphrase-file", &passphrase, "--dir", place.dir()]);
    assert!(code == 1 && said.contains("no box runs here"), "{said}");
    let running = place.serve();
    let listed = status(&place, &[]);
    assert_eq!((listed["state"].as_str(), kinds(&listed).len()), (Some("locked"), 2));
    assert_eq!(refused(&["key", "status", "--dir", place.dir()]).0, 4);
    let (code, said) = refused(&["user", "list", "--dir", place.dir()]);
    assert!(code == 4 && said.contains("chartbox key unlock"), "{said}");
    let clinic = running.client("clinic");
    assert_eq!(clinic.post("/unlock", &[("passphrase", OTHER)]).status, 422);
    let row = |at: usize, text: &str| (["row1", "row2", "row3", "row4", "row5", "row6"][at], text.to_owned());
    let sheet = sheet_in(&place.printed);
    let mut rows: Vec<_> = (1..=6)
        .map(|at| sheet.lines().find(|line| line.starts_with(&format!("{at}."))).unwrap()[2..].trim().to_owned())
        .enumerate()
        .map(|(at, text)| row(at, &text))
        .collect();
    rows[2].1 = rows[2].1.replacen(char::is_alphabetic, "x", 1);
    let typed: Vec<(&str, &str)> = rows.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let answer = clinic.post("/unlock", &typed);
    assert!(answer.status == 422 && answer.body.contains("Row 3"), "{}", answer.body);
    let (code, said) = refused(&["key", "unlock", "--passphrase-file", &wrong, "--dir", place.dir()]);
    assert!(code == 4 && said.contains("does not open this box"), "{said}");
    let opened = printed(&["key", "unlock", "--passphrase-file", &passphrase, "--dir", place.dir()]);
    assert_eq!(opened, "The box is open.\n");
    let again = printed(&["key", "unlock", "--passphrase-file", &passphrase, "--dir", place.dir()]);
    assert!(again.contains("open already"), "{again}");
    let tried = entries(&place, "unlock", &[]);
    let outcomes: Vec<&str> = tried.iter().map(|(outcome, _)| outcome.as_str()).collect();
    assert_eq!(outcomes, ["success", "denied", "denied"], "{tried:?}");
    assert!(tried[1].1.starts_with("1 try while the box was locked"), "{tried:?}");
    assert!(!place.dir.join("unlock-tries.json").exists());
    let (ended, log) = running.stop();
    assert!(ended && !log.contains(OTHER) && !log.contains(PASSPHRASE), "{log}");
}

#[test]
fn a_broken_credential_leaves_the_box_locked_and_the_recovery_sheet_opens_it() {
    let Some(sealed) = sealing() else { return };
    let place = Place::made(&[]);
    let sheet = file(place.home(), "sheet", &sheet_in(&place.printed));
    let to = place.home().join("credstore/chartbox-key");
    let add = ["key", "add", "--credential", "--to", to.to_str().unwrap(), "--dir", place.dir()];
    let (code, said) = refused(&add);
    assert!(code == 1 && said.contains("nobody has shown yet") && !to.exists(), "{said}");
    printed(&["key", "sheet", "--confirm", "--sheet", &sheet, "--dir", place.dir()]);
    let said = printed(&add);
    assert!(said.contains(sealed) && said.contains("systemctl restart chartbox-key chartbox"), "{said}");
    printed(&["key", "remove", "2", "--yes", "--dir", place.dir()]);
    // As chartbox-key.service does it.
    let handed = place.home().join("handed");
    std::fs::create_dir(&handed).unwrap();
    let opened = Command::new("systemd-creds")
        .args(["decrypt", "--name=chartbox-key", to.to_str().unwrap(), handed.join("chartbox-key").to_str().unwrap()])
        .stderr(Stdio::null())
        .status();
    assert!(opened.unwrap().success());
    let with = |folder: &Path, arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_chartbox"))
            .args(arguments)
            .env("CREDENTIALS_DIRECTORY", folder)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let status = with(&handed, &["key", "status", "--dir", place.dir()]);
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    assert!(String::from_utf8_lossy(&status.stdout).contains("by the credential"));
    // It comes, and is not what it was: the box must not stay down for that.
    let text = std::fs::read_to_string(handed.join("chartbox-key")).unwrap();
    for broken in [text.replace('A', "B").replace('a', "b"), "nonsense".into(), String::new()] {
        std::fs::write(handed.join("chartbox-key"), broken).unwrap();
        let locked = with(&handed, &["key", "status", "--dir", place.dir()]);
        assert_eq!(locked.status.code(), Some(4), "{}", String::from_utf8_lossy(&locked.stderr));
    }
    let running = place.serve_with(&[]);
    let clinic = running.client("clinic");
    assert_eq!(clinic.get("/healthz").body, "locked\n");
    let text = sheet_in(&place.printed);
    let words: Vec<&str> = text.lines().filter(|line| line.len() > 3 && &line[1..3] == ". ").collect();
    assert_eq!(clinic.post("/unlock", &[("row1", &words.join(" "))]).status, 303);
    assert_eq!(clinic.get("/healthz").body, "ok\n");
    assert!(running.stop().0);
}

/// What `key add --credential` will say of this machine. None where systemd is not there to seal anything.
fn sealing() -> Option<&'static str> {
    let Ok(output) = Command::new("systemd-creds").arg("has-tpm2").stdin(Stdio::null()).output() else {
        eprintln!("not tried: systemd-creds is not there");
        return None;
    };
    let tried = Command::new("systemd-creds")
        .args(["encrypt", "--with-key=host", "--name=x", "-", "-"])
        .stdin(Stdio::null())
        .output();
    if !output.status.success() && !tried.is_ok_and(|tried| tried.status.success()) {
        eprintln!("not tried: this machine has neither a TPM nor a host key of systemd's");
        return None;
    }
    Some(if output.status.success() { "TPM" } else { "A stolen disk can be read" })
}

#[test]
fn a_running_box_is_closed_to_the_memory_dumps_of_its_own_user() {
    let place = Place::made(&[]);
    let running = place.serve();
    let of = |what: &str| std::fs::read_to_string(format!("/proc/{}/{what}", running.pid())).unwrap();
    let limit = of("limits").lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
    assert!(limit.split_whitespace().filter(|word| *word == "0").count() == 2, "{limit}");
    // As another user than root, the box's own, the kernel refuses: the files of a process that may not be dumped are root's.
    let is_root = rustix::process::geteuid().is_root();
    let mem = std::fs::File::open(format!("/proc/{}/mem", running.pid()));
    assert!(is_root || mem.is_err());
    let owner =
        std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(format!("/proc/{}/mem", running.pid())).unwrap());
    assert_eq!(owner, 0);
    if is_root {
        refused_to_its_own_user();
    }
}

/// An address at which a process has memory of its own. Root is told it.
fn written_somewhere(pid: u32) -> u64 {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let heap = maps.lines().find(|line| line.contains(" rw-p ")).unwrap();
    u64::from_str_radix(heap.split('-').next().unwrap(), 16).unwrap()
}

/// All that a process has written into memory, as root still reads it.
fn dump_by_root(pid: i32) -> Vec<u8> {
    use std::os::unix::fs::FileExt;
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw-p ")) {
        let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let [from, to] = [from, to].map(|at| u64::from_str_radix(at, 16).unwrap());
        let mut region = vec![0; (to - from) as usize];
        // A region that the kernel does not give is none of the program's.
        if memory.read_exact_at(&mut region, from).is_ok() {
            all.append(&mut region);
        }
    }
    all
}

/// What SECURITY.md says of root: it can read a running box's memory, and what is in it. Records are, and a passphrase that was
/// typed may be, in buffers through which it came; a sheet that nobody typed is not.
#[test]
fn a_dump_that_root_takes_holds_the_records_and_no_recovery_sheet() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not tried: this takes root");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let passphrase = file(home.path(), "passphrase", PASSPHRASE);
    let place = Place::made(&["--unlock", "passphrase", "--passphrase-file", &passphrase]);
    let running = place.serve_with(&["--portal-listen", "off"]);
    let clinic = running.client("clinic");
    assert_eq!(clinic.post("/unlock", &[("passphrase", PASSPHRASE)]).status, 303);
    let names: Vec<String> = (0..200).map(|at| format!("Qvzx{at:04}jkwpfmq")).collect();
    let line = |(at, name): (usize, &String)| {
        format!("{{\"resourceType\":\"Patient\",\"id\":\"p{at}\",\"name\":[{{\"family\":\"{name}\"}}]}}\n")
    };
    let records: String = names.iter().enumerate().map(line).collect();
    printed(&["import", &file(home.path(), "records.ndjson", &records), "--dir", place.dir()]);
    // Traffic of others, as there is on every box.
    for _ in 0..50 {
        clinic.get("/sign-in");
    }
    let dump = dump_by_root(running.pid());
    let found = |texts: &[String]| {
        let any = texts.iter().map(|text| regex::escape(text)).collect::<Vec<_>>().join("|");
        let any = regex::bytes::Regex::new(&any).unwrap();
        any.find_iter(&dump).map(|at| at.as_bytes()).collect::<std::collections::HashSet<_>>().len()
    };
    let shown = found(&names);
    let sheet = sheet_in(&place.printed);
    let rows = sheet.lines().filter(|line| line.get(1..3) == Some(". ")).map(|line| line[4..].trim().to_owned());
    let rows: Vec<String> = rows.collect();
    assert_eq!(rows.len(), 6, "{sheet}");
    let sheet = found(&rows);
    let typed = found(&[PASSPHRASE.to_owned(), PASSPHRASE.replace(' ', "+"), PASSPHRASE.replace(' ', "%20")]) > 0;
    eprintln!(
        "a dump by root, {} MiB: {shown} of 200 names; {sheet} rows of the sheet; passphrase: {typed}",
        dump.len() >> 20
    );
    assert!(shown > 0 && sheet == 0, "{shown} {sheet}");
}

/// A box of another user than root, looked at by that user.
fn refused_to_its_own_user() {
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    let home = tempfile::tempdir_in("/tmp").unwrap();
    let dir = home.path().join("box");
    std::fs::create_dir(&dir).unwrap();
    for path in [home.path(), &dir] {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    // Where the program lies, nobody may not look.
    let program = home.path().join("chartbox");
    std::fs::copy(env!("CARGO_BIN_EXE_chartbox"), &program).unwrap();
    let as_nobody = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).uid(NOBODY).gid(NOBODY).current_dir(home.path()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    };
    let dir = dir.to_str().unwrap();
    assert!(as_nobody(&["init", "--clinic", "A", "--dir", dir]).status().unwrap().success());
    let any = "127.0.0.1:0";
    let mut child =
        as_nobody(&["serve", "--dir", dir, "--clinic-listen", any, "--welcome-listen", any, "--ops-listen", any])
            .spawn()
            .unwrap();
    let mut log = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("listener=\"ops\"") {
        assert!(std::io::BufRead::read_line(&mut log, &mut said).unwrap() > 0, "{said}");
    }
    let look = |what: &str| {
        let path = format!("/proc/{}/{what}", child.id());
        Command::new("head").args(["-c", "1", &path]).uid(NOBODY).gid(NOBODY).output().unwrap()
    };
    for what in ["mem", "environ", "maps"] {
        let refused = look(what);
        assert!(!refused.status.success(), "{what}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("Permission denied"), "{what}");
    }
    assert!(look("status").status.success(), "what says nothing of the memory is still read");
    // By the other ways there are: a debugger's, and one process reading another's memory.
    let id = child.id().to_string();
    let by = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).uid(NOBODY).gid(NOBODY).current_dir(home.path()).output()
    };
    let read = format!(
        "import ctypes, os\n\
         class V(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]\n\
         libc = ctypes.CDLL(None, use_errno=True)\n\
         to = ctypes.create_string_buffer(8)\n\
         near, far = V(ctypes.addressof(to), 8), V({:#x}, 8)\n\
         done = libc.process_vm_readv({id}, ctypes.byref(near), 1, ctypes.byref(far), 1, 0)\n\
         print(done, os.strerror(ctypes.get_errno()))",
        written_somewhere(child.id())
    );
    match by("/usr/bin/python3", &["-c", &read]) {
        Ok(said) => {
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            assert_eq!(said.trim(), "-1 Operation not permitted");
        }
        Err(_) => eprintln!("not tried: process_vm_readv, without a python3"),
    }
    match by("gcore", &["-o", "dump", &id]) {
        Ok(said) => {
            let said = String::from_utf8_lossy(&said.stderr).into_owned() + &String::from_utf8_lossy(&said.stdout);
            assert!(said.contains("not permitted") || said.contains("could not attach"), "{said}");
        }
        Err(_) => eprintln!("not tried: gcore is not there"),
    }
    assert!(
        std::fs::read_dir(home.path()).unwrap().all(|e| !e.unwrap().file_name().to_string_lossy().contains("dump"))
    );
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::ABORT).unwrap();
    assert!(!child.wait().unwrap().success());
    let dumped =
        std::fs::read_dir(home.path()).unwrap().any(|e| e.unwrap().file_name().to_string_lossy().contains("core"));
    assert!(!dumped, "no core file");
}
