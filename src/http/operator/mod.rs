//! Pages of the operator. They hold no patient data.

pub(super) mod accounts;
pub(super) mod health;
mod machine;
pub mod pages;
