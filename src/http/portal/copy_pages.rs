//! The page of a copy that people read. It stands alone: no address of the box is in it.

use askama::Template;

use crate::http::fill::copied::CopyLine;
use crate::http::ui::{Cx, filters};

#[derive(Debug, Clone, Template)]
#[template(path = "portal/copy_record.html")]
pub struct CopyPage {
    pub cx: Cx,
    pub who: String,
    pub sections: Vec<CopySection>,
    /// Path in the archive, and title.
    pub files: Vec<(String, String)>,
}

/// All of one type.
#[derive(Debug, Clone)]
pub struct CopySection {
    /// "31 results or measurements".
    pub title: String,
    pub lines: Vec<CopyLine>,
}
