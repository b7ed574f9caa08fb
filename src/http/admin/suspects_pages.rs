//! What the page is filled with that names records that may be of one person. Nothing clinical.

use askama::Template;

use crate::http::clinic::pages::PatientRow;
use crate::http::ui::{Cx, filters, page};

#[derive(Debug, Clone, Template)]
#[template(path = "admin/suspects.html")]
pub struct Suspects {
    pub cx: Cx,
    /// The most alike first.
    pub rows: Vec<SuspectRow>,
    /// There are more than are listed.
    pub more: bool,
    pub said: Vec<SaidRow>,
}
page!(Suspects in Duplicates);

/// Two who may be one.
#[derive(Debug, Clone)]
pub struct SuspectRow {
    /// The page that joins them.
    pub href: String,
    pub same_number: bool,
    pub same_born: bool,
    pub both: [PatientRow; 2],
}

/// Two of whom somebody said that they are two people.
#[derive(Debug, Clone)]
pub struct SaidRow {
    pub one: String,
    pub other: String,
    pub names: [String; 2],
    pub when: String,
    pub by: String,
}
