//! Pieces that wait for what they refer to: compressed, in the encrypted store, until the import's end.

use crate::record::{RecordError, Records};
use crate::store::{CodecError, Direction, KeyRange, ReadExt, Record, StoreError, Table, tables};

const WAITING: Table<(u64,), Piece> = Table::new(tables::IMPORT_WAITING);

/// A document or lines, as they were read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Piece {
    pub source: String,
    /// One document when the number is 0; else lines with their numbers.
    pub texts: Vec<(u64, Vec<u8>)>,
}

impl Record for Piece {}

impl Piece {
    fn packed(&self) -> Result<Self, StoreError> {
        let texts =
            self.texts.iter().map(|(number, text)| zstd::encode_all(text.as_slice(), 3).map(|text| (*number, text)));
        let texts = texts.collect::<Result<_, _>>().map_err(|error| StoreError::Io(error.to_string()))?;
        Ok(Self { source: self.source.clone(), texts })
    }

    fn unpacked(&self) -> Result<Self, StoreError> {
        let texts =
            self.texts.iter().map(|(number, text)| zstd::decode_all(text.as_slice()).map(|text| (*number, text)));
        let texts = texts.collect::<Result<_, _>>().map_err(|_| CodecError::Record(1))?;
        Ok(Self { source: self.source.clone(), texts })
    }
}

pub(super) fn put(records: &Records, turn: u64, piece: &Piece) -> Result<(), RecordError> {
    let packed = piece.packed()?;
    let store = records.audit().store();
    Ok(store.write_blocking(move |tx| tx.put(&WAITING, &(turn,), &packed))?)
}

pub(super) fn get(records: &Records, turn: u64) -> Result<Option<Piece>, RecordError> {
    let found = records.audit().read()?.get(&WAITING, &(turn,))?;
    Ok(found.map(|piece| piece.unpacked()).transpose()?)
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
    use crate::store::Value;

    #[test]
    fn the_bytes_of_a_waiting_piece_are_these() {
        let piece = Piece { source: "a".into(), texts: vec![(2, vec![b'{', b'}'])] };
        let golden = [1, 1, b'a', 1, 2, 2, b'{', b'}'];
        assert_eq!(piece.to_stored().unwrap(), golden);
        assert_eq!(Piece::from_stored(golden.to_vec().into()).unwrap(), piece);
        assert_eq!(piece.packed().unwrap().unpacked().unwrap(), piece);
    }
}
