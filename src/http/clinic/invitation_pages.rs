//! What the pages of an invitation are filled with.

use askama::Template;

use crate::http::ui::record::{BornKnown, Identity};
use crate::http::ui::{Cx, State, Svg, charts, filters, page, t};

/// How far the invitations of a patient are.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/invitation.html")]
pub struct InvitationPage {
    pub cx: Cx,
    pub who: Identity,
    pub has_account: bool,
    pub is_open: bool,
    /// Without the whole birth date nobody is invited.
    pub born: BornKnown,
    pub rows: Vec<InvitationRow>,
}
page!(InvitationPage in Patients);

#[derive(Debug, Clone)]
pub struct InvitationRow {
    pub made: String,
    pub ends: String,
    pub state: State,
}

/// The sheet that is handed over.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/invitation_sheet.html")]
pub struct InvitationSheet {
    pub cx: Cx,
    pub who: Identity,
    /// Without a trailing slash.
    pub address: String,
    /// It can be reached from outside the clinic.
    pub at_portal: bool,
    pub code: String,
    pub ends: String,
}
page!(InvitationSheet in Patients);

impl InvitationSheet {
    fn page(&self) -> String {
        format!("{}/join", self.address)
    }

    /// The code stands behind the `#`: it is in no request and no log.
    fn qr(&self) -> Option<Svg> {
        charts::qr(&format!("{}#{}", self.page(), self.code), &t("invitation-qr-spoken").to_string(), 200)
    }
}
