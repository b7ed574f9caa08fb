//! How something of a snapshot stands to the box as it is, and whether it comes back.
//!
//! Who asks for one patient gets what is that patient's alone and is not there any more, as far as nobody sees more by it and no
//! work of the box is begun anew. What was changed since stays as it is, deleted or not: whether the change meant less or more than
//! what was before is for a person to say, who names it. Whoever names one resource means all of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::there::{Key, There, unchanged};
use super::{IN_BACKUP, Item, Standing, TakeBack, plain, unlabelled, why};
use crate::access::{Reach, Sensitivity};
use crate::app::error::AppError;
use crate::base::{FhirId, ResourceRef};
use crate::fhir::search::compartment_patients;
use crate::fhir::stage::{is_mistake, is_over, words};
use crate::fhir::{Definitions, ResourceType};
use crate::record::{Reading, Records, Stored, carers, followed, refusals_of, refuses, without_access};

/// What something of a patient's record of then is held against.
pub(super) struct Beside<'a> {
    pub patient: &'a FhirId,
    /// The box of then.
    pub then: &'a Records,
    pub now: &'a BTreeMap<Key, There>,
    /// Who is in the patient's care now.
    pub in_care: &'a BTreeSet<ResourceRef>,
    pub note: &'a str,
}

/// In whose records something stands.
#[derive(Debug, Default)]
pub(super) struct Whose {
    /// Stood then, or would stand if it came.
    pub then: BTreeSet<FhirId>,
    /// Stands now, or stood when it was deleted.
    pub now: BTreeSet<FhirId>,
}

impl Whose {
    /// Whether it is this patient's and nobody else's, then and now.
    fn is_of(&self, patient: &FhirId) -> bool {
        self.then.iter().chain(&self.now).all(|one| one == patient)
    }
}

impl TakeBack {
    /// Who is in the patient's care now, where that decides who sees the record.
    pub(super) fn in_care(&self, patient: &FhirId, note: &str) -> Result<BTreeSet<ResourceRef>, AppError> {
        use ResourceType::{Appointment, CareTeam, Encounter, Patient};
        let mut in_care = BTreeSet::new();
        if self.reach != Reach::CareTeam {
            return Ok(in_care);
        }
        for kind in [CareTeam, Appointment, Encounter, Patient] {
            let of_kind = |reading: &mut Reading<'_>| reading.of_patient(patient, kind, usize::MAX);
            let all = self.records.disclose_blocking(&self.actor, why(note), of_kind)?;
            for one in &all.found {
                in_care.extend(carers(kind, &plain(one)?));
            }
        }
        Ok(in_care)
    }

    /// In whose records it stood, would stand and stands: by itself, and by what it follows here, which may have become
    /// somebody else's since.
    pub(super) fn whose(&self, then: &Records, item: &Item) -> Result<Whose, AppError> {
        let mut whose =
            Whose { then: about(item.kind, &item.value), now: self.records.stands_in(item.kind, &item.id)? };
        whose.then.extend(then.stands_in(item.kind, &item.id)?);
        for one in followed(item.kind, &item.value) {
            let Some(kind) = ResourceType::parse(one.type_name()) else { continue };
            whose.then.extend(self.records.stands_in(kind, &one.id())?);
        }
        Ok(whose)
    }

    /// How one of a patient's record stands, and as what it comes back.
    pub(super) fn compare(&self, item: &mut Item, beside: &Beside<'_>) -> Result<(), AppError> {
        let (there, whose) = (beside.now.get(&item.key()), self.whose(beside.then, item)?);
        item.held_against(there);
        let without = without_access(item.kind, item.value.clone(), self.reach, beside.in_care);
        item.stands = match there {
            Some(There::Live { .. }) if item.changed.is_empty() => Standing::Same,
            Some(there) if is_parted(item, there) => Standing::Joined,
            there if is_shared(item, there, &whose, beside.patient) => Standing::Elsewhere,
            there if is_begun_anew(item, there) => Standing::OwnWork,
            Some(There::Live { .. }) if decides_access(item.kind) => Standing::Access,
            there if !is_live(there) && comes_as_refusal(item, there) => Standing::Refusal,
            _ if without.is_none() => Standing::Access,
            Some(there) => since(item, there),
            None => Standing::Unknown,
        };
        if let (Some((value, cut)), true) = (without, item.stands != Standing::Refusal) {
            (item.value, item.cut) = (value, cut);
        }
        item.comes = matches!(item.stands, Standing::Deleted | Standing::Unknown | Standing::Refusal);
        item.held = item.comes && is_held(item, there);
        self.leave_ways(item, there, beside.then, beside.note)
    }

    /// How one resource stands that somebody named, who means all of it.
    pub(super) fn compare_named(&self, item: &mut Item, then: &Records, beside: &Named<'_>) -> Result<(), AppError> {
        let there = beside.now.get(&item.key());
        item.held_against(there);
        if let (ResourceType::Patient, Some(There::Gone { last: Some(last) })) = (item.kind, there) {
            joined_as(last, &mut item.value);
        }
        let whose = self.whose(then, item)?;
        item.stands = match there {
            Some(There::Live { value, .. }) if *value == item.value => Standing::Same,
            // The other record would go on as it is: only the house's own act joins and parts both.
            Some(there) if is_parted(item, there) => Standing::Joined,
            there if is_begun_anew(item, there) => Standing::OwnWork,
            Some(_) if whose.then != whose.now => Standing::Elsewhere,
            Some(There::Live { .. }) => Standing::Differs,
            Some(There::Gone { .. }) => Standing::Deleted,
            None => Standing::Unknown,
        };
        item.comes = !matches!(item.stands, Standing::Same | Standing::Joined | Standing::OwnWork);
        item.opens = item.comes && self.lets_see(item, there, &whose, beside.note)?;
        item.held = item.comes && is_held(item, there);
        self.leave_ways(item, there, then, beside.note)
    }

    /// Whether somebody may see the record by it who may not now.
    fn lets_see(&self, item: &Item, there: Option<&There>, whose: &Whose, note: &str) -> Result<bool, AppError> {
        let mut in_care = BTreeSet::new();
        for patient in &whose.then {
            in_care.extend(self.in_care(patient, note)?);
        }
        let now = there.filter(|there| there.is_live()).and_then(There::value);
        let refused = now.is_some_and(|now| {
            refuses(item.kind, now) && refusals_of(Some(&item.value), Some(now)).as_ref() != Some(&item.value)
        });
        let without = without_access(item.kind, item.value.clone(), self.reach, &in_care);
        Ok(refused || without.is_none_or(|(_, cut)| cut))
    }

    /// The refusals that must hold before anything of a patient comes: those that went with the record, as wide as they were last
    /// or in the snapshot, and all of the snapshot where the box has no such patient now.
    pub(super) fn refusals(&self, patient: &FhirId, then: &Records, note: &str) -> Result<Vec<Item>, AppError> {
        let went = |reading: &mut Reading<'_>| reading.gone_with_patient(patient, ResourceType::Consent);
        let went = self.records.disclose_blocking(&self.actor, why(note), went)?;
        let of_then = |reading: &mut Reading<'_>| reading.of_patient(patient, ResourceType::Consent, usize::MAX);
        let of_then = then.disclose_blocking(&self.actor, why(IN_BACKUP), of_then)?;
        let mut all = by_key(of_then.found.iter())?;
        let went = by_key(went.iter())?;
        let mut there: BTreeMap<Key, There> =
            went.iter().map(|(key, item)| (key.clone(), There::Gone { last: Some(item.value.clone()) })).collect();
        if self.is_here(patient, note)? {
            all.retain(|key, _| there.contains_key(key));
        }
        let only_then: Vec<Key> = all.keys().filter(|key| !there.contains_key(key)).cloned().collect();
        there.extend(self.now(only_then.into_iter(), note)?);
        let in_snapshot: BTreeSet<Key> = all.keys().cloned().collect();
        for (key, item) in went {
            all.entry(key).or_insert(item);
        }
        let mut found = Vec::new();
        for (key, mut item) in all {
            let there = there.get(&key);
            let alone = self.records.stands_in(item.kind, &item.id)?.iter().all(|one| one == patient);
            item.held_against(there);
            if !is_live(there) && alone && comes_as_refusal(&mut item, there) {
                (item.stands, item.comes) = (Standing::Refusal, true);
                item.was = item.was.filter(|_| in_snapshot.contains(&key));
                found.push(item);
            }
        }
        Ok(found)
    }

    /// Whether the box has the patient now.
    pub(super) fn is_here(&self, patient: &FhirId, note: &str) -> Result<bool, AppError> {
        let now = self.now(std::iter::once((ResourceType::Patient, patient.clone())), note)?;
        Ok(now.values().any(There::is_live))
    }
}

fn by_key<'a>(all: impl Iterator<Item = &'a Stored>) -> Result<BTreeMap<Key, Item>, AppError> {
    all.map(|one| Item::of(one).map(|item| (item.key(), item))).collect()
}

/// What a resource that somebody named is held against.
pub(super) struct Named<'a> {
    pub now: &'a BTreeMap<Key, There>,
    pub note: &'a str,
}

impl Item {
    /// Takes note of what it was compared with.
    pub(super) fn held_against(&mut self, there: Option<&There>) {
        self.was = words(&self.value);
        let is = there.and_then(There::value);
        self.is = is.and_then(words);
        self.changed = is.map(|is| differing(is, &self.value)).unwrap_or_default();
        self.on = unchanged(there);
    }
}

fn is_live(there: Option<&There>) -> bool {
    there.is_some_and(There::is_live)
}

/// Whether a patient's record was joined with another since, or parted from one.
fn is_parted(item: &Item, there: &There) -> bool {
    item.kind == ResourceType::Patient && there.value().is_some_and(|now| joins(now) != joins(&item.value))
}

/// Whether it stands in another patient's record, or stood in one or would. Who the patient is may name another without changing
/// whose it is.
fn is_shared(item: &Item, there: Option<&There>, whose: &Whose, patient: &FhirId) -> bool {
    if item.kind == ResourceType::Patient && item.id == *patient && there.is_some() {
        return !whose.then.iter().all(|one| one == patient || whose.now.contains(one));
    }
    !whose.is_of(patient)
}

/// What came of something since that is there, or was until it was deleted.
fn since(item: &Item, there: &There) -> Standing {
    match there {
        _ if there.value().is_some_and(is_mistake) && !is_mistake(&item.value) => Standing::Mistake,
        There::Gone { last: Some(_) } if item.changed.is_empty() => Standing::Deleted,
        _ => Standing::Differs,
    }
}

/// The elements that two versions do not have alike. How delicate it is counts for nothing: the stricter of both holds.
fn differing(now: &Value, then: &Value) -> Vec<String> {
    let (now, then) = (unlabelled(now), unlabelled(then));
    let names = |value: &Value| value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let mut all: BTreeSet<String> = names(&now);
    all.append(&mut names(&then));
    all.into_iter().filter(|name| now.get(name) != then.get(name)).collect()
}

/// Whether the box would do by it what it has done, or was told not to: its own work, such as letting a result go, is no part
/// of the record, and what is done of it is.
fn is_begun_anew(item: &Item, there: Option<&There>) -> bool {
    is_own_work(&item.value) && (is_live(there) || !is_over(&item.value))
}

/// The systems of the codes by which the box knows its own tasks.
const OWN: &str = "urn:chartbox:";

fn is_own_work(value: &Value) -> bool {
    let codings = value.pointer("/code/coding").and_then(Value::as_array).into_iter().flatten();
    let mut systems = codings.filter_map(|coding| coding.get("system")?.as_str());
    value.get("resourceType").and_then(Value::as_str) == Some(ResourceType::Task.name())
        && systems.any(|system| system.starts_with(OWN))
}

/// Whether it is held from the patient, as it was then or here.
fn is_held(item: &Item, there: Option<&There>) -> bool {
    let all = there.and_then(There::value).into_iter().chain([&item.value]);
    all.map(Sensitivity::of_resource).any(Sensitivity::is_held)
}

/// Makes a Consent that is there no more what refuses in it, then or when it was there last. Answers whether anything does: one
/// that refused nothing when it was there last was taken back.
fn comes_as_refusal(item: &mut Item, there: Option<&There>) -> bool {
    let last = there.and_then(There::value);
    if item.kind != ResourceType::Consent || last.is_some_and(|last| !refuses(item.kind, last)) {
        return false;
    }
    let Some(refusal) = refusals_of(last, Some(&item.value)) else { return false };
    item.cut = refusal != item.value;
    item.value = refusal;
    true
}

/// Whether who may see a patient's record is decided by such a resource.
const fn decides_access(kind: ResourceType) -> bool {
    matches!(kind, ResourceType::Consent | ResourceType::RelatedPerson | ResourceType::Person)
}

/// Whose record it is in by itself.
fn about(kind: ResourceType, value: &Value) -> BTreeSet<FhirId> {
    compartment_patients(Definitions::r4(), kind, value).into_iter().collect()
}

/// Who is not there any more comes joined as they were last: the other record goes on as it is.
fn joined_as(last: &Value, patient: &mut Value) {
    if joins(last) == joins(patient) {
        return;
    }
    let Some(members) = patient.as_object_mut() else { return };
    for name in ["link", "active"] {
        match last.get(name) {
            Some(value) => drop(members.insert(name.to_owned(), value.clone())),
            None => drop(members.shift_remove(name)),
        }
    }
}

/// With which other records a patient's is joined, and in which of them it goes on.
fn joins(patient: &Value) -> BTreeSet<(String, String)> {
    let links = patient.get("link").and_then(Value::as_array).into_iter().flatten();
    let text = |link: &Value, at: &str| link.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let all = links.map(|link| (text(link, "/type"), text(link, "/other/reference")));
    all.filter(|(kind, _)| matches!(kind.as_str(), "replaced-by" | "replaces")).collect()
}
