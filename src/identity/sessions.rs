//! Knowing a session again, listing sessions, ending them.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;

use super::account::AccountRow;
use super::rows::{ACCOUNTS, SESSIONS, SESSIONS_OF, TagRow};
use super::session::SessionRow;
use super::types::Listener;
use super::{By, Identity, IdentityError, after};
use crate::audit::{Action, AuditedTx};
use crate::base::{AccountId, Secret, SessionId, Timestamp, counted};
use crate::crypto::Tag;
use crate::store::{Direction, KeyRange, Read, ReadExt, StoreError};

/// How often a session's last use is written.
pub(super) const STAMP_EVERY: Duration = Duration::from_secs(60);

impl Identity {
    /// Whose session this is, as it stands in `read`: two look-ups. `None` if there is none, if it belongs to another
    /// listener, was idle too long or is too old, or its account is disabled.
    pub fn session(
        &self,
        read: &(impl Read + ?Sized),
        secret: &str,
        listener: Listener,
    ) -> Result<Option<(SessionRow, AccountRow)>, StoreError> {
        let Some(tag) = self.session_tag(secret) else { return Ok(None) };
        let Some(session) = read.get(&SESSIONS, &(*tag.as_bytes(),))? else { return Ok(None) };
        let Some(account) = read.get(&ACCOUNTS, &(session.account,))? else { return Ok(None) };
        let good = session.listener == listener && account.is_enabled() && self.now() < self.ends(&session, &account);
        Ok(good.then_some((session, account)))
    }

    /// A session that has ended by itself and whose account may still sign in: whose form comes late. It opens nothing.
    pub fn ended_session(
        &self,
        read: &(impl Read + ?Sized),
        secret: &str,
        listener: Listener,
    ) -> Result<Option<SessionRow>, StoreError> {
        let Some(tag) = self.session_tag(secret) else { return Ok(None) };
        let Some(session) = read.get(&SESSIONS, &(*tag.as_bytes(),))? else { return Ok(None) };
        let Some(account) = read.get(&ACCOUNTS, &(session.account,))? else { return Ok(None) };
        let ended = self.ends(&session, &account) <= self.now();
        Ok((session.listener == listener && account.is_enabled() && ended).then_some(session))
    }

    /// A session that has ended, by the token that stands in the forms of its pages: where the browser has lost the cookie,
    /// or has one of a later session.
    pub fn ended_session_of_form(
        &self,
        read: &(impl Read + ?Sized),
        token: &str,
        listener: Listener,
    ) -> Result<Option<SessionRow>, StoreError> {
        for row in read.scan(&SESSIONS, KeyRange::all(), Direction::Up)? {
            let (_, session) = row?;
            if session.listener != listener || !session.is_form_token(token) {
                continue;
            }
            let Some(account) = read.get(&ACCOUNTS, &(session.account,))? else { return Ok(None) };
            let ended = self.ends(&session, &account) <= self.now();
            return Ok((account.is_enabled() && ended).then_some(session));
        }
        Ok(None)
    }

    /// When a session ends if nothing more is heard of it.
    pub fn ends(&self, session: &SessionRow, account: &AccountRow) -> Timestamp {
        let staff = account.role().is_some_and(crate::base::Role::is_staff);
        let idle = if staff { self.settings.staff_idle } else { self.settings.patient_idle };
        let by_itself = after(session.last_used, idle).min(after(session.created, self.settings.absolute));
        session.ended.map_or(by_itself, |ended| ended.min(by_itself))
    }

    /// Notes that a session was used. Cheap to call with every request of a person (and not with those that a page
    /// makes by itself): it is written at most once a minute. Use is in the access log entry by entry, so this
    /// stamp has none.
    pub async fn note_use(&self, secret: &str, session: &SessionRow) -> Result<(), IdentityError> {
        let now = self.now();
        let Some(tag) = self.session_tag(secret).filter(|_| after(session.last_used, STAMP_EVERY) <= now) else {
            return Ok(());
        };
        let write = self.audit.store().write_essential(move |tx| {
            let key = (*tag.as_bytes(),);
            if let Some(mut row) = tx.get(&SESSIONS, &key)? {
                row.last_used = row.last_used.max(now);
                tx.put(&SESSIONS, &key, &row)?;
            }
            Ok::<_, StoreError>(())
        });
        Ok(write.await?)
    }

    /// The open sessions of an account, newest first.
    pub fn sessions_of(&self, account: &AccountRow) -> Result<Vec<SessionRow>, StoreError> {
        let (read, now) = (self.read()?, self.now());
        let mut open = Vec::new();
        for row in read.scan(&SESSIONS_OF, KeyRange::prefix(&(account.id,)), Direction::Down)? {
            let (_, TagRow(tag)) = row?;
            open.extend(read.get(&SESSIONS, &(*tag.as_bytes(),))?.filter(|one| now < self.ends(one, account)));
        }
        Ok(open)
    }

    /// Ends the session that asks. It is no error if it had ended.
    pub async fn sign_out(&self, secret: &str, by: By) -> Result<(), IdentityError> {
        let Some(tag) = self.session_tag(secret) else { return Ok(()) };
        if self.read()?.get(&SESSIONS, &(*tag.as_bytes(),))?.is_none_or(|session| session.ended.is_some()) {
            return Ok(());
        }
        let now = self.now();
        let write = self.write_essential(move |tx| {
            leave(tx, tag, now)?;
            tx.append(by.event(Action::SignOut, None))?;
            Ok::<_, IdentityError>(())
        });
        write.await
    }

    /// Ends one session of an account: one's own, or another's by the operator.
    pub async fn end_session(&self, account: AccountId, session: SessionId, by: By) -> Result<(), IdentityError> {
        let now = self.now();
        let write = self.write_essential(move |tx| {
            let TagRow(tag) = tx.get(&SESSIONS_OF, &(account, session))?.ok_or(IdentityError::NoSession)?;
            let row = tx.get(&ACCOUNTS, &(account,))?.ok_or(IdentityError::NoAccount)?;
            if !leave(tx, tag, now)? {
                return Err(IdentityError::NoSession);
            }
            tx.append(by.event_about(Action::SessionEnd, &row, &format!("session {session}")))?;
            Ok::<_, IdentityError>(())
        });
        write.await
    }

    /// Ends all sessions of an account but `keep`, and answers with how many.
    pub async fn end_sessions(
        &self,
        account: AccountId,
        keep: Option<SessionId>,
        by: By,
    ) -> Result<usize, IdentityError> {
        let now = self.now();
        let write = self.write_essential(move |tx| {
            let row = tx.get(&ACCOUNTS, &(account,))?.ok_or(IdentityError::NoAccount)?;
            let mut ended = 0;
            for (session, tag) in all_of(tx, account)? {
                ended += usize::from(Some(session) != keep && leave(tx, tag, now)?);
            }
            tx.append(by.event_about(Action::SessionEnd, &row, &counted(ended as u64, "session", "sessions")))?;
            Ok::<_, IdentityError>(ended)
        });
        write.await
    }

    /// A new secret and its tag: 256 random bits, as 43 characters of base64url.
    pub(super) fn new_secret(&self, domain: &'static str, prefix: &str) -> (Secret<String>, Tag) {
        let bytes = Secret::new(self.ambient().bytes::<32>());
        let text = Secret::new(format!("{prefix}{}", BASE64URL_NOPAD.encode(bytes.expose())));
        (text, self.key.tag(domain, bytes.expose()))
    }

    pub(super) fn tag_of(&self, domain: &'static str, text: &str) -> Option<Tag> {
        let bytes = Secret::new(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?);
        (bytes.expose().len() == 32).then(|| self.key.tag(domain, bytes.expose()))
    }

    pub(super) fn session_tag(&self, secret: &str) -> Option<Tag> {
        self.tag_of(SESSION, secret)
    }
}

pub(super) const SESSION: &str = "session";

/// Puts a session under its tag.
pub(super) fn open(tx: &mut AuditedTx<'_, '_>, tag: Tag, session: &SessionRow) -> Result<(), StoreError> {
    tx.put(&SESSIONS, &(*tag.as_bytes(),), session)?;
    tx.put(&SESSIONS_OF, &(session.account, session.id), &TagRow(tag))
}

/// Ends one session: it opens nothing any more. A page of it that is still open may hold words that were not sent yet, so it
/// is known for a while whose they are. Answers whether it was not ended before.
pub(super) fn leave(tx: &mut AuditedTx<'_, '_>, tag: Tag, now: Timestamp) -> Result<bool, StoreError> {
    let key = (*tag.as_bytes(),);
    let open = tx.get(&SESSIONS, &key)?.filter(|session| session.ended.is_none());
    let Some(session) = open else { return Ok(false) };
    tx.put(&SESSIONS, &key, &session.left(now))?;
    Ok(true)
}

fn all_of(tx: &AuditedTx<'_, '_>, account: AccountId) -> Result<Vec<(SessionId, Tag)>, StoreError> {
    let rows = tx.scan(&SESSIONS_OF, KeyRange::prefix(&(account,)), Direction::Up)?;
    rows.map(|row| row.map(|((_, session), TagRow(tag))| (session, tag))).collect()
}

/// Takes one session away, if it is there.
pub(super) fn end(tx: &mut AuditedTx<'_, '_>, tag: Tag) -> Result<(), StoreError> {
    let key = (*tag.as_bytes(),);
    if let Some(session) = tx.get(&SESSIONS, &key)? {
        tx.delete(&SESSIONS_OF, &(session.account, session.id))?;
        tx.delete(&SESSIONS, &key)?;
    }
    Ok(())
}

/// Takes all sessions of an account away: whoever had them is not to be known by them any more.
pub(super) fn end_all(tx: &mut AuditedTx<'_, '_>, account: AccountId) -> Result<(), StoreError> {
    all_of(tx, account)?.into_iter().try_for_each(|(_, tag)| end(tx, tag))
}
