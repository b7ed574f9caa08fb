//! A resource's index rows: built before the writer is entered, put and taken away inside it.
//!
//! Composite and positional values have no rows: they are decided on the resource, with a part, another filter or the
//! type as the way in.

use std::collections::{BTreeSet, HashSet};

use super::layout::{
    COMPARTMENT, COUNTERS, CompartmentTag, DATE, INDEXED, NUMBER, REFERENCE, STRING, TOKEN, Tag, URI, hash32, hash64,
    length_class,
};
use super::rows::{Row, RowNumber};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::ResourceType;
use crate::fhir::search::{IndexValue, ReferenceTarget, SearchValue, TokenSystem, sortable};
use crate::store::{Desc, Key, Read, ReadExt, StoreError, Tx};

/// Longest text in a string key, in bytes.
pub(super) const TEXT: usize = 64;
/// Longest URI in a key, in bytes.
pub(super) const LONGEST_URI: usize = 128;

/// One index row's key but for the row number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum IndexKey {
    Token(u16, u64, u32),
    String(u16, String),
    Date(u16, u8, i64),
    Number(u16, u32, u64),
    Reference(u16, u64),
    Uri(u16, String),
}

impl IndexKey {
    /// The whole key of a row.
    pub(super) fn of_row(&self, number: RowNumber) -> Vec<u8> {
        match self {
            Self::Token(param, code, system) => (*param, *code, *system, number).to_bytes(),
            Self::String(param, text) | Self::Uri(param, text) => (*param, text.clone(), number).to_bytes(),
            Self::Date(param, class, start) => (*param, *class, *start, number).to_bytes(),
            Self::Number(param, unit, bits) => (*param, *unit, *bits, number).to_bytes(),
            Self::Reference(param, target) => (*param, *target, number).to_bytes(),
        }
    }

    const fn target(&self) -> Option<u64> {
        match self {
            Self::Reference(_, target) => Some(*target),
            _ => None,
        }
    }
}

/// In the place of a parameter's number: a reference that no parameter finds.
pub(super) const ELSEWHERE: u16 = u16::MAX;

/// In the place of a parameter's number: a file that is named, by a reference or by whichever address of this box
/// ([`super::taken_back`]).
pub(super) const FILES: u16 = u16::MAX - 1;

/// How often [`super::indexing`] has been through a store of an older program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Completed(u64);

impl Completed {
    pub(super) const NEVER: Self = Self(0);
    /// Once for the identifiers; a store in which they stood already was written before a Device was the patient's who bears it.
    /// Once more for what stands in its patients' records; again for what follows one of those and was gone through before; and
    /// again for what was deleted out of them. Once more for names by each of their words and by how they sound, for systems that
    /// stand without a code, and for the files that are named.
    pub(super) const WHOLE: Self = Self(5);

    pub(super) fn of(read: &(impl Read + ?Sized)) -> Result<Self, StoreError> {
        Ok(Self(read.get(&COUNTERS, &INDEXED)?.unwrap_or(0)))
    }

    /// Whether references stand in the index by the identifiers that they name. What is stored now always does.
    pub(super) const fn has_identifiers(self) -> bool {
        self.0 >= 1
    }

    /// Whether names and addresses stand in the index by each of their words, names by how they sound, and systems without a
    /// code. What is stored now always does.
    pub(super) const fn has_names(self) -> bool {
        self.0 >= 5
    }

    pub(super) const fn once_more(self) -> Self {
        Self(self.0 + 1)
    }

    /// Says so of the store.
    pub(super) fn note(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.put(&COUNTERS, &INDEXED, &self.0)
    }
}

/// Everything about a resource that the index tables hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexRows {
    pub keys: Vec<IndexKey>,
    pub codes: Vec<u64>,
    pub more_codes: bool,
}

impl IndexRows {
    /// `code` is the number of the type's `code` parameter, if it has one; `references` is what the resource refers to, and `files`
    /// which files it names.
    pub(super) fn of(
        values: &[IndexValue],
        code: Option<u16>,
        references: &[ResourceRef],
        files: &BTreeSet<FhirId>,
    ) -> Self {
        let mut keys: Vec<IndexKey> = values.iter().flat_map(|value| keys_of(value.param, &value.value)).collect();
        let known: HashSet<u64> = keys.iter().filter_map(IndexKey::target).collect();
        let elsewhere = references.iter().filter_map(|one| {
            let hash = local_hash(ResourceType::parse(one.type_name())?, one.id().as_str());
            (!known.contains(&hash)).then_some(IndexKey::Reference(ELSEWHERE, hash))
        });
        keys.extend(elsewhere);
        keys.extend(
            files.iter().map(|file| IndexKey::Reference(FILES, local_hash(ResourceType::Binary, file.as_str()))),
        );
        keys.sort_unstable();
        keys.dedup();
        let mut codes: Vec<u64> = values
            .iter()
            .filter(|value| Some(value.param) == code)
            .filter_map(|value| match &value.value {
                SearchValue::Token { system, code } if !code.is_empty() => Some(code_hash(system_text(system), code)),
                _ => None,
            })
            .collect();
        codes.dedup();
        let more_codes = codes.len() > CompartmentTag::CODES;
        codes.truncate(CompartmentTag::CODES);
        Self { keys, codes, more_codes }
    }

    /// `date` is what "newest first" sorts by, in milliseconds since 1970 UTC.
    pub(super) fn put(&self, tx: &mut Tx<'_>, number: RowNumber, row: &Row, date: i64) -> Result<(), StoreError> {
        let tag = Tag::of(row);
        for key in &self.keys {
            match key {
                IndexKey::Token(param, code, system) => tx.put(&TOKEN, &(*param, *code, *system, number), &tag)?,
                IndexKey::String(param, text) => tx.put(&STRING, &(*param, text.clone(), number), &tag)?,
                IndexKey::Date(param, class, start) => tx.put(&DATE, &(*param, *class, *start, number), &tag)?,
                IndexKey::Number(param, unit, bits) => tx.put(&NUMBER, &(*param, *unit, *bits, number), &tag)?,
                IndexKey::Reference(param, target) => tx.put(&REFERENCE, &(*param, *target, number), &tag)?,
                IndexKey::Uri(param, uri) => tx.put(&URI, &(*param, uri.clone(), number), &tag)?,
            }
        }
        let tag = CompartmentTag { sensitivity: row.sensitivity, codes: self.codes.clone(), more: self.more_codes };
        for patient in &row.patients {
            tx.put(&COMPARTMENT, &(*patient, row.kind.number(), Desc(date), number), &tag)?;
        }
        Ok(())
    }

    /// Puts the rows of references alone.
    pub(super) fn put_references(&self, tx: &mut Tx<'_>, number: RowNumber, row: &Row) -> Result<(), StoreError> {
        let tag = Tag::of(row);
        for key in &self.keys {
            if let IndexKey::Reference(param, target) = key {
                tx.put(&REFERENCE, &(*param, *target, number), &tag)?;
            }
        }
        Ok(())
    }

    /// Puts the rows of texts, and of systems without a code.
    pub(super) fn put_names(&self, tx: &mut Tx<'_>, number: RowNumber, row: &Row) -> Result<(), StoreError> {
        let tag = Tag::of(row);
        let none = hash64(&[""]);
        for key in &self.keys {
            match key {
                IndexKey::String(param, text) => tx.put(&STRING, &(*param, text.clone(), number), &tag)?,
                IndexKey::Token(param, code, system) if *code == none => {
                    tx.put(&TOKEN, &(*param, *code, *system, number), &tag)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn remove(&self, tx: &mut Tx<'_>, number: RowNumber, row: &Row, date: i64) -> Result<(), StoreError> {
        for key in &self.keys {
            match key {
                IndexKey::Token(param, code, system) => tx.delete(&TOKEN, &(*param, *code, *system, number))?,
                IndexKey::String(param, text) => tx.delete(&STRING, &(*param, text.clone(), number))?,
                IndexKey::Date(param, class, start) => tx.delete(&DATE, &(*param, *class, *start, number))?,
                IndexKey::Number(param, unit, bits) => tx.delete(&NUMBER, &(*param, *unit, *bits, number))?,
                IndexKey::Reference(param, target) => tx.delete(&REFERENCE, &(*param, *target, number))?,
                IndexKey::Uri(param, uri) => tx.delete(&URI, &(*param, uri.clone(), number))?,
            }
        }
        leave(tx, number, row, date, &[])
    }
}

/// Takes a row out of the records of those who are not among these.
pub(super) fn leave(
    tx: &mut Tx<'_>,
    number: RowNumber,
    row: &Row,
    date: i64,
    stay: &[RowNumber],
) -> Result<(), StoreError> {
    for patient in row.patients.iter().filter(|patient| !stay.contains(patient)) {
        tx.delete(&COMPARTMENT, &(*patient, row.kind.number(), Desc(date), number))?;
    }
    Ok(())
}

/// The keys that one value has.
pub(super) fn keys_of(param: u16, value: &SearchValue) -> Vec<IndexKey> {
    match value {
        SearchValue::Token { system, code } => {
            vec![IndexKey::Token(param, hash64(&[code]), hash32(&[system_text(system)]))]
        }
        SearchValue::Text(text) => vec![IndexKey::String(param, cut(&text.folded, TEXT))],
        SearchValue::Word(text) | SearchValue::Sound(text) => vec![IndexKey::String(param, cut(text, TEXT))],
        SearchValue::Date(range) => vec![IndexKey::Date(param, length_class(range.start, range.end), range.start)],
        SearchValue::Number(number) => vec![IndexKey::Number(param, 0, sortable(*number))],
        SearchValue::Quantity(quantity) => match &quantity.canonical {
            Some(canonical) => vec![IndexKey::Number(param, hash32(&[&canonical.unit]), sortable(canonical.low))],
            None => vec![IndexKey::Number(param, 0, sortable(quantity.low))],
        },
        SearchValue::Reference(target) => vec![IndexKey::Reference(param, reference_hash(target))],
        SearchValue::Uri(uri) => vec![IndexKey::Uri(param, cut(uri, LONGEST_URI))],
        _ => vec![],
    }
}

/// The text of a system in a hash; a code without one, and one whose system is implied, hash as none.
pub(super) fn system_text(system: &TokenSystem) -> &str {
    match system {
        TokenSystem::Uri(uri) => uri,
        TokenSystem::None | TokenSystem::Implied => "",
    }
}

/// The hash of a code in a compartment row: of the code above, of its system below, so that a code is found without one.
pub(super) fn code_hash(system: &str, code: &str) -> u64 {
    u64::from(hash32(&[code])) << 32 | u64::from(hash32(&[system]))
}

/// The part of [`code_hash`] that does not depend on the system.
pub(super) const ANY_SYSTEM: u64 = 0xFFFF_FFFF_0000_0000;

pub(super) fn local_hash(kind: ResourceType, id: &str) -> u64 {
    hash64(&[kind.name(), id])
}

pub(super) fn reference_hash(target: &ReferenceTarget) -> u64 {
    match target {
        ReferenceTarget::Local { kind, id } => local_hash(*kind, id.as_str()),
        ReferenceTarget::Absolute(url) | ReferenceTarget::Canonical { url, .. } => hash64(&[url]),
        ReferenceTarget::Identifier { value, .. } => identifier_hash(value),
        ReferenceTarget::Contained { .. } => contained_hash(),
    }
}

/// Of every reference to a contained resource: which one, the resource itself tells.
pub(super) fn contained_hash() -> u64 {
    hash64(&["", "contained"])
}

/// Of the value as it is compared, whatever its system: one row serves a search with a system and one without.
pub(super) fn identifier_hash(value: &str) -> u64 {
    // No type and no address has so many parts.
    hash64(&["", "identifier", value])
}

/// The longest beginning of at most `most` bytes that ends between characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text).to_owned()
}
