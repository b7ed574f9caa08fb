//! A note is begun: by whom, of which visit, and that there are not two of one visit.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::{doing, pen, place};
use crate::audit::{Action, Detail};
use crate::base::FhirId;
use crate::care::note::{self, BeginError, Open, Pen, Underway, VisitOf};
use crate::care::workflow::Refused;
use crate::fhir::ResourceType as R;
use crate::http::clinic::entries::author;
use crate::http::clinic::{ctx, id_of, why};
use crate::http::fill::Ctx;
use crate::http::forms::Sent;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::ui::format;
use crate::record::{Page, RecordError, Stored, strict};

/// What of this day bears on a note that is about to be begun.
struct Begun {
    /// Notes that are being written, newest first.
    notes: Vec<Value>,
    appointments: Page,
    /// Visits that have begun on this day and are not over.
    visits: Vec<Stored>,
}

impl Begun {
    async fn read(visit: &Visit, patient: &FhirId) -> Result<Self, Refusal> {
        let (_, today) = pen(visit);
        let noon = today.at(12, 0, 0, 0).to_zoned(ctx(visit).zone).map_err(Refusal::internal)?;
        let (start, end) = format::day_bounds(&noon).ok_or_else(|| Refusal::internal("a day without bounds"))?;
        let of = |kind, more: &str| strict(kind, &format!("patient={patient}&date=ge{start}&date=lt{end}{more}"));
        let notes = strict(
            R::Composition,
            &format!("patient={patient}&status=preliminary&date=ge{today}&_sort=-date&_count=20"),
        )?;
        let appointments = of(R::Appointment, "&_count=10")?;
        let visits = of(R::Encounter, "&status=arrived,triaged,in-progress&_count=10")?;
        let looks = why(visit, Action::Read, Detail::none());
        let found = visit.house.records.disclose(&visit.actor, looks, |reading| {
            let notes = reading.search(&notes)?.zip(reading.search(&appointments)?);
            Ok(notes.zip(reading.search(&visits)?))
        });
        let ((notes, appointments), visits) = found.await?.into_inner();
        let of_today = |one: &Stored| began_on(&one.value(), today, &ctx(visit));
        let visits = visits.matches.into_iter().filter(of_today).collect();
        Ok(Self { notes: notes.matches.iter().map(Stored::value).collect(), appointments, visits })
    }

    /// The note that this person writes already.
    fn own(&self, me: &str) -> Option<&str> {
        let mine = |one: &&Value| {
            let all = one.get("author").and_then(Value::as_array).into_iter().flatten();
            all.into_iter().any(|one| one.get("reference").and_then(Value::as_str) == Some(me))
        };
        id_in(self.notes.iter().find(mine)?)
    }

    /// The visit that is meant: one with this person or of their appointment, or the only one.
    fn visit(&self, me: &str, appointment: Option<&str>) -> Option<&Stored> {
        let open = &self.visits;
        let refers = |one: &Value, list: &str, at: &str, to: &str| {
            let all = one.get(list).and_then(Value::as_array).into_iter().flatten();
            all.into_iter().any(|one| one.pointer(at).and_then(Value::as_str) == Some(to))
        };
        let meant = open.iter().find(|one| {
            let value = one.value();
            refers(&value, "participant", "/individual/reference", me)
                || appointment.is_some_and(|appointment| refers(&value, "appointment", "/reference", appointment))
        });
        meant.or(match open.as_slice() {
            [only] => Some(only),
            _ => None,
        })
    }

    /// The note that somebody else has begun of this visit.
    fn of_visit(&self, visit: &FhirId) -> Option<&str> {
        let of = |one: &&Value| {
            one.pointer("/encounter/reference").and_then(Value::as_str) == Some(format!("Encounter/{visit}").as_str())
        };
        id_in(self.notes.iter().find(of)?)
    }
}

/// A visit that nobody ever closed has no end, and so a search finds it on every later day.
fn began_on(visit: &Value, day: jiff::civil::Date, ctx: &Ctx) -> bool {
    ctx.when(visit, "/period/start").is_some_and(|start| start.day() == day)
}

fn id_in(value: &Value) -> Option<&str> {
    value.get("id").and_then(Value::as_str)
}

/// `POST /patients/{id}/notes`: leads to the note of this visit, begun now or before, by this person or by another.
pub(in crate::http) async fn begin(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let patient = id_of(&id)?;
    let looks = why(&visit, Action::Read, Detail::none());
    drop(visit.house.records.disclose(&visit.actor, looks, |reading| reading.read(R::Patient, &patient)).await?);
    for _ in 0..TRIES {
        let before = Underway::read(&visit.house.records, &patient)?;
        let (visit_of, appointment) = match meant(&visit, &patient).await? {
            Meant::There(place) => return Ok(Redirect::to(&place).into_response()),
            Meant::New(visit_of, appointment) => (visit_of, appointment),
        };
        let note = FhirId::new(&visit.house.ambient);
        let to = place(patient.as_str(), note.as_str());
        let open = Open { patient: &patient, note, visit: visit_of, appointment };
        let (now, today) = pen(&visit);
        let pen = Pen { author: author(&visit), now: &now, today, ambient: &visit.house.ambient };
        match note::start(doing(&visit, Action::Create, &sent, &to), open, before, pen).await {
            Ok(done) => return visit.went(&sent, done, &to).await,
            // Somebody began in the same moment: it is looked at again which note is meant.
            Err(Refused::Told(BeginError::Meanwhile) | Refused::Record(RecordError::VersionConflict { .. })) => {}
            Err(Refused::Record(error)) => return Err(error.into()),
        }
    }
    Err(Refusal::new(No::Conflict))
}

/// How often it is looked at again.
const TRIES: usize = 3;

/// Which note is meant.
enum Meant {
    /// One that is there: its address.
    There(String),
    /// A new one of this visit, and of this appointment with its reason.
    New(VisitOf, Option<(String, Option<String>)>),
}

async fn meant(visit: &Visit, patient: &FhirId) -> Result<Meant, Refusal> {
    let me = visit.actor.person().map(ToString::to_string).unwrap_or_default();
    let new = || VisitOf::New(FhirId::new(&visit.house.ambient));
    if me.is_empty() {
        return Ok(Meant::New(new(), None));
    }
    let begun = Begun::read(visit, patient).await?;
    if let Some(note) = begun.own(&me) {
        return Ok(Meant::There(place(patient.as_str(), note)));
    }
    let appointment = begun.appointments.matches.iter().find_map(|one| of_today(one, &me));
    let Some(there) = begun.visit(&me, appointment.as_ref().map(|(reference, _)| reference.as_str())) else {
        return Ok(Meant::New(new(), appointment));
    };
    if let Some(note) = begun.of_visit(&there.id) {
        return Ok(Meant::There(format!("{}?done=begun", place(patient.as_str(), note))));
    }
    Ok(Meant::New(VisitOf::Begun(there.id.clone(), there.version, there.value()), appointment))
}

/// An appointment that takes place with this person, and why.
fn of_today(stored: &Stored, me: &str) -> Option<(String, Option<String>)> {
    let value = stored.value();
    let status = value.get("status").and_then(Value::as_str)?;
    let with_me = value
        .get("participant")?
        .as_array()?
        .iter()
        .any(|one| one.pointer("/actor/reference").and_then(Value::as_str) == Some(me));
    let reason = value.pointer("/reasonCode/0/text").and_then(Value::as_str).map(str::to_owned);
    (with_me && !matches!(status, "cancelled" | "noshow" | "entered-in-error" | "proposed"))
        .then(|| (format!("Appointment/{}", stored.id), reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_of_another_day_that_was_never_closed_is_not_todays() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let day = "2026-03-03".parse().unwrap();
        let visit = |start: &str| serde_json::json!({"status": "in-progress", "period": {"start": start}});
        assert!(began_on(&visit("2026-03-03T09:40:00Z"), day, &ctx));
        assert!(!began_on(&visit("2025-03-03T09:40:00Z"), day, &ctx));
        assert!(!began_on(&serde_json::json!({"status": "in-progress"}), day, &ctx));
    }
}
