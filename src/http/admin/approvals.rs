//! Approvals: codes by which something may leave the box at its console, and a word on what programs ask for in bulk.

use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::pages::{ApprovalForm, ApprovalGiven, ApprovalRow, Approvals, ExportRow};
use crate::base::FhirId;
use crate::care::export::{Export, Level, Word};
use crate::http::House;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Faults, When, t};
use crate::identity::{Approval, Approves};

/// The longest reason, in characters.
const LONGEST: usize = 500;

/// `GET /approvals`
pub async fn list(visit: Visit) -> Result<Response, Refusal> {
    approvals(&visit, ApprovalForm::default(), Faults::none(), None)
}

/// `POST /approvals`
pub async fn make(visit: Visit, Form(form): Form<ApprovalForm>) -> Result<Response, Refusal> {
    let mut faults = Faults::none();
    let approves = Approves::from_name(&form.what);
    if approves.is_none() {
        faults.add("what", t("approval-no-what"));
    }
    let reason = form.reason.trim();
    if reason.is_empty() {
        faults.add("reason", t("approval-no-reason"));
    } else if reason.chars().count() > LONGEST {
        faults.add("reason", t("approval-long-reason").with("most", LONGEST));
    }
    let (Some(approves), true) = (approves, faults.is_empty()) else {
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, approvals(&visit, form, faults, None)?));
    };
    let (code, approval) = visit.house.identity.make_approval(approves, reason, visit.by()).await?;
    let given = ApprovalGiven { code, until: When::at(approval.ends(), &visit.house.front.face.zone) };
    approvals(&visit, ApprovalForm::default(), Faults::none(), Some(given))
}

/// `POST /approvals/exports/{id}/approve`
pub async fn approve(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    decide(&visit, &id, Word::Approved).await
}

/// `POST /approvals/exports/{id}/refuse`
pub async fn refuse(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    decide(&visit, &id, Word::Refused).await
}

async fn decide(visit: &Visit, id: &str, word: Word) -> Result<Response, Refusal> {
    let id = FhirId::parse(id).map_err(|_| Refusal::not_found())?;
    visit.house.exports.decide(visit.by(), &id, word).await?;
    Ok(Redirect::to("/approvals").into_response())
}

fn export_row(house: &House, (id, export): &(FhirId, Export)) -> Result<ExportRow, Refusal> {
    let zone = &house.front.face.zone;
    let whose = match (&export.asked.level, export.asked.patients.len()) {
        (_, many @ 1..) => t("export-some-patients").with("n", many).with("count", many),
        (Level::System, _) => t("export-everything"),
        (Level::Patients, _) => t("export-patients"),
        (Level::Group(_), _) => t("export-group"),
    };
    Ok(ExportRow {
        id: id.to_string(),
        name: house.identity.account(export.account)?.map(|by| by.display_name.to_string()).unwrap_or_default(),
        whose: whose.to_string(),
        kinds: export.asked.kinds.iter().map(|kind| kind.name()).collect(),
        since: export.asked.since.map(|since| When::at(since, zone)),
        asked: When::at(export.at, zone),
    })
}

fn approvals(
    visit: &Visit,
    form: ApprovalForm,
    faults: Faults,
    given: Option<ApprovalGiven>,
) -> Result<Response, Refusal> {
    let house = &visit.house;
    let row = |approval: &Approval| -> Result<ApprovalRow, Refusal> {
        Ok(ApprovalRow {
            what: t(&format!("approves-{}", approval.approves.name())).to_string(),
            by: house.identity.account(approval.by)?.map(|by| by.display_name.to_string()).unwrap_or_default(),
            until: When::at(approval.ends(), &house.front.face.zone),
        })
    };
    let open = house.identity.open_approvals()?.iter().map(row).collect::<Result<_, _>>()?;
    let waiting = house.exports.waiting()?;
    let exports = waiting.iter().map(|one| export_row(house, one)).collect::<Result<_, _>>()?;
    page(&Approvals { cx: visit.cx(), form, faults, given, open, exports })
}
