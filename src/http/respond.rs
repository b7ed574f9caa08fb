//! The one place where an outcome becomes an HTTP answer: refusals, their status, and how each format
//! says them. What the outside is told never holds a path, a version, or a hint that something exists.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;

use crate::access::{Denied, ProxyExtent};
use crate::audit::AuditError;
use crate::identity::IdentityError;
use crate::store::StoreError;

/// In which form a route speaks, errors included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A page for people.
    Page,
    /// FHIR JSON; every error is an `OperationOutcome`.
    Fhir,
    /// Small JSON for the pages' own scripts: `{"message": …}`.
    Json,
    /// Plain text.
    Plain,
}

/// What kind of refusal it is. Decides the status and FHIR's issue code (`http://hl7.org/fhir/issue-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// No valid session or token.
    NotSignedIn,
    /// The role may never do this, whatever the target.
    Never,
    /// More proof is needed than this session has given.
    ProofNeeded,
    /// The request did not come from one of our own pages, or from one of an older session.
    NotOurForm,
    /// The form is of a page that was made for another record than the one that is looked at now.
    OtherRecord,
    /// Absent, or not to be seen: the two are one.
    NotFound,
    /// A patient or proxy for whom no record is there: nobody gave one, or the permission ended.
    NoRecord,
    /// Whom they act for lets them do less than this.
    NotGranted(ProxyExtent),
    /// It was here and is deleted, and may be known to have been.
    Gone,
    Method,
    /// A new resource under an id that the sender chose, where the server gives them.
    OwnId,
    /// The request is not what it should be.
    Malformed,
    /// Well-formed, but it breaks a rule.
    Unprocessable,
    /// It asks for more than is opened at once.
    TooCostly,
    /// Somebody else changed it, or it exists already.
    Conflict,
    /// `If-Match` or `If-None-Exist` does not hold.
    Precondition,
    /// More bytes than this.
    TooLarge {
        most: u64,
    },
    /// The text of a form is more than the box takes.
    LongText,
    /// The address is longer than the box reads.
    LongAddress,
    /// The headers are more, or longer, than the box reads.
    LongHead,
    MediaType,
    /// No form of the answer that the client takes.
    NotAcceptable,
    /// Too many tries. Seconds until the next one.
    Throttled {
        seconds: u32,
    },
    /// The address in `Host` is not one of this box.
    WrongHost,
    /// It took too long and was given up.
    Timeout,
    /// The box has no key yet.
    Locked,
    /// The disk is almost full: writes are refused, reading goes on.
    Low,
    /// The disk is full: nothing can be written down any more, so nothing can be read either.
    Full,
    /// The access log could not be written, so nothing was opened.
    Unrecorded,
    /// Our fault. The log has the cause.
    Internal,
}

impl Refused {
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::Never | Self::ProofNeeded | Self::NotOurForm | Self::OtherRecord | Self::NotGranted(_) => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound | Self::NoRecord => StatusCode::NOT_FOUND,
            Self::Gone => StatusCode::GONE,
            Self::Method | Self::OwnId => StatusCode::METHOD_NOT_ALLOWED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unprocessable | Self::TooCostly => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Precondition => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge { .. } | Self::LongText => StatusCode::PAYLOAD_TOO_LARGE,
            Self::LongAddress => StatusCode::URI_TOO_LONG,
            Self::LongHead => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Timeout | Self::Locked | Self::Unrecorded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Low | Self::Full => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// FHIR's issue code.
    pub const fn issue_code(self) -> &'static str {
        match self {
            Self::NotSignedIn => "login",
            Self::Never | Self::NotOurForm | Self::OtherRecord | Self::NotGranted(_) | Self::WrongHost => "forbidden",
            Self::ProofNeeded => "suppressed",
            Self::NotFound | Self::NoRecord => "not-found",
            Self::Gone => "deleted",
            Self::Method | Self::OwnId | Self::MediaType | Self::NotAcceptable => "not-supported",
            Self::Malformed => "structure",
            Self::Unprocessable => "processing",
            Self::TooCostly => "too-costly",
            Self::Conflict | Self::Precondition => "conflict",
            Self::TooLarge { .. } | Self::LongText | Self::LongAddress | Self::LongHead => "too-long",
            Self::Throttled { .. } => "throttled",
            Self::Timeout => "timeout",
            Self::Locked | Self::Unrecorded => "transient",
            Self::Low | Self::Full => "no-store",
            Self::Internal => "exception",
        }
    }

    /// What it says when nothing more exact is known.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotSignedIn => "You are not signed in. Sign in, or send a bearer token, and try again.",
            Self::Never => "Your role does not include this.",
            Self::ProofNeeded => "This needs one more proof that it is you. Confirm it, then try again.",
            Self::NotOurForm => {
                "This form is from an older sign-in. Nothing was changed. Load the page again, then send it once more."
            }
            Self::OtherRecord => {
                "This form was made for another record. Nothing was changed. Choose that record again first."
            }
            Self::NotFound => "There is nothing here, or nothing that you may see.",
            Self::NoRecord => "No record is open to this account yet.",
            Self::NotGranted(_) => "Whoever you act for lets you do less than this. Nothing was changed.",
            Self::Gone => "This was deleted. Its history is kept.",
            Self::Method => "This address does not take this method.",
            Self::OwnId => {
                "What is new gets its id from the server. Create it by POST to its type. Nothing was changed."
            }
            Self::Malformed => "The request could not be read. Nothing was changed.",
            Self::Unprocessable => "The request breaks a rule. Nothing was changed.",
            Self::TooCostly => "This is more than is opened at once. Nothing was changed. Ask for less of it.",
            Self::Conflict => "Somebody changed this meanwhile. Nothing was overwritten. Load it again and compare.",
            Self::Precondition => {
                "This is not the version you named. Nothing was overwritten. Load it again and compare."
            }
            Self::LongText => {
                "This is more text than the box takes. Nothing was kept. Make it shorter, or send it in several parts."
            }
            Self::TooLarge { .. } => "This is larger than the box takes. Nothing was kept. Send it in smaller parts.",
            Self::LongAddress => {
                "This address is longer than the box reads. Send a long search as a form, by POST to an address that ends with \
                 _search."
            }
            Self::LongHead => "These are more or longer headers than the box reads. Nothing was changed.",
            Self::MediaType => "The box does not read this type of content. Send JSON (application/fhir+json).",
            Self::NotAcceptable => "The box has no answer in the form that was asked for.",
            Self::Throttled { .. } => "Too many tries. Wait a little, then try again.",
            Self::WrongHost => {
                "This box does not answer under this name. Open it under the name that its welcome page shows."
            }
            Self::Timeout => {
                "This took too long and was waited for no longer. If it was to change something, that may be done all the same: look before \
                 you send it again."
            }
            Self::Locked => "The box is locked: it was started without its key. The operator has to unlock it.",
            Self::Low => {
                "The disk is almost full, so nothing was written and nothing was lost. Charts can still be read. The \
                 operator has to free some space."
            }
            Self::Full => {
                "The disk is full, so nothing was written and nothing was opened. Nothing was lost. The operator has to \
                 free some space."
            }
            Self::Unrecorded => {
                "We could not write the access log, so nothing was opened. The operator has to look at the box."
            }
            Self::Internal => {
                "Something went wrong in the box. Nothing was changed. The operator finds the cause in its log."
            }
        }
    }
}

/// One thing that is wrong, as `OperationOutcome.issue` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// `error`, `warning` or `information`.
    pub severity: &'static str,
    /// FHIR's issue code.
    pub code: Cow<'static, str>,
    /// FHIRPath of the element.
    pub expression: Option<String>,
    pub text: String,
}

/// One more than a validation names, which counts the rest itself.
const MOST_ISSUES: usize = 101;

/// A refusal: its kind, a more exact sentence where there is one, and the single issues.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub kind: Refused,
    said: Option<Cow<'static, str>>,
    issues: Vec<Issue>,
}

impl Refusal {
    pub const fn new(kind: Refused) -> Self {
        Self { kind, said: None, issues: Vec::new() }
    }

    pub const fn not_found() -> Self {
        Self::new(Refused::NotFound)
    }

    pub const fn method_not_allowed() -> Self {
        Self::new(Refused::Method)
    }

    /// Our own fault: `cause` goes to the log, never outside.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(target: "http", %cause, "a request could not be answered");
        Self::new(Refused::Internal)
    }

    /// With a sentence of its own: plain words, nothing that hints at what one may not see.
    pub fn saying(kind: Refused, text: impl Into<Cow<'static, str>>) -> Self {
        Self { said: Some(text.into()), ..Self::new(kind) }
    }

    /// The single issues, as many as somebody can read: what was sent decides how many there are.
    pub fn with_issues(mut self, mut issues: Vec<Issue>) -> Self {
        let left_out = issues.len().saturating_sub(MOST_ISSUES);
        if left_out > 0 {
            issues.truncate(MOST_ISSUES);
            let text = format!("{left_out} more things are wrong; correct these first.");
            issues.push(Issue { severity: "error", code: "incomplete".into(), expression: None, text });
        }
        self.issues = issues;
        self
    }

    /// About this element, as FHIRPath has it, unless its issues say more exactly.
    #[must_use]
    pub fn at(mut self, expression: &str) -> Self {
        if self.issues.is_empty() {
            self.issues.push(self.own_issue());
        }
        for issue in self.issues.iter_mut().filter(|issue| issue.expression.is_none()) {
            issue.expression = Some(expression.to_owned());
        }
        self
    }

    /// With the expressions of its issues, which begin at a resource, read from where that stands.
    #[must_use]
    pub fn under(mut self, place: &str) -> Self {
        for issue in &mut self.issues {
            let inner = issue.expression.as_deref().and_then(|whole| whole.split_once('.')).map(|(_, rest)| rest);
            issue.expression = Some(inner.map_or_else(|| place.to_owned(), |rest| format!("{place}.{rest}")));
        }
        if self.issues.is_empty() { self.at(place) } else { self }
    }

    fn own_issue(&self) -> Issue {
        Issue {
            severity: "error",
            code: self.kind.issue_code().into(),
            expression: None,
            text: self.sentence().to_owned(),
        }
    }

    pub const fn status(&self) -> StatusCode {
        self.kind.status()
    }

    pub fn sentence(&self) -> &str {
        self.said.as_deref().unwrap_or(self.kind.sentence())
    }

    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// The `OperationOutcome` that says it.
    pub fn operation_outcome(&self) -> serde_json::Value {
        let own = self.own_issue();
        let all = if self.issues.is_empty() { std::slice::from_ref(&own) } else { &self.issues };
        let issues: Vec<_> = all
            .iter()
            .map(|issue| {
                let mut value = json!({
                    "severity": issue.severity,
                    "code": issue.code,
                    "details": { "text": issue.text },
                    "diagnostics": issue.text,
                });
                if let (Some(expression), Some(map)) = (&issue.expression, value.as_object_mut()) {
                    map.insert("expression".into(), json!([expression]));
                }
                value
            })
            .collect();
        json!({ "resourceType": "OperationOutcome", "issue": issues })
    }

    /// The finished answer in `format`, except for pages, which [`dress`] gets from the templates.
    fn body(&self, format: Format) -> (&'static str, String) {
        match format {
            Format::Fhir => ("application/fhir+json; charset=utf-8", self.operation_outcome().to_string()),
            Format::Json => ("application/json", json!({ "message": self.sentence() }).to_string()),
            Format::Page | Format::Plain => ("text/plain; charset=utf-8", format!("{}\n", self.sentence())),
        }
    }
}

impl IntoResponse for Refusal {
    /// An empty answer that carries the refusal: [`dress`] fills it in the form that the route speaks.
    fn into_response(self) -> axum::response::Response {
        let mut response = self.status().into_response();
        if let Refused::Throttled { seconds } = self.kind {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == Refused::OwnId {
            // What the address takes where there is something (RFC 9110 §15.5.6): of what is there it says nothing.
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, PATCH, DELETE"));
        }
        if self.kind == Refused::NotSignedIn {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"chartbox\""));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Low => Self::new(Refused::Low),
            StoreError::Full => Self::new(Refused::Full),
            other => Self::internal(other),
        }
    }
}

impl From<AuditError> for Refusal {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Store(error @ (StoreError::Low | StoreError::Full)) => error.into(),
            other => {
                tracing::error!(target: "http", error = %other, "the access log could not be written or read");
                Self::new(Refused::Unrecorded)
            }
        }
    }
}

impl From<IdentityError> for Refusal {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Audit(error) => error.into(),
            IdentityError::NotSignedIn => Self::new(Refused::NotSignedIn),
            IdentityError::Wait { until } => {
                let left = until.duration_since(crate::base::Timestamp::now()).as_secs().clamp(1, 86_400);
                Self::new(Refused::Throttled { seconds: u32::try_from(left).unwrap_or(1) })
            }
            IdentityError::Password(_) | IdentityError::Stopping => Self::saying(Refused::Timeout, error.to_string()),
            IdentityError::NoAccount | IdentityError::NoSession | IdentityError::NoToken => Self::not_found(),
            IdentityError::NameTaken | IdentityError::AlreadySetUp => {
                Self::saying(Refused::Conflict, error.to_string())
            }
            other => Self::saying(Refused::Unprocessable, other.to_string()),
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::new(match denied {
            Denied::NotSignedIn => Refused::NotSignedIn,
            Denied::NeverForRole => Refused::Never,
            Denied::NotVisible => Refused::NotFound,
            Denied::Undecided => Refused::Timeout,
        })
    }
}

/// Gives an answer that refuses its body, in the form that the route speaks. Answers of axum's own (a form that
/// does not parse) are put into our words here. `page` renders a refusal for people.
pub(super) fn dress(
    response: Response<Body>,
    format: Format,
    page: impl FnOnce(&Refusal) -> Option<String>,
) -> Response<Body> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let refusal = match response.extensions().get::<Refusal>() {
        Some(refusal) => refusal.clone(),
        None if response.extensions().get::<Finished>().is_some() => return response,
        None => Refusal::new(kind_of(status)),
    };
    let (content_type, body) = match format {
        Format::Page => match page(&refusal) {
            Some(html) => ("text/html; charset=utf-8", html),
            None => refusal.body(Format::Plain),
        },
        other => refusal.body(other),
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    parts.headers.remove(header::CONTENT_LENGTH);
    // What stands in the place of a compressed body is not.
    parts.headers.remove(header::CONTENT_ENCODING);
    parts.status = refusal.status();
    Response::from_parts(parts, Body::from(body))
}

/// Put into the extensions of an answer with an error status that has its body already: a form shown again
/// with what is wrong, say.
#[derive(Debug, Clone, Copy)]
pub struct Finished;

fn kind_of(status: StatusCode) -> Refused {
    match status {
        StatusCode::UNAUTHORIZED => Refused::NotSignedIn,
        StatusCode::FORBIDDEN => Refused::Never,
        StatusCode::NOT_FOUND => Refused::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Refused::Method,
        StatusCode::PAYLOAD_TOO_LARGE => Refused::TooLarge { most: 0 },
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Refused::MediaType,
        StatusCode::NOT_ACCEPTABLE => Refused::NotAcceptable,
        StatusCode::UNPROCESSABLE_ENTITY => Refused::Unprocessable,
        StatusCode::CONFLICT => Refused::Conflict,
        StatusCode::REQUEST_TIMEOUT => Refused::Timeout,
        status if status.is_client_error() => Refused::Malformed,
        _ => Refused::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_method_names_those_that_are_taken() {
        let response = Refusal::new(Refused::OwnId).into_response();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        let allowed = response.headers().get(header::ALLOW).and_then(|value| value.to_str().ok()).unwrap();
        assert!(allowed.contains("GET") && !allowed.contains("PUT"), "{allowed}");
        let outcome = Refusal::new(Refused::OwnId).operation_outcome();
        assert_eq!(outcome["issue"][0]["code"], "not-supported");
    }
}
