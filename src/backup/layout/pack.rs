//! A pack: some thousand sealed chunks in one file, because many small files are slow everywhere.

use data_encoding::HEXLOWER;

use super::{take, take_array};
use crate::base::Ambient;
use crate::crypto::backup::{ChunkName, KeyId, Part, RepositoryKey};
use crate::crypto::page::NotSealed;

const MAGIC: &[u8; 16] = b"chartbox pack 1\n";
/// Bytes before the first chunk.
const HEAD: usize = 32;
/// Bytes after the sealed index: its length.
pub const INDEX_TAIL: usize = 4;
/// Bytes of an entry of the index.
const ENTRY: usize = 24;

/// Where a chunk lies in its pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    pub name: ChunkName,
    pub offset: u32,
    /// Bytes in the pack.
    pub sealed: u32,
    /// Bytes once it is opened and decompressed.
    pub bytes: u32,
}

/// A pack being filled.
#[derive(Debug)]
pub struct Pack {
    key: KeyId,
    bytes: Vec<u8>,
    chunks: Vec<Chunk>,
}

/// A pack's first bytes: under which key it is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackHead {
    Of(KeyId),
    NotAPack,
}

impl Pack {
    pub fn start(key: KeyId) -> Self {
        Self { key, bytes: [MAGIC.as_slice(), &key.0].concat(), chunks: Vec::new() }
    }

    pub const fn key(&self) -> KeyId {
        self.key
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a sealed chunk of `bytes` bytes. `None` when the pack cannot hold it any more: finish it first.
    pub fn push(&mut self, name: ChunkName, sealed: &[u8], bytes: u32) -> Option<()> {
        let offset = u32::try_from(self.bytes.len()).ok()?;
        let len = u32::try_from(sealed.len()).ok()?;
        offset.checked_add(len)?;
        self.bytes.extend_from_slice(sealed);
        self.chunks.push(Chunk { name, offset, sealed: len, bytes });
        Some(())
    }

    /// The whole file, its name, and what is in it.
    pub fn finish(
        mut self,
        key: &RepositoryKey,
        ambient: &Ambient,
    ) -> Result<(String, Vec<u8>, Vec<Chunk>), NotSealed> {
        let sealed = key.seal(Part::PackIndex, &index_of(&self.chunks), ambient)?;
        let length = u32::try_from(sealed.len()).map_err(|_| NotSealed)?;
        self.bytes.extend_from_slice(&sealed);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        Ok((packed_name(&self.bytes), self.bytes, self.chunks))
    }
}

/// The name of a pack with these bytes: anybody can check it, without a key.
pub fn packed_name(bytes: &[u8]) -> String {
    HEXLOWER.encode(blake3::hash(bytes).as_bytes())
}

/// Under which key a pack is sealed, from its first 32 bytes.
pub fn read_head(mut bytes: &[u8]) -> PackHead {
    let head = take(&mut bytes, MAGIC.len()) == Some(MAGIC);
    match take_array(&mut bytes) {
        Some(key) if head => PackHead::Of(KeyId(key)),
        _ => PackHead::NotAPack,
    }
}

/// How long the sealed index is, from the last four bytes, if a pack of `whole` bytes can have such a one.
pub fn tail_length(tail: &[u8], whole: u64) -> Option<usize> {
    let length = u32::from_le_bytes(tail.try_into().ok()?);
    let fits = u64::from(length) + (HEAD + INDEX_TAIL) as u64 <= whole;
    fits.then_some(length as usize)
}

/// The plain bytes of an index.
pub fn index_of(chunks: &[Chunk]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(chunks.len() * ENTRY);
    for chunk in chunks {
        bytes.extend_from_slice(&chunk.name.0);
        bytes.extend_from_slice(&chunk.sealed.to_le_bytes());
        bytes.extend_from_slice(&chunk.bytes.to_le_bytes());
    }
    bytes
}

/// Opens a pack's index. The chunks it names fill the pack of `whole` bytes exactly, or it is refused.
pub fn read_index(sealed: &[u8], whole: u64, key: &RepositoryKey) -> Option<Vec<Chunk>> {
    let plain = key.open(Part::PackIndex, sealed).ok()?;
    let mut rest = plain.as_slice();
    let mut chunks = Vec::with_capacity(plain.len() / ENTRY);
    let mut offset = HEAD as u32;
    while !rest.is_empty() {
        let name = ChunkName(take_array(&mut rest)?);
        let len = u32::from_le_bytes(take_array(&mut rest)?);
        let bytes = u32::from_le_bytes(take_array(&mut rest)?);
        chunks.push(Chunk { name, offset, sealed: len, bytes });
        offset = offset.checked_add(len)?;
    }
    let whole_again = u64::from(offset) + sealed.len() as u64 + INDEX_TAIL as u64;
    (whole_again == whole).then_some(chunks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Secret, SeededRandom, SystemClock};

    fn sample() -> (RepositoryKey, Vec<u8>, Vec<Chunk>) {
        let key = RepositoryKey::new(Secret::new([7; 32]));
        let mut pack = Pack::start(KeyId([3; 16]));
        pack.push(key.name(b"one"), b"sealed one", 3).unwrap();
        pack.push(key.name(b"two"), b"sealed two!", 300).unwrap();
        let ambient = Ambient::new(SystemClock, SeededRandom::new(1));
        let (_, bytes, chunks) = pack.finish(&key, &ambient).unwrap();
        (key, bytes, chunks)
    }

    fn index(bytes: &[u8], key: &RepositoryKey) -> Option<Vec<Chunk>> {
        let whole = bytes.len() as u64;
        let tail = tail_length(&bytes[bytes.len().checked_sub(4)?..], whole)?;
        read_index(&bytes[bytes.len() - 4 - tail..bytes.len() - 4], whole, key)
    }

    #[test]
    fn the_bytes_of_a_pack_are_these() {
        let (key, bytes, chunks) = sample();
        assert_eq!(HEXLOWER.encode(&bytes), GOLDEN);
        assert_eq!(read_head(&bytes), PackHead::Of(KeyId([3; 16])));
        assert_eq!(index(&bytes, &key).unwrap(), chunks);
        assert_eq!(packed_name(&bytes), NAME);
        assert_eq!(&bytes[chunks[1].offset as usize..][..11], b"sealed two!");
    }

    #[test]
    fn a_cut_or_lengthened_pack_has_no_index() {
        let (key, bytes, _) = sample();
        for end in 0..bytes.len() {
            assert_eq!(index(&bytes[..end], &key), None, "{end}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(index(&longer, &key), None);
        assert_eq!(read_head(b"chartbox pack 2\n................"), PackHead::NotAPack);
        assert_eq!(read_head(b"chartbox pack 1\n..."), PackHead::NotAPack);
        assert_eq!(tail_length(&[0xFF; 4], 1000), None);
    }

    const GOLDEN: &str = concat!(
        "6368617274626f78207061636b20310a030303030303030303030303030303037365616c6564206f6e657365616c6564",
        "2074776f21252d6c2a24dd9bd8167bada05eeb17b15449e23eaa5aa6e197a86cbd11a295a15fa6faeae2379d29a222de",
        "c200f0ae947ee89fdcc963cf50acf8e4223ae493456f2b2f8d015bf485dd00bcb5f9be266fcf4e6c7a81d9089a580000",
        "00",
    );
    const NAME: &str = "d41ba5791e2ae15d1ba69a509c12c33e4268dc697cc8be22724664cf4f87fc6b";
}
