//! Registering a patient: what was typed becomes a Patient, unless somebody alike is there already.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::letters::straight;
use super::workflow::{Doing, Done, Refused, carry_out, told};
use crate::base::FhirId;
use crate::fhir::Mode;
use crate::record::Change;
use crate::record::directory::{Beside, Hit, Person, month_named};

/// What was typed into the form, as it was typed.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    pub family: &'a str,
    pub given: &'a str,
    pub born: &'a str,
    /// What was ticked to say that the birth date is not known: nothing is left empty by accident.
    pub born_unknown: &'a str,
    /// FHIR `administrative-gender`.
    pub sex: &'a str,
    pub phone: &'a str,
    pub street: &'a str,
    pub postcode: &'a str,
    pub town: &'a str,
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    Family,
    Given,
    Born,
    Sex,
    Phone,
    Email,
    Street,
    Postcode,
    Town,
    Language,
    Reason,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing was typed or chosen.
    Missing,
    /// More than [`LONGEST`] characters.
    TooLong,
    /// It cannot be read as what it should be.
    Unread,
    InTheFuture,
    /// More than [`OLDEST`] years ago.
    TooLongAgo,
    /// It was typed, and said not to be known.
    Both,
}

/// The most characters of one field.
pub const LONGEST: usize = 100;
/// The oldest that a person is believed to be, in years.
pub const OLDEST: i16 = 130;

/// Somebody to be registered: every field was read and makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPatient {
    family: String,
    given: Vec<String>,
    /// A FHIR `date`: a day, a month, or a year alone; none where somebody said that it is not known.
    born: Option<String>,
    sex: &'static str,
    phone: Option<String>,
    street: Option<String>,
    postcode: Option<String>,
    town: Option<String>,
}

impl NewPatient {
    /// Reads the form; all that is wrong at once, in the form's order.
    pub fn read(typed: Typed<'_>, today: Date) -> Result<Self, Vec<(Field, Fault)>> {
        let mut faults = Vec::new();
        let mut take = |field: Field, text: &str| {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
                faults.push((field, Fault::TooLong));
            }
            let text = straight(&text);
            (!text.is_empty()).then_some(text)
        };
        let (family, given) = (take(Field::Family, typed.family), take(Field::Given, typed.given));
        let (phone, street) = (take(Field::Phone, typed.phone), take(Field::Street, typed.street));
        let (postcode, town) = (take(Field::Postcode, typed.postcode), take(Field::Town, typed.town));
        if family.is_none() && given.is_none() {
            faults.push((Field::Family, Fault::Missing));
        }
        let born = read_birth(typed.born, typed.born_unknown, today).map_err(|fault| faults.push((Field::Born, fault)));
        let sex = ["female", "male", "other", "unknown"].into_iter().find(|sex| *sex == typed.sex);
        if sex.is_none() {
            faults.push((Field::Sex, Fault::Missing));
        }
        if phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
            faults.push((Field::Phone, Fault::Unread));
        }
        match (born, sex) {
            (Ok(born), Some(sex)) if faults.is_empty() => Ok(Self {
                family: family.unwrap_or_default(),
                given: given.map(|given| given.split(' ').map(str::to_owned).collect()).unwrap_or_default(),
                born,
                sex,
                phone,
                street,
                postcode,
                town,
            }),
            _ => {
                faults.sort_by_key(|(field, _)| *field as u8);
                Err(faults)
            }
        }
    }

    pub fn family(&self) -> &str {
        &self.family
    }

    pub fn given(&self) -> &[String] {
        &self.given
    }

    /// A FHIR `date`.
    pub fn born(&self) -> Option<&str> {
        self.born.as_deref()
    }

    /// The same with a birth date that stands in the record.
    #[must_use]
    pub fn born_on(self, born: Option<String>) -> Self {
        Self { born, ..self }
    }

    pub const fn sex(&self) -> &'static str {
        self.sex
    }

    /// What the directory is asked to find somebody alike.
    pub fn question(&self) -> String {
        let born = self.born.as_deref().unwrap_or_default();
        format!("{} {} {born}", self.given.join(" "), self.family).trim().to_owned()
    }

    /// Whether somebody may well be the same person: the same birth date and a name much like it, or nearly the same
    /// name and a birth date that one slip explains. Where no birth date is known the names alone have to fit well.
    pub fn is_like(&self, hit: &Hit) -> bool {
        // The directory knows letters: what has none, an emoji say, is no part that could fit.
        let has_letters = |name: &&str| name.chars().any(char::is_alphanumeric);
        let names = self.given.iter().map(String::as_str).chain([self.family.as_str()]).filter(has_letters).count();
        let parts = u32::try_from(names + usize::from(self.born.is_some())).unwrap_or(1).max(1);
        let each = hit.score / parts;
        match &self.born {
            Some(born) => likeness(each, &hit.person, born).is_some(),
            None => each >= NAMES_ALONE,
        }
    }

    /// The Patient, without the number that the clinic gives when it is written.
    pub fn resource(&self) -> Value {
        let mut name = json!({"use": "official"});
        let mut patient = json!({"resourceType": "Patient", "active": true});
        let mut address = json!({"use": "home"});
        let put = |object: &mut Value, key: &str, value: Option<Value>| {
            if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
                object.insert(key.to_owned(), value);
            }
        };
        put(&mut name, "family", (!self.family.is_empty()).then(|| self.family.as_str().into()));
        put(&mut name, "given", (!self.given.is_empty()).then(|| self.given.clone().into()));
        put(&mut patient, "name", Some(json!([name])));
        let phone = self.phone.as_ref().map(|phone| json!([{"system": "phone", "value": phone}]));
        put(&mut patient, "telecom", phone);
        put(&mut patient, "gender", Some(self.sex.into()));
        put(&mut patient, "birthDate", self.born.as_deref().map(Value::from));
        put(&mut address, "line", self.street.as_ref().map(|street| json!([street])));
        put(&mut address, "city", self.town.as_ref().map(|town| json!(town)));
        put(&mut address, "postalCode", self.postcode.as_ref().map(|postcode| json!(postcode)));
        let lives = self.street.is_some() || self.town.is_some() || self.postcode.is_some();
        put(&mut patient, "address", lives.then(|| json!([address])));
        patient
    }
}

/// How many people alike are asked about, and how many of those who fit are looked at for them.
pub const MOST_ALIKE: usize = 5;
pub const LOOKED_AT: usize = 20;

/// Why nobody was registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Somebody alike is there, of whom nobody has said that it is another person.
    #[error("somebody very much like this is registered already")]
    Alike,
}

/// Registers somebody under `id`, unless somebody alike is there who is not among `different`: those of whom it was said
/// that they are other people. It is asked in the writer, so that of two who register one person at once one is asked.
pub async fn register(
    doing: Doing<'_>,
    id: FhirId,
    patient: NewPatient,
    different: BTreeSet<String>,
) -> Result<Done<()>, Refused<RegisterError>> {
    let change = Change::register(id, patient.resource(), Mode::Strict)?;
    carry_out(doing, vec![change], move |inside| {
        let hits = inside.find_patients(&patient.question(), LOOKED_AT)?;
        let mut alike = hits.iter().filter(|hit| patient.is_like(hit)).take(MOST_ALIKE);
        if alike.any(|hit| !different.contains(hit.id.as_str())) { told(RegisterError::Alike) } else { Ok(()) }
    })
    .await
}

/// A birth date, or that it is not known: one of the two has to be said.
pub fn read_birth(typed: &str, unknown: &str, today: Date) -> Result<Option<String>, Fault> {
    match (typed.trim().is_empty(), unknown.is_empty()) {
        (true, false) => Ok(None),
        (false, false) => Err(Fault::Both),
        (_, true) => read_born(typed, today).map(Some),
    }
}

/// A birth date as people type it: `9 5 1967`, `09.05.1967`, `9 May 1967`, `1967-05-09`. Day before month. Of one that is not
/// known to the day the month (`5 1967`, `May 1967`, `1967-05`) or the year alone.
pub fn read_born(text: &str, today: Date) -> Result<String, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Fault::Missing);
    }
    let parts: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || ".,/-".contains(c)).filter(|p| !p.is_empty()).collect();
    let year = |part: &str| (part.len() == 4).then(|| part.parse::<i16>().ok()).flatten();
    let small = |part: &str| (part.len() <= 2).then(|| part.parse::<i8>().ok()).flatten();
    let month = |part: &str| small(part).or_else(|| month_named(&part.to_ascii_lowercase()));
    let (date, born) = match *parts {
        [only] => {
            let year = year(only).ok_or(Fault::Unread)?;
            (Date::new(year, 1, 1).map_err(|_| Fault::Unread)?, format!("{year:04}"))
        }
        [a, b] => {
            let found = match (year(a), year(b)) {
                (Some(year), None) => month(b).map(|month| (year, month)),
                (None, Some(year)) => month(a).map(|month| (year, month)),
                _ => None,
            };
            let (year, month) = found.ok_or(Fault::Unread)?;
            (Date::new(year, month, 1).map_err(|_| Fault::Unread)?, format!("{year:04}-{month:02}"))
        }
        [a, b, c] => {
            let found = match (year(a), year(c)) {
                (Some(year), None) => month(b).zip(small(c)).map(|(month, day)| (year, month, day)),
                (None, Some(year)) => match (small(a), month_named(&a.to_ascii_lowercase())) {
                    (Some(day), _) => month(b).map(|month| (year, month, day)),
                    (None, Some(month)) => small(b).map(|day| (year, month, day)),
                    (None, None) => None,
                },
                _ => None,
            };
            let (year, month, day) = found.ok_or(Fault::Unread)?;
            let date = Date::new(year, month, day).map_err(|_| Fault::Unread)?;
            (date, date.to_string())
        }
        _ => return Err(Fault::Unread),
    };
    if date > today {
        return Err(Fault::InTheFuture);
    }
    if date.year() < today.year() - OLDEST {
        return Err(Fault::TooLongAgo);
    }
    Ok(born)
}

/// Whether a text can be an e-mail address.
pub fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !text.contains(' '))
}

/// Whether a text can be a phone number.
pub fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (3..=20).contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || " +-/().".contains(c))
}

/// Names that fit so well, of a hundred for each part, are asked about where no birth date is known.
const NAMES_ALONE: u32 = 80;

/// The names are the same, but for how they are written.
const SAME_NAMES: u32 = 95;

/// Whether two dates can be the same day: they are compared as far as both are known.
fn one_day(a: &str, b: &str) -> bool {
    let both = a.len().min(b.len());
    both >= 4 && a.get(..both) == b.get(..both)
}

/// How alike somebody is to whom `each` part fits so well, of a hundred: more where the birth date is the same.
fn likeness(each: u32, person: &Person, born: &str) -> Option<u32> {
    let same_born = person.birth_date.as_deref().is_some_and(|known| one_day(known, born));
    match (each >= 60, same_born) {
        (true, true) => Some(each + 100),
        (true, false) => near_days(person, born).then_some(each),
        (false, _) => None,
    }
}

/// The same rule for two who are registered. One identifier for both weighs most, if the names are not altogether others.
pub fn alike(two: &Beside<'_>) -> Option<u32> {
    let each = two.score / two.parts.max(1);
    let likeness = match (two.one.birth_date.as_deref(), two.other.birth_date.as_deref()) {
        (Some(born), Some(_)) => likeness(each, two.other, born),
        // Without a birth date the names alone have to fit well; and as good as altogether where the other has one.
        (None, None) => (each >= NAMES_ALONE).then_some(each),
        _ => (each >= SAME_NAMES).then_some(each.saturating_sub(NAMES_ALONE)),
    };
    match (likeness, two.number) {
        (Some(likeness), true) => Some(likeness + 200),
        (None, true) if each >= 35 => Some(each + 200),
        (likeness, _) => likeness,
    }
}

/// Whether one slip explains the difference of two birth dates, as far as both are known: one digit, or day and month
/// exchanged.
fn near_days(person: &Person, born: &str) -> bool {
    let Some(known) = person.birth_date.as_deref() else { return true };
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
    let (known, born) = (digits(known), digits(born));
    let different = known.iter().zip(&born).filter(|(a, b)| a != b).count();
    let exchanged = || match (known.as_slice(), born.as_slice()) {
        ([ky @ .., a, b, c, d], [by @ .., e, f, g, h]) => ky == by && [a, b, c, d] == [g, h, e, f],
        _ => false,
    };
    different <= 1 || known.len() == born.len() && exchanged()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Date {
        "2026-03-03".parse().unwrap()
    }

    fn typed() -> Typed<'static> {
        Typed {
            family: "Brandvold",
            given: " Halina  Marie ",
            born: "9 5 1967",
            born_unknown: "",
            sex: "female",
            phone: "",
            street: "",
            postcode: "",
            town: "Fjordvik",
        }
    }

    #[test]
    fn birth_dates_are_read_as_people_type_them() {
        for text in ["9 5 1967", "09.05.1967", "9/5/1967", "9 May 1967", "May 9, 1967", "1967-05-09", "9-mai-1967"] {
            let read = read_born(text, today());
            assert_eq!(read.as_deref().ok(), (text != "9-mai-1967").then_some("1967-05-09"), "{text}");
        }
        assert_eq!(read_born("1967", today()).as_deref(), Ok("1967"));
        for text in ["5 1967", "05.1967", "05/1967", "May 1967", "1967-05", "1967 may"] {
            assert_eq!(read_born(text, today()).as_deref(), Ok("1967-05"), "{text}");
        }
        for (text, fault) in [
            ("", Fault::Missing),
            ("13 1967", Fault::Unread),
            ("5 67", Fault::Unread),
            ("4 2026", Fault::InTheFuture),
            ("31 2 1967", Fault::Unread),
            ("9 5 67", Fault::Unread),
            ("yesterday", Fault::Unread),
            ("4 3 2026", Fault::InTheFuture),
            ("1 1 1850", Fault::TooLongAgo),
        ] {
            assert_eq!(read_born(text, today()), Err(fault), "{text}");
        }
    }

    fn hit(score: u32, born: Option<&str>) -> Hit {
        let mut patient = json!({"resourceType": "Patient", "name": [{"family": "Brandvold", "given": ["Halina"]}]});
        if let Some(born) = born {
            patient["birthDate"] = born.into();
        }
        Hit::of(&FhirId::parse("p1").unwrap(), &patient, score)
    }

    #[test]
    fn a_birth_date_is_left_out_only_where_somebody_said_that_it_is_not_known() {
        assert_eq!(read_birth("", "", today()), Err(Fault::Missing));
        assert_eq!(read_birth(" ", "1", today()), Ok(None));
        assert_eq!(read_birth("1967", "1", today()), Err(Fault::Both));
        assert_eq!(read_birth("5 1967", "", today()), Ok(Some("1967-05".to_owned())));
        let unknown = NewPatient::read(Typed { born: "", born_unknown: "1", ..typed() }, today()).unwrap();
        assert_eq!(unknown.resource().get("birthDate"), None);
        assert_eq!(unknown.question(), "Halina Marie Brandvold");
        let month = NewPatient::read(Typed { born: "05.1967", ..typed() }, today()).unwrap().resource();
        assert_eq!(month["birthDate"], "1967-05");
        let issues = crate::fhir::validate(&month, crate::fhir::Definitions::r4(), Mode::Strict);
        assert!(!issues.iter().any(crate::fhir::Issue::is_error), "{issues:?}");
    }

    #[test]
    fn who_is_alike_is_found_as_far_as_birth_dates_are_known() {
        let born = |text: &'static str, unknown: &'static str| {
            let typed = Typed { given: "Halina", born: text, born_unknown: unknown, ..typed() };
            NewPatient::read(typed, today()).unwrap()
        };
        // Three parts where a birth date is asked for, two where none is.
        let like = |new: &NewPatient, known, each: u32| {
            new.is_like(&hit(each * if new.born.is_some() { 3 } else { 2 }, known))
        };
        let year = born("1967", "");
        for (known, expected) in [
            (Some("1967-05-09"), true),
            (Some("1967-05"), true),
            (Some("1967"), true),
            (Some("1968-05-09"), true),
            (Some("1943-05-09"), false),
            (None, true),
        ] {
            assert_eq!(like(&year, known, 70), expected, "{known:?}");
        }
        assert!(!like(&year, Some("1967"), 50));
        let unknown = born("", "1");
        for known in [Some("1967-05-09"), Some("1943"), None] {
            assert!(like(&unknown, known, 90) && !like(&unknown, known, 70), "{known:?}");
        }
    }

    #[test]
    fn what_has_no_letter_is_no_part_of_a_name_that_could_fit() {
        for (given, family) in [("\u{1F600}", "Ng"), ("Ng", "\u{1F600}"), ("Ng \u{1F600}", "")] {
            let typed = Typed { given, family, born: "", born_unknown: "1", ..typed() };
            let new = NewPatient::read(typed, today()).unwrap();
            assert!(new.is_like(&hit(90, None)) && !new.is_like(&hit(70, None)), "{given} {family}");
        }
    }

    #[test]
    fn a_name_is_not_turned_into_another_one() {
        let patient = NewPatient::read(Typed { family: "Ann\u{202E}dvorB", ..typed() }, today()).unwrap();
        assert_eq!(patient.family, "AnndvorB");
    }

    #[test]
    fn what_was_typed_becomes_a_patient_that_fits_fhir() {
        let patient = NewPatient::read(typed(), today()).unwrap().resource();
        assert_eq!(patient["name"][0]["given"], json!(["Halina", "Marie"]));
        assert_eq!(patient["address"][0], json!({"use": "home", "city": "Fjordvik"}));
        assert_eq!(patient.get("telecom"), None);
        let issues = crate::fhir::validate(&patient, crate::fhir::Definitions::r4(), Mode::Strict);
        assert!(!issues.iter().any(crate::fhir::Issue::is_error), "{issues:?}");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let wrong = Typed { family: "", given: " ", born: "1 1 2030", sex: "x", phone: "ask her", ..typed() };
        assert_eq!(
            NewPatient::read(wrong, today()).unwrap_err(),
            [
                (Field::Family, Fault::Missing),
                (Field::Born, Fault::InTheFuture),
                (Field::Sex, Fault::Missing),
                (Field::Phone, Fault::Unread)
            ]
        );
        let long = "x".repeat(LONGEST + 1);
        let faults = NewPatient::read(Typed { town: &long, ..typed() }, today()).unwrap_err();
        assert_eq!(faults, [(Field::Town, Fault::TooLong)]);
    }
}
