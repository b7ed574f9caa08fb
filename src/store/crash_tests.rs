//! The power goes at every write: whatever of the unsynced writes reached the disk, the store opens, has
//! every acknowledged commit, and has each commit whole or not at all.
//!
//! A recorder below the sealing keeps what was written and synced. From it the file is rebuilt as it could
//! be after each write: of what was written since the last sync, any part dropped, in any order, torn
//! at 512 bytes, and one whole 4 KiB sector of one write lost (garbage or zeros in its place). Every fourth
//! image crashes again while it is being opened. The controls must fail: without durability, with ignored
//! syncs, and with pages that share sectors.
//!
//! `CHARTBOX_CRASH_IMAGES` sets the number of images (20,000).

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};

use super::engine::disk::{Commit, DiskEngine, Medium, Slot};
use super::engine::{Changes, Engine};
use super::read::Direction;
use super::tables;
use super::{DiskSpace, OpenCheck, StoreError, StoreOptions};
use crate::base::{Ambient, Secret, SeededRandom, SystemClock};
use crate::crypto::page::PageKey;

const SECTOR: u64 = 4096;
const TEAR: usize = 512;

/// A file's bytes, in sectors that clones share.
#[derive(Debug, Clone, Default)]
struct Image {
    len: u64,
    sectors: BTreeMap<u64, Arc<[u8; 4096]>>,
}

impl Image {
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset + out.len() as u64 > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pieces(offset, out.len(), |sector, at, range| match self.sectors.get(&sector) {
            Some(bytes) => out[range.clone()].copy_from_slice(&bytes[at..at + range.len()]),
            None => out[range].fill(0),
        });
        Ok(())
    }

    /// What lies behind the end is lost, as it is when the new length was not kept.
    fn write(&mut self, offset: u64, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(usize::try_from(self.len.saturating_sub(offset)).unwrap())];
        let mut changed = std::mem::take(&mut self.sectors);
        self.pieces(offset, bytes.len(), |sector, at, range| {
            let place = Arc::make_mut(changed.entry(sector).or_insert_with(|| Arc::new([0; 4096])));
            place[at..at + range.len()].copy_from_slice(&bytes[range]);
        });
        self.sectors = changed;
    }

    fn set_len(&mut self, len: u64) {
        self.len = len;
        self.sectors.split_off(&len.div_ceil(SECTOR));
        if let Some(last) = self.sectors.get_mut(&(len / SECTOR)) {
            Arc::make_mut(last)[usize::try_from(len % SECTOR).unwrap()..].fill(0);
        }
    }

    fn pieces(&self, offset: u64, len: usize, mut each: impl FnMut(u64, usize, std::ops::Range<usize>)) {
        let mut done = 0;
        while done < len {
            let at = usize::try_from((offset + done as u64) % SECTOR).unwrap();
            let now = (4096 - at).min(len - done);
            each((offset + done as u64) / SECTOR, at, done..done + now);
            done += now;
        }
    }
}

#[derive(Debug, Clone)]
enum Op {
    Write(u64, Arc<[u8]>),
    SetLen(u64),
    Sync,
    /// What was written from here on, so many bytes, is durable; nothing else need be.
    SyncOf(u64, u64),
    /// This many commits were begun.
    Begun(u32),
    /// This many commits were acknowledged.
    Acknowledged(u32),
}

/// A disk that notes what is done to it.
#[derive(Debug)]
struct Recorder {
    image: Mutex<Image>,
    log: Mutex<Vec<Op>>,
    ignores_syncs: bool,
}

impl Recorder {
    fn over(image: Image) -> Arc<Self> {
        Arc::new(Self { image: Mutex::new(image), log: Mutex::default(), ignores_syncs: false })
    }

    fn note(&self, op: Op) {
        self.log.lock().unwrap().push(op);
    }
}

impl Medium for Recorder {
    fn len(&self) -> io::Result<u64> {
        Ok(self.image.lock().unwrap().len)
    }
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.image.lock().unwrap().read(offset, out)
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.image.lock().unwrap().write(offset, bytes);
        self.note(Op::Write(offset, bytes.into()));
        Ok(())
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.image.lock().unwrap().set_len(len);
        self.note(Op::SetLen(len));
        Ok(())
    }
    fn sync(&self) -> io::Result<()> {
        if !self.ignores_syncs {
            self.note(Op::Sync);
        }
        Ok(())
    }
    fn write_durably(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_at(offset, bytes)?;
        if !self.ignores_syncs {
            self.note(Op::SyncOf(offset, bytes.len() as u64));
        }
        Ok(())
    }
    fn space(&self) -> io::Result<DiskSpace> {
        Ok(DiskSpace { free: u64::MAX, total: u64::MAX })
    }
}

/// What is on the disk for certain, and what may be.
#[derive(Clone)]
struct Moment {
    durable: Image,
    pending: Vec<Op>,
}

impl Moment {
    fn of(durable: Image) -> Self {
        Self { durable, pending: Vec::new() }
    }

    fn then(&mut self, op: &Op) {
        match op {
            Op::Sync => {
                for op in std::mem::take(&mut self.pending) {
                    apply(&mut self.durable, &op);
                }
            }
            Op::SyncOf(offset, len) => {
                for op in std::mem::take(&mut self.pending) {
                    match &op {
                        Op::Write(at, bytes) if at >= offset && at + bytes.len() as u64 <= offset + len => {
                            apply(&mut self.durable, &op);
                        }
                        _ => self.pending.push(op),
                    }
                }
            }
            Op::Begun(_) | Op::Acknowledged(_) => {}
            op => self.pending.push(op.clone()),
        }
    }

    /// One file that the power could leave behind now.
    fn crash(&self, dice: &mut SmallRng) -> Image {
        let mut image = self.durable.clone();
        let mut ops: Vec<&Op> = self.pending.iter().collect();
        let keep = *[0.0, 0.1, 0.5, 0.9, 1.0, 1.0].get(dice.random_range(0..6)).unwrap();
        if dice.random_bool(0.5) {
            ops.shuffle(dice);
        }
        let torn = dice.random_bool(0.5);
        let last = ops.len().saturating_sub(1);
        for (at, op) in ops.iter().enumerate() {
            match op {
                Op::Write(offset, bytes) if torn && (at == last || dice.random_bool(0.2)) => {
                    for (piece, bytes) in bytes.chunks(TEAR).enumerate() {
                        if dice.random_bool(0.5) {
                            image.write(offset + (piece * TEAR) as u64, bytes);
                        }
                    }
                }
                op if dice.random_bool(keep) => apply(&mut image, op),
                _ => {}
            }
        }
        if dice.random_bool(0.4) {
            self.lose_a_sector(&mut image, dice);
        }
        image
    }

    /// The sector that the device was writing is neither old nor new.
    fn lose_a_sector(&self, image: &mut Image, dice: &mut SmallRng) {
        let writes: Vec<_> =
            self.pending.iter().filter_map(|op| if let Op::Write(at, b) = op { Some((at, b)) } else { None }).collect();
        let Some(pick) = writes.len().checked_sub(1) else { return };
        // Often the last one, where the header is.
        let (offset, bytes) = writes[if dice.random_bool(0.5) { pick } else { dice.random_range(0..=pick) }];
        let sectors = offset / SECTOR..=(offset + bytes.len() as u64 - 1) / SECTOR;
        let lost = dice.random_range(sectors);
        let mut garbage = [0; 4096];
        if dice.random_bool(0.5) {
            dice.fill_bytes(&mut garbage);
        }
        image.write(lost * SECTOR, &garbage);
    }
}

fn apply(image: &mut Image, op: &Op) {
    match op {
        Op::Write(offset, bytes) => image.write(*offset, bytes),
        Op::SetLen(len) => image.set_len(*len),
        _ => {}
    }
}

fn ambient(seed: u64) -> Ambient {
    Ambient::new(SystemClock, SeededRandom::new(seed))
}

fn key() -> PageKey {
    PageKey::new(1, &Secret::new([1; 32]))
}

fn options() -> StoreOptions {
    // A journal so small that it turns every few commits, and that the larger ones go past it.
    StoreOptions { cache_bytes: 256 << 10, journal_bytes: 128 << 10, low_bytes: 0, ..StoreOptions::throwaway() }
}

fn open(medium: Arc<dyn Medium>, options: &StoreOptions) -> Result<DiskEngine, StoreError> {
    DiskEngine::open_on(medium, key(), options, &ambient(2), "the image")
}

/// Rows of both tables after each number of commits, as one hash.
#[derive(Default)]
struct Story {
    hashes: Vec<blake3::Hash>,
    rows: BTreeMap<(u8, Vec<u8>), Vec<u8>>,
}

const COUNTER: &[u8] = b"counter";

impl Story {
    fn hash(&mut self) {
        let mut hasher = blake3::Hasher::new();
        for ((table, key), value) in &self.rows {
            feed(&mut hasher, *table, key, value);
        }
        self.hashes.push(hasher.finalize());
    }

    /// The next commit: a few rows in two tables, some long, some deleted, and the counter.
    fn next(&mut self, dice: &mut SmallRng) -> Changes {
        let mut changes = Changes::new();
        let number = u32::try_from(self.hashes.len()).unwrap();
        let bulk = if number % 16 == 9 { 60 } else { 0 };
        for _ in 0..dice.random_range(1..8) + bulk {
            let table = if dice.random_bool(0.5) { tables::TEST } else { tables::SETTINGS };
            let row = vec![dice.random_range(0..24_u8); 3];
            let gone = dice.random_bool(if number % 16 == 12 { 0.9 } else { 0.2 });
            let len = if dice.random_bool(0.05) { 9_000 } else { dice.random_range(0..800) };
            let value = (!gone).then(|| vec![dice.random::<u8>(); len]);
            changes.entry(table).or_default().insert(row, value.map(Into::into));
        }
        changes.entry(tables::TEST).or_default().insert(COUNTER.into(), Some(number.to_le_bytes().to_vec().into()));
        for (table, rows) in &changes {
            for (key, value) in rows {
                let place = (table.number(), key.clone());
                match value {
                    Some(value) => self.rows.insert(place, value.to_vec()),
                    None => self.rows.remove(&place),
                };
            }
        }
        self.hash();
        changes
    }

    /// Whether the engine has the state after some commit from `least` to `most`; says what is wrong if not.
    fn told_by(&self, engine: &dyn Engine, least: u32, most: u32) -> Result<(), String> {
        let wrong = |error: StoreError| format!("unreadable: {error}");
        let view = engine.snapshot().map_err(wrong)?;
        let counter = view.get(tables::TEST, COUNTER).map_err(wrong)?;
        let number = counter.map_or(Ok([0; 4]), |bytes| bytes.as_ref().try_into());
        let number = number.map(u32::from_le_bytes).map_err(|_| "partial: a counter that is none".to_owned())?;
        let mut hasher = blake3::Hasher::new();
        for table in [tables::TEST, tables::SETTINGS] {
            let all = (std::ops::Bound::Unbounded, std::ops::Bound::Unbounded);
            for row in view.scan(table, &all, Direction::Up).map_err(wrong)? {
                let (key, value) = row.map_err(wrong)?;
                feed(&mut hasher, table.number(), &key, &value);
            }
        }
        match self.hashes.get(number as usize) {
            _ if number < least => Err(format!("lost: has commit {number}, acknowledged was {least}")),
            Some(hash) if number <= most && *hash == hasher.finalize() => Ok(()),
            _ => Err(format!("partial: says commit {number} of {most}, and its rows are not that commit's")),
        }
    }
}

fn feed(hasher: &mut blake3::Hasher, table: u8, key: &[u8], value: &[u8]) {
    hasher.update(&[table]).update(&key.len().to_le_bytes()).update(key);
    hasher.update(&value.len().to_le_bytes()).update(value);
}

/// How the store is run while it is recorded.
#[derive(Clone, Copy)]
struct Run {
    slot: Slot,
    commit: Commit,
    ignores_syncs: bool,
    tree: Filled,
}

/// When what has gathered in the journal is put into the tree.
#[derive(Clone, Copy, PartialEq)]
enum Filled {
    /// Within the commit that finds enough of it.
    Within,
    /// By a thread, while others commit.
    Beside,
}

const AS_BUILT: Run =
    Run { slot: Slot::OWN_SECTORS, commit: Commit::Durable, ignores_syncs: false, tree: Filled::Within };

/// Three sessions of commits on a new store: what was on the disk before, and all that was done to it.
fn record(run: Run, seed: u64) -> (Image, Vec<Op>, Story) {
    let dice = &mut SmallRng::seed_from_u64(seed);
    let recorder = Recorder::over(Image::default());
    let mut story = Story::default();
    story.hash();
    drop(DiskEngine::create_on(recorder.clone(), key(), &options(), &ambient(seed), run.slot).unwrap());
    let start = recorder.image.lock().unwrap().clone();
    let recorder = Arc::new(Recorder {
        image: Mutex::new(start.clone()),
        log: Mutex::default(),
        ignores_syncs: run.ignores_syncs,
    });
    for _ in 0..3 {
        let engine = open(recorder.clone(), &options()).unwrap().committing(run.commit);
        let engine = if run.tree == Filled::Beside { engine.in_background() } else { engine };
        for _ in 0..16 {
            let changes = story.next(dice);
            let number = u32::try_from(story.hashes.len() - 1).unwrap();
            recorder.note(Op::Begun(number));
            engine.commit(&changes).unwrap();
            recorder.note(Op::Acknowledged(number));
        }
    }
    let log = std::mem::take(&mut *recorder.log.lock().unwrap());
    (start, log, story)
}

/// Opens `image` and says what is wrong with it. `again` crashes once more on the way.
fn check(image: Image, story: &Story, (least, most): (u32, u32), dice: &mut SmallRng) -> Result<(), String> {
    let image = if dice.random_bool(0.25) { crash_in_recovery(image, dice)? } else { image };
    let whole = dice.random_bool(0.02);
    let options = StoreOptions { check: if whole { OpenCheck::Whole } else { OpenCheck::Quick }, ..options() };
    let recorder = Recorder::over(image);
    let engine = open(recorder.clone(), &options).map_err(|error| format!("does not open: {error}"))?;
    let told = story.told_by(&engine, least, most);
    if dice.random_bool(0.95) {
        engine.kill();
        told
    } else {
        told?;
        let row = BTreeMap::from([(b"after".to_vec(), Some(vec![1; 5000].into()))]);
        engine.commit(&Changes::from([(tables::ACCOUNTS, row)])).map_err(|error| format!("takes no write: {error}"))?;
        drop(engine);
        let engine = open(recorder, &options).map_err(|error| format!("does not open again: {error}"))?;
        story.told_by(&engine, least, most)
    }
}

fn crash_in_recovery(image: Image, dice: &mut SmallRng) -> Result<Image, String> {
    let recorder = Recorder::over(image.clone());
    let engine = open(recorder.clone(), &options()).map_err(|error| format!("does not open: {error}"))?;
    // Sometimes also in the commit of a clean stop, which trims the file.
    if dice.random_bool(0.7) {
        engine.kill()
    } else {
        drop(engine)
    }
    let log = recorder.log.lock().unwrap();
    let mut moment = Moment::of(image);
    log.iter().take(dice.random_range(0..=log.len())).for_each(|op| moment.then(op));
    Ok(moment.crash(dice))
}

#[derive(Default)]
struct Tally {
    images: usize,
    failures: Vec<String>,
}

/// Crashes after every write, evenly, until there are `images` of them.
fn crash_everywhere(run: Run, images: usize, seed: u64) -> Tally {
    let mut tally = Tally::default();
    let (start, log, story) = record(run, seed);
    let writes = log.iter().filter(|op| matches!(op, Op::Write(..) | Op::SetLen(_))).count();
    let each = images.div_ceil(writes);
    let dice = &mut SmallRng::seed_from_u64(seed ^ 0xC4A5);
    let mut moment = Moment::of(start);
    let (mut least, mut most) = (0, 0);
    for (at, op) in log.iter().enumerate() {
        moment.then(op);
        match op {
            Op::Begun(number) => most = *number,
            Op::Acknowledged(number) => least = *number,
            Op::Sync | Op::SyncOf(..) => {}
            Op::Write(..) | Op::SetLen(_) => {
                for _ in 0..each {
                    tally.images += 1;
                    if let Err(what) = check(moment.crash(dice), &story, (least, most), dice) {
                        tally.failures.push(format!("seed {seed}, operation {at}: {what}"));
                    }
                }
            }
        }
    }
    tally
}

#[test]
fn no_crash_loses_an_acknowledged_commit_or_leaves_half_of_one() {
    let wanted = std::env::var("CHARTBOX_CRASH_IMAGES").map_or(20_000, |n| n.parse::<usize>().unwrap());
    let mut done = 0;
    for seed in 1.. {
        let tree = if seed % 2 == 0 { Filled::Beside } else { Filled::Within };
        let tally = crash_everywhere(Run { tree, ..AS_BUILT }, 5_000.min(wanted), seed);
        assert!(tally.failures.is_empty(), "{} of {}: {:#?}", tally.failures.len(), tally.images, tally.failures);
        done += tally.images;
        if done >= wanted {
            break;
        }
    }
}

#[test]
fn without_durability_commits_are_lost() {
    let tally = crash_everywhere(Run { commit: Commit::InMemory, ..AS_BUILT }, 400, 1);
    assert!(tally.failures.iter().any(|what| what.contains("lost")), "{:#?}", tally.failures);
}

#[test]
fn with_ignored_syncs_commits_are_lost() {
    let tally = crash_everywhere(Run { ignores_syncs: true, ..AS_BUILT }, 400, 1);
    assert!(!tally.failures.is_empty());
}

#[test]
fn with_pages_that_share_sectors_commits_are_lost() {
    let tally = crash_everywhere(Run { slot: Slot::SHARED_SECTORS, ..AS_BUILT }, 2_000, 1);
    assert!(!tally.failures.is_empty());
}
