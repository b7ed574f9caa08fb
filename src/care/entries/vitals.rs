//! Measurements: what can be typed, in which unit, and within which bounds a number can be true of a living body. The
//! bounds are there to find a slip of the finger; they are no reference ranges and say nothing of health.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Author, Fault, Faults, digits, resource};
use crate::base::Decimal;

const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";

/// One kind of measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vital {
    /// The input's name.
    pub field: &'static str,
    /// Of the lower number, where there are two.
    pub second: Option<&'static str>,
    pub loinc: &'static str,
    /// As the resource calls it.
    pub name: &'static str,
    pub unit: &'static str,
    pub ucum: &'static str,
    pub low: f64,
    pub high: f64,
}

impl Vital {
    /// Whether an input is one of this measurement.
    pub fn has(&self, field: &str) -> bool {
        self.field == field || self.second == Some(field)
    }
}

/// All of them, in the order of the form. LOINC codes are those of FHIR R4's vital signs profiles
/// (observation-vitalsigns.html), and of a glucose reading.
pub const VITALS: [Vital; 8] = [
    Vital {
        second: Some("diastolic"),
        ..vital("systolic", "85354-9", "Blood pressure", ("mmHg", "mm[Hg]"), (40.0, 300.0))
    },
    vital("pulse", "8867-4", "Pulse", ("/min", "/min"), (20.0, 300.0)),
    vital("temperature", "8310-5", "Temperature", ("\u{b0}C", "Cel"), (25.0, 45.0)),
    vital("oxygen", "2708-6", "Oxygen saturation", ("%", "%"), (40.0, 100.0)),
    vital("breathing", "9279-1", "Breathing", ("/min", "/min"), (4.0, 90.0)),
    vital("weight", "29463-7", "Weight", ("kg", "kg"), (0.3, 400.0)),
    vital("height", "8302-2", "Height", ("cm", "cm"), (25.0, 250.0)),
    vital("glucose", "15074-8", "Glucose", ("mmol/L", "mmol/L"), (0.5, 60.0)),
];

const SYSTOLIC: (&str, &str) = ("8480-6", "Systolic blood pressure");
const DIASTOLIC: (&str, &str) = ("8462-4", "Diastolic blood pressure");
/// The lowest second number of a blood pressure.
const LOWEST_SECOND: f64 = 10.0;

const fn vital(
    field: &'static str,
    loinc: &'static str,
    name: &'static str,
    (unit, ucum): (&'static str, &'static str),
    (low, high): (f64, f64),
) -> Vital {
    Vital { field, second: None, loinc, name, unit, ucum, low, high }
}

/// Between which each number can be true: input, lowest, highest.
pub fn bounds() -> impl Iterator<Item = (&'static str, f64, f64)> {
    VITALS.iter().flat_map(|vital| {
        let second = vital.second.map(|name| (name, LOWEST_SECOND, vital.high));
        std::iter::once((vital.field, vital.low, vital.high)).chain(second)
    })
}

/// What was typed. The names of the inputs are the names of these fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct VitalsTyped {
    pub systolic: String,
    pub diastolic: String,
    pub pulse: String,
    pub temperature: String,
    pub oxygen: String,
    pub breathing: String,
    pub weight: String,
    pub height: String,
    pub glucose: String,
}

impl VitalsTyped {
    pub fn of(&self, field: &str) -> &str {
        match field {
            "systolic" => &self.systolic,
            "diastolic" => &self.diastolic,
            "pulse" => &self.pulse,
            "temperature" => &self.temperature,
            "oxygen" => &self.oxygen,
            "breathing" => &self.breathing,
            "weight" => &self.weight,
            "height" => &self.height,
            "glucose" => &self.glucose,
            _ => "",
        }
    }

    pub(in crate::care) fn put(&mut self, field: &str, text: String) {
        match field {
            "systolic" => self.systolic = text,
            "diastolic" => self.diastolic = text,
            "pulse" => self.pulse = text,
            "temperature" => self.temperature = text,
            "oxygen" => self.oxygen = text,
            "breathing" => self.breathing = text,
            "weight" => self.weight = text,
            "height" => self.height = text,
            "glucose" => self.glucose = text,
            _ => {}
        }
    }
}

/// One measurement that makes sense.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub vital: &'static Vital,
    pub value: Decimal,
    pub second: Option<Decimal>,
}

/// What was measured, and all that is wrong at once. Nothing typed is nothing measured.
pub fn measured(typed: &VitalsTyped, faults: &mut Faults) -> Vec<Measured> {
    let mut all = Vec::new();
    for vital in &VITALS {
        let first = number(vital.field, typed.of(vital.field), vital.low, vital.high, faults);
        let Some(name) = vital.second else {
            all.extend(first.map(|value| Measured { vital, value, second: None }));
            continue;
        };
        let second = number(name, typed.of(name), LOWEST_SECOND, vital.high, faults);
        // A cuff shows whole numbers: 120.5 is a slip for 120/5 or 1205.
        for (name, value) in [(vital.field, first), (name, second)] {
            if value.is_some_and(|value| value.value().fract() != 0.0) {
                faults.push((name, Fault::NotWhole));
            }
        }
        match (first, second) {
            (Some(value), Some(low)) if low.value() < value.value() => {
                all.push(Measured { vital, value, second: Some(low) })
            }
            (Some(_), Some(_)) => faults.push((name, Fault::EndsBefore)),
            (Some(_), None) if typed.of(name).trim().is_empty() => faults.push((name, Fault::Half)),
            (None, Some(_)) if typed.of(vital.field).trim().is_empty() => faults.push((vital.field, Fault::Half)),
            _ => {}
        }
    }
    all
}

fn number(field: &'static str, typed: &str, low: f64, high: f64, faults: &mut Faults) -> Option<Decimal> {
    if typed.trim().is_empty() {
        return None;
    }
    let read = Decimal::read(typed).map_err(Fault::from);
    let read = read.and_then(|number| match number.value() {
        value if (low..=high).contains(&value) => Ok(number),
        // Nothing that is measured lies below nought.
        value if value < 0.0 => Err(Fault::Unread),
        _ => Err(Fault::Outside { low, high }),
    });
    read.map_err(|fault| faults.push((field, fault))).ok()
}

/// The Observation of one measurement.
pub fn observation(one: &Measured, patient: &str, when: &str, author: &Author<'_>, encounter: Option<&str>) -> Value {
    let code = |code: &str, name: &str| json!({"coding": [{"system": LOINC, "code": code}], "text": name});
    let quantity = |value: Decimal| json!({"value": digits(value), "unit": one.vital.unit, "system": UCUM, "code": one.vital.ucum});
    let part =
        |(loinc, name): (&str, &str), value| json!({"code": code(loinc, name), "valueQuantity": quantity(value)});
    let (value, components) = match one.second {
        Some(second) => (Value::Null, json!([part(SYSTOLIC, one.value), part(DIASTOLIC, second)])),
        None => (quantity(one.value), Value::Null),
    };
    resource(
        "Observation",
        json!({
            "status": "final",
            "category": [super::hl7("observation-category", "vital-signs")],
            "code": code(one.vital.loinc, one.vital.name),
            "subject": {"reference": format!("Patient/{patient}")},
            "encounter": encounter.map(|encounter| json!({"reference": encounter})),
            "effectiveDateTime": when,
            "performer": [author.reference()],
            "valueQuantity": value,
            "component": components,
        }),
    )
}

fn value_of(observation: &Value) -> Option<(f64, Option<f64>)> {
    let number = |value: &Value| value.pointer("/valueQuantity/value").and_then(Value::as_f64);
    if let Some(value) = number(observation) {
        return Some((value, None));
    }
    let parts = observation.get("component")?.as_array()?;
    let part = |wanted: &str| {
        let is = |part: &&Value| part.pointer("/code/coding/0/code").and_then(Value::as_str) == Some(wanted);
        parts.iter().find(is).and_then(number)
    };
    Some((part(SYSTOLIC.0)?, part(DIASTOLIC.0)))
}

/// Which measurement an Observation is.
pub fn vital_of(observation: &Value) -> Option<&'static Vital> {
    let code = observation.pointer("/code/coding/0/code").and_then(Value::as_str)?;
    VITALS.iter().find(|vital| vital.loinc == code)
}

/// Whether an Observation says what was measured.
pub fn same_value(observation: &Value, one: &Measured) -> bool {
    vital_of(observation) == Some(one.vital)
        && value_of(observation) == Some((one.value.value(), one.second.map(Decimal::value)))
}

/// Observations as they would stand in the form.
pub fn typed_of<'a>(observations: impl IntoIterator<Item = &'a Value>) -> VitalsTyped {
    let mut typed = VitalsTyped::default();
    for one in observations {
        let (Some(vital), Some((value, second))) = (vital_of(one), value_of(one)) else { continue };
        if super::text(one, "/status") == "entered-in-error" {
            continue;
        }
        // A cuff shows whole numbers; of all else the digits stay.
        let given = || one.pointer("/valueQuantity/value").map(Value::to_string);
        typed.put(vital.field, given().unwrap_or_else(|| value.to_string()));
        if let (Some(field), Some(second)) = (vital.second, second) {
            typed.put(field, second.to_string());
        }
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Definitions, Mode, validate};

    fn typed(fill: impl FnOnce(&mut VitalsTyped)) -> VitalsTyped {
        let mut typed = VitalsTyped::default();
        fill(&mut typed);
        typed
    }

    fn faults_of(typed: &VitalsTyped) -> Faults {
        let mut faults = Faults::new();
        measured(typed, &mut faults);
        faults
    }

    #[test]
    fn what_is_measured_becomes_an_observation_with_its_unit_and_reads_back() {
        let author = Author { person: None, name: "Lena Corvin" };
        let typed = typed(|typed| {
            typed.systolic = "148".into();
            typed.diastolic = "86".into();
            typed.temperature = "38,1".into();
        });
        let mut faults = Faults::new();
        let all = measured(&typed, &mut faults);
        assert!(faults.is_empty() && all.len() == 2);
        let observations: Vec<Value> =
            all.iter().map(|one| observation(one, "p", "2026-03-03T09:31:00Z", &author, None)).collect();
        for (one, value) in all.iter().zip(&observations) {
            let issues = validate(value, Definitions::r4(), Mode::Strict);
            assert!(issues.iter().all(|issue| !issue.is_error()), "{issues:?}");
            assert!(same_value(value, one));
        }
        assert_eq!(observations[1]["valueQuantity"]["unit"], "\u{b0}C");
        let back = typed_of(&observations);
        assert_eq!((back.systolic.as_str(), back.diastolic.as_str(), back.temperature.as_str()), ("148", "86", "38.1"));
    }

    #[test]
    fn a_slip_of_the_finger_is_found_and_named() {
        let fault = |fill: fn(&mut VitalsTyped)| faults_of(&typed(fill));
        assert_eq!(fault(|t| t.pulse = "9600".into()), [("pulse", Fault::Outside { low: 20.0, high: 300.0 })]);
        assert_eq!(fault(|t| t.weight = "8l".into()), [("weight", Fault::Unread)]);
        assert_eq!(fault(|t| t.weight = "1e2".into()), [("weight", Fault::Unread)]);
        assert_eq!(fault(|t| t.weight = "-5".into()), [("weight", Fault::Unread)]);
        assert_eq!(fault(|t| t.systolic = "120".into()), [("diastolic", Fault::Half)]);
        assert_eq!(
            fault(|t| {
                t.systolic = "120,5".into();
                t.diastolic = "80.0".into();
            }),
            [("systolic", Fault::NotWhole)]
        );
        assert_eq!(
            fault(|t| {
                t.systolic = "80".into();
                t.diastolic = "120".into();
            }),
            [("diastolic", Fault::EndsBefore)]
        );
        assert!(faults_of(&VitalsTyped::default()).is_empty());
    }
}
