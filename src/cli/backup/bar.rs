//! How far a backup is, on standard error.

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::backup::{Phase, Progress};
use crate::cli::field;

/// A bar with rate and time left; none where nobody would see it.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = "{msg:<10} {bar:32} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self(bar)
    }

    /// What the box said.
    pub fn said(&self, said: &Value) {
        let number = |key| field(said, key).as_u64().unwrap_or_default();
        self.set(field(said, "phase").as_str().unwrap_or_default(), number("done"), number("total"));
    }

    pub fn progress(&self, progress: Progress) {
        self.set(progress.phase.code(), progress.done, progress.total);
    }

    fn set(&self, phase: &str, done: u64, total: u64) {
        if phase == Phase::Looking.code() && total == 0 {
            self.0.set_message(phase.to_owned());
            return self.0.tick();
        }
        self.0.set_message(phase.to_owned());
        self.0.set_length(total);
        self.0.set_position(done);
    }

    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
