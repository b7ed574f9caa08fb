//! Finding in a formulary: what somebody types, and what a record names.

use std::collections::{BTreeMap, BTreeSet};

use super::codes::CodeIndex;
use super::rows::Code;
use super::{Formulary, MEDICINE, Medicine};
use crate::fhir::search::fold;

/// Places of rows by what names them.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    medicines: BTreeMap<String, usize>,
    /// Medicines by their whole names; none where two have one.
    named: BTreeMap<String, Option<usize>>,
    /// Substances that a code or a folded name means; of a medicine, all that it contains.
    by_code: BTreeMap<(String, String), BTreeSet<usize>>,
    by_name: BTreeMap<String, BTreeSet<usize>>,
    classes_by_code: BTreeMap<(String, String), BTreeSet<usize>>,
    classes_by_name: BTreeMap<String, BTreeSet<usize>>,
    /// The folded words of each medicine, in the order of the medicines.
    words: Vec<String>,
    pub(super) problems: CodeIndex,
    pub(super) orders: CodeIndex,
    pub(super) allergens: CodeIndex,
}

/// What a record's allergy or medicine is in this file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    pub substances: BTreeSet<usize>,
    pub classes: BTreeSet<usize>,
}

impl Known {
    pub fn is_nothing(&self) -> bool {
        self.substances.is_empty() && self.classes.is_empty()
    }
}

/// Medicines that fit what was typed.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    pub medicines: Vec<&'a Medicine>,
    /// There are others that fit.
    pub more: bool,
}

impl Index {
    pub(super) fn of(formulary: &Formulary) -> Self {
        let mut index = Self {
            problems: CodeIndex::of(&formulary.problems),
            orders: CodeIndex::of(&formulary.orders),
            allergens: CodeIndex::of(&formulary.allergens),
            ..Self::default()
        };
        let places: BTreeMap<&str, usize> =
            formulary.substances.iter().zip(0..).map(|(one, at)| (one.id.as_str(), at)).collect();
        let pair = |code: &Code| (code.system.clone(), code.code.clone());
        for (substance, at) in formulary.substances.iter().zip(0..) {
            for code in &substance.codes {
                index.by_code.entry(pair(code)).or_default().insert(at);
            }
            for name in std::iter::once(&substance.name).chain(&substance.names) {
                index.by_name.entry(fold(name)).or_default().insert(at);
            }
        }
        for (medicine, at) in formulary.medicines.iter().zip(0..) {
            index.medicines.insert(medicine.id.clone(), at);
            let within: BTreeSet<usize> =
                medicine.contains.iter().filter_map(|one| places.get(one.substance.as_str()).copied()).collect();
            let own = (MEDICINE.to_owned(), medicine.id.clone());
            for code in medicine.codes.iter().map(pair).chain([own]) {
                index.by_code.entry(code).or_default().extend(&within);
            }
            let short = format!("{} {}", medicine.name, medicine.strength);
            for name in [medicine.name.clone(), short, medicine.whole()].iter().chain(&medicine.names) {
                index.by_name.entry(fold(name)).or_default().extend(&within);
            }
            for name in [format!("{} {}", medicine.name, medicine.strength), medicine.whole()] {
                index.named.entry(fold(&name)).and_modify(|one| *one = None).or_insert(Some(at));
            }
            let substances = within.iter().filter_map(|at| formulary.substances.get(*at));
            let words: Vec<&str> = [medicine.name.as_str(), &medicine.strength, &medicine.form]
                .into_iter()
                .chain(medicine.names.iter().map(String::as_str))
                .chain(substances.flat_map(|one| std::iter::once(&one.name).chain(&one.names)).map(String::as_str))
                .collect();
            index.words.push(fold(&words.join(" ")));
        }
        for (class, at) in formulary.classes.iter().zip(0..) {
            for code in &class.codes {
                index.classes_by_code.entry(pair(code)).or_default().insert(at);
            }
            for name in std::iter::once(&class.name).chain(&class.names) {
                index.classes_by_name.entry(fold(name)).or_default().insert(at);
            }
        }
        index
    }

    pub(super) fn medicine(&self, id: &str) -> Option<usize> {
        self.medicines.get(id).copied()
    }

    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.named.get(&fold(name)).copied().flatten()
    }
}

impl Formulary {
    /// What an allergy or a medicine with these codes and this name is. Names count whole: a part of one may be another
    /// medicine.
    pub fn known(&self, codes: &[Code], name: &str) -> Known {
        let mut known = Known::default();
        for code in codes {
            let pair = (code.system.clone(), code.code.clone());
            known.substances.extend(self.index.by_code.get(&pair).into_iter().flatten());
            known.classes.extend(self.index.classes_by_code.get(&pair).into_iter().flatten());
        }
        let name = fold(name);
        known.substances.extend(self.index.by_name.get(&name).into_iter().flatten());
        known.classes.extend(self.index.classes_by_name.get(&name).into_iter().flatten());
        known
    }

    /// What a name that is not known may mean: a name of the file stands within it word for word, or is written nearly as some of
    /// its words are. Good for a warning and for a question, never for saying that nothing was found.
    pub fn alike(&self, name: &str) -> Known {
        let folded = fold(name);
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).take(MOST_WORDS).collect();
        let mut known = Known::default();
        for (own, places) in &self.index.by_name {
            if stands_in(own, &words) {
                known.substances.extend(places);
            }
        }
        for (own, places) in &self.index.classes_by_name {
            if stands_in(own, &words) {
                known.classes.extend(places);
            }
        }
        known
    }

    /// What these are called, in an order that is always the same.
    pub fn names_of(&self, known: &Known) -> Vec<String> {
        let substances = known.substances.iter().filter_map(|at| self.substances.get(*at)).map(|one| one.name.clone());
        let classes = known.classes.iter().filter_map(|at| self.classes.get(*at)).map(|one| one.name.clone());
        let mut names: Vec<String> = substances.chain(classes).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The medicines of which every typed word begins a word, those whose name begins so first; `most` at most.
    pub fn find(&self, typed: &str, most: usize) -> Found<'_> {
        let typed: String = fold(typed).chars().take(100).collect();
        let mut found: Vec<(bool, String, &Medicine)> = self
            .medicines
            .iter()
            .zip(&self.index.words)
            .filter(|(_, words)| fits(&typed, words))
            .map(|(medicine, words)| {
                let first = typed.split(' ').next().is_some_and(|word| words.starts_with(word));
                (!first, fold(&medicine.name), medicine)
            })
            .collect();
        // Of one name the weaker first, as numbers count.
        let strength = |medicine: &Medicine| {
            medicine.contains.first().and_then(|one| one.amount.as_ref()).map_or(0.0, |amount| amount.value)
        };
        found.sort_by(|a, b| {
            (a.0, &a.1).cmp(&(b.0, &b.1)).then(strength(a.2).total_cmp(&strength(b.2))).then(a.2.id.cmp(&b.2.id))
        });
        let more = found.len() > most;
        Found { medicines: found.into_iter().take(most).map(|(_, _, medicine)| medicine).collect(), more }
    }
}

/// How many words of a name are looked at.
const MOST_WORDS: usize = 20;

/// Whether as many of the words as it has, one after the other, are this name or nearly so. Of short names each letter counts,
/// and of the shortest nothing is guessed.
fn stands_in(own: &str, words: &[&str]) -> bool {
    let letters = own.chars().count();
    let misses = match letters {
        0..4 => return false,
        4..6 => 0,
        6..10 => 1,
        _ => 2,
    };
    words.windows(own.split(' ').count()).any(|window| {
        let there = window.join(" ");
        there.chars().count().abs_diff(letters) <= misses && strsim::osa_distance(own, &there) <= misses
    })
}

/// Whether every typed word begins one of the words; both are folded. Nothing typed fits nothing.
pub(super) fn fits(typed: &str, words: &str) -> bool {
    let mut wanted = typed.split(' ').filter(|word| !word.is_empty()).peekable();
    wanted.peek().is_some() && wanted.all(|word| words.split(' ').any(|own| own.starts_with(word)))
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, read};
    use super::*;

    fn demo() -> Formulary {
        read(crate::care::demo::FORMULARY.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn what_is_typed_finds_by_the_beginnings_of_words_in_any_order() {
        let demo = demo();
        let names =
            |typed: &str| -> Vec<String> { demo.find(typed, 20).medicines.iter().map(|one| one.whole()).collect() };
        assert!(names("amox").iter().all(|name| name.starts_with("Amoxicillin")) && !names("amox").is_empty());
        assert_eq!(names("500 amox"), names("AMÓX 500"));
        assert!(names("oxicillin").is_empty(), "not from the middle of a word");
        assert!(names("").is_empty() && names("   ").is_empty());
        assert!(demo.find("a", 1).more);
    }

    #[test]
    fn a_record_s_medicine_is_known_by_code_or_whole_name_and_never_by_a_part_of_it() {
        let demo = demo();
        let by_name = demo.known(&[], "Amoxicillin 500 mg");
        let by_code = demo.known(
            &[Code { system: "http://www.nlm.nih.gov/research/umls/rxnorm".into(), code: "723".into() }],
            "whatever",
        );
        assert_eq!(by_name, by_code);
        assert!(!by_name.is_nothing());
        assert!(demo.known(&[], "Amoxicillin somewhat").is_nothing());
        assert!(!demo.known(&[], "penicillins").classes.is_empty());
    }

    #[test]
    fn a_name_that_is_nearly_one_of_the_file_s_is_guessed_and_a_short_or_another_one_is_not() {
        let demo = demo();
        let meant = |name: &str| demo.names_of(&demo.alike(name));
        for near in ["Amoxicilin", "amoxycillin 500", "Amoxicillin somewhat", "rash of AMOXICILLIN, 2004"] {
            assert_eq!(meant(near), ["Amoxicillin"], "{near}");
        }
        assert!(meant("all penicillins").contains(&"Penicillins".to_owned()));
        for other in ["", "Latex", "amox", "Grandmother's drops", "cillin"] {
            assert!(meant(other).is_empty(), "{other}");
        }
    }
}
