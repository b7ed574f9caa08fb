//! Copying what is needed out of packs that are to go: those that mostly hold what nobody needs, those that are many and small, and
//! those in which something was found changed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::mpsc::sync_channel;

use super::error::BackupError;
use super::index::{Index, PackInfo, Place};
use super::keyring::Keyring;
use super::prune::{How, Pruned};
use super::reading::Reader;
use super::repository::Repository;
use super::service::Backups;
use super::target::TargetError;
use super::verify::{Needed, chunks_by_pack};
use super::writing::{PACK_BYTES, QUEUE, Sealed, Sink, Written, unsealed};
use crate::crypto::backup::{ChunkName, KeyId, RepositoryKey};

/// A pack of which less than this share is needed is written anew.
const SPARSE_PERCENT: u64 = 50;

/// Packs smaller than this are put together when there are many of them.
const SMALL: u64 = PACK_BYTES as u64 / 8;
const MANY_SMALL: usize = 24;

/// What packs are removed with.
pub(super) struct Work<'a> {
    pub repository: &'a Repository,
    pub keyring: &'a Keyring,
    pub index: &'a Index,
    pub how: How,
}

impl Work<'_> {
    /// Which of these packs may go: those of which everything that is needed can be read elsewhere.
    pub fn nobody_needs(&self, needed: &Needed, mut going: BTreeSet<String>) -> Result<BTreeSet<String>, BackupError> {
        // Packs that were written since the index was read hold copies of their own: they are found at the place.
        let fresh = Index::load_marked(self.repository.target(), self.keyring, None, &BTreeSet::new())?;
        // What one holds that could not be read, nobody knows.
        for unread in self.index.unread().chain(fresh.unread()) {
            going.remove(unread.name.file());
        }
        loop {
            let in_going = |name: &ChunkName| {
                let mut of_it = places(self.index, name);
                of_it.any(|(pack, _)| going.contains(pack.name.file()))
            };
            let rest = fresh.without(&going);
            let reader = Reader::new(self.repository.target(), &rest, self.keyring);
            let wanted: Vec<ChunkName> = needed.chunks.iter().filter(|name| in_going(name)).copied().collect();
            let mut stays = BTreeSet::new();
            reader.chunks(&wanted, &mut |at, bytes| {
                if let (Err(_), Some(name)) = (bytes, wanted.get(at)) {
                    stays.extend(places(self.index, name).map(|(pack, _)| pack.name.file().to_owned()));
                }
            })?;
            let before = going.len();
            going.retain(|file| !stays.contains(file));
            if going.len() == before {
                return Ok(going);
            }
        }
    }
}

/// A pack, and what of it is to be copied.
struct Copying {
    pack: PackInfo,
    chunks: Vec<(ChunkName, Place)>,
    /// Something in it was found changed.
    spoiled: bool,
}

impl Backups {
    /// Copies what is needed out of packs that are to go; answers with the packs that nobody needs then. Where there is no room
    /// for copies, those are the ones that nobody needs as it is: removing them makes some.
    pub(super) fn rewrite(
        &self,
        work: &Work<'_>,
        index: &Index,
        needed: &Needed,
        pruned: &mut Pruned,
    ) -> Result<Vec<PackInfo>, BackupError> {
        let (mut unneeded, copies) = chosen(index, needed, &pruned.spoiled);
        let live = copies.values().flatten().flat_map(|copying| &copying.chunks);
        let live: u64 = live.map(|(_, place)| u64::from(place.sealed)).sum();
        let room = work.repository.target().free();
        let copies = if room.is_some_and(|room| room < live) { BTreeMap::new() } else { copies };
        for (id, packs) in copies {
            let Some(key) = work.keyring.get(id) else { continue };
            let sink = Sink::new(work.repository.shared_target(), Index::default(), Some(self.cache(work.repository)));
            let (mut done, mut copied) = (HashSet::new(), Vec::new());
            let (read, written) = std::thread::scope(|scope| {
                let (send, receive) = sync_channel(QUEUE);
                let sink = &sink;
                // Its end is to be seen by whoever sends: what it receives by goes with it.
                let writing = scope.spawn(move || sink.write(&receive, id, key, &self.ambient));
                let read = packs.into_iter().try_for_each(|Copying { pack, chunks, spoiled }| {
                    let bytes = work.repository.target().get(&pack.name, pack.bytes)?;
                    let sealed: Vec<Option<Sealed>> =
                        chunks.iter().map(|(name, place)| sealed_in(key, &bytes, *name, *place)).collect();
                    let whole = sealed.iter().all(Option::is_some);
                    // Of one that is not known to be spoiled nothing is taken before it was looked into.
                    if !whole && !spoiled {
                        pruned.found_spoiled = Some(pack.name.to_string());
                        return Ok::<_, BackupError>(());
                    }
                    for sealed in sealed.into_iter().flatten().filter(|sealed| done.insert(sealed.name)) {
                        // A thread that is gone has said why itself.
                        let _ = send.send(sealed);
                    }
                    if whole {
                        copied.push(pack);
                    }
                    Ok(())
                });
                drop(send);
                (read, writing.join().unwrap_or(Err(BackupError::Stopped)))
            });
            let bytes = match written {
                Ok(Written { bytes, .. }) => bytes,
                Err(BackupError::Target(TargetError::Full { .. })) => return Ok(unneeded),
                Err(error) => return Err(error),
            };
            read?;
            unneeded.append(&mut copied);
            pruned.bytes_rewritten += bytes;
        }
        Ok(unneeded)
    }
}

/// The packs that nobody needs, and those that are to be copied, by the key that they are under.
fn chosen(
    index: &Index,
    needed: &Needed,
    spoiled: &BTreeSet<String>,
) -> (Vec<PackInfo>, BTreeMap<KeyId, Vec<Copying>>) {
    let by_pack = chunks_by_pack(needed, index);
    let in_doubt = only_in_doubt(needed, index, spoiled);
    let small = index.packs().iter().filter(|pack| pack.bytes < SMALL).count();
    let mut unneeded = Vec::new();
    let mut copies: BTreeMap<KeyId, Vec<Copying>> = BTreeMap::new();
    for (number, pack) in index.packs().iter().enumerate() {
        let names = by_pack.get(&number).map(Vec::as_slice).unwrap_or_default();
        let of_pack = |name: &ChunkName| Some((*name, index.place(name)?.1));
        let chunks: Vec<(ChunkName, Place)> = names.iter().filter_map(of_pack).collect();
        let live: u64 = chunks.iter().map(|(_, place)| u64::from(place.sealed)).sum();
        let sparse = live * 100 < pack.bytes * SPARSE_PERCENT;
        let copying = match (in_doubt.get(&(number as u32)), live) {
            (Some(chunks), _) => Copying { pack: pack.clone(), chunks: chunks.clone(), spoiled: true },
            (None, 0) => {
                unneeded.push(pack.clone());
                continue;
            }
            (None, _) if sparse || (pack.bytes < SMALL && small >= MANY_SMALL) => {
                Copying { pack: pack.clone(), chunks, spoiled: false }
            }
            (None, _) => continue,
        };
        copies.entry(pack.key).or_default().push(copying);
    }
    (unneeded, copies)
}

/// By pack, the needed chunks in it of which every copy is in a pack in which something was found changed.
fn only_in_doubt(needed: &Needed, index: &Index, spoiled: &BTreeSet<String>) -> HashMap<u32, Vec<(ChunkName, Place)>> {
    let mut in_doubt: HashMap<u32, Vec<(ChunkName, Place)>> = HashMap::new();
    for name in needed.chunks.iter().filter(|_| !spoiled.is_empty()) {
        if places(index, name).all(|(pack, _)| spoiled.contains(pack.name.file())) {
            for (_, place) in places(index, name) {
                in_doubt.entry(place.pack).or_default().push((*name, place));
            }
        }
    }
    in_doubt
}

/// Wherever a chunk lies.
pub(super) fn places<'a>(index: &'a Index, name: &ChunkName) -> impl Iterator<Item = (&'a PackInfo, Place)> {
    index.place(name).into_iter().chain(index.elsewhere(name))
}

/// A chunk as it lies in a pack's bytes, if it can be read.
fn sealed_in(key: &RepositoryKey, pack: &[u8], name: ChunkName, place: Place) -> Option<Sealed> {
    let from = place.offset as usize;
    let sealed = pack.get(from..from.checked_add(place.sealed as usize)?)?;
    let _ = unsealed(key, name, sealed, place.bytes)?;
    Some(Sealed { name, sealed: sealed.to_vec().into(), bytes: place.bytes })
}
