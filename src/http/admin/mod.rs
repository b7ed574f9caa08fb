//! Pages of the health administrator.

pub(super) mod approvals;
pub mod duplicate_pages;
pub(super) mod duplicates;
pub(super) mod emergencies;
pub(super) mod explorer;
pub mod pages;
mod particulars;
pub(super) mod suspects;
pub mod suspects_pages;
pub(super) mod requests;
pub mod requests_pages;
pub(super) mod verification;
