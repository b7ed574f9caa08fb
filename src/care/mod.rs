//! Workflows over FHIR resources: charts, the invented patients of a demo, scheduling.

pub mod chart;
pub mod demo;
pub mod export;
pub mod import;
pub mod register;
pub mod setup;

pub use chart::{Chart, Part};
