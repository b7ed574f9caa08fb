//! What staff write into a record line by line: measurements, problems, allergies, immunizations. What was typed is read
//! here and becomes FHIR resources; nothing is guessed, and what was there already is kept.

mod allergy;
mod immunization;
mod known;
mod order;
mod problem;
mod vitals;

pub use allergy::{AllergyTyped, CATEGORIES, NONE_KNOWN, allergy, allergy_in_error, none_known};
pub use immunization::{ImmunizationTyped, immunization, immunization_in_error};
pub use known::{
    AllergyError, AllergyTo, ProblemError, Repeats, add_allergy, add_problem, is_current, is_no_entry, says_none,
    says_none_of_some, says_none_to, says_none_to_medicines, says_none_to_others,
};
pub use order::{Closes, closed};
pub use problem::{ProblemTyped, problem, problem_changed, problem_in_error, problem_shown};
pub use vitals::{Measured, VITALS, Vital, VitalsTyped, bounds, measured, observation, same_value, typed_of, vital_of};

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::base::{Decimal, NoDecimal, ResourceRef};
use crate::care::within::text;

/// The most characters of a line.
pub const LINE: usize = 200;

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    Missing,
    TooLong {
        most: usize,
    },
    /// It cannot be read as what it should be.
    Unread,
    InTheFuture,
    /// It ended before it began.
    EndsBefore,
    /// A number that no living body shows.
    Outside {
        low: f64,
        high: f64,
    },
    /// One of two numbers that belong together.
    Half,
    /// It cannot be held against its range, and nobody says how it lies.
    NotComparable,
    /// A substance was typed that says that there is no allergy.
    SaysNone,
    /// That there is no allergy was said beside one that was typed.
    SaysSome,
    /// A number with decimals where nobody measures any.
    NotWhole,
    /// A number that can be read in two ways.
    Ambiguous,
}

/// Faults by field, in the order of the form.
pub type Faults = Vec<(&'static str, Fault)>;

/// Whose words they are: the Practitioner of the account, and how they are called.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    pub person: Option<&'a ResourceRef>,
    pub name: &'a str,
}

impl Author<'_> {
    /// A FHIR Reference with the name beside it.
    pub fn reference(&self) -> Value {
        match self.person {
            Some(person) => json!({"reference": person.as_str(), "display": self.name}),
            None => json!({"display": self.name}),
        }
    }
}

/// A number in a resource, with the digits that were typed.
pub(super) fn digits(number: Decimal) -> Value {
    serde_json::from_str::<serde_json::Number>(&number.to_string()).map_or(Value::Null, Value::Number)
}

impl From<NoDecimal> for Fault {
    fn from(no: NoDecimal) -> Self {
        match no {
            NoDecimal::Unread => Self::Unread,
            NoDecimal::Ambiguous => Self::Ambiguous,
        }
    }
}

/// One line of text; nothing where nothing was typed.
fn line(field: &'static str, typed: &str, faults: &mut Faults) -> Option<String> {
    let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > LINE {
        faults.push((field, Fault::TooLong { most: LINE }));
        return None;
    }
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    (!clean.is_empty()).then_some(clean)
}

/// A line that must be there.
fn needed(field: &'static str, typed: &str, faults: &mut Faults) -> String {
    let before = faults.len();
    line(field, typed, faults).unwrap_or_else(|| {
        if faults.len() == before {
            faults.push((field, Fault::Missing));
        }
        String::new()
    })
}

/// A FHIR `date`: a day, a month or a year, not after today.
fn date(field: &'static str, typed: &str, today: Date, faults: &mut Faults) -> Option<String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    match partial(typed) {
        Some((text, first)) if (1850..=2200).contains(&first.year()) => {
            if first > today {
                faults.push((field, Fault::InTheFuture));
                return None;
            }
            Some(text)
        }
        _ => {
            faults.push((field, Fault::Unread));
            None
        }
    }
}

/// `2021`, `2021-03`, `03.2021`, `03/2021`, `2021-03-14` or `14.03.2021`, as FHIR writes it, with its first day.
fn partial(typed: &str) -> Option<(String, Date)> {
    let all_digits = |part: &str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = typed.split(['-', '/', '.']).map(str::trim).collect();
    if !parts.iter().all(|part| all_digits(part)) {
        return None;
    }
    let (year, month, day) = match parts.as_slice() {
        [year] if year.len() == 4 => (*year, None, None),
        [year, month] if year.len() == 4 => (*year, Some(*month), None),
        [month, year] if year.len() == 4 => (*year, Some(*month), None),
        [year, month, day] if year.len() == 4 => (*year, Some(*month), Some(*day)),
        [day, month, year] if year.len() == 4 && typed.contains('.') => (*year, Some(*month), Some(*day)),
        _ => return None,
    };
    let year: i16 = year.parse().ok()?;
    let month: Option<i8> = month.map(str::parse).transpose().ok()?;
    let day: Option<i8> = day.map(str::parse).transpose().ok()?;
    let first = Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
    let text = match (month, day) {
        (Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
        (Some(month), None) => format!("{year:04}-{month:02}"),
        _ => format!("{year:04}"),
    };
    Some((text, first))
}

fn hl7(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code}]})
}

/// The elements, without those that are null, as a resource of a type.
fn resource(kind: &str, elements: Value) -> Value {
    let mut out = Map::new();
    out.insert("resourceType".into(), kind.into());
    if let Value::Object(elements) = elements {
        out.extend(elements.into_iter().filter(|(_, value)| !value.is_null()));
    }
    Value::Object(out)
}

fn put(value: &mut Value, name: &str, element: Value) {
    if let Some(members) = value.as_object_mut() {
        if element.is_null() {
            members.shift_remove(name);
        } else {
            members.insert(name.to_owned(), element);
        }
    }
}

/// A note with who wrote it and when.
pub fn annotation(note: &str, author: &Author<'_>, now: &str) -> Value {
    let mut one = json!({"text": note, "time": now});
    match author.person {
        Some(_) => put(&mut one, "authorReference", author.reference()),
        None => put(&mut one, "authorString", author.name.into()),
    }
    one
}

/// What stands in a note element when its first is written anew: the others stay.
fn noted(note: Option<&str>, before: Option<&Value>, author: &Author<'_>, now: &str) -> Value {
    let was = before.and_then(|before| before.pointer("/0/text")).and_then(Value::as_str);
    let others = before.and_then(Value::as_array).and_then(|all| all.get(1..)).unwrap_or_default().to_vec();
    match (note, was) {
        (Some(note), Some(was)) if note == was => before.cloned().unwrap_or_default(),
        (Some(note), _) => {
            let one = annotation(note, author, now);
            Value::Array([vec![one], others].concat())
        }
        (None, _) if others.is_empty() => Value::Null,
        (None, _) => Value::Array(others),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them_and_never_guessed() {
        let read = |typed: &str| partial(typed).map(|(text, _)| text);
        assert_eq!(read("2021").as_deref(), Some("2021"));
        assert_eq!(read("2021-3").as_deref(), Some("2021-03"));
        assert_eq!(read("03/2021").as_deref(), Some("2021-03"));
        assert_eq!(read("03.2021").as_deref(), Some("2021-03"));
        assert_eq!(read("2021-03-14").as_deref(), Some("2021-03-14"));
        assert_eq!(read("14.3.2021").as_deref(), Some("2021-03-14"));
        for bad in ["", "21", "14/03/2021", "2021-13", "2021-02-30", "spring 2021", "2021-03-14-01"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let mut faults = Faults::new();
        let today = "2026-03-03".parse().unwrap();
        assert_eq!(date("since", "2026-04", today, &mut faults), None);
        assert_eq!(faults, [("since", Fault::InTheFuture)]);
    }

    #[test]
    fn lines_are_one_line_and_bounded() {
        let mut faults = Faults::new();
        assert_eq!(line("name", "  a \n b\u{0}c ", &mut faults).as_deref(), Some("a bc"));
        assert_eq!(line("name", " ", &mut faults), None);
        assert!(faults.is_empty());
        line("name", &"x".repeat(LINE + 1), &mut faults);
        needed("other", "", &mut faults);
        assert_eq!(faults, [("name", Fault::TooLong { most: LINE }), ("other", Fault::Missing)]);
    }
}
