//! The wizard of a new box: the setup code, the first three accounts, a look at all of it, done.
//!
//! What was typed between the pages is a draft in the store, found again by a cookie, and gone after half an hour; a
//! restart does not lose it. The box itself changes in the last step only, in one transaction: of two browsers that
//! try, one wins, and the other is told that the box is set up.

use std::collections::HashMap;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response as HttpResponse, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use zeroize::Zeroizing;

use super::keys::KeysRefusal;
use super::open::pages::{FirstAccount, SETUP_FIELDS, SetupAccounts, SetupCheck, SetupCode, SetupDone};
use super::operator::key_pages::WORD_FIELDS;
use super::operator::keys::wrong_words;
use super::pages::page;
use super::respond::Refusal;
use super::said::{said, sentence};
use super::session::Visit;
use super::sign_in::finished;
use super::ui::Faults;
use crate::base::Secret;
use crate::care::setup::{self, SetupError};
use crate::identity::{
    AccountKind, DRAFT_KEPT, DraftAccount, DraftFaults, FirstPassword, IdentityError, NewAccount, SetupState,
};

const COOKIE: &str = "__Host-chartbox-setup";

/// `GET /setup`
pub(super) async fn code(visit: Visit) -> Result<Response, Refusal> {
    match visit.house.identity.setup_state()? {
        SetupState::Waiting => page(&SetupCode { cx: visit.cx(), fault: None }),
        // A box without a code, a demo say, was made with its accounts.
        _ => Ok(Redirect::to("/sign-in").into_response()),
    }
}

#[derive(serde::Deserialize)]
pub(super) struct TypedCode {
    code: Secret<String>,
}

/// `POST /setup`
pub(super) async fn check_code(visit: Visit, Form(typed): Form<TypedCode>) -> Result<Response, Refusal> {
    match visit.house.identity.begin_setup(&typed.code, visit.by()).await {
        Ok(draft) => {
            let kept = DRAFT_KEPT.as_secs();
            let cookie =
                cookie(&format!("{}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={kept}", draft.expose()))?;
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/setup/accounts")).into_response())
        }
        Err(error) => refuse_code(&visit, error),
    }
}

fn refuse_code(visit: &Visit, error: IdentityError) -> Result<Response, Refusal> {
    let status = match &error {
        IdentityError::WrongCode | IdentityError::NoCode => StatusCode::UNPROCESSABLE_ENTITY,
        IdentityError::Wait { .. } => StatusCode::TOO_MANY_REQUESTS,
        IdentityError::AlreadySetUp => StatusCode::CONFLICT,
        _ => return Err(error.into()),
    };
    let page = page(&SetupCode { cx: visit.cx(), fault: Some(said(&error, visit)) })?;
    Ok(finished(status, page))
}

/// `GET /setup/accounts`
pub(super) async fn accounts(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    match draft(&visit, &headers)? {
        Some((_, accounts)) => accounts_page(&visit, &accounts, Faults::none()),
        None => Ok(Redirect::to("/setup").into_response()),
    }
}

fn accounts_page(visit: &Visit, accounts: &[DraftAccount], faults: Faults) -> Result<Response, Refusal> {
    let accounts = if accounts.is_empty() { FirstAccount::empty() } else { shown(accounts) };
    page(&SetupAccounts { cx: visit.cx(), zone: zone(visit), accounts, faults })
}

/// `POST /setup/accounts`
pub(super) async fn check_accounts(
    visit: Visit,
    headers: HeaderMap,
    Form(fields): Form<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let Some(secret) = secret(&headers) else { return Ok(Redirect::to("/setup").into_response()) };
    let text = |field: &str| fields.get(field).cloned().unwrap_or_default();
    let accounts = SETUP_FIELDS.map(|(role, name, user, password)| NewAccount {
        user_name: text(user),
        display_name: text(name),
        kind: AccountKind::Person(role),
        person: None,
        password: FirstPassword::Own(Secret::new(text(password))),
    });
    let faults = match visit.house.identity.fill_setup_draft(&secret, accounts).await {
        Ok(faults) if faults.is_empty() => return Ok(Redirect::to("/setup/check").into_response()),
        Ok(faults) => at_their_fields(&faults),
        Err(IdentityError::NoDraft) => return Ok(Redirect::to("/setup").into_response()),
        Err(other) => return Err(other.into()),
    };
    let accounts = draft(&visit, &headers)?.map(|(_, accounts)| accounts).unwrap_or_default();
    Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, accounts_page(&visit, &accounts, faults)?))
}

fn at_their_fields(wrong: &DraftFaults) -> Faults {
    let mut faults = Faults::none();
    for (at, error) in wrong {
        let Some((_, name, user, password)) = SETUP_FIELDS.get(*at) else { continue };
        let field = match error {
            IdentityError::BadUserName | IdentityError::NameTaken => user,
            IdentityError::BadDisplayName => name,
            _ => password,
        };
        faults.add(field, sentence(error));
    }
    faults
}

/// `GET /setup/check`
pub(super) async fn check(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    match draft(&visit, &headers)? {
        Some((_, accounts)) if !accounts.is_empty() => check_page(&visit, &accounts, Faults::none()),
        _ => Ok(Redirect::to("/setup/accounts").into_response()),
    }
}

fn check_page(visit: &Visit, accounts: &[DraftAccount], faults: Faults) -> Result<Response, Refusal> {
    let facts = visit.house.keys.facts()?;
    let asked = facts.unproven_sheet().map(|(_, asked)| asked.to_vec()).unwrap_or_default();
    page(&SetupCheck { cx: visit.cx(), zone: zone(visit), accounts: shown(accounts), asked, faults })
}

/// Takes the words of the recovery sheet, where any were typed: answers with what is wrong with them.
async fn sheet_words(visit: &Visit, typed: &HashMap<String, Secret<String>>) -> Result<Faults, Refusal> {
    let facts = visit.house.keys.facts()?;
    let Some((slot, asked)) = facts.unproven_sheet() else { return Ok(Faults::none()) };
    let word = |field: &&str| Zeroizing::new(typed.get(*field).map_or("", |word| word.expose().trim()).to_owned());
    let words: Vec<Zeroizing<String>> = WORD_FIELDS.iter().take(asked.len()).map(word).collect();
    if words.iter().all(|word| word.is_empty()) {
        // Later, then: the health of the box goes on asking.
        return Ok(Faults::none());
    }
    match visit.house.keys.confirm(slot, words, visit.by()).await {
        Ok(_) => Ok(Faults::none()),
        Err(KeysRefusal::WrongWords(wrong)) => Ok(wrong_words(asked, &wrong)),
        Err(KeysRefusal::Audit(error)) => Err(error.into()),
        Err(other) => Err(Refusal::internal(other)),
    }
}

/// `POST /setup/check`: makes the accounts, and the clinician's Practitioner. A form without words, or none at all, says
/// nothing of the recovery sheet.
pub(super) async fn make(
    visit: Visit,
    headers: HeaderMap,
    typed: Result<Form<HashMap<String, Secret<String>>>, FormRejection>,
) -> Result<Response, Refusal> {
    let Some((secret, accounts)) = draft(&visit, &headers)? else { return without_draft(&visit, &headers) };
    let faults = sheet_words(&visit, &typed.map(|Form(typed)| typed).unwrap_or_default()).await?;
    if !faults.is_empty() {
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, check_page(&visit, &accounts, faults)?));
    }
    match setup::complete(&visit.house.records, &visit.house.identity, &secret, visit.by()).await {
        Ok(_) => {}
        Err(SetupError::Identity(IdentityError::NoDraft)) => return without_draft(&visit, &headers),
        Err(SetupError::Identity(error)) => return refuse_code(&visit, error),
        Err(SetupError::Record(error)) => return Err(error.into()),
        Err(SetupError::Audit(error)) => return Err(error.into()),
    }
    let welcome = visit.house.about.welcome_url.clone().unwrap_or_default();
    let mut response: HttpResponse<_> = page(&SetupDone {
        cx: visit.cx(),
        accounts: shown(&accounts),
        welcome,
        sheet_waits: visit.house.keys.facts()?.unproven_sheet().is_some(),
    })?;
    let gone = cookie("; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")?;
    response.headers_mut().insert(header::SET_COOKIE, gone);
    Ok(response)
}

/// The answer to whoever has no draft any more, perhaps since a moment ago.
fn without_draft(visit: &Visit, headers: &HeaderMap) -> Result<Response, Refusal> {
    match visit.house.identity.setup_state()? {
        // Another browser was quicker, and ended this one's draft.
        SetupState::Done if secret(headers).is_some() => refuse_code(visit, IdentityError::AlreadySetUp),
        _ => Ok(Redirect::to("/setup").into_response()),
    }
}

fn cookie(value: &str) -> Result<HeaderValue, Refusal> {
    let mut cookie = HeaderValue::try_from(format!("{COOKIE}={value}")).map_err(Refusal::internal)?;
    cookie.set_sensitive(true);
    Ok(cookie)
}

fn secret(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then(|| value.to_owned()))
}

/// The secret of this browser's draft, and the accounts in it.
fn draft(visit: &Visit, headers: &HeaderMap) -> Result<Option<(String, Vec<DraftAccount>)>, Refusal> {
    let Some(secret) = secret(headers) else { return Ok(None) };
    let accounts = visit.house.identity.setup_draft(&secret)?;
    Ok(accounts.map(|accounts| (secret, accounts)))
}

fn shown(accounts: &[DraftAccount]) -> Vec<FirstAccount> {
    let one = |typed: &DraftAccount| FirstAccount {
        role: typed.role,
        name: typed.name.to_string(),
        user: typed.user.to_string(),
    };
    accounts.iter().map(one).collect()
}

fn zone(visit: &Visit) -> String {
    visit.house.front.face.zone.iana_name().unwrap_or("UTC").to_owned()
}
