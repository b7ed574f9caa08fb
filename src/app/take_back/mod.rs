//! One patient, or one resource, back out of a backup into the running box: looked at first, then kept.
//!
//! The snapshot is restored into a throwaway store, and read there by the same rules as here. Nothing of what it says is shown at
//! the console: types, ids, how far each is along its life (`active`, `stopped`), and how it stands to what the box has now.

mod compare;
mod files;
mod keep;
mod there;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::error::AppError;
use super::opened::Opened;
use crate::access::{Actor, Reach};
use crate::audit::{Action, Audit, Detail, Purpose};
use crate::backup::{Backups, TargetSpec, Watch};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::ResourceType;
use crate::record::{Channel, Condition, EverythingAsked, RecordError, Records, Stored, Why, joined_to};

use compare::{Beside, Named};
pub use keep::Kept;
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
    /// What it said of itself then, in a few words (`active`); none where it says nothing.
    pub was: Option<String>,
    /// The same, as it is in the box, or was last before it was deleted.
    pub is: Option<String>,
    /// The elements that were changed since.
    pub changed: Vec<String>,
    value: Value,
    /// What must hold of the box for it to come: nobody changed what it was compared with.
    on: Condition,
}

impl Item {
    fn of(stored: &Stored) -> Result<Self, AppError> {
        let (kind, id, value) = (stored.kind, stored.id.clone(), plain(stored)?);
        let (was, is, changed) = (None, None, Vec::new());
        let (stands, on) = (Standing::Unknown, Condition::Absent);
        Ok(Self { kind, id, stands, comes: false, cut: false, opens: false, was, is, changed, value, on })
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
#[derive(Debug)]
pub struct Found {
    /// The snapshot's name.
    pub snapshot: String,
    pub items: Vec<Item>,
    /// In which record that of the patient goes on into which something was to come.
    pub goes_on_as: Option<FhirId>,
    /// Into whose records it comes: none of these may be led away.
    into: BTreeSet<FhirId>,
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
        let (name, throwaway) = self.backups.brought(from, asked, watch)?;
        let then = Records::new(Audit::new(throwaway.store.clone(), self.audit.ambient().clone()), self.reach);
        let note = format!("compared with the snapshot {name}");
        let (stored, along) = self.of_snapshot(&then, wanted)?;
        let mut items = stored.iter().map(Item::of).collect::<Result<Vec<_>, _>>()?;
        let into = self.compare_all(&mut items, wanted, &then, &note)?;
        let files = self.files_of(&then, &items, &along, &into, &note)?;
        items.extend(files);
        let goes_on_as = self.led_away(&into, &note)?;
        if goes_on_as.is_some() {
            items.iter_mut().filter(|item| item.comes).for_each(Item::stays_away);
        }
        Ok(Found { snapshot: name.to_string(), items, goes_on_as, into })
    }

    /// Says of each how it stands. Answers with the patients into whose records it comes.
    fn compare_all(
        &self,
        items: &mut Vec<Item>,
        wanted: &Wanted,
        then: &Records,
        note: &str,
    ) -> Result<BTreeSet<FhirId>, AppError> {
        let now = self.now(items.iter().map(Item::key), note)?;
        match wanted {
            Wanted::Resource(_) => {
                let (mut into, mut of) = (BTreeSet::new(), BTreeSet::new());
                for item in items.iter_mut() {
                    self.compare_named(item, then, &Named { now: &now, note })?;
                    // Who somebody is may be set right in each of two records.
                    let whose = match item.kind {
                        ResourceType::Patient => BTreeSet::from([item.id.clone()]),
                        _ => self.whose(then, item)?.then,
                    };
                    of.extend(whose.iter().filter(|_| item.comes).cloned());
                    into.extend(whose.into_iter().filter(|_| item.kind != ResourceType::Patient));
                }
                for patient in &of {
                    self.add_refusals(patient, items, then, note)?;
                }
                Ok(into)
            }
            Wanted::Patient(patient) => {
                let in_care = self.in_care(patient, note)?;
                let beside = Beside { patient, then, now: &now, in_care: &in_care };
                items.iter_mut().try_for_each(|item| self.compare(item, &beside))?;
                self.add_refusals(patient, items, then, note)?;
                Ok(BTreeSet::from([patient.clone()]))
            }
        }
    }

    /// Adds what must be refused before anything of a patient comes. A Consent that is among the rest comes as it was found there.
    fn add_refusals(
        &self,
        patient: &FhirId,
        items: &mut Vec<Item>,
        then: &Records,
        note: &str,
    ) -> Result<(), AppError> {
        for refusal in self.refusals(patient, then, note)? {
            match items.iter_mut().find(|item| item.key() == refusal.key()) {
                // Whoever names it may bring back less than it refused last.
                Some(item) => item.opens |= item.comes && item.value != refusal.value,
                None => items.push(refusal),
            }
        }
        Ok(())
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

    /// What is asked for, and what that refers to and is about nobody.
    fn of_snapshot(&self, then: &Records, wanted: &Wanted) -> Result<(Vec<Stored>, Vec<Stored>), AppError> {
        let why = || why(IN_BACKUP);
        match wanted {
            Wanted::Resource(reference) => {
                let kind = ResourceType::parse(reference.type_name())
                    .ok_or_else(|| AppError::Wrong(format!("there is no type {}", reference.type_name())))?;
                let one = then.disclose_blocking(&self.actor, why(), |reading| reading.read(kind, &reference.id()));
                Ok((vec![found(one)?.into_inner()], Vec::new()))
            }
            Wanted::Patient(patient) => {
                let (mut all, mut along) = (Vec::new(), BTreeMap::new());
                let mut cursor = None;
                loop {
                    let asked = EverythingAsked {
                        patient: Some(patient.clone()),
                        kinds: None,
                        since: None,
                        care: None,
                        count: None,
                        cursor,
                    };
                    let page = then.disclose_blocking(&self.actor, why(), |reading| reading.everything(&asked));
                    let page = found(page)?.into_inner();
                    all.extend(page.matches);
                    along.extend(page.included.into_iter().map(|one| ((one.kind, one.id.clone()), one)));
                    cursor = page.next;
                    if cursor.is_none() {
                        return Ok((all, along.into_values().collect()));
                    }
                }
            }
        }
    }
}

impl Item {
    /// Nothing comes into a record that goes on in another one.
    fn stays_away(&mut self) {
        (self.stands, self.comes, self.opens) = (Standing::LedAway, false, false);
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

fn found<T>(read: Result<T, RecordError>) -> Result<T, AppError> {
    read.map_err(|error| match error {
        RecordError::NotFound | RecordError::Gone => AppError::Wrong("the snapshot does not have it".into()),
        other => other.into(),
    })
}

/// What it says, without what the box writes into it.
fn plain(stored: &Stored) -> Result<Value, AppError> {
    let mut value: Value = serde_json::from_slice(&stored.json)
        .map_err(|_| AppError::Wrong("a resource of the backup cannot be read".into()))?;
    if let Some(meta) = value.get_mut(META).and_then(Value::as_object_mut) {
        meta.shift_remove("versionId");
        meta.shift_remove("lastUpdated");
    }
    Ok(without_empty_meta(value))
}
