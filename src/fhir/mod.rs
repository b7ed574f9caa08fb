//! FHIR R4 as pure functions over JSON: types, definitions, validation, search parameters, bundles.
//!
//! Nothing here reads a store, a clock or a network.

pub mod definitions;
mod resource_type;
pub mod search;

pub use definitions::Definitions;
pub use resource_type::ResourceType;
