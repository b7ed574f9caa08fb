//! Imports run only downward: each room may use what DESIGN's table lists for it, and what those may use.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A room, and the rooms it may use directly.
const ROOMS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("crypto", &["base"]),
    ("fhir", &["base"]),
    ("store", &["base", "crypto"]),
    ("audit", &["store"]),
    ("identity", &["audit"]),
    ("access", &["identity", "fhir"]),
    ("record", &["access"]),
    ("care", &["record"]),
    ("backup", &["store", "audit", "crypto"]),
    ("tls", &["crypto", "base"]),
    ("discovery", &["crypto", "base"]),
    ("mail", &["base"]),
    ("http", &["care", "backup", "tls", "discovery", "mail"]),
    ("cli", &["http"]),
    ("app", &["cli"]),
];

fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (room, uses) in ROOMS {
        let mut set: BTreeSet<&str> = [*room].into();
        for used in *uses {
            set.extend(all[used].iter());
        }
        all.insert(room, set);
    }
    // The two tops see each other: a subcommand starts the house, the house answers the control socket.
    let everything: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    all.insert("cli", everything.clone());
    all.insert("app", everything);
    all
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

fn violations(room: &str, text: &str, allowed: &BTreeSet<&str>) -> Vec<String> {
    let text: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => {
                let mut depth = 1;
                let end = group.find(|c| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    depth == 0
                });
                top_level(&group[..end.unwrap_or(group.len())])
            }
            None => vec![head(rest)],
        };
        for name in names {
            let is_room = ROOMS.iter().any(|(other, _)| *other == name);
            if is_room && !allowed.contains(name) {
                found.push(format!("{room} uses {name}"));
            }
        }
    }
    found
}

fn head(text: &str) -> &str {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default()
}

fn top_level(group: &str) -> Vec<&str> {
    let mut depth = 0;
    group
        .split(move |c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        })
        .map(|part| head(part.trim()))
        .collect()
}

#[test]
fn every_room_uses_only_what_lies_below_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed = allowed();
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut found = Vec::new();
    for path in files {
        let relative = path.strip_prefix(&src).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let room = first.strip_suffix(".rs").unwrap_or(first);
        if room == "lib" || room == "main" {
            continue;
        }
        let allowed = allowed.get(room).unwrap_or_else(|| panic!("{room} is not in the table of rooms"));
        let text = std::fs::read_to_string(&path).unwrap();
        found
            .extend(violations(room, &text, allowed).into_iter().map(|what| format!("{}: {what}", relative.display())));
    }
    assert!(found.is_empty(), "imports that go up:\n{}", found.join("\n"));
}

#[test]
fn the_check_sees_what_it_should() {
    let allowed = allowed();
    let store = &allowed["store"];
    assert!(violations("store", "use crate::base::Clock;\nuse crate::{crypto::page, base};", store).is_empty());
    assert_eq!(violations("store", "use crate::audit::Audit;", store), ["store uses audit"]);
    assert_eq!(violations("store", "use crate::{base, record::{Records, x}};", store), ["store uses record"]);
    assert_eq!(violations("store", "fn f(x: crate::http::Page) {}", store), ["store uses http"]);
}
