//! What a value set's definition comes to (valueset-operation-expand.html).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::table::{Concept, Content};
use super::{CodeSystem, Coding, Filter, Include, Terminology, ValueSet};

/// Value sets that take in value sets, inside each other; the standard's have two.
const DEEPEST: usize = 10;

/// How many codes one question may go through, those that are left out again and those met several times included. The
/// standard's largest set needs a tenth of it.
const MOST_WORK: usize = 100_000;

/// Why a value set cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpandError {
    #[error("The value set takes its codes from {0}, which this server does not carry, so they cannot be listed here")]
    NotCarried(String),
    #[error("The value set takes in {0}, which this server does not know")]
    UnknownSet(String),
    #[error("The value set has a filter ({0}) that this server cannot apply")]
    UnknownFilter(String),
    #[error("The value set takes in others too deeply, or itself")]
    TooDeep,
    #[error(
        "The value set takes in more than is gone through at once ({} codes, those met several times included)",
        MOST_WORK
    )]
    TooCostly,
}

/// Whether a code is in a value set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    In(Coding<'static>),
    Out,
    /// It cannot be told, and why not.
    Unknown(ExpandError),
}

pub(super) struct Expansion<'t> {
    terminology: &'t Terminology,
    depth: usize,
    /// How many codes may still be gone through.
    left: usize,
}

impl<'t> Expansion<'t> {
    pub(super) const fn new(terminology: &'t Terminology) -> Self {
        Self { terminology, depth: 0, left: MOST_WORK }
    }

    /// Goes through so many codes.
    fn take(&mut self, codes: usize) -> Result<(), ExpandError> {
        self.left = self.left.checked_sub(codes).ok_or(ExpandError::TooCostly)?;
        Ok(())
    }

    /// A set that is taken in.
    fn known(&mut self, url: &str) -> Result<ValueSet<'static>, ExpandError> {
        let set = self.terminology.value_set(url).ok_or_else(|| ExpandError::UnknownSet(url.to_owned()))?;
        let parts = set.include.iter().chain(&set.exclude);
        self.take(1 + parts.map(|part| 1 + part.concepts.len()).sum::<usize>())?;
        Ok(set)
    }

    pub(super) fn set<'a>(&mut self, set: &ValueSet<'a>) -> Result<Vec<Coding<'a>>, ExpandError> {
        if self.depth >= DEEPEST {
            return Err(ExpandError::TooDeep);
        }
        self.depth += 1;
        let mut known: HashSet<(String, String)> = HashSet::new();
        for part in &set.exclude {
            known.extend(self.part(part)?.iter().map(key));
        }
        let mut found = Vec::new();
        for part in &set.include {
            found.extend(self.part(part)?.into_iter().filter(|coding| known.insert(key(coding))));
        }
        self.depth -= 1;
        Ok(found)
    }

    fn part<'a>(&mut self, part: &Include<'a>) -> Result<Vec<Coding<'a>>, ExpandError> {
        let mut found = if part.system.is_empty() { None } else { Some(self.of_system(part)?) };
        for url in &part.sets {
            let set = self.known(url)?;
            let others = self.set(&set)?;
            self.take(others.len())?;
            found = Some(match found {
                None => others,
                Some(mut found) => {
                    let keys: HashSet<_> = others.iter().map(key).collect();
                    found.retain(|coding| keys.contains(&key(coding)));
                    found
                }
            });
        }
        Ok(found.unwrap_or_default())
    }

    fn of_system<'a>(&mut self, part: &Include<'a>) -> Result<Vec<Coding<'a>>, ExpandError> {
        let system = self.terminology.code_system(&part.system);
        if !part.concepts.is_empty() {
            // Read once, not once for each concept.
            let known: HashMap<&str, Concept> =
                system.iter().flat_map(CodeSystem::concepts).map(|concept| (concept.code, concept)).collect();
            self.take(known.len() + part.concepts.len())?;
            return Ok(part.concepts.iter().map(|(code, display)| listed(part, &known, code, display)).collect());
        }
        let system = system.filter(|system| system.content == Content::Complete);
        let system = system.ok_or_else(|| ExpandError::NotCarried(part.system.to_string()))?;
        let concepts: Vec<Concept> = system.concepts().collect();
        self.take(concepts.len())?;
        let mut kept: Vec<bool> = vec![true; concepts.len()];
        for filter in &part.filters {
            self.take(concepts.len().saturating_mul(1 + filter.value.matches(',').count()))?;
            let passed = passing(&concepts, filter)?;
            for (kept, passed) in kept.iter_mut().zip(passed) {
                *kept &= passed;
            }
        }
        let all = concepts.iter().zip(kept).filter(|(_, kept)| *kept);
        Ok(all.map(|(concept, _)| coding(system.url, concept)).collect())
    }

    pub(super) fn has(&mut self, set: &ValueSet<'_>, system: Option<&str>, code: &str) -> Membership {
        if self.depth >= DEEPEST {
            return Membership::Unknown(ExpandError::TooDeep);
        }
        self.depth += 1;
        let mut answer = self.any(&set.include, system, code);
        if matches!(answer, Membership::In(_)) {
            match self.any(&set.exclude, system, code) {
                Membership::In(_) => answer = Membership::Out,
                Membership::Unknown(why) => answer = Membership::Unknown(why),
                Membership::Out => {}
            }
        }
        self.depth -= 1;
        answer
    }

    fn any(&mut self, parts: &[Include<'_>], system: Option<&str>, code: &str) -> Membership {
        let mut unknown = None;
        for part in parts {
            match self.part_has(part, system, code) {
                Membership::In(coding) => return Membership::In(coding),
                Membership::Unknown(why) => unknown = unknown.or(Some(why)),
                Membership::Out => {}
            }
        }
        unknown.map_or(Membership::Out, Membership::Unknown)
    }

    fn part_has(&mut self, part: &Include<'_>, system: Option<&str>, code: &str) -> Membership {
        let own = &*part.system;
        if !own.is_empty() && system.is_some_and(|system| system != own) {
            return Membership::Out;
        }
        let mut found = None;
        if !own.is_empty() {
            match self.of_system(part) {
                Ok(codings) => match codings.into_iter().find(|coding| coding.code == code) {
                    Some(coding) => found = Some(owned(coding)),
                    None => return Membership::Out,
                },
                Err(why) => return Membership::Unknown(why),
            }
        }
        for url in &part.sets {
            let set = match self.known(url) {
                Ok(set) => set,
                Err(why) => return Membership::Unknown(why),
            };
            match self.has(&set, system, code) {
                Membership::In(coding) => found = found.or(Some(coding)),
                other => return other,
            }
        }
        found.map_or(Membership::Out, Membership::In)
    }
}

/// A concept that a set lists; what its system says of it, where that is carried.
fn listed<'a>(
    part: &Include<'a>,
    known: &HashMap<&str, Concept>,
    code: &Cow<'a, str>,
    display: &Cow<'a, str>,
) -> Coding<'a> {
    let known = known.get(&**code);
    let own = known.map(|concept| Cow::Borrowed(concept.display));
    Coding {
        system: part.system.clone(),
        code: code.clone(),
        display: if display.is_empty() { own.unwrap_or_default() } else { display.clone() },
        is_abstract: known.is_some_and(|concept| concept.is_abstract),
        inactive: known.is_some_and(|concept| concept.retired),
    }
}

fn key(coding: &Coding<'_>) -> (String, String) {
    (coding.system.to_string(), coding.code.to_string())
}

fn owned(coding: Coding<'_>) -> Coding<'static> {
    Coding {
        system: Cow::Owned(coding.system.into_owned()),
        code: Cow::Owned(coding.code.into_owned()),
        display: Cow::Owned(coding.display.into_owned()),
        is_abstract: coding.is_abstract,
        inactive: coding.inactive,
    }
}

fn coding(system: &'static str, concept: &Concept) -> Coding<'static> {
    Coding {
        system: Cow::Borrowed(system),
        code: Cow::Borrowed(concept.code),
        display: Cow::Borrowed(concept.display),
        is_abstract: concept.is_abstract,
        inactive: concept.retired,
    }
}

/// Which concepts pass a filter (http://hl7.org/fhir/filter-operator).
fn passing(concepts: &[Concept], filter: &Filter<'_>) -> Result<Vec<bool>, ExpandError> {
    let op = &*filter.op;
    if !matches!(&*filter.property, "concept" | "code") {
        return Err(ExpandError::UnknownFilter(format!("{} {op}", filter.property)));
    }
    let is = |concept: &Concept| concept.code == filter.value;
    Ok(match op {
        "=" => concepts.iter().map(is).collect(),
        "in" => concepts.iter().map(|concept| filter.value.split(',').any(|code| code == concept.code)).collect(),
        "is-a" => below(concepts, &filter.value),
        "descendent-of" => below(concepts, &filter.value)
            .into_iter()
            .zip(concepts)
            .map(|(below, concept)| below && !is(concept))
            .collect(),
        "is-not-a" => below(concepts, &filter.value).into_iter().map(|below| !below).collect(),
        _ => return Err(ExpandError::UnknownFilter(format!("{} {op}", filter.property))),
    })
}

/// The concept and all above it: parents by place, and those that name it as a child.
pub(super) fn above<'c>(concepts: &'c [Concept], bottom: &'c str) -> Vec<&'c str> {
    let mut found: Vec<&str> = Vec::new();
    let mut wanted = vec![bottom];
    while let Some(code) = wanted.pop() {
        if found.contains(&code) {
            continue;
        }
        found.push(code);
        let mut over: Vec<&Concept> = Vec::new();
        for concept in concepts {
            over.retain(|parent| parent.depth < concept.depth);
            if concept.code == code {
                wanted.extend(over.last().map(|parent| parent.code));
            }
            if concept.children().any(|child| child == code) {
                wanted.push(concept.code);
            }
            over.push(concept);
        }
    }
    found
}

/// The concept and all below it, children that stand elsewhere included.
pub(super) fn below(concepts: &[Concept], top: &str) -> Vec<bool> {
    let mut found = vec![false; concepts.len()];
    let mut wanted: Vec<&str> = vec![top];
    let mut done: HashSet<&str> = HashSet::new();
    while let Some(code) = wanted.pop() {
        if !done.insert(code) {
            continue;
        }
        let mut depth = None;
        for (concept, found) in concepts.iter().zip(&mut found) {
            if depth.is_some_and(|depth| concept.depth <= depth) {
                depth = None;
            }
            if concept.code == code {
                depth = depth.or(Some(concept.depth));
            }
            if depth.is_some() {
                *found = true;
                wanted.extend(concept.children().map(|code: &str| code));
            }
        }
    }
    found
}
