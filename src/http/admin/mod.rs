//! Pages of the health administrator.

pub mod pages;
