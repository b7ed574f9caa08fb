//! A change of what is shut must not carry it out.
use chartbox::record::Undisclosed;

fn steal(read: Undisclosed<String>) -> Option<String> {
    let mut stolen = None;
    let _ = read.map(|value| stolen = Some(value)); //~ E0308
    stolen
}

fn main() {
    let _ = steal;
}
