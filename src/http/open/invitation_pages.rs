//! What the page is filled with on which somebody who was invited makes their account.

use askama::Template;

use crate::http::ui::{Cx, Faults, Field, filters, t};

#[derive(Debug, Clone, Template)]
#[template(path = "open/invitation.html")]
pub struct Invitation {
    pub cx: Cx,
    pub code: String,
    pub user: String,
    pub faults: Faults,
}

impl Invitation {
    fn fields(&self) -> [Field; 4] {
        [
            Field::text("code", t("proxy-invitation-code"), &self.code, &self.faults)
                .hint(t("proxy-invitation-code-hint")),
            Field::text("user", t("proxy-invitation-user"), &self.user, &self.faults)
                .completes("username")
                .hint(t("proxy-invitation-user-hint")),
            Field::password("password", t("proxy-invitation-password"), "new-password", &self.faults),
            Field::password("again", t("proxy-invitation-again"), "new-password", &self.faults),
        ]
    }
}
