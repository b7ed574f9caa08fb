//! Page 0, the engine's header: kept twice, each in a sector of its own, written in turn.
//!
//! The engine keeps both of its commit slots in these 320 bytes and writes them in place. A torn write
//! or a lost sector would take both, so that a header here is a new copy over the older of two. The copy
//! made durable last is never touched until a newer one is durable: whatever happens to a write, one
//! whole header is left, the one before or the new one.
//!
//! One copy, at 4096 and at 8192:
//!
//! | bytes | what |
//! |---|---|
//! | 0..24 | nonce |
//! | 24..40 | tag |
//! | 40..48 | number of this writing, u64, sealed as page 0 with what follows |
//! | 48..496 | the first 448 bytes of page 0; the rest of page 0 is zero |
//! | 496..4096 | zero |

use std::io;

use super::layout::SECTOR;
use super::medium::Medium;
use crate::base::Ambient;
use crate::crypto::page::{NONCE, PageKey, Place, TAG};

/// Bytes of page 0 that are kept. The engine uses 320.
pub(super) const KEPT: usize = 448;
const SEALED: usize = 8 + KEPT;
const COPIES: [u64; 2] = [SECTOR as u64, 2 * SECTOR as u64];

/// Page 0 as last written, and where.
#[derive(Debug)]
pub(super) struct Header {
    image: [u8; KEPT],
    /// Counts writings; 0 before the first.
    number: u64,
    /// Where `image` stands, as an index of [`COPIES`].
    at: usize,
    durable: bool,
}

impl Header {
    /// The header of a file that has none yet.
    pub(super) const fn empty() -> Self {
        Self { image: [0; KEPT], number: 0, at: 1, durable: true }
    }

    /// The newer of the copies that open. What was read may not be durable yet: sync before writing.
    pub(super) fn read(medium: &dyn Medium, key: &PageKey, place: Place) -> io::Result<Option<Self>> {
        let mut newest: Option<Self> = None;
        for (at, offset) in COPIES.into_iter().enumerate() {
            let mut sector = [0; SECTOR];
            medium.read_at(offset, &mut sector)?;
            if let Some((number, image)) = open(&sector, key, place)
                && newest.as_ref().is_none_or(|best| best.number < number)
            {
                newest = Some(Self { image, number, at, durable: true });
            }
        }
        Ok(newest)
    }

    pub(super) const fn image(&self) -> &[u8; KEPT] {
        &self.image
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Changes the image in memory only.
    pub(super) fn patch(&mut self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let end = offset.saturating_add(bytes.len());
        let place = self.image.get_mut(offset..end);
        let outside = || io::Error::new(io::ErrorKind::InvalidInput, "a write to page 0 outside its header");
        place.ok_or_else(outside)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Writes the image over the copy that is not needed.
    pub(super) fn write(
        &mut self,
        medium: &dyn Medium,
        key: &PageKey,
        place: Place,
        ambient: &Ambient,
    ) -> io::Result<()> {
        let at = if self.durable { 1 - self.at } else { self.at };
        let number = self.number + 1;
        let sector = seal(&self.image, number, key, place, ambient)?;
        let offset = COPIES.get(at).copied().unwrap_or_default();
        // Marked before it is tried: a write that failed half way has spoiled that copy only.
        (self.at, self.number, self.durable) = (at, number, false);
        medium.write_at(offset, &sector)
    }

    /// A sync that began after writing `number` is through.
    pub(super) const fn synced(&mut self, number: u64) {
        if self.number == number {
            self.durable = true;
        }
    }
}

fn seal(image: &[u8; KEPT], number: u64, key: &PageKey, place: Place, ambient: &Ambient) -> io::Result<[u8; SECTOR]> {
    let mut sector = [0; SECTOR];
    let nonce = ambient.bytes::<NONCE>();
    let (head, rest) = sector.split_at_mut(NONCE);
    let (tag_at, rest) = rest.split_at_mut(TAG);
    let (sealed, _) = rest.split_at_mut(SEALED);
    let (counter, body) = sealed.split_at_mut(8);
    counter.copy_from_slice(&number.to_le_bytes());
    body.copy_from_slice(image);
    let tag = key.seal(place, &nonce, sealed).map_err(io::Error::other)?;
    head.copy_from_slice(&nonce);
    tag_at.copy_from_slice(&tag);
    Ok(sector)
}

fn open(sector: &[u8; SECTOR], key: &PageKey, place: Place) -> Option<(u64, [u8; KEPT])> {
    let (nonce, rest) = sector.split_first_chunk::<NONCE>()?;
    let (tag, rest) = rest.split_first_chunk::<TAG>()?;
    let mut sealed = *rest.first_chunk::<SEALED>()?;
    key.open(place, nonce, tag, &mut sealed).ok()?;
    let (number, image) = sealed.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), *image.first_chunk()?))
}

/// What the engine would trust without asking. It seals as ours, so that only a fault of ours fails here.
pub(super) fn check_fields(image: &[u8; KEPT]) -> Result<(), &'static str> {
    let number = |at: usize| {
        let bytes = image.get(at..).and_then(|rest| rest.first_chunk::<4>());
        bytes.map_or(u32::MAX, |bytes| u32::from_le_bytes(*bytes))
    };
    // redb 4.5, docs/design.md, "Database super-header".
    if !image.starts_with(b"redb\x1A\x0A\xA9\x0D\x0A") {
        return Err("its header is not the engine's");
    }
    if number(12) != 4096 || number(16) > 1 << 20 || !(1..=1 << 20).contains(&number(20)) || number(24) > 1 << 20 {
        return Err("its header names sizes that cannot be");
    }
    if image.get(64) != Some(&3) || image.get(192) != Some(&3) {
        return Err("its header is of another version of the engine");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Secret, SeededRandom, StoreId, SystemClock};

    const PLACE: Place = Place { store: StoreId::from_bytes([9; 16]), page: 0 };

    #[test]
    fn the_bytes_of_a_header_copy_are_these() {
        let key = PageKey::new(3, &Secret::new([5; 32]));
        let ambient = Ambient::new(SystemClock, SeededRandom::new(1));
        let mut image = [0; KEPT];
        image[..4].copy_from_slice(b"redb");
        let sector = seal(&image, 7, &key, PLACE, &ambient).unwrap();
        assert_eq!(data_encoding::HEXLOWER.encode(&sector[..64]), GOLDEN);
        assert_eq!(open(&sector, &key, PLACE), Some((7, image)));
        let mut flipped = sector;
        flipped[300] ^= 1;
        assert_eq!(open(&flipped, &key, PLACE), None);
    }

    const GOLDEN: &str = concat!(
        "252d6c2a24dd9bd8167bada05eeb17b15449e23eaa5aa6e15d8d8ee7bda5192a0c2904699b9a907dab8d0724e337cf1d",
        "c74c4382b17a80107eeb1c1cd2985f68",
    );
}
