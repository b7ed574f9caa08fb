//! One document of a chart: text as a page, everything else as a file to keep.

use axum::extract::{Path, Query};
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::chart::Opened;
use super::chart_pages::{Document, Frame, KeptFile};
use super::{id_of, why};
use crate::access::is_withdrawn;
use crate::audit::{Action, Detail};
use crate::base::FhirId;
use crate::care::uploads::{self, Part};
use crate::care::{Chart, chart};
use crate::fhir::ResourceType;
use crate::http::fill::{self, Attachment};
use crate::http::forms::{Sent, Versioned};
use crate::http::kept_file::kept_file;
use crate::http::pages::page;
use crate::http::portal::uploads::data_uri;
use crate::http::respond::{Refusal, Refused};
use crate::http::session::Visit;
use crate::http::ui::record::DocumentRow;
use crate::http::ui::{Cx, t};

/// `GET /patients/{id}/documents/{document}`
pub(in crate::http) async fn document(
    visit: Visit,
    Path((patient, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let (patient, id) = (id_of(&patient)?, id_of(&id)?);
    let why = why(&visit, Action::View, Detail::none());
    let read = visit.house.records.disclose(&visit.actor, why, |reading| {
        let chart = Chart::read(reading, &patient, chart::FRAME)?;
        let document = reading.read(ResourceType::DocumentReference, &id)?;
        Ok(chart.zip(document.map(|one| one.value())))
    });
    let (chart, document) = read.await?.into_inner();
    let Opened { cx, ctx, frame, .. } = Opened::of(&visit, chart)?;
    let subject = document.pointer("/subject/reference").and_then(Value::as_str);
    // Another patient's document under this one's address would be read as theirs.
    if subject != Some(format!("Patient/{patient}").as_str()) {
        return Err(Refusal::not_found());
    }
    let document = uploads::file_at(&document, asked.file).ok_or_else(Refusal::not_found)?;
    let row = fill::document(&document, &frame.who.id, "/patients", &ctx).ok_or_else(Refusal::not_found)?;
    let Some(attachment) = fill::attachment(&document) else {
        let row = (row, frame);
        return about(&visit, cx, row, &document, &asked).await;
    };
    match attachment.text() {
        Some(text) => page(&Document { cx, frame, row, text }),
        None => Ok(file(&row.title, attachment)),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    done: String,
    /// Which of its files.
    file: usize,
}

/// A document that lies in the record as a file: what is known of it, and a small picture.
async fn about(
    visit: &Visit,
    mut cx: Cx,
    (row, frame): (DocumentRow, Frame),
    document: &Value,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let version = || text("/meta/versionId").and_then(|version| version.parse().ok());
    cx.done = (asked.done == "seen").then(|| t("upload-seen-done").to_string());
    let preview = binary(visit, document, Part::Preview).await?.map(|bytes| data_uri(&bytes));
    page(&KeptFile {
        id: text("/id").unwrap_or_default(),
        query: uploads::file_query(asked.file),
        note: text("/description"),
        preview,
        withdrawn: is_withdrawn(ResourceType::DocumentReference, document),
        to_see: if row.to_see && !is_withdrawn(ResourceType::DocumentReference, document) { version() } else { None },
        seen: text("/authenticator/display"),
        row,
        frame,
        cx,
    })
}

async fn binary(visit: &Visit, document: &Value, part: Part) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(id) = uploads::binary_of(document, part) else { return Ok(None) };
    let why = why(visit, if part == Part::File { Action::Download } else { Action::View }, Detail::none());
    let read = visit
        .house
        .records
        .disclose(&visit.actor, why, |reading| Ok(reading.read(ResourceType::Binary, &id)?.map(|one| one.value())));
    Ok(uploads::bytes_of(&*read.await?))
}

/// The document under this patient's address, with its version.
async fn of_patient(visit: &Visit, patient: &str, id: &str, action: Action) -> Result<(Value, u32, FhirId), Refusal> {
    let (patient, id) = (id_of(patient)?, id_of(id)?);
    let why = why(visit, action, Detail::none());
    let read =
        visit.house.records.disclose(&visit.actor, why, |reading| reading.read(ResourceType::DocumentReference, &id));
    let stored = read.await?.into_inner();
    let version = stored.version;
    let document = stored.value();
    let subject = document.pointer("/subject/reference").and_then(Value::as_str);
    match subject == Some(format!("Patient/{patient}").as_str()) {
        true => Ok((document, version, id)),
        false => Err(Refusal::not_found()),
    }
}

/// `GET /patients/{id}/documents/{document}/file`
pub(in crate::http) async fn kept(
    visit: Visit,
    Path((patient, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let (document, ..) = of_patient(&visit, &patient, &id, Action::View).await?;
    let document = uploads::file_at(&document, asked.file).ok_or_else(Refusal::not_found)?;
    let bytes = binary(&visit, &document, Part::File).await?.ok_or_else(Refusal::not_found)?;
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    Ok(kept_file(text("/content/0/attachment/title"), text("/content/0/attachment/contentType"), bytes))
}

/// `POST /patients/{id}/documents/{document}/seen`
pub(in crate::http) async fn seen(
    visit: Visit,
    Path((patient, id)): Path<(String, String)>,
    sent: Sent<Versioned>,
) -> Result<Response, Refusal> {
    let (document, _, id) = of_patient(&visit, &patient, &id, Action::View).await?;
    let who = visit.actor.person().ok_or(Refusal::new(Refused::Never))?;
    let name = visit.account.as_ref().map(|account| account.display_name.to_string()).unwrap_or_default();
    let by = json!({"reference": who.as_str(), "display": name});
    let place = format!("/patients/{patient}/documents/{id}?done=seen");
    let doing = visit.doing(why(&visit, Action::Update, Detail::none()), &sent, &place);
    let done = uploads::seen(doing, id, sent.typed.version, document, &by).await;
    visit.settled(&sent, done, &place).await
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
