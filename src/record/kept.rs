//! What is kept between requests: what Consents say of who may see, who is in an emergency, and what searches found.
//!
//! Only what a snapshot holds is kept. A transaction asks and keeps nothing: what it has not committed has a version, and a number of
//! changes, that nobody read yet.

use std::sync::Arc;

use super::consents::{Consents, Rules};
use super::emergency::{self, Emergency};
use super::facts::Said;
use super::rows::{Row, RowNumber};
use super::values::KnownValues;
use crate::access::ConsentRule;
use crate::base::{AccountId, FhirId};
use crate::store::{Kept as KeptRows, Read, StoreError, tables};

#[derive(Default)]
pub(super) struct Kept {
    consents: Consents,
    emergencies: KeptRows<AccountId, Arc<[Emergency]>>,
    values: KnownValues,
}

/// How what is kept is used.
#[derive(Clone, Copy)]
pub(super) enum Known<'a> {
    /// Over a snapshot: what is read is kept.
    Learning(&'a Kept),
    /// Inside a transaction, whose rows may never be committed.
    Asking(&'a Kept),
}

impl<'a> Known<'a> {
    const fn kept(self) -> &'a Kept {
        match self {
            Self::Learning(kept) | Self::Asking(kept) => kept,
        }
    }

    const fn learns(self) -> bool {
        matches!(self, Self::Learning(_))
    }

    /// The rules of all patients, as `read` has them; `load` reads them where they are not known.
    pub(super) fn of_all(
        self,
        read: &dyn Read,
        load: impl FnOnce() -> Result<Rules, StoreError>,
    ) -> Result<Rules, StoreError> {
        self.kept().consents.of_all(read, self.learns(), load)
    }

    /// The rules of one patient.
    pub(super) fn of_patient(
        self,
        read: &dyn Read,
        patient: &FhirId,
        load: impl FnOnce() -> Result<Vec<ConsentRule>, StoreError>,
    ) -> Result<Arc<[ConsentRule]>, StoreError> {
        self.kept().consents.of_patient(read, patient, self.learns(), load)
    }

    /// What a version of a Consent says; `load` reads it where that is not known.
    pub(super) fn of_one(self, number: RowNumber, row: &Row, load: impl FnOnce() -> Said) -> Arc<Said> {
        self.kept().consents.of_one(number, row, self.learns(), load)
    }

    /// The newest emergencies of an account.
    pub(super) fn emergencies(self, read: &dyn Read, account: AccountId) -> Result<Arc<[Emergency]>, StoreError> {
        let load = || emergency::of_account(read, account).map(Into::into);
        self.kept().emergencies.of(read, &[tables::EMERGENCIES], &account, load)
    }

    /// What searches found, for those over a snapshot.
    pub(super) const fn values(self) -> Option<&'a KnownValues> {
        match self {
            Self::Learning(kept) => Some(&kept.values),
            Self::Asking(_) => None,
        }
    }
}
