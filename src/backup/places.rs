//! Where repositories are and were: what a place held before, by whichever name, and which names are one place or copies of
//! one. Nothing is begun anew where something was, and nothing is taken for a second backup that is the first by another name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disks::Disks;
use super::error::BackupError;
use super::pace::Patience;
use super::repository::{Known, Repository};
use super::service::{Anew, Backups, TargetSpec};
use super::target::{Missing, Place, Seen};
use crate::store::{ReadExt, Record, StoreError, Table, Tx, tables};

/// A place → what it held the last time. Under the name that it was reached by, and under its one name.
const PLACES: Table<(String,), PlaceRow> = Table::new(tables::BACKUP_PLACES);

/// A place where this box had a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlaceRow {
    pub repository: [u8; 16],
}
impl Record for PlaceRow {}

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
    /// The names under which a place is remembered.
    pub(super) fn names_of(&self, place: &Place) -> BTreeSet<String> {
        BTreeSet::from([place.to_string(), self.disks.known(place).whole])
    }

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
        let (names, read) = (self.names_of(place), self.store.read()?);
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
        let folders: Vec<Place> = places.filter(|place| matches!(place, Place::Folder(_))).collect();
        self.disks.ask(&folders, self.patience.glance);
        let here = self.disks.known(&spec.place);
        let mut copied = folders.into_iter().filter(|place| {
            let is_other = !self.disks.known(place).is_same(&here);
            is_other && self.disks.repository_at(place, self.patience.answer) == Some(repository)
        });
        Ok(copied.next().map(|place| place.to_string()))
    }

    /// Why a target of the configuration is no place of its own: another that stands before it there is the same place, or
    /// holds the same repository still; or it lies within another. Goes by what the disks answered the last time.
    pub(super) fn double_of(
        &self,
        spec: &TargetSpec,
        repository: Option<[u8; 16]>,
    ) -> Result<Option<BackupError>, BackupError> {
        let all = self.configured();
        let before = all.iter().position(|one| one == spec).unwrap_or(0);
        let here = self.disks.known(&spec.place);
        if let Some(other) = all.iter().find(|other| self.disks.known(&other.place).is_around(&here)) {
            return Ok(Some(nested(spec, other)));
        }
        for other in all.iter().take(before) {
            if self.disks.known(&other.place).is_same(&here) {
                return Ok(Some(one_place(spec, other)));
            }
            let theirs = self.row_here(other)?.map(|row| row.repository);
            let holds = || self.disks.repository_at(&other.place, self.patience.answer);
            if repository.is_some() && theirs == repository && holds() == repository {
                return Ok(Some(copy(spec, other)));
            }
        }
        Ok(None)
    }
}

/// Which targets of a configuration are no places of their own, as far as that can be seen without the box.
pub fn doubles(targets: &[TargetSpec]) -> Vec<BackupError> {
    let disks = Disks::default();
    let limit = Patience::USUAL.glance;
    disks.ask(targets.iter().map(|spec| &spec.place), limit);
    let mut before: Vec<(&TargetSpec, Seen, Option<[u8; 16]>)> = Vec::new();
    let mut doubles = Vec::new();
    for spec in targets {
        let is_folder = matches!(spec.place, Place::Folder(_));
        let held = if is_folder { disks.repository_at(&spec.place, limit) } else { None };
        let here = disks.known(&spec.place);
        doubles.extend(before.iter().find_map(|(other, there, theirs)| {
            if there.is_same(&here) {
                return Some(one_place(spec, other));
            }
            (held.is_some() && held == *theirs).then(|| copy(spec, other))
        }));
        before.push((spec, here, held));
    }
    doubles
}

/// Which targets of a configuration lie where no backup is to lie: within the box's own folder or around it, or within another
/// target.
pub fn misplaced(targets: &[TargetSpec], data: &Path) -> Vec<BackupError> {
    let disks = Disks::default();
    disks.ask(targets.iter().map(|spec| &spec.place), Patience::USUAL.glance);
    let own = PathBuf::from(Place::Folder(data.display().to_string()).whole());
    let wrong = |spec: &TargetSpec| {
        let (seen, place) = (disks.known(&spec.place), spec.place.to_string());
        let here = Path::new(&seen.whole);
        if here.starts_with(&own) {
            return Some(BackupError::Inside { place });
        }
        if own.starts_with(here) {
            return Some(BackupError::Around { place });
        }
        let around = targets.iter().find(|other| disks.known(&other.place).is_around(&seen));
        around.map(|other| nested(spec, other))
    };
    targets.iter().filter_map(wrong).collect()
}

fn nested(spec: &TargetSpec, other: &TargetSpec) -> BackupError {
    BackupError::Nested { name: spec.name.clone(), other: other.name.clone() }
}

fn one_place(spec: &TargetSpec, other: &TargetSpec) -> BackupError {
    BackupError::OnePlace { name: spec.name.clone(), other: other.name.clone() }
}

pub(super) fn copy(spec: &TargetSpec, other: &TargetSpec) -> BackupError {
    BackupError::CopyOf { place: spec.place.to_string(), other: other.place.to_string() }
}

/// What lies in a place, if it can be looked at and says so. It hangs as long as the place does: see [`Disks::repository_at`].
pub(super) fn repository_at(place: &Place) -> Option<[u8; 16]> {
    let there = place.open(Missing::Refuse).map_err(BackupError::from).and_then(Repository::open).ok()?;
    Some(there.marker().repository).filter(|_| !there.is_unmarked())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::fixture::{TestBox, by, files};
    use crate::backup::{Standing, Unwatched, Wish};
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
        let names = made.backups.names_of(&at("a").place);
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

    #[test]
    fn two_names_of_one_place_are_said_to_be_so_and_neither_waits_for_the_other() {
        let made = TestBox::new(124);
        std::fs::create_dir(made.path("one")).unwrap();
        std::os::unix::fs::symlink(made.path("one"), made.path("link")).unwrap();
        let both = vec![made.spec("one"), TargetSpec { name: "usb".into(), ..made.spec("link") }];
        let backups = made.backups.with_targets(both.clone());
        let created = backups.create(&both, Wish::USUAL, &by(), &Unwatched).unwrap();
        let results: Vec<_> = created.targets.iter().map(|done| done.result.as_ref().err()).collect();
        assert!(matches!(results[..], [None, Some(BackupError::OnePlace { .. })]), "{results:?}");
        let alone = backups.create(&both[1..], Wish::USUAL, &by(), &Unwatched).unwrap_err();
        assert!(alone.to_string().contains("usb and one are two names of one place"), "{alone}");
        let standing = backups.standing().unwrap();
        assert_eq!(standing.iter().map(|one| one.double.is_some()).collect::<Vec<_>>(), [false, true]);
        assert_eq!([0, 1].map(|at| standing[at].backup_stands), [Standing::Good, Standing::Late]);
        // By itself the box makes one backup, and has nothing to complain of.
        made.clock.advance(std::time::Duration::from_secs(30 * 3600));
        backups.run_due(&Unwatched).unwrap();
        made.clock.advance(std::time::Duration::from_secs(2 * 3600));
        backups.run_due(&Unwatched).unwrap();
        assert_eq!(backups.list(Some("one")).unwrap()[0].snapshots.len(), 2);
        assert!(matches!(doubles(&both)[..], [BackupError::OnePlace { .. }]));
    }

    #[test]
    fn a_place_within_another_or_within_the_box_is_none() {
        let made = TestBox::new(126);
        std::fs::create_dir_all(made.path("box/data")).unwrap();
        let wrong = |names: &[&str]| -> Vec<String> {
            let specs: Vec<TargetSpec> = names.iter().map(|name| made.spec(name)).collect();
            misplaced(&specs, &made.path("box/data")).iter().map(ToString::to_string).collect()
        };
        assert!(wrong(&["one", "two", "one-more", "box/beside"]).is_empty());
        // Also where neither is there yet.
        let said = wrong(&["one/deeper/two", "one"]);
        assert!(said.len() == 1 && said[0].starts_with("one/deeper/two lies within one"), "{said:?}");
        assert!(wrong(&["box/data/backups"])[0].contains("in the box's own folder"));
        assert!(wrong(&["box"])[0].contains("backups would stand among the box's files"));
        std::os::unix::fs::symlink(made.path("box/data"), made.path("link")).unwrap();
        assert!(wrong(&["link/usb"])[0].contains("in the box's own folder"));
    }

    #[test]
    fn nothing_is_backed_up_to_a_place_within_another() {
        let made = TestBox::new(127);
        std::fs::create_dir_all(made.path("one/packs")).unwrap();
        std::os::unix::fs::symlink(made.path("one/packs"), made.path("link")).unwrap();
        let both = vec![TargetSpec { name: "usb".into(), ..made.spec("link") }, made.spec("one")];
        let backups = made.backups.with_targets(both.clone());
        let created = backups.create(&both, Wish::USUAL, &by(), &Unwatched).unwrap();
        let results: Vec<_> = created.targets.iter().map(|done| done.result.as_ref().err()).collect();
        assert!(matches!(results[..], [None, Some(BackupError::Nested { .. })]), "{results:?}");
        assert!(!made.path("one/packs/chartbox-backup.txt").exists());
        let standing = backups.standing().unwrap();
        assert_eq!([0, 1].map(|at| standing[at].backup_stands), [Standing::Late, Standing::Good]);
        assert!(standing[0].error().unwrap().contains("usb lies within one"), "{:?}", standing[0].error());
        backups.run_due(&Unwatched).unwrap();
        // Nor by a path that no name has.
        let within = TargetSpec::at(made.path("one/snapshots").to_str().unwrap()).unwrap();
        assert!(matches!(backups.create(&[within], Wish::USUAL, &by(), &Unwatched), Err(BackupError::Nested { .. })));
    }

    #[test]
    fn a_repository_that_two_names_lead_to_is_written_to_by_one_of_them() {
        let made = TestBox::new(125);
        let (faulty, first) = crate::backup::fixture::inject("double");
        let both = vec![first, crate::backup::fixture::inject_again("double-too", &faulty)];
        let backups = made.backups.with_targets(both.clone());
        for _ in 0..2 {
            let created = backups.create(&both, Wish::USUAL, &by(), &Unwatched).unwrap();
            let results: Vec<_> = created.targets.iter().map(|done| done.result.as_ref().err()).collect();
            assert!(matches!(results[..], [None, Some(BackupError::CopyOf { .. })]), "{results:?}");
        }
        // Where the one has none any more, it has moved to the other.
        let moved = vec![made.spec("one"), made.spec("two")];
        let backups = made.backups.with_targets(moved.clone());
        made.snapshot("one");
        std::fs::rename(made.path("one"), made.path("two")).unwrap();
        backups.create(&moved[1..], Wish::USUAL, &by(), &Unwatched).unwrap();
        std::fs::rename(made.path("two"), made.path("one")).unwrap();
        // A folder that was copied is seen to be one without the box.
        made.snapshot("one");
        assert!(doubles(&[made.spec("one"), made.spec("two")]).is_empty());
        std::fs::create_dir(made.path("two")).unwrap();
        std::fs::copy(made.path("one/chartbox-backup.txt"), made.path("two/chartbox-backup.txt")).unwrap();
        assert!(matches!(doubles(&[made.spec("one"), made.spec("two")])[..], [BackupError::CopyOf { .. }]));
    }
}
