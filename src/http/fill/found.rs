//! What a search inside a record finds: the words of a resource, and each find as a row.

use serde_json::Value;

use super::dates::date_of;
use super::standing::{standing, status_word};
use super::{Ctx, attachment, besides_of, concept, list, medicine_name, named, owned, substance_of, text};
use crate::care::note::plain_of;
use crate::care::uploads;
use crate::care::{Chart, medicine};
use crate::fhir::ResourceType as R;
use crate::http::ui::{When, t};

/// One find.
#[derive(Debug, Clone)]
pub struct Found {
    /// What sort of thing it is, in a word.
    pub kind: String,
    pub title: String,
    pub line: Option<String>,
    pub when: Option<When>,
    pub href: String,
}

/// Small letters without marks, so that what is typed without them finds what is written with them.
pub fn folded(text: &str) -> String {
    let plain = |letter: char| match letter {
        '\u{e0}'..='\u{e5}' => 'a',
        '\u{e7}' => 'c',
        '\u{e8}'..='\u{eb}' => 'e',
        '\u{ec}'..='\u{ef}' => 'i',
        '\u{f1}' => 'n',
        '\u{f2}'..='\u{f6}' | '\u{f8}' => 'o',
        '\u{f9}'..='\u{fc}' => 'u',
        other => other,
    };
    text.to_lowercase().chars().map(plain).collect()
}

/// Elements whose texts are a machine's.
const NOT_WORDS: [&str; 16] = [
    "resourceType",
    "id",
    "meta",
    "system",
    "code",
    "reference",
    "url",
    "contentType",
    "status",
    "use",
    "data",
    "type",
    "intent",
    "language",
    "questionnaire",
    "linkId",
];

/// All that a person would read of a resource, as [`folded`] text; of a medicine too what names it in the Medications that
/// came along.
pub fn words_of(resource: &Value, along: &[Value]) -> String {
    let mut out = String::new();
    collect(resource, &mut out);
    for concept in medicine::concepts(resource, along) {
        collect(concept, &mut out);
    }
    for said in texts(resource) {
        out.push_str(&said);
        out.push(' ');
    }
    folded(&out)
}

/// What the files of a document or a report say that are text: of every one that a list has.
fn texts(resource: &Value) -> Vec<String> {
    let documents = std::iter::once(0).chain(uploads::more_files(resource)).filter_map(|at| {
        let one = uploads::file_at(resource, at)?;
        attachment(&one)?.text()
    });
    let forms = list(resource, "presentedForm").iter().filter_map(|form| super::attachment_in(form)?.text());
    documents.chain(forms).collect()
}

fn collect(value: &Value, into: &mut String) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(div) if name == "div" => {
                        into.push_str(&plain_of(div));
                        into.push(' ');
                    }
                    // A concept's code is a machine's; a concept is an object and is looked into.
                    Value::String(_) if NOT_WORDS.contains(&name.as_str()) => {}
                    other => collect(other, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        Value::String(text) => {
            into.push_str(text);
            into.push(' ');
        }
        _ => {}
    }
}

/// A find as a row; none for what was taken back. `chart` holds the patient's medicines, of which one says how another stands.
pub fn found(kind: R, one: &Value, chart: &Chart, base: &str, ctx: &Ctx) -> Option<Found> {
    let id = text(one, "/id").unwrap_or_default();
    let wrong = text(one, "/status") == Some("entered-in-error")
        || super::has_code(one.get("verificationStatus"), "entered-in-error");
    if wrong {
        return None;
    }
    let first = |pointers: &[&str]| ctx.first_when(one, pointers);
    let coded = |name: &str| named(concept(one.get(name)));
    let (word, title, when, href) = match kind {
        R::Condition => (
            "found-problem",
            coded("code"),
            first(&["/onsetDateTime", "/recordedDate"]),
            format!("{base}/problems/{id}"),
        ),
        R::AllergyIntolerance => {
            ("found-allergy", named(substance_of(one, ctx)), first(&["/recordedDate"]), format!("{base}/allergies"))
        }
        R::MedicationRequest | R::MedicationStatement => (
            match medicine::Asks::of(one) {
                medicine::Asks::NotToGive => "found-not-to-give",
                medicine::Asks::Perhaps => "found-planned",
                _ => "found-medicine",
            },
            medicine_name(one, &ctx.along),
            first(&["/authoredOn", "/effectivePeriod/start", "/effectiveDateTime"]),
            format!("{base}/medicines"),
        ),
        R::Immunization => (
            "found-immunization",
            coded("vaccineCode"),
            date_of(one, &["occurrence"], ctx),
            format!("{base}/immunizations"),
        ),
        R::Procedure => (
            "found-procedure",
            coded("code"),
            date_of(one, &["performed"], ctx),
            format!("{base}/timeline?show=procedure"),
        ),
        R::Encounter => {
            let reason = list(one, "reasonCode").first().and_then(|reason| concept(Some(reason)));
            let kind = list(one, "type").first().and_then(|kind| concept(Some(kind)));
            ("found-visit", named(reason.or(kind)), first(&["/period/start"]), format!("{base}/visits"))
        }
        R::Composition => ("found-note", named(owned(one, "/title")), first(&["/date"]), format!("{base}/notes/{id}")),
        R::DocumentReference => {
            let title = owned(one, "/content/0/attachment/title")
                .or_else(|| owned(one, "/description"))
                .or_else(|| concept(one.get("type")));
            ("found-document", named(title), first(&["/date"]), format!("{base}/documents/{id}"))
        }
        R::DiagnosticReport => (
            "found-report",
            coded("code"),
            date_of(one, &["effective", "issued"], ctx),
            format!("{base}/results/reports/{id}"),
        ),
        R::QuestionnaireResponse => {
            let line = super::copied::form(one, ctx);
            return Some(Found {
                kind: t("found-form").to_string(),
                title: line.what,
                line: Some(line.detail),
                when: line.when,
                href: format!("{base}/forms#form-{id}"),
            });
        }
        R::ServiceRequest => ("found-order", coded("code"), first(&["/authoredOn"]), format!("{base}/orders")),
        _ => {
            let key = super::observations::key_of(one);
            let title = super::observations::name(one);
            (
                "found-result",
                title,
                Some(super::observations::taken(one, ctx)),
                format!("{base}/results?test={key}#course"),
            )
        }
    };
    let line = match kind {
        R::Observation => super::observations::said(one, ctx).map(|said| said.whole()),
        R::DiagnosticReport => owned(one, "/conclusion")
            .or_else(|| crate::care::results::comments(one).into_iter().next().map(|one| one.text)),
        _ => list(one, "note").iter().find_map(|note| owned(note, "/text")).or_else(|| owned(one, "/conclusion")),
    };
    // That a result or a document stands, and that something was done, is no news; that a medicine is through with is.
    let done = if matches!(kind, R::Procedure | R::Immunization) { "completed" } else { "finished" };
    let plain = ["final", "current", done].map(status_word);
    let besides = matches!(kind, R::MedicationRequest | R::MedicationStatement).then(|| besides_of(one, chart, ctx));
    let standing = standing(kind, one).into_iter().filter(|said| !plain.contains(said));
    let said: Vec<String> = standing.chain(besides.into_iter().flatten()).chain(line).collect();
    let line = (!said.is_empty()).then(|| said.join("; "));
    Some(Found { kind: t(word).to_string(), title, line, when, href })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_find_says_how_it_stands() {
        let coded = |code: &str| json!({"coding": [{"code": code}]});
        for (kind, one, said) in [
            (R::Condition, json!({"code": {"text": "HIV"}, "verificationStatus": coded("refuted")}), Some("Ruled out")),
            (R::Procedure, json!({"code": {"text": "Mastectomy"}, "status": "not-done"}), Some("not done")),
            (
                R::ServiceRequest,
                json!({"code": {"text": "MRI"}, "status": "active", "doNotPerform": true}),
                Some("Not to be done; active"),
            ),
            (
                R::ServiceRequest,
                json!({"code": {"text": "Biopsy"}, "status": "active", "intent": "proposal"}),
                Some("Proposed, not ordered; active"),
            ),
            (
                R::MedicationRequest,
                json!({"medicationCodeableConcept": {"text": "X"}, "status": "stopped"}),
                Some("stopped"),
            ),
            (R::Immunization, json!({"vaccineCode": {"text": "MMR"}, "status": "completed"}), None),
            (R::DocumentReference, json!({"description": "Letter", "status": "current"}), None),
        ] {
            let found = found(kind, &one, &Chart::default(), "/p", &Ctx::of(jiff::tz::TimeZone::UTC)).unwrap();
            assert_eq!(found.line.as_deref(), said);
        }
    }

    #[test]
    fn a_medicine_that_is_found_says_that_it_has_not_begun_or_that_its_prescription_was_ended() {
        let ctx = Ctx { today: Some(jiff::civil::date(2026, 11, 29)), ..Ctx::of(jiff::tz::TimeZone::UTC) };
        let request = |id: &str, status: &str| {
            json!({"resourceType": "MedicationRequest", "id": id, "status": status, "intent": "order",
                "medicationCodeableConcept": {"text": "Amiodarone"},
                "dispenseRequest": {"validityPeriod": {"start": "2027-03-01"}}})
        };
        let said = json!({"resourceType": "MedicationStatement", "id": "s", "status": "active",
            "medicationCodeableConcept": {"text": "Amiodarone"}, "basedOn": [{"reference": "MedicationRequest/b"}]});
        let chart = Chart::holding(json!({"id": "p"}), vec![(R::MedicationRequest, vec![request("b", "stopped")])]);
        let line = |kind: R, one: &Value| found(kind, one, &chart, "/p", &ctx).unwrap().line.unwrap();
        let later = request("a", "active");
        assert_eq!(line(R::MedicationRequest, &later), "active; Not begun yet: from 1 Mar 2027");
        assert_eq!(line(R::MedicationStatement, &said), "active; Its prescription was ended");
    }
}
