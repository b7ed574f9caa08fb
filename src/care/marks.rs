//! When something was looked at or done last, where that is no health record: a conversation was read, results were seen, a
//! visit was reminded of.

use crate::base::Timestamp;
use crate::store::{Read, ReadExt, StoreError, Table, Tx, tables};

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
