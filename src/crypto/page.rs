//! Sealing one page of the store: XChaCha20-Poly1305, bound to its place.
//!
//! Pure: the caller brings the nonce (24 fresh random bytes for every seal: 2^80 seals under one key
//! leave the chance of a repeat below 2^-32) and keeps nonce and tag beside the page. What is
//! authenticated with a page, 28 bytes:
//!
//! | bytes | what |
//! |---|---|
//! | 0..16 | the store's id |
//! | 16..24 | page number, little-endian |
//! | 24..28 | key epoch, little-endian |
//!
//! So a page opens only in the store, at the place and in the epoch that it was sealed for. An older
//! page put back at its own place does open: freshness is the caller's to see to.
//!
//! ring's assembly does the work, as fast in a test build as in a release. ring knows the 12-byte nonce
//! only, so the step from 24 bytes is made here (draft-irtf-cfrg-xchacha-03 §2.3).

use chacha20::{R20, hchacha};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, UnboundKey};
use zeroize::Zeroizing;

use crate::base::{Secret, StoreId};

/// Bytes of a nonce.
pub const NONCE: usize = 24;
/// Bytes of a tag.
pub const TAG: usize = 16;

/// A nonce: random, never used twice.
pub type Nonce = [u8; NONCE];
/// What proves that a page is the one sealed.
pub type Tag = [u8; TAG];

/// The key of all pages in one key epoch. Wiped when dropped; never printed.
pub struct PageKey {
    epoch: u32,
    secret: Secret<[u8; 32]>,
}

/// Where a page stands: it opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub store: StoreId,
    pub page: u64,
}

/// A page that was changed, moved, or sealed under another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed page does not open: it was changed, moved, or sealed under another key")]
pub struct NotSealed;

impl PageKey {
    /// From the root's secret for `epoch`.
    pub fn new(epoch: u32, secret: &Secret<[u8; 32]>) -> Self {
        Self { epoch, secret: secret.clone() }
    }

    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Encrypts `bytes` in place.
    pub fn seal(&self, place: Place, nonce: &Nonce, bytes: &mut [u8]) -> Result<Tag, NotSealed> {
        let (key, nonce) = for_nonce(&self.secret, nonce)?;
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(self.bound(place)), bytes);
        tag.ok().and_then(|tag| tag.as_ref().try_into().ok()).ok_or(NotSealed)
    }

    /// Decrypts `bytes` in place; they are of no use when it fails.
    pub fn open(&self, place: Place, nonce: &Nonce, tag: &Tag, bytes: &mut [u8]) -> Result<(), NotSealed> {
        let (key, nonce) = for_nonce(&self.secret, nonce)?;
        let bound = Aad::from(self.bound(place));
        key.open_in_place_separate_tag(nonce, bound, (*tag).into(), bytes, 0..).map(drop).map_err(|_| NotSealed)
    }

    fn bound(&self, place: Place) -> [u8; 28] {
        let mut bound = [0; 28];
        let (store, rest) = bound.split_at_mut(16);
        let (page, epoch) = rest.split_at_mut(8);
        store.copy_from_slice(place.store.as_bytes());
        page.copy_from_slice(&place.page.to_le_bytes());
        epoch.copy_from_slice(&self.epoch.to_le_bytes());
        bound
    }
}

/// The long nonce's first part makes a key of its own, its rest is that key's nonce.
pub(super) fn for_nonce(
    secret: &Secret<[u8; 32]>,
    nonce: &Nonce,
) -> Result<(LessSafeKey, ring::aead::Nonce), NotSealed> {
    let (head, rest) = nonce.split_first_chunk::<16>().ok_or(NotSealed)?;
    let subkey = Zeroizing::new(<[u8; 32]>::from(hchacha::<R20>(secret.expose().into(), head.into())));
    let key = UnboundKey::new(&CHACHA20_POLY1305, subkey.as_ref()).map_err(|_| NotSealed)?;
    let mut short = [0; 12];
    short.split_at_mut(4).1.copy_from_slice(rest);
    Ok((LessSafeKey::new(key), ring::aead::Nonce::assume_unique_for_key(short)))
}

impl std::fmt::Debug for PageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PageKey(epoch {})", self.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: StoreId = StoreId::from_bytes([7; 16]);
    const PLACE: Place = Place { store: STORE, page: 5 };
    const NONCE_OF_TESTS: Nonce = [9; NONCE];

    fn key(epoch: u32) -> PageKey {
        PageKey::new(epoch, &Secret::new([3; 32]))
    }

    #[test]
    fn the_bytes_of_a_sealed_page_are_these() {
        let mut page = *b"chartbox";
        let tag = key(1).seal(PLACE, &NONCE_OF_TESTS, &mut page).unwrap();
        assert_eq!(data_encoding::HEXLOWER.encode(&page), "18d1994e20e9690f");
        assert_eq!(data_encoding::HEXLOWER.encode(&tag), "1ac936481368ca6ec93416808396452e");
        key(1).open(PLACE, &NONCE_OF_TESTS, &tag, &mut page).unwrap();
        assert_eq!(&page, b"chartbox");
    }

    #[test]
    fn a_page_opens_only_as_and_where_it_was_sealed() {
        let mut page = [42; 4096];
        let tag = key(1).seal(PLACE, &NONCE_OF_TESTS, &mut page).unwrap();
        let open = |key: &PageKey, place, nonce: Nonce, tag: Tag, mut page: [u8; 4096]| {
            key.open(place, &nonce, &tag, &mut page).map(|()| page)
        };
        assert_eq!(open(&key(1), PLACE, NONCE_OF_TESTS, tag, page), Ok([42; 4096]));
        assert!(open(&key(2), PLACE, NONCE_OF_TESTS, tag, page).is_err());
        assert!(open(&PageKey::new(1, &Secret::new([4; 32])), PLACE, NONCE_OF_TESTS, tag, page).is_err());
        assert!(open(&key(1), Place { page: 6, ..PLACE }, NONCE_OF_TESTS, tag, page).is_err());
        let other = Place { store: StoreId::from_bytes([8; 16]), ..PLACE };
        assert!(open(&key(1), other, NONCE_OF_TESTS, tag, page).is_err());
        assert!(open(&key(1), PLACE, [8; NONCE], tag, page).is_err());
        assert!(open(&key(1), PLACE, NONCE_OF_TESTS, [0; TAG], page).is_err());
        for at in [0, 1, 2048, 4095] {
            let mut flipped = page;
            flipped[at] ^= 1;
            assert!(open(&key(1), PLACE, NONCE_OF_TESTS, tag, flipped).is_err(), "{at}");
        }
    }

    #[test]
    fn a_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", key(4)), "PageKey(epoch 4)");
    }
}
