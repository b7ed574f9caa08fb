//! Checking what a target has: whether everything that its snapshots need is there, and, byte by byte, is what it was.
//!
//! It reads, and never repairs. What it finds is named with what it loses.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::audit::{Action, Detail, Outcome};
use crate::base::ActorRef;
use crate::crypto::backup::ChunkName;

use super::error::{BackupError, Damage, Lost, What};
use super::index::{Index, PackInfo};
use super::keyring::Keyring;
use super::layout::{Leaf, Manifest, SnapshotName, TableFacts, packed_name, rows_of};
use super::reading::Reader;
use super::repository::Repository;
use super::rows::Verified;
use super::service::{Backups, TargetSpec};
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
    pub snapshots: u64,
    /// Those of them from which everything can be restored.
    pub good: Vec<SnapshotName>,
    pub chunks: u64,
    pub packs: u64,
    pub bytes: u64,
    pub faults: Vec<Damage>,
    /// Packs that no snapshot needs: what an interrupted backup or a removed snapshot left.
    pub unused: u64,
}

impl Checked {
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Everything that the snapshots of a repository need.
pub(super) struct Needed {
    /// By chunk: which table, how many rows, how many snapshots.
    pub chunks: HashMap<ChunkName, Use>,
    /// The snapshots that open.
    pub manifests: Vec<Manifest>,
    pub faults: Vec<Damage>,
    /// Snapshots that lack something, by name.
    pub lacking: BTreeSet<SnapshotName>,
    /// Of which snapshots a chunk is, by their places in `manifests`.
    pub of_table: BTreeMap<u8, String>,
}

/// What a chunk is needed for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    pub table: u8,
    pub rows: u64,
    pub snapshots: u64,
}

impl Needed {
    /// Reads every snapshot and its nodes.
    pub fn by(
        repository: &Repository,
        keyring: &Keyring,
        index: &Index,
        watch: &dyn Watch,
    ) -> Result<Self, BackupError> {
        let reader = Reader { target: repository.target(), index, keyring };
        let mut needed = Self {
            chunks: HashMap::new(),
            manifests: Vec::new(),
            faults: Vec::new(),
            lacking: BTreeSet::new(),
            of_table: BTreeMap::new(),
        };
        // Nodes that several snapshots share are read once.
        let mut nodes: HashMap<ChunkName, Option<Vec<Leaf>>> = HashMap::new();
        for name in repository.snapshots()? {
            go_on(watch)?;
            match repository.read(&name).and_then(|snapshot| keyring.open(&name, &snapshot)) {
                Ok(manifest) => needed.take(&reader, manifest, &mut nodes)?,
                Err(BackupError::Damaged(damage)) => {
                    needed.faults.push(damage);
                    needed.lacking.insert(name);
                }
                // A key that is not at hand, or a newer form: not damage, and not to be called good either.
                Err(error @ (BackupError::NoKey { .. } | BackupError::Newer { .. })) => {
                    tracing::debug!(target: "backup", %error, "a snapshot is left alone");
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
        let mut seen: BTreeSet<ChunkName> = BTreeSet::new();
        for table in &manifest.tables {
            self.of_table.entry(table.number).or_insert_with(|| table.name.clone());
            let new: Vec<ChunkName> = table.nodes.iter().filter(|node| !known.contains_key(*node)).copied().collect();
            let mut faults = Vec::new();
            reader.chunks(&new, &mut |at, bytes| {
                let Some(name) = new.get(at) else { return };
                let leaves = match bytes {
                    Ok(bytes) => super::layout::leaves_of(&bytes),
                    Err(damage) => {
                        faults.push(damage);
                        None
                    }
                };
                known.insert(*name, leaves);
            })?;
            self.faults.extend(faults.into_iter().map(|damage| Damage { lost: whole(table), ..damage }));
            for node in &table.nodes {
                seen.insert(*node);
                self.used(*node, table.number, 0);
                match known.get(node).and_then(Option::as_ref) {
                    Some(leaves) => leaves.iter().for_each(|leaf| self.used(leaf.name, table.number, leaf.rows.into())),
                    None => drop(self.lacking.insert(manifest.name.clone())),
                }
            }
            let leaves = table.nodes.iter().filter_map(|node| known.get(node)?.as_ref()).flatten();
            let rows: u64 = leaves.map(|leaf| u64::from(leaf.rows)).sum();
            if rows != table.rows && !self.lacking.contains(&manifest.name) {
                let file = format!("snapshots/{}", manifest.name);
                self.faults.push(Damage::new(file, What::Wrong, whole(table)));
                self.lacking.insert(manifest.name.clone());
            }
        }
        self.manifests.push(manifest);
        Ok(())
    }

    fn used(&mut self, name: ChunkName, table: u8, rows: u64) {
        let entry = self.chunks.entry(name).or_insert(Use { table, rows, snapshots: 0 });
        entry.snapshots += 1;
    }

    /// What is lost with some chunks of one file, table by table.
    fn lost(&self, file: &str, what: What, chunks: impl Iterator<Item = ChunkName>) -> Vec<Damage> {
        let mut by_table: BTreeMap<u8, (u64, u64)> = BTreeMap::new();
        for usage in chunks.filter_map(|name| self.chunks.get(&name)) {
            let (rows, snapshots) = by_table.entry(usage.table).or_default();
            *rows += usage.rows;
            *snapshots = (*snapshots).max(usage.snapshots);
        }
        let table = |number: &u8| self.of_table.get(number).cloned().unwrap_or_default();
        by_table
            .iter()
            .map(|(number, (rows, snapshots))| {
                let lost = Lost::Rows { table: table(number), rows: *rows, snapshots: *snapshots };
                Damage::new(file, what, lost)
            })
            .collect()
    }
}

fn whole(table: &TableFacts) -> Lost {
    Lost::Rows { table: table.name.clone(), rows: table.rows, snapshots: 1 }
}

/// Checks one repository.
pub fn check(
    repository: &Repository,
    keyring: &Keyring,
    depth: Depth,
    watch: &dyn Watch,
) -> Result<Checked, BackupError> {
    let index = Index::load(repository.target(), keyring, None)?;
    let mut needed = Needed::by(repository, keyring, &index, watch)?;
    let mut bad: BTreeSet<ChunkName> = needed.chunks.keys().filter(|name| !index.has(name)).copied().collect();
    let mut faults = needed.faults.clone();
    let missing = bad.iter().copied().collect::<Vec<_>>();
    // A damaged pack is known by its file; a pack that is gone only by what it held.
    let file = match index.unreadable() {
        [(_, damage)] => damage.file.clone(),
        _ => "packs".to_owned(),
    };
    faults.extend(needed.lost(&file, What::Missing, missing.into_iter()));
    for (_, damage) in index.unreadable() {
        let lost = if bad.is_empty() { Lost::Nothing } else { Lost::Unknown };
        faults.push(Damage { lost, ..damage.clone() });
    }
    let of_pack = chunks_by_pack(&needed, &index);
    let (mut bytes, total) = (0, index.packs().iter().map(|pack| pack.bytes).sum());
    if depth == Depth::All {
        for (number, pack) in index.packs().iter().enumerate() {
            watch.progress(Progress { phase: Phase::Checking, done: bytes, total });
            go_on(watch)?;
            let wanted = of_pack.get(&number).map(Vec::as_slice).unwrap_or_default();
            let found = read_pack(repository, keyring, &index, pack, wanted)?;
            if let Some((what, broken)) = found {
                let named = needed.lost(&pack.name.to_string(), what, broken.iter().copied());
                if named.is_empty() {
                    faults.push(Damage::new(&pack.name, what, Lost::Nothing));
                }
                faults.extend(named);
                bad.extend(broken);
            }
            bytes += pack.bytes;
        }
    }
    lacking(repository, keyring, &index, &mut needed, &bad)?;
    faults.sort_unstable();
    faults.dedup();
    let good = needed.manifests.iter().map(|m| m.name.clone()).filter(|name| !needed.lacking.contains(name)).collect();
    Ok(Checked {
        depth,
        snapshots: needed.manifests.len() as u64
            + (needed.lacking.len() as u64)
                .saturating_sub(needed.manifests.iter().filter(|m| needed.lacking.contains(&m.name)).count() as u64),
        good,
        chunks: needed.chunks.len() as u64,
        packs: index.packs().len() as u64 + index.unreadable().len() as u64,
        bytes,
        faults,
        unused: index.packs().len().saturating_sub(of_pack.len()) as u64,
    })
}

/// Names the snapshots that need a chunk that is not good.
fn lacking(
    repository: &Repository,
    keyring: &Keyring,
    index: &Index,
    needed: &mut Needed,
    bad: &BTreeSet<ChunkName>,
) -> Result<(), BackupError> {
    if bad.is_empty() {
        return Ok(());
    }
    let reader = Reader { target: repository.target(), index, keyring };
    for manifest in &needed.manifests {
        let mut lacks = false;
        for table in &manifest.tables {
            lacks |= table.nodes.iter().any(|node| bad.contains(node));
            reader.chunks(&table.nodes, &mut |_, bytes| {
                let leaves = bytes.ok().and_then(|bytes| super::layout::leaves_of(&bytes));
                lacks |= leaves.is_none_or(|leaves| leaves.iter().any(|leaf| bad.contains(&leaf.name)));
            })?;
        }
        if lacks {
            needed.lacking.insert(manifest.name.clone());
        }
    }
    Ok(())
}

pub(super) fn chunks_by_pack(needed: &Needed, index: &Index) -> HashMap<usize, Vec<ChunkName>> {
    let mut by_pack: HashMap<usize, Vec<ChunkName>> = HashMap::new();
    for name in needed.chunks.keys() {
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
        Some(0xFF) => super::layout::leaves_of(plain).is_some(),
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
        let repository = self.open(spec)?;
        let checked = check(&repository, &self.keyring()?, depth, watch)?;
        let (outcome, faults) = match checked.faults.len() as u64 {
            0 => (Outcome::Success, 0),
            n => (Outcome::Failed, n),
        };
        let verified = Verified { at: self.ambient.now(), all: depth == Depth::All, faults };
        self.note(spec, Some(repository.marker().repository), move |row| row.verified = Some(verified))?;
        let note = format!("{}: {} snapshots, {faults} faults", spec.name, checked.snapshots);
        let event = self.event(by, Action::BackupVerify).outcome(outcome).detail(Detail::note(note));
        let _ = self.audit.commit_blocking(vec![event])?;
        Ok(checked)
    }
}
