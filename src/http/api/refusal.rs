//! What the record says, as HTTP says it: the one map from its errors to refusals.

use super::super::respond::{Issue, Refusal, Refused};
use super::request::issue_of;
use crate::fhir::search::QueryError;
use crate::fhir::{IssueCode, ResourceType};
use crate::record::RecordError;

impl From<RecordError> for Refusal {
    fn from(error: RecordError) -> Self {
        let sentence = sentence(&error);
        match error {
            RecordError::At { cause, .. } | RecordError::AtReading { cause, .. } => (*cause).into(),
            RecordError::Denied(denied) => denied.into(),
            RecordError::NotFound => Self::not_found(),
            RecordError::OwnId => Self::saying(Refused::OwnId, sentence),
            RecordError::NotStored(kind) => not_stored(kind),
            RecordError::Gone => Self::new(Refused::Gone),
            RecordError::Invalid(issues) => {
                Self::new(Refused::Unprocessable).with_issues(issues.iter().map(issue_of).collect())
            }
            RecordError::Unresolved(issues) => {
                Self::new(Refused::Malformed).with_issues(issues.iter().map(issue_of).collect())
            }
            RecordError::Patch(kind, error) => {
                let refused = if error.is_of_the_patch() { Refused::Malformed } else { Refused::Conflict };
                Self::new(refused).with_issues(vec![issue_of(&error.issue(kind.name()))])
            }
            RecordError::WrongType { .. } | RecordError::BadCursor | RecordError::OtherId => {
                Self::saying(Refused::Malformed, sentence)
            }
            RecordError::UnsupportedSearch(_) => coded(Refused::Malformed, IssueCode::NotSupported, sentence),
            RecordError::Twice => coded(Refused::Malformed, IssueCode::Duplicate, sentence),
            RecordError::Taken => Self::saying(Refused::Conflict, sentence),
            RecordError::VersionConflict { .. } | RecordError::NoVersion | RecordError::Exists => {
                Self::saying(Refused::Precondition, sentence)
            }
            RecordError::Ambiguous(_) => coded(Refused::Precondition, IssueCode::MultipleMatches, sentence),
            RecordError::NotByNameAlone => coded(Refused::Precondition, IssueCode::NotSupported, sentence),
            RecordError::NoCriteria => coded(Refused::Precondition, IssueCode::Required, sentence),
            RecordError::ReferredTo { .. } => coded(Refused::Conflict, IssueCode::Conflict, sentence),
            RecordError::AgainstRule(_) | RecordError::Joined(_) => {
                coded(Refused::Conflict, IssueCode::BusinessRule, sentence)
            }
            RecordError::DanglingReference { at, .. } => {
                let refusal = coded(Refused::Unprocessable, IssueCode::NotFound, sentence);
                at.iter().fold(refusal, |refusal, at| refusal.at(at))
            }
            RecordError::NotYours(_) | RecordError::IdChanged => Self::saying(Refused::Unprocessable, sentence),
            RecordError::TooWide
            | RecordError::TooMuch
            | RecordError::TooSlow
            | RecordError::TooMuchWritten
            | RecordError::TooDeep(_)
            | RecordError::TooMuchAlong(_) => coded(Refused::TooCostly, IssueCode::TooCostly, sentence),
            RecordError::Store(error) => error.into(),
            RecordError::Audit(error) => error.into(),
            RecordError::NotCovered(cause) => {
                tracing::error!(target: "http", %cause, "an answer was not covered by its entry");
                Self::new(Refused::Unrecorded)
            }
            RecordError::Damaged => Self::internal(sentence),
        }
    }
}

/// A search that cannot be understood.
pub(super) fn of_query(error: &QueryError) -> Refusal {
    let code = match error {
        QueryError::Unknown { .. } | QueryError::Modifier { .. } | QueryError::Unsupported { .. } => {
            IssueCode::NotSupported
        }
        QueryError::Twice { .. } => IssueCode::Duplicate,
        QueryError::TooMuch { .. } => IssueCode::TooCostly,
        QueryError::Value { .. } | QueryError::Target { .. } | QueryError::Element { .. } => IssueCode::Value,
        QueryError::Encoding => IssueCode::Structure,
    };
    coded(Refused::Malformed, code, sentence(error))
}

/// What is asked of the resources of a type that are only sent (http.html#create: a type that is not supported is 404).
pub(super) fn not_stored(kind: ResourceType) -> Refusal {
    let text = format!(
        "{kind} is what is sent and answered with, and is not stored here. One can be checked: send it to {kind}/$validate."
    );
    coded(Refused::NotFound, IssueCode::NotSupported, text)
}

/// A refusal with an issue code of its own.
pub(super) fn coded(kind: Refused, code: IssueCode, text: String) -> Refusal {
    let issue = Issue { severity: "error", code: code.code().into(), expression: None, text: text.clone() };
    Refusal::saying(kind, text).with_issues(vec![issue])
}

/// An error's text, as an answer says it: errors begin small, for they stand within other errors' texts.
fn sentence(error: &impl std::error::Error) -> String {
    let text = error.to_string();
    let mut rest = text.chars();
    let first = rest.next().map(char::to_uppercase).into_iter().flatten();
    let whole: String = first.chain(rest).collect();
    if whole.ends_with('.') { whole } else { whole + "." }
}
