//! What the doctor who signs says of a report, beside what the laboratory concluded.
//!
//! `conclusion` is the finding of whoever made the report: a comment never stands in its place. `DiagnosticReport` of FHIR R4
//! has no `note`; that of R5 has one, an Annotation with who and when. R4 takes an element of a later version as an extension
//! under [`COMMENT`] (FHIR R4, versions.html#extensions), so a comment is kept as that, and a program that does not know it
//! still reads the finding as it was.

use serde_json::{Value, json};

use crate::care::note::Pen;
use crate::care::within::{list, text};

/// `DiagnosticReport.note` of R5.
pub const COMMENT: &str = "http://hl7.org/fhir/5.0/StructureDefinition/extension-DiagnosticReport.note";

/// One comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub text: String,
    pub by: Option<String>,
    /// An instant.
    pub at: Option<String>,
}

/// What was said of a report, as it was said one after the other.
pub fn comments(report: &Value) -> Vec<Comment> {
    let all = list(report, "extension").iter().filter(|one| text(one, "/url") == COMMENT);
    let some = |one: &Value, at: &str| Some(text(one, at).to_owned()).filter(|text| !text.is_empty());
    all.filter_map(|one| {
        let by = ["/valueAnnotation/authorReference/display", "/valueAnnotation/authorString"];
        Some(Comment {
            text: some(one, "/valueAnnotation/text")?,
            by: by.iter().find_map(|at| some(one, at)),
            at: some(one, "/valueAnnotation/time"),
        })
    })
    .collect()
}

/// Adds one; those before it stay.
pub(super) fn comment(report: &mut Value, said: &str, pen: &Pen<'_>) {
    let note = json!({"authorReference": pen.author.reference(), "time": pen.now, "text": said});
    add(report, [json!({"url": COMMENT, "valueAnnotation": note})]);
}

/// What was said of the version before stands in the new one, too, each with its time.
pub(super) fn keep(report: &mut Value, before: &Value) {
    let there = list(report, "extension").to_vec();
    let said = list(before, "extension").iter().filter(|one| text(one, "/url") == COMMENT && !there.contains(one));
    add(report, said.cloned());
}

fn add(report: &mut Value, comments: impl IntoIterator<Item = Value>) {
    let mut comments = comments.into_iter().peekable();
    let (Some(members), Some(_)) = (report.as_object_mut(), comments.peek()) else { return };
    let all = members.entry("extension").or_insert_with(|| json!([]));
    if let Some(all) = all.as_array_mut() {
        all.extend(comments);
    }
}
