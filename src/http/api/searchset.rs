//! Bundles of results, joined from stored bytes: nothing is parsed or written anew, but where a part is asked for.

use crate::fhir::outcome::{Issue, IssueCode, operation_outcome};
use crate::fhir::search::{Query, Summary, encode};
use crate::fhir::shape::Shape;
use crate::record::{Page, Stored, VersionPage};

/// One page of a search of one type or several. `path` is what was searched, below the base.
pub(super) fn page(page: &Page, queries: &[Query], base: &str, path: &str) -> Vec<u8> {
    let mut out = Writer::new("searchset", base, page.matches.iter().chain(&page.included));
    let Some(query) = queries.first() else { return out.finish() };
    if let Some(total) = page.total {
        out.text(&format!(r#","total":{total}"#));
    }
    let mut understood = query.self_link();
    if path.is_empty() || path.ends_with('*') {
        let kinds: Vec<&str> = queries.iter().map(|query| query.kind.name()).collect();
        if kinds.len() < MOST_NAMED {
            understood = join_queries(&format!("_type={}", kinds.join(",")), &understood);
        }
    }
    out.links(&links(&address(base, path), &understood, query.cursor.as_deref(), page.next.as_deref()));
    if query.summary != Some(Summary::Count) {
        let shape = Shape::of_query(query);
        // What comes along is whole where elements of the matches were asked for.
        let along = if query.summary.is_some() { shape.clone() } else { Shape::Whole };
        for stored in &page.matches {
            out.entry(stored, &shape, r#","search":{"mode":"match"}"#);
        }
        for stored in &page.included {
            out.entry(stored, &along, r#","search":{"mode":"include"}"#);
        }
    }
    if !query.ignored.is_empty() {
        out.outcome(&ignored(query));
    }
    out.finish()
}

/// One page of a search set that no search asked for: `$everything`.
pub(super) fn whole(page: &Page, base: &str, path: &str, understood: &str, this: Option<&str>) -> Vec<u8> {
    let mut out = Writer::new("searchset", base, page.matches.iter().chain(&page.included));
    if let Some(total) = page.total {
        out.text(&format!(r#","total":{total}"#));
    }
    out.links(&links(&address(base, path), understood, this, page.next.as_deref()));
    for stored in &page.matches {
        out.entry(stored, &Shape::Whole, r#","search":{"mode":"match"}"#);
    }
    for stored in &page.included {
        out.entry(stored, &Shape::Whole, r#","search":{"mode":"include"}"#);
    }
    out.finish()
}

/// With more types than this the `self` link leaves them out: it is all of them.
const MOST_NAMED: usize = 30;

/// One page of a history.
pub(super) fn history(page: &VersionPage, base: &str, path: &str, understood: &str) -> Vec<u8> {
    let mut out = Writer::new("history", base, page.versions.iter().map(|version| &version.stored));
    if let Some(total) = page.total {
        out.text(&format!(r#","total":{total}"#));
    }
    out.links(&links(&address(base, path), understood, None, page.next.as_deref()));
    for version in &page.versions {
        let stored = &version.stored;
        let (method, status) = match (version.deleted, version.created) {
            (true, _) => ("DELETE", "204"),
            // An id of the server's own making came of a POST; one that the client chose, or that was there before, of a PUT.
            (false, true) if stored.version == 1 && stored.id.is_ours() => ("POST", "201"),
            (false, true) => ("PUT", "201"),
            (false, false) => ("PUT", "200"),
        };
        let url = if method == "POST" { stored.kind.to_string() } else { format!("{}/{}", stored.kind, stored.id) };
        let more = format!(
            r#","request":{{"method":"{method}","url":"{url}"}},"response":{{"status":"{status}","etag":"W/\"{}\"","lastModified":"{:.3}"}}"#,
            stored.version, stored.updated
        );
        out.entry(stored, &Shape::Whole, &more);
    }
    out.finish()
}

fn ignored(query: &Query) -> String {
    let issues: Vec<Issue> = query
        .ignored
        .iter()
        .map(|ignored| Issue::warning(IssueCode::NotSupported, "", format!("Left out: {}", ignored.why)))
        .collect();
    operation_outcome(&issues).to_string()
}

fn address(base: &str, path: &str) -> String {
    if path.is_empty() { base.to_owned() } else { format!("{base}/{path}") }
}

/// `this` is the marker of this page, where it is a later one.
fn links(address: &str, understood: &str, this: Option<&str>, next: Option<&str>) -> Vec<(&'static str, String)> {
    let page = |marker: &str| {
        let mut cursor = "_cursor=".to_owned();
        encode(marker, &mut cursor);
        join(address, &join_queries(understood, &cursor))
    };
    let first = join(address, understood);
    let mut links = match this {
        None => vec![("self", first)],
        Some(this) => vec![("self", page(this)), ("first", first)],
    };
    links.extend(next.map(|next| ("next", page(next))));
    links
}

fn join_queries(one: &str, other: &str) -> String {
    if one.is_empty() || other.is_empty() { format!("{one}{other}") } else { format!("{one}&{other}") }
}

fn join(address: &str, query: &str) -> String {
    if query.is_empty() { address.to_owned() } else { format!("{address}?{query}") }
}

/// A Bundle being written.
struct Writer {
    out: Vec<u8>,
    entries: usize,
    /// How an entry's own address begins, as JSON: `"https://host/fhir/`.
    base: String,
}

/// About how many bytes a Bundle has beside its resources: of itself, and of each entry.
const HEAD: usize = 512;
const AROUND: usize = 256;

impl Writer {
    fn new<'s>(kind: &str, base: &str, all: impl Iterator<Item = &'s Stored>) -> Self {
        let room = all.fold(HEAD, |room, stored| room + AROUND + stored.json.len());
        let mut base = serde_json::Value::String(format!("{base}/")).to_string();
        base.pop();
        let mut writer = Self { out: Vec::with_capacity(room), entries: 0, base };
        for text in [r#"{"resourceType":"Bundle","type":""#, kind, "\""] {
            writer.text(text);
        }
        writer
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn links(&mut self, links: &[(&str, String)]) {
        let links: Vec<_> = links.iter().map(|(rel, url)| serde_json::json!({"relation": rel, "url": url})).collect();
        self.text(&format!(r#","link":{}"#, serde_json::Value::Array(links)));
    }

    fn begin_entry(&mut self) {
        self.text(if self.entries == 0 { r#","entry":["# } else { "," });
        self.entries += 1;
    }

    fn entry(&mut self, stored: &Stored, shape: &Shape, more: &str) {
        self.begin_entry();
        self.text(r#"{"fullUrl":"#);
        self.out.extend_from_slice(self.base.as_bytes());
        // A type's name and an id have nothing that JSON would write otherwise.
        for text in [stored.kind.name(), "/", stored.id.as_str(), "\""] {
            self.text(text);
        }
        if !stored.json.is_empty() {
            self.text(r#","resource":"#);
            match shape.part(stored.kind, &stored.json) {
                Some(part) => self.out.extend_from_slice(&part),
                None => self.out.extend_from_slice(&stored.json),
            }
        }
        self.text(more);
        self.text("}");
    }

    fn outcome(&mut self, outcome: &str) {
        self.begin_entry();
        self.text(&format!(r#"{{"resource":{outcome},"search":{{"mode":"outcome"}}}}"#));
    }

    fn finish(mut self) -> Vec<u8> {
        self.text(if self.entries == 0 { "}" } else { "]}" });
        self.out
    }
}
