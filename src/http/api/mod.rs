//! FHIR R4 over HTTP (`/fhir`): read, vread, history, search, create, update, delete, batch,
//! transaction, and operations.
//!
//! Every answer is FHIR JSON; every error an `OperationOutcome`. Stored bytes are answered as they are.

mod answer;
mod bundle;
mod capabilities;
mod operations;
mod parameters;
mod refusal;
mod request;
mod searchset;
mod terms;

use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;

use super::respond::{Refusal, Refused};
use super::session::Visit;
use crate::audit::{Action, Detail, Purpose};
use crate::base::FhirId;
use crate::fhir::search::Query;
use crate::fhir::{Definitions, Mode, ResourceType};
use crate::record::{Change, Channel, Why};

pub use bundle::batch_or_transaction;
pub use capabilities::metadata;
pub use operations::{meta, validate_instance, validate_type};
pub use terms::{expand, expand_stored, validate_code, validate_code_stored};

type Answer = Result<Response, Refusal>;

/// `GET /fhir/{kind}/{id}`.
pub async fn read(visit: Visit, Path((kind, id)): Path<(String, String)>, headers: HeaderMap) -> Answer {
    let (kind, id) = (type_of(&kind)?, id_of(&id)?);
    let why = why(Action::Read, &visit);
    let found = visit.house.records.disclose(&visit.actor, why, |reading| reading.read(kind, &id)).await?;
    Ok(answer::resource(&found, &headers))
}

/// `GET /fhir/{kind}/{id}/_history/{version}`.
pub async fn vread(
    visit: Visit,
    Path((kind, id, version)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    let (kind, id) = (type_of(&kind)?, id_of(&id)?);
    let version = version.parse().map_err(|_| Refusal::not_found())?;
    let why = why(Action::VersionRead, &visit);
    let found = visit.house.records.disclose(&visit.actor, why, |reading| reading.version(kind, &id, version)).await?;
    Ok(answer::resource(&found, &headers))
}

/// `GET /fhir/{kind}/{id}/_history`.
pub async fn history(visit: Visit, Path((kind, id)): Path<(String, String)>, uri: Uri) -> Answer {
    let (kind, id) = (type_of(&kind)?, id_of(&id)?);
    let why = why(Action::History, &visit);
    let found = visit.house.records.disclose(&visit.actor, why, |reading| reading.history(kind, &id)).await?;
    Ok(searchset::history(&found, &answer::base(&visit), uri.path()))
}

/// `GET /fhir/{kind}?…`.
pub async fn search(visit: Visit, Path(kind): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Answer {
    run_search(&visit, &kind, &query.unwrap_or_default(), &headers).await
}

/// `POST /fhir/{kind}/_search`: the query in the address and in the form count as one.
pub async fn search_by_form(
    visit: Visit,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    request::must_be_form(&headers)?;
    let form = std::str::from_utf8(&body).map_err(|_| Refusal::new(Refused::Malformed))?;
    let parts: Vec<&str> =
        [query.as_deref().unwrap_or_default(), form].into_iter().filter(|part| !part.is_empty()).collect();
    run_search(&visit, &kind, &parts.join("&"), &headers).await
}

async fn run_search(visit: &Visit, kind: &str, query: &str, headers: &HeaderMap) -> Answer {
    let kind = type_of(kind)?;
    let handling = request::handling(headers);
    let asked = Query::parse(kind, query, handling, Definitions::r4()).map_err(refusal::of_query)?;
    let mut why = why(Action::Search, visit);
    why.detail.search = Some(format!("{kind}?{query}"));
    let page = visit.house.records.disclose(&visit.actor, why, |reading| reading.search(&asked)).await?;
    Ok(searchset::page(&page, &asked, &answer::base(visit)))
}

/// `POST /fhir/{kind}`.
pub async fn create(visit: Visit, Path(kind): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    let kind = type_of(&kind)?;
    if headers.contains_key("if-none-exist") {
        return Err(Refusal::saying(
            Refused::Precondition,
            "Conditional create is not supported here. Search first, then create.",
        ));
    }
    let why = why(Action::Create, &visit);
    let change = match request::resource(&headers, &body).map(|value| Change::create(kind, value, Mode::Strict)) {
        Ok(Ok(change)) => change,
        Ok(Err(error)) => {
            visit.house.records.refused(&visit.actor, &why, &error).await?;
            return Err(error.into());
        }
        Err(refusal) => return Err(refusal),
    };
    let written = visit.house.records.change(&visit.actor, why, change).await?;
    Ok(answer::written(&written, &headers, &answer::base(&visit)))
}

/// `PUT /fhir/{kind}/{id}`.
pub async fn update(visit: Visit, Path((kind, id)): Path<(String, String)>, headers: HeaderMap, body: Bytes) -> Answer {
    let (kind, id) = (type_of(&kind)?, id_of(&id)?);
    let condition = request::if_match(&headers)?;
    let value = request::resource(&headers, &body)?;
    request::must_have_id(&value, &id)?;
    let why = why(Action::Update, &visit);
    let change = match Change::put(kind, id, value, condition, Mode::Strict) {
        Ok(change) => change,
        Err(error) => {
            visit.house.records.refused(&visit.actor, &why, &error).await?;
            return Err(error.into());
        }
    };
    let written = visit.house.records.change(&visit.actor, why, change).await?;
    Ok(answer::written(&written, &headers, &answer::base(&visit)))
}

/// `DELETE /fhir/{kind}/{id}`: 204, also when it was deleted before.
pub async fn delete(visit: Visit, Path((kind, id)): Path<(String, String)>, headers: HeaderMap) -> Answer {
    let (kind, id) = (type_of(&kind)?, id_of(&id)?);
    let condition = request::if_match(&headers)?;
    let why = why(Action::Delete, &visit);
    let written = visit.house.records.change(&visit.actor, why, Change::delete(kind, id, condition)).await?;
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    answer::version_headers(&written.stored, &mut response);
    Ok(response)
}

/// A type that FHIR does not have is an address that is not there.
fn type_of(name: &str) -> Result<ResourceType, Refusal> {
    ResourceType::parse(name).ok_or_else(|| {
        Refusal::saying(
            Refused::NotFound,
            "FHIR R4 has no resource type of this name. Types are written like Observation.",
        )
    })
}

fn id_of(text: &str) -> Result<FhirId, Refusal> {
    FhirId::parse(text).map_err(|_| Refusal::not_found())
}

/// Why an API client asks: treatment, unless a person reads their own.
fn why(action: Action, visit: &Visit) -> Why {
    let own = visit.actor.role().is_some_and(|role| !role.is_staff());
    let agent = visit.user_agent.as_deref().map(str::to_owned);
    Why {
        action,
        purpose: if own { Purpose::PatRqt } else { Purpose::Treat },
        detail: Detail { user_agent: agent, ..Detail::none() },
        channel: Channel::Api,
    }
}
