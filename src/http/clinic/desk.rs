//! The reception's day: the grid of everybody's hours, who waits, who asked for a time.

use std::collections::HashMap;

use axum::response::Response;
use jiff::civil::Date;
use jiff::{ToSpan, Unit};
use serde_json::Value;

use super::desk_pages::{Board, Cell, Column, DayGrid, Entry, GridRow, RequestRow};
use super::{ctx, why};
use crate::audit::{Action, Detail};
use crate::base::Timestamp;
use crate::care::clinic::{Clinic, Clinician};
use crate::care::schedule;
use crate::fhir::search::{Handling, Query};
use crate::fhir::{Definitions, ResourceType as R};
use crate::http::fill::{self, Ctx};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::record::AppointmentState;
use crate::http::ui::{When, format, t};
use crate::record::{Page, Reading, RecordError, Stored, Undisclosed};

/// One row of the grid, in minutes.
const STEP: i64 = 20;
/// The most appointments of one day that are shown.
const MOST: usize = 500;

pub(super) fn value_of(stored: &Stored) -> Value {
    serde_json::from_slice(&stored.json).unwrap_or_default()
}

pub(super) fn search(kind: R, text: &str) -> Result<Query, RecordError> {
    Query::parse(kind, text, Handling::Strict, Definitions::r4()).map_err(|_| RecordError::Damaged)
}

/// Appointments with their patients.
pub(super) struct Booked {
    all: Vec<(Value, u32)>,
    patients: HashMap<String, Value>,
}

impl Booked {
    pub(super) fn of(page: &Page) -> Self {
        let all = page.matches.iter().map(|stored| (value_of(stored), stored.version)).collect();
        let patients = page.included.iter().map(|stored| (stored.id.to_string(), value_of(stored))).collect();
        Self { all, patients }
    }

    pub(super) fn name(&self, appointment: &Value, ctx: &Ctx) -> String {
        let patient = schedule::patient_of(appointment).and_then(|id| self.patients.get(id));
        patient.map_or_else(|| t("patient-no-name").to_string(), |patient| fill::identity(patient, ctx).plain())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Value, u32)> {
        self.all.iter()
    }
}

/// A stretch of time in somebody's column.
struct Piece {
    from: usize,
    to: usize,
    entry: Entry,
}

/// The day's bounds as moments.
fn bounds(day: Date, ctx: &Ctx) -> Result<(Timestamp, Timestamp), Refusal> {
    let noon = day.at(12, 0, 0, 0).to_zoned(ctx.zone.clone()).map_err(Refusal::internal)?;
    format::day_bounds(&noon).ok_or_else(|| Refusal::internal("a day without bounds"))
}

type Read = ((Clinic, Page), (Page, (Page, Page)));

fn read_day(reading: &mut Reading<'_>, start: Timestamp, end: Timestamp) -> Result<Undisclosed<Read>, RecordError> {
    let clinic = Clinic::read(reading)?;
    let text = format!("date=ge{start}&date=lt{end}&_sort=date&_count={MOST}&_include=Appointment:patient");
    let appointments = reading.search(&search(R::Appointment, &text)?)?;
    let slots = reading.search(&search(R::Slot, &format!("start=ge{start}&start=lt{end}&_count={MOST}"))?)?;
    let schedules = reading.search(&search(R::Schedule, &format!("_count={MOST}"))?)?;
    let asked = reading
        .search(&search(R::Appointment, &format!("status=proposed&_count={MOST}&_include=Appointment:patient"))?)?;
    Ok(clinic.zip(appointments).zip(asked.zip(slots.zip(schedules))))
}

/// `GET /today`, as the reception sees it.
pub(super) async fn day(visit: &Visit, day: Date) -> Result<Response, Refusal> {
    let (cx, ctx) = (visit.cx(), ctx(visit));
    let (start, end) = bounds(day, &ctx)?;
    let looks = why(visit, Action::Listed, Detail::none());
    let found = visit.house.records.disclose(&visit.actor, looks, |reading| read_day(reading, start, end)).await?;
    let ((clinic, appointments), (asked, (slots, schedules))) = found.into_inner();
    let booked = Booked::of(&appointments);
    let now = visit.house.ambient.now();
    let blocks = blocks(&slots, &schedules);
    let grid = Grid::new(&clinic, &booked, day, &ctx);
    let people = grid.people(&clinic, &booked, day);
    let columns = people
        .iter()
        .map(|one| Column { name: one.name.clone(), pieces: grid.column(one, &clinic, &booked, &blocks, day, &ctx) })
        .collect::<Vec<_>>();
    let rows = grid.rows(columns.iter().map(|column| column.pieces.as_slice()).collect(), &ctx, now);
    let request = Booked::of(&asked);
    page(&DayGrid {
        board: board(&booked, &ctx, now),
        requests: request.iter().map(|(one, _)| request_row(&request, one, &ctx)).collect(),
        heading: When::Day(day).heading(&cx.now),
        is_today: day == cx.now.date(),
        columns,
        rows,
        before: format!("/today?day={}", day.saturating_sub(1.day())),
        after: format!("/today?day={}", day.saturating_add(1.day())),
        cx,
    })
}

pub(super) fn request_row(booked: &Booked, one: &Value, ctx: &Ctx) -> RequestRow {
    let text = |pointer: &str| one.pointer(pointer).and_then(Value::as_str);
    let day = |pointer: &str| text(pointer).and_then(|text| When::parse(text, &ctx.zone));
    let last = one.get("requestedPeriod").and_then(Value::as_array).map_or(0, |all| all.len().saturating_sub(1));
    let days = day("/requestedPeriod/0/start").zip(day(&format!("/requestedPeriod/{last}/end")));
    RequestRow {
        href: format!("/booking-requests/{}", text("/id").unwrap_or_default()),
        name: booked.name(one, ctx),
        kind: text("/appointmentType/text").unwrap_or_default().to_owned(),
        days: days
            .map(|(first, last)| {
                let (first, last) = (When::Day(first.day()), When::Day(last.day()));
                if first == last {
                    return first.short();
                }
                t("from-to").with("from", first.short()).with("to", last.short()).to_string()
            })
            .unwrap_or_default(),
        asked: day("/created").map(|when| when.in_its_year()).unwrap_or_default(),
    }
}

/// Blocked times: whose, from when to when, what for.
fn blocks(slots: &Page, schedules: &Page) -> Vec<(String, Timestamp, Timestamp, String)> {
    let owner: HashMap<String, String> = schedules
        .matches
        .iter()
        .filter_map(|stored| {
            let value = value_of(stored);
            let actor = value.pointer("/actor/0/reference")?.as_str()?.to_owned();
            Some((format!("Schedule/{}", stored.id), actor))
        })
        .collect();
    let all = slots.matches.iter().filter_map(|stored| {
        let value = value_of(stored);
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
        if text("/status")? != "busy-unavailable" {
            return None;
        }
        let who = owner.get(text("/schedule/reference")?)?.clone();
        let what = text("/serviceType/0/text").unwrap_or_default().to_owned();
        Some((who, text("/start")?.parse().ok()?, text("/end")?.parse().ok()?, what))
    });
    all.collect()
}

/// The rows of a day.
struct Grid {
    base: Timestamp,
    rows: usize,
}

impl Grid {
    fn new(clinic: &Clinic, booked: &Booked, day: Date, ctx: &Ctx) -> Self {
        let moment = |time: jiff::civil::Time| {
            day.to_datetime(time).to_zoned(ctx.zone.clone()).map(|at| at.timestamp()).unwrap_or_default()
        };
        let mut from: Vec<Timestamp> = clinic.house.hours.on(day.weekday()).map(|span| moment(span.from)).collect();
        let mut to: Vec<Timestamp> = clinic.house.hours.on(day.weekday()).map(|span| moment(span.to)).collect();
        for (one, _) in booked.iter() {
            if let Some(hour) = schedule::hour_of(one, 0) {
                from.push(hour.start);
                to.push(hour.end);
            }
        }
        let base = from.into_iter().min().unwrap_or_else(|| moment(jiff::civil::time(9, 0, 0, 0)));
        let last = to.into_iter().max().unwrap_or_else(|| moment(jiff::civil::time(12, 0, 0, 0)));
        let minutes = (last.as_second() - base.as_second()).clamp(STEP * 60, 24 * 3600) / 60;
        Self { base, rows: usize::try_from(minutes.unsigned_abs().div_ceil(STEP.unsigned_abs())).unwrap_or(1) }
    }

    fn at(&self, row: usize) -> Timestamp {
        let minutes = i64::try_from(row).unwrap_or(0) * STEP;
        self.base.checked_add(minutes.minutes()).unwrap_or(self.base)
    }

    fn row_of(&self, moment: Timestamp, up: bool) -> usize {
        let minutes = (moment.as_second() - self.base.as_second()).max(0).unsigned_abs() / 60;
        let step = STEP.unsigned_abs();
        let row = if up { minutes.div_ceil(step) } else { minutes / step };
        usize::try_from(row).unwrap_or(0).min(self.rows)
    }

    /// Who has hours or somebody to see on this day.
    fn people<'a>(&self, clinic: &'a Clinic, booked: &Booked, day: Date) -> Vec<&'a Clinician> {
        let sees = |one: &Clinician| {
            let own = one.person.id();
            booked.iter().any(|(appointment, _)| schedule::with_of(appointment) == Some(own.as_str()))
        };
        clinic.clinicians.iter().filter(|one| one.hours.on(day.weekday()).next().is_some() || sees(one)).collect()
    }

    /// Somebody's column: cells from top to bottom that fill every row once.
    fn column(
        &self,
        one: &Clinician,
        clinic: &Clinic,
        booked: &Booked,
        blocks: &[(String, Timestamp, Timestamp, String)],
        day: Date,
        ctx: &Ctx,
    ) -> Vec<(usize, Cell)> {
        let own = one.person.id();
        let mut pieces: Vec<Piece> = Vec::new();
        for (appointment, _) in booked.iter() {
            let text = |name: &str| appointment.get(name).and_then(Value::as_str);
            if schedule::with_of(appointment) != Some(own.as_str()) {
                continue;
            }
            let Some(hour) = schedule::hour_of(appointment, 0) else { continue };
            let state = AppointmentState::from_code(text("status").unwrap_or_default());
            let entry = Entry {
                href: format!("/bookings/{}", text("id").unwrap_or_default()),
                name: booked.name(appointment, ctx),
                kind: appointment
                    .pointer("/appointmentType/text")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                state,
            };
            let (from, to) = (self.row_of(hour.start, false), self.row_of(hour.end, true));
            pieces.push(Piece { from, to: to.max(from + 1), entry });
        }
        pieces.sort_by_key(|piece| piece.from);
        let mut cells: Vec<(usize, Cell)> = Vec::new();
        let mut row = 0;
        let mut next = pieces.into_iter().peekable();
        while row < self.rows {
            if let Some(piece) = next.next_if(|piece| piece.from <= row) {
                // What lies over one another shares a cell: overbooking is seen, not hidden.
                let (mut to, mut entries) = (piece.to.min(self.rows), vec![piece.entry]);
                while let Some(more) = next.next_if(|more| more.from < to) {
                    to = to.max(more.to).min(self.rows);
                    entries.push(more.entry);
                }
                cells.push((row, Cell::Booked { entries, span: to - row }));
                row = to;
                continue;
            }
            let (from, to) = (self.at(row), self.at(row + 1));
            let off = self.off(one, clinic, blocks, day, (from, to), ctx);
            match (off, cells.last_mut()) {
                (Some(word), Some((start, Cell::Off { word: before, span })))
                    if *before == word && *start + *span == row =>
                {
                    *span += 1;
                }
                (Some(word), _) => cells.push((row, Cell::Off { word, span: 1 })),
                (None, _) => cells.push((row, Cell::Free { href: format!("/bookings/new?with={own}&start={from}") })),
            }
            row += 1;
        }
        cells
    }

    /// Why a step is not free, if it is not.
    fn off(
        &self,
        one: &Clinician,
        clinic: &Clinic,
        blocks: &[(String, Timestamp, Timestamp, String)],
        day: Date,
        (from, to): (Timestamp, Timestamp),
        ctx: &Ctx,
    ) -> Option<String> {
        if let Some(away) = clinic.holiday(day).or_else(|| one.away.iter().find(|away| away.covers(day))) {
            return Some(away.why.clone());
        }
        let who = one.person.as_str();
        if let Some((.., what)) = blocks.iter().find(|(of, start, end, _)| of == who && *start < to && from < *end) {
            return Some(what.clone());
        }
        let time = from.to_zoned(ctx.zone.clone()).time();
        let works = one.hours.on(day.weekday()).any(|span| span.from <= time && time < span.to);
        (!works).then(|| t("grid-off").to_string())
    }

    fn rows(&self, columns: Vec<&[(usize, Cell)]>, ctx: &Ctx, now: Timestamp) -> Vec<GridRow> {
        let row = |row: usize| {
            let (from, to) = (self.at(row), self.at(row + 1));
            GridRow {
                time: from.to_zoned(ctx.zone.clone()).strftime("%H:%M").to_string(),
                now: from <= now && now < to,
                cells: columns
                    .iter()
                    .filter_map(|cells| cells.iter().find(|(at, _)| *at == row).map(|(_, cell)| cell.clone()))
                    .collect(),
            }
        };
        (0..self.rows).map(row).collect()
    }
}

/// Who waits, and who comes next.
fn board(booked: &Booked, ctx: &Ctx, now: Timestamp) -> Board {
    let mut board = Board::default();
    for (one, version) in booked.iter() {
        let text = |pointer: &str| one.pointer(pointer).and_then(Value::as_str);
        let when = text("/start").and_then(|start| When::parse(start, &ctx.zone));
        let with = one.get("participant").and_then(Value::as_array).into_iter().flatten();
        let with = with
            .filter(|part| {
                part.pointer("/actor/reference").and_then(Value::as_str).is_some_and(|r| r.starts_with("Practitioner/"))
            })
            .find_map(|part| part.pointer("/actor/display").and_then(Value::as_str));
        let line = format!("{}, {}", when.and_then(|when| when.clock()).unwrap_or_default(), with.unwrap_or_default());
        let id = text("/id").unwrap_or_default().to_owned();
        let row = super::desk_pages::BoardRow { name: booked.name(one, ctx), line, id, version: *version, minutes: 0 };
        match text("/status") {
            Some("arrived") => {
                let since = text("/meta/lastUpdated").and_then(|text| text.parse::<Timestamp>().ok());
                let minutes = since
                    .map_or(0, |since| now.since((Unit::Minute, since)).map_or(0, |span| span.get_minutes().max(0)));
                board.waiting.push(super::desk_pages::BoardRow { minutes, ..row });
            }
            Some("checked-in") => board.in_room.push(row),
            Some("booked")
                if text("/start")
                    .and_then(|start| start.parse::<Timestamp>().ok())
                    .is_some_and(|start| start.as_second() + 1800 > now.as_second()) =>
            {
                board.expected.push(row);
            }
            _ => {}
        }
    }
    board.waiting.sort_by_key(|row| std::cmp::Reverse(row.minutes));
    board.expected.truncate(6);
    board
}
