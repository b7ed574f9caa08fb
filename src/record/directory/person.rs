//! What the directory keeps of a patient.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::question::words;
use crate::base::FhirId;
use crate::fhir::search::fold;
use crate::record::CLINIC_NUMBER;
use crate::store::Record;

/// The most names and identifiers of one patient that are looked up, and words of one name.
const MOST_NAMES: usize = 6;
const MOST_WORDS: usize = 8;
const MOST_IDENTIFIERS: usize = 10;

/// A patient as the directory shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: FhirId,
    /// As written, of the name in use: the official one first.
    pub family: String,
    pub given: String,
    /// As in the resource: `1970-05-03`, `1970-05` or `1970`.
    pub birth_date: Option<String>,
    /// `male`, `female`, `other`, `unknown`.
    pub gender: Option<String>,
    pub life: Life,
    /// The number people use: the one that this box gave, else the first medical record number, the usual or the first one.
    pub number: Option<String>,
    /// False when the record is no longer in use, merged into another for example.
    pub active: bool,
    /// The town of the address in use: tells two of one name apart.
    pub town: Option<String>,
    /// The folded words of each name, the one in use first.
    pub(super) names: Vec<Vec<String>>,
    /// Identifiers, letters and digits only.
    pub(super) numbers: Vec<String>,
}

impl Record for Person {}

/// Whether the patient is known to have died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Life {
    NotKnownDead,
    /// With the date, where it is recorded.
    Died(Option<String>),
}

impl Person {
    pub(in crate::record) fn of(id: &FhirId, patient: &Value) -> Self {
        let mut names: Vec<&Value> = each(patient, "name").collect();
        names.sort_by_key(|name| rank(text(name, "use")));
        let shown = names.first();
        let mut family = shown.and_then(|name| text(name, "family")).unwrap_or_default().to_owned();
        let given = shown.map(|name| given(name).join(" ")).unwrap_or_default();
        if family.is_empty() && given.is_empty() {
            family = shown.and_then(|name| text(name, "text")).unwrap_or_default().to_owned();
        }
        let folded = names.iter().take(MOST_NAMES).map(|name| words_of(name)).filter(|name| !name.is_empty());
        let identifiers: Vec<&Value> = each(patient, "identifier").filter(|i| text(i, "value").is_some()).collect();
        let mut numbers: Vec<String> = Vec::new();
        for number in identifiers.iter().take(MOST_IDENTIFIERS).filter_map(|i| text(i, "value")).map(plain_number) {
            if !number.is_empty() && !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        let dead = patient.get("deceasedBoolean").and_then(Value::as_bool) == Some(true);
        let life = match (text(patient, "deceasedDateTime"), dead) {
            (Some(when), _) => Life::Died(Some(when.to_owned())),
            (None, true) => Life::Died(None),
            (None, false) => Life::NotKnownDead,
        };
        Self {
            id: id.clone(),
            family,
            given,
            birth_date: text(patient, "birthDate").map(str::to_owned),
            gender: text(patient, "gender").map(str::to_owned),
            life,
            number: number_in_use(&identifiers).map(str::to_owned),
            active: patient.get("active").and_then(Value::as_bool) != Some(false),
            town: each(patient, "address")
                .filter(|address| text(address, "use") != Some("old"))
                .find_map(|address| text(address, "city"))
                .map(str::to_owned),
            names: folded.collect(),
            numbers,
        }
    }

    /// `yyyymmdd`, with zeros where month or day are not known.
    pub(super) fn birth_number(&self) -> Option<u32> {
        let mut parts = self.birth_date.as_deref()?.split('-').map(str::parse::<u32>);
        let year = parts.next()?.ok().filter(|year| *year < 10_000)?;
        let mut part = || parts.next().and_then(Result::ok).filter(|part| *part < 100).unwrap_or(0);
        Some(year * 10_000 + part() * 100 + part())
    }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str().filter(|text| !text.is_empty())
}

fn each<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn given(name: &Value) -> Vec<&str> {
    each(name, "given").filter_map(Value::as_str).collect()
}

/// The name to show comes first, names of the past last.
fn rank(usage: Option<&str>) -> u8 {
    match usage {
        Some("official") => 0,
        Some("usual") => 1,
        None => 2,
        Some("nickname" | "anonymous" | "temp") => 3,
        Some("maiden") => 4,
        Some(_) => 5,
    }
}

/// Given names, then family; the words of a family name in several words also joined (`delacruz`).
fn words_of(name: &Value) -> Vec<String> {
    let family = words(&fold(text(name, "family").unwrap_or_default()));
    let mut all: Vec<String> = given(name).into_iter().flat_map(|given| words(&fold(given))).collect();
    if all.is_empty() && family.is_empty() {
        all = words(&fold(text(name, "text").unwrap_or_default()));
    }
    let joined = (family.len() > 1).then(|| family.concat());
    all.extend(family);
    all.extend(joined);
    let mut once: Vec<String> = Vec::with_capacity(all.len());
    for word in all {
        if !once.contains(&word) {
            once.push(word);
        }
    }
    once.truncate(MOST_WORDS);
    once
}

/// Letters and digits alone, in lower case.
pub(super) fn plain_number(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).take(40).collect()
}

/// A number without the letters and zeros before it.
pub(super) fn significant(number: &str) -> &str {
    number.trim_start_matches(|c: char| !c.is_ascii_digit() || c == '0')
}

/// The number that somebody goes by; one of before is found and not shown.
fn number_in_use<'v>(identifiers: &[&'v Value]) -> Option<&'v str> {
    let is_record_number = |identifier: &&&Value| {
        identifier.get("type").is_some_and(|kind| each(kind, "coding").any(|coding| text(coding, "code") == Some("MR")))
    };
    // Another hospital's record number stands on no card of this clinic.
    let is_own = |identifier: &&&Value| text(identifier, "system") == Some(CLINIC_NUMBER);
    let is_usual = |identifier: &&&Value| text(identifier, "use") == Some("usual");
    let counting: Vec<&Value> = identifiers.iter().copied().filter(|one| text(one, "use") != Some("old")).collect();
    let first = |is: &dyn Fn(&&&Value) -> bool| counting.iter().find(is);
    let found = first(&is_own).or_else(|| first(&is_record_number)).or_else(|| first(&is_usual));
    text(found.or_else(|| counting.first())?, "value")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn somebody_goes_by_the_number_of_this_clinic_before_another_hospitals() {
        let record = |system: &str, value: &str, more: &str| json!({"system": system, "value": value, "use": more, "type": {"coding": [{"code": "MR"}]}});
        let of = |all: Value| {
            Person::of(&FhirId::parse("p").unwrap(), &json!({"resourceType": "Patient", "identifier": all})).number
        };
        let hospital = || record("urn:hospital", "H-555", "official");
        assert_eq!(of(json!([hospital(), record(CLINIC_NUMBER, "900 001", "usual")])), Some("900 001".into()));
        assert_eq!(of(json!([hospital(), record(CLINIC_NUMBER, "900 001", "old")])), Some("H-555".into()));
        assert_eq!(of(json!([{"value": "1"}, hospital()])), Some("H-555".into()));
    }
}
