//! What would stand against a change: it is made inside the writer, held to all that a change is held to, and taken back.
//! Nothing of it is ever stored but the entry that says that it was tried.

use super::change::{Change, Group};
use super::error::RecordError;
use super::transaction::{Stay, Transaction, no_reading};
use super::{Records, Why, outcome_of};
use crate::access::Actor;
use crate::audit::{AuditError, Outcome};

/// How it went.
enum Tried {
    Stands,
    Against(RecordError),
}

impl Records {
    /// The inner error is what the change itself would be answered with.
    pub async fn tried(
        &self,
        actor: &Actor,
        why: &Why,
        change: Change,
    ) -> Result<Result<(), RecordError>, RecordError> {
        let group = Group::of(vec![change]);
        let job = self.job(actor, why, group, Transaction::STRICT, Stay::WHOLE, no_reading);
        let tried = self.enter_act(actor, move |tx| {
            drop(job(tx).map_err(RecordError::without_place)?);
            // An error is what takes it back.
            Err::<(), _>(Tried::Stands)
        });
        let found = match tried.await {
            Err(Tried::Against(error @ (RecordError::Store(_) | RecordError::Audit(_) | RecordError::Damaged))) => {
                return Err(error);
            }
            Err(Tried::Against(error)) => Err(error),
            Err(Tried::Stands) | Ok(_) => Ok(()),
        };
        let outcome = found.as_ref().map_or_else(outcome_of, |()| Outcome::Success);
        self.not_done(actor, why, outcome).await?;
        Ok(found)
    }
}

impl From<RecordError> for Tried {
    fn from(error: RecordError) -> Self {
        Self::Against(error)
    }
}

impl From<AuditError> for Tried {
    fn from(error: AuditError) -> Self {
        Self::Against(error.into())
    }
}
