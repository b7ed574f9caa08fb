//! What the page at the door is filled with. No clinical word stands on it.

use askama::Template;

use crate::http::ui::record::BornKnown;
use crate::http::ui::{Cx, Faults, Field, filters, page};

#[derive(Debug, Clone, Template)]
#[template(path = "clinic/check_in.html")]
pub struct CheckIn {
    pub cx: Cx,
    pub id: String,
    pub version: u32,
    pub patient_version: u32,
    pub coverage: String,
    pub coverage_version: u32,
    pub name: String,
    /// Of the patient.
    pub patient: String,
    pub born: String,
    /// How much of the birth date that is.
    pub known: BornKnown,
    pub number: Option<String>,
    /// When and with whom.
    pub line: String,
    /// The others of a visit for several, each with where their details are.
    pub others: Vec<(String, String)>,
    /// Where the visit is not today's.
    pub other_day: Option<OtherDay>,
    pub other_day_fault: Option<String>,
    pub asked: bool,
    pub asked_fault: Option<String>,
    pub reach: Vec<Field>,
    pub insurance: Vec<Field>,
    pub forms: Vec<FormLine>,
    pub faults: Faults,
}
page!(CheckIn in Today);

/// A visit of another day: to be confirmed.
#[derive(Debug, Clone)]
pub struct OtherDay {
    /// As `2026-03-05`.
    pub day: String,
    pub sentence: String,
    pub sure: bool,
}

/// A form that belongs to the visit.
#[derive(Debug, Clone)]
pub struct FormLine {
    pub title: String,
    pub returned: bool,
    /// Of a visit for several, of how many it came back, where that is not all.
    pub some: Option<String>,
}
