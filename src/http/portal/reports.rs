//! Reports of one's own record: what was concluded and said of results, and findings that are no values, such as an X-ray's.
//! What is held from the patient is nowhere here: the policy reads past it.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;

use super::own::{Needs, Own};
use super::pages::{MyReport, ReportRow, SaidOf};
use crate::audit::Action;
use crate::base::FhirId;
use crate::care::results::{self, Report, belonging};
use crate::care::{Chart, uploads};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::kept_file::kept_file;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::{Series, When};

/// The dates of a report, as they are looked for.
const DATES: [&str; 3] = ["/effectiveDateTime", "/effectivePeriod/start", "/issued"];

fn counts(report: &Value) -> bool {
    !matches!(fill::text(report, "/status"), Some("entered-in-error" | "cancelled" | "registered"))
}

pub(super) fn title(report: &Value, ctx: &Ctx) -> String {
    fill::named(ctx.called(report.get("code")))
}

pub(super) fn when(report: &Value, ctx: &Ctx) -> Option<When> {
    ctx.first_when(report, &DATES)
}

fn row(report: &Value, ctx: &Ctx) -> ReportRow {
    let by = fill::list(report, "performer").iter().find_map(|one| fill::called(Some(one)));
    let when = when(report, ctx).map(|when| When::Day(when.day()).short());
    ReportRow {
        href: format!("/my/results/reports/{}", fill::text(report, "/id").unwrap_or_default()),
        title: title(report, ctx),
        line: when.into_iter().chain(by).collect::<Vec<_>>().join(", "),
    }
}

/// Those that say more than their values, newest first. A note that came as a report and as a document is one document.
pub(super) fn listed(chart: &Chart, ctx: &Ctx) -> Vec<ReportRow> {
    all_listed(chart, ctx).into_iter().map(|one| row(one, ctx)).collect()
}

/// Of those the ones whose values are no results of their own, such as an X-ray's: no list of results names them.
pub(super) fn alone<'a>(chart: &'a Chart, ctx: &Ctx) -> Vec<&'a Value> {
    let is_own = |one: &Value| fill::text(one, "/reference").is_some_and(|to| to.starts_with("Observation/"));
    let is_alone = |one: &&Value| !fill::list(one, "result").iter().any(is_own);
    all_listed(chart, ctx).into_iter().filter(is_alone).collect()
}

fn all_listed<'a>(chart: &'a Chart, ctx: &Ctx) -> Vec<&'a Value> {
    let noted = fill::Noted::of(chart.of(R::DocumentReference), ctx);
    let says = |report: &Value| {
        let has = |name| !fill::list(report, name).is_empty();
        !has("result") || has("contained") || has("media") || !fill::report_said(report, &[], "", ctx).is_empty()
    };
    let of = |one: &&Value| counts(one) && says(one) && !noted.has(one, ctx);
    let mut all: Vec<&Value> = chart.of(R::DiagnosticReport).iter().filter(of).collect();
    all.sort_by_key(|one| std::cmp::Reverse(when(one, ctx).map(|when| when.moment())));
    all
}

/// What reports say in which a reading of this course stands, at whichever level of their panels; the newest first.
pub(super) fn said_of(series: &Series, chart: &Chart, ctx: &Ctx) -> Vec<SaidOf> {
    let named = |one: &'_ Value| Some(format!("Observation/{}", fill::text(one, "/id")?));
    let known: BTreeMap<String, &Value> =
        chart.of(R::Observation).iter().filter_map(|one| Some((named(one)?, one))).collect();
    let is_reading = |name: &str| {
        let id = name.strip_prefix("Observation/");
        id.is_some() && series.readings.iter().any(|reading| reading.id.as_deref() == id)
    };
    let holds = |report: &&Value| {
        let parts = belonging(report, |name| known.get(name.as_str()).copied()).parts;
        parts.iter().any(|(name, _)| is_reading(name.as_str()))
    };
    let mut all: Vec<&Value> = chart.of(R::DiagnosticReport).iter().filter(|one| counts(one)).filter(holds).collect();
    all.sort_by_key(|one| std::cmp::Reverse(when(one, ctx).map(|when| when.moment())));
    let said = all.into_iter().map(|one| {
        let row = row(one, ctx);
        let said = fill::report_said(one, &[], &row.href, ctx);
        SaidOf { row, said }
    });
    said.filter(|of| !of.said.is_empty()).collect()
}

/// One report of this record, with all of it that is the patient's to see.
async fn read(own: &Own, id: &str) -> Result<(Chart, Report), Refusal> {
    let id = FhirId::parse(id).map_err(|_| Refusal::not_found())?;
    let query = results::whole(&id)?;
    let found = own.open(Action::Read, |reading| {
        let chart = Chart::read(reading, &own.patient, &[])?;
        Ok(chart.zip(reading.read(R::DiagnosticReport, &id)?).zip(reading.search(&query)?))
    });
    let ((chart, stored), along) = found.await?.into_inner();
    let report = Report::of(&stored, &along.included);
    let is_theirs = fill::text(&report.value, "/subject/reference") == Some(&format!("Patient/{}", own.patient));
    if is_theirs && counts(&report.value) { Ok((chart, report)) } else { Err(Refusal::not_found()) }
}

/// `GET /my/results/reports/{id}`
pub async fn report(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let (chart, report) = read(&own, &id).await?;
    let (of, now) = (own.seen_as(report.id.as_str())?, own.visit.house.ambient.now());
    own.visit.house.store.write_essential(move |tx| super::todo::mark_report_seen(tx, &of, now)).await?;
    let ctx = own.ctx.about(&chart.patient);
    let inside = results::contained(&report.value);
    let has_page = |series: &Series| {
        let id = series.latest().and_then(|reading| reading.id.as_deref());
        id.is_some() && report.results.iter().any(|(own, ..)| Some(own.as_str()) == id)
    };
    let sampled = report.sampled();
    let values = fill::each_of(sampled.iter().chain(&inside), &ctx).into_iter().map(|series| {
        let href = has_page(&series).then(|| format!("/my/results/{}", super::todo::encoded(&series.key)));
        (series, href)
    });
    let values = values.collect();
    let pictures = report.pictures();
    let ReportRow { href, title, line } = row(&report.value, &ctx);
    let said = fill::report_said(&report.value, &pictures, &href, &ctx);
    let all = report.results.iter().map(|(.., value)| value).chain([&report.value]);
    let reaches_nobody = own.has_unseen(all);
    page(&MyReport { cx: own.cx(&chart), title, line, said, values, reaches_nobody })
}

/// `GET /my/results/reports/{id}/files/{file}`: to be kept, never opened as a page of this box.
pub async fn file(visit: Visit, Path((id, at)): Path<(String, String)>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let (_, report) = read(&own, &id).await?;
    let (attachment, title) = fill::report_file(&report, &at).ok_or_else(Refusal::not_found)?;
    if let Some(file) = fill::attachment_in(attachment) {
        return Ok(kept_file(&title, &file.content_type, file.bytes));
    }
    let binary = fill::binary_in(attachment).ok_or_else(Refusal::not_found)?;
    let read = own.open(Action::Download, |reading| Ok(reading.read(R::Binary, &binary)?.map(|one| one.value())));
    let bytes = uploads::bytes_of(&*read.await?).ok_or_else(Refusal::not_found)?;
    Ok(kept_file(&title, fill::text(attachment, "/contentType").unwrap_or_default(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ctx() -> Ctx {
        Ctx::of(jiff::tz::TimeZone::UTC)
    }

    fn chart(reports: Vec<Value>) -> Chart {
        let mine = json!({"reference": "Patient/p"});
        let value = |id: &str, more: Value| {
            let mut one = json!({"resourceType": "Observation", "id": id, "status": "final", "subject": mine, "code": {"text": "Ferritin"},
                "effectiveDateTime": "2026-03-01"});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        let all = vec![
            value("a", json!({"valueInteger": 8})),
            value("panel", json!({"code": {"text": "Iron"}, "hasMember": [{"reference": "Observation/a"}]})),
        ];
        let note = json!({"id": "d", "status": "current", "type": {"text": "Visit note"}, "date": "2026-02-02T08:00:00Z",
            "content": [{"attachment": {"contentType": "text/plain", "data": "eA=="}}]});
        let mut undated = note.clone();
        undated.as_object_mut().unwrap().remove("date");
        Chart::holding(
            json!({"id": "p"}),
            vec![(R::Observation, all), (R::DiagnosticReport, reports), (R::DocumentReference, vec![note, undated])],
        )
    }

    fn report(id: &str, more: Value) -> Value {
        let mut one = json!({"id": id, "status": "final", "code": {"text": "Iron"}, "subject": {"reference": "Patient/p"},
            "effectiveDateTime": "2026-03-01"});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    #[test]
    fn what_the_doctor_said_of_a_report_stands_with_each_reading_of_it() {
        let said = json!([{"url": results::COMMENT, "valueAnnotation": {"text": "Take the tablets."}}]);
        let of_panel = json!({"result": [{"reference": "Observation/panel"}], "extension": said});
        let chart = chart(vec![
            report("r", of_panel.clone()),
            report("silent", json!({"result": [{"reference": "Observation/a"}]})),
            report("other", json!({"conclusion": "of something else"})),
            report("wrong", {
                let mut wrong = of_panel;
                wrong["status"] = json!("entered-in-error");
                wrong
            }),
        ]);
        let series = fill::series_of(chart.of(R::Observation), fill::Wanted::All, &ctx()).swap_remove(0);
        let found = said_of(&series, &chart, &ctx());
        let words: Vec<&str> = found.iter().map(|of| of.said.comments[0].text.as_str()).collect();
        assert_eq!(words, ["Take the tablets."]);
    }

    #[test]
    fn a_report_without_values_is_listed_and_a_note_that_is_a_document_too_is_not() {
        let note =
            json!({"code": {"text": "Visit note"}, "effectiveDateTime": "2026-02-02T08:00:00Z", "conclusion": "x"});
        let mut undated = report("undated", note.clone());
        undated.as_object_mut().unwrap().remove("effectiveDateTime");
        let chart = chart(vec![
            report("xray", json!({"code": {"text": "Chest X-ray"}, "conclusion": "No fracture"})),
            report("plain", json!({"result": [{"reference": "Observation/a"}]})),
            report("off", json!({"status": "cancelled", "conclusion": "x"})),
            report("note", note.clone()),
            undated,
        ]);
        assert_eq!(alone(&chart, &ctx()).len(), 2);
        let rows = listed(&chart, &ctx());
        let hrefs: Vec<&str> = rows.iter().map(|row| row.href.as_str()).collect();
        assert_eq!(
            hrefs,
            ["/my/results/reports/xray", "/my/results/reports/undated"],
            "nothing says that it is the document"
        );
    }
}
