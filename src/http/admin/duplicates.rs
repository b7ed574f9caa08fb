//! Finding two records of one person, comparing who they are, joining them, and making two of them again. Nothing clinical
//! is read for it, and nothing is shown.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::duplicate_pages::{CompareRow, Compared, Duplicates, FoundRow, MergeRow};
use super::particulars::particulars;
use crate::audit::{Action, Detail, Purpose};
use crate::base::{FhirId, ResourceRef};
use crate::care::merge::{self, Decided, Merge, MergeError, MergeState, Two};
use crate::care::together;
use crate::care::workflow::Refused;
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::Identity;
use crate::http::ui::{Cx, Faults, Field, When, t};
use crate::record::{Channel, Why};

/// How many people a search shows.
const FOUND: usize = 10;
/// How many merges the list shows.
const SHOWN: usize = 50;
/// The most characters of a reason.
const LONGEST: usize = 300;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    q: String,
    one: String,
    other: String,
    done: String,
}

pub(super) fn looks(visit: &Visit, action: Action, detail: Detail) -> Why {
    Why { action, purpose: Purpose::HOperat, detail: visit.told(detail), channel: Channel::Screen }
}

pub(super) fn ctx(visit: &Visit) -> Ctx {
    Ctx::of(visit.house.front.face.zone.clone()).at(visit.house.ambient.now())
}

/// Somebody as they are compared.
async fn compared(visit: &Visit, id: &FhirId) -> Result<(Compared, Value), Refusal> {
    let why = looks(visit, Action::Read, Detail::none());
    let found = visit.house.records.disclose(&visit.actor, why, |reading| reading.read(R::Patient, id)).await?;
    let patient: Value = serde_json::from_slice(&found.json).map_err(Refusal::internal)?;
    let who = fill::identity(&patient, &ctx(visit));
    let rows = Compared {
        id: id.to_string(),
        version: found.version,
        entries: merge::size(&visit.house.records, id)?,
        account: visit.house.identity.has_account(id)?,
        who,
    };
    Ok((rows, patient))
}

/// `GET /duplicates`
pub(in crate::http) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let mut cx = visit.cx();
    cx.done = match asked.done.as_str() {
        "joined" => Some(t("merge-done").to_string()),
        "parted" => Some(t("merge-undone").to_string()),
        _ => None,
    };
    let typed = visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
    shown(&visit, cx, &asked, &typed, Faults::none()).await
}

async fn shown(visit: &Visit, mut cx: Cx, asked: &Asked, typed: &Typed, faults: Faults) -> Result<Response, Refusal> {
    let ctx = ctx(visit);
    let one = match FhirId::parse(&asked.one) {
        Ok(id) => Some(compared(visit, &id).await?),
        Err(_) => None,
    };
    let other = match FhirId::parse(&asked.other) {
        Ok(id) if one.as_ref().is_some_and(|(one, _)| one.id != id.as_str()) => Some(compared(visit, &id).await?),
        _ => None,
    };
    let rows = one.as_ref().zip(other.as_ref()).map(|(one, other)| rows(one, other, &ctx)).unwrap_or_default();
    // With one chosen, who is like them is looked for without a word.
    let alike = one.as_ref().map(|(_, patient)| question(patient)).unwrap_or_default();
    let question = if asked.q.trim().is_empty() { alike } else { asked.q.trim().to_owned() };
    let mut found = Vec::new();
    if !question.is_empty() && other.is_none() {
        let why = looks(visit, Action::Search, Detail::search(question.as_str()));
        let hits = visit.house.records.disclose(&visit.actor, why, |reading| reading.find_patients(&question, FOUND));
        let chosen = one.as_ref().map(|(one, _)| one.id.clone());
        for hit in hits.await?.iter() {
            let id = hit.person.id.to_string();
            if !hit.person.active || chosen.as_ref() == Some(&id) {
                continue;
            }
            let href = match &chosen {
                Some(one) => format!("/duplicates?one={one}&other={id}"),
                None => format!("/duplicates?one={id}"),
            };
            found.push(FoundRow { href, who: fill::directory_row(&hit.person, &ctx).who });
        }
    }
    if cx.at.is_empty() {
        cx.at = format!("/duplicates?one={}&other={}", asked.one, asked.other);
    }
    let mut merges = Vec::new();
    for row in merge::merges(&visit.house.records)?.iter().take(SHOWN) {
        merges.push(merge_row(visit, row, &ctx).await?);
    }
    page(&Duplicates {
        query: asked.q.clone(),
        searched: !question.is_empty() && other.is_none(),
        found,
        one: one.map(|(one, _)| one),
        other: other.map(|(other, _)| other),
        rows,
        keep: typed.keep.clone(),
        keep_fault: faults.of("keep").map(str::to_owned),
        reason: Field::text("reason", t("merge-reason"), &typed.reason, &faults).hint(t("merge-reason-hint")),
        merges,
        faults,
        cx,
    })
}

/// What the two say side by side, with what each becomes if the other is joined to it.
fn rows(one: &(Compared, Value), other: &(Compared, Value), ctx: &Ctx) -> Vec<CompareRow> {
    let of = |patient: &Value| particulars(patient, ctx);
    let joined = |kept: &Value, gone: &Value| of(&together::taken_over(kept.clone(), gone)).into_iter();
    let (if_one, if_other) = (joined(&one.1, &other.1), joined(&other.1, &one.1));
    let mut rows: Vec<CompareRow> = of(&one.1)
        .into_iter()
        .zip(of(&other.1))
        .zip(if_one.zip(if_other))
        .map(|(((label, one), (_, other)), ((_, if_one), (_, if_other)))| CompareRow {
            label: label.to_string(),
            one,
            other,
            if_one,
            if_other,
        })
        .filter(|row| !row.one.is_empty() || !row.other.is_empty())
        .collect();
    let yes = |is: bool| vec![t(if is { "yes" } else { "no" }).to_string()];
    let (first, second) = (&one.0, &other.0);
    for (label, one, other, both) in [
        (
            "merge-entries",
            vec![first.entries.to_string()],
            vec![second.entries.to_string()],
            vec![(first.entries + second.entries).to_string()],
        ),
        ("merge-account", yes(first.account), yes(second.account), yes(first.account || second.account)),
    ] {
        rows.push(CompareRow { label: t(label).to_string(), one, other, if_one: both.clone(), if_other: both });
    }
    rows
}

/// What the directory is asked for who is like somebody: name and birth date.
fn question(patient: &Value) -> String {
    let name = patient.pointer("/name/0");
    let text = |at: &str| name.and_then(|name| name.pointer(at)).and_then(Value::as_str).unwrap_or_default();
    let born = patient.get("birthDate").and_then(Value::as_str).unwrap_or_default();
    format!("{} {} {born}", text("/given/0"), text("/family")).trim().to_owned()
}

async fn merge_row(visit: &Visit, row: &Merge, ctx: &Ctx) -> Result<MergeRow, Refusal> {
    let name = async |id: &FhirId| -> Result<Identity, Refusal> {
        let why = looks(visit, Action::Read, Detail::none());
        let found = visit.house.records.disclose(&visit.actor, why, |reading| reading.read(R::Patient, id)).await?;
        let patient: Value = serde_json::from_slice(&found.json).map_err(Refusal::internal)?;
        Ok(fill::identity(&patient, ctx))
    };
    let (kept, joined) = (name(&row.kept).await?, name(&row.joined).await?);
    let by = visit.house.identity.account(row.by)?.map(|account| account.display_name.to_string());
    Ok(MergeRow {
        id: row.id.to_string(),
        kept: plain(&kept),
        joined: plain(&joined),
        when: When::at(row.made, &ctx.zone).short_time(),
        by: by.unwrap_or_default(),
        reason: row.reason.clone(),
        moved: row.moved,
        undone: match row.state {
            MergeState::Undone(at) => Some(When::at(at, &ctx.zone).short_time()),
            _ => None,
        },
    })
}

/// "Halina Brandvold, 000 012".
fn plain(who: &Identity) -> String {
    [Some(who.plain()), who.number.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    one: String,
    one_version: u32,
    other: String,
    other_version: u32,
    /// The id of the one that goes on.
    keep: String,
    reason: String,
}

fn told(error: MergeError) -> String {
    t(match error {
        MergeError::NotTwo => "merge-not-two",
        MergeError::Changed => "merge-changed",
        MergeError::NotJoined => "merge-not-joined",
        MergeError::LaterFirst => "merge-later-first",
        MergeError::TooMany => "merge-too-many",
    })
    .to_string()
}

/// `POST /duplicates/merge`
pub(in crate::http) async fn join(visit: Visit, sent: Sent<Typed>) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let typed = &sent.typed;
    let id = |text: &str| FhirId::parse(text).map_err(|_| Refusal::not_found());
    let (one, other) = (id(&typed.one)?, id(&typed.other)?);
    let asked = Asked { one: typed.one.clone(), other: typed.other.clone(), ..Asked::default() };
    let reason = typed.reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut faults = Faults::none();
    let (keep, joined) = match typed.keep.as_str() {
        keep if keep == one.as_str() => ((one, typed.one_version), (other, typed.other_version)),
        keep if keep == other.as_str() => ((other, typed.other_version), (one, typed.one_version)),
        _ => {
            faults.add("keep", t("merge-keep-missing"));
            ((one, typed.one_version), (other, typed.other_version))
        }
    };
    if reason.is_empty() {
        faults.add("reason", t("merge-reason-missing"));
    } else if reason.chars().count() > LONGEST {
        faults.add("reason", t("approval-long-reason").with("most", LONGEST).to_string());
    }
    if !faults.is_empty() {
        let page = shown(&visit, visit.cx(), &asked, typed, faults).await?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let place = "/duplicates?done=joined";
    let decided = Decided { records: &visit.house.records, by: &visit.actor, reason, once: visit.once(&sent, place) };
    let (gone, stays) = (joined.0.clone(), keep.0.clone());
    let patient = ResourceRef::new("Patient", &gone).map_err(Refusal::internal)?;
    let accounts = visit.house.identity.accounts_of_person(&patient)?.into_iter().map(|account| account.id).collect();
    match merge::merge(decided, Two { keep, other: joined, accounts }).await {
        Ok(done) => {
            follow(&visit, &gone, &stays).await?;
            visit.house.identity.revoke_invitations(gone, visit.by()).await?;
            visit.went(&sent, done, place).await
        }
        Err(Refused::Told(error)) => {
            // Both at the same moment: one of the two joined them.
            if let Some(led) = visit.led(&sent)? {
                return Ok(led);
            }
            let mut cx = visit.cx();
            cx.trouble = Some(told(error));
            Ok(finished(StatusCode::CONFLICT, shown(&visit, cx, &asked, typed, Faults::none()).await?))
        }
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

/// Accounts of one Patient become the other's.
async fn follow(visit: &Visit, from: &FhirId, to: &FhirId) -> Result<(), Refusal> {
    let reference = |id: &FhirId| ResourceRef::new("Patient", id).map_err(Refusal::internal);
    let to = reference(to)?;
    for account in visit.house.identity.accounts_of_person(&reference(from)?)? {
        visit.house.identity.link(account.id, Some(to.clone()), visit.by()).await?;
    }
    Ok(())
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct UndoTyped {
    reason: String,
}

/// `POST /duplicates/{id}/undo`
pub(in crate::http) async fn undo(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<UndoTyped>,
) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let id = FhirId::parse(&id).map_err(|_| Refusal::not_found())?;
    let rows = merge::merges(&visit.house.records)?;
    let row = rows.into_iter().find(|row| row.id == id).ok_or(Refusal::not_found())?;
    let place = "/duplicates?done=parted";
    let reason: String = sent.typed.reason.trim().chars().take(LONGEST).collect();
    let decided = Decided { records: &visit.house.records, by: &visit.actor, reason, once: visit.once(&sent, place) };
    match merge::undo(decided, id).await {
        Ok(done) => {
            back(&visit, &row).await?;
            visit.went(&sent, done, place).await
        }
        Err(Refused::Told(MergeError::NotJoined)) => Ok(Redirect::to(place).into_response()),
        Err(Refused::Told(error)) => {
            let mut cx = visit.cx();
            cx.trouble = Some(told(error));
            let page = shown(&visit, cx, &Asked::default(), &Typed::default(), Faults::none()).await?;
            Ok(finished(StatusCode::CONFLICT, page))
        }
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

/// The accounts that the merge took along go back.
async fn back(visit: &Visit, row: &Merge) -> Result<(), Refusal> {
    let joined = ResourceRef::new("Patient", &row.joined).map_err(Refusal::internal)?;
    let kept = ResourceRef::new("Patient", &row.kept).map_err(Refusal::internal)?;
    for account in visit.house.identity.accounts_of_person(&kept)? {
        if row.accounts.contains(&account.id) {
            visit.house.identity.link(account.id, Some(joined.clone()), visit.by()).await?;
        }
    }
    Ok(())
}
