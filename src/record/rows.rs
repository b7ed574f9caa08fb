//! The bytes of a stored resource.
//!
//! A resource has a row number (`u64`, given once, never reused), so that index rows stay short. Its row holds
//! what the policy and the answers need, then the response-ready JSON. Layout, little-endian:
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 1 | format, 1 |
//! | 1 | 1 | resource type's number |
//! | 2 | 1 | state: 0 reserved (only referred to so far), 1 live, 2 deleted; 128 more where it is marked as no clinical letter, 64 where it is held from the patient, 32 where it is confided, 16 where it was taken back |
//! | 3 | 1 | sensitivity |
//! | 4 | 4 | version, from 1; 0 while reserved |
//! | 8 | 8 | last update, milliseconds since 1970 UTC, signed |
//! | 16 | 1 | length *n* of the logical id |
//! | 17 | 1 | number *m* of patients whose compartment holds it |
//! | 18 | *n* | logical id, ASCII |
//! | | 8 × *m* | row numbers of those patients |
//! | | rest | JSON with id and meta, empty unless live |

use bytes::Bytes;

use crate::access::{Hold, Sensitivity};
use crate::base::{FhirId, Timestamp};
use crate::fhir::ResourceType;
use crate::store::{CodecError, Value};

/// A resource's place in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RowNumber(pub u64);

impl crate::store::Key for RowNumber {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
    fn read(from: &mut crate::store::KeyReader<'_>) -> Result<Self, CodecError> {
        u64::read(from).map(Self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Reserved,
    Live,
    Deleted,
}

/// One version of a resource, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub kind: ResourceType,
    pub state: State,
    pub sensitivity: Sensitivity,
    pub version: u32,
    pub updated: Timestamp,
    pub id: FhirId,
    pub patients: Vec<RowNumber>,
    pub json: Bytes,
}

const FORMAT: u8 = 1;
const FIXED: usize = 18;
/// In the byte of the state: no clinical letter, held from the patient, confided, taken back.
const MARK: u8 = 1 << 7;
const HELD: u8 = 1 << 6;
const CONFIDED: u8 = 1 << 5;
const TAKEN_BACK: u8 = 1 << 4;

impl Row {
    /// Whether it stands in this patient's record now.
    pub(super) fn is_of(&self, patient: RowNumber) -> bool {
        self.state == State::Live && self.patients.contains(&patient)
    }

    /// Whether it stands in the same records as another one, and is as delicate.
    pub(super) fn stands_as(&self, other: &Self) -> bool {
        (&self.patients, self.sensitivity) == (&other.patients, other.sensitivity)
    }

    /// A number held for a resource that something refers to and nobody has stored.
    pub(super) fn reserved(kind: ResourceType, id: FhirId) -> Self {
        let (sensitivity, updated) = (Sensitivity::NORMAL, Timestamp::UNIX_EPOCH);
        Self {
            kind,
            state: State::Reserved,
            sensitivity,
            version: 0,
            updated,
            id,
            patients: vec![],
            json: Bytes::new(),
        }
    }
}

impl Value for Row {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        let id = self.id.as_str().as_bytes();
        let (id_len, patients) = (u8::try_from(id.len()), u8::try_from(self.patients.len()));
        let (Ok(id_len), Ok(patients)) = (id_len, patients) else { return Err(CodecError::Record(FORMAT)) };
        let mut out = Vec::with_capacity(FIXED + id.len() + 8 * self.patients.len() + self.json.len());
        let state = match self.state {
            State::Reserved => 0,
            State::Live => 1,
            State::Deleted => 2,
        };
        let mark = if self.sensitivity.is_administrative() { MARK } else { 0 };
        let mark = if self.sensitivity.is_held() { mark | HELD } else { mark };
        let mark = if self.sensitivity.is_confided() { mark | CONFIDED } else { mark };
        let mark = if self.sensitivity.is_taken_back() { mark | TAKEN_BACK } else { mark };
        out.extend_from_slice(&[FORMAT, self.kind.number(), state | mark, self.sensitivity.byte()]);
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.updated.as_millisecond().to_le_bytes());
        out.extend_from_slice(&[id_len, patients]);
        out.extend_from_slice(id);
        for patient in &self.patients {
            out.extend_from_slice(&patient.0.to_le_bytes());
        }
        out.extend_from_slice(&self.json);
        Ok(out)
    }

    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        let wrong = CodecError::Record(FORMAT);
        let fixed: &[u8; FIXED] = bytes.first_chunk().ok_or(CodecError::Cut)?;
        let [format, kind, state, sensitivity, v0, v1, v2, v3, u0, u1, u2, u3, u4, u5, u6, u7, id_len, patients] =
            *fixed;
        if format != FORMAT {
            return Err(CodecError::Newer { found: format, known: FORMAT });
        }
        let sensitivity = Sensitivity::from_byte(sensitivity);
        let sensitivity = if state & MARK == 0 { sensitivity } else { sensitivity.administrative() };
        let sensitivity = if state & CONFIDED == 0 { sensitivity } else { sensitivity.confided() };
        let sensitivity = if state & TAKEN_BACK == 0 { sensitivity } else { sensitivity.taken_back() };
        let hold = if state & HELD == 0 { Hold::No } else { Hold::FromPatient };
        let sensitivity = sensitivity.with_hold(hold);
        let state = match state & !(MARK | HELD | CONFIDED | TAKEN_BACK) {
            0 => State::Reserved,
            1 => State::Live,
            2 => State::Deleted,
            _ => return Err(wrong),
        };
        let ids_end = FIXED + usize::from(id_len);
        let json_start = ids_end + 8 * usize::from(patients);
        let id = bytes.get(FIXED..ids_end).and_then(|id| std::str::from_utf8(id).ok()).ok_or(wrong)?;
        let (chunks, _) = bytes.get(ids_end..json_start).ok_or(wrong)?.as_chunks::<8>();
        Ok(Self {
            kind: ResourceType::from_number(kind).ok_or(wrong)?,
            state,
            sensitivity,
            version: u32::from_le_bytes([v0, v1, v2, v3]),
            updated: Timestamp::from_millisecond(i64::from_le_bytes([u0, u1, u2, u3, u4, u5, u6, u7]))
                .map_err(|_| wrong)?,
            id: FhirId::parse(id).map_err(|_| wrong)?,
            patients: chunks.iter().map(|chunk| RowNumber(u64::from_le_bytes(*chunk))).collect(),
            json: bytes.slice(json_start..),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Row {
        Row {
            kind: ResourceType::Observation,
            state: State::Live,
            sensitivity: Sensitivity::NORMAL,
            version: 3,
            updated: Timestamp::from_millisecond(1_700_000_000_123).unwrap(),
            id: FhirId::parse("ab").unwrap(),
            patients: vec![RowNumber(7)],
            json: Bytes::from_static(b"{}"),
        }
    }

    #[test]
    fn the_bytes_of_a_row_are_these() {
        let bytes = sample().to_stored().unwrap();
        let kind = ResourceType::Observation.number();
        let golden = [
            1,
            kind,
            1,
            Sensitivity::NORMAL.byte(),
            3,
            0,
            0,
            0,
            0x7b,
            0x68,
            0xe5,
            0xcf,
            0x8b,
            1,
            0,
            0,
            2,
            1,
            b'a',
            b'b',
            7,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            b'{',
            b'}',
        ];
        assert_eq!(bytes, golden);
        assert_eq!(Row::from_stored(bytes.into()).unwrap(), sample());
        let marked = Row { sensitivity: Sensitivity::RESTRICTED.administrative(), ..sample() };
        let bytes = marked.to_stored().unwrap();
        assert_eq!(bytes.get(2..4), Some(&[129, 1][..]));
        assert_eq!(Row::from_stored(bytes.into()).unwrap(), marked);
        let held = Row { sensitivity: Sensitivity::NORMAL.with_hold(Hold::FromPatient), ..sample() };
        let bytes = held.to_stored().unwrap();
        assert_eq!(bytes.get(2..4), Some(&[65, 0][..]));
        assert_eq!(Row::from_stored(bytes.into()).unwrap(), held);
        let confided = Row { sensitivity: Sensitivity::RESTRICTED.confided(), ..sample() };
        let bytes = confided.to_stored().unwrap();
        assert_eq!(bytes.get(2..4), Some(&[33, 1][..]));
        assert_eq!(Row::from_stored(bytes.into()).unwrap(), confided);
        let taken_back = Row { sensitivity: Sensitivity::RESTRICTED.taken_back(), ..sample() };
        let bytes = taken_back.to_stored().unwrap();
        assert_eq!(bytes.get(2..4), Some(&[17, 1][..]));
        assert_eq!(Row::from_stored(bytes.into()).unwrap(), taken_back);
    }

    #[test]
    fn a_cut_row_is_refused_at_every_length_before_its_json() {
        let bytes = Bytes::from(sample().to_stored().unwrap());
        for end in 0..bytes.len() - 2 {
            assert!(Row::from_stored(bytes.slice(..end)).is_err(), "{end}");
        }
    }
}
