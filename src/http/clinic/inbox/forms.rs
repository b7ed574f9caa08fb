//! Forms that patients returned before a visit and that no doctor or nurse has read, whatever became of the visit.

use serde_json::Value;

use super::super::inbox_pages::{Row, Urgency};
use super::{Asking, Found, Section};
use crate::base::{Role, Timestamp};
use crate::care::previsit;
use crate::care::schedule::{self, FORM_RETURNED, FORM_SEEN};
use crate::fhir::ResourceType;
use crate::http::ui::{When, t};
use crate::record::{Page, Stored};

pub(super) const SECTION: Section = Section {
    name: "forms",
    title: || t("forms-returned"),
    for_whom: &[Role::Clinician, Role::Nurse],
    asks,
    rows,
    sifts: None,
    left_out: None,
};

fn asks(_: &Asking) -> Vec<(ResourceType, String)> {
    let ((system, returned), (of_seen, seen)) = (FORM_RETURNED, FORM_SEEN);
    let text = format!(
        "_tag={system}|{returned}&_tag:not={of_seen}|{seen}&status:not=entered-in-error&_sort=date\
         &_include=Appointment:patient"
    );
    vec![(ResourceType::Appointment, text)]
}

fn rows(pages: &[Page], found: &Found<'_>) -> Vec<Row> {
    let all = pages.iter().flat_map(|page| &page.matches);
    let mut rows = Vec::new();
    for appointment in all.map(Stored::value) {
        rows.extend(schedule::patients_of(&appointment).filter_map(|patient| row(&appointment, patient, found)));
    }
    rows
}

fn row(appointment: &Value, patient: &str, found: &Found<'_>) -> Option<Row> {
    let text = |pointer: &str| appointment.pointer(pointer).and_then(Value::as_str);
    let form = previsit::answers_of_one(appointment, patient).filter(|form| previsit::is_to_see(appointment, form))?;
    let with = schedule::with_of(appointment);
    let is_mine = found.asking.me.as_ref().is_some_and(|me| with.is_some_and(|with| me.id().as_str() == with));
    let since: Timestamp = text("/meta/lastUpdated")?.parse().ok()?;
    let start = text("/start").and_then(|start| When::parse(start, &found.ctx.zone));
    let kind = text("/appointmentType/text").unwrap_or_default();
    Some(Row {
        href: format!("/patients/{patient}/forms#form-{form}"),
        who: found.name(patient),
        what: match kind {
            "" => t("form-returned").to_string(),
            kind => t("form-returned-for").with("kind", kind).to_string(),
        },
        more: start.map(|start| t("form-for-visit").with("when", start.short_time()).to_string()),
        since,
        when: When::at(since, &found.ctx.zone),
        due: None,
        urgency: Urgency::Usual,
        is_mine,
    })
}
