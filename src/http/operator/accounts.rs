//! Accounts of staff and programs. Those of patients are not the operator's to see: their names are patient data.

use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::tz::TimeZone;

use super::pages::{AccountRow as Row, AccountState, Accounts, NewAccount, NewAccountForm, OneAccount};
use crate::audit::{self, Action, Filter, Purpose};
use crate::base::{AccountId, Role, Secret};
use crate::http::House;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::said::sentence;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Faults, When, t};
use crate::identity::{AccountKind, AccountRow, FirstPassword, IdentityError, NewAccount as Made, UserName};

/// `GET /box/accounts`
pub async fn list(visit: Visit) -> Result<Response, Refusal> {
    let house = &visit.house;
    let event = visit.event(Action::AccountsRead, Purpose::SysAdmin);
    let _ = house.audit.commit(vec![event]).await?;
    let mut rows = Vec::new();
    for account in house.identity.accounts()?.iter().filter(|account| is_shown(account)) {
        rows.push(row(house, account)?);
    }
    rows.sort_by_key(|row| row.name.to_lowercase());
    page(&Accounts { cx: visit.cx(), rows })
}

/// `GET /box/accounts/new`
pub async fn blank(visit: Visit) -> Result<Response, Refusal> {
    page(&NewAccount { cx: visit.cx(), form: NewAccountForm::default(), faults: Faults::none() })
}

/// `POST /box/accounts/new`
pub async fn add(visit: Visit, Form(form): Form<NewAccountForm>) -> Result<Response, Refusal> {
    let role = form.role.parse::<Role>().ok().filter(|role| role.is_staff());
    let mut faults = Faults::none();
    // All that is missing at once, in the order of the page.
    if form.name.trim().is_empty() {
        faults.add("name", sentence(&IdentityError::BadDisplayName));
    }
    if let Err(error) = UserName::parse(&form.user) {
        faults.add("user", sentence(&error));
    }
    if role.is_none() {
        faults.add("role", t("account-choose-role"));
    }
    let (Some(role), true) = (role, faults.is_empty()) else { return again(&visit, form, faults) };
    let password = visit.house.identity.generate_password();
    let new = Made {
        user_name: form.user.clone(),
        display_name: form.name.clone(),
        kind: AccountKind::Person(role),
        person: None,
        password: FirstPassword::Temporary(password.clone()),
    };
    match visit.house.identity.create_account(new, visit.by()).await {
        Ok(account) => one(&visit, &account, Some(password), None),
        Err(error @ (IdentityError::BadUserName | IdentityError::NameTaken)) => {
            faults.add("user", sentence(&error));
            again(&visit, form, faults)
        }
        Err(error @ IdentityError::BadDisplayName) => {
            faults.add("name", sentence(&error));
            again(&visit, form, faults)
        }
        Err(other) => Err(other.into()),
    }
}

fn again(visit: &Visit, form: NewAccountForm, faults: Faults) -> Result<Response, Refusal> {
    let page = page(&NewAccount { cx: visit.cx(), form, faults })?;
    Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page))
}

/// `GET /box/accounts/{id}`
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let account = find(&visit.house, &id)?;
    let event = visit.event(Action::AccountsRead, Purpose::SysAdmin);
    let _ = visit.house.audit.commit(vec![event]).await?;
    one(&visit, &account, None, None)
}

/// `POST /box/accounts/{id}/reset`
pub async fn reset(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let account = find(&visit.house, &id)?;
    match visit.house.identity.reset_password(account.id, visit.by()).await {
        Ok(password) => one(&visit, &find(&visit.house, &id)?, Some(password), None),
        Err(error) => refused(&visit, &account, error),
    }
}

/// `POST /box/accounts/{id}/end-sessions`
pub async fn end_sessions(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let account = find(&visit.house, &id)?;
    visit.house.identity.end_sessions(account.id, visit.actor.session(), visit.by()).await?;
    Ok(back(&account))
}

/// `POST /box/accounts/{id}/disable`
pub async fn disable(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let account = find(&visit.house, &id)?;
    match visit.house.identity.disable(account.id, visit.by()).await {
        Ok(account) => Ok(back(&account)),
        Err(error) => refused(&visit, &account, error),
    }
}

/// `POST /box/accounts/{id}/enable`
pub async fn enable(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let account = find(&visit.house, &id)?;
    Ok(back(&visit.house.identity.enable(account.id, visit.by()).await?))
}

fn back(account: &AccountRow) -> Response {
    Redirect::to(&format!("/box/accounts/{}", account.id)).into_response()
}

fn refused(visit: &Visit, account: &AccountRow, error: IdentityError) -> Result<Response, Refusal> {
    match error {
        IdentityError::LastOfRole(_) | IdentityError::IsService => {
            let page = one(visit, account, None, Some(sentence(&error)))?;
            Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page))
        }
        other => Err(other.into()),
    }
}

fn is_shown(account: &AccountRow) -> bool {
    account.role().is_none_or(Role::is_staff)
}

fn find(house: &House, id: &str) -> Result<AccountRow, Refusal> {
    let id: AccountId = id.parse().map_err(|_| Refusal::not_found())?;
    house.identity.account(id)?.filter(is_shown).ok_or(Refusal::not_found())
}

fn one(
    visit: &Visit,
    account: &AccountRow,
    password: Option<Secret<String>>,
    fault: Option<String>,
) -> Result<Response, Refusal> {
    let house = &visit.house;
    page(&OneAccount {
        cx: visit.cx(),
        row: row(house, account)?,
        made: When::at(account.created, &house.front.face.zone),
        sessions: house.identity.sessions_of(account)?.len(),
        password,
        fault,
    })
}

fn row(house: &House, account: &AccountRow) -> Result<Row, Refusal> {
    Ok(Row {
        id: account.id.to_string(),
        name: account.display_name.to_string(),
        user: account.user_name.to_string(),
        role: account.role(),
        state: match (account.is_enabled(), account.must_change_password) {
            (false, _) => AccountState::Disabled,
            (true, true) => AccountState::FirstPassword,
            (true, false) => AccountState::Enabled,
        },
        last_used: last_used(house, account, &house.front.face.zone)?,
    })
}

/// The newest thing that the account did, by the access log.
fn last_used(house: &House, account: &AccountRow, zone: &TimeZone) -> Result<Option<When>, Refusal> {
    let filter = Filter { account: Some(account.id), ..Filter::default() };
    let page = audit::entries(&house.store.read()?, &filter, 1)?;
    Ok(page.lines.first().map(|line| When::at(line.entry.time(), zone)))
}
