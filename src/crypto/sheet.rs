//! The recovery sheet: a slot's secret as 24 words on paper.
//!
//! Six rows of four words; the first three of a row carry 33 random bits (three times 11), the fourth checks the row. The
//! secret has 198 bits, far beyond guessing, and needs no slow derivation. The check word is 11 bits of the row's hash
//! with the row's number in it, so that one wrong word, two swapped words or two swapped rows are found and named, but for
//! one case in 2048 that the slot's own seal finds.
//!
//! `words.txt` is our own list: 2048 plain English words of three to eight letters; the first four letters tell them apart,
//! no two differ by one letter or a swapped pair, and no word sounds like another. The list never changes: a word is its
//! line number.

use std::fmt;
use std::sync::OnceLock;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::base::{Ambient, Secret};

/// Rows on a sheet.
pub const ROWS: usize = 6;
/// Words in a row, the check word included.
pub const COLUMNS: usize = 4;

const DATA: usize = COLUMNS - 1;
const BITS: u32 = 11;
const CHECK: &str = "chartbox 2026-11-22 recovery sheet row check v1";

/// The secret of one recovery sheet. Printed once, then typed in again when it is needed.
#[derive(Clone)]
pub struct Sheet(Secret<[[u16; DATA]; ROWS]>);

impl Sheet {
    /// A new sheet, from 27 random bytes.
    pub fn generate(ambient: &Ambient) -> Self {
        let mut rows = [[0; DATA]; ROWS];
        for word in rows.iter_mut().flatten() {
            *word = u16::from_le_bytes(ambient.bytes()) % (1 << BITS);
        }
        Self(Secret::new(rows))
    }

    /// The words, row by row, the check word last.
    pub fn words(&self) -> [[&'static str; COLUMNS]; ROWS] {
        let mut out = [[""; COLUMNS]; ROWS];
        for ((at, row), line) in self.0.expose().iter().enumerate().zip(&mut out) {
            let numbers = row.iter().copied().chain([check(at, row)]);
            for (word, number) in line.iter_mut().zip(numbers) {
                *word = list().get(usize::from(number)).copied().unwrap_or_default();
            }
        }
        out
    }

    /// The six rows as lines of text, each with its number: what is printed, and what [`Sheet::read`] takes back.
    pub fn text(&self) -> Secret<String> {
        let mut text = String::with_capacity(512);
        for (at, row) in self.words().iter().enumerate() {
            text.push_str(&format!("{}.  {:<10}{:<10}{:<10}{}\n", at + 1, row[0], row[1], row[2], row[3]));
        }
        Secret::new(text)
    }

    /// Reads a sheet as people type it: 24 words in any case, with or without row numbers, commas and line breaks; four
    /// letters of a longer word are enough. Lines that cannot be rows (a heading, a fingerprint) are passed over when the
    /// six rows stand on numbered lines, so that the printed file itself can be given.
    pub fn read(text: &str) -> Result<Self, SheetError> {
        let numbered: Vec<&str> = text.lines().filter_map(after_row_number).collect();
        let body =
            if numbered.len() == ROWS { Zeroizing::new(numbered.join("\n")) } else { Zeroizing::new(text.into()) };
        // Between a heading and a fingerprint, as the sheet is printed, the rows are known by their numbers alone.
        if !numbered.is_empty() && numbered.len() < ROWS {
            let numbers: Vec<usize> =
                text.lines().filter(|line| after_row_number(line).is_some()).filter_map(row_number).collect();
            let missing: Vec<usize> = (1..=ROWS).filter(|row| !numbers.contains(row)).collect();
            if numbers.len() == numbered.len() && missing.len() == ROWS - numbers.len() {
                return Err(SheetError::Rows(missing.into_iter().map(|row| RowFault::Missing { row }).collect()));
            }
        }
        let typed: Vec<&str> = body.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
        if typed.len() != ROWS * COLUMNS {
            return Err(SheetError::Count { found: typed.len() });
        }
        Self::of_rows(typed.chunks(COLUMNS))
    }

    /// Reads a sheet from six fields, one for each row: a row with too few or too many words is named as that row. The whole
    /// sheet may stand in the first field.
    pub fn read_rows(rows: [&str; ROWS]) -> Result<Self, SheetError> {
        let [first, rest @ ..] = rows;
        if rest.iter().all(|row| row.trim().is_empty()) {
            return Self::read(first);
        }
        let rows = rows.map(|row| row.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect());
        Self::of_rows(rows.iter().map(Vec::as_slice))
    }

    /// The word at a place, both counted from 0.
    pub fn word(&self, row: usize, word: usize) -> &'static str {
        self.words().get(row).and_then(|row| row.get(word)).copied().unwrap_or_default()
    }

    /// The word that was meant, if any sheet has it: whole or by its first four letters, in any case.
    pub fn word_meant(typed: &str) -> Option<&'static str> {
        number(typed.trim()).and_then(|at| list().get(usize::from(at)).copied())
    }

    fn of_rows<'a>(typed: impl Iterator<Item = &'a [&'a str]>) -> Result<Self, SheetError> {
        let mut rows = [[0; DATA]; ROWS];
        let mut faults = Vec::new();
        for ((at, row), words) in rows.iter_mut().enumerate().zip(typed) {
            match read_row(at, words) {
                Ok(data) => *row = data,
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(Self(Secret::new(rows))) } else { Err(SheetError::Rows(faults)) }
    }

    /// The bytes that a slot's key is derived from: the 18 numbers, little endian, row by row.
    pub(super) fn bytes(&self) -> Secret<[u8; ROWS * DATA * 2]> {
        let mut bytes = [0; ROWS * DATA * 2];
        for (pair, word) in bytes.chunks_mut(2).zip(self.0.expose().iter().flatten()) {
            pair.copy_from_slice(&word.to_le_bytes());
        }
        Secret::new(bytes)
    }
}

impl PartialEq for Sheet {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().expose().ct_eq(other.bytes().expose()).into()
    }
}

impl fmt::Debug for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sheet")
    }
}

/// What is wrong with a typed sheet. Never repeats a word: what was typed may be nearly the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SheetError {
    #[error("a recovery sheet has 24 words in six rows of four; here are {found}")]
    Count { found: usize },
    #[error("{}", said(.0))]
    Rows(Vec<RowFault>),
}

/// What is wrong with one row. Rows and words are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowFault {
    #[error("row {row}: a row has four words, and here are {found}")]
    Count { row: usize, found: usize },
    #[error("row {row}: it is missing, or does not have four words behind its number")]
    Missing { row: usize },
    #[error("row {row}, word {word}: no recovery sheet has this word; look at its spelling")]
    UnknownWord { row: usize, word: usize },
    #[error("row {row}: its words do not fit together; one is wrong, or two are swapped")]
    DoesNotFit { row: usize },
    #[error("row {row}: this is row {belongs} of the sheet; the rows are not in their order")]
    OtherRow { row: usize, belongs: usize },
}

impl RowFault {
    /// The row it is about, from 1.
    pub const fn row(&self) -> usize {
        match self {
            Self::Count { row, .. }
            | Self::Missing { row }
            | Self::UnknownWord { row, .. }
            | Self::DoesNotFit { row }
            | Self::OtherRow { row, .. } => *row,
        }
    }
}

fn said(faults: &[RowFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn list() -> &'static [&'static str] {
    static LIST: OnceLock<Vec<&'static str>> = OnceLock::new();
    LIST.get_or_init(|| include_str!("words.txt").lines().collect())
}

/// The number of a word, whole or by its first four letters.
fn number(typed: &str) -> Option<u16> {
    let typed = Zeroizing::new(typed.to_lowercase());
    let at = list().binary_search(&typed.as_str()).unwrap_or_else(|at| at);
    let word = list().get(at)?;
    let fits = *word == typed.as_str() || (typed.len() >= 4 && word.starts_with(typed.as_str()));
    if fits { u16::try_from(at).ok() } else { None }
}

fn check(row: usize, words: &[u16; DATA]) -> u16 {
    let mut hasher = blake3::Hasher::new_derive_key(CHECK);
    hasher.update(&[u8::try_from(row).unwrap_or(u8::MAX)]);
    for word in words {
        hasher.update(&word.to_le_bytes());
    }
    let [low, high, ..] = *hasher.finalize().as_bytes();
    u16::from_le_bytes([low, high]) % (1 << BITS)
}

fn read_row(at: usize, typed: &[&str]) -> Result<[u16; DATA], RowFault> {
    let row = at + 1;
    if typed.len() != COLUMNS {
        return Err(RowFault::Count { row, found: typed.len() });
    }
    let mut numbers = [0; COLUMNS];
    for ((word, typed), number_of) in typed.iter().enumerate().zip(&mut numbers) {
        *number_of = number(typed).ok_or(RowFault::UnknownWord { row, word: word + 1 })?;
    }
    let [a, b, c, checked] = numbers;
    let data = [a, b, c];
    if check(at, &data) == checked {
        return Ok(data);
    }
    match (0..ROWS).find(|other| check(*other, &data) == checked) {
        Some(other) => Err(RowFault::OtherRow { row, belongs: other + 1 }),
        None => Err(RowFault::DoesNotFit { row }),
    }
}

/// What follows `3.`, `3)`, `3:` or `3` at the start of a line, if just four words follow.
fn after_row_number(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix(|c: char| ('1'..='6').contains(&c))?;
    let rest = rest.trim_start_matches(['.', ')', ':']);
    let words = rest.split_whitespace();
    let plain = words.clone().all(|word| word.trim_end_matches(',').chars().all(char::is_alphabetic));
    (rest.starts_with([' ', '\t']) && plain && words.count() == COLUMNS).then_some(rest)
}

/// The number at the start of a line.
fn row_number(line: &str) -> Option<usize> {
    line.trim().chars().next()?.to_digit(10)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, SeededRandom};

    fn sheet(seed: u64) -> Sheet {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        Sheet::generate(&Ambient::new(clock, SeededRandom::new(seed)))
    }

    fn faults(text: &str) -> Vec<RowFault> {
        match Sheet::read(text) {
            Err(SheetError::Rows(faults)) => faults,
            other => panic!("{other:?}"),
        }
    }

    fn one_edit_apart(a: &str, b: &str) -> bool {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        if long.len() - short.len() > 1 {
            return false;
        }
        if short.len() < long.len() {
            return (0..long.len()).any(|skip| {
                long.iter().enumerate().filter(|(at, _)| *at != skip).map(|(_, c)| *c).eq(short.iter().copied())
            });
        }
        let differ: Vec<usize> = (0..long.len()).filter(|at| short[*at] != long[*at]).collect();
        match differ[..] {
            [_] => true,
            [one, two] => two == one + 1 && short[one] == long[two] && short[two] == long[one],
            _ => false,
        }
    }

    #[test]
    fn the_words_are_told_apart_by_four_letters_and_by_any_slip() {
        let list = list();
        assert_eq!(list.len(), 2048);
        assert!(list.is_sorted());
        let mut heads = std::collections::BTreeSet::new();
        for (at, word) in list.iter().enumerate() {
            assert!((3..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
            assert!(heads.insert(&word[..word.len().min(4)]), "{word}");
            for other in &list[at + 1..] {
                assert!(!one_edit_apart(word, other), "{word} {other}");
            }
        }
        for word in list.iter().filter(|word| word.len() == 3) {
            let longer = list.iter().filter(|other| other.starts_with(word)).count();
            assert_eq!(longer, 1, "{word} begins another word");
        }
    }

    /// A changed list, check or order makes every printed sheet worthless: this never changes.
    #[test]
    fn a_sheet_is_what_it_always_was() {
        assert_eq!(
            sheet(1).words().concat().join(" "),
            "parent fabric pardon nurse batch grill belief left hornet caravan clever pension suede foam curve total tinsel common forest code lid sizzle boxer pacific"
        );
        assert_eq!(
            blake3::hash(include_str!("words.txt").as_bytes()).to_hex().as_str(),
            "556415396dd4f2c07913910b9b63cc68b81e8dfcabc46b5d7793bd14efa677d2"
        );
    }

    #[test]
    fn a_sheet_reads_back_however_it_is_typed() {
        for seed in 0..50 {
            let made = sheet(seed);
            let text = made.text();
            assert_eq!(Sheet::read(text.expose()), Ok(made.clone()));
            let plain = made.words().concat().join(" ");
            assert_eq!(Sheet::read(&plain.to_uppercase().replace(' ', ", ")), Ok(made.clone()));
            let short: Vec<&str> = made.words().concat().iter().map(|word| &word[..word.len().min(4)]).collect();
            assert_eq!(Sheet::read(&short.join("\n")), Ok(made.clone()));
            let printed = format!(
                "Chartbox recovery sheet\nBox: chartbox-k3mf\n\n{}\nKey: aepy-h95s\n1 January 2026\n",
                text.expose()
            );
            assert_eq!(Sheet::read(&printed), Ok(made));
        }
    }

    #[test]
    fn a_wrong_word_is_found_in_its_row() {
        let made = sheet(2);
        for (row, words) in made.words().iter().enumerate() {
            for column in 0..COLUMNS {
                let other = if words[column] == "acorn" { "zipper" } else { "acorn" };
                let mut typed = made.words();
                typed[row][column] = other;
                assert_eq!(faults(&typed.concat().join(" ")), [RowFault::DoesNotFit { row: row + 1 }]);
                typed[row][column] = "zzzzzz";
                let fault = RowFault::UnknownWord { row: row + 1, word: column + 1 };
                assert_eq!(faults(&typed.concat().join(" ")), [fault]);
                assert_eq!(fault.row(), row + 1);
            }
        }
    }

    #[test]
    fn swapped_words_and_rows_are_found() {
        let mut typed = sheet(3).words();
        typed[4].swap(0, 1);
        assert_eq!(faults(&typed.concat().join(" ")), [RowFault::DoesNotFit { row: 5 }]);
        let mut typed = sheet(3).words();
        typed.swap(0, 2);
        let expected = [RowFault::OtherRow { row: 1, belongs: 3 }, RowFault::OtherRow { row: 3, belongs: 1 }];
        assert_eq!(faults(&typed.concat().join(" ")), expected);
    }

    #[test]
    fn six_fields_are_read_row_by_row() {
        let made = sheet(5);
        let words = made.words();
        let lines: [String; ROWS] = words.map(|row| row.join(" "));
        let fields = |lines: &[String; ROWS]| Sheet::read_rows(std::array::from_fn(|at| lines[at].as_str()));
        assert_eq!(fields(&lines), Ok(made.clone()));
        let mut short = lines.clone();
        short[3].truncate(short[3].rfind(' ').unwrap());
        assert_eq!(fields(&short), Err(SheetError::Rows(vec![RowFault::Count { row: 4, found: 3 }])));
        let whole = made.text();
        assert_eq!(Sheet::read_rows([whole.expose(), "", " ", "", "", ""]), Ok(made.clone()));
        assert_eq!((made.word(2, 3), Sheet::word_meant(" PARE ")), (words[2][3], Some("parent")));
        assert_eq!(Sheet::word_meant("qqqq"), None);
    }

    #[test]
    fn missing_words_are_counted_and_no_error_repeats_a_word() {
        assert_eq!(Sheet::read("acorn zipper"), Err(SheetError::Count { found: 2 }));
        let printed = |rows: &[usize]| {
            let words = sheet(4).words();
            let line = |row: &usize| format!("{}. {}", row + 1, words[*row].join(" "));
            format!("Recovery sheet of Hill Street\n{}\nKeep it.", rows.iter().map(line).collect::<Vec<_>>().join("\n"))
        };
        assert!(Sheet::read(&printed(&[0, 1, 2, 3, 4, 5])).is_ok());
        let said = Sheet::read(&printed(&[0, 1, 3, 4, 5])).unwrap_err().to_string();
        assert_eq!(said, "row 3: it is missing, or does not have four words behind its number");
        assert_eq!(Sheet::read(""), Err(SheetError::Count { found: 0 }));
        let mut typed = sheet(4).words();
        typed[0][0] = "qqqq";
        typed[3][3] = "wwww";
        let said = Sheet::read(&typed.concat().join(" ")).unwrap_err().to_string();
        assert!(said.contains("row 1, word 1") && said.contains("row 4, word 4"), "{said}");
        assert!(!said.contains("qqqq") && !said.contains("wwww"));
        assert_eq!(format!("{:?}", sheet(4)), "Sheet");
    }
}
