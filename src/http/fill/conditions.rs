//! What a problem says besides its name and how it stands: since when, where, how bad, and all that somebody wrote of it.

use serde_json::Value;

use super::amounts::notes;
use super::dates::time_said;
use super::{Ctx, concept, list};
use crate::http::ui::{When, t};

/// Since when, as a date. Where the time is said in words, the day on which somebody wrote it down is not that.
pub(super) fn since(condition: &Value, ctx: &Ctx) -> Option<When> {
    let onset = ["/onsetDateTime", "/onsetPeriod/start"];
    let written = || ctx.when(condition, "/recordedDate").filter(|_| since_said(condition).is_none());
    ctx.first_when(condition, &onset).or_else(written)
}

/// Since when in words: "childhood", "at the age of 40 years".
pub(super) fn since_said(condition: &Value) -> Option<String> {
    time_said(condition, "onset")
}

/// How bad it is, where, at which stage, and until when where that is no date.
pub(super) fn details(condition: &Value) -> Vec<String> {
    let of = |element: &str| list(condition, element).iter().filter_map(|one| concept(Some(one)));
    let stages = list(condition, "stage").iter().filter_map(|stage| concept(stage.get("summary")));
    let ended = time_said(condition, "abatement").map(|time| t("until-said").with("time", time).to_string());
    concept(condition.get("severity")).into_iter().chain(of("bodySite")).chain(stages).chain(ended).collect()
}

/// All notes in one text.
pub(super) fn notes_said(condition: &Value) -> Option<String> {
    let all = notes(condition);
    (!all.is_empty()).then(|| all.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_problem_says_where_it_is_how_bad_since_when_and_all_that_was_written() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let one = json!({"code": {"text": "Asthma"}, "severity": {"text": "Severe"}, "bodySite": [{"text": "Left lung"}],
            "stage": [{"summary": {"text": "Stage 2"}}], "onsetString": "childhood", "recordedDate": "2026-03-03",
            "abatementAge": {"value": 40, "unit": "years", "code": "a"}, "note": [{"text": "one"}, {"text": "two"}]});
        let (active, past) = super::super::problem_rows(&[one], &ctx);
        let row = active.into_iter().chain(past).next().unwrap();
        assert_eq!((row.since.is_none(), row.since_said.as_deref()), (true, Some("childhood")));
        assert_eq!(row.span(), "since: childhood");
        assert_eq!(row.details, ["Severe", "Left lung", "Stage 2", "until: at the age of 40 years"]);
        assert_eq!(row.note.map(|note| note.text).as_deref(), Some("one\ntwo"));
    }
}
