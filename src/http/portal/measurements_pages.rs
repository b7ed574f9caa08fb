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
    /// What is asked about before it is taken.
    pub sure: Option<Sure>,
    pub faults: Faults,
}
page!(MeasureNew in Results);

/// What may be a slip of the finger.
#[derive(Debug, Clone)]
pub struct Sure {
    /// What is sent again with it when it is right.
    pub exactly: String,
    /// The value is seldom.
    pub seldom: bool,
    /// The day is long ago.
    pub old: bool,
}

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
