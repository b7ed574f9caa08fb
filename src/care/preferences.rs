//! What an account chose for its own screens. It says nothing of a record.

use serde::{Deserialize, Serialize};

use crate::base::AccountId;
use crate::store::{Read, ReadExt, Record, StoreError, Table, Tx, tables};

const PREFERENCES: Table<(AccountId,), Preferences> = Table::new(tables::PREFERENCES);

/// As it stands in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// A language that the pages have, as in `es`; `None` for the one that the browser asks for.
    pub language: Option<Box<str>>,
}
impl Record for Preferences {}

pub fn of(read: &(impl Read + ?Sized), account: AccountId) -> Result<Preferences, StoreError> {
    Ok(read.get(&PREFERENCES, &(account,))?.unwrap_or_default())
}

pub fn set(tx: &mut Tx<'_>, account: AccountId, preferences: &Preferences) -> Result<(), StoreError> {
    tx.put(&PREFERENCES, &(account,), preferences)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, Value};

    #[test]
    fn what_was_chosen_is_found_and_nothing_chosen_is_nothing() {
        let (store, account) = (Store::in_memory(), AccountId::from_bytes([1; 16]));
        assert_eq!(of(&store.read().unwrap(), account).unwrap(), Preferences::default());
        let spanish = Preferences { language: Some("es".into()) };
        let written = spanish.clone();
        store.write_blocking(move |tx| set(tx, account, &written)).unwrap();
        assert_eq!(of(&store.read().unwrap(), account).unwrap(), spanish);
    }

    #[test]
    fn the_bytes_of_preferences_are_these() {
        let row = Preferences { language: Some("es".into()) };
        assert_eq!(row.to_stored().unwrap(), [1, 1, 2, b'e', b's']);
        assert_eq!(Preferences::from_stored(vec![1, 0].into()).unwrap(), Preferences::default());
    }
}
