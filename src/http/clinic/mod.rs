//! Pages of the clinic's staff who care for patients: doctors, nurses, reception.

pub mod chart_pages;
pub mod pages;
