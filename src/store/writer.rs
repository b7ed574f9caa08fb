//! The one writer: takes queued jobs, runs each over an overlay, commits them as one group, answers all.
//!
//! A failing job leaves nothing; a group whose commit fails answers every job in it with that error.
//! There is no delay when idle: a job that comes alone is committed alone.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::StoreError;
use super::codec::Value;
use super::engine::memory::is_empty;
use super::engine::{Changes, Engine, View};
use super::key::Key;
use super::read::{Direction, RawRange, Read, Rows};
use super::table::{Table, TableId};

/// The most jobs in one group: bounds the memory of the overlay and the time to the first answer.
const GROUP: usize = 512;

/// Says whether the group was committed; called once per job, after the commit.
type Answer = Box<dyn FnOnce(Result<(), Arc<StoreError>>) + Send>;
/// Runs over the overlay; `Ok` carries what to answer once the group is durable.
type Job = Box<dyn FnOnce(&mut Tx<'_>) -> Outcome + Send>;

enum Outcome {
    Keep(Answer),
    Drop(Answer),
}

pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(engine: Arc<dyn Engine>) -> Self {
        let (queue, jobs) = mpsc::channel::<Job>();
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || run(&*engine, &jobs)).ok();
        Self { queue: thread.is_some().then_some(queue), thread }
    }

    pub(super) fn submit<T, E, F>(&self, job: F) -> oneshot::Receiver<Result<T, E>>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |tx| match catch_unwind(AssertUnwindSafe(|| job(tx))) {
            Ok(Ok(value)) => Outcome::Keep(Box::new(move |committed| {
                // The asker may have gone away; what was committed stays so.
                let _ = sender.send(match committed {
                    Ok(()) => Ok(value),
                    Err(error) => Err(error.again().into()),
                });
            })),
            Ok(Err(error)) => Outcome::Drop(Box::new(move |_| drop(sender.send(Err(error))))),
            Err(_) => Outcome::Drop(Box::new(move |_| {
                tracing::error!("a job panicked in the store's writer; nothing of it was written");
                drop(sender.send(Err(StoreError::Io("a job failed unexpectedly".into()).into())));
            })),
        });
        if let Some(queue) = &self.queue {
            // A writer that is gone drops the job and with it the sender: the asker hears that we stop.
            let _ = queue.send(job);
        }
        receiver
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take().filter(|t| t.thread().id() != std::thread::current().id()) {
            let _ = thread.join();
        }
    }
}

impl StoreError {
    /// The same error for each job of a group whose commit failed.
    fn again(&self) -> Self {
        match self {
            Self::Io(text) => Self::Io(text.clone()),
            Self::Damaged(text) => Self::Damaged(text.clone()),
            Self::Codec(error) => Self::Codec(*error),
            Self::Full => Self::Full,
            Self::Stopping => Self::Stopping,
        }
    }
}

fn run(engine: &dyn Engine, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let base = match engine.snapshot() {
            Ok(base) => base,
            Err(error) => {
                tracing::error!(%error, "the store cannot be read; a write was refused");
                continue;
            }
        };
        let mut group = Changes::new();
        let mut kept = Vec::new();
        let mut dropped = Vec::new();
        for job in std::iter::once(first).chain(jobs.try_iter()).take(GROUP) {
            let mut tx = Tx { base: &*base, group: &group, own: Changes::new() };
            match job(&mut tx) {
                Outcome::Keep(answer) => {
                    let own = tx.own;
                    for (table, rows) in own {
                        group.entry(table).or_default().extend(rows);
                    }
                    kept.push(answer);
                }
                Outcome::Drop(answer) => dropped.push(answer),
            }
        }
        drop(base);
        let committed = if group.is_empty() { Ok(()) } else { engine.commit(&group).map_err(Arc::new) };
        if let Err(error) = &committed {
            tracing::error!(%error, jobs = kept.len(), "a group of writes was refused by the store");
        }
        for answer in kept.into_iter().chain(dropped) {
            answer(committed.clone());
        }
    }
}

/// A job's view inside the writer: reads see everything before it and its own changes.
pub struct Tx<'a> {
    base: &'a dyn View,
    group: &'a Changes,
    own: Changes,
}

impl Tx<'_> {
    pub fn put<K: Key, V: Value>(&mut self, table: &Table<K, V>, key: &K, value: &V) -> Result<(), StoreError> {
        self.own.entry(table.id).or_default().insert(key.to_bytes(), Some(value.to_stored()?.into()));
        Ok(())
    }

    pub fn delete<K: Key, V>(&mut self, table: &Table<K, V>, key: &K) -> Result<(), StoreError> {
        self.own.entry(table.id).or_default().insert(key.to_bytes(), None);
        Ok(())
    }
}

impl Read for Tx<'_> {
    fn raw_get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        for layer in [&self.own, self.group] {
            if let Some(change) = layer.get(&table).and_then(|rows| rows.get(key)) {
                return Ok(change.clone());
            }
        }
        self.base.get(table, key)
    }

    fn raw_scan(&self, table: TableId, range: &RawRange, direction: Direction) -> Result<Rows<'_>, StoreError> {
        let mut rows = self.base.scan(table, range, direction)?;
        if is_empty(range) {
            return Ok(rows);
        }
        for layer in [self.group, &self.own] {
            if let Some(changes) = layer.get(&table) {
                rows = merged(rows, changes, range, direction);
            }
        }
        Ok(rows)
    }
}

type Layer<'a> = Box<dyn Iterator<Item = (&'a Vec<u8>, &'a Option<Bytes>)> + 'a>;

fn merged<'a>(
    below: Rows<'a>,
    changes: &'a BTreeMap<Vec<u8>, Option<Bytes>>,
    range: &RawRange,
    direction: Direction,
) -> Rows<'a> {
    let above = changes.range::<Vec<u8>, _>((range.0.as_ref(), range.1.as_ref()));
    let above: Layer<'a> = match direction {
        Direction::Up => Box::new(above),
        Direction::Down => Box::new(above.rev()),
    };
    Box::new(Merged { below: below.peekable(), above: above.peekable(), direction })
}

/// Two sorted streams as one; the upper one wins, and its deletions hide.
struct Merged<'a> {
    below: Peekable<Rows<'a>>,
    above: Peekable<Layer<'a>>,
    direction: Direction,
}

impl Iterator for Merged<'_> {
    type Item = Result<(Bytes, Bytes), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.below.peek(), self.above.peek()) {
                (None, None) => return None,
                (Some(Err(_)), _) | (Some(_), None) => return self.below.next(),
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(Ok((low, _))), Some((high, _))) => match self.direction {
                    Direction::Up => low.as_ref().cmp(high.as_slice()),
                    Direction::Down => high.as_slice().cmp(low.as_ref()),
                },
            };
            if order == std::cmp::Ordering::Less {
                return self.below.next();
            }
            if order == std::cmp::Ordering::Equal {
                self.below.next();
            }
            if let Some((key, Some(value))) = self.above.next() {
                return Some(Ok((Bytes::copy_from_slice(key), value.clone())));
            }
        }
    }
}
