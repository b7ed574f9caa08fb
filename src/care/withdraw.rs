//! Taking back what a patient, or who acts for one, added: a file, a measurement, a request (`access::withdrawal`).

use serde_json::Value;

use crate::access::{can_be_withdrawn, withdrawn_by};
use crate::base::{FhirId, Timestamp};
use crate::care::workflow::{Doing, Done, Refused, carry_out};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Condition, RecordError};

/// Why something was not withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotWithdrawn {
    #[error("somebody has answered or withdrawn this meanwhile")]
    Meanwhile,
}

/// Withdraws `resource`, which is version `version` of the one with this id.
pub async fn withdraw(
    doing: Doing<'_>,
    kind: ResourceType,
    id: FhirId,
    version: u32,
    mut resource: Value,
    now: Timestamp,
) -> Result<Done<()>, Refused<NotWithdrawn>> {
    let status = withdrawn_by(kind).filter(|_| can_be_withdrawn(kind, &resource));
    let (Some(status), Some(members)) = (status, resource.as_object_mut()) else {
        return Err(Refused::Told(NotWithdrawn::Meanwhile));
    };
    members.insert("status".into(), status.into());
    if kind == ResourceType::Task {
        members.insert("lastModified".into(), now.to_string().into());
    }
    let change = Change::put(kind, id, resource, Condition::Version(version), Mode::Strict)?;
    match carry_out(doing, vec![change], |_| Ok(())).await {
        Err(Refused::Record(RecordError::VersionConflict { .. })) => Err(Refused::Told(NotWithdrawn::Meanwhile)),
        other => other,
    }
}
