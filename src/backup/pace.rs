//! How long a target is waited for. One that is slow or gives no sign of life keeps no other from its backup.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::error::BackupError;
use super::index::lock;
use super::service::TargetSpec;

/// How long targets are waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until a place among others has answered at all.
    pub opening: Duration,
    /// How long, in all, the others wait for one that takes chunks more slowly than they do.
    pub lag: Duration,
    /// For a sign of life of one that is written to. A pack of 16 MiB takes this long at 20 KiB/s.
    pub silence: Duration,
}

impl Patience {
    pub const USUAL: Self =
        Self { opening: Duration::from_secs(300), lag: Duration::from_secs(300), silence: Duration::from_secs(900) };
}

/// Why a target takes no part any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    Slow,
    Silent,
}

impl LeftOut {
    pub fn error(self, spec: &TargetSpec) -> BackupError {
        let (name, place) = (spec.name.clone(), spec.place.to_string());
        match self {
            Self::Slow => BackupError::Slow { name, place },
            Self::Silent => BackupError::Silent { place },
        }
    }
}

/// Whether others are kept waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    Alone,
    Others,
}

/// How a target that is written to gets on.
#[derive(Debug)]
pub struct Pace {
    /// Counts what its thread did.
    steps: AtomicU64,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    steps: u64,
    /// Since when no step was seen.
    since: Instant,
    /// The last time that somebody who waits looked, and how long that was in all.
    looked: Option<Instant>,
    waited: Duration,
    left_out: Option<LeftOut>,
}

/// Between two looks of somebody who waits.
pub const NAP: Duration = Duration::from_millis(5);

impl Pace {
    pub fn new() -> Self {
        let seen = Seen { steps: 0, since: Instant::now(), looked: None, waited: Duration::ZERO, left_out: None };
        Self { steps: AtomicU64::new(0), seen: Mutex::new(seen) }
    }

    /// A sign of life.
    pub fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    pub fn left_out(&self) -> Option<LeftOut> {
        lock(&self.seen).left_out
    }

    /// From now on it is waited for anew: it had nothing to do before.
    pub fn begin(&self) {
        lock(&self.seen).since = Instant::now();
    }

    /// Takes note that somebody waits, and says whether that has an end. To be asked each [`NAP`], also by several at once.
    pub fn wait(&self, patience: &Patience, company: Company) -> Option<LeftOut> {
        let (now, steps) = (Instant::now(), self.steps.load(Ordering::Relaxed));
        let mut seen = lock(&self.seen);
        if seen.left_out.is_some() {
            return seen.left_out;
        }
        if seen.steps != steps {
            (seen.steps, seen.since) = (steps, now);
        }
        // Those who wait at one time wait once.
        let gap = seen.looked.map_or(Duration::ZERO, |looked| now.duration_since(looked));
        if gap < 20 * NAP {
            seen.waited += gap;
        }
        seen.looked = Some(now);
        if now.duration_since(seen.since) > patience.silence {
            seen.left_out = Some(LeftOut::Silent);
        } else if company == Company::Others && seen.waited > patience.lag {
            seen.left_out = Some(LeftOut::Slow);
        }
        seen.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::fixture::{TestBox, by, inject};
    use crate::backup::{Unwatched, Wish};

    const LITTLE: Patience =
        Patience { opening: Duration::from_secs(3), lag: Duration::from_millis(100), silence: Duration::from_secs(3) };

    #[test]
    fn one_that_lags_is_left_out_for_the_sake_of_others_only_and_one_that_is_silent_in_any_case() {
        let patience = Patience { silence: Duration::from_millis(400), ..LITTLE };
        let waited = |company, moves: bool| {
            let (pace, begun) = (Pace::new(), Instant::now());
            while begun.elapsed() < 2 * patience.silence {
                if moves {
                    pace.step();
                }
                if let Some(out) = pace.wait(&patience, company) {
                    return (Some(out), pace.left_out());
                }
                std::thread::sleep(NAP);
            }
            (None, pace.left_out())
        };
        let slow = Some(LeftOut::Slow);
        assert_eq!(waited(Company::Others, true), (slow, slow));
        assert_eq!(waited(Company::Alone, true), (None, None));
        let silent = Some(LeftOut::Silent);
        assert_eq!(waited(Company::Alone, false), (silent, silent));
    }

    #[test]
    fn a_target_that_hangs_keeps_no_other_from_its_snapshot() {
        let made = TestBox::new(81);
        let (faulty, hung) = inject("hung");
        let both = [hung, made.spec("one")];
        let backups = made.backups.with_targets(both.to_vec()).with_patience(LITTLE);
        let create = || {
            let created = backups.create(&both, Wish::USUAL, &by(), &Unwatched).unwrap();
            created.targets.into_iter().map(|done| (done.target.name, done.result)).collect::<Vec<_>>()
        };
        made.put((0..300).map(|at| (at, vec![1; 300])));
        assert!(create().iter().all(|(_, result)| result.is_ok()));
        made.put((300..600).map(|at| (at, vec![2; 300])));
        faulty.hang(true);
        let is_busy = |at: usize| backups.busy(&both[at]).unwrap().is_some();
        let done = create();
        let of = |name: &str| &done.iter().find(|(of, _)| of == name).unwrap().1;
        assert!(matches!(of("hung"), Err(BackupError::Silent { .. })), "{:?}", of("hung"));
        assert!(of("one").is_ok() && is_busy(0) && !is_busy(1));
        assert!(made.restored("one", "2").is_ok());
        let standing = backups.standing().unwrap();
        assert!(standing[0].error().unwrap().contains("no sign of life"), "{:?}", standing[0].error());
        // It is in use until it comes back, and the other goes on.
        let done = create();
        assert!(matches!(&done[1], (name, Err(BackupError::Busy { .. })) if name == "hung"), "{done:?}");
        assert!(done[0].1.is_ok());
        faulty.hang(false);
        let begun = Instant::now();
        while is_busy(0) {
            assert!(begun.elapsed().as_secs() < 10, "it came back, and is not given back");
            std::thread::sleep(NAP);
        }
        assert!(create().iter().all(|(_, result)| result.is_ok()));
        assert_eq!(backups.list(Some("hung")).unwrap()[0].snapshots.len(), 2);
        // One that does not answer at all is not waited for either.
        let (strange, never) = inject("never");
        strange.hang(true);
        let both = [never, made.spec("one")];
        let created = backups.create(&both, Wish::USUAL, &by(), &Unwatched).unwrap();
        let results: Vec<_> = created.targets.iter().map(|done| done.result.as_ref().err()).collect();
        assert!(matches!(results[..], [None, Some(BackupError::Silent { .. })]), "{results:?}");
        strange.hang(false);
    }
}
