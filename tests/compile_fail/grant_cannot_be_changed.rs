//! A `Grant` for one target cannot be turned into one for another.
use chartbox::access::{Grant, Target};
use chartbox::fhir::ResourceType;

fn widened(mut grant: Grant) -> Grant {
    grant.target = Target::of_type(ResourceType::Patient); //~ E0616
    grant
}

fn main() {
    let _ = widened;
}
