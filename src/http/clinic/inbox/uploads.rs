//! Documents that patients brought and no clinician has seen.

use serde_json::Value;

use super::super::inbox_pages::{Row, Urgency};
use super::{Asking, Found, Section};
use crate::base::{Role, Timestamp};
use crate::care::uploads::TO_SEE;
use crate::fhir::ResourceType;
use crate::http::fill;
use crate::http::ui::{When, t};
use crate::record::Page;

pub(super) const SECTION: Section = Section {
    name: "uploads",
    title: || t("inbox-uploads"),
    for_whom: &[Role::Clinician, Role::Nurse],
    asks,
    rows,
    sifts: None,
    left_out: None,
};

fn asks(_: &Asking) -> Vec<(ResourceType, String)> {
    let (system, code) = TO_SEE;
    let text = format!("_tag={system}|{code}&status=current&_sort=date&_include=DocumentReference:patient");
    vec![(ResourceType::DocumentReference, text)]
}

fn rows(pages: &[Page], found: &Found<'_>) -> Vec<Row> {
    let stored = pages.iter().flat_map(|page| &page.matches);
    stored.filter_map(|one| row(&serde_json::from_slice(&one.json).ok()?, found)).collect()
}

fn row(document: &Value, found: &Found<'_>) -> Option<Row> {
    let text = |at: &str| document.pointer(at).and_then(Value::as_str);
    let patient = text("/subject/reference")?.strip_prefix("Patient/")?;
    let since: Timestamp = text("/date")?.parse().ok()?;
    let shown = fill::document(document, patient, "/patients", found.ctx)?;
    Some(Row {
        href: shown.href.clone()?,
        who: found.name(patient),
        what: shown.title,
        more: shown.kind,
        since,
        when: When::at(since, &found.ctx.zone),
        due: None,
        urgency: Urgency::Usual,
        is_mine: false,
    })
}
