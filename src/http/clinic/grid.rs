//! The hours of several people on one day, or of one over several days, as a table with a row for every twenty minutes.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::{Date, Time};
use serde_json::Value;

use super::desk::Booked;
use super::desk_pages::{Cell, Column, Entry, GridRow};
use super::schedule::{day_of, series_of};
use crate::base::{FhirId, Timestamp};
use crate::care::clinic::{Clinic, Clinician};
use crate::care::schedule::{self, Taken};
use crate::http::fill::{self, Ctx};
use crate::http::ui::record::AppointmentState;
use crate::http::ui::t;
use crate::record::Page;

/// One row, in minutes.
const STEP: i64 = 20;

/// Somebody's day: one column.
pub(super) struct Lane<'a> {
    /// None: what is with nobody of this clinic, or says nobody.
    pub who: Option<&'a Clinician>,
    pub day: Date,
    /// What stands above it.
    pub head: String,
    /// Where the whole column leads.
    pub href: Option<String>,
}

/// A time that is blocked.
pub(super) struct Blocked {
    /// The Slot that says so.
    pub id: String,
    /// Whom it takes, as in `Practitioner/a`.
    pub who: Vec<String>,
    pub start: Timestamp,
    pub end: Timestamp,
    pub what: String,
    pub series: Option<String>,
}

/// The table, ready for its template.
pub(super) struct Drawn {
    pub columns: Vec<Column>,
    pub rows: Vec<GridRow>,
}

/// Blocked times with what they are for, as far as their Slots say it and may be seen: a time is blocked all the same.
pub(super) fn blocks(blocked: Vec<(String, Taken)>, slots: Option<&Page>) -> Vec<Blocked> {
    let slots: HashMap<&str, Value> =
        slots.iter().flat_map(|page| &page.matches).map(|stored| (stored.id.as_str(), stored.value())).collect();
    let of = |(id, taken): (String, Taken)| {
        let slot = slots.get(id.as_str());
        let what = slot.and_then(|slot| fill::concept(slot.pointer("/serviceType/0")));
        Blocked {
            what: what.unwrap_or_else(|| t("block-plain").to_string()),
            series: slot.and_then(series_of).map(str::to_owned),
            who: taken.who,
            start: taken.start,
            end: taken.end,
            id,
        }
    };
    blocked.into_iter().map(of).collect()
}

/// Whether an appointment is on this day of the clinic.
fn is_on(appointment: &Value, day: Date, ctx: &Ctx) -> bool {
    day_of(appointment, ctx) == Some(day)
}

/// The states in which an appointment stands in the calendar, as a search names them.
pub(super) const STANDS: &str = "pending,booked,arrived,checked-in,fulfilled,noshow";

/// When an appointment stands in the calendar. One to which nobody came holds its time no more and stands there all the
/// same: whoever comes late is looked for where the visit was.
fn stands_at(appointment: &Value) -> Option<(Timestamp, Timestamp)> {
    let status = appointment.get("status").and_then(Value::as_str)?;
    schedule::time_of(appointment).filter(|_| STANDS.split(',').any(|shown| shown == status))
}

/// Whether an appointment stands in somebody's column.
fn is_of(appointment: &Value, who: Option<&Clinician>, clinic: &Clinic) -> bool {
    let is_with = |one: &Clinician| {
        schedule::all_with(appointment).any(|with| with == one.person.id().as_str())
            || schedule::roles_with(appointment).any(|role| one.has_role(role))
    };
    match who {
        Some(one) => is_with(one),
        None => !clinic.clinicians.iter().any(is_with),
    }
}

/// Whether one of these stands in no column of the clinic's people.
pub(super) fn has_others(clinic: &Clinic, booked: &Booked, days: &[Date], ctx: &Ctx) -> bool {
    let is_here = |one: &Value| stands_at(one).is_some() && days.iter().any(|day| is_on(one, *day, ctx));
    booked.iter().any(|(one, _)| is_of(one, None, clinic) && is_here(one))
}

/// Who has hours or somebody to see on this day, each with a column; and one for what is with nobody of this clinic.
pub(super) fn lanes_of_day<'a>(clinic: &'a Clinic, booked: &Booked, day: Date, ctx: &Ctx) -> Vec<Lane<'a>> {
    let sees = |one: &Clinician| booked.iter().any(|(appointment, _)| is_of(appointment, Some(one), clinic));
    let here = clinic.clinicians.iter().filter(|one| one.hours.of_day(day).next().is_some() || sees(one));
    let lanes = here.map(|who| Lane {
        who: Some(who),
        day,
        head: who.name.clone(),
        href: Some(format!("/schedule?view=week&with={}&day={day}", who.person.id())),
    });
    let others = || Lane { who: None, day, head: t("grid-others").to_string(), href: None };
    lanes.chain(has_others(clinic, booked, &[day], ctx).then(others)).collect()
}

/// The table of these columns.
pub(super) fn drawn(
    clinic: &Clinic,
    lanes: Vec<Lane<'_>>,
    booked: &Booked,
    blocks: &[Blocked],
    ctx: &Ctx,
    now: Timestamp,
) -> Drawn {
    let grid = Grid::new(clinic, lanes, booked, blocks, ctx, now);
    let columns: Vec<Column> = grid
        .lanes
        .iter()
        .map(|(lane, base)| Column {
            name: lane.head.clone(),
            href: lane.href.clone(),
            pieces: grid.column(lane, *base),
        })
        .collect();
    let rows = grid.rows(&columns);
    Drawn { columns, rows }
}

/// A stretch of time in a column.
struct Piece {
    from: usize,
    to: usize,
    entry: Entry,
}

struct Grid<'a> {
    clinic: &'a Clinic,
    booked: &'a Booked,
    blocks: &'a [Blocked],
    ctx: &'a Ctx,
    now: Timestamp,
    /// With the moment of each one's first row.
    lanes: Vec<(Lane<'a>, Timestamp)>,
    rows: usize,
}

/// The last time at or before this one at which a row begins: the rows count from when the clinic opens, else from the full
/// hour. A visit at an odd minute before then would shift all rows of the day.
fn in_step(first: Time, open: Option<Time>) -> Time {
    let minutes = |time: Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
    let over = (minutes(first) - open.map_or(0, minutes)).rem_euclid(STEP);
    let whole = Time::new(first.hour(), first.minute(), 0, 0).unwrap_or(first);
    whole.checked_sub(over.minutes()).unwrap_or(Time::MIN)
}

impl<'a> Grid<'a> {
    fn new(
        clinic: &'a Clinic,
        lanes: Vec<Lane<'a>>,
        booked: &'a Booked,
        blocks: &'a [Blocked],
        ctx: &'a Ctx,
        now: Timestamp,
    ) -> Self {
        // The first row is the same reading of the clock for all; from there on each column counts its own moments, so
        // that the night in which the clocks change has the hours that it has.
        let (mut from, mut spans) = (Vec::new(), Vec::new());
        let opens = |lane: &Lane<'_>| clinic.house.hours.of_day(lane.day).map(|span| span.from).min();
        let open = lanes.iter().filter_map(opens).min();
        for lane in &lanes {
            from.extend(clinic.house.hours.of_day(lane.day).map(|span| span.from));
            for (one, _) in booked.iter().filter(|(one, _)| is_on(one, lane.day, ctx)) {
                if let Some((start, end)) = stands_at(one) {
                    from.push(start.to_zoned(ctx.zone.clone()).time());
                    spans.push((lane.day, end));
                }
            }
            let close = clinic.house.hours.of_day(lane.day).map(|span| span.to).max();
            spans.extend(close.map(|close| (lane.day, moment(lane.day, close, ctx))));
        }
        let first = in_step(from.into_iter().min().unwrap_or(Time::constant(9, 0, 0, 0)), open);
        let minutes = spans.into_iter().map(|(day, end)| end.as_second() - moment(day, first, ctx).as_second());
        let minutes = minutes.max().unwrap_or(3 * 3600).clamp(STEP * 60, 24 * 3600) / 60;
        let rows = usize::try_from(minutes.unsigned_abs().div_ceil(STEP.unsigned_abs())).unwrap_or(1);
        let lanes = lanes.into_iter().map(|lane| {
            let base = moment(lane.day, first, ctx);
            (lane, base)
        });
        Self { clinic, booked, blocks, ctx, now, lanes: lanes.collect(), rows }
    }

    fn row_of(&self, base: Timestamp, moment: Timestamp, up: bool) -> usize {
        let minutes = (moment.as_second() - base.as_second()).max(0).unsigned_abs() / 60;
        let step = STEP.unsigned_abs();
        let row = if up { minutes.div_ceil(step) } else { minutes / step };
        usize::try_from(row).unwrap_or(0).min(self.rows)
    }

    fn entries(&self, lane: &Lane<'_>, base: Timestamp) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for (appointment, version) in self.booked.iter() {
            let text = |name: &str| appointment.get(name).and_then(Value::as_str);
            if !is_of(appointment, lane.who, self.clinic) || !is_on(appointment, lane.day, self.ctx) {
                continue;
            }
            let Some((start, end)) = stands_at(appointment) else { continue };
            let state = AppointmentState::from_code(text("status").unwrap_or_default());
            let kind = appointment.pointer("/appointmentType/text").and_then(Value::as_str);
            let entry = Entry {
                id: text("id").unwrap_or_default().to_owned(),
                version: *version,
                href: format!("/bookings/{}", text("id").unwrap_or_default()),
                name: self.booked.name(appointment, self.ctx),
                clock: clock(start, self.ctx),
                kind: kind.unwrap_or_default().to_owned(),
                over: super::bookings::over_words(appointment),
                moves: matches!(text("status"), Some("booked" | "pending")),
                state,
            };
            let (from, to) = (self.row_of(base, start, false), self.row_of(base, end, true));
            pieces.push(Piece { from, to: to.max(from + 1), entry });
        }
        pieces.sort_by_key(|piece| piece.from);
        pieces
    }

    /// Somebody's column: cells from top to bottom that fill every row once.
    fn column(&self, lane: &Lane<'_>, base: Timestamp) -> Vec<(usize, Cell)> {
        let mut cells: Vec<(usize, Cell)> = Vec::new();
        let mut row = 0;
        let mut next = self.entries(lane, base).into_iter().peekable();
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
            let (from, to) = (at(base, row), at(base, row + 1));
            let off = self.free(lane, (from, to));
            match (off, cells.last_mut()) {
                (Err(word), Some((start, Cell::Off { word: before, span })))
                    if *before == word && *start + *span == row =>
                {
                    *span += 1;
                }
                (Err(word), _) => cells.push((row, Cell::Off { word, span: 1 })),
                (Ok(own), _) => cells.push((
                    row,
                    Cell::Free {
                        href: format!("/bookings/new?with={own}&start={from}"),
                        slot: format!("{from}|{own}"),
                        clock: clock(from, self.ctx),
                    },
                )),
            }
            row += 1;
        }
        cells
    }

    /// Whose a free step is.
    ///
    /// # Errors
    /// Why it is not free.
    fn free(&self, lane: &Lane<'_>, (from, to): (Timestamp, Timestamp)) -> Result<FhirId, String> {
        let Lane { who, day, .. } = lane;
        // With nobody nothing is booked.
        let Some(who) = who else { return Err(String::new()) };
        // Of what was not read nobody knows whether it is here.
        if self.booked.is_cut() {
            return Err(t("grid-unknown").to_string());
        }
        if let Some(away) = self.clinic.holiday(*day).or_else(|| who.away.iter().find(|away| away.covers(*day))) {
            return Err(away.why.clone());
        }
        let own = who.person.as_str();
        let meets = |block: &&Blocked| block.start < to && from < block.end && block.who.iter().any(|who| who == own);
        if let Some(block) = self.blocks.iter().find(meets) {
            return Err(block.what.clone());
        }
        let time = from.to_zoned(self.ctx.zone.clone()).time();
        if !who.hours.of_day(*day).any(|span| span.from <= time && time < span.to) {
            return Err(t("grid-off").to_string());
        }
        // What is over cannot be booked, nor what has begun: that is a cell of its own, with the line of now above it.
        match from <= self.now {
            true if to <= self.now => Err(t("grid-past").to_string()),
            true => Err(String::new()),
            false => Ok(who.person.id()),
        }
    }

    fn rows(&self, columns: &[Column]) -> Vec<GridRow> {
        let row = |row: usize| {
            let spans = |(_, base): &(Lane<'_>, Timestamp)| at(*base, row) <= self.now && self.now < at(*base, row + 1);
            let begin = |column: &Column| column.pieces.iter().find(|(at, _)| *at == row).map(|(_, cell)| cell.clone());
            GridRow {
                time: self.lanes.first().map(|(_, base)| clock(at(*base, row), self.ctx)).unwrap_or_default(),
                now: self.lanes.iter().any(spans),
                cells: columns
                    .iter()
                    .zip(&self.lanes)
                    .filter_map(|(column, lane)| Some((begin(column)?, spans(lane))))
                    .collect(),
            }
        };
        (0..self.rows).map(row).collect()
    }
}

fn at(base: Timestamp, row: usize) -> Timestamp {
    let minutes = i64::try_from(row).unwrap_or(0) * STEP;
    base.checked_add(minutes.minutes()).unwrap_or(base)
}

fn moment(day: Date, time: Time, ctx: &Ctx) -> Timestamp {
    day.to_datetime(time).to_zoned(ctx.zone.clone()).map(|at| at.timestamp()).unwrap_or_default()
}

pub(super) fn clock(moment: Timestamp, ctx: &Ctx) -> String {
    moment.to_zoned(ctx.zone.clone()).strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::clinic::of_resources;
    use serde_json::json;

    fn clinic(from: &str, to: &str, day: &str) -> Clinic {
        let hours = json!([{"daysOfWeek": [day], "availableStartTime": from, "availableEndTime": to}]);
        let category = json!([{"coding": [{"system": "urn:chartbox:service", "code": "clinic"}]}]);
        let house = json!({"id": "c", "category": category, "name": "C", "availableTime": hours});
        let role = json!({"id": "r", "practitioner": {"reference": "Practitioner/d", "display": "Dr D"}, "availableTime": hours});
        of_resources(&[house], &[role])
    }

    fn booked(times: &[(&str, &str)]) -> Booked {
        let one = |(n, (start, end)): (usize, &(&str, &str))| {
            let value = json!({"id": format!("a{n}"), "status": "booked", "start": start, "end": end, "participant": [
                {"actor": {"reference": "Patient/p"}}, {"actor": {"reference": "Practitioner/d"}}]});
            (value, 1)
        };
        Booked::of_values(times.iter().enumerate().map(one).collect())
    }

    /// A word for each cell of the only column: f free, o off, b booked, with the rows that it spans.
    fn shape(clinic: &Clinic, booked: &Booked, day: &str, now: &str) -> (String, Vec<String>) {
        let ctx = Ctx::of(jiff::tz::TimeZone::get("Europe/London").unwrap());
        let lanes = lanes_of_day(clinic, booked, day.parse().unwrap(), &ctx);
        let drawn = drawn(clinic, lanes, booked, &[], &ctx, now.parse().unwrap());
        let cells = drawn.columns[0].pieces.iter().map(|(_, cell)| match cell {
            Cell::Booked { entries, span } => format!("b{}x{span}", entries.len()),
            Cell::Off { span, .. } => format!("o{span}"),
            Cell::Free { .. } => "f".to_owned(),
        });
        (cells.collect::<Vec<_>>().join(" "), drawn.rows.into_iter().map(|row| row.time).collect())
    }

    #[test]
    fn a_visit_at_an_odd_minute_before_the_clinic_opens_shifts_no_row() {
        let clinic = clinic("09:00:00", "10:20:00", "tue");
        let all = booked(&[
            ("2026-03-03T06:12:00Z", "2026-03-03T06:32:00Z"),
            ("2026-03-03T09:40:00Z", "2026-03-03T10:00:00Z"),
            ("2026-03-03T10:00:00Z", "2026-03-03T10:20:00Z"),
        ]);
        let (cells, rows) = shape(&clinic, &all, "2026-03-03", "2026-03-01T00:00:00Z");
        assert_eq!(cells, "b1x2 o7 f f b1x1 b1x1", "each of the two has a cell of its own");
        assert_eq!((rows[0].as_str(), rows[9].as_str()), ("06:00", "09:00"));
        let half = Some(Time::constant(8, 30, 0, 0));
        let at = |hour, minute| Time::constant(hour, minute, 0, 0);
        assert_eq!((in_step(at(6, 12), half), in_step(at(8, 30), half)), (at(6, 10), at(8, 30)));
        assert_eq!((in_step(at(0, 5), half), in_step(at(7, 59), None)), (at(0, 0), at(7, 40)));
    }

    #[test]
    fn every_row_is_filled_once_and_what_lies_over_another_shares_its_cell() {
        let clinic = clinic("09:00:00", "11:00:00", "tue");
        let all = booked(&[
            ("2026-03-03T09:20:00Z", "2026-03-03T10:00:00Z"),
            ("2026-03-03T09:40:00Z", "2026-03-03T10:20:00Z"),
        ]);
        let (cells, times) = shape(&clinic, &all, "2026-03-03", "2026-03-01T00:00:00Z");
        assert_eq!(cells, "f b2x3 f f");
        assert_eq!(times, ["09:00", "09:20", "09:40", "10:00", "10:20", "10:40"]);
        // What is over is not offered any more.
        assert_eq!(shape(&clinic, &booked(&[]), "2026-03-03", "2026-03-03T09:30:00Z").0, "o1 o1 f f f f");
    }

    #[test]
    fn the_line_of_now_lies_over_the_column_of_today_alone() {
        let hours =
            json!([{"daysOfWeek": ["tue", "wed"], "availableStartTime": "09:00:00", "availableEndTime": "10:00:00"}]);
        let role = json!({"id": "r", "practitioner": {"reference": "Practitioner/d", "display": "Dr D"}, "availableTime": hours});
        let category = json!([{"coding": [{"system": "urn:chartbox:service", "code": "clinic"}]}]);
        let house = json!({"id": "c", "category": category, "name": "C", "availableTime": hours});
        let clinic = of_resources(&[house], &[role]);
        let ctx = Ctx::of(jiff::tz::TimeZone::get("Europe/London").unwrap());
        let lane = |day: &str| Lane {
            who: clinic.clinicians.first(),
            day: day.parse().unwrap(),
            head: String::new(),
            href: None,
        };
        let lanes = vec![lane("2026-03-03"), lane("2026-03-04")];
        let all = booked(&[]);
        let drawn = drawn(&clinic, lanes, &all, &[], &ctx, "2026-03-03T09:30:00Z".parse().unwrap());
        let told = |row: &GridRow| {
            let cell = |(cell, now): &(Cell, bool)| match cell {
                Cell::Off { word, .. } => format!("{word}{}", if *now { "|" } else { "" }),
                Cell::Free { .. } => format!("free{}", if *now { "|" } else { "" }),
                Cell::Booked { .. } => String::new(),
            };
            row.cells.iter().map(cell).collect::<Vec<_>>()
        };
        let rows: Vec<_> = drawn.rows.iter().map(told).collect();
        assert_eq!(rows, [["Past", "free"], ["|", "free"], ["free", "free"]]);
    }

    #[test]
    fn what_is_blocked_since_days_ago_is_free_on_none_of_them() {
        let clinic = clinic("09:00:00", "10:00:00", "tue");
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let block = |who: &[&str]| Blocked {
            id: "s".into(),
            who: who.iter().map(|who| (*who).to_owned()).collect(),
            start: at("2026-03-01T00:00:00Z"),
            end: at("2026-03-03T09:40:00Z"),
            what: "Leave".into(),
            series: None,
        };
        let ctx = Ctx::of(jiff::tz::TimeZone::get("Europe/London").unwrap());
        let words = |block: Blocked| {
            let (all, day) = (booked(&[]), "2026-03-03".parse().unwrap());
            let lanes = lanes_of_day(&clinic, &all, day, &ctx);
            let drawn = drawn(&clinic, lanes, &all, &[block], &ctx, at("2026-02-01T00:00:00Z"));
            let word = |(_, cell): &(usize, Cell)| match cell {
                Cell::Off { word, span } => format!("{word} {span}"),
                Cell::Free { .. } => "free".to_owned(),
                Cell::Booked { .. } => "booked".to_owned(),
            };
            drawn.columns[0].pieces.iter().map(word).collect::<Vec<_>>()
        };
        assert_eq!(words(block(&["Practitioner/e", "Practitioner/d"])), ["Leave 2", "free"]);
        assert_eq!(words(block(&["Practitioner/e"])), ["free", "free", "free"], "of somebody else");
    }

    #[test]
    fn a_visit_to_which_nobody_came_stays_where_it_was() {
        let clinic = clinic("09:00:00", "10:00:00", "tue");
        let mut all = booked(&[("2026-03-03T09:20:00Z", "2026-03-03T09:40:00Z")]);
        for (status, shape_then) in [("noshow", "o1 b1x1 f"), ("cancelled", "o1 o1 f")] {
            all.all[0].0["status"] = json!(status);
            assert_eq!(shape(&clinic, &all, "2026-03-03", "2026-03-03T09:30:00Z").0, shape_then, "{status}");
        }
        // Also at a time at which nobody has hours.
        all.all[0].0["status"] = json!("noshow");
        all.all[0].0["start"] = json!("2026-03-03T10:00:00Z");
        all.all[0].0["end"] = json!("2026-03-03T10:20:00Z");
        assert!(shape(&clinic, &all, "2026-03-03", "2026-03-03T11:00:00Z").0.ends_with("b1x1"));
    }

    #[test]
    fn a_visit_at_half_past_two_stands_in_its_row_on_the_nights_when_the_clocks_change() {
        let night = clinic("00:00:00", "04:00:00", "sun");
        // 29 March 2026: 01:00 becomes 02:00, so 02:20 is an hour and twenty minutes after midnight.
        let spring = booked(&[("2026-03-29T01:20:00Z", "2026-03-29T01:40:00Z")]);
        let (cells, times) = shape(&night, &spring, "2026-03-29", "2026-03-01T00:00:00Z");
        assert_eq!((cells.as_str(), times.len()), ("f f f f b1x1 f f f f", 9));
        assert_eq!(times[3..6], ["02:00", "02:20", "02:40"]);
        // 25 October 2026: 01:20 comes twice, and a visit at each is not over the other.
        let autumn = booked(&[
            ("2026-10-25T00:20:00Z", "2026-10-25T00:40:00Z"),
            ("2026-10-25T01:20:00Z", "2026-10-25T01:40:00Z"),
        ]);
        let (cells, times) = shape(&night, &autumn, "2026-10-25", "2026-03-01T00:00:00Z");
        assert_eq!(times.len(), 15);
        assert_eq!(cells, "f f f f b1x1 f f b1x1 f f f f f f f");
        assert_eq!((times[4].as_str(), times[7].as_str()), ("01:20", "01:20"));
    }

    #[test]
    fn a_visit_with_nobody_of_the_clinic_has_a_column_and_one_with_two_stands_in_both() {
        let clinic = clinic("09:00:00", "10:00:00", "tue");
        let columns = |with: &[&str]| {
            let actors = ["Patient/p"].iter().chain(with).map(|who| json!({"actor": {"reference": who}}));
            let all = Booked::of_values(vec![(
                json!({"id": "a", "status": "booked", "start": "2026-03-03T09:20:00Z", "end": "2026-03-03T09:40:00Z",
                    "participant": actors.collect::<Value>()}),
                1,
            )]);
            let ctx = Ctx::of(jiff::tz::TimeZone::get("Europe/London").unwrap());
            let lanes = lanes_of_day(&clinic, &all, "2026-03-03".parse().unwrap(), &ctx);
            let drawn = drawn(&clinic, lanes, &all, &[], &ctx, "2026-03-01T00:00:00Z".parse().unwrap());
            let kinds = |column: &Column| {
                let has = |wanted: fn(&Cell) -> bool| column.pieces.iter().any(|(_, cell)| wanted(cell));
                (has(|cell| matches!(cell, Cell::Booked { .. })), has(|cell| matches!(cell, Cell::Free { .. })))
            };
            drawn.columns.iter().map(kinds).collect::<Vec<_>>()
        };
        assert_eq!(columns(&["Practitioner/d"]), [(true, true)]);
        assert_eq!(columns(&[]), [(false, true), (true, false)], "nothing is free with nobody");
        assert_eq!(columns(&["Practitioner/locum"]), [(false, true), (true, false)]);
        assert_eq!(columns(&["Practitioner/locum", "Practitioner/d"]), [(true, true)]);
    }
}
