//! Whether a resource is what R4 says: elements, cardinality, types, formats, required codes, references, narrative, and
//! the rules that span elements.
//!
//! One walk over the JSON beside the definitions. It never changes the resource, never looks at anything outside it, and its
//! texts never repeat a value. A rule that spans elements is asked only of an element that is otherwise right.

mod external;
mod invariants;
mod narrative;
pub(super) mod path;
mod primitive;
mod special;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value};

use super::ResourceType;
use super::definitions::{Definitions, Element, ElementType, NodeId, Primitive, Property, TypeKind};
use super::fhirpath::Budget;
use super::outcome::{Issue, IssueCode};
pub use invariants::NOT_EVALUATED;
use path::{Path, shape};

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything the standard requires.
    Strict,
    /// Everything the standard requires, and as warnings what it recommends: for someone who asks what could be better.
    Advice,
    /// For records from elsewhere, which no one can mend any more: codes outside a required value set, references to the
    /// wrong type or to a contained resource that is not there, searches as references outside a bundle (an import looks
    /// them up, and `bundle::rewrite_references` names those that found nothing), blank narratives and broken rules that
    /// span elements are warnings. Structure, formats and active content are refused as ever.
    Lenient,
}

/// More issues than these are counted out in one last one: a hostile text could have millions.
const MOST_ISSUES: usize = 100;

/// Deeper than any text that `json::parse` lets through by default.
const DEPTH: usize = 128;

/// What is wrong with a resource; empty when nothing is. Only issues of severity error (`Issue::is_error`) make it unfit to
/// be stored. In a Bundle or Parameters the resources within are checked too.
pub fn validate(resource: &Value, definitions: &Definitions, mode: Mode) -> Vec<Issue> {
    validate_within(resource, definitions, mode, &Allowance::default())
}

/// What the rules of all resources may cost that come in one request.
#[derive(Debug)]
pub struct Allowance(AtomicUsize);

impl Default for Allowance {
    fn default() -> Self {
        Self(AtomicUsize::new(invariants::OF_ALL))
    }
}

impl Allowance {
    fn budget(&self) -> Budget {
        Budget::steps(invariants::STEPS.min(self.0.load(Ordering::Relaxed)))
    }

    /// Takes off what one resource did with a budget of this.
    fn spend(&self, budget: &Budget, before: usize) {
        let spent = before.saturating_sub(budget.left());
        let left = |left: usize| Some(left.saturating_sub(spent));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
    }
}

/// [`validate`] of one of several, which together may cost so much.
pub fn validate_within(resource: &Value, definitions: &Definitions, mode: Mode, allowance: &Allowance) -> Vec<Issue> {
    let mut walk = Walk {
        r4: definitions,
        mode,
        allowance,
        issues: Vec::new(),
        left_out: 0,
        errors: 0,
        depth: 0,
        scope: Scope::default(),
    };
    walk.resource(resource, None, Place::Top);
    if walk.left_out > 0 {
        let text = format!("{} more things are wrong; correct these first.", walk.left_out);
        walk.issues.push(Issue::error(IssueCode::Incomplete, "", text));
    }
    walk.issues
}

/// Whether a narrative's XHTML is well-formed, has content, and has nothing in it that could act (txt-1, txt-2).
pub(super) fn is_safe_narrative(text: &str) -> bool {
    narrative::check(text).is_ok()
}

/// Where a whole resource stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Contained,
    /// In a Bundle or Parameters.
    Within,
}

/// The resource that fragment references are relative to.
struct Scope<'v> {
    /// The resource itself, or the contained one that the walk is in.
    resource: Option<&'v Value>,
    root: Option<&'v Value>,
    /// The contained resources' ids, with their type and how many have that id.
    contained: HashMap<&'v str, (Option<ResourceType>, usize)>,
    /// The contained resource that the walk is in, by its id.
    inside: Option<&'v str>,
    /// Contained resources that something points at, or that point at what contains them (dom-3), by their id.
    used: HashSet<&'v str>,
    /// Within a Bundle: references may also be conditional (http.html#trules).
    bundle: bool,
    /// What the rules of this resource may cost together.
    budget: Budget,
}

impl Default for Scope<'_> {
    fn default() -> Self {
        Self {
            resource: None,
            root: None,
            contained: HashMap::new(),
            inside: None,
            used: HashSet::new(),
            bundle: false,
            budget: Budget::steps(invariants::STEPS),
        }
    }
}

struct Walk<'v> {
    r4: &'v Definitions,
    mode: Mode,
    allowance: &'v Allowance,
    issues: Vec<Issue>,
    left_out: usize,
    /// Errors so far, those left out included.
    errors: usize,
    depth: usize,
    scope: Scope<'v>,
}

impl<'v> Walk<'v> {
    fn error(&mut self, code: IssueCode, path: &Path<'_>, text: impl Into<String>) {
        self.errors += 1;
        if self.issues.len() < MOST_ISSUES {
            self.issues.push(Issue::error(code, path.expression(), text));
        } else {
            self.left_out += 1;
        }
    }

    /// An error, or in lenient mode a warning.
    fn lapse(&mut self, code: IssueCode, path: &Path<'_>, text: impl Into<String>) {
        match self.mode {
            Mode::Strict | Mode::Advice => self.error(code, path, text),
            Mode::Lenient if self.issues.len() < MOST_ISSUES => {
                self.issues.push(Issue::warning(code, path.expression(), text));
            }
            Mode::Lenient => {}
        }
    }

    fn resource(&mut self, value: &'v Value, path: Option<&Path<'_>>, place: Place) {
        let unnamed = Path::root("Resource");
        let Some(members) = value.as_object() else {
            return self.error(IssueCode::Structure, path.unwrap_or(&unnamed), "A resource must be a JSON object.");
        };
        let name = members.get("resourceType");
        let Some(kind) = name.and_then(Value::as_str).and_then(ResourceType::parse) else {
            let text = match name {
                None => "The resource does not say what it is: \"resourceType\" is missing.",
                Some(_) => "The \"resourceType\" is not a resource type of FHIR R4.",
            };
            let code = if name.is_none() { IssueCode::Required } else { IssueCode::Invalid };
            return self.error(code, path.unwrap_or(&unnamed), text);
        };
        let root = Path::root(kind.name());
        let path = path.unwrap_or(&root);
        let node = self.r4.resource(kind);
        if place == Place::Contained {
            let before = (self.scope.resource.replace(value), self.scope.inside);
            self.scope.inside = members.get("id").and_then(Value::as_str);
            self.contained(members, path);
            self.typed(node, members, value, path);
            (self.scope.resource, self.scope.inside) = before;
        } else {
            let scope = Scope {
                resource: Some(value),
                root: Some(value),
                contained: special::contained_ids(members),
                bundle: self.scope.bundle || kind == ResourceType::Bundle,
                budget: self.allowance.budget(),
                ..Scope::default()
            };
            let steps = scope.budget.left();
            let before = std::mem::replace(&mut self.scope, scope);
            let errors = self.errors;
            self.typed(node, members, value, path);
            if self.errors == errors {
                self.unused(members, path);
            }
            self.allowance.spend(&self.scope.budget, steps);
            self.scope = before;
        }
    }

    /// A value of a type or backbone element: its members, and then its rules.
    fn typed(&mut self, node: NodeId, members: &'v Map<String, Value>, value: &'v Value, path: &Path<'_>) {
        let before = self.errors;
        self.object(node, members, path);
        // ele-1
        if members.keys().all(|name| matches!(name.as_str(), "id" | "_id")) && !members.is_empty() {
            self.error(IssueCode::Invariant, path, "The element has an id and nothing else; leave it out instead.");
        }
        if self.errors == before {
            self.invariants(node, value, path);
        }
    }

    /// The members of a resource, datatype or backbone element.
    fn object(&mut self, node: NodeId, members: &'v Map<String, Value>, path: &Path<'_>) {
        if members.is_empty() {
            return self.error(IssueCode::Structure, path, "The object is empty; leave it out instead.");
        }
        if self.depth >= DEPTH {
            return self.error(IssueCode::TooCostly, path, "Elements stand too deep inside each other.");
        }
        self.depth += 1;
        let mut choices: Vec<(&str, &str)> = Vec::new();
        for (key, value) in members {
            let (name, beside) = match key.strip_prefix('_') {
                Some(name) => (name, true),
                None => (key.as_str(), false),
            };
            let Some(property) = self.r4.property(node, name) else {
                self.unknown(node, key, path);
                continue;
            };
            if property.element.choice {
                self.one_choice(&mut choices, property, path);
            }
            match (property.kind.kind, beside) {
                (TypeKind::Primitive(primitive), false) => self.primitives(primitive, property, members, value, path),
                (TypeKind::Primitive(_), true) => self.beside(property, members.get(name), value, path),
                (_, true) => self.unknown(node, key, path),
                (_, false) => self.values(property, value, path),
            }
        }
        self.required(node, members, path);
        self.depth -= 1;
    }

    fn unknown(&mut self, node: NodeId, key: &str, path: &Path<'_>) {
        // Not an element, but the name of the type, checked before.
        if key == "resourceType" && ResourceType::parse(self.r4.name(node)).is_some() {
            return;
        }
        let stem = self.r4.element(node, key).filter(|element| element.choice);
        let text = match stem.and_then(|element| self.r4.types_of(element).first()) {
            Some(kind) => {
                let mut example = kind.name.to_owned();
                example.get_mut(..1).map(str::make_ascii_uppercase);
                format!("\"{key}\" needs the type of its value in its name, such as \"{key}{example}\".")
            }
            None => format!("\"{}\" is not an element of {} in FHIR R4.", shape(key), self.r4.name(node)),
        };
        self.error(IssueCode::Structure, &path.name(key), text);
    }

    fn one_choice(&mut self, seen: &mut Vec<(&'v str, &'v str)>, property: Property<'v>, path: &Path<'_>) {
        let (stem, kind) = (property.element.name, property.kind.name);
        match seen.iter().find(|(known, _)| *known == stem) {
            None => seen.push((stem, kind)),
            Some((_, known)) if *known == kind => {}
            Some(_) => {
                self.error(IssueCode::Structure, &path.name(stem), "The element may have a value of one type only.");
            }
        }
    }

    fn required(&mut self, node: NodeId, members: &Map<String, Value>, path: &Path<'_>) {
        for element in self.r4.required_of(node) {
            if !self.is_present(node, element, members) {
                let text = format!("\"{}\" is required and missing.", element.name);
                self.error(IssueCode::Required, &path.name(element.name), text);
            }
        }
    }

    fn is_present(&self, node: NodeId, element: &Element, members: &Map<String, Value>) -> bool {
        if !element.choice {
            // A primitive may be there by its extension alone, which says why there is no value.
            return members.contains_key(element.name)
                || members.keys().any(|key| key.strip_prefix('_') == Some(element.name));
        }
        members.keys().any(|key| {
            let name = key.strip_prefix('_').unwrap_or(key);
            name.starts_with(element.name)
                && self.r4.property(node, name).is_some_and(|found| found.element.name == element.name)
        })
    }

    /// Whether a value is an array exactly when its element repeats; its items, or itself.
    fn items(&mut self, element: &Element, value: &'v Value, path: &Path<'_>) -> Option<&'v [Value]> {
        match (element.repeats, value) {
            (true, Value::Array(items)) if items.is_empty() => {
                self.error(IssueCode::Structure, path, "The array is empty; leave it out instead.");
                None
            }
            (true, Value::Array(items)) => Some(items),
            (true, _) => {
                self.error(IssueCode::Structure, path, "The element can repeat, so it must be an array: [ … ].");
                None
            }
            (false, Value::Array(_)) => {
                self.error(IssueCode::Structure, path, "The element does not repeat, so it must not be an array.");
                None
            }
            (false, one) => Some(std::slice::from_ref(one)),
        }
    }

    fn primitives(
        &mut self,
        primitive: Primitive,
        property: Property<'v>,
        members: &'v Map<String, Value>,
        value: &'v Value,
        path: &Path<'_>,
    ) {
        let element = property.element;
        let path = path.name(element.name);
        let Some(items) = self.items(element, value, &path) else { return };
        let beside = items.iter().any(Value::is_null).then(|| members.get(&format!("_{}", element.name))).flatten();
        for (at, item) in items.iter().enumerate() {
            let place = path.index(at);
            let path = if element.repeats { &place } else { &path };
            if item.is_null() {
                let filled = beside.and_then(|beside| beside.get(at)).is_some_and(Value::is_object);
                if !filled {
                    self.error(IssueCode::Structure, path, "There is no value here; leave the element out instead.");
                }
                continue;
            }
            self.primitive(primitive, property, item, path);
        }
    }

    fn primitive(&mut self, primitive: Primitive, property: Property<'v>, value: &'v Value, path: &Path<'_>) {
        if let Err(what) = primitive::check(primitive, value) {
            let text = format!("\"{}\" {what}.", property.element.name);
            return self.error(IssueCode::Value, path, text);
        }
        match (primitive, value) {
            (Primitive::Code, Value::String(code)) => {
                if let Some(flaw) = external::flaw(property.element.name, code) {
                    self.lapse(IssueCode::CodeInvalid, path, flaw);
                }
                if let Some(codes) = self.r4.binding(property.element).filter(|codes| !codes.has_code(code)) {
                    let text = format!("The code is not one of those that FHIR R4 allows here ({}).", codes.url);
                    self.lapse(IssueCode::CodeInvalid, path, text);
                }
            }
            (Primitive::Xhtml, Value::String(text)) => self.narrative(text, path),
            (Primitive::Canonical | Primitive::Uri | Primitive::Url, Value::String(text)) => self.fragment(text),
            _ => {}
        }
        self.invariants_at(property.element, property.kind.name, value, path);
    }

    /// `_name`: the ids and extensions of a primitive, aligned with its values.
    fn beside(&mut self, property: Property<'v>, values: Option<&Value>, beside: &'v Value, path: &Path<'_>) {
        let element = property.element;
        let path = path.name(element.name);
        let Some(items) = self.items(element, beside, &path) else { return };
        if let (true, Some(Value::Array(values))) = (element.repeats, values)
            && values.len() != items.len()
        {
            let text =
                format!("\"{0}\" and \"_{0}\" must be equally long; fill the shorter one with null.", element.name);
            self.error(IssueCode::Structure, &path, text);
        }
        let Some(node) = self.r4.datatype("Element") else { return };
        for (at, item) in items.iter().enumerate() {
            let place = path.index(at);
            let path = if element.repeats { &place } else { &path };
            let value = if element.repeats { values.and_then(|values| values.get(at)) } else { values };
            let valued = value.is_some_and(|value| !value.is_null());
            match item {
                Value::Null if element.repeats && valued => {}
                Value::Object(members) => {
                    self.object(node, members, path);
                    if !valued && !members.is_empty() && !members.contains_key("extension") {
                        self.error(IssueCode::Structure, path, "The element has neither a value nor an extension.");
                    }
                }
                Value::Null => {
                    self.error(IssueCode::Structure, path, "There is no value here; leave the element out instead.");
                }
                _ => {
                    let text = format!("\"_{}\" holds ids and extensions, so it must be an object.", element.name);
                    self.error(IssueCode::Structure, path, text);
                }
            }
        }
    }

    fn values(&mut self, property: Property<'v>, value: &'v Value, path: &Path<'_>) {
        let element = property.element;
        let path = path.name(element.name);
        let Some(items) = self.items(element, value, &path) else { return };
        for (at, item) in items.iter().enumerate() {
            let place = path.index(at);
            let path = if element.repeats { &place } else { &path };
            match (property.kind.kind, item) {
                (TypeKind::Resource, item) => {
                    let place = if element.name == "contained" { Place::Contained } else { Place::Within };
                    self.resource(item, Some(path), place);
                }
                (TypeKind::Object(node), Value::Object(members)) => {
                    self.typed(node, members, item, path);
                    self.special(element, property.kind, members, path);
                    self.invariants_at(element, self.r4.name(node), item, path);
                }
                (_, Value::Null) => {
                    self.error(IssueCode::Structure, path, "There is no value here; leave the element out instead.");
                }
                (_, _) => self.error(IssueCode::Structure, path, object_expected(property.kind)),
            }
        }
    }
}

fn object_expected(kind: &ElementType) -> String {
    match kind.name.strip_prefix('#').unwrap_or(kind.name) {
        "BackboneElement" | "Element" => "The element has parts, so it must be an object: { … }.".to_owned(),
        name => format!("The element is a {}, so it must be an object: {{ … }}.", shape(name)),
    }
}

#[cfg(test)]
mod invariant_tests;
#[cfg(test)]
mod tests;
