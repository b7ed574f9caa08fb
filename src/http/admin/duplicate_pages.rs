//! What the page of duplicates is filled with: who somebody is, and numbers. Nothing clinical.

use askama::Template;

use crate::http::ui::record::Identity;
use crate::http::ui::{Cx, Faults, Field, filters, page};

#[derive(Debug, Clone, Template)]
#[template(path = "admin/duplicates.html")]
pub struct Duplicates {
    pub cx: Cx,
    pub query: String,
    pub searched: bool,
    pub found: Vec<FoundRow>,
    pub one: Option<Compared>,
    pub other: Option<Compared>,
    pub keep: String,
    pub keep_fault: Option<String>,
    pub reason: Field,
    pub merges: Vec<MergeRow>,
    pub faults: Faults,
}
page!(Duplicates in Duplicates);

impl Duplicates {
    /// Both, once both are chosen.
    fn both(&self) -> Option<[&Compared; 2]> {
        Some([self.one.as_ref()?, self.other.as_ref()?])
    }
}

/// Somebody who may be meant.
#[derive(Debug, Clone)]
pub struct FoundRow {
    pub href: String,
    pub who: Identity,
}

/// One of two.
#[derive(Debug, Clone)]
pub struct Compared {
    pub id: String,
    pub version: u32,
    pub who: Identity,
    /// How many entries of the record are theirs.
    pub entries: usize,
    /// There is an account for the portal.
    pub account: bool,
}

/// A merge.
#[derive(Debug, Clone)]
pub struct MergeRow {
    pub id: String,
    pub kept: String,
    pub joined: String,
    pub when: String,
    pub by: String,
    pub reason: String,
    pub moved: u32,
    pub undone: Option<String>,
}
