//! The encrypted store beside plain redb: the same rows, commits and look-ups, in turns, on the same disk.
//!
//! Prints a table and fails nothing. `scripts/bench` runs it; by itself: `cargo bench --bench store`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::path::Path;
use std::time::{Duration, Instant};

use chartbox::base::Ambient;
use chartbox::crypto::Root;
use chartbox::store::{ReadExt, Store, StoreError, StoreOptions, Table, tables};
use redb::{Database, Durability, ReadableDatabase, TableDefinition};

const ROUNDS: usize = 5;
const COMMITS: u64 = 300;
const ROWS_PER_COMMIT: u64 = 100;
const ROWS: u64 = COMMITS * ROWS_PER_COMMIT;
const READS: u64 = 100_000;
/// About what an observation's row has.
const VALUE: usize = 700;

const SEALED: Table<(u64,), Vec<u8>> = Table::new(tables::TEST);
const PLAIN: TableDefinition<&[u8], &[u8]> = TableDefinition::new("test");

#[derive(Clone, Copy, Default)]
struct Took {
    alone: Duration,
    writes: Duration,
    reads: Duration,
    bytes: u64,
}

fn main() {
    let folder = tempfile::tempdir_in(std::env::var_os("CHARTBOX_BENCH_DIR").unwrap_or_else(|| ".".into())).unwrap();
    let mut plain = Vec::new();
    let mut sealed = Vec::new();
    for round in 0..ROUNDS {
        plain.push(run_plain(&folder.path().join(format!("plain{round}"))));
        sealed.push(run_sealed(&folder.path().join(format!("sealed{round}"))));
    }
    println!("{:<44} {:>12} {:>12} {:>7}", "the same work, median of 5 in turns", "plain redb", "Chartbox", "ratio");
    let each = |name: &str, count: u64, of: fn(&Took) -> Duration| {
        let (plain, sealed) = (median(&plain, of), median(&sealed, of));
        let micros = |took: Duration| format!("{:.1} µs", took.as_secs_f64() * 1e6 / count as f64);
        let ratio = sealed.as_secs_f64() / plain.as_secs_f64();
        println!("{name:<44} {:>12} {:>12} {ratio:>7.2}", micros(plain), micros(sealed));
    };
    each("a durable commit of one row", 100, |took| took.alone);
    each("a row in a durable commit of 100", ROWS, |took| took.writes);
    each("a look-up by key, the same cache", READS, |took| took.reads);
    let (plain, sealed) = (plain[0].bytes, sealed[0].bytes);
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / 1_048_576.0);
    println!("{:<44} {:>12} {:>12} {:>7.2}", "file", mib(plain), mib(sealed), sealed as f64 / plain as f64);
}

fn median(of: &[Took], what: fn(&Took) -> Duration) -> Duration {
    let mut all: Vec<Duration> = of.iter().map(what).collect();
    all.sort_unstable();
    all[all.len() / 2]
}

/// The keys in an order that jumps about.
fn key(n: u64) -> u64 {
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn value(n: u64) -> Vec<u8> {
    (0..VALUE as u64).map(|place| (key(n ^ place) >> 56) as u8).collect()
}

fn run_plain(path: &Path) -> Took {
    let mut database =
        Database::builder().set_cache_size(StoreOptions::for_a_clinic().cache_bytes).create(path).unwrap();
    let commit = |database: &Database, rows: std::ops::Range<u64>| {
        let mut tx = database.begin_write().unwrap();
        tx.set_durability(Durability::Immediate).unwrap();
        tx.set_quick_repair(true);
        let mut table = tx.open_table(PLAIN).unwrap();
        for n in rows {
            table.insert(key(n).to_be_bytes().as_slice(), value(n).as_slice()).unwrap();
        }
        drop(table);
        tx.commit().unwrap();
    };
    let mut took = Took::default();
    let begun = Instant::now();
    (0..COMMITS).for_each(|n| commit(&database, n * ROWS_PER_COMMIT..(n + 1) * ROWS_PER_COMMIT));
    took.writes = begun.elapsed();
    let begun = Instant::now();
    (ROWS..ROWS + 100).for_each(|n| commit(&database, n..n + 1));
    took.alone = begun.elapsed();
    drop(database);
    database = Database::builder().set_cache_size(StoreOptions::for_a_clinic().cache_bytes).open(path).unwrap();
    let begun = Instant::now();
    let read = database.begin_read().unwrap();
    let table = read.open_table(PLAIN).unwrap();
    for n in 0..READS {
        let row = table.get(key(key(n) % ROWS).to_be_bytes().as_slice()).unwrap().unwrap();
        assert_eq!(row.value().len(), VALUE);
    }
    took.reads = begun.elapsed();
    took.bytes = std::fs::metadata(path).unwrap().len();
    took
}

fn run_sealed(path: &Path) -> Took {
    let ambient = Ambient::system();
    let root = Root::generate(&ambient);
    let options = StoreOptions::throwaway();
    let store = Store::create(path, root.page_key(0), &options, &ambient).unwrap();
    let commit = |store: &Store, rows: std::ops::Range<u64>| {
        store
            .write_blocking(move |tx| {
                rows.into_iter().try_for_each(|n| tx.put(&SEALED, &(key(n),), &value(n)))?;
                Ok::<_, StoreError>(())
            })
            .unwrap();
    };
    let mut took = Took::default();
    let begun = Instant::now();
    (0..COMMITS).for_each(|n| commit(&store, n * ROWS_PER_COMMIT..(n + 1) * ROWS_PER_COMMIT));
    took.writes = begun.elapsed();
    let begun = Instant::now();
    (ROWS..ROWS + 100).for_each(|n| commit(&store, n..n + 1));
    took.alone = begun.elapsed();
    store.close();
    drop(store);
    let store = Store::open(path, root.page_key(0), &options, &ambient).unwrap();
    let begun = Instant::now();
    let read = store.read().unwrap();
    for n in 0..READS {
        let row = read.get(&SEALED, &(key(key(n) % ROWS),)).unwrap().unwrap();
        assert_eq!(row.len(), VALUE);
    }
    took.reads = begun.elapsed();
    took.bytes = store.stats().file_bytes;
    took
}
