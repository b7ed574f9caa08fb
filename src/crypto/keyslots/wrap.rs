//! One slot: sealing the root and opening it again.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::base::{Ambient, Secret, StoreId, Timestamp};
use crate::crypto::kdf::{self, Cost};
use crate::crypto::root::Root;

use super::{SlotError, SlotId, SlotKey, SlotKind};

const SHEET: &str = "chartbox 2026-11-22 key slot recovery sheet v1";
const CREDENTIAL: &str = "chartbox 2026-11-22 key slot credential v1";
const KEY_FILE: &str = "chartbox 2026-11-22 key slot key file v1";
const DEMO: &str = "chartbox 2026-11-22 key slot demo v1";

#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub id: SlotId,
    pub kind: SlotKind,
    pub created: Timestamp,
    /// For a passphrase, and for nothing else.
    pub cost: Option<Cost>,
    pub salt: [u8; 16],
    pub nonce: [u8; 24],
    pub wrapped: [u8; 48],
}

/// Where a slot stands: part of its seal, so that it opens nowhere else.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub store: StoreId,
    pub epoch: u32,
    pub id: SlotId,
}

impl Place {
    fn associated(&self, kind: SlotKind) -> Vec<u8> {
        let mut bytes = b"chartbox key slot v1".to_vec();
        bytes.extend_from_slice(self.store.as_bytes());
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        bytes.extend_from_slice(&self.id.0.to_le_bytes());
        bytes.extend_from_slice(kind.name().as_bytes());
        bytes
    }
}

impl Slot {
    pub fn seal(root: &Root, key: &SlotKey, place: &Place, cost: Cost, ambient: &Ambient) -> Result<Self, SlotError> {
        let (kind, salt, nonce) = (key.kind(), ambient.bytes(), ambient.bytes());
        let cost = matches!(key, SlotKey::Passphrase(_)).then_some(cost);
        let aad = place.associated(kind);
        let sealed = cipher(&wrapping_key(key, &salt, cost)?)
            .encrypt(&XNonce::from(nonce), Payload { msg: root.expose(), aad: &aad })
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        let wrapped = sealed.ok_or_else(|| SlotError::Unreadable { why: "sealing failed".into() })?;
        // Whole seconds: what the document shows is what the MAC covers.
        let created = Timestamp::from_second(ambient.now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(Self { id: place.id, kind, created, cost, salt, nonce, wrapped })
    }

    /// The root, if `key` fits.
    pub fn open(&self, key: &SlotKey, place: &Place) -> Result<Option<Root>, SlotError> {
        let aad = place.associated(self.kind);
        let cipher = cipher(&wrapping_key(key, &self.salt, self.cost)?);
        let Ok(opened) = cipher.decrypt(&XNonce::from(self.nonce), Payload { msg: &self.wrapped, aad: &aad }) else {
            return Ok(None);
        };
        let opened = Zeroizing::new(opened);
        Ok(<[u8; 32]>::try_from(opened.as_slice()).ok().map(|bytes| Root::from_secret(Secret::new(bytes))))
    }
}

fn wrapping_key(key: &SlotKey, salt: &[u8; 16], cost: Option<Cost>) -> Result<Secret<[u8; 32]>, SlotError> {
    Ok(match key {
        SlotKey::Passphrase(text) => kdf::stretch(text, salt, cost.unwrap_or(Cost::SLOT))?,
        SlotKey::RecoverySheet(sheet) => derive(SHEET, sheet.bytes().expose(), salt),
        SlotKey::Credential(material) => derive(CREDENTIAL, material.expose(), salt),
        SlotKey::KeyFile(material) => derive(KEY_FILE, material.expose(), salt),
        SlotKey::Demo(material) => derive(DEMO, material.expose(), salt),
    })
}

fn derive(context: &'static str, secret: &[u8], salt: &[u8; 16]) -> Secret<[u8; 32]> {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    hasher.update(secret).update(salt);
    Secret::new(hasher.finalize().into())
}

fn cipher(key: &Secret<[u8; 32]>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose().into())
}
