//! At the door: who somebody is, how they are reached, who pays, which forms are open; then they have arrived.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::check_in_pages::{CheckIn, FormLine, OtherDay};
use super::schedule::day_of;
use super::{ctx, id_of, why};
use crate::audit::{Action, Detail, Purpose};
use crate::base::FhirId;
use crate::care::check_in::{self, Insurance, LONGEST, Reach, Seen};
use crate::care::clinic::Clinic;
use crate::care::{previsit, register, schedule};
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::forms::{Pairs, Sent, pairs_of};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::{BornKnown, Identity};
use crate::http::ui::{Cx, Faults, Field, When, format, t};
use crate::record::{Page, Stored, Why, strict};

/// The fields in which somebody types.
const TYPED: [&str; 8] = ["phone", "email", "street", "postcode", "town", "payer", "number", "until"];
/// The fields that say how appointment, patient and insurance stood when the page was made.
const VERSIONS: [&str; 4] = ["version", "patient_version", "coverage", "coverage_version"];

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    /// Name and birth date were asked for and fit.
    asked: String,
    /// The day of a visit that is not today's, where somebody said that it is meant.
    other_day: String,
    phone: String,
    email: String,
    street: String,
    postcode: String,
    town: String,
    payer: String,
    number: String,
    until: String,
    version: u32,
    patient_version: u32,
    coverage: String,
    coverage_version: u32,
}

fn acts(visit: &Visit, action: Action) -> Why {
    Why { purpose: Purpose::PatAdmin, ..why(visit, action, Detail::none()) }
}

fn seen(stored: &Stored) -> Seen {
    Seen { id: stored.id.clone(), version: stored.version, value: stored.value() }
}

/// What the page is made of.
struct Opened {
    clinic: Clinic,
    appointment: Seen,
    patient: Seen,
    coverage: Option<Seen>,
    /// The form that belongs to the visit: its title.
    form: Option<String>,
    /// The others of a visit for several.
    others: Vec<Value>,
}

/// Of so many others the page says who they are.
const OTHERS: usize = 20;

impl Opened {
    async fn of(visit: &Visit, id: &str) -> Result<Self, Refusal> {
        let id = id_of(id)?;
        let records = &visit.house.records;
        let found = records.disclose(&visit.actor, acts(visit, Action::Read), |reading| {
            Ok(reading.read(R::Appointment, &id)?.zip(Clinic::read(reading)?))
        });
        let (stored, clinic) = found.await?.into_inner();
        let appointment = seen(&stored);
        let patient = schedule::patient_of(&appointment.value).ok_or(Refusal::not_found())?;
        let patient = id_of(patient)?;
        let query = strict(R::Coverage, &format!("beneficiary=Patient/{patient}&status=active&_count=20"))?;
        let kind = schedule::kind_of(&appointment.value).and_then(|kind| clinic.visit_type(kind));
        let form = kind.and_then(|kind| kind.form.clone());
        let others = schedule::patients_of(&appointment.value).filter_map(|id| FhirId::parse(id).ok());
        let others: Vec<String> =
            others.filter(|id| *id != patient).take(OTHERS).map(|id| id.as_str().to_owned()).collect();
        let found = records.disclose(&visit.actor, acts(visit, Action::Read), |reading| {
            let form = match &form {
                Some(form) => reading.search(&strict(R::Questionnaire, &format!("_id={form}"))?)?.map(Some),
                None => reading.nothing::<()>().map(|_| None),
            };
            let others = match others.as_slice() {
                [] => reading.nothing::<()>().map(|_| None),
                ids => reading.search(&strict(R::Patient, &format!("_id={}", ids.join(",")))?)?.map(Some),
            };
            Ok(reading.read(R::Patient, &patient)?.zip(reading.search(&query)?).zip(form.zip(others)))
        });
        let ((patient, coverages), (form, others)): ((Stored, Page), (Option<Page>, Option<Page>)) =
            found.await?.into_inner();
        let title = |page: Page| {
            let value = page.matches.first()?.value();
            value.get("title").and_then(Value::as_str).map(str::to_owned)
        };
        Ok(Self {
            clinic,
            patient: seen(&patient),
            coverage: coverages.matches.first().map(seen),
            form: form.and_then(title),
            others: others.map(|page| page.matches.iter().map(Stored::value).collect()).unwrap_or_default(),
            appointment,
        })
    }

    fn is_expected(&self) -> bool {
        self.appointment.value.get("status").and_then(Value::as_str) == Some("booked")
    }

    /// The day of the visit, if it is another one than today.
    fn other_day(&self, visit: &Visit) -> Option<Date> {
        day_of(&self.appointment.value, &ctx(visit)).filter(|day| *day != visit.today())
    }

    fn typed(&self) -> Typed {
        let reach = Reach::of(&self.patient.value);
        let insurance = self.coverage.as_ref().map(|seen| Insurance::of(&seen.value)).unwrap_or_default();
        Typed {
            asked: String::new(),
            other_day: String::new(),
            phone: reach.phone,
            email: reach.email,
            street: reach.street,
            postcode: reach.postcode,
            town: reach.town,
            payer: insurance.payer,
            number: insurance.number,
            until: insurance.until,
            version: self.appointment.version,
            patient_version: self.patient.version,
            coverage: self.coverage.as_ref().map(|seen| seen.id.to_string()).unwrap_or_default(),
            coverage_version: self.coverage.as_ref().map_or(0, |seen| seen.version),
        }
    }
}

/// `GET /visits/{id}/check-in`
pub(in crate::http) async fn form(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let opened = Opened::of(&visit, &id).await?;
    if !opened.is_expected() {
        let draft = visit.draft_here()?;
        visit.forget_draft(visit.at.as_deref()).await?;
        return came_late(&visit, &opened, draft.map(|draft| pairs_of(&draft.body)).unwrap_or_default()).await;
    }
    let mut cx = visit.cx();
    let (typed, faults) = visit.again(&mut cx, opened.typed(), &VERSIONS)?;
    shown(&visit, cx, &opened, &typed, faults)
}

fn shown(visit: &Visit, mut cx: Cx, opened: &Opened, typed: &Typed, faults: Faults) -> Result<Response, Refusal> {
    let ctx = ctx(visit);
    let appointment = &opened.appointment;
    if cx.at.is_empty() {
        cx.at = format!("/visits/{}/check-in", appointment.id);
    }
    let who = fill::identity(&opened.patient.value, &ctx);
    let start = appointment.value.get("start").and_then(Value::as_str);
    let with = schedule::clinician_of(&appointment.value, &opened.clinic);
    let when = start.and_then(|start| When::parse(start, &ctx.zone)).map(|when| when.near_ahead(&cx.now));
    let line: Vec<String> = when.into_iter().chain(with.map(|with| with.name.clone())).collect();
    let back = returned(visit, &appointment.id)?;
    page(&CheckIn {
        id: appointment.id.to_string(),
        version: typed.version,
        patient_version: typed.patient_version,
        coverage: typed.coverage.clone(),
        coverage_version: typed.coverage_version,
        name: who.formal(),
        patient: who.id.clone(),
        born: who.born.map_or_else(|| t("born-unknown").to_string(), |born| born.long()),
        known: who.born_known(),
        number: who.number.clone(),
        line: line.join(", "),
        others: opened.others.iter().map(|one| other(&fill::identity(one, &ctx))).collect(),
        other_day: opened.other_day(visit).map(|day| OtherDay {
            sentence: t("check-in-other-day").with("date", When::Day(day).long()).to_string(),
            sure: typed.other_day == day.to_string(),
            day: day.to_string(),
        }),
        other_day_fault: faults.of("other_day").map(str::to_owned),
        asked: !typed.asked.is_empty(),
        asked_fault: faults.of("asked").map(str::to_owned),
        reach: reach([&typed.phone, &typed.email, &typed.street, &typed.postcode, &typed.town], &faults).into(),
        insurance: vec![
            Field::text("payer", t("check-in-payer"), &typed.payer, &faults).optional().hint(t("check-in-payer-hint")),
            Field::text("number", t("check-in-number"), &typed.number, &faults).optional(),
            Field::text("until", t("check-in-until"), &typed.until, &faults).of_kind("date").narrow().optional(),
        ],
        forms: opened.form.iter().map(|title| form_line(title, back)).collect(),
        faults,
        cx,
    })
}

fn form_line(title: &str, (back, all): (usize, usize)) -> FormLine {
    let some = (0 < back && back < all).then(|| t("check-in-form-some").with("n", back).with("all", all).to_string());
    FormLine { title: title.to_owned(), returned: back == all, some }
}

/// Of how many patients of a visit the form came back, and how many there are. Whose it is stands where the desk does not read.
fn returned(visit: &Visit, appointment: &FhirId) -> Result<(usize, usize), Refusal> {
    let count: fn(&Value) -> Option<(usize, usize)> = |one| Some(previsit::returned(one));
    let found = visit.house.records.glimpse(&strict(R::Appointment, &format!("_id={appointment}"))?, count)?;
    Ok(found.first().copied().unwrap_or((0, 1)))
}

/// "Corvin, Dane, born 3 May 1980", and where their details are.
fn other(who: &Identity) -> (String, String) {
    let born = who.born.map_or_else(|| t("born-unknown").to_string(), |born| born.long());
    (format!("{}, {}", who.formal(), format::within(&born)), who.href())
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read(typed: &Typed, other_day: Option<Date>, known: BornKnown) -> Result<(Reach, Insurance), Faults> {
    let mut faults = Faults::none();
    // Of a visit that was moved meanwhile it has to be said again.
    if other_day.is_some_and(|day| typed.other_day != day.to_string()) {
        faults.add("other_day", t("check-in-other-day-missing"));
    }
    if typed.asked.is_empty() {
        // With half a birth date nobody is told from others.
        let what = if known == BornKnown::ToTheDay { "check-in-asked-missing" } else { "check-in-asked-missing.more" };
        faults.add("asked", t(what));
    }
    let mut field = |name: &'static str, text: &str| {
        let text = plain(text);
        if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
            faults.add(name, t("register-long").with("most", LONGEST).to_string());
        }
        text
    };
    let reach = Reach {
        phone: field("phone", &typed.phone),
        email: field("email", &typed.email),
        street: field("street", &typed.street),
        postcode: field("postcode", &typed.postcode),
        town: field("town", &typed.town),
    };
    let insurance = Insurance {
        payer: field("payer", &typed.payer),
        number: field("number", &typed.number),
        until: field("until", &typed.until),
    };
    if !reach.phone.is_empty() && !register::is_phone(&reach.phone) {
        faults.add("phone", t("register-phone-unread"));
    }
    if !reach.email.is_empty() && !register::is_email(&reach.email) {
        faults.add("email", t("check-in-email-unread"));
    }
    if !insurance.until.is_empty() && insurance.until.parse::<Date>().is_err() {
        faults.add("until", t("settings-day"));
    }
    if insurance.payer.is_empty() && !(insurance.number.is_empty() && insurance.until.is_empty()) {
        faults.add("payer", t("check-in-payer-missing"));
    }
    if faults.is_empty() { Ok((reach, insurance)) } else { Err(faults) }
}

/// `POST /visits/{id}/check-in`
pub(in crate::http) async fn check_in(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    let opened = Opened::of(&visit, &id).await?;
    let typed = &sent.typed;
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    if !opened.is_expected() {
        return came_late(&visit, &opened, sent.fields()).await;
    }
    let known = fill::identity(&opened.patient.value, &ctx(&visit)).born_known();
    let (reach, insurance) = match read(typed, opened.other_day(&visit), known) {
        Ok(read) => read,
        Err(faults) => {
            let page = shown(&visit, visit.cx(), &opened, typed, faults)?;
            return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
        }
    };
    let Opened { appointment, patient, coverage, .. } = opened;
    // The versions are those that the page was made with: what somebody else changed since is not written over.
    let appointment = Seen { version: typed.version, ..appointment };
    let patient = Seen { version: typed.patient_version, ..patient };
    let same = |seen: &Seen| FhirId::parse(&typed.coverage).is_ok_and(|id| id == seen.id);
    if coverage.as_ref().is_some_and(|seen| !same(seen)) {
        return Err(Refusal::new(crate::http::respond::Refused::Conflict));
    }
    let coverage = coverage.map(|seen| Seen { version: typed.coverage_version, ..seen });
    let place = "/today";
    let doing = visit.doing(acts(&visit, Action::CheckIn), &sent, place);
    let done = check_in::check_in(doing, appointment, patient, &reach, coverage, &insurance).await;
    visit.settled(&sent, done, place).await
}

/// Somebody else was first: the visit's page, over which stands what was typed and is not in the record.
async fn came_late(visit: &Visit, opened: &Opened, typed: Pairs) -> Result<Response, Refusal> {
    let place = format!("/bookings/{}", opened.appointment.id);
    let late = format!("{place}?late=check-in");
    let is_typed = visit.keep_elsewhere(typed, &TYPED, &opened.typed(), &late).await?;
    Ok(Redirect::to(if is_typed { &late } else { &place }).into_response())
}

/// How somebody is reached, as it is typed: telephone, e-mail, street, postcode and town.
pub(super) fn reach([phone, email, street, postcode, town]: [&str; 5], faults: &Faults) -> [Field; 5] {
    let field = |name, word: &str, typed: &str| Field::text(name, t(word), typed, faults).optional();
    [
        field("phone", "patient-phone", phone).keyboard("tel"),
        field("email", "reach-email", email).keyboard("email"),
        field("street", "patient-street", street),
        field("postcode", "patient-postcode", postcode).narrow(),
        field("town", "patient-town", town),
    ]
}
