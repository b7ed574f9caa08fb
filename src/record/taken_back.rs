//! The files of a document that the clinic took back, or deleted, or that turned out to be another patient's. Such a file is none of
//! the patient's any more when no document of the clinic's that stands names it, and is theirs again with the document. Where the
//! file says itself that it is the document's (`securityContext`), it follows that anyway.
//!
//! To delete a document is not to say that it was wrong. What else of the clinic's shows the file and stands (a report, a picture, a
//! letter, answers) keeps it then; where the document is said to be wrong, the file is wrong wherever it is shown.
//!
//! What the patient's side says of a file neither keeps nor opens one that a document of the clinic's named: they may name any. What
//! they brought themselves is theirs as long as something of theirs names it, whoever else named it and took that back. Who brought
//! a file is noted when it is stored (`BROUGHT`); before that was done, it came in one moment with its document.
//!
//! Which resources name a file stands in the index of references, by whichever of this box's addresses they name it: what is asked
//! for one file does not grow with the record.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::OF_A_GROUP;
use super::error::RecordError;
use super::following::{Standing, followed, follows_a_document};
use super::index::{Completed, FILES, local_hash};
use super::layout::{BROUGHT, COMPARTMENT, REFERENCE, URI, VERSIONS};
use super::numbers::{as_stored, find, row};
use super::prepared::{Prepared, local_reference};
use super::rows::{Row, RowNumber, State};
use super::writing::{Writing, put_current};
use crate::access::{OwnWords, is_their_own, is_withdrawn};
use crate::base::FhirId;
use crate::fhir::{Definitions, ResourceType as T};
use crate::store::{Desc, Direction, Key as _, KeyRange, ReadExt as _, Tx};

/// How documents name a file by a relative address.
const RELATIVE: [&str; 3] = ["Binary/", "./Binary/", "/fhir/Binary/"];

/// How long the files of the first document of a group may take.
const OF_THE_FIRST: Duration = Duration::from_secs(10);

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

/// What names a file.
#[derive(Debug, Default)]
struct Naming {
    documents: BTreeSet<By>,
    /// Something else of the clinic's that stands.
    is_shown: bool,
    /// Something else of the patient's side that stands.
    is_shown_by_them: bool,
    /// Whether the patient's side brought it.
    is_brought: bool,
}

impl Naming {
    fn add(&mut self, document: &Row, says: &Says) {
        self.documents.insert(match (document.sensitivity.is_taken_back(), says.is_theirs) {
            (false, false) => By::Clinic,
            (false, true) => By::Them,
            (true, false) => By::ClinicTakenBack,
            (true, true) => By::ThemTakenBack,
        });
    }

    fn is(&self, by: By) -> bool {
        self.documents.contains(&by)
    }

    /// Whether it is theirs whatever the clinic said of it.
    fn is_their_own(&self) -> bool {
        self.is_brought && (self.is(By::Them) || self.is_shown_by_them)
    }
}

/// What names files, as far as it was read for one change: each once, whichever of its files is asked about.
type Known = BTreeMap<RowNumber, Namer>;

/// Something that may name files.
#[derive(Debug, Clone)]
struct Namer {
    /// Without its text.
    row: Row,
    /// What it says, where it is a document that names some.
    says: Option<Says>,
    /// The files that it shows, where it is none and stands.
    shows: BTreeSet<FhirId>,
}

/// How what names a file is looked for in a store of an older program whose index is not completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
    /// In everything of its patients.
    Through,
    /// Among documents, by addresses that name no box: it may be asked about each file that comes or goes over.
    Quick,
}

/// A change of a document.
struct Changed<'a> {
    before: Option<&'a Row>,
    after: &'a Row,
    /// What it says now; of one that was deleted, what it said last.
    says: Says,
    /// Whether it did not stand before, and does.
    is_restored: bool,
    /// Whether it is not in the record of one of its patients any more.
    is_left: bool,
}

impl Writing<'_, '_, '_> {
    /// A document was stored or deleted: its files go with it where it does not stand any more, or not in their patients' records,
    /// and come again with it.
    ///
    /// A document with many files can be taken back, too: the first of a group has more time than all of it. The others can be sent
    /// by themselves.
    pub(super) fn files_go_with(
        &mut self,
        number: RowNumber,
        before: Option<&Row>,
        after: &Row,
    ) -> Result<(), RecordError> {
        if after.kind != T::DocumentReference {
            return Ok(());
        }
        let all = self.stay.all;
        // What is only tried is done again in its turn.
        let is_free = self.place == 0 && all >= OF_A_GROUP && OwnWords::of(self.actor).is_none();
        if !is_free {
            return self.files_go(number, before, after);
        }
        let begun = self.ambient.now();
        self.stay.all = all.max(OF_THE_FIRST);
        let gone = self.files_go(number, before, after);
        self.stay.all = all.saturating_add(self.ambient.now().duration_since(begun).unsigned_abs());
        gone
    }

    fn files_go(&mut self, number: RowNumber, before: Option<&Row>, after: &Row) -> Result<(), RecordError> {
        let left = |before: &Row| before.patients.iter().any(|patient| !after.patients.contains(patient));
        let is_left = before.is_some_and(left);
        let is_restored = stands(after) && before.map_or(after.version > 1, |before| !stands(before));
        let files_of = |version: &Row| {
            Ok::<BTreeSet<FhirId>, RecordError>(Says::of(version)?.map(|says| says.files).unwrap_or_default())
        };
        let mut files = files_of(after)?;
        if !stands(after) || is_left || is_restored {
            // The version that takes it back need not name them any more. Of what comes back the last version that stood, and what
            // was said after it, was wrong: of the files of that only those that are named now are right.
            let (mut past, mut wrong) = (BTreeSet::new(), BTreeSet::new());
            let mut was_wrong = is_restored && !is_left;
            let tx: &Tx<'_> = self.tx;
            for version in tx.scan(&VERSIONS, KeyRange::prefix(&(number,)), Direction::Up)? {
                let (_, version) = version?;
                self.goes_through(version.json.len())?;
                let named = files_of(&version)?;
                if was_wrong {
                    wrong.extend(named);
                    was_wrong = !stands(&version);
                } else {
                    past.extend(named);
                }
            }
            files.extend(past.difference(&wrong).cloned());
        }
        if files.is_empty() {
            return Ok(());
        }
        let last = if after.state == State::Live { Some(after) } else { before };
        let says = last.map(Says::always).transpose()?.unwrap_or_default();
        let changed = Changed { before, after, says, is_restored, is_left };
        let mut known = Known::new();
        for file in files {
            self.goes_on()?;
            self.file_goes_with(&file, &changed, &mut known)?;
        }
        Ok(())
    }

    fn file_goes_with(&mut self, file: &FhirId, changed: &Changed<'_>, known: &mut Known) -> Result<(), RecordError> {
        let Changed { before, after, says, is_restored, is_left } = changed;
        let tx: &Tx<'_> = self.tx;
        let Some(number) = find(tx, T::Binary, file)? else { return Ok(()) };
        let patients = row(tx, number)?.patients;
        let stored = as_stored(tx, number)?;
        let was = stored.sensitivity.is_taken_back();
        let is_here = |document: &&Row| patients.iter().any(|patient| document.patients.contains(patient));
        let stands_here = stands(after) && is_here(after);
        let concerns = is_here(after) || before.as_ref().is_some_and(is_here);
        let is_named = says.files.contains(file);
        let comes_back = was && (is_named || *is_restored && !is_left);
        if stored.state != State::Live || !concerns || stands_here && !comes_back {
            return Ok(());
        }
        // Who joins two records moves very many of them.
        let search = if !stands_here && stands(after) { Search::Quick } else { Search::Through };
        let naming = self.naming((number, file), &patients, search, known)?;
        let is_wrong = match (stands_here, says.is_theirs) {
            // A version before named it, and perhaps a document that was wrong.
            (true, false) if !is_named => !naming.is(By::Clinic) && naming.is(By::ClinicTakenBack),
            (_, false) => !naming.is(By::Clinic),
            (true, true) => naming.is(By::ClinicTakenBack) || !is_restored,
            (false, true) => {
                let keep = naming.is(By::Them) && !(was && naming.is(By::ClinicTakenBack));
                !naming.is(By::Clinic) && !keep
            }
        };
        let is_taken_back = is_wrong && !naming.is_their_own();
        let was_said = stands_here || after.state == State::Live && after.sensitivity.is_taken_back();
        if was == is_taken_back {
            return Ok(());
        }
        if is_taken_back && !was_said {
            let mut all = || self.naming((number, file), &patients, Search::Through, known);
            if naming.is_shown || search == Search::Quick && all()?.is_shown {
                return Ok(());
            }
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
        (number, id): (RowNumber, &FhirId),
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
            let search = if moved { Search::Quick } else { Search::Through };
            let naming = self.naming((number, id), &standing.patients, search, &mut Known::new())?;
            let is_theirs = moved && naming.is(By::Them) && !naming.is(By::ClinicTakenBack);
            !(naming.is(By::Clinic) || is_theirs || naming.is_their_own())
        } else if is_new {
            let naming = self.naming((number, id), &standing.patients, Search::Quick, &mut Known::new())?;
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

    /// Notes what the patient's side brings: a file, and what names one and is no document, which says itself whose it is.
    pub(super) fn note_brought(
        &mut self,
        number: RowNumber,
        old: Option<&Row>,
        prepared: &Prepared,
    ) -> Result<(), RecordError> {
        let is_file = prepared.kind == T::Binary && old.is_none();
        let names = prepared.kind != T::DocumentReference && prepared.names_files;
        if !(is_file || names) || OwnWords::of(self.actor).is_none() {
            return Ok(());
        }
        if names && let Some(old) = old.filter(|old| old.state == State::Live) {
            // Whoever named it before, they did not.
            let before: Value = serde_json::from_slice(&old.json).map_err(|_| RecordError::Damaged)?;
            let named = files_named(prepared.kind, &prepared.resource()?);
            if named.is_subset(&files_named(prepared.kind, &before)) {
                return Ok(());
            }
        }
        Ok(self.tx.put(&BROUGHT, &(number,), &())?)
    }

    /// What of these patients names a file.
    fn naming(
        &self,
        (number, file): (RowNumber, &FhirId),
        patients: &[RowNumber],
        search: Search,
        known: &mut Known,
    ) -> Result<Naming, RecordError> {
        let tx: &Tx<'_> = self.tx;
        let is_brought = tx.get(&BROUGHT, &(number,))?.is_some();
        let mut naming = Naming { is_brought, ..Naming::default() };
        for one in self.perhaps_naming(file, patients, search)? {
            self.goes_on()?;
            let known_one = match known.entry(one) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(self.namer(one)?),
            };
            let Namer { row: named_by, says, shows } = &*known_one;
            if !patients.iter().any(|patient| named_by.is_of(*patient)) {
                continue;
            }
            if let Some(says) = says.as_ref().filter(|says| says.files.contains(file)) {
                naming.add(named_by, says);
                let may_tell = says.is_theirs && !naming.is_brought;
                naming.is_brought |= may_tell && self.came_with(number, one)?;
            } else if shows.contains(file) {
                let is_theirs = tx.get(&BROUGHT, &(one,))?.is_some();
                naming.is_shown |= !is_theirs;
                naming.is_shown_by_them |= is_theirs;
            }
        }
        Ok(naming)
    }

    /// Reads what may name files.
    fn namer(&self, number: RowNumber) -> Result<Namer, RecordError> {
        let row = as_stored(&**self.tx, number)?;
        self.goes_through(row.json.len())?;
        let is_document = row.kind == T::DocumentReference;
        let says = if is_document { Says::of(&row)? } else { None };
        let shows = if is_document { BTreeSet::new() } else { shown_by(&row)? };
        Ok(Namer { row: Row { json: Bytes::new(), ..row }, says, shows })
    }

    /// Rows of what may name a file: all that does is among them.
    fn perhaps_naming(
        &self,
        file: &FhirId,
        patients: &[RowNumber],
        search: Search,
    ) -> Result<BTreeSet<RowNumber>, RecordError> {
        let tx: &Tx<'_> = self.tx;
        let mut found = BTreeSet::new();
        if Completed::of(tx)? >= Completed::WHOLE {
            let head = (FILES, local_hash(T::Binary, file.as_str()));
            for entry in tx.scan(&REFERENCE, KeyRange::prefix(&head), Direction::Up)? {
                self.goes_on()?;
                found.insert(entry?.0.2);
            }
        } else if search == Search::Through {
            for patient in patients {
                for entry in tx.scan(&COMPARTMENT, KeyRange::prefix(&(*patient,)), Direction::Up)? {
                    let (_, kind, _, number) = entry?.0;
                    self.goes_on()?;
                    let names_none = T::from_number(kind).is_none_or(tells_of_files);
                    if !names_none && may_name(&as_stored(tx, number)?) {
                        found.insert(number);
                    }
                }
            }
        } else if let Some(param) = Definitions::r4().search_param(T::DocumentReference, "location") {
            for head in RELATIVE {
                let mut bytes = (param.id,).to_bytes();
                bytes.extend_from_slice(format!("{head}{file}").as_bytes());
                for entry in tx.scan(&URI, KeyRange::prefix_bytes(bytes), Direction::Up)? {
                    self.goes_on()?;
                    found.insert(entry?.0.2);
                }
            }
        }
        Ok(found)
    }

    /// Whether a file came in one moment with a document that was the patient's side's from the beginning.
    fn came_with(&self, file: RowNumber, document: RowNumber) -> Result<bool, RecordError> {
        let tx: &Tx<'_> = self.tx;
        let first = |number: RowNumber| -> Result<Option<Row>, RecordError> {
            let now = as_stored(tx, number)?;
            if now.version == 1 { Ok(Some(now)) } else { Ok(tx.get(&VERSIONS, &(number, Desc(1)))?) }
        };
        let (Some(file), Some(document)) = (first(file)?, first(document)?) else { return Ok(false) };
        Ok(file.updated == document.updated && Says::always(&document)?.is_theirs)
    }
}

/// The files that a resource that is no document shows to the patient, where it stands.
fn shown_by(row: &Row) -> Result<BTreeSet<FhirId>, RecordError> {
    if row.state != State::Live || row.sensitivity.is_held() || row.sensitivity.is_taken_back() {
        return Ok(BTreeSet::new());
    }
    let value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
    let is_wrong = value.get("status").and_then(Value::as_str) == Some("entered-in-error");
    Ok(if is_wrong { BTreeSet::new() } else { files_named(row.kind, &value) })
}

/// Whether a resource of this type only tells of files, and shows none.
const fn tells_of_files(kind: T) -> bool {
    matches!(kind, T::Provenance | T::Binary | T::AuditEvent)
}

/// The files that a resource shows, anywhere in it: by an address, or by a reference.
pub(super) fn files_named(kind: T, resource: &Value) -> BTreeSet<FhirId> {
    let mut found = BTreeSet::new();
    if !tells_of_files(kind) {
        collect_files(resource, &mut found);
    }
    found
}

fn collect_files(value: &Value, into: &mut BTreeSet<FhirId>) {
    match value {
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str);
            into.extend(text("url").and_then(file_at));
            let reference = text("reference").filter(|to| to.starts_with("Binary/")).and_then(local_reference);
            into.extend(reference.map(|one| one.id()));
            members.values().for_each(|child| collect_files(child, into));
        }
        Value::Array(items) => items.iter().for_each(|child| collect_files(child, into)),
        _ => {}
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
#[derive(Debug, Clone, Default)]
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
        let urls = contents.filter_map(|content| content.pointer("/attachment/url")?.as_str());
        let files = urls.filter_map(file_at).collect();
        Ok(Self { files, is_theirs: is_their_own(T::DocumentReference, &value) })
    }
}

/// Whether a resource may name files; most have nothing to be read for.
fn may_name(row: &Row) -> bool {
    std::str::from_utf8(&row.json).is_ok_and(|text| text.contains("Binary/"))
}

/// The file that lies at an address, whichever of this box's it is: under which names it was reached when that was written is not
/// known any more, and no two boxes give the same id.
fn file_at(url: &str) -> Option<FhirId> {
    let path = url.split(['?', '#']).next().filter(|path| path.contains("Binary/"))?;
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [.., "Binary", id] | [.., "Binary", id, "_history", _] => FhirId::parse(id).ok(),
        _ => None,
    }
}
