//! What the pages are filled with on which patients add measurements and their history.

use askama::Template;

use crate::http::ui::{Cx, Faults, Field, filters, page};

/// What can be measured.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/measure_kinds.html")]
pub struct MeasureKinds {
    pub cx: Cx,
    pub rows: Vec<(&'static str, String)>,
}
page!(MeasureKinds in Results);

/// One value.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/measure_new.html")]
pub struct MeasureNew {
    pub cx: Cx,
    pub kind: &'static str,
    pub title: String,
    /// The only unit, where there is one.
    pub unit: Option<String>,
    pub fields: Vec<Field>,
    /// The value is seldom: what is sent again with it when it is right.
    pub sure: Option<String>,
    pub faults: Faults,
}
page!(MeasureNew in Results);

/// Something told.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/history_new.html")]
pub struct HistoryNew {
    pub cx: Cx,
    pub kind: Field,
    pub words: Field,
    pub faults: Faults,
}
page!(HistoryNew in Results);
