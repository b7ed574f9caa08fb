//! Points in time, as exact as they are known.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::http::ui::text::t;

/// A point in time as exact as it is known, on the clinic's clock. FHIR's `date` and `dateTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Year(i16),
    Month(i16, i8),
    Day(Date),
    Time(DateTime),
    /// Nobody wrote it down. It may have been at any time: it stands before all that is dated.
    Unknown,
}

impl When {
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown)
    }

    /// The same without the time of day.
    #[must_use]
    pub fn without_time(self) -> Self {
        match self {
            Self::Time(time) => Self::Day(time.date()),
            other => other,
        }
    }

    pub fn at(time: Timestamp, zone: &TimeZone) -> Self {
        Self::Time(time.to_zoned(zone.clone()).datetime())
    }

    /// A FHIR `date`, `dateTime` or `instant` (R4, datatypes.html#dateTime); the time is put on the clinic's clock.
    pub fn parse(text: &str, zone: &TimeZone) -> Option<Self> {
        match text.len() {
            4 => text.parse().ok().map(Self::Year),
            7 => {
                let (year, month) = text.split_once('-')?;
                let month = month.parse().ok().filter(|month| (1..=12).contains(month))?;
                Some(Self::Month(year.parse().ok()?, month))
            }
            10 => text.parse().ok().map(Self::Day),
            _ => text.parse::<Timestamp>().ok().map(|time| Self::at(time, zone)),
        }
    }

    /// The first day that it can be: for sorting, and for a place on a chart's axis.
    pub fn day(&self) -> Date {
        match *self {
            Self::Year(year) => Date::new(year, 1, 1).unwrap_or(Date::ZERO),
            Self::Month(year, month) => Date::new(year, month, 1).unwrap_or(Date::ZERO),
            Self::Day(day) => day,
            Self::Time(time) => time.date(),
            Self::Unknown => Date::MIN,
        }
    }

    /// The last day that it can be.
    pub fn last_day(&self) -> Date {
        match *self {
            Self::Year(year) => Date::new(year, 12, 31).unwrap_or(Date::ZERO),
            Self::Month(..) => self.day().last_of_month(),
            Self::Unknown => Date::MAX,
            _ => self.day(),
        }
    }

    /// For sorting: the first moment that it can be.
    pub fn moment(&self) -> DateTime {
        match *self {
            Self::Time(time) => time,
            _ => self.day().to_datetime(jiff::civil::Time::midnight()),
        }
    }

    pub fn year(&self) -> i16 {
        self.day().year()
    }

    /// `2026-03-03T09:40`, for `<time datetime>`; empty where it is not known.
    pub fn iso(&self) -> String {
        match *self {
            Self::Year(year) => format!("{year:04}"),
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::Day(day) => day.to_string(),
            Self::Time(time) => time.strftime("%Y-%m-%dT%H:%M").to_string(),
            Self::Unknown => String::new(),
        }
    }

    /// 3 March 2026.
    pub fn long(&self) -> String {
        self.worded(Months::Long)
    }

    /// 3 Mar 2026.
    pub fn short(&self) -> String {
        self.worded(Months::Short)
    }

    /// 3 Mar, where the year is known from beside it; as [`Self::short`] when no day is known.
    pub fn in_its_year(&self) -> String {
        match self {
            Self::Day(_) | Self::Time(_) => {
                let month = month_short(self.day().month());
                t("date-day-month").with("day", self.day().day().to_string()).with("month", month).to_string()
            }
            _ => self.short(),
        }
    }

    /// 3 Mar 2026 09:40; the day alone when no time is known.
    pub fn short_time(&self) -> String {
        match self.clock() {
            Some(clock) => t("date-and-time").with("date", self.short()).with("time", clock).to_string(),
            None => self.short(),
        }
    }

    /// 3 Mar 09:40 in the year of `now`, else with its year: for long logs.
    pub fn log_time(&self, now: &Zoned) -> String {
        match self.clock() {
            Some(clock) if self.year() == now.year() => {
                t("date-and-time").with("date", self.in_its_year()).with("time", clock).to_string()
            }
            _ => self.short_time(),
        }
    }

    /// 3 March 2026, 09:40.
    pub fn long_time(&self) -> String {
        match self.clock() {
            Some(clock) => t("date-long-and-time").with("date", self.long()).with("time", clock).to_string(),
            None => self.long(),
        }
    }

    /// 09:40.
    pub fn clock(&self) -> Option<String> {
        match self {
            Self::Time(time) => Some(time.strftime("%H:%M").to_string()),
            _ => None,
        }
    }

    /// Today 09:40, Yesterday 18:04, or 3 Mar 2026. Stands alone; see [`Self::near_within`].
    pub fn near(&self, now: &Zoned) -> String {
        self.named(now, "date-today", "date-yesterday")
    }

    /// The same inside a sentence: today 09:40.
    pub fn near_within(&self, now: &Zoned) -> String {
        self.named(now, "date-today.within", "date-yesterday.within")
    }

    /// For what lies ahead: today 09:40, tomorrow 09:40, or Friday 6 March, 11:20.
    pub fn near_ahead(&self, now: &Zoned) -> String {
        let (date, clock) = (now.date(), self.clock());
        let word = match self {
            Self::Day(_) | Self::Time(_) if self.day() == date => Some("date-today"),
            Self::Day(_) | Self::Time(_) if date.tomorrow().is_ok_and(|day| day == self.day()) => Some("date-tomorrow"),
            _ => None,
        };
        match (word, clock) {
            (Some(word), Some(clock)) => t("date-and-time").with("date", t(word)).with("time", clock).to_string(),
            (Some(word), None) => t(word).to_string(),
            (None, Some(clock)) => {
                t("date-long-and-time").with("date", self.heading(now)).with("time", clock).to_string()
            }
            (None, None) => self.heading(now),
        }
    }

    fn named(&self, now: &Zoned, today: &str, yesterday: &str) -> String {
        let date = now.date();
        let word = match self {
            Self::Day(_) | Self::Time(_) if self.day() == date => today,
            Self::Day(_) | Self::Time(_) if date.yesterday().is_ok_and(|day| day == self.day()) => yesterday,
            _ => return self.short(),
        };
        match self.clock() {
            Some(clock) => t("date-and-time").with("date", t(word)).with("time", clock).to_string(),
            None => t(word).to_string(),
        }
    }

    /// Today, Tuesday 3 March; with the year when it is another than now's. A heading over the day's entries.
    pub fn heading(&self, now: &Zoned) -> String {
        if !self.is_known() {
            return self.long();
        }
        let day = self.day();
        let weekday = t(weekday_message(day));
        let base = if day.year() == now.year() { "date-heading" } else { "date-heading-year" };
        let heading = t(base)
            .with("weekday", weekday)
            .with("day", day.day().to_string())
            .with("month", month_long(day.month()))
            .with("year", day.year().to_string())
            .to_string();
        if day == now.date() { t("date-heading-today").with("day", heading).to_string() } else { heading }
    }

    /// March 2026; the year alone when no month is known.
    pub fn month_and_year(&self) -> String {
        match *self {
            Self::Year(year) => year.to_string(),
            Self::Unknown => self.long(),
            _ => Self::Month(self.year(), self.day().month()).long(),
        }
    }

    /// Mar, for a chart's axis.
    pub fn month_short(&self) -> String {
        month_short(self.day().month())
    }

    /// Tue.
    pub fn weekday_short(&self) -> String {
        t(&format!("{}.short", weekday_message(self.day()))).to_string()
    }

    /// 3.
    pub fn day_number(&self) -> i8 {
        self.day().day()
    }

    fn worded(&self, months: Months) -> String {
        let (month, of_day, of_month): (fn(i8) -> String, _, _) = match months {
            Months::Long => (month_long, "date-day", "date-month"),
            Months::Short => (month_short, "date-day.short", "date-month.short"),
        };
        match *self {
            Self::Unknown => t("date-unknown").to_string(),
            Self::Year(year) => year.to_string(),
            Self::Month(year, number) => {
                t(of_month).with("month", month(number)).with("year", year.to_string()).to_string()
            }
            Self::Day(_) | Self::Time(_) => {
                let day = self.day();
                t(of_day)
                    .with("day", day.day().to_string())
                    .with("month", month(day.month()))
                    .with("year", day.year().to_string())
                    .to_string()
            }
        }
    }
}

enum Months {
    Long,
    Short,
}

fn month_long(month: i8) -> String {
    t("month").with("n", month).to_string()
}

fn month_short(month: i8) -> String {
    t("month.short").with("n", month).to_string()
}

/// Tuesday.
pub fn weekday(day: jiff::civil::Weekday) -> String {
    t(message_of(day)).to_string()
}

fn weekday_message(day: Date) -> &'static str {
    message_of(day.weekday())
}

fn message_of(day: jiff::civil::Weekday) -> &'static str {
    use jiff::civil::Weekday::*;
    match day {
        Monday => "weekday-monday",
        Tuesday => "weekday-tuesday",
        Wednesday => "weekday-wednesday",
        Thursday => "weekday-thursday",
        Friday => "weekday-friday",
        Saturday => "weekday-saturday",
        Sunday => "weekday-sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(1))
    }

    fn now() -> Zoned {
        "2026-03-03T09:38[Europe/London]".parse().unwrap()
    }

    #[test]
    fn dates_are_as_exact_as_they_are_known() {
        let when = |text| When::parse(text, &zone()).unwrap();
        assert_eq!(when("2004").long(), "2004");
        assert_eq!(when("2004-05").long(), "May 2004");
        assert_eq!(when("2004-12").short(), "Dec 2004");
        assert_eq!(when("2026-03-03").long(), "3 March 2026");
        assert_eq!(when("2026-02-24T23:30:00Z").short_time(), "25 Feb 2026 00:30");
        assert_eq!(when("2026-02-24T08:15:00.000+01:00").long_time(), "24 February 2026, 08:15");
        assert_eq!(when("2026-02-24T08:15:00+01:00").iso(), "2026-02-24T08:15");
        assert_eq!(when("2026-02-24").iso(), "2026-02-24");
        for wrong in ["", "26", "2026-13", "2026-02-30", "yesterday", "2026-02-24T08"] {
            assert_eq!(When::parse(wrong, &zone()), None, "{wrong}");
        }
    }

    #[test]
    fn days_near_now_are_named() {
        let when = |text: &str| When::Time(text.parse().unwrap());
        assert_eq!(when("2026-03-03T09:40").near(&now()), "Today 09:40");
        assert_eq!(when("2026-03-02T18:04").near(&now()), "Yesterday 18:04");
        assert_eq!(when("2026-02-27T18:04").near(&now()), "27 Feb 2026");
        assert_eq!(when("2026-03-03T09:40").near_within(&now()), "today 09:40");
        assert_eq!(When::Month(2026, 3).near(&now()), "Mar 2026");
        assert_eq!(when("2026-03-03T09:40").heading(&now()), "Today, Tuesday 3 March");
        assert_eq!(when("2026-02-19T09:40").heading(&now()), "Thursday 19 February");
        assert_eq!(when("2025-12-10T09:40").heading(&now()), "Wednesday 10 December 2025");
        assert_eq!(when("2025-12-10T09:40").weekday_short(), "Wed");
    }
}
