//! The setup code: shown at the first start, good once, for the three accounts that a box begins with.

use super::account::AccountRow;
use super::accounts::PreparedAccount;
use super::password::{readable, typed};
use super::rows::{SETUP, SetupRow, THE_SETUP};
use super::throttle::{self, Throttle};
use super::{By, Identity, IdentityError, draft};
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
pub struct PreparedSetup {
    code: Tag,
    accounts: Vec<PreparedAccount>,
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

    /// Counts a setup that came with a code which is good no more: a new one was made meanwhile.
    ///
    /// # Errors
    /// [`IdentityError::WrongCode`], if it could be counted.
    pub async fn wrong_setup_code(&self, by: By) -> Result<(), IdentityError> {
        self.wrong_code(by).await
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

    pub(super) fn setup_tag(&self, code: &Secret<String>) -> Tag {
        let code = Secret::new(typed(code.expose()));
        self.key.tag(DOMAIN, code.expose().as_bytes())
    }
}

impl PreparedSetup {
    /// They must be a health administrator, an operator and a clinician, in any order.
    pub(super) fn new(code: Tag, accounts: Vec<PreparedAccount>, now: Timestamp) -> Result<Self, IdentityError> {
        let has = |role| accounts.iter().any(|account| account.role() == Some(role));
        let right = accounts.len() == 3 && has(Role::HealthAdmin) && has(Role::Operator) && has(Role::Clinician);
        if right { Ok(Self { code, accounts, now }) } else { Err(IdentityError::SetupRoles) }
    }

    /// The clinician's name, as others see it.
    pub fn clinician(&self) -> &str {
        let clinician = self.accounts.iter().find(|account| account.role() == Some(Role::Clinician));
        clinician.map_or("", PreparedAccount::display_name)
    }

    /// Makes the three accounts and uses the code up: of two that try at once one wins, and the other hears that the
    /// box is set up.
    ///
    /// # Errors
    /// [`IdentityError::AlreadySetUp`], [`IdentityError::NameTaken`]; [`IdentityError::WrongCode`] when a new code was
    /// made meanwhile.
    pub fn write(self, tx: &mut AuditedTx<'_, '_>, by: &By) -> Result<Vec<AccountRow>, IdentityError> {
        right_code(&**tx, self.code)?;
        draft::end_all(tx)?;
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
