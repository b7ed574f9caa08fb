//! Patients of the whole directory who may be one person, two by two, without holding everybody beside everybody.
//!
//! One pass over the directory gives each patient a few meeting places: the birth date, the birth date with a word as it
//! sounds, two words of one name as they sound, an identifier. Only those who meet are compared; where very many meet, each is
//! compared with the few that were born next to them. So the work grows with the number of patients, and not with its square.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::find::fit_of;
use super::keys::PERSONS;
use super::person::Person;
use crate::base::FhirId;
use crate::fhir::search::heard;
use crate::record::layout::hash64;
use crate::store::{Direction, KeyRange, Read, ReadExt as _, StoreError};

/// With how many of those who are met at one place, and stand next by birth date, somebody is compared.
const BESIDE: usize = 12;
/// The words of a name, and the identifiers, that make meeting places.
const MOST_WORDS: usize = 4;
const MOST_NUMBERS: usize = 4;
/// Shorter identifiers are the same by chance.
const SHORTEST_NUMBER: usize = 4;
/// The most pairs that are compared.
const MOST_PAIRS: usize = 200_000;

/// Two who may be one.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub one: Person,
    pub other: Person,
    /// What the rule said; more is more alike.
    pub weight: u32,
    /// They have an identifier in common.
    pub number: bool,
}

/// What is known of two when the rule is asked.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    pub one: &'a Person,
    pub other: &'a Person,
    /// How well name and birth date of the one fit the other, of a hundred for each part, and how many parts that are.
    pub score: u32,
    pub parts: u32,
    /// They have an identifier in common.
    pub number: bool,
}

/// How alike two are, by whoever has the rule; `None` where they are two people.
pub type Rule = fn(&Beside<'_>) -> Option<u32>;

/// The pairs that the rule finds most alike, at most `most`, without those that `apart` names (the smaller id first).
pub(in crate::record) fn alike(
    read: &(impl Read + ?Sized),
    rule: Rule,
    apart: &BTreeSet<(FhirId, FhirId)>,
    most: usize,
) -> Result<Vec<Pair>, StoreError> {
    let mut met: Vec<(u64, u32, u64)> = Vec::new();
    for row in read.scan(&PERSONS, KeyRange::all(), Direction::Up)? {
        let ((row,), person) = row?;
        // Who was joined to another is that other.
        if person.active {
            let born = person.birth_number().unwrap_or(0);
            met.extend(places(&person).into_iter().map(|place| (place, born, row)));
        }
    }
    met.sort_unstable();
    let mut pairs: BTreeSet<(u64, u64)> = BTreeSet::new();
    for together in met.chunk_by(|a, b| a.0 == b.0) {
        for (at, (_, _, row)) in together.iter().enumerate() {
            for (_, _, other) in together.iter().skip(at + 1).take(BESIDE) {
                if pairs.len() < MOST_PAIRS {
                    pairs.insert((*row.min(other), *row.max(other)));
                }
            }
        }
    }
    let mut found: Vec<(Reverse<u32>, u64, u64)> = Vec::new();
    for (one, other) in pairs {
        let Some((first, second)) = both(read, one, other)? else { continue };
        if !apart.contains(&in_order(&first.id, &second.id))
            && let Some(weight) = weigh(rule, &first, &second)
        {
            found.push((Reverse(weight), one, other));
        }
    }
    found.sort_unstable();
    found.truncate(most);
    let mut pairs = Vec::with_capacity(found.len());
    for (Reverse(weight), one, other) in found {
        pairs.extend(both(read, one, other)?.map(|(one, other)| {
            let number = share_a_number(&one, &other);
            Pair { one, other, weight, number }
        }));
    }
    Ok(pairs)
}

/// Two ids, the smaller first: as pairs are named.
pub fn in_order(one: &FhirId, other: &FhirId) -> (FhirId, FhirId) {
    if one <= other { (one.clone(), other.clone()) } else { (other.clone(), one.clone()) }
}

fn both(read: &(impl Read + ?Sized), one: u64, other: u64) -> Result<Option<(Person, Person)>, StoreError> {
    Ok(read.get(&PERSONS, &(one,))?.zip(read.get(&PERSONS, &(other,))?))
}

/// By the better of the two ways round: "Ann" begins "Anna", and not the other way.
fn weigh(rule: Rule, first: &Person, second: &Person) -> Option<u32> {
    let number = share_a_number(first, second);
    let one_way = |one: &Person, other: &Person| {
        let (score, parts) = fit_of(one, other);
        rule(&Beside { one, other, score, parts, number })
    };
    one_way(first, second).max(one_way(second, first))
}

fn share_a_number(first: &Person, second: &Person) -> bool {
    first.numbers.iter().any(|one| one.len() >= SHORTEST_NUMBER && second.numbers.contains(one))
}

fn places(person: &Person) -> BTreeSet<u64> {
    let mut places = BTreeSet::new();
    let born = person.birth_date.as_deref().unwrap_or_default();
    if !born.is_empty() {
        places.insert(hash64(&["born", born]));
    }
    for name in &person.names {
        let heard: Vec<Vec<String>> = name.iter().take(MOST_WORDS).map(|word| heard(word)).collect();
        for (at, codes) in heard.iter().enumerate() {
            if !born.is_empty() {
                places.extend(codes.iter().map(|code| hash64(&["born", born, code])));
            }
            for other in heard.iter().skip(at + 1) {
                let each = codes.iter().flat_map(|one| other.iter().map(move |other| (one.min(other), one.max(other))));
                places.extend(each.map(|(one, other)| hash64(&["name", one, other])));
            }
        }
        if let [codes] = heard.as_slice() {
            places.extend(codes.iter().map(|code| hash64(&["name", code])));
        }
    }
    let numbers = person.numbers.iter().filter(|number| number.len() >= SHORTEST_NUMBER).take(MOST_NUMBERS);
    places.extend(numbers.map(|number| hash64(&["number", number])));
    places
}
