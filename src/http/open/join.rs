//! `/join`: somebody who was invited makes their own account, with the printed code and their birth date.
//!
//! The code is a secret: it never stands in an address. A QR code carries it behind the `#`, which no browser sends.

use axum::Form;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::join_pages::{Join, JoinChoose};
use crate::base::Secret;
use crate::care::register;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::said::{full_minute, password_words};
use crate::http::session::{self, Credential, Visit};
use crate::http::sign_in::finished;
use crate::http::ui::{Faults, t};
use crate::identity::{Chosen, IdentityError, Shown, SignIn};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    code: String,
    born: String,
}

/// The longest code that is looked at.
const LONGEST: usize = 100;

impl Typed {
    /// What was typed, if it can be a code and a birth date at all.
    fn shown(&self, visit: &Visit) -> Result<Shown, Faults> {
        let mut faults = Faults::none();
        if self.code.trim().is_empty() || self.code.len() > LONGEST {
            faults.add("code", t("join-code-missing"));
        }
        let born = register::read_born(&self.born, visit.today());
        match born {
            Ok(born) if faults.is_empty() => {
                Ok(Shown { code: Secret::new(self.code.clone()), born, origin: visit.origin() })
            }
            Ok(_) => Err(faults),
            Err(_) => {
                faults.add("born", t("join-born-unread"));
                Err(faults)
            }
        }
    }
}

/// `GET /join`
pub(in crate::http) async fn form(visit: Visit) -> Result<Response, Refusal> {
    page(&Join { cx: visit.cx(), code: String::new(), born: String::new(), faults: Faults::none() })
}

fn again(visit: &Visit, typed: &Typed, faults: Faults, status: StatusCode) -> Result<Response, Refusal> {
    let page = page(&Join { cx: visit.cx(), code: typed.code.clone(), born: typed.born.clone(), faults })?;
    Ok(finished(status, page))
}

/// The first form again, with why.
fn refused(visit: &Visit, typed: &Typed, error: IdentityError) -> Result<Response, Refusal> {
    let mut faults = Faults::none();
    let status = match &error {
        IdentityError::WrongInvitation => {
            faults.add("code", t("join-wrong"));
            StatusCode::UNPROCESSABLE_ENTITY
        }
        IdentityError::InvitationEnded => {
            faults.add("code", t("join-ended"));
            StatusCode::UNPROCESSABLE_ENTITY
        }
        IdentityError::Wait { until } => {
            let clock = full_minute(*until, &visit.house.front.face.zone).clock().unwrap_or_default();
            faults.add("code", t("join-wait").with("time", clock).to_string());
            StatusCode::TOO_MANY_REQUESTS
        }
        _ => return Err(error.into()),
    };
    again(visit, typed, faults, status)
}

/// `POST /join`: code and birth date.
pub(in crate::http) async fn check(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let shown = match typed.shown(&visit) {
        Ok(shown) => shown,
        Err(faults) => return again(&visit, &typed, faults, StatusCode::UNPROCESSABLE_ENTITY),
    };
    match visit.house.identity.check_invitation(&shown).await {
        Ok(_) => page(&JoinChoose {
            cx: visit.cx(),
            code: typed.code,
            born: typed.born,
            user: String::new(),
            faults: Faults::none(),
        }),
        Err(error) => refused(&visit, &typed, error),
    }
}

#[derive(Deserialize)]
pub(in crate::http) struct ChosenTyped {
    code: String,
    born: String,
    user: String,
    password: Secret<String>,
    again: Secret<String>,
}

/// `POST /join/account`: a name and a password; then they are in.
pub(in crate::http) async fn make(
    visit: Visit,
    headers: HeaderMap,
    Form(typed): Form<ChosenTyped>,
) -> Result<Response, Refusal> {
    let first = Typed { code: typed.code.clone(), born: typed.born.clone() };
    let shown = match first.shown(&visit) {
        Ok(shown) => shown,
        Err(faults) => return again(&visit, &first, faults, StatusCode::UNPROCESSABLE_ENTITY),
    };
    let mut faults = Faults::none();
    if typed.password.expose() != typed.again.expose() {
        faults.add("again", t("join-again-differs"));
    } else {
        let chosen = Chosen { user_name: typed.user.clone(), password: typed.password.clone() };
        match visit.house.identity.accept_invitation(&shown, chosen).await {
            Ok(_) => return signed_in(&visit, &headers, typed).await,
            Err(IdentityError::BadUserName) => faults.add("user", t("join-user-bad")),
            Err(IdentityError::NameTaken) => faults.add("user", t("join-user-taken")),
            Err(IdentityError::Weak(weak)) => faults.add("password", password_words(&weak)),
            Err(IdentityError::Password(_)) => faults.add("password", t("join-password-bad")),
            Err(error) => return refused(&visit, &first, error),
        }
    }
    let page = JoinChoose { cx: visit.cx(), code: typed.code, born: typed.born, user: typed.user, faults };
    Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, self::page(&page)?))
}

/// With the password that was just chosen the session begins as any other does.
async fn signed_in(visit: &Visit, headers: &HeaderMap, typed: ChosenTyped) -> Result<Response, Refusal> {
    let before = match session::cookie(headers, visit.entrance) {
        Credential::Cookie(secret) => Some(secret),
        _ => None,
    };
    let attempt = SignIn {
        user_name: typed.user,
        password: typed.password,
        listener: visit.listener(),
        origin: visit.origin(),
        user_agent: visit.user_agent.clone(),
        replaces: before,
    };
    match visit.house.identity.sign_in(attempt).await {
        Ok(signed_in) => {
            let cookie = session::set_cookie(visit.entrance, signed_in.secret.expose());
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/my")).into_response())
        }
        Err(_) => Ok(Redirect::to("/sign-in").into_response()),
    }
}
