//! A snapshot: its name, the header that anybody can read, and the manifest that only the key opens.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};

use super::{take, take_array};
use crate::base::{Ambient, Timestamp};
use crate::crypto::backup::{ChunkName, KeyId, Part, RepositoryKey, WRAPPED};

const MAGIC: &[u8; 20] = b"chartbox snapshot 1\n";
const HASH: usize = 32;
/// Headers are never longer: the key slots are bounded, too.
const LONGEST_HEADER: usize = 256 << 10;

/// A snapshot's name: when it was made by the box's clock, its number among all of the box, and four random bytes.
/// `20260303T022000Z-000041-9f3c2a1b`. It sorts by time; the number decides which is newer, whatever the clock said.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SnapshotName {
    text: Box<str>,
    number: u64,
    time: Timestamp,
}

impl AsRef<str> for SnapshotName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl SnapshotName {
    /// A snapshot's number is smaller: more than one each millisecond for thirty years.
    pub const NUMBERS: u64 = 1_000_000_000_000;

    pub fn new(time: Timestamp, number: u64, ambient: &Ambient) -> Self {
        let time = Timestamp::from_second(time.as_second()).unwrap_or(Timestamp::UNIX_EPOCH);
        let tail = HEXLOWER.encode(&ambient.bytes::<4>());
        Self { text: format!("{}-{number:06}-{tail}", time.strftime("%Y%m%dT%H%M%SZ")).into(), number, time }
    }

    pub const fn as_str(&self) -> &str {
        &self.text
    }

    pub const fn number(&self) -> u64 {
        self.number
    }

    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// Whether somebody means it who gives a number, or a part of a name: as many digits as a date has are one, too.
    pub fn is_meant_by(&self, asked: &str) -> bool {
        let is_part = || self.text.contains(asked);
        match asked.parse::<u64>() {
            Ok(number) => self.number == number || (asked.len() >= 8 && is_part()),
            Err(_) => is_part(),
        }
    }
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialOrd for SnapshotName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SnapshotName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.number, &self.text).cmp(&(other.number, &other.text))
    }
}

impl FromStr for SnapshotName {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('-');
        let (time, number, tail) = (parts.next().ok_or(())?, parts.next().ok_or(())?, parts.next().ok_or(())?);
        let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", time).map_err(drop)?;
        let time = time.to_zoned(jiff::tz::TimeZone::UTC).map_err(drop)?.timestamp();
        let number = number.parse().ok().filter(|number| *number < Self::NUMBERS).ok_or(())?;
        let name = Self { text: text.into(), number, time };
        let hex = tail.len() == 8 && tail.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let again = format!("{}-{number:06}-{tail}", time.strftime("%Y%m%dT%H%M%SZ"));
        if hex && parts.next().is_none() && again == text { Ok(name) } else { Err(()) }
    }
}

impl Serialize for SnapshotName {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for SnapshotName {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|()| serde::de::Error::custom("no snapshot has such a name"))
    }
}

/// What a snapshot says to one who has no key yet: enough to open it with the recovery sheet, and nothing of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Which box: the name of its access log's chain, 32 hexadecimal digits.
    #[serde(rename = "box")]
    pub of_box: String,
    /// The repository key's id, 32 hexadecimal digits.
    key: String,
    /// The repository key, sealed under the root's snapshot key; base64.
    wrapped: String,
    /// `keyslots.toml` as it was: what turns a recovery sheet into the root.
    pub keyslots: String,
}

impl Header {
    pub fn new(of_box: [u8; 16], key: KeyId, wrapped: &[u8; WRAPPED], keyslots: String) -> Self {
        Self {
            of_box: HEXLOWER.encode(&of_box),
            key: HEXLOWER.encode(&key.0),
            wrapped: BASE64.encode(wrapped),
            keyslots,
        }
    }

    pub fn key(&self) -> Option<KeyId> {
        HEXLOWER.decode(self.key.as_bytes()).ok()?.try_into().ok().map(KeyId)
    }

    pub fn wrapped(&self) -> Option<[u8; WRAPPED]> {
        BASE64.decode(self.wrapped.as_bytes()).ok()?.try_into().ok()
    }
}

/// One table in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFacts {
    pub number: u8,
    pub name: String,
    pub rows: u64,
    /// Bytes before compression.
    pub bytes: u64,
    /// The names of its nodes, in order.
    #[serde(with = "names")]
    pub nodes: Vec<ChunkName>,
}

/// The access log in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditFacts {
    pub entries: u64,
    /// The hash of the last entry, hexadecimal.
    pub head: String,
    pub epoch: u32,
    /// The signed checkpoint over all entries but those that came after it.
    pub checkpoint: String,
}

/// A small file that belongs to the box and is not in its store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    pub name: String,
    pub text: String,
}

/// What a snapshot is: the sealed body, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub name: SnapshotName,
    pub created: Timestamp,
    /// The repository that it was made for. In another, it is a copy.
    pub repository: String,
    /// The snapshot before it in the same repository.
    pub previous: Option<SnapshotName>,
    /// The program that made it.
    pub program: String,
    /// The version of what the tables hold.
    pub schema: u64,
    /// The clinic's name, and the box's.
    pub clinic: String,
    pub called: String,
    pub audit: AuditFacts,
    pub tables: Vec<TableFacts>,
    pub attachments: Vec<Attachment>,
}

impl Manifest {
    /// The id of its repository.
    pub fn repository_id(&self) -> Option<[u8; 16]> {
        HEXLOWER.decode(self.repository.as_bytes()).ok()?.try_into().ok()
    }

    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(|table| table.bytes).sum()
    }
}

/// A snapshot's file, taken apart. The hash at its end fits; nobody has vouched for it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotBytes {
    pub header: Header,
    header_hash: [u8; 32],
    sealed: Vec<u8>,
}

/// Why a file is no snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotError {
    /// Its hash does not fit: it was changed or cut.
    Changed,
    NotASnapshot,
    /// Of another form than this program knows.
    Newer,
    /// The key does not open it: the header is not the one that it was sealed with.
    Sealed,
    /// It opens, and holds what no snapshot holds.
    Wrong,
}

impl SnapshotBytes {
    /// It is never longer.
    pub const MOST: u64 = 64 << 20;

    /// The whole file.
    pub fn make(header: &Header, manifest: &Manifest, key: &RepositoryKey, ambient: &Ambient) -> Option<Vec<u8>> {
        let text = serde_json::to_vec(header).ok()?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&u32::try_from(text.len()).ok()?.to_le_bytes());
        bytes.extend_from_slice(&text);
        let body = zstd::bulk::compress(&serde_json::to_vec(manifest).ok()?, 3).ok()?;
        let part = Part::Snapshot(*blake3::hash(&bytes).as_bytes());
        bytes.extend_from_slice(&key.seal(part, &body, ambient).ok()?);
        let hash = blake3::hash(&bytes);
        bytes.extend_from_slice(hash.as_bytes());
        Some(bytes)
    }

    /// Takes a file apart, without a key.
    pub fn parse(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (body, hash) = bytes.split_last_chunk::<HASH>().ok_or(SnapshotError::Changed)?;
        if blake3::hash(body).as_bytes() != hash {
            return Err(SnapshotError::Changed);
        }
        let mut rest = body;
        let magic: [u8; 20] = take_array(&mut rest).ok_or(SnapshotError::NotASnapshot)?;
        if magic != *MAGIC {
            let newer = magic.starts_with(b"chartbox snapshot ");
            return Err(if newer { SnapshotError::Newer } else { SnapshotError::NotASnapshot });
        }
        let length = take_array(&mut rest).map(u32::from_le_bytes).ok_or(SnapshotError::NotASnapshot)? as usize;
        if length > LONGEST_HEADER {
            return Err(SnapshotError::NotASnapshot);
        }
        let text = take(&mut rest, length).ok_or(SnapshotError::NotASnapshot)?;
        let header = serde_json::from_slice(text).map_err(|_| SnapshotError::NotASnapshot)?;
        let header_hash = *blake3::hash(body.get(..MAGIC.len() + 4 + length).unwrap_or_default()).as_bytes();
        Ok(Self { header, header_hash, sealed: rest.to_vec() })
    }

    /// What the snapshot holds, if `key` opens it.
    pub fn open(&self, key: &RepositoryKey) -> Result<Manifest, SnapshotError> {
        let packed = key.open(Part::Snapshot(self.header_hash), &self.sealed).map_err(|_| SnapshotError::Sealed)?;
        let most = usize::try_from(Self::MOST).unwrap_or(usize::MAX);
        let text = zstd::bulk::decompress(&packed, most.min(packed.len().saturating_mul(64).max(1 << 20)));
        serde_json::from_slice(&text.map_err(|_| SnapshotError::Wrong)?).map_err(|_| SnapshotError::Wrong)
    }
}

/// Chunk names as one string of hexadecimal digits.
mod names {
    use super::{ChunkName, HEXLOWER};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(names: &[ChunkName], to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = names.iter().flat_map(|name| name.0).collect();
        to.serialize_str(&HEXLOWER.encode(&bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<ChunkName>, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(D::Error::custom)?;
        let (names, rest) = bytes.as_chunks::<16>();
        if rest.is_empty() {
            Ok(names.iter().copied().map(ChunkName).collect())
        } else {
            Err(D::Error::custom("a name is cut"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, Secret, SeededRandom};

    fn ambient() -> Ambient {
        Ambient::new(ManualClock::at("2026-03-03T02:20:00.5Z".parse().unwrap()), SeededRandom::new(1))
    }

    fn sample() -> (RepositoryKey, Header, Manifest) {
        let key = RepositoryKey::new(Secret::new([7; 32]));
        let wrapped = key.wrap(&Secret::new([9; 32]), KeyId([3; 16]), &ambient()).unwrap();
        let header = Header::new([0xAB; 16], KeyId([3; 16]), &wrapped, "version = 1\n".into());
        let name = SnapshotName::new(ambient().now(), 41, &ambient());
        let manifest = Manifest {
            created: name.time(),
            name,
            repository: "01".repeat(16),
            previous: None,
            program: "0.1.0".into(),
            schema: 1,
            clinic: "Hill Street".into(),
            called: "chartbox-k3mf.local".into(),
            audit: AuditFacts { entries: 17, head: "03".repeat(32), epoch: 2, checkpoint: "note".into() },
            tables: vec![TableFacts {
                number: 40,
                name: "resources".into(),
                rows: 2,
                bytes: 300,
                nodes: vec![ChunkName([5; 16]), ChunkName([6; 16])],
            }],
            attachments: vec![Attachment { name: "config.toml".into(), text: "[house]\n".into() }],
        };
        (key, header, manifest)
    }

    #[test]
    fn a_number_a_date_and_a_part_of_a_name_mean_a_snapshot() {
        let name: SnapshotName = "20261129T022000Z-000041-12345678".parse().unwrap();
        for asked in ["41", "000041", "20261129", "20261129T02", "12345678", "-000041-", name.as_str()] {
            assert!(name.is_meant_by(asked), "{asked}");
        }
        for asked in ["4", "2026", "022000", "20261128", "11129", "00000041-"] {
            assert!(!name.is_meant_by(asked), "{asked}");
        }
    }

    #[test]
    fn a_name_reads_back_and_sorts_by_number() {
        let name = SnapshotName::new(ambient().now(), 41, &ambient());
        assert_eq!(name.as_str(), "20260303T022000Z-000041-252d6c2a");
        assert_eq!(name.as_str().parse(), Ok(name.clone()));
        let set_back: SnapshotName = "19700101T000000Z-000042-00000000".parse().unwrap();
        assert!(set_back > name);
        for bad in [
            "",
            "x",
            "20260303T022000Z-41-252d6c2a",
            "20260303T022000Z-000041-252D6C2A",
            "20260303T022000Z-000041",
            "20261303T022000Z-000041-252d6c2a",
            "20260303T022000Z-000041-252d6c2a-x",
            "../x-000041-252d6c2a",
        ] {
            assert!(bad.parse::<SnapshotName>().is_err(), "{bad}");
        }
    }

    /// A changed form makes every old backup unreadable: this file is always read.
    #[test]
    fn a_snapshot_of_form_1_is_always_read() {
        let (key, header, manifest) = sample();
        let read = SnapshotBytes::parse(include_bytes!("golden-snapshot-v1")).unwrap();
        assert_eq!((read.header.key(), read.header.wrapped().is_some()), (Some(KeyId([3; 16])), true));
        assert_eq!((&read.header, read.open(&key)), (&header, Ok(manifest.clone())));
        let again = SnapshotBytes::make(&header, &manifest, &key, &ambient()).unwrap();
        assert_eq!(SnapshotBytes::parse(&again).unwrap().open(&key), Ok(manifest));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_found() {
        let (key, header, manifest) = sample();
        let bytes = SnapshotBytes::make(&header, &manifest, &key, &ambient()).unwrap();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(SnapshotBytes::parse(&flipped), Err(SnapshotError::Changed), "{at}");
            assert_eq!(SnapshotBytes::parse(&bytes[..at]), Err(SnapshotError::Changed), "{at}");
        }
    }

    #[test]
    fn a_forged_hash_does_not_help() {
        let (key, header, manifest) = sample();
        let bytes = SnapshotBytes::make(&header, &manifest, &key, &ambient()).unwrap();
        let forged = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut body = bytes[..bytes.len() - HASH].to_vec();
            change(&mut body);
            body.extend_from_slice(blake3::hash(&body.clone()).as_bytes());
            SnapshotBytes::parse(&body).and_then(|snapshot| snapshot.open(&key))
        };
        let at = |text: &str| bytes.windows(text.len()).position(|part| part == text.as_bytes()).unwrap();
        let keyslots = at("version = 1");
        assert_eq!(forged(&|body| body[keyslots] = b'V'), Err(SnapshotError::Sealed));
        assert_eq!(forged(&|body| *body.last_mut().unwrap() ^= 1), Err(SnapshotError::Sealed));
        assert_eq!(forged(&|body| body[18] = b'2'), Err(SnapshotError::Newer));
        assert_eq!(forged(&|body| body[0] = b'C'), Err(SnapshotError::NotASnapshot));
        assert_eq!(forged(&|body| body[22] = 0xFF), Err(SnapshotError::NotASnapshot));
        assert_eq!(forged(&|body| body.truncate(30)), Err(SnapshotError::NotASnapshot));
    }
}
