//! As whom an account acts besides the person in its row: further RelatedPersons, one for each patient who gave a code.
//!
//! A link opens nothing by itself. Whether the patient still lets that person act is asked of the record at each request; and
//! only pages look at links: a token, and FHIR by cookie, go as far as the account's own person.

use serde::{Deserialize, Serialize};

use super::account::{AccountKind, AccountRow};
use super::rows::{ACCOUNTS, LINKS, SESSIONS, SESSIONS_OF, TagRow};
use super::session::SessionRow;
use super::{By, Identity, IdentityError};
use crate::audit::{Action, AuditedTx};
use crate::base::{AccountId, ResourceRef, Role, Timestamp};
use crate::store::{Direction, KeyRange, Read, ReadExt, Record, StoreError, Tx};

/// A link as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LinkRow {
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub since: Timestamp,
}
impl Record for LinkRow {}

/// The proof that an account acts as a RelatedPerson. Only this room makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    account: AccountId,
    person: ResourceRef,
}

impl Link {
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The RelatedPerson.
    pub const fn person(&self) -> &ResourceRef {
        &self.person
    }

    /// Links an account to one more person, and writes the entry.
    ///
    /// # Errors
    /// [`IdentityError::NotForPatients`] for an account that is not a patient's or a proxy's, or is disabled.
    pub fn add(
        tx: &mut AuditedTx<'_, '_>,
        account: AccountId,
        person: &ResourceRef,
        since: Timestamp,
        by: &By,
    ) -> Result<Self, IdentityError> {
        let row = tx.get(&ACCOUNTS, &(account,))?.ok_or(IdentityError::NoAccount)?;
        if !row.is_enabled() || !is_of_patients(&row) {
            return Err(IdentityError::NotForPatients);
        }
        tx.put(&LINKS, &(account, person.as_str().to_owned()), &LinkRow { since })?;
        tx.append(by.event_about(Action::AccountChange, &row, &format!("acts as {person} too")))?;
        Ok(Self { account, person: person.clone() })
    }
}

impl Link {
    /// The account does not act as this person any more. One that stands in the account's own row stays there; what lets it
    /// act is the record's.
    pub fn forget(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.delete(&LINKS, &(self.account, self.person.as_str().to_owned()))
    }
}

impl Identity {
    /// As which RelatedPersons an account acts: the one of its row first, then the others, oldest first. Some may be those
    /// whose permission was taken back.
    pub fn links(&self, read: &(impl Read + ?Sized), account: &AccountRow) -> Result<Vec<Link>, StoreError> {
        if !is_of_patients(account) {
            return Ok(Vec::new());
        }
        let of = |person: ResourceRef| Link { account: account.id, person };
        let own = account.person.iter().filter(|person| person.type_name() == "RelatedPerson").cloned();
        let mut more: Vec<(Timestamp, ResourceRef)> = read
            .scan(&LINKS, KeyRange::prefix(&(account.id,)), Direction::Up)?
            .filter_map(|row| match row {
                Ok(((_, person), row)) => ResourceRef::parse(&person).ok().map(|person| Ok((row.since, person))),
                Err(error) => Some(Err(error)),
            })
            .collect::<Result<_, _>>()?;
        more.sort_by_key(|(since, _)| *since);
        let more = more.into_iter().map(|(_, person)| person).filter(|one| Some(one) != account.person.as_ref());
        Ok(own.chain(more).map(of).collect())
    }

    /// Whether an account acts as this person; then the proof.
    pub fn link_as(
        &self,
        read: &(impl Read + ?Sized),
        account: &AccountRow,
        person: &ResourceRef,
    ) -> Result<Option<Link>, StoreError> {
        Ok(self.links(read, account)?.into_iter().find(|link| link.person == *person))
    }

    /// From now on the pages of this session look as this person, or as the account's own again. Answers with the session
    /// as it stands then. Each access is in the access log by itself, so this has no entry.
    pub async fn act_as(&self, session: &SessionRow, person: Option<ResourceRef>) -> Result<SessionRow, IdentityError> {
        if session.acting == person {
            return Ok(session.clone());
        }
        let key = (session.account, session.id);
        let write = self.audit.store().write_essential(move |tx| {
            let Some(TagRow(tag)) = tx.get(&SESSIONS_OF, &key)? else { return Ok(None) };
            let Some(row) = tx.get(&SESSIONS, &(*tag.as_bytes(),))? else { return Ok(None) };
            let row = row.acting_as(person);
            tx.put(&SESSIONS, &(*tag.as_bytes(),), &row)?;
            Ok::<_, StoreError>(Some(row))
        });
        write.await?.ok_or(IdentityError::NoSession)
    }
}

const fn is_of_patients(account: &AccountRow) -> bool {
    matches!(account.kind, AccountKind::Person(Role::Patient | Role::Proxy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;

    #[test]
    fn the_bytes_of_a_link_are_these() {
        let row = LinkRow { since: Timestamp::from_millisecond(3).unwrap() };
        assert_eq!(row.to_stored().unwrap(), [1, 6]);
        assert_eq!(LinkRow::from_stored(vec![1, 6].into()).unwrap(), row);
    }
}
