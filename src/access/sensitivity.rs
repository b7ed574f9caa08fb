//! How delicate a resource is: one byte from its `meta.security`, carried by every index row.
//!
//! | bit | meaning | codes |
//! |---|---|---|
//! | 0 | restricted | `R` |
//! | 1 | very restricted | `V`, and any code of the confidentiality system that is not known |
//! | 2 | substance use | `ETH` `ETHUD` `ALC` `OPIOIDUD` `SUD` `SUDP` |
//! | 3 | mental health | `PSY` `PSYTHPN` `MH` `BH` `COGN` `DVD` `EMOTDIS` |
//! | 4 | infection that stigmatizes | `HIV` `STD` |
//! | 5 | sexual and reproductive health | `SEX` `REPRO` `PREGNANT` `SREPRO` |
//! | 6 | violence and abuse | `SDV` `IDS` `SOC` `VIO` |
//! | 7 | genetics, and every other label of sensitivity | `GDIS` `SICKLE` `TBOO` `CEL` … |
//!
//! Beside the byte stands one mark that seals nothing: [`AUDIENCE`] [`ADMINISTRATIVE`] says that a letter is no clinical one, by
//! which the reception may see it.
//!
//! *Held* (`NOPAT` of ActCode's `_RefrainPolicy`) is another mark: the patient, those who act for them and whoever has their
//! share link do not see it until the clinic lets it go. It takes no consent of staff to see.
//!
//! *Confided* ([`AUDIENCE`] [`CONFIDED`]) is the third: between the patient's side and who answers for the record. No consent and
//! no emergency opens it to anybody else of the clinic.
//!
//! *Taken back* is the fourth, and no label says it: a document that the clinic took back as a mistake, another person's letter say,
//! and the files that it alone names. To the patient's side it is not there any more.
//!
//! Zero is an ordinary item. Anything else is *sealed*: the patient sees it, others need the patient's
//! consent for each bit, or an emergency. Sources: HL7 v3 Confidentiality and ActCode
//! (`_InformationSensitivityPolicy`), both through FHIR R4 `security-labels`.

use serde_json::{Value, json};

use super::withdrawal::is_withdrawn;
use crate::fhir::ResourceType;

/// The byte, and the marks above it. See the module for the bits.
/// As a stored value it is its byte: a rule of a consent names labels, and the mark is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(from = "u8", into = "u8")]
pub struct Sensitivity(u16);

impl From<u8> for Sensitivity {
    fn from(byte: u8) -> Self {
        Self::from_byte(byte)
    }
}

impl From<Sensitivity> for u8 {
    fn from(sensitivity: Sensitivity) -> Self {
        sensitivity.byte()
    }
}

/// The code system of whom a resource is for, beside those whom the rules name anyway.
pub const AUDIENCE: &str = "urn:chartbox:audience";
/// What is about no illness and no treatment: an appointment, a form, a bill.
pub const ADMINISTRATIVE: &str = "administrative";
/// What the patient, or who acts for them, says to the health administrator and nobody else of the clinic.
pub const CONFIDED: &str = "health-administrator";

const SEALS: u16 = 0xFF;

/// Whether something is kept from the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    No,
    FromPatient,
}

const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

impl Sensitivity {
    pub const NORMAL: Self = Self(0);
    pub const RESTRICTED: Self = Self(1);
    pub const VERY_RESTRICTED: Self = Self(1 << 1);
    pub const SUBSTANCE_USE: Self = Self(1 << 2);
    pub const MENTAL_HEALTH: Self = Self(1 << 3);
    pub const INFECTION: Self = Self(1 << 4);
    pub const SEXUAL_HEALTH: Self = Self(1 << 5);
    pub const VIOLENCE: Self = Self(1 << 6);
    pub const OTHER: Self = Self(1 << 7);

    /// Every label there is.
    pub const ALL: Self = Self(SEALS);

    const ADMINISTRATIVE: Self = Self(1 << 8);
    const HELD: Self = Self(1 << 9);
    const CONFIDED: Self = Self(1 << 10);
    const TAKEN_BACK: Self = Self(1 << 11);

    pub const fn from_byte(byte: u8) -> Self {
        Self(byte as u16)
    }

    /// Its labels, without the mark.
    #[allow(clippy::cast_possible_truncation)] // the mark stands apart
    pub const fn byte(self) -> u8 {
        self.0 as u8
    }

    /// The marks beside the labels, as rows store them: 1 no clinical letter, 2 held from the patient, 4 confided, 8 taken back.
    pub const fn marks(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// The same labels with these marks; `None` where one is not known.
    pub const fn with_marks(self, marks: u8) -> Option<Self> {
        if marks < 16 { Some(Self(self.0 & SEALS | (marks as u16) << 8)) } else { None }
    }

    /// The same, held or not.
    #[must_use]
    pub const fn with_hold(self, hold: Hold) -> Self {
        match hold {
            Hold::FromPatient => self.and(Self::HELD),
            Hold::No => Self(self.0 & !Self::HELD.0),
        }
    }

    /// The same, taken back.
    #[must_use]
    pub const fn taken_back(self) -> Self {
        self.and(Self::TAKEN_BACK)
    }

    /// The same, as what was not taken back.
    #[must_use]
    pub const fn as_if_it_stood(self) -> Self {
        Self(self.0 & !Self::TAKEN_BACK.0)
    }

    /// Whether the clinic took it back as a mistake, so that it is none of the patient's.
    pub const fn is_taken_back(self) -> bool {
        self.0 & Self::TAKEN_BACK.0 != 0
    }

    /// The same, with no label that seals it.
    #[must_use]
    pub const fn unsealed(self) -> Self {
        Self(self.0 & !SEALS)
    }

    /// Whether it is kept from the patient and those who act for them.
    pub const fn is_held(self) -> bool {
        self.0 & Self::HELD.0 != 0
    }

    /// The same, and no clinical letter.
    #[must_use]
    pub const fn administrative(self) -> Self {
        self.and(Self::ADMINISTRATIVE)
    }

    /// Whether it is marked as no clinical letter.
    pub const fn is_administrative(self) -> bool {
        self.0 & Self::ADMINISTRATIVE.0 != 0
    }

    /// The same, and confided.
    #[must_use]
    pub const fn confided(self) -> Self {
        self.and(Self::CONFIDED)
    }

    /// What closes it to the clinic: its seals, and that it is confided.
    #[must_use]
    pub const fn closing(self) -> Self {
        Self(self.0 & (SEALS | Self::CONFIDED.0))
    }

    /// Whether anything closes it to the clinic.
    pub const fn is_closed(self) -> bool {
        self.closing().0 != 0
    }

    /// Whether it is for the patient's side and who answers for the record alone.
    pub const fn is_confided(self) -> bool {
        self.0 & Self::CONFIDED.0 != 0
    }

    /// Of a whole resource: reads its `meta.security`. A Consent is as delicate as what it speaks of, for it says that there is
    /// such a thing.
    pub fn of_resource(resource: &Value) -> Self {
        let own = resource.get("meta").and_then(|meta| meta.get("security")).map_or(Self::NORMAL, Self::of_security);
        match resource.get("resourceType").and_then(Value::as_str) {
            Some("Consent") => own.and(Self(Self::spoken_of(resource).0 & SEALS)),
            // What the patient's side took back are its own words.
            Some("DocumentReference")
                if resource.get("status").and_then(Value::as_str) == Some("entered-in-error")
                    && !is_withdrawn(ResourceType::DocumentReference, resource) =>
            {
                own.taken_back()
            }
            _ => own,
        }
    }

    /// What is sealed by what a Consent speaks of: the labels of its provisions, and every coding of the two systems that have them
    /// in its categories, rules, classes and codes. A mark is none of the Consent's.
    fn spoken_of(value: &Value) -> Self {
        match value {
            Value::Object(members) => {
                let text = |name| members.get(name).and_then(Value::as_str);
                let own = match (text("system"), text("code")) {
                    (Some(system @ (CONFIDENTIALITY | ACT_CODE)), Some(code)) => Self::of_code(Some(system), code),
                    _ => Self::NORMAL,
                };
                let labels = members.get("securityLabel").map_or(Self::NORMAL, Self::of_security);
                // What seals the Consent itself stands in its meta, and is read there.
                let within = members.iter().filter(|(name, _)| !matches!(name.as_str(), "meta" | "securityLabel"));
                within.map(|(_, value)| Self::spoken_of(value)).fold(own.and(labels), Self::and)
            }
            Value::Array(all) => all.iter().map(Self::spoken_of).fold(Self::NORMAL, Self::and),
            _ => Self::NORMAL,
        }
    }

    /// Of the value of `meta.security`, an array of Coding. A Coding that cannot be read counts as very restricted.
    pub fn of_security(security: &Value) -> Self {
        let one = |coding: &Value| {
            let text = |name| coding.get(name).and_then(Value::as_str);
            match (text("system"), text("code")) {
                (system, Some(code)) => Self::of_code(system, code),
                // A label that names neither a code nor a system of its own says nothing we can keep to.
                (Some(system), None) if system != CONFIDENTIALITY && system != ACT_CODE => Self::NORMAL,
                (_, None) => Self::VERY_RESTRICTED,
            }
        };
        match security {
            Value::Array(codings) => codings.iter().map(one).fold(Self::NORMAL, Self::and),
            Value::Null => Self::NORMAL,
            other => one(other),
        }
    }

    /// What one label seals; `None` of one that seals nothing, and of one that is not known. By that a resource is sealed to be safe
    /// ([`Sensitivity::of_security`]); what somebody lets see or refuses by it nobody can tell.
    pub fn sealed_by(label: &Value) -> Option<Self> {
        let text = |name| label.get(name).and_then(Value::as_str);
        let code = text("code")?;
        let known = match text("system") {
            Some(CONFIDENTIALITY) => Self::of_confidentiality(code),
            Some(ACT_CODE) => Self::of_act_code(code),
            None => Self::of_confidentiality(code).or_else(|| Self::of_act_code(code)),
            Some(_) => None,
        };
        known.filter(|seal| seal.is_sealed())
    }

    /// Of one label. Without a system the code decides; codes of other systems (a local one, `SUBSETTED`,
    /// `HTEST`) do not seal.
    pub fn of_code(system: Option<&str>, code: &str) -> Self {
        match system {
            Some(CONFIDENTIALITY) => Self::of_confidentiality(code).unwrap_or(Self::VERY_RESTRICTED),
            Some(ACT_CODE) => Self::of_act_code(code).unwrap_or(Self::NORMAL),
            Some(AUDIENCE) if code == ADMINISTRATIVE => Self::ADMINISTRATIVE,
            Some(AUDIENCE) if code == CONFIDED => Self::CONFIDED,
            None => Self::of_confidentiality(code).or_else(|| Self::of_act_code(code)).unwrap_or(Self::NORMAL),
            Some(_) => Self::NORMAL,
        }
    }

    fn of_confidentiality(code: &str) -> Option<Self> {
        match code {
            "U" | "L" | "M" | "N" => Some(Self::NORMAL),
            "R" => Some(Self::RESTRICTED),
            "V" => Some(Self::VERY_RESTRICTED),
            _ => None,
        }
    }

    fn of_act_code(code: &str) -> Option<Self> {
        Some(match code {
            "ETH" | "ETHUD" | "ALC" | "OPIOIDUD" | "SUD" | "SUDP" => Self::SUBSTANCE_USE,
            "PSY" | "PSYTHPN" | "MH" | "BH" | "COGN" | "DVD" | "EMOTDIS" => Self::MENTAL_HEALTH,
            "HIV" | "STD" => Self::INFECTION,
            "SEX" | "REPRO" | "PREGNANT" | "SREPRO" => Self::SEXUAL_HEALTH,
            "SDV" | "IDS" | "SOC" | "VIO" => Self::VIOLENCE,
            "GDIS" | "SICKLE" | "TBOO" | "CEL" | "VIP" | "ADOL" | "DIA" | "DRGIS" | "EMP" | "PDS" | "PHY" | "PRS"
            | "COMPT" | "LOCIS" | "SPI" | "OPTOUT" => Self::OTHER,
            "NOPAT" => Self::HELD,
            _ => return None,
        })
    }

    /// The labels of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Labels that mean what of `self` is not in `known`: one for each.
    pub fn labels_beyond(self, known: Self) -> Vec<Value> {
        let labels = [
            (Self::RESTRICTED, CONFIDENTIALITY, "R"),
            (Self::VERY_RESTRICTED, CONFIDENTIALITY, "V"),
            (Self::SUBSTANCE_USE, ACT_CODE, "SUD"),
            (Self::MENTAL_HEALTH, ACT_CODE, "MH"),
            (Self::INFECTION, ACT_CODE, "STD"),
            (Self::SEXUAL_HEALTH, ACT_CODE, "SEX"),
            (Self::VIOLENCE, ACT_CODE, "VIO"),
            (Self::OTHER, ACT_CODE, "GDIS"),
            (Self::HELD, ACT_CODE, "NOPAT"),
            (Self::CONFIDED, AUDIENCE, CONFIDED),
        ];
        let beyond = Self(self.0 & !known.0);
        let wanted = labels.into_iter().filter(|(bit, ..)| bit.0 & beyond.0 != 0);
        wanted.map(|(_, system, code)| json!({"system": system, "code": code})).collect()
    }

    /// Whether every label of `self` is among `labels`.
    pub const fn is_within(self, labels: Self) -> bool {
        self.0 & SEALS & !labels.0 == 0
    }

    /// Whether any label of `self` is among `labels`.
    pub const fn meets(self, labels: Self) -> bool {
        self.0 & labels.0 & SEALS != 0
    }

    /// Whether this takes the patient's consent to see.
    pub const fn is_sealed(self) -> bool {
        self.0 & SEALS != 0
    }
}

impl std::fmt::Debug for Sensitivity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sensitivity({:#011b})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_a_resource_are_read_from_its_security() {
        let of = |security: Value| Sensitivity::of_resource(&json!({ "meta": { "security": security } }));
        let code = |system: &str, code: &str| json!({ "system": system, "code": code });
        assert_eq!(Sensitivity::of_resource(&json!({ "resourceType": "Patient" })), Sensitivity::NORMAL);
        assert_eq!(of(json!([code(CONFIDENTIALITY, "N"), code(CONFIDENTIALITY, "L")])), Sensitivity::NORMAL);
        assert_eq!(of(json!([code(CONFIDENTIALITY, "R")])), Sensitivity::RESTRICTED);
        assert_eq!(
            of(json!([code(CONFIDENTIALITY, "V"), code(ACT_CODE, "HIV")])),
            Sensitivity::VERY_RESTRICTED.and(Sensitivity::INFECTION)
        );
        assert_eq!(of(json!([{ "code": "PSY" }])), Sensitivity::MENTAL_HEALTH);
        assert_eq!(of(json!([code("http://clinic.example/labels", "R")])), Sensitivity::NORMAL);
        assert_eq!(of(json!([code(ACT_CODE, "HTEST")])), Sensitivity::NORMAL);
        let held = of(json!([code(ACT_CODE, "NOPAT"), code(ACT_CODE, "HIV")]));
        assert_eq!(held, Sensitivity::INFECTION.with_hold(Hold::FromPatient));
        assert!(held.is_held() && held.is_sealed() && held.is_within(Sensitivity::INFECTION));
        let only = of(json!([code(ACT_CODE, "NOPAT")]));
        assert!(only.is_held() && !only.is_sealed() && only.byte() == 0 && !only.meets(Sensitivity::ALL));
        assert_eq!(Sensitivity::INFECTION.with_marks(held.marks()), Some(held));
        assert_eq!(held.with_marks(16), None);
    }

    #[test]
    fn a_letter_that_is_no_clinical_one_is_marked_and_not_sealed() {
        let mark = json!({ "system": AUDIENCE, "code": ADMINISTRATIVE });
        let of = |security: Value| Sensitivity::of_security(&security);
        let marked = of(json!([mark]));
        assert!(marked.is_administrative() && !marked.is_sealed() && marked.byte() == 0);
        let both = of(json!([mark, { "code": "PSY" }]));
        assert!(both.is_administrative() && both.is_sealed() && both.byte() == Sensitivity::MENTAL_HEALTH.byte());
        assert!(both.is_within(Sensitivity::MENTAL_HEALTH) && !both.meets(marked));
        for other in [json!([{ "system": AUDIENCE, "code": "x" }]), json!([{ "code": ADMINISTRATIVE }])] {
            assert!(!of(other).is_administrative());
        }
    }

    #[test]
    fn a_document_that_the_clinic_took_back_is_marked_and_ones_own_words_are_not() {
        let of = |status: &str, author: &str| {
            let author = json!([{ "reference": author }]);
            Sensitivity::of_resource(
                &json!({ "resourceType": "DocumentReference", "status": status, "author": author }),
            )
        };
        let marked = of("entered-in-error", "Practitioner/d");
        assert!(marked.is_taken_back() && !marked.is_sealed() && !marked.is_held());
        assert_eq!(Sensitivity::NORMAL.with_marks(marked.marks()), Some(marked));
        assert_eq!(marked.as_if_it_stood(), Sensitivity::NORMAL);
        assert!(
            !of("current", "Practitioner/d").is_taken_back() && !of("entered-in-error", "Patient/p").is_taken_back()
        );
    }

    #[test]
    fn what_is_confided_is_marked_and_not_sealed() {
        let of = |security: Value| Sensitivity::of_security(&security);
        let marked = of(json!([{ "system": AUDIENCE, "code": CONFIDED }]));
        assert!(
            marked.is_confided()
                && !marked.is_sealed()
                && !marked.is_held()
                && marked == Sensitivity::NORMAL.confided()
        );
        assert_eq!(Sensitivity::NORMAL.with_marks(marked.marks()), Some(marked));
        assert!(!of(json!([{ "code": CONFIDED }])).is_confided(), "by its system");
        assert!(!marked.with_hold(Hold::FromPatient).with_hold(Hold::No).unsealed().meets(Sensitivity::ALL));
        assert_eq!(of(Value::Array(marked.labels_beyond(Sensitivity::NORMAL))), marked);
    }

    #[test]
    fn a_label_that_cannot_be_read_seals() {
        let of = |security: Value| Sensitivity::of_security(&security);
        assert_eq!(of(json!([{ "system": CONFIDENTIALITY, "code": "X" }])), Sensitivity::VERY_RESTRICTED);
        assert_eq!(of(json!([{ "system": CONFIDENTIALITY }])), Sensitivity::VERY_RESTRICTED);
        assert_eq!(of(json!(["R"])), Sensitivity::VERY_RESTRICTED);
        assert_eq!(of(json!("R")), Sensitivity::VERY_RESTRICTED);
        assert_eq!(of(json!({ "system": CONFIDENTIALITY, "code": "R" })), Sensitivity::RESTRICTED);
        assert_eq!(of(Value::Null), Sensitivity::NORMAL);
    }

    #[test]
    fn what_a_label_seals_is_told_by_one_that_is_known_alone() {
        let known = |label: Value| Sensitivity::sealed_by(&label);
        assert_eq!(known(json!({ "system": CONFIDENTIALITY, "code": "V" })), Some(Sensitivity::VERY_RESTRICTED));
        assert_eq!(known(json!({ "code": "PSY" })), Some(Sensitivity::MENTAL_HEALTH));
        for untold in [
            json!({ "system": CONFIDENTIALITY, "code": "N" }),
            json!({ "system": CONFIDENTIALITY, "code": "X" }),
            json!({ "system": CONFIDENTIALITY }),
            json!({ "system": ACT_CODE, "code": "NOPAT" }),
            json!({ "system": "urn:x", "code": "R" }),
            json!({ "display": "restricted" }),
            json!("R"),
        ] {
            assert_eq!(known(untold.clone()), None, "{untold}");
        }
    }

    #[test]
    fn the_bits_that_stand_in_index_rows_are_these() {
        let bits = [
            Sensitivity::RESTRICTED,
            Sensitivity::VERY_RESTRICTED,
            Sensitivity::SUBSTANCE_USE,
            Sensitivity::MENTAL_HEALTH,
            Sensitivity::INFECTION,
            Sensitivity::SEXUAL_HEALTH,
            Sensitivity::VIOLENCE,
            Sensitivity::OTHER,
        ];
        assert_eq!(bits.map(Sensitivity::byte), [1, 2, 4, 8, 16, 32, 64, 128]);
        assert_eq!(bits.into_iter().fold(Sensitivity::NORMAL, Sensitivity::and), Sensitivity::ALL);
    }

    #[test]
    fn every_seal_and_the_hold_can_be_written_as_labels() {
        for bits in [0, 1, 0b1010_0100, 0xFF] {
            let all = Sensitivity::from_byte(bits).with_hold(Hold::FromPatient);
            let known = Sensitivity::from_byte(bits & 0b100);
            assert_eq!(Sensitivity::of_security(&Value::Array(all.labels_beyond(known))).and(known), all);
        }
        assert!(Sensitivity::ALL.labels_beyond(Sensitivity::ALL).is_empty());
    }

    #[test]
    fn a_consent_is_as_delicate_as_what_it_speaks_of() {
        let label = |code: &str| json!([{ "system": ACT_CODE, "code": code }]);
        let of = |kind: &str, provision: Value| {
            Sensitivity::of_resource(&json!({ "resourceType": kind, "provision": provision }))
        };
        assert_eq!(of("Consent", json!({ "type": "permit" })), Sensitivity::NORMAL);
        assert_eq!(of("Consent", json!({ "securityLabel": label("HIV") })), Sensitivity::INFECTION);
        let nested = json!({ "securityLabel": label("HIV"), "provision": [{ "provision": [{ "securityLabel": label("PSY") }] }] });
        assert_eq!(of("Consent", nested.clone()), Sensitivity::INFECTION.and(Sensitivity::MENTAL_HEALTH));
        assert_eq!(of("Basic", nested), Sensitivity::NORMAL);
        assert_eq!(
            of("Consent", json!({ "securityLabel": label("NOPAT") })),
            Sensitivity::NORMAL,
            "it holds nothing back"
        );
        for part in ["class", "purpose"] {
            assert_eq!(of("Consent", json!({ part: label("SUD") })), Sensitivity::SUBSTANCE_USE, "{part}");
        }
        assert_eq!(of("Consent", json!({ "code": [{ "coding": label("PSY") }] })), Sensitivity::MENTAL_HEALTH);
        let whole = |name: &str, code: &str| {
            Sensitivity::of_resource(&json!({ "resourceType": "Consent", name: [{ "coding": label(code) }] }))
        };
        assert_eq!(whole("category", "HIV"), Sensitivity::INFECTION);
        assert_eq!(whole("policyRule", "ETHUD"), Sensitivity::SUBSTANCE_USE);
        assert_eq!(whole("policyRule", "OPTIN"), Sensitivity::NORMAL);
    }
}
