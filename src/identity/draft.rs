//! What is typed into the wizard of a new box until its last page: a row, found again by a secret in the browser.
//!
//! No password stands in a draft, only its hash, and no setup code, only its tag. A draft ends after half an hour, or
//! when the box is set up. It makes nothing: that is [`PreparedSetup`]'s to do, once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::{AccountKind, AccountRow, AccountState, UserName};
use super::accounts::{NewAccount, PreparedAccount, by_name};
use super::rows::SETUP_DRAFTS;
use super::setup::PreparedSetup;
use super::{By, Identity, IdentityError, after};
use crate::audit::{Action, Outcome};
use crate::base::{AccountId, ResourceRef, Role, Secret, Timestamp};
use crate::crypto::Tag;
use crate::crypto::password::PasswordHash;
use crate::store::{Direction, KeyRange, Read, ReadExt, Record, StoreError, Tx};

/// How long a draft is kept after the code was typed.
pub const DRAFT_KEPT: Duration = Duration::from_secs(1800);
/// More than one or two people never set up one box; whoever begins a draft too many ends the oldest.
const MOST: usize = 16;
/// A little more than the longest name: what is too long is shown again, and not kept whole.
const LONGEST: usize = 250;
const DOMAIN: &str = "setup draft";

/// A draft as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DraftRow {
    /// Of the code that was typed: another one may have been made since.
    code: Tag,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    begun: Timestamp,
    /// None until the accounts were typed, then three.
    accounts: Vec<DraftAccount>,
}
impl Record for DraftRow {}

/// One account as typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftAccount {
    pub role: Role,
    pub name: Box<str>,
    pub user: Box<str>,
    /// `None` while something is wrong with the account.
    password: Option<PasswordHash>,
}

/// What is wrong with the accounts of a draft: which one, and why.
pub type DraftFaults = Vec<(usize, IdentityError)>;

impl Identity {
    /// Begins a draft for whoever knows the setup code, and answers with its secret.
    ///
    /// # Errors
    /// [`IdentityError::WrongCode`], [`IdentityError::Wait`], [`IdentityError::NoCode`],
    /// [`IdentityError::AlreadySetUp`].
    pub async fn begin_setup(&self, code: &Secret<String>, by: By) -> Result<Secret<String>, IdentityError> {
        self.check_setup_code(code, by.clone()).await?;
        let (secret, tag) = self.new_secret(DOMAIN, "");
        let draft = DraftRow { code: self.setup_tag(code), begun: self.now(), accounts: Vec::new() };
        let write = self.write(move |tx| {
            make_room(tx, draft.begun)?;
            tx.put(&SETUP_DRAFTS, &(*tag.as_bytes(),), &draft)?;
            tx.append(by.event(Action::Setup, Some("typed the setup code".into())).outcome(Outcome::Started))?;
            Ok(())
        });
        write.await?;
        Ok(secret)
    }

    /// The accounts of a draft as they were typed. `None` when there is no draft, or none any more.
    pub fn setup_draft(&self, secret: &str) -> Result<Option<Vec<DraftAccount>>, StoreError> {
        Ok(self.draft(&self.read()?, secret)?.map(|(_, draft)| draft.accounts))
    }

    /// Puts the three accounts into a draft, and answers with what is wrong with them. A draft is no change of the box
    /// and has no entry of its own in the access log.
    ///
    /// # Errors
    /// [`IdentityError::NoDraft`].
    pub async fn fill_setup_draft(
        &self,
        secret: &str,
        accounts: [NewAccount; 3],
    ) -> Result<DraftFaults, IdentityError> {
        let (tag, _) = self.draft(&self.read()?, secret)?.ok_or(IdentityError::NoDraft)?;
        let mut faults = DraftFaults::new();
        let mut typed: Vec<DraftAccount> = Vec::new();
        for (at, account) in accounts.into_iter().enumerate() {
            let short = |text: &str| text.trim().chars().take(LONGEST).collect();
            let AccountKind::Person(role) = account.kind else { return Err(IdentityError::SetupRoles) };
            let mut draft = DraftAccount {
                role,
                name: short(&account.display_name),
                user: short(&account.user_name),
                password: None,
            };
            if self.is_taken(&typed, &account.user_name)? {
                faults.push((at, IdentityError::NameTaken));
            }
            match self.prepare_account(account).await {
                Ok(prepared) => draft.password = prepared.into_password(),
                Err(error) if is_of_the_typed(&error) => faults.push((at, error)),
                Err(other) => return Err(other),
            }
            typed.push(draft);
        }
        let write = self.audit.store().write(move |tx| {
            let key = (*tag.as_bytes(),);
            // It may have ended while passwords were hashed.
            let Some(draft) = tx.get(&SETUP_DRAFTS, &key)? else { return Err(IdentityError::NoDraft) };
            tx.put(&SETUP_DRAFTS, &key, &DraftRow { accounts: typed, ..draft })?;
            Ok(())
        });
        write.await?;
        Ok(faults)
    }

    /// What the last page makes: the draft's accounts, the clinician's linked to `clinician`, which is yet to be
    /// written in the same transaction.
    ///
    /// # Errors
    /// [`IdentityError::NoDraft`] also while something is wrong with an account.
    pub fn prepare_setup(&self, secret: &str, clinician: &ResourceRef) -> Result<PreparedSetup, IdentityError> {
        let (_, draft) = self.draft(&self.read()?, secret)?.ok_or(IdentityError::NoDraft)?;
        let accounts = draft.accounts.into_iter().map(|account| self.prepared(account, clinician));
        let accounts: Vec<PreparedAccount> = accounts.collect::<Result<_, _>>()?;
        PreparedSetup::new(draft.code, accounts, self.now())
    }

    fn prepared(&self, draft: DraftAccount, clinician: &ResourceRef) -> Result<PreparedAccount, IdentityError> {
        let DraftAccount { role, name, user, password } = draft;
        let password = password.ok_or(IdentityError::NoDraft)?;
        let row = AccountRow {
            id: AccountId::new(self.ambient()),
            user_name: UserName::parse(&user)?,
            display_name: name,
            kind: AccountKind::Person(role),
            state: AccountState::Enabled,
            person: (role == Role::Clinician).then(|| clinician.clone()),
            must_change_password: false,
            created: self.now(),
        };
        Ok(PreparedAccount::new(row, password))
    }

    fn is_taken(&self, others: &[DraftAccount], user: &str) -> Result<bool, StoreError> {
        let Ok(name) = UserName::parse(user) else { return Ok(false) };
        let twice = others.iter().any(|other| UserName::parse(&other.user).is_ok_and(|other| other == name));
        Ok(twice || by_name(&self.read()?, user)?.is_some())
    }

    fn draft(&self, read: &(impl Read + ?Sized), secret: &str) -> Result<Option<(Tag, DraftRow)>, StoreError> {
        let Some(tag) = self.tag_of(DOMAIN, secret) else { return Ok(None) };
        let draft = read.get(&SETUP_DRAFTS, &(*tag.as_bytes(),))?;
        Ok(draft.filter(|draft| !has_ended(draft, self.now())).map(|draft| (tag, draft)))
    }
}

/// Whether an error is about what was typed, so that it is shown at its field.
const fn is_of_the_typed(error: &IdentityError) -> bool {
    matches!(
        error,
        IdentityError::BadUserName | IdentityError::BadDisplayName | IdentityError::Weak(_) | IdentityError::NoPassword
    )
}

pub(super) fn has_ended(draft: &DraftRow, now: Timestamp) -> bool {
    after(draft.begun, DRAFT_KEPT) <= now
}

type Keyed = (([u8; 32],), DraftRow);

fn all(tx: &Tx<'_>) -> Result<Vec<Keyed>, StoreError> {
    tx.scan(&SETUP_DRAFTS, KeyRange::all(), Direction::Up)?.collect()
}

/// Takes away what has ended, and the oldest while there are too many.
fn make_room(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    let mut drafts = all(tx)?;
    drafts.sort_by_key(|(_, draft)| std::cmp::Reverse(draft.begun));
    for (at, (key, draft)) in drafts.iter().enumerate() {
        if at + 1 >= MOST || has_ended(draft, now) {
            tx.delete(&SETUP_DRAFTS, key)?;
        }
    }
    Ok(())
}

/// The box is set up: nobody's draft is good for anything any more.
pub(super) fn end_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    all(tx)?.iter().try_for_each(|(key, _)| tx.delete(&SETUP_DRAFTS, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;

    #[test]
    fn the_bytes_of_a_draft_are_these_and_hold_no_password() {
        let hash: PasswordHash = serde_json::from_str("\"$h\"").unwrap();
        let account =
            |password| DraftAccount { role: Role::Operator, name: "Otto".into(), user: "otto".into(), password };
        let row = DraftRow {
            code: Tag::from_bytes([7; 32]),
            begun: Timestamp::from_millisecond(3).unwrap(),
            accounts: vec![account(None), account(Some(hash))],
        };
        let role = (Role::Operator as u8).to_owned();
        let names = [&[role, 4][..], b"Otto", &[4], b"otto"].concat();
        let golden = [&[1][..], &[7; 32], &[6, 2], &names, &[0], &names, &[1, 2], b"$h"].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(DraftRow::from_stored(golden.into()).unwrap(), row);
    }
}
