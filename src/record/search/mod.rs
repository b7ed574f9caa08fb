//! Running a search: the narrowest index gives candidates, the resource itself decides.
//!
//! Candidates come in the order in which they are answered: a patient's compartment newest first, everything
//! else newest row first, and `_sort` after collecting. A page ends in a cursor that names the place, not a
//! count, so that it stays right while others write. Who asks decides before anything is counted: a row that
//! the policy hides is never a candidate.

mod cursor;
mod index_scan;
mod plan;

use std::collections::BTreeSet;

use serde_json::Value;

use super::error::RecordError;
use super::layout::REFERENCE;
use super::numbers::find;
use super::numbers::row;
use super::rows::{Row, RowNumber, State};
use crate::base::FhirId;
use crate::fhir::definitions::ParamKind;
use crate::fhir::search::{
    self, Filter, Include, IncludeWay, Query, ReferenceTarget, SearchValue, Sort, SortKey, SortOrder,
};
use crate::fhir::{Definitions, ResourceType};
use crate::store::{Direction, Key, KeyRange, Read, ReadExt};

use cursor::{Cursor, Place};
use plan::Plan;

/// The most rows that one search may open.
const MOST_OPENED: usize = 200_000;
/// How many matches a page has unless asked.
pub(super) const PAGE: usize = 50;

/// Decides whether a row exists for who asks.
pub(super) type Visible<'a> = dyn FnMut(&Row) -> Result<bool, RecordError> + 'a;

/// What a search found: one page.
pub(super) struct Found {
    pub matches: Vec<(RowNumber, Row)>,
    /// How many match in all, if that was counted.
    pub total: Option<u64>,
    pub next: Option<String>,
}

/// Whether all matches of `query` are counted.
pub(super) fn is_counted(query: &Query) -> bool {
    let asked = matches!(query.total, search::Total::Accurate | search::Total::Estimate);
    query.count == Some(0) || query.summary == Some(search::Summary::Count) || asked || !query.sort.is_empty()
}

/// Runs `query` and returns one page of it, of `size` matches. `within` is the one patient whose rows these can be, if it
/// is one.
pub(super) fn run(
    read: &dyn Read,
    query: &Query,
    within: Option<&FhirId>,
    size: usize,
    visible: &mut Visible<'_>,
) -> Result<Found, RecordError> {
    refuse_what_cannot_run(query)?;
    let counts_only = size == 0 || query.summary == Some(search::Summary::Count);
    let counted = counts_only || is_counted(query);
    let cursor = query.cursor.as_deref().map(|text| Cursor::read(text, query)).transpose()?;
    let plan = Plan::of(read, query, within, visible)?;
    let mut page = Vec::new();
    let mut total = 0_u64;
    let mut more = false;
    let mut opened = 0;
    let start = cursor.as_ref().filter(|_| !counted).map(Cursor::place);
    for candidate in plan.candidates(read, query.kind, start)? {
        let (place, number) = candidate?;
        opened += 1;
        if opened > MOST_OPENED {
            return Err(RecordError::TooWide);
        }
        let behind = cursor.as_ref().is_none_or(|cursor| cursor.is_before(&place));
        if !counted && !behind {
            continue;
        }
        let Some(found) = accept(read, query, &plan, number, visible)? else { continue };
        total += 1;
        if counts_only || (query.sort.is_empty() && !behind) {
            continue;
        }
        if query.sort.is_empty() && page.len() == size {
            more = true;
            if !counted {
                break;
            }
            continue;
        }
        page.push((place, number, found));
    }
    if !query.sort.is_empty() {
        sort(query, &mut page);
        if let Some(cursor) = &cursor {
            page.retain(|(place, ..)| cursor.is_before(place));
        }
        more = page.len() > size;
        page.truncate(size);
    }
    let next = page.last().filter(|_| more).map(|(place, ..)| Cursor::after(place.clone(), query).write());
    let matches = page.into_iter().map(|(_, number, row)| (number, row)).collect();
    Ok(Found { matches, total: counted.then_some(total), next })
}

/// Every row that passes one filter, for chains and conditional references.
pub(super) fn all_matching(
    read: &dyn Read,
    kind: ResourceType,
    filters: &[Filter],
    visible: &mut Visible<'_>,
) -> Result<BTreeSet<RowNumber>, RecordError> {
    let plan = Plan::of_filters(read, kind, filters, None, visible)?;
    let mut found = BTreeSet::new();
    for (opened, candidate) in plan.candidates(read, kind, None)?.enumerate() {
        let (_, number) = candidate?;
        if opened > MOST_OPENED {
            return Err(RecordError::TooWide);
        }
        let row = row(read, number)?;
        if row.kind == kind && row.state == State::Live && visible(&row)? && passes(&row, number, kind, filters, &plan)?
        {
            found.insert(number);
        }
    }
    Ok(found)
}

fn accept(
    read: &dyn Read,
    query: &Query,
    plan: &Plan,
    number: RowNumber,
    visible: &mut Visible<'_>,
) -> Result<Option<Row>, RecordError> {
    let row = row(read, number)?;
    let stands = row.kind == query.kind && row.state == State::Live && visible(&row)?;
    Ok((stands && passes(&row, number, query.kind, &query.filters, plan)?).then_some(row))
}

fn passes(
    row: &Row,
    number: RowNumber,
    kind: ResourceType,
    filters: &[Filter],
    plan: &Plan,
) -> Result<bool, RecordError> {
    let mut open = None;
    for (at, filter) in filters.iter().enumerate() {
        let passed = match plan.decided(at, filter, row, number) {
            Some(decided) => decided,
            None => {
                let value = match &open {
                    Some(value) => value,
                    None => open.insert(serde_json::from_slice::<Value>(&row.json).map_err(|_| RecordError::Damaged)?),
                };
                search::matches(Definitions::r4(), kind, value, filter)
            }
        };
        if !passed {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sort(query: &Query, page: &mut [(Place, RowNumber, Row)]) {
    for (place, number, row) in page.iter_mut() {
        let value: Value = serde_json::from_slice(&row.json).unwrap_or_default();
        let keys = query
            .sort
            .iter()
            .map(|sort| (sort_key(query.kind, row, &value, sort), sort.order == SortOrder::Descending));
        *place = Place::sorted(keys, *number);
    }
    page.sort_by(|(a, ..), (b, ..)| a.cmp(b));
}

/// The rows that one include brings along with `matches`; who may see them is the caller's to ask.
pub(super) fn include(
    read: &dyn Read,
    include: &Include,
    matches: &[RowNumber],
) -> Result<BTreeSet<RowNumber>, RecordError> {
    let mut found = BTreeSet::new();
    for number in matches {
        let row = row(read, *number)?;
        match include.way {
            IncludeWay::Forward if include.source.is_none_or(|source| source == row.kind) => {
                let value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
                for value in search::extract(Definitions::r4(), row.kind, &value) {
                    let asked = include.param.as_ref().is_none_or(|param| param.id == value.param);
                    if let (true, SearchValue::Reference(ReferenceTarget::Local { kind, id })) = (asked, value.value) {
                        found.extend(find(read, kind, &id)?);
                    }
                }
            }
            IncludeWay::Reverse => {
                let hash = super::index::local_hash(row.kind, row.id.as_str());
                for param in reverse_params(include) {
                    for source in read.scan(&REFERENCE, KeyRange::prefix(&(param, hash)), Direction::Up)? {
                        found.insert(source?.0.2);
                    }
                }
            }
            IncludeWay::Forward => {}
        }
    }
    Ok(found)
}

/// The reference parameters that a reverse include reads.
fn reverse_params(include: &Include) -> Vec<u16> {
    match (&include.param, include.source) {
        (Some(param), _) => vec![param.id],
        (None, Some(source)) => {
            let params = Definitions::r4().search_params(source).iter();
            params.filter(|param| param.kind == ParamKind::Reference).map(|param| param.id).collect()
        }
        (None, None) => vec![],
    }
}

/// The bytes that one sort goes by: the least value going up, the greatest going down.
fn sort_key(kind: ResourceType, row: &Row, value: &Value, sort: &Sort) -> Option<Vec<u8>> {
    let param = match &sort.by {
        SortKey::Id => return Some(row.id.as_str().as_bytes().to_vec()),
        SortKey::LastUpdated => return Some((row.updated.as_millisecond(),).to_bytes()),
        SortKey::Score => return None,
        SortKey::Param(param) => param.id,
    };
    let keys = search::extract(Definitions::r4(), kind, value).into_iter().filter(|found| found.param == param);
    let keys = keys.filter_map(|found| match found.value {
        SearchValue::Text(text) => Some(text.folded.into_bytes()),
        SearchValue::Token { code, .. } => Some(code.into_bytes()),
        SearchValue::Date(range) => Some(match sort.order {
            SortOrder::Ascending => (range.start,).to_bytes(),
            SortOrder::Descending => (range.end,).to_bytes(),
        }),
        SearchValue::Number(number) => Some((search::sortable(number),).to_bytes()),
        SearchValue::Quantity(quantity) => {
            let low = quantity.canonical.as_ref().map_or(quantity.low, |canonical| canonical.low);
            Some((search::sortable(low),).to_bytes())
        }
        SearchValue::Uri(uri) => Some(uri.into_bytes()),
        SearchValue::Reference(ReferenceTarget::Local { kind, id }) => Some(format!("{kind}/{id}").into_bytes()),
        _ => None,
    });
    match sort.order {
        SortOrder::Ascending => keys.min(),
        SortOrder::Descending => keys.max(),
    }
}

fn refuse_what_cannot_run(query: &Query) -> Result<(), RecordError> {
    let refused = |what: &str| Err(RecordError::UnsupportedSearch(what.to_owned()));
    if query.contained == search::Contained::Asked {
        return refused("_contained");
    }
    for filter in &query.filters {
        if let Some(what) = plan::unsupported(filter) {
            return refused(what);
        }
    }
    Ok(())
}
