//! Medicines that patients say they do not take.

use serde_json::Value;

use super::super::inbox_pages::{Row, Urgency};
use super::{Asking, Found, Section, prescription, rows_of, waiting};
use crate::base::Role;
use crate::care::prescribe::{self, NOT_TAKEN};
use crate::fhir::ResourceType;
use crate::http::fill;
use crate::http::ui::{When, t};
use crate::record::Page;

pub(super) const SECTION: Section = Section {
    name: "not-taken",
    title: || t("inbox-not-taken"),
    for_whom: &[Role::Clinician, Role::Nurse],
    asks,
    rows,
    sifts: None,
    left_out: None,
};

fn asks(_: &Asking) -> Vec<(ResourceType, String)> {
    waiting(NOT_TAKEN)
}

fn rows(pages: &[Page], found: &Found<'_>) -> Vec<Row> {
    rows_of(pages, |task, along| row(task, along, found))
}

fn row(task: &Value, along: &[Value], found: &Found<'_>) -> Option<Row> {
    let word = prescribe::not_taken_of(task)?;
    let request = prescription(along, &word.prescription)?;
    let since = word.said.as_deref()?.parse().ok()?;
    Some(Row {
        href: format!("/patients/{}/prescriptions/{}", word.patient, word.prescription),
        who: found.name(&word.patient),
        what: fill::medicine_name(request, along),
        more: word.reason,
        since,
        when: When::at(since, &found.ctx.zone),
        due: None,
        urgency: Urgency::Usual,
        // Who prescribed it looks first; everybody else can.
        is_mine: word.of.is_some_and(|of| found.asking.me.as_ref().is_some_and(|me| me.as_str() == of)),
    })
}
