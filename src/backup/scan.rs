//! Reading one view of the store as chunks: cut, named, and sealed where a target lacks them.
//!
//! One thread reads, workers name, compress and seal, and each target has a thread that writes. What is in flight is
//! bounded, so that memory does not grow with the store.

use std::ops::{Bound, ControlFlow};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::base::Ambient;
use crate::crypto::backup::{ChunkName, RepositoryKey};
use crate::store::{Snapshot, TableId, tables};

use super::cut::Cutter;
use super::error::BackupError;
use super::index::lock;
use super::layout::{Leaf, NodeBuilder, RawChunk, TableFacts};
use super::watch::{Phase, Progress, Watch};
use super::writing::{Sealed, Sealer, Sink};

/// Chunks that wait for a worker.
const AHEAD: usize = 64;

/// Bytes between two words of progress.
const SAID_EVERY: u64 = 2 << 20;

/// Where chunks go: a sink that may lack them, and the way to its thread.
pub struct Way<'a> {
    pub sink: &'a Sink,
    pub send: SyncSender<Sealed>,
}

/// What the store is read with.
pub struct Scan<'a> {
    pub view: &'a Snapshot,
    pub key: &'a RepositoryKey,
    pub ambient: &'a Ambient,
    pub watch: &'a dyn Watch,
    /// How many bytes there will be, as far as can be told before.
    pub total: u64,
}

struct Job {
    table: usize,
    place: u32,
    chunk: RawChunk,
}

/// The leaves of one table, as workers finish them: each with its place in the table.
type Leaves = Mutex<Vec<(u32, Leaf)>>;

impl Scan<'_> {
    /// Reads everything; what a way's sink lacks goes there. Answers with what each table holds.
    pub fn run(&self, ways: &[Way<'_>]) -> Result<Vec<TableFacts>, BackupError> {
        let leaves: Vec<Leaves> = tables::ALL.iter().map(|_| Leaves::default()).collect();
        let failed: Mutex<Option<BackupError>> = Mutex::default();
        let stop = AtomicBool::new(false);
        let fail = |error| {
            lock(&failed).get_or_insert(error);
            stop.store(true, Ordering::Relaxed);
        };
        let (send, receive) = sync_channel::<Job>(AHEAD);
        let receive = Mutex::new(receive);
        std::thread::scope(|scope| {
            for _ in 0..workers() {
                scope.spawn(|| {
                    if let Err(error) = self.work(&receive, ways, &leaves) {
                        fail(error);
                        // The reader is not to wait for one who does not take.
                        while next(&receive).is_some() {}
                    }
                });
            }
            if let Err(error) = self.read(&send, &stop) {
                fail(error);
            }
            drop(send);
        });
        if let Some(error) = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return Err(error);
        }
        let mut sealer = Sealer::new(self.key, self.ambient)?;
        let facts = tables::ALL.iter().zip(leaves).map(|(table, leaves)| {
            let leaves = leaves.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            self.facts(*table, leaves, &mut sealer, ways)
        });
        facts.filter_map(Result::transpose).collect()
    }

    fn read(&self, send: &SyncSender<Job>, stop: &AtomicBool) -> Result<(), BackupError> {
        let (mut done, mut said) = (0_u64, 0_u64);
        for (number, table) in tables::ALL.iter().enumerate() {
            let mut cutter = Cutter::new(self.key, table.number());
            let mut place = 0_u32;
            let mut hand_on = |chunk: Option<RawChunk>| {
                let Some(chunk) = chunk else { return ControlFlow::Continue(()) };
                done += chunk.bytes.len() as u64;
                if done - said >= SAID_EVERY {
                    said = done;
                    self.watch.progress(Progress { phase: Phase::Writing, done, total: self.total.max(done) });
                }
                let sent = send.send(Job { table: number, place, chunk });
                place += 1;
                if sent.is_err() || stop.load(Ordering::Relaxed) || self.watch.is_stopped() {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            };
            let mut broken_off = false;
            self.view.walk(*table, Bound::Unbounded, &mut |key, value| {
                let flow = hand_on(cutter.push(key, value));
                broken_off |= flow.is_break();
                flow
            })?;
            if broken_off || hand_on(cutter.finish()).is_break() {
                return Err(BackupError::Stopped);
            }
        }
        Ok(())
    }

    fn work(&self, jobs: &Mutex<Receiver<Job>>, ways: &[Way<'_>], leaves: &[Leaves]) -> Result<(), BackupError> {
        let mut sealer = Sealer::new(self.key, self.ambient)?;
        while let Some(Job { table, place, chunk }) = next(jobs) {
            let name = self.store(&chunk.bytes, &mut sealer, ways)?;
            let bytes = u32::try_from(chunk.bytes.len()).unwrap_or(u32::MAX);
            if let Some(leaves) = leaves.get(table) {
                lock(leaves).push((place, Leaf { name, rows: chunk.rows, bytes }));
            }
        }
        Ok(())
    }

    /// Sends a chunk wherever it is lacking.
    fn store(&self, plain: &[u8], sealer: &mut Sealer<'_>, ways: &[Way<'_>]) -> Result<ChunkName, BackupError> {
        let name = self.key.name(plain);
        let mut lacking = ways.iter().filter(|way| way.sink.lacks(&name)).peekable();
        if lacking.peek().is_some() {
            let sealed = sealer.seal(name, plain)?;
            for way in lacking {
                // A thread that is gone has said why itself.
                let _ = way.send.send(sealed.clone());
            }
        }
        Ok(name)
    }

    fn facts(
        &self,
        table: TableId,
        mut leaves: Vec<(u32, Leaf)>,
        sealer: &mut Sealer<'_>,
        ways: &[Way<'_>],
    ) -> Result<Option<TableFacts>, BackupError> {
        if leaves.is_empty() {
            return Ok(None);
        }
        leaves.sort_unstable_by_key(|(place, _)| *place);
        let (mut nodes, mut builder) = (Vec::new(), NodeBuilder::default());
        let (mut rows, mut bytes) = (0, 0);
        for (_, leaf) in leaves {
            rows += u64::from(leaf.rows);
            bytes += u64::from(leaf.bytes);
            if let Some(node) = builder.push(leaf) {
                nodes.push(self.store(&node, sealer, ways)?);
            }
        }
        if let Some(node) = builder.take() {
            nodes.push(self.store(&node, sealer, ways)?);
        }
        Ok(Some(TableFacts { number: table.number(), name: table.name().to_owned(), rows, bytes, nodes }))
    }
}

fn next(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    lock(jobs).recv().ok()
}

/// One core is for the reader, and the box has other things to do.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).clamp(1, 4))
}
