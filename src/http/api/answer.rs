//! Answering with one resource: stored bytes, its version's headers, and what the client prefers.

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::super::routes::Entrance;
use super::super::session::Visit;
use super::request::{prefers, version_of};
use crate::fhir::outcome::{Issue, operation_outcome};
use crate::record::{Stored, Written, WrittenAs};

pub(super) const FHIR_JSON: HeaderValue = HeaderValue::from_static("application/fhir+json; charset=utf-8");

/// The base of absolute addresses at this listener: `https://host/fhir`.
pub(super) fn base(visit: &Visit) -> String {
    let about = &visit.house.about;
    let origin = match visit.entrance {
        Entrance::Portal => about.portal_url.as_deref(),
        _ => about.clinic_url.as_deref(),
    };
    format!("{}/fhir", origin.unwrap_or_default())
}

/// The resource, or 304 when the client has this version.
pub(super) fn resource(stored: &Stored, headers: &HeaderMap) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tag| tag.to_str().ok()).and_then(version_of);
    let mut response = if known == Some(stored.version) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        json(StatusCode::OK, Body::from(stored.json.clone()))
    };
    version_headers(stored, &mut response);
    response
}

/// What became of a create or an update.
pub(super) fn written(written: &Written, headers: &HeaderMap, base: &str) -> Response {
    let stored = &written.stored;
    let status = match written.as_what {
        WrittenAs::Created => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    let body = if prefers(headers, "return=minimal") {
        Body::empty()
    } else if prefers(headers, "return=OperationOutcome") {
        Body::from(operation_outcome(&[Issue::information("It was stored.")]).to_string())
    } else {
        Body::from(stored.json.clone())
    };
    let mut response = json(status, body);
    version_headers(stored, &mut response);
    let location = format!("{base}/{}/{}/_history/{}", stored.kind, stored.id, stored.version);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

pub(super) fn json(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, FHIR_JSON);
    response
}

/// `ETag` and `Last-Modified` (RFC 9110 §8.8).
pub(super) fn version_headers(stored: &Stored, response: &mut Response) {
    let tag = format!("W/\"{}\"", stored.version);
    let modified = stored.updated.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    for (name, value) in [(header::ETAG, tag), (header::LAST_MODIFIED, modified)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}
