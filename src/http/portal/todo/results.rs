//! Results that the patient has not seen.

use jiff::ToSpan;
use serde_json::Value;

use super::{Facts, Source, Todo, Urgency};
use crate::base::{FhirId, Timestamp};
use crate::care::{Part, marks, uploads};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Wanted};
use crate::http::respond::Refusal;
use crate::http::ui::{When, t};
use crate::store::{StoreError, Tx};

pub(super) const SOURCE: Source = Source { parts: &[(R::Observation, Part::Newest(NEWEST))], todos };

/// Enough for what came in lately, of which one test may have been made every day.
pub(super) const NEWEST: usize = 60;
/// After so many days a result is no news any more.
const NEW_DAYS: i64 = 42;
const SEEN: &str = "results-seen";

/// The patient has looked at the list of results.
pub(in crate::http::portal) fn mark_seen(tx: &mut Tx<'_>, patient: &FhirId, at: Timestamp) -> Result<(), StoreError> {
    marks::set(tx, SEEN, patient.as_str(), at)
}

fn todos(facts: &Facts<'_>) -> Result<Vec<Todo>, Refusal> {
    let seen = marks::get(facts.read, SEEN, facts.own.patient.as_str())?;
    let since = facts.now.saturating_sub((NEW_DAYS * 24).hours()).unwrap_or(facts.now);
    let came_after = |one: &&Value, then: Timestamp| {
        let at = one.pointer("/meta/lastUpdated").and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
        at.is_none_or(|at| at > then)
    };
    // What patients measured themselves is no news to them.
    let others = facts.chart.of(R::Observation).iter().filter(|one| !uploads::is_reported(one));
    let unseen = others.filter(|one| seen.is_none_or(|seen| came_after(one, seen)));
    let unseen: Vec<Value> = unseen.cloned().collect();
    let all = fill::series_of(&unseen, Wanted::Results, &facts.own.ctx.about(&facts.chart.patient));
    let since = When::at(since, &facts.own.ctx.zone);
    // What bears no date is as new as the day on which it came.
    let is_new = |when: &When| !when.is_known() || when.moment() >= since.moment();
    let new: Vec<_> = all
        .iter()
        .filter_map(|series| Some((series, series.latest().filter(|latest| is_new(&latest.when))?)))
        .collect();
    let Some((first, latest)) = new.first() else { return Ok(Vec::new()) };
    let (title, line, href) = match new.len() {
        1 => {
            let value = format!("{} {}", first.value(), first.value_unit()).trim_end().to_owned();
            let title = t("todo-result").with("name", first.plain_name()).with("value", value).to_string();
            let line = first.flag().map_or_else(|| latest.when.long(), |flag| flag.plain().to_string());
            (title, line, format!("/my/results/{}", encoded(&first.key)))
        }
        n => {
            let names: Vec<String> = new.iter().take(3).map(|(series, _)| series.plain_name()).collect();
            (t("todo-results").with("n", n).to_string(), names.join(", "), "/my/results".to_owned())
        }
    };
    let when = latest.when;
    Ok(vec![Todo { icon: "results", title, line: Some(line), href, urgency: Urgency::New, when }])
}

/// As a part of a path: keys are codes, and a code may hold anything.
pub(in crate::http::portal) fn encoded(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    key.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
