//! What is signed, and what it takes to make it so: a note that a doctor signed stands as it was signed, on every way in.
//!
//! | type | signed when |
//! |---|---|
//! | `Composition` | `status` is `final` or `amended` |
//! | `DiagnosticReport` | `status` is `final`, `amended`, `corrected` or `appended` |
//!
//! To bring one of these into such a state is [`super::Action::Sign`]. A signed Composition is not changed any more: what is
//! to be added is a Composition of its own that `appends` to it. Laboratories correct their reports, so these are not locked.

use serde_json::Value;

use crate::fhir::ResourceType as T;

/// Whether somebody has put their name under it.
pub fn is_signed(kind: T, resource: &Value) -> bool {
    let status = resource.get("status").and_then(Value::as_str).unwrap_or_default();
    match kind {
        T::Composition => matches!(status, "final" | "amended"),
        T::DiagnosticReport => matches!(status, "final" | "amended" | "corrected" | "appended"),
        _ => false,
    }
}

/// Whether nobody changes it any more once it is signed.
pub const fn stands_signed(kind: T) -> bool {
    matches!(kind, T::Composition)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_signed_is_told_by_its_status_and_by_its_type() {
        let of = |kind, status: &str| is_signed(kind, &json!({ "status": status }));
        assert!(of(T::Composition, "final") && of(T::Composition, "amended") && of(T::DiagnosticReport, "corrected"));
        assert!(!of(T::Composition, "preliminary") && !of(T::Composition, "entered-in-error"));
        assert!(!of(T::Observation, "final") && !is_signed(T::Composition, &json!({})));
        assert!(stands_signed(T::Composition) && !stands_signed(T::DiagnosticReport));
    }
}
