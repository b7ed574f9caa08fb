//! Keeping what was looked at, as new versions.

use super::{AT_ONCE, Found, Item, Standing, TakeBack, why};
use crate::app::error::AppError;
use crate::audit::Action;
use crate::fhir::Mode;
use crate::record::{Change, Condition, Transaction, Why, Written, WrittenAs};

impl TakeBack {
    /// Keeps what comes back, as new versions: nothing that the box has is lost by it. Answers with how many were written. Blocks.
    pub fn keep(&self, found: Found) -> Result<u64, AppError> {
        let Found { snapshot, items, .. } = found;
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
            let why = Why { action: Action::Import, ..why(&format!("brought back from the snapshot {snapshot}")) };
            let written = self.records.change_all_blocking(&self.actor, why, changes, Transaction::BROUGHT_BACK)?;
            let new = |one: &&Written| matches!(one.as_what, WrittenAs::Created | WrittenAs::Updated);
            kept += written.iter().filter(new).count() as u64;
            changes = rest;
        }
        Ok(kept)
    }
}
