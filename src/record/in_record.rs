//! What of one type stands in a patient's record, clinically newest first: for whole copies and lists.
//!
//! What follows another resource into or out of a record stands there when it is settled ([`super::following`]), which may take a
//! while. Here it stands as it is: what comes is in its place, and of what is there no tag is believed. A whole copy is not whole
//! without it, and says nothing of what would be missing.

use std::cmp::Reverse;
use std::iter::Peekable;

use super::error::RecordError;
use super::following::{coming_into, is_unsettled, may_follow};
use super::layout::{COMPARTMENT, CompartmentTag};
use super::rows::RowNumber;
use crate::fhir::ResourceType;
use crate::store::{Desc, Direction, Key as _, KeyRange, Read, ReadExt as _};

/// A row of a patient's record. Whether it is there still, and how delicate it is, is for the row itself to say.
pub(super) struct InRecord {
    pub date: Desc<i64>,
    pub number: RowNumber,
    /// Only where it is as the row.
    pub tag: Option<CompartmentTag>,
}

/// The rows of one type in a patient's record, behind `after`.
pub(super) fn in_record<'a>(
    read: &'a dyn Read,
    (patient, kind): (RowNumber, ResourceType),
    after: Option<(Desc<i64>, RowNumber)>,
    goes_on: &dyn Fn() -> Result<(), RecordError>,
) -> Result<impl Iterator<Item = Result<InRecord, RecordError>> + use<'a>, RecordError> {
    let head = (patient, kind.number());
    let range = match after {
        Some((date, number)) => {
            let start = (head.0, head.1, date, number).to_bytes();
            KeyRange::prefix_from(&head, std::ops::Bound::Excluded(start))
        }
        None => KeyRange::prefix(&head),
    };
    let is_believed = !(may_follow(kind) && is_unsettled(read)?);
    let mut coming = if is_believed { Vec::new() } else { coming_into(read, patient, kind, goes_on)? };
    coming.retain(|place| after.is_none_or(|after| order(*place) > order(after)));
    coming.sort_unstable_by_key(|place| order(*place));
    let there = read.scan(&COMPARTMENT, range, Direction::Up)?.map(move |entry| -> Result<InRecord, RecordError> {
        let ((_, _, date, number), tag) = entry?;
        Ok(InRecord { date, number, tag: Some(tag).filter(|_| is_believed) })
    });
    let coming = coming.into_iter().map(|(date, number)| Ok::<_, RecordError>(InRecord { date, number, tag: None }));
    Ok(InOrder { there: there.peekable(), coming: coming.peekable() })
}

/// As the record is ordered.
const fn order((date, number): (Desc<i64>, RowNumber)) -> (Reverse<i64>, RowNumber) {
    (Reverse(date.0), number)
}

/// Both in the order of the record.
struct InOrder<A: Iterator, B: Iterator> {
    there: Peekable<A>,
    coming: Peekable<B>,
}

impl<A, B> Iterator for InOrder<A, B>
where
    A: Iterator<Item = Result<InRecord, RecordError>>,
    B: Iterator<Item = Result<InRecord, RecordError>>,
{
    type Item = Result<InRecord, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let place = |one: &InRecord| order((one.date, one.number));
        match (self.there.peek(), self.coming.peek()) {
            (Some(Ok(there)), Some(Ok(coming))) if place(coming) < place(there) => self.coming.next(),
            (None, _) => self.coming.next(),
            _ => self.there.next(),
        }
    }
}
