//! A measurement or a result that is wrong is taken back: with a reason, on a page that asks once more.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::chart::Opened;
use super::chart_pages::Section;
use super::entries::{RemoveSent, author, instant, one, reason, subject, today};
use super::entries_pages::{self as pages, EntryPage};
use super::results::{may_sign, read};
use super::{id_of, why};
use crate::audit::{Action, Detail};
use crate::care::note::Pen;
use crate::care::results::{self, Report, ResultError, is_taken_back};
use crate::care::uploads;
use crate::care::workflow::{Doing, Done, Refused};
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Faults, t};
use crate::record::{RecordError, strict};

/// What a page about it finds.
enum Found {
    Wrong(Box<Wrong>),
    /// It is of this report, and is taken back with it.
    OfReport(String),
    /// Somebody took it back already: the page that says so.
    Over(Box<EntryPage>),
}

/// What is taken back.
struct Wrong {
    opened: Opened,
    version: u32,
    section: Section,
    /// The page that asks.
    place: String,
    name: String,
    what: What,
}

enum What {
    Report(Box<Report>),
    One(Value),
}

impl Wrong {
    /// One measurement. One that is of a report is taken back with that, and one of the patient's own is theirs to take back.
    async fn measurement(visit: &Visit, id: &str, measurement: &str) -> Result<Found, Refusal> {
        let (opened, value, version) = one(visit, id, R::Observation, measurement).await?;
        // It may be a member of a panel of a report.
        let up = "_revinclude:iterate=Observation:has-member&_revinclude:iterate=DiagnosticReport:result";
        let query = strict(R::Observation, &format!("_id={}&{up}", id_of(measurement)?))?;
        let looks = why(visit, Action::Read, Detail::none());
        let reports = visit.house.records.disclose(&visit.actor, looks, |reading| reading.search(&query)).await?;
        let href = opened.frame.who.href();
        let counts = |one: &Value| !is_taken_back(one) && subject(one) == subject(&value);
        let mut all = reports.included.iter().filter(|one| one.kind == R::DiagnosticReport);
        let of_report = all.find(|report| counts(&report.value()));
        if let Some(report) = of_report {
            return Ok(Found::OfReport(format!("{href}/results/reports/{}/remove", report.id)));
        }
        if is_taken_back(&value) {
            return over(visit, opened, Section::Results, fill::concept(value.get("code")));
        }
        if uploads::is_reported(&value) {
            return Err(Refusal::not_found());
        }
        let series = fill::series_of(std::slice::from_ref(&value), fill::Wanted::All, &opened.ctx);
        let name = series.first().map(|series| {
            let when = series.latest().map(|latest| latest.when.short_time()).unwrap_or_default();
            let value = format!("{} {}", series.value(), series.value_unit());
            let all = [series.name.clone(), value.trim().to_owned(), when];
            all.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        });
        let is_vital =
            !fill::series_of(std::slice::from_ref(&value), fill::Wanted::Measurements, &opened.ctx).is_empty();
        Ok(Found::Wrong(Box::new(Self {
            version,
            section: if is_vital { Section::Measurements } else { Section::Results },
            place: format!("{href}/measurements/{measurement}"),
            name: name.unwrap_or_default(),
            what: What::One(value),
            opened,
        })))
    }

    /// A whole report. One that is signed is taken back by who may sign.
    async fn report(visit: &Visit, id: &str, report: &str) -> Result<Found, Refusal> {
        let (opened, report) = read(visit, id, report).await?;
        if report.is_taken_back() {
            return over(visit, opened, Section::Results, fill::concept(report.value.get("code")));
        }
        if report.is_signed() && !may_sign(visit) {
            return Err(Refusal::new(No::Never));
        }
        let text = |pointer: &str| report.value.pointer(pointer).and_then(Value::as_str);
        let name = text("/code/text").or(text("/code/coding/0/display")).unwrap_or_default().to_owned();
        Ok(Found::Wrong(Box::new(Self {
            version: report.version.unwrap_or_default(),
            section: Section::Results,
            place: format!("{}/results/reports/{}/remove", opened.frame.who.href(), report.id),
            name,
            what: What::Report(Box::new(report)),
            opened,
        })))
    }

    fn page(mut self, visit: &Visit, typed: Option<&str>, faults: Faults) -> Result<EntryPage, Refusal> {
        let typed = match typed {
            Some(typed) => typed.to_owned(),
            None => visit.kept::<RemoveSent>(&mut self.opened.cx)?.unwrap_or_default().reason,
        };
        if self.opened.cx.at.is_empty() {
            self.opened.cx.at.clone_from(&self.place);
        }
        let stays = match &self.what {
            What::Report(report) => results::shared(&visit.house.records, report)?,
            What::One(_) => 0,
        };
        let mut page =
            pages::removal(self.opened, self.section, (self.place, self.version), &self.name, &typed, faults);
        if let (true, Some(about)) = (stays > 0, &mut page.about) {
            about.push(' ');
            about.push_str(&t("entry-remove-shared").with("n", stays).to_string());
        }
        Ok(page)
    }

    async fn take_back(self, visit: &Visit, id: &str, sent: &Sent<RemoveSent>) -> Result<Response, Refusal> {
        let reason = match reason(&sent.typed.reason) {
            Ok(reason) => reason,
            Err(faults) => {
                let shown = page(&self.page(visit, Some(&sent.typed.reason), faults)?)?;
                return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown));
            }
        };
        let seen: u32 = sent.typed.version.parse().map_err(|_| Refusal::new(No::Malformed))?;
        let (patient, now) = (id_of(id)?, instant(visit));
        let place = format!("/patients/{patient}{}?done=removed", self.section.path());
        let doing: Doing<'_> = visit.doing(why(visit, Action::Update, Detail::reason(reason)), sent, &place);
        let report = match &self.what {
            What::Report(report) => report.id.to_string(),
            What::One(_) => String::new(),
        };
        let done: Result<Done<()>, Refused<ResultError>> = match self.what {
            What::Report(mut report) => {
                report.version = Some(seen);
                let pen = Pen { author: author(visit), now: &now, today: today(visit), ambient: &visit.house.ambient };
                results::take_back(doing, &patient, *report, &pen).await
            }
            What::One(value) => {
                let own = self.place.rsplit('/').next().unwrap_or_default();
                results::take_back_one(doing, &patient, (id_of(own)?, seen), value).await
            }
        };
        match done {
            Err(Refused::Record(RecordError::VersionConflict { .. })) => Err(Refusal::new(No::Conflict)),
            Err(Refused::Told(ResultError::Apart)) => {
                let mut faults = Faults::none();
                faults.add("reason", t("report-not-taken-back"));
                let shown = match Self::report(visit, id, &report).await? {
                    Found::Wrong(again) => page(&again.page(visit, Some(&sent.typed.reason), faults)?)?,
                    Found::Over(over) => page(&*over)?,
                    Found::OfReport(_) => return Err(Refusal::new(No::Conflict)),
                };
                Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown))
            }
            other => visit.settled(sent, other, &place).await,
        }
    }
}

/// That somebody took it back before.
fn over(visit: &Visit, opened: Opened, section: Section, name: Option<String>) -> Result<Found, Refusal> {
    visit.over()?;
    Ok(Found::Over(Box::new(pages::over(opened, section, &name.unwrap_or_default(), t("entry-over")))))
}

fn shown(visit: &Visit, found: Found) -> Result<Response, Refusal> {
    match found {
        Found::Wrong(wrong) => page(&wrong.page(visit, None, Faults::none())?),
        Found::OfReport(place) => Ok(Redirect::to(&place).into_response()),
        Found::Over(over) => page(&*over),
    }
}

/// `GET /patients/{id}/measurements/{measurement}`
pub(in crate::http) async fn measurement(
    visit: Visit,
    Path((id, measurement)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    shown(&visit, Wrong::measurement(&visit, &id, &measurement).await?)
}

/// `POST /patients/{id}/measurements/{measurement}`
pub(in crate::http) async fn measurement_back(
    visit: Visit,
    Path((id, measurement)): Path<(String, String)>,
    sent: Sent<RemoveSent>,
) -> Result<Response, Refusal> {
    // Sent twice, what it finds is what the first sending made of it.
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    match Wrong::measurement(&visit, &id, &measurement).await? {
        Found::Wrong(wrong) => wrong.take_back(&visit, &id, &sent).await,
        Found::OfReport(_) | Found::Over(_) => Err(Refusal::new(No::Conflict)),
    }
}

/// `GET /patients/{id}/results/reports/{report}/remove`
pub(in crate::http) async fn report(
    visit: Visit,
    Path((id, report)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    shown(&visit, Wrong::report(&visit, &id, &report).await?)
}

/// `POST /patients/{id}/results/reports/{report}/remove`
pub(in crate::http) async fn report_back(
    visit: Visit,
    Path((id, report)): Path<(String, String)>,
    sent: Sent<RemoveSent>,
) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    match Wrong::report(&visit, &id, &report).await? {
        Found::Wrong(wrong) => wrong.take_back(&visit, &id, &sent).await,
        Found::OfReport(_) | Found::Over(_) => Err(Refusal::new(No::Conflict)),
    }
}
