//! People and appointments.

use serde_json::Value;

use super::{Ctx, called, concept, list, owned, text, without_digits};
use crate::http::clinic::pages::PatientRow;
use crate::http::ui::format;
use crate::http::ui::record::{AppointmentState, DayRow, Identity, Sex};

/// Who a Patient is, as the directory and the banner show it.
pub fn identity(patient: &Value, ctx: &Ctx) -> Identity {
    let name = official_name(patient);
    let died = ctx.when(patient, "/deceasedDateTime");
    Identity {
        id: owned(patient, "/id").unwrap_or_default(),
        family: name.and_then(|name| text(name, "/family")).map(without_digits).unwrap_or_default(),
        given: name.map(given).unwrap_or_default(),
        born: ctx.when(patient, "/birthDate"),
        died,
        deceased: died.is_some() || patient.get("deceasedBoolean") == Some(&Value::Bool(true)),
        sex: text(patient, "/gender").map(Sex::from_code).unwrap_or_default(),
        number: clinic_number(patient),
    }
}

/// The name somebody goes by: the official one, else the usual one, else the first that is not an old one.
fn official_name(person: &Value) -> Option<&Value> {
    let names = list(person, "name");
    let of_use = |wanted: &str| names.iter().find(|name| text(name, "/use") == Some(wanted));
    let current = || names.iter().find(|name| !matches!(text(name, "/use"), Some("old" | "maiden")));
    of_use("official").or_else(|| of_use("usual")).or_else(current).or_else(|| names.first())
}

fn given(name: &Value) -> String {
    let parts: Vec<String> = list(name, "given").iter().filter_map(Value::as_str).map(without_digits).collect();
    if parts.is_empty() && text(name, "/family").is_none() {
        return owned(name, "/text").unwrap_or_default();
    }
    parts.join(" ")
}

/// The clinic's own number: the identifier of type `MR`, else the first usual one.
fn clinic_number(patient: &Value) -> Option<String> {
    let identifiers = list(patient, "identifier");
    let is_record_number = |identifier: &&Value| super::has_code(identifier.get("type"), "MR");
    let usual = |identifier: &&Value| text(identifier, "/use") == Some("usual");
    let found = identifiers.iter().find(is_record_number).or_else(|| identifiers.iter().find(usual))?;
    let value = text(found, "/value")?;
    // A number of up to twelve characters is one that people read out; a longer one is a machine's.
    (value.len() <= 12).then(|| value.to_owned())
}

/// How a Practitioner or a Patient is called in a sentence.
pub fn name_of(person: &Value) -> Option<String> {
    let name = official_name(person)?;
    if let Some(text) = text(name, "/text") {
        return Some(without_digits(text));
    }
    let prefix = list(name, "prefix").iter().filter_map(Value::as_str).map(str::to_owned);
    let family = text(name, "/family").map(without_digits);
    let parts: Vec<String> = prefix.chain([given(name)]).chain(family).filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// A row of the directory.
pub fn patient_row(patient: &Value, ctx: &Ctx) -> PatientRow {
    let lives = list(patient, "address").iter().find(|address| text(address, "/use") != Some("old"));
    PatientRow { who: identity(patient, ctx), lives: lives.and_then(|address| owned(address, "/city")) }
}

/// An appointment in a day's list. `patient` is the Patient it is for; `clinical` whether the reason may show.
pub fn appointment(appointment: &Value, patient: Option<&Value>, href: String, ctx: &Ctx) -> Option<DayRow> {
    let when = ctx.when(appointment, "/start")?;
    let of_type = |wanted: &str| {
        list(appointment, "participant").iter().find(|participant| {
            text(participant, "/actor/reference").is_some_and(|reference| reference.starts_with(wanted))
        })
    };
    let who = patient.map(|patient| identity(patient, ctx));
    let named = of_type("Patient/").and_then(|participant| called(participant.get("actor")));
    let age = who.as_ref().and_then(|who| format::age(who.born.as_ref()?, when.day()));
    Some(DayRow {
        when,
        minutes: appointment.get("minutesDuration").and_then(Value::as_i64),
        patient: who.map(|who| who.formal()).or(named).unwrap_or_default(),
        age,
        href,
        reason: list(appointment, "reasonCode")
            .first()
            .and_then(|reason| concept(Some(reason)))
            .or_else(|| owned(appointment, "/description")),
        kind: concept(appointment.get("appointmentType")),
        with: of_type("Practitioner/").and_then(|participant| called(participant.get("actor"))),
        state: AppointmentState::from_code(text(appointment, "/status").unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ctx() -> Ctx {
        Ctx { zone: jiff::tz::TimeZone::UTC }
    }

    #[test]
    fn a_patient_is_who_the_official_name_says() {
        let patient = json!({"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1967-05-09",
            "name": [{"use": "maiden", "family": "Old"}, {"use": "official", "family": "Brandvold", "given": ["Halina", "M"]}],
            "identifier": [{"value": "x"}, {"type": {"coding": [{"code": "MR"}]}, "value": "004127"}]});
        let who = identity(&patient, &ctx());
        assert_eq!(
            (who.family.as_str(), who.given.as_str(), who.number.as_deref()),
            ("Brandvold", "Halina M", Some("004127"))
        );
        assert!(!who.deceased);
    }

    #[test]
    fn somebody_without_a_family_name_is_called_by_what_there_is() {
        assert_eq!(identity(&json!({"name": [{"text": "Madonna"}]}), &ctx()).given, "Madonna");
        assert_eq!(identity(&json!({}), &ctx()).plain(), identity(&json!({"name": []}), &ctx()).plain());
        let doctor = json!({"name": [{"prefix": ["Dr"], "given": ["Ruth"], "family": "Adeyemi"}]});
        assert_eq!(name_of(&doctor).unwrap(), "Dr Ruth Adeyemi");
    }
}
