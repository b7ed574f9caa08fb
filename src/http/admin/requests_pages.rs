//! What the administrator's pages of requests are filled with.

use askama::Template;

use crate::care::requests::{Kind, Request, State};
use crate::http::portal::requests_pages::RequestRow;
use crate::http::ui::record::Identity;
use crate::http::ui::{Cx, Faults, Field, Text, filters, page, t};

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

    /// The entries of the log that are asked about.
    fn entries(&self) -> String {
        self.request.entries.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}
