//! An immunization: given here, given elsewhere, or not given and why.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Author, Fault, Faults, date, line, needed, put, resource};

/// What was typed. The names of the inputs are the names of these fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ImmunizationTyped {
    pub vaccine: String,
    pub when: String,
    /// Its number in the series.
    pub dose: String,
    pub lot: String,
    pub site: String,
    /// `here`, `elsewhere` or `not-given`.
    pub given: String,
    /// Why it was not given.
    pub reason: String,
}

/// A new Immunization.
///
/// # Errors
/// All that is wrong at once.
pub fn immunization(
    typed: &ImmunizationTyped,
    patient: &str,
    author: &Author<'_>,
    encounter: Option<&str>,
    (now, today): (&str, Date),
) -> Result<Value, Faults> {
    let mut faults = Faults::new();
    let vaccine = needed("vaccine", &typed.vaccine, &mut faults);
    let when = date("when", &typed.when, today, &mut faults);
    if when.is_none() && typed.when.trim().is_empty() {
        faults.push(("when", Fault::Missing));
    }
    let dose = typed.dose.trim();
    let dose: Option<u8> =
        (!dose.is_empty()).then(|| dose.parse().ok().filter(|dose| (1..=20).contains(dose))).flatten();
    if dose.is_none() && !typed.dose.trim().is_empty() {
        faults.push(("dose", Fault::Unread));
    }
    let lot = line("lot", &typed.lot, &mut faults);
    let site = line("site", &typed.site, &mut faults);
    if !matches!(typed.given.as_str(), "here" | "elsewhere" | "not-given") {
        faults.push(("given", Fault::Unread));
    }
    let not_given = typed.given == "not-given";
    let reason = if not_given { Some(needed("reason", &typed.reason, &mut faults)) } else { None };
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(resource(
        "Immunization",
        json!({
            "status": if not_given { "not-done" } else { "completed" },
            "statusReason": reason.map(|reason| json!({"text": reason})),
            "vaccineCode": {"text": vaccine},
            "patient": {"reference": format!("Patient/{patient}")},
            "encounter": encounter.map(|encounter| json!({"reference": encounter})),
            "occurrenceDateTime": when,
            "recorded": now,
            "primarySource": typed.given != "elsewhere",
            "lotNumber": lot,
            "site": site.map(|site| json!({"text": site})),
            "performer": (typed.given == "here").then(|| json!([{"actor": author.reference()}])),
            "protocolApplied": dose.map(|dose| json!([{"doseNumberPositiveInt": dose}])),
        }),
    ))
}

/// As a mistake.
#[must_use]
pub fn immunization_in_error(mut immunization: Value) -> Value {
    put(&mut immunization, "status", "entered-in-error".into());
    immunization
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Definitions, Mode, validate};

    fn typed(given: &str, when: &str, dose: &str) -> ImmunizationTyped {
        ImmunizationTyped {
            vaccine: "Influenza".into(),
            when: when.into(),
            dose: dose.into(),
            given: given.into(),
            ..ImmunizationTyped::default()
        }
    }

    fn new(typed: &ImmunizationTyped) -> Result<Value, Faults> {
        let author = Author { person: None, name: "Lena Corvin" };
        let today = "2026-03-03".parse().unwrap();
        immunization(typed, "p", &author, None, ("2026-03-03T09:31:00Z", today))
    }

    #[test]
    fn given_here_elsewhere_or_not_at_all_each_is_said() {
        let here = new(&typed("here", "2026-03-03", "2")).unwrap();
        let elsewhere = new(&typed("elsewhere", "2019", "")).unwrap();
        let not = new(&ImmunizationTyped { reason: "Fever".into(), ..typed("not-given", "2026-03-03", "") }).unwrap();
        for one in [&here, &elsewhere, &not] {
            let issues = validate(one, Definitions::r4(), Mode::Strict);
            assert!(issues.iter().all(|issue| !issue.is_error()), "{issues:?}");
        }
        assert_eq!((here["primarySource"].as_bool(), elsewhere["primarySource"].as_bool()), (Some(true), Some(false)));
        assert!(elsewhere.get("performer").is_none() && not["status"] == "not-done");
        assert_eq!(immunization_in_error(here)["status"], "entered-in-error");
    }

    #[test]
    fn nobody_is_taken_to_have_given_it() {
        assert_eq!(new(&typed("", "2026-03-03", "")).unwrap_err(), [("given", Fault::Unread)]);
    }

    #[test]
    fn what_is_missing_or_cannot_be_is_said() {
        assert_eq!(new(&typed("here", "", "")).unwrap_err(), [("when", Fault::Missing)]);
        assert_eq!(
            new(&typed("here", "2027-01-01", "x")).unwrap_err(),
            [("when", Fault::InTheFuture), ("dose", Fault::Unread)]
        );
        assert_eq!(new(&typed("not-given", "2026-03-03", "")).unwrap_err(), [("reason", Fault::Missing)]);
    }
}
