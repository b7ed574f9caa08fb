//! What the pages are filled with that say who acts for one, and what is sealed.

use askama::Template;

use crate::care::consents::Seen;
use crate::http::ui::{Cx, Faults, Field, State, Text, Tone, When, filters, page, t};

/// Who acts for one.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/people.html")]
pub struct People {
    pub cx: Cx,
    pub rows: Vec<PersonRow>,
}
page!(People in Share);

#[derive(Debug, Clone)]
pub struct PersonRow {
    pub id: String,
    pub name: String,
    pub relation: Option<String>,
    pub extent: String,
    pub until: Option<When>,
    pub active: bool,
    pub by_consent: bool,
}

impl PersonRow {
    pub fn mark(&self) -> State {
        match self.active {
            true => State::new("full", Tone::Good, self.extent.clone()),
            false => State::new("cross", Tone::Dim, t("people-ended")),
        }
    }

    pub fn line(&self) -> Option<Text> {
        match (&self.until, self.by_consent) {
            (Some(until), _) => Some(t("people-until-line").with("date", until.long())),
            (None, false) => Some(t("people-by-clinic")),
            (None, true) => None,
        }
    }
}

/// Letting somebody.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/person_new.html")]
pub struct PersonNew {
    pub cx: Cx,
    pub name: Field,
    pub relation: Field,
    pub until: Field,
    pub extent: String,
    pub faults: Faults,
}
page!(PersonNew in Share);

impl PersonNew {
    fn is_chosen(&self, code: &str) -> bool {
        self.extent == code
    }

    fn extents(&self) -> [(&'static str, Text, Text); 3] {
        [
            ("view", t("extent-view"), t("extent-view.more")),
            ("full", t("extent-full"), t("extent-full.more")),
            ("appointments", t("extent-appointments"), t("extent-appointments.more")),
        ]
    }
}

/// The code for somebody's account.
#[derive(Clone, Template)]
#[template(path = "portal/person_invited.html")]
pub struct Invited {
    pub cx: Cx,
    pub name: String,
    pub code: String,
    /// Where it is typed.
    pub place: String,
    /// By the portal.
    pub portal: bool,
    pub until: When,
}
page!(Invited in Share);

/// What is sealed, and to whom it is open.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/consents.html")]
pub struct Consents {
    pub cx: Cx,
    pub rows: Vec<SealRow>,
    pub others: Vec<OtherRow>,
}
page!(Consents in Share);

#[derive(Debug, Clone)]
pub struct SealRow {
    pub code: &'static str,
    pub word: String,
    pub more: String,
    /// Whether the patient has it switched on.
    pub on: bool,
    /// By whom it is seen, whatever it is that lets them.
    pub seen: Seen,
}

impl SealRow {
    pub fn mark(&self) -> State {
        match self.seen {
            Seen::ByClinic => State::new("eye", Tone::Accent, t("seal-open")),
            Seen::BySome => State::new("eye", Tone::Accent, t("seal-open-some")),
            Seen::ByNobody => State::new("lock", Tone::Plain, t("seal-closed")),
        }
    }

    /// What a switch does not say: that another Consent opens it, or refuses it.
    pub fn note(&self) -> Option<Text> {
        match (self.on, self.seen) {
            (false, Seen::ByClinic | Seen::BySome) => Some(t("seal-by-other")),
            (true, Seen::ByNobody | Seen::BySome) => Some(t("seal-refused")),
            _ => None,
        }
    }

    pub fn can_be_let(&self) -> bool {
        !self.on && self.seen != Seen::ByClinic
    }
}

/// A Consent that no switch made: what it says, and its end.
#[derive(Debug, Clone)]
pub struct OtherRow {
    pub id: String,
    pub version: u32,
    pub given: Option<When>,
    pub lines: Vec<String>,
    /// Something of it keeps the clinic from seeing.
    pub refuses: bool,
}

impl OtherRow {
    pub fn title(&self) -> Text {
        match &self.given {
            Some(given) => t("consent-of").with("date", given.long()),
            None => t("consent-undated"),
        }
    }
}
