//! Which chunk lies where: the indexes of all packs of a repository, read from the packs' ends and kept beside the store.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::crypto::backup::{ChunkName, KeyId};

use super::error::{BackupError, Damage, Lost, What};
use super::keyring::Keyring;
use super::layout::{Chunk, INDEX_TAIL, PackHead, packed_name, read_head, read_index, tail_length};
use super::target::{Listed, Name, Shelf, Target, TargetError};

/// How much of a pack's end is read at once: most indexes fit, so that one question to the target is enough.
const TAIL_GUESS: u64 = 96 << 10;

/// Questions to a target at one time. A far one takes long to answer each.
const AT_ONCE: usize = 8;

/// A pack that is there.
#[derive(Debug, Clone)]
pub struct PackInfo {
    pub name: Name,
    pub bytes: u64,
    pub key: KeyId,
}

/// Where a chunk lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which of the index's packs.
    pub pack: u32,
    pub offset: u32,
    pub sealed: u32,
    pub bytes: u32,
}

/// All chunks of a repository that can be read.
#[derive(Debug, Default)]
pub struct Index {
    packs: Vec<PackInfo>,
    chunks: HashMap<ChunkName, Place>,
    /// Where chunks lie besides, in case that one cannot be read.
    again: HashMap<ChunkName, Vec<Place>>,
    /// Packs whose index does not open.
    unreadable: Vec<(Listed, Damage)>,
    /// Packs that say that they are under a key that is not at hand.
    strange: Vec<Listed>,
}

impl Index {
    /// Reads the indexes of all packs, those in `cache` from there.
    pub fn load(target: &dyn Target, keyring: &Keyring, cache: Option<&Cache>) -> Result<Self, BackupError> {
        Self::load_marked(target, keyring, cache, &BTreeSet::new())
    }

    /// [`Index::load`], where a chunk that lies twice is taken from the pack that is not in `marked`.
    pub fn load_marked(
        target: &dyn Target,
        keyring: &Keyring,
        cache: Option<&Cache>,
        marked: &BTreeSet<String>,
    ) -> Result<Self, BackupError> {
        let mut files = target.list(Shelf::Packs)?;
        // What a computer leaves on a stick is no pack.
        files.retain(|file| is_pack(&file.name));
        let next = AtomicUsize::new(0);
        let read = Mutex::new(Vec::with_capacity(files.len()));
        let failed = Mutex::new(None);
        let work = || {
            while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                match one(target, file, keyring, cache) {
                    Ok(index) => lock(&read).push((file.clone(), index)),
                    Err(error) => {
                        lock(&failed).get_or_insert(error);
                        next.store(files.len(), Ordering::Relaxed);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE.min(files.len() / 4) {
                scope.spawn(work);
            }
            work();
        });
        if let Some(error) = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return Err(error);
        }
        let mut read = read.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        // The order decides where a chunk is taken from that lies in two packs: the same each time.
        // The last one wins.
        let order = |file: &Listed| (!marked.contains(file.name.file()), file.name.clone());
        read.sort_by_cached_key(|(file, _)| order(file));
        let mut index = Self::default();
        for (file, of_file) in read {
            match of_file {
                Ok(Opened { key, bytes, chunks }) => index.add(PackInfo { name: file.name, bytes, key }, &chunks),
                Err(Unopened::Damaged(damage)) => index.unreadable.push((file, damage)),
                Err(Unopened::Strange) => index.strange.push(file),
            }
        }
        if let Some(cache) = cache {
            cache.keep_only(&files);
        }
        Ok(index)
    }

    /// Adds a pack that was read or put.
    pub fn add(&mut self, pack: PackInfo, chunks: &[Chunk]) {
        let Ok(number) = u32::try_from(self.packs.len()) else { return };
        self.packs.push(pack);
        for Chunk { name, offset, sealed, bytes } in chunks.iter().copied() {
            self.put(name, Place { pack: number, offset, sealed, bytes });
        }
    }

    fn put(&mut self, name: ChunkName, place: Place) {
        if let Some(before) = self.chunks.insert(name, place) {
            self.again.entry(name).or_default().push(before);
        }
    }

    /// The same without some packs, by their files: what a backup may rely on when they are to be removed. They have to
    /// have been named when it was loaded.
    pub fn without(&self, files: &BTreeSet<String>) -> Self {
        let (mut packs, mut number_of) = (Vec::new(), HashMap::new());
        for (number, pack) in self.packs.iter().enumerate().filter(|(_, pack)| !files.contains(pack.name.file())) {
            number_of.insert(number as u32, packs.len() as u32);
            packs.push(pack.clone());
        }
        let mut left =
            Self { packs, unreadable: self.unreadable.clone(), strange: self.strange.clone(), ..Self::default() };
        let besides = self.again.iter().flat_map(|(name, places)| places.iter().map(move |place| (name, place)));
        for (name, place) in besides.chain(&self.chunks) {
            if let Some(pack) = number_of.get(&place.pack) {
                left.put(*name, Place { pack: *pack, ..*place });
            }
        }
        left
    }

    pub fn has(&self, name: &ChunkName) -> bool {
        self.chunks.contains_key(name)
    }

    pub fn place(&self, name: &ChunkName) -> Option<(&PackInfo, Place)> {
        let place = *self.chunks.get(name)?;
        Some((self.packs.get(place.pack as usize)?, place))
    }

    /// Where else a chunk lies.
    pub fn elsewhere(&self, name: &ChunkName) -> impl Iterator<Item = (&PackInfo, Place)> {
        let places = self.again.get(name).into_iter().flatten();
        places.filter_map(|place| Some((self.packs.get(place.pack as usize)?, *place)))
    }

    pub fn packs(&self) -> &[PackInfo] {
        &self.packs
    }

    pub fn strange(&self) -> &[Listed] {
        &self.strange
    }

    /// Of those that say that they are under a key that is not at hand, the ones that are not what they were: they may have
    /// been under one that is. What is as it was written is under that other key, and held nothing that can be opened here.
    pub fn not_strange(&self, target: &dyn Target) -> Result<Vec<Damage>, BackupError> {
        let mut changed = Vec::new();
        for pack in &self.strange {
            match target.get(&pack.name, pack.bytes.unwrap_or_default()) {
                Ok(bytes) if packed_name(&bytes) == pack.name.file() => {}
                Ok(_) => changed.push(Damage::new(&pack.name, What::Changed, Lost::Unknown)),
                Err(error) => match Damage::of_target(&pack.name, &error, Lost::Unknown) {
                    Some(damage) => changed.push(damage),
                    None => return Err(error.into()),
                },
            }
        }
        Ok(changed)
    }

    pub fn unreadable(&self) -> &[(Listed, Damage)] {
        &self.unreadable
    }

    /// Those of them that could not be read at the time: that says nothing of what they hold, and they may be read at another.
    pub fn unread(&self) -> impl Iterator<Item = &Listed> {
        self.unreadable.iter().filter(|(_, damage)| damage.what == What::Unreadable).map(|(file, _)| file)
    }
}

/// A pack is named by its hash.
fn is_pack(name: &Name) -> bool {
    name.file().len() == 64 && name.file().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

type OfPack = Result<Opened, Unopened>;

/// What the index of a pack says, and how long the pack is.
struct Opened {
    key: KeyId,
    bytes: u64,
    chunks: Vec<Chunk>,
}

/// Why the index of a pack does not open.
enum Unopened {
    Damaged(Damage),
    /// It says that it is under a key that is not at hand. If it does not lie, it is nothing of what can be opened here.
    Strange,
}

fn one(target: &dyn Target, file: &Listed, keyring: &Keyring, cache: Option<&Cache>) -> Result<OfPack, BackupError> {
    let damage = |what| Damage::new(&file.name, what, Lost::Unknown);
    let Some(bytes) = file.bytes else { return Ok(Err(Unopened::Damaged(damage(What::Unreadable)))) };
    let opened = |sealed: &[u8]| {
        let opens = |(key, with)| Some(Opened { key, bytes, chunks: read_index(sealed, bytes, with)? });
        keyring.all().find_map(opens)
    };
    if let Some(found) = cache.and_then(|cache| cache.read(&file.name)).and_then(|sealed| opened(&sealed)) {
        return Ok(Ok(found));
    }
    let tail = match tail_of(target, &file.name, bytes) {
        Ok(Some(tail)) => tail,
        Ok(None) => return Ok(Err(Unopened::Damaged(damage(What::Cut)))),
        Err(error) => match Damage::of_target(&file.name, &error, Lost::Unknown) {
            Some(damage) => return Ok(Err(Unopened::Damaged(damage))),
            None => return Err(error.into()),
        },
    };
    let Some(found) = opened(&tail) else {
        let strange = match target.get_range(&file.name, 0, 32).map(|head| read_head(&head)) {
            Ok(PackHead::Of(id)) => keyring.get(id).is_none(),
            _ => false,
        };
        return Ok(Err(if strange { Unopened::Strange } else { Unopened::Damaged(damage(What::Changed)) }));
    };
    if let Some(cache) = cache {
        cache.write(&file.name, &tail);
    }
    Ok(Ok(found))
}

fn tail_of(target: &dyn Target, file: &Name, bytes: u64) -> Result<Option<Vec<u8>>, TargetError> {
    let guess = bytes.min(TAIL_GUESS);
    let end = target.get_range(file, bytes - guess, usize::try_from(guess).unwrap_or_default())?;
    let Some((before, length)) = end.split_last_chunk::<INDEX_TAIL>() else { return Ok(None) };
    let Some(length) = tail_length(length, bytes) else { return Ok(None) };
    if let Some(start) = before.len().checked_sub(length) {
        return Ok(before.get(start..).map(<[u8]>::to_vec));
    }
    let offset = bytes - (length + INDEX_TAIL) as u64;
    target.get_range(file, offset, length).map(Some)
}

/// The sealed indexes of packs, kept on this machine so that the target is not asked again. Losing it loses nothing.
#[derive(Debug, Clone)]
pub struct Cache(PathBuf);

impl Cache {
    /// In this folder, which is made when there is something to keep.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.0.join(name.file())
    }

    fn read(&self, name: &Name) -> Option<Vec<u8>> {
        std::fs::read(self.path(name)).ok()
    }

    /// What cannot be kept is read from the target again.
    pub fn write(&self, name: &Name, sealed: &[u8]) {
        use std::io::Write;
        use std::os::unix::fs::DirBuilderExt;
        use std::os::unix::fs::OpenOptionsExt;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        // A torn file does not open, and is then read from the target.
        if let Err(error) = made.and_then(|()| options.open(self.path(name))?.write_all(sealed)) {
            tracing::debug!(target: "backup", %error, "the index of a pack was not kept");
        }
    }

    fn keep_only(&self, files: &[Listed]) {
        let there: std::collections::HashSet<&str> = files.iter().map(|file| file.name.file()).collect();
        let Ok(entries) = std::fs::read_dir(&self.0) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_str().is_none_or(|name| !there.contains(name)) {
                // It is tried again at the next time.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
