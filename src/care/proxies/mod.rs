//! Letting somebody act for one: who, how far, until when; the code by which they make their account; and taking it back.
//!
//! The person is a RelatedPerson, to which their account is linked; what they may is a Consent that names it. The policy reads
//! both at every request (`record/facts.rs`), so that what is taken back ends with the next one.

mod give_up;
mod invite;

pub use give_up::give_up;
pub use invite::{CODE_DAYS, InviteError, Invited, accept, accept_with, sweep, typed_code};

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::access::ProxyExtent;
use crate::base::{Ambient, FhirId, ResourceRef, Secret, Timestamp};
use crate::care::consents::{self, CATEGORY};
use crate::care::notify::{self, Kind as Notice, Whom};
use crate::care::workflow::{Doing, Done, Never, Refused, carry_out};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Condition, EXTENT, Inside, RecordError};

/// HL7 v3 RoleCode.
const ROLES: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";

/// The most Consents of a patient that are looked through.
const MOST: usize = 1_000;
/// The most characters of a name.
pub const LONGEST_NAME: usize = 120;
/// What somebody is to the patient: code here, and in HL7 v3 RoleCode where that has one.
pub const RELATIONS: [(&str, &str); 6] =
    [("partner", "SPS"), ("child", "CHILD"), ("parent", "PRN"), ("sibling", "SIB"), ("friend", "FRND"), ("other", "")];

/// Which of [`RELATIONS`] a code of HL7 v3 RoleCode is: also those that say it more exactly, as a clinic enters them.
fn relation_of(role: &str) -> Option<&'static str> {
    Some(match role {
        "SPS" | "HUSB" | "WIFE" | "DOMPART" | "SIGOTHR" => "partner",
        "CHILD" | "NCHILD" | "SON" | "DAU" | "SONC" | "DAUC" | "CHLDADOPT" | "STPCHLD" => "child",
        "PRN" | "MTH" | "FTH" | "NMTH" | "NFTH" | "NPRN" | "STPPRN" | "ADOPTP" => "parent",
        "SIB" | "BRO" | "SIS" | "NSIB" | "HSIB" => "sibling",
        "FRND" => "friend",
        _ => return None,
    })
}

/// The code of an extent, as it stands in a Consent and in a form.
pub const fn code_of(extent: ProxyExtent) -> &'static str {
    match extent {
        ProxyExtent::View => "view",
        ProxyExtent::Appointments => "appointments",
        _ => "full",
    }
}

pub fn extent_of(code: &str) -> Option<ProxyExtent> {
    [ProxyExtent::Full, ProxyExtent::View, ProxyExtent::Appointments]
        .into_iter()
        .find(|extent| code_of(*extent) == code)
}

/// What a patient grants.
#[derive(Debug, Clone)]
pub struct Grant {
    pub name: String,
    /// One of [`RELATIONS`], and how it is called.
    pub relation: (String, String),
    pub extent: ProxyExtent,
    /// The last day.
    pub until: Option<Date>,
}

/// Somebody who acts or acted for a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    pub related: FhirId,
    pub name: String,
    /// One of [`RELATIONS`], where a code says it.
    pub relation: Option<&'static str>,
    /// The same in words, as somebody wrote it in their own language.
    pub relation_text: Option<String>,
    pub extent: ProxyExtent,
    pub until: Option<Date>,
    pub active: bool,
    /// By a Consent of the patient; otherwise the clinic entered it, for a child's parent say.
    pub by_consent: bool,
}

/// All of a patient's, from their RelatedPersons and Consents; those in force first.
pub fn all(related: &[Value], consents: &[Value], today: Date) -> Vec<Proxy> {
    let mut all: Vec<Proxy> = related.iter().filter_map(|one| proxy(one, consents, today)).collect();
    all.sort_by_key(|one| (!one.active, one.name.clone()));
    all
}

fn proxy(related: &Value, consents: &[Value], today: Date) -> Option<Proxy> {
    let text = |at: &str| related.pointer(at).and_then(Value::as_str);
    let id = FhirId::parse(text("/id")?).ok()?;
    let given =
        related.pointer("/name/0/given").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let parts: Vec<&str> = given.chain(text("/name/0/family")).collect();
    let name = text("/name/0/text").map_or_else(|| parts.join(" "), str::to_owned);
    let own: Vec<&Value> = consents.iter().filter(|one| is_for(one, &id)).collect();
    let live = own.iter().find(|one| one.get("status").and_then(Value::as_str) == Some("active"));
    let chosen = live.or(own.first());
    let extent = chosen.and_then(|one| one.pointer("/provision/code/0/coding/0/code")?.as_str()).and_then(extent_of);
    let until = text("/period/end").and_then(|end| end.get(..10)?.parse::<Date>().ok());
    let in_force = until.is_none_or(|until| today <= until);
    Some(Proxy {
        related: id,
        name,
        relation: relations(related).find_map(relation_of),
        relation_text: text("/relationship/0/text").map(str::to_owned),
        extent: extent.unwrap_or(ProxyExtent::Full),
        until,
        active: related.get("active") != Some(&Value::Bool(false)) && in_force && (own.is_empty() || live.is_some()),
        by_consent: !own.is_empty(),
    })
}

/// The codes of HL7 v3 RoleCode that a RelatedPerson has.
fn relations(related: &Value) -> impl Iterator<Item = &str> {
    let all = related.get("relationship").and_then(Value::as_array).into_iter().flatten();
    let codings = all.filter_map(|one| one.get("coding").and_then(Value::as_array)).flatten();
    let ours = codings.filter(|one| one.get("system").and_then(Value::as_str) == Some(ROLES));
    ours.filter_map(|one| one.get("code").and_then(Value::as_str))
}

/// Whether a Consent is what lets this RelatedPerson act.
fn is_for(consent: &Value, related: &FhirId) -> bool {
    let category = consent.pointer("/category/0/coding/0");
    let is_proxy = category.is_some_and(|coding| coding == &json!({"system": CATEGORY, "code": "proxy"}));
    let whom = consent.pointer("/provision/actor/0/reference/reference").and_then(Value::as_str);
    is_proxy && whom == Some(format!("RelatedPerson/{related}").as_str())
}

/// A grant that was made just now: its code is shown once.
#[derive(Debug)]
pub struct Granted {
    pub code: Secret<String>,
    pub until: Timestamp,
}

/// The last second of a day, as FHIR writes it.
fn end_of(day: Date, zone: &TimeZone) -> Option<String> {
    let last = day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.checked_sub(1.second()).ok()?;
    Some(last.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// Lets somebody act. The code is for them alone, and good for [`CODE_DAYS`] days.
pub async fn grant(
    doing: Doing<'_>,
    patient: &FhirId,
    grant: &Grant,
    zone: &TimeZone,
    ambient: &Ambient,
) -> Result<(Granted, Done<()>), Refused<Never>> {
    let now = ambient.now();
    let related = FhirId::new(ambient);
    // A day ends when it does in the clinic, and not everywhere on Earth: the moment is written, with the clinic's offset.
    let end = grant.until.and_then(|until| end_of(until, zone));
    let period = |start: bool| {
        let mut period = serde_json::Map::new();
        if start {
            period.insert("start".into(), now.to_string().into());
        }
        if let Some(end) = &end {
            period.insert("end".into(), end.clone().into());
        }
        Value::Object(period)
    };
    let (code, called) = &grant.relation;
    let role = RELATIONS.iter().find(|(known, _)| known == code).map(|(_, role)| *role).filter(|role| !role.is_empty());
    let mut relation = json!({"text": called});
    if let (Some(role), Some(members)) = (role, relation.as_object_mut()) {
        members.insert("coding".into(), json!([{"system": ROLES, "code": role}]));
    }
    let person = json!({
        "resourceType": "RelatedPerson",
        "active": true,
        "patient": {"reference": format!("Patient/{patient}")},
        "relationship": [relation],
        "name": [{"text": grant.name}],
        "period": period(true),
    });
    let mut consent = consents::begun(patient, "proxy", now);
    let action = |code: &str| json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": code}]});
    let mut provision = json!({
        "type": "permit",
        "actor": [{
            "role": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "DELEGATEE"}]},
            "reference": {"reference": format!("RelatedPerson/{related}"), "display": grant.name},
        }],
        "action": if grant.extent == ProxyExtent::View { json!([action("access")]) } else { json!([action("access"), action("correct")]) },
        "code": [{"coding": [{"system": EXTENT, "code": code_of(grant.extent)}]}],
    });
    if let (Some(_), Some(members)) = (&end, provision.as_object_mut()) {
        members.insert("period".into(), period(false));
    }
    if let Some(members) = consent.as_object_mut() {
        members.insert("provision".into(), provision);
    }
    let changes = vec![
        Change::create_as(ResourceType::RelatedPerson, related.clone(), person, Mode::Strict)?,
        Change::create(ResourceType::Consent, consent, Mode::Strict)?,
    ];
    let (code, invite) = invite::new(patient, &related, &grant.name, ambient);
    let granted = Granted { until: invite.until, code };
    let key = invite::key(&granted.code);
    let told = patient.clone();
    let done = carry_out(doing, changes, move |inside| {
        invite::put(inside.rows(), key, &invite).map_err(RecordError::from)?;
        notify::tell(inside, notify::Notice::new(Whom::Patient(told), Notice::ProxyChanged))
            .map_err(RecordError::from)?;
        Ok(())
    });
    Ok((granted, done.await?))
}

/// Takes it back: the person and every Consent that names them, in one transaction.
pub async fn revoke(
    doing: Doing<'_>,
    patient: &FhirId,
    related: &Value,
    consents: &[Value],
) -> Result<Done<()>, Refused<Never>> {
    revoke_with(doing, patient, related, consents, |_| Ok(())).await
}

/// The same, with what else is written with it.
async fn revoke_with(
    doing: Doing<'_>,
    patient: &FhirId,
    related: &Value,
    consents: &[Value],
    also: impl FnOnce(&mut Inside<'_, '_, '_>) -> Result<(), RecordError> + Send + 'static,
) -> Result<Done<()>, Refused<Never>> {
    let id_of = |value: &Value| value.get("id").and_then(Value::as_str).and_then(|id| FhirId::parse(id).ok());
    let version_of = |value: &Value| {
        let version = value.pointer("/meta/versionId").and_then(Value::as_str);
        version.and_then(|version| version.parse().ok()).unwrap_or(0)
    };
    let id = id_of(related).ok_or(RecordError::Damaged)?;
    let with = |value: &Value, name: &str, to: Value| {
        let mut next = value.clone();
        if let Some(members) = next.as_object_mut() {
            members.insert(name.to_owned(), to);
        }
        next
    };
    let condition = Condition::Version(version_of(related));
    let mut changes = vec![Change::put(
        ResourceType::RelatedPerson,
        id.clone(),
        with(related, "active", false.into()),
        condition,
        Mode::Strict,
    )?];
    for consent in consents.iter().filter(|one| is_for(one, &id)) {
        let own = id_of(consent).ok_or(RecordError::Damaged)?;
        let condition = Condition::Version(version_of(consent));
        let next = with(consent, "status", "inactive".into());
        changes.push(Change::put(ResourceType::Consent, own, next, condition, Mode::Strict)?);
    }
    let reference = ResourceRef::new("RelatedPerson", &id).map_err(|_| RecordError::Damaged)?;
    let told = patient.clone();
    carry_out(doing, changes, move |inside| {
        invite::forget(inside.rows(), &reference).map_err(RecordError::from)?;
        notify::tell(inside, notify::Notice::new(Whom::Patient(told), Notice::ProxyChanged))
            .map_err(RecordError::from)?;
        Ok(also(inside)?)
    })
    .await
}

#[cfg(test)]
mod several;
#[cfg(test)]
mod tests;
