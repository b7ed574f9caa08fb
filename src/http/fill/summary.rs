//! A patient's summary as people read it: the same parts as the International Patient Summary's, in words.

use super::copied::copied;
use super::standing::standing;
use super::{
    Ctx, Wanted, allergies, besides_in_english, dose_in_english, identity, immunizations, medicine_rows, not_to_give,
    problem_rows, series_of,
};
use crate::access::Sensitivity;
use crate::care::summary::Maker;
use crate::care::{Chart, uploads};
use crate::fhir::ResourceType as R;
use crate::http::pages::Face;
use crate::http::ui::record::{AllergyStatus, Identity};
use crate::http::ui::{Series, format, t};
use serde_json::Value;

/// What a summary says.
#[derive(Debug, Clone)]
pub struct SummaryBody {
    pub who: Identity,
    pub sections: Vec<SummarySection>,
}

#[derive(Debug, Clone)]
pub struct SummarySection {
    pub title: String,
    pub icon: &'static str,
    /// What stands first, and the rest.
    pub lines: Vec<(String, String)>,
    /// What it says when there are no lines.
    pub empty: String,
    /// That what is sealed is left out, where the section could be read as if there were nothing.
    pub rider: Option<String>,
}

/// The most tests whose newest value a summary gives; how many more there are, it says.
const MOST_RESULTS: usize = 40;

/// Who makes the same as a FHIR document.
pub fn maker<'a>(face: &'a Face, base: &'a str) -> Maker<'a> {
    Maker { clinic: &face.clinic, base, dose: dose_in_english, besides: besides_in_english, zone: &face.zone }
}

pub fn summary(chart: &Chart, ctx: &Ctx) -> SummaryBody {
    let ctx = &ctx.about(&chart.patient);
    let section = |title: &str, icon, lines: Vec<(String, String)>| SummarySection {
        title: t(title).to_string(),
        icon,
        rider: (lines.is_empty() && !ctx.sees_sealed).then(|| t("summary-left-out").to_string()),
        lines,
        empty: t(if ctx.sees_sealed { "summary-nothing" } else { "summary-nothing-here" }).to_string(),
    };
    let status = allergies(chart.of(R::AllergyIntolerance), ctx);
    let allergic = match &status {
        AllergyStatus::Known { list, .. } => list.iter().map(|line| (line.headline(), line.rest())).collect(),
        _ => Vec::new(),
    };
    let mut first = section("summary-allergies", "stop", allergic);
    first.empty = t(match status {
        AllergyStatus::NoneKnown { .. } => "summary-allergies-none",
        _ if ctx.sees_sealed => "summary-allergies-unknown",
        _ => "summary-nothing-here",
    })
    .to_string();
    // That there is none to food, say, is no allergy either.
    if status.there_are() == 0 && !ctx.sees_sealed {
        first.rider = Some(t("summary-left-out").to_string());
    }
    let (medicines, _) = medicine_rows(chart, ctx);
    let medicines = medicines.into_iter().map(|row| {
        let how = row.how_taken().as_deref().map(|how| format!(", {}", format::within(how))).unwrap_or_default();
        (row.name, how)
    });
    let (problems, past) = problem_rows(chart.of(R::Condition), ctx);
    let problem = |row: &crate::http::ui::record::ProblemRow| {
        let doubt = row.doubt.as_deref().map(format::within);
        let said = doubt.into_iter().chain(row.details.iter().cloned()).chain([row.span()]);
        (row.name.text.clone(), said.map(|one| format!(", {one}")).collect())
    };
    let vaccines = immunizations(chart.of(R::Immunization), ctx).into_iter().filter(|row| row.not_given.is_none());
    let vaccines = vaccines.map(|row| {
        let when = row.when.map(|when| when.short()).or(row.when_said);
        let said = row.caveat.as_deref().map(format::within).into_iter().chain(when);
        (row.name, said.map(|one| format!(", {one}")).collect::<String>())
    });
    // What the patient measured at home does not take the place of what the clinic did.
    let (home, clinic): (Vec<Value>, Vec<Value>) =
        chart.of(R::Observation).iter().cloned().partition(uploads::is_reported);
    let mut series: Vec<Series> =
        [clinic, home].into_iter().flat_map(|all| series_of(&all, Wanted::All, ctx)).collect();
    // What is about somebody else stands after all that is the patient's.
    series.sort_by_key(|series| series.about.is_some());
    let results = series.into_iter().filter_map(|series| {
        let latest = series.latest()?;
        let when = latest.when.short();
        // Another doctor has to know whose measurement it is.
        let whose = if latest.reported { format!(", {}", t("summary-reported")) } else { String::new() };
        let ranges =
            latest.ranges.iter().map(|range| format::within(&t("range-given").with("range", range).to_string()));
        let beside: String = latest.beside.iter().cloned().chain(ranges).map(|one| format!("; {one}")).collect();
        Some((headline(&series), format!("{}, {when}{whose}{beside}", lies(&series))))
    });
    let mut results: Vec<(String, String)> = results.collect();
    let more = results.len().saturating_sub(MOST_RESULTS);
    results.truncate(MOST_RESULTS);
    if more > 0 {
        results.push((t("summary-results-more").with("n", more).to_string(), String::new()));
    }
    let plain = |kind: R| {
        let kept = chart.of(kind).iter().filter(|one| super::text(one, "/status") != Some("entered-in-error"));
        kept.map(move |one| {
            let line = copied(kind, one, ctx);
            let when = line.when.map(|when| when.short());
            let said = standing(kind, one).iter().map(|said| format::within(said)).chain(when).collect::<Vec<_>>();
            (line.what, said.into_iter().map(|one| format!(", {one}")).collect::<String>())
        })
    };
    let mut sections = vec![
        first,
        section("summary-medicines", "pill", medicines.collect()),
        section("summary-problems", "list", problems.iter().map(problem).collect()),
        section("summary-past", "list", past.iter().map(problem).collect()),
        section("summary-immunizations", "shield", vaccines.collect()),
        section("summary-results", "results", results),
        section("summary-procedures", "list", plain(R::Procedure).collect()),
        section("summary-plans", "list", plain(R::CarePlan).collect()),
    ];
    // The first three are always there: that nothing is known of them is worth knowing.
    let mut place = 0;
    sections.retain(|section| {
        place += 1;
        place <= 3 || !section.lines.is_empty()
    });
    // Whoever is handed this must not give it: that stands right beside the allergies.
    let not = not_to_give(chart, ctx).into_iter().map(|row| {
        let how = row.how.map(|how| format!(", {how}")).unwrap_or_default();
        (row.name, how)
    });
    let not = section("medicines-not-to-give", "stop", not.collect());
    if !not.lines.is_empty() {
        sections.insert(1, not);
    }
    SummaryBody { who: identity(&chart.patient, ctx), sections }
}

/// What of a summary is sealed, by its names: the patient sees it here, and must know before they print or show it.
pub fn sealed<'a>(chosen: impl IntoIterator<Item = (R, &'a Value)>, ctx: &Ctx) -> Vec<String> {
    let is_sealed = |(_, one): &(R, &Value)| Sensitivity::of_resource(one).is_sealed();
    let mut names: Vec<String> =
        chosen.into_iter().filter(is_sealed).map(|(kind, one)| copied(kind, one, ctx).what).collect();
    names.sort();
    names.dedup();
    names
}

/// "Potassium 4.9 mmol/L", "Smoking: used to". A test of a known code is called in the reader's language: another doctor has
/// never heard what this clinic calls it.
fn headline(series: &Series) -> String {
    let known = t(&format!("loinc-{}", series.key));
    let name = if known.exists() { known.to_string() } else { series.name.clone() };
    let value = series.value();
    let apart = if value.starts_with(|first: char| first.is_alphabetic()) { ": " } else { " " };
    format!("{name}{apart}{value} {}", series.value_unit()).trim().to_owned()
}

/// How the newest value lies: ", above the usual range (3.5 to 5.1)". Empty where it was compared with nothing.
fn lies(series: &Series) -> String {
    let Some(latest) = series.latest() else { return String::new() };
    let range = if latest.compared { series.known_range() } else { None };
    let flag = latest.plain_flag().map(|flag| flag.to_string());
    let said = flag.or_else(|| range.as_ref().map(|_| t("flag-plain-usual").to_string()));
    match (said, range) {
        (Some(said), Some(range)) => format!(", {said} ({range})"),
        (Some(said), None) => format!(", {said}"),
        (None, _) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ui::Locale;
    use serde_json::json;

    #[test]
    fn a_result_says_how_it_lies_in_the_range_of_its_laboratory() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let of = |value: f64| {
            json!({"status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
                "effectiveDateTime": "2026-03-03",
                "valueQuantity": {"value": value, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
                "referenceRange": [{"low": {"value": 3.5, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
                    "high": {"value": 5.1, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}}]})
        };
        let rest = |one: Value| {
            let chart =
                Chart::holding(json!({"resourceType": "Patient", "id": "p1"}), vec![(R::Observation, vec![one])]);
            let body = summary(&chart, &ctx);
            body.sections.iter().find(|section| section.icon == "results").unwrap().lines[0].1.clone()
        };
        assert!(rest(of(5.9)).starts_with(", above the usual range (3.5 to 5.1), "), "{}", rest(of(5.9)));
        assert!(rest(of(4.0)).starts_with(", in the usual range (3.5 to 5.1), "), "{}", rest(of(4.0)));
        let mut marked = of(4.0);
        let system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
        marked["interpretation"] = json!([{"coding": [{"system": system, "code": "H"}]}]);
        let said = rest(marked);
        assert!(said.starts_with(", marked as above the usual range by who made the test (3.5 to 5.1), "), "{said}");
        let mut bare = of(4.0);
        bare.as_object_mut().unwrap().remove("referenceRange");
        assert!(!rest(bare).contains("range"));
    }

    #[test]
    fn what_is_not_to_be_given_stands_beside_the_allergies_and_is_no_medicine() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let not = json!({"id": "r", "status": "active", "intent": "order", "doNotPerform": true,
            "medicationCodeableConcept": {"text": "Amoxicillin"}, "dosageInstruction": [{"text": "1 tablet"}]});
        let chart =
            Chart::holding(json!({"resourceType": "Patient", "id": "p1"}), vec![(R::MedicationRequest, vec![not])]);
        let body = summary(&chart, &ctx);
        assert_eq!(body.sections.len(), 4);
        assert_eq!(body.sections[1].title, "Not to be given");
        assert_eq!(body.sections[1].lines, [("Amoxicillin".to_owned(), ", this is said of: 1 tablet".to_owned())]);
        assert!(body.sections[2].title == "Medicines" && body.sections[2].lines.is_empty());
    }

    #[test]
    fn what_is_in_doubt_or_only_proposed_says_so() {
        let coded = |code: &str| json!({"coding": [{"code": code}]});
        let problem = |name: &str, code: &str, state: &str| json!({"code": {"text": name}, "verificationStatus": coded(code), "clinicalStatus": coded(state)});
        let problems = vec![problem("TB", "differential", "active"), problem("Cancer", "unconfirmed", "resolved")];
        let plan = |intent: &str| json!({"status": "active", "intent": intent, "title": "Diet"});
        let plans = vec![plan("plan"), plan("proposal")];
        let shot = json!({"status": "completed", "vaccineCode": {"text": "MMR"}, "isSubpotent": true});
        let latex = json!({"code": {"text": "Latex"}, "verificationStatus": coded("unconfirmed")});
        let procedure = json!({"status": "not-done", "code": {"text": "Biopsy"}});
        let chart = Chart::holding(
            json!({"resourceType": "Patient", "id": "p1"}),
            vec![
                (R::Condition, problems),
                (R::CarePlan, plans),
                (R::Immunization, vec![shot]),
                (R::AllergyIntolerance, vec![latex]),
                (R::Procedure, vec![procedure]),
            ],
        );
        let body = summary(&chart, &Ctx::of(jiff::tz::TimeZone::UTC));
        let lines: Vec<String> =
            body.sections.iter().flat_map(|of| &of.lines).map(|(what, rest)| format!("{what}{rest}")).collect();
        for said in [
            "Latex, not confirmed yet",
            "TB, one of several that it could be, date not recorded",
            "Cancer, not confirmed yet, date not recorded",
            "MMR, not at full strength",
            "Biopsy, not done",
            "Diet, active",
            "Diet, proposed, not ordered, active",
        ] {
            assert!(lines.iter().any(|line| line == said), "{said}: {lines:?}");
        }
    }

    #[test]
    fn what_is_sealed_is_named_once() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let label =
            json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]});
        let open = json!({"resourceType": "Condition", "code": {"text": "Asthma"}});
        let shut = json!({"resourceType": "Condition", "code": {"text": "HIV"}, "meta": label});
        let all = [(R::Condition, &open), (R::Condition, &shut), (R::Condition, &shut)];
        assert_eq!(sealed(all, &ctx), ["HIV"]);
    }

    #[test]
    fn what_is_about_a_fetus_takes_the_place_of_no_value_of_the_patients_and_stands_last() {
        let of = |date: &str, value: u32, focus: Value| {
            json!({"status": "final", "code": {"text": "Haemoglobin"}, "effectiveDateTime": date, "focus": focus,
                "subject": {"reference": "Patient/p1"}, "valueQuantity": {"value": value, "unit": "g/L"}})
        };
        let all = vec![of("2026-02-01", 113, json!([])), of("2026-03-03", 60, json!([{"display": "fetus"}]))];
        let chart = Chart::holding(json!({"resourceType": "Patient", "id": "p1"}), vec![(R::Observation, all)]);
        let body = summary(&chart, &Ctx::of(jiff::tz::TimeZone::UTC));
        let results = body.sections.iter().find(|section| section.icon == "results").unwrap();
        let heads: Vec<&str> = results.lines.iter().map(|(head, _)| head.as_str()).collect();
        assert_eq!(heads, ["Haemoglobin 113 g/L", "Haemoglobin (About: fetus) 60 g/L"]);
    }

    #[test]
    fn what_was_never_asked_is_not_said_to_be_none() {
        let ctx = Ctx { sees_sealed: true, ..Ctx::of(jiff::tz::TimeZone::UTC) };
        let chart = Chart::holding(json!({"resourceType": "Patient", "id": "p1"}), vec![]);
        let body = summary(&chart, &ctx);
        assert_eq!(body.sections.len(), 3);
        assert_eq!(body.sections[0].empty, t("summary-allergies-unknown").to_string());
        assert!(body.sections.iter().all(|section| section.lines.is_empty() && !section.empty.is_empty()));
        assert!(body.sections.iter().all(|section| section.rider.is_none()), "the patient sees what is sealed");
    }

    #[test]
    fn to_anybody_but_the_patient_nothing_is_said_to_be_none_or_never_asked() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let of = |allergies: Vec<Value>| {
            let all = vec![(R::AllergyIntolerance, allergies)];
            summary(&Chart::holding(json!({"resourceType": "Patient", "id": "p1"}), all), &ctx).sections
        };
        let said = |section: &SummarySection| (section.empty.clone(), section.rider.clone());
        let none = |code: &str| json!({"code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}});
        for locale in Locale::ALL {
            locale.inside(|| {
                let left_out = Some(t("summary-left-out").to_string());
                for section in of(vec![]) {
                    assert_eq!(said(&section), (t("summary-nothing-here").to_string(), left_out.clone()));
                }
                let known = of(vec![none("716186003")]);
                assert_eq!(said(&known[0]), (t("summary-allergies-none").to_string(), left_out.clone()));
                // That there is none to one kind is a line, and the rider stands beside it.
                let some = of(vec![none("429625007"), none("409137002"), none("428607008")]);
                assert!(!some[0].lines.is_empty() && some[0].rider == left_out, "{some:?}");
                let latex = of(vec![json!({"code": {"text": "Latex"}})]);
                assert!(latex[0].rider.is_none() && latex[1].rider == left_out);
            });
        }
    }

    #[test]
    fn a_result_is_called_in_the_reader_s_language_and_words_stand_apart() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let crp = json!({"status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "1988-5"}],
            "text": "CRP here"}, "effectiveDateTime": "2026-03-03", "valueQuantity": {"value": 46, "unit": "mg/L"}});
        let smoking = json!({"status": "final", "code": {"text": "Smoking"}, "effectiveDateTime": "2026-03-02",
            "valueCodeableConcept": {"text": "Used to smoke"}});
        let chart =
            Chart::holding(json!({"resourceType": "Patient", "id": "p1"}), vec![(R::Observation, vec![crp, smoking])]);
        let heads = || -> Vec<String> {
            let body = summary(&chart, &ctx);
            let results = body.sections.iter().find(|section| section.icon == "results").unwrap();
            results.lines.iter().map(|(head, _)| head.clone()).collect()
        };
        assert_eq!(heads(), ["C-reactive protein 46 mg/L", "Smoking: Used to smoke"]);
        assert_eq!(Locale::Es.inside(heads)[0], "Proteína C reactiva 46 mg/L");
    }
}
