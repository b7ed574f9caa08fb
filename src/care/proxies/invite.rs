//! The code by which somebody who was let act for a patient makes their account. It is good once, for a week; the box keeps a
//! hash of it.

use serde::{Deserialize, Serialize};

use crate::audit::AuditedTx;
use crate::base::{Ambient, FhirId, ResourceRef, Role, Secret, Timestamp};
use crate::care::forms::Once;
use crate::identity::{AccountKind, AccountRow, By, FirstPassword, Identity, IdentityError, Link, NewAccount};
use crate::record::Records;
use crate::store::{Direction, KeyRange, ReadExt, Record, Store, StoreError, Table, Tx, tables};

const INVITES: Table<([u8; 16],), Invited> = Table::new(tables::PROXY_INVITES);

/// For how many days a code is good.
pub const CODE_DAYS: i64 = 7;
/// Letters and digits that are not taken for each other: 31 of them, so that 12 are 59 bits.
const LETTERS: &[u8; 31] = b"23456789ABCDEFGHJKLMNPQRSTUVWXY";
const LENGTH: usize = 12;

/// An invitation, as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    /// As in `RelatedPerson/a`.
    pub related: Box<str>,
    pub patient: FhirId,
    /// The name that the patient gave, for the account.
    pub name: Box<str>,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub until: Timestamp,
}
impl Record for Invited {}

/// A new code, and what it will stand for.
pub(super) fn new(patient: &FhirId, related: &FhirId, name: &str, ambient: &Ambient) -> (Secret<String>, Invited) {
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        // Of 256, the 248 that 31 divides.
        let [byte] = ambient.bytes::<1>();
        if byte < 248
            && let Some(letter) = LETTERS.get(usize::from(byte % 31))
        {
            code.push(char::from(*letter));
        }
    }
    let now = ambient.now();
    let until = now.checked_add(jiff::SignedDuration::from_hours(24 * CODE_DAYS)).unwrap_or(now);
    let invited = Invited {
        related: format!("RelatedPerson/{related}").into(),
        patient: patient.clone(),
        name: name.into(),
        until,
    };
    (Secret::new(code), invited)
}

/// A code as somebody typed it: spaces, hyphens and small letters do not matter.
pub fn typed_code(text: &str) -> Secret<String> {
    Secret::new(text.chars().filter(char::is_ascii_alphanumeric).take(64).map(|c| c.to_ascii_uppercase()).collect())
}

pub(super) fn key(code: &Secret<String>) -> [u8; 16] {
    let mut key = [0; 16];
    let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11-28 invitation to act for somebody");
    hasher.update(code.expose().as_bytes()).finalize_xof().fill(&mut key);
    key
}

pub(super) fn put(tx: &mut Tx<'_>, key: [u8; 16], invited: &Invited) -> Result<(), StoreError> {
    tx.put(&INVITES, &(key,), invited)
}

/// Takes away what invited this person.
pub(super) fn forget(tx: &mut Tx<'_>, related: &ResourceRef) -> Result<(), StoreError> {
    take_away(tx, |invited| *invited.related == *related.as_str())
}

/// Takes away what is good for nothing any more. To be called now and then.
pub async fn sweep(store: &Store, ambient: &Ambient) -> Result<(), StoreError> {
    let now = ambient.now();
    store.write(move |tx| take_away(tx, |invited| invited.until <= now)).await
}

fn take_away(tx: &mut Tx<'_>, which: impl Fn(&Invited) -> bool) -> Result<(), StoreError> {
    let gone: Vec<([u8; 16],)> = tx
        .scan(&INVITES, KeyRange::all(), Direction::Up)?
        .filter_map(|row| match row {
            Ok((key, invited)) => which(&invited).then_some(Ok(key)),
            Err(error) => Some(Err(error)),
        })
        .collect::<Result<_, _>>()?;
    gone.iter().try_for_each(|key| tx.delete(&INVITES, key))
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InviteError {
    /// None has this code, or it was used, or is over.
    #[error("this code is not one that is good now")]
    NotGood,
    /// The account's own record: nobody acts for themselves.
    #[error("this code is for acting for the patient whose account this is")]
    OwnRecord,
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Audit(#[from] crate::audit::AuditError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the account of somebody who was invited. The code is good once: of two that use it at once one wins.
pub async fn accept(
    records: &Records,
    identity: &Identity,
    code: &Secret<String>,
    user_name: &str,
    password: Secret<String>,
    by: By,
) -> Result<AccountRow, InviteError> {
    let (key, now) = (key(code), records.audit().ambient().now());
    let good = |invited: &Invited| now < invited.until;
    let invited = records.audit().read()?.get(&INVITES, &(key,))?.filter(good).ok_or(InviteError::NotGood)?;
    let person = ResourceRef::parse(&invited.related).map_err(|_| InviteError::NotGood)?;
    let account = NewAccount {
        user_name: user_name.to_owned(),
        display_name: invited.name.to_string(),
        kind: AccountKind::Person(Role::Proxy),
        person: Some(person),
        password: FirstPassword::Own(password),
    };
    let prepared = identity.prepare_account(account).await?;
    let write = records.audit().write(move |tx: &mut AuditedTx<'_, '_>| {
        tx.get(&INVITES, &(key,))?.filter(|invited| now < invited.until).ok_or(InviteError::NotGood)?;
        tx.delete(&INVITES, &(key,))?;
        Ok::<_, InviteError>(prepared.write(tx, &by)?)
    });
    write.await.map(|(account, _)| account)
}

/// Has somebody who has an account act with it for one more patient. The code is good once, as for a new account; a form
/// that was sent before does nothing again, and answers with nothing.
pub async fn accept_with(
    records: &Records,
    account: &AccountRow,
    code: &Secret<String>,
    once: Option<Once>,
    by: By,
) -> Result<Option<Link>, InviteError> {
    let (key, now, id) = (key(code), records.audit().ambient().now(), account.id);
    let own = account.person.as_ref().filter(|person| person.type_name() == "Patient").map(ResourceRef::id);
    let write = records.audit().write(move |tx: &mut AuditedTx<'_, '_>| {
        if let Some(once) = once
            && once.remember(tx, now)?.is_some()
        {
            return Ok(None);
        }
        let invited = tx.get(&INVITES, &(key,))?.filter(|invited| now < invited.until).ok_or(InviteError::NotGood)?;
        if own.as_ref() == Some(&invited.patient) {
            return Err(InviteError::OwnRecord);
        }
        let person = ResourceRef::parse(&invited.related).map_err(|_| InviteError::NotGood)?;
        tx.delete(&INVITES, &(key,))?;
        Ok::<_, InviteError>(Some(Link::add(tx, id, &person, now, &by)?))
    });
    write.await.map(|(link, _)| link)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, SeededRandom};
    use crate::store::Value;

    #[test]
    fn a_code_is_read_however_it_is_typed_and_has_no_letter_that_is_another() {
        let ambient = Ambient::new(ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap()), SeededRandom::new(5));
        let (patient, related) = (FhirId::parse("p").unwrap(), FhirId::parse("r").unwrap());
        let (code, invited) = new(&patient, &related, "Ada", &ambient);
        let text = code.expose();
        assert_eq!(text.len(), LENGTH);
        assert!(!text.contains(['0', 'O', '1', 'I']), "{text}");
        let spaced = format!(" {}-{} ", &text[..6], text[6..].to_lowercase());
        assert_eq!(typed_code(&spaced).expose(), text);
        assert_eq!(invited.until, "2026-03-10T09:00:00Z".parse().unwrap());
        let bytes = invited.to_stored().unwrap();
        assert!(!bytes.windows(LENGTH).any(|part| part == text.as_bytes()));
    }

    #[test]
    fn the_bytes_of_an_invitation_are_these() {
        let row = Invited {
            related: "RelatedPerson/a".into(),
            patient: FhirId::parse("p").unwrap(),
            name: "Ada".into(),
            until: Timestamp::from_millisecond(5).unwrap(),
        };
        let bytes = [&[1, 15][..], b"RelatedPerson/a", &[1, b'p', 3], b"Ada", &[10]].concat();
        assert_eq!(row.to_stored().unwrap(), bytes);
        assert_eq!(Invited::from_stored(bytes.into()).unwrap(), row);
    }
}
