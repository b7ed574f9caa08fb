//! Rows of the live store that a restored one is held against: taken from the store itself, not from a snapshot.

use std::ops::{Bound, ControlFlow};

use crate::base::Ambient;
use crate::store::{Read, Snapshot, StoreError, tables};

use super::rows::Sample;

/// Rows taken of each table.
const OF_A_TABLE: usize = 6;

/// Takes the first row of each table and some from anywhere.
pub fn take(view: &Snapshot, ambient: &Ambient) -> Result<Vec<Sample>, StoreError> {
    let mut samples = Vec::new();
    for table in tables::ALL {
        let mut keys: Vec<Vec<u8>> = Vec::new();
        for place in 0..OF_A_TABLE {
            let start: Vec<u8> = if place == 0 { Vec::new() } else { somewhere(view, *table, ambient)? };
            let mut found = None;
            view.walk(*table, Bound::Included(&start), &mut |key, _| {
                found = Some(key.to_vec());
                ControlFlow::Break(())
            })?;
            keys.extend(found);
        }
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            if let Some(value) = view.raw_get(*table, &key)? {
                samples.push(Sample { table: table.number(), key, hash: hash(&value) });
            }
        }
    }
    Ok(samples)
}

/// A place between the first and the last key of a table, by chance.
fn somewhere(view: &Snapshot, table: crate::store::TableId, ambient: &Ambient) -> Result<Vec<u8>, StoreError> {
    let all = (Bound::Unbounded, Bound::Unbounded);
    let first = view.raw_scan(table, &all, crate::store::Direction::Up)?.next().transpose()?;
    let last = view.raw_scan(table, &all, crate::store::Direction::Down)?.next().transpose()?;
    let (Some((first, _)), Some((last, _))) = (first, last) else { return Ok(Vec::new()) };
    let same = first.iter().zip(last.iter()).take_while(|(one, other)| one == other).count();
    let number = |key: &[u8]| {
        let mut bytes = [0; 8];
        for (byte, of_key) in bytes.iter_mut().zip(key.iter().skip(same)) {
            *byte = *of_key;
        }
        u64::from_be_bytes(bytes)
    };
    let (from, to) = (number(&first), number(&last));
    let between = from + u64::from_le_bytes(ambient.bytes()) % (to.saturating_sub(from).saturating_add(1)).max(1);
    Ok([first.get(..same).unwrap_or_default(), &between.to_be_bytes()].concat())
}

/// How many samples are not in `view` as they were.
pub fn missing(view: &Snapshot, samples: &[Sample]) -> Result<Vec<(String, u64)>, StoreError> {
    let mut wrong = std::collections::BTreeMap::<String, u64>::new();
    for sample in samples {
        let table = tables::numbered(sample.table);
        let found = table.map(|table| view.raw_get(table, &sample.key)).transpose()?.flatten();
        if found.is_none_or(|value| hash(&value) != sample.hash) {
            *wrong.entry(table.map_or("a table of another version", |table| table.name()).to_owned()).or_default() += 1;
        }
    }
    Ok(wrong.into_iter().collect())
}

fn hash(value: &[u8]) -> [u8; 32] {
    *blake3::hash(value).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SeededRandom, SystemClock};
    use crate::store::{Store, Table};

    const ROWS: Table<(u32,), Vec<u8>> = Table::new(tables::TEST);

    #[test]
    fn samples_come_from_all_over_a_table_and_a_changed_row_is_missed() {
        let store = Store::in_memory();
        let put = |value: u8| {
            store
                .write_blocking(move |tx| {
                    (0..1000).try_for_each(|at| tx.put(&ROWS, &(at,), &vec![value]))?;
                    Ok::<_, StoreError>(())
                })
                .unwrap();
        };
        put(1);
        let ambient = Ambient::new(SystemClock, SeededRandom::new(5));
        let samples = take(&store.read().unwrap(), &ambient).unwrap();
        assert!(samples.len() > 3 && samples.iter().any(|sample| sample.key[2..] > [1, 0][..]), "{samples:?}");
        assert!(missing(&store.read().unwrap(), &samples).unwrap().is_empty());
        put(2);
        let wrong = missing(&store.read().unwrap(), &samples).unwrap();
        assert_eq!(wrong, [("test".to_owned(), samples.len() as u64)]);
    }
}
