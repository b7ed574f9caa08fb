//! Batch and transaction (`POST /fhir`, http.html#transaction).
//!
//! A transaction is one transaction of the store with one entry in the chain: its changes in the order that the
//! specification gives, then its reads. A batch does each entry for itself.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;

use super::super::respond::{Refusal, Refused};
use super::super::session::Visit;
use super::{Answer, answer, refusal, request, why};
use crate::audit::Action;
use crate::base::{FhirId, ResourceRef};
use crate::fhir::bundle::{
    Bundle, BundleKind, Entry, Identities, Method, Target, conditional_references, rewrite_references,
};
use crate::fhir::search::{Handling, Query};
use crate::fhir::{Definitions, Issue, IssueCode, Mode, ResourceType};
use crate::record::{Change, Condition, RecordError, Stored, Transaction, Written, WrittenAs};

/// The most entries in one bundle.
const MOST: usize = 5_000;

/// `POST /fhir`.
pub async fn batch_or_transaction(visit: Visit, headers: HeaderMap, body: Bytes) -> Answer {
    let value = request::resource(&headers, &body)?;
    let bundle = Bundle::parse(value).map_err(|issues| invalid(&issues))?;
    if bundle.entries.len() > MOST {
        return Err(Refusal::saying(
            Refused::Unprocessable,
            format!("A bundle may have {MOST} entries; send it in parts. Nothing was changed."),
        ));
    }
    let base = answer::base(&visit);
    match bundle.kind {
        BundleKind::Transaction => transaction(&visit, bundle, &base).await,
        BundleKind::Batch => batch(&visit, bundle, &base).await,
    }
}

async fn transaction(visit: &Visit, bundle: Bundle, base: &str) -> Answer {
    let order = bundle.order();
    let mut results: Vec<Option<String>> = bundle.entries.iter().map(|_| None).collect();
    let mut entries: Vec<Option<Entry>> = bundle.entries.into_iter().map(Some).collect();
    let mut identities = Identities::default();
    let mut ids = Vec::with_capacity(entries.len());
    for entry in entries.iter().flatten() {
        let id = identity(visit, entry)?;
        if let (Some(url), Some(id)) = (&entry.full_url, &id) {
            identities.insert(url.clone(), id.clone());
        }
        ids.push(id);
    }
    let (mut changes, mut places, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    for place in order {
        let Some(mut entry) = entries.get_mut(place).and_then(Option::take) else { continue };
        if matches!(entry.method, Method::Get | Method::Head) {
            reads.push((place, entry));
            continue;
        }
        resolve_conditions(visit, &mut entry, &mut identities)?;
        let id = ids.get(place).cloned().flatten();
        changes.push(change(entry, id, &identities)?);
        places.push(place);
    }
    if !changes.is_empty() {
        let why = why(Action::Transaction, visit);
        let written = visit.house.records.change_all(&visit.actor, why, changes, Transaction::STRICT).await?;
        for (one, place) in written.iter().zip(places) {
            set(&mut results, place, written_entry(one, base));
        }
    }
    for (place, entry) in reads {
        let text = match read(visit, &entry, base).await {
            Ok(text) => text,
            Err(refusal) => outcome_entry(&refusal),
        };
        set(&mut results, place, text);
    }
    Ok(response("transaction-response", results))
}

async fn batch(visit: &Visit, bundle: Bundle, base: &str) -> Answer {
    let mut results: Vec<Option<String>> = bundle.entries.iter().map(|_| None).collect();
    for entry in bundle.entries {
        let place = entry.place;
        let text = match one_of_batch(visit, entry, base).await {
            Ok(text) => text,
            Err(refusal) => outcome_entry(&refusal),
        };
        set(&mut results, place, text);
    }
    Ok(response("batch-response", results))
}

async fn one_of_batch(visit: &Visit, mut entry: Entry, base: &str) -> Result<String, Refusal> {
    if matches!(entry.method, Method::Get | Method::Head) {
        return read(visit, &entry, base).await;
    }
    let action = match entry.method {
        Method::Delete => Action::Delete,
        Method::Post => Action::Create,
        _ => Action::Update,
    };
    let mut identities = Identities::default();
    resolve_conditions(visit, &mut entry, &mut identities)?;
    let id = identity(visit, &entry)?;
    let change = change(entry, id, &identities)?;
    let written = visit.house.records.change(&visit.actor, why(action, visit), change).await?;
    Ok(written_entry(&written, base))
}

/// The resource that an entry will be: what its address names, or a new id for a create.
fn identity(visit: &Visit, entry: &Entry) -> Result<Option<ResourceRef>, Refusal> {
    match (&entry.method, &entry.target) {
        (Method::Post, Target::Type(kind)) => {
            let id = FhirId::new(&visit.house.ambient);
            Ok(ResourceRef::new(kind.name(), &id).ok())
        }
        (_, Target::Instance(reference)) => Ok(Some(reference.clone())),
        _ => Ok(None),
    }
}

fn change(entry: Entry, id: Option<ResourceRef>, identities: &Identities) -> Result<Change, Refusal> {
    if entry.if_none_exist.is_some() {
        return Err(unsupported(&entry, "ifNoneExist", "Conditional create is not supported in a bundle."));
    }
    let Some(id) = id else {
        return Err(unsupported(
            &entry,
            "request.url",
            "The entry must name a type to create, or one resource; conditional changes are not supported.",
        ));
    };
    let kind = ResourceType::parse(id.type_name()).ok_or_else(|| Refusal::new(Refused::NotFound))?;
    let condition = match &entry.if_match {
        None => Condition::None,
        Some(text) => Condition::Version(
            text.parse()
                .map_err(|_| unsupported(&entry, "request.ifMatch", "ifMatch names one version, such as W/\"3\"."))?,
        ),
    };
    match entry.method {
        Method::Delete => Ok(Change::delete(kind, id.id(), condition)),
        Method::Post | Method::Put => {
            let place = entry.expression("resource");
            let mut value = entry.resource.unwrap_or(Value::Null);
            let issues = rewrite_references(&mut value, entry.full_url.as_deref(), identities, Definitions::r4());
            if !issues.is_empty() {
                return Err(invalid(&issues));
            }
            let made = match entry.method {
                Method::Post => Change::create_as(kind, id.id(), value, Mode::Strict),
                _ => Change::put(kind, id.id(), value, condition, Mode::Strict),
            };
            made.map_err(|error| within(error, &place))
        }
        _ => Err(unsupported(&entry, "request.method", "This method is not supported in a bundle.")),
    }
}

/// Looks up conditional references; each must find exactly one resource that the actor may see.
fn resolve_conditions(visit: &Visit, entry: &mut Entry, identities: &mut Identities) -> Result<(), Refusal> {
    let Some(resource) = &mut entry.resource else { return Ok(()) };
    for condition in conditional_references(resource, Definitions::r4()) {
        if identities.get(&condition).is_some() {
            continue;
        }
        let Some((kind, query)) = condition.split_once('?') else { continue };
        let Some(kind) = ResourceType::parse(kind) else { continue };
        let query = Query::parse(kind, query, Handling::Strict, Definitions::r4()).map_err(refusal::of_query)?;
        let found = visit.house.records.resolve_as(&visit.actor, &query)?;
        if let [id] = found.as_slice()
            && let Ok(reference) = ResourceRef::new(kind.name(), id)
        {
            identities.insert(condition, reference);
        }
    }
    Ok(())
}

async fn read(visit: &Visit, entry: &Entry, base: &str) -> Result<String, Refusal> {
    let records = &visit.house.records;
    match &entry.target {
        Target::Instance(reference) => {
            let kind = ResourceType::parse(reference.type_name()).ok_or_else(Refusal::not_found)?;
            let id = reference.id();
            let found =
                records.disclose(&visit.actor, why(Action::Read, visit), |reading| reading.read(kind, &id)).await?;
            Ok(format!(r#"{{"resource":{},"response":{}}}"#, text(&found), response_of("200", &found)))
        }
        Target::Search(kind, query) => search(visit, *kind, query, base).await,
        Target::Type(kind) => search(visit, *kind, "", base).await,
        _ => Err(unsupported(entry, "request.url", "Only a resource or a search can be read in a bundle.")),
    }
}

async fn search(visit: &Visit, kind: ResourceType, query: &str, base: &str) -> Result<String, Refusal> {
    let asked = Query::parse(kind, query, Handling::Strict, Definitions::r4()).map_err(refusal::of_query)?;
    let mut why = why(Action::Search, visit);
    why.detail.search = Some(format!("{kind}?{query}"));
    let page = visit.house.records.disclose(&visit.actor, why, |reading| reading.search(&asked)).await?;
    let bundle = super::searchset::page_text(&page, &asked, base);
    Ok(format!(r#"{{"resource":{bundle},"response":{{"status":"200"}}}}"#))
}

fn written_entry(written: &Written, base: &str) -> String {
    let stored = &written.stored;
    let status = match written.as_what {
        WrittenAs::Created => "201",
        WrittenAs::Deleted | WrittenAs::WasDeleted => return r#"{"response":{"status":"204"}}"#.to_owned(),
        _ => "200",
    };
    let location = format!("{base}/{}/{}/_history/{}", stored.kind, stored.id, stored.version);
    format!(
        r#"{{"fullUrl":"{base}/{}/{}","resource":{},"response":{{"status":"{status}","location":"{location}","etag":"W/\"{}\"","lastModified":"{:.3}"}}}}"#,
        stored.kind,
        stored.id,
        text(stored),
        stored.version,
        stored.updated
    )
}

fn response_of(status: &str, stored: &Stored) -> String {
    format!(r#"{{"status":"{status}","etag":"W/\"{}\"","lastModified":"{:.3}"}}"#, stored.version, stored.updated)
}

fn text(stored: &Stored) -> &str {
    std::str::from_utf8(&stored.json).unwrap_or("null")
}

fn outcome_entry(refusal: &Refusal) -> String {
    let status = refusal.status();
    format!(r#"{{"response":{{"status":"{}","outcome":{}}}}}"#, status.as_u16(), refusal.operation_outcome())
}

fn set(results: &mut [Option<String>], place: usize, text: String) {
    if let Some(slot) = results.get_mut(place) {
        *slot = Some(text);
    }
}

fn response(kind: &str, results: Vec<Option<String>>) -> Response {
    let entries: Vec<String> = results.into_iter().map(|text| text.unwrap_or_else(|| "{}".to_owned())).collect();
    let entries = if entries.is_empty() { String::new() } else { format!(r#","entry":[{}]"#, entries.join(",")) };
    answer::json(StatusCode::OK, Body::from(format!(r#"{{"resourceType":"Bundle","type":"{kind}"{entries}}}"#)))
}

fn invalid(issues: &[Issue]) -> Refusal {
    Refusal::new(Refused::Malformed).with_issues(issues.iter().map(request::issue_of).collect())
}

fn unsupported(entry: &Entry, what: &str, text: &str) -> Refusal {
    invalid(&[Issue::error(IssueCode::NotSupported, entry.expression(what), format!("{text} Nothing was changed."))])
}

/// Issues of a resource in a bundle, with the entry's place before each expression.
fn within(error: RecordError, place: &str) -> Refusal {
    match error {
        RecordError::Invalid(issues) => {
            let issues = issues.into_iter().map(|mut issue| {
                let inner = issue.expression.split_once('.').map_or("", |(_, rest)| rest);
                issue.expression = if inner.is_empty() { place.to_owned() } else { format!("{place}.{inner}") };
                issue
            });
            RecordError::Invalid(issues.collect()).into()
        }
        other => other.into(),
    }
}
