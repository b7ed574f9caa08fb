//! A resource as one line of a copy that people read: what, when, how it stands, in the record's own words.

use serde_json::Value;

use super::amounts::notes;
use super::bears::bears;
use super::standing::{caveats, standing};
use super::{
    Ctx, called, concept, dose_of, has_code, list, medicine_name, observations, owned, parts, spoken, spoken_at,
    substance_of, text,
};
use crate::care::note::plain_of;
use crate::care::results::{comments, is_signed};
use crate::fhir::ResourceType as R;
use crate::http::ui::record::Severity;
use crate::http::ui::{When, format, t};

/// How much of a form a line shows.
const BEGINNING: usize = 120;

/// One line.
#[derive(Debug, Clone)]
pub struct CopyLine {
    pub what: String,
    pub when: Option<When>,
    pub detail: String,
    pub by: Option<String>,
    /// What stands in it in full, each part with what it is called: of a note, a letter, a form.
    pub text: Vec<(String, String)>,
}

/// Where dates stand, the one that counts first.
const DATES: [&str; 14] = [
    "/effectiveDateTime",
    "/effectivePeriod/start",
    "/onsetDateTime",
    "/onsetPeriod/start",
    "/occurrenceDateTime",
    "/performedDateTime",
    "/performedPeriod/start",
    "/period/start",
    "/start",
    "/authoredOn",
    "/sent",
    "/recordedDate",
    "/date",
    "/dateTime",
];

/// Where a name stands.
const NAMES: [&str; 10] = [
    "code",
    "codeCodeableConcept",
    "event",
    "vaccineCode",
    "appointmentType",
    "serviceType",
    "type",
    "relationship",
    "description",
    "category",
];

/// What somebody measured or told, in words alone: its value and what they wrote with it.
pub fn measured(observation: &Value, ctx: &Ctx) -> CopyLine {
    let said = observations::said(observation, ctx);
    let said = said.into_iter().flat_map(|said| std::iter::once(said.value).chain(said.beside));
    let detail = said.collect::<Vec<_>>().join(" · ");
    let line = copied(R::Observation, observation, ctx);
    CopyLine { what: observations::name(observation), detail, ..line }
}

/// A form that came back before a visit: how its answers begin.
pub fn form(response: &Value, ctx: &Ctx) -> CopyLine {
    let said: Vec<String> = super::answers(response).into_iter().map(|(_, answer)| answer).collect();
    CopyLine {
        what: t("form-before-visit").to_string(),
        when: ctx.when(response, "/authored"),
        detail: format::beginning(&said.join(" · ").replace('\n', " "), BEGINNING),
        by: None,
        text: Vec::new(),
    }
}

/// What a patient brought: measured or told, or a document with what they wrote with it.
pub fn brought(kind: R, resource: &Value, ctx: &Ctx) -> CopyLine {
    if kind == R::Observation {
        return measured(resource, ctx);
    }
    let line = copied(kind, resource, ctx);
    let detail = spoken(resource, "description").filter(|text| *text != line.what).unwrap_or_default();
    CopyLine { detail, ..line }
}

/// Whether somebody said of a resource that it was a mistake.
pub fn is_mistaken(resource: &Value) -> bool {
    const WRONG: &str = "entered-in-error";
    text(resource, "/status") == Some(WRONG) || has_code(resource.get("verificationStatus"), WRONG)
}

/// The same line of what does not count: what it said is no part of the record any more, and `word` says why.
pub fn mistaken(line: CopyLine, word: &str) -> CopyLine {
    CopyLine { detail: t(word).to_string(), text: Vec::new(), ..line }
}

/// A resource as a line. Of what was a mistake the line says no more than that.
pub fn copied(kind: R, resource: &Value, ctx: &Ctx) -> CopyLine {
    let line = copied_whole(kind, resource, ctx);
    if is_mistaken(resource) { mistaken(line, "copy-mistaken") } else { line }
}

fn copied_whole(kind: R, resource: &Value, ctx: &Ctx) -> CopyLine {
    let (what, titled) = title(kind, resource, ctx);
    let mut details: Vec<String> = Vec::new();
    if kind == R::Observation {
        let found = observations::said(resource, ctx);
        if let Some(found) = found {
            details.push(found.value);
            details.extend(found.flag.map(|flag| flag.plain().to_string()));
            details.extend(found.ranges.into_iter().map(|range| t("copy-usual").with("range", range).to_string()));
            details.extend(found.beside);
        }
    }
    details.extend(caveats(kind, resource));
    let dose = dose_of(resource, &ctx.zone);
    let is_dosed = dose.is_some();
    details.extend(dose);
    let words = ["/conclusion", "/description", "/valueString"];
    let words = words.iter().filter_map(|at| spoken_at(resource, at)).filter(|text| Some(text) != what.as_ref());
    for text in words.collect::<Vec<_>>() {
        if !details.contains(&text) {
            details.push(text);
        }
    }
    details.extend(list(resource, "payload").iter().filter_map(|one| owned(one, "/contentString")));
    // A table says it of these, with more.
    if !matches!(kind, R::Immunization | R::ServiceRequest) {
        details.extend(list(resource, "reasonCode").iter().filter_map(|one| concept(Some(one))));
    }
    if kind != R::Observation {
        details.extend(notes(resource));
    }
    if kind == R::DiagnosticReport {
        let said: Vec<String> = comments(resource).into_iter().map(|one| one.text).collect();
        let unsigned = (!said.is_empty() && !is_signed(resource)).then(|| t("report-comment-unsigned").to_string());
        details.extend(said.into_iter().chain(unsigned));
    }
    details.extend(list(resource, "reaction").iter().filter_map(reaction));
    details.extend(text(resource, "/criticality").and_then(Severity::from_code).map(Severity::word));
    for said in standing(kind, resource) {
        if !details.contains(&said) {
            details.push(said);
        }
    }
    details.extend(bears(kind, resource, ctx));
    if super::OTHERS.contains(&kind) {
        let is_text = |name: &&str| resource.get(*name).is_some_and(Value::is_string);
        let dosed = ["dosage", "dosageInstruction"].into_iter().filter(|_| is_dosed);
        let texts = ["conclusion", "description"].into_iter().filter(is_text);
        let already: Vec<&str> = titled.into_iter().chain(texts).chain(dosed).chain(["reasonCode"]).collect();
        details.extend(parts::said(resource, &already, ctx));
    }
    let people = ["performer", "author", "recorder", "asserter", "requester", "sender", "participant"].iter();
    let by = people.filter_map(|name| resource.get(*name)).find_map(|one| match one {
        Value::Array(all) => all.iter().find_map(|one| {
            called(Some(one)).or_else(|| called(one.get("individual"))).or_else(|| called(one.get("actor")))
        }),
        one => called(Some(one)),
    });
    CopyLine {
        what: what.or_else(|| text(resource, "/resourceType").map(str::to_owned)).unwrap_or_default(),
        when: ctx.first_when(resource, &DATES),
        detail: details.join(" · "),
        by,
        text: whole(kind, resource),
    }
}

/// What it is called, and which element says so in full.
fn title<'a>(kind: R, resource: &'a Value, ctx: &Ctx) -> (Option<String>, Option<&'a str>) {
    let members = resource.as_object();
    let element = |name: &str| members.and_then(|all| all.keys().find(|one| *one == name)).map(String::as_str);
    let named = || {
        NAMES.iter().find_map(|name| {
            let (said, is_whole) = match resource.get(*name)? {
                Value::Array(all) => (concept(all.first()), all.len() == 1),
                one => (concept(Some(one)), true),
            };
            Some((said?, element(name).filter(|_| is_whole)))
        })
    };
    let texts = ["/title", "/content/0/attachment/title", "/description", "/name/0/text", "/name", "/topic/text"];
    let own = || {
        texts.iter().find_map(|at| {
            let whole = at.trim_start_matches('/');
            Some((spoken_at(resource, at)?, element(whole)))
        })
    };
    let device = || {
        let name = ["device", "codeReference"].into_iter().find(|name| resource.get(name).is_some())?;
        Some((called(resource.get(name))?, element(name)))
    };
    let found = match kind {
        R::DocumentReference | R::CarePlan | R::Composition | R::Task => own().or_else(named),
        R::Observation => Some((observations::name(resource), None)),
        R::MedicationRequest | R::MedicationStatement | R::MedicationDispense | R::MedicationAdministration => {
            let of = element("medicationCodeableConcept").or_else(|| element("medicationReference"));
            Some((medicine_name(resource, &ctx.along), of))
        }
        R::AllergyIntolerance => Some((super::named(substance_of(resource, ctx)), None)),
        _ => named().or_else(own).or_else(device),
    };
    found.map_or((None, None), |(what, element)| (Some(what), element))
}

/// "hives (mild)"
fn reaction(one: &Value) -> Option<String> {
    let what: Vec<String> = list(one, "manifestation").iter().filter_map(|one| concept(Some(one))).collect();
    let how = text(one, "/severity").and_then(Severity::from_code).map(Severity::word);
    match (what.is_empty(), how) {
        (true, None) => None,
        (true, Some(how)) => Some(t("copy-reaction").with("what", how).to_string()),
        (false, None) => Some(what.join(", ")),
        (false, Some(how)) => Some(format!("{} ({how})", what.join(", "))),
    }
}

/// What stands in a note, a letter or a form, in full.
fn whole(kind: R, resource: &Value) -> Vec<(String, String)> {
    match kind {
        R::Composition => {
            let mut all = Vec::new();
            sections(resource, &mut all);
            all
        }
        // The document of a note says once more what the note says.
        R::DocumentReference if !is_of_note(resource) => {
            let said = super::attachment(resource).and_then(|attachment| attachment.text());
            said.map(|said| (String::new(), said)).into_iter().collect()
        }
        R::QuestionnaireResponse => super::answers(resource),
        _ => Vec::new(),
    }
}

/// What sections say, and those within them.
fn sections(of: &Value, into: &mut Vec<(String, String)>) {
    for section in list(of, "section") {
        let said = text(section, "/text/div").map(plain_of).unwrap_or_default();
        if !said.is_empty() {
            into.push((spoken(section, "title").unwrap_or_default(), said));
        }
        sections(section, into);
    }
}

fn is_of_note(document: &Value) -> bool {
    let related = document.pointer("/context/related").and_then(Value::as_array).into_iter().flatten();
    related.filter_map(|one| text(one, "/reference")).any(|to| to.starts_with("Composition/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::own;
    use crate::http::ui::Locale;
    use serde_json::json;

    #[test]
    fn a_line_says_what_when_and_how_it_stands() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let line = copied(
            R::Observation,
            &json!({"status": "final", "code": {"text": "Heart rate"}, "effectiveDateTime": "2026-03-03",
                "valueQuantity": {"value": 72, "unit": "/min"}, "performer": [{"display": "Lena Corvin"}]}),
            &ctx,
        );
        assert_eq!((line.what.as_str(), line.detail.as_str()), ("Heart rate", "72 /min · final"));
        assert_eq!(
            (line.when.map(|when| when.iso()).as_deref(), line.by.as_deref()),
            (Some("2026-03-03"), Some("Lena Corvin"))
        );
        assert_eq!(copied(R::Basic, &json!({"resourceType": "Basic"}), &ctx).what, "Basic");
    }

    #[test]
    fn what_was_a_mistake_is_named_as_one_and_says_nothing_else() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let result = json!({"status": "entered-in-error", "code": {"text": "HbA1c"}, "effectiveDateTime": "2026-03-03",
            "valueQuantity": {"value": 57, "unit": "mmol/mol"}, "note": [{"text": "57 it was"}]});
        let line = copied(R::Observation, &result, &ctx);
        assert_eq!((line.what.as_str(), line.when.is_some()), ("HbA1c", true));
        assert_eq!(line.detail, "Taken back: this was a mistake and does not count");
        let letter = json!({"status": "entered-in-error", "content": [{"attachment": {"contentType": "text/plain", "data": "SGVsbG8="}}]});
        assert!(copied(R::DocumentReference, &letter, &ctx).text.is_empty());
        let problem = json!({"code": {"text": "TB"}, "note": [{"text": "seen"}],
            "verificationStatus": {"coding": [{"code": "entered-in-error"}]}});
        assert!(!copied(R::Condition, &problem, &ctx).detail.contains("seen"));
    }

    #[test]
    fn a_copy_holds_the_whole_text_and_no_code() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let note = json!({"status": "final", "title": "Visit note", "section": [
            {"title": "Plan", "text": {"div": "<div><p>Rest.</p><p>Fluids &amp; salt.</p></div>"},
                "section": [{"title": "Within", "text": {"div": "<div>More</div>"}}]}, {"title": "Empty"}]});
        assert_eq!(
            copied(R::Composition, &note, &ctx).text,
            [("Plan".to_owned(), "Rest.\n\nFluids & salt.".to_owned()), ("Within".to_owned(), "More".to_owned())]
        );
        let letter = json!({"status": "current", "content": [{"attachment": {"contentType": "text/plain", "data": "SGVsbG8="}}]});
        assert_eq!(copied(R::DocumentReference, &letter, &ctx).text, [(String::new(), "Hello".to_owned())]);
        let mut kept = letter;
        kept["context"] = json!({"related": [{"reference": "Composition/n"}]});
        assert!(copied(R::DocumentReference, &kept, &ctx).text.is_empty(), "the note has it");
        let form = json!({"item": [{"text": "Why?", "answer": [{"valueString": "My knee"}]}]});
        assert_eq!(copied(R::QuestionnaireResponse, &form, &ctx).text, [("Why?".to_owned(), "My knee".to_owned())]);
        let allergy = json!({"code": {"text": "Latex"}, "criticality": "high",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "reaction": [{"manifestation": [{"text": "hives"}], "severity": "moderate"}]});
        assert_eq!(copied(R::AllergyIntolerance, &allergy, &ctx).detail, "hives (moderate) · severe · active");
        let visit = json!({"status": "in-progress"});
        assert_eq!(copied(R::Encounter, &visit, &ctx).detail, "in progress");
        let statement = json!({"status": "not-taken", "medicationCodeableConcept": {"text": "Metformin"}});
        assert_eq!(Locale::Es.inside(|| copied(R::MedicationStatement, &statement, &ctx)).detail, "no se toma");
        let high = json!({"status": "final", "code": {"text": "CRP"}, "effectiveDateTime": "2026-03-03", "valueQuantity": {"value": 46, "unit": "mg/L"},
            "referenceRange": [{"high": {"value": 5}}]});
        assert_eq!(
            copied(R::Observation, &high, &ctx).detail,
            "46 mg/L · above the usual range · usual: 5 or less · final"
        );
    }

    #[test]
    fn what_a_patient_brought_says_nothing_twice_and_no_word_of_fhir() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let mut told = json!({"status": "final", "code": {"text": "Past"}, "valueString": "Gall bladder out."});
        assert_eq!(brought(R::Observation, &told, &ctx).detail, "Gall bladder out.");
        told["effectiveDateTime"] = json!("2026-03-03");
        assert_eq!(brought(R::Observation, &told, &ctx).detail, "Gall bladder out.");
        assert_eq!(copied(R::Observation, &told, &ctx).detail, "Gall bladder out. · final");
        told["code"] =
            json!({"coding": [{"system": "http://loinc.org", "code": "11348-0"}], "text": "History of past illness"});
        assert_eq!(brought(R::Observation, &told, &ctx).what, "Earlier illnesses");
        let file = json!({"status": "current", "description": "From the spa", "content": [{"attachment": {"title": "X-ray"}}]});
        let line = brought(R::DocumentReference, &file, &ctx);
        assert_eq!((line.what.as_str(), line.detail.as_str()), ("X-ray", "From the spa"));
    }

    #[test]
    fn whatever_can_be_measured_at_home_is_called_in_the_reader_s_language() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let (patient, by) = (crate::base::FhirId::parse("p1").unwrap(), json!({"reference": "Patient/p1"}));
        let at = "2026-03-03T09:30:00Z".parse().unwrap();
        let decimal = |text: &str| crate::base::Decimal::read(text).unwrap();
        let names = |of: fn(&Value, &Ctx) -> String| -> Vec<String> {
            let mut names = Vec::new();
            for measure in &own::MEASURES {
                for (unit, _) in measure.units {
                    let second = measure.is_pressure().then(|| decimal("84"));

                    let one = own::Measured {
                        measure,
                        unit: *unit,
                        value: decimal("90"),
                        second,
                        at,
                        seldom: false,
                        old: false,
                    };
                    names.push(of(&own::observation(&one, &patient, &by, ""), &ctx));
                }
            }
            names
        };
        let in_a_list = |one: &Value, ctx: &Ctx| measured(one, ctx).what;
        let in_a_copy = |one: &Value, ctx: &Ctx| copied(R::Observation, one, ctx).what;
        let in_a_trend = |one: &Value, ctx: &Ctx| {
            let series = observations::series_of(std::slice::from_ref(one), observations::Wanted::All, ctx);
            series.into_iter().map(|series| series.name).collect()
        };
        for of in [in_a_list, in_a_copy, in_a_trend] {
            let spanish = [
                "Tensi\u{f3}n arterial",
                "Pulso",
                "Peso",
                "Peso",
                "Estatura",
                "Estatura",
                "Temperatura",
                "Temperatura",
                "Saturaci\u{f3}n de ox\u{ed}geno",
                "Glucosa",
                "Glucosa",
            ];
            assert_eq!(Locale::Es.inside(|| names(of)), spanish);
            assert_eq!(names(of)[..3], ["Blood pressure", "Pulse", "Weight"]);
        }
        // What a person called it stays.
        let named =
            json!({"code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}], "text": "Dry weight"}});
        assert_eq!(Locale::Es.inside(|| measured(&named, &ctx).what), "Dry weight");
    }
}
