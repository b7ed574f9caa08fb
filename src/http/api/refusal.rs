//! What the record says, as HTTP says it: the one map from its errors to refusals.

use super::super::respond::{Refusal, Refused};
use super::request::issue_of;
use crate::fhir::search::QueryError;
use crate::record::RecordError;

impl From<RecordError> for Refusal {
    fn from(error: RecordError) -> Self {
        let sentence = sentence(&error);
        match error {
            RecordError::Denied(denied) => denied.into(),
            RecordError::NotFound => Self::not_found(),
            RecordError::Gone => Self::new(Refused::Gone),
            RecordError::Invalid(issues) => {
                Self::new(Refused::Unprocessable).with_issues(issues.iter().map(issue_of).collect())
            }
            RecordError::WrongType { .. } | RecordError::BadCursor | RecordError::UnsupportedSearch(_) => {
                Self::saying(Refused::Malformed, sentence)
            }
            RecordError::VersionConflict { .. } | RecordError::Ambiguous(_) => {
                Self::saying(Refused::Precondition, sentence)
            }
            RecordError::DanglingReference(_) | RecordError::NotYours(_) | RecordError::TooWide => {
                Self::saying(Refused::Unprocessable, sentence)
            }
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
pub(super) fn of_query(error: QueryError) -> Refusal {
    Refusal::saying(Refused::Malformed, sentence(&error))
}

/// An error's text, as an answer says it: errors begin small, for they stand within other errors' texts.
fn sentence(error: &impl std::error::Error) -> String {
    let text = error.to_string();
    let mut rest = text.chars();
    let first = rest.next().map(char::to_uppercase).into_iter().flatten();
    let whole: String = first.chain(rest).collect();
    if whole.ends_with('.') { whole } else { whole + "." }
}
