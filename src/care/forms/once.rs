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
/// For so long the same words from another page are more likely a mistake than meant.
const SAME: Duration = Duration::from_secs(15 * 60);

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

    /// The key of what was filled in, from whichever page it was sent.
    #[must_use]
    pub fn of_words(path: &str, fields: &[u8]) -> Self {
        Self([0; 16]).of(path, fields)
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
    /// What was filled in, from whichever page: so that the same from another page is known.
    pub words: Option<FormKey>,
    /// An address of this box.
    pub place: String,
}

/// What a form led to, as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub place: Box<str>,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
}
impl Record for Outcome {}

/// What this form led to before, if it was sent before.
pub fn outcome(read: &(impl Read + ?Sized), account: AccountId, key: FormKey) -> Result<Option<Outcome>, StoreError> {
    read.get(&OUTCOMES, &(account, key.0))
}

/// What the same words led to a moment ago, from whichever page they were sent.
pub fn same_before(
    read: &(impl Read + ?Sized),
    account: AccountId,
    words: FormKey,
    now: Timestamp,
) -> Result<Option<Outcome>, StoreError> {
    let before = outcome(read, account, words)?;
    Ok(before.filter(|before| now.duration_since(before.at).unsigned_abs() <= SAME))
}

impl Once {
    /// Remembers what the form leads to; answers with what it led to before, and remembers nothing then.
    pub fn remember(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<Outcome>, StoreError> {
        let before = outcome(tx, self.account, self.key)?;
        if before.is_none() {
            let place = if self.place.len() > LONGEST { "/".into() } else { self.place.into() };
            let outcome = Outcome { place, at: now };
            tx.put(&OUTCOMES, &(self.account, self.key.0), &outcome)?;
            if let Some(words) = self.words {
                tx.put(&OUTCOMES, &(self.account, words.0), &outcome)?;
            }
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
            let once = Once { account, key, words: None, place: place.to_owned() };
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
    fn the_same_words_of_another_page_are_known_for_some_minutes() {
        let (store, ambient) = (Store::in_memory(), ambient());
        let (account, now) = (AccountId::new(&ambient), ambient.now());
        let words = FormKey::of_words("/my/messages/new", b"text=a");
        let once = Once { account, key: FormKey::new(&ambient), words: Some(words), place: "/my/messages/1".into() };
        store.write_blocking(move |tx| once.remember(tx, now)).unwrap();
        let read = store.read().unwrap();
        let asked = |account, words, now| same_before(&read, account, words, now).unwrap().map(|before| before.place);
        assert_eq!(asked(account, words, now).as_deref(), Some("/my/messages/1"));
        let later = |seconds| Timestamp::from_second(now.as_second() + seconds).unwrap();
        assert_eq!((asked(account, words, later(900)).is_some(), asked(account, words, later(901))), (true, None));
        assert_eq!(asked(account, FormKey::of_words("/my/messages/new", b"text=b"), now), None);
        assert_eq!(asked(AccountId::new(&ambient), words, now), None);
    }

    #[test]
    fn the_bytes_of_an_outcome_are_these() {
        let row = Outcome { place: "/my".into(), at: Timestamp::from_millisecond(3).unwrap() };
        let golden = [&[1, 3][..], b"/my", &[6]].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(Outcome::from_stored(golden.into()).unwrap(), row);
    }
}
