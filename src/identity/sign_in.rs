//! Signing in with a password, and changing one's own.

use std::net::IpAddr;

use super::account::{AccountKind, AccountRow, UserName};
use super::password::acceptable;
use super::rows::{ACCOUNTS, CREDENTIALS, CredentialRow};
use super::session::{SessionRow, SessionState};
use super::throttle::{self, Throttle};
use super::types::{Assurance, Listener};
use super::{By, Identity, IdentityError, accounts, sessions};
use crate::audit::{Action, Event, Outcome};
use crate::base::{AccountId, ActorKind, ActorRef, Secret};
use crate::crypto::Tag;
use crate::crypto::password::{PasswordHash, Verdict};
use crate::store::ReadExt;

/// One attempt.
#[derive(Debug, Clone)]
pub struct SignIn {
    pub user_name: String,
    pub password: Secret<String>,
    pub listener: Listener,
    pub origin: Option<IpAddr>,
    pub user_agent: Option<Box<str>>,
    /// The session that the same browser had before: it ends, so that nobody's old secret becomes a new session's.
    pub replaces: Option<Secret<String>>,
}

/// A session was opened.
#[derive(Debug)]
pub struct SignedIn {
    /// For the cookie, and for nothing else.
    pub secret: Secret<String>,
    pub session: SessionRow,
    pub account: AccountRow,
}

/// How somebody shows that they may choose a new password.
#[derive(Debug, Clone)]
pub enum PasswordProof {
    /// By the one they have.
    Current(Secret<String>),
    /// By having just signed in with one that must be changed.
    MustChange,
}

/// What a wrong password and a missing account have in common: the answer, and the work until then.
struct Candidate {
    account: AccountRow,
    password: PasswordHash,
}

impl Identity {
    /// Opens a session for whoever knows the password. Staff cannot sign in at the portal, services nowhere: there
    /// it is as if they had no account.
    ///
    /// # Errors
    /// [`IdentityError::NotRight`], [`IdentityError::Wait`]: the same for accounts that exist and that do not.
    pub async fn sign_in(&self, attempt: SignIn) -> Result<SignedIn, IdentityError> {
        let throttles = self.throttles(&attempt.user_name, attempt.listener, attempt.origin);
        self.heard(&throttles, attempt.origin).await?;
        let turn = self.turn().await?;
        // Those who had their turn before may have failed meanwhile.
        self.heard(&throttles, attempt.origin).await?;

        let found = accounts::by_name(&self.read()?, &attempt.user_name)?;
        let claimed = found.as_ref().map(|account| account.id);
        let candidate = self.candidate(found, attempt.listener)?;
        let stored = candidate.as_ref().map(|one| one.password.clone());
        let verdict = turn.check(&attempt.password, stored).await?;
        let (Some(candidate), Verdict::Right) = (candidate, verdict) else {
            self.note_failure(throttles, claimed, &attempt, Action::SignIn).await?;
            return Err(IdentityError::NotRight);
        };
        let renewed = match candidate.password.is_outdated() {
            true => Some(turn.hash(&attempt.password).await?),
            false => None,
        };
        self.open_session(candidate, renewed, throttles, attempt).await
    }

    /// Changes the password of the account whose session this is. Its other sessions end, and this one gets a new
    /// secret.
    pub async fn change_password(
        &self,
        secret: &Secret<String>,
        proof: PasswordProof,
        new: Secret<String>,
        at: SignInPlace,
    ) -> Result<SignedIn, IdentityError> {
        let SignInPlace { listener, origin, user_agent } = at;
        let (session, account) =
            self.session(&self.read()?, secret.expose(), listener)?.ok_or(IdentityError::NotSignedIn)?;
        acceptable(&new, &[account.user_name.as_str(), &account.display_name]).await?;
        let stored = self.read()?.get(&CREDENTIALS, &(account.id,))?.ok_or(IdentityError::NotSignedIn)?;
        let throttles = self.throttles(account.user_name.as_str(), listener, origin);
        self.heard(&throttles, origin).await?;
        let turn = self.turn().await?;
        match (&proof, session.state) {
            (PasswordProof::MustChange, SessionState::PendingNewPassword(_)) => {}
            (PasswordProof::MustChange, _) => return Err(IdentityError::NotRight),
            (PasswordProof::Current(current), _) => {
                self.heard(&throttles, origin).await?;
                if turn.check(current, Some(stored.password.clone())).await? == Verdict::Wrong {
                    let user_name = account.user_name.to_string();
                    let password = current.clone();
                    let attempt = SignIn { user_name, password, listener, origin, user_agent, replaces: None };
                    self.note_failure(throttles, Some(account.id), &attempt, Action::PasswordChange).await?;
                    return Err(IdentityError::NotRight);
                }
            }
        }
        if turn.check(&new, Some(stored.password.clone())).await? == Verdict::Right {
            return Err(IdentityError::SamePassword);
        }
        let password = turn.hash(&new).await?;
        let assurance = match session.state {
            SessionState::Open(assurance) | SessionState::PendingNewPassword(assurance) => assurance,
            SessionState::PendingSecondFactor => return Err(IdentityError::NotSignedIn),
        };

        let (secret, tag) = self.new_secret(sessions::SESSION, "");
        let mut row = SessionRow::new(account.id, listener, SessionState::Open(assurance), self.ambient());
        (row.origin, row.user_agent, row.created) = (origin, user_agent.clone(), session.created);
        let now = self.now();
        let write = self.write_essential(move |tx| {
            let mut account = tx.get(&ACCOUNTS, &(account.id,))?.ok_or(IdentityError::NotSignedIn)?;
            // Disabled, or another password set, since we looked: then this session has ended.
            let unchanged = tx.get(&CREDENTIALS, &(account.id,))?.is_some_and(|one| one == stored);
            if !account.is_enabled() || !unchanged {
                return Err(IdentityError::NotSignedIn);
            }
            account.must_change_password = false;
            sessions::end_all(tx, account.id)?;
            throttle::succeeded(tx, &throttles)?;
            tx.put(&ACCOUNTS, &(account.id,), &account)?;
            tx.put(&CREDENTIALS, &(account.id,), &CredentialRow { password, changed: now })?;
            sessions::open(tx, tag, &row)?;
            let by = By { actor: self_as_actor(&account), session: Some(row.id), origin, user_agent };
            tx.append(by.event_about(Action::PasswordChange, &account, ""))?;
            Ok::<_, IdentityError>((row, account))
        });
        let (session, account) = write.await?;
        Ok(SignedIn { secret, session, account })
    }

    /// Takes the password of somebody who is signed in once more, before something that cannot be undone. It is throttled
    /// and written down as a sign-in is.
    ///
    /// # Errors
    /// [`IdentityError::NotRight`], [`IdentityError::Wait`].
    pub async fn prove(
        &self,
        account: &AccountRow,
        password: &Secret<String>,
        at: SignInPlace,
        by: By,
    ) -> Result<(), IdentityError> {
        let SignInPlace { listener, origin, user_agent } = at;
        let throttles = self.throttles(account.user_name.as_str(), listener, origin);
        self.heard(&throttles, origin).await?;
        let turn = self.turn().await?;
        self.heard(&throttles, origin).await?;
        let stored = self.read()?.get(&CREDENTIALS, &(account.id,))?.map(|row| row.password);
        if turn.check(password, stored).await? == Verdict::Wrong {
            let (user_name, password) = (account.user_name.to_string(), password.clone());
            let attempt = SignIn { user_name, password, listener, origin, user_agent, replaces: None };
            self.note_failure(throttles, Some(account.id), &attempt, Action::StepUp).await?;
            return Err(IdentityError::NotRight);
        }
        let write = self.write_essential(move |tx| {
            throttle::succeeded(tx, &throttles)?;
            tx.append(by.event(Action::StepUp, None))?;
            Ok::<_, IdentityError>(())
        });
        write.await
    }

    /// Each listener counts for itself: who only reaches the portal cannot keep staff out of the clinic.
    fn throttles(&self, user_name: &str, listener: Listener, origin: Option<IpAddr>) -> Vec<Throttle> {
        let name = UserName::parse(user_name).map_or_else(|_| user_name.to_owned(), String::from);
        let address = origin.map(Throttle::address);
        std::iter::once(self.throttle_of_name(listener, &name)).chain(address).collect()
    }

    /// The account, if one can sign in with it here.
    fn candidate(&self, found: Option<AccountRow>, listener: Listener) -> Result<Option<Candidate>, IdentityError> {
        let Some(account) = found else { return Ok(None) };
        let AccountKind::Person(role) = account.kind else { return Ok(None) };
        let welcome = match listener {
            Listener::Clinic => true,
            Listener::Portal => !role.is_staff(),
            Listener::Control | Listener::None => false,
        };
        if !welcome || !account.is_enabled() {
            return Ok(None);
        }
        let credential = self.read()?.get(&CREDENTIALS, &(account.id,))?;
        Ok(credential.map(|row| Candidate { account, password: row.password }))
    }

    async fn open_session(
        &self,
        candidate: Candidate,
        renewed: Option<PasswordHash>,
        throttles: Vec<Throttle>,
        attempt: SignIn,
    ) -> Result<SignedIn, IdentityError> {
        let Candidate { account, password } = candidate;
        let state = match account.must_change_password {
            true => SessionState::PendingNewPassword(Assurance::Password),
            false => SessionState::Open(Assurance::Password),
        };
        let (secret, tag) = self.new_secret(sessions::SESSION, "");
        let mut session = SessionRow::new(account.id, attempt.listener, state, self.ambient());
        session.origin = attempt.origin;
        session.user_agent = attempt.user_agent.as_deref().map(|agent| agent.chars().take(200).collect());
        let now = self.now();
        let replaced: Option<Tag> = attempt.replaces.as_ref().and_then(|old| self.session_tag(old.expose()));
        let write = self.write_essential(move |tx| {
            // Disabled, or another password set, while this one was being checked.
            let now_stored = tx.get(&CREDENTIALS, &(account.id,))?.filter(|row| row.password == password);
            let now_account = tx.get(&ACCOUNTS, &(account.id,))?.filter(|row| *row == account);
            let (Some(credential), Some(account)) = (now_stored, now_account) else {
                return Err(IdentityError::NotRight);
            };
            if let Some(password) = renewed {
                tx.put(&CREDENTIALS, &(account.id,), &CredentialRow { password, ..credential })?;
            }
            if let Some(tag) = replaced {
                sessions::leave(tx, tag, now)?;
            }
            throttle::succeeded(tx, &throttles)?;
            sessions::open(tx, tag, &session)?;
            let (origin, user_agent) = (attempt.origin, attempt.user_agent);
            let by = By { actor: self_as_actor(&account), session: Some(session.id), origin, user_agent };
            tx.append(by.event(Action::SignIn, None))?;
            Ok::<_, IdentityError>((session, account))
        });
        let (session, account) = write.await?;
        Ok(SignedIn { secret, session, account })
    }

    /// The entry names the account that was tried, if there is one, and never the name as typed: it may be a
    /// password that went into the wrong field.
    async fn note_failure(
        &self,
        throttles: Vec<Throttle>,
        claimed: Option<AccountId>,
        attempt: &SignIn,
        action: Action,
    ) -> Result<(), IdentityError> {
        let now = self.now();
        let actor = ActorRef { account: claimed, ..ActorRef::anonymous() };
        let by = By { actor, session: None, origin: attempt.origin, user_agent: attempt.user_agent.clone() };
        let event: Event = by.event(action, None).outcome(Outcome::Denied);
        let write = self.write_essential(move |tx| {
            throttle::failed(tx, &throttles, now)?;
            tx.append(event)?;
            Ok::<_, IdentityError>(())
        });
        write.await
    }
}

/// Where somebody is while they change their password.
#[derive(Debug, Clone)]
pub struct SignInPlace {
    pub listener: Listener,
    pub origin: Option<IpAddr>,
    pub user_agent: Option<Box<str>>,
}

fn self_as_actor(account: &AccountRow) -> ActorRef {
    ActorRef {
        kind: ActorKind::Person,
        account: Some(account.id),
        role: account.role(),
        person: account.person.clone(),
        on_behalf_of: None,
        job: None,
    }
}
