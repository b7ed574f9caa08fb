//! Bundles of results, joined from stored bytes: nothing is parsed or written anew.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;

use super::answer::json;
use crate::fhir::outcome::{Issue, IssueCode, operation_outcome};
use crate::fhir::search::{Query, Summary};
use crate::record::{Page, Stored, Version};

/// One page of a search.
pub(super) fn page(page: &Page, query: &Query, base: &str) -> Response {
    json(StatusCode::OK, Body::from(page_text(page, query, base)))
}

/// The same as text, for an entry of a bundle.
pub(super) fn page_text(page: &Page, query: &Query, base: &str) -> String {
    let mut out = Writer::new("searchset");
    if let Some(total) = page.total {
        out.text(&format!(r#","total":{total}"#));
    }
    let understood = query.self_link();
    let address = format!("{base}/{}", query.kind);
    let mut links = vec![("self", join(&address, &understood))];
    if let Some(next) = &page.next {
        let rest: Vec<&str> =
            understood.split('&').filter(|part| !part.is_empty() && !part.starts_with("_cursor=")).collect();
        let cursor = format!("_cursor={next}");
        let query = rest.into_iter().chain([cursor.as_str()]).collect::<Vec<_>>().join("&");
        links.push(("next", join(&address, &query)));
    }
    out.links(&links);
    if query.summary != Some(Summary::Count) {
        for stored in &page.matches {
            out.entry(base, stored, r#","search":{"mode":"match"}"#);
        }
        for stored in &page.included {
            out.entry(base, stored, r#","search":{"mode":"include"}"#);
        }
        if !query.ignored.is_empty() {
            out.outcome(&ignored(query));
        }
    }
    String::from_utf8(out.finish()).unwrap_or_default()
}

/// All versions of one resource.
pub(super) fn history(versions: &[Version], base: &str, path: &str) -> Response {
    let mut out = Writer::new("history");
    out.text(&format!(r#","total":{}"#, versions.len()));
    let address = format!("{}{}", base.trim_end_matches("/fhir"), path);
    out.links(&[("self", address)]);
    for version in versions {
        let stored = &version.stored;
        let (method, status) = match (version.deleted, stored.version) {
            (true, _) => ("DELETE", "204"),
            (false, 1) => ("POST", "201"),
            (false, _) => ("PUT", "200"),
        };
        let url = if method == "POST" { stored.kind.to_string() } else { format!("{}/{}", stored.kind, stored.id) };
        let more = format!(
            r#","request":{{"method":"{method}","url":"{url}"}},"response":{{"status":"{status}","etag":"W/\"{}\"","lastModified":"{:.3}"}}"#,
            stored.version, stored.updated
        );
        out.entry(base, stored, &more);
    }
    json(StatusCode::OK, Body::from(out.finish()))
}

fn ignored(query: &Query) -> String {
    let issues: Vec<Issue> = query
        .ignored
        .iter()
        .map(|ignored| Issue::warning(IssueCode::NotSupported, "", format!("Left out: {}", ignored.why)))
        .collect();
    operation_outcome(&issues).to_string()
}

fn join(address: &str, query: &str) -> String {
    if query.is_empty() { address.to_owned() } else { format!("{address}?{query}") }
}

/// A Bundle being written.
struct Writer {
    out: Vec<u8>,
    entries: usize,
}

impl Writer {
    fn new(kind: &str) -> Self {
        Self { out: format!(r#"{{"resourceType":"Bundle","type":"{kind}""#).into_bytes(), entries: 0 }
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

    fn entry(&mut self, base: &str, stored: &Stored, more: &str) {
        self.begin_entry();
        self.text(&format!(
            r#"{{"fullUrl":{}"#,
            serde_json::Value::String(format!("{base}/{}/{}", stored.kind, stored.id))
        ));
        if !stored.json.is_empty() {
            self.text(r#","resource":"#);
            self.out.extend_from_slice(&stored.json);
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
