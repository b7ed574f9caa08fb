//! How a resource stands: what makes it another fact than its name says, and its status. Lists, rows and lines of the chart, of
//! the patient's pages, of a search, a summary and a copy ask here, so that what was ruled out, not done or not to be done is
//! nowhere said like the rest.

use serde_json::Value;

use super::beside::modified;
use super::{concept, has_code, list, text};
use crate::care::medicine::Asks;
use crate::fhir::ResourceType as R;
use crate::http::ui::t;

/// All that is said of how it stands, what changes its meaning first.
pub(super) fn standing(kind: R, one: &Value) -> Vec<String> {
    let mut all = caveats(kind, one);
    all.extend(state(one).filter(|state| !all.contains(state)));
    all.extend(reasons(one));
    all
}

/// What makes it another fact than its name says: not to be done, only proposed, in doubt, of no full strength, or changed in a
/// way that nothing here knows.
pub(super) fn caveats(kind: R, one: &Value) -> Vec<String> {
    let is_medicine = kind == R::MedicationRequest;
    let mut all: Vec<String> = Vec::new();
    let asks = match Asks::of(one) {
        Asks::NotToGive => Some(if is_medicine { "medicine-not-to-give" } else { "not-to-be-done" }),
        // A plan is what a care plan is for, and a request to the clinic is none of care.
        Asks::Perhaps if kind == R::Task || (kind == R::CarePlan && text(one, "/intent") == Some("plan")) => None,
        Asks::Perhaps => Some(if is_medicine { "medicine-planned" } else { "only-proposed" }),
        _ => None,
    };
    all.extend(asks.map(|message| t(message).to_string()));
    let verified = one.get("verificationStatus");
    let doubt = DOUBTS.iter().find(|(code, _)| has_code(verified, code));
    all.extend(doubt.map(|(_, message)| t(message).to_string()));
    // FHIR R4, Immunization.isSubpotent: it may not count as a dose. Of a modifier, whatever is not a plain no does.
    if one.get("isSubpotent").is_some_and(|is| *is != Value::Bool(false)) {
        let why =
            list(one, "subpotentReason").iter().filter_map(|why| concept(Some(why))).collect::<Vec<_>>().join(", ");
        all.push(match why.as_str() {
            "" => t("vaccine-subpotent").to_string(),
            _ => t("vaccine-subpotent-why").with("why", why).to_string(),
        });
    }
    // A result says it at each of its parts.
    all.extend(modified_within(one).filter(|_| kind != R::Observation));
    all
}

const DOUBTS: [(&str, &str); 4] = [
    ("unconfirmed", "doubt-unconfirmed"),
    ("provisional", "doubt-provisional"),
    ("differential", "doubt-differential"),
    ("refuted", "doubt-refuted"),
];

/// That something changes what it or a part of it means.
pub(super) fn modified_within(of: &Value) -> Option<String> {
    match of {
        Value::Object(members) => modified(of).or_else(|| {
            let inside = members.iter().filter(|(name, _)| *name != "contained").map(|(_, value)| value);
            inside.into_iter().find_map(modified_within)
        }),
        Value::Array(all) => all.iter().find_map(modified_within),
        _ => None,
    }
}

/// Its status in a word.
fn state(one: &Value) -> Option<String> {
    if has_code(one.get("verificationStatus"), "entered-in-error") {
        return Some(status_word("entered-in-error"));
    }
    let code = ["/status", "/lifecycleStatus", "/clinicalStatus/coding/0/code"].iter().find_map(|at| text(one, at));
    code.map(status_word).or_else(|| concept(one.get("clinicalStatus")))
}

/// Why it stands so, as it says.
fn reasons(one: &Value) -> Vec<String> {
    match one.get("statusReason") {
        Some(Value::Array(all)) => all.iter().filter_map(|why| concept(Some(why))).collect(),
        why => concept(why).into_iter().collect(),
    }
}

pub(in crate::http) fn status_word(code: &str) -> String {
    let message = match code {
        "active" | "recurrence" | "relapse" => "state-active",
        "amended" | "corrected" | "appended" => "state-amended",
        "arrived" => "state-arrived",
        "booked" => "state-booked",
        "cancelled" => "state-cancelled",
        "checked-in" => "state-checked-in",
        "completed" => "state-completed",
        "current" => "state-current",
        "draft" => "state-draft",
        "entered-in-error" => "state-entered-in-error",
        "final" => "state-final",
        "finished" => "state-finished",
        "fulfilled" => "state-fulfilled",
        "in-progress" => "state-in-progress",
        "inactive" => "state-inactive",
        "intended" => "state-intended",
        "noshow" => "state-noshow",
        "not-done" => "state-not-done",
        "not-taken" => "state-not-taken",
        "on-hold" => "state-on-hold",
        "partial" => "state-partial",
        "registered" => "state-registered",
        "pending" => "state-pending",
        "preliminary" => "state-preliminary",
        "proposed" => "state-proposed",
        "rejected" => "state-rejected",
        "remission" => "state-remission",
        "requested" | "received" => "state-requested",
        "resolved" => "state-resolved",
        "revoked" => "state-revoked",
        "stopped" => "state-stopped",
        "superseded" => "state-superseded",
        "unknown" => "state-unknown",
        "waitlist" => "state-waitlist",
        other => return other.to_owned(),
    };
    t(message).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn how_a_report_stands_is_said_in_the_readers_language() {
        use crate::http::ui::Locale;
        let spanish = |code: &str| Locale::Es.inside(|| status_word(code));
        assert_eq!((spanish("partial"), spanish("registered")), ("parcial".into(), "registrado, aún sin valor".into()));
    }

    #[test]
    fn what_makes_it_another_fact_is_said_first() {
        let coded = |code: &str| json!({"coding": [{"code": code}]});
        for (kind, one, said) in [
            (
                R::Condition,
                json!({"verificationStatus": coded("refuted"), "clinicalStatus": coded("active")}),
                "Ruled out|active",
            ),
            (R::Condition, json!({"verificationStatus": coded("differential")}), "One of several that it could be"),
            (R::AllergyIntolerance, json!({"verificationStatus": coded("entered-in-error")}), "entered by mistake"),
            (R::ServiceRequest, json!({"doNotPerform": true, "status": "active"}), "Not to be done|active"),
            (R::ServiceRequest, json!({"intent": "proposal", "status": "active"}), "Proposed, not ordered|active"),
            (R::MedicationRequest, json!({"doNotPerform": true, "status": "active"}), "Not to be given|active"),
            (R::CarePlan, json!({"intent": "plan", "status": "active"}), "active"),
            (R::CarePlan, json!({"intent": "proposal", "status": "active"}), "Proposed, not ordered|active"),
            (R::Task, json!({"intent": "proposal", "status": "requested"}), "asked for"),
            (R::Procedure, json!({"status": "not-done", "statusReason": {"text": "refused"}}), "not done|refused"),
            (
                R::Immunization,
                json!({"status": "completed", "isSubpotent": true, "subpotentReason": [{"text": "cold chain"}]}),
                "Not at full strength: cold chain|completed",
            ),
            (
                R::FamilyMemberHistory,
                json!({"status": "completed", "condition": [{"modifierExtension": [{"url": "urn:x"}]}]}),
                "Something here changes what this means, and this page cannot show it|completed",
            ),
        ] {
            assert_eq!(standing(kind, &one).join("|"), said);
        }
    }
}
