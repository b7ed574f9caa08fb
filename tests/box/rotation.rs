//! A change of the root key whose every call to the system fails once: whatever happens, the box opens, by the old way or the new, and
//! the change can be made to its end.
//!
//! `strace` makes the n-th call of a kind fail with an I/O error. In the normal run some of each kind, spread over the whole; all
//! of them with `CHARTBOX_ROTATE_FAULTS=all`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::{Place, chartbox, copied, file, printed};

/// What a change of the root key asks of the system besides reading.
const CALLS: [&str; 7] = ["openat", "pwrite64", "write", "fsync", "fdatasync", "rename", "ftruncate"];
const SOME: usize = 2;
const SLOTS: [&str; 4] =
    ["keyslots.toml.new", "keyslots.copy.toml.new", "keyslots.next.toml.new", "keyslots.next.copy.toml.new"];

struct Box {
    dir: PathBuf,
    sheet: String,
}

impl Box {
    fn rotate(&self) -> [&str; 6] {
        ["key", "rotate", "--dir", self.dir.to_str().unwrap(), "--sheet", &self.sheet]
    }

    /// Changes the key with one call failing; answers with the calls of this kind that were made, and whether one failed.
    fn rotate_failing(&self, call: &str, nth: usize) -> (usize, bool, bool) {
        let trace = self.dir.with_extension("trace");
        let mut strace = Command::new("timeout");
        strace.args(["60", "strace", "-f", "-qq", "-o", trace.to_str().unwrap(), "-e", &format!("trace={call}")]);
        if call == "write" {
            // What threads wake each other by goes by this call, too, and is no file.
            for file in SLOTS {
                strace.args(["-P", self.dir.join(file).to_str().unwrap()]);
            }
        }
        let done = strace
            .args(["-e", &format!("inject={call}:error=EIO:when={nth}"), env!("CARGO_BIN_EXE_chartbox")])
            .args(self.rotate())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).into_owned();
        // Each thread counts for itself.
        let mut by_thread = std::collections::HashMap::new();
        for line in text.lines().filter(|line| line.contains(&format!("{call}("))) {
            *by_thread.entry(line.split_whitespace().next().unwrap_or_default()).or_insert(0) += 1;
        }
        assert_ne!(done.status.code(), Some(124), "{call} {nth}: it hangs");
        (by_thread.into_values().max().unwrap_or(0), text.contains("(INJECTED)"), done.status.success())
    }

    /// The box opens, everything is in it, and its access log holds.
    fn epoch(&self, what: &str) -> u64 {
        let dir = self.dir.to_str().unwrap();
        let output = chartbox(&["key", "status", "--json", "--dir", dir]);
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
        let status: Value = serde_json::from_slice(&output.stdout).unwrap();
        let users = printed(&["user", "list", "--dir", dir]);
        assert!(users.contains("reader"), "{what}: {users}");
        printed(&["audit", "verify", "--dir", dir]);
        status["epoch"].as_u64().unwrap()
    }
}

#[test]
fn a_change_of_the_root_key_in_which_any_call_fails_leaves_a_box_that_opens() {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("not tried: strace is not there");
        return;
    }
    let all = std::env::var("CHARTBOX_ROTATE_FAULTS").is_ok_and(|asked| asked == "all");
    let place = Place::made(&[]);
    printed(&["user", "add", "reader", "--name", "Reader", "--service", "--dir", place.dir()]);
    let sheet = file(place.home(), "sheet.txt", &place.printed);
    let fresh = |name: String| {
        let dir = place.home().join(name);
        copied(&place.dir, &dir);
        Box { dir, sheet: sheet.clone() }
    };
    let (mut failed, mut old, mut new) = (0, 0, 0);
    for call in CALLS {
        // As many as there can be: what comes after the last does not fail.
        let (calls, _, done) = fresh(format!("count-{call}")).rotate_failing(call, 65_535);
        assert!(done, "{call}");
        let step = if all { 1 } else { (calls / SOME).max(1) };
        for nth in (1..=calls).rev().step_by(step) {
            let what = format!("{call} {nth} of {calls}");
            let one = fresh(format!("{call}-{nth}"));
            let (_, injected, done) = one.rotate_failing(call, nth);
            failed += usize::from(injected);
            let epoch = one.epoch(&what);
            // What was said is so: the new key is there when the change was said to be done.
            assert!(!done || epoch == 2, "{what}: {epoch}");
            old += usize::from(epoch == 1);
            new += usize::from(epoch == 2);
            if epoch == 1 {
                // One that was begun is called off; then it goes to its end.
                let _ = chartbox(&["key", "rotate", "--cancel", "--dir", one.dir.to_str().unwrap()]);
                printed(&one.rotate());
                assert_eq!(one.epoch(&what), 2, "{what}");
            }
            std::fs::remove_dir_all(&one.dir).unwrap();
        }
        let _ = std::fs::remove_dir_all(place.home().join(format!("count-{call}")));
    }
    eprintln!("{failed} calls failed: {old} times the old key opened the box afterwards, {new} times the new one");
    assert!(failed >= CALLS.len(), "{failed}");
}
