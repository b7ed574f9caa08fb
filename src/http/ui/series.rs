//! Measured values of one kind over time, as the pages show them: name, unit, range, readings, and what they say.

use super::format::{When, exact, given};
use super::text::{Text, t};

/// What is longer than this is read as a sentence.
const WORDY: usize = 30;

/// All of a patient's readings of one test or measurement, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// Stands in addresses: the code, such as `4548-4`. Letters, digits, `-`, `.` and `_` only; others are left out.
    pub key: String,
    /// As staff say it: HbA1c. Patients see it beside the plain words.
    pub name: String,
    /// As it is printed; see [`super::format::unit`]. Empty when there is none.
    pub unit: String,
    /// The unit, where only it tells this course from another of the same name.
    pub in_title: Option<String>,
    pub bounds: Bounds,
    /// From where the range is, where it is none that a reading brought.
    pub by_file: Option<String>,
    /// The ranges of both numbers of a blood pressure.
    pub parts: [Bounds; 2],
    pub readings: Vec<Reading>,
    /// Whom it is about, where that is not the patient, in words. The name has it too.
    pub about: Option<String>,
    /// There may be older readings than these.
    pub newest_only: bool,
    /// Where the newest reading was made, and by whom, in words: "Northmoor Laboratory".
    pub source: Option<String>,
}

/// One reading.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Of the Observation.
    pub id: Option<String>,
    pub when: When,
    /// As it is shown: "57", "148/86", "Positive"; with its unit where that is another than the course's.
    pub text: String,
    /// That unit; empty where it has none and the course has.
    pub in_unit: Option<String>,
    /// What stands beside the value, each in words: its parts, what somebody wrote of it.
    pub beside: Vec<String>,
    /// The ranges that came with it and that it was not held against, each with what it is for.
    pub ranges: Vec<String>,
    /// For pictures; none for what is said in words.
    pub number: Option<f64>,
    /// The lower number of a blood pressure.
    pub second: Option<f64>,
    pub flag: Option<Flag>,
    /// Who said so.
    pub flagged: Flagged,
    /// It could be held against its range, or its laboratory did: without a flag it is then inside. Words, "> 5000" and a value in
    /// another unit cannot.
    pub compared: bool,
    /// The patient, or who acts for them, measured it.
    pub reported: bool,
    /// The patient does not see it yet.
    pub held: bool,
    /// No doctor has signed it.
    pub unsigned: bool,
    /// Nobody knows whether it is valid.
    pub in_doubt: bool,
}

/// By what a value has its flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flagged {
    /// Who made the test said so.
    #[default]
    BySomebody,
    /// It lies outside a range that the record has.
    ByRange,
    /// Who made the test said so, and the range that it is held against says otherwise.
    AgainstRange,
}

impl Flagged {
    /// `marked` by who made the test; `held` is what the range says, where the value could be held against one.
    pub fn by(marked: Option<Flag>, held: Option<Option<Flag>>) -> Self {
        match (marked, held) {
            (None, _) => Self::ByRange,
            (Some(marked), Some(by_range)) if !marked.agrees_with(by_range) => Self::AgainstRange,
            (Some(_), _) => Self::BySomebody,
        }
    }
}

/// A reference range as the laboratory gave it. Both empty: none is known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bounds {
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// How many digits behind the point of either were given; nothing where nobody wrote them.
    pub places: [Option<u8>; 2],
}

/// How a value lies against its range, or what its laboratory says of it (FHIR `interpretation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Flag {
    High,
    Low,
    CriticalHigh,
    CriticalLow,
    /// Outside what is expected, without a direction: a culture, a colour.
    Abnormal,
}

impl Flag {
    /// The code of `http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation`, as FHIR R4 binds it.
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "H" | "HU" | "HX" => Self::High,
            "L" | "LU" | "LX" => Self::Low,
            "HH" => Self::CriticalHigh,
            "LL" => Self::CriticalLow,
            "A" | "AA" | "POS" | "DET" => Self::Abnormal,
            _ => return None,
        })
    }

    pub fn word(self) -> Text {
        t(match self {
            Self::High => "flag-high",
            Self::Low => "flag-low",
            Self::CriticalHigh => "flag-critical-high",
            Self::CriticalLow => "flag-critical-low",
            Self::Abnormal => "flag-abnormal",
        })
    }

    /// As a patient reads it.
    pub fn plain(self) -> Text {
        t(match self {
            Self::High => "flag-plain-high",
            Self::Low => "flag-plain-low",
            Self::CriticalHigh => "flag-plain-critical-high",
            Self::CriticalLow => "flag-plain-critical-low",
            Self::Abnormal => "flag-plain-abnormal",
        })
    }

    /// The same in a table whose heading says what it is compared with: "above".
    pub fn short_plain(self) -> Text {
        t(match self {
            Self::High => "flag-short-high",
            Self::Low => "flag-short-low",
            Self::CriticalHigh => "flag-short-critical-high",
            Self::CriticalLow => "flag-short-critical-low",
            Self::Abnormal => "flag-plain-abnormal",
        })
    }

    /// Whether a range says the same: how far outside it is, a range does not say.
    fn agrees_with(self, by_range: Option<Self>) -> bool {
        match by_range {
            None => false,
            Some(Self::High | Self::CriticalHigh) => matches!(self, Self::High | Self::CriticalHigh | Self::Abnormal),
            Some(Self::Low | Self::CriticalLow) => matches!(self, Self::Low | Self::CriticalLow | Self::Abnormal),
            Some(Self::Abnormal) => true,
        }
    }

    pub fn shape(self) -> &'static str {
        match self {
            Self::High | Self::CriticalHigh => "up",
            Self::Low | Self::CriticalLow => "down",
            Self::Abnormal => "diamond",
        }
    }

    pub fn is_critical(self) -> bool {
        matches!(self, Self::CriticalHigh | Self::CriticalLow)
    }
}

impl Series {
    /// Whether the clinic may take one of them back.
    pub fn has_own(&self) -> bool {
        self.readings.iter().any(|reading| reading.own_id().is_some())
    }
}

impl Reading {
    /// Of one that the clinic may take back: what a patient measured is theirs to take back.
    pub fn own_id(&self) -> Option<&str> {
        self.id.as_deref().filter(|_| !self.reported)
    }

    /// Whether it is known to lie in the range that it was held against: its own, whatever another has.
    pub fn is_inside(&self) -> bool {
        self.compared && self.flag.is_none()
    }

    /// How it lies, as a patient reads it: "above the usual range"; what the range says otherwise is who marked it so.
    pub fn plain_flag(&self) -> Option<Text> {
        let flag = self.flag?;
        Some(match self.flagged {
            Flagged::AgainstRange => t("flag-marked").with("flag", flag.plain()),
            Flagged::BySomebody | Flagged::ByRange => flag.plain(),
        })
    }

    /// The same in a table whose heading says what it is compared with: "above", "marked above".
    pub fn short_flag(&self) -> Option<Text> {
        let flag = self.flag?;
        Some(match self.flagged {
            Flagged::AgainstRange => t("flag-short-marked").with("flag", flag.short_plain()),
            Flagged::BySomebody | Flagged::ByRange => flag.short_plain(),
        })
    }

    /// Nothing but words and when.
    pub fn of(when: When, text: impl Into<String>) -> Self {
        Self {
            id: None,
            when,
            text: text.into(),
            in_unit: None,
            beside: Vec::new(),
            ranges: Vec::new(),
            number: None,
            second: None,
            flag: None,
            flagged: Flagged::default(),
            compared: false,
            reported: false,
            held: false,
            unsigned: false,
            in_doubt: false,
        }
    }
}

impl Bounds {
    pub fn is_known(&self) -> bool {
        self.low.is_some() || self.high.is_some()
    }

    /// These where they are known, else the others.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_known() { self } else { other }
    }

    /// High or low by these bounds; the bounds themselves are inside.
    pub fn flag(&self, value: f64) -> Option<Flag> {
        match *self {
            Self { high: Some(high), .. } if value > high => Some(Flag::High),
            Self { low: Some(low), .. } if value < low => Some(Flag::Low),
            _ => None,
        }
    }

    /// "20 to 41", "60 or more", "41 or less"; empty when no range is known.
    pub fn words(&self) -> String {
        let [of_low, of_high] = self.places;
        match (self.low.map(|low| bound(low, of_low)), self.high.map(|high| bound(high, of_high))) {
            (Some(low), Some(high)) => t("range-between").with("low", low).with("high", high).to_string(),
            (Some(low), None) => t("range-from").with("low", low).to_string(),
            (None, Some(high)) => t("range-to").with("high", high).to_string(),
            (None, None) => String::new(),
        }
    }
}

/// A bound with the digits that were given.
fn bound(value: f64, places: Option<u8>) -> String {
    let written = places.and_then(|places| format!("{value:.*}", usize::from(places)).parse().ok());
    written.map_or_else(|| exact(value), |number| given(&number))
}

impl Series {
    pub fn latest(&self) -> Option<&Reading> {
        self.readings.last()
    }

    /// The newest first, for tables.
    pub fn newest_first(&self) -> impl Iterator<Item = &Reading> {
        self.readings.iter().rev()
    }

    /// Those that a picture has a place for: a number with a date.
    pub fn numbers(&self) -> impl Iterator<Item = &Reading> {
        self.readings.iter().filter(|reading| reading.number.is_some() && reading.when.is_known())
    }

    /// What stands beside the newest value.
    pub fn beside(&self) -> &[String] {
        self.latest().map_or(&[], |reading| &reading.beside)
    }

    /// Of the newest, to the patient: that nobody has signed it yet.
    pub fn waits_for_a_doctor(&self) -> Option<Text> {
        self.latest().filter(|reading| reading.unsigned).map(|_| t("result-preliminary"))
    }

    /// The ranges that the newest came with and was not held against.
    pub fn ranges(&self) -> &[String] {
        self.latest().map_or(&[], |reading| &reading.ranges)
    }

    pub fn value(&self) -> &str {
        self.latest().map_or("", |reading| &reading.text)
    }

    /// The unit to write behind the newest value.
    pub fn value_unit(&self) -> &str {
        if self.latest().is_some_and(|reading| reading.in_unit.is_some()) { "" } else { &self.unit }
    }

    pub fn flag(&self) -> Option<Flag> {
        self.latest().and_then(|reading| reading.flag)
    }

    /// Whether who made the test marked the newest as its range does not.
    pub fn is_marked_against_range(&self) -> bool {
        self.latest().is_some_and(|reading| reading.flag.is_some() && reading.flagged == Flagged::AgainstRange)
    }

    /// Whether the newest is known to lie in the range.
    pub fn latest_is_inside(&self) -> bool {
        self.bounds.is_known() && self.latest().is_some_and(Reading::is_inside)
    }

    /// Whether any reading was held against a range, its own or the newest.
    pub fn has_compared(&self) -> bool {
        self.plain_range().is_some() || self.readings.iter().any(|reading| reading.compared)
    }

    /// Whether the newest is a number that was compared with nothing: then it is neither usual nor outside.
    pub fn latest_is_not_compared(&self) -> bool {
        self.latest().is_some_and(|reading| reading.number.is_some()) && self.is_not_compared()
    }

    /// Whether nobody and no range says how the newest lies: a word such as "positive" may matter more than any number.
    pub fn is_not_compared(&self) -> bool {
        self.latest().is_some_and(|reading| !reading.compared && reading.flag.is_none())
    }

    /// Whether the newest is a sentence rather than a value: what a patient told, or an answer to a question.
    pub fn is_wordy(&self) -> bool {
        self.latest().is_some_and(|reading| reading.number.is_none() && reading.text.chars().count() > WORDY)
    }

    /// The reading before the newest.
    pub fn before(&self) -> Option<&Reading> {
        // What may be no value at all is none that another is held against.
        self.readings.iter().rev().skip(1).find(|reading| !reading.in_doubt)
    }

    /// Whether there are at least two numbers to draw a line through.
    pub fn has_trend(&self) -> bool {
        self.numbers().count() >= 2
    }

    /// The range in words, if one is known: of a blood pressure those of both numbers.
    pub fn known_range(&self) -> Option<String> {
        let [upper, lower] = self.parts;
        match (self.bounds.is_known(), upper.is_known(), lower.is_known()) {
            (true, ..) => Some(self.bounds.words()),
            (_, true, true) => {
                Some(t("range-pressure").with("upper", upper.words()).with("lower", lower.words()).to_string())
            }
            (_, true, false) => Some(upper.words()),
            _ => None,
        }
    }

    /// The range in words where it is one of numbers: "11.0 or less" is never broken.
    pub fn one_range(&self) -> Option<String> {
        let is_one = self.bounds.is_known() || !self.parts.iter().all(Bounds::is_known);
        self.known_range().filter(|_| is_one)
    }

    /// The same for a patient, to whom two ranges beside each other say too little.
    pub fn plain_range(&self) -> Option<String> {
        let [upper, lower] = self.parts;
        let both = upper.is_known() && lower.is_known() && !self.bounds.is_known();
        let said = || t("range-pressure-plain").with("upper", upper.words()).with("lower", lower.words()).to_string();
        if both { Some(said()) } else { self.known_range() }
    }

    /// The range; where a value is marked and none is known, who marked it: a mark has to say where it comes from.
    pub fn range_or_source(&self) -> String {
        let marked = || match &self.source {
            Some(by) => t("range-marked").with("by", by).to_string(),
            None => t("range-unknown").to_string(),
        };
        let nothing = || if self.flag().is_some() && self.ranges().is_empty() { marked() } else { String::new() };
        self.known_range().unwrap_or_else(nothing)
    }

    /// The range, or the word that there is none.
    pub fn range(&self) -> String {
        if self.bounds.is_known() { self.bounds.words() } else { t("range-unknown").to_string() }
    }

    /// The values aloud, the newest twelve: "5 readings since March 2024: 68, 63, 58, 55, 57 mmol/mol".
    pub fn spoken(&self) -> String {
        let all: Vec<&Reading> = self.numbers().collect();
        let told = all.get(all.len().saturating_sub(12)..).unwrap_or_default();
        let values: Vec<&str> = told.iter().map(|reading| reading.text.as_str()).collect();
        let first = told.first().map(|reading| reading.when.short()).unwrap_or_default();
        let message = if told.len() < all.len() { "chart-spoken-newest" } else { "chart-spoken" };
        let text = t(message).with("n", told.len()).with("since", first).with("values", values.join(", "));
        if self.unit.is_empty() { text.to_string() } else { format!("{text} {}", self.unit) }
    }

    /// One sentence on the course: "All five results are outside the range." Empty where no range is known.
    pub fn say(&self) -> String {
        if !self.bounds.is_known() {
            return String::new();
        }
        let compared = || self.numbers().filter(|reading| reading.compared || reading.flag.is_some());
        let total = compared().count();
        let outside = compared().filter(|reading| reading.flag.is_some()).count();
        match outside {
            _ if total < 2 => String::new(),
            some if self.newest_only => t("course-newest").with("total", total).with("outside", some).to_string(),
            0 => t("course-all-inside").with("total", total).to_string(),
            all if all == total => t("course-all-outside").with("total", total).to_string(),
            some => t("course-some-outside").with("total", total).with("outside", some).to_string(),
        }
    }

    /// One sentence on the newest value, for a patient.
    pub fn say_latest(&self) -> Text {
        let Some(reading) = self.latest() else { return t("plain-none") };
        // What somebody told ends with a stop of its own.
        let value = format!("{} {}", reading.text, self.value_unit()).trim_end_matches([' ', '.']).to_owned();
        match (reading.flag, self.bounds.is_known()) {
            (Some(flag), _) if reading.flagged == Flagged::AgainstRange => {
                let said = |message| t(message).with("value", &value).with("flag", flag.plain());
                match self.plain_range() {
                    Some(range) => said("plain-against-range").with("range", range),
                    None => said("plain-flagged"),
                }
            }
            (None, true) if !reading.compared => t("plain-not-compared").with("value", value),
            (Some(flag), true) => {
                t("plain-outside").with("value", value).with("flag", flag.plain()).with("range", self.bounds.words())
            }
            (Some(flag), false) => {
                let message = match reading.flagged {
                    Flagged::BySomebody | Flagged::AgainstRange => "plain-flagged",
                    Flagged::ByRange => "plain-flagged-by-range",
                };
                t(message).with("value", value).with("flag", flag.plain())
            }
            (None, true) => t("plain-inside").with("value", value).with("range", self.bounds.words()),
            (None, false) => t("plain-value").with("value", value),
        }
    }

    /// One sentence on the newest value against the one before, for a patient; nothing without two numbers.
    pub fn say_change(&self) -> Option<Text> {
        // Of "< 5" nobody knows how far below it is.
        let is_exact = |reading: &&Reading| !reading.text.trim_start().starts_with(['<', '>', '\u{2264}', '\u{2265}']);
        let last = self.latest().filter(|reading| reading.second.is_none()).filter(is_exact)?;
        let now = last.number?;
        let before = self.before().filter(|before| before.when.is_known()).filter(is_exact)?;
        let was = before.number?;
        let message = if (now - was).abs() <= was.abs() * 0.02 {
            "plain-same"
        } else if now > was {
            "plain-risen"
        } else {
            "plain-fallen"
        };
        Some(t(message).with("value", &before.text).with("month", before.when.month_and_year()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ui::Locale;

    fn series(values: &[f64], low: Option<f64>, high: Option<f64>) -> Series {
        let bounds = Bounds { low, high, ..Bounds::default() };
        let reading = |(i, value): (usize, &f64)| Reading {
            number: Some(*value),
            flag: bounds.flag(*value),
            compared: true,
            ..Reading::of(When::Month(2024, i as i8 + 1), exact(*value))
        };
        Series {
            key: "4548-4".into(),
            name: "HbA1c".into(),
            unit: "mmol/mol".into(),
            bounds,
            readings: values.iter().enumerate().map(reading).collect(),
            ..Series::default()
        }
    }

    #[test]
    fn ranges_are_said_in_words() {
        let words = |low, high| Bounds { low, high, ..Bounds::default() }.words();
        assert_eq!(words(Some(20.0), Some(41.0)), "20 to 41");
        assert_eq!(words(Some(60.0), None), "60 or more");
        assert_eq!(words(None, Some(5.5)), "5.5 or less");
        assert_eq!(words(None, None), "");
        assert_eq!(words(Some(7.35), Some(7.345)), "7.35 to 7.345");
        let written = Bounds { low: Some(1.005), high: Some(1.03), places: [Some(3), Some(3)] };
        assert_eq!(written.words(), "1.005 to 1.030");
        assert_eq!(Bounds { high: Some(5.0), ..Bounds::default() }.flag(5.0), None);
        assert_eq!(Bounds { high: Some(5.0), ..Bounds::default() }.flag(5.1), Some(Flag::High));
        assert_eq!(Bounds { low: Some(3.0), ..Bounds::default() }.flag(2.9), Some(Flag::Low));
    }

    #[test]
    fn a_mark_says_by_what_range_or_by_whom() {
        let mut one = series(&[57.0], None, Some(41.0));
        assert_eq!((one.range_or_source().as_str(), one.one_range().as_deref()), ("41 or less", Some("41 or less")));
        one.bounds = Bounds::default();
        assert_eq!(one.range_or_source(), "no range given");
        one.source = Some("Lena Corvin".into());
        assert_eq!(one.range_or_source(), "marked by Lena Corvin");
        let upper = Bounds { low: Some(90.0), high: Some(139.0), ..Bounds::default() };
        one.parts = [upper, Bounds { high: Some(89.0), ..Bounds::default() }];
        assert_eq!((one.range_or_source().as_str(), one.one_range()), ("90 to 139 / 89 or less", None));
        let plain = "90 to 139 for the upper number, 89 or less for the lower";
        assert_eq!(one.plain_range().as_deref(), Some(plain));
        one.parts = [Bounds::default(); 2];
        one.readings[0].flag = None;
        assert_eq!(one.range_or_source(), "");
    }

    #[test]
    fn a_course_is_summed_up() {
        assert_eq!(series(&[57.0, 55.0], Some(60.0), None).say(), "Both results are outside the range.");
        assert_eq!(series(&[57.0, 55.0, 50.0], Some(60.0), None).say(), "All 3 results are outside the range.");
        assert_eq!(series(&[57.0, 65.0, 50.0], Some(60.0), None).say(), "2 of 3 results are outside the range.");
        assert_eq!(series(&[67.0, 65.0, 60.0], Some(60.0), None).say(), "All 3 results are in range.");
        let newest = Series { newest_only: true, ..series(&[57.0, 65.0, 50.0], Some(60.0), None) };
        assert_eq!(newest.say(), "Of the newest 3 results, 2 are outside the range.");
        assert_eq!(series(&[57.0, 55.0], None, None).say(), "");
        assert_eq!(series(&[57.0], Some(1.0), None).say(), "");
    }

    #[test]
    fn a_patient_is_told_what_a_value_means() {
        let high = series(&[55.0, 57.0], Some(20.0), Some(41.0));
        assert_eq!(high.say_latest().to_string(), "57 mmol/mol. This is above the usual range of 20 to 41.");
        assert_eq!(high.say_change().unwrap().to_string(), "It has gone up: it was 55 in January 2024.");
        let steady = series(&[100.0, 101.0], None, None);
        assert_eq!(
            steady.say_change().unwrap().to_string(),
            "It is about the same as in January 2024, when it was 100."
        );
        assert_eq!(steady.say_latest().to_string(), "101 mmol/mol.");
        assert!(series(&[1.0], None, None).say_change().is_none());
        let mut below = series(&[4.0, 5.0], None, None);
        below.readings[1].text = "<5".into();
        assert!(below.say_change().is_none(), "it may have gone down");
    }

    #[test]
    fn a_patient_is_told_by_whom_a_value_without_a_range_was_marked() {
        let mut one = series(&[141.0], None, None);
        one.readings[0].flag = Some(Flag::High);
        assert!(one.say_latest().to_string().contains("Who made this test marked it"), "{}", one.say_latest());
        one.readings[0].flagged = Flagged::ByRange;
        let said = one.say_latest().to_string();
        assert!(said.contains("a range of your record") && !said.contains("marked"), "{said}");
    }

    #[test]
    fn a_mark_that_the_range_does_not_bear_out_is_no_fact_of_the_numbers() {
        let mut one = series(&[20.0], Some(5.0), Some(40.0));
        one.readings[0].flag = Some(Flag::High);
        one.readings[0].flagged = Flagged::by(Some(Flag::High), Some(None));
        for locale in Locale::ALL {
            locale.inside(|| {
                let said = one.say_latest().to_string();
                let outside = t("plain-outside").with("value", "20 mmol/mol").with("flag", Flag::High.plain());
                assert_ne!(said, outside.with("range", one.bounds.words()).to_string());
                assert!(said.contains(&one.bounds.words()), "{said}");
                let flag = one.readings[0].plain_flag().unwrap().to_string();
                assert!(
                    flag != Flag::High.plain().to_string() && flag.contains(&Flag::High.plain().to_string()),
                    "{flag}"
                );
                assert_ne!(one.readings[0].short_flag().unwrap().to_string(), Flag::High.short_plain().to_string());
            });
        }
        assert!(one.say_latest().to_string().contains("Who made this test marked it"), "{}", one.say_latest());
        assert!(one.is_marked_against_range());
    }

    #[test]
    fn a_range_bears_a_mark_out_by_its_side() {
        let of = |marked, held| Flagged::by(Some(marked), held);
        for (marked, held, flagged) in [
            (Flag::CriticalHigh, Some(Some(Flag::High)), Flagged::BySomebody),
            (Flag::Abnormal, Some(Some(Flag::Low)), Flagged::BySomebody),
            (Flag::Low, Some(Some(Flag::High)), Flagged::AgainstRange),
            (Flag::Abnormal, Some(None), Flagged::AgainstRange),
            (Flag::High, None, Flagged::BySomebody),
        ] {
            assert_eq!(of(marked, held), flagged, "{marked:?} {held:?}");
        }
        assert_eq!(Flagged::by(None, Some(Some(Flag::High))), Flagged::ByRange);
    }

    #[test]
    fn what_cannot_be_compared_is_never_called_usual() {
        let mut one = series(&[57.0, 55.0, 5000.0], None, Some(60.0));
        one.readings[2].compared = false;
        one.readings[2].flag = None;
        assert!(one.readings[0].is_inside() && !one.latest_is_inside());
        assert!(one.say_latest().to_string().contains("cannot be compared"), "{}", one.say_latest());
        assert_eq!(one.say(), "Both results are in range.", "of those that can be compared");
    }

    #[test]
    fn what_was_compared_stays_so_beside_a_newer_one_whose_range_is_in_words() {
        let mut one = series(&[30.0, 32.0], None, None);
        one.readings[1] = Reading { compared: false, ranges: vec!["35 or less".to_owned()], ..one.readings[1].clone() };
        assert!(one.readings[0].is_inside() && !one.latest_is_inside() && one.has_compared());
        one.readings.remove(0);
        assert!(!one.has_compared());
    }

    #[test]
    fn the_values_are_told_aloud_the_newest_twelve() {
        let values: Vec<f64> = (0..12).map(f64::from).collect();
        assert!(series(&values, None, None).spoken().starts_with("12 readings since Jan 2024: 0, 1, 2"));
    }
}
