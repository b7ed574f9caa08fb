//! Short texts that a client carries and gives back unread, such as where its next page begins.
//!
//! Sealed text is bound to what it belongs to and says nothing to whoever carries it. The same text sealed twice is the
//! same, so a page asked for twice has the same links. Layout: 16 bytes that are a keyed BLAKE3 over what it is bound to and
//! the text; then the text under ChaCha20-Poly1305 (RFC 8439), with a key made of the store's and those 16 bytes, used for
//! this text alone, and the nonce zero; then the tag, 16 bytes.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::base::Secret;

const HEAD: usize = 16;

/// Seals and opens markers. Wiped when dropped; never printed.
pub struct MarkerKey(Secret<[u8; 32]>);

impl MarkerKey {
    pub const fn new(key: Secret<[u8; 32]>) -> Self {
        Self(key)
    }

    /// `None` never happens for texts that fit into memory.
    pub fn seal(&self, bound_to: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        let head = self.head(bound_to, text);
        let mut sealed = text.to_vec();
        self.for_one(&head)?.seal_in_place_append_tag(nonce(), Aad::from(bound_to), &mut sealed).ok()?;
        Some([head.as_slice(), &sealed].concat())
    }

    /// The text; `None` where anything of it was changed, or it belongs to something else.
    pub fn open(&self, bound_to: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (head, rest) = sealed.split_first_chunk::<HEAD>()?;
        let mut text = rest.to_vec();
        let length = self.for_one(head)?.open_in_place(nonce(), Aad::from(bound_to), &mut text).ok()?.len();
        text.truncate(length);
        (self.head(bound_to, &text) == *head).then_some(text)
    }

    fn head(&self, bound_to: &[u8], text: &[u8]) -> [u8; HEAD] {
        let mut hasher = blake3::Hasher::new_keyed(self.0.expose());
        hasher.update(b"marker").update(&(bound_to.len() as u64).to_le_bytes()).update(bound_to).update(text);
        hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
    }

    fn for_one(&self, head: &[u8; HEAD]) -> Option<LessSafeKey> {
        let mut hasher = blake3::Hasher::new_keyed(self.0.expose());
        let key = Zeroizing::new(*hasher.update(b"key").update(head).finalize().as_bytes());
        UnboundKey::new(&CHACHA20_POLY1305, key.as_ref()).ok().map(LessSafeKey::new)
    }
}

/// A key is used for one text alone.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_opens_as_it_was_and_where_it_belongs() {
        let key = MarkerKey::new(Secret::new([7; 32]));
        let sealed = key.seal(b"this search", b"Brandvold").unwrap();
        assert_eq!(key.open(b"this search", &sealed).unwrap(), b"Brandvold");
        assert_eq!(key.seal(b"this search", b"Brandvold").unwrap(), sealed);
        assert!(!sealed.windows(5).any(|part| part == b"Brand"));
        assert!(key.open(b"another", &sealed).is_none());
        assert!(MarkerKey::new(Secret::new([8; 32])).open(b"this search", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(b"this search", &changed).is_none(), "{at}");
            assert!(key.open(b"this search", &sealed[..at]).is_none(), "{at}");
        }
    }
}
