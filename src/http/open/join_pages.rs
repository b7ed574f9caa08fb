//! What the pages of `/join` are filled with.

use askama::Template;

use crate::http::ui::{Cx, Faults, Field, filters, t};

/// Code and birth date.
#[derive(Debug, Clone, Template)]
#[template(path = "open/join.html")]
pub struct Join {
    pub cx: Cx,
    pub code: String,
    pub born: String,
    pub faults: Faults,
}

impl Join {
    fn fields(&self) -> [Field; 2] {
        [
            Field::text("code", t("join-code"), &self.code, &self.faults).hint(t("join-code-hint")),
            Field::text("born", t("join-born"), &self.born, &self.faults).hint(t("join-born-hint")).completes("bday"),
        ]
    }
}

/// A name and a password.
#[derive(Debug, Clone, Template)]
#[template(path = "open/join_choose.html")]
pub struct JoinChoose {
    pub cx: Cx,
    pub code: String,
    pub born: String,
    pub user: String,
    pub faults: Faults,
}

impl JoinChoose {
    fn fields(&self) -> [Field; 3] {
        [
            Field::text("user", t("join-user"), &self.user, &self.faults)
                .hint(t("join-user-hint"))
                .completes("username"),
            Field::password("password", t("join-password"), "new-password", &self.faults).hint(t("join-password-hint")),
            Field::password("again", t("join-again"), "new-password", &self.faults),
        ]
    }
}
