//! People and appointments.

use serde_json::Value;

use super::{Ctx, called, code, concept, list, owned, text, without_digits};
use crate::base::ResourceRef;
use crate::care::correct::name_in_use;
use crate::care::letters::straight;
use crate::care::numbers;
use crate::http::clinic::pages::PatientRow;
use crate::http::ui::record::{AppointmentState, DayRow, Identity, Sex};
use crate::http::ui::{When, format, t};
use crate::record::directory::{Life, Person};

/// Who a Patient is, as the directory and the banner show it.
pub fn identity(patient: &Value, ctx: &Ctx) -> Identity {
    let name = name_in_use(patient, ctx.today).and_then(|at| list(patient, "name").get(at));
    let died = ctx.when(patient, "/deceasedDateTime");
    Identity {
        id: owned(patient, "/id").unwrap_or_default(),
        family: straight(&name.and_then(|name| text(name, "/family")).map(without_digits).unwrap_or_default()),
        given: straight(&name.map(given).unwrap_or_default()),
        born: ctx.when(patient, "/birthDate"),
        died,
        deceased: died.is_some() || patient.get("deceasedBoolean") == Some(&Value::Bool(true)),
        sex: text(patient, "/gender").map(Sex::from_code).unwrap_or_default(),
        number: numbers::of_the_clinic(patient, ctx.today).and_then(|one| text(one, "/value")).and_then(spoken),
    }
}

fn given(name: &Value) -> String {
    let parts: Vec<String> = list(name, "given").iter().filter_map(Value::as_str).map(without_digits).collect();
    if parts.is_empty() && text(name, "/family").is_none() {
        return owned(name, "/text").unwrap_or_default();
    }
    parts.join(" ")
}

/// A number of up to twelve characters is one that people read out; a longer one is a machine's.
fn spoken(number: &str) -> Option<String> {
    (number.len() <= 12).then(|| number.to_owned())
}

/// A row of the directory.
pub fn directory_row(person: &Person, ctx: &Ctx) -> PatientRow {
    let day = |text: &str| When::parse(text, &ctx.zone);
    let (deceased, died) = match &person.life {
        Life::NotKnownDead => (false, None),
        Life::Died(date) => (true, date.as_deref().and_then(day)),
    };
    let who = Identity {
        id: person.id.to_string(),
        family: straight(&without_digits(&person.family)),
        given: straight(&without_digits(&person.given)),
        born: person.birth_date.as_deref().and_then(day),
        died,
        deceased,
        sex: person.gender.as_deref().map(Sex::from_code).unwrap_or_default(),
        number: person.number.as_deref().and_then(spoken),
    };
    PatientRow { who, lives: person.town.clone(), joined: false }
}

/// How to reach a patient: label and value, the preferred first.
pub fn reach(patient: &Value) -> Vec<(String, String)> {
    let current = |one: &&Value| text(one, "/use") != Some("old");
    let mut all = Vec::new();
    for contact in list(patient, "telecom").iter().filter(current) {
        let label = match (text(contact, "/system"), text(contact, "/use")) {
            (Some("phone"), Some("mobile")) => "reach-mobile",
            (Some("phone"), Some("work")) => "reach-work",
            (Some("phone" | "sms"), _) => "reach-phone",
            (Some("email"), _) => "reach-email",
            _ => "reach-other",
        };
        all.extend(owned(contact, "/value").map(|value| (t(label).to_string(), value)));
    }
    for address in list(patient, "address").iter().filter(current) {
        all.extend(address_words(address).map(|words| (t("reach-address").to_string(), words)));
    }
    for person in list(patient, "contact") {
        let name = person.get("name").map(whole_name).unwrap_or_default();
        let phone = list(person, "telecom").iter().find_map(|contact| owned(contact, "/value"));
        let words: Vec<String> = [name].into_iter().chain(phone).filter(|part| !part.is_empty()).collect();
        if !words.is_empty() {
            let relation = list(person, "relationship").first().and_then(|relation| owned(relation, "/text"));
            all.push((relation.unwrap_or_else(|| t("reach-contact").to_string()), words.join(", ")));
        }
    }
    all
}

/// An address in one line.
pub(in crate::http) fn address_words(address: &Value) -> Option<String> {
    let lines = list(address, "line").iter().filter_map(Value::as_str).map(str::to_owned);
    let place: Vec<&str> = ["/postalCode", "/city"].iter().filter_map(|part| text(address, part)).collect();
    let country = text(address, "/country").filter(|country| country.len() > 3).map(str::to_owned);
    let parts: Vec<String> = lines.chain([place.join(" ")]).chain(country).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { owned(address, "/text") } else { Some(parts.join(", ")) }
}

/// Halina Brandvold.
pub(in crate::http) fn whole_name(name: &Value) -> String {
    let family = text(name, "/family").map(without_digits);
    [given(name)].into_iter().chain(family).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether a person takes part in an appointment.
pub fn takes_part(appointment: &Value, person: &ResourceRef) -> bool {
    actors(appointment).any(|reference| reference == person.as_str())
}

fn actors(appointment: &Value) -> impl Iterator<Item = &str> {
    list(appointment, "participant").iter().filter_map(|participant| text(participant, "/actor/reference"))
}

/// An appointment in a day's list. `patient` is the Patient it is for.
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
        kind: kind_of_appointment(appointment.get("appointmentType")),
        with: ["Practitioner/", "PractitionerRole/"].into_iter().find_map(|kind| called(of_type(kind)?.get("actor"))),
        state: AppointmentState::from_code(text(appointment, "/status").unwrap_or_default()),
        form: None,
    })
}

/// As written, else the words for HL7's v2-0276, as FHIR R4 binds `Appointment.appointmentType`.
fn kind_of_appointment(kind: Option<&Value>) -> Option<String> {
    let message = match code(kind, Some("http://terminology.hl7.org/CodeSystem/v2-0276")) {
        _ if text(kind?, "/text").is_some() => return concept(kind),
        Some("CHECKUP") => "appointment-checkup",
        Some("EMERGENCY") => "appointment-emergency",
        Some("FOLLOWUP") => "appointment-followup",
        // What was booked in the ordinary way needs no word.
        Some("ROUTINE") => return None,
        Some("WALKIN") => "appointment-walkin",
        _ => return concept(kind),
    };
    Some(t(message).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ctx() -> Ctx {
        Ctx::of(jiff::tz::TimeZone::UTC)
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
        let turned = json!({"name": [{"family": "Brand\u{202E}dlov", "given": ["\u{2067}Halina\u{2069}"]}]});
        let who = identity(&turned, &ctx());
        assert_eq!((who.family.as_str(), who.given.as_str()), ("Branddlov", "Halina"), "no name is read backwards");
    }

    #[test]
    fn an_appointment_says_its_kind_and_who_takes_part() {
        let one = json!({"status": "arrived", "start": "2026-03-03T09:40:00Z", "minutesDuration": 20,
            "appointmentType": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0276", "code": "WALKIN"}]},
            "participant": [{"actor": {"reference": "Patient/p1"}},
                {"actor": {"reference": "Practitioner/d1", "display": "Dr Ann785 Corvin55"}}]});
        let patient =
            json!({"id": "p1", "birthDate": "1967-05-09", "name": [{"family": "Brandvold", "given": ["Halina"]}]});
        let row = appointment(&one, Some(&patient), "/patients/p1".into(), &ctx()).unwrap();
        assert_eq!((row.patient.as_str(), row.with.as_deref()), ("BRANDVOLD, Halina", Some("Dr Ann Corvin")));
        assert_eq!((row.kind.as_deref(), row.age.as_deref()), (Some("Walk-in"), Some("58 years")));
        let mut in_role = one.clone();
        in_role["participant"][1]["actor"] = json!({"reference": "PractitionerRole/r1", "display": "Dr Bo Lind"});
        let row = appointment(&in_role, None, String::new(), &ctx()).unwrap();
        assert_eq!(row.with.as_deref(), Some("Dr Bo Lind"));
        let me = |text| ResourceRef::parse(text).unwrap();
        assert!(takes_part(&one, &me("Practitioner/d1")) && !takes_part(&one, &me("Practitioner/d2")));
    }

    #[test]
    fn how_to_reach_somebody_leaves_out_what_is_old() {
        let patient = json!({"telecom": [{"system": "phone", "use": "mobile", "value": "07700 900 846"},
                {"system": "phone", "use": "old", "value": "1"}],
            "address": [{"line": ["46 Chapel Lane"], "postalCode": "ZZ4 8LN", "city": "Fjordvik", "country": "GB"}]});
        let all = reach(&patient);
        let values: Vec<_> = all.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["07700 900 846", "46 Chapel Lane, ZZ4 8LN Fjordvik"]);
    }

    #[test]
    fn somebody_without_a_family_name_is_called_by_what_there_is() {
        assert_eq!(identity(&json!({"name": [{"text": "Madonna"}]}), &ctx()).given, "Madonna");
        assert_eq!(identity(&json!({}), &ctx()).plain(), identity(&json!({"name": []}), &ctx()).plain());
    }
}
