//! How far each side has read a conversation: no health record, so no resource.

use super::Side;
use crate::base::{FhirId, Timestamp};
use crate::care::marks;
use crate::store::{Read, StoreError, Tx};

const fn kind(by: Side) -> &'static str {
    match by {
        Side::Patient => "read-by-patient",
        Side::Clinic => "read-by-clinic",
    }
}

/// When a side looked at a conversation last.
pub fn seen(read: &(impl Read + ?Sized), head: &FhirId, by: Side) -> Result<Option<Timestamp>, StoreError> {
    marks::get(read, kind(by), head.as_str())
}

/// Remembers that a side has looked.
pub fn mark(tx: &mut Tx<'_>, head: &FhirId, by: Side, at: Timestamp) -> Result<(), StoreError> {
    marks::set(tx, kind(by), head.as_str(), at)
}
