//! A search's row filter is had from the policy, or not at all.
use chartbox::access::Scope;

fn main() {
    let _ = Scope::default(); //~ E0599
}
