//! The fuzz targets in the ordinary run: each on its seeds, which hold what fuzzing ever found, and on changes of them that
//! are the same in every run. `tests/fuzz/run` goes on for as long as it is told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod entry;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// How many changed seeds each target meets; `CHARTBOX_FUZZ_CASES` asks for more, and `CHARTBOX_FUZZ_SEED` for others.
const CASES: usize = 400;

/// What parsers trip over.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    ",",
    ":",
    "null",
    "-",
    "1e999",
    "0.0000000001",
    "\\ud83d",
    "\u{0}",
    "é",
    "𝒳",
    "<",
    "&#0;",
    "&lt;",
    "on=",
    "|",
    "$",
    "%",
    "%00",
    "_",
    "(",
    ")",
    ".",
    "'",
    "urn:uuid:",
    "#",
    "?",
    "99999999999999999999",
    "\u{feff}",
    "~1",
    "/-",
    " or ",
];

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(target);
    let mut seeds: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|file| file.unwrap())
        .map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap()))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

/// SplitMix64: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(most.max(1)).unwrap()).unwrap()
    }
}

fn changed(seeds: &[(String, Vec<u8>)], numbers: &mut Numbers) -> Vec<u8> {
    let mut text = seeds[numbers.below(seeds.len())].1.clone();
    for _ in 0..=numbers.below(4) {
        let (from, length) = (numbers.below(text.len()), numbers.below(24));
        let to = (from + length).min(text.len());
        match numbers.below(6) {
            0 if !text.is_empty() => text[from] ^= 1 << numbers.below(8),
            1 => drop(text.drain(from..to)),
            2 => {
                let part = text[from..to].to_vec();
                let at = numbers.below(text.len() + 1);
                text.splice(at..at, part);
            }
            3 => {
                let token = TOKENS[numbers.below(TOKENS.len())];
                text.splice(from..to, token.bytes());
            }
            4 => {
                let token = TOKENS[numbers.below(TOKENS.len())];
                text.splice(from..from, token.bytes());
            }
            _ => {
                let other = &seeds[numbers.below(seeds.len())].1;
                let start = numbers.below(other.len());
                let end = (start + numbers.below(64)).min(other.len());
                text.splice(from..to, other[start..end].iter().copied());
            }
        }
    }
    text
}

fn run(target: &str, entry: fn(&[u8])) {
    let seeds = seeds(target);
    for (name, seed) in &seeds {
        check(entry, seed, name);
    }
    let mut numbers = Numbers(u64::try_from(number("CHARTBOX_FUZZ_SEED", 1)).unwrap());
    for case in 0..number("CHARTBOX_FUZZ_CASES", CASES) {
        check(entry, &changed(&seeds, &mut numbers), &format!("change {case}"));
    }
}

fn check(entry: fn(&[u8]), text: &[u8], name: &str) {
    if catch_unwind(AssertUnwindSafe(|| entry(text))).is_err() {
        panic!("{name}: {}", text.escape_ascii());
    }
}

macro_rules! targets {
    ($($target:ident)*) => {
        $(#[test] fn $target() { run(stringify!($target), entry::$target); })*

        /// A folder of seeds or a binary that nothing runs would look like a test.
        #[test]
        fn every_target_is_run_and_has_its_binary() {
            let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
            let names = |folder: &str| {
                let mut names: Vec<String> = std::fs::read_dir(here.join(folder))
                    .unwrap()
                    .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
                    .collect();
                names.sort();
                names
            };
            let mut known = vec![$(stringify!($target).to_owned()),*];
            known.sort();
            assert_eq!((names("targets"), names("seeds")), (known.clone(), known));
        }
    };
}

targets! { json resource narrative search fhirpath patch bundle terminology audit codec formulary }
