//! A medicine that somebody said is taken and that nobody here prescribed: that it is not taken any more is written down on a page
//! of its own. What was prescribed is stopped with its prescription.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::chart::Opened;
use super::entries::{RemoveSent, author, instant, one, put, reason};
use super::entries_pages::{self as pages, EntryPage};
use super::{id_of, why};
use crate::audit::{Action, Detail};
use crate::care::{medicine, prescribe};
use crate::fhir::{Mode, ResourceType as R};
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::Faults;
use crate::record::{Change, Condition};

/// Whether it stands in no list by itself: what the patient says of a prescription is theirs to say.
fn goes_along(opened: &Opened, statement: &Value) -> bool {
    prescribe::goes_with(statement, opened.chart.of(R::MedicationRequest), opened.chart.medications())
}

async fn asked(
    visit: &Visit,
    (id, statement): (&str, &str),
    typed: Option<&str>,
    faults: Faults,
) -> Result<EntryPage, Refusal> {
    let (mut opened, value, version) = one(visit, id, R::MedicationStatement, statement).await?;
    let name = fill::medicine_name(&value, opened.chart.medications());
    if !medicine::may_be_taken(&value) || goes_along(&opened, &value) {
        visit.over()?;
        return Ok(pages::reported_over(opened, &name));
    }
    let typed = match typed {
        Some(typed) => typed.to_owned(),
        None => visit.kept::<RemoveSent>(&mut opened.cx)?.unwrap_or_default().reason,
    };
    let place = format!("/patients/{id}/medicines/{statement}");
    if opened.cx.at.is_empty() {
        opened.cx.at.clone_from(&place);
    }
    let how = fill::dose_of(&value, &opened.ctx.zone);
    Ok(pages::reported(opened, (place, version), (&name, how), &typed, faults))
}

/// `GET /patients/{id}/medicines/{statement}`
pub(in crate::http) async fn show(
    visit: Visit,
    Path((id, statement)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    page(&asked(&visit, (&id, &statement), None, Faults::none()).await?)
}

/// `POST /patients/{id}/medicines/{statement}`
pub(in crate::http) async fn end(
    visit: Visit,
    Path((id, statement)): Path<(String, String)>,
    sent: Sent<RemoveSent>,
) -> Result<Response, Refusal> {
    let reason = match reason(&sent.typed.reason) {
        Ok(reason) => reason,
        Err(faults) => {
            let shown = page(&asked(&visit, (&id, &statement), Some(&sent.typed.reason), faults).await?)?;
            return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown));
        }
    };
    let (opened, value, _) = one(&visit, &id, R::MedicationStatement, &statement).await?;
    if goes_along(&opened, &value) {
        return Err(Refusal::new(No::Never));
    }
    let seen: u32 = sent.typed.version.parse().map_err(|_| Refusal::new(No::Malformed))?;
    let (patient, statement) = (id_of(&id)?, id_of(&statement)?);
    let value = prescribe::no_longer_taken(value, &reason, &author(&visit), &instant(&visit));
    // It came from elsewhere, and may say what this box would not write itself.
    let change = Change::put(R::MedicationStatement, statement, value, Condition::Version(seen), Mode::Lenient)?;
    let place = format!("/patients/{patient}/medicines");
    put(&visit, &sent, vec![change], why(&visit, Action::Update, Detail::reason(reason)), &place).await
}
