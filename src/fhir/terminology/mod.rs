//! The value sets and code systems that FHIR R4's definitions carry: what is in them, and whether a code is.
//!
//! The table is text made by `scripts/make-definitions` and part of the program image. Only where each set begins is kept;
//! a set is read when it is asked for. What a set takes from a system that is not carried (SNOMED CT, LOINC, …) is not
//! guessed: it is not listed, and whether a code is in it is unknown.

mod expand;
mod table;

use std::borrow::Cow;

use serde_json::Value;

pub use expand::{ExpandError, Membership};
pub use table::{Concept, Content};

/// Every value set and code system, by its address.
#[derive(Debug)]
pub struct Terminology {
    /// Sorted by address; each with the lines about it.
    systems: Vec<(&'static str, &'static str)>,
    sets: Vec<(&'static str, &'static str)>,
}

/// A code system's head; its concepts are read as they are asked for.
#[derive(Debug, Clone, Copy)]
pub struct CodeSystem {
    pub url: &'static str,
    pub version: &'static str,
    pub name: &'static str,
    pub content: Content,
    lines: &'static str,
}

/// A value set: one that is carried, or one that somebody sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSet<'a> {
    pub url: Cow<'a, str>,
    pub version: Cow<'a, str>,
    pub name: Cow<'a, str>,
    pub status: Cow<'a, str>,
    pub include: Vec<Include<'a>>,
    pub exclude: Vec<Include<'a>>,
}

/// What a value set takes in, or leaves out (valueset.html#compose).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Include<'a> {
    /// Empty where only other value sets are named.
    pub system: Cow<'a, str>,
    /// Listed concepts, with their display.
    pub concepts: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub filters: Vec<Filter<'a>>,
    /// Addresses of value sets; what is taken stands in all of them.
    pub sets: Vec<Cow<'a, str>>,
}

/// A filter on a system's concepts: property, operator, value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter<'a> {
    pub property: Cow<'a, str>,
    pub op: Cow<'a, str>,
    pub value: Cow<'a, str>,
}

/// A code in a value set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coding<'a> {
    pub system: Cow<'a, str>,
    pub code: Cow<'a, str>,
    /// Empty where there is none.
    pub display: Cow<'a, str>,
    /// Only there to order others: not for use itself.
    pub is_abstract: bool,
    pub inactive: bool,
}

impl Terminology {
    /// The one table of this program.
    pub fn r4() -> &'static Self {
        static R4: std::sync::LazyLock<Terminology> = std::sync::LazyLock::new(|| table::index(include_str!("r4.txt")));
        &R4
    }

    /// By canonical address, with its version or without (`http://…|4.0.1`).
    pub fn value_set(&self, canonical: &str) -> Option<ValueSet<'static>> {
        let (url, version) = split(canonical);
        let set = table::value_set(lines_of(&self.sets, url)?);
        version.is_none_or(|version| version == set.version).then_some(set)
    }

    /// As [`Self::value_set`].
    pub fn code_system(&self, canonical: &str) -> Option<CodeSystem> {
        // A few systems have a version in their very address.
        if let Some(lines) = lines_of(&self.systems, canonical) {
            return Some(table::code_system(lines));
        }
        let (url, version) = split(canonical);
        let system = table::code_system(lines_of(&self.systems, url)?);
        version.is_none_or(|version| version == system.version).then_some(system)
    }

    /// The addresses of all value sets.
    pub fn value_sets(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.sets.iter().map(|(url, _)| *url)
    }

    /// The addresses of all code systems.
    pub fn code_systems(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.systems.iter().map(|(url, _)| *url)
    }

    /// All codes of a value set, in the order of the set, each once.
    pub fn expand<'a>(&self, set: &ValueSet<'a>) -> Result<Vec<Coding<'a>>, ExpandError> {
        expand::Expansion::new(self).set(set)
    }

    /// The codes of several, which together may be as much work as one.
    pub fn expand_all<'a>(&self, sets: &[ValueSet<'a>]) -> Result<Vec<Coding<'a>>, ExpandError> {
        let mut expansion = expand::Expansion::new(self);
        let mut all = Vec::new();
        for set in sets {
            all.append(&mut expansion.set(set)?);
        }
        Ok(all)
    }

    /// Whether a code is in a value set. Without a system any of the set's own may have it.
    pub fn has(&self, set: &ValueSet<'_>, system: Option<&str>, code: &str) -> Membership {
        expand::Expansion::new(self).has(set, system, code)
    }
}

impl CodeSystem {
    /// All concepts, parents before their children.
    pub fn concepts(&self) -> impl Iterator<Item = Concept> + use<> {
        table::concepts(self.lines)
    }

    pub fn concept(&self, code: &str) -> Option<Concept> {
        self.concepts().find(|concept| concept.code == code)
    }

    /// A concept and all below it; `None` where the system, or the code, is not carried.
    pub fn with_descendants(&self, code: &str) -> Option<Vec<&'static str>> {
        let concepts = self.carried(code)?;
        let below = expand::below(&concepts, code);
        Some(concepts.iter().zip(below).filter(|(_, below)| *below).map(|(concept, _)| concept.code).collect())
    }

    /// A concept and all above it, as [`Self::with_descendants`].
    pub fn with_ancestors(&self, code: &str) -> Option<Vec<&'static str>> {
        let concepts = self.carried(code)?;
        let above = expand::above(&concepts, code);
        Some(concepts.iter().filter(|concept| above.contains(&concept.code)).map(|concept| concept.code).collect())
    }

    /// All concepts, if there is this one among them and no other can be.
    fn carried(&self, code: &str) -> Option<Vec<Concept>> {
        let concepts: Vec<Concept> = self.concepts().collect();
        (self.content == Content::Complete && concepts.iter().any(|concept| concept.code == code)).then_some(concepts)
    }
}

impl<'a> ValueSet<'a> {
    /// A ValueSet resource that somebody sent. `None` where its `compose` has something that is not understood here, such
    /// as a set that is only an expansion.
    pub fn from_json(resource: &'a Value) -> Option<Self> {
        let text = |name: &str| Cow::Borrowed(resource.get(name).and_then(Value::as_str).unwrap_or_default());
        let compose = resource.get("compose")?;
        let part = |name: &str| -> Vec<Include<'a>> {
            compose.get(name).and_then(Value::as_array).into_iter().flatten().map(include_of).collect()
        };
        Some(Self {
            url: text("url"),
            version: text("version"),
            name: text("name"),
            status: text("status"),
            include: part("include"),
            exclude: part("exclude"),
        })
    }
}

fn include_of(json: &Value) -> Include<'_> {
    let text =
        |of: &'_ Value, name: &str| -> String { of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned() };
    let each = |name: &str| json.get(name).and_then(Value::as_array).into_iter().flatten();
    Include {
        system: text(json, "system").into(),
        concepts: each("concept").map(|of| (text(of, "code").into(), text(of, "display").into())).collect(),
        filters: each("filter")
            .map(|of| Filter {
                property: text(of, "property").into(),
                op: text(of, "op").into(),
                value: text(of, "value").into(),
            })
            .collect(),
        sets: each("valueSet").filter_map(Value::as_str).map(Cow::Borrowed).collect(),
    }
}

fn split(canonical: &str) -> (&str, Option<&str>) {
    canonical.split_once('|').map_or((canonical, None), |(url, version)| (url, Some(version)))
}

fn lines_of(table: &[(&'static str, &'static str)], url: &str) -> Option<&'static str> {
    let at = table.binary_search_by(|(known, _)| (*known).cmp(url)).ok()?;
    table.get(at).map(|(_, lines)| *lines)
}

#[cfg(test)]
mod tests;
