//! In which form an answer is wanted: JSON or nothing (406), pretty or as stored, compressed or not.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

use super::super::respond::{Refusal, Refused};
use super::super::session::Visit;
use super::native;
use crate::fhir::search::pairs;

/// Put into the extensions of an answer that must not be compressed. A FHIR answer holds what a request asked for beside
/// what is stored; where a browser sends its session along by itself, their common length would tell of it (BREACH). A
/// bearer token no other site can make a client send.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct NotCompressed;

/// Stands between the gate and the handler of every FHIR route.
pub(in crate::http) async fn negotiate(request: Request, handler: impl AsyncFnOnce(Request) -> Response) -> Response {
    let mut query = request
        .uri()
        .query()
        .filter(|query| may_ask(query))
        .map_or_else(Vec::new, |query| pairs(query).unwrap_or_default());
    let mut request = match with_form(request, &mut query).await {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    let asked = |name: &str| query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    // A file of an export is NDJSON, whatever else the client takes: it was asked for by its address.
    let is_file = request.uri().path().starts_with("/fhir/$export-file/");
    let acceptable = match asked("_format").filter(|format| !format.is_empty()) {
        Some(format) => is_json(format),
        // A file answers as itself where nothing of FHIR is named, or something else is wanted more.
        None if native::may_answer(request.method(), request.uri().path()) && !prefers_json(request.headers()) => {
            request.extensions_mut().insert(native::Native);
            true
        }
        None => is_file || accepts_json(request.headers()),
    };
    if !acceptable {
        return Refusal::saying(
            Refused::NotAcceptable,
            "The box speaks FHIR R4 as JSON alone. Ask for application/fhir+json.",
        )
        .into_response();
    }
    let pretty = asked("_pretty") == Some("true") && !is_file;
    // Whatever else a request carries: no browser's session asks.
    let by_token =
        request.extensions().get::<Visit>().is_some_and(|visit| visit.account.is_some() && visit.session.is_none());
    let mut response = handler(request).await;
    // A file is handed out byte for byte.
    if pretty && response.extensions().get::<native::Native>().is_none() {
        response = prettily(response).await;
    }
    if !by_token {
        response.extensions_mut().insert(NotCompressed);
    }
    response
}

/// Whether a query may ask for a form of the answer: most ask for none, and their parameters are read later.
fn may_ask(query: &str) -> bool {
    ["_format", "_pretty", "%"].iter().any(|sign| query.contains(sign))
}

/// A search by POST has its parameters in the body, these among them.
async fn with_form(request: Request, query: &mut Vec<(String, String)>) -> Result<Request, Refusal> {
    if *request.method() != Method::POST || !request.uri().path().ends_with("/_search") {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    // The gate has bounded it.
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| {
        let text = "The search could not be read to its end: it is longer than the box takes, or was broken off.";
        Refusal::saying(Refused::Malformed, text)
    })?;
    let form = std::str::from_utf8(&body).unwrap_or_default();
    query.extend(pairs(form.trim()).unwrap_or_default());
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// A media type or a short name of JSON. An unencoded `+` of a query has become a space.
fn is_json(format: &str) -> bool {
    let mut parts = format.split(';').map(|part| part.trim().to_ascii_lowercase().replace(' ', "+"));
    let name = parts.next().unwrap_or_default();
    let known = matches!(
        name.as_str(),
        "json" | "application/json" | "application/fhir+json" | "application/json+fhir" | "text/json"
    );
    known
        && parts.all(|part| {
            part.strip_prefix("fhirversion=").is_none_or(|version| matches!(version.trim_matches('"'), "4.0" | "4.0.1"))
        })
}

pub(super) fn accepts_json(headers: &HeaderMap) -> bool {
    takes_all(headers) || wanted(headers).any(|range| name_of(range) == "application/*" || is_json(range))
}

/// Whether JSON is taken by its name, and nothing else is wanted more (RFC 9110 §12.5.1).
fn prefers_json(headers: &HeaderMap) -> bool {
    let most = |json: bool| wanted(headers).filter(|range| is_json(range) == json).map(quality).max();
    most(true).is_some_and(|named| most(false).is_none_or(|other| named >= other))
}

/// How much a range is wanted, in thousandths.
fn quality(range: &str) -> u32 {
    let weight = range.split(';').skip(1).find_map(|part| part.trim().strip_prefix("q="));
    let weight: Option<f32> = weight.and_then(|weight| weight.trim().parse().ok());
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and 1000
    weight.map_or(1000, |weight| (weight.clamp(0.0, 1.0) * 1000.0) as u32)
}

/// Whether whatever there is is taken.
pub(super) fn takes_all(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().all(HeaderValue::is_empty)
        || wanted(headers).any(|range| name_of(range) == "*/*")
}

/// The media ranges that `Accept` names and does not refuse.
pub(super) fn wanted(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let is_refused = |part: &str| matches!(part.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
    ranges(headers).filter(move |range| !range.split(';').any(is_refused))
}

/// The media ranges that `Accept` names.
fn ranges(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(','))
}

/// A media type or range without its parameters.
pub(super) fn name_of(media: &str) -> String {
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

async fn prettily(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = body.collect().await else { return Refusal::internal("an answer ended early").into_response() };
    let bytes = body.to_bytes();
    let value: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
    let pretty = value.and_then(|value| serde_json::to_vec_pretty(&value).ok());
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(pretty.map_or(bytes, Into::into)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_named_or_only_taken() {
        let of = |value: &'static str| HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(value))]);
        for json in ["application/fhir+json", "image/png;q=0.2, application/json;q=0.5", "application/fhir+json, */*"] {
            assert!(prefers_json(&of(json)), "{json}");
        }
        for other in
            ["*/*", "application/*", "text/html,*/*;q=0.8", "application/json;q=0", "application/json;q=0.1, image/png"]
        {
            assert!(!prefers_json(&of(other)), "{other}");
        }
        assert!(["_format=json", "a=b&_pretty=true", "%5Fformat=xml"].iter().all(|query| may_ask(query)));
        assert!(!may_ask("patient=a&code=b&_sort=-date"));
        assert!(takes_all(&HeaderMap::new()) && takes_all(&of("*/*")) && !takes_all(&of("*/*;q=0")));
    }

    #[test]
    fn json_is_asked_for_in_many_ways_and_nothing_else_is_taken_for_it() {
        let accepts = |value: &'static str| {
            accepts_json(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(value))]))
        };
        for good in [
            "*/*",
            "application/json",
            "application/fhir+json; fhirVersion=4.0",
            "application/fhir+xml, application/fhir+json;q=0.9",
            "text/html,application/xhtml+xml,*/*;q=0.8",
        ] {
            assert!(accepts(good), "{good}");
        }
        for bad in ["application/fhir+xml", "text/turtle", "application/fhir+json;fhirVersion=5.0", "*/*;q=0"] {
            assert!(!accepts(bad), "{bad}");
        }
        assert!(accepts_json(&HeaderMap::new()));
        assert!(is_json("application/fhir json") && is_json("json") && !is_json("xml") && !is_json(""));
    }
}
