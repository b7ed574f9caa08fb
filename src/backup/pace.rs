//! How long a target is waited for. One that is slow or gives no sign of life keeps no other from its backup.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::error::BackupError;
use super::index::lock;
use super::service::TargetSpec;
use super::watch::{Progress, Watch};

/// How long targets are waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until a place among others has answered at all, and until what is being removed from one that is looked at is gone.
    pub opening: Duration,
    /// How long, in all, the others wait for one that takes chunks more slowly than they do.
    pub lag: Duration,
    /// For a sign of life of one that is written to. A pack of 16 MiB takes this long at 20 KiB/s.
    pub silence: Duration,
    /// Until a disk says which folder a place is that is to be worked with: one that sleeps takes a while to wake up.
    pub answer: Duration,
    /// The same for somebody who only asks how places stand, or who works with another.
    pub glance: Duration,
}

impl Patience {
    pub const USUAL: Self = Self {
        opening: Duration::from_secs(300),
        lag: Duration::from_secs(300),
        silence: Duration::from_secs(900),
        answer: Duration::from_secs(30),
        glance: Duration::from_secs(2),
    };
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

/// Between two looks at those that were not heard of.
pub const LOOK: Duration = Duration::from_millis(50);

/// How long a thread is waited for once its work is to be broken off.
pub const STOPPING: Duration = Duration::from_secs(10);

/// Starts a thread that may outlive whoever waits for it.
pub fn thread(work: impl FnOnce() + Send + 'static) -> Result<(), BackupError> {
    let begun = std::thread::Builder::new().name("backup".into()).spawn(work);
    begun.map(drop).map_err(|error| BackupError::Failed(format!("no thread could be started for a target: {error}")))
}

/// Works with a target in a thread of its own. Where it gives no sign of life the thread is left to itself: whoever has others to
/// see to goes on.
pub fn apart<T: Send + 'static>(
    spec: &TargetSpec,
    patience: &Patience,
    watch: &dyn Watch,
    work: impl FnOnce(&dyn Watch) -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let (say, hear) = channel();
    let afar = Arc::new(Afar { pace: Pace::new(), stop: AtomicBool::new(false) });
    let of = afar.clone();
    thread(move || drop(say.send(work(&*of))))?;
    let mut stopped: Option<Instant> = None;
    loop {
        match hear.recv_timeout(LOOK) {
            Ok(done) => return done,
            Err(RecvTimeoutError::Disconnected) => return Err(BackupError::Stopped),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if watch.is_stopped() {
            afar.stop.store(true, Ordering::Relaxed);
            if stopped.get_or_insert_with(Instant::now).elapsed() > STOPPING {
                return Err(BackupError::Stopped);
            }
        }
        if let Some(out) = afar.pace.wait(patience, Company::Alone) {
            return Err(out.error(spec));
        }
    }
}

/// Work in another thread: that it asks whether to go on is its sign of life.
struct Afar {
    pace: Pace,
    stop: AtomicBool,
}

impl Watch for Afar {
    fn progress(&self, _: Progress) {
        self.pace.step();
    }

    fn is_stopped(&self) -> bool {
        self.pace.step();
        self.is_given_up()
    }

    fn is_given_up(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::fixture::{TestBox, by, inject};
    use crate::backup::{Unwatched, Wish};

    const LITTLE: Patience = Patience {
        opening: Duration::from_secs(3),
        lag: Duration::from_millis(100),
        silence: Duration::from_secs(3),
        answer: Duration::from_secs(3),
        glance: Duration::from_millis(300),
    };

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
    fn a_disk_that_does_not_answer_is_said_to_be_one_and_the_others_go_on() {
        use crate::backup::{Depth, Standing};
        let made = TestBox::new(82);
        let (faulty, hung) = inject("mute");
        let both = [hung.clone(), made.spec("one")];
        let (lag, answer) = (Duration::from_secs(9), Duration::from_millis(600));
        let patience = Patience { lag, answer, ..LITTLE };
        let backups = made.backups.with_targets(both.to_vec()).with_patience(patience);
        backups.run_due(&Unwatched).unwrap();
        backups.run_due(&Unwatched).unwrap();
        let codes = |backups: &crate::backup::Backups| {
            let standing = backups.standing().unwrap();
            standing.iter().map(|one| one.concerns().iter().map(|one| one.code()).collect()).collect::<Vec<Vec<_>>>()
        };
        assert_eq!(codes(&backups), [vec!["drill-never"; 0], vec![]]);
        made.clock.advance(Duration::from_secs(24 * 3600));
        let mute = faulty.mute.lock().unwrap();
        let begun = Instant::now();
        assert_eq!(codes(&backups), [vec!["not-answering"], vec![]]);
        // It is waited for once.
        let waited = begun.elapsed();
        (0..20).for_each(|_| assert_eq!(backups.standing().unwrap()[0].backup_stands, Standing::Late));
        assert!(waited >= patience.glance && begun.elapsed() < 2 * waited, "{waited:?} {:?}", begun.elapsed());
        backups.run_due(&Unwatched).unwrap();
        let standing = backups.standing().unwrap();
        assert_eq!(standing[1].last(), Some(made.ambient.now()));
        assert!(standing[0].error().unwrap().contains("no sign of life"), "{:?}", standing[0].error());
        // Whoever names one of them hears of that one.
        assert!(backups.create(&both[1..], Wish::USUAL, &by(), &Unwatched).is_ok());
        let is_silent = |done: Result<(), BackupError>| matches!(done, Err(BackupError::Silent { .. }));
        assert!(is_silent(backups.create(&both[..1], Wish::USUAL, &by(), &Unwatched).map(drop)));
        assert!(is_silent(backups.verify(&hung, Depth::All, &by(), &Unwatched).map(drop)));
        assert!(is_silent(backups.drill(&hung, "latest", &by(), &Unwatched).map(drop)));
        assert!(backups.try_out(&hung, &by()).unwrap().error.unwrap().contains("no sign of life"));
        assert!(matches!(backups.list(None).unwrap()[0].error, Some(BackupError::Silent { .. })));
        assert!(crate::backup::doubles(&both).is_empty());
        assert!(crate::backup::misplaced(&both, &made.path("data")).is_empty());
        drop(mute);
        while codes(&backups)[0].contains(&"not-answering") {
            assert!(begun.elapsed().as_secs() < 60, "it answers, and is not heard");
            std::thread::sleep(NAP);
        }
        assert!(
            backups
                .create(&both, Wish::USUAL, &by(), &Unwatched)
                .unwrap()
                .targets
                .iter()
                .all(|done| done.result.is_ok())
        );
        assert_eq!(codes(&backups), [vec!["drill-never"; 0], vec![]]);
    }

    #[test]
    fn work_apart_is_left_to_itself_once_it_gives_no_sign_of_life() {
        let made = TestBox::new(83);
        let patience = Patience { silence: Duration::from_millis(300), ..LITTLE };
        let (say, hear) = channel::<()>();
        let hung = apart(&made.spec("one"), &patience, &Unwatched, move |_| {
            let _ = hear.recv();
            Ok(())
        });
        assert!(matches!(hung, Err(BackupError::Silent { .. })), "{hung:?}");
        drop(say);
        // One that goes on is waited for.
        let goes_on = apart(&made.spec("one"), &patience, &Unwatched, |watch| {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(900) && !watch.is_stopped() {
                std::thread::sleep(NAP);
            }
            Ok(begun.elapsed())
        });
        assert!(goes_on.unwrap() >= Duration::from_millis(900));
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
        // Nor is one that is alone: others have their turn later.
        let (strange, never) = inject("never-alone");
        strange.hang(true);
        let (alone, (say, hear)) = (backups.with_targets(vec![never]), channel());
        std::thread::spawn(move || say.send(alone.run_due(&Unwatched)));
        let done = hear.recv_timeout(Duration::from_secs(30)).expect("it is waited for without end");
        assert!(matches!(done, Err(BackupError::Silent { .. })), "{done:?}");
        strange.hang(false);
    }
}
