//! Which snapshots are of which run of a box. A box that was restored or copied, and the one that it came of, have one name: where
//! both make backups in one place, their snapshots stand beside each other, and the newest by its number may be the older branch.
//!
//! What tells them apart is the access log: a snapshot says how many entries it has and the hash of the last one, and a box that
//! goes on from it has that very entry at that place. A restored box opens a new epoch with its first entry, so that no two runs
//! have the same log for long.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;

use super::error::BackupError;
use super::index::Index;
use super::keyring::Keyring;
use super::layout::{Leaf, Manifest, SnapshotName, rows_of};
use super::list::Roots;
use super::reading::Reader;
use super::repository::Repository;
use super::service::{Backups, TargetSpec};
use crate::audit;
use crate::base::Timestamp;
use crate::crypto::backup::ChunkName;
use crate::crypto::keyslots::SlotKey;
use crate::store::tables;

/// Snapshots of which each goes on from the one before, oldest first.
pub type Run = Vec<SnapshotName>;

impl Backups {
    /// The snapshots of a target that are of another run of this box, oldest first.
    pub fn of_another_run(&self, spec: &TargetSpec) -> Result<Vec<SnapshotName>, BackupError> {
        let repository = self.open(spec)?;
        let there = repository.snapshots()?;
        Ok(self.beside(&repository, &there)?.into_iter().collect())
    }

    /// Those of these snapshots that this box does not go on from. Of one that is damaged nobody can say it.
    pub(super) fn beside(
        &self,
        repository: &Repository,
        there: &[SnapshotName],
    ) -> Result<BTreeSet<SnapshotName>, BackupError> {
        let (own, keyring) = (self.own_names()?, self.keyring()?);
        let mut beside = BTreeSet::new();
        for name in there.iter().filter(|name| !own.contains(name.as_str())) {
            match repository.open_one(name, &keyring) {
                Ok(manifest) if !self.goes_on_from(&manifest)? => {
                    beside.insert(name.clone());
                }
                // This box has every key that it ever made, so that another run made this one: after a change of the root key, say.
                Err(BackupError::NoKey { .. }) => {
                    beside.insert(name.clone());
                }
                Ok(_) | Err(BackupError::Damaged(_)) => {}
                Err(error) if error.is_not_ours() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(beside)
    }

    /// Whether this box's access log has what a snapshot's ends with.
    pub(super) fn goes_on_from(&self, manifest: &Manifest) -> Result<bool, BackupError> {
        let hash = audit::hash_at(&self.store.read()?, manifest.audit.entries)?;
        Ok(hash.is_some_and(|hash| HEXLOWER.encode(&hash) == manifest.audit.head))
    }

    /// Which snapshot is meant. The latest is the latest of this run of the box.
    pub(super) fn meant(&self, repository: &Repository, asked: &str) -> Result<SnapshotName, BackupError> {
        let chosen = repository.choose(asked, None)?;
        if asked != Repository::LATEST {
            return Ok(chosen);
        }
        let beside = self.beside(repository, &repository.snapshots()?)?;
        if !beside.contains(&chosen) {
            return Ok(chosen);
        }
        repository.newest(None, &beside)
    }
}

/// Refuses to take the newest for the latest where a place holds several runs of a box: only a person knows which one to go on
/// from. The root key may have been changed in one of them: what this person's key does not open is not looked at.
pub fn one_run(
    repository: &Repository,
    newest: &Manifest,
    at: Option<Timestamp>,
    key: &SlotKey,
) -> Result<(), BackupError> {
    let (mut keyring, mut manifests) = (Keyring::default(), Vec::new());
    let mut names = repository.snapshots()?;
    names.retain(|name| at.is_none_or(|at| name.time() <= at));
    let (roots, of_box) = (Roots::of(repository, &names, key), repository.read(&newest.name)?.header.of_box);
    for name in &names {
        let opened = repository.read(name).and_then(|snapshot| {
            if snapshot.header.of_box != of_box {
                return Err(BackupError::Foreign { name: name.clone() });
            }
            let of_it = roots.keyring(name, &snapshot)?;
            let manifest = of_it.open(name, &snapshot)?;
            Ok((of_it, manifest))
        });
        match opened {
            Ok((of_it, manifest)) => {
                of_it.all().for_each(|(id, key)| keyring.add(id, key.clone()));
                manifests.push(manifest);
            }
            Err(BackupError::Damaged(_) | BackupError::Slots(_)) => {}
            Err(error) if error.is_not_ours() => {}
            Err(error) => return Err(error),
        }
    }
    if manifests.iter().all(|manifest| manifest.name == newest.name) {
        return Ok(());
    }
    let index = Index::load(repository.target(), &keyring, None)?;
    let runs = runs_of(&Reader::new(repository.target(), &index, &keyring), manifests)?;
    match runs.len() {
        0 | 1 => Ok(()),
        _ => Err(BackupError::Forked { place: repository.place().to_owned(), runs }),
    }
}

/// The runs that these snapshots are of: the newest with those that it goes on from, then the newest of the others with its own.
fn runs_of(reader: &Reader<'_>, mut manifests: Vec<Manifest>) -> Result<Vec<Run>, BackupError> {
    manifests.sort_by(|one, other| one.name.cmp(&other.name));
    let mut runs = Vec::new();
    while let Some(newest) = manifests.pop() {
        let before = ends_in(reader, &newest, &manifests)?;
        let (with, others): (Vec<_>, Vec<_>) = manifests.into_iter().partition(|one| before.contains(&one.name));
        manifests = others;
        runs.push(with.into_iter().map(|one| one.name).chain([newest.name]).collect());
    }
    Ok(runs)
}

/// Those of these snapshots whose last entry of the access log stands at its place in that of `newest`. Where that log cannot
/// be read, restoring it says so.
fn ends_in(reader: &Reader<'_>, newest: &Manifest, others: &[Manifest]) -> Result<BTreeSet<SnapshotName>, BackupError> {
    let all = || others.iter().map(|one| one.name.clone()).collect();
    let Some(entries) = newest.tables.iter().find(|table| table.number == tables::AUDIT_ENTRIES.number()) else {
        return Ok(all());
    };
    let leaves: Vec<Leaf> = match reader.leaves(entries) {
        Ok(nodes) => nodes.into_iter().flatten().collect(),
        Err(BackupError::Damaged(_)) => return Ok(all()),
        Err(error) => return Err(error),
    };
    let earlier: Vec<&Manifest> = others.iter().filter(|one| one.audit.entries <= newest.audit.entries).collect();
    let mut asked: BTreeMap<ChunkName, Vec<&Manifest>> = BTreeMap::new();
    for one in earlier {
        let mut rows = 0;
        let holds = leaves.iter().find(|leaf| {
            rows += u64::from(leaf.rows);
            rows >= one.audit.entries
        });
        if let Some(leaf) = holds {
            asked.entry(leaf.name).or_default().push(one);
        }
    }
    let names: Vec<ChunkName> = asked.keys().copied().collect();
    let mut before = BTreeSet::new();
    reader.chunks(&names, &mut |at, bytes| {
        let of_chunk = names.get(at).and_then(|name| asked.get(name)).into_iter().flatten();
        match bytes {
            Ok(bytes) => before.extend(of_chunk.filter(|one| has_end(&bytes, one)).map(|one| one.name.clone())),
            Err(_) => before.extend(of_chunk.map(|one| one.name.clone())),
        }
    })?;
    Ok(before)
}

/// Whether a chunk of the access log has the last entry of a snapshot.
fn has_end(chunk: &[u8], manifest: &Manifest) -> bool {
    let Some((_, rows)) = rows_of(chunk) else { return false };
    let key = audit::key_of_entry(manifest.audit.entries);
    let mut of_entry = rows.filter_map(Result::ok).filter(|(found, _)| *found == key.as_slice());
    of_entry.any(|(_, entry)| HEXLOWER.encode(&audit::entry_hash(entry)) == manifest.audit.head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::fixture::{TestBox, by, restored_with};
    use crate::backup::{Depth, How, Keep, Removal, Unwatched, Wish};

    fn numbers<'a>(names: impl IntoIterator<Item = &'a SnapshotName>) -> Vec<u64> {
        names.into_iter().map(SnapshotName::number).collect()
    }

    fn at_once(forget: &[&str]) -> Removal {
        let keep = Keep { hourly: 0, daily: 1, weekly: 0, monthly: 0, yearly: 0, zone: jiff::tz::TimeZone::UTC };
        Removal { keep, forget: forget.iter().map(ToString::to_string).collect(), how: How::Now }
    }

    /// A box with the snapshots 1 and 2, a second one restored from 1, which makes 3, and the first one's 4 beside it.
    fn forked(seed: u64) -> (TestBox, Backups) {
        let made = TestBox::new(seed);
        made.put((0..400).map(|key| (key, vec![key as u8; 90])));
        made.snapshot("one");
        let second = made.second("one", "latest");
        made.put([(7, b"of the first".to_vec())]);
        made.snapshot("one");
        second.create(&[made.spec("one")], Wish::USUAL, &by(), &Unwatched).unwrap();
        (made, second)
    }

    #[test]
    fn a_second_box_of_one_name_is_told_apart_by_both() {
        let (made, second) = forked(130);
        let spec = made.spec("one");
        assert_eq!(numbers(&made.backups.of_another_run(&spec).unwrap()), [3]);
        assert_eq!(numbers(&second.of_another_run(&spec).unwrap()), [2]);
        let said = |backups: &Backups| backups.list(Some("one")).unwrap().remove(0).warnings.join(" ");
        assert!(said(&made.backups).contains("-000003-"), "{}", said(&made.backups));
        assert!(said(&second).contains("-000002-"), "{}", said(&second));
        let beside = |backups: &Backups| backups.verify(&spec, Depth::Structure, &by(), &Unwatched).unwrap().beside;
        assert_eq!((numbers(&beside(&made.backups)), numbers(&beside(&second))), (vec![3], vec![2]));
        let created = made.snapshot("one");
        assert_eq!(numbers(&created.targets[0].beside), [3]);
        // It is known from then on, without another look.
        let known = |backups: &Backups| backups.standing().unwrap().remove(0).beside;
        assert_eq!(
            known(&made.backups),
            crate::backup::remembered::texts(&created.targets[0].beside).into_iter().collect::<Vec<_>>()
        );
        assert_eq!(known(&second).len(), 1);
        // The latest is each box's own.
        assert_eq!(made.backups.choose(&spec, "latest").unwrap().number(), 4);
        assert_eq!(second.choose(&spec, "latest").unwrap().number(), 3);
        let drill = made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap();
        assert!(drill.passed() && drill.snapshot.contains("-000004-"), "{drill:?}");
    }

    #[test]
    fn removing_neither_counts_nor_takes_what_another_run_made() {
        let (made, second) = forked(131);
        let spec = made.spec("one");
        let pruned = second.prune(&spec, &at_once(&[]), &by(), &Unwatched).unwrap();
        assert_eq!((numbers(&pruned.forgotten), numbers(&pruned.beside)), (vec![1], vec![2]));
        assert!(made.restored("one", "2").is_ok());
        let pruned = made.backups.prune(&spec, &at_once(&[]), &by(), &Unwatched).unwrap();
        assert!(pruned.forgotten.is_empty(), "{:?}", pruned.forgotten);
        // Who names one means it.
        let pruned = made.backups.prune(&spec, &at_once(&["3"]), &by(), &Unwatched).unwrap();
        assert_eq!((numbers(&pruned.forgotten), pruned.beside.len()), (vec![3], 0));
    }

    #[test]
    fn who_restores_the_latest_of_two_runs_is_asked_which() {
        let (made, _) = forked(132);
        let repository = made.backups.open(&made.spec("one")).unwrap();
        let name = repository.choose("latest", None).unwrap();
        let newest = repository.open_one(&name, &made.backups.keyring().unwrap()).unwrap();
        let key = SlotKey::RecoverySheet(made.sheet.clone());
        let refused = one_run(&repository, &newest, None, &key).unwrap_err();
        let BackupError::Forked { runs, .. } = &refused else { panic!("{refused}") };
        assert_eq!(runs.iter().map(numbers).collect::<Vec<_>>(), [vec![1, 3], vec![2]]);
        assert!(refused.to_string().contains("1 and 3"), "{refused}");
        assert!(restored_with(&repository, &made.backups.keyring().unwrap(), &name).is_ok());
        // A box that was restored and goes on alone is one run.
        let alone = TestBox::new(133);
        alone.put([(1, vec![1])]);
        alone.snapshot("one");
        let second = alone.second("one", "latest");
        second.create(&[alone.spec("one")], Wish::USUAL, &by(), &Unwatched).unwrap();
        second.create(&[alone.spec("one")], Wish::USUAL, &by(), &Unwatched).unwrap();
        let repository = second.open(&alone.spec("one")).unwrap();
        let name = repository.choose("latest", None).unwrap();
        let newest = repository.open_one(&name, &second.keyring().unwrap()).unwrap();
        one_run(&repository, &newest, None, &SlotKey::RecoverySheet(alone.sheet.clone())).unwrap();
    }

    #[test]
    fn two_runs_are_told_apart_also_when_one_of_them_changed_its_root_key() {
        let made = TestBox::new(134);
        let spec = made.spec("one");
        made.put((0..400).map(|key| (key, vec![key as u8; 90])));
        made.snapshot("one");
        let second = made.second("one", "latest");
        made.put([(7, b"of the first".to_vec())]);
        let create = |backups: &Backups| {
            backups
                .create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched)
                .unwrap()
                .targets
                .remove(0)
                .beside
        };
        let rotated = made.with_root(crate::crypto::Root::generate(&made.ambient));
        assert!(create(&rotated).is_empty());
        assert_eq!(numbers(&create(&second)), [2]);
        // Each says so, and takes its own for the latest.
        assert_eq!(numbers(&create(&rotated)), [3]);
        let beside = |backups: &Backups| backups.verify(&spec, Depth::Structure, &by(), &Unwatched).unwrap().beside;
        assert_eq!((numbers(&beside(&rotated)), numbers(&beside(&second))), (vec![3], vec![2, 4]));
        assert_eq!(numbers(&second.list(Some("one")).unwrap()[0].beside), [2, 4]);
        assert_eq!(second.choose(&spec, "latest").unwrap().number(), 3);
        // The one sheet opens both, and nobody is led to one of them without a word.
        let repository = made.backups.open(&spec).unwrap();
        let name = repository.choose("latest", None).unwrap();
        let newest = repository.open_one(&name, &rotated.keyring().unwrap()).unwrap();
        let refused = one_run(&repository, &newest, None, &SlotKey::RecoverySheet(made.sheet.clone())).unwrap_err();
        let BackupError::Forked { runs, .. } = &refused else { panic!("{refused}") };
        assert_eq!(runs.iter().map(numbers).collect::<Vec<_>>(), [vec![1, 2, 4], vec![3]]);
        // What the other made is not offered to be removed.
        let why = second.prune(&spec, &at_once(&[]), &by(), &Unwatched).unwrap().held_back.unwrap();
        assert!(why.contains("another run") && !why.contains("--forget"), "{why}");
        assert!(made.restored("one", "2").is_ok());
    }
}
