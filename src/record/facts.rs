//! The facts that the policy decides by, read from the stored resources at one snapshot.
//!
//! - *In care* (only under `access.reach = "care-team"`): a CareTeam, Appointment, Encounter or the Patient's
//!   general practitioner names the clinician.
//! - *Proxy*: the account is linked to a RelatedPerson that is active; its `period` is the grant's. Where Consents of the
//!   category `urn:chartbox:consent|proxy` name that person, one of them is active and says how far ([`EXTENT`]) and when; where
//!   none does and none ever did, the clinic entered the person (a child's parent), and they go as far as anybody may.
//! - *Emergency*: rows of [`super::emergency`].
//! - *Consent*: active Consent resources of scope `patient-privacy`, as [`super::provisions`] reads them.
//! - *The clinic's own Organization*: whichever its `HealthcareService` of category [`SERVICE`] `clinic` is provided by, where all such
//!   services name the same. Whoever says it moves what patients refused to whom, so it is said by who may change Consents
//!   (`Writing::may_name_the_clinic`).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::kept::Known;
use super::layout::{COMPARTMENT, Currency, HISTORY, PROXIES, REFERENCE, hash64};
use super::numbers::find;
use super::prepared::local_reference;
use super::provisions::{
    Whose, Within, about, changed_by, codings_of, has_actors, has_type, is_active, is_proxy, is_told, named_by, nested,
    period, root_lets, rules_of, text_of,
};
use super::rows::{Row, RowNumber, State};
use crate::access::{
    BreakGlass, ConsentRule, ConsentRules, Effect, Facts, Grantee, ProxyExtent, ProxyGrant, Reach, ShareGrant,
};
use crate::base::{ActorRef, FhirId, ResourceRef, Timestamp};
use crate::fhir::{Definitions, ResourceType};
use crate::store::{Direction, KeyRange, Read, ReadExt, StoreError, Tx};

/// What the clinic's configuration says of them.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// How far staff reach.
    pub reach: Reach,
    /// By whose clock a day ends.
    pub zone: TimeZone,
}

/// [`Facts`] over a snapshot or a transaction.
pub(super) struct RecordFacts<'a> {
    pub read: &'a dyn Read,
    pub setting: &'a Setting,
    pub known: Known<'a>,
}

/// What one Consent says of who may see.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub rules: Vec<ConsentRule>,
    lets: Option<Lets>,
}

/// Whom a Consent lets act for its patient.
#[derive(Debug)]
struct Lets {
    /// All whom it names, however deep.
    names: Vec<ResourceRef>,
    /// Whom of them it lets; nobody where that hangs on what nobody can tell.
    persons: Vec<ResourceRef>,
    /// How far they go; `None` where that was taken back or refused.
    extent: Option<ProxyExtent>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl RecordFacts<'_> {
    fn read_all_consents(&self) -> Result<Arc<ConsentRules>, StoreError> {
        let mut rules = Vec::new();
        let range = KeyRange::prefix(&(ResourceType::Consent.number(),));
        for found in self.read.scan(&HISTORY, range, Direction::Up)? {
            let ((_, _, number, _), tag) = found?;
            if tag.current != Currency::Current {
                continue;
            }
            let Some(row) = self.row(number)? else { continue };
            let said = self.said(number, &row);
            for patient in &row.patients {
                if let Some(patient) = self.read.get(&super::layout::RESOURCES, &(*patient,))? {
                    rules.extend(said.rules.iter().filter(|rule| rule.patient == patient.id).cloned());
                }
            }
        }
        Ok(Arc::new(ConsentRules::new(self.resolved(rules)?)))
    }

    fn row(&self, number: RowNumber) -> Result<Option<Row>, StoreError> {
        let row = self.read.get(&super::layout::RESOURCES, &(number,))?;
        Ok(row.filter(|row| row.state == State::Live))
    }

    fn said(&self, number: RowNumber, row: &Row) -> Arc<Said> {
        self.known.of_one(number, row, || said_by(row, &self.setting.zone))
    }

    /// What each Consent of a patient says.
    fn said_of(&self, patient: RowNumber) -> Result<Vec<Arc<Said>>, StoreError> {
        let mut all = Vec::new();
        let head = (patient, ResourceType::Consent.number());
        for found in self.read.scan(&COMPARTMENT, KeyRange::prefix(&head), Direction::Up)? {
            let (_, _, _, consent) = found?.0;
            if let Some(row) = self.row(consent)? {
                all.push(self.said(consent, &row));
            }
        }
        Ok(all)
    }

    /// What the Consents of a patient let a RelatedPerson do, of all times; `None` where none names them and none ever did.
    fn let_by(&self, patient: &FhirId, person: &ResourceRef) -> Result<Option<Vec<ProxyGrant>>, StoreError> {
        let Some(number) = find(self.read, ResourceType::Patient, patient)? else { return Ok(Some(Vec::new())) };
        let all = self.said_of(number)?;
        let mut lets =
            all.iter().filter_map(|said| said.lets.as_ref()).filter(|lets| lets.names.contains(person)).peekable();
        if lets.peek().is_none() {
            let was_named = self.read.get(&PROXIES, &(person.to_string(),))?.is_some();
            return Ok(was_named.then(Vec::new));
        }
        let granted = lets.filter(|lets| lets.persons.contains(person)).filter_map(|lets| {
            Some(ProxyGrant { patient: patient.clone(), extent: lets.extent?, from: lets.from, until: lets.until })
        });
        Ok(Some(granted.collect()))
    }

    /// The rules, an Organization in them being the clinic where it is. Where nobody can tell, a refusal is one to the clinic, and
    /// a permission is nobody's.
    fn resolved(&self, rules: Vec<ConsentRule>) -> Result<Vec<ConsentRule>, StoreError> {
        if !rules.iter().any(|rule| matches!(rule.to, Grantee::Organization(_))) {
            return Ok(rules);
        }
        // It takes all services to tell which is the clinic: they are asked once.
        let own = self.own_organizations()?;
        let mut all = Vec::with_capacity(rules.len());
        for mut rule in rules {
            if let Grantee::Organization(one) = &rule.to {
                match (self.whose_among(&own, one)?, rule.effect) {
                    (Whose::Own, _) | (Whose::Untold, Effect::Deny) => rule.to = Grantee::Clinic,
                    (Whose::Another, _) | (Whose::Untold, Effect::Permit) => continue,
                }
            }
            all.push(rule);
        }
        Ok(all)
    }

    /// Whose an Organization is. One that is not here may be any.
    pub(super) fn whose(&self, organization: &ResourceRef) -> Result<Whose, StoreError> {
        self.whose_among(&self.own_organizations()?, organization)
    }

    fn whose_among(&self, own: &BTreeSet<ResourceRef>, organization: &ResourceRef) -> Result<Whose, StoreError> {
        if own.contains(organization) {
            // Of several that are named, one may be the clinic and the others not.
            return Ok(if own.len() == 1 { Whose::Own } else { Whose::Untold });
        }
        if own.is_empty() || self.resource(ResourceType::Organization, &organization.id())?.is_none() {
            return Ok(Whose::Untold);
        }
        Ok(if self.is_related(own, organization)? { Whose::Untold } else { Whose::Another })
    }

    /// Whether an Organization is the clinic, as far as its services say, or a part of it, or the clinic of it.
    pub(super) fn is_of_the_clinic(&self, organization: &ResourceRef) -> Result<bool, StoreError> {
        self.is_related(&self.own_organizations()?, organization)
    }

    fn is_related(&self, own: &BTreeSet<ResourceRef>, organization: &ResourceRef) -> Result<bool, StoreError> {
        if !self.whole_of(organization)?.is_disjoint(own) {
            return Ok(true);
        }
        for one in own {
            if self.whole_of(one)?.contains(organization) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The Organizations that the clinic's own services are provided by.
    fn own_organizations(&self) -> Result<BTreeSet<ResourceRef>, StoreError> {
        let mut own = BTreeSet::new();
        let range = KeyRange::prefix(&(ResourceType::HealthcareService.number(),));
        for found in self.read.scan(&HISTORY, range, Direction::Up)? {
            let ((_, _, number, _), tag) = found?;
            let row = if tag.current == Currency::Current { self.row(number)? } else { None };
            let service = row.and_then(|row| serde_json::from_slice::<Value>(&row.json).ok());
            own.extend(service.and_then(|service| clinic_named_by(&service)));
        }
        Ok(own)
    }

    /// The Organizations of which one is a part.
    fn whole_of(&self, organization: &ResourceRef) -> Result<BTreeSet<ResourceRef>, StoreError> {
        let (mut all, mut next) = (BTreeSet::new(), Some(organization.clone()));
        while let Some(one) = next.filter(|one| all.insert(one.clone())) {
            let value = self.resource(ResourceType::Organization, &one.id())?;
            next = value.and_then(|value| part_of(&value));
        }
        Ok(all)
    }

    fn resource(&self, kind: ResourceType, id: &FhirId) -> Result<Option<Value>, StoreError> {
        let Some(number) = find(self.read, kind, id)? else { return Ok(None) };
        Ok(self.row(number)?.and_then(|row| serde_json::from_slice(&row.json).ok()))
    }
}

/// The Organization that a HealthcareService says to be the clinic.
pub(super) fn clinic_named_by(service: &Value) -> Option<ResourceRef> {
    let is_clinic = |one: &Value| (text_of(one, "system"), text_of(one, "code")) == (Some(SERVICE), Some("clinic"));
    let counts = service.get("active") != Some(&Value::Bool(false)) && changed_by(service).is_none();
    let is_the_clinics = counts && codings_of(service.get("category")).any(is_clinic);
    local_reference(service.pointer("/providedBy/reference")?.as_str()?).filter(|_| is_the_clinics)
}

/// The Organization of which one is a part.
pub(super) fn part_of(organization: &Value) -> Option<ResourceRef> {
    local_reference(organization.pointer("/partOf/reference")?.as_str()?)
}

/// Where a clinician is named for a patient: type and search parameter.
const CARE: [(ResourceType, &str); 4] = [
    (ResourceType::CareTeam, "participant"),
    (ResourceType::Appointment, "practitioner"),
    (ResourceType::Encounter, "participant"),
    (ResourceType::Patient, "general-practitioner"),
];

/// Where such a resource names them: the list, and the reference in each of it.
const fn named_in(kind: ResourceType) -> Option<(&'static str, Option<&'static str>)> {
    match kind {
        ResourceType::CareTeam => Some(("participant", Some("member"))),
        ResourceType::Appointment => Some(("participant", Some("actor"))),
        ResourceType::Encounter => Some(("participant", Some("individual"))),
        ResourceType::Patient => Some(("generalPractitioner", None)),
        _ => None,
    }
}

/// Whether a reference names a clinician.
fn names_staff(reference: &Value) -> bool {
    let is_staff = |of: ResourceRef| matches!(of.type_name(), "Practitioner" | "PractitionerRole");
    reference.get("reference").and_then(Value::as_str).and_then(local_reference).is_some_and(is_staff)
}

/// The references of a resource to clinicians who are in the patient's care by it.
fn named_mut(kind: ResourceType, resource: &mut Value) -> impl Iterator<Item = &mut Value> {
    let (list, member) = named_in(kind).unwrap_or_default();
    let all = resource.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
    let references = all.filter_map(move |one| match member {
        Some(member) => one.get_mut(member),
        None => Some(one),
    });
    references.filter(|one| names_staff(one))
}

/// Who is in a patient's care by a resource of their record, where the reach is the care team.
pub fn carers(kind: ResourceType, resource: &Value) -> Vec<ResourceRef> {
    let mut resource = resource.clone();
    let text = |one: &mut Value| local_reference(one.get("reference")?.as_str()?);
    named_mut(kind, &mut resource).filter_map(text).collect()
}

/// Whether a Consent refuses somebody something of its patient's record, or to act for them.
pub fn refuses(kind: ResourceType, resource: &Value) -> bool {
    let provision = resource.get("provision");
    kind == ResourceType::Consent
        && about(resource).is_some()
        && provision.is_some_and(|provision| has_type(provision, "deny"))
}

/// What two versions of a Consent refuse together, as one that lets nobody see anything; `None` where neither refuses. Without
/// order among them, since rules only add up: whom the later refuses it refuses, and whom the earlier did, too. Both stand side by
/// side in a provision that says nothing itself: one within another would hold within that one alone.
pub fn refusals_of(later: Option<&Value>, earlier: Option<&Value>) -> Option<Value> {
    let refusing = |version: Option<&Value>| version.filter(|one| refuses(ResourceType::Consent, one)).cloned();
    let (mut all, other) = match (refusing(later), refusing(earlier)) {
        (Some(later), earlier) => (later, earlier),
        (None, earlier) => (earlier?, None),
    };
    take_what_lets(&mut all);
    let beside = other.and_then(|mut other| {
        take_what_lets(&mut other);
        other.get_mut("provision").map(Value::take)
    });
    let Some(beside) = beside else { return Some(all) };
    let mut parts = side_by_side(all.get("provision")?);
    let own = parts.len();
    for one in side_by_side(&beside) {
        if !parts.contains(&one) {
            parts.push(one);
        }
    }
    if parts.len() > own {
        all.as_object_mut()?.insert("provision".to_owned(), serde_json::json!({ "provision": parts }));
    }
    Some(all)
}

/// The provisions that together say what one says: those in it where it says nothing itself.
fn side_by_side(provision: &Value) -> Vec<Value> {
    let only_holds = provision.as_object().is_some_and(|members| members.keys().all(|name| name == "provision"));
    if only_holds { nested(provision).cloned().collect() } else { vec![provision.clone()] }
}

/// A resource as far as nobody sees more of its patient's record by it; `None` where it does nothing but let somebody. Of those who
/// would be in the patient's care by it, these are already: the others are named without a link. Answers besides with whether
/// anything was taken out.
pub fn without_access(
    kind: ResourceType,
    mut resource: Value,
    reach: Reach,
    in_care: &BTreeSet<ResourceRef>,
) -> Option<(Value, bool)> {
    let mut cut = false;
    match (kind, reach) {
        (ResourceType::RelatedPerson | ResourceType::Person, _) => return None,
        (ResourceType::Consent, _) if is_proxy(&resource) || about(&resource).is_some() => {
            if !refuses(kind, &resource) {
                return None;
            }
            cut = take_what_lets(&mut resource);
        }
        (ResourceType::CareTeam, Reach::CareTeam) => return None,
        (_, Reach::CareTeam) => {
            let is_known = |text: &str| local_reference(text).is_some_and(|of| in_care.contains(&of));
            for one in named_mut(kind, &mut resource) {
                let Some(text) = one.get("reference").and_then(Value::as_str).map(str::to_owned) else { continue };
                if let Some(fields) = one.as_object_mut().filter(|_| !is_known(&text)) {
                    fields.shift_remove("reference");
                    fields.entry("identifier").or_insert_with(|| serde_json::json!({ "value": text.clone() }));
                    fields.entry("display").or_insert(Value::String(text));
                    cut = true;
                }
            }
        }
        _ => {}
    }
    Some((resource, cut))
}

/// Takes out of a Consent what lets somebody see its patient's record, or act for them; whether there was anything.
fn take_what_lets(consent: &mut Value) -> bool {
    let is_proxy = is_proxy(consent);
    let Some(provision) = consent.get_mut("provision") else { return false };
    let taken = take_permits(provision);
    if !is_proxy || provision.get("type").is_some() || !has_actors(provision) {
        return taken;
    }
    // A root without a type lets whom it names act: as one of those in a root that names nobody, it stands around its refusals alone.
    let within = provision.take();
    *provision = serde_json::json!({ "provision": [within] });
    true
}

/// Takes what permits out of a provision and those within it: no rule comes of one without a type.
fn take_permits(provision: &mut Value) -> bool {
    let mut taken = false;
    if provision.get("type") == Some(&"permit".into())
        && let Some(fields) = provision.as_object_mut()
    {
        taken = fields.shift_remove("type").is_some();
    }
    let nested = provision.get_mut("provision").and_then(Value::as_array_mut);
    nested.into_iter().flatten().fold(taken, |taken, inner| take_permits(inner) | taken)
}

impl Facts for RecordFacts<'_> {
    fn reach(&self) -> Reach {
        self.setting.reach
    }

    fn in_care(&self, who: &ActorRef, patient: &FhirId) -> Result<bool, StoreError> {
        Ok(self.patients_in_care(who)?.contains(patient))
    }

    fn patients_in_care(&self, who: &ActorRef) -> Result<Arc<BTreeSet<FhirId>>, StoreError> {
        let mut patients = BTreeSet::new();
        let Some(person) = &who.person else { return Ok(Arc::default()) };
        let hash = hash64(&[person.type_name(), person.id().as_str()]);
        for (kind, code) in CARE {
            let Some(param) = Definitions::r4().search_param(kind, code) else { continue };
            for found in self.read.scan(&REFERENCE, KeyRange::prefix(&(param.id, hash)), Direction::Up)? {
                for patient in found?.1.patients {
                    patients.extend(self.row(patient)?.map(|row| row.id));
                }
            }
        }
        Ok(Arc::new(patients))
    }

    fn proxy_grants(&self, who: &ActorRef) -> Result<Vec<ProxyGrant>, StoreError> {
        let Some(person) = who.person.as_ref().filter(|person| person.type_name() == "RelatedPerson") else {
            return Ok(Vec::new());
        };
        let Some(related) = self.resource(ResourceType::RelatedPerson, &person.id())? else { return Ok(Vec::new()) };
        let patient = related.pointer("/patient/reference").and_then(Value::as_str).and_then(local_reference);
        // Whether somebody is related whose entry means something else than it says, or until when, nobody can tell.
        let counts = related.get("active") != Some(&Value::Bool(false))
            && changed_by(&related).is_none()
            && related.get("period").is_none_or(is_told);
        let Some(patient) = patient.filter(|_| counts) else { return Ok(Vec::new()) };
        let (from, until) = period(related.get("period"), &self.setting.zone);
        let patient = patient.id();
        let Some(mut granted) = self.let_by(&patient, person)? else {
            return Ok(vec![ProxyGrant { patient, extent: ProxyExtent::Full, from, until }]);
        };
        for one in &mut granted {
            one.from = one.from.max(from);
            one.until = [one.until, until].into_iter().flatten().min();
        }
        Ok(granted)
    }

    fn share(&self, share: &str) -> Result<Option<ShareGrant>, StoreError> {
        super::shares::grant_of(self.read, share)
    }

    fn consents(&self, patient: &FhirId) -> Result<Vec<ConsentRule>, StoreError> {
        let load = || {
            let Some(number) = find(self.read, ResourceType::Patient, patient)? else { return Ok(Vec::new()) };
            let all = self.said_of(number)?;
            let rules = all.iter().flat_map(|said| &said.rules).filter(|rule| rule.patient == *patient);
            self.resolved(rules.cloned().collect())
        };
        Ok(self.known.of_patient(self.read, patient, load)?.to_vec())
    }

    fn all_consents(&self) -> Result<Arc<ConsentRules>, StoreError> {
        self.known.of_all(self.read, || self.read_all_consents())
    }

    fn break_glass(&self, who: &ActorRef) -> Result<Vec<BreakGlass>, StoreError> {
        super::emergency::facts(self.read, self.known, who)
    }
}

/// The code system of what a `HealthcareService` is to this box.
pub const SERVICE: &str = "urn:chartbox:service";

/// The system of the codes that say how far a proxy goes: `full`, `view`, `appointments`.
pub const EXTENT: &str = "urn:chartbox:proxy-extent";

fn said_by(row: &Row, zone: &TimeZone) -> Said {
    let Ok(consent) = serde_json::from_slice::<Value>(&row.json) else { return Said::default() };
    Said { rules: rules_of(&consent, zone), lets: lets(&consent, zone) }
}

fn lets(consent: &Value, zone: &TimeZone) -> Option<Lets> {
    if !is_proxy(consent) {
        return None;
    }
    let provision = consent.get("provision").unwrap_or(&Value::Null);
    let mut names = Vec::new();
    add_named(provision, &mut names);
    let within = Within::of(consent).narrowed(provision, zone);
    let is_let = is_active(consent) && root_lets(consent);
    let code_of = |system: Option<&str>| {
        let coding = codings_of(provision.get("code")).find(|one| text_of(one, "system") == system);
        coding.and_then(|coding| text_of(coding, "code"))
    };
    // One of no system may be ours: it opens no more than it says.
    let extent = match (code_of(Some(EXTENT)), code_of(None)) {
        (Some("full"), _) => ProxyExtent::Full,
        (Some("appointments"), _) | (None, Some("appointments")) => ProxyExtent::Appointments,
        // What cannot be read lets one look and no more.
        _ => ProxyExtent::View,
    };
    let extent = is_let.then_some(extent);
    Some(Lets { names, persons: within.lets(), extent, from: within.from, until: within.until })
}

fn add_named(provision: &Value, into: &mut Vec<ResourceRef>) {
    into.extend(provision.get("actor").and_then(Value::as_array).into_iter().flatten().filter_map(named_by));
    nested(provision).for_each(|inner| add_named(inner, into));
}

/// Notes whom a version of a Consent lets act for its patient that is superseded or taken away: that none lets them any more is
/// not as if none ever had.
pub(super) fn note_proxies(tx: &mut Tx<'_>, consent: &Value) -> Result<(), StoreError> {
    let Some(lets) = lets(consent, &TimeZone::UTC) else { return Ok(()) };
    for person in lets.names {
        tx.put(&PROXIES, &(person.to_string(),), &())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::provisions::{PROXY, not_applied};
    use super::super::tests::{id, new_box, program, program_with, why};
    use super::*;
    use crate::access::Actor;
    use crate::audit;
    use crate::base::Role;
    use crate::fhir::search::{self, ReferenceTarget, SearchValue};
    use crate::fhir::{Mode, ResourceType as R};
    use crate::record::{Change, Condition, RecordError, Transaction};

    fn cut(resource: Value, in_care: &[&str]) -> Option<Value> {
        let kind = ResourceType::parse(resource["resourceType"].as_str().unwrap()).unwrap();
        let in_care = in_care.iter().map(|text| ResourceRef::parse(text).unwrap()).collect();
        without_access(kind, resource, Reach::CareTeam, &in_care).map(|(resource, _)| resource)
    }

    #[test]
    fn whoever_is_in_care_by_a_resource_is_named_without_a_link_unless_they_are_already() {
        let [ann, ben] = ["Practitioner/ann", "Practitioner/ben"].map(|text| json!({ "reference": text }));
        let of = |list: &str, member: &str| json!({ list: [{ member: &ann }, { member: &ben }] });
        let shapes = [
            ("CareTeam", of("participant", "member")),
            ("Appointment", of("participant", "actor")),
            ("Encounter", of("participant", "individual")),
            ("Patient", json!({ "generalPractitioner": [&ann, &ben] })),
        ];
        for ((kind, param), (name, shape)) in CARE.into_iter().zip(shapes) {
            let mut resource = shape;
            resource["resourceType"] = json!(name);
            assert_eq!((kind.name(), carers(kind, &resource).len()), (name, 2));
            let finds = |resource: &Value, text: &str| {
                let param = Definitions::r4().search_param(kind, param).unwrap().id;
                let found = search::extract_one(Definitions::r4(), kind, param, resource);
                let is_it = |value: &SearchValue| matches!(value, SearchValue::Reference(ReferenceTarget::Local { id, .. }) if id.as_str() == text);
                found.iter().any(is_it)
            };
            assert!(finds(&resource, "ann") && finds(&resource, "ben"), "{name}");
            let Some(resource) = cut(resource, &["Practitioner/ann"]) else {
                assert_eq!(name, "CareTeam");
                continue;
            };
            assert!(finds(&resource, "ann") && !finds(&resource, "ben"), "{name}: {resource}");
            assert!(resource.to_string().contains("Practitioner/ben"), "it says who took part: {resource}");
        }
    }

    #[test]
    fn two_versions_of_a_consent_refuse_together_whom_either_refused() {
        let consent = |status: &str, provision: Value| {
            json!({ "resourceType": "Consent", "status": status, "scope": { "coding": [{ "code": "patient-privacy" }] },
                "patient": { "reference": "Patient/a" }, "provision": provision })
        };
        let to = |text: &str, kind: &str| json!({ "type": kind, "actor": [{ "reference": { "reference": text } }] });
        let rules = |consent: &Value| {
            let rules = rules_of(consent, &TimeZone::UTC);
            let said = |rule: ConsentRule| match (rule.effect, rule.to) {
                (effect, Grantee::Person(who)) => format!("{effect:?} {who}"),
                (effect, _) => format!("{effect:?} all"),
            };
            rules.into_iter().map(said).collect::<Vec<_>>()
        };
        let narrow = consent("active", to("Practitioner/x", "deny"));
        let mut wide = consent("active", json!({ "type": "deny" }));
        let both = refusals_of(Some(&wide), Some(&narrow)).unwrap();
        assert_eq!(rules(&both), ["Deny all", "Deny Practitioner/x"]);
        assert_eq!(refusals_of(Some(&both), Some(&narrow)), Some(both.clone()), "it stands there already");
        // Neither is an exception to the other, whichever comes first.
        assert_eq!(rules(&refusals_of(Some(&narrow), Some(&wide)).unwrap()), ["Deny Practitioner/x", "Deny all"]);
        assert_eq!(refusals_of(Some(&wide), Some(&wide)), Some(wide.clone()));
        wide["provision"]["provision"] = json!([to("Practitioner/y", "permit")]);
        assert_eq!(rules(&refusals_of(None, Some(&wide)).unwrap()), ["Deny all"]);
        // One that was withdrawn, or lets somebody see, refuses nothing; the one before did.
        let permit = consent("active", json!({ "type": "permit" }));
        for later in [&permit, &consent("inactive", json!({ "type": "deny" }))] {
            assert_eq!(refusals_of(Some(later), Some(&narrow)), Some(narrow.clone()));
            assert_eq!(refusals_of(Some(later), None), None);
        }
    }

    #[test]
    fn of_a_consent_only_what_refuses_is_left() {
        let consent = |provision: Value| {
            json!({ "resourceType": "Consent", "status": "active", "scope": { "coding": [{ "code": "patient-privacy" }] },
                "provision": provision })
        };
        let deny = consent(json!({ "type": "deny" }));
        assert_eq!(cut(deny.clone(), &[]), Some(deny));
        assert_eq!(cut(consent(json!({ "type": "permit" })), &[]), None);
        let both = consent(json!({ "type": "deny", "provision": [{ "type": "permit", "actor": [] }] }));
        assert_eq!(cut(both, &[]), Some(consent(json!({ "type": "deny", "provision": [{ "actor": [] }] }))));
        let mut proxy = consent(json!({ "type": "permit" }));
        proxy["category"] = json!([{ "coding": [{ "system": "urn:chartbox:consent", "code": "proxy" }] }]);
        assert_eq!(cut(proxy, &[]), None);
        // One of another scope says nothing of who may see.
        let mut research = consent(json!({ "type": "permit" }));
        research["scope"] = json!({ "coding": [{ "code": "research" }] });
        assert_eq!(cut(research.clone(), &[]), Some(research));
    }

    #[test]
    fn a_grant_is_one_in_whichever_order_its_categories_and_codes_stand() {
        let ours = json!({"coding": [{"system": PROXY.0, "code": PROXY.1}]});
        let theirs = json!({"coding": [{"system": "http://loinc.org", "code": "59284-0"}]});
        let code = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
        for category in [json!([ours]), json!([theirs, ours]), json!([ours, theirs])] {
            let consent = json!({"resourceType": "Consent", "status": "active", "category": category, "provision": {
                "actor": [{"reference": {"reference": "RelatedPerson/r"}}],
                "code": [code("urn:x", "full"), code(EXTENT, "appointments")]}});
            let lets = lets(&consent, &TimeZone::UTC).unwrap();
            assert_eq!((lets.persons.len(), lets.extent), (1, Some(ProxyExtent::Appointments)), "{category}");
        }
        assert!(lets(&json!({"status": "active", "category": [theirs]}), &TimeZone::UTC).is_none());
        let bare = json!({"status": "active", "category": [ours], "provision": {"code": [{"coding": [{"code": "appointments"}]}]}});
        assert_eq!(lets(&bare, &TimeZone::UTC).unwrap().extent, Some(ProxyExtent::Appointments));
    }

    /// Of a proxy's patient: whether they read an Observation.
    fn let_by(consents: &[Value], related: Value) -> bool {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p"}));
        house.put(json!({"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
            "subject": {"reference": "Patient/p"}}));
        let mut person = json!({"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": "Patient/p"}});
        person.as_object_mut().unwrap().extend(related.as_object().unwrap().clone());
        house.put(person);
        consents.iter().cloned().for_each(|one| drop(house.put(one)));
        let reads = house.read(&house.actor(Role::Proxy, Some("RelatedPerson/r")), R::Observation, "o").is_ok();
        let lets = house.records.lets_act(&ResourceRef::parse("RelatedPerson/r").unwrap()).unwrap();
        assert_eq!(lets.iter().any(|grant| grant.from.is_none_or(|from| from <= house.ambient.now())), reads);
        reads
    }

    fn grant(of: &str, provision: Value) -> Value {
        let mut consent = json!({"resourceType": "Consent", "id": of, "status": "active",
            "scope": {"coding": [{"code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "urn:chartbox:consent", "code": "proxy"}]}],
            "patient": {"reference": "Patient/p"}, "policyRule": {"text": "x"},
            "provision": {"type": "permit", "actor": [{"role": {"text": "x"}, "reference": {"reference": "RelatedPerson/r"}}],
                "code": [{"coding": [{"system": EXTENT, "code": "full"}]}]}});
        let members = consent["provision"].as_object_mut().unwrap();
        members.extend(provision.as_object().unwrap().clone());
        members.retain(|_, value| !value.is_null());
        consent
    }

    #[test]
    fn a_proxy_acts_in_the_time_of_the_grant_and_not_by_a_refusal() {
        let plain = json!({});
        let by = |provision: Value| let_by(&[grant("c", provision)], json!({}));
        assert!(let_by(&[], plain.clone()) && by(json!({})));
        assert!(by(json!({"period": {"start": "2026-01-01", "end": "2026-12-31"}})));
        for not in [
            json!({"period": {"start": "2019-01-01", "end": "2020-01-01"}}),
            json!({"period": {"start": "2030-01-01"}}),
            json!({"type": "deny"}),
            json!({"class": [{"code": "Appointment"}]}),
            json!({"actor": null, "provision": [{"actor": [{"role": {"text": "x"}, "reference": {"reference": "RelatedPerson/r"}}]}]}),
        ] {
            assert!(!by(not.clone()), "{not}");
        }
        assert!(!let_by(&[], json!({"period": {"start": "2030-01-01"}})), "who acts later");
        // One of two that has begun suffices, and a refusal stands above both.
        let both = [grant("c", json!({"period": {"start": "2030-01-01"}})), grant("d", json!({}))];
        assert!(let_by(&both, plain.clone()));
        let mut refusal = grant("e", json!({"type": "deny"}));
        refusal["category"] = json!([{"text": "x"}]);
        refusal["provision"].as_object_mut().unwrap().shift_remove("code");
        assert!(!let_by(&[&both[..], &[refusal.clone()]].concat(), plain.clone()));
        assert!(!let_by(&[refusal.clone()], plain.clone()));
        refusal["provision"]["period"] = json!({"end": "2026-01-31"});
        assert!(let_by(&[refusal], plain), "while it holds");
    }

    #[test]
    fn what_a_proxys_consent_refuses_stands_above_every_grant_of_whatever_scope() {
        let r = json!([{"role": {"text": "x"}, "reference": {"reference": "RelatedPerson/r"}}]);
        let unclear = json!([{"role": {"text": "x"}, "reference": {"display": "My son"}}]);
        let doctor = json!([{"role": {"text": "x"}, "reference": {"reference": "Practitioner/d"}}]);
        for scope in ["treatment", "patient-privacy"] {
            let of = |id: &str, provision: Value| {
                let mut consent = grant(id, provision);
                consent["scope"]["coding"][0]["code"] = json!(scope);
                consent
            };
            let with = |inner: Value| of("c", json!({"provision": [inner]}));
            let lets = |consents: &[Value]| let_by(consents, json!({}));
            assert!(lets(&[of("c", json!({}))]), "{scope}");
            assert!(!lets(&[with(json!({"type": "deny", "actor": r}))]), "{scope}");
            assert!(!lets(&[with(json!({"type": "deny"}))]), "{scope}: of whom it speaks around it");
            assert!(!lets(&[with(json!({"provision": [{"type": "deny", "actor": unclear}]}))]), "{scope}");
            let period = |start: &str| json!({"type": "deny", "period": {"start": start}});
            assert!(!lets(&[with(period("2026-01-01"))]), "{scope}");
            assert!(lets(&[with(period("2030-01-01"))]), "{scope}: not yet");
            assert!(lets(&[with(json!({"type": "deny", "actor": doctor}))]), "{scope}: to somebody else");
            for whom in [json!({"actor": r}), json!({"actor": unclear}), json!({"actor": null, "code": null})] {
                let mut refusal = json!({"type": "deny"});
                refusal.as_object_mut().unwrap().extend(whom.as_object().unwrap().clone());
                assert!(!lets(&[of("c", json!({})), of("d", refusal.clone())]), "{scope}: {refusal}");
                // It stands above what the clinic entered, too.
                assert!(!lets(&[of("d", refusal.clone())]), "{scope}: {refusal}");
                let mut withdrawn = of("d", refusal);
                withdrawn["status"] = json!("inactive");
                assert!(lets(&[of("c", json!({})), withdrawn]), "{scope}");
            }
        }
        // Of a Consent that is about proxies alone the clinic hears nothing.
        let mut refusal = grant("d", json!({"type": "deny", "actor": unclear}));
        refusal["scope"]["coding"][0]["code"] = json!("treatment");
        let rules = rules_of(&refusal, &TimeZone::UTC);
        assert!(matches!(&rules[..], [ConsentRule { to: Grantee::Proxies, .. }]), "{rules:?}");
    }

    #[test]
    fn what_comes_back_of_a_proxys_consent_refuses_and_lets_nobody() {
        for (scope, kind) in
            [("treatment", "permit"), ("patient-privacy", "permit"), ("treatment", ""), ("patient-privacy", "")]
        {
            let mut consent = grant("c", json!({"provision": [{"type": "deny", "period": {"start": "2030-01-01"}}]}));
            consent["scope"]["coding"][0]["code"] = json!(scope);
            if kind.is_empty() {
                consent["provision"].as_object_mut().unwrap().shift_remove("type");
            }
            assert!(let_by(std::slice::from_ref(&consent), json!({})));
            for back in [refusals_of(None, Some(&consent)), cut(consent.clone(), &[])] {
                let back = back.unwrap();
                let rules = rules_of(&back, &TimeZone::UTC);
                assert_eq!(rules, rules_of(&consent, &TimeZone::UTC).into_iter().filter(refusing).collect::<Vec<_>>());
                assert_eq!(rules.len(), 1, "{back}");
                assert_eq!(refusals_of(None, Some(&back)), Some(back.clone()), "it is one already");
                assert!(!let_by(&[back], json!({})));
            }
            let twice =
                refusals_of(Some(&consent), Some(&grant("c", json!({"provision": [{"type": "deny"}]})))).unwrap();
            assert!(!let_by(&[twice], json!({})));
            assert_eq!(refusals_of(None, Some(&grant("c", json!({})))), None);
        }
    }

    fn refusing(rule: &ConsentRule) -> bool {
        rule.effect == Effect::Deny
    }

    /// FHIR R4: `Consent.provision.type` is "not permitted in root rule".
    #[test]
    fn a_root_without_a_type_lets_whom_it_names_but_for_the_refusals_in_it() {
        let doctor = json!([{"role": {"text": "x"}, "reference": {"reference": "Practitioner/d"}}]);
        let opts = |code: &str| json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code}]});
        for scope in ["treatment", "patient-privacy"] {
            let lets = |inner: Value, policy: Option<&str>| {
                let mut consent = grant("c", json!({"type": null, "provision": inner}));
                consent["scope"]["coding"][0]["code"] = json!(scope);
                if let Some(code) = policy {
                    consent["policyRule"] = opts(code);
                }
                let is_told = not_applied(&consent, &|_| Ok(Whose::Another)).unwrap();
                let lets = let_by(&[consent], json!({}));
                (lets, is_told.map(|issue| issue.expression))
            };
            let (plain, at) = ((true, None), |at: &str| (false, Some(format!("Consent.{at}"))));
            assert_eq!(lets(Value::Null, None), plain);
            assert_eq!(lets(json!([{"type": "deny", "period": {"start": "2030-01-01"}}]), None), plain);
            assert_eq!(lets(json!([{"type": "deny", "period": {"start": "2030-01-01"}}]), Some("OPTIN")), plain);
            assert_eq!(lets(json!([{"type": "deny", "period": {"end": "2026-01-31"}}]), None), plain);
            assert_eq!(lets(json!([{"type": "deny"}]), None), (false, None), "to whom it names");
            if scope == "patient-privacy" {
                assert_eq!(lets(json!([{"type": "deny", "actor": doctor}]), None), plain);
            }
            // Whether it lets somebody nobody can tell: whoever sent it is told.
            for inner in [json!([{"type": "permit"}]), json!([{"provision": [{"type": "permit"}, {"type": "deny"}]}])] {
                assert_eq!(lets(inner.clone(), None), at("provision.type"), "{inner}");
            }
            let research = json!([{"type": "permit", "purpose": [{"code": "HRESCH"}]}]);
            assert_eq!(lets(research, None), at("provision.type"));
            assert_eq!(
                lets(json!([{"type": "deny", "period": {"start": "2030-01-01"}}]), Some("OPTOUT")),
                at("provision.type")
            );
            assert_eq!(lets(Value::Null, Some("OPTOUT")), at("policyRule"));
        }
        let mut nobody = grant("c", json!({"type": null, "actor": null}));
        nobody["scope"]["coding"][0]["code"] = json!("treatment");
        let told = not_applied(&nobody, &|_| Ok(Whose::Another)).unwrap().map(|issue| issue.expression);
        assert_eq!(told.as_deref(), Some("Consent.provision.actor"));
    }

    #[test]
    fn whoever_is_entered_in_words_that_mean_something_else_acts_for_nobody() {
        let masked = json!({"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]});
        for related in [
            json!({"modifierExtension": [{"url": "urn:x", "valueBoolean": true}]}),
            json!({"implicitRules": "http://example.com/rules"}),
            json!({"period": {"start": "2026-01-01", "_end": masked}}),
            json!({"period": {"_start": masked}}),
        ] {
            assert!(!let_by(&[], related.clone()), "{related}");
            assert!(!let_by(&[grant("c", json!({}))], related));
        }
        let source = json!([{"role": {"coding": [{"code": "AUT"}]}, "reference": {"reference": "RelatedPerson/r"}}]);
        let mut changed = json!([{"role": {"text": "x"}, "reference": {"reference": "RelatedPerson/r"}}]);
        changed[0]["modifierExtension"] = json!([{"url": "urn:not", "valueBoolean": true}]);
        let told = json!({"start": "2026-01-01", "end": "2030-01-01", "_end": masked});
        assert!(let_by(&[grant("c", json!({"period": told}))], json!({})), "it is said beside it");
        for provision in [
            json!({"actor": source}),
            json!({"actor": changed}),
            json!({"period": {"start": "2026-01-01", "_end": masked}}),
        ] {
            assert!(!let_by(&[grant("c", provision.clone())], json!({})), "{provision}");
        }
        let mut by_rules = grant("c", json!({}));
        by_rules["implicitRules"] = json!("http://example.com/rules");
        assert!(!let_by(&[by_rules], json!({})));
    }

    #[test]
    fn what_let_a_proxy_act_and_is_gone_lets_them_do_nothing() {
        for taken in ["deleted", "of nobody", "of another kind", "withdrawn and deleted"] {
            let house = new_box();
            house.put(json!({"resourceType": "Patient", "id": "p"}));
            house.put(json!({"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
                "subject": {"reference": "Patient/p"}}));
            house.put(json!({"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": "Patient/p"}}));
            let proxy = house.actor(Role::Proxy, Some("RelatedPerson/r"));
            let reads = || house.read(&proxy, R::Observation, "o").is_ok();
            assert!(reads());
            let mut consent = grant("c", json!({"code": [{"coding": [{"system": EXTENT, "code": "appointments"}]}]}));
            house.put(consent.clone());
            assert!(!reads());
            match taken {
                "of nobody" => consent["provision"] = json!({"type": "permit"}),
                "of another kind" => consent["category"] = json!([{"text": "x"}]),
                "withdrawn and deleted" => consent["status"] = json!("inactive"),
                _ => {}
            }
            house.put(consent);
            if taken.ends_with("deleted") {
                let gone = Change::delete(R::Consent, id("c"), Condition::None);
                let why = why(audit::Action::Delete);
                house
                    .records
                    .change_all_blocking(&program(&house.ambient), why, vec![gone], Transaction::STRICT)
                    .unwrap();
            }
            assert!(!reads(), "{taken}");
            house.put(grant("d", json!({})));
            assert!(reads(), "a new one lets them");
        }
    }

    #[test]
    fn an_organization_is_the_clinic_or_another_one_or_may_be_either() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p"}));
        for (of, labels) in [("open", json!([{"code": "N"}])), ("sealed", json!([{"code": "R"}]))] {
            house.put(json!({"resourceType": "Observation", "id": of, "status": "final", "code": {"text": "x"},
                "meta": {"security": labels}, "subject": {"reference": "Patient/p"}}));
        }
        let organization = |of: &str, part: Option<&str>| {
            let mut value = json!({"resourceType": "Organization", "id": of, "name": of});
            if let Some(part) = part {
                value["partOf"] = json!({"reference": part});
            }
            value
        };
        house.put(organization("house", None));
        house.put(organization("ward", Some("Organization/house")));
        house.put(organization("insurer", None));
        let nurse = house.actor(Role::Nurse, None);
        let sees = || {
            let one_by_one = ["open", "sealed"].map(|of| house.read(&nurse, R::Observation, of).is_ok());
            let mut found = house.ids(&nurse, R::Observation, "");
            found.sort();
            assert_eq!(["open", "sealed"].map(|of| found.iter().any(|one| one == of)), one_by_one);
            one_by_one
        };
        let say = |kind: &str, of: &str| {
            let actor = json!([{"role": {"text": "x"}, "reference": {"reference": format!("Organization/{of}")}}]);
            let mut consent = grant("c", json!({"type": kind, "actor": actor}));
            consent["category"] = json!([{"text": "x"}]);
            consent["provision"].as_object_mut().unwrap().shift_remove("code");
            let change = Change::put(R::Consent, id("c"), consent.clone(), Condition::None, Mode::Strict).unwrap();
            let why = why(audit::Action::Update);
            let sent =
                house.records.change_all_blocking(&program(&house.ambient), why, vec![change], Transaction::STRICT);
            let refused =
                matches!(&sent, Err(RecordError::Invalid(issues)) if issues[0].expression == "Consent.provision.actor");
            assert_eq!(refused, sent.is_err());
            house.put(consent);
            (refused, sees())
        };
        // Which of them is the clinic is not known.
        assert_eq!(say("permit", "insurer"), (true, [true, false]));
        assert_eq!(say("deny", "insurer"), (true, [false, false]));
        house.put(
            json!({"resourceType": "HealthcareService", "id": "s", "providedBy": {"reference": "Organization/house"},
            "category": [{"coding": [{"system": SERVICE, "code": "clinic"}]}]}),
        );
        assert_eq!(sees(), [true, false], "it was the insurer's");
        assert_eq!(say("deny", "insurer"), (false, [true, false]));
        assert_eq!(say("permit", "insurer"), (false, [true, false]));
        assert_eq!(say("permit", "house"), (false, [true, true]));
        assert_eq!(say("deny", "house"), (false, [false, false]));
        assert_eq!(say("permit", "ward"), (true, [true, false]), "a part is not the whole");
        assert_eq!(say("deny", "ward"), (true, [false, false]), "and may not be told from it");
        // Of two that are named one may be the clinic and the other not; a third is neither.
        house.put(
            json!({"resourceType": "HealthcareService", "id": "t", "providedBy": {"reference": "Organization/insurer"},
            "category": [{"coding": [{"system": SERVICE, "code": "clinic"}]}]}),
        );
        house.put(organization("third", None));
        for of in ["house", "insurer"] {
            assert_eq!(say("permit", of), (true, [true, false]), "{of}");
            assert_eq!(say("deny", of), (true, [false, false]), "{of}");
        }
        assert_eq!(say("deny", "third"), (false, [true, false]));
    }

    #[test]
    fn which_organization_is_the_clinic_is_said_by_who_may_change_consents() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p"}));
        house.put(json!({"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
            "subject": {"reference": "Patient/p"}}));
        for of in ["house", "hospital", "group"] {
            house.put(json!({"resourceType": "Organization", "id": of, "name": of}));
        }
        let ward = |part: Option<&str>| {
            let mut value = json!({"resourceType": "Organization", "id": "ward", "name": "Ward"});
            if let Some(part) = part {
                value["partOf"] = json!({"reference": format!("Organization/{part}")});
            }
            value
        };
        house.put(ward(Some("house")));
        let service = |id: &str, provider: &str| {
            json!({"resourceType": "HealthcareService", "id": id, "active": true, "name": "Clinic",
                "providedBy": {"reference": format!("Organization/{provider}")},
                "category": [{"coding": [{"system": SERVICE, "code": "clinic"}]}]})
        };
        let with = |name: &str, value: Value| {
            let mut service = service("s", "house");
            service[name] = value;
            service
        };
        house.put(service("s", "house"));
        let actor = json!([{"role": {"text": "x"}, "reference": {"reference": "Organization/house"}}]);
        let mut refusal = grant("c", json!({"type": "deny", "actor": actor, "code": null}));
        refusal["category"] = json!([{"text": "x"}]);
        house.put(refusal);
        let nurse = house.actor(Role::Nurse, None);
        let sees = || house.read(&nurse, R::Observation, "o").is_ok();
        assert!(!sees());
        let send = |who: &Actor, change: Change| {
            let sent =
                house.records.change_all_blocking(who, why(audit::Action::Update), vec![change], Transaction::STRICT);
            sent.map(drop).map_err(RecordError::without_place)
        };
        let put = |who: &Actor, value: Value| {
            let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
            let of = id(value["id"].as_str().unwrap());
            send(who, Change::put(kind, of, value, Condition::None, Mode::Strict).unwrap())
        };
        let [desk, operator] = [Role::Reception, Role::Operator].map(|role| house.actor(role, None));
        let scheduler = program_with(&house.ambient, "system/HealthcareService.cruds");
        let against =
            |sent: Result<(), RecordError>| assert!(matches!(sent, Err(RecordError::AgainstRule(_))), "{sent:?}");
        for who in [&desk, &operator, &scheduler] {
            against(put(who, service("s", "hospital")));
            against(put(who, with("active", json!(false))));
            against(put(who, with("category", json!([{"text": "x"}]))));
            against(put(who, with("modifierExtension", json!([{"url": "urn:x", "valueBoolean": true}]))));
            let mut another = service("t", "hospital");
            another.as_object_mut().unwrap().shift_remove("id");
            against(send(who, Change::create(R::HealthcareService, another, Mode::Strict).unwrap()));
            // The rest of it is theirs to change.
            put(who, with("name", json!("The clinic"))).unwrap();
        }
        against(send(&scheduler, Change::delete(R::HealthcareService, id("s"), Condition::None)));
        let keeper = program_with(&house.ambient, "system/Organization.cruds");
        for who in [&operator, &keeper] {
            against(put(who, ward(None)));
            against(put(
                who,
                json!({"resourceType": "Organization", "id": "house", "name": "house",
                "partOf": {"reference": "Organization/group"}}),
            ));
            put(
                who,
                json!({"resourceType": "Organization", "id": "hospital", "name": "Hospital",
                "partOf": {"reference": "Organization/group"}}),
            )
            .unwrap();
        }
        assert!(!sees(), "the refusal stands");
        let admin = house.actor(Role::HealthAdmin, None);
        for who in [&admin, &program(&house.ambient)] {
            put(who, service("s", "hospital")).unwrap();
            assert!(sees(), "it is another's");
            put(who, service("s", "house")).unwrap();
            put(who, ward(None)).unwrap();
            put(who, ward(Some("house"))).unwrap();
            assert!(!sees());
        }
    }
}
