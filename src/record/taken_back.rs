//! The files of a document that the clinic took back. A file is none of the patient's any more when no document that stands names
//! it, and is theirs again with the document. Where the file says itself that it is the document's (`securityContext`), it follows
//! that anyway.

use std::collections::BTreeSet;

use serde_json::Value;

use super::error::RecordError;
use super::in_record::{InRecord, in_record};
use super::numbers::{find, row};
use super::prepared::{Prepared, local_reference};
use super::rows::{Row, RowNumber, State};
use super::writing::{Writing, put_current};
use crate::base::ResourceRef;
use crate::fhir::ResourceType as T;
use crate::store::Tx;

impl Writing<'_, '_, '_> {
    /// A document was stored: its files go with it where it was taken back, and come again with it.
    pub(super) fn files_go_with(&mut self, document: &Row) -> Result<(), RecordError> {
        if document.kind != T::DocumentReference {
            return Ok(());
        }
        for file in files_of(document)? {
            self.goes_on()?;
            let tx: &Tx<'_> = self.tx;
            let Some(number) = find(tx, T::Binary, &file.id())? else { continue };
            let stored = row(tx, number)?;
            let of: Vec<RowNumber> = stored.patients.iter().copied().filter(|of| document.is_of(*of)).collect();
            let is_taken_back = document.sensitivity.is_taken_back() && !self.is_named(&file, &of)?;
            if stored.state != State::Live || of.is_empty() || stored.sensitivity.is_taken_back() == is_taken_back {
                continue;
            }
            self.goes_through(stored.json.len())?;
            let stands = stored.sensitivity.as_if_it_stood();
            let sensitivity = if is_taken_back { stands.taken_back() } else { stands };
            let value: Value = serde_json::from_slice(&stored.json).map_err(|_| RecordError::Damaged)?;
            let (prepared, stored) = (Prepared::new(T::Binary, &value), Row { sensitivity, ..stored });
            put_current(self.tx, number, &stored, &prepared)?;
        }
        Ok(())
    }

    /// Whether a document of these patients that stands names a file.
    fn is_named(&self, file: &ResourceRef, of: &[RowNumber]) -> Result<bool, RecordError> {
        let tx: &Tx<'_> = self.tx;
        for patient in of {
            for found in in_record(tx, (*patient, T::DocumentReference), None, &|| self.goes_on())? {
                let InRecord { number, .. } = found?;
                let document = row(tx, number)?;
                self.goes_through(document.json.len())?;
                if !document.sensitivity.is_taken_back() && files_of(&document)?.contains(file) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The files that a document names.
fn files_of(document: &Row) -> Result<BTreeSet<ResourceRef>, RecordError> {
    let may_have = document.json.windows(b"Binary/".len()).any(|part| part == b"Binary/");
    if !may_have {
        return Ok(BTreeSet::new());
    }
    let value: Value = serde_json::from_slice(&document.json).map_err(|_| RecordError::Damaged)?;
    let contents = value.get("content").and_then(Value::as_array).into_iter().flatten();
    let urls = contents.filter_map(|content| content.pointer("/attachment/url")?.as_str());
    Ok(urls.filter_map(local_reference).filter(|file| file.type_name() == T::Binary.name()).collect())
}
