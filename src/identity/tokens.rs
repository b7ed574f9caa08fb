//! Bearer tokens for API clients: shown once, stored as a keyed tag, good until they expire or are revoked.

use std::sync::Arc;
use std::time::Duration;

use super::account::{AccountKind, AccountRow};
use super::rows::{ACCOUNTS, TOKENS, TOKENS_OF, TagRow};
use super::sessions::STAMP_EVERY;
use super::token::TokenRow;
use super::{By, Identity, IdentityError, TokenHolders, after};
use crate::audit::Action;
use crate::base::{AccountId, Secret, TokenId};
use crate::crypto::Tag;
use crate::store::{Direction, KeyRange, Read, ReadExt, StoreError, tables};

/// What every token begins with, so that one that leaked is recognized for what it is.
const PREFIX: &str = "chartbox_";
const DOMAIN: &str = "token";

const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

impl Identity {
    /// Makes a token and answers with it: it cannot be shown again. `scopes` are as `access` checked them
    /// (`Scopes::for_new_token`); a service needs at least one.
    pub async fn create_token(
        &self,
        account: AccountId,
        scopes: Vec<Box<str>>,
        lifetime: Duration,
        by: By,
    ) -> Result<(Secret<String>, TokenRow), IdentityError> {
        if !(SHORTEST..=LONGEST).contains(&lifetime) {
            return Err(IdentityError::BadLifetime);
        }
        let (secret, tag) = self.new_secret(DOMAIN, PREFIX);
        let (now, holders) = (self.now(), self.settings.token_holders);
        let id = TokenId::new(self.ambient());
        let write = self.write(move |tx| {
            let holder = tx.get(&ACCOUNTS, &(account,))?.ok_or(IdentityError::NoAccount)?;
            match (holder.kind, holders) {
                (AccountKind::Service, _) if scopes.is_empty() => return Err(IdentityError::NoScope),
                (AccountKind::Service, _) | (_, TokenHolders::Anybody) => {}
                (AccountKind::Person(_), TokenHolders::Services) => return Err(IdentityError::NotAService),
            }
            let what = format!("token {id} {}", scopes.join(" "));
            let token = TokenRow { id, account, scopes, created: now, expires: after(now, lifetime), last_used: None };
            tx.put(&TOKENS, &(*tag.as_bytes(),), &token)?;
            tx.put(&TOKENS_OF, &(account, id), &TagRow(tag))?;
            tx.append(by.event_about(Action::TokenCreate, &holder, &what))?;
            Ok(token)
        });
        Ok((secret, write.await?))
    }

    /// Whose token this is, as it stands in `read`. `None` if there is none, or it has expired, or the
    /// account is disabled.
    pub fn token(&self, read: &(impl Read + ?Sized), text: &str) -> Result<Option<(TokenRow, AccountRow)>, StoreError> {
        let Some(tag) = self.token_tag(text) else { return Ok(None) };
        let load = || -> Result<_, StoreError> {
            let Some(token) = read.get(&TOKENS, &(*tag.as_bytes(),))? else { return Ok(None) };
            Ok(read.get(&ACCOUNTS, &(token.account,))?.map(|account| Arc::new((token, account))))
        };
        let known = self.known_tokens.of(read, &[tables::TOKENS, tables::ACCOUNTS], tag.as_bytes(), load)?;
        Ok(known.filter(|one| self.now() < one.0.expires && one.1.is_enabled()).map(|one| (*one).clone()))
    }

    /// Notes that a token was used: written at most once a minute. What it was used for is in the access log.
    pub async fn note_token_use(&self, text: &str, token: &TokenRow) -> Result<(), IdentityError> {
        let now = self.now();
        let due = token.last_used.is_none_or(|last| after(last, STAMP_EVERY) <= now);
        let Some(tag) = self.token_tag(text).filter(|_| due) else { return Ok(()) };
        let write = self.audit.store().write_essential(move |tx| {
            let key = (*tag.as_bytes(),);
            if let Some(row) = tx.get(&TOKENS, &key)? {
                tx.put(&TOKENS, &key, &TokenRow { last_used: row.last_used.max(Some(now)), ..row })?;
            }
            Ok::<_, StoreError>(())
        });
        Ok(write.await?)
    }

    /// The tokens of one account, or of all; expired ones among them until they are swept away.
    pub fn tokens(&self, account: Option<AccountId>) -> Result<Vec<TokenRow>, StoreError> {
        let read = self.read()?;
        let range = account.map_or_else(KeyRange::all, |account| KeyRange::prefix(&(account,)));
        let mut tokens = Vec::new();
        for row in read.scan(&TOKENS_OF, range, Direction::Up)? {
            let (_, TagRow(tag)) = row?;
            tokens.extend(read.get(&TOKENS, &(*tag.as_bytes(),))?);
        }
        Ok(tokens)
    }

    /// Ends a token for ever.
    pub async fn revoke_token(&self, id: TokenId, by: By) -> Result<(), IdentityError> {
        let write = self.write_essential(move |tx| {
            let all: Vec<((AccountId, TokenId), TagRow)> =
                tx.scan(&TOKENS_OF, KeyRange::all(), Direction::Up)?.collect::<Result<_, _>>()?;
            let found = all.into_iter().find(|((_, token), _)| *token == id);
            let ((account, _), TagRow(tag)) = found.ok_or(IdentityError::NoToken)?;
            let holder = tx.get(&ACCOUNTS, &(account,))?.ok_or(IdentityError::NoAccount)?;
            tx.delete(&TOKENS, &(*tag.as_bytes(),))?;
            tx.delete(&TOKENS_OF, &(account, id))?;
            tx.append(by.event_about(Action::TokenRevoke, &holder, &format!("token {id}")))?;
            Ok::<_, IdentityError>(())
        });
        write.await
    }

    fn token_tag(&self, text: &str) -> Option<Tag> {
        self.tag_of(DOMAIN, text.strip_prefix(PREFIX)?)
    }
}
