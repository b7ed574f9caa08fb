//! The tables of the chain, and the two small rows with a layout of their own.

use bytes::Bytes;

use super::AuditError;
use super::layout::{Hash, entry_hash, genesis};
use crate::base::{AccountId, FhirId};
use crate::store::{CodecError, Desc, Key, Read, ReadExt, Table, Value, tables};

/// Sequence → the bytes of the entry.
pub(super) const ENTRIES: Table<(u64,), Bytes> = Table::new(tables::AUDIT_ENTRIES);
/// Sequence → `00 ‖ salt ‖ detail`, or `01 ‖ sequence of the erasure`.
pub(super) const DETAILS: Table<(u64,), DetailRow> = Table::new(tables::AUDIT_DETAILS);
/// Sequence, chunk from 0 → records of the side list.
pub(super) const LISTS: Table<(u64, u32), Bytes> = Table::new(tables::AUDIT_LISTS);
pub(super) type PatientKey = (FhirId, Desc<i64>, Desc<u64>);
/// Patient, time descending, sequence descending → one byte, a bit per kind.
pub(super) const BY_PATIENT: Table<PatientKey, Bytes> = Table::new(tables::AUDIT_BY_PATIENT);
pub(super) type AccountKey = (AccountId, Desc<i64>, Desc<u64>);
/// Account, time descending, sequence descending → nothing.
pub(super) const BY_ACCOUNT: Table<AccountKey, Bytes> = Table::new(tables::AUDIT_BY_ACCOUNT);
/// One row, at key 0.
pub(super) const HEAD: Table<(u8,), Head> = Table::new(tables::AUDIT_HEAD);
pub(super) const THE_HEAD: (u8,) = (0,);
/// Size → the signed note.
pub(super) const CHECKPOINTS: Table<(u64,), Bytes> = Table::new(tables::AUDIT_CHECKPOINTS);

/// What the next entry needs to know of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// How many entries; the sequence of the last one.
    pub size: u64,
    pub hash: Hash,
    pub epoch: u32,
    /// The chain's own name, random, made with its first entry.
    pub chain: [u8; 16],
    /// The newest time of any entry, in microseconds since 1970-01-01T00:00:00Z.
    pub newest: i64,
}

impl Head {
    pub fn start(chain: [u8; 16]) -> Self {
        Self { size: 0, hash: genesis(&chain), epoch: 0, chain, newest: i64::MIN }
    }

    pub fn load(read: &(impl Read + ?Sized)) -> Result<Option<Self>, AuditError> {
        Ok(read.get(&HEAD, &THE_HEAD)?)
    }

    /// The first line of every checkpoint of this chain.
    pub fn origin(&self) -> String {
        format!("chartbox/audit/{}", data_encoding::HEXLOWER.encode(&self.chain))
    }
}

/// Where the chain of a store stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHead {
    /// How many entries there are.
    pub size: u64,
    /// The hash of the last one.
    pub hash: Hash,
    pub epoch: u32,
    /// The chain's own name, which a restored store keeps.
    pub chain: [u8; 16],
}

/// Where the chain stands; none before its first entry.
pub fn head(read: &(impl Read + ?Sized)) -> Result<Option<ChainHead>, AuditError> {
    Ok(Head::load(read)?.map(|Head { size, hash, epoch, chain, .. }| ChainHead { size, hash, epoch, chain }))
}

/// The hash of an entry, by how many there were with it; none where it has none so far.
pub fn hash_at(read: &(impl Read + ?Sized), size: u64) -> Result<Option<Hash>, AuditError> {
    Ok(read.get(&ENTRIES, &(size,))?.map(|entry| entry_hash(&entry)))
}

/// Under which key an entry stands there.
pub fn key_of_entry(sequence: u64) -> Vec<u8> {
    (sequence,).to_bytes()
}

impl Value for Head {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        let mut out = vec![1];
        out.extend_from_slice(&self.size.to_be_bytes());
        out.extend_from_slice(&self.hash);
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(&self.chain);
        out.extend_from_slice(&self.newest.to_be_bytes());
        Ok(out)
    }

    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        let mut rest = bytes.as_ref();
        if array::<1>(&mut rest)? != [1] {
            return Err(CodecError::Record(1));
        }
        let head = Self {
            size: array(&mut rest).map(u64::from_be_bytes)?,
            hash: array(&mut rest)?,
            epoch: array(&mut rest).map(u32::from_be_bytes)?,
            chain: array(&mut rest)?,
            newest: array(&mut rest).map(i64::from_be_bytes)?,
        };
        if rest.is_empty() { Ok(head) } else { Err(CodecError::Cut) }
    }
}

/// What stands beside an entry that committed to a detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DetailRow {
    Kept { salt: [u8; 16], bytes: Bytes },
    Erased { by: u64 },
}

impl Value for DetailRow {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        Ok(match self {
            Self::Kept { salt, bytes } => [&[0], salt.as_slice(), bytes].concat(),
            Self::Erased { by } => [&[1], by.to_be_bytes().as_slice()].concat(),
        })
    }

    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        let mut rest = bytes.as_ref();
        match array(&mut rest)? {
            [0] => {
                let salt = array(&mut rest)?;
                let start = bytes.len() - rest.len();
                Ok(Self::Kept { salt, bytes: bytes.slice(start..) })
            }
            [1] => {
                let by = array(&mut rest).map(u64::from_be_bytes)?;
                if rest.is_empty() { Ok(Self::Erased { by }) } else { Err(CodecError::Cut) }
            }
            _ => Err(CodecError::Record(1)),
        }
    }
}

fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], CodecError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(CodecError::Cut)?;
    *rest = tail;
    Ok(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_the_small_rows_are_these() {
        let head = Head { size: 258, hash: [7; 32], epoch: 3, chain: [9; 16], newest: 1 };
        let golden =
            [vec![1, 0, 0, 0, 0, 0, 0, 1, 2], vec![7; 32], vec![0, 0, 0, 3], vec![9; 16], vec![0, 0, 0, 0, 0, 0, 0, 1]]
                .concat();
        assert_eq!(head.to_stored().unwrap(), golden);
        assert_eq!(Head::from_stored(golden.clone().into()).unwrap(), head);
        assert!(Head::from_stored(golden[..68].to_vec().into()).is_err());
        let kept = DetailRow::Kept { salt: [5; 16], bytes: Bytes::from_static(b"ab") };
        assert_eq!(kept.to_stored().unwrap(), [&[0][..], &[5; 16], b"ab"].concat());
        let erased = DetailRow::Erased { by: 4 };
        assert_eq!(erased.to_stored().unwrap(), [1, 0, 0, 0, 0, 0, 0, 0, 4]);
        for row in [kept, erased] {
            assert_eq!(DetailRow::from_stored(row.to_stored().unwrap().into()).unwrap(), row);
        }
    }
}
