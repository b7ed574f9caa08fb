//! Reading one's notices.

use super::{Kind, TOLD, ToldRow, Whom};
use crate::base::{AccountId, FhirId, Timestamp};
use crate::store::{Desc, Direction, KeyRange, Read, ReadExt, StoreError, Table, Tx, tables};

/// Account, reader, number → nothing: it was read.
const READ: Table<(AccountId, String, u64), ()> = Table::new(tables::TOLD_READ);

/// So long a notice is kept.
const KEPT_DAYS: i64 = 120;
/// Of each reader, no more than the newest of these are looked at.
const MOST: usize = 100;

/// Whose notices are wanted: an account reads those to itself, to its person, to its patients and to its role.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub account: AccountId,
    /// Notices of a time before the account are another's.
    pub since: Timestamp,
    pub readers: Vec<Whom>,
    /// Which kinds are theirs to read.
    pub kinds: fn(Kind) -> bool,
}

impl Wanted {
    fn is_wanted(&self, told: &Told) -> bool {
        told.at >= self.since && (self.kinds)(told.kind)
    }
}

/// A notice to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Among the notices of its reader.
    pub number: u64,
    pub kind: Kind,
    pub about: Option<FhirId>,
    pub at: Timestamp,
    pub is_read: bool,
    reader: String,
}

/// The newest of them, newest first.
pub fn newest(read: &(impl Read + ?Sized), wanted: &Wanted) -> Result<Vec<Told>, StoreError> {
    let mut all = Vec::new();
    for whom in &wanted.readers {
        let reader = whom.key();
        let rows = read.scan(&TOLD, KeyRange::prefix(&(reader.clone(),)), Direction::Up)?;
        for row in rows.take(MOST) {
            let ((_, Desc(number)), row) = row?;
            let at = moment(number);
            if at < wanted.since {
                break;
            }
            let is_read = read.contains(&READ, &(wanted.account, reader.clone(), number))?;
            all.extend(told(&reader, number, &row, is_read).filter(|told| wanted.is_wanted(told)));
        }
    }
    all.sort_by_key(|told| std::cmp::Reverse(told.number));
    all.truncate(MOST);
    Ok(all)
}

/// How many of the newest are not read.
pub fn unread(read: &(impl Read + ?Sized), wanted: &Wanted) -> Result<usize, StoreError> {
    Ok(newest(read, wanted)?.iter().filter(|told| !told.is_read).count())
}

/// The one with this number.
pub fn find(read: &(impl Read + ?Sized), wanted: &Wanted, number: u64) -> Result<Option<Told>, StoreError> {
    for whom in &wanted.readers {
        let reader = whom.key();
        if let Some(row) = read.get(&TOLD, &(reader.clone(), Desc(number)))? {
            let is_read = read.contains(&READ, &(wanted.account, reader.clone(), number))?;
            return Ok(told(&reader, number, &row, is_read).filter(|told| wanted.is_wanted(told)));
        }
    }
    Ok(None)
}

/// Remembers that the account has read these.
pub fn mark_read(tx: &mut Tx<'_>, account: AccountId, these: &[Told]) -> Result<(), StoreError> {
    these.iter().try_for_each(|told| tx.put(&READ, &(account, told.reader.clone(), told.number), &()))
}

/// Takes away what is old; answers with how many rows.
pub fn swept(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    let until = u64::try_from(now.as_microsecond() - KEPT_DAYS * 86_400 * 1_000_000).unwrap_or(0);
    let old: Vec<_> = tx
        .scan(&TOLD, KeyRange::all(), Direction::Up)?
        .map(|row| row.map(|(key, _)| key))
        .filter(|key| key.as_ref().map_or(true, |(_, Desc(number))| *number < until))
        .collect::<Result<_, _>>()?;
    old.iter().try_for_each(|key| tx.delete(&TOLD, key))?;
    let marks: Vec<_> = tx
        .scan(&READ, KeyRange::all(), Direction::Up)?
        .map(|row| row.map(|(key, ())| key))
        .filter(|key| key.as_ref().map_or(true, |(_, _, number)| *number < until))
        .collect::<Result<_, _>>()?;
    marks.iter().try_for_each(|key| tx.delete(&READ, key))?;
    super::mails::swept(tx, now)?;
    Ok(old.len())
}

/// `None` for a kind that this program does not know.
fn told(reader: &str, number: u64, row: &ToldRow, is_read: bool) -> Option<Told> {
    let kind = Kind::from_number(row.kind)?;
    let about = row.about.as_deref().and_then(|id| FhirId::parse(id).ok());
    Some(Told { number, kind, about, at: moment(number), is_read, reader: reader.to_owned() })
}

fn moment(number: u64) -> Timestamp {
    i64::try_from(number).ok().and_then(|number| Timestamp::from_microsecond(number).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Role;
    use crate::care::notify::{Notice, tell_in};
    use crate::store::Store;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn tell(store: &Store, to: Whom, kind: Kind, now: &str) {
        let (notice, now) = (Notice::new(to, kind), at(now));
        store.write_blocking(move |tx| tell_in(tx, &notice, now)).unwrap();
    }

    fn nurse(byte: u8, since: &str) -> Wanted {
        let account = AccountId::from_bytes([byte; 16]);
        Wanted {
            account,
            since: at(since),
            readers: vec![Whom::Account(account), Whom::Role(Role::Nurse)],
            kinds: |_| true,
        }
    }

    fn kinds(store: &Store, wanted: &Wanted) -> Vec<Kind> {
        newest(&store.read().unwrap(), wanted).unwrap().iter().map(|told| told.kind).collect()
    }

    #[test]
    fn a_role_is_told_once_and_each_account_reads_for_itself() {
        let store = Store::in_memory();
        let (one, other) = (nurse(1, "2026-03-01T00:00:00Z"), nurse(2, "2026-03-01T00:00:00Z"));
        tell(&store, Whom::Role(Role::Nurse), Kind::PatientWrote, "2026-03-03T09:00:00Z");
        tell(&store, Whom::Role(Role::Nurse), Kind::RefillAsked, "2026-03-03T09:00:00Z");
        tell(&store, one.readers[0].clone(), Kind::FormReturned, "2026-03-03T10:00:00Z");
        tell(&store, Whom::Role(Role::Reception), Kind::BookingAsked, "2026-03-03T11:00:00Z");
        assert_eq!(
            kinds(&store, &one),
            [Kind::FormReturned, Kind::RefillAsked, Kind::PatientWrote],
            "two in one moment"
        );
        assert_eq!(kinds(&store, &other), [Kind::RefillAsked, Kind::PatientWrote]);
        let all = newest(&store.read().unwrap(), &one).unwrap();
        let (account, read) = (one.account, all[1].clone());
        store.write_blocking(move |tx| mark_read(tx, account, &[read])).unwrap();
        let count = |wanted: &Wanted| unread(&store.read().unwrap(), wanted).unwrap();
        assert_eq!((count(&one), count(&other)), (2, 2));
        let found = find(&store.read().unwrap(), &other, all[1].number).unwrap().unwrap();
        assert_eq!((found.kind, found.is_read), (Kind::RefillAsked, false));
        assert_eq!(find(&store.read().unwrap(), &other, all[0].number).unwrap(), None, "another's is not there");
    }

    #[test]
    fn who_came_later_is_not_told_of_what_was_before_and_old_notices_go() {
        let store = Store::in_memory();
        tell(&store, Whom::Role(Role::Nurse), Kind::PatientWrote, "2026-03-03T09:00:00Z");
        assert_eq!(kinds(&store, &nurse(3, "2026-03-03T09:00:01Z")), []);
        let sweep = |now: &str| {
            let now = at(now);
            store.write_blocking(move |tx| swept(tx, now)).unwrap()
        };
        assert_eq!(sweep("2026-06-01T09:00:00Z"), 0);
        assert_eq!(sweep("2026-07-03T09:00:00Z"), 1);
        assert_eq!(kinds(&store, &nurse(1, "2026-03-01T00:00:00Z")), []);
    }
}
