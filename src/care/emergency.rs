//! Break-glass: opening a record in an emergency, ending it, and judging it afterwards.
//!
//! Who cares for patients may open any record when somebody is in danger; nothing asks whether it was hidden. They say why,
//! it ends by itself, the patient and the health administrator see it, and the health administrator says whether it was right.
//! What holds when is the record room's to know.

use crate::base::{AccountId, FhirId, Role};
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::workflow::{Doing, Done, Never, Refused, carry_out_about};
use crate::record::{ActError, Declared, Emergency, EmergencyError, Review, Verdict};

/// How long one may last, in minutes; the second is what a form proposes.
pub const MINUTES: [u16; 3] = [15, 30, 60];
/// A reason has at least so many characters, and at most.
pub const SHORTEST: usize = 10;
pub const LONGEST: usize = 500;

/// A reason that says something.
pub fn reason(typed: &str) -> Option<String> {
    let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    (SHORTEST..=LONGEST).contains(&clean.chars().count()).then_some(clean)
}

/// Opens a patient's record for this account.
pub async fn declare(doing: Doing<'_>, account: AccountId, declared: Declared) -> Result<Done<()>, Refused<Never>> {
    let patient = declared.patient.clone();
    let (of, id) = (patient.clone(), declared.id.clone());
    carry_out_about(doing, &patient, move |inside| {
        inside.declare(account, declared)?;
        notify::tell(inside, Notice::new(Whom::Patient(of), Kind::EmergencyAccess))?;
        notify::tell(inside, Notice::new(Whom::Role(Role::HealthAdmin), Kind::EmergencyToReview).about(id))?;
        Ok(())
    })
    .await
}

/// One of last night, ended and not judged, for a demo.
pub async fn invent(
    doing: Doing<'_>,
    account: AccountId,
    patient: &FhirId,
    reason: &str,
) -> Result<Done<()>, Refused<Never>> {
    let now = doing.records.audit().ambient().now();
    let ago = |minutes| now.saturating_sub(jiff::SignedDuration::from_mins(minutes)).unwrap_or_default();
    let one = Emergency {
        id: FhirId::new(doing.records.audit().ambient()),
        account,
        patient: patient.clone(),
        reason: reason.into(),
        since: ago(13 * 60),
        until: ago(13 * 60 - 30),
        ended: Some(ago(13 * 60 - 12)),
        review: None,
    };
    let of = patient.clone();
    carry_out_about(doing, patient, move |inside| {
        inside.invent_emergency(&one)?;
        notify::tell(inside, Notice::new(Whom::Patient(of), Kind::EmergencyAccess))?;
        notify::tell(inside, Notice::new(Whom::Role(Role::HealthAdmin), Kind::EmergencyToReview))?;
        Ok(())
    })
    .await
}

/// Ends it before its time.
pub async fn end(doing: Doing<'_>, account: AccountId, patient: &FhirId) -> Result<Done<usize>, Refused<Never>> {
    let of = patient.clone();
    carry_out_about(doing, patient, move |inside| Ok(inside.end_emergencies(account, &of)?)).await
}

/// What a health administrator thinks of one, said once.
pub async fn review(
    doing: Doing<'_>,
    (account, id): (AccountId, FhirId),
    patient: &FhirId,
    verdict: Verdict,
    note: String,
) -> Result<Done<()>, Refused<EmergencyError>> {
    let by = doing.actor.account().ok_or(crate::record::RecordError::NotFound)?;
    carry_out_about(doing, patient, move |inside| {
        let review = Review { by, at: inside.now(), verdict, note: note.into() };
        inside.review_emergency((account, &id), review).map_err(|error| match error {
            ActError::Told(error) => ActError::Told(error),
            ActError::Record(error) => ActError::Record(error),
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_and_not_everything() {
        assert_eq!(
            reason("  found unconscious\nin the waiting room ").as_deref(),
            Some("found unconscious in the waiting room")
        );
        for empty in ["", "because", "          .", &"x".repeat(LONGEST + 1)] {
            assert_eq!(reason(empty), None, "{empty}");
        }
    }
}
