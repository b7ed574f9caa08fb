//! Reading a snapshot back: its nodes, its chunks in order, its rows.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use crate::crypto::backup::ChunkName;

use super::error::{BackupError, Damage, Lost, What};
use super::index::{Index, PackInfo, Place, lock};
use super::keyring::Keyring;
use super::layout::{Leaf, TableFacts, leaves_of};
use super::target::{Name, Target};
use super::writing::unsealed;

/// Chunks that lie closer to each other than this are asked for together.
const GAP: u64 = 64 << 10;
/// The most that is asked for at once.
const AT_ONCE: u64 = 8 << 20;

/// What is shown the plain bytes of every chunk of a table.
pub type EachChunk<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), BackupError>;

/// What is needed to read chunks.
pub struct Reader<'a> {
    pub target: &'a dyn Target,
    pub index: &'a Index,
    pub keyring: &'a Keyring,
    /// Packs that held what could not be read, though it was found elsewhere: by file.
    spoiled: Mutex<BTreeSet<String>>,
}

/// A chunk that was to be read: where it is named, and how much is lost without it.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    at: usize,
    name: ChunkName,
    place: Place,
}

impl<'a> Reader<'a> {
    pub fn new(target: &'a dyn Target, index: &'a Index, keyring: &'a Keyring) -> Self {
        Self { target, index, keyring, spoiled: Mutex::default() }
    }

    /// Packs in which something was found changed.
    pub fn spoiled(&self) -> BTreeSet<String> {
        lock(&self.spoiled).clone()
    }
}

impl Reader<'_> {
    /// The leaves of a table's nodes, node by node.
    pub fn leaves(&self, table: &TableFacts) -> Result<Vec<Vec<Leaf>>, BackupError> {
        let mut nodes = vec![None; table.nodes.len()];
        self.chunks(&table.nodes, &mut |at, bytes| {
            if let Some(node) = nodes.get_mut(at) {
                *node = bytes.as_deref().ok().and_then(leaves_of);
            }
        })?;
        nodes.into_iter().zip(&table.nodes).map(|(node, name)| node.ok_or_else(|| self.damage(name).into())).collect()
    }

    /// Shows the plain bytes of chunks, each with its place among `names`, or what is wrong with it. In any order. One that cannot
    /// be read is looked for wherever else it lies.
    pub fn chunks(
        &self,
        names: &[ChunkName],
        each: &mut dyn FnMut(usize, Result<Vec<u8>, Damage>),
    ) -> Result<(), BackupError> {
        let mut again = Vec::new();
        self.chunks_at_first(names, &mut |at, bytes| match (bytes, names.get(at)) {
            (Err(damage), Some(name)) if self.index.elsewhere(name).next().is_some() => again.push((at, *name, damage)),
            (bytes, _) => each(at, bytes),
        })?;
        for (at, name, damage) in again {
            if let Some((pack, _)) = self.index.place(&name) {
                lock(&self.spoiled).insert(pack.name.file().to_owned());
            }
            let mut found = Err(damage);
            for (pack, place) in self.index.elsewhere(&name) {
                if found.is_err()
                    && let Some(bytes) = self.one(pack, place, name)?
                {
                    found = Ok(bytes);
                }
            }
            each(at, found);
        }
        Ok(())
    }

    /// One chunk, if it can be read.
    fn one(&self, pack: &PackInfo, place: Place, name: ChunkName) -> Result<Option<Vec<u8>>, BackupError> {
        let Some(key) = self.keyring.get(pack.key) else { return Ok(None) };
        match self.target.get_range(&pack.name, place.offset.into(), place.sealed as usize) {
            Ok(sealed) => Ok(unsealed(key, name, &sealed, place.bytes)),
            Err(error) => match Damage::of_target(&pack.name, &error, Lost::Unknown) {
                Some(_) => Ok(None),
                None => Err(error.into()),
            },
        }
    }

    fn chunks_at_first(
        &self,
        names: &[ChunkName],
        each: &mut dyn FnMut(usize, Result<Vec<u8>, Damage>),
    ) -> Result<(), BackupError> {
        let mut wanted = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            match self.index.place(name) {
                Some((_, place)) => wanted.push(Wanted { at, name: *name, place }),
                None => each(at, Err(self.damage(name))),
            }
        }
        wanted.sort_unstable_by_key(|one| (one.place.pack, one.place.offset));
        let mut rest = wanted.as_slice();
        while let Some(first) = rest.first() {
            let start = u64::from(first.place.offset);
            let mut end = start;
            let together = rest
                .iter()
                .take_while(|one| {
                    let (offset, len) = (u64::from(one.place.offset), u64::from(one.place.sealed));
                    let near = one.place.pack == first.place.pack && offset <= end + GAP;
                    let fits = near && (offset + len - start <= AT_ONCE || offset == start);
                    if fits {
                        end = end.max(offset + len);
                    }
                    fits
                })
                .count();
            let (now, later) = rest.split_at(together.max(1));
            self.together(now, start, end, each)?;
            rest = later;
        }
        Ok(())
    }

    fn together(
        &self,
        wanted: &[Wanted],
        start: u64,
        end: u64,
        each: &mut dyn FnMut(usize, Result<Vec<u8>, Damage>),
    ) -> Result<(), BackupError> {
        let Some((pack, _)) = wanted.first().and_then(|one| self.index.place(&one.name)) else { return Ok(()) };
        let len = usize::try_from(end - start).map_err(|_| BackupError::Stopped)?;
        let bytes = match self.target.get_range(&pack.name, start, len) {
            Ok(bytes) => bytes,
            Err(error) => {
                let Some(damage) = Damage::of_target(&pack.name, &error, Lost::Unknown) else {
                    return Err(error.into());
                };
                wanted.iter().for_each(|one| each(one.at, Err(damage.clone())));
                return Ok(());
            }
        };
        let key = self.keyring.get(pack.key);
        for one in wanted {
            let from = usize::try_from(u64::from(one.place.offset) - start).unwrap_or(usize::MAX);
            let sealed = bytes.get(from..from.saturating_add(one.place.sealed as usize));
            let plain = sealed.zip(key).and_then(|(sealed, key)| unsealed(key, one.name, sealed, one.place.bytes));
            each(one.at, plain.ok_or_else(|| self.damage_at(&pack.name)));
        }
        Ok(())
    }

    pub(super) fn damage(&self, name: &ChunkName) -> Damage {
        match self.index.place(name) {
            Some((pack, _)) => self.damage_at(&pack.name),
            None => Damage::new(Damage::SOME_PACK, What::Missing, Lost::Unknown),
        }
    }

    fn damage_at(&self, pack: &Name) -> Damage {
        Damage::new(pack, What::Changed, Lost::Unknown)
    }

    /// Shows the plain chunks of a table in their order, read ahead by `workers` threads. Breaks off at the first that
    /// cannot be read.
    pub fn in_order(&self, table: &TableFacts, workers: usize, each: EachChunk<'_>) -> Result<(), BackupError> {
        let nodes = self.leaves(table)?;
        std::thread::scope(|scope| {
            let queues: Vec<_> = (0..workers.max(1))
                .map(|worker| {
                    let (send, receive) = sync_channel(1);
                    let nodes = nodes.iter().skip(worker).step_by(workers.max(1));
                    scope.spawn(move || {
                        for leaves in nodes {
                            if send.send(self.node(leaves)).is_err() {
                                break;
                            }
                        }
                    });
                    receive
                })
                .collect();
            for (_, queue) in nodes.iter().zip(queues.iter().cycle()) {
                let chunks = queue.recv().unwrap_or(Err(BackupError::Stopped))?;
                chunks.iter().try_for_each(|chunk| each(chunk))?;
            }
            Ok(())
        })
    }

    fn node(&self, leaves: &[Leaf]) -> Result<Vec<Vec<u8>>, BackupError> {
        let names: Vec<ChunkName> = leaves.iter().map(|leaf| leaf.name).collect();
        let mut chunks: Vec<Vec<u8>> = vec![Vec::new(); leaves.len()];
        let mut first = None;
        self.chunks(&names, &mut |at, bytes| match bytes {
            Ok(bytes) => {
                if let Some(chunk) = chunks.get_mut(at) {
                    *chunk = bytes;
                }
            }
            Err(damage) => {
                first.get_or_insert(damage);
            }
        })?;
        first.map_or(Ok(chunks), |damage| Err(damage.into()))
    }
}
