//! The one writer: takes queued jobs, runs each over an overlay, commits them as one group, answers all.
//!
//! A failing job leaves nothing. A group whose commit fails answers every job in it with that error: also
//! one that had refused by itself, because what it had looked at may be what was not committed. There is no
//! delay when idle: a job that comes alone is committed alone ([`Gathering`]). Nothing that a job does ends the thread.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::StoreError;
use super::codec::Value;
use super::engine::memory::is_empty;
use super::engine::merge::merged;
use super::engine::{Changes, Engine, View};
use super::gathering::Gathering;
use super::kept::Touched;
use super::key::Key;
use super::options::DiskRoom;
use super::read::{Direction, Keep, RawRange, Read, Rows};
use super::table::{Table, TableId};

/// The most jobs in one group: bounds the time to the first answer.
const GROUP_JOBS: usize = 512;
/// A group that holds this many bytes of changes takes no further job: bounds the memory of the overlay.
const GROUP_BYTES: usize = 16 << 20;

/// Whether a job may use the space that is kept for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Ordinary,
    Essential,
}

/// Says whether the group was committed; called once per job, after the commit.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// One job in the queue: it is run or refused, and either way its asker is answered.
trait Job: Send {
    fn class(&self) -> Class;
    fn run(self: Box<Self>, tx: &mut Tx<'_>) -> (Verdict, Answer);
    fn refuse(self: Box<Self>, error: StoreError);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    Drop,
}

struct Asked<T, E, F> {
    class: Class,
    job: F,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Asked<T, E, F>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn class(&self) -> Class {
        self.class
    }

    fn run(self: Box<Self>, tx: &mut Tx<'_>) -> (Verdict, Answer) {
        let Self { job, answer, .. } = *self;
        let (verdict, result) = match catch_unwind(AssertUnwindSafe(|| job(tx))) {
            Ok(Ok(value)) => (Verdict::Keep, Ok(Ok(value))),
            Ok(Err(error)) => (Verdict::Drop, Ok(Err(error))),
            Err(_) => {
                tracing::error!("a job panicked in the store's writer; nothing of it was written");
                (Verdict::Drop, Err(StoreError::JobPanicked))
            }
        };
        let say = move |committed: Result<(), StoreError>| {
            let result = committed.and(result).unwrap_or_else(|error| Err(error.into()));
            // The asker may have gone away; what was committed stays so.
            let _ = answer.send(result);
        };
        (verdict, Box::new(say))
    }

    fn refuse(self: Box<Self>, error: StoreError) {
        let _ = self.answer.send(Err(error.into()));
    }
}

pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(engine: Arc<dyn Engine>, touched: Arc<Touched>) -> Self {
        Self::gathering(engine, touched, Gathering::of_this_runtime())
    }

    fn gathering(engine: Arc<dyn Engine>, touched: Arc<Touched>, gathering: Gathering) -> Self {
        let (queue, jobs) = mpsc::channel();
        let thread = std::thread::Builder::new().name("store-writer".into());
        let thread = thread.spawn(move || run((&*engine, &touched), &jobs, gathering));
        // Without a thread there is no queue, and every write is answered with `Stopping`.
        let thread = thread.inspect_err(|error| tracing::error!(%error, "the store's writer did not start")).ok();
        Self { queue: Mutex::new(thread.is_some().then_some(queue)), thread: Mutex::new(thread) }
    }

    pub(super) fn submit<T, E, F>(&self, class: Class, job: F) -> oneshot::Receiver<Result<T, E>>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        if let Some(queue) = &*lock(&self.queue) {
            // A writer that is gone drops the job and with it the sender: the asker hears that we stop.
            let _ = queue.send(Box::new(Asked { class, job, answer }));
        }
        receiver
    }

    /// Takes no more jobs, and returns when those in the queue are answered.
    pub(super) fn stop(&self) {
        lock(&self.queue).take();
        let thread = lock(&self.thread).take();
        // A job that holds the last of the store stops it from inside; the thread then ends by itself.
        if let Some(thread) = thread.filter(|t| t.thread().id() != std::thread::current().id()) {
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run((engine, touched): (&dyn Engine, &Touched), jobs: &mpsc::Receiver<Box<dyn Job>>, mut gathering: Gathering) {
    let mut room = DiskRoom::Plenty;
    while let Ok(first) = jobs.recv() {
        let before = std::mem::replace(&mut room, engine.room());
        match (before.takes_writes(), room.takes_writes()) {
            (true, false) => tracing::error!("little disk space is left: writes are refused, reading goes on"),
            (false, true) => tracing::info!("there is disk space again: writes go on"),
            _ if room == DiskRoom::Short && before == DiskRoom::Plenty => {
                tracing::warn!("the disk fills up: free some space before writes are refused");
            }
            _ => {}
        }
        gathering.wait();
        let group = std::iter::once(first).chain(jobs.try_iter()).take(GROUP_JOBS);
        gathering.had(run_group((engine, touched), room, group));
    }
}

/// Answers with how many jobs were in the group.
fn run_group(
    (engine, touched): (&dyn Engine, &Touched),
    room: DiskRoom,
    jobs: impl Iterator<Item = Box<dyn Job>>,
) -> usize {
    let mut jobs = jobs.filter_map(|job| {
        if room.takes_writes() || job.class() == Class::Essential {
            return Some(job);
        }
        safely(|| job.refuse(if room == DiskRoom::Full { StoreError::Full } else { StoreError::Low }));
        None
    });
    let Some(first) = jobs.next() else { return 0 };
    let base = match engine.snapshot() {
        Ok(base) => base,
        Err(error) => {
            tracing::error!(%error, "the store cannot be read; a write was refused");
            safely(|| first.refuse(error));
            return 1;
        }
    };
    let mut group = Changes::new();
    let mut bytes = 0;
    let mut answers = Vec::new();
    let mut next = Some(first);
    while let Some(job) = next {
        let mut tx = Tx { base: &*base, group: &group, own: Changes::new(), bytes: 0 };
        let (verdict, answer) = job.run(&mut tx);
        let Tx { own, bytes: added, .. } = tx;
        if verdict == Verdict::Keep {
            bytes += added;
            for (table, rows) in own {
                match group.entry(table) {
                    Entry::Vacant(entry) => drop(entry.insert(rows)),
                    Entry::Occupied(mut entry) => entry.get_mut().extend(rows),
                }
            }
        }
        answers.push(answer);
        next = if bytes < GROUP_BYTES { jobs.next() } else { None };
    }
    drop(base);
    let committed = if group.is_empty() { Ok(()) } else { commit((engine, touched), &group) };
    if let Err(error) = &committed {
        tracing::error!(%error, jobs = answers.len(), "a group of writes was refused by the store");
    }
    let jobs = answers.len();
    for answer in answers {
        safely(|| answer(committed.clone()));
    }
    jobs
}

fn commit((engine, touched): (&dyn Engine, &Touched), group: &Changes) -> Result<(), StoreError> {
    let number = touched.begin(group.keys());
    let committed = catch_unwind(AssertUnwindSafe(|| engine.commit(group)))
        .unwrap_or_else(|_| Err(StoreError::Damaged("a commit ended unexpectedly".into())));
    // What became of one that failed nobody knows until the next one is done.
    if committed.is_ok() {
        touched.end(number);
    }
    committed
}

/// An asker's own conversions run here; they must not end the writer.
fn safely(answer: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(answer)).is_err() {
        tracing::error!("answering a job panicked");
    }
}

/// A job's view inside the writer: reads see everything before it and its own changes.
pub struct Tx<'a> {
    base: &'a dyn View,
    group: &'a Changes,
    own: Changes,
    bytes: usize,
}

impl Tx<'_> {
    pub fn put<K: Key, V: Value>(&mut self, table: &Table<K, V>, key: &K, value: &V) -> Result<(), StoreError> {
        self.change(table.id, key.to_bytes(), Some(value.to_stored()?.into()));
        Ok(())
    }

    pub fn delete<K: Key, V>(&mut self, table: &Table<K, V>, key: &K) -> Result<(), StoreError> {
        self.change(table.id, key.to_bytes(), None);
        Ok(())
    }

    fn change(&mut self, table: TableId, key: Vec<u8>, value: Option<Bytes>) {
        self.bytes += key.len() + value.as_ref().map_or(0, Bytes::len);
        self.own.entry(table).or_default().insert(key, value);
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

    fn raw_scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError> {
        // What is left out of the base stays out, or was changed since.
        let mut rows = self.base.scan_if(table, range, direction, keep)?;
        if is_empty(range) {
            return Ok(rows);
        }
        for layer in [self.group, &self.own] {
            if let Some(changes) = layer.get(&table) {
                rows = merged(rows, changed(changes, range, direction), direction);
            }
        }
        Ok(rows)
    }
}

fn changed<'a>(
    changes: &'a BTreeMap<Vec<u8>, Option<Bytes>>,
    range: &RawRange,
    direction: Direction,
) -> Box<dyn Iterator<Item = (&'a [u8], Option<Bytes>)> + 'a> {
    let rows = changes.range::<Vec<u8>, _>((range.0.as_ref(), range.1.as_ref()));
    let rows = rows.map(|(key, value)| (key.as_slice(), value.clone()));
    match direction {
        Direction::Up => Box::new(rows),
        Direction::Down => Box::new(rows.rev()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::engine::FillBy;
    use super::super::engine::memory::MemoryEngine;
    use super::super::options::StoreStats;
    use super::super::outline::{Outline, RecordId};
    use super::super::tables;
    use super::*;
    use crate::base::StoreId;

    const ROWS: Table<(u32,), Vec<u8>> = Table::new(tables::TEST);

    /// Commits when it is told to, and then as told.
    #[derive(Default)]
    struct Told {
        memory: MemoryEngine,
        groups: Mutex<Vec<usize>>,
        refuses: Mutex<Option<StoreError>>,
        unreadable: Mutex<Option<StoreError>>,
        panics: Mutex<bool>,
    }

    impl Engine for Told {
        fn snapshot(&self) -> Result<Arc<dyn View>, StoreError> {
            lock(&self.unreadable).clone().map_or_else(|| self.memory.snapshot(), Err)
        }
        fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
            lock(&self.groups).push(changes.values().map(BTreeMap::len).sum());
            assert!(!*lock(&self.panics), "on purpose");
            lock(&self.refuses).clone().map_or_else(|| self.memory.commit(changes), Err)
        }
        fn fill(&self, fill: FillBy<'_>) -> Result<(), StoreError> {
            self.memory.fill(fill)
        }
        fn survey(&self) -> Result<(Arc<dyn View>, Option<RecordId>), StoreError> {
            self.memory.survey()
        }
        fn remember(&self, record: RecordId, over: Option<u64>, outline: &Outline) -> Result<bool, StoreError> {
            self.memory.remember(record, over, outline)
        }
        fn stop_recording(&self, record: RecordId) {
            self.memory.stop_recording(record);
        }
        fn room(&self) -> DiskRoom {
            DiskRoom::Plenty
        }
        fn stats(&self) -> StoreStats {
            StoreStats::default()
        }
        fn id(&self) -> StoreId {
            self.memory.id()
        }
        fn close(&self) {}
    }

    type Answered<T> = oneshot::Receiver<Result<T, StoreError>>;

    fn put(writer: &Writer, row: u32, len: usize) -> Answered<()> {
        writer.submit(Class::Ordinary, move |tx| tx.put(&ROWS, &(row,), &vec![0; len]))
    }

    /// Holds the writer in a job of its own until told to go on, so that what follows queues up.
    fn held(writer: &Writer) -> (mpsc::Sender<()>, Answered<()>) {
        let (go, wait) = mpsc::channel();
        let answer = writer.submit(Class::Ordinary, move |_| {
            let _ = wait.recv();
            Ok(())
        });
        (go, answer)
    }

    #[test]
    fn what_waits_is_committed_together_up_to_a_number_of_jobs_and_of_bytes() {
        let engine = Arc::new(Told::default());
        let writer = Writer::start(engine.clone(), Arc::default());
        let (go, _) = held(&writer);
        let answers: Vec<_> = (0..600).map(|row| put(&writer, row, 10)).collect();
        go.send(()).unwrap();
        answers.into_iter().for_each(|answer| answer.blocking_recv().unwrap().unwrap());
        // The job that held the writer is one of the first group.
        assert_eq!(*lock(&engine.groups), [511, 89]);

        lock(&engine.groups).clear();
        let (go, _) = held(&writer);
        let answers: Vec<_> = (0..5).map(|row| put(&writer, row, 6 << 20)).collect();
        go.send(()).unwrap();
        answers.into_iter().for_each(|answer| answer.blocking_recv().unwrap().unwrap());
        assert_eq!(*lock(&engine.groups), [3, 2]);
    }

    #[test]
    fn a_crowd_is_waited_for_as_long_as_all_are_busy_and_a_job_that_comes_alone_never() {
        let engine = Arc::new(Told::default());
        let late: Arc<Mutex<Option<Writer>>> = Arc::default();
        let (asked, writer) = (Arc::new(Mutex::new(0_u32)), late.clone());
        let count = asked.clone();
        // Who is asked for the first time whether all are busy asks for one more row, and is idle then.
        let are_busy = move || {
            let mut asked = lock(&count);
            *asked += 1;
            if let (1, Some(writer)) = (*asked, &*lock(&writer)) {
                drop(put(writer, 100, 10));
            }
            *asked == 1
        };
        *lock(&late) = Some(Writer::gathering(engine.clone(), Arc::default(), Gathering::new(Box::new(are_busy))));
        let all = |rows: std::ops::Range<u32>| {
            let writer = lock(&late);
            let writer = writer.as_ref().unwrap();
            let (go, first) = held(writer);
            let mut answers: Vec<_> = rows.map(|row| put(writer, row, 10)).collect();
            answers.push(first);
            go.send(()).unwrap();
            answers
        };
        let answered = |answers: Vec<Answered<()>>| {
            answers.into_iter().for_each(|answer| answer.blocking_recv().unwrap().unwrap());
        };
        answered(all(0..2));
        assert_eq!((lock(&engine.groups).clone(), *lock(&asked)), (vec![2], 0), "they are no crowd");
        answered(all(0..4));
        assert_eq!((lock(&engine.groups).clone(), *lock(&asked)), (vec![2, 4], 0), "nobody knew that they would come");
        answered(all(0..1));
        assert_eq!((lock(&engine.groups).clone(), *lock(&asked)), (vec![2, 4, 2], 2), "one more came along");
        answered(all(0..1));
        assert_eq!((lock(&engine.groups).clone(), *lock(&asked)), (vec![2, 4, 2, 1], 2));
        // It holds what its own thread looks into.
        let last = lock(&late).take();
        drop(last);
    }

    #[test]
    fn a_refused_commit_is_every_jobs_answer_and_the_next_group_goes_on() {
        let engine = Arc::new(Told::default());
        let writer = Writer::start(engine.clone(), Arc::default());
        *lock(&engine.refuses) = Some(StoreError::Full);
        let (go, first) = held(&writer);
        let second = put(&writer, 1, 10);
        // It refuses because of a row that will turn out never to have been.
        let third: Answered<()> = writer.submit(Class::Ordinary, |tx| {
            assert!(tx.raw_get(tables::TEST, &1_u32.to_be_bytes())?.is_some());
            Err(StoreError::Damaged("there already".into()))
        });
        go.send(()).unwrap();
        for answer in [first, second, third] {
            assert!(matches!(answer.blocking_recv(), Ok(Err(StoreError::Full))));
        }
        *lock(&engine.refuses) = None;
        put(&writer, 1, 10).blocking_recv().unwrap().unwrap();
    }

    #[test]
    fn an_unreadable_store_and_a_panicking_commit_are_answered_in_words() {
        let engine = Arc::new(Told::default());
        let writer = Writer::start(engine.clone(), Arc::default());
        *lock(&engine.unreadable) = Some(StoreError::WrongKey);
        assert!(matches!(put(&writer, 1, 1).blocking_recv(), Ok(Err(StoreError::WrongKey))));
        *lock(&engine.unreadable) = None;
        *lock(&engine.panics) = true;
        assert!(matches!(put(&writer, 1, 1).blocking_recv(), Ok(Err(StoreError::Damaged(_)))));
        *lock(&engine.panics) = false;
        put(&writer, 1, 1).blocking_recv().unwrap().unwrap();
    }

    #[test]
    fn an_error_type_that_panics_does_not_end_the_writer() {
        #[derive(Debug)]
        struct Rude;
        impl From<StoreError> for Rude {
            fn from(_: StoreError) -> Self {
                panic!("on purpose")
            }
        }
        let writer = Writer::start(Arc::new(Told::default()), Arc::default());
        let answer: oneshot::Receiver<Result<(), Rude>> = writer.submit(Class::Ordinary, |_| panic!("on purpose"));
        assert!(answer.blocking_recv().is_err());
        put(&writer, 1, 1).blocking_recv().unwrap().unwrap();
    }

    #[test]
    fn stopping_answers_what_is_queued_and_refuses_what_comes_later() {
        let engine = Arc::new(Told::default());
        let writer = Writer::start(engine.clone(), Arc::default());
        let answers: Vec<_> = (0..20).map(|row| put(&writer, row, 10)).collect();
        writer.stop();
        answers.into_iter().for_each(|answer| answer.blocking_recv().unwrap().unwrap());
        assert!(put(&writer, 30, 10).blocking_recv().is_err());
        assert_eq!(lock(&engine.groups).iter().sum::<usize>(), 20);
    }
}
