//! What share links open: rows, because the policy asks for them at every request and they are no part of anybody's health
//! record. The link's own secret is not in them, nor is its PIN: only what both together come to.

use serde::{Deserialize, Serialize};

use crate::access::{ShareGrant, ShareTypes};
use crate::base::{FhirId, Timestamp};
use crate::fhir::{ResourceType, ips};
use crate::store::{Direction, KeyRange, Read, ReadExt, Record, StoreError, Table, Tx, tables};

/// A share's id: the beginning of a hash of the link's secret.
pub type ShareId = [u8; 16];

const SHARES: Table<(ShareId,), Share> = Table::new(tables::SHARES);
const SHARES_OF: Table<(FhirId, ShareId), ()> = Table::new(tables::SHARES_OF);

/// So many wrong PINs in its life end a share.
pub const MOST_WRONG: u8 = 10;

/// One share link, as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub patient: FhirId,
    /// For whom, in the patient's words.
    pub label: Box<str>,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub made: Timestamp,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub until: Timestamp,
    /// What the link's secret and the PIN come to.
    pub proof: [u8; 32],
    /// How often it was opened, and when last.
    pub opened: u32,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    pub last: Option<Timestamp>,
    pub wrong: u8,
    /// The patient ended it, or wrong PINs did.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    pub ended: Option<Timestamp>,
}
impl Record for Share {}

impl Share {
    /// Whether it opens anything at this moment.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && self.wrong < MOST_WRONG && now < self.until
    }

    /// What it opens: what a summary is made of, and who the patient is. Sealed items never.
    fn grant(self) -> Option<ShareGrant> {
        let until = if self.ended.is_some() || self.wrong >= MOST_WRONG { return None } else { self.until };
        let kinds = ips::KINDS.into_iter().chain(ips::ALONG).filter(|kind| *kind != ResourceType::Consent);
        let types = ShareTypes::These(std::iter::once(ResourceType::Patient).chain(kinds).collect());
        Some(ShareGrant { patient: self.patient, types, until })
    }
}

pub fn share(read: &(impl Read + ?Sized), id: ShareId) -> Result<Option<Share>, StoreError> {
    read.get(&SHARES, &(id,))
}

/// A new share, or its next state.
pub fn put_share(tx: &mut Tx<'_>, id: ShareId, share: &Share) -> Result<(), StoreError> {
    tx.put(&SHARES_OF, &(share.patient.clone(), id), &())?;
    tx.put(&SHARES, &(id,), share)
}

/// All that a patient ever made.
pub fn shares_of(read: &(impl Read + ?Sized), patient: &FhirId) -> Result<Vec<(ShareId, Share)>, StoreError> {
    let ids: Vec<ShareId> = read
        .scan(&SHARES_OF, KeyRange::prefix(&(patient.clone(),)), Direction::Up)?
        .map(|row| row.map(|((_, id), ())| id))
        .collect::<Result<_, _>>()?;
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(share(read, id)?.map(|share| (id, share)));
    }
    Ok(all)
}

/// A share's id as text: in the access log, and in the addresses of the patient's own pages.
pub fn share_name(id: ShareId) -> String {
    data_encoding::HEXLOWER.encode(&id)
}

pub fn share_named(name: &str) -> Option<ShareId> {
    data_encoding::HEXLOWER.decode(name.as_bytes()).ok()?.try_into().ok()
}

/// What a share opens, for the policy.
pub(super) fn grant_of(read: &(impl Read + ?Sized), name: &str) -> Result<Option<ShareGrant>, StoreError> {
    let Some(id) = share_named(name) else { return Ok(None) };
    Ok(share(read, id)?.and_then(Share::grant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, Value};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    fn made() -> Share {
        Share {
            patient: FhirId::parse("p1").unwrap(),
            label: "Dr B".into(),
            made: at(0),
            until: at(1_000),
            proof: [7; 32],
            opened: 0,
            last: None,
            wrong: 0,
            ended: None,
        }
    }

    #[test]
    fn a_share_opens_nothing_once_it_was_ended_or_guessed_at_or_is_over() {
        let share = made();
        assert!(share.is_live(at(999)) && !share.is_live(at(1_000)));
        let ended = Share { ended: Some(at(1)), ..made() };
        let guessed = Share { wrong: MOST_WRONG, ..made() };
        for share in [ended, guessed] {
            assert!(!share.is_live(at(2)));
            assert_eq!(share.grant(), None);
        }
        let grant = made().grant().unwrap();
        let ShareTypes::These(types) = &grant.types else { panic!("{:?}", grant.types) };
        assert!(types.contains(&ResourceType::Patient) && types.contains(&ResourceType::Condition));
        for kind in [ResourceType::Consent, ResourceType::Communication, ResourceType::AuditEvent] {
            assert!(!types.contains(&kind), "{kind}");
        }
    }

    #[test]
    fn shares_are_found_by_id_and_by_patient() {
        let store = Store::in_memory();
        store
            .write_blocking(|tx| {
                put_share(tx, [1; 16], &made())?;
                put_share(tx, [2; 16], &Share { patient: FhirId::parse("p2").unwrap(), ..made() })
            })
            .unwrap();
        let read = store.read().unwrap();
        assert_eq!(shares_of(&read, &FhirId::parse("p1").unwrap()).unwrap(), [([1; 16], made())]);
        assert_eq!(grant_of(&read, &share_name([2; 16])).unwrap().unwrap().patient.as_str(), "p2");
        for other in ["", "zz", &share_name([3; 16])] {
            assert_eq!(grant_of(&read, other).unwrap(), None);
        }
    }

    #[test]
    fn the_bytes_of_a_share_are_these() {
        let row = Share { opened: 3, last: Some(at(2)), wrong: 1, ..made() };
        let bytes = row.to_stored().unwrap();
        let expected =
            [&[1, 2, b'p', b'1', 4, b'D', b'r', b' ', b'B', 0, 251, 208, 7][..], &[7; 32], &[3, 1, 4, 1, 0]].concat();
        assert_eq!(bytes, expected);
        assert_eq!(Share::from_stored(bytes.into()).unwrap(), row);
    }
}
