//! A patient is invited to the portal: the printed code, how far it got, and taking it back.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};

use super::invitation_pages::{InvitationPage, InvitationRow, InvitationSheet};
use super::{ctx, id_of, why};
use crate::audit::{Action, Detail, Purpose};
use crate::base::FhirId;
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::record::BornKnown;
use crate::http::ui::{State, Tone, When, t};
use crate::identity::{INVITATION_TRIES, Invitation, InvitationState, Invited};
use crate::record::Why;
use serde_json::Value;

async fn patient(visit: &Visit, id: &FhirId) -> Result<Value, Refusal> {
    let why = Why { purpose: Purpose::PatAdmin, ..why(visit, Action::Read, Detail::none()) };
    let found = visit.house.records.disclose(&visit.actor, why, |reading| reading.read(R::Patient, id)).await?;
    Ok(found.value())
}

fn state_of(one: &Invitation, now: crate::base::Timestamp) -> State {
    let (shape, tone, word) = match one.state {
        InvitationState::Used => ("check", Tone::Good, "invitation-used"),
        InvitationState::Revoked => ("cross", Tone::Dim, "invitation-revoked"),
        _ if one.tries >= INVITATION_TRIES => ("refused", Tone::Caution, "invitation-tries"),
        _ if one.is_good(now) => ("planned", Tone::Plain, "invitation-open"),
        _ => ("clock", Tone::Dim, "invitation-over"),
    };
    State::new(shape, tone, t(word))
}

/// `GET /patients/{id}/invitation`
pub(in crate::http) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let id = id_of(&id)?;
    let who = fill::identity(&patient(&visit, &id).await?, &ctx(&visit));
    let (cx, ctx, now) = (visit.cx(), ctx(&visit), visit.house.ambient.now());
    let all = visit.house.identity.invitations_of(&id)?;
    page(&InvitationPage {
        has_account: visit.house.identity.has_account(&id)?,
        is_open: all.iter().any(|one| one.is_good(now)),
        rows: all
            .iter()
            .map(|one| InvitationRow {
                made: When::at(one.made, &ctx.zone).short_time(),
                ends: When::at(one.ends(), &ctx.zone).short(),
                state: state_of(one, now),
            })
            .collect(),
        born: who.born_known(),
        who,
        cx,
    })
}

/// `POST /patients/{id}/invitation`: the sheet with the code, this once.
/// Loaded again it leads back: another code would end the one that was just printed.
pub(in crate::http) async fn make(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let id = id_of(&id)?;
    let patient = patient(&visit, &id).await?;
    let who = fill::identity(&patient, &ctx(&visit));
    let born = patient.get("birthDate").and_then(Value::as_str).map(str::to_owned);
    let place = format!("/patients/{id}/invitation");
    // A year is soon guessed: the code is bound to the whole date.
    let is_whole = who.born_known() == BornKnown::ToTheDay;
    let Some(born) = born.filter(|_| is_whole && !who.deceased) else {
        return Ok(Redirect::to(&place).into_response());
    };
    if let Some(once) = visit.once(&sent, place.as_str()) {
        let now = visit.house.ambient.now();
        if visit.house.store.write(move |tx| once.remember(tx, now)).await?.is_some() {
            return Ok(Redirect::to(&place).into_response());
        }
    }
    let invited = Invited { patient: id, born, name: who.plain() };
    let (code, invitation) = visit.house.identity.invite(invited, visit.by()).await?;
    let about = &visit.house.about;
    let portal = about.portal_url.clone();
    page(&InvitationSheet {
        at_portal: portal.is_some(),
        address: portal.or_else(|| about.clinic_url.clone()).unwrap_or_default(),
        code: code.expose().clone(),
        ends: When::at(invitation.ends(), &ctx(&visit).zone).long(),
        who,
        cx: visit.cx(),
    })
}

/// `POST /patients/{id}/invitation/revoke`
pub(in crate::http) async fn revoke(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let id = id_of(&id)?;
    drop(patient(&visit, &id).await?);
    visit.house.identity.revoke_invitations(id.clone(), visit.by()).await?;
    Ok(Redirect::to(&format!("/patients/{id}/invitation")).into_response())
}
