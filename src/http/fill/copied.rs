//! A resource as one line of a copy that people read: what, when, how it stands, in the record's own words.

use serde_json::Value;

use super::{Ctx, called, concept, list, observations, owned, spoken, spoken_at, text};
use crate::fhir::ResourceType as R;
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
const NAMES: [&str; 8] = [
    "code",
    "medicationCodeableConcept",
    "vaccineCode",
    "appointmentType",
    "serviceType",
    "type",
    "relationship",
    "category",
];

/// What somebody measured or told, in words alone: its value and what they wrote with it.
pub fn measured(observation: &Value, ctx: &Ctx) -> CopyLine {
    let said = observations::said(observation, ctx).map(|(value, _)| value);
    let value = said.or_else(|| owned(observation, "/valueString"));
    let notes = list(observation, "note").iter().filter_map(|one| owned(one, "/text"));
    let detail = value.into_iter().chain(notes).collect::<Vec<_>>().join(" · ");
    let line = copied(R::Observation, observation, ctx);
    CopyLine { what: observations::name(observation).unwrap_or(line.what), detail, ..line }
}

/// A form that came back before a visit: how its answers begin.
pub fn form(response: &Value, ctx: &Ctx) -> CopyLine {
    let said: Vec<String> = super::answers(response).into_iter().map(|(_, answer)| answer).collect();
    CopyLine {
        what: t("form-before-visit").to_string(),
        when: ctx.when(response, "/authored"),
        detail: format::beginning(&said.join(" · ").replace('\n', " "), BEGINNING),
        by: None,
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

pub fn copied(kind: R, resource: &Value, ctx: &Ctx) -> CopyLine {
    let named = || {
        NAMES.iter().find_map(|name| match resource.get(*name)? {
            Value::Array(all) => concept(all.first()),
            one => concept(Some(one)),
        })
    };
    let texts = ["/title", "/content/0/attachment/title", "/description", "/name/0/text", "/topic/text"];
    let own = texts.iter().find_map(|at| spoken_at(resource, at));
    let what = match kind {
        R::DocumentReference | R::CarePlan | R::Composition | R::Task => own.or_else(named),
        R::Observation => observations::name(resource),
        _ => named().or(own),
    };
    let status = owned(resource, "/status").or_else(|| concept(resource.get("clinicalStatus")));
    let mut details: Vec<String> = Vec::new();
    if kind == R::Observation {
        details.extend(observations::said(resource, ctx).map(|(value, _)| value));
    }
    let words = ["/dosageInstruction/0/text", "/dosage/0/text", "/conclusion", "/description", "/valueString"];
    let words = words.iter().filter_map(|at| spoken_at(resource, at)).filter(|text| Some(text) != what.as_ref());
    for text in words.collect::<Vec<_>>() {
        if !details.contains(&text) {
            details.push(text);
        }
    }
    details.extend(list(resource, "payload").iter().filter_map(|one| owned(one, "/contentString")));
    details.extend(list(resource, "reasonCode").iter().filter_map(|one| concept(Some(one))));
    details.extend(list(resource, "note").iter().filter_map(|one| owned(one, "/text")));
    details.extend(
        list(resource, "reaction")
            .iter()
            .flat_map(|one| list(one, "manifestation"))
            .filter_map(|one| concept(Some(one))),
    );
    details.extend(status);
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
    }
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
        let names = |of: fn(&Value, &Ctx) -> String| -> Vec<String> {
            let mut names = Vec::new();
            for measure in &own::MEASURES {
                for (unit, _) in measure.units {
                    let second = measure.is_pressure().then_some(84.0);
                    let one =
                        own::Measured { measure, unit: *unit, value: 90.0, second, at, seldom: false, old: false };
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
