//! Results that were called off and stand in no report: named without a value, so that nobody waits for one or wonders where it
//! went. Of those in a report the report says it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::amounts::notes;
use super::beside::absent;
use super::observations::{Wanted, is_of, name, taken};
use super::standing::standing;
use super::{Ctx, list, text};
use crate::care::Chart;
use crate::fhir::ResourceType;
use crate::http::ui::record::CalledOff;

/// Those of a chart, the newest first.
pub fn called_off(chart: &Chart, wanted: Wanted, ctx: &Ctx) -> Vec<CalledOff> {
    let reported = in_reports(chart);
    let is = |one: &&Value| {
        let own = text(one, "/id").map(|id| format!("Observation/{id}"));
        is_called_off(one, wanted) && own.is_none_or(|own| !reported.contains(own.as_str()))
    };
    let mut all: Vec<CalledOff> =
        chart.of(ResourceType::Observation).iter().filter(is).map(|one| called_off_one(one, ctx)).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.when.moment()));
    all
}

/// Whether a result was called off before there was a value.
pub(super) fn is_called_off(observation: &Value, wanted: Wanted) -> bool {
    text(observation, "/status") == Some("cancelled") && is_of(observation, wanted)
}

/// The results that stand in a report, as it refers to them.
pub(super) fn in_reports(chart: &Chart) -> BTreeSet<&str> {
    let results = chart.of(ResourceType::DiagnosticReport).iter().flat_map(|report| list(report, "result"));
    results.filter_map(|result| text(result, "/reference")).collect()
}

fn called_off_one(one: &Value, ctx: &Ctx) -> CalledOff {
    let said = standing(ResourceType::Observation, one).into_iter().chain(absent(one)).chain(notes(one));
    CalledOff { name: name(one), when: taken(one, ctx), said: said.collect::<Vec<_>>().join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fill::{series_of, timeline};
    use serde_json::json;

    #[test]
    fn what_was_called_off_outside_of_reports_is_named_and_has_no_value() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let one = |id: &str, name: &str| {
            json!({"id": id, "status": "cancelled", "code": {"text": name}, "effectiveDateTime": "2026-03-02",
                "valueInteger": 7, "note": [{"text": "haemolysed"}]})
        };
        let results = vec![one("a", "Potassium"), one("b", "Zinc")];
        let report = json!({"status": "final", "code": {"text": "Metals"}, "result": [{"reference": "Observation/b"}]});
        let kinds = vec![(ResourceType::Observation, results.clone()), (ResourceType::DiagnosticReport, vec![report])];
        let chart = Chart::holding(json!({"id": "p"}), kinds);
        let found = called_off(&chart, Wanted::Findings, &ctx);
        let said: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.said.as_str())).collect();
        assert_eq!(said, [("Potassium", "cancelled; haemolysed")]);
        assert!(called_off(&chart, Wanted::Measurements, &ctx).is_empty());
        assert!(series_of(&results, Wanted::All, &ctx).is_empty(), "it is no value");
        let course = timeline(&chart, None, "/patients", &ctx);
        let entry = course.iter().find(|entry| entry.title == "Potassium").unwrap();
        assert_eq!(entry.text.as_deref(), Some("cancelled; haemolysed"));
        assert!(!course.iter().any(|entry| entry.title == "Zinc"));
    }
}
