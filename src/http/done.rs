//! The words that say what was just done ("sent", "saved"), shown once on the page to which a form leads. The address of that
//! page stays in its window: loaded again or come back to, it must not say once more what nobody did.
//!
//! An answer to a form that leads to an address with `done` in it gives the browser a cookie for that address, and the page takes
//! it back. Without the cookie a page is made as if its address had no `done`.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;

use super::session::cookies;

/// The part of an address that names what was done.
const DONE: &str = "done";
/// For so many seconds the page is waited for.
const WAIT: u32 = 300;

/// Has the page to which an answer leads say what was done.
pub(super) fn leads_there(mut response: Response) -> Response {
    let place = response.headers().get(header::LOCATION).and_then(|place| place.to_str().ok()?.parse::<Uri>().ok());
    if let Some(place) = place.filter(|place| response.status() == StatusCode::SEE_OTHER && has_done(place))
        && let Ok(cookie) = HeaderValue::try_from(format!("{}=1; {KEPT}; Max-Age={WAIT}", name_of(&place)))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The request of a page as its handler takes it, and the cookie that the answer takes back.
pub(super) fn said_once(mut request: Request) -> (Request, Option<HeaderValue>) {
    if !has_done(request.uri()) {
        return (request, None);
    }
    let name = name_of(request.uri());
    if is_waited_for(request.headers(), &name) {
        let cookie = HeaderValue::try_from(format!("{name}=; {KEPT}; Max-Age=0"));
        return (request, cookie.ok());
    }
    if let Some(plain) = without_done(request.uri()) {
        *request.uri_mut() = plain;
    }
    (request, None)
}

/// How the browser keeps it.
const KEPT: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

fn is_done(pair: &str) -> bool {
    pair.split('=').next() == Some(DONE)
}

fn has_done(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(is_done))
}

fn is_waited_for(headers: &HeaderMap, name: &str) -> bool {
    cookies(headers).any(|(key, value)| key == name && value == "1")
}

/// Of each address its own: two windows may lead to two.
fn name_of(place: &Uri) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11 what was done at an address");
    hasher.update(place.path().as_bytes()).update(b"?").update(place.query().unwrap_or_default().as_bytes());
    let digest = data_encoding::HEXLOWER.encode(hasher.finalize().as_bytes().get(..8).unwrap_or_default());
    format!("__Host-chartbox-done-{digest}")
}

fn without_done(uri: &Uri) -> Option<Uri> {
    let rest: Vec<&str> = uri.query()?.split('&').filter(|pair| !is_done(pair)).collect();
    let path = uri.path();
    let plain = if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(plain.parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::response::{IntoResponse, Redirect};

    fn asked(address: &str, cookie: &str) -> (String, Option<HeaderValue>) {
        let request = Request::builder().uri(address).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        let (request, taken) = said_once(request);
        (request.uri().to_string(), taken)
    }

    fn given(place: &str) -> Option<String> {
        let response = leads_there(Redirect::to(place).into_response());
        let cookie = response.headers().get(header::SET_COOKIE)?.to_str().unwrap().to_owned();
        Some(cookie.split(';').next().unwrap().to_owned())
    }

    #[test]
    fn what_was_done_is_said_on_the_page_that_a_form_leads_to_and_not_again() {
        let place = "/my/messages/7?done=sent&page=2";
        let cookie = given(&format!("{place}#last")).unwrap();
        let (uri, taken) = asked(place, &format!("a=b; {cookie}"));
        let taken = taken.unwrap().to_str().unwrap().to_owned();
        assert_eq!((uri.as_str(), taken.contains("Max-Age=0")), (place, true));
        assert!(taken.starts_with(cookie.split('=').next().unwrap()));
        for (address, plain) in
            [(place, "/my/messages/7?page=2"), ("/my/share?done=made", "/my/share"), ("/my?undone=1", "/my?undone=1")]
        {
            assert_eq!(asked(address, "a=b"), (plain.to_owned(), None));
        }
        assert_eq!(asked("/my/messages/8?done=sent", &cookie).0, "/my/messages/8", "of another page");
        assert_eq!((given("/my/messages/7"), given("/my?undone=1")), (None, None));
    }
}
