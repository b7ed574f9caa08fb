//! What an import did: counts per type, and every entry that was left out with the reason.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts of one resource type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub created: u64,
    /// Stored before and different: a new version.
    pub updated: u64,
    /// Stored before and equal: nothing was written.
    pub unchanged: u64,
    pub rejected: u64,
    /// Good, in a dry run.
    pub checked: u64,
}

impl Counts {
    /// What is in the store now, or would be.
    pub const fn kept(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.checked
    }
}

/// An entry that was not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    pub source: String,
    /// Where in its source: `entry 3`, `line 12`.
    pub place: String,
    /// `Type/id`, as far as it is known.
    pub what: String,
    /// Whole sentences; never a value of the record.
    pub reasons: Vec<String>,
}

/// The whole of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    pub sources: u64,
    pub by_type: BTreeMap<String, Counts>,
    pub rejected: Vec<Rejected>,
    /// Rejected entries beyond those listed: the list is bounded.
    pub more_rejected: u64,
}

/// How many rejected entries are listed one by one.
const LISTED: usize = 10_000;

impl Summary {
    pub fn total(&self) -> Counts {
        self.by_type.values().fold(Counts::default(), |all, one| Counts {
            created: all.created + one.created,
            updated: all.updated + one.updated,
            unchanged: all.unchanged + one.unchanged,
            rejected: all.rejected + one.rejected,
            checked: all.checked + one.checked,
        })
    }

    pub(super) fn of_type(&mut self, name: &str) -> &mut Counts {
        self.by_type.entry(name.to_owned()).or_default()
    }

    pub(super) fn reject(&mut self, rejected: Rejected) {
        let kind = rejected.what.split('/').next().unwrap_or_default();
        let kind = if kind.is_empty() { "unknown" } else { kind };
        self.of_type(kind).rejected += 1;
        self.list(rejected);
    }

    /// A transaction that is not kept because of some of its entries: `others` are the rest.
    pub(super) fn reject_whole(&mut self, why: Rejected, others: impl Iterator<Item = &'static str>) {
        others.for_each(|kind| self.of_type(kind).rejected += 1);
        self.list(why);
    }

    fn list(&mut self, rejected: Rejected) {
        if self.rejected.len() < LISTED {
            self.rejected.push(rejected);
        } else {
            self.more_rejected += 1;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.sources += other.sources;
        for (kind, counts) in other.by_type {
            let all = self.of_type(&kind);
            all.created += counts.created;
            all.updated += counts.updated;
            all.unchanged += counts.unchanged;
            all.rejected += counts.rejected;
            all.checked += counts.checked;
        }
        let room = LISTED.saturating_sub(self.rejected.len());
        self.more_rejected += other.more_rejected + other.rejected.len().saturating_sub(room) as u64;
        self.rejected.extend(other.rejected.into_iter().take(room));
    }
}
