//! The proof that an access is on disk cannot be made without the chain.
use chartbox::audit::{Committed, Coverage};

fn main() {
    let _ = Committed { coverages: vec![Coverage::of(&[])], last: 1 }; //~ E0451
}
