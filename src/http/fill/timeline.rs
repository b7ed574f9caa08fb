//! The whole course of a record: visits, orders, results, procedures, immunizations and documents by date.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use serde_json::Value;

use super::lists::visit;
use super::observations::{Wanted, is_wanted, name, said, taken};
use super::{Ctx, called, concept, list, named, owned, text};
use crate::care::Chart;
use crate::fhir::ResourceType;
use crate::http::clinic::chart_pages::{TimelineEntry, TimelineKind};
use crate::http::ui::{When, format, t};

/// How many tests one entry names; the rest is counted. Of those outside their range none is left to a count.
const NAMED: usize = 5;

/// Everything that happened, newest first; documents lead to where they can be read below `base`.
pub fn timeline(chart: &Chart, show: Option<TimelineKind>, base: &str, ctx: &Ctx) -> Vec<TimelineEntry> {
    let mut all: Vec<TimelineEntry> =
        chart.of(ResourceType::Encounter).iter().filter_map(|one| visit_entry(one, ctx)).collect();
    let documents: Vec<TimelineEntry> = chart
        .of(ResourceType::DocumentReference)
        .iter()
        .filter_map(|one| document_entry(one, chart, base, ctx))
        .collect();
    // A note that is sent as a report and as a document is one note.
    let noted: BTreeSet<(DateTime, &str)> =
        documents.iter().map(|entry| (entry.when.moment(), entry.title.as_str())).collect();
    let reports = chart.of(ResourceType::DiagnosticReport).iter().filter_map(|one| {
        let dates = ["/effectiveDateTime", "/effectivePeriod/start", "/issued"];
        entry(one, TimelineKind::Result, concept(one.get("code")), &dates, "performer", ctx)
    });
    all.extend(reports.filter(|entry| !noted.contains(&(entry.when.moment(), entry.title.as_str()))));
    all.extend(chart.of(ResourceType::Procedure).iter().filter_map(|one| {
        let dates = ["/performedDateTime", "/performedPeriod/start"];
        entry(one, TimelineKind::Procedure, concept(one.get("code")), &dates, "performer", ctx)
    }));
    all.extend(chart.of(ResourceType::Immunization).iter().filter_map(|one| {
        let name = named(concept(one.get("vaccineCode")));
        // A vaccine is called as what it is against: by itself it would read as a disease.
        let name = t("timeline-vaccinated").with("name", name).to_string();
        entry(one, TimelineKind::Immunization, Some(name), &["/occurrenceDateTime"], "performer", ctx)
    }));
    let orders = super::orders(chart.of(ResourceType::ServiceRequest), ctx);
    let page = format!("{base}/{}/orders", text(&chart.patient, "/id").unwrap_or_default());
    all.extend(orders.into_iter().filter_map(|row| {
        let title = t("timeline-ordered").with("name", row.name.text).to_string();
        let href = Some(page.clone());
        Some(TimelineEntry { when: row.when?, kind: TimelineKind::Order, title, text: row.kind, by: row.by, href })
    }));
    all.extend(tests(chart, ctx));
    drop(noted);
    all.extend(documents);
    all.retain(|entry| show.is_none_or(|show| show == entry.kind));
    all.sort_by_key(|entry| std::cmp::Reverse(entry.when.moment()));
    all
}

/// Results that stand in no report: those of one moment together.
fn tests(chart: &Chart, ctx: &Ctx) -> Vec<TimelineEntry> {
    let reported: BTreeSet<&str> = chart
        .of(ResourceType::DiagnosticReport)
        .iter()
        .flat_map(|report| list(report, "result"))
        .filter_map(|result| text(result, "/reference"))
        .collect();
    let alone = |one: &&Value| {
        let id = text(one, "/id").map(|id| format!("Observation/{id}"));
        is_wanted(one, Wanted::Results) && id.is_none_or(|id| !reported.contains(id.as_str()))
    };
    let mut together: BTreeMap<DateTime, (When, Vec<&Value>)> = BTreeMap::new();
    for one in chart.of(ResourceType::Observation).iter().filter(alone) {
        if let Some(when) = taken(one, ctx) {
            together.entry(when.moment()).or_insert((when, Vec::new())).1.push(one);
        }
    }
    together.into_values().filter_map(|(when, found)| tests_entry(when, &found, ctx)).collect()
}

fn tests_entry(when: When, found: &[&Value], ctx: &Ctx) -> Option<TimelineEntry> {
    let mut outside: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for one in found {
        let name = name(one);
        if let Some((value, Some(_))) = said(one, ctx) {
            outside.push(format!("{name} {value}"));
        }
        names.push(name);
    }
    names.sort();
    names.dedup();
    outside.sort();
    let by = |one: &&Value| list(one, "performer").iter().find_map(|performer| called(Some(performer)));
    let (title, text) = match names.as_slice() {
        [] => return None,
        [only] => (only.clone(), found.first().and_then(|one| alone(one, ctx))),
        many => {
            let text = match outside.as_slice() {
                [] => some_of(many),
                [..] => t("timeline-outside").with("n", outside.len()).with("named", outside.join(", ")).to_string(),
            };
            (t("timeline-tests").with("n", many.len()).to_string(), Some(text))
        }
    };
    let source = found.first().and_then(by);
    let one_source = found.iter().all(|one| by(one) == source);
    Some(TimelineEntry { when, kind: TimelineKind::Result, title, text, by: source.filter(|_| one_source), href: None })
}

/// "46 mg/L, high".
fn alone(one: &Value, ctx: &Ctx) -> Option<String> {
    let (value, flag) = said(one, ctx)?;
    Some(match flag {
        Some(flag) => format!("{value}, {}", format::within(&flag.word().to_string())),
        None => value,
    })
}

/// The first few of a list, and how many more there are.
fn some_of(all: &[String]) -> String {
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => t("timeline-tests-more").with("named", named).with("n", more).to_string(),
    }
}

fn visit_entry(one: &Value, ctx: &Ctx) -> Option<TimelineEntry> {
    let row = visit(one, ctx);
    if matches!(text(one, "/status"), Some("entered-in-error" | "cancelled")) {
        return None;
    }
    let title = match &row.reason {
        Some(reason) => t("timeline-visit-for").with("kind", &row.kind).with("reason", reason).to_string(),
        None => row.kind.clone(),
    };
    Some(TimelineEntry { when: row.when?, kind: TimelineKind::Visit, title, text: row.place, by: row.by, href: None })
}

fn document_entry(one: &Value, chart: &Chart, base: &str, ctx: &Ctx) -> Option<TimelineEntry> {
    let patient = text(&chart.patient, "/id").unwrap_or_default();
    let row = super::document(one, patient, base, ctx)?;
    let found = entry(one, TimelineKind::Letter, Some(row.title), &["/date"], "author", ctx)?;
    Some(TimelineEntry { href: row.href, ..found })
}

fn entry(
    one: &Value,
    kind: TimelineKind,
    title: Option<String>,
    dates: &[&str],
    people: &str,
    ctx: &Ctx,
) -> Option<TimelineEntry> {
    if matches!(text(one, "/status"), Some("entered-in-error" | "cancelled" | "not-done")) {
        return None;
    }
    let when: When = ctx.first_when(one, dates)?;
    let by = list(one, people).iter().find_map(|person| called(Some(person)).or_else(|| called(person.get("actor"))));
    let text =
        owned(one, "/conclusion").or_else(|| list(one, "reasonCode").first().and_then(|reason| concept(Some(reason))));
    Some(TimelineEntry { when, kind, title: named(title), text, by, href: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(resources: Vec<(ResourceType, Vec<Value>)>) -> Vec<TimelineEntry> {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let chart = Chart::holding(json!({"id": "p"}), resources);
        timeline(&chart, None, "/patients", &ctx)
    }

    fn result(id: &str, name: &str, at: &str) -> Value {
        json!({"id": id, "status": "final", "code": {"text": name}, "effectiveDateTime": at, "valueInteger": 1})
    }

    #[test]
    fn results_outside_of_reports_stand_together_and_those_in_one_only_there() {
        let results = vec![
            result("a", "Sodium", "2026-01-02T08:00:00Z"),
            result("b", "Potassium", "2026-01-02T08:00:00Z"),
            result("c", "HbA1c", "2026-03-02T08:00:00Z"),
            result("d", "Ferritin", "2026-02-02T08:00:00Z"),
        ];
        let report = json!({"status": "final", "code": {"text": "Iron"}, "effectiveDateTime": "2026-02-02T08:00:00Z",
            "result": [{"reference": "Observation/d"}]});
        let all = of(vec![(ResourceType::Observation, results), (ResourceType::DiagnosticReport, vec![report])]);
        let titles: Vec<_> = all.iter().map(|entry| entry.title.as_str()).collect();
        assert_eq!(titles, ["HbA1c", "Iron", "2 test results"]);
        assert_eq!(all[2].text.as_deref(), Some("Potassium, Sodium"));
        assert_eq!(all[0].text.as_deref(), Some("1"));
    }

    #[test]
    fn what_is_outside_its_range_is_named_first_with_its_value() {
        let high = |name: &str, value: f64| {
            json!({"status": "final", "code": {"text": name}, "effectiveDateTime": "2026-01-02T08:00:00Z",
                "valueQuantity": {"value": value as i64, "unit": "mg/L"}, "referenceRange": [{"high": {"value": 5}}]})
        };
        let all = of(vec![(ResourceType::Observation, vec![high("CRP", 46.0), high("Urate", 4.0)])]);
        assert_eq!(all[0].text.as_deref(), Some("1 outside its range: CRP 46 mg/L"));
        let one = of(vec![(ResourceType::Observation, vec![high("CRP", 46.0)])]);
        assert_eq!(one[0].text.as_deref(), Some("46 mg/L, high"));
    }

    #[test]
    fn all_that_is_outside_is_named_and_a_vaccine_is_no_disease() {
        let high = |name: String| {
            json!({"status": "final", "code": {"text": name}, "effectiveDateTime": "2026-01-02T08:00:00Z",
                "valueQuantity": {"value": 46, "unit": "mg/L"}, "referenceRange": [{"high": {"value": 5}}]})
        };
        let many = (1..=7).map(|n| high(format!("Test {n}"))).collect();
        let shot =
            json!({"status": "completed", "vaccineCode": {"text": "Influenza"}, "occurrenceDateTime": "2025-10-02"});
        let all = of(vec![(ResourceType::Observation, many), (ResourceType::Immunization, vec![shot])]);
        assert!(all[0].text.as_deref().is_some_and(|text| text.contains("Test 7 46 mg/L")), "{all:?}");
        assert_eq!(all[1].title, "Vaccination: Influenza");
    }

    #[test]
    fn what_was_ordered_stands_in_the_course_and_leads_to_the_orders() {
        let order = json!({"id": "o", "status": "active", "code": {"text": "Chest X-ray"}, "authoredOn": "2026-02-02"});
        let all = of(vec![(ResourceType::ServiceRequest, vec![order])]);
        assert_eq!(
            (all[0].title.as_str(), all[0].href.as_deref()),
            ("Ordered: Chest X-ray", Some("/patients/p/orders"))
        );
    }

    #[test]
    fn a_note_that_came_as_report_and_document_stands_once_and_can_be_opened() {
        let code = json!({"text": "Visit note"});
        let report = json!({"status": "final", "code": code, "effectiveDateTime": "2026-02-02T08:00:00Z"});
        let document = json!({"id": "d", "status": "current", "type": code, "date": "2026-02-02T08:00:00Z",
            "content": [{"attachment": {"contentType": "text/plain", "data": "eA=="}}]});
        let all =
            of(vec![(ResourceType::DiagnosticReport, vec![report]), (ResourceType::DocumentReference, vec![document])]);
        let [note] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(note.href.as_deref(), Some("/patients/p/documents/d"));
    }
}
