//! Results that no doctor has signed.

use serde_json::Value;

use super::super::inbox_pages::{Row, Urgency};
use super::super::results_pages;
use super::{Asking, Found, Section};
use crate::base::{Role, Timestamp};
use crate::care::held;
use crate::care::results::SIGNED;
use crate::fhir::ResourceType as R;
use crate::http::ui::{When, format, t};
use crate::record::{Page, Stored};

pub(super) const SECTION: Section =
    Section { name: "results", title: || t("inbox-results"), for_whom: &[Role::Clinician, Role::Nurse], asks, rows };

/// How far back unsigned results are looked for, in days: an import brings the past, which was signed elsewhere.
const DAYS: i64 = 60;
/// What a laboratory says of a value on which somebody has to act at once.
const CRITICAL: [&str; 3] = ["LL", "HH", "AA"];

fn asks(asking: &Asking) -> Vec<(R, String)> {
    let from = asking.now.saturating_sub(jiff::SignedDuration::from_hours(24 * DAYS)).unwrap_or_default();
    let text = format!(
        "status=preliminary,partial,final,amended,corrected,appended&issued=ge{from}&_tag:not={}|{}&_sort=-issued\
         &_include=DiagnosticReport:subject&_include=DiagnosticReport:result",
        SIGNED.0, SIGNED.1
    );
    vec![(R::DiagnosticReport, text)]
}

fn rows(pages: &[Page], found: &Found<'_>) -> Vec<Row> {
    let row = |page: &Page, one: &Stored| row(page, one, found);
    pages.iter().flat_map(|page| page.matches.iter().filter_map(move |one| row(page, one))).collect()
}

fn row(page: &Page, stored: &Stored, found: &Found<'_>) -> Option<Row> {
    let value = stored.value();
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let patient = text("/subject/reference")?.strip_prefix("Patient/")?;
    let since: Timestamp = text("/issued")?.parse().ok()?;
    let line = results_pages::line(&value, found.ctx);
    let held = held::is_held(&value).then(|| format::within(&t("result-badge-held").to_string()));
    Some(Row {
        href: format!("/patients/{patient}/results/reports/{}", stored.id),
        who: found.name(patient),
        what: text("/code/text").or(text("/code/coding/0/display")).unwrap_or_default().to_owned(),
        more: Some([Some(line), held].into_iter().flatten().collect::<Vec<_>>().join(", ")),
        since,
        when: When::at(since, &found.ctx.zone),
        due: None,
        urgency: if is_critical(page, &value) { Urgency::Critical } else { Urgency::Usual },
        is_mine: false,
    })
}

/// Whether any value of a report cannot wait.
fn is_critical(page: &Page, report: &Value) -> bool {
    let results = report.get("result").and_then(Value::as_array).into_iter().flatten();
    let ids: Vec<&str> =
        results.filter_map(|one| one.get("reference").and_then(Value::as_str)?.strip_prefix("Observation/")).collect();
    let of_report = page.included.iter().filter(|one| one.kind == R::Observation && ids.contains(&one.id.as_str()));
    let flags = |value: &Value| {
        let all = value.pointer("/interpretation/0/coding").and_then(Value::as_array).cloned().unwrap_or_default();
        all.iter().any(|one| one.get("code").and_then(Value::as_str).is_some_and(|code| CRITICAL.contains(&code)))
    };
    of_report.map(Stored::value).any(|value| flags(&value))
}
