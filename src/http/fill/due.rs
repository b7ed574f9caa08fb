//! When a medicine is to be taken, as far as its prescription or what somebody said of it has days. What is over, or has not begun,
//! counts in every list and every check until somebody ends it; but it must nowhere read like what is taken now.

use serde_json::Value;

use super::{Ctx, dosage, text};
use crate::care::medicine;
use crate::http::ui::When;
use crate::http::ui::record::Due;

/// How its days lie to today, on the clinic's clock.
pub fn due(resource: &Value, ctx: &Ctx) -> Due {
    let Some(today) = ctx.today.filter(|_| medicine::may_be_taken(resource)) else { return Due::Now };
    let bounds = bounds(resource, ctx);
    let own = |at: [&str; 3]| ctx.first_when(resource, &at);
    let starts = own(["/dispenseRequest/validityPeriod/start", "/effectivePeriod/start", "/effectiveDateTime"]);
    let start = [starts, bounds.0].into_iter().flatten().max_by_key(When::moment);
    // With refills a prescription counts for longer than one course of it.
    let end = ctx.first_when(resource, &["/dispenseRequest/validityPeriod/end", "/effectivePeriod/end"]).or(bounds.1);
    match (start, end) {
        (_, Some(end)) if end.last_day() < today => Due::Over(end.without_time()),
        (Some(start), _) if start.day() > today => Due::Later(Some(start.without_time())),
        // FHIR R4 `medication-statement-status`: it may be taken at some time to come.
        _ if text(resource, "/status") == Some("intended") => Due::Later(None),
        _ => Due::Now,
    }
}

/// From when until when its instructions are to be followed, where each of them says so.
fn bounds(resource: &Value, ctx: &Ctx) -> (Option<When>, Option<When>) {
    let all = dosage::all(resource);
    let each = |end: &str| {
        let at = format!("/timing/repeat/boundsPeriod/{end}");
        let found: Option<Vec<When>> = all.iter().map(|one| ctx.when(one, &at)).collect();
        found.unwrap_or_default()
    };
    (each("start").into_iter().min_by_key(When::moment), each("end").into_iter().max_by_key(When::last_day))
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
    fn the_day_is_the_clinics() {
        let one = json!({"status": "active", "dispenseRequest": {"validityPeriod": {"end": "2026-11-29T20:30:00Z"}}});
        let auckland = TimeZone::get("Pacific/Auckland").unwrap();
        assert_eq!(on("2026-11-30", auckland, &one), Due::Now);
        assert_eq!(on("2026-11-30", TimeZone::UTC, &one), Due::Over(day("2026-11-29")));
    }
}
