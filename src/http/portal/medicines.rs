//! One's own medicines: what for, how, and what can be asked or said of each.

use std::collections::BTreeSet;

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::medicine_pages::{MyMedicine, MyMedicineRow, MyMedicines, Standing};
use super::own::{Needs, Own};
use super::record::is_mistake;
use crate::audit::{Action, Detail};
use crate::base::FhirId;
use crate::care::Chart;
use crate::care::entries::is_no_entry;
use crate::care::medicine::{self, Asks};
use crate::care::prescribe::{self, Refill, RefillError, TakingError};
use crate::care::workflow::{Doing, Refused};
use crate::fhir::ResourceType as R;
use crate::http::clinic::prescriptions::stop_word;
use crate::http::fill::{self, Ctx};
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::{Due, MedicineState};
use crate::http::ui::{Cx, Faults, Field, Locale, When, t};
use crate::record::{Channel, Why};

const KINDS: &[R] = &[R::MedicationRequest, R::MedicationStatement, R::Task, R::Condition];

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Shown {
    done: String,
}

/// `GET /my/medicines`
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    // On paper a list of medicines goes with whose it is and what they must not be given.
    let kinds: Vec<R> = KINDS.iter().copied().chain([R::AllergyIntolerance]).collect();
    let chart = own.chart(&kinds).await?;
    let cx = own.cx(&chart);
    let who = fill::identity(&chart.patient, &own.ctx);
    let allergies = fill::allergies(chart.of(R::AllergyIntolerance), &own.ctx);
    let all = chart.of(R::MedicationRequest).iter().chain(chart.of(R::MedicationStatement));
    let mut page_of = MyMedicines {
        reaches_nobody: own.has_unseen(all.filter(|one| !is_mistake(one))),
        not_to_take: fill::not_to_give(&chart, &own.ctx),
        not_taken: fill::not_taken_rows(&chart, &own.ctx),
        current: Vec::new(),
        later: Vec::new(),
        over: Vec::new(),
        paused: Vec::new(),
        past: Vec::new(),
        who,
        allergies,
        cx,
    };
    for row in rows(&chart, &own, &page_of.cx) {
        match row.due {
            _ if !row.is_current => page_of.past.push(row),
            _ if row.state == MedicineState::Paused => page_of.paused.push(row),
            Due::Later(_) => page_of.later.push(row),
            Due::Over(_) => page_of.over.push(row),
            Due::Now => page_of.current.push(row),
        }
    }
    page(&page_of)
}

/// All of them, newest first.
fn rows(chart: &Chart, own: &Own, cx: &Cx) -> Vec<MyMedicineRow> {
    let ctx = &own.ctx;
    let not_taken = prescribe::not_taking(chart.of(R::MedicationStatement).iter(), &ctx.zone);
    let refills: Vec<Refill> = chart.of(R::Task).iter().filter_map(prescribe::refill_of).collect();
    let unseen_of = |kind| -> BTreeSet<&str> {
        chart.of(kind).iter().filter(|one| own.is_unseen(one)).filter_map(|one| fill::text(one, "/id")).collect()
    };
    let unseen = Unseen { requests: unseen_of(R::Task), medicines: unseen_of(R::MedicationRequest) };
    let requests = chart.of(R::MedicationRequest).iter().filter_map(|request| {
        let status = fill::text(request, "/status").unwrap_or_default();
        if Asks::of(request) != Asks::Give
            || is_no_entry(request)
            || matches!(status, "entered-in-error" | "draft" | "cancelled")
        {
            return None;
        }
        let id = fill::text(request, "/id")?;
        let is_current = medicine::may_be_taken(request);
        // Of what is paused, or nobody knows whether it is taken, nothing can be asked.
        let counts = status == "active" && !medicine::is_reported(request);
        let state = match status {
            "active" => not_taken.get(id).and_then(fill::state_by).unwrap_or_else(|| fill::state_of(request)),
            _ => fill::state_of(request),
        };
        let standing = counts.then(|| standing(id, &refills, &unseen, ctx, cx)).flatten();
        let due = fill::due(request, ctx);
        let (since, until) = fill::span_of_request(request, due, ctx);
        let ended_on = prescribe::ended_at(request).and_then(|end| When::parse(end, &ctx.zone)).filter(|_| !is_current);
        // A time that was over by itself says when it ended.
        let ran_out = until.is_some_and(|until| until.last_day() < cx.now.date());
        let is_apart = state == MedicineState::Paused || (!is_current && (ended_on.is_some() || !ran_out));
        let prescribed = ctx.when(request, "/authoredOn").filter(|_| is_apart);
        Some(MyMedicineRow {
            name: fill::medicine_name(request, chart.medications()),
            how: fill::dosage::how(request, &ctx.zone),
            reason: fill::reason_said(request, chart.of(R::Condition), ctx),
            since,
            until,
            prescribed,
            ended_on,
            due,
            doubts: fill::doubts_of(request, chart, ctx),
            by: fill::called(request.get("requester")),
            ended: why_ended(request).filter(|_| !is_current || status == "on-hold"),
            href: counts.then(|| format!("/my/medicines/{id}")),
            id: Some(id.to_owned()),
            state,
            standing,
            is_current,
        })
    });
    let statements = chart.of(R::MedicationStatement).iter().filter_map(|statement| {
        let status = fill::text(statement, "/status").unwrap_or_default();
        if prescribe::goes_with(statement, chart.of(R::MedicationRequest), chart.medications())
            || is_no_entry(statement)
            || matches!(status, "entered-in-error" | "not-taken")
        {
            return None;
        }
        let is_current = medicine::may_be_taken(statement);
        Some(MyMedicineRow {
            name: fill::medicine_name(statement, chart.medications()),
            how: fill::dosage::how(statement, &ctx.zone),
            reason: ctx.said(statement, fill::list(statement, "reasonCode").first()),
            since: ctx.first_when(statement, &["/effectivePeriod/start", "/effectiveDateTime", "/dateAsserted"]),
            until: ctx.when(statement, "/effectivePeriod/end"),
            prescribed: None,
            ended_on: None,
            due: fill::due(statement, ctx),
            doubts: fill::doubts_of(statement, chart, ctx),
            by: fill::called(statement.get("informationSource")),
            ended: None,
            href: None,
            id: None,
            state: match status {
                "active" | "intended" => MedicineState::Reported,
                other => MedicineState::from_code(other),
            },
            standing: None,
            is_current,
        })
    });
    requests.chain(statements).collect()
}

/// What nobody of the clinic sees.
struct Unseen<'a> {
    requests: BTreeSet<&'a str>,
    /// What was asked about one of these before it was sealed is closed with it, though the request's own labels do not say so.
    medicines: BTreeSet<&'a str>,
}

impl Unseen<'_> {
    fn has(&self, refill: &Refill) -> bool {
        self.requests.contains(refill.id.as_str()) || self.medicines.contains(refill.prescription.as_str())
    }
}

/// How far the newest request for a refill of this prescription is.
fn standing(id: &str, refills: &[Refill], unseen: &Unseen<'_>, ctx: &Ctx, cx: &Cx) -> Option<Standing> {
    let newest = refills.iter().filter(|refill| refill.prescription == id).max_by_key(|refill| refill.asked.clone())?;
    let asked = if unseen.has(newest) { "refill-waits-unseen" } else { "refill-waits" };
    let day = |text: &Option<String>| {
        text.as_deref().and_then(|text| When::parse(text, &ctx.zone)).map(|when| when.near_within(&cx.now))
    };
    let said = newest.said.clone().unwrap_or_default();
    let date = day(&newest.asked).unwrap_or_default();
    Some(match newest.status.as_str() {
        "requested" | "received" | "accepted" => Standing::Waits(t(asked).with("date", date).to_string()),
        "on-hold" => Standing::Asked { question: said, of: newest.id.clone() },
        "rejected" => Standing::Refused(t("refill-refused").with("reason", said).to_string()),
        _ => return None,
    })
}

/// One of the patient's own prescriptions that counts.
struct One {
    own: Own,
    chart: Chart,
    request: Value,
    id: FhirId,
}

impl One {
    async fn of(visit: Visit, id: &str, needs: Needs) -> Result<Self, Refusal> {
        let own = Own::of(visit, needs)?;
        let id = FhirId::parse(id).map_err(|_| Refusal::not_found())?;
        let chart = own.chart(KINDS).await?;
        // Of what is not to be given nothing can be asked.
        let fits = |one: &&Value| fill::text(one, "/id") == Some(id.as_str()) && Asks::of(one) == Asks::Give;
        let request = chart.of(R::MedicationRequest).iter().find(fits).cloned().ok_or(Refusal::not_found())?;
        Ok(Self { own, chart, request, id })
    }

    fn doing<'a, T>(&'a self, action: Action, sent: &Sent<T>, place: &str) -> Doing<'a> {
        let visit = &self.own.visit;
        let detail = visit.told(Detail::none());
        let why = Why { action, purpose: self.own.purpose(), detail, channel: Channel::Screen };
        Doing { records: &visit.house.records, actor: &self.own.actor, why, once: visit.once(sent, place) }
    }

    fn refused(&self, typed: &Typed, faults: &Faults) -> Result<Response, Refusal> {
        let page = self.page(self.own.cx(&self.chart), typed, faults, "")?;
        Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page))
    }

    /// Why it was not done, with the medicine as it stands now: what was asked before is on it, or it is prescribed no more.
    async fn not_done(self, typed: &Typed, why: &str) -> Result<Response, Refusal> {
        let mut cx = self.own.cx(&self.chart);
        cx.trouble = Some(t(why).to_string());
        let chart = self.own.chart(KINDS).await?;
        let now = chart.of(R::MedicationRequest).iter().find(|now| fill::text(now, "/id") == Some(self.id.as_str()));
        let request = now.cloned().ok_or(Refusal::not_found())?;
        let one = Self { chart, request, ..self };
        Ok(finished(StatusCode::CONFLICT, one.page(cx, typed, &Faults::none(), "")?))
    }

    fn page(&self, mut cx: Cx, typed: &Typed, faults: &Faults, done: &str) -> Result<Response, Refusal> {
        if cx.at.is_empty() {
            cx.at = format!("/my/medicines/{}", self.id);
        }
        let address = format!("/my/medicines/{}", self.id);
        // Also one that has ended: whoever had it open, or kept its address, reads so.
        let row = rows(&self.chart, &self.own, &cx).into_iter().find(|row| row.id.as_deref() == Some(self.id.as_str()));
        let row = row.ok_or(Refusal::not_found())?;
        let label = if matches!(row.standing, Some(Standing::Asked { .. })) { "refill-answer" } else { "refill-note" };
        let active = fill::text(&self.request, "/status") == Some("active");
        // What is asked or said of a medicine is sealed like it.
        let reaches_nobody = self.own.is_unseen(&self.request);
        // What was done to come here, while it is so still: the address stays in a window in which nothing else happens.
        use MedicineState::{NotTaking, NotTakingSaidFor, Taking};
        let word = match (done, row.state, &row.standing) {
            ("refill-sent", _, Some(Standing::Waits(_))) => Some(t("refill-asked-done")),
            ("not-taking", NotTaking | NotTakingSaidFor, _) => Some(cx.own("not-taking-done")),
            ("taking", Taking, _) => Some(cx.own("taking-done")),
            _ => None,
        };
        let word = word.map(|word| if reaches_nobody { t("refill-sealed-done") } else { word });
        cx.done = word.map(|word| word.to_string()).or(cx.done);
        let statements = self.chart.of(R::MedicationStatement).iter();
        let said = prescribe::not_taking(statements, &self.own.ctx.zone).remove(self.id.as_str());
        page(&MyMedicine {
            note: Field::area("note", t(label), &typed.note, faults)
                .optional()
                .hint(t("refill-note-hint"))
                .most(prescribe::LONGEST),
            why: Field::text("why", t("not-taking-why"), &typed.why, faults).optional().most(prescribe::LONGEST),
            not_taking: said.filter(prescribe::NotTaking::is_of_patient),
            typed: [&typed.note, &typed.why].into_iter().find(|words| !active && !words.trim().is_empty()).cloned(),
            active,
            reaches_nobody,
            address,
            row,
            cx,
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    note: String,
    why: String,
    /// The request whose question is answered.
    answers: String,
    /// `no` or `yes`.
    taking: String,
}

/// Why it ended, in the reader's language where it is one of the reasons to choose from; what was written stays as it is.
fn why_ended(request: &Value) -> Option<String> {
    let said = fill::owned(request, "/statusReason/text")?;
    let Some(code) = prescribe::end_code(request) else { return Some(said) };
    let word = t(match code {
        "done" => "my-ended-done",
        "side-effects" => "my-ended-side-effects",
        "no-effect" => "my-ended-no-effect",
        "patient-wish" => "my-ended-patient-wish",
        "interaction" => "my-ended-interaction",
        "other" => "my-ended-other",
        _ => return Some(said),
    });
    let stored = Locale::En.inside(|| stop_word(code).to_string());
    Some(match said.strip_prefix(&stored) {
        Some(written) => format!("{word}{written}"),
        None => said,
    })
}

/// `GET /my/medicines/{id}`
pub(in crate::http) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Refusal> {
    let one = One::of(visit, &id, Needs::Reading).await?;
    let mut cx = one.own.cx(&one.chart);
    let typed = match fill::text(&one.request, "/status") {
        Some("active") => one.own.visit.kept::<Typed>(&mut cx)?.unwrap_or_default(),
        _ => Typed::default(),
    };
    one.page(cx, &typed, &Faults::none(), &shown.done)
}

/// `POST /my/medicines/{id}/refill`
pub(in crate::http) async fn refill(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    let one = One::of(visit, &id, Needs::Adding).await?;
    let answers = match sent.typed.answers.as_str() {
        "" => None,
        text => {
            let fits = |task: &&Value| fill::text(task, "/id") == Some(text);
            one.chart.of(R::Task).iter().find(fits).ok_or(Refusal::not_found())?;
            Some(FhirId::parse(text).map_err(|_| Refusal::not_found())?)
        }
    };
    let mut faults = Faults::none();
    let note = faults.whole("note", &sent.typed.note, prescribe::LONGEST);
    if !faults.is_empty() {
        return one.refused(&sent.typed, &faults);
    }
    let place = format!("/my/medicines/{}?done=refill-sent", one.id);
    let task = FhirId::new(&one.own.visit.house.ambient);
    let of = prescribe::speaker(&one.own.actor, &one.own.patient);
    let doing = one.doing(Action::RequestMade, &sent, &place);
    let asked = prescribe::ask(doing, task, (&one.own.patient, &one.id, &of), &note, answers.as_ref()).await;
    match asked {
        Ok(done) => one.own.visit.went(&sent, done, &place).await,
        Err(Refused::Told(error)) => {
            let why = match error {
                RefillError::NotActive => "refill-not-active",
                _ => "refill-asked-before",
            };
            one.not_done(&sent.typed, why).await
        }
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

/// `POST /my/medicines/{id}/taking`
pub(in crate::http) async fn taking(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    let one = One::of(visit, &id, Needs::Adding).await?;
    let mut faults = Faults::none();
    let why = faults.whole("why", &sent.typed.why, prescribe::LONGEST);
    let (not, done) = match sent.typed.taking.as_str() {
        "no" if !faults.is_empty() => return one.refused(&sent.typed, &faults),
        "no" => (Some(why.as_str()), "not-taking"),
        "yes" => (None, "taking"),
        _ => return Err(Refusal::new(No::Malformed)),
    };
    let place = format!("/my/medicines/{}?done={done}", one.id);
    let of = prescribe::speaker(&one.own.actor, &one.own.patient);
    let doing = one.doing(Action::Create, &sent, &place);
    let waits = prescribe::waits_of(one.chart.of(R::Task), one.id.as_str());
    match prescribe::taking_again(doing, &one.request, (&one.own.patient, &of), not, waits).await {
        Err(Refused::Told(TakingError::NotActive)) => one.not_done(&sent.typed, "taking-not-active").await,
        done => one.own.visit.settled(&sent, done, &place).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_anybody_sees_a_request_is_asked_of_the_newest_request_and_of_its_medicine() {
        let refill = |id: &str, asked: &str| {
            let task = serde_json::json!({"resourceType": "Task", "id": id, "status": "requested", "intent": "proposal",
                "code": {"coding": [{"system": prescribe::REFILL.0, "code": prescribe::REFILL.1}]}, "authoredOn": asked,
                "focus": {"reference": "MedicationRequest/m"}, "for": {"reference": "Patient/p"}, "meta": {"versionId": "1"}});
            prescribe::refill_of(&task).unwrap()
        };
        let all = [refill("before", "2026-11-28T09:00:00Z"), refill("after", "2026-11-29T09:00:00Z")];
        let (ctx, cx) = (Ctx::of(jiff::tz::TimeZone::UTC), crate::http::pages::sample::cx(None));
        let unseen = Unseen { requests: BTreeSet::from(["after"]), medicines: BTreeSet::from(["another"]) };
        let sealed = Unseen { requests: BTreeSet::new(), medicines: BTreeSet::from(["m"]) };
        let said_with = |refills: &[Refill], unseen: &Unseen<'_>| match standing("m", refills, unseen, &ctx, &cx) {
            Some(Standing::Waits(words)) => words,
            other => panic!("it waits, and is not {other:?}"),
        };
        assert!(!said_with(&all[..1], &unseen).contains("Nobody at the clinic"));
        assert!(said_with(&all, &unseen).contains("Nobody at the clinic"));
        assert!(said_with(&all[..1], &sealed).contains("Nobody at the clinic"), "it is closed with its medicine");
    }

    #[test]
    fn a_reason_of_the_list_is_told_in_the_readers_language() {
        let ended = |text: &str| {
            let coding = serde_json::json!([{"system": "urn:chartbox:prescription-end", "code": "done"}]);
            serde_json::json!({"statusReason": {"coding": coding, "text": text}})
        };
        let in_language = |locale: Locale, text: &str| locale.inside(|| why_ended(&ended(text))).unwrap();
        assert_eq!(in_language(Locale::Es, "It is not needed any more"), "Ya no hace falta");
        assert_eq!(in_language(Locale::Es, "It is not needed any more: well again"), "Ya no hace falta: well again");
        assert_eq!(in_language(Locale::Es, "Only in words"), "Only in words");
        assert_eq!(in_language(Locale::En, "It is not needed any more: well"), "It is not needed any more: well");
    }
}
