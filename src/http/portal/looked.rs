//! Who looked at one's record.

use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use super::looks;
use super::own::Own;
use super::pages::{LookSpan, LookWho, WhoLooked};
use crate::audit::Action;
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

/// `GET /my/who-looked`
pub async fn who_looked(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let own = Own::of(visit)?;
    let (who, span) = (LookWho::from_code(&asked.who), LookSpan::from_code(&asked.when));
    let now = own.visit.house.ambient.now();
    let wanted = LooksAsked {
        who: lookers(who),
        zone: own.ctx.zone.clone(),
        from: match span {
            LookSpan::Month => looks::days_before(now, 30, &own.ctx.zone),
            LookSpan::Year => looks::begin_of_year(now, &own.ctx.zone),
            LookSpan::All => None,
        },
        before: asked.before,
        least: PAGE,
    };
    let found = own.open(Action::AuditRead, |reading| {
        let chart = Chart::read(reading, &own.patient, &[])?;
        Ok(chart.zip(reading.who_looked(&own.patient, &wanted)?))
    });
    let (chart, found) = found.await?.into_inner();
    let house = &own.visit.house;
    let mut names = Names::new(&house.identity);
    let days = looks::days(&found.days, own.actor.account(), &mut names, &own.ctx.zone)?;
    let address = |before: Option<u64>| {
        let base = format!("/my/who-looked?who={}&when={}", who.code(), span.code());
        before.map_or_else(|| base.clone(), |before| format!("{base}&before={before}"))
    };
    let pages = Pages {
        newer: asked.before.is_some().then(|| address(None)),
        older: found.next.map(|next| address(Some(next))),
    };
    let checked = house.checks.last().filter(|checked| checked.whole);
    let checked = checked.map(|checked| When::at(checked.at, &own.ctx.zone));
    page(&WhoLooked { cx: own.cx(&chart), who, span, checked, days, own: found.own, pages })
}

const fn lookers(who: LookWho) -> Lookers {
    match who {
        LookWho::Others => Lookers::Others,
        LookWho::Staff => Lookers::Staff,
        LookWho::Family => Lookers::Family,
        LookWho::Outside => Lookers::Outside,
        LookWho::Refused => Lookers::Refused,
        LookWho::Own => Lookers::Own,
    }
}
