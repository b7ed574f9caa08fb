//! The pages of a chart: each gathers what it shows in one reading, one entry in the log.

use std::sync::atomic::AtomicUsize;

use axum::extract::{Path, Query};
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::chart_pages::{
    Allergies, Documents, Frame, Immunizations, Measurements, Orders, Problems, Reported, ReportedRow, ResultGroup,
    Results, Summary, Timeline, TimelineKind, Visits,
};
use super::emergency::{ClosedPage, Running};
use super::entries::done_words;
use super::results_pages::{self, Waiting};
use super::{ctx, id_of, is_clinical, ranges, register, why};
use crate::access::{Sensitivity, is_withdrawn};
use crate::audit::{Action, Detail};
use crate::base::{FhirId, ResourceRef};
use crate::care::{Chart, chart, previsit, uploads};
use crate::fhir::ResourceType;
use crate::http::fill::first::{self, First};
use crate::http::fill::{self, Ctx, Wanted};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::record::{AppointmentState, CalledOff, DayRow, OrderRow, Pages, VisitRow};
use crate::http::ui::{Cx, Series, State, When, t};
use crate::record::Reading;

/// How many rows one page of a long list has.
const ROWS: usize = 50;
/// How many problems and medicines the first page of a chart shows.
const FIRST_PROBLEMS: usize = 10;
/// How many visits to come.
const FIRST_COMING: usize = 3;

/// What the address of a chart's page may add.
#[derive(Deserialize)]
pub(in crate::http) struct Asked {
    /// The test whose course is shown.
    test: Option<String>,
    /// The kind of entry of the timeline.
    show: Option<String>,
    /// The first and the last day of the timeline.
    from: Option<String>,
    to: Option<String>,
    /// Counted from 1.
    page: Option<usize>,
    /// Set by what led here, to say that it was done.
    done: Option<String>,
}

/// A chart that was opened, with what its pages share.
pub(super) struct Opened {
    pub cx: Cx,
    pub ctx: Ctx,
    pub chart: Chart,
    pub frame: Frame,
}

/// `GET /patients/{id}`: the chart, or for reception the patient's details.
pub(in crate::http) async fn summary(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    if !is_clinical(&visit) {
        return register::details(&visit, &id, asked.done.as_deref()).await;
    }
    let (id, ctx) = (id_of(&id)?, ctx(&visit));
    let tests = AtomicUsize::new(0);
    let first = First { ctx: &ctx, today: visit.today(), test: asked.test.as_deref(), tests: &tests };
    let why = why(&visit, Action::Read, Detail::none());
    let read = |reading: &mut Reading<'_>| Chart::read_parts(reading, &id, first.parts());
    let chart = visit.house.records.disclose(&visit.actor, why, read).await?;
    let chart = chart.into_inner();
    if !chart.open {
        return page(&ClosedPage { who: fill::identity(&chart.patient, &ctx), cx: visit.cx() });
    }
    let Opened { mut cx, ctx, chart, mut frame } = Opened::of(&visit, chart)?;
    cx.done = asked.done.as_deref().map(|after| register::done(&frame.who, after));
    let appointment = todays(&chart, visit.actor.person(), &cx, &ctx);
    frame.why = Some(why_open(appointment.as_ref(), &frame));
    let observations = chart.of(ResourceType::Observation);
    let results = fill::series_of(observations, Wanted::Findings, &ctx);
    let mut results: Vec<Series> = first::tests_shown(&results, visit.today()).into_iter().cloned().collect();
    let more = tests.into_inner().saturating_sub(results.len());
    for series in &mut results {
        series.newest_only = series.readings.len() >= first::READINGS;
    }
    let mut timeline = fill::timeline(&chart, None, "/patients", &ctx);
    timeline.truncate(first::ENTRIES);
    let mut problems = fill::problem_rows(chart.of(ResourceType::Condition), &ctx).0;
    problems.truncate(FIRST_PROBLEMS);
    let mut medicines = fill::medicine_rows(&chart, &ctx).0;
    // Where not all have a place, what may not be taken must not be what is left out.
    if medicines.len() > FIRST_PROBLEMS {
        medicines.sort_by_key(|row| row.doubt().is_none());
    }
    medicines.truncate(FIRST_PROBLEMS);
    let mut coming = coming(&chart, &cx, &ctx);
    coming.truncate(FIRST_COMING);
    page(&Summary {
        coming,
        today: appointment.map(|(row, _)| today_words(row)),
        vitals: fill::vitals(observations, &ctx),
        problems,
        medicines,
        chosen: chosen(&results, asked.test.as_deref()),
        results: fill::groups(results),
        more,
        timeline,
        frame,
        cx,
    })
}

/// `GET /patients/{id}/results`
pub(in crate::http) async fn results(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let Courses { mut cx, frame, groups, chosen, waiting, off, sees_sealed } =
        courses(&visit, &id, &asked, Wanted::Findings).await?;
    // Who has leave for what is sealed has it before them.
    let done = asked.done.as_deref().map(|done| match done {
        "sealed" if sees_sealed => "added",
        "sealed-newer" if sees_sealed => "added-newer",
        done => done,
    });
    cx.done = done.and_then(done_words);
    page(&Results { cx, frame, groups, chosen, waiting, off })
}

/// `GET /patients/{id}/measurements`
pub(in crate::http) async fn measurements(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let Courses { mut cx, frame, groups, chosen, .. } = courses(&visit, &id, &asked, Wanted::Measurements).await?;
    cx.done = asked.done.as_deref().and_then(done_words);
    page(&Measurements { cx, frame, groups, chosen })
}

/// Observations of one kind, and the course that is shown.
struct Courses {
    cx: Cx,
    frame: Frame,
    groups: Vec<ResultGroup>,
    chosen: Option<Series>,
    waiting: Vec<Waiting>,
    off: Vec<CalledOff>,
    /// Whether a sealed result is among what is seen.
    sees_sealed: bool,
}

async fn courses(visit: &Visit, id: &str, asked: &Asked, wanted: Wanted) -> Result<Courses, Refusal> {
    let kinds: &[ResourceType] = match wanted {
        Wanted::Findings => &[ResourceType::Observation, ResourceType::DiagnosticReport],
        _ => &[ResourceType::Observation],
    };
    let Opened { cx, ctx, chart, frame } = open(visit, id, kinds).await?;
    let waiting = results_pages::waiting(chart.of(ResourceType::DiagnosticReport), &frame.who.href(), &ctx);
    let all = fill::series_of(chart.of(ResourceType::Observation), wanted, &ctx);
    let chosen = chosen(&all, asked.test.as_deref());
    let off = fill::called_off(&chart, wanted, &ctx);
    let is_sealed = |one: &Value| Sensitivity::of_resource(one).is_sealed();
    let sees_sealed = chart.of(ResourceType::DiagnosticReport).iter().any(is_sealed);
    Ok(Courses { cx, frame, groups: fill::groups(all), chosen, waiting, off, sees_sealed })
}

/// `GET /patients/{id}/timeline`
pub(in crate::http) async fn timeline(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let kinds = [
        ResourceType::Observation,
        ResourceType::Encounter,
        ResourceType::ServiceRequest,
        ResourceType::DiagnosticReport,
        ResourceType::Procedure,
        ResourceType::Immunization,
        ResourceType::DocumentReference,
    ];
    let kinds = [&kinds[..], &fill::OTHERS].concat();
    let Opened { cx, ctx, chart, frame } = open(&visit, &id, &kinds).await?;
    let show = asked.show.as_deref().and_then(TimelineKind::from_code);
    let day = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Date>().ok());
    let (from, to) = (day(&asked.from), day(&asked.to));
    let mut all = fill::timeline(&chart, show, "/patients", &ctx);
    // What bears no date may be of these days.
    let is_within = |day: Date| from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to);
    all.retain(|entry| !entry.when.is_known() || is_within(entry.when.day()));
    let words = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let (from, to) = (words(from), words(to));
    let kind = show.map_or("", TimelineKind::code);
    let base = format!("{}/timeline?show={kind}&from={from}&to={to}&", frame.who.href());
    let (entries, pages) = one_page(all, asked.page, &base);
    page(&Timeline { cx, frame, show, entries, pages, from, to })
}

/// `GET /patients/{id}/problems`
pub(in crate::http) async fn problems(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let Opened { mut cx, ctx, chart, frame } = open(&visit, &id, &[]).await?;
    cx.done = asked.done.as_deref().and_then(done_words);
    let (active, past) = fill::problem_rows(chart.of(ResourceType::Condition), &ctx);
    page(&Problems { cx, frame, active, past })
}

/// `GET /patients/{id}/allergies`
pub(in crate::http) async fn allergies(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let Opened { mut cx, ctx, chart, frame } = open(&visit, &id, &[]).await?;
    cx.done = asked.done.as_deref().and_then(done_words);
    let (rows, past) = fill::allergy_rows(chart.of(ResourceType::AllergyIntolerance), &ctx);
    page(&Allergies { cx, frame, rows, past })
}

/// `GET /patients/{id}/immunizations`
pub(in crate::http) async fn immunizations(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let Opened { mut cx, ctx, chart, frame } = open(&visit, &id, &[ResourceType::Immunization]).await?;
    cx.done = asked.done.as_deref().and_then(done_words);
    let rows = fill::immunizations(chart.of(ResourceType::Immunization), &ctx);
    page(&Immunizations { cx, frame, rows })
}

/// `GET /patients/{id}/visits`
pub(in crate::http) async fn visits(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let kinds = [ResourceType::Encounter, ResourceType::Appointment];
    let Opened { cx, ctx, chart, frame } = open(&visit, &id, &kinds).await?;
    let base = format!("{}/visits?", frame.who.href());
    let coming = coming(&chart, &cx, &ctx);
    let all = fill::visits(chart.of(ResourceType::Encounter), &ctx);
    let (planned, all): (Vec<VisitRow>, Vec<VisitRow>) = all.into_iter().partition(|row| row.planned);
    let (rows, pages) = one_page(all, asked.page, &base);
    page(&Visits { cx, frame, coming, planned, rows, pages })
}

/// `GET /patients/{id}/orders`
pub(in crate::http) async fn orders(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let Opened { mut cx, ctx, chart, frame } = open(&visit, &id, &[ResourceType::ServiceRequest]).await?;
    cx.done = asked.done.as_deref().and_then(done_words);
    let all = fill::orders(chart.of(ResourceType::ServiceRequest), &ctx);
    let (open, past) = all.into_iter().partition(OrderRow::is_open);
    page(&Orders { cx, frame, open, past })
}

/// `GET /patients/{id}/documents`
pub(in crate::http) async fn documents(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let Opened { cx, ctx, chart, frame } = open(&visit, &id, &[ResourceType::DocumentReference]).await?;
    let base = format!("{}/documents?", frame.who.href());
    let all = fill::documents(chart.of(ResourceType::DocumentReference), &frame.who.id, "/patients", &ctx);
    let (rows, pages) = one_page(all, asked.page, &base);
    page(&Documents { cx, frame, rows, pages })
}

/// `GET /patients/{id}/reported`: what the patient brought, newest first.
pub(in crate::http) async fn reported(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let kinds = [ResourceType::Observation, ResourceType::DocumentReference];
    let forms = [ResourceType::QuestionnaireResponse, ResourceType::Appointment];
    let Opened { cx, ctx, chart, frame } = open(&visit, &id, &[kinds, forms].concat()).await?;
    let visits = chart.of(ResourceType::Appointment);
    let mut rows: Vec<ReportedRow> = Vec::new();
    for one in chart.of(ResourceType::QuestionnaireResponse) {
        let own = one.get("id").and_then(Value::as_str).unwrap_or_default();
        rows.push(ReportedRow {
            line: fill::copied::form(one, &ctx),
            href: Some(format!("{}/forms#form-{own}", frame.who.href())),
            to_see: visits.iter().any(|visit| previsit::is_to_see(visit, own)),
            withdrawn: is_withdrawn(ResourceType::QuestionnaireResponse, one),
        });
    }
    for kind in kinds {
        for one in chart.of(kind).iter().filter(|one| uploads::is_reported(one)) {
            let own = one.get("id").and_then(Value::as_str).unwrap_or_default();
            rows.push(ReportedRow {
                line: fill::copied::brought(kind, one, &ctx),
                href: (kind == ResourceType::DocumentReference)
                    .then(|| format!("{}/documents/{own}", frame.who.href())),
                to_see: uploads::is_tagged(one, uploads::TO_SEE) && !is_withdrawn(kind, one),
                withdrawn: is_withdrawn(kind, one),
            });
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.line.when.map(|when| when.moment())));
    let base = format!("{}/reported?", frame.who.href());
    let (rows, pages) = one_page(rows, asked.page, &base);
    page(&Reported { cx, frame, rows, pages })
}

/// Opens a chart with what stands on every page of it and these types besides.
pub(super) async fn open(visit: &Visit, id: &str, kinds: &[ResourceType]) -> Result<Opened, Refusal> {
    let id = id_of(id)?;
    let all: Vec<ResourceType> = chart::FRAME.iter().chain(kinds).copied().collect();
    let why = why(visit, Action::Read, Detail::none());
    let chart = visit.house.records.disclose(&visit.actor, why, |reading| Chart::read(reading, &id, &all)).await?;
    Opened::of(visit, chart.into_inner())
}

/// The frame of a patient's chart for a page that shows nothing else of it; `None` where the chart is not open to who looks.
pub(super) async fn frame_of(visit: &Visit, id: &str) -> Result<Option<Opened>, Refusal> {
    if !is_clinical(visit) {
        return Ok(None);
    }
    let (id, why) = (id_of(id)?, why(visit, Action::Read, Detail::none()));
    let read = visit.house.records.disclose(&visit.actor, why, |reading| Chart::read(reading, &id, chart::FRAME));
    let chart = read.await?.into_inner();
    if chart.open { Opened::of(visit, chart).map(Some) } else { Ok(None) }
}

impl Opened {
    pub(super) fn of(visit: &Visit, chart: Chart) -> Result<Self, Refusal> {
        if !chart.open {
            return Err(Refusal::not_found());
        }
        let mut ctx = ctx(visit);
        ctx.ranges = ranges(visit)?;
        let ctx = ctx.about(&chart.patient).along(chart.medications());
        let cx = Cx { shortened: fill::shortened(&chart), ..visit.cx() };
        let mut frame = fill::frame(&chart, None, &ctx);
        if let Ok(id) = FhirId::parse(&frame.who.id) {
            let parts = visit.house.records.other_parts(&id)?;
            frame.parts = parts.iter().map(|part| format!("/patients/{part}")).collect();
            frame.emergency = visit.house.records.emergency_of(&visit.actor, &id)?.map(|one| Running {
                until: When::at(one.until, &ctx.zone),
                instant: one.until.to_string(),
                reason: one.reason.into(),
            });
        }
        Ok(Self { cx, frame, ctx, chart })
    }
}

/// The patient's appointment of today, one with the person who looks before any other, and whether it is with them.
fn todays(chart: &Chart, me: Option<&ResourceRef>, cx: &Cx, ctx: &Ctx) -> Option<(DayRow, Mine)> {
    let today = cx.now.date();
    let rows = chart.of(ResourceType::Appointment).iter().filter_map(|one| {
        let row = fill::appointment(one, None, String::new(), ctx)?;
        let mine = if me.is_some_and(|me| fill::takes_part(one, me)) { Mine::Yes } else { Mine::No };
        Some((row, mine))
    });
    let counts = |row: &DayRow| row.when.day() == today && row.state != AppointmentState::Cancelled;
    rows.filter(|(row, _)| counts(row)).min_by_key(|(row, mine)| (*mine == Mine::No, row.when.moment()))
}

/// The patient's visits that are still to come, the next first.
fn coming(chart: &Chart, cx: &Cx, ctx: &Ctx) -> Vec<DayRow> {
    use AppointmentState::{Arrived, Expected, NotConfirmed};
    let rows =
        chart.of(ResourceType::Appointment).iter().filter_map(|one| fill::appointment(one, None, String::new(), ctx));
    let now = cx.now.datetime();
    let counts = |row: &DayRow| row.when.moment() > now && matches!(row.state, Arrived | Expected | NotConfirmed);
    let mut rows: Vec<DayRow> = rows.filter(counts).collect();
    rows.sort_by_key(|row| row.when.moment());
    rows
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mine {
    Yes,
    No,
}

fn today_words(row: DayRow) -> (String, State) {
    let what = row.reason.or(row.kind).unwrap_or_else(|| t("today-appointment").to_string());
    (what, row.state.mark())
}

/// Why the chart may be open, in a sentence.
fn why_open(appointment: Option<&(DayRow, Mine)>, frame: &Frame) -> String {
    let name = frame.who.plain();
    match appointment {
        Some((row, Mine::Yes)) => {
            let time = row.when.clock().unwrap_or_default();
            t("chart-open-appointment").with("name", name).with("time", time).to_string()
        }
        _ => t("chart-open-in-care").with("name", name).to_string(),
    }
}

/// The series that the address names; else the one that most needs a look: outside its range, with a course to show.
fn chosen(all: &[Series], key: Option<&str>) -> Option<Series> {
    let numbers = |series: &&Series| series.numbers().count();
    let named = key.and_then(|key| all.iter().find(|series| series.key == key));
    let outside = || all.iter().find(|series| series.flag().is_some() && numbers(series) > 1);
    let longest = || all.iter().filter(|series| numbers(series) > 1).max_by_key(numbers);
    named.or_else(outside).or_else(longest).or(all.first()).cloned()
}

/// The rows of one page, and where its neighbours are. A page that there is not is the last one.
fn one_page<T>(mut rows: Vec<T>, asked: Option<usize>, base: &str) -> (Vec<T>, Pages) {
    let last = rows.len().div_ceil(ROWS).max(1);
    let page = asked.unwrap_or(1).clamp(1, last);
    let at = |page: usize| format!("{base}page={page}");
    let pages = Pages { newer: (page > 1).then(|| at(page - 1)), older: (page < last).then(|| at(page + 1)) };
    let mut rest = rows.split_off(((page - 1) * ROWS).min(rows.len()));
    rest.truncate(ROWS);
    (rest, pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_comes_in_pages_that_know_their_neighbours() {
        let rows: Vec<usize> = (0..120).collect();
        let (first, pages) = one_page(rows.clone(), None, "/x?");
        assert_eq!((first.len(), pages.newer, pages.older.as_deref()), (50, None, Some("/x?page=2")));
        let (last, pages) = one_page(rows, Some(99), "/x?");
        assert_eq!((last.first(), last.len()), (Some(&100), 20));
        assert_eq!((pages.newer.as_deref(), pages.older), (Some("/x?page=2"), None));
        let (none, pages) = one_page(Vec::<usize>::new(), Some(0), "/x?");
        assert!(none.is_empty() && !pages.any());
    }
}
