//! What the pages are filled with on which patients add to their record.

use askama::Template;
use serde_json::Value;

use crate::access::{can_be_withdrawn, is_withdrawn};
use crate::fhir::ResourceType;
use crate::http::fill::copied::CopyLine;
use crate::http::ui::record::{DocumentRow, Pages};
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
    /// Which of the document's files it is, as the end of an address.
    pub query: String,
    pub row: DocumentRow,
    /// A `data:` address.
    pub preview: Option<String>,
    /// What it says, where it is plain text.
    pub words: Option<String>,
    /// The clinician who has seen it.
    pub seen: Option<String>,
    pub note: Option<String>,
    pub state: Standing,
}
page!(UploadAbout in Documents);

/// Whether something of the patient's own stands, and may be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is theirs to withdraw, in this version.
    Own {
        version: u32,
    },
    Withdrawn,
    /// It is not theirs.
    Others,
}

impl Standing {
    pub fn of(kind: ResourceType, resource: &Value) -> Self {
        if is_withdrawn(kind, resource) {
            return Self::Withdrawn;
        }
        let version = resource.pointer("/meta/versionId").and_then(Value::as_str).and_then(|text| text.parse().ok());
        match version.filter(|_| can_be_withdrawn(kind, resource)) {
            Some(version) => Self::Own { version },
            None => Self::Others,
        }
    }
}

/// What the patient, or who acts for them, measured and told.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/measurements.html")]
pub struct Measurements {
    pub cx: Cx,
    pub rows: Vec<MeasuredRow>,
    pub pages: Pages,
}
page!(Measurements in Results);

#[derive(Debug, Clone)]
pub struct MeasuredRow {
    pub id: String,
    pub line: CopyLine,
    pub state: Standing,
}
