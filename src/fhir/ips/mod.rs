//! The International Patient Summary (HL7 FHIR IPS 2.0.0, http://hl7.org/fhir/uv/ips): which of a patient's resources
//! belong into it, in which section, and the document that holds them.
//!
//! Pure: nothing here reads a store or a clock. It says what the record says and adds nothing: a section that must be there
//! and has nothing says that no information is at hand, and never that there is nothing to know.

mod sections;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

pub use sections::Section;
use table::Line;

use super::ResourceType;
use super::meta::instant;
use crate::base::Timestamp;

/// The types that a summary is made of, besides the patient.
pub const KINDS: [ResourceType; 12] = [
    ResourceType::AllergyIntolerance,
    ResourceType::MedicationStatement,
    ResourceType::MedicationRequest,
    ResourceType::Condition,
    ResourceType::Immunization,
    ResourceType::Procedure,
    ResourceType::DeviceUseStatement,
    ResourceType::DiagnosticReport,
    ResourceType::Observation,
    ResourceType::CarePlan,
    ResourceType::Consent,
    ResourceType::Flag,
];

/// The types that come along with those because they refer to them: without these, an entry would not be understood.
pub const ALONG: [ResourceType; 7] = [
    ResourceType::Practitioner,
    ResourceType::PractitionerRole,
    ResourceType::Organization,
    ResourceType::Medication,
    ResourceType::Device,
    ResourceType::Specimen,
    ResourceType::Observation,
];

/// The most entries that one section takes; its text says when there are more.
const MOST: usize = 200;

/// The profile of the document.
pub const BUNDLE: &str = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips";
/// The profile of its first resource.
pub const COMPOSITION: &str = "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips";

/// Names by their places those that belong into a summary, of all that a patient has of one type, clinically newest first.
/// Of measurements and reports, those are the newest of each kind.
pub fn choose(all: &[Value], kind: ResourceType) -> Vec<usize> {
    let newest_only = matches!(kind, ResourceType::Observation | ResourceType::DiagnosticReport);
    let mut seen = BTreeSet::new();
    let mut chosen = Vec::new();
    for (place, resource) in all.iter().enumerate() {
        let Some(section) = Section::of(kind, resource) else { continue };
        if !newest_only || seen.insert((section, sections::key(resource))) {
            chosen.push(place);
        }
    }
    chosen
}

/// What a summary is made of.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub patient: &'a Value,
    /// What [`choose`] chose, each type newest first, without what only says again what another of them says.
    pub chosen: &'a [Value],
    /// What those refer to.
    pub along: &'a [Value],
    /// How a prescription or a statement says to take it, in English: all of it, with times on this clock.
    pub dose: fn(&Value, &TimeZone) -> Option<String>,
    /// What else the record says of a prescription or a statement that it may not be taken now, each in English, by `Type/id`.
    pub besides: &'a BTreeMap<String, Vec<String>>,
    /// The clinic's.
    pub zone: &'a TimeZone,
    /// The base of absolute addresses: `https://box.example/fhir`.
    pub base: &'a str,
    /// Who makes it: the clinic's name.
    pub clinic: &'a str,
    pub now: Timestamp,
    pub ids: &'a Ids,
}

/// UUIDs in their text form: the document and its composition have new ones, the clinic keeps its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    pub document: String,
    pub composition: String,
    pub clinic: String,
}

/// The document: a Bundle whose first resource is the Composition.
pub fn document(input: &Input<'_>) -> Value {
    let clinic_url = format!("urn:uuid:{}", input.ids.clinic);
    let mut entries = vec![
        json!({ "fullUrl": format!("urn:uuid:{}", input.ids.composition), "resource": composition(input, &clinic_url) }),
        entry(input.base, input.patient),
        json!({ "fullUrl": clinic_url, "resource": {
            "resourceType": "Organization", "id": input.ids.clinic, "name": input.clinic } }),
    ];
    let mut there: BTreeSet<String> = BTreeSet::from([name_of(input.patient)]);
    let listed = Section::ALL.iter().flat_map(|section| of_section(input, *section).into_iter().take(MOST));
    for resource in listed.chain(input.along) {
        if there.insert(name_of(resource)) {
            entries.push(entry(input.base, resource));
        }
    }
    json!({
        "resourceType": "Bundle",
        "id": input.ids.document,
        "meta": { "lastUpdated": instant(input.now), "profile": [BUNDLE] },
        "language": "en",
        "identifier": { "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", input.ids.document) },
        "type": "document",
        "timestamp": instant(input.now),
        "entry": entries,
    })
}

/// `Type/id`.
pub fn name_of(resource: &Value) -> String {
    let text = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{}/{}", text("resourceType"), text("id"))
}

fn entry(base: &str, resource: &Value) -> Value {
    json!({ "fullUrl": format!("{base}/{}", name_of(resource)), "resource": resource })
}

fn kind_of(resource: &Value) -> Option<ResourceType> {
    resource.get("resourceType").and_then(Value::as_str).and_then(ResourceType::parse)
}

/// What belongs into a section, in the order of the types and newest first.
fn of_section<'a>(input: &Input<'a>, section: Section) -> Vec<&'a Value> {
    let is_in = |resource: &&Value| kind_of(resource).and_then(|kind| Section::of(kind, resource)) == Some(section);
    input.chosen.iter().filter(is_in).collect()
}

fn composition(input: &Input<'_>, clinic_url: &str) -> Value {
    let title = "International Patient Summary";
    let sections: Vec<Value> = Section::ALL.iter().filter_map(|section| section_of(input, *section)).collect();
    let who = table::person(input.patient);
    json!({
        "resourceType": "Composition",
        "id": input.ids.composition,
        "meta": { "profile": [COMPOSITION] },
        "language": "en",
        "text": narrative(&table::paragraph(&format!("{title}: {who}. Made by {} at {}.", input.clinic, instant(input.now)))),
        "identifier": { "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", input.ids.composition) },
        "status": "final",
        "type": { "coding": [{ "system": LOINC, "code": "60591-5", "display": "Patient summary Document" }] },
        "subject": { "reference": format!("{}/{}", input.base, name_of(input.patient)) },
        "date": instant(input.now),
        "author": [{ "reference": clinic_url, "display": input.clinic }],
        "title": title,
        "confidentiality": if input.chosen.iter().any(is_restricted) { "R" } else { "N" },
        "custodian": { "reference": clinic_url },
        "section": sections,
    })
}

const LOINC: &str = "http://loinc.org";

/// One section; `None` where it has nothing and need not be there.
fn section_of(input: &Input<'_>, section: Section) -> Option<Value> {
    let all = of_section(input, section);
    if all.is_empty() && !section.is_required() {
        return None;
    }
    let mut out = Map::new();
    out.insert("title".into(), section.title().into());
    out.insert(
        "code".into(),
        json!({ "coding": [{ "system": LOINC, "code": section.code() }], "text": section.title() }),
    );
    if all.is_empty() {
        let said = "No information is at hand.";
        out.insert("text".into(), narrative(&table::paragraph(said)));
        out.insert(
            "emptyReason".into(),
            json!({ "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/list-empty-reason",
                "code": "unavailable",
                "display": "Unavailable",
            }], "text": said }),
        );
        return Some(Value::Object(out));
    }
    let lines: Vec<Line> = all.iter().take(MOST).map(|resource| table::line(resource, input)).collect();
    let mut text = table::html(section.columns(), &lines, all.len().saturating_sub(MOST));
    if section == Section::Allergies {
        // "No known allergy" is what whoever asks may see.
        text.push_str(&table::paragraph("What is sealed from whoever asked for this summary is left out."));
    }
    out.insert("text".into(), narrative(&text));
    let reference = |resource: &&Value| json!({ "reference": format!("{}/{}", input.base, name_of(resource)) });
    out.insert("entry".into(), all.iter().take(MOST).map(reference).collect());
    Some(Value::Object(out))
}

fn narrative(inner: &str) -> Value {
    json!({ "status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>") })
}

fn is_restricted(resource: &Value) -> bool {
    let labels = resource.pointer("/meta/security").and_then(Value::as_array);
    labels.into_iter().flatten().any(|label| {
        let text = |name: &str| label.get(name).and_then(Value::as_str).unwrap_or_default();
        text("system") == "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
            && matches!(text("code"), "R" | "V")
    })
}
