//! How a box gets its key at the start: what lies ready is tried; otherwise it starts locked.

use std::path::{Path, PathBuf};

use crate::base::Secret;
use crate::crypto::KeyMaterial;
use crate::crypto::keyslots::{KeySlots, SlotError, SlotKey, SlotKind, Unlocked};

use super::error::AppError;
use super::folder::{Folder, Mode};

/// The name of the key as a systemd credential, and of its file.
pub const CREDENTIAL: &str = "chartbox-key";

/// Where the unit that may fail puts the decrypted credential (`systemd/chartbox-key.service`).
const CREDENTIAL_FOLDER: &str = "/run/chartbox-key";

/// Reads the slots; the second copy stands in for a first one that is lost or torn.
pub fn read_slots(folder: &Folder) -> Result<KeySlots, AppError> {
    let first = folder.keyslots();
    let read = |path: &Path| -> Result<Option<KeySlots>, AppError> {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                KeySlots::parse(&text).map(Some).map_err(|cause| AppError::Slots { path: path.to_owned(), cause })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(AppError::File { path: path.to_owned(), what: "read", cause }),
        }
    };
    match (read(&first), read(&folder.keyslots_copy())) {
        (Ok(Some(slots)), _) => Ok(slots),
        (Ok(None), Ok(None)) => Err(AppError::NoBox(folder.path().to_owned())),
        (_, Ok(Some(slots))) => {
            tracing::warn!(target: "keys", "the key slots could not be read, so their second copy is used");
            Ok(slots)
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// Writes the slots, twice.
pub fn write_slots(folder: &Folder, slots: &KeySlots) -> Result<(), AppError> {
    let text = slots.to_text().map_err(AppError::Key)?;
    folder.replace(&folder.keyslots_copy(), text.as_bytes(), Mode::Private)?;
    folder.replace(&folder.keyslots(), text.as_bytes(), Mode::Private)
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
pub fn unlock_with_what_lies_ready(
    folder: &Folder,
    slots: &KeySlots,
    kind: Kind,
) -> Result<Option<Unlocked>, AppError> {
    match (kind, slots.is_demo()) {
        (Kind::Real, true) => return Err(AppError::Wrong(SlotError::IsDemo.to_string())),
        (Kind::Demo, false) => return Err(AppError::Wrong(SlotError::IsNotDemo.to_string())),
        _ => {}
    }
    if slots.is_demo() {
        let path = folder.demo_key();
        let key = material(&path)?.ok_or_else(|| AppError::Wrong(format!("{} is missing", path.display())))?;
        return slots.unlock_demo(&SlotKey::Demo(key)).map(Some).map_err(AppError::Key);
    }
    if slots.has(SlotKind::Credential) {
        for path in credential_files() {
            if let Some(key) = material(&path)? {
                return slots.unlock(&SlotKey::Credential(key)).map(Some).map_err(AppError::Key);
            }
        }
    }
    if slots.has(SlotKind::KeyFile)
        && let Some(key) = material(&folder.key_file())?
    {
        return slots.unlock(&SlotKey::KeyFile(key)).map(Some).map_err(AppError::Key);
    }
    Ok(None)
}

/// Why nothing that lies ready opened the box.
pub fn why_locked(slots: &KeySlots) -> String {
    if slots.has(SlotKind::Credential) {
        "the key that systemd hands in did not come".into()
    } else if slots.has(SlotKind::KeyFile) {
        "its key file is not there".into()
    } else {
        "it opens with its passphrase or its recovery sheet only".into()
    }
}

/// A passphrase from a file: the first line, without its line end.
pub fn passphrase_from(path: &Path) -> Result<Secret<String>, AppError> {
    let text = Secret::new(std::fs::read_to_string(path).map_err(AppError::file(path, "read"))?);
    Ok(Secret::new(text.expose().lines().next().unwrap_or_default().to_owned()))
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
