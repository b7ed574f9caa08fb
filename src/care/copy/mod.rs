//! A whole copy of a record for its person to keep: one archive, written while it is sent.

mod zip;

pub use zip::{TooLarge, Zip};
