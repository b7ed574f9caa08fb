//! Row numbers: finding a resource's, giving it one, and reading its row.

use super::Totals;
use super::error::RecordError;
use super::following::as_it_stands;
use super::index::Completed;
use super::layout::{COUNTERS, LIVE, NEXT_ROW, RESOURCE_IDS, RESOURCES, VERSIONS, live_of};
use super::rows::{Row, RowNumber, State};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::ResourceType;
use crate::store::{Desc, Direction, KeyRange, Read, ReadExt, StoreError, Tx};

pub(super) fn find(
    read: &(impl Read + ?Sized),
    kind: ResourceType,
    id: &FhirId,
) -> Result<Option<RowNumber>, StoreError> {
    read.get(&RESOURCE_IDS, &(kind.number(), id.clone()))
}

/// The row of a resource, reserved if it is referred to before it is stored.
pub(super) fn find_or_reserve(tx: &mut Tx<'_>, kind: ResourceType, id: &FhirId) -> Result<RowNumber, StoreError> {
    if let Some(number) = find(tx, kind, id)? {
        return Ok(number);
    }
    let number = RowNumber(next(tx, NEXT_ROW)?);
    // Nothing in this store is older.
    if number == RowNumber(1) {
        Completed::WHOLE.note(tx)?;
    }
    tx.put(&RESOURCE_IDS, &(kind.number(), id.clone()), &number)?;
    tx.put(&RESOURCES, &(number,), &Row::reserved(kind, id.clone()))?;
    Ok(number)
}

/// A row that an index or another row names, with the standing that it has now; that it is missing means a damaged store.
pub(super) fn row(read: &(impl Read + ?Sized), number: RowNumber) -> Result<Row, RecordError> {
    as_it_stands(read, number, as_stored(read, number)?)
}

/// The same with the standing that its index rows have: what it follows may have become another's, or may be sealed since.
pub(super) fn as_stored(read: &(impl Read + ?Sized), number: RowNumber) -> Result<Row, RecordError> {
    read.get(&RESOURCES, &(number,))?.ok_or(RecordError::Damaged)
}

/// The row of what a reference names, where there is such a type and such a one.
pub(super) fn find_named(
    read: &(impl Read + ?Sized),
    reference: &ResourceRef,
) -> Result<Option<RowNumber>, StoreError> {
    ResourceType::parse(reference.type_name()).map_or(Ok(None), |kind| find(read, kind, &reference.id()))
}

/// The version that says something: the row itself, or of one that was deleted the last version before that.
pub(super) fn last_said(read: &(impl Read + ?Sized), number: RowNumber, row: &Row) -> Result<Option<Row>, RecordError> {
    let said = match row.state {
        State::Live => Some(row.clone()),
        State::Deleted => read.get(&VERSIONS, &(number, Desc(row.version.saturating_sub(1))))?,
        State::Reserved => None,
    };
    Ok(said.filter(|said| said.state == State::Live))
}

/// The next value of a counter, from 1.
pub(super) fn next(tx: &mut Tx<'_>, counter: (u8, u8)) -> Result<u64, StoreError> {
    let next = tx.get(&COUNTERS, &counter)?.unwrap_or(0) + 1;
    tx.put(&COUNTERS, &counter, &next)?;
    Ok(next)
}

pub(super) fn count_live(tx: &mut Tx<'_>, kind: ResourceType, change: Change) -> Result<(), StoreError> {
    let count = tx.get(&COUNTERS, &live_of(kind))?.unwrap_or(0);
    let count = match change {
        Change::Added => count + 1,
        Change::Removed => count.saturating_sub(1),
    };
    tx.put(&COUNTERS, &live_of(kind), &count)
}

/// How much is live.
pub(super) fn totals(read: &(impl Read + ?Sized)) -> Result<Totals, StoreError> {
    let mut totals = Totals::default();
    for row in read.scan(&COUNTERS, KeyRange::prefix(&LIVE), Direction::Up)? {
        totals.resources += row?.1;
    }
    totals.patients = read.get(&COUNTERS, &live_of(ResourceType::Patient))?.unwrap_or(0);
    Ok(totals)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Added,
    Removed,
}
