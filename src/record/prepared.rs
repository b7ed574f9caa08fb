//! A resource made ready before the writer is entered: its keys built, its text split where id, version and
//! time go in, so that inside the writer only look-ups, comparisons and puts remain.

use serde_json::{Map, Value};

use super::error::RecordError;
use super::following::{Standing, followed, is_led_astray};
use super::index::{self, IndexRows};
use super::layout::hash64;
use super::rows::{Row, RowNumber, State};
use super::taken_back::files_named;
use crate::access::cut::is_subsetted;
use crate::access::{Hold, Sensitivity};
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::fhir::meta::Unstamped;
use crate::fhir::search;
use crate::fhir::{Definitions, Issue, IssueCode, ResourceType};
use crate::store::{StoreError, Tx};

/// The most index rows of one resource: the writer takes about so many out and puts as many in within its half second. A
/// code system with all its codes is the largest that is ordinary, and has some thousand.
pub(super) const MOST_KEYS: usize = 20_000;
/// No resource that is shorter has more combinations of values than a search would look at.
const MAY_COMBINE: usize = 32 << 10;

/// Under whose rules a Binary stands.
const CONTEXT: &str = "securityContext";

/// A checked resource with its index rows.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub kind: ResourceType,
    pub sensitivity: Sensitivity,
    /// Whose compartment it is in, by id.
    pub patients: Vec<FhirId>,
    /// Local resources that it refers to, itself and contained ones left out.
    pub references: Vec<ResourceRef>,
    /// Whether it says of itself that it is a part of a resource (`SUBSETTED`).
    pub partial: bool,
    /// Under whose rules it stands beside its own.
    pub follows: Vec<ResourceRef>,
    /// Whether it wants to stand under rules that are not here.
    pub astray: bool,
    /// Whether it names files.
    pub names_files: bool,
    index: IndexRows,
    /// When it happened, in milliseconds since 1970 UTC; what says nothing of it is sorted by its last update.
    clinical_date: Option<i64>,
    /// Whether a search would not look at all that stands together in it.
    combined: bool,
    /// A digest of everything but id, version and time: equal content, equal digest.
    pub content: u64,
    text: Unstamped,
}

impl Prepared {
    /// `value` is a resource that has passed validation. It is not kept: as a tree it is ten times its text.
    pub(super) fn new(kind: ResourceType, value: &Value) -> Self {
        let definitions = Definitions::r4();
        let text = Unstamped::of(value);
        let code = definitions.search_param(kind, "code").map(|param| param.id);
        let (references, follows) = (references_of(value), followed(kind, value));
        let files = files_named(kind, value);
        Self {
            kind,
            sensitivity: Sensitivity::of_resource(value),
            patients: search::compartment_patients(definitions, kind, value),
            partial: is_subsetted(value),
            astray: is_led_astray(kind, value, &follows),
            follows,
            index: IndexRows::of(&search::extract(definitions, kind, value), code, &references, &files),
            names_files: !files.is_empty(),
            clinical_date: search::clinical_date(kind, value),
            combined: text.parts().iter().map(|part| part.len()).sum::<usize>() > MAY_COMBINE
                && search::is_combined_too_often(definitions, kind, value),
            content: hash64(&text.parts()),
            references,
            text,
        }
    }

    /// Itself, if it can be found by no more than a resource may.
    pub(super) fn bounded(self) -> Result<Self, RecordError> {
        if self.combined {
            let text = "The resource has too many values that stand together, such as codes with values in its components. \
                        Store it in parts. Nothing was changed.";
            return Err(RecordError::Invalid(vec![Issue::error(IssueCode::TooCostly, self.kind.name(), text)]));
        }
        let keys = self.keys();
        if keys <= MOST_KEYS {
            return Ok(self);
        }
        let text = format!(
            "The resource has {keys} values that it would be found by (names, codes, references and the like), and may have \
             {MOST_KEYS}. Store it in parts. Nothing was changed."
        );
        Err(RecordError::Invalid(vec![Issue::error(IssueCode::TooCostly, self.kind.name(), text)]))
    }

    /// How many values it is found by.
    pub(super) const fn keys(&self) -> usize {
        self.index.keys.len()
    }

    /// Puts the version's rows into the index tables.
    pub(super) fn put_index(&self, tx: &mut Tx<'_>, number: RowNumber, row: &Row) -> Result<(), StoreError> {
        self.index.put(tx, number, row, self.sorted_by(row))
    }

    /// Puts those of its references alone.
    pub(super) fn put_references(&self, tx: &mut Tx<'_>, number: RowNumber, row: &Row) -> Result<(), StoreError> {
        self.index.put_references(tx, number, row)
    }

    /// Puts those of its names, and of systems without a code.
    pub(super) fn put_names(&self, tx: &mut Tx<'_>, number: RowNumber, row: &Row) -> Result<(), StoreError> {
        self.index.put_names(tx, number, row)
    }

    /// Takes the version's rows out of the index tables.
    pub(super) fn remove_index(&self, tx: &mut Tx<'_>, number: RowNumber, row: &Row) -> Result<(), StoreError> {
        self.index.remove(tx, number, row, self.sorted_by(row))
    }

    /// Takes the version out of the records of those who are not among these.
    pub(super) fn leave(
        &self,
        tx: &mut Tx<'_>,
        number: RowNumber,
        row: &Row,
        stay: &[RowNumber],
    ) -> Result<(), StoreError> {
        index::leave(tx, number, row, self.sorted_by(row), stay)
    }

    fn sorted_by(&self, row: &Row) -> i64 {
        self.clinical_date.unwrap_or_else(|| row.updated.as_millisecond())
    }

    /// The same, and held from the patient, as the version before was.
    pub(super) fn held(&self) -> Result<Self, RecordError> {
        self.labelled(Sensitivity::NORMAL.with_hold(Hold::FromPatient).labels_beyond(self.sensitivity))
    }

    /// The same with the labels of the version before, beside its own. What sealed that one without a label, because of what it
    /// followed or was about, becomes a label, unless that seals this one alike: then the seal goes with it.
    pub(super) fn with_labels_of(&self, before: &Row, lent: Sensitivity) -> Result<Self, RecordError> {
        let old: Value = serde_json::from_slice(&before.json).map_err(|_| RecordError::Damaged)?;
        let of = |value: &Value| value.pointer("/meta/security").and_then(Value::as_array).cloned().unwrap_or_default();
        let own = of(&self.resource()?);
        let mut kept: Vec<Value> = of(&old).into_iter().filter(|label| !own.contains(label)).collect();
        let said = Sensitivity::of_security(&Value::Array([own.as_slice(), &kept].concat()));
        kept.extend(before.sensitivity.labels_beyond(said.and(lent)));
        self.labelled(kept)
    }

    /// The same, closed to the clinic as another resource is too.
    pub(super) fn closed_as(&self, other: &Row) -> Result<Self, RecordError> {
        let theirs: Value = serde_json::from_slice(&other.json).map_err(|_| RecordError::Damaged)?;
        let of = |value: &Value| value.pointer("/meta/security").and_then(Value::as_array).cloned().unwrap_or_default();
        let own = of(&self.resource()?);
        let closes = |label: &Value| Sensitivity::of_security(label).is_closed();
        let mut more: Vec<Value> =
            of(&theirs).into_iter().filter(|label| closes(label) && !own.contains(label)).collect();
        let said = self.sensitivity.and(Sensitivity::of_security(&Value::Array(more.clone())));
        more.extend(other.sensitivity.closing().labels_beyond(said));
        self.labelled(more)
    }

    /// The same, no less strict than the version before: sealed and held as that was, for the reception only where both are, and a
    /// file under the rules that it was under where it has none.
    pub(super) fn as_strict_as(&self, before: &Row) -> Result<Self, RecordError> {
        let old: Value = serde_json::from_slice(&before.json).map_err(|_| RecordError::Damaged)?;
        let mut value = self.resource()?;
        let context = old.get(CONTEXT).filter(|_| self.kind == ResourceType::Binary && value.get(CONTEXT).is_none());
        if let (Some(context), Some(members)) = (context, value.as_object_mut()) {
            members.insert(CONTEXT.to_owned(), context.clone());
        }
        // What it follows lends it the same as the version before.
        let lent = followed(self.kind, &value) == followed(self.kind, &old);
        let strict = if lent { Sensitivity::of_resource(&old) } else { before.sensitivity };
        let of = |value: &Value| value.pointer("/meta/security").and_then(Value::as_array).cloned().unwrap_or_default();
        let (mut labels, mut kept) = (of(&value), of(&old));
        kept.retain(|label| !labels.contains(label));
        let both = self.sensitivity.is_administrative() && before.sensitivity.is_administrative();
        labels.append(&mut kept);
        labels.retain(|label| both || !Sensitivity::of_security(label).is_administrative());
        let said = self.sensitivity.and(Sensitivity::of_security(&Value::Array(labels.clone())));
        labels.extend(strict.labels_beyond(said));
        let meta =
            value.as_object_mut().map(|members| members.entry("meta").or_insert_with(|| Value::Object(Map::new())));
        if let Some(meta) = meta.and_then(Value::as_object_mut) {
            match labels.is_empty() {
                true => drop(meta.shift_remove("security")),
                false => drop(meta.insert("security".to_owned(), Value::Array(labels))),
            }
        }
        Ok(Self::new(self.kind, &value))
    }

    fn labelled(&self, more: Vec<Value>) -> Result<Self, RecordError> {
        if more.is_empty() {
            return Ok(self.clone());
        }
        let mut value = self.resource()?;
        if let Some(members) = value.as_object_mut()
            && let Some(meta) = members.entry("meta").or_insert_with(|| Value::Object(Map::new())).as_object_mut()
            && let Value::Array(labels) = meta.entry("security").or_insert_with(|| Value::Array(vec![]))
        {
            labels.extend(more);
        }
        Ok(Self::new(self.kind, &value))
    }

    /// The resource, but for what the server says of it, read again from its text.
    pub(super) fn resource(&self) -> Result<Value, RecordError> {
        self.text.resource(self.kind).ok_or(RecordError::Damaged)
    }

    /// The row of one version.
    pub(super) fn row(&self, id: &FhirId, version: u32, updated: Timestamp, standing: &Standing) -> Row {
        Row {
            kind: self.kind,
            state: State::Live,
            sensitivity: standing.sensitivity,
            version,
            updated,
            id: id.clone(),
            patients: standing.patients.clone(),
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

/// The local resources that a resource refers to, each once.
pub(super) fn references_of(value: &Value) -> Vec<ResourceRef> {
    let mut references = Vec::new();
    collect_references(value, &mut references);
    references.sort_unstable();
    references.dedup();
    references
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

/// A stored resource for the house's own reading, its references without the versions that they may name: who or what is meant
/// is the same in each.
pub(super) fn unversioned(json: &[u8]) -> Option<Value> {
    let mut value = serde_json::from_slice(json).ok()?;
    if std::str::from_utf8(json).is_ok_and(|text| text.contains(OF_VERSION)) {
        take_versions(&mut value);
    }
    Some(value)
}

pub(super) fn take_versions(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get_mut("reference")
                && let Some(reference) = local_reference(text)
            {
                *text = reference.to_string();
            }
            members.values_mut().for_each(take_versions);
        }
        Value::Array(items) => items.iter_mut().for_each(take_versions),
        _ => {}
    }
}

/// What stands between a reference and the version that it names.
const OF_VERSION: &str = "/_history/";

/// `Type/id`, with a version behind it left out; `None` for everything else.
pub fn local_reference(text: &str) -> Option<ResourceRef> {
    let text = text.split_once(OF_VERSION).map_or(text, |(head, _)| head);
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

    #[test]
    fn the_house_reads_references_without_their_versions() {
        let stored = json!({"subject": {"reference": "Patient/p/_history/3"},
            "note": [{"text": "see /_history/ there", "authorReference": {"reference": "https://a.example/Patient/p/_history/3"}}]});
        let read = unversioned(stored.to_string().as_bytes()).unwrap();
        assert_eq!(read["subject"]["reference"], "Patient/p");
        assert_eq!(read["note"], stored["note"], "another server's are its own");
    }
}
