//! What is added to a signed note.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::show::{Shown, signed};
use super::{doing, may_sign, pen, phrases_for, place, read, typed_of};
use crate::audit::Action;
use crate::care::forms::Draft;
use crate::care::note::phrases::{self, Measures};
use crate::care::note::{self, Pen, Step};
use crate::care::workflow::Refused;
use crate::http::clinic::entries::author;
use crate::http::clinic::id_of;
use crate::http::forms::Sent;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct AddendumTyped {
    addendum: String,
    act: String,
}

/// What was typed as an addendum and not signed, if a draft is one.
pub(super) fn kept(draft: &Draft) -> Option<String> {
    let typed: AddendumTyped = serde_urlencoded::from_bytes(&draft.body).ok()?;
    Some(typed.addendum).filter(|text| !text.trim().is_empty())
}

/// `POST /patients/{id}/notes/{note}/addenda`
pub(in crate::http) async fn add(
    visit: Visit,
    Path((id, note)): Path<(String, String)>,
    sent: Sent<AddendumTyped>,
) -> Result<Response, Refusal> {
    let read = read(&visit, &id, &note).await?;
    if !may_sign(&visit.actor) {
        return Err(Refusal::new(No::Never));
    }
    if !note::is_signed(&read.saved.composition) {
        return Err(Refusal::new(No::Conflict));
    }
    let to = format!("{}?done=added", place(&id, &note));
    let (now, today) = pen(&visit);
    let pen = Pen { author: author(&visit), now: &now, today, ambient: &visit.house.ambient };
    let doing = doing(&visit, Action::Sign, &sent, &to);
    let all = phrases_for(&visit, &read)?;
    let measured = typed_of(&read.saved, read.version).vitals;
    let text = phrases::expand(&sent.typed.addendum, &all, &Measures::of(&measured));
    let step = Step::of(&sent.typed.act).filter(|step| step.signs()).unwrap_or(Step::Sign);
    match note::append(doing, &id_of(&id)?, &id_of(&note)?, read.document.as_deref(), (&text, step), pen).await {
        Ok(done) => visit.went(&sent, done, &to).await,
        Err(Refused::Record(error)) => Err(error.into()),
        Err(Refused::Told(error)) => {
            let mut read = read;
            read.opened.cx.at = sent.at.clone().unwrap_or_else(|| place(&id, &note));
            let answer = signed(&visit, read, &text, Shown::of_error(error, "addendum", "note-no-addendum"))?;
            Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, answer))
        }
    }
}
