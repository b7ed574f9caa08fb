//! Backups and drills, as the operator sees them.

use axum::Form;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::backup_pages::{Backups, DrillPart, LastPart, TargetPart, TriedPart};
use crate::audit::{Action, Outcome, Purpose};
use crate::backup::{BackupError, TargetStanding, Unwatched, Wish};
use crate::http::House;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::When;

/// `GET /box/backups`
pub async fn show(visit: Visit) -> Result<Response, Refusal> {
    let targets = targets(&visit.house).await?;
    page(&Backups { cx: visit.cx(), targets })
}

/// Which target a button is about.
#[derive(Debug, Deserialize)]
pub struct Which {
    target: String,
}

/// `POST /box/backups/run`
pub async fn run(visit: Visit, Form(which): Form<Which>) -> Result<Response, Refusal> {
    let backups = visit.house.backups.clone();
    let Some(spec) = backups.configured().iter().find(|spec| spec.name == which.target).cloned() else {
        return Err(Refusal::not_found());
    };
    let begun = visit.event(Action::Backup, Purpose::SysAdmin).outcome(Outcome::Started);
    let _ = visit.house.audit.commit(vec![begun]).await?;
    let by = visit.actor.to_ref();
    // It goes on when the page is closed; what came of it stands on the page.
    drop(tokio::task::spawn_blocking(move || told(backups.create(&[spec], Wish::USUAL, &by, &Unwatched).map(drop))));
    Ok(Redirect::to("/box/backups").into_response())
}

/// `POST /box/backups/drill`
pub async fn drill(visit: Visit, Form(which): Form<Which>) -> Result<Response, Refusal> {
    let backups = visit.house.backups.clone();
    let Some(spec) = backups.configured().iter().find(|spec| spec.name == which.target).cloned() else {
        return Err(Refusal::not_found());
    };
    let begun = visit.event(Action::BackupDrill, Purpose::SysAdmin).outcome(Outcome::Started);
    let _ = visit.house.audit.commit(vec![begun]).await?;
    let by = visit.actor.to_ref();
    drop(tokio::task::spawn_blocking(move || told(backups.drill(&spec, "latest", &by, &Unwatched).map(drop))));
    Ok(Redirect::to("/box/backups").into_response())
}

/// `POST /box/backups/try`
pub async fn try_out(visit: Visit, Form(which): Form<Which>) -> Result<Response, Refusal> {
    let backups = visit.house.backups.clone();
    let Some(spec) = backups.configured().iter().find(|spec| spec.name == which.target).cloned() else {
        return Err(Refusal::not_found());
    };
    let by = visit.actor.to_ref();
    let trying = tokio::task::spawn_blocking(move || told(backups.try_out(&spec, &by).map(drop)));
    // A few seconds as a rule: then the answer is on the page. One that takes longer stands there at the next look.
    let _ = tokio::time::timeout(PATIENCE, trying).await;
    Ok(Redirect::to("/box/backups").into_response())
}

/// How long somebody waits for a target that is tried.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

fn told(done: Result<(), BackupError>) {
    if let Err(error) = done {
        tracing::error!(target: "backup", %error, "what the operator asked for did not work");
    }
}

/// Every target of the configuration, for a page.
pub(super) async fn targets(house: &House) -> Result<Vec<TargetPart>, Refusal> {
    let standing = house.backups.stands().await.map_err(Refusal::internal)?;
    Ok(standing.into_iter().map(|target| part(house, target)).collect())
}

fn part(house: &House, target: TargetStanding) -> TargetPart {
    let at = |time| When::at(time, &house.front.face.zone);
    let known = target.known.as_ref();
    let attempt = known.and_then(|row| row.attempt.as_ref());
    let concerns = target.concerns().into_iter().cloned().collect();
    TargetPart {
        last: known.and_then(|row| row.last.as_ref()).map(|last| LastPart {
            when: at(last.at),
            new: last.bytes,
            holds: last.holds,
            seconds: last.seconds,
        }),
        error: attempt.and_then(|tried| Some((at(tried.at), tried.error.clone()?))),
        double: target.double,
        tried: target.tried.map(|tried| TriedPart {
            when: at(tried.at),
            error: tried.error,
            millis: tried.millis,
            free: tried.free,
        }),
        kind: target.spec.place.kind(),
        snapshots: known.map_or(0, |row| row.snapshots),
        gone: target.gone.len() as u64,
        beside: target.beside.len() as u64,
        backup_stands: target.backup_stands,
        concerns,
        drill: target.drill.as_ref().map(|drill| DrillPart {
            when: at(drill.at),
            rows: drill.rows,
            entries: drill.entries,
            samples: drill.samples,
            seconds: drill.seconds,
            faults: drill.faults.clone(),
            untried: drill.untried,
        }),
        drill_stands: target.drill_stands,
        busy: target.busy.map(|(doing, since)| (doing, at(since))),
        name: target.spec.name,
        place: target.spec.place.to_string(),
    }
}
