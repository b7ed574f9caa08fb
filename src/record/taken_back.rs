//! The files of a document that the clinic took back, or deleted, or that turned out to be another patient's. Such a file is none of
//! the patient's any more when no document of the clinic's that stands names it, and is theirs again with the document. Where the
//! file says itself that it is the document's (`securityContext`), it follows that anyway.
//!
//! What the patient's side says of a file neither keeps nor opens one that a document of the clinic's named: they may name any. The
//! files that they brought themselves are named by nobody else, and go with their own documents.

use std::collections::BTreeSet;

use serde_json::Value;

use super::error::RecordError;
use super::following::{Standing, followed, follows_a_document};
use super::in_record::{InRecord, in_record};
use super::layout::{URI, VERSIONS};
use super::numbers::{as_stored, find, row};
use super::prepared::Prepared;
use super::rows::{Row, RowNumber, State};
use super::writing::{Writing, put_current};
use crate::access::{is_their_own, is_withdrawn};
use crate::base::FhirId;
use crate::fhir::{Definitions, ResourceType as T};
use crate::store::{Direction, Key as _, KeyRange, ReadExt as _, Tx};

/// How documents name a file by a relative address, beside those that begin with the name of this box.
const RELATIVE: [&str; 3] = ["Binary/", "./Binary/", "/fhir/Binary/"];

/// Whose a document is that names a file, and whether it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Clinic,
    /// The patient's side alone.
    Them,
    ClinicTakenBack,
    /// The patient's side, and the clinic took it back.
    ThemTakenBack,
}

/// Which documents name a file.
#[derive(Debug, Default)]
struct Naming(BTreeSet<By>);

impl Naming {
    fn add(&mut self, document: &Row, says: &Says) {
        self.0.insert(match (document.sensitivity.is_taken_back(), says.is_theirs) {
            (false, false) => By::Clinic,
            (false, true) => By::Them,
            (true, false) => By::ClinicTakenBack,
            (true, true) => By::ThemTakenBack,
        });
    }

    fn is(&self, by: By) -> bool {
        self.0.contains(&by)
    }
}

/// A change of a document.
struct Changed<'a> {
    before: Option<&'a Row>,
    after: &'a Row,
    /// What it says now; of one that was deleted, what it said last.
    says: Says,
}

impl Writing<'_, '_, '_> {
    /// A document was stored or deleted: its files go with it where it does not stand any more, or not in their patients' records,
    /// and come again with it.
    pub(super) fn files_go_with(
        &mut self,
        number: RowNumber,
        before: Option<&Row>,
        after: &Row,
    ) -> Result<(), RecordError> {
        if after.kind != T::DocumentReference {
            return Ok(());
        }
        let left = |before: &Row| before.patients.iter().any(|patient| !after.patients.contains(patient));
        let mut files = Says::of(after)?.map(|says| says.files).unwrap_or_default();
        if !stands(after) || before.is_some_and(left) {
            // The version that takes it back need not name them any more.
            let tx: &Tx<'_> = self.tx;
            for version in tx.scan(&VERSIONS, KeyRange::prefix(&(number,)), Direction::Up)? {
                let (_, version) = version?;
                self.goes_through(version.json.len())?;
                files.extend(Says::of(&version)?.map(|says| says.files).unwrap_or_default());
            }
        }
        if files.is_empty() {
            return Ok(());
        }
        let last = if after.state == State::Live { Some(after) } else { before };
        let says = last.map(Says::always).transpose()?.unwrap_or_default();
        let changed = Changed { before, after, says };
        for file in files {
            self.goes_on()?;
            self.file_goes_with(&file, &changed)?;
        }
        Ok(())
    }

    fn file_goes_with(&mut self, file: &FhirId, changed: &Changed<'_>) -> Result<(), RecordError> {
        let Changed { before, after, says } = changed;
        let tx: &Tx<'_> = self.tx;
        let Some(number) = find(tx, T::Binary, file)? else { return Ok(()) };
        let patients = row(tx, number)?.patients;
        let stored = as_stored(tx, number)?;
        let was = stored.sensitivity.is_taken_back();
        let is_here = |document: &&Row| patients.iter().any(|patient| document.patients.contains(patient));
        let stands_here = stands(after) && is_here(after);
        let concerns = is_here(after) || before.as_ref().is_some_and(is_here);
        if stored.state != State::Live || !concerns || stands_here && !(was && says.files.contains(file)) {
            return Ok(());
        }
        // Who joins two records moves very many of them.
        let is_moved = !stands_here && stands(after);
        let naming = if is_moved { self.naming_by_index(file, &patients)? } else { self.naming(file, &patients)? };
        let is_taken_back = match (stands_here, says.is_theirs) {
            (_, false) => !naming.is(By::Clinic),
            (true, true) => {
                let is_restored = before.is_some_and(|before| before.sensitivity.is_taken_back());
                naming.is(By::ClinicTakenBack) || !is_restored
            }
            (false, true) => {
                let keep = naming.is(By::Them) && !(was && naming.is(By::ClinicTakenBack));
                !naming.is(By::Clinic) && !keep
            }
        };
        // To delete a document is not to say that it was wrong: what a report shows stays with that.
        let was_said = stands_here || after.state == State::Live && after.sensitivity.is_taken_back();
        if was == is_taken_back || is_taken_back && !was_said && self.is_of_a_report(file, &patients)? {
            return Ok(());
        }
        self.goes_through(stored.json.len())?;
        let value: Value = serde_json::from_slice(&stored.json).map_err(|_| RecordError::Damaged)?;
        if follows_a_document(&followed(T::Binary, &value)) {
            return Ok(());
        }
        let stands = stored.sensitivity.as_if_it_stood();
        let sensitivity = if is_taken_back { stands.taken_back() } else { stands };
        let (prepared, stored) = (Prepared::new(T::Binary, &value), Row { sensitivity, ..stored });
        put_current(self.tx, number, &stored, &prepared)?;
        // What tells of the file goes along.
        self.leads.push((T::Binary, file.clone()));
        Ok(())
    }

    /// A file that is stored again is none of the patient's where it was not before, nor is one that comes after the document that
    /// was taken back.
    pub(super) fn file_stands(
        &self,
        id: &FhirId,
        old: Option<&Row>,
        prepared: &Prepared,
        standing: &mut Standing,
    ) -> Result<(), RecordError> {
        if prepared.kind != T::Binary || follows_a_document(&prepared.follows) {
            return Ok(());
        }
        let was = old.is_some_and(|old| old.sensitivity.is_taken_back());
        let is_new = old.is_none_or(|old| old.state != State::Live);
        let is_taken_back = if was {
            let moved = old.is_some_and(|old| old.patients != standing.patients);
            let naming = if moved {
                self.naming_by_index(id, &standing.patients)?
            } else {
                self.naming(id, &standing.patients)?
            };
            !(naming.is(By::Clinic) || moved && naming.is(By::Them) && !naming.is(By::ClinicTakenBack))
        } else if is_new {
            let naming = self.naming_by_index(id, &standing.patients)?;
            let theirs = naming.is(By::ThemTakenBack) && !naming.is(By::Them);
            !naming.is(By::Clinic) && (naming.is(By::ClinicTakenBack) || theirs)
        } else {
            false
        };
        if is_taken_back {
            standing.sensitivity = standing.sensitivity.taken_back();
        }
        Ok(())
    }

    /// Which documents of these patients name a file.
    fn naming(&self, file: &FhirId, patients: &[RowNumber]) -> Result<Naming, RecordError> {
        let tx: &Tx<'_> = self.tx;
        let mut naming = Naming::default();
        for patient in patients {
            for found in in_record(tx, (*patient, T::DocumentReference), None, &|| self.goes_on())? {
                let InRecord { number, .. } = found?;
                let document = row(tx, number)?;
                self.goes_through(document.json.len())?;
                if let Some(says) = Says::of(&document)?.filter(|says| says.files.contains(file)) {
                    naming.add(&document, &says);
                }
            }
        }
        Ok(naming)
    }

    /// The same of those that the index has, by addresses that name no box: it may be asked about each file that comes or goes over.
    fn naming_by_index(&self, file: &FhirId, patients: &[RowNumber]) -> Result<Naming, RecordError> {
        let tx: &Tx<'_> = self.tx;
        let mut naming = Naming::default();
        let Some(param) = Definitions::r4().search_param(T::DocumentReference, "location") else { return Ok(naming) };
        for head in RELATIVE {
            let mut bytes = (param.id,).to_bytes();
            bytes.extend_from_slice(format!("{head}{file}").as_bytes());
            for found in tx.scan(&URI, KeyRange::prefix_bytes(bytes), Direction::Up)? {
                self.goes_on()?;
                let document = row(tx, found?.0.2)?;
                let is_here = patients.iter().any(|patient| document.is_of(*patient));
                if let Some(says) = Says::of(&document)?.filter(|says| is_here && says.files.contains(file)) {
                    naming.add(&document, &says);
                }
            }
        }
        Ok(naming)
    }

    /// Whether a report of these patients that stands shows a file.
    fn is_of_a_report(&self, file: &FhirId, patients: &[RowNumber]) -> Result<bool, RecordError> {
        let tx: &Tx<'_> = self.tx;
        for patient in patients {
            for found in in_record(tx, (*patient, T::DiagnosticReport), None, &|| self.goes_on())? {
                let report = row(tx, found?.number)?;
                self.goes_through(report.json.len())?;
                if !report.is_of(*patient) || report.sensitivity.is_held() || !may_name(&report) {
                    continue;
                }
                let value: Value = serde_json::from_slice(&report.json).map_err(|_| RecordError::Damaged)?;
                let mut shown = value.get("presentedForm").and_then(Value::as_array).into_iter().flatten();
                let is_wrong = value.get("status").and_then(Value::as_str) == Some("entered-in-error");
                if !is_wrong && shown.any(|one| file_of(one).as_ref() == Some(file)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// As a document stands that is deleted: to the patient's side it is not there any more, nor are its versions and its files. What
/// they withdrew themselves is theirs all the same.
pub(super) fn as_deleted(document: &Row) -> Result<Row, RecordError> {
    if document.kind != T::DocumentReference || document.json.is_empty() {
        return Ok(document.clone());
    }
    let value: Value = serde_json::from_slice(&document.json).map_err(|_| RecordError::Damaged)?;
    let sensitivity = if is_withdrawn(T::DocumentReference, &value) {
        document.sensitivity
    } else {
        document.sensitivity.taken_back()
    };
    Ok(Row { sensitivity, ..document.clone() })
}

/// Whether the clinic stands by a document.
fn stands(document: &Row) -> bool {
    document.state == State::Live && !document.sensitivity.is_taken_back()
}

/// What a document says of files.
#[derive(Debug, Default)]
struct Says {
    files: BTreeSet<FhirId>,
    /// Whether the patient's side alone says it.
    is_theirs: bool,
}

impl Says {
    /// Nothing where it names no file.
    fn of(document: &Row) -> Result<Option<Self>, RecordError> {
        if !may_name(document) {
            return Ok(None);
        }
        Self::always(document).map(Some)
    }

    fn always(document: &Row) -> Result<Self, RecordError> {
        let value: Value = serde_json::from_slice(&document.json).map_err(|_| RecordError::Damaged)?;
        let contents = value.get("content").and_then(Value::as_array).into_iter().flatten();
        let files = contents.filter_map(|content| file_of(content.get("attachment")?)).collect();
        Ok(Self { files, is_theirs: is_their_own(T::DocumentReference, &value) })
    }
}

fn may_name(document: &Row) -> bool {
    document.json.windows(b"Binary/".len()).any(|part| part == b"Binary/")
}

/// The file that an attachment names, at whichever of this box's addresses: under which names it was reached when that was written
/// is not known any more, and no two boxes give the same id.
fn file_of(attachment: &Value) -> Option<FhirId> {
    let url = attachment.get("url")?.as_str()?;
    let path = url.split(['?', '#']).next()?;
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [.., "Binary", id] | [.., "Binary", id, "_history", _] => FhirId::parse(id).ok(),
        _ => None,
    }
}
