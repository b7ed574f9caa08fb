//! A resource made ready before the writer is entered: its keys built, its text split where id, version and
//! time go in, so that inside the writer only look-ups, comparisons and puts remain.

use serde_json::Value;

use super::index::IndexRows;
use super::layout::hash64;
use super::rows::{Row, State};
use crate::access::Sensitivity;
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::fhir::meta::Unstamped;
use crate::fhir::search::{self, IndexValue};
use crate::fhir::{Definitions, ResourceType};

/// A checked resource with its index rows.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub kind: ResourceType,
    pub sensitivity: Sensitivity,
    /// Whose compartment it is in, by id.
    pub patients: Vec<FhirId>,
    /// Local resources that it refers to, itself and contained ones left out.
    pub references: Vec<ResourceRef>,
    pub values: Vec<IndexValue>,
    pub clinical_date: Option<i64>,
    /// A digest of everything but id, version and time: equal content, equal digest.
    pub content: u64,
    pub value: Value,
    text: Unstamped,
}

impl Prepared {
    /// `value` is a resource that has passed validation.
    pub(super) fn new(kind: ResourceType, value: Value) -> Self {
        let definitions = Definitions::r4();
        let text = Unstamped::of(&value);
        let mut references = Vec::new();
        collect_references(&value, &mut references);
        references.sort_unstable();
        references.dedup();
        Self {
            kind,
            sensitivity: Sensitivity::of_resource(&value),
            patients: search::compartment_patients(definitions, kind, &value),
            references,
            values: search::extract(definitions, kind, &value),
            clinical_date: search::clinical_date(kind, &value),
            content: hash64(&text.parts()),
            text,
            value,
        }
    }

    /// The rows of the index tables for a version stored at `updated`.
    pub(super) fn index(&self, updated: Timestamp) -> IndexRows {
        let code = Definitions::r4().search_param(self.kind, "code").map(|param| param.id);
        IndexRows::of(&self.values, code, self.clinical_date.unwrap_or_else(|| updated.as_millisecond()))
    }

    /// The row of one version; `patients` are row numbers in the order of [`Prepared::patients`].
    pub(super) fn row(
        &self,
        id: &FhirId,
        version: u32,
        updated: Timestamp,
        patients: Vec<super::rows::RowNumber>,
    ) -> Row {
        Row {
            kind: self.kind,
            state: State::Live,
            sensitivity: self.sensitivity,
            version,
            updated,
            id: id.clone(),
            patients,
            json: self.text.stamped(self.kind, id, version, updated).into(),
        }
    }
}

/// The digest of [`Prepared::content`] for a stored version.
pub(super) fn content_of(json: &[u8]) -> Option<u64> {
    let value: Value = serde_json::from_slice(json).ok()?;
    let text = Unstamped::of(&value);
    Some(hash64(&text.parts()))
}

fn collect_references(value: &Value, into: &mut Vec<ResourceRef>) {
    match value {
        Value::Object(object) => {
            if let Some(reference) = object.get("reference").and_then(Value::as_str) {
                into.extend(local_reference(reference));
            }
            object.values().for_each(|child| collect_references(child, into));
        }
        Value::Array(items) => items.iter().for_each(|child| collect_references(child, into)),
        _ => {}
    }
}

/// `Type/id`, with a version behind it left out; `None` for everything else.
pub(super) fn local_reference(text: &str) -> Option<ResourceRef> {
    let text = text.split_once("/_history/").map_or(text, |(head, _)| head);
    ResourceRef::parse(text).ok().filter(|reference| ResourceType::parse(reference.type_name()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn local_references_are_found_anywhere_and_others_are_not() {
        let value = json!({"subject": {"reference": "Patient/a"}, "x": [{"y": {"reference": "Observation/b/_history/3"}}],
            "z": {"reference": "#c"}, "u": {"reference": "urn:uuid:1"}, "w": {"reference": "https://else.where/Patient/1"}});
        let mut found = Vec::new();
        collect_references(&value, &mut found);
        assert_eq!(found.iter().map(ResourceRef::as_str).collect::<Vec<_>>(), ["Patient/a", "Observation/b"]);
    }
}
