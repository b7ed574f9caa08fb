//! Refills that patients ask for.

use serde_json::Value;

use super::super::inbox_pages::{Row, Urgency};
use super::{Asking, Found, Section};
use crate::base::Role;
use crate::care::prescribe::{self, REFILL};
use crate::fhir::ResourceType;
use crate::http::fill;
use crate::http::ui::{When, t};
use crate::record::Page;

pub(super) const SECTION: Section =
    Section { name: "refills", title: || t("inbox-refills"), for_whom: &[Role::Clinician], asks, rows };

fn asks(_: &Asking) -> Vec<(ResourceType, String)> {
    let (system, code) = REFILL;
    let text = format!("code={system}|{code}&status=requested&_include=Task:patient&_include=Task:focus");
    vec![(ResourceType::Task, text)]
}

fn rows(pages: &[Page], found: &Found<'_>) -> Vec<Row> {
    let json = |stored: &crate::record::Stored| serde_json::from_slice::<Value>(&stored.json).ok();
    let along: Vec<Value> = pages.iter().flat_map(|page| &page.included).filter_map(json).collect();
    let tasks = pages.iter().flat_map(|page| &page.matches).filter_map(json);
    tasks.filter_map(|task| row(&task, &along, found)).collect()
}

fn row(task: &Value, along: &[Value], found: &Found<'_>) -> Option<Row> {
    let refill = prescribe::refill_of(task)?;
    let request = along.iter().find(|one| {
        fill::text(one, "/resourceType") == Some("MedicationRequest")
            && fill::text(one, "/id") == Some(refill.prescription.as_str())
    });
    let since = refill.asked.as_deref()?.parse().ok()?;
    // Who prescribed it answers first; everybody else can.
    let by = request.and_then(|request| fill::text(request, "/requester/reference"));
    let is_mine = by.is_some_and(|by| found.asking.me.as_ref().is_some_and(|me| me.as_str() == by));
    Some(Row {
        href: format!("/refills/{}", refill.id),
        who: found.name(&refill.patient),
        what: request.and_then(fill::medicine_name).unwrap_or_default(),
        more: refill.note,
        since,
        when: When::at(since, &found.ctx.zone),
        due: None,
        urgency: Urgency::Usual,
        is_mine,
    })
}
