//! What somebody typed, taken apart: words, birth dates, numbers.

use crate::fhir::search::fold;

use super::person::plain_number;

/// The longest question, in characters, and its most parts; the rest is not looked at.
const LONGEST: usize = 120;
const MOST: usize = 6;

#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Question {
    /// Folded words of a name.
    pub(super) words: Vec<String>,
    /// The birth date, in each way it can be read.
    pub(super) births: Vec<Birth>,
    /// Parts of identifiers: letters and digits.
    pub(super) numbers: Vec<String>,
}

/// A birth date as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Birth {
    Year(u32),
    /// `yyyymm`
    Month(u32),
    /// `yyyymmdd`
    Day(u32),
}

impl Question {
    pub(super) fn of(text: &str) -> Self {
        let text: String = text.chars().take(LONGEST).collect();
        let folded = fold(&text).replace(',', " ");
        let parts = dates_in_words(folded.split_whitespace().map(str::to_owned).collect());
        let parts = numbers_joined(parts);
        let mut question = Self::default();
        for part in parts.into_iter().take(MOST) {
            if !part.contains(|c: char| c.is_ascii_digit()) {
                question.words.extend(words(&part));
                continue;
            }
            let births = births(&part);
            // What reads as a month may be a number with a hyphen.
            let is_month = births.iter().any(|birth| matches!(birth, Birth::Month(_)));
            let is_number = births.is_empty() || is_month || part.bytes().all(|b| b.is_ascii_digit());
            question.births.extend(births);
            if is_number {
                question.numbers.push(plain_number(&part));
            }
        }
        question.words.truncate(MOST);
        question
    }
}

/// The words of folded text: apostrophes join, all else that is no letter or digit parts.
pub(super) fn words(folded: &str) -> Vec<String> {
    let joined: String = folded.chars().filter(|c| *c != '\'').collect();
    let words = joined.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word.chars().take(40).collect()).collect()
}

/// A month, from 1, by its English name or the first three letters or more of it, in lower case.
pub fn month_named(part: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = MONTHS.iter().position(|month| part.len() >= 3 && month.starts_with(part))?;
    i8::try_from(at + 1).ok()
}

/// Puts `3 may 1970` and `may 3 1970` together as `1970-5-3`.
fn dates_in_words(parts: Vec<String>) -> Vec<String> {
    let month = |part: &str| month_named(part.trim_end_matches('.'));
    let day = |part: &str| part.trim_end_matches('.').parse::<usize>().ok().filter(|day| (1..=31).contains(day));
    let year = |part: &str| part.parse::<usize>().ok().filter(|year| (1800..2200).contains(year));
    let mut out = Vec::new();
    let mut rest = parts.as_slice();
    while let Some((first, after)) = rest.split_first() {
        if let [second, third, others @ ..] = after {
            let found = day(first).zip(month(second)).or_else(|| day(second).zip(month(first))).zip(year(third));
            if let Some(((day, month), year)) = found {
                out.push(format!("{year}-{month}-{day}"));
                rest = others;
                continue;
            }
        }
        out.push(first.clone());
        rest = after;
    }
    out
}

/// Puts the groups of a number together again that screens and papers print it in: `004 127` as `004127`. What can be a
/// birth date or a year stays by itself.
fn numbers_joined(parts: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut joins = false;
    for part in parts {
        let is_group = part.bytes().all(|byte| byte.is_ascii_digit()) && births(&part).is_empty();
        match out.last_mut() {
            Some(number) if joins && is_group => number.push_str(&part),
            _ => out.push(part),
        }
        joins = is_group;
    }
    out
}

/// `1970-05-03`, `3.5.1970`, `03/05/1970` (day or month first), `19700503`, `1970-05`, `5.1970`, `1970`.
fn births(part: &str) -> Vec<Birth> {
    let pieces: Vec<&str> = part.split(['-', '.', '/']).filter(|piece| !piece.is_empty()).collect();
    if !pieces.iter().all(|piece| piece.bytes().all(|b| b.is_ascii_digit())) {
        return Vec::new();
    }
    let number = |piece: &str| piece.parse::<u32>().unwrap_or(0);
    let day = |year: u32, month: u32, day: u32| {
        let right = (1800..2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        right.then_some(Birth::Day(year * 10_000 + month * 100 + day))
    };
    let month = |year: u32, month: u32| {
        let right = (1800..2200).contains(&year) && (1..=12).contains(&month);
        right.then_some(Birth::Month(year * 100 + month))
    };
    let mut found: Vec<Birth> = match *pieces {
        [year] if year.len() == 4 => {
            Some(number(year)).filter(|year| (1800..2200).contains(year)).map(Birth::Year).into_iter().collect()
        }
        [all] if all.len() == 8 => {
            let all = number(all);
            let big_first = day(all / 10_000, all / 100 % 100, all % 100);
            let day_first = day(all % 10_000, all / 10_000 % 100, all / 1_000_000);
            big_first.into_iter().chain(day_first).collect()
        }
        [year, which] if year.len() == 4 => month(number(year), number(which)).into_iter().collect(),
        [which, year] if year.len() == 4 => month(number(year), number(which)).into_iter().collect(),
        [year, month, date] if year.len() == 4 => day(number(year), number(month), number(date)).into_iter().collect(),
        [a, b, year] if year.len() == 4 => {
            let (a, b, year) = (number(a), number(b), number(year));
            day(year, b, a).into_iter().chain(day(year, a, b)).collect()
        }
        _ => Vec::new(),
    };
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_typed_is_told_apart() {
        let q = |words: &[&str], births: &[Birth], numbers: &[&str]| Question {
            words: words.iter().map(|w| (*w).to_owned()).collect(),
            births: births.to_vec(),
            numbers: numbers.iter().map(|n| (*n).to_owned()).collect(),
        };
        let may = Birth::Day(19_700_503);
        for (text, expected) in [
            ("Nováková, Žofie", q(&["novakova", "zofie"], &[], &[])),
            ("O'Brien Smith-Jones", q(&["obrien", "smith", "jones"], &[], &[])),
            ("anna 1970-05-03", q(&["anna"], &[may], &[])),
            ("anna 3.5.1970", q(&["anna"], &[may, Birth::Day(19_700_305)], &[])),
            ("3 may 1970 anna", q(&["anna"], &[may], &[])),
            ("May 3, 1970", q(&[], &[may], &[])),
            ("may june", q(&["may", "june"], &[], &[])),
            ("1970", q(&[], &[Birth::Year(1970)], &["1970"])),
            ("anna 1970-05", q(&["anna"], &[Birth::Month(197_005)], &["197005"])),
            ("5.1970", q(&[], &[Birth::Month(197_005)], &["51970"])),
            ("1970-13", q(&[], &[], &["197013"])),
            ("19700503", q(&[], &[may], &["19700503"])),
            ("MRN-00123", q(&[], &[], &["mrn00123"])),
            ("004 127", q(&[], &[], &["004127"])),
            ("anna 004 127 5", q(&["anna"], &[], &["0041275"])),
            ("1970 127", q(&[], &[Birth::Year(1970)], &["1970", "127"])),
            ("", q(&[], &[], &[])),
        ] {
            assert_eq!(Question::of(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_typed(text in any::<String>()) {
            let question = Question::of(&text);
            prop_assert!(question.words.len() <= MOST);
        }
    }
}
