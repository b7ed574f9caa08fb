//! The key of a backup repository: sealing, naming and cutting what lies on a target.
//!
//! A repository key is 256 random bits, made by the box and kept in its store. What is sealed is XChaCha20-Poly1305 with
//! a random nonce, as pages are: nonce (24) ‖ ciphertext ‖ tag (16). Its associated data say what it is and where it
//! belongs ([`Part`]), so that a part put in another's place does not open. Pure, as all of this room: the caller reads and
//! writes.
//!
//! | subkey | BLAKE3 derive-key context | for |
//! |---|---|---|
//! | seal | `chartbox 2026-11-28 backup seal v1` | everything sealed |
//! | names | `chartbox 2026-11-28 backup names v1` | the names of chunks: keyed BLAKE3, its first 16 bytes |
//! | cuts | `chartbox 2026-11-28 backup cuts v1` | where the stream is cut: keyed BLAKE3 of a row's key |
//!
//! The repository key itself leaves the box wrapped: sealed under the root's snapshot key, with `repository key v1` and the
//! key's id as associated data.

use std::fmt;

use crate::base::{Ambient, Secret};

use super::page::{NONCE, NotSealed, TAG, for_nonce};

const SEAL: &str = "chartbox 2026-11-28 backup seal v1";
const NAMES: &str = "chartbox 2026-11-28 backup names v1";
const CUTS: &str = "chartbox 2026-11-28 backup cuts v1";
const WRAP: &[u8] = b"repository key v1";

/// How much longer something is once it is sealed.
pub const OVERHEAD: usize = NONCE + TAG;
/// Bytes of a wrapped repository key.
pub const WRAPPED: usize = 32 + OVERHEAD;

/// Which repository key, of all that a box ever made. Random; not secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 16]);

impl KeyId {
    pub fn generate(ambient: &Ambient) -> Self {
        Self(ambient.bytes())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// The name of a chunk: it says whether it was stored before, and is checked when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkName(pub [u8; 16]);

impl fmt::Display for ChunkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// What a sealed part is. It opens as nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Associated data: `01` ‖ name.
    Chunk(ChunkName),
    /// The list of chunks at the end of a pack: `02`.
    PackIndex,
    /// The body of a snapshot: `03` ‖ BLAKE3 of the header before it.
    Snapshot([u8; 32]),
    /// A list of packs to be taken away: `04`.
    Mark,
}

impl Part {
    fn bound(self) -> Vec<u8> {
        match self {
            Self::Chunk(name) => [&[1], name.0.as_slice()].concat(),
            Self::PackIndex => vec![2],
            Self::Snapshot(header) => [&[3], header.as_slice()].concat(),
            Self::Mark => vec![4],
        }
    }
}

/// The key of a repository. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct RepositoryKey {
    secret: Secret<[u8; 32]>,
    seal: Secret<[u8; 32]>,
    names: Secret<[u8; 32]>,
    cuts: Secret<[u8; 32]>,
}

impl RepositoryKey {
    pub fn generate(ambient: &Ambient) -> Self {
        Self::new(Secret::new(ambient.bytes()))
    }

    pub fn new(secret: Secret<[u8; 32]>) -> Self {
        let derive = |context| Secret::new(blake3::derive_key(context, secret.expose()));
        Self { seal: derive(SEAL), names: derive(NAMES), cuts: derive(CUTS), secret }
    }

    /// The key itself, for the box's own store.
    pub const fn expose(&self) -> &[u8; 32] {
        self.secret.expose()
    }

    /// Seals the key under the root's snapshot key.
    pub fn wrap(&self, by: &Secret<[u8; 32]>, id: KeyId, ambient: &Ambient) -> Result<[u8; WRAPPED], NotSealed> {
        let sealed = seal(by, &[WRAP, &id.0].concat(), self.expose(), ambient)?;
        sealed.try_into().map_err(|_| NotSealed)
    }

    /// What [`RepositoryKey::wrap`] sealed.
    pub fn unwrap(by: &Secret<[u8; 32]>, id: KeyId, wrapped: &[u8; WRAPPED]) -> Result<Self, NotSealed> {
        let opened = zeroize::Zeroizing::new(open(by, &[WRAP, &id.0].concat(), wrapped)?);
        opened.as_slice().try_into().map(|bytes| Self::new(Secret::new(bytes))).map_err(|_| NotSealed)
    }

    pub fn seal(&self, part: Part, plain: &[u8], ambient: &Ambient) -> Result<Vec<u8>, NotSealed> {
        seal(&self.seal, &part.bound(), plain, ambient)
    }

    pub fn open(&self, part: Part, sealed: &[u8]) -> Result<Vec<u8>, NotSealed> {
        open(&self.seal, &part.bound(), sealed)
    }

    /// The name of a chunk with these bytes.
    pub fn name(&self, plain: &[u8]) -> ChunkName {
        let hash = blake3::keyed_hash(self.names.expose(), plain);
        ChunkName(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    /// A number from a row's key that decides whether the stream may be cut before it. Tells nothing without the key.
    pub fn cut(&self, table: u8, key: &[u8]) -> u32 {
        let mut hasher = blake3::Hasher::new_keyed(self.cuts.expose());
        hasher.update(&[table]).update(key);
        let [a, b, c, d, ..] = *hasher.finalize().as_bytes();
        u32::from_le_bytes([a, b, c, d])
    }
}

impl fmt::Debug for RepositoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RepositoryKey")
    }
}

fn seal(secret: &Secret<[u8; 32]>, bound: &[u8], plain: &[u8], ambient: &Ambient) -> Result<Vec<u8>, NotSealed> {
    let nonce = ambient.bytes::<NONCE>();
    let (key, short) = for_nonce(secret, &nonce)?;
    let mut out = Vec::with_capacity(plain.len() + OVERHEAD);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let body = out.get_mut(NONCE..).ok_or(NotSealed)?;
    let tag = key.seal_in_place_separate_tag(short, ring::aead::Aad::from(bound), body).map_err(|_| NotSealed)?;
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

fn open(secret: &Secret<[u8; 32]>, bound: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotSealed> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE>().ok_or(NotSealed)?;
    let (key, short) = for_nonce(secret, nonce)?;
    let mut out = body.to_vec();
    let plain = key.open_in_place(short, ring::aead::Aad::from(bound), &mut out).map_err(|_| NotSealed)?.len();
    out.truncate(plain);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SeededRandom, SystemClock};

    fn ambient() -> Ambient {
        Ambient::new(SystemClock, SeededRandom::new(1))
    }

    fn hex(bytes: &[u8]) -> String {
        data_encoding::HEXLOWER.encode(bytes)
    }

    /// A changed context or layout makes every backup unreadable: these values never change.
    #[test]
    fn seals_names_and_cuts_are_what_they_always_were() {
        let key = RepositoryKey::new(Secret::new([7; 32]));
        let sealed = key.seal(Part::PackIndex, b"abc", &ambient()).unwrap();
        assert_eq!(hex(&sealed), SEALED);
        assert_eq!(key.name(b"abc").to_string(), NAME);
        assert_eq!(key.cut(40, b"abc"), CUT);
        let wrapped = key.wrap(&Secret::new([9; 32]), KeyId([3; 16]), &ambient()).unwrap();
        assert_eq!(hex(&wrapped), WRAPPED_KEY);
        let opened = RepositoryKey::unwrap(&Secret::new([9; 32]), KeyId([3; 16]), &wrapped).unwrap();
        assert_eq!(opened.expose(), &[7; 32]);
    }

    #[test]
    fn a_part_opens_as_what_it_was_sealed_and_nothing_else() {
        let key = RepositoryKey::new(Secret::new([7; 32]));
        let parts = [
            Part::Chunk(key.name(b"one")),
            Part::Chunk(key.name(b"two")),
            Part::PackIndex,
            Part::Mark,
            Part::Snapshot([1; 32]),
            Part::Snapshot([2; 32]),
        ];
        for sealed_as in parts {
            let sealed = key.seal(sealed_as, b"bytes", &ambient()).unwrap();
            for opened_as in parts {
                let opened = key.open(opened_as, &sealed);
                assert_eq!(opened.is_ok(), sealed_as == opened_as, "{sealed_as:?} {opened_as:?}");
            }
            for at in 0..sealed.len() {
                let mut flipped = sealed.clone();
                flipped[at] ^= 1;
                assert!(key.open(sealed_as, &flipped).is_err(), "{at}");
            }
            assert!(key.open(sealed_as, &sealed[..sealed.len() - 1]).is_err());
        }
        assert!(key.open(Part::Mark, b"").is_err());
        let wrapped = key.wrap(&Secret::new([9; 32]), KeyId([3; 16]), &ambient()).unwrap();
        assert!(RepositoryKey::unwrap(&Secret::new([9; 32]), KeyId([4; 16]), &wrapped).is_err());
        assert!(RepositoryKey::unwrap(&Secret::new([8; 32]), KeyId([3; 16]), &wrapped).is_err());
        assert_eq!(format!("{key:?}"), "RepositoryKey");
    }

    const SEALED: &str = "252d6c2a24dd9bd8167bada05eeb17b15449e23eaa5aa6e160e031ceb0f65989bb6041b771200d8dc68d3a";
    const NAME: &str = "ec0ae7e46d417019328237d1bd13d519";
    const CUT: u32 = 3_483_572_787;
    const WRAPPED_KEY: &str = concat!(
        "252d6c2a24dd9bd8167bada05eeb17b15449e23eaa5aa6e13372839044e85a0f8b7516821afa5ab741f196b7a74676cf",
        "d95a759e5bf64fc3d3dc307bc8bc1aa2a43ae038befcb19c",
    );
}
