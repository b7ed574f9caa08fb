//! Codes by what they mean (search.html#modifiers): `:in` and `:not-in` by value set, `:below` and `:above` by the
//! hierarchy of their system. A set becomes the list of its codes, so that it is searched as any list is.

use std::collections::BTreeSet;

use super::extract::fold_code;
use super::operand::Reader;
use super::query::{QueryError, SystemTest, TokenTest, Way};
use crate::fhir::terminology::{CodeSystem, Terminology, ValueSet};

/// The most codes that a search lists in all.
pub(super) const MOST: usize = 10_000;

impl TokenTest {
    /// The codes of value sets; `None` where one of them cannot be listed.
    pub fn of_sets<'a>(sets: impl IntoIterator<Item = ValueSet<'a>>) -> Option<Vec<Self>> {
        let sets: Vec<ValueSet<'a>> = sets.into_iter().collect();
        let all = Terminology::r4().expand_all(&sets).ok()?;
        (all.len() <= MOST).then(|| all.iter().map(|coding| test(&coding.system, &coding.code)).collect())
    }
}

/// The codes of value sets that the definitions carry; `None` where one of them is not carried.
pub(super) fn carried(sets: &[String]) -> Option<Option<Vec<TokenTest>>> {
    let sets: BTreeSet<&String> = sets.iter().collect();
    let found: Option<Vec<_>> = sets.into_iter().map(|set| Terminology::r4().value_set(set)).collect();
    found.map(TokenTest::of_sets)
}

/// `system|code` with what lies below or above it.
pub(super) fn related(reader: &Reader<'_>, text: &str, way: Way) -> Result<Vec<TokenTest>, QueryError> {
    let wrong = || reader.wrong("a system and a code of it with “|” between, of a code system that this box carries");
    let (system, code) = reader.system_and_code(text).ok_or_else(wrong)?;
    let known: CodeSystem = Terminology::r4().code_system(&system).ok_or_else(wrong)?;
    let codes = match way {
        Way::Below => known.with_descendants(&code),
        Way::Above => known.with_ancestors(&code),
    };
    Ok(codes.ok_or_else(wrong)?.into_iter().map(|code| test(&system, code)).collect())
}

fn test(system: &str, code: &str) -> TokenTest {
    TokenTest { system: SystemTest::Is(system.to_owned()), code: Some(fold_code(code)) }
}
