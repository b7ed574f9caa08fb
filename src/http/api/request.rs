//! Reading a FHIR request: its body, its conditions and its preferences.

use axum::http::{HeaderMap, header};
use serde_json::Value;

use super::super::respond::{Issue, Refusal, Refused};
use crate::base::FhirId;
use crate::fhir::json;
use crate::fhir::search::Handling;
use crate::record::Condition;

/// The body as one JSON resource; not yet checked against the definitions.
pub(super) fn resource(headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    must_be_json(headers)?;
    let value = json::parse(body, &json::Limits::default()).map_err(|error| {
        let issue = crate::fhir::Issue::from(error);
        Refusal::new(Refused::Malformed).with_issues(vec![issue_of(&issue)])
    })?;
    if value.get("resourceType").and_then(Value::as_str).is_none() {
        let text = "The body is not a FHIR resource: it has no resourceType. Nothing was changed.";
        return Err(Refusal::saying(Refused::Malformed, text));
    }
    Ok(value)
}

/// One of our issues in the form that a refusal carries.
pub(super) fn issue_of(issue: &crate::fhir::Issue) -> Issue {
    Issue {
        severity: issue.severity.code(),
        code: issue.code.code().into(),
        expression: (!issue.expression.is_empty()).then(|| issue.expression.clone()),
        text: issue.text.clone(),
    }
}

fn must_be_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let media = media_type(headers);
    match media.as_deref() {
        None | Some("application/fhir+json" | "application/json" | "text/json" | "application/json+fhir") => Ok(()),
        Some(_) => Err(Refusal::new(Refused::MediaType)),
    }
}

pub(super) fn must_be_form(headers: &HeaderMap) -> Result<(), Refusal> {
    match media_type(headers).as_deref() {
        None | Some("application/x-www-form-urlencoded") => Ok(()),
        Some(_) => Err(Refusal::saying(
            Refused::MediaType,
            "A search by POST is sent as a form (application/x-www-form-urlencoded).",
        )),
    }
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// `If-Match: W/"3"`.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Condition, Refusal> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(Condition::None) };
    let version = value.to_str().ok().and_then(version_of);
    version.map(Condition::Version).ok_or_else(|| {
        Refusal::saying(
            Refused::Malformed,
            "If-Match names one version, as the ETag does: W/\"3\". Nothing was changed.",
        )
    })
}

/// The version in a weak or strong entity tag.
pub(super) fn version_of(tag: &str) -> Option<u32> {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

/// The id in the body must be that of the address (http.html#update).
pub(super) fn must_have_id(value: &Value, id: &FhirId) -> Result<(), Refusal> {
    if value.get("id").and_then(Value::as_str) == Some(id.as_str()) {
        return Ok(());
    }
    Err(Refusal::saying(Refused::Malformed, "The resource's id must be the one in the address. Nothing was changed."))
}

/// `Prefer: handling=strict|lenient`. Without it a search is strict: nothing asked is left out unseen.
pub(super) fn handling(headers: &HeaderMap) -> Handling {
    if prefers(headers, "handling=lenient") { Handling::Lenient } else { Handling::Strict }
}

/// Whether a `Prefer` header names this.
pub(super) fn prefers(headers: &HeaderMap, what: &str) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split([',', ';'])).any(|part| part.trim().eq_ignore_ascii_case(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_tag_names_a_version() {
        assert_eq!(version_of("W/\"3\""), Some(3));
        assert_eq!(version_of(" \"12\" "), Some(12));
        for wrong in ["3", "W/3", "W/\"a\"", "*", "", "\""] {
            assert_eq!(version_of(wrong), None, "{wrong}");
        }
    }
}
