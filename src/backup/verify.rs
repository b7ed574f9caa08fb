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
use super::layout::{Leaf, Manifest, SnapshotName, leaves_of, packed_name, rows_of};
use super::reading::Reader;
use super::remembered::texts;
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
    /// Those from which it cannot, because of what was found.
    bad: Vec<SnapshotName>,
    /// Those that nothing was found wrong with, and that were not looked into: why.
    pub left: Vec<(SnapshotName, String)>,
    pub chunks: u64,
    pub packs: u64,
    pub bytes: u64,
    pub faults: Vec<Damage>,
    /// Packs in which something is not as it was, of those that were looked into, and of all that there are; by file.
    pub spoiled: BTreeSet<String>,
    looked_into: BTreeSet<String>,
    all_packs: BTreeSet<String>,
    /// Those that are of another run of this box, oldest first.
    pub beside: Vec<SnapshotName>,
    /// Packs under a key that is not at hand: nothing of them was read.
    pub strange: u64,
    /// Those that are not there, though this box did not remove them: each is among the faults.
    pub gone: Vec<SnapshotName>,
    /// Packs that no snapshot needs: what an interrupted backup or a removed snapshot left.
    pub unused: u64,
}

impl Checked {
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
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
    /// Snapshots that need what is nowhere.
    pub incomplete: BTreeSet<SnapshotName>,
    /// Snapshots that do not open here, and why.
    pub left: Vec<(SnapshotName, String)>,
    /// Those of them that are another box's.
    pub foreign: BTreeSet<SnapshotName>,
    /// Nodes that several snapshots share are read once. None: one that cannot be read.
    nodes: HashMap<ChunkName, Option<Vec<Leaf>>>,
    /// Those that cannot be read, by their files.
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
        let reader = Reader::new(repository.target(), index, keyring);
        let mut needed = Self::default();
        for name in names {
            go_on(watch)?;
            match repository.open_one(&name, keyring) {
                Ok(manifest) => needed.take(&reader, manifest)?,
                // It was removed since it was listed.
                Err(BackupError::Damaged(Damage { what: What::Missing, .. }))
                    if !repository.snapshots()?.contains(&name) => {}
                Err(BackupError::Damaged(damage)) => {
                    needed.faults.push(damage);
                    needed.lacking.insert(name);
                }
                // A key that is not at hand, another box's, or a newer form: not damage, and not to be called good either.
                Err(error) if error.is_not_ours() => {
                    if matches!(error, BackupError::Foreign { .. }) {
                        needed.foreign.insert(name.clone());
                    }
                    needed.left.push((name.clone(), error.to_string()));
                    needed.lacking.insert(name);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(needed)
    }

    fn take(&mut self, reader: &Reader<'_>, manifest: Manifest) -> Result<(), BackupError> {
        let mut lacks = false;
        for table in &manifest.tables {
            let new: Vec<ChunkName> =
                table.nodes.iter().filter(|node| !self.nodes.contains_key(*node)).copied().collect();
            let (broken, nodes) = (&mut self.broken, &mut self.nodes);
            reader.chunks(&new, &mut |at, bytes| {
                let Some(name) = new.get(at) else { return };
                let leaves = bytes.and_then(|bytes| leaves_of(&bytes).ok_or_else(|| reader.damage(name)));
                if let (Err(damage), true) = (&leaves, reader.index.has(name)) {
                    broken.entry((damage.file.clone(), damage.what)).or_default().insert(*name);
                }
                nodes.insert(*name, leaves.ok());
            })?;
            let read = table.nodes.iter().all(|node| matches!(self.nodes.get(node), Some(Some(_))));
            let rows: u64 = leaves(&self.nodes, &table.nodes).map(|leaf| u64::from(leaf.rows)).sum();
            lacks |= !read;
            if read && rows != table.rows {
                let file = format!("snapshots/{}", manifest.name);
                self.faults.push(Damage::of_snapshot(file, What::Wrong, &manifest.name));
                lacks = true;
            }
        }
        if lacks {
            self.lacking.insert(manifest.name.clone());
        }
        let chunks: Vec<ChunkName> = self.chunks_of(&manifest).collect();
        if !chunks.iter().all(|name| reader.index.has(name)) {
            self.incomplete.insert(manifest.name.clone());
        }
        self.chunks.extend(chunks);
        self.manifests.push(manifest);
        Ok(())
    }

    /// Every chunk that a snapshot needs, as far as its nodes can be read.
    pub fn chunks_of<'a>(&'a self, manifest: &'a Manifest) -> impl Iterator<Item = ChunkName> + 'a {
        manifest.tables.iter().flat_map(|table| {
            table.nodes.iter().copied().chain(leaves(&self.nodes, &table.nodes).map(|leaf| leaf.name))
        })
    }

    /// Whether a snapshot does not open here, and is not damaged for all that is known.
    pub fn is_left(&self, name: &SnapshotName) -> bool {
        self.left.iter().any(|(left, _)| left == name)
    }

    /// What only these snapshots need.
    pub fn only(mut self, stay: &[SnapshotName]) -> Self {
        self.manifests.retain(|manifest| stay.contains(&manifest.name));
        for names in [&mut self.lacking, &mut self.incomplete] {
            names.retain(|name| stay.contains(name));
        }
        self.chunks = self.manifests.iter().flat_map(|manifest| self.chunks_of(manifest)).collect();
        self
    }

    /// Names the snapshots that need what is broken, file by file.
    fn lose(&mut self, broken: &Broken) {
        let mut lost: Vec<Vec<String>> = vec![Vec::new(); broken.len()];
        // Without a chunk that is needed there is nothing to look for.
        let lame = if broken.values().all(HashSet::is_empty) { &[][..] } else { &self.manifests };
        let mut lacking = Vec::new();
        for manifest in lame {
            let mut lacks = vec![false; broken.len()];
            for chunk in self.chunks_of(manifest) {
                broken.values().zip(&mut lacks).for_each(|(chunks, lacks)| *lacks |= chunks.contains(&chunk));
            }
            for (names, _) in lost.iter_mut().zip(&lacks).filter(|(_, lacks)| **lacks) {
                names.push(manifest.name.to_string());
                lacking.push(manifest.name.clone());
            }
        }
        self.lacking.extend(lacking);
        self.faults.extend(broken.keys().zip(lost).map(|((file, what), names)| {
            Damage::new(file, *what, if names.is_empty() { Lost::Nothing } else { Lost::Snapshots(names) })
        }));
    }
}

/// The leaves of those nodes that can be read.
fn leaves<'a>(
    known: &'a HashMap<ChunkName, Option<Vec<Leaf>>>,
    nodes: &'a [ChunkName],
) -> impl Iterator<Item = &'a Leaf> {
    nodes.iter().filter_map(|node| known.get(node)?.as_ref()).flatten()
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
    let reader = Reader::new(repository.target(), &index, keyring);
    let mut needed = Needed::by(names, repository, keyring, &index, watch)?;
    let missing: HashSet<ChunkName> = needed.chunks.iter().filter(|name| !index.has(name)).copied().collect();
    let mut broken = std::mem::take(&mut needed.broken);
    let mut suspects: Vec<Damage> = index.unreadable().iter().map(|(_, damage)| damage.clone()).collect();
    if !missing.is_empty() {
        suspects.extend(index.not_strange(repository.target())?);
    }
    for damage in &suspects {
        // What it held, only its index said.
        broken.entry((damage.file.clone(), damage.what)).or_default().extend(&missing);
    }
    if suspects.is_empty() && !missing.is_empty() {
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
    needed.lose(&broken);
    if depth == Depth::All {
        needed.faults.extend(checkpoints(repository, &needed.manifests)?);
    }
    needed.faults.extend(repository.marker_fault());
    let unopened = index.unreadable().iter().map(|(file, _)| file).chain(index.strange()).map(|file| &file.name);
    let looked_into = index.packs().iter().filter(|pack| read(pack)).map(|pack| &pack.name).chain(unopened.clone());
    let looked_into = looked_into.map(|name| name.file().to_owned()).collect();
    let all_packs = index.packs().iter().map(|pack| &pack.name).chain(unopened);
    let all_packs = all_packs.map(|name| name.file().to_owned()).collect();
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
        bad: lacking.into_iter().filter(|name| left.iter().all(|(left, _)| left != name)).collect(),
        left,
        chunks: chunks.len() as u64,
        packs: (index.packs().len() + index.unreadable().len() + index.strange().len()) as u64,
        bytes,
        faults,
        looked_into,
        all_packs,
        spoiled,
        beside: Vec::new(),
        strange: index.strange().len() as u64,
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
    let another = index.packs().iter().any(|other| other.name != pack.name && other.name.file() == packed_name(&bytes));
    let what = if another && broken.is_empty() { What::Swapped } else { What::Changed };
    Ok((changed || !broken.is_empty()).then_some((what, broken)))
}

fn readable(plain: &[u8]) -> bool {
    match plain.first() {
        Some(0xFF) => leaves_of(plain).is_some(),
        _ => rows_of(plain).is_some_and(|(_, mut rows)| rows.all(|row| row.is_ok())),
    }
}

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
        let (id, keyring) = (repository.marker().repository, self.keyring()?);
        let is_fault = |checked: &Result<Checked, BackupError>| match checked {
            Ok(checked) => !checked.is_whole(),
            Err(error) => error.is_damage(),
        };
        let mut checked = self.undisturbed(spec, watch, is_fault, || {
            check(&repository, &keyring, depth, &self.remembered(id)?.spoiled, watch)
        })?;
        let of = self.known_by(spec, Some(&repository))?;
        let (quiet, own) = (self.quiet(&of), self.own_names()?);
        let there;
        (there, checked.gone) = self.look_for(&repository)?;
        checked.beside = self.beside(&repository, &there)?.into_iter().collect();
        checked.snapshots += checked.gone.len() as u64;
        let missing = |name| Damage::of_snapshot(format!("snapshots/{name}"), What::Missing, name);
        checked.faults.extend(checked.gone.iter().map(missing));
        let outcome = if checked.is_whole() { Outcome::Success } else { Outcome::Failed };
        let costly = checked.faults.iter().filter(|fault| fault.lost != Lost::Nothing).count() as u64;
        let (at, snapshots) = (self.ambient.now(), there.len() as u64);
        let verified = Verified { at, all: depth == Depth::All, faults: costly };
        self.note(spec, Some(id), move |row| (row.verified, row.snapshots) = (Some(verified), snapshots))?;
        let (found, looking) = (checked.clone(), self.clone());
        self.remember(id, move |known| {
            // What another look found meanwhile, and this one did not look into, is as it was.
            known.spoiled.retain(|pack| found.all_packs.contains(pack) && !found.looked_into.contains(pack));
            if known.spoiled.is_empty() {
                known.bad.clear();
            }
            known.spoiled.extend(found.spoiled.iter().cloned());
            known.bad.extend(found.bad.iter().map(ToString::to_string));
            known.looked(&there, &found.gone);
            known.beside = texts(&found.beside);
            // While nothing was removed, what is there and was not known yet has to be there from now on.
            if quiet.is_some() && quiet == looking.quiet(&of) {
                known.held.extend(texts(&there).intersection(&own).cloned());
            }
        })?;
        let note = format!("{}: {} snapshots, {} faults", spec.name, checked.snapshots, checked.faults.len());
        let event = self.event(by, Action::BackupVerify).outcome(outcome).detail(Detail::note(note));
        let _ = self.audit.commit_blocking(vec![event])?;
        Ok(checked)
    }

    /// Looks again at what was found not to be as it was, after something was done that may have mended it.
    pub(super) fn look_again(&self, spec: &TargetSpec, by: &ActorRef, watch: &dyn Watch) {
        let doubtful = || -> Result<bool, BackupError> {
            let Some(row) = self.row(spec)? else { return Ok(false) };
            let found = row.verified.is_some_and(|verified| verified.faults > 0);
            Ok(found || self.remembered(row.repository)?.is_doubtful())
        };
        let looked = doubtful().and_then(|doubtful| match doubtful {
            true => self.verify(spec, Depth::Structure, by, watch).map(drop),
            false => Ok(()),
        });
        if let Err(error) = looked {
            tracing::warn!(target: "backup", %error, "a place with a damaged backup could not be looked at again");
        }
    }
}
