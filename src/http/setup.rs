//! The wizard of a new box: the setup code, the first three accounts, a look at all of it, done.
//!
//! What was typed between the pages is a draft in memory, found again by a cookie, and gone after half an hour or
//! with a restart. The box itself changes in the last step only, in one transaction: of two browsers that try, one
//! wins, and the other is told that the box is set up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Form;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response as HttpResponse, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use super::open::pages::{FirstAccount, SETUP_FIELDS, SetupAccounts, SetupCheck, SetupCode, SetupDone};
use super::pages::page;
use super::respond::Refusal;
use super::session::Visit;
use super::sign_in::finished;
use super::ui::Faults;
use crate::access::Actor;
use crate::audit::{Action, Detail, Purpose};
use crate::base::{FhirId, ResourceRef, Role, Secret, Timestamp};
use crate::fhir::{Mode, ResourceType};
use crate::identity::{AccountKind, FirstPassword, IdentityError, NewAccount, SetupState};
use crate::record::{Change, Channel, Why};

const COOKIE: &str = "__Host-chartbox-setup";
/// How long a draft is kept, in seconds.
const KEPT: i64 = 1800;
/// More than one or two people never set up one box.
const MOST: usize = 16;

/// Drafts of the wizard, by the secret in the cookie.
#[derive(Default)]
pub struct Drafts(Mutex<HashMap<String, Draft>>);

#[derive(Clone)]
struct Draft {
    code: Secret<String>,
    accounts: Vec<Typed>,
    begun: Timestamp,
}

/// One account as typed.
#[derive(Clone)]
struct Typed {
    role: Role,
    name: String,
    user: String,
    password: Secret<String>,
}

impl Drafts {
    fn with<T>(&self, now: Timestamp, job: impl FnOnce(&mut HashMap<String, Draft>) -> T) -> T {
        let mut drafts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drafts.retain(|_, draft| now.duration_since(draft.begun).as_secs() < KEPT);
        job(&mut drafts)
    }
}

impl Typed {
    fn shown(&self) -> FirstAccount {
        FirstAccount { role: self.role, name: self.name.clone(), user: self.user.clone() }
    }

    fn new_account(&self, person: Option<ResourceRef>) -> NewAccount {
        NewAccount {
            user_name: self.user.clone(),
            display_name: self.name.clone(),
            kind: AccountKind::Person(self.role),
            person,
            password: FirstPassword::Own(self.password.clone()),
        }
    }
}

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
    if let Err(error) = visit.house.identity.check_setup_code(&typed.code, visit.by()).await {
        return refuse_code(&visit, error);
    }
    let now = visit.house.ambient.now();
    let key = data_encoding::HEXLOWER.encode(&visit.house.ambient.bytes::<32>());
    let draft = Draft { code: typed.code, accounts: Vec::new(), begun: now };
    visit.house.drafts.with(now, |drafts| {
        if drafts.len() >= MOST
            && let Some(oldest) = drafts.iter().min_by_key(|(_, draft)| draft.begun).map(|(key, _)| key.clone())
        {
            drafts.remove(&oldest);
        }
        drafts.insert(key.clone(), draft);
    });
    let cookie = format!("{COOKIE}={key}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={KEPT}");
    let cookie = HeaderValue::try_from(cookie).map_err(Refusal::internal)?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/setup/accounts")).into_response())
}

fn refuse_code(visit: &Visit, error: IdentityError) -> Result<Response, Refusal> {
    let status = match &error {
        IdentityError::WrongCode | IdentityError::NoCode => StatusCode::UNPROCESSABLE_ENTITY,
        IdentityError::Wait { .. } => StatusCode::TOO_MANY_REQUESTS,
        IdentityError::AlreadySetUp => StatusCode::CONFLICT,
        _ => return Err(error.into()),
    };
    let page = page(&SetupCode { cx: visit.cx(), fault: Some(sentence(&error)) })?;
    Ok(finished(status, page))
}

/// `GET /setup/accounts`
pub(super) async fn accounts(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    let Some((_, draft)) = draft(&visit, &headers) else { return Ok(Redirect::to("/setup").into_response()) };
    accounts_page(&visit, &draft, Faults::none())
}

fn accounts_page(visit: &Visit, draft: &Draft, faults: Faults) -> Result<Response, Refusal> {
    let accounts = match draft.accounts.as_slice() {
        [] => FirstAccount::empty(),
        typed => typed.iter().map(Typed::shown).collect(),
    };
    page(&SetupAccounts { cx: visit.cx(), zone: zone(visit), accounts, faults })
}

/// `POST /setup/accounts`
pub(super) async fn check_accounts(
    visit: Visit,
    headers: HeaderMap,
    Form(fields): Form<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let Some((key, mut draft)) = draft(&visit, &headers) else { return Ok(Redirect::to("/setup").into_response()) };
    let text = |field: &str| fields.get(field).cloned().unwrap_or_default();
    draft.accounts = SETUP_FIELDS
        .iter()
        .map(|(role, name, user, password)| Typed {
            role: *role,
            name: text(name),
            user: text(user),
            password: Secret::new(text(password)),
        })
        .collect();
    let faults = faults(&visit, &draft.accounts).await?;
    let now = visit.house.ambient.now();
    visit.house.drafts.with(now, |drafts| drafts.insert(key, draft.clone()));
    if faults.is_empty() {
        return Ok(Redirect::to("/setup/check").into_response());
    }
    Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, accounts_page(&visit, &draft, faults)?))
}

/// What is wrong with the three accounts, each at its field.
async fn faults(visit: &Visit, accounts: &[Typed]) -> Result<Faults, Refusal> {
    let mut faults = Faults::none();
    for (at, (typed, (_, name, user, password))) in accounts.iter().zip(SETUP_FIELDS.iter()).enumerate() {
        let twice = accounts.iter().take(at).any(|other| other.user.trim().eq_ignore_ascii_case(typed.user.trim()));
        if twice {
            faults.add(user, sentence(&IdentityError::NameTaken));
        }
        match visit.house.identity.prepare_account(typed.new_account(None)).await {
            Ok(_) => {}
            Err(error @ (IdentityError::BadUserName | IdentityError::NameTaken)) => faults.add(user, sentence(&error)),
            Err(error @ IdentityError::BadDisplayName) => faults.add(name, sentence(&error)),
            Err(error @ (IdentityError::Weak(_) | IdentityError::NoPassword)) => faults.add(password, sentence(&error)),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(faults)
}

/// `GET /setup/check`
pub(super) async fn check(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    match draft(&visit, &headers) {
        Some((_, draft)) if !draft.accounts.is_empty() => {
            let accounts = draft.accounts.iter().map(Typed::shown).collect();
            page(&SetupCheck { cx: visit.cx(), zone: zone(&visit), accounts })
        }
        _ => Ok(Redirect::to("/setup/accounts").into_response()),
    }
}

/// `POST /setup/check`: makes the accounts, and the clinician's Practitioner.
pub(super) async fn make(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    let Some((key, draft)) = draft(&visit, &headers) else { return Ok(Redirect::to("/setup").into_response()) };
    let practitioner = FhirId::new(&visit.house.ambient);
    let reference = ResourceRef::new(ResourceType::Practitioner.name(), &practitioner).map_err(Refusal::internal)?;
    let person = |typed: &Typed| (typed.role == Role::Clinician).then(|| reference.clone());
    let accounts: Vec<NewAccount> = draft.accounts.iter().map(|typed| typed.new_account(person(typed))).collect();
    let Ok(accounts) = <[NewAccount; 3]>::try_from(accounts) else {
        return Ok(Redirect::to("/setup/accounts").into_response());
    };
    let made = visit.house.identity.complete_setup(&draft.code, accounts, visit.by()).await;
    if let Err(error) = made {
        return refuse_code(&visit, error);
    }
    visit.house.drafts.with(visit.house.ambient.now(), |drafts| drafts.remove(&key));
    if let Some(clinician) = draft.accounts.iter().find(|typed| typed.role == Role::Clinician) {
        write_practitioner(&visit, practitioner, &clinician.name).await?;
    }
    let accounts = draft.accounts.iter().map(Typed::shown).collect();
    let welcome = visit.house.about.welcome_url.clone().unwrap_or_default();
    let mut response: HttpResponse<_> = page(&SetupDone { cx: visit.cx(), accounts, welcome })?;
    let gone = format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::try_from(gone).map_err(Refusal::internal)?);
    Ok(response)
}

async fn write_practitioner(visit: &Visit, id: FhirId, name: &str) -> Result<(), Refusal> {
    let value = json!({
        "resourceType": "Practitioner", "id": id.as_str(), "active": true, "name": [{ "text": name.trim() }],
    });
    let change = Change::create_as(ResourceType::Practitioner, id, value, Mode::Strict).map_err(Refusal::internal)?;
    let why = Why {
        action: Action::Create,
        purpose: Purpose::SysAdmin,
        detail: Detail::note("the first clinician, made at the setup"),
        channel: Channel::Screen,
    };
    visit.house.records.change(&Actor::system("setup"), why, change).await.map(drop).map_err(Refusal::internal)
}

fn draft(visit: &Visit, headers: &HeaderMap) -> Option<(String, Draft)> {
    let key = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then(|| value.to_owned()))?;
    let found = visit.house.drafts.with(visit.house.ambient.now(), |drafts| drafts.get(&key).cloned());
    found.map(|draft| (key, draft))
}

fn zone(visit: &Visit) -> String {
    visit.house.front.face.zone.iana_name().unwrap_or("UTC").to_owned()
}

/// As the page shows it: with a capital letter and a full stop.
fn sentence(error: &IdentityError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}
