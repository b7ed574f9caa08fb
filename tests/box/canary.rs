//! Nothing readable at rest: 200 planted strings, in names and notes, are in no file that a box leaves anywhere.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use rand::{RngExt, SeedableRng};

use crate::process::{Place, printed};

const PLANTED: usize = 200;
/// A piece of a string that is long enough to be told from chance.
const PIECE: usize = 8;
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// What is looked for: every piece of every form of every planted string.
struct Canaries {
    strings: Vec<String>,
    pieces: HashSet<u64>,
    /// By some bits of a piece, so that most places are passed over at once.
    sieve: Vec<bool>,
}

impl Canaries {
    fn plant() -> Self {
        let mut chance = rand::rngs::StdRng::seed_from_u64(4711);
        let letters = b"bcdfghjkmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ";
        let mut one =
            || -> String { (0..24).map(|_| char::from(letters[chance.random_range(0..letters.len())])).collect() };
        let strings: Vec<String> = (0..PLANTED).map(|_| one()).collect();
        let (mut pieces, mut sieve) = (HashSet::new(), vec![false; 1 << 20]);
        for form in strings.iter().flat_map(|text| forms(text)) {
            for piece in form.windows(PIECE) {
                let piece = u64::from_be_bytes(piece.try_into().unwrap());
                sieve[place(piece)] = true;
                pieces.insert(piece);
            }
        }
        Self { strings, pieces, sieve }
    }

    /// Where the first piece of one begins.
    fn found_in(&self, mut bytes: impl Read) -> Option<usize> {
        let (mut piece, mut at) = (0_u64, 0);
        let mut block = ZEROS;
        loop {
            let length = bytes.read(&mut block).unwrap();
            let read = &block[..length];
            // Of nothing but zeros only the first can belong to what stands before: much of a box's files is space that is kept free.
            let looked = if read == &ZEROS[..length] { &read[..PIECE.min(length)] } else { read };
            for (next, byte) in looked.iter().enumerate() {
                piece = piece << 8 | u64::from(*byte);
                let end = at + next + 1;
                if self.sieve[place(piece)] && end >= PIECE && self.pieces.contains(&piece) {
                    return Some(end - PIECE);
                }
            }
            at += length;
            if length == 0 {
                return None;
            }
        }
    }

    /// Every file under a folder that holds a piece of one.
    fn leaks(&self, folder: &Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let (path, kind) = entry.map(|entry| (entry.path(), entry.file_type().unwrap())).unwrap();
            if kind.is_dir() {
                self.leaks(&path, into);
            } else if kind.is_file()
                && let Some(at) = self.found_in(std::fs::File::open(&path).unwrap())
            {
                into.push(format!("{} at {at}", path.display()));
            }
        }
    }
}

fn place(piece: u64) -> usize {
    (piece.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 44) as usize
}

/// The ways in which a string could lie in a file: as it is, folded, in UTF-16, in base64 at each alignment, in hex.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for text in [text.to_owned(), text.to_lowercase(), text.to_uppercase()] {
        forms.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        forms.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        forms.push(HEXLOWER.encode(text.as_bytes()).into_bytes());
        forms.push(HEXUPPER.encode(text.as_bytes()).into_bytes());
        for before in 0..3 {
            let shifted = [vec![b'.'; before], text.clone().into_bytes()].concat();
            for encoded in [BASE64.encode(&shifted), BASE64URL_NOPAD.encode(&shifted)] {
                // The ends hold bits of what stands beside it.
                forms.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
            }
        }
        forms.push(text.into_bytes());
    }
    forms
}

#[test]
fn nothing_that_was_written_into_a_record_can_be_read_in_any_file() {
    let canaries = Canaries::plant();
    // The search finds what is there.
    for form in forms(&canaries.strings[7]) {
        for before in [100, 2 * ZEROS.len() - PIECE / 2, 2 * ZEROS.len() - PIECE] {
            let cut = [vec![0; before].as_slice(), &form[2..PIECE + 2], &ZEROS].concat();
            assert!(canaries.found_in(cut.as_slice()).is_some());
        }
    }
    let place = Place::made(&[]);
    let source = place.home().join("records.ndjson");
    let line = |at: usize, text: &String| {
        let name = &canaries.strings[(at + 1) % PLANTED];
        let id = format!("p{at}");
        format!(
            "{}\n{}\n",
            serde_json::json!({ "resourceType": "Patient", "id": id, "name": [{ "family": text, "given": [name] }],
                "address": [{ "text": text }], "telecom": [{ "system": "email", "value": format!("{text}@example.org") }] }),
            serde_json::json!({ "resourceType": "Condition", "id": format!("c{at}"), "subject": { "reference": format!("Patient/{id}") },
                "code": { "text": text }, "note": [{ "text": format!("Said: {text}, and {name}") }] })
        )
    };
    let text: String = canaries.strings.iter().enumerate().map(|(at, text)| line(at, text)).collect();
    std::fs::write(&source, text).unwrap();
    let temporary = place.home().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let running = place.serve_in(&temporary);
    printed(&["import", source.to_str().unwrap(), "--dir", place.dir()]);
    printed(&["user", "add", "reader", "--name", "Reader", "--service", "--dir", place.dir()]);
    let token = printed(&["token", "create", "--user", "reader", "--scope", "system/*.rs", "--dir", place.dir()]);
    let bearer = format!("Bearer {}", token.trim());
    let clinic = running.client("clinic");
    for text in canaries.strings.iter().take(20) {
        let get = |path: &str| clinic.send("GET", path, &[("authorization", &bearer)], "");
        let found = get(&format!("/fhir/Patient?family={text}"));
        assert!(found.status == 200 && found.body.contains(text), "{}", found.body);
        assert_eq!(get(&format!("/{text}")).status, 404);
        assert!(get(&format!("/fhir/Patient?{text}={text}")).status < 500);
    }
    let backups = place.home().join("backups");
    printed(&["backup", "create", "--target", backups.to_str().unwrap(), "--dir", place.dir()]);
    let checkpoint = place.home().join("checkpoint");
    printed(&["audit", "checkpoint", "--to", checkpoint.to_str().unwrap(), "--dir", place.dir()]);
    let (ended, log) = running.stop();
    assert!(ended);
    std::fs::remove_file(&source).unwrap();
    let mut leaks = Vec::new();
    assert!(place.dir.starts_with(place.home()));
    canaries.leaks(place.home(), &mut leaks);
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert_eq!(canaries.found_in(log.as_bytes()), None, "the log: {log}");
    assert!(std::fs::read_dir(&backups).unwrap().next().is_some());
}
