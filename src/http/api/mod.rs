//! FHIR R4 over HTTP (`/fhir`): the interactions of http.html, on every resource type, and operations.
//!
//! Every answer is FHIR JSON; every error an `OperationOutcome`, but for what never gets here (`server::READ_HEAD`). Stored bytes are answered as they are. Whatever somebody
//! who is known asks leaves an entry in the access log, also what could not be understood.

mod answer;
mod bundle;
mod capabilities;
mod everything;
pub mod export;
mod last_n;
mod look;
mod native;
mod negotiate;
mod operation;
mod operations;
mod parameters;
mod refusal;
mod request;
mod searchset;
mod summary;
mod terms;

use axum::extract::{Extension, Path, RawQuery};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;

use super::respond::{Refusal, Refused};
use super::session::Visit;
use crate::audit::{Action, Detail, Outcome, Purpose};
use crate::base::{FhirId, Role};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Body, Change, Channel, Disclosed, Which, Why, through};
use look::{Look, Manner, Seen, id_of, type_of};

pub use bundle::batch_or_transaction;
pub use capabilities::{Statements, metadata};
pub(super) use negotiate::{NotCompressed, negotiate};
pub use operation::{of_instance as operation_of_instance, of_type as operation_of_type};

type Answer = Result<Response, Refusal>;

/// Every GET below `/fhir`: read, vread, history and search.
pub async fn look(visit: Visit, uri: Uri, native: Option<Extension<native::Native>>, headers: HeaderMap) -> Answer {
    let path = uri.path().strip_prefix("/fhir").unwrap_or_default();
    let manner = Manner::of(&visit, &headers);
    let look = Look::parse(path, uri.query().unwrap_or_default(), &manner);
    let (look, seen) = seen(&visit, look).await?;
    let file = match (&*seen, native) {
        (Seen::One(file), Some(_)) if !answer::is_known(file, &headers) => native::file(file, &headers)?,
        _ => None,
    };
    Ok(file.unwrap_or_else(|| answer::seen(&look, &seen, &headers, &manner.base)))
}

/// `POST /fhir/{kind}/_search`: the query in the address and in the form count as one.
pub async fn search_by_form(
    visit: Visit,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    by_form(&visit, &kind, query.as_deref(), &headers, &body).await
}

/// `POST /fhir/_search`.
pub async fn search_all_by_form(visit: Visit, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Answer {
    by_form(&visit, "", query.as_deref(), &headers, &body).await
}

/// `POST /fhir/Patient/{id}/{inner}/_search`, `inner` a type or `*`.
pub async fn search_compartment_by_form(
    visit: Visit,
    Path((kind, id, inner)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    by_form(&visit, &format!("{kind}/{id}/{inner}"), query.as_deref(), &headers, &body).await
}

/// `POST` of an operation that only looks, `POST /fhir/Patient/{id}/$everything`: the query in the address and the
/// parameters in the body count as one.
pub async fn look_by_parameters(visit: Visit, uri: Uri, headers: HeaderMap, body: Bytes) -> Answer {
    let path = uri.path().strip_prefix("/fhir").unwrap_or_default();
    let manner = Manner::of(&visit, &headers);
    let look = parameters::as_query(uri.query().unwrap_or_default(), &headers, &body);
    let look = look.and_then(|query| Look::parse(path, &query, &manner));
    answered(&visit, look, &headers, &manner).await
}

/// Of an address that is none: where it would ask for an operation, that this one is not offered.
pub fn nothing_at(path: &str) -> Refusal {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        ["fhir", _, _, "_history", _, operation] if operation.starts_with('$') => look::no_operation_of_a_version(),
        ["fhir", .., operation] if operation.starts_with('$') => look::no_operation(),
        _ => Refusal::not_found(),
    }
}

async fn by_form(visit: &Visit, path: &str, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Answer {
    let manner = Manner::of(visit, headers);
    let look = request::must_be_form(headers).and_then(|()| {
        let form = std::str::from_utf8(body).map_err(|_| Refusal::new(Refused::Malformed))?;
        let parts = [query.unwrap_or_default(), form.trim()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Look::parse(path, &parts.join("&"), &manner)
    });
    answered(visit, look, headers, &manner).await
}

async fn answered(visit: &Visit, look: Result<Look, Refusal>, headers: &HeaderMap, manner: &Manner) -> Answer {
    let (look, seen) = seen(visit, look).await?;
    Ok(answer::seen(&look, &seen, headers, &manner.base))
}

/// Looks, and writes it down.
async fn seen(visit: &Visit, look: Result<Look, Refusal>) -> Result<(Look, Disclosed<Seen>), Refusal> {
    let action = look.as_ref().map_or(Action::Read, Look::action);
    let mut why = why(action, visit);
    let look = noted(visit, &why, look).await?;
    why.detail.search = look.text();
    if action == Action::AuditRead && visit.actor.role() == Some(Role::HealthAdmin) {
        why.purpose = Purpose::HComplAcctPrv;
    }
    let seen = visit.house.records.disclose_soon(&visit.actor, why, |reading| look.run(reading)).await?;
    Ok((look, seen))
}

/// `POST /fhir/{kind}`, with `If-None-Exist` only if a search finds none. Some clients put that search into the address,
/// where it means nothing by the standard: to pass it over would make a second one.
pub async fn create(
    visit: Visit,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let prepared = || {
        let kind = is_written(type_of(&kind)?)?;
        let manner = Manner::of(&visit, &headers);
        let in_address = query.as_deref().map(|query| manner.condition(kind, query)).transpose()?;
        let in_address = in_address.filter(|query| !query.filters.is_empty());
        let unless = match request::if_none_exist(&headers, kind)? {
            Some(text) => Some(manner.condition(kind, text)?),
            None => in_address,
        };
        let value = sent(&visit, kind, None, &headers, &body)?;
        Ok(Change::post(kind, None, Body::new(kind, value, Mode::Strict)?, unless))
    };
    changed(&visit, Action::Create, through(body.len(), prepared), &headers).await
}

/// `PUT /fhir/{kind}/{id}`.
pub async fn update(visit: Visit, Path((kind, id)): Path<(String, String)>, headers: HeaderMap, body: Bytes) -> Answer {
    let prepared = || {
        let (kind, id) = (is_written(type_of(&kind)?)?, request::id_to_store(&id)?);
        let condition = request::condition(&headers)?;
        let value = sent(&visit, kind, Some(&id), &headers, &body)?;
        request::must_have_id(&value, &id)?;
        Ok(Change::store(kind, Which::Id(id), Body::new(kind, value, Mode::Strict)?, condition))
    };
    changed(&visit, Action::Update, through(body.len(), prepared), &headers).await
}

/// `PUT /fhir/{kind}?search`.
pub async fn update_found(
    visit: Visit,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let prepared = || {
        let kind = is_written(type_of(&kind)?)?;
        let which = found(&visit, kind, query.as_deref(), &headers)?;
        let condition = request::condition(&headers)?;
        let value: Value = request::to_store(&visit, &headers, &body)?;
        Ok(Change::store(kind, which, Body::new(kind, value, Mode::Strict)?, condition))
    };
    changed(&visit, Action::Update, through(body.len(), prepared), &headers).await
}

/// `PATCH /fhir/{kind}/{id}`.
pub async fn patch(visit: Visit, Path((kind, id)): Path<(String, String)>, headers: HeaderMap, body: Bytes) -> Answer {
    let prepared = || {
        let (kind, id) = (is_written(type_of(&kind)?)?, id_of(&id)?);
        let condition = request::condition(&headers)?;
        Ok(Change::patch(kind, Which::Id(id), request::patch(&visit, &headers, &body)?, condition))
    };
    changed(&visit, Action::Patch, through(body.len(), prepared), &headers).await
}

/// `PATCH /fhir/{kind}?search`.
pub async fn patch_found(
    visit: Visit,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let prepared = || {
        let kind = is_written(type_of(&kind)?)?;
        let which = found(&visit, kind, query.as_deref(), &headers)?;
        let condition = request::condition(&headers)?;
        Ok(Change::patch(kind, which, request::patch(&visit, &headers, &body)?, condition))
    };
    changed(&visit, Action::Patch, through(body.len(), prepared), &headers).await
}

/// `DELETE /fhir/{kind}/{id}`: 204, also when it was deleted before.
pub async fn delete(visit: Visit, Path((kind, id)): Path<(String, String)>, headers: HeaderMap) -> Answer {
    let prepared = || Ok(Change::delete(is_written(type_of(&kind)?)?, id_of(&id)?, request::condition(&headers)?));
    changed(&visit, Action::Delete, prepared(), &headers).await
}

/// `DELETE /fhir/{kind}?search`: 204, also when nothing is found.
pub async fn delete_found(
    visit: Visit,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let prepared = || {
        let kind = is_written(type_of(&kind)?)?;
        let which = found(&visit, kind, query.as_deref(), &headers)?;
        Ok(Change::remove(kind, which, request::condition(&headers)?))
    };
    changed(&visit, Action::Delete, prepared(), &headers).await
}

/// What is to be stored under this id, if there is one: a resource, or a file as its bytes.
fn sent(
    visit: &Visit,
    kind: ResourceType,
    id: Option<&FhirId>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, Refusal> {
    let Some(file) = native::sent(kind, id, headers, body) else { return request::to_store(visit, headers, body) };
    let mut file = file?;
    if let Some(context) = headers.get(native::SECURITY_CONTEXT) {
        request::make_own(visit, &mut file, context.as_bytes());
    }
    Ok(file)
}

/// The one that the address searches for.
fn found(visit: &Visit, kind: ResourceType, query: Option<&str>, headers: &HeaderMap) -> Result<Which, Refusal> {
    let query = Manner::of(visit, headers).condition(kind, query.unwrap_or_default())?;
    Ok(Which::Found(Box::new(query)))
}

async fn changed(visit: &Visit, action: Action, change: Result<Change, Refusal>, headers: &HeaderMap) -> Answer {
    let why = why(action, visit);
    let change = noted(visit, &why, change).await?;
    let written = visit.house.records.change(&visit.actor, why, change).await?;
    Ok(answer::written(&written, headers, &answer::base(visit)))
}

/// What could not be understood, or is nobody's to do, is written down before it is answered.
async fn noted<T>(visit: &Visit, why: &Why, result: Result<T, Refusal>) -> Result<T, Refusal> {
    if let Err(refusal) = &result {
        let outcome = if refusal.kind == Refused::Never { Outcome::Denied } else { Outcome::Failed };
        visit.house.records.not_done(&visit.actor, why, outcome).await?;
    }
    result
}

/// What the box alone writes, or nobody stores, is refused before anybody looks at what was sent.
fn is_written(kind: ResourceType) -> Result<ResourceType, Refusal> {
    match kind {
        ResourceType::AuditEvent => {
            Err(Refusal::saying(Refused::Never, "The access log is written by the box alone. Nothing was changed."))
        }
        kind if kind.is_only_sent() => Err(refusal::not_stored(kind)),
        kind => Ok(kind),
    }
}

/// Why an API client asks: as on the screens, by who they are. Another program asks for treatment.
fn why(action: Action, visit: &Visit) -> Why {
    let agent = visit.user_agent.as_deref().map(str::to_owned);
    Why {
        action,
        purpose: purpose_of(visit.actor.role()),
        detail: Detail { user_agent: agent, ..Detail::none() },
        channel: Channel::Api,
    }
}

const fn purpose_of(role: Option<Role>) -> Purpose {
    match role {
        Some(Role::Patient) => Purpose::PatRqt,
        Some(Role::Proxy) => Purpose::PwAtrny,
        Some(Role::Reception) => Purpose::PatAdmin,
        Some(Role::HealthAdmin) => Purpose::HComplAcctPrv,
        Some(Role::Operator) => Purpose::SysAdmin,
        Some(Role::Clinician | Role::Nurse) | None => Purpose::Treat,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_that_is_none_is_said_to_be_none_wherever_it_is_asked() {
        let of_a_version = look::no_operation_of_a_version();
        for path in ["/fhir/Patient/1/_history/1/$meta", "/fhir/Patient/1/_history/1/$meta-add"] {
            assert_eq!(nothing_at(path).sentence(), of_a_version.sentence(), "{path}");
        }
        let none = look::no_operation();
        assert_eq!(nothing_at("/fhir/Patient/1/2/3/$foo").sentence(), none.sentence());
        for name in ["$validate", "$foo"] {
            assert_eq!(type_of(name).map_err(|refusal| refusal.sentence().to_owned()), Err(none.sentence().to_owned()));
        }
        for path in ["/fhir/Patient/1/2/3", "/fhir", "/", "/my/$meta"] {
            assert_eq!(nothing_at(path).sentence(), Refusal::not_found().sentence(), "{path}");
        }
    }

    #[test]
    fn why_somebody_asks_is_said_as_on_the_screens() {
        assert_eq!(purpose_of(Some(Role::Patient)), Purpose::PatRqt);
        assert_eq!(purpose_of(Some(Role::Proxy)), Purpose::PwAtrny, "not the patient's own wish");
        assert_eq!(purpose_of(Some(Role::HealthAdmin)), Purpose::HComplAcctPrv, "no care");
        assert_eq!(purpose_of(Some(Role::Reception)), Purpose::PatAdmin);
        for care in [Some(Role::Clinician), Some(Role::Nurse), None] {
            assert_eq!(purpose_of(care), Purpose::Treat);
        }
    }
}
