//! Finding a patient: the page, and the fragment that follows what is being typed.

use std::collections::BTreeMap;

use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use super::pages::{Found, PatientRow, Patients};
use super::{ctx, why};
use crate::audit::{Action, Detail};
use crate::base::FhirId;
use crate::care::merge::{self, MergeState};
use crate::http::fill;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::record::Records;

/// How many the page lists, and how many stand below the box while one types.
const ON_PAGE: usize = 30;
const TYPING: usize = 10;
/// How many of those seen last.
const LAST: usize = 8;

#[derive(Deserialize)]
pub(in crate::http) struct Asked {
    #[serde(default)]
    q: String,
}

/// `GET /patients`
pub(in crate::http) async fn patients(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let query = asked.q.trim().to_owned();
    let (rows, more) = match query.is_empty() {
        true => (seen_last(&visit).await?, false),
        false => look_up(&visit, &query, ON_PAGE).await?,
    };
    page(&Patients { cx: visit.cx(), query, rows, more })
}

/// `GET /patients/find`
pub(in crate::http) async fn found(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let query = asked.q.trim().to_owned();
    let (rows, more) = look_up(&visit, &query, TYPING).await?;
    page(&Found { cx: visit.cx(), query, rows, more })
}

/// Whose records this person opened last.
async fn seen_last(visit: &Visit) -> Result<Vec<PatientRow>, Refusal> {
    let why = why(visit, Action::Listed, Detail::none());
    let seen = visit.house.records.disclose(&visit.actor, why, |reading| reading.seen_last(LAST)).await?;
    let ctx = ctx(visit);
    Ok(seen.iter().map(|person| fill::directory_row(person, &ctx)).collect())
}

/// Who fits, and whether there are more than `most`.
async fn look_up(visit: &Visit, query: &str, most: usize) -> Result<(Vec<PatientRow>, bool), Refusal> {
    if query.is_empty() {
        return Ok((Vec::new(), false));
    }
    let why = why(visit, Action::Search, Detail::search(query));
    let hits =
        visit.house.records.disclose(&visit.actor, why, |reading| reading.find_patients(query, most + 1)).await?;
    let ctx = ctx(visit);
    let joined = joined(&visit.house.records)?;
    let found: Vec<&FhirId> = hits.iter().map(|hit| &hit.id).collect();
    // Who was joined to somebody who is found too is that somebody.
    let once = hits.iter().filter(|hit| joined.get(&hit.id).is_none_or(|kept| !found.contains(&kept)));
    let rows = once
        .take(most)
        .map(|hit| PatientRow { joined: joined.contains_key(&hit.id), ..fill::directory_row(&hit.person, &ctx) });
    Ok((rows.collect(), hits.len() > most))
}

/// Records that were joined to another one, and to which.
fn joined(records: &Records) -> Result<BTreeMap<FhirId, FhirId>, Refusal> {
    let all = merge::merges(records)?.into_iter().filter(|one| one.state == MergeState::Stands);
    Ok(all.map(|one| (one.joined, one.kept)).collect())
}
