//! Making, finding and changing accounts.

use super::account::{AccountKind, AccountRow, AccountState, UserName};
use super::password::acceptable;
use super::rows::{ACCOUNTS, AccountKey, BY_NAME, BY_PERSON, CREDENTIALS, CredentialRow};
use super::{By, Identity, IdentityError, sessions};
use crate::audit::{Action, AuditedTx};
use crate::base::{AccountId, ResourceRef, Role, Secret};
use crate::crypto::password::PasswordHash;
use crate::store::{Direction, KeyRange, Read, ReadExt, StoreError};

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub user_name: String,
    pub display_name: String,
    pub kind: AccountKind,
    pub person: Option<ResourceRef>,
    pub password: FirstPassword,
}

/// How an account gets its first password.
#[derive(Debug, Clone)]
pub enum FirstPassword {
    /// By who will use it.
    Own(Secret<String>),
    /// By somebody else: it is changed at the first sign-in.
    Temporary(Secret<String>),
    /// Not at all: a service.
    None,
}

/// An account that is ready to be written: checked, and its password hashed.
#[derive(Debug, Clone)]
pub struct PreparedAccount {
    row: AccountRow,
    password: Option<PasswordHash>,
}

impl Identity {
    /// Checks a new account and hashes its password: all that need not be done inside the writer.
    pub async fn prepare_account(&self, new: NewAccount) -> Result<PreparedAccount, IdentityError> {
        let user_name = UserName::parse(&new.user_name)?;
        let display_name = new.display_name.trim();
        if !(1..=200).contains(&display_name.chars().count()) || display_name.chars().any(char::is_control) {
            return Err(IdentityError::BadDisplayName);
        }
        let (given, must_change_password) = match (&new.password, new.kind) {
            (FirstPassword::None, AccountKind::Service) => (None, false),
            (FirstPassword::Own(password), AccountKind::Person(_)) => (Some(password), false),
            (FirstPassword::Temporary(password), AccountKind::Person(_)) => (Some(password), true),
            (_, AccountKind::Service) => return Err(IdentityError::IsService),
            (FirstPassword::None, AccountKind::Person(_)) => return Err(IdentityError::NoPassword),
        };
        let password = match given {
            None => None,
            Some(given) => {
                acceptable(given, &[user_name.as_str(), display_name]).await?;
                Some(self.turn().await?.hash(given).await?)
            }
        };
        let row = AccountRow {
            id: AccountId::new(self.ambient()),
            user_name,
            display_name: display_name.into(),
            kind: new.kind,
            state: AccountState::Enabled,
            person: new.person,
            must_change_password,
            created: self.now(),
        };
        Ok(PreparedAccount { row, password })
    }

    /// Makes one account.
    pub async fn create_account(&self, new: NewAccount, by: By) -> Result<AccountRow, IdentityError> {
        let prepared = self.prepare_account(new).await?;
        self.write(move |tx| prepared.write(tx, &by)).await
    }

    pub fn account(&self, id: AccountId) -> Result<Option<AccountRow>, StoreError> {
        self.read()?.get(&ACCOUNTS, &(id,))
    }

    pub fn account_by_name(&self, user_name: &str) -> Result<Option<AccountRow>, StoreError> {
        by_name(&self.read()?, user_name)
    }

    /// The accounts that are linked to a Patient, a Practitioner or a RelatedPerson.
    pub fn accounts_of_person(&self, person: &ResourceRef) -> Result<Vec<AccountRow>, StoreError> {
        let read = self.read()?;
        let ids: Vec<AccountId> = read
            .scan(&BY_PERSON, KeyRange::prefix(&(person.as_str().to_owned(),)), Direction::Up)?
            .map(|row| row.map(|((_, id), ())| id))
            .collect::<Result<_, _>>()?;
        ids.into_iter().filter_map(|id| read.get(&ACCOUNTS, &(id,)).transpose()).collect()
    }

    /// All accounts, oldest first.
    pub fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        let read = self.read()?;
        read.scan(&ACCOUNTS, KeyRange::all(), Direction::Up)?.map(|row| row.map(|(_, account)| account)).collect()
    }

    /// Gives a person another role, and ends their sessions: what is open was opened under the old one.
    pub async fn set_role(&self, id: AccountId, role: Role, by: By) -> Result<AccountRow, IdentityError> {
        self.change(id, by, Action::RoleChange, move |tx, account| {
            let AccountKind::Person(before) = account.kind else { return Err(IdentityError::IsService) };
            account.kind = AccountKind::Person(role);
            sessions::end_all(tx, account.id)?;
            Ok(format!("from {before} to {role}"))
        })
        .await
    }

    /// Nobody signs in with it any more; its sessions end, its tokens are good for nothing while this lasts.
    pub async fn disable(&self, id: AccountId, by: By) -> Result<AccountRow, IdentityError> {
        self.change(id, by, Action::AccountDisable, |tx, account| {
            account.state = AccountState::Disabled;
            sessions::end_all(tx, account.id)?;
            Ok(String::new())
        })
        .await
    }

    pub async fn enable(&self, id: AccountId, by: By) -> Result<AccountRow, IdentityError> {
        self.change(id, by, Action::AccountEnable, |_, account| {
            account.state = AccountState::Enabled;
            Ok(String::new())
        })
        .await
    }

    /// Links an account to a Patient, a Practitioner or a RelatedPerson, or to nobody.
    pub async fn link(&self, id: AccountId, person: Option<ResourceRef>, by: By) -> Result<AccountRow, IdentityError> {
        self.change(id, by, Action::AccountChange, move |tx, account| {
            if let Some(before) = &account.person {
                tx.delete(&BY_PERSON, &(before.as_str().to_owned(), account.id))?;
            }
            if let Some(person) = &person {
                tx.put(&BY_PERSON, &(person.as_str().to_owned(), account.id), &())?;
            }
            let note = person.as_ref().map_or_else(|| "linked to nobody".to_owned(), |to| format!("linked to {to}"));
            sessions::end_all(tx, account.id)?;
            account.person = person;
            Ok(note)
        })
        .await
    }

    /// Sets a password for somebody who lost theirs, ends their sessions, and answers with it: it is shown once
    /// and changed at the next sign-in.
    pub async fn reset_password(&self, id: AccountId, by: By) -> Result<Secret<String>, IdentityError> {
        let password = self.generate_password();
        let hash = self.turn().await?.hash(&password).await?;
        let now = self.now();
        self.change(id, by, Action::PasswordReset, move |tx, account| {
            if account.kind == AccountKind::Service {
                return Err(IdentityError::IsService);
            }
            account.must_change_password = true;
            tx.put(&CREDENTIALS, &(account.id,), &CredentialRow { password: hash, changed: now })?;
            sessions::end_all(tx, account.id)?;
            Ok(String::new())
        })
        .await?;
        Ok(password)
    }

    async fn change<F>(&self, id: AccountId, by: By, action: Action, edit: F) -> Result<AccountRow, IdentityError>
    where
        F: FnOnce(&mut AuditedTx<'_, '_>, &mut AccountRow) -> Result<String, IdentityError> + Send + 'static,
    {
        // A few bytes that say who may sign in: that must not wait for a larger disk.
        let write = self.write_essential(move |tx| {
            let mut account = tx.get(&ACCOUNTS, &(id,))?.ok_or(IdentityError::NoAccount)?;
            let before = account.clone();
            let what = edit(tx, &mut account)?;
            keep_one(&**tx, &before, &account)?;
            tx.put(&ACCOUNTS, &(id,), &account)?;
            tx.append(by.event_about(action, &account, &what))?;
            Ok::<_, IdentityError>(account)
        });
        write.await
    }
}

impl PreparedAccount {
    /// From what was checked and hashed before.
    pub(super) const fn new(row: AccountRow, password: PasswordHash) -> Self {
        Self { row, password: Some(password) }
    }

    pub(super) fn into_password(self) -> Option<PasswordHash> {
        self.password
    }

    pub(super) const fn role(&self) -> Option<Role> {
        self.row.kind.role()
    }

    pub fn display_name(&self) -> &str {
        &self.row.display_name
    }

    pub const fn id(&self) -> AccountId {
        self.row.id
    }

    /// Writes the account and its entry.
    pub fn write(self, tx: &mut AuditedTx<'_, '_>, by: &By) -> Result<AccountRow, IdentityError> {
        let Self { row, password } = self;
        let name = (row.user_name.as_str().to_owned(),);
        if tx.contains(&BY_NAME, &name)? {
            return Err(IdentityError::NameTaken);
        }
        tx.put(&BY_NAME, &name, &AccountKey(row.id))?;
        tx.put(&ACCOUNTS, &(row.id,), &row)?;
        if let Some(person) = &row.person {
            tx.put(&BY_PERSON, &(person.as_str().to_owned(), row.id), &())?;
        }
        if let Some(password) = password {
            tx.put(&CREDENTIALS, &(row.id,), &CredentialRow { password, changed: row.created })?;
        }
        let what = row.role().map_or_else(|| "service".to_owned(), |role| role.to_string());
        tx.append(by.event_about(Action::AccountCreate, &row, &what))?;
        Ok(row)
    }
}

/// The account of a user name in any of its forms.
pub(super) fn by_name(read: &(impl Read + ?Sized), user_name: &str) -> Result<Option<AccountRow>, StoreError> {
    let Ok(name) = UserName::parse(user_name) else { return Ok(None) };
    match read.get(&BY_NAME, &(name.into(),))? {
        Some(AccountKey(id)) => read.get(&ACCOUNTS, &(id,)),
        None => Ok(None),
    }
}

/// The box always has somebody who can look after it, and somebody who can look after permissions.
fn keep_one(read: &(impl Read + ?Sized), before: &AccountRow, after: &AccountRow) -> Result<(), IdentityError> {
    let serves = |account: &AccountRow| account.is_enabled().then_some(account.role()).flatten();
    let lost = serves(before).filter(|role| serves(after) != Some(*role));
    let Some(role @ (Role::Operator | Role::HealthAdmin)) = lost else { return Ok(()) };
    for row in read.scan(&ACCOUNTS, KeyRange::all(), Direction::Up)? {
        let (_, account) = row?;
        if account.id != after.id && serves(&account) == Some(role) {
            return Ok(());
        }
    }
    Err(IdentityError::LastOfRole(role))
}
