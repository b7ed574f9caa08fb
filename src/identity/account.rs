//! What an account is.

use serde::{Deserialize, Serialize};

use crate::base::{AccountId, ResourceRef, Role, Timestamp};
use crate::store::Record;

/// An account as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub id: AccountId,
    /// As it was given; the key of sign-in is its folded form.
    pub user_name: Box<str>,
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
