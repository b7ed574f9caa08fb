//! No `Grant`, no read: and none can be had without asking the policy.
use chartbox::access::{Action, Actor, Basis, Grant, Target};
use chartbox::fhir::ResourceType;

fn main() {
    let actor = Actor::system("forger").to_ref();
    let (action, target, basis) = (Action::Read, Target::of_type(ResourceType::Patient), Basis::System);
    let _ = Grant { actor, action, target, basis, cut: Default::default() }; //~ E0451
}
