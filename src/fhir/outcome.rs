//! What is wrong with a resource or a request, and the OperationOutcome that says so.
//!
//! Texts go to people: they say what is wrong and where, and never repeat a value, which may be a patient's.

use serde_json::{Map, Value};

use super::json::{JsonError, JsonErrorKind};

/// How bad it is (http://hl7.org/fhir/issue-severity).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Information,
    Warning,
    Error,
    Fatal,
}

impl Severity {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

macro_rules! issue_codes {
    ($($name:ident = $code:literal),* $(,)?) => {
        /// What kind of thing is wrong (http://hl7.org/fhir/issue-type, R4).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum IssueCode { $($name),* }

        impl IssueCode {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }
    };
}

issue_codes! {
    Invalid = "invalid", Structure = "structure", Required = "required", Value = "value", Invariant = "invariant",
    Security = "security", Login = "login", Unknown = "unknown", Expired = "expired", Forbidden = "forbidden",
    Suppressed = "suppressed", Processing = "processing", NotSupported = "not-supported", Duplicate = "duplicate",
    MultipleMatches = "multiple-matches", NotFound = "not-found", Deleted = "deleted", TooLong = "too-long",
    CodeInvalid = "code-invalid", Extension = "extension", TooCostly = "too-costly", BusinessRule = "business-rule",
    Conflict = "conflict", Transient = "transient", LockError = "lock-error", NoStore = "no-store",
    Exception = "exception", Timeout = "timeout", Incomplete = "incomplete", Throttled = "throttled",
    Informational = "informational",
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub severity: Severity,
    pub code: IssueCode,
    /// Where, in FHIRPath: `Patient.name[0].given[1]`. Empty when it is about no element.
    pub expression: String,
    /// What is wrong and what to do, for a person.
    pub text: String,
}

impl Issue {
    pub fn error(code: IssueCode, expression: impl Into<String>, text: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, expression: expression.into(), text: text.into() }
    }

    pub fn warning(code: IssueCode, expression: impl Into<String>, text: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, expression, text) }
    }

    pub fn information(text: impl Into<String>) -> Self {
        Self { severity: Severity::Information, ..Self::error(IssueCode::Informational, "", text) }
    }

    /// Whether what it is about must be refused.
    pub fn is_error(&self) -> bool {
        self.severity >= Severity::Error
    }
}

impl From<JsonError> for Issue {
    fn from(error: JsonError) -> Self {
        let code = match error.kind {
            JsonErrorKind::TooLong { .. } | JsonErrorKind::TooMany { .. } => IssueCode::TooLong,
            JsonErrorKind::TooDeep { .. } => IssueCode::TooCostly,
            _ => IssueCode::Structure,
        };
        let text = error.to_string();
        Self { severity: Severity::Fatal, code, expression: error.expression, text }
    }
}

/// An OperationOutcome. FHIR wants at least one issue: with none, it says that all is well.
pub fn operation_outcome(issues: &[Issue]) -> Value {
    let well = [Issue::information("All is well.")];
    let issues = if issues.is_empty() { well.as_slice() } else { issues };
    let mut outcome = Map::new();
    outcome.insert("resourceType".into(), "OperationOutcome".into());
    outcome.insert("issue".into(), issues.iter().map(to_json).collect());
    Value::Object(outcome)
}

fn to_json(issue: &Issue) -> Value {
    let mut json = Map::new();
    json.insert("severity".into(), issue.severity.code().into());
    json.insert("code".into(), issue.code.code().into());
    if !issue.text.is_empty() {
        let details = Map::from_iter([("text".to_owned(), issue.text.as_str().into())]);
        json.insert("details".into(), Value::Object(details));
        json.insert("diagnostics".into(), issue.text.as_str().into());
    }
    if !issue.expression.is_empty() {
        json.insert("expression".into(), vec![issue.expression.as_str()].into());
    }
    Value::Object(json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::json::{Limits, parse};
    use crate::fhir::{Definitions, ResourceType};

    #[test]
    fn an_outcome_carries_each_issue_in_order() {
        let issues = [
            Issue::error(IssueCode::Required, "Patient.link[0].other", "The element \"other\" is missing."),
            Issue::warning(IssueCode::CodeInvalid, "", "Odd."),
        ];
        assert_eq!(
            operation_outcome(&issues).to_string(),
            concat!(
                r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"required","#,
                r#""details":{"text":"The element \"other\" is missing."},"#,
                r#""diagnostics":"The element \"other\" is missing.","expression":["Patient.link[0].other"]},"#,
                r#"{"severity":"warning","code":"code-invalid","details":{"text":"Odd."},"diagnostics":"Odd."}]}"#
            )
        );
        assert!(issues[0].is_error() && !issues[1].is_error());
        assert_eq!(operation_outcome(&[])["issue"][0]["severity"], "information");
    }

    #[test]
    fn every_code_is_one_of_the_standards() {
        let r4 = Definitions::r4();
        let issue = r4.property(r4.resource(ResourceType::OperationOutcome), "issue").unwrap();
        let crate::fhir::definitions::TypeKind::Object(issue) = issue.kind.kind else { panic!() };
        let codes = r4.binding(r4.property(issue, "code").unwrap().element).unwrap();
        assert_eq!(codes.codes().count(), IssueCode::ALL.len());
        assert!(IssueCode::ALL.iter().all(|code| codes.has_code(code.code())));
    }

    #[test]
    fn a_json_error_becomes_a_fatal_issue_at_its_place() {
        let error = parse(b"{\"resourceType\":\"Patient\",\"id\":}", &Limits::default()).unwrap_err();
        let issue = Issue::from(error);
        assert_eq!((issue.severity, issue.expression.as_str()), (Severity::Fatal, "Patient.id"));
        assert!(issue.text.contains("line 1, column 32"), "{}", issue.text);
    }
}
