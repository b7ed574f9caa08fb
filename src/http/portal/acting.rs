//! For whom an account looks: its own record, or that of one of the patients who let it act for them.
//!
//! What is chosen stands in the session and never in an address. The gate asks with each request whether it still holds.

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::acting_pages::{Acting, Choice};
use crate::access::Actor;
use crate::audit::{Action, Detail, Purpose};
use crate::base::{FhirId, ResourceRef, Secret};
use crate::care::forms;
use crate::care::proxies::{self, InviteError};
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::forms::{Sent, ours};
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Faults, start_of, t};
use crate::identity::{AccountRow, IdentityError, Link};
use crate::record::{Channel, Why};

/// The value of a choice that is the account's own record.
const OWN: &str = "own";

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Shown {
    done: String,
}

/// `GET /my/acting`
pub(in crate::http) async fn show(visit: Visit, Query(shown): Query<Shown>) -> Result<Response, Refusal> {
    let mut made = filled(&visit, "", Faults::none()).await?;
    made.cx.done = match shown.done.as_str() {
        "added" => Some(t("acting-added").to_string()),
        "ended" => Some(t("acting-given-up").to_string()),
        _ => None,
    };
    page(&made)
}

async fn filled(visit: &Visit, code: &str, faults: Faults) -> Result<Acting, Refusal> {
    let mut choices = Vec::new();
    if let Some(own) = own_record(visit) {
        choices.extend(choice(visit, &whole(visit), OWN, &own).await?);
    }
    let links = visit.house.identity.links(&visit.house.store.read()?, account(visit)?)?;
    for link in links {
        let Some(actor) = visit.house.records.acting_by(&visit.actor, &link)? else { continue };
        let Some(patient) = actor.acts_for().cloned() else { continue };
        choices.extend(choice(visit, &actor, link.person().id().as_str(), &patient).await?);
    }
    let mut cx = visit.cx();
    let now = current(visit);
    for one in &mut choices {
        one.current = now.as_deref() == Some(one.value.as_str());
    }
    if let Some(viewer) = &mut cx.viewer {
        viewer.for_whom = choices.iter().find(|one| one.current && !one.own).map(|one| one.who.plain());
        // This is the page where one chooses.
        viewer.chooses = false;
    }
    Ok(Acting { choices, code: code.to_owned(), faults, cx })
}

/// What is looked at now, as the form names it.
fn current(visit: &Visit) -> Option<String> {
    let chosen = visit.session.as_ref().and_then(|session| session.acting.as_ref());
    match chosen.or_else(|| visit.account.as_ref()?.person.as_ref()) {
        Some(person) if person.type_name() == "RelatedPerson" => Some(person.id().to_string()),
        Some(_) => Some(OWN.to_owned()),
        None => None,
    }
}

/// Who it is, by name and birth date: read as who would look, and so written down.
async fn choice(visit: &Visit, actor: &Actor, value: &str, patient: &FhirId) -> Result<Option<Choice>, Refusal> {
    let purpose = if value == OWN { Purpose::PatRqt } else { Purpose::PwAtrny };
    let detail = visit.told(Detail::none());
    let why = Why { action: Action::Read, purpose, detail, channel: Channel::Screen };
    let found = visit.house.records.disclose(actor, why, |reading| reading.read(R::Patient, patient)).await;
    // A record that is gone is nobody's to choose.
    let Ok(found) = found else { return Ok(None) };
    let patient = serde_json::from_slice(&found.json).map_err(Refusal::internal)?;
    let ctx = fill::Ctx::of(visit.house.front.face.zone.clone()).at(visit.house.ambient.now());
    Ok(Some(Choice { value: value.to_owned(), who: fill::identity(&patient, &ctx), own: value == OWN, current: false }))
}

fn account(visit: &Visit) -> Result<&AccountRow, Refusal> {
    visit.account.as_ref().filter(|_| visit.session.is_some()).ok_or(Refusal::new(Refused::NotSignedIn))
}

fn own_record(visit: &Visit) -> Option<FhirId> {
    let person = visit.account.as_ref()?.person.as_ref();
    person.filter(|person| person.type_name() == "Patient").map(ResourceRef::id)
}

/// The visitor as the account's own person, whomever they act for now.
fn whole(visit: &Visit) -> Actor {
    match (&visit.session, &visit.account) {
        (Some(session), Some(account)) => Actor::from_session(session, account, visit.listener(), visit.origin()),
        _ => visit.actor.clone(),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Chosen {
    who: String,
}

/// `POST /my/acting`: looks at another record from now on.
pub(in crate::http) async fn choose(visit: Visit, sent: Sent<Chosen>) -> Result<Response, Refusal> {
    let account = account(&visit)?;
    let session = visit.session.as_ref().ok_or(Refusal::new(Refused::NotSignedIn))?;
    let who = sent.typed.who.as_str();
    let person = if who == OWN {
        own_record(&visit).map(|_| None).ok_or(Refusal::not_found())?
    } else {
        let links = visit.house.identity.links(&visit.house.store.read()?, account)?;
        let link = links.into_iter().find(|link| link.person().id().as_str() == who).ok_or(Refusal::not_found())?;
        visit.house.records.acting_by(&visit.actor, &link)?.ok_or(Refusal::not_found())?;
        // The person in the account's own row needs no choice.
        Some(link.person().clone()).filter(|person| Some(person) != account.person.as_ref())
    };
    visit.house.identity.act_as(session, person.clone()).await?;
    let begun = forms::last_kept(&visit.house.store.read()?, account.id, visit.house.ambient.now())?;
    // What was being written for this patient, when the session ended or another was chosen, is gone on with.
    let begun = begun.and_then(|begun| {
        let (of, at) = forms::draft_parts(&begun);
        (of == person.as_ref().map(ResourceRef::as_str) && ours(at)).then(|| at.to_owned())
    });
    let start = account.role().map_or("/my", start_of);
    Ok(Redirect::to(begun.as_deref().unwrap_or(start)).into_response())
}

/// `POST /my/acting/end`: does not act for somebody any more.
pub(in crate::http) async fn end(visit: Visit, sent: Sent<Chosen>) -> Result<Response, Refusal> {
    let place = "/my/acting?done=ended";
    if let Some(before) = visit.led(&sent)? {
        return Ok(before);
    }
    let account = account(&visit)?;
    let session = visit.session.as_ref().ok_or(Refusal::new(Refused::NotSignedIn))?;
    let links = visit.house.identity.links(&visit.house.store.read()?, account)?;
    let named = |link: &Link| link.person().id().as_str() == sent.typed.who;
    let link = links.into_iter().find(named).ok_or(Refusal::not_found())?;
    let actor = visit.house.records.acting_by(&visit.actor, &link)?.ok_or(Refusal::not_found())?;
    let (detail, once) = (visit.told(Detail::none()), visit.once(&sent, place));
    let done = proxies::give_up(&visit.house.records, &actor, &link, detail, once).await;
    if done.is_ok() && session.acting.as_ref() == Some(link.person()) {
        visit.house.identity.act_as(session, None).await?;
    }
    visit.settled(&sent, done, place).await
}

#[derive(Deserialize)]
pub(in crate::http) struct Code {
    #[serde(default)]
    code: String,
}

/// `POST /my/acting/code`: acts for one more with the account that is signed in.
pub(in crate::http) async fn add(visit: Visit, sent: Sent<Code>) -> Result<Response, Refusal> {
    let place = "/my/acting?done=added";
    let mut faults = Faults::none();
    let typed = sent.typed.code.trim();
    if typed.is_empty() {
        faults.add("code", t("proxy-invitation-code-missing"));
        return again(&visit, typed, faults).await;
    }
    let code: Secret<String> = proxies::typed_code(typed);
    let once = visit.once(&sent, place);
    match proxies::accept_with(&visit.house.records, account(&visit)?, &code, once, visit.by()).await {
        Ok(_) => return Ok(Redirect::to(place).into_response()),
        Err(InviteError::NotGood) => {
            let origin = visit.origin();
            let counted = visit.house.audit.write_essential(move |tx| tx.count_failure(origin, Action::Invite));
            let ((), _) = counted.await?;
            faults.add("code", t("proxy-invitation-not-good"));
        }
        Err(InviteError::OwnRecord) => faults.add("code", t("acting-code-own")),
        Err(InviteError::Identity(IdentityError::Audit(error)) | InviteError::Audit(error)) => return Err(error.into()),
        Err(InviteError::Identity(error)) => return Err(error.into()),
        Err(InviteError::Store(error)) => return Err(error.into()),
    }
    again(&visit, typed, faults).await
}

async fn again(visit: &Visit, code: &str, faults: Faults) -> Result<Response, Refusal> {
    let mut made = filled(visit, code, faults).await?;
    made.cx.at = "/my/acting".to_owned();
    Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page(&made)?))
}
