//! Forms that patients returned before a visit.

use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::chart::{Opened, open};
use super::chart_pages::{ReturnedForm, ReturnedForms};
use super::{id_of, why};
use crate::audit::{Action, Detail};
use crate::base::FhirId;
use crate::care::previsit;
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused};
use crate::http::session::Visit;
use crate::http::ui::{When, t};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    done: String,
}

/// `GET /patients/{id}/forms`: all that came back, newest first, with what stands in them and the visit each is for.
pub(in crate::http) async fn forms(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let mut opened = open(&visit, &id, &[R::QuestionnaireResponse, R::Appointment]).await?;
    opened.cx.done = (asked.done == "seen").then(|| t("form-seen-done").to_string());
    let mut rows: Vec<ReturnedForm> =
        opened.chart.of(R::QuestionnaireResponse).iter().map(|one| form(one, &opened)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.when.map(|when| when.moment())));
    let Opened { cx, frame, .. } = opened;
    page(&ReturnedForms { cx, frame, rows })
}

/// The visit that a form is for.
fn visit_of<'a>(form: &str, opened: &'a Opened) -> Option<&'a Value> {
    opened.chart.of(R::Appointment).iter().find(|one| previsit::answers_of(one).contains(&form))
}

fn version_of(value: &Value) -> Option<u32> {
    fill::text(value, "/meta/versionId")?.parse().ok()
}

fn form(response: &Value, opened: &Opened) -> ReturnedForm {
    let zone = &opened.ctx.zone;
    let id = fill::owned(response, "/id").unwrap_or_default();
    let appointment = visit_of(&id, opened);
    let start = appointment.and_then(|one| When::parse(fill::text(one, "/start")?, zone));
    ReturnedForm {
        when: fill::text(response, "/authored").and_then(|text| When::parse(text, zone)),
        visit: start.map(|start| t("form-for-visit").with("when", start.short_time()).to_string()),
        by: by_another(response),
        to_see: appointment.is_some_and(|one| previsit::is_to_see(one, &id)),
        answers: fill::answers(response),
        id,
    }
}

/// Who answered, where it was not the patient.
fn by_another(response: &Value) -> Option<String> {
    let source = response.get("source")?;
    let is_another = fill::text(source, "/reference").is_some_and(|by| by.starts_with("RelatedPerson/"));
    is_another.then(|| fill::called(Some(source)).unwrap_or_else(|| t("form-said-by-somebody").to_string()))
}

/// `POST /patients/{id}/forms/{form}/seen`: a doctor or nurse has read it. Answers never change, so the visit is taken as it
/// stands now: of a visit for several, somebody may just have read another's.
pub(in crate::http) async fn seen(
    visit: Visit,
    Path((id, form)): Path<(String, String)>,
    sent: Sent<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let (patient, form) = (id_of(&id)?, id_of(&form)?);
    let opened = open(&visit, &id, &[R::Appointment]).await?;
    let appointment = visit_of(form.as_str(), &opened).ok_or(Refusal::not_found())?;
    let own = fill::text(appointment, "/id").and_then(|own| FhirId::parse(own).ok());
    let (own, version) = own.zip(version_of(appointment)).ok_or(Refusal::new(Refused::NotFound))?;
    let place = format!("/patients/{patient}/forms?done=seen#form-{form}");
    let doing = visit.doing(why(&visit, Action::Update, Detail::none()), &sent, &place);
    let done = previsit::seen(doing, (own, version, appointment.clone()), &form).await;
    visit.settled(&sent, done, &place).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_somebody_answered_for_the_patient_is_said_to_be_theirs() {
        let of = |source: Value| by_another(&json!({ "source": source }));
        let acts = json!({"reference": "RelatedPerson/r", "display": "Signe Brandvold"});
        assert_eq!(of(acts).as_deref(), Some("Signe Brandvold"));
        assert!(of(json!({"reference": "RelatedPerson/r"})).is_some());
        assert_eq!(of(json!({"reference": "Patient/p1", "display": "Halina"})), None);
        assert_eq!(by_another(&json!({})), None);
    }
}
