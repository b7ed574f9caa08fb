//! What the page is filled with on which the numbers of a patient are corrected. No clinical word stands on it.

use askama::Template;

use crate::http::ui::record::Identity;
use crate::http::ui::{Cx, Faults, Field, filters, page};

#[derive(Debug, Clone, Template)]
#[template(path = "clinic/numbers.html")]
pub struct Numbers {
    pub cx: Cx,
    pub who: Identity,
    pub rows: Vec<NumberRow>,
    /// Which one, what it is, and why; empty where none can be changed.
    pub fields: Vec<Field>,
    /// There is one that can be corrected or ended, and one that can be taken up again.
    pub has_open: bool,
    pub has_ended: bool,
    pub version: u32,
    pub faults: Faults,
}
page!(Numbers in Patients);

/// One number.
#[derive(Debug, Clone)]
pub struct NumberRow {
    pub kind: String,
    pub value: String,
    /// Who gave it.
    pub from: Option<String>,
    /// That it ended, or cannot be changed; empty where it counts.
    pub state: String,
}
