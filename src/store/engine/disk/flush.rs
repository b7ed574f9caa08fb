//! What has gathered since the tree's last commit, and its way into the tree.
//!
//! One lock orders everything: a commit holds it from its number to its rows in memory, so that what is published is
//! always whole and durable. Filling the tree runs outside of it; only the turn from one half of the journal to the
//! other, and the end of filling, are inside.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::journal::{Found, Journal, Recovered, Trouble};
use super::layered::Layered;
use super::medium::Medium;
use super::overlay::Overlay;
use super::pages::{Sealing, is_full, lock};
use super::tree::{Batch, Tree, cut_or};
use super::view::DiskView;
use super::{Commit, Core};
use crate::store::StoreError;
use crate::store::engine::{Changes, FillBy};
use crate::store::outline::{Outline, RecordId};

/// How long changes wait at most until they are put into the tree: a crash then finds little to read again, and an idle
/// box keeps nothing in memory.
const REST: Duration = Duration::from_secs(15);
/// How long the tree is left alone after it failed, unless somebody waits for it.
const PAUSE: Duration = Duration::from_secs(5);

/// The journal and the rows in memory.
pub(super) struct Gathered {
    tail: Mutex<Tail>,
    /// Says that `tail` changed: a half was turned, the tree has one, or all is to stop.
    changed: Condvar,
    /// What readers get. None once it is closed.
    latest: Mutex<Option<Arc<Layered>>>,
}

struct Tail {
    journal: Journal,
    newer: Arc<Overlay>,
    /// What is on its way into the tree, and its last record.
    older: Option<(Arc<Overlay>, u64)>,
    /// Why the tree did not take it, until the next attempt.
    failed: Option<StoreError>,
    /// When the first change of `newer` came.
    since: Option<Instant>,
    state: Use,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Open,
    Stopping,
}

impl Gathered {
    /// Reads the journal of a file whose tree was opened.
    pub(super) fn open(medium: &dyn Medium, sealing: &Sealing, tree: &Tree) -> Result<Self, StoreError> {
        let (journal, Recovered { older, newer }) =
            Journal::open(medium, sealing, tree.applied()?).map_err(|trouble| match trouble {
                Trouble::Io(error) => cut_or(&error),
                Trouble::Damaged(what) => StoreError::Damaged(what.into()),
            })?;
        if !newer.is_empty() {
            let records = older.len() + newer.len();
            tracing::info!(records, "what the last run had not put in its place yet was read from the journal");
        }
        let last_older = older.last().map(|record| record.number);
        let since = (!newer.is_empty()).then(Instant::now);
        let (older, newer) = (overlay_of(older), overlay_of(newer));
        let older = last_older.map(|last| (older, last));
        let tail = Tail { journal, newer, older, failed: None, since, state: Use::Open };
        let latest = Mutex::new(Some(tail.with(tree.view()?)));
        Ok(Self { tail: Mutex::new(tail), changed: Condvar::new(), latest })
    }

    fn lock(&self) -> MutexGuard<'_, Tail> {
        lock(&self.tail)
    }

    /// Waits for a change; says whether none came in time.
    fn wait<'a>(&self, tail: MutexGuard<'a, Tail>, most: Duration) -> (MutexGuard<'a, Tail>, bool) {
        let (tail, waited) = self.changed.wait_timeout(tail, most).unwrap_or_else(PoisonError::into_inner);
        (tail, waited.timed_out())
    }

    /// From now on readers see `tree` under what `tail` has.
    fn publish(&self, tail: &Tail, tree: Arc<DiskView>) {
        *lock(&self.latest) = Some(tail.with(tree));
    }

    /// From now on readers see what `tail` has.
    fn publish_newer(&self, tail: &Tail) {
        let mut latest = lock(&self.latest);
        let tree = latest.as_ref().map(|view| view.tree.clone());
        *latest = tree.map(|tree| tail.with(tree));
    }
}

fn overlay_of(records: Vec<Found>) -> Arc<Overlay> {
    let overlay = Overlay::default();
    records.iter().for_each(|record| overlay.add(record.number, &record.changes));
    Arc::new(overlay)
}

impl Tail {
    fn with(&self, tree: Arc<DiskView>) -> Arc<Layered> {
        let older = self.older.as_ref().map(|(overlay, _)| overlay.clone());
        Arc::new(Layered { tree, older, newer: self.newer.clone(), record: self.journal.next() - 1 })
    }

    /// Gives what has gathered to the tree, and goes on in the other half. The tree must have what stands there.
    fn turn(&mut self) {
        if self.since.take().is_some() {
            self.journal.turn();
            let full = std::mem::take(&mut self.newer);
            self.older = Some((full, self.journal.next() - 1));
        }
    }

    fn is_due(&self) -> bool {
        let gathered = |since: &Instant| self.journal.is_half_full() || since.elapsed() >= REST;
        self.older.is_none() && self.since.as_ref().is_some_and(gathered)
    }

    /// How long there is nothing to do, if nothing changes.
    fn rest(&self) -> Duration {
        match (&self.failed, self.since) {
            (Some(_), _) => PAUSE,
            (None, Some(since)) => REST.saturating_sub(since.elapsed()),
            (None, None) => Duration::from_secs(3600),
        }
    }
}

impl Core {
    /// The last commit's state.
    pub(super) fn latest(&self) -> Result<Arc<Layered>, StoreError> {
        self.mend()?;
        lock(&self.gathered.latest).clone().ok_or(StoreError::Stopping)
    }

    /// Puts the rows of a new store into the tree by themselves.
    pub(super) fn fill_all(&self, fill: FillBy<'_>) -> Result<(), StoreError> {
        let tail = self.gathered.lock();
        self.tree.fill(fill)?;
        self.gathered.publish(&tail, self.tree.view()?);
        Ok(())
    }

    /// The last commit's state, and from it on a record of what goes into the tree.
    ///
    /// Both under the lock: what goes into the tree by itself does so under it, and what is being filled in was turned
    /// under it, so that its rows are seen in this state.
    pub(super) fn survey(&self) -> Result<(Arc<Layered>, Option<RecordId>), StoreError> {
        self.mend()?;
        let _tail = self.gathered.lock();
        let record = self.tree.desk.begin();
        let view = lock(&self.gathered.latest).clone();
        if let (None, Some(record)) = (&view, record) {
            self.tree.desk.take(record);
        }
        Ok((view.ok_or(StoreError::Stopping)?, record))
    }

    /// Keeps an outline in the tree; the next who looks sees it.
    pub(super) fn remember(&self, record: RecordId, over: Option<u64>, outline: &Outline) -> Result<bool, StoreError> {
        let kept = self.tree.remember(record, over, outline)?;
        let tail = self.gathered.lock();
        self.gathered.publish(&tail, self.tree.view()?);
        Ok(kept)
    }

    /// Makes what can go on go on after an error in the tree.
    fn mend(&self) -> Result<(), StoreError> {
        if self.tree.is_well() {
            return Ok(());
        }
        self.tree.recover()?;
        let tail = self.gathered.lock();
        self.gathered.publish(&tail, self.tree.view()?);
        Ok(())
    }

    /// Makes `changes` durable, and visible to whoever looks from now on.
    pub(super) fn take(&self, changes: &Changes, background: &Background) -> Result<(), StoreError> {
        self.mend()?;
        let mut tail = self.gathered.lock();
        if tail.state == Use::Stopping {
            return Err(StoreError::Stopping);
        }
        let Some(size) = tail.journal.size_of(changes) else { return self.straight(tail, changes, background) };
        if !tail.journal.has_room(size) {
            tail = self.older_gone(tail, background)?;
            tail.turn();
        }
        self.record(&mut tail, changes)?;
        if tail.is_due() {
            tail.turn();
            self.gathered.publish_newer(&tail);
            match background.runs() {
                Runs::Yes => self.gathered.changed.notify_all(),
                Runs::No => drop(self.fill(tail)),
            }
        }
        Ok(())
    }

    /// Into the journal, which has room, and into memory.
    fn record(&self, tail: &mut Tail, changes: &Changes) -> Result<(), StoreError> {
        let write = match self.commit {
            Commit::Durable => |medium: &dyn Medium, at: u64, bytes: &[u8]| medium.write_durably(at, bytes),
            #[cfg(test)]
            Commit::InMemory => |medium: &dyn Medium, at: u64, bytes: &[u8]| medium.write_at(at, bytes),
        };
        let written = tail.journal.append(&*self.medium, &self.sealing, changes, write);
        let written = written.map_err(|error| self.not_written(tail, &error))?;
        self.meter.written.fetch_add(written, Ordering::Relaxed);
        self.meter.syncs.fetch_add(1, Ordering::Relaxed);
        tail.newer.add(tail.journal.next() - 1, changes);
        if tail.since.is_none() {
            tail.since = Some(Instant::now());
            self.gathered.changed.notify_all();
        }
        self.gathered.publish_newer(tail);
        Ok(())
    }

    /// What a record that was not written durably means. Nobody is told that it was, so that it must not come back.
    fn not_written(&self, tail: &Tail, error: &std::io::Error) -> StoreError {
        let spoiled = tail.journal.spoil(&*self.medium);
        if is_full(error) && spoiled.is_ok() {
            return StoreError::Full;
        }
        // Whatever the reason: after a failed sync nobody knows what is on the disk.
        self.tree.break_off();
        self.tree.recover().err().unwrap_or_else(|| StoreError::from_io(error))
    }

    /// A group too large for the journal: into the tree by itself, after all that came before it.
    fn straight<'a>(
        &'a self,
        mut tail: MutexGuard<'a, Tail>,
        changes: &Changes,
        background: &Background,
    ) -> Result<(), StoreError> {
        tail = self.older_gone(tail, background)?;
        tail.turn();
        tail = self.older_gone(tail, background)?;
        let done = self.tree.commit(Batch::Group(changes), tail.journal.next(), self.commit);
        if done.is_ok() {
            tail.journal.pass();
        }
        let view = self.tree.view();
        if let Ok(view) = &view {
            self.gathered.publish(&tail, view.clone());
        }
        done.and(view.map(drop))
    }

    /// Waits until nothing is on its way into the tree.
    fn older_gone<'a>(
        &'a self,
        mut tail: MutexGuard<'a, Tail>,
        background: &Background,
    ) -> Result<MutexGuard<'a, Tail>, StoreError> {
        while tail.older.is_some() {
            // What went wrong before is tried again for the one who waits.
            tail.failed = None;
            tail = match background.runs() {
                Runs::No => self.fill(tail),
                Runs::Yes => {
                    self.gathered.changed.notify_all();
                    self.gathered.wait(tail, PAUSE).0
                }
            };
            if let (Some(error), Some(_)) = (&tail.failed, &tail.older) {
                return Err(error.clone());
            }
            if tail.state == Use::Stopping && tail.older.is_some() {
                return Err(StoreError::Stopping);
            }
        }
        Ok(tail)
    }

    /// Puts what is on its way into the tree. Others commit meanwhile.
    fn fill<'a>(&'a self, tail: MutexGuard<'a, Tail>) -> MutexGuard<'a, Tail> {
        let Some((overlay, last)) = tail.older.clone() else { return tail };
        drop(tail);
        let done = self.tree.commit(Batch::Overlay(&overlay), last, self.commit);
        let view = self.tree.view();
        let mut tail = self.gathered.lock();
        match (done, view) {
            (Ok(()), Ok(view)) => {
                (tail.older, tail.failed) = (None, None);
                self.gathered.publish(&tail, view);
            }
            (Err(error), view) => {
                tracing::error!(%error, "what stands in the journal could not be put in its place yet");
                tail.failed = Some(error);
                // What failed may have opened the tree anew.
                if let Ok(view) = view {
                    self.gathered.publish(&tail, view);
                }
            }
            (Ok(()), Err(error)) => tail.failed = Some(error),
        }
        self.gathered.changed.notify_all();
        tail
    }

    /// Puts everything into the tree and closes the file. What does not go in stays in the journal.
    pub(super) fn close(&self) {
        let mut tail = self.gathered.lock();
        tail.state = Use::Stopping;
        if self.tree.is_well() {
            tail = self.fill(tail);
            if tail.older.is_none() {
                tail.turn();
                tail = self.fill(tail);
            }
        }
        lock(&self.gathered.latest).take();
        drop(tail);
        self.tree.close();
    }
}

/// The thread that fills the tree.
#[derive(Default)]
pub(super) struct Background(Mutex<Option<JoinHandle<()>>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    Yes,
    No,
}

impl Background {
    pub(super) fn start(&self, core: &Arc<Core>) {
        let theirs = core.clone();
        let thread = std::thread::Builder::new().name("store-tree".into()).spawn(move || run(&theirs));
        // Without it the commit that needs room does the work.
        *lock(&self.0) = thread.inspect_err(|error| tracing::error!(%error, "the store's thread did not start")).ok();
    }

    pub(super) fn runs(&self) -> Runs {
        if lock(&self.0).is_some() { Runs::Yes } else { Runs::No }
    }

    /// Returns when it has ended; what it was filling in is in.
    pub(super) fn stop(&self, core: &Core) {
        let thread = lock(&self.0).take();
        core.gathered.lock().state = Use::Stopping;
        core.gathered.changed.notify_all();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn run(core: &Core) {
    let mut tail = core.gathered.lock();
    while tail.state == Use::Open {
        if tail.is_due() {
            tail.turn();
            core.gathered.publish_newer(&tail);
        }
        if tail.older.is_some() && tail.failed.is_none() {
            tail = core.fill(tail);
            continue;
        }
        let most = tail.rest();
        let (back, waited) = core.gathered.wait(tail, most);
        tail = back;
        if waited {
            tail.failed = None;
        }
    }
}
