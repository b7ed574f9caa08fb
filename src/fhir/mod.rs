//! FHIR R4 as pure functions over JSON: types, definitions, validation, search parameters, bundles.
//!
//! Nothing here reads a store, a clock or a network.

pub mod bundle;
mod another;
mod asks;
pub mod definitions;
pub mod ips;
pub mod json;
pub mod meta;
pub mod outcome;
pub mod patch;
pub mod fhirpath;
mod resource_type;
pub mod samples;
pub mod search;
pub mod terminology;
pub mod shape;
pub mod stage;
pub mod validate;

pub use another::Another;
pub use asks::{Asks, is_reported};
pub use definitions::Definitions;
pub use outcome::{Issue, IssueCode, Severity};
pub use resource_type::ResourceType;
pub use validate::{Allowance, Mode, validate, validate_within};
