//! Changing the root key: a new root, the next epoch of the pages, and the store copied under it.
//!
//! It goes in two parts. [`prepare`] makes the new root and writes the slots that will hold it, `keyslots.next.toml` and its
//! copy; nothing else changes, and the box goes on under its old key. [`carry_on`], on a box that is not open otherwise (at a
//! start, or in the command when no box runs), copies the store, compares the copy with the original row by row, writes into
//! it what a new root must leave as it was, and puts it in the original's place:
//!
//! | step | on disk afterwards | opens |
//! |---|---|---|
//! | 1. next slots written twice | old store, old slots, next slots | old |
//! | 2. copy made under `chartbox.next.redb`, synced | the same, and a copy | old |
//! | 3. entry, hand-over and carried secret in the copy, synced | the same | old |
//! | 4. the copy renamed over `chartbox.redb`, folder synced | **new store**, old slots, next slots | new, by the next slots |
//! | 5. next slots in the place of the old, twice | new store, new slots, next slots | new |
//! | 6. next slots removed | new store, new slots | new |
//!
//! Step 4 is one rename: before it the old key opens everything, after it the new one does. The store's label says its epoch
//! without a key, and `read_slots` takes the slots of that epoch. A copy from an interrupted try is made anew. The old store
//! stays locked until the new one has its name, so that nothing can be written that would be lost.
//!
//! What changes with the root, and what does not:
//!
//! | subkey | after a rotation |
//! |---|---|
//! | pages | new: the whole store is sealed anew |
//! | key slots' MAC | new |
//! | checkpoints | new; the first checkpoint afterwards is signed by both keys, so that who pinned the old fingerprint goes on to trust the log |
//! | snapshots | new: backups made from then on open with the new root only |
//! | tokens | the same, carried in the store: sessions and API tokens go on. It is a MAC key for secrets of 256 bits, and opens nothing without the store |
//! | certificate authority, leaf | the same: they are no subkeys. Who had the old key *and* an old copy of the store has the authority's key |

use std::fs::File;
use std::path::{Path, PathBuf};

use super::rows::{CARRIED, CarriedRow, SEALS, SHEETS, THE_CARRIED, token_secret};
use super::{Key, Slots, write_slots};
use crate::app::error::AppError;
use crate::app::folder::{Folder, Mode};
use crate::audit::{Action, Audit, AuditError, Detail, Event};
use crate::base::{Ambient, Secret, Timestamp};
use crate::crypto::keyslots::{KeySlots, SlotId, SlotKey, SlotKind};
use crate::crypto::{Root, Signer};
use crate::store::{Direction, KeyRange, ReadExt, Store, StoreError, StoreOptions, StoreStats};

/// Whether a rotation was carried to its end.
#[derive(Debug)]
pub enum Carried {
    /// The store has its new key, and this opens it.
    Done(Box<Key>),
    /// None was under way.
    Nothing,
    /// The key that came opens only the old slots: it waits for one of those that remain.
    OtherKey,
}

/// The steps between which the power may go. Tests stop at each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Copy,
    Entry,
    Name,
    Sync,
    Slots,
    Forget,
}

/// Makes the slots over a new root and writes them beside the present ones.
pub(super) fn prepare(
    folder: &Folder,
    slots: &KeySlots,
    root: &Root,
    keys: &[SlotKey],
    without: &[SlotId],
    ambient: &Ambient,
) -> Result<KeySlots, AppError> {
    let new = Root::generate(ambient);
    let next = slots.rotated(root, &new, keys, without, ambient).map_err(AppError::Key)?;
    let text = next.to_text().map_err(AppError::Key)?;
    let write = |path: PathBuf| folder.replace(&path, text.as_bytes(), Mode::Private);
    if let Err(error) = write(folder.next_keyslots_copy()).and_then(|()| write(folder.next_keyslots())) {
        // One of the two would be carried out at the next start, though it was said that nothing was changed.
        if let Err(stays) = forget(folder) {
            let stays = stays.to_string();
            tracing::error!(target: "keys", error = %stays, "what was begun of a new root key could not be taken away again");
        }
        return Err(error);
    }
    Ok(next)
}

/// Takes the next slots away, and what was begun of a copy.
pub(super) fn forget(folder: &Folder) -> Result<(), AppError> {
    let copy = folder.next_store();
    let mut begun = copy.clone().into_os_string();
    begun.push(".new");
    let paths = [folder.next_keyslots(), folder.next_keyslots_copy(), copy, begun.into()];
    paths.iter().try_for_each(|path| clear(path))
}

/// Carries a rotation to its end, if one is under way. Blocks for as long as the copy takes; `copied` hears how many bytes
/// of records are in it. A box that is open elsewhere is refused.
pub fn carry_on(folder: &Folder, key: &Key, copied: &mut dyn FnMut(u64)) -> Result<Carried, AppError> {
    carry_on_by(folder, key, copied, &Ambient::system(), &mut |_| Ok(()))
}

pub(super) fn carry_on_by(
    folder: &Folder,
    key: &Key,
    copied: &mut dyn FnMut(u64),
    ambient: &Ambient,
    at: &mut dyn FnMut(Step) -> Result<(), AppError>,
) -> Result<Carried, AppError> {
    let Some(slots) = &key.slots.next else { return Ok(Carried::Nothing) };
    let Some(unlocked) = &key.next else { return Ok(Carried::OtherKey) };
    let old = &key.unlocked.root;
    let options = StoreOptions::throwaway();
    let from = Store::open(&folder.store(), old.page_key(key.slots.current.epoch()), &options, ambient)?;
    let copy = folder.next_store();
    clear(&copy)?;
    room_for(&from.stats(), "start the box again; or stay with the old key: chartbox key rotate --cancel")?;

    at(Step::Copy)?;
    let new_key = || unlocked.root.page_key(slots.epoch());
    from.copy_for_rotation(&copy, new_key(), ambient, copied)?;
    let to = Store::open(&copy, new_key(), &options, ambient)?;
    at(Step::Entry)?;
    hand_over(&to, old, &unlocked.root, &key.slots.current, slots, ambient)?;

    at(Step::Name)?;
    std::fs::rename(&copy, folder.store()).map_err(AppError::file(&copy, "put in its place"))?;
    at(Step::Sync)?;
    let sync = || File::open(folder.path())?.sync_all();
    sync().map_err(AppError::file(folder.path(), "written"))?;
    to.close();
    from.close();

    at(Step::Slots)?;
    write_slots(folder, slots)?;
    at(Step::Forget)?;
    forget(folder)?;
    let slots = Slots { current: slots.clone(), next: None, helped: None };
    Ok(Carried::Done(Box::new(Key { slots, unlocked: unlocked.clone(), next: None })))
}

/// Takes a file away that may not be there.
fn clear(path: &Path) -> Result<(), AppError> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(AppError::File { path: path.to_owned(), what: "removed", cause })
        }
        _ => Ok(()),
    }
}

/// Refuses a copy that would not fit beside the original. `then` is what to do once there is room.
pub(super) fn room_for(stats: &StoreStats, then: &str) -> Result<(), AppError> {
    let needed = stats.file_bytes.saturating_add(64 << 20);
    match stats.disk {
        Some(disk) if disk.free < needed => Err(AppError::Wrong(format!(
            "the store is copied under its new key, which takes {} MiB for a while, and {} MiB are free; nothing was \
             changed. Free some space, then {then}.",
            needed >> 20,
            disk.free >> 20
        ))),
        _ => Ok(()),
    }
}

/// What the new store says of the change, and what it takes along.
fn hand_over(
    store: &Store,
    old: &Root,
    new: &Root,
    before: &KeySlots,
    after: &KeySlots,
    ambient: &Ambient,
) -> Result<(), AppError> {
    let tokens = token_secret(&store.read()?, old)?;
    // A slot is only wrapped anew with what opens it: whoever changed the root key had these sheets at hand.
    let shown: Vec<u32> =
        after.list().filter(|slot| slot.kind == SlotKind::RecoverySheet).map(|slot| slot.id.0).collect();
    let now = ambient.now();
    let gone: Vec<u32> =
        before.list().filter(|slot| !after.list().any(|one| one.id == slot.id)).map(|slot| slot.id.0).collect();
    let left = match gone.as_slice() {
        [] => String::new(),
        ids => format!("; left behind: slot {}", ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    let (was, is) = (old.checkpoint_signer(), new.checkpoint_signer());
    let note = format!("epoch {}; the log is now signed by {}{left}", after.epoch(), is.fingerprint());
    let audit = Audit::new(store.clone(), ambient.clone());
    let ((), _) = audit.write_blocking(move |tx| {
        shown_to_be_kept(tx, &shown, now)?;
        written(tx, &tokens, &gone, (&was, &is), note)
    })?;
    Ok(())
}

/// Takes note that sheets are kept which nobody had shown to be.
fn shown_to_be_kept(
    tx: &mut crate::audit::AuditedTx<'_, '_>,
    sheets: &[u32],
    now: Timestamp,
) -> Result<(), AuditError> {
    for id in sheets {
        if let Some(mut row) = tx.get(&SHEETS, &(*id,))?.filter(|row| row.kept.is_none()) {
            (row.asked, row.kept) = (Vec::new(), Some(now));
            tx.put(&SHEETS, &(*id,), &row)?;
        }
    }
    Ok(())
}

fn written(
    tx: &mut crate::audit::AuditedTx<'_, '_>,
    tokens: &Secret<[u8; 32]>,
    gone: &[u32],
    (was, is): (&Signer, &Signer),
    note: String,
) -> Result<(), AuditError> {
    tx.put(&CARRIED, &THE_CARRIED, &CarriedRow::of(tokens))?;
    for id in gone {
        tx.delete(&SHEETS, &(*id,))?;
        tx.delete(&SEALS, &(*id,))?;
    }
    // A sheet that was left behind takes nobody's place any more.
    let rows = tx.scan(&SHEETS, KeyRange::all(), Direction::Up)?.collect::<Result<Vec<_>, StoreError>>()?;
    for (key, mut row) in rows {
        let all = row.replaces.len();
        row.replaces.retain(|id| !gone.contains(id));
        if row.replaces.len() != all {
            tx.put(&SHEETS, &key, &row)?;
        }
    }
    tx.append(Event::system("job:key-rotate", Action::KeyRotate).detail(Detail::note(note)))?;
    tx.checkpoint(is, Some(was), Event::system("job:key-rotate", Action::Checkpoint))?;
    Ok(())
}
