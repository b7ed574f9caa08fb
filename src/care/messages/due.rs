//! Until when an answer is expected.

use jiff::ToSpan;
use jiff::tz::TimeZone;

use crate::base::Timestamp;
use crate::care::clinic::Clinic;

/// The longest that one looks for days on which the clinic is open.
const LONGEST: i32 = 400;

/// The end of the working day that lies so many working days after `sent`: days on which the clinic has hours and no holiday.
/// A clinic without hours has none; then the days of the calendar count.
pub fn due(clinic: &Clinic, zone: &TimeZone, sent: Timestamp, days: u16) -> Timestamp {
    let begun = sent.to_zoned(zone.clone()).date();
    let works = |day: jiff::civil::Date| {
        clinic.house.hours.0.is_empty()
            || (clinic.house.hours.of_day(day).next().is_some() && clinic.holiday(day).is_none())
    };
    let (mut day, mut left) = (begun, days);
    for _ in 0..LONGEST {
        if left == 0 && works(day) {
            break;
        }
        day = day.saturating_add(1.day());
        if works(day) {
            left = left.saturating_sub(1);
        }
    }
    let end = clinic.house.hours.of_day(day).map(|span| span.to).max();
    let end = day.to_datetime(end.unwrap_or(jiff::civil::Time::constant(23, 59, 0, 0)));
    end.to_zoned(zone.clone()).map_or(sent, |end| end.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::clinic::of_resources;
    use serde_json::json;

    #[test]
    fn only_days_on_which_the_clinic_works_count() {
        let house = json!({"resourceType": "HealthcareService", "id": "h",
            "category": [{"coding": [{"system": crate::care::clinic::SERVICE, "code": "clinic"}]}],
            "availableTime": [{"daysOfWeek": ["mon", "tue", "wed", "thu", "fri"],
                "availableStartTime": "09:00:00", "availableEndTime": "17:00:00"}],
            "notAvailable": [{"description": "Holiday", "during": {"start": "2026-03-09", "end": "2026-03-09"}}]});
        let clinic = of_resources(&[house], &[]);
        let zone = TimeZone::get("Europe/Lisbon").unwrap();
        let due = |sent: &str, days| due(&clinic, &zone, sent.parse().unwrap(), days).to_string();
        assert_eq!(due("2026-03-03T10:00:00Z", 0), "2026-03-03T17:00:00Z");
        assert_eq!(due("2026-03-03T10:00:00Z", 2), "2026-03-05T17:00:00Z");
        assert_eq!(due("2026-03-06T10:00:00Z", 1), "2026-03-10T17:00:00Z", "a weekend and a holiday lie between");
        assert_eq!(due("2026-03-07T10:00:00Z", 0), "2026-03-10T17:00:00Z", "written on a Saturday");
        // The clocks go forward on the 29th: five in the afternoon is an hour earlier by UTC.
        assert_eq!(due("2026-03-27T10:00:00Z", 1), "2026-03-30T16:00:00Z");
    }
}
