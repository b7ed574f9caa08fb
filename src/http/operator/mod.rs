//! Pages of the operator. They hold no patient data.

pub(super) mod accounts;
pub mod backup_pages;
pub(super) mod backups;
pub(super) mod health;
pub mod key_pages;
pub(super) mod keys;
mod machine;
pub mod formulary;
pub mod mail;
pub mod pages;
