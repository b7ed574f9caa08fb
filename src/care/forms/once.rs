//! A form is done once.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::base::{AccountId, Ambient, Timestamp};
use crate::store::{Direction, KeyRange, Read, ReadExt, Record, StoreError, Table, Tx, tables};

/// How long the outcome of a form is remembered: longer than any session with its page lasts.
const REMEMBERED: Duration = Duration::from_secs(48 * 3600);
/// The longest address that an outcome has.
const LONGEST: usize = 500;

const OUTCOMES: Table<(AccountId, [u8; 16]), Outcome> = Table::new(tables::FORM_OUTCOMES);

/// What a form's page was made with; 128 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormKey([u8; 16]);

impl FormKey {
    pub fn new(ambient: &Ambient) -> Self {
        Self(ambient.bytes())
    }

    /// The key of one form of the page, as it was filled in.
    #[must_use]
    pub fn of(&self, path: &str, fields: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11 form key");
        hasher.update(&self.0).update(path.as_bytes()).update(&[0]).update(fields);
        let mut key = [0; 16];
        hasher.finalize_xof().fill(&mut key);
        Self(key)
    }

    /// The text that [`std::fmt::Display`] gives.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl std::fmt::Display for FormKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

/// A form that somebody sent, and the place that shows what it led to.
#[derive(Debug, Clone)]
pub struct Once {
    pub account: AccountId,
    pub key: FormKey,
    /// An address of this box.
    pub place: String,
}

/// What a form led to, as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub place: Box<str>,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    at: Timestamp,
}
impl Record for Outcome {}

/// What this form led to before, if it was sent before.
pub fn outcome(read: &(impl Read + ?Sized), account: AccountId, key: FormKey) -> Result<Option<Outcome>, StoreError> {
    read.get(&OUTCOMES, &(account, key.0))
}

impl Once {
    /// Remembers what the form leads to; answers with what it led to before, and remembers nothing then.
    pub fn remember(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<Outcome>, StoreError> {
        let before = outcome(tx, self.account, self.key)?;
        if before.is_none() {
            let place = if self.place.len() > LONGEST { "/".into() } else { self.place.into() };
            tx.put(&OUTCOMES, &(self.account, self.key.0), &Outcome { place, at: now })?;
        }
        Ok(before)
    }
}

/// Takes away what is older than any page that could still be sent; answers with how many rows.
pub fn swept(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    let old = |row: &Outcome| now.duration_since(row.at).unsigned_abs() > REMEMBERED;
    let ended: Vec<_> = tx
        .scan(&OUTCOMES, KeyRange::all(), Direction::Up)?
        .filter(|row| row.as_ref().map_or(true, |(_, row)| old(row)))
        .map(|row| row.map(|(key, _)| key))
        .collect::<Result<_, _>>()?;
    ended.iter().try_for_each(|key| tx.delete(&OUTCOMES, key))?;
    Ok(ended.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, SeededRandom};
    use crate::store::{Store, Value};

    fn ambient() -> Ambient {
        Ambient::new(ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap()), SeededRandom::new(1))
    }

    #[test]
    fn a_key_reads_back_and_nothing_else_is_one() {
        let key = FormKey::new(&ambient());
        assert_eq!(FormKey::parse(&key.to_string()), Some(key));
        for bad in ["", "AAAA", "x y", &"A".repeat(100)] {
            assert_eq!(FormKey::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_second_try_hears_of_the_first_until_it_is_old() {
        let (store, ambient) = (Store::in_memory(), ambient());
        let (account, key, now) = (AccountId::new(&ambient), FormKey::new(&ambient), ambient.now());
        let send = |place: &str| {
            let once = Once { account, key, place: place.to_owned() };
            store.write_blocking(move |tx| once.remember(tx, now)).unwrap()
        };
        assert_eq!(send("/my/visits/1"), None);
        assert_eq!(&*send("/my/visits/2").unwrap().place, "/my/visits/1");
        let sweep = |now| store.write_blocking(move |tx| swept(tx, now)).unwrap();
        assert_eq!(sweep(now), 0);
        assert_eq!(sweep("2026-03-06T09:00:00Z".parse().unwrap()), 1);
        assert_eq!(outcome(&store.read().unwrap(), account, key).unwrap(), None);
    }

    #[test]
    fn the_bytes_of_an_outcome_are_these() {
        let row = Outcome { place: "/my".into(), at: Timestamp::from_millisecond(3).unwrap() };
        let golden = [&[1, 3][..], b"/my", &[6]].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(Outcome::from_stored(golden.into()).unwrap(), row);
    }
}
