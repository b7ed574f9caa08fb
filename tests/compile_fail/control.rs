//! What is allowed: a grant is asked for, what was read opens by its proof, and is sent.
use chartbox::access::{Action, Actor, Denied, Facts, Grant, Listener, Target, authorize};
use chartbox::audit::Committed;
use chartbox::base::{AccountId, Timestamp};
use chartbox::fhir::ResourceType;
use chartbox::record::Undisclosed;

fn ask(facts: &dyn Facts, now: Timestamp) -> Result<Grant, Denied> {
    let actor = Actor::anonymous(Listener::Clinic, None);
    authorize(&actor, Action::Read, &Target::of_type(ResourceType::Patient), facts, now)
}

fn answer(read: Undisclosed<String>, proof: &Committed) -> Option<String> {
    let opened = read.map(|text| text.trim().to_owned()).disclose(proof).ok()?;
    serde_json::to_string(&*opened).ok()
}

fn main() {
    let _ = (ask, answer);
    let _ = serde_json::to_string(&AccountId::from_bytes([0; 16]));
}
