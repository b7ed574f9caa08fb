//! Workflows over FHIR resources: charts, the invented patients of a demo, scheduling.

pub mod chart;
pub mod check_in;
pub mod clinic;
pub mod consents;
pub mod copy;
pub mod demo;
pub mod emergency;
pub mod entries;
pub mod export;
pub mod forms;
pub mod held;
pub mod formulary;
pub mod import;
pub mod marks;
pub mod messages;
pub mod note;
pub mod notify;
pub mod merge;
pub mod preferences;
pub mod previsit;
pub mod prescribe;
pub mod own;
pub mod proxies;
pub mod register;
pub mod requests;
pub mod results;
pub mod schedule;
pub mod setup;
pub mod sharing;
pub mod summary;
pub mod suspects;
pub mod together;
pub mod uploads;
pub mod withdraw;
pub mod workflow;

pub use chart::{Chart, Part};
