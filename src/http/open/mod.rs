//! Pages without a session: sign-in, setup, trust, locked, and what went wrong.

pub mod pages;
