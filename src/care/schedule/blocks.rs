//! Blocked times: stretches of somebody's calendar in which no visit is booked. Each is a `Slot` that is
//! `busy-unavailable`; those of one series share an identifier.

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::clock::{gap_at, moment};
use super::taken;
use crate::base::{FhirId, Timestamp};
use crate::care::clinic::Clinician;
use crate::care::workflow::{Doing, Done, Refused, carry_out, told};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Condition, RecordError};

/// The system of the identifier that the blocks of one series share.
pub const SERIES: &str = "urn:chartbox:block-series";
/// The most blocks of one series.
pub const MOST_BLOCKS: usize = 60;

/// How often a block comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeat {
    #[default]
    Once,
    /// Monday to Friday.
    Workdays,
    Weekly,
    EveryOtherWeek,
}

impl Repeat {
    pub const ALL: [Self; 4] = [Self::Once, Self::Workdays, Self::Weekly, Self::EveryOtherWeek];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Workdays => "workdays",
            Self::Weekly => "weekly",
            Self::EveryOtherWeek => "every-other-week",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    fn step(self) -> Option<i32> {
        match self {
            Self::Once => None,
            Self::Workdays => Some(1),
            Self::Weekly => Some(7),
            Self::EveryOtherWeek => Some(14),
        }
    }
}

/// One end of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    From,
    To,
}

/// What is to be blocked, on the clinic's clock.
#[derive(Debug, Clone)]
pub struct Block {
    pub what: String,
    pub first: Date,
    pub from: Time,
    pub to: Time,
    pub repeat: Repeat,
    /// The last day on which it comes.
    pub until: Date,
}

impl Block {
    /// The days on which it comes; one more than [`MOST_BLOCKS`] where there are too many.
    pub fn days(&self) -> Vec<Date> {
        let Some(step) = self.repeat.step() else { return vec![self.first] };
        let (mut days, mut day) = (Vec::new(), self.first);
        while day <= self.until && days.len() <= MOST_BLOCKS {
            let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            if self.repeat != Repeat::Workdays || !weekend {
                days.push(day);
            }
            let Ok(next) = day.checked_add(step.days()) else { break };
            day = next;
        }
        days
    }

    /// Which of its ends no clock shows on its first day: clocks go forward over it in that night.
    pub fn in_a_gap(&self, zone: &TimeZone) -> Option<End> {
        let at = |time: Time| self.first.to_datetime(time);
        if gap_at(at(self.from), zone).is_some() {
            return Some(End::From);
        }
        // Until the moment at which they go forward is no other time.
        let moved = |gap: &Timestamp| zone.to_timestamp(at(self.to)).ok() != Some(*gap);
        gap_at(at(self.to), zone).filter(moved).map(|_| End::To)
    }

    /// The same as moments. Of what comes again and again, what a night does not have is left out, and nothing is moved.
    pub fn stretches(&self, zone: &TimeZone) -> Vec<(Timestamp, Timestamp)> {
        let moment = |day: Date, time: Time| moment(day.to_datetime(time), zone);
        let all = self.days().into_iter().filter_map(|day| Some((moment(day, self.from)?, moment(day, self.to)?)));
        all.filter(|(start, end)| start < end).collect()
    }
}

/// Why nothing was blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Visits are booked in it; they would stay.
    #[error("{0} visits are booked in this time")]
    Visits(usize),
}

/// Whether visits that are booked in the time are known of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// There must be none.
    NoVisits,
    /// They stay.
    TheVisitsThereAre,
}

/// Blocks these stretches of somebody's calendar. `calendar` is their Schedule, if they have one.
pub async fn block(
    doing: Doing<'_>,
    with: &Clinician,
    calendar: Option<FhirId>,
    what: &str,
    stretches: Vec<(Timestamp, Timestamp)>,
    beside: Beside,
) -> Result<Done<()>, Refused<BlockError>> {
    let mut changes = Vec::new();
    let ambient = doing.records.audit().ambient().clone();
    let calendar = match calendar {
        Some(id) => id,
        None => {
            let id = FhirId::new(&ambient);
            let actor = json!([{"reference": with.person.as_str(), "display": with.name}]);
            let schedule = json!({"resourceType": "Schedule", "active": true, "actor": actor});
            changes.push(Change::create_as(ResourceType::Schedule, id.clone(), schedule, Mode::Strict)?);
            id
        }
    };
    let series = FhirId::new(&ambient).to_string();
    for (start, end) in &stretches {
        let slot = slot(&calendar, what, &series, (*start, *end));
        changes.push(Change::create(ResourceType::Slot, slot, Mode::Strict)?);
    }
    let who = with.person.to_string();
    carry_out(doing, changes, move |inside| {
        if beside == Beside::TheVisitsThereAre {
            return Ok(());
        }
        let mut visits = 0;
        for (start, end) in stretches {
            let day = |moment: Timestamp| moment.to_zoned(TimeZone::UTC).date();
            let all = taken::visits_inside(inside, day(start), day(end))?;
            visits += all.iter().filter(|one| one.meets(&who, start, end)).count();
        }
        if visits == 0 { Ok(()) } else { told(BlockError::Visits(visits)) }
    })
    .await
}

/// One block, as it is stored.
pub fn slot(calendar: &FhirId, what: &str, series: &str, (start, end): (Timestamp, Timestamp)) -> Value {
    json!({
        "resourceType": "Slot",
        "identifier": [{"system": SERIES, "value": series}],
        "serviceType": [{"text": what}],
        "schedule": {"reference": format!("Schedule/{calendar}")},
        "status": "busy-unavailable",
        "start": start.to_string(),
        "end": end.to_string(),
    })
}

/// Takes blocks away: ids and the versions that were seen.
pub async fn unblock(
    doing: Doing<'_>,
    blocks: Vec<(FhirId, u32)>,
) -> Result<Done<()>, Refused<crate::care::workflow::Never>> {
    let gone = |(id, version)| Change::delete(ResourceType::Slot, id, Condition::Version(version));
    let changes: Vec<Change> = blocks.into_iter().map(gone).collect();
    if changes.is_empty() {
        return Err(RecordError::NotFound.into());
    }
    carry_out(doing, changes, |_| Ok(())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(repeat: Repeat, first: &str, until: &str) -> Block {
        let time = |hour| Time::constant(hour, 30, 0, 0);
        let (first, until) = (first.parse().unwrap(), until.parse().unwrap());
        Block { what: "Home visits".into(), first, from: time(1), to: time(2), repeat, until }
    }

    #[test]
    fn a_block_comes_as_often_as_it_says_and_never_without_end() {
        let days =
            |repeat, until| block(repeat, "2026-03-05", until).days().iter().map(Date::to_string).collect::<Vec<_>>();
        assert_eq!(days(Repeat::Once, "2026-03-31"), ["2026-03-05"]);
        assert_eq!(days(Repeat::Workdays, "2026-03-10"), ["2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10"]);
        assert_eq!(days(Repeat::Weekly, "2026-03-19"), ["2026-03-05", "2026-03-12", "2026-03-19"]);
        assert_eq!(days(Repeat::EveryOtherWeek, "2026-03-19"), ["2026-03-05", "2026-03-19"]);
        assert_eq!(days(Repeat::Weekly, "2099-01-01").len(), MOST_BLOCKS + 1);
        assert!(days(Repeat::Weekly, "2026-03-01").is_empty());
    }

    #[test]
    fn a_block_in_the_night_when_the_clocks_change_is_a_stretch_that_there_is() {
        let zone = TimeZone::get("Europe/London").unwrap();
        // In London 01:00 to 02:00 is not there on 29 March 2026, and is there twice on 25 October.
        let spring = block(Repeat::Once, "2026-03-29", "2026-03-29").stretches(&zone);
        assert_eq!(spring.len(), 1);
        let (start, end) = (spring[0].0.to_string(), spring[0].1.to_string());
        assert_eq!(
            (start.as_str(), end.as_str()),
            ("2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"),
            "nothing is moved"
        );
        let autumn = block(Repeat::Once, "2026-10-25", "2026-10-25").stretches(&zone);
        assert_eq!(autumn.len(), 1);
        assert_eq!(autumn[0].0.to_string(), "2026-10-25T00:30:00Z");
        assert_eq!(autumn[0].1.to_string(), "2026-10-25T02:30:00Z");
    }

    #[test]
    fn a_time_that_a_night_does_not_have_is_found_and_of_a_series_left_out() {
        let zone = TimeZone::get("Europe/London").unwrap();
        let block = |from: &str, to: &str| Block {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            ..block(Repeat::Once, "2026-03-29", "2026-03-29")
        };
        let ends = |from, to| block(from, to).in_a_gap(&zone);
        assert_eq!((ends("01:00", "01:30"), ends("00:30", "01:30")), (Some(End::From), Some(End::To)));
        assert_eq!((ends("00:30", "01:00"), ends("00:30", "02:00"), ends("02:00", "03:00")), (None, None, None));
        let spans = |from, to| {
            let all = block(from, to).stretches(&zone).into_iter();
            all.map(|(start, end)| format!("{start} {end}")).collect::<Vec<_>>()
        };
        assert!(spans("01:00", "01:30").is_empty() && spans("01:15", "01:45").is_empty());
        assert_eq!(spans("00:30", "01:30"), ["2026-03-29T00:30:00Z 2026-03-29T01:00:00Z"]);
        assert_eq!(spans("01:30", "02:15"), ["2026-03-29T01:00:00Z 2026-03-29T01:15:00Z"]);
    }

    #[test]
    fn a_block_fits_fhir() {
        let times = ("2026-03-05T09:00:00Z".parse().unwrap(), "2026-03-05T10:00:00Z".parse().unwrap());
        let slot = slot(&FhirId::parse("s1").unwrap(), "Home visits", "x", times);
        let issues = crate::fhir::validate(&slot, crate::fhir::Definitions::r4(), Mode::Strict);
        assert!(!issues.iter().any(crate::fhir::Issue::is_error), "{issues:?}");
    }
}
