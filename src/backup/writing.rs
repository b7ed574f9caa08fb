//! Putting chunks into packs on a target: each has a thread of its own, behind a queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use crate::base::Ambient;
use crate::crypto::backup::{ChunkName, KeyId, Part, RepositoryKey};

use super::error::BackupError;
use super::index::{Cache, Index, PackInfo};
use super::layout::{INDEX_TAIL, Pack};
use super::pace::Pace;
use super::target::{Name, Shelf, Target, TargetError};

/// A pack is put once it has about this many bytes.
pub const PACK_BYTES: usize = 16 << 20;

/// Chunks that wait for a target.
pub const QUEUE: usize = 256;

/// A chunk as it goes into a pack.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub name: ChunkName,
    pub sealed: Arc<Vec<u8>>,
    /// Bytes before compression.
    pub bytes: u32,
}

/// Makes chunks of plain bytes. Each worker has its own.
pub struct Sealer<'a> {
    key: &'a RepositoryKey,
    ambient: Ambient,
    compressor: zstd::bulk::Compressor<'static>,
    packed: Vec<u8>,
}

/// How hard zstd tries. More takes longer and saves little.
const LEVEL: i32 = 3;

impl<'a> Sealer<'a> {
    pub fn new(key: &'a RepositoryKey, ambient: &Ambient) -> Result<Self, BackupError> {
        let compressor = zstd::bulk::Compressor::new(LEVEL).map_err(|error| BackupError::Failed(error.to_string()))?;
        Ok(Self { key, ambient: ambient.clone(), compressor, packed: Vec::new() })
    }

    /// Compresses and seals: `01` and a zstd frame, or `00` and the bytes, whichever is shorter.
    pub fn seal(&mut self, name: ChunkName, plain: &[u8]) -> Result<Sealed, BackupError> {
        self.packed.clear();
        self.packed.resize(1 + zstd::zstd_safe::compress_bound(plain.len()), 0);
        let room = self.packed.get_mut(1..).unwrap_or_default();
        let len = self.compressor.compress_to_buffer(plain, room).unwrap_or(usize::MAX);
        if len < plain.len() {
            self.packed.truncate(1 + len);
            if let Some(first) = self.packed.first_mut() {
                *first = 1;
            }
        } else {
            self.packed.clear();
            self.packed.push(0);
            self.packed.extend_from_slice(plain);
        }
        let sealed = self.key.seal(Part::Chunk(name), &self.packed, &self.ambient);
        let sealed = sealed.map_err(|error| BackupError::Failed(error.to_string()))?;
        let bytes =
            u32::try_from(plain.len()).map_err(|_| BackupError::Failed("a row is too large to back up".into()))?;
        Ok(Sealed { name, sealed: Arc::new(sealed), bytes })
    }
}

/// The plain bytes of a sealed chunk; `None` when they are not what their name and length say.
pub fn unsealed(key: &RepositoryKey, name: ChunkName, sealed: &[u8], bytes: u32) -> Option<Vec<u8>> {
    let packed = key.open(Part::Chunk(name), sealed).ok()?;
    let plain = match packed.split_first()? {
        (0, plain) => plain.to_vec(),
        (1, frame) => zstd::bulk::decompress(frame, bytes as usize).ok()?,
        _ => return None,
    };
    (plain.len() == bytes as usize && key.name(&plain) == name).then_some(plain)
}

/// What went to a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub chunks: u64,
    pub packs: u64,
    pub bytes: u64,
    /// Bytes of an unfinished backup that were there already.
    pub resumed: u64,
}

/// One target that chunks are written to.
pub struct Sink {
    pub target: Arc<dyn Target>,
    pub index: Index,
    /// How it gets on.
    pub pace: Pace,
    cache: Option<Cache>,
    failed: AtomicBool,
    /// Bytes of chunks that were to be written and were there.
    found: AtomicU64,
}

impl Sink {
    pub fn new(target: Arc<dyn Target>, index: Index, cache: Option<Cache>) -> Self {
        let (failed, found) = (AtomicBool::new(false), AtomicU64::new(0));
        Self { target, index, pace: Pace::new(), cache, failed, found }
    }

    /// Whether a chunk has to be sent. Not to one that failed or was left out: it gets nothing more.
    pub fn lacks(&self, name: &ChunkName) -> bool {
        !self.index.has(name) && self.goes_on()
    }

    /// Whether it takes part still.
    pub fn goes_on(&self) -> bool {
        !self.failed.load(Ordering::Relaxed) && self.pace.left_out().is_none()
    }

    /// It gets nothing more.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// [`Sink::lacks`] of a chunk that was read; one that is there is counted.
    pub fn wants(&self, name: &ChunkName) -> bool {
        if let Some((_, place)) = self.index.place(name) {
            self.found.fetch_add(u64::from(place.sealed), Ordering::Relaxed);
        }
        self.lacks(name)
    }

    /// How many bytes were to be written and were there.
    pub fn found(&self) -> u64 {
        self.found.load(Ordering::Relaxed)
    }

    /// Writes what comes, until nothing more does and everything is on the target; or until it was left out.
    pub fn write(
        &self,
        chunks: &Receiver<Sealed>,
        id: KeyId,
        key: &RepositoryKey,
        ambient: &Ambient,
    ) -> Result<Written, BackupError> {
        let mut packer = Packer {
            sink: self,
            id,
            key,
            ambient,
            pack: Pack::start(id),
            written: Written::default(),
            packs: Vec::new(),
        };
        while let Ok(chunk) = chunks.recv() {
            self.pace.step();
            if self.pace.left_out().is_some() {
                return Err(BackupError::Stopped);
            }
            packer.push(&chunk)?;
        }
        packer.finish()?;
        self.target.sync()?;
        self.see_kept(&packer.packs)?;
        Ok(packer.written)
    }

    /// A place that loses or shortens what it took is found before a snapshot relies on it.
    fn see_kept(&self, packs: &[PackInfo]) -> Result<(), BackupError> {
        if packs.is_empty() {
            return Ok(());
        }
        let there: HashMap<Name, Option<u64>> =
            self.target.list(Shelf::Packs)?.into_iter().map(|file| (file.name, file.bytes)).collect();
        match packs.iter().all(|pack| there.get(&pack.name) == Some(&Some(pack.bytes))) {
            true => Ok(()),
            false => Err(TargetError::NotKept { place: self.target.place().to_owned() }.into()),
        }
    }
}

struct Packer<'a> {
    sink: &'a Sink,
    id: KeyId,
    key: &'a RepositoryKey,
    ambient: &'a Ambient,
    pack: Pack,
    written: Written,
    packs: Vec<PackInfo>,
}

impl Packer<'_> {
    fn push(&mut self, chunk: &Sealed) -> Result<(), BackupError> {
        if self.pack.len() + chunk.sealed.len() > PACK_BYTES {
            self.finish()?;
        }
        self.written.chunks += 1;
        let pushed = self.pack.push(chunk.name, &chunk.sealed, chunk.bytes);
        pushed.ok_or_else(|| BackupError::Failed("a row is too large to back up".into()))
    }

    fn finish(&mut self) -> Result<(), BackupError> {
        let pack = std::mem::replace(&mut self.pack, Pack::start(self.id));
        if pack.is_empty() {
            return Ok(());
        }
        let sealed = pack.finish(self.key, self.ambient).map_err(|error| BackupError::Failed(error.to_string()))?;
        let (file, bytes, _) = sealed;
        let name = Name::new(Shelf::Packs, &file).ok_or_else(|| BackupError::Failed("a pack has no name".into()))?;
        self.sink.target.put(&name, &bytes)?;
        self.sink.pace.step();
        if let Some(cache) = &self.sink.cache
            && let Some((before, length)) = bytes.split_last_chunk::<INDEX_TAIL>()
            && let Some(sealed) = before.len().checked_sub(u32::from_le_bytes(*length) as usize)
        {
            cache.write(&name, before.get(sealed..).unwrap_or_default());
        }
        let len = bytes.len() as u64;
        self.written.packs += 1;
        self.written.bytes += len;
        self.packs.push(PackInfo { name, bytes: len, key: self.id });
        Ok(())
    }
}
