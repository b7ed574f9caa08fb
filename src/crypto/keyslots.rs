//! The key slots: the root key, wrapped once for each way to open the box. Any one slot opens it.
//!
//! The document is TOML (`keyslots.toml`), replaced as a whole by its keeper. It holds no secret in clear:
//!
//! ```toml
//! version = 1
//! store = "0198c0de-…"            # the store that the root belongs to
//! epoch = 1                       # of the store's pages
//! next-slot = 3                   # ids are never used twice
//! mac = "…"                       # over everything else, by a key from the root
//!
//! [[slot]]
//! id = 1
//! kind = "passphrase"             # passphrase, recovery-sheet, credential, key-file, demo
//! created = "2026-03-03T09:00:00Z"
//! memory-kib = 65536              # passphrase only: the price of one try
//! passes = 3
//! salt = "…"                      # 16 bytes, base64
//! nonce = "…"                     # 24 bytes
//! wrapped = "…"                   # 48 bytes: the root, sealed
//! ```
//!
//! `wrapped` is XChaCha20-Poly1305 of the root under the slot's key. Its associated data are
//! `chartbox key slot v1` ‖ store id (16) ‖ epoch (u32) ‖ slot id (u32) ‖ kind's name; numbers little endian. The slot's key is
//! Argon2id of the passphrase and the salt, or, where the secret is random anyway, BLAKE3's `derive_key` of secret ‖ salt under
//! a context of the kind's own. The MAC shows, once a slot has opened, that nobody added, removed or changed a slot since
//! the box wrote the document; before that it cannot be checked. A whole older document put back is not found by it.

use std::fmt;

use crate::base::{Ambient, Secret, StoreId, Timestamp};

use super::kdf::{Cost, KdfError};
use super::material::KeyMaterial;
use super::password::{self, WeakPassword};
use super::root::Root;
use super::sheet::Sheet;

mod document;
mod protection;
mod wrap;

pub use protection::{Protection, Seal};

/// The newest form of the document that this program writes and reads.
pub const VERSION: u32 = 1;

/// A way to open the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SlotKind {
    /// Something a person types after each start.
    Passphrase,
    /// The paper kept in the safe.
    RecoverySheet,
    /// Handed in by systemd, sealed to this machine's TPM or, where there is none in use, by a key on its disk.
    Credential,
    /// A file on the same disk.
    KeyFile,
    /// The key of a throwaway box, beside its store.
    Demo,
}

impl SlotKind {
    pub const ALL: [Self; 5] = [Self::Passphrase, Self::RecoverySheet, Self::Credential, Self::KeyFile, Self::Demo];

    /// The name in the document and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase",
            Self::RecoverySheet => "recovery-sheet",
            Self::Credential => "credential",
            Self::KeyFile => "key-file",
            Self::Demo => "demo",
        }
    }

    /// What removing such a slot does not undo.
    pub const fn after_removal(self) -> &'static str {
        match self {
            Self::Passphrase => {
                "The old passphrase still opens old copies of the key slots. To end that, rotate the key."
            }
            Self::RecoverySheet => "The old sheet still opens old copies. To end that, rotate the key.",
            Self::Credential | Self::KeyFile | Self::Demo => {
                "Whoever kept the old key still opens old copies. To end that, rotate the key."
            }
        }
    }

    /// Whether a person holds what opens it, so that it opens a backup on another machine.
    pub const fn is_a_persons(self) -> bool {
        matches!(self, Self::Passphrase | Self::RecoverySheet)
    }

    /// Opens the box without a person: only beside a slot that a person holds.
    const fn needs_a_person_too(self) -> bool {
        matches!(self, Self::Credential | Self::KeyFile)
    }
}

impl fmt::Display for SlotKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passphrase => "passphrase",
            Self::RecoverySheet => "recovery sheet",
            Self::Credential => "credential",
            Self::KeyFile => "key file",
            Self::Demo => "demo key",
        })
    }
}

/// What opens a slot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SlotKey {
    Passphrase(Secret<String>),
    RecoverySheet(Sheet),
    Credential(KeyMaterial),
    KeyFile(KeyMaterial),
    Demo(KeyMaterial),
}

impl SlotKey {
    pub const fn kind(&self) -> SlotKind {
        match self {
            Self::Passphrase(_) => SlotKind::Passphrase,
            Self::RecoverySheet(_) => SlotKind::RecoverySheet,
            Self::Credential(_) => SlotKind::Credential,
            Self::KeyFile(_) => SlotKind::KeyFile,
            Self::Demo(_) => SlotKind::Demo,
        }
    }
}

/// A slot's number within its document; never used a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub u32);

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What may be said of a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotInfo {
    pub id: SlotId,
    pub kind: SlotKind,
    pub created: Timestamp,
}

/// The root, and the slot that gave it.
#[derive(Debug, Clone)]
pub struct Unlocked {
    pub root: Root,
    pub slot: SlotId,
    pub kind: SlotKind,
}

/// The slots of one store. Reading the text tells nothing about who wrote it; opening a slot, or changing the slots with the
/// root in hand, does.
#[derive(Clone, Debug)]
pub struct KeySlots {
    store: StoreId,
    epoch: u32,
    next_slot: u32,
    slots: Vec<wrap::Slot>,
    mac: super::Tag,
}

impl KeySlots {
    /// The slots of a new box. The first is one that a person holds: a passphrase or a recovery sheet.
    pub fn create(
        root: &Root,
        store: StoreId,
        epoch: u32,
        first: &SlotKey,
        ambient: &Ambient,
    ) -> Result<Self, SlotError> {
        Self::start(root, store, epoch, first, ambient, refuse_demo_key(first))
    }

    /// The slots of a throwaway box: a demo key, which only [`KeySlots::unlock_demo`] takes.
    pub fn create_demo(
        root: &Root,
        store: StoreId,
        epoch: u32,
        key: &KeyMaterial,
        ambient: &Ambient,
    ) -> Result<Self, SlotError> {
        Self::start(root, store, epoch, &SlotKey::Demo(key.clone()), ambient, Ok(()))
    }

    /// Reads a document. Nothing in it is trusted yet; sizes and costs are bounded.
    pub fn parse(text: &str) -> Result<Self, SlotError> {
        document::parse(text)
    }

    /// The document as it is written to disk.
    pub fn to_text(&self) -> Result<String, SlotError> {
        document::write(self)
    }

    /// Opens a real box. Every slot of the key's kind is tried; a passphrase costs 64 MiB and some tenths of a second each.
    /// The slots of a demo are refused, whatever the key.
    pub fn unlock(&self, key: &SlotKey) -> Result<Unlocked, SlotError> {
        if self.is_demo() {
            return Err(SlotError::IsDemo);
        }
        refuse_demo_key(key)?;
        self.open(key)
    }

    /// Opens a real box or a demo, whichever it is.
    pub fn unlock_either(&self, key: &SlotKey) -> Result<Unlocked, SlotError> {
        if self.is_demo() { self.unlock_demo(key) } else { self.unlock(key) }
    }

    /// Opens a demo, by any of its slots. The slots of a real box are refused.
    pub fn unlock_demo(&self, key: &SlotKey) -> Result<Unlocked, SlotError> {
        if self.is_demo() { self.open(key) } else { Err(SlotError::IsNotDemo) }
    }

    /// Adds a slot. A passphrase must be hard to guess; a credential or key file needs a passphrase or a recovery sheet beside
    /// it, since a machine that breaks takes them along.
    pub fn add(&mut self, root: &Root, key: &SlotKey, ambient: &Ambient) -> Result<SlotId, SlotError> {
        self.check(root)?;
        refuse_demo_key(key)?;
        if key.kind().needs_a_person_too() && !self.held_by_a_person(None) {
            return Err(SlotError::NeedsPerson { kind: key.kind() });
        }
        let id = self.push(root, key, ambient)?;
        self.mac = self.sealed_by(root);
        Ok(id)
    }

    /// Removes a slot, and says of which kind it was. The last slot stays, and so does the last that a person holds.
    /// What removal does not undo: [`SlotKind::after_removal`].
    pub fn remove(&mut self, root: &Root, id: SlotId) -> Result<SlotKind, SlotError> {
        self.check(root)?;
        let kind = self.list().find(|slot| slot.id == id).ok_or(SlotError::NoSuchSlot { id })?.kind;
        if !self.is_demo() && !self.held_by_a_person(Some(id)) {
            return Err(SlotError::LastForPerson);
        }
        if kind == SlotKind::Demo {
            return Err(SlotError::IsDemo);
        }
        self.slots.retain(|slot| slot.id != id);
        self.mac = self.sealed_by(root);
        Ok(kind)
    }

    /// The same slots over a new root, at the next epoch. A slot can only be wrapped anew with what opens it, so `keys` holds
    /// that of each slot that is to remain; those in `without` are left behind. Numbers and dates stay. Each passphrase
    /// is stretched once or more: some tenths of a second and 64 MiB each time.
    ///
    /// # Errors
    /// [`SlotError::NotGiven`] for a slot whose key is not there and that is not left behind, [`SlotError::Wrong`] for
    /// a key that opens none, [`SlotError::LastForPerson`].
    pub fn rotated(
        &self,
        old: &Root,
        new: &Root,
        keys: &[SlotKey],
        without: &[SlotId],
        ambient: &Ambient,
    ) -> Result<Self, SlotError> {
        self.check(old)?;
        if let Some(id) = without.iter().find(|id| !self.list().any(|slot| slot.id == **id)) {
            return Err(SlotError::NoSuchSlot { id: *id });
        }
        let epoch = self.epoch.checked_add(1).ok_or(SlotError::TooMany)?;
        let mut used = vec![false; keys.len()];
        let mut slots = Vec::new();
        for slot in self.slots.iter().filter(|slot| !without.contains(&slot.id)) {
            let here = wrap::Place { store: self.store, epoch: self.epoch, id: slot.id };
            let there = wrap::Place { epoch, ..here };
            let mut fits = None;
            for (key, used) in keys.iter().zip(&mut used).filter(|(key, _)| key.kind() == slot.kind) {
                if slot.open(key, &here)?.is_some() {
                    *used = true;
                    fits = Some(key);
                    break;
                }
            }
            let key = fits.ok_or(SlotError::NotGiven { id: slot.id, kind: slot.kind })?;
            let wrapped = wrap::Slot::seal(new, key, &there, Cost::SLOT, ambient)?;
            slots.push(wrap::Slot { created: slot.created, ..wrapped });
        }
        let mut made = Self { store: self.store, epoch, next_slot: self.next_slot, slots, mac: self.mac };
        if !made.is_demo() && !made.held_by_a_person(None) {
            return Err(SlotError::LastForPerson);
        }
        if let Some((key, _)) = keys.iter().zip(&used).find(|(_, used)| !**used) {
            return Err(self.in_vain(key)?);
        }
        made.mac = made.sealed_by(new);
        Ok(made)
    }

    /// Why a key was given in vain that opens none of the slots that remain.
    fn in_vain(&self, key: &SlotKey) -> Result<SlotError, SlotError> {
        let kind = key.kind();
        for slot in self.slots.iter().filter(|slot| slot.kind == kind) {
            let here = wrap::Place { store: self.store, epoch: self.epoch, id: slot.id };
            if slot.open(key, &here)?.is_some() {
                return Ok(SlotError::LeftBehind { id: slot.id, kind });
            }
        }
        Ok(SlotError::FitsNone { kind })
    }

    /// Whether these are what a change of the root key made of those: of a later epoch, with no slot that is not there any more, and
    /// made after the last that was added.
    pub fn follows(&self, before: &Self) -> bool {
        let is_there = |slot: SlotInfo| before.list().any(|one| one.id == slot.id && one.kind == slot.kind);
        self.store == before.store
            && self.epoch > before.epoch
            && self.next_slot == before.next_slot
            && self.list().all(is_there)
    }

    pub fn list(&self) -> impl Iterator<Item = SlotInfo> + '_ {
        self.slots.iter().map(|slot| SlotInfo { id: slot.id, kind: slot.kind, created: slot.created })
    }

    pub fn has(&self, kind: SlotKind) -> bool {
        self.slots.iter().any(|slot| slot.kind == kind)
    }

    pub fn is_demo(&self) -> bool {
        self.has(SlotKind::Demo)
    }

    pub const fn store(&self) -> StoreId {
        self.store
    }

    /// The epoch of the store's pages that the root belongs to.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    fn start(
        root: &Root,
        store: StoreId,
        epoch: u32,
        first: &SlotKey,
        ambient: &Ambient,
        allowed: Result<(), SlotError>,
    ) -> Result<Self, SlotError> {
        allowed?;
        if first.kind().needs_a_person_too() {
            return Err(SlotError::NeedsPerson { kind: first.kind() });
        }
        let mac = super::Tag::from_bytes([0; 32]);
        let mut made = Self { store, epoch, next_slot: 1, slots: Vec::new(), mac };
        made.push(root, first, ambient)?;
        made.mac = made.sealed_by(root);
        Ok(made)
    }

    fn push(&mut self, root: &Root, key: &SlotKey, ambient: &Ambient) -> Result<SlotId, SlotError> {
        if let SlotKey::Passphrase(passphrase) = key {
            password::check_new(passphrase, &["chartbox"])?;
        }
        let place = wrap::Place { store: self.store, epoch: self.epoch, id: SlotId(self.next_slot) };
        let next = self.next_slot.checked_add(1).ok_or(SlotError::TooMany)?;
        if self.slots.len() >= document::MOST_SLOTS {
            return Err(SlotError::TooMany);
        }
        self.slots.push(wrap::Slot::seal(root, key, &place, Cost::SLOT, ambient)?);
        self.next_slot = next;
        Ok(place.id)
    }

    fn open(&self, key: &SlotKey) -> Result<Unlocked, SlotError> {
        let kind = key.kind();
        if !self.has(kind) {
            let there = self.slots.iter().map(|slot| slot.kind.to_string()).collect::<Vec<_>>().join(", ");
            return Err(SlotError::NoneOfKind { kind, there });
        }
        for slot in self.slots.iter().filter(|slot| slot.kind == kind) {
            let place = wrap::Place { store: self.store, epoch: self.epoch, id: slot.id };
            if let Some(root) = slot.open(key, &place)? {
                self.check(&root)?;
                return Ok(Unlocked { root, slot: slot.id, kind });
            }
        }
        Err(SlotError::Wrong { kind })
    }

    fn check(&self, root: &Root) -> Result<(), SlotError> {
        if self.sealed_by(root) == self.mac { Ok(()) } else { Err(SlotError::Changed) }
    }

    fn sealed_by(&self, root: &Root) -> super::Tag {
        root.slots_key().tag("key slots v1", &document::authenticated(self))
    }

    fn held_by_a_person(&self, without: Option<SlotId>) -> bool {
        self.slots.iter().any(|slot| slot.kind.is_a_persons() && Some(slot.id) != without)
    }
}

const fn refuse_demo_key(key: &SlotKey) -> Result<(), SlotError> {
    if matches!(key, SlotKey::Demo(_)) { Err(SlotError::IsDemo) } else { Ok(()) }
}

/// What can go wrong with key slots. [`SlotError::Changed`] is tampering; the rest is damage or a mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlotError {
    #[error("the key slots cannot be read ({why})")]
    Unreadable { why: String },
    #[error("the key slots were written by a newer Chartbox (form {found}; this one knows {VERSION}): update this one")]
    Newer { found: u32 },
    #[error("this box has no {kind} to open it with; it has: {there}")]
    NoneOfKind { kind: SlotKind, there: String },
    #[error("this {kind} does not open this box; check that it belongs to it, and try again")]
    Wrong { kind: SlotKind },
    #[error(
        "the key slots were changed by somebody other than the box; restore the newest backup into another folder, copy its keyslots.toml into this one, and find out who did it"
    )]
    Changed,
    #[error("a {kind} alone would be lost with the machine: add a passphrase or a recovery sheet first")]
    NeedsPerson { kind: SlotKind },
    #[error("this is the last slot that a person can open the box with: add a passphrase or a recovery sheet first")]
    LastForPerson,
    #[error("there is no slot {id}; `chartbox key status` lists those there are")]
    NoSuchSlot { id: SlotId },
    #[error(
        "slot {id} ({kind}) can only be wrapped anew with what opens it: give that too, or leave the slot behind with \
         --without {id}"
    )]
    NotGiven { id: SlotId, kind: SlotKind },
    #[error(
        "a {kind} that was given opens slot {id}, which is left behind or was opened by another that was given: leave it out; \
         nothing was changed"
    )]
    LeftBehind { id: SlotId, kind: SlotKind },
    #[error(
        "a {kind} that was given opens no slot of this box: check that it belongs to it, or leave it out; nothing was changed"
    )]
    FitsNone { kind: SlotKind },
    #[error("there are as many slots as there can be: remove one first")]
    TooMany,
    #[error(
        "this is a demo box: nothing in it is protected, and it cannot be used as a real one; make one with `chartbox init`"
    )]
    IsDemo,
    #[error("this is a real box, not a demo: start it with `chartbox serve`")]
    IsNotDemo,
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    #[error(transparent)]
    Kdf(#[from] KdfError),
}

#[cfg(test)]
mod tests;
