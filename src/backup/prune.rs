//! Removing old snapshots and what only they needed.
//!
//! What is removed goes in two steps, so that neither a crash nor another program that writes to the same place is harmed: first
//! a *mark* names the packs; a backup that begins after it does not use them. A later prune, at least a day on, removes those that are
//! still not needed, and forgets the mark. Snapshots go first: a pack without a snapshot only takes up space. Chunks that are
//! needed out of a pack that mostly is not are copied, as they are, before it is marked.
//!
//! While a snapshot or a pack is there that cannot be read, or a snapshot that needs what is nowhere, no pack goes: nobody knows
//! what it needs and where that is, and what a disk does not read now it may read later.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::audit::{Action, Detail, Outcome};
use crate::base::{ActorRef, Timestamp, counted};
use crate::crypto::backup::Part;
use crate::store::{ReadExt, StoreError};

use super::copying::Work;
use super::error::{BackupError, Damage, Lost, What, said_of};
use super::index::{Index, PackInfo};
use super::keyring::Keyring;
use super::layout::{Manifest, PackHead, SnapshotName, read_head};
use super::lease::Doing;
use super::remembered::{Remembered, texts};
use super::repository::{Repository, checkpoint_file, snapshot_file};
use super::retention::Keep;
use super::rows::{LastMade, OpensBy, TARGETS, TargetRow};
use super::service::{Backups, TargetSpec};
use super::target::{Name, Shelf, TargetError};
use super::verify::Needed;
use super::watch::Watch;

/// Seconds between a mark and the removal.
const GRACE: i64 = 24 * 3600;

/// What to remove, and how.
#[derive(Debug, Clone)]
pub struct Removal {
    pub keep: Keep,
    /// Where any are named, these go and no others: the retention is for a removal that names none.
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
    /// A pack in which something was found changed, which was not known.
    pub found_spoiled: Option<String>,
    /// Those that are of another run of this box: neither counted nor removed, unless they were named.
    pub beside: Vec<SnapshotName>,
    /// What stays and was read whole before anything went: nothing is removed without one.
    pub relied: Option<SnapshotName>,
    /// Why no pack was removed.
    pub held_back: Option<String>,
    /// Whether something that stays cannot be read, or lacks something.
    pub damaged: bool,
}

impl Pruned {
    /// Whether something is not there any more.
    pub const fn has_removed(&self) -> bool {
        !self.forgotten.is_empty() || self.packs_removed > 0
    }

    /// What is not there any more, in words: the subject and the verb of a sentence.
    pub(super) fn removed(&self) -> String {
        let names = self.forgotten.as_slice();
        let packs = counted(self.packs_removed, "file of data", "files of data");
        match (names.len(), self.packs_removed) {
            (0, 1) => format!("{packs} was removed"),
            (0, _) => format!("{packs} were removed"),
            (1, 0) => format!("{} was removed", said_of(names)),
            (_, 0) => format!("{} were removed", said_of(names)),
            _ => format!("{} and {packs} were removed", said_of(names)),
        }
    }
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
    // What has no mark's name is somebody's own.
    for file in files.into_iter().filter(|file| Shelf::Marks.has_such(file.name.file())) {
        let sealed = match repository.target().get(&file.name, 16 << 20) {
            // It is none of ours.
            Err(TargetError::NotPlain { .. }) => continue,
            // None is as long as that.
            Err(TargetError::Length { .. }) => Vec::new(),
            Err(error @ TargetError::Io { .. }) => {
                return Err(BackupError::Failed(format!(
                    "{error}. It only says which packs are to be removed. Look at the disk or the server, and at what connects it; \
                     if that is well and the file cannot be read all the same, take it away there: nothing is lost by that"
                )));
            }
            sealed => sealed?,
        };
        let opened = keyring.all().find_map(|(_, key)| key.open(Part::Mark, &sealed).ok());
        all.push((file.name, opened.and_then(|text| serde_json::from_slice(&text).ok())));
    }
    Ok(all)
}

/// The files of packs that are marked.
pub(super) fn marked(marks: &[(Name, Option<Mark>)]) -> BTreeSet<String> {
    marks.iter().filter_map(|(_, mark)| mark.as_ref()).flat_map(|mark| mark.packs.iter().cloned()).collect()
}

/// Whether something that stays is not as it was written, or cannot be read. What does not open here may be as it was.
fn is_damaged(needed: &Needed, index: &Index) -> bool {
    let damaged = needed.lacking.iter().any(|name| !needed.is_left(name));
    damaged || !needed.incomplete.is_empty() || index.unread().next().is_some()
}

/// Why no pack is removed, where one may be that somebody needs.
fn why_no_pack_goes(needed: &Needed, index: &Index, pruned: &Pruned) -> Option<String> {
    let held = |why: String| Some(format!("no space was freed: {why}"));
    // It may come back, from under another disk's mount say.
    if !pruned.gone.is_empty() {
        return held(format!(
            "{} is gone though this box did not remove it, and what it needs is kept",
            said_of(&pruned.gone)
        ));
    }
    if let Some(name) = needed.foreign.first() {
        return held(format!(
            "the snapshot {name} is another box's, and nobody here knows what it needs. Move it away, to a folder of that box's own"
        ));
    }
    if let Some(name) = needed.lacking.iter().find(|name| pruned.beside.contains(name)) {
        return held(format!(
            "the snapshot {name} is of another run of this box, under a key that this one does not have, and nobody here knows \
             what it needs. Give each box a place of its own"
        ));
    }
    if let Some(unread) = index.unread().next() {
        return held(format!(
            "{} cannot be read, and what nobody can read now may be needed. Look at the disk or the server, and at what connects \
             it, and prune again when `backup verify` finds nothing",
            unread.name
        ));
    }
    if let Some(name) = needed.lacking.first() {
        return held(format!(
            "the snapshot {name} cannot be read, so that nobody knows what it needs. `backup verify` says what is wrong with it. It may be \
             read again once the disk and what connects it are looked at; if it is lost for good, `backup prune --forget {name}` removes it"
        ));
    }
    let incomplete: Vec<&SnapshotName> = needed.incomplete.iter().collect();
    let first = incomplete.first()?;
    held(format!(
        "{} cannot be restored, for something that is needed is not there. `backup verify` says what. Put it back if you have it, or \
         give up what is lost: `backup prune --forget {first}`",
        said_of(&incomplete)
    ))
}

/// What is known of a snapshot that stays, as of the last backup. How long it took and what was new in it nobody kept.
fn last_made(repository: &Repository, needed: &Needed, name: &SnapshotName) -> LastMade {
    let manifest = needed.manifests.iter().find(|manifest| manifest.name == *name);
    let slots = repository.read(name).map(|snapshot| snapshot.header.keyslots);
    LastMade {
        name: name.to_string(),
        number: name.number(),
        at: name.time(),
        seconds: 0,
        bytes: 0,
        holds: manifest.map_or(0, Manifest::bytes),
        rows: manifest.map_or(0, Manifest::rows),
        // What cannot be read is found damaged.
        opens: slots.ok().and_then(|slots| OpensBy::of(&slots).ok()),
    }
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
        self.is_no_copy(spec, &repository)?;
        let _of_repository = self.lease_of(spec, Doing::Prune, &repository)?;
        let (target, id) = (repository.target(), repository.marker().repository);
        let (there, gone) = self.look_for(&repository)?;
        let known = self.remembered(id)?;
        let marks = marks(&repository, &keyring)?;
        let marked = marked(&marks);
        // What lies twice is taken from where it was not found changed, and is not to be removed.
        let doubted = marked.union(&known.spoiled).cloned().collect();
        // What is kept here of its indexes says nothing of what is there.
        let index = Index::load_marked(target, &keyring, None, &doubted)?;
        let needed = Needed::by(there.clone(), &repository, &keyring, &index, watch)?;
        let beside = self.beside(&repository, &there)?;
        let Going { forget, given_up } = self.going(spec, &repository, removal, &gone, &needed, (&known, &beside))?;
        let stay: Vec<SnapshotName> = there.into_iter().filter(|name| !forget.contains(name)).collect();
        let mut pruned = Pruned {
            gone: gone.into_iter().filter(|name| !given_up.contains(name)).collect(),
            kept: stay.len() as u64,
            forgotten: forget,
            beside: beside.iter().filter(|name| stay.contains(name)).cloned().collect(),
            given_up,
            spoiled: known.spoiled.clone(),
            ..Pruned::default()
        };
        let needed = needed.only(&stay);
        pruned.damaged = is_damaged(&needed, &index);
        if removal.how == How::DryRun {
            return Ok(pruned);
        }
        let removing = self.removing(spec, &repository, watch)?;
        let work = Work { repository: &repository, keyring: &keyring, index: &index, how: removal.how };
        if !pruned.forgotten.is_empty() {
            self.rely_on(&work, &needed, &known, &mut pruned, watch)?;
        }
        // Where what is relied on was changed, nothing goes.
        if pruned.found_spoiled.is_none() {
            self.note_going(spec, &repository, &needed, &pruned, stay)?;
        }
        let all = pruned.kept + pruned.forgotten.len() as u64;
        let done = self.remove(&work, &needed, marks, &mut pruned);
        drop(removing);
        // Where it was broken off, some stay that were to go.
        pruned.kept = all - pruned.forgotten.len() as u64;
        let outcome = if done.is_ok() { Outcome::Success } else { Outcome::Failed };
        let told = self.note_gone(spec, id, &pruned, outcome, by);
        if pruned.found_spoiled.is_some() {
            // All of it has to be known, so that nothing relies on what is spoiled.
            drop(self.verify(spec, super::Depth::All, by, watch)?);
        }
        match done.and(told) {
            Err(why) if pruned.has_removed() => {
                return Err(BackupError::Halfway { done: Box::new(pruned), why: Box::new(why) });
            }
            done => done?,
        }
        self.look_again(spec, by, watch);
        Ok(pruned)
    }

    /// Takes note of what is not asked for any more before anything goes: whatever breaks that off, nothing that was removed
    /// is missed, and nothing that was removed is taken for the last backup.
    fn note_going(
        &self,
        spec: &TargetSpec,
        repository: &Repository,
        needed: &Needed,
        pruned: &Pruned,
        stay: Vec<SnapshotName>,
    ) -> Result<(), BackupError> {
        let (id, own) = (repository.marker().repository, self.own_names()?);
        let without = [pruned.forgotten.as_slice(), &pruned.given_up].concat();
        let is_others = |name: &&SnapshotName| pruned.beside.contains(name) || needed.is_left(name);
        let last = stay.iter().filter(|name| !is_others(name)).max();
        self.note_last(id, texts(&without), last.map(|name| last_made(repository, needed, name)))?;
        self.remember(id, move |known| {
            known.gave_up(&without);
            known.saw(&stay, &own);
        })?;
        let kept = pruned.kept;
        self.note(spec, Some(id), move |row| row.snapshots = kept)
    }

    /// Where the last backup is one of those that go, it is from now on the newest that stays, by whichever name the place is
    /// reached.
    fn note_last(&self, id: [u8; 16], going: BTreeSet<String>, last: Option<LastMade>) -> Result<(), BackupError> {
        let names: Vec<(String,)> = self.known()?.into_iter().map(|(name, _)| (name,)).collect();
        self.store.write_essential_blocking(move |tx| {
            for key in names {
                let row = tx.get(&TARGETS, &key)?.filter(|row| row.repository == id);
                let goes = |row: &TargetRow| row.last.as_ref().is_some_and(|last| going.contains(&last.name));
                if let Some(row) = row.filter(goes) {
                    tx.put(&TARGETS, &key, &TargetRow { last: last.clone(), ..row })?;
                }
            }
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }

    /// Says what is there no more, also of a removal that was broken off.
    fn note_gone(
        &self,
        spec: &TargetSpec,
        id: [u8; 16],
        pruned: &Pruned,
        outcome: Outcome,
        by: &ActorRef,
    ) -> Result<(), BackupError> {
        let kept = pruned.kept;
        if outcome != Outcome::Success {
            self.note(spec, Some(id), move |row| row.snapshots = kept)?;
        }
        let note = format!("{}: {} snapshots removed, {kept} kept", spec.name, pruned.forgotten.len());
        let event = self.event(by, Action::BackupPrune).outcome(outcome).detail(Detail::note(note));
        let _ = self.audit.commit_blocking(vec![event])?;
        Ok(())
    }

    /// What goes: of the snapshots that can be restored, those that the retention does not keep, and of those that are gone by
    /// themselves, those that it would not have kept. One that is known to lack something counts for no day, and goes once it is
    /// older than one that stays and would not be kept either way. One that does not open goes only when it is named: it may be
    /// another box's.
    fn going(
        &self,
        spec: &TargetSpec,
        repository: &Repository,
        removal: &Removal,
        gone: &[SnapshotName],
        needed: &Needed,
        (known, beside): (&Remembered, &BTreeSet<SnapshotName>),
    ) -> Result<Going, BackupError> {
        let lacks = |name: &SnapshotName| {
            needed.lacking.contains(name) || needed.incomplete.contains(name) || known.is_bad(name)
        };
        let opened = needed.manifests.iter().map(|manifest| manifest.name.clone());
        let opened: Vec<SnapshotName> = opened.filter(|name| !beside.contains(name)).collect();
        let names: Vec<SnapshotName> = opened.iter().filter(|name| !lacks(name)).cloned().collect();
        let id = repository.marker().repository;
        let passed = self.drills(usize::MAX)?.into_iter().filter(|drill| drill.passed() && drill.is_of(id, &spec.name));
        let proved = passed.filter_map(|drill| drill.snapshot.parse::<SnapshotName>().ok());
        let proved = proved.filter(|name| names.contains(name)).max();
        let proved = proved.as_ref().map(SnapshotName::as_str);
        let (mut forget, mut given_up) = (Vec::new(), Vec::new());
        for asked in &removal.forget {
            if asked == Repository::LATEST {
                let why = "what is to go is named by its number or a part of its name, not as the latest: nothing was removed";
                return Err(BackupError::Failed(why.into()));
            }
            let meant: Vec<&SnapshotName> = gone.iter().filter(|name| name.is_meant_by(asked)).collect();
            match (repository.choose(asked, None), meant.as_slice()) {
                (Err(error), meant) if meant.is_empty() || !error.is_no_snapshot() => return Err(error),
                (Err(_), [only]) => given_up.push((*only).clone()),
                (Ok(name), []) => forget.push(name),
                // Those that are there and those that are gone are told apart as one list.
                _ => return Err(repository.ambiguous(asked)),
            }
            if let Some(name) = forget.last().filter(|name| needed.foreign.contains(name)) {
                return Err(BackupError::NotToForget { name: name.clone() });
            }
        }
        if removal.forget.is_empty() {
            let old = removal.keep.forgets(&names, proved);
            let newest = names.iter().rfind(|name| !old.contains(name));
            let aged = removal.keep.forgets(&opened, proved).into_iter();
            let aged = aged.filter(|name| lacks(name) && newest > Some(name));
            let mut all = [names.as_slice(), gone].concat();
            all.sort_unstable();
            given_up.extend(removal.keep.forgets(&all, proved).into_iter().filter(|name| gone.contains(name)));
            forget.extend(aged);
            forget.extend(old);
        }
        for names in [&mut forget, &mut given_up] {
            names.sort_unstable();
            names.dedup();
        }
        let all_go = |names: &[SnapshotName]| !names.is_empty() && names.iter().all(|name| forget.contains(name));
        if all_go(&names) || all_go(&repository.snapshots()?) {
            return Err(BackupError::Failed("that would remove the last snapshot: nothing was removed".into()));
        }
        Ok(Going { forget, given_up })
    }

    fn remove(
        &self,
        work: &Work<'_>,
        needed: &Needed,
        marks: Vec<(Name, Option<Mark>)>,
        pruned: &mut Pruned,
    ) -> Result<(), BackupError> {
        let target = work.repository.target();
        // What stands there when this is broken off is what was removed.
        let forget = std::mem::take(&mut pruned.forgotten);
        target.tidy()?;
        let marked = marked(&marks);
        let index = work.index.without(&marked);
        let held_back = why_no_pack_goes(needed, work.index, pruned);
        // What is to be copied is read first: where something of it was changed, nothing goes.
        let free = held_back.is_none();
        let unneeded = if free { self.rewrite(work, &index, needed, pruned)? } else { Vec::new() };
        if let Some(pack) = &pruned.found_spoiled {
            return Err(Damage::new(pack, What::Changed, Lost::Unknown).into());
        }
        for name in forget {
            let checkpoint = checkpoint_file(&name)?;
            target.delete(&snapshot_file(&name)?)?;
            pruned.forgotten.push(name);
            target.delete(&checkpoint)?;
        }
        target.sync()?;
        if !free {
            pruned.held_back = held_back;
            return Ok(());
        }
        self.sweep(work, needed, marks, pruned)?;
        self.retire(work, &index, needed, &unneeded, pruned)
    }

    /// Removes marked packs whose time has come, if they are still not needed: a backup that began before the mark may have used one.
    fn sweep(
        &self,
        work: &Work<'_>,
        needed: &Needed,
        marks: Vec<(Name, Option<Mark>)>,
        pruned: &mut Pruned,
    ) -> Result<(), BackupError> {
        let Work { repository, index: whole, how, .. } = *work;
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
            for pack in &work.nobody_needs(needed, mark.packs)? {
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

    /// Marks packs, or removes them at once.
    fn retire(
        &self,
        work: &Work<'_>,
        index: &Index,
        needed: &Needed,
        unneeded: &[PackInfo],
        pruned: &mut Pruned,
    ) -> Result<(), BackupError> {
        let Work { repository, keyring, how, .. } = *work;
        let target = repository.target();
        // A pack whose index is not as it was and that nobody needs: everything needed was found elsewhere.
        // One under a key that is not at hand is somebody else's.
        let ours = |name: &Name| {
            match target.get_range(name, 0, 32).map(|head| read_head(&head)) {
                Ok(PackHead::Of(id)) => keyring.get(id).is_some(),
                // Cut so short that it is nobody's.
                Ok(PackHead::NotAPack) | Err(TargetError::Length { .. }) => true,
                Err(_) => false,
            }
        };
        let damaged = index.unreadable().iter().filter(|(file, _)| ours(&file.name));
        let damaged = damaged.map(|(file, _)| (file.name.clone(), file.bytes.unwrap_or_default()));
        let all: HashMap<Name, u64> =
            unneeded.iter().map(|pack| (pack.name.clone(), pack.bytes)).chain(damaged).collect();
        if all.is_empty() {
            return Ok(());
        }
        if how == How::Now {
            let files = all.keys().map(|name| name.file().to_owned()).collect();
            let go = work.nobody_needs(needed, files)?;
            for (name, bytes) in all.iter().filter(|(name, _)| go.contains(name.file())) {
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
