//! Smart phrases and templates: short names that become sentences. The clinic's are everybody's, and each account has its own.
//!
//! `.name` in a note becomes the phrase of that name, while one types or when the note is saved. Inside a phrase `{pulse}` is
//! what was measured, and `[Pulse {pulse}. ]` is left out where it was not. [`BLANK`] is to be filled in by whoever writes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::AccountId;
use crate::care::entries::{self, VITALS, VitalsTyped};
use crate::store::{Direction, KeyRange, Read, ReadExt, Record, StoreError, Table, Tx, tables};

/// Owner (the clinic's is all zeros), then the name.
const PHRASES: Table<(AccountId, String), Phrase> = Table::new(tables::PHRASES);

/// The most of one owner.
pub const MOST: usize = 200;
/// The longest name and text, in characters.
pub const LONGEST_NAME: usize = 24;
pub const LONGEST_TEXT: usize = 2_000;

/// What is still to be filled in: it is seen, and asked about before a note is signed.
pub const BLANK: &str = "___";

pub fn has_blank(text: &str) -> bool {
    text.contains(BLANK)
}

/// What was measured, as phrases say it.
#[derive(Debug, Clone)]
pub struct Measures {
    typed: VitalsTyped,
    /// What the form does not take as it was typed.
    refused: Vec<&'static str>,
}

impl Measures {
    /// A phrase must not say what the form refuses: put right there, it would stay wrong in the sentence.
    pub fn of(typed: &VitalsTyped) -> Self {
        let mut faults = Vec::new();
        entries::measured(typed, &mut faults);
        // Where one of two numbers is wrong, nobody knows which.
        let both = VITALS.iter().filter(|vital| faults.iter().any(|(field, _)| vital.has(field)));
        Self {
            typed: typed.clone(),
            refused: both.flat_map(|vital| std::iter::once(vital.field).chain(vital.second)).collect(),
        }
    }

    fn can_fill(&self, phrase: &str) -> bool {
        !self.refused.iter().any(|field| phrase.contains(&format!("{{{field}}}")))
    }
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phrase {
    /// One text.
    Text(Box<str>),
    /// A whole note: a text for each of [`super::PARTS`].
    Template([Box<str>; 4]),
}
impl Record for Phrase {}

/// The clinic, as the owner of phrases.
pub const CLINIC: AccountId = AccountId::from_bytes([0; 16]);

/// A name: small letters, digits and hyphens, beginning with a letter.
pub fn is_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=LONGEST_NAME).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(legal)
}

/// All of one owner, by name.
pub fn of(read: &(impl Read + ?Sized), owner: AccountId) -> Result<Vec<(String, Phrase)>, StoreError> {
    let rows = read.scan(&PHRASES, KeyRange::prefix(&(owner,)), Direction::Up)?;
    rows.take(MOST).map(|row| row.map(|((_, name), phrase)| (name, phrase))).collect()
}

/// Puts one in the place of another of its name. Answers whether there was room for it.
pub fn put(tx: &mut Tx<'_>, owner: AccountId, name: &str, phrase: &Phrase) -> Result<bool, StoreError> {
    let key = (owner, name.to_owned());
    if !tx.contains(&PHRASES, &key)? && of(tx, owner)?.len() >= MOST {
        return Ok(false);
    }
    tx.put(&PHRASES, &key, phrase)?;
    Ok(true)
}

pub fn remove(tx: &mut Tx<'_>, owner: AccountId, name: &str) -> Result<(), StoreError> {
    tx.delete(&PHRASES, &(owner, name.to_owned()))
}

/// The text with every known `.name` in it replaced, and gaps filled by what was measured. What would say a value that the form
/// does not take stays as it was typed.
pub fn expand(text: &str, phrases: &BTreeMap<String, String>, measures: &Measures) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(letter) = rest.chars().next() {
        let begins = letter == '.' && before.is_none_or(|before: char| before.is_whitespace() || before == '(');
        if begins {
            let after = rest.get(1..).unwrap_or_default();
            let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(after.len());
            let name = after.get(..end).unwrap_or_default();
            if let Some(phrase) = phrases.get(name).filter(|phrase| measures.can_fill(phrase)) {
                let filled = fill(phrase, &measures.typed);
                before = filled.chars().last().or(Some('.'));
                out.push_str(&filled);
                rest = after.get(end..).unwrap_or_default();
                continue;
            }
        }
        out.push(letter);
        before = Some(letter);
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    out
}

/// A phrase with what was measured. What stands in square brackets with a gap that nothing fills is left out.
fn fill(phrase: &str, measured: &VitalsTyped) -> String {
    let mut out = String::new();
    let mut rest = phrase;
    while let Some(open) = rest.find('[') {
        let (before, inside) = rest.split_at(open);
        let Some(close) = inside.find(']') else { break };
        out.push_str(&gaps(before, measured).0);
        let (text, whole) = gaps(inside.get(1..close).unwrap_or_default(), measured);
        if whole {
            out.push_str(&text);
        }
        rest = inside.get(close + 1..).unwrap_or_default();
    }
    out.push_str(&gaps(rest, measured).0);
    out.trim_end().to_owned()
}

/// The text with its gaps filled, and whether all were.
fn gaps(text: &str, measured: &VitalsTyped) -> (String, bool) {
    let mut out = text.to_owned();
    let mut whole = true;
    for field in VITALS.iter().flat_map(|vital| std::iter::once(vital.field).chain(vital.second)) {
        let gap = format!("{{{field}}}");
        if !out.contains(&gap) {
            continue;
        }
        let value = measured.of(field).trim();
        whole &= !value.is_empty();
        out = out.replace(&gap, if value.is_empty() { BLANK } else { value });
    }
    (out, whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, Value};

    fn phrases() -> BTreeMap<String, String> {
        let pairs = [
            ("bp", "Blood pressure {systolic}/{diastolic} mmHg"),
            ("vitals", "[Pressure {systolic}/{diastolic}. ][Pulse {pulse}. ]"),
            ("norm", "No fever, no pain."),
        ];
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    fn measured() -> VitalsTyped {
        VitalsTyped { systolic: "148".into(), diastolic: "86".into(), ..VitalsTyped::default() }
    }

    #[test]
    fn a_known_name_becomes_its_sentence_wherever_a_word_begins() {
        let said = |text: &str| expand(text, &phrases(), &Measures::of(&measured()));
        assert_eq!(said(".bp"), "Blood pressure 148/86 mmHg");
        assert_eq!(said("Today: .bp, and\n.norm"), "Today: Blood pressure 148/86 mmHg, and\nNo fever, no pain.");
        assert_eq!(said("(.norm)"), "(No fever, no pain.)");
        assert_eq!(said(".vitals"), "Pressure 148/86.");
        for untouched in ["v.bp", ".unknown", "3.5 mg", "...", ".", "e.g.bp", ".bpx"] {
            assert_eq!(said(untouched), untouched);
        }
    }

    #[test]
    fn what_was_not_measured_is_a_gap_or_left_out() {
        let none = VitalsTyped::default();
        let said = |text: &str| expand(text, &phrases(), &Measures::of(&none));
        assert_eq!(said(".bp"), "Blood pressure ___/___ mmHg");
        assert!(has_blank(&said(".bp")) && !has_blank("a __ b"));
        assert_eq!(said(".vitals"), "");
    }

    #[test]
    fn what_the_form_refuses_is_no_sentence_of_a_phrase() {
        for (upper, lower) in [("1480", "86"), ("86", "148"), ("148", ""), ("148.5", "86")] {
            let wrong = VitalsTyped { systolic: upper.into(), diastolic: lower.into(), ..VitalsTyped::default() };
            let said = |text: &str| expand(text, &phrases(), &Measures::of(&wrong));
            assert_eq!((said(".bp"), said(".vitals")), (".bp".into(), ".vitals".into()), "{upper}/{lower}");
            assert_eq!(said(".norm"), "No fever, no pain.", "it says nothing of that");
        }
    }

    #[test]
    fn each_owner_has_their_own() {
        let store = Store::in_memory();
        let me = AccountId::from_bytes([1; 16]);
        let phrase = Phrase::Text("x".into());
        let kept = phrase.clone();
        assert!(store.write_blocking(move |tx| put(tx, me, "a", &kept)).unwrap());
        assert_eq!(of(&store.read().unwrap(), me).unwrap(), [("a".to_owned(), phrase)]);
        assert!(of(&store.read().unwrap(), CLINIC).unwrap().is_empty());
        store.write_blocking(move |tx| remove(tx, me, "a")).unwrap();
        assert!(of(&store.read().unwrap(), me).unwrap().is_empty());
        assert!(is_name("bp-left") && !is_name("BP") && !is_name("1a") && !is_name("") && !is_name("a b"));
    }

    #[test]
    fn the_bytes_of_phrases_are_these() {
        assert_eq!(Phrase::Text("x".into()).to_stored().unwrap(), [1, 0, 1, b'x']);
        let template = Phrase::Template(["a".into(), "".into(), "".into(), "b".into()]);
        assert_eq!(template.to_stored().unwrap(), [1, 1, 1, b'a', 0, 0, 1, b'b']);
        assert_eq!(Phrase::from_stored(vec![1, 1, 1, b'a', 0, 0, 1, b'b'].into()).unwrap(), template);
    }
}
