//! FHIR's dates and times, with the stretch of time that each can mean.

use jiff::civil;
use jiff::tz::Offset;

/// The first and the last millisecond that a date or time can mean, since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeRange {
    pub start: i64,
    pub end: i64,
}

/// Reads a `date`, `dateTime` or `instant` (datatypes.html#dateTime), and also a time to the minute, as search
/// values may have it. What has no zone is read as UTC. A leap second is the second before it.
pub fn parse_time(text: &str) -> Option<TimeRange> {
    if !text.is_ascii() {
        return None;
    }
    match text.split_once('T') {
        None => parse_date(text),
        Some((date, time)) => parse_date_time(date, time),
    }
}

fn parse_date(text: &str) -> Option<TimeRange> {
    let mut parts = text.split('-');
    let year: i16 = digits(parts.next()?, 4)?;
    let month: Option<i8> = parts.next().map_or(Some(None), |part| digits(part, 2).map(Some))?;
    let day: Option<i8> = parts.next().map_or(Some(None), |part| digits(part, 2).map(Some))?;
    if parts.next().is_some() {
        return None;
    }
    let start = civil::Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
    let last = match (month, day) {
        (None, _) => start.last_of_year(),
        (_, None) => start.last_of_month(),
        _ => start,
    };
    Some(TimeRange { start: millis(start, 0, Offset::UTC)?, end: millis(last, DAY - 1, Offset::UTC)? })
}

const DAY: i64 = 86_400_000;

fn parse_date_time(date: &str, text: &str) -> Option<TimeRange> {
    let [year, month, day] = split(date, '-')?;
    let date = civil::Date::new(digits(year, 4)?, digits(month, 2)?, digits(day, 2)?).ok()?;
    let (clock, offset) = match text.find(['Z', '+', '-']) {
        Some(at) => (text.get(..at)?, zone(text.get(at..)?)?),
        None => (text, Offset::UTC),
    };
    let mut parts = clock.splitn(3, ':');
    let hour: i64 = digits(parts.next()?, 2)?;
    let minute: i64 = digits(parts.next()?, 2)?;
    let (within, precision) = match parts.next() {
        None => (0, 60_000),
        Some(seconds) => second(seconds)?,
    };
    if hour > 23 || minute > 59 {
        return None;
    }
    let start = millis(date, (hour * 60 + minute) * 60_000 + within, offset)?;
    Some(TimeRange { start, end: start + precision - 1 })
}

/// Milliseconds into the minute, and how many of them the text can mean.
fn second(text: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let second: i64 = digits(whole, 2)?;
    if second > 60 {
        return None;
    }
    let second = second.min(59) * 1000;
    let Some(fraction) = fraction else { return Some((second, 1000)) };
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut within = 0;
    let mut unit = 1000;
    for digit in fraction.bytes().take(3) {
        unit /= 10;
        within += i64::from(digit - b'0') * unit;
    }
    Some((second + within, unit))
}

fn zone(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = split(text.get(1..)?, ':')?;
    let (hours, minutes): (i32, i32) = (digits(hours, 2)?, digits(minutes, 2)?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

fn millis(date: civil::Date, within: i64, offset: Offset) -> Option<i64> {
    let midnight = days(date).checked_mul(DAY)? - i64::from(offset.seconds()) * 1000;
    midnight.checked_add(within)
}

/// Days since 1970-01-01 in the Gregorian calendar, up to the last day of 9999, by which many say "without an end": a timestamp
/// of `jiff` ends the day before. Years are counted from March, so that the leap day is their last.
fn days(date: civil::Date) -> i64 {
    let month = i64::from(date.month());
    let year = i64::from(date.year()) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(date.day()) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn split<const N: usize>(text: &str, by: char) -> Option<[&str; N]> {
    let parts: Vec<&str> = text.split(by).collect();
    parts.try_into().ok()
}

fn digits<T: std::str::FromStr>(text: &str, count: usize) -> Option<T> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn precision_gives_the_range() {
        for (text, start, end) in [
            ("2024", "2024-01-01T00:00:00Z", "2024-12-31T23:59:59.999Z"),
            ("2024-02", "2024-02-01T00:00:00Z", "2024-02-29T23:59:59.999Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z", "2024-02-29T23:59:59.999Z"),
            ("2024-02-29T10:30", "2024-02-29T10:30:00Z", "2024-02-29T10:30:59.999Z"),
            ("2024-02-29T10:30+02:00", "2024-02-29T08:30:00Z", "2024-02-29T08:30:59.999Z"),
            ("2024-02-29T10:30:05Z", "2024-02-29T10:30:05Z", "2024-02-29T10:30:05.999Z"),
            ("2024-02-29T10:30:05.5-01:00", "2024-02-29T11:30:05.5Z", "2024-02-29T11:30:05.599Z"),
            ("2024-02-29T10:30:05.123456Z", "2024-02-29T10:30:05.123Z", "2024-02-29T10:30:05.123Z"),
        ] {
            assert_eq!(parse_time(text), Some(TimeRange { start: at(start), end: at(end) }), "{text}");
        }
        for bad in [
            "",
            "24",
            "2024-13",
            "2023-02-29",
            "2024-02-29T",
            "2024-02-29T25:00",
            "2024-1-1",
            "2024-02-29T10:30:5Z",
            "2024-02-29T10:30:05.Z",
            "2024-02-29T10:30+0200",
            "20240229",
            "2024-02-29 10:30",
            "２０２４",
        ] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_last_day_is_a_day() {
        let last = parse_time("9999-12-31").unwrap();
        assert_eq!((last.start, last.end), (253_402_214_400_000, 253_402_300_799_999));
        assert_eq!(parse_time("9999").unwrap().end, last.end);
        assert_eq!(parse_time("9999-12-31T23:59:59-14:00").unwrap().start, last.end - 999 + 14 * 3_600_000);
        assert_eq!(parse_time("0001-01-01").unwrap().start, at("0001-01-01T00:00:00Z"));
    }

    proptest! {
        #[test]
        fn days_are_counted_as_the_calendar_does(year in 1i16..9999, day in 1i16..=366) {
            let date = civil::date(year, 1, 1).with().day_of_year(day.min(civil::date(year, 1, 1).days_in_year())).build().unwrap();
            let at = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).unwrap();
            prop_assert_eq!(days(date) * DAY, at.as_millisecond());
        }

        #[test]
        fn any_text_is_a_time_or_not(text in "[-+0-9TZ:.]{0,40}") {
            if let Some(range) = parse_time(&text) {
                prop_assert!(range.start <= range.end);
            }
        }
    }
}
