//! The engine on disk through the store's public face: what survives, and what damage says.

use std::path::Path;

use super::*;
use crate::base::{Secret, SeededRandom, SystemClock};

const ROWS: Table<(u32,), Vec<u8>> = Table::new(tables::TEST);

fn ambient() -> Ambient {
    Ambient::new(SystemClock, SeededRandom::new(7))
}

fn key() -> PageKey {
    PageKey::new(1, &Secret::new([1; 32]))
}

fn options() -> StoreOptions {
    StoreOptions { cache_bytes: 1 << 20, low_bytes: 0, ..StoreOptions::throwaway() }
}

fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(path, key(), &options(), &ambient())
}

fn put(store: &Store, row: u32, value: &[u8]) -> Result<(), StoreError> {
    let value = value.to_vec();
    store.write_blocking(move |tx| tx.put(&ROWS, &(row,), &value))
}

fn made(path: &Path, rows: u32) {
    let store = Store::create(path, key(), &options(), &ambient()).unwrap();
    for row in 0..rows {
        put(&store, row, &vec![row as u8; 300 * row as usize]).unwrap();
    }
}

fn rows(store: &Store) -> Result<usize, StoreError> {
    let mut count = 0;
    for row in store.read()?.scan(&ROWS, KeyRange::all(), Direction::Up)? {
        let ((number,), value) = row?;
        assert_eq!(value, vec![number as u8; 300 * number as usize]);
        count += 1;
    }
    Ok(count)
}

#[test]
fn what_was_written_is_there_after_closing_and_opening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chartbox.redb");
    made(&path, 40);
    let label = StoreLabel::read(&path).unwrap();
    let store = open(&path).unwrap();
    assert_eq!((store.id(), 1), (label.id, label.epoch));
    assert_eq!(rows(&store).unwrap(), 40);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["chartbox.redb"]);
}
