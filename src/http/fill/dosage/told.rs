//! What the parts of a `Dosage` say, each in words. Every member is taken or leads to [`Told::unsaid`]; none is passed over.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::left::{Left, Unsaid};
use super::{days_of, units};
use crate::http::fill::{concept, text};
use crate::http::ui::{When, format, t};

/// A dosage in its parts.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// How much each time.
    pub amount: Vec<String>,
    /// How often.
    pub often: Vec<String>,
    /// All else: when, for how long, how, and no more than what.
    pub rest: Vec<String>,
    /// That it is taken only when needed, and what for. It is in `rest` too.
    pub needed: Option<String>,
    /// More is recorded than these parts say.
    pub unsaid: bool,
}

impl Told {
    pub fn parts(&self) -> impl Iterator<Item = &String> {
        self.amount.iter().chain(&self.often).chain(&self.rest)
    }

    /// "1 tablet, twice a day, with food, for 7 days". Nothing where the parts say nothing.
    pub fn words(&self) -> Option<String> {
        let parts: Vec<&str> = self.parts().map(String::as_str).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// That this is not all, where it is not.
    pub fn warning(&self) -> Option<String> {
        self.unsaid.then(not_all)
    }
}

/// That more is recorded than can be put into words.
pub(super) fn not_all() -> String {
    t("dose-not-all").to_string()
}

/// On which clock times stand, and the day from which a reader takes an instruction to count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock<'z> {
    /// The clinic's.
    pub zone: &'z TimeZone,
    pub written: Option<Date>,
}

/// What the parts say. A beginning on the day from which it counts is not said.
pub(super) fn told(dosage: &Value, clock: Clock<'_>) -> Told {
    let unsaid = Unsaid::default();
    let mut told = Told::default();
    {
        let mut left = Left::of(dosage, &unsaid);
        // Who puts the whole together says these as they stand, and in this order.
        left.text("text");
        left.text("patientInstruction");
        left.number("sequence");
        told.amount = amounts(&mut left);
        let timing = left.element("timing").map(|timing| timed(timing, dosage, clock)).unwrap_or_default();
        told.often = timing.often;
        told.rest = timing.when;
        told.rest.extend(left.each("additionalInstruction", |one| concept(Some(one))));
        told.needed = needed(&mut left);
        told.rest.extend(told.needed.clone());
        told.rest.extend(left.element("maxDosePerPeriod").and_then(most));
        let limits = [("maxDosePerAdministration", "dose-most-once"), ("maxDosePerLifetime", "dose-most-ever")];
        for (name, message) in limits {
            told.rest.extend(quantity(&mut left, name).map(|most| limit(message, &most)));
        }
        told.rest.extend(timing.bounds);
        told.rest.extend(left.read("route", route));
        told.rest.extend(left.concept("site").map(|site| t("dose-site").with("site", site).to_string()));
        told.rest.extend(left.concept("method").map(|method| t("dose-method").with("method", method).to_string()));
    }
    told.unsaid = unsaid.any();
    told
}

fn limit(message: &str, most: &Amount<'_>) -> String {
    t(message).with("most", most.words()).to_string()
}

/// A Quantity.
#[derive(Debug, Clone, Copy)]
struct Amount<'v> {
    value: f64,
    unit: &'v str,
    /// FHIR R4 `quantity-comparator`.
    comparator: Option<&'v str>,
}

impl Amount<'_> {
    fn words(&self) -> String {
        self.compared(length(self.value, self.unit).unwrap_or_else(|| units(self.value, self.unit)))
    }

    /// The same of a dose: "1" alone could be a tablet or a number of times.
    fn dose(&self) -> String {
        match self.unit {
            "" => self.compared(t("dose-bare").with("n", format::exact(self.value)).to_string()),
            unit => self.compared(units(self.value, unit)),
        }
    }

    fn compared(&self, words: String) -> String {
        let message = match self.comparator {
            Some("<") => "dose-below",
            Some("<=") => "dose-up-to",
            Some(">=") => "dose-at-least",
            Some(">") => "dose-above",
            _ => return words,
        };
        t(message).with("amount", words).to_string()
    }
}

fn quantity<'v>(left: &mut Left<'v, '_>, name: &str) -> Option<Amount<'v>> {
    left.element(name).and_then(amount)
}

fn amount<'v>(mut left: Left<'v, '_>) -> Option<Amount<'v>> {
    let comparator = left.read("comparator", |one| one.as_str().filter(|one| ["<", "<=", ">=", ">"].contains(one)));
    let (unit, code, _) = (left.text("unit"), left.text("code"), left.text("system"));
    let Some(value) = left.number("value") else {
        left.unsaid().note();
        return None;
    };
    Some(Amount { value, unit: unit.or(code).unwrap_or_default(), comparator })
}

/// A Range: "1 to 2 tablets", "at least 1 tablet", "up to 2 tablets".
fn range<'v>(mut left: Left<'v, '_>, words: impl Fn(&Amount<'v>) -> String) -> Option<String> {
    match (quantity(&mut left, "low"), quantity(&mut left, "high")) {
        (Some(low), Some(high)) => {
            let bare = low.unit == high.unit && low.comparator.is_none();
            let low = if bare { format::exact(low.value) } else { words(&low) };
            Some(t("dose-range").with("low", low).with("most", words(&high)).to_string())
        }
        (Some(low), None) => Some(t("dose-at-least").with("amount", words(&low)).to_string()),
        (None, Some(high)) => Some(t("dose-up-to").with("amount", words(&high)).to_string()),
        (None, None) => {
            left.unsaid().note();
            None
        }
    }
}

/// A Ratio: "100 mL in 1 hour".
fn ratio(mut left: Left<'_, '_>) -> Option<String> {
    let (Some(above), Some(below)) = (quantity(&mut left, "numerator"), quantity(&mut left, "denominator")) else {
        left.unsaid().note();
        return None;
    };
    Some(t("dose-in").with("amount", above.words()).with("period", below.words()).to_string())
}

/// How much each time: all that is said of it.
fn amounts(left: &mut Left<'_, '_>) -> Vec<String> {
    let unsaid = left.unsaid();
    let all = left.each("doseAndRate", Some);
    let several = all.len() > 1;
    let mut out = Vec::new();
    for one in all {
        let mut one = Left::of(one, unsaid);
        let dose = quantity(&mut one, "doseQuantity").map(|dose| dose.dose());
        let dose = dose.or_else(|| one.element("doseRange").and_then(|left| range(left, Amount::dose)));
        let rate = quantity(&mut one, "rateQuantity").map(|rate| rate.words());
        let rate = rate.or_else(|| one.element("rateRange").and_then(|left| range(left, Amount::words)));
        let rate = rate.or_else(|| one.element("rateRatio").and_then(ratio));
        let rate = rate.map(|rate| t("dose-rate").with("rate", rate).to_string());
        // That the one dose there is was ordered says nothing more (FHIR R4, dose-rate-type).
        let kind = one.read("type", |kind| match text(kind, "/coding/0/code") {
            Some("ordered") if !several => Some(None),
            _ => concept(Some(kind)).map(Some),
        });
        let said: Vec<String> = dose.into_iter().chain(rate).collect();
        // Of several without a kind nobody can tell how they belong together.
        if said.is_empty() || (several && kind.is_none()) {
            unsaid.note();
        }
        let said = said.join(", ");
        out.extend(match kind.flatten() {
            Some(kind) => Some(t("dose-kind").with("kind", kind).with("dose", said).to_string()),
            None => Some(said).filter(|said| !said.is_empty()),
        });
    }
    out
}

/// What a Timing says.
#[derive(Debug, Default)]
struct Timed {
    often: Vec<String>,
    when: Vec<String>,
    bounds: Option<String>,
}

fn timed(mut left: Left<'_, '_>, dosage: &Value, clock: Clock<'_>) -> Timed {
    let mut out = Timed::default();
    if let Some(repeat) = left.element("repeat") {
        repeated(repeat, dosage, clock, &mut out);
    }
    out.when.extend(left.each("event", |one| on_day(one.as_str()?, "dose-on", clock.zone)));
    let said = left.concept("code").map(|code| coded(&code).unwrap_or(code));
    // Most often the code says what the rest says.
    let is_new = |code: &String| !out.often.iter().chain(&out.when).any(|one| one.eq_ignore_ascii_case(code));
    if let Some(code) = said.filter(is_new) {
        out.often.push(code);
    }
    out
}

fn repeated(mut left: Left<'_, '_>, dosage: &Value, clock: Clock<'_>, out: &mut Timed) {
    let times = (left.number("frequency"), left.number("frequencyMax"));
    let period = (left.number("period"), left.number("periodMax"));
    let unit = left.text("periodUnit");
    let is_timed = times != (None, None) || period != (None, None);
    let said = match (period, unit) {
        ((Some(period), most), Some(unit)) => frequency(times, (period, most), unit),
        ((None, None), None) => times_only(times),
        _ => None,
    };
    if said.is_none() && is_timed {
        left.unsaid().note();
    }
    out.often.extend(said);
    let count = (left.number("count"), left.number("countMax"));
    match count {
        (Some(1.0), None) if !is_timed => out.often.push(t("dose-single").to_string()),
        (None, None) => {}
        (count, most) => {
            let count = counted(t("dose-count"), "n", (count, most)).to_string();
            if is_timed { out.when.push(count) } else { out.often.push(count) }
        }
    }
    let lasts = (left.number("duration"), left.number("durationMax"));
    match (lasts, left.text("durationUnit")) {
        ((None, None), None) => {}
        (lasts, Some(unit)) if lasts != (None, None) => match lengths(lasts, unit) {
            Some(length) => out.when.push(t("dose-lasting").with("length", length).to_string()),
            None => left.unsaid().note(),
        },
        _ => left.unsaid().note(),
    }
    let offset = left.number("offset").map(|minutes| {
        let whole = minutes > 0.0 && minutes % 60.0 == 0.0;
        if whole { length(minutes / 60.0, "h") } else { length(minutes, "min") }.unwrap_or_default()
    });
    let whens = left.each("when", |one| when(one.as_str()?, offset.as_deref()));
    if offset.is_some() && whens.is_empty() {
        left.unsaid().note();
    }
    out.when.extend(whens);
    out.when.extend(left.each("dayOfWeek", |one| weekday(one.as_str()?)));
    out.when.extend(left.each("timeOfDay", |one| {
        let time = one.as_str()?;
        Some(time.strip_suffix(":00").filter(|time| time.len() == 5).unwrap_or(time).to_owned())
    }));
    let days = days_of(dosage).map(|days| t("dose-for-days").with("n", days).to_string());
    let lasting = |length: String| t("dose-for").with("length", length).to_string();
    out.bounds = left
        .element("boundsDuration")
        .and_then(|bounds| {
            let amount = amount(bounds)?;
            Some(days.clone().filter(|_| amount.comparator.is_none()).unwrap_or_else(|| lasting(amount.words())))
        })
        .or_else(|| left.element("boundsRange").and_then(|bounds| range(bounds, Amount::words)).map(lasting))
        .or_else(|| left.element("boundsPeriod").and_then(|bounds| between(bounds, days, clock)));
}

/// A Period: for so many days, and from when where that is not the day on which it was written.
fn between(mut left: Left<'_, '_>, days: Option<String>, clock: Clock<'_>) -> Option<String> {
    let (start, end) = (left.text("start"), left.text("end"));
    let day = |text: &str| text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let since = start.and_then(|start| on_day(start, "dose-from", clock.zone));
    let until = end.and_then(|end| on_day(end, "dose-until", clock.zone));
    if since.is_some() != start.is_some() || until.is_some() != end.is_some() || (start.is_none() && end.is_none()) {
        left.unsaid().note();
    }
    let whole = start.and_then(day).zip(end.and_then(day));
    let begins_then = start.and_then(day).is_some_and(|start| clock.written.is_none_or(|written| start == written));
    match (days.filter(|_| whole.is_some()), begins_then) {
        (Some(days), true) => Some(days),
        (Some(days), false) => since.map(|since| format!("{days} {since}")),
        (None, _) => {
            let parts: Vec<String> = since.into_iter().chain(until).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        }
    }
}

/// A `dateTime`: its day, and its time on the clinic's clock, as every other time of the record stands.
fn on_day(text: &str, message: &str, zone: &TimeZone) -> Option<String> {
    let when = When::parse(text, zone)?;
    let date = when.clock().map_or_else(|| when.short(), |time| format!("{}, {time}", when.short()));
    Some(t(message).with("date", date).to_string())
}

fn needed(left: &mut Left<'_, '_>) -> Option<String> {
    let reason = left.take("asNeededCodeableConcept").map(|reason| {
        let reason = concept(Some(reason));
        if reason.is_none() {
            left.unsaid().note();
        }
        reason
    });
    let plain = left.read("asNeededBoolean", Value::as_bool).unwrap_or_default();
    match reason {
        Some(Some(reason)) => Some(t("dose-when-needed-for").with("reason", reason).to_string()),
        Some(None) => Some(t("dose-when-needed").to_string()),
        None => plain.then(|| t("dose-when-needed").to_string()),
    }
}

/// No more than so much in so long.
fn most(mut left: Left<'_, '_>) -> Option<String> {
    let (Some(most), Some(period)) = (quantity(&mut left, "numerator"), quantity(&mut left, "denominator")) else {
        left.unsaid().note();
        return None;
    };
    let is_day = (period.value == 1.0 && matches!(period.unit, "d" | "day"))
        || (period.value == 24.0 && matches!(period.unit, "h" | "hour" | "hours"));
    let most = most.words();
    Some(match is_day && period.comparator.is_none() {
        true => t("dose-most-day").with("most", most).to_string(),
        false => t("dose-most").with("most", most).with("period", period.words()).to_string(),
    })
}

/// How it gets into the body: as it was written, the common ones in the reader's language. Source of the codes: SNOMED CT,
/// descendants of 284009009 |Route of administration value|, and those of the clinic's own file.
fn route(route: &Value) -> Option<String> {
    let codes = route.get("coding").and_then(Value::as_array).into_iter().flatten();
    let known = codes.filter_map(|coding| text(coding, "/code")).find_map(|code| {
        Some(match code {
            "oral" | "26643006" => "route-mouth",
            "skin" | "6064005" => "route-skin",
            "inhaled" | "447694001" => "route-inhaled",
            "34206005" => "route-under-skin",
            "78421000" => "route-muscle",
            "47625008" => "route-vein",
            "46713006" => "route-nose",
            "54485002" => "route-eye",
            "10547007" => "route-ear",
            "37161004" => "route-rectum",
            "16857009" => "route-vagina",
            "37839007" => "route-tongue",
            _ => return None,
        })
    });
    known.map(|message| t(message).to_string()).or_else(|| concept(Some(route)))
}

/// FHIR R4 `days-of-week`.
fn weekday(code: &str) -> Option<String> {
    let message = match code {
        "mon" => "weekday-monday",
        "tue" => "weekday-tuesday",
        "wed" => "weekday-wednesday",
        "thu" => "weekday-thursday",
        "fri" => "weekday-friday",
        "sat" => "weekday-saturday",
        "sun" => "weekday-sunday",
        _ => return None,
    };
    Some(t(message).to_string())
}

/// What an abbreviation of HL7 v3 `GTSAbbreviation` means; nothing for other words.
fn coded(code: &str) -> Option<String> {
    let every = |times: f64, period: f64, unit: &str| frequency((Some(times), None), (period, None), unit);
    match code.trim().to_ascii_uppercase().as_str() {
        "QD" => every(1.0, 1.0, "d"),
        "BID" => every(2.0, 1.0, "d"),
        "TID" => every(3.0, 1.0, "d"),
        "QID" => every(4.0, 1.0, "d"),
        "QOD" => every(1.0, 2.0, "d"),
        "WK" => every(1.0, 1.0, "wk"),
        "MO" => every(1.0, 1.0, "mo"),
        "AM" => when("MORN", None),
        "PM" => when("AFT", None),
        "BED" => when("HS", None),
        other => {
            let hours: u8 = other.strip_prefix('Q')?.strip_suffix('H')?.parse().ok()?;
            every(1.0, f64::from(hours), "h").filter(|_| hours > 0)
        }
    }
}

/// Fills in so many, or from so many to so many: whole numbers choose the words, all others are rare and said with their
/// digits.
fn counted(
    text: crate::http::ui::Text,
    name: &'static str,
    (low, most): (Option<f64>, Option<f64>),
) -> crate::http::ui::Text {
    let whole = |value: f64| (value.fract() == 0.0 && value.abs() < 1e6).then_some(value as i64);
    match (low, most) {
        (Some(low), None) => match whole(low) {
            Some(low) => text.with(name, low),
            None => text.with(name, format::exact(low)),
        },
        (Some(low), Some(most)) => {
            let both = t("dose-range").with("low", format::exact(low)).with("most", format::exact(most));
            text.with(name, both.to_string())
        }
        (None, Some(most)) => text.with(name, t("dose-up-to").with("amount", format::exact(most)).to_string()),
        (None, None) => text.with(name, 1),
    }
}

/// So often: at least, and where that is open, at most. What nobody said is once (FHIR R4, Timing.repeat.frequency).
fn frequency(times: (Option<f64>, Option<f64>), (period, most): (f64, Option<f64>), unit: &str) -> Option<String> {
    let text = match unit {
        "h" => t("dose-every-hours"),
        "d" => t("dose-every-days"),
        "wk" => t("dose-every-weeks"),
        "mo" => t("dose-every-months"),
        other => {
            let length = lengths((Some(period), most), other)?;
            return Some(counted(t("dose-every-other").with("length", length), "times", times).to_string());
        }
    };
    Some(counted(counted(text, "times", times), "period", (Some(period), most)).to_string())
}

/// So often, and nobody said in how long.
fn times_only(times: (Option<f64>, Option<f64>)) -> Option<String> {
    (times != (None, None)).then(|| counted(t("dose-times-only"), "n", times).to_string())
}

/// "3 months", for the units of FHIR R4 `units-of-time` and their names.
fn length(value: f64, unit: &str) -> Option<String> {
    lengths((Some(value), None), unit)
}

/// "4 to 6 hours".
fn lengths(length: (Option<f64>, Option<f64>), unit: &str) -> Option<String> {
    let message = match unit {
        "s" | "second" | "seconds" => "length-seconds",
        "min" | "minute" | "minutes" => "length-minutes",
        "h" | "hour" | "hours" => "length-hours",
        "d" | "day" | "days" => "length-days",
        "wk" | "week" | "weeks" => "length-weeks",
        "mo" | "month" | "months" => "length-months",
        "a" | "year" | "years" => "length-years",
        _ => return None,
    };
    Some(counted(t(message), "n", length).to_string())
}

/// FHIR R4 `event-timing`, and `IMD` of R5; so long before or after it.
fn when(code: &str, offset: Option<&str>) -> Option<String> {
    let message = match code {
        "MORN" => "when-morning",
        "MORN.early" => "when-morning-early",
        "MORN.late" => "when-morning-late",
        "NOON" => "when-noon",
        "AFT" => "when-afternoon",
        "AFT.early" => "when-afternoon-early",
        "AFT.late" => "when-afternoon-late",
        "EVE" => "when-evening",
        "EVE.early" => "when-evening-early",
        "EVE.late" => "when-evening-late",
        "NIGHT" => "when-night",
        "PHS" => "when-asleep",
        "IMD" => "when-at-once",
        "HS" => "when-before-sleep",
        "WAKE" => "when-after-waking",
        "C" => "when-with-food",
        "CM" => "when-with-breakfast",
        "CD" => "when-with-lunch",
        "CV" => "when-with-dinner",
        "AC" => "when-before-meals",
        "ACM" => "when-before-breakfast",
        "ACD" => "when-before-lunch",
        "ACV" => "when-before-dinner",
        "PC" => "when-after-meals",
        "PCM" => "when-after-breakfast",
        "PCD" => "when-after-lunch",
        "PCV" => "when-after-dinner",
        _ => return None,
    };
    let said = t(message).to_string();
    // Before or after what it names.
    let is_side = code.starts_with("AC") || code.starts_with("PC") || matches!(code, "HS" | "WAKE" | "PHS");
    Some(match offset {
        None => said,
        Some(offset) if is_side => format!("{offset} {said}"),
        Some(offset) => t("when-offset").with("when", said).with("length", offset).to_string(),
    })
}
