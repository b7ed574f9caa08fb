//! What the pages of a share link are filled with, for whoever holds it.

use askama::Template;

use crate::base::Secret;
use crate::http::fill::summary::SummaryBody;
use crate::http::ui::{Cx, Faults, Field, filters, t};

/// The link's secret and the PIN.
#[derive(Debug, Clone, Template)]
#[template(path = "open/shared.html")]
pub struct SharedForm {
    pub cx: Cx,
    pub trouble: Option<String>,
    /// What was sent before: it stands in the answer to it alone, so that a slip does not cost the link. Whoever scanned a
    /// picture has nothing that they could type.
    pub code: Secret<String>,
    /// Whether the code was right: then the page's script shows the PIN alone.
    pub knows: bool,
}

impl SharedForm {
    fn code(&self) -> Field {
        let field = Field::text("code", t("shared-code"), self.code.expose(), &Faults::none());
        field.hint(t("shared-code-hint"))
    }

    fn pin(&self) -> Field {
        let field = Field::text("pin", t("shared-pin"), "", &Faults::none());
        field.hint(t("shared-pin-hint")).keyboard("numeric").narrow()
    }
}

/// The summary.
#[derive(Debug, Clone, Template)]
#[template(path = "open/shared_summary.html")]
pub struct SharedSummary {
    pub cx: Cx,
    pub body: SummaryBody,
}
