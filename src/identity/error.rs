//! What can go wrong with accounts and signing in.

use crate::audit::AuditError;
use crate::base::{Role, Timestamp};
use crate::crypto::kdf::KdfError;
use crate::crypto::password::WeakPassword;
use crate::store::StoreError;

/// Each says what happened and what to do. None says whether an account exists to somebody who did not sign in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Password(#[from] KdfError),
    #[error("the box is stopping; try again when it runs")]
    Stopping,

    #[error("the user name or the password is not right; check both and try again")]
    NotRight,
    /// Show the time in the clinic's own time zone.
    #[error("there were too many attempts; you can sign in again at {until}")]
    Wait { until: Timestamp },
    #[error("you are not signed in any more; sign in again")]
    NotSignedIn,

    #[error(transparent)]
    Weak(#[from] WeakPassword),
    #[error("an account of a person needs a first password")]
    NoPassword,
    #[error("this is the password you had; choose another one")]
    SamePassword,
    #[error("a user name has 2 to 64 letters, digits and . _ - @, and begins with a letter or a digit")]
    BadUserName,
    #[error("say who this is: a name of 1 to 200 characters")]
    BadDisplayName,
    #[error("this user name is taken; choose another one")]
    NameTaken,
    #[error("there is no such account; `chartbox user list` shows those there are")]
    NoAccount,
    #[error("this is the last enabled account with the role {0}; make another one first")]
    LastOfRole(Role),
    #[error("a service account has no password and no role; it signs in with a token (`chartbox token create`)")]
    IsService,

    #[error("only the account of a patient, or of somebody who acts for one, can act for somebody")]
    NotForPatients,

    #[error("there is no such session; it may have ended already")]
    NoSession,

    #[error("there is no such token; `chartbox token list` shows those there are")]
    NoToken,
    #[error("tokens are for service accounts; make one with `chartbox user add --service`")]
    NotAService,
    #[error("say what the token may do, for example --scope system/Observation.rs")]
    NoScope,
    #[error("a token lives between one minute and 366 days; choose a time in between")]
    BadLifetime,

    #[error("this setup code is not right; look at the console or the log of the box and try again")]
    WrongCode,
    #[error("this box has been set up already; sign in with an account that was made then")]
    AlreadySetUp,
    #[error("this box has no setup code; `chartbox init` makes one")]
    NoCode,
    #[error("the setup was not finished in time, or not filled in; type the setup code again")]
    NoDraft,
    #[error("this code approves nothing here; copy it once more, or have the health administrator make another one")]
    WrongApproval,
    #[error("this code was used already; have the health administrator make another one")]
    ApprovalUsed,
    #[error("this code is good no more; have the health administrator make another one and use it within 15 minutes")]
    ApprovalEnded,

    #[error("code and birth date do not belong together; look at both again, or ask at the reception")]
    WrongInvitation,
    #[error("this invitation is good no more; ask at the reception for another one")]
    InvitationEnded,

    #[error("the setup makes a health administrator, an operator and a clinician: one account each")]
    SetupRoles,
}

impl From<StoreError> for IdentityError {
    fn from(error: StoreError) -> Self {
        Self::Audit(error.into())
    }
}
