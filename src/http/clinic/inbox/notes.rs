//! Visit notes that nobody has signed.

use serde_json::Value;

use super::super::inbox_pages::{Row, Urgency};
use super::{Asking, Found, Section};
use crate::base::{Role, Timestamp};
use crate::care::note::{self, LOINC, NOTE};
use crate::fhir::ResourceType as R;
use crate::http::ui::{When, t};
use crate::record::{Page, Stored};

pub(super) const SECTION: Section = Section {
    name: "notes",
    title: || t("inbox-notes"),
    for_whom: &[Role::Clinician, Role::Nurse],
    asks,
    rows,
    sifts: None,
    left_out: None,
};

fn asks(_: &Asking) -> Vec<(R, String)> {
    vec![(R::Composition, format!("status=preliminary&type={LOINC}|{NOTE}&_sort=-date&_include=Composition:subject"))]
}

fn rows(pages: &[Page], found: &Found<'_>) -> Vec<Row> {
    pages.iter().flat_map(|page| &page.matches).filter_map(|one| row(one, found)).collect()
}

fn row(stored: &Stored, found: &Found<'_>) -> Option<Row> {
    let value: Value = serde_json::from_slice(&stored.json).ok()?;
    if note::appends_to(&value).is_some() {
        return None;
    }
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let patient = text("/subject/reference")?.strip_prefix("Patient/")?;
    let since: Timestamp = text("/date")?.parse().ok()?;
    let authors = value.get("author").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let me = found.asking.me.as_ref().map(crate::base::ResourceRef::as_str);
    let is_mine = me.is_some() && authors.iter().any(|one| one.get("reference").and_then(Value::as_str) == me);
    let by = authors.last().and_then(|one| one.get("display")).and_then(Value::as_str);
    Some(Row {
        href: format!("/patients/{patient}/notes/{}", stored.id),
        who: found.name(patient),
        what: text("/title").unwrap_or_default().to_owned(),
        more: by.map(str::to_owned),
        since,
        when: When::at(since, &found.ctx.zone),
        due: None,
        urgency: Urgency::Usual,
        is_mine,
    })
}
