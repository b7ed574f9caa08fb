//! Which number a snapshot gets: a higher one than all that this box knows of, so that the newest has the highest.
//!
//! What a place says must never decide it by itself: the name of a file there is nobody's word, and a number far from all that the
//! box knows is none that it lacks.

use std::ops::Bound;

use super::error::BackupError;
use super::index::lock;
use super::keyring::Keyring;
use super::layout::SnapshotName;
use super::repository::Repository;
use super::rows::BACKUPS;
use super::service::Backups;
use crate::store::{Direction, Key, KeyRange, ReadExt};

/// How far a place may be ahead of the box, which lacks what was made after the snapshot that it was restored from: one each
/// hour for a hundred years.
const AHEAD: u64 = 1_000_000;

impl Backups {
    /// The number of the last snapshot that this box made.
    pub(super) fn last_number(&self) -> Result<u64, BackupError> {
        let read = self.store.read()?;
        // A box of before took a number from a name, and none can have the one after the last.
        let can_be = KeyRange::between(Bound::Unbounded, Bound::Excluded((SnapshotName::NUMBERS,).to_bytes()));
        let last = read.scan(&BACKUPS, can_be, Direction::Down)?.next().transpose()?;
        Ok(last.map_or(0, |((number,), _)| number))
    }

    /// The highest number at a place that this box has to go on from, of the snapshots that are there, oldest first. One of
    /// another run, under a key that this box does not have, counts: two of one number are hard to tell apart.
    pub(super) fn highest_at(
        &self,
        repository: &Repository,
        keyring: &Keyring,
        there: &[SnapshotName],
    ) -> Result<u64, BackupError> {
        let last = self.last_number()?;
        let ahead = there.iter().rev().take_while(|name| name.number() > last);
        for name in ahead.filter(|name| name.number() - last <= AHEAD) {
            match repository.open_one(name, keyring) {
                Ok(_) | Err(BackupError::NoKey { .. }) => return Ok(name.number()),
                Err(BackupError::Damaged(_)) => {}
                Err(error) if error.is_not_ours() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(last)
    }

    /// A number for a snapshot that no other has: neither one that was made, nor one that is being made.
    pub(super) fn number_after(&self, highest: u64) -> Result<u64, BackupError> {
        let mut numbered = lock(&self.numbered);
        let highest = highest.max(self.last_number()?).max(*numbered);
        // The last that there is is given again: of two the later one is the newer.
        *numbered = (1 + highest).min(SnapshotName::NUMBERS - 1);
        Ok(*numbered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::fixture::{TestBox, by};
    use crate::backup::rows::Made;
    use crate::backup::{Depth, Unwatched, Wish};
    use crate::base::Timestamp;
    use crate::store::{Store, StoreError};

    /// Has a box remember that it made this one.
    fn remembers(store: &Store, number: u64) {
        let (created, tables, samples) = (Timestamp::UNIX_EPOCH, vec![], vec![]);
        let made = Made {
            name: format!("19700101T000000Z-{number:06}-00000000"),
            created,
            tables,
            entries: 1,
            head: [0; 32],
            samples,
        };
        let put: Result<(), StoreError> = store.write_blocking(move |tx| tx.put(&BACKUPS, &(number,), &made));
        put.unwrap();
    }

    #[test]
    fn the_name_of_a_file_that_does_not_open_decides_no_number_and_keeps_no_place_from_its_backup() {
        let made = TestBox::new(160);
        let first = made.snapshot("one").name;
        made.snapshot("two");
        let folder = made.path("one/snapshots");
        for name in ["20260101T000000Z-999999999999-00000000", "20260101T000000Z-000500-00000000"] {
            std::fs::write(folder.join(name), b"").unwrap();
        }
        std::fs::copy(folder.join(first.as_str()), folder.join("20260101T000000Z-000600-00000000")).unwrap();
        assert_eq!(made.snapshot("one").name.number(), 3);
        assert_eq!(made.snapshot("two").name.number(), 4);
        let both = [made.spec("one"), made.spec("two"), made.spec("three")];
        let created = made.backups.create(&both, Wish::USUAL, &by(), &Unwatched).unwrap();
        assert!(created.targets.iter().all(|done| done.result.is_ok()), "{:?}", created.targets);
        assert_eq!(created.name.number(), 5);
        let found = made.backups.verify(&made.spec("two"), Depth::All, &by(), &Unwatched).unwrap();
        assert!(found.is_whole() && found.good.len() == 3, "{found:?}");
    }

    #[test]
    fn a_box_goes_on_from_what_it_opens_at_a_place_unless_that_is_absurdly_far() {
        let made = TestBox::new(161);
        made.snapshot("one");
        let second = made.second("one", "latest");
        let create = || second.create(&[made.spec("one")], Wish::USUAL, &by(), &Unwatched).unwrap().name.number();
        remembers(&second.store, 400);
        assert_eq!((create(), made.snapshot("one").name.number()), (401, 402));
        remembers(&second.store, 5_000_000);
        assert_eq!((create(), made.snapshot("one").name.number()), (5_000_001, 403));
    }

    #[test]
    fn a_box_that_remembers_a_number_that_no_snapshot_can_have_goes_on_by_itself() {
        let made = TestBox::new(162);
        made.put([(1, vec![1])]);
        made.snapshot("one");
        remembers(&made.store, SnapshotName::NUMBERS);
        assert_eq!(made.snapshot("one").name.number(), 2);
        assert!(made.backups.made(SnapshotName::NUMBERS).unwrap().is_none());
        // Nor does the last that there is end it.
        remembers(&made.store, SnapshotName::NUMBERS - 1);
        for value in 2..4 {
            made.clock.advance(std::time::Duration::from_secs(60));
            made.put([(1, vec![value])]);
            let name = made.snapshot("one").name;
            assert_eq!(made.backups.choose(&made.spec("one"), "latest").unwrap(), name);
        }
        assert!(made.backups.drill(&made.spec("one"), "latest", &by(), &Unwatched).unwrap().passed());
    }
}
