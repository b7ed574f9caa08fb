//! `$summary` (IPS 2.0.0, http://hl7.org/fhir/uv/ips/OperationDefinition/summary): the patient's summary as a document.

use serde_json::Value;

use super::super::respond::{Refusal, Refused};
use super::super::session::Visit;
use super::look::Manner;
use super::parameters::Asked;
use super::{answer, refusal, why};
use crate::audit::Action;
use crate::base::FhirId;
use crate::care::summary::document;
use crate::fhir::search::encode;
use crate::fhir::{IssueCode, ResourceType, ips};
use crate::http::fill;
use crate::record::aside;

/// `Patient/{id}/$summary`.
pub(super) async fn of_patient(visit: &Visit, id: &FhirId, mut asked: Asked) -> Result<Value, Refusal> {
    profile(&mut asked)?;
    asked.done()?;
    made(visit, id).await
}

/// `Patient/$summary?identifier=system|value`: of the one patient who has it.
pub(super) async fn of_identified(visit: &Visit, mut asked: Asked, manner: &Manner) -> Result<Value, Refusal> {
    profile(&mut asked)?;
    let identifier = asked.take("identifier").and_then(|value| token(&value));
    asked.done()?;
    let identifier = identifier.ok_or_else(|| {
        let text = "Say whose summary: by id, as in Patient/1/$summary, or by “identifier”, as in system|value.";
        Refusal::saying(Refused::Malformed, text)
    })?;
    let mut text = "identifier=".to_owned();
    encode(&identifier, &mut text);
    let query = manner.condition(ResourceType::Patient, &text)?;
    let mut why = why(Action::Search, visit);
    why.detail.search = Some(format!("Patient?{text}"));
    let found =
        visit.house.records.disclose_soon(&visit.actor, why, |reading| reading.search(&query)).await?.into_inner();
    match found.matches.as_slice() {
        [] => Err(Refusal::not_found()),
        [one] => made(visit, &one.id).await,
        _ => Err(refusal::coded(
            Refused::Precondition,
            IssueCode::MultipleMatches,
            "Several patients have this identifier. Ask by id, as in Patient/1/$summary.".into(),
        )),
    }
}

/// A token as text, or an Identifier.
fn token(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let of = text("value")?;
    Some(text("system").map_or_else(|| of.to_owned(), |system| format!("{system}|{of}")))
}

/// The one form that there is.
fn profile(asked: &mut Asked) -> Result<(), Refusal> {
    let Some(profile) = asked.text("profile")? else { return Ok(()) };
    if matches!(profile.split('|').next(), Some(ips::BUNDLE | ips::COMPOSITION)) {
        return Ok(());
    }
    let text = format!(
        "Summaries here are International Patient Summaries ({}); no other profile is known.",
        ips::COMPOSITION
    );
    Err(Refusal::saying(Refused::Unprocessable, text))
}

async fn made(visit: &Visit, id: &FhirId) -> Result<Value, Refusal> {
    let house = &visit.house;
    let parts =
        house.records.disclose_soon(&visit.actor, why(Action::Summary, visit), |reading| reading.summary(id)).await?;
    let base = answer::base(visit);
    let maker = fill::summary::maker(&house.front.face, &base);
    let document = aside(|| document(&parts, maker, &house.ambient));
    document.ok_or_else(|| Refusal::internal("a stored resource does not read"))
}
