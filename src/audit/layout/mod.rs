//! The bytes of an entry, of a detail and of a side list, and their hashes. The document is [`super`]'s doc comment.

mod numbers;
mod read;
mod write;

pub use read::{Skimmed, read_chunk, read_detail, read_entry, skim_chunk};
pub use write::{Body, detail_bytes, escaped, put_body, put_entry, put_place, side_list};

/// The layout written today.
const VERSION: u8 = 1;
/// Above this many resources, the list goes beside the entry.
pub(super) const INLINE: usize = 200;

const ENTRY_DOMAIN: &[u8] = b"chartbox/audit/entry/v1\0";
const GENESIS_DOMAIN: &[u8] = b"chartbox/audit/genesis/v1\0";
const DETAIL_DOMAIN: &[u8] = b"chartbox/audit/detail/v1\0";
const LIST_DOMAIN: &[u8] = b"chartbox/audit/list/v1\0";

pub type Hash = [u8; 32];

/// Bytes that are not what the layout says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not in the layout of an audit {0}")]
pub struct LayoutError(&'static str);

fn hash(domain: &[u8], parts: &[&[u8]]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(domain);
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// `BLAKE3(domain ‖ bytes)` of an entry.
pub fn entry_hash(bytes: &[u8]) -> Hash {
    hash(ENTRY_DOMAIN, &[bytes])
}

/// What the first entry of a chain names as the hash before it.
pub fn genesis(chain: &[u8; 16]) -> Hash {
    hash(GENESIS_DOMAIN, &[chain])
}

/// What an entry says of its detail.
pub fn commitment(salt: &[u8; 16], detail: &[u8]) -> Hash {
    hash(DETAIL_DOMAIN, &[salt, detail])
}

/// The hash of a side list, chunk by chunk.
pub struct ListHasher(blake3::Hasher);

impl Default for ListHasher {
    fn default() -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(LIST_DOMAIN);
        Self(hasher)
    }
}

impl ListHasher {
    pub fn chunk(&mut self, bytes: &[u8]) {
        self.0.update(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.0.update(bytes);
    }

    pub fn finish(self) -> Hash {
        *self.0.finalize().as_bytes()
    }
}

/// Whether a record of a list begins a pair of patient and kind, or goes on with the one before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Yes,
    Continued,
}

const CONTINUED: u8 = 0x80;
const UUID: u8 = 0xFF;

/// An id that is a UUID in its usual lower-case form stands as sixteen bytes, and never as text.
fn canonical_uuid(id: &str) -> Option<[u8; 16]> {
    if id.len() != 36 || id.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    uuid::Uuid::try_parse(id).ok().map(uuid::Uuid::into_bytes)
}

#[cfg(test)]
mod tests;
