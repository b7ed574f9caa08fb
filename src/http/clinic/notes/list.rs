//! All notes of a patient.

use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;

use super::{last_writer, place};
use crate::care::note;
use crate::fhir::ResourceType as R;
use crate::http::clinic::chart;
use crate::http::clinic::ctx;
use crate::http::clinic::notes_pages::{NoteRow, Notes};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;

/// How many notes of a patient are listed.
const LISTED: usize = 200;

/// `GET /patients/{id}/notes`
pub(in crate::http) async fn list(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let opened = chart::open(&visit, &id, &[R::Composition]).await?;
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
    page(&Notes { cx: opened.cx, frame: opened.frame, open, signed })
}
