//! What is done with a note while it is written: saved, signed, thrown away, filled by a template.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::show::{drafts, kept, signed, written};
use super::{Read, account, doing, last_writer, may_sign, pen, phrases_for, place, read, typed_of};
use crate::audit::Action;
use crate::care::forms::{self, Draft};
use crate::care::note::{self, NoteError, NoteTyped, PARTS, Pen, Step, phrases};
use crate::care::workflow::Refused;
use crate::http::clinic::codes::Offer;
use crate::http::clinic::entries::{author, said};
use crate::http::clinic::id_of;
use crate::http::clinic::notes_pages::{self as pages, Theirs};
use crate::http::forms::Sent;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Faults, t};
use crate::record::RecordError;

/// `POST /patients/{id}/notes/{note}`
pub(in crate::http) async fn write(
    visit: Visit,
    Path((id, note)): Path<(String, String)>,
    mut sent: Sent<NoteTyped>,
) -> Result<Response, Refusal> {
    let read = read(&visit, &id, &note).await?;
    let here = place(&id, &note);
    match sent.typed.act.as_str() {
        "template" => return insert_template(&visit, &read, sent, &here).await,
        act if Offer::is_asked(act) => return again(&visit, sent, &here).await,
        _ => {}
    }
    if sent.typed.act == "sign" && !may_sign(&visit.actor) {
        return Err(Refusal::new(No::Never));
    }
    let all = phrases_for(&visit, &read)?;
    for part in &PARTS {
        let text = phrases::expand(sent.typed.part(part.field), &all, &sent.typed.vitals);
        sent.typed.put_part(part.field, text);
    }
    if note::is_signed(&read.saved.composition) {
        return meanwhile(&visit, &id, &note, &sent).await;
    }
    if sent.typed.act == "discard" {
        let seen = sent.typed.version.parse().map_err(|_| Refusal::new(No::Malformed))?;
        let to = format!("/patients/{id}/notes");
        return match note::discard(doing(&visit, Action::Update, &sent, &to), read.saved, seen).await {
            Ok(done) => visit.went(&sent, done, &to).await,
            Err(Refused::Told(never)) => match never {},
            Err(Refused::Record(RecordError::VersionConflict { .. })) => meanwhile(&visit, &id, &note, &sent).await,
            Err(Refused::Record(error)) => Err(error.into()),
        };
    }
    let step = if sent.typed.act == "sign" { Step::Sign } else { Step::Save };
    let to = format!("{here}?done={}", if step == Step::Sign { "signed" } else { "saved" });
    let action = if step == Step::Sign { Action::Sign } else { Action::Update };
    let (now, today) = pen(&visit);
    let offer = Offer::of(&visit, "")?;
    let pen = Pen { author: author(&visit), now: &now, today, ambient: &visit.house.ambient };
    let doing = doing(&visit, action, &sent, &to);
    match note::save(doing, &id_of(&id)?, read.saved.clone(), &sent.typed, step, pen, offer.formulary()).await {
        Ok(done) => {
            let shown = sent.typed.from.clone();
            if shown.starts_with(&here) {
                visit.forget_draft(Some(&shown)).await?;
            }
            visit.went(&sent, done, &to).await
        }
        Err(Refused::Record(RecordError::VersionConflict { .. })) => meanwhile(&visit, &id, &note, &sent).await,
        Err(Refused::Record(error)) => Err(error.into()),
        Err(Refused::Told(error)) => {
            let faults = match error {
                NoteError::Faults(found) => said(found),
                NoteError::Empty => {
                    let mut faults = Faults::none();
                    faults.add("subjective", t("note-empty"));
                    faults
                }
            };
            let mut read = read;
            read.opened.cx.at = sent.at.clone().unwrap_or(here);
            let answer = written(&visit, read, &sent.typed, None, Vec::new(), faults)?;
            Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, answer))
        }
    }
}

/// Somebody saved or signed meanwhile: both texts are shown, and this one is kept until it is saved or thrown away.
async fn meanwhile(visit: &Visit, id: &str, note: &str, sent: &Sent<NoteTyped>) -> Result<Response, Refusal> {
    let mut read = read(visit, id, note).await?;
    let at = sent.at.clone().unwrap_or_else(|| place(id, note));
    let body = serde_urlencoded::to_string(&sent.typed).map_err(Refusal::internal)?.into_bytes();
    let (account, draft, kept_at) = (account(visit)?, Draft { body, at: visit.house.ambient.now() }, at.clone());
    visit.house.store.write(move |tx| forms::keep(tx, account, kept_at, &draft)).await?;
    read.opened.cx.at = at;
    let (name, when) = last_writer(&read.saved.composition, &read.opened.ctx);
    let when = when.map(|when| when.near_within(&read.opened.cx.now)).unwrap_or_default();
    if note::is_signed(&read.saved.composition) {
        read.opened.cx.trouble = Some(t("note-signed-meanwhile").with("name", name).with("when", when).to_string());
        let drafts = drafts(visit, &place(id, note))?;
        let kept = drafts.iter().map(|(at, draft)| kept(at, draft, &read.opened.ctx)).collect();
        return Ok(finished(StatusCode::CONFLICT, signed(visit, read, "", kept, Faults::none())?));
    }
    let stored = typed_of(&read.saved, read.version);
    let parts = PARTS.iter().filter(|part| stored.part(part.field).trim() != sent.typed.part(part.field).trim());
    let theirs = Theirs {
        headline: t("note-meanwhile").with("name", name).with("when", when).to_string(),
        parts: parts.map(|part| (pages::part_word(part.field), stored.part(part.field).to_owned())).collect(),
    };
    // To save now is to save over what was just shown.
    let typed = NoteTyped { version: stored.version, ..sent.typed.clone() };
    Ok(finished(StatusCode::CONFLICT, written(visit, read, &typed, Some(theirs), Vec::new(), Faults::none())?))
}

/// The template's words behind what stands there, as a draft, and the page again.
async fn insert_template(
    visit: &Visit,
    read: &Read,
    mut sent: Sent<NoteTyped>,
    here: &str,
) -> Result<Response, Refusal> {
    let wanted = sent.typed.template.clone();
    let account = account(visit)?;
    let store = visit.house.store.read()?;
    let find = |owner| -> Result<Option<[Box<str>; 4]>, Refusal> {
        let all = phrases::of(&store, owner)?;
        Ok(all.into_iter().find_map(|(name, phrase)| match phrase {
            phrases::Phrase::Template(parts) if name == wanted => Some(parts),
            _ => None,
        }))
    };
    let found = match find(account)? {
        Some(found) => Some(found),
        None => find(phrases::CLINIC)?,
    };
    let all = phrases_for(visit, read)?;
    for (part, text) in PARTS.iter().zip(found.into_iter().flatten()) {
        let before = sent.typed.part(part.field).trim_end().to_owned();
        let text = phrases::expand(&text, &all, &sent.typed.vitals);
        let gap = if before.is_empty() || text.is_empty() { "" } else { "\n" };
        sent.typed.put_part(part.field, format!("{before}{gap}{text}"));
    }
    sent.typed.act.clear();
    again(visit, sent, here).await
}

/// What was typed, as a draft, and the page again.
async fn again(visit: &Visit, mut sent: Sent<NoteTyped>, here: &str) -> Result<Response, Refusal> {
    let account = account(visit)?;
    sent.typed.template.clear();
    let at = sent.at.clone().filter(|at| at.starts_with(here)).unwrap_or_else(|| here.to_owned());
    let body = serde_urlencoded::to_string(&sent.typed).map_err(Refusal::internal)?.into_bytes();
    let draft = Draft { body, at: visit.house.ambient.now() };
    let kept_at = at.clone();
    visit.house.store.write(move |tx| forms::keep(tx, account, kept_at, &draft)).await?;
    Ok(Redirect::to(&at).into_response())
}
