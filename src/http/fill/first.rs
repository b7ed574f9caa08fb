//! What the first page of a chart shows of long lists, decided before anything is opened: the newest results and vital
//! signs with their recent course, what the timeline begins with, the appointments of today and to come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::civil::{Date, DateTime};
use serde_json::Value;

use super::Ctx;
use super::called_off::is_called_off;
use super::observations::{Wanted, is_vital, is_wanted, key_of, series_of, taken};
use super::timeline::OTHERS;
use crate::care::Part;
use crate::care::chart::FRAME;
use crate::fhir::ResourceType;
use crate::http::ui::Series;

/// How many tests the first page shows.
pub const RESULTS: usize = 12;
/// For so many days a result is news.
const NEW_DAYS: i32 = 7;
/// How many readings of a test: what a small picture needs, and what is told aloud.
pub const READINGS: usize = 12;
/// How many of each test are read for that: some may be in error.
const READ_OF_EACH: usize = READINGS + 4;
/// How many entries of the timeline.
pub const ENTRIES: usize = 8;

/// What the choice goes by.
#[derive(Debug, Clone, Copy)]
pub struct First<'a> {
    pub ctx: &'a Ctx,
    pub today: Date,
    /// The test that the address names.
    pub test: Option<&'a str>,
    /// Where the choice says of how many tests it was made: of those that are not shown nothing else is opened.
    pub tests: &'a AtomicUsize,
}

impl<'a> First<'a> {
    /// Everything that the page reads.
    pub fn parts(self) -> impl Iterator<Item = (ResourceType, Part<Self>)> {
        use ResourceType as R;
        // An entry that is not shown, such as one in error, must not hide one that is.
        let newest =
            [R::Encounter, R::ServiceRequest, R::DiagnosticReport, R::Procedure, R::Immunization, R::DocumentReference];
        let newest = newest.into_iter().chain(OTHERS);
        let frame = FRAME.iter().map(|kind| (*kind, Part::All));
        frame.chain(newest.map(|kind| (kind, Part::Newest(2 * ENTRIES)))).chain([
            (R::Observation, Part::OfEach(READ_OF_EACH, self, observations)),
            (R::Appointment, Part::Chosen(self, appointments)),
        ])
    }
}

/// What must not be missed, from the first on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Nobody has signed it, or it is held from the patient: somebody has yet to decide.
    Waits,
    /// Of these days, and outside its range or with nothing that says how it lies: "positive" has no range.
    New,
    Outside,
    Rest,
}

impl Weight {
    fn of(series: &Series, today: Date) -> Self {
        let Some(latest) = series.latest() else { return Self::Rest };
        // What bears no date may be of today.
        let is_new = !latest.when.is_known() || (today - latest.when.day()).get_days() <= NEW_DAYS;
        match latest.flag {
            _ if latest.unsigned || latest.held => Self::Waits,
            flag if is_new && (flag.is_some() || series.is_not_compared()) => Self::New,
            Some(_) => Self::Outside,
            None => Self::Rest,
        }
    }
}

/// Which tests are shown: by what must not be missed, the newest of each; in the order in which they came.
pub fn tests_shown(results: &[Series], today: Date) -> Vec<&Series> {
    let mut chosen: Vec<(usize, &Series)> = results.iter().enumerate().collect();
    chosen.sort_by_key(|(_, series)| Weight::of(series, today));
    chosen.truncate(RESULTS);
    chosen.sort_by_key(|(place, _)| *place);
    chosen.into_iter().map(|(_, series)| series).collect()
}

/// The newest readings of the tests and vital signs that are shown, and the results that the timeline begins with.
fn observations(all: &[Value], first: First<'_>) -> Vec<usize> {
    let results = series_of(all, Wanted::Findings, first.ctx);
    let mut shown: BTreeSet<&str> =
        tests_shown(&results, first.today).into_iter().map(|series| series.key.as_str()).collect();
    first.tests.store(results.len(), Ordering::Relaxed);
    shown.extend(first.test);
    let mut chosen: Vec<usize> = Vec::new();
    let mut of_test: BTreeMap<String, Vec<(DateTime, usize)>> = BTreeMap::new();
    let mut moments: BTreeMap<DateTime, Vec<usize>> = BTreeMap::new();
    for (place, one) in all.iter().enumerate() {
        let (key, when) = (key_of(one), taken(one, first.ctx));
        let is_result = is_wanted(one, Wanted::Findings);
        if is_result || is_called_off(one, Wanted::Findings) {
            moments.entry(when.moment()).or_default().push(place);
        }
        let is_shown = is_result && shown.contains(key.as_str());
        if is_shown || (is_wanted(one, Wanted::Measurements) && is_vital(&key)) {
            of_test.entry(key).or_default().push((when.moment(), place));
        }
    }
    for readings in of_test.values_mut() {
        readings.sort_by_key(|(when, _)| std::cmp::Reverse(*when));
        chosen.extend(readings.iter().take(READINGS).map(|(_, place)| *place));
    }
    chosen.extend(moments.values().rev().take(ENTRIES).flatten());
    chosen
}

/// Those of today and to come.
fn appointments(all: &[Value], first: First<'_>) -> Vec<usize> {
    let counts = |one: &Value| first.ctx.when(one, "/start").is_some_and(|when| when.day() >= first.today);
    all.iter().enumerate().filter(|(_, one)| counts(one)).map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn test(code: &str, date: &str) -> Value {
        json!({"status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": code}]},
            "effectiveDateTime": date, "valueQuantity": {"value": 5.0, "unit": "g"}})
    }

    fn vital(code: &str, date: &str) -> Value {
        let mut one = test(code, date);
        one["category"] = json!([{"coding": [{"code": "vital-signs"}]}]);
        one
    }

    fn chosen(all: &[Value], asked: Option<&str>) -> BTreeSet<usize> {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let today = "2026-03-03".parse().unwrap();
        observations(all, First { ctx: &ctx, today, test: asked, tests: &AtomicUsize::new(0) }).into_iter().collect()
    }

    #[test]
    fn of_a_long_course_the_newest_readings_are_read() {
        let pulse: Vec<Value> = (0..60).map(|n| vital("8867-4", &format!("2025-01-01T10:{n:02}:00Z"))).collect();
        assert_eq!(chosen(&pulse, None), (48..60).collect());
    }

    #[test]
    fn daily_measurements_do_not_push_a_result_out() {
        let mut all: Vec<Value> = (10..28).map(|day| vital("8867-4", &format!("2026-02-{day}"))).collect();
        all.push(test("4548-4", "2019-01-01"));
        assert!(chosen(&all, None).contains(&18));
    }

    #[test]
    fn what_is_outside_its_range_is_shown_however_many_normal_results_are_newer() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let mut all: Vec<Value> = (0..RESULTS).map(|n| test(&format!("new-{n:02}"), "2026-02-01")).collect();
        let mut low = test("egfr", "2025-01-01");
        low["referenceRange"] = json!([{"low": {"value": 60}}]);
        all.push(low);
        let series = series_of(&all, Wanted::Results, &ctx);
        let shown = tests_shown(&series, "2026-03-03".parse().unwrap());
        assert_eq!((shown.len(), shown.last().map(|one| one.key.as_str())), (RESULTS, Some("egfr")));
    }

    #[test]
    fn what_waits_and_what_is_new_without_a_range_is_shown_however_many_are_outside_theirs() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let (today, tests) = ("2026-03-03".parse().unwrap(), AtomicUsize::new(0));
        let mut all: Vec<Value> = (0..20).map(|n| test(&format!("high-{n:02}"), "2026-03-01")).collect();
        for one in &mut all {
            one["referenceRange"] = json!([{"high": {"value": 1}}]);
        }
        let mut words = |code: &str, date: &str| {
            let mut one = test(code, date);
            one.as_object_mut().unwrap().remove("valueQuantity");
            one["valueCodeableConcept"] = json!({"text": "Positive"});
            all.push(one);
            all.len() - 1
        };
        let (hiv, old, waits) = (words("hiv", "2026-03-03"), words("old", "2020-01-01"), words("waits", "2026-01-01"));
        all[waits]["status"] = json!("preliminary");
        let series = series_of(&all, Wanted::Results, &ctx);
        let keys: Vec<&str> = tests_shown(&series, today).iter().map(|one| one.key.as_str()).collect();
        assert!(keys.contains(&"hiv") && keys.contains(&"waits") && !keys.contains(&"old"), "{keys:?}");
        let chosen = observations(&all, First { ctx: &ctx, today, test: None, tests: &tests });
        assert!(chosen.contains(&hiv) && chosen.contains(&waits) && chosen.iter().filter(|at| **at == old).count() < 2);
        assert_eq!(tests.into_inner(), 23);
    }

    #[test]
    fn of_many_tests_the_newest_are_read_and_the_one_that_is_asked_for() {
        let mut all: Vec<Value> = (0..30).map(|n| test(&format!("new-{n:02}"), "2026-02-01")).collect();
        all.extend((10..20).flat_map(|day| [test("old-1", &format!("2020-01-{day}")), test("old-2", "2019-01-01")]));
        // The timeline begins with the newest eight moments: all of one day, then the older tests of seven more.
        assert_eq!(chosen(&all, None).len(), 30 + 7);
        assert_eq!(chosen(&all, Some("old-1")).len(), 30 + 10);
    }

    #[test]
    fn of_the_appointments_those_of_today_and_to_come_are_read() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let tests = AtomicUsize::new(0);
        let first = First { ctx: &ctx, today: "2026-03-03".parse().unwrap(), test: None, tests: &tests };
        let on = |start: &str| json!({"resourceType": "Appointment", "status": "booked", "start": start});
        let all = [on("2026-03-04T09:00:00Z"), on("2026-03-03T09:40:00Z"), on("2025-03-03T09:40:00Z")];
        assert_eq!(appointments(&all, first), [0, 1]);
    }
}
