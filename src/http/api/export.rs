//! `$export` over HTTP (HL7 FHIR Bulk Data Access 2.0.0): the kick-off, the status, the files, the end.
//!
//! Files are streamed: each chunk's entry is on disk before its first byte, and the token and the policy are asked anew for
//! each, so that an export whose token is revoked breaks off. A file that breaks off ends without its end, so that no
//! client takes it for whole.

use axum::body::Body;
use axum::extract::{Path, RawQuery};
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::super::respond::{Refusal, Refused};
use super::super::session::{self, Credential, Visit};
use super::look::{id_of, named_types, type_of};
use super::parameters::Asked as Given;
use super::{Answer, answer, everything, noted, refusal, request, why};
use crate::access::Actor;
use crate::audit::Action;
use crate::base::{FhirId, ResourceRef};
use crate::care::export::{Asked, Export, ExportError, Level, State, filter};
use crate::fhir::meta::instant;
use crate::fhir::search::pairs;
use crate::fhir::shape::Shape;
use crate::fhir::{IssueCode, ResourceType};
use crate::record::{ExportChunk, ExportDeleted, ExportPlace};

/// The one form of files.
const NDJSON: HeaderValue = HeaderValue::from_static("application/fhir+ndjson");

/// `GET` and `POST /fhir/$export`.
pub async fn system(visit: Visit, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Answer {
    kick_off(&visit, Ok(Level::System), "$export", query.as_deref(), &headers, &body).await
}

/// `GET` and `POST /fhir/Patient/$export`.
pub async fn patients(
    visit: Visit,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let level = match type_of(&kind)? {
        ResourceType::Patient => Ok(Level::Patients),
        _ => Err(Refusal::not_found()),
    };
    kick_off(&visit, level, "Patient/$export", query.as_deref(), &headers, &body).await
}

/// `GET` and `POST /fhir/Group/{id}/$export`.
pub async fn group(
    visit: Visit,
    Path((kind, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let level = match type_of(&kind)? {
        ResourceType::Group => id_of(&id).map(Level::Group),
        _ => Err(Refusal::not_found()),
    };
    let path = format!("Group/{id}/$export");
    kick_off(&visit, level, &path, query.as_deref(), &headers, &body).await
}

async fn kick_off(
    visit: &Visit,
    level: Result<Level, Refusal>,
    path: &str,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Answer {
    let base = answer::base(visit);
    let query = query.unwrap_or_default();
    let asked = level.and_then(|level| {
        let request = if query.is_empty() { format!("{base}/{path}") } else { format!("{base}/{path}?{query}") };
        read(level, &request, query, headers, body)
    });
    let asked = noted(visit, &why(Action::Export, visit), asked).await?;
    let scopes = token(visit, headers)?.map(|(_, scopes)| scopes).unwrap_or_default();
    let id = visit.house.exports.start(&visit.actor, visit.by(), &scopes, asked).await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    put(&mut response, header::CONTENT_LOCATION, &format!("{base}/$export-status/{id}"));
    Ok(response)
}

fn read(level: Level, request: &str, query: &str, headers: &HeaderMap, body: &[u8]) -> Result<Asked, Refusal> {
    if !request::prefers(headers, "respond-async") {
        return Err(wrong("An export is answered later: send “Prefer: respond-async”."));
    }
    let lenient = request::prefers(headers, "handling=lenient");
    let mut asked = Asked {
        request: request.into(),
        level,
        patients: Vec::new(),
        kinds: Vec::new(),
        since: None,
        filters: Vec::new(),
        elements: Vec::new(),
    };
    let sent = request::sent(headers, body)?;
    let given = Given::of(pairs(query).map_err(|error| refusal::of_query(&error))?, sent)?;
    for (name, value) in given.into_pairs() {
        match (name.as_str(), &value) {
            ("patient", Value::Object(reference)) => {
                let reference = reference.get("reference").and_then(Value::as_str).unwrap_or_default();
                let id = reference.split_once("/_history/").map_or(reference, |(of, _)| of).strip_prefix("Patient/");
                let id = id.and_then(|id| FhirId::parse(id).ok());
                asked.patients.push(id.ok_or_else(|| wrong("“patient” is a reference such as Patient/1."))?);
            }
            ("_outputFormat", Value::String(format)) => {
                let format = format.replace(' ', "+");
                if !matches!(format.as_str(), "application/fhir+ndjson" | "application/ndjson" | "ndjson") {
                    return Err(wrong("Exports are NDJSON: _outputFormat is application/fhir+ndjson."));
                }
            }
            ("_since", Value::String(since)) => asked.since = Some(everything::instant(since)?),
            ("_type", Value::String(kinds)) => {
                let mut text = "_type=".to_owned();
                crate::fhir::search::encode(kinds, &mut text);
                for kind in named_types(&text)?.unwrap_or_default() {
                    if kind == ResourceType::AuditEvent {
                        return Err(wrong("The access log is not exported with records. Search AuditEvent instead."));
                    }
                    if !asked.kinds.contains(&kind) {
                        asked.kinds.push(kind);
                    }
                }
            }
            ("_typeFilter", Value::String(all)) => asked.filters.extend(filters(all)?),
            ("_elements", Value::String(names)) => {
                asked.elements.extend(names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Into::into));
            }
            ("_format" | "_pretty", _) => {}
            _ if lenient => {}
            _ => {
                return Err(wrong(
                    "An export is asked for by _outputFormat, _since, _type, _typeFilter, _elements and, in a POST, patient. \
                     Send “Prefer: handling=lenient” to leave others out.",
                ));
            }
        }
    }
    if matches!(asked.level, Level::System) && !asked.patients.is_empty() {
        return Err(wrong("“patient” narrows an export of patients or of a group. Ask for Patient/$export."));
    }
    let known = asked.all_kinds();
    if !asked.kinds.iter().all(|kind| known.contains(kind)) && !lenient {
        return Err(wrong("_type names a type that is in no patient's compartment. Ask for it with /fhir/$export."));
    }
    if !asked.filters.iter().all(|(kind, _)| known.contains(kind)) {
        return Err(wrong("_typeFilter names a type that _type leaves out."));
    }
    Ok(asked)
}

/// `Type?search`, several with commas between them. A comma may stand in a search, too: the next one begins with a type.
fn filters(text: &str) -> Result<Vec<(ResourceType, Box<str>)>, Refusal> {
    let mut parts: Vec<String> = Vec::new();
    for piece in text.split(',') {
        let begins = piece.split_once('?').is_some_and(|(kind, _)| ResourceType::parse(kind.trim()).is_some());
        match parts.last_mut() {
            Some(last) if !begins => {
                last.push(',');
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    let one = |part: &String| {
        let whole = part.split_once('?').and_then(|(kind, query)| Some((ResourceType::parse(kind.trim())?, query)));
        let (kind, query) = whole.ok_or_else(|| wrong("_typeFilter is a search such as Observation?code=1234-5."))?;
        filter(kind, query)?;
        Ok((kind, query.into()))
    };
    parts.iter().map(one).collect()
}

/// `GET /fhir/$export-status/{job}`: 202 while there is something to do, then the manifest.
pub async fn status(visit: Visit, Path(job): Path<String>) -> Answer {
    let id = id_of(&job)?;
    let account = visit.actor.account().ok_or(Refusal::new(Refused::NotSignedIn))?;
    let exports = &visit.house.exports;
    let export = exports.status(account, &id).await?;
    if let State::Failed = export.state {
        let text =
            "The export could not be made. Ask the operator whether this account may still read, then ask again.";
        return Err(Refusal::saying(Refused::Unprocessable, text));
    }
    let progress = match &export.state {
        State::Waiting => Some("waiting for the health administrator's approval".to_owned()),
        State::Counting(progress) => {
            let all = export.asked.all_kinds().len().max(1);
            Some(format!("{} % counted", progress.done as usize * 100 / all))
        }
        _ => None,
    };
    if let Some(progress) = progress {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::ACCEPTED;
        put(&mut response, header::HeaderName::from_static("x-progress"), &progress);
        put(&mut response, header::RETRY_AFTER, &export.retry_after().to_string());
        return Ok(response);
    }
    let files = exports.files(visit.by(), &id).await?;
    let deleted = exports.any_deleted(&visit.actor, &visit.by(), &id, &export).await?;
    let mut manifest = manifest(&visit, &id, &export, &files);
    if deleted {
        let url = format!("{}/$export-file/{id}/deleted-1.ndjson", answer::base(&visit));
        if let Some(members) = manifest.as_object_mut() {
            members.insert("deleted".to_owned(), json!([{ "type": "Bundle", "url": url }]));
        }
    }
    let mut response = answer::json(StatusCode::OK, Body::from(manifest.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let ends = export.ends.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    put(&mut response, header::EXPIRES, &ends);
    Ok(response)
}

fn manifest(visit: &Visit, id: &FhirId, export: &Export, files: &[(ResourceType, u32, u64)]) -> Value {
    let base = answer::base(visit);
    let file = |(kind, number, count): &(ResourceType, u32, u64)| json!({ "type": kind.name(), "url": format!("{base}/$export-file/{id}/{kind}-{number}.ndjson"), "count": count });
    json!({
        "transactionTime": instant(export.at),
        "request": export.asked.request,
        "requiresAccessToken": true,
        "output": files.iter().map(file).collect::<Vec<_>>(),
        "error": [],
    })
}

/// `DELETE /fhir/$export-status/{job}`.
pub async fn end(visit: Visit, Path(job): Path<String>) -> Answer {
    visit.house.exports.end(visit.by(), &id_of(&job)?).await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// `GET /fhir/$export-file/{job}/{Type}-{number}.ndjson`, and `deleted-1.ndjson`.
pub async fn file(visit: Visit, Path((job, name)): Path<(String, String)>, headers: HeaderMap) -> Answer {
    let id = id_of(&job)?;
    let named = name.strip_suffix(".ndjson").and_then(|name| name.split_once('-'));
    let named = named.and_then(|named| match named {
        ("deleted", "1") => Some(Named::Deleted),
        (kind, number) => Some(Named::File(ResourceType::parse(kind)?, number.parse().ok()?)),
    });
    let named = named.ok_or_else(Refusal::not_found)?;
    let account = visit.actor.account().ok_or(Refusal::new(Refused::NotSignedIn))?;
    let export = visit.house.exports.status(account, &id).await?;
    let elements = export.asked.elements.iter().map(ToString::to_string).collect::<Vec<_>>();
    let shape = if elements.is_empty() { Shape::Whole } else { Shape::Elements(elements) };
    let fetching = Fetching { visit, headers, id, named, shape };
    let memory = fetching.visit.house.unread.stream(&fetching.visit.actor)?;
    // The first piece before the answer begins: a refusal has its own status.
    let first = fetching.piece(None).await?;
    let mut response = Response::new(Body::from_stream(pieces(fetching, first)));
    memory.map(|memory| response.extensions_mut().insert(memory));
    response.headers_mut().insert(header::CONTENT_TYPE, NDJSON);
    Ok(response)
}

/// One file being fetched.
struct Fetching {
    visit: Visit,
    headers: HeaderMap,
    id: FhirId,
    named: Named,
    shape: Shape,
}

/// Which file.
#[derive(Debug, Clone, Copy)]
enum Named {
    File(ResourceType, u32),
    /// What was deleted.
    Deleted,
}

impl Fetching {
    /// One chunk as NDJSON, asked for as whoever the token is now; and where the next one begins.
    async fn piece(&self, from: Option<ExportPlace>) -> Result<(Bytes, Option<ExportPlace>), Refusal> {
        let Some((actor, _)) = token(&self.visit, &self.headers)? else {
            return Err(Refusal::new(Refused::NotSignedIn));
        };
        let (exports, by) = (self.visit.house.exports.clone(), self.visit.by());
        let (id, named, shape) = (self.id.clone(), self.named, self.shape.clone());
        let read = move || {
            Ok::<_, ExportError>(match named {
                Named::File(kind, number) => {
                    let found = exports.chunk(&actor, &by, &id, kind, number, from.as_ref())?;
                    lines(found.into_inner(), &shape)
                }
                Named::Deleted => deletions(exports.deleted(&actor, &by, &id, from.as_ref())?.into_inner()),
            })
        };
        let read = tokio::task::spawn_blocking(read).await;
        Ok(read.map_err(|_| Refusal::internal("reading a chunk of an export panicked"))??)
    }
}

fn lines(chunk: ExportChunk, shape: &Shape) -> (Bytes, Option<ExportPlace>) {
    let mut out = Vec::new();
    for stored in chunk.found {
        match shape.part(stored.kind, &stored.json) {
            Some(part) => out.extend_from_slice(&part),
            None => out.extend_from_slice(&stored.json),
        }
        out.push(b'\n');
    }
    (out.into(), chunk.next)
}

/// One transaction Bundle for a chunk, as the standard has them told of; a client may carry it out.
fn deletions(chunk: ExportDeleted) -> (Bytes, Option<ExportPlace>) {
    if chunk.found.is_empty() {
        return (Bytes::new(), chunk.next);
    }
    let one = |gone: &ResourceRef| json!({ "request": { "method": "DELETE", "url": gone.as_str() } });
    let entries: Vec<Value> = chunk.found.iter().map(one).collect();
    let mut line = json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries }).to_string();
    line.push('\n');
    (line.into(), chunk.next)
}

fn pieces(
    fetching: Fetching,
    (first, next): (Bytes, Option<ExportPlace>),
) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    let rest = stream::unfold((fetching, next), |(fetching, next)| async move {
        let from = next?;
        match fetching.piece(Some(from)).await {
            Ok((piece, next)) => Some((Ok(piece), (fetching, next))),
            // The connection ends before the body does.
            Err(refusal) => Some((Err(std::io::Error::other(refusal.sentence().to_owned())), (fetching, None))),
        }
    });
    // What compresses asks again after the end.
    stream::once(std::future::ready(Ok(first))).chain(rest).fuse()
}

/// Who the request's bearer token is now, with its scopes; `None` for whoever came by a session.
#[allow(clippy::type_complexity)] // an actor and the scopes of its token
fn token(visit: &Visit, headers: &HeaderMap) -> Result<Option<(Actor, Vec<Box<str>>)>, Refusal> {
    let Credential::Bearer(secret) = session::bearer(headers) else { return Ok(None) };
    let house = &visit.house;
    let found = house.identity.token(&house.store.read()?, secret.expose())?;
    let (row, account) = found.ok_or(Refusal::new(Refused::NotSignedIn))?;
    let actor = Actor::from_token(&account, &row.scopes, visit.listener(), visit.origin());
    Ok(Some((actor, row.scopes)))
}

impl From<ExportError> for Refusal {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::NotFound => Self::not_found(),
            ExportError::TooMany => Self::saying(
                Refused::Throttled { seconds: 60 },
                "Too many exports of this account are not finished yet. Wait for them, or end one.",
            ),
            ExportError::TooSoon { seconds } => Self::saying(
                Refused::Throttled { seconds },
                "The status is asked for too often. Wait as long as Retry-After says.",
            ),
            ExportError::Refused => {
                Self::saying(Refused::Never, "The clinic's health administrator did not approve this export.")
            }
            ExportError::NotReady => refusal::coded(
                Refused::NotFound,
                IssueCode::NotFound,
                "The export is not ready. Ask for its status until it is.".into(),
            ),
            ExportError::Record(error) => error.into(),
        }
    }
}

fn put(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn wrong(what: &'static str) -> Refusal {
    Refusal::saying(Refused::Malformed, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(level: Level, query: &str, prefer: &'static str) -> Result<Asked, Refusal> {
        let headers =
            HeaderMap::from_iter([(header::HeaderName::from_static("prefer"), HeaderValue::from_static(prefer))]);
        read(level, "https://box/fhir/$export", query, &headers, b"")
    }

    #[test]
    fn what_is_asked_is_read_and_what_is_not_understood_is_refused() {
        let all = "_outputFormat=application/fhir%2Bndjson&_since=2026-01-01T00:00:00Z&_type=Patient,Observation\
            &_typeFilter=Observation%3Fcode%3Da,b,Observation%3Fstatus%3Dfinal&_elements=id,code";
        let asked_all = asked(Level::Patients, all, "respond-async").unwrap();
        assert_eq!(asked_all.kinds, [ResourceType::Patient, ResourceType::Observation]);
        let filters: Vec<&str> = asked_all.filters.iter().map(|(_, text)| &**text).collect();
        assert_eq!(filters, ["code=a,b", "status=final"]);
        assert_eq!(asked_all.elements, ["id".into(), "code".into()] as [Box<str>; 2]);
        for bad in [
            "_outputFormat=csv",
            "_since=today",
            "_type=Nothing",
            "_type=AuditEvent",
            "_type=ValueSet",
            "_typeFilter=Observation",
            "_typeFilter=Observation%3Fcolour%3Dred",
            "_typeFilter=Observation%3Fsubject.name%3Dx",
            "_typeFilter=Observation%3F_include%3D*",
            "_type=Patient&_typeFilter=Observation%3Fstatus%3Dfinal",
            "includeAssociatedData=LatestProvenanceResources",
        ] {
            assert!(asked(Level::Patients, bad, "respond-async").is_err(), "{bad}");
        }
        assert!(asked(Level::System, "", "return=minimal").is_err());
        let left_out = asked(Level::System, "includeAssociatedData=x", "respond-async, handling=lenient");
        assert!(left_out.is_ok());
    }
}
