//! The pass over the entries.

use std::ops::Bound;

use bytes::Bytes;

use super::index::{self, Gather, Sums};
use super::keys::Keys;
use super::report::{Finding, Findings, Index};
use super::side::{Side, SideRow};
use super::{Expected, Met};
use crate::audit::AuditError;
use crate::audit::checkpoint::Checkpoint;
use crate::audit::entry::{Clock, Entry, Resources, SideList};
use crate::audit::layout::{self, Hash, ListHasher};
use crate::audit::prepare::kind_bit;
use crate::audit::rows::{DetailRow, Head};
use crate::audit::words::{Action, Outcome};
use crate::base::Ambient;
use crate::store::{Direction, Key, Read, Value, tables};

/// What the walk counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub entries: u64,
    /// The sequence of the last row.
    pub last: u64,
    pub epoch: u32,
    pub details_kept: u64,
    pub details_withheld: u64,
    pub side_lists: u64,
    pub clock_behind: u64,
    pub stored_checkpoints: u64,
}

/// How the row before was, and with it whether the link to the next one says anything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Good,
    /// The link from the row before it was broken.
    Broken,
    /// Named already: unreadable, moved, or a gap before it.
    Odd,
}

pub(super) struct Walk<'a, R: Read> {
    read: &'a R,
    head: Option<Head>,
    expected: &'a mut Vec<Expected>,
    findings: &'a mut Findings,
    counts: Counts,
    sums: Sums,
    keys: Keys,
    details: Side<'a>,
    lists: Side<'a>,
    notes: Side<'a>,
    /// The hash of the row before, and of the one before that.
    link: Hash,
    link_before: Option<Hash>,
    before: Before,
    /// How far the sequences in the entries run ahead of their keys: not nought once rows were closed up.
    shift: i128,
    newest: i64,
}

impl<'a, R: Read> Walk<'a, R> {
    pub fn new(
        read: &'a R,
        head: Option<Head>,
        ambient: &Ambient,
        expected: &'a mut Vec<Expected>,
        findings: &'a mut Findings,
    ) -> Result<Self, AuditError> {
        Ok(Self {
            details: Side::new(read, tables::AUDIT_DETAILS)?,
            lists: Side::new(read, tables::AUDIT_LISTS)?,
            notes: Side::new(read, tables::AUDIT_CHECKPOINTS)?,
            link: head.map_or([0; 32], |head| layout::genesis(&head.chain)),
            // Without a head row the first link cannot be told.
            before: if head.is_some() { Before::Good } else { Before::Odd },
            read,
            head,
            expected,
            findings,
            counts: Counts::default(),
            sums: Sums::new(ambient),
            keys: Keys::default(),
            link_before: None,
            shift: 0,
            newest: i64::MIN,
        })
    }

    pub fn run(&mut self) -> Result<(), AuditError> {
        let end = self.head.map_or(u64::MAX, |head| head.size);
        let rows = self.read.raw_scan(tables::AUDIT_ENTRIES, &(Bound::Unbounded, Bound::Unbounded), Direction::Up)?;
        let mut behind: Option<(u64, u64)> = None;
        for row in rows {
            let (key, bytes) = row?;
            let Ok((key,)) = <(u64,)>::from_bytes(&key) else {
                self.findings.push(Finding::Unreadable { sequence: self.counts.last + 1 });
                continue;
            };
            if key > end || key == 0 {
                behind = Some((behind.map_or(key, |(from, _)| from), key));
                continue;
            }
            self.row(key, &bytes)?;
        }
        if let Some((from, to)) = behind {
            self.findings.push(Finding::BehindHead { from, to });
        }
        Ok(())
    }

    fn row(&mut self, key: u64, bytes: &Bytes) -> Result<(), AuditError> {
        let mut odd = false;
        if key > self.counts.last + 1 {
            self.findings.push(Finding::Deleted { from: self.counts.last + 1, to: key - 1 });
            odd = true;
        }
        self.counts.entries += 1;
        self.counts.last = key;
        let hash = layout::entry_hash(bytes);
        match layout::read_entry(bytes) {
            Ok(entry) => {
                odd |= self.place(key, bytes, &entry)?;
                self.check_link(key, &entry, odd);
                self.check_outside(&entry, &hash);
                self.beside(key, &entry, &hash)?;
            }
            Err(_) => {
                self.findings.push(Finding::Unreadable { sequence: key });
                self.skip_beside(key)?;
                self.before = Before::Odd;
            }
        }
        self.link_before = Some(self.link);
        self.link = hash;
        Ok(())
    }

    /// Whether the entry lies where it says; if not, names what became of it.
    fn place(&mut self, key: u64, bytes: &Bytes, entry: &Entry) -> Result<bool, AuditError> {
        let says = entry.sequence();
        let shift = i128::from(says) - i128::from(key);
        if shift == self.shift {
            return Ok(false);
        }
        let home = u64::try_from(i128::from(says) - self.shift).unwrap_or(0);
        let after = self.shift_at(key + 1)?;
        let goes_on = after.is_none_or(|after| after == shift);
        if home != key && self.bytes_at(home)?.as_ref() == Some(bytes) {
            self.findings.push(Finding::Duplicated { sequence: key, of: home });
        } else if shift < self.shift && self.before == Before::Odd && after == Some(shift) {
            // What stands before was named, and pushed the rest up.
            self.shift = shift;
        } else if shift > self.shift && goes_on {
            let from = u64::try_from(i128::from(key) + self.shift).unwrap_or(key);
            self.findings.push(Finding::Deleted { from, to: says.saturating_sub(1) });
            self.shift = shift;
        } else if shift < self.shift && goes_on {
            self.findings.push(Finding::Inserted { sequence: home });
            self.shift = shift;
        } else {
            self.findings.push(Finding::Reordered { sequence: key, says });
        }
        Ok(true)
    }

    fn bytes_at(&self, sequence: u64) -> Result<Option<Bytes>, AuditError> {
        Ok(self.read.raw_get(tables::AUDIT_ENTRIES, &(sequence,).to_bytes())?)
    }

    fn shift_at(&self, key: u64) -> Result<Option<i128>, AuditError> {
        let entry = self.bytes_at(key)?.and_then(|bytes| layout::read_entry(&bytes).ok());
        Ok(entry.map(|entry| i128::from(entry.sequence()) - i128::from(key)))
    }

    fn check_link(&mut self, key: u64, entry: &Entry, odd: bool) {
        let linked = entry.place.previous == self.link;
        if odd || (!linked && self.before == Before::Odd) {
            self.before = if odd { Before::Odd } else { Before::Good };
            self.newest = entry.place.newest().max(entry.place.time);
            self.counts.epoch = entry.place.epoch;
            return;
        }
        self.check_course(key, entry, linked);
        if linked {
            self.before = Before::Good;
            return;
        }
        let before = key.saturating_sub(1).max(1);
        if key > 1 && self.link_before == Some(entry.place.previous) {
            self.findings.push(Finding::Inserted { sequence: before });
        } else if self.before == Before::Broken {
            // Both its links are broken: it is this one that was changed, not the one before it.
            match self.findings.last_mut() {
                Some(finding @ Finding::Changed { .. }) => *finding = Finding::Changed { sequence: before },
                _ => self.findings.push(Finding::Changed { sequence: before }),
            }
        } else {
            self.findings.push(Finding::Changed { sequence: before });
        }
        self.before = Before::Broken;
    }

    /// Epoch and clock state follow from what came before.
    fn check_course(&mut self, key: u64, entry: &Entry, linked: bool) {
        let place = &entry.place;
        let opens = entry.action == Action::EpochOpen && place.epoch == self.counts.epoch.saturating_add(1);
        let epoch = place.epoch == self.counts.epoch || opens;
        let clock = match place.clock {
            Clock::Forward => place.time >= self.newest,
            Clock::Behind { newest } => place.time < newest && newest == self.newest,
        };
        if linked && !(epoch && clock) {
            self.findings.push(Finding::Inconsistent { sequence: key });
        }
        if let Clock::Behind { .. } = place.clock {
            self.counts.clock_behind += 1;
        }
        self.counts.epoch = place.epoch;
        self.newest = place.newest().max(place.time);
    }

    fn check_outside(&mut self, entry: &Entry, hash: &Hash) {
        let says = entry.sequence();
        for one in self.expected.iter_mut().filter(|one| one.checkpoint.size == says && one.met == Met::NotYet) {
            one.met = if one.checkpoint.head == *hash && one.checkpoint.epoch == entry.place.epoch {
                Met::Fits
            } else {
                self.findings.push(Finding::Fork { size: says });
                Met::Differs
            };
        }
    }

    /// Everything that stands in other tables for this entry.
    fn beside(&mut self, key: u64, entry: &Entry, hash: &Hash) -> Result<(), AuditError> {
        self.check_detail(key, entry)?;
        self.check_erasure(key, entry)?;
        self.check_list(key, entry)?;
        self.check_note(key, entry, hash)?;
        if let Some(row) = index::account_row(entry, key) {
            self.sums.expect(Index::Account, &row, &[]);
        }
        Ok(())
    }

    fn skip_beside(&mut self, key: u64) -> Result<(), AuditError> {
        while self.detail_of(key)?.is_some() {}
        while self.list_of(key)?.is_some() {}
        while self.note_of(key)?.is_some() {}
        Ok(())
    }

    /// The entry's row in the table of details; rows before it belong to no entry.
    fn detail_of(&mut self, key: u64) -> Result<Option<SideRow>, AuditError> {
        while let Some(row) = self.details.next_to(key)? {
            if row.sequence == key && row.rest.is_empty() {
                return Ok(Some(row));
            }
            self.findings.push(Finding::DetailSurplus { sequence: row.sequence });
        }
        Ok(None)
    }

    fn list_of(&mut self, key: u64) -> Result<Option<SideRow>, AuditError> {
        while let Some(row) = self.lists.next_to(key)? {
            if row.sequence == key {
                return Ok(Some(row));
            }
            self.findings.push(Finding::ListSurplus { sequence: row.sequence });
        }
        Ok(None)
    }

    fn note_of(&mut self, key: u64) -> Result<Option<SideRow>, AuditError> {
        while let Some(row) = self.notes.next_to(key)? {
            if row.sequence == key && row.rest.is_empty() {
                return Ok(Some(row));
            }
            self.findings.push(Finding::StoredCheckpointSurplus { sequence: row.sequence });
        }
        Ok(None)
    }

    fn check_detail(&mut self, key: u64, entry: &Entry) -> Result<(), AuditError> {
        let row = self.detail_of(key)?;
        let finding = match (entry.commitment, row) {
            (None, None) => None,
            (None, Some(_)) => Some(Finding::DetailSurplus { sequence: key }),
            (Some(_), None) => Some(Finding::DetailMissing { sequence: key }),
            (Some(commitment), Some(row)) => match DetailRow::from_stored(row.value) {
                Ok(DetailRow::Kept { salt, bytes }) if layout::commitment(&salt, &bytes) == commitment => {
                    self.counts.details_kept += 1;
                    None
                }
                Ok(DetailRow::Erased { by }) if by > key && self.erases(by, key)? => {
                    self.counts.details_withheld += 1;
                    None
                }
                Ok(DetailRow::Erased { .. }) => Some(Finding::DetailMissing { sequence: key }),
                _ => Some(Finding::DetailChanged { sequence: key }),
            },
        };
        finding.into_iter().for_each(|finding| self.findings.push(finding));
        Ok(())
    }

    /// Whether the entry at `by` says that it erased the detail of `sequence`. The walk proves that entry itself.
    fn erases(&self, by: u64, sequence: u64) -> Result<bool, AuditError> {
        let within = self.head.is_none_or(|head| by <= head.size);
        let entry = self.bytes_at(by)?.and_then(|bytes| layout::read_entry(&bytes).ok());
        Ok(within && entry.is_some_and(|entry| erased(&entry) == Some(sequence)))
    }

    fn check_erasure(&mut self, key: u64, entry: &Entry) -> Result<(), AuditError> {
        let Some(sequence) = erased(entry) else { return Ok(()) };
        let row = self.read.raw_get(tables::AUDIT_DETAILS, &(sequence,).to_bytes())?;
        let stands = row.and_then(|row| DetailRow::from_stored(row).ok()) == Some(DetailRow::Erased { by: key });
        if !stands {
            self.findings.push(Finding::ErasureUndone { sequence });
        }
        Ok(())
    }

    fn check_list(&mut self, key: u64, entry: &Entry) -> Result<(), AuditError> {
        let time = entry.place.time;
        match &entry.resources {
            Resources::Inline(_) => {
                if self.list_of(key)?.is_some() {
                    self.findings.push(Finding::ListSurplus { sequence: key });
                    while self.list_of(key)?.is_some() {}
                }
                let sums = &mut self.sums;
                index::patients(self.read, entry, key, |id, bits| {
                    sums.expect(Index::Patient, &index::patient_row(id, time, key), &[bits]);
                })
            }
            Resources::Side(list) => {
                self.counts.side_lists += 1;
                if !self.list_is(key, time, list)? {
                    self.findings.push(Finding::ListChanged { sequence: key });
                }
                Ok(())
            }
        }
    }

    fn list_is(&mut self, key: u64, time: i64, list: &SideList) -> Result<bool, AuditError> {
        let mut hasher = ListHasher::default();
        let mut gather = Gather::default();
        let (mut chunks, mut parts, mut resources, mut good) = (0_u32, 0_u32, 0_u64, true);
        while let Some(row) = self.list_of(key)? {
            hasher.chunk(&row.value);
            good &= row.rest == chunks.to_be_bytes();
            chunks += 1;
            let sums = &mut self.sums;
            let mut each = |id: &_, bits| sums.expect(Index::Patient, &index::patient_row(id, time, key), &[bits]);
            let skimmed = layout::skim_chunk(&row.value, |record| {
                parts += u32::from(!record.continued);
                resources += u64::from(record.resources);
                gather.add(record.patient.as_ref(), kind_bit(record.kind), &mut each);
            });
            good &= skimmed.is_ok();
        }
        let sums = &mut self.sums;
        gather.end(&mut |id, bits| sums.expect(Index::Patient, &index::patient_row(id, time, key), &[bits]));
        let found = SideList { parts, resources, chunks, hash: hasher.finish() };
        Ok(good && found == *list)
    }

    fn check_note(&mut self, key: u64, entry: &Entry, hash: &Hash) -> Result<(), AuditError> {
        let made = entry.action == Action::Checkpoint && entry.outcome == Outcome::Success;
        match (made, self.note_of(key)?) {
            (false, None) => {}
            (false, Some(_)) => self.findings.push(Finding::StoredCheckpointSurplus { sequence: key }),
            (true, None) => self.findings.push(Finding::StoredCheckpointMissing { sequence: key }),
            (true, Some(row)) => {
                let note = std::str::from_utf8(&row.value).ok().and_then(|note| Checkpoint::parse(note).ok());
                let fits = note.filter(|note| {
                    let place = &entry.place;
                    (note.size, note.head, note.epoch) == (place.sequence, *hash, place.epoch)
                        && self.head.is_none_or(|head| head.origin() == note.origin)
                });
                match fits {
                    Some(note) => {
                        self.counts.stored_checkpoints += 1;
                        self.keys.take(&note);
                    }
                    None => self.findings.push(Finding::StoredCheckpointChanged { sequence: key }),
                }
            }
        }
        Ok(())
    }

    /// The end: what the head says, what is left in the other tables, and the index rows.
    pub fn finish(mut self) -> Result<(Counts, Keys), AuditError> {
        while let Some(row) = self.details.next_to(u64::MAX)? {
            self.findings.push(Finding::DetailSurplus { sequence: row.sequence });
        }
        while let Some(row) = self.lists.next_to(u64::MAX)? {
            self.findings.push(Finding::ListSurplus { sequence: row.sequence });
        }
        while let Some(row) = self.notes.next_to(u64::MAX)? {
            self.findings.push(Finding::StoredCheckpointSurplus { sequence: row.sequence });
        }
        let counts = self.counts;
        let all = (Bound::Unbounded, Bound::Unbounded);
        let heads = self.read.raw_scan(tables::AUDIT_HEAD, &all, Direction::Up)?.count();
        match self.head {
            None if heads > 0 => self.findings.push(Finding::HeadChanged),
            None if counts.entries > 0 => self.findings.push(Finding::HeadMissing),
            None => {}
            Some(_) if heads > 1 => self.findings.push(Finding::HeadChanged),
            Some(head) if head.size > counts.last => {
                self.findings.push(Finding::CutAtHead { entries: counts.last, expected: head.size });
            }
            Some(head) => {
                let said = (head.hash, head.epoch, head.newest);
                if said != (self.link, counts.epoch, self.newest) {
                    self.findings.push(Finding::HeadChanged);
                }
            }
        }
        self.sums.compare(self.read, counts.last, self.findings)?;
        Ok((counts, self.keys))
    }
}

fn erased(entry: &Entry) -> Option<u64> {
    entry.about.filter(|_| entry.action == Action::DetailErase && entry.outcome == Outcome::Success)
}
