//! The access log in words: what was done, why, and to which parts of a record.

use super::format::count;
use super::text::{Text, t};
use crate::audit::{Action, Outcome, Purpose};
use crate::fhir::ResourceType;
use crate::http::ui::{State, Tone};

/// What was done, as it follows a name: "opened", "signed in".
pub fn did(action: Action) -> Text {
    t(&format!("act-{}", action.code()))
}

/// Why, for staff: "Care", "Emergency care".
pub fn why(purpose: Purpose) -> Text {
    t(&format!("why-{}", purpose.code().to_ascii_lowercase()))
}

/// Why, for the patient it concerns: "Your care".
pub fn why_you(purpose: Purpose) -> Text {
    t(&format!("why-{}.you", purpose.code().to_ascii_lowercase()))
}

/// How it ended, as a shape and a word.
pub fn ended(outcome: Outcome) -> State {
    match outcome {
        Outcome::Success => State::new("ok", Tone::Dim, t("outcome-success")),
        Outcome::Denied => State::new("refused", Tone::Critical, t("outcome-denied")),
        Outcome::Failed => State::new("alert", Tone::Caution, t("outcome-failed")),
        _ => State::new("half", Tone::Dim, t("outcome-started")),
    }
}

/// How many of what: "9 results", "1 medicine". Types that people have no word for are other parts of the record.
pub fn parts(kind: ResourceType, n: usize) -> String {
    let word = t(&format!("part-{}", word_of(kind)));
    word.with("n", n).with("count", count(u64::try_from(n).unwrap_or(u64::MAX))).to_string()
}

/// What a thing of a record is called by itself: "Family history".
pub fn kind(kind: ResourceType) -> String {
    use ResourceType as R;
    let message = match kind {
        R::AdverseEvent => "kind-adverse-event",
        R::BodyStructure => "kind-body-structure",
        R::CarePlan => "kind-plan",
        R::CareTeam => "kind-team",
        R::ClinicalImpression => "kind-impression",
        R::DetectedIssue => "kind-issue",
        R::Device | R::DeviceRequest | R::DeviceUseStatement => "kind-device",
        R::EpisodeOfCare => "kind-episode",
        R::FamilyMemberHistory => "kind-family",
        R::Flag => "kind-warning",
        R::Goal => "kind-goal",
        R::ImagingStudy | R::Media => "kind-picture",
        R::ImmunizationRecommendation => "kind-vaccine-advice",
        R::MedicationAdministration => "kind-medicine-given",
        R::MedicationDispense => "kind-medicine-handed-out",
        R::NutritionOrder => "kind-nutrition",
        R::RiskAssessment => "kind-risk",
        R::Specimen => "kind-specimen",
        R::SupplyDelivery => "kind-supply",
        R::VisionPrescription => "kind-glasses",
        other => return other.name().to_owned(),
    };
    t(message).to_string()
}

/// A sentence's list of what was touched: "9 results, 2 medicines, 1 other part".
pub fn all_parts(touched: &[(ResourceType, usize)]) -> String {
    let mut sums: Vec<(&'static str, ResourceType, usize)> = Vec::new();
    for (kind, n) in touched {
        let word = word_of(*kind);
        match sums.iter_mut().find(|(known, ..)| *known == word) {
            Some((_, _, sum)) => *sum += n,
            None => sums.push((word, *kind, *n)),
        }
    }
    // What nobody has a word for goes last.
    sums.sort_by_key(|(word, ..)| *word == "other");
    sums.iter().map(|(_, kind, n)| parts(*kind, *n)).collect::<Vec<_>>().join(", ")
}

fn word_of(kind: ResourceType) -> &'static str {
    use ResourceType as R;
    match kind {
        R::Patient | R::Person => "person",
        R::Observation => "result",
        R::DiagnosticReport => "report",
        R::Condition => "problem",
        R::AllergyIntolerance => "allergy",
        R::MedicationRequest | R::MedicationStatement | R::Medication => "medicine",
        R::MedicationDispense | R::MedicationAdministration => "medicine-given",
        R::Immunization => "immunization",
        R::Encounter => "visit",
        R::Procedure => "procedure",
        R::DocumentReference | R::Binary | R::Composition | R::DocumentManifest => "document",
        R::Appointment | R::AppointmentResponse => "appointment",
        R::CarePlan | R::Goal => "plan",
        R::CareTeam => "team",
        R::ImagingStudy | R::Media => "picture",
        R::Claim | R::ClaimResponse | R::ExplanationOfBenefit | R::Coverage | R::Account | R::Invoice => "bill",
        R::Communication | R::CommunicationRequest => "message",
        R::ServiceRequest => "order",
        R::Consent => "consent",
        R::FamilyMemberHistory => "family",
        R::RelatedPerson => "relative",
        R::Device | R::DeviceUseStatement => "device",
        // Of no patient: when somebody is there, what can be booked, and where.
        R::Schedule
        | R::Slot
        | R::HealthcareService
        | R::Practitioner
        | R::PractitionerRole
        | R::Location
        | R::Organization => "clinic",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_purpose_and_type_has_its_words() {
        for action in Action::ALL {
            assert!(did(*action).exists(), "act-{}", action.code());
        }
        for purpose in Purpose::ALL {
            assert!(why(*purpose).exists() && why_you(*purpose).exists(), "why-{}", purpose.code());
        }
        for kind in ResourceType::ALL {
            assert!(parts(*kind, 2).contains('2'), "{kind:?}");
        }
    }

    #[test]
    fn parts_are_summed_by_the_word_that_people_have_for_them() {
        let touched = [
            (ResourceType::Basic, 1),
            (ResourceType::Observation, 9),
            (ResourceType::MedicationRequest, 1),
            (ResourceType::MedicationStatement, 1),
        ];
        assert_eq!(all_parts(&touched), "9 results or measurements, 2 medicines, 1 other part of the record");
        let free_times = [(ResourceType::Slot, 14), (ResourceType::Schedule, 1), (ResourceType::HealthcareService, 1)];
        assert_eq!(all_parts(&free_times), "16 of the clinic’s times and settings", "no part of anybody's record");
    }
}
