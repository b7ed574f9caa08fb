//! A chart in the making: the resources of one patient, each pointing only to the patient, the clinic and each other.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::clinic::{Clinic, STAFF, THE_NURSE};
use super::dice::{Dice, id};
use super::make::{
    CVX, ICD10, LOINC, RXNORM, SNOMED, at, coding, concept, days_before, hl7, hl7_coding, number, quantity, reference,
    resource,
};
use super::person::{Person, Sex};
use super::problems::{Illness, Medicine, Problem};
use super::spanish::spoken;
use super::tests_table::Test;
use crate::care::schedule::{FORM_ASKED, LISTED};

pub(super) struct Chart {
    pub clinic: Clinic,
    pub person: Person,
    pub today: Date,
    pub dice: Dice,
    pub out: Vec<Value>,
    /// Allergic to penicillins: none is prescribed.
    pub penicillin: bool,
    made: u64,
}

/// When and by whom somebody was seen.
#[derive(Clone)]
pub(super) struct Visit {
    pub day: Date,
    pub minute: i64,
    pub staff: usize,
    pub encounter: Value,
}

impl Visit {
    pub fn moment(&self, after: i64) -> String {
        at(self.day, self.minute + after)
    }
}

/// What a visit is for.
pub(super) struct Purpose<'a> {
    /// SNOMED CT code of the kind of encounter, and its words.
    pub kind: (&'static str, &'static str),
    pub reason: &'a str,
    /// The Condition that it is about.
    pub about: Option<Value>,
    pub status: &'static str,
}

pub(super) const CHECK_UP: (&str, &str) = ("185349003", "Check-up");
pub(super) const SYMPTOM: (&str, &str) = ("185345009", "Visit for a complaint");
pub(super) const FOLLOW_UP: (&str, &str) = ("390906007", "Follow-up");

/// What was measured at a visit. What is `None` was not.
#[derive(Clone, Copy, Default)]
pub(super) struct Vitals {
    pub pressure: Option<(i64, i64)>,
    pub pulse: Option<i64>,
    pub temperature: Option<f64>,
    pub oxygen: Option<i64>,
    pub breathing: Option<i64>,
    pub weight: Option<f64>,
    pub height: Option<f64>,
}

impl Chart {
    pub fn new(clinic: Clinic, person: Person, today: Date) -> Self {
        let dice = Dice::of(clinic.seed, "chart", person.index);
        let mut out = vec![person.patient(&clinic)];
        out.extend(person.related(clinic.seed));
        Self { clinic, person, today, dice, out, penicillin: false, made: 0 }
    }

    pub(super) fn add(&mut self, kind: &str, elements: Value) -> Value {
        self.made += 1;
        let id = id(self.clinic.seed, kind, self.person.index, self.made);
        let mut made = resource(kind, &id, elements);
        spoken(&mut made);
        self.out.push(made);
        reference(kind, &id)
    }

    pub fn visit(&mut self, day: Date, minute: i64, staff: usize, purpose: Purpose<'_>) -> Visit {
        let mut period = json!({"start": at(day, minute)});
        if let (true, Some(period)) = (purpose.status == "finished", period.as_object_mut()) {
            period.insert("end".into(), at(day, minute + 20).into());
        }
        let encounter = json!({
            "status": purpose.status,
            "class": hl7_coding("v3-ActCode", "AMB"),
            "type": [concept(&[(SNOMED, purpose.kind.0)], purpose.kind.1)],
            "subject": self.person.reference(),
            "participant": [{"type": [hl7("v3-ParticipationType", "PPRF")], "individual": self.clinic.by(staff)}],
            "period": period,
            "reasonCode": [{"text": purpose.reason}],
            "reasonReference": purpose.about.map_or(Value::Null, |about| json!([about])),
            "location": [{"location": self.clinic.here()}],
            "serviceProvider": reference("Organization", &self.clinic.organization()),
        });
        let encounter = self.add("Encounter", encounter);
        Visit { day, minute, staff, encounter }
    }

    /// A problem on the list. `ended` makes it a thing of the past.
    pub fn problem(
        &mut self,
        name: &str,
        codes: (&str, &str),
        since: Date,
        ended: Option<Date>,
        note: Option<&str>,
    ) -> Value {
        let active = ended.is_none();
        let elements = json!({
            "clinicalStatus": hl7("condition-clinical", if active { "active" } else { "resolved" }),
            "verificationStatus": hl7("condition-ver-status", "confirmed"),
            "category": [hl7("condition-category", "problem-list-item")],
            "code": concept(&[(SNOMED, codes.0), (ICD10, codes.1)], name),
            "subject": self.person.reference(),
            "onsetDateTime": since.to_string(),
            "abatementDateTime": ended.map_or(Value::Null, |day| day.to_string().into()),
            "recordedDate": since.to_string(),
            "recorder": self.clinic.by(self.person.doctor),
            "note": note.map_or(Value::Null, |text| json!([{"text": text}])),
        });
        self.add("Condition", elements)
    }

    pub fn long_standing(&mut self, problem: &Problem, since: Date) -> Value {
        self.problem(problem.name, (problem.snomed, problem.icd10), since, None, None)
    }

    /// A diagnosis made at a visit, over two weeks later.
    pub fn illness(&mut self, illness: &Illness, visit: &Visit) -> Value {
        let over = days_before(visit.day, -14);
        let ended = (over < self.today).then_some(over);
        let elements = json!({
            "clinicalStatus": hl7("condition-clinical", if ended.is_some() { "resolved" } else { "active" }),
            "verificationStatus": hl7("condition-ver-status", "confirmed"),
            "category": [hl7("condition-category", "encounter-diagnosis")],
            "code": concept(&[(SNOMED, illness.snomed), (ICD10, illness.icd10)], illness.name),
            "subject": self.person.reference(),
            "encounter": visit.encounter,
            "onsetDateTime": visit.day.to_string(),
            "abatementDateTime": ended.map_or(Value::Null, |day| day.to_string().into()),
            "recordedDate": visit.day.to_string(),
            "recorder": self.clinic.by(visit.staff),
        });
        self.add("Condition", elements)
    }

    /// A prescription. `status` is FHIR's; `until` is the last day that it may be dispensed.
    pub fn prescribe(
        &mut self,
        medicine: &Medicine,
        status: &str,
        (since, until): (Date, Date),
        why: Option<&Value>,
    ) -> Value {
        let elements = json!({
            "identifier": self.paper(),
            "status": status,
            "intent": "order",
            "medicationCodeableConcept": concept(&[(RXNORM, medicine.rxnorm)], medicine.name),
            "subject": self.person.reference(),
            "authoredOn": at(since, 10 * 60 + 20),
            "requester": self.clinic.by(self.person.doctor),
            "reasonReference": why.map_or(Value::Null, |why| json!([why])),
            "dosageInstruction": [dosage(medicine)],
            "dispenseRequest": {"validityPeriod": {"start": since.to_string(), "end": until.to_string()}},
        });
        self.add("MedicationRequest", elements)
    }

    /// One that ended, and why.
    pub fn stopped(&mut self, medicine: &Medicine, (since, ended): (Date, Date), (code, words): (&str, &str)) {
        self.prescribe(medicine, "stopped", (since, ended), None);
        if let Some(Value::Object(request)) = self.out.last_mut() {
            let coding = coding("urn:chartbox:prescription-end", code);
            request.insert("statusReason".into(), json!({"coding": [coding], "text": words}));
        }
    }

    /// What the patient asks the clinic: this medicine again.
    pub fn asks_for(&mut self, request: &Value, note: &str, asked: &str) {
        let (system, code) = crate::care::prescribe::REFILL;
        let elements = json!({
            "status": "requested",
            "intent": "proposal",
            "code": {"coding": [coding(system, code)], "text": "Refill of a medicine"},
            "focus": request,
            "for": self.person.reference(),
            "authoredOn": asked,
            "lastModified": asked,
            "requester": self.person.reference(),
            "input": [{"type": {"text": "note"}, "valueString": note}],
        });
        self.add("Task", elements);
    }

    /// The secret of a prescription's paper, for the two whose screens are looked at; of the others nobody prints one.
    fn paper(&self) -> Value {
        if self.person.index > 1 {
            return Value::Null;
        }
        let made = format!("{}/{}/{}", self.clinic.seed, self.person.index, self.made);
        let bytes = blake3::hash(made.as_bytes());
        let token = data_encoding::BASE32_NOPAD.encode(bytes.as_bytes().get(..16).unwrap_or_default());
        json!([{"system": crate::care::prescribe::TOKEN, "value": token.to_ascii_lowercase()}])
    }

    /// A medicine that the patient takes without a prescription.
    pub fn takes(&mut self, medicine: &Medicine, since: Date, asserted: Date) {
        let elements = json!({
            "status": "active",
            "medicationCodeableConcept": concept(&[(RXNORM, medicine.rxnorm)], medicine.name),
            "subject": self.person.reference(),
            "effectivePeriod": {"start": since.to_string()},
            "dateAsserted": asserted.to_string(),
            "informationSource": self.person.reference(),
            "dosage": [dosage(medicine)],
        });
        self.add("MedicationStatement", elements);
    }

    pub fn lab(&mut self, test: &Test, value: f64, when: &str, performer: Value) {
        let (low, high) = if self.person.sex == Sex::Female { test.female } else { test.male };
        let scale = 10_f64.powi(test.places);
        // Flagged is what is shown.
        let value = (value.max(0.0) * scale).round() / scale;
        let (flag, word) = match (low, high) {
            (Some(low), _) if value < low => ("L", "Low"),
            (_, Some(high)) if value > high => ("H", "High"),
            _ => ("N", "Normal"),
        };
        let mut range = serde_json::Map::new();
        let places = if low.or(high).is_some_and(|bound| bound.fract() != 0.0) { 1 } else { 0 };
        for (key, bound) in [("low", low), ("high", high)] {
            if let Some(bound) = bound {
                range.insert(key.into(), quantity(number(bound, places), test.unit, test.ucum));
            }
        }
        let mut interpretation = hl7("v3-ObservationInterpretation", flag);
        if let Some(interpretation) = interpretation.as_object_mut() {
            interpretation.insert("text".into(), word.into());
        }
        let elements = json!({
            "status": "final",
            "category": [hl7("observation-category", "laboratory")],
            "code": concept(&[(LOINC, test.loinc)], test.name),
            "subject": self.person.reference(),
            "effectiveDateTime": when,
            "issued": when,
            "performer": [performer],
            "valueQuantity": quantity(number(value, test.places), test.unit, test.ucum),
            "interpretation": [interpretation],
            "referenceRange": [range],
        });
        self.add("Observation", elements);
    }

    pub fn vitals(&mut self, visit: &Visit, vitals: Vitals) {
        let when = visit.moment(-9);
        let code = |loinc: &str, name: &str| concept(&[(LOINC, loinc)], name);
        if let Some((systolic, diastolic)) = vitals.pressure {
            let mercury = |value: i64| quantity(value.into(), "mmHg", "mm[Hg]");
            // As [`pressure_flag`] has it.
            let range = |low: Option<i64>, high: i64| {
                let mut range = serde_json::Map::from_iter([("high".to_owned(), mercury(high))]);
                range.extend(low.map(|low| ("low".to_owned(), mercury(low))));
                [range]
            };
            let part = |loinc, name, value: i64, range: [serde_json::Map<String, Value>; 1]| json!({"code": code(loinc, name), "valueQuantity": mercury(value), "referenceRange": range});
            let parts = json!([
                part("8480-6", "Systolic blood pressure", systolic, range(Some(90), 139)),
                part("8462-4", "Diastolic blood pressure", diastolic, range(None, 89)),
            ]);
            self.vital(
                visit,
                &when,
                code("85354-9", "Blood pressure"),
                ("component", parts),
                (pressure_flag(systolic, diastolic), None),
            );
        }
        let whole = |value: Option<i64>| value.map(Value::from);
        let bmi = vitals.weight.zip(vitals.height).map(|(weight, height)| weight / (height / 100.0).powi(2));
        let single = [
            (whole(vitals.pulse), "8867-4", "Pulse", "/min", "/min", Some((50.0, 100.0))),
            (vitals.temperature.map(|v| number(v, 1)), "8310-5", "Temperature", "\u{b0}C", "Cel", Some((35.5, 37.5))),
            (whole(vitals.oxygen), "2708-6", "Oxygen saturation", "%", "%", Some((96.0, 100.0))),
            (whole(vitals.breathing), "9279-1", "Breathing", "/min", "/min", Some((12.0, 20.0))),
            (vitals.weight.map(|v| number(v, 1)), "29463-7", "Weight", "kg", "kg", None),
            (vitals.height.map(|v| number(v, 0)), "8302-2", "Height", "cm", "cm", None),
            (bmi.map(|v| number(v, 1)), "39156-5", "Body mass index", "kg/m\u{b2}", "kg/m2", None),
        ];
        let adult = self.person.age >= 18;
        for (value, loinc, name, unit, ucum, range) in single {
            let Some(value) = value else { continue };
            // A child's pulse and breathing have other ranges, by age.
            let range = range.filter(|_| adult || loinc == "8310-5");
            let flag = range.and_then(|range| flag_of(value.as_f64()?, range));
            let bound = |bound: f64| quantity(number(bound, i32::from(bound.fract() != 0.0)), unit, ucum);
            let range = range.map(|(low, high)| json!([{"low": bound(low), "high": bound(high)}]));
            let value = ("valueQuantity", quantity(value, unit, ucum));
            self.vital(visit, &when, code(loinc, name), value, (flag, range));
        }
    }

    fn vital(
        &mut self,
        visit: &Visit,
        when: &str,
        code: Value,
        (key, value): (&str, Value),
        (flag, range): (Option<&str>, Option<Value>),
    ) {
        let mut elements = json!({
            "status": "final",
            "category": [hl7("observation-category", "vital-signs")],
            "code": code,
            "subject": self.person.reference(),
            "encounter": visit.encounter,
            "effectiveDateTime": when,
            "performer": [self.clinic.by(THE_NURSE)],
        });
        if let Some(elements) = elements.as_object_mut() {
            elements.insert(key.into(), value);
            if let Some(range) = range {
                elements.insert("referenceRange".into(), range);
            }
            if let Some(flag) = flag {
                elements.insert("interpretation".into(), json!([hl7("v3-ObservationInterpretation", flag)]));
            }
        }
        self.add("Observation", elements);
    }

    pub fn smoking(&mut self, day: Date, (code, words): (&str, &str)) {
        let elements = json!({
            "status": "final",
            "category": [hl7("observation-category", "social-history")],
            "code": concept(&[(LOINC, "72166-2")], "Smoking"),
            "subject": self.person.reference(),
            "effectiveDateTime": day.to_string(),
            "performer": [self.clinic.by(THE_NURSE)],
            "valueCodeableConcept": concept(&[(SNOMED, code)], words),
        });
        self.add("Observation", elements);
    }

    pub fn vaccine(&mut self, (cvx, name): (&str, &str), day: Date, dose: Option<i64>) {
        let lot = format!("{}{:04}", self.dice.pick(&["AX", "BK", "FN", "VR"]), self.dice.between(0, 9999));
        let elements = json!({
            "status": "completed",
            "vaccineCode": concept(&[(CVX, cvx)], name),
            "patient": self.person.reference(),
            "occurrenceDateTime": day.to_string(),
            "primarySource": true,
            "lotNumber": lot,
            "performer": [{"actor": self.clinic.by(THE_NURSE)}],
            "protocolApplied": dose.map_or(Value::Null, |dose| json!([{"doseNumberPositiveInt": dose}])),
        });
        self.add("Immunization", elements);
    }

    pub fn allergy(&mut self, allergy: &Allergy, since: Date, asked: Date) {
        let elements = json!({
            "clinicalStatus": hl7("allergyintolerance-clinical", "active"),
            "verificationStatus": hl7("allergyintolerance-verification", "confirmed"),
            "type": "allergy",
            "category": [allergy.category],
            "criticality": if allergy.severity == "severe" { "high" } else { "low" },
            "code": concept(&[(SNOMED, allergy.snomed)], allergy.name),
            "patient": self.person.reference(),
            "onsetDateTime": since.year().to_string(),
            "recordedDate": asked.to_string(),
            "recorder": self.clinic.by(self.person.doctor),
            "asserter": self.person.reference(),
            "reaction": [{
                "manifestation": [concept(&[(SNOMED, allergy.reaction.0)], allergy.reaction.1)],
                "severity": allergy.severity,
            }],
        });
        self.add("AllergyIntolerance", elements);
    }

    pub fn no_known_allergy(&mut self, asked: Date) {
        let elements = json!({
            "clinicalStatus": hl7("allergyintolerance-clinical", "active"),
            "verificationStatus": hl7("allergyintolerance-verification", "confirmed"),
            "code": concept(&[(SNOMED, "716186003")], "No known allergies"),
            "patient": self.person.reference(),
            "recordedDate": asked.to_string(),
            "recorder": self.clinic.by(self.person.doctor),
            "asserter": self.person.reference(),
        });
        self.add("AllergyIntolerance", elements);
    }

    pub fn appointment(&mut self, day: Date, minute: i64, staff: usize, status: &str, reason: &str) {
        let needed = |actor: Value| json!({"actor": actor, "required": "required", "status": "accepted"});
        // An ordinary visit has a form before it.
        let form = (status == "booked" && staff != THE_NURSE)
            .then(|| json!({"tag": [{"system": FORM_ASKED.0, "code": FORM_ASKED.1}]}));
        let elements = json!({
            "meta": form,
            "status": status,
            "appointmentType": {"text": self.clinic.usual_visit(staff).1},
            "reasonCode": [{"text": reason}],
            "start": at(day, minute),
            "end": at(day, minute + 20),
            "minutesDuration": 20,
            "created": at(days_before(day, 6), 9 * 60),
            "participant": [needed(self.person.reference()), needed(self.clinic.by(staff)), needed(self.clinic.here()), needed(self.clinic.usual_visit(staff).0)],
        });
        self.add("Appointment", elements);
    }

    /// The patient asked for a first visit some days ahead, in the morning.
    pub fn asks_for_a_visit(&mut self, first: Date, days: i64, reason: &str) {
        let (service, name) = self.clinic.first_visit();
        let periods: Vec<Value> = (0..days)
            .map(|day| days_before(first, -day))
            .map(|day| json!({"start": at(day, 8 * 60), "end": at(day, 12 * 60)}))
            .collect();
        let taking = |actor: Value| json!({"actor": actor, "status": "accepted"});
        let elements = json!({
            "status": "proposed",
            "appointmentType": {"text": name},
            "reasonCode": [{"text": reason}],
            "minutesDuration": 40,
            "created": at(days_before(self.today, 1), 18 * 60 + 20),
            "participant": [taking(self.person.reference()), taking(service)],
            "requestedPeriod": periods,
        });
        self.add("Appointment", elements);
    }

    /// The patient waits for an ordinary visit to become free, on these days at these hours.
    pub fn waits_for_a_visit(&mut self, first: Date, days: i64, (from, to): (i64, i64)) {
        let (service, name) = self.clinic.usual_visit(0);
        let periods: Vec<Value> = (0..days)
            .map(|day| days_before(first, -day))
            .map(|day| json!({"start": at(day, from), "end": at(day, to)}))
            .collect();
        let taking = |actor: Value| json!({"actor": actor, "status": "accepted"});
        let elements = json!({
            "meta": {"tag": [{"system": LISTED.0, "code": LISTED.1}]},
            "status": "waitlist",
            "appointmentType": {"text": name},
            "minutesDuration": 20,
            "created": at(days_before(self.today, 2), 19 * 60 + 5),
            "participant": [taking(self.person.reference()), taking(service)],
            "requestedPeriod": periods,
        });
        self.add("Appointment", elements);
    }

    /// A letter or note as plain text.
    pub fn document(&mut self, document: Document<'_>) {
        let when = at(document.day, 15 * 60 + 10);
        let author = document.author;
        let context = document.visit.map_or(Value::Null, |visit| json!({"encounter": [visit.encounter]}));
        let elements = json!({
            "status": "current",
            "docStatus": "final",
            "type": concept(&[(LOINC, document.loinc)], document.kind),
            "subject": self.person.reference(),
            "date": when,
            "author": [author],
            "custodian": reference("Organization", &self.clinic.organization()),
            "description": document.title,
            "content": [{"attachment": {
                "contentType": "text/plain; charset=utf-8",
                "language": "en",
                "data": data_encoding::BASE64.encode(document.text.as_bytes()),
                "size": document.text.len(),
                "title": document.title,
                "creation": when,
            }}],
            "context": context,
        });
        self.add("DocumentReference", elements);
    }

    /// What is to be done for a long-standing problem, agreed with the patient.
    pub fn plan(&mut self, title: &str, goal: &str, about: &[Value], day: Date) {
        let elements = json!({
            "status": "active",
            "intent": "plan",
            "title": title,
            "description": goal,
            "subject": self.person.reference(),
            "period": {"start": day.to_string()},
            "created": day.to_string(),
            "author": self.clinic.by(self.person.doctor),
            "addresses": about,
        });
        self.add("CarePlan", elements);
    }

    /// A message from the patient to their doctor.
    pub fn message(&mut self, sent: String, text: &str) {
        let elements = json!({
            "status": "completed",
            "subject": self.person.reference(),
            "sent": sent,
            "recipient": [self.clinic.by(self.person.doctor)],
            "sender": self.person.reference(),
            "payload": [{"contentString": text}],
        });
        self.add("Communication", elements);
    }

    pub fn doctor_name(&self) -> String {
        STAFF.get(self.person.doctor).map(super::clinic::Staff::display).unwrap_or_default()
    }
}

/// An allergy and what it did.
#[derive(Clone, Copy, Default)]
pub(super) struct Allergy {
    pub name: &'static str,
    pub snomed: &'static str,
    pub category: &'static str,
    pub reaction: (&'static str, &'static str),
    pub severity: &'static str,
}

pub(super) struct Document<'a> {
    pub loinc: &'static str,
    pub kind: &'static str,
    pub title: &'a str,
    pub text: &'a str,
    pub day: Date,
    pub author: Value,
    pub visit: Option<Visit>,
}

fn dosage(medicine: &Medicine) -> Value {
    const EVENTS: [(&str, &str); 5] = [
        ("with food", "C"),
        ("at night", "NIGHT"),
        ("in the morning", "MORN"),
        ("before breakfast", "ACM"),
        ("after breakfast", "PCM"),
    ];
    let event = EVENTS.iter().find(|(words, _)| medicine.how.ends_with(&format!(", {words}")));
    let dose = json!([{"doseQuantity": {"value": number(medicine.count, 1), "unit": medicine.unit}}]);
    match medicine.timing {
        Some((times, period, unit)) => json!({
            "text": medicine.how,
            "timing": {"repeat": match event {
                Some((_, code)) => json!({"frequency": times, "period": period, "periodUnit": unit, "when": [code]}),
                None => json!({"frequency": times, "period": period, "periodUnit": unit}),
            }},
            "asNeededBoolean": false,
            "doseAndRate": dose,
        }),
        None => json!({"text": medicine.how, "asNeededBoolean": true, "doseAndRate": dose}),
    }
}

fn pressure_flag(systolic: i64, diastolic: i64) -> Option<&'static str> {
    if systolic >= 140 || diastolic >= 90 {
        Some("H")
    } else if systolic < 90 {
        Some("L")
    } else {
        None
    }
}

fn flag_of(value: f64, (low, high): (f64, f64)) -> Option<&'static str> {
    if value < low {
        Some("L")
    } else if value > high {
        Some("H")
    } else {
        None
    }
}
