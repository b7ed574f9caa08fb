//! Where repositories are and were: what a place held before, by whichever name, and which names are one place or copies of
//! one. Nothing is begun anew where something was, and nothing is taken for a second backup that is the first by another name.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::error::BackupError;
use super::repository::{Known, Repository};
use super::service::{Anew, Backups, TargetSpec};
use super::target::{Missing, Place};
use crate::store::{ReadExt, Record, StoreError, Table, Tx, tables};

/// A place → what it held the last time. Under the name that it was reached by, and under its one name.
const PLACES: Table<(String,), PlaceRow> = Table::new(tables::BACKUP_PLACES);

/// A place where this box had a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlaceRow {
    pub repository: [u8; 16],
}
impl Record for PlaceRow {}

/// The names under which a place is remembered.
pub(super) fn names_of(place: &Place) -> BTreeSet<String> {
    BTreeSet::from([place.to_string(), place.whole()])
}

/// Takes note of what a place holds.
pub(super) fn note_place(tx: &mut Tx<'_>, names: &BTreeSet<String>, repository: [u8; 16]) -> Result<(), StoreError> {
    let row = PlaceRow { repository };
    for name in names {
        let key = (name.clone(),);
        if tx.get(&PLACES, &key)?.as_ref() != Some(&row) {
            tx.put(&PLACES, &key, &row)?;
        }
    }
    Ok(())
}

impl Backups {
    /// What is known of what has to be at a place that is to be written to.
    pub(super) fn known_at(&self, spec: &TargetSpec, anew: Anew) -> Result<Known, BackupError> {
        Ok(match (anew, self.row_here(spec)?) {
            (Anew::Yes, _) => Known::New,
            (Anew::No, Some(row)) => Known::Was(row.repository),
            (Anew::No, None) => self.lost_at(spec)?.map_or(Known::New, Known::Held),
        })
    }

    /// The repository that this place held the last time, by whichever name it was reached, unless it is known to have
    /// moved: another place holds it now.
    pub(super) fn lost_at(&self, spec: &TargetSpec) -> Result<Option<[u8; 16]>, BackupError> {
        if let Some(row) = self.row_here(spec)? {
            return Ok(Some(row.repository));
        }
        let Some(held) = self.held_at(&spec.place)? else { return Ok(None) };
        Ok(if self.copy_of(spec, held)?.is_none() { Some(held) } else { None })
    }

    fn held_at(&self, place: &Place) -> Result<Option<[u8; 16]>, BackupError> {
        let (names, read) = (names_of(place), self.store.read()?);
        for name in &names {
            if let Some(row) = read.get(&PLACES, &(name.clone(),))? {
                return Ok(Some(row.repository));
            }
        }
        // A box of before knew places by the targets' names alone.
        let of_targets = self.known()?.into_iter().find(|(_, row)| names.contains(&row.place));
        Ok(of_targets.map(|(_, row)| row.repository))
    }

    /// The place of which this one is a copy: one that this box wrote to before, and that still holds the same repository.
    pub(super) fn copy_of(&self, spec: &TargetSpec, repository: [u8; 16]) -> Result<Option<String>, BackupError> {
        // The one that is known by this very name and path is no copy.
        if self.row_here(spec)?.is_some_and(|row| row.repository == repository) {
            return Ok(None);
        }
        let others = self.known()?.into_iter().filter(|(_, row)| row.repository == repository);
        let places = others.filter_map(|(_, row)| Place::parse(&row.place).ok());
        let mut copied = places.filter(|place| !place.is_same(&spec.place)).filter(|place| {
            let Place::Folder(_) = place else { return false };
            repository_at(place) == Some(repository)
        });
        Ok(copied.next().map(|place| place.to_string()))
    }
}

/// What lies in a place, if it can be looked at and says so.
fn repository_at(place: &Place) -> Option<[u8; 16]> {
    let there = place.open(Missing::Refuse).map_err(BackupError::from).and_then(Repository::open).ok()?;
    Some(there.marker().repository).filter(|_| !there.is_unmarked())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::fixture::{TestBox, by, files};
    use crate::backup::{Unwatched, Wish};
    use crate::store::Value;

    #[test]
    fn the_bytes_of_the_row_are_these() {
        let row = PlaceRow { repository: [7; 16] };
        let golden = [&[1][..], &[7; 16]].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(PlaceRow::from_stored(golden.into()).unwrap(), row);
    }

    fn create(made: &TestBox, spec: &TargetSpec, anew: Anew) -> Result<(), BackupError> {
        made.backups.create(std::slice::from_ref(spec), Wish { anew, ..Wish::USUAL }, &by(), &Unwatched).map(drop)
    }

    #[test]
    fn a_place_that_was_left_and_is_gone_back_to_is_not_begun_anew_in_silence() {
        let made = TestBox::new(120);
        let at = |place: &str| TargetSpec { name: "one".into(), ..made.spec(place) };
        let [a, b] = ["a", "b"].map(at);
        create(&made, &a, Anew::No).unwrap();
        create(&made, &b, Anew::No).unwrap();
        std::fs::remove_dir_all(made.path("a")).unwrap();
        std::fs::create_dir(made.path("a")).unwrap();
        for spec in [&a, &TargetSpec::at(made.path("a").to_str().unwrap()).unwrap()] {
            let refused = create(&made, spec, Anew::No).unwrap_err();
            assert!(matches!(refused, BackupError::Emptied { .. }), "{refused}");
            let refused = made.backups.verify(spec, crate::backup::Depth::All, &by(), &Unwatched).unwrap_err();
            assert!(matches!(refused, BackupError::Emptied { .. }), "{refused}");
            assert!(made.backups.try_out(spec, &by()).unwrap().error.unwrap().contains("now it holds none"));
        }
        assert!(files(&made.path("a")).is_empty());
        // Nor is a disk made up for that is not connected.
        std::fs::remove_dir(made.path("a")).unwrap();
        assert!(create(&made, &a, Anew::No).unwrap_err().to_string().contains("is not there"));
        assert!(!made.path("a").exists());
        // Whoever says that it is known begins anew, once.
        create(&made, &a, Anew::Yes).unwrap();
        create(&made, &b, Anew::No).unwrap();
        create(&made, &a, Anew::No).unwrap();
    }

    #[test]
    fn a_place_that_the_box_of_before_knew_by_a_name_is_known_when_the_name_moves_on() {
        let made = TestBox::new(121);
        let at = |place: &str| TargetSpec { name: "one".into(), ..made.spec(place) };
        create(&made, &at("a"), Anew::No).unwrap();
        let names = names_of(&at("a").place);
        let forgotten: Result<(), StoreError> =
            made.store.write_blocking(move |tx| names.iter().try_for_each(|name| tx.delete(&PLACES, &(name.clone(),))));
        forgotten.unwrap();
        create(&made, &at("b"), Anew::No).unwrap();
        std::fs::remove_dir_all(made.path("a")).unwrap();
        std::fs::create_dir(made.path("a")).unwrap();
        let refused = create(&made, &at("a"), Anew::No).unwrap_err();
        assert!(matches!(refused, BackupError::Emptied { .. }), "{refused}");
    }

    #[test]
    fn a_folder_that_was_moved_leaves_its_place_free_for_another() {
        let made = TestBox::new(122);
        create(&made, &made.spec("one"), Anew::No).unwrap();
        std::fs::rename(made.path("one"), made.path("moved")).unwrap();
        create(&made, &TargetSpec { name: "one".into(), ..made.spec("moved") }, Anew::No).unwrap();
        create(&made, &TargetSpec { name: "new".into(), ..made.spec("one") }, Anew::No).unwrap();
        assert_ne!(repository_at(&made.spec("one").place), repository_at(&made.spec("moved").place));
    }

    #[test]
    fn a_new_place_that_could_not_be_reached_at_first_held_nothing_before() {
        let made = TestBox::new(123);
        create(&made, &made.spec("one"), Anew::No).unwrap();
        let new = TargetSpec { name: "one".into(), ..made.spec("no/such") };
        assert!(create(&made, &new, Anew::No).unwrap_err().to_string().contains("is not there"));
        let standing = made.backups.with_targets(vec![new.clone()]).standing().unwrap();
        assert!(standing[0].error().unwrap().contains("is not there"));
        std::fs::create_dir_all(made.path("no/such")).unwrap();
        create(&made, &new, Anew::No).unwrap();
    }
}
