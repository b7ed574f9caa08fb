//! What the policy asks of the record: at one snapshot, ids and dates only, never a resource.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sensitivity::Sensitivity;
use crate::base::{ActorRef, FhirId, ResourceRef, Role, Timestamp};
use crate::fhir::ResourceType;
use crate::store::StoreError;

/// Which patients are in a clinician's care: the configuration `access.reach`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reach {
    /// All of the clinic's patients.
    #[default]
    Clinic,
    /// Those whose care team the clinician is in, or who have an appointment or a visit with them.
    CareTeam,
}

/// The facts that the policy decides by, at one snapshot. `record` implements it. A look-up that fails is
/// an error, never a no or a yes.
pub trait Facts {
    fn reach(&self) -> Reach;

    /// Whether this patient is in this person's care. Asked only under [`Reach::CareTeam`].
    fn in_care(&self, who: &ActorRef, patient: &FhirId) -> Result<bool, StoreError>;

    /// All patients in this person's care. Asked only under [`Reach::CareTeam`], for searches.
    fn patients_in_care(&self, who: &ActorRef) -> Result<Arc<BTreeSet<FhirId>>, StoreError>;

    /// For whom this account may act as a proxy. Grants of other times may be among them: the policy looks at the dates.
    fn proxy_grants(&self, who: &ActorRef) -> Result<Vec<ProxyGrant>, StoreError>;

    /// What a share link opens.
    fn share(&self, share: &str) -> Result<Option<ShareGrant>, StoreError>;

    /// The consent rules of one patient.
    fn consents(&self, patient: &FhirId) -> Result<Vec<ConsentRule>, StoreError>;

    /// The consent rules of all patients, for searches that go across them.
    fn all_consents(&self) -> Result<Arc<ConsentRules>, StoreError>;

    /// Emergencies that this account has declared. Ended ones may be among them.
    fn break_glass(&self, who: &ActorRef) -> Result<Vec<BreakGlass>, StoreError>;
}

/// A patient (or the law, for a child) lets somebody act for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyGrant {
    pub patient: FhirId,
    pub extent: ProxyExtent,
    pub from: Option<Timestamp>,
    /// The first moment at which it holds no more; `None` until revoked.
    pub until: Option<Timestamp>,
}

/// For whom somebody may act now: of several grants for one patient the first that is in force. What a patient refuses to them is
/// above every grant.
pub fn grants_in_force(facts: &dyn Facts, who: &ActorRef, now: Timestamp) -> Result<Vec<ProxyGrant>, StoreError> {
    let mut all: Vec<ProxyGrant> = Vec::new();
    for grant in facts.proxy_grants(who)?.into_iter().filter(|grant| is_in_force(grant.from, grant.until, now)) {
        if all.iter().any(|one| one.patient == grant.patient) {
            continue;
        }
        if !is_refused(facts, &grant.patient, who, now)? {
            all.push(grant);
        }
    }
    Ok(all)
}

/// Whether a patient's Consents refuse somebody now what is not sealed: that is above whatever lets them act.
pub fn is_refused(facts: &dyn Facts, patient: &FhirId, who: &ActorRef, now: Timestamp) -> Result<bool, StoreError> {
    let rules = ConsentRules::new(facts.consents(patient)?);
    Ok(rules.word_to(patient, who, now).refuses(Sensitivity::NORMAL))
}

fn is_in_force(from: Option<Timestamp>, until: Option<Timestamp>, now: Timestamp) -> bool {
    from.is_none_or(|from| from <= now) && until.is_none_or(|until| now < until)
}

/// How far a proxy goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProxyExtent {
    /// See, book, message, add: everything but sharing on and seeing sealed items.
    Full,
    /// See only.
    View,
    /// Appointments, and letters that are no clinical ones.
    Appointments,
}

impl ProxyExtent {
    /// Whether the record is open to them.
    pub const fn reads_record(self) -> bool {
        matches!(self, Self::Full | Self::View)
    }

    /// Whether they add to the record, and ask of the clinic what has to do with it.
    pub const fn adds(self) -> bool {
        matches!(self, Self::Full)
    }

    /// Whether they book and write.
    pub const fn books(self) -> bool {
        matches!(self, Self::Full | Self::Appointments)
    }
}

/// What the holder of a share link sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareGrant {
    pub patient: FhirId,
    pub types: ShareTypes,
    pub until: Timestamp,
}

/// Which types a share link opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ShareTypes {
    /// All that a patient reads of themselves, but for who looked, permissions and money.
    Record,
    These(Vec<ResourceType>),
}

/// One thing that a patient permits or forbids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRule {
    pub patient: FhirId,
    pub effect: Effect,
    pub to: Grantee,
    pub covers: Covers,
    pub from: Option<Timestamp>,
    /// The first moment at which it holds no more.
    pub until: Option<Timestamp>,
}

/// Consent rules of several patients, found by patient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConsentRules(Vec<ConsentRule>);

impl ConsentRules {
    pub fn new(mut rules: Vec<ConsentRule>) -> Self {
        rules.sort_by(|one, other| one.patient.cmp(&other.patient));
        Self(rules)
    }

    pub fn of<'a>(&'a self, patient: &'a FhirId) -> impl Iterator<Item = &'a ConsentRule> {
        let from = self.0.partition_point(|rule| rule.patient < *patient);
        self.0.get(from..).unwrap_or_default().iter().take_while(move |rule| rule.patient == *patient)
    }

    /// What a patient's rules that are in force say to somebody, taken together.
    pub fn word_to(&self, patient: &FhirId, who: &ActorRef, now: Timestamp) -> Word {
        let mut word = Word { permitted: Sensitivity::NORMAL, refused: Covers::Labels(Sensitivity::NORMAL) };
        for rule in self.of(patient).filter(|rule| is_in_force(rule.from, rule.until, now) && rule.to.is_spoken_to(who))
        {
            match (rule.effect, rule.covers, word.refused) {
                (Effect::Permit, covers, _) => word.permitted = word.permitted.and(covers.opened()),
                (Effect::Deny, Covers::Labels(more), Covers::Labels(refused)) => {
                    word.refused = Covers::Labels(refused.and(more));
                }
                (Effect::Deny, ..) => word.refused = Covers::Unnamed,
            }
        }
        word
    }
}

/// What a patient's rules say to somebody of the clinic. A refusal stands above every permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    permitted: Sensitivity,
    refused: Covers,
}

impl Word {
    /// Whether what has these labels is refused to them.
    pub const fn refuses(self, labels: Sensitivity) -> bool {
        match self.refused {
            Covers::Unnamed => true,
            Covers::Labels(refused) => labels.meets(refused),
        }
    }

    /// Whether what is sealed by these labels is let them.
    pub const fn opens(self, labels: Sensitivity) -> bool {
        !self.refuses(labels) && labels.is_within(self.permitted)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    Permit,
    Deny,
}

/// To whom a consent rule speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Grantee {
    /// The clinic: all who work there by their role.
    Clinic,
    Role(Role),
    /// A Practitioner, PractitionerRole or RelatedPerson.
    Person(ResourceRef),
    /// An Organization, as a Consent names it: whether it is the clinic, [`Facts`] say.
    Organization(ResourceRef),
    /// All who act for the patient.
    Proxies,
}

impl Grantee {
    fn is_spoken_to(&self, who: &ActorRef) -> bool {
        match self {
            Self::Clinic => who.role.is_some_and(Role::is_staff),
            Self::Role(role) => who.role == Some(*role),
            Self::Person(person) => who.person.as_ref() == Some(person),
            Self::Organization(_) => false,
            Self::Proxies => {
                who.person.as_ref().is_some_and(|person| person.type_name() == ResourceType::RelatedPerson.name())
            }
        }
    }
}

/// What a consent rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Covers {
    /// No label is named. A permission reaches what is restricted (`R`) and not what is sealed further; a refusal
    /// reaches everything.
    Unnamed,
    /// Items with these labels.
    Labels(Sensitivity),
}

impl Covers {
    /// The labels that a permission opens.
    pub const fn opened(self) -> Sensitivity {
        match self {
            Self::Unnamed => Sensitivity::RESTRICTED,
            Self::Labels(labels) => labels,
        }
    }
}

/// An emergency that somebody declared to open a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakGlass {
    pub patient: FhirId,
    /// As stated; it is never empty.
    pub reason: Box<str>,
    pub since: Timestamp,
    /// The first moment at which it holds no more.
    pub until: Timestamp,
}
