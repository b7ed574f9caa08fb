//! The journal: every group of changes, on the disk in one sealed write before it is acknowledged.
//!
//! The tree (redb) takes the changes of many groups at once, later; until it has them durably, they stand here
//! and in memory ([`super::overlay`]). The journal has two halves in the store's file. One is being filled, a
//! record for each group, from its start on; the other holds what is on its way into the tree, and is filled
//! anew only when the tree has all of it and says so in its own commit, by the number of the last record.
//!
//! A record begins at a sector and fills it up with zeros, so that a write that tears or loses a sector touches
//! no record but its own:
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | number, u64: one more than the record's before it |
//! | 8..12 | bytes of the body, u32 |
//! | 12..36 | nonce, random |
//! | 36..52 | tag |
//! | 52.. | body, sealed as page 2^63 + number |
//!
//! The body is one change after the other: number of the table (u8), then `00` (deleted) or `01`, bytes of the key
//! (u32), the key, and for `01` bytes of the value (u32) and the value. Numbers are little-endian.
//!
//! At opening, the records after the tree's number must follow each other without a gap. The first place without
//! one is the end. Each record was durable before the next was begun, so that a whole record *behind* one that does
//! not open proves damage, not a torn end, and is an error. A last record that somebody spoils or zeroes afterwards
//! looks like a torn end: as with an old header put back, only the audit chain's outside checkpoints tell.

use std::io;

use bytes::Bytes;

use super::layout::{Layout, SECTOR};
use super::medium::Medium;
use super::pages::Sealing;
use crate::crypto::page::{NONCE, Place, TAG};
use crate::store::engine::Changes;
use crate::store::table::TableId;
use crate::store::tables;

const HEAD: usize = 12 + NONCE + TAG;
const RECORDS: u64 = 1 << 63;
/// A record's share of half a journal at most: what is larger goes into the tree by itself.
const SHARE: u64 = 8;
/// How far behind the end a record is looked for that would prove damage: farther than any record is long.
const LOOK: u64 = 256;

/// A record read back.
pub(super) struct Found {
    pub(super) number: u64,
    pub(super) changes: Changes,
}

/// What the journal held that the tree has not.
#[derive(Default)]
pub(super) struct Recovered {
    /// Records of the half that was full, on their way into the tree; then of the one being filled.
    pub(super) older: Vec<Found>,
    pub(super) newer: Vec<Found>,
}

/// Where the next record goes.
#[derive(Debug)]
pub(super) struct Journal {
    layout: Layout,
    /// The half being filled, 0 or 1.
    half: usize,
    /// Bytes of it that are used.
    used: u64,
    next: u64,
    buffer: Vec<u8>,
}

/// Why a journal cannot be used.
#[derive(Debug)]
pub(super) enum Trouble {
    Io(io::Error),
    Damaged(&'static str),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Journal {
    /// The journal of a file just made, or read: what the tree has not follows record `applied`.
    pub(super) fn open(medium: &dyn Medium, sealing: &Sealing, applied: u64) -> Result<(Self, Recovered), Trouble> {
        let layout = sealing.layout;
        let mut journal = Self { layout, half: 0, used: 0, next: applied + 1, buffer: Vec::new() };
        if layout.journal == 0 {
            return Ok((journal, Recovered::default()));
        }
        let [first, second] = [read_half(medium, sealing, 0, applied)?, read_half(medium, sealing, 1, applied)?];
        let begins = |run: &Run| run.records.first().map_or(u64::MAX, |record| record.number);
        let (half, older, newer) = match (first.records.is_empty(), second.records.is_empty()) {
            (true, true) => return Ok((journal, Recovered::default())),
            (false, true) => (0, Run::default(), first),
            (true, false) => (1, Run::default(), second),
            (false, false) if begins(&first) < begins(&second) => (1, first, second),
            (false, false) => (0, second, first),
        };
        for record in older.records.iter().chain(&newer.records) {
            if record.number != journal.next {
                return Err(Trouble::Damaged("a record of its journal is missing"));
            }
            journal.next += 1;
        }
        (journal.half, journal.used) = (half, newer.end);
        Ok((journal, Recovered { older: older.records, newer: newer.records }))
    }

    /// The number of the next record.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// Takes a number without a record: for a group that goes into the tree by itself.
    pub(super) const fn pass(&mut self) {
        self.next += 1;
    }

    /// How many bytes of the file a record of `changes` takes; none if it is too large for one.
    pub(super) fn size_of(&self, changes: &Changes) -> Option<u64> {
        let most = self.layout.half() / SHARE;
        let mut bytes = HEAD as u64;
        for rows in changes.values() {
            for (key, value) in rows {
                bytes += 6 + key.len() as u64 + value.as_ref().map_or(0, |value| 4 + value.len() as u64);
            }
            if bytes > most {
                return None;
            }
        }
        let size = bytes.next_multiple_of(SECTOR as u64);
        (size <= most.min((LOOK - 1) * SECTOR as u64)).then_some(size)
    }

    pub(super) const fn has_room(&self, size: u64) -> bool {
        self.used + size <= self.layout.half()
    }

    /// Whether what is in the half being filled is worth a turn of the tree.
    pub(super) const fn is_half_full(&self) -> bool {
        self.used > self.layout.half() / 2
    }

    /// Goes on at the start of the other half: the tree must have all that stands there.
    pub(super) const fn turn(&mut self) {
        self.half = 1 - self.half;
        self.used = 0;
    }

    /// Writes the record of `changes` durably; answers with the bytes written. There must be room for it. An error
    /// leaves the place to the next record.
    pub(super) fn append(
        &mut self,
        medium: &dyn Medium,
        sealing: &Sealing,
        changes: &Changes,
        write: fn(&dyn Medium, u64, &[u8]) -> io::Result<()>,
    ) -> io::Result<u64> {
        let mut record = std::mem::take(&mut self.buffer);
        record.clear();
        record.resize(HEAD, 0);
        put_changes(&mut record, changes);
        let (head, body) = record.split_at_mut_checked(HEAD).ok_or(io::ErrorKind::InvalidInput)?;
        let nonce = sealing.ambient.bytes::<NONCE>();
        let length = u32::try_from(body.len()).map_err(io::Error::other)?;
        let tag = sealing.key.seal(place(sealing, self.next), &nonce, body).map_err(io::Error::other)?;
        let parts: [&[u8]; 4] = [&self.next.to_le_bytes(), &length.to_le_bytes(), &nonce, &tag];
        head.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        record.resize(record.len().next_multiple_of(SECTOR), 0);
        let (at, size) = (self.layout.half_at(self.half) + self.used, record.len() as u64);
        let written = write(medium, at, &record);
        self.buffer = record;
        // A large one's buffer is not kept for the small ones.
        self.buffer.shrink_to(64 << 10);
        written?;
        self.used += size;
        self.next += 1;
        Ok(size)
    }

    /// Makes sure that the record whose writing failed is none.
    pub(super) fn spoil(&self, medium: &dyn Medium) -> io::Result<()> {
        medium.write_durably(self.layout.half_at(self.half) + self.used, &[0; SECTOR])
    }
}

fn place(sealing: &Sealing, number: u64) -> Place {
    Place { store: sealing.store, page: RECORDS | number }
}

fn put_changes(out: &mut Vec<u8>, changes: &Changes) {
    let put = |out: &mut Vec<u8>, bytes: &[u8]| {
        // Bounded by the size of a group, far below 4 GiB.
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    for (table, rows) in changes {
        for (key, value) in rows {
            out.extend_from_slice(&[table.number(), u8::from(value.is_some())]);
            put(out, key);
            if let Some(value) = value {
                put(out, value);
            }
        }
    }
}

/// The changes of a body; none if it is not what [`put_changes`] makes.
fn take_changes(body: Bytes) -> Option<Changes> {
    let mut changes = Changes::new();
    let mut rest = body;
    while !rest.is_empty() {
        let [number, kept] = *rest.split_to_checked(2)?.first_chunk()?;
        let key = take_part(&mut rest)?;
        let value = match kept {
            0 => None,
            1 => Some(take_part(&mut rest)?),
            _ => return None,
        };
        let table: &TableId = tables::ALL.iter().find(|table| table.number() == number)?;
        changes.entry(*table).or_default().insert(key.into(), value);
    }
    Some(changes)
}

trait SplitChecked: Sized {
    fn split_to_checked(&mut self, at: usize) -> Option<Self>;
}

impl SplitChecked for Bytes {
    fn split_to_checked(&mut self, at: usize) -> Option<Self> {
        (at <= self.len()).then(|| self.split_to(at))
    }
}

fn take_part(rest: &mut Bytes) -> Option<Bytes> {
    let length = u32::from_le_bytes(*rest.split_to_checked(4)?.first_chunk()?);
    rest.split_to_checked(usize::try_from(length).ok()?)
}

/// The records at the start of half a journal that the tree has not, and where they end.
#[derive(Default)]
struct Run {
    records: Vec<Found>,
    end: u64,
}

fn read_half(medium: &dyn Medium, sealing: &Sealing, half: usize, applied: u64) -> Result<Run, Trouble> {
    let mut run = Run::default();
    loop {
        let least = run.records.last().map_or(applied, |record| record.number);
        match read_record(medium, sealing, half, run.end, least)? {
            // In a run they count on by one.
            Some((size, found)) if run.records.is_empty() || found.number == least + 1 => {
                run.end += size;
                run.records.push(found);
            }
            _ => break,
        }
    }
    let last = run.records.last().map_or(applied, |record| record.number);
    for sector in 1..=LOOK {
        if read_record(medium, sealing, half, run.end + sector * SECTOR as u64, last)?.is_some() {
            return Err(Trouble::Damaged("a record of its journal does not open, and there is a later one"));
        }
    }
    Ok(run)
}

/// The record at `at` of half a journal with its size, if there is one after `last` that opens: what an earlier lap left
/// has a lower number.
fn read_record(
    medium: &dyn Medium,
    sealing: &Sealing,
    half: usize,
    at: u64,
    last: u64,
) -> Result<Option<(u64, Found)>, Trouble> {
    let room = sealing.layout.half();
    if at >= room {
        return Ok(None);
    }
    let from = sealing.layout.half_at(half) + at;
    let mut head = [0; HEAD];
    medium.read_at(from, &mut head)?;
    let number = u64::from_le_bytes(part(&head, 0));
    let length = u64::from(u32::from_le_bytes(part(&head, 8)));
    let size = (HEAD as u64 + length).next_multiple_of(SECTOR as u64);
    if number <= last || number >= RECORDS || at + size > room || size > room / SHARE {
        return Ok(None);
    }
    let mut body = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    medium.read_at(from + HEAD as u64, &mut body)?;
    if sealing.key.open(place(sealing, number), &part(&head, 12), &part(&head, 12 + NONCE), &mut body).is_err() {
        return Ok(None);
    }
    let changes = take_changes(body.into()).ok_or(Trouble::Damaged("a record of its journal makes no sense"))?;
    Ok(Some((size, Found { number, changes })))
}

fn part<const N: usize>(from: &[u8; HEAD], at: usize) -> [u8; N] {
    from.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::{Ambient, Secret, SeededRandom, StoreId, SystemClock};
    use crate::crypto::page::PageKey;
    use crate::store::disk_tests::SmallDisk;
    use crate::store::engine::disk::Slot;

    fn sealing() -> Sealing {
        Sealing {
            key: Arc::new(PageKey::new(3, &Secret::new([5; 32]))),
            store: StoreId::from_bytes([9; 16]),
            layout: Layout::new(Slot::OWN_SECTORS, 256 << 10),
            ambient: Ambient::new(SystemClock, SeededRandom::new(1)),
        }
    }

    fn disk(sealing: &Sealing) -> Arc<SmallDisk> {
        let disk = SmallDisk::roomy();
        disk.set_len(sealing.layout.pages()).unwrap();
        disk
    }

    fn group(number: u64) -> Changes {
        let rows = [(b"key".to_vec(), Some(vec![number as u8; 3].into())), (b"gone".to_vec(), None)];
        Changes::from([(tables::TEST, rows.into())])
    }

    fn append(journal: &mut Journal, disk: &SmallDisk, sealing: &Sealing, changes: &Changes) -> u64 {
        assert!(journal.has_room(journal.size_of(changes).unwrap()));
        journal.append(disk, sealing, changes, |medium, at, bytes| medium.write_durably(at, bytes)).unwrap()
    }

    #[test]
    fn the_bytes_of_a_record_are_these() {
        let sealing = sealing();
        let disk = disk(&sealing);
        let (mut journal, _) = Journal::open(&*disk, &sealing, 6).map_err(|_| "no journal").unwrap();
        assert_eq!(append(&mut journal, &disk, &sealing, &group(7)), 4096);
        let mut record = [0; 96];
        disk.read_at(16384, &mut record).unwrap();
        assert_eq!(data_encoding::HEXLOWER.encode(&record), GOLDEN);
        let mut body = Vec::new();
        put_changes(&mut body, &group(7));
        assert_eq!(body, b"\x01\x00\x04\0\0\0gone\x01\x01\x03\0\0\0key\x03\0\0\0\x07\x07\x07");
        assert_eq!(take_changes(body.clone().into()), Some(group(7)));
        for end in 1..body.len() {
            let cut = take_changes(body[..end].to_vec().into());
            assert!(cut.is_none_or(|changes| changes != group(7)), "{end}");
        }
    }

    #[test]
    fn what_the_tree_has_not_is_read_back_across_a_turn() {
        let sealing = sealing();
        let disk = disk(&sealing);
        let open = |applied| Journal::open(&*disk, &sealing, applied).map_err(|_| "no journal").unwrap();
        let (mut journal, found) = open(0);
        assert!(found.older.is_empty() && found.newer.is_empty());
        (1..=5).for_each(|n| assert_eq!(append(&mut journal, &disk, &sealing, &group(n)), 4096));
        journal.turn();
        (6..=8).for_each(|n| assert_eq!(append(&mut journal, &disk, &sealing, &group(n)), 4096));
        let numbers = |found: &[Found]| found.iter().map(|record| record.number).collect::<Vec<_>>();
        let (again, found) = open(0);
        assert_eq!((numbers(&found.older), numbers(&found.newer)), (vec![1, 2, 3, 4, 5], vec![6, 7, 8]));
        assert_eq!((again.half, again.used, again.next()), (1, 3 * 4096, 9));
        assert!(found.newer.iter().all(|record| record.changes == group(record.number)));
        let (_, found) = open(5);
        assert_eq!((numbers(&found.older), numbers(&found.newer)), (vec![], vec![6, 7, 8]));
        // The tree has all of it, and the first half is used again: its older lap is not read.
        journal.turn();
        append(&mut journal, &disk, &sealing, &group(9));
        let (_, found) = open(8);
        assert_eq!((numbers(&found.older), numbers(&found.newer)), (vec![], vec![9]));
        assert!(matches!(Journal::open(&*disk, &sealing, 4), Err(Trouble::Damaged(_))));
    }

    #[test]
    fn a_group_too_large_for_a_record_is_told_before() {
        let (journal, _) = Journal::open(&*disk(&sealing()), &sealing(), 0).map_err(|_| "no journal").unwrap();
        let of = |bytes: usize| Changes::from([(tables::TEST, [(vec![1], Some(vec![0; bytes].into()))].into())]);
        assert_eq!(journal.size_of(&of(10)), Some(4096));
        assert_eq!(journal.size_of(&of(16_000)), Some(16_384));
        assert_eq!(journal.size_of(&of(17_000)), None);
    }

    const GOLDEN: &str = concat!(
        "07000000000000001a000000252d6c2a24dd9bd8167bada05eeb17b15449e23eaa5aa6e1703ff25d6d67b34d17ceccfe",
        "61be5baaad8d0324e337a872db4c26e1b27a8010158e651fd2985f6faea4000000000000000000000000000000000000",
    );
}
