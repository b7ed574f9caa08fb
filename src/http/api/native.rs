//! A file as itself: a Binary read in its own type, and sent as its bytes (binary.html#rest).
//!
//! It is handed out to be kept, never as a page of this box: whatever its type, a browser runs nothing of it.

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::kept_file::SANDBOX;
use super::super::respond::{Refusal, Refused};
use super::answer::version_headers;
use super::negotiate::{accepts_json, name_of, takes_all, wanted};
use super::request::{is_fhir_json, media_type};
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::record::Stored;

/// Put into the extensions of a request that takes no JSON: only a file can answer it. So with an answer that is one.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Native;

/// A resource under whose rules the file stands, beside its bytes.
pub(super) const SECURITY_CONTEXT: HeaderName = HeaderName::from_static("x-security-context");

/// Whether a file may answer this.
pub(super) fn may_answer(method: &Method, path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let of_file = parts.next() == Some("fhir") && parts.next() == Some(ResourceType::Binary.name());
    let is_one = parts.next().is_some_and(|id| !id.starts_with(['_', '$']));
    // It, or one of its versions.
    let is_whole = matches!((parts.next(), parts.next(), parts.next()), (None, ..) | (Some("_history"), Some(_), None));
    of_file && is_one && is_whole && matches!(*method, Method::GET | Method::HEAD)
}

/// The file, if it is of a type that the request takes; `None` where the request takes the resource instead.
pub(super) fn file(stored: &Stored, headers: &HeaderMap) -> Result<Option<Response>, Refusal> {
    let damaged = || Refusal::internal("a stored file does not read");
    let binary: Value = serde_json::from_slice(&stored.json).map_err(|_| damaged())?;
    let text = |at: &str| binary.pointer(at).and_then(Value::as_str).unwrap_or_default();
    let kind = text("/contentType");
    if !takes(headers, kind) {
        if accepts_json(headers) {
            return Ok(None);
        }
        return Err(Refusal::saying(
            Refused::NotAcceptable,
            "This file is of another type than the request takes. Ask for its own, or for application/fhir+json.",
        ));
    }
    let bytes = STANDARD.decode(text("/data")).map_err(|_| damaged())?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = StatusCode::OK;
    let mut put = |name: HeaderName, value: HeaderValue| drop(response.headers_mut().insert(name, value));
    let kind = HeaderValue::from_str(kind).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    put(header::CONTENT_TYPE, kind);
    put(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    put(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    if let Some(context) = Some(text("/securityContext/reference")).filter(|text| !text.is_empty())
        && let Ok(value) = HeaderValue::from_str(context)
    {
        put(SECURITY_CONTEXT, value);
    }
    version_headers(stored, &mut response);
    response.extensions_mut().insert(Native);
    Ok(Some(response))
}

/// Whether a type is among those that `Accept` names.
fn takes(headers: &HeaderMap, kind: &str) -> bool {
    let essence = name_of(kind);
    let top = essence.split('/').next().unwrap_or_default();
    let is_it = |range: &str| {
        let name = name_of(range);
        name == essence || name.strip_suffix("/*") == Some(top)
    };
    takes_all(headers) || wanted(headers).any(is_it)
}

/// A file sent as its bytes, as the Binary that it becomes; `None` where a resource was sent as JSON.
pub(super) fn sent(
    kind: ResourceType,
    id: Option<&FhirId>,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<Result<Value, Refusal>> {
    if kind != ResourceType::Binary {
        return None;
    }
    let media = match media_type(headers) {
        Ok(None) => return None,
        Ok(Some(media)) if is_fhir_json(&media) => return None,
        // A Binary in another form of FHIR, and no file.
        Ok(Some(media)) if media.starts_with("application/fhir+") || media == "application/xml+fhir" => {
            return Some(Err(Refusal::new(Refused::MediaType)));
        }
        Ok(Some(_)) => headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default(),
        Err(refusal) => return Some(Err(refusal)),
    };
    let mut binary = json!({"resourceType": "Binary", "contentType": media, "data": STANDARD.encode(body)});
    if let (Some(id), Some(members)) = (id, binary.as_object_mut()) {
        members.insert("id".to_owned(), id.as_str().into());
    }
    if let (Some(context), Some(members)) = (headers.get(SECURITY_CONTEXT), binary.as_object_mut()) {
        let Ok(reference) = context.to_str() else {
            let text = "X-Security-Context is a reference, such as Patient/1. Nothing was changed.";
            return Some(Err(Refusal::saying(Refused::Malformed, text)));
        };
        members.insert("securityContext".to_owned(), json!({ "reference": reference }));
    }
    Some(Ok(binary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_answers_by_its_own_type_and_nothing_else_does() {
        for (method, path, may) in [
            (Method::GET, "/fhir/Binary/1", true),
            (Method::HEAD, "/fhir/Binary/1/_history/2", true),
            (Method::POST, "/fhir/Binary/1", false),
            (Method::GET, "/fhir/Binary", false),
            (Method::GET, "/fhir/Binary/_history", false),
            (Method::GET, "/fhir/Binary/1/_history", false),
            (Method::GET, "/fhir/Binary/1/$meta", false),
            (Method::GET, "/fhir/Patient/1", false),
        ] {
            assert_eq!(may_answer(&method, path), may, "{method} {path}");
        }
        let of = |accept: &'static str, kind: &str| {
            takes(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]), kind)
        };
        assert!(of("image/*, text/plain;q=0.5", "Text/Plain; charset=utf-8") && of("image/*", "image/png"));
        assert!(!of("image/*", "text/plain") && !of("text/plain", "text/html"));
    }
}
