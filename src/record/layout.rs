//! The tables of this room, their keys, and the policy tag on every index row.
//!
//! Every index key ends in the row number, and every index value is a [`Tag`]: what the policy filters by, so
//! that nothing is counted, sorted or included before it was asked.
//!
//! | table | key | serves |
//! |---|---|---|
//! | `RESOURCES` | row | the current version |
//! | `RESOURCE_IDS` | type, logical id | finding the row |
//! | `VERSIONS` | row, version descending | vread, history of one |
//! | `HISTORY` | type, last update descending, row, version | everything of a type, newest first; history of a type |
//! | `COMPARTMENT` | patient's row, type, clinical date descending, row | "this patient's X, newest first" |
//! | `TOKEN_INDEX` | parameter, hash of code, hash of system, row | code with or without its system |
//! | `STRING_INDEX` | parameter, folded text (64 bytes at most), row | beginnings of texts |
//! | `DATE_INDEX` | parameter, length class, start, row | intervals that meet an interval |
//! | `NUMBER_INDEX` | parameter, hash of canonical unit, ordered bits of the value, row | numbers and quantities |
//! | `REFERENCE_INDEX` | parameter, hash of `Type/id` or URL, row | references, chains, reverse includes |
//! | | parameter, hash of an identifier's value, row | references that name their target by an identifier (`:identifier`) |
//! | | the first again with parameter 65535 | local references that no parameter finds |
//! | | the first again with parameter 65534 | files that are named, by a reference or an address ([`super::taken_back`]) |
//! | `URI_INDEX` | parameter, uri (128 bytes at most), row | URIs and what lies below them |
//! | `WRITTEN_ABOUT` | row, row | what a workflow of the house wrote about the first ([`super::about`]) |
//! | `BROUGHT` | row | what the patient's side brought: files, and what names files ([`super::taken_back`]) |
//! | `PROXIES` | a RelatedPerson, `Type/id` | that a Consent let them act once ([`super::facts`]) |
//! | `UNSETTLED` | row, parameter | whether and how far followers are still to be settled ([`super::following`]) |
//!
//! Hashes are the first 8 (4) bytes of BLAKE3: they keep keys short and sorted; equality is decided on the resource.

use bytes::Bytes;

use super::following::SoFar;
use super::rows::{Row, RowNumber};
use crate::access::Sensitivity;
use crate::base::FhirId;
use crate::store::{CodecError, Desc, Table, Value, tables};

pub(super) const RESOURCES: Table<(RowNumber,), Row> = Table::new(tables::RESOURCES);
pub(super) const RESOURCE_IDS: Table<(u8, FhirId), RowNumber> = Table::new(tables::RESOURCE_IDS);
pub(super) const VERSIONS: Table<(RowNumber, Desc<u32>), Row> = Table::new(tables::VERSIONS);
pub(super) const HISTORY: Table<(u8, Desc<i64>, RowNumber, u32), HistoryTag> = Table::new(tables::HISTORY);
pub(super) const COMPARTMENT: Table<(RowNumber, u8, Desc<i64>, RowNumber), CompartmentTag> =
    Table::new(tables::COMPARTMENT);
pub(super) const COUNTERS: Table<(u8, u8), u64> = Table::new(tables::COUNTERS);

/// Patient's row, or 0 for everybody; type → how many changes there were.
pub(super) const NOTICES: Table<(RowNumber, u8), u64> = Table::new(tables::NOTICES);

pub(super) const TOKEN: Table<(u16, u64, u32, RowNumber), Tag> = Table::new(tables::TOKEN_INDEX);
pub(super) const STRING: Table<(u16, String, RowNumber), Tag> = Table::new(tables::STRING_INDEX);
pub(super) const DATE: Table<(u16, u8, i64, RowNumber), Tag> = Table::new(tables::DATE_INDEX);
pub(super) const NUMBER: Table<(u16, u32, u64, RowNumber), Tag> = Table::new(tables::NUMBER_INDEX);
pub(super) const REFERENCE: Table<(u16, u64, RowNumber), Tag> = Table::new(tables::REFERENCE_INDEX);
pub(super) const URI: Table<(u16, String, RowNumber), Tag> = Table::new(tables::URI_INDEX);

/// What became another's, was sealed or unsealed, and by which parameter others follow it that are not all settled.
pub(super) const UNSETTLED: Table<(RowNumber, u16), SoFar> = Table::new(tables::UNSETTLED);

/// What a workflow of the house wrote about a resource: the row of the resource first.
pub(super) const WRITTEN_ABOUT: Table<(RowNumber, RowNumber), ()> = Table::new(tables::WRITTEN_ABOUT);

/// What the patient's side brought: files, and what names files.
pub(super) const BROUGHT: Table<(RowNumber,), ()> = Table::new(tables::BROUGHT);

/// Whom a Consent let act for its patient that was superseded or taken away.
pub(super) const PROXIES: Table<(String,), ()> = Table::new(tables::PROXIES);

/// The counter of row numbers.
pub(super) const NEXT_ROW: (u8, u8) = (0, 0);
/// The counter of clinic numbers.
pub(super) const NEXT_CLINIC_NUMBER: (u8, u8) = (2, 0);

/// The counter of changes of consents.
pub(super) const CONSENT_CHANGES: (u8, u8) = (3, 0);

/// What the indexes of this store have: [`super::index::Completed`].
pub(super) const INDEXED: (u8, u8) = (4, 0);
/// While an older program's indexes are completed: the last row that was looked at.
pub(super) const INDEXED_TO: (u8, u8) = (4, 1);

/// Where the counters of live resources stand.
pub(super) const LIVE: (u8,) = (1,);
/// The counter of live resources of a type.
pub(super) const fn live_of(kind: crate::fhir::ResourceType) -> (u8, u8) {
    (LIVE.0, kind.number())
}

/// What the policy filters by: a byte of sensitivity, then the row number (8 bytes, little-endian) of each
/// patient whose compartment holds the resource, then a byte of marks where there are any ([`Sensitivity::marks`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub sensitivity: Sensitivity,
    pub patients: Vec<RowNumber>,
}

impl Tag {
    pub(super) fn of(row: &Row) -> Self {
        Self { sensitivity: row.sensitivity, patients: row.patients.clone() }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.sensitivity.byte());
        for patient in &self.patients {
            out.extend_from_slice(&patient.0.to_le_bytes());
        }
        if self.sensitivity.marks() > 0 {
            out.push(self.sensitivity.marks());
        }
    }

    fn read(bytes: &[u8]) -> Result<Self, CodecError> {
        let (&sensitivity, rest) = bytes.split_first().ok_or(CodecError::Cut)?;
        let (chunks, tail) = rest.as_chunks::<8>();
        let marks = match tail {
            [] => 0,
            [marks] if *marks > 0 => *marks,
            _ => return Err(CodecError::Cut),
        };
        let sensitivity = Sensitivity::from_byte(sensitivity).with_marks(marks).ok_or(CodecError::Cut)?;
        let patients = chunks.iter().map(|chunk| RowNumber(u64::from_le_bytes(*chunk))).collect();
        Ok(Self { sensitivity, patients })
    }
}

impl Value for Tag {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::with_capacity(2 + 8 * self.patients.len());
        self.write(&mut out);
        Ok(out)
    }
    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        Self::read(&bytes)
    }
}

/// Whether a version is the current one, then the [`Tag`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HistoryTag {
    pub current: Currency,
    pub tag: Tag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Currency {
    /// The live version.
    Current,
    /// Superseded, or a deletion.
    Past,
}

impl Value for HistoryTag {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        let mut out = vec![u8::from(self.current == Currency::Current)];
        self.tag.write(&mut out);
        Ok(out)
    }
    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        let (&current, rest) = bytes.split_first().ok_or(CodecError::Cut)?;
        Ok(Self { current: if current == 1 { Currency::Current } else { Currency::Past }, tag: Tag::read(rest)? })
    }
}

/// A compartment row's tag: sensitivity, then `02` or, where there are more, `03`, with twice the marks
/// ([`Sensitivity::marks`]) added, then up to [`CompartmentTag::CODES`] hashes of the resource's `code` parameter ([`super::index::code_hash`]), so that "this patient's X of kind Y" filters
/// without opening resources. Rows with another second byte have hashes of another kind, of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CompartmentTag {
    pub sensitivity: Sensitivity,
    pub codes: Vec<u64>,
    /// There were more codes than the row holds: the filter must open the resource.
    pub more: bool,
}

impl CompartmentTag {
    pub(super) const CODES: usize = 4;

    /// The hashes in a stored tag, and whether there were more; none where it is no tag.
    pub(super) fn codes_in(stored: &[u8]) -> Option<(impl Iterator<Item = u64>, bool)> {
        let (&[_, more], rest) = stored.split_first_chunk()?;
        let codes = rest.as_chunks::<8>().0.iter().map(|code| u64::from_le_bytes(*code));
        Some((codes, Self::marks(more).1))
    }

    /// What the second byte says: the marks, and whether there were more codes, or of another kind.
    const fn marks(byte: u8) -> (u8, bool) {
        match byte.checked_sub(2) {
            Some(rest) => (rest / 2, rest % 2 == 1),
            None => (0, true),
        }
    }
}

impl Value for CompartmentTag {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        let marks = 2 * self.sensitivity.marks();
        let mut out = vec![self.sensitivity.byte(), 2 + u8::from(self.more) + marks];
        self.codes.iter().take(Self::CODES).for_each(|code| out.extend_from_slice(&code.to_le_bytes()));
        Ok(out)
    }
    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        let (codes, more) = Self::codes_in(&bytes).ok_or(CodecError::Cut)?;
        let codes = codes.collect();
        let &[sensitivity, marks] = bytes.first_chunk().ok_or(CodecError::Cut)?;
        let (marks, _) = Self::marks(marks);
        let sensitivity = Sensitivity::from_byte(sensitivity).with_marks(marks).ok_or(CodecError::Cut)?;
        Ok(Self { sensitivity, codes, more })
    }
}

impl Value for RowNumber {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        Ok(self.0.to_le_bytes().to_vec())
    }
    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        u64::from_stored(bytes).map(RowNumber)
    }
}

/// The first eight bytes of BLAKE3 over the parts, each followed by a zero byte.
pub(super) fn hash64(parts: &[&str]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    let hash = *hasher.finalize().as_bytes();
    hash.first_chunk().map_or(0, |head| u64::from_le_bytes(*head))
}

#[allow(clippy::cast_possible_truncation)] // the lower half of a hash is a hash
pub(super) fn hash32(parts: &[&str]) -> u32 {
    hash64(parts) as u32
}

/// The class of an interval's length: shorter intervals lie close to their start, so a scan for what meets
/// an instant goes back one class's length only.
pub(super) fn length_class(start: i64, end: i64) -> u8 {
    let length = end.saturating_sub(start);
    CLASSES
        .iter()
        .position(|&longest| length <= longest)
        .and_then(|class| u8::try_from(class).ok())
        .unwrap_or(OPEN_CLASS)
}

const DAY: i64 = 86_400_000;
/// The longest interval of each class, in milliseconds: an instant's precision, a day, a month, a year.
pub(super) const CLASSES: [i64; 4] = [1_000, DAY, 32 * DAY, 367 * DAY];
/// The class of everything longer, and of what is open at an end.
pub(super) const OPEN_CLASS: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Hold;

    #[test]
    fn the_bytes_of_tags_are_these() {
        let tag = Tag { sensitivity: Sensitivity::NORMAL, patients: vec![RowNumber(258)] };
        let normal = Sensitivity::NORMAL.byte();
        assert_eq!(tag.to_stored().unwrap(), [normal, 2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Tag::from_stored(tag.to_stored().unwrap().into()).unwrap(), tag);
        let history = HistoryTag { current: Currency::Current, tag: tag.clone() };
        assert_eq!(history.to_stored().unwrap(), [1, normal, 2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(HistoryTag::from_stored(history.to_stored().unwrap().into()).unwrap(), history);
        let row = CompartmentTag { sensitivity: Sensitivity::NORMAL, codes: vec![1], more: false };
        assert_eq!(row.to_stored().unwrap(), [normal, 2, 1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(CompartmentTag::from_stored(row.to_stored().unwrap().into()).unwrap(), row);
        let row = CompartmentTag { more: true, ..row };
        assert_eq!(row.to_stored().unwrap(), [normal, 3, 1, 0, 0, 0, 0, 0, 0, 0]);
        let marked = Tag { sensitivity: Sensitivity::RESTRICTED.administrative(), ..tag };
        assert_eq!(marked.to_stored().unwrap(), [1, 2, 1, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(Tag::from_stored(marked.to_stored().unwrap().into()).unwrap(), marked);
        for (more, second) in [(false, 4), (true, 5)] {
            let row = CompartmentTag { sensitivity: marked.sensitivity, more, ..row.clone() };
            assert_eq!(row.to_stored().unwrap(), [1, second, 1, 0, 0, 0, 0, 0, 0, 0]);
            assert_eq!(CompartmentTag::from_stored(row.to_stored().unwrap().into()).unwrap(), row);
        }
        let held = Tag { sensitivity: Sensitivity::NORMAL.with_hold(Hold::FromPatient), ..marked };
        assert_eq!(held.to_stored().unwrap(), [normal, 2, 1, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(Tag::from_stored(held.to_stored().unwrap().into()).unwrap(), held);
        let row = CompartmentTag { sensitivity: held.sensitivity, ..row };
        assert_eq!(row.to_stored().unwrap(), [normal, 7, 1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(CompartmentTag::from_stored(row.to_stored().unwrap().into()).unwrap(), row);
        assert!(Tag::from_stored(vec![normal, 17].into()).is_err());
        // Before the code's hash stood apart from its system's, the resource has to be opened.
        for before in [0, 1] {
            assert!(CompartmentTag::from_stored(vec![normal, before, 1, 0, 0, 0, 0, 0, 0, 0].into()).unwrap().more);
        }
    }

    #[test]
    fn an_interval_has_the_shortest_class_that_holds_it() {
        assert_eq!(length_class(0, 0), 0);
        assert_eq!(length_class(0, DAY), 1);
        assert_eq!(length_class(i64::MIN, 0), OPEN_CLASS);
        assert_eq!(length_class(0, i64::MAX), OPEN_CLASS);
    }
}
