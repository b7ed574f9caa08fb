//! What the box keeps in its own store about its backups. It is what snapshots are held against: not their own word.

use serde::{Deserialize, Serialize};

use super::repository::Repository;
use crate::base::{BootId, Timestamp};
use crate::crypto::KeySlots;
use crate::crypto::keyslots::{SlotError, SlotKind};
use crate::store::{CodecError, Desc, Record, Table, decode_body, tables};

/// Number → what the snapshot holds, as the live store had it.
pub(super) const BACKUPS: Table<(u64,), Made> = Table::new(tables::BACKUPS);
/// Id → a key that snapshots are sealed under.
pub(super) const KEYS: Table<([u8; 16],), KeyRow> = Table::new(tables::BACKUP_KEYS);
/// Target's name → what is known of it.
pub(super) const TARGETS: Table<(String,), TargetRow> = Table::new(tables::BACKUP_TARGETS);
/// Time descending → a drill.
pub(super) const DRILLS: Table<(Desc<i64>,), DrillRow> = Table::new(tables::BACKUP_DRILLS);
/// Target's name → who writes to it.
pub(super) const LEASES: Table<(String,), LeaseRow> = Table::new(tables::BACKUP_LEASES);

/// A snapshot that was made: its facts, from the live store at its moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    pub name: String,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub created: Timestamp,
    /// Rows by table number, of tables with any.
    pub tables: Vec<(u8, u64)>,
    pub entries: u64,
    /// Hash of the last entry of the access log.
    pub head: [u8; 32],
    pub samples: Vec<Sample>,
}
impl Record for Made {}

/// One row of the live store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    pub table: u8,
    pub key: Vec<u8>,
    /// BLAKE3 of the value.
    pub hash: [u8; 32],
}

/// A repository key. The store's pages are sealed; it stands in no log and no answer.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct KeyRow {
    pub secret: [u8; 32],
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub made: Timestamp,
    /// Under which root it was made: after the root is changed, new snapshots get another key.
    pub root: [u8; 16],
}
impl Record for KeyRow {}

impl Drop for KeyRow {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.secret);
    }
}

/// What is known of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRow {
    /// Where it is, as a person says it.
    pub place: String,
    pub repository: [u8; 16],
    pub last: Option<LastMade>,
    pub attempt: Option<Attempt>,
    pub verified: Option<Verified>,
    /// How many snapshots there were the last time.
    pub snapshots: u64,
}
impl Record for TargetRow {
    const VERSION: u8 = 2;

    fn migrate(version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        let 1 = version else { return Err(CodecError::Record(version)) };
        let TargetRowV1 { place, repository, last, attempt, verified, snapshots } = decode_body(version, bytes)?;
        let last = last.map(|LastMadeV1 { name, number, at, seconds, bytes, holds, rows }| LastMade {
            name,
            number,
            at,
            seconds,
            bytes,
            holds,
            rows,
            opens: None,
        });
        Ok(Self { place, repository, last, attempt, verified, snapshots })
    }
}

/// As it stood before it said by what its last snapshot opens.
#[derive(Deserialize)]
struct TargetRowV1 {
    place: String,
    repository: [u8; 16],
    last: Option<LastMadeV1>,
    attempt: Option<Attempt>,
    verified: Option<Verified>,
    snapshots: u64,
}

#[derive(Deserialize)]
struct LastMadeV1 {
    name: String,
    number: u64,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    at: Timestamp,
    seconds: u32,
    bytes: u64,
    holds: u64,
    rows: u64,
}

impl TargetRow {
    /// Nothing is known yet of this repository.
    pub(super) const fn blank(repository: [u8; 16]) -> Self {
        Self { place: String::new(), repository, last: None, attempt: None, verified: None, snapshots: 0 }
    }
}

/// The last snapshot that a target got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMade {
    pub name: String,
    pub number: u64,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    pub seconds: u32,
    /// Written for it.
    pub bytes: u64,
    /// All that the snapshot holds, before compression.
    pub holds: u64,
    pub rows: u64,
    /// By what it opens. A box of before did not keep that.
    pub opens: Option<OpensBy>,
}

/// By what a snapshot opens, or a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpensBy {
    /// Knows the key slots again: others once anything of them was changed.
    pub slots: [u8; 16],
    /// The numbers of the slots that a person holds. None is ever given twice, and a change of the root key keeps them.
    pub held: Vec<u32>,
}

impl OpensBy {
    /// Of these key slots.
    pub fn of(slots: &str) -> Result<Self, SlotError> {
        let hash = blake3::hash(slots.as_bytes());
        let parsed = KeySlots::parse(slots)?;
        // A demo has nobody's, and opens by its own key.
        let counts = |kind: SlotKind| kind.is_a_persons() || parsed.is_demo();
        let held = parsed.list().filter(|slot| counts(slot.kind)).map(|slot| slot.id.0).collect();
        Ok(Self { slots: hash.as_bytes().first_chunk().copied().unwrap_or_default(), held })
    }

    /// Whether something that a person holds opens both.
    pub fn shares(&self, other: &Self) -> bool {
        self.held.iter().any(|slot| other.held.contains(slot))
    }
}

/// The last time that a snapshot was to be written, well or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Why it did not work.
    pub error: Option<String>,
}

/// The last verification of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Whether every byte was read.
    pub all: bool,
    /// Those that cost a snapshot.
    pub faults: u64,
}

/// A drill: a snapshot was restored, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillRow {
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// By which name it was reached.
    pub target: String,
    /// What was found there; zeros where that was not known.
    pub repository: [u8; 16],
    pub snapshot: String,
    pub seconds: u32,
    pub rows: u64,
    pub entries: u64,
    pub samples: u64,
    /// What was wrong, in words. Nothing: it passed.
    pub faults: Vec<String>,
    /// Whether it could not be run at all, because a place was not there say. It tells nothing of the backup.
    pub untried: bool,
}

impl Record for DrillRow {
    const VERSION: u8 = 3;

    fn migrate(version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        let old = match version {
            1 => {
                let DrillV1 { at, target, snapshot, seconds, rows, entries, samples, faults } =
                    decode_body(version, bytes)?;
                DrillV2 { at, target, snapshot, seconds, rows, entries, samples, faults, untried: false }
            }
            2 => decode_body(version, bytes)?,
            _ => return Err(CodecError::Record(version)),
        };
        let DrillV2 { at, target, snapshot, seconds, rows, entries, samples, faults, untried } = old;
        let repository = Repository::UNKNOWN;
        Ok(Self { at, target, repository, snapshot, seconds, rows, entries, samples, faults, untried })
    }
}

/// As it stood before it said which repository it was.
#[derive(Deserialize)]
struct DrillV2 {
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    at: Timestamp,
    target: String,
    snapshot: String,
    seconds: u32,
    rows: u64,
    entries: u64,
    samples: u64,
    faults: Vec<String>,
    untried: bool,
}

/// As it stood before one that could not be run was told from one that failed.
#[derive(Deserialize)]
struct DrillV1 {
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    at: Timestamp,
    target: String,
    snapshot: String,
    seconds: u32,
    rows: u64,
    entries: u64,
    samples: u64,
    faults: Vec<String>,
}

impl DrillRow {
    pub fn passed(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether it was one of this repository, by whichever name. One that found none, and one of a box of before, says only
    /// by which name it was to be reached.
    pub fn is_of(&self, repository: [u8; 16], target: &str) -> bool {
        if self.repository == Repository::UNKNOWN { self.target == target } else { self.repository == repository }
    }
}

/// Who writes to a target. One of another run of the box is void: that run has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LeaseRow {
    pub boot: BootId,
    pub doing: String,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub since: Timestamp,
}
impl Record for LeaseRow {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn golden<T: Value + PartialEq + std::fmt::Debug>(value: &T, bytes: &[u8]) {
        assert_eq!(value.to_stored().unwrap(), bytes);
        assert_eq!(T::from_stored(bytes.to_vec().into()).unwrap(), *value);
    }

    #[test]
    fn the_bytes_of_the_rows_are_these() {
        let made = Made {
            name: "n".into(),
            created: at(1),
            tables: vec![(40, 300)],
            entries: 5,
            head: [7; 32],
            samples: vec![Sample { table: 40, key: vec![1], hash: [9; 32] }],
        };
        let bytes = [&[1, 1, b'n', 2, 1, 40, 251, 44, 1, 5][..], &[7; 32], &[1, 40, 1, 1], &[9; 32]].concat();
        golden(&made, &bytes);
        let target = TargetRow {
            place: "/p".into(),
            repository: [3; 16],
            last: Some(LastMade {
                name: "n".into(),
                number: 2,
                at: at(1),
                seconds: 4,
                bytes: 5,
                holds: 6,
                rows: 7,
                opens: Some(OpensBy { slots: [9; 16], held: vec![1, 3] }),
            }),
            attempt: Some(Attempt { at: at(2), error: Some("e".into()) }),
            verified: Some(Verified { at: at(3), all: true, faults: 0 }),
            snapshots: 8,
        };
        let (place, last) = ([2, b'/', b'p'], [1, 1, b'n', 2, 2, 4, 5, 6, 7]);
        let (opens, rest) = ([&[1][..], &[9; 16], &[2, 1, 3]].concat(), [1, 4, 1, 1, b'e', 1, 6, 1, 0, 8]);
        golden(&target, &[&[2][..], &place, &[3; 16], &last, &opens, &rest].concat());
        let before = [&[1][..], &place, &[3; 16], &last, &rest].concat();
        let last = target.last.clone().map(|last| LastMade { opens: None, ..last });
        assert_eq!(TargetRow::from_stored(before.into()).unwrap(), TargetRow { last, ..target });
        let drill = DrillRow {
            at: at(1),
            target: "t".into(),
            repository: [8; 16],
            snapshot: "s".into(),
            seconds: 2,
            rows: 3,
            entries: 4,
            samples: 5,
            faults: vec!["f".into()],
            untried: false,
        };
        let (name, rest) = ([2, 1, b't'], [1, b's', 2, 3, 4, 5, 1, 1, b'f']);
        golden(&drill, &[&[3][..], &name, &[8; 16], &rest, &[0]].concat());
        let before = DrillRow { repository: Repository::UNKNOWN, ..drill };
        let stored = |bytes: &[&[u8]]| DrillRow::from_stored(bytes.concat().into()).unwrap();
        assert_eq!(stored(&[&[2], &name, &rest, &[0]]), before);
        assert_eq!(stored(&[&[1], &name, &rest]), before);
        let lease = LeaseRow { boot: BootId::from_bytes([4; 16]), doing: "d".into(), since: at(1) };
        golden(&lease, &[&[1, 16][..], &[4; 16], &[1, b'd', 2]].concat());
        let key = KeyRow { secret: [5; 32], made: at(1), root: [6; 16] };
        assert_eq!(key.to_stored().unwrap(), [&[1][..], &[5; 32], &[2], &[6; 16]].concat());
    }
}
