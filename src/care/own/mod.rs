//! What patients measure and say of themselves: Observations with the patient as the one who measured, in UCUM's units, and
//! marked as patient-reported.
//!
//! The limits here are none of medicine's: they say what a device at home can show and what is so seldom that a slip of the
//! finger is likelier. What cannot be is refused; what is seldom is asked again, and then kept.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::base::{Decimal, FhirId, NoDecimal, Timestamp};
use crate::care::entries::digits;
use crate::care::schedule::gap_at;
use crate::care::uploads::{PATIENT_REPORTED, tag};
use crate::care::workflow::{Doing, Done, Never, Refused, carry_out};
use crate::fhir::{Mode, ResourceType};
use crate::record::Change;

const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";
/// The most characters of what somebody writes with a value, and of a history.
pub const LONGEST_NOTE: usize = 500;
pub const LONGEST_HISTORY: usize = 10_000;
/// A value may be of a moment so many minutes ahead of the box's clock. Of one whose birth date is not known it may be so many
/// years old.
const AHEAD_MINUTES: i64 = 10;
const OLDEST_YEARS: i16 = 120;
/// A day so far back is asked about: a slip in the year is likelier.
const OLD_DAYS: i32 = 366;

/// A unit in which a value is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// UCUM's code.
    pub ucum: &'static str,
    /// As people write it.
    pub shown: &'static str,
    /// LOINC's code of the measurement in this unit.
    loinc: &'static str,
}

/// Impossible below, seldom below, seldom above, impossible above: in the unit of the same place.
type Limits = (f64, f64, f64, f64);

/// What can be measured at home.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    pub code: &'static str,
    /// Its name as it stands in the record.
    pub name: &'static str,
    pub units: &'static [(Unit, Limits)],
    category: Option<&'static str>,
}

const fn unit(ucum: &'static str, shown: &'static str, loinc: &'static str) -> Unit {
    Unit { ucum, shown, loinc }
}

const VITAL: Option<&str> = Some("vital-signs");

/// LOINC's codes are those of FHIR R4's vital signs (observation-vitalsigns.html); 15074-8 and 2339-0 are glucose in blood, as
/// amount of substance and as mass.
pub const MEASURES: [Measure; 7] = [
    Measure {
        code: "pressure",
        name: "Blood pressure",
        units: &[(unit("mm[Hg]", "mmHg", "85354-9"), (40.0, 80.0, 200.0, 300.0))],
        category: VITAL,
    },
    Measure {
        code: "pulse",
        name: "Heart rate",
        units: &[(unit("/min", "/min", "8867-4"), (20.0, 40.0, 150.0, 300.0))],
        category: VITAL,
    },
    Measure {
        code: "weight",
        name: "Body weight",
        units: &[
            (unit("kg", "kg", "29463-7"), (0.5, 2.0, 200.0, 500.0)),
            (unit("[lb_av]", "lb", "29463-7"), (1.1, 4.4, 440.0, 1100.0)),
        ],
        category: VITAL,
    },
    Measure {
        code: "height",
        name: "Body height",
        units: &[
            (unit("cm", "cm", "8302-2"), (20.0, 40.0, 210.0, 260.0)),
            (unit("[in_i]", "in", "8302-2"), (8.0, 16.0, 83.0, 102.0)),
        ],
        category: VITAL,
    },
    Measure {
        code: "temperature",
        name: "Body temperature",
        units: &[
            (unit("Cel", "°C", "8310-5"), (25.0, 35.0, 40.0, 45.0)),
            (unit("[degF]", "°F", "8310-5"), (77.0, 95.0, 104.0, 113.0)),
        ],
        category: VITAL,
    },
    Measure {
        code: "oxygen",
        name: "Oxygen saturation",
        units: &[(unit("%", "%", "59408-5"), (40.0, 90.0, 100.0, 100.0))],
        category: VITAL,
    },
    Measure {
        code: "glucose",
        name: "Glucose",
        units: &[
            (unit("mmol/L", "mmol/L", "15074-8"), (0.5, 3.0, 20.0, 60.0)),
            (unit("mg/dL", "mg/dL", "2339-0"), (9.0, 54.0, 360.0, 1080.0)),
        ],
        category: None,
    },
];

/// The lower number of a blood pressure.
const DIASTOLIC: Limits = (20.0, 40.0, 120.0, 200.0);

impl Measure {
    pub fn from_code(code: &str) -> Option<&'static Self> {
        MEASURES.iter().find(|measure| measure.code == code)
    }

    /// What can be in any of its units.
    fn widest(&self) -> Limits {
        let all = self.units.iter().map(|(_, limits)| *limits);
        let wider = |one: Limits, other: Limits| {
            (one.0.min(other.0), one.1.min(other.1), one.2.max(other.2), one.3.max(other.3))
        };
        all.reduce(wider).unwrap_or(DIASTOLIC)
    }

    /// Two numbers instead of one.
    pub fn is_pressure(&self) -> bool {
        self.code == "pressure"
    }
}

/// What was typed.
#[derive(Debug, Clone, Default)]
pub struct Typed<'a> {
    pub value: &'a str,
    /// The lower number of a blood pressure.
    pub second: &'a str,
    /// UCUM's code.
    pub unit: &'a str,
    pub day: &'a str,
    pub time: &'a str,
    pub note: &'a str,
}

/// A value that can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub measure: &'static Measure,
    pub unit: Unit,
    pub value: Decimal,
    pub second: Option<Decimal>,
    pub at: Timestamp,
    /// So seldom that it is asked again.
    pub seldom: bool,
    /// So long ago that it is asked again.
    pub old: bool,
}

/// What is wrong with what was typed, by field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wrong {
    /// The field of the value, or of the lower one, holds no number.
    NoNumber(Which),
    /// It can be read in two ways.
    Ambiguous(Which),
    /// It cannot be: the least and the most that can.
    Impossible(Which, f64, f64),
    /// A blood pressure with decimals, which no cuff shows.
    NotWhole(Which),
    /// The upper number of a blood pressure is not above the lower one.
    UpsideDown,
    Unit,
    Day,
    Time,
    /// It lies ahead.
    Ahead,
    /// Nobody was born yet.
    BeforeBirth,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Value,
    Second,
}

/// The first day on which somebody can have been measured: of a birth date of which only the year is known, that year's first.
pub fn born(patient: &Value) -> Option<Date> {
    let date = patient.get("birthDate")?.as_str()?;
    format!("{date}{}", "-01-01".get(date.len().checked_sub(4)?..)?).parse().ok()
}

/// Reads a measurement of somebody who was born on this day.
pub fn measured(
    measure: &'static Measure,
    typed: &Typed<'_>,
    born: Option<Date>,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Measured, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let found = measure.units.iter().find(|(unit, _)| unit.ucum == typed.unit);
    let chosen = found.or(if measure.units.len() == 1 { measure.units.first() } else { None });
    let mut seldom = false;
    let mut judged = |text: &str, which, (least, low, high, most): Limits, wrong: &mut Vec<Wrong>| {
        let read = Decimal::read(text).map_err(|no| match no {
            NoDecimal::Unread => Wrong::NoNumber(which),
            NoDecimal::Ambiguous => Wrong::Ambiguous(which),
        });
        let read = read.and_then(|number| match number.value() {
            value if value < 0.0 => Err(Wrong::NoNumber(which)),
            value if value < least || value > most => Err(Wrong::Impossible(which, least, most)),
            value => {
                seldom |= value < low || value > high;
                Ok(number)
            }
        });
        read.map_err(|error| wrong.push(error)).ok()
    };
    // Without its unit a number can be wrong all the same: then both are said at once.
    let limits = chosen.map_or_else(|| measure.widest(), |(_, limits)| *limits);
    let value = judged(typed.value, Which::Value, limits, &mut wrong);
    if chosen.is_none() {
        wrong.push(Wrong::Unit);
    }
    let second = if measure.is_pressure() { judged(typed.second, Which::Second, DIASTOLIC, &mut wrong) } else { None };
    let both = [(Which::Value, value), (Which::Second, second)];
    let split =
        |value: Option<Decimal>| measure.is_pressure() && value.is_some_and(|value| value.value().fract() != 0.0);
    wrong.extend(both.iter().filter(|(_, value)| split(*value)).map(|(which, _)| Wrong::NotWhole(*which)));
    if let (Some(upper), Some(lower)) = (value, second)
        && upper.value() <= lower.value()
    {
        wrong.push(Wrong::UpsideDown);
    }
    let at = moment((typed.day, typed.time), born, now, zone).map_err(|error| wrong.push(error)).ok();
    match (value, chosen, at) {
        (Some(value), Some((unit, _)), Some(at)) if wrong.is_empty() => {
            let days = |at: Timestamp| at.to_zoned(zone.clone()).date();
            let old = (days(now) - days(at)).get_days() > OLD_DAYS;
            Ok(Measured { measure, unit: *unit, value, second, at, seldom, old })
        }
        _ => Err(wrong),
    }
}

/// A day and a time of the clinic's clock. One that a change of the clock leaves out is none.
fn moment((day, time): (&str, &str), born: Option<Date>, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, Wrong> {
    let day = day.trim().parse::<Date>().map_err(|_| Wrong::Day)?;
    let time = time.trim().parse::<Time>().map_err(|_| Wrong::Time)?;
    let local: DateTime = day.to_datetime(time);
    if gap_at(local, zone).is_some() {
        return Err(Wrong::Time);
    }
    let moment = local.to_zoned(zone.clone()).map_err(|_| Wrong::Day)?.timestamp();
    let today = now.to_zoned(zone.clone()).date();
    if day.year() < today.year().saturating_sub(OLDEST_YEARS) {
        return Err(Wrong::Day);
    }
    if born.is_some_and(|born| day < born) {
        return Err(Wrong::BeforeBirth);
    }
    if moment > now.checked_add(jiff::SignedDuration::from_mins(AHEAD_MINUTES)).unwrap_or(now) {
        return Err(Wrong::Ahead);
    }
    Ok(moment)
}

/// The beginning of an Observation of a patient's own. `by` is a reference with a name.
fn begun(patient: &FhirId, by: &Value, at: Timestamp) -> Value {
    json!({
        "resourceType": "Observation",
        "meta": {"tag": [tag(PATIENT_REPORTED)]},
        "status": "final",
        "subject": {"reference": format!("Patient/{patient}")},
        "effectiveDateTime": at.to_string(),
        "performer": [by],
    })
}

fn concept(loinc: &str, text: &str) -> Value {
    json!({"coding": [{"system": LOINC, "code": loinc}], "text": text})
}

fn category(code: &str) -> Value {
    json!([{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": code}]}])
}

/// The Observation of a measurement.
pub fn observation(measured: &Measured, patient: &FhirId, by: &Value, note: &str) -> Value {
    let Measured { measure, unit, value, second, at, .. } = measured;
    let quantity =
        |value: Decimal| json!({"value": digits(value), "unit": unit.shown, "system": UCUM, "code": unit.ucum});
    let mut observation = begun(patient, by, *at);
    let Some(members) = observation.as_object_mut() else { return observation };
    if let Some(code) = measure.category {
        members.insert("category".into(), category(code));
    }
    members.insert("code".into(), concept(unit.loinc, measure.name));
    match second {
        Some(second) => {
            let part = |loinc: &str, name: &str, value: Decimal| json!({"code": concept(loinc, name), "valueQuantity": quantity(value)});
            let parts = [
                part("8480-6", "Systolic blood pressure", *value),
                part("8462-4", "Diastolic blood pressure", *second),
            ];
            members.insert("component".into(), parts.to_vec().into());
        }
        None => {
            members.insert("valueQuantity".into(), quantity(*value));
        }
    }
    let note = note.trim();
    if !note.is_empty() {
        members.insert("note".into(), json!([{"text": note}]));
    }
    observation
}

/// What a patient tells of themselves: code here, LOINC's, and its name in the record.
pub const HISTORIES: [(&str, &str, &str); 3] = [
    ("past", "11348-0", "History of past illness"),
    ("family", "10157-6", "Family history"),
    ("social", "29762-2", "Social history"),
];

/// Whether a name in a record is this program's own for what patients measure or tell, and no person's word for it.
pub fn is_ours(name: &str) -> bool {
    MEASURES.iter().any(|measure| measure.name == name) || HISTORIES.iter().any(|(.., called)| *called == name)
}

/// The Observation of something told; `None` for an unknown kind.
pub fn history(code: &str, text: &str, patient: &FhirId, by: &Value, now: Timestamp) -> Option<Value> {
    let (_, loinc, name) = HISTORIES.iter().find(|(known, ..)| *known == code)?;
    let mut observation = begun(patient, by, now);
    let members = observation.as_object_mut()?;
    members.insert("category".into(), category("survey"));
    members.insert("code".into(), concept(loinc, name));
    members.insert("valueString".into(), text.trim().into());
    Some(observation)
}

/// Stores it under `id`.
pub async fn keep(doing: Doing<'_>, id: FhirId, observation: Value) -> Result<Done<()>, Refused<Never>> {
    let change = Change::create_as(ResourceType::Observation, id, observation, Mode::Strict)?;
    carry_out(doing, vec![change], |_| Ok(())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::get("Europe/Lisbon").unwrap()
    }

    fn now() -> Timestamp {
        "2026-03-03T09:40:00Z".parse().unwrap()
    }

    fn read(code: &str, value: &str, second: &str, unit: &str) -> Result<Measured, Vec<Wrong>> {
        let typed = Typed { value, second, unit, day: "2026-03-03", time: "09:30", note: "" };
        measured(Measure::from_code(code).unwrap(), &typed, None, now(), &zone())
    }

    fn decimal(text: &str) -> Decimal {
        Decimal::read(text).unwrap()
    }

    #[test]
    fn what_can_be_is_read_what_is_seldom_is_asked_and_what_cannot_be_is_refused() {
        let weight = |value: &str| read("weight", value, "", "kg");
        assert_eq!(weight("81,4").map(|one| (one.value.value(), one.seldom)), Ok((81.4, false)));
        assert_eq!(weight("81.40").map(|one| one.value.to_string()), Ok("81.40".to_owned()));
        for either in ["1,234", "1.2.3"] {
            assert_eq!(weight(either), Err(vec![Wrong::Ambiguous(Which::Value)]), "{either}");
        }
        assert_eq!(weight("210").map(|one| one.seldom), Ok(true));
        assert_eq!(weight("814"), Err(vec![Wrong::Impossible(Which::Value, 0.5, 500.0)]));
        for no in ["", "heavy", "8e1", "NaN"] {
            assert_eq!(weight(no), Err(vec![Wrong::NoNumber(Which::Value)]), "{no}");
        }
        for no in ["-80", "1234567890"] {
            assert!(weight(no).is_err(), "{no}");
        }
        assert_eq!(read("weight", "180", "", "lb"), Err(vec![Wrong::Unit]));
        for (typed, wrong) in [
            ("9000", Wrong::Impossible(Which::Value, 0.5, 1100.0)),
            ("<script>", Wrong::NoNumber(Which::Value)),
            ("1,234", Wrong::Ambiguous(Which::Value)),
        ] {
            assert_eq!(read("weight", typed, "", ""), Err(vec![wrong, Wrong::Unit]), "{typed}");
        }
        assert_eq!(read("weight", "180", "", "[lb_av]").map(|one| one.seldom), Ok(false));
        assert_eq!(read("oxygen", "101", "", "%"), Err(vec![Wrong::Impossible(Which::Value, 40.0, 100.0)]));
        assert_eq!(read("glucose", "5.4", "", "mmol/L").map(|one| one.unit.loinc), Ok("15074-8"));
        assert_eq!(read("glucose", "97", "", "mg/dL").map(|one| one.unit.loinc), Ok("2339-0"));
        // The same number in the other unit would be a different life.
        assert_eq!(read("glucose", "97", "", "mmol/L"), Err(vec![Wrong::Impossible(Which::Value, 0.5, 60.0)]));
    }

    #[test]
    fn a_blood_pressure_has_two_numbers_the_upper_above_the_lower() {
        let pressure = read("pressure", "141", "84", "").unwrap();
        assert_eq!((pressure.value, pressure.second, pressure.seldom), (decimal("141"), Some(decimal("84")), false));
        assert_eq!(read("pressure", "84", "141", ""), Err(vec![Wrong::UpsideDown]));
        assert_eq!(read("pressure", "120.5", "80", ""), Err(vec![Wrong::NotWhole(Which::Value)]));
        assert_eq!(read("pressure", "141", "", ""), Err(vec![Wrong::NoNumber(Which::Second)]));
    }

    #[test]
    fn the_time_is_the_clinic_s_and_none_that_is_to_come() {
        let at = |day: &str, time: &str| {
            let typed = Typed { value: "70", unit: "kg", day, time, ..Typed::default() };
            measured(Measure::from_code("weight").unwrap(), &typed, None, now(), &zone()).map(|one| one.at.to_string())
        };
        assert_eq!(at("2025-07-01", "09:30").as_deref(), Ok("2025-07-01T08:30:00Z"));
        assert_eq!(at("2026-03-03", "09:45").as_deref(), Ok("2026-03-03T09:45:00Z"));
        assert_eq!(at("2026-03-03", "10:30"), Err(vec![Wrong::Ahead]));
        assert_eq!(at("1800-01-01", "10:30"), Err(vec![Wrong::Day]));
        assert_eq!(at("3.3.2026", "10:30"), Err(vec![Wrong::Day]));
        assert_eq!(at("2026-03-03", ""), Err(vec![Wrong::Time]));
        // 01:30 does not happen in the night of 29 March 2026 in Lisbon.
        assert_eq!(
            moment(("2026-03-29", "01:30"), None, "2026-04-01T00:00:00Z".parse().unwrap(), &zone())
                .map(|at| at.to_string()),
            Err(Wrong::Time)
        );
    }

    #[test]
    fn nobody_was_measured_before_they_were_born_and_a_day_of_years_ago_is_asked_about() {
        let day = |day: &str, born: &str| {
            let typed = Typed { value: "70", unit: "kg", day, time: "09:30", ..Typed::default() };
            let born = super::born(&json!({"birthDate": born}));
            measured(Measure::from_code("weight").unwrap(), &typed, born, now(), &zone()).map(|one| one.old)
        };
        assert_eq!(day("1926-11-29", "1968-05-02"), Err(vec![Wrong::BeforeBirth]));
        assert_eq!((day("1968-05-02", "1968-05-02"), day("1968-01-01", "1968")), (Ok(true), Ok(true)));
        assert_eq!((day("2025-03-02", "1968-05"), day("2025-03-03", "1968-05")), (Ok(false), Ok(false)));
        assert_eq!((day("2025-03-01", "1968-05"), day("2026-03-02", "")), (Ok(true), Ok(false)));
        assert_eq!(born(&json!({"birthDate": "1968-05"})), "1968-05-01".parse().ok());
    }

    #[test]
    fn every_measure_and_history_is_r4_and_says_who_measured() {
        let (patient, by) = (FhirId::parse("p1").unwrap(), json!({"reference": "Patient/p1", "display": "Halina"}));
        for measure in &MEASURES {
            for (unit, (least, ..)) in measure.units {
                let second = measure.is_pressure().then(|| decimal("30"));
                let one = Measured {
                    measure,
                    unit: *unit,
                    value: decimal(&(least + 1.0).to_string()),
                    second,
                    at: now(),
                    seldom: false,
                    old: false,
                };
                let value = observation(&one, &patient, &by, "at home");
                Change::create(ResourceType::Observation, value.clone(), Mode::Strict).unwrap();
                assert_eq!(value["performer"], json!([by]));
                assert!(crate::care::uploads::is_reported(&value));
            }
        }
        for (code, ..) in HISTORIES {
            let value = history(code, "Measles as a child", &patient, &by, now()).unwrap();
            Change::create(ResourceType::Observation, value, Mode::Strict).unwrap();
        }
        assert_eq!(history("x", "y", &patient, &by, now()), None);
    }
}
