//! The form before a visit, as the patient fills it in.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::booking::shut_to;
use super::form_pages::{Asked, AskedKind, SentForm, VisitForm};
use super::own::{Needs, Own};
use crate::audit::Action;
use crate::base::FhirId;
use crate::care::previsit::{self, Answer, Form, FormError, Kind, LONGEST};
use crate::care::schedule;
use crate::care::workflow::Refused;
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Locale, When, t};

type Pairs = Vec<(String, String)>;

/// The visit and its form, while it can be filled in.
struct Opened {
    id: FhirId,
    value: Value,
    version: u32,
    form: Form,
    /// It was sent already.
    returned: bool,
    /// With whom the visit is, where they see nothing of it though others at the clinic do.
    shut_to: Option<String>,
}

impl Opened {
    async fn of(own: &Own, id: &str) -> Result<Option<Self>, Refusal> {
        let (value, version, id) = own.appointment(id).await?;
        let clinic = own.clinic().await?;
        let open = matches!(value.get("status").and_then(Value::as_str), Some("booked" | "arrived" | "checked-in"));
        let kind = schedule::kind_of(&value).and_then(|kind| clinic.visit_type(kind));
        let form = kind.and_then(|kind| kind.form.clone());
        let Some(form) = form.filter(|_| open) else { return Ok(None) };
        let found = own.open(Action::Read, |reading| reading.read(R::Questionnaire, &form)).await?.into_inner();
        let questionnaire = serde_json::from_slice(&found.json).map_err(Refusal::internal)?;
        let returned = previsit::has_returned(&value, own.patient.as_str());
        let shut_to = shut_to(own, &value, &clinic);
        Ok(Form::of(&questionnaire).map(|form| Self { id, value, version, form, returned, shut_to }))
    }
}

/// `GET /my/visits/{id}/form`
pub(in crate::http) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    let Some(opened) = Opened::of(&own, &id).await? else {
        return Ok(Redirect::to(&format!("/my/visits/{id}")).into_response());
    };
    let mut cx = own.plain_cx().await?;
    let typed = own.visit.kept::<Pairs>(&mut cx)?;
    match (opened.returned, typed) {
        (false, typed) => shown(&own, cx, &opened, &typed.unwrap_or_default(), None),
        (true, Some(typed)) => {
            let trouble = Some(cx.own("visit-form-sent-before").to_string());
            shown(&own, cx, &opened, &typed, trouble)
        }
        (true, None) => Ok(Redirect::to(&format!("/my/visits/{id}/form/sent")).into_response()),
    }
}

/// `GET /my/visits/{id}/form/sent`: what the patient answered, also once the visit is over.
pub(in crate::http) async fn read(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let (value, _, id) = own.appointment(&id).await?;
    let form = previsit::answers_of_one(&value, own.patient.as_str()).and_then(|form| FhirId::parse(form).ok());
    let form = form.ok_or(Refusal::not_found())?;
    let found = own.open(Action::Read, |reading| reading.read(R::QuestionnaireResponse, &form)).await?.into_inner();
    let response: Value = serde_json::from_slice(&found.json).map_err(Refusal::internal)?;
    let start = value.get("start").and_then(Value::as_str);
    let moment = |text: Option<&str>| text.and_then(|text| When::parse(text, &own.ctx.zone));
    page(&SentForm {
        when: moment(start).map(|when| when.long_time()),
        sent: moment(fill::text(&response, "/authored")).map(|when| when.long_time()),
        answers: fill::answers(&response),
        id: id.to_string(),
        cx: own.plain_cx().await?,
    })
}

fn name_of(link: &str) -> String {
    format!("q-{link}")
}

fn given<'a>(typed: &'a Pairs, link: &str) -> &'a str {
    let name = name_of(link);
    typed.iter().find(|(given, _)| *given == name).map(|(_, value)| value.trim()).unwrap_or_default()
}

/// What was pasted is kept whole or refused, and never cut.
fn too_long(text: &str) -> Option<String> {
    let n = text.replace("\r\n", "\n").chars().count();
    (n > LONGEST).then(|| t("form-too-long").with("n", n).with("most", LONGEST).to_string())
}

fn shown(own: &Own, mut cx: Cx, opened: &Opened, typed: &Pairs, trouble: Option<String>) -> Result<Response, Refusal> {
    if cx.at.is_empty() {
        cx.at = format!("/my/visits/{}/form", opened.id);
    }
    cx.trouble = trouble;
    let language = Locale::now().code();
    let questions = opened.form.questions.iter().map(|question| Asked {
        name: name_of(&question.link),
        text: question.text.in_language(language).to_owned(),
        value: given(typed, &question.link).to_owned(),
        fault: too_long(given(typed, &question.link)).filter(|_| question.kind == Kind::Lines),
        kind: match &question.kind {
            Kind::YesNo => AskedKind::One(vec![
                ("yes".to_owned(), t("visit-form-yes").to_string()),
                ("no".to_owned(), t("visit-form-no").to_string()),
            ]),
            Kind::Lines => AskedKind::Lines,
            Kind::One(options) => AskedKind::One(
                options
                    .iter()
                    .enumerate()
                    .map(|(place, option)| (place.to_string(), option.in_language(language).to_owned()))
                    .collect(),
            ),
        },
    });
    let start = opened.value.get("start").and_then(Value::as_str);
    page(&VisitForm {
        id: opened.id.to_string(),
        title: opened.form.title.in_language(language).to_owned(),
        when: start.and_then(|start| When::parse(start, &own.ctx.zone)).map(|when| when.long_time()),
        questions: questions.collect(),
        returned: opened.returned,
        unseen: own.is_unseen(&opened.value),
        shut_to: opened.shut_to.clone(),
        version: opened.version,
        cx,
    })
}

/// `POST /my/visits/{id}/form`
pub(in crate::http) async fn send(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Pairs>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    if let Some(led) = own.visit.led(&sent)? {
        return Ok(led);
    }
    let Some(opened) = Opened::of(&own, &id).await? else {
        return Ok(Redirect::to(&format!("/my/visits/{id}")).into_response());
    };
    if opened.returned {
        return sent_before(&own, &opened, &sent).await;
    }
    let (mut answers, mut trouble) = (Vec::new(), None);
    for question in &opened.form.questions {
        let text = given(&sent.typed, &question.link);
        let answer = match (&question.kind, text) {
            (_, "") => None,
            (Kind::YesNo, "yes") => Some(Answer::Yes),
            (Kind::YesNo, _) => Some(Answer::No),
            (Kind::One(options), text) => text.parse().ok().filter(|place| *place < options.len()).map(Answer::Option),
            (Kind::Lines, text) if too_long(text).is_some() => {
                trouble = Some(t("visit-form-long").with("most", LONGEST).to_string());
                None
            }
            (Kind::Lines, text) => Some(Answer::Words(text.replace("\r\n", "\n"))),
        };
        answers.extend(answer.map(|answer| (question.link.clone(), answer)));
    }
    if answers.is_empty() && trouble.is_none() {
        trouble = Some(t("visit-form-empty").to_string());
    }
    if trouble.is_some() {
        let page = shown(&own, own.plain_cx().await?, &opened, &sent.typed, trouble)?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let (by, now) = (own.as_author(), own.visit.house.ambient.now());
    let response = previsit::response(&opened.form, &own.patient, &by, &answers, now);
    let place = format!("/my/visits/{}?done=form", opened.id);
    let doing = own.doing(act_of(&opened.value), &sent, &place);
    match previsit::send(doing, (opened.id, opened.version, opened.value), response).await {
        Ok(done) => own.visit.went(&sent, done, &place).await,
        Err(Refused::Told(FormError::Returned)) => match Opened::of(&own, &id).await? {
            Some(now) if now.returned => sent_before(&own, &now, &sent).await,
            Some(now) => {
                let trouble = Some(t("visit-form-moved").to_string());
                let page = shown(&own, own.plain_cx().await?, &now, &sent.typed, trouble)?;
                Ok(finished(StatusCode::CONFLICT, page))
            }
            None => Ok(Redirect::to(&format!("/my/visits/{id}")).into_response()),
        },
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

/// A form for this visit was sent from another window, or by who acts for the patient: it is not sent again, and what was
/// typed here is shown and kept.
async fn sent_before(own: &Own, opened: &Opened, sent: &Sent<Pairs>) -> Result<Response, Refusal> {
    own.visit.keep_sent(sent).await?;
    let cx = own.plain_cx().await?;
    let trouble = Some(cx.own("visit-form-sent-before").to_string());
    let page = shown(own, cx, opened, &sent.typed, trouble)?;
    Ok(finished(StatusCode::CONFLICT, page))
}

/// What the access log calls it that the answers came. The log of the others whose visit it is shows the visit alone, and to that
/// nothing was added but a link to the answers.
fn act_of(visit: &Value) -> Action {
    if schedule::is_for_several(visit) { Action::Update } else { Action::Create }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_changes_the_visit_of_the_others_and_adds_none() {
        let of = |patients: &[&str]| {
            let one = |who: &&str| serde_json::json!({"actor": {"reference": format!("Patient/{who}")}});
            serde_json::json!({"participant": patients.iter().map(one).collect::<Vec<_>>()})
        };
        assert_eq!((act_of(&of(&["p"])), act_of(&of(&["p", "q"]))), (Action::Create, Action::Update));
    }
}
