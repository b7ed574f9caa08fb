//! A note's page: with its form while it is written, as a text once it is signed.

use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::addenda;
use super::{Read, account, date, last_writer, may_sign, phrases_for, place, read, templates, typed_of};
use crate::care::entries;
use crate::care::forms::{self, Draft};
use crate::care::note::merge::{self, Merged};
use crate::care::note::{self, NoteError, NoteTyped, PARTS};
use crate::http::clinic::codes::Offer;
use crate::http::clinic::entries::said;
use crate::http::clinic::entries_pages::{self, label};
use crate::http::clinic::notes_pages::{self as pages, Blanks, Kept, NotePage, SignedNote, Theirs};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::{Faults, When, t};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    tab: Option<String>,
    done: Option<String>,
}

/// `GET /patients/{id}/notes/{note}`
pub(in crate::http) async fn show(
    visit: Visit,
    Path((id, note)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let mut read = read(&visit, &id, &note).await?;
    read.opened.cx.done = match asked.done.as_deref() {
        Some("saved") => Some(t("note-done-saved").to_string()),
        Some("saved-without") => Some(t("note-done-saved-without").to_string()),
        Some("signed") => Some(t("note-done-signed").to_string()),
        Some("added") => Some(t("note-done-added").to_string()),
        Some("begun") => Some(t("note-done-begun").to_string()),
        _ => None,
    };
    let here = place(&id, &note);
    let mut drafts = drafts(&visit, &here)?;
    // What was taken back is no form: only what was typed into it meanwhile is there to be copied.
    if note::is_signed(&read.saved.composition) || note::is_taken_back(&read.saved.composition) {
        // The newest that was typed as an addendum stands in its field again; what was typed into the note, beside it.
        let addenda = |(_, draft): &(String, Draft)| addenda::kept(draft).is_some();
        let addendum = drafts.iter().position(addenda).map(|at| drafts.remove(at));
        let typed = addendum.as_ref().and_then(|(_, draft)| addenda::kept(draft)).unwrap_or_default();
        if let Some((at, draft)) = addendum {
            read.opened.cx.kept = Some(When::at(draft.at, &read.opened.ctx.zone));
            read.opened.cx.at = at;
        }
        let others = others(&drafts, &read);
        return signed(&visit, read, &typed, Shown { others, ..Shown::default() });
    }
    let stored = typed_of(&read.saved, read.version);
    // The draft of the tab that is asked for; else the newest that was typed into the note as it stands. Of an older page some
    // may have been saved by now: what was not is said beside the form, and put into it by whoever wants it there.
    let wanted = asked.tab.as_deref().map(|tab| format!("{here}?tab={tab}"));
    let fits = |(_, draft): &(String, Draft)| parsed(draft).version == stored.version;
    let at = drafts.iter().position(|one| wanted.as_ref() == Some(&one.0)).or_else(|| drafts.iter().position(fits));
    let (mut typed, mut shown) = (stored.clone(), Shown::default());
    read.opened.cx.at = format!("{here}?tab={}", read.opened.cx.once);
    if let Some(at) = at {
        let (place, draft) = drafts.remove(at);
        read.opened.cx.kept = Some(When::at(draft.at, &read.opened.ctx.zone));
        typed = NoteTyped { from: place, ..parsed(&draft) };
        // Somebody may have changed the note since.
        let merged = merge::merge(&mut typed, &stored);
        shown.theirs = (!merged.open.is_empty() || !merged.taken.is_empty()).then(|| theirs(&read, &typed, &merged));
    }
    shown.others = others(&drafts, &read);
    written(&visit, read, &typed, shown)
}

/// What this account typed into this note and did not save, newest first.
pub(super) fn drafts(visit: &Visit, here: &str) -> Result<Vec<(String, Draft)>, Refusal> {
    Ok(forms::kept_below(&visit.house.store.read()?, account(visit)?, here)?)
}

pub(super) fn parsed(draft: &Draft) -> NoteTyped {
    serde_urlencoded::from_bytes(&draft.body).unwrap_or_default()
}

/// Of drafts what stands neither in the note nor in its form.
pub(super) fn others(drafts: &[(String, Draft)], read: &Read) -> Vec<Kept> {
    let stored = typed_of(&read.saved, read.version);
    let made = pages::made(&read.saved);
    let all = drafts.iter().map(|(at, draft)| {
        let addendum = addenda::kept(draft).map(|text| (label("addendum").to_string(), text));
        Kept {
            at: at.to_owned(),
            when: When::at(draft.at, &read.opened.ctx.zone),
            parts: pages::apart(&parsed(draft), &stored, &made).into_iter().chain(addendum).collect(),
        }
    });
    all.filter(|one| !one.parts.is_empty()).collect()
}

/// What stands on the page of a note besides its form.
#[derive(Default)]
pub(super) struct Shown {
    pub theirs: Option<Theirs>,
    pub others: Vec<Kept>,
    pub blanks: Blanks,
    pub faults: Faults,
}

impl Shown {
    /// What the page says of a note or an addendum that could not be saved; at `field`, by `empty`, that it has no words.
    pub(super) fn of_error(error: NoteError, field: &'static str, empty: &'static str) -> Self {
        let (blanks, faults) = match error {
            NoteError::Faults(found) => (Blanks::None, said(found)),
            NoteError::Empty => {
                let mut faults = Faults::none();
                faults.add(field, t(empty));
                (Blanks::None, faults)
            }
            NoteError::Blanks(parts) => (Blanks::Asked, pages::blanks(&parts)),
        };
        Self { blanks, faults, ..Self::default() }
    }
}

/// What somebody else wrote: what both changed, to be settled, and what was taken into the form.
pub(super) fn theirs(read: &Read, typed: &NoteTyped, merged: &Merged) -> Theirs {
    let stored = typed_of(&read.saved, read.version);
    let (name, when) = last_writer(&read.saved.composition, &read.opened.ctx);
    let when = when.map(|when| when.near_within(&read.opened.cx.now)).unwrap_or_default();
    Theirs {
        headline: t("note-meanwhile").with("name", name).with("when", when).to_string(),
        open: merged.open.iter().map(|unit| pages::clash(unit, typed, &stored)).collect(),
        taken: merged.taken.iter().map(|unit| (pages::unit_word(unit), merge::text(&stored, unit))).collect(),
    }
}

pub(super) fn written(visit: &Visit, read: Read, typed: &NoteTyped, shown: Shown) -> Result<Response, Refusal> {
    let Shown { theirs, others, blanks, faults } = shown;
    let all = phrases_for(visit, &read)?;
    let phrases: Vec<(String, String)> = all.iter().map(|(name, text)| (name.clone(), text.clone())).collect();
    let (by, when) = last_writer(&read.saved.composition, &read.opened.ctx);
    let made = pages::made(&read.saved);
    page(&NotePage {
        note: read.saved.id.to_string(),
        version: typed.version.clone(),
        seen: typed.seen.clone(),
        from: typed.from.clone(),
        reason: pages::reason(&typed.reason, &faults),
        vitals: entries_pages::vitals(&typed.vitals, &faults),
        parts: pages::parts(typed, &faults),
        apart: note::other_texts(&read.saved.composition),
        groups: pages::groups(typed, &Offer::of(visit, &typed.act)?, &faults),
        made,
        templates: templates(visit)?,
        phrases,
        bounds: entries::bounds().collect(),
        last: when.map(|when| {
            t("note-last").with("name", by).with("when", when.near_within(&read.opened.cx.now)).to_string()
        }),
        theirs,
        others,
        blanks,
        beside: read.beside,
        form: read.form,
        may_sign: may_sign(&visit.actor),
        faults,
        frame: read.opened.frame,
        cx: read.opened.cx,
    })
}

pub(super) fn signed(visit: &Visit, mut read: Read, typed: &str, shown: Shown) -> Result<Response, Refusal> {
    let Shown { others: kept, blanks, faults, .. } = shown;
    let composition = &read.saved.composition;
    if read.opened.cx.at.is_empty() {
        read.opened.cx.at = place(&read.opened.frame.who.id, read.saved.id.as_str());
    }
    let ctx = &read.opened.ctx;
    let is_taken_back = note::is_taken_back(composition);
    let signature = |value: &Value| {
        if note::is_taken_back(value) {
            return t("note-taken-back").to_string();
        }
        let name = value.pointer("/attester/0/party/display").and_then(Value::as_str).unwrap_or_default();
        let when =
            value.pointer("/attester/0/time").and_then(Value::as_str).and_then(|text| When::parse(text, &ctx.zone));
        match when {
            Some(when) => t("note-signed-by").with("name", name).with("when", when.long_time()).to_string(),
            None if name.is_empty() => t("note-signed-by-nobody").to_string(),
            None => t("note-signed-by-somebody").with("name", name).to_string(),
        }
    };
    let stored = typed_of(&read.saved, read.version);
    let parts = PARTS.iter().map(|part| (label(part.field).to_string(), stored.part(part.field).to_owned()));
    let added = read.addenda.iter().map(|one| {
        let div = one.pointer("/section/0/text/div").and_then(Value::as_str).unwrap_or_default();
        (note::plain_of(div), signature(one))
    });
    page(&SignedNote {
        note: read.saved.id.to_string(),
        title: composition.get("title").and_then(Value::as_str).unwrap_or_default().to_owned(),
        when: When::parse(date(composition), &ctx.zone),
        signature: signature(composition),
        measured: pages::measured(&read.saved, ctx),
        parts: parts.filter(|(_, text)| !text.is_empty()).chain(note::other_texts(composition)).collect(),
        made: pages::made(&read.saved).into_iter().map(|row| (row.kind, row.text)).collect(),
        added: added.collect(),
        form: read.form.clone(),
        kept,
        blanks,
        addendum: pages::addendum(typed, &faults),
        may_sign: may_sign(&visit.actor) && !is_taken_back,
        is_taken_back,
        faults,
        frame: read.opened.frame,
        cx: read.opened.cx,
    })
}
