//! One entry of a bundle: what is asked, of what, under which conditions.

use serde_json::Value;

use crate::base::{FhirId, ResourceRef};
use crate::fhir::outcome::{Issue, IssueCode};
use crate::fhir::{ResourceType, meta};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    Delete,
    Post,
    Put,
    Patch,
    Get,
    Head,
}

impl Method {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "DELETE" => Self::Delete,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            _ => return None,
        })
    }

    /// The order within a transaction (http.html#trules).
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::Delete => 0,
            Self::Post => 1,
            Self::Put | Self::Patch => 2,
            Self::Get | Self::Head => 3,
        }
    }

    pub(super) const fn changes(self) -> bool {
        self.rank() < 3
    }

    const fn needs_resource(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}

/// What `request.url` names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// `Patient`: to create one, or to read all.
    Type(ResourceType),
    /// `Patient/p1`.
    Instance(ResourceRef),
    /// `Patient?identifier=a|b`: the text behind the question mark.
    Search(ResourceType, String),
    /// Anything else that can be asked, such as a version, an operation or a search by POST: the URL as sent, without a leading
    /// slash.
    Other(String),
}

/// An entry, with its resource taken out of the bundle.
#[derive(Debug)]
pub struct Entry {
    /// Its place in the bundle, from 0: what an answer or an issue is about.
    pub place: usize,
    pub full_url: Option<String>,
    pub method: Method,
    pub target: Target,
    /// There for POST, PUT and PATCH. For PATCH it is the patch: a Parameters, or a Binary.
    pub resource: Option<Value>,
    /// The type of [`Self::resource`].
    pub kind: Option<ResourceType>,
    /// The search that must find nothing before a POST creates anything.
    pub if_none_exist: Option<String>,
    /// The version that a change expects: the text within `W/"…"`.
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<String>,
}

impl Target {
    /// The type of resource that it is about, where it is one's address.
    pub fn kind(&self) -> Option<ResourceType> {
        match self {
            Self::Type(kind) | Self::Search(kind, _) => Some(*kind),
            Self::Instance(reference) => ResourceType::parse(reference.type_name()),
            Self::Other(_) => None,
        }
    }

    /// The address again, below the base.
    pub fn url(&self) -> String {
        match self {
            Self::Type(kind) => kind.to_string(),
            Self::Instance(reference) => reference.to_string(),
            Self::Search(kind, query) => format!("{kind}?{query}"),
            Self::Other(url) => url.clone(),
        }
    }
}

impl Entry {
    /// `Bundle.entry[3].request.url`
    pub fn expression(&self, element: &str) -> String {
        expression(self.place, element)
    }

    /// The id that the entry's resource has now or asks for, where it is a legal one.
    pub fn own_ref(&self) -> Option<ResourceRef> {
        match &self.target {
            Target::Instance(reference) => Some(reference.clone()),
            _ => ResourceRef::new(self.kind?.name(), &meta::id(self.resource.as_ref()?)?).ok(),
        }
    }
}

pub(super) fn read(mut value: Value, place: usize) -> Result<Entry, Issue> {
    let wrong = |code, element: &str, text: &str| Err(Issue::error(code, expression(place, element), text));
    let resource = value.get_mut("resource").map(Value::take);
    let kind = resource.as_ref().and_then(|one| one.get("resourceType")?.as_str().and_then(ResourceType::parse));
    if resource.is_some() && kind.is_none() {
        return wrong(IssueCode::Invalid, "resource", "The entry's resource is not of a type of FHIR R4.");
    }
    let text = |name: &str| value.get("request").and_then(|request| request.get(name)).and_then(Value::as_str);
    let (method, target) = match (text("method"), text("url")) {
        (Some(method), Some(url)) => {
            let Some(method) = Method::parse(method) else {
                return wrong(
                    IssueCode::CodeInvalid,
                    "request.method",
                    "This is not a method that a bundle can ask for.",
                );
            };
            let Some(target) = target(url, method) else {
                let text = "The URL does not fit the method: write Type, Type/id or Type?search.";
                return wrong(IssueCode::Value, "request.url", text);
            };
            (method, target)
        }
        _ => return wrong(IssueCode::Required, "request", "The entry does not say what it asks for."),
    };
    let asks = matches!(target, Target::Other(_));
    if method.needs_resource() && !asks && resource.is_none() {
        return wrong(IssueCode::Required, "resource", "The entry asks to store a resource, but has none.");
    }
    if let (Method::Post | Method::Put, Some(resource), Some(kind)) = (method, &resource, kind)
        && let Some(element) = mismatch(&target, resource, kind)
    {
        return wrong(IssueCode::Invalid, element, "The entry's resource is not the one that its URL names.");
    }
    let condition = |name| text(name).map(str::to_owned);
    Ok(Entry {
        place,
        full_url: value.get("fullUrl").and_then(Value::as_str).map(str::to_owned),
        method,
        target,
        kind,
        if_none_exist: condition("ifNoneExist"),
        if_match: text("ifMatch").map(|tag| tag.trim_start_matches("W/").trim_matches('"').to_owned()),
        if_none_match: condition("ifNoneMatch"),
        if_modified_since: condition("ifModifiedSince"),
        resource,
    })
}

fn target(url: &str, method: Method) -> Option<Target> {
    let url = url.strip_prefix('/').unwrap_or(url);
    let read = matches!(method, Method::Get | Method::Head);
    let found = match url.split_once('?') {
        Some((name, search)) if !search.is_empty() => {
            ResourceType::parse(name).map(|kind| Target::Search(kind, search.to_owned()))
        }
        Some(_) => None,
        None => match url.split_once('/') {
            None => ResourceType::parse(url).map(Target::Type),
            Some((name, id)) => ResourceType::parse(name)
                .and_then(|kind| ResourceRef::new(kind.name(), &FhirId::parse(id).ok()?).ok())
                .map(Target::Instance),
        },
    };
    let fits = match (&found, method) {
        (Some(Target::Type(_)), Method::Post) => true,
        (Some(Target::Type(_)), _) | (Some(_), Method::Post) | (None, _) => false,
        (Some(_), _) => true,
    };
    if fits {
        found
    } else if read && !url.is_empty() {
        Some(found.unwrap_or_else(|| Target::Other(url.to_owned())))
    } else if method == Method::Post && is_asked_by_post(url) {
        Some(Target::Other(url.to_owned()))
    } else {
        None
    }
}

/// A search or an operation: what ends with `_search` or `$name`.
fn is_asked_by_post(url: &str) -> bool {
    let path = url.split('?').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    last == "_search" || last.starts_with('$')
}

/// The element that disagrees with the URL.
fn mismatch(target: &Target, resource: &Value, kind: ResourceType) -> Option<&'static str> {
    match target {
        Target::Type(named) | Target::Search(named, _) if *named != kind => Some("resource"),
        Target::Instance(reference) if reference.type_name() != kind.name() => Some("resource"),
        Target::Instance(reference) if meta::id(resource) != Some(reference.id()) => Some("resource.id"),
        _ => None,
    }
}

fn expression(place: usize, element: &str) -> String {
    format!("Bundle.entry[{place}].{element}")
}
