//! Reading a file: strictly, within limits, and with the line of each fault.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::rows::{
    Ages, Amount, ClassRow, Code, CoverRow, DoseRow, GroupRow, Head, InteractionRow, Medicine, RangeRow, Substance,
    What,
};
use super::{Coded, Formulary, Ids};
use crate::fhir::json;
use crate::fhir::search::fold;

/// What a file may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub bytes: usize,
    pub rows: usize,
    /// Bytes of one line.
    pub line: usize,
    /// Faults that are named; more are counted.
    pub faults: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 8 << 20, rows: 60_000, line: 64 << 10, faults: 20 }
    }
}

/// The longest text, and the most members of a list.
const TEXT: usize = 300;
const MEMBERS: usize = 2_000;
/// The most ages of which one measurement has ranges: nobody lives longer in years.
const MOST_AGES: usize = 150;
/// The version that this program reads.
const VERSION: u32 = 1;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Fault {
    /// From 1.
    pub line: usize,
    pub why: String,
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    #[error("the file has {found} bytes, and {limit} is the most; split off what the clinic does not use")]
    TooLong { found: usize, limit: usize },
    #[error("the file is not UTF-8 text; save it as UTF-8 and try again")]
    NotText,
    #[error("the file is empty: its first line is the head, as in {{\"formulary\": 1, \"name\": …}}")]
    Empty,
    #[error("{}{}", .faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), More(*.more))]
    Lines { faults: Vec<Fault>, more: usize },
}

struct More(usize);

impl std::fmt::Display for More {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, "\nand {} more", self.0) }
    }
}

/// Reads a whole file, or says line by line what is wrong with it.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Formulary, ReadError> {
    if bytes.len() > limits.bytes {
        return Err(ReadError::TooLong { found: bytes.len(), limit: limits.bytes });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ReadError::NotText)?;
    let mut reader = Reader {
        out: Formulary::default(),
        ids: Ids::new(),
        medicines: BTreeSet::new(),
        coded: BTreeSet::new(),
        ranges: BTreeMap::new(),
        faults: vec![],
        more: 0,
        limits,
    };
    let mut named: Vec<(usize, String, Names)> = Vec::new();
    let mut head = false;
    let mut rows = 0_usize;
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let done = if head {
            rows += 1;
            if rows > limits.rows {
                reader.fault(line, format!("there are more than {} rows", limits.rows));
                break;
            }
            reader.row(line, text, &mut named)
        } else {
            head = true;
            reader.head(text)
        };
        if let Err(why) = done {
            reader.fault(line, why);
        }
    }
    if !head {
        return Err(ReadError::Empty);
    }
    // Rows may stand in any order: what they name is looked for when all are read.
    for (line, id, names) in named {
        let known = match names {
            Names::Substance => reader.ids.get(&id) == Some(&What::Substance),
            Names::Anything => reader.ids.contains_key(&id),
        };
        if !known {
            reader.fault(line, format!("no row has the id \"{}\" that stands here", shown(&id)));
        }
    }
    if !reader.faults.is_empty() {
        reader.faults.sort_by_key(|fault| fault.line);
        return Err(ReadError::Lines { faults: reader.faults, more: reader.more });
    }
    let mut out = reader.out;
    out.hash = *blake3::hash(bytes).as_bytes();
    Ok(out.indexed())
}

/// What an id that stands in a row may be.
#[derive(Clone, Copy)]
enum Names {
    Substance,
    Anything,
}

struct Reader<'a> {
    out: Formulary,
    ids: Ids,
    medicines: BTreeSet<String>,
    /// Displays and codes of problems and of orders.
    coded: BTreeSet<(String, String)>,
    /// Of each measurement in a unit the ages that have a range.
    ranges: BTreeMap<(String, String, String), Vec<Ages>>,
    faults: Vec<Fault>,
    more: usize,
    limits: &'a Limits,
}

type Checked = Result<(), String>;

impl Reader<'_> {
    fn fault(&mut self, line: usize, why: String) {
        if self.faults.len() < self.limits.faults {
            self.faults.push(Fault { line, why });
        } else {
            self.more += 1;
        }
    }

    fn object(&self, text: &str) -> Result<Value, String> {
        let limits = json::Limits { bytes: self.limits.line, depth: 8, values: 10_000 };
        // The line's own line number is always 1, and would mislead.
        let value = json::parse(text.as_bytes(), &limits)
            .map_err(|error| format!("{}, at character {}", error.kind, error.column))?;
        if value.is_object() { Ok(value) } else { Err("a line is one JSON object".to_owned()) }
    }

    fn head(&mut self, text: &str) -> Checked {
        let value = self.object(text)?;
        if value.get("formulary").is_none() {
            return Err("the first line is the head, as in {\"formulary\": 1, \"name\": …}".to_owned());
        }
        let head: Head = typed(value)?;
        if head.formulary != VERSION {
            return Err(format!("this program reads version {VERSION} of the format, and this is {}", head.formulary));
        }
        texts([&head.name, &head.source])?;
        if head.country.len() != 2 || !head.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err("country is two capital letters, as in NO".to_owned());
        }
        if head.valid_until < head.date {
            return Err("validUntil lies before date".to_owned());
        }
        self.out.head = head;
        Ok(())
    }

    fn row(&mut self, line: usize, text: &str, named: &mut Vec<(usize, String, Names)>) -> Checked {
        let mut value = self.object(text)?;
        let row = value.as_object_mut().and_then(|object| object.shift_remove("row"));
        let Some(Value::String(row)) = row else {
            return Err("\"row\" is missing, which says what the line is: substance, medicine, class, interaction, \
                        group, dose, covers, range, problem or order"
                .to_owned());
        };
        let mut names = |ids: &[String], what: Names| {
            named.extend(ids.iter().map(|id| (line, id.clone(), what)));
        };
        match row.as_str() {
            "substance" => {
                let row: Substance = typed(value)?;
                called(&row.name, &row.names)?;
                codes(&row.codes)?;
                translated(&row.translations)?;
                self.new_id(&row.id, What::Substance)?;
                self.out.substances.push(row);
            }
            "medicine" => {
                let row: Medicine = typed(value)?;
                id(&row.id)?;
                called(&row.name, &row.names)?;
                codes(&row.codes)?;
                texts([&row.form, &row.strength, &row.unit])?;
                for route in &row.routes {
                    texts([&route.code, &route.text])?;
                    texts(&route.system)?;
                }
                listed("contains", row.contains.len())?;
                listed("routes", row.routes.len())?;
                row.contains.iter().filter_map(|one| one.amount.as_ref()).try_for_each(amount)?;
                if !self.medicines.insert(row.id.clone()) {
                    return Err(format!("the id \"{}\" stands twice", shown(&row.id)));
                }
                let contained: Vec<String> = row.contains.iter().map(|one| one.substance.clone()).collect();
                names(&contained, Names::Substance);
                self.out.medicines.push(row);
            }
            "class" => {
                let row: ClassRow = typed(value)?;
                called(&row.name, &row.names)?;
                codes(&row.codes)?;
                translated(&row.translations)?;
                listed("substances", row.substances.len())?;
                rule(&row.source, row.date, &row.locator, &self.out.head)?;
                self.new_id(&row.id, What::Class)?;
                names(&row.substances, Names::Substance);
                self.out.classes.push(row);
            }
            "group" => {
                let row: GroupRow = typed(value)?;
                called(&row.name, &[])?;
                listed("substances", row.substances.len())?;
                rule(&row.source, row.date, &row.locator, &self.out.head)?;
                self.new_id(&row.id, What::Group)?;
                names(&row.substances, Names::Substance);
                self.out.groups.push(row);
            }
            "interaction" => {
                let row: InteractionRow = typed(value)?;
                texts([&row.text])?;
                rule(&row.source, row.date, &row.locator, &self.out.head)?;
                names(&row.between, Names::Anything);
                self.out.interactions.push(row);
            }
            "dose" => {
                let row: DoseRow = typed(value)?;
                texts(&row.route)?;
                [&row.max_once, &row.max_day].into_iter().flatten().try_for_each(amount)?;
                if row.max_once.is_none() && row.max_day.is_none() {
                    return Err("a dose has maxOnce or maxDay, or both".to_owned());
                }
                if row.from_age.zip(row.to_age).is_some_and(|(from, to)| from >= to) {
                    return Err("fromAge is not below toAge".to_owned());
                }
                rule(&row.source, row.date, &row.locator, &self.out.head)?;
                names(std::slice::from_ref(&row.substance), Names::Substance);
                self.out.doses.push(row);
            }
            "covers" => {
                let row: CoverRow = typed(value)?;
                listed("substances", row.substances.len())?;
                rule(&row.source, row.date, &row.locator, &self.out.head)?;
                names(&row.substances, Names::Substance);
                self.out.covers.push(row);
            }
            "range" => {
                let row: RangeRow = typed(value)?;
                texts([&row.system, &row.code, &row.unit])?;
                bounds(row.low, row.high)?;
                if row.from_age.zip(row.to_age).is_some_and(|(from, to)| from >= to) {
                    return Err("fromAge is not below toAge".to_owned());
                }
                rule(&row.source, row.date, &row.locator, &self.out.head)?;
                let ages = self.ranges.entry(row.measures()).or_default();
                // Of two ranges for the same people nobody could say which one counts.
                if ages.iter().any(|other| row.shares(*other)) || ages.len() > MOST_AGES {
                    return Err(format!("another range of \"{}\" is for the same age", shown(&row.code)));
                }
                ages.push((row.from_age, row.to_age));
                self.out.ranges.push(row);
            }
            "problem" => {
                let row = self.coded(&row, value)?;
                self.out.problems.push(row);
            }
            "order" => {
                let row = self.coded(&row, value)?;
                self.out.orders.push(row);
            }
            other => {
                return Err(format!(
                    "\"{}\" is no row of a formulary: substance, medicine, class, interaction, group, dose, covers, \
                     range, problem or order",
                    shown(other)
                ));
            }
        }
        Ok(())
    }

    fn coded(&mut self, list: &str, value: Value) -> Result<Coded, String> {
        let row: Coded = typed(value)?;
        called(&row.display, &row.names)?;
        texts([&row.system, &row.code])?;
        translated(&row.translations)?;
        // What is chosen by its display, and known again by its code, is one entry.
        for one in [format!("display {}", fold(&row.display)), format!("code {} {}", row.system, row.code)] {
            if !self.coded.insert((list.to_owned(), one)) {
                return Err(format!("the display or the code of \"{}\" stands twice", shown(&row.display)));
            }
        }
        Ok(row)
    }

    fn new_id(&mut self, text: &str, what: What) -> Checked {
        id(text)?;
        if self.ids.insert(text.to_owned(), what).is_some() {
            return Err(format!("the id \"{}\" stands twice", shown(text)));
        }
        Ok(())
    }
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// The beginning of what stands there, for a message.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

fn id(text: &str) -> Checked {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-');
    if (1..=64).contains(&text.len()) && text.bytes().all(known) {
        Ok(())
    } else {
        Err(format!("\"{}\" is no id: 1 to 64 of a-z, 0-9, dot, underscore, hyphen", shown(text)))
    }
}

fn texts<'a>(all: impl IntoIterator<Item = &'a String>) -> Checked {
    for text in all {
        if text.trim().is_empty() || text.chars().count() > TEXT || text.chars().any(char::is_control) {
            return Err(format!("a text has 1 to {TEXT} characters and no control character: \"{}\"", shown(text)));
        }
    }
    Ok(())
}

fn called(name: &String, names: &[String]) -> Checked {
    most("names", names.len())?;
    texts(std::iter::once(name).chain(names))
}

fn translated(all: &BTreeMap<String, String>) -> Checked {
    texts(all.values())?;
    let is_language = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase());
    if all.keys().all(is_language) { Ok(()) } else { Err("a language is two small letters, as in es".to_owned()) }
}

fn codes(all: &[Code]) -> Checked {
    most("codes", all.len())?;
    texts(all.iter().flat_map(|code| [&code.system, &code.code]))
}

fn most(name: &str, length: usize) -> Checked {
    if length > MEMBERS { Err(format!("\"{name}\" has more than {MEMBERS} members")) } else { Ok(()) }
}

fn listed(name: &str, length: usize) -> Checked {
    if length == 0 { Err(format!("\"{name}\" is empty")) } else { most(name, length) }
}

fn amount(amount: &Amount) -> Checked {
    texts([&amount.unit])?;
    if amount.value.is_finite() && amount.value > 0.0 && amount.value <= 1e9 {
        Ok(())
    } else {
        Err("an amount is more than 0 and at most 1000000000".to_owned())
    }
}

fn bounds(low: Option<f64>, high: Option<f64>) -> Checked {
    let fits = |bound: f64| bound.is_finite() && bound.abs() <= 1e9;
    match (low, high) {
        (None, None) => Err("a range has low or high, or both".to_owned()),
        (Some(low), Some(high)) if low >= high => Err("low is not below high".to_owned()),
        (low, high) if [low, high].into_iter().flatten().all(fits) => Ok(()),
        _ => Err("a bound is a number of at most 1000000000".to_owned()),
    }
}

/// A rule that is newer than its file was written down wrongly: nobody could have put it there.
fn rule(source: &String, date: Date, locator: &String, head: &Head) -> Checked {
    texts([source, locator])?;
    if date > head.date { Err("the date of the rule lies after the date of the file".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEMO: &str = crate::care::demo::FORMULARY;
    const HEAD: &str = r#"{"formulary": 1, "name": "N", "country": "NO", "date": "2026-01-12", "validUntil": "2026-12-31", "source": "S"}"#;
    const A: &str = r#"{"row": "substance", "id": "a", "name": "A"}"#;

    const P: &str =
        r#"{"row": "problem", "system": "urn:s", "code": "1", "display": "Knee", "translations": {"es": "X"}}"#;

    const R: &str = r#"{"row": "range", "system": "urn:s", "code": "1", "unit": "Cel", "high": 37.5, "source": "S", "date": "2026-01-01", "locator": "1"}"#;

    fn faults(text: &str) -> Vec<(usize, String)> {
        match read(text.as_bytes(), &Limits::default()) {
            Ok(_) => vec![],
            Err(ReadError::Lines { faults, .. }) => faults.into_iter().map(|one| (one.line, one.why)).collect(),
            Err(other) => vec![(0, other.to_string())],
        }
    }

    #[test]
    fn the_demo_s_own_file_reads_and_says_that_it_is_invented() {
        let formulary = read(DEMO.as_bytes(), &Limits::default()).unwrap();
        assert!(formulary.head.invented);
        let counts = formulary.counts();
        assert!(counts.medicines > 20 && counts.interactions > 2 && counts.doses > 3, "{counts:?}");
        assert!(counts.problems > 20 && counts.orders > 10, "{counts:?}");
        let spoken = formulary.problems.iter().chain(&formulary.orders).all(|one| one.translations.contains_key("es"));
        assert!(spoken, "the portal's other language");
        let all = || formulary.classes.iter().map(ClassRow::rule).chain(formulary.doses.iter().map(DoseRow::rule));
        assert!(all().all(|rule| rule.source.contains("Invented")), "no rule of it may look like a real one");
    }

    #[test]
    fn each_fault_is_named_with_its_line() {
        for (text, line, words) in [
            ("", 0, "empty"),
            ("# nothing\n\n", 0, "empty"),
            (A, 1, "first line is the head"),
            (&HEAD.replace("1,", "2,"), 1, "version 1"),
            (&HEAD.replace("NO", "Norway"), 1, "two capital letters"),
            (&HEAD.replace("2026-12-31", "2025-12-31"), 1, "before date"),
            (&HEAD.replace("}", ", \"colour\": 1}"), 1, "unknown field `colour`"),
            (&format!("{HEAD}\n\n{A}\n{A}"), 4, "stands twice"),
            (&format!("{HEAD}\n{}", A.replace("\"a\"", "\"A b\"")), 2, "is no id"),
            (&format!("{HEAD}\n{{\"row\": \"substance\""), 2, "ends before"),
            (&format!("{HEAD}\n[1]"), 2, "one JSON object"),
            (&format!("{HEAD}\n{{\"id\": \"a\"}}"), 2, "\"row\" is missing"),
            (&format!("{HEAD}\n{{\"row\": \"potion\"}}"), 2, "is no row"),
            (&format!("{HEAD}\n{}", A.replace("\"A\"", "\" \"")), 2, "1 to 300 characters"),
            (
                &format!(
                    "{HEAD}\n{A}\n{}",
                    r#"{"row": "dose", "substance": "b", "maxDay": {"value": 1, "unit": "g"}, "source": "S", "date": "2026-01-01", "locator": "1"}"#
                ),
                3,
                "no row has the id \"b\"",
            ),
            (
                &format!(
                    "{HEAD}\n{A}\n{}",
                    r#"{"row": "dose", "substance": "a", "maxDay": {"value": -1, "unit": "g"}, "source": "S", "date": "2026-01-01", "locator": "1"}"#
                ),
                3,
                "more than 0",
            ),
            (
                &format!(
                    "{HEAD}\n{A}\n{}",
                    r#"{"row": "group", "id": "g", "name": "G", "substances": ["a"], "source": "S", "date": "2027-01-01", "locator": "1"}"#
                ),
                3,
                "after the date of the file",
            ),
            (
                &format!(
                    "{HEAD}\n{A}\n{}",
                    r#"{"row": "group", "id": "g", "name": "G", "substances": [], "source": "S", "date": "2026-01-01", "locator": "1"}"#
                ),
                3,
                "is empty",
            ),
            (
                &format!(
                    "{HEAD}\n{A}\n{}",
                    r#"{"row": "covers", "check": "classes", "substances": ["a"], "source": "S", "date": "2026-01-01"}"#
                ),
                3,
                "missing field `locator`",
            ),
            (&format!("{HEAD}\n{}", R.replace("\"high\": 37.5, ", "")), 2, "low or high"),
            (&format!("{HEAD}\n{}", R.replace("\"high\"", "\"low\": 40, \"high\"")), 2, "low is not below high"),
            (&format!("{HEAD}\n{R}\n{}", R.replace("\"high\"", "\"fromAge\": 18, \"high\"")), 3, "for the same age"),
            (&format!("{HEAD}\n{P}\n{}", P.replace("\"1\"", "\"2\"")), 3, "stands twice"),
            (&format!("{HEAD}\n{P}\n{}", P.replace("Knee", "Other")), 3, "stands twice"),
            (&format!("{HEAD}\n{}", P.replace("\"es\"", "\"spanish\"")), 2, "two small letters"),
            (&format!("{HEAD}\n{}", P.replace("Knee", "")), 2, "1 to 300 characters"),
        ] {
            let found = faults(text);
            assert!(found.iter().any(|(at, why)| *at == line && why.contains(words)), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_range_counts_for_its_measurement_its_unit_and_its_age() {
        let aged = |ages: &str, high: &str| R.replace("\"high\": 37.5", &format!("{ages}\"high\": {high}"));
        let text = format!("{HEAD}\n{}\n{}", aged("\"toAge\": 18, ", "120"), aged("\"fromAge\": 18, ", "100"));
        let read = read(text.as_bytes(), &Limits::default()).unwrap();
        let high = |code: &str, unit: &str, age| read.usual(("urn:s", code), unit, age).and_then(|row| row.high);
        assert_eq!((high("1", "Cel", Some(17)), high("1", "Cel", Some(18))), (Some(120.0), Some(100.0)));
        assert_eq!(
            (high("1", "[degF]", Some(18)), high("2", "Cel", Some(18)), high("1", "Cel", None)),
            (None, None, None)
        );
    }

    #[test]
    fn limits_hold_and_faults_are_counted() {
        let limits = Limits { bytes: 10, ..Limits::default() };
        assert!(matches!(read(HEAD.as_bytes(), &limits), Err(ReadError::TooLong { .. })));
        assert_eq!(read(b"\xff", &Limits::default()).err(), Some(ReadError::NotText));
        let many = format!("{HEAD}\n{}", "nonsense\n".repeat(100));
        let Err(ReadError::Lines { faults, more }) = read(many.as_bytes(), &Limits::default()) else { panic!() };
        assert_eq!((faults.len(), more), (20, 80));
        let rows = Limits { rows: 2, ..Limits::default() };
        let three = format!("{HEAD}\n{A}\n{}\n{}", A.replace("\"a\"", "\"b\""), A.replace("\"a\"", "\"c\""));
        assert!(read(three.as_bytes(), &rows).unwrap_err().to_string().contains("more than 2 rows"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// A file with something else somewhere is read or refused, never taken for what it is not.
        #[test]
        fn a_changed_file_is_read_or_refused_and_its_hash_is_its_own(at in 0..DEMO.len(), byte in any::<u8>()) {
            let mut bytes = DEMO.as_bytes().to_vec();
            bytes[at] = byte;
            if let Ok(formulary) = read(&bytes, &Limits::default()) {
                prop_assert_eq!(formulary.hash, *blake3::hash(&bytes).as_bytes());
                let ids: BTreeSet<_> = formulary.substances.iter().map(|one| &one.id).collect();
                prop_assert!(formulary.medicines.iter().flat_map(|one| &one.contains).all(|one| ids.contains(&one.substance)));
            }
        }
    }
}
