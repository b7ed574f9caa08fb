//! What the page is filled with on which somebody chooses whose record they look at.

use askama::Template;

use crate::http::ui::record::Identity;
use crate::http::ui::{Cx, Faults, Field, filters, page, t};

#[derive(Debug, Clone, Template)]
#[template(path = "portal/acting.html")]
pub struct Acting {
    pub cx: Cx,
    pub choices: Vec<Choice>,
    pub code: String,
    pub faults: Faults,
}
page!(Acting in Elsewhere);

impl Acting {
    fn code_field(&self) -> Field {
        Field::text("code", t("proxy-invitation-code"), &self.code, &self.faults).hint(t("proxy-invitation-code-hint"))
    }
}

/// A record that can be looked at.
#[derive(Debug, Clone)]
pub struct Choice {
    /// As the form names it.
    pub value: String,
    pub who: Identity,
    /// The account's own.
    pub own: bool,
    /// Looked at now.
    pub current: bool,
}
