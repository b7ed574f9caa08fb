//! A prescription as FHIR has it: made from what was chosen, and read back.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::check::{Check, Finding, Verdict};
use crate::base::{FhirId, Timestamp};
use crate::care::formulary::{MEDICINE, Medicine, Route, Severity};

/// The system of the secret by which somebody with the paper finds out whether the prescription still counts.
pub const TOKEN: &str = "urn:chartbox:prescription";
/// The system of why a prescription ended.
const STOP_REASON: &str = "urn:chartbox:prescription-end";

/// How often: a code of ours and FHIR's `Timing.repeat`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Every {
    pub code: &'static str,
    pub frequency: u32,
    pub period: u32,
    /// UCUM's `h`, `d`, `wk`, `mo`.
    pub unit: &'static str,
    /// Once and never again.
    pub single: bool,
}

const fn every(code: &'static str, frequency: u32, period: u32, unit: &'static str) -> Every {
    Every { code, frequency, period, unit, single: false }
}

/// What can be chosen.
pub const EVERY: [Every; 12] = [
    every("1d", 1, 1, "d"),
    every("2d", 2, 1, "d"),
    every("3d", 3, 1, "d"),
    every("4d", 4, 1, "d"),
    every("12h", 1, 12, "h"),
    every("8h", 1, 8, "h"),
    every("6h", 1, 6, "h"),
    every("every-2d", 1, 2, "d"),
    every("1wk", 1, 1, "wk"),
    every("1mo", 1, 1, "mo"),
    Every { code: "once", frequency: 1, period: 1, unit: "d", single: true },
    every(WRITTEN, 0, 1, "d"),
];

/// As the instructions say, and no field: "at the start of a migraine".
pub const WRITTEN: &str = "written";

impl Every {
    pub fn from_code(code: &str) -> Option<Self> {
        EVERY.into_iter().find(|every| every.code == code)
    }

    /// Whether only the instructions say it.
    pub fn is_written(&self) -> bool {
        self.code == WRITTEN
    }

    /// The most times in one day, as far as it is known.
    pub fn times_a_day(&self) -> Option<f64> {
        let times = match self.unit {
            "h" => 24.0 / f64::from(self.period),
            _ => f64::from(self.frequency),
        };
        (!self.is_written()).then_some(times)
    }

    /// About how many in so many days; for the quantity that is suggested.
    pub fn times_in(&self, days: u32) -> Option<f64> {
        if self.is_written() {
            return None;
        }
        let days = f64::from(days);
        let per_day = match self.unit {
            "h" => 24.0 / f64::from(self.period),
            "wk" => f64::from(self.frequency) / (7.0 * f64::from(self.period)),
            "mo" => f64::from(self.frequency) / (30.0 * f64::from(self.period)),
            _ => f64::from(self.frequency) / f64::from(self.period),
        };
        Some(if self.single { 1.0 } else { (days * per_day).ceil() })
    }
}

/// FHIR R4 `event-timing` codes that can be chosen.
pub const WHEN: [&str; 7] = ["MORN", "NOON", "EVE", "NIGHT", "AC", "C", "PC"];

/// How much, how often, how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Dose {
    /// A decimal as it was typed, such as `0.5`.
    pub once: String,
    pub unit: String,
    pub every: Every,
    /// One of [`WHEN`].
    pub when: Option<&'static str>,
    /// Only when needed, and then no more often.
    pub needed: bool,
    pub days: Option<u32>,
    pub route: Option<Route>,
    /// In the clinician's words, for the patient.
    pub instructions: String,
}

/// Which medicine, ready to be written.
#[derive(Debug, Clone)]
pub enum Meant<'a> {
    Listed(&'a Medicine),
    Written(&'a str),
}

impl Meant<'_> {
    pub fn name(&self) -> String {
        match self {
            Self::Listed(medicine) => medicine.whole(),
            Self::Written(name) => (*name).to_owned(),
        }
    }

    fn concept(&self) -> Value {
        match self {
            Self::Written(name) => json!({"text": name}),
            Self::Listed(medicine) => {
                let own = json!({"system": MEDICINE, "code": medicine.id});
                let public = medicine.codes.iter().map(|code| json!({"system": code.system, "code": code.code}));
                let codings: Vec<Value> = std::iter::once(own).chain(public).collect();
                json!({"coding": codings, "text": medicine.whole()})
            }
        }
    }
}

/// What it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A Condition of the patient, and what it is called.
    Problem(FhirId, String),
    Written(String),
    None,
}

/// Everything of a prescription but who wrote it when.
#[derive(Debug, Clone)]
pub struct Prescription<'a> {
    pub patient: &'a FhirId,
    pub medicine: Meant<'a>,
    pub dose: Dose,
    /// The dose in words, as staff read it.
    pub words: &'a str,
    /// So many units are handed out, as typed.
    pub quantity: Option<String>,
    pub refills: u32,
    /// FHIR's `substitution` of the one that it renews: what may be handed out in its place.
    pub substitution: Option<Value>,
    pub reason: Reason,
    /// From this day.
    pub from: Date,
}

/// Who signs, when.
#[derive(Debug, Clone)]
pub struct By<'a> {
    /// As in `Practitioner/a`.
    pub reference: &'a str,
    pub name: &'a str,
    pub now: Timestamp,
}

fn number(text: &str) -> Value {
    serde_json::from_str::<serde_json::Number>(text).map_or(Value::Null, Value::Number)
}

fn put(object: &mut Map<String, Value>, name: &str, value: Value) {
    let empty = match &value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    if !empty {
        object.insert(name.to_owned(), value);
    }
}

/// FHIR's `Dosage`.
pub fn dosage(dose: &Dose, words: &str, from: Date) -> Value {
    let Every { frequency, period, unit, single, .. } = dose.every;
    let mut repeat = Map::new();
    if let (Some(days), false) = (dose.days, single) {
        let last = from.saturating_add(jiff::Span::new().days(i64::from(days.saturating_sub(1))));
        put(&mut repeat, "boundsPeriod", json!({"start": from.to_string(), "end": last.to_string()}));
    }
    if single {
        put(&mut repeat, "count", json!(1));
    } else if !dose.every.is_written() {
        put(&mut repeat, "frequency", json!(frequency));
        put(&mut repeat, "period", json!(period));
        put(&mut repeat, "periodUnit", json!(unit));
    }
    put(&mut repeat, "when", dose.when.map_or(Value::Null, |when| json!([when])));
    let mut out = Map::new();
    put(&mut out, "text", json!(words));
    put(&mut out, "patientInstruction", json!(dose.instructions.trim()));
    if !repeat.is_empty() {
        put(&mut out, "timing", json!({"repeat": repeat}));
    }
    if dose.needed {
        put(&mut out, "asNeededBoolean", json!(true));
    }
    if let Some(route) = &dose.route {
        let mut coding = Map::new();
        put(&mut coding, "system", json!(route.system.as_deref().unwrap_or("urn:chartbox:formulary-route")));
        put(&mut coding, "code", json!(route.code));
        put(&mut out, "route", json!({"coding": [coding], "text": route.text}));
    }
    let quantity = json!({"value": number(&dose.once), "unit": dose.unit});
    put(&mut out, "doseAndRate", json!([{"doseQuantity": quantity}]));
    Value::Object(out)
}

/// The `MedicationRequest`, signed. `issues` are the warnings that were answered; `prior` the one in whose place it comes.
pub fn issued(
    prescription: &Prescription<'_>,
    by: &By<'_>,
    token: &str,
    issues: &[FhirId],
    prior: Option<&FhirId>,
) -> Value {
    let Prescription { patient, medicine, dose, words, quantity, refills, substitution, reason, from } = prescription;
    let mut out = Map::new();
    put(&mut out, "resourceType", json!("MedicationRequest"));
    put(&mut out, "identifier", json!([{"system": TOKEN, "value": token}]));
    put(&mut out, "status", json!("active"));
    put(&mut out, "intent", json!("order"));
    put(&mut out, "medicationCodeableConcept", medicine.concept());
    put(&mut out, "subject", json!({"reference": format!("Patient/{patient}")}));
    put(&mut out, "authoredOn", json!(by.now.to_string()));
    put(&mut out, "requester", json!({"reference": by.reference, "display": by.name}));
    match reason {
        Reason::Problem(id, name) => {
            let reference = json!([{"reference": format!("Condition/{id}"), "display": name}]);
            put(&mut out, "reasonReference", reference);
        }
        Reason::Written(text) => put(&mut out, "reasonCode", json!([{"text": text}])),
        Reason::None => {}
    }
    put(&mut out, "dosageInstruction", json!([dosage(dose, words, *from)]));
    let mut dispense = Map::new();
    let mut validity = Map::new();
    put(&mut validity, "start", json!(from.to_string()));
    if let Some(days) = dose.days {
        // With refills it lasts as often again.
        let days = i64::from(days).saturating_mul(i64::from(*refills) + 1).saturating_sub(1);
        let last = from.saturating_add(jiff::Span::new().days(days.clamp(0, 36_500)));
        put(&mut validity, "end", json!(last.to_string()));
        let supply = json!({"value": dose.days, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"});
        put(&mut dispense, "expectedSupplyDuration", supply);
    }
    put(&mut dispense, "validityPeriod", Value::Object(validity));
    put(&mut dispense, "numberOfRepeatsAllowed", json!(refills));
    if let Some(quantity) = quantity {
        put(&mut dispense, "quantity", json!({"value": number(quantity), "unit": dose.unit}));
    }
    put(&mut out, "dispenseRequest", Value::Object(dispense));
    put(&mut out, "substitution", substitution.clone().unwrap_or_default());
    if let Some(prior) = prior {
        put(&mut out, "priorPrescription", json!({"reference": format!("MedicationRequest/{prior}")}));
    }
    let issues: Vec<Value> = issues.iter().map(|id| json!({"reference": format!("DetectedIssue/{id}")})).collect();
    put(&mut out, "detectedIssue", json!(issues));
    Value::Object(out)
}

/// HL7 v3 ActCode, of its detected issues: DRG drug interaction, ALGY allergy, DUPTHPY duplicate therapy, DOSE dosage.
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// A warning, and why it was prescribed all the same.
pub fn issue(
    finding: &Finding,
    words: &str,
    mitigation: &str,
    patient: &FhirId,
    request: &FhirId,
    by: &By<'_>,
) -> Value {
    let (code, name) = match finding.check {
        Check::Allergy => ("ALGY", "Allergy alert"),
        Check::Interaction => ("DRG", "Drug interaction alert"),
        Check::Duplicate => ("DUPTHPY", "Duplicate therapy alert"),
        Check::Dose => ("DOSE", "Dosage problem"),
        Check::NotToGive => ("", "Recorded as not to be given"),
    };
    let severity = match finding.verdict {
        Verdict::Warning(Severity::Serious) => "high",
        _ => "moderate",
    };
    let implicated: Vec<Value> = std::iter::once(format!("MedicationRequest/{request}"))
        .chain(finding.about.iter().cloned())
        .map(|to| json!({"reference": to}))
        .collect();
    let rules: Vec<String> = finding
        .rules
        .iter()
        .map(|rule| format!("{}, {}, {}", rule.source, rule.locator, rule.date.strftime("%-d %B %Y")))
        .collect();
    let author = json!({"reference": by.reference, "display": by.name});
    let code = match finding.verdict {
        Verdict::Warning(_) if code.is_empty() => json!({"text": name}),
        Verdict::Warning(_) => json!({"coding": [{"system": ACT_CODE, "code": code}], "text": name}),
        // No code of the list says that something was not checked.
        _ => json!({"text": "Not checked"}),
    };
    let detail = if rules.is_empty() { words.to_owned() } else { format!("{words} ({})", rules.join("; ")) };
    json!({
        "resourceType": "DetectedIssue",
        "status": "final",
        "code": code,
        "severity": severity,
        "patient": {"reference": format!("Patient/{patient}")},
        "identifiedDateTime": by.now.to_string(),
        "author": author,
        "implicated": implicated,
        "detail": detail,
        "mitigation": [{"action": {"text": mitigation}, "date": by.now.to_string(), "author": author}],
    })
}

/// Why a prescription ends, as codes of ours. `changed` and `renewed` are said by what comes in its place.
pub const STOP_REASONS: [&str; 6] = ["done", "side-effects", "no-effect", "patient-wish", "interaction", "other"];

/// When the status changed: R5 has an element for it, and R4 this extension (FHIR R5, versions.html#extensions).
pub const STATUS_CHANGED: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-MedicationRequest.statusChanged";

/// The prescription, ended: `stopped`, or `completed` where it was renewed.
#[must_use]
pub fn stopped(mut request: Value, code: &str, words: &str, now: Timestamp) -> Value {
    if let Some(members) = request.as_object_mut() {
        let status = if code == "renewed" { "completed" } else { "stopped" };
        members.insert("status".into(), json!(status));
        let mut reason = Map::new();
        put(&mut reason, "coding", json!([{"system": STOP_REASON, "code": code}]));
        put(&mut reason, "text", json!(words));
        members.insert("statusReason".into(), Value::Object(reason));
        let extensions = members.entry("extension").or_insert_with(|| json!([]));
        if let Some(extensions) = extensions.as_array_mut() {
            extensions.retain(|one| one.get("url").and_then(Value::as_str) != Some(STATUS_CHANGED));
            extensions.push(json!({"url": STATUS_CHANGED, "valueDateTime": now.to_string()}));
        }
    }
    request
}

/// When it ended, where it was ended here.
pub fn ended_at(request: &Value) -> Option<&str> {
    let all = request.get("extension")?.as_array()?.iter();
    let own = |one: &&Value| one.get("url").and_then(Value::as_str) == Some(STATUS_CHANGED);
    all.filter(own).find_map(|one| one.get("valueDateTime")?.as_str())
}

/// The code of why it ended, where it was ended here.
pub fn end_code(request: &Value) -> Option<&str> {
    let codings = request.pointer("/statusReason/coding")?.as_array()?.iter();
    let own = |coding: &&Value| coding.get("system").and_then(Value::as_str) == Some(STOP_REASON);
    codings.filter(own).find_map(|coding| coding.get("code")?.as_str())
}

/// The secret that stands in the QR code of a prescription of this box.
pub fn token_of(request: &Value) -> Option<&str> {
    let all = request.get("identifier")?.as_array()?.iter();
    all.filter(|one| one.get("system").and_then(Value::as_str) == Some(TOKEN))
        .find_map(|one| one.get("value")?.as_str())
}

/// Whether it was signed here.
pub fn is_ours(request: &Value) -> bool {
    token_of(request).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Definitions, Mode, validate};

    pub(in crate::care::prescribe) fn dose() -> Dose {
        Dose {
            once: "0.5".into(),
            unit: "tablet".into(),
            every: EVERY[1],
            when: Some("C"),
            needed: true,
            days: Some(7),
            route: Some(Route { system: None, code: "oral".into(), text: "by mouth".into() }),
            instructions: "Swallow whole.".into(),
        }
    }

    fn by() -> By<'static> {
        By { reference: "Practitioner/d", name: "Dr A", now: "2026-03-03T09:00:00Z".parse().unwrap() }
    }

    #[test]
    fn what_is_written_is_valid_fhir_for_every_choice() {
        let patient = FhirId::parse("p").unwrap();
        let from = jiff::civil::date(2026, 3, 3);
        for every in EVERY {
            for when in WHEN.map(Some).into_iter().chain([None]) {
                for days in [None, Some(7)] {
                    let prescription = Prescription {
                        patient: &patient,
                        medicine: Meant::Written("Something 5 mg"),
                        dose: Dose { every, when, days, ..dose() },
                        words: "half a tablet",
                        quantity: Some("14".into()),
                        refills: 2,
                        substitution: Some(json!({"allowedBoolean": false})),
                        reason: Reason::Written("Cough".into()),
                        from,
                    };
                    let id = FhirId::parse("x").unwrap();
                    let value = issued(&prescription, &by(), "token", std::slice::from_ref(&id), Some(&id));
                    let issues = validate(&value, Definitions::r4(), Mode::Strict);
                    assert!(issues.is_empty(), "{issues:?}\n{value}");
                    assert_eq!(value["substitution"]["allowedBoolean"], json!(false));
                    let ended = stopped(value, "side-effects", "Nausea", by().now);
                    assert!(validate(&ended, Definitions::r4(), Mode::Strict).is_empty(), "{ended}");
                    assert_eq!((end_code(&ended), token_of(&ended)), (Some("side-effects"), Some("token")));
                    assert_eq!(ended_at(&ended), Some("2026-03-03T09:00:00Z"));
                }
            }
        }
    }

    #[test]
    fn a_warning_that_was_answered_is_valid_fhir_and_names_its_source() {
        let finding = Finding {
            check: Check::Interaction,
            verdict: Verdict::Warning(Severity::Serious),
            what: super::super::What::DosesNotCovered,
            about: ["MedicationRequest/b".to_owned()].into(),
            rules: [crate::care::formulary::Rule {
                source: "S".into(),
                date: jiff::civil::date(2026, 1, 5),
                locator: "rule 9".into(),
            }]
            .into(),
        };
        let (patient, request) = (FhirId::parse("p").unwrap(), FhirId::parse("r").unwrap());
        let value = issue(&finding, "A with B.", "Short course", &patient, &request, &by());
        assert!(validate(&value, Definitions::r4(), Mode::Strict).is_empty(), "{value}");
        assert_eq!(value["detail"], "A with B. (S, rule 9, 5 January 2026)");
        assert_eq!(value["implicated"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn how_often_a_day_is_what_the_words_say() {
        let of = |code: &str| Every::from_code(code).unwrap();
        assert_eq!(
            ["3d", "8h", "every-2d", "1wk", "once", WRITTEN].map(|code| of(code).times_a_day()),
            [Some(3.0), Some(3.0), Some(1.0), Some(1.0), Some(1.0), None]
        );
        assert_eq!(
            ["3d", "8h", "every-2d", "1wk", "once", WRITTEN].map(|code| of(code).times_in(7)),
            [Some(21.0), Some(21.0), Some(4.0), Some(1.0), Some(1.0), None]
        );
    }
}
