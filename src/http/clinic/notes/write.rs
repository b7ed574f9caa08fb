//! What is done with a note while it is written: saved, signed, thrown away, filled by a template.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::show::{Shown, drafts, others, signed, theirs, written};
use super::{Read, account, doing, last_writer, may_sign, pen, phrases_for, place, read, typed_of};
use crate::audit::Action;
use crate::care::forms::{self, Draft};
use crate::care::note::merge::{self, Merged, PageOf};
use crate::care::note::phrases::{self, Measures};
use crate::care::note::{self, NoteTyped, PARTS, Pen, Step};
use crate::care::workflow::Refused;
use crate::http::clinic::codes::Offer;
use crate::http::clinic::entries::author;
use crate::http::clinic::id_of;
use crate::http::clinic::notes_pages::{self as pages};
use crate::http::forms::{Sent, all_kept};
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
    let step = Step::of(&sent.typed.act);
    if step.is_some_and(Step::signs) && !may_sign(&visit.actor) {
        return Err(Refusal::new(No::Never));
    }
    // Sent twice, it is no change of somebody else's that the second finds.
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    if note::is_signed(&read.saved.composition) {
        return signed_meanwhile(&visit, read, &sent).await;
    }
    if sent.typed.act == "discard" {
        return discard(&visit, read, sent, &id).await;
    }
    let came = sent.typed.clone();
    let merged = merge::merge(&mut sent.typed, &typed_of(&read.saved, read.version));
    if merged.page == PageOf::Before {
        return between(&visit, read, &sent, came, &merged).await;
    }
    match sent.typed.act.as_str() {
        "template" => return insert_template(&visit, &read, sent, &here).await,
        act if Offer::is_asked(act) => return again(&visit, sent, &here).await,
        _ => {}
    }
    if !merged.open.is_empty() {
        let came = sent.typed.clone();
        return between(&visit, read, &sent, came, &merged).await;
    }
    let all = phrases_for(&visit, &read)?;
    let measures = Measures::of(&sent.typed.vitals);
    for part in &PARTS {
        let text = phrases::expand(sent.typed.part(part.field), &all, &measures);
        sent.typed.put_part(part.field, text);
    }
    save(&visit, read, sent, &id, step.unwrap_or(Step::Save)).await
}

async fn save(visit: &Visit, mut read: Read, sent: Sent<NoteTyped>, id: &str, step: Step) -> Result<Response, Refusal> {
    let here = place(id, read.saved.id.as_str());
    let unfinished = if step.signs() { None } else { sent.typed.unfinished() };
    let done = match (step.signs(), &unfinished) {
        (true, _) => "signed",
        (false, None) => "saved",
        (false, Some(_)) => "saved-without",
    };
    let to = format!("{here}?done={done}");
    let action = if step.signs() { Action::Sign } else { Action::Update };
    let (now, today) = pen(visit);
    let offer = Offer::of(visit, "")?;
    let pen = Pen { author: author(visit), now: &now, today, ambient: &visit.house.ambient };
    let doing = doing(visit, action, &sent, &to);
    match note::save(doing, &id_of(id)?, read.saved.clone(), &sent.typed, step, pen, offer.formulary()).await {
        Ok(done) => {
            let shown = sent.typed.from.clone();
            if shown.starts_with(&here) {
                visit.forget_draft(Some(&shown)).await?;
            }
            let went = visit.went(&sent, done, &to).await?;
            // The page that comes next is made of what is stored: what has no name yet is in its form again.
            if let (Some(lines), Ok(seen)) = (unfinished, sent.typed.version.parse::<u32>()) {
                let stands = sent.typed.with_unfinished(seen.saturating_add(1), lines);
                keep(visit, sent.at.as_deref().filter(|at| at.starts_with(&here)).unwrap_or(&here), &stands).await?;
            }
            Ok(went)
        }
        Err(Refused::Record(RecordError::VersionConflict { .. })) => {
            changed_meanwhile(visit, id, read.saved.id.as_str(), sent).await
        }
        Err(Refused::Record(error)) => Err(error.into()),
        Err(Refused::Told(error)) => {
            read.opened.cx.at = sent.at.clone().unwrap_or(here);
            let answer = written(visit, read, &sent.typed, Shown::of_error(error, "subjective", "note-empty"))?;
            Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, answer))
        }
    }
}

async fn discard(visit: &Visit, read: Read, sent: Sent<NoteTyped>, id: &str) -> Result<Response, Refusal> {
    let seen = sent.typed.version.parse().map_err(|_| Refusal::new(No::Malformed))?;
    let to = format!("/patients/{id}/notes");
    let note = read.saved.id.clone();
    match note::discard(doing(visit, Action::Update, &sent, &to), read.saved, seen).await {
        Ok(done) => visit.went(&sent, done, &to).await,
        Err(Refused::Told(never)) => match never {},
        Err(Refused::Record(RecordError::VersionConflict { .. })) => {
            changed_meanwhile(visit, id, note.as_str(), sent).await
        }
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

/// Somebody saved or signed since this request read the note.
async fn changed_meanwhile(
    visit: &Visit,
    id: &str,
    note: &str,
    mut sent: Sent<NoteTyped>,
) -> Result<Response, Refusal> {
    let read = read(visit, id, note).await?;
    if note::is_signed(&read.saved.composition) {
        return signed_meanwhile(visit, read, &sent).await;
    }
    let came = sent.typed.clone();
    let merged = merge::merge(&mut sent.typed, &typed_of(&read.saved, read.version));
    between(visit, read, &sent, came, &merged).await
}

/// What came, as a draft of its page, until it is saved or thrown away.
async fn keep(visit: &Visit, at: &str, typed: &NoteTyped) -> Result<(), Refusal> {
    let body = serde_urlencoded::to_string(typed).map_err(Refusal::internal)?.into_bytes();
    let (account, draft, at) = (account(visit)?, Draft { body, at: visit.house.ambient.now() }, at.to_owned());
    all_kept(visit.house.store.write(move |tx| forms::keep(tx, account, at, &draft)).await?)
}

/// The page again with what somebody else wrote. Nothing is saved.
async fn between(
    visit: &Visit,
    mut read: Read,
    sent: &Sent<NoteTyped>,
    came: NoteTyped,
    merged: &Merged,
) -> Result<Response, Refusal> {
    let at = sent.at.clone().unwrap_or_else(|| place(&read.opened.frame.who.id, read.saved.id.as_str()));
    keep(visit, &at, &came).await?;
    read.opened.cx.at = at;
    let theirs = Some(theirs(&read, &sent.typed, merged));
    // On the page that showed them first they are asked about; one that comes back with them says where.
    let faults = if merged.page == PageOf::Now { pages::unsettled(&merged.open) } else { Faults::none() };
    let shown = Shown { theirs, faults, ..Shown::default() };
    Ok(finished(StatusCode::CONFLICT, written(visit, read, &sent.typed, shown)?))
}

/// Somebody signed meanwhile: nothing is changed any more, and what was typed is kept beside the note.
async fn signed_meanwhile(visit: &Visit, mut read: Read, sent: &Sent<NoteTyped>) -> Result<Response, Refusal> {
    let here = place(&read.opened.frame.who.id, read.saved.id.as_str());
    let at = sent.at.clone().unwrap_or_else(|| here.clone());
    // The form of this page is another, and its drafts must not take the place of this one.
    keep(visit, &at, &sent.typed).await?;
    let (name, when) = last_writer(&read.saved.composition, &read.opened.ctx);
    let when = when.map(|when| when.near_within(&read.opened.cx.now)).unwrap_or_default();
    read.opened.cx.trouble = Some(t("note-signed-meanwhile").with("name", name).with("when", when).to_string());
    let others = others(&drafts(visit, &here)?, &read);
    Ok(finished(StatusCode::CONFLICT, signed(visit, read, "", Shown { others, ..Shown::default() })?))
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
    let measures = Measures::of(&sent.typed.vitals);
    for (part, text) in PARTS.iter().zip(found.into_iter().flatten()) {
        let before = sent.typed.part(part.field).trim_end().to_owned();
        let text = phrases::expand(&text, &all, &measures);
        let gap = if before.is_empty() || text.is_empty() { "" } else { "\n" };
        sent.typed.put_part(part.field, format!("{before}{gap}{text}"));
    }
    sent.typed.act.clear();
    again(visit, sent, here).await
}

/// What was typed, as a draft, and the page again.
async fn again(visit: &Visit, mut sent: Sent<NoteTyped>, here: &str) -> Result<Response, Refusal> {
    sent.typed.template.clear();
    let at = sent.at.clone().filter(|at| at.starts_with(here)).unwrap_or_else(|| here.to_owned());
    keep(visit, &at, &sent.typed).await?;
    Ok(Redirect::to(&at).into_response())
}
