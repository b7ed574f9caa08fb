//! Who acts comes from a session, a token or a share link: its role cannot be filled in by hand.
use chartbox::access::{Actor, Listener, Who};
use chartbox::base::{AccountId, Role};

fn main() {
    let account = AccountId::from_bytes([0; 16]);
    let who = Who::Person { account, role: Role::Clinician, person: None, narrowed: None };
    let _ = Actor { who, ..Actor::anonymous(Listener::Clinic, None) }; //~ E0451
}
