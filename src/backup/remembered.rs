//! What a box remembers of a repository: which snapshots have to be in it, and what in it is not to be relied on. It is the
//! repository's, by whichever names and paths it is reached.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::error::BackupError;
use super::layout::SnapshotName;
use super::repository::Repository;
use super::rows::{BACKUPS, LEASES, Made};
use super::service::Backups;
use crate::store::{CodecError, Direction, KeyRange, ReadExt, Record, StoreError, Table, decode_body, tables};

/// Repository's id → what is remembered of it.
const REMEMBERED: Table<([u8; 16],), Remembered> = Table::new(tables::BACKUP_REMEMBERED);

/// What is remembered of a repository. Snapshots by name, packs by file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// Snapshots that this box made, and that were there the last time: they have to be the next time, too.
    pub held: BTreeSet<String>,
    /// Those that were not, though this box did not remove them.
    pub gone: BTreeSet<String>,
    /// Packs in which something was found changed: nothing new relies on them.
    pub spoiled: BTreeSet<String>,
    /// Snapshots that lack something, as far as was looked.
    pub bad: BTreeSet<String>,
    /// Snapshots that came back otherwise than they were in their last drill.
    pub failed: BTreeSet<String>,
    /// Snapshots there that are of another run of this box.
    pub beside: BTreeSet<String>,
}

impl Record for Remembered {
    const VERSION: u8 = 2;

    fn migrate(version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        let 1 = version else { return Err(CodecError::Record(version)) };
        let RememberedV1 { held, gone, spoiled, bad, failed } = decode_body(version, bytes)?;
        Ok(Self { held, gone, spoiled, bad, failed, beside: BTreeSet::new() })
    }
}

/// As it stood before it knew of other runs.
#[derive(Deserialize)]
struct RememberedV1 {
    held: BTreeSet<String>,
    gone: BTreeSet<String>,
    spoiled: BTreeSet<String>,
    bad: BTreeSet<String>,
    failed: BTreeSet<String>,
}

impl Remembered {
    /// Those that should be there and are not, oldest first.
    pub fn missing(&self, there: &[SnapshotName]) -> Vec<SnapshotName> {
        let known = self.held.union(&self.gone).filter_map(|name| name.parse().ok());
        let mut missing: Vec<SnapshotName> = known.filter(|name| !there.contains(name)).collect();
        missing.sort_unstable();
        missing
    }

    /// Takes note of what is there, of which `own` says what this box made.
    pub fn saw(&mut self, there: &[SnapshotName], own: &BTreeSet<String>) {
        self.gone = texts(&self.missing(there));
        self.held = texts(there).intersection(own).cloned().collect();
        self.forget_others(there);
    }

    /// Takes note of a look: what came back, and what is gone.
    pub fn looked(&mut self, there: &[SnapshotName], gone: &[SnapshotName]) {
        let (there_now, gone) = (texts(there), texts(gone));
        self.held.extend(self.gone.intersection(&there_now).cloned());
        self.gone.retain(|name| !there_now.contains(name));
        self.gone.extend(self.held.intersection(&gone).cloned());
        self.held.retain(|name| !gone.contains(name));
        self.forget_others(there);
    }

    /// Takes note that nothing is there any more.
    pub fn lost_all(&mut self) {
        self.gone.append(&mut self.held);
    }

    fn forget_others(&mut self, there: &[SnapshotName]) {
        let there = texts(there);
        self.bad.retain(|name| there.contains(name));
        self.failed.retain(|name| there.contains(name));
        self.beside.retain(|name| there.contains(name));
    }

    /// These are not asked for any more.
    pub fn gave_up(&mut self, names: &[SnapshotName]) {
        let names = texts(names);
        self.held.retain(|name| !names.contains(name));
        self.gone.retain(|name| !names.contains(name));
    }

    /// Whether something in it is known not to be as it was.
    pub fn is_doubtful(&self) -> bool {
        !self.spoiled.is_empty() || !self.bad.is_empty()
    }

    /// Whether a snapshot could not be restored when that was last looked at.
    pub fn is_bad(&self, name: &SnapshotName) -> bool {
        self.bad.contains(name.as_str()) || self.failed.contains(name.as_str())
    }
}

pub fn texts(names: &[SnapshotName]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

impl Backups {
    /// What is remembered of a repository. What a box of before kept nothing for has to have its last snapshot.
    pub(super) fn remembered(&self, repository: [u8; 16]) -> Result<Remembered, BackupError> {
        if let Some(there) = self.store.read()?.get(&REMEMBERED, &(repository,))? {
            return Ok(there);
        }
        let of_it = self.known()?.into_iter().filter(|(_, row)| row.repository == repository);
        let held = of_it.filter_map(|(_, row)| Some(row.last?.name)).collect();
        Ok(Remembered { held, ..Remembered::default() })
    }

    /// Changes what is remembered. Of a repository that nobody knows nothing is.
    pub(super) fn remember(
        &self,
        repository: [u8; 16],
        change: impl FnOnce(&mut Remembered) + Send + 'static,
    ) -> Result<(), BackupError> {
        if repository == Repository::UNKNOWN {
            return Ok(());
        }
        let before = self.remembered(repository)?;
        self.store.write_essential_blocking(move |tx| {
            let mut row = tx.get(&REMEMBERED, &(repository,))?.unwrap_or(before);
            change(&mut row);
            tx.put(&REMEMBERED, &(repository,), &row)
        })?;
        Ok(())
    }

    /// The snapshots that are there, and those that should be: what was so both before and after the look, so that what
    /// is made or removed meanwhile is not missed.
    pub(super) fn look_for(
        &self,
        repository: &Repository,
    ) -> Result<(Vec<SnapshotName>, Vec<SnapshotName>), BackupError> {
        let id = repository.marker().repository;
        let before = self.remembered(id)?;
        let there = repository.snapshots()?;
        let after = self.remembered(id)?.missing(&there);
        let gone = before.missing(&there).into_iter().filter(|name| after.contains(name)).collect();
        Ok((there, gone))
    }

    /// The names of the snapshots that this box remembers making.
    pub(super) fn own_names(&self) -> Result<BTreeSet<String>, BackupError> {
        let read = self.store.read()?;
        let made = read.scan(&BACKUPS, KeyRange::all(), Direction::Up)?;
        Ok(made.map(|row| row.map(|(_, made)| made.name)).collect::<Result<_, _>>()?)
    }

    /// The names of all snapshots that are somewhere, or should be.
    pub(super) fn names_in_use(&self) -> Result<BTreeSet<String>, BackupError> {
        let read = self.store.read()?;
        let rows = read.scan(&REMEMBERED, KeyRange::all(), Direction::Up)?.collect::<Result<Vec<_>, _>>()?;
        Ok(rows.into_iter().flat_map(|(_, row)| row.held.into_iter().chain(row.gone)).collect())
    }

    /// After a restore: what the box of then knew of its repositories is not what is there now, and what came back is what
    /// the snapshot holds.
    pub fn after_restore(&self, from: &SnapshotName, made: Made) -> Result<(), BackupError> {
        let (rows, number) = (self.known()?, from.number());
        self.store.write_essential_blocking(move |tx| {
            tx.put(&BACKUPS, &(number,), &made)?;
            let known = tx.scan(&REMEMBERED, KeyRange::all(), Direction::Up)?.collect::<Result<Vec<_>, _>>()?;
            let of_targets = rows.iter().map(|(_, row)| ((row.repository,), Remembered::default()));
            // Each once: what was found changed is so still.
            let all: BTreeMap<([u8; 16],), Remembered> = of_targets.chain(known).collect();
            for (key, known) in all {
                let known = Remembered { held: BTreeSet::new(), gone: BTreeSet::new(), ..known };
                tx.put(&REMEMBERED, &key, &known)?;
            }
            // And what was being done then was not broken off here.
            let leases: Vec<(String,)> =
                tx.scan(&LEASES, KeyRange::all(), Direction::Up)?.filter_map(|row| Some(row.ok()?.0)).collect();
            leases.iter().try_for_each(|key| tx.delete(&LEASES, key))?;
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;

    #[test]
    fn the_bytes_of_the_row_are_these() {
        let set = |name: &str| BTreeSet::from([name.to_owned()]);
        let row = Remembered {
            held: set("h"),
            gone: set("g"),
            spoiled: set("s"),
            bad: set("b"),
            failed: BTreeSet::new(),
            beside: set("o"),
        };
        let sets = [1, 1, b'h', 1, 1, b'g', 1, 1, b's', 1, 1, b'b', 0];
        let before = Remembered::from_stored([&[1][..], &sets].concat().into()).unwrap();
        assert_eq!(before, Remembered { beside: BTreeSet::new(), ..row.clone() });
        let golden = [&[2][..], &sets, &[1, 1, b'o']].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(Remembered::from_stored(golden.into()).unwrap(), row);
    }
}
