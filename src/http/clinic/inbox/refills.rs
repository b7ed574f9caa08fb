//! Refills that patients ask for.

use serde_json::Value;

use super::super::inbox_pages::{Row, Urgency};
use super::{Asking, Found, Section, prescription, rows_of, waiting};
use crate::base::Role;
use crate::care::prescribe::{self, REFILL};
use crate::fhir::ResourceType;
use crate::http::fill;
use crate::http::ui::{When, t};
use crate::record::Page;

pub(super) const SECTION: Section = Section {
    name: "refills",
    title: || t("inbox-refills"),
    for_whom: &[Role::Clinician],
    asks,
    rows,
    sifts: None,
    left_out: None,
};

fn asks(_: &Asking) -> Vec<(ResourceType, String)> {
    waiting(REFILL)
}

fn rows(pages: &[Page], found: &Found<'_>) -> Vec<Row> {
    rows_of(pages, |task, along| row(task, along, found))
}

fn row(task: &Value, along: &[Value], found: &Found<'_>) -> Option<Row> {
    let refill = prescribe::refill_of(task)?;
    let request = prescription(along, &refill.prescription);
    let since = refill.asked.as_deref()?.parse().ok()?;
    // Who prescribed it answers first; everybody else can.
    let by = request.and_then(|request| fill::text(request, "/requester/reference"));
    let is_mine = by.is_some_and(|by| found.asking.me.as_ref().is_some_and(|me| me.as_str() == by));
    Some(Row {
        href: format!("/refills/{}", refill.id),
        who: found.name(&refill.patient),
        what: request.map(|request| fill::medicine_name(request, along)).unwrap_or_default(),
        more: refill.note,
        since,
        when: When::at(since, &found.ctx.zone),
        due: None,
        urgency: Urgency::Usual,
        is_mine,
    })
}
