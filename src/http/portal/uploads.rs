//! Bringing a file of one's own, and what became of it.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Value, json};

use super::message_files::title_of;
use super::own::{Needs, Own};
use super::own_pages::{Standing, UploadAbout, UploadNew};
use crate::audit::Action;
use crate::base::{FhirId, ResourceRef};
use crate::care::Chart;
use crate::care::uploads::{self, Full, KINDS, Looked, NotTaken, Origin, Part, Upload};
use crate::care::workflow::Refused;
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Attachment};
use crate::http::forms::{Sent, Versioned};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, format, t};
use crate::http::uploaded::{File, Uploaded};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    kind: String,
    title: String,
    note: String,
}

pub(super) fn word_of(kind: &str) -> String {
    t(match kind {
        "letter" => "upload-kind-letter",
        "result" => "upload-kind-result",
        "picture" => "upload-kind-picture",
        _ => "upload-kind-other",
    })
    .to_string()
}

fn form(mut cx: Cx, typed: &Typed, faults: Faults) -> UploadNew {
    cx.at = "/my/documents/new".to_owned();
    let kinds = KINDS.iter().map(|(kind, _)| ((*kind).to_owned(), word_of(kind))).collect();
    UploadNew {
        kind: Field::choice("kind", t("upload-kind"), &typed.kind, kinds, &faults).asked(),
        title: Field::text("title", t("upload-name"), &typed.title, &faults).optional().hint(t("upload-name-hint")),
        note: Field::area("note", t("upload-note"), &typed.note, &faults)
            .optional()
            .hint(t("upload-note-hint"))
            .most(uploads::LONGEST_NOTE),
        most_bytes: uploads::MOST_BYTES,
        too_large: too_large(),
        file_hint: file_hint(),
        faults,
        cx,
    }
}

/// `GET /my/documents/new`
pub(in crate::http) async fn blank(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    let mut cx = own.plain_cx().await?;
    let typed = own.visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
    page(&form(cx, &typed, Faults::none()))
}

/// `POST /my/documents/new`
pub(in crate::http) async fn take(visit: Visit, uploaded: Uploaded<Typed>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    let Uploaded { sent, file } = uploaded;
    let typed = &sent.typed;
    let mut faults = Faults::none();
    let title = faults.whole("title", &typed.title, uploads::LONGEST_TITLE);
    let note = faults.whole("note", &typed.note, uploads::LONGEST_NOTE);
    if !KINDS.iter().any(|(kind, _)| *kind == typed.kind) {
        faults.add("kind", t("upload-kind-missing"));
    }
    if !faults.is_empty() {
        let page = page(&form(own.plain_cx().await?, typed, faults))?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let Some(file) = file else { return again(&own, typed, t("upload-file-missing").to_string()).await };
    let (looked, bytes) = match looked_at(&file).await? {
        Ok(looked) => looked,
        Err(no) => return again(&own, typed, said(no)).await,
    };
    let kind = KINDS.iter().find(|(kind, _)| *kind == typed.kind).map_or("other", |(kind, _)| kind);
    let upload = Upload {
        looked,
        bytes,
        title: title_of(&title, Some(&file), kind),
        kind: (kind, word_of(kind)),
        note,
        patient: own.patient.clone(),
        by: own.as_author(),
        origin: Origin::Patient,
    };
    let id = FhirId::new(&own.visit.house.ambient);
    let place = format!("/my/documents/{id}/about?done=kept");
    let now = own.visit.house.ambient.now();
    match uploads::keep(own.doing(Action::Upload, &sent, &place), id, upload, now).await {
        Ok(done) => own.visit.went(&sent, done, &place).await,
        Err(Refused::Told(full)) => again(&own, typed, said_full(full)).await,
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

async fn again(own: &Own, typed: &Typed, fault: String) -> Result<Response, Refusal> {
    let mut faults = Faults::none();
    faults.add("file", fault);
    Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page(&form(own.plain_cx().await?, typed, faults))?))
}

/// The largest file, as people are told.
const SAID_MOST: u64 = 10_000_000;

/// What a file may be, beside its field.
pub(in crate::http) fn file_hint() -> String {
    t("upload-file-hint").with("most", format::bytes(SAID_MOST)).to_string()
}

/// That a file is larger than that.
pub(in crate::http) fn too_large() -> String {
    t("upload-too-large").with("most", format::bytes(SAID_MOST)).to_string()
}

/// What a file is, and its bytes.
pub(in crate::http) async fn looked_at(file: &File) -> Result<Result<(Looked, Vec<u8>), NotTaken>, Refusal> {
    let bytes = file.bytes.to_vec();
    // Opening a picture takes a processor for a while.
    let looked = tokio::task::spawn_blocking(move || uploads::look(&bytes).map(|looked| (looked, bytes)));
    looked.await.map_err(Refusal::internal)
}

/// That a patient's record takes no more files of theirs.
pub(super) fn said_full(full: Full) -> String {
    match full {
        Full::Files => t("upload-full-files").with("n", uploads::MOST_FILES).to_string(),
        Full::Bytes => t("upload-full-bytes").to_string(),
    }
}

/// Why a file was not kept, and what to do.
pub(in crate::http) fn said(no: NotTaken) -> String {
    match no {
        NotTaken::Empty => t("upload-empty").to_string(),
        NotTaken::TooLarge(_) => too_large(),
        NotTaken::Heic => t("upload-heic").to_string(),
        NotTaken::WebPage => t("upload-web-page").to_string(),
        NotTaken::CutOff => t("upload-cut-off").to_string(),
        NotTaken::Broken => t("upload-broken").to_string(),
        NotTaken::TooManyPixels(millions) => {
            t("upload-too-many-pixels").with("n", millions).with("most", uploads::MOST_PIXELS).to_string()
        }
        _ => t("upload-other-type").to_string(),
    }
}

impl Own {
    /// A reference to whoever writes for this record, with the name.
    pub(super) fn as_author(&self) -> Value {
        let name = self.visit.account.as_ref().map(|account| account.display_name.to_string()).unwrap_or_default();
        let own = format!("Patient/{}", self.patient);
        let who = if self.acts_for_another() { self.actor.person().map(ResourceRef::as_str) } else { None };
        json!({"reference": who.unwrap_or(&own), "display": name})
    }

    /// One of the patient's own documents.
    async fn document(&self, id: &str, action: Action) -> Result<(Value, Chart), Refusal> {
        let id = FhirId::parse(id).map_err(|_| Refusal::not_found())?;
        let found = self.open(action, |reading| {
            let chart = Chart::read(reading, &self.patient, &[])?;
            Ok(reading.read(R::DocumentReference, &id)?.map(|one| one.value()).zip(chart))
        });
        let (document, chart) = found.await?.into_inner();
        let subject = document.pointer("/subject/reference").and_then(Value::as_str);
        match subject == Some(format!("Patient/{}", self.patient).as_str()) {
            true => Ok((document, chart)),
            false => Err(Refusal::not_found()),
        }
    }

    /// The bytes of a document that lie in a Binary.
    pub(super) async fn binary(&self, document: &Value, part: Part) -> Result<Option<Vec<u8>>, Refusal> {
        let action = if part == Part::File { Action::Download } else { Action::View };
        self.binary_for(document, part, action).await
    }

    /// What a document says, where it is plain text: in itself, or in a Binary.
    async fn words_in(&self, document: &Value) -> Result<Option<String>, Refusal> {
        if let Some(attachment) = fill::attachment(document) {
            return Ok(attachment.text());
        }
        let content_type =
            fill::owned(document, "/content/0/attachment/contentType").filter(|kind| fill::is_plain(kind));
        let Some(content_type) = content_type else { return Ok(None) };
        let bytes = self.binary_for(document, Part::File, Action::View).await?;
        Ok(bytes.and_then(|bytes| Attachment { content_type, bytes }.text()))
    }

    async fn binary_for(&self, document: &Value, part: Part, action: Action) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(id) = uploads::binary_of(document, part) else { return Ok(None) };
        let found = self.open(action, |reading| Ok(reading.read(R::Binary, &id)?.map(|one| one.value()))).await?;
        Ok(uploads::bytes_of(&found))
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Shown {
    done: String,
    /// Which of the document's files.
    file: usize,
}

/// `GET /my/documents/{id}/about`
pub(in crate::http) async fn about(
    visit: Visit,
    Path(id): Path<String>,
    axum::extract::Query(shown): axum::extract::Query<Shown>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let (document, chart) = own.document(&id, Action::View).await?;
    let state = shown_as(&document).ok_or_else(Refusal::not_found)?;
    let document = uploads::file_at(&document, shown.file).ok_or_else(Refusal::not_found)?;
    let mut cx = own.cx(&chart);
    cx.done = match (shown.done.as_str(), state) {
        ("kept", _) => Some(own.handed(t("upload-kept").to_string())),
        ("withdrawn", Standing::Withdrawn) => Some(t("withdraw-done").to_string()),
        _ => None,
    };
    let row = fill::document(&document, "", "/my", &own.ctx).ok_or_else(Refusal::not_found)?;
    let (preview, words) = match state {
        Standing::Withdrawn => (None, None),
        _ => {
            (own.binary(&document, Part::Preview).await?.map(|bytes| data_uri(&bytes)), own.words_in(&document).await?)
        }
    };
    let seen = document.pointer("/authenticator/display").and_then(Value::as_str).map(str::to_owned);
    let note = document.get("description").and_then(Value::as_str).map(str::to_owned);
    let query = uploads::file_query(shown.file);
    page(&UploadAbout { id, query, row, preview, words, seen, note, state, cx })
}

/// How a document stands on its page. What the patient took back is said to be so, without what stood in it; what the clinic took
/// back as a mistake, a letter of another person say, is not there at all.
fn shown_as(document: &Value) -> Option<Standing> {
    let state = Standing::of(R::DocumentReference, document);
    (state == Standing::Withdrawn || !fill::copied::is_mistaken(document)).then_some(state)
}

/// `POST /my/documents/{id}/withdraw`
pub(in crate::http) async fn withdraw(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Versioned>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    own.withdraw(R::DocumentReference, &id, &sent, &format!("/my/documents/{id}/about?done=withdrawn")).await
}

/// A picture of our own making, for a page that shows it without asking again.
pub(in crate::http) fn data_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64.encode(png))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_the_clinic_took_back_is_not_there_and_ones_own_is_said_to_be_withdrawn() {
        let of = |status: &str, author: &str| {
            let author = json!([{ "reference": author }]);
            shown_as(&json!({"meta": {"versionId": "2"}, "status": status, "author": author}))
        };
        assert_eq!(of("entered-in-error", "Practitioner/d"), None);
        assert_eq!(of("entered-in-error", "Patient/p"), Some(Standing::Withdrawn));
        assert_eq!(of("current", "Practitioner/d"), Some(Standing::Others));
        assert_eq!(of("current", "Patient/p"), Some(Standing::Own { version: 2 }));
    }
}
