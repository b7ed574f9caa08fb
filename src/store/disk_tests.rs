//! The store on disk through its public face: what survives, what damage says, and a disk that fills up.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::engine::disk::{DiskEngine, Layout, Medium, Slot};
use super::*;
use crate::base::{Secret, SeededRandom, SystemClock};

const ROWS: Table<(u32,), Vec<u8>> = Table::new(tables::TEST);

pub(super) fn ambient() -> Ambient {
    Ambient::new(SystemClock, SeededRandom::new(7))
}

pub(super) fn key() -> PageKey {
    PageKey::new(1, &Secret::new([1; 32]))
}

pub(super) fn options() -> StoreOptions {
    StoreOptions { cache_bytes: 1 << 20, journal_bytes: 256 << 10, low_bytes: 0, ..StoreOptions::throwaway() }
}

/// Where the pages of a store with [`options`] begin.
fn pages() -> usize {
    Layout::new(Slot::OWN_SECTORS, options().journal_bytes).pages() as usize
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

fn folder_and_path() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chartbox.redb");
    (folder, path)
}

#[test]
fn what_was_written_is_there_after_closing_and_opening() {
    let (folder, path) = folder_and_path();
    made(&path, 40);
    let label = StoreLabel::read(&path).unwrap();
    let store = open(&path).unwrap();
    assert_eq!((store.id(), 1), (label.id, label.epoch));
    assert_eq!(rows(&store).unwrap(), 40);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["chartbox.redb"]);
}

#[test]
fn nothing_readable_is_in_the_file() {
    let (_folder, path) = folder_and_path();
    let store = Store::create(&path, key(), &options(), &ambient()).unwrap();
    put(&store, 1, &b"Marguerite Featherstonehaugh".repeat(500)).unwrap();
    drop(store);
    let bytes = std::fs::read(&path).unwrap();
    for word in ["Featherstone", "chartbox_test", tables::META.name(), tables::TEST.name(), "redb"] {
        assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word} stands in the file");
    }
}

#[test]
fn a_closed_store_answers_that_it_is_stopping() {
    let (_folder, path) = folder_and_path();
    made(&path, 3);
    let store = open(&path).unwrap();
    let snapshot = store.read().unwrap();
    store.close();
    assert!(matches!(store.read(), Err(StoreError::Stopping)));
    assert!(matches!(put(&store, 9, b"late"), Err(StoreError::Stopping)));
    // What it has in memory it may still show; the rest it says it cannot.
    let old = snapshot.scan(&ROWS, KeyRange::all(), Direction::Up).map(|rows| rows.filter(Result::is_ok).count());
    assert!(old.is_err() || old.is_ok_and(|count| count <= 3));
    assert_eq!(rows(&open(&path).unwrap()).unwrap(), 3);
}

#[test]
fn a_second_opening_or_creation_is_refused_and_changes_nothing() {
    let (_folder, path) = folder_and_path();
    made(&path, 3);
    let before = std::fs::read(&path).unwrap();
    let create = || Store::create(&path, key(), &options(), &ambient());
    assert!(matches!(create(), Err(StoreError::Exists(_))));
    let missing = open(&path.with_extension("none"));
    assert!(matches!(missing, Err(StoreError::Missing(_))));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let store = open(&path).unwrap();
    assert!(matches!(open(&path), Err(StoreError::InUse(_))));
    assert_eq!(rows(&store).unwrap(), 3);
}

#[test]
fn a_creation_that_was_interrupted_is_taken_up_again() {
    let (folder, path) = folder_and_path();
    std::fs::write(folder.path().join("chartbox.redb.new"), [7; 100_000]).unwrap();
    made(&path, 3);
    assert_eq!(rows(&open(&path).unwrap()).unwrap(), 3);
    assert!(!folder.path().join("chartbox.redb.new").exists());
}

#[test]
fn a_wrong_key_is_told_from_damage_and_another_file_from_a_store() {
    let (folder, path) = folder_and_path();
    made(&path, 3);
    let wrong = |epoch, secret| {
        let key = PageKey::new(epoch, &Secret::new([secret; 32]));
        Store::open(&path, key, &options(), &ambient()).err().unwrap()
    };
    assert!(matches!(wrong(1, 2), StoreError::WrongKey));
    assert!(matches!(wrong(2, 1), StoreError::WrongKey));
    for (name, bytes) in [("empty", vec![]), ("short", vec![1; 100]), ("text", b"hello ".repeat(9000))] {
        let other = folder.path().join(name);
        std::fs::write(&other, bytes).unwrap();
        assert!(matches!(open(&other), Err(StoreError::NotAStore(_))), "{name}");
        assert!(matches!(StoreLabel::read(&other), Err(StoreError::NotAStore(_))), "{name}");
    }
    assert_eq!(rows(&open(&path).unwrap()).unwrap(), 3);
}

#[test]
fn a_newer_schema_is_refused() {
    let (_folder, path) = folder_and_path();
    made(&path, 3);
    let store = open(&path).unwrap();
    store.write_blocking(|tx| tx.put(&FACTS, &SCHEMA_KEY, &(SCHEMA + 1))).unwrap();
    store.write_blocking(|tx| tx.put(&ROWS, &(1,), &vec![])).unwrap_or_else(|error: StoreError| panic!("{error}"));
    drop(store);
    let error = open(&path).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 2, known: 1 }), "{error}");
}

/// The bytes of a store with so many rows.
fn file_of(rows: u32) -> Vec<u8> {
    let (_folder, path) = folder_and_path();
    made(&path, rows);
    std::fs::read(&path).unwrap()
}

/// Opens and reads a copy of the file in which `change` changed something: the rows, or what was said.
fn after(file: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Result<usize, StoreError> {
    let mut bytes = file.to_vec();
    change(&mut bytes);
    reopened(&SmallDisk::with(bytes), &options()).and_then(|store| rows(&store))
}

#[test]
fn a_cut_file_is_damaged_wherever_it_was_cut() {
    let file = file_of(20);
    let len = file.len();
    let at = pages();
    for cut in [5000, 9000, 16384, at - 1, at, at + 1, at + 8192, at + (len - at) / 2, len - 8192, len - 1] {
        let error = after(&file, |bytes| bytes.truncate(cut)).err().unwrap_or_else(|| panic!("cut at {cut} of {len}"));
        assert!(matches!(error, StoreError::Damaged(_)), "cut at {cut}: {error}");
    }
    let error = after(&file, |bytes| bytes.extend([0; 100])).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
}

#[test]
fn a_flipped_byte_is_found_or_harmless_wherever_it_is() {
    let file = file_of(20);
    let len = file.len();
    let mut damaged = 0;
    // Label, both header copies, then in every slot: page, nonce, tag, padding.
    let preamble = [0, 20, 20, 60, 100, 2090, 2096, 4200, 8192, 8300, 12288];
    let slots = (pages()..len).step_by(8192).flat_map(|slot| [0, 2000, 2095, 4100, 4125, 5000].map(|at| slot + at));
    for at in preamble.into_iter().chain(slots.step_by(5)) {
        match after(&file, |bytes| bytes[at] ^= 0x10) {
            Ok(count) => assert_eq!(count, 20, "byte {at}"),
            Err(StoreError::Damaged(_) | StoreError::NotAStore(_)) => damaged += 1,
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    assert!(damaged > 20, "{damaged}");
}

#[test]
fn a_zeroed_or_swapped_page_never_passes() {
    let file = file_of(20);
    let len = file.len();
    let (mut zeroed, mut swapped) = (0, 0);
    for slot in (pages()..len).step_by(8192) {
        match after(&file, |bytes| bytes[slot..slot + 8192].fill(0)) {
            Ok(count) => assert_eq!(count, 20),
            Err(StoreError::Damaged(_)) => zeroed += 1,
            Err(other) => panic!("{other}"),
        }
        let other = if slot + 8192 < len { slot + 8192 } else { pages() };
        match after(&file, |bytes| bytes.copy_within(other..other + 8192, slot)) {
            Ok(count) => assert_eq!(count, 20),
            Err(StoreError::Damaged(_)) => swapped += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(zeroed > 20 && swapped > 20, "{zeroed} {swapped}");
}

#[test]
fn an_old_page_put_back_is_found_when_the_whole_file_is_checked() {
    let disk = SmallDisk::with(file_of(10));
    let old = disk.bytes.lock().unwrap().clone();
    let store = reopened(&disk, &options()).unwrap();
    for round in 0..8 {
        for row in 0..10_u32 {
            put(&store, row, &vec![row as u8; 300 * row as usize]).unwrap();
        }
        put(&store, 3, &[round; 900]).unwrap();
        put(&store, 3, &[3; 900]).unwrap();
    }
    drop(store);
    let now = disk.bytes.lock().unwrap().clone();
    let whole = StoreOptions { check: OpenCheck::Whole, ..options() };
    reopened(&disk, &whole).unwrap();
    let mut found = 0;
    for slot in (pages()..old.len().min(now.len())).step_by(8192) {
        if old[slot..slot + 8192] == now[slot..slot + 8192] || old[slot..slot + 8192].iter().all(|byte| *byte == 0) {
            continue;
        }
        let mut bytes = now.clone();
        bytes[slot..slot + 8192].copy_from_slice(&old[slot..slot + 8192]);
        match reopened(&SmallDisk::with(bytes), &whole) {
            Err(StoreError::Damaged(_)) => found += 1,
            Err(other) => panic!("{other}"),
            // A page that nothing names any more.
            Ok(store) => assert_eq!(rows(&store).unwrap(), 10),
        }
    }
    assert!(found > 5, "{found}");
}

#[test]
fn a_damaged_page_stops_only_those_who_need_it() {
    let (_folder, path) = folder_and_path();
    made(&path, 60);
    let store = open(&path).unwrap();
    // Behind the store's back, while it runs.
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let readable = |store: &Store| -> Vec<bool> {
        let get = |row| store.read().and_then(|snapshot| snapshot.get(&ROWS, &(row,)));
        (0..60).map(|row| matches!(get(row), Ok(Some(_)))).collect()
    };
    assert!(readable(&store).iter().all(|readable| *readable));
    drop(store);
    let mut seen_some = false;
    for slot in (pages()..bytes.len()).step_by(8192).rev() {
        file.write_all_at(&[0xAA; 64], slot as u64).unwrap();
        if let Ok(store) = open(&path) {
            let rows = readable(&store);
            if rows.iter().any(|ok| !ok) && rows.iter().filter(|ok| **ok).count() > 30 {
                seen_some = true;
                // Reading and writing go on for the others.
                put(&store, 1000, b"new").unwrap();
                assert_eq!(store.read().unwrap().get(&ROWS, &(1000,)).unwrap(), Some(b"new".to_vec()));
                assert_eq!(readable(&store), rows);
                break;
            }
        }
        file.write_all_at(&bytes[slot..slot + 64], slot as u64).unwrap();
    }
    assert!(seen_some);
}

#[test]
fn a_copy_has_everything_under_another_key_and_is_closely_packed() {
    let (_folder, path) = folder_and_path();
    made(&path, 60);
    let store = open(&path).unwrap();
    for row in 1000..1020 {
        put(&store, row, &[1; 50_000]).unwrap();
    }
    store
        .write_blocking(|tx| (1000..1020_u32).try_for_each(|row| tx.delete(&ROWS, &(row,))))
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    let copy = path.with_extension("copy");
    let new_key = || PageKey::new(2, &Secret::new([2; 32]));
    store.copy_to(&copy, new_key(), &ambient()).unwrap();
    assert!(matches!(store.copy_to(&copy, new_key(), &ambient()), Err(StoreError::Exists(_))));
    assert_eq!(StoreLabel::read(&copy).unwrap().epoch, 2);
    assert!(matches!(open(&copy), Err(StoreError::WrongKey)));
    let copied = Store::open(&copy, new_key(), &options(), &ambient()).unwrap();
    assert_eq!((rows(&copied).unwrap(), rows(&store).unwrap()), (60, 60));
    let journal = StoreOptions::throwaway().journal_bytes - options().journal_bytes;
    assert!(copied.stats().file_bytes < store.stats().file_bytes + u64::from(journal));
}

#[test]
fn a_reserve_is_kept_beside_the_store_and_given_back_when_space_runs_out() {
    let (folder, path) = folder_and_path();
    let options = StoreOptions { reserve_bytes: 200 << 20, ..options() };
    let reserve = folder.path().join("chartbox.redb.reserve");
    let held = || std::fs::metadata(&reserve).unwrap().len() >> 20;
    drop(Store::create(&path, key(), &options, &ambient()).unwrap());
    assert_eq!(held(), 200);
    let disk = SmallDisk::roomy();
    let mut kept = engine::disk::Reserve::default();
    kept.attach(&path, &options, &*disk);
    kept.ease(&*disk);
    assert_eq!(held(), 200);
    disk.said.store(1 << 20, Ordering::SeqCst);
    for left in [136, 72, 8, 0, 0] {
        kept.ease(&*disk);
        assert_eq!(held(), left);
    }
    // Taken again at the next start, not before there is room.
    kept.attach(&path, &StoreOptions { low_bytes: 64 << 20, ..options.clone() }, &*disk);
    assert_eq!(held(), 0);
    disk.said.store(10 << 30, Ordering::SeqCst);
    kept.attach(&path, &options, &*disk);
    assert_eq!(held(), 200);
}

/// What one audited read adds: an entry, its detail, a row by patient and one by account, the head.
fn read_like(tx: &mut Tx<'_>, number: u64) -> Result<(), StoreError> {
    const ENTRIES: Table<(u64,), Vec<u8>> = Table::new(tables::AUDIT_ENTRIES);
    const DETAILS: Table<(u64,), Vec<u8>> = Table::new(tables::AUDIT_DETAILS);
    const BY_PATIENT: Table<(u64, u64, u64), ()> = Table::new(tables::AUDIT_BY_PATIENT);
    const BY_ACCOUNT: Table<([u8; 16], u64, u64), ()> = Table::new(tables::AUDIT_BY_ACCOUNT);
    const HEAD: Table<(u8,), Vec<u8>> = Table::new(tables::AUDIT_HEAD);
    tx.put(&ENTRIES, &(number,), &vec![number as u8; 350])?;
    tx.put(&DETAILS, &(number,), &vec![number as u8; 120])?;
    tx.put(&BY_PATIENT, &(number * 7919 % 5000, u64::MAX - number, number), &())?;
    tx.put(&BY_ACCOUNT, &([(number % 20) as u8; 16], u64::MAX - number, number), &())?;
    tx.put(&HEAD, &(0,), &vec![0; 60])
}

#[test]
fn a_commit_costs_one_sync_and_a_group_shares_it() {
    let disk = SmallDisk::roomy();
    let options = StoreOptions { cache_bytes: 10 << 20, journal_bytes: 16 << 20, ..options() };
    let store = on(&disk, &options);
    let mut number = 0;
    let mut commit = |reads: u64| {
        let first = number;
        number += reads;
        let done = store.write_blocking(move |tx| (first..first + reads).try_for_each(|n| read_like(tx, n)));
        done.unwrap_or_else(|error: StoreError| panic!("{error}"));
    };
    (0..20).for_each(|_| commit(1000));
    // Over several turns of the journal, so that the tree's part is in it.
    let mut cost = |commits: u64, reads: u64| {
        let before = store.stats();
        (0..commits).for_each(|_| commit(reads));
        let after = store.stats();
        let syncs = (after.syncs - before.syncs) as f64 / commits as f64;
        ((after.bytes_written - before.bytes_written) / (commits * reads), syncs)
    };
    let ((alone, syncs_alone), (together, syncs_together)) = (cost(8_000, 1), cost(1_000, 64));
    assert!(
        (1.0..1.01).contains(&syncs_alone) && (1.0..1.1).contains(&syncs_together),
        "{syncs_alone} {syncs_together}"
    );
    assert!(alone < 10 << 10 && together < 5 << 10, "{alone} {together}");
}

/// An engine on `disk` without the thread, and what it does when it is killed after `rows` commits.
fn killed_after(disk: &Arc<SmallDisk>, rows: u32) {
    let engine = DiskEngine::create_on(disk.clone(), key(), &options(), &ambient(), Slot::OWN_SECTORS).unwrap();
    engine.commit(&Changes::from([(FACTS.id, [(SCHEMA_KEY.to_bytes(), Some(vec![1].into()))].into())])).unwrap();
    for row in 0..rows {
        let value = Some(vec![row as u8; 300 * row as usize].into());
        engine.commit(&Changes::from([(ROWS.id, [((row,).to_bytes(), value)].into())])).unwrap();
    }
    engine.kill();
}

#[test]
fn what_only_the_journal_has_is_there_after_the_process_was_killed() {
    for rows_made in [1, 7, 20, 40] {
        let disk = SmallDisk::roomy();
        killed_after(&disk, rows_made);
        let store = reopened(&disk, &options()).unwrap();
        assert_eq!(rows(&store).unwrap(), rows_made as usize);
        put(&store, rows_made, &vec![rows_made as u8; 300 * rows_made as usize]).unwrap();
        drop(store);
        assert_eq!(rows(&reopened(&disk, &options()).unwrap()).unwrap(), rows_made as usize + 1);
    }
}

#[test]
fn a_spoilt_record_with_others_behind_it_is_damage_and_a_spoilt_end_is_the_end() {
    let disk = SmallDisk::roomy();
    killed_after(&disk, 12);
    let bytes = disk.bytes.lock().unwrap().clone();
    let sectors: Vec<usize> = (16384..pages()).step_by(4096).filter(|at| bytes[*at..*at + 4096] != [0; 4096]).collect();
    assert!(sectors.len() > 12);
    let (mut damaged, mut short) = (0, 0);
    for at in &sectors {
        match after(&bytes, |bytes| bytes[at + 20] ^= 1) {
            Err(StoreError::Damaged(_)) => damaged += 1,
            Ok(11) => short += 1,
            other => panic!("{at}: {other:?}"),
        }
    }
    // The last one, of eleven times 300 bytes, has one sector.
    assert_eq!((damaged, short), (sectors.len() - 1, 1));
}

#[test]
fn a_store_without_a_journal_works_as_it_did() {
    let disk = SmallDisk::roomy();
    let plain = StoreOptions { journal_bytes: 0, ..options() };
    let store = on(&disk, &plain);
    let syncs = store.stats().syncs;
    (0..10).for_each(|row| put(&store, row, &vec![row as u8; 300 * row as usize]).unwrap());
    assert!((20..=22).contains(&(store.stats().syncs - syncs)), "{}", store.stats().syncs - syncs);
    drop(store);
    // The label says so, whatever the options.
    assert_eq!(rows(&reopened(&disk, &options()).unwrap()).unwrap(), 10);
}

#[test]
fn the_tree_is_filled_while_others_commit_and_read() {
    let (_folder, path) = folder_and_path();
    let options = StoreOptions { journal_bytes: 64 << 10, ..options() };
    let store = Store::create(&path, key(), &options, &ambient()).unwrap();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4_u32)
            .map(|writer| {
                let store = &store;
                scope.spawn(move || {
                    (0..60).for_each(|n| put(store, n * 4 + writer, &vec![(n * 4 + writer) as u8; 300]).unwrap());
                })
            })
            .collect();
        // Whoever looks sees every row that was acknowledged before, in one order.
        let mut seen = 0;
        while !writers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            let all: Vec<_> = store
                .read()
                .unwrap()
                .scan(&ROWS, KeyRange::all(), Direction::Up)
                .unwrap()
                .map(|row| row.unwrap().0.0)
                .collect();
            assert!(all.len() >= seen && all.is_sorted(), "{} after {seen}", all.len());
            seen = all.len();
        }
    });
    assert_eq!(store.read().unwrap().scan(&ROWS, KeyRange::all(), Direction::Down).unwrap().count(), 240);
    drop(store);
    let store = Store::open(&path, key(), &options, &ambient()).unwrap();
    assert_eq!(store.read().unwrap().scan(&ROWS, KeyRange::all(), Direction::Up).unwrap().count(), 240);
}

/// Whatever order the rows of a new store come in, each stands once, as it came last.
#[test]
fn a_new_store_is_filled_in_any_order() {
    let orders: [fn(u32) -> u32; 4] = [|n| n, |n| 2_999 - n, |n| n * 7 % 3_000, |n| n / 2];
    for order in orders {
        let (_folder, path) = folder_and_path();
        let value = |row: u32, n: u32| vec![n as u8; if row % 500 == 3 { 60_000 } else { row as usize % 900 }];
        let mut wanted = std::collections::BTreeMap::new();
        Store::create_filled::<StoreError>(&path, key(), &ambient(), |filling| {
            filling.put(FACTS.id, &SCHEMA_KEY.to_bytes(), &SCHEMA.to_stored()?)?;
            for n in 0..3_000 {
                let row = order(n);
                filling.put(ROWS.id, &(row,).to_bytes(), &value(row, n).to_stored()?)?;
                wanted.insert(row, value(row, n));
            }
            Ok(())
        })
        .unwrap();
        let store = open(&path).unwrap();
        let read = store.read().unwrap();
        let found = read.scan(&ROWS, KeyRange::all(), Direction::Up).unwrap().map(|row| row.unwrap());
        assert!(found.eq(wanted.into_iter().map(|(row, value)| ((row,), value))));
    }
}

/// A disk of a size: what does not fit is refused, and syncs can be made to fail.
#[derive(Debug, Default)]
pub(super) struct SmallDisk {
    bytes: std::sync::Mutex<Vec<u8>>,
    /// Sectors that were written before: writing there again takes no space.
    written: std::sync::Mutex<std::collections::BTreeSet<u64>>,
    /// Bytes that writes may still take.
    left: AtomicU64,
    /// What it says is free.
    said: AtomicU64,
    sync_fails: AtomicBool,
}

impl SmallDisk {
    pub(super) fn roomy() -> Arc<Self> {
        Self::with(Vec::new())
    }

    fn with(bytes: Vec<u8>) -> Arc<Self> {
        let written = (0..bytes.len() as u64 / 4096).collect();
        let (bytes, written) = (std::sync::Mutex::new(bytes), std::sync::Mutex::new(written));
        let disk = Self { bytes, written, ..Self::default() };
        disk.left.store(u64::MAX / 2, Ordering::SeqCst);
        disk.said.store(100 << 30, Ordering::SeqCst);
        Arc::new(disk)
    }
}

impl Medium for SmallDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.lock().unwrap().len() as u64)
    }
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.bytes.lock().unwrap();
        let from = bytes.get(offset as usize..offset as usize + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(from);
        Ok(())
    }
    fn write_at(&self, offset: u64, new: &[u8]) -> io::Result<()> {
        let sectors = offset / 4096..(offset + new.len() as u64).div_ceil(4096);
        let mut written = self.written.lock().unwrap();
        for sector in sectors {
            if !written.contains(&sector) {
                let left = self.left.load(Ordering::SeqCst);
                self.left.store(left.checked_sub(4096).ok_or(io::ErrorKind::StorageFull)?, Ordering::SeqCst);
                written.insert(sector);
            }
        }
        self.bytes.lock().unwrap()[offset as usize..offset as usize + new.len()].copy_from_slice(new);
        Ok(())
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.bytes.lock().unwrap().resize(len as usize, 0);
        Ok(())
    }
    fn sync(&self) -> io::Result<()> {
        if self.sync_fails.load(Ordering::SeqCst) { Err(io::Error::other("the cable fell out")) } else { Ok(()) }
    }
    fn space(&self) -> io::Result<DiskSpace> {
        Ok(DiskSpace { free: self.said.load(Ordering::SeqCst), total: 100 << 30 })
    }
}

pub(super) fn on(disk: &Arc<SmallDisk>, options: &StoreOptions) -> Store {
    let engine = DiskEngine::create_on(disk.clone(), key(), options, &ambient(), Slot::OWN_SECTORS).unwrap();
    Store::over(engine)
}

pub(super) fn reopened(disk: &Arc<SmallDisk>, options: &StoreOptions) -> Result<Store, StoreError> {
    DiskEngine::open_on(disk.clone(), key(), options, &ambient(), "the disk").map(Store::over)
}

fn essential(store: &Store, row: u32) -> Result<(), StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.write_essential(move |tx| tx.put(&ROWS, &(row,), &vec![row as u8; 300 * row as usize])))
}

#[test]
fn with_little_space_ordinary_writes_are_refused_and_essential_ones_go_on() {
    let disk = SmallDisk::roomy();
    let store = on(&disk, &StoreOptions { cache_bytes: 1 << 20, ..StoreOptions::for_a_clinic() });
    put(&store, 0, b"").unwrap();
    disk.said.store(1 << 20, Ordering::SeqCst);
    assert!(matches!(put(&store, 1, b"no"), Err(StoreError::Low)));
    assert_eq!(store.stats().room, DiskRoom::KeptForReading);
    essential(&store, 1).unwrap();
    assert_eq!(rows(&store).unwrap(), 2);
    disk.said.store(100 << 30, Ordering::SeqCst);
    put(&store, 2, &[2; 600]).unwrap();
    assert_eq!(rows(&store).unwrap(), 3);
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_commit_loses_nothing_and_goes_on_when_there_is_space() {
    for left in (0..40).step_by(3).map(|pages| pages * 8192) {
        let disk = SmallDisk::roomy();
        let store = on(&disk, &options());
        for row in 0..4 {
            put(&store, row, &vec![row as u8; 300 * row as usize]).unwrap();
        }
        let before = store.read().unwrap();
        disk.left.store(left, Ordering::SeqCst);
        let mut done = 4;
        let refused = loop {
            match put(&store, done, &vec![done as u8; 300 * done as usize]) {
                Ok(()) => done += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, StoreError::Full), "{refused}");
        assert_eq!(rows(&store).unwrap(), done as usize);
        // What was tried left pages behind that may just do.
        match put(&store, done, &vec![done as u8; 300 * done as usize]) {
            Ok(()) => done += 1,
            Err(error) => assert!(matches!(error, StoreError::Full), "{error}"),
        }
        assert_eq!(rows(&store).unwrap(), done as usize);
        // A view from before the refusal shows its own time or says that it cannot.
        let old: Result<Vec<_>, _> = before.scan(&ROWS, KeyRange::all(), Direction::Up).and_then(|rows| rows.collect());
        assert!(old.is_err() || old.is_ok_and(|rows| rows.len() == 4));
        disk.left.store(u64::MAX / 2, Ordering::SeqCst);
        put(&store, done, &vec![done as u8; 300 * done as usize]).unwrap();
        assert_eq!(rows(&store).unwrap(), done as usize + 1);
        drop(store);
        assert_eq!(rows(&reopened(&disk, &options()).unwrap()).unwrap(), done as usize + 1);
    }
}

#[test]
fn nothing_goes_on_after_a_failed_sync() {
    let disk = SmallDisk::roomy();
    let store = on(&disk, &options());
    put(&store, 0, b"").unwrap();
    disk.sync_fails.store(true, Ordering::SeqCst);
    assert!(matches!(put(&store, 1, b"no"), Err(StoreError::Io(_))));
    disk.sync_fails.store(false, Ordering::SeqCst);
    assert!(matches!(put(&store, 1, b"no"), Err(StoreError::Io(_))));
    assert!(matches!(store.read(), Err(StoreError::Io(_))));
    drop(store);
    assert_eq!(rows(&reopened(&disk, &options()).unwrap()).unwrap(), 1);
}
