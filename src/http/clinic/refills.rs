//! A refill that a patient asks for, and answering it. The inbox lists those that wait.

use crate::record::Stored;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::about::{Desk, Head, Part, about};
use super::chart_pages::Section;
use super::{ctx, id_of, why};
use crate::audit::{Action, Detail};
use crate::care::prescribe::{self, Answer, Refill};
use crate::care::{chart, medicine};
use crate::fhir::search::{Handling, Query as Search};
use crate::fhir::{Definitions, ResourceType as R};
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, When, filters, t};

/// One request.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/refill_body.html")]
pub struct RefillPage {
    pub cx: Cx,
    pub id: String,
    pub version: u32,
    pub chart: String,
    pub medicine: String,
    pub how: Option<String>,
    pub note: Option<String>,
    /// The question that it answers.
    pub question: Option<String>,
    /// What the patient says of taking it, where they do not.
    pub not_taken: Option<String>,
    /// Where it is renewed; none where the prescription ended meanwhile.
    pub renew: Option<String>,
    /// Answered already: what was said.
    pub over: Option<String>,
    pub words: Field,
    pub faults: Faults,
}

fn search(text: &str) -> Result<Search, Refusal> {
    Search::parse(R::Task, text, Handling::Strict, Definitions::r4()).map_err(Refusal::internal)
}

/// A request with what it is about, as one look.
struct One {
    task: Value,
    refill: Refill,
    patient: Value,
    request: Value,
    /// The Medication that it refers to.
    along: Vec<Value>,
    older: Option<Value>,
    /// The patient says that they do not take it, and perhaps why.
    not_taken: Option<prescribe::NotTaking>,
}

impl One {
    async fn open(visit: &Visit, id: &str) -> Result<Self, Refusal> {
        let id = id_of(id)?;
        let query = search(&format!(
            "_id={id}&_include=Task:patient&_include=Task:focus&_include=Task:part-of\
             &_include:iterate=MedicationRequest:medication"
        ))?;
        let why = why(visit, Action::Read, Detail::none());
        let found = visit.house.records.disclose(&visit.actor, why, |reading| {
            let one = reading.read(R::Task, &id)?;
            Ok(one.zip(reading.search(&query)?))
        });
        let (task, found) = found.await?.into_inner();
        let along: Vec<Value> = found.included.iter().map(Stored::value).collect();
        let task = task.value();
        let refill = prescribe::refill_of(&task).ok_or(Refusal::not_found())?;
        let of = |kind: &str, id: &str| {
            let fits =
                |one: &&Value| fill::text(one, "/resourceType") == Some(kind) && fill::text(one, "/id") == Some(id);
            along.iter().find(fits).cloned()
        };
        let patient = id_of(&refill.patient)?;
        let looks = super::why(visit, Action::Read, Detail::none());
        let statements = visit
            .house
            .records
            .disclose(&visit.actor, looks, |reading| reading.of_patient(&patient, R::MedicationStatement, chart::MOST));
        let statements: Vec<Value> = statements.await?.into_inner().found.iter().map(Stored::value).collect();
        Ok(Self {
            not_taken: prescribe::not_taking(statements.iter(), &ctx(visit).zone).remove(&refill.prescription),
            patient: of("Patient", &refill.patient).ok_or(Refusal::not_found())?,
            request: of("MedicationRequest", &refill.prescription).ok_or(Refusal::not_found())?,
            older: refill.answers.as_deref().and_then(|id| of("Task", id)),
            along: along.into_iter().filter(|one| fill::text(one, "/resourceType") == Some("Medication")).collect(),
            task,
            refill,
        })
    }
}

/// `GET /refills/{id}`
pub(in crate::http) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let one = One::open(&visit, &id).await?;
    let mut cx = visit.cx();
    let typed = match prescribe::is_open(&one.task) {
        true => visit.kept::<Typed>(&mut cx)?.unwrap_or_default(),
        false => Typed::default(),
    };
    shown(&visit, &one, cx, &typed, Faults::none()).await
}

async fn shown(visit: &Visit, one: &One, mut cx: Cx, typed: &Typed, faults: Faults) -> Result<Response, Refusal> {
    let ctx = ctx(visit);
    let Refill { id, patient, prescription, .. } = &one.refill;
    if cx.at.is_empty() {
        cx.at = format!("/refills/{id}");
    }
    let open = prescribe::is_open(&one.task);
    let active = fill::text(&one.request, "/status") == Some("active") && medicine::may_be_taken(&one.request);
    let over = (!open).then(|| {
        t(match one.refill.status.as_str() {
            "completed" => "refill-over-renewed",
            "on-hold" => "refill-over-asked",
            _ => "refill-over-refused",
        })
        .to_string()
    });
    let who = fill::identity(&one.patient, &ctx);
    let medicine = fill::medicine_name(&one.request, &one.along);
    let asked = one.refill.asked.as_deref().and_then(|asked| When::parse(asked, &ctx.zone));
    let head = Head {
        title: t("inbox-refills").to_string(),
        heading: t("refill-one").with("medicine", &medicine).with("patient", who.plain()).to_string(),
        line: asked.map(|asked| t("refill-asked-on").with("date", asked.near_within(&cx.now)).to_string()),
        write: None,
    };
    let body = Part::of(&RefillPage {
        chart: format!("/patients/{patient}/medicines"),
        medicine,
        how: fill::dose_of(&one.request, &ctx.zone),
        note: one.refill.note.clone(),
        question: one.older.as_ref().and_then(|older| fill::owned(older, "/statusReason/text")),
        not_taken: one.not_taken.as_ref().map(fill::not_taken_words),
        renew: (open && active).then(|| format!("/patients/{patient}/prescribe?renew={prescription}&refill={id}")),
        over,
        words: Field::area("words", t("refill-words"), &typed.words, &faults)
            .hint(t("refill-words-hint"))
            .most(prescribe::LONGEST),
        version: one.refill.version,
        id: id.clone(),
        faults,
        cx: cx.clone(),
    })?;
    about(visit, who, (Desk::Inbox, Section::Medicines), head, (cx, body)).await
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    words: String,
    /// `refuse` or `ask`.
    answer: String,
    version: u32,
}

/// `POST /refills/{id}`
pub(in crate::http) async fn answer(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    let one = One::open(&visit, &id).await?;
    let mut faults = Faults::none();
    let words = faults.whole("words", &sent.typed.words, prescribe::LONGEST);
    let answer = match sent.typed.answer.as_str() {
        "refuse" => Answer::Refuse(words.clone()),
        "ask" => Answer::AskBack(words.clone()),
        _ => return Err(Refusal::new(No::Malformed)),
    };
    if words.is_empty() {
        faults.add("words", t("refill-fault-words"));
    }
    if !faults.is_empty() {
        let page = shown(&visit, &one, visit.cx(), &sent.typed, faults).await?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let place = format!("/refills/{}", one.refill.id);
    let doing = visit.doing(why(&visit, Action::RequestAnswered, Detail::none()), &sent, place.as_str());
    // Sent twice, it leads where the first led; answered by somebody else, the version says so.
    let done = prescribe::answer(doing, one.task, sent.typed.version, one.older, &answer).await;
    visit.settled(&sent, done, &place).await
}
