//! The table of DESIGN §6: role × resource type × action.
//!
//! Every resource type of R4 stands in one [`Class`]; a type without a class does not compile. Each role
//! has one row of rights per class. `tests/access_table.txt` is the whole table as text, so that no change
//! to it goes unseen. What a role never gets of a type it may read stands in [`super::cut`].

use super::action::{Action, Actions};
use crate::base::Role;
use crate::fhir::ResourceType as T;

/// Resource types that the rules treat alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Who a patient is, and who belongs to one.
    Person,
    /// Who works at the clinic, and where: no patient is in it.
    Facility,
    /// What can be booked: no patient is in it.
    Calendar,
    /// A patient's appointments.
    Booking,
    /// That a patient is, was or will be here.
    Visit,
    /// Letters between people.
    Message,
    /// Work asked for, with its deadline.
    Request,
    /// Clinical content.
    Clinical,
    /// Clinical content that patients add to themselves.
    Contribution,
    /// Prescriptions: only who may prescribe writes them.
    Prescription,
    /// Medicines and substances as such: what clinical content points to.
    Catalogue,
    /// Lists of many patients, and research: never a patient's to see.
    Register,
    /// Who pays.
    Insurance,
    /// Bills and claims. They carry diagnoses.
    Financial,
    /// What a patient permits or forbids.
    Permission,
    /// Who looked. Made by the box alone.
    Audit,
    /// Knowledge and definitions: no patient is in it.
    Definitional,
    /// Envelopes and plumbing: no role touches them, only services and the box.
    System,
}

impl Class {
    pub const ALL: [Self; 18] = [
        Self::Person,
        Self::Facility,
        Self::Calendar,
        Self::Booking,
        Self::Visit,
        Self::Message,
        Self::Request,
        Self::Clinical,
        Self::Contribution,
        Self::Prescription,
        Self::Catalogue,
        Self::Register,
        Self::Insurance,
        Self::Financial,
        Self::Permission,
        Self::Audit,
        Self::Definitional,
        Self::System,
    ];

    /// Whether a resource of this class that names no patient is about nobody. In every other class such
    /// a resource is about somebody unknown.
    pub const fn is_about_nobody(self) -> bool {
        matches!(self, Self::Facility | Self::Calendar | Self::Catalogue | Self::Definitional)
    }

    /// Whether a resource of this class may be between the patient's side and the health administrator alone: what they have to do
    /// with each other.
    pub const fn can_be_confided(self) -> bool {
        matches!(self, Self::Permission | Self::Request)
    }

    #[rustfmt::skip]
    pub const fn of(kind: T) -> Self {
        match kind {
            T::Patient | T::Person | T::RelatedPerson => Self::Person,

            T::Endpoint | T::HealthcareService | T::InsurancePlan | T::Location | T::Organization
            | T::OrganizationAffiliation | T::Practitioner | T::PractitionerRole => Self::Facility,

            T::Schedule | T::Slot => Self::Calendar,

            T::Appointment | T::AppointmentResponse => Self::Booking,

            T::Encounter => Self::Visit,

            T::Communication | T::CommunicationRequest => Self::Message,

            T::Task => Self::Request,

            T::AdverseEvent | T::AllergyIntolerance | T::Basic | T::BodyStructure | T::CarePlan | T::CareTeam
            | T::ClinicalImpression | T::Composition | T::Condition | T::DetectedIssue | T::Device | T::DeviceMetric
            | T::DeviceRequest | T::DeviceUseStatement | T::DiagnosticReport | T::DocumentManifest | T::EpisodeOfCare
            | T::FamilyMemberHistory | T::Flag | T::Goal | T::GuidanceResponse | T::ImagingStudy | T::Immunization
            | T::ImmunizationEvaluation | T::ImmunizationRecommendation | T::List | T::MedicationAdministration
            | T::MedicationDispense | T::MolecularSequence | T::NutritionOrder
            | T::Procedure | T::Provenance | T::RequestGroup | T::RiskAssessment | T::ServiceRequest | T::Specimen
            | T::SupplyDelivery | T::SupplyRequest => Self::Clinical,

            T::Binary | T::DocumentReference | T::Media | T::MedicationStatement | T::Observation
            | T::QuestionnaireResponse => Self::Contribution,

            T::MedicationRequest | T::VisionPrescription => Self::Prescription,

            T::BiologicallyDerivedProduct | T::Medication | T::MedicationKnowledge | T::MedicinalProduct
            | T::MedicinalProductAuthorization | T::MedicinalProductContraindication | T::MedicinalProductIndication
            | T::MedicinalProductIngredient | T::MedicinalProductInteraction | T::MedicinalProductManufactured
            | T::MedicinalProductPackaged | T::MedicinalProductPharmaceutical | T::MedicinalProductUndesirableEffect
            | T::Substance | T::SubstanceNucleicAcid | T::SubstancePolymer | T::SubstanceProtein
            | T::SubstanceReferenceInformation | T::SubstanceSourceMaterial
            | T::SubstanceSpecification => Self::Catalogue,

            T::Group | T::MeasureReport | T::ResearchStudy | T::ResearchSubject => Self::Register,

            T::Coverage => Self::Insurance,

            T::Account | T::ChargeItem | T::Claim | T::ClaimResponse | T::Contract | T::CoverageEligibilityRequest
            | T::CoverageEligibilityResponse | T::EnrollmentRequest | T::EnrollmentResponse | T::ExplanationOfBenefit
            | T::Invoice | T::PaymentNotice | T::PaymentReconciliation => Self::Financial,

            T::Consent => Self::Permission,

            T::AuditEvent => Self::Audit,

            T::ActivityDefinition | T::CapabilityStatement | T::CatalogEntry | T::ChargeItemDefinition | T::CodeSystem
            | T::CompartmentDefinition | T::ConceptMap | T::DeviceDefinition | T::EffectEvidenceSynthesis
            | T::EventDefinition | T::Evidence | T::EvidenceVariable | T::ExampleScenario | T::GraphDefinition
            | T::ImplementationGuide | T::Library | T::Measure | T::MessageDefinition | T::NamingSystem
            | T::ObservationDefinition | T::OperationDefinition | T::PlanDefinition | T::Questionnaire
            | T::ResearchDefinition | T::ResearchElementDefinition | T::RiskEvidenceSynthesis | T::SearchParameter
            | T::SpecimenDefinition | T::StructureDefinition | T::StructureMap | T::TerminologyCapabilities
            | T::TestScript | T::ValueSet => Self::Definitional,

            T::Bundle | T::Linkage | T::MessageHeader | T::OperationOutcome | T::Parameters | T::Subscription
            | T::TestReport | T::VerificationResult => Self::System,
        }
    }
}

/// Of whom a role may do what its row allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Extent {
    /// Of nobody.
    Nobody,
    /// Of oneself, or of whom one stands in for.
    Own,
    /// Of patients in one's care: `access.reach` says who they are.
    InCare,
    /// Of patients in one's care in full; of the clinic's others who they are and no more.
    Directory,
    /// Of all of the clinic's patients.
    Clinic,
    /// Of all of the clinic's patients, and only what is marked as no clinical letter.
    Administrative,
    /// Only what is about no patient.
    AboutNobody,
}

/// One cell of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rights {
    pub actions: Actions,
    pub extent: Extent,
}

const NEVER: Rights = Rights { actions: Actions::NONE, extent: Extent::Nobody };

const fn rights(actions: Actions, extent: Extent) -> Rights {
    Rights { actions, extent }
}

const READ: Actions = Actions::READ;
const WRITE: Actions = READ.and(Actions::WRITE);
const ALL: Actions = WRITE.with(Action::Delete);
const ADD: Actions = READ.with(Action::Create);

/// What a role may do with a type, before any patient is looked at.
pub const fn rights_of(role: Role, kind: T) -> Rights {
    let class = Class::of(kind);
    let rights = match role {
        Role::Patient => patient(class),
        Role::Proxy => proxy(class),
        Role::Clinician => clinician(class),
        Role::Nurse => nurse(class),
        Role::Reception => reception(class),
        Role::HealthAdmin => health_admin(class),
        Role::Operator => operator(class),
    };
    // Who keeps the calendar keeps what it is made of: kinds of visit, and who works when.
    if matches!((role, kind), (Role::Reception, T::HealthcareService | T::PractitionerRole)) {
        return Rights { actions: rights.actions.and(Actions::WRITE), extent: rights.extent };
    }
    // Patients say themselves who acts for them.
    if matches!((role, kind), (Role::Patient, T::RelatedPerson)) {
        return Rights { actions: rights.actions.and(Actions::WRITE), extent: rights.extent };
    }
    // Who looks after requests for a correction corrects who somebody is and how they are reached.
    if matches!((role, kind), (Role::HealthAdmin, T::Patient)) {
        return Rights { actions: rights.actions.with(Action::Update), extent: rights.extent };
    }
    // A whole copy is asked of the Patient alone; to release is to let a result be seen.
    match kind {
        T::Patient if rights.actions.contains(Action::Read) && role_copies(role) => {
            Rights { actions: rights.actions.with(Action::Everything), extent: rights.extent }
        }
        T::Composition | T::DiagnosticReport | T::DocumentReference | T::Observation | T::ServiceRequest
            if matches!(role, Role::Clinician) =>
        {
            Rights { actions: rights.actions.with(Action::Release).with(Action::Sign), extent: rights.extent }
        }
        // What is made with a note or a result and held with it.
        T::Condition | T::Provenance | T::Task if matches!(role, Role::Clinician) => {
            Rights { actions: rights.actions.with(Action::Release), extent: rights.extent }
        }
        // What patients brought and asked for is theirs to take back.
        T::DocumentReference | T::Observation | T::Task if matches!(role, Role::Patient | Role::Proxy) => {
            Rights { actions: rights.actions.with(Action::Withdraw), extent: rights.extent }
        }
        T::CarePlan
        | T::ClinicalImpression
        | T::Encounter
        | T::Procedure
        | T::QuestionnaireResponse
        | T::MedicationRequest
        | T::VisionPrescription
            if matches!(role, Role::Clinician) =>
        {
            Rights { actions: rights.actions.with(Action::Sign), extent: rights.extent }
        }
        _ => rights,
    }
}

/// Who takes a whole copy away: those who read the whole. A health administrator hands copies out without
/// reading them, which is a workflow of its own and not this act.
const fn role_copies(role: Role) -> bool {
    matches!(role, Role::Patient | Role::Proxy | Role::Clinician | Role::Nurse)
}

/// Own record; add measurements and documents; book; message; share and revoke; see who looked; ask.
const fn patient(class: Class) -> Rights {
    match class {
        Class::Person
        | Class::Visit
        | Class::Clinical
        | Class::Prescription
        | Class::Insurance
        | Class::Financial
        | Class::Audit => rights(READ, Extent::Own),
        Class::Contribution | Class::Message | Class::Request => rights(ADD, Extent::Own),
        Class::Booking | Class::Permission => rights(WRITE, Extent::Own),
        Class::Facility | Class::Calendar | Class::Catalogue | Class::Definitional => rights(READ, Extent::AboutNobody),
        Class::Register | Class::System => NEVER,
    }
}

/// What the patient granted, and never more than a patient has. Permissions are the patient's own to give.
const fn proxy(class: Class) -> Rights {
    match class {
        Class::Permission => rights(READ, Extent::Own),
        other => patient(other),
    }
}

/// Records of patients in care: read, write, sign, prescribe, release, message; register patients; read
/// administrative and financial types.
const fn clinician(class: Class) -> Rights {
    match class {
        Class::Person => rights(WRITE, Extent::Directory),
        Class::Visit
        | Class::Message
        | Class::Request
        | Class::Clinical
        | Class::Contribution
        | Class::Prescription
        | Class::Booking
        | Class::Register => rights(ALL, Extent::InCare),
        Class::Insurance | Class::Financial | Class::Permission => rights(READ, Extent::InCare),
        Class::Calendar => rights(ALL, Extent::AboutNobody),
        Class::Catalogue => rights(WRITE, Extent::AboutNobody),
        Class::Facility | Class::Definitional => rights(READ, Extent::AboutNobody),
        Class::Audit | Class::System => NEVER,
    }
}

/// As a clinician, without prescribing; signing and releasing are added for clinicians alone.
const fn nurse(class: Class) -> Rights {
    match class {
        Class::Prescription => rights(READ, Extent::InCare),
        other => clinician(other),
    }
}

/// Demographics, schedule, check-in. No clinical content: what those types carry of it is cut.
const fn reception(class: Class) -> Rights {
    match class {
        Class::Person | Class::Insurance | Class::Visit => rights(WRITE, Extent::Clinic),
        Class::Booking => rights(ALL, Extent::Clinic),
        Class::Calendar => rights(ALL, Extent::AboutNobody),
        Class::Facility | Class::Definitional => rights(READ, Extent::AboutNobody),
        // Letters may be clinical: only those that say that they are not.
        Class::Message => rights(WRITE, Extent::Administrative),
        Class::Request
        | Class::Clinical
        | Class::Contribution
        | Class::Prescription
        | Class::Catalogue
        | Class::Register
        | Class::Financial
        | Class::Permission
        | Class::Audit
        | Class::System => NEVER,
    }
}

/// Permissions, consents, requests and their deadlines, audit, and whom they are about: of a patient name, birth date,
/// sex, number and how they are reached ([`super::cut`]). No clinical content.
const fn health_admin(class: Class) -> Rights {
    match class {
        Class::Person | Class::Audit => rights(READ, Extent::Clinic),
        Class::Permission => rights(ALL, Extent::Clinic),
        Class::Request => rights(WRITE, Extent::Clinic),
        Class::Facility => rights(WRITE, Extent::AboutNobody),
        Class::Definitional => rights(ALL, Extent::AboutNobody),
        Class::Calendar
        | Class::Booking
        | Class::Visit
        | Class::Message
        | Class::Clinical
        | Class::Contribution
        | Class::Prescription
        | Class::Catalogue
        | Class::Register
        | Class::Insurance
        | Class::Financial
        | Class::System => NEVER,
    }
}

/// The box and its accounts. Nothing in which a patient can be.
const fn operator(class: Class) -> Rights {
    match class {
        Class::Facility => rights(WRITE, Extent::AboutNobody),
        Class::Definitional => rights(READ, Extent::AboutNobody),
        Class::Person
        | Class::Calendar
        | Class::Booking
        | Class::Visit
        | Class::Message
        | Class::Request
        | Class::Clinical
        | Class::Contribution
        | Class::Prescription
        | Class::Catalogue
        | Class::Register
        | Class::Insurance
        | Class::Financial
        | Class::Permission
        | Class::Audit
        | Class::System => NEVER,
    }
}
