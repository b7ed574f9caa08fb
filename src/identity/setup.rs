//! The setup code: shown at the first start, good once, for the three accounts that a box begins with.

use super::account::{AccountKind, AccountRow};
use super::accounts::{NewAccount, PreparedAccount};
use super::password::{readable, typed};
use super::rows::{SETUP, SetupRow, THE_SETUP};
use super::throttle::{self, Throttle};
use super::{By, Identity, IdentityError};
use crate::audit::{Action, AuditedTx, Outcome};
use crate::base::{Role, Secret, Timestamp};
use crate::crypto::Tag;
use crate::store::{Read, ReadExt, StoreError};

/// Ten of 29 characters: 48 bits, against at most a hundred guesses a day.
const LENGTH: usize = 10;
const DOMAIN: &str = "setup code";

/// Whether the box waits to be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetupState {
    /// Nobody has made a code yet.
    NoCode,
    /// A code was shown, and nobody has used it.
    Waiting,
    Done,
}

/// The three accounts, checked and hashed, and the code as it was typed.
#[derive(Debug)]
struct PreparedSetup {
    code: Tag,
    accounts: [PreparedAccount; 3],
    now: Timestamp,
}

impl Identity {
    pub fn setup_state(&self) -> Result<SetupState, StoreError> {
        setup_state(&self.read()?)
    }

    /// Makes a setup code and answers with it, in two groups of five characters. A code that was shown before and
    /// not used is good no more.
    ///
    /// # Errors
    /// [`IdentityError::AlreadySetUp`].
    pub async fn make_setup_code(&self, by: By) -> Result<Secret<String>, IdentityError> {
        let code = Secret::new(readable(self.ambient(), LENGTH));
        let tag = self.setup_tag(&code);
        let write = self.write(move |tx| {
            if setup_state(&**tx)? == SetupState::Done {
                return Err(IdentityError::AlreadySetUp);
            }
            tx.put(&SETUP, &THE_SETUP, &SetupRow::Waiting(tag))?;
            tx.append(by.event(Action::Setup, Some("made a setup code".into())).outcome(Outcome::Started))?;
            Ok(())
        });
        write.await?;
        Ok(code)
    }

    /// Whether a setup code is the right one, for the wizard's first step. Attempts are throttled, all together.
    pub async fn check_setup_code(&self, code: &Secret<String>, by: By) -> Result<(), IdentityError> {
        self.heard(&[Throttle::setup()], by.origin).await?;
        match right_code(&self.read()?, self.setup_tag(code)) {
            Err(IdentityError::WrongCode) => self.wrong_code(by).await,
            other => other,
        }
    }

    /// Checks the three accounts and hashes their passwords. They must be a health administrator, an operator and a
    /// clinician, in any order.
    async fn prepare_setup(
        &self,
        code: &Secret<String>,
        accounts: [NewAccount; 3],
    ) -> Result<PreparedSetup, IdentityError> {
        let has = |role| accounts.iter().any(|account| account.kind == AccountKind::Person(role));
        if !(has(Role::HealthAdmin) && has(Role::Operator) && has(Role::Clinician)) {
            return Err(IdentityError::SetupRoles);
        }
        let [one, two, three] = accounts;
        let accounts =
            [self.prepare_account(one).await?, self.prepare_account(two).await?, self.prepare_account(three).await?];
        Ok(PreparedSetup { code: self.setup_tag(code), accounts, now: self.now() })
    }

    /// Makes the three accounts and uses the code up, in one transaction: of two that try at once one wins, and the
    /// other hears that the box is set up. An account may be linked to a Practitioner that is yet to be written.
    pub async fn complete_setup(
        &self,
        code: &Secret<String>,
        accounts: [NewAccount; 3],
        by: By,
    ) -> Result<Vec<AccountRow>, IdentityError> {
        self.check_setup_code(code, by.clone()).await?;
        let prepared = self.prepare_setup(code, accounts).await?;
        let who = by.clone();
        match self.write(move |tx| prepared.write(tx, &who)).await {
            // A new code was made meanwhile.
            Err(IdentityError::WrongCode) => self.wrong_code(by).await.map(|()| Vec::new()),
            other => other,
        }
    }

    async fn wrong_code(&self, by: By) -> Result<(), IdentityError> {
        let now = self.now();
        let write = self.write_essential(move |tx| {
            throttle::failed(tx, &[Throttle::setup()], now)?;
            tx.append(by.event(Action::Setup, Some("wrong setup code".into())).outcome(Outcome::Denied))?;
            Ok::<_, IdentityError>(())
        });
        write.await?;
        Err(IdentityError::WrongCode)
    }

    fn setup_tag(&self, code: &Secret<String>) -> Tag {
        let code = Secret::new(typed(code.expose()));
        self.key.tag(DOMAIN, code.expose().as_bytes())
    }
}

impl PreparedSetup {
    fn write(self, tx: &mut AuditedTx<'_, '_>, by: &By) -> Result<Vec<AccountRow>, IdentityError> {
        right_code(&**tx, self.code)?;
        tx.put(&SETUP, &THE_SETUP, &SetupRow::Done(self.now))?;
        throttle::succeeded(tx, &[Throttle::setup()])?;
        let rows = self.accounts.into_iter().map(|account| account.write(tx, by)).collect::<Result<_, _>>()?;
        tx.append(by.event(Action::Setup, None))?;
        Ok(rows)
    }
}

fn setup_state(read: &(impl Read + ?Sized)) -> Result<SetupState, StoreError> {
    Ok(match read.get(&SETUP, &THE_SETUP)? {
        None => SetupState::NoCode,
        Some(SetupRow::Waiting(_)) => SetupState::Waiting,
        Some(SetupRow::Done(_)) => SetupState::Done,
    })
}

fn right_code(read: &(impl Read + ?Sized), code: Tag) -> Result<(), IdentityError> {
    match read.get(&SETUP, &THE_SETUP)? {
        None => Err(IdentityError::NoCode),
        Some(SetupRow::Done(_)) => Err(IdentityError::AlreadySetUp),
        Some(SetupRow::Waiting(right)) if right == code => Ok(()),
        Some(SetupRow::Waiting(_)) => Err(IdentityError::WrongCode),
    }
}
