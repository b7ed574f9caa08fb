//! How long something lasts or lies back.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, Unit, Zoned};

use super::When;
use crate::http::ui::text::t;

/// An age as it is said in a clinic: days up to four weeks, weeks up to three months, months up to two years, then years.
/// Of a year or a month of birth both ages that it can be: "64 or 65 years". Nothing when the birth date is not known to the
/// day and the person may be younger than two, or lies in the future.
pub fn age(born: &When, on: Date) -> Option<String> {
    let born_day = born.day();
    let whole = |unit: Unit| born_day.until((unit, on)).ok();
    let years = whole(Unit::Year)?.get_years();
    if !matches!(born, When::Day(_) | When::Time(_)) {
        let least = born.last_day().until((Unit::Year, on)).ok()?.get_years();
        return match least {
            ..2 => None,
            least if least == years => Some(t("age-years").with("n", years).to_string()),
            least => Some(t("age-years-either").with("low", least).with("high", years).to_string()),
        };
    }
    if years >= 2 {
        return Some(t("age-years").with("n", years).to_string());
    }
    if born_day > on {
        return None;
    }
    let days = whole(Unit::Day)?.get_days();
    let months = whole(Unit::Month)?.get_months();
    Some(match (days, months) {
        (..28, _) => t("age-days").with("n", days).to_string(),
        (_, ..3) => t("age-weeks").with("n", days / 7).to_string(),
        _ => t("age-months").with("n", months).to_string(),
    })
}

/// How long ago, for a person who wonders whether it still runs: "just now", "5 minutes ago", "3 hours ago", "9 days ago".
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second());
    match seconds {
        ..60 => t("ago-now").to_string(),
        60..3_600 => t("ago-minutes").with("n", seconds / 60).to_string(),
        3_600..86_400 => t("ago-hours").with("n", seconds / 3_600).to_string(),
        _ => t("ago-days").with("n", seconds / 86_400).to_string(),
    }
}

/// The start of the clinic's day that holds `now`, and of the next.
pub fn day_bounds(now: &Zoned) -> Option<(Timestamp, Timestamp)> {
    let start = now.start_of_day().ok()?;
    let end = start.checked_add(1.day()).ok()?;
    Some((start.timestamp(), end.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn zone() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(1))
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn an_age_is_said_in_the_unit_that_fits() {
        let on = day("2026-03-03");
        let age_of = |born: &str| age(&When::parse(born, &zone()).unwrap(), on);
        assert_eq!(age_of("1967-05-09").as_deref(), Some("58 years"));
        assert_eq!(age_of("1967-03-03").as_deref(), Some("59 years"));
        assert_eq!(age_of("2026-03-02").as_deref(), Some("1 day"));
        assert_eq!(age_of("2026-03-03").as_deref(), Some("0 days"));
        assert_eq!(age_of("2026-01-20").as_deref(), Some("6 weeks"));
        assert_eq!(age_of("2024-12-20").as_deref(), Some("14 months"));
        assert_eq!(age_of("1967").as_deref(), Some("58 or 59 years"));
        assert_eq!(age_of("1967-03").as_deref(), Some("58 or 59 years"));
        assert_eq!(age_of("1967-02").as_deref(), Some("59 years"));
        assert_eq!(age_of("1967-04").as_deref(), Some("58 years"));
        assert_eq!(age_of("2024"), None, "one year or two");
        assert_eq!(age_of("2025"), None);
        assert_eq!(age_of("2027-01-01"), None);
    }

    #[test]
    fn what_happened_long_ago_is_said_in_days() {
        let now: Timestamp = "2026-03-03T09:38:00Z".parse().unwrap();
        let before = |seconds: i64| ago(Timestamp::from_second(now.as_second() - seconds).unwrap(), now);
        assert_eq!(before(5), "just now");
        assert_eq!(before(60), "1 minute ago");
        assert_eq!(before(7_300), "2 hours ago");
        assert_eq!(before(9 * 86_400), "9 days ago");
    }

    #[test]
    fn a_day_has_bounds_also_when_the_clocks_change() {
        let spring: Zoned = "2026-03-29T12:00[Europe/London]".parse().unwrap();
        let (start, end) = day_bounds(&spring).unwrap();
        assert_eq!(end.as_second() - start.as_second(), 23 * 3_600);
    }
}
