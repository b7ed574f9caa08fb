//! From a question to the patients that fit it best.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::keys::{
    BEARER, BEARERS, BIRTH, BIRTHS, LESS_ONE, NEAR, NUMBER, NUMBERS, PERSONS, SOUND, WORD, WORDS, less_one, narrow,
};
use super::person::{Person, significant};
use super::question::{Birth, Question};
use super::similar::{EXACT, Fit, ONE_EDIT, Typed};
use crate::base::FhirId;
use crate::fhir::search::Sound;
use crate::store::{Direction, Key as _, KeyRange, Read, ReadExt as _, StoreError};

/// The most words that one typed word leads to, and those looked through for its beginning.
const MOST_WORDS: usize = 48;
const MOST_BEGUN: usize = 256;
/// The most patients that one typed word leads to, the best words' first.
const MOST_BEARERS: usize = 20_000;
/// The most patients that one date or number leads to.
const MOST_NUMBERED: usize = 500;
/// The most entries that are read.
const MOST_READ: usize = 96;
/// Less than this much of each part fitting on average is no hit.
const LEAST: Fit = 45;

/// A patient that fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The resource's row number.
    pub row: u64,
    pub id: FhirId,
    /// How well it fits: 100 for each part of the question that is met exactly.
    pub score: u32,
    pub person: Person,
}

#[cfg(test)]
impl Hit {
    /// A hit of a Patient at hand.
    pub fn of(id: &FhirId, patient: &serde_json::Value, score: u32) -> Self {
        Self { row: 0, id: id.clone(), score, person: Person::of(id, patient) }
    }
}

/// The patients that fit `text` best, at most `limit`, the best first. Empty when nothing is typed.
pub(in crate::record) fn find(read: &(impl Read + ?Sized), text: &str, limit: usize) -> Result<Vec<Hit>, StoreError> {
    let question = Question::of(text);
    let mut best = rank(read, &question, limit)?;
    // A space too many or too few is an edit too.
    if best.first().is_none_or(|hit| hit.score < well_met(&question)) {
        for other in respaced(read, &question)? {
            let hits = rank(read, &other, limit)?;
            let better = hits.first().map(|hit| hit.score * parts(&question)).unwrap_or(0)
                > best.first().map(|hit| hit.score * parts(&other)).unwrap_or(0);
            if better {
                best = hits;
            }
        }
    }
    Ok(best)
}

/// How many parts a hit can meet.
fn parts(question: &Question) -> u32 {
    let dated = usize::from(!question.births.is_empty() || !question.numbers.is_empty());
    u32::try_from(question.words.len() + dated).unwrap_or(1).max(1)
}

fn well_met(question: &Question) -> u32 {
    70 * parts(question)
}

/// The same question with two words joined, or one parted into two that are known.
fn respaced(read: &(impl Read + ?Sized), question: &Question) -> Result<Vec<Question>, StoreError> {
    let with =
        |words: Vec<String>| Question { words, births: question.births.clone(), numbers: question.numbers.clone() };
    let mut others = Vec::new();
    for (at, pair) in question.words.windows(2).enumerate() {
        let head = question.words.iter().take(at).cloned();
        others.push(with(head.chain([pair.concat()]).chain(question.words.iter().skip(at + 2).cloned()).collect()));
    }
    for (at, word) in question.words.iter().enumerate() {
        for (cut, _) in word.char_indices().skip(2) {
            let (left, right) = word.split_at(cut);
            let known = |word: &str| read.contains(&WORDS, &(WORD, word.to_owned()));
            if right.chars().count() >= 2 && known(left)? && known(right)? {
                let head = question.words.iter().take(at).cloned();
                let halves = [left.to_owned(), right.to_owned()];
                others.push(with(head.chain(halves).chain(question.words.iter().skip(at + 1).cloned()).collect()));
            }
        }
    }
    others.truncate(6);
    Ok(others)
}

fn rank(read: &(impl Read + ?Sized), question: &Question, limit: usize) -> Result<Vec<Hit>, StoreError> {
    let mut candidates: HashMap<u64, Fit> = HashMap::new();
    for word in &question.words {
        let mut met: HashMap<u64, Fit> = HashMap::new();
        for (number, fit) in like(read, word)? {
            let left = MOST_BEARERS.saturating_sub(met.len());
            for row in read.scan(&BEARERS, KeyRange::prefix(&(BEARER, number)), Direction::Up)?.take(left) {
                let best = met.entry(row?.0.2).or_default();
                *best = fit.max(*best);
            }
        }
        for (row, fit) in met {
            *candidates.entry(row).or_default() += fit;
        }
    }
    for (row, fit) in numbered(read, question)? {
        *candidates.entry(row).or_default() += fit;
    }
    let mut order: Vec<(Reverse<Fit>, u64)> = candidates.into_iter().map(|(row, fit)| (Reverse(fit), row)).collect();
    if order.len() > MOST_READ {
        order.select_nth_unstable(MOST_READ);
        order.truncate(MOST_READ);
    }
    let typed: Vec<Typed> = question.words.iter().map(|word| Typed::new(word)).collect();
    let mut hits = Vec::with_capacity(order.len());
    for (_, row) in order {
        let Some(person) = read.get(&PERSONS, &(row,))? else { continue };
        let score = score(question, &typed, &person);
        if score >= LEAST * parts(question) {
            hits.push(Hit { row, id: person.id.clone(), score, person });
        }
    }
    hits.sort_by(|a, b| order_of(a).cmp(&order_of(b)));
    // A whole number is one person's: those whose number only begins so are not meant.
    if hits.iter().any(|hit| is_number_of(question, &hit.person)) {
        hits.retain(|hit| is_number_of(question, &hit.person));
    }
    hits.truncate(limit);
    Ok(hits)
}

/// Whether the question is a number, nothing else, and this person's whole number.
fn is_number_of(question: &Question, person: &Person) -> bool {
    let is_alone = question.words.is_empty() && question.births.is_empty() && question.numbers.len() == 1;
    is_alone && numbered_fit(question, person) == EXACT
}

/// Best first; those alike by name, then age.
fn order_of(hit: &Hit) -> (Reverse<u32>, &str, &str, Option<&str>, u64) {
    let person = &hit.person;
    (Reverse(hit.score), &person.family, &person.given, person.birth_date.as_deref(), hit.row)
}

/// The words there are that are like the typed one, the best first.
fn like(read: &(impl Read + ?Sized), typed: &str) -> Result<Vec<(u32, Fit)>, StoreError> {
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    let begin = |head: &str, most: usize, found: &mut BTreeMap<String, u32>| {
        let mut start = (WORD, head.to_owned()).to_bytes();
        // Without the end mark of the string: whatever begins so.
        start.truncate(start.len().saturating_sub(2));
        for row in read.scan(&WORDS, KeyRange::prefix_bytes(start), Direction::Up)?.take(most) {
            let ((_, word), number) = row?;
            found.insert(word, narrow(number)?);
        }
        Ok::<_, StoreError>(())
    };
    begin(typed, MOST_WORDS, &mut found)?;
    // The exact word, should very many begin with it.
    if let Some(number) = read.get(&WORDS, &(WORD, typed.to_owned()))? {
        found.insert(typed.to_owned(), narrow(number)?);
    }
    let letters = typed.chars().count();
    if letters >= 4 {
        begin(&typed.chars().take(3).collect::<String>(), MOST_BEGUN, &mut found)?;
    }
    let near = less_one(typed).into_iter().map(|less| (LESS_ONE, less));
    let heard = Sound::of(typed).into_iter().flat_map(Sound::codes).map(|code| (SOUND, code));
    for (class, key) in near.chain(heard).filter(|_| letters >= 2) {
        for row in read.scan(&NEAR, KeyRange::prefix(&(class, key)), Direction::Up)?.take(MOST_BEGUN) {
            let ((_, _, number), word) = row?;
            found.extend(String::from_utf8(word).ok().map(|word| (word, number)));
        }
    }
    let ready = Typed::new(typed);
    let fits = found.into_iter().map(|(word, number)| (number, ready.fit(&word)));
    let mut fits: Vec<(u32, Fit)> = fits.filter(|(_, fit)| *fit > 0).collect();
    fits.sort_by_key(|(number, fit)| (Reverse(*fit), *number));
    if fits.first().is_some_and(|(_, best)| *best == EXACT) {
        // A word that there is may be a slip for one near it, hardly for one that only sounds like it.
        fits.retain(|(_, fit)| *fit >= ONE_EDIT);
    }
    fits.truncate(MOST_WORDS);
    Ok(fits)
}

/// Patients by birth date and by identifier.
fn numbered(read: &(impl Read + ?Sized), question: &Question) -> Result<HashMap<u64, Fit>, StoreError> {
    let mut found: HashMap<u64, Fit> = HashMap::new();
    let between = |from: u32, to: u32| {
        let bound = |date: u32| (BIRTH, date).to_bytes();
        KeyRange::between(std::ops::Bound::Included(bound(from)), std::ops::Bound::Excluded(bound(to)))
    };
    for birth in &question.births {
        let range = match birth {
            Birth::Day(day) => KeyRange::prefix(&(BIRTH, *day)),
            // A year or a month alone leads to too many; with a name it is weighed in the entries.
            Birth::Year(_) | Birth::Month(_) if !question.words.is_empty() => continue,
            Birth::Year(year) => between(year * 10_000, (year + 1) * 10_000),
            Birth::Month(month) => between(month * 100, (month + 1) * 100),
        };
        for row in read.scan(&BIRTHS, range, Direction::Up)?.take(MOST_NUMBERED) {
            found.insert(row?.0.2, EXACT);
        }
    }
    for number in question.numbers.iter().flat_map(|number| [number.as_str(), significant(number)]) {
        if number.len() < 2 {
            continue;
        }
        let mut start = (NUMBER, number.to_owned()).to_bytes();
        start.truncate(start.len().saturating_sub(2));
        for row in read.scan(&NUMBERS, KeyRange::prefix_bytes(start), Direction::Up)?.take(MOST_NUMBERED) {
            let ((_, known, row), ()) = row?;
            let best = found.entry(row).or_default();
            *best = fit_number(number, &known).max(*best);
        }
    }
    Ok(found)
}

/// How well a person fits all of the question.
fn score(question: &Question, typed: &[Typed], person: &Person) -> u32 {
    let by_name = person.names.iter().enumerate().map(|(at, name)| {
        // A name of the past counts a little less.
        named(typed, name).saturating_sub(u32::from(at > 0) * 2)
    });
    let mut words = by_name.max().unwrap_or(0);
    if person.names.len() > 1 {
        // A given name of one and a family name of another.
        words = words.max(named(typed, &person.names.concat()).saturating_sub(4));
    }
    let other = born(question, person).max(numbered_fit(question, person));
    (words + other).saturating_sub(u32::from(!person.active) * 8)
}

/// How well the name in use and the birth date of one person fit another, and how many parts that are.
pub(super) fn fit_of(one: &Person, other: &Person) -> (u32, u32) {
    let text = format!("{} {} {}", one.given, one.family, one.birth_date.as_deref().unwrap_or_default());
    // An identifier is no part of it.
    let question = Question { numbers: Vec::new(), ..Question::of(&text) };
    let typed: Vec<Typed> = question.words.iter().map(|word| Typed::new(word)).collect();
    (score(&question, &typed, other), parts(&question))
}

/// Each typed word with the word of the name that it fits best, each of these once; words of the name that nothing
/// was typed for count against it a little.
fn named(typed: &[Typed], name: &[String]) -> u32 {
    let mut pairs: Vec<(Fit, usize, usize)> = Vec::with_capacity(typed.len() * name.len());
    for (i, word) in typed.iter().enumerate() {
        pairs.extend(name.iter().enumerate().map(|(j, part)| (word.fit(part), i, j)).filter(|(fit, ..)| *fit > 0));
    }
    pairs.sort_by_key(|(fit, i, j)| (Reverse(*fit), *i, *j));
    let mut taken: Vec<(usize, usize)> = Vec::with_capacity(typed.len());
    let mut total = 0;
    for (fit, i, j) in pairs {
        if taken.iter().all(|(a, b)| *a != i && *b != j) {
            taken.push((i, j));
            total += fit;
        }
    }
    let over = name.len().saturating_sub(taken.len());
    total.saturating_sub(u32::try_from(over).unwrap_or(8).min(8))
}

/// How well a birth date fits, as far as both are known.
fn born(question: &Question, person: &Person) -> Fit {
    let Some(birth) = person.birth_number() else { return 0 };
    let (year, month) = (birth / 10_000, birth / 100);
    let fits = question.births.iter().map(|asked| match asked {
        Birth::Day(day) if *day == birth => EXACT,
        // A month or a day of 0 is one that is not known.
        Birth::Day(day) if birth % 100 == 0 && day / 100 == month => EXACT - 3,
        Birth::Month(asked) if *asked == month => EXACT - 3,
        Birth::Day(day) if month % 100 == 0 && day / 10_000 == year => EXACT - 5,
        Birth::Month(asked) if month % 100 == 0 && asked / 100 == year => EXACT - 5,
        Birth::Year(asked) if *asked == year => EXACT - 5,
        // The year is right, and all but one of the other digits.
        Birth::Day(day) if day / 10_000 == year => 50,
        Birth::Month(asked) if asked / 100 == year => 50,
        _ => 0,
    });
    fits.max().unwrap_or(0)
}

fn numbered_fit(question: &Question, person: &Person) -> Fit {
    let known = |asked: &String| {
        let fits = person
            .numbers
            .iter()
            .map(|number| fit_number(asked, number).max(fit_number(significant(asked), significant(number))));
        fits.max().unwrap_or(0)
    };
    question.numbers.iter().map(known).max().unwrap_or(0)
}

/// Numbers are met whole or from the start: no edits, or another person's number would do.
fn fit_number(asked: &str, number: &str) -> Fit {
    if asked.len() < 2 {
        return 0;
    }
    match number.strip_prefix(asked) {
        Some("") => EXACT,
        Some(rest) => 92 - u32::try_from(rest.len()).unwrap_or(12).min(12),
        None => 0,
    }
}
