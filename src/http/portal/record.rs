//! One's own record: results, medicines, allergies, problems, visits, vaccinations.

use axum::extract::{Path, Query};
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::booking::name_of;
use super::own::{Needs, Own};
use super::pages::{
    Allergies, Asked, Coming, Immunizations, OneResult, PlainGroup, Problems, Results, Visits as VisitsPage,
};
use super::reports;
use crate::access::is_withdrawn;
use crate::base::{FhirId, Timestamp};
use crate::care::Chart;
use crate::care::clinic::Clinic;
use crate::care::results::is_taken_back;
use crate::care::{previsit, schedule};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx, Wanted};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::record::{AppointmentState, OrderRow, Pages, VisitRow};
use crate::http::ui::{Locale, When, t};

/// What led here, to say that it was done.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Shown {
    done: String,
}

/// `GET /my/results`
pub async fn results(visit: Visit, Query(shown): Query<Shown>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let chart = own.chart(&[R::Observation, R::DiagnosticReport, R::DocumentReference]).await?;
    let observations = chart.of(R::Observation);
    let ctx = own.ctx.about(&chart.patient);
    let of = |wanted| fill::series_of(observations, wanted, &ctx);
    let (tests, measured) = (of(Wanted::Results), of(Wanted::Measurements));
    let listed = |key: &str| tests.iter().chain(&measured).any(|one| one.key == key);
    let answers = of(Wanted::All).into_iter().filter(|one| !listed(&one.key)).collect();
    let group = |title, series| PlainGroup { title: t(title).to_string(), series };
    let groups = vec![
        group("my-group-results", tests),
        group("my-group-measurements", measured),
        group("my-group-answers", answers),
    ];
    let groups = groups.into_iter().filter(|group| !group.series.is_empty()).collect();
    let (of, now) = (own.seen_as(own.patient.as_str())?, own.visit.house.ambient.now());
    own.visit.house.store.write_essential(move |tx| super::todo::mark_results_seen(tx, &of, now)).await?;
    let mut cx = own.cx(&chart);
    cx.done = match shown.done.as_str() {
        "" => None,
        "history" => Some(own.handed(t("history-done").to_string())),
        _ => Some(own.handed(t("measure-done").to_string())),
    };
    let (taken_back, off) = (taken_back(&chart, &ctx, now), fill::called_off(&chart, Wanted::All, &ctx));
    let all = chart.of(R::Observation).iter().chain(chart.of(R::DiagnosticReport));
    let reaches_nobody = own.has_unseen(all.filter(|one| !is_taken_back(one)));
    page(&Results { cx, groups, reports: reports::listed(&chart, &ctx), taken_back, off, reaches_nobody })
}

/// For so many days what the clinic took back stands in the list.
const TAKEN_BACK_DAYS: i64 = 60;

/// What the clinic took back of late: each reading, and each report that has none, without what they said.
fn taken_back(chart: &Chart, ctx: &Ctx, now: Timestamp) -> Vec<(String, Option<When>)> {
    let from = now.saturating_sub(jiff::SignedDuration::from_hours(24 * TAKEN_BACK_DAYS)).unwrap_or_default();
    let of_late = |one: &Value| {
        let when = one.pointer("/meta/lastUpdated").and_then(Value::as_str).and_then(|text| text.parse().ok());
        when.is_some_and(|when: Timestamp| from <= when)
    };
    let counts = |kind, one: &Value| is_taken_back(one) && !is_withdrawn(kind, one) && of_late(one);
    let of_one = |one: &Value| {
        let mut one = one.clone();
        if let Some(status) = one.get_mut("status") {
            *status = "final".into();
        }
        fill::series_of(&[one], Wanted::All, ctx)
    };
    let readings = chart.of(R::Observation).iter().filter(|one| counts(R::Observation, one)).flat_map(of_one);
    let mut all: Vec<(String, Option<When>)> =
        readings.map(|series| (series.plain_name(), series.latest().map(|latest| latest.when))).collect();
    let reports = chart.of(R::DiagnosticReport).iter().filter(|one| counts(R::DiagnosticReport, one));
    let bare = reports.filter(|one| fill::list(one, "result").is_empty());
    all.extend(bare.map(|one| (reports::title(one, ctx), reports::when(one, ctx))));
    all.sort_by_key(|(_, when)| std::cmp::Reverse(when.map(|when| when.moment())));
    all
}

/// `GET /my/results/{key}`
pub async fn result(visit: Visit, Path(key): Path<String>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let chart = own.chart(&[R::Observation, R::DiagnosticReport]).await?;
    let all = fill::series_of(chart.of(R::Observation), Wanted::All, &own.ctx.about(&chart.patient));
    let series = all.into_iter().find(|series| series.key == key).ok_or(Refusal::not_found())?;
    let mut facts = Vec::new();
    if let Some(source) = &series.source {
        facts.push((t("result-by").to_string(), source.clone()));
    }
    if let Some(by) = &series.by_file {
        facts.push((t("result-range").to_string(), by.clone()));
    }
    if let Some(latest) = series.latest() {
        facts.push((t("result-taken").to_string(), latest.when.long_time()));
    }
    let said_of = reports::said_of(&series, &chart, &own.ctx);
    let is_of_it = |one: &&Value| series.readings.iter().any(|reading| reading.id.as_deref() == fill::text(one, "/id"));
    let reaches_nobody = own.has_unseen(chart.of(R::Observation).iter().filter(is_of_it));
    page(&OneResult { cx: own.cx(&chart), series, facts, said_of, reaches_nobody })
}

/// Whether it was entered by mistake, so that nobody need see it.
pub(super) fn is_mistake(one: &Value) -> bool {
    let status = ["/status", "/verificationStatus/coding/0/code"].iter().find_map(|at| fill::text(one, at));
    status == Some("entered-in-error")
}

/// `GET /my/allergies`
pub async fn allergies(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let chart = own.chart(&[R::AllergyIntolerance]).await?;
    let of = chart.of(R::AllergyIntolerance);
    let (mut rows, past) = fill::allergy_rows(of, &own.ctx);
    rows.extend(past);
    page(&Allergies {
        cx: own.cx(&chart),
        status: fill::allergies(of, &own.ctx),
        seen_by_all: own.is_seen_by_all(of.iter().filter(|one| !is_mistake(one))),
        reaches_nobody: own.has_unseen(of.iter().filter(|one| !is_mistake(one))),
        rows,
    })
}

/// `GET /my/problems`
pub async fn problems(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let chart = own.chart(&[R::Condition]).await?;
    let (active, past) = fill::problem_rows(chart.of(R::Condition), &own.ctx);
    let counts = chart.of(R::Condition).iter().filter(|one| !is_mistake(one));
    page(&Problems { reaches_nobody: own.has_unseen(counts), cx: own.cx(&chart), active, past })
}

/// `GET /my/visits`
pub async fn visits(visit: Visit, Query(turn): Query<Turn>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Acting)?;
    let chart = own.chart(&[R::Encounter, R::Appointment, R::ServiceRequest]).await?;
    let cx = own.cx(&chart);
    let mut rows = fill::visits(chart.of(R::Encounter), &own.ctx);
    let orders = fill::orders(chart.of(R::ServiceRequest), &own.ctx);
    for row in &mut rows {
        let at = orders.iter().filter(|order| order.visit.as_deref() == Some(row.id.as_str()));
        row.ordered = at.map(|order| order.name.clone()).collect();
    }
    let ordered = orders.into_iter().filter(OrderRow::is_open).collect();
    let (planned, rows): (Vec<VisitRow>, Vec<VisitRow>) = rows.into_iter().partition(|row| row.planned);
    let (rows, pages) = turned(rows, turn, "/my/visits");
    let appointments = chart.of(R::Appointment);
    let clinic = clinic_for(&own, appointments).await?;
    let is_unseen = |one: &Value| own.is_unseen(one);
    let asked = asked(appointments, clinic.as_ref(), own.today(), &own.ctx, is_unseen);
    let coming = coming(appointments, cx.now.datetime(), &own.patient, &own.ctx, clinic.as_ref(), is_unseen);
    let cancelled = did_not_happen("cancelled", own.today(), appointments, clinic.as_ref(), &own.ctx);
    let from = own.today().checked_sub(MISSED_DAYS.days()).unwrap_or(own.today());
    let mut missed = did_not_happen("noshow", from, appointments, clinic.as_ref(), &own.ctx);
    missed.reverse();
    page(&VisitsPage { asked, coming, cancelled, missed, planned, ordered, cx, rows, pages })
}

/// The clinic, where its settings say something that the appointments do not: its kinds of visit in the reader's language (an
/// appointment has the English name in itself), and for how long it holds an offer.
pub(super) async fn clinic_for(own: &Own, appointments: &[Value]) -> Result<Option<Clinic>, Refusal> {
    let is_offer = |one: &Value| one.get("status").and_then(Value::as_str) == Some("pending");
    match Locale::now() {
        Locale::En if !appointments.iter().any(is_offer) => Ok(None),
        _ => Ok(Some(own.clinic().await?)),
    }
}

/// What the clinic calls this kind of visit in the reader's language.
fn kind_in(clinic: Option<&Clinic>, appointment: &Value) -> Option<String> {
    Some(name_of(clinic?.visit_type(schedule::kind_of(appointment)?)?))
}

/// For so many days after the clinic had no time for it a request stands in the list.
const NOT_OFFERED_DAYS: i32 = 30;

/// Whether a time was only asked for: with one or without, nothing is booked.
fn is_asked_for(appointment: &Value) -> bool {
    matches!(appointment.get("status").and_then(Value::as_str), Some("proposed" | "waitlist"))
}

/// Visits that the patient asked for and that are not booked, and those for which the clinic had no time of late. One of which the
/// time that was asked for is over waits no more, and to one that nobody of the clinic sees now nobody answers.
fn asked(
    appointments: &[Value],
    clinic: Option<&Clinic>,
    today: Date,
    ctx: &Ctx,
    is_unseen: impl Fn(&Value) -> bool,
) -> Vec<Asked> {
    let text = |one: &Value, pointer: &str| one.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let is_late = |one: &Value| {
        let when = one.pointer("/meta/lastUpdated").and_then(Value::as_str).and_then(|text| text.parse().ok());
        when.is_some_and(|when| (today - When::at(when, &ctx.zone).day()).get_days() <= NOT_OFFERED_DAYS)
    };
    let is_over = |one: &Value| ctx.when(one, "/start").is_some_and(|start| start.day() < today);
    let open = appointments
        .iter()
        .filter(|one| is_asked_for(one) && !is_over(one) || schedule::not_offered_of(one).is_some() && is_late(one));
    open.filter_map(|one| {
        let kind = kind_in(clinic, one).or_else(|| fill::concept(one.get("appointmentType")));
        let kind = kind.unwrap_or_else(|| t("coming-visit").to_string());
        let for_when = || ctx.when(one, "/start").filter(|_| is_asked_for(one)).map(|start| start.long_time());
        let said = schedule::not_offered_of(one).map(|_| t("visit-not-offered").to_string()).or_else(for_when);
        let unseen = is_asked_for(one) && is_unseen(one);
        Some(Asked { href: format!("/my/visits/{}", text(one, "/id")?), kind, said, unseen })
    })
    .collect()
}

/// For so many days a visit to which the patient did not come stands in the list.
const MISSED_DAYS: i32 = 366;

/// Visits of a day and later that did not take place, in their order: those that were called off, so that nobody wonders where one
/// went and books it again, or those to which the patient did not come.
fn did_not_happen(status: &str, from: Date, appointments: &[Value], clinic: Option<&Clinic>, ctx: &Ctx) -> Vec<Asked> {
    let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
    let off = appointments.iter().filter(|one| text(one, "status").as_deref() == Some(status));
    let mut found: Vec<_> = off
        .filter_map(|one| {
            let start = ctx.when(one, "/start")?;
            let kind = kind_in(clinic, one).or_else(|| fill::concept(one.get("appointmentType")));
            let kind = kind.unwrap_or_else(|| t("coming-visit").to_string());
            let href = format!("/my/visits/{}", text(one, "id")?);
            (start.day() >= from)
                .then(|| (start.iso(), Asked { href, kind, said: Some(start.long_time()), unseen: false }))
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found.into_iter().map(|(_, one)| one).collect()
}

/// `GET /my/immunizations`
pub async fn immunizations(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let chart = own.chart(&[R::Immunization]).await?;
    let all = chart.of(R::Immunization);
    page(&Immunizations {
        cx: own.cx(&chart),
        rows: fill::immunizations(all, &own.ctx),
        reaches_nobody: own.has_unseen(all.iter().filter(|one| !is_mistake(one))),
    })
}

/// Which page of a list, from 0.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Turn {
    page: usize,
}

/// How many rows a page of a list shows.
const ROWS: usize = 50;

/// One page of a list, and where the others are.
pub(super) fn turned<T>(rows: Vec<T>, Turn { page }: Turn, base: &str) -> (Vec<T>, Pages) {
    let more = rows.len() > page.saturating_add(1).saturating_mul(ROWS);
    let pages = Pages {
        newer: page.checked_sub(1).map(|newer| format!("{base}?page={newer}")),
        older: more.then(|| format!("{base}?page={}", page + 1)),
    };
    (rows.into_iter().skip(page.saturating_mul(ROWS)).take(ROWS).collect(), pages)
}

/// Appointments to come, soonest first.
pub(super) fn coming(
    appointments: &[Value],
    now: jiff::civil::DateTime,
    patient: &FhirId,
    ctx: &Ctx,
    clinic: Option<&Clinic>,
    is_unseen: impl Fn(&Value) -> bool,
) -> Vec<Coming> {
    let hold_hours = clinic.map(|clinic| clinic.house.hold_hours);
    coming_of(appointments, now, patient, ctx, (hold_hours, |one| kind_in(clinic, one), is_unseen))
}

/// The same with what is needed of the clinic: for how long an offer is held, what it calls a visit, and whether nobody there sees it
/// now.
fn coming_of(
    appointments: &[Value],
    now: jiff::civil::DateTime,
    patient: &FhirId,
    ctx: &Ctx,
    (hold_hours, kind_of, is_unseen): (Option<u16>, impl Fn(&Value) -> Option<String>, impl Fn(&Value) -> bool),
) -> Vec<Coming> {
    use AppointmentState::{Arrived, Expected, NotConfirmed};
    let rows = appointments.iter().filter(|one| !is_asked_for(one)).filter_map(|one| {
        let id = one.get("id").and_then(Value::as_str).unwrap_or_default();
        let mut row = fill::appointment(one, None, format!("/my/visits/{id}"), ctx)?;
        row.kind = kind_of(one).or(row.kind);
        let asks = row.state == Expected && schedule::asks_form(one);
        let form = asks && !previsit::has_returned(one, patient.as_str());
        let held = schedule::offer_ends(one, hold_hours.unwrap_or_default());
        Some((row, form, held, (schedule::is_for_several(one), is_unseen(one))))
    });
    // An offer that is over is nobody's visit.
    let stands = |held: Option<Timestamp>| {
        held.is_none_or(|held| hold_hours.is_none() || held.to_zoned(ctx.zone.clone()).datetime() > now)
    };
    let mut rows: Vec<_> = rows
        .filter(|(row, _, held, _)| {
            stands(*held) && row.when.moment() >= now && matches!(row.state, Arrived | Expected | NotConfirmed)
        })
        .collect();
    rows.sort_by_key(|(row, ..)| row.when.moment());
    rows.into_iter()
        .map(|(row, form, held, (for_several, unseen))| {
            let kind = row.kind.unwrap_or_else(|| t("coming-visit").to_string());
            let title = match row.with {
                Some(with) => t("coming-with").with("kind", kind).with("with", with).to_string(),
                None => kind,
            };
            let offered = held.map(|held| match hold_hours {
                // It cannot be taken here, and ends all the same.
                Some(_) if unseen => {
                    t("visit-unseen-offer").with("when", When::at(held, &ctx.zone).long_time()).to_string()
                }
                None if unseen => t("visit-unseen-wish").to_string(),
                Some(_) if for_several => {
                    t("coming-offered-several").with("until", When::at(held, &ctx.zone).long_time()).to_string()
                }
                Some(_) => t("coming-offered").with("until", When::at(held, &ctx.zone).long_time()).to_string(),
                None => t("coming-offered-only").to_string(),
            });
            Coming {
                today: row.when.day() == now.date(),
                for_several,
                unseen,
                when: row.when,
                title,
                text: row.reason,
                href: row.href,
                form,
                offered,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patient() -> FhirId {
        FhirId::parse("p").unwrap()
    }

    #[test]
    fn a_list_turns_its_pages_and_ends() {
        let all: Vec<usize> = (0..120).collect();
        let (first, pages) = turned(all.clone(), Turn { page: 0 }, "/x");
        assert_eq!((first.len(), pages.newer, pages.older.as_deref()), (50, None, Some("/x?page=1")));
        let (last, pages) = turned(all.clone(), Turn { page: 2 }, "/x");
        assert_eq!((last, pages.newer.as_deref(), pages.older), ((100..120).collect(), Some("/x?page=1"), None));
        assert!(turned(all, Turn { page: usize::MAX }, "/x").0.is_empty());
    }

    #[test]
    fn a_visit_to_which_the_patient_did_not_come_is_no_cancelled_one() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let of = |id: &str, status: &str, start: &str| json!({"id": id, "status": status, "start": start});
        let all = [
            of("a", "noshow", "2026-05-02T09:00:00Z"),
            of("b", "noshow", "2026-03-02T09:00:00Z"),
            of("c", "noshow", "2024-03-02T09:00:00Z"),
            of("d", "cancelled", "2026-05-02T09:00:00Z"),
        ];
        let of = |status| did_not_happen(status, Date::constant(2025, 6, 1), &all, None, &ctx);
        let hrefs = |all: Vec<Asked>| all.into_iter().map(|one| one.href).collect::<Vec<_>>();
        assert_eq!(hrefs(of("noshow")), ["/my/visits/b", "/my/visits/a"]);
        assert_eq!(hrefs(of("cancelled")), ["/my/visits/d"]);
    }

    #[test]
    fn a_time_that_was_only_asked_for_is_no_visit_that_comes() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let of = |id: &str, status: &str, start: &str| json!({"id": id, "status": status, "start": start});
        let all = [
            of("asked", "proposed", "2026-12-06T09:00:00Z"),
            of("waits", "waitlist", "2026-12-07T09:00:00Z"),
            of("over", "proposed", "2026-11-01T09:00:00Z"),
            of("booked", "booked", "2026-12-08T09:00:00Z"),
            json!({"id": "any", "status": "proposed"}),
        ];
        let today = Date::constant(2026, 11, 29);
        let coming = coming(&all, today.at(10, 0, 0, 0), &patient(), &ctx, None, |_| false);
        assert_eq!(coming.iter().map(|one| one.href.as_str()).collect::<Vec<_>>(), ["/my/visits/booked"]);
        let asked = asked(&all, None, today, &ctx, |_| false);
        let said: Vec<_> = asked.iter().map(|one| (one.href.as_str(), one.said.as_deref())).collect();
        assert_eq!(
            said,
            [
                ("/my/visits/asked", Some("6 December 2026, 09:00")),
                ("/my/visits/waits", Some("7 December 2026, 09:00")),
                ("/my/visits/any", None)
            ]
        );
    }

    #[test]
    fn what_nobody_of_the_clinic_sees_is_neither_expected_nor_answered() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let of = |id: &str, status: &str| json!({"id": id, "status": status, "start": "2026-12-08T09:00:00Z", "meta": {"lastUpdated": "2026-11-29T09:30:00Z"}});
        let all = [of("seen", "booked"), of("sealed", "booked"), of("offer", "pending"), of("wish", "waitlist")];
        let today = Date::constant(2026, 11, 29);
        let is_unseen = |one: &Value| fill::text(one, "/id") != Some("seen");
        let with = (Some(24), |_: &Value| None, is_unseen);
        let coming = coming_of(&all, today.at(10, 0, 0, 0), &patient(), &ctx, with);
        let said: Vec<_> = coming.iter().map(|one| (one.href.as_str(), one.unseen, one.is_to_answer())).collect();
        assert_eq!(
            said,
            [("/my/visits/seen", false, false), ("/my/visits/sealed", true, false), ("/my/visits/offer", true, false)]
        );
        let offered = coming[2].offered.as_deref().unwrap();
        assert!(offered.contains("30 November 2026, 09:30") && offered.contains("cannot be taken here"), "{offered}");
        let asked = asked(&all, None, today, &ctx, is_unseen);
        assert_eq!(asked.iter().map(|one| one.unseen).collect::<Vec<_>>(), [true]);
    }

    #[test]
    fn each_reading_that_was_taken_back_is_told_of_by_itself() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let zinc = |id: &str, date: &str| {
            json!({"resourceType": "Observation", "id": id, "status": "entered-in-error", "code": {"text": "Zinc level"},
                "effectiveDateTime": date, "valueQuantity": {"value": 11, "unit": "umol/L"},
                "meta": {"lastUpdated": "2026-11-28T10:00:00Z"}})
        };
        let all = vec![zinc("a", "2026-10-01"), zinc("b", "2026-11-15")];
        let chart = Chart::holding(json!({"id": "p"}), vec![(R::Observation, all)]);
        let told = taken_back(&chart, &ctx, "2026-11-29T10:00:00Z".parse().unwrap());
        let told: Vec<(&str, String)> = told.iter().map(|(name, when)| (name.as_str(), when.unwrap().iso())).collect();
        assert_eq!(told, [("Zinc level", "2026-11-15".to_owned()), ("Zinc level", "2026-10-01".to_owned())]);
    }

    #[test]
    fn a_time_that_is_offered_says_so_and_is_gone_when_it_is_no_longer_held() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let offer = json!({"id": "a", "start": "2026-03-05T09:00:00Z", "status": "pending",
            "meta": {"lastUpdated": "2026-03-03T09:00:00Z"}});
        let found = |now: &str| {
            let all = std::slice::from_ref(&offer);
            coming_of(all, now.parse().unwrap(), &patient(), &ctx, (Some(24), |_: &Value| None, |_: &Value| false))
        };
        assert!(found("2026-03-03T10:00")[0].offered.as_deref().is_some_and(|words| words.contains("4 March")));
        assert!(found("2026-03-04T09:00").is_empty());
        let booked = json!({"start": "2026-03-05T09:00:00Z", "status": "booked"});
        let of = (Some(24), |_: &Value| None, |_: &Value| false);
        let found = coming_of(&[booked], "2026-03-03T10:00".parse().unwrap(), &patient(), &ctx, of);
        assert_eq!(found[0].offered, None);
    }

    #[test]
    fn a_visit_of_several_patients_is_not_ones_own_to_change() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let with = |who: &[&str]| {
            let all: Vec<Value> =
                who.iter().map(|one| json!({"actor": {"reference": format!("Patient/{one}")}})).collect();
            let one = json!({"start": "2026-03-05T09:00:00Z", "status": "booked", "participant": all});
            let now = "2026-03-03T10:00".parse().unwrap();
            coming(&[one], now, &patient(), &ctx, None, |_| false).remove(0).for_several
        };
        assert_eq!((with(&["p"]), with(&["p", "q"])), (false, true));
    }

    #[test]
    fn each_of_several_is_asked_for_their_own_form_and_takes_no_time_alone() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let visit = |status: &str, answers: Value| {
            let (system, asked) = schedule::FORM_ASKED;
            let tags =
                json!([{"system": system, "code": asked}, {"system": system, "code": schedule::FORM_RETURNED.1}]);
            let one = json!({"start": "2026-03-05T09:00:00Z", "status": status, "supportingInformation": answers,
                "meta": {"tag": tags, "lastUpdated": "2026-03-03T09:00:00Z"},
                "participant": [{"actor": {"reference": "Patient/p"}}, {"actor": {"type": "Patient"}}]});
            let of = (Some(24), |_: &Value| None, |_: &Value| false);
            coming_of(&[one], "2026-03-03T10:00".parse().unwrap(), &patient(), &ctx, of).remove(0)
        };
        let of = json!([{"url": "urn:chartbox:answers-of", "valueReference": {"reference": "Patient/p"}}]);
        let own = json!([{"extension": of, "reference": "QuestionnaireResponse/r"}]);
        assert!(visit("booked", json!([])).form && !visit("booked", own).form);
        let offered = visit("pending", json!([]));
        assert!(offered.for_several && offered.offered.is_some_and(|words| words.contains("call us")));
    }

    #[test]
    fn only_what_is_still_to_come_is_coming_soonest_first() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let one = |start: &str, status: &str| json!({"start": start, "status": status});
        let all = [
            one("2026-03-09T09:00:00Z", "booked"),
            one("2026-03-05T09:00:00Z", "booked"),
            one("2026-03-06T09:00:00Z", "cancelled"),
            one("2026-03-01T09:00:00Z", "booked"),
        ];
        let found = coming(&all, "2026-03-03T10:00".parse().unwrap(), &patient(), &ctx, None, |_| false);
        assert_eq!(
            found.iter().map(|one| one.when.iso()).collect::<Vec<_>>(),
            ["2026-03-05T09:00", "2026-03-09T09:00"]
        );
    }
}
