//! No commit, no response: what was read cannot be sent before its access is on disk.
use chartbox::record::Undisclosed;

fn answer(read: Undisclosed<String>) -> String {
    serde_json::to_string(&read).unwrap() //~ E0277
}

fn main() {
    let _ = answer;
}
