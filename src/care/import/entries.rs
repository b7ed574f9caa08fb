//! The entries of one piece: read, given their identity, their references made local, checked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::summary::Rejected;
use super::{ImportError, Piece, What};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::bundle::{Identities, conditional_references, rewrite_references};
use crate::fhir::search::{Handling, Query};
use crate::fhir::{Definitions, Issue, Mode, ResourceType, json};
use crate::record::{Change, Condition, RecordError, Records};

/// Entries as read; what could not be read is among them with its reason.
pub(super) struct Entries {
    source: String,
    binding: Binding,
    entries: Vec<Entry>,
    piece: Option<Piece>,
    /// Where the entries' `fullUrl`s and the conditions that were looked up lead.
    identities: Identities,
}

/// What holds the entries of a piece together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Binding {
    /// All of them or none.
    Transaction,
    Each,
}

struct Entry {
    place: String,
    full_url: Option<String>,
    /// Whether a reference in it may be a search: only such an entry is looked through for one.
    may_ask: bool,
    what: Result<(ResourceType, FhirId, Act), Vec<String>>,
    name: String,
}

enum Act {
    Put(Value),
    Delete,
}

/// What can be written, and what not.
pub(super) struct Group {
    pub changes: Vec<Change>,
    pub kinds: Vec<ResourceType>,
    pub rejected: Vec<Rejected>,
}

pub(super) enum Settled {
    Ready(Group),
    /// Refers by condition to what is not here.
    Unresolved(Entries),
}

#[derive(Deserialize)]
struct RawBundle<'a> {
    #[serde(rename = "resourceType", borrow)]
    resource_type: std::borrow::Cow<'a, str>,
    #[serde(rename = "type", default, borrow)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(default, borrow)]
    entry: Vec<RawEntry<'a>>,
}

#[derive(Deserialize)]
struct RawEntry<'a> {
    #[serde(rename = "fullUrl", default, borrow)]
    full_url: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, borrow)]
    resource: Option<&'a RawValue>,
    #[serde(default, borrow)]
    request: Option<RawRequest<'a>>,
}

#[derive(Deserialize)]
struct RawRequest<'a> {
    #[serde(default, borrow)]
    method: std::borrow::Cow<'a, str>,
    #[serde(default, borrow)]
    url: std::borrow::Cow<'a, str>,
}

impl Entries {
    pub(super) fn read(piece: Piece) -> Self {
        match &piece.what {
            What::Document(text) => Self::document(piece.source.clone(), text),
            What::Lines(lines) => {
                let entries =
                    lines.iter().map(|(number, text)| entry(format!("line {number}"), text.as_bytes(), None, None));
                let entries = entries.collect();
                Self {
                    source: piece.source.clone(),
                    binding: Binding::Each,
                    entries,
                    identities: Identities::default(),
                    piece: None,
                }
            }
        }
        .remembering(piece)
    }

    /// Keeps the piece as it was read, in case it has to wait.
    fn remembering(self, piece: Piece) -> Self {
        Self { piece: Some(piece), ..self }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn into_piece(self) -> Option<Piece> {
        self.piece
    }

    fn document(source: String, text: &str) -> Self {
        let bundle: Option<RawBundle<'_>> = serde_json::from_str(text).ok();
        let Some(bundle) = bundle.filter(|bundle| bundle.resource_type == "Bundle") else {
            // One resource; or no JSON at all, of which the strict parser says where.
            let entries = vec![entry("the whole of it".to_owned(), text.as_bytes(), None, None)];
            return Self { source, binding: Binding::Each, entries, identities: Identities::default(), piece: None };
        };
        let binding = if bundle.kind == "transaction" { Binding::Transaction } else { Binding::Each };
        let mut identities = Identities::default();
        let mut entries = Vec::with_capacity(bundle.entry.len());
        for (raw, number) in bundle.entry.iter().zip(1_u32..) {
            let place = format!("entry {number}");
            let full_url = raw.full_url.as_deref();
            let text = raw.resource.map_or("", RawValue::get);
            let read = entry(place, text.as_bytes(), full_url, raw.request.as_ref());
            if let (Some(full_url), Ok((kind, id, _))) = (full_url, &read.what)
                && let Ok(is) = ResourceRef::new(kind.name(), id)
            {
                identities.insert(full_url, is);
            }
            entries.push(read);
        }
        Self { source, binding, entries, identities, piece: None }
    }

    /// Makes references local and checks every entry; waits if a condition matches nothing yet.
    pub(super) fn settle(mut self, resolver: &Resolver<'_>) -> Result<Settled, ImportError> {
        for entry in &mut self.entries {
            for condition in entry.conditions() {
                match resolver.resolve(&condition)? {
                    Some(target) => self.identities.insert(condition, target),
                    None => return Ok(Settled::Unresolved(self)),
                }
            }
        }
        Ok(Settled::Ready(self.checked()))
    }

    /// Checks what can be checked when nothing can be looked up.
    pub(super) fn checked(self) -> Group {
        let mut group = Group { changes: Vec::new(), kinds: Vec::new(), rejected: Vec::new() };
        let count = self.entries.len();
        for entry in self.entries {
            let name = entry.name;
            let place = entry.place;
            let kind = entry.what.as_ref().ok().map(|(kind, ..)| *kind);
            let change = entry.what.and_then(|(kind, id, act)| match act {
                Act::Delete => Ok(Change::delete(kind, id, Condition::None)),
                Act::Put(mut value) => {
                    let full_url = entry.full_url.as_deref();
                    let issues = rewrite_references(&mut value, full_url, &self.identities, Definitions::r4());
                    if !issues.is_empty() {
                        return Err(issues.iter().map(sentence).collect());
                    }
                    Change::put(kind, id, value, Condition::None, Mode::Strict).map_err(|error| reasons(&error))
                }
            });
            match change {
                Ok(change) => {
                    group.changes.push(change);
                    group.kinds.extend(kind);
                }
                Err(reasons) => {
                    group.rejected.push(Rejected { source: self.source.clone(), place, what: name, reasons })
                }
            }
        }
        if self.binding == Binding::Transaction && !group.rejected.is_empty() {
            let others = count - group.rejected.len();
            group.changes.clear();
            group.kinds.clear();
            group.rejected.push(Rejected {
                source: self.source,
                place: "the whole transaction".to_owned(),
                what: String::new(),
                reasons: vec![format!(
                    "A transaction is kept whole or not at all, so its other {others} entries were not kept either."
                )],
            });
        }
        group
    }

    /// For what waited in vain: says which references match nothing.
    pub(super) fn reject_unresolved(mut self, resolver: &Resolver<'_>) -> Result<Group, ImportError> {
        for entry in &mut self.entries {
            let mut missing = 0;
            for condition in entry.conditions() {
                match resolver.resolve(&condition)? {
                    Some(target) => self.identities.insert(condition, target),
                    None => missing += 1,
                }
            }
            if missing > 0 {
                entry.what =
                    Err(vec![format!("{missing} conditional references match nothing that is here or was imported.")]);
            }
        }
        Ok(self.checked())
    }
}

impl Entry {
    /// The searches that stand in the place of references.
    fn conditions(&mut self) -> std::collections::BTreeSet<String> {
        match &mut self.what {
            Ok((_, _, Act::Put(value))) if self.may_ask => conditional_references(value, Definitions::r4()),
            _ => std::collections::BTreeSet::new(),
        }
    }
}

fn entry(place: String, text: &[u8], full_url: Option<&str>, request: Option<&RawRequest<'_>>) -> Entry {
    let (name, what) = match read_entry(text, full_url, request) {
        Ok((kind, id, act)) => (format!("{kind}/{id}"), Ok((kind, id, act))),
        Err((name, reason)) => (name, Err(vec![reason])),
    };
    Entry { place, full_url: full_url.map(str::to_owned), may_ask: may_ask(text), name, what }
}

/// A question mark, as it is or as an escape.
fn may_ask(text: &[u8]) -> bool {
    text.contains(&b'?') || text.windows(5).any(|part| part == b"\\u003")
}

type Unread = (String, String);

fn read_entry(
    text: &[u8],
    full_url: Option<&str>,
    request: Option<&RawRequest<'_>>,
) -> Result<(ResourceType, FhirId, Act), Unread> {
    let method = request.map_or("PUT", |request| request.method.as_ref());
    if method == "DELETE" {
        let url = request.map(|request| request.url.as_ref()).unwrap_or_default();
        let target = ResourceRef::parse(url).ok();
        let kind = target.as_ref().and_then(|target| ResourceType::parse(target.type_name()));
        let (Some(target), Some(kind)) = (target, kind) else {
            return Err((String::new(), "A DELETE must name one resource, as in Observation/a1.".to_owned()));
        };
        return Ok((kind, target.id(), Act::Delete));
    }
    if !matches!(method, "" | "PUT" | "POST") {
        return Err((
            String::new(),
            format!("An import takes PUT, POST and DELETE entries, and this one is a {}.", short(method)),
        ));
    }
    let limits = json::Limits { bytes: super::source::LARGEST, ..json::Limits::default() };
    let value = json::parse(text, &limits).map_err(|error| (String::new(), format!("{error}.")))?;
    let named = value.get("resourceType").and_then(Value::as_str).unwrap_or_default();
    let Some(kind) = ResourceType::parse(named) else {
        return Err((String::new(), "Its resourceType is missing or not one of FHIR R4.".to_owned()));
    };
    let id = match value.get("id").and_then(Value::as_str) {
        Some(id) => FhirId::parse(id).ok(),
        None => full_url.and_then(id_of_url),
    };
    match id {
        Some(id) => Ok((kind, id, Act::Put(value))),
        None => Err((
            kind.to_string(),
            "It has neither a legal id (1 to 64 letters, digits, - and .) nor a fullUrl that ends in one.".to_owned(),
        )),
    }
}

fn short(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).take(12).collect()
}

fn id_of_url(url: &str) -> Option<FhirId> {
    let tail = url.strip_prefix("urn:uuid:").or_else(|| url.rsplit('/').next())?;
    FhirId::parse(tail).ok()
}

fn reasons(error: &RecordError) -> Vec<String> {
    match error {
        RecordError::Invalid(issues) => issues.iter().filter(|issue| issue.is_error()).take(20).map(sentence).collect(),
        other => vec![other.to_string()],
    }
}

fn sentence(issue: &Issue) -> String {
    if issue.expression.is_empty() { issue.text.clone() } else { format!("{}: {}", issue.expression, issue.text) }
}

/// Finds what a conditional reference names, and remembers it.
pub(super) struct Resolver<'a> {
    records: &'a Records,
    known: Mutex<HashMap<String, ResourceRef>>,
}

/// The most conditions remembered; beyond, they are looked up again.
const REMEMBERED: usize = 50_000;

impl<'a> Resolver<'a> {
    pub(super) fn new(records: &'a Records) -> Self {
        Self { records, known: Mutex::new(HashMap::new()) }
    }

    fn resolve(&self, condition: &str) -> Result<Option<ResourceRef>, ImportError> {
        if let Some(target) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(condition) {
            return Ok(Some(target.clone()));
        }
        let Some((kind, query)) = condition.split_once('?') else { return Ok(None) };
        let Some(kind) = ResourceType::parse(kind) else { return Ok(None) };
        let Ok(query) = Query::parse(kind, query, Handling::Strict, Definitions::r4()) else { return Ok(None) };
        let found = self.records.resolve(&query)?;
        let [id] = found.as_slice() else { return Ok(None) };
        let Ok(target) = ResourceRef::new(kind.name(), id) else { return Ok(None) };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < REMEMBERED {
            known.insert(condition.to_owned(), target.clone());
        }
        Ok(Some(target))
    }
}
