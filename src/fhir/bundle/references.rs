//! References between entries: found by type, beside the definitions, and rewritten to where the entries went.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::base::ResourceRef;
use crate::fhir::ResourceType;
use crate::fhir::definitions::{Definitions, NodeId, Primitive, TypeKind};
use crate::fhir::outcome::{Issue, IssueCode};
use crate::fhir::validate::path::Path;

/// What a fullUrl, or a conditional reference, stands for.
#[derive(Debug, Clone, Default)]
pub struct Identities {
    all: HashMap<String, ResourceRef>,
    own: OwnAddresses,
}

impl Identities {
    /// For what was sent to a server with these addresses: references to it were made relative before ([`own_references`]).
    pub fn sent_to(own: OwnAddresses) -> Self {
        Self { own, ..Self::default() }
    }

    /// `text` is an entry's fullUrl as sent, or a conditional reference such as `Patient?identifier=a|b`.
    pub fn insert(&mut self, text: impl Into<String>, is: ResourceRef) {
        let text = text.into();
        if let Some(own) = self.own.behind(&text) {
            self.all.insert(own.to_owned(), is.clone());
        }
        self.all.insert(text, is);
    }

    pub fn get(&self, text: &str) -> Option<&ResourceRef> {
        self.all.get(text)
    }
}

/// The conditional references in a resource, `Type?search`, to be looked up before they are rewritten. A `#part` behind one stays
/// where it is.
pub fn conditional_references(resource: &mut Value, definitions: &Definitions) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    visit_own(resource, definitions, &mut |link, text, _| {
        let (head, _) = parted(text);
        if link == Link::Reference && is_conditional(head) {
            found.insert(head.to_owned());
        }
    });
    found
}

/// Rewrites every reference to another entry into `Type/id`: in `Reference.reference`, in elements of type uri and url, and in
/// the links and images of narratives; never in canonical ones. http.html#transaction names oid and uuid, too; but what they
/// would become is neither, and a resource with it would be valid nowhere, so they say what their sender wrote. `full_url` is
/// the entry's own, by which a relative reference is read where it is an address such as `http://example.org/fhir/Patient/p1`.
///
/// What stands in a Bundle that is an entry itself, or within one, is as its sender put it together, and may be signed: there
/// names mean the entries of that Bundle (bundle.html#references), also where one of these entries is called the same.
///
/// Returns an issue for each reference that names an entry (`urn:uuid:…`, `urn:oid:…`) that is not there, and for each
/// conditional one that was not looked up; expressions start at the resource.
pub fn rewrite_references(
    resource: &mut Value,
    full_url: Option<&str>,
    identities: &Identities,
    definitions: &Definitions,
) -> Vec<Issue> {
    rewrite(resource, full_url, (identities, &BTreeSet::new()), definitions)
}

/// The same of a stored resource as a patch leaves it: what stood in it before ([`links_of`]) means what it meant then, also where
/// an entry is called the same.
pub fn rewrite_patched(
    resource: &mut Value,
    stood: &BTreeSet<String>,
    identities: &Identities,
    definitions: &Definitions,
) -> Vec<Issue> {
    rewrite(resource, None, (identities, stood), definitions)
}

/// Everything in a resource that [`rewrite_references`] would look up.
pub fn links_of(mut resource: Value, definitions: &Definitions) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // What is visited may be changed; here nothing is.
    visit_own(&mut resource, definitions, &mut |_, text, _| {
        found.insert(text.clone());
    });
    found
}

fn rewrite(
    resource: &mut Value,
    full_url: Option<&str>,
    (identities, stood): (&Identities, &BTreeSet<String>),
    definitions: &Definitions,
) -> Vec<Issue> {
    let root = full_url.and_then(root_of);
    let mut issues = Vec::new();
    visit_own(resource, definitions, &mut |link, text, path| {
        if stood.contains(text) {
            return;
        }
        if link == Link::Narrative {
            return narrative(text, identities);
        }
        let (head, fragment) = parted(text);
        let by_root = |head: &str| identities.get(&format!("{}/{head}", root.filter(|_| link == Link::Reference)?));
        let of = |head: &str| identities.get(head).or_else(|| by_root(head));
        // A version of an entry is the entry (bundle.html#references): here it becomes another version.
        let bare = || of(head.split_once("/_history/").filter(|_| link == Link::Reference)?.0);
        let found = if head.is_empty() { None } else { of(head).or_else(bare) };
        match found {
            Some(is) => *text = format!("{is}{fragment}"),
            None if link == Link::Uri => {}
            None if head.starts_with("urn:") => {
                let text = "The reference names an entry that is not in the bundle.";
                issues.push(Issue::error(IssueCode::NotFound, path.expression(), text));
            }
            None if is_conditional(head) => {
                let text = "The search in the place of a reference did not find exactly one resource.";
                issues.push(Issue::error(IssueCode::NotFound, path.expression(), text));
            }
            None => {}
        }
    });
    issues
}

/// Where the server itself answers: hosts with their ports, as in `box.example:8443`, without a port where it is the usual one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnAddresses(Arc<BTreeSet<String>>);

impl OwnAddresses {
    pub fn new(authorities: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(authorities.into_iter().map(|one| one.to_ascii_lowercase()).collect()))
    }

    /// What stands behind the server's own base. Scheme and host have no case (RFC 3986 §6.2.2.1), and under no scheme does anybody
    /// else answer there.
    pub fn behind<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (scheme, rest) = text.split_once("://")?;
        let (authority, path) = rest.split_once('/')?;
        let is_own = ["https", "http"].iter().any(|one| scheme.eq_ignore_ascii_case(one))
            && self.0.contains(&authority.to_ascii_lowercase());
        path.strip_prefix("fhir/").filter(|_| is_own)
    }

    /// Every address of something that lies behind the server's own base.
    pub fn all_of(&self, rest: &str) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(move |authority| {
            ["https", "http"].into_iter().map(move |scheme| format!("{scheme}://{authority}/fhir/{rest}"))
        })
    }
}

/// Makes references to the server itself relative.
pub fn own_references(resource: &mut Value, own: &OwnAddresses, definitions: &Definitions) {
    visit(resource, definitions, Bundles::Entered, &mut |link, text, _| {
        if link == Link::Reference
            && let Some(rest) = own.behind(text)
            && rest.split('/').next().is_some_and(|kind| ResourceType::parse(kind).is_some())
        {
            *text = rest.to_owned();
        }
    });
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Reference,
    Uri,
    Narrative,
}

type Visitor<'a> = dyn FnMut(Link, &mut String, &Path<'_>) + 'a;

/// Whether what stands in Bundles is visited, too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bundles {
    Entered,
    PassedBy,
}

struct Way<'a> {
    r4: &'a Definitions,
    bundles: Bundles,
}

/// As deep as `validate` goes.
const DEPTH: usize = 128;

fn visit(resource: &mut Value, r4: &Definitions, bundles: Bundles, visitor: &mut Visitor<'_>) {
    let kind = kind_of(resource).map(ResourceType::name);
    let path = Path::root(kind.unwrap_or("Resource"));
    visit_resource(resource, &Way { r4, bundles }, &path, DEPTH, visitor);
}

/// Visits what a resource says itself, and not what a Bundle holds.
fn visit_own(resource: &mut Value, r4: &Definitions, visitor: &mut Visitor<'_>) {
    visit(resource, r4, Bundles::PassedBy, visitor);
}

fn kind_of(resource: &Value) -> Option<ResourceType> {
    resource.get("resourceType").and_then(Value::as_str).and_then(ResourceType::parse)
}

fn visit_resource(resource: &mut Value, way: &Way<'_>, path: &Path<'_>, depth: usize, visitor: &mut Visitor<'_>) {
    if let (Some(kind), Value::Object(members)) = (kind_of(resource), resource)
        && (kind != ResourceType::Bundle || way.bundles == Bundles::Entered)
    {
        visit_members(members, way.r4.resource(kind), way, path, depth, visitor);
    }
}

fn visit_members(
    members: &mut Map<String, Value>,
    node: NodeId,
    way: &Way<'_>,
    path: &Path<'_>,
    depth: usize,
    visitor: &mut Visitor<'_>,
) {
    let r4 = way.r4;
    let Some(depth) = depth.checked_sub(1) else { return };
    let is_reference = r4.name(node) == "Reference";
    for (key, value) in members.iter_mut() {
        let (name, beside) = match key.strip_prefix('_') {
            Some(name) => (name, true),
            None => (key.as_str(), false),
        };
        let Some(property) = r4.property(node, name) else { continue };
        let path = path.name(property.element.name);
        let kind = match property.kind.kind {
            // Beside a primitive stand extensions, which may hold references.
            TypeKind::Primitive(_) if beside => r4.datatype("Element").map_or(property.kind.kind, TypeKind::Object),
            kind => kind,
        };
        let repeats = property.element.repeats;
        let items = match value {
            Value::Array(items) if repeats => items.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        for (at, item) in items.iter_mut().enumerate() {
            let place = path.index(at);
            let path = if repeats { &place } else { &path };
            match (kind, item) {
                (TypeKind::Resource, item) => visit_resource(item, way, path, depth, visitor),
                (TypeKind::Object(node), Value::Object(members)) => {
                    visit_members(members, node, way, path, depth, visitor);
                }
                (TypeKind::Primitive(primitive), Value::String(text)) => {
                    if let Some(link) = link(primitive, is_reference && name == "reference") {
                        visitor(link, text, path);
                    }
                }
                _ => {}
            }
        }
    }
}

fn link(primitive: Primitive, is_reference: bool) -> Option<Link> {
    match primitive {
        _ if is_reference => Some(Link::Reference),
        Primitive::Uri | Primitive::Url => Some(Link::Uri),
        Primitive::Xhtml => Some(Link::Narrative),
        _ => None,
    }
}

/// What a reference refers to, and which part of it: the `#` of an address is never in its search.
fn parted(text: &str) -> (&str, &str) {
    text.split_at(text.find('#').unwrap_or(text.len()))
}

fn is_conditional(text: &str) -> bool {
    text.split_once('?').is_some_and(|(kind, search)| !search.is_empty() && ResourceType::parse(kind).is_some())
}

/// `http://example.org/fhir` of `http://example.org/fhir/Patient/p1`.
fn root_of(full_url: &str) -> Option<&str> {
    let own = full_url.rmatch_indices('/').nth(1).map(|(at, _)| full_url.split_at(at))?;
    let is_address = full_url.starts_with("http://") || full_url.starts_with("https://");
    let named = ResourceRef::parse(own.1.trim_start_matches('/')).ok()?;
    (is_address && ResourceType::parse(named.type_name()).is_some()).then_some(own.0)
}

/// Values of `href` and `src` that are an entry's fullUrl.
fn narrative(text: &mut String, identities: &Identities) {
    if identities.all.is_empty() || !(text.contains("href") || text.contains("src")) {
        return;
    }
    let mut changed = String::with_capacity(text.len());
    let mut before = "";
    for (at, part) in text.split('"').enumerate() {
        let name = before.trim_end().strip_suffix('=').map_or("", str::trim_end);
        let is_link = name.ends_with("href") || name.ends_with("src");
        if at > 0 {
            changed.push('"');
        }
        match identities.get(part).filter(|_| is_link) {
            Some(is) => changed.push_str(is.as_str()),
            None => changed.push_str(part),
        }
        before = part;
    }
    *text = changed;
}
