//! The scopes of an API client's token: a small grammar in the manner of SMART on FHIR 2.
//!
//! ```text
//! scope  = level "/" type "." rights
//! level  = "system" | "user" | "patient"
//! type   = "*" | a resource type of R4
//! rights = some of "c" "r" "u" "d" "s", in this order | "read" | "write" | "*"
//! ```
//!
//! `c` create, `r` read and history, `u` update and patch, `d` delete, `s` search; the history of a type or of all takes `r` and
//! `s`. As in SMART 1, `read` is `rs`, `write` is `cud`, `*` is `cruds`. `system` is for services, which have these rights and no others;
//! `user` and `patient` narrow what a person's account may do, and never widen it.
//! Source: SMART App Launch 2.0.0, "Scopes and Launch Context"; its query part (`?category=…`) is refused.

use super::action::{Action, Actions};
use crate::fhir::ResourceType;
use crate::identity::AccountRow;

/// Whose rights a scope speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    System,
    User,
    Patient,
}

/// One scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenScope {
    level: Level,
    /// `None` is every type.
    kind: Option<ResourceType>,
    actions: Actions,
}

/// Text that is not a scope, with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    #[error("a scope is written like system/Observation.rs: a level, a slash, a resource type or *, a dot, and rights")]
    Shape,
    #[error("a scope begins with system/, user/ or patient/")]
    Level,
    #[error("this scope names a resource type that FHIR R4 does not have; types are written like Observation")]
    Type,
    #[error("a scope's rights are some of c, r, u, d, s in this order (or read, write, *)")]
    Rights,
    #[error("a scope that is narrowed by a query (after a question mark) is not supported; leave that part out")]
    Query,
    #[error("say what the token may do, for example --scope system/Observation.rs")]
    Missing,
    #[error("a service's scopes begin with system/; a person's with user/ or patient/")]
    WrongLevel,
}

const CREATE: Actions = Actions::of(&[Action::Create]);
const READ: Actions = Actions::of(&[Action::Read, Action::History]);
const UPDATE: Actions = Actions::of(&[Action::Update, Action::Patch]);
const DELETE: Actions = Actions::of(&[Action::Delete]);
const SEARCH: Actions = Actions::of(&[Action::Search]);
const LETTERS: [(char, Actions); 5] = [('c', CREATE), ('r', READ), ('u', UPDATE), ('d', DELETE), ('s', SEARCH)];

impl TokenScope {
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.contains('?') {
            return Err(ScopeError::Query);
        }
        let (level, rest) = text.split_once('/').ok_or(ScopeError::Shape)?;
        let level = match level {
            "system" => Level::System,
            "user" => Level::User,
            "patient" => Level::Patient,
            _ => return Err(ScopeError::Level),
        };
        let (kind, rights) = rest.split_once('.').ok_or(ScopeError::Shape)?;
        let kind = match kind {
            "*" => None,
            name => Some(ResourceType::parse(name).ok_or(ScopeError::Type)?),
        };
        Ok(Self { level, kind, actions: parse_rights(rights)? })
    }

    pub const fn level(&self) -> Level {
        self.level
    }
}

fn parse_rights(text: &str) -> Result<Actions, ScopeError> {
    let letters = match text {
        "read" => "rs",
        "write" => "cud",
        "*" => "cruds",
        other => other,
    };
    let mut rest = letters.chars().peekable();
    let mut actions = Actions::NONE;
    for (letter, means) in LETTERS {
        if rest.next_if_eq(&letter).is_some() {
            actions = actions.and(means);
        }
    }
    if actions.is_empty() || rest.next().is_some() { Err(ScopeError::Rights) } else { Ok(actions) }
}

/// All scopes of one token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(Box<[TokenScope]>);

impl Scopes {
    /// Of a service's token: at least one, all of the level `system`.
    pub fn for_service<S: AsRef<str>>(texts: &[S]) -> Result<Self, ScopeError> {
        let scopes = Self::parse(texts)?;
        match scopes.0.iter().all(|scope| scope.level == Level::System) {
            _ if scopes.0.is_empty() => Err(ScopeError::Missing),
            true => Ok(scopes),
            false => Err(ScopeError::WrongLevel),
        }
    }

    /// Of a person's token: none of the level `system`. With no scope at all it is `None`: the token has the
    /// account's own rights.
    pub fn for_person<S: AsRef<str>>(texts: &[S]) -> Result<Option<Self>, ScopeError> {
        let scopes = Self::parse(texts)?;
        match scopes.0.iter().any(|scope| scope.level == Level::System) {
            _ if scopes.0.is_empty() => Ok(None),
            true => Err(ScopeError::WrongLevel),
            false => Ok(Some(scopes)),
        }
    }

    fn parse<S: AsRef<str>>(texts: &[S]) -> Result<Self, ScopeError> {
        texts.iter().map(|text| TokenScope::parse(text.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// The scopes of a token that is to be made for this account, as text to be stored.
    pub fn for_new_token<S: AsRef<str>>(account: &AccountRow, texts: &[S]) -> Result<Vec<Box<str>>, ScopeError> {
        match account.kind.role() {
            None => Self::for_service(texts).map(drop)?,
            Some(_) => Self::for_person(texts).map(drop)?,
        }
        Ok(texts.iter().map(|text| text.as_ref().into()).collect())
    }

    /// A token that may nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// What these scopes allow on a type.
    pub fn actions_on(&self, kind: ResourceType) -> Actions {
        let here = self.0.iter().filter(|scope| scope.kind.is_none_or(|only| only == kind));
        let mut actions = here.fold(Actions::NONE, |sum, scope| sum.and(scope.actions));
        let reads_all = [Action::Read, Action::Search]
            .iter()
            .all(|act| self.0.iter().any(|scope| scope.kind.is_none() && scope.actions.contains(*act)));
        // A whole copy or a bulk export is every type, read and searched.
        if reads_all {
            actions = actions.with(Action::Everything).with(Action::Export);
        }
        actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actions(text: &str, kind: ResourceType) -> Vec<&'static str> {
        Scopes::parse(&[text]).unwrap().actions_on(kind).iter().map(Action::name).collect()
    }

    #[test]
    fn a_scope_says_what_it_says_and_no_more() {
        let seen = ["read", "search", "history"];
        for text in ["system/Observation.rs", "user/Observation.read", "patient/Observation.rs"] {
            assert_eq!(actions(text, ResourceType::Observation), seen, "{text}");
            assert!(actions(text, ResourceType::Condition).is_empty(), "{text}");
        }
        assert_eq!(
            actions("system/Observation.cud", ResourceType::Observation),
            ["create", "update", "patch", "delete"]
        );
        assert_eq!(actions("system/*.s", ResourceType::Condition), ["search"]);
        assert_eq!(
            actions("system/*.rs", ResourceType::Patient),
            ["read", "search", "history", "everything", "export"]
        );
    }

    #[test]
    fn what_is_not_a_scope_is_refused_with_what_to_write() {
        for (text, error) in [
            ("Observation.rs", ScopeError::Shape),
            ("system/Observation", ScopeError::Shape),
            ("launch/patient.rs", ScopeError::Level),
            ("system/observation.rs", ScopeError::Type),
            ("system/Observation.", ScopeError::Rights),
            ("system/Observation.sr", ScopeError::Rights),
            ("system/Observation.rr", ScopeError::Rights),
            ("system/Observation.x", ScopeError::Rights),
            ("system/Observation.rs?category=vital-signs", ScopeError::Query),
        ] {
            assert_eq!(TokenScope::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn services_have_system_scopes_and_people_never_do() {
        assert_eq!(Scopes::for_service::<&str>(&[]), Err(ScopeError::Missing));
        assert_eq!(Scopes::for_service(&["user/*.rs"]), Err(ScopeError::WrongLevel));
        assert!(Scopes::for_service(&["system/*.cruds"]).is_ok());
        assert_eq!(Scopes::for_person::<&str>(&[]), Ok(None));
        assert_eq!(Scopes::for_person(&["system/*.rs"]), Err(ScopeError::WrongLevel));
        assert!(Scopes::for_person(&["user/*.rs"]).unwrap().is_some());
    }
}
