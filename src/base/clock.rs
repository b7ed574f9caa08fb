//! Time and chance as arguments, so that tests own them.

use std::sync::Arc;
use std::sync::Mutex;

pub use jiff::Timestamp;

/// Where "now" comes from.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

/// Where random bytes come from.
pub trait Random: Send + Sync + 'static {
    fn fill(&self, bytes: &mut [u8]);
}

/// The two things a room takes from the world around it. Cheap to clone.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Ambient {
    pub fn new(clock: impl Clock, random: impl Random) -> Self {
        Self { clock: Arc::new(clock), random: Arc::new(random) }
    }

    /// The machine's own clock and random source.
    pub fn system() -> Self {
        Self::new(SystemClock, OsRandom)
    }

    pub fn with_clock(&self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), random: self.random.clone() }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until it is moved. Clones share the time.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    pub fn set(&self, to: Timestamp) {
        *self.lock() = to;
    }

    pub fn advance(&self, by: std::time::Duration) {
        let mut now = self.lock();
        *now =
            now.saturating_add(jiff::SignedDuration::try_from(by).unwrap_or(jiff::SignedDuration::MAX)).unwrap_or(*now);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Timestamp> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.lock()
    }
}

/// The operating system's random source.
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        // A machine without a random source cannot make keys; going on would be worse than stopping.
        #[allow(clippy::expect_used)]
        getrandom::fill(bytes).expect("the operating system's random source answers");
    }
}

/// A repeatable stream for tests and invented data; never for keys of a real box.
pub struct SeededRandom(Mutex<blake3::OutputReader>);

impl SeededRandom {
    pub fn new(seed: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11-22 seeded random");
        hasher.update(&seed.to_le_bytes());
        Self(Mutex::new(hasher.finalize_xof()))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill(bytes);
    }
}
