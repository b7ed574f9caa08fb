//! Putting chunks into packs on a target: one thread for each target, behind a queue.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use crate::base::Ambient;
use crate::crypto::backup::{ChunkName, KeyId, Part, RepositoryKey};

use super::error::BackupError;
use super::index::{Cache, Index, PackInfo, lock};
use super::layout::{Chunk, INDEX_TAIL, Pack};
use super::target::{Name, Shelf, Target, TargetError};

/// A pack is put once it has about this many bytes.
pub const PACK_BYTES: usize = 16 << 20;

/// Chunks that wait for a target.
const QUEUE: usize = 256;

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
    cache: Option<Cache>,
    failed: AtomicBool,
    /// Bytes of chunks that were to be written and were there.
    found: AtomicU64,
}

impl Sink {
    pub fn new(target: Arc<dyn Target>, index: Index, cache: Option<Cache>) -> Self {
        Self { target, index, cache, failed: AtomicBool::new(false), found: AtomicU64::new(0) }
    }

    /// Whether a chunk has to be sent. Not to one that failed: it gets nothing more.
    pub fn lacks(&self, name: &ChunkName) -> bool {
        !self.index.has(name) && !self.failed.load(Ordering::Relaxed)
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

    /// Starts the thread that writes; dropping the queue ends it, when everything is on the target.
    pub fn start<'scope>(
        &'scope self,
        scope: &'scope std::thread::Scope<'scope, '_>,
        id: KeyId,
        key: &'scope RepositoryKey,
        ambient: &'scope Ambient,
    ) -> Queue {
        let (send, receive) = sync_channel(QUEUE);
        let result = Arc::new(Mutex::new(None));
        let answer = result.clone();
        scope.spawn(move || {
            let written = self.write(&receive, id, key, ambient);
            if written.is_err() {
                self.failed.store(true, Ordering::Relaxed);
                // Those who send are not to wait for one who does not take.
                while receive.recv().is_ok() {}
            }
            *lock(&answer) = Some(written);
        });
        Queue { send, result }
    }

    fn write(&self, chunks: &Receiver<Sealed>, id: KeyId, key: &RepositoryKey, ambient: &Ambient) -> Outcome {
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
            packer.push(&chunk)?;
        }
        packer.finish()?;
        self.target.sync()?;
        self.see_kept(&packer.packs)?;
        Ok((packer.written, packer.packs))
    }
}

impl Sink {
    /// A place that loses or shortens what it took is found before a snapshot relies on it.
    fn see_kept(&self, packs: &[(PackInfo, Vec<Chunk>)]) -> Result<(), BackupError> {
        if packs.is_empty() {
            return Ok(());
        }
        let there: HashMap<Name, u64> =
            self.target.list(Shelf::Packs)?.into_iter().map(|file| (file.name, file.bytes)).collect();
        match packs.iter().all(|(pack, _)| there.get(&pack.name) == Some(&pack.bytes)) {
            true => Ok(()),
            false => Err(TargetError::NotKept { place: self.target.place().to_owned() }.into()),
        }
    }
}

type Outcome = Result<(Written, Vec<(PackInfo, Vec<Chunk>)>), BackupError>;

/// The way to a sink's thread.
pub struct Queue {
    send: SyncSender<Sealed>,
    result: Arc<Mutex<Option<Outcome>>>,
}

/// What a sink's thread answers once it has ended.
pub struct Answer(Arc<Mutex<Option<Outcome>>>);

impl Queue {
    pub fn sender(&self) -> SyncSender<Sealed> {
        self.send.clone()
    }

    /// Nothing more comes from here.
    pub fn close(self) -> Answer {
        Answer(self.result)
    }
}

impl Answer {
    pub fn take(self) -> Outcome {
        lock(&self.0).take().unwrap_or(Err(BackupError::Stopped))
    }
}

struct Packer<'a> {
    sink: &'a Sink,
    id: KeyId,
    key: &'a RepositoryKey,
    ambient: &'a Ambient,
    pack: Pack,
    written: Written,
    packs: Vec<(PackInfo, Vec<Chunk>)>,
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
        let (file, bytes, chunks) = sealed;
        let name = Name::new(Shelf::Packs, &file).ok_or_else(|| BackupError::Failed("a pack has no name".into()))?;
        self.sink.target.put(&name, &bytes)?;
        if let Some(cache) = &self.sink.cache
            && let Some((before, length)) = bytes.split_last_chunk::<INDEX_TAIL>()
            && let Some(sealed) = before.len().checked_sub(u32::from_le_bytes(*length) as usize)
        {
            cache.write(&name, before.get(sealed..).unwrap_or_default());
        }
        let len = bytes.len() as u64;
        self.written.packs += 1;
        self.written.bytes += len;
        self.packs.push((PackInfo { name, bytes: len, key: self.id }, chunks));
        Ok(())
    }
}
