//! Accounts, credentials, sessions, tokens and throttles: who somebody is, never what they may do.
//!
//! Every change and every attempt to sign in is an entry in the access log, in the same transaction. No secret is
//! stored: of passwords an Argon2id hash, of session secrets, tokens and the setup code a keyed tag.

mod account;
mod accounts;
mod approval;
mod by;
mod draft;
mod error;
mod invitation;
mod links;
mod password;
mod rows;
mod session;
mod sessions;
mod setup;
mod sign_in;
mod sweep;
#[cfg(test)]
mod tests;
mod throttle;
mod token;
mod tokens;
mod types;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

pub use account::{AccountKind, AccountRow, AccountState, UserName};
pub use accounts::{FirstPassword, NewAccount, PreparedAccount};
pub use approval::{APPROVAL_LASTS, Approval, ApprovalState, Approves};
pub use by::By;
pub use draft::{DRAFT_KEPT, DraftAccount, DraftFaults};
pub use error::IdentityError;
pub use invitation::{Chosen, INVITATION_LASTS, INVITATION_TRIES, Invitation, InvitationState, Invited, Shown};
pub use links::Link;
pub use session::{SessionRow, SessionState};
pub use setup::{PreparedSetup, SetupState};
pub use sign_in::{PasswordProof, SignIn, SignInPlace, SignedIn};
pub use token::TokenRow;
pub use types::{Assurance, Listener};

use crate::audit::{Audit, AuditedTx};
use crate::base::{Ambient, Timestamp};
use crate::crypto::MacKey;
use crate::store::{Kept, Snapshot, StoreError};

/// How many passwords are hashed or checked at once: each takes 19 MiB (DESIGN §6).
const AT_ONCE: usize = 2;

/// What the clinic can set.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// After how long without a request a staff session ends.
    pub staff_idle: Duration,
    /// The same for patients and proxies.
    pub patient_idle: Duration,
    /// After how long any session ends, however busy.
    pub absolute: Duration,
    pub token_holders: TokenHolders,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            staff_idle: Duration::from_secs(15 * 60),
            patient_idle: Duration::from_secs(15 * 60),
            absolute: Duration::from_secs(12 * 3600),
            token_holders: TokenHolders::Services,
        }
    }
}

/// For which accounts tokens can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenHolders {
    /// On a real box: accounts of kind service.
    Services,
    /// In a demo: any account.
    Anybody,
}

/// A token with whose it is.
type Held = Arc<(TokenRow, AccountRow)>;

/// Accounts and everything by which they are known again. Clones share it.
#[derive(Clone)]
pub struct Identity {
    audit: Audit,
    key: Arc<MacKey>,
    settings: Settings,
    hashing: Arc<Semaphore>,
    /// Whose a token is, by its tag; nobody's where there is none.
    known_tokens: Arc<Kept<[u8; 32], Option<Held>>>,
}

impl Identity {
    /// `key` is [`Root::token_key`](crate::crypto::Root::token_key).
    pub fn new(audit: Audit, key: MacKey, settings: Settings) -> Self {
        let hashing = Arc::new(Semaphore::new(AT_ONCE));
        Self { audit, key: Arc::new(key), settings, hashing, known_tokens: Arc::default() }
    }

    pub fn read(&self) -> Result<Snapshot, StoreError> {
        self.audit.read()
    }

    /// One audited change; nothing of it is disclosed, so the proof is not needed.
    async fn write<T, F>(&self, job: F) -> Result<T, IdentityError>
    where
        F: FnOnce(&mut AuditedTx<'_, '_>) -> Result<T, IdentityError> + Send + 'static,
        T: Send + 'static,
    {
        self.audit.write(job).await.map(|(value, _)| value)
    }

    /// [`Identity::write`] for what people need to sign in and read, and for what keeps others out: it goes on when the
    /// disk is almost full.
    async fn write_essential<T, F>(&self, job: F) -> Result<T, IdentityError>
    where
        F: FnOnce(&mut AuditedTx<'_, '_>) -> Result<T, IdentityError> + Send + 'static,
        T: Send + 'static,
    {
        self.audit.write_essential(job).await.map(|(value, _)| value)
    }

    fn ambient(&self) -> &Ambient {
        self.audit.ambient()
    }

    fn now(&self) -> Timestamp {
        self.ambient().now()
    }
}

fn after(start: Timestamp, by: Duration) -> Timestamp {
    start
        .saturating_add(jiff::SignedDuration::try_from(by).unwrap_or(jiff::SignedDuration::MAX))
        .unwrap_or(Timestamp::MAX)
}
