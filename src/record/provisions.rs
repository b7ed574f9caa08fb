//! What the provisions of a Consent say of who may see, as far as the box applies it.
//!
//! A provision holds where all its criteria are met, and one within another is an exception inside it (FHIR R4,
//! Consent.provision): what it does not say itself it has from those around it.
//!
//! | criterion | what it is here |
//! |---|---|
//! | `type`, `period` | as they say |
//! | `securityLabel` | labels that seal ([`Sensitivity`]): of a permission those of them that do, of a refusal all |
//! | `actor` | a person; the clinic's own Organization is everybody who works here, and another one nobody |
//! | `purpose` | `TREAT`, `CAREMGT` and `COC` are why staff look; to market and to research is nobody's here |
//! | `action` | `access`, `use` and `collect` are what staff do; to `disclose` is nobody's |
//! | `class` | what is about money alone is no care |
//! | all others | nobody can tell |
//!
//! A permission with a criterion that is not one of care opens nothing. A refusal with one that is nobody's, or no care, refuses
//! nothing; of what nobody can tell it may be about care, so it refuses all. A client is told at the write what is not applied
//! ([`not_applied`]), unless it is nobody's: then the Consent is kept as what the patient said. What changes the meaning of the whole
//! or of an actor (`modifierExtension`, `implicitRules`) nobody here can tell.
//!
//! Of a Consent by which somebody acts for the patient the root lets them, as far as its `code` says; a refusal in it stands above
//! every permission, at whatever depth and of whatever scope. FHIR R4 lets a root have no `type`: what it says is then what the
//! provisions in it are exceptions to ([`root_lets`]).

use jiff::tz::TimeZone;
use serde_json::Value;

use super::facts::EXTENT;
use super::prepared::local_reference;
use crate::access::{Class, ConsentRule, Covers, Effect, Grantee, Sensitivity};
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::fhir::{Issue, IssueCode, ResourceType, search};
use crate::store::StoreError;

const PURPOSE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// The systems of the names of R4's types: of a Consent's classes, and of the definitions.
const TYPES: [&str; 2] = ["http://hl7.org/fhir/resource-types", "http://hl7.org/fhir/fhir-types"];

/// What a criterion narrows a provision to, from what is met whenever staff look to what never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Concern {
    Care,
    /// Nobody can tell.
    Untold,
    /// It is no care, and somebody here may do it all the same.
    NoCare,
    Nobody,
}

/// Whose an Organization is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The clinic's own.
    Own,
    Another,
    /// Nobody can tell, or it is a part of the clinic, or the clinic is of it.
    Untold,
}

/// What the provisions of a Consent are rules of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Of who may see.
    Privacy,
    /// Of who acts for the patient, and of nothing else.
    Proxies,
}

/// What an active Consent's provisions are rules of, where they are any.
pub(super) fn about(consent: &Value) -> Option<About> {
    let proxies = || (is_active(consent) && is_proxy(consent)).then_some(About::Proxies);
    is_active_about_privacy(consent).then_some(About::Privacy).or_else(proxies)
}

/// Whether a Consent's provisions are rules of who may see.
fn is_active_about_privacy(consent: &Value) -> bool {
    let codings = consent.pointer("/scope/coding").and_then(Value::as_array);
    let about_privacy = |coding: &Value| coding.get("code") == Some(&"patient-privacy".into());
    is_active(consent) && codings.is_some_and(|codings| codings.iter().any(about_privacy))
}

pub(super) fn is_active(consent: &Value) -> bool {
    consent.get("status") == Some(&"active".into())
}

/// The category of a Consent that lets somebody act for its patient.
pub(super) const PROXY: (Option<&str>, Option<&str>) = (Some("urn:chartbox:consent"), Some("proxy"));

/// Whether it lets somebody act for its patient. Categories have no order (FHIR R4, Consent.category): each is looked at.
pub(super) fn is_proxy(consent: &Value) -> bool {
    codings_of(consent.get("category")).any(|one| (text_of(one, "system"), text_of(one, "code")) == PROXY)
}

/// The codings of a list of concepts.
pub(super) fn codings_of(concepts: Option<&Value>) -> impl Iterator<Item = &Value> {
    let concepts = concepts.and_then(Value::as_array).into_iter().flatten();
    concepts.filter_map(|concept| concept.get("coding")?.as_array()).flatten()
}

pub(super) fn text_of<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// The rules that the policy reads in a Consent, whether they are in force today or not. `zone` is the clinic's. An Organization
/// stands in them as what the Consent names.
pub fn rules_of(consent: &Value, zone: &TimeZone) -> Vec<ConsentRule> {
    let mut rules = Vec::new();
    // R4's Consent names its patient once; a rule for anybody else in the compartment would not be theirs.
    let of = consent.pointer("/patient/reference").and_then(Value::as_str).and_then(local_reference);
    if let (Some(of), Some(provision)) = (of.filter(|of| of.type_name() == "Patient"), consent.get("provision"))
        && let Some(about) = about(consent)
    {
        add_rules(provision, &of.id(), zone, &Within::of(consent), &mut rules);
        rules.retain(|rule| about == About::Privacy || refuses_proxies(rule));
    }
    rules
}

/// Whether a rule refuses something to who acts for the patient.
fn refuses_proxies(rule: &ConsentRule) -> bool {
    let is_to_them = match &rule.to {
        Grantee::Proxies => true,
        Grantee::Person(person) => acts(person),
        _ => false,
    };
    rule.effect == Effect::Deny && is_to_them
}

/// How many provisions a Consent has, at every depth.
pub(super) fn provisions(consent: &Value) -> usize {
    consent.get("provision").map_or(0, provisions_in)
}

fn provisions_in(provision: &Value) -> usize {
    1 + nested(provision).map(provisions_in).sum::<usize>()
}

pub(super) fn nested(provision: &Value) -> impl Iterator<Item = &Value> {
    provision.get("provision").and_then(Value::as_array).into_iter().flatten()
}

pub(super) fn has_type(provision: &Value, kind: &str) -> bool {
    provision.get("type") == Some(&kind.into()) || nested(provision).any(|inner| has_type(inner, kind))
}

/// Whether the root of a Consent by which somebody acts for the patient lets whom it names. One without a `type` does, where
/// nothing but refusals are exceptions to it: it does not where permissions are, or where its policy is that the patient lets
/// nobody.
pub(super) fn root_lets(consent: &Value) -> bool {
    let provision = consent.get("provision").unwrap_or(&Value::Null);
    match text_of(provision, "type") {
        Some(kind) => kind != "deny",
        None => !has_permitted(provision) && !opts_out(consent),
    }
}

/// Whether a permission is the outermost rule that stands in a provision somewhere.
fn has_permitted(provision: &Value) -> bool {
    nested(provision).any(|inner| match text_of(inner, "type") {
        Some(kind) => kind == "permit",
        None => has_permitted(inner),
    })
}

/// Whether a Consent's policy is that the patient lets nobody but whom it excepts.
fn opts_out(consent: &Value) -> bool {
    let codings = consent.pointer("/policyRule/coding").and_then(Value::as_array).into_iter().flatten();
    let mut codes = codings.filter_map(|coding| code_in(coding, ACT_CODE));
    codes.any(|code| code.starts_with("OPTOUT"))
}

/// Whether a provision names somebody.
pub(super) fn has_actors(provision: &Value) -> bool {
    given(provision, "actor").is_some()
}

/// All that a provision says, and those around it.
#[derive(Debug, Clone)]
pub(super) struct Within {
    is_proxy: bool,
    permit: Side,
    deny: Side,
    pub from: Option<Timestamp>,
    /// The first moment at which it holds no more.
    pub until: Option<Timestamp>,
}

/// What it comes to, and whom and what it is about, as a permission or as a refusal; `None` where nothing is said.
#[derive(Debug, Clone)]
struct Side {
    concern: Concern,
    to: Option<Vec<Grantee>>,
    labels: Option<Sensitivity>,
}

impl Within {
    /// What the whole Consent says.
    pub(super) fn of(consent: &Value) -> Self {
        let concern = if changed_by(consent).is_some() { Concern::Untold } else { Concern::Care };
        let side = Side { concern, to: None, labels: None };
        Self { is_proxy: is_proxy(consent), permit: side.clone(), deny: side, from: None, until: None }
    }

    /// Whom a permission here lets do something, named one by one.
    pub(super) fn lets(&self) -> Vec<ResourceRef> {
        let named = |one: &Grantee| match one {
            Grantee::Person(person) => Some(person.clone()),
            _ => None,
        };
        let all = self.permit.to.iter().flatten().filter_map(named);
        all.filter(|_| self.permit.concern == Concern::Care).collect()
    }

    /// With what a provision in it says. A permission is for whom and what all of them name, a refusal for whom and what the
    /// innermost does.
    pub(super) fn narrowed(&self, provision: &Value, zone: &TimeZone) -> Self {
        let (from, until) = period(provision.get("period"), zone);
        let mut within = Self { from: self.from.max(from), ..self.clone() };
        for (side, effect) in [(&mut within.permit, Effect::Permit), (&mut within.deny, Effect::Deny)] {
            let concerns = criteria(provision, self.is_proxy, effect).map(|(_, concern)| concern);
            side.concern = concerns.fold(side.concern, Concern::max);
        }
        within.until = [self.until, until].into_iter().flatten().min();
        if let Some(actors) = given(provision, "actor").and_then(Value::as_array) {
            let mut to = grantees(actors, Effect::Permit);
            to.retain(|one| self.permit.to.as_ref().is_none_or(|outer| outer.contains(one)));
            (within.permit.to, within.deny.to) = (Some(to), Some(grantees(actors, Effect::Deny)));
        }
        if let Some(labels) = given(provision, "securityLabel") {
            let all = labels_of(labels).flatten().fold(Sensitivity::NORMAL, Sensitivity::and);
            let outer = self.permit.labels.unwrap_or(Sensitivity::ALL).byte();
            within.permit.labels = Some(Sensitivity::from_byte(all.byte() & outer));
            // What is refused by a label that seals nothing may be anything.
            within.deny.labels = labels_of(labels).all(|one| one.is_some()).then_some(all);
        }
        within
    }
}

/// Adds the rules of a provision and of those in it, however deep they stand: what was read is of a bounded depth.
fn add_rules(provision: &Value, patient: &FhirId, zone: &TimeZone, outer: &Within, into: &mut Vec<ConsentRule>) {
    let within = outer.narrowed(provision, zone);
    let said = match text_of(provision, "type") {
        Some("permit") if within.permit.concern == Concern::Care => Some((Effect::Permit, &within.permit)),
        Some("deny") if within.deny.concern <= Concern::Untold => Some((Effect::Deny, &within.deny)),
        _ => None,
    };
    if let Some((effect, side)) = said.filter(|(_, side)| side.labels.is_none_or(Sensitivity::is_sealed)) {
        let covers = side.labels.map_or(Covers::Unnamed, Covers::Labels);
        let mut all = side.to.clone().unwrap_or_else(|| vec![Grantee::Clinic]);
        // Whom nobody can tell may be who acts for the patient.
        if (within.is_proxy, effect) == (true, Effect::Deny) && all.contains(&Grantee::Clinic) {
            all.push(Grantee::Proxies);
        }
        for to in all {
            into.push(ConsentRule {
                patient: patient.clone(),
                effect,
                to,
                covers,
                from: within.from,
                until: within.until,
            });
        }
    }
    nested(provision).for_each(|inner| add_rules(inner, patient, zone, &within, into));
}

/// To whom a provision speaks. Who is named in a way that is no single account (a role, a team, an identifier), or not as it stands
/// there, is, in a refusal, everybody of the clinic: what a patient refuses to somebody is not let to them because nobody here can
/// tell who that is.
fn grantees(actors: &[Value], effect: Effect) -> Vec<Grantee> {
    let named = |actor: &Value| match named_by(actor) {
        _ if effect == Effect::Permit && is_source(actor) => None,
        _ if changed_by(actor).is_some() => (effect == Effect::Deny).then_some(Grantee::Clinic),
        Some(one) if one.type_name() == ResourceType::Organization.name() => Some(Grantee::Organization(one)),
        Some(person) if is_a_person(&person) || effect == Effect::Permit => Some(Grantee::Person(person)),
        _ => (effect == Effect::Deny).then_some(Grantee::Clinic),
    };
    actors.iter().filter_map(named).collect()
}

pub(super) fn named_by(actor: &Value) -> Option<ResourceRef> {
    actor.pointer("/reference/reference").and_then(Value::as_str).and_then(local_reference)
}

fn is_a_person(reference: &ResourceRef) -> bool {
    matches!(reference.type_name(), "Practitioner" | "RelatedPerson" | "Patient")
}

/// Whether somebody can act for a patient.
fn acts(reference: &ResourceRef) -> bool {
    reference.type_name() == ResourceType::RelatedPerson.name()
}

/// Whether an actor is who keeps or wrote something (HL7 v3 ParticipationType), and not who gets it.
fn is_source(actor: &Value) -> bool {
    let codings = actor.pointer("/role/coding").and_then(Value::as_array).into_iter().flatten();
    codings.into_iter().any(|coding| matches!(text_of(coding, "code"), Some("CST" | "AUT")))
}

/// An element, where it says anything.
fn given<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.get(name).filter(|value| match value {
        Value::Null => false,
        Value::Array(all) => !all.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    })
}

/// The element by which a resource, or a part of one, means something else than it says (FHIR R4, extensibility.html and
/// resource.html#implicitRules): nobody here can tell what.
pub(super) fn changed_by(value: &Value) -> Option<&'static str> {
    let all = [
        ("modifierExtension", "modifierExtension"),
        ("implicitRules", "implicitRules"),
        ("_implicitRules", "implicitRules"),
    ];
    all.into_iter().find(|(name, _)| given(value, name).is_some()).map(|(_, element)| element)
}

/// Whether a Period says when it begins and ends: a side that has an extension in its place (masked, unknown) is not without an
/// end.
pub(super) fn is_told(period: &Value) -> bool {
    let has = |name, instead| given(period, instead).is_none() || given(period, name).is_some();
    search::date_range(period).is_some() && has("start", "_start") && has("end", "_end")
}

/// What each label of a criterion seals; `None` of one that seals nothing, or of which nobody can tell.
fn labels_of(labels: &Value) -> impl Iterator<Item = Option<Sensitivity>> {
    let all = labels.as_array().map_or_else(|| std::slice::from_ref(labels), Vec::as_slice);
    all.iter().map(Sensitivity::sealed_by)
}

/// The criteria of a provision that are there, beside its actors, and what each narrows it to: of several labels a permission lets
/// see what those seal that do, and of a refusal each must.
fn criteria(provision: &Value, is_proxy: bool, effect: Effect) -> impl Iterator<Item = (&'static str, Concern)> {
    // Of what is named one suffices.
    let any = |name, of: fn(&Value) -> Concern| {
        let all = given(provision, name)?.as_array().into_iter().flatten();
        Some((name, all.map(of).min().unwrap_or(Concern::Untold)))
    };
    let untold = |name| given(provision, name).map(|_| (name, Concern::Untold));
    // How far a proxy goes stands in the codes, and no label opens anything to one.
    let labels = given(provision, "securityLabel")
        .filter(|labels| {
            let is_applied = match effect {
                Effect::Permit => labels_of(labels).flatten().next().is_some(),
                Effect::Deny => labels_of(labels).all(|one| one.is_some()),
            };
            is_proxy || !is_applied
        })
        .map(|_| ("securityLabel", Concern::Untold));
    let period = given(provision, "period").filter(|period| !is_told(period)).map(|_| ("period", Concern::Untold));
    let all = [
        any("purpose", of_purpose),
        any("action", of_action),
        any("class", of_class),
        untold("code").filter(|_| !is_proxy),
        untold("data"),
        untold("dataPeriod"),
        untold("modifierExtension"),
        labels,
        period,
    ];
    all.into_iter().flatten()
}

/// A code of this system, or of none.
fn code_in<'v>(coding: &'v Value, system: &str) -> Option<&'v str> {
    let is_of = text_of(coding, "system").is_none_or(|one| one == system);
    text_of(coding, "code").filter(|_| is_of)
}

fn of_purpose(coding: &Value) -> Concern {
    match code_in(coding, PURPOSE) {
        Some("TREAT" | "CAREMGT" | "COC") => Concern::Care,
        Some("HPAYMT" | "CLMATTCH" | "COVAUTH" | "COVERAGE" | "ELIGDTRM" | "ELIGVER" | "ENROLLM" | "REMITADV") => {
            Concern::NoCare
        }
        // CLINTRCHPC, a trial with care of its patients, is not among them.
        Some(
            "HMARKT" | "HRESCH" | "BIORCH" | "CLINTRCH" | "CLINTRCHNPC" | "DSRCH" | "POARCH" | "PRECLINTRCH"
            | "TRANSRCH",
        ) => Concern::Nobody,
        _ => Concern::Untold,
    }
}

fn of_action(concept: &Value) -> Concern {
    let of = |coding| match code_in(coding, ACTION) {
        Some("access" | "use" | "collect") => Concern::Care,
        Some("disclose") => Concern::Nobody,
        _ => Concern::Untold,
    };
    let codings = concept.get("coding").and_then(Value::as_array).into_iter().flatten();
    codings.map(of).min().unwrap_or(Concern::Untold)
}

fn of_class(coding: &Value) -> Concern {
    let code = TYPES.iter().find_map(|system| code_in(coding, system));
    let class = code.and_then(ResourceType::parse).map(Class::of);
    if matches!(class, Some(Class::Financial | Class::Insurance)) { Concern::NoCare } else { Concern::Untold }
}

/// A Period's first moment, and the first moment after it. A day without a clock is the clinic's.
pub(super) fn period(period: Option<&Value>, zone: &TimeZone) -> (Option<Timestamp>, Option<Timestamp>) {
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

/// What an active Consent says of who may see and the box does not apply: the first criterion of that kind, where a permission or
/// a refusal hangs on it that is not nobody's anyway.
pub(super) fn not_applied(
    consent: &Value,
    whose: &dyn Fn(&ResourceRef) -> Result<Whose, StoreError>,
) -> Result<Option<Issue>, StoreError> {
    let Some(about) = about(consent) else { return Ok(None) };
    let is_proxy = is_proxy(consent);
    let provision = consent.get("provision");
    if opts_out(consent) && !provision.is_some_and(|provision| has_type(provision, "deny")) {
        return Ok(Some(issue("Consent.policyRule".to_owned(), OPT_OUT)));
    }
    let side = UntoldSide {
        concern: if changed_by(consent).is_some() { Concern::Untold } else { Concern::Care },
        at: changed_by(consent).map(|element| format!("Consent.{element}")),
    };
    let root_lets = root_lets(consent);
    let around = Around { permit: side.clone(), deny: side, has_actors: false, is_proxy, root_lets, about, whose };
    let found = provision.map(|provision| untold_in(provision, ROOT, &around)).transpose()?.flatten();
    Ok(found.map(|at| {
        let text = match at.ends_with(".actor") {
            true if about == About::Proxies => WHO_ACTS,
            true => WHO,
            false if at == OF_ROOT => WHETHER,
            false => WHAT,
        };
        issue(at, text)
    }))
}

const ROOT: &str = "Consent.provision";
const OF_ROOT: &str = "Consent.provision.type";

const OPT_OUT: &str = "The box applies no policy: what the patient refuses is said by a provision of type deny. Add it, or give the \
                       Consent another status than active. Nothing was changed.";
const WHO: &str = "The box cannot tell who this is. An actor who may see, or may not, is a Practitioner, a RelatedPerson or an \
                   Organization of this box; which Organization the clinic itself is says providedBy of its HealthcareService \
                   (category urn:chartbox:service|clinic), where all of these name the same. Name another actor, or give the \
                   Consent another status than active. Nothing was changed.";
const WHO_ACTS: &str = "The box cannot tell who this is. Who acts for a patient, or may not, is a RelatedPerson of this box, named in the \
                        provision itself. Name one as its actor, or give the Consent another status than active. Nothing was changed.";
const WHAT: &str = "The box does not apply this criterion: it would show or hide something else than the patient said. What it applies is \
                    type, actor, period, securityLabel (labels that seal), purpose (TREAT) and action (access); of who acts for a patient \
                    the outermost provision, and refusals in it. Leave the criterion out, or give the Consent another status than active. \
                    Nothing was changed.";

const WHETHER: &str = "Nobody can tell whether the outermost provision lets somebody act for the patient: it has no type, and a \
                       permission stands in it, or the policy is that the patient lets nobody. Give it the type permit or deny, and \
                       leave permissions in it out, or give the Consent another status than active. Nothing was changed.";

fn issue(at: String, text: &str) -> Issue {
    Issue::error(IssueCode::BusinessRule, at, text)
}

/// What stands around a provision.
struct Around<'a> {
    permit: UntoldSide,
    deny: UntoldSide,
    has_actors: bool,
    is_proxy: bool,
    root_lets: bool,
    about: About,
    whose: &'a dyn Fn(&ResourceRef) -> Result<Whose, StoreError>,
}

/// What the criteria come to for a permission, or for a refusal.
#[derive(Clone)]
struct UntoldSide {
    concern: Concern,
    /// The first that is not applied.
    at: Option<String>,
}

impl UntoldSide {
    fn narrow(&mut self, path: &str, (name, concern): (&str, Concern)) {
        self.concern = self.concern.max(concern);
        if matches!(concern, Concern::Untold | Concern::NoCare) {
            self.at.get_or_insert_with(|| format!("{path}.{name}"));
        }
    }
}

fn untold_in(provision: &Value, path: &str, around: &Around<'_>) -> Result<Option<String>, StoreError> {
    let actors = given(provision, "actor").and_then(Value::as_array);
    let mut inner = Around {
        permit: around.permit.clone(),
        deny: around.deny.clone(),
        has_actors: around.has_actors || actors.is_some(),
        ..*around
    };
    for (side, effect) in [(&mut inner.permit, Effect::Permit), (&mut inner.deny, Effect::Deny)] {
        criteria(provision, around.is_proxy, effect).for_each(|one| side.narrow(path, one));
    }
    if let Some(actors) = actors {
        let concern = of_actors(actors, around)?;
        inner.permit.narrow(path, ("actor", concern));
        inner.deny.narrow(path, ("actor", concern));
    }
    let mut said = match text_of(provision, "type") {
        Some("permit") => Some((Effect::Permit, inner.permit.clone())),
        Some("deny") => Some((Effect::Deny, inner.deny.clone())),
        // By such a root somebody is let act for the patient.
        _ if around.is_proxy && path == ROOT && is_to_let(provision) => {
            if actors.is_some() && !around.root_lets {
                return Ok(Some(OF_ROOT.to_owned()));
            }
            Some((Effect::Permit, inner.permit.clone()))
        }
        _ => None,
    };
    if let Some((effect, side)) = said.as_mut().filter(|_| around.is_proxy) {
        for name in not_of_proxies(provision, path, *effect, &inner) {
            side.narrow(path, (name, Concern::Untold));
        }
    }
    if let Some((_, UntoldSide { concern, at: Some(at) })) = said
        && concern != Concern::Nobody
    {
        return Ok(Some(at));
    }
    for (at, one) in nested(provision).enumerate() {
        if let Some(found) = untold_in(one, &format!("{path}.provision[{at}]"), &inner)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether a root without a type is to let somebody act: it names who, or says how far they go and nothing else.
fn is_to_let(root: &Value) -> bool {
    let says_how_far = codings_of(root.get("code")).any(|one| text_of(one, "system") == Some(EXTENT));
    has_actors(root) || (says_how_far && nested(root).next().is_none())
}

/// What in a rule of a Consent by which somebody acts for the patient is not applied: only the root lets somebody, and whom it names;
/// and a refusal is one of everything.
fn not_of_proxies(
    provision: &Value,
    path: &str,
    effect: Effect,
    within: &Around<'_>,
) -> impl Iterator<Item = &'static str> {
    let is_whole = |codes: &Value| {
        let mut all = codings_of(Some(codes));
        all.any(|one| text_of(one, "system") == Some(EXTENT) && text_of(one, "code") == Some("full"))
    };
    let all = match effect {
        Effect::Permit => [
            (path != ROOT).then_some("type"),
            (within.about == About::Proxies && !within.has_actors).then_some("actor"),
        ],
        Effect::Deny => [given(provision, "code").filter(|codes| !is_whole(codes)).map(|_| "code"), None],
    };
    all.into_iter().flatten()
}

/// What actors narrow a provision to: each of them must be known.
fn of_actors(actors: &[Value], around: &Around<'_>) -> Result<Concern, StoreError> {
    let mut least = Concern::Nobody;
    for actor in actors {
        let concern = match named_by(actor) {
            _ if is_source(actor) || changed_by(actor).is_some() => Concern::Untold,
            Some(one) if one.type_name() == ResourceType::Organization.name() => match (around.whose)(&one)? {
                // No Organization acts for somebody here.
                Whose::Own if around.about == About::Proxies => Concern::Untold,
                Whose::Own => Concern::Care,
                Whose::Another => Concern::Nobody,
                Whose::Untold => Concern::Untold,
            },
            Some(person) if acts(&person) => Concern::Care,
            Some(person) if around.about == About::Privacy && is_a_person(&person) => Concern::Care,
            _ => Concern::Untold,
        };
        if concern == Concern::Untold {
            return Ok(concern);
        }
        least = least.min(concern);
    }
    Ok(least)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn consent(provision: &Value) -> Value {
        json!({"resourceType": "Consent", "status": "active", "scope": {"coding": [{"code": "patient-privacy"}]},
            "patient": {"reference": "Patient/p"}, "provision": provision})
    }

    fn rules(provision: &Value) -> Vec<ConsentRule> {
        rules_of(&consent(provision), &TimeZone::UTC)
    }

    fn said(provision: &Value) -> Vec<String> {
        let word = |rule: ConsentRule| {
            let to = match rule.to {
                Grantee::Person(one) | Grantee::Organization(one) => one.to_string(),
                _ => "all".to_owned(),
            };
            let of = match rule.covers {
                Covers::Labels(labels) => format!(" {}", labels.byte()),
                _ => String::new(),
            };
            format!("{:?} {to}{of}", rule.effect)
        };
        rules(provision).into_iter().map(word).collect()
    }

    /// The element that is refused at the write.
    fn refused(provision: &Value) -> Option<String> {
        let whose = |one: &ResourceRef| {
            Ok(match one.id().as_str() {
                "own" => Whose::Own,
                "insurer" => Whose::Another,
                _ => Whose::Untold,
            })
        };
        not_applied(&consent(provision), &whose).unwrap().map(|issue| issue.expression)
    }

    fn with(kind: &str, more: &Value) -> Value {
        let mut provision = json!({"type": kind});
        provision.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        provision
    }

    fn concept(system: &str, code: &str) -> Value {
        json!([{"coding": [{"system": system, "code": code}]}])
    }

    #[test]
    fn what_the_box_does_not_apply_opens_nothing_and_refuses_where_it_may_be_about_care() {
        let purpose = |codes: &[&str]| {
            let all = codes.iter().map(|code| json!({"system": PURPOSE, "code": code}));
            json!({"purpose": all.collect::<Vec<_>>()})
        };
        let class = |code: &str| json!({"class": [{"system": TYPES[0], "code": code}]});
        let reference = json!({"reference": "Observation/o"});
        let masked = json!({"extension": [{"url": "urn:x", "valueCode": "masked"}]});
        // What a permission and a refusal come to, and whether a client is refused.
        for (more, opens, refuses, at) in [
            (json!({}), true, true, None),
            (purpose(&["TREAT"]), true, true, None),
            (purpose(&["HRESCH", "TREAT"]), true, true, None),
            (json!({"action": concept(ACTION, "access")}), true, true, None),
            (json!({"class": [], "data": []}), true, true, None),
            (purpose(&["HRESCH"]), false, false, None),
            (purpose(&["HMARKT", "TRANSRCH"]), false, false, None),
            (json!({"action": concept(ACTION, "disclose")}), false, false, None),
            (purpose(&["HPAYMT"]), false, false, Some("purpose")),
            (class("Claim"), false, false, Some("class")),
            (purpose(&["CLINTRCHPC"]), false, true, Some("purpose")),
            (purpose(&["HMARKT", "HOPERAT"]), false, true, Some("purpose")),
            (json!({"purpose": [{"system": "urn:x", "code": "TREAT"}]}), false, true, Some("purpose")),
            (json!({"action": [{"text": "access"}]}), false, true, Some("action")),
            (class("MedicationRequest"), false, true, Some("class")),
            (json!({"code": concept("http://loinc.org", "1-1")}), false, true, Some("code")),
            (json!({"data": [{"meaning": "instance", "reference": reference}]}), false, true, Some("data")),
            (json!({"dataPeriod": {"start": "2030-01-01"}}), false, true, Some("dataPeriod")),
            (json!({"securityLabel": [{"system": "urn:x", "code": "y"}]}), false, true, Some("securityLabel")),
            (json!({"securityLabel": [{"code": "N"}]}), false, true, Some("securityLabel")),
            (json!({"securityLabel": [{"display": "very secret"}]}), false, true, Some("securityLabel")),
            (
                json!({"modifierExtension": [{"url": "urn:x", "valueCode": "y"}]}),
                false,
                true,
                Some("modifierExtension"),
            ),
            (json!({"period": {"end": "soon"}}), false, true, Some("period")),
            (json!({"period": {"_end": masked}}), false, true, Some("period")),
        ] {
            let [permit, deny] = ["permit", "deny"].map(|kind| with(kind, &more));
            assert_eq!(said(&permit) == ["Permit all"], opens, "{permit}");
            assert!(opens || said(&permit).is_empty(), "{permit}");
            assert_eq!(said(&deny) == ["Deny all"], refuses, "{deny}");
            assert!(refuses || said(&deny).is_empty(), "{deny}");
            let at = at.map(|at| format!("Consent.provision.{at}"));
            assert_eq!([refused(&permit), refused(&deny)], [at.clone(), at.clone()], "{more}");
            // What stands in it has the same criteria.
            let mut outer = more.clone();
            outer["provision"] = json!([{"type": "permit"}, {"type": "deny"}]);
            let all = [("Permit all", opens), ("Deny all", refuses)].into_iter().filter(|(_, is_said)| *is_said);
            assert_eq!(said(&outer), all.map(|(word, _)| word).collect::<Vec<_>>(), "{outer}");
        }
        let inner = json!({"provision": [{"type": "permit"}, {"type": "deny", "class": [{"code": "Condition"}]}]});
        assert_eq!(refused(&inner).as_deref(), Some("Consent.provision.provision[1].class"));
        // What is withdrawn, of another scope, or no rule, is nobody's concern here.
        for (name, value) in [("status", json!("inactive")), ("scope", json!({"coding": [{"code": "research"}]}))] {
            let mut other = consent(&with("permit", &class("Claim")));
            other[name] = value;
            assert_eq!(not_applied(&other, &|_| Ok(Whose::Untold)).unwrap(), None);
        }
        assert_eq!(refused(&json!({"class": [{"code": "Claim"}]})), None);
        let mut opts_out = consent(&json!({"period": {"start": "2026-01-01"}}));
        opts_out["policyRule"] = concept(ACT_CODE, "OPTOUT")[0].clone();
        let refused =
            |consent: &Value| not_applied(consent, &|_| Ok(Whose::Untold)).unwrap().map(|issue| issue.expression);
        assert_eq!(refused(&opts_out).as_deref(), Some("Consent.policyRule"));
        opts_out["provision"]["type"] = json!("deny");
        assert_eq!(refused(&opts_out), None);
    }

    #[test]
    fn of_labels_a_permission_lets_see_what_those_seal_that_do_and_a_refusal_needs_all() {
        let of = |kind: &str, labels: &Value| with(kind, &json!({"securityLabel": labels}));
        let hiv = json!({"system": ACT_CODE, "code": "HIV"});
        for other in [
            json!({"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}),
            json!({"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "X"}),
            json!({"system": ACT_CODE, "code": "NOPAT"}),
            json!({"system": "urn:x", "code": "HIV"}),
            json!({"display": "HIV"}),
        ] {
            let both = json!([hiv, other]);
            assert_eq!(said(&of("permit", &both)), ["Permit all 16"], "{other}");
            assert_eq!(refused(&of("permit", &both)), None, "{other}");
            assert_eq!(said(&of("deny", &both)), ["Deny all"], "{other}");
            assert_eq!(refused(&of("deny", &both)).as_deref(), Some("Consent.provision.securityLabel"), "{other}");
            // Within what is told, as around it.
            let outer = json!({"securityLabel": [hiv], "provision": [of("deny", &both)]});
            assert_eq!(said(&outer), ["Deny all"], "{other}");
            assert_eq!(refused(&outer).as_deref(), Some("Consent.provision.provision[0].securityLabel"));
            let inner = json!({"type": "permit", "securityLabel": both, "provision": [{"type": "deny"}]});
            assert_eq!(said(&inner), ["Permit all 16", "Deny all"], "{other}");
            assert_eq!(refused(&inner).as_deref(), Some("Consent.provision.securityLabel"));
        }
        let both = json!([hiv, {"code": "R"}]);
        assert_eq!([said(&of("permit", &both)), said(&of("deny", &both))], [["Permit all 17"], ["Deny all 17"]]);
        assert_eq!(refused(&of("deny", &both)), None);
    }

    #[test]
    fn what_means_something_else_than_it_says_opens_nothing_and_refuses_all() {
        let change = json!([{"url": "urn:not", "valueBoolean": true}]);
        let actor = json!([{"role": {"text": "x"}, "reference": {"reference": "Practitioner/ann"}, "modifierExtension": change}]);
        let [permit, deny] = ["permit", "deny"].map(|kind| with(kind, &json!({"actor": actor})));
        assert_eq!((said(&permit), said(&deny)), (vec![], vec!["Deny all".to_owned()]));
        let inner = json!({"actor": actor, "provision": [{"type": "permit"}, {"type": "deny"}]});
        assert_eq!(said(&inner), ["Deny all"]);
        for one in [permit, deny, inner] {
            assert_eq!(refused(&one).as_deref(), Some("Consent.provision.actor"), "{one}");
        }
        for (name, value, at) in [
            ("modifierExtension", change, "Consent.modifierExtension"),
            ("implicitRules", json!("http://example.com/rules"), "Consent.implicitRules"),
            (
                "_implicitRules",
                json!({"extension": [{"url": "urn:x", "valueCode": "masked"}]}),
                "Consent.implicitRules",
            ),
        ] {
            for (kind, rules) in [("permit", 0), ("deny", 1)] {
                let mut whole = consent(&json!({"type": kind}));
                whole[name] = value.clone();
                assert_eq!(rules_of(&whole, &TimeZone::UTC).len(), rules, "{whole}");
                let refused = not_applied(&whole, &|_| Ok(Whose::Untold)).unwrap();
                assert_eq!(refused.map(|issue| issue.expression).as_deref(), Some(at));
            }
        }
    }

    #[test]
    fn of_a_proxys_consent_a_client_is_told_what_is_not_applied() {
        let to = |text: &str| json!([{"role": {"text": "x"}, "reference": {"reference": text}}]);
        let code = |code: &str| json!([{"coding": [{"system": EXTENT, "code": code}]}]);
        let (r, doctor) = (to("RelatedPerson/r"), to("Practitioner/d"));
        let refused = |scope: &str, provision: &Value| {
            let mut consent = consent(provision);
            consent["scope"]["coding"][0]["code"] = json!(scope);
            consent["category"] = json!([{"coding": [{"system": PROXY.0, "code": PROXY.1}]}]);
            let whose = |one: &ResourceRef| Ok(if one.id().as_str() == "own" { Whose::Own } else { Whose::Another });
            let found = not_applied(&consent, &whose).unwrap();
            found.map(|issue| issue.expression.trim_start_matches("Consent.provision").to_owned())
        };
        let full = |more: Value| {
            let mut all = json!({"type": "permit", "actor": r, "code": code("full")});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            all
        };
        for (provision, privacy, treatment) in [
            (full(json!({})), None, None),
            (full(json!({"type": null})), None, None),
            (full(json!({"provision": [{"type": "deny", "actor": r}]})), None, None),
            (full(json!({"code": code("view"), "provision": [{"type": "deny"}]})), None, None),
            (full(json!({"type": "deny"})), None, None),
            (full(json!({"type": "deny", "actor": null})), None, None),
            (full(json!({"type": "deny", "code": code("appointments")})), Some(".code"), Some(".code")),
            (full(json!({"type": null, "class": [{"code": "Claim"}]})), Some(".class"), Some(".class")),
            // Only the root lets somebody act.
            (json!({"type": "permit", "provision": [full(json!({}))]}), Some(".provision[0].type"), Some(".actor")),
            (json!({"provision": [full(json!({}))]}), Some(".provision[0].type"), Some(".provision[0].type")),
            (
                full(json!({"provision": [full(json!({"code": code("view")}))]})),
                Some(".provision[0].type"),
                Some(".provision[0].type"),
            ),
            // Whoever is no RelatedPerson does not act; somebody else's Organization is kept as what the patient said.
            (full(json!({"actor": null})), None, Some(".actor")),
            (full(json!({"actor": doctor})), None, Some(".actor")),
            (full(json!({"type": "deny", "actor": doctor})), None, Some(".actor")),
            (full(json!({"actor": to("Organization/own")})), None, Some(".actor")),
            (full(json!({"actor": to("Organization/guardians")})), None, None),
            (
                full(json!({"actor": [{"role": {"text": "x"}, "reference": {"display": "My son"}}]})),
                Some(".actor"),
                Some(".actor"),
            ),
        ] {
            assert_eq!(refused("patient-privacy", &provision).as_deref(), privacy, "{provision}");
            assert_eq!(refused("treatment", &provision).as_deref(), treatment, "{provision}");
        }
    }

    #[test]
    fn an_exception_holds_inside_what_it_is_an_exception_to() {
        let to = |text: &str| json!([{"role": {"text": "x"}, "reference": {"reference": text}}]);
        let label = |code: &str| json!([{"code": code}]);
        let of = |outer: Value, inner: Value| {
            let mut outer = outer;
            outer["provision"] = json!([inner]);
            said(&outer)
        };
        let ann = json!({"actor": to("Practitioner/ann")});
        for (outer, inner, all) in [
            (ann.clone(), json!({"type": "permit", "securityLabel": label("HIV")}), vec!["Permit Practitioner/ann 16"]),
            (ann.clone(), json!({"type": "permit", "actor": to("Practitioner/ben")}), vec![]),
            (ann.clone(), json!({"type": "deny"}), vec!["Deny Practitioner/ann"]),
            (ann.clone(), json!({"type": "deny", "actor": to("Practitioner/ben")}), vec!["Deny Practitioner/ben"]),
            (json!({"securityLabel": label("HIV")}), json!({"type": "permit"}), vec!["Permit all 16"]),
            (json!({"securityLabel": label("HIV")}), json!({"type": "deny"}), vec!["Deny all 16"]),
            (json!({"securityLabel": label("HIV")}), json!({"type": "permit", "securityLabel": label("R")}), vec![]),
            (json!({"purpose": [{"code": "HMARKT"}]}), json!({"type": "deny"}), vec![]),
            (json!({"class": [{"code": "Condition"}]}), json!({"type": "permit"}), vec![]),
        ] {
            assert_eq!(of(outer.clone(), inner.clone()), all, "{outer} {inner}");
        }
        let time = |outer: Value, inner: Value| {
            let rule = rules(&json!({"period": outer, "provision": [{"type": "permit", "period": inner}]})).remove(0);
            [rule.from, rule.until].map(|one| one.map(|one| one.to_string()[5..10].to_owned()))
        };
        let both = time(
            json!({"start": "2026-01-01", "end": "2026-06-30"}),
            json!({"start": "2026-02-01", "end": "2026-12-31"}),
        );
        assert_eq!(both, [Some("02-01".to_owned()), Some("07-01".to_owned())]);
        assert_eq!(time(json!({"end": "2026-06-30"}), json!({})), [None, Some("07-01".to_owned())]);
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
    fn a_refusal_counts_however_deep_it_stands() {
        let mut provision = json!({"type": "deny"});
        for _ in 0..25 {
            provision = json!({"provision": [provision]});
        }
        assert_eq!(said(&provision), ["Deny all"]);
    }

    #[test]
    fn a_refusal_to_whom_nobody_can_tell_is_one_to_the_clinic() {
        let of = |kind: &str, reference: &Value| json!({"type": kind, "actor": [{"reference": reference}]});
        for ann in ["Practitioner/ann", "Practitioner/ann/_history/3"] {
            let ann = json!({"reference": ann});
            assert_eq!(said(&of("deny", &ann)), ["Deny Practitioner/ann"]);
            assert_eq!(said(&of("permit", &ann)), ["Permit Practitioner/ann"]);
            assert_eq!(refused(&of("deny", &ann)), None);
        }
        for unclear in [
            json!({"reference": "PractitionerRole/r"}),
            json!({"identifier": {"value": "7"}}),
            json!({"display": "Dr Ann"}),
        ] {
            assert_eq!(said(&of("deny", &unclear)), ["Deny all"], "{unclear}");
            assert!(!said(&of("permit", &unclear)).contains(&"Permit all".to_owned()));
            assert_eq!(refused(&of("deny", &unclear)).as_deref(), Some("Consent.provision.actor"));
        }
        let kept = json!({"type": "permit", "actor": [{"role": {"coding": [{"code": "CST"}]},
            "reference": {"reference": "Organization/own"}}]});
        assert_eq!(said(&kept), Vec::<String>::new(), "who keeps it is not let see it");
        for (of, at) in [("own", None), ("insurer", None), ("x", Some("Consent.provision.actor"))] {
            let provision =
                json!({"type": "permit", "actor": [{"reference": {"reference": format!("Organization/{of}")}}]});
            assert_eq!(refused(&provision).as_deref(), at);
            assert_eq!(said(&provision), [format!("Permit Organization/{of}")]);
        }
    }
}
