//! Whether a group of writes waits a little for more: what a commit costs is the same for one job and for many.
//!
//! A box that has time commits at once. Where every worker of the runtime is at work there is no time, and those who are at work
//! now will ask next: then the machine does more with a few larger groups than with many small ones, and each is answered
//! sooner than if it had to wait for all of those. So the writer waits as long as nobody is idle, and no longer than
//! [`LONGEST`].

use std::time::Duration;

use tokio::runtime::{Handle, RuntimeMetrics};

/// With so many jobs in the last group there is a crowd.
const CROWD: usize = 4;
/// How long a group waits at most.
const LONGEST: Duration = Duration::from_millis(2);
/// After how long it looks again whether somebody is idle.
const PIECE: Duration = Duration::from_micros(500);

/// Tells whether all who could ask are at work.
pub(super) type AreBusy = Box<dyn Fn() -> bool + Send>;

pub(super) struct Gathering {
    are_busy: AreBusy,
    /// How many jobs the last group had.
    last: usize,
}

impl Gathering {
    pub(super) fn new(are_busy: AreBusy) -> Self {
        Self { are_busy, last: 0 }
    }

    /// For those who ask from the runtime in which the store was opened; without one, nobody is waited for.
    pub(super) fn of_this_runtime() -> Self {
        let metrics = Handle::try_current().ok().map(|handle| handle.metrics());
        Self::new(Box::new(move || metrics.as_ref().is_some_and(are_all_at_work)))
    }

    /// Waits for more, where that is worth it. There is a first job.
    pub(super) fn wait(&self) {
        let mut pieces = LONGEST.as_micros() / PIECE.as_micros();
        while self.last >= CROWD && pieces > 0 && (self.are_busy)() {
            std::thread::sleep(PIECE);
            pieces -= 1;
        }
    }

    /// Notes how many jobs were in the group.
    pub(super) const fn had(&mut self, jobs: usize) {
        self.last = jobs;
    }
}

/// A worker's count is odd while it is idle.
fn are_all_at_work(metrics: &RuntimeMetrics) -> bool {
    (0..metrics.num_workers()).all(|worker| metrics.worker_park_unpark_count(worker).is_multiple_of(2))
}
