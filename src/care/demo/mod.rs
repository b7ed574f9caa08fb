//! The invented patients of a demo: a clinic that looks like one, made from a seed and nothing else.
//!
//! Everything is chance that repeats itself: a patient's resources depend on the seed, the patient's number and the day alone,
//! never on how many there are, so that a demo of 100,000 takes no more memory than one of 40. Patients 0 and 1 have written
//! stories, for the demo's patient and proxy accounts. Patients from number 400 on have two years of history instead of seven.
//! Names, numbers and addresses are invented; telephone numbers and mail addresses lie where nobody's are.
//!
//! The resources are FHIR R4 and refer only to each other and to those of [`clinic`]. Codings carry no display: the words
//! beside them are ours.

use jiff::civil::Date;
use serde_json::Value;

use crate::base::FhirId;

pub use phrases::phrases;

mod cast;
mod chart;
mod clinic;
mod dice;
mod letters;
mod life;
mod make;
mod names;
mod open;
mod own_words;
mod person;
mod phrases;
mod problems;
mod spanish;
mod tests_table;

/// The demo's formulary. Its medicines are those that the invented patients take, its rules are invented too and say so.
pub const FORMULARY: &str = include_str!("formulary.jsonl");

/// The clinic's name.
pub const CLINIC_NAME: &str = clinic::NAME;

/// Who in the demo belongs to which account: ids of what [`generate`] makes with the same seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast {
    /// Practitioner, of the clinician's account.
    pub clinician: FhirId,
    /// Practitioner, of the nurse's account.
    pub nurse: FhirId,
    /// Patient 0, of the patient's account; there only if there is at least one patient.
    pub patient: FhirId,
    /// RelatedPerson, of the proxy's account; there only if there are at least two patients.
    pub proxy: FhirId,
    /// Patient 1, the child for whom the proxy acts.
    pub child: FhirId,
}

/// When a demo is made: nothing that is to come has happened yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The clinic's day.
    pub day: Date,
    /// Minutes since that day began by UTC.
    pub minute: i64,
}

/// The cast of a seed.
pub fn cast(seed: u64) -> Option<Cast> {
    let clinic = clinic::Clinic { seed, minute: 0 };
    let id = |text: String| FhirId::parse(&text).ok();
    Some(Cast {
        clinician: id(clinic.practitioner(0))?,
        nurse: id(clinic.practitioner(clinic::THE_NURSE))?,
        patient: id(person::patient_id(seed, 0))?,
        proxy: id(person::related_id(seed, 1))?,
        child: id(person::patient_id(seed, 1))?,
    })
}

/// The resources of a demo with so many patients, as at `now`: first the clinic's, then each patient's, the Patient leading.
/// Nothing is made before it is asked for.
pub fn generate(seed: u64, patients: usize, now: Now) -> impl Iterator<Item = Vec<Value>> {
    let patients = u64::try_from(patients).unwrap_or(u64::MAX);
    std::iter::once(clinic(seed, now)).chain((0..patients).map(move |index| patient(seed, index, now)))
}

/// Organizations, the place, practitioners and their roles, what the clinic settled, and hours that are blocked.
pub fn clinic(seed: u64, now: Now) -> Vec<Value> {
    clinic::Clinic { seed, minute: now.minute }.resources(now.day)
}

/// The resources of the patient with this number.
pub fn patient(seed: u64, index: u64, now: Now) -> Vec<Value> {
    let (clinic, today) = (clinic::Clinic { seed, minute: now.minute }, now.day);
    let chart = match index {
        0 => cast::halina(clinic, today),
        1 => cast::emil(clinic, today),
        _ => {
            let person = person::Person::of(seed, index, today);
            let mut chart = chart::Chart::new(clinic, person, today);
            life::live(&mut chart);
            chart
        }
    };
    chart.out
}

#[cfg(test)]
mod tests;
