//! What the record says that a prescription is checked against.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::Value;

use crate::access::Sensitivity;
use crate::care::Chart;
use crate::care::entries::{is_current, says_none, says_none_to_medicines, says_none_to_others};
use crate::care::formulary::{Code, MEDICINE};
use crate::care::medicine;
use crate::fhir::ResourceType as R;

use super::taking::{goes_with, of_prescription};

/// An allergy that counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allergy {
    /// As in `AllergyIntolerance/a`.
    pub reference: String,
    pub name: String,
    /// What it is to: its own code and the substances of its reactions. Nothing of one that names nothing.
    pub means: Vec<Named>,
    /// When it was written down, as the record has it.
    pub recorded: Option<String>,
    /// It says that there is none.
    pub none_known: bool,
    sealed: bool,
}

/// A substance, or a part of a medicine, as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    pub name: String,
    pub codes: Vec<Code>,
}

/// A medicine that is taken, or is prescribed and counts as such; or one that is not to be given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taken {
    /// As in `MedicationRequest/a`.
    pub reference: String,
    pub name: String,
    /// What it is, or of what it is made. Nothing of one that nothing names.
    pub parts: Vec<Named>,
    sealed: bool,
}

/// What is known of allergies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allergies {
    NeverAsked,
    NoneKnown,
    Known,
}

/// All of it, in an order that is always the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub allergies: BTreeSet<Allergy>,
    pub taken: BTreeSet<Taken>,
    /// What the record says is not to be given.
    pub not_to_give: BTreeSet<Taken>,
    /// In whole years.
    pub age: Option<u16>,
    /// The record holds more than was read.
    pub cut: bool,
}

impl Facts {
    /// Of what somebody may see.
    pub fn of(chart: &Chart, today: Date) -> Self {
        let requests: Vec<&Value> = chart.of(R::MedicationRequest).iter().collect();
        let statements = chart.of(R::MedicationStatement);
        let cut = [R::AllergyIntolerance, R::MedicationRequest, R::MedicationStatement];
        Self {
            allergies: chart.of(R::AllergyIntolerance).iter().filter_map(allergy).collect(),
            taken: once(&requests, statements, chart.medications()),
            not_to_give: requests.iter().filter_map(|one| not_to_give_of(one, chart.medications())).collect(),
            age: age(&chart.patient, today),
            cut: chart.shortened().iter().any(|kind| cut.contains(kind)),
        }
    }

    /// The same of everything there is: of what is sealed only what was seen before. `along` are the Medications that name them.
    #[must_use]
    pub fn again(&self, allergies: Vec<Allergy>, requests: &[Value], statements: Vec<Value>, along: &[Value]) -> Self {
        let seen: BTreeSet<&str> = self
            .allergies
            .iter()
            .map(|one| one.reference.as_str())
            .chain(self.taken.iter().chain(&self.not_to_give).map(|one| one.reference.as_str()))
            .collect();
        let may = |is_sealed: bool, reference: &str| !is_sealed || seen.contains(reference);
        let may_all = |one: &Value| reference(one).is_some_and(|reference| may(sealed(one), &reference));
        let requests: Vec<&Value> = requests.iter().filter(|one| may_all(one)).collect();
        let statements: Vec<Value> = statements.into_iter().filter(may_all).collect();
        Self {
            allergies: allergies.into_iter().filter(|one| may(one.sealed, &one.reference)).collect(),
            taken: once(&requests, &statements, along),
            not_to_give: requests.iter().filter_map(|one| not_to_give_of(one, along)).collect(),
            age: self.age,
            cut: self.cut,
        }
    }

    pub fn asked(&self) -> Allergies {
        if self.allergies.iter().any(|one| !one.none_known) {
            Allergies::Known
        } else if self.allergies.is_empty() {
            Allergies::NeverAsked
        } else {
            Allergies::NoneKnown
        }
    }
}

/// What is taken: the prescriptions that count, and of the statements those that stand by themselves in a list. What is only taken
/// otherwise than its prescription asks for is one medicine with it while that counts.
fn once(requests: &[&Value], statements: &[Value], along: &[Value]) -> BTreeSet<Taken> {
    let is_prescribed = |one: &Value| {
        let is_of = |request: &Value| text(request, "/id").is_some_and(|id| of_prescription(one) == Some(id));
        let mut of = requests.iter().filter(|request| is_of(request) && medicine::may_be_taken(request));
        of.any(|request| is_same_medicine(one, request, along))
    };
    let adds = |one: &&Value| !goes_with(one, requests.iter().copied(), along) && !is_prescribed(one);
    let all = requests.iter().copied().chain(statements.iter().filter(adds));
    all.filter_map(|one| taken_of(one, along)).collect()
}

/// Whether two prescriptions or statements name one medicine. `along` are the Medications that were read with them.
pub fn is_same_medicine(one: &Value, other: &Value, along: &[Value]) -> bool {
    compared(one, along).zip(compared(other, along)).is_some_and(|(one, other)| one.is_same(&other))
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

fn codings(concept: Option<&Value>) -> impl Iterator<Item = &Value> {
    concept.and_then(|concept| concept.get("coding")).and_then(Value::as_array).into_iter().flatten()
}

fn codes(concept: Option<&Value>) -> Vec<Code> {
    let mut all: Vec<Code> = codings(concept)
        .filter_map(|coding| {
            Some(Code { system: text(coding, "/system")?.to_owned(), code: text(coding, "/code")?.to_owned() })
        })
        .collect();
    all.sort();
    all
}

fn name(concept: Option<&Value>) -> Option<String> {
    let written = concept.and_then(|concept| text(concept, "/text"));
    let of = |part: &'static str| codings(concept).find_map(|coding| text(coding, part));
    written.or_else(|| of("/display")).or_else(|| of("/code")).map(str::to_owned)
}

fn reference(resource: &Value) -> Option<String> {
    Some(format!("{}/{}", text(resource, "/resourceType")?, text(resource, "/id")?))
}

fn sealed(resource: &Value) -> bool {
    Sensitivity::of_resource(resource) != Sensitivity::NORMAL
}

/// What of an `AllergyIntolerance` counts; nothing of one that is over, refuted or a mistake.
pub fn allergy(resource: &Value) -> Option<Allergy> {
    if !is_current(resource) || says_none_to_others(resource) {
        return None;
    }
    let meant = |concept: &Value| Named { name: name(Some(concept)).unwrap_or_default(), codes: codes(Some(concept)) };
    let means: Vec<Named> = medicine::substances(resource).into_iter().map(meant).collect();
    let mut names: Vec<&str> = means.iter().map(|one| one.name.as_str()).collect();
    // The substance of a reaction says more of what the code says already.
    names.truncate(if name(resource.get("code")).is_some() { 1 } else { names.len() });
    names.dedup();
    let reference = reference(resource)?;
    Some(Allergy {
        // Without a name it is an allergy all the same, to something that nobody can look for.
        name: if names.is_empty() { format!("an allergy without a name ({reference})") } else { names.join(", ") },
        reference,
        means,
        recorded: text(resource, "/recordedDate").or_else(|| text(resource, "/onsetDateTime")).map(str::to_owned),
        none_known: says_none(resource) || says_none_to_medicines(resource),
        sealed: sealed(resource),
    })
}

/// What of a `MedicationRequest` or `MedicationStatement` counts as taken. `along` are the Medications that were read with it.
pub fn taken_of(resource: &Value, along: &[Value]) -> Option<Taken> {
    let counts = match text(resource, "/resourceType")? {
        // One that is paused may be taken again any day.
        "MedicationRequest" | "MedicationStatement" => true,
        _ => false,
    };
    if !counts || !medicine::may_be_taken(resource) {
        return None;
    }
    compared(resource, along)
}

/// What a `MedicationRequest` says is not to be given.
pub(super) fn not_to_give_of(resource: &Value, along: &[Value]) -> Option<Taken> {
    medicine::is_not_to_be_given(resource).then(|| compared(resource, along)).flatten()
}

/// What of a medicine is compared.
fn compared(resource: &Value, along: &[Value]) -> Option<Taken> {
    let found = named(&medicine::concepts(resource, along));
    let (name, parts) = found.unwrap_or_else(|| match text(resource, "/medicationReference/display") {
        Some(shown) => (shown.to_owned(), vec![Named { name: shown.to_owned(), codes: Vec::new() }]),
        // It counts all the same, and the checks say that they did not compare it.
        None => (unnamed(resource), Vec::new()),
    });
    Some(Taken { reference: reference(resource)?, name, parts, sealed: sealed(resource) })
}

/// What concepts of one medicine call it, and what is compared of each.
fn named(concepts: &[&Value]) -> Option<(String, Vec<Named>)> {
    let part = |one: &&Value| Some(Named { name: name(Some(one))?, codes: codes(Some(one)) });
    let parts: Vec<Named> = concepts.iter().filter_map(part).collect();
    let name = parts.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(" + ");
    (!parts.is_empty()).then_some((name, parts))
}

fn unnamed(resource: &Value) -> String {
    format!("a medicine without a name ({})", medicine::place(resource))
}

impl Named {
    /// By the codes of the systems that both have, else by the name.
    fn is(&self, other: &Self) -> bool {
        let among = |code: &&Code, is: fn(&Code, &Code) -> bool| other.codes.iter().any(|one| is(one, code));
        let shared: Vec<&Code> =
            self.codes.iter().filter(|code| among(code, |one, code| one.system == code.system)).collect();
        let agrees = |code: &&Code| {
            let of_system = shared.iter().filter(|one| one.system == code.system);
            of_system.into_iter().any(|one| among(one, |one, code| one == code))
        };
        match shared.is_empty() {
            true => self.name.to_lowercase() == other.name.to_lowercase(),
            false => shared.iter().all(agrees),
        }
    }
}

impl Taken {
    /// Whether both are one medicine, of the same parts: what nothing names is only what it refers to.
    fn is_same(&self, other: &Self) -> bool {
        match (self.parts.is_empty(), other.parts.is_empty()) {
            (true, true) => self.name == other.name,
            (false, false) => {
                let is_in = |part: &Named| other.parts.iter().any(|one| one.is(part));
                self.parts.len() == other.parts.len() && self.parts.iter().all(is_in)
            }
            _ => false,
        }
    }

    /// The id in the formulary, if it was prescribed from one.
    pub fn formulary_id(&self) -> Option<&str> {
        self.parts.iter().flat_map(|one| &one.codes).find(|code| code.system == MEDICINE).map(|code| code.code.as_str())
    }
}

/// A Medication that may name what somebody takes. What is sealed stays out: who prescribes may not have seen it.
pub fn medication(resource: &Value) -> Option<Value> {
    (!sealed(resource)).then(|| resource.clone())
}

/// In whole years; nothing where the birth date is not known to the day.
pub fn age(patient: &Value, today: Date) -> Option<u16> {
    let born: Date = text(patient, "/birthDate").filter(|text| text.len() == 10)?.parse().ok()?;
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    let years = today.year() - born.year() - i16::from(!had_birthday);
    u16::try_from(years).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_prescription_and_the_word_that_it_is_taken_are_one_medicine_until_it_ends() {
        let of = |status: &str| {
            let order = json!({"resourceType": "MedicationRequest", "id": "r", "status": status, "intent": "order",
                "medicationCodeableConcept": {"text": "Metformin"}});
            let said = json!({"resourceType": "MedicationStatement", "id": "s", "status": "active",
                "medicationCodeableConcept": {"text": "Metformin"}, "basedOn": [{"reference": "MedicationRequest/r/_history/2"}]});
            let all = vec![(R::MedicationRequest, vec![order]), (R::MedicationStatement, vec![said])];
            let facts = Facts::of(&Chart::holding(json!({"id": "p"}), all), "2026-03-03".parse().unwrap());
            facts.taken.into_iter().map(|one| one.reference).collect::<Vec<_>>()
        };
        assert_eq!(of("active"), ["MedicationRequest/r"]);
        assert_eq!(of("stopped"), ["MedicationStatement/s"]);
    }

    #[test]
    fn another_substance_than_its_prescription_asks_for_is_checked_beside_it_also_after_it() {
        let medicine = |kind: &str, id: &str, status: &str, name: &str, code: &str| {
            json!({"resourceType": kind, "id": id, "status": status, "intent": "order",
                "medicationCodeableConcept": {"text": name, "coding": [{"system": "atc", "code": code}]}})
        };
        let of = |status: &str, name: &str, code: &str, source: &str| {
            let mut said = medicine("MedicationStatement", "s", "active", name, code);
            said["basedOn"] = json!([{"reference": "MedicationRequest/r"}]);
            said["informationSource"] = json!({"reference": source});
            let order = medicine("MedicationRequest", "r", status, "Paracetamol 500 mg", "N02BE01");
            let all = [(R::MedicationRequest, vec![order.clone()]), (R::MedicationStatement, vec![said.clone()])];
            let facts = Facts::of(&Chart::holding(json!({"id": "p"}), all.into()), "2026-03-03".parse().unwrap());
            assert_eq!(facts.again(Vec::new(), &[order], vec![said], &[]), facts, "inside the writer as on the page");
            facts.taken.iter().map(|one| one.reference.as_str()).collect::<Vec<_>>().join(" ")
        };
        let (request, statement) = ("MedicationRequest/r", "MedicationStatement/s");
        for source in ["Organization/pharmacy", "Patient/p"] {
            let both = format!("{request} {statement}");
            assert_eq!(of("active", "Ibuprofen 400 mg", "M01AE01", source), both);
            assert_eq!(of("active", "Paracetamol 500 mg", "M01AE01", source), both, "its code is another");
            assert_eq!(of("active", "Paracetamol tablets", "N02BE01", source), request);
            assert_eq!(of("stopped", "Ibuprofen 400 mg", "M01AE01", source), statement);
        }
        assert_eq!(of("stopped", "Paracetamol tablets", "N02BE01", "Patient/p"), "", "the word on what is over");
    }
}
