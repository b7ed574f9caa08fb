//! The key slots in the data folder, and how a box gets its key at the start: what lies ready is tried; otherwise it starts
//! locked.
//!
//! `keyslots.toml` and its second copy hold the slots of the store as it is. While a change of the root key is under way,
//! `keyslots.next.toml` and its copy hold the slots of the store as it will be (`rotation`): which of them counts is
//! said by the epoch in the store's own label, which changes with the store in one step.

mod door;
mod ring;
mod rotation;
mod rows;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::base::Secret;
use crate::crypto::KeyMaterial;
use crate::crypto::keyslots::{KeySlots, SlotError, SlotKey, SlotKind, Unlocked};
use crate::store::StoreLabel;

use super::error::AppError;
use super::folder::{Folder, Mode};

pub use door::{Door, From as TriedFrom, Wait};
pub(super) use ring::first_sheet;
pub use ring::{Keyring, OldSheets, Sheets};
pub use rotation::{Carried, carry_on};
pub(super) use rows::token_secret;

/// The name of the key as a systemd credential, and of its file.
pub const CREDENTIAL: &str = "chartbox-key";

/// Where the unit that may fail puts the decrypted credential (`systemd/chartbox-key.service`).
const CREDENTIAL_FOLDER: &str = "/run/chartbox-key";

/// The slots as they lie in a data folder.
#[derive(Debug, Clone)]
pub struct Slots {
    /// Those of the store as it is.
    pub current: KeySlots,
    /// Those of the store under its next key, while a change of the root key waits to be carried on.
    pub next: Option<KeySlots>,
    /// What had to be helped out with, in a sentence for whoever stands at the console.
    pub helped: Option<&'static str>,
}

/// What opened a box.
#[derive(Debug, Clone)]
pub struct Key {
    pub slots: Slots,
    pub unlocked: Unlocked,
    /// What the same key opens of the next slots, when it is among them.
    pub next: Option<Unlocked>,
}

impl Slots {
    /// Opens with a key. See [`KeySlots::unlock`].
    pub fn unlock(&self, key: &SlotKey) -> Result<Key, SlotError> {
        let unlocked = self.current.unlock(key)?;
        let next = self.next.as_ref().and_then(|next| next.unlock(key).ok());
        Ok(Key { slots: self.clone(), unlocked, next })
    }

    /// Opens a demo with a key. See [`KeySlots::unlock_demo`].
    pub fn unlock_demo(&self, key: &SlotKey) -> Result<Key, SlotError> {
        let unlocked = self.current.unlock_demo(key)?;
        let next = self.next.as_ref().and_then(|next| next.unlock_demo(key).ok());
        Ok(Key { slots: self.clone(), unlocked, next })
    }
}

/// Reads the slots. The second copy stands in for a first one that is lost or torn. The store's own label says its epoch:
/// slots of an earlier one are what a rotation that was cut off had not replaced yet.
pub fn read_slots(folder: &Folder) -> Result<Slots, AppError> {
    let label = StoreLabel::read(&folder.store()).ok();
    let outdated = |slots: &KeySlots| label.is_some_and(|label| label.epoch > slots.epoch());
    let places = [folder.keyslots(), folder.keyslots_copy(), folder.next_keyslots(), folder.next_keyslots_copy()];
    let [first, second, next, next_copy] = places.map(|path| read(&path));
    let next = match (next, next_copy) {
        (Ok(Some(next)), _) | (_, Ok(Some(next))) => Some(next),
        _ => None,
    };
    let mut wrong = None;
    for (found, helped) in [(first, None), (second, Some(SECOND_COPY))] {
        match found {
            Ok(Some(current)) if !outdated(&current) => {
                // Of a change that was given up the slots may have gone on since.
                let next = next.filter(|next| next.follows(&current));
                return Ok(Slots { current, next, helped });
            }
            Ok(Some(old)) => wrong = wrong.or(Some(Ok(old))),
            Ok(None) => {}
            Err(error) => wrong = wrong.or(Some(Err(error))),
        }
    }
    if let Some(current) = next.filter(|next| !outdated(next)) {
        // The store has its new key already, and the slots were not put in their place any more.
        return Ok(Slots { current, next: None, helped: None });
    }
    match wrong {
        // Of an earlier key of this store: whatever opens them says that it does not open it any more.
        Some(Ok(current)) => Ok(Slots { current, next: None, helped: None }),
        Some(Err(error)) => Err(error),
        None if folder.store().exists() => {
            let why = "they are gone".to_owned();
            Err(AppError::Slots { path: folder.keyslots(), cause: SlotError::Unreadable { why } })
        }
        None => Err(AppError::NoBox(folder.path().to_owned())),
    }
}

const SECOND_COPY: &str = "the key slots could not be read, so their second copy is used";

fn read(path: &Path) -> Result<Option<KeySlots>, AppError> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8(bytes).map_err(|_| SlotError::Unreadable { why: "it is not text".into() });
            let slots = text.and_then(|text| KeySlots::parse(&text));
            slots.map(Some).map_err(|cause| AppError::Slots { path: path.to_owned(), cause })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(AppError::File { path: path.to_owned(), what: "read", cause }),
    }
}

/// Writes the slots, twice. Where that does not work to its end both are put back as they were: a change that is said not to have
/// been made must not stand in either. (A file has its new content already where only the syncing of its folder failed.)
pub fn write_slots(folder: &Folder, slots: &KeySlots) -> Result<(), AppError> {
    let text = slots.to_text().map_err(AppError::Key)?;
    let places = [folder.keyslots_copy(), folder.keyslots()];
    let before = places.each_ref().map(std::fs::read);
    let written = places.iter().try_for_each(|place| folder.replace(place, text.as_bytes(), Mode::Private));
    if written.is_err() {
        for (place, before) in places.iter().zip(before) {
            let Ok(before) = before else { continue };
            let stands = || std::fs::read(place).is_ok_and(|now| now == before);
            if !stands()
                && let Err(error) = folder.replace(place, &before, Mode::Private)
                && !stands()
            {
                tracing::error!(target: "keys", %error, "the key slots could not be put back as they were");
            }
        }
    }
    written
}

/// Makes the two files say what `slots` say, and takes away next slots whose time has come: what a torn file, a power cut
/// between two writes or the end of a rotation left to do. The slots must have been opened before. Answers with whether there
/// was anything to mend.
fn settle(folder: &Folder, slots: &Slots) -> Result<bool, AppError> {
    if !folder.keyslots().exists() && !folder.keyslots_copy().exists() && !folder.next_keyslots().exists() {
        // A box that is being made or restored: whoever does it writes them last.
        return Ok(false);
    }
    let text = slots.current.to_text().map_err(AppError::Key)?;
    let same = |path: PathBuf| std::fs::read(path).is_ok_and(|there| there == text.as_bytes());
    let mended = !same(folder.keyslots()) || !same(folder.keyslots_copy());
    if mended {
        write_slots(folder, &slots.current)?;
    }
    if slots.next.is_none() {
        rotation::forget(folder)?;
    }
    Ok(mended)
}

/// Which kind of box a command expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Real,
    Demo,
    /// A command that works on either.
    Either,
}

/// Opens with what lies ready: a demo's key, the credential, the key file. `Ok(None)` when nothing does: the box
/// is locked and waits for a person.
pub fn unlock_with_what_lies_ready(folder: &Folder, slots: &Slots, kind: Kind) -> Result<Option<Key>, AppError> {
    match (kind, slots.current.is_demo()) {
        (Kind::Real, true) => return Err(AppError::Wrong(SlotError::IsDemo.to_string())),
        (Kind::Demo, false) => return Err(AppError::Wrong(SlotError::IsNotDemo.to_string())),
        _ => {}
    }
    if slots.current.is_demo() {
        let path = folder.demo_key();
        let key = material(&path)?.ok_or_else(|| AppError::Wrong(format!("{} is missing", path.display())))?;
        return slots.unlock_demo(&SlotKey::Demo(key)).map(Some).map_err(AppError::Key);
    }
    let mut why = None;
    for key in what_lies_ready(folder, &slots.current) {
        match key.and_then(|key| slots.unlock(&key).map_err(AppError::Key)) {
            Ok(key) => return Ok(Some(key)),
            // A changed document is no matter of a key: nothing else may hide it.
            Err(error @ AppError::Key(SlotError::Changed)) => return Err(error),
            Err(error) => why = Some(error),
        }
    }
    match why {
        // What a machine hands in and does not fit must not keep a person out.
        Some(error) if slots.current.has(SlotKind::Credential) => {
            tracing::warn!(target: "keys", %error, "the key that was handed in does not open the box");
            Ok(None)
        }
        // A key file of another box was put there by somebody.
        Some(error) => Err(error),
        None => Ok(None),
    }
}

/// The keys that need nobody, of the kinds that the slots have: the credential, wherever it was handed in, and the key file.
fn what_lies_ready(folder: &Folder, slots: &KeySlots) -> Vec<Result<SlotKey, AppError>> {
    let mut keys = Vec::new();
    if slots.has(SlotKind::Credential) {
        keys.extend(credential_files().iter().map(|path| Ok(material(path)?.map(SlotKey::Credential))));
    }
    if slots.has(SlotKind::KeyFile) {
        keys.push(material(&folder.key_file()).map(|key| key.map(SlotKey::KeyFile)));
    }
    if slots.has(SlotKind::Demo) {
        keys.push(material(&folder.demo_key()).map(|key| key.map(SlotKey::Demo)));
    }
    keys.into_iter().filter_map(Result::transpose).collect()
}

/// Why nothing that lies ready opened the box.
pub fn why_locked(slots: &KeySlots) -> String {
    if slots.has(SlotKind::Credential) {
        "the key that systemd hands in did not come, or does not fit".into()
    } else if slots.has(SlotKind::KeyFile) {
        "its key file is not there, or does not fit".into()
    } else {
        "it opens with its passphrase or its recovery sheet only".into()
    }
}

/// A passphrase from a file: the first line, without its line end.
pub fn passphrase_from(path: &Path) -> Result<Secret<String>, AppError> {
    let text = text_of(path)?;
    Ok(Secret::new(text.expose().lines().next().unwrap_or_default().to_owned()))
}

/// A file of text that holds a secret.
pub fn text_of(path: &Path) -> Result<Secret<String>, AppError> {
    let bytes = zeroize::Zeroizing::new(std::fs::read(path).map_err(AppError::file(path, "read"))?);
    text_in(&bytes).ok_or_else(|| AppError::Wrong(format!("{} is no file of text", path.display())))
}

/// The text that bytes are: UTF-8, or what an editor of Windows writes, which says at its beginning what it is.
pub fn text_in(bytes: &[u8]) -> Option<Secret<String>> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = zeroize::Zeroizing::new(
            bytes.chunks_exact(2).filter_map(|two| Some(unit(two.try_into().ok()?))).collect::<Vec<_>>(),
        );
        bytes.len().is_multiple_of(2).then(|| String::from_utf16(&units).ok()).flatten()
    };
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes)?,
        [0xEF, 0xBB, 0xBF, rest @ ..] | rest => std::str::from_utf8(rest).ok()?.to_owned(),
    };
    Some(Secret::new(text))
}

fn credential_files() -> Vec<PathBuf> {
    let handed_in = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    handed_in.into_iter().chain([PathBuf::from(CREDENTIAL_FOLDER)]).map(|folder| folder.join(CREDENTIAL)).collect()
}

fn material(path: &Path) -> Result<Option<KeyMaterial>, AppError> {
    match std::fs::read(path) {
        Ok(text) => {
            let text = zeroize::Zeroizing::new(text);
            KeyMaterial::read(&text).map(Some).map_err(|error| AppError::Wrong(format!("{}: {error}", path.display())))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(AppError::File { path: path.to_owned(), what: "read", cause }),
    }
}
