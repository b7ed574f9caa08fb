//! Operations on single resources: `$validate` and `$meta`.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::respond::{Refusal, Refused};
use super::super::session::Visit;
use super::parameters::{Asked, parameters};
use super::{answer, is_written, request, why};
use crate::audit::Action;
use crate::base::FhirId;
use crate::fhir::outcome::operation_outcome;
use crate::fhir::{Definitions, Issue, IssueCode, Mode, ResourceType, validate as check};
use crate::record::{Body as Content, Change, Condition, RecordError, Stored, Which, aside};

/// The OperationOutcome of a validation. What is to be created, updated or deleted is tried, and taken back: whatever stands
/// against it then, a right, a rule of the clinic or what others refer to, is an issue like what is wrong with the content.
/// With issues it is an answer all the same: the operation worked (resource-operation-validate.html).
pub(super) async fn validated(
    visit: &Visit,
    kind: ResourceType,
    id: Option<FhirId>,
    asked: Vec<(String, String)>,
    sent: Option<Value>,
) -> Result<Value, Refusal> {
    let Validation { resource, mode } = Validation::read(kind, Asked::of_query(asked), sent)?;
    let wrong = |text: &'static str| Err(Refusal::saying(Refused::Malformed, text));
    let Some(id) = id else {
        if !matches!(mode, Purpose::Content | Purpose::Create) {
            return wrong("An update or a deletion is validated at the resource itself: /fhir/Type/id/$validate.");
        }
        let resource = resource.ok_or_else(nothing_to_validate)?;
        let issues = aside(|| issues(kind, None, &resource));
        if mode == Purpose::Content || issues.iter().any(Issue::is_error) {
            return Ok(operation_outcome(&issues));
        }
        let change =
            aside(|| Content::new(kind, resource, Mode::Strict)).map(|body| Change::post(kind, None, body, None));
        return tried(visit, change, &issues).await;
    };
    // Whoever may not see it learns nothing about it here, either.
    let stored = read(visit, kind, &id).await?;
    match mode {
        Purpose::Create => {
            wrong("There is a resource of this id already; what is to be created is validated at /fhir/Type/$validate.")
        }
        Purpose::Delete => tried(visit, Ok(Change::delete(kind, id, Condition::None)), &[]).await,
        Purpose::Content | Purpose::Update => {
            let (resource, own) = match resource {
                Some(resource) => (resource, Some(&id)),
                None => (parsed(&stored)?, None),
            };
            let issues = aside(|| issues(kind, own, &resource));
            if mode == Purpose::Content || issues.iter().any(Issue::is_error) {
                return Ok(operation_outcome(&issues));
            }
            let body = aside(|| Content::new(kind, resource, Mode::Strict));
            let change = body.map(|body| Change::store(kind, Which::Id(id), body, Condition::None));
            tried(visit, change, &issues).await
        }
    }
}

/// What stands against a change, before what is to be said of it anyway.
async fn tried(visit: &Visit, change: Result<Change, RecordError>, issues: &[Issue]) -> Result<Value, Refusal> {
    let tried = match change {
        Ok(change) => visit.house.records.tried(&visit.actor, &why(Action::Validate, visit), change).await?,
        Err(error) => Err(error),
    };
    let Err(error) = tried else { return Ok(operation_outcome(issues)) };
    let mut outcome = Refusal::from(error).operation_outcome();
    let more = operation_outcome(issues);
    if let (false, Some(all), Some(more)) =
        (issues.is_empty(), outcome.get_mut("issue").and_then(Value::as_array_mut), more.get("issue"))
    {
        all.extend(more.as_array().into_iter().flatten().cloned());
    }
    Ok(outcome)
}

/// `$meta`: the resource's version, time, profiles, labels and tags.
pub(super) async fn meta(visit: &Visit, kind: ResourceType, id: &FhirId, asked: Asked) -> Result<Value, Refusal> {
    asked.done()?;
    let mut resource = parsed(&read(visit, kind, id).await?)?;
    let meta = resource.get_mut("meta").map(Value::take).unwrap_or_default();
    Ok(parameters(vec![json!({ "name": "return", "valueMeta": meta })]))
}

/// How often a change of labels is tried again where others change the same resource.
const MOST_TRIES: usize = 32;

/// `$meta-add` and `$meta-delete`: what is given is put to the profiles, labels and tags of the resource, or taken from them.
/// A new version with another `meta`: an update of the version that was read, with all that an update is held to.
pub(super) async fn change_meta(
    visit: &Visit,
    kind: ResourceType,
    id: FhirId,
    mut asked: Asked,
    condition: Condition,
    how: fn(&mut Vec<Value>, &[Value]),
) -> Result<Value, Refusal> {
    let kind = is_written(kind)?;
    let given = asked.take("meta").filter(Value::is_object);
    asked.done()?;
    let given = given.ok_or_else(|| {
        Refusal::saying(Refused::Malformed, "The parameter \"meta\" is needed: a Meta with profiles, labels or tags.")
    })?;
    must_be_meta(&given)?;
    for _ in 0..MOST_TRIES {
        match meta_changed(visit, kind, &id, &given, condition, how).await {
            // Somebody else was faster, and nobody said which version it has to be.
            Err(refusal) if refusal.status() == StatusCode::PRECONDITION_FAILED && condition == Condition::None => {}
            done => return done,
        }
    }
    Err(Refusal::new(Refused::Conflict))
}

async fn meta_changed(
    visit: &Visit,
    kind: ResourceType,
    id: &FhirId,
    given: &Value,
    condition: Condition,
    how: fn(&mut Vec<Value>, &[Value]),
) -> Result<Value, Refusal> {
    let stored = read(visit, kind, id).await?;
    let mut resource = parsed(&stored)?;
    for name in ["profile", "security", "tag"] {
        let given = given.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) else { continue };
        let mut all = meta.remove(name).and_then(|all| all.as_array().cloned()).unwrap_or_default();
        how(&mut all, given);
        if !all.is_empty() {
            meta.insert(name.to_owned(), all.into());
        }
    }
    let condition = match condition {
        // What is added to is what was read.
        Condition::None | Condition::Present => Condition::Version(stored.version),
        asked => asked,
    };
    let change = Change::store(kind, Which::Id(id.clone()), Content::new(kind, resource, Mode::Strict)?, condition);
    let written = visit.house.records.change(&visit.actor, why(Action::Update, visit), change).await?;
    let meta = written.stored.as_ref().map(parsed).transpose()?.and_then(|one| one.get("meta").cloned());
    Ok(parameters(vec![json!({ "name": "return", "valueMeta": meta.unwrap_or_default() })]))
}

/// Of what is no Meta nothing is passed over.
fn must_be_meta(meta: &Value) -> Result<(), Refusal> {
    let probe = json!({ "resourceType": "Basic", "meta": meta, "code": { "text": "meta" } });
    let mut issues = check(&probe, Definitions::r4(), Mode::Strict);
    issues.retain(Issue::is_error);
    for issue in &mut issues {
        issue.expression = issue.expression.replacen("Basic.", "", 1);
    }
    let is_empty = meta.as_object().is_some_and(serde_json::Map::is_empty);
    if issues.is_empty() || is_empty {
        return Ok(());
    }
    Err(Refusal::new(Refused::Malformed).with_issues(issues.iter().map(request::issue_of).collect()))
}

pub(super) fn add(all: &mut Vec<Value>, given: &[Value]) {
    for one in given {
        if !all.iter().any(|known| is_same(known, one)) {
            all.push(one.clone());
        }
    }
}

pub(super) fn delete(all: &mut Vec<Value>, given: &[Value]) {
    all.retain(|known| !given.iter().any(|one| is_same(known, one)));
}

/// Codings are the same by system and code, profiles by their address.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.as_object(), other.as_object()) {
        (Some(one), Some(other)) => ["system", "code"].iter().all(|name| one.get(*name) == other.get(*name)),
        _ => one == other,
    }
}

/// What a resource is validated for (http://hl7.org/fhir/resource-validation-mode).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Content,
    Create,
    Update,
    Delete,
}

struct Validation {
    resource: Option<Value>,
    mode: Purpose,
}

impl Validation {
    fn read(kind: ResourceType, mut asked: Asked, sent: Option<Value>) -> Result<Self, Refusal> {
        let mut resource = None;
        if let Some(value) = sent {
            let is_parameters = value.get("resourceType").and_then(Value::as_str) == Some("Parameters");
            let named = |name: &str| {
                let all = value.get("parameter").and_then(Value::as_array);
                all.is_some_and(|all| all.iter().any(|of| of.get("name").and_then(Value::as_str) == Some(name)))
            };
            // A Parameters resource can be what is to be validated, too.
            if is_parameters && (kind != ResourceType::Parameters || named("resource")) {
                asked.add(value);
                resource = asked.take("resource");
            } else {
                resource = Some(value);
            }
        }
        let mode = match asked.text("mode")?.as_deref() {
            None | Some("profile") => Purpose::Content,
            Some("create") => Purpose::Create,
            Some("update") => Purpose::Update,
            Some("delete") => Purpose::Delete,
            Some(_) => {
                let text = "The parameter \"mode\" must be create, update, delete or profile.";
                return Err(Refusal::saying(Refused::Malformed, text));
            }
        };
        if let Some(profile) = asked.text("profile")? {
            let base = format!("http://hl7.org/fhir/StructureDefinition/{kind}");
            if profile.split('|').next() != Some(base.as_str()) {
                let text = format!("This server validates against FHIR R4 itself ({base}); it knows no other profile.");
                return Err(Refusal::saying(Refused::Unprocessable, text));
            }
        }
        asked.done()?;
        Ok(Self { resource, mode })
    }
}

fn nothing_to_validate() -> Refusal {
    let text =
        "There is nothing to validate: send the resource as the body, or in a Parameters resource as \"resource\".";
    Refusal::saying(Refused::Malformed, text)
}

fn issues(kind: ResourceType, id: Option<&FhirId>, resource: &Value) -> Vec<Issue> {
    let mut issues = check(resource, Definitions::r4(), Mode::Advice);
    let text = |name| resource.get(name).and_then(Value::as_str);
    if text("resourceType") != Some(kind.name()) {
        issues.insert(
            0,
            Issue::error(IssueCode::Invalid, "", format!("The resource is not a {kind}, as the address says.")),
        );
    }
    let base = format!("http://hl7.org/fhir/StructureDefinition/{kind}");
    let claimed = resource.pointer("/meta/profile").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (at, profile) in claimed.iter().filter_map(Value::as_str).enumerate() {
        if profile.split('|').next() != Some(base.as_str()) {
            let place = format!("{kind}.meta.profile[{at}]");
            let text = "This server does not know the profile, so the resource was checked against FHIR R4 itself and not against it.";
            issues.push(Issue::warning(IssueCode::NotSupported, place, text));
        }
    }
    if let Some(id) = id
        && text("id") != Some(id.as_str())
    {
        let place = format!("{kind}.id");
        issues.push(Issue::error(IssueCode::Value, place, "The resource's id must be the one in the address."));
    }
    issues
}

pub(super) async fn read(visit: &Visit, kind: ResourceType, id: &FhirId) -> Result<Stored, Refusal> {
    let why = why(Action::Read, visit);
    let found = visit
        .house
        .records
        .disclose(&visit.actor, why, |reading| match kind {
            ResourceType::AuditEvent => reading.trail_entry(id),
            _ => reading.read(kind, id),
        })
        .await?;
    Ok(found.clone())
}

pub(super) fn parsed(stored: &Stored) -> Result<Value, Refusal> {
    serde_json::from_slice(&stored.json).map_err(|_| Refusal::internal("a stored resource does not read"))
}

pub(super) fn fhir(value: &Value) -> Response {
    answer::json(StatusCode::OK, Body::from(value.to_string()))
}
