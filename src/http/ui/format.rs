//! Dates, ages, numbers and units as people read them: 3 March 2026, 58 years, 0.5, mmHg.
//!
//! All words come from the messages; the forms are those of the design's notes (no trailing zero, always a leading one).

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit, Zoned};

use super::text::{Locale, t};

/// A point in time as exact as it is known, on the clinic's clock. FHIR's `date` and `dateTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Year(i16),
    Month(i16, i8),
    Day(Date),
    Time(DateTime),
}

impl When {
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

    /// `2026-03-03T09:40`, for `<time datetime>`.
    pub fn iso(&self) -> String {
        match *self {
            Self::Year(year) => format!("{year:04}"),
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::Day(day) => day.to_string(),
            Self::Time(time) => time.strftime("%Y-%m-%dT%H:%M").to_string(),
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
        let month = match months {
            Months::Long => month_long,
            Months::Short => month_short,
        };
        match *self {
            Self::Year(year) => year.to_string(),
            Self::Month(year, number) => {
                t("date-month").with("month", month(number)).with("year", year.to_string()).to_string()
            }
            Self::Day(_) | Self::Time(_) => {
                let day = self.day();
                t("date-day")
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

/// An age as it is said in a clinic: days up to four weeks, weeks up to three months, months up to two years, then years.
/// Nothing when the birth date is not known to the day and the person is younger than two, or lies in the future.
pub fn age(born: &When, on: Date) -> Option<String> {
    let born_day = born.day();
    let whole = |unit: Unit| born_day.until((unit, on)).ok();
    let years = whole(Unit::Year)?.get_years();
    if years >= 2 {
        return Some(t("age-years").with("n", years).to_string());
    }
    if !matches!(born, When::Day(_) | When::Time(_)) || born_day > on {
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

/// 487,493, or 487.493 in Spanish: a count, grouped by thousands.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(if Locale::now() == Locale::Es { '.' } else { ',' });
        }
        out.push(digit);
    }
    out
}

/// A measured value: no trailing zero, always a leading one, at most two decimals from 1 up and three significant
/// digits below. `None` for what is not a plain decimal number; then it is shown as it was written.
pub fn decimal(text: &str) -> Option<String> {
    let value: f64 = text.trim().parse().ok().filter(|value: &f64| value.is_finite())?;
    Some(number(value))
}

/// As [`decimal`], of a number.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let decimals = if size >= 1.0 || size == 0.0 {
        2
    } else {
        // 0.0123 has its first digit in the second place; three significant digits end in the fourth.
        let first = (-size.log10()).floor() as usize + 1;
        (first + 2).min(9)
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let text = if text == "-0" { "0" } else { text };
    match Locale::now() {
        // Rule of the Real Academia Española for most of the Spanish-speaking world.
        Locale::Es => text.replace('.', ","),
        Locale::En => text.to_owned(),
    }
}

/// How a text begins, in at most so many characters: its first line, cut between two words, with a sign where it goes on.
pub fn beginning(text: &str, most: usize) -> String {
    let text = text.trim();
    let line = text.lines().next().unwrap_or_default().trim_end();
    let cut: String = line.chars().take(most).collect();
    if cut.len() == text.len() {
        return cut;
    }
    let whole =
        if cut.len() < line.len() { cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words) } else { &cut };
    format!("{}…", whole.trim_end())
}

/// A sentence of its own as a part of another: "Once a day" is "once a day"; "IV" and "B12" stay.
pub fn within(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

/// A clinical term without the tag that says which kind of term it is: "Anemia (disorder)" is Anemia.
/// Source of the tags: SNOMED CT Editorial Guide, "semantic tag"; only those that records of patients use.
pub fn term(text: &str) -> &str {
    const TAGS: [&str; 14] = [
        "disorder",
        "finding",
        "substance",
        "situation",
        "procedure",
        "organism",
        "person",
        "observable entity",
        "regime/therapy",
        "morphologic abnormality",
        "medicinal product",
        "physical object",
        "event",
        "environment",
    ];
    match text.trim().strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) {
        Some((term, tag)) if TAGS.contains(&tag) => term,
        _ => text.trim(),
    }
}

/// 41.8 GB, in the powers of ten that disks are sold by.
pub fn bytes(n: u64) -> String {
    const UNITS: [(&str, f64); 4] = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let value = n as f64;
    match UNITS.iter().find(|(_, size)| value >= *size) {
        Some((unit, size)) => {
            let scaled = value / size;
            let text = if scaled >= 100.0 { format!("{scaled:.0}") } else { number((scaled * 10.0).round() / 10.0) };
            format!("{text} {unit}")
        }
        None => format!("{n} B"),
    }
}

/// A UCUM unit as it is printed: `mm[Hg]` is mmHg, `10*3/uL` is 10³/µL, an annotation such as `{score}` is nothing.
/// Source: ucum.org/ucum, tables of the units that laboratories and wards use.
pub fn unit(ucum: &str) -> String {
    if let Some((_, shown)) = UNITS.iter().find(|(code, _)| *code == ucum) {
        return (*shown).to_owned();
    }
    let mut shown = String::with_capacity(ucum.len());
    let mut rest = ucum;
    while let Some(open) = rest.find('{') {
        let (before, annotated) = rest.split_at(open);
        shown.push_str(before);
        rest = annotated.find('}').and_then(|close| annotated.get(close + 1..)).unwrap_or_default();
    }
    shown.push_str(rest);
    // "{beats}/min" leaves "/min", which is right; "mL/{total}" leaves a slash that means nothing.
    let shown = shown.trim_end_matches('/').replace("10*3", "10³").replace("10*6", "10⁶").replace("10*9", "10⁹");
    let shown = shown.replace("[Hg]", "Hg").replace("[in_i]", "in").replace("[lb_av]", "lb").replace("[degF]", "°F");
    match shown.strip_prefix('u') {
        Some(rest) if ["mol", "g", "L", "U", "kat"].iter().any(|base| rest.starts_with(base)) => format!("µ{rest}"),
        _ => shown.replace("/uL", "/µL").replace("/ug", "/µg"),
    }
}

const UNITS: &[(&str, &str)] = &[
    ("Cel", "°C"),
    ("[degF]", "°F"),
    ("kg/m2", "kg/m²"),
    ("mL/min/{1.73_m2}", "mL/min/1.73 m²"),
    ("mL/min/1.73m2", "mL/min/1.73 m²"),
    ("mL/min/1.73_m2", "mL/min/1.73 m²"),
    ("1", ""),
    ("[pH]", ""),
    ("{nominal}", ""),
    ("10*3/uL", "10³/µL"),
    ("10*6/uL", "10⁶/µL"),
    ("10*9/L", "10⁹/L"),
    ("10*12/L", "10¹²/L"),
    ("a", "years"),
    ("mo", "months"),
    ("wk", "weeks"),
    ("d", "days"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(1))
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
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
        assert_eq!(age_of("1967").as_deref(), Some("59 years"));
        assert_eq!(age_of("2025"), None);
        assert_eq!(age_of("2027-01-01"), None);
    }

    #[test]
    fn numbers_have_no_trailing_and_always_a_leading_zero() {
        for (given, shown) in [
            ("5.0", "5"),
            ("57.00", "57"),
            (".5", "0.5"),
            ("6.283185307", "6.28"),
            ("0.0123456", "0.0123"),
            ("0.10", "0.1"),
            ("-0.001", "-0.001"),
            ("0", "0"),
            ("-0.0", "0"),
            ("100", "100"),
            ("1e2", "100"),
            ("12345.678", "12345.68"),
        ] {
            assert_eq!(decimal(given).as_deref(), Some(shown), "{given}");
        }
        assert_eq!(decimal("< 5"), None);
        assert_eq!(decimal("inf"), None);
        assert_eq!(count(487_493), "487,493");
        assert_eq!(count(12), "12");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(bytes(41_800_000_000), "41.8 GB");
        assert_eq!(bytes(477_000_000_000), "477 GB");
        assert_eq!(bytes(512), "512 B");
    }

    #[test]
    fn numbers_and_dates_are_written_as_the_language_writes_them() {
        let now = now();
        let said = || {
            let when = When::Time("2026-02-19T09:40".parse().unwrap());
            (number(1234.5), count(12_345), when.long_time(), when.heading(&now), When::Month(2026, 3).short())
        };
        let (english, spanish) = (said(), Locale::Es.inside(said));
        assert_eq!((english.0.as_str(), english.1.as_str()), ("1234.5", "12,345"));
        assert_eq!((spanish.0.as_str(), spanish.1.as_str()), ("1234,5", "12.345"));
        assert_eq!(spanish.2, "19 de febrero de 2026, 09:40");
        assert_eq!(spanish.3, "jueves, 19 de febrero");
        assert_eq!(spanish.4, "mar. de 2026");
    }

    #[test]
    fn units_are_printed_as_in_a_letter() {
        for (ucum, shown) in [
            ("mm[Hg]", "mmHg"),
            ("Cel", "°C"),
            ("{score}", ""),
            ("{beats}/min", "/min"),
            ("mL/min/{1.73_m2}", "mL/min/1.73 m²"),
            ("10*3/uL", "10³/µL"),
            ("umol/L", "µmol/L"),
            ("kg/m2", "kg/m²"),
            ("mg/dL", "mg/dL"),
            ("%", "%"),
            ("mL/{total}", "mL"),
            ("U/L", "U/L"),
            ("{broken", ""),
        ] {
            assert_eq!(unit(ucum), shown, "{ucum}");
        }
    }

    #[test]
    fn a_term_is_shown_without_its_tag() {
        assert_eq!(term("Anemia (disorder)"), "Anemia");
        assert_eq!(term("Body mass index 30+ - obesity (finding)"), "Body mass index 30+ - obesity");
        assert_eq!(term("Vitamin B12 (cobalamin)"), "Vitamin B12 (cobalamin)");
        assert_eq!(term("(disorder)"), "(disorder)");
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

    #[test]
    fn a_text_begins_with_whole_words() {
        assert_eq!(beginning(" Short. ", 20), "Short.");
        assert_eq!(beginning("Please do not take it for now", 12), "Please do…");
        assert_eq!(beginning("First line\nand more", 40), "First line…");
        assert_eq!(beginning("Unbreakable", 4), "Unbr…");
    }
}
