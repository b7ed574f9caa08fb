//! What the pages are filled with on which patients add to their record.

use askama::Template;

use crate::http::ui::record::DocumentRow;
use crate::http::ui::{Cx, Faults, Field, filters, page};

/// Bringing a file.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/upload_new.html")]
pub struct UploadNew {
    pub cx: Cx,
    pub kind: Field,
    pub title: Field,
    pub note: Field,
    pub file_hint: String,
    pub most_bytes: usize,
    /// What a script says of a file before it is sent.
    pub too_large: String,
    pub faults: Faults,
}
page!(UploadNew in Documents);

/// A file that somebody brought, or a document that lies in the record as one.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/upload_about.html")]
pub struct UploadAbout {
    pub cx: Cx,
    pub id: String,
    pub row: DocumentRow,
    /// A `data:` address.
    pub preview: Option<String>,
    /// The clinician who has seen it.
    pub seen: Option<String>,
    pub note: Option<String>,
}
page!(UploadAbout in Documents);
