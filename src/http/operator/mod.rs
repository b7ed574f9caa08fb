//! Pages of the operator. They hold no patient data.

pub mod pages;
