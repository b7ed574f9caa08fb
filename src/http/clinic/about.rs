//! Pages that are about a patient and are no part of the chart: messages, refills. Who may see the chart reads and answers
//! them inside its frame, with allergies and medicines in sight; the reception sees who it is, and never anything clinical.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::response::Response;

use super::chart::{self, Opened};
use super::chart_pages::{Frame, Section};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::record::{AllergyStatus, Identity, MedicineStatus};
use crate::http::ui::{Cx, filters, page, t};

/// What stands over such a page.
#[derive(Debug, Clone)]
pub struct Head {
    /// What the page is, for its title.
    pub title: String,
    pub heading: String,
    pub line: Option<String>,
    /// Where a message is begun.
    pub write: Option<String>,
}

/// To which place of the navigation a page without the chart's frame belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Desk {
    Inbox,
    Patients,
}

/// A part of a page that a template has made, so that it is markup already.
#[derive(Debug, Clone)]
pub struct Part(String);

impl Part {
    pub(super) fn of(template: &impl Template) -> Result<Self, Refusal> {
        template.render().map(Self).map_err(Refusal::internal)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Part {}

/// Inside the frame of the chart.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_about.html")]
pub struct InChart {
    pub cx: Cx,
    pub frame: Frame,
    pub section: Section,
    pub head: Head,
    pub body: Part,
}
page!(InChart in Patients);

impl InChart {
    const fn section(&self) -> Section {
        self.section
    }

    fn title(&self) -> String {
        t("chart-page-title").with("name", self.frame.who.plain()).with("page", &self.head.title).into()
    }
}

/// Without it, from the inbox.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/about.html")]
pub struct AtInbox {
    pub cx: Cx,
    pub who: Identity,
    pub head: Head,
    pub body: Part,
}
page!(AtInbox in Inbox);

/// The same from the patient's details.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/about.html")]
pub struct AtPatients {
    pub cx: Cx,
    pub who: Identity,
    pub head: Head,
    pub body: Part,
}
page!(AtPatients in Patients);

/// The page, in the frame of the chart for whoever it is open to.
pub(super) async fn about(
    visit: &Visit,
    who: Identity,
    (desk, section): (Desk, Section),
    head: Head,
    (cx, body): (Cx, Part),
) -> Result<Response, Refusal> {
    match chart::frame_of(visit, &who.id).await? {
        Some(Opened { cx: Cx { shortened, .. }, frame, .. }) => {
            page(&InChart { cx: Cx { shortened, ..cx }, frame, section, head, body })
        }
        None if desk == Desk::Inbox => page(&AtInbox { cx, who, head, body }),
        None => page(&AtPatients { cx, who, head, body }),
    }
}
