//! What patients asked for, with its last day; answered once, declined with reasons, or given more time once.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::duplicates::ctx;
use super::requests_pages::{AskedRow, OneRequest, Queue};
use crate::access::{Actor, ProxyGrant};
use crate::audit::{self, Action, Detail, Purpose, TouchKind, Touched};
use crate::base::{FhirId, ResourceRef};
use crate::care::requests::{self, Kind, LONGEST, NotNow, Request, State, Step};
use crate::care::workflow::Refused;
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::portal::copy::{CopyOf, sent};
use crate::http::portal::requests_pages::{RequestRow, kind_word};
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::Identity;
use crate::http::ui::{Faults, Field, When, t};
use crate::record::{Channel, Page, RecordError, Why};

fn why(visit: &Visit, action: Action) -> Why {
    // It is the patient's own request that is looked at: so they read it, too.
    Why { action, purpose: Purpose::PatRqt, detail: visit.told(Detail::none()), channel: Channel::Screen }
}

fn today(visit: &Visit, ctx: &Ctx) -> jiff::civil::Date {
    visit.house.ambient.now().to_zoned(ctx.zone.clone()).date()
}

fn row(visit: &Visit, request: &Request, who: Option<&Identity>, ctx: &Ctx) -> AskedRow {
    let today = today(visit, ctx);
    AskedRow {
        row: RequestRow {
            href: format!("/requests/{}", request.id),
            kind: request.kind,
            state: request.state,
            asked: When::at(request.asked, &ctx.zone),
            due: When::Day(request.due),
            overdue: request.is_overdue(today),
            answered: request.answered.map(|time| When::at(time, &ctx.zone)),
        },
        name: who.map(Identity::plain).unwrap_or_default(),
        days_left: request.days_left(today),
        extended: request.extended.is_some(),
    }
}

fn rows(visit: &Visit, found: &Page, ctx: &Ctx) -> Vec<AskedRow> {
    let people: Vec<Identity> = found
        .included
        .iter()
        .filter(|one| one.kind == R::Patient)
        .map(|one| fill::identity(&one.value(), ctx))
        .collect();
    let requests = found.matches.iter().filter_map(|stored| Request::of(&stored.value()));
    requests
        .map(|request| row(visit, &request, people.iter().find(|who| who.id == request.patient.as_str()), ctx))
        .collect()
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Shown {
    done: String,
}

/// `GET /requests`
pub async fn list(visit: Visit, Query(shown): Query<Shown>) -> Result<Response, Refusal> {
    let ctx = ctx(&visit);
    let (open, closed) = (requests::query(State::Open)?, requests::query(State::Answered)?);
    let read = visit.house.records.disclose(&visit.actor, why(&visit, Action::Search), |reading| {
        Ok(reading.search(&open)?.zip(reading.search(&closed)?))
    });
    let (open, closed) = read.await?.into_inner();
    let mut rows_open = rows(&visit, &open, &ctx);
    rows_open.sort_by_key(|row| row.row.due.day());
    let mut cx = visit.cx();
    cx.done = match shown.done.as_str() {
        "answered" => Some(t("ask-done-answered").to_string()),
        "declined" => Some(t("ask-done-declined").to_string()),
        "extended" => Some(t("ask-done-extended").to_string()),
        _ => None,
    };
    page(&Queue { open: rows_open, closed: rows(&visit, &closed, &ctx), cx })
}

/// A request with its Task, and whose it is.
struct Opened {
    request: Request,
    task: Value,
    who: Option<Identity>,
}

async fn opened(visit: &Visit, id: &str, ctx: &Ctx) -> Result<(Opened, FhirId), Refusal> {
    let id = FhirId::parse(id).map_err(|_| Refusal::not_found())?;
    let read =
        visit.house.records.disclose(&visit.actor, why(visit, Action::Read), |reading| reading.read(R::Task, &id));
    let task = read.await?.into_inner().value();
    let request = Request::of(&task).ok_or_else(Refusal::not_found)?;
    let read = visit
        .house
        .records
        .disclose(&visit.actor, why(visit, Action::Read), |reading| reading.read(R::Patient, &request.patient));
    let who = match read.await {
        Ok(stored) => Some(fill::identity(&stored.into_inner().value(), ctx)),
        Err(RecordError::NotFound | RecordError::Gone) => None,
        Err(error) => return Err(error.into()),
    };
    Ok((Opened { request, task, who }, id))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    step: String,
    words: String,
    version: u32,
}

/// `GET /requests/{id}`
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let ctx = ctx(&visit);
    let (opened, _) = opened(&visit, &id, &ctx).await?;
    let mut cx = visit.cx();
    let typed = visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
    page(&one(&visit, &opened, &typed, Faults::none(), &ctx, cx))
}

fn one(
    visit: &Visit,
    Opened { request, who, .. }: &Opened,
    typed: &Typed,
    faults: Faults,
    ctx: &Ctx,
    mut cx: crate::http::ui::Cx,
) -> OneRequest {
    cx.at = format!("/requests/{}", request.id);
    let hint = match request.kind {
        Kind::Copy if request.acting.is_some() => "ask-admin-copy-acting",
        Kind::Copy => "ask-admin-copy",
        Kind::Correction => "ask-admin-correction",
        Kind::Restriction => "ask-admin-restriction",
        Kind::Accounting => "ask-admin-accounting",
        Kind::Question => "ask-admin-question",
    };
    OneRequest {
        title: kind_word(request.kind).to_string(),
        who: who.clone(),
        row: row(visit, request, who.as_ref(), ctx),
        words: Field::area("words", t("ask-admin-words"), &typed.words, &faults)
            .hint(t("ask-admin-words-hint"))
            .most(LONGEST),
        hint: t(hint).to_string(),
        rule: request.kind.term().2,
        more: request.kind.term().1,
        may_extend: request.state == State::Open
            && request.extended.is_none()
            && !request.is_overdue(today(visit, ctx)),
        days: days(visit, request, ctx),
        request: request.clone(),
        faults,
        cx,
    }
}

/// The days of the first and the last entry that a question is about.
fn days(visit: &Visit, request: &Request, ctx: &Ctx) -> Option<(When, When)> {
    let read = visit.house.store.read().ok()?;
    let day = |sequence: Option<&u64>| {
        let line = audit::line(&read, *sequence?).ok()??;
        Some(When::Day(When::at(line.entry.time(), &ctx.zone).day()))
    };
    Some((day(request.entries.iter().min())?, day(request.entries.iter().max())?))
}

/// `GET /requests/{id}/copy.zip`: the copy that was asked for, to be handed out on paper or on a disk. It holds what the patient
/// sees and no more, and of who acts for them, what they see; who took it away stands in the access log before its first byte.
pub async fn copy(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let ctx = ctx(&visit);
    let (opened, _) = opened(&visit, &id, &ctx).await?;
    let Request { patient, kind, state, acting, .. } = opened.request.clone();
    if kind != Kind::Copy || state != State::Open {
        return Err(Refusal::not_found());
    }
    let reads = |grant: &ProxyGrant| grant.patient == patient && grant.extent.reads_record();
    if let Some(person) = &acting
        && !visit.house.records.may_act_as(person)?.iter().any(reads)
    {
        let mut cx = visit.cx();
        cx.trouble = Some(t("ask-admin-copy-ended").to_string());
        let page = page(&one(&visit, &opened, &Typed::default(), Faults::none(), &ctx, cx))?;
        return Ok(finished(StatusCode::CONFLICT, page));
    }
    let reference = ResourceRef::new(R::Patient.name(), &patient).map_err(Refusal::internal)?;
    let touched = Touched::new(Some(patient.clone()), TouchKind::SentOut, vec![reference]);
    let event = visit.event(Action::Everything, Purpose::PatRqt).touching(&[touched]);
    let _ = visit.house.audit.commit(vec![event]).await?;
    let purpose = if acting.is_some() { Purpose::PwAtrny } else { Purpose::PatRqt };
    let (actor, cx) = (Actor::copying(patient.clone(), acting), visit.cx());
    sent(CopyOf { house: visit.house.clone(), patient, actor, purpose, ctx, cx }).await
}

/// `POST /requests/{id}`
pub async fn step(visit: Visit, Path(id): Path<String>, sent: Sent<Typed>) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let ctx = ctx(&visit);
    let (opened, id) = opened(&visit, &id, &ctx).await?;
    let typed = &sent.typed;
    let mut faults = Faults::none();
    let words = faults.whole("words", &typed.words, LONGEST);
    let (step, place) = match typed.step.as_str() {
        "answer" => (Step::Answer(words.clone()), "/requests?done=answered"),
        "decline" => (Step::Decline(words.clone()), "/requests?done=declined"),
        "extend" => (Step::Extend(words.clone()), "/requests?done=extended"),
        _ => return Err(Refusal::new(crate::http::respond::Refused::Malformed)),
    };
    if words.is_empty() {
        faults.add("words", t("ask-admin-words-missing"));
    }
    if !faults.is_empty() {
        let page = page(&one(&visit, &opened, typed, faults, &ctx, visit.cx()))?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let now = visit.house.ambient.now();
    let task = match requests::stepped(opened.task.clone(), &step, &by(&visit), now, &ctx.zone) {
        Ok(task) => task,
        Err(no) => return again(&visit, &opened, typed, no, &ctx),
    };
    let doing = visit.doing(why(&visit, Action::RequestAnswered), &sent, place);
    match requests::change(doing, id, typed.version, task).await {
        Ok(done) => visit.went(&sent, done, place).await,
        Err(Refused::Told(no)) => again(&visit, &opened, typed, no, &ctx),
        Err(Refused::Record(RecordError::VersionConflict { .. })) => {
            again(&visit, &opened, typed, NotNow::Answered, &ctx)
        }
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

/// Somebody else was quicker, or it is too late: the request as it stands, with what was typed.
fn again(visit: &Visit, opened: &Opened, typed: &Typed, no: NotNow, ctx: &Ctx) -> Result<Response, Refusal> {
    let mut cx = visit.cx();
    cx.trouble = Some(
        t(match no {
            NotNow::Answered => "ask-admin-changed",
            NotNow::Extended => "ask-admin-extended-already",
            NotNow::Overdue => "ask-admin-overdue",
        })
        .to_string(),
    );
    Ok(finished(StatusCode::CONFLICT, page(&one(visit, opened, typed, Faults::none(), ctx, cx))?))
}

/// Who answers, as a Task's owner: a person of the record where the account is linked to one.
fn by(visit: &Visit) -> Value {
    let name = visit.account.as_ref().map(|account| account.display_name.to_string()).unwrap_or_default();
    match visit.actor.person().map(ResourceRef::as_str) {
        Some(person) => json!({"reference": person, "display": name}),
        None => json!({"display": name}),
    }
}
