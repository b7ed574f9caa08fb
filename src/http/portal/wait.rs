//! Waiting for a time to become free: going onto the list, and saying no to an offer without giving up the wish.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::booking::{Wanted, name_of, not_booked, periods};
use super::booking_pages::Wait;
use super::own::{Needs, Own};
use crate::audit::Action;
use crate::base::FhirId;
use crate::care::clinic::{Booking, Clinic, VisitType};
use crate::care::schedule::{self, Wish};
use crate::http::forms::{Sent, Versioned};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults};
use crate::http::waiting::freed;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    kind: String,
    with: String,
    from: String,
    until: String,
    half: String,
    reason: String,
}

/// A kind of visit that patients may wait for.
fn kind_of<'a>(clinic: &'a Clinic, id: &str) -> Result<&'a VisitType, Refusal> {
    let kind = clinic.visit_type(id).filter(|kind| kind.active && kind.booking != Booking::ViewOnly);
    kind.ok_or(Refusal::not_found())
}

/// `GET /my/visits/wait`
pub(in crate::http) async fn form(visit: Visit, Query(asked): Query<Typed>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    let clinic = own.clinic().await?;
    let mut cx = own.plain_cx().await?;
    let kind = kind_of(&clinic, &asked.kind).ok().filter(|_| !cx.unseen);
    let Some(kind) = kind else { return Ok(Redirect::to("/my/visits/book").into_response()) };
    let typed = own.visit.kept::<Typed>(&mut cx)?.unwrap_or(asked);
    shown(&own, cx, &clinic, kind, &typed, Faults::none())
}

fn shown(
    own: &Own,
    mut cx: Cx,
    clinic: &Clinic,
    kind: &VisitType,
    typed: &Typed,
    faults: Faults,
) -> Result<Response, Refusal> {
    if cx.at.is_empty() {
        cx.at = format!("/my/visits/wait?kind={}", kind.id);
    }
    let wanted = Wanted { from: &typed.from, until: &typed.until, half: &typed.half };
    let mut fields = wanted.fields(clinic, kind, &typed.with, &faults);
    fields.extend(own.reason(&typed.reason, &faults));
    page(&Wait { kind: kind.id.to_string(), name: name_of(kind), hold: clinic.house.hold_hours, fields, faults, cx })
}

/// `POST /my/visits/wait`
pub(in crate::http) async fn join(visit: Visit, sent: Sent<Typed>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    let clinic = own.clinic().await?;
    if let Some(no) = not_booked(&own, &clinic, &sent).await? {
        return Ok(no);
    }
    let typed = &sent.typed;
    let kind = kind_of(&clinic, &typed.kind)?;
    let wanted = Wanted { from: &typed.from, until: &typed.until, half: &typed.half };
    let mut faults = Faults::none();
    let reason = own.said(&typed.reason, &mut faults);
    let periods = periods(&own, &clinic, &wanted, &mut faults);
    if !faults.is_empty() {
        let page = shown(&own, own.plain_cx().await?, &clinic, kind, typed, faults)?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    if let Some(asks) = own.visit.asks_first(&sent).await? {
        return Ok(asks);
    }
    let id = FhirId::new(&own.visit.house.ambient);
    let place = format!("/my/visits/{id}?done=waiting");
    let with = clinic.clinician(&typed.with).filter(|one| one.offers(&kind.id));
    let wish = Wish { patient: &own.patient, kind, with, reason: reason.as_deref() };
    let value = schedule::waits(&wish, &periods, own.visit.house.ambient.now());
    let done = schedule::book(own.doing(Action::RequestMade, &sent, &place), id, value, None, Vec::new()).await;
    freed(&own.visit.house).await;
    own.visit.settled(&sent, done, &place).await
}

/// `POST /my/visits/{id}/decline`: not this time, and another one later.
pub(in crate::http) async fn decline(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Versioned>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    if let Some(led) = own.visit.led(&sent)? {
        return Ok(led);
    }
    let (value, _, id) = own.appointment(&id).await?;
    if !schedule::may_answer(&value) {
        return Ok(Redirect::to(&format!("/my/visits/{id}")).into_response());
    }
    let place = format!("/my/visits/{id}?done=declined");
    let doing = own.doing(Action::RequestAnswered, &sent, &place);
    let done = schedule::decline(doing, id, sent.typed.version, value).await;
    freed(&own.visit.house).await;
    own.visit.settled(&sent, done, &place).await
}
