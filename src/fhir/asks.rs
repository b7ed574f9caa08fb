//! What a `MedicationRequest` asks for. Whoever reads one asks here first: what must not be given, and what is only thought of,
//! must never stand among what is taken.

use serde_json::Value;

/// Whether a request wants a medicine given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Asks {
    /// To give it: an order of any kind, or a request that does not say.
    Give,
    /// Not to give it (FHIR R4, MedicationRequest.doNotPerform, a modifier element).
    NotToGive,
    /// Nothing yet: a proposal, a plan or an option (FHIR R4 `medicationrequest-intent`).
    Perhaps,
}

impl Asks {
    pub fn of(request: &Value) -> Self {
        // Of what prohibits, whatever is not a plain no does.
        if request.get("doNotPerform").is_some_and(|not| *not != Value::Bool(false)) {
            return Self::NotToGive;
        }
        match request.get("intent").and_then(Value::as_str) {
            Some("proposal" | "plan" | "option") if !is_reported(request) => Self::Perhaps,
            _ => Self::Give,
        }
    }
}

/// Whether somebody said that it is taken, and nobody prescribed it: what a patient takes on their own is written down as a plan
/// of theirs (MedicationRequest.reported[x]; US Core has it so). An order that came by way of another is an order.
pub fn is_reported(request: &Value) -> bool {
    let is_said =
        request.get("reportedBoolean") == Some(&Value::Bool(true)) || request.get("reportedReference").is_some();
    let is_plan = |intent: &str| matches!(intent, "proposal" | "plan" | "option");
    is_said && request.get("intent").and_then(Value::as_str).is_none_or(is_plan)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_asks_to_give_not_to_give_or_nothing_yet() {
        let of = |not: Value, intent: &str| Asks::of(&json!({"doNotPerform": not, "intent": intent}));
        assert_eq!(of(json!(true), "order"), Asks::NotToGive);
        assert_eq!(of(json!(true), "proposal"), Asks::NotToGive);
        assert_eq!(of(json!("true"), "order"), Asks::NotToGive);
        for intent in ["order", "original-order", "reflex-order", "filler-order", "instance-order"] {
            assert_eq!(of(json!(false), intent), Asks::Give);
        }
        for intent in ["proposal", "plan", "option"] {
            assert_eq!(of(json!(false), intent), Asks::Perhaps);
        }
        assert_eq!(Asks::of(&json!({})), Asks::Give);
        assert_eq!(Asks::of(&json!({"intent": "plan", "reportedBoolean": true})), Asks::Give, "the patient takes it");
        assert_eq!(Asks::of(&json!({"intent": "plan", "reportedBoolean": false})), Asks::Perhaps);
        let by_way_of =
            |intent: &str| is_reported(&json!({"intent": intent, "reportedReference": {"display": "Hospital"}}));
        assert!(by_way_of("plan") && !by_way_of("order"), "another hospital's order is one");
    }
}
