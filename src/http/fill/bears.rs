//! What of a vaccination, a procedure, a visit or an order bears on care beside its name: each element with a word of its own, by
//! one table, so that a reaction, a complication or the side is on every page that names the thing.

use serde_json::Value;

use super::{Ctx, list, parts, text};
use crate::fhir::ResourceType as R;
use crate::http::ui::t;

/// An element, or the stem of one whose name ends in its type (`occurrence[x]`), and the message that says it.
type Said = (&'static str, &'static str);

/// Elements of R4 that the rows of these kinds do not say in a place of their own. What changes the meaning of the whole stands in
/// [`super::standing`].
const IMMUNIZATION: [Said; 8] = [
    ("reaction", "bears-reaction"),
    ("doseQuantity", "bears-dose"),
    ("route", "bears-route"),
    ("manufacturer", "bears-manufacturer"),
    ("expirationDate", "bears-expires"),
    ("reasonCode", "bears-reason"),
    ("reasonReference", "bears-reason"),
    ("programEligibility", "bears-eligibility"),
];
const PROCEDURE: [Said; 8] = [
    ("complication", "bears-complication"),
    ("complicationDetail", "bears-complication"),
    ("followUp", "bears-follow-up"),
    ("usedCode", "bears-used"),
    ("usedReference", "bears-used"),
    ("focalDevice", "bears-device"),
    ("reasonReference", "bears-reason"),
    ("location", "bears-place"),
];
const ENCOUNTER: [Said; 6] = [
    ("diagnosis", "bears-diagnosis"),
    ("hospitalization", "bears-stay"),
    ("priority", "bears-priority"),
    ("serviceType", "bears-service"),
    ("reasonReference", "bears-reason"),
    ("location", "bears-place"),
];
const ORDER: [Said; 14] = [
    ("priority", "bears-priority"),
    ("bodySite", "bears-site"),
    ("orderDetail", "bears-detail"),
    ("quantity", "bears-quantity"),
    ("occurrence", "bears-planned-for"),
    ("asNeeded", "bears-as-needed"),
    ("reasonCode", "bears-reason"),
    ("reasonReference", "bears-reason"),
    ("patientInstruction", "bears-instruction"),
    ("performer", "bears-performer"),
    ("performerType", "bears-performer"),
    ("locationCode", "bears-place"),
    ("locationReference", "bears-place"),
    ("specimen", "bears-specimen"),
];

/// The same as [`bears`] for a list of the clinic's own: without the place where that is the clinic itself.
pub(super) fn bears_elsewhere(kind: R, one: &Value, ctx: &Ctx) -> Vec<String> {
    let here = ctx.here.as_ref().map(|name| t("bears-place").with("what", name).to_string());
    bears(kind, one, ctx).into_iter().filter(|said| here.as_ref() != Some(said)).collect()
}

/// All of it, each in words: "Reaction: anaphylaxis".
pub(super) fn bears(kind: R, one: &Value, ctx: &Ctx) -> Vec<String> {
    let table: &[Said] = match kind {
        R::Immunization => &IMMUNIZATION,
        R::Procedure => &PROCEDURE,
        R::Encounter => &ENCOUNTER,
        R::ServiceRequest => &ORDER,
        _ => &[],
    };
    let members = || one.as_object().into_iter().flatten();
    let of = |(stem, message): &Said| {
        let found = members().filter(|(name, value)| is_of(name, stem) && !is_routine(stem, value));
        let found = found.filter_map(|(_, value)| said(stem, (one, value), message, ctx));
        found.collect::<Vec<_>>()
    };
    table.iter().flat_map(of).collect()
}

/// `occurrenceDateTime` is one of `occurrence[x]`; `complicationDetail` is an element of its own.
fn is_of(name: &str, stem: &str) -> bool {
    const CHOICES: [&str; 3] = ["quantity", "occurrence", "asNeeded"];
    let rest = name.strip_prefix(stem);
    rest.is_some_and(|rest| rest.is_empty() || (CHOICES.contains(&stem) && rest.starts_with(char::is_uppercase)))
}

/// What says no more than that nothing is special.
fn is_routine(stem: &str, value: &Value) -> bool {
    stem == "priority" && value.as_str() == Some("routine")
}

/// Of these it is said that there was something also where nothing names it: a reaction without a name is one all the same.
const NEVER_SILENT: [&str; 5] = ["reaction", "complication", "complicationDetail", "diagnosis", "focalDevice"];

fn said(stem: &str, (one, value): (&Value, &Value), message: &str, ctx: &Ctx) -> Option<String> {
    let mut words = match stem {
        "location" => places(value, ctx),
        _ => parts::of_element(value, ctx),
    };
    words.extend(inside(one, value));
    let what = match words.is_empty() {
        true if NEVER_SILENT.contains(&stem) => t("not-named").to_string(),
        true => return None,
        false => words.join(", "),
    };
    Some(t(message).with("what", what).to_string())
}

/// Places by their names alone: that each is a location the line says already. One with more to say is said whole.
fn places(value: &Value, ctx: &Ctx) -> Vec<String> {
    let all = match value {
        Value::Array(all) => all.as_slice(),
        value => std::slice::from_ref(value),
    };
    let bare = |one: &Value| {
        let only = one.as_object().is_some_and(|members| members.keys().all(|name| name == "location" || name == "id"));
        super::called(one.get("location")).filter(|_| only)
    };
    all.iter().flat_map(|one| bare(one).map_or_else(|| parts::of_element(one, ctx), |name| vec![name])).collect()
}

/// What a reference without a name says by what lies in the resource itself.
fn inside(one: &Value, value: &Value) -> Vec<String> {
    let all = match value {
        Value::Array(all) => all.as_slice(),
        value => std::slice::from_ref(value),
    };
    let found = |value: &Value| {
        let refers = ["/reference", "/detail/reference", "/condition/reference"];
        let id = refers.iter().find_map(|at| text(value, at))?.strip_prefix('#')?;
        let held = list(one, "contained").iter().find(|held| text(held, "/id") == Some(id))?;
        super::concept(held.get("code"))
    };
    all.iter().filter_map(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(kind: R, one: Value) -> String {
        bears(kind, &one, &Ctx::of(jiff::tz::TimeZone::UTC)).join(" · ")
    }

    #[test]
    fn what_bears_on_care_is_said_with_what_it_is() {
        let shot = json!({"reaction": [{"date": "2026-03-03", "detail": {"display": "anaphylaxis"}, "reported": true}],
            "expirationDate": "2025-01-01"});
        assert_eq!(
            of(R::Immunization, shot),
            "Reaction: (date: 3 Mar 2026; anaphylaxis; reported: Yes) · Expired or expires: 1 Jan 2025"
        );
        let unnamed = json!({"reaction": [{"detail": {"reference": "Observation/x"}}]});
        assert_eq!(of(R::Immunization, unnamed), "Reaction: Not named");
        let held = json!({"contained": [{"resourceType": "Observation", "id": "o", "code": {"text": "rash"}}],
            "reaction": [{"detail": {"reference": "#o"}}]});
        assert_eq!(of(R::Immunization, held), "Reaction: rash");
        let procedure = json!({"complication": [{"text": "bleed"}], "followUp": [{"text": "remove stitches"}],
            "usedCode": [{"text": "mesh"}], "location": {"display": "Theatre 2"}});
        assert_eq!(
            of(R::Procedure, procedure),
            "Complication: bleed · Follow-up: remove stitches · Used: mesh · Place: Theatre 2"
        );
        let visit = json!({"diagnosis": [{"condition": {"display": "Pneumonia"}, "use": {"text": "discharge"}}],
            "hospitalization": {"dischargeDisposition": {"text": "home"}}});
        assert_eq!(
            of(R::Encounter, visit),
            "Diagnosis: (condition: Pneumonia; use: discharge) · Stay: discharge disposition: home"
        );
        let order = json!({"priority": "stat", "bodySite": [{"text": "left knee"}], "orderDetail": [{"text": "contrast"}],
            "reasonCode": [{"text": "fall"}], "patientInstruction": "eat nothing", "quantityQuantity": {"value": 2, "unit": "views"}});
        assert_eq!(
            of(R::ServiceRequest, order),
            "Priority: stat · Where in the body: left knee · Details: contrast · How much: 2 views · Reason: fall · \
             For the patient: eat nothing"
        );
        assert_eq!(of(R::ServiceRequest, json!({"priority": "routine"})), "");
        let place = json!({"reference": "Location/1", "display": "Alder Street Clinic"});
        let visit = json!({"reasonReference": [{"reference": "Condition/1"}], "location": [{"location": place}],
            "diagnosis": [{"condition": {"reference": "Condition/1"}}]});
        assert_eq!(of(R::Encounter, visit.clone()), "Diagnosis: Not named · Place: Alder Street Clinic");
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let listed = |clinic: &str| bears_elsewhere(R::Encounter, &visit, &ctx.clone().here(clinic)).join(" · ");
        assert_eq!(listed("Alder Street Clinic"), "Diagnosis: Not named");
        assert_eq!(listed("Hill Street"), "Diagnosis: Not named · Place: Alder Street Clinic");
        let moved = json!({"location": [{"location": place, "status": "completed"}, {"location": {"reference": "Location/2"}}]});
        assert_eq!(of(R::Encounter, moved), "Place: (location: Alder Street Clinic; completed)");
    }
}
