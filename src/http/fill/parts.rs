//! What the parts of a resource say that no page has a shape for: each with what FHIR calls it, so that nothing of a kind that is
//! rare here is a name alone. What is excluded must never read like what is asked for: no word stands without its label.

use serde_json::Value;

use super::amounts::{quantity, span};
use super::{Ctx, called, concept, list, owned, text};
use crate::http::ui::{When, t};

/// How many parts a line says; that there are more is said.
const MOST: usize = 40;

/// Elements that say nothing of it to whoever reads, or that every line says in its own place.
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

/// Those that are no label to their own words.
const PLAIN: [&str; 8] = ["code", "description", "detail", "event", "name", "summary", "title", "type"];

/// Those whose parent's name says what they are.
const OF_PARENT: [&str; 5] = ["actor", "instance", "item", "member", "value"];

/// What a resource says in its parts, without what is said already.
pub(super) fn said(resource: &Value, known: &[String], ctx: &Ctx) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in resource.as_object().into_iter().flatten() {
        // The line has its date already.
        if !(is_date(value, ctx) || is_period(value) && name == "period") {
            collect(name, value, ctx, &mut found);
        }
    }
    let mut all: Vec<String> = Vec::new();
    for (label, words) in found {
        // A short word stands in many others.
        let is_within = |known: &String| *known == words || (words.chars().count() > 4 && known.contains(&words));
        if known.iter().any(is_within) {
            continue;
        }
        let one = match PLAIN.contains(&label) {
            true => words,
            false => format!("{}: {words}", label_of(label)),
        };
        if !all.contains(&one) {
            all.push(one);
        }
    }
    if all.len() > MOST {
        all.truncate(MOST);
        all.push(t("result-not-shown").to_string());
    }
    all
}

fn collect<'a>(name: &'a str, value: &'a Value, ctx: &Ctx, into: &mut Vec<(&'a str, String)>) {
    if NOT_SAID.contains(&name) || name.starts_with('_') {
        return;
    }
    match value {
        Value::Array(all) => all.iter().for_each(|one| collect(name, one, ctx, into)),
        Value::Object(members) => match of_shape(value, ctx) {
            Shape::Says(words) => into.push((name, words)),
            Shape::Silent => {}
            Shape::Parts => members.iter().for_each(|(part, value)| {
                collect(if OF_PARENT.contains(&part.as_str()) { name } else { part }, value, ctx, into);
            }),
        },
        Value::String(text) if text.trim().is_empty() => {}
        Value::String(text) => {
            let when = When::parse(text, &ctx.zone).filter(|_| is_date(value, ctx));
            into.push((name, when.map_or_else(|| text.trim().to_owned(), |when| when.short_time())));
        }
        Value::Bool(yes) => into.push((name, t(if *yes { "yes" } else { "no" }).to_string())),
        Value::Number(number) => into.push((name, number.to_string())),
        Value::Null => {}
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
                "actuality: actual · seriousness: Serious · suspect entity: Penicillin",
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
                "active · eye: right · sphere: -2.0",
            ),
            (
                R::ImmunizationRecommendation,
                json!({"recommendation": [{"contraindicatedVaccineCode": [{"text": "MMR"}],
                    "dateCriterion": [{"value": "2026-05-01"}]}]}),
                "ImmunizationRecommendation",
                "contraindicated vaccine code: MMR · date criterion: 1 May 2026",
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
}
