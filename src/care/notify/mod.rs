//! Notices: that something waits for a person, and never what it says.
//!
//! A workflow tells somebody inside its own writer transaction, so that a notice stands exactly when the change does:
//!
//! ```ignore
//! carry_out(doing, changes, move |inside| {
//!     notify::tell(inside, Notice::new(Whom::Patient(patient), Kind::VisitBooked).about(visit))?;
//!     Ok(())
//! })
//! ```
//!
//! A notice is a kind and the id of the resource that it is about. What a reader sees is a sentence by kind alone, in their
//! own language (`notice-kind-…` in `web/locales/*/notices.ftl`), and a link (`http/notices.rs` says where each kind leads).
//! Nothing of a record is in it, so that it may also leave the box by e-mail. A new kind is a line in [`Kind`] with a number
//! that was never used, its sentence in every language, and its place in `http/notices.rs`.
//!
//! Notices to a role are everybody's who has it; each account reads them for itself.

mod kind;
mod list;
pub mod mails;
mod remind;

pub use kind::Kind;
pub use list::{Told, Wanted, find, mark_read, newest, swept, unread};
pub use remind::remind;

use serde::{Deserialize, Serialize};

use crate::base::{AccountId, FhirId, ResourceRef, Role, Timestamp};
use crate::care::clinic::Pool;
use crate::record::Inside;
use crate::store::{ReadExt, Record, StoreError, Table, Tx, tables};

/// Reader, newest first → the notice. The number is the microsecond in which it was told, or the next free one.
const TOLD: Table<(String, crate::store::Desc<u64>), ToldRow> = Table::new(tables::TOLD);

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Whom {
    /// A patient, and those who act for them.
    Patient(FhirId),
    /// Somebody who works here, as in `Practitioner/a`.
    Person(ResourceRef),
    Account(AccountId),
    /// Everybody with this role.
    Role(Role),
}

impl Whom {
    /// As it stands in a key of the store.
    fn key(&self) -> String {
        match self {
            Self::Patient(id) => format!("patient:{id}"),
            Self::Person(person) => format!("person:{person}"),
            Self::Account(id) => format!("account:{id}"),
            Self::Role(role) => format!("role:{role}"),
        }
    }
}

impl From<Pool> for Whom {
    fn from(pool: Pool) -> Self {
        Self::Role(match pool {
            Pool::Reception => Role::Reception,
            Pool::Nurses => Role::Nurse,
            Pool::Doctors => Role::Clinician,
        })
    }
}

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub to: Whom,
    pub kind: Kind,
    /// What a link to it needs: the id of the appointment, of the conversation's first message, …
    pub about: Option<FhirId>,
}

impl Notice {
    pub const fn new(to: Whom, kind: Kind) -> Self {
        Self { to, kind, about: None }
    }

    #[must_use]
    pub fn about(self, id: FhirId) -> Self {
        Self { about: Some(id), ..self }
    }
}

/// A notice as it stands in the store; the reader and the moment are its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ToldRow {
    kind: u8,
    about: Option<Box<str>>,
}
impl Record for ToldRow {}

/// Tells somebody, in the transaction of a workflow.
pub fn tell(inside: &mut Inside<'_, '_, '_>, notice: Notice) -> Result<(), StoreError> {
    let now = inside.now();
    tell_in(inside.rows(), &notice, now)
}

/// [`tell`] for jobs of the box that write rows only.
pub fn tell_in(tx: &mut Tx<'_>, notice: &Notice, now: Timestamp) -> Result<(), StoreError> {
    let reader = notice.to.key();
    let mut number = u64::try_from(now.as_microsecond()).unwrap_or(0);
    while tx.contains(&TOLD, &(reader.clone(), crate::store::Desc(number)))? {
        number += 1;
    }
    mails::enqueue(tx, notice, now)?;
    let about = notice.about.as_ref().map(|id| id.as_str().into());
    tx.put(&TOLD, &(reader, crate::store::Desc(number)), &ToldRow { kind: notice.kind.number(), about })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;

    #[test]
    fn the_bytes_of_a_notice_are_these() {
        let row = ToldRow { kind: 7, about: Some("a".into()) };
        assert_eq!(row.to_stored().unwrap(), [1, 7, 1, 1, b'a']);
        assert_eq!(ToldRow::from_stored(vec![1, 7, 0].into()).unwrap(), ToldRow { kind: 7, about: None });
    }

    #[test]
    fn each_reader_has_a_key_of_its_own() {
        let id = FhirId::parse("a").unwrap();
        let person = ResourceRef::parse("Practitioner/a").unwrap();
        let all = [
            Whom::Patient(id),
            Whom::Person(person),
            Whom::Account(AccountId::from_bytes([1; 16])),
            Whom::from(Pool::Nurses),
            Whom::from(Pool::Reception),
            Whom::from(Pool::Doctors),
        ];
        let keys: std::collections::BTreeSet<_> = all.iter().map(Whom::key).collect();
        assert_eq!(keys.len(), all.len());
    }
}
