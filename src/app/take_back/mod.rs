//! One patient, or one resource, back out of a backup into the running box: looked at first, then kept.
//!
//! The snapshot is restored into a throwaway store, and read there by the same rules as here. Nothing of what it says is shown at
//! the console: types, ids, how far each is along its life (`active`, `stopped`), and how it stands to what the box has now. A record
//! may hold more than there is memory for: it is compared page by page, files by their digests, and what comes is read again when it
//! is kept.

mod compare;
mod files;
mod keep;
mod long;
mod there;
#[cfg(test)]
mod tests;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::error::AppError;
use super::opened::Opened;
use crate::access::{Actor, Reach};
use crate::audit::{Action, Audit, Detail, Purpose};
use crate::backup::{Backups, Brought, TargetSpec, Throwaway, Watch};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::ResourceType;
use crate::record::{Channel, Condition, EverythingAsked, Page, Reading, RecordError, Records, Stored, Why, joined_to};

use compare::{Beside, Named};
use files::files_in;
pub use keep::Kept;
use long::short;
use there::Key;

/// What is to come back.
#[derive(Debug, Clone)]
pub enum Wanted {
    Patient(FhirId),
    Resource(ResourceRef),
}

/// How a resource of the snapshot stands to the box as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The box has it as it is in the snapshot.
    Same,
    /// It was changed since, and by its patient stays so, also where it was deleted after that.
    Differs,
    /// It was deleted since.
    Deleted,
    /// The box never had it.
    Unknown,
    /// It lets somebody see the record, and is not as it was: it stays as it is now, for somebody may have been refused since.
    Access,
    /// It refuses somebody the record, and is there no more.
    Refusal,
    /// It is about another patient, or was or would be, and stays as it is.
    Elsewhere,
    /// A patient's record was joined with another since, or parted from one, and stays so.
    Joined,
    /// Its patient is not in the box, and does not come with it.
    NoPatient,
    /// Its patient's record goes on in another one, and nothing comes into it.
    LedAway,
    /// It was marked as a mistake since, and stays one.
    Mistake,
    /// It is work of the box itself, which is not begun anew.
    OwnWork,
    /// Something that comes back refers to it, it is nobody's own, and the box has it no more.
    Absent,
}

impl Standing {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
            Self::Access => "access",
            Self::Refusal => "refusal",
            Self::Elsewhere => "elsewhere",
            Self::Joined => "joined",
            Self::NoPatient => "no-patient",
            Self::LedAway => "led-away",
            Self::Mistake => "mistake",
            Self::OwnWork => "own-work",
            Self::Absent => "absent",
        }
    }
}

/// A resource of the snapshot.
#[derive(Debug)]
pub struct Item {
    pub kind: ResourceType,
    pub id: FhirId,
    pub stands: Standing,
    /// Whether it comes back.
    pub comes: bool,
    /// Whether it comes back without what would let somebody see the record.
    pub cut: bool,
    /// Whether somebody may see the record by it who may not now.
    pub opens: bool,
    /// Whether it comes back held from the patient, with nothing that would let it go.
    pub held: bool,
    /// Whether numbers or addresses of it stay as the box has them.
    pub ways: bool,
    /// What it said of itself then, in a few words (`active`); none where it says nothing.
    pub was: Option<String>,
    /// The same, as it is in the box, or was last before it was deleted.
    pub is: Option<String>,
    /// The elements that were changed since.
    pub changed: Vec<String>,
    /// What it says, while it is compared; long texts by their digests.
    value: Value,
    /// The same as text, where it comes.
    text: Option<String>,
    /// How long it is where it was read.
    bytes: usize,
    /// What must hold of the box for it to come: nobody changed what it was compared with.
    on: Condition,
}

impl Item {
    fn of(stored: &Stored) -> Result<Self, AppError> {
        let (kind, id, value) = (stored.kind, stored.id.clone(), short(plain(stored)?));
        let (was, is, changed) = (None, None, Vec::new());
        let (stands, on) = (Standing::Unknown, Condition::Absent);
        let (text, bytes) = (None, stored.json.len());
        Ok(Self {
            kind,
            id,
            stands,
            comes: false,
            cut: false,
            opens: false,
            held: false,
            ways: false,
            was,
            is,
            changed,
            value,
            text,
            bytes,
            on,
        })
    }

    /// Lets go of what it says, but for what comes.
    fn compared(mut self) -> Self {
        self.text = self.comes.then(|| self.value.to_string());
        self.value = Value::Null;
        self
    }

    fn key(&self) -> Key {
        (self.kind, self.id.clone())
    }

    /// Whether the box has a version of it now.
    pub const fn is_there(&self) -> bool {
        matches!(self.on, Condition::Version(_))
    }
}

/// What was found in a snapshot.
pub struct Found {
    /// The snapshot's name.
    pub snapshot: String,
    /// That of the newest that was made there, where it is gone and this is an older one.
    pub newest_gone: Option<String>,
    pub items: Vec<Item>,
    /// In which record that of the patient goes on into which something was to come.
    pub goes_on_as: Option<FhirId>,
    /// Into whose records it comes: none of these may be led away.
    into: BTreeSet<FhirId>,
    /// The box of then.
    then: Records,
    throwaway: Throwaway,
}

/// What was looked at so far.
#[derive(Default)]
struct Looked {
    items: Vec<Item>,
    /// What these refer to and is about nobody.
    along: BTreeMap<Key, Item>,
    /// The files that what comes or is there already names by their addresses.
    files: BTreeSet<FhirId>,
}

impl Looked {
    fn take(&mut self, compared: impl IntoIterator<Item = Item>) {
        for item in compared {
            if item.comes || item.stands == Standing::Same {
                files_in(&item.value, &mut self.files);
            }
            self.items.push(item.compared());
        }
    }
}

/// The parts of a box that this needs.
#[derive(Clone)]
pub struct TakeBack {
    backups: Backups,
    records: Records,
    audit: Audit,
    reach: Reach,
    actor: Actor,
}

/// Changes of one transaction.
const AT_ONCE: usize = 200;

impl TakeBack {
    pub fn of(opened: &Opened, job: &str) -> Self {
        Self {
            backups: opened.backups.clone(),
            records: opened.records.clone(),
            audit: opened.audit.clone(),
            reach: opened.config.access.reach,
            actor: Actor::system(job),
        }
    }

    /// What the snapshot has of it, and how it stands to the box as it is now. Blocks.
    pub fn look(&self, from: &TargetSpec, asked: &str, wanted: &Wanted, watch: &dyn Watch) -> Result<Found, AppError> {
        let Brought { name, throwaway, newest_gone } = self.backups.brought(from, asked, watch)?;
        let then = Records::new(Audit::new(throwaway.store.clone(), self.audit.ambient().clone()), self.reach);
        let note = format!("compared with the snapshot {name}");
        let mut looked = Looked::default();
        let into = match wanted {
            Wanted::Resource(reference) => self.look_at_one(reference, &then, &note, &mut looked)?,
            Wanted::Patient(patient) => self.look_at_all(patient, &then, &note, &mut looked)?,
        };
        let files = self.files_of(&then, &mut looked, &into, &note)?;
        let mut items = looked.items;
        items.extend(files.into_iter().map(Item::compared));
        let goes_on_as = self.led_away(&into, &note)?;
        if goes_on_as.is_some() {
            items.iter_mut().filter(|item| item.comes).for_each(|item| item.stays_away(Standing::LedAway));
        }
        let newest_gone = newest_gone.map(|name| name.to_string());
        Ok(Found { snapshot: name.to_string(), newest_gone, items, goes_on_as, into, then, throwaway })
    }

    /// Says of one resource how it stands, and of what must be refused before it comes. Answers with the patients into whose records
    /// it comes.
    fn look_at_one(
        &self,
        reference: &ResourceRef,
        then: &Records,
        note: &str,
        looked: &mut Looked,
    ) -> Result<BTreeSet<FhirId>, AppError> {
        let kind = ResourceType::parse(reference.type_name())
            .ok_or_else(|| AppError::Wrong(format!("there is no type {}", reference.type_name())))?;
        let read = |reading: &mut Reading<'_>| reading.read(kind, &reference.id());
        let mut item = Item::of(&found(then.disclose_blocking(&self.actor, why(IN_BACKUP), read))?.into_inner())?;
        let now = self.now(std::iter::once(item.key()), note)?;
        self.compare_named(&mut item, then, &Named { now: &now, note })?;
        let whose = match kind {
            ResourceType::Patient => BTreeSet::from([item.id.clone()]),
            _ => self.whose(then, &item)?.then,
        };
        for patient in whose.iter().filter(|_| item.comes) {
            for refusal in self.refusals(patient, then, note)? {
                if refusal.key() != item.key() {
                    looked.take([refusal]);
                } else if refusal.value != item.value {
                    // Whoever names it brings back less than it refused last.
                    item.opens = true;
                }
            }
        }
        looked.take([item]);
        // Who somebody is may be set right in each of two records.
        Ok(if kind == ResourceType::Patient { BTreeSet::new() } else { whose })
    }

    /// Says of all that is a patient's how it stands.
    fn look_at_all(
        &self,
        patient: &FhirId,
        then: &Records,
        note: &str,
        looked: &mut Looked,
    ) -> Result<BTreeSet<FhirId>, AppError> {
        let in_care = self.in_care(patient, note)?;
        let mut asked = EverythingAsked {
            patient: Some(patient.clone()),
            kinds: None,
            since: None,
            care: None,
            count: None,
            cursor: None,
        };
        loop {
            let page = then.disclose_blocking(&self.actor, why(IN_BACKUP), |reading| reading.everything(&asked));
            let Page { matches, included, next, .. } = found(page)?.into_inner();
            let mut items = matches.iter().map(Item::of).collect::<Result<Vec<_>, _>>()?;
            for one in included.iter().map(Item::of) {
                let one = one?;
                looked.along.insert(one.key(), one);
            }
            drop((matches, included));
            let now = self.now(items.iter().map(Item::key), note)?;
            let beside = Beside { patient, then, now: &now, in_care: &in_care, note };
            items.iter_mut().try_for_each(|item| self.compare(item, &beside))?;
            looked.take(items);
            asked.cursor = next;
            if asked.cursor.is_none() {
                break;
            }
        }
        // A Consent of the snapshot stands as it was found there.
        let known: BTreeSet<Key> = looked.items.iter().map(Item::key).collect();
        let refusals = self.refusals(patient, then, note)?;
        looked.take(refusals.into_iter().filter(|one| !known.contains(&one.key())));
        let comes = |item: &Item| item.comes && item.kind == ResourceType::Patient && item.id == *patient;
        if !looked.items.iter().any(comes) && !self.is_here(patient, note)? {
            let all = looked.items.iter_mut().filter(|item| item.comes);
            all.for_each(|item| item.stays_away(Standing::NoPatient));
            looked.files.clear();
        }
        Ok(BTreeSet::from([patient.clone()]))
    }

    /// In which record that of one of these patients goes on, if it was joined to another.
    fn led_away(&self, patients: &BTreeSet<FhirId>, note: &str) -> Result<Option<FhirId>, AppError> {
        let keys = patients.iter().map(|patient| (ResourceType::Patient, patient.clone()));
        for ((_, patient), there) in self.now(keys, note)? {
            if let Some(next) = there.value().and_then(joined_to).and_then(|to| FhirId::parse(to).ok()) {
                return Ok(Some(self.records.goes_on_as(&patient)?.unwrap_or(next)));
            }
        }
        Ok(None)
    }
}

impl Item {
    /// Nothing comes into a record that goes on in another one, or that nobody could open.
    fn stays_away(&mut self, stands: Standing) {
        (self.stands, self.comes) = (stands, false);
        (self.opens, self.held, self.ways) = (false, false, false);
    }
}

/// What it says, without how delicate it is.
fn unlabelled(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(meta) = value.get_mut(META).and_then(Value::as_object_mut) {
        meta.shift_remove("security");
    }
    without_empty_meta(value)
}

const META: &str = "meta";

/// Why something is read of a snapshot.
const IN_BACKUP: &str = "read in a backup";

fn without_empty_meta(mut value: Value) -> Value {
    if value.get(META).and_then(Value::as_object).is_some_and(serde_json::Map::is_empty)
        && let Some(fields) = value.as_object_mut()
    {
        fields.shift_remove(META);
    }
    value
}

fn why(note: &str) -> Why {
    let detail = Detail::note(note.to_owned());
    Why { action: Action::Read, purpose: Purpose::SysAdmin, detail, channel: Channel::Screen }
}

fn unreadable() -> AppError {
    AppError::Wrong("a resource of the backup cannot be read".into())
}

fn found<T>(read: Result<T, RecordError>) -> Result<T, AppError> {
    read.map_err(|error| match error {
        RecordError::NotFound | RecordError::Gone => AppError::Wrong("the snapshot does not have it".into()),
        other => other.into(),
    })
}

/// What it says, without what the box writes into it.
fn plain(stored: &Stored) -> Result<Value, AppError> {
    let mut value: Value = serde_json::from_slice(&stored.json).map_err(|_| unreadable())?;
    if let Some(meta) = value.get_mut(META).and_then(Value::as_object_mut) {
        meta.shift_remove("versionId");
        meta.shift_remove("lastUpdated");
    }
    Ok(without_empty_meta(value))
}
