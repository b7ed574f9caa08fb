//! Results that the patient has not seen.

use jiff::ToSpan;
use serde_json::Value;

use super::super::reports;
use super::{Facts, Source, Todo, Urgency};
use crate::base::Timestamp;
use crate::care::{Part, marks, uploads};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Wanted};
use crate::http::respond::Refusal;
use crate::http::ui::{When, t};
use crate::store::{StoreError, Tx};

pub(super) const SOURCE: Source = Source {
    parts: &[
        (R::Observation, Part::Newest(NEWEST)),
        (R::DiagnosticReport, Part::Newest(REPORTS)),
        // A note that came as a report too is no news of results.
        (R::DocumentReference, Part::Newest(REPORTS)),
    ],
    todos,
};

/// Enough for what came in lately, of which one test may have been made every day.
pub(super) const NEWEST: usize = 60;
/// Enough for the reports of as many days.
const REPORTS: usize = 20;
/// After so many days a result is no news any more.
const NEW_DAYS: i64 = 42;
/// What was taken so many days ago is no news, whenever it came: records are joined and brought along.
const LATE_DAYS: i64 = 366;
const SEEN: &str = "results-seen";
const REPORT_SEEN: &str = "report-seen";

/// The list of results was looked at; `of` is the patient, as the reader sees it.
pub(in crate::http::portal) fn mark_seen(tx: &mut Tx<'_>, of: &str, at: Timestamp) -> Result<(), StoreError> {
    marks::set(tx, SEEN, of, at)
}

/// One report was opened, by whomever `of` says, as [`mark_seen`].
pub(in crate::http::portal) fn mark_report_seen(tx: &mut Tx<'_>, of: &str, at: Timestamp) -> Result<(), StoreError> {
    marks::set(tx, REPORT_SEEN, of, at)?;
    marks::swept(tx, REPORT_SEEN, at, NEW_DAYS)
}

fn todos(facts: &Facts<'_>) -> Result<Vec<Todo>, Refusal> {
    let seen = super::seen(facts, SEEN, facts.own.patient.as_str())?;
    let since = facts.now.saturating_sub((NEW_DAYS * 24).hours()).unwrap_or(facts.now);
    let came_after = |one: &&Value, then: Timestamp| {
        let at = one.pointer("/meta/lastUpdated").and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
        at.is_none_or(|at| at > then)
    };
    // What patients measured themselves is no news to them.
    let others = facts.chart.of(R::Observation).iter().filter(|one| !uploads::is_reported(one));
    let is_unseen = |one: &&Value| seen.is_none_or(|seen| came_after(one, seen));
    let unseen = others.filter(is_unseen);
    let unseen: Vec<Value> = unseen.cloned().collect();
    let ctx = facts.own.ctx.about(&facts.chart.patient);
    let all = fill::series_of(&unseen, Wanted::Results, &ctx);
    let back =
        |days: i64| When::at(facts.now.saturating_sub((days * 24).hours()).unwrap_or(facts.now), &facts.own.ctx.zone);
    let (lately, long_ago) = (back(NEW_DAYS), back(LATE_DAYS));
    // What bears no date is as new as the day on which it came. So is what came late, or was let go after weeks.
    let is_new = |one: Option<&Value>, when: &When| {
        let came_late = || when.moment() >= long_ago.moment() && one.is_some_and(|one| came_late(one, since, seen));
        !when.is_known() || when.moment() >= lately.moment() || came_late()
    };
    let by_id = |id: Option<&str>| unseen.iter().find(|one| id.is_some() && fill::text(one, "/id") == id);
    let values = all.iter().filter_map(|series| {
        let latest = series.latest().filter(|latest| is_new(by_id(latest.id.as_deref()), &latest.when))?;
        let value = format!("{} {}", series.value(), series.value_unit()).trim_end().to_owned();
        let title = t("todo-result").with("name", series.plain_name()).with("value", value).to_string();
        let line = latest.plain_flag().map_or_else(|| latest.when.long(), |flag| flag.to_string());
        // What is said beside a value is said here too: that it is in doubt, or that nobody has signed it.
        let waits = series.waits_for_a_doctor().map(|words| words.to_string());
        let line =
            std::iter::once(line).chain(series.beside().iter().cloned()).chain(waits).collect::<Vec<_>>().join(". ");
        let href = format!("/my/results/{}", encoded(&series.key));
        Some(News { name: series.plain_name(), title, line, href, when: latest.when })
    });
    let mut alone: Vec<&Value> = reports::alone(facts.chart, &ctx).into_iter().filter(is_unseen).collect();
    let mut opened: Vec<&str> = Vec::new();
    for report in &alone {
        let id = fill::text(report, "/id").unwrap_or_default();
        if super::seen(facts, REPORT_SEEN, id)?.is_some_and(|seen| !came_after(report, seen)) {
            opened.push(id);
        }
    }
    alone.retain(|report| fill::text(report, "/id").is_none_or(|id| !opened.contains(&id)));
    let reports = alone.into_iter().filter_map(|report| {
        let when = reports::when(report, &ctx).unwrap_or(When::Unknown);
        let when = Some(when).filter(|when| is_new(Some(report), when))?;
        let name = reports::title(report, &ctx);
        let title = t("todo-report").with("name", &name).to_string();
        let href = format!("/my/results/reports/{}", fill::text(report, "/id")?);
        Some(News { name, title, line: when.long(), href, when })
    });
    let mut new: Vec<News> = values.chain(reports).collect();
    new.sort_by_key(|one| std::cmp::Reverse(one.when.moment()));
    let names: Vec<String> = new.iter().take(3).map(|one| one.name.clone()).collect();
    let count = new.len();
    let Some(first) = new.into_iter().next() else { return Ok(Vec::new()) };
    let (title, line, href) = match count {
        1 => (first.title, first.line, first.href),
        n => (t("todo-results").with("n", n).to_string(), names.join(", "), "/my/results".to_owned()),
    };
    Ok(vec![Todo { icon: "results", title, line: Some(line), href, urgency: Urgency::New, when: first.when }])
}

/// Whether something came, or was let go, since then, though it was taken before. To whoever has never looked all that was brought
/// along from elsewhere would be that: of these only what was changed after it came.
fn came_late(one: &Value, since: Timestamp, seen: Option<Timestamp>) -> bool {
    let at = fill::text(one, "/meta/lastUpdated").and_then(|at| at.parse::<Timestamp>().ok());
    let was_changed = fill::text(one, "/meta/versionId").is_some_and(|version| version != "1");
    at.is_some_and(|at| at > since) && (seen.is_some() || was_changed)
}

/// One that is new: a value, or a report without any.
struct News {
    name: String,
    title: String,
    line: String,
    href: String,
    when: When,
}

/// As a part of a path: keys are codes, and a code may hold anything.
pub(in crate::http::portal) fn encoded(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    key.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_came_late_or_was_let_go_after_weeks_is_news() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (since, looked) = (at("2026-10-19T12:00:00Z"), Some(at("2026-11-01T12:00:00Z")));
        let of = |version: &str, updated: &str| json!({"meta": {"versionId": version, "lastUpdated": updated}});
        let (came, before) = ("2026-11-30T08:00:00Z", "2026-09-01T08:00:00Z");
        assert!(came_late(&of("1", came), since, looked));
        assert!(came_late(&of("2", came), since, None), "let go today, and nobody has looked before");
        assert!(!came_late(&of("1", came), since, None), "brought along");
        assert!(!came_late(&of("2", before), since, looked));
        assert!(!came_late(&json!({}), since, looked));
    }
}
