//! Pieces that wait for what they refer to: compressed, in the encrypted store, until the import's end.

use super::Piece;
use crate::record::{RecordError, Records};
use crate::store::{CodecError, Direction, KeyRange, ReadExt, Record, StoreError, Table, tables};

const WAITING: Table<(u64,), Packed> = Table::new(tables::IMPORT_WAITING);

/// A piece as JSON, compressed with zstd.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Packed(Vec<u8>);

impl Record for Packed {}

impl Packed {
    fn of(piece: &Piece) -> Result<Self, StoreError> {
        let text = serde_json::to_vec(piece).map_err(|error| StoreError::Io(error.to_string()))?;
        zstd::encode_all(text.as_slice(), 3).map(Self).map_err(|error| StoreError::Io(error.to_string()))
    }

    fn piece(&self) -> Result<Piece, StoreError> {
        let text = zstd::decode_all(self.0.as_slice()).map_err(|_| CodecError::Record(1))?;
        Ok(serde_json::from_slice(&text).map_err(|_| CodecError::Record(1))?)
    }
}

pub(super) fn put(records: &Records, turn: u64, piece: &Piece) -> Result<(), RecordError> {
    let packed = Packed::of(piece)?;
    let store = records.audit().store();
    Ok(store.write_blocking(move |tx| tx.put(&WAITING, &(turn,), &packed))?)
}

pub(super) fn get(records: &Records, turn: u64) -> Result<Option<Piece>, RecordError> {
    let found = records.audit().read()?.get(&WAITING, &(turn,))?;
    Ok(found.map(|packed| packed.piece()).transpose()?)
}

pub(super) fn remove(records: &Records, turn: u64) -> Result<(), RecordError> {
    Ok(records.audit().store().write_blocking(move |tx| tx.delete(&WAITING, &(turn,)))?)
}

/// Forgets what an import that was cut off left behind.
pub(super) fn clear(records: &Records) -> Result<(), RecordError> {
    all(records)?.into_iter().try_for_each(|turn| remove(records, turn))
}

pub(super) fn all(records: &Records) -> Result<Vec<u64>, RecordError> {
    let read = records.audit().read()?;
    let mut turns = Vec::new();
    for found in read.scan(&WAITING, KeyRange::all(), Direction::Up)? {
        let ((turn,), _) = found?;
        turns.push(turn);
    }
    Ok(turns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::import::What;
    use crate::store::Value;

    #[test]
    fn a_waiting_piece_comes_back_as_it_was() {
        let piece = Piece { source: "a".into(), what: What::Lines(vec![(2, "{}".into())]) };
        let packed = Packed::of(&piece).unwrap();
        assert_eq!(packed.piece().unwrap(), piece);
        assert_eq!(Packed(vec![1, 2]).to_stored().unwrap(), [1, 2, 1, 2]);
        assert!(Packed(vec![1, 2]).piece().is_err());
    }
}
