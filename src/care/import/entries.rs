//! The entries of one piece: read, given their identity, their references made local, checked.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::summary::{Rejected, Summary};
use super::{ImportError, Piece, What};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::bundle::{Identities, conditional_references, rewrite_references};
use crate::fhir::search::{Handling, Query};
use crate::fhir::{Definitions, Issue, Mode, ResourceType, json};
use crate::record::{Change, Condition, RecordError, Records};

/// The entries of a piece as they stand there; each is read, checked and let go of before the next, so that a bundle
/// is in memory as its text and what will be written, never as a tree.
pub(super) struct Entries<'a> {
    source: &'a str,
    binding: Binding,
    entries: Vec<Entry<'a>>,
    /// Where the entries' `fullUrl`s and the conditions that were looked up lead.
    identities: Identities,
    /// How much is asked of each.
    strictness: Mode,
}

/// What holds the entries of a piece together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Binding {
    /// All of them or none.
    Transaction,
    Each,
}

struct Entry<'a> {
    place: String,
    text: &'a str,
    full_url: Option<Cow<'a, str>>,
    what: Result<Act, String>,
    name: String,
}

enum Act {
    Put(ResourceType, FhirId),
    Delete(ResourceType, FhirId),
}

/// What can be written, and what not.
#[derive(Default)]
pub(super) struct Group {
    pub changes: Vec<Change>,
    pub kinds: Vec<ResourceType>,
    pub rejected: Vec<Rejected>,
    /// That a transaction is not kept because of them; then `kinds` are its other entries'.
    whole: Option<Rejected>,
}

pub(super) enum Settled {
    Ready(Group),
    /// Refers by condition to what is not here.
    Unresolved,
}

#[derive(Deserialize)]
struct RawBundle<'a> {
    #[serde(rename = "resourceType", borrow)]
    resource_type: Cow<'a, str>,
    #[serde(rename = "type", default, borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    entry: Vec<RawEntry<'a>>,
}

#[derive(Deserialize)]
struct RawEntry<'a> {
    #[serde(rename = "fullUrl", default, borrow)]
    full_url: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    resource: Option<&'a RawValue>,
    #[serde(default, borrow)]
    request: Option<RawRequest<'a>>,
}

#[derive(Deserialize)]
struct RawRequest<'a> {
    #[serde(default, borrow)]
    method: Cow<'a, str>,
    #[serde(default, borrow)]
    url: Cow<'a, str>,
}

/// What tells a resource's identity.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "resourceType", default, borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    id: Option<Cow<'a, str>>,
}

impl<'a> Entries<'a> {
    pub(super) fn read(piece: &'a Piece, strictness: Mode) -> Self {
        match &piece.what {
            What::Document(text) => Self { strictness, ..Self::document(&piece.source, text) },
            What::Lines(lines) => {
                let entries = lines.iter().map(|(number, text)| Entry::new(format!("line {number}"), text, None, None));
                Self {
                    source: &piece.source,
                    binding: Binding::Each,
                    entries: entries.collect(),
                    identities: Identities::default(),
                    strictness,
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn document(source: &'a str, text: &'a str) -> Self {
        let bundle: Option<RawBundle<'a>> = serde_json::from_str(text).ok();
        let Some(bundle) = bundle.filter(|bundle| bundle.resource_type == "Bundle") else {
            // One resource; or no JSON at all, of which the strict parser says where.
            let entries = vec![Entry::new("the whole of it".to_owned(), text, None, None)];
            return Self {
                source,
                binding: Binding::Each,
                entries,
                identities: Identities::default(),
                strictness: Mode::Strict,
            };
        };
        let binding = if bundle.kind == "transaction" { Binding::Transaction } else { Binding::Each };
        let mut identities = Identities::default();
        let mut entries = Vec::with_capacity(bundle.entry.len());
        for (raw, number) in bundle.entry.into_iter().zip(1_u32..) {
            let text = raw.resource.map_or("", RawValue::get);
            let entry = Entry::new(format!("entry {number}"), text, raw.full_url, raw.request.as_ref());
            if let (Some(full_url), Ok(Act::Put(kind, id))) = (&entry.full_url, &entry.what)
                && let Ok(is) = ResourceRef::new(kind.name(), id)
            {
                identities.insert(full_url.clone(), is);
            }
            entries.push(entry);
        }
        Self { source, binding, entries, identities, strictness: Mode::Strict }
    }

    /// Makes references local and checks every entry; waits if a condition matches nothing yet.
    pub(super) fn settle(self, resolver: &Resolver<'_>) -> Result<Settled, ImportError> {
        self.each(|conditions, identities| {
            for condition in conditions {
                match resolver.resolve(&condition)? {
                    Some(target) => identities.insert(condition, target),
                    None => return Ok(Looked::Wait),
                }
            }
            Ok(Looked::Found)
        })
    }

    /// Checks what can be checked when nothing can be looked up: a conditional reference is taken as it is.
    pub(super) fn checked(self) -> Result<Group, ImportError> {
        self.each(|conditions, identities| {
            for condition in conditions {
                if let Some(stands_in) = stand_in(&condition) {
                    identities.insert(condition, stands_in);
                }
            }
            Ok(Looked::Found)
        })
        .map(Settled::into_group)
    }

    /// For what waited in vain: says which references match nothing.
    pub(super) fn reject_unresolved(self, resolver: &Resolver<'_>) -> Result<Group, ImportError> {
        self.each(|conditions, identities| {
            let mut missing = 0;
            for condition in conditions {
                match resolver.resolve(&condition)? {
                    Some(target) => identities.insert(condition, target),
                    None => missing += 1,
                }
            }
            Ok(if missing == 0 { Looked::Found } else { Looked::Missing(missing) })
        })
        .map(Settled::into_group)
    }

    fn each(
        mut self,
        mut look: impl FnMut(BTreeSet<String>, &mut Identities) -> Result<Looked, ImportError>,
    ) -> Result<Settled, ImportError> {
        let mut group = Group::default();
        for entry in self.entries {
            let change = match entry.what {
                Err(reason) => Err(vec![reason]),
                Ok(Act::Delete(kind, id)) => Ok((kind, Change::delete(kind, id, Condition::None))),
                Ok(Act::Put(kind, id)) => match parsed(entry.text) {
                    Err(reason) => Err(vec![reason]),
                    Ok(mut value) => {
                        let conditions = match may_ask(entry.text.as_bytes()) {
                            true => conditional_references(&mut value, Definitions::r4()),
                            false => BTreeSet::new(),
                        };
                        match look(conditions, &mut self.identities)? {
                            Looked::Wait => return Ok(Settled::Unresolved),
                            Looked::Missing(missing) => Err(vec![format!(
                                "{missing} conditional references match nothing that is here or was imported."
                            )]),
                            Looked::Found => {
                                put(kind, id, value, entry.full_url.as_deref(), &self.identities, self.strictness)
                            }
                        }
                    }
                },
            };
            match change {
                Ok((kind, change)) => {
                    group.changes.push(change);
                    group.kinds.push(kind);
                }
                Err(reasons) => {
                    let source = self.source.to_owned();
                    group.rejected.push(Rejected { source, place: entry.place, what: entry.name, reasons });
                }
            }
        }
        if self.binding == Binding::Transaction && !group.rejected.is_empty() {
            group.refuse_whole(self.source);
        }
        Ok(Settled::Ready(group))
    }
}

/// What became of an entry's conditions.
enum Looked {
    Found,
    /// The piece waits for what is not here.
    Wait,
    /// So many match nothing, and never will.
    Missing(usize),
}

impl Settled {
    fn into_group(self) -> Group {
        match self {
            Self::Ready(group) => group,
            Self::Unresolved => Group::default(),
        }
    }
}

impl Group {
    fn refuse_whole(&mut self, source: &str) {
        self.changes.clear();
        let reason = match self.kinds.len() {
            0 => "A transaction is kept whole or not at all.".to_owned(),
            1 => "A transaction is kept whole or not at all, so its other entry was not kept either.".to_owned(),
            others => {
                format!(
                    "A transaction is kept whole or not at all, so its other {others} entries were not kept either."
                )
            }
        };
        self.whole = Some(Rejected {
            source: source.to_owned(),
            place: "the whole transaction".to_owned(),
            what: String::new(),
            reasons: vec![reason],
        });
    }

    /// Tells the summary what is not kept, and why.
    pub(super) fn tell_rejected(&mut self, summary: &mut Summary) {
        self.rejected.drain(..).for_each(|rejected| summary.reject(rejected));
        if let Some(whole) = self.whole.take() {
            let others: Vec<ResourceType> = self.kinds.drain(..).collect();
            summary.reject_whole(whole, others.iter().map(|kind| kind.name()));
        }
    }
}

impl<'a> Entry<'a> {
    fn new(place: String, text: &'a str, full_url: Option<Cow<'a, str>>, request: Option<&RawRequest<'_>>) -> Self {
        let (name, what) = match act(text, full_url.as_deref(), request) {
            Ok(act) => (act.name(), Ok(act)),
            Err((name, reason)) => (name, Err(reason)),
        };
        Self { place, text, full_url, what, name }
    }
}

impl Act {
    fn name(&self) -> String {
        let (Self::Put(kind, id) | Self::Delete(kind, id)) = self;
        format!("{kind}/{id}")
    }
}

fn put(
    kind: ResourceType,
    id: FhirId,
    mut value: Value,
    full_url: Option<&str>,
    identities: &Identities,
    strictness: Mode,
) -> Result<(ResourceType, Change), Vec<String>> {
    let issues = rewrite_references(&mut value, full_url, identities, Definitions::r4());
    if !issues.is_empty() {
        return Err(issues.iter().map(sentence).collect());
    }
    let change = Change::put(kind, id, value, Condition::None, strictness).map_err(|error| reasons(&error))?;
    Ok((kind, change))
}

/// A question mark, as it is or as an escape.
fn may_ask(text: &[u8]) -> bool {
    text.contains(&b'?') || text.windows(5).any(|part| part == b"\\u003")
}

type Unread = (String, String);

fn act(text: &str, full_url: Option<&str>, request: Option<&RawRequest<'_>>) -> Result<Act, Unread> {
    let method = request.map_or("PUT", |request| request.method.as_ref());
    if method == "DELETE" {
        let url = request.map(|request| request.url.as_ref()).unwrap_or_default();
        let target = ResourceRef::parse(url).ok();
        let kind = target.as_ref().and_then(|target| ResourceType::parse(target.type_name()));
        let (Some(target), Some(kind)) = (target, kind) else {
            return Err((String::new(), "A DELETE must name one resource, as in Observation/a1.".to_owned()));
        };
        return Ok(Act::Delete(kind, target.id()));
    }
    if !matches!(method, "" | "PUT" | "POST") {
        return Err((
            String::new(),
            format!("An import takes PUT, POST and DELETE entries, and this one is a {}.", short(method)),
        ));
    }
    let told = match serde_json::from_str::<Head<'_>>(text) {
        Ok(head) => identity(&head.kind, head.id.as_deref(), full_url),
        // The strict parser says what is wrong, and where; what is left is no object, or one of odd members.
        Err(_) => {
            let value = parsed(text).map_err(|reason| (String::new(), reason))?;
            let member = |name| value.get(name).and_then(Value::as_str);
            let id = if value.get("id").is_some() { Some(member("id").unwrap_or_default()) } else { None };
            identity(member("resourceType").unwrap_or_default(), id, full_url)
        }
    };
    told.map(|(kind, id)| Act::Put(kind, id))
}

fn identity(kind: &str, id: Option<&str>, full_url: Option<&str>) -> Result<(ResourceType, FhirId), Unread> {
    let Some(kind) = ResourceType::parse(kind) else {
        return Err((String::new(), "Its resourceType is missing or not one of FHIR R4.".to_owned()));
    };
    let id = match id {
        Some(id) => FhirId::parse(id).ok(),
        None => full_url.and_then(id_of_url),
    };
    id.map(|id| (kind, id)).ok_or_else(|| {
        let reason = "It has neither a legal id (1 to 64 letters, digits, - and .) nor a fullUrl that ends in one.";
        (kind.to_string(), reason.to_owned())
    })
}

/// What a condition may lead to, where nothing is looked up.
fn stand_in(condition: &str) -> Option<ResourceRef> {
    let (kind, _) = condition.split_once('?')?;
    ResourceRef::new(kind, &FhirId::parse("not-looked-up").ok()?).ok()
}

fn parsed(text: &str) -> Result<Value, String> {
    let limits = json::Limits { bytes: super::source::LARGEST, ..json::Limits::default() };
    json::parse(text.as_bytes(), &limits).map_err(|error| format!("{error}."))
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
