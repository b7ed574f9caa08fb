//! Reading a FHIR request: its body, its conditions and its preferences.

use axum::http::{HeaderMap, header};
use serde_json::Value;

use super::super::respond::{Issue, Refusal, Refused};
use super::super::session::Visit;
use crate::base::FhirId;
use crate::fhir::bundle::own_references;
use crate::fhir::patch::{self, Patch};
use crate::fhir::search::Handling;
use crate::fhir::{Definitions, ResourceType, json};
use crate::record::Condition;

/// The body as one JSON resource; not yet checked against the definitions.
pub(super) fn resource(headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    must_be_json(headers)?;
    let value = parsed(body)?;
    if value.get("resourceType").and_then(Value::as_str).is_none() {
        let text = "The body is not a FHIR resource: it has no resourceType. Nothing was changed.";
        return Err(Refusal::saying(Refused::Malformed, text));
    }
    Ok(value)
}

/// The resource in the body, if there is a body.
pub(super) fn sent(headers: &HeaderMap, body: &[u8]) -> Result<Option<Value>, Refusal> {
    if body.is_empty() { Ok(None) } else { resource(headers, body).map(Some) }
}

/// [`resource`] to be stored: references to this box are made relative.
pub(super) fn to_store(visit: &Visit, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    let mut value = resource(headers, body)?;
    make_own(visit, &mut value, body);
    Ok(value)
}

/// Makes references that name this box by its address local ones; `text` is where they would stand.
pub(super) fn make_own(visit: &Visit, value: &mut Value, text: &[u8]) {
    // Hardly any client writes them, and a walk through every resource has its price.
    if may_hold_own(text) {
        own_references(value, &visit.house.about.own, Definitions::r4());
    }
}

/// Whether the address of a FHIR server may stand in the body: JSON may write its letters as escapes.
fn may_hold_own(body: &[u8]) -> bool {
    const PATH: &[u8] = b"/fhir/";
    let holds = |part: &[u8]| body.windows(part.len()).any(|window| window == part);
    holds(PATH) || holds(b"\\/") || holds(b"\\u")
}

/// How long a body may be was said at the gate, by its route.
fn parsed(body: &[u8]) -> Result<Value, Refusal> {
    let limits = json::Limits { bytes: usize::MAX, ..json::Limits::default() };
    json::parse(body, &limits).map_err(|error| {
        let issue = crate::fhir::Issue::from(error);
        Refusal::new(Refused::Malformed).with_issues(vec![issue_of(&issue)])
    })
}

/// The body of a PATCH (http.html#patch): a JSON Patch.
pub(super) fn patch(visit: &Visit, headers: &HeaderMap, body: &[u8]) -> Result<Patch, Refusal> {
    match media_type(headers)?.as_deref() {
        Some(patch::MEDIA_TYPE) => {}
        _ => {
            return Err(Refusal::saying(
                Refused::MediaType,
                "A patch is sent as JSON Patch (application/json-patch+json). Nothing was changed.",
            ));
        }
    }
    patch_text(visit, body)
}

pub(super) fn patch_text(visit: &Visit, text: &[u8]) -> Result<Patch, Refusal> {
    Patch::parse(&parsed(text)?)
        .map(|patch| patch.sent_to(visit.house.about.own.clone()))
        .map_err(|error| Refusal::new(Refused::Malformed).with_issues(vec![issue_of(&error.issue(""))]))
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
    match media_type(headers)? {
        Some(media) if !is_fhir_json(&media) => Err(Refusal::new(Refused::MediaType)),
        _ => Ok(()),
    }
}

/// Whether a media type is one under which resources are sent.
pub(super) fn is_fhir_json(media: &str) -> bool {
    matches!(media, "application/fhir+json" | "application/json" | "text/json" | "application/json+fhir")
}

pub(super) fn must_be_form(headers: &HeaderMap) -> Result<(), Refusal> {
    match media_type(headers)?.as_deref() {
        None | Some("application/x-www-form-urlencoded") => Ok(()),
        Some(_) => Err(Refusal::saying(
            Refused::MediaType,
            "A search by POST is sent as a form (application/x-www-form-urlencoded).",
        )),
    }
}

/// The media type of the body, whose parameters ask for nothing that the box does not speak: UTF-8 (http.html#mime-type) and
/// FHIR R4 (versioning.html#mt-version). A compressed body is refused, not unpacked: a small one can become very large.
pub(super) fn media_type(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    if encodings.into_iter().any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::saying(Refused::MediaType, "The box takes bodies as they are, not compressed."));
    }
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        let several = headers.contains_key(header::CONTENT_TYPE);
        return if several { Err(Refusal::new(Refused::MediaType)) } else { Ok(None) };
    };
    let text = value.to_str().map_err(|_| Refusal::new(Refused::MediaType))?.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_owned();
    let spoken = |part: &str| match part.split_once('=') {
        Some((name, value)) => match (name.trim(), value.trim().trim_matches('"')) {
            ("charset", charset) => matches!(charset, "utf-8" | "utf8" | "us-ascii"),
            ("fhirversion", version) => matches!(version, "4.0" | "4.0.1"),
            _ => true,
        },
        None => true,
    };
    if parts.all(spoken) {
        return Ok(Some(name));
    }
    Err(Refusal::saying(Refused::MediaType, "The box reads FHIR R4 (fhirVersion=4.0) in UTF-8. Nothing was changed."))
}

/// `If-Match: W/"3"`, or `*` for whichever version there is; `If-None-Match: *` for what must not be there yet.
pub(super) fn condition(headers: &HeaderMap) -> Result<Condition, Refusal> {
    condition_of(joined(headers, &header::IF_MATCH).as_deref(), joined(headers, &header::IF_NONE_MATCH).as_deref())
}

/// A header that may stand several times, as one list (RFC 9110 §5.2). What is no text reads as empty.
pub(super) fn joined(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

pub(super) fn condition_of(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Condition, Refusal> {
    if if_none_match.is_some_and(|tag| tag.trim() != "*") {
        return Err(Refusal::saying(
            Refused::Malformed,
            "If-None-Match of a change is * alone: store it if there is none. Nothing was changed.",
        ));
    }
    let expected = if_match.map(|tag| match tag.trim() {
        "*" => Ok(Condition::Present),
        tag => version_of(tag).map(Condition::Version).ok_or_else(|| {
            Refusal::saying(
                Refused::Malformed,
                "If-Match names one version, as the ETag does: W/\"3\". Nothing was changed.",
            )
        }),
    });
    match (expected.transpose()?, if_none_match) {
        (None, None) => Ok(Condition::None),
        (None, Some(_)) => Ok(Condition::Absent),
        (Some(expected), None) => Ok(expected),
        // Both are to hold (RFC 9110 §13.2.2), and whatever is stored, one of them does not.
        (Some(_), Some(_)) => Err(Refusal::saying(
            Refused::Precondition,
            "If-Match asks that there is one and If-None-Match that there is none: the two never hold together. Send one of \
             them. Nothing was changed.",
        )),
    }
}

/// The search of `If-None-Exist`.
pub(super) fn if_none_exist(headers: &HeaderMap, kind: ResourceType) -> Result<Option<&str>, Refusal> {
    let Some(value) = headers.get("if-none-exist") else { return Ok(None) };
    let text = value.to_str().map_err(|_| {
        Refusal::saying(
            Refused::Malformed,
            "If-None-Exist is a search, such as identifier=system|value, encoded as in an address.",
        )
    })?;
    search_of(text, kind).map(Some)
}

/// The search in a condition of a create, without the type that some clients put before it. Of another type it is none: what it
/// finds could not be what is to be created.
pub(super) fn search_of(text: &str, kind: ResourceType) -> Result<&str, Refusal> {
    match text.split_once('?') {
        None => Ok(text),
        Some((before, search))
            if before.rsplit('/').next().is_some_and(|name| name.is_empty() || name == kind.name()) =>
        {
            Ok(search)
        }
        Some(_) => Err(Refusal::saying(
            Refused::Malformed,
            format!("The search that decides whether to create this must be one of {kind}. Nothing was changed."),
        )),
    }
}

/// The version in a weak or strong entity tag.
pub(super) fn version_of(tag: &str) -> Option<u32> {
    let tag = tag.trim();
    version_number(tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?)
}

/// The number of a version, written as the box writes it: a tag is compared letter by letter (RFC 9110 §8.8.3.2).
pub(super) fn version_number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

/// The id in an address at which something is to be stored.
pub(super) fn id_to_store(text: &str) -> Result<FhirId, Refusal> {
    FhirId::parse(text).map_err(|_| {
        let text = "An id is 1 to 64 letters, digits, hyphens and dots. Nothing was changed.";
        Refusal::saying(Refused::Malformed, text)
    })
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

/// Whether a `Prefer` header names this, as in `return=minimal` (RFC 7240 §2): in quotes or not, with space around `=` or not.
/// Of a preference that is named twice the first counts.
pub(super) fn prefers(headers: &HeaderMap, what: &str) -> bool {
    let (name, wanted) = what.split_once('=').unwrap_or((what, ""));
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(preferences);
    preferences
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .is_some_and(|(_, value)| value.eq_ignore_ascii_case(wanted))
}

/// Name and value of each. Clients put semicolons between them, too.
fn preferences(header: &str) -> Vec<(String, String)> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut quoted, mut letters) = (false, header.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted = !quoted,
            '\\' if quoted => part.extend(letters.next()),
            ',' | ';' if !quoted => parts.push(std::mem::take(&mut part)),
            _ => part.push(letter),
        }
    }
    parts.push(part);
    let named = parts.iter().map(|part| part.split_once('=').unwrap_or((part, "")));
    named.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_tag_names_a_version() {
        assert_eq!(version_of("W/\"3\""), Some(3));
        assert_eq!(version_of(" \"12\" "), Some(12));
        for wrong in ["3", "W/3", "W/\"a\"", "*", "", "\"", "\"+3\"", "W/\"03\"", "\" 3\"", "\"4294967296\""] {
            assert_eq!(version_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_a_change_depends_on_is_both_of_its_conditions() {
        let of = |if_match, if_none_match| condition_of(if_match, if_none_match).map_err(|refusal| refusal.status());
        assert_eq!(of(None, None).unwrap(), Condition::None);
        assert_eq!(of(None, Some(" * ")).unwrap(), Condition::Absent);
        assert_eq!(of(Some("*"), None).unwrap(), Condition::Present);
        assert_eq!(of(Some("W/\"3\""), None).unwrap(), Condition::Version(3));
        for (one, other, status) in [
            (Some("W/\"3\""), Some("*"), 412),
            (Some("*"), Some("*"), 412),
            (Some("3"), Some("*"), 400),
            (Some("W/\"3\""), Some("W/\"3\""), 400),
            (None, Some("W/\"3\""), 400),
            (Some("W/\"+3\""), None, 400),
        ] {
            assert_eq!(of(one, other).unwrap_err(), status, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_preference_is_read_as_it_may_be_written() {
        let prefer = |values: &[&'static str], what| {
            let one = |value: &&'static str| {
                (header::HeaderName::from_static("prefer"), header::HeaderValue::from_static(value))
            };
            prefers(&values.iter().map(one).collect(), what)
        };
        for value in [
            "return=minimal",
            "return=\"minimal\"",
            "return = minimal",
            "Return =\t\"minimal\"; wait=10",
            "respond-async, return=minimal",
            "handling=lenient;return=minimal",
            "return=minimal, return=representation",
            "wait=\"a, \\\"b\", return=minimal",
        ] {
            assert!(prefer(&[value], "return=minimal"), "{value}");
        }
        for value in
            ["return=representation, return=minimal", "x=\"return=minimal\"", "minimal", "return", "returns=minimal"]
        {
            assert!(!prefer(&[value], "return=minimal"), "{value}");
        }
        assert!(
            prefer(&["wait=1", "respond-async"], "respond-async") && !prefer(&["respond-async=x"], "respond-async")
        );
    }
}
