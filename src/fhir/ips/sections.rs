//! The sections of a summary and what stands in each (Composition-uv-ips; IPS "Generation and Data Inclusion").

use serde_json::Value;

use crate::fhir::{Another, Asks, ResourceType};

/// A section. The first three are always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    Medications,
    Allergies,
    Problems,
    Immunizations,
    Procedures,
    Devices,
    Results,
    VitalSigns,
    PastIllness,
    PlanOfCare,
    SocialHistory,
    Pregnancy,
    AdvanceDirectives,
    Alerts,
}

impl Section {
    pub const ALL: [Self; 14] = [
        Self::Medications,
        Self::Allergies,
        Self::Problems,
        Self::Immunizations,
        Self::Procedures,
        Self::Devices,
        Self::Results,
        Self::VitalSigns,
        Self::PastIllness,
        Self::PlanOfCare,
        Self::SocialHistory,
        Self::Pregnancy,
        Self::AdvanceDirectives,
        Self::Alerts,
    ];

    /// The LOINC code by which it is known.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Medications => "10160-0",
            Self::Allergies => "48765-2",
            Self::Problems => "11450-4",
            Self::Immunizations => "11369-6",
            Self::Procedures => "47519-4",
            Self::Devices => "46264-8",
            Self::Results => "30954-2",
            Self::VitalSigns => "8716-3",
            Self::PastIllness => "11348-0",
            Self::PlanOfCare => "18776-5",
            Self::SocialHistory => "29762-2",
            Self::Pregnancy => "10162-6",
            Self::AdvanceDirectives => "42348-3",
            Self::Alerts => "104605-1",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Medications => "Medication Summary",
            Self::Allergies => "Allergies and Intolerances",
            Self::Problems => "Problems",
            Self::Immunizations => "Immunizations",
            Self::Procedures => "History of Procedures",
            Self::Devices => "Medical Devices",
            Self::Results => "Results",
            Self::VitalSigns => "Vital Signs",
            Self::PastIllness => "History of Past Illness",
            Self::PlanOfCare => "Plan of Care",
            Self::SocialHistory => "Social History",
            Self::Pregnancy => "History of Pregnancy",
            Self::AdvanceDirectives => "Advance Directives",
            Self::Alerts => "Alerts",
        }
    }

    pub const fn is_required(self) -> bool {
        matches!(self, Self::Medications | Self::Allergies | Self::Problems)
    }

    /// The heads of its table: what, when, and more.
    pub(super) const fn columns(self) -> [&'static str; 3] {
        match self {
            Self::Medications => ["Medicine", "Since", "Dose"],
            Self::Allergies => ["Allergy or intolerance", "Since", "Reaction"],
            Self::Problems | Self::PastIllness => ["Problem", "Since", "State"],
            Self::Immunizations => ["Vaccine", "Given", "Details"],
            Self::Procedures => ["Procedure", "Done", "State"],
            Self::Devices => ["Device", "Since", "State"],
            Self::Results | Self::VitalSigns | Self::SocialHistory | Self::Pregnancy => ["What", "When", "Finding"],
            Self::PlanOfCare => ["Plan", "From", "Details"],
            Self::AdvanceDirectives => ["Directive", "Made", "State"],
            Self::Alerts => ["Alert", "From", "State"],
        }
    }

    /// Where a resource belongs; `None` where it belongs into no summary: what was an error, was refuted, is over, was
    /// never done, or is not final.
    pub fn of(kind: ResourceType, resource: &Value) -> Option<Self> {
        use ResourceType as T;
        let status = text(resource, "status");
        match kind {
            T::AllergyIntolerance => {
                let void = ["entered-in-error", "refuted"];
                (!void.iter().any(|code| has(resource, "verificationStatus", code))).then_some(Self::Allergies)
            }
            // That one is not taken is worth a row. Which of them says no more than its prescription, who makes the document knows.
            T::MedicationStatement => {
                let counts = ["active", "intended", "on-hold", "unknown", "not-taken"];
                counts.contains(&status).then_some(Self::Medications)
            }
            T::MedicationRequest => {
                let counts = matches!(status, "active" | "on-hold" | "unknown");
                // What must not be given stands among the alerts: a reader who knows no `doNotPerform` would have it taken.
                let section = match Asks::of(resource) {
                    Asks::Give => Some(Self::Medications),
                    Asks::NotToGive => Some(Self::Alerts),
                    Asks::Perhaps => None,
                };
                section.filter(|_| counts)
            }
            T::Condition => {
                if ["entered-in-error", "refuted"].iter().any(|code| has(resource, "verificationStatus", code)) {
                    return None;
                }
                let over =
                    ["inactive", "remission", "resolved"].iter().any(|code| has(resource, "clinicalStatus", code));
                Some(if over { Self::PastIllness } else { Self::Problems })
            }
            T::Immunization => (status == "completed").then_some(Self::Immunizations),
            T::Procedure => matches!(status, "completed" | "in-progress").then_some(Self::Procedures),
            T::DeviceUseStatement => matches!(status, "active" | "on-hold").then_some(Self::Devices),
            T::DiagnosticReport => is_final(status).then_some(Self::Results),
            T::Observation => is_final(status).then(|| observation(resource)).flatten(),
            T::CarePlan => {
                // What somebody only proposed is no plan yet.
                let is_plan = !matches!(text(resource, "intent"), "proposal" | "option");
                (is_plan && matches!(status, "active" | "on-hold")).then_some(Self::PlanOfCare)
            }
            T::Consent => (status == "active" && has(resource, "scope", "adr")).then_some(Self::AdvanceDirectives),
            T::Flag => (status == "active").then_some(Self::Alerts),
            _ => None,
        }
    }
}

fn is_final(status: &str) -> bool {
    matches!(status, "final" | "amended" | "corrected")
}

/// LOINC codes of a pregnancy's state, expected date and outcomes (IPS value sets "Pregnancy Status", "Expected Delivery
/// Date Method", "Pregnancies Summary").
const PREGNANCY: [&str; 14] = [
    "82810-3", "11778-8", "11779-6", "11780-4", "11636-8", "11637-6", "11638-4", "11639-2", "11640-0", "11612-9",
    "11613-7", "11614-5", "33065-4", "11996-6",
];

fn observation(resource: &Value) -> Option<Section> {
    if PREGNANCY.iter().any(|code| has(resource, "code", code)) {
        return Some(Section::Pregnancy);
    }
    let categories = resource.get("category").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_of = |code: &str| categories.iter().any(|category| has_code(category, code));
    if is_of("vital-signs") {
        Some(Section::VitalSigns)
    } else if is_of("social-history") {
        Some(Section::SocialHistory)
    } else if is_of("laboratory") || is_of("imaging") {
        Some(Section::Results)
    } else {
        None
    }
}

/// By what two measurements are of one kind. What is measured at home is apart from what the clinic measured: the newer of
/// the two does not take the other's place. Nor does what is about somebody else, such as a fetus.
pub(super) fn key(resource: &Value) -> (bool, String, Option<String>) {
    let code = resource.get("code");
    let coding = code.and_then(|code| code.pointer("/coding/0"));
    let words = [code.map(|code| text(code, "text")), coding.map(|coding| text(coding, "display"))];
    let written = words.into_iter().flatten().find(|words| !words.is_empty());
    let kind = match (coding.filter(|coding| !text(coding, "code").is_empty()), written) {
        (Some(coding), _) => format!("{}|{}", text(coding, "system"), text(coding, "code")),
        (None, Some(written)) => written.to_lowercase(),
        // What nobody named is of no other's kind.
        (None, None) => format!("#{}", text(resource, "id")),
    };
    (is_of_the_patient(resource), kind, Another::of(resource).map(|another| another.key()))
}

/// Whether the patient, or somebody of theirs, measured it.
pub(super) fn is_of_the_patient(resource: &Value) -> bool {
    let performers = resource.get("performer").and_then(Value::as_array);
    let tags = resource.pointer("/meta/tag").and_then(Value::as_array);
    let by = |one: &Value| ["Patient/", "RelatedPerson/"].iter().any(|kind| text(one, "reference").starts_with(kind));
    performers.into_iter().flatten().any(by) || tags.into_iter().flatten().any(|tag| text(tag, "code") == "PATRPT")
}

/// The prescription of which a statement speaks, as `MedicationRequest/a`.
pub(super) fn prescription_of(statement: &Value) -> Option<&str> {
    let all = statement.get("basedOn").and_then(Value::as_array);
    let of =
        all.into_iter().flatten().map(|one| text(one, "reference")).find(|to| to.starts_with("MedicationRequest/"))?;
    Some(of.split_once("/_history/").map_or(of, |(of, _)| of))
}

/// Whether it says that a medicine is not taken.
pub(super) fn is_not_taken(statement: &Value) -> bool {
    text(statement, "status") == "not-taken"
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a CodeableConcept of the resource has this code.
fn has(resource: &Value, name: &str, code: &str) -> bool {
    resource.get(name).is_some_and(|concept| has_code(concept, code))
}

fn has_code(concept: &Value, code: &str) -> bool {
    let codings = concept.get("coding").and_then(Value::as_array);
    codings.into_iter().flatten().any(|coding| text(coding, "code") == code)
}
