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

/// # Errors
/// It is about somebody else, or somebody has to say that it is about this patient.
pub(super) fn check(file: &File<'_>, patient: &Value, sure: Sure) -> Result<(), ImportFault> {
    let mut asks = false;
    // Whoever is described in it is this patient.
    for (_, one) in file.of("Patient") {
        if !is_same(one, patient) {
            // Where a birth date is half known somebody has to say that it is this patient.
            if !may_be_same(one, patient) {
                return Err(ImportFault::SomebodyElse(described(one)));
            }
            asks = true;
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
    if asks && sure == Sure::No { Err(ImportFault::Whose) } else { Ok(()) }
}

fn subject(file: &File<'_>, at: usize, one: &Value, patient: &Value) -> Subject {
    let reference = within(one, "/subject/reference");
    let own = format!("Patient/{}", within(patient, "/id"));
    let described = file.find(at, reference).and_then(|at| file.get(at));
    if reference == own || described.is_some_and(|one| within(one, "/resourceType") == "Patient") {
        return Subject::This;
    }
    let number = (within(one, "/subject/identifier/system"), within(one, "/subject/identifier/value"));
    let number = (number.0.trim().to_lowercase(), number.1.trim().to_lowercase());
    if !number.0.is_empty() && numbers(patient).contains(&number) {
        return Subject::This;
    }
    let display = within(one, "/subject/display");
    match (reference, number.1.as_str(), display) {
        ("", "", "") => Subject::Unsaid,
        ("", "", name) | ("", name, _) | (name, ..) => Subject::Named(name.to_owned()),
    }
}

/// The name and the birth date of a patient whom the file describes.
fn described(one: &Value) -> Option<String> {
    let born = within(one, "/birthDate");
    let day = born.parse().map(|day: jiff::civil::Date| day.strftime("%-d %B %Y").to_string());
    let day = day.unwrap_or_else(|_| born.to_owned());
    let all: Vec<String> = person(one).into_iter().chain(Some(day).filter(|day| !day.is_empty())).collect();
    Some(all.join(" ")).filter(|all| !all.is_empty())
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

/// The same birth date and family name, or a number of one system in both.
fn is_same(stated: &Value, patient: &Value) -> bool {
    let text = |value: &Value, pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().trim().to_lowercase()
    };
    let families = |value: &Value| -> Vec<String> {
        let names = value.get("name").and_then(Value::as_array).into_iter().flatten();
        names.map(|name| text(name, "/family")).filter(|family| !family.is_empty()).collect()
    };
    let born = text(stated, "/birthDate");
    let named = families(stated).iter().any(|family| families(patient).contains(family));
    if !born.is_empty() && born == text(patient, "/birthDate") && named {
        return true;
    }
    numbers(stated).iter().any(|number| numbers(patient).contains(number))
}

/// The same family name, and birth dates that are the same as far as both are known; one of the two is not known to the day.
fn may_be_same(stated: &Value, patient: &Value) -> bool {
    let born = |value: &Value| value.get("birthDate").and_then(Value::as_str).unwrap_or_default().to_owned();
    let families = |value: &Value| -> Vec<String> {
        let names = value.get("name").and_then(Value::as_array).into_iter().flatten();
        names.filter_map(|name| name.get("family")?.as_str()).map(|family| family.trim().to_lowercase()).collect()
    };
    let (one, other) = (born(stated), born(patient));
    let known = one.len().min(other.len());
    let named = families(stated).iter().any(|family| families(patient).contains(family));
    named && known < 10 && one.get(..known) == other.get(..known)
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
        for (born, may) in
            [(json!("1967"), true), (json!("1967-05"), true), (json!(null), true), (json!("1968"), false)]
        {
            let mut here = patient();
            here["birthDate"] = born.clone();
            assert_eq!(may_be_same(&stated, &here), may, "{born}");
        }
        assert!(!may_be_same(&stated, &json!({"birthDate": "1967", "name": [{"family": "Okafor"}]})));
        assert!(!may_be_same(&stated, &patient()), "both are known to the day");
        let half = json!([{"resourceType": "Patient", "birthDate": "1967", "name": [{"family": "Brandvold"}]}]);
        assert_eq!(asked(half.clone(), Sure::No), Err(ImportFault::Whose));
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
            assert_eq!(asked(json!([result(subject.clone())]), Sure::No), Err(ImportFault::Whose), "{subject}");
            assert_eq!(asked(json!([result(subject)]), Sure::Yes), Ok(()));
        }
        let by_number = result(json!({"identifier": {"system": "urn:chartbox:clinic-number", "value": "004 127"}}));
        assert_eq!(asked(json!([this, by_number, result(json!(null))]), Sure::No), Ok(()));
        let here = result(json!({"reference": "Patient/x"}));
        assert_eq!(asked(json!([described, here]), Sure::No), Ok(()));
    }
}
