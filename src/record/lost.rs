//! What stood here last: of what was deleted its last version, and in whose records something stands or stood.

use std::collections::BTreeSet;

use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::layout::VERSIONS;
use super::numbers::{find, row};
use super::reading::Reading;
use super::rows::{Row, RowNumber, State};
use super::{Records, Stored};
use crate::access::Action;
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::store::{Desc, Read, ReadExt};

impl Reading<'_> {
    /// What was deleted, as it was last. [`RecordError::NotFound`] where it is not deleted.
    pub fn last(&mut self, kind: ResourceType, id: &FhirId) -> Result<Undisclosed<Stored>, RecordError> {
        let (number, current) = self.authorized(Action::History, kind, id)?;
        let before = last_of(self.read, number, &current)?.ok_or(RecordError::NotFound)?;
        let cut = self.permit(Action::History, &before)?;
        self.hand_out(before, cut, self.opened())
    }
}

/// The version before the deletion.
fn last_of(read: &dyn Read, number: RowNumber, current: &Row) -> Result<Option<Row>, RecordError> {
    if current.state != State::Deleted {
        return Ok(None);
    }
    let before = read.get(&VERSIONS, &(number, Desc(current.version.saturating_sub(1))))?;
    Ok(before.filter(|before| before.state == State::Live))
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
