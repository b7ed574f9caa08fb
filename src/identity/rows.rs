//! This room's tables. Nobody else touches them.

use serde::{Deserialize, Serialize};

use super::account::AccountRow;
use super::approval::Approval;
use super::draft::DraftRow;
use super::invitation::Invitation;
use super::links::LinkRow;
use super::session::SessionRow;
use super::token::TokenRow;
use crate::base::{AccountId, SessionId, Timestamp, TokenId};
use crate::crypto::Tag;
use crate::crypto::password::PasswordHash;
use crate::store::{Record, Table, tables};

pub(super) const ACCOUNTS: Table<(AccountId,), AccountRow> = Table::new(tables::ACCOUNTS);
/// Folded user name → account.
pub(super) const BY_NAME: Table<(String,), AccountKey> = Table::new(tables::ACCOUNTS_BY_NAME);
/// Linked resource (`Patient/x`), account → nothing.
pub(super) const BY_PERSON: Table<(String, AccountId), ()> = Table::new(tables::ACCOUNTS_BY_PERSON);
/// Account, RelatedPerson (`RelatedPerson/x`) → since when, for those that it acts as besides the one in its row.
pub(super) const LINKS: Table<(AccountId, String), LinkRow> = Table::new(tables::ACCOUNT_LINKS);
pub(super) const CREDENTIALS: Table<(AccountId,), CredentialRow> = Table::new(tables::CREDENTIALS);
/// Tag of the secret → session.
pub(super) const SESSIONS: Table<([u8; 32],), SessionRow> = Table::new(tables::SESSIONS);
/// Account, session → tag of the secret.
pub(super) const SESSIONS_OF: Table<(AccountId, SessionId), TagRow> = Table::new(tables::SESSIONS_BY_ACCOUNT);
/// Tag of the secret → token.
pub(super) const TOKENS: Table<([u8; 32],), TokenRow> = Table::new(tables::TOKENS);
/// Account, token → tag of the secret.
pub(super) const TOKENS_OF: Table<(AccountId, TokenId), TagRow> = Table::new(tables::TOKENS_BY_ACCOUNT);
/// Kind of throttle, what is throttled → attempts.
pub(super) const THROTTLES: Table<(u8, Vec<u8>), ThrottleRow> = Table::new(tables::THROTTLES);
/// One row, at key 0.
pub(super) const SETUP: Table<(u8,), SetupRow> = Table::new(tables::SETUP);
pub(super) const THE_SETUP: (u8,) = (0,);

/// Tag of the secret → what was typed so far.
pub(super) const SETUP_DRAFTS: Table<([u8; 32],), DraftRow> = Table::new(tables::SETUP_DRAFTS);

/// Tag of the code → what it approves.
pub(super) const APPROVALS: Table<([u8; 32],), Approval> = Table::new(tables::APPROVALS);

/// Tag of the code → whom it invites.
pub(super) const INVITATIONS: Table<([u8; 32],), Invitation> = Table::new(tables::INVITATIONS);

/// An account's id as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountKey(pub AccountId);
impl Record for AccountKey {}

/// A tag as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TagRow(pub Tag);
impl Record for TagRow {}

/// How an account proves who it is. Second factors get their place here with a new version of the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CredentialRow {
    pub password: PasswordHash,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub changed: Timestamp,
}
impl Record for CredentialRow {}

/// Failed attempts in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ThrottleRow {
    pub failures: u32,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub last: Timestamp,
    /// The first moment at which another attempt is heard.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub until: Timestamp,
}
impl Record for ThrottleRow {}

/// Whether the box was set up, and the tag of the code that does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SetupRow {
    Waiting(Tag),
    Done(#[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")] Timestamp),
}
impl Record for SetupRow {}
