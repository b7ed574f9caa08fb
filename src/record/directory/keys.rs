//! The rows that lead to a patient, and how they are kept.
//!
//! | first byte | then | value |
//! |---|---|---|
//! | 0 | – | the number of the next new word |
//! | 1 | word's number, patient's row | – |
//! | 2 | word | its number |
//! | 3 | word less one letter, or all of it; word's number | the word |
//! | 4 | sound code, word's number | the word |
//! | 5 | letters and digits of an identifier, patient's row | – |
//! | 6 | birth date as `yyyymmdd`, patient's row | – |

use std::collections::BTreeSet;

use super::person::{Person, significant};
use crate::fhir::search::Sound;
use crate::store::{Direction, KeyRange, ReadExt as _, StoreError, Table, Tx, tables};

pub(super) const PERSONS: Table<(u64,), Person> = Table::new(tables::DIRECTORY);
pub(super) const NEXT: Table<(u8,), u64> = Table::new(tables::DIRECTORY_KEYS);
pub(super) const BEARERS: Table<(u8, u32, u64), ()> = Table::new(tables::DIRECTORY_KEYS);
pub(super) const WORDS: Table<(u8, String), u64> = Table::new(tables::DIRECTORY_KEYS);
pub(super) const NEAR: Table<(u8, String, u32), Vec<u8>> = Table::new(tables::DIRECTORY_KEYS);
pub(super) const NUMBERS: Table<(u8, String, u64), ()> = Table::new(tables::DIRECTORY_KEYS);
pub(super) const BIRTHS: Table<(u8, u32, u64), ()> = Table::new(tables::DIRECTORY_KEYS);

pub(super) const NEXT_KEY: u8 = 0;
pub(super) const BEARER: u8 = 1;
pub(super) const WORD: u8 = 2;
pub(super) const LESS_ONE: u8 = 3;
pub(super) const SOUND: u8 = 4;
pub(super) const NUMBER: u8 = 5;
pub(super) const BIRTH: u8 = 6;

/// The first letters of a word, of which it may lack one: longer words meet by these.
const LONGEST: usize = 14;

/// One way to a patient.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Word(String),
    Number(String),
    Birth(u32),
}

/// Every way to this person.
pub(super) fn of(person: &Person) -> BTreeSet<Key> {
    let words = person.names.iter().flatten().cloned().map(Key::Word);
    let numbers = person.numbers.iter().flat_map(|number| {
        // Also without what stands before the digits: `MRN000123` as `123`.
        let tail = significant(number);
        [Some(number.clone()), (tail.len() > 1 && tail != number).then(|| tail.to_owned())]
    });
    words.chain(numbers.flatten().map(Key::Number)).chain(person.birth_number().map(Key::Birth)).collect()
}

pub(super) fn add(tx: &mut Tx<'_>, key: &Key, row: u64) -> Result<(), StoreError> {
    match key {
        Key::Number(number) => tx.put(&NUMBERS, &(NUMBER, number.clone(), row), &()),
        Key::Birth(date) => tx.put(&BIRTHS, &(BIRTH, *date, row), &()),
        Key::Word(word) => {
            let number = match tx.get(&WORDS, &(WORD, word.clone()))? {
                Some(number) => narrow(number)?,
                None => add_word(tx, word)?,
            };
            tx.put(&BEARERS, &(BEARER, number, row), &())
        }
    }
}

fn add_word(tx: &mut Tx<'_>, word: &str) -> Result<u32, StoreError> {
    let next = tx.get(&NEXT, &(NEXT_KEY,))?.unwrap_or(0);
    let number = narrow(next)?;
    tx.put(&NEXT, &(NEXT_KEY,), &(next + 1))?;
    tx.put(&WORDS, &(WORD, word.to_owned()), &next)?;
    for (class, meeting) in meetings(word) {
        tx.put(&NEAR, &(class, meeting, number), &word.as_bytes().to_vec())?;
    }
    Ok(number)
}

pub(super) fn drop(tx: &mut Tx<'_>, key: &Key, row: u64) -> Result<(), StoreError> {
    match key {
        Key::Number(number) => tx.delete(&NUMBERS, &(NUMBER, number.clone(), row)),
        Key::Birth(date) => tx.delete(&BIRTHS, &(BIRTH, *date, row)),
        Key::Word(word) => {
            let Some(number) = tx.get(&WORDS, &(WORD, word.clone()))? else { return Ok(()) };
            let number = narrow(number)?;
            tx.delete(&BEARERS, &(BEARER, number, row))?;
            let mut others = tx.scan(&BEARERS, KeyRange::prefix(&(BEARER, number)), Direction::Up)?;
            let alone = others.next().transpose()?.is_none();
            std::mem::drop(others);
            if alone {
                // Nobody is called so any more: not even the word stays.
                tx.delete(&WORDS, &(WORD, word.clone()))?;
                for (class, meeting) in meetings(word) {
                    tx.delete(&NEAR, &(class, meeting, number))?;
                }
            }
            Ok(())
        }
    }
}

/// Under which keys a word is met by those like it.
fn meetings(word: &str) -> BTreeSet<(u8, String)> {
    let near = less_one(word).into_iter().map(|less| (LESS_ONE, less));
    near.chain(Sound::of(word).into_iter().flat_map(Sound::codes).map(|code| (SOUND, code))).collect()
}

/// The word, and the word without each of its letters.
pub(super) fn less_one(word: &str) -> BTreeSet<String> {
    let head: Vec<char> = word.chars().take(LONGEST).collect();
    let without = |at: usize| head.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| *c).collect::<String>();
    let mut all: BTreeSet<String> = [head.iter().collect()].into();
    if head.len() > 2 {
        all.extend((0..head.len()).map(without));
    }
    all
}

/// The number of a word as it stands in keys.
pub(super) fn narrow(number: u64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| StoreError::Damaged("the patient directory counts too many words".to_owned()))
}
