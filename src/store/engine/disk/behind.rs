//! A file whose writes a thread carries out: for a store that is being filled.
//!
//! Nobody has such a store until it is whole. So what is written to it is gathered, put in the order of the file, and written many
//! pages at a time, while the next are being made; and the thread waits for the disk now and then, so that little is left to
//! wait for at the end. What goes wrong there is told at the next write or read, and at the latest by `sync`, which waits for everything.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::medium::Medium;
use super::pages::lock;
use crate::store::options::DiskSpace;

/// The bytes that are handed over at once.
const BATCH: usize = 1 << 20;
/// As many batches wait for the thread, at most.
const WAITING: usize = 16;
/// After so many bytes the disk gets to work.
const AHEAD: usize = 32 << 20;

/// Writes that do not overlap, by where they begin.
type Batch = BTreeMap<u64, Vec<u8>>;

enum Order {
    Write(Batch),
    /// To be answered when all before it is done.
    Answer(SyncSender<()>),
}

#[derive(Debug)]
pub(super) struct Behind {
    medium: Arc<dyn Medium>,
    gathered: Mutex<Gathered>,
    failed: Arc<Mutex<Option<io::Error>>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Gathered {
    batch: Batch,
    bytes: usize,
    /// Something was handed over since all was waited for.
    under_way: bool,
    orders: Option<SyncSender<Order>>,
}

impl Behind {
    pub(super) fn over(medium: Arc<dyn Medium>) -> Self {
        let (orders, taken) = sync_channel(WAITING);
        let failed = Arc::new(Mutex::new(None));
        let thread = {
            let (medium, failed) = (medium.clone(), failed.clone());
            std::thread::spawn(move || carry_out(&*medium, &taken, &failed))
        };
        let gathered = Gathered { batch: Batch::new(), bytes: 0, under_way: false, orders: Some(orders) };
        Self { medium, gathered: Mutex::new(gathered), failed, thread: Some(thread) }
    }

    /// What went wrong first, again and again: nothing that was written is certain after it.
    fn well(&self) -> io::Result<()> {
        lock(&self.failed).as_ref().map_or(Ok(()), |error| Err(io::Error::new(error.kind(), error.to_string())))
    }

    /// Waits until everything is in the file.
    fn settle(&self) -> io::Result<()> {
        let mut gathered = lock(&self.gathered);
        gathered.hand_over()?;
        if gathered.under_way {
            let (done, answered) = sync_channel(1);
            gathered.order(Order::Answer(done))?;
            answered.recv().map_err(io::Error::other)?;
            gathered.under_way = false;
        }
        self.well()
    }
}

impl Gathered {
    fn take(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if self.has_part_of(offset, bytes.len()) {
            self.hand_over()?;
        }
        self.batch.insert(offset, bytes.to_vec());
        self.bytes += bytes.len();
        if self.bytes >= BATCH { self.hand_over() } else { Ok(()) }
    }

    /// Whether something else was gathered for some of these bytes: then the order of both counts.
    fn has_part_of(&self, offset: u64, len: usize) -> bool {
        let before_end = self.batch.range(..offset.saturating_add(len as u64)).next_back();
        before_end.is_some_and(|(at, bytes)| at + bytes.len() as u64 > offset && (*at, bytes.len()) != (offset, len))
    }

    fn hand_over(&mut self) -> io::Result<()> {
        self.bytes = 0;
        if self.batch.is_empty() {
            return Ok(());
        }
        self.under_way = true;
        let batch = std::mem::take(&mut self.batch);
        self.order(Order::Write(batch))
    }

    fn order(&self, order: Order) -> io::Result<()> {
        let gone = || io::Error::other("what writes the file has ended");
        self.orders.as_ref().ok_or_else(gone)?.send(order).map_err(|_| gone())
    }
}

fn carry_out(medium: &dyn Medium, orders: &Receiver<Order>, failed: &Mutex<Option<io::Error>>) {
    let mut unsynced = 0;
    for order in orders {
        match order {
            Order::Write(batch) if lock(failed).is_none() => {
                unsynced += batch.values().map(Vec::len).sum::<usize>();
                let mut done = write_all(medium, batch);
                if unsynced >= AHEAD {
                    done = done.and_then(|()| medium.sync());
                    unsynced = 0;
                }
                if let Err(error) = done {
                    *lock(failed) = Some(error);
                }
            }
            Order::Write(_) => {}
            // Who asked is not there any more when it cannot be answered.
            Order::Answer(done) => drop(done.send(())),
        }
    }
}

/// Writes what lies side by side at once.
fn write_all(medium: &dyn Medium, batch: Batch) -> io::Result<()> {
    let mut run: Option<(u64, Vec<u8>)> = None;
    for (at, bytes) in batch {
        match &mut run {
            Some((from, run)) if *from + run.len() as u64 == at => run.extend_from_slice(&bytes),
            _ => {
                if let Some((from, run)) = run.replace((at, bytes)) {
                    medium.write_at(from, &run)?;
                }
            }
        }
    }
    run.map_or(Ok(()), |(from, run)| medium.write_at(from, &run))
}

impl Medium for Behind {
    fn len(&self) -> io::Result<u64> {
        self.medium.len()
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.settle()?;
        self.medium.read_at(offset, out)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.well()?;
        lock(&self.gathered).take(offset, bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.settle()?;
        self.medium.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.settle()?;
        self.medium.sync()
    }

    fn write_durably(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.settle()?;
        self.medium.write_durably(offset, bytes)
    }

    fn space(&self) -> io::Result<DiskSpace> {
        self.medium.space()
    }

    fn release(&self) {
        // What could not be written was told to whoever waited for it.
        let _ = self.settle();
        self.medium.release();
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        let mut gathered = lock(&self.gathered);
        // As in `release`.
        let _ = gathered.hand_over();
        gathered.orders = None;
        drop(gathered);
        self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use proptest::prelude::*;

    use super::*;

    /// Bytes in memory, of which so many can still be written.
    #[derive(Debug)]
    struct Memory {
        bytes: Mutex<Vec<u8>>,
        left: AtomicU64,
    }

    impl Memory {
        fn of(len: usize) -> Arc<Self> {
            Arc::new(Self { bytes: Mutex::new(vec![0; len]), left: AtomicU64::new(u64::MAX) })
        }
    }

    impl Medium for Memory {
        fn len(&self) -> io::Result<u64> {
            Ok(lock(&self.bytes).len() as u64)
        }
        fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            let from = offset as usize;
            let bytes = lock(&self.bytes);
            out.copy_from_slice(bytes.get(from..from + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        }
        fn write_at(&self, offset: u64, new: &[u8]) -> io::Result<()> {
            let left = self.left.load(Ordering::SeqCst).checked_sub(new.len() as u64);
            self.left.store(left.ok_or(io::ErrorKind::StorageFull)?, Ordering::SeqCst);
            let from = offset as usize;
            lock(&self.bytes)[from..from + new.len()].copy_from_slice(new);
            Ok(())
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            lock(&self.bytes).resize(len as usize, 0);
            Ok(())
        }
        fn sync(&self) -> io::Result<()> {
            Ok(())
        }
        fn space(&self) -> io::Result<DiskSpace> {
            Ok(DiskSpace { free: 0, total: 0 })
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_in_any_order_reads_as_if_it_had_been_written_at_once(
            writes in prop::collection::vec((0..40_u64, 1..4_usize, any::<u8>(), 0..12_u8), 1..120)
        ) {
            let (plain, under) = (Memory::of(64 * 512), Memory::of(64 * 512));
            let behind = Behind::over(under.clone());
            for (at, slots, byte, then) in writes {
                let bytes = vec![byte; slots * 512];
                plain.write_at(at * 512, &bytes).unwrap();
                behind.write_at(at * 512, &bytes).unwrap();
                match then {
                    0 => {
                        let mut read = vec![0; 1024];
                        behind.read_at(at * 512, &mut read).unwrap();
                        prop_assert_eq!(&read[..], &lock(&plain.bytes)[at as usize * 512..][..1024]);
                    }
                    1 => {
                        behind.sync().unwrap();
                        prop_assert_eq!(&*lock(&under.bytes), &*lock(&plain.bytes));
                    }
                    2 => lock(&behind.gathered).hand_over().unwrap(),
                    _ => {}
                }
            }
            drop(behind);
            prop_assert_eq!(&*lock(&under.bytes), &*lock(&plain.bytes));
        }
    }

    #[test]
    fn what_lies_side_by_side_is_written_at_once_and_a_batch_when_it_is_full() {
        let under = Memory::of(4 * BATCH);
        let behind = Behind::over(under.clone());
        for page in (0..BATCH / 4096).rev() {
            behind.write_at(page as u64 * 4096, &[1; 4096]).unwrap();
        }
        assert!(lock(&behind.gathered).batch.is_empty());
        behind.settle().unwrap();
        assert!(lock(&under.bytes)[..BATCH].iter().all(|byte| *byte == 1));
    }

    #[test]
    fn a_write_that_fails_is_told_to_whoever_waits_and_to_all_after_it() {
        let under = Memory::of(8192);
        under.left.store(4096, Ordering::SeqCst);
        let behind = Behind::over(under);
        behind.write_at(0, &[1; 4096]).unwrap();
        behind.sync().unwrap();
        behind.write_at(4096, &[2; 4096]).unwrap();
        assert_eq!(behind.sync().unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(behind.write_at(0, &[3; 4096]).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(behind.read_at(0, &mut [0; 1]).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(behind.write_durably(0, &[3]).is_err() && behind.set_len(1).is_err());
    }
}
