//! Signing in and out, and where each begins.

use axum::Form;
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::forms::ours;
use super::gate::CHOOSE;
use super::open::pages::{self, SignInRefusal, SignedOutWhy};
use super::pages::page;
use super::respond::{Finished, Refusal, Refused};
use super::routes::Entrance;
use super::said::full_minute;
use super::session::{self, Credential, Visit};
use super::ui::{Cx, start_of, t};
use crate::base::{Role, Secret};
use crate::identity::{IdentityError, SetupState, SignIn};

/// `GET /`: where somebody's work begins; for nobody, the sign-in, or the setup of a new box.
pub(super) async fn start(visit: Visit) -> Result<Redirect, Refusal> {
    if let Some(role) = visit.actor.role() {
        return Ok(Redirect::to(start_of(role)));
    }
    let waits = visit.house.identity.setup_state()? == SetupState::Waiting;
    let new = waits && visit.entrance == Entrance::Clinic;
    Ok(Redirect::to(if new { "/setup" } else { "/sign-in" }))
}

#[derive(Deserialize)]
pub(super) struct Next {
    next: Option<String>,
    /// What was made just before: an account, with a code.
    made: Option<String>,
}

/// `GET /sign-in`
pub(super) async fn form(visit: Visit, Query(Next { next, made }): Query<Next>) -> Result<Response, Refusal> {
    match visit.actor.role() {
        Some(role) => Ok(Redirect::to(&after(next, role)).into_response()),
        None => page(&pages::SignIn {
            cx: Cx { done: made.map(|_| t("proxy-invitation-made").to_string()), ..visit.cx() },
            user: String::new(),
            refused: None,
            next: next.filter(|next| ours(next)),
            late: None,
        }),
    }
}

#[derive(Deserialize)]
pub(super) struct Typed {
    user: String,
    password: Secret<String>,
    next: Option<String>,
}

/// `POST /sign-in`
pub(super) async fn sign_in(visit: Visit, headers: HeaderMap, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let before = match session::cookie(&headers, visit.entrance) {
        Credential::Cookie(secret) => Some(secret),
        _ => None,
    };
    let attempt = SignIn {
        user_name: typed.user.clone(),
        password: typed.password,
        listener: visit.listener(),
        origin: visit.origin(),
        user_agent: visit.user_agent.clone(),
        replaces: before,
    };
    let refused = match visit.house.identity.sign_in(attempt).await {
        Ok(signed_in) => {
            let place = match signed_in.account.role() {
                Some(role) if signed_in.session.state.assurance().is_some() => {
                    // Who was signed out in the middle of a form goes on there.
                    let (read, now) = (visit.house.store.read()?, visit.house.ambient.now());
                    let begun = crate::care::forms::last_kept(&read, signed_in.account.id, now)?;
                    let begun = begun.map(|begun| match crate::care::forms::draft_parts(&begun) {
                        (None, _) => begun,
                        (Some(_), _) => CHOOSE.to_owned(),
                    });
                    after(typed.next.filter(|next| ours(next)).or(begun), role)
                }
                _ => "/new-password".to_owned(),
            };
            let cookie = session::set_cookie(visit.entrance, signed_in.secret.expose());
            return Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&place)).into_response());
        }
        Err(IdentityError::NotRight) => SignInRefusal::DoNotMatch { tries_left: None, wait_minutes: 0 },
        Err(IdentityError::Wait { until }) => {
            SignInRefusal::Wait { until: full_minute(until, &visit.house.front.face.zone) }
        }
        Err(other) => return Err(other.into()),
    };
    let status = match refused {
        SignInRefusal::Wait { .. } => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNAUTHORIZED,
    };
    let next = typed.next.filter(|next| ours(next));
    let page = page(&pages::SignIn { cx: visit.cx(), user: typed.user, refused: Some(refused), next, late: None })?;
    Ok(finished(status, page))
}

/// `POST /sign-out`
pub(super) async fn sign_out(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    if let Credential::Cookie(secret) = session::cookie(&headers, visit.entrance) {
        visit.house.identity.sign_out(secret.expose(), visit.by()).await?;
    }
    let cookie = session::clear_cookie(visit.entrance);
    // What the browser kept of this box, a summary for without a network above all (W3C Clear Site Data).
    let clear = HeaderValue::from_static("\"storage\"");
    let clear = (HeaderName::from_static("clear-site-data"), clear);
    Ok(([(header::SET_COOKIE, cookie), clear], Redirect::to("/signed-out")).into_response())
}

#[derive(Deserialize)]
pub(super) struct Why {
    why: Option<String>,
}

/// `GET /signed-out`
pub(super) async fn signed_out(visit: Visit, Query(Why { why }): Query<Why>) -> Result<Response, Refusal> {
    let about = &visit.house.about;
    let why = why_of(why.as_deref(), about.staff_idle_minutes, about.patient_idle_minutes);
    page(&pages::SignedOut { cx: visit.cx(), why })
}

fn why_of(why: Option<&str>, staff: u32, patient: u32) -> SignedOutWhy {
    match why {
        Some("idle-own") => SignedOutWhy::Idle { minutes: patient },
        Some("idle") => SignedOutWhy::Idle { minutes: staff },
        Some("ended") => SignedOutWhy::Ended,
        _ => SignedOutWhy::Asked,
    }
}

/// An answer with an error's status that has its body.
pub(super) fn finished(status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    response.extensions_mut().insert(Finished);
    response
}

fn after(next: Option<String>, role: Role) -> String {
    next.filter(|next| ours(next)).unwrap_or_else(|| start_of(role).to_owned())
}

/// For a form that cannot be read.
impl From<axum::extract::rejection::FormRejection> for Refusal {
    fn from(_: axum::extract::rejection::FormRejection) -> Self {
        Self::new(Refused::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_signed_out_without_use_reads_their_own_minutes() {
        let minutes = |why| why_of(Some(why), 5, 20);
        assert_eq!(minutes("idle"), SignedOutWhy::Idle { minutes: 5 });
        assert_eq!(minutes("idle-own"), SignedOutWhy::Idle { minutes: 20 });
    }

    #[test]
    fn after_signing_in_one_stays_on_this_box() {
        let go = |next: &str| after(Some(next.to_owned()), Role::Clinician);
        assert_eq!(go("/patients?q=a"), "/patients?q=a");
        for other in
            ["", "https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "/a\nb", "patients"]
        {
            assert_eq!(go(other), "/today", "{other}");
        }
    }
}
