//! Registering a patient, and what reception sees of one.

use std::collections::BTreeSet;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::pages::{Details, PatientRow, Register, RegisterForm};
use super::{correct, ctx, id_of, why};
use crate::audit::{Action, Detail, Purpose};
use crate::base::FhirId;
use crate::care::Chart;
use crate::care::correct::LONGEST_REASON;
use crate::care::register::{self, Fault, Field, NewPatient, RegisterError, Typed};
use crate::care::workflow::Refused;
use crate::fhir::ResourceType;
use crate::http::fill;
use crate::http::forms::{Sent, ours};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::{AppointmentState, DayRow, Identity};
use crate::http::ui::{Cx, Faults, t};
use crate::record::Why;

/// How many appointments of the past the details show.
const PAST: usize = 10;

/// `GET /patients/new`
pub(in crate::http) async fn form(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let mut cx = visit.cx();
    let mut form = visit.kept::<RegisterForm>(&mut cx)?.unwrap_or_default();
    if !asked.back.is_empty() {
        form.back = asked.back;
    }
    shown(cx, form, Faults::none(), Vec::new())
}

fn shown(mut cx: Cx, form: RegisterForm, faults: Faults, doubles: Vec<PatientRow>) -> Result<Response, Refusal> {
    cx.at = "/patients/new".to_owned();
    page(&Register { cx, form, faults, doubles })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    back: String,
}

/// Where the new patient leads: to the appointment for which they were registered, else to their page.
fn leads_to(id: &FhirId, back: &str) -> String {
    match ours(back) && back.starts_with("/bookings/new?") {
        true => format!("{back}&patient={id}"),
        false => format!("/patients/{id}?done=registered"),
    }
}

/// `POST /patients/new`
pub(in crate::http) async fn register(visit: Visit, sent: Sent<RegisterForm>) -> Result<Response, Refusal> {
    // Sent twice, it is found as somebody alike: that is looked at last.
    if let Some(before) = visit.led(&sent)? {
        return Ok(before);
    }
    let form = sent.typed.clone();
    let patient = match NewPatient::read(typed(&form), visit.today()) {
        Ok(patient) => patient,
        Err(found) => {
            let page = shown(visit.cx(), form, faults(&found), Vec::new())?;
            return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
        }
    };
    let different: BTreeSet<String> = form.different.split(',').map(str::to_owned).collect();
    let alike = doubles(&visit, &patient).await?;
    let id = FhirId::new(&visit.house.ambient);
    let place = leads_to(&id, &form.back);
    if alike.iter().all(|row| different.contains(&row.who.id)) {
        let doing = visit.doing(
            Why { purpose: Purpose::PatAdmin, ..why(&visit, Action::Register, Detail::none()) },
            &sent,
            place.as_str(),
        );
        match register::register(doing, id, patient.clone(), different).await {
            Ok(done) => return visit.went(&sent, done, &place).await,
            Err(Refused::Told(RegisterError::Alike)) => {}
            Err(Refused::Record(error)) => return Err(error.into()),
        }
    }
    // Somebody who was registered in this very moment stands among them now.
    let page = shown(visit.cx(), form, Faults::none(), doubles(&visit, &patient).await?)?;
    Ok(finished(StatusCode::CONFLICT, page))
}

/// The patient as reception sees one.
pub(super) async fn details(visit: &Visit, id: &str, after: Option<&str>) -> Result<Response, Refusal> {
    let id = id_of(id)?;
    let kinds = [ResourceType::Appointment];
    let why = why(visit, Action::Read, Detail::none());
    let chart = visit.house.records.disclose(&visit.actor, why, |reading| Chart::read(reading, &id, &kinds)).await?;
    let (mut cx, ctx) = (visit.cx(), ctx(visit));
    let who = fill::identity(&chart.patient, &ctx);
    cx.done = after.map(|after| done(&who, after));
    let rows = chart.of(ResourceType::Appointment).iter().filter_map(|one: &Value| {
        let id = one.get("id").and_then(Value::as_str)?;
        let row = fill::appointment(one, None, format!("/bookings/{id}"), &ctx)?;
        // The reason is cut for reception, and this page shows none to anybody.
        Some(DayRow { reason: None, ..row })
    });
    let today = cx.now.date();
    let (mut coming, mut past): (Vec<DayRow>, Vec<DayRow>) =
        rows.filter(|row| row.state != AppointmentState::Cancelled).partition(|row| row.when.day() >= today);
    coming.sort_by_key(|row| row.when.moment());
    past.sort_by_key(|row| std::cmp::Reverse(row.when.moment()));
    past.truncate(PAST);
    coming.append(&mut past);
    let reach = fill::reach(&chart.patient);
    page(&Details { cx, who, reach, appointments: coming, open: chart.open })
}

/// What is said once somebody is registered, or their details were corrected.
pub(super) fn done(who: &Identity, after: &str) -> String {
    if let Some(corrected) = correct::done(after) {
        return corrected.to_string();
    }
    t("register-done").with("name", who.plain()).with("number", who.number.clone().unwrap_or_default()).to_string()
}

/// Who is there already and may be the same person.
async fn doubles(visit: &Visit, patient: &NewPatient) -> Result<Vec<PatientRow>, Refusal> {
    let question = patient.question();
    let why = why(visit, Action::Search, Detail::search(question.as_str()));
    let found = visit
        .house
        .records
        .disclose(&visit.actor, why, |reading| reading.find_patients(&question, register::LOOKED_AT));
    let ctx = ctx(visit);
    let alike = found.await?;
    let alike = alike.iter().filter(|hit| patient.is_like(hit)).take(register::MOST_ALIKE);
    Ok(alike.map(|hit| fill::directory_row(&hit.person, &ctx)).collect())
}

fn typed(form: &RegisterForm) -> Typed<'_> {
    Typed {
        family: &form.family,
        given: &form.given,
        born: &form.born,
        born_unknown: &form.born_unknown,
        sex: &form.sex,
        phone: &form.phone,
        street: &form.street,
        postcode: &form.postcode,
        town: &form.town,
    }
}

pub(super) fn faults(found: &[(Field, Fault)]) -> Faults {
    let mut faults = Faults::none();
    for (field, fault) in found {
        faults.add(name_of(*field), sentence(*field, *fault));
    }
    faults
}

/// The name of the input.
fn name_of(field: Field) -> &'static str {
    match field {
        Field::Family => "family",
        Field::Given => "given",
        Field::Born => "born",
        Field::Sex => "sex",
        Field::Phone => "phone",
        Field::Email => "email",
        Field::Street => "street",
        Field::Postcode => "postcode",
        Field::Town => "town",
        Field::Language => "language",
        Field::Reason => "reason",
    }
}

fn sentence(field: Field, fault: Fault) -> String {
    match (field, fault) {
        (Field::Reason, Fault::TooLong) => t("register-long").with("most", LONGEST_REASON).to_string(),
        (Field::Reason, _) => t("correct-reason-missing").to_string(),
        (_, Fault::TooLong) => t("register-long").with("most", register::LONGEST).to_string(),
        (Field::Born, Fault::Missing) => t("register-no-born").to_string(),
        (Field::Sex, _) => t("register-no-sex").to_string(),
        (Field::Born, Fault::Both) => t("register-born-both").to_string(),
        (Field::Email, _) => t("check-in-email-unread").to_string(),
        (Field::Phone, _) => t("register-phone-unread").to_string(),
        (_, Fault::InTheFuture) => t("register-born-future").to_string(),
        (_, Fault::TooLongAgo) => t("register-born-old").to_string(),
        (Field::Born, _) => t("register-born-unread").to_string(),
        _ => t("register-no-name").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_registered_for_an_appointment_leads_back_to_it_and_nowhere_else() {
        let id = FhirId::parse("p1").unwrap();
        let booking = "/bookings/new?with=a&start=2026-03-03T09:00:00Z";
        assert_eq!(leads_to(&id, booking), format!("{booking}&patient=p1"));
        for other in ["", "/patients", "//bookings/new?a", "https://elsewhere.example/bookings/new?a"] {
            assert_eq!(leads_to(&id, other), "/patients/p1?done=registered", "{other}");
        }
    }
}
