//! Writing into a chart line by line: problems, allergies, immunizations, measurements.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chart::{Opened, open};
use super::chart_pages::Section;
use super::codes::Offer;
use super::entries_pages::{self as pages, AsksAgain, EntryPage};
use super::results::done_besides;
use super::{id_of, why};
use crate::audit::{Action, Detail};
use crate::base::FhirId;
use crate::care::entries::{
    self, AllergyError, AllergyTyped, Author, Fault, ImmunizationTyped, Measured, ProblemError, ProblemTyped, Repeats,
    VitalsTyped,
};
use crate::care::workflow::{Doing, Never, Refused, carry_out};
use crate::fhir::{Mode, ResourceType as R};
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Text, t};
use crate::record::{Change, Condition, RecordError, Why};

/// Whose words a form's are.
pub(super) fn author(visit: &Visit) -> Author<'_> {
    let name = visit.account.as_ref().map_or("", |account| &*account.display_name);
    Author { person: visit.actor.person(), name }
}

/// Now, as FHIR instants are written.
pub(super) fn instant(visit: &Visit) -> String {
    let now = visit.house.ambient.now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

pub(super) fn today(visit: &Visit) -> jiff::civil::Date {
    visit.house.ambient.now().to_zoned(visit.house.front.face.zone.clone()).date()
}

/// What stands in words over a page after something was done there.
pub(super) fn done_words(code: &str) -> Option<String> {
    let (code, besides) = done_besides(code);
    let text = match code {
        "added" => t("entry-done-added"),
        "sealed" => t("result-done-sealed"),
        "unread" => t("result-done-unread"),
        "changed" => t("entry-done-changed"),
        "removed" => t("entry-done-removed"),
        _ => return None,
    };
    Some(std::iter::once(text.to_string()).chain(besides).collect::<Vec<_>>().join(" "))
}

/// Why something is taken back, in one line as the log keeps it; else what is wrong with it.
pub(super) fn reason(typed: &str) -> Result<String, Faults> {
    let reason = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let field = pages::label("reason");
    let mut faults = Faults::none();
    if reason.is_empty() {
        faults.add("reason", t("entry-missing").with("field", field));
    } else if reason.chars().count() > entries::LINE {
        faults.add("reason", t("entry-too-long").with("field", field).with("most", entries::LINE));
    }
    if faults.is_empty() { Ok(reason) } else { Err(faults) }
}

/// Faults as sentences, each with its field.
pub(super) fn said(found: entries::Faults) -> Faults {
    let mut faults = Faults::none();
    for (field, fault) in found {
        let label = pages::label(field);
        faults.add(
            field,
            match fault {
                Fault::Missing => t("entry-missing").with("field", label),
                Fault::TooLong { most } => t("entry-too-long").with("field", label).with("most", most),
                Fault::InTheFuture => t("entry-in-future").with("field", label),
                Fault::EndsBefore if field == "diastolic" => t("entry-pressure-order"),
                Fault::EndsBefore if field.starts_with("high") => t("entry-range-order"),
                Fault::EndsBefore => t("entry-ends-before"),
                Fault::Unread if field == "hold_until" => {
                    t("release-no-day").with("most", crate::care::results::LONGEST_HOLD)
                }
                Fault::Outside { low, high } => t("entry-outside")
                    .with("field", label)
                    .with("low", crate::http::ui::format::number(low))
                    .with("high", crate::http::ui::format::number(high))
                    .with("unit", pages::unit_after(field)),
                Fault::Half => t("entry-half"),
                Fault::NotComparable => t("result-not-comparable"),
                Fault::SaysNone => t("entry-says-none"),
                Fault::SaysSome => t("entry-says-some"),
                Fault::NotWhole => t("entry-not-whole"),
                Fault::Ambiguous => t("entry-ambiguous").with("field", label),
                Fault::Unread if matches!(field, "since" | "until" | "when" | "taken") || field.ends_with("_since") => {
                    t("entry-no-date").with("field", label)
                }
                Fault::Unread if field == "given" => t("entry-not-chosen").with("field", label),
                _ => t("entry-no-number").with("field", label),
            },
        );
    }
    faults
}

pub(super) fn doing<'a, T>(visit: &'a Visit, action: Action, sent: &Sent<T>, place: &str) -> Doing<'a> {
    visit.doing(why(visit, action, Detail::none()), sent, place)
}

/// Does these changes and leads to a place of the chart.
pub(super) async fn put<T>(
    visit: &Visit,
    sent: &Sent<T>,
    changes: Vec<Change>,
    why: Why,
    place: &str,
) -> Result<Response, Refusal> {
    match carry_out::<(), Never>(visit.doing(why, sent, place), changes, |_| Ok(())).await {
        Ok(done) => visit.went(sent, done, place).await,
        Err(Refused::Told(never)) => match never {},
        Err(Refused::Record(RecordError::VersionConflict { .. })) => Err(Refusal::new(No::Conflict)),
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

fn unprocessable(page: Response) -> Response {
    finished(StatusCode::UNPROCESSABLE_ENTITY, page)
}

/// One resource of a patient's chart, with the chart's frame, as one look.
pub(super) async fn one(visit: &Visit, patient: &str, kind: R, id: &str) -> Result<(Opened, Value, u32), Refusal> {
    let (patient, id) = (id_of(patient)?, id_of(id)?);
    let looks = why(visit, Action::Read, Detail::none());
    let read = visit.house.records.disclose(&visit.actor, looks, |reading| {
        let chart = crate::care::Chart::read(reading, &patient, crate::care::chart::FRAME)?;
        Ok(chart.zip(reading.read(kind, &id)?))
    });
    let (chart, stored) = read.await?.into_inner();
    let value: Value = serde_json::from_slice(&stored.json).map_err(Refusal::internal)?;
    if subject(&value) != Some(format!("Patient/{patient}").as_str()) {
        return Err(Refusal::not_found());
    }
    Ok((Opened::of(visit, chart)?, value, stored.version))
}

/// Whose it is.
pub(super) fn subject(value: &Value) -> Option<&str> {
    ["/subject/reference", "/patient/reference"]
        .iter()
        .find_map(|pointer| value.pointer(pointer).and_then(Value::as_str))
}

/// What an entry is called on the page that takes it back.
fn name_of(value: &Value) -> String {
    let places = ["/code/text", "/vaccineCode/text", "/code/coding/0/display", "/vaccineCode/coding/0/display"];
    let found = places.iter().find_map(|pointer| value.pointer(pointer).and_then(Value::as_str));
    found.unwrap_or_default().to_owned()
}

fn is_over(value: &Value) -> bool {
    let status = value.pointer("/verificationStatus/coding/0/code").or_else(|| value.get("status"));
    status.and_then(Value::as_str) == Some("entered-in-error")
}

fn at(cx: &mut Cx, place: String) {
    if cx.at.is_empty() {
        cx.at = place;
    }
}

// ---- problems ----

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub(in crate::http) struct ProblemSent {
    #[serde(flatten)]
    typed: ProblemTyped,
    version: String,
    /// `save`; `again` where the problem may stand there twice; or one of [`Offer`].
    act: String,
}

/// `GET /patients/{id}/problems/new`
pub(in crate::http) async fn problem_blank(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let mut opened = open(&visit, &id, &[]).await?;
    let typed = visit.kept::<ProblemTyped>(&mut opened.cx)?.unwrap_or_default();
    let offer = Offer::of(&visit, "")?;
    page(&pages::problem(opened, &typed, None, &offer, (Faults::none(), AsksAgain::No)))
}

/// `POST /patients/{id}/problems/new`
pub(in crate::http) async fn problem_add(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<ProblemSent>,
) -> Result<Response, Refusal> {
    let patient = id_of(&id)?;
    let offer = Offer::of(&visit, &sent.typed.act)?;
    let typed = &sent.typed.typed;
    let again = async |faults: Faults, asks: AsksAgain| {
        let mut opened = open(&visit, &id, &[]).await?;
        at(&mut opened.cx, format!("/patients/{patient}/problems/new"));
        page(&pages::problem(opened, typed, None, &offer, (faults, asks)))
    };
    if Offer::is_asked(&sent.typed.act) {
        return again(Faults::none(), AsksAgain::No).await;
    }
    let (author, now) = (author(&visit), instant(&visit));
    match entries::problem(typed, patient.as_str(), &author, &now, today(&visit), offer.formulary()) {
        Ok(value) => {
            let place = format!("/patients/{patient}/problems?done=added");
            let repeats = if sent.typed.act == "again" { Repeats::Wanted } else { Repeats::Asked };
            let opened = open(&visit, &id, &[]).await?;
            let (seen, doing) = (opened.chart.of(R::Condition), doing(&visit, Action::Create, &sent, &place));
            match entries::add_problem(doing, &patient, value, seen, repeats).await {
                Ok(done) => visit.went(&sent, done, &place).await,
                Err(Refused::Told(ProblemError::Twice)) => {
                    let mut faults = Faults::none();
                    faults.add("name", t("entry-problem-twice"));
                    Ok(finished(StatusCode::CONFLICT, again(faults, AsksAgain::Twice).await?))
                }
                Err(Refused::Record(error)) => Err(error.into()),
            }
        }
        Err(faults) => Ok(unprocessable(again(said(faults), AsksAgain::No).await?)),
    }
}

/// `GET /patients/{id}/problems/{problem}`
pub(in crate::http) async fn problem_show(
    visit: Visit,
    Path((id, problem)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (mut opened, value, version) = one(&visit, &id, R::Condition, &problem).await?;
    if is_over(&value) {
        visit.over()?;
        return page(&pages::over(opened, Section::Problems, &name_of(&value), t("entry-over")));
    }
    let stands = ProblemSent {
        typed: pages::hinted(entries::problem_shown(&value)),
        version: version.to_string(),
        act: String::new(),
    };
    let (sent, faults) = visit.again(&mut opened.cx, stands, &["version"])?;
    let offer = Offer::of(&visit, "")?;
    page(&pages::problem(opened, &sent.typed, Some((&problem, version)), &offer, (faults, AsksAgain::No)))
}

/// `POST /patients/{id}/problems/{problem}`
pub(in crate::http) async fn problem_change(
    visit: Visit,
    Path((id, problem)): Path<(String, String)>,
    sent: Sent<ProblemSent>,
) -> Result<Response, Refusal> {
    let (mut opened, value, version) = one(&visit, &id, R::Condition, &problem).await?;
    let (patient, problem) = (id_of(&id)?, id_of(&problem)?);
    let seen: u32 = sent.typed.version.parse().map_err(|_| Refusal::new(No::Malformed))?;
    let condition = Condition::Version(seen);
    let typed = &sent.typed.typed;
    let offer = Offer::of(&visit, &sent.typed.act)?;
    let known = version.min(seen);
    at(&mut opened.cx, format!("/patients/{patient}/problems/{problem}"));
    if Offer::is_asked(&sent.typed.act) {
        let nothing = (Faults::none(), AsksAgain::No);
        return page(&pages::problem(opened, typed, Some((problem.as_str(), known)), &offer, nothing));
    }
    let (author, now) = (author(&visit), instant(&visit));
    match entries::problem_changed(value, typed, &author, &now, today(&visit), offer.formulary()) {
        Ok(value) => {
            let change = Change::put(R::Condition, problem, value, condition, Mode::Strict)?;
            let place = format!("/patients/{patient}/problems?done=changed");
            put(&visit, &sent, vec![change], why(&visit, Action::Update, Detail::none()), &place).await
        }
        Err(faults) => {
            let known = Some((problem.as_str(), known));
            let faults = (said(faults), AsksAgain::No);
            Ok(unprocessable(page(&pages::problem(opened, typed, known, &offer, faults))?))
        }
    }
}

/// `GET /patients/{id}/problems/{problem}/remove`
pub(in crate::http) async fn problem_removal(
    visit: Visit,
    Path((id, entry)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    page(&PROBLEM.page(&visit, &id, &entry, None, Faults::none()).await?)
}

/// `POST /patients/{id}/problems/{problem}/remove`
pub(in crate::http) async fn problem_remove(
    visit: Visit,
    Path((id, entry)): Path<(String, String)>,
    sent: Sent<RemoveSent>,
) -> Result<Response, Refusal> {
    PROBLEM.remove(&visit, &id, &entry, &sent).await
}

// ---- allergies ----

/// `GET /patients/{id}/allergies/new`
pub(in crate::http) async fn allergy_blank(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let mut opened = open(&visit, &id, &[]).await?;
    let typed = visit.kept::<AllergyTyped>(&mut opened.cx)?.unwrap_or_default();
    page(&pages::allergy(opened, &typed, &Offer::of(&visit, "")?, Faults::none(), AsksAgain::No))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct AllergySent {
    #[serde(flatten)]
    typed: AllergyTyped,
    /// `save`; `again` where the substance may stand there twice; `written` where nothing is compared with it; `none` for the
    /// answer that there is no allergy; or one of [`Offer`].
    act: String,
}

/// That no prescription would be compared with what was written, and what it may mean; nothing where one is, or where it is
/// to no medicine.
fn not_compared(typed: &AllergyTyped, offer: &Offer) -> Option<Text> {
    let formulary = offer.formulary()?;
    let name = typed.substance.trim();
    let of_no_medicine = matches!(typed.category.as_str(), "food" | "environment");
    if of_no_medicine || name.is_empty() || !formulary.known(&[], name).is_nothing() {
        return None;
    }
    let meant = formulary.names_of(&formulary.alike(name));
    Some(match meant.is_empty() {
        true => t("entry-allergy-unknown"),
        false => t("entry-allergy-meant").with("names", meant.join(", ")),
    })
}

/// `POST /patients/{id}/allergies/new`
pub(in crate::http) async fn allergy_add(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<AllergySent>,
) -> Result<Response, Refusal> {
    if let Some(before) = visit.led(&sent)? {
        return Ok(before);
    }
    let patient = id_of(&id)?;
    let (author, now) = (author(&visit), instant(&visit));
    let place = format!("/patients/{patient}/allergies?done=added");
    let mut opened = open(&visit, &id, &[]).await?;
    at(&mut opened.cx, format!("/patients/{patient}/allergies/new"));
    let typed = &sent.typed.typed;
    let act = sent.typed.act.as_str();
    let offer = Offer::of(&visit, act)?;
    if Offer::is_asked(act) {
        return page(&pages::allergy(opened, typed, &offer, Faults::none(), AsksAgain::No));
    }
    let new = match act {
        "none" => entries::none_known(typed, patient.as_str(), &author, &now),
        _ => entries::allergy(typed, patient.as_str(), &author, &now, today(&visit), offer.formulary()),
    };
    let new = match new {
        Ok(new) => new,
        Err(faults) => {
            return Ok(unprocessable(page(&pages::allergy(opened, typed, &offer, said(faults), AsksAgain::No))?));
        }
    };
    if act == "save"
        && let Some(why) = not_compared(typed, &offer)
    {
        let mut faults = Faults::none();
        faults.add("substance", why);
        return Ok(unprocessable(page(&pages::allergy(opened, typed, &offer, faults, AsksAgain::NotCompared))?));
    }
    let repeats = if sent.typed.act == "again" { Repeats::Wanted } else { Repeats::Asked };
    let seen = opened.chart.of(R::AllergyIntolerance);
    let doing = doing(&visit, Action::Create, &sent, &place);
    let told = match entries::add_allergy(doing, &patient, new, seen, repeats).await {
        Ok(done) => return visit.went(&sent, done, &place).await,
        Err(Refused::Told(told)) => told,
        Err(Refused::Record(RecordError::VersionConflict { .. })) => AllergyError::Meanwhile,
        Err(Refused::Record(error)) => return Err(error.into()),
    };
    // As the record stands now, with what was typed.
    let (cx_at, mut opened) = (opened.cx.at, open(&visit, &id, &[]).await?);
    opened.cx.at = cx_at;
    let mut faults = Faults::none();
    match told {
        AllergyError::Twice => faults.add("substance", t("entry-allergy-twice")),
        AllergyError::ThereIsOne => opened.cx.trouble = Some(t("entry-none-known-not").to_string()),
        AllergyError::Meanwhile => opened.cx.trouble = Some(t("entry-allergy-meanwhile").to_string()),
    }
    let asks = if told == AllergyError::Twice { AsksAgain::Twice } else { AsksAgain::No };
    Ok(finished(StatusCode::CONFLICT, page(&pages::allergy(opened, typed, &offer, faults, asks))?))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct RemoveSent {
    pub(super) version: String,
    pub(super) reason: String,
}

/// What is taken back on a page of its own, with the reason that the log keeps.
struct Removal {
    kind: R,
    section: Section,
    /// What follows the entry in the page's address, where the entry has a page of its own.
    tail: &'static str,
    wrong: fn(Value) -> Value,
}

const PROBLEM: Removal =
    Removal { kind: R::Condition, section: Section::Problems, tail: "/remove", wrong: entries::problem_in_error };
const ALLERGY: Removal =
    Removal { kind: R::AllergyIntolerance, section: Section::Allergies, tail: "", wrong: entries::allergy_in_error };
const IMMUNIZATION: Removal =
    Removal { kind: R::Immunization, section: Section::Immunizations, tail: "", wrong: entries::immunization_in_error };

impl Removal {
    async fn page(
        &self,
        visit: &Visit,
        id: &str,
        entry: &str,
        typed: Option<&str>,
        faults: Faults,
    ) -> Result<EntryPage, Refusal> {
        let (mut opened, value, version) = one(visit, id, self.kind, entry).await?;
        if is_over(&value) {
            visit.over()?;
            return Ok(pages::over(opened, self.section, &name_of(&value), t("entry-over")));
        }
        let typed = match typed {
            Some(typed) => typed.to_owned(),
            None => visit.kept::<RemoveSent>(&mut opened.cx)?.unwrap_or_default().reason,
        };
        let place = format!("/patients/{id}{}/{entry}{}", self.section.path(), self.tail);
        at(&mut opened.cx, place.clone());
        Ok(pages::removal(opened, self.section, (place, version), &name_of(&value), &typed, faults))
    }

    async fn remove(&self, visit: &Visit, id: &str, entry: &str, sent: &Sent<RemoveSent>) -> Result<Response, Refusal> {
        let reason = match reason(&sent.typed.reason) {
            Ok(reason) => reason,
            Err(faults) => {
                let typed = Some(sent.typed.reason.as_str());
                return Ok(unprocessable(page(&self.page(visit, id, entry, typed, faults).await?)?));
            }
        };
        let (_, value, _) = one(visit, id, self.kind, entry).await?;
        let (patient, entry) = (id_of(id)?, id_of(entry)?);
        let seen: u32 = sent.typed.version.parse().map_err(|_| Refusal::new(No::Malformed))?;
        let change = Change::put(self.kind, entry, (self.wrong)(value), Condition::Version(seen), Mode::Strict)?;
        let place = format!("/patients/{patient}{}?done=removed", self.section.path());
        put(visit, sent, vec![change], why(visit, Action::Update, Detail::reason(reason)), &place).await
    }
}

/// `GET /patients/{id}/allergies/{allergy}`
pub(in crate::http) async fn allergy_show(
    visit: Visit,
    Path((id, entry)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    page(&ALLERGY.page(&visit, &id, &entry, None, Faults::none()).await?)
}

/// `POST /patients/{id}/allergies/{allergy}`
pub(in crate::http) async fn allergy_remove(
    visit: Visit,
    Path((id, entry)): Path<(String, String)>,
    sent: Sent<RemoveSent>,
) -> Result<Response, Refusal> {
    ALLERGY.remove(&visit, &id, &entry, &sent).await
}

// ---- immunizations ----

/// `GET /patients/{id}/immunizations/new`
pub(in crate::http) async fn immunization_blank(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let mut opened = open(&visit, &id, &[]).await?;
    let fresh = ImmunizationTyped { when: today(&visit).to_string(), ..ImmunizationTyped::default() };
    let typed = visit.kept::<ImmunizationTyped>(&mut opened.cx)?.unwrap_or(fresh);
    page(&pages::immunization(opened, &typed, Faults::none()))
}

/// `POST /patients/{id}/immunizations/new`
pub(in crate::http) async fn immunization_add(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<ImmunizationTyped>,
) -> Result<Response, Refusal> {
    let patient = id_of(&id)?;
    let clock = (&*instant(&visit), today(&visit));
    match entries::immunization(&sent.typed, patient.as_str(), &author(&visit), None, clock) {
        Ok(value) => {
            let change = Change::create(R::Immunization, value, Mode::Strict)?;
            let place = format!("/patients/{patient}/immunizations?done=added");
            put(&visit, &sent, vec![change], why(&visit, Action::Create, Detail::none()), &place).await
        }
        Err(faults) => {
            let mut opened = open(&visit, &id, &[]).await?;
            at(&mut opened.cx, format!("/patients/{patient}/immunizations/new"));
            Ok(unprocessable(page(&pages::immunization(opened, &sent.typed, said(faults)))?))
        }
    }
}

/// `GET /patients/{id}/immunizations/{immunization}`
pub(in crate::http) async fn immunization_show(
    visit: Visit,
    Path((id, entry)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    page(&IMMUNIZATION.page(&visit, &id, &entry, None, Faults::none()).await?)
}

/// `POST /patients/{id}/immunizations/{immunization}`
pub(in crate::http) async fn immunization_remove(
    visit: Visit,
    Path((id, entry)): Path<(String, String)>,
    sent: Sent<RemoveSent>,
) -> Result<Response, Refusal> {
    IMMUNIZATION.remove(&visit, &id, &entry, &sent).await
}

// ---- measurements ----

/// `GET /patients/{id}/measurements/new`
pub(in crate::http) async fn measurements_blank(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let mut opened = open(&visit, &id, &[]).await?;
    let typed = visit.kept::<VitalsTyped>(&mut opened.cx)?.unwrap_or_default();
    page(&pages::measurements(opened, &typed, Faults::none()))
}

/// `POST /patients/{id}/measurements/new`
pub(in crate::http) async fn measurements_add(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<VitalsTyped>,
) -> Result<Response, Refusal> {
    let patient = id_of(&id)?;
    let mut found = entries::Faults::new();
    let all = entries::measured(&sent.typed, &mut found);
    if found.is_empty() && all.is_empty() {
        found.push(("systolic", Fault::Missing));
    }
    if !found.is_empty() {
        let mut opened = open(&visit, &id, &[]).await?;
        at(&mut opened.cx, format!("/patients/{patient}/measurements/new"));
        return Ok(unprocessable(page(&pages::measurements(opened, &sent.typed, said(found)))?));
    }
    let changes = observations(&all, &patient, &author(&visit), &instant(&visit))?;
    let place = format!("/patients/{patient}/measurements?done=added");
    put(&visit, &sent, changes, why(&visit, Action::Create, Detail::none()), &place).await
}

fn observations(
    all: &[Measured],
    patient: &FhirId,
    author: &Author<'_>,
    now: &str,
) -> Result<Vec<Change>, RecordError> {
    all.iter()
        .map(|one| {
            let value = entries::observation(one, patient.as_str(), now, author, None);
            Change::create(R::Observation, value, Mode::Strict)
        })
        .collect()
}
