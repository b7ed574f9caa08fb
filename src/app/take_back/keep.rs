//! Keeping what was looked at: as new versions, and only over what it was compared with.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use super::long::{is_short, put_back};
use super::there::{Key, unchanged};
use super::{AT_ONCE, Found, IN_BACKUP, Item, Standing, TakeBack, plain, unreadable, why};
use crate::app::error::AppError;
use crate::audit::Action;
use crate::base::FhirId;
use crate::fhir::Mode;
use crate::record::{Change, Condition, Reading, RecordError, Records, Transaction, Why, Written, WrittenAs};

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

/// How many bytes of resources one transaction has at most, where it has more than one.
const BYTES_AT_ONCE: usize = 8 << 20;

/// As much as one transaction holds: one at least, however large it is.
pub(super) fn part_of(rest: &mut VecDeque<Item>) -> Vec<Item> {
    let mut bytes = 0_usize;
    let fits = |item: &&Item| {
        bytes = bytes.saturating_add(item.bytes);
        bytes <= BYTES_AT_ONCE
    };
    let count = rest.iter().take(AT_ONCE).take_while(fits).count().max(1);
    rest.drain(..count.min(rest.len())).collect()
}

impl TakeBack {
    /// Keeps what comes back, as new versions: nothing that the box has is lost by it, and nothing that was changed since it was
    /// looked at. Blocks.
    pub fn keep(&self, found: Found) -> Result<Kept, AppError> {
        // What comes is read again from the throwaway store, which is there until the end.
        let Found { snapshot, items, into, throwaway: _throwaway, then, .. } = found;
        let note = format!("brought back from the snapshot {snapshot}");
        let mut items: Vec<Item> = items.into_iter().filter(|item| item.comes).collect();
        // What refuses stands before anything comes that it refuses.
        items.sort_by_key(|item| item.stands != Standing::Refusal);
        let mut rest = VecDeque::from(items);
        let mut kept = Kept::default();
        while !rest.is_empty() {
            let some = part_of(&mut rest).into_iter().map(|item| self.coming(item, &then, &note));
            let some = some.collect::<Result<Vec<_>, _>>();
            let done = some.and_then(|some| self.keep_some(some, &into, &note, &mut kept.written));
            kept.meanwhile.extend(done.map_err(|error| error.after_some(kept.written))?);
        }
        Ok(kept)
    }

    /// One that comes, as long as it is.
    fn coming(&self, item: Item, then: &Records, note: &str) -> Result<Coming, AppError> {
        let (key, on) = (item.key(), item.on);
        let mut value: Value =
            item.text.as_deref().and_then(|text| serde_json::from_str(text).ok()).ok_or_else(unreadable)?;
        if is_short(&value) {
            let read = |reading: &mut Reading<'_>| reading.read(item.kind, &item.id);
            let last = |reading: &mut Reading<'_>| reading.last(item.kind, &item.id);
            let mut whole = Vec::new();
            // What refuses may be as it was here last.
            for one in [
                then.disclose_blocking(&self.actor, why(IN_BACKUP), read),
                self.records.disclose_blocking(&self.actor, why(note), last),
            ] {
                match one {
                    Ok(one) => whole.push(plain(&one)?),
                    Err(RecordError::NotFound | RecordError::Gone) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            put_back(&mut value, whole);
        }
        if is_short(&value) {
            return Err(unreadable());
        }
        Ok(Coming { key, on, change: Change::put(item.kind, item.id, value, on, Mode::Lenient)? })
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
