//! Whether the index rows are exactly those that the entries ask for, in constant memory: both sides are summed as
//! keyed hashes under a key drawn for this run, which nobody who wrote rows could know. Only when the sums differ
//! are the rows named, one look-up each.

use super::report::{Finding, Findings, Index};
use crate::audit::AuditError;
use crate::audit::entry::{Entry, Resources};
use crate::audit::layout;
use crate::audit::prepare::kind_bit;
use crate::audit::rows::{AccountKey, LISTS, PatientKey};
use crate::base::{Ambient, FhirId};
use crate::store::{Desc, Direction, Key, KeyRange, Read, ReadExt, TableId, tables};
use std::ops::Bound;

const ALL: (Bound<Vec<u8>>, Bound<Vec<u8>>) = (Bound::Unbounded, Bound::Unbounded);

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    rows: u64,
    hashes: u128,
}

/// What the entries ask for.
pub(super) struct Sums {
    key: [u8; 32],
    patient: Sum,
    account: Sum,
}

impl Sums {
    pub fn new(ambient: &Ambient) -> Self {
        Self { key: ambient.bytes(), patient: Sum::default(), account: Sum::default() }
    }

    fn hash(&self, key: &[u8], value: &[u8]) -> u128 {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&(key.len() as u64).to_be_bytes());
        hasher.update(key);
        hasher.update(value);
        let hash = hasher.finalize();
        hash.as_bytes().iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
    }

    pub fn expect(&mut self, index: Index, key: &[u8], value: &[u8]) {
        let hash = self.hash(key, value);
        let sum = match index {
            Index::Patient => &mut self.patient,
            Index::Account => &mut self.account,
        };
        sum.rows += 1;
        sum.hashes = sum.hashes.wrapping_add(hash);
    }

    /// Compares with the tables, and names what differs.
    pub fn compare(&self, read: &impl Read, last: u64, findings: &mut Findings) -> Result<(), AuditError> {
        for (index, table, expected) in [
            (Index::Patient, tables::AUDIT_BY_PATIENT, self.patient),
            (Index::Account, tables::AUDIT_BY_ACCOUNT, self.account),
        ] {
            let mut found = Sum::default();
            for row in read.raw_scan(table, &ALL, Direction::Up)? {
                let (key, value) = row?;
                found.rows += 1;
                found.hashes = found.hashes.wrapping_add(self.hash(&key, &value));
            }
            if found != expected && !name(read, index, table, last, findings)? {
                findings.push(Finding::IndexWrong { index });
            }
        }
        Ok(())
    }
}

/// The patients of an entry, each once, with the kinds as bits. The list beside an entry is read chunk by chunk.
pub(super) fn patients(
    read: &(impl Read + ?Sized),
    entry: &Entry,
    sequence: u64,
    mut each: impl FnMut(&FhirId, u8),
) -> Result<(), AuditError> {
    let mut gather = Gather::default();
    match &entry.resources {
        Resources::Inline(parts) => {
            parts.iter().for_each(|part| gather.add(part.patient.as_ref(), kind_bit(part.kind), &mut each));
        }
        Resources::Side(_) => {
            for row in read.scan(&LISTS, KeyRange::prefix(&(sequence,)), Direction::Up)? {
                // A chunk that does not read is a finding of the walk; what reads of it still counts.
                let add = |record: &layout::Skimmed| {
                    gather.add(record.patient.as_ref(), kind_bit(record.kind), &mut each);
                };
                let _ = layout::skim_chunk(&row?.1, add);
            }
        }
    }
    gather.end(&mut each);
    Ok(())
}

/// Joins the parts of one patient, which stand side by side.
#[derive(Default)]
pub(super) struct Gather(Option<(FhirId, u8)>);

impl Gather {
    pub fn add(&mut self, patient: Option<&FhirId>, bit: u8, each: &mut impl FnMut(&FhirId, u8)) {
        match (&mut self.0, patient) {
            (Some((same, bits)), Some(id)) if same == id => *bits |= bit,
            (_, next) => {
                self.end(each);
                self.0 = next.map(|id| (id.clone(), bit));
            }
        }
    }

    pub fn end(&mut self, each: &mut impl FnMut(&FhirId, u8)) {
        if let Some((id, bits)) = self.0.take() {
            each(&id, bits);
        }
    }
}

pub(super) fn patient_row(id: &FhirId, time: i64, sequence: u64) -> Vec<u8> {
    (id.clone(), Desc(time), Desc(sequence)).to_bytes()
}

pub(super) fn account_row(entry: &Entry, sequence: u64) -> Option<Vec<u8>> {
    entry.actor.account.map(|account| (account, Desc(entry.place.time), Desc(sequence)).to_bytes())
}

/// Names the rows that are missing or surplus; whether it named any.
fn name(
    read: &impl Read,
    index: Index,
    table: TableId,
    last: u64,
    findings: &mut Findings,
) -> Result<bool, AuditError> {
    let mut named = false;
    for sequence in 1..=last {
        let Some(entry) = entry_at(read, sequence)? else { continue };
        let mut missing = false;
        for (key, value) in rows_of(read, index, &entry, sequence)? {
            missing |= read.raw_get(table, &key)?.is_none_or(|found| found != value);
        }
        if missing {
            named = true;
            findings.push(Finding::IndexMissing { index, sequence });
        }
        if findings.is_full() {
            return Ok(true);
        }
    }
    // Rows of one long list lie side by side.
    let mut rows_of_last: (u64, Vec<IndexRow>) = (0, Vec::new());
    for row in read.raw_scan(table, &ALL, Direction::Up)? {
        let (key, _) = row?;
        let sequence = match index {
            Index::Patient => PatientKey::from_bytes(&key).map(|(_, _, sequence)| sequence.0),
            Index::Account => AccountKey::from_bytes(&key).map(|(_, _, sequence)| sequence.0),
        };
        let sequence = sequence.unwrap_or(0);
        if rows_of_last.0 != sequence {
            let entry = entry_at(read, sequence)?;
            let rows = entry.map(|entry| rows_of(read, index, &entry, sequence)).transpose()?;
            rows_of_last = (sequence, rows.unwrap_or_default());
        }
        let belongs = rows_of_last.1.iter().any(|(expected, _)| *expected == key);
        if !belongs {
            named = true;
            findings.push(Finding::IndexSurplus { index, sequence });
        }
        if findings.is_full() {
            return Ok(true);
        }
    }
    Ok(named)
}

fn entry_at(read: &impl Read, sequence: u64) -> Result<Option<Entry>, AuditError> {
    let bytes = read.raw_get(tables::AUDIT_ENTRIES, &(sequence,).to_bytes())?;
    Ok(bytes.and_then(|bytes| layout::read_entry(&bytes).ok()))
}

/// Key and value.
type IndexRow = (Vec<u8>, Vec<u8>);

fn rows_of(read: &impl Read, index: Index, entry: &Entry, sequence: u64) -> Result<Vec<IndexRow>, AuditError> {
    let mut rows = Vec::new();
    match index {
        Index::Patient => patients(read, entry, sequence, |id, bits| {
            rows.push((patient_row(id, entry.place.time, sequence), vec![bits]));
        })?,
        Index::Account => rows.extend(account_row(entry, sequence).map(|key| (key, Vec::new()))),
    }
    Ok(rows)
}
