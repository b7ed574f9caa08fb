//! Which hours are free. Pure: hours, days off, what is taken, and the clinic's time zone.

use jiff::ToSpan;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::taken::Taken;
use crate::base::Timestamp;
use crate::care::clinic::{Clinic, Clinician, Hours};

/// Visits begin every so many minutes, or as often as a shorter visit lasts.
const STEP: u16 = 20;

/// What free hours are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Slots<'a> {
    pub clinic: &'a Clinic,
    pub with: &'a Clinician,
    pub minutes: u16,
    pub zone: &'a TimeZone,
    pub taken: &'a [Taken],
    pub now: Timestamp,
}

/// When a visit could begin on a day, earliest first.
///
/// Times are walked as moments, not as readings of the clock: where the clocks change, an hour that there is not is never
/// offered, and one that there is twice is two.
pub fn free(asked: Slots<'_>, day: Date) -> Vec<Timestamp> {
    let Slots { clinic, with, minutes, zone, taken, now } = asked;
    if clinic.holiday(day).is_some() || with.away.iter().any(|away| away.covers(day)) {
        return Vec::new();
    }
    let who = with.person.as_str();
    let length = i64::from(minutes).minutes();
    let step = i64::from(minutes.clamp(1, STEP)).minutes();
    let mut found = Vec::new();
    for (from, to) in both(&with.hours, &clinic.house.hours, day) {
        let moment = |time: Time| day.to_datetime(time).to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp());
        let (Some(mut at), Some(close)) = (moment(from), moment(to)) else { continue };
        while let Ok(end) = at.checked_add(length) {
            if end > close {
                break;
            }
            let hold = clinic.house.hold_hours;
            if at > now && !taken.iter().any(|one| one.meets(who, at, end) && one.holds(now, hold)) {
                found.push(at);
            }
            let Ok(next) = at.checked_add(step) else { break };
            at = next;
        }
    }
    found
}

/// Whether somebody works, and the clinic is open, for all of a visit.
pub fn is_open(clinic: &Clinic, with: &Clinician, zone: &TimeZone, start: Timestamp, end: Timestamp) -> bool {
    let day = start.to_zoned(zone.clone()).date();
    if clinic.holiday(day).is_some() || with.away.iter().any(|away| away.covers(day)) {
        return false;
    }
    let moment = |time: Time| day.to_datetime(time).to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp());
    let holds = |(from, to): (Time, Time)| {
        moment(from).is_some_and(|from| from <= start) && moment(to).is_some_and(|to| end <= to)
    };
    both(&with.hours, &clinic.house.hours, day).into_iter().any(holds)
}

/// The stretches of a day in which somebody works and the clinic is open.
fn both(one: &Hours, other: &Hours, day: Date) -> Vec<(Time, Time)> {
    let mut all = Vec::new();
    for a in one.of_day(day) {
        for b in other.of_day(day) {
            let (from, to) = (a.from.max(b.from), a.to.min(b.to));
            if from < to {
                all.push((from, to));
            }
        }
    }
    // Who works in two roles at once works once: hours that overlap are one stretch.
    all.sort_unstable();
    let mut whole: Vec<(Time, Time)> = Vec::new();
    for (from, to) in all {
        match whole.last_mut() {
            Some((_, end)) if from < *end => *end = to.max(*end),
            _ => whole.push((from, to)),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::clinic::of_resources;
    use serde_json::json;

    fn clinic(from: &str, to: &str, day: &str) -> Clinic {
        let hours = json!([{"daysOfWeek": [day], "availableStartTime": from, "availableEndTime": to}]);
        let category = json!([{"coding": [{"system": "urn:chartbox:service", "code": "clinic"}]}]);
        let house = json!({"id": "c", "category": category, "name": "C", "availableTime": hours,
            "notAvailable": [{"description": "Closed", "during": {"start": "2026-03-10", "end": "2026-03-10"}}]});
        let role = json!({"id": "r", "practitioner": {"reference": "Practitioner/d", "display": "Dr D"}, "availableTime": hours});
        of_resources(&[house], &[role])
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn free_on(clinic: &Clinic, day: &str, minutes: u16, taken: &[Taken], now: &str) -> Vec<String> {
        let zone = TimeZone::get("Europe/London").unwrap();
        let asked = Slots { clinic, with: &clinic.clinicians[0], minutes, zone: &zone, taken, now: at(now) };
        free(asked, day.parse().unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_visit_is_within_the_hours_of_a_day_on_which_the_clinic_is_open() {
        let clinic = clinic("09:00:00", "10:00:00", "tue");
        let zone = TimeZone::get("Europe/London").unwrap();
        let open = |start: &str, end: &str| is_open(&clinic, &clinic.clinicians[0], &zone, at(start), at(end));
        assert!(open("2026-03-03T09:05:00Z", "2026-03-03T09:25:00Z"), "at any minute of them");
        assert!(open("2026-03-03T09:40:00Z", "2026-03-03T10:00:00Z"));
        assert!(!open("2026-03-03T09:50:00Z", "2026-03-03T10:10:00Z"), "it would end after hours");
        assert!(!open("2026-03-03T08:50:00Z", "2026-03-03T09:10:00Z"));
        assert!(!open("2026-03-04T09:00:00Z", "2026-03-04T09:20:00Z"), "nobody works on a Wednesday");
        assert!(!open("2026-03-10T09:00:00Z", "2026-03-10T09:20:00Z"), "closed for the day");
    }

    #[test]
    fn free_is_what_is_open_and_not_taken_and_still_to_come() {
        let clinic = clinic("09:00:00", "10:00:00", "tue");
        let all = free_on(&clinic, "2026-03-03", 20, &[], "2026-03-01T00:00:00Z");
        assert_eq!(all, ["2026-03-03T09:00:00Z", "2026-03-03T09:20:00Z", "2026-03-03T09:40:00Z"]);
        let taken = Taken {
            who: vec!["Practitioner/d".into()],
            start: at("2026-03-03T09:10:00Z"),
            end: at("2026-03-03T09:30:00Z"),
            id: String::new(),
            offered: None,
        };
        assert_eq!(
            free_on(&clinic, "2026-03-03", 20, std::slice::from_ref(&taken), "2026-03-01T00:00:00Z"),
            ["2026-03-03T09:40:00Z"]
        );
        assert!(free_on(&clinic, "2026-03-03", 60, std::slice::from_ref(&taken), "2026-03-01T00:00:00Z").is_empty());
        let other = Taken { who: vec!["Practitioner/e".into()], ..taken };
        assert_eq!(free_on(&clinic, "2026-03-03", 20, &[other], "2026-03-01T00:00:00Z").len(), 3);
        assert_eq!(free_on(&clinic, "2026-03-03", 20, &[], "2026-03-03T09:20:00Z"), ["2026-03-03T09:40:00Z"]);
        assert!(free_on(&clinic, "2026-03-04", 20, &[], "2026-03-01T00:00:00Z").is_empty(), "no hours on a Wednesday");
        assert!(free_on(&clinic, "2026-03-10", 20, &[], "2026-03-01T00:00:00Z").is_empty(), "a holiday");
    }

    #[test]
    fn the_hours_of_two_roles_that_overlap_are_offered_once() {
        let role = |id: &str, from: &str, to: &str| {
            json!({"id": id, "practitioner": {"reference": "Practitioner/d", "display": "Dr D"},
                "availableTime": [{"daysOfWeek": ["tue"], "availableStartTime": from, "availableEndTime": to}]})
        };
        let clinic = of_resources(&[], &[role("a", "09:00:00", "10:00:00"), role("b", "09:30:00", "10:40:00")]);
        let all = free_on(&clinic, "2026-03-03", 20, &[], "2026-03-01T00:00:00Z");
        let at = |clock: &&str| format!("2026-03-03T{clock}:00Z");
        assert_eq!(all, ["09:00", "09:20", "09:40", "10:00", "10:20"].iter().map(at).collect::<Vec<_>>());
        let beside = of_resources(&[], &[role("a", "09:00:00", "09:30:00"), role("b", "09:30:00", "10:10:00")]);
        let all = free_on(&beside, "2026-03-03", 20, &[], "2026-03-01T00:00:00Z");
        assert_eq!(all, ["09:00", "09:30", "09:50"].iter().map(at).collect::<Vec<_>>(), "one after the other");
    }

    #[test]
    fn the_night_when_the_clocks_change_has_the_hours_that_it_has() {
        // In London 01:00 to 02:00 is not there on 29 March 2026, and is there twice on 25 October.
        let night = clinic("00:00:00", "03:00:00", "sun");
        let spring = free_on(&night, "2026-03-29", 20, &[], "2026-03-01T00:00:00Z");
        assert_eq!((spring.len(), spring.last().unwrap().as_str()), (6, "2026-03-29T01:40:00Z"));
        let autumn = free_on(&night, "2026-10-25", 20, &[], "2026-03-01T00:00:00Z");
        assert_eq!((autumn.len(), autumn.first().unwrap().as_str()), (12, "2026-10-24T23:00:00Z"));
        let mut once = autumn.clone();
        once.dedup();
        assert_eq!(once, autumn, "each moment once");
    }

    #[test]
    fn half_past_two_is_offered_twice_in_autumn_and_never_in_spring() {
        // In Berlin 02:00 to 03:00 is there twice on 25 October 2026, and not at all on 29 March.
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let night = clinic("02:00:00", "04:00:00", "sun");
        let starts = |day: &str, taken: &[Taken]| {
            let now = at("2026-03-01T00:00:00Z");
            let asked = Slots { clinic: &night, with: &night.clinicians[0], minutes: 30, zone: &zone, taken, now };
            free(asked, day.parse().unwrap())
        };
        let read = |all: &[Timestamp]| {
            all.iter().map(|start| start.to_zoned(zone.clone()).strftime("%H:%M%:z").to_string()).collect::<Vec<_>>()
        };
        let autumn = starts("2026-10-25", &[]);
        let half = |all: &[Timestamp]| read(all).into_iter().filter(|text| text.starts_with("02:")).collect::<Vec<_>>();
        assert_eq!(
            half(&autumn),
            ["02:00+02:00", "02:20+02:00", "02:40+02:00", "02:00+01:00", "02:20+01:00", "02:40+01:00"]
        );
        assert!(half(&starts("2026-03-29", &[])).is_empty());
        // Who has the first has it, and the second is another hour.
        let first = autumn[1];
        let taken = Taken {
            who: vec!["Practitioner/d".into()],
            start: first,
            end: Timestamp::from_second(first.as_second() + 1_800).unwrap(),
            id: String::new(),
            offered: None,
        };
        let rest = starts("2026-10-25", std::slice::from_ref(&taken));
        assert!(!rest.contains(&first) && read(&rest).contains(&"02:20+01:00".to_owned()), "{rest:?}");
    }
}
