//! What patients ask of the clinic about their record: a copy, a correction, a restriction, who was given what of it, and
//! why somebody looked.

use axum::extract::{Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::look_list::LookList;
use super::looks;
use super::own::{Needs, Own};
use super::pages::{LookKind, LookRow};
use super::requests_pages::{About, AboutPart, AskPage, MyRequest, MyRequests, RequestRow, word_for};
use crate::audit::{Action, Day};
use crate::base::{FhirId, Timestamp};
use crate::care::Chart;
use crate::care::requests::{self, Asked, Kind, LONGEST, Request, State};
use crate::fhir::ResourceType as R;
use crate::http::forms::{Sent, Versioned};
use crate::http::names::Names;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, When, t};
use crate::record::{Lookers, LooksAsked};

/// Of more accesses than these a question names the first and the last.
const MOST_TIMES: usize = 12;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Shown {
    done: String,
    kind: String,
    entry: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(from = "Vec<(String, String)>")]
pub(in crate::http) struct Typed {
    kind: String,
    words: String,
    /// For a copy: `now`, or as the words say.
    how: String,
    /// For a question: the newest entry of the line.
    entry: Option<u64>,
    /// Those of the line that are asked about.
    which: Vec<u64>,
}

impl From<Vec<(String, String)>> for Typed {
    fn from(fields: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "kind" => typed.kind = value,
                "words" => typed.words = value,
                "how" => typed.how = value,
                "entry" => typed.entry = value.parse().ok(),
                "which" => typed.which.extend(value.parse::<u64>().ok()),
                _ => {}
            }
        }
        typed
    }
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
    let own = Own::of(visit, Needs::Reading)?;
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
    let own = Own::of(visit, Needs::Adding)?;
    let kind = Kind::from_code(&shown.kind).ok_or(Refusal::not_found())?;
    let mut cx = own.plain_cx().await?;
    let typed = own.visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
    asking(&own, cx, kind, &Typed { entry: shown.entry, ..typed }, Faults::none()).await
}

/// What a question is about: the line of the day, and each access of it.
async fn about(own: &Own, kind: Kind, typed: &Typed) -> Result<Option<About>, Refusal> {
    let entry = match (kind, typed.entry) {
        (Kind::Question, Some(entry)) => entry,
        (Kind::Question, None) => return Err(Refusal::not_found()),
        _ => return Ok(None),
    };
    let day = line(own, entry).await?;
    let names = &mut Names::new(&own.visit.house.identity).with_shares(own.shares()?);
    let all = day.looks.len();
    let mut parts = Vec::with_capacity(all);
    for look in &day.looks {
        let number = look.line.entry.sequence();
        let row = said(own, &day, &[number], names)?;
        parts.push(AboutPart {
            entry: number,
            words: t("ask-look-part")
                .with("time", row.from.clock().unwrap_or_default())
                .with("what", row.what)
                .to_string(),
            chosen: typed.which.is_empty() || typed.which.contains(&number),
        });
    }
    let numbers: Vec<u64> = parts.iter().map(|part| part.entry).collect();
    let words = in_words(own, &day, &numbers, names)?;
    Ok(Some(About { entry, words, parts: if all > 1 { parts } else { Vec::new() } }))
}

async fn asking(own: &Own, mut cx: Cx, kind: Kind, typed: &Typed, faults: Faults) -> Result<Response, Refusal> {
    let about = about(own, kind, typed).await?;
    cx.at = match &about {
        Some(about) => format!("/my/requests/new?kind={}&entry={}", kind.code(), about.entry),
        None => format!("/my/requests/new?kind={}", kind.code()),
    };
    let (label, hint) = match kind {
        Kind::Copy => ("ask-copy-how", "ask-copy-how-hint"),
        Kind::Correction if cx.unseen => ("ask-correction-what", "ask-correction-what-hint-unseen"),
        Kind::Correction => ("ask-correction-what", "ask-correction-what-hint"),
        Kind::Restriction if cx.acts_for_another() => ("ask-restriction-what", "ask-restriction-what-hint-other"),
        Kind::Restriction => ("ask-restriction-what", "ask-restriction-what-hint"),
        Kind::Accounting => ("ask-accounting-what", "ask-accounting-what-hint"),
        Kind::Question => ("ask-question-what", "ask-question-what-hint"),
    };
    let words = Field::area("words", t(label), &typed.words, &faults).hint(t(hint)).most(LONGEST);
    let words = if kind == Kind::Accounting { words.optional() } else { words };
    let (days, ..) = kind.term();
    page(&AskPage { kind, about, words, days, faults, cx })
}

/// The day of an entry with the looks alone that stand in one line with it.
async fn line(own: &Own, entry: u64) -> Result<Day, Refusal> {
    let asked = LooksAsked {
        who: Lookers::Others,
        zone: own.ctx.zone.clone(),
        from: None,
        before: entry.checked_add(1),
        least: 1,
    };
    let found = own.open(Action::AuditRead, |reading| reading.who_looked(&own.patient, &asked)).await?.into_inner();
    let lines =
        found.days.into_iter().map(|day| Day { looks: looks::of_line(&day, entry), listings: Vec::new(), ..day });
    lines.into_iter().find(|day| !day.looks.is_empty()).ok_or(Refusal::not_found())
}

/// Some of a line's looks, as the page about who looked says them.
fn said(own: &Own, line: &Day, entries: &[u64], names: &mut Names<'_>) -> Result<LookRow, Refusal> {
    let mut day = line.clone();
    day.looks.retain(|look| entries.contains(&look.line.entry.sequence()));
    let days = looks::days(&[day], own.reader(), names, &own.ctx.zone)?;
    days.into_iter().flat_map(|day| day.looks).next().ok_or(Refusal::not_found())
}

fn in_words(own: &Own, line: &Day, entries: &[u64], names: &mut Names<'_>) -> Result<String, Refusal> {
    let row = said(own, line, entries, names)?;
    // Several looks within a minute are one time of day.
    let mut times: Vec<String> = line
        .looks
        .iter()
        .rev()
        .filter(|look| entries.contains(&look.line.entry.sequence()))
        .filter_map(|look| When::at(look.line.entry.time(), &own.ctx.zone).clock())
        .collect();
    times.dedup();
    let when = match times.len() {
        0 | 1 => row.from.long_time(),
        n if n <= MOST_TIMES => {
            t("ask-look-times").with("date", row.from.long()).with("times", times.join(", ")).to_string()
        }
        n => t("ask-look-many")
            .with("date", row.from.long())
            .with("n", n)
            .with("from", times.first().cloned().unwrap_or_default())
            .with("until", times.last().cloned().unwrap_or_default())
            .to_string(),
    };
    let said = t("ask-look").with("who", &row.who).with("role", &row.role).with("when", when);
    Ok(said.with("what", &row.what).with("why", &row.why).to_string())
}

/// `POST /my/requests/new`
pub(in crate::http) async fn make(visit: Visit, sent: Sent<Typed>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    let typed = &sent.typed;
    let kind = Kind::from_code(&typed.kind).ok_or(Refusal::not_found())?;
    let at_once = kind == Kind::Copy && typed.how == "now";
    let mut faults = Faults::none();
    let words = faults.whole("words", &typed.words, LONGEST);
    let about = about(&own, kind, typed).await?;
    let parts = about.as_ref().map(|about| about.parts.as_slice()).unwrap_or_default();
    let chosen: Vec<u64> = match (&about, parts) {
        (Some(about), []) => vec![about.entry],
        // Whoever takes every mark away has chosen none.
        (Some(_), parts) => parts.iter().map(|part| part.entry).filter(|entry| typed.which.contains(entry)).collect(),
        _ => Vec::new(),
    };
    if about.is_some() && chosen.is_empty() {
        faults.add("which", t("ask-which-missing"));
    }
    if words.is_empty() && !at_once && kind != Kind::Accounting {
        faults.add("words", t("ask-words-missing"));
    }
    if !faults.is_empty() {
        let page = asking(&own, own.plain_cx().await?, kind, typed, faults).await?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    // A copy that is made at once is one button: whoever presses it again, on a page made anew, means it.
    if !at_once && let Some(asks) = own.visit.asks_first(&sent).await? {
        return Ok(asks);
    }
    let about = match &about {
        Some(about) => {
            let names = &mut Names::new(&own.visit.house.identity).with_shares(own.shares()?);
            let words = in_words(&own, &line(&own, about.entry).await?, &chosen, names)?;
            Some((chosen, words))
        }
        None => None,
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
    let own = Own::of(visit, Needs::Reading)?;
    let (request, chart) = own.request(&id).await?;
    let mut cx = own.cx(&chart);
    cx.done = match (shown.done.as_str(), request.state) {
        ("sent", State::Open) => Some(t("ask-sent").to_string()),
        ("withdrawn", State::Withdrawn) => Some(t("ask-withdrawn-done").to_string()),
        _ => None,
    };
    if request.state != State::Open {
        let (seen, now) = (own.seen_as(&request.id)?, own.visit.house.ambient.now());
        let store = &own.visit.house.store;
        store.write_essential(move |tx| super::todo::mark_request_seen(tx, &seen, now)).await?;
    }
    let row = row(&own, &request, String::new());
    let answered = request.state == State::Answered;
    page(&MyRequest {
        open: request.state == State::Open,
        copy: answered && request.kind == Kind::Copy,
        accounting: answered && request.kind == Kind::Accounting,
        title: word_for(request.kind, &cx).to_string(),
        row,
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
    let own = Own::of(visit, Needs::Adding)?;
    own.request(&id).await?;
    own.withdraw(R::Task, &id, &sent, &format!("/my/requests/{id}?done=withdrawn")).await
}

/// `GET /my/requests/{id}/accounting.csv`: to whom parts of the record were given, of six years, from the access log.
pub(in crate::http) async fn accounting(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
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
        for mut day in looks::days(&found.days, own.reader(), &mut names, &own.ctx.zone)? {
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
