//! Starting, saving, signing, adding to and discarding a note. Each is one transaction.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::text::narrative;
use super::{LOINC, NOTE, NoteTyped, ORDERS, PARTS, Part, entries_of, other_sections, other_texts, phrases, section};
use crate::base::{Ambient, FhirId};
use crate::care::entries::{
    self, Author, Fault, Faults, ImmunizationTyped, Measured, ProblemTyped, VITALS, immunization_in_error,
    problem_in_error, same_value,
};
use crate::care::formulary::{self, Formulary, List};
use crate::care::held::{hold, let_go};
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::within::text;
use crate::care::workflow::{Doing, Done, Never, Refused, carry_out, told};
use crate::fhir::search::Query;
use crate::fhir::{Mode, ResourceType as R};
use crate::record::{Change, Condition, Inside, RecordError, Records, strict};

/// A note that is begun.
#[derive(Debug, Clone)]
pub struct Open<'a> {
    pub patient: &'a FhirId,
    pub note: FhirId,
    pub visit: VisitOf,
    /// Of today, with its reason.
    pub appointment: Option<(String, Option<String>)>,
}

/// The visit that a note is about.
#[derive(Debug, Clone)]
pub enum VisitOf {
    /// Nothing of it was recorded before: it begins with the note.
    New(FhirId),
    /// The patient has arrived for it, or somebody began it: version and Encounter as they were read.
    Begun(FhirId, u32, Value),
}

/// How far a save goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Save,
    Sign,
    /// Blanks of a template that nobody filled in stay as they are: somebody was asked and said so.
    SignAsItStands,
}

impl Step {
    /// By the value of the button.
    pub fn of(act: &str) -> Option<Self> {
        Some(match act {
            "save" => Self::Save,
            "sign" => Self::Sign,
            "sign-as-it-stands" => Self::SignAsItStands,
            _ => return None,
        })
    }

    pub fn signs(self) -> bool {
        self != Self::Save
    }
}

/// Why a note was not saved or signed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    #[error("something in the form cannot be read")]
    Faults(Faults),
    #[error("there is nothing to sign")]
    Empty,
    /// The fields of those parts.
    #[error("something in it is still to be filled in")]
    Blanks(Vec<&'static str>),
}

/// A note as it was read: what a save changes.
#[derive(Debug, Clone)]
pub struct Saved {
    pub id: FhirId,
    pub composition: Value,
    pub encounter: Option<(FhirId, u32, Value)>,
    /// What its sections refer to.
    pub entries: Vec<(R, FhirId, u32, Value)>,
}

/// Who writes, when, and where new ids come from.
#[derive(Clone, Copy)]
pub struct Pen<'a> {
    pub author: Author<'a>,
    pub now: &'a str,
    pub today: Date,
    pub ambient: &'a Ambient,
}

fn put(value: &mut Value, name: &str, element: Value) {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.to_owned(), element);
    }
}

fn subject(patient: &FhirId) -> Value {
    json!({"reference": format!("Patient/{patient}")})
}

fn kind_of_note() -> Value {
    json!({"coding": [{"system": LOINC, "code": NOTE}], "text": "Visit note"})
}

fn participant(author: &Author<'_>) -> Value {
    let kind =
        json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "PPRF"}]});
    json!({"type": [kind], "individual": author.reference()})
}

/// Which notes and visits of a patient are being written or go on: ids alone, whoever may see them. Read before it is decided
/// what is begun, and looked at again in the writer.
#[derive(Debug, Clone)]
pub struct Underway {
    queries: [Query; 2],
    ids: BTreeSet<String>,
}

impl Underway {
    pub fn read(records: &Records, patient: &FhirId) -> Result<Self, RecordError> {
        let queries = [
            strict(R::Composition, &format!("patient={patient}&status=preliminary"))?,
            strict(R::Encounter, &format!("patient={patient}&status=arrived,triaged,in-progress"))?,
        ];
        let mut ids = BTreeSet::new();
        for query in &queries {
            ids.extend(records.glimpse(query, id_of)?);
        }
        Ok(Self { queries, ids })
    }

    /// Whether something was begun since.
    fn has_more(&self, inside: &Inside<'_, '_, '_>) -> Result<bool, RecordError> {
        for query in &self.queries {
            if inside.glimpse(query, id_of)?.iter().any(|id| !self.ids.contains(id)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn id_of(value: &Value) -> Option<String> {
    value.get("id").and_then(Value::as_str).map(str::to_owned)
}

/// Why no note was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BeginError {
    #[error("somebody began a note or a visit of this patient in the same moment")]
    Meanwhile,
}

/// Begins a note: the visit, and a Composition without words. `before` is what was underway when it was decided of which visit
/// it is.
pub async fn start(
    doing: Doing<'_>,
    open: Open<'_>,
    before: Underway,
    pen: Pen<'_>,
) -> Result<Done<()>, Refused<BeginError>> {
    let (appointment, reason) = open.appointment.unzip();
    let (id, begun, mut encounter) = match open.visit {
        VisitOf::Begun(id, version, value) => (id, Some(version), value),
        VisitOf::New(id) => {
            let value = json!({
                "resourceType": "Encounter",
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
                "subject": subject(open.patient),
                "period": {"start": pen.now},
            });
            (id, None, value)
        }
    };
    put(&mut encounter, "status", "in-progress".into());
    take_part(&mut encounter, &pen.author);
    if let Some(appointment) = appointment.filter(|_| encounter.get("appointment").is_none()) {
        put(&mut encounter, "appointment", json!([{"reference": appointment}]));
    }
    if let Some(reason) = reason.flatten().filter(|_| encounter.get("reasonCode").is_none()) {
        put(&mut encounter, "reasonCode", json!([{"text": reason}]));
    }
    let composition = hold(json!({
        "resourceType": "Composition",
        "status": "preliminary",
        "type": kind_of_note(),
        "subject": subject(open.patient),
        "encounter": {"reference": format!("Encounter/{id}")},
        "date": pen.now,
        "author": [pen.author.reference()],
        "title": "Visit note",
    }));
    let visit = match begun {
        Some(version) => Change::put(R::Encounter, id, encounter, Condition::Version(version), Mode::Strict)?,
        None => Change::create_as(R::Encounter, id, encounter, Mode::Strict)?,
    };
    let changes = vec![visit, Change::create_as(R::Composition, open.note, composition, Mode::Strict)?];
    carry_out(doing, changes, move |inside| match before.has_more(inside)? {
        true => told(BeginError::Meanwhile),
        false => Ok(()),
    })
    .await
}

/// The author as one of those with whom the visit is.
fn take_part(encounter: &mut Value, author: &Author<'_>) {
    let me = author.person.map_or("", |person| person.as_str());
    let all = encounter.get("participant").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_there = !me.is_empty() && all.iter().any(|one| text(one, "/individual/reference") == me);
    if !is_there {
        put(encounter, "participant", all.into_iter().chain([participant(author)]).collect());
    }
}

/// Saves what was typed over the version that was seen; signs it, too, where `step` says so. Problems and orders get the codes
/// that their names have in the formulary.
pub async fn save(
    doing: Doing<'_>,
    patient: &FhirId,
    saved: Saved,
    typed: &NoteTyped,
    step: Step,
    pen: Pen<'_>,
    codes: Option<&Formulary>,
) -> Result<Done<()>, Refused<NoteError>> {
    let (changes, document) = Writing::new(patient, saved, typed, step, pen, codes).changes()?;
    let told = document.map(|id| there_is(patient, id));
    carry_out(doing, changes, move |inside| Ok(told.map_or(Ok(()), |notice| notify::tell(inside, notice))?)).await
}

/// That a document is in the record.
fn there_is(patient: &FhirId, document: FhirId) -> Notice {
    Notice::new(Whom::Patient(patient.clone()), Kind::DocumentNew).about(document)
}

/// The sections' references, and the changes so far.
struct Writing<'a> {
    patient: &'a FhirId,
    saved: Saved,
    typed: &'a NoteTyped,
    step: Step,
    pen: Pen<'a>,
    codes: Option<&'a Formulary>,
    /// Of each of [`PARTS`].
    refers: [Vec<String>; 4],
    changes: Vec<Change>,
    faults: Faults,
    /// What was made, in words, for the text of the document.
    made: Vec<String>,
    /// The document, once the note is signed.
    document: Option<FhirId>,
}

const OBJECTIVE: usize = 1;
const ASSESSMENT: usize = 2;
const PLAN: usize = 3;

impl<'a> Writing<'a> {
    fn new(
        patient: &'a FhirId,
        saved: Saved,
        typed: &'a NoteTyped,
        step: Step,
        pen: Pen<'a>,
        codes: Option<&'a Formulary>,
    ) -> Self {
        let refers = PARTS.map(|part| entries_of(section(&saved.composition, &part)).map(str::to_owned).collect());
        let (changes, faults, made) = (Vec::new(), Vec::new(), Vec::new());
        Self { patient, saved, typed, step, pen, codes, refers, changes, faults, made, document: None }
    }

    /// All that is written, and the document that comes of it.
    fn changes(mut self) -> Result<(Vec<Change>, Option<FhirId>), Refused<NoteError>> {
        let measured = entries::measured(&self.typed.vitals, &mut self.faults);
        for part in &PARTS {
            if self.typed.part(part.field).chars().count() > super::LONGEST {
                self.faults.push((part.field, Fault::TooLong { most: super::LONGEST }));
            }
        }
        if self.reason().chars().count() > entries::LINE {
            self.faults.push(("reason", Fault::TooLong { most: entries::LINE }));
        }
        self.remove()?;
        self.measurements(&measured)?;
        self.problems()?;
        self.orders()?;
        self.vaccine()?;
        if !self.faults.is_empty() {
            return Err(Refused::Told(NoteError::Faults(self.faults)));
        }
        let says = PARTS.iter().any(|part| !self.typed.part(part.field).trim().is_empty());
        if self.step.signs() && !says {
            return Err(Refused::Told(NoteError::Empty));
        }
        let blank = |part: &&Part| phrases::has_blank(self.typed.part(part.field));
        let blanks: Vec<&'static str> = PARTS.iter().filter(blank).map(|part| part.field).collect();
        if self.step == Step::Sign && !blanks.is_empty() {
            return Err(Refused::Told(NoteError::Blanks(blanks)));
        }
        self.encounter()?;
        self.composition(&measured)?;
        Ok((self.changes, self.document))
    }

    fn create(&mut self, kind: R, part: usize, value: Value) -> Result<(), RecordError> {
        let id = FhirId::new(self.pen.ambient);
        if let Some(refers) = self.refers.get_mut(part) {
            refers.push(format!("{kind}/{id}"));
        }
        self.changes.push(Change::create_as(kind, id, value, Mode::Strict)?);
        Ok(())
    }

    fn put(&mut self, kind: R, id: &FhirId, version: u32, value: Value) -> Result<(), RecordError> {
        self.changes.push(Change::put(kind, id.clone(), value, Condition::Version(version), Mode::Strict)?);
        Ok(())
    }

    fn forget(&mut self, reference: &str) {
        for refers in &mut self.refers {
            refers.retain(|one| one != reference);
        }
    }

    fn encounter_ref(&self) -> Option<String> {
        self.saved.encounter.as_ref().map(|(id, ..)| format!("Encounter/{id}"))
    }

    /// What the button beside it takes out of the note.
    fn remove(&mut self) -> Result<(), RecordError> {
        let Some(reference) = self.typed.act.strip_prefix("remove ").map(str::to_owned) else { return Ok(()) };
        let at = self.saved.entries.iter().position(|(kind, id, ..)| format!("{kind}/{id}") == reference);
        let Some(at) = at else { return Ok(()) };
        let (kind, id, version, value) = self.saved.entries.remove(at);
        self.put(kind, &id, version, in_error(kind, value))?;
        self.forget(&reference);
        Ok(())
    }

    fn measurements(&mut self, measured: &[Measured]) -> Result<(), RecordError> {
        let encounter = self.encounter_ref();
        for vital in &VITALS {
            let now = measured.iter().find(|one| one.vital.field == vital.field);
            let is = |(kind, _, _, value): &&(R, FhirId, u32, Value)| {
                *kind == R::Observation && text(value, "/code/coding/0/code") == vital.loinc && !is_over(value)
            };
            let before = self.saved.entries.iter().find(is).cloned();
            match (before, now) {
                (Some((.., value)), Some(now)) if same_value(&value, now) => {}
                (Some((kind, id, version, before)), Some(now)) => {
                    let value = amended(before, self.observation(now, encounter.as_deref()), self.pen.now);
                    self.put(kind, &id, version, value)?;
                }
                (Some((kind, id, version, value)), None) => {
                    self.put(kind, &id, version, in_error(kind, value))?;
                    self.forget(&format!("{kind}/{id}"));
                }
                (None, Some(now)) => {
                    let value = self.observation(now, encounter.as_deref());
                    self.create(R::Observation, OBJECTIVE, value)?;
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn observation(&self, one: &Measured, encounter: Option<&str>) -> Value {
        entries::observation(one, self.patient.as_str(), self.pen.now, &self.pen.author, encounter)
    }

    /// Whether a line without a name is none yet: nothing else of it was typed, or the note is only saved, and what was typed
    /// stays in its form ([`NoteTyped::unfinished`]).
    fn may_wait(&self, rest: &str) -> bool {
        rest.trim().is_empty() || !self.step.signs()
    }

    fn problems(&mut self) -> Result<(), RecordError> {
        for (kind, id, version, value) in self.saved.entries.clone() {
            if kind == R::Condition && !is_over(&value) {
                self.made.push(format!("Problem: {}", text(&value, "/code/text")));
                if self.step.signs() {
                    self.put(kind, &id, version, confirmed(value))?;
                }
            }
        }
        let typed = self.typed;
        for (name, since, name_field, since_field) in [
            (&typed.problem1, &typed.problem1_since, "problem1", "problem1_since"),
            (&typed.problem2, &typed.problem2_since, "problem2", "problem2_since"),
        ] {
            if name.trim().is_empty() && self.may_wait(since) {
                continue;
            }
            let form = ProblemTyped {
                name: name.clone(),
                since: since.clone(),
                sure: "provisional".into(),
                ..ProblemTyped::default()
            };
            let Pen { author, now, today, .. } = self.pen;
            match entries::problem(&form, self.patient.as_str(), &author, now, today, self.codes) {
                Ok(mut value) => {
                    if let Some(encounter) = self.encounter_ref() {
                        put(&mut value, "encounter", json!({"reference": encounter}));
                    }
                    self.made.push(format!("Problem: {}", text(&value, "/code/text")));
                    let value = if self.step.signs() { confirmed(value) } else { hold(value) };
                    self.create(R::Condition, ASSESSMENT, value)?;
                }
                Err(faults) => {
                    let at = |field: &str| if field == "name" { name_field } else { since_field };
                    self.faults.extend(faults.into_iter().map(|(field, fault)| (at(field), fault)));
                }
            }
        }
        Ok(())
    }

    fn orders(&mut self) -> Result<(), RecordError> {
        for (kind, id, version, value) in self.saved.entries.clone() {
            if kind == R::ServiceRequest && !is_over(&value) {
                self.made.push(format!("Ordered: {}", text(&value, "/code/text")));
                if self.step.signs() {
                    self.put(kind, &id, version, ordered(value, &self.pen))?;
                }
            }
        }
        let typed = self.typed;
        for (what, kind, field) in
            [(&typed.order1, &typed.order1_kind, "order1"), (&typed.order2, &typed.order2_kind, "order2")]
        {
            let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
            if what.is_empty() {
                if !self.may_wait(kind) {
                    self.faults.push((field, Fault::Missing));
                }
                continue;
            }
            if what.chars().count() > entries::LINE {
                self.faults.push((field, Fault::TooLong { most: entries::LINE }));
                continue;
            }
            let category = ORDERS.iter().find(|(code, sct, _)| code == kind && !sct.is_empty());
            let mut value = json!({
                "resourceType": "ServiceRequest",
                "status": "draft",
                "intent": "order",
                "code": formulary::concept(self.codes, List::Orders, &what),
                "subject": subject(self.patient),
                "authoredOn": self.pen.now,
                "requester": self.pen.author.reference(),
            });
            if let Some((_, sct, words)) = category {
                let coding = json!({"system": "http://snomed.info/sct", "code": sct});
                put(&mut value, "category", json!([{"coding": [coding], "text": words}]));
            }
            if let Some(encounter) = self.encounter_ref() {
                put(&mut value, "encounter", json!({"reference": encounter}));
            }
            self.made.push(format!("Ordered: {}", text(&value, "/code/text")));
            let value = if self.step.signs() { ordered(value, &self.pen) } else { hold(value) };
            self.create(R::ServiceRequest, PLAN, value)?;
        }
        Ok(())
    }

    fn vaccine(&mut self) -> Result<(), RecordError> {
        for (kind, _, _, value) in &self.saved.entries {
            if *kind == R::Immunization && !is_over(value) {
                self.made.push(format!("Immunization: {}", text(value, "/vaccineCode/text")));
            }
        }
        let (lot, dose) = (&self.typed.vaccine_lot, &self.typed.vaccine_dose);
        if self.typed.vaccine.trim().is_empty() && self.may_wait(lot) && self.may_wait(dose) {
            return Ok(());
        }
        let form = ImmunizationTyped {
            vaccine: self.typed.vaccine.clone(),
            when: self.pen.today.to_string(),
            dose: self.typed.vaccine_dose.clone(),
            lot: self.typed.vaccine_lot.clone(),
            given: "here".into(),
            ..ImmunizationTyped::default()
        };
        let encounter = self.encounter_ref();
        let clock = (self.pen.now, self.pen.today);
        match entries::immunization(&form, self.patient.as_str(), &self.pen.author, encounter.as_deref(), clock) {
            Ok(value) => {
                self.made.push(format!("Immunization: {}", text(&value, "/vaccineCode/text")));
                self.create(R::Immunization, PLAN, value)
            }
            Err(faults) => {
                let at = |field: &str| match field {
                    "dose" => "vaccine_dose",
                    "lot" => "vaccine_lot",
                    _ => "vaccine",
                };
                self.faults.extend(faults.into_iter().map(|(field, fault)| (at(field), fault)));
                Ok(())
            }
        }
    }

    fn encounter(&mut self) -> Result<(), RecordError> {
        let Some((id, version, mut value)) = self.saved.encounter.clone() else { return Ok(()) };
        let reason = self.reason();
        let before = value.clone();
        if text(&value, "/reasonCode/0/text") != reason {
            put(&mut value, "reasonCode", json!([{"text": reason}]));
            if let (true, Some(members)) = (reason.is_empty(), value.as_object_mut()) {
                members.shift_remove("reasonCode");
            }
        }
        if self.pen.author.person.is_some() {
            take_part(&mut value, &self.pen.author);
        }
        if self.step.signs() {
            put(&mut value, "status", "finished".into());
            if let Some(period) = value.get_mut("period") {
                put(period, "end", self.pen.now.into());
            }
            let conditions =
                self.refers.get(ASSESSMENT).into_iter().flatten().filter(|one| one.starts_with("Condition/"));
            let diagnoses: Vec<Value> = conditions.map(|one| json!({"condition": {"reference": one}})).collect();
            if !diagnoses.is_empty() {
                put(&mut value, "diagnosis", diagnoses.into());
            }
        }
        if value != before {
            self.put(R::Encounter, &id, version, value)?;
        }
        Ok(())
    }

    fn reason(&self) -> String {
        let reason = self.typed.reason.split_whitespace().collect::<Vec<_>>().join(" ");
        reason.chars().filter(|c| !c.is_control()).collect()
    }

    fn composition(&mut self, measured: &[Measured]) -> Result<(), RecordError> {
        let mut value = self.saved.composition.clone();
        put(&mut value, "date", self.pen.now.into());
        let all = authors(&value, &self.pen.author);
        put(&mut value, "author", all);
        let reason = self.reason();
        put(
            &mut value,
            "title",
            if reason.is_empty() { "Visit note".into() } else { format!("Visit note: {reason}").into() },
        );
        let own = PARTS.iter().zip(&self.refers).filter_map(|(part, refers)| {
            let before = section(&self.saved.composition, part);
            section_of(part, self.typed.part(part.field), refers, before)
        });
        // What another program wrote beside the parts of a note and within them stays.
        let sections: Vec<Value> = own.chain(other_sections(&self.saved.composition).cloned()).collect();
        match (sections.is_empty(), value.as_object_mut()) {
            (true, Some(members)) => drop(members.shift_remove("section")),
            _ => put(&mut value, "section", sections.into()),
        }
        let id = self.saved.id.clone();
        let seen = self.typed.version.parse().unwrap_or(0);
        if self.step.signs() {
            value = signed(value, &self.pen);
            let text = self.document_text(measured);
            let title = text_of_title(&value);
            let visit = self.encounter_ref();
            let own = FhirId::new(self.pen.ambient);
            let said = (title.as_str(), text.as_str());
            let made = document(own.clone(), (self.patient, &id), said, visit.as_deref(), None, &self.pen)?;
            self.changes.push(made);
            self.document = Some(own);
            self.changes.push(provenance(self.patient, &id, &self.pen)?);
        }
        self.put(R::Composition, &id, seen, value)
    }

    /// The note as text, for whoever reads documents.
    fn document_text(&self, measured: &[Measured]) -> String {
        let mut out = String::new();
        let reason = self.reason();
        if !reason.is_empty() {
            let _ = writeln!(out, "{reason}\n");
        }
        let values: Vec<String> = measured
            .iter()
            .map(|one| match one.second {
                Some(second) => format!("{} {}/{second} {}", one.vital.name, one.value, one.vital.unit),
                None => format!("{} {} {}", one.vital.name, one.value, one.vital.unit),
            })
            .collect();
        for (at, part) in PARTS.iter().enumerate() {
            let said = self.typed.part(part.field).trim().replace("\r\n", "\n");
            let measured = if at == OBJECTIVE { values.join(", ") } else { String::new() };
            if said.is_empty() && measured.is_empty() {
                continue;
            }
            let _ = writeln!(out, "{}", part.title.to_uppercase());
            for line in [measured, said].iter().filter(|line| !line.is_empty()) {
                let _ = writeln!(out, "{line}");
            }
            out.push('\n');
        }
        for (title, said) in other_texts(&self.saved.composition) {
            let _ = writeln!(out, "{}\n{}\n", title.to_uppercase(), said.trim());
        }
        for line in &self.made {
            let _ = writeln!(out, "{line}");
        }
        let _ = write!(out, "\nSigned by {}", self.pen.author.name);
        out.trim().to_owned()
    }
}

fn text_of_title(composition: &Value) -> String {
    text(composition, "/title").to_owned()
}

fn is_over(value: &Value) -> bool {
    text(value, "/status") == "entered-in-error"
        || text(value, "/verificationStatus/coding/0/code") == "entered-in-error"
}

fn in_error(kind: R, mut value: Value) -> Value {
    match kind {
        R::Condition => problem_in_error(value),
        R::Immunization => immunization_in_error(value),
        _ => {
            put(&mut value, "status", "entered-in-error".into());
            value
        }
    }
}

/// A measurement with another value. When it was measured, by whom and how stay: only what it says is put right now.
fn amended(mut before: Value, mut other: Value, now: &str) -> Value {
    if let (Some(members), Some(other)) = (before.as_object_mut(), other.as_object_mut()) {
        // What was said of the other value.
        for name in ["interpretation", "dataAbsentReason"] {
            members.shift_remove(name);
        }
        for name in ["valueQuantity", "component"] {
            match other.shift_remove(name) {
                Some(value) => drop(members.insert(name.to_owned(), value)),
                None => drop(members.shift_remove(name)),
            }
        }
    }
    put(&mut before, "status", "amended".into());
    put(&mut before, "issued", now.into());
    before
}

fn confirmed(mut value: Value) -> Value {
    if text(&value, "/verificationStatus/coding/0/code") == "provisional" {
        let system = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
        put(&mut value, "verificationStatus", json!({"coding": [{"system": system, "code": "confirmed"}]}));
    }
    let_go(value)
}

fn ordered(mut value: Value, pen: &Pen<'_>) -> Value {
    if text(&value, "/status") == "draft" {
        put(&mut value, "status", "active".into());
        put(&mut value, "requester", pen.author.reference());
    }
    let_go(value)
}

/// A part as it is written now; what stood within it stays.
fn section_of(part: &Part, said: &str, refers: &[String], before: Option<&Value>) -> Option<Value> {
    let said = said.trim().replace("\r\n", "\n");
    let said: String = said.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let within = before.and_then(|before| before.get("section"));
    if said.is_empty() && refers.is_empty() && within.is_none() {
        return None;
    }
    let mut value = json!({"title": part.title, "code": {"coding": [{"system": LOINC, "code": part.loinc}]}});
    if let Some(within) = within {
        put(&mut value, "section", within.clone());
    }
    if !said.is_empty() {
        put(&mut value, "text", narrative(&said));
    }
    if !refers.is_empty() {
        put(&mut value, "entry", refers.iter().map(|one| json!({"reference": one})).collect());
    }
    Some(value)
}

/// Everybody who wrote, the last one last.
fn authors(composition: &Value, author: &Author<'_>) -> Value {
    let me = author.reference();
    let before = composition.get("author").and_then(Value::as_array).cloned().unwrap_or_default();
    before.into_iter().filter(|one| *one != me).chain([me.clone()]).collect()
}

fn signed(mut composition: Value, pen: &Pen<'_>) -> Value {
    put(&mut composition, "status", "final".into());
    put(&mut composition, "attester", json!([{"mode": "legal", "time": pen.now, "party": pen.author.reference()}]));
    let_go(composition)
}

/// The text of a note as a document.
fn document(
    id: FhirId,
    (patient, note): (&FhirId, &FhirId),
    (title, said): (&str, &str),
    visit: Option<&str>,
    appends: Option<&str>,
    pen: &Pen<'_>,
) -> Result<Change, RecordError> {
    let mut context = json!({"related": [{"reference": format!("Composition/{note}")}]});
    if let Some(visit) = visit {
        put(&mut context, "encounter", json!([{"reference": visit}]));
    }
    let mut value = json!({
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "final",
        "type": kind_of_note(),
        "subject": subject(patient),
        "date": pen.now,
        "author": [pen.author.reference()],
        "authenticator": pen.author.reference(),
        "description": title,
        "content": [{"attachment": {
            "contentType": "text/plain; charset=utf-8",
            "language": "en",
            "data": data_encoding::BASE64.encode(said.as_bytes()),
            "size": said.len(),
            "title": title,
            "creation": pen.now,
        }}],
        "context": context,
    });
    if let Some(appends) = appends {
        put(&mut value, "relatesTo", json!([{"code": "appends", "target": {"reference": appends}}]));
    }
    Change::create_as(R::DocumentReference, id, value, Mode::Strict)
}

/// That somebody signed. The signature's type is ASTM E1762's author's signature, as FHIR R4 `signature-type` has it.
fn provenance(patient: &FhirId, note: &FhirId, pen: &Pen<'_>) -> Result<Change, RecordError> {
    let who = pen.author.reference();
    let kind = json!({"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"});
    let role = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "attester"}]});
    let activity =
        json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion", "code": "LA"}]});
    let value = json!({
        "resourceType": "Provenance",
        "target": [{"reference": format!("Composition/{note}")}, subject(patient)],
        "recorded": pen.now,
        "activity": activity,
        "agent": [{"type": role, "who": who}],
        "signature": [{"type": [kind], "when": pen.now, "who": who}],
    });
    Change::create_as(R::Provenance, FhirId::new(pen.ambient), value, Mode::Strict)
}

/// Adds to a signed note. `document` is the DocumentReference of the note, if it has one.
pub async fn append(
    doing: Doing<'_>,
    patient: &FhirId,
    note: &FhirId,
    document_of: Option<&str>,
    said: (&str, Step),
    pen: Pen<'_>,
) -> Result<Done<()>, Refused<NoteError>> {
    let (said, step) = said;
    let said = said.trim().replace("\r\n", "\n");
    if said.is_empty() {
        return Err(Refused::Told(NoteError::Empty));
    }
    if said.chars().count() > super::LONGEST {
        return Err(Refused::Told(NoteError::Faults(vec![("addendum", Fault::TooLong { most: super::LONGEST })])));
    }
    if step == Step::Sign && phrases::has_blank(&said) {
        return Err(Refused::Told(NoteError::Blanks(vec!["addendum"])));
    }
    let id = FhirId::new(pen.ambient);
    let value = json!({
        "resourceType": "Composition",
        "status": "preliminary",
        "type": kind_of_note(),
        "subject": subject(patient),
        "date": pen.now,
        "author": [pen.author.reference()],
        "title": "Addendum",
        "relatesTo": [{"code": "appends", "targetReference": {"reference": format!("Composition/{note}")}}],
        "section": [{"title": "Addendum", "text": narrative(&said)}],
    });
    let own = FhirId::new(pen.ambient);
    let told = there_is(patient, own.clone());
    let changes = vec![
        Change::create_as(R::Composition, id.clone(), signed(value, &pen), Mode::Strict)?,
        document(own, (patient, &id), ("Addendum to a visit note", &said), None, document_of, &pen)?,
        provenance(patient, &id, &pen)?,
    ];
    carry_out(doing, changes, move |inside| Ok(notify::tell(inside, told)?)).await
}

/// Takes an unsigned note back, with all that was made from it.
pub async fn discard(doing: Doing<'_>, saved: Saved, seen: u32) -> Result<Done<()>, Refused<Never>> {
    let mut changes = Vec::new();
    let mut composition = saved.composition;
    put(&mut composition, "status", "entered-in-error".into());
    changes.push(Change::put(R::Composition, saved.id, composition, Condition::Version(seen), Mode::Strict)?);
    let encounter = saved.encounter.map(|(id, version, value)| (R::Encounter, id, version, value));
    for (kind, id, version, value) in saved.entries.into_iter().chain(encounter).filter(|(.., value)| !is_over(value)) {
        changes.push(Change::put(kind, id, in_error(kind, value), Condition::Version(version), Mode::Strict)?);
    }
    carry_out(doing, changes, |_| Ok(())).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Actor, Reach};
    use crate::audit::{Action, Audit, Detail, Purpose};
    use crate::base::{ManualClock, SeededRandom};
    use crate::record::{Channel, Transaction, Why};
    use crate::store::Store;

    fn faults(typed: &NoteTyped, step: Step) -> Vec<(&'static str, Fault)> {
        let composition = json!({"resourceType": "Composition", "status": "preliminary", "type": kind_of_note(),
            "subject": {"reference": "Patient/p"}, "date": "2026-03-03", "author": [{"display": "Dr A"}], "title": "N"});
        let saved = Saved { id: FhirId::parse("n").unwrap(), composition, encounter: None, entries: Vec::new() };
        let ambient = Ambient::system();
        let author = Author { person: None, name: "Dr A" };
        let pen = Pen { author, now: "2026-03-03T09:31:00Z", today: "2026-03-03".parse().unwrap(), ambient: &ambient };
        match Writing::new(&FhirId::parse("p").unwrap(), saved, typed, step, pen, None).changes() {
            Err(Refused::Told(NoteError::Faults(faults))) => faults,
            other => {
                assert!(other.is_ok());
                Vec::new()
            }
        }
    }

    #[test]
    fn a_measurement_that_is_put_right_was_measured_when_and_by_whom_it_was() {
        let author = |name| Author { person: None, name };
        let read = |upper: &str, lower: &str| {
            let typed = entries::VitalsTyped { systolic: upper.into(), diastolic: lower.into(), ..Default::default() };
            entries::measured(&typed, &mut Faults::new()).remove(0)
        };
        let mut before = entries::observation(
            &read("150", "90"),
            "p",
            "2026-03-03T09:17:35Z",
            &author("A nurse"),
            Some("Encounter/e"),
        );
        put(&mut before, "meta", json!({"security": [{"code": "R"}]}));
        put(&mut before, "interpretation", json!([{"text": "high"}]));
        put(&mut before, "device", json!({"display": "cuff"}));
        let later = "2026-03-04T08:00:00Z";
        let now = entries::observation(&read("140", "90"), "p", later, &author("A doctor"), None);
        let value = amended(before.clone(), now, later);
        assert!(same_value(&value, &read("140", "90")) && !same_value(&value, &read("150", "90")));
        for stays in ["effectiveDateTime", "performer", "encounter", "meta", "device", "code"] {
            assert_eq!(value[stays], before[stays], "{stays}");
        }
        assert_eq!(
            (&value["status"], &value["issued"], value.get("interpretation")),
            (&json!("amended"), &json!(later), None)
        );
        let issues = crate::fhir::validate(&value, crate::fhir::Definitions::r4(), Mode::Strict);
        assert!(issues.iter().all(|issue| !issue.is_error()), "{issues:?}");
    }

    #[test]
    fn what_stands_within_a_part_stays_when_the_part_is_written_anew_or_left_empty() {
        let part = PARTS.last().unwrap();
        let within = json!([{"title": "Medicines", "text": narrative("stop warfarin")}]);
        let before = json!({"section": within});
        for said in ["Rest", ""] {
            let now = section_of(part, said, &[], Some(&before)).unwrap();
            assert_eq!((&now["section"], now.get("text").is_some()), (&within, !said.is_empty()));
        }
        assert_eq!(section_of(part, "", &[], Some(&json!({"title": "Plan"}))), None);
    }

    #[test]
    fn a_line_without_its_name_waits_for_it_and_is_not_signed() {
        let typed = NoteTyped {
            plan: "Rest".into(),
            problem1_since: "yesterday".into(),
            order2_kind: "imaging".into(),
            vaccine_lot: "A1".into(),
            vaccine_dose: "two".into(),
            ..NoteTyped::default()
        };
        assert_eq!(faults(&typed, Step::Save), []);
        let said = [
            ("problem1", Fault::Missing),
            ("problem1_since", Fault::Unread),
            ("order2", Fault::Missing),
            ("vaccine", Fault::Missing),
            ("vaccine_dose", Fault::Unread),
        ];
        assert_eq!(faults(&typed, Step::Sign), said);
        assert_eq!(faults(&typed, Step::SignAsItStands), said);
        assert_eq!(faults(&NoteTyped { plan: "Rest".into(), ..NoteTyped::default() }, Step::Sign), []);
        let long = NoteTyped { reason: "x".repeat(entries::LINE + 1), ..NoteTyped::default() };
        assert_eq!(faults(&long, Step::Save), [("reason", Fault::TooLong { most: entries::LINE })]);
    }

    #[tokio::test]
    async fn of_two_who_begin_a_note_at_once_one_does_and_the_other_looks_again() {
        let clock = ManualClock::at("2026-03-03T09:31:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(3)));
        let (records, actor) = (Records::new(audit, Reach::Clinic), Actor::system("test"));
        let why = || Why {
            action: Action::Create,
            purpose: Purpose::Treat,
            detail: Detail::none(),
            channel: Channel::Screen,
        };
        let patient = FhirId::parse("p").unwrap();
        let value = json!({"resourceType": "Patient", "id": "p"});
        let put = Change::put(R::Patient, patient.clone(), value, Condition::None, Mode::Strict).unwrap();
        records.change_all(&actor, why(), vec![put], Transaction::IMPORT).await.unwrap();
        let ambient = Ambient::system();
        let begin = async |before: &Underway| {
            let new = || FhirId::new(&ambient);
            let open = Open { patient: &patient, note: new(), visit: VisitOf::New(new()), appointment: None };
            let author = Author { person: None, name: "Dr A" };
            let pen =
                Pen { author, now: "2026-03-03T09:31:00Z", today: "2026-03-03".parse().unwrap(), ambient: &ambient };
            let doing = Doing { records: &records, actor: &actor, why: why(), once: None };
            start(doing, open, before.clone(), pen).await
        };
        let before = Underway::read(&records, &patient).unwrap();
        let (one, other) = tokio::join!(begin(&before), begin(&before));
        assert!(matches!(one, Ok(Done::Now(..))), "{one:?}");
        assert!(matches!(other, Err(Refused::Told(BeginError::Meanwhile))), "{other:?}");
        // What was there when it was decided is no obstacle: of one day there may be several visits.
        let now = Underway::read(&records, &patient).unwrap();
        assert_eq!(now.ids.len(), 2);
        assert!(matches!(begin(&now).await, Ok(Done::Now(..))));
    }
}
