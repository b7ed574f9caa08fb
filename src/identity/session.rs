//! What a session is.

use std::net::IpAddr;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::types::{Assurance, Listener};
use crate::base::{AccountId, Ambient, ResourceRef, SessionId, Timestamp};
use crate::store::{CodecError, Record, decode_body};

/// A session as it stands in the store, under the tag of its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: SessionId,
    pub account: AccountId,
    /// A cookie is sent to every port of a host; a session is good at one listener.
    pub listener: Listener,
    pub state: SessionState,
    /// What the forms of this session carry, masked: see [`SessionRow::form_token`].
    csrf: [u8; 32],
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created: Timestamp,
    /// Written at most once a minute.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub last_used: Timestamp,
    /// Where it was opened from, for the list of one's sessions.
    pub origin: Option<IpAddr>,
    /// The browser as it named itself, at most 200 characters.
    pub user_agent: Option<Box<str>>,
    /// As which RelatedPerson the session's pages look, where that was chosen; otherwise as the account's own person.
    pub acting: Option<ResourceRef>,
    /// When it was ended in this browser: by signing out, or by signing in anew. It opens nothing any more, and is still
    /// known for some hours, so that what was typed in another of its pages finds whose it is.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    pub ended: Option<Timestamp>,
}

impl Record for SessionRow {
    const VERSION: u8 = 3;

    fn migrate(version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        let (one, acting): (SessionV1, _) = match version {
            1 => (decode_body(version, bytes)?, None),
            2 => {
                let SessionV2(one, acting) = decode_body(version, bytes)?;
                (one, acting)
            }
            _ => return Err(CodecError::Record(version)),
        };
        Ok(Self {
            id: one.id,
            account: one.account,
            listener: one.listener,
            state: one.state,
            csrf: one.csrf,
            created: one.created,
            last_used: one.last_used,
            origin: one.origin,
            user_agent: one.user_agent,
            acting,
            ended: None,
        })
    }
}

/// As it stood before a session was known after it was ended.
#[derive(Deserialize)]
struct SessionV2(SessionV1, Option<ResourceRef>);

/// As it stood before an account could act for several.
#[derive(Deserialize)]
struct SessionV1 {
    id: SessionId,
    account: AccountId,
    listener: Listener,
    state: SessionState,
    csrf: [u8; 32],
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    created: Timestamp,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    last_used: Timestamp,
    origin: Option<IpAddr>,
    user_agent: Option<Box<str>>,
}

/// How far a sign-in has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SessionState {
    /// The password was right, the second factor is still to come: nothing else is open.
    PendingSecondFactor,
    /// Signed in, but a new password is to be chosen first: nothing else is open.
    PendingNewPassword(Assurance),
    Open(Assurance),
}

impl SessionState {
    /// How sure the box is of who this is; `None` while a sign-in is not complete.
    pub const fn assurance(self) -> Option<Assurance> {
        match self {
            Self::Open(assurance) => Some(assurance),
            Self::PendingSecondFactor | Self::PendingNewPassword(_) => None,
        }
    }
}

impl SessionRow {
    /// A session of this account that is open at a listener from now on.
    pub fn new(account: AccountId, listener: Listener, state: SessionState, ambient: &Ambient) -> Self {
        let now = ambient.now();
        Self {
            id: SessionId::new(ambient),
            account,
            listener,
            state,
            csrf: ambient.bytes(),
            created: now,
            last_used: now,
            origin: None,
            user_agent: None,
            acting: None,
            ended: None,
        }
    }

    /// The session as it looks as somebody else. Its forms are others: what was typed for one patient is never sent for
    /// another.
    #[must_use]
    pub fn acting_as(self, person: Option<ResourceRef>) -> Self {
        Self { acting: person, ..self }
    }

    /// The session after it was ended in this browser.
    pub(super) fn left(self, now: Timestamp) -> Self {
        Self { ended: Some(now), ..self }
    }

    /// The token for one form. Each is masked anew, so that a compressed page does not give it away piece by piece
    /// (the BREACH attack); all of them are good as long as the session.
    pub fn form_token(&self, ambient: &Ambient) -> String {
        let mask: [u8; 32] = ambient.bytes();
        BASE64URL_NOPAD.encode(&[mask, masked(&self.form_key(), &mask)].concat())
    }

    /// Whether this is a token that [`SessionRow::form_token`] made for this session.
    pub fn is_form_token(&self, token: &str) -> bool {
        let Ok(bytes) = BASE64URL_NOPAD.decode(token.as_bytes()) else { return false };
        let Some((mask, rest)) = bytes.split_first_chunk::<32>() else { return false };
        let Ok(rest) = <&[u8; 32]>::try_from(rest) else { return false };
        masked(rest, mask).ct_eq(&self.form_key()).into()
    }

    /// What the tokens of this session's forms are made of, as it looks at this one record.
    fn form_key(&self) -> [u8; 32] {
        let person = self.acting.as_ref().map(ResourceRef::as_str).unwrap_or_default();
        *blake3::keyed_hash(&self.csrf, person.as_bytes()).as_bytes()
    }
}

fn masked(bytes: &[u8; 32], mask: &[u8; 32]) -> [u8; 32] {
    let mut out = *bytes;
    out.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, SeededRandom};
    use crate::store::Value;

    fn ambient() -> Ambient {
        Ambient::new(ManualClock::at(Timestamp::from_millisecond(1000).unwrap()), SeededRandom::new(1))
    }

    fn session(ambient: &Ambient) -> SessionRow {
        let state = SessionState::Open(Assurance::Password);
        SessionRow::new(AccountId::from_bytes([2; 16]), Listener::Portal, state, ambient)
    }

    #[test]
    fn a_form_token_is_good_for_its_session_only_and_never_the_same_twice() {
        let ambient = ambient();
        let (one, other) = (session(&ambient), session(&ambient));
        let (first, second) = (one.form_token(&ambient), one.form_token(&ambient));
        assert_ne!(first, second);
        assert!(one.is_form_token(&first) && one.is_form_token(&second));
        assert!(!other.is_form_token(&first));
        let (_, last) = first.split_at(first.len() - 1);
        let changed = first.replace(last, if last == "A" { "Q" } else { "A" });
        for bad in ["", "AAAA", &first[1..], changed.as_str(), &format!("{first}AAAA")] {
            assert!(!one.is_form_token(bad), "{bad}");
        }
    }

    #[test]
    fn the_bytes_of_a_session_are_these() {
        let row = SessionRow { id: SessionId::from_bytes([1; 16]), csrf: [3; 32], ..session(&ambient()) };
        let body = |version: u8, rest: &[u8]| {
            let head = [&[version, 16][..], &[1; 16], &[16], &[2; 16], &[1, 2, 0], &[3; 32]].concat();
            [head.as_slice(), &[251, 208, 7, 251, 208, 7, 0, 0], rest].concat()
        };
        let golden = body(3, &[0, 0]);
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(SessionRow::from_stored(golden.into()).unwrap(), row);
        assert_eq!(SessionRow::from_stored(body(1, &[]).into()).unwrap(), row, "of the first version");
        assert_eq!(SessionRow::from_stored(body(2, &[0]).into()).unwrap(), row, "of the version before");
        let person = ResourceRef::parse("RelatedPerson/r").unwrap();
        let acting = SessionRow { acting: Some(person), ..row };
        let before = body(2, &[&[1, 15][..], b"RelatedPerson/r"].concat());
        assert_eq!(SessionRow::from_stored(before.into()).unwrap(), acting);
        let golden = body(3, &[&[1, 15][..], b"RelatedPerson/r", &[1, 6]].concat());
        let ended = SessionRow { ended: Some(Timestamp::from_millisecond(3).unwrap()), ..acting };
        assert_eq!(ended.to_stored().unwrap(), golden);
        assert_eq!(SessionRow::from_stored(golden.into()).unwrap(), ended);
    }

    #[test]
    fn a_form_of_before_is_good_no_more_once_somebody_else_is_looked_at() {
        let ambient = ambient();
        let before = session(&ambient);
        let token = before.form_token(&ambient);
        let after = before.clone().acting_as(Some(ResourceRef::parse("RelatedPerson/r").unwrap()));
        assert!(before.is_form_token(&token) && !after.is_form_token(&token));
        assert!(after.clone().acting_as(None).is_form_token(&token), "they are good again when it looks as before");
        assert_eq!((after.id, after.created), (before.id, before.created));
    }
}
