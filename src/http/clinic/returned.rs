//! Forms that patients returned before a visit.

use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;

use super::chart::Opened;
use super::chart_pages::{ReturnedForm, ReturnedForms};
use super::{id_of, why};
use crate::audit::{Action, Detail};
use crate::care::{Chart, chart};
use crate::fhir::ResourceType as R;
use crate::http::fill::Ctx;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::{When, t};

/// `GET /patients/{id}/forms`: all that came back, newest first, with what stands in them.
pub(in crate::http) async fn forms(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let id = id_of(&id)?;
    let kinds: Vec<R> = chart::FRAME.iter().copied().chain([R::QuestionnaireResponse]).collect();
    let why = why(&visit, Action::Read, Detail::none());
    let found = visit.house.records.disclose(&visit.actor, why, |reading| Chart::read(reading, &id, &kinds));
    let Opened { cx, ctx, frame, chart } = Opened::of(&visit, found.await?.into_inner())?;
    let mut rows: Vec<ReturnedForm> = chart.of(R::QuestionnaireResponse).iter().map(|one| form(one, &ctx)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.when.map(|when| when.moment())));
    page(&ReturnedForms { cx, frame, rows })
}

fn form(response: &Value, ctx: &Ctx) -> ReturnedForm {
    let text = |name: &str| response.get(name).and_then(Value::as_str);
    let mut answers = Vec::new();
    lines(response, &mut answers);
    ReturnedForm {
        id: text("id").unwrap_or_default().to_owned(),
        when: text("authored").and_then(|text| When::parse(text, &ctx.zone)),
        answers,
    }
}

/// Question and answer, of groups too.
fn lines(of: &Value, into: &mut Vec<(String, String)>) {
    for item in of.get("item").and_then(Value::as_array).into_iter().flatten() {
        let question = item.get("text").or_else(|| item.get("linkId")).and_then(Value::as_str).unwrap_or_default();
        let answers = item.get("answer").and_then(Value::as_array).into_iter().flatten();
        let words: Vec<String> = answers.filter_map(words_of).collect();
        if !words.is_empty() {
            into.push((question.to_owned(), words.join(", ")));
        }
        lines(item, into);
    }
}

fn words_of(answer: &Value) -> Option<String> {
    let (name, value) = answer.as_object()?.iter().find(|(name, _)| name.starts_with("value"))?;
    Some(match (name.as_str(), value) {
        (_, Value::Bool(yes)) => t(if *yes { "yes" } else { "no" }).to_string(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Number(number)) => number.to_string(),
        ("valueCoding", coding) => coding.get("display").or_else(|| coding.get("code"))?.as_str()?.to_owned(),
        ("valueQuantity", quantity) => {
            let unit = quantity.get("unit").and_then(Value::as_str).unwrap_or_default();
            format!("{} {unit}", quantity.get("value")?).trim_end().to_owned()
        }
        _ => return None,
    })
}
