//! Removing old snapshots and what only they needed.
//!
//! What is removed goes in two steps, so that neither a crash nor another program that writes to the same place is harmed: first
//! a *mark* names the packs; a backup that begins after it does not use them. A later prune, at least a day on, removes those that are
//! still not needed, and forgets the mark. Snapshots go first: a pack without a snapshot only takes up space. Chunks that are
//! needed out of a pack that mostly is not are copied, as they are, before it is marked.
//!
//! While a snapshot is there that cannot be read, no pack goes: nobody knows what it needs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::audit::{Action, Detail, Outcome};
use crate::base::{ActorRef, Timestamp};
use crate::crypto::backup::{ChunkName, KeyId, Part};

use super::error::{BackupError, said_of};
use super::index::{Index, PackInfo};
use super::keyring::Keyring;
use super::layout::{PackHead, SnapshotName, read_head};
use super::lease::Doing;
use super::repository::{Repository, checkpoint_file, snapshot_file};
use super::retention::Keep;
use super::rows::TargetRow;
use super::service::{Backups, TargetSpec};
use super::target::{Name, Shelf};
use super::verify::{Needed, chunks_by_pack};
use super::watch::Watch;
use super::writing::{PACK_BYTES, Sealed, Sink, Written};

/// Seconds between a mark and the removal.
const GRACE: i64 = 24 * 3600;

/// A pack of which less than this share is needed is written anew.
const SPARSE_PERCENT: u64 = 50;

/// Packs smaller than this are put together when there are many of them.
const SMALL: u64 = PACK_BYTES as u64 / 8;
const MANY_SMALL: usize = 24;

/// What to remove, and how.
#[derive(Debug, Clone)]
pub struct Removal {
    pub keep: Keep,
    /// These go too.
    pub forget: Vec<String>,
    pub how: How,
}

/// Whether anything is removed, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Only say what would go.
    DryRun,
    /// Mark now, remove at a later time.
    Later,
    /// Remove at once: for a place that no other program writes to.
    Now,
}

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    pub forgotten: Vec<SnapshotName>,
    /// Not there any more, and not asked for from now on.
    pub given_up: Vec<SnapshotName>,
    /// Not there any more, though this box did not remove them.
    pub gone: Vec<SnapshotName>,
    pub kept: u64,
    pub packs_removed: u64,
    pub bytes_freed: u64,
    /// Marked, and removed at a later time.
    pub packs_marked: u64,
    pub bytes_marked: u64,
    pub bytes_rewritten: u64,
    /// Packs in which something was found changed, by file.
    pub spoiled: BTreeSet<String>,
    /// Why no pack was removed.
    pub held_back: Option<String>,
}

/// What a removal is about.
struct Going {
    /// Snapshots that are there, and go.
    forget: Vec<SnapshotName>,
    /// Snapshots that are gone already, and are not asked for any more.
    given_up: Vec<SnapshotName>,
}

/// The packs that a mark names: the sealed body of a file on the shelf `marks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    pub made: Timestamp,
    pub packs: BTreeSet<String>,
}

/// The marks of a repository, by their files. One that does not open says nothing, and is taken away with the next prune.
pub(super) fn marks(repository: &Repository, keyring: &Keyring) -> Result<Vec<(Name, Option<Mark>)>, BackupError> {
    let files = repository.target().list(Shelf::Marks)?;
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        let sealed = repository.target().get(&file.name, 16 << 20)?;
        let opened = keyring.all().find_map(|(_, key)| key.open(Part::Mark, &sealed).ok());
        all.push((file.name, opened.and_then(|text| serde_json::from_slice(&text).ok())));
    }
    Ok(all)
}

/// The files of packs that are marked.
pub(super) fn marked(marks: &[(Name, Option<Mark>)]) -> BTreeSet<String> {
    marks.iter().filter_map(|(_, mark)| mark.as_ref()).flat_map(|mark| mark.packs.iter().cloned()).collect()
}

impl Backups {
    /// Removes what the retention does not keep. Blocks.
    pub fn prune(
        &self,
        spec: &TargetSpec,
        removal: &Removal,
        by: &ActorRef,
        watch: &dyn Watch,
    ) -> Result<Pruned, BackupError> {
        let _lease = self.lease(spec, Doing::Prune)?;
        let repository = self.open_known(spec)?;
        let keyring = self.keyring()?;
        let mut pruned = Pruned::default();
        let (there, gone) = self.look_for(spec, &repository)?;
        let row = self.row_here(spec)?.unwrap_or_else(|| TargetRow::blank(repository.marker().repository));
        let bad = self.not_restorable(spec, row.bad)?;
        let Going { forget, given_up } = self.going(spec, &repository, &keyring, removal, &gone, &bad)?;
        pruned.spoiled = row.spoiled.into_iter().collect();
        pruned.gone = gone.iter().filter(|name| !given_up.contains(name)).cloned().collect();
        let stays: Vec<SnapshotName> = there.into_iter().filter(|name| !forget.contains(name)).collect();
        pruned.kept = stays.len() as u64;
        (pruned.forgotten, pruned.given_up) = (forget, given_up);
        if removal.how == How::DryRun {
            return Ok(pruned);
        }
        // First it is noted what is not asked for any more: whatever breaks this off, nothing that was removed is missed.
        let (own, of) = (self.own_names()?, repository.marker().repository);
        let without = [pruned.forgotten.as_slice(), &pruned.given_up].concat();
        self.note_everywhere(of, move |row| row.gave_up(&without))?;
        self.note(spec, Some(of), move |row| row.saw(&stays, |name| own.contains(name.as_str())))?;
        let done = self.remove(&repository, &keyring, removal.how, &mut pruned, watch);
        let kept = pruned.kept;
        let outcome = if done.is_ok() { Outcome::Success } else { Outcome::Failed };
        let note = format!("{}: {} snapshots removed, {kept} kept", spec.name, pruned.forgotten.len());
        let event = self.event(by, Action::BackupPrune).outcome(outcome).detail(Detail::note(note));
        let _ = self.audit.commit_blocking(vec![event])?;
        done.map(|()| pruned)
    }

    /// The snapshots that could not be restored when that was last looked at.
    fn not_restorable(&self, spec: &TargetSpec, bad: Vec<String>) -> Result<BTreeSet<String>, BackupError> {
        let mut bad: BTreeSet<String> = bad.into_iter().collect();
        let mut seen = BTreeSet::new();
        for drill in self.drills(usize::MAX)?.into_iter().filter(|drill| drill.target == spec.name && !drill.untried) {
            if seen.insert(drill.snapshot.clone()) && !drill.passed() {
                bad.insert(drill.snapshot);
            }
        }
        Ok(bad)
    }

    /// What goes: of the snapshots that can be restored, those that the retention does not keep, and of those that are gone by themselves, those
    /// that it would not have kept. One that does not open counts for no day, and goes
    /// only when it is named: it may be another box's, and it must not take the place of one from which something comes back.
    fn going(
        &self,
        spec: &TargetSpec,
        repository: &Repository,
        keyring: &Keyring,
        removal: &Removal,
        gone: &[SnapshotName],
        bad: &BTreeSet<String>,
    ) -> Result<Going, BackupError> {
        let mut names = Vec::new();
        for name in repository.snapshots()? {
            match repository.open_one(&name, keyring) {
                Ok(_) if bad.contains(name.as_str()) => {}
                Ok(_) => names.push(name),
                Err(BackupError::Damaged(_)) => {}
                Err(error) if error.is_not_ours() => {}
                Err(error) => return Err(error),
            }
        }
        let proved = self.drills(usize::MAX)?.into_iter().find(|drill| drill.passed() && drill.target == spec.name);
        let proved = proved.as_ref().map(|drill| drill.snapshot.as_str());
        let (mut forget, mut given_up) = (Vec::new(), Vec::new());
        for asked in &removal.forget {
            let meant = gone.iter().filter(|name| name.is_meant_by(asked));
            match (repository.choose(asked, None), meant.cloned().collect::<Vec<_>>()) {
                (Err(error), meant) if error.is_no_snapshot() && !meant.is_empty() => given_up.extend(meant),
                (name, _) => forget.push(name?),
            }
        }
        // What was named goes first: then it takes the place of nothing that stays.
        let stay: Vec<SnapshotName> = names.iter().filter(|name| !forget.contains(name)).cloned().collect();
        forget.extend(removal.keep.forgets(&stay, proved));
        let mut all = [stay.as_slice(), gone].concat();
        all.sort_unstable();
        given_up.extend(removal.keep.forgets(&all, proved).into_iter().filter(|name| gone.contains(name)));
        for names in [&mut forget, &mut given_up] {
            names.sort_unstable();
            names.dedup();
        }
        if !names.is_empty() && names.iter().all(|name| forget.contains(name)) {
            return Err(BackupError::Failed("that would remove the last snapshot: nothing was removed".into()));
        }
        Ok(Going { forget, given_up })
    }

    fn remove(
        &self,
        repository: &Repository,
        keyring: &Keyring,
        how: How,
        pruned: &mut Pruned,
        watch: &dyn Watch,
    ) -> Result<(), BackupError> {
        let target = repository.target();
        target.tidy()?;
        for name in &pruned.forgotten {
            target.delete(&snapshot_file(name)?)?;
            target.delete(&checkpoint_file(name)?)?;
        }
        target.sync()?;
        let marks = marks(repository, keyring)?;
        let marked = marked(&marks);
        let cache = self.cache(repository);
        let doubted = marked.union(&pruned.spoiled).cloned().collect();
        let whole = Index::load_marked(target, keyring, Some(&cache), &doubted)?;
        // It may come back, from under another disk's mount say.
        if !pruned.gone.is_empty() {
            pruned.held_back = Some(format!(
                "no space was freed: {} is gone though this box did not remove it, and what it needs is kept",
                said_of(&pruned.gone.iter().map(SnapshotName::as_str).collect::<Vec<_>>())
            ));
            return Ok(());
        }
        let needed = Needed::by(repository.snapshots()?, repository, keyring, &whole, watch)?;
        if let Some(name) = needed.lacking.first() {
            pruned.held_back = Some(format!(
                "no space was freed: the snapshot {name} cannot be read, so that nobody knows what it needs. \
                 `backup verify` says what is wrong with it; `backup prune --forget {name}` removes it"
            ));
            return Ok(());
        }
        let index = whole.without(&marked);
        self.sweep(repository, &whole, &index, &needed, marks, how, pruned)?;
        let unneeded = self.rewrite(repository, keyring, &index, &needed, pruned)?;
        self.retire(repository, keyring, &index, &unneeded, how, pruned)
    }

    /// Removes marked packs whose time has come, if they are still not needed.
    #[allow(clippy::too_many_arguments)]
    fn sweep(
        &self,
        repository: &Repository,
        whole: &Index,
        index: &Index,
        needed: &Needed,
        marks: Vec<(Name, Option<Mark>)>,
        how: How,
        pruned: &mut Pruned,
    ) -> Result<(), BackupError> {
        // A chunk that is only in marked packs: a backup that began before the mark used it.
        let wanted: BTreeSet<&str> = needed
            .chunks
            .iter()
            .filter(|name| !index.has(name))
            .filter_map(|name| whole.place(name).map(|(pack, _)| pack.name.file()))
            .collect();
        let now = self.ambient.now();
        for (file, mark) in marks {
            let Some(mark) = mark else {
                repository.target().delete(&file)?;
                continue;
            };
            let age = now.as_second() - mark.made.as_second();
            // A mark of the future was made under another clock: it waits until it is a day old by this one.
            if age < GRACE && how != How::Now {
                continue;
            }
            for pack in mark.packs.iter().filter(|pack| !wanted.contains(pack.as_str())) {
                let Some(name) = Name::new(Shelf::Packs, pack) else { continue };
                let bytes = whole.packs().iter().find(|there| there.name == name).map_or(0, |there| there.bytes);
                repository.target().delete(&name)?;
                pruned.packs_removed += 1;
                pruned.bytes_freed += bytes;
            }
            repository.target().sync()?;
            repository.target().delete(&file)?;
        }
        Ok(())
    }

    /// Copies what is needed out of packs that mostly are not; answers with the packs that nobody needs then.
    fn rewrite(
        &self,
        repository: &Repository,
        keyring: &Keyring,
        index: &Index,
        needed: &Needed,
        pruned: &mut Pruned,
    ) -> Result<Vec<PackInfo>, BackupError> {
        let by_pack = chunks_by_pack(needed, index);
        let live = |number: usize| -> u64 {
            let names = by_pack.get(&number).map(Vec::as_slice).unwrap_or_default();
            names.iter().filter_map(|name| Some(u64::from(index.place(name)?.1.sealed))).sum()
        };
        let small = index.packs().iter().filter(|pack| pack.bytes < SMALL).count();
        let mut unneeded = Vec::new();
        let mut copies: BTreeMap<KeyId, Vec<(PackInfo, Vec<ChunkName>)>> = BTreeMap::new();
        for (number, pack) in index.packs().iter().enumerate() {
            let live = live(number);
            let sparse = live * 100 < pack.bytes * SPARSE_PERCENT;
            if live == 0 {
                unneeded.push(pack.clone());
            } else if pruned.spoiled.contains(pack.name.file()) {
                // What can be read of it stays where it is.
            } else if sparse || (pack.bytes < SMALL && small >= MANY_SMALL) {
                let names = by_pack.get(&number).cloned().unwrap_or_default();
                copies.entry(pack.key).or_default().push((pack.clone(), names));
            }
        }
        for (id, packs) in copies {
            let Some(key) = keyring.get(id) else { continue };
            let sink = Sink::new(repository.shared_target(), Index::default(), Some(self.cache(repository)));
            let (read, written) = std::thread::scope(|scope| {
                let queue = sink.start(scope, id, key, &self.ambient);
                let send = queue.sender();
                let read = packs.iter().try_for_each(|(pack, names)| {
                    let bytes = repository.target().get(&pack.name, pack.bytes)?;
                    for name in names {
                        let Some((_, place)) = index.place(name) else { continue };
                        let from = place.offset as usize;
                        let sealed = bytes.get(from..from + place.sealed as usize).unwrap_or_default();
                        if super::writing::unsealed(key, *name, sealed, place.bytes).is_none() {
                            return Err(BackupError::from(super::Damage::new(
                                &pack.name,
                                super::What::Changed,
                                super::Lost::Unknown,
                            )));
                        }
                        let sealed = Sealed { name: *name, sealed: sealed.to_vec().into(), bytes: place.bytes };
                        // A thread that is gone has said why itself.
                        let _ = send.send(sealed);
                    }
                    Ok(())
                });
                drop(send);
                (read, queue.close())
            });
            let (Written { bytes, .. }, _) = written.take()?;
            read?;
            pruned.bytes_rewritten += bytes;
            unneeded.extend(packs.into_iter().map(|(pack, _)| pack));
        }
        Ok(unneeded)
    }

    /// Marks packs, or removes them at once.
    fn retire(
        &self,
        repository: &Repository,
        keyring: &Keyring,
        index: &Index,
        unneeded: &[PackInfo],
        how: How,
        pruned: &mut Pruned,
    ) -> Result<(), BackupError> {
        let target = repository.target();
        // A pack whose index is damaged and that nobody needs: everything needed was found elsewhere.
        // One under a key that is not at hand is somebody else's.
        let ours = |name: &Name| {
            let head = target.get_range(name, 0, 32).map(|head| read_head(&head));
            matches!(head, Ok(PackHead::Of(id)) if keyring.get(id).is_some())
        };
        let damaged = index.unreadable().iter().filter(|(file, _)| ours(&file.name));
        let damaged = damaged.map(|(file, _)| (file.name.clone(), file.bytes));
        let all: HashMap<Name, u64> =
            unneeded.iter().map(|pack| (pack.name.clone(), pack.bytes)).chain(damaged).collect();
        if all.is_empty() {
            return Ok(());
        }
        if how == How::Now {
            for (name, bytes) in &all {
                target.delete(name)?;
                pruned.packs_removed += 1;
                pruned.bytes_freed += bytes;
            }
            return Ok(target.sync()?);
        }
        let (_, key) = self.current_key()?;
        let made = self.ambient.now();
        let mark = Mark { made, packs: all.keys().map(|name| name.file().to_owned()).collect() };
        let text = serde_json::to_vec(&mark).map_err(|error| BackupError::Failed(error.to_string()))?;
        let sealed = key.seal(Part::Mark, &text, &self.ambient);
        let sealed = sealed.map_err(|error| BackupError::Failed(error.to_string()))?;
        let tail = data_encoding::HEXLOWER.encode(&self.ambient.bytes::<4>());
        let file = format!("{}-{tail}", made.strftime("%Y%m%dT%H%M%SZ"));
        let name = Name::new(Shelf::Marks, &file).ok_or_else(|| BackupError::Failed("a mark has no name".into()))?;
        target.put(&name, &sealed)?;
        target.sync()?;
        pruned.packs_marked += all.len() as u64;
        pruned.bytes_marked += all.values().sum::<u64>();
        Ok(())
    }
}
