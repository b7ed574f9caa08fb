//! Answering: stored bytes, their version's headers, and what the client prefers.

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::super::routes::Entrance;
use super::super::session::Visit;
use super::look::{Look, Seen};
use super::request::{joined, prefers, version_of};
use crate::fhir::outcome::{Issue, operation_outcome};
use crate::record::{Stored, Written, WrittenAs};

pub(super) const FHIR_JSON: HeaderValue = HeaderValue::from_static("application/fhir+json; charset=utf-8");

/// About how many headers an answer has.
const HEADERS: usize = 12;

/// The base of absolute addresses at this listener: `https://host/fhir`.
pub(super) fn base(visit: &Visit) -> String {
    let about = &visit.house.about;
    let origin = match visit.entrance {
        Entrance::Portal => about.portal_url.as_deref(),
        _ => about.clinic_url.as_deref(),
    };
    format!("{}/fhir", origin.unwrap_or_default())
}

/// What a look found; 304 for one resource that the client has already.
pub(super) fn seen(look: &Look, seen: &Seen, headers: &HeaderMap, base: &str) -> Response {
    let Seen::One(stored) = seen else {
        return json(StatusCode::OK, Body::from(look.body(seen, base)));
    };
    let mut response = if is_known(stored, headers) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        json(StatusCode::OK, Body::from(look.body(seen, base)))
    };
    version_headers(stored, &mut response);
    response
}

/// Whether the client has this version: by its tag, or else by its time (RFC 9110 §13.2.2).
pub(super) fn is_known(stored: &Stored, headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match joined(headers, &header::IF_NONE_MATCH) {
        Some(tags) => has_tag(&tags, stored.version),
        None => text(header::IF_MODIFIED_SINCE).and_then(http_date).is_some_and(|since| {
            // HTTP's times have whole seconds.
            stored.updated.as_second() <= since
        }),
    }
}

/// Whether one of the tags is that of this version.
pub(super) fn has_tag(tags: &str, version: u32) -> bool {
    tags.split(',').any(|tag| tag.trim() == "*" || version_of(tag) == Some(version))
}

/// Seconds since 1970 of `Tue, 03 Mar 2026 09:00:00 GMT`.
pub(super) fn http_date(text: &str) -> Option<i64> {
    let time = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(time.timestamp().as_second())
}

/// What became of a change.
pub(super) fn written(written: &Written, headers: &HeaderMap, base: &str) -> Response {
    let (Some(stored), false) =
        (&written.stored, matches!(written.as_what, WrittenAs::Deleted | WrittenAs::WasDeleted))
    else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        if let Some(stored) = &written.stored {
            version_headers(stored, &mut response);
        }
        return response;
    };
    let status = match written.as_what {
        WrittenAs::Created => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    let body = if prefers(headers, "return=minimal") {
        Body::empty()
    } else if prefers(headers, "return=OperationOutcome") {
        Body::from(operation_outcome(&[Issue::information(said(written.as_what))]).to_string())
    } else {
        Body::from(stored.json.clone())
    };
    let mut response = json(status, body);
    version_headers(stored, &mut response);
    if let Ok(location) = HeaderValue::from_str(&location(stored, base)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// What became of a change, in words.
pub(super) const fn said(as_what: WrittenAs) -> &'static str {
    match as_what {
        WrittenAs::Created => "It was stored.",
        WrittenAs::Matched => "There is one already. Nothing was stored.",
        WrittenAs::Deleted => "It was deleted.",
        WrittenAs::WasDeleted => "It was deleted before. Nothing was changed.",
        WrittenAs::NothingFound => "There was nothing to delete.",
        WrittenAs::Updated | WrittenAs::Unchanged => "It was stored as a new version.",
    }
}

pub(super) fn location(stored: &Stored, base: &str) -> String {
    format!("{base}/{}/{}/_history/{}", stored.kind, stored.id, stored.version)
}

pub(super) fn json(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    // With room for those of every answer.
    response.headers_mut().reserve(HEADERS);
    response.headers_mut().insert(header::CONTENT_TYPE, FHIR_JSON);
    response
}

/// `ETag` and `Last-Modified` (RFC 9110 §8.8).
pub(super) fn version_headers(stored: &Stored, response: &mut Response) {
    let tag = Some(format!("W/\"{}\"", stored.version));
    let modified = DateTimePrinter::new().timestamp_to_rfc9110_string(&stored.updated).ok();
    for (name, value) in [(header::ETAG, tag), (header::LAST_MODIFIED, modified)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_times_are_compared_as_http_does() {
        assert!(has_tag("W/\"3\"", 3) && has_tag("\"1\", W/\"3\"", 3) && has_tag("*", 3));
        assert!(!has_tag("W/\"2\"", 3) && !has_tag("3", 3));
        assert_eq!(http_date("Tue, 03 Mar 2026 09:00:00 GMT"), Some(1_772_528_400));
        assert_eq!(http_date("yesterday"), None);
        let stored = Stored {
            kind: crate::fhir::ResourceType::Patient,
            id: crate::base::FhirId::parse("p").unwrap(),
            version: 3,
            updated: crate::base::Timestamp::from_millisecond(1_772_528_400_999).unwrap(),
            json: bytes::Bytes::new(),
        };
        let mut response = Response::new(Body::empty());
        version_headers(&stored, &mut response);
        let said = |name: header::HeaderName| response.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!(said(header::ETAG), "W/\"3\"");
        assert_eq!(said(header::LAST_MODIFIED), "Tue, 03 Mar 2026 09:00:00 GMT");
    }
}
