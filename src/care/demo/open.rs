//! What waits at the demo's clinic: a note that nobody has signed, a result to sign, and one that is held.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::chart::{Chart, Visit};
use super::clinic::THE_NURSE;
use super::make::{at, hl7, hl7_coding};
use crate::care::held::hold;
use crate::care::note::{LOINC, NOTE, PARTS, narrative};
use crate::care::results::RELEASE;

/// A test with its value, unit and the most that is usual.
type Test = (&'static str, f64, &'static str, f64);

impl Chart {
    /// This minute of today, or one that is over: a demo is made at any hour.
    const fn so_far(&self, minute: i64) -> i64 {
        let over = if self.clinic.minute > 10 { self.clinic.minute - 10 } else { 0 };
        if minute < over { minute } else { over }
    }

    /// A note that was begun by the nurse and waits for the doctor.
    pub fn unsigned_note(&mut self, visit: &Visit, title: &str, said: &str) {
        let part = PARTS.first().map_or(("", ""), |part| (part.loinc, part.title));
        let section = json!({
            "title": part.1,
            "code": {"coding": [{"system": LOINC, "code": part.0}]},
            "text": narrative(said),
        });
        let note = hold(json!({
            "status": "preliminary",
            "type": {"coding": [{"system": LOINC, "code": NOTE}], "text": "Visit note"},
            "subject": self.person.reference(),
            "encounter": visit.encounter,
            "date": at(self.today, self.so_far(9 * 60 + 34)),
            "author": [self.clinic.by(THE_NURSE)],
            "title": title,
            "section": [section],
        }));
        self.add("Composition", note);
    }

    /// A report that came from the laboratory today and that nobody has signed: the patient sees it already.
    pub fn report_to_sign(&mut self, title: &str, tests: &[Test]) {
        let results = self.tests(tests, 8 * 60 + 10, |value| value);
        self.report(title, "final", 8 * 60 + 10, results, |value| value);
    }

    /// A report of yesterday that a doctor holds until they have spoken with the patient.
    pub fn held_report(&mut self, title: &str, tests: &[Test], (why, until): (&str, Date)) {
        let results = self.tests(tests, 7 * 60 + 50, hold);
        let report = self.report(title, "preliminary", 7 * 60 + 50, results, hold);
        let task = hold(json!({
            "status": "on-hold",
            "statusReason": {"text": why},
            "intent": "order",
            "code": {"coding": [{"system": RELEASE.0, "code": RELEASE.1}], "text": "Let the patient see a result"},
            "focus": report,
            "for": self.person.reference(),
            "executionPeriod": {"start": at(until, 7 * 60)},
            "authoredOn": at(self.today, self.so_far(7 * 60 + 55)),
            "requester": self.clinic.by(0),
        }));
        self.add("Task", task);
    }

    fn tests(&mut self, tests: &[Test], minute: i64, kept: fn(Value) -> Value) -> Vec<Value> {
        let when = at(self.today, self.so_far(minute));
        let mut refers = Vec::new();
        for (name, value, unit, high) in tests {
            let elements = kept(json!({
                "status": "final",
                "category": [hl7("observation-category", "laboratory")],
                "code": {"text": name},
                "subject": self.person.reference(),
                "effectiveDateTime": when,
                "issued": when,
                "performer": [self.clinic.by_laboratory()],
                "valueQuantity": {"value": value, "unit": unit},
                "interpretation": [hl7("v3-ObservationInterpretation", if value > high { "H" } else { "N" })],
                "referenceRange": [{"high": {"value": high, "unit": unit}}],
            }));
            refers.push(self.add("Observation", elements));
        }
        refers
    }

    fn report(
        &mut self,
        title: &str,
        status: &str,
        minute: i64,
        results: Vec<Value>,
        kept: fn(Value) -> Value,
    ) -> Value {
        let when = at(self.today, self.so_far(minute));
        let elements = kept(json!({
            "status": status,
            "category": [{"coding": [hl7_coding("v2-0074", "LAB")]}],
            "code": {"text": title},
            "subject": self.person.reference(),
            "effectiveDateTime": when,
            "issued": when,
            "performer": [self.clinic.by_laboratory()],
            "result": results,
        }));
        self.add("DiagnosticReport", elements)
    }
}
