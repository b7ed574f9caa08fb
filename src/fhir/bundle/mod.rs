//! Transaction and batch bundles, as pure data: what each entry asks, in which order, and what its references become.
//!
//! It never stores or looks up anything. The caller says which id each entry got ([`Identities`]) and what each
//! conditional reference found, and then has the references rewritten.
//!
//! Rules: http.html#transaction (4.0.1), bundle.html#references.

mod entry;
mod references;

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::outcome::{Issue, IssueCode};
pub use entry::{Entry, Method, Target};
pub use references::{
    Identities, OwnAddresses, conditional_references, links_of, own_references, rewrite_patched, rewrite_references,
};

/// What a bundle asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleKind {
    /// All or nothing, with references between the entries.
    Transaction,
    /// Each entry for itself.
    Batch,
}

#[derive(Debug)]
pub struct Bundle {
    pub kind: BundleKind,
    /// In the order in which they were sent.
    pub entries: Vec<Entry>,
    /// Entries of a batch that cannot be read, by their places: the others are acted on all the same.
    pub refused: Vec<(usize, Issue)>,
}

impl Bundle {
    /// Reads a bundle that was sent to be acted on. The resources in it are not validated.
    pub fn parse(bundle: Value) -> Result<Self, Vec<Issue>> {
        let kind = match kind_of(&bundle)? {
            "transaction" => BundleKind::Transaction,
            "batch" => BundleKind::Batch,
            _ => {
                let text = "Only bundles of type transaction or batch can be acted on.";
                return Err(vec![Issue::error(IssueCode::NotSupported, "Bundle.type", text)]);
            }
        };
        Self::read(kind, bundle)
    }

    /// The places of the entries in the order in which they are acted on: deletions, creations, updates, reads. In a
    /// batch the order has no meaning, and is the same.
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by_key(|at| self.entries.get(*at).map(|entry| entry.method.rank()));
        order
    }

    fn read(kind: BundleKind, mut bundle: Value) -> Result<Self, Vec<Issue>> {
        let found = match bundle.get_mut("entry").map(Value::take) {
            None => Vec::new(),
            Some(Value::Array(found)) => found,
            Some(_) => {
                return Err(vec![Issue::error(IssueCode::Structure, "Bundle.entry", "The entries must be an array.")]);
            }
        };
        let (mut entries, mut refused) = (Vec::with_capacity(found.len()), Vec::new());
        for (at, value) in found.into_iter().enumerate() {
            match entry::read(value, at) {
                Ok(entry) => entries.push(entry),
                Err(issue) => refused.push((at, issue)),
            }
        }
        if kind == BundleKind::Transaction {
            let mut issues = refused.drain(..).map(|(_, issue)| issue).collect();
            overlaps(&entries, &mut issues);
            if !issues.is_empty() {
                return Err(issues);
            }
        }
        Ok(Self { kind, entries, refused })
    }
}

fn kind_of(bundle: &Value) -> Result<&str, Vec<Issue>> {
    if bundle.get("resourceType").and_then(Value::as_str) != Some("Bundle") {
        return Err(vec![Issue::error(IssueCode::Invalid, "", "A Bundle is expected here.")]);
    }
    bundle.get("type").and_then(Value::as_str).ok_or_else(|| {
        vec![Issue::error(IssueCode::Required, "Bundle.type", "The bundle does not say of which type it is.")]
    })
}

/// In a transaction no two entries may act on the same resource, nor have the same fullUrl.
fn overlaps(entries: &[Entry], issues: &mut Vec<Issue>) {
    let (mut urls, mut acted): (HashSet<&str>, BTreeSet<_>) = Default::default();
    for entry in entries {
        if let Some(url) = &entry.full_url
            && !urls.insert(url)
        {
            let text = "Two entries of the transaction have the same fullUrl.";
            issues.push(Issue::error(IssueCode::Duplicate, entry.expression("fullUrl"), text));
        }
        if let Target::Instance(reference) = &entry.target
            && entry.method.changes()
            && !acted.insert(reference)
        {
            let text = "Two entries of the transaction act on the same resource.";
            issues.push(Issue::error(IssueCode::Duplicate, entry.expression("request.url"), text));
        }
    }
}

#[cfg(test)]
mod tests;
