//! Rules of single datatypes: extensions, codings, references, contained resources, narrative.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::narrative::Flaw;
use super::path::Path;
use super::{Walk, narrative};
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::fhir::definitions::{Element, ElementType, TypeSet};
use crate::fhir::outcome::IssueCode;

impl<'v> Walk<'v> {
    /// What a datatype asks beyond its elements. Called after they were checked.
    pub(super) fn special(
        &mut self,
        element: &Element,
        kind: &ElementType,
        members: &'v Map<String, Value>,
        path: &Path<'_>,
    ) {
        match kind.name {
            "Extension" => self.extension(members, path),
            "Reference" => self.reference(kind.targets, members, path),
            "Coding" | "CodeableConcept" => self.coded(element, members, path),
            // sqty-1
            "Quantity" if kind.simple && members.contains_key("comparator") => {
                let path = path.name("comparator");
                self.error(IssueCode::Invariant, &path, "A comparator such as < is not allowed here.");
            }
            _ => {}
        }
    }

    /// ext-1: a value or extensions, not both and not neither.
    fn extension(&mut self, members: &Map<String, Value>, path: &Path<'_>) {
        let valued = members.keys().any(|key| key.strip_prefix('_').unwrap_or(key).starts_with("value"));
        let text = match (valued, members.contains_key("extension")) {
            (true, true) => "An extension has either a value or extensions of its own, not both.",
            (false, false) => "The extension has neither a value nor extensions of its own.",
            _ => return,
        };
        self.error(IssueCode::Extension, path, text);
    }

    fn coded(&mut self, element: &Element, members: &Map<String, Value>, path: &Path<'_>) {
        let Some(codes) = self.r4.binding(element) else { return };
        let fits = |coding: &Value| {
            let text = |name| coding.get(name).and_then(Value::as_str);
            matches!((text("system"), text("code")), (Some(system), Some(code)) if codes.has_coding(system, code))
        };
        let good = match members.get("coding") {
            Some(Value::Array(codings)) => codings.iter().any(fits),
            _ => {
                let text = |name| members.get(name).and_then(Value::as_str);
                matches!((text("system"), text("code")), (Some(system), Some(code)) if codes.has_coding(system, code))
            }
        };
        if !good {
            let text = format!("One coding must be from the list that FHIR R4 requires here ({}).", codes.url);
            self.lapse(IssueCode::CodeInvalid, path, text);
        }
    }

    fn reference(&mut self, targets: TypeSet, members: &'v Map<String, Value>, path: &Path<'_>) {
        let Some(Value::String(text)) = members.get("reference") else { return };
        self.fragment(text);
        let path = path.name("reference");
        let Some(found) = self.target(text, &path) else { return };
        if !targets.contains(found) {
            let mut names: Vec<_> = targets.iter().map(ResourceType::name).collect();
            let last = names.pop().unwrap_or_default();
            let list = if names.is_empty() { last.to_owned() } else { format!("{} or {last}", names.join(", ")) };
            self.lapse(IssueCode::Value, &path, format!("This must point at a {list}, not at a {found}."));
        }
        if let Some(Value::String(claimed)) = members.get("type")
            && claimed != found.name()
            && ResourceType::parse(claimed).is_some()
        {
            self.lapse(IssueCode::Value, &path, "The reference points at another type than its \"type\" says.");
        }
    }

    /// The type that a reference points at, where its text says so.
    fn target(&mut self, text: &str, path: &Path<'_>) -> Option<ResourceType> {
        match literal(text) {
            Literal::Relative(kind) => return Some(kind),
            Literal::Elsewhere => {}
            Literal::Fragment("") => {}
            Literal::Fragment(id) => {
                let found = self.scope.contained.get(id).map(|(kind, _)| *kind);
                if found.is_none() {
                    let text = "No contained resource has the id that this reference names.";
                    self.lapse(IssueCode::NotFound, path, text);
                }
                return found.flatten();
            }
            Literal::Conditional(kind) if self.scope.bundle => return Some(kind),
            Literal::Conditional(_) => {
                let text = "A search as a reference is allowed in transaction bundles only.";
                self.lapse(IssueCode::Value, path, text);
            }
            Literal::Wrong => {
                let text = "This is not a reference: write Type/id, #id, urn:uuid:… or an absolute URL.";
                self.error(IssueCode::Value, path, text);
            }
        }
        None
    }

    /// A text that may name a contained resource, or, within one, what contains it.
    pub(super) fn fragment(&mut self, text: &'v str) {
        match (text.strip_prefix('#'), self.scope.inside) {
            (Some(""), Some(inside)) => drop(self.scope.used.insert(inside)),
            (Some(id), _) => drop(self.scope.used.insert(id)),
            _ => {}
        }
    }

    /// dom-3: a contained resource that nothing points at has no meaning.
    pub(super) fn unused(&mut self, members: &Map<String, Value>, path: &Path<'_>) {
        let contained = path.name("contained");
        for (at, resource) in members.get("contained").and_then(Value::as_array).into_iter().flatten().enumerate() {
            if let Some(id) = resource.get("id").and_then(Value::as_str)
                && !self.scope.used.contains(id)
            {
                let text =
                    "Nothing in the resource points at this contained one, and it does not point at what contains it.";
                self.lapse(IssueCode::Invariant, &contained.index(at), text);
            }
        }
    }

    /// dom-2, dom-4 and dom-5; and an id, without which nothing can point at it.
    pub(super) fn contained(&mut self, members: &Map<String, Value>, path: &Path<'_>) {
        match members.get("id") {
            None => self.error(IssueCode::Required, &path.name("id"), "A contained resource must have an id."),
            Some(id) => {
                let known = id.as_str().and_then(|id| self.scope.contained.get(id));
                if known.is_some_and(|(_, count)| *count > 1) {
                    let text = "Two contained resources have the same id.";
                    self.error(IssueCode::Duplicate, &path.name("id"), text);
                }
            }
        }
        if members.contains_key("contained") {
            let text = "A contained resource must not contain others.";
            self.error(IssueCode::Invariant, &path.name("contained"), text);
        }
        for name in ["versionId", "lastUpdated", "security"] {
            if members.get("meta").is_some_and(|meta| meta.get(name).is_some()) {
                let text = format!("A contained resource must not have a \"{name}\" of its own.");
                self.error(IssueCode::Invariant, &path.name("meta").name(name), text);
            }
        }
    }

    pub(super) fn narrative(&mut self, text: &str, path: &Path<'_>) {
        match narrative::check(text) {
            Ok(()) => {}
            Err(Flaw::Malformed(what)) => self.error(IssueCode::Value, path, format!("The narrative {what}.")),
            Err(Flaw::Active(what)) => self.error(IssueCode::Security, path, format!("The narrative {what}.")),
            Err(Flaw::Blank) => {
                self.lapse(IssueCode::Invariant, path, "The narrative has neither text nor an image; leave it out.");
            }
        }
    }
}

/// The ids that fragment references in this resource may name.
pub(super) fn contained_ids(members: &Map<String, Value>) -> HashMap<&str, (Option<ResourceType>, usize)> {
    let mut ids = HashMap::new();
    for resource in members.get("contained").and_then(Value::as_array).into_iter().flatten() {
        let text = |name| resource.get(name).and_then(Value::as_str);
        if let Some(id) = text("id") {
            ids.entry(id).or_insert((text("resourceType").and_then(ResourceType::parse), 0)).1 += 1;
        }
    }
    ids
}

/// The forms of a literal reference (references.html#literal).
enum Literal<'t> {
    Relative(ResourceType),
    Conditional(ResourceType),
    Fragment(&'t str),
    Elsewhere,
    Wrong,
}

fn literal(text: &str) -> Literal<'_> {
    if let Some(id) = text.strip_prefix('#') {
        return Literal::Fragment(id);
    }
    let head = text.split(['/', '?']).next().unwrap_or_default();
    if head.contains(':') {
        return Literal::Elsewhere;
    }
    let Some(kind) = ResourceType::parse(head) else { return Literal::Wrong };
    let rest = text.get(head.len()..).unwrap_or_default();
    if rest.len() > 1 && rest.starts_with('?') {
        return Literal::Conditional(kind);
    }
    let mut parts = rest.split('/').skip(1);
    let is_id = |part: Option<&str>| part.is_some_and(|id| FhirId::parse(id).is_ok());
    let good = is_id(parts.next())
        && match parts.next() {
            None => true,
            Some("_history") => is_id(parts.next()) && parts.next().is_none(),
            Some(_) => false,
        };
    if good { Literal::Relative(kind) } else { Literal::Wrong }
}
