//! What is to be changed, checked before the writer is entered.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::error::RecordError;
use super::prepared::Prepared;
use crate::access::Action;
use crate::base::{FhirId, ResourceRef};
use crate::fhir::bundle::Identities;
use crate::fhir::patch::Patch;
use crate::fhir::search::Query;
use crate::fhir::{self, Allowance, Definitions, Mode, ResourceType};

/// The tag of what a lenient import let through, though it breaks a rule of FHIR R4: system and code.
pub const NOT_VALID: (&str, &str) = ("urn:chartbox:validation", "not-valid");

/// One change. What it depends on is looked at inside the writer.
#[derive(Clone)]
pub struct Change {
    pub(super) kind: ResourceType,
    pub(super) act: Act,
}

#[derive(Clone)]
pub(super) enum Act {
    Create { id: Option<FhirId>, body: Body, unless: Option<Box<Query>> },
    Put { which: Which, body: Body, condition: Condition },
    Patch { which: Which, patch: Box<Patch>, condition: Condition },
    Delete { which: Which, condition: Condition },
    Register { id: FhirId, patient: Box<Value> },
}

/// Which resource a change is about.
#[derive(Clone)]
pub enum Which {
    Id(FhirId),
    /// The one that a search finds.
    Found(Box<Query>),
}

/// A resource to be stored, checked against the definitions.
#[derive(Clone)]
pub struct Body {
    pub(super) content: Content,
    /// The id that the sender gave it.
    pub(super) own_id: Option<FhirId>,
}

#[derive(Clone)]
pub(super) enum Content {
    Ready(Box<Prepared>),
    /// Its references are known inside the writer only.
    Late {
        value: Box<Value>,
        full_url: Option<String>,
    },
    /// What a patch made of a stored one, and what had stood in that.
    Patched {
        value: Box<Value>,
        stood: BTreeSet<String>,
    },
}

impl Body {
    pub fn new(kind: ResourceType, value: Value, mode: Mode) -> Result<Self, RecordError> {
        Self::one_of(kind, value, mode, &Allowance::default())
    }

    /// One of several that come together.
    pub fn one_of(kind: ResourceType, value: Value, mode: Mode, allowance: &Allowance) -> Result<Self, RecordError> {
        let value = accepted(kind, value, mode, allowance)?;
        let own_id = fhir::meta::id(&value);
        Ok(Self { content: Content::Ready(Box::new(Prepared::new(kind, &value).bounded()?)), own_id })
    }

    /// One of a transaction in which identities depend on what is stored: its references are rewritten once those are
    /// known. `full_url` is what the other entries call it.
    pub fn late(
        kind: ResourceType,
        value: Value,
        full_url: Option<String>,
        mode: Mode,
        allowance: &Allowance,
    ) -> Result<Self, RecordError> {
        let value = accepted(kind, value, mode, allowance)?;
        Ok(Self::checked(value, full_url))
    }

    /// What was checked already.
    pub(super) fn checked(value: Value, full_url: Option<String>) -> Self {
        let own_id = fhir::meta::id(&value);
        Self { content: Content::Late { value: Box::new(value), full_url }, own_id }
    }

    /// What a patch made, which was checked already, and what had stood there ([`links_of`](fhir::bundle::links_of)).
    pub(super) fn patched(value: Value, stood: BTreeSet<String>) -> Self {
        let own_id = fhir::meta::id(&value);
        Self { content: Content::Patched { value: Box::new(value), stood }, own_id }
    }

    /// The resource as it will be, but for what the server says of it.
    pub(super) fn resource(&self) -> Result<Cow<'_, Value>, RecordError> {
        match &self.content {
            Content::Ready(prepared) => prepared.resource().map(Cow::Owned),
            Content::Late { value, .. } | Content::Patched { value, .. } => Ok(Cow::Borrowed(value)),
        }
    }
}

impl Change {
    /// A new resource under an id that the server gives. `value` was parsed and is checked here.
    pub fn create(kind: ResourceType, value: Value, mode: Mode) -> Result<Self, RecordError> {
        Ok(Self::post(kind, None, Body::new(kind, value, mode)?, None))
    }

    /// A new resource under an id that this server made before.
    pub fn create_as(kind: ResourceType, id: FhirId, value: Value, mode: Mode) -> Result<Self, RecordError> {
        Ok(Self::post(kind, Some(id), Body::new(kind, value, mode)?, None))
    }

    /// A new patient under an id that this server made before, who gets the clinic's next free number when it is written.
    pub fn register(id: FhirId, patient: Value, mode: Mode) -> Result<Self, RecordError> {
        check(ResourceType::Patient, &patient, mode)?;
        Ok(Self { kind: ResourceType::Patient, act: Act::Register { id, patient: Box::new(patient) } })
    }

    /// A new version; the first one where there is none and the actor may choose ids.
    pub fn put(
        kind: ResourceType,
        id: FhirId,
        value: Value,
        condition: Condition,
        mode: Mode,
    ) -> Result<Self, RecordError> {
        Ok(Self::store(kind, Which::Id(id), Body::new(kind, value, mode)?, condition))
    }

    pub const fn delete(kind: ResourceType, id: FhirId, condition: Condition) -> Self {
        Self::remove(kind, Which::Id(id), condition)
    }

    /// A create, under `id` if the server has made one already; none when a search finds one (`If-None-Exist`).
    pub fn post(kind: ResourceType, id: Option<FhirId>, body: Body, unless: Option<Query>) -> Self {
        Self { kind, act: Act::Create { id, body, unless: unless.map(Box::new) } }
    }

    /// An update.
    pub const fn store(kind: ResourceType, which: Which, body: Body, condition: Condition) -> Self {
        Self { kind, act: Act::Put { which, body, condition } }
    }

    /// A patch. What it makes is checked inside the writer.
    pub fn patch(kind: ResourceType, which: Which, patch: Patch, condition: Condition) -> Self {
        Self { kind, act: Act::Patch { which, patch: Box::new(patch), condition } }
    }

    /// A deletion.
    pub const fn remove(kind: ResourceType, which: Which, condition: Condition) -> Self {
        Self { kind, act: Act::Delete { which, condition } }
    }

    /// As what it is asked of the policy.
    pub(super) const fn action(&self) -> Action {
        match &self.act {
            Act::Create { .. } | Act::Register { .. } => Action::Create,
            Act::Put { .. } => Action::Update,
            Act::Patch { .. } => Action::Patch,
            Act::Delete { .. } => Action::Delete,
        }
    }

    pub(super) fn full_url(&self) -> Option<String> {
        match &self.act {
            Act::Create { body: Body { content: Content::Late { full_url, .. }, .. }, .. }
            | Act::Put { body: Body { content: Content::Late { full_url, .. }, .. }, .. } => full_url.clone(),
            _ => None,
        }
    }

    /// Whether it says by itself what is stored where.
    pub(super) const fn is_settled(&self) -> bool {
        match &self.act {
            Act::Create { body, unless, .. } => unless.is_none() && matches!(body.content, Content::Ready(_)),
            Act::Put { which, body, .. } => matches!(which, Which::Id(_)) && matches!(body.content, Content::Ready(_)),
            Act::Delete { which, .. } => matches!(which, Which::Id(_)),
            Act::Patch { .. } => false,
            Act::Register { .. } => true,
        }
    }
}

/// Changes that stand together, and how they refer to each other.
#[derive(Clone, Default)]
pub struct Group {
    /// Deletions, creations, then updates and patches (http.html#trules).
    pub changes: Vec<Change>,
    pub links: Links,
}

impl Group {
    /// Changes that do not depend on each other, as they wait for the writer.
    pub(super) fn of(changes: Vec<Change>) -> Arc<Self> {
        Arc::new(Self { changes, links: Links::default() })
    }
}

/// What references in a group mean.
#[derive(Clone, Default)]
pub struct Links {
    /// What is known before the writer.
    pub known: Identities,
    /// Searches in the place of references (`Patient?identifier=…`), by the reference that stands there until the
    /// writer knows what they find: `Type/id` with an id that nothing has.
    pub searches: BTreeMap<String, Sought>,
}

/// A search that must find one resource.
#[derive(Clone)]
pub struct Sought {
    pub query: Query,
    /// The element that holds it, as FHIRPath has it.
    pub at: String,
}

/// What must hold of the stored version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    None,
    /// `If-Match`: it is this version.
    Version(u32),
    /// `If-None-Match: *`: there is none.
    Absent,
    /// `If-Match: *`: there is one, whichever version it has.
    Present,
}

/// Whether something was let through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lapses {
    None,
    Some,
}

/// The resource, tagged where something was let through.
fn accepted(kind: ResourceType, mut value: Value, mode: Mode, allowance: &Allowance) -> Result<Value, RecordError> {
    if kind.is_only_sent() {
        return Err(RecordError::NotStored(kind));
    }
    if check_within(kind, &value, mode, allowance)? == Lapses::Some {
        mark(&mut value);
    }
    Ok(value)
}

/// Tags what strict validation would have refused, once.
fn mark(value: &mut Value) {
    let (system, code) = NOT_VALID;
    let Some(resource) = value.as_object_mut() else { return };
    let meta = resource.entry("meta").or_insert_with(|| serde_json::json!({}));
    let Some(meta) = meta.as_object_mut() else { return };
    let tags = meta.entry("tag").or_insert_with(|| serde_json::json!([]));
    let is_ours = |tag: &Value| {
        let text = |name| tag.get(name).and_then(Value::as_str);
        (text("system"), text("code")) == (Some(system), Some(code))
    };
    if let Some(tags) = tags.as_array_mut()
        && !tags.iter().any(is_ours)
    {
        tags.push(serde_json::json!({ "system": system, "code": code, "display": "Breaks a rule of FHIR R4" }));
    }
}

/// Everything about a resource that must be right before the writer sees it.
pub(super) fn check(kind: ResourceType, value: &Value, mode: Mode) -> Result<Lapses, RecordError> {
    check_within(kind, value, mode, &Allowance::default())
}

fn check_within(kind: ResourceType, value: &Value, mode: Mode, allowance: &Allowance) -> Result<Lapses, RecordError> {
    let issues = fhir::validate_within(value, Definitions::r4(), mode, allowance);
    if value.get("resourceType").and_then(Value::as_str) != Some(kind.name()) {
        return Err(RecordError::WrongType { asked: kind });
    }
    if issues.iter().any(fhir::Issue::is_error) {
        return Err(RecordError::Invalid(issues));
    }
    Ok(if mode == Mode::Lenient && !issues.is_empty() { Lapses::Some } else { Lapses::None })
}

/// `Type/id` of a stored resource.
pub(super) fn reference_to(kind: ResourceType, id: &FhirId) -> Result<ResourceRef, RecordError> {
    ResourceRef::new(kind.name(), id).map_err(|_| RecordError::Damaged)
}
