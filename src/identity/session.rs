//! What a session is.

use serde::{Deserialize, Serialize};

use super::types::{Assurance, Listener};
use crate::base::{AccountId, SessionId, Timestamp};
use crate::store::Record;

/// A session as it stands in the store, under the hash of its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: SessionId,
    pub account: AccountId,
    /// A cookie is sent to every port of a host; a session is good at one listener.
    pub listener: Listener,
    pub state: SessionState,
    /// What every form of this session carries.
    pub csrf: [u8; 32],
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created: Timestamp,
    /// Written at most once a minute.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub last_used: Timestamp,
}

impl Record for SessionRow {}

/// How far a sign-in has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SessionState {
    /// The password was right, the second factor is still to come: nothing else is open.
    PendingSecondFactor,
    /// Signed in, but a new password is to be chosen first: nothing else is open.
    PendingNewPassword(Assurance),
    Open(Assurance),
}

impl SessionState {
    /// How sure the box is of who this is; `None` while a sign-in is not complete.
    pub const fn assurance(self) -> Option<Assurance> {
        match self {
            Self::Open(assurance) => Some(assurance),
            Self::PendingSecondFactor | Self::PendingNewPassword(_) => None,
        }
    }
}
