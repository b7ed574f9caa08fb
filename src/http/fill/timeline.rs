//! The whole course of a record: visits, orders, results, procedures, immunizations and documents by date.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use serde_json::Value;

use super::bears::bears_elsewhere;
use super::called_off::{called_off, in_reports};
use super::copied::copied;
use super::dates::{date_of, newest_first, time_said};
use super::lists::visit;
use super::observations::{Wanted, is_in_doubt, is_wanted, name, said, taken};
use super::reports::Noted;
use super::standing::{caveats, status_word};
use super::{Ctx, amounts::notes, called, concept, list, named, owned, text};
use crate::care::Chart;
use crate::fhir::ResourceType;
use crate::http::clinic::chart_pages::{TimelineEntry, TimelineKind};
use crate::http::ui::record::{CalledOff, OrderState};
use crate::http::ui::{When, format, t, words};

/// How many tests one entry names; the rest is counted. Of those outside their range none is left to a count.
const NAMED: usize = 5;

/// What stands in no other list of a chart: in the timeline nothing of it is missing.
pub const OTHERS: [ResourceType; 23] = {
    use ResourceType as R;
    [
        R::AdverseEvent,
        R::BodyStructure,
        R::CarePlan,
        R::CareTeam,
        R::ClinicalImpression,
        R::DetectedIssue,
        R::Device,
        R::DeviceRequest,
        R::DeviceUseStatement,
        R::EpisodeOfCare,
        R::FamilyMemberHistory,
        R::Flag,
        R::Goal,
        R::ImagingStudy,
        R::ImmunizationRecommendation,
        R::Media,
        R::MedicationAdministration,
        R::MedicationDispense,
        R::NutritionOrder,
        R::RiskAssessment,
        R::Specimen,
        R::SupplyDelivery,
        R::VisionPrescription,
    ]
};

/// Everything that happened, newest first, and at the end what bears no date; documents lead to where they can be read below `base`.
pub fn timeline(chart: &Chart, show: Option<TimelineKind>, base: &str, ctx: &Ctx) -> Vec<TimelineEntry> {
    let ctx = &ctx.about(&chart.patient);
    let mut all: Vec<TimelineEntry> =
        chart.of(ResourceType::Encounter).iter().filter_map(|one| visit_entry(one, ctx)).collect();
    let documents: Vec<TimelineEntry> = chart
        .of(ResourceType::DocumentReference)
        .iter()
        .filter_map(|one| document_entry(one, chart, base, ctx))
        .collect();
    // A note that is sent as a report and as a document is one note.
    let noted = Noted::of(chart.of(ResourceType::DocumentReference), ctx);
    let reports = chart.of(ResourceType::DiagnosticReport).iter().filter(|one| !noted.has(one, ctx));
    let reports = reports.filter_map(|one| {
        entry(one, TimelineKind::Result, concept(one.get("code")), &["effective", "issued"], "performer", ctx)
    });
    all.extend(reports);
    all.extend(chart.of(ResourceType::Procedure).iter().filter_map(|one| {
        entry(one, TimelineKind::Procedure, concept(one.get("code")), &["performed"], "performer", ctx)
    }));
    all.extend(chart.of(ResourceType::Immunization).iter().filter_map(|one| {
        let name = named(concept(one.get("vaccineCode")));
        // A vaccine is called as what it is against: by itself it would read as a disease.
        let name = t("timeline-vaccinated").with("name", name).to_string();
        entry(one, TimelineKind::Immunization, Some(name), &["occurrence"], "performer", ctx)
    }));
    let orders = super::orders(chart.of(ResourceType::ServiceRequest), ctx);
    let page = format!("{base}/{}/orders", text(&chart.patient, "/id").unwrap_or_default());
    all.extend(orders.into_iter().map(|row| {
        let title = t("timeline-ordered").with("name", &row.name.text).to_string();
        let (when, href) = (row.when.unwrap_or(When::Unknown), Some(page.clone()));
        let kind = TimelineKind::Order;
        // One that is open needs no word, nor one whose name says that it is not to be done; of others the reason stands beside.
        let is_plain = matches!(row.state, OrderState::Open | OrderState::Not);
        let state = (!is_plain).then(|| row.state.mark().word.to_string());
        let text: Vec<String> = row.kind.into_iter().chain(state).chain(row.notes).collect();
        let text = (!text.is_empty()).then(|| text.join("; "));
        TimelineEntry { when, when_said: None, kind, title, text, by: row.by, href }
    }));
    all.extend(tests(chart, ctx));
    all.extend(called_off(chart, Wanted::Findings, ctx).into_iter().map(called_off_entry));
    for kind in OTHERS {
        all.extend(chart.of(kind).iter().filter_map(|one| other_entry(kind, one, ctx)));
    }
    all.extend(documents);
    all.retain(|entry| show.is_none_or(|show| show == entry.kind));
    all.sort_by_key(|entry| newest_first(entry.when));
    all
}

/// Results that stand in no report: those of one moment together.
fn tests(chart: &Chart, ctx: &Ctx) -> Vec<TimelineEntry> {
    let reported = in_reports(chart);
    let alone = |one: &&Value| {
        let id = text(one, "/id").map(|id| format!("Observation/{id}"));
        is_wanted(one, Wanted::Findings) && id.is_none_or(|id| !reported.contains(id.as_str()))
    };
    let mut together: BTreeMap<DateTime, (When, Vec<&Value>)> = BTreeMap::new();
    for one in chart.of(ResourceType::Observation).iter().filter(alone) {
        let when = taken(one, ctx);
        together.entry(when.moment()).or_insert((when, Vec::new())).1.push(one);
    }
    together.into_values().filter_map(|(when, found)| tests_entry(when, &found, ctx)).collect()
}

fn called_off_entry(CalledOff { name: title, when, said }: CalledOff) -> TimelineEntry {
    TimelineEntry { when, when_said: None, kind: TimelineKind::Result, title, text: Some(said), by: None, href: None }
}

fn tests_entry(when: When, found: &[&Value], ctx: &Ctx) -> Option<TimelineEntry> {
    let mut outside: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for one in found {
        let name = name(one);
        if let Some(said) = said(one, ctx).filter(|said| said.flag.is_some()) {
            let doubt = is_in_doubt(one).then(|| format!(" ({})", format::within(&t("result-in-doubt").to_string())));
            outside.push(format!("{name} {}{}", said.value, doubt.unwrap_or_default()));
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
    let by = source.filter(|_| one_source);
    Some(TimelineEntry { when, when_said: None, kind: TimelineKind::Result, title, text, by, href: None })
}

/// "46 mg/L, high".
fn alone(one: &Value, ctx: &Ctx) -> Option<String> {
    let said = said(one, ctx)?;
    let flag = said.flag.map(|flag| format!(", {}", format::within(&flag.word().to_string()))).unwrap_or_default();
    let beside = said.beside.iter().map(|beside| format!("; {beside}")).collect::<String>();
    Some(format!("{}{flag}{beside}", said.value))
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
    // Of a visit whose beginning nobody wrote down its end is known.
    let when = row.when.or(row.until).unwrap_or(When::Unknown);
    let kind = TimelineKind::Visit;
    let text: Vec<String> = row.state.into_iter().chain(row.place).chain(row.detail).collect();
    let text = (!text.is_empty()).then(|| text.join("; "));
    Some(TimelineEntry { when, when_said: None, kind, title, text, by: row.by, href: None })
}

fn document_entry(one: &Value, chart: &Chart, base: &str, ctx: &Ctx) -> Option<TimelineEntry> {
    let patient = text(&chart.patient, "/id").unwrap_or_default();
    let row = super::document(one, patient, base, ctx)?;
    let found = entry(one, TimelineKind::Letter, Some(row.title), &["date"], "author", ctx)?;
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
    let status = text(one, "/status").unwrap_or_default();
    // A report that was called off stands, and says so: somebody waits for it.
    if status == "entered-in-error" {
        return None;
    }
    let of = match kind {
        TimelineKind::Procedure => Some(ResourceType::Procedure),
        TimelineKind::Immunization => Some(ResourceType::Immunization),
        TimelineKind::Result => Some(ResourceType::DiagnosticReport),
        TimelineKind::Letter => Some(ResourceType::DocumentReference),
        _ => None,
    };
    let when = date_of(one, dates, ctx).unwrap_or(When::Unknown);
    let when_said = dates.iter().find_map(|stem| time_said(one, stem)).filter(|_| !when.is_known());
    let title = match status {
        "not-done" => t("timeline-not-done").with("name", named(title)).to_string(),
        _ => named(title),
    };
    let by = list(one, people).iter().find_map(|person| called(Some(person)).or_else(|| called(person.get("actor"))));
    let reasons = list(one, "reasonCode").iter().filter_map(|reason| concept(Some(reason)));
    let sites = list(one, "bodySite").iter().filter_map(|site| concept(Some(site)));
    let mut said = of.map(|of| caveats(of, one)).unwrap_or_default();
    // A report that is not final yet, or no longer as it was, says so.
    let state = Some(status).filter(|status| kind == TimelineKind::Result && !matches!(*status, "" | "final"));
    said.extend(state.map(status_word));
    // A table says these of a vaccination, with more.
    let reasons = reasons.filter(|_| kind != TimelineKind::Immunization);
    said.extend(owned(one, "/conclusion").into_iter().chain(reasons).chain(sites));
    said.extend(of.map(|of| bears_elsewhere(of, one, ctx)).unwrap_or_default());
    if kind == TimelineKind::Procedure {
        // What is not done yet, or was broken off, is not said to be done.
        let state = Some(status).filter(|status| !matches!(*status, "" | "completed" | "not-done"));
        said.extend(concept(one.get("statusReason")));
        said.extend(concept(one.get("outcome")));
        said.extend(state.map(status_word));
        said.extend(notes(one));
    }
    let text = (!said.is_empty()).then(|| said.join("; "));
    Some(TimelineEntry { when, when_said, kind, title, text, by, href: None })
}

/// What no other page shows, as one line: what it is, and what it says.
fn other_entry(kind: ResourceType, one: &Value, ctx: &Ctx) -> Option<TimelineEntry> {
    if text(one, "/status") == Some("entered-in-error") {
        return None;
    }
    let stems: [&str; 22] = [
        "whenHandedOver",
        "whenPrepared",
        "effective",
        "occurrence",
        "period",
        "onset",
        "started",
        "start",
        "created",
        "detected",
        "identified",
        "timing",
        "date",
        "dateTime",
        "authoredOn",
        "dateWritten",
        "recordedDate",
        "recordedOn",
        "statusDate",
        "receivedTime",
        "dateAsserted",
        "issued",
    ];
    let when = date_of(one, &stems, ctx).unwrap_or(When::Unknown);
    let line = copied(kind, one, ctx);
    // What nobody named is called as what it is.
    let title = match line.what == kind.name() {
        true => words::kind(kind),
        false => t("timeline-other-named").with("kind", words::kind(kind)).with("name", line.what).to_string(),
    };
    let text = Some(line.detail).filter(|detail| !detail.is_empty());
    Some(TimelineEntry { when, when_said: None, kind: TimelineKind::Other, title, text, by: line.by, href: None })
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
    fn what_the_patient_bears_and_what_was_asked_stand_in_it_and_a_report_that_is_not_final_says_so() {
        let pacemaker = json!({"resourceType": "Device", "status": "active", "type": {"text": "Pacemaker"}});
        let mut asked = result("a", "PHQ-9", "2026-03-02T08:00:00Z");
        asked["category"] = json!([{"coding": [{"code": "survey"}]}]);
        let report = json!({"status": "corrected", "code": {"text": "CT"}, "effectiveDateTime": "2026-03-01"});
        let off = json!({"status": "cancelled", "code": {"text": "Culture"}, "effectiveDateTime": "2026-02-01"});
        let nothing = json!({"resourceType": "RiskAssessment", "status": "final"});
        let all = of(vec![
            (ResourceType::Device, vec![pacemaker]),
            (ResourceType::Observation, vec![asked]),
            (ResourceType::DiagnosticReport, vec![report, off]),
            (ResourceType::RiskAssessment, vec![nothing]),
        ]);
        let said: Vec<(&str, Option<&str>)> =
            all.iter().map(|entry| (entry.title.as_str(), entry.text.as_deref())).collect();
        assert_eq!(
            said,
            [
                ("PHQ-9", Some("1")),
                ("CT", Some("corrected")),
                ("Culture", Some("cancelled")),
                ("Device: Pacemaker", Some("active")),
                ("Risk", Some("final"))
            ]
        );
    }

    #[test]
    fn what_is_outside_its_range_is_named_first_with_its_value() {
        let high = |name: &str, value: f64| {
            json!({"status": "final", "code": {"text": name}, "effectiveDateTime": "2026-01-02T08:00:00Z",
                "valueQuantity": {"value": value as i64, "unit": "mg/L"}, "referenceRange": [{"high": {"value": 5}}]})
        };
        let all = of(vec![(ResourceType::Observation, vec![high("CRP", 46.0), high("Urate", 4.0)])]);
        assert_eq!(all[0].text.as_deref(), Some("1 outside its range: CRP 46 mg/L"));
        let mut doubtful = high("Potassium", 7.0);
        doubtful["status"] = json!("unknown");
        let all = of(vec![(ResourceType::Observation, vec![doubtful, high("Urate", 4.0)])]);
        let words = "1 outside its range: Potassium 7 mg/L (it is not known whether this value is valid)";
        assert_eq!(all[0].text.as_deref(), Some(words));
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
        let off =
            json!({"id": "o", "status": "revoked", "code": {"text": "Chest X-ray"}, "note": [{"text": "moved away"}]});
        let all = of(vec![(ResourceType::ServiceRequest, vec![off])]);
        assert_eq!(all[0].text.as_deref(), Some("Called off; moved away"));
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

    #[test]
    fn what_bears_no_date_stands_at_the_end_and_nothing_is_nowhere() {
        let procedure = |name: &str, more: Value| {
            let mut one = json!({"status": "completed", "code": {"text": name}});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        let all = of(vec![
            (
                ResourceType::Procedure,
                vec![
                    procedure("Appendectomy", json!({})),
                    procedure("Splenectomy", json!({"performedString": "as a child"})),
                    procedure("Pacemaker", json!({"performedPeriod": {"end": "2010-01-02"}})),
                    procedure("Biopsy", json!({"status": "not-done"})),
                ],
            ),
            (
                ResourceType::Immunization,
                vec![json!({"vaccineCode": {"text": "Tetanus"}, "occurrenceString": "about 2001"})],
            ),
            (ResourceType::DiagnosticReport, vec![json!({"code": {"text": "Undated"}, "conclusion": "A finding"})]),
            (ResourceType::Encounter, vec![json!({"id": "e"})]),
            (ResourceType::ServiceRequest, vec![json!({"id": "o", "status": "active", "code": {"text": "X-ray"}})]),
            (ResourceType::Observation, vec![json!({"id": "a", "code": {"text": "Zinc"}, "valueInteger": 1})]),
            (ResourceType::Flag, vec![json!({"status": "active", "code": {"text": "Falls"}})]),
            (
                ResourceType::FamilyMemberHistory,
                vec![json!({"relationship": {"text": "mother"}, "condition": [{"code": {"text": "BRCA"}}]})],
            ),
            (ResourceType::DeviceUseStatement, vec![json!({"device": {"display": "Stent"}})]),
            (
                ResourceType::MedicationDispense,
                vec![json!({"medicationCodeableConcept": {"text": "Clozapine"}, "whenHandedOver": "2024-05-05"})],
            ),
        ]);
        let said = |entry: &TimelineEntry| (entry.title.clone(), entry.when_said.clone().unwrap_or(entry.when.iso()));
        let said: Vec<(String, String)> = all.iter().map(said).collect();
        let dated = [("Medicine handed out: Clozapine", "2024-05-05"), ("Pacemaker", "2010-01-02")];
        assert_eq!(said[..2], dated.map(|(title, when)| (title.to_owned(), when.to_owned())));
        for (title, when) in [
            ("Appendectomy", ""),
            ("Splenectomy", "as a child"),
            ("Not done: Biopsy", ""),
            ("Vaccination: Tetanus", "about 2001"),
            ("Undated", ""),
            ("Ordered: X-ray", ""),
            ("Zinc", ""),
            ("Warning: Falls", ""),
            ("Family history: mother", ""),
            ("Device: Stent", ""),
        ] {
            assert!(said[2..].contains(&(title.to_owned(), when.to_owned())), "{title}: {said:?}");
        }
        let family = all.iter().find(|entry| entry.title.starts_with("Family")).unwrap();
        assert_eq!(family.text.as_deref(), Some("BRCA"));
    }
}
