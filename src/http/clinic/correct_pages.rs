//! What the page is filled with on which the details of a patient are corrected. No clinical word stands on it.

use askama::Template;

use super::pages::WhoPart;
use crate::http::ui::record::Identity;
use crate::http::ui::{Cx, Faults, Field, filters, page};

#[derive(Debug, Clone, Template)]
#[template(path = "clinic/correct.html")]
pub struct Correct {
    pub cx: Cx,
    /// As it stands.
    pub who: Identity,
    pub version: u32,
    pub part: WhoPart,
    pub reach: Vec<Field>,
    pub reason: Field,
    /// Who would be like somebody else then.
    pub alike: Vec<AlikeRow>,
    /// The page to go to without saving.
    pub leave: String,
    pub faults: Faults,
}
page!(Correct in Patients);

impl Correct {
    /// Those alike who are shown: whoever is found besides is asked about again.
    fn seen(&self) -> String {
        self.alike.iter().map(|row| row.who.id.as_str()).collect::<Vec<_>>().join(",")
    }
}

/// Somebody alike.
#[derive(Debug, Clone)]
pub struct AlikeRow {
    pub href: String,
    pub who: Identity,
}
