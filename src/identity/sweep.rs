//! Taking away what has ended: sessions, tokens, drafts of a setup, approvals, throttles that say nothing any more.

use std::time::Duration;

use super::rows::{
    ACCOUNTS, APPROVALS, INVITATIONS, SESSIONS, SESSIONS_OF, SETUP_DRAFTS, THROTTLES, TOKENS, TOKENS_OF,
};
use super::throttle::is_forgotten;
use super::{Identity, IdentityError, after, approval, draft, invitation};
use crate::store::{Direction, KeyRange, Read, ReadExt, StoreError, Tx};

/// How long a session that has ended is still known, so that a form that comes late finds whose it is.
const REMEMBERED: Duration = Duration::from_secs(12 * 3600);

impl Identity {
    /// Takes away what has ended, and answers with how many rows. To be called now and then, hourly say. What it
    /// removes was good for nothing already, so that no entry in the access log is made.
    pub async fn sweep(&self) -> Result<usize, IdentityError> {
        let found = self.ended(&self.read()?)?;
        if found.is_empty() {
            return Ok(0);
        }
        let this = self.clone();
        let write = self.audit.store().write_essential(move |tx| {
            // Looked up again here: a session may have been used since.
            let ended = this.ended(tx)?;
            for one in &ended {
                one.remove(tx)?;
            }
            Ok::<_, StoreError>(ended.len())
        });
        Ok(write.await?)
    }

    fn ended(&self, read: &(impl Read + ?Sized)) -> Result<Vec<Ended>, StoreError> {
        let now = self.now();
        let mut ended = Vec::new();
        for row in read.scan(&SESSIONS, KeyRange::all(), Direction::Up)? {
            let ((tag,), session) = row?;
            let account = read.get(&ACCOUNTS, &(session.account,))?;
            if account.is_none_or(|account| after(self.ends(&session, &account), REMEMBERED) <= now) {
                ended.push(Ended::Session { tag, of: (session.account, session.id) });
            }
        }
        for row in read.scan(&TOKENS, KeyRange::all(), Direction::Up)? {
            let ((tag,), token) = row?;
            if token.expires <= now {
                ended.push(Ended::Token { tag, of: (token.account, token.id) });
            }
        }
        for row in read.scan(&THROTTLES, KeyRange::all(), Direction::Up)? {
            let (key, throttle) = row?;
            if is_forgotten(key.0, &throttle, now) {
                ended.push(Ended::Throttle(key));
            }
        }
        for row in read.scan(&SETUP_DRAFTS, KeyRange::all(), Direction::Up)? {
            let ((tag,), draft) = row?;
            if draft::has_ended(&draft, now) {
                ended.push(Ended::Draft(tag));
            }
        }
        for row in read.scan(&APPROVALS, KeyRange::all(), Direction::Up)? {
            let ((tag,), found) = row?;
            if approval::is_forgotten(&found, now) {
                ended.push(Ended::Approval(tag));
            }
        }
        for row in read.scan(&INVITATIONS, KeyRange::all(), Direction::Up)? {
            let ((tag,), found) = row?;
            if invitation::is_forgotten(&found, now) {
                ended.push(Ended::Invitation(tag));
            }
        }
        Ok(ended)
    }
}

enum Ended {
    Session { tag: [u8; 32], of: (crate::base::AccountId, crate::base::SessionId) },
    Token { tag: [u8; 32], of: (crate::base::AccountId, crate::base::TokenId) },
    Throttle((u8, Vec<u8>)),
    Draft([u8; 32]),
    Approval([u8; 32]),
    Invitation([u8; 32]),
}

impl Ended {
    fn remove(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        match self {
            Self::Session { tag, of } => {
                tx.delete(&SESSIONS, &(*tag,))?;
                tx.delete(&SESSIONS_OF, of)
            }
            Self::Token { tag, of } => {
                tx.delete(&TOKENS, &(*tag,))?;
                tx.delete(&TOKENS_OF, of)
            }
            Self::Throttle(key) => tx.delete(&THROTTLES, key),
            Self::Draft(tag) => tx.delete(&SETUP_DRAFTS, &(*tag,)),
            Self::Approval(tag) => tx.delete(&APPROVALS, &(*tag,)),
            Self::Invitation(tag) => tx.delete(&INVITATIONS, &(*tag,)),
        }
    }
}
