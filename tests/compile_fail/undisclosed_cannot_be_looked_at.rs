//! Nor can it be read, printed or compared in the meantime.
use chartbox::record::Undisclosed;

fn look(read: Undisclosed<String>) -> usize {
    println!("{read:?}"); //~ E0277
    read.len() //~ E0599
}

fn peek(read: &Undisclosed<String>) -> &String {
    read.peek() //~ E0599
}

fn field(read: Undisclosed<String>) -> String {
    read.value //~ E0616
}

fn main() {
    let _ = (look, peek, field);
}
