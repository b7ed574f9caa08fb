//! What the administrator's pages of requests are filled with.

use askama::Template;

use crate::care::requests::{Kind, Request, State};
use crate::http::portal::requests_pages::RequestRow;
use crate::http::ui::record::Identity;
use crate::http::ui::{Cx, Faults, Field, Text, When, filters, page, t};

/// A request in the queue.
#[derive(Debug, Clone)]
pub struct AskedRow {
    pub row: RequestRow,
    pub name: String,
    pub days_left: i64,
    pub extended: bool,
}

impl AskedRow {
    /// "3 days late", "due today", "15 days".
    pub fn left(&self) -> Text {
        match self.days_left {
            late if late < 0 => t("ask-days-late").with("n", -late),
            0 => t("ask-days-today"),
            left => t("ask-days-left").with("n", left),
        }
    }

    /// Needs a look.
    pub fn is_soon(&self) -> bool {
        (0..=3).contains(&self.days_left)
    }
}

/// All requests.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/requests.html")]
pub struct Queue {
    pub cx: Cx,
    pub open: Vec<AskedRow>,
    pub closed: Vec<AskedRow>,
}
page!(Queue in Asks);

impl Queue {
    fn sum(&self) -> Text {
        let late = self.open.iter().filter(|row| row.row.overdue).count();
        t("ask-queue-sum").with("n", self.open.len()).with("late", late)
    }
}

/// One request.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/request.html")]
pub struct OneRequest {
    pub cx: Cx,
    pub title: String,
    pub who: Option<Identity>,
    pub row: AskedRow,
    pub request: Request,
    /// For a question: the days of the first and the last entry of the log that it is about.
    pub days: Option<(When, When)>,
    pub words: Field,
    /// What the administrator does with this kind.
    pub hint: String,
    pub rule: Option<&'static str>,
    /// How many days more there may be.
    pub more: i64,
    pub may_extend: bool,
    pub faults: Faults,
}
page!(OneRequest in Asks);

impl OneRequest {
    fn is_open(&self) -> bool {
        self.request.state == State::Open
    }

    /// How many entries of the log are asked about, and from when to when.
    fn entries(&self) -> String {
        let text = t("ask-entry").with("n", self.request.entries.len());
        match &self.days {
            Some((from, to)) => text.with("from", from.short()).with("to", to.short()).to_string(),
            None => t("ask-entry-all").to_string(),
        }
    }

    /// The log of those days.
    fn entries_href(&self) -> String {
        let log = format!("/audit?patient={}", self.request.patient);
        match &self.days {
            Some((from, to)) => format!("{log}&from={}&to={}", from.day(), to.day()),
            None => log,
        }
    }
}
