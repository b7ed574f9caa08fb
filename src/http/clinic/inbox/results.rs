//! Results that no doctor has signed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::inbox_pages::{Row, Urgency};
use super::super::results_pages;
use super::{Asking, Found, Section, Sifts};
use crate::base::{Role, Timestamp};
use crate::care::held;
use crate::care::results::{ENTERED, RESULTS, SIGNED, is_entered};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::ui::{When, format, t};
use crate::record::{Looked, Page, Stored};

pub(super) const SECTION: Section = Section {
    name: "results",
    title: || t("inbox-results"),
    for_whom: &[Role::Clinician, Role::Nurse],
    asks,
    rows,
    sifts: Some(Sifts { waits, into: RESULTS, kind: R::DiagnosticReport, found: is_critical }),
    left_out: Some(|| t("inbox-results-left-out").with("days", DAYS).with("years", YEARS)),
};

/// A final result that came here so many days after it was made is of the past that an import brings: it was signed elsewhere. What
/// the patient does not see, or what somebody here put into the record, is none of that past.
const DAYS: i64 = 60;
/// How many years back final results are looked for.
const YEARS: i64 = 2;
/// What a laboratory says of a value on which somebody has to act at once.
const CRITICAL: [&str; 3] = ["LL", "HH", "AA"];
const FINAL: &str = "final,amended,corrected,appended,unknown";

/// What is not final waits however old it is. Of final results those that say when they were issued, and those that do not; and of
/// those before all these years what nobody has seen elsewhere.
fn asks(asking: &Asking) -> Vec<(R, String)> {
    let years = jiff::SignedDuration::from_hours(24 * 366 * YEARS);
    let from = asking.now.saturating_sub(years).unwrap_or_default();
    let questions = [
        "status=preliminary,partial&_sort=-_lastUpdated".to_owned(),
        format!("status={FINAL}&issued=ge{from}&_sort=-issued"),
        format!("status={FINAL}&issued:missing=true&_lastUpdated=ge{from}&_sort=-_lastUpdated"),
        format!("status={FINAL}&issued=lt{from}&_security={}&_sort=-_lastUpdated", held::CODE),
        format!("status={FINAL}&issued=lt{from}&_tag={}|{}&_sort=-_lastUpdated", ENTERED.0, ENTERED.1),
    ];
    let unsigned = format!("_tag:not={}|{}&_include=DiagnosticReport:subject", SIGNED.0, SIGNED.1);
    questions.map(|question| (R::DiagnosticReport, format!("{question}&{unsigned}"))).into()
}

fn rows(pages: &[Page], found: &Found<'_>) -> Vec<Row> {
    // What two of the searches find is one thing that waits.
    let mut met = BTreeSet::new();
    let matches = pages.iter().flat_map(|page| &page.matches).filter(|one| met.insert(one.id.clone()));
    matches.filter_map(|one| row(one, found)).collect()
}

fn waits(report: &Value, (): ()) -> bool {
    !is_of_the_past(report)
}

/// When a report was made: issued, else taken, else when it came here.
fn made(report: &Value, ctx: &Ctx) -> Option<Timestamp> {
    let dates = ["/issued", "/effectiveDateTime", "/effectivePeriod/start", "/meta/lastUpdated"];
    let when = ctx.first_when(report, &dates)?;
    Some(when.moment().to_zoned(ctx.zone.clone()).ok()?.timestamp())
}

/// Whether it is a final result that came here long after it was made, that nobody put here by hand or holds from the patient, and
/// that nobody has touched here since. Of days, so that
/// no clinic's clock is needed.
fn is_of_the_past(report: &Value) -> bool {
    let text = |pointer: &str| report.pointer(pointer).and_then(Value::as_str);
    let is_open = matches!(text("/status"), Some("preliminary" | "partial"));
    let untouched = text("/meta/versionId") == Some("1") && !held::is_held(report) && !is_entered(report);
    let came = text("/meta/lastUpdated").and_then(|at| at.parse::<Timestamp>().ok());
    let made = made(report, &Ctx::of(jiff::tz::TimeZone::UTC));
    let (Some(came), Some(made), true, false) = (came, made, untouched, is_open) else { return false };
    came.duration_since(made) > jiff::SignedDuration::from_hours(24 * DAYS)
}

fn row(stored: &Stored, found: &Found<'_>) -> Option<Row> {
    let value = stored.value();
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let patient = text("/subject/reference")?.strip_prefix("Patient/")?;
    let since = made(&value, found.ctx).unwrap_or(found.now);
    let line = results_pages::line(&value, found.ctx);
    let held = held::is_held(&value).then(|| format::within(&t("result-badge-held").to_string()));
    let more: Vec<String> = [Some(line), held].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    Some(Row {
        href: format!("/patients/{patient}/results/reports/{}", stored.id),
        who: found.name(patient),
        what: fill::named(fill::concept(value.get("code"))),
        more: Some(more.join(", ")),
        since,
        when: When::at(since, &found.ctx.zone),
        due: None,
        urgency: urgency(&value, found.looks.get(&stored.id).copied()),
        is_mine: false,
    })
}

/// By the values of a report, those that lie in it and those of its panels at every level.
fn urgency(report: &Value, looked: Option<Looked>) -> Urgency {
    if fill::list(report, "contained").iter().any(is_critical) {
        return Urgency::Critical;
    }
    match looked {
        Some(Looked::Found) => Urgency::Critical,
        Some(Looked::InPart) => Urgency::Unread,
        _ => Urgency::Usual,
    }
}

/// Whether a value, or one of its components, cannot wait.
fn is_critical(result: &Value) -> bool {
    let parts = std::iter::once(result).chain(fill::list(result, "component"));
    let all = parts.flat_map(|of| fill::list(of, "interpretation")).flat_map(|one| fill::list(one, "coding"));
    all.filter_map(|one| one.get("code")?.as_str()).any(|code| CRITICAL.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::Definitions;
    use crate::fhir::search::{Handling, Query};
    use serde_json::json;

    fn report(status: &str, issued: Option<&str>, version: &str) -> Value {
        let mut one = json!({"resourceType": "DiagnosticReport", "status": status,
            "meta": {"lastUpdated": "2026-03-03T09:00:00Z", "versionId": version}});
        if let Some(issued) = issued {
            one["issued"] = json!(issued);
        }
        one
    }

    #[test]
    fn what_nobody_signed_waits_however_old_and_only_the_past_of_an_import_does_not() {
        let past = is_of_the_past;
        let old = Some("2025-12-01T09:00:00Z");
        assert!(!past(&report("preliminary", old, "1")), "a biopsy that is not final");
        assert!(!past(&report("final", None, "1")), "it does not say when it was issued");
        assert!(!past(&report("final", Some("2026-03-01T09:00:00Z"), "1")));
        assert!(!past(&report("final", old, "2")), "somebody here had it in hand");
        assert!(past(&report("final", old, "1")), "it came three months after it was made");
        let mut taken = report("final", None, "1");
        taken["effectiveDateTime"] = json!("2020-01-01");
        assert!(past(&taken));
        // The patient does not see it until somebody has signed it, and nobody else does.
        assert!(!past(&held::hold(taken.clone())), "it is held");
        let (system, code) = ENTERED;
        taken["meta"]["tag"] = json!([{"system": system, "code": code}]);
        assert!(!past(&taken), "somebody here took it from a file, and it is signed here");
    }

    #[test]
    fn a_critical_component_makes_a_value_critical() {
        let of = |code: &str| json!({"component": [{"interpretation": [{"coding": [{"code": code}]}]}]});
        assert!(is_critical(&of("HH")) && !is_critical(&of("H")));
        assert_eq!(urgency(&json!({"contained": [of("HH")]}), None), Urgency::Critical);
    }

    #[test]
    fn reports_are_looked_for_with_and_without_a_time_of_issue() {
        let asking = Asking { role: Role::Clinician, me: None, now: "2026-03-03T09:00:00Z".parse().unwrap() };
        let asked: Vec<String> = asks(&asking).into_iter().map(|(_, text)| text).collect();
        for (kind, text) in asks(&asking) {
            let query = Query::parse(kind, &text, Handling::Strict, Definitions::r4());
            assert!(query.is_ok(), "{text}: {:?}", query.err());
        }
        assert!(asked[0].contains("preliminary") && !asked[0].contains("issued"));
        assert!(asked[2].contains("issued:missing=true"));
        assert!(asked[3].contains("issued=lt") && asked[3].contains("NOPAT"), "what is held, however old");
        assert!(asked[4].contains("issued=lt") && asked[4].contains(ENTERED.1), "what was taken here, however old");
    }
}
