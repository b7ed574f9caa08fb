//! What an account is.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::error::IdentityError;
use crate::base::{AccountId, ResourceRef, Role, Timestamp};
use crate::store::Record;

/// An account as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub id: AccountId,
    pub user_name: UserName,
    /// What others see.
    pub display_name: Box<str>,
    pub kind: AccountKind,
    pub state: AccountState,
    /// The Patient, Practitioner or RelatedPerson that the account is linked to.
    pub person: Option<ResourceRef>,
    /// Whether the password was set by somebody else and must be changed at the next sign-in.
    pub must_change_password: bool,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created: Timestamp,
}

impl Record for AccountRow {}

/// Who stands behind an account. A person has one role; a service has none, its token's scopes are its rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AccountKind {
    Person(Role),
    Service,
}

impl AccountKind {
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Person(role) => Some(role),
            Self::Service => None,
        }
    }
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AccountState {
    Enabled,
    Disabled,
}

impl AccountRow {
    pub const fn role(&self) -> Option<Role> {
        self.kind.role()
    }

    pub const fn is_enabled(&self) -> bool {
        matches!(self.state, AccountState::Enabled)
    }
}

/// A user name in its one form: NFKC, small letters. Two names that differ only in case or in how their letters
/// are composed are the same name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(Box<str>);

impl UserName {
    /// # Errors
    /// [`IdentityError::BadUserName`]: 2 to 64 letters, digits, `.`, `_`, `-`, `@`, the first a letter or a digit.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        // A name that is longer than any could be is not worth folding.
        if text.len() > 1024 {
            return Err(IdentityError::BadUserName);
        }
        let folded: String = text.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect();
        let length = folded.chars().count();
        let legal = |c: char| c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '.' | '_' | '-' | '@');
        let starts_well = folded.chars().next().is_some_and(char::is_alphanumeric);
        if (2..=64).contains(&length) && starts_well && folded.chars().all(legal) {
            Ok(Self(folded.into()))
        } else {
            Err(IdentityError::BadUserName)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for UserName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for UserName {
    type Error = IdentityError;
    fn try_from(text: String) -> Result<Self, IdentityError> {
        Self::parse(&text)
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;

    #[test]
    fn a_name_has_one_form_whatever_its_case_and_composition() {
        let name = UserName::parse("  Zoe\u{308}.MULLER ").unwrap();
        assert_eq!(name.as_str(), "zo\u{eb}.muller");
        assert_eq!(UserName::parse("ZO\u{cb}.muller").unwrap(), name);
        assert_eq!(UserName::parse("\u{ff21}nna").unwrap().as_str(), "anna");
        let dotted = UserName::parse("\u{130}pek").unwrap();
        assert_eq!(UserName::parse(dotted.as_str()).unwrap(), dotted, "folding again changes nothing");
        for bad in ["", "a", "a b", ".ab", "-ab", "a\0b", "a/b", &"x".repeat(65), &"x".repeat(5000)] {
            assert!(UserName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_bytes_of_an_account_are_these() {
        let row = AccountRow {
            id: AccountId::from_bytes([1; 16]),
            user_name: UserName::parse("anna").unwrap(),
            display_name: "A".into(),
            kind: AccountKind::Person(Role::Clinician),
            state: AccountState::Disabled,
            person: Some(ResourceRef::parse("Practitioner/p").unwrap()),
            must_change_password: true,
            created: Timestamp::from_millisecond(1000).unwrap(),
        };
        let golden = [
            &[1, 16][..],
            &[1; 16],
            &[4, b'a', b'n', b'n', b'a', 1, b'A', 0, 2, 1, 1, 14],
            b"Practitioner/p",
            &[1, 251, 208, 7],
        ]
        .concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(AccountRow::from_stored(golden.into()).unwrap(), row);
    }
}
