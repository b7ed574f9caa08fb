//! Misuse that must not compile: the checks that nobody can forget, because without them nothing builds.
//!
//! Each file under `compile_fail/` tries one way round a check. A line that the compiler must refuse ends in
//! `//~ E0451`, its error code; every such line must be refused so, and no other. `control.rs` must compile: it does
//! what is allowed with the same parts, so that a refusal means what it says.
//!
//! The files are compiled against the library that cargo has just built for this test, which takes a second each.
//! (trybuild would check all dependencies anew with flags of its own: minutes, and gigabytes.)

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A line and the code of the error on it.
type Refusals = BTreeSet<(u64, String)>;

#[test]
fn there_is_no_way_round_the_checks() {
    let control = folder().join("control.rs");
    // A folder may hold a crate of other settings beside the one that the library was built with.
    let built = Built::find().into_iter().find(|built| built.compile(&control).is_empty());
    let built = built.unwrap_or_else(|| panic!("what is allowed must compile: {}", control.display()));
    let mut tried = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path == control {
            continue;
        }
        let expected = expected(&path);
        assert!(!expected.is_empty(), "{} marks no line", path.display());
        assert_eq!(built.compile(&path), expected, "{}", path.display());
        tried += 1;
    }
    assert!(tried >= 9, "{tried}");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail")
}

fn expected(path: &Path) -> Refusals {
    let text = std::fs::read_to_string(path).unwrap();
    let marked = (1..).zip(text.lines()).filter_map(|(line, text)| Some((line, text.split_once("//~ ")?.1)));
    marked.flat_map(|(line, codes)| codes.split_whitespace().map(move |code| (line, code.to_owned()))).collect()
}

/// The library and the crates that the files use, as cargo built them for this very test.
struct Built {
    folder: PathBuf,
    externs: Vec<OsString>,
}

impl Built {
    /// What may be it: the newest library, with each of the crates there are.
    fn find() -> Vec<Self> {
        let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let candidates = |name: &'static str| {
            let prefix = format!("lib{name}-");
            let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| {
                let file = path.file_name().unwrap().to_string_lossy();
                file.starts_with(&prefix) && file.ends_with(".rlib")
            });
            let mut files: Vec<PathBuf> = files.collect();
            files.sort_by_key(|path| std::cmp::Reverse(path.metadata().unwrap().modified().unwrap()));
            assert!(!files.is_empty(), "cargo left no {name} in {}", folder.display());
            files.into_iter().map(move |file| {
                let mut argument = OsString::from(format!("{name}="));
                argument.push(file);
                argument
            })
        };
        let library = candidates("chartbox").next().unwrap();
        let built = |of_json| Self { folder: folder.clone(), externs: vec![library.clone(), of_json] };
        candidates("serde_json").map(built).collect()
    }

    fn compile(&self, path: &Path) -> Refusals {
        let out = tempfile::tempdir().unwrap();
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc.args(["--edition=2024", "--crate-type=bin", "--emit=metadata", "--error-format=json", "-L"]);
        rustc.arg(&self.folder).arg("--out-dir").arg(out.path()).arg(path);
        for argument in &self.externs {
            rustc.arg("--extern").arg(argument);
        }
        let output = rustc.output().expect("cargo, which runs this, comes with rustc");
        let said = String::from_utf8(output.stderr).unwrap();
        let messages =
            said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}")));
        let mut refusals = Refusals::new();
        for message in messages.filter(|message| message["level"] == "error") {
            let Some(span) = message["spans"].as_array().and_then(|all| all.iter().find(|s| s["is_primary"] == true))
            else {
                // The summary at the end; and what has no place is not a refusal of ours.
                assert!(message["message"].as_str().unwrap().starts_with("aborting"), "{message}");
                continue;
            };
            let code = message["code"]["code"].as_str().unwrap_or("none").to_owned();
            refusals.insert((span["line_start"].as_u64().unwrap(), code));
        }
        assert_eq!(refusals.is_empty(), output.status.success(), "{said}");
        refusals
    }
}
