//! The facts that the policy decides by, read from the stored resources at one snapshot.
//!
//! - *In care* (only under `access.reach = "care-team"`): a CareTeam, Appointment, Encounter or the Patient's
//!   general practitioner names the clinician.
//! - *Proxy*: the account is linked to a RelatedPerson that is active; its `period` is the grant's. Where Consents of the
//!   category `urn:chartbox:consent|proxy` name that person, one of them is active and says how far ([`EXTENT`]); where none
//!   does, the clinic entered the person (a child's parent), and they go as far as anybody may.
//! - *Emergency*: rows of [`super::emergency`].
//! - *Consent*: active Consent resources of scope `patient-privacy`; nested provisions are rules of their own.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::consents::Known;
use super::layout::{COMPARTMENT, Currency, HISTORY, REFERENCE, hash64};
use super::numbers::find;
use super::prepared::local_reference;
use super::rows::{Row, RowNumber, State};
use crate::access::{
    BreakGlass, ConsentRule, ConsentRules, Covers, Effect, Facts, Grantee, ProxyExtent, ProxyGrant, Reach, Sensitivity,
    ShareGrant,
};
use crate::base::{ActorRef, FhirId, ResourceRef, Timestamp};
use crate::fhir::{Definitions, ResourceType, search};
use crate::store::{Direction, KeyRange, Read, ReadExt, StoreError};

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
    /// What is known of consents.
    pub consents: Known<'a>,
}

/// What one Consent says of who may see.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub rules: Vec<ConsentRule>,
    lets: Option<Lets>,
}

/// Whom a Consent of the category [`PROXY`] lets act for its patient.
#[derive(Debug)]
struct Lets {
    persons: Vec<ResourceRef>,
    /// How far they go; `None` where that was taken back.
    extent: Option<ProxyExtent>,
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
        Ok(Arc::new(ConsentRules::new(rules)))
    }

    fn row(&self, number: RowNumber) -> Result<Option<Row>, StoreError> {
        let row = self.read.get(&super::layout::RESOURCES, &(number,))?;
        Ok(row.filter(|row| row.state == State::Live))
    }

    fn said(&self, number: RowNumber, row: &Row) -> Arc<Said> {
        self.consents.of_one(number, row, || said_by(row, &self.setting.zone))
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

    /// How far a RelatedPerson goes; `None` where all that let them was taken back.
    fn extent_of(&self, patient: &FhirId, person: &ResourceRef) -> Result<Option<ProxyExtent>, StoreError> {
        let Some(number) = find(self.read, ResourceType::Patient, patient)? else { return Ok(None) };
        let all = self.said_of(number)?;
        let is_of = |lets: &&Lets| lets.persons.contains(person);
        let mut lets = all.iter().filter_map(|said| said.lets.as_ref()).filter(is_of).peekable();
        if lets.peek().is_none() {
            return Ok(Some(ProxyExtent::Full));
        }
        Ok(lets.find_map(|lets| lets.extent))
    }

    fn resource(&self, kind: ResourceType, id: &FhirId) -> Result<Option<Value>, StoreError> {
        let Some(number) = find(self.read, kind, id)? else { return Ok(None) };
        Ok(self.row(number)?.and_then(|row| serde_json::from_slice(&row.json).ok()))
    }
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

/// Whether a Consent refuses somebody something of its patient's record.
pub fn refuses(kind: ResourceType, resource: &Value) -> bool {
    let provision = resource.get("provision");
    kind == ResourceType::Consent
        && is_active_about_privacy(resource)
        && provision.is_some_and(|provision| has_type(provision, "deny"))
}

/// What two versions of a Consent refuse together, as one that lets nobody see anything; `None` where neither refuses. Without
/// order among them, since rules only add up: whom the later refuses it refuses, and whom the earlier did, too.
pub fn refusals_of(later: Option<&Value>, earlier: Option<&Value>) -> Option<Value> {
    let refusing = |version: Option<&Value>| version.filter(|one| refuses(ResourceType::Consent, one)).cloned();
    let (mut all, other) = match (refusing(later), refusing(earlier)) {
        (Some(later), earlier) => (later, earlier),
        (None, earlier) => (earlier?, None),
    };
    let beside = other.and_then(|mut other| other.get_mut("provision").map(Value::take));
    let provision = all.get_mut("provision")?;
    take_permits(provision);
    if let Some(mut beside) = beside {
        take_permits(&mut beside);
        if beside != *provision
            && let Some(nested) =
                provision.as_object_mut()?.entry("provision").or_insert_with(|| Value::Array(vec![])).as_array_mut()
            && !nested.contains(&beside)
        {
            nested.push(beside);
        }
    }
    Some(all)
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
        (ResourceType::Consent, _) if is_proxy(&resource) => return None,
        (ResourceType::Consent, _) if is_active_about_privacy(&resource) => {
            if !refuses(kind, &resource) {
                return None;
            }
            cut = resource.get_mut("provision").is_some_and(take_permits);
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

fn has_type(provision: &Value, kind: &str) -> bool {
    let mut nested = provision.get("provision").and_then(Value::as_array).into_iter().flatten();
    provision.get("type") == Some(&kind.into()) || nested.any(|inner| has_type(inner, kind))
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
        let Some(patient) = patient.filter(|_| related.get("active") != Some(&Value::Bool(false))) else {
            return Ok(Vec::new());
        };
        let (_, until) = period(related.get("period"), &self.setting.zone);
        let patient = patient.id();
        let Some(extent) = self.extent_of(&patient, person)? else { return Ok(Vec::new()) };
        Ok(vec![ProxyGrant { patient, extent, until }])
    }

    fn share(&self, share: &str) -> Result<Option<ShareGrant>, StoreError> {
        super::shares::grant_of(self.read, share)
    }

    fn consents(&self, patient: &FhirId) -> Result<Vec<ConsentRule>, StoreError> {
        let Some(number) = find(self.read, ResourceType::Patient, patient)? else { return Ok(Vec::new()) };
        let all = self.said_of(number)?;
        let rules = all.iter().flat_map(|said| &said.rules).filter(|rule| rule.patient == *patient);
        Ok(rules.cloned().collect())
    }

    fn all_consents(&self) -> Result<Arc<ConsentRules>, StoreError> {
        self.consents.of_all(self.read, || self.read_all_consents())
    }

    fn break_glass(&self, who: &ActorRef) -> Result<Vec<BreakGlass>, StoreError> {
        super::emergency::facts(self.read, who)
    }
}

/// The system of the codes that say how far a proxy goes: `full`, `view`, `appointments`.
pub const EXTENT: &str = "urn:chartbox:proxy-extent";

/// The category of a Consent that lets somebody act for its patient.
const PROXY: (Option<&str>, Option<&str>) = (Some("urn:chartbox:consent"), Some("proxy"));

/// Whether it lets somebody act for its patient. Categories have no order (FHIR R4, Consent.category): each is looked at.
fn is_proxy(consent: &Value) -> bool {
    codings_of(consent.get("category")).any(|one| (text_of(one, "system"), text_of(one, "code")) == PROXY)
}

/// The codings of a list of concepts.
fn codings_of(concepts: Option<&Value>) -> impl Iterator<Item = &Value> {
    let concepts = concepts.and_then(Value::as_array).into_iter().flatten();
    concepts.filter_map(|concept| concept.get("coding")?.as_array()).flatten()
}

fn text_of<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// Whether a Consent's provisions are rules of who may see.
fn is_active_about_privacy(consent: &Value) -> bool {
    let codings = consent.pointer("/scope/coding").and_then(Value::as_array);
    let about_privacy = |coding: &Value| coding.get("code") == Some(&"patient-privacy".into());
    consent.get("status") == Some(&"active".into()) && codings.is_some_and(|codings| codings.iter().any(about_privacy))
}

fn said_by(row: &Row, zone: &TimeZone) -> Said {
    let Ok(consent) = serde_json::from_slice::<Value>(&row.json) else { return Said::default() };
    Said { rules: rules_of(&consent, zone), lets: lets(&consent) }
}

/// The rules that the policy reads in a Consent, whether they are in force today or not. `zone` is the clinic's.
pub fn rules_of(consent: &Value, zone: &TimeZone) -> Vec<ConsentRule> {
    let mut rules = Vec::new();
    // R4's Consent names its patient once; a rule for anybody else in the compartment would not be theirs.
    let of = consent.pointer("/patient/reference").and_then(Value::as_str).and_then(local_reference);
    if let (Some(of), Some(provision)) = (of.filter(|of| of.type_name() == "Patient"), consent.get("provision"))
        && is_active_about_privacy(consent)
    {
        provision_rules(provision, &of.id(), zone, &mut rules);
    }
    rules
}

fn lets(consent: &Value) -> Option<Lets> {
    if !is_proxy(consent) {
        return None;
    }
    let actors = consent.pointer("/provision/actor").and_then(Value::as_array).into_iter().flatten();
    let persons = actors.filter_map(|actor| actor.pointer("/reference/reference").and_then(Value::as_str));
    let is_active = consent.get("status") == Some(&"active".into());
    let code_of = |system: Option<&str>| {
        let coding = codings_of(consent.pointer("/provision/code")).find(|one| text_of(one, "system") == system);
        coding.and_then(|coding| text_of(coding, "code"))
    };
    // One of no system may be ours: it opens no more than it says.
    let extent = match (code_of(Some(EXTENT)), code_of(None)) {
        (Some("full"), _) => ProxyExtent::Full,
        (Some("appointments"), _) | (None, Some("appointments")) => ProxyExtent::Appointments,
        // What cannot be read lets one look and no more.
        _ => ProxyExtent::View,
    };
    Some(Lets { persons: persons.filter_map(local_reference).collect(), extent: is_active.then_some(extent) })
}

/// How many provisions a Consent has, at every depth.
pub(super) fn provisions(consent: &Value) -> usize {
    consent.get("provision").map_or(0, provisions_in)
}

fn provisions_in(provision: &Value) -> usize {
    let nested = provision.get("provision").and_then(Value::as_array).into_iter().flatten();
    1 + nested.map(provisions_in).sum::<usize>()
}

/// The rules of a provision and of those in it, however deep they stand: what was read is of a bounded depth.
fn provision_rules(provision: &Value, patient: &FhirId, zone: &TimeZone, into: &mut Vec<ConsentRule>) {
    let effect = match provision.get("type").and_then(Value::as_str) {
        Some("permit") => Some(Effect::Permit),
        Some("deny") => Some(Effect::Deny),
        _ => None,
    };
    if let Some(effect) = effect {
        let (from, until) = period(provision.get("period"), zone);
        let labels = provision.get("securityLabel").map(Sensitivity::of_security).filter(|labels| labels.is_sealed());
        let covers = labels.map_or(Covers::Unnamed, Covers::Labels);
        for to in grantees(provision, effect) {
            into.push(ConsentRule { patient: patient.clone(), effect, to, covers, from, until });
        }
    }
    let nested = provision.get("provision").and_then(Value::as_array);
    for inner in nested.into_iter().flatten() {
        provision_rules(inner, patient, zone, into);
    }
}

/// To whom a provision speaks. Who is named in a way that is no single account (a role, a team, an identifier) is, in a refusal,
/// everybody of the clinic: what a patient refuses to somebody is not let to them because nobody here can tell who that is.
fn grantees(provision: &Value, effect: Effect) -> Vec<Grantee> {
    let Some(actors) = provision.get("actor").and_then(Value::as_array).filter(|actors| !actors.is_empty()) else {
        return vec![Grantee::Clinic];
    };
    let named = |actor: &Value| {
        let person = actor.pointer("/reference/reference").and_then(Value::as_str).and_then(local_reference);
        match person {
            Some(person) if person.type_name() == "Organization" => Some(Grantee::Clinic),
            Some(person) if is_a_person(&person) || effect == Effect::Permit => Some(Grantee::Person(person)),
            _ => (effect == Effect::Deny).then_some(Grantee::Clinic),
        }
    };
    actors.iter().filter_map(named).collect()
}

fn is_a_person(reference: &ResourceRef) -> bool {
    matches!(reference.type_name(), "Practitioner" | "RelatedPerson" | "Patient")
}

/// A Period's first moment, and the first moment after it. A day without a clock is the clinic's.
fn period(period: Option<&Value>, zone: &TimeZone) -> (Option<Timestamp>, Option<Timestamp>) {
    let range = |name| {
        let given = period?.get(name)?;
        Some((search::date_range(given)?, given.as_str().is_some_and(|text| text.contains('T'))))
    };
    let moment = |millis, is_clock: bool| {
        let moment = Timestamp::from_millisecond(millis).ok()?;
        // A date alone was read as one of UTC.
        let of_zone = || Some(moment.to_zoned(TimeZone::UTC).datetime().to_zoned(zone.clone()).ok()?.timestamp());
        if is_clock { Some(moment) } else { of_zone() }
    };
    (
        range("start").and_then(|(range, is_clock)| moment(range.start, is_clock)),
        range("end").and_then(|(range, is_clock)| moment(range.end.saturating_add(1), is_clock)),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fhir::search::{ReferenceTarget, SearchValue};

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
            let mut rules = Vec::new();
            let patient = FhirId::parse("a").unwrap();
            let provision = consent.get("provision").unwrap();
            provision_rules(provision, &patient, &TimeZone::UTC, &mut rules);
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
    fn a_day_without_a_clock_ends_with_the_clinics_day() {
        let of = |end: &str, zone: &str| {
            let (start, end) = period(Some(&json!({"start": "2026-11-01", "end": end})), &TimeZone::get(zone).unwrap());
            (start.unwrap().to_string(), end.unwrap().to_string())
        };
        let said = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        assert_eq!(of("2026-11-29", "UTC"), said("2026-11-01T00:00:00Z", "2026-11-30T00:00:00Z"));
        assert_eq!(of("2026-11-29", "Pacific/Kiritimati"), said("2026-10-31T10:00:00Z", "2026-11-29T10:00:00Z"));
        assert_eq!(of("2026-11", "America/New_York").1, "2026-12-01T05:00:00Z");
        let clock = of("2026-11-29T23:59:59+14:00", "America/New_York").1;
        assert!(clock.starts_with("2026-11-29T10:00:00"), "{clock}");
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
            let lets = lets(&consent).unwrap();
            assert_eq!((lets.persons.len(), lets.extent), (1, Some(ProxyExtent::Appointments)), "{category}");
        }
        assert!(lets(&json!({"status": "active", "category": [theirs]})).is_none());
        let bare = json!({"status": "active", "category": [ours], "provision": {"code": [{"coding": [{"code": "appointments"}]}]}});
        assert_eq!(lets(&bare).unwrap().extent, Some(ProxyExtent::Appointments));
    }

    #[test]
    fn a_refusal_counts_however_deep_it_stands() {
        let mut provision = json!({"type": "deny"});
        for _ in 0..25 {
            provision = json!({"provision": [provision]});
        }
        let mut rules = Vec::new();
        provision_rules(&provision, &FhirId::parse("p").unwrap(), &TimeZone::UTC, &mut rules);
        assert_eq!(rules.len(), 1);
    }

    #[test]
    fn a_refusal_to_whom_nobody_can_tell_is_one_to_the_clinic() {
        let of = |kind: &str, reference: Value| {
            let provision = json!({"type": kind, "actor": [{"reference": reference}]});
            let mut rules = Vec::new();
            provision_rules(&provision, &FhirId::parse("p").unwrap(), &TimeZone::UTC, &mut rules);
            rules.into_iter().map(|rule| rule.to).collect::<Vec<_>>()
        };
        let ann = [Grantee::Person(ResourceRef::parse("Practitioner/ann").unwrap())];
        assert_eq!(of("deny", json!({"reference": "Practitioner/ann"})), ann);
        assert_eq!(of("deny", json!({"reference": "Practitioner/ann/_history/3"})), ann);
        assert_eq!(of("permit", json!({"reference": "Practitioner/ann/_history/3"})), ann);
        for unclear in [
            json!({"reference": "PractitionerRole/r"}),
            json!({"identifier": {"value": "7"}}),
            json!({"display": "Dr Ann"}),
        ] {
            assert_eq!(of("deny", unclear.clone()), [Grantee::Clinic], "{unclear}");
            assert!(!of("permit", unclear).contains(&Grantee::Clinic));
        }
    }
}
