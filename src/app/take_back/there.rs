//! What the box has now of what a snapshot has, and what it had last of what it deleted since.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::long::short;
use super::{AT_ONCE, TakeBack, plain, why};
use crate::app::error::AppError;
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::record::{Condition, RecordError, Stored, Undisclosed};

/// The name of a resource.
pub(super) type Key = (ResourceType, FhirId);

/// What the box has under an id, long texts by their digests.
#[derive(Debug)]
pub(super) enum There {
    Live {
        version: u32,
        value: Value,
    },
    /// It was deleted.
    Gone {
        last: Option<Value>,
    },
}

impl There {
    /// What it says, or said last.
    pub(super) const fn value(&self) -> Option<&Value> {
        match self {
            Self::Live { value, .. } => Some(value),
            Self::Gone { last } => last.as_ref(),
        }
    }

    pub(super) const fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }
}

/// On what condition something comes that was compared with this.
pub(super) const fn unchanged(there: Option<&There>) -> Condition {
    match there {
        Some(There::Live { version, .. }) => Condition::Version(*version),
        Some(There::Gone { .. }) | None => Condition::Absent,
    }
}

impl TakeBack {
    /// How the box has these now; of what it never had it says nothing.
    pub(super) fn now(&self, keys: impl Iterator<Item = Key>, note: &str) -> Result<BTreeMap<Key, There>, AppError> {
        let keys: Vec<Key> = keys.collect();
        let mut all = BTreeMap::new();
        for part in keys.chunks(AT_ONCE) {
            let mut gone = BTreeSet::new();
            let found = self.records.disclose_blocking(&self.actor, why(note), |reading| {
                let mut all = reading.nothing::<Result<Seen, AppError>>();
                for (kind, id) in part {
                    let one = match reading.read(*kind, id) {
                        Err(RecordError::Gone) => {
                            gone.insert((*kind, id.clone()));
                            reading.last(*kind, id)
                        }
                        other => other,
                    };
                    match one {
                        Ok(one) => all = joined(all, one),
                        Err(RecordError::NotFound) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(all)
            })?;
            for one in found.into_inner() {
                let Seen { key, version, value } = one?;
                let there = match gone.remove(&key) {
                    true => There::Gone { last: Some(value) },
                    false => There::Live { version, value },
                };
                all.insert(key, there);
            }
            all.extend(gone.into_iter().map(|key| (key, There::Gone { last: None })));
        }
        Ok(all)
    }
}

/// A resource of the box, without its long texts: of many files never more than one is held.
struct Seen {
    key: Key,
    version: u32,
    value: Value,
}

impl Seen {
    fn of(stored: Stored) -> Result<Self, AppError> {
        let value = short(plain(&stored)?);
        Ok(Self { key: (stored.kind, stored.id), version: stored.version, value })
    }
}

type AllSeen = Undisclosed<Vec<Result<Seen, AppError>>>;

fn joined(all: AllSeen, one: Undisclosed<Stored>) -> AllSeen {
    all.zip(one).map(|(mut all, one)| {
        all.push(Seen::of(one));
        all
    })
}
