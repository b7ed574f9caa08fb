//! What a response needs cannot be made of a value that was not disclosed.
use chartbox::record::Disclosed;

fn main() {
    let _ = Disclosed(String::from("a name")); //~ E0423
}
