//! Records that may be of one person, found by the box: each pair leads to the page that joins two, or is said to be two people.

use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use super::duplicates::{ctx, looks};
use super::suspects_pages::{SaidRow, SuspectRow, Suspects};
use crate::audit::{Action, Detail};
use crate::base::FhirId;
use crate::care::suspects::{self, MOST, Saying, SuspectError};
use crate::care::workflow::Refused;
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::{When, t};
use crate::record::RecordError;

/// How many of the pairs that were said to be two people are listed.
const SAID: usize = 50;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    done: String,
}

/// `GET /duplicates/suspected`
pub(in crate::http) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let (records, ctx) = (&visit.house.records, ctx(&visit));
    let why = looks(&visit, Action::Search, Detail::search("who may be one person"));
    let pairs = suspects::suspects(records, &visit.actor, why, MOST + 1).await?;
    let more = pairs.len() > MOST;
    let rows = pairs.iter().take(MOST).map(|pair| {
        let (one, other) = (fill::directory_row(&pair.one, &ctx), fill::directory_row(&pair.other, &ctx));
        SuspectRow {
            href: format!("/duplicates?one={}&other={}", one.who.id, other.who.id),
            same_number: pair.number,
            same_born: pair.one.birth_date.is_some() && pair.one.birth_date == pair.other.birth_date,
            both: [one, other],
        }
    });
    let rows = rows.collect();
    let mut said = Vec::new();
    for ((one, other), what) in suspects::said(records)?.into_iter().take(SAID) {
        let by = visit.house.identity.account(what.by)?.map(|account| account.display_name.to_string());
        let names = (name(&visit, &one, &ctx).await?, name(&visit, &other, &ctx).await?);
        if let (Some(first), Some(second)) = names {
            said.push(SaidRow {
                one: one.to_string(),
                other: other.to_string(),
                names: [first, second],
                when: When::at(what.at, &ctx.zone).short_time(),
                by: by.unwrap_or_default(),
            });
        }
    }
    let mut cx = visit.cx();
    cx.at = "/duplicates/suspected".to_owned();
    cx.done = match asked.done.as_str() {
        "apart" => Some(t("suspects-done-apart").to_string()),
        "back" => Some(t("suspects-done-back").to_string()),
        _ => None,
    };
    page(&Suspects { rows, more, said, cx })
}

/// "Halina Brandvold, 000 012"; none of somebody who is not there any more.
async fn name(visit: &Visit, id: &FhirId, ctx: &Ctx) -> Result<Option<String>, Refusal> {
    let why = looks(visit, Action::Read, Detail::none());
    match visit.house.records.disclose(&visit.actor, why, |reading| reading.read(R::Patient, id)).await {
        Ok(found) => {
            let who = fill::identity(&serde_json::from_slice(&found.json).map_err(Refusal::internal)?, ctx);
            Ok(Some([Some(who.plain()), who.number.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ")))
        }
        Err(RecordError::NotFound | RecordError::Gone) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    one: String,
    other: String,
}

/// `POST /duplicates/suspected/apart`: these are two people.
pub(in crate::http) async fn apart(visit: Visit, sent: Sent<Typed>) -> Result<Response, Refusal> {
    said(&visit, &sent, Saying::TwoPeople, "/duplicates/suspected?done=apart", "said to be two people").await
}

/// `POST /duplicates/suspected/back`: they may be one after all.
pub(in crate::http) async fn back(visit: Visit, sent: Sent<Typed>) -> Result<Response, Refusal> {
    said(&visit, &sent, Saying::MayBeOne, "/duplicates/suspected?done=back", "no longer said to be two people").await
}

async fn said(visit: &Visit, sent: &Sent<Typed>, what: Saying, place: &str, note: &str) -> Result<Response, Refusal> {
    let id = |text: &str| FhirId::parse(text).map_err(|_| Refusal::not_found());
    let (one, other) = (id(&sent.typed.one)?, id(&sent.typed.other)?);
    let why = looks(visit, Action::Merge, Detail::note(note));
    let doing = visit.doing(why, sent, place);
    match suspects::say(doing, &one, &other, what).await {
        Err(Refused::Told(SuspectError::NotTwo)) => Err(Refusal::not_found()),
        done => visit.settled(sent, done, place).await,
    }
}
