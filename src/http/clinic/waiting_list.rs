//! Who waits for a time to become free, and what is offered to whom.

use crate::record::strict;
use axum::response::Response;
use serde_json::Value;

use super::desk::{Booked, request_row};
use super::desk_pages::{WaitingList, WaitingRow};
use super::{ctx, why};
use crate::audit::{Action, Detail};
use crate::care::clinic::Clinic;
use crate::care::schedule;
use crate::fhir::ResourceType as R;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::When;

/// The most that are shown.
const MOST: usize = 200;

/// `GET /waiting-list`
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Refusal> {
    let ctx = ctx(&visit);
    let text = format!("status=waitlist,pending&_count={MOST}&_include=Appointment:patient");
    let query = strict(R::Appointment, &text)?;
    let looks = why(&visit, Action::Listed, Detail::none());
    let found = visit
        .house
        .records
        .disclose(&visit.actor, looks, |reading| Ok(Clinic::read(reading)?.zip(reading.search(&query)?)));
    let (clinic, found) = found.await?.into_inner();
    let booked = Booked::of(&found);
    let listed = booked.iter().filter(|(one, _)| schedule::is_listed(one) || status(one) == "waitlist");
    let mut rows: Vec<WaitingRow> = listed
        .map(|(one, _)| {
            let row = request_row(&booked, one, &ctx);
            let ends = schedule::offer_ends(one, clinic.house.hold_hours);
            let start = one.get("start").and_then(Value::as_str).and_then(|start| When::parse(start, &ctx.zone));
            let with = schedule::clinician_of(one, &clinic);
            WaitingRow {
                href: format!("/bookings/{}", one.get("id").and_then(Value::as_str).unwrap_or_default()),
                name: row.name,
                kind: row.kind,
                with: with.map(|with| with.name.clone()),
                days: row.days,
                asked: row.asked,
                offer: start
                    .zip(ends)
                    .map(|(start, ends)| (start.short_time(), When::at(ends, &ctx.zone).short_time())),
            }
        })
        .collect();
    rows.reverse();
    page(&WaitingList { cx: visit.cx(), rows })
}

fn status(appointment: &Value) -> &str {
    appointment.get("status").and_then(Value::as_str).unwrap_or_default()
}
