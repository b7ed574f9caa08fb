//! What was opened in emergencies, for the health administrator's verdict.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::audit::{Action, Detail, Purpose};
use crate::base::{AccountId, FhirId};
use crate::care::emergency::{self, LONGEST};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, State, Tone, When, filters, page as place, role_word, t};
use crate::record::{Channel, Emergency, Reading, RecordError, Undisclosed, Verdict, Why, strict};

/// How many are shown, newest first; those without a verdict before any other.
const MOST: usize = 100;

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/emergencies.html")]
pub struct Emergencies {
    pub cx: Cx,
    pub open: Vec<Row>,
    pub judged: Vec<Row>,
    pub faults: Faults,
}
place!(Emergencies in Emergencies);

/// One emergency.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: String,
    pub account: String,
    /// Name and role of who opened the record.
    pub by: String,
    /// Whose record: name and number.
    pub patient: String,
    pub when: String,
    pub reason: String,
    pub state: State,
    pub verdict: Option<(String, Option<String>)>,
    /// The log's entries about this patient.
    pub log: String,
    /// What was typed already.
    pub note: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    done: Option<String>,
}

fn looks(visit: &Visit, action: Action) -> Why {
    Why { action, purpose: Purpose::HComplAcctPrv, detail: visit.told(Detail::none()), channel: Channel::Screen }
}

type Read = (Vec<Emergency>, Vec<crate::record::Page>);

/// The emergencies, and who the patients are.
fn read(reading: &mut Reading<'_>, shown: &[FhirId]) -> Result<Undisclosed<Read>, RecordError> {
    let all = reading.emergencies()?;
    let mut pages = reading.nothing();
    for some in shown.chunks(50) {
        let ids = some.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let text = format!("_id={ids}&_count=50");
        let query = strict(R::Patient, &text)?;
        pages = pages.zip(reading.search(&query)?).map(|(mut pages, page)| {
            pages.push(page);
            pages
        });
    }
    Ok(all.zip(pages))
}

async fn list(visit: &Visit, mut cx: Cx, (of, typed): (&str, &str), faults: Faults) -> Result<Response, Refusal> {
    let records = &visit.house.records;
    // The first look finds whom the second names: nothing of a record is in it.
    let all = records
        .disclose(&visit.actor, looks(visit, Action::AuditRead), |reading| reading.emergencies())
        .await?
        .into_inner();
    let mut shown: Vec<FhirId> = all.iter().take(MOST).map(|one| one.patient.clone()).collect();
    shown.sort_unstable();
    shown.dedup();
    let found =
        records.disclose(&visit.actor, looks(visit, Action::AuditRead), |reading| read(reading, &shown)).await?;
    let (all, pages) = found.into_inner();
    let ctx = super::duplicates::ctx(visit);
    let mut names: HashMap<String, String> = HashMap::new();
    for stored in pages.iter().flat_map(|page| &page.matches) {
        let patient = stored.value();
        let who = fill::identity(&patient, &ctx);
        let number = who.number.clone().map(|number| format!(", {number}")).unwrap_or_default();
        names.insert(stored.id.to_string(), format!("{}{number}", who.plain()));
    }
    if cx.at.is_empty() {
        cx.at = "/emergency-access".to_owned();
    }
    let (mut open, mut judged) = (Vec::new(), Vec::new());
    for one in all.into_iter().take(MOST) {
        let patient = names.get(one.patient.as_str()).cloned().unwrap_or_else(|| t("patient-no-name").to_string());
        let typed = if of == one.id.as_str() { typed } else { "" };
        let row = row(visit, &one, patient, typed, &ctx)?;
        if one.review.is_some() { judged.push(row) } else { open.push(row) }
    }
    page(&Emergencies { cx, open, judged, faults })
}

fn row(visit: &Visit, one: &Emergency, patient: String, typed: &str, ctx: &Ctx) -> Result<Row, Refusal> {
    let now = visit.house.ambient.now();
    let account = visit.house.identity.account(one.account)?;
    let by = match &account {
        Some(account) => {
            let role = account.kind.role().map(|role| role_word(role).to_string()).unwrap_or_default();
            t("emergency-by").with("name", &*account.display_name).with("role", role).to_string()
        }
        None => t("actor-gone").to_string(),
    };
    let clock = |moment| When::at(moment, &ctx.zone);
    let when = t("from-to")
        .with("from", clock(one.since).short_time())
        .with("to", clock(one.end()).clock().unwrap_or_default())
        .to_string();
    let state = match (&one.review, one.holds(now)) {
        (_, true) => State::new("half", Tone::Caution, t("emergency-open-now")),
        (None, false) => State::new("clock", Tone::Caution, t("emergency-not-judged")),
        (Some(review), false) if review.verdict == Verdict::Justified => {
            State::new("check", Tone::Dim, t("emergency-right"))
        }
        (Some(_), false) => State::new("refused", Tone::Critical, t("emergency-wrong")),
    };
    let verdict = match &one.review {
        Some(review) => {
            let name =
                visit.house.identity.account(review.by)?.map(|by| by.display_name.to_string()).unwrap_or_default();
            let line = t("emergency-judged").with("name", name).with("date", clock(review.at).short_time()).to_string();
            Some((line, (!review.note.is_empty()).then(|| review.note.to_string())))
        }
        None => None,
    };
    let user = account.map(|account| account.user_name.to_string()).unwrap_or_default();
    Ok(Row {
        id: one.id.to_string(),
        account: one.account.to_string(),
        by,
        patient,
        when,
        reason: one.reason.to_string(),
        state,
        verdict,
        log: format!("/audit?patient={}&who={user}", one.patient),
        note: typed.to_owned(),
    })
}

/// `GET /emergency-access`
pub async fn emergencies(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let mut cx = visit.cx();
    if asked.done.is_some() {
        cx.done = Some(t("emergency-done").to_string());
    }
    list(&visit, cx, ("", ""), Faults::none()).await
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    account: String,
    verdict: String,
    note: String,
}

/// `POST /emergency-access/{id}`
pub async fn judge(visit: Visit, Path(id): Path<String>, sent: Sent<Typed>) -> Result<Response, Refusal> {
    let id = FhirId::parse(&id).map_err(|_| Refusal::not_found())?;
    let account: AccountId = sent.typed.account.parse().map_err(|_| Refusal::not_found())?;
    let all = visit
        .house
        .records
        .disclose(&visit.actor, looks(&visit, Action::AuditRead), |reading| reading.emergencies())
        .await?;
    let one = all.iter().find(|one| one.id == id && one.account == account).ok_or(Refusal::not_found())?;
    let note = sent.typed.note.trim().to_owned();
    let mut faults = Faults::none();
    if note.chars().count() > LONGEST {
        faults.add("note", t("approval-long-reason").with("most", LONGEST));
    }
    let Some(verdict) = Verdict::from_code(&sent.typed.verdict).filter(|_| faults.is_empty()) else {
        if faults.is_empty() {
            faults.add("note", t("emergency-no-verdict"));
        }
        let page = list(&visit, visit.cx(), (id.as_str(), &note), faults).await?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    };
    let place = "/emergency-access?done=1";
    let doing = visit.doing(looks(&visit, Action::BreakGlassReview), &sent, place);
    let done = emergency::review(doing, (account, id), &one.patient, verdict, note).await;
    visit.settled(&sent, done, place).await
}
