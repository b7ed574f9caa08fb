//! The patient directory: finds a patient by whatever somebody types of a name, a birth date or a number.
//!
//! It lives in two tables and loads nothing at start: an entry per patient ([`Person`]), and keys that lead to
//! them. Names are folded and cut into words. Each word there is stands once, with the words that differ from it by
//! one deleted letter (so that any one edit meets, as in symmetric deletion) and with codes of how it sounds;
//! a patient adds one row per word of the name. A question reads a bounded number of rows, however many patients
//! there are. This module knows nothing of who may see what: the caller asks the policy for each hit.

mod alike;
mod find;
mod keys;
mod person;
mod question;
mod similar;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::base::FhirId;
use crate::store::{Direction, KeyRange, Read, ReadExt as _, StoreError, Tx};

pub(super) use alike::alike;
pub use alike::{Beside, Pair, Rule, in_order};
pub use find::Hit;
pub(super) use find::find;
pub use person::{Life, Person};
pub use question::month_named;

/// Puts a patient in, or anew: `row` is the resource's row number, `patient` the Patient resource.
pub(super) fn put(tx: &mut Tx<'_>, row: u64, id: &FhirId, patient: &Value) -> Result<(), StoreError> {
    let new = Person::of(id, patient);
    let old = tx.get(&keys::PERSONS, &(row,))?;
    if old.as_ref() == Some(&new) {
        return Ok(());
    }
    let (had, has) = (old.map(|old| keys::of(&old)).unwrap_or_default(), keys::of(&new));
    for key in has.difference(&had) {
        keys::add(tx, key, row)?;
    }
    for key in had.difference(&has) {
        keys::drop(tx, key, row)?;
    }
    tx.put(&keys::PERSONS, &(row,), &new)
}

/// Whether anybody has this number, written with letters and digits only.
pub(super) fn has_number(read: &(impl Read + ?Sized), number: &str) -> Result<bool, StoreError> {
    let rows = KeyRange::prefix(&(keys::NUMBER, number.to_owned()));
    Ok(read.scan(&keys::NUMBERS, rows, Direction::Up)?.next().transpose()?.is_some())
}

/// Takes a patient out. Nothing happens when there is none.
pub(super) fn remove(tx: &mut Tx<'_>, row: u64) -> Result<(), StoreError> {
    let Some(old) = tx.get(&keys::PERSONS, &(row,))? else { return Ok(()) };
    for key in keys::of(&old) {
        keys::drop(tx, &key, row)?;
    }
    tx.delete(&keys::PERSONS, &(row,))
}
