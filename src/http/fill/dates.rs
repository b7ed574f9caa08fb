//! When something was, by the elements of it that FHIR gives a choice of types: `performed[x]` may be a date, a span of time,
//! an age or a sentence. What bears no date is never said to be of the day on which it came here.

use jiff::civil::DateTime;
use serde_json::Value;

use super::amounts::{quantity, span};
use super::{Ctx, list, spoken, text};
use crate::http::ui::{When, t};

/// Where a date stands below an element's stem, the one that counts first (FHIR R4, datatypes.html).
const DATED: [&str; 4] = ["", "DateTime", "Instant", "Date"];

/// The date of the first of these elements that has one; choices by their stem.
pub(super) fn date_of(one: &Value, stems: &[&str], ctx: &Ctx) -> Option<When> {
    stems.iter().find_map(|stem| date_at(one, stem, ctx))
}

fn date_at(one: &Value, stem: &str, ctx: &Ctx) -> Option<When> {
    let plain = || DATED.iter().find_map(|end| ctx.when(one, &format!("/{stem}{end}")));
    // Of a span of time that has no beginning its end is known.
    let period = |at: &str| ctx.when(one, &format!("{at}/start")).or_else(|| ctx.when(one, &format!("{at}/end")));
    let timing = || {
        let all = list(one.get(format!("{stem}Timing"))?, "event").iter().filter_map(Value::as_str);
        all.filter_map(|event| When::parse(event, &ctx.zone)).min_by_key(When::moment)
    };
    plain()
        .or_else(|| period(&format!("/{stem}Period")))
        .or_else(|| period(&format!("/{stem}")))
        .or_else(timing)
        .or_else(|| period(&format!("/{stem}Timing/repeat/boundsPeriod")))
}

/// What an element says of the time in words: "as a child", "at the age of 40 years".
pub(super) fn time_said(one: &Value, stem: &str) -> Option<String> {
    let at = |name: &str| one.get(format!("{stem}{name}"));
    let age = || at("Age").and_then(quantity).or_else(|| span(at("Range")?));
    spoken(one, &format!("{stem}String"))
        .or_else(|| age().map(|age| t("at-age").with("age", age).to_string()))
        .or_else(|| text(one, &format!("/{stem}Timing/code/text")).map(str::to_owned))
}

/// For sorting, the newest first: what has no date stands at the end.
pub(super) fn newest_first(when: When) -> std::cmp::Reverse<DateTime> {
    std::cmp::Reverse(when.moment())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_shape_of_a_date_is_found_and_the_day_of_entry_is_none() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        for (one, date) in [
            (json!({"effectiveDateTime": "2010-02-02"}), Some("2010-02-02")),
            (json!({"effectiveInstant": "2010-02-02T10:00:00Z"}), Some("2010-02-02T10:00")),
            (json!({"effectivePeriod": {"start": "2010", "end": "2011"}}), Some("2010")),
            (json!({"effectivePeriod": {"end": "2011-02-02"}}), Some("2011-02-02")),
            (json!({"effectiveTiming": {"event": ["2010-02-03", "2010-02-02"]}}), Some("2010-02-02")),
            (json!({"effectiveTiming": {"repeat": {"boundsPeriod": {"end": "2009"}}}}), Some("2009")),
            (json!({"issued": "2012-02-02T10:00:00Z"}), Some("2012-02-02T10:00")),
            (json!({"meta": {"lastUpdated": "2026-03-03T10:00:00Z"}}), None),
        ] {
            let found = date_of(&one, &["effective", "issued"], &ctx).map(|when| when.iso());
            assert_eq!(found.as_deref(), date, "{one}");
        }
    }

    #[test]
    fn a_time_that_is_no_date_is_said_in_its_words() {
        for (one, said) in [
            (json!({"performedString": "as a child"}), Some("as a child")),
            (json!({"performedAge": {"value": 40, "unit": "years", "code": "a"}}), Some("at the age of 40 years")),
            (
                json!({"performedRange": {"low": {"value": 40, "code": "a"}, "high": {"value": 45, "code": "a"}}}),
                Some("at the age of 40 to 45 years"),
            ),
            (json!({"performedDateTime": "2010"}), None),
        ] {
            assert_eq!(time_said(&one, "performed").as_deref(), said, "{one}");
        }
    }
}
