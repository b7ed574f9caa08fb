//! A new conversation with the clinic: its topic, its first message, and a file with it.

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::message_files::title_of;
use super::message_pages::{NewMessage, TopicRow, Topics};
use super::messages::{Asked, Typed, due, faults_of, field};
use super::own::{Needs, Own};
use super::uploads::{file_hint, looked_at, said, said_full, too_large};
use crate::audit::Action;
use crate::base::{FhirId, ResourceRef};
use crate::care::clinic::{Clinic, Topic};
use crate::care::messages::{self, New, trimmed};
use crate::care::uploads;
use crate::care::workflow::Refused;
use crate::fhir::ResourceType as R;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Locale, t};
use crate::http::uploaded::Uploaded;
use crate::record::Stored;

/// `GET /my/messages/new`
pub(in crate::http) async fn blank(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    let clinic = own.open(Action::Read, Clinic::read).await?.into_inner();
    let mut cx = own.plain_cx().await?;
    let Some(topic) = clinic.topic(&asked.topic).filter(|topic| own.may_ask(topic)) else {
        return topics(&own, cx, &clinic);
    };
    let typed = own.visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
    form(&own, cx, &clinic, topic, &typed.text, Faults::none())
}

fn topics(own: &Own, cx: Cx, clinic: &Clinic) -> Result<Response, Refusal> {
    let now = own.visit.house.ambient.now();
    let row = |topic: &Topic| TopicRow {
        href: format!("/my/messages/new?topic={}", topic.id),
        name: topic.name.in_language(Locale::now().code()).to_owned(),
        due: due(own, clinic, topic, now),
    };
    let rows = clinic.topics.iter().filter(|topic| own.may_ask(topic)).map(row).collect();
    page(&Topics { cx, rows, phone: clinic.house.phone.clone() })
}

fn form(
    own: &Own,
    mut cx: Cx,
    clinic: &Clinic,
    topic: &Topic,
    text: &str,
    faults: Faults,
) -> Result<Response, Refusal> {
    if cx.at.is_empty() {
        cx.at = format!("/my/messages/new?topic={}", topic.id);
    }
    page(&NewMessage {
        topic: topic.id.to_string(),
        name: topic.name.in_language(Locale::now().code()).to_owned(),
        due: due(own, clinic, topic, own.visit.house.ambient.now()),
        phone: clinic.house.phone.clone(),
        text: field(text, &faults),
        most_bytes: uploads::MOST_BYTES,
        too_large: too_large(),
        file_hint: file_hint(),
        faults,
        cx,
    })
}

/// `POST /my/messages/new`: the text, and a file where one was chosen.
pub(in crate::http) async fn send(visit: Visit, uploaded: Uploaded<Typed>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    let Uploaded { sent, file } = uploaded;
    let found =
        own.open(Action::Read, |reading| Ok(Clinic::read(reading)?.zip(reading.read(R::Patient, &own.patient)?)));
    let (clinic, patient) = found.await?.into_inner();
    let topic = clinic.topic(&sent.typed.topic).filter(|topic| own.may_ask(topic)).ok_or(Refusal::not_found())?;
    if file.is_some() {
        own.needs(Needs::Adding)?;
    }
    let again = async |mut faults: Faults, had_file: bool| {
        if had_file && faults.of("file").is_none() {
            // A browser sends a file once.
            faults.add("file", t("upload-choose-again"));
        }
        let shown = form(&own, own.plain_cx().await?, &clinic, topic, &sent.typed.text, faults)?;
        Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown))
    };
    let mut faults = faults_of(&sent.typed.text);
    let looked = match &file {
        Some(file) => match looked_at(file).await? {
            Ok(looked) => Some(looked),
            Err(no) => {
                faults.add("file", said(no));
                None
            }
        },
        None => None,
    };
    if !faults.is_empty() {
        return again(faults, file.is_some()).await;
    }
    if let Some(asks) = own.visit.asks_first(&sent).await? {
        return Ok(asks);
    }
    let (sender, name) = own.sender()?;
    let (id, text) = (FhirId::new(&own.visit.house.ambient), trimmed(&sent.typed.text));
    let place = format!("/my/messages/{id}?done=sent");
    let document = FhirId::new(&own.visit.house.ambient);
    let attached = [document.clone()];
    let new = New {
        id,
        patient: &own.patient,
        sender: &sender,
        sender_name: &name,
        topic,
        doctor: doctor_of(&patient, &clinic),
        text: &text,
        attached: if looked.is_some() { &attached } else { &[] },
        now: own.visit.house.ambient.now(),
    };
    let doing = own.writes(&sent, &place);
    let Some((looked, bytes)) = looked else {
        return match messages::start(doing, new).await {
            Ok(done) => own.visit.went(&sent, done, &place).await,
            Err(Refused::Told(_)) => Err(Refusal::internal("a first message meets nobody else's")),
            Err(Refused::Record(error)) => Err(error.into()),
        };
    };
    let title = title_of("", file.as_ref(), "other");
    match messages::start_with(doing, new, document, own.brought(looked, bytes, title)).await {
        Ok(done) => own.visit.went(&sent, done, &place).await,
        Err(Refused::Told(full)) => {
            let mut faults = Faults::none();
            faults.add("file", said_full(full));
            again(faults, true).await
        }
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

/// The patient's own doctor, if they work here.
fn doctor_of(patient: &Stored, clinic: &Clinic) -> Option<(ResourceRef, String)> {
    let patient: Value = serde_json::from_slice(&patient.json).ok()?;
    let all = patient.get("generalPractitioner")?.as_array()?.iter();
    let mut all = all.filter_map(|one| ResourceRef::parse(one.get("reference")?.as_str()?).ok());
    all.find_map(|person| {
        let known = clinic.clinicians.iter().find(|one| one.person == person)?;
        Some((person, known.name.clone()))
    })
}
