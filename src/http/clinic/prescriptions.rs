//! One prescription: what it says, what became of it, ending it, and the paper.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::chart::Opened;
use super::prescribe_form::version_of;
use super::prescription_pages::{NoPaper, NotTakenPart, PrescriptionPage, Sheet, Warned, facts_of};
use super::{id_of, is_clinical, why};
use crate::audit::{Action, Detail};
use crate::base::{FhirId, Role};
use crate::care::clinic::Clinic;
use crate::care::medicine::Asks;
use crate::care::prescribe::{self, STOP_REASONS, Seen, Standing};
use crate::care::{Chart, chart};
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::charts;
use crate::http::ui::paper::{Paper, PaperError};
use crate::http::ui::record::MedicineState;
use crate::http::ui::{Cx, Faults, Field, When, t};
use crate::record::Reading;

/// How large the QR code of the sheet is, in px.
const QR: u32 = 148;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Shown {
    done: String,
}

/// A chart with one of its prescriptions.
struct One {
    opened: Opened,
    patient: FhirId,
    id: FhirId,
    request: Value,
    issues: Vec<Value>,
    /// What waits for the clinic, refills and the like.
    tasks: Vec<Value>,
    phone: Option<String>,
}

impl One {
    async fn open(visit: &Visit, patient: &str, id: &str, action: Action) -> Result<Self, Refusal> {
        let (patient, id) = (id_of(patient)?, id_of(id)?);
        let read = |reading: &mut Reading<'_>| {
            let chart = Chart::read(reading, &patient, chart::FRAME)?;
            let issues = reading.of_patient(&patient, R::DetectedIssue, chart::MOST)?;
            let tasks = reading.of_patient(&patient, R::Task, chart::MOST)?;
            Ok(chart.zip(issues).zip(tasks).zip(Clinic::read(reading)?))
        };
        let why = why(visit, action, Detail::none());
        let (((chart, issues), tasks), clinic) =
            visit.house.records.disclose(&visit.actor, why, read).await?.into_inner();
        let of_id = |one: &&Value| fill::text(one, "/id") == Some(id.as_str());
        let request = chart.of(R::MedicationRequest).iter().find(of_id).cloned().ok_or(Refusal::not_found())?;
        let named: Vec<&str> =
            fill::list(&request, "detectedIssue").iter().filter_map(|one| fill::text(one, "/reference")).collect();
        let all = issues.found.iter().map(|stored| stored.value());
        let issues = all
            .filter(|issue: &Value| {
                fill::text(issue, "/id").is_some_and(|id| named.contains(&format!("DetectedIssue/{id}").as_str()))
            })
            .collect();
        let opened = Opened::of(visit, chart)?;
        let tasks = tasks.found.iter().map(|stored| stored.value()).collect();
        Ok(Self { opened, patient, id, request, issues, tasks, phone: clinic.house.phone })
    }

    /// What the patient or somebody else says of taking it, if that is that it is not taken.
    fn not_taken(&self) -> Option<NotTakenPart> {
        let statements = self.opened.chart.of(R::MedicationStatement).iter();
        let zone = &self.opened.ctx.zone;
        let word = prescribe::not_taking(statements, zone).remove(self.id.as_str()).filter(|_| self.is_open())?;
        Some(NotTakenPart {
            when: word.said.as_deref().and_then(|said| When::parse(said, zone)),
            said: fill::not_taken_words(&word),
            waits: prescribe::waits_of(&self.tasks, self.id.as_str())
                .and_then(prescribe::not_taken_of)
                .map(|one| one.version),
        })
    }

    /// That it is not taken, as seen by whoever does something about it now.
    fn seen(&self, visit: &Visit) -> Result<Option<Seen>, Refusal> {
        let waits = prescribe::waits_of(&self.tasks, self.id.as_str()).cloned();
        waits.map(|task| Ok(Seen { task, by: seen_by(visit)? })).transpose()
    }

    fn standing(&self, cx: &Cx) -> Standing {
        prescribe::standing(&self.request, cx.now.date(), &self.opened.ctx.zone)
    }

    fn is_open(&self) -> bool {
        prescribe::is_in_use(&self.request)
    }

    /// The address that the QR code leads to: where patients come in if they do from outside, else the clinic's own.
    fn verify_url(&self, visit: &Visit) -> Option<String> {
        let about = &visit.house.about;
        let base = about.portal_url.as_ref().or(about.clinic_url.as_ref())?;
        Some(format!("{base}/verify/{}", prescribe::token_of(&self.request)?))
    }
}

/// `GET /patients/{id}/prescriptions/{prescription}`
pub(in crate::http) async fn show(
    visit: Visit,
    Path((patient, id)): Path<(String, String)>,
    Query(asked): Query<Shown>,
) -> Result<Response, Refusal> {
    let one = One::open(&visit, &patient, &id, Action::Read).await?;
    let mut cx = visit.cx();
    cx.done = match asked.done.as_str() {
        "signed" => Some(t("rx-done-signed").to_string()),
        "stopped" => Some(t("rx-done-stopped").to_string()),
        "seen" => Some(t("rx-done-not-taken-seen").to_string()),
        _ => None,
    };
    let typed = match one.is_open() && is_prescriber(&visit) {
        true => visit.kept::<StopTyped>(&mut cx)?.unwrap_or_default(),
        false => StopTyped::default(),
    };
    shown(&visit, &one, cx, &typed.why, &typed.words, Faults::none())
}

fn shown(visit: &Visit, one: &One, mut cx: Cx, code: &str, words: &str, faults: Faults) -> Result<Response, Refusal> {
    if cx.at.is_empty() {
        cx.at = format!("/patients/{}/prescriptions/{}", one.patient, one.id);
    }
    let ctx = &one.opened.ctx;
    let base = format!("/patients/{}", one.patient);
    let link = |id: &str| format!("{base}/prescriptions/{id}");
    let prior = fill::text(&one.request, "/priorPrescription/reference")
        .and_then(|to| to.strip_prefix("MedicationRequest/"))
        .map(link);
    let own = format!("MedicationRequest/{}", one.id);
    let next = one
        .opened
        .chart
        .of(R::MedicationRequest)
        .iter()
        .find(|other| fill::text(other, "/priorPrescription/reference") == Some(own.as_str()));
    let warned = one.issues.iter().map(|issue| Warned {
        text: fill::owned(issue, "/detail").unwrap_or_default(),
        answer: fill::owned(issue, "/mitigation/0/action/text").unwrap_or_default(),
        by: fill::called(issue.get("author")),
        when: ctx.when(issue, "/identifiedDateTime"),
    });
    let reasons = STOP_REASONS.iter().map(|code| ((*code).to_owned(), stop_word(code).to_string())).collect();
    let stop = (one.is_open() && is_prescriber(visit)).then(|| {
        vec![
            Field::choice("why", t("rx-stop-why"), code, reasons, &faults).asked(),
            Field::text("words", t("rx-stop-words"), words, &faults).optional().most(prescribe::LONGEST),
        ]
    });
    page(&PrescriptionPage {
        name: fill::medicine_name(&one.request, one.opened.chart.medications()),
        state: super::prescription_pages::stands(&one.request, &one.opened.chart, ctx, cx.now.date()),
        no_order: match Asks::of(&one.request) {
            Asks::NotToGive => Some(MedicineState::NotToGive.mark()),
            Asks::Perhaps => Some(MedicineState::Planned.mark()),
            _ => None,
        },
        ended: fill::owned(&one.request, "/statusReason/text"),
        facts: facts_of(&one.request, one.opened.chart.of(R::Condition), ctx),
        warned: warned.collect(),
        renew: (prescribe::is_renewable(&one.request) && is_prescriber(visit))
            .then(|| format!("{base}/prescribe?renew={}", one.id)),
        change: (prescribe::is_renewable(&one.request) && is_prescriber(visit))
            .then(|| format!("{base}/prescribe?change={}", one.id)),
        prior,
        next: next.and_then(|next| fill::text(next, "/id")).map(link),
        papers: has_paper(&one.request),
        not_taken: one.not_taken(),
        stop,
        version: version_of(&one.request),
        id: one.id.to_string(),
        frame: one.opened.frame.clone(),
        faults,
        cx: Cx { shortened: one.opened.cx.shortened.clone(), ..cx },
    })
}

/// Whether there is a paper of it: it was signed here, and is an order to give a medicine.
fn has_paper(request: &Value) -> bool {
    prescribe::is_ours(request) && Asks::of(request) == Asks::Give
}

fn is_prescriber(visit: &Visit) -> bool {
    is_clinical(visit) && visit.actor.role() == Some(Role::Clinician)
}

/// A reason to choose from, as it is stored in English.
pub(in crate::http) fn stop_word(code: &str) -> crate::http::ui::Text {
    t(match code {
        "done" => "rx-stop-done",
        "side-effects" => "rx-stop-side-effects",
        "no-effect" => "rx-stop-no-effect",
        "patient-wish" => "rx-stop-patient-wish",
        "interaction" => "rx-stop-interaction",
        _ => "rx-stop-other",
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct StopTyped {
    why: String,
    words: String,
    version: u32,
}

/// `POST /patients/{id}/prescriptions/{prescription}/stop`
pub(in crate::http) async fn stop(
    visit: Visit,
    Path((patient, id)): Path<(String, String)>,
    sent: Sent<StopTyped>,
) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let one = One::open(&visit, &patient, &id, Action::Read).await?;
    let typed = &sent.typed;
    let mut faults = Faults::none();
    let code = STOP_REASONS.iter().find(|code| **code == typed.why);
    let words = faults.whole("words", &typed.words, prescribe::LONGEST);
    match code {
        None => faults.add("why", t("rx-fault-stop")),
        Some(&"other") if words.is_empty() => faults.add("words", t("rx-fault-stop-words")),
        Some(_) => {}
    }
    let (Some(code), true) = (code, faults.is_empty()) else {
        let page = shown(&visit, &one, visit.cx(), &typed.why, &typed.words, faults)?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    };
    if !one.is_open() {
        return Err(Refusal::new(No::Conflict));
    }
    let said = stop_word(code).to_string();
    let said = if words.is_empty() { said } else { format!("{said}: {words}") };
    let place = format!("/patients/{}/prescriptions/{}?done=stopped", one.patient, one.id);
    let doing = visit.doing(why(&visit, Action::Prescribe, Detail::none()), &sent, &place);
    let seen = one.seen(&visit)?;
    let done = prescribe::stop(doing, (one.request, typed.version), (code, &said), seen).await;
    visit.settled(&sent, done, &place).await
}

/// Who looks at it now, as a FHIR Reference.
pub(super) fn seen_by(visit: &Visit) -> Result<Value, Refusal> {
    let who = visit.actor.person().ok_or(Refusal::new(No::Never))?;
    let name = visit.account.as_ref().map_or("", |account| &*account.display_name);
    Ok(json!({"reference": who.as_str(), "display": name}))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct SeenTyped {
    version: u32,
}

/// `POST /patients/{id}/prescriptions/{prescription}/not-taken`: somebody has seen that the patient does not take it.
pub(in crate::http) async fn seen_not_taken(
    visit: Visit,
    Path((patient, id)): Path<(String, String)>,
    sent: Sent<SeenTyped>,
) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let one = One::open(&visit, &patient, &id, Action::Read).await?;
    let place = format!("/patients/{}/prescriptions/{}?done=seen", one.patient, one.id);
    // Seen by somebody else, or taken back by the patient: it waits no more.
    let Some(task) = prescribe::waits_of(&one.tasks, one.id.as_str()) else {
        return Err(Refusal::new(No::Conflict));
    };
    let doing = visit.doing(why(&visit, Action::RequestAnswered, Detail::none()), &sent, &place);
    let done = prescribe::see(doing, task.clone(), sent.typed.version, &seen_by(&visit)?).await;
    visit.settled(&sent, done, &place).await
}

/// What stands on the paper, on either kind of it.
fn paper(visit: &Visit, one: &One) -> Result<Paper, Refusal> {
    let cx = visit.cx();
    let who = &one.opened.frame.who;
    let facts = facts_of(&one.request, one.opened.chart.of(R::Condition), &one.opened.ctx);
    let url = one.verify_url(visit).filter(|_| has_paper(&one.request)).ok_or(Refusal::not_found())?;
    let clinic = match &one.phone {
        Some(phone) => vec![cx.clinic.clone(), phone.clone()],
        None => vec![cx.clinic.clone()],
    };
    let mut patient = vec![who.plain(), t("paper-born").with("date", born(who)).to_string()];
    patient.extend(who.number.as_ref().map(|number| t("paper-number").with("number", number).to_string()));
    let written = one.opened.ctx.when(&one.request, "/authoredOn").map(|when| when.long()).unwrap_or_default();
    Ok(Paper {
        title: t("paper-title").to_string(),
        clinic,
        patient_word: t("paper-patient").to_string(),
        patient,
        medicine: fill::medicine_name(&one.request, one.opened.chart.medications()),
        lines: facts.iter().filter(|fact| fact.on_paper).map(|fact| (fact.label.clone(), fact.value.clone())).collect(),
        written: t("paper-written").with("date", written).to_string(),
        prescriber: fill::called(one.request.get("requester")).unwrap_or_default(),
        signature: t("paper-signature").to_string(),
        verify: t("paper-verify").to_string(),
        // Said on the paper, so that nobody takes an ended one to the pharmacy.
        state: (one.standing(&cx) != Standing::Active).then(|| super::prescription_pages::mark(one.standing(&cx)).word),
        demo: cx.demo.then(|| t("paper-demo").to_string()),
        url,
    })
}

fn born(who: &crate::http::ui::record::Identity) -> String {
    who.born.as_ref().map_or_else(|| t("born-unknown").to_string(), When::long)
}

/// `GET /patients/{id}/prescriptions/{prescription}/prescription.pdf`
pub(in crate::http) async fn pdf(
    visit: Visit,
    Path((patient, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let one = One::open(&visit, &patient, &id, Action::Print).await?;
    let paper = paper(&visit, &one)?;
    let sheet = format!("/patients/{}/prescriptions/{}/sheet", one.patient, one.id);
    // Drawing a page takes some milliseconds of one core.
    let made = tokio::task::spawn_blocking(move || paper.pdf()).await.map_err(Refusal::internal)?;
    match made {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
                (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"prescription.pdf\"")),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            Ok((headers, bytes).into_response())
        }
        Err(PaperError::Letters(letters)) => {
            let frame = one.opened.frame.clone();
            let cx = Cx { shortened: one.opened.cx.shortened.clone(), ..visit.cx() };
            let page = page(&NoPaper { cx, frame, letters, sheet })?;
            Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page))
        }
        Err(error @ PaperError::Drawing(_)) => Err(Refusal::internal(error)),
    }
}

/// `GET /patients/{id}/prescriptions/{prescription}/sheet`: the paper as a page, for letters that the PDF's font lacks.
pub(in crate::http) async fn sheet(
    visit: Visit,
    Path((patient, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let one = One::open(&visit, &patient, &id, Action::Print).await?;
    let paper = paper(&visit, &one)?;
    let qr = charts::qr(&paper.url, &paper.verify, QR);
    let back = format!("/patients/{}/prescriptions/{}", one.patient, one.id);
    page(&Sheet { cx: visit.cx(), paper, qr, back })
}
