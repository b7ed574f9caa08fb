//! Reads the compact table. It is part of the program and checked by tests, so a line that does not read is left out.
//!
//! Lines of tab-separated fields, the first a letter; empty fields at the end are cut:
//!
//! ```text
//! Y url version name content         a code system
//! c depth flags code display child…  a concept of it, parents first; a: abstract, r: retired; further children by code
//! V url version name status          a value set
//! i system                           what it includes, and
//! x system                           what it excludes:
//! m code display                     a listed concept
//! f property op value                a filter
//! u url                              another value set
//! ```

use std::borrow::Cow;

use super::{CodeSystem, Filter, Include, Terminology, ValueSet};

/// Whether a code system is carried whole (codesystem.html, `CodeSystem.content`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Complete,
    /// A fragment, an example, a supplement, or nothing but its name: a code that is not here may exist all the same.
    Partial,
}

/// A concept of a code system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concept {
    pub code: &'static str,
    /// Empty where there is none.
    pub display: &'static str,
    /// 0 at the top; a parent is the nearest concept before it that is less deep.
    pub depth: u8,
    pub is_abstract: bool,
    pub retired: bool,
    /// Codes of children that do not stand below it, separated by tabs.
    children: &'static str,
}

impl Concept {
    /// The codes of children besides those that stand below it.
    pub(super) fn children(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.children.split('\t').filter(|code| !code.is_empty())
    }
}

/// Where each set and system begins.
pub(super) fn index(text: &'static str) -> Terminology {
    let mut terminology = Terminology { systems: Vec::new(), sets: Vec::new() };
    let mut at = text.split_inclusive('\n').next().map_or(0, str::len);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        // The next head is a line that begins with Y or V.
        let next = ["\nY\t", "\nV\t"].iter().filter_map(|head| rest.get(1..)?.find(head)).min();
        let length = next.map_or(rest.len(), |next| next + 2);
        let lines = rest.get(..length).unwrap_or_default();
        let mut fields = lines.lines().next().unwrap_or_default().split('\t');
        match (fields.next(), fields.next()) {
            (Some("Y"), Some(url)) => terminology.systems.push((url, lines)),
            (Some("V"), Some(url)) => terminology.sets.push((url, lines)),
            _ => {}
        }
        at += length;
    }
    terminology.systems.sort_unstable_by_key(|(url, _)| *url);
    terminology.sets.sort_unstable_by_key(|(url, _)| *url);
    terminology.systems.shrink_to_fit();
    terminology.sets.shrink_to_fit();
    terminology
}

pub(super) fn code_system(lines: &'static str) -> CodeSystem {
    let mut fields = lines.lines().next().unwrap_or_default().split('\t').skip(1);
    let mut next = || fields.next().unwrap_or_default();
    let [url, version, name, content] = [next(), next(), next(), next()];
    let content = if content == "complete" { Content::Complete } else { Content::Partial };
    CodeSystem { url, version, name, content, lines }
}

pub(super) fn concepts(lines: &'static str) -> impl Iterator<Item = Concept> + use<> {
    lines.lines().filter_map(|line| {
        let mut fields = line.strip_prefix("c\t")?.splitn(5, '\t');
        let (depth, flags, code) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Concept {
            code,
            display: fields.next().unwrap_or_default(),
            depth: depth.parse().ok()?,
            is_abstract: flags.contains('a'),
            retired: flags.contains('r'),
            children: fields.next().unwrap_or_default(),
        })
    })
}

pub(super) fn value_set(lines: &'static str) -> ValueSet<'static> {
    let mut rows = lines.lines();
    let mut fields = rows.next().unwrap_or_default().split('\t').skip(1);
    let mut next = || Cow::Borrowed(fields.next().unwrap_or_default());
    let [url, version, name, status] = [next(), next(), next(), next()];
    let mut set = ValueSet { url, version, name, status, include: Vec::new(), exclude: Vec::new() };
    let mut excluding = false;
    for row in rows {
        let mut fields = row.split('\t');
        let letter = fields.next().unwrap_or_default();
        let mut next = || Cow::Borrowed(fields.next().unwrap_or_default());
        if matches!(letter, "i" | "x") {
            excluding = letter == "x";
        }
        let parts = if excluding { &mut set.exclude } else { &mut set.include };
        match (letter, parts.last_mut()) {
            ("i" | "x", _) => parts.push(Include { system: next(), ..Include::default() }),
            ("m", Some(part)) => part.concepts.push((next(), next())),
            ("f", Some(part)) => part.filters.push(Filter { property: next(), op: next(), value: next() }),
            ("u", Some(part)) => part.sets.push(next()),
            _ => {}
        }
    }
    set
}
