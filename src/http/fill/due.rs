//! When a medicine is to be taken, as far as its prescription or what somebody said of it has days. What is over, or has not begun,
//! counts in every list and every check until somebody ends it; but it must nowhere read like what is taken now.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Ctx, dosage, list, text};
use crate::care::medicine;
use crate::http::ui::When;
use crate::http::ui::record::Due;

/// How its days lie to today, on the clinic's clock.
pub fn due(resource: &Value, ctx: &Ctx) -> Due {
    let Some(today) = ctx.today.filter(|_| medicine::may_be_taken(resource)) else { return Due::Now };
    let own = |at: [&str; 3]| ctx.first_when(resource, &at);
    let starts = own(["/dispenseRequest/validityPeriod/start", "/effectivePeriod/start", "/effectiveDateTime"]);
    let start = [starts, first(resource, ctx)].into_iter().flatten().max_by_key(When::moment);
    match (start, ends(resource, ctx)) {
        (_, Some(end)) if end.last_day() < today => Due::Over(end.without_time()),
        (Some(start), _) if start.day() > today => Due::Later(Some(start.without_time())),
        // FHIR R4 `medication-statement-status`: it may be taken at some time to come.
        _ if text(resource, "/status") == Some("intended") => Due::Later(None),
        _ => Due::Now,
    }
}

/// Until when it is to be taken, as far as it says so: until its instructions end, or as long as it may be handed out, whichever is
/// later. What goes on without an end has none, though it may be handed out for a time only.
pub fn ends(resource: &Value, ctx: &Ctx) -> Option<When> {
    // Of what somebody takes it says itself until when.
    let reported = ctx.when(resource, "/effectivePeriod/end");
    if reported.is_some() {
        return reported;
    }
    let handed_out = ctx.when(resource, "/dispenseRequest/validityPeriod/end");
    let course = course(resource, ctx);
    let instructions: Vec<End> = dosage::all(resource).iter().map(|one| end_of(one, course, ctx)).collect();
    let each = || instructions.iter().filter_map(|end| if let End::At(end) = end { Some(*end) } else { None });
    let is_unsaid = each().count() < instructions.len();
    if instructions.contains(&End::Open) || (is_unsaid && handed_out.is_none()) {
        return None;
    }
    each().chain(handed_out).max_by_key(When::last_day)
}

/// The end of one instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    At(When),
    /// It says when it begins, and goes on.
    Open,
    Unsaid,
}

fn end_of(instruction: &Value, course: Option<When>, ctx: &Ctx) -> End {
    let repeat = |name: &str| instruction.pointer(&format!("/timing/repeat/{name}"));
    if let Some(period) =
        repeat("boundsPeriod").filter(|period| text(period, "/start").or(text(period, "/end")).is_some())
    {
        return ctx.when(period, "/end").map_or(End::Open, End::At);
    }
    if days_of(instruction).is_some() {
        return course.map_or(End::Unsaid, End::At);
    }
    events(instruction, ctx).max_by_key(When::last_day).map_or(End::Unsaid, End::At)
}

/// The times at which a thing is to be done, where they are named one by one.
fn events(instruction: &Value, ctx: &Ctx) -> impl Iterator<Item = When> {
    let named = instruction.get("timing").map_or(&[][..], |timing| list(timing, "event"));
    named.iter().filter_map(|event| When::parse(event.as_str()?, &ctx.zone))
}

/// When what lasts for a time ends at the latest: that long after it begins or was written, one instruction after the other where
/// they are numbered (FHIR R4 `Dosage.sequence`). With refills it begins again, and nobody knows when.
fn course(resource: &Value, ctx: &Ctx) -> Option<When> {
    let repeats = resource.pointer("/dispenseRequest/numberOfRepeatsAllowed").and_then(Value::as_u64);
    if repeats.is_some_and(|repeats| repeats > 0) {
        return None;
    }
    let begins =
        ["/dispenseRequest/validityPeriod/start", "/effectivePeriod/start", "/effectiveDateTime", "/authoredOn"];
    let mut longest: BTreeMap<Option<i64>, i64> = BTreeMap::new();
    for one in dosage::all(resource) {
        let Some(days) = days_of(one) else { continue };
        let most = longest.entry(one.get("sequence").and_then(Value::as_i64)).or_default();
        *most = days.max(*most);
    }
    let all = longest.values().fold(0, |all: i64, days| all.saturating_add(*days));
    let lasts = jiff::Span::new().try_days(all).ok()?;
    Some(When::Day(ctx.first_when(resource, &begins)?.last_day().checked_add(lasts).ok()?))
}

/// In how many days an instruction is through, counted up; the units are UCUM's (FHIR R4 `Timing.repeat.bounds[x]`).
fn days_of(instruction: &Value) -> Option<i64> {
    let repeat = instruction.pointer("/timing/repeat")?;
    let length = repeat.get("boundsDuration").or_else(|| repeat.pointer("/boundsRange/high"))?;
    let days = match text(length, "/code").or_else(|| text(length, "/unit"))? {
        "s" => 1.0 / 86_400.0,
        "min" => 1.0 / 1_440.0,
        "h" => 1.0 / 24.0,
        "d" | "day" | "days" => 1.0,
        "wk" | "week" | "weeks" => 7.0,
        "mo" | "month" | "months" => 31.0,
        "a" | "year" | "years" => 366.0,
        _ => return None,
    };
    let all = (length.get("value")?.as_f64()? * days).ceil();
    // A century is longer than anything is taken.
    (0.0..=36_525.0).contains(&all).then_some(all as i64)
}

/// From when its instructions are to be followed, where each of them says so.
fn first(resource: &Value, ctx: &Ctx) -> Option<When> {
    let begin = |one: &Value| {
        let named = events(one, ctx).min_by_key(When::moment);
        ctx.when(one, "/timing/repeat/boundsPeriod/start").or(named)
    };
    let found: Option<Vec<When>> = dosage::all(resource).iter().map(begin).collect();
    found?.into_iter().min_by_key(When::moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use serde_json::json;

    fn on(today: &str, zone: TimeZone, resource: &Value) -> Due {
        due(resource, &Ctx { today: Some(today.parse().unwrap()), ..Ctx::of(zone) })
    }

    fn day(text: &str) -> When {
        When::parse(text, &TimeZone::UTC).unwrap()
    }

    #[test]
    fn a_medicine_is_over_or_not_begun_by_its_own_days() {
        let statement = |more: Value| {
            let mut one = json!({"resourceType": "MedicationStatement", "status": "active"});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        let period = |start: &str, end: &str| statement(json!({"effectivePeriod": {"start": start, "end": end}}));
        let bounded = |start: &str, end: &str| {
            let repeat = json!({"boundsPeriod": {"start": start, "end": end}});
            json!({"status": "active", "dosageInstruction": [{"timing": {"repeat": repeat}}]})
        };
        let valid = |start: &str, end: &str| json!({"status": "active", "dispenseRequest": {"validityPeriod": {"start": start, "end": end}}});
        for (one, due) in [
            (period("2026-01-01", "2026-06-01"), Due::Over(day("2026-06-01"))),
            (period("2026-01-01", "2026-11-29"), Due::Now),
            (period("2026", "2026"), Due::Now),
            (period("2025", "2025"), Due::Over(day("2025"))),
            (period("2027-02-01", "2027-03-01"), Due::Later(Some(day("2027-02-01")))),
            (statement(json!({"effectiveDateTime": "2026-01-01"})), Due::Now),
            (statement(json!({"effectiveDateTime": "2027"})), Due::Later(Some(day("2027")))),
            (statement(json!({"status": "intended", "effectiveDateTime": "2026-01-01"})), Due::Later(None)),
            (statement(json!({"status": "stopped", "effectivePeriod": {"end": "2026-01-01"}})), Due::Now),
            (valid("2026-01-10", "2026-01-17"), Due::Over(day("2026-01-17"))),
            (valid("2026-01-10", "2027-01-17"), Due::Now),
            (bounded("2026-01-10", "2026-01-20"), Due::Over(day("2026-01-20"))),
            (bounded("2027-03-01", "2027-03-10"), Due::Later(Some(day("2027-03-01")))),
            (json!({"status": "active"}), Due::Now),
        ] {
            assert_eq!(on("2026-11-29", TimeZone::UTC, &one), due, "{one}");
        }
        let mut refilled = bounded("2026-01-10", "2026-02-06");
        refilled["dispenseRequest"] = json!({"validityPeriod": {"start": "2026-01-10", "end": "2026-12-31"}});
        assert_eq!(on("2026-11-29", TimeZone::UTC, &refilled), Due::Now);
        refilled["dosageInstruction"].as_array_mut().unwrap().push(json!({"text": "then one a day"}));
        refilled.as_object_mut().unwrap().remove("dispenseRequest");
        assert_eq!(on("2026-11-29", TimeZone::UTC, &refilled), Due::Now, "one of its instructions has no end");
    }

    #[test]
    fn what_goes_on_is_not_over_because_it_may_be_handed_out_no_more() {
        let of = |timing: Value, more: Value| {
            let mut one =
                json!({"status": "active", "authoredOn": "2026-10-01", "dosageInstruction": [{"timing": timing}]});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            on("2026-11-29", TimeZone::UTC, &one)
        };
        let redeemed = json!({"dispenseRequest": {"validityPeriod": {"start": "2026-10-01", "end": "2026-10-29"}}});
        let period = |period: Value| json!({"repeat": {"boundsPeriod": period}});
        let until = |end: &str| period(json!({"start": "2026-10-01", "end": end}));
        assert_eq!(of(until("2027-12-31"), redeemed.clone()), Due::Now);
        assert_eq!(of(period(json!({"start": "2026-10-01"})), redeemed.clone()), Due::Now, "it has no end");
        assert_eq!(of(until("2026-11-05"), redeemed.clone()), Due::Over(day("2026-11-05")), "the later of both");
        assert_eq!(of(json!({}), redeemed), Due::Over(day("2026-10-29")));
    }

    #[test]
    fn what_is_taken_on_named_days_or_for_a_time_is_over_after_them() {
        let of = |doses: Value, more: Value| {
            let mut one = json!({"status": "active", "authoredOn": "2026-11-10", "dosageInstruction": doses});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            on("2026-11-29", TimeZone::UTC, &one)
        };
        let lasts = |number: u32, code: &str| json!({"repeat": {"boundsDuration": {"value": number, "code": code}}});
        let for_days = |number: u32| json!({"timing": lasts(number, "d")});
        let events = |days: &[&str]| json!([{"timing": {"event": days}}]);
        let none = || json!({});
        assert_eq!(of(events(&["2026-11-11", "2026-11-18"]), none()), Due::Over(day("2026-11-18")));
        assert_eq!(of(events(&["2026-11-11", "2026-12-11"]), none()), Due::Now);
        assert_eq!(of(events(&["2026-12-11"]), none()), Due::Later(Some(day("2026-12-11"))));
        assert_eq!(of(json!([for_days(7)]), none()), Due::Over(day("2026-11-17")));
        assert_eq!(of(json!([{"timing": lasts(3, "wk")}]), none()), Due::Now);
        let begins = json!({"dispenseRequest": {"validityPeriod": {"start": "2026-11-25"}}});
        assert_eq!(of(json!([for_days(7)]), begins), Due::Now, "it began later than it was written");
        let refills = json!({"dispenseRequest": {"numberOfRepeatsAllowed": 2}});
        assert_eq!(of(json!([for_days(7)]), refills), Due::Now);
        let then = |sequence: u32| json!({"sequence": sequence, "timing": lasts(10, "d")});
        assert_eq!(of(json!([then(1), then(2)]), none()), Due::Now, "one after the other");
        assert_eq!(of(json!([then(1), then(1)]), none()), Due::Over(day("2026-11-20")), "both at once");
        assert_eq!(of(json!([for_days(7), {"text": "then 1 a day"}]), none()), Due::Now);
    }

    #[test]
    fn the_day_is_the_clinics() {
        let one = json!({"status": "active", "dispenseRequest": {"validityPeriod": {"end": "2026-11-29T20:30:00Z"}}});
        let auckland = TimeZone::get("Pacific/Auckland").unwrap();
        assert_eq!(on("2026-11-30", auckland, &one), Due::Now);
        assert_eq!(on("2026-11-30", TimeZone::UTC, &one), Due::Over(day("2026-11-29")));
    }
}
