//! Medicines that patients say they do not take.

use serde_json::Value;

use super::super::inbox_pages::{Row, Urgency};
use super::{Asking, Found, Section};
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
};

fn asks(_: &Asking) -> Vec<(ResourceType, String)> {
    let (system, code) = NOT_TAKEN;
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
    let word = prescribe::not_taken_of(task)?;
    let request = along.iter().find(|one| {
        fill::text(one, "/resourceType") == Some("MedicationRequest")
            && fill::text(one, "/id") == Some(word.prescription.as_str())
    })?;
    let since = word.said.as_deref()?.parse().ok()?;
    Some(Row {
        href: format!("/patients/{}/prescriptions/{}", word.patient, word.prescription),
        who: found.name(&word.patient),
        what: fill::medicine_name(request).unwrap_or_default(),
        more: word.reason,
        since,
        when: When::at(since, &found.ctx.zone),
        due: None,
        urgency: Urgency::Usual,
        // Who prescribed it looks first; everybody else can.
        is_mine: word.of.is_some_and(|of| found.asking.me.as_ref().is_some_and(|me| me.as_str() == of)),
    })
}
