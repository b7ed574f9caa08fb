//! Chartbox, a clinic's record box: the library behind the one binary.
//!
//! Each module is a room with one purpose; imports run only downward in the order of this list, and
//! `tests/layering.rs` holds them to it. `CONTRIBUTING.md` shows the way through the house.

pub mod base;
pub mod crypto;
pub mod fhir;
pub mod store;
pub mod audit;
pub mod identity;
pub mod access;
pub mod record;
pub mod care;
pub mod backup;
pub mod tls;
pub mod discovery;
pub mod mail;
pub mod http;
pub mod cli;
pub mod app;
