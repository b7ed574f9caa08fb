//! What patients ask of the clinic about their record: a copy, a correction, a restriction, who was given what of it, and
//! why somebody looked.

use axum::extract::{Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::look_list::LookList;
use super::looks;
use super::own::{Own, Versioned};
use super::pages::LookKind;
use super::requests_pages::{AskPage, MyRequest, MyRequests, RequestRow, kind_word};
use crate::audit::Action;
use crate::base::{FhirId, Timestamp};
use crate::care::Chart;
use crate::care::requests::{self, Asked, Kind, LONGEST, Request, State};
use crate::fhir::ResourceType as R;
use crate::http::forms::Sent;
use crate::http::names::Names;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, When, t};
use crate::record::{Lookers, LooksAsked};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Shown {
    done: String,
    kind: String,
    entry: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    kind: String,
    words: String,
    /// For a copy: `now`, or as the words say.
    how: String,
    entry: Option<u64>,
}

/// One request as a row of a list.
fn row(own: &Own, request: &Request, href: String) -> RequestRow {
    RequestRow {
        href,
        kind: request.kind,
        state: request.state,
        asked: When::at(request.asked, &own.ctx.zone),
        due: When::Day(request.due),
        overdue: request.is_overdue(own.today()),
        answered: request.answered.map(|time| When::at(time, &own.ctx.zone)),
    }
}

/// `GET /my/requests`
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit)?;
    let chart = own.chart(&[R::Task]).await?;
    let mut all: Vec<Request> = chart.of(R::Task).iter().filter_map(Request::of).collect();
    all.sort_by_key(|request| (request.state != State::Open, std::cmp::Reverse(request.asked)));
    let rows = all.iter().map(|one| row(&own, one, format!("/my/requests/{}", one.id))).collect();
    let mut cx = own.cx(&chart);
    cx.at = "/my/requests".to_owned();
    page(&MyRequests { rows, cx })
}

/// `GET /my/requests/new?kind=…`, and for a question `&entry=…`.
pub(in crate::http) async fn blank(visit: Visit, Query(shown): Query<Shown>) -> Result<Response, Refusal> {
    let own = Own::of(visit)?;
    let kind = Kind::from_code(&shown.kind).ok_or(Refusal::not_found())?;
    let mut cx = own.plain_cx().await?;
    let typed = own.visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
    asking(&own, cx, kind, &Typed { entry: shown.entry, ..typed }, Faults::none()).await
}

async fn asking(own: &Own, mut cx: Cx, kind: Kind, typed: &Typed, faults: Faults) -> Result<Response, Refusal> {
    let about = match (kind, typed.entry) {
        (Kind::Question, Some(entry)) => Some((entry, look(own, entry).await?)),
        (Kind::Question, None) => return Err(Refusal::not_found()),
        _ => None,
    };
    cx.at = match &about {
        Some((entry, _)) => format!("/my/requests/new?kind={}&entry={entry}", kind.code()),
        None => format!("/my/requests/new?kind={}", kind.code()),
    };
    let (label, hint) = match kind {
        Kind::Copy => ("ask-copy-how", "ask-copy-how-hint"),
        Kind::Correction => ("ask-correction-what", "ask-correction-what-hint"),
        Kind::Restriction => ("ask-restriction-what", "ask-restriction-what-hint"),
        Kind::Accounting => ("ask-accounting-what", "ask-accounting-what-hint"),
        Kind::Question => ("ask-question-what", "ask-question-what-hint"),
    };
    let words = Field::area("words", t(label), &typed.words, &faults).hint(t(hint));
    let words = if kind == Kind::Accounting { words.optional() } else { words };
    let (days, _, rule) = kind.term();
    page(&AskPage { kind, about, words, days, rule, faults, cx })
}

/// One entry of the log, as the page about who looked says it.
async fn look(own: &Own, entry: u64) -> Result<String, Refusal> {
    let asked = LooksAsked {
        who: Lookers::Others,
        zone: own.ctx.zone.clone(),
        from: None,
        before: entry.checked_add(1),
        least: 1,
    };
    let found = own.open(Action::AuditRead, |reading| reading.who_looked(&own.patient, &asked)).await?.into_inner();
    let names = &mut Names::new(&own.visit.house.identity).with_shares(own.shares()?);
    for mut day in found.days {
        day.looks.retain(|look| look.line.entry.sequence() == entry);
        day.listings.clear();
        for day in looks::days(&[day], own.actor.account(), names, &own.ctx.zone)? {
            if let Some(look) = day.looks.first() {
                let when = look.from.long_time();
                let said = t("ask-look").with("who", &look.who).with("role", &look.role).with("when", when);
                return Ok(said.with("what", &look.what).with("why", &look.why).to_string());
            }
        }
    }
    Err(Refusal::not_found())
}

/// `POST /my/requests/new`
pub(in crate::http) async fn make(visit: Visit, sent: Sent<Typed>) -> Result<Response, Refusal> {
    let own = Own::of(visit)?;
    let typed = &sent.typed;
    let kind = Kind::from_code(&typed.kind).ok_or(Refusal::not_found())?;
    let at_once = kind == Kind::Copy && typed.how == "now";
    let words: String = typed.words.trim().chars().take(LONGEST).collect();
    if words.is_empty() && !at_once && kind != Kind::Accounting {
        let mut faults = Faults::none();
        faults.add("words", t("ask-words-missing"));
        let page = asking(&own, own.plain_cx().await?, kind, typed, faults).await?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let about = match (kind, typed.entry) {
        (Kind::Question, Some(entry)) => Some((entry, look(&own, entry).await?)),
        (Kind::Question, None) => return Err(Refusal::not_found()),
        _ => None,
    };
    let asked = Asked {
        kind,
        patient: own.patient.clone(),
        by: own.as_author(),
        words,
        about,
        at_once: at_once.then(|| t("ask-copy-at-once").to_string()),
    };
    let id = FhirId::new(&own.visit.house.ambient);
    let place = format!("/my/requests/{id}?done=sent");
    let task = requests::task(asked, own.visit.house.ambient.now(), &own.ctx.zone);
    let done = requests::make(own.doing(Action::RequestMade, &sent, &place), id, task).await;
    own.visit.settled(&sent, done, &place).await
}

impl Own {
    /// One of the patient's own requests.
    pub(super) async fn request(&self, id: &str) -> Result<(Request, Chart), Refusal> {
        let id = FhirId::parse(id).map_err(|_| Refusal::not_found())?;
        let found = self.open(Action::Read, |reading| {
            let chart = Chart::read(reading, &self.patient, &[])?;
            Ok(reading.read(R::Task, &id)?.map(|one| one.value()).zip(chart))
        });
        let (task, chart) = found.await?.into_inner();
        let request = Request::of(&task).filter(|request| request.patient == self.patient);
        Ok((request.ok_or_else(Refusal::not_found)?, chart))
    }
}

/// `GET /my/requests/{id}`
pub(in crate::http) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit)?;
    let (request, chart) = own.request(&id).await?;
    let mut cx = own.cx(&chart);
    cx.done = match (shown.done.as_str(), request.state) {
        ("sent", State::Open) => Some(t("ask-sent").to_string()),
        ("withdrawn", State::Withdrawn) => Some(t("ask-withdrawn-done").to_string()),
        _ => None,
    };
    if request.state != State::Open {
        let (seen, now) = (request.id.clone(), own.visit.house.ambient.now());
        let store = &own.visit.house.store;
        store.write_essential(move |tx| super::todo::mark_request_seen(tx, &seen, now)).await?;
    }
    let row = row(&own, &request, String::new());
    let answered = request.state == State::Answered;
    page(&MyRequest {
        open: request.state == State::Open,
        copy: answered && request.kind == Kind::Copy,
        accounting: answered && request.kind == Kind::Accounting,
        title: kind_word(request.kind).to_string(),
        row,
        rule: request.kind.term().2,
        request,
        cx,
    })
}

/// `POST /my/requests/{id}/withdraw`
pub(in crate::http) async fn withdraw(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Versioned>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit)?;
    own.request(&id).await?;
    own.withdraw(R::Task, &id, &sent, &format!("/my/requests/{id}?done=withdrawn")).await
}

/// `GET /my/requests/{id}/accounting.csv`: to whom parts of the record were given, of six years, from the access log.
pub(in crate::http) async fn accounting(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let own = Own::of(visit)?;
    let (request, _) = own.request(&id).await?;
    if request.kind != Kind::Accounting || request.state != State::Answered {
        return Err(Refusal::not_found());
    }
    let from = requests::accounted_from(request.asked, &own.ctx.zone);
    let mut list = LookList::new();
    let mut before = None;
    loop {
        let asked = LooksAsked { who: Lookers::Others, zone: own.ctx.zone.clone(), from, before, least: 500 };
        let found = own.open(Action::AuditExport, |reading| reading.who_looked(&own.patient, &asked)).await?;
        let mut names = Names::new(&own.visit.house.identity).with_shares(own.shares()?);
        for mut day in looks::days(&found.days, own.actor.account(), &mut names, &own.ctx.zone)? {
            day.looks.retain(|look| look.kind == LookKind::SentOut);
            day.listings.clear();
            list.add(&day);
        }
        before = found.next;
        if before.is_none() {
            break;
        }
    }
    let name = format!("attachment; filename=\"accounting-of-disclosures-{}.csv\"", day(&own, request.asked));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(Refusal::internal)?),
    ];
    Ok((headers, list.finish()).into_response())
}

fn day(own: &Own, moment: Timestamp) -> jiff::civil::Date {
    moment.to_zoned(own.ctx.zone.clone()).date()
}
