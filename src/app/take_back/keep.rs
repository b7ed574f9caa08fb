//! Keeping what was looked at: as new versions, and only over what it was compared with.

use std::collections::BTreeSet;

use super::there::{Key, unchanged};
use super::{AT_ONCE, Found, Item, Standing, TakeBack, why};
use crate::app::error::AppError;
use crate::audit::Action;
use crate::base::FhirId;
use crate::fhir::Mode;
use crate::record::{Change, Condition, Transaction, Why, Written, WrittenAs};

/// What became of what was to come.
#[derive(Debug, Default)]
pub struct Kept {
    /// How many resources were written.
    pub written: u64,
    /// What was changed after it was compared, and stays as it is now.
    pub meanwhile: Vec<Key>,
}

/// One that comes.
struct Coming {
    key: Key,
    on: Condition,
    change: Change,
}

impl Coming {
    fn of(item: Item) -> Result<Self, AppError> {
        let (key, on) = (item.key(), item.on);
        Ok(Self { key, on, change: Change::put(item.kind, item.id, item.value, on, Mode::Lenient)? })
    }
}

impl TakeBack {
    /// Keeps what comes back, as new versions: nothing that the box has is lost by it, and nothing that was changed since it was
    /// looked at. Blocks.
    pub fn keep(&self, found: Found) -> Result<Kept, AppError> {
        let Found { snapshot, items, into, .. } = found;
        let note = format!("brought back from the snapshot {snapshot}");
        let mut items: Vec<Item> = items.into_iter().filter(|item| item.comes).collect();
        // What refuses stands before anything comes that it refuses.
        items.sort_by_key(|item| item.stands != Standing::Refusal);
        let mut rest = items.into_iter().map(Coming::of).collect::<Result<Vec<_>, _>>()?;
        let mut kept = Kept::default();
        while !rest.is_empty() {
            let more = rest.split_off(AT_ONCE.min(rest.len()));
            let done = self.keep_some(rest, &into, &note, &mut kept.written);
            kept.meanwhile.extend(done.map_err(|error| error.after_some(kept.written))?);
            rest = more;
        }
        Ok(kept)
    }

    /// Keeps as much as one transaction holds. Answers with what was changed meanwhile.
    fn keep_some(
        &self,
        mut some: Vec<Coming>,
        into: &BTreeSet<FhirId>,
        note: &str,
        written: &mut u64,
    ) -> Result<Vec<Key>, AppError> {
        let mut meanwhile = Vec::new();
        // Somebody may have joined the record to another one.
        if self.led_away(into, note)?.is_some() {
            meanwhile.extend(some.drain(..).map(|one| one.key));
        }
        while !some.is_empty() {
            let why = Why { action: Action::Import, ..why(note) };
            let changes = some.iter().map(|one| one.change.clone()).collect();
            match self.records.change_all_blocking(&self.actor, why, changes, Transaction::BROUGHT_BACK) {
                Ok(done) => {
                    let new = |one: &&Written| matches!(one.as_what, WrittenAs::Created | WrittenAs::Updated);
                    *written += done.iter().filter(new).count() as u64;
                    return Ok(meanwhile);
                }
                Err(error) if error.is_overtaken() => {
                    let now = self.now(some.iter().map(|one| one.key.clone()), note)?;
                    let (as_compared, changed): (Vec<_>, Vec<_>) =
                        some.into_iter().partition(|one| unchanged(now.get(&one.key)) == one.on);
                    if changed.is_empty() {
                        return Err(error.into());
                    }
                    meanwhile.extend(changed.into_iter().map(|one| one.key));
                    some = as_compared;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(meanwhile)
    }
}
