//! All notes of a patient.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;

use super::{last_writer, place};
use crate::care::note;
use crate::fhir::ResourceType as R;
use crate::http::clinic::chart;
use crate::http::clinic::ctx;
use crate::http::clinic::notes_pages::{NoteRow, Notes};
use crate::http::fill;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;

/// How many notes of a patient are listed.
const LISTED: usize = 200;

/// `GET /patients/{id}/notes`
pub(in crate::http) async fn list(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let opened = chart::open(&visit, &id, &[R::Composition, R::DocumentReference]).await?;
    let ctx = ctx(&visit);
    let mut rows: Vec<NoteRow> = Vec::new();
    for one in opened.chart.of(R::Composition).iter().take(LISTED) {
        let is_over = one.get("status").and_then(Value::as_str) == Some("entered-in-error");
        if is_over || note::appends_to(one).is_some() {
            continue;
        }
        let (by, when) = last_writer(one, &ctx);
        let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        rows.push(NoteRow {
            href: place(&opened.frame.who.id, &text("id")),
            title: text("title"),
            by,
            when,
            signed: note::is_signed(one),
        });
    }
    let (signed, open) = rows.into_iter().partition(|row| row.signed);
    let elsewhere = elsewhere(opened.chart.of(R::DocumentReference), opened.chart.of(R::Composition));
    let elsewhere = fill::documents(&elsewhere, &opened.frame.who.id, "/patients", &ctx);
    page(&Notes { cx: opened.cx, frame: opened.frame, open, signed, elsewhere })
}

/// Documents that are notes of visits, but for those that stand in the list already as what was written with the form.
fn elsewhere(documents: &[Value], notes: &[Value]) -> Vec<Value> {
    let listed: BTreeSet<String> =
        notes.iter().filter_map(|note| Some(format!("Composition/{}", note.get("id")?.as_str()?))).collect();
    let is_listed = |document: &Value| {
        let related = document.pointer("/context/related").and_then(Value::as_array).into_iter().flatten();
        related.filter_map(|one| one.get("reference")?.as_str()).any(|reference| listed.contains(reference))
    };
    documents.iter().filter(|one| is_note(one) && !is_listed(one)).take(LISTED).cloned().collect()
}

/// By its type, or by the category of US Core's DocumentReference profile.
fn is_note(document: &Value) -> bool {
    let codes = |concept: &Value| {
        let codings = concept.get("coding").and_then(Value::as_array).into_iter().flatten();
        codings.filter_map(|coding| coding.get("code")?.as_str()).map(str::to_owned).collect::<Vec<_>>()
    };
    let categories = document.get("category").and_then(Value::as_array).into_iter().flatten();
    document.get("type").is_some_and(|kind| codes(kind).iter().any(|code| code == note::NOTE))
        || categories.flat_map(codes).any(|code| code == "clinical-note")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_note_that_came_as_a_document_is_listed_and_the_documents_of_listed_notes_are_not() {
        let kind = |code: &str| json!({"coding": [{"system": note::LOINC, "code": code}]});
        let documents = [
            json!({"id": "old", "type": kind(note::NOTE)}),
            json!({"id": "ours", "type": kind(note::NOTE), "context": {"related": [{"reference": "Composition/c"}]}}),
            json!({"id": "letter", "type": kind("51852-2")}),
            json!({"id": "other", "type": kind("34117-2"), "category": [{"coding": [{"code": "clinical-note"}]}]}),
        ];
        let found = elsewhere(&documents, &[json!({"id": "c"})]);
        assert_eq!(found.iter().map(|one| one["id"].as_str().unwrap()).collect::<Vec<_>>(), ["old", "other"]);
    }
}
