//! Pages without a session: sign-in, setup, trust, locked, and what went wrong.

pub(super) mod join;
pub mod join_pages;
pub mod pages;
