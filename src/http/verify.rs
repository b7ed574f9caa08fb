//! `/verify/{token}`: whether a prescription on paper still counts. Anybody with the paper may ask; the answer is a date and a
//! word, and nothing of a person or a medicine.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::pages::page;
use super::respond::Refusal;
use super::session::Visit;
use super::sign_in::finished;
use super::ui::{Cx, When, filters, t};
use crate::care::prescribe::{self, Standing};

/// What is said of a paper.
#[derive(Debug, Clone, Template)]
#[template(path = "open/verify.html")]
pub struct VerifyPage {
    pub cx: Cx,
    pub shape: &'static str,
    pub class: &'static str,
    pub title: String,
    pub text: String,
}

/// `GET /verify/{token}`
pub(super) async fn verify(visit: Visit, Path(token): Path<String>) -> Result<Response, Refusal> {
    let identity = &visit.house.identity;
    identity.may_look_up(visit.origin()).await?;
    let zone = &visit.house.front.face.zone;
    let today = visit.house.ambient.now().to_zoned(zone.clone()).date();
    let Some(found) = prescribe::verify(&visit.house.records, &token, today, zone)? else {
        identity.looked_up_in_vain(visit.origin()).await?;
        let unknown = VerifyPage {
            cx: visit.cx(),
            shape: "stop",
            class: "is-critical",
            title: t("counts-unknown").to_string(),
            text: t("counts-unknown.more").to_string(),
        };
        return Ok(finished(StatusCode::NOT_FOUND, page(&unknown)?));
    };
    let date = When::parse(&found.issued, zone).map(|when| When::Day(when.day()).long()).unwrap_or_default();
    let (shape, class, word) = match found.state {
        Standing::Active => ("ok", "is-good", "counts-active"),
        Standing::Paused => ("clock", "is-caution", "counts-paused"),
        Standing::Renewed => ("refused", "is-caution", "counts-renewed"),
        Standing::Changed => ("refused", "is-caution", "counts-changed"),
        Standing::Stopped => ("refused", "is-critical", "counts-stopped"),
        Standing::Over => ("refused", "is-caution", "counts-over"),
        Standing::Unknown => ("alert", "is-caution", "counts-not-known"),
    };
    let text = t("counts-issued").with("clinic", &visit.house.front.face.clinic).with("date", date).to_string();
    page(&VerifyPage { cx: visit.cx(), shape, class, title: t(word).to_string(), text })
}
