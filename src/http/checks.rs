//! What the last verification of the access log found since the box was started.

use std::sync::{Arc, Mutex, PoisonError};

use crate::base::Timestamp;

/// Shared by its clones. It is a convenience and no truth: whoever doubts it verifies again.
#[derive(Debug, Clone, Default)]
pub struct Checks(Arc<Mutex<Option<Checked>>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    pub at: Timestamp,
    pub whole: bool,
}

impl Checks {
    pub fn last(&self) -> Option<Checked> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn note(&self, checked: Checked) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(checked);
    }
}
