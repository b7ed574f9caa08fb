//! The welcome listener: how a device learns to trust this box. Plain HTTP, and nothing that is not public.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::House;
use super::open::pages::Welcome;
use super::pages::page;
use super::respond::Refusal;
use super::ui::When;

/// `GET /`
pub(super) async fn welcome(State(house): State<House>) -> Result<Response, Refusal> {
    let about = &house.about;
    let until = about.ca.not_after().map_err(Refusal::internal)?;
    let cx = house.front.face.cx(house.ambient.now());
    let fingerprint: Vec<String> = about.ca.fingerprint().as_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
    page(&Welcome {
        cx,
        fingerprint: fingerprint.join(":"),
        secure: about.clinic_url.clone().unwrap_or_default(),
        here: about.welcome_url.clone().map(|url| format!("{url}/")).unwrap_or_default(),
        authority: house.front.face.host.clone(),
        authority_until: When::Day(until.to_zoned(house.front.face.zone.clone()).date()),
    })
}

/// `GET /ca.crt`: the authority's certificate in DER, which Android, Windows and Linux take.
pub(super) async fn certificate(State(house): State<House>) -> Response {
    download("application/x-x509-ca-cert", "chartbox.crt", house.about.ca.der().to_vec())
}

/// `GET /box.mobileconfig`: the same as a profile for iPhone, iPad and Mac.
pub(super) async fn profile(State(house): State<House>) -> Response {
    download("application/x-apple-aspen-config", "chartbox.mobileconfig", house.about.ca.mobileconfig())
}

fn download(content_type: &'static str, name: &'static str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response()
}
