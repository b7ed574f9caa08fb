//! Whose a laboratory's file is: this patient's, by all that it says, or nobody's here.

use std::collections::BTreeSet;

use serde_json::Value;

use super::file::File;
use super::{ImportFault, Sure};
use crate::care::within::text as within;

/// Whom a resource of the file is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// It does not say.
    Unsaid,
    /// This patient: by the id of this record, by a number, or by a description in the file, all of which were held against
    /// the record.
    This,
    /// Somebody of whom there is no more than this.
    Named(String),
}

/// Whom a file is about beside whose record it is, where somebody has to say whether that is one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// "Berta Serialson, 3 March 1960".
    pub file: String,
    pub here: String,
    /// What is not the same.
    pub differs: Vec<Differs>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differs {
    /// No part of it is the same.
    Name,
    Family,
    Given,
    /// One of the two is not known to the day.
    Born,
    Sex,
    /// Each has a number of the same list, and not the same one.
    Number,
}

/// # Errors
/// It is about somebody else, or somebody has to say that it is about this patient.
pub(super) fn check(file: &File<'_>, patient: &Value, sure: Sure) -> Result<(), ImportFault> {
    let (mut asks, mut about) = (false, None);
    // Whoever is described in it is this patient.
    for (_, one) in file.of("Patient") {
        match compared(one, patient) {
            Match::Same => {}
            Match::Perhaps => {
                asks = true;
                about = about.or_else(|| Some(beside(one, patient)));
            }
            Match::Other => return Err(ImportFault::SomebodyElse(described(one))),
        }
    }
    let mut subjects = BTreeSet::new();
    let mut display = None;
    for kind in ["DiagnosticReport", "Observation"] {
        for (at, one) in file.of(kind) {
            let of = subject(file, at, one, patient);
            if matches!(of, Subject::Named(_)) {
                display = display.or_else(|| Some(within(one, "/subject/display")).filter(|name| !name.is_empty()));
            }
            subjects.insert(of);
        }
    }
    let is_named = |of: &&Subject| matches!(of, Subject::Named(_));
    let strangers = subjects.iter().filter(is_named).count();
    let said = subjects.contains(&Subject::This) || file.of("Patient").next().is_some();
    // What is about two is about somebody else, whoever the one is.
    if strangers > 1 || (strangers == 1 && said) {
        return Err(ImportFault::SomebodyElse(display.map(str::to_owned)));
    }
    asks |= !said;
    let about = about.or_else(|| display.map(|name| called(name, patient)));
    if asks && sure == Sure::No { Err(ImportFault::Whose(about)) } else { Ok(()) }
}

/// Somebody whom the file describes beside the patient.
fn beside(one: &Value, patient: &Value) -> Described {
    let mut differs = against(one, patient);
    if birth(one, patient) == Birth::Half {
        differs.push(Differs::Born);
    }
    let shared = |of: &Value, other: &Value| {
        let other = numbers(other);
        numbers(of).into_iter().find(|(system, _)| other.iter().any(|(own, _)| own == system)).map(|(_, number)| number)
    };
    let words = |of: &Value, other: &Value| {
        let sex = Some(within(of, "/gender").to_owned()).filter(|_| differs.contains(&Differs::Sex));
        let number = shared(of, other).filter(|_| differs.contains(&Differs::Number));
        person(of).into_iter().chain(born(of)).chain(sex).chain(number).collect::<Vec<_>>().join(", ")
    };
    Described { file: words(one, patient), here: words(patient, one), differs: differs.clone() }
}

/// Somebody of whom the file says a name and no more, beside the patient.
fn called(name: &str, patient: &Value) -> Described {
    let here = person(patient).into_iter().chain(born(patient)).collect::<Vec<_>>().join(", ");
    let differs = if may_be_called(name, patient) { Vec::new() } else { vec![Differs::Name] };
    Described { file: name.to_owned(), here, differs }
}

fn subject(file: &File<'_>, at: usize, one: &Value, patient: &Value) -> Subject {
    let reference = within(one, "/subject/reference");
    let reference = reference.split_once("/_history/").map_or(reference, |(of, _)| of);
    let own = format!("Patient/{}", within(patient, "/id"));
    let described = file.find(at, reference).and_then(|at| file.get(at));
    if reference == own || described.is_some_and(|one| within(one, "/resourceType") == "Patient") {
        return Subject::This;
    }
    let number = (within(one, "/subject/identifier/system"), within(one, "/subject/identifier/value"));
    let number = (number.0.trim().to_lowercase(), number.1.trim().to_lowercase());
    let display = within(one, "/subject/display");
    // A number that a family shares is no proof where the name beside it is another's.
    if !number.0.is_empty() && numbers(patient).contains(&number) && may_be_called(display, patient) {
        return Subject::This;
    }
    match (reference, number.1.as_str(), display) {
        ("", "", "") => Subject::Unsaid,
        ("", "", name) | ("", name, _) | (name, ..) => Subject::Named(name.to_owned()),
    }
}

/// Whether a name that stands beside a number has something of this patient's, or there is none.
fn may_be_called(display: &str, patient: &Value) -> bool {
    let words: Vec<String> = display.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    let mut own = givens(patient);
    for family in families(patient) {
        own.extend(family.split_whitespace().map(str::to_owned));
    }
    display.trim().is_empty() || own.into_iter().any(|name| words.contains(&name))
}

/// The name and the birth date of a patient whom the file describes.
fn described(one: &Value) -> Option<String> {
    let all: Vec<String> = person(one).into_iter().chain(born(one)).collect();
    Some(all.join(" ")).filter(|all| !all.is_empty())
}

/// The birth date in words; as it is written where no day is known.
fn born(one: &Value) -> Option<String> {
    let born = within(one, "/birthDate");
    let day = born.parse().map(|day: jiff::civil::Date| day.strftime("%-d %B %Y").to_string());
    Some(day.unwrap_or_else(|_| born.to_owned())).filter(|day| !day.is_empty())
}

/// The first name of somebody.
pub(super) fn person(one: &Value) -> Option<String> {
    let parts = [within(one, "/name/0/given/0"), within(one, "/name/0/family")];
    let all = parts.iter().flat_map(|part| part.split_whitespace()).collect::<Vec<_>>().join(" ");
    let said = if all.is_empty() { within(one, "/name/0/text") } else { &all };
    Some(said.to_owned()).filter(|said| !said.is_empty())
}

fn numbers(of: &Value) -> Vec<(String, String)> {
    let all = of.get("identifier").and_then(Value::as_array).into_iter().flatten();
    let read = |one: &Value, at: &str| within(one, at).trim().to_lowercase();
    all.map(|one| (read(one, "/system"), read(one, "/value")))
        .filter(|(system, value)| !system.is_empty() && !value.is_empty())
        .collect()
}

/// How whom the file describes compares with whose record it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    Same,
    /// Something speaks against it, or is half known: somebody has to say so.
    Perhaps,
    Other,
}

/// By a number that both have, or by family name and birth date; and nothing of given names, sex and other numbers speaks against
/// it. Twins have one name and one birth date, and a mother and her child one number of their insurer.
fn compared(stated: &Value, patient: &Value) -> Match {
    let (mine, theirs) = (numbers(patient), numbers(stated));
    let has_number = theirs.iter().any(|number| mine.contains(number));
    let family = meet(&families(stated), &families(patient), |one, other| one == other);
    let born = birth(stated, patient);
    if born == Birth::Differs || (!has_number && family != Some(true)) {
        return Match::Other;
    }
    match against(stated, patient).len() {
        0 if has_number || born == Birth::Same => Match::Same,
        0 | 1 => Match::Perhaps,
        _ => Match::Other,
    }
}

/// What speaks against two being one.
fn against(stated: &Value, patient: &Value) -> Vec<Differs> {
    let (mine, theirs) = (numbers(patient), numbers(stated));
    let has_number = theirs.iter().any(|number| mine.contains(number));
    let another_number = !has_number && theirs.iter().any(|(system, _)| mine.iter().any(|(own, _)| own == system));
    let family = meet(&families(stated), &families(patient), |one, other| one == other);
    let given = meet(&givens(stated), &givens(patient), |one, other| one.starts_with(other) || other.starts_with(one));
    let all = [
        (family == Some(false), Differs::Family),
        (given == Some(false), Differs::Given),
        (other_sex(stated, patient), Differs::Sex),
        (another_number, Differs::Number),
    ];
    all.into_iter().filter(|(speaks, _)| *speaks).map(|(_, what)| what).collect()
}

/// Whether any of the one meets any of the other; nothing where one of them says none.
fn meet(one: &[String], other: &[String], is: impl Fn(&str, &str) -> bool) -> Option<bool> {
    let any = one.iter().any(|one| other.iter().any(|other| is(one, other)));
    (!one.is_empty() && !other.is_empty()).then_some(any)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Birth {
    Same,
    /// The same as far as both are known; one of the two is not known to the day.
    Half,
    Differs,
}

fn birth(stated: &Value, patient: &Value) -> Birth {
    let (one, other) = (within(stated, "/birthDate").trim(), within(patient, "/birthDate").trim());
    let known = one.len().min(other.len());
    match one.get(..known) == other.get(..known) {
        true if known >= 10 => Birth::Same,
        true => Birth::Half,
        false => Birth::Differs,
    }
}

fn names(of: &Value) -> impl Iterator<Item = &Value> {
    of.get("name").and_then(Value::as_array).into_iter().flatten()
}

fn families(of: &Value) -> Vec<String> {
    let all = names(of).map(|name| within(name, "/family").trim().to_lowercase());
    all.filter(|family| !family.is_empty()).collect()
}

/// Each given name of each name, without the dot of an initial.
fn givens(of: &Value) -> Vec<String> {
    let all = names(of).filter_map(|name| name.get("given")?.as_array()).flatten().filter_map(Value::as_str);
    let words = all.flat_map(str::split_whitespace).map(|word| word.trim_end_matches('.').to_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

/// Both say which, and not the same.
fn other_sex(stated: &Value, patient: &Value) -> bool {
    let of = |one| Some(within(one, "/gender")).filter(|sex| matches!(*sex, "male" | "female"));
    matches!((of(stated), of(patient)), (Some(one), Some(other)) if one != other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patient() -> Value {
        json!({"resourceType": "Patient", "id": "p1", "birthDate": "1967-05-09", "name": [{"family": "Brandvold"}],
            "identifier": [{"system": "urn:chartbox:clinic-number", "value": "004 127"}]})
    }

    fn asked(all: Value, sure: Sure) -> Result<(), ImportFault> {
        check(&File::read(&all).unwrap(), &patient(), sure)
    }

    fn result(subject: Value) -> Value {
        json!({"resourceType": "Observation", "subject": subject})
    }

    #[test]
    fn of_a_birth_date_that_is_half_known_somebody_says_that_it_is_this_patient() {
        let stated = json!({"resourceType": "Patient", "birthDate": "1967-05-09", "name": [{"family": "Brandvold"}]});
        for (born, is) in [
            (json!("1967"), Match::Perhaps),
            (json!("1967-05"), Match::Perhaps),
            (json!(null), Match::Perhaps),
            (json!("1968"), Match::Other),
        ] {
            let mut here = patient();
            here["birthDate"] = born.clone();
            assert_eq!(compared(&stated, &here), is, "{born}");
        }
        let other = json!({"birthDate": "1967", "name": [{"family": "Okafor"}]});
        assert_eq!(compared(&stated, &other), Match::Other);
        assert_eq!(compared(&stated, &patient()), Match::Same);
        let half = json!([{"resourceType": "Patient", "birthDate": "1967", "name": [{"family": "Brandvold"}]}]);
        let about = Described {
            file: "Brandvold, 1967".into(),
            here: "Brandvold, 9 May 1967".into(),
            differs: vec![Differs::Born],
        };
        assert_eq!(asked(half.clone(), Sure::No), Err(ImportFault::Whose(Some(about))));
        assert_eq!(asked(half, Sure::Yes), Ok(()));
    }

    #[test]
    fn one_result_of_somebody_else_is_enough_to_take_none() {
        let described =
            json!({"resourceType": "Patient", "id": "x", "birthDate": "1967-05-09", "name": [{"family": "Brandvold"}]});
        let other = result(json!({"reference": "Patient/q", "display": "Kaja"}));
        let this = result(json!({"reference": "Patient/p1"}));
        let somebody = || Err(ImportFault::SomebodyElse(Some("Kaja".into())));
        for beside in [described.clone(), this.clone(), result(json!({"reference": "Patient/z"}))] {
            assert_eq!(asked(json!([other, beside]), Sure::Yes), somebody(), "{beside}");
        }
        // Whom it does not describe somebody vouches for, and it is one.
        for subject in
            [json!({"reference": "Patient/q"}), json!({"identifier": {"system": "urn:lab", "value": "7"}}), json!(null)]
        {
            assert_eq!(asked(json!([result(subject.clone())]), Sure::No), Err(ImportFault::Whose(None)), "{subject}");
            assert_eq!(asked(json!([result(subject)]), Sure::Yes), Ok(()));
        }
        let by_number = result(json!({"identifier": {"system": "urn:chartbox:clinic-number", "value": "004 127"}}));
        assert_eq!(asked(json!([this, by_number, result(json!(null))]), Sure::No), Ok(()));
        let here = result(json!({"reference": "Patient/x"}));
        assert_eq!(asked(json!([described, here]), Sure::No), Ok(()));
    }

    #[test]
    fn what_the_file_says_of_whom_it_is_about_stands_beside_the_patient() {
        let person = |given: &str, sex: &str, number: &str| {
            json!({"resourceType": "Patient", "birthDate": "1960-03-03", "gender": sex,
                "name": [{"family": "Serialson", "given": [given]}], "identifier": [{"system": "urn:lab", "value": number}]})
        };
        let sam = person("Sam", "male", "1001");
        let of = |stated: Value| {
            let about = beside(&stated, &sam);
            (about.file, about.here, about.differs)
        };
        let same = json!({"birthDate": "1960-03-03", "name": [{"family": "Serialson", "given": ["Berta"]}]});
        let sam_here = "Sam Serialson, 3 March 1960";
        assert_eq!(of(same), ("Berta Serialson, 3 March 1960".into(), sam_here.into(), vec![Differs::Given]));
        let other = of(person("Sam", "male", "2002"));
        assert_eq!(other.0, "Sam Serialson, 3 March 1960, 2002");
        assert_eq!((other.1.as_str(), other.2), ("Sam Serialson, 3 March 1960, 1001", vec![Differs::Number]));
        let other = of(person("Sam", "female", "1001"));
        assert_eq!((other.0.as_str(), other.2), ("Sam Serialson, 3 March 1960, female", vec![Differs::Sex]));
    }

    #[test]
    fn a_twin_or_a_child_with_the_same_number_is_never_taken_without_a_question() {
        let person = |given: &str, born: &str, sex: &str, system: &str, number: &str| {
            json!({"resourceType": "Patient", "birthDate": born, "gender": sex, "name": [{"family": "Twinson", "given": [given]}],
                "identifier": [{"system": system, "value": number}]})
        };
        let anna = person("Anna", "2015-05-05", "female", "urn:lab", "1001");
        let of = |stated: Value| compared(&stated, &anna);
        assert_eq!(of(person("Anna", "2015-05-05", "female", "urn:lab", "1001")), Match::Same);
        assert_eq!(of(person("A.", "2015-05-05", "female", "urn:other", "7")), Match::Same);
        assert_eq!(of(person("Berta", "2015-05-05", "male", "urn:lab", "2002")), Match::Other, "a twin");
        assert_eq!(of(person("Berta", "2015-05-05", "female", "urn:other", "7")), Match::Perhaps);
        assert_eq!(of(person("Anna", "2015-05-05", "female", "urn:lab", "2002")), Match::Perhaps, "another number");
        assert_eq!(of(person("Anna", "2015-05-05", "male", "urn:other", "7")), Match::Perhaps, "another sex");
        let mut kid = person("Kid", "2020-01-01", "male", "urn:lab", "1001");
        assert_eq!(of(kid.clone()), Match::Other, "one number, another birth date");
        kid.as_object_mut().unwrap().remove("birthDate");
        kid["name"] = json!([{"family": "Otherly"}]);
        kid.as_object_mut().unwrap().remove("gender");
        assert_eq!(of(kid), Match::Perhaps, "one number, another family name");
        let beside = |display: &str| {
            let subject =
                json!({"identifier": {"system": "urn:chartbox:clinic-number", "value": "004 127"}, "display": display});
            asked(json!([result(subject)]), Sure::No)
        };
        let about = Described {
            file: "Kid Otherly".into(),
            here: "Brandvold, 9 May 1967".into(),
            differs: vec![Differs::Name],
        };
        assert_eq!((beside("Brandvold"), beside("Kid Otherly")), (Ok(()), Err(ImportFault::Whose(Some(about)))));
        let version = result(json!({"reference": "Patient/p1/_history/1"}));
        assert_eq!(asked(json!([version]), Sure::No), Ok(()));
    }
}
