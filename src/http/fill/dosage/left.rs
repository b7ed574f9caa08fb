//! The members of one element while they are put into words. What nobody took until its end was not said, and that is kept:
//! no member may drop out because nobody thought of it.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::http::fill::concept;

/// Members that say nothing of how a medicine is taken. What must not be overlooked stands in `modifierExtension` (FHIR R4,
/// extensibility.html#modifierExtension).
pub(super) const SILENT: [&str; 2] = ["id", "extension"];

/// Whether anything could not be put into words.
#[derive(Debug, Default)]
pub(super) struct Unsaid(Cell<bool>);

impl Unsaid {
    pub fn note(&self) {
        self.0.set(true);
    }

    pub fn any(&self) -> bool {
        self.0.get()
    }
}

/// An element, and which of its members nobody took yet.
pub(super) struct Left<'v, 'u> {
    whole: Option<&'v Map<String, Value>>,
    members: BTreeMap<&'v str, &'v Value>,
    unsaid: &'u Unsaid,
}

impl<'v, 'u> Left<'v, 'u> {
    pub fn of(value: &'v Value, unsaid: &'u Unsaid) -> Self {
        let whole = value.as_object();
        if whole.is_none() {
            unsaid.note();
        }
        let members = whole.into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect();
        Self { whole, members, unsaid }
    }

    pub fn unsaid(&self) -> &'u Unsaid {
        self.unsaid
    }

    /// A member, of whatever shape.
    pub fn take(&mut self, name: &str) -> Option<&'v Value> {
        self.members.remove(name)
    }

    /// A member as `read` understands it.
    pub fn read<T>(&mut self, name: &str, read: impl FnOnce(&'v Value) -> Option<T>) -> Option<T> {
        let found = read(self.take(name)?);
        if found.is_none() {
            self.unsaid.note();
        }
        found
    }

    pub fn text(&mut self, name: &str) -> Option<&'v str> {
        self.read(name, |value| value.as_str().map(str::trim).filter(|text| !text.is_empty()))
    }

    pub fn number(&mut self, name: &str) -> Option<f64> {
        self.read(name, Value::as_f64)
    }

    /// What a CodeableConcept is called.
    pub fn concept(&mut self, name: &str) -> Option<String> {
        self.read(name, |value| concept(Some(value)))
    }

    pub fn element(&mut self, name: &str) -> Option<Left<'v, 'u>> {
        let unsaid = self.unsaid;
        self.take(name).map(|value| Left::of(value, unsaid))
    }

    /// Each of a list as `read` understands it.
    pub fn each<T>(&mut self, name: &str, read: impl Fn(&'v Value) -> Option<T>) -> Vec<T> {
        let all = self.read(name, Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut out = Vec::new();
        for one in all {
            match read(one) {
                Some(one) => out.push(one),
                None => self.unsaid.note(),
            }
        }
        out
    }
}

impl Drop for Left<'_, '_> {
    fn drop(&mut self) {
        // `_text` says more of `text`; alone it stands for something that is not there.
        let stands = |name: &str| self.whole.is_some_and(|whole| whole.contains_key(name));
        let silent = |name: &str| SILENT.contains(&name) || name.strip_prefix('_').is_some_and(stands);
        if self.members.keys().any(|name| !silent(name)) {
            self.unsaid.note();
        }
    }
}
