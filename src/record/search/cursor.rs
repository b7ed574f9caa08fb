//! A place in an answer's order, and the opaque text that a page's `next` link carries.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::RecordError;
use crate::fhir::search::Query;
use crate::record::layout::hash64;
use crate::record::rows::RowNumber;
use crate::store::{Desc, Key};

/// Bytes that sort as the answer does: the end of an index key, or sort keys and a row number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(Vec<u8>);

impl Place {
    pub(super) const fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Newest row first.
    pub(super) fn of_row(number: RowNumber) -> Self {
        Self((Desc(number.0),).to_bytes())
    }

    /// By sort keys, each with whether it goes down; what has no value comes last either way.
    pub(super) fn sorted(keys: impl Iterator<Item = (Option<Vec<u8>>, bool)>, number: RowNumber) -> Self {
        let mut out = Vec::new();
        for (key, down) in keys {
            match (key, down) {
                (None, _) => out.push(1),
                (Some(key), false) => {
                    out.push(0);
                    key.write(&mut out);
                }
                (Some(key), true) => {
                    out.push(0);
                    Desc(key).write(&mut out);
                }
            }
        }
        Desc(number.0).write(&mut out);
        Self(out)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Where the next page begins, bound to its search.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    query: u64,
    after: Place,
}

/// The longest cursor text that is looked at.
const LONGEST: usize = 1_024;

impl Cursor {
    pub(super) fn after(place: Place, query: &Query) -> Self {
        Self { query: digest(query), after: place }
    }

    pub(super) fn read(text: &str, query: &Query) -> Result<Self, RecordError> {
        let wrong = || RecordError::BadCursor;
        let bytes = URL_SAFE_NO_PAD.decode(text.get(..LONGEST).unwrap_or(text)).map_err(|_| wrong())?;
        let (head, place) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
        let cursor = Self { query: u64::from_be_bytes(*head), after: Place(place.to_vec()) };
        if cursor.query == digest(query) { Ok(cursor) } else { Err(wrong()) }
    }

    pub(super) fn write(&self) -> String {
        let mut bytes = self.query.to_be_bytes().to_vec();
        bytes.extend_from_slice(self.after.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether `place` lies behind the cursor, on a later page.
    pub(super) fn is_before(&self, place: &Place) -> bool {
        self.after < *place
    }

    pub(super) const fn place(&self) -> &Place {
        &self.after
    }
}

/// What must be the same for a cursor to mean the same place.
fn digest(query: &Query) -> u64 {
    hash64(&[&format!("{:?} {:?} {:?} {:?}", query.kind, query.filters, query.sort, query.compartment)])
}
