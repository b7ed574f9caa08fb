//! Where a share link leads: whoever holds its secret and knows the PIN sees the summary. The secret is in the fragment of the
//! link, which no browser sends; the page's script puts it into the form, and without a script it is typed or pasted there.
//!
//! What a link opens stands at an address of its own: of the links' own address a browser would change the fragment alone when
//! another link is opened in the same window, and go on to show what the first one opened.

use axum::Form;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::fill;
use super::open::shared_pages::{SharedForm, SharedSummary};
use super::pages::page;
use super::portal::own::read_in_own_language;
use super::respond::Refusal;
use super::session::Visit;
use super::sign_in::finished;
use super::ui::t;
use crate::audit::{Action, Detail, Purpose};
use crate::base::Secret;
use crate::care::Chart;
use crate::care::sharing::{self, Opening, Shown};
use crate::care::summary::document;
use crate::record::{Channel, Why};

/// `GET /shared`
pub(super) async fn form(visit: Visit) -> Result<Response, Refusal> {
    page(&SharedForm { cx: plain(&visit), trouble: None, code: empty(), knows: false })
}

/// Whoever is signed in here is nobody to a link.
fn plain(visit: &Visit) -> super::ui::Cx {
    let house = &visit.house;
    super::ui::Cx { csrf: visit.csrf(), ..house.front.face.cx(house.ambient.now()) }
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default = "empty")]
    code: Secret<String>,
    #[serde(default = "empty")]
    pin: Secret<String>,
    #[serde(default)]
    r#as: String,
}

fn empty() -> Secret<String> {
    Secret::new(String::new())
}

/// The letters of a secret, from a whole link too; digits of a PIN, however they are spaced.
fn letters(text: &Secret<String>) -> Secret<String> {
    let text = text.expose();
    let code = text.rsplit_once('#').map_or(text.as_str(), |(_, code)| code);
    Secret::new(code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(64).collect())
}

fn digits(text: &Secret<String>) -> Secret<String> {
    Secret::new(text.expose().chars().filter(char::is_ascii_digit).take(12).collect())
}

/// `GET /shared/summary`: what is there is made of what was sent, and by nothing else.
pub(super) async fn again() -> Redirect {
    Redirect::to("/shared")
}

/// `POST /shared/summary`
pub(super) async fn open(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let house = &visit.house;
    let shown = Shown {
        code: letters(&typed.code),
        pin: digits(&typed.pin),
        listener: visit.listener(),
        origin: visit.origin(),
    };
    let again = |words: String, code: Secret<String>, knows: bool| {
        let form = page(&SharedForm { cx: plain(&visit), trouble: Some(words), code, knows })?;
        Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, form))
    };
    let code = letters(&typed.code);
    let (actor, patient) = match sharing::open(&house.records, shown).await? {
        Opening::Open(actor, patient) => (actor, patient),
        Opening::WrongPin(0) | Opening::Over => return again(t("shared-over").to_string(), empty(), false),
        Opening::WrongPin(left) => return again(t("shared-wrong-pin").with("n", left).to_string(), code, true),
        Opening::Unknown => return again(t("shared-unknown").to_string(), code, false),
    };
    let detail = visit.told(Detail::none());
    // It leaves the clinic: an accounting of disclosures names it.
    let why = Why { action: Action::ShareOpened, purpose: Purpose::PatRqt, detail, channel: Channel::Api };
    let parts = house.records.disclose(&actor, why, |reading| reading.summary(&patient)).await?.into_inner();
    if typed.r#as == "fhir" {
        let origin = house.about.portal_url.as_deref().or(house.about.clinic_url.as_deref()).unwrap_or_default();
        let base = format!("{origin}/fhir");
        let maker = fill::summary::maker(&house.front.face, &base);
        let bundle = document(&parts, maker, &house.ambient);
        let bundle = bundle.ok_or_else(|| Refusal::internal("a stored resource does not read"))?;
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/fhir+json; charset=utf-8")),
            (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"patient-summary.json\"")),
        ];
        return Ok((headers, bundle.to_string()).into_response());
    }
    let chart = Chart::of_summary(&parts);
    let ctx = read_in_own_language(&visit)?;
    page(&SharedSummary { body: fill::summary::summary(&chart, &ctx), cx: plain(&visit) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_link_a_bare_code_and_a_spaced_pin_are_read() {
        let code = "A".repeat(43);
        for typed in [code.clone(), format!(" {code}\n"), format!("https://box.example/shared#{code}")] {
            assert_eq!(letters(&Secret::new(typed)).expose(), &code);
        }
        assert_eq!(digits(&Secret::new("481 906".into())).expose(), "481906");
        assert!(letters(&Secret::new("x".repeat(1000))).expose().len() <= 64);
    }
}
