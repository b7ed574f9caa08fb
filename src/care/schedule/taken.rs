//! Which hours are taken, as times alone.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::base::{FhirId, Timestamp};
use crate::fhir::ResourceType;
use crate::fhir::search::Query;
use crate::record::{Inside, RecordError, Records, local_reference, strict};

/// The most days that are looked at together.
const MOST_DAYS: i32 = 40;
/// The longest appointment that takes anybody's time, in hours: one that began before the day before is over.
pub(super) const LONGEST_HOURS: i64 = 24;
/// The most days that a time is blocked for at once: one that began longer before others than this is over.
pub(super) const LONGEST_BLOCK: i32 = 366;
/// Blocked times are asked for by stretches of so many seconds, two months: of those that come every day a year has many.
const AT_ONCE: i64 = 61 * 86_400;

/// A stretch of time that somebody is not free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// References of those who are not free, as in `Practitioner/a`.
    pub who: Vec<String>,
    pub start: Timestamp,
    pub end: Timestamp,
    /// The appointment's id; empty for a block, and where only times are wanted.
    pub(super) id: String,
    /// When it was offered, for what is an offer only.
    pub(super) offered: Option<Timestamp>,
}

impl Taken {
    /// Whether it still holds its time: an offer does for so many hours, and never longer than until it begins.
    pub fn holds(&self, now: Timestamp, hold_hours: u16) -> bool {
        self.offered
            .is_none_or(|since| now.as_second() < since.as_second() + i64::from(hold_hours) * 3600 && now < self.start)
    }

    pub fn meets(&self, who: &str, start: Timestamp, end: Timestamp) -> bool {
        self.start < end && start < self.end && self.who.iter().any(|one| one == who)
    }
}

/// The states in which an appointment takes its time, as a search names them.
const TAKES_TIME: &str = "pending,booked,arrived,checked-in,fulfilled";

/// From when to when an appointment takes the time of those who take part; `None` for one that does not, or no more.
pub fn takes_time(appointment: &Value) -> Option<(Timestamp, Timestamp)> {
    let status = appointment.get("status").and_then(Value::as_str)?;
    if TAKES_TIME.split(',').any(|takes| takes == status) { time_of(appointment) } else { None }
}

/// Of an appointment: everybody who takes part.
pub(super) fn of_all(appointment: &Value) -> Option<Taken> {
    let text = |pointer: &str| appointment.pointer(pointer).and_then(Value::as_str);
    let (start, end) = takes_time(appointment)?;
    let status = text("/status")?;
    let offered = (status == "pending").then(|| text("/meta/lastUpdated")?.parse().ok()).flatten();
    let actors = appointment.get("participant").and_then(Value::as_array).into_iter().flatten();
    let who = actors
        .filter(|one| one.get("status").and_then(Value::as_str) != Some("declined"))
        .filter_map(|one| one.pointer("/actor/reference").and_then(Value::as_str))
        .map(whichever_version)
        .collect();
    Some(Taken { who, start, end, id: text("/id").unwrap_or_default().to_owned(), offered })
}

/// A reference without the version that it may name: who is busy is so whatever is written of them.
fn whichever_version(reference: &str) -> String {
    local_reference(reference).map_or_else(|| reference.to_owned(), |one| one.to_string())
}

/// How references to a PractitionerRole begin.
const ROLE: &str = "PractitionerRole/";
/// How many of them one question names.
const ROLES_AT_ONCE: usize = 100;

/// Which Practitioner stands behind each PractitionerRole that was met.
#[derive(Debug, Default)]
pub(super) struct Roles(BTreeMap<String, Option<String>>);

impl Roles {
    /// Learns of those that were not met before.
    pub(super) fn meet(
        &mut self,
        all: &[Taken],
        ask: impl Fn(&Query) -> Result<Vec<(String, String)>, RecordError>,
    ) -> Result<(), RecordError> {
        let who = all.iter().flat_map(|one| &one.who).filter(|who| !self.0.contains_key(who.as_str()));
        let ids = who.filter_map(|who| FhirId::parse(who.strip_prefix(ROLE)?).ok()).map(|id| id.to_string());
        let ids: Vec<String> = ids.collect::<BTreeSet<_>>().into_iter().collect();
        for some in ids.chunks(ROLES_AT_ONCE) {
            let found = ask(&strict(ResourceType::PractitionerRole, &format!("_id={}", some.join(",")))?)?;
            self.0.extend(some.iter().map(|id| (format!("{ROLE}{id}"), None)));
            self.0.extend(found.into_iter().map(|(role, person)| (role, Some(person))));
        }
        Ok(())
    }

    pub(super) fn meet_inside(&mut self, writer: &Inside<'_, '_, '_>, all: &[Taken]) -> Result<(), RecordError> {
        self.meet(all, |query| writer.glimpse(query, role))
    }

    /// The same with the persons themselves: nobody is free in one role and busy in another.
    pub(super) fn persons(&self, mut taken: Taken) -> Taken {
        for who in &mut taken.who {
            if let Some(Some(person)) = self.0.get(who.as_str()) {
                who.clone_from(person);
            }
        }
        taken
    }
}

fn role(role: &Value) -> Option<(String, String)> {
    let text = |pointer: &str| role.pointer(pointer).and_then(Value::as_str);
    Some((format!("{ROLE}{}", text("/id")?), whichever_version(text("/practitioner/reference")?)))
}

/// From when to when an appointment is, whatever became of it; `None` for one that has no time.
pub fn time_of(appointment: &Value) -> Option<(Timestamp, Timestamp)> {
    let text = |name: &str| appointment.get(name).and_then(Value::as_str);
    let start: Timestamp = text("start")?.parse().ok()?;
    let end = text("end").and_then(|end| end.parse().ok());
    let minutes = appointment.get("minutesDuration").and_then(Value::as_i64).unwrap_or(20);
    Some((start, end.or_else(|| start.checked_add(minutes.clamp(1, 1_440).minutes()).ok())?))
}

/// Of an appointment: the staff alone, by themselves or in a role. It says nothing of a patient.
fn of_staff(appointment: &Value) -> Option<Taken> {
    let mut taken = of_all(appointment)?;
    taken.who.retain(|who| who.starts_with("Practitioner/") || who.starts_with(ROLE));
    taken.id.clear();
    Some(taken)
}

#[derive(Debug)]
struct Block {
    id: String,
    schedule: String,
    start: Timestamp,
    end: Timestamp,
}

fn block(slot: &Value) -> Option<Block> {
    let text = |pointer: &str| slot.pointer(pointer).and_then(Value::as_str);
    if text("/status")? != "busy-unavailable" {
        return None;
    }
    let schedule = whichever_version(text("/schedule/reference")?);
    let id = text("/id").unwrap_or_default().to_owned();
    Some(Block { id, schedule, start: text("/start")?.parse().ok()?, end: text("/end")?.parse().ok()? })
}

/// Whether a Slot blocks more time at once than is looked back for.
pub(super) fn is_endless(slot: &Value) -> bool {
    let longest = i64::from(LONGEST_BLOCK) * 86_400;
    block(slot).is_some_and(|block| block.end.as_second() - block.start.as_second() > longest)
}

fn schedule(schedule: &Value) -> Option<(String, Vec<String>)> {
    let id = schedule.get("id")?.as_str()?;
    let actors = schedule.get("actor")?.as_array()?.iter();
    let actors = actors.filter_map(|one| one.get("reference").and_then(Value::as_str)).map(whichever_version).collect();
    Some((format!("Schedule/{id}"), actors))
}

/// Days as a search names them, one more on each side: a clinic's day is not UTC's.
fn days(first: Date, last: Date) -> String {
    let mut all = Vec::new();
    let mut day = first.saturating_sub(1.day());
    let end = last.min(first.saturating_add(MOST_DAYS.days())).saturating_add(1.day());
    while day <= end {
        all.push(day.to_string());
        day = day.saturating_add(1.day());
    }
    all.join(",")
}

/// Who answers questions about times: the record as it stands, or the writer.
trait Ask {
    fn ask<T>(&self, query: &Query, pick: fn(&Value) -> Option<T>) -> Result<Vec<T>, RecordError>;
}

impl Ask for Records {
    fn ask<T>(&self, query: &Query, pick: fn(&Value) -> Option<T>) -> Result<Vec<T>, RecordError> {
        self.glimpse(query, pick)
    }
}

impl Ask for Inside<'_, '_, '_> {
    fn ask<T>(&self, query: &Query, pick: fn(&Value) -> Option<T>) -> Result<Vec<T>, RecordError> {
        self.glimpse(query, pick)
    }
}

/// What is blocked, as far as it was asked for: whoever looks at many days meets the same times at each.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// By the stretch of [`AT_ONCE`] seconds in which they begin, counted from 1970.
    stretches: BTreeMap<i64, Vec<Block>>,
    calendars: Option<BTreeMap<String, Vec<String>>>,
}

impl Blocks {
    /// Those that go on at some time from one moment to another, whenever they began: the id of each Slot, and whom it takes when.
    fn between(
        &mut self,
        asked: &impl Ask,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<(String, Taken)>, RecordError> {
        let calendars = match &mut self.calendars {
            Some(known) => known,
            unknown => {
                let all = asked.ask(&strict(ResourceType::Schedule, "")?, schedule)?;
                unknown.insert(all.into_iter().collect())
            }
        };
        let first = (from.as_second() - i64::from(LONGEST_BLOCK) * 86_400).div_euclid(AT_ONCE).max(0);
        let mut found = Vec::new();
        for stretch in first..=to.as_second().div_euclid(AT_ONCE) {
            let blocks = match self.stretches.entry(stretch) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(asked.ask(&beginning_in(stretch)?, block)?),
            };
            let going_on = blocks.iter().filter(|block| block.start < to && from < block.end);
            found.extend(going_on.map(|block| {
                let who = calendars.get(&block.schedule).cloned().unwrap_or_default();
                let taken = Taken { who, start: block.start, end: block.end, id: String::new(), offered: None };
                (block.id.clone(), taken)
            }));
        }
        Ok(found)
    }
}

fn beginning_in(stretch: i64) -> Result<Query, RecordError> {
    let moment = |stretch: i64| Timestamp::from_second(stretch.saturating_mul(AT_ONCE)).unwrap_or(Timestamp::MAX);
    let (from, to) = (moment(stretch), moment(stretch.saturating_add(1)));
    strict(ResourceType::Slot, &format!("start=ge{from}&start=lt{to}&status=busy-unavailable"))
}

/// The same with the persons behind all roles.
fn of_persons(asked: &impl Ask, all: Vec<Taken>) -> Result<Vec<Taken>, RecordError> {
    let mut roles = Roles::default();
    roles.meet(&all, |query| asked.ask(query, role))?;
    Ok(all.into_iter().map(|one| roles.persons(one)).collect())
}

/// What is blocked at some time from one moment to another, whenever it began: the id of each Slot, and whom it takes when. The
/// calendar, the list of what is blocked and what patients are offered all go by this.
pub fn blocked(records: &Records, from: Timestamp, to: Timestamp) -> Result<Vec<(String, Taken)>, RecordError> {
    let all = Blocks::default().between(records, (from, to))?;
    let (slots, taken): (Vec<String>, Vec<Taken>) = all.into_iter().unzip();
    let mut all: Vec<(String, Taken)> = slots.into_iter().zip(of_persons(records, taken)?).collect();
    all.sort_by_key(|(_, taken)| taken.start);
    Ok(all)
}

fn visits(
    asked: &impl Ask,
    (first, last): (Date, Date),
    pick: fn(&Value) -> Option<Taken>,
) -> Result<Vec<Taken>, RecordError> {
    let text = format!("date={}&status={TAKES_TIME}", days(first, last));
    asked.ask(&strict(ResourceType::Appointment, &text)?, pick)
}

fn not_free(
    asked: &impl Ask,
    blocks: &mut Blocks,
    (first, last): (Date, Date),
    pick: fn(&Value) -> Option<Taken>,
) -> Result<Vec<Taken>, RecordError> {
    let midnight = |day: Date| day.to_zoned(TimeZone::UTC).map(|at| at.timestamp());
    let from = midnight(first.saturating_sub(1.day())).unwrap_or(Timestamp::MIN);
    let to = midnight(last.saturating_add(2.days())).unwrap_or(Timestamp::MAX);
    let mut taken = visits(asked, (first, last), pick)?;
    taken.extend(blocks.between(asked, (from, to))?.into_iter().map(|(_, taken)| taken));
    of_persons(asked, taken)
}

/// When whom of the staff is not free, on days of the clinic. Times alone: it is the same for everybody who asks.
pub fn busy(records: &Records, first: Date, last: Date) -> Result<Vec<Taken>, RecordError> {
    busy_beside(records, &mut Blocks::default(), first, last)
}

/// The same for who asks again and again.
pub(super) fn busy_beside(
    records: &Records,
    blocks: &mut Blocks,
    first: Date,
    last: Date,
) -> Result<Vec<Taken>, RecordError> {
    not_free(records, blocks, (first, last), of_staff)
}

/// The same inside the writer, with everybody who takes part.
pub(super) fn inside(
    writer: &Inside<'_, '_, '_>,
    blocks: &mut Blocks,
    first: Date,
    last: Date,
) -> Result<Vec<Taken>, RecordError> {
    not_free(writer, blocks, (first, last), of_all)
}

/// The visits alone.
pub(super) fn visits_inside(writer: &Inside<'_, '_, '_>, first: Date, last: Date) -> Result<Vec<Taken>, RecordError> {
    of_persons(writer, visits(writer, (first, last), of_all)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_appointment_takes_its_time_unless_it_was_called_off() {
        let one = |status: &str| {
            json!({"id": "a", "status": status, "start": "2026-03-03T09:00:00Z", "minutesDuration": 20,
                "meta": {"lastUpdated": "2026-03-01T09:00:00Z"},
                "participant": [{"actor": {"reference": "Patient/p"}}, {"actor": {"reference": "Practitioner/d"}}]})
        };
        for (status, takes) in [
            ("booked", true),
            ("arrived", true),
            ("pending", true),
            ("proposed", false),
            ("cancelled", false),
            ("noshow", false),
        ] {
            assert_eq!(of_all(&one(status)).is_some(), takes, "{status}");
        }
        let taken = of_staff(&one("booked")).unwrap();
        assert_eq!((taken.who, taken.id.as_str()), (vec!["Practitioner/d".to_owned()], ""));
        assert_eq!(taken.end, "2026-03-03T09:20:00Z".parse().unwrap());
    }

    #[test]
    fn an_offer_holds_its_time_for_so_many_hours() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let offer = Taken {
            who: vec![],
            start: at("2026-03-05T09:00:00Z"),
            end: at("2026-03-05T09:20:00Z"),
            id: String::new(),
            offered: Some(at("2026-03-01T09:00:00Z")),
        };
        assert!(offer.holds(at("2026-03-02T08:59:59Z"), 24) && !offer.holds(at("2026-03-02T09:00:00Z"), 24));
        let late = Taken { offered: Some(at("2026-03-05T08:00:00Z")), ..offer.clone() };
        assert!(late.holds(at("2026-03-05T08:59:59Z"), 24) && !late.holds(at("2026-03-05T09:00:00Z"), 24));
        assert!(Taken { offered: None, ..offer }.holds(at("2030-01-01T00:00:00Z"), 24));
    }
}
