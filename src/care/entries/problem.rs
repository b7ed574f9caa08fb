//! A problem on the list: since when, until when, how sure.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Author, Fault, Faults, date, hl7, line, needed, noted, put, resource, text};
use crate::care::formulary::{Formulary, List, concept};

/// What was typed. The names of the inputs are the names of these fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct ProblemTyped {
    pub name: String,
    pub since: String,
    pub until: String,
    /// `confirmed` or `provisional`.
    pub sure: String,
    pub note: String,
}

struct Read {
    name: String,
    since: Option<String>,
    until: Option<String>,
    sure: &'static str,
    note: Option<String>,
}

fn read(typed: &ProblemTyped, today: Date) -> Result<Read, Faults> {
    let mut faults = Faults::new();
    let name = needed("name", &typed.name, &mut faults);
    let since = date("since", &typed.since, today, &mut faults);
    let until = date("until", &typed.until, today, &mut faults);
    if let (Some(since), Some(until)) = (&since, &until)
        && until.get(..since.len().min(until.len())) < since.get(..since.len().min(until.len()))
    {
        faults.push(("until", Fault::EndsBefore));
    }
    let sure = if typed.sure == "provisional" { "provisional" } else { "confirmed" };
    let note = line("note", &typed.note, &mut faults);
    if faults.is_empty() { Ok(Read { name, since, until, sure, note }) } else { Err(faults) }
}

/// A new Condition, with the code that its name has in the formulary.
///
/// # Errors
/// All that is wrong at once.
pub fn problem(
    typed: &ProblemTyped,
    patient: &str,
    author: &Author<'_>,
    now: &str,
    today: Date,
    codes: Option<&Formulary>,
) -> Result<Value, Faults> {
    let read = read(typed, today)?;
    let ended = read.until.is_some();
    Ok(resource(
        "Condition",
        json!({
            "clinicalStatus": hl7("condition-clinical", if ended { "resolved" } else { "active" }),
            "verificationStatus": hl7("condition-ver-status", read.sure),
            "category": [hl7("condition-category", "problem-list-item")],
            "code": concept(codes, List::Problems, &read.name),
            "subject": {"reference": format!("Patient/{patient}")},
            "onsetDateTime": read.since,
            "abatementDateTime": read.until,
            "recordedDate": now,
            "recorder": author.reference(),
            "note": noted(read.note.as_deref(), None, author, now),
        }),
    ))
}

/// How a Condition stands in the form.
pub fn problem_shown(condition: &Value) -> ProblemTyped {
    let first = |pointers: &[&str]| {
        pointers.iter().map(|pointer| text(condition, pointer)).find(|text| !text.is_empty()).unwrap_or_default()
    };
    let day = |text: &str| text.split('T').next().unwrap_or_default().to_owned();
    let sure = condition.pointer("/verificationStatus/coding/0/code").and_then(Value::as_str).unwrap_or_default();
    ProblemTyped {
        name: first(&["/code/text", "/code/coding/0/display", "/code/coding/0/code"]).to_owned(),
        since: day(first(&["/onsetDateTime", "/onsetPeriod/start"])),
        until: day(first(&["/abatementDateTime", "/abatementPeriod/end"])),
        sure: if matches!(sure, "provisional" | "differential" | "unconfirmed") { "provisional" } else { "confirmed" }
            .to_owned(),
        note: text(condition, "/note/0/text").to_owned(),
    }
}

/// The Condition with what was changed in the form; what the form does not show stays.
///
/// # Errors
/// All that is wrong at once.
pub fn problem_changed(
    mut condition: Value,
    typed: &ProblemTyped,
    author: &Author<'_>,
    now: &str,
    today: Date,
    codes: Option<&Formulary>,
) -> Result<Value, Faults> {
    let read = read(typed, today)?;
    let before = problem_shown(&condition);
    let code = concept(codes, List::Problems, &read.name);
    let is_coded = |code: &Value| code.get("coding").is_some();
    let gains = is_coded(&code) && !condition.get("code").is_some_and(is_coded);
    if before.name.trim() != read.name || gains {
        // Codes that were there said the old name.
        put(&mut condition, "code", code);
    }
    if before.since != read.since.as_deref().unwrap_or_default() {
        ["onsetPeriod", "onsetAge", "onsetRange", "onsetString"]
            .iter()
            .for_each(|name| put(&mut condition, name, Value::Null));
        put(&mut condition, "onsetDateTime", json!(read.since));
    }
    if before.until != read.until.as_deref().unwrap_or_default() {
        ["abatementPeriod", "abatementAge", "abatementRange", "abatementString"]
            .iter()
            .for_each(|name| put(&mut condition, name, Value::Null));
        put(&mut condition, "abatementDateTime", json!(read.until));
        let state = if read.until.is_some() { "resolved" } else { "active" };
        put(&mut condition, "clinicalStatus", hl7("condition-clinical", state));
    }
    if condition.get("clinicalStatus").is_none() {
        let state = if read.until.is_some() { "resolved" } else { "active" };
        put(&mut condition, "clinicalStatus", hl7("condition-clinical", state));
    }
    if before.sure != read.sure {
        put(&mut condition, "verificationStatus", hl7("condition-ver-status", read.sure));
    }
    let note = noted(read.note.as_deref(), condition.get("note"), author, now);
    put(&mut condition, "note", note);
    Ok(condition)
}

/// The Condition as a mistake: it stands nowhere any more but in its history. Sources: invariants con-3 to con-5 of
/// FHIR R4 Condition.
#[must_use]
pub fn problem_in_error(mut condition: Value) -> Value {
    put(&mut condition, "clinicalStatus", Value::Null);
    ["abatementDateTime", "abatementPeriod", "abatementAge", "abatementRange", "abatementString"]
        .iter()
        .for_each(|name| put(&mut condition, name, Value::Null));
    put(&mut condition, "verificationStatus", hl7("condition-ver-status", "entered-in-error"));
    condition
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::formulary;
    use crate::fhir::{Definitions, Mode, validate};

    const AUTHOR: Author<'static> = Author { person: None, name: "Dr A" };
    const NOW: &str = "2026-03-03T09:31:00Z";

    fn typed(name: &str, since: &str, until: &str) -> ProblemTyped {
        ProblemTyped { name: name.into(), since: since.into(), until: until.into(), ..ProblemTyped::default() }
    }

    fn new(typed: &ProblemTyped) -> Result<Value, Faults> {
        problem(typed, "p", &AUTHOR, NOW, "2026-03-03".parse().unwrap(), None)
    }

    fn changed(before: Value, typed: &ProblemTyped) -> Value {
        problem_changed(before, typed, &AUTHOR, NOW, "2026-03-03".parse().unwrap(), None).unwrap()
    }

    #[test]
    fn a_name_of_the_list_brings_its_code_and_another_name_takes_it_away() {
        let list = formulary::read(crate::care::demo::FORMULARY.as_bytes(), &formulary::Limits::default()).unwrap();
        let today = "2026-03-03".parse().unwrap();
        let change = |before: Value, name: &str, list: Option<&Formulary>| {
            problem_changed(before, &typed(name, "", ""), &AUTHOR, NOW, today, list).unwrap()
        };
        let gout = problem(&typed("gout", "", ""), "p", &AUTHOR, NOW, today, Some(&list)).unwrap();
        is_valid(&gout);
        let coding = json!([{"system": "http://snomed.info/sct", "code": "90560007", "display": "Gout"}]);
        assert_eq!(gout["code"], json!({"coding": coding, "text": "Gout"}));
        let toe = change(gout.clone(), "Gout, left toe", Some(&list));
        assert_eq!(toe["code"], json!({"text": "Gout, left toe"}));
        assert_eq!(change(toe, "Gout", Some(&list))["code"], gout["code"]);
        // What was written before there was a list gains its code; what has one from elsewhere keeps it.
        let free = problem(&typed("Gout", "", ""), "p", &AUTHOR, NOW, today, None).unwrap();
        assert_eq!(change(free.clone(), "Gout", Some(&list))["code"], gout["code"]);
        let mut other = free;
        other["code"] = json!({"coding": [{"system": "urn:x", "code": "1"}], "text": "Gout"});
        assert_eq!(change(other.clone(), "Gout", Some(&list))["code"], other["code"]);
    }

    fn is_valid(value: &Value) {
        let issues = validate(value, Definitions::r4(), Mode::Strict);
        assert!(issues.iter().all(|issue| !issue.is_error()), "{issues:?}");
    }

    #[test]
    fn a_problem_is_added_changed_resolved_and_taken_back() {
        let gout = new(&typed("Gout", "2021-03", "")).unwrap();
        is_valid(&gout);
        assert_eq!(gout["onsetDateTime"], "2021-03");
        let mut form = problem_shown(&gout);
        form.until = "2022".into();
        let over = changed(gout.clone(), &form);
        is_valid(&over);
        assert_eq!(over["clinicalStatus"]["coding"][0]["code"], "resolved");
        let again = changed(over.clone(), &ProblemTyped { until: String::new(), ..form });
        is_valid(&again);
        assert_eq!((&again["clinicalStatus"], again.get("abatementDateTime")), (&gout["clinicalStatus"], None));
        let wrong = problem_in_error(over);
        is_valid(&wrong);
        assert!(wrong.get("clinicalStatus").is_none());
    }

    #[test]
    fn what_the_form_does_not_show_stays_as_it_was() {
        let coded = json!({"resourceType": "Condition", "subject": {"reference": "Patient/p"}, "severity": {"text": "bad"},
            "clinicalStatus": hl7("condition-clinical", "active"), "onsetAge": {"value": 40, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1", "display": "Asthma"}]},
            "note": [{"text": "old", "authorString": "X"}, {"text": "older"}]});
        let same = changed(coded.clone(), &problem_shown(&coded));
        assert_eq!(same, coded);
        let renamed = changed(coded, &typed("Chronic bronchitis", "", ""));
        assert_eq!(renamed["code"], json!({"text": "Chronic bronchitis"}));
        assert_eq!(renamed["onsetAge"]["value"], 40);
    }

    #[test]
    fn what_cannot_be_is_said_of_its_field() {
        assert_eq!(
            new(&typed("", "2030", "x")).unwrap_err(),
            [("name", Fault::Missing), ("since", Fault::InTheFuture), ("until", Fault::Unread)]
        );
        assert_eq!(new(&typed("Gout", "2021-03", "2020")).unwrap_err(), [("until", Fault::EndsBefore)]);
        assert!(new(&typed("Gout", "2021-03", "2021")).is_ok());
    }
}
