//! It opens for the chain's proof and for nothing else.
use chartbox::record::{Disclosed, Undisclosed};

fn open(read: Undisclosed<String>) -> Disclosed<String> {
    read.disclose(&()).unwrap() //~ E0308
}

fn main() {
    let _ = open;
}
