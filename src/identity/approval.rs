//! One-time codes by which the health administrator lets something leave the box at its console (DESIGN §9).
//!
//! A code is for one purpose, good once and for a quarter of an hour; of it a keyed tag is stored. Making one, using one
//! and every try with a wrong one are entries in the access log.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::password::{readable, typed};
use super::rows::{ACCOUNTS, APPROVALS};
use super::throttle::{self, Throttle};
use super::{By, Identity, IdentityError, after};
use crate::audit::{Action, Detail, Outcome};
use crate::base::{AccountId, Role, Secret, Timestamp};
use crate::crypto::Tag;
use crate::store::{Direction, KeyRange, ReadExt, Record, StoreError};

/// How long a code is good.
pub const APPROVAL_LASTS: Duration = Duration::from_secs(15 * 60);
/// How long one that has ended is still told from one that never was.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// Ten of 29 characters: 48 bits.
const LENGTH: usize = 10;
const DOMAIN: &str = "approval";

/// What an approval is for. One that concerns a patient carries their id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Approves {
    /// `chartbox audit export`: the whole access log.
    AuditExport,
    /// `chartbox backup restore --patient | --resource … --apply`: something out of a backup into the record.
    TakeBack,
}

impl Approves {
    /// The name in forms, and in the access log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AuditExport => "audit-export",
            Self::TakeBack => "take-back",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::AuditExport, Self::TakeBack].into_iter().find(|approves| approves.name() == name)
    }
}

/// An approval as it stands in the store, under the tag of its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub approves: Approves,
    /// The health administrator who made it.
    pub by: AccountId,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub made: Timestamp,
    pub state: ApprovalState,
}
impl Record for Approval {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ApprovalState {
    Open,
    Used,
}

impl Approval {
    /// The first moment at which it is good no more.
    pub fn ends(&self) -> Timestamp {
        after(self.made, APPROVAL_LASTS)
    }
}

impl Identity {
    /// Makes a code and answers with it, in two groups of five characters: it is shown once. `reason` stands in the
    /// access log. The caller sees to it that `by` is a health administrator.
    pub async fn make_approval(
        &self,
        approves: Approves,
        reason: &str,
        by: By,
    ) -> Result<(Secret<String>, Approval), IdentityError> {
        let account = by.actor.account.ok_or(IdentityError::NotSignedIn)?;
        let code = Secret::new(readable(self.ambient(), LENGTH));
        let tag = self.approval_tag(&code);
        let approval = Approval { approves, by: account, made: self.now(), state: ApprovalState::Open };
        let mut event = by.event(Action::ApprovalMade, Some(approval.approves.name().to_owned()));
        event.detail = Detail { reason: Some(reason.to_owned()), ..event.detail };
        let row = approval.clone();
        let write = self.write(move |tx| {
            tx.put(&APPROVALS, &(*tag.as_bytes(),), &row)?;
            tx.append(event)?;
            Ok(())
        });
        write.await?;
        Ok((code, approval))
    }

    /// Uses a code up, for just what it was made for.
    ///
    /// # Errors
    /// [`IdentityError::WrongApproval`], [`IdentityError::ApprovalUsed`], [`IdentityError::ApprovalEnded`],
    /// [`IdentityError::Wait`].
    pub async fn use_approval(
        &self,
        code: &Secret<String>,
        approves: Approves,
        by: By,
    ) -> Result<Approval, IdentityError> {
        self.heard(&[Throttle::approval()], by.origin).await?;
        let (tag, now) = (self.approval_tag(code), self.now());
        let denied = by.event(Action::ApprovalUsed, Some(approves.name().to_owned())).outcome(Outcome::Denied);
        let write = self.write_essential(move |tx| {
            let key = (*tag.as_bytes(),);
            let found = tx.get(&APPROVALS, &key)?.filter(|found| found.approves == approves);
            let refused = match &found {
                None => Some(IdentityError::WrongApproval),
                Some(found) if found.state == ApprovalState::Used => Some(IdentityError::ApprovalUsed),
                Some(found) if found.ends() <= now => Some(IdentityError::ApprovalEnded),
                // Who may not approve any more has not approved.
                Some(found) => {
                    let maker = tx.get(&ACCOUNTS, &(found.by,))?.filter(super::AccountRow::is_enabled);
                    let may = maker.is_some_and(|maker| maker.role() == Some(Role::HealthAdmin));
                    (!may).then_some(IdentityError::ApprovalEnded)
                }
            };
            let (Some(mut approval), None) = (found, &refused) else {
                throttle::failed(tx, &[Throttle::approval()], now)?;
                tx.append(denied)?;
                return Ok(Err(refused.unwrap_or(IdentityError::WrongApproval)));
            };
            approval.state = ApprovalState::Used;
            tx.put(&APPROVALS, &key, &approval)?;
            throttle::succeeded(tx, &[Throttle::approval()])?;
            let note = format!("{}, approved by account {}", approval.approves.name(), approval.by);
            tx.append(by.event(Action::ApprovalUsed, Some(note)))?;
            Ok(Ok(approval))
        });
        write.await?
    }

    /// The approvals that are good now, the one that ends first before the others.
    pub fn open_approvals(&self) -> Result<Vec<Approval>, StoreError> {
        let (read, now) = (self.read()?, self.now());
        let rows = read.scan(&APPROVALS, KeyRange::all(), Direction::Up)?;
        let mut open: Vec<Approval> = rows.map(|row| row.map(|(_, row)| row)).collect::<Result<_, _>>()?;
        open.retain(|one| one.state == ApprovalState::Open && now < one.ends());
        open.sort_by_key(|one| one.made);
        Ok(open)
    }

    fn approval_tag(&self, code: &Secret<String>) -> Tag {
        let code = Secret::new(typed(code.expose()));
        self.key.tag(DOMAIN, code.expose().as_bytes())
    }
}

/// Whether a row says nothing any more.
pub(super) fn is_forgotten(approval: &Approval, now: Timestamp) -> bool {
    after(approval.ends(), REMEMBERED) <= now
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;

    #[test]
    fn the_bytes_of_an_approval_are_these() {
        let row = Approval {
            approves: Approves::AuditExport,
            by: "0198a3f2-0000-7000-8000-00000000abcd".parse().unwrap(),
            made: Timestamp::from_millisecond(3).unwrap(),
            state: ApprovalState::Used,
        };
        let id = [1, 0x98, 0xa3, 0xf2, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0xab, 0xcd];
        let golden = [&[1, 0, 16][..], &id, &[6, 1]].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(Approval::from_stored(golden.into()).unwrap(), row);
        assert_eq!(Approves::from_name(row.approves.name()), Some(row.approves));
    }
}
