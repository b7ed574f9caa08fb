//! Making the account of somebody whom a patient lets act for them: by the code that the patient gave them.

use axum::Form;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::open::invitation_pages::Invitation;
use super::pages::page;
use super::respond::{Refusal, Refused};
use super::said::said;
use super::session::Visit;
use super::sign_in::finished;
use super::ui::{Faults, t};
use crate::audit::Action;
use crate::base::Secret;
use crate::care::proxies::{self, InviteError};
use crate::identity::IdentityError;

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    code: String,
    #[serde(default)]
    user: String,
    #[serde(default = "empty")]
    password: Secret<String>,
    #[serde(default = "empty")]
    again: Secret<String>,
}

fn empty() -> Secret<String> {
    Secret::new(String::new())
}

/// `GET /proxy-invitation`
pub(super) async fn form(visit: Visit) -> Result<Response, Refusal> {
    page(&Invitation { code: String::new(), user: String::new(), faults: Faults::none(), cx: visit.cx() })
}

/// `POST /proxy-invitation`
pub(super) async fn accept(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let house = &visit.house;
    let mut faults = Faults::none();
    if typed.code.trim().is_empty() {
        faults.add("code", t("proxy-invitation-code-missing"));
    }
    if typed.user.trim().is_empty() {
        faults.add("user", t("proxy-invitation-user-missing"));
    }
    if typed.password.expose() != typed.again.expose() {
        faults.add("again", t("proxy-invitation-not-the-same"));
    }
    if !faults.is_empty() {
        return again(&visit, &typed, faults);
    }
    let code = proxies::typed_code(&typed.code);
    let (user, password) = (typed.user.trim(), typed.password.clone());
    match proxies::accept(&house.records, &house.identity, &code, user, password, visit.by()).await {
        Ok(_) => Ok(Redirect::to("/sign-in?made=account").into_response()),
        Err(InviteError::NotGood) => {
            let origin = visit.origin();
            let counted = house.audit.write_essential(move |tx| tx.count_failure(origin, Action::Invite));
            let ((), _) = counted.await?;
            faults.add("code", t("proxy-invitation-not-good"));
            again(&visit, &typed, faults)
        }
        Err(InviteError::Identity(error @ (IdentityError::NameTaken | IdentityError::BadUserName))) => {
            faults.add("user", said(&error, &visit));
            again(&visit, &typed, faults)
        }
        // Of a code that is used with an account that is there already.
        Err(InviteError::OwnRecord) => Err(Refusal::new(Refused::Conflict)),
        Err(InviteError::Identity(IdentityError::Audit(error)) | InviteError::Audit(error)) => Err(error.into()),
        Err(InviteError::Identity(IdentityError::Stopping)) => Err(Refusal::new(Refused::Timeout)),
        Err(InviteError::Identity(error)) => {
            faults.add("password", said(&error, &visit));
            again(&visit, &typed, faults)
        }
        Err(InviteError::Store(error)) => Err(error.into()),
    }
}

fn again(visit: &Visit, typed: &Typed, faults: Faults) -> Result<Response, Refusal> {
    let form = Invitation { code: typed.code.clone(), user: typed.user.clone(), faults, cx: visit.cx() };
    Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page(&form)?))
}
