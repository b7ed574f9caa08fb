//! One patient, or one resource, back out of a backup into the running box: looked at first, then kept.
//!
//! The snapshot is restored into a throwaway store, and read there by the same rules as here. Nothing of what it says is shown at
//! the console: types, ids, and whether they differ from what the box has now.

use serde_json::Value;

use super::error::AppError;
use super::opened::Opened;
use crate::access::Actor;
use crate::audit::{Action, Audit, Detail, Purpose};
use crate::backup::{Backups, TargetSpec, Watch};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::{Mode, ResourceType};
use crate::record::{
    Change, Channel, Condition, EverythingAsked, RecordError, Records, Stored, Transaction, Why, WrittenAs,
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
    /// It decides who may see the record, and is not as it was: it stays as it is now, for somebody may have been refused since.
    Access,
}

impl Standing {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
            Self::Access => "access",
        }
    }
}

/// A resource of the snapshot.
#[derive(Debug)]
pub struct Item {
    pub kind: ResourceType,
    pub id: FhirId,
    pub stands: Standing,
    value: Value,
}

/// The parts of a box that this needs.
#[derive(Clone)]
pub struct TakeBack {
    backups: Backups,
    records: Records,
    audit: Audit,
    reach: crate::access::Reach,
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
        let name = self.backups.choose(from, asked)?;
        let (throwaway, _) = self.backups.restored(from, &name, watch)?;
        let then = Records::new(Audit::new(throwaway.store.clone(), self.audit.ambient().clone()), self.reach);
        let stored = self.of_snapshot(&then, wanted)?;
        drop(then);
        drop(throwaway);
        let mut items = Vec::with_capacity(stored.len());
        for one in stored {
            let value = plain(&one)?;
            items.push(Item { kind: one.kind, id: one.id, stands: Standing::Unknown, value });
        }
        self.compare(&mut items, name.as_str(), wanted)?;
        Ok((name.to_string(), items))
    }

    fn of_snapshot(&self, then: &Records, wanted: &Wanted) -> Result<Vec<Stored>, AppError> {
        let why = || why("read in a backup");
        match wanted {
            Wanted::Resource(reference) => {
                let kind = ResourceType::parse(reference.type_name())
                    .ok_or_else(|| AppError::Wrong(format!("there is no type {}", reference.type_name())))?;
                let one = then.disclose_blocking(&self.actor, why(), |reading| reading.read(kind, &reference.id()));
                Ok(vec![found(one)?.into_inner()])
            }
            Wanted::Patient(patient) => {
                let mut all = Vec::new();
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
                    cursor = page.next;
                    if cursor.is_none() {
                        return Ok(all);
                    }
                }
            }
        }
    }

    fn compare(&self, items: &mut [Item], name: &str, wanted: &Wanted) -> Result<(), AppError> {
        for part in items.chunks_mut(AT_ONCE) {
            let mut states = Vec::with_capacity(part.len());
            let asked: Vec<(ResourceType, FhirId)> = part.iter().map(|item| (item.kind, item.id.clone())).collect();
            let why = why(&format!("compared with the snapshot {name}"));
            let now = self.records.disclose_blocking(&self.actor, why, |reading| {
                let mut all = reading.nothing::<Stored>();
                for (kind, id) in &asked {
                    match reading.read(*kind, id) {
                        Ok(one) => {
                            states.push(Standing::Differs);
                            all = all.zip(one).map(|(mut all, one)| {
                                all.push(one);
                                all
                            });
                        }
                        Err(RecordError::Gone) => states.push(Standing::Deleted),
                        Err(RecordError::NotFound) => states.push(Standing::Unknown),
                        Err(error) => return Err(error),
                    }
                }
                Ok(all)
            })?;
            let now = now.iter().map(plain).collect::<Result<Vec<Value>, AppError>>()?;
            let mut now = now.into_iter().peekable();
            // Whoever names one resource means all of it.
            let whole = matches!(wanted, Wanted::Resource(_));
            for (item, state) in part.iter_mut().zip(states) {
                let now = now.next_if(|_| state == Standing::Differs);
                if let Some(now) = now.as_ref().filter(|_| !whole) {
                    with_labels_of(now, &mut item.value);
                }
                item.stands = match state {
                    _ if now.is_some_and(|now| now == item.value) => Standing::Same,
                    _ if !whole && decides_access(item.kind) => Standing::Access,
                    state => state,
                };
            }
        }
        Ok(())
    }

    /// Keeps what differs, as new versions: nothing that the box has is lost by it. Answers with how many were written. Blocks.
    pub fn keep(&self, items: Vec<Item>, name: &str) -> Result<u64, AppError> {
        let mut changes = Vec::new();
        let comes_back = |item: &Item| !matches!(item.stands, Standing::Same | Standing::Access);
        for item in items.into_iter().filter(comes_back) {
            changes.push(Change::put(item.kind, item.id, item.value, Condition::None, Mode::Lenient)?);
        }
        let mut kept = 0;
        while !changes.is_empty() {
            let rest = changes.split_off(AT_ONCE.min(changes.len()));
            let why = Why { action: Action::Import, ..why(&format!("brought back from the snapshot {name}")) };
            let written = self.records.change_all_blocking(&self.actor, why, changes, Transaction::IMPORT)?;
            let new = |one: &&crate::record::Written| matches!(one.as_what, WrittenAs::Created | WrittenAs::Updated);
            kept += written.iter().filter(new).count() as u64;
            changes = rest;
        }
        Ok(kept)
    }
}

/// Whether who may see a patient's record is decided by such a resource.
const fn decides_access(kind: ResourceType) -> bool {
    matches!(kind, ResourceType::Consent | ResourceType::RelatedPerson | ResourceType::Person)
}

/// How delicate something is stays as the box has it now.
fn with_labels_of(now: &Value, then: &mut Value) {
    const META: &str = "meta";
    const SECURITY: &str = "security";
    let labels = now.get(META).and_then(|meta| meta.get(SECURITY)).cloned();
    let Some(fields) = then.as_object_mut() else { return };
    if let Some(labels) = labels {
        let meta = fields.entry(META).or_insert_with(|| Value::Object(serde_json::Map::new()));
        if let Some(meta) = meta.as_object_mut() {
            meta.insert(SECURITY.to_owned(), labels);
        }
    } else if let Some(meta) = fields.get_mut(META).and_then(Value::as_object_mut) {
        meta.shift_remove(SECURITY);
        if meta.is_empty() {
            fields.shift_remove(META);
        }
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
    if let Some(meta) = value.get_mut("meta").and_then(Value::as_object_mut) {
        meta.shift_remove("versionId");
        meta.shift_remove("lastUpdated");
        if meta.is_empty()
            && let Some(fields) = value.as_object_mut()
        {
            fields.shift_remove("meta");
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn how_delicate_something_is_stays_as_it_is_now() {
        let label = |code: &str| json!([{ "code": code }]);
        let of = |now: Value, mut then: Value| {
            with_labels_of(&now, &mut then);
            then
        };
        let bare = json!({ "id": "a" });
        let sealed = json!({ "id": "a", "meta": { "security": label("V") } });
        assert_eq!(of(sealed.clone(), bare.clone()), sealed);
        assert_eq!(of(bare.clone(), sealed.clone()), bare);
        let then = json!({ "id": "a", "meta": { "profile": ["p"], "security": label("R") } });
        let both = json!({ "id": "a", "meta": { "profile": ["p"], "security": label("V") } });
        assert_eq!(of(sealed, then), both);
    }
}
