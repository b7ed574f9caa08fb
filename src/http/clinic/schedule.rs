//! The calendar: a day of everybody, a week of everybody, a week of one; moving a visit in it; and blocked times.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use super::desk::{Booked, bounds, read_days, read_slots};
use super::grid::{self, Blocked, Drawn, Lane};
use super::schedule_pages::{BlockRow, Blocks, CellList, Moving, Schedule, View, WeekRow};
use super::{ctx, id_of, why};
use crate::audit::{Action, Detail, Purpose};
use crate::base::{FhirId, Timestamp};
use crate::care::clinic::{Clinic, Clinician};
use crate::care::schedule::{self, Beside, Block, BlockError, End, Repeat, SERIES};
use crate::care::workflow::Refused;
use crate::fhir::ResourceType as R;
use crate::http::fill::Ctx;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::AppointmentState;
use crate::http::ui::{Cx, Faults, Field, When, t};
use crate::http::waiting::freed;
use crate::record::{Page, Why, strict};

/// How far ahead the list of blocked times looks.
const AHEAD: i64 = 120;
/// The most blocked times that are shown, and taken away together.
const MOST: usize = 500;
/// The most characters of what a time is blocked for.
const LONGEST: usize = 60;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    day: String,
    view: String,
    with: String,
    /// The appointment that is being given another time.
    #[serde(rename = "move")]
    moving: String,
}

fn acts(visit: &Visit, action: Action) -> Why {
    Why { purpose: Purpose::PatAdmin, ..why(visit, action, Detail::none()) }
}

/// `GET /schedule`
pub(in crate::http) async fn schedule(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let (cx, ctx) = (visit.cx(), ctx(&visit));
    let day = asked.day.parse::<Date>().ok().filter(|day| (1900..=2200).contains(&day.year()));
    let day = day.unwrap_or(cx.now.date());
    let week = asked.view == "week";
    let first = if week { monday(day) } else { day };
    let last = if week { first.saturating_add(6.days()) } else { day };
    let (start, end) = (bounds(first, &ctx)?.0, bounds(last, &ctx)?.1);
    let moving = FhirId::parse(&asked.moving).ok();
    let looks = acts(&visit, Action::Listed);
    let blocked = schedule::blocked(&visit.house.records, start, end)?;
    let found = visit.house.records.disclose(&visit.actor, looks, |reading| {
        let days = read_days(reading, (start, end), &blocked)?;
        let moved = match &moving {
            Some(id) => {
                reading.search(&strict(R::Appointment, &format!("_id={id}&_include=Appointment:patient"))?)?.map(Some)
            }
            None => reading.nothing::<()>().map(|_| None),
        };
        Ok(days.zip(moved))
    });
    let (((clinic, appointments), slots), moved) = found.await?.into_inner();
    let booked = Booked::of(&appointments);
    let blocks = grid::blocks(blocked, slots.as_ref());
    let now = visit.house.ambient.now();
    let one = clinic.clinician(&asked.with);
    let mut address = Address { week, with: asked.with.clone(), moving: String::new() };
    let moving = moved.as_ref().and_then(|page| moving_of(page, &ctx));
    if let Some(moving) = &moving {
        address.moving.clone_from(&moving.id);
    }
    let days: Vec<Date> = (0..7).map(|n| first.saturating_add(n.days())).collect();
    let view = match (week, one) {
        (true, None) => {
            let used = used(&days, &clinic, &booked, &ctx);
            week_of_all((&clinic, &booked, &blocks), &used, &ctx, now, &address)
        }
        (true, Some(who)) => {
            let lanes = used(&days, &clinic, &booked, &ctx).into_iter().map(|day| Lane {
                who: Some(who),
                day,
                head: When::Day(day).heading(&cx.now),
                href: Some(address.of_day(day)),
            });
            let Drawn { columns, rows } = grid::drawn(&clinic, lanes.collect(), &booked, &blocks, &ctx, now);
            View::Grid { columns, rows }
        }
        (false, one) => {
            let mut lanes = grid::lanes_of_day(&clinic, &booked, day, &ctx);
            if let Some(one) = one {
                lanes.retain(|lane| lane.who.is_some_and(|who| who.person == one.person));
            }
            for lane in &mut lanes {
                let week =
                    |who: &Clinician| Address { with: who.person.id().to_string(), week: true, ..address.clone() };
                lane.href = lane.who.map(|who| week(who).at(day));
            }
            let Drawn { columns, rows } = grid::drawn(&clinic, lanes, &booked, &blocks, &ctx, now);
            View::Grid { columns, rows }
        }
    };
    let step = if week { 7 } else { 1 };
    let holiday = if week { None } else { clinic.holiday(day).map(|away| away.why.clone()) };
    let everybody = Address { with: String::new(), ..address.clone() };
    let people = clinic.clinicians.iter().map(|one| {
        let id = one.person.id().to_string();
        let chosen = id == asked.with;
        (Address { with: id, ..address.clone() }.at(day), one.name.clone(), chosen)
    });
    page(&Schedule {
        heading: if week { span_of(first, last) } else { When::Day(day).heading(&cx.now) },
        holiday,
        shortened: appointments.next.is_some(),
        is_week: week,
        other_view: Address { week: !week, ..address.clone() }.at(day),
        people: std::iter::once((everybody.at(day), t("schedule-everybody").to_string(), one.is_none()))
            .chain(people)
            .collect(),
        before: address.at(day.saturating_sub(step.days())),
        today: (first > cx.now.date() || last < cx.now.date()).then(|| address.at(cx.now.date())),
        after: address.at(day.saturating_add(step.days())),
        back: Address { moving: String::new(), ..address.clone() }.at(day),
        view,
        moving,
        cx,
    })
}

/// Where a view of the calendar stands.
#[derive(Debug, Clone)]
struct Address {
    week: bool,
    with: String,
    moving: String,
}

impl Address {
    fn at(&self, day: Date) -> String {
        let mut text = format!("/schedule?day={day}");
        for (name, value) in
            [("view", if self.week { "week" } else { "" }), ("with", &self.with), ("move", &self.moving)]
        {
            if !value.is_empty() {
                text.push_str(&format!("&{name}={value}"));
            }
        }
        text
    }

    fn of_day(&self, day: Date) -> String {
        Self { week: false, ..self.clone() }.at(day)
    }
}

fn monday(day: Date) -> Date {
    day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
}

fn span_of(first: Date, last: Date) -> String {
    t("from-to").with("from", When::Day(first).short()).with("to", When::Day(last).short()).to_string()
}

/// The days of a week that the clinic has something to do with.
fn used(days: &[Date], clinic: &Clinic, booked: &Booked, ctx: &Ctx) -> Vec<Date> {
    let open = |day: Date| {
        clinic.house.hours.of_day(day).next().is_some()
            || clinic.clinicians.iter().any(|one| one.hours.of_day(day).next().is_some())
    };
    let has = |day: Date| booked.iter().any(|(one, _)| day_of(one, ctx) == Some(day));
    days.iter().copied().filter(|day| open(*day) || has(*day)).collect()
}

/// The day of the clinic that an appointment is on.
pub(super) fn day_of(appointment: &Value, ctx: &Ctx) -> Option<Date> {
    let start: Timestamp = appointment.get("start")?.as_str()?.parse().ok()?;
    Some(start.to_zoned(ctx.zone.clone()).date())
}

fn moving_of(found: &Page, ctx: &Ctx) -> Option<Moving> {
    let booked = Booked::of(found);
    let (value, version) = booked.iter().next()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    if !matches!(text("status"), Some("booked" | "pending")) {
        return None;
    }
    Some(Moving {
        id: text("id")?.to_owned(),
        version: *version,
        name: booked.name(value, ctx),
        when: text("start").and_then(|start| When::parse(start, &ctx.zone)).map(|when| when.short_time())?,
    })
}

/// A row for each of the clinicians, a column for each day, the visits in each as a list.
fn week_of_all(
    (clinic, booked, blocks): (&Clinic, &Booked, &[Blocked]),
    days: &[Date],
    ctx: &Ctx,
    now: Timestamp,
    address: &Address,
) -> View {
    let heads = days.iter().map(|day| {
        let when = When::Day(*day);
        let word = format!("{} {}", when.weekday_short(), when.short());
        (address.of_day(*day), word, clinic.holiday(*day).map(|away| away.why.clone()))
    });
    let others = grid::has_others(clinic, booked, days, ctx).then_some(None);
    let rows = clinic.clinicians.iter().map(Some).chain(others).map(|who| {
        let with = who.map(|one| one.person.id().to_string()).unwrap_or_default();
        let own = Address { with, ..address.clone() };
        let cells = days.iter().map(|day| {
            let lane = Lane { who, day: *day, head: String::new(), href: None };
            let drawn = grid::drawn(clinic, vec![lane], booked, blocks, ctx, now);
            let href = Address { moving: String::new(), ..own.clone() }.of_day(*day);
            CellList::of(drawn, href, |state| matches!(state, AppointmentState::Cancelled))
        });
        WeekRow {
            name: who.map_or_else(|| t("grid-others").to_string(), |one| one.name.clone()),
            href: who.map(|_| own.at(days.first().copied().unwrap_or_default())),
            cells: cells.collect(),
        }
    });
    View::Week { heads: heads.collect(), rows: rows.collect() }
}

// ---- blocked times ----

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct BlockTyped {
    with: String,
    what: String,
    day: String,
    from: String,
    to: String,
    repeat: String,
    until: String,
    /// The visits in it are known of, and stay.
    anyway: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Shown {
    done: String,
}

/// `GET /schedule/blocks`
pub(in crate::http) async fn blocks(visit: Visit, Query(shown): Query<Shown>) -> Result<Response, Refusal> {
    let mut cx = visit.cx();
    cx.done = match shown.done.as_str() {
        "blocked" => Some(t("block-done").to_string()),
        "removed" => Some(t("block-removed").to_string()),
        _ => None,
    };
    let typed = visit.kept::<BlockTyped>(&mut cx)?.unwrap_or_default();
    blocks_page(&visit, cx, &typed, Faults::none(), None).await
}

async fn read_blocks(visit: &Visit, today: Date, ctx: &Ctx) -> Result<(Clinic, Vec<Blocked>), Refusal> {
    let (start, end) = (bounds(today, ctx)?.0, bounds(today.saturating_add(AHEAD.days()), ctx)?.1);
    let looks = Why { purpose: Purpose::HOperat, ..acts(visit, Action::Read) };
    let mut blocked = schedule::blocked(&visit.house.records, start, end)?;
    blocked.truncate(MOST);
    let found = visit
        .house
        .records
        .disclose(&visit.actor, looks, |reading| Ok(Clinic::read(reading)?.zip(read_slots(reading, &blocked, MOST)?)));
    let (clinic, slots) = found.await?.into_inner();
    Ok((clinic, grid::blocks(blocked, slots.as_ref())))
}

/// "30 Nov 2026 09:00 to 12:00", and of what ends on another day that day too.
fn span_of_block(block: &Blocked, ctx: &Ctx) -> String {
    let (start, end) = (When::at(block.start, &ctx.zone), When::at(block.end, &ctx.zone));
    let to = if start.day() == end.day() { grid::clock(block.end, ctx) } else { end.short_time() };
    t("from-to").with("from", start.short_time()).with("to", to).to_string()
}

async fn blocks_page(
    visit: &Visit,
    mut cx: Cx,
    typed: &BlockTyped,
    faults: Faults,
    visits: Option<usize>,
) -> Result<Response, Refusal> {
    let ctx = ctx(visit);
    let today = cx.now.date();
    if cx.at.is_empty() {
        cx.at = "/schedule/blocks".to_owned();
    }
    let (clinic, blocked) = read_blocks(visit, today, &ctx).await?;
    let rows = blocked.into_iter().filter_map(|block| {
        let of = |who: &String| Some(clinic.clinician(who.strip_prefix("Practitioner/")?)?.name.as_str());
        let with: Vec<&str> = block.who.iter().filter_map(of).collect();
        // A room's calendar, say, is nobody's hours.
        (!with.is_empty()).then(|| BlockRow {
            with: with.join(", "),
            when: span_of_block(&block, &ctx),
            id: block.id,
            what: block.what,
            series: block.series,
        })
    });
    let mut rows: Vec<BlockRow> = rows.collect();
    for at in 0..rows.len() {
        let alone = rows.get(at).is_some_and(|row| {
            row.series.is_none() || rows.iter().filter(|other| other.series == row.series).count() == 1
        });
        if let Some(row) = rows.get_mut(at).filter(|_| alone) {
            row.series = None;
        }
    }
    let people = clinic.clinicians.iter().map(|one| (one.person.id().to_string(), one.name.clone())).collect();
    let often = Repeat::ALL.map(|one| (one.code().to_owned(), repeat_word(one))).to_vec();
    let day = if typed.day.is_empty() { today.to_string() } else { typed.day.clone() };
    page(&Blocks {
        rows,
        fields: vec![
            Field::choice("with", t("block-with"), &typed.with, people, &faults),
            Field::text("what", t("block-what"), &typed.what, &faults).hint(t("block-what-hint")),
            Field::text("day", t("block-day"), &day, &faults).of_kind("date").narrow(),
            Field::text("from", t("block-from"), &typed.from, &faults).of_kind("time").narrow(),
            Field::text("to", t("block-to"), &typed.to, &faults).of_kind("time").narrow(),
            Field::choice("repeat", t("block-repeat"), &typed.repeat, often, &faults),
            Field::text("until", t("block-until"), &typed.until, &faults)
                .of_kind("date")
                .narrow()
                .optional()
                .hint(t("block-until-hint")),
        ],
        visits,
        faults,
        cx,
    })
}

pub(super) fn series_of(slot: &Value) -> Option<&str> {
    let all = slot.get("identifier")?.as_array()?;
    all.iter().find(|one| one.get("system").and_then(Value::as_str) == Some(SERIES))?.get("value")?.as_str()
}

fn repeat_word(repeat: Repeat) -> String {
    t(match repeat {
        Repeat::Once => "block-once",
        Repeat::Workdays => "block-workdays",
        Repeat::Weekly => "block-weekly",
        Repeat::EveryOtherWeek => "block-every-other-week",
    })
    .to_string()
}

fn read_block(typed: &BlockTyped, today: Date, zone: &TimeZone) -> Result<Block, Faults> {
    let mut faults = Faults::none();
    let what = typed.what.split_whitespace().collect::<Vec<_>>().join(" ");
    if what.is_empty() {
        faults.add("what", t("block-what-missing"));
    } else if what.chars().count() > LONGEST || what.chars().any(char::is_control) {
        faults.add("what", t("settings-long"));
    }
    let first = typed.day.trim().parse::<Date>().ok().filter(|day| *day >= today && day.year() < today.year() + 3);
    if first.is_none() {
        faults.add("day", t("block-day-wrong"));
    }
    let (from, to) = (typed.from.trim().parse().ok(), typed.to.trim().parse().ok());
    let times = from.zip(to).filter(|(from, to)| from < to);
    if from.is_none() {
        faults.add("from", t("block-time-wrong"));
    } else if times.is_none() {
        faults.add("to", t("block-time-wrong"));
    }
    let repeat = Repeat::from_code(&typed.repeat).unwrap_or_default();
    let until = match (repeat, typed.until.trim()) {
        (Repeat::Once, _) => first,
        (_, text) => text.parse::<Date>().ok().filter(|until| first.is_none_or(|first| *until >= first)),
    };
    if until.is_none() && first.is_some() {
        faults.add("until", t("block-until-wrong"));
    }
    match (first, times, until) {
        (Some(first), Some((from, to)), Some(until)) if faults.is_empty() => {
            let block = Block { what, first, from, to, repeat, until };
            if block.days().len() > schedule::MOST_BLOCKS {
                faults.add("until", t("block-many").with("most", schedule::MOST_BLOCKS).to_string());
                return Err(faults);
            }
            // Of what comes again and again only that night's is not there: where that is all of it, nothing is.
            let is_all = || repeat == Repeat::Once || block.stretches(zone).is_empty();
            if let Some(end) = block.in_a_gap(zone).filter(|_| is_all()) {
                faults.add(if end == End::From { "from" } else { "to" }, t("block-gap"));
                return Err(faults);
            }
            Ok(block)
        }
        _ => Err(faults),
    }
}

/// `POST /schedule/blocks`
pub(in crate::http) async fn make_block(visit: Visit, sent: Sent<BlockTyped>) -> Result<Response, Refusal> {
    let (typed, ctx) = (&sent.typed, ctx(&visit));
    let today = visit.today();
    let looks = Why { purpose: Purpose::HOperat, ..acts(&visit, Action::Read) };
    let found = visit.house.records.disclose(&visit.actor, looks, |reading| {
        Ok(Clinic::read(reading)?.zip(reading.search(&strict(R::Schedule, &format!("_count={MOST}"))?)?))
    });
    let (clinic, schedules) = found.await?.into_inner();
    let with = clinic.clinician(&typed.with).ok_or(Refusal::not_found())?;
    let block = match read_block(typed, today, &ctx.zone) {
        Ok(block) => block,
        Err(faults) => {
            let page = blocks_page(&visit, visit.cx(), typed, faults, None).await?;
            return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
        }
    };
    let stretches = block.stretches(&ctx.zone);
    if stretches.is_empty() {
        let mut faults = Faults::none();
        faults.add("from", t("block-time-wrong"));
        let page = blocks_page(&visit, visit.cx(), typed, faults, None).await?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let calendar = schedules.matches.iter().find(|stored| {
        let value = stored.value();
        value.pointer("/actor/0/reference").and_then(Value::as_str) == Some(with.person.as_str())
    });
    let calendar = calendar.map(|stored| stored.id.clone());
    let place = "/schedule/blocks?done=blocked";
    let doing = visit.doing(Why { purpose: Purpose::HOperat, ..acts(&visit, Action::Update) }, &sent, place);
    let beside = if typed.anyway.is_empty() { Beside::NoVisits } else { Beside::TheVisitsThereAre };
    match schedule::block(doing, with, calendar, &block.what, stretches, beside).await {
        Ok(done) => visit.went(&sent, done, place).await,
        Err(Refused::Told(BlockError::Visits(visits))) => {
            let page = blocks_page(&visit, visit.cx(), typed, Faults::none(), Some(visits)).await?;
            Ok(finished(StatusCode::CONFLICT, page))
        }
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct RemoveTyped {
    /// `one`, or `all` that follow of its series.
    which: String,
}

/// `POST /schedule/blocks/{id}/remove`
pub(in crate::http) async fn remove_block(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<RemoveTyped>,
) -> Result<Response, Refusal> {
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let id = id_of(&id)?;
    let looks = Why { purpose: Purpose::HOperat, ..acts(&visit, Action::Read) };
    let found = visit.house.records.disclose(&visit.actor, looks, |reading| reading.read(R::Slot, &id)).await?;
    let value = found.value();
    if value.get("status").and_then(Value::as_str) != Some("busy-unavailable") {
        return Err(Refusal::not_found());
    }
    let mut gone = vec![(id.clone(), found.version)];
    if let ("all", Some(series), Some(start)) =
        (sent.typed.which.as_str(), series_of(&value), value.get("start").and_then(Value::as_str))
    {
        let text = format!("identifier={SERIES}|{series}&start=gt{start}&_count={MOST}");
        let query = strict(R::Slot, &text)?;
        let looks = Why { purpose: Purpose::HOperat, ..acts(&visit, Action::Read) };
        let more = visit.house.records.disclose(&visit.actor, looks, |reading| reading.search(&query)).await?;
        gone.extend(more.matches.iter().map(|stored| (stored.id.clone(), stored.version)));
        gone.dedup_by(|one, other| one.0 == other.0);
    }
    let place = "/schedule/blocks?done=removed";
    let doing = visit.doing(Why { purpose: Purpose::HOperat, ..acts(&visit, Action::Delete) }, &sent, place);
    match schedule::unblock(doing, gone).await {
        Ok(done) => {
            freed(&visit.house).await;
            visit.went(&sent, done, place).await
        }
        // Somebody else took it away first: what was wanted is so.
        Err(Refused::Record(error)) => {
            let refusal: Refusal = error.into();
            match refusal.kind {
                No::Gone => Ok(Redirect::to(place).into_response()),
                _ => Err(refusal),
            }
        }
        Err(Refused::Told(never)) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_no_night_of_a_series_has_is_refused_with_the_reason() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let fault = |repeat: &str, until: &str| {
            let typed = BlockTyped {
                what: "x".into(),
                day: "2027-03-28".into(),
                from: "02:10".into(),
                to: "02:50".into(),
                repeat: repeat.into(),
                until: until.into(),
                ..BlockTyped::default()
            };
            let read = read_block(&typed, "2027-03-01".parse().unwrap(), &zone);
            read.err().map(|faults| faults.of("from").unwrap_or_default().to_owned())
        };
        let gap = Some(t("block-gap").to_string());
        assert_eq!(fault(Repeat::Once.code(), ""), gap);
        assert_eq!(fault(Repeat::Weekly.code(), "2027-03-28"), gap);
        assert_eq!(fault(Repeat::Weekly.code(), "2027-04-30"), None, "of the others the time is there");
    }

    #[test]
    fn a_blocked_time_that_ends_on_another_day_says_which() {
        let ctx = Ctx::of(TimeZone::UTC);
        let span = |start: &str, end: &str| {
            let block = Blocked {
                id: "s".into(),
                who: Vec::new(),
                start: start.parse().unwrap(),
                end: end.parse().unwrap(),
                what: String::new(),
                series: None,
            };
            span_of_block(&block, &ctx)
        };
        assert_eq!(span("2026-11-30T09:00:00Z", "2026-11-30T12:00:00Z"), "30 Nov 2026 09:00 to 12:00");
        assert_eq!(span("2026-11-30T00:00:00Z", "2026-12-06T00:00:00Z"), "30 Nov 2026 00:00 to 6 Dec 2026 00:00");
    }
}
