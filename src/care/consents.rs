//! What a patient lets the clinic's people see of what is sealed, as Consents: one for each kind of seal, switched on and off.
//! The policy reads them at every request, so that a switch holds from the next one on.
//!
//! It reads every Consent there is: also those that the clinic wrote from a form on paper, or that another program brought. So who
//! sees what is asked of the policy's own rules, and never of a switch; and each of the others can be ended like a switch.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::access::{ConsentRule, ConsentRules, Covers, Effect, Grantee, Sensitivity};
use crate::base::{ActorRef, FhirId, ResourceRef, Role, Timestamp};
use crate::care::within::{id_of, version_of};
use crate::care::workflow::{Doing, Done, Never, Refused, carry_out};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Condition, RecordError, rules_of};

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

    /// Whether the patient has it switched on.
    pub fn is_on(self, consents: &[Value]) -> bool {
        consents.iter().any(|one| self.is_of(one) && is_active(one))
    }

    pub(in crate::care) fn provision(self) -> Value {
        json!({"type": "permit", "securityLabel": self.labels()})
    }

    /// Whether these rules are what its switch says, and no more.
    fn is_said_by(self, rules: &[ConsentRule]) -> bool {
        let is_plain = |rule: &ConsentRule| {
            (rule.effect, rule.covers) == (Effect::Permit, Covers::Labels(self.covers()))
                && rule.to == Grantee::Clinic
                && (rule.from, rule.until) == (None, None)
        };
        matches!(rules, [rule] if is_plain(rule))
    }

    /// By whom of the clinic what is under this seal is seen now, by all that the patient's Consents say.
    pub fn seen(self, rules: &ConsentRules, patient: &FhirId, now: Timestamp) -> Seen {
        seen(self.covers(), rules, patient, now)
    }
}

/// By whom of the clinic what has these labels is seen now.
pub fn seen(labels: Sensitivity, rules: &ConsentRules, patient: &FhirId, now: Timestamp) -> Seen {
    let opens = |person| rules.word_to(patient, &staff(Role::Clinician, person), now).opens(labels);
    let mut named = rules.of(patient).filter_map(|rule| match &rule.to {
        Grantee::Person(person) if works_here(person) => Some(person),
        _ => None,
    });
    if opens(None) {
        Seen::ByClinic
    } else if named.any(|person| opens(Some(person))) {
        Seen::BySome
    } else {
        Seen::ByNobody
    }
}

/// Whether everybody of the clinic who treats the patient sees now what has these labels: nobody is named to whom it is refused.
pub fn is_seen_by_all(labels: Sensitivity, rules: &ConsentRules, patient: &FhirId, now: Timestamp) -> bool {
    let sees = |rule: &ConsentRule| match &rule.to {
        Grantee::Person(person) if works_here(person) => is_seen_by(person, labels, rules, patient, now),
        Grantee::Role(role @ (Role::Clinician | Role::Nurse)) => {
            rules.word_to(patient, &staff(*role, None), now).opens(labels)
        }
        _ => true,
    };
    seen(labels, rules, patient, now) == Seen::ByClinic && rules.of(patient).all(sees)
}

/// Whether this clinician sees now what has these labels.
pub fn is_seen_by(
    person: &ResourceRef,
    labels: Sensitivity,
    rules: &ConsentRules,
    patient: &FhirId,
    now: Timestamp,
) -> bool {
    rules.word_to(patient, &staff(Role::Clinician, Some(person)), now).opens(labels)
}

/// Somebody of the clinic, as a Consent speaks to them.
fn staff(role: Role, person: Option<&ResourceRef>) -> ActorRef {
    ActorRef { role: Some(role), person: person.cloned(), ..ActorRef::anonymous() }
}

/// By whom of the clinic something sealed is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    ByNobody,
    BySome,
    ByClinic,
}

fn is_active(consent: &Value) -> bool {
    consent.get("status").and_then(Value::as_str) == Some("active")
}

fn works_here(person: &ResourceRef) -> bool {
    matches!(person.type_name(), "Practitioner" | "PractitionerRole")
}

/// A Consent that is no switch of these and says what the clinic's people see.
#[derive(Debug, Clone, PartialEq)]
pub struct Other {
    pub id: FhirId,
    pub version: u32,
    pub says: Vec<Says>,
}

/// One thing that such a Consent says, of now or later.
#[derive(Debug, Clone, PartialEq)]
pub struct Says {
    pub effect: Effect,
    pub whom: To,
    pub covers: Covers,
    pub from: Option<Timestamp>,
    /// The first moment at which it holds no more.
    pub until: Option<Timestamp>,
}

/// To whom of the clinic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    All,
    /// Somebody, by the name that the Consent has.
    One(Option<String>),
}

/// The Consents of a patient that are no switches and say what the clinic's people see. `zone` is the clinic's.
pub fn others(consents: &[Value], zone: &TimeZone, now: Timestamp) -> Vec<Other> {
    consents.iter().filter_map(|one| other(one, zone, now)).collect()
}

fn other(consent: &Value, zone: &TimeZone, now: Timestamp) -> Option<Other> {
    let rules = rules_of(consent, zone);
    if SEALS.iter().any(|seal| seal.is_of(consent) && seal.is_said_by(&rules)) {
        return None;
    }
    let says = rules.into_iter().filter(|rule| rule.until.is_none_or(|until| now < until)).filter_map(|rule| {
        let ConsentRule { effect, to, covers, from, until, .. } = rule;
        let whom = match to {
            Grantee::Person(one) if works_here(&one) => To::One(name_of(consent.get("provision")?, &one)),
            Grantee::Organization(one) => To::One(name_of(consent.get("provision")?, &one)),
            // Of who acts for the patient another page tells.
            Grantee::Person(_) | Grantee::Proxies => return None,
            Grantee::Clinic | Grantee::Role(_) => To::All,
        };
        Some(Says { effect, whom, covers, from, until })
    });
    let says: Vec<Says> = says.collect();
    let id = id_of(consent)?;
    (!says.is_empty()).then(|| Other { id, version: version_of(consent), says })
}

/// The name that a provision, or one within it, gives somebody.
fn name_of(provision: &Value, person: &ResourceRef) -> Option<String> {
    let of = |name: &str| provision.get(name).and_then(Value::as_array).into_iter().flatten();
    let is = |reference: &&Value| reference.get("reference").and_then(Value::as_str) == Some(person.as_str());
    let named = of("actor").filter_map(|actor| actor.get("reference")).filter(is);
    let mut names = named.filter_map(|reference| reference.get("display")?.as_str()).map(str::to_owned);
    names.next().or_else(|| of("provision").find_map(|inner| name_of(inner, person)))
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

/// Turns a switch. The Consent of before gets a next version, so that its history tells when it held. Of several of one seal all
/// are switched off.
pub async fn turn(
    doing: Doing<'_>,
    patient: &FhirId,
    seal: Seal,
    turned: Turned,
    consents: &[Value],
    now: Timestamp,
) -> Result<Done<()>, Refused<Never>> {
    let status = if turned == Turned::On { "active" } else { "inactive" };
    let own: Vec<&Value> = consents.iter().filter(|one| seal.is_of(one)).collect();
    let mut before: Vec<&Value> = own.iter().copied().filter(|one| turned == Turned::Off && is_active(one)).collect();
    if before.is_empty() {
        before.extend(own.last());
    }
    let mut changes = Vec::with_capacity(before.len().max(1));
    for one in before {
        let mut next = one.clone();
        if let Some(members) = next.as_object_mut() {
            members.insert("status".into(), status.into());
            members.insert("dateTime".into(), now.to_string().into());
            members.insert("provision".into(), seal.provision());
        }
        changes.push(put(next, version_of(one))?);
    }
    if changes.is_empty() {
        let mut consent = begun(patient, "switch", now);
        if let Some(members) = consent.as_object_mut() {
            members.insert("status".into(), status.into());
            members.insert("identifier".into(), json!([{"system": SWITCH, "value": seal.code}]));
            members.insert("provision".into(), seal.provision());
        }
        changes.push(Change::create(ResourceType::Consent, consent, Mode::Strict)?);
    }
    carry_out(doing, changes, |_| Ok(())).await
}

/// Ends a Consent, whoever recorded it, if it is the version that was seen still.
pub async fn end(doing: Doing<'_>, mut consent: Value, version: u32) -> Result<Done<()>, Refused<Never>> {
    if let Some(members) = consent.as_object_mut() {
        members.insert("status".into(), "inactive".into());
    }
    carry_out(doing, vec![put(consent, version)?], |_| Ok(())).await
}

/// What another program brought may break a rule of FHIR, and ends all the same.
fn put(consent: Value, version: u32) -> Result<Change, RecordError> {
    let id = id_of(&consent).ok_or(RecordError::Damaged)?;
    Change::put(ResourceType::Consent, id, consent, Condition::Version(version), Mode::Lenient)
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
        assert!(seal.is_on(&[of("active", "infection")]));
        for other in [of("inactive", "infection"), of("active", "violence"), json!({"status": "active"})] {
            assert!(!seal.is_on(&[other]));
        }
    }

    /// A Consent as a clinic or another program writes it.
    fn consent(id: &str, provision: Value) -> Value {
        json!({"resourceType": "Consent", "id": id, "meta": {"versionId": "3"}, "status": "active",
            "scope": {"coding": [{"code": "patient-privacy"}]}, "patient": {"reference": "Patient/p"}, "provision": provision})
    }

    fn switch(seal: Seal) -> Value {
        let mut consent = consent(seal.code, seal.provision());
        consent["identifier"] = json!([{"system": SWITCH, "value": seal.code}]);
        consent
    }

    fn rules(consents: &[Value]) -> ConsentRules {
        ConsentRules::new(consents.iter().flat_map(|one| rules_of(one, &TimeZone::UTC)).collect())
    }

    fn now() -> Timestamp {
        "2026-11-30T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_is_seen_is_what_the_policy_lets_whatever_consent_says_so_and_all_that_let_can_be_ended() {
        let patient = FhirId::parse("p").unwrap();
        let to = |text: &str| json!([{"reference": {"reference": text, "display": "Dr Ann"}}]);
        let label = |code: &str| json!([{"system": ACT_CODE, "code": code}]);
        let shapes = [
            json!({"type": "permit", "securityLabel": label("PSY")}),
            json!({"type": "permit"}),
            json!({"type": "permit", "actor": to("Practitioner/ann"), "securityLabel": label("HIV")}),
            json!({"type": "permit", "actor": to("Organization/o"), "securityLabel": label("SUD")}),
            json!({"type": "permit", "actor": to("RelatedPerson/r"), "securityLabel": label("SEX")}),
            json!({"provision": [{"type": "permit", "securityLabel": label("VIO"), "period": {"end": "2026-12-31"}}]}),
            json!({"type": "permit", "securityLabel": label("VIO"), "period": {"end": "2026-10-31"}}),
            json!({"type": "deny"}),
            json!({"type": "deny", "securityLabel": label("PSY")}),
            json!({"type": "deny", "actor": to("Practitioner/ann")}),
        ];
        let ann = ResourceRef::parse("Practitioner/ann").unwrap();
        let staff = |person| ActorRef { role: Some(Role::Nurse), person, ..ActorRef::anonymous() };
        for bits in 0..(1_u32 << shapes.len()) {
            let chosen = shapes.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            let mut consents: Vec<Value> =
                chosen.map(|(at, shape)| consent(&format!("c{at}"), shape.clone())).collect();
            consents.extend([SEALS[0], SEALS[3]].into_iter().filter(|_| bits % 3 == 0).map(switch));
            let all = rules(&consents);
            for seal in SEALS {
                let opens = |who: &ActorRef| all.word_to(&patient, who, now()).opens(seal.covers());
                let seen = match (opens(&staff(None)), opens(&staff(Some(ann.clone())))) {
                    (true, _) => Seen::ByClinic,
                    (false, true) => Seen::BySome,
                    (false, false) => Seen::ByNobody,
                };
                assert_eq!(seal.seen(&all, &patient, now()), seen, "{} {bits:b}", seal.code);
            }
            // With what the page offers to end, and the switches, nothing is left that opens or refuses anything.
            let ended: Vec<FhirId> = others(&consents, &TimeZone::UTC, now()).into_iter().map(|one| one.id).collect();
            let is_ended = |one: &Value| ended.iter().any(|id| one["id"] == id.as_str());
            consents.retain(|one| !is_ended(one) && !SEALS.iter().any(|seal| seal.is_of(one)));
            for seal in SEALS {
                assert_eq!(seal.seen(&rules(&consents), &patient, now()), Seen::ByNobody, "{} {bits:b}", seal.code);
            }
            assert!(!rules(&consents).word_to(&patient, &staff(Some(ann.clone())), now()).refuses(Sensitivity::NORMAL));
        }
    }

    #[test]
    fn what_is_refused_to_somebody_by_name_is_not_seen_by_all() {
        let patient = FhirId::parse("p").unwrap();
        let to = |text: &str| json!([{"reference": {"reference": text}}]);
        let psychiatry = json!([{"system": ACT_CODE, "code": "PSY"}]);
        let deny = |whom: &str| json!({"type": "deny", "actor": to(whom)});
        let with = |mut provision: Value, name: &str, value: Value| {
            provision[name] = value;
            provision
        };
        let all = |provision: Value| {
            let rules = rules(&[consent("c", provision), switch(SEALS[0])]);
            let ann = ResourceRef::parse("Practitioner/ann").unwrap();
            [Sensitivity::NORMAL, SEALS[0].covers()].map(|labels| {
                let by_all = is_seen_by_all(labels, &rules, &patient, now());
                assert!(is_seen_by(&ann, labels, &rules, &patient, now()) || !by_all);
                by_all
            })
        };
        assert_eq!(all(json!({"type": "permit"})), [true, true]);
        assert_eq!(all(deny("Practitioner/ann")), [false, false]);
        assert_eq!(all(with(deny("Practitioner/ann"), "securityLabel", psychiatry)), [true, false]);
        assert_eq!(all(with(deny("Practitioner/ann"), "period", json!({"end": "2026-10-31"}))), [true, true]);
        assert_eq!(all(deny("RelatedPerson/r")), [true, true], "who acts for them does not treat them");
        assert_eq!(all(json!({"type": "deny"})), [false, false]);
    }

    #[test]
    fn a_switch_is_none_of_the_others_unless_it_says_more() {
        let mut wide = switch(SEALS[2]);
        assert!(others(&[wide.clone()], &TimeZone::UTC, now()).is_empty());
        wide["provision"] = json!({"type": "permit"});
        let named =
            json!({"type": "permit", "actor": [{"reference": {"reference": "Practitioner/ann", "display": "Dr Ann"}}]});
        let both = [wide, consent("c", json!({"type": "deny", "provision": [named]}))];
        let found = others(&both, &TimeZone::UTC, now());
        assert_eq!(
            found.iter().map(|one| (one.id.as_str(), one.version)).collect::<Vec<_>>(),
            [("infection", 3), ("c", 3)]
        );
        let said: Vec<_> = found[1].says.iter().map(|one| (one.effect, one.whom.clone())).collect();
        assert_eq!(said, [(Effect::Deny, To::All), (Effect::Permit, To::One(Some("Dr Ann".to_owned())))]);
    }
}
