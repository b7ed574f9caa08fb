//! Documents of one's own record: the list, and each as a file.

use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::own::{Needs, Own};
use super::pages::Documents;
use super::record::{Turn, turned};
use crate::audit::Action;
use crate::base::FhirId;
use crate::care::uploads::{self, Part};
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::kept_file::{disposition, kept_file};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;

/// `GET /my/documents`
pub async fn documents(visit: Visit, Query(turn): Query<Turn>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let chart = own.chart(&[R::DocumentReference]).await?;
    let rows = fill::documents(chart.of(R::DocumentReference), "", "/my", &own.ctx);
    let (rows, pages) = turned(rows, turn, "/my/documents");
    page(&Documents { cx: own.cx(&chart), rows, pages })
}

/// Which of the files of a document is asked for.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    pub(super) file: usize,
}

/// `GET /my/documents/{id}`
pub async fn document(visit: Visit, Path(id): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let id = FhirId::parse(&id).map_err(|_| Refusal::not_found())?;
    let stored = own.open(Action::Download, |reading| reading.read(R::DocumentReference, &id)).await?;
    let document: Value = stored.value();
    // What was a mistake, a letter of another person say, is nobody's to read here.
    if fill::copied::is_mistaken(&document) {
        return Err(Refusal::not_found());
    }
    let document = uploads::file_at(&document, asked.file).ok_or_else(Refusal::not_found)?;
    if let Some(response) = file(&document) {
        return Ok(response);
    }
    let bytes = own.binary(&document, Part::File).await?.ok_or_else(Refusal::not_found)?;
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    Ok(kept_file(text("/content/0/attachment/title"), text("/content/0/attachment/contentType"), bytes))
}

/// What a document may say that it is; anything else is a file of bytes, so that no browser runs it here.
const SHOWN: [&str; 5] = ["text/plain", "application/pdf", "image/png", "image/jpeg", "image/webp"];

/// The first content, where it lies in the document itself, to be kept as a file: never opened as a page of this box.
fn file(document: &Value) -> Option<Response> {
    let attachment = fill::attachment(document)?;
    let said = attachment.content_type.as_str();
    let essence = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let kind = SHOWN.into_iter().find(|kind| *kind == essence).unwrap_or("application/octet-stream");
    // Whatever letters it came in, these are known wherever it is opened.
    let (kind, bytes) = match attachment.text() {
        Some(text) => ("text/plain; charset=utf-8", text.into_bytes()),
        None => (kind, attachment.bytes),
    };
    let extension = match essence.as_str() {
        "text/plain" => "txt",
        "application/pdf" => "pdf",
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/webp" => "webp",
        _ => "bin",
    };
    let name = disposition(&called(document), extension);
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, name)];
    Some((headers, bytes).into_response())
}

/// What the document is called where it is listed: whoever keeps the file finds it by that.
fn called(document: &Value) -> String {
    let titles = ["/content/0/attachment/title", "/description", "/type/text"];
    titles.iter().find_map(|at| fill::spoken_at(document, at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind_of(said: &str) -> String {
        let document = json!({"content": [{"attachment": {"contentType": said, "title": "Letter: eye screening", "data": "PGI+"}}]});
        let response = file(&document).unwrap();
        let kept = response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert!(kept.starts_with("attachment; filename=\"Letter- eye screening."), "{kept}");
        response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_document_never_becomes_a_page_of_the_box() {
        assert_eq!(kind_of("text/html"), "application/octet-stream");
        assert_eq!(kind_of("image/svg+xml"), "application/octet-stream");
        assert_eq!(kind_of("Text/Plain; charset=latin1"), "text/plain; charset=utf-8");
        assert_eq!(kind_of("application/pdf"), "application/pdf");
    }

    #[tokio::test]
    async fn a_text_is_kept_in_the_letters_that_its_answer_names() {
        // Base64 may be broken into lines (FHIR R4, datatypes.html#base64Binary).
        let attachment = json!({"contentType": "text/plain; charset=iso-8859-1", "data": "R3L2\r\n32U="});
        let response = file(&json!({"content": [{"attachment": attachment}]})).unwrap();
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(std::str::from_utf8(&body).unwrap(), "Größe");
    }

    #[test]
    fn a_document_without_its_bytes_or_with_broken_ones_is_not_there() {
        assert!(file(&json!({"content": [{"attachment": {"url": "https://elsewhere.example"}}]})).is_none());
        assert!(file(&json!({"content": [{"attachment": {"data": "§"}}]})).is_none());
        assert!(file(&json!({})).is_none());
    }
}
