//! How values stand in the store.
//!
//! Resources are raw JSON bytes (`Vec<u8>`, `Bytes`). Internal records are one version byte followed by
//! bincode 2 in its standard configuration (little-endian, variable-length integers), read with a limit.
//! Only bytes that the page encryption has authenticated ever get here. Golden vectors for every record
//! stand beside its type (see [`Record`]).

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most bytes that one internal record may decode to.
const LIMIT: usize = 32 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    #[error("a key has a shape that its table does not have")]
    Key,
    #[error("a record is empty or cut")]
    Cut,
    #[error("a record has version {found}, and this program knows up to {known}")]
    Newer { found: u8, known: u8 },
    #[error("a record of version {0} does not decode")]
    Record(u8),
}

/// A value that a table can hold.
pub trait Value: Sized {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError>;
    fn from_stored(bytes: Bytes) -> Result<Self, CodecError>;
}

/// An internal record: serde through bincode behind a version byte. Implement it for a type to store it,
/// and add a golden vector to the type's tests.
pub trait Record: Serialize + DeserializeOwned {
    /// The version written today. Fields may be added only together with a new version.
    const VERSION: u8 = 1;

    /// Reads an older version. Types at version 1 have none.
    fn migrate(version: u8, _bytes: &[u8]) -> Result<Self, CodecError> {
        Err(CodecError::Record(version))
    }
}

const fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<LIMIT>()
}

/// Decodes a record's body: for [`Record::migrate`].
pub fn decode_body<T: DeserializeOwned>(version: u8, bytes: &[u8]) -> Result<T, CodecError> {
    match bincode::serde::decode_from_slice(bytes, config()) {
        Ok((value, used)) if used == bytes.len() => Ok(value),
        _ => Err(CodecError::Record(version)),
    }
}

impl<T: Record> Value for T {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        let mut out = vec![T::VERSION];
        let body = bincode::serde::encode_to_vec(self, config()).map_err(|_| CodecError::Record(T::VERSION))?;
        out.extend_from_slice(&body);
        Ok(out)
    }

    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        let (&version, body) = bytes.split_first().ok_or(CodecError::Cut)?;
        match version.cmp(&T::VERSION) {
            std::cmp::Ordering::Equal => decode_body(version, body),
            std::cmp::Ordering::Less => T::migrate(version, body),
            std::cmp::Ordering::Greater => Err(CodecError::Newer { found: version, known: T::VERSION }),
        }
    }
}

impl Value for Vec<u8> {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        Ok(self.clone())
    }
    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        Ok(bytes.into())
    }
}

impl Value for Bytes {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        Ok(self.to_vec())
    }
    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        Ok(bytes)
    }
}

impl Value for () {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        Ok(Vec::new())
    }
    fn from_stored(_: Bytes) -> Result<Self, CodecError> {
        Ok(())
    }
}

impl Value for u64 {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        Ok(self.to_le_bytes().to_vec())
    }
    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        bytes.as_ref().try_into().map(Self::from_le_bytes).map_err(|_| CodecError::Cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        name: String,
        count: u32,
        maybe: Option<i64>,
    }
    impl Record for Sample {}

    #[test]
    fn the_bytes_of_a_record_are_these() {
        let sample = Sample { name: "ab".into(), count: 300, maybe: Some(-2) };
        let golden = [1, 2, b'a', b'b', 251, 44, 1, 1, 3];
        assert_eq!(sample.to_stored().unwrap(), golden);
        assert_eq!(Sample::from_stored(Bytes::copy_from_slice(&golden)).unwrap(), sample);
    }

    #[test]
    fn a_cut_longer_or_newer_record_is_refused() {
        let read = |bytes: &[u8]| Sample::from_stored(Bytes::copy_from_slice(bytes));
        assert_eq!(read(&[]), Err(CodecError::Cut));
        assert_eq!(read(&[1, 2, b'a']), Err(CodecError::Record(1)));
        assert_eq!(read(&[1, 2, b'a', b'b', 251, 44, 1, 1, 3, 0]), Err(CodecError::Record(1)));
        assert_eq!(read(&[2, 0]), Err(CodecError::Newer { found: 2, known: 1 }));
    }
}
