//! What stood here last: of what was deleted its last version, and in whose records something stands or stood.

use std::collections::BTreeSet;

use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::layout::{Currency, HISTORY, VERSIONS};
use super::numbers::{find, last_said, row};
use super::reading::Reading;
use super::rows::{Row, RowNumber, State};
use super::{Records, Stored};
use crate::access::Action;
use crate::base::{FhirId, Timestamp};
use crate::fhir::ResourceType;
use crate::store::{Direction, KeyRange, Read, ReadExt};

impl Reading<'_> {
    /// What was deleted, as it was last. [`RecordError::NotFound`] where it is not deleted.
    pub fn last(&mut self, kind: ResourceType, id: &FhirId) -> Result<Undisclosed<Stored>, RecordError> {
        let (number, current) = self.authorized(Action::History, kind, id)?;
        let before = last_of(self.read, number, &current)?.ok_or(RecordError::NotFound)?;
        let cut = self.permit(Action::History, &before)?;
        self.hand_out(before, cut, self.opened())
    }

    /// What of one type went with a patient's record, each as it was last: it was deleted, and so was the record, at some time
    /// since it said so. Whoever deletes something of a record that stays takes it back.
    pub fn gone_with_patient(
        &mut self,
        patient: &FhirId,
        kind: ResourceType,
    ) -> Result<Undisclosed<Vec<Stored>>, RecordError> {
        let mut found = Vec::new();
        let Some(of) = find(self.read, ResourceType::Patient, patient)? else {
            return self.hand_out_list(found, self.opened());
        };
        let read = self.read;
        let gone = Gone::of(read, of)?;
        for entry in read.scan(&HISTORY, KeyRange::prefix(&(kind.number(),)), Direction::Up)? {
            let ((_, _, number, version), tag) = entry?;
            self.go_on()?;
            if tag.current == Currency::Current || !tag.tag.patients.contains(&of) {
                continue;
            }
            let current = row(read, number)?;
            // Its older versions stand in the history, too.
            if current.version != version {
                continue;
            }
            let Some(before) = last_of(read, number, &current)?.filter(|before| gone.is_since(before)) else {
                continue;
            };
            let cut = self.permit(Action::History, &before)?;
            found.push((before, cut));
        }
        self.hand_out_list(found, self.opened())
    }
}

/// When a patient's record was away last.
enum Gone {
    Never,
    /// It came back then.
    Until(Timestamp),
    Now,
}

impl Gone {
    fn of(read: &dyn Read, patient: RowNumber) -> Result<Self, RecordError> {
        let current = row(read, patient)?;
        if current.state != State::Live {
            return Ok(Self::Now);
        }
        let mut back = current.updated;
        for entry in read.scan(&VERSIONS, KeyRange::prefix(&(patient,)), Direction::Up)? {
            let (_, before) = entry?;
            if before.state == State::Deleted {
                return Ok(Self::Until(back));
            }
            back = before.updated;
        }
        Ok(Self::Never)
    }

    /// Whether the record was away at any time since this was stored.
    fn is_since(&self, stored: &Row) -> bool {
        match self {
            Self::Never => false,
            Self::Until(back) => stored.updated < *back,
            Self::Now => true,
        }
    }
}

/// The version before the deletion.
fn last_of(read: &dyn Read, number: RowNumber, current: &Row) -> Result<Option<Row>, RecordError> {
    if current.state != State::Deleted {
        return Ok(None);
    }
    last_said(read, number, current)
}

impl Records {
    /// The patients in whose records a resource stands, by itself or by what it follows; of one that was deleted, in whose it
    /// stood. A question about where it belongs, which opens nothing.
    pub fn stands_in(&self, kind: ResourceType, id: &FhirId) -> Result<BTreeSet<FhirId>, RecordError> {
        let read = self.audit().read()?;
        let Some(number) = find(&read, kind, id)? else { return Ok(BTreeSet::new()) };
        let patients = row(&read, number)?.patients;
        patients.into_iter().map(|patient| Ok(row(&read, patient)?.id)).collect()
    }
}
