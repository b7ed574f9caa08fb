//! When something was looked at or done last, where that is no health record: results were seen, an answer was read, a
//! visit was reminded of.

use crate::base::Timestamp;
use crate::store::{Direction, KeyRange, Read, ReadExt, StoreError, Table, Tx, tables};

/// What a mark is of, and of which → the moment in milliseconds since 1970 UTC.
const MARKS: Table<(String, String), u64> = Table::new(tables::MARKS);

pub fn get(read: &(impl Read + ?Sized), what: &str, of: &str) -> Result<Option<Timestamp>, StoreError> {
    let mark = read.get(&MARKS, &(what.to_owned(), of.to_owned()))?;
    Ok(mark.and_then(|mark| Timestamp::from_millisecond(i64::try_from(mark).ok()?).ok()))
}

pub fn set(tx: &mut Tx<'_>, what: &str, of: &str, at: Timestamp) -> Result<(), StoreError> {
    let mark = u64::try_from(at.as_millisecond()).unwrap_or(0);
    tx.put(&MARKS, &(what.to_owned(), of.to_owned()), &mark)
}

/// Takes away marks of a kind that are older than so many days.
pub fn swept(tx: &mut Tx<'_>, what: &str, now: Timestamp, days: i64) -> Result<(), StoreError> {
    let until = u64::try_from(now.as_millisecond() - days * 86_400_000).unwrap_or(0);
    let old: Vec<(String, String)> = tx
        .scan(&MARKS, KeyRange::prefix(&(what.to_owned(),)), Direction::Up)?
        .filter(|row| row.as_ref().map_or(true, |(_, mark)| *mark < until))
        .map(|row| row.map(|(key, _)| key))
        .collect::<Result<_, _>>()?;
    old.iter().try_for_each(|key| tx.delete(&MARKS, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_mark_is_found_and_another_is_not() {
        let store = Store::in_memory();
        let at: Timestamp = "2026-03-03T09:00:00.123Z".parse().unwrap();
        store.write_blocking(move |tx| set(tx, "read", "a", at)).unwrap();
        let read = store.read().unwrap();
        assert_eq!(get(&read, "read", "a").unwrap(), Some(at));
        assert_eq!(get(&read, "read", "b").unwrap(), None);
    }
}
