//! From FHIR resources to what the pages show: pure functions over JSON, for staff's pages and patients' alike.
//!
//! A resource that lacks something shows as much as it has; nothing here fails, and nothing is made up: a value
//! that nobody gave stays out.

mod amounts;
mod answers;
mod bears;
mod beside;
mod called_off;
mod conditions;
pub mod copied;
mod dates;
pub mod dosage;
mod due;
pub mod first;
mod lists;
mod observations;
mod parts;
mod people;
mod problems;
mod reports;
mod found;
mod ranges;
mod standing;
pub mod summary;
mod timeline;
mod units;

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Value;

pub use amounts::notes;
pub use answers::answers;
pub use called_off::called_off;
use dosage::dose_in_english;
pub use dosage::dose_of;
pub use due::{due, ends};
pub use found::{Found, folded, found, words_of};
pub use lists::{Attachment, attachment, attachment_in, document, documents, immunizations, is_plain, orders, visits};
pub use observations::{Wanted, codes, each_of, groups, series_of, vitals};
pub(in crate::http) use observations::{flag, values_of};
pub(in crate::http) use people::{address_words, whole_name};
pub use people::{appointment, directory_row, identity, reach, takes_part};
use problems::besides_in_english;
pub use problems::{
    allergies, allergy_rows, besides_of, doubts_of, frame, is_active_problem, mark_besides, medicine_name,
    medicine_rows, not_taken_rows, not_taken_words, not_to_give, problem_rows, reason_of, reason_said, span_of_request,
    state_by, state_of, substance_of,
};
pub use reports::{Noted, binary_in, report_file, report_said};
pub(in crate::http) use standing::status_word;
pub use timeline::{OTHERS, timeline};

use super::ui::record::Said;
use super::ui::{Locale, When, t, words};
use crate::care::Chart;
use crate::care::chart::MOST;
use crate::care::formulary::{self, Formulary, RangeRow};
use crate::fhir::ResourceType;

const LOINC: &str = "http://loinc.org";

/// What all of it needs besides the resources.
#[derive(Debug, Clone)]
pub struct Ctx {
    pub zone: TimeZone,
    /// What says what coded words are in the reader's language, for pages that are read in several.
    pub codes: Option<Arc<Formulary>>,
    /// What says what is usual of a measurement.
    pub ranges: Option<Ranges>,
    /// Whose values are compared: a range may be for one sex, or for an age.
    pub patient: Option<Arc<Value>>,
    /// The day at the clinic, where it is known: a name that ends later is in use.
    pub today: Option<jiff::civil::Date>,
    /// The Medications that prescriptions refer to, for what is shown without its chart.
    pub along: Arc<[Value]>,
    /// What this clinic is called: that something was here need not be said in each row.
    pub here: Option<String>,
    /// Whether the reader sees all that is sealed: the patient does. To anybody else nothing here says that there is none of a
    /// thing, nor that nobody asked for it.
    pub sees_sealed: bool,
}

/// The clinic's file with what is usual.
#[derive(Debug, Clone)]
pub struct Ranges {
    pub file: Arc<Formulary>,
}

impl Ranges {
    /// Of a file that is out of date nothing is usual any more.
    pub fn of(file: Arc<Formulary>, today: jiff::civil::Date) -> Option<Self> {
        (formulary::standing(&file.head, today) == formulary::Age::Good).then_some(Self { file })
    }
}

impl Ctx {
    pub fn of(zone: TimeZone) -> Self {
        Self {
            zone,
            codes: None,
            ranges: None,
            patient: None,
            today: None,
            along: Arc::from([]),
            here: None,
            sees_sealed: false,
        }
    }

    /// The same at this moment.
    #[must_use]
    pub fn at(self, now: crate::base::Timestamp) -> Self {
        let today = Some(now.to_zoned(self.zone.clone()).date());
        Self { today, ..self }
    }

    /// The same in this clinic.
    #[must_use]
    pub fn here(self, clinic: &str) -> Self {
        Self { here: Some(clinic.to_owned()), ..self }
    }

    /// The same with the Medications that came along.
    #[must_use]
    pub fn along(&self, medications: &[Value]) -> Self {
        Self { along: medications.into(), ..self.clone() }
    }

    /// The same for what is about this patient.
    #[must_use]
    pub fn about(&self, patient: &Value) -> Self {
        Self { patient: Some(Arc::new(patient.clone())), ..self.clone() }
    }

    /// What the clinic's file says is usual of this value, an Observation or a part of one, at the age of that day.
    pub(super) fn usual(&self, value: &Value, day: jiff::civil::Date) -> Option<&RangeRow> {
        let Ranges { file } = self.ranges.as_ref()?;
        let unit = text(value, "/valueQuantity/code").or_else(|| text(value, "/valueQuantity/unit"))?;
        let age = self.patient.as_deref().and_then(|patient| crate::care::prescribe::age(patient, day));
        let code = |coding: &Value| Some((owned(coding, "/system")?, owned(coding, "/code")?));
        let codings = list(value.get("code")?, "coding").iter().filter_map(code);
        codings.into_iter().find_map(|(system, code)| file.usual((&system, &code), unit, age))
    }

    /// What a concept is called in the reader's language where the list of codes knows it, else as it was written in this
    /// resource.
    pub(in crate::http) fn said(&self, resource: &Value, named: Option<&Value>) -> Option<Said> {
        let own = Locale::now().code();
        let translated = self.codes.as_ref().zip(named).and_then(|(codes, named)| codes.translated(named, own));
        match (translated, named.and_then(concept_translated)) {
            (Some(text), _) => Some(Said { text: text.to_owned(), lang: None }),
            (None, Some(text)) => Some(Said { text, lang: None }),
            (None, None) => Some(Said { text: concept(named)?, lang: foreign(resource) }),
        }
    }

    /// The same where no language is marked.
    pub(in crate::http) fn called(&self, named: Option<&Value>) -> Option<String> {
        let own = Locale::now().code();
        let translated = self.codes.as_ref().zip(named).and_then(|(codes, named)| codes.translated(named, own));
        translated.map(str::to_owned).or_else(|| concept(named))
    }

    /// A date or time at a JSON pointer, on the clinic's clock.
    pub(in crate::http) fn when(&self, resource: &Value, pointer: &str) -> Option<When> {
        When::parse(text(resource, pointer)?, &self.zone)
    }

    /// The first of several places that holds a date.
    pub(in crate::http) fn first_when(&self, resource: &Value, pointers: &[&str]) -> Option<When> {
        pointers.iter().find_map(|pointer| self.when(resource, pointer))
    }
}

/// Of what a record holds more than is shown, in sentences. The whole of it is nobody's to guess.
pub fn shortened(chart: &Chart) -> Vec<String> {
    let sentence = |kind: &ResourceType| t("chart-shortened").with("parts", words::parts(*kind, MOST)).to_string();
    chart.shortened().iter().map(sentence).collect()
}

/// A text at a JSON pointer, if it is one and not empty.
pub(in crate::http) fn text<'a>(resource: &'a Value, pointer: &str) -> Option<&'a str> {
    resource.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

pub(in crate::http) fn owned(resource: &Value, pointer: &str) -> Option<String> {
    text(resource, pointer).map(str::to_owned)
}

/// What staff call a test that carries nothing but LOINC's long name, by its code: "MCV", not "MCV [Entitic volume] by
/// Automated count". A name that somebody wrote stays. Source of the codes: loinc.org.
fn short_name(concept: Option<&Value>) -> Option<String> {
    let concept = concept?;
    let coding = list(concept, "coding").iter().find(|coding| text(coding, "/system") == Some(LOINC))?;
    // What a patient measured or told is called by this program; that is nobody's own name for it.
    let written = text(concept, "/text")
        .filter(|written| text(coding, "/display") != Some(*written) && !crate::care::own::is_ours(written));
    let message = format!("loinc-{}", text(coding, "/code")?);
    let short = t(&message);
    (written.is_none() && short.exists()).then(|| short.to_string())
}

/// What something is called, or the word that it has no name: what nobody named must not drop out of a list.
pub(in crate::http) fn named(name: Option<String>) -> String {
    name.unwrap_or_else(|| t("not-named").to_string())
}

/// A number at a JSON pointer.
pub(in crate::http) fn number(resource: &Value, pointer: &str) -> Option<f64> {
    resource.pointer(pointer).and_then(Value::as_f64)
}

pub(in crate::http) fn list<'a>(resource: &'a Value, name: &str) -> &'a [Value] {
    resource.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What an element says in the reader's language, where it was translated (FHIR R4, extension `translation`).
fn translation(parent: &Value, element: &str) -> Option<String> {
    const URL: &str = "http://hl7.org/fhir/StructureDefinition/translation";
    let own = Locale::now().code();
    let all = list(parent.get(format!("_{element}"))?, "extension").iter().filter(|one| text(one, "/url") == Some(URL));
    all.into_iter().find_map(|one| {
        let part = |name: &str| list(one, "extension").iter().find(|part| text(part, "/url") == Some(name));
        let language = text(part("lang")?, "/valueCode")?;
        let content = part("content")?;
        let said = owned(content, "/valueString").or_else(|| owned(content, "/valueMarkdown"));
        said.filter(|_| language.split('-').next() == Some(own))
    })
}

/// What a string element says: in the reader's language if it was translated, else as it was written.
pub(in crate::http) fn spoken(parent: &Value, element: &str) -> Option<String> {
    translation(parent, element).or_else(|| owned(parent, &format!("/{element}")))
}

/// The same at a JSON pointer.
pub(in crate::http) fn spoken_at(resource: &Value, pointer: &str) -> Option<String> {
    let (parent, element) = pointer.rsplit_once('/')?;
    spoken(resource.pointer(parent)?, element)
}

/// What a CodeableConcept says in the reader's language, where whoever made it translated it.
fn concept_translated(concept: &Value) -> Option<String> {
    translation(concept, "text").or_else(|| {
        // A display speaks for the concept where no text does, or the same.
        let written = text(concept, "/text");
        let speaks = |coding: &&Value| written.is_none() || written == text(coding, "/display");
        list(concept, "coding").iter().filter(speaks).find_map(|coding| translation(coding, "display"))
    })
}

/// What a CodeableConcept is called: in the reader's language if it says so itself, else its text, else a display, else a
/// code.
pub(in crate::http) fn concept(concept: Option<&Value>) -> Option<String> {
    concept.and_then(concept_translated).or_else(|| as_written(concept))
}

/// What a CodeableConcept is called as it was written, in whatever language: what it is known by.
fn as_written(concept: Option<&Value>) -> Option<String> {
    let concept = concept?;
    let from_coding = |part: &str| list(concept, "coding").iter().find_map(|coding| owned(coding, part));
    let found = owned(concept, "/text").or_else(|| from_coding("/display")).or_else(|| from_coding("/code"))?;
    Some(without_tag(&found))
}

/// "Diabetes mellitus type 2 (disorder)" without the terminology's own tag at its end.
fn without_tag(name: &str) -> String {
    const TAGS: [&str; 12] = [
        "(disorder)",
        "(finding)",
        "(procedure)",
        "(situation)",
        "(regime/therapy)",
        "(substance)",
        "(observable entity)",
        "(event)",
        "(person)",
        "(morphologic abnormality)",
        "(physical object)",
        "(qualifier value)",
    ];
    let bare = TAGS.iter().find_map(|tag| name.strip_suffix(tag)).unwrap_or(name);
    bare.trim_end().to_owned()
}

/// The code of the first coding, or of the coding of one system.
fn code<'a>(concept: Option<&'a Value>, system: Option<&str>) -> Option<&'a str> {
    let mut codings = list(concept?, "coding").iter();
    let coding = codings.find(|coding| system.is_none_or(|system| text(coding, "/system") == Some(system)))?;
    text(coding, "/code")
}

/// What codes a concept has, for those who work with them: "SNOMED CT 44054006".
pub(in crate::http) fn code_words(concept: Option<&Value>) -> Option<String> {
    let named = |coding: &Value| Some(code_of(text(coding, "/system").unwrap_or_default(), text(coding, "/code")?));
    let codings = list(concept?, "coding").iter().filter_map(named).collect::<Vec<_>>();
    (!codings.is_empty()).then(|| codings.join(", "))
}

/// A code with the name of its system, where that has one that people say. Source: FHIR R4, terminologies-systems.html.
pub(in crate::http) fn code_of(system: &str, code: &str) -> String {
    let name = match system {
        "http://snomed.info/sct" => "SNOMED CT ",
        "http://loinc.org" => "LOINC ",
        "http://hl7.org/fhir/sid/icd-10" => "ICD-10 ",
        "http://hl7.org/fhir/sid/icd-10-cm" => "ICD-10-CM ",
        "http://hl7.org/fhir/sid/icpc-1" | "http://hl7.org/fhir/sid/icpc-2" => "ICPC ",
        _ => "",
    };
    format!("{name}{code}")
}

/// The language that what somebody wrote in a resource is in, where the page's is another. The staff write in English unless
/// the resource says otherwise.
pub(in crate::http) fn foreign(resource: &Value) -> Option<String> {
    let is_language = |lang: &str| {
        lang.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    let written = text(resource, "/language").filter(|lang| is_language(lang)).unwrap_or(Locale::En.code());
    let same = written.split('-').next() == Some(Locale::now().code());
    (!same).then(|| written.to_owned())
}

/// Whether a status element of codings has this code.
fn has_code(concept: Option<&Value>, wanted: &str) -> bool {
    concept.is_some_and(|concept| list(concept, "coding").iter().any(|coding| text(coding, "/code") == Some(wanted)))
}

/// How a reference is called; a bare `Type/id` has no name to show.
pub(in crate::http) fn called(reference: Option<&Value>) -> Option<String> {
    owned(reference?, "/display").map(|name| without_digits(&name))
}

/// "Dr. Ann785 Corvin55": the digits that invented names carry say nothing to a reader.
fn without_digits(name: &str) -> String {
    let words = name.split_whitespace().map(|word| {
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        if letters.is_empty() { word } else { letters }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_concept_is_called_by_its_text_then_display_then_code() {
        let of = |value: Value| concept(Some(&value));
        assert_eq!(of(json!({"text": "Asthma", "coding": [{"display": "x"}]})).unwrap(), "Asthma");
        assert_eq!(of(json!({"coding": [{"code": "1"}, {"display": "Asthma (disorder)"}]})).unwrap(), "Asthma");
        assert_eq!(of(json!({"coding": [{"code": "195967001"}]})).unwrap(), "195967001");
        assert_eq!(of(json!({"text": "  "})), None);
    }

    #[test]
    fn invented_names_lose_their_digits_and_real_numbers_stay() {
        assert_eq!(without_digits("Dr. Ann785 Corvin55"), "Dr. Ann Corvin");
        assert_eq!(without_digits("Ward 7"), "Ward 7");
    }
}
