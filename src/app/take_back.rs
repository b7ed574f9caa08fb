//! One patient, or one resource, back out of a backup into the running box: looked at first, then kept.
//!
//! The snapshot is restored into a throwaway store, and read there by the same rules as here. Nothing of what it says is shown at
//! the console: types, ids, and whether they differ from what the box has now.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::error::AppError;
use super::opened::Opened;
use crate::access::{Actor, Reach};
use crate::audit::{Action, Audit, Detail, Purpose};
use crate::backup::{Backups, TargetSpec, Watch};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::search::compartment_patients;
use crate::fhir::{Definitions, Mode, ResourceType};
use crate::record::{
    Change, Channel, Condition, EverythingAsked, Reading, RecordError, Records, Stored, Transaction, Why, WrittenAs,
    carers, followed, keep_carers, refuses, without_access,
};

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
    /// It was changed since.
    Differs,
    /// It was deleted since.
    Deleted,
    /// The box never had it.
    Unknown,
    /// It lets somebody see the record, and is not as it was: it stays as it is now, for somebody may have been refused since.
    Access,
    /// It refuses somebody the record, and is there no more.
    Refusal,
    /// It is about another patient now, and stays in their record.
    Elsewhere,
    /// A patient's record was joined with another since, or parted from one, and stays so.
    Joined,
    /// It was marked as a mistake since, and stays one.
    Mistake,
    /// It was called off since, and stays so.
    CalledOff,
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
            Self::Mistake => "mistake",
            Self::CalledOff => "called-off",
            Self::Absent => "absent",
        }
    }

    /// Whether the box has no version of it now.
    const fn is_not_there(self) -> bool {
        matches!(self, Self::Deleted | Self::Unknown)
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
    value: Value,
}

impl Item {
    fn of(stored: &Stored) -> Result<Self, AppError> {
        let (kind, id, value) = (stored.kind, stored.id.clone(), plain(stored)?);
        Ok(Self { kind, id, stands: Standing::Unknown, comes: false, cut: false, value })
    }

    fn key(&self) -> (ResourceType, FhirId) {
        (self.kind, self.id.clone())
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
    pub fn look(
        &self,
        from: &TargetSpec,
        asked: &str,
        wanted: &Wanted,
        watch: &dyn Watch,
    ) -> Result<(String, Vec<Item>), AppError> {
        let (name, throwaway) = self.backups.brought(from, asked, watch)?;
        let then = Records::new(Audit::new(throwaway.store.clone(), self.audit.ambient().clone()), self.reach);
        let (stored, along) = self.of_snapshot(&then, wanted)?;
        let mut items = stored.iter().map(Item::of).collect::<Result<Vec<_>, _>>()?;
        let mut along = along.iter().map(Item::of).collect::<Result<Vec<_>, _>>()?;
        let note = format!("compared with the snapshot {name}");
        let now = self.now(items.iter().map(Item::key), &note)?;
        match wanted {
            Wanted::Resource(_) => items.iter_mut().for_each(|item| all_of_it(item, &now)),
            Wanted::Patient(patient) => {
                let in_care = self.in_care(patient, &note)?;
                let beside = Beside { patient, now: &now, in_care: &in_care, note: &note };
                for item in &mut items {
                    self.compare(item, &beside)?;
                }
            }
        }
        along.extend(self.files_of(&then, &items, &along)?);
        drop(then);
        drop(throwaway);
        let now = self.now(along.iter().map(Item::key), &note)?;
        along.retain_mut(|item| {
            let there = now.get(&item.key());
            // A file that is about nobody else comes with what names it.
            (item.stands, item.comes) = match there {
                Some(There::Live(_)) => return false,
                Some(There::Gone) if item.kind == ResourceType::Binary => (Standing::Deleted, true),
                None if item.kind == ResourceType::Binary => (Standing::Unknown, true),
                _ => (Standing::Absent, false),
            };
            true
        });
        items.append(&mut along);
        Ok((name.to_string(), items))
    }

    /// What is asked for, and what that refers to and is about nobody.
    fn of_snapshot(&self, then: &Records, wanted: &Wanted) -> Result<(Vec<Stored>, Vec<Stored>), AppError> {
        let why = || why("read in a backup");
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

    /// The files that these resources point to by an address alone, and that are in nobody else's record.
    fn files_of(&self, then: &Records, items: &[Item], along: &[Item]) -> Result<Vec<Item>, AppError> {
        let mut files = BTreeSet::new();
        let stays = |item: &&Item| !item.comes && item.stands != Standing::Same;
        for item in items.iter().filter(|item| !stays(item)) {
            files_in(&item.value, &mut files);
        }
        let known: BTreeSet<FhirId> = items
            .iter()
            .chain(along)
            .filter(|item| item.kind == ResourceType::Binary)
            .map(|item| item.id.clone())
            .collect();
        let whose: BTreeSet<String> = items.iter().flat_map(|item| about(item.kind, &item.value)).collect();
        let mut found = Vec::new();
        for id in files.difference(&known) {
            let read = |reading: &mut Reading<'_>| reading.read(ResourceType::Binary, id);
            match then.disclose_blocking(&self.actor, why("read in a backup"), read) {
                Ok(one) => found.push(Item::of(&one.into_inner())?),
                Err(RecordError::Gone | RecordError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        found.retain(|item| about(item.kind, &item.value).is_subset(&whose));
        Ok(found)
    }

    /// How the box has these now; of what it never had it says nothing.
    fn now(
        &self,
        keys: impl Iterator<Item = (ResourceType, FhirId)>,
        note: &str,
    ) -> Result<BTreeMap<(ResourceType, FhirId), There>, AppError> {
        let keys: Vec<(ResourceType, FhirId)> = keys.collect();
        let mut all = BTreeMap::new();
        for part in keys.chunks(AT_ONCE) {
            let mut gone = Vec::new();
            let live = self.records.disclose_blocking(&self.actor, why(note), |reading| {
                let mut all = reading.nothing::<Stored>();
                for (kind, id) in part {
                    match reading.read(*kind, id) {
                        Ok(one) => {
                            all = all.zip(one).map(|(mut all, one)| {
                                all.push(one);
                                all
                            });
                        }
                        Err(RecordError::Gone) => gone.push((*kind, id.clone())),
                        Err(RecordError::NotFound) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(all)
            })?;
            for one in live.iter() {
                all.insert((one.kind, one.id.clone()), There::Live(plain(one)?));
            }
            all.extend(gone.into_iter().map(|key| (key, There::Gone)));
        }
        Ok(all)
    }

    /// Who is in the patient's care now, where that decides who sees the record.
    fn in_care(&self, patient: &FhirId, note: &str) -> Result<BTreeSet<ResourceRef>, AppError> {
        use ResourceType::{Appointment, CareTeam, Encounter, Patient};
        let mut in_care = BTreeSet::new();
        if self.reach != Reach::CareTeam {
            return Ok(in_care);
        }
        for kind in [CareTeam, Appointment, Encounter, Patient] {
            let of_kind = |reading: &mut Reading<'_>| reading.of_patient(patient, kind, usize::MAX);
            let all = self.records.disclose_blocking(&self.actor, why(note), of_kind)?;
            for one in &all.found {
                in_care.extend(carers(kind, &plain(one)?));
            }
        }
        Ok(in_care)
    }

    /// How one of a patient's record stands, and as what it comes back: nobody sees by it what they do not see now.
    fn compare(&self, item: &mut Item, beside: &Beside<'_>) -> Result<(), AppError> {
        let there = beside.now.get(&item.key());
        if let (Some(There::Live(now)), Reach::CareTeam) = (there, self.reach) {
            keep_carers(item.kind, now, &mut item.value);
        }
        let without = without_access(item.kind, item.value.clone(), self.reach, beside.in_care);
        item.stands = match there {
            Some(There::Live(now)) if unlabelled(now) == unlabelled(&item.value) => Standing::Same,
            Some(There::Live(now)) if item.kind == ResourceType::Patient && links(now) != links(&item.value) => {
                Standing::Joined
            }
            Some(There::Live(now)) if self.is_about_others(item, now, beside)? => Standing::Elsewhere,
            Some(There::Live(_)) if decides_access(item.kind) => Standing::Access,
            Some(There::Live(now)) if is_mistake(now) && !is_mistake(&item.value) => Standing::Mistake,
            Some(There::Live(now)) if is_called_off(now) && !is_called_off(&item.value) => Standing::CalledOff,
            Some(There::Live(_)) => Standing::Differs,
            Some(There::Gone) | None if refuses(item.kind, &item.value) => Standing::Refusal,
            Some(There::Gone) => Standing::Deleted,
            None => Standing::Unknown,
        };
        match without {
            Some((value, cut)) => (item.value, item.cut) = (value, cut),
            // What only lets somebody see stays as it is.
            None if item.stands != Standing::Same => item.stands = Standing::Access,
            None => {}
        }
        let gone = item.stands.is_not_there();
        item.comes = gone || matches!(item.stands, Standing::Differs | Standing::Refusal);
        Ok(())
    }

    /// Whether something is about somebody now whom it was not about then.
    fn is_about_others(&self, item: &Item, now: &Value, beside: &Beside<'_>) -> Result<bool, AppError> {
        let mut then = about(item.kind, &item.value);
        then.insert(beside.patient.to_string());
        if !about(item.kind, now).is_subset(&then) {
            return Ok(true);
        }
        let before = followed(item.kind, &item.value);
        let new = followed(item.kind, now).into_iter().filter(|one| !before.contains(one));
        let keys = new.filter_map(|one| Some((ResourceType::parse(one.type_name())?, one.id())));
        let leads = self.now(keys, beside.note)?;
        let whose = |((kind, _), there): (&(ResourceType, FhirId), &There)| match there {
            There::Live(value) => about(*kind, value),
            There::Gone => BTreeSet::new(),
        };
        Ok(!leads.iter().flat_map(whose).collect::<BTreeSet<_>>().is_subset(&then))
    }

    /// Keeps what comes back, as new versions: nothing that the box has is lost by it. Answers with how many were written. Blocks.
    pub fn keep(&self, items: Vec<Item>, name: &str) -> Result<u64, AppError> {
        let mut items: Vec<Item> = items.into_iter().filter(|item| item.comes).collect();
        // What refuses stands before anything comes that it refuses.
        items.sort_by_key(|item| item.stands != Standing::Refusal);
        let mut changes = Vec::new();
        for item in items {
            changes.push(Change::put(item.kind, item.id, item.value, Condition::None, Mode::Lenient)?);
        }
        let mut kept = 0;
        while !changes.is_empty() {
            let rest = changes.split_off(AT_ONCE.min(changes.len()));
            let why = Why { action: Action::Import, ..why(&format!("brought back from the snapshot {name}")) };
            let written = self.records.change_all_blocking(&self.actor, why, changes, Transaction::BROUGHT_BACK)?;
            let new = |one: &&crate::record::Written| matches!(one.as_what, WrittenAs::Created | WrittenAs::Updated);
            kept += written.iter().filter(new).count() as u64;
            changes = rest;
        }
        Ok(kept)
    }
}

/// What something of a patient's record of then is held against.
struct Beside<'a> {
    patient: &'a FhirId,
    now: &'a BTreeMap<(ResourceType, FhirId), There>,
    /// Who is in the patient's care now.
    in_care: &'a BTreeSet<ResourceRef>,
    note: &'a str,
}

/// What the box has under an id.
#[derive(Debug)]
enum There {
    Live(Value),
    Gone,
}

/// Whoever names one resource means all of it.
fn all_of_it(item: &mut Item, now: &BTreeMap<(ResourceType, FhirId), There>) {
    item.stands = match now.get(&item.key()) {
        Some(There::Live(now)) if *now == item.value => Standing::Same,
        Some(There::Live(now)) if !about(item.kind, now).is_subset(&about(item.kind, &item.value)) => {
            Standing::Elsewhere
        }
        Some(There::Live(_)) => Standing::Differs,
        Some(There::Gone) => Standing::Deleted,
        None => Standing::Unknown,
    };
    item.comes = item.stands != Standing::Same;
}

/// Whether who may see a patient's record is decided by such a resource.
const fn decides_access(kind: ResourceType) -> bool {
    matches!(kind, ResourceType::Consent | ResourceType::RelatedPerson | ResourceType::Person)
}

/// Whose record it is in by itself.
fn about(kind: ResourceType, value: &Value) -> BTreeSet<String> {
    compartment_patients(Definitions::r4(), kind, value).into_iter().map(String::from).collect()
}

/// With which other records a patient's is joined.
fn links(patient: &Value) -> Option<&Value> {
    patient.get("link")
}

fn status(value: &Value) -> Option<&str> {
    value.get("status").and_then(Value::as_str)
}

/// Whether it was taken back as a mistake.
fn is_mistake(value: &Value) -> bool {
    const MISTAKE: &str = "entered-in-error";
    let verified = value.pointer("/verificationStatus/coding").and_then(Value::as_array).into_iter().flatten();
    let mut codes = verified.filter_map(|coding| coding.get("code")?.as_str());
    status(value) == Some(MISTAKE) || codes.any(|code| code == MISTAKE)
}

fn is_called_off(value: &Value) -> bool {
    matches!(status(value), Some("cancelled" | "revoked"))
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

fn without_empty_meta(mut value: Value) -> Value {
    if value.get(META).and_then(Value::as_object).is_some_and(serde_json::Map::is_empty)
        && let Some(fields) = value.as_object_mut()
    {
        fields.shift_remove(META);
    }
    value
}

/// The files of this box that something points to by their address: `Binary/id` in an attachment.
fn files_in(value: &Value, into: &mut BTreeSet<FhirId>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let text = value.as_str().filter(|_| matches!(name.as_str(), "url" | "reference"));
                let id = text.and_then(|text| text.strip_prefix("Binary/")?.split('/').next());
                into.extend(id.and_then(|id| FhirId::parse(id).ok()));
                files_in(value, into);
            }
        }
        Value::Array(all) => all.iter().for_each(|value| files_in(value, into)),
        _ => {}
    }
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

#[cfg(test)]
#[path = "take_back_tests.rs"]
mod tests;
