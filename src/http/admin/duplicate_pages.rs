//! What the page of duplicates is filled with: who somebody is, and numbers. Nothing clinical.

use askama::Template;

use crate::http::ui::record::Identity;
use crate::http::ui::{Cx, Faults, Field, filters, page, t};

#[derive(Debug, Clone, Template)]
#[template(path = "admin/duplicates.html")]
pub struct Duplicates {
    pub cx: Cx,
    pub query: String,
    pub searched: bool,
    pub found: Vec<FoundRow>,
    pub one: Option<Compared>,
    pub other: Option<Compared>,
    /// What the two say, and what the joined record will.
    pub rows: Vec<CompareRow>,
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

    /// The cells of a row: class, what the column is called, what stands there.
    fn cells<'a>(&self, row: &'a CompareRow) -> Vec<(&'static str, String, &'a [String])> {
        let Some([one, other]) = self.both() else { return Vec::new() };
        let joined = |one: &Compared| t("merge-joined-if").with("which", one.short()).to_string();
        vec![
            ("", one.label(), &row.one),
            ("", other.label(), &row.other),
            ("if-one", joined(one), &row.if_one),
            ("if-other", joined(other), &row.if_other),
        ]
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

impl Compared {
    /// BRANDVOLD, Halina, 004 127.
    fn label(&self) -> String {
        [Some(self.who.formal()), self.who.number.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The number, which tells two of one name apart.
    fn short(&self) -> String {
        self.who.number.clone().unwrap_or_else(|| self.who.formal())
    }
}

/// One thing that two records say of a person, and what the joined one will say if the one or the other goes on.
#[derive(Debug, Clone)]
pub struct CompareRow {
    pub label: String,
    pub one: Vec<String>,
    pub other: Vec<String>,
    pub if_one: Vec<String>,
    pub if_other: Vec<String>,
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
