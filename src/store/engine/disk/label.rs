//! The first sector: what this file is, and whether a key is its key. Written once, never again.
//!
//! | bytes | what |
//! |---|---|
//! | 0..16 | `chartbox store\r\n` |
//! | 16..20 | layout version, u32: 2; 1 for a store without a journal |
//! | 20..24 | bytes of a slot, u32: 8192 |
//! | 24..28 | key epoch, u32 |
//! | 28..32 | sectors in one half of the journal, u32; zero in version 1 |
//! | 32..48 | store id |
//! | 48..72 | nonce |
//! | 72..88 | tag |
//! | 88..136 | bytes 0..48, sealed as page 2^64-1 |
//! | 136..4064 | zero |
//! | 4064..4096 | BLAKE3 of bytes 0..4064 |
//!
//! Numbers are little-endian. The hash tells a damaged label from a wrong key: with a right hash, a seal
//! that does not open means another key.

use super::layout::{Layout, SECTOR, Slot};
use crate::base::{Ambient, StoreId};
use crate::crypto::page::{PageKey, Place};
use crate::store::StoreError;

const MAGIC: &[u8; 16] = b"chartbox store\r\n";
const VERSION: u32 = 2;
/// The version before there was a journal.
const WITHOUT_JOURNAL: u32 = 1;
const CLEAR: usize = 48;
const HASHED: usize = SECTOR - 32;

/// What the first sector says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Label {
    pub(in crate::store) id: StoreId,
    pub(in crate::store) epoch: u32,
    pub(in crate::store) layout: Layout,
}

impl Label {
    pub(super) fn write(self, key: &PageKey, ambient: &Ambient) -> Result<[u8; SECTOR], StoreError> {
        let mut clear = [0; CLEAR];
        put(&mut clear, 0, MAGIC);
        put(&mut clear, 16, &VERSION.to_le_bytes());
        put(&mut clear, 20, &self.layout.slot.bytes().to_le_bytes());
        put(&mut clear, 24, &self.epoch.to_le_bytes());
        put(&mut clear, 28, &self.layout.journal.to_le_bytes());
        put(&mut clear, 32, self.id.as_bytes());
        let nonce = ambient.bytes();
        let mut sealed = clear;
        let tag = key.seal(place(self.id), &nonce, &mut sealed).map_err(|error| StoreError::Io(error.to_string()))?;
        let mut sector = [0; SECTOR];
        put(&mut sector, 0, &clear);
        put(&mut sector, 48, &nonce);
        put(&mut sector, 72, &tag);
        put(&mut sector, 88, &sealed);
        let hash = hash(&sector);
        put(&mut sector, HASHED, &hash);
        Ok(sector)
    }

    /// Reads a label without a key. `where_from` names the file in errors.
    pub(super) fn read(sector: &[u8; SECTOR], where_from: &str) -> Result<Self, StoreError> {
        if take::<16>(sector, 0) != *MAGIC {
            return Err(StoreError::NotAStore(where_from.into()));
        }
        if take::<32>(sector, HASHED) != hash(sector) {
            return Err(StoreError::Damaged("its first sector was changed".into()));
        }
        let found = u32::from_le_bytes(take(sector, 16));
        if !(WITHOUT_JOURNAL..=VERSION).contains(&found) {
            return Err(StoreError::Newer { found: found.into(), known: VERSION.into() });
        }
        let unknown = || StoreError::Damaged("its first sector names a layout that there is not".into());
        let slot = Slot::known(u32::from_le_bytes(take(sector, 20))).ok_or_else(unknown)?;
        let journal = u32::from_le_bytes(take(sector, 28));
        if journal > Layout::MOST || (found == WITHOUT_JOURNAL && journal != 0) {
            return Err(unknown());
        }
        let layout = Layout { slot, journal };
        Ok(Self { id: StoreId::from_bytes(take(sector, 32)), epoch: u32::from_le_bytes(take(sector, 24)), layout })
    }

    /// Whether `key` is the one that this label was written under.
    pub(super) fn check(self, sector: &[u8; SECTOR], key: &PageKey) -> Result<(), StoreError> {
        let mut sealed = take::<CLEAR>(sector, 88);
        let opened = key.open(place(self.id), &take(sector, 48), &take(sector, 72), &mut sealed);
        if key.epoch() == self.epoch && opened.is_ok() && sealed == take::<CLEAR>(sector, 0) {
            Ok(())
        } else {
            Err(StoreError::WrongKey)
        }
    }
}

const fn place(store: StoreId) -> Place {
    Place { store, page: u64::MAX }
}

fn hash(sector: &[u8; SECTOR]) -> [u8; 32] {
    *blake3::hash(sector.split_at(HASHED).0).as_bytes()
}

/// The fixed offsets above lie inside a sector; a wrong one reads as zeros and fails its check.
fn take<const N: usize>(from: &[u8], at: usize) -> [u8; N] {
    from.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

fn put(into: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = into.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Secret, SeededRandom, SystemClock};

    fn sample() -> (Label, PageKey, [u8; SECTOR]) {
        let key = PageKey::new(3, &Secret::new([5; 32]));
        let label =
            Label { id: StoreId::from_bytes([9; 16]), epoch: 3, layout: Layout::new(Slot::OWN_SECTORS, 16 << 20) };
        let sector = label.write(&key, &Ambient::new(SystemClock, SeededRandom::new(1))).unwrap();
        (label, key, sector)
    }

    #[test]
    fn the_bytes_of_a_label_are_these() {
        let (label, key, sector) = sample();
        assert_eq!(data_encoding::HEXLOWER.encode(&sector[..136]), GOLDEN);
        assert_eq!(Label::read(&sector, "x").unwrap(), label);
        label.check(&sector, &key).unwrap();
    }

    #[test]
    fn a_wrong_key_a_changed_byte_and_another_file_are_told_apart() {
        let (label, _, sector) = sample();
        let other = PageKey::new(3, &Secret::new([6; 32]));
        assert!(matches!(label.check(&sector, &other), Err(StoreError::WrongKey)));
        let other_epoch = PageKey::new(4, &Secret::new([5; 32]));
        assert!(matches!(label.check(&sector, &other_epoch), Err(StoreError::WrongKey)));
        for at in [16, 24, 32, 50, 80, 100, 2000, 4090] {
            let mut changed = sector;
            changed[at] ^= 1;
            assert!(matches!(Label::read(&changed, "x"), Err(StoreError::Damaged(_))), "{at}");
        }
        assert!(matches!(Label::read(&[0; SECTOR], "x"), Err(StoreError::NotAStore(_))));
    }

    #[test]
    fn a_label_from_before_the_journal_is_read() {
        let mut sector = [0; SECTOR];
        put(&mut sector, 0, &data_encoding::HEXLOWER.decode(WITHOUT.as_bytes()).unwrap());
        let hash = hash(&sector);
        put(&mut sector, HASHED, &hash);
        let (label, key, _) = sample();
        let read = Label::read(&sector, "x").unwrap();
        assert_eq!(read, Label { layout: Layout::new(Slot::OWN_SECTORS, 0), ..label });
        read.check(&sector, &key).unwrap();
    }

    const GOLDEN: &str = concat!(
        "6368617274626f782073746f72650d0a0200000000200000030000000008000009090909090909090909090909090909",
        "252d6c2a24dd9bd8167bada05eeb17b15449e23eaa5aa6e156cf77095b7638fc95c9346cfbf24846cfe566569755a065",
        "955a538fc31f8d1a7ceb1c1cd2b85f68aaa36d5dc21ddba65dfe8c6147c0bdefbc4c6c2aaf197dba",
    );
    const WITHOUT: &str = concat!(
        "6368617274626f782073746f72650d0a0100000000200000030000000000000009090909090909090909090909090909",
        "252d6c2a24dd9bd8167bada05eeb17b15449e23eaa5aa6e122294f84686b4a899e804260552fd060cfe566569755a065",
        "955a538fc31f8d1a7feb1c1cd2b85f68aaa36d5dc215dba65dfe8c6147c0bdefbc4c6c2aaf197dba",
    );
}
