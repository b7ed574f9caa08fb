//! The file's lists of codes: what is offered where a problem or an order is written down.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::Formulary;
use super::find::fits;
use super::rows::Code;
use crate::fhir::search::fold;

/// Something that has a code, as a row of the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coded {
    pub system: String,
    pub code: String,
    pub display: String,
    /// What else it is called.
    #[serde(default)]
    pub names: Vec<String>,
    /// The display in other languages, by their two letters.
    #[serde(default)]
    pub translations: BTreeMap<String, String>,
}

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Problems,
    Orders,
    /// Substances and their classes. Not every one has a code.
    Allergens,
}

/// Entries that fit what was typed.
#[derive(Debug, Clone)]
pub struct FoundCodes<'a> {
    pub entries: Vec<&'a Coded>,
    /// There are others that fit.
    pub more: bool,
}

/// The folded names of a list's entries.
#[derive(Debug, Clone, Default)]
pub(super) struct CodeIndex {
    /// Entries by a whole name; none where two have it.
    named: BTreeMap<String, Option<usize>>,
    /// All names of each, the display first.
    words: Vec<String>,
}

impl CodeIndex {
    pub(super) fn of(rows: &[Coded]) -> Self {
        let mut index = Self::default();
        for (row, at) in rows.iter().zip(0..) {
            for name in &row.names {
                let same = |one: &mut Option<usize>| *one = one.filter(|known| *known == at);
                index.named.entry(fold(name)).and_modify(same).or_insert(Some(at));
            }
            let names = row.names.iter().chain(row.translations.values()).chain([&row.code]);
            let words: Vec<&str> = std::iter::once(&row.display).chain(names).map(String::as_str).collect();
            index.words.push(fold(&words.join(" ")));
        }
        // No two have one display, and it goes before what another is also called.
        index.named.extend(rows.iter().zip(0..).map(|(row, at)| (fold(&row.display), Some(at))));
        index
    }
}

impl Formulary {
    pub fn list(&self, list: List) -> &[Coded] {
        match list {
            List::Problems => &self.problems,
            List::Orders => &self.orders,
            List::Allergens => &self.allergens,
        }
    }

    fn code_index(&self, list: List) -> &CodeIndex {
        match list {
            List::Problems => &self.index.problems,
            List::Orders => &self.index.orders,
            List::Allergens => &self.index.allergens,
        }
    }

    /// The entry that is called so: by its whole display, or by a name that no other has.
    pub fn coded(&self, list: List, name: &str) -> Option<&Coded> {
        let at = self.code_index(list).named.get(&fold(name)).copied().flatten()?;
        self.list(list).get(at)
    }

    /// The entries of which every typed word begins a word, those whose display begins so first; `most` at most.
    pub fn find_codes(&self, list: List, typed: &str, most: usize) -> FoundCodes<'_> {
        let typed: String = fold(typed).chars().take(100).collect();
        let mut found: Vec<(bool, String, &Coded)> = self
            .list(list)
            .iter()
            .zip(&self.code_index(list).words)
            .filter(|(_, words)| fits(&typed, words))
            .map(|(row, words)| (!words.starts_with(&typed), fold(&row.display), row))
            .collect();
        found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let more = found.len() > most;
        FoundCodes { entries: found.into_iter().take(most).map(|(_, _, row)| row).collect(), more }
    }

    /// What a concept of a record is called in another language: only where a code of it is in a list and its words are the
    /// entry's own, or where they are the name of a substance or a class. Words that say more than the code does stay as they were written.
    pub fn translated(&self, concept: &Value, language: &str) -> Option<&str> {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let codings = concept.get("coding").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let display = || codings.iter().find_map(|coding| text(coding, "display"));
        let said = text(concept, "text").or_else(display);
        [List::Problems, List::Orders]
            .into_iter()
            .find_map(|list| {
                let entry = match &said {
                    Some(said) => self.coded(list, said)?,
                    None => self.list(list).iter().find(|row| codings.iter().any(|coding| row.is(coding)))?,
                };
                if !codings.iter().any(|coding| entry.is(coding)) {
                    return None;
                }
                entry.translations.get(language).map(String::as_str)
            })
            .or_else(|| self.substance_in(said.as_deref()?, language))
    }

    /// What a substance or a class of them is called in another language, by its whole name: an allergy that is written down
    /// has that and no code.
    fn substance_in(&self, said: &str, language: &str) -> Option<&str> {
        let said = fold(said);
        let substance = self.substances.iter().find(|one| fold(&one.name) == said).map(|one| &one.translations);
        let class = || self.classes.iter().find(|one| fold(&one.name) == said).map(|one| &one.translations);
        substance.or_else(class)?.get(language).map(String::as_str)
    }
}

impl Coded {
    /// Its code, with what the code is of; nothing for what has none.
    pub fn code_words(&self, words: impl Fn(&str, &str) -> String) -> Option<String> {
        (!self.code.is_empty()).then(|| words(&self.system, &self.code))
    }

    fn is(&self, coding: &Value) -> bool {
        let says = |name: &str, own: &str| coding.get(name).and_then(Value::as_str) == Some(own);
        says("system", &self.system) && says("code", &self.code)
    }
}

/// The substances and classes of a file, as entries. A class that is called as a substance is does not stand twice.
pub(super) fn allergens(file: &Formulary) -> Vec<Coded> {
    let entry = |name: &str, names: &[String], codes: &[Code], translations: &BTreeMap<String, String>| {
        let (system, code) = codes.first().map(|one| (one.system.clone(), one.code.clone())).unwrap_or_default();
        let (display, names, translations) = (name.to_owned(), names.to_vec(), translations.clone());
        Coded { system, code, display, names, translations }
    };
    let substances = file.substances.iter().map(|one| entry(&one.name, &one.names, &one.codes, &one.translations));
    let classes = file.classes.iter().map(|one| entry(&one.name, &one.names, &one.codes, &one.translations));
    let mut seen = BTreeSet::new();
    substances.chain(classes).filter(|one| seen.insert(fold(&one.display))).collect()
}

/// What was written, as a FHIR CodeableConcept: with the code and the display of the list where it names an entry of it.
pub fn concept(formulary: Option<&Formulary>, list: List, written: &str) -> Value {
    match formulary.and_then(|formulary| formulary.coded(list, written)) {
        Some(Coded { code, display, .. }) if code.is_empty() => json!({"text": display}),
        Some(Coded { system, code, display, .. }) => {
            json!({"coding": [{"system": system, "code": code, "display": display}], "text": display})
        }
        None => json!({"text": written}),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, read};
    use super::*;

    const HEAD: &str = r#"{"formulary": 1, "name": "N", "country": "NO", "date": "2026-01-12", "validUntil": "2026-12-31", "source": "S"}"#;

    fn file() -> Formulary {
        let rows = r#"
{"row": "problem", "system": "urn:s", "code": "1", "display": "Stiff knee", "names": ["Knee", "Stiffness"], "translations": {"es": "Rodilla rígida"}}
{"row": "problem", "system": "urn:s", "code": "2", "display": "Sore knee", "names": ["Knee"]}
{"row": "order", "system": "urn:s", "code": "9", "display": "Picture of the knee"}"#;
        read(format!("{HEAD}{rows}").as_bytes(), &Limits::default()).unwrap()
    }

    fn found(typed: &str) -> Vec<&'static str> {
        let file = file();
        let all = file.find_codes(List::Problems, typed, 9).entries;
        all.iter().map(|one| if one.code == "1" { "stiff" } else { "sore" }).collect()
    }

    #[test]
    fn entries_are_found_by_words_of_any_of_their_names_and_by_their_code() {
        assert_eq!(found("knee"), ["sore", "stiff"]);
        assert_eq!(found("knee st"), ["stiff"]);
        assert_eq!(found("RODILLA rigida"), ["stiff"]);
        assert_eq!(found("2"), ["sore"]);
        assert!(found("nee").is_empty() && found(" ").is_empty());
        assert!(file().find_codes(List::Problems, "knee", 1).more);
        assert_eq!(file().find_codes(List::Orders, "knee", 9).entries.len(), 1);
    }

    #[test]
    fn what_is_written_has_a_code_where_it_names_one_entry_and_never_by_a_part_of_it() {
        let file = file();
        let said = |text: &str| concept(Some(&file), List::Problems, text);
        let coding = json!([{"system": "urn:s", "code": "1", "display": "Stiff knee"}]);
        assert_eq!(said("stiff  KNEE"), json!({"coding": coding, "text": "Stiff knee"}));
        assert_eq!(said("Stiffness")["coding"], coding);
        for uncoded in ["Knee", "Stiff", "Stiff knee, left", "Picture of the knee"] {
            assert_eq!(said(uncoded), json!({"text": uncoded}));
        }
        assert_eq!(concept(None, List::Problems, "Stiff knee"), json!({"text": "Stiff knee"}));
    }

    #[test]
    fn only_the_entry_s_own_words_are_read_in_another_language() {
        let file = file();
        let of = |code: &str, text: Option<&str>| {
            let concept = json!({"coding": [{"system": "urn:s", "code": code}], "text": text});
            file.translated(&concept, "es").map(str::to_owned)
        };
        assert_eq!(of("1", Some("Stiff knee")).as_deref(), Some("Rodilla rígida"));
        assert_eq!(of("1", None).as_deref(), Some("Rodilla rígida"));
        assert_eq!(of("1", Some("Stiff knee, since the fall")), None, "that would be lost");
        assert_eq!(of("2", Some("Stiff knee")), None, "the code is another's");
        assert_eq!(of("2", Some("Sore knee")), None, "nobody translated it");
        assert_eq!(file.translated(&json!({"text": "Stiff knee"}), "es"), None, "no code says what it is");
    }
}
