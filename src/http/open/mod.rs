//! Pages without a session: sign-in, setup, trust, locked, and what went wrong.

pub(super) mod join;
pub mod join_pages;
pub mod app_pages;
pub mod invitation_pages;
pub mod pages;
pub mod shared_pages;
