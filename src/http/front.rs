//! What happens to every request and answer of a listener, whatever the route: the host's name, the time
//! limit, the form of refusals, security headers, metrics, and a log line that holds no id and no query.

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header,
};
use axum::response::IntoResponse;
use futures_util::FutureExt;
use tower::{Layer as _, ServiceExt};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _};

use super::Front;
use super::gate::{self, Answered};
use super::pages;
use super::respond::{self, Format, Refusal, Refused};
use super::routes::{self, Entrance};
use super::ui::Locale;
use super::uploaded;
use crate::base::Timestamp;

/// Where a request came from. In every request's extensions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub(super) entrance: Entrance,
    pub(super) ip: IpAddr,
}

/// Answers one request.
pub(super) async fn answer(
    front: &Front,
    router: Router,
    peer: Peer,
    mut request: Request<Body>,
) -> Result<Response<Body>, Infallible> {
    let begun = Instant::now();
    let method = request.method().clone();
    let fhir = request.uri().path().starts_with("/fhir");
    if fhir && let Some(uri) = without_last_slash(request.uri()) {
        *request.uri_mut() = uri;
    }
    request.extensions_mut().insert(peer);
    let locale = match peer.entrance {
        Entrance::Clinic | Entrance::Portal => gate::asked_language(request.headers()),
        Entrance::Welcome | Entrance::Ops => Locale::En,
    };
    let mut response = match short_enough(&request).and_then(|()| host_check(front, peer.entrance, &request)) {
        Ok(()) => locale.within(run(front, router, request)).await,
        Err(refusal) => refusal.into_response(),
    };
    let answered = response.extensions_mut().remove::<Answered>();
    let template = answered.as_ref().map_or("(no route)", |answered| answered.template);
    let format = answered.as_ref().map_or(if fhir { Format::Fhir } else { Format::Page }, |answered| answered.format);
    let mut response = respond::dress(response, format, |refusal| {
        let Some(Answered { visit, next, late, .. }) = answered else {
            return locale.inside(|| pages::refusal(refusal, front.face.cx(Timestamp::now()), None, None));
        };
        let locale = visit.as_ref().map_or(locale, |visit| visit.locale);
        let cx = visit.map_or_else(|| front.face.cx(Timestamp::now()), |visit| visit.cx());
        locale.inside(|| pages::refusal(refusal, cx, next, late))
    });
    secure(response.headers_mut(), peer.entrance);
    note(front, peer.entrance, &method, template, response.status().as_u16(), begun);
    Ok(response)
}

/// FHIR clients ask for `/fhir/` where the base is `/fhir`, and for `/fhir/Patient/`.
fn without_last_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/')?;
    let mut parts = uri.clone().into_parts();
    let text = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    parts.path_and_query = Some(text.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Runs the router within the time limit. A panic becomes a 500: it ends one request, not the box.
async fn run(front: &Front, router: Router, request: Request<Body>) -> Response<Body> {
    let carries_a_file = *request.method() == Method::POST && routes::takes_files(request.uri().path());
    let patience = if carries_a_file { uploaded::TIME.max(front.limits.request) } else { front.limits.request };
    let work = AssertUnwindSafe(compressed(router, request)).catch_unwind();
    match tokio::time::timeout(patience, work).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(never))) => match never {},
        Ok(Err(_)) => Refusal::internal("a handler panicked").into_response(),
        Err(_) => Refusal::new(Refused::Timeout).into_response(),
    }
}

/// The router's answer, compressed where the client takes it, pages included. What BREACH needs is not there: the only secret
/// that a page repeats is the form token, masked anew in each, and no other site can make a signed-in browser ask for a page
/// (`SameSite=Strict`). FHIR answers are compressed for bearers of a token only.
async fn compressed(router: Router, mut request: Request<Body>) -> Result<Response<Body>, Infallible> {
    if !request.headers().contains_key(header::ACCEPT_ENCODING) {
        return router.oneshot(request).await;
    }
    let when = DefaultPredicate::new().and(may_be_compressed);
    let layer = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(when);
    // Of a HEAD the router takes the body away: its headers are those that a GET has (RFC 9110 §9.3.2).
    let is_head = *request.method() == Method::HEAD;
    if is_head {
        *request.method_mut() = Method::GET;
    }
    let response = layer.layer(router).oneshot(request).await?;
    Ok(if is_head { response.map(|_| Body::empty()) } else { response.map(Body::new) })
}

/// Whether an answer may be compressed at all.
fn may_be_compressed(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<super::api::NotCompressed>().is_none()
}

/// The longest address, in bytes.
pub(super) const LONGEST_ADDRESS: usize = 48 << 10;
/// The most headers of a request, and how long they may be together, in bytes.
pub(super) const MOST_HEADERS: usize = 64;
pub(super) const LONGEST_HEAD: usize = 24 << 10;

/// Whether address and headers are as short as those of anybody who means well.
fn short_enough(request: &Request<Body>) -> Result<(), Refusal> {
    let path = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if path > LONGEST_ADDRESS {
        return Err(Refusal::new(Refused::LongAddress));
    }
    let headers = request.headers();
    let length: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MOST_HEADERS || length > LONGEST_HEAD {
        return Err(Refusal::new(Refused::LongHead));
    }
    Ok(())
}

/// Over HTTPS the box answers only to names in its certificate: a page of another name that resolves to this
/// address (DNS rebinding) gets nothing. A demo's certificate has `localhost` and 127.0.0.1 too.
fn host_check(front: &Front, entrance: Entrance, request: &Request<Body>) -> Result<(), Refusal> {
    if !entrance.is_https() {
        return Ok(());
    }
    // A field that may stand once (RFC 9112 §3.2): which of two counts is a matter of taste.
    if request.headers().get_all(header::HOST).iter().count() > 1 {
        return Err(Refusal::new(Refused::Malformed));
    }
    let asked = request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| request.headers().get(header::HOST)?.to_str().ok());
    match asked {
        Some(asked) if front.hosts.contains(without_port(asked)) => Ok(()),
        _ => Err(Refusal::new(Refused::WrongHost)),
    }
}

/// `name:8443` and `[::1]:8443` without the port; an IPv6 address without its brackets.
pub(super) fn without_port(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split_once(']').map_or(rest, |(address, _)| address);
    }
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; \
                   connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

static SECURITY: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    ),
];

/// This name only: another machine under the same domain is not ours to speak for.
const FOR_A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Headers on every answer. What a handler set already stays: static files say how long they may be kept.
fn secure(headers: &mut HeaderMap, entrance: Entrance) {
    headers.reserve(SECURITY.len() + 1);
    for (name, value) in &SECURITY {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    if entrance.is_https() {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(FOR_A_YEAR);
    }
}

fn note(front: &Front, entrance: Entrance, method: &Method, template: &'static str, status: u16, begun: Instant) {
    let took = begun.elapsed();
    front.metrics.request(entrance, template, status, took);
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let method = known(method);
    // What went well is counted in the metrics, and what of a record was seen is in the access log: a line for each would
    // wear out a small box's disk. What was refused or failed is worth one.
    if status < 400 {
        tracing::debug!(target: "http", listener = entrance.name(), method, route = template, status, micros, "answered");
    } else {
        tracing::info!(target: "http", listener = entrance.name(), method, route = template, status, micros, "answered");
    }
}

/// The method's name if it is one of the usual ones: a made-up one is the client's text and stays out of the log.
fn known(method: &Method) -> &'static str {
    const KNOWN: [(&Method, &str); 7] = [
        (&Method::GET, "GET"),
        (&Method::HEAD, "HEAD"),
        (&Method::POST, "POST"),
        (&Method::PUT, "PUT"),
        (&Method::PATCH, "PATCH"),
        (&Method::DELETE, "DELETE"),
        (&Method::OPTIONS, "OPTIONS"),
    ];
    KNOWN.iter().find(|(known, _)| *known == method).map_or("other", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_loses_its_port_and_brackets_only() {
        for (asked, host) in [
            ("chartbox-a1b2.local:8443", "chartbox-a1b2.local"),
            ("localhost", "localhost"),
            ("[::1]:8443", "::1"),
            ("[::1]", "::1"),
            ("127.0.0.1:1", "127.0.0.1"),
        ] {
            assert_eq!(without_port(asked), host);
        }
    }
}
