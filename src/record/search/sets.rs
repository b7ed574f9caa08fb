//! Value sets that are stored here, for `:in` and `:not-in`: they become the codes that they list.

use std::borrow::Cow;

use serde_json::Value;

use super::{Opened, RecordError, Visible, all_matching};
use crate::base::FhirId;
use crate::fhir::search::{Filter, ParamRef, Test, TokenMatch, TokenTest, UriMatch};
use crate::fhir::terminology::{Terminology, ValueSet};
use crate::fhir::{Definitions, ResourceType};
use crate::record::numbers::{find, row};
use crate::store::Read;

/// As how large a row listing the codes of stored sets counts.
const DEAR: usize = 1 << 20;

/// The filters with every stored value set in its codes.
pub(super) fn listed<'f>(
    read: &dyn Read,
    filters: &'f [Filter],
    visible: &mut Visible<'_>,
) -> Result<Cow<'f, [Filter]>, RecordError> {
    if !filters.iter().any(needs_sets) {
        return Ok(Cow::Borrowed(filters));
    }
    filters.iter().map(|filter| of(read, filter, visible)).collect::<Result<Vec<_>, _>>().map(Cow::Owned)
}

fn needs_sets(filter: &Filter) -> bool {
    match filter {
        Filter::InSets { .. } => true,
        Filter::Chain { then, .. } | Filter::Has { then, .. } => needs_sets(then),
        Filter::Any(any) => any.iter().any(needs_sets),
        _ => false,
    }
}

fn of(read: &dyn Read, filter: &Filter, visible: &mut Visible<'_>) -> Result<Filter, RecordError> {
    Ok(match filter {
        Filter::InSets { param, how, sets } => in_codes(read, param, *how, sets, visible)?,
        Filter::Chain { param, target, then } => {
            Filter::Chain { param: param.clone(), target: *target, then: Box::new(of(read, then, visible)?) }
        }
        Filter::Has { source, param, then } => {
            Filter::Has { source: *source, param: param.clone(), then: Box::new(of(read, then, visible)?) }
        }
        Filter::Any(any) => Filter::Any(any.iter().map(|one| of(read, one, visible)).collect::<Result<_, _>>()?),
        other => other.clone(),
    })
}

fn in_codes(
    read: &dyn Read,
    param: &ParamRef,
    how: TokenMatch,
    sets: &[String],
    visible: &mut Visible<'_>,
) -> Result<Filter, RecordError> {
    let unknown = || {
        RecordError::UnsupportedSearch(
            "a value set that this box does not have, or whose codes it cannot list".to_owned(),
        )
    };
    let mut stored: Vec<Value> = Vec::new();
    let mut carried: Vec<ValueSet<'_>> = Vec::new();
    for set in sets {
        match Terminology::r4().value_set(set) {
            Some(set) => carried.push(set),
            None => stored.push(find_set(read, set, visible)?.ok_or_else(unknown)?),
        }
    }
    // What they take in may be much more than their text.
    visible.pace.look_into(DEAR)?;
    let own: Option<Vec<ValueSet<'_>>> = stored.iter().map(ValueSet::from_json).collect();
    let all = own.ok_or_else(unknown)?.into_iter().chain(carried);
    let any = TokenTest::of_sets(all).ok_or_else(unknown)?;
    Ok(Filter::Test { param: param.clone(), test: Test::Token { how, any } })
}

/// A stored value set by its id, or by its address with a version or without: the one changed last.
fn find_set(read: &dyn Read, name: &str, visible: &mut Visible<'_>) -> Result<Option<Value>, RecordError> {
    let kind = ResourceType::ValueSet;
    let numbers: Vec<_> = match name.strip_prefix("ValueSet/").map(FhirId::parse) {
        Some(Ok(id)) => find(read, kind, &id)?.into_iter().collect(),
        _ => {
            let (url, version) = name.split_once('|').map_or((name, None), |(url, version)| (url, Some(version)));
            let Some(by_url) = Definitions::r4().search_param(kind, "url") else { return Ok(None) };
            let param = ParamRef { id: by_url.id, code: by_url.code.to_owned() };
            let test = Test::Uri { how: UriMatch::Is, any: vec![url.to_owned()] };
            let found = all_matching(read, kind, &[Filter::Test { param, test }], visible)?;
            let mut best = Vec::new();
            for number in found {
                let row = row(read, number)?;
                let value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
                let own = value.get("version").and_then(Value::as_str);
                if version.is_none() || own == version {
                    best.push((row.updated, number));
                }
            }
            best.into_iter().max().map(|(_, number)| number).into_iter().collect()
        }
    };
    let Some(number) = numbers.first() else { return Ok(None) };
    match Opened::seen(read, *number, kind, visible)? {
        Some(opened) => opened.value().cloned().map(Some),
        None => Ok(None),
    }
}
