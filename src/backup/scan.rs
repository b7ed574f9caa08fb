//! Reading one view of the store as chunks: cut, named, and sealed where a target lacks them.
//!
//! One thread reads, workers name, compress and seal, and each target has a thread that writes. What is in flight is
//! bounded, so that memory does not grow with the store; a target that takes too little for too long is left out ([`super::pace`]). What is known to be as it was is not read ([`super::known`]).

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use crate::base::Ambient;
use crate::crypto::backup::{ChunkName, RepositoryKey};
use crate::store::{Besides, Outline, StoreError, Survey, TableId, tables};

use super::cut::Cutter;
use super::error::BackupError;
use super::index::lock;
use super::known::{Extent, KnownChunk, Step, known, read_again, unmarked, walk};
use super::layout::{Leaf, NodeBuilder, RawChunk, TableFacts};
use super::pace::{Company, NAP, Patience};
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
    pub survey: &'a Survey,
    /// Whether what is known is relied on. It is held against what was read where it is not.
    pub extent: Extent,
    /// Whether anything is known of chunks under this key.
    pub knows: bool,
    pub key: &'a RepositoryKey,
    pub ambient: &'a Ambient,
    pub watch: &'a dyn Watch,
    /// How many bytes there will be, as far as can be told before.
    pub total: u64,
    /// How long a target is waited for.
    pub patience: Patience,
}

struct Job {
    table: usize,
    place: u32,
    chunk: RawChunk,
    /// What it has to be, for one that is known.
    expected: Option<Leaf>,
}

/// A chunk of a table.
#[derive(Debug)]
struct Found {
    place: u32,
    leaf: Leaf,
    /// Its first key, if it is not known yet.
    start: Option<Vec<u8>>,
}

/// The chunks of one table, as workers finish them.
type Chunks = Mutex<Vec<Found>>;

/// What reading found.
#[derive(Debug, Default)]
pub struct Scanned {
    pub tables: Vec<TableFacts>,
    /// What is to be remembered, but for its head.
    pub outline: Outline,
    /// Bytes of rows that were read.
    pub read: u64,
    /// Chunks that were another than what was known of them, though nothing said so.
    pub unmarked: u64,
}

impl Scan<'_> {
    /// Goes through everything; what a way's sink lacks goes there.
    pub fn run(&self, ways: &[Way<'_>]) -> Result<Scanned, BackupError> {
        let chunks: Vec<Chunks> = tables::ALL.iter().map(|_| Chunks::default()).collect();
        let failed: Mutex<Option<BackupError>> = Mutex::default();
        let stop = AtomicBool::new(false);
        let fail = |error| {
            lock(&failed).get_or_insert(error);
            stop.store(true, Ordering::Relaxed);
        };
        let (send, receive) = sync_channel::<Job>(AHEAD);
        let receive = Mutex::new(receive);
        let (before, read) = std::thread::scope(|scope| {
            for _ in 0..workers() {
                scope.spawn(|| {
                    if let Err(error) = self.work(&receive, ways, &chunks) {
                        fail(error);
                        // The reader is not to wait for one who does not take.
                        while next(&receive).is_some() {}
                    }
                });
            }
            let (chunks, stop) = (chunks.as_slice(), &stop);
            let before = Vec::with_capacity(chunks.len());
            let mut reader = Reading { scan: self, ways, chunks, send, stop, done: 0, said: 0, read: 0, before };
            if let Err(error) = reader.all() {
                fail(error);
            }
            (reader.before, reader.read)
        });
        if let Some(error) = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return Err(error);
        }
        let mut sealer = Sealer::new(self.key, self.ambient)?;
        let mut scanned = Scanned { read, ..Scanned::default() };
        for ((table, chunks), before) in tables::ALL.iter().zip(chunks).zip(before) {
            let mut chunks = chunks.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            chunks.sort_unstable_by_key(|one| one.place);
            scanned.unmarked += before.contradicted_by(&chunks);
            let facts = self.facts(*table, chunks.iter().map(|one| one.leaf), &mut sealer, ways)?;
            // The engine counts rows as they come and go, whatever was marked.
            let counted = self.survey.view.count(*table)?;
            if facts.as_ref().map_or(0, |facts| facts.rows) != counted {
                return Err(self.miscounted(*table));
            }
            scanned.tables.extend(facts);
            let parts = before.changed(chunks);
            if !parts.is_empty() {
                scanned.outline.parts.insert(*table, parts);
            }
        }
        scanned.outline.besides = if self.relies() { Besides::Stay } else { Besides::Go };
        Ok(scanned)
    }

    fn relies(&self) -> bool {
        self.knows && self.extent == Extent::Changes
    }

    fn miscounted(&self, table: TableId) -> BackupError {
        if self.relies() {
            return BackupError::Unknown;
        }
        let what = format!("the table {} has other rows than were counted", table.name());
        StoreError::Damaged(what).into()
    }

    fn work(&self, jobs: &Mutex<Receiver<Job>>, ways: &[Way<'_>], chunks: &[Chunks]) -> Result<(), BackupError> {
        let mut sealer = Sealer::new(self.key, self.ambient)?;
        while let Some(Job { table, place, chunk, expected }) = next(jobs) {
            let name = self.store(&chunk.bytes, &mut sealer, ways)?;
            let leaf = Leaf { name, rows: chunk.rows, bytes: u32::try_from(chunk.bytes.len()).unwrap_or(u32::MAX) };
            let start = match expected {
                Some(expected) if expected != leaf => return Err(BackupError::Unknown),
                Some(_) => None,
                None if place == 0 => Some(Vec::new()),
                None => chunk.first_key().map(<[u8]>::to_vec),
            };
            if let Some(chunks) = chunks.get(table) {
                lock(chunks).push(Found { place, leaf, start });
            }
        }
        Ok(())
    }

    /// Sends a chunk wherever it is lacking.
    fn store(&self, plain: &[u8], sealer: &mut Sealer<'_>, ways: &[Way<'_>]) -> Result<ChunkName, BackupError> {
        let name = self.key.name(plain);
        let lacking: Vec<&Way<'_>> = ways.iter().filter(|way| way.sink.wants(&name)).collect();
        if !lacking.is_empty() {
            let sealed = sealer.seal(name, plain)?;
            for way in lacking {
                self.send(way, ways, sealed.clone());
            }
        }
        Ok(name)
    }

    /// Sends a chunk to a target, and waits for room for as long as that is waited for.
    fn send(&self, way: &Way<'_>, ways: &[Way<'_>], mut chunk: Sealed) {
        loop {
            match way.send.try_send(chunk) {
                // A thread that is gone has said why itself.
                Ok(()) | Err(TrySendError::Disconnected(_)) => return,
                Err(TrySendError::Full(back)) => chunk = back,
            }
            let go_on = ways.iter().filter(|way| way.sink.goes_on()).count();
            let company = if go_on > 1 { Company::Others } else { Company::Alone };
            if way.sink.pace.wait(&self.patience, company).is_some() || self.watch.is_stopped() {
                return;
            }
            std::thread::sleep(NAP);
        }
    }

    fn facts(
        &self,
        table: TableId,
        leaves: impl Iterator<Item = Leaf>,
        sealer: &mut Sealer<'_>,
        ways: &[Way<'_>],
    ) -> Result<Option<TableFacts>, BackupError> {
        let (mut nodes, mut builder) = (Vec::new(), NodeBuilder::default());
        let (mut rows, mut bytes) = (0, 0);
        for leaf in leaves {
            rows += u64::from(leaf.rows);
            bytes += u64::from(leaf.bytes);
            if let Some(node) = builder.push(leaf) {
                nodes.push(self.store(&node, sealer, ways)?);
            }
        }
        if let Some(node) = builder.take() {
            nodes.push(self.store(&node, sealer, ways)?);
        }
        let facts = TableFacts { number: table.number(), name: table.name().to_owned(), rows, bytes, nodes };
        Ok((!facts.nodes.is_empty()).then_some(facts))
    }
}

/// What was known of a table before.
enum Before {
    /// It was relied on: these starts are not those of chunks any more.
    Used { gone: Vec<Vec<u8>> },
    /// It was not.
    Doubted(Vec<KnownChunk>),
}

impl Before {
    fn contradicted_by(&self, now: &[Found]) -> u64 {
        match self {
            Self::Used { .. } => 0,
            Self::Doubted(known) => {
                unmarked(known, now.iter().filter_map(|one| Some((one.start.as_deref()?, one.leaf))))
            }
        }
    }

    /// The parts that changed.
    fn changed(self, now: Vec<Found>) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        let gone = match self {
            Self::Used { gone } => gone,
            Self::Doubted(_) => Vec::new(),
        };
        let gone = gone.into_iter().map(|start| (start, None));
        let new = now.into_iter().filter_map(|one| Some((one.start?, Some(one.leaf.to_bytes().to_vec()))));
        gone.chain(new).collect()
    }
}

/// The thread that reads.
struct Reading<'a> {
    scan: &'a Scan<'a>,
    ways: &'a [Way<'a>],
    chunks: &'a [Chunks],
    send: SyncSender<Job>,
    stop: &'a AtomicBool,
    /// Bytes of rows that are done, read or not.
    done: u64,
    said: u64,
    read: u64,
    before: Vec<Before>,
}

impl Reading<'_> {
    fn all(&mut self) -> Result<(), BackupError> {
        for (number, table) in tables::ALL.iter().enumerate() {
            self.table(number, *table)?;
        }
        Ok(())
    }

    fn table(&mut self, number: usize, table: TableId) -> Result<(), BackupError> {
        let scan = self.scan;
        let remembered = if scan.knows { known(scan.survey.parts(table)?) } else { Vec::new() };
        let (relied_on, doubted) = if scan.relies() { (remembered, Vec::new()) } else { (Vec::new(), remembered) };
        let mut used = vec![false; relied_on.len()];
        let mut cutter = Cutter::new(scan.key, table.number());
        let mut place = 0_u32;
        let flow = walk(&scan.survey.view, table, &mut cutter, &relied_on, &mut |step| {
            let flow = match step {
                Step::Read(chunk) => self.hand_on(Job { table: number, place, chunk, expected: None }),
                Step::Same(at) => {
                    if let Some(used) = used.get_mut(at) {
                        *used = true;
                    }
                    self.same(number, table, place, &relied_on, at)?
                }
            };
            place += 1;
            Ok(flow)
        })?;
        if flow.is_break() {
            return Err(BackupError::Stopped);
        }
        self.before.push(if scan.relies() {
            let gone = relied_on.into_iter().zip(used).filter(|(_, used)| !used).map(|(one, _)| one.start);
            Before::Used { gone: gone.collect() }
        } else {
            Before::Doubted(doubted)
        });
        Ok(())
    }

    /// A chunk that is as it was: read again only for a target that lacks it.
    fn same(
        &mut self,
        number: usize,
        table: TableId,
        place: u32,
        known: &[KnownChunk],
        at: usize,
    ) -> Result<ControlFlow<()>, StoreError> {
        let Some(leaf) = known.get(at).map(|one| one.leaf) else { return Ok(ControlFlow::Break(())) };
        if self.ways.iter().any(|way| way.sink.lacks(&leaf.name)) {
            let chunk = read_again(&self.scan.survey.view, table, known, at)?;
            return Ok(self.hand_on(Job { table: number, place, chunk, expected: Some(leaf) }));
        }
        if let Some(chunks) = self.chunks.get(number) {
            lock(chunks).push(Found { place, leaf, start: None });
        }
        Ok(self.went_on(u64::from(leaf.bytes)))
    }

    fn hand_on(&mut self, job: Job) -> ControlFlow<()> {
        let bytes = job.chunk.bytes.len() as u64;
        self.read += bytes;
        if self.send.send(job).is_err() {
            return ControlFlow::Break(());
        }
        self.went_on(bytes)
    }

    fn went_on(&mut self, bytes: u64) -> ControlFlow<()> {
        self.done += bytes;
        if self.done - self.said >= SAID_EVERY {
            self.said = self.done;
            let total = self.scan.total.max(self.done);
            self.scan.watch.progress(Progress { phase: Phase::Writing, done: self.done, total });
        }
        if self.stop.load(Ordering::Relaxed) || self.scan.watch.is_stopped() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn next(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    lock(jobs).recv().ok()
}

/// One core is for the reader, and the box has other things to do.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).clamp(1, 4))
}
