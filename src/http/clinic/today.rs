//! The clinic's day: everybody's appointments, one's own first.

use std::collections::HashMap;

use axum::extract::Query as FromAddress;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::inbox::{self, Asking};
use super::pages::Today;
use super::{ctx, why};
use crate::audit::{Action, Detail};
use crate::base::{ResourceRef, Role};
use crate::care::clinic::Clinic;
use crate::care::{previsit, schedule};
use crate::fhir::search::{Handling, Query};
use crate::fhir::{Definitions, ResourceType};
use crate::http::fill::{self, Ctx};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::record::DayRow;
use crate::http::ui::{When, format};
use crate::record::{Page, Stored};

/// The most appointments of one day that are shown.
const MOST: usize = 500;

#[derive(Deserialize)]
pub(in crate::http) struct Asked {
    /// Another day than today, as `2026-03-04`.
    day: Option<String>,
}

/// `GET /today`
pub(in crate::http) async fn today(visit: Visit, FromAddress(asked): FromAddress<Asked>) -> Result<Response, Refusal> {
    let cx = visit.cx();
    let day = asked.day.and_then(|day| day.parse::<Date>().ok());
    // Days that clinics have; those at the ends of the calendar have no day beside them.
    let day = day.filter(|day| (1900..=2200).contains(&day.year())).unwrap_or(cx.now.date());
    if visit.actor.role() == Some(Role::Reception) {
        return super::desk::day(&visit, day).await;
    }
    let query = appointments_of(day, &ctx(&visit))?;
    let why = why(&visit, Action::Listed, Detail::none());
    let asking = Asking::of(&visit)?;
    let found = visit.house.records.disclose(&visit.actor, why, |reading| {
        Ok(reading.search(&query)?.zip(Clinic::read(reading)?).zip(asking.read(reading)?))
    });
    let ((found, clinic), waiting) = found.await?.into_inner();
    let inbox = inbox::sums(&asking.parts(&waiting, &visit));
    let (mut rows, mut others) = rows(&found, visit.actor.person(), &clinic, &ctx(&visit));
    if rows.is_empty() {
        std::mem::swap(&mut rows, &mut others);
    }
    let at = |day: Date| format!("/today?day={day}");
    page(&Today {
        cx,
        day: When::Day(day),
        rows,
        others,
        inbox,
        before: at(day.saturating_sub(1.day())),
        after: at(day.saturating_add(1.day())),
    })
}

/// The day's appointments, earliest first, with their patients.
fn appointments_of(day: Date, ctx: &Ctx) -> Result<Query, Refusal> {
    let noon = day.at(12, 0, 0, 0).to_zoned(ctx.zone.clone()).map_err(Refusal::internal)?;
    let (start, end) = format::day_bounds(&noon).ok_or_else(|| Refusal::internal("a day without bounds"))?;
    let text = format!("date=ge{start}&date=lt{end}&_sort=date&_count={MOST}&_include=Appointment:patient");
    Query::parse(ResourceType::Appointment, &text, Handling::Strict, Definitions::r4()).map_err(Refusal::internal)
}

/// One's own, and those of the others; of a visit of several patients a row for each.
fn rows(found: &Page, me: Option<&ResourceRef>, clinic: &Clinic, ctx: &Ctx) -> (Vec<DayRow>, Vec<DayRow>) {
    let patients: HashMap<&str, Value> =
        found.included.iter().map(|stored| (stored.id.as_str(), stored.value())).collect();
    let own_roles = clinic.clinicians.iter().find(|one| Some(&one.person) == me);
    let is_mine = |appointment: &Value| {
        me.is_some_and(|me| fill::takes_part(appointment, me))
            || schedule::roles_with(appointment).any(|role| own_roles.is_some_and(|one| one.has_role(role)))
    };
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for appointment in found.matches.iter().map(Stored::value) {
        if appointment.get("status").and_then(Value::as_str) == Some("entered-in-error") {
            continue;
        }
        // A time that is blocked for no patient is nobody's turn.
        for patient in schedule::patients_of(&appointment) {
            let href = format!("/patients/{patient}");
            let Some(mut row) = fill::appointment(&appointment, patients.get(patient), href, ctx) else { continue };
            let form = previsit::answers_of_one(&appointment, patient);
            row.form = form.map(|form| format!("{}/forms#form-{form}", row.href));
            if is_mine(&appointment) { own.push(row) } else { others.push(row) }
        }
    }
    (own, others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{FhirId, Timestamp};
    use crate::care::clinic;
    use crate::http::ui::record::AppointmentState;
    use serde_json::json;

    #[test]
    fn a_visit_that_the_patient_missed_stays_in_the_day() {
        let one = |id: &str, status: &str| Stored {
            kind: ResourceType::Appointment,
            id: FhirId::parse(id).unwrap(),
            version: 1,
            updated: Timestamp::default(),
            json: json!({"id": id, "status": status, "start": "2026-03-03T09:00:00Z",
                "participant": [{"actor": {"reference": "Patient/p"}}, {"actor": {"reference": "Practitioner/a"}}]})
            .to_string()
            .into(),
        };
        let matches = vec![one("missed", "noshow"), one("wrong", "entered-in-error"), one("done", "fulfilled")];
        let found = Page { matches, included: Vec::new(), total: None, next: None };
        let me = ResourceRef::parse("Practitioner/a").unwrap();
        let nobody = clinic::of_resources(&[], &[]);
        let (own, others) = rows(&found, Some(&me), &nobody, &Ctx::of(jiff::tz::TimeZone::UTC));
        let states: Vec<_> = own.iter().map(|row| row.state).collect();
        assert_eq!((states, others.len()), (vec![AppointmentState::DidNotCome, AppointmentState::Done], 0));
        let sum = crate::http::clinic::pages::day_sum(&own);
        assert_eq!(sum, "2 appointments, 1 done, 0 arrived, 1 did not come");
        assert_eq!(crate::http::clinic::pages::day_sum(&own[1..]), "1 appointment, 1 done, 0 arrived");
    }

    #[test]
    fn a_visit_of_two_with_one_of_my_roles_is_a_row_of_mine_for_each() {
        let value = json!({"id": "a", "status": "booked", "start": "2026-03-03T09:00:00Z",
            "participant": [{"actor": {"reference": "Patient/p"}}, {"actor": {"reference": "Patient/q/_history/2"}},
                {"actor": {"reference": "PractitionerRole/r"}}],
            "supportingInformation": [{"reference": "QuestionnaireResponse/f", "extension": [
                {"url": "urn:chartbox:answers-of", "valueReference": {"reference": "Patient/q"}}]}]});
        let stored = Stored {
            kind: ResourceType::Appointment,
            id: FhirId::parse("a").unwrap(),
            version: 1,
            updated: Timestamp::default(),
            json: value.to_string().into(),
        };
        let found = Page { matches: vec![stored], included: Vec::new(), total: None, next: None };
        let role =
            json!({"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/a"}});
        let clinic = clinic::of_resources(&[], &[role]);
        let of = |me: &str| {
            let me = ResourceRef::parse(me).unwrap();
            let (own, others) = rows(&found, Some(&me), &clinic, &Ctx::of(jiff::tz::TimeZone::UTC));
            (own.into_iter().map(|row| row.href).collect::<Vec<_>>(), others.len())
        };
        assert_eq!(of("Practitioner/a"), (vec!["/patients/p".to_owned(), "/patients/q".to_owned()], 0));
        assert_eq!(of("Practitioner/b"), (Vec::new(), 2));
        let (all, _) = rows(
            &found,
            Some(&ResourceRef::parse("Practitioner/a").unwrap()),
            &clinic,
            &Ctx::of(jiff::tz::TimeZone::UTC),
        );
        let forms: Vec<_> = all.iter().map(|row| row.form.as_deref()).collect();
        assert_eq!(forms, [None, Some("/patients/q/forms#form-f")], "the form is at whose it is");
    }
}
