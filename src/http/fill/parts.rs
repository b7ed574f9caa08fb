//! What the parts of a resource say that no page has a shape for: each with what FHIR calls it, so that nothing of a kind that is
//! rare here is a name alone. What is excluded must never read like what is asked for: no word stands without its label, each
//! thing of a list keeps its own words together in brackets, and nothing is left out because another thing says the same words.

use serde_json::Value;

use super::amounts::{quantity, span};
use super::standing::status_word;
use super::{Ctx, called, concept, list, owned, text};
use crate::http::ui::{When, t};

/// How many parts a line says; that there are more is said.
const MOST: usize = 40;

/// Elements that say nothing of it to whoever reads, or that every line says in its own place ([`SAID_WITHIN`] its parts).
const NOT_SAID: [&str; 33] = [
    "basedOn",
    "carrierAIDC",
    "contained",
    "context",
    "criticality",
    "encounter",
    "endpoint",
    "eventHistory",
    "extension",
    "id",
    "identifier",
    "implicitRules",
    "instantiatesCanonical",
    "instantiatesUri",
    "intent",
    "language",
    "lifecycleStatus",
    "meta",
    "modifierExtension",
    "note",
    "partOf",
    "patient",
    "resourceType",
    "status",
    "statusReason",
    "subject",
    "text",
    "uid",
    "url",
    "udiCarrier",
    "verificationStatus",
    "clinicalStatus",
    "doNotPerform",
];

/// Of those, what a line says of the whole and nobody of a part: how that part stands.
const SAID_WITHIN: [&str; 4] = ["doNotPerform", "note", "status", "statusReason"];

/// Those that are no label to their own words.
const PLAIN: [&str; 11] =
    ["code", "description", "detail", "event", "name", "note", "status", "statusReason", "summary", "title", "type"];

/// Those whose parent's name says what they are.
const OF_PARENT: [&str; 5] = ["actor", "instance", "item", "member", "value"];

/// What a resource says in its parts, without the elements that the line has said in full already.
pub(super) fn said(resource: &Value, already: &[&str], ctx: &Ctx) -> Vec<String> {
    let mut all = Vec::new();
    for (name, value) in resource.as_object().into_iter().flatten() {
        // The line has its date already.
        let is_when = is_date(value, ctx) || (is_period(value) && name == "period");
        if !(is_when || already.contains(&name.as_str()) || is_unsaid(name)) {
            collect(name, value, ctx, &mut all);
        }
    }
    shortened(all)
}

/// What one element says, each thing of a list apart, for a line that calls it by a word of its own.
pub(super) fn of_element(value: &Value, ctx: &Ctx) -> Vec<String> {
    let mut all = Vec::new();
    collect(OF_LINE, value, ctx, &mut all);
    shortened(all)
}

/// Stands where the line has the label.
const OF_LINE: &str = "detail";

fn shortened(mut all: Vec<String>) -> Vec<String> {
    if all.len() > MOST {
        all.truncate(MOST);
        all.push(t("result-not-shown").to_string());
    }
    all
}

fn is_unsaid(name: &str) -> bool {
    NOT_SAID.contains(&name) || name.starts_with('_')
}

fn collect(name: &str, value: &Value, ctx: &Ctx, into: &mut Vec<String>) {
    let words = match value {
        Value::Array(all) => return all.iter().for_each(|one| collect(name, one, ctx, into)),
        Value::Object(_) => match of_shape(value, ctx) {
            Shape::Says(words) => words,
            Shape::Silent => return,
            Shape::Parts => return into.extend(together(name, value, ctx)),
        },
        Value::String(text) if text.trim().is_empty() => return,
        Value::String(text) if name == "status" => status_word(text),
        Value::String(text) => {
            let when = When::parse(text, &ctx.zone).filter(|_| is_date(value, ctx));
            when.map_or_else(|| text.trim().to_owned(), |when| when.short_time())
        }
        Value::Bool(not) if name == "doNotPerform" => return into.extend(not.then(|| t("not-to-be-done").to_string())),
        Value::Bool(yes) => t(if *yes { "yes" } else { "no" }).to_string(),
        Value::Number(number) => number.to_string(),
        Value::Null => return,
    };
    into.push(match PLAIN.contains(&name) {
        true => words,
        false => format!("{}: {words}", label_of(name)),
    });
}

/// The parts of one thing, in brackets where they are several: which belongs to which is nobody's to guess. That it is not to be
/// done stands first.
fn together(name: &str, of: &Value, ctx: &Ctx) -> Option<String> {
    let members = of.as_object()?;
    let mut parts = Vec::new();
    let first = members.iter().filter(|(part, _)| *part == "doNotPerform");
    for (part, value) in first.chain(members.iter().filter(|(part, _)| *part != "doNotPerform")) {
        if is_unsaid(part) && !SAID_WITHIN.contains(&part.as_str()) {
            continue;
        }
        collect(if OF_PARENT.contains(&part.as_str()) { name } else { part }, value, ctx, &mut parts);
    }
    let mut parts = shortened(parts);
    match parts.len() {
        0 | 1 => parts.pop(),
        _ => Some(format!("({})", parts.join("; "))),
    }
}

enum Shape {
    Says(String),
    Silent,
    /// A part with parts of its own.
    Parts,
}

/// By the members that FHIR's data types have (FHIR R4, datatypes.html).
fn of_shape(value: &Value, ctx: &Ctx) -> Shape {
    let has = |name: &str| value.get(name).is_some();
    let said = |words: Option<String>| words.map_or(Shape::Silent, Shape::Says);
    if has("coding") || (has("text") && !has("status")) {
        return said(concept(Some(value)));
    }
    if value.get("value").is_some_and(Value::is_number) {
        return said(quantity(value));
    }
    if has("low") || has("high") {
        return said(span(value));
    }
    if has("numerator") || has("denominator") {
        let side = |name: &str| value.get(name).and_then(quantity).unwrap_or_default();
        return Shape::Says(format!("{}/{}", side("numerator"), side("denominator")));
    }
    if has("reference") || (has("display") && !has("code")) {
        return said(called(Some(value)));
    }
    // One picture of many.
    if has("sopClass") {
        return Shape::Silent;
    }
    if has("contentType") {
        return said(owned(value, "/title"));
    }
    if has("system") && has("code") {
        return said(owned(value, "/display").or_else(|| owned(value, "/code")));
    }
    if is_period(value) {
        let when = |end: &str| ctx.when(value, end).map(|when| when.short_time());
        return said(match (when("/start"), when("/end")) {
            (Some(from), Some(to)) => Some(t("from-to").with("from", from).with("to", to).to_string()),
            (Some(from), None) => Some(t("since").with("date", from).to_string()),
            (None, to) => to.map(|to| t("until").with("date", to).to_string()),
        });
    }
    Shape::Parts
}

fn is_period(value: &Value) -> bool {
    let only = |name: &String| matches!(name.as_str(), "start" | "end" | "extension" | "id");
    let is_some = text(value, "/start").or_else(|| text(value, "/end")).is_some();
    is_some && value.as_object().is_some_and(|members| members.keys().all(only)) && list(value, "coding").is_empty()
}

/// A date as FHIR writes it; a lone number of four digits may be anything.
fn is_date(value: &Value, ctx: &Ctx) -> bool {
    let is = |text: &str| text.len() > 4 && When::parse(text, &ctx.zone).is_some();
    value.as_str().is_some_and(is)
}

/// What an element is called in the reader's language; one that has no word here, an extension's say, by its name.
fn label_of(name: &str) -> String {
    let bare = bare(name);
    let known = t(&format!("label-{bare}"));
    if known.exists() { known.to_string() } else { spelled(bare) }
}

/// An element's name without the type of a choice: "occurrence" of `occurrenceDateTime`.
fn bare(name: &str) -> &str {
    const TYPES: [&str; 11] = [
        "CodeableConcept",
        "Reference",
        "Quantity",
        "DateTime",
        "String",
        "Boolean",
        "Integer",
        "Period",
        "Range",
        "Age",
        "Ratio",
    ];
    TYPES.iter().find_map(|kind| name.strip_suffix(kind)).filter(|bare| !bare.is_empty()).unwrap_or(name)
}

/// "contraindicated vaccine code" of `contraindicatedVaccineCode`: a name as words.
fn spelled(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::copied::copied;
    use super::*;
    use crate::fhir::ResourceType as R;
    use crate::fhir::definitions::{Definitions, NodeId, TypeKind};
    use crate::http::ui::Locale;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn what_a_rare_kind_says_is_said_with_what_it_is_called() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        for (kind, one, what, words) in [
            (
                R::AdverseEvent,
                json!({"actuality": "actual", "event": {"text": "anaphylaxis"}, "seriousness": {"text": "Serious"},
                    "date": "2026-03-03", "suspectEntity": [{"instance": {"display": "Penicillin"}}]}),
                "anaphylaxis",
                "actual or possible: actual · seriousness: Serious · suspect entity: Penicillin",
            ),
            (
                R::NutritionOrder,
                json!({"status": "active", "intent": "order", "excludeFoodModifier": [{"text": "peanut"}]}),
                "NutritionOrder",
                "active · exclude food modifier: peanut",
            ),
            (
                R::VisionPrescription,
                json!({"status": "active", "lensSpecification": [{"eye": "right", "sphere": -2.0}]}),
                "VisionPrescription",
                "active · (eye: right; sphere: -2.0)",
            ),
            (
                R::ImmunizationRecommendation,
                json!({"recommendation": [{"contraindicatedVaccineCode": [{"text": "MMR"}],
                    "dateCriterion": [{"value": "2026-05-01"}]}]}),
                "ImmunizationRecommendation",
                "(contraindicated vaccine code: MMR; date criterion: 1 May 2026)",
            ),
            (
                R::MedicationDispense,
                json!({"medicationCodeableConcept": {"text": "Lithium"}, "daysSupply": {"value": 30, "unit": "d"}}),
                "Lithium",
                "days supply: 30 days",
            ),
            (
                R::Goal,
                json!({"description": {"text": "Walk daily"}, "lifecycleStatus": "active"}),
                "Walk daily",
                "active",
            ),
            (
                R::Device,
                json!({"status": "active", "type": {"text": "Pacemaker"}, "manufacturer": "ACME",
                    "patient": {"reference": "Patient/p"}}),
                "Pacemaker",
                "active · manufacturer: ACME",
            ),
            (R::ClinicalImpression, json!({"summary": "malignant"}), "ClinicalImpression", "malignant"),
        ] {
            let mut one = one;
            one["resourceType"] = json!(kind.name());
            let line = copied(kind, &one, &ctx);
            assert_eq!((line.what.as_str(), line.detail.as_str()), (what, words));
        }
    }

    /// The labels that the parts of a node may have.
    fn labels(node: NodeId, name: &str, depth: usize, into: &mut BTreeSet<String>) {
        let r4 = Definitions::r4();
        for element in r4.elements_of(node) {
            if NOT_SAID.contains(&element.name) || PLAIN.contains(&element.name) {
                continue;
            }
            let types = r4.types_of(element);
            for kind in types {
                let own = match types.len() {
                    1 => element.name.to_owned(),
                    _ => format!("{}{}{}", element.name, kind.name[..1].to_uppercase(), &kind.name[1..]),
                };
                let own = if OF_PARENT.contains(&own.as_str()) { name.to_owned() } else { own };
                match kind.kind {
                    TypeKind::Object(_) if SAID_WHOLE.contains(&kind.name) => drop(into.insert(bare(&own).to_owned())),
                    TypeKind::Object(of) if depth > 0 => labels(of, &own, depth - 1, into),
                    TypeKind::Primitive(_) => drop(into.insert(bare(&own).to_owned())),
                    _ => {}
                }
            }
        }
    }

    const SAID_WHOLE: [&str; 13] = [
        "Age",
        "Attachment",
        "CodeableConcept",
        "Coding",
        "Count",
        "Distance",
        "Duration",
        "Money",
        "Period",
        "Quantity",
        "Range",
        "Ratio",
        "Reference",
    ];

    #[test]
    fn every_label_is_a_word_of_the_readers_language() {
        let mut all = BTreeSet::new();
        for kind in crate::http::fill::OTHERS {
            labels(Definitions::r4().resource(kind), "", 4, &mut all);
        }
        all.remove("");
        let lacks = |locale: Locale| -> Vec<String> {
            let lacks = |name: &&String| !locale.inside(|| t(&format!("label-{name}")).exists());
            all.iter().filter(lacks).cloned().collect()
        };
        assert!(all.len() > 100);
        assert_eq!((lacks(Locale::En), lacks(Locale::Es)), (vec![], vec![]));
        let taken = json!({"resourceType": "NutritionOrder", "excludeFoodModifier": [{"text": "peanut"}]});
        let said = |locale: Locale| locale.inside(|| said(&taken, &[], &Ctx::of(jiff::tz::TimeZone::UTC)).join(", "));
        assert_eq!(
            (said(Locale::En).as_str(), said(Locale::Es).as_str()),
            ("exclude food modifier: peanut", "alimentos excluidos: peanut")
        );
    }

    fn detail(kind: R, one: &Value) -> String {
        copied(kind, one, &Ctx::of(jiff::tz::TimeZone::UTC)).detail
    }

    #[test]
    fn each_thing_of_a_list_keeps_its_own_words_whatever_another_says() {
        let lens = json!({"status": "active", "lensSpecification": [
            {"eye": "right", "sphere": -2.0, "cylinder": -0.5}, {"eye": "left", "sphere": -2.0, "cylinder": -1.25}]});
        assert_eq!(
            detail(R::VisionPrescription, &lens),
            "active · (eye: right; sphere: -2.0; cylinder: -0.5) · (eye: left; sphere: -2.0; cylinder: -1.25)"
        );
        let due =
            |name: &str, status: &str| json!({"vaccineCode": [{"text": name}], "forecastStatus": {"text": status}});
        let vaccines =
            json!({"recommendation": [due("Influenza", "due"), due("Zoster", "contraindicated"), due("MMRv", "due")]});
        assert_eq!(
            detail(R::ImmunizationRecommendation, &vaccines),
            "(vaccine code: Influenza; forecast status: due) · (vaccine code: Zoster; forecast status: contraindicated) · \
             (vaccine code: MMRv; forecast status: due)"
        );
        let nutrient = |name: &str| json!({"modifier": {"text": name}, "amount": {"value": 2, "unit": "g"}});
        let diet = json!({"status": "active", "oralDiet": {"nutrient": [nutrient("sodium"), nutrient("potassium")]},
            "excludeFoodModifier": [{"text": "peanuts"}], "note": [{"text": "Patient likes peanuts"}]});
        assert_eq!(
            detail(R::NutritionOrder, &diet),
            "Patient likes peanuts · active · ((modifier: sodium; amount: 2 g); (modifier: potassium; amount: 2 g)) · \
             exclude food modifier: peanuts"
        );
        let of = |what: &str, age: i32, more: &str| json!({"code": {"text": what}, "onsetAge": {"value": age, "unit": "years"}, "note": [{"text": more}]});
        let family = json!({"relationship": {"text": "mother"}, "condition": [of("cancer", 62, "died of it"), of("diabetes", 32, "tablets")]});
        assert_eq!(
            detail(R::FamilyMemberHistory, &family),
            "(cancer; onset: 62 years; died of it) · (diabetes; onset: 32 years; tablets)"
        );
    }

    #[test]
    fn what_a_plan_says_is_not_to_be_done_or_was_called_off_says_so() {
        let step = json!({"detail": {"code": {"text": "MRI"}, "status": "cancelled", "statusReason": {"text": "pacemaker"},
            "doNotPerform": true, "description": "of the knee"}});
        let plan = json!({"status": "active", "intent": "plan", "title": "Knee", "activity": [step,
            {"detail": {"code": {"text": "Walking"}, "status": "in-progress", "doNotPerform": false}}]});
        assert_eq!(
            detail(R::CarePlan, &plan),
            "active · (Not to be done; MRI; cancelled; pacemaker; of the knee) · (Walking; in progress)"
        );
    }
}
