//! Prescribing: the page, the look at the checks, and the signature.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::chart::Opened;
use super::prescribe_form::{Faulty, LONGEST, Typed, version_of};
use super::prescribe_pages::{FoundMedicines, Pick, Prescribe};
use super::prescribe_words as words;
use super::prescriptions::seen_by;
use super::{id_of, why};
use crate::audit::{Action, Detail};
use crate::base::FhirId;
use crate::care::formulary::{self, Formulary, KeptError};
use crate::care::prescribe::{
    self, Answered, By, Chosen, Facts, Finding, Outcome, Prescription, Prior, Proposal, Refill, SignError, Signing,
};
use crate::care::workflow::Refused;
use crate::care::{Chart, chart};
use crate::fhir::ResourceType as R;
use crate::http::House;
use crate::http::fill::{self, dosage};
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, When, t};
use crate::record::Reading;

/// How many medicines one search shows.
const FOUND: usize = 20;
/// How many while one types.
const TYPING: usize = 10;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    q: String,
    medicine: String,
    written: String,
    renew: String,
    change: String,
    refill: String,
}

/// The formulary that is loaded, and since when.
pub(in crate::http) fn loaded(house: &House) -> Result<Option<(Arc<Formulary>, When)>, Refusal> {
    let found = formulary::loaded(&house.store).map_err(|error| match error {
        KeptError::Store(error) => Refusal::from(error),
        other => Refusal::internal(other),
    })?;
    Ok(found.map(|(formulary, at)| (formulary, When::at(at, &house.front.face.zone))))
}

/// A chart that was opened to prescribe, with everything that a prescription hangs on.
pub(super) struct Desk {
    pub visit: Visit,
    pub opened: Opened,
    pub patient: FhirId,
    pub formulary: Option<Arc<Formulary>>,
    pub facts: Facts,
    pub today: Date,
    /// The prescription that is renewed or changed.
    pub prior: Option<Value>,
    /// The request that is answered, and the one whose question it answered.
    pub refill: Option<(Value, Refill)>,
    older: Option<Value>,
    /// That the patient does not take the one that is renewed or changed, as it waits for the clinic.
    not_taken: Option<Value>,
}

impl Desk {
    async fn open(visit: Visit, id: &str, prior: &str, refill: &str) -> Result<Self, Refusal> {
        let patient = id_of(id)?;
        let refill = if refill.is_empty() { None } else { Some(id_of(refill)?) };
        let why = why(&visit, Action::Read, Detail::none());
        let read = |reading: &mut Reading<'_>| {
            let chart = Chart::read(reading, &patient, chart::FRAME)?;
            let tasks = match refill.is_some() || !prior.is_empty() {
                true => reading.of_patient(&patient, R::Task, chart::MOST)?.map(|found| found.found),
                false => reading.nothing(),
            };
            Ok(chart.zip(tasks))
        };
        let (chart, tasks) = visit.house.records.disclose(&visit.actor, why, read).await?.into_inner();
        let tasks: Vec<Value> = tasks.iter().map(|stored| stored.value()).collect();
        let task = |id: &str| tasks.iter().find(|task| fill::text(task, "/id") == Some(id)).cloned();
        let opened = Opened::of(&visit, chart)?;
        let today = visit.house.ambient.now().to_zoned(opened.ctx.zone.clone()).date();
        let facts = Facts::of(&opened.chart, today);
        let of_id = |one: &&Value| fill::text(one, "/id") == Some(prior);
        let found = opened.chart.of(R::MedicationRequest).iter().find(of_id).cloned();
        if !prior.is_empty() && found.is_none() {
            return Err(Refusal::not_found());
        }
        let refill = match &refill {
            None => None,
            Some(id) => {
                let task = task(id.as_str()).ok_or(Refusal::not_found())?;
                let refill = prescribe::refill_of(&task).ok_or(Refusal::not_found())?;
                Some((task, refill))
            }
        };
        let older = refill.as_ref().and_then(|(_, refill)| task(refill.answers.as_deref()?));
        let formulary = loaded(&visit.house)?.map(|(formulary, _)| formulary);
        let not_taken = prescribe::waits_of(&tasks, prior).cloned();
        Ok(Self { visit, opened, patient, formulary, facts, today, prior: found, refill, older, not_taken })
    }

    pub(super) fn base(&self) -> String {
        format!("/patients/{}/prescribe", self.patient)
    }

    /// The medicine that was chosen, if there is one.
    fn chosen(&self, typed: &Typed) -> Option<Chosen> {
        let listed = self.formulary.as_ref().and_then(|formulary| formulary.medicine(&typed.medicine));
        match listed {
            Some(medicine) => Some(Chosen::Listed(medicine.id.clone())),
            None if !typed.written.trim().is_empty() => Some(Chosen::Written(typed.written.trim().to_owned())),
            None => None,
        }
    }

    pub(super) fn medicine(&self, typed: &Typed) -> Option<&formulary::Medicine> {
        self.formulary.as_ref().and_then(|formulary| formulary.medicine(&typed.medicine))
    }

    fn proposal(&self, medicine: Chosen, typed: &Typed) -> Proposal {
        let every = prescribe::Every::from_code(&typed.every);
        Proposal {
            medicine,
            once: typed.once_number(),
            times: every.and_then(|every| every.times_a_day()),
            route: Some(typed.route.clone()).filter(|route| !route.is_empty()),
            replaces: self
                .prior
                .as_ref()
                .and_then(|prior| Some(format!("MedicationRequest/{}", fill::text(prior, "/id")?))),
        }
    }

    fn findings(&self, typed: &Typed) -> Vec<Finding> {
        self.chosen(typed).map_or_else(Vec::new, |medicine| {
            prescribe::check(self.formulary.as_deref(), &self.facts, &self.proposal(medicine, typed))
        })
    }
}

/// `GET /patients/{id}/prescribe`
pub(in crate::http) async fn form(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let prior = if asked.renew.is_empty() { &asked.change } else { &asked.renew };
    let mut desk = Desk::open(visit, &id, prior, &asked.refill).await?;
    let mut cx = Cx { shortened: desk.opened.cx.shortened.clone(), ..desk.visit.cx() };
    let kept = desk.visit.kept::<Vec<(String, String)>>(&mut cx)?;
    let mut typed = match (kept, &desk.prior) {
        (Some(pairs), _) => Typed::of(pairs),
        (None, Some(prior)) => {
            let how = if asked.renew.is_empty() { "changed" } else { "renewed" };
            let file = (desk.formulary.as_deref(), desk.opened.chart.medications());
            Typed::of_prior(prior, how, file, &desk.refill, &desk.opened.ctx.zone)
        }
        (None, None) => Typed { medicine: asked.medicine, written: asked.written, ..Typed::blank() },
    };
    cx.trouble = as_they_stand(&mut desk, &mut typed);
    // What was chosen of the list goes before what a draft or a prior prescription had.
    shown(&desk, cx, typed, &asked.q, Faulty::none())
}

/// What this takes the place of and the request that it answers, as they are now, whatever a draft says of them. Of what is
/// over it lets go, and says so: what was typed is then a prescription of its own.
fn as_they_stand(desk: &mut Desk, typed: &mut Typed) -> Option<String> {
    let mut over = None;
    match &desk.refill {
        Some((task, refill)) if prescribe::is_open(task) => typed.refill_version = refill.version,
        Some(_) => {
            (desk.refill, over) = (None, Some("rx-refill-over"));
            typed.refill.clear();
        }
        None => {}
    }
    match &desk.prior {
        Some(prior) if prescribe::is_renewable(prior) => typed.prior_version = version_of(prior),
        Some(_) => {
            (desk.prior, over) = (None, Some("rx-prior-over"));
            typed.prior.clear();
        }
        None => {}
    }
    over.map(|word| t(word).to_string())
}

/// `GET /patients/{id}/prescribe/find`: the fragment that follows what is being typed. It is about medicines and nobody.
pub(in crate::http) async fn found(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let id = id_of(&id)?;
    let formulary = loaded(&visit.house)?;
    let base = format!("/patients/{id}/prescribe");
    let (picks, more) = match &formulary {
        Some((formulary, _)) => picks(formulary, &asked.q, TYPING, &base),
        None => (vec![], false),
    };
    page(&FoundMedicines { query: asked.q, picks, more, cx: visit.cx() })
}

fn picks(formulary: &Formulary, query: &str, most: usize, base: &str) -> (Vec<Pick>, bool) {
    let found = formulary.find(query, most);
    let pick = |medicine: &&formulary::Medicine| Pick {
        href: format!("{base}?medicine={}", medicine.id),
        name: format!("{} {}", medicine.name, medicine.strength),
        form: medicine.form.clone(),
        routes: medicine.routes.iter().map(|route| route.text.clone()).collect::<Vec<_>>().join(", "),
    };
    (found.medicines.iter().map(pick).collect(), found.more)
}

fn shown(desk: &Desk, mut cx: Cx, typed: Typed, query: &str, faulty: Faulty) -> Result<Response, Refusal> {
    if cx.at.is_empty() {
        cx.at = typed.address(&desk.base());
    }
    let findings = desk.findings(&typed);
    let chosen = desk.chosen(&typed);
    let (picks, more) = match &desk.formulary {
        Some(formulary) if chosen.is_none() => picks(formulary, query, FOUND, &desk.base()),
        _ => (vec![], false),
    };
    page(&Prescribe::filled(desk, cx, &typed, chosen, &findings, faulty, (query, picks, more)))
}

/// `POST /patients/{id}/prescribe`
pub(in crate::http) async fn send(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let typed = Typed::of(sent.typed.clone());
    let desk = Desk::open(visit, &id, &typed.prior, &typed.refill).await?;
    let again = |desk: &Desk, typed: Typed, faulty: Faulty, trouble: Option<String>, status: StatusCode| {
        let shortened = desk.opened.cx.shortened.clone();
        let mut cx = Cx { shortened, trouble, ..desk.visit.cx() };
        cx.at = sent.at.clone().unwrap_or_default();
        Ok(finished(status, shown(desk, cx, typed, "", faulty)?))
    };
    if typed.does != "sign" {
        return again(&desk, typed, Faulty::none(), None, StatusCode::OK);
    }
    let Some(chosen) = desk.chosen(&typed) else {
        let mut faulty = Faulty::none();
        faulty.faults.add("q", t("rx-fault-medicine"));
        return again(&desk, typed, faulty, None, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let findings = desk.findings(&typed);
    let answers = typed.answers();
    let answered: BTreeSet<String> = answers.keys().cloned().collect();
    let unanswered: Vec<String> = prescribe::missing(&findings, &answered).into_iter().map(Finding::key).collect();
    let (dose, mut faults) = typed.dose(desk.medicine(&typed), desk.today);
    let reason = typed.reason(desk.opened.chart.of(R::Condition), &mut faults);
    if typed.has_long_answer() {
        faults.add("checks", t("rx-fault-long-answer").with("most", LONGEST));
    }
    let Some(person) = desk.visit.actor.person().cloned() else {
        faults.add("q", t("rx-fault-person"));
        return again(&desk, typed, Faulty { faults, unanswered }, None, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let (Some(dose), true) = (dose, faults.is_empty() && unanswered.is_empty()) else {
        return again(&desk, typed, Faulty { faults, unanswered }, None, StatusCode::UNPROCESSABLE_ENTITY);
    };

    let ambient = &desk.visit.house.ambient;
    let name = desk.visit.account.as_ref().map_or_else(String::new, |account| account.display_name.to_string());
    let by = By { reference: person.as_str(), name: &name, now: ambient.now() };
    let said = dosage::words(&prescribe::dosage(&dose, "", desk.today), &desk.opened.ctx.zone).unwrap_or_default();
    let id = FhirId::new(ambient);
    let issues = issues(&findings, &answers, (&desk, &id, &by), &chosen);
    let prior_id = desk.prior.as_ref().and_then(|prior| FhirId::parse(fill::text(prior, "/id")?).ok());
    let prescription = Prescription {
        patient: &desk.patient,
        medicine: match (desk.medicine(&typed), &chosen) {
            (Some(medicine), _) => prescribe::Meant::Listed(medicine),
            (None, Chosen::Written(name) | Chosen::Listed(name)) => prescribe::Meant::Written(name),
        },
        quantity: typed.quantity_of(&dose),
        refills: typed.refills.trim().parse().unwrap_or(0),
        // Of another medicine it may not hold.
        substitution: desk
            .prior
            .as_ref()
            .filter(|_| typed.how == "renewed")
            .and_then(|prior| prior.get("substitution").cloned()),
        dose,
        words: &said,
        reason,
        from: desk.today,
    };
    let issue_ids: Vec<FhirId> = issues.iter().map(|(id, _)| id.clone()).collect();
    let token = prescribe::new_token(ambient);
    let request = prescribe::issued(&prescription, &by, &token, &issue_ids, prior_id.as_ref());
    let outcome = Outcome {
        id: id.clone(),
        request,
        issues,
        prior: prior(&desk, &typed)?,
        refill: answered_refill(&desk, &typed)?,
        not_taken: match (&desk.prior, &desk.not_taken) {
            (Some(_), Some(task)) => Some(prescribe::Seen { task: task.clone(), by: seen_by(&desk.visit)? }),
            _ => None,
        },
    };
    let signing = Signing {
        patient: desk.patient.clone(),
        formulary: desk.formulary.clone(),
        facts: desk.facts.clone(),
        proposal: desk.proposal(chosen, &typed),
        answered,
    };
    let place = format!("/patients/{}/prescriptions/{id}?done=signed", desk.patient);
    let doing = desk.visit.doing(why(&desk.visit, Action::Prescribe, Detail::none()), &sent, &place);
    match prescribe::sign(doing, signing, outcome).await {
        Ok(done) => desk.visit.went(&sent, done, &place).await,
        Err(Refused::Told(error)) => {
            // The page is made of the record as it is now, with what appeared meanwhile.
            let (prior, refill) = (typed.prior.clone(), typed.refill.clone());
            let patient = desk.patient.to_string();
            let desk = Desk::open(desk.visit, &patient, &prior, &refill).await?;
            let unanswered = prescribe::missing(&desk.findings(&typed), &typed.answers().into_keys().collect())
                .into_iter()
                .map(Finding::key)
                .collect();
            let trouble = t(match error {
                SignError::OtherFormulary => "rx-other-formulary",
                _ => "rx-new-warning",
            });
            let faulty = Faulty { faults: Faults::none(), unanswered };
            again(&desk, typed, faulty, Some(trouble.to_string()), StatusCode::CONFLICT)
        }
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

/// A `DetectedIssue` for each finding that was answered.
fn issues(
    findings: &[Finding],
    answers: &BTreeMap<String, String>,
    (desk, id, by): (&Desk, &FhirId, &By<'_>),
    chosen: &Chosen,
) -> Vec<(FhirId, Value)> {
    let name = words::name_of(chosen, desk.formulary.as_deref());
    let wanting = findings.iter().filter(|one| one.wants_answer());
    wanting
        .filter_map(|finding| {
            let reason = answers.get(&finding.key())?;
            let said = words::of(finding, &name);
            let issue = prescribe::issue(finding, &said.whole(), reason, &desk.patient, id, by);
            Some((FhirId::new(&desk.visit.house.ambient), issue))
        })
        .collect()
}

fn prior(desk: &Desk, typed: &Typed) -> Result<Option<Prior>, Refusal> {
    let Some(request) = desk.prior.clone() else { return Ok(None) };
    // One that ended meanwhile is not ended again, and nothing comes in its place.
    if !prescribe::is_renewable(&request) {
        return Err(Refusal::new(No::Conflict));
    }
    let how = if typed.how == "renewed" { "renewed" } else { "changed" };
    let given = typed.because.trim();
    let words = match (how, given.is_empty()) {
        (_, false) => given.to_owned(),
        ("renewed", true) => t("rx-renewed").to_string(),
        (_, true) => t("rx-changed").to_string(),
    };
    Ok(Some(Prior { request, version: typed.prior_version, how, words }))
}

fn answered_refill(desk: &Desk, typed: &Typed) -> Result<Option<Answered>, Refusal> {
    let Some((task, _)) = &desk.refill else { return Ok(None) };
    if !prescribe::is_open(task) {
        return Err(Refusal::new(No::Conflict));
    }
    Ok(Some(Answered { task: task.clone(), version: typed.refill_version, older: desk.older.clone() }))
}
