//! One document of a chart: text as a page, everything else as a file to keep.

use axum::extract::Path;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::chart::Opened;
use super::chart_pages::Document;
use super::{id_of, why};
use crate::audit::{Action, Detail};
use crate::care::{Chart, chart};
use crate::fhir::ResourceType;
use crate::http::fill::{self, Attachment};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::record::Stored;

/// `GET /patients/{id}/documents/{document}`
pub(in crate::http) async fn document(
    visit: Visit,
    Path((patient, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (patient, id) = (id_of(&patient)?, id_of(&id)?);
    let why = why(&visit, Action::View, Detail::none());
    let read = visit.house.records.disclose(&visit.actor, why, |reading| {
        let chart = Chart::read(reading, &patient, chart::FRAME)?;
        let document = reading.read(ResourceType::DocumentReference, &id)?;
        Ok(chart.zip(document.map(json)))
    });
    let (chart, document) = read.await?.into_inner();
    let Opened { cx, ctx, frame, .. } = Opened::of(&visit, chart);
    let subject = document.pointer("/subject/reference").and_then(Value::as_str);
    // Another patient's document under this one's address would be read as theirs.
    if subject != Some(format!("Patient/{patient}").as_str()) {
        return Err(Refusal::not_found());
    }
    let row = fill::document(&document, &frame.who.id, "/patients", &ctx).ok_or_else(Refusal::not_found)?;
    let attachment = fill::attachment(&document).ok_or_else(Refusal::not_found)?;
    match attachment.text() {
        Some(text) => page(&Document { cx, frame, row, text }),
        None => Ok(file(&row.title, attachment)),
    }
}

fn json(stored: Stored) -> Value {
    serde_json::from_slice(&stored.json).unwrap_or_default()
}

/// Types that a browser may be told, because they are kept as files and run nothing there.
const KNOWN: [(&str, &str); 5] = [
    ("application/pdf", "pdf"),
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/tiff", "tif"),
    ("application/rtf", "rtf"),
];

/// A file to keep: never shown within our pages, whatever it says of itself.
fn file(title: &str, attachment: Attachment) -> Response {
    let given = attachment.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = KNOWN.iter().find(|(kind, _)| *kind == given);
    let (kind, ending) = known.copied().unwrap_or(("application/octet-stream", "bin"));
    let name: String = title
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' })
        .take(60)
        .collect();
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}.{ending}\""))
        .unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, disposition)];
    (headers, attachment.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(content_type: &str, title: &str) -> (String, String) {
        let response = file(title, Attachment { content_type: content_type.into(), bytes: b"x".to_vec() });
        let text = |name| response.headers()[name].to_str().unwrap().to_owned();
        (text(header::CONTENT_TYPE), text(header::CONTENT_DISPOSITION))
    }

    #[test]
    fn a_file_is_kept_and_never_shown_and_its_name_breaks_no_header() {
        assert_eq!(served("Application/PDF; x=y", "Letter").0, "application/pdf");
        let (kind, disposition) = served("text/html", "a\"; b\r\n<é>");
        assert_eq!(kind, "application/octet-stream");
        assert_eq!(disposition, "attachment; filename=\"a---b-----.bin\"");
    }
}
