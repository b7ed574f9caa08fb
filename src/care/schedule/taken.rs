//! Which hours are taken, as times alone.

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
/// So many days of blocked times are looked for at once: a block that comes every day makes a year of them many.
const BLOCKS_AT_ONCE: i32 = 61;

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

struct Questions {
    appointments: Query,
    blocks: BlockQuestions,
}

/// Of what is blocked at some time from one moment to another, whenever it began.
struct BlockQuestions {
    slots: Vec<Query>,
    schedules: Query,
    from: Timestamp,
    to: Timestamp,
}

impl BlockQuestions {
    fn of(from: Timestamp, to: Timestamp) -> Result<Self, RecordError> {
        let days = |days: i32| (i64::from(days) * 24).hours();
        let mut slots = Vec::new();
        let mut at = from.checked_sub(days(LONGEST_BLOCK)).unwrap_or_default().max(Timestamp::UNIX_EPOCH);
        while at < to {
            let next = at.checked_add(days(BLOCKS_AT_ONCE)).unwrap_or(to).min(to);
            let text = format!("start=ge{at}&start=lt{next}&status=busy-unavailable");
            slots.push(strict(ResourceType::Slot, &text)?);
            at = next;
        }
        Ok(Self { slots, schedules: strict(ResourceType::Schedule, "")?, from, to })
    }

    /// Those that go on then, each with the id of its Slot.
    fn answered(&self, blocks: Vec<Block>, schedules: &[(String, Vec<String>)]) -> Vec<(String, Taken)> {
        let goes_on = |block: &Block| block.start < self.to && self.from < block.end;
        let of = |block: Block| {
            let who = schedules.iter().find(|(id, _)| *id == block.schedule).map(|(_, who)| who.clone());
            let who = who.unwrap_or_default();
            (block.id, Taken { who, start: block.start, end: block.end, id: String::new(), offered: None })
        };
        blocks.into_iter().filter(goes_on).map(of).collect()
    }
}

impl Questions {
    fn of(first: Date, last: Date) -> Result<Self, RecordError> {
        let midnight = |day: Date| day.to_zoned(TimeZone::UTC).map(|at| at.timestamp());
        let from = midnight(first.saturating_sub(1.day())).unwrap_or(Timestamp::MIN);
        let to = midnight(last.saturating_add(2.days())).unwrap_or(Timestamp::MAX);
        let days = days(first, last);
        Ok(Self {
            appointments: strict(ResourceType::Appointment, &format!("date={days}&status={TAKES_TIME}"))?,
            blocks: BlockQuestions::of(from, to)?,
        })
    }
}

/// The same with the persons behind all roles.
fn of_persons(
    all: Vec<Taken>,
    ask: impl Fn(&Query) -> Result<Vec<(String, String)>, RecordError>,
) -> Result<Vec<Taken>, RecordError> {
    let mut roles = Roles::default();
    roles.meet(&all, ask)?;
    Ok(all.into_iter().map(|one| roles.persons(one)).collect())
}

/// What is blocked at some time from one moment to another, whenever it began: the id of each Slot, and whom it takes when. The
/// calendar, the list of what is blocked and what patients are offered all ask here.
pub fn blocked(records: &Records, from: Timestamp, to: Timestamp) -> Result<Vec<(String, Taken)>, RecordError> {
    let (slots, taken): (Vec<String>, Vec<Taken>) =
        blocks_of(records, &BlockQuestions::of(from, to)?)?.into_iter().unzip();
    let persons = of_persons(taken, |query| records.glimpse(query, role))?;
    let mut all: Vec<(String, Taken)> = slots.into_iter().zip(persons).collect();
    all.sort_by_key(|(_, taken)| taken.start);
    Ok(all)
}

fn blocks_of(records: &Records, asked: &BlockQuestions) -> Result<Vec<(String, Taken)>, RecordError> {
    let mut blocks = Vec::new();
    for slots in &asked.slots {
        blocks.extend(records.glimpse(slots, block)?);
    }
    Ok(asked.answered(blocks, &records.glimpse(&asked.schedules, schedule)?))
}

/// When whom of the staff is not free, on days of the clinic. Times alone: it is the same for everybody who asks.
pub fn busy(records: &Records, first: Date, last: Date) -> Result<Vec<Taken>, RecordError> {
    let asked = Questions::of(first, last)?;
    let mut taken = records.glimpse(&asked.appointments, of_staff)?;
    taken.extend(blocks_of(records, &asked.blocks)?.into_iter().map(|(_, taken)| taken));
    of_persons(taken, |query| records.glimpse(query, role))
}

/// The same inside the writer, with everybody who takes part.
pub(super) fn inside(writer: &Inside<'_, '_, '_>, first: Date, last: Date) -> Result<Vec<Taken>, RecordError> {
    let asked = Questions::of(first, last)?;
    let mut taken = writer.glimpse(&asked.appointments, of_all)?;
    let mut blocks = Vec::new();
    for slots in &asked.blocks.slots {
        blocks.extend(writer.glimpse(slots, block)?);
    }
    let blocks = asked.blocks.answered(blocks, &writer.glimpse(&asked.blocks.schedules, schedule)?);
    taken.extend(blocks.into_iter().map(|(_, taken)| taken));
    of_persons(taken, |query| writer.glimpse(query, role))
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
