//! One's own account: sessions and password. And the first password, which has to be changed before anything else.

use axum::Form;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::pages::page;
use super::respond::{Refusal, Refused};
use super::said::said;
use super::session::{self, Credential, Visit};
use super::sign_in::finished;
use super::ui::account::{NewPassword, PatientAccount, SessionLine, StaffAccount, device};
use super::ui::{Cx, Faults, Locale, When, start_of, t};
use crate::base::{Secret, SessionId};
use crate::care::preferences::{self, Preferences};
use crate::identity::{AccountRow, IdentityError, PasswordProof, SessionState, SignInPlace};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Shown {
    done: String,
}

/// `GET /account`
pub(super) async fn account(visit: Visit, Query(query): Query<Shown>) -> Result<Response, Refusal> {
    let done = (query.done == "password").then(|| t("password-changed").to_string());
    shown(&visit, done, Faults::none())
}

fn shown(visit: &Visit, done: Option<String>, faults: Faults) -> Result<Response, Refusal> {
    let own = own(visit)?;
    let zone = &visit.house.front.face.zone;
    let line = |one: &crate::identity::SessionRow| SessionLine {
        id: one.id.to_string(),
        device: device(one.user_agent.as_deref()),
        origin: one.origin.map(|origin| origin.to_string()),
        since: When::at(one.created, zone),
        last_used: When::at(one.last_used, zone),
        current: Some(one.id) == visit.actor.session(),
    };
    let sessions = visit.house.identity.sessions_of(own)?.iter().map(line).collect();
    let (cx, user) = (Cx { done, ..visit.cx() }, own.user_name.to_string());
    if cx.is_patient_side() {
        page(&PatientAccount { cx, user, sessions, faults })
    } else {
        page(&StaffAccount { cx, user, sessions, faults })
    }
}

fn own(visit: &Visit) -> Result<&AccountRow, Refusal> {
    // A program's token opens no page.
    visit.account.as_ref().filter(|_| visit.session.is_some()).ok_or(Refusal::new(Refused::NotSignedIn))
}

/// `POST /account/sessions/{id}/end`
pub(super) async fn end_session(visit: Visit, Path(id): Path<String>) -> Result<Redirect, Refusal> {
    let id: SessionId = id.parse().map_err(|_| Refusal::not_found())?;
    visit.house.identity.end_session(own(&visit)?.id, id, visit.by()).await?;
    Ok(Redirect::to("/account"))
}

/// `POST /account/sessions/end-others`
pub(super) async fn end_others(visit: Visit) -> Result<Redirect, Refusal> {
    visit.house.identity.end_sessions(own(&visit)?.id, visit.actor.session(), visit.by()).await?;
    Ok(Redirect::to("/account"))
}

#[derive(Deserialize)]
pub(super) struct Typed {
    current: Secret<String>,
    new: Secret<String>,
    again: Secret<String>,
}

/// `POST /account/password`
pub(super) async fn password(visit: Visit, headers: HeaderMap, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    match change(&visit, &headers, typed).await? {
        Ok((cookie, _)) => Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/account?done=password")).into_response()),
        Err(faults) => Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown(&visit, None, faults)?)),
    }
}

/// `POST /account/language`
pub(super) async fn language(visit: Visit, Form(chosen): Form<Language>) -> Result<Redirect, Refusal> {
    let account = own(&visit)?.id;
    let locale = Locale::from_code(&chosen.language);
    let set = Preferences { language: locale.map(|locale| locale.code().into()) };
    visit.house.store.write(move |tx| preferences::set(tx, account, &set)).await?;
    Ok(Redirect::to("/account"))
}

#[derive(Deserialize)]
pub(super) struct Language {
    #[serde(default)]
    language: String,
}

/// `GET /new-password`: for who has signed in with a password of somebody else's choice.
pub(super) async fn new_password(visit: Visit) -> Result<Response, Refusal> {
    match (&visit.session, visit.actor.role()) {
        (Some(session), _) if matches!(session.state, SessionState::PendingNewPassword(_)) => {
            page(&NewPassword { cx: visit.cx(), faults: Faults::none() })
        }
        (_, Some(role)) => Ok(Redirect::to(start_of(role)).into_response()),
        _ => Ok(Redirect::to("/sign-in").into_response()),
    }
}

/// `POST /new-password`
pub(super) async fn choose(visit: Visit, headers: HeaderMap, Form(typed): Form<Chosen>) -> Result<Response, Refusal> {
    // The row is open to anyone, so the gate has not compared the token.
    let session = visit.session.as_ref().ok_or(Refusal::new(Refused::NotSignedIn))?;
    if !session.is_form_token(&typed.csrf) {
        return Err(Refusal::new(Refused::NotOurForm));
    }
    match change(&visit, &headers, typed.typed).await? {
        Ok((cookie, account)) => {
            let place = account.role().map_or("/", start_of);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(place)).into_response())
        }
        Err(faults) => {
            let page = page(&NewPassword { cx: visit.cx(), faults })?;
            Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    csrf: String,
    #[serde(flatten)]
    typed: Typed,
}

/// Changes the password; answers with the new cookie, or with what is wrong in the form.
async fn change(
    visit: &Visit,
    headers: &HeaderMap,
    typed: Typed,
) -> Result<Result<(HeaderValue, AccountRow), Faults>, Refusal> {
    let Credential::Cookie(secret) = session::cookie(headers, visit.entrance) else {
        return Err(Refusal::new(Refused::NotSignedIn));
    };
    let mut faults = Faults::none();
    if typed.new.expose() != typed.again.expose() {
        faults.add("again", t("password-differs"));
        return Ok(Err(faults));
    }
    let at = SignInPlace { listener: visit.listener(), origin: visit.origin(), user_agent: visit.user_agent.clone() };
    let proof = PasswordProof::Current(typed.current);
    match visit.house.identity.change_password(&secret, proof, typed.new, at).await {
        Ok(changed) => Ok(Ok((session::set_cookie(visit.entrance, changed.secret.expose()), changed.account))),
        Err(IdentityError::NotRight) => {
            faults.add("current", t("password-wrong"));
            Ok(Err(faults))
        }
        Err(wait @ IdentityError::Wait { .. }) => {
            faults.add("current", said(&wait, visit));
            Ok(Err(faults))
        }
        Err(IdentityError::SamePassword) => {
            faults.add("new", t("password-same"));
            Ok(Err(faults))
        }
        Err(weak @ IdentityError::Weak(_)) => {
            faults.add("new", said(&weak, visit));
            Ok(Err(faults))
        }
        Err(other) => Err(other.into()),
    }
}
