//! Who looked at one's record.

use axum::extract::Query;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::look_list::LookList;
use super::looks;
use super::own::{Needs, Own};
use super::pages::{LookSpan, WhoLooked};
use crate::audit::{self, Action, CheckFound};
use crate::care::Chart;
use crate::http::names::Names;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::When;
use crate::http::ui::record::Pages;
use crate::record::{Lookers, LooksAsked};

/// The filter as it stands in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    who: String,
    when: String,
    before: Option<u64>,
}

/// How many entries make a page; it goes to the end of a day.
const PAGE: usize = 60;
/// How many a part of the file.
const PART: usize = 500;

/// `GET /my/who-looked`
pub async fn who_looked(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let (who, span) = (Lookers::from_code(&asked.who), LookSpan::from_code(&asked.when));
    let wanted = wanted(&own, who, span, asked.before);
    let found = own.open(Action::AuditRead, |reading| {
        let chart = Chart::read(reading, &own.patient, &[])?;
        Ok(chart.zip(reading.who_looked(&own.patient, &wanted)?))
    });
    let (chart, found) = found.await?.into_inner();
    let house = &own.visit.house;
    let mut names = Names::new(&house.identity).with_shares(own.shares()?);
    let days = looks::days(&found.days, own.reader(), &mut names, &own.ctx.zone)?;
    let address = |before: Option<u64>| {
        let base = format!("/my/who-looked?who={}&when={}", who.code(), span.code());
        before.map_or_else(|| base.clone(), |before| format!("{base}&before={before}"))
    };
    let pages = Pages {
        newer: asked.before.is_some().then(|| address(None)),
        older: found.next.map(|next| address(Some(next))),
    };
    let checked = audit::last_check(&house.store.read()?)?.filter(|checked| checked.found == CheckFound::Whole);
    let checked = checked.map(|checked| When::at(checked.at, &own.ctx.zone));
    page(&WhoLooked { cx: own.cx(&chart), who, span, checked, days, own: found.own, pages })
}

/// `GET /my/who-looked.csv`: the whole list that the filter names, as a file for a spreadsheet. It is read in parts, each
/// with its own entry in the log.
pub async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let (who, span) = (Lookers::from_code(&asked.who), LookSpan::from_code(&asked.when));
    let mut list = LookList::new();
    let mut before = None;
    loop {
        let wanted = LooksAsked { least: PART, ..wanted(&own, who, span, before) };
        let part = own.open(Action::AuditExport, |reading| reading.who_looked(&own.patient, &wanted)).await?;
        let mut names = Names::new(&own.visit.house.identity).with_shares(own.shares()?);
        for day in looks::days(&part.days, own.reader(), &mut names, &own.ctx.zone)? {
            list.add(&day);
        }
        before = part.next;
        if before.is_none() {
            break;
        }
    }
    let today = own.visit.house.ambient.now().to_zoned(own.ctx.zone.clone()).date();
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"who-looked-{today}.csv\""));
    let disposition = disposition.map_err(Refusal::internal)?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], list.finish()).into_response())
}

fn wanted(own: &Own, who: Lookers, span: LookSpan, before: Option<u64>) -> LooksAsked {
    let (now, zone) = (own.visit.house.ambient.now(), own.ctx.zone.clone());
    let from = match span {
        LookSpan::Month => looks::days_before(now, 30, &zone),
        LookSpan::Year => looks::begin_of_year(now, &zone),
        LookSpan::All => None,
    };
    LooksAsked { who, zone, from, before, least: PAGE }
}
