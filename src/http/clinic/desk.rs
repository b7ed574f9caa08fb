//! The reception's day: the grid of everybody's hours, who waits, who asked for a time.

use std::collections::HashMap;

use axum::response::Response;
use jiff::civil::Date;
use jiff::{ToSpan, Unit};
use serde_json::Value;

use super::desk_pages::{Board, DayGrid, RequestRow};
use super::grid::{self, Drawn};
use super::{ctx, why};
use crate::audit::{Action, Detail};
use crate::base::Timestamp;
use crate::care::clinic::Clinic;
use crate::care::schedule::{self, Taken};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::{When, format, t};
use crate::record::{Page, Reading, RecordError, Stored, Undisclosed, strict};

/// The most appointments that are shown: of a week in which every quarter of an hour is given, too.
const MOST: usize = 1_000;

/// After so many seconds nobody expects somebody still.
const LATE: i64 = 1_800;

/// Appointments with their patients.
pub(super) struct Booked {
    pub(super) all: Vec<(Value, u32)>,
    patients: HashMap<String, Value>,
    /// What patients said to times that they were offered.
    answers: Vec<Value>,
    cut: bool,
}

impl Booked {
    pub(super) fn of(page: &Page) -> Self {
        let all = page.matches.iter().map(|stored| (stored.value(), stored.version)).collect();
        let of = |kind: R| page.included.iter().filter(move |stored| stored.kind == kind);
        let patients = of(R::Patient).map(|stored| (stored.id.to_string(), stored.value())).collect();
        Self {
            all,
            patients,
            answers: of(R::AppointmentResponse).map(Stored::value).collect(),
            cut: page.next.is_some(),
        }
    }

    /// Whether there are more than these.
    pub(super) const fn is_cut(&self) -> bool {
        self.cut
    }

    /// "Said no to 9 Mar 10:00": the times that the patient did not take, the last first.
    fn declined(&self, appointment: &Value, ctx: &Ctx) -> Option<String> {
        let own = format!("Appointment/{}", fill::text(appointment, "/id")?);
        let said_no = |one: &&Value| {
            fill::text(one, "/appointment/reference") == Some(own.as_str())
                && fill::text(one, "/participantStatus") == Some("declined")
        };
        let times = self.answers.iter().filter(said_no).filter_map(|one| ctx.when(one, "/start"));
        let mut times: Vec<When> = times.collect();
        times.sort_by_key(|when| std::cmp::Reverse(when.moment()));
        let words: Vec<String> = times.iter().map(When::short_time).collect();
        (!words.is_empty()).then(|| t("request-declined").with("times", words.join("; ")).to_string())
    }

    #[cfg(test)]
    pub(super) fn of_values(all: Vec<(Value, u32)>) -> Self {
        Self { all, patients: HashMap::new(), answers: Vec::new(), cut: false }
    }

    pub(super) fn name(&self, appointment: &Value, ctx: &Ctx) -> String {
        let names: Vec<String> = self.each(appointment, ctx).into_iter().map(|(_, name)| name).collect();
        if names.is_empty() { t("patient-no-name").to_string() } else { names.join("; ") }
    }

    /// Each of its patients: where their chart is, and their name.
    pub(super) fn each(&self, appointment: &Value, ctx: &Ctx) -> Vec<(String, String)> {
        let name = |id: &str| match self.patients.get(id) {
            Some(patient) => fill::identity(patient, ctx).plain(),
            None => t("patient-no-name").to_string(),
        };
        schedule::patients_of(appointment).map(|id| (format!("/patients/{id}"), name(id))).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Value, u32)> {
        self.all.iter()
    }
}

/// The day's bounds as moments.
pub(super) fn bounds(day: Date, ctx: &Ctx) -> Result<(Timestamp, Timestamp), Refusal> {
    let noon = day.at(12, 0, 0, 0).to_zoned(ctx.zone.clone()).map_err(Refusal::internal)?;
    format::day_bounds(&noon).ok_or_else(|| Refusal::internal("a day without bounds"))
}

pub(super) type Read = ((Clinic, Page), Option<Page>);

/// What stands in the calendar from one moment to another: appointments, and the Slots of what is blocked then.
pub(super) fn read_days(
    reading: &mut Reading<'_>,
    (start, end): (Timestamp, Timestamp),
    blocked: &[(String, Taken)],
) -> Result<Undisclosed<Read>, RecordError> {
    let clinic = Clinic::read(reading)?;
    let of = grid::STANDS;
    let text = format!("date=ge{start}&date=lt{end}&status={of}&_sort=date&_count={MOST}&_include=Appointment:patient");
    let appointments = reading.search(&strict(R::Appointment, &text)?)?;
    Ok(clinic.zip(appointments).zip(read_slots(reading, blocked, MOST)?))
}

/// The Slots of what is blocked, the first of them: what each is for stands there.
pub(super) fn read_slots(
    reading: &mut Reading<'_>,
    blocked: &[(String, Taken)],
    most: usize,
) -> Result<Undisclosed<Option<Page>>, RecordError> {
    let ids: Vec<&str> = blocked.iter().take(most).map(|(id, _)| id.as_str()).collect();
    if ids.is_empty() {
        return Ok(reading.nothing::<()>().map(|_| None));
    }
    let query = strict(R::Slot, &format!("_id={}&_count={most}", ids.join(",")))?;
    Ok(reading.search(&query)?.map(Some))
}

/// `GET /today`, as the reception sees it.
pub(super) async fn day(visit: &Visit, day: Date) -> Result<Response, Refusal> {
    let (cx, ctx) = (visit.cx(), ctx(visit));
    let (start, end) = bounds(day, &ctx)?;
    let looks = why(visit, Action::Listed, Detail::none());
    let requests = strict(R::Appointment, &format!("status=proposed&_count={MOST}&_include=Appointment:patient"))?;
    let records = &visit.house.records;
    let blocked = schedule::blocked(records, start, end)?;
    let found = records.disclose(&visit.actor, looks, |reading| {
        Ok(read_days(reading, (start, end), &blocked)?.zip(reading.search(&requests)?))
    });
    let (((clinic, appointments), slots), asked) = found.await?.into_inner();
    let booked = Booked::of(&appointments);
    let now = visit.house.ambient.now();
    let lanes = grid::lanes_of_day(&clinic, &booked, day, &ctx);
    let blocks = grid::blocks(blocked, slots.as_ref());
    let Drawn { columns, rows } = grid::drawn(&clinic, lanes, &booked, &blocks, &ctx, now);
    let request = Booked::of(&asked);
    page(&DayGrid {
        board: board(&booked, &ctx, now),
        requests: request.iter().map(|(one, _)| request_row(&request, one, &ctx)).collect(),
        day: day.to_string(),
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
    // Another program asks for a time, and not for days.
    let time = || day("/start").map_or_else(|| t("date-unknown").to_string(), |start| start.short_time());
    let kind = || fill::concept(one.get("appointmentType")).unwrap_or_else(|| t("booking-title").to_string());
    RequestRow {
        href: format!("/booking-requests/{}", text("/id").unwrap_or_default()),
        name: booked.name(one, ctx),
        kind: text("/appointmentType/text").map_or_else(kind, str::to_owned),
        days: days
            .map(|(first, last)| {
                let (first, last) = (When::Day(first.day()), When::Day(last.day()));
                if first == last {
                    return first.short();
                }
                t("from-to").with("from", first.short()).with("to", last.short()).to_string()
            })
            .unwrap_or_else(time),
        asked: day("/created").or_else(|| day("/meta/lastUpdated")).map(|when| when.in_its_year()).unwrap_or_default(),
        declined: booked.declined(one, ctx),
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
                let who = part.pointer("/actor/reference").and_then(Value::as_str).unwrap_or_default();
                who.starts_with("Practitioner/") || who.starts_with("PractitionerRole/")
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
            Some("booked") => match text("/start").and_then(|start| start.parse::<Timestamp>().ok()) {
                Some(start) if start.as_second() + LATE > now.as_second() => board.expected.push(row),
                Some(_) => board.missed.push(row),
                None => {}
            },
            Some("noshow") => {
                let line = format!("{}. {}", row.line, t("appointment-did-not-come"));
                board.missed.push(super::desk_pages::BoardRow { line, ..row });
            }
            _ => {}
        }
    }
    board.waiting.sort_by_key(|row| std::cmp::Reverse(row.minutes));
    board.expected.truncate(6);
    board
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_of_another_program_says_the_time_that_it_asks_for() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let row = |one: Value| {
            let booked = Booked::of_values(vec![(one.clone(), 1)]);
            let row = request_row(&booked, &one, &ctx);
            (row.kind, row.days, row.asked)
        };
        let asked = json!({"status": "proposed", "start": "2026-12-06T09:00:00Z", "meta": {"lastUpdated": "2026-11-29T10:00:00Z"}});
        assert_eq!(row(asked), ("Appointment".into(), "6 Dec 2026 09:00".into(), "29 Nov".into()));
        let days = json!({"appointmentType": {"text": "Check-up"}, "created": "2026-11-28T10:00:00Z",
            "requestedPeriod": [{"start": "2026-12-06T07:00:00Z", "end": "2026-12-06T19:00:00Z"}]});
        assert_eq!(row(days), ("Check-up".into(), "6 Dec 2026".into(), "28 Nov".into()));
    }

    #[test]
    fn who_is_late_and_who_did_not_come_stand_on_the_board_all_day() {
        let one = |id: &str, start: &str, status: &str| {
            let with = json!([{"actor": {"reference": "Practitioner/a", "display": "Dr A"}}]);
            let start = format!("2026-03-03T{start}:00Z");
            (json!({"id": id, "status": status, "start": start, "participant": with}), 1)
        };
        let all = vec![
            one("missed", "08:00", "noshow"),
            one("late", "09:00", "booked"),
            one("next", "09:50", "booked"),
            one("off", "10:00", "cancelled"),
        ];
        let board =
            board(&Booked::of_values(all), &Ctx::of(jiff::tz::TimeZone::UTC), "2026-03-03T10:00:00Z".parse().unwrap());
        let ids =
            |rows: &[super::super::desk_pages::BoardRow]| rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
        assert_eq!(
            (ids(&board.missed), ids(&board.expected)),
            (vec!["missed".into(), "late".into()], vec!["next".into()])
        );
        assert_eq!(board.missed[0].line, "08:00, Dr A. Did not come");
    }
}
