//! Chance that repeats itself: a stream of numbers for each (seed, what, index), and ids.

/// A repeatable stream. Two streams of different names know nothing of each other, so adding to one changes no other.
pub(super) struct Dice(blake3::OutputReader);

impl Dice {
    pub fn of(seed: u64, what: &str, index: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11-22 demo generator v1");
        hasher.update(&seed.to_le_bytes()).update(&index.to_le_bytes()).update(what.as_bytes());
        Self(hasher.finalize_xof())
    }

    fn next(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0).saturating_add(1);
        low + i64::try_from(self.next() % span).unwrap_or(0)
    }

    pub fn percent(&mut self, chance: i64) -> bool {
        self.between(0, 99) < chance
    }

    /// From -1 to 1, most often near 0.
    pub fn noise(&mut self) -> f64 {
        let three = (0..3).map(|_| self.between(-1000, 1000)).sum::<i64>();
        three as f64 / 3000.0
    }

    pub fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        let last = i64::try_from(from.len()).unwrap_or(1) - 1;
        let at = usize::try_from(self.between(0, last.max(0))).unwrap_or(0);
        from.get(at).copied().unwrap_or_default()
    }
}

/// An id that is the same in every run: a UUIDv8 of seed, kind, index and number.
pub(super) fn id(seed: u64, kind: &str, index: u64, number: u64) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11-22 demo ids v1");
    hasher
        .update(&seed.to_le_bytes())
        .update(&index.to_le_bytes())
        .update(&number.to_le_bytes())
        .update(kind.as_bytes());
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
