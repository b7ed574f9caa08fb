//! Checking what a target has: whether everything that its snapshots need is there, and, byte by byte, is what it was.
//!
//! It reads, and never repairs. What it finds is named with what it loses.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::audit::{Action, Detail, Outcome};
use crate::base::ActorRef;
use crate::crypto::backup::ChunkName;

use super::error::{BackupError, Damage, Lost, What};
use super::index::{Index, PackInfo};
use super::keyring::Keyring;
use super::layout::{Leaf, Manifest, Marker, SnapshotName, leaves_of, packed_name, rows_of};
use super::reading::Reader;
use super::repository::{Repository, checkpoint_file};
use super::rows::Verified;
use super::service::{Backups, TargetSpec};
use super::target::TargetError;
use super::watch::{Phase, Progress, Watch, go_on};
use super::writing::unsealed;

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Every snapshot opens, and all that it names is there.
    Structure,
    /// Every byte is read and held against its name.
    All,
}

/// What verifying a target found.
#[derive(Debug, Clone)]
pub struct Checked {
    pub depth: Depth,
    /// Those that there are, and those that should be there.
    pub snapshots: u64,
    /// Those of them from which everything can be restored.
    pub good: Vec<SnapshotName>,
    /// Those that nothing was found wrong with, and that were not looked into: why.
    pub left: Vec<(SnapshotName, String)>,
    pub chunks: u64,
    pub packs: u64,
    pub bytes: u64,
    pub faults: Vec<Damage>,
    /// Packs in which something is not as it was, by file.
    pub spoiled: BTreeSet<String>,
    /// Those that are not there, though this box did not remove them: each is among the faults.
    pub gone: Vec<SnapshotName>,
    /// Packs that no snapshot needs: what an interrupted backup or a removed snapshot left.
    pub unused: u64,
}

impl Checked {
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether a snapshot cannot be restored because of what was found.
    fn lacks(&self, name: &SnapshotName) -> bool {
        !self.good.contains(name) && self.left.iter().all(|(left, _)| left != name)
    }
}

/// Everything that the snapshots of a repository need.
#[derive(Default)]
pub(super) struct Needed {
    pub chunks: HashSet<ChunkName>,
    /// The snapshots that open.
    pub manifests: Vec<Manifest>,
    pub faults: Vec<Damage>,
    /// Snapshots that lack something, by name.
    pub lacking: BTreeSet<SnapshotName>,
    /// Snapshots that do not open here, and why.
    pub left: Vec<(SnapshotName, String)>,
    /// Nodes that cannot be read.
    broken: Broken,
}

/// Chunks that are not as they were: in which file, and how.
type Broken = BTreeMap<(String, What), HashSet<ChunkName>>;

impl Needed {
    /// Reads these snapshots and their nodes.
    pub fn by(
        names: Vec<SnapshotName>,
        repository: &Repository,
        keyring: &Keyring,
        index: &Index,
        watch: &dyn Watch,
    ) -> Result<Self, BackupError> {
        let reader = Reader { target: repository.target(), index, keyring };
        let mut needed = Self::default();
        // Nodes that several snapshots share are read once.
        let mut nodes: HashMap<ChunkName, Option<Vec<Leaf>>> = HashMap::new();
        for name in names {
            go_on(watch)?;
            match repository.open_one(&name, keyring) {
                Ok(manifest) => needed.take(&reader, manifest, &mut nodes)?,
                // It was removed since it was listed.
                Err(BackupError::Damaged(Damage { what: What::Missing, .. }))
                    if !repository.snapshots()?.contains(&name) => {}
                Err(BackupError::Damaged(damage)) => {
                    needed.faults.push(damage);
                    needed.lacking.insert(name);
                }
                // A key that is not at hand, another box's, or a newer form: not damage, and not to be called good either.
                Err(error) if error.is_not_ours() => {
                    needed.left.push((name.clone(), error.to_string()));
                    needed.lacking.insert(name);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(needed)
    }

    fn take(
        &mut self,
        reader: &Reader<'_>,
        manifest: Manifest,
        known: &mut HashMap<ChunkName, Option<Vec<Leaf>>>,
    ) -> Result<(), BackupError> {
        let mut lacks = false;
        for table in &manifest.tables {
            let new: Vec<ChunkName> = table.nodes.iter().filter(|node| !known.contains_key(*node)).copied().collect();
            let broken = &mut self.broken;
            reader.chunks(&new, &mut |at, bytes| {
                let Some(name) = new.get(at) else { return };
                let leaves = bytes.and_then(|bytes| leaves_of(&bytes).ok_or_else(|| reader.damage(name)));
                if let (Err(damage), true) = (&leaves, reader.index.has(name)) {
                    broken.entry((damage.file.clone(), damage.what)).or_default().insert(*name);
                }
                known.insert(*name, leaves.ok());
            })?;
            self.chunks.extend(&table.nodes);
            let leaves: Option<Vec<&[Leaf]>> = table.nodes.iter().map(|node| known.get(node)?.as_deref()).collect();
            let Some(leaves) = leaves else {
                lacks = true;
                continue;
            };
            let leaves = || leaves.iter().copied().flatten();
            self.chunks.extend(leaves().map(|leaf| leaf.name));
            if leaves().map(|leaf| u64::from(leaf.rows)).sum::<u64>() != table.rows {
                let file = format!("snapshots/{}", manifest.name);
                self.faults.push(Damage::of_snapshot(file, What::Wrong, &manifest.name));
                lacks = true;
            }
        }
        if lacks {
            self.lacking.insert(manifest.name.clone());
        }
        self.manifests.push(manifest);
        Ok(())
    }

    /// Names the snapshots that need what is broken, file by file.
    fn lose(&mut self, reader: &Reader<'_>, broken: &Broken) -> Result<(), BackupError> {
        let mut lost: Vec<Vec<String>> = vec![Vec::new(); broken.len()];
        // Without a chunk that is needed there is nothing to look for.
        let lame = if broken.values().all(HashSet::is_empty) { &[][..] } else { &self.manifests };
        for manifest in lame {
            let mut lacks = vec![false; broken.len()];
            let mut needs = |chunk: &ChunkName| {
                broken.values().zip(&mut lacks).for_each(|(chunks, lacks)| *lacks |= chunks.contains(chunk));
            };
            for table in &manifest.tables {
                table.nodes.iter().for_each(&mut needs);
                reader.chunks(&table.nodes, &mut |_, bytes| {
                    let leaves = bytes.ok().as_deref().and_then(leaves_of);
                    leaves.iter().flatten().for_each(|leaf| needs(&leaf.name));
                })?;
            }
            for (names, _) in lost.iter_mut().zip(&lacks).filter(|(_, lacks)| **lacks) {
                names.push(manifest.name.to_string());
                self.lacking.insert(manifest.name.clone());
            }
        }
        self.faults.extend(broken.keys().zip(lost).map(|((file, what), names)| {
            Damage::new(file, *what, if names.is_empty() { Lost::Nothing } else { Lost::Snapshots(names) })
        }));
        Ok(())
    }
}

/// Checks one repository. Packs that are in doubt are read at any depth.
pub fn check(
    repository: &Repository,
    keyring: &Keyring,
    depth: Depth,
    doubted: &BTreeSet<String>,
    watch: &dyn Watch,
) -> Result<Checked, BackupError> {
    // Its packs are there before a snapshot is.
    let names = repository.snapshots()?;
    let index = Index::load(repository.target(), keyring, None)?;
    let reader = Reader { target: repository.target(), index: &index, keyring };
    let mut needed = Needed::by(names, repository, keyring, &index, watch)?;
    let missing: HashSet<ChunkName> = needed.chunks.iter().filter(|name| !index.has(name)).copied().collect();
    let mut broken = std::mem::take(&mut needed.broken);
    // One that says that it is another's is in doubt where something is not found.
    let strange = if missing.is_empty() { &[][..] } else { index.strange() };
    for (_, damage) in index.unreadable().iter().chain(strange) {
        // What it held, only its index said.
        broken.entry((damage.file.clone(), damage.what)).or_default().extend(&missing);
    }
    if index.unreadable().is_empty() && strange.is_empty() && !missing.is_empty() {
        broken.insert((Damage::SOME_PACK.to_owned(), What::Missing), missing);
    }
    let of_pack = chunks_by_pack(&needed, &index);
    let read = |pack: &PackInfo| depth == Depth::All || doubted.contains(pack.name.file());
    let (mut bytes, total) = (0, index.packs().iter().filter(|pack| read(pack)).map(|pack| pack.bytes).sum());
    for (number, pack) in index.packs().iter().enumerate().filter(|(_, pack)| read(pack)) {
        watch.progress(Progress { phase: Phase::Checking, done: bytes, total });
        go_on(watch)?;
        let wanted = of_pack.get(&number).map(Vec::as_slice).unwrap_or_default();
        if let Some((what, chunks)) = read_pack(repository, keyring, &index, pack, wanted)? {
            broken.entry((pack.name.to_string(), what)).or_default().extend(chunks);
        }
        bytes += pack.bytes;
    }
    for chunks in broken.values_mut() {
        rescue(&reader, chunks)?;
    }
    needed.lose(&reader, &broken)?;
    if depth == Depth::All {
        needed.faults.extend(checkpoints(repository, &needed.manifests)?);
    }
    if repository.marker().repository == [0; 16] {
        needed.faults.push(Damage::new(Marker::FILE, What::Missing, Lost::Nothing));
    }
    let spoiled = broken.keys().filter_map(|(file, _)| Some(file.strip_prefix("packs/")?.to_owned())).collect();
    let Needed { chunks, manifests, mut faults, lacking, left, .. } = needed;
    faults.sort_unstable();
    faults.dedup();
    let good: Vec<SnapshotName> =
        manifests.iter().map(|manifest| &manifest.name).filter(|name| !lacking.contains(name)).cloned().collect();
    Ok(Checked {
        depth,
        snapshots: (good.len() + lacking.len()) as u64,
        good,
        left,
        chunks: chunks.len() as u64,
        packs: (index.packs().len() + index.unreadable().len() + index.strange().len()) as u64,
        bytes,
        faults,
        spoiled,
        gone: Vec::new(),
        unused: index.packs().len().saturating_sub(of_pack.len()) as u64,
    })
}

/// Leaves out what lies elsewhere too, and can be read there.
fn rescue(reader: &Reader<'_>, broken: &mut HashSet<ChunkName>) -> Result<(), BackupError> {
    let twice = |name: &&ChunkName| reader.index.elsewhere(name).next().is_some();
    let twice: Vec<ChunkName> = broken.iter().filter(twice).copied().collect();
    reader.chunks(&twice, &mut |at, bytes| {
        if let (Ok(_), Some(name)) = (bytes, twice.get(at)) {
            broken.remove(name);
        }
    })
}

/// The checkpoints beside the snapshots are as the snapshots have them. One that is gone is missed by nobody.
fn checkpoints(repository: &Repository, manifests: &[Manifest]) -> Result<Vec<Damage>, BackupError> {
    let mut changed = Vec::new();
    for manifest in manifests {
        let file = checkpoint_file(&manifest.name)?;
        match repository.target().get(&file, CHECKPOINT_MOST) {
            Ok(text) if text == manifest.audit.checkpoint.as_bytes() => {}
            Ok(_) => changed.push(Damage::new(&file, What::Changed, Lost::Nothing)),
            Err(TargetError::Missing { .. }) => {}
            Err(error) => match Damage::of_target(&file, &error, Lost::Nothing) {
                Some(damage) => changed.push(damage),
                None => return Err(error.into()),
            },
        }
    }
    Ok(changed)
}

/// A checkpoint's file is never longer.
const CHECKPOINT_MOST: u64 = 64 << 10;

pub(super) fn chunks_by_pack(needed: &Needed, index: &Index) -> HashMap<usize, Vec<ChunkName>> {
    let mut by_pack: HashMap<usize, Vec<ChunkName>> = HashMap::new();
    for name in &needed.chunks {
        if let Some((_, place)) = index.place(name) {
            by_pack.entry(place.pack as usize).or_default().push(*name);
        }
    }
    by_pack
}

/// Reads a whole pack; answers with what is wrong and the needed chunks that cannot be read.
fn read_pack(
    repository: &Repository,
    keyring: &Keyring,
    index: &Index,
    pack: &PackInfo,
    wanted: &[ChunkName],
) -> Result<Option<(What, Vec<ChunkName>)>, BackupError> {
    let bytes = match repository.target().get(&pack.name, pack.bytes) {
        Ok(bytes) => bytes,
        Err(error) => {
            let damage = Damage::of_target(&pack.name, &error, Lost::Unknown);
            return damage.map(|damage| Some((damage.what, wanted.to_vec()))).ok_or_else(|| error.into());
        }
    };
    let key = keyring.get(pack.key);
    let is_good = |name: &&ChunkName| {
        let plain = index.place(name).zip(key).and_then(|((_, place), key)| {
            let from = place.offset as usize;
            let sealed = bytes.get(from..from.checked_add(place.sealed as usize)?)?;
            unsealed(key, **name, sealed, place.bytes)
        });
        plain.is_some_and(|plain| readable(&plain))
    };
    let broken: Vec<ChunkName> = wanted.iter().filter(|name| !is_good(name)).copied().collect();
    let changed = packed_name(&bytes) != pack.name.file();
    // Another pack under this name, and whole: its chunks are found all the same.
    let what = if broken.is_empty() { What::Swapped } else { What::Changed };
    Ok((changed || !broken.is_empty()).then_some((what, broken)))
}

fn readable(plain: &[u8]) -> bool {
    match plain.first() {
        Some(0xFF) => leaves_of(plain).is_some(),
        _ => rows_of(plain).is_some_and(|(_, mut rows)| rows.all(|row| row.is_ok())),
    }
}

/// How often a place is looked through again that changed meanwhile.
const AGAIN: usize = 2;

impl Backups {
    /// Checks a target, and keeps what was found.
    pub fn verify(
        &self,
        spec: &TargetSpec,
        depth: Depth,
        by: &ActorRef,
        watch: &dyn Watch,
    ) -> Result<Checked, BackupError> {
        let repository = self.open_known(spec)?;
        let row = self.row(spec)?;
        let doubted = row.iter().flat_map(|row| row.spoiled.iter().cloned()).collect();
        let keyring = self.keyring()?;
        let mut held = row.map(|row| row.held);
        let mut checked = check(&repository, &keyring, depth, &doubted, watch)?;
        // What was removed while it was looked for is no fault.
        for _ in 0..AGAIN {
            let now = self.row(spec)?.map(|row| row.held);
            if checked.is_whole() || now == held {
                break;
            }
            held = now;
            checked = check(&repository, &keyring, depth, &doubted, watch)?;
        }
        let there;
        (there, checked.gone) = self.look_for(spec, &repository)?;
        checked.snapshots += checked.gone.len() as u64;
        let missing = |name| Damage::of_snapshot(format!("snapshots/{name}"), What::Missing, name);
        checked.faults.extend(checked.gone.iter().map(missing));
        let (outcome, faults) = match checked.faults.len() as u64 {
            0 => (Outcome::Success, 0),
            n => (Outcome::Failed, n),
        };
        let verified = Verified { at: self.ambient.now(), all: depth == Depth::All, faults };
        let gone = checked.gone.clone();
        let spoiled = checked.spoiled.iter().cloned().collect();
        let bad = there.iter().filter(|name| checked.lacks(name)).map(ToString::to_string).collect();
        self.note(spec, Some(repository.marker().repository), move |row| {
            row.verified = Some(verified);
            (row.spoiled, row.bad) = (spoiled, bad);
            row.looked(&there, &gone);
            row.snapshots = there.len() as u64;
        })?;
        let note = format!("{}: {} snapshots, {faults} faults", spec.name, checked.snapshots);
        let event = self.event(by, Action::BackupVerify).outcome(outcome).detail(Detail::note(note));
        let _ = self.audit.commit_blocking(vec![event])?;
        Ok(checked)
    }
}
