//! What was read stays shut until its access is on disk.
//!
//! [`Undisclosed`] has no way to its content but [`Undisclosed::disclose`], which asks for the audit chain's
//! [`Committed`] proof over the very resources it holds. Only [`Disclosed`] opens. Neither can be made
//! outside this room.

use crate::audit::{Committed, Coverage, Touched};

/// A value made of record data whose access is not yet in the audit chain. It cannot be looked at, printed or
/// serialized; it can be changed only by functions that work on the value inside.
#[must_use = "what was read must be disclosed, or its access is written for nothing"]
pub struct Undisclosed<T> {
    value: T,
    coverages: Vec<Coverage>,
}

/// A value whose access stands in the audit chain, on disk.
#[derive(Debug)]
pub struct Disclosed<T> {
    value: T,
    entry: u64,
}

/// The proof is of another access than this value's.
#[derive(Debug, thiserror::Error)]
#[error("the access log does not hold this access, so nothing was opened")]
pub struct NotCovered;

impl<T> Undisclosed<T> {
    pub(super) fn new(value: T, touched: &[Touched]) -> Self {
        Self { value, coverages: vec![Coverage::of(touched)] }
    }

    /// The value of an act that touches no record, such as reading nothing.
    pub(super) const fn empty(value: T) -> Self {
        Self { value, coverages: Vec::new() }
    }

    /// Works on the value where it lies. A plain function, not a closure: one that captures could carry the value out.
    pub fn map<U>(self, change: fn(T) -> U) -> Undisclosed<U> {
        Undisclosed { value: change(self.value), coverages: self.coverages }
    }

    /// [`Undisclosed::map`] with something plain to work by. `Copy` keeps out whatever the value could be left in.
    pub fn map_with<C: Copy, U>(self, with: C, change: fn(T, C) -> U) -> Undisclosed<U> {
        Undisclosed { value: change(self.value, with), coverages: self.coverages }
    }

    /// Both under one cover.
    pub fn zip<U>(self, other: Undisclosed<U>) -> Undisclosed<(T, U)> {
        let mut coverages = self.coverages;
        coverages.extend(other.coverages);
        Undisclosed { value: (self.value, other.value), coverages }
    }

    /// Opens the value, given that the chain holds its access.
    pub fn disclose(self, proof: &Committed) -> Result<Disclosed<T>, NotCovered> {
        if self.coverages.iter().all(|coverage| proof.covers(coverage)) {
            Ok(Disclosed { value: self.value, entry: proof.sequence() })
        } else {
            Err(NotCovered)
        }
    }
}

impl<T> Disclosed<T> {
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The entry of the access log that says that it was opened.
    pub const fn entry(&self) -> u64 {
        self.entry
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Disclosed<U> {
        Disclosed { value: change(self.value), entry: self.entry }
    }
}

impl<T> std::ops::Deref for Disclosed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}
