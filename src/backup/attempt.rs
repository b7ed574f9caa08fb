//! Trying a target: whether a backup could be kept there, without making one.
//!
//! A file of random bytes is put, read back whole and in part, found in the list, not replaced by another, and taken away. Nothing
//! else is changed. What came of it stays in the store: so does why the first backup to a place did not work.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::audit::{Action, Detail, Outcome};
use crate::base::{ActorRef, Timestamp};
use crate::store::{Direction, KeyRange, ReadExt, Record, Table, tables};

use super::error::BackupError;
use super::repository::{Known, Repository};
use super::service::{Anew, Backups, TargetSpec};
use super::target::{Missing, Name, Put, Shelf, Target, TargetError};

/// Target's name → the last time it was tried.
const TRIED: Table<(String,), TriedRow> = Table::new(tables::BACKUP_TRIED);

/// Bytes that are written: more than one request on every kind of target.
const PROBE: usize = 100_000;

/// What came of trying a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriedRow {
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Where it was then.
    pub place: String,
    /// Why it did not work.
    pub error: Option<String>,
    pub millis: u32,
    /// How many bytes still fit, where the target can tell.
    pub free: Option<u64>,
}
impl Record for TriedRow {}

impl Backups {
    /// Tries a target. Blocks. An error is of the box itself: what is wrong with the target stands in the row.
    pub fn try_out(&self, spec: &TargetSpec, by: &ActorRef) -> Result<TriedRow, BackupError> {
        let begun = Instant::now();
        let done = self.probe(spec);
        let (free, error) = match done {
            Ok(free) => (free, None),
            Err(error) => (None, Some(error.to_string())),
        };
        let millis = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        let row = TriedRow { at: self.ambient.now(), place: spec.place.to_string(), error, millis, free };
        let outcome = if row.error.is_none() { Outcome::Success } else { Outcome::Failed };
        let note = format!("tried {}", spec.name);
        let event = self.event(by, Action::BackupVerify).outcome(outcome).detail(Detail::note(note));
        let _ = self.audit.commit_blocking(vec![event])?;
        self.keep_tried(spec, row.clone())?;
        Ok(row)
    }

    fn probe(&self, spec: &TargetSpec) -> Result<Option<u64>, BackupError> {
        self.whole_of(spec)?;
        let known = self.known_at(spec, Anew::No)?;
        self.is_outside(spec)?;
        let missing = if known == Known::New { Missing::Make } else { Missing::Refuse };
        let target = spec.open(missing)?;
        match Repository::open(target.clone()) {
            Ok(repository) if repository.marker().of_box != self.of_box()? => {
                return Err(BackupError::OtherBox { place: spec.place.to_string() });
            }
            Ok(repository) => {
                if matches!(known, Known::Was(id) if id != repository.marker().repository) {
                    return Err(BackupError::OtherRepository { place: spec.place.to_string() });
                }
            }
            Err(BackupError::NotARepository { .. }) if known == Known::New => {}
            Err(BackupError::NotARepository { place }) => return Err(BackupError::Emptied { place }),
            Err(error) => return Err(error),
        }
        let random = data_encoding::HEXLOWER.encode(&self.ambient.bytes::<8>());
        let name = Name::new(Shelf::Top, &format!("chartbox-try-{random}"))
            .ok_or_else(|| BackupError::Failed("a file to try with has no name".into()))?;
        let seed: [u8; 32] = self.ambient.bytes();
        let mut bytes = vec![0; PROBE];
        blake3::Hasher::new_keyed(&seed).finalize_xof().fill(&mut bytes);
        let kept = keeps(&*target, &name, &bytes);
        let removed = target.delete(&name).map_err(BackupError::from).and_then(|()| match target.get(&name, 1) {
            Err(TargetError::Missing { .. }) => Ok(()),
            _ => Err(BackupError::Failed(format!(
                "{} keeps what is removed there, so that old backups would stay for ever. Permit this box to delete files \
                 there, or use another place.",
                spec.place
            ))),
        });
        kept.and(removed)?;
        Ok(target.free())
    }

    pub(super) fn keep_tried(&self, spec: &TargetSpec, row: TriedRow) -> Result<(), BackupError> {
        let key = (spec.name.clone(),);
        self.store.write_essential_blocking(move |tx| tx.put(&TRIED, &key, &row))?;
        Ok(())
    }

    /// Keeps why a target could not be used that nothing was ever written to.
    pub(super) fn note_unreached(&self, spec: &TargetSpec, error: &str) -> Result<(), BackupError> {
        if self.row_here(spec)?.is_some() {
            return Ok(());
        }
        let (at, place, error) = (self.ambient.now(), spec.place.to_string(), Some(error.to_owned()));
        self.keep_tried(spec, TriedRow { at, place, error, millis: 0, free: None })
    }

    /// What came of trying each target the last time.
    pub(super) fn tried(&self) -> Result<Vec<(String, TriedRow)>, BackupError> {
        let rows = self.store.read()?.scan(&TRIED, KeyRange::all(), Direction::Up)?.collect::<Result<Vec<_>, _>>()?;
        Ok(rows.into_iter().map(|((name,), row)| (name, row)).collect())
    }
}

fn keeps(target: &dyn Target, name: &Name, bytes: &[u8]) -> Result<(), BackupError> {
    let not_kept = || BackupError::from(TargetError::NotKept { place: target.place().to_owned() });
    if target.put(name, bytes)? != Put::New {
        return Err(not_kept());
    }
    target.sync()?;
    let read = |read: Result<Vec<u8>, TargetError>| match read {
        Err(TargetError::Length { .. } | TargetError::Missing { .. }) => Err(not_kept()),
        other => other.map_err(BackupError::from),
    };
    let half = bytes.len() / 2;
    let whole = read(target.get(name, bytes.len() as u64))? == bytes;
    let part = read(target.get_range(name, half as u64, 1000))?;
    let part = part.as_slice() == bytes.get(half..half + 1000).unwrap_or_default();
    let listed =
        target.list(Shelf::Top)?.iter().any(|file| file.name == *name && file.bytes == Some(bytes.len() as u64));
    if !(whole && part && listed) {
        return Err(not_kept());
    }
    let again = target.put(name, b"another")?;
    if again != Put::There || target.get(name, bytes.len() as u64)? != bytes {
        return Err(BackupError::Failed(format!(
            "{} replaces files that are there, so that old backups would not be safe. Use another place.",
            target.place()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::fixture::{TestBox, by, files, inject};
    use crate::backup::{Unwatched, Wish};
    use crate::store::Value;

    #[test]
    fn the_bytes_of_the_row_are_these() {
        let at = Timestamp::from_second(1).unwrap();
        let row = TriedRow { at, place: "/p".into(), error: Some("e".into()), millis: 3, free: Some(4) };
        let golden = [1, 2, 2, b'/', b'p', 1, 1, b'e', 3, 1, 4];
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(TriedRow::from_stored(golden.to_vec().into()).unwrap(), row);
    }

    #[test]
    fn trying_a_target_leaves_nothing_and_says_what_is_wrong() {
        let made = TestBox::new(61);
        let spec = made.spec("one");
        let tried = made.backups.try_out(&spec, &by()).unwrap();
        assert!(tried.error.is_none() && tried.free.is_some(), "{tried:?}");
        assert!(files(&made.path("one")).is_empty());
        made.snapshot("one");
        let before = files(&made.path("one"));
        assert_eq!(made.backups.try_out(&spec, &by()).unwrap().error, None);
        assert_eq!(files(&made.path("one")), before);
        // It went away: the box does not make it anew, and says so.
        std::fs::rename(made.path("one"), made.path("away")).unwrap();
        let said = |row: TriedRow| row.error.unwrap();
        assert!(said(made.backups.try_out(&spec, &by()).unwrap()).contains("is not there"));
        std::fs::create_dir(made.path("one")).unwrap();
        assert!(said(made.backups.try_out(&spec, &by()).unwrap()).contains("now it holds none"));
        let other = TestBox::new(62);
        let theirs = TargetSpec { name: "theirs".into(), ..made.spec("away") };
        assert!(said(other.backups.try_out(&theirs, &by()).unwrap()).contains("another box"));
        let standing = made.backups.standing().unwrap().remove(0);
        assert!(standing.tried.unwrap().error.is_some());
    }

    #[test]
    fn a_target_that_fails_at_any_question_is_not_called_usable() {
        let made = TestBox::new(63);
        let (faulty, spec) = inject("faulty-try");
        for nth in 1.. {
            faulty.fuse.store(nth, std::sync::atomic::Ordering::SeqCst);
            let tried = made.backups.try_out(&spec, &by()).unwrap();
            let burnt = faulty.fuse.swap(0, std::sync::atomic::Ordering::SeqCst) == 0;
            assert_eq!(burnt, tried.error.is_some(), "question {nth}: {tried:?}");
            faulty.files.lock().unwrap().clear();
            if !burnt {
                assert!(nth > 8, "{nth}");
                return;
            }
        }
    }

    #[test]
    fn why_a_first_backup_did_not_work_is_kept() {
        let made = TestBox::new(64);
        let spec = TargetSpec::at(made.path("no/such").to_str().unwrap()).unwrap();
        let spec = TargetSpec { name: "one".into(), ..spec };
        made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap_err();
        let there = made.backups.with_targets(vec![spec.clone()]);
        assert!(there.standing().unwrap()[0].error().unwrap().contains("is not there"));
        // A backup that works afterwards has the last word.
        std::fs::create_dir(made.path("no")).unwrap();
        made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
        assert_eq!(there.standing().unwrap()[0].error(), None);
    }
}
