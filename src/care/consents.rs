//! What a patient lets the clinic's people see of what is sealed, as Consents: one for each kind of seal, switched on and off.
//! The policy reads them at every request, so that a switch holds from the next one on.

use serde_json::{Value, json};

use crate::access::Sensitivity;
use crate::base::{FhirId, Timestamp};
use crate::care::workflow::{Doing, Done, Never, Refused, carry_out};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Condition};

/// The system of the categories of this house's Consents.
pub const CATEGORY: &str = "urn:chartbox:consent";
/// The system of the identifiers by which a switch knows its Consent.
const SWITCH: &str = "urn:chartbox:consent-switch";
const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// A kind of seal that can be opened to the clinic: its name here, and the labels that it covers (see
/// [`crate::access::Sensitivity`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    pub code: &'static str,
    system: &'static str,
    labels: &'static [&'static str],
}

pub const SEALS: [Seal; 8] = [
    Seal { code: "mental-health", system: ACT_CODE, labels: &["PSY", "MH", "BH"] },
    Seal { code: "substance-use", system: ACT_CODE, labels: &["ETH", "SUD", "ALC"] },
    Seal { code: "infection", system: ACT_CODE, labels: &["HIV", "STD"] },
    Seal { code: "sexual-health", system: ACT_CODE, labels: &["SEX", "REPRO", "PREGNANT"] },
    Seal { code: "violence", system: ACT_CODE, labels: &["SDV", "VIO"] },
    Seal { code: "other", system: ACT_CODE, labels: &["GDIS", "SICKLE"] },
    // These two say how far, not what of: a patient finds the others first.
    Seal { code: "restricted", system: CONFIDENTIALITY, labels: &["R"] },
    Seal { code: "very-restricted", system: CONFIDENTIALITY, labels: &["V"] },
];

impl Seal {
    pub fn from_code(code: &str) -> Option<Self> {
        SEALS.into_iter().find(|seal| seal.code == code)
    }

    fn labels(self) -> Value {
        self.labels.iter().map(|code| json!({"system": self.system, "code": code})).collect()
    }

    /// As the policy has it.
    pub fn covers(self) -> Sensitivity {
        Sensitivity::of_security(&self.labels())
    }

    fn is_of(self, consent: &Value) -> bool {
        let identifiers = consent.get("identifier").and_then(Value::as_array).into_iter().flatten();
        identifiers.into_iter().any(|one| {
            let text = |name| one.get(name).and_then(Value::as_str);
            (text("system"), text("value")) == (Some(SWITCH), Some(self.code))
        })
    }

    /// Whether the patient lets the clinic see it.
    pub fn is_open(self, consents: &[Value]) -> bool {
        consents.iter().any(|one| self.is_of(one) && one.get("status").and_then(Value::as_str) == Some("active"))
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    On,
    Off,
}

/// The beginning of a Consent of a patient's own.
pub(in crate::care) fn begun(patient: &FhirId, category: &str, now: Timestamp) -> Value {
    json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "patient": {"reference": format!("Patient/{patient}")},
        "dateTime": now.to_string(),
        "policyRule": {"coding": [{"system": ACT_CODE, "code": "OPTIN"}]},
    })
}

/// Turns a switch. The Consent of before gets a next version, so that its history tells when it held.
pub async fn turn(
    doing: Doing<'_>,
    patient: &FhirId,
    seal: Seal,
    turned: Turned,
    consents: &[Value],
    now: Timestamp,
) -> Result<Done<()>, Refused<Never>> {
    let status = if turned == Turned::On { "active" } else { "inactive" };
    let change = match consents.iter().rev().find(|one| seal.is_of(one)) {
        Some(before) => {
            let mut next = before.clone();
            let text = |at: &str| before.pointer(at).and_then(Value::as_str);
            let version = text("/meta/versionId").and_then(|version| version.parse().ok()).unwrap_or(0);
            let id = text("/id").and_then(|id| FhirId::parse(id).ok()).ok_or(crate::record::RecordError::Damaged)?;
            if let Some(members) = next.as_object_mut() {
                members.insert("status".into(), status.into());
                members.insert("dateTime".into(), now.to_string().into());
            }
            Change::put(ResourceType::Consent, id, next, Condition::Version(version), Mode::Strict)?
        }
        None => {
            let mut consent = begun(patient, "switch", now);
            if let Some(members) = consent.as_object_mut() {
                members.insert("status".into(), status.into());
                members.insert("identifier".into(), json!([{"system": SWITCH, "value": seal.code}]));
                members.insert("provision".into(), json!({"type": "permit", "securityLabel": seal.labels()}));
            }
            Change::create(ResourceType::Consent, consent, Mode::Strict)?
        }
    };
    carry_out(doing, vec![change], |_| Ok(())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_switch_opens_one_seal_and_together_they_open_all() {
        let mut all = Sensitivity::NORMAL;
        for seal in SEALS {
            assert_eq!(seal.covers().byte().count_ones(), 1, "{}", seal.code);
            assert!(!seal.covers().meets(all), "{} covers what another does", seal.code);
            all = all.and(seal.covers());
            assert_eq!(Seal::from_code(seal.code), Some(seal));
        }
        assert_eq!(all, Sensitivity::ALL);
    }

    #[test]
    fn a_switch_is_on_while_its_own_consent_is_active() {
        let of =
            |status: &str, value: &str| json!({"status": status, "identifier": [{"system": SWITCH, "value": value}]});
        let seal = Seal::from_code("infection").unwrap();
        assert!(seal.is_open(&[of("active", "infection")]));
        for other in [of("inactive", "infection"), of("active", "violence"), json!({"status": "active"})] {
            assert!(!seal.is_open(&[other]));
        }
    }
}
