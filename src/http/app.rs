//! The portal as an app that can be installed: its manifest, its service worker, the page for when there is no network, and the
//! switch for the summary. Nothing of a record is in any of them.

use axum::extract::Query;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::open::app_pages::{Offline, WithoutNetwork};
use super::pages::page;
use super::portal::app_pages::AppPage;
use super::portal::own::{Needs, Own};
use super::respond::Refusal;
use super::session::Visit;
use super::ui::{Locale, assets};

/// The colours of `tokens.css`: accent and canvas.
const THEME: &str = "#0b5a70";
const GROUND: &str = "#f5f5f2";

/// `GET /app.webmanifest` (W3C Web Application Manifest).
pub(super) async fn manifest(visit: Visit) -> Result<Response, Refusal> {
    let icon = |name: &str, size: &str, purpose: &str| json!({"src": assets::url(name), "sizes": size, "type": "image/png", "purpose": purpose});
    let manifest = json!({
        "name": visit.house.front.face.clinic,
        "short_name": visit.house.front.face.clinic,
        "lang": Locale::now().code(),
        "id": "/my",
        "start_url": "/my",
        "scope": "/",
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": THEME,
        "icons": [
            icon("icon-192.png", "192x192", "any"),
            icon("icon-512.png", "512x512", "any"),
            icon("icon-maskable-512.png", "512x512", "maskable"),
        ],
    });
    let kind = HeaderValue::from_static("application/manifest+json");
    Ok(([(header::CONTENT_TYPE, kind)], manifest.to_string()).into_response())
}

/// The files that pages need without a network.
const FILES: [&str; 20] = [
    "tokens.css",
    "chartbox.css",
    "chartbox.js",
    "drag.js",
    "chart.js",
    "app.js",
    "find.js",
    "offers.js",
    "idle.js",
    "keep.js",
    "live.js",
    "upload.js",
    "steps.js",
    "note.js",
    "typed.js",
    "unsent.js",
    "gone.js",
    "pass.js",
    "icon.svg",
    "icon-192.png",
];

/// `GET /sw.js`: at the root, because a service worker stands for what lies below its own address.
pub(super) async fn worker() -> Result<Response, Refusal> {
    let files = FILES.map(assets::url);
    let source = assets::named("sw.js").ok_or(Refusal::not_found())?;
    let version = assets::url("");
    let head = format!("const VERSION = {};\nconst FILES = {};\n", json!(version), json!(files));
    let text = format!("{head}{}", String::from_utf8_lossy(&source.bytes));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (HeaderName::from_static("service-worker-allowed"), HeaderValue::from_static("/")),
    ];
    Ok((headers, text).into_response())
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Shown {
    of: String,
}

/// `GET /offline`: what is shown when nothing can be reached.
pub(super) async fn offline(visit: Visit, Query(shown): Query<Shown>) -> Result<Response, Refusal> {
    // Whoever is signed in is not named: the page stays in the browser.
    let house = &visit.house;
    let of = match shown.of.as_str() {
        "sign-out" => WithoutNetwork::Leaving,
        _ => WithoutNetwork::Asked,
    };
    page(&Offline { cx: house.front.face.cx(house.ambient.now()), of })
}

/// `GET /my/app`
pub(super) async fn switch(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    page(&AppPage { cx: own.plain_cx().await? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_later_is_there() {
        for name in FILES.iter().chain(&["sw.js", "icon-512.png", "icon-maskable-512.png"]) {
            assert!(assets::named(name).is_some(), "{name}");
        }
        let mut scripts = vec!["chartbox.js".to_owned()];
        while let Some(script) = scripts.pop() {
            let text = String::from_utf8_lossy(&assets::named(&script).unwrap().bytes).into_owned();
            for name in text.lines().filter_map(|line| line.split("from \"./").nth(1)?.split('"').next()) {
                assert!(FILES.contains(&name), "{script} needs {name} without a network");
                scripts.push(name.to_owned());
            }
        }
    }

    #[test]
    fn what_is_kept_of_a_record_goes_away_with_the_answer_to_a_form() {
        let script = |name: &str| String::from_utf8_lossy(&assets::named(name).unwrap().bytes).into_owned();
        let worker = script("sw.js");
        let record = worker.split("const RECORD = ").nth(1).unwrap().split(';').next().unwrap();
        assert!(script("gone.js").contains(&format!("caches.delete({record})")), "{record}");
        for name in ["keep.js", "unsent.js"] {
            assert!(
                script(name).contains("from \"./gone.js\"") && script(name).contains("await forgetRecord()"),
                "{name}"
            );
        }
        // The answer to a form that nobody signed in has sent.
        let asks = include_str!("../../web/templates/open/sign_in.html");
        assert!(asks.contains("gone.js"));
    }
}
