//! Whose compartment a resource stands in, and the date that "newest first" goes by.

use std::collections::HashSet;

use serde_json::Value;

use super::compiled::compiled;
use super::extract::{date_range, values_of};
use super::value::{DateRange, ReferenceTarget, SearchValue};
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::fhir::definitions::Definitions;

/// Whether resources of a type can be in a patient's compartment, as [`compartment_patients`] has it.
pub fn is_in_compartments(definitions: &Definitions, kind: ResourceType) -> bool {
    kind == ResourceType::Patient || !beside(kind).is_empty() || !definitions.patient_compartment(kind).is_empty()
}

/// The patients whose compartment holds this resource (CompartmentDefinition/patient of R4), by its literal
/// references; a Patient is first in its own. Whom the record is about (`patient`, `subject`) comes before
/// those who only take part. Each patient once.
///
/// Some types that R4 puts into no patient's compartment are in one here, because they are about somebody all the same: see
/// [`beside`].
pub fn compartment_patients(definitions: &Definitions, kind: ResourceType, resource: &Value) -> Vec<FhirId> {
    let mut patients: Vec<FhirId> = Vec::new();
    if kind == ResourceType::Patient {
        patients.extend(resource.get("id").and_then(Value::as_str).and_then(|id| FhirId::parse(id).ok()));
    }
    let mut known: HashSet<FhirId> = patients.iter().cloned().collect();
    let named = |path: &&[&str]| -> Vec<FhirId> {
        let all = references_at(resource, path).into_iter().filter_map(patient_named);
        all.filter(|id| !known.contains(id)).collect()
    };
    let named = beside(kind).iter().map(named).find(|named| !named.is_empty()).unwrap_or_default();
    patients.extend(named.into_iter().filter(|id| known.insert(id.clone())));
    let codes = definitions.patient_compartment(kind);
    let params = compiled(definitions, kind);
    let (about, others): (Vec<_>, Vec<_>) =
        params.iter().filter(|param| codes.contains(&param.code)).partition(|param| is_about(param.code));
    for param in about.into_iter().chain(others) {
        for value in values_of(param, resource) {
            if let SearchValue::Reference(ReferenceTarget::Local { kind: ResourceType::Patient, id }) = value
                && known.insert(id.clone())
            {
                patients.push(id);
            }
        }
    }
    patients
}

/// Where a type names whom it is about, though R4 puts it into no patient's compartment: a Binary is under a patient's rules by its
/// `securityContext` (binary.html#security), a Task is `for` a patient, a Device is borne, a decision's support and a contract
/// have a subject, and cells come from somebody. The first that names anybody counts: a Task that is `for` nobody is about what it
/// has in view.
const fn beside(kind: ResourceType) -> &'static [&'static [&'static str]] {
    match kind {
        ResourceType::Binary => &[&["securityContext"]],
        ResourceType::Task => &[&["for"], &["focus"]],
        ResourceType::Device => &[&["patient"]],
        ResourceType::GuidanceResponse | ResourceType::Contract => &[&["subject"]],
        ResourceType::BiologicallyDerivedProduct => &[&["collection", "source"]],
        _ => &[],
    }
}

/// The references at a path, through lists.
fn references_at<'a>(value: &'a Value, path: &[&str]) -> Vec<&'a str> {
    match (value, path) {
        (Value::Array(items), _) => items.iter().flat_map(|item| references_at(item, path)).collect(),
        (_, []) => value.get("reference").and_then(Value::as_str).into_iter().collect(),
        (_, [first, rest @ ..]) => value.get(first).map(|inner| references_at(inner, rest)).unwrap_or_default(),
    }
}

/// The Patient of a literal reference, whichever version of it is named.
fn patient_named(reference: &str) -> Option<FhirId> {
    let id = reference.strip_prefix("Patient/")?;
    FhirId::parse(id.split_once("/_history/").map_or(id, |(id, _)| id)).ok()
}

fn is_about(code: &str) -> bool {
    matches!(code, "patient" | "subject" | "beneficiary" | "individual" | "candidate")
}

/// When what a resource tells of happened, in milliseconds since 1970 UTC: the start of the first date it has of
/// those below. `None` for a resource with none of them: when it was last written says its row, and never its own text, which
/// may be a copy of an older version.
pub fn clinical_date(kind: ResourceType, resource: &Value) -> Option<i64> {
    elements(kind).iter().find_map(|name| start_of(resource, name))
}

/// The time of care that a resource tells of, for `start` and `end` of a whole copy: the first of the elements below that
/// it has. What is not over (a problem that has not abated, an allergy, a family's history) lasts until it is. `None` for
/// a resource that bears no such date.
pub fn care_range(kind: ResourceType, resource: &Value) -> Option<DateRange> {
    let range = |name: &str| {
        let ends = ["", "DateTime", "Period", "Date", "Instant", "Timing"];
        ends.iter().find_map(|end| date_range(resource.get(format!("{name}{end}"))?))
    };
    let mut is = elements(kind).iter().find_map(|name| range(name))?;
    match kind {
        ResourceType::Condition => is.end = range("abatement").map_or(i64::MAX, |abated| abated.end.max(is.end)),
        ResourceType::AllergyIntolerance | ResourceType::FamilyMemberHistory => is.end = i64::MAX,
        _ => {}
    }
    Some(is)
}

/// The elements that date a resource, best first; choices by their stem.
const fn elements(kind: ResourceType) -> &'static [&'static str] {
    use ResourceType as T;
    match kind {
        T::AdverseEvent => &["date", "detected", "recordedDate"],
        T::AllergyIntolerance => &["recordedDate", "onset"],
        T::Appointment => &["start", "created"],
        T::AuditEvent => &["recorded"],
        T::CarePlan => &["period", "created"],
        T::CareTeam | T::Coverage | T::EpisodeOfCare | T::Flag => &["period"],
        T::ChargeItem => &["occurrence", "enteredDate"],
        T::Claim | T::ExplanationOfBenefit => &["billablePeriod", "created"],
        T::ClinicalImpression => &["effective", "date"],
        T::Communication => &["sent", "received"],
        T::CommunicationRequest | T::DeviceRequest | T::ServiceRequest => &["occurrence", "authoredOn"],
        T::Composition | T::DocumentReference | T::List => &["date"],
        T::Condition => &["onset", "recordedDate"],
        T::Consent | T::NutritionOrder => &["dateTime"],
        T::DetectedIssue => &["identified"],
        T::DeviceUseStatement => &["timing", "recordedOn"],
        T::DiagnosticReport | T::Observation => &["effective", "issued"],
        T::ClaimResponse | T::DocumentManifest => &["created"],
        T::Media => &["created", "issued"],
        T::Encounter => &["period"],
        T::FamilyMemberHistory | T::MeasureReport | T::Invoice => &["date"],
        T::Goal => &["start", "statusDate"],
        T::GuidanceResponse => &["occurrenceDateTime"],
        T::ImagingStudy => &["started"],
        T::Immunization => &["occurrence", "recorded"],
        T::ImmunizationEvaluation | T::ImmunizationRecommendation => &["date"],
        T::MedicationAdministration => &["effective"],
        T::MedicationDispense => &["whenHandedOver", "whenPrepared"],
        T::MedicationRequest | T::RequestGroup => &["authoredOn"],
        T::MedicationStatement => &["effective", "dateAsserted"],
        T::Procedure => &["performed"],
        T::Provenance => &["occurred", "recorded"],
        T::QuestionnaireResponse => &["authored"],
        T::RiskAssessment => &["occurrence"],
        T::Slot => &["start"],
        T::Specimen => &["receivedTime"],
        T::SupplyDelivery => &["occurrence"],
        T::SupplyRequest => &["occurrence", "authoredOn"],
        T::Task => &["executionPeriod", "authoredOn"],
        T::VisionPrescription => &["dateWritten", "created"],
        _ => &[],
    }
}

/// The start of a date or Period; of an open one its end.
fn start_of(value: &Value, name: &str) -> Option<i64> {
    let ends = ["", "DateTime", "Period", "Date", "Instant", "Timing"];
    let range = ends.iter().find_map(|end| date_range(value.get(format!("{name}{end}"))?))?;
    [range.start, range.end].into_iter().find(|at| *at != i64::MIN && *at != i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patients(kind: ResourceType, resource: &Value) -> Vec<String> {
        compartment_patients(Definitions::r4(), kind, resource).into_iter().map(String::from).collect()
    }

    #[test]
    fn a_file_under_a_patient_s_rules_and_a_task_for_a_patient_are_theirs() {
        let of = |kind, value: Value| patients(kind, &value);
        let reference = |text: &str| json!({"reference": text});
        assert_eq!(of(ResourceType::Binary, json!({"securityContext": reference("Patient/a")})), ["a"]);
        assert_eq!(
            of(ResourceType::Task, json!({"for": reference("Patient/a"), "focus": reference("Patient/b")})),
            ["a"]
        );
        for kind in [ResourceType::Task, ResourceType::Device] {
            let name = if kind == ResourceType::Task { "for" } else { "patient" };
            assert_eq!(of(kind, json!({name: reference("Patient/a/_history/1")})), ["a"]);
        }
        assert_eq!(of(ResourceType::Task, json!({"focus": reference("Patient/b")})), ["b"]);
        assert_eq!(of(ResourceType::GuidanceResponse, json!({"subject": reference("Patient/a")})), ["a"]);
        assert_eq!(
            of(ResourceType::Contract, json!({"subject": [reference("Patient/a"), reference("Patient/b")]})),
            ["a", "b"]
        );
        let cells = json!({"collection": {"source": reference("Patient/a")}});
        assert_eq!(of(ResourceType::BiologicallyDerivedProduct, cells), ["a"]);
        for other in
            [json!({"securityContext": reference("Group/a")}), json!({"for": reference("Practitioner/a")}), json!({})]
        {
            assert!(of(ResourceType::Binary, other.clone()).is_empty() && of(ResourceType::Task, other).is_empty());
        }
    }

    #[test]
    fn a_resource_stands_in_the_compartments_that_r4_says() {
        let observation = json!({"resourceType": "Observation", "performer": [{"reference": "Patient/b"}],
            "subject": {"reference": "Patient/a"}, "focus": [{"reference": "Patient/c"}]});
        assert_eq!(patients(ResourceType::Observation, &observation), ["a", "b"]);
        let appointment = json!({"resourceType": "Appointment", "participant": [
            {"actor": {"reference": "Practitioner/x"}}, {"actor": {"reference": "Patient/a/_history/2"}}]});
        assert_eq!(patients(ResourceType::Appointment, &appointment), ["a"]);
        assert_eq!(patients(ResourceType::Patient, &json!({"resourceType": "Patient", "id": "p"})), ["p"]);
        let group = json!({"resourceType": "Observation", "subject": {"reference": "Group/a"}});
        assert!(patients(ResourceType::Observation, &group).is_empty());
        assert!(patients(ResourceType::Organization, &json!({"resourceType": "Organization"})).is_empty());
        let elsewhere = json!({"resourceType": "Condition", "subject": {"reference": "https://x.example/Patient/a"}});
        assert!(patients(ResourceType::Condition, &elsewhere).is_empty());
    }

    #[test]
    fn newest_first_goes_by_what_happened_and_not_by_what_a_copy_says_of_its_last_change() {
        let at = |text: &str| Some(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let date = |kind, value: Value| clinical_date(kind, &value);
        let meta = json!({"lastUpdated": "2026-01-01T00:00:00Z"});
        assert_eq!(
            date(ResourceType::Observation, json!({"effectivePeriod": {"start": "2024-05-01"}, "meta": meta})),
            at("2024-05-01T00:00:00Z")
        );
        assert_eq!(
            date(ResourceType::Encounter, json!({"period": {"end": "2024-05-01T10:00:00Z"}})),
            at("2024-05-01T10:00:00.999Z")
        );
        assert_eq!(
            date(ResourceType::Condition, json!({"onsetString": "child", "recordedDate": "2020"})),
            at("2020-01-01T00:00:00Z")
        );
        assert_eq!(date(ResourceType::Condition, json!({"meta": meta})), None, "a copy brings an old one along");
        assert_eq!(date(ResourceType::Patient, json!({})), None);
    }

    #[test]
    fn every_element_that_dates_a_resource_is_one_of_its_type() {
        let r4 = Definitions::r4();
        let names = |kind| elements(kind).iter().map(move |name| (kind, *name));
        let all = ResourceType::ALL.iter().copied().flat_map(names);
        let wrong: Vec<_> = all.filter(|(kind, name)| r4.element(r4.resource(*kind), name).is_none()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
