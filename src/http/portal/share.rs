//! The patient's own summary: to see first, to print, and to hand over by a link.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::own::{Needs, Own};
use super::share_pages::{MadeShare, Reaches, ShareRow, Shares, SummaryPage};
use crate::audit::{Action, Purpose};
use crate::care::Chart;
use crate::care::sharing::{self, DAYS, NotMade, SharingError};
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, When, t};
use crate::record::{self, Share, ShareId, SummaryParts};

/// The page with the form, whatever was done there last.
const AT: &str = "/my/share";

impl From<SharingError> for Refusal {
    fn from(error: SharingError) -> Self {
        match error {
            SharingError::Told(_) => Self::new(No::Conflict),
            SharingError::Record(error) => error.into(),
            SharingError::Audit(error) => error.into(),
            SharingError::Store(error) => error.into(),
        }
    }
}

impl Own {
    /// The patient's share links by their names in the log, and for whom each is; none for who acts for somebody: the words are
    /// the patient's own.
    pub(super) fn shares(&self) -> Result<Vec<(String, String)>, Refusal> {
        if self.acts_for_another() {
            return Ok(Vec::new());
        }
        let all = sharing::all(&self.visit.house.records, &self.patient)?;
        Ok(all.into_iter().map(|(id, share)| (record::share_name(id), share.label.to_string())).collect())
    }

    /// What a summary of this record is made of.
    pub(super) async fn summary(&self) -> Result<SummaryParts, Refusal> {
        Ok(self.open(Action::Summary, |reading| reading.summary(&self.patient)).await?.into_inner())
    }
}

/// `GET /my/summary`
pub(in crate::http) async fn summary(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let parts = own.summary().await?;
    let chart = Chart::of_summary(&parts);
    let body = fill::summary::summary(&chart, &own.ctx);
    let values: Vec<_> = parts.chosen.iter().map(|one| (one.kind, one.value())).collect();
    let sealed = fill::summary::sealed(values.iter().map(|(kind, value)| (*kind, value)), &own.ctx);
    page(&SummaryPage { may_share: !own.acts_for_another(), body, sealed, cx: own.cx(&chart) })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Shown {
    done: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    label: String,
    days: String,
}

/// Where a link leads, and whether that is reached from outside the clinic.
fn reaches(visit: &Visit) -> Option<(String, Reaches)> {
    let about = &visit.house.about;
    match (&about.portal_url, &about.clinic_url) {
        (Some(portal), _) => Some((portal.clone(), Reaches::Portal)),
        (None, Some(clinic)) => Some((clinic.clone(), Reaches::ClinicOnly)),
        (None, None) => None,
    }
}

fn row(own: &Own, (id, share): &(ShareId, Share)) -> ShareRow {
    ShareRow {
        id: record::share_name(*id),
        label: share.label.to_string(),
        until: When::at(share.until, &own.ctx.zone),
        opened: share.opened,
        last: share.last.map(|time| When::at(time, &own.ctx.zone)),
        wrong: share.wrong,
        live: share.is_live(own.visit.house.ambient.now()),
        ended: share.ended.map(|time| When::at(time, &own.ctx.zone)),
    }
}

/// `GET /my/share`
pub(in crate::http) async fn list(visit: Visit, Query(shown): Query<Shown>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let mut cx = own.plain_cx().await?;
    cx.done = match shown.done.as_str() {
        "ended" => Some(t("share-done-ended").to_string()),
        "made" => Some(t("share-done-made").to_string()),
        _ => None,
    };
    let typed = own.visit.kept_at::<Typed>(AT, &mut cx)?.unwrap_or_default();
    page(&shares(&own, cx, &typed, Faults::none())?)
}

fn shares(own: &Own, mut cx: Cx, typed: &Typed, faults: Faults) -> Result<Shares, Refusal> {
    cx.at = AT.to_owned();
    let all = sharing::all(&own.visit.house.records, &own.patient)?;
    let (open, over): (Vec<_>, Vec<_>) = all.iter().map(|one| row(own, one)).partition(|row| row.live);
    let days = DAYS.map(|days| (days.to_string(), t("share-days").with("n", days).to_string())).to_vec();
    let chosen = if typed.days.is_empty() { "7" } else { &typed.days };
    Ok(Shares {
        label: Field::text("label", t("share-label"), &typed.label, &faults)
            .hint(t("share-label-hint"))
            .most(sharing::LONGEST_LABEL),
        days: Field::choice("days", t("share-how-long"), chosen, days, &faults),
        reaches: reaches(&own.visit).map(|(_, reaches)| reaches),
        open,
        over,
        faults,
        cx,
    })
}

/// `POST /my/share`: a new link. Its secrets are shown on this page and never again.
pub(in crate::http) async fn make(visit: Visit, sent: Sent<Typed>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let typed = &sent.typed;
    let days = typed.days.parse().ok().filter(|days| DAYS.contains(days));
    let mut faults = Faults::none();
    if faults.whole("label", &typed.label, sharing::LONGEST_LABEL).is_empty() {
        faults.add("label", t("share-label-missing"));
    }
    if days.is_none() {
        faults.add("days", t("share-days-missing"));
    }
    let (Some(days), true) = (days, faults.is_empty()) else {
        let page = page(&shares(&own, own.plain_cx().await?, typed, faults)?)?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    };
    let (origin, reaches) = reaches(&own.visit).ok_or(Refusal::new(No::NotFound))?;
    let made = sharing::prepare(own.patient.clone(), &typed.label, days, &own.visit.house.ambient);
    let event = own.visit.event(Action::ShareMade, Purpose::PatRqt);
    let once = own.visit.once(&sent, "/my/share?done=made");
    let kept = sharing::keep(&own.visit.house.records, event, made.id, made.share.clone(), once).await;
    match kept {
        Ok(()) => {}
        Err(SharingError::Told(NotMade::Before)) => return Ok(Redirect::to("/my/share?done=made").into_response()),
        Err(SharingError::Told(NotMade::TooMany)) => {
            let mut cx = own.plain_cx().await?;
            cx.trouble = Some(t("share-too-many").with("n", sharing::MOST_OPEN).to_string());
            let page = page(&shares(&own, cx, typed, Faults::none())?)?;
            return Ok(finished(StatusCode::CONFLICT, page));
        }
        Err(error) => return Err(error.into()),
    }
    own.visit.forget_draft(Some(AT)).await?;
    let mut cx = own.plain_cx().await?;
    cx.at = AT.to_owned();
    page(&MadeShare {
        row: row(&own, &(made.id, made.share.clone())),
        place: format!("{origin}/shared"),
        code: made.code.expose().clone(),
        pin: spaced(made.pin.expose()),
        reaches,
        cx,
    })
}

/// `481 906`: six digits are read out in threes.
fn spaced(pin: &str) -> String {
    match pin.split_at_checked(3) {
        Some((first, rest)) => format!("{first} {rest}"),
        None => pin.to_owned(),
    }
}

/// `POST /my/share/{id}/end`
pub(in crate::http) async fn end(
    visit: Visit,
    Path(id): Path<String>,
    _: Sent<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let id = record::share_named(&id).ok_or(Refusal::not_found())?;
    let event = own.visit.event(Action::ShareRevoked, Purpose::PatRqt);
    let now = own.visit.house.ambient.now();
    match sharing::end(&own.visit.house.records, event, own.patient.clone(), id, now).await? {
        true => Ok(Redirect::to("/my/share?done=ended").into_response()),
        false => Err(Refusal::not_found()),
    }
}
