//! Files that go with messages.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::messages::{Typed, conversation};
use super::own::{Needs, Own};
use super::uploads::{looked_at, said, said_full, word_of};
use crate::base::FhirId;
use crate::care::messages::{self, Reply};
use crate::care::uploads::{self, Looked, Origin, Upload};
use crate::care::workflow::Refused;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Faults, t};
use crate::http::uploaded::{File, Uploaded};

/// What a file of this kind is called: as somebody named it, else as its file is.
pub(super) fn title_of(typed: &str, file: Option<&File>, kind: &str) -> String {
    let named = uploads::titled(typed)
        .or_else(|| uploads::cleaned(file.and_then(|file| file.name.as_deref()).unwrap_or_default()));
    named.map_or_else(|| word_of(kind), |named| named.0)
}

impl Own {
    /// A file that goes with a message.
    pub(super) fn brought(&self, looked: Looked, bytes: Vec<u8>, title: String) -> Upload {
        Upload {
            looked,
            bytes,
            title,
            kind: ("other", word_of("other")),
            note: String::new(),
            patient: self.patient.clone(),
            by: self.as_author(),
            origin: Origin::Patient,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct WithFile {
    title: String,
}

/// `POST /my/messages/{id}/file`: a file, as a message of its own, so that the text beside it is kept like any other.
pub(in crate::http) async fn attach(
    visit: Visit,
    Path(id): Path<String>,
    uploaded: Uploaded<WithFile>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    let (clinic, thread) = own.conversation(&id).await?;
    let Uploaded { mut sent, file } = uploaded;
    // What is being typed beside it is no part of this form, and stays.
    sent.at = None;
    let again = async |fault: String| {
        let mut faults = Faults::none();
        faults.add("file", fault);
        let mut cx = own.plain_cx().await?;
        let typed = own.visit.kept_at::<Typed>(&format!("/my/messages/{id}"), &mut cx)?.unwrap_or_default();
        let shown = conversation(&own, cx, &clinic, &thread, &typed.text, faults)?;
        Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown))
    };
    let Some(file) = file else { return again(t("upload-file-missing").to_string()).await };
    let (looked, bytes) = match looked_at(&file).await? {
        Ok(looked) => looked,
        Err(no) => return again(said(no)).await,
    };
    let mut faults = Faults::none();
    let title = title_of(&faults.whole("file", &sent.typed.title, uploads::LONGEST_TITLE), Some(&file), "other");
    if let Some(fault) = faults.of("file") {
        return again(fault.to_owned()).await;
    }
    let (sender, name) = own.sender()?;
    let document = FhirId::new(&own.visit.house.ambient);
    let upload = own.brought(looked, bytes, title.clone());
    let topic = thread.head().and_then(|head| head.topic.as_ref()).and_then(|id| clinic.topic(id.as_str()));
    let attached = [document.clone()];
    let reply = Reply {
        id: FhirId::new(&own.visit.house.ambient),
        sender: &sender,
        sender_name: &name,
        pool: topic.map(|topic| topic.pool).unwrap_or_default(),
        text: &title,
        attached: &attached,
        now: own.visit.house.ambient.now(),
    };
    let place = format!("/my/messages/{id}?done=sent");
    match messages::attach(own.writes(&sent, &place), &thread, reply, document, upload).await {
        Ok(done) => own.visit.went(&sent, done, &place).await,
        Err(Refused::Told(full)) => again(said_full(full)).await,
        Err(Refused::Record(error)) => Err(error.into()),
    }
}
